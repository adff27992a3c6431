#include "fat_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

enum {
	NAME_LEN = 8, EXT_LEN = 3,
	FREE = 0x00, DELETED = 0xe5, SLOT_E5 = 0x05 /* stands for 0xe5 itself */,
	ATTR_LABEL = 0x08, ATTR_DIRECTORY = 0x10, ATTR_LONG = 0x0f, ATTR_LONG_MASK = 0x3f,
	LOWER_NAME = 0x08, LOWER_EXT = 0x10,
	LAST_PIECE = 0x40, PIECE_MASK = 0x3f,
};

static unsigned number(const uint8_t *p, size_t len)
{
	unsigned n = 0;

	for (size_t i = len; i > 0; i--)
		n = n << 8 | p[i - 1];
	return n;
}

/* ------ long names ------ */

static void take_piece(struct fat_dir *d, const uint8_t *b)
{
	bool deleted = b[0] == DELETED;
	uint8_t seq = b[0] & PIECE_MASK;
	bool follows = d->n > 0 && d->deleted == deleted && d->checksum == b[13] &&
		       (deleted || ((b[0] & LAST_PIECE) == 0 && seq == d->next));

	if (!follows) {
		d->n = 0;
		if (!deleted && ((b[0] & LAST_PIECE) == 0 || seq == 0 || seq > FAT_DIR_PIECES))
			return;		/* the middle of something whose beginning is not there */
		d->deleted = deleted;
		d->checksum = b[13];
		d->next = seq;
	}
	if (d->n == FAT_DIR_PIECES) {
		d->n = 0;		/* deleted ones only: no name is that long */
		return;
	}
	memcpy(d->pieces[d->n], b + 1, 10);
	memcpy(d->pieces[d->n] + 10, b + 14, 12);
	memcpy(d->pieces[d->n] + 22, b + 28, 4);
	d->n++;
	d->next--;
}

static uint8_t checksum(const uint8_t short_name[NAME_LEN + EXT_LEN])
{
	uint8_t sum = 0;

	for (size_t i = 0; i < NAME_LEN + EXT_LEN; i++)
		sum = (uint8_t)((sum >> 1 | sum << 7) + short_name[i]);
	return sum;
}

/*
 * The long name that belongs to the entry b.  Deletion overwrites the pieces'
 * numbers and the first byte that the sum is made of: then it is enough that
 * they lie together.
 */
static size_t long_name(struct fat_dir *d, const uint8_t *b, bool deleted, uint8_t *to)
{
	size_t len = 0;
	bool whole = d->n > 0 && d->deleted == deleted &&
		     (deleted || (d->next == 0 && d->checksum == checksum(b)));

	for (unsigned i = d->n; whole && i > 0; i--) {
		memcpy(to + len, d->pieces[i - 1], FAT_DIR_PIECE_LEN);
		len += FAT_DIR_PIECE_LEN;
	}
	d->n = 0;
	for (size_t i = 0; i < len; i += 2) {
		if (to[i] == 0 && to[i + 1] == 0)
			return i;
	}
	return len;
}

/* ------ short names ------ */

static size_t add_part(uint8_t *to, const uint8_t *from, size_t len, bool lower)
{
	while (len > 0 && from[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++)
		to[i] = lower && from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 0x20 : from[i];
	return len;
}

static size_t short_name(const uint8_t *b, uint8_t to[FAT_DIR_SHORT_MAX])
{
	size_t len = add_part(to, b, NAME_LEN, (b[12] & LOWER_NAME) != 0), ext;

	if (len > 0 && b[0] == DELETED)
		to[0] = '_';
	else if (len > 0 && b[0] == SLOT_E5)
		to[0] = DELETED;
	ext = add_part(to + len + 1, b + NAME_LEN, EXT_LEN, (b[12] & LOWER_EXT) != 0);
	if (ext == 0)
		return len;
	to[len] = '.';
	return len + 1 + ext;
}

static bool is_dots(const uint8_t *b)
{
	return memcmp(b, ".          ", NAME_LEN + EXT_LEN) == 0 ||
	       memcmp(b, "..         ", NAME_LEN + EXT_LEN) == 0;
}

/* ------ the rest ------ */

/* What the device wrote, digit for digit, if there is such a moment. */
static void claim(char to[LISTING_TIME_MAX + 1], unsigned date, unsigned time)
{
	char text[64];
	int64_t ms;

	snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.000Z", 1980 + (date >> 9),
		 date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2);
	to[0] = '\0';
	if (utc_parse(text, UTC_TEXT_LEN, &ms) == -EINVAL)
		return;
	memcpy(to, text, LISTING_TIME_MAX);
	to[LISTING_TIME_MAX] = '\0';
}

bool fat_dir_begins(const uint8_t bytes[32])
{
	return is_dots(bytes) && bytes[1] == ' ' && (bytes[11] & ATTR_DIRECTORY) != 0;
}

enum fat_dir_what fat_dir_next(struct fat_dir *d, const uint8_t bytes[32],
			       struct fat_dir_entry *ret)
{
	bool deleted = bytes[0] == DELETED;

	if (bytes[0] == FREE)
		return FAT_DIR_END;
	if ((bytes[11] & ATTR_LONG_MASK) == ATTR_LONG) {
		take_piece(d, bytes);
		return FAT_DIR_NOTHING;
	}
	*ret = (struct fat_dir_entry){ .deleted = deleted };
	ret->long_len = long_name(d, bytes, deleted, ret->long_name);
	if ((bytes[11] & ATTR_LABEL) != 0) {
		ret->short_len = add_part(ret->short_name, bytes, NAME_LEN + EXT_LEN, false);
		return deleted ? FAT_DIR_NOTHING : FAT_DIR_LABEL;
	}
	if (is_dots(bytes))
		return FAT_DIR_NOTHING;
	ret->short_len = short_name(bytes, ret->short_name);
	ret->directory = (bytes[11] & ATTR_DIRECTORY) != 0;
	ret->cluster = number(bytes + 26, 2) | number(bytes + 20, 2) << 16;
	ret->size = number(bytes + 28, 4);
	claim(ret->created, number(bytes + 16, 2), number(bytes + 14, 2));
	claim(ret->modified, number(bytes + 24, 2), number(bytes + 22, 2));
	claim(ret->accessed, number(bytes + 18, 2), 0);
	return FAT_DIR_ENTRY;
}
