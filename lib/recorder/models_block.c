#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/models_impl.h"

enum {
	START_STOP_UNIT = 0x1b, START_STOP_LEN = 6,
	VENDOR_FIRST = 0xc0,		/* SCSI operation codes from here on are the maker's */
	OPERATION_FIRST = 0x9000, OPERATION_LAST = 0x9fff,	/* and PTP's in between */
	HEX_TEXT_MAX = 3 * MODEL_DATA_MAX,
	WAIT_MIN_MS = 100, WAIT_MAX_MS = 120000,
	RATE_MAX = 1000000, ZONE_MAX_MIN = 14 * 60,
};

struct reading {
	cfg_t *block;
	struct model *m;
	char *why;
	size_t room;
};

__attribute__((format(printf, 2, 3)))
static int bad(const struct reading *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, r->room, fmt, ap);
	va_end(ap);
	return -1;
}

/* ------ values ------ */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One to eight hex digits. */
static bool hex_number(const char *s, size_t len, uint32_t *ret)
{
	uint32_t n = 0;
	int d;

	if (len == 0 || len > 8)
		return false;
	for (; len > 0; len--) {
		d = hex_digit(*s++);
		if (d < 0)
			return false;
		n = n << 4 | (uint32_t)d;
	}
	*ret = n;
	return true;
}

/* Pairs of hex digits, spaces between them or not.  False: none, odd, or more than room. */
static bool hex_bytes(const char *s, uint8_t *ret, size_t room, uint8_t *ret_len)
{
	size_t n = 0;
	uint32_t byte;

	for (;;) {
		s += strspn(s, " ");
		if (*s == '\0')
			break;
		if (n == room || s[1] == '\0' || !hex_number(s, 2, &byte))
			return false;
		ret[n++] = (uint8_t)byte;
		s += 2;
	}
	*ret_len = (uint8_t)n;
	return n > 0;
}

