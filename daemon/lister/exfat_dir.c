#include "exfat_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

enum {
	IN_USE = 0x80, SECONDARY = 0x40,
	TYPE_BITMAP = 0x01, TYPE_LABEL = 0x03, TYPE_FILE = 0x05, TYPE_STREAM = 0x40, TYPE_NAME = 0x41,
	NAME_LEN = 30, UNITS = 15,	/* of a name entry */
	NO_FAT_CHAIN = 0x02, ATTR_DIRECTORY = 0x10,
	LABEL_UNITS = 11,
};

static uint64_t number(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = len; i > 0; i--)
		n = n << 8 | p[i - 1];
	return n;
}

/* A checksum is of the set in use: deletion cleared a bit of each type since. */
static uint16_t add_sum(uint16_t sum, const uint8_t *b, bool primary)
{
	for (size_t i = 0; i < EXFAT_ENTRY_LEN; i++) {
		uint8_t byte = i == 0 ? b[0] | IN_USE : b[i];

		if (!primary || (i != 2 && i != 3))
			sum = (uint16_t)(((unsigned)sum << 15 | sum >> 1) + byte);
	}
	return sum;
}

/*
 * What the device wrote, if there is such a moment: two seconds a step, and
 * hundredths on top of them.  The zone beside it is not applied.
 */
static void claim(char to[LISTING_TIME_MAX + 1], uint64_t when, unsigned hundredths)
{
	unsigned date = (unsigned)(when >> 16), time = (unsigned)(when & 0xffff);
	unsigned second = (time & 31) * 2 + (hundredths < 200 ? hundredths / 100 : 0);
	char text[64];
	int64_t ms;

	snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.000Z", 1980 + (date >> 9),
		 date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, second);
	to[0] = '\0';
	if (utc_parse(text, UTC_TEXT_LEN, &ms) == -EINVAL)
		return;
	memcpy(to, text, LISTING_TIME_MAX);
	to[LISTING_TIME_MAX] = '\0';
}

/* As long as is said, as far as it came; without NULs, which no name has. */
static size_t take_name(const struct exfat_dir *d, uint8_t to[EXFAT_NAME_MAX])
{
	size_t len = MIN((size_t)d->stream[3], (size_t)d->names * UNITS) * 2;

	memcpy(to, d->name, len);
	for (size_t i = 0; i < len; i += 2) {
		if (to[i] == 0 && to[i + 1] == 0)
			return i;
	}
	return len;
}

/* The set is over: give it, if there is enough of it. */
static enum exfat_dir_what close_set(struct exfat_dir *d, struct exfat_dir_entry *ret)
{
	const uint8_t *f = d->file, *s = d->stream;
	bool in_use = (f[0] & IN_USE) != 0;

	if (!d->open)
		return EXFAT_DIR_NOTHING;
	d->open = false;
	*ret = (struct exfat_dir_entry){
		.deleted = !in_use, .directory = (f[4] & ATTR_DIRECTORY) != 0,
		.plain = (s[1] & NO_FAT_CHAIN) != 0, .valid = number(s + 8, 8),
		.cluster = (uint32_t)number(s + 20, 4), .size = number(s + 24, 8),
	};
	ret->name_len = take_name(d, ret->name);
	ret->sound = d->has_stream && d->taken == f[1] && d->sum == number(f + 2, 2) &&
		     ret->name_len > 0 && ret->name_len == (size_t)s[3] * 2;
	claim(ret->created, number(f + 8, 4), f[20]);
	claim(ret->modified, number(f + 12, 4), f[21]);
	claim(ret->accessed, number(f + 16, 4), 0);
	if (ret->sound || (in_use && d->has_stream && ret->name_len > 0))
		return EXFAT_DIR_ENTRY;
	d->cut += in_use;
	return EXFAT_DIR_NOTHING;
}

static void open_set(struct exfat_dir *d, const uint8_t *b)
{
	d->open = true;
	d->has_stream = false;
	d->taken = d->names = 0;
	d->sum = add_sum(0, b, true);
	memcpy(d->file, b, EXFAT_ENTRY_LEN);
	memset(d->stream, 0, sizeof(d->stream));
}

static enum exfat_dir_what take_secondary(struct exfat_dir *d, const uint8_t *b,
					  struct exfat_dir_entry *ret)
{
	uint8_t type = b[0] & (uint8_t)~IN_USE;

	if (!d->open)
		return EXFAT_DIR_NOTHING;	/* the rest of something whose beginning is gone */
	if ((d->file[0] & IN_USE) != (b[0] & IN_USE) || d->taken >= d->file[1])
		return close_set(d, ret);
	d->taken++;
	d->sum = add_sum(d->sum, b, false);
	if (type == TYPE_STREAM && d->taken == 1) {
		d->has_stream = true;
		memcpy(d->stream, b, EXFAT_ENTRY_LEN);
	} else if (type == TYPE_NAME && d->names < sizeof(d->name) / NAME_LEN) {
		memcpy(d->name + (size_t)d->names * NAME_LEN, b + 2, NAME_LEN);
		d->names++;
	}
	return d->taken == d->file[1] ? close_set(d, ret) : EXFAT_DIR_NOTHING;
}

static enum exfat_dir_what take_label(const uint8_t *b, struct exfat_dir_entry *ret)
{
	*ret = (struct exfat_dir_entry){ .name_len = (size_t)MIN(b[1], LABEL_UNITS) * 2 };
	memcpy(ret->name, b + 2, ret->name_len);
	return EXFAT_DIR_LABEL;
}

static enum exfat_dir_what take_bitmap(const uint8_t *b, struct exfat_dir_entry *ret)
{
	*ret = (struct exfat_dir_entry){
		.flags = b[1], .cluster = (uint32_t)number(b + 20, 4), .size = number(b + 24, 8),
	};
	return EXFAT_DIR_BITMAP;
}

enum exfat_dir_what exfat_dir_next(struct exfat_dir *d, const uint8_t bytes[EXFAT_ENTRY_LEN],
				   struct exfat_dir_entry *ret)
{
	uint8_t type = bytes[0] & (uint8_t)~IN_USE;
	enum exfat_dir_what what;

	if (bytes[0] == 0)
		return EXFAT_DIR_END;
	if ((type & SECONDARY) != 0)
		return take_secondary(d, bytes, ret);
	what = close_set(d, ret);
	if (type == TYPE_FILE)
		open_set(d, bytes);
	else if (what == EXFAT_DIR_NOTHING && bytes[0] == (TYPE_LABEL | IN_USE))
		return take_label(bytes, ret);
	else if (what == EXFAT_DIR_NOTHING && bytes[0] == (TYPE_BITMAP | IN_USE))
		return take_bitmap(bytes, ret);
	return what;
}

enum exfat_dir_what exfat_dir_finish(struct exfat_dir *d, struct exfat_dir_entry *ret)
{
	return close_set(d, ret);
}

bool exfat_dir_begins(const uint8_t bytes[EXFAT_ENTRY_LEN])
{
	return (bytes[0] & (uint8_t)~IN_USE) == TYPE_FILE && bytes[1] >= 2 && bytes[1] <= 18;
}
