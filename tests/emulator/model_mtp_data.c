/* Datasets: little-endian numbers, counted arrays, counted UTF-16 (ISO 15740, 5.3 and 5.5). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "base/utc.h"
#include "emulator/model_mtp.h"

enum {
	TYPE_UINT8 = 0x0002, TYPE_STRING = 0xffff,
	FORM_NONE = 0, FORM_RANGE = 1,
	REMOVABLE_RAM = 4, HIERARCHICAL = 2,
	READ_WRITE = 0, READ_ONLY = 1,
	GENERIC_FOLDER = 1,
	GET_DEVICE_PROP_VALUE = 0x1015, GET_PARTIAL_OBJECT_64 = 0x95c1,
};

static const uint64_t CAPACITY = UINT64_C(64) << 30;

uint32_t resp_get(const uint8_t *p, unsigned bytes)
{
	uint32_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | p[bytes];
	return n;
}

void resp_put(uint8_t *p, uint32_t n, unsigned bytes)
{
	for (; bytes > 0; bytes--, n >>= 8)
		*p++ = (uint8_t)n;
}

static void add(struct model *m, uint32_t n, unsigned bytes)
{
	uint8_t p[4];

	resp_put(p, n, bytes);
	buf_add(&m->mtp->data, p, bytes);
}

void resp_add8(struct model *m, uint8_t n)
{
	add(m, n, 1);
}

void resp_add16(struct model *m, uint16_t n)
{
	add(m, n, 2);
}

void resp_add32(struct model *m, uint32_t n)
{
	add(m, n, 4);
}

void resp_add64(struct model *m, uint64_t n)
{
	add(m, (uint32_t)n, 4);
	add(m, (uint32_t)(n >> 32), 4);
}

void resp_add_count(struct model *m, size_t n)
{
	resp_add32(m, m->c.faults.array_bomb ? UINT32_MAX : (uint32_t)n);
}

void resp_add_text(struct model *m, const char *utf8)
{
	const uint8_t *s = (const uint8_t *)utf8;
	uint16_t units[MTP_TEXT_MAX + 1];
	size_t n = 0, i;

	while (*s != '\0' && n + 2 <= MTP_TEXT_MAX) {
		uint32_t c = model_next_char(&s);

		if (c >= 0x10000) {
			units[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		units[n++] = (uint16_t)c;
	}
	if (n == 0) {
		resp_add8(m, 0);
		return;
	}
	units[n++] = m->c.faults.string_open ? 'x' : 0;
	resp_add8(m, (uint8_t)n);
	for (i = 0; i < n; i++)
		resp_add16(m, units[i]);
}

/* One character as UTF-8. */
static size_t put_utf8(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

bool resp_get_text(const uint8_t **p, size_t *left, char ret[4 * MTP_TEXT_MAX])
{
	size_t n = *left > 0 ? **p : 0, i, at = 0;

	if (*left < 1 + 2 * n || (n > 0 && resp_get(*p + 2 * n - 1, 2) != 0))
		return false;
	for (i = 0; i + 1 < n; i++) {
		uint32_t c = resp_get(*p + 1 + 2 * i, 2);

		if (c == 0)
			return false;
		if (c >= 0xd800 && c < 0xdc00 && i + 2 < n) {
			uint32_t low = resp_get(*p + 3 + 2 * i, 2);

			if (low < 0xdc00 || low > 0xdfff)
				return false;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		} else if (c >= 0xd800 && c < 0xe000) {
			return false;
		}
		at += put_utf8(c, ret + at);
	}
	ret[at] = '\0';
	*p += 1 + 2 * n;
	*left -= 1 + 2 * n;
	return true;
}

void resp_format_time(int64_t seconds, char *ret)
{
	char text[20];		/* 2026-11-23 20:42:58 */

	utc_format_shanghai(seconds * 1000, text);
	snprintf(ret, 16, "%.4s%.2s%.2sT%.2s%.2s%.2s", text, text + 5, text + 8, text + 11,
		 text + 14, text + 17);
}

int64_t resp_now(const struct model *m)
{
	int64_t now = m->c.now != NULL ? m->c.now() : utc_now() / 1000;

	return now + m->mtp->clock_offset;
}

/* ------ device and storage ------ */

static const uint16_t events[] = {
	MTP_OBJECT_ADDED, MTP_OBJECT_REMOVED, MTP_STORE_REMOVED, MTP_PROPERTY_CHANGED,
};
static const uint16_t properties[] = { MTP_BATTERY, MTP_DATE_TIME };

static void add_codes(struct model *m, const uint16_t *codes, size_t n)
{
	size_t i;

	resp_add_count(m, n);
	for (i = 0; i < n; i++)
		resp_add16(m, codes[i]);
}

static void add_operations(struct model *m)
{
	uint16_t codes[MTP_OPERATIONS_MAX];
	size_t n = 0;

	while (n < COUNT(codes) && resp_operation_code(m, n, &codes[n]))
		n++;
	add_codes(m, codes, n);
}

void resp_device_info(struct model *m)
{
	resp_add16(m, 100);		/* of the standard, in hundredths */
	resp_add32(m, 6);		/* vendor extension: MTP */
	resp_add16(m, 100);
	resp_add_text(m, resp_operation_find(m, GET_PARTIAL_OBJECT_64) != NULL ?
			 "microsoft.com: 1.0; android.com: 1.0;" : "microsoft.com: 1.0;");
	resp_add16(m, 0);		/* functional mode: standard */
	add_operations(m);
	add_codes(m, events, COUNT(events));
	add_codes(m, properties, resp_operation_find(m, GET_DEVICE_PROP_VALUE) != NULL ?
				 COUNT(properties) : 0);
	add_codes(m, NULL, 0);		/* captures nothing */
	add_codes(m, resp_formats, resp_n_formats);
	resp_add_text(m, m->c.manufacturer);
	resp_add_text(m, m->c.product);
	resp_add_text(m, "1.0");
	resp_add_text(m, model_serial(m));
}

void resp_storage_info(struct model *m)
{
	uint64_t used = MIN(resp_store_bytes(&m->mtp->store), CAPACITY);
	int64_t unused = m->c.faults.free;

	resp_add16(m, REMOVABLE_RAM);
	resp_add16(m, HIERARCHICAL);
	resp_add16(m, m->c.faults.writable ? READ_WRITE : READ_ONLY);
	resp_add64(m, CAPACITY);
	resp_add64(m, unused >= 0 ? (uint64_t)unused : CAPACITY - used);
	resp_add32(m, UINT32_MAX);	/* free, in images: not said */
	resp_add_text(m, "Recorder card");
	resp_add_text(m, "DVCARD");
}

void resp_object_info(struct model *m, const struct resp_object *o)
{
	char time[16];
	int i;

	resp_format_time(o->modified, time);
	resp_add32(m, MTP_STORAGE);
	resp_add16(m, o->format);
	resp_add16(m, m->c.faults.writable ? 0 : 1);	/* protection: read-only */
	resp_add32(m, (uint32_t)MIN(o->size, UINT32_MAX));
	resp_add16(m, 0);		/* thumbnail: format, then size, width, height */
	for (i = 0; i < 3; i++)
		resp_add32(m, 0);
	for (i = 0; i < 3; i++)
		resp_add32(m, 0);	/* image: width, height, depth */
	resp_add32(m, o->parent);
	resp_add16(m, o->format == MTP_FORMAT_FOLDER ? GENERIC_FOLDER : 0);
	resp_add32(m, 0);		/* association description */
	resp_add32(m, 0);		/* sequence number */
	resp_add_text(m, o->name);
	resp_add_text(m, time);		/* captured */
	resp_add_text(m, time);		/* modified */
	resp_add_text(m, "");		/* keywords */
}

static void add_battery(struct model *m, bool describe)
{
	uint8_t now = (uint8_t)MIN(m->c.faults.battery, 100);

	if (describe) {
		resp_add16(m, MTP_BATTERY);
		resp_add16(m, TYPE_UINT8);
		resp_add8(m, 0);	/* get only */
		resp_add8(m, 100);	/* factory default */
	}
	resp_add8(m, now);
	if (describe) {
		resp_add8(m, FORM_RANGE);
		resp_add8(m, 0);
		resp_add8(m, 100);
		resp_add8(m, 1);
	}
}

static void add_date_time(struct model *m, bool describe)
{
	char now[16];

	resp_format_time(resp_now(m), now);
	if (describe) {
		resp_add16(m, MTP_DATE_TIME);
		resp_add16(m, TYPE_STRING);
		resp_add8(m, m->c.faults.no_clock_set ? 0 : 1);
		resp_add_text(m, "20000101T000000");
	}
	resp_add_text(m, now);
	if (describe)
		resp_add8(m, FORM_NONE);
}

bool resp_device_property(struct model *m, uint32_t code, bool describe)
{
	if (code == MTP_BATTERY)
		add_battery(m, describe);
	else if (code == MTP_DATE_TIME)
		add_date_time(m, describe);
	else
		return false;
	return true;
}