/* What is shown on a terminal and compared as text. */
static int take_text(const struct reading *r, const char *key, const char *value, char *to)
{
	const char *s;

	if (strlen(value) > MODEL_TEXT_MAX)
		return bad(r, "%s is longer than %d bytes", key, MODEL_TEXT_MAX);
	for (s = value; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return bad(r, "%s has a control character", key);
	memcpy(to, value, strlen(value) + 1);
	return 0;
}

/* ------ keys ------ */

static int read_vid(struct reading *r, const char *key, const char *value)
{
	uint32_t n;

	if (strlen(value) != 4 || !hex_number(value, 4, &n))
		return bad(r, "%s \"%s\": four hex digits are needed, as lsusb shows", key, value);
	r->m->match.has_vid = true;
	r->m->match.vid = (uint16_t)n;
	return 0;
}

static int read_pid(struct reading *r, const char *key, const char *value)
{
	uint32_t n;

	if (strlen(value) != 4 || !hex_number(value, 4, &n))
		return bad(r, "%s \"%s\": four hex digits are needed, as lsusb shows", key, value);
	r->m->match.has_pid = true;
	r->m->match.pid = (uint16_t)n;
	return 0;
}

/* "*" is what every device fits: as if it were not said. */
static int read_glob(const struct reading *r, const char *key, const char *value, char *to)
{
	return take_text(r, key, value[strspn(value, "*")] == '\0' ? "" : value, to);
}

static int read_manufacturer(struct reading *r, const char *key, const char *value)
{
	return read_glob(r, key, value, r->m->match.manufacturer);
}

static int read_product(struct reading *r, const char *key, const char *value)
{
	return read_glob(r, key, value, r->m->match.product);
}

static int read_serial(struct reading *r, const char *key, const char *value)
{
	return read_glob(r, key, value, r->m->match.serial);
}

static int read_class(struct reading *r, const char *key, const char *value)
{
	static const char *const names[] = {
		[MODEL_CLASS_ANY] = "any", [MODEL_CLASS_STORAGE] = "storage",
		[MODEL_CLASS_MTP] = "mtp",
	};
	size_t i;

	for (i = 0; i < COUNT(names) && strcmp(names[i], value) != 0; i++)
		;
	if (i == COUNT(names))
		return bad(r, "%s \"%s\": any, storage or mtp", key, value);
	r->m->match.class = (enum model_class)i;
	return 0;
}

static bool cdb_length_fits(const uint8_t *cdb, size_t len)
{
	/* Of the maker's codes only the maker knows the length. */
	return cdb[0] == START_STOP_UNIT ? len == START_STOP_LEN :
	       len == 6 || len == 10 || len == 12 || len == 16;
}

static int read_unlock_scsi(struct reading *r, const char *key, const char *value)
{
	struct model *m = r->m;

	if (!hex_bytes(value, m->cdb, sizeof(m->cdb), &m->cdb_len) ||
	    !cdb_length_fits(m->cdb, m->cdb_len))
		return bad(r, "%s \"%s\": 6, 10, 12 or 16 bytes in hex are needed", key, value);
	if (m->cdb[0] < VENDOR_FIRST && m->cdb[0] != START_STOP_UNIT)
		return bad(r, "%s: %02x is no vendor command (c0 to ff) and not START STOP UNIT "
			   "(1b); nothing else is ever sent", key, m->cdb[0]);
	m->unlock = MODEL_UNLOCK_SCSI;
	return 0;
}

static int read_unlock_data(struct reading *r, const char *key, const char *value)
{
	if (!hex_bytes(value, r->m->data, sizeof(r->m->data), &r->m->data_len))
		return bad(r, "%s: 1 to %d bytes in hex are needed", key, MODEL_DATA_MAX);
	return 0;
}

/* Android's edits of objects (95Cx), WMDRM and playback (91xx, 92xx), properties (98xx). */
static bool is_known_operation(uint32_t code)
{
	return (code & 0xfff0) == 0x95c0 || (code & 0xff00) == 0x9100 ||
	       (code & 0xff00) == 0x9200 || (code & 0xff00) == 0x9800;
}

static int read_unlock_mtp(struct reading *r, const char *key, const char *value)
{
	uint32_t code;

	if (strlen(value) != 4 || !hex_number(value, 4, &code))
		return bad(r, "%s \"%s\": four hex digits are needed", key, value);
	if (code < OPERATION_FIRST || code > OPERATION_LAST)
		return bad(r, "%s: %s is no vendor operation (9000 to 9fff); nothing else is ever "
			   "sent", key, value);
	if (is_known_operation(code))
		return bad(r, "%s: %s is an operation of MTP, which could change what is on it", key,
			   value);
	if (r->m->unlock != MODEL_UNLOCK_NONE)
		return bad(r, "unlock_scsi and unlock_mtp: one of the two");
	r->m->unlock = MODEL_UNLOCK_MTP;
	r->m->operation = (uint16_t)code;
	return 0;
}

static int read_unlock_params(struct reading *r, const char *key, const char *value)
{
	size_t len;

	for (; *value != '\0'; value += len + strspn(value + len, " ")) {
		len = strcspn(value, " ");
		if (r->m->n_params == MODEL_PARAMS_MAX ||
		    !hex_number(value, len, &r->m->params[r->m->n_params++]))
			return bad(r, "%s: at most %d numbers in hex, spaces between them", key,
				   MODEL_PARAMS_MAX);
	}
	return 0;
}

/* "+08:00" or the one name that a day here is known by. */
static int read_zone(struct reading *r, const char *key, const char *value)
{
	const char *d = "0123456789";
	int min;

	if (strcmp(value, "Asia/Shanghai") == 0) {
		r->m->zone_min = NAMING_SHANGHAI_MIN;
		return 0;
	}
	if (strlen(value) != 6 || (value[0] != '+' && value[0] != '-') ||
	    strspn(value + 1, d) != 2 || value[3] != ':' || strspn(value + 4, d) != 2)
		return bad(r, "%s \"%s\": \"+08:00\" or \"Asia/Shanghai\"", key, value);
	min = ((value[1] - '0') * 10 + value[2] - '0') * 60;
	if (min > ZONE_MAX_MIN || value[4] > '5')
		return bad(r, "%s \"%s\": there is no such zone", key, value);
	min += (value[4] - '0') * 10 + value[5] - '0';
	r->m->zone_min = value[0] == '-' ? -min : min;
	return 0;
}

static int read_encoding(struct reading *r, const char *key, const char *value)
{
	if (strcmp(value, "gb18030") != 0 && strcmp(value, "utf8") != 0)
		return bad(r, "%s \"%s\": gb18030 or utf8", key, value);
	r->m->encoding = value[0] == 'u' ? LISTING_UTF8 : LISTING_GB18030;
	return 0;
}

/* A name in the root of the card, which any file system takes. */
static int read_challenge(struct reading *r, const char *key, const char *value)
{
	size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789._-");

	if (value[n] != '\0' || value[0] == '.')
		return bad(r, "%s \"%s\": a name of A-Z a-z 0-9 . _ - is needed, no dot first", key,
			   value);
	return take_text(r, key, value, r->m->challenge);
}

/* The one table of keys that are text; the others are in model_block_keys(). */
static const struct {
	const char *key;
	int (*read)(struct reading *r, const char *key, const char *value);
} texts[] = {
	{ "vid", read_vid }, { "pid", read_pid }, { "manufacturer", read_manufacturer },
	{ "product", read_product }, { "serial", read_serial }, { "class", read_class },
	{ "unlock_scsi", read_unlock_scsi }, { "unlock_data", read_unlock_data },
	{ "unlock_mtp", read_unlock_mtp }, { "unlock_params", read_unlock_params },
	{ "zone", read_zone }, { "encoding", read_encoding }, { "challenge", read_challenge },
};

void model_block_keys(cfg_opt_t ret[MODEL_KEYS_MAX + 1])
{
	const cfg_opt_t others[] = {
		CFG_STR_LIST("names", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("folders", NULL, CFGF_NODEFAULT),
		CFG_INT("wait_ms", 10000, CFGF_NONE),
		CFG_INT("megabytes_per_hour", 3600, CFGF_NONE),
		CFG_BOOL("clock_set", cfg_false, CFGF_NONE),
		CFG_BOOL("clear", cfg_false, CFGF_NONE),
		CFG_BOOL("ledger", cfg_true, CFGF_NONE),
		CFG_END()
	};
	size_t i;

	_Static_assert(COUNT(texts) + COUNT(others) <= MODEL_KEYS_MAX + 1, "room for all keys");
	for (i = 0; i < COUNT(texts); i++) {
		cfg_opt_t text = CFG_STR(texts[i].key, NULL, CFGF_NODEFAULT);

		ret[i] = text;
	}
	memcpy(ret + i, others, sizeof(others));
}

static int read_texts(struct reading *r)
{
	const char *value;
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		value = cfg_getstr(r->block, texts[i].key);
		if (value != NULL && texts[i].read(r, texts[i].key, value) < 0)
			return -1;
	}
	return 0;
}

static int read_names(struct reading *r)
{
	unsigned n = cfg_size(r->block, "names"), i;
	const char *text;
	struct err e;

	if (n > MODEL_NAMES_MAX)
		return bad(r, "more than %d names", MODEL_NAMES_MAX);
	for (i = 0; i < n; i++) {
		text = cfg_getnstr(r->block, "names", i);
		if (pattern_parse(text, &r->m->names[i], &e) < 0)
			return bad(r, "names: \"%.40s\": %s", text, e.msg);
	}
	r->m->n_names = n;
	return 0;
}

static int read_folders(struct reading *r)
{
	unsigned n = cfg_size(r->block, "folders"), i;
	const char *text;

	if (n > MODEL_FOLDERS_MAX)
		return bad(r, "more than %d folders", MODEL_FOLDERS_MAX);
	for (i = 0; i < n; i++) {
		text = cfg_getnstr(r->block, "folders", i);
		if (text[0] == '\0' || text[0] == '/' || text[strlen(text) - 1] == '/')
			return bad(r, "folders: \"%.40s\": without '/' at its ends", text);
		if (take_text(r, "folders", text, r->m->folders[i]) < 0)
			return -1;
	}
	r->m->n_folders = n;
	return 0;
}

static int read_numbers(struct reading *r)
{
	long wait = cfg_getint(r->block, "wait_ms"), rate = cfg_getint(r->block,
								       "megabytes_per_hour");

	if (wait < WAIT_MIN_MS || wait > WAIT_MAX_MS)
		return bad(r, "wait_ms %ld: %d to %d are allowed", wait, WAIT_MIN_MS, WAIT_MAX_MS);
	if (rate < 1 || rate > RATE_MAX)
		return bad(r, "megabytes_per_hour %ld: 1 to %d are allowed", rate, RATE_MAX);
	r->m->wait_ms = (uint32_t)wait;
	r->m->megabytes_per_hour = (uint32_t)rate;
	r->m->clock_set = cfg_getbool(r->block, "clock_set");
	r->m->clear = cfg_getbool(r->block, "clear");
	r->m->ledger = cfg_getbool(r->block, "ledger");
	return 0;
}

/* What each key says may be right, and yet not all of it together. */
static int check_whole(const struct reading *r)
{
	const struct model *m = r->m;

	if (m->match.has_pid && !m->match.has_vid)
		return bad(r, "pid without vid: every maker numbers products as it likes");
	if (m->data_len > 0 && (m->unlock != MODEL_UNLOCK_SCSI || m->cdb[0] == START_STOP_UNIT))
		return bad(r, "unlock_data belongs to a vendor command in unlock_scsi");
	if (m->n_params > 0 && m->unlock != MODEL_UNLOCK_MTP)
		return bad(r, "unlock_params belongs to unlock_mtp");
	/* A command of one maker, sent to whatever is plugged in, could do anything. */
	if (m->unlock != MODEL_UNLOCK_NONE && !m->match.has_vid)
		return bad(r, "an unlock needs a vid: it must not be sent to any device");
	return 0;
}

static void defaults(struct model *m)
{
	*m = (struct model){
		.wait_ms = 10000, .zone_min = NAMING_SHANGHAI_MIN, .encoding = LISTING_GB18030,
		.megabytes_per_hour = 3600, .ledger = true,
	};
}

int model_from_block(cfg_t *block, struct model *ret, char *why, size_t room)
{
	struct reading r = { .block = block, .m = ret, .why = why, .room = room };

	defaults(ret);
	if (cfg_title(block)[0] == '\0')
		return bad(&r, "it has no name");
	if (take_text(&r, "its name", cfg_title(block), ret->name) < 0 || read_texts(&r) < 0 ||
	    read_names(&r) < 0 || read_folders(&r) < 0 || read_numbers(&r) < 0)
		return -1;
	return check_whole(&r);
}

void model_generic(struct model *ret)
{
	defaults(ret);
	snprintf(ret->name, sizeof(ret->name), "generic");
}
