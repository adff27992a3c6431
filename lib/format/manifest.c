#include "format/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

#define MAGIC "bwc-manifest/v1"

enum { LINE_MAX_BYTES = 512 };		/* longest: SHA256, a name of 255, 64 digits */

static const char *const kind_names[] = {
	[MANIFEST_SEGMENT] = "segment", [MANIFEST_INVENTORY] = "inventory",
	[MANIFEST_EVENT] = "event",
};
static const char *const clock_names[] = {
	[MANIFEST_CLOCK_GNSS] = "gnss", [MANIFEST_CLOCK_DOCK] = "dock",
	[MANIFEST_CLOCK_RTC] = "rtc", [MANIFEST_CLOCK_UNSET] = "unset",
};
static const char *const end_names[] = {
	[MANIFEST_END_NONE] = "none", [MANIFEST_END_BUTTON] = "button",
	[MANIFEST_END_BATTERY] = "battery", [MANIFEST_END_FULL] = "full",
	[MANIFEST_END_FAULT] = "fault", [MANIFEST_END_DOCK] = "dock",
};

enum value {
	KIND, CLOCK, END, ID, UUID, NUMBER, FLAG, TIME, MARK, TEXT, DIGEST, PREV,
	BLAKE2B_LINE, SHA256_LINE,
};

enum { S = 1 << MANIFEST_SEGMENT, I = 1 << MANIFEST_INVENTORY, E = 1 << MANIFEST_EVENT };

/*
 * The format: every key in its order, and which kinds have it.  `kind` comes
 * first, so that those that follow know; dseq before prev, which refers to it.
 */
static const struct field {
	const char *key;
	unsigned kinds;
	enum value value;
	size_t offset;
} fields[] = {
	{ "kind",		S | I | E,	KIND,	offsetof(struct manifest, kind) },
	{ "device",		S | I | E,	ID,	offsetof(struct manifest, device) },
	{ "firmware",		S | I | E,	ID,	offsetof(struct manifest, firmware) },
	{ "rec",		S,		UUID,	offsetof(struct manifest, rec) },
	{ "seq",		S,		NUMBER,	offsetof(struct manifest, seq) },
	{ "dseq",		S | I | E,	NUMBER,	offsetof(struct manifest, dseq) },
	{ "prev",		S | I | E,	PREV,	offsetof(struct manifest, prev) },
	{ "start-utc",		S,		TIME,	offsetof(struct manifest, start_ms) },
	{ "end-utc",		S,		TIME,	offsetof(struct manifest, end_ms) },
	{ "clock",		S,		CLOCK,	offsetof(struct manifest, clock) },
	{ "boot",		S,		NUMBER,	offsetof(struct manifest, boot) },
	{ "mono-start-ms",	S,		NUMBER,	offsetof(struct manifest, mono_start_ms) },
	{ "mono-end-ms",	S,		NUMBER,	offsetof(struct manifest, mono_end_ms) },
	{ "officer",		S,		ID,	offsetof(struct manifest, officer) },
	{ "mark",		S,		MARK,	offsetof(struct manifest, marks) },
	{ "size",		S,		NUMBER,	offsetof(struct manifest, size) },
	{ "last",		S,		FLAG,	offsetof(struct manifest, last) },
	{ "end",		S,		END,	offsetof(struct manifest, end) },
	{ "BLAKE2b-256",	S,	BLAKE2B_LINE,	offsetof(struct manifest, blake2b) },
	{ "SHA256",		S,	SHA256_LINE,	offsetof(struct manifest, sha256) },
	{ "nonce",		I,		DIGEST,	offsetof(struct manifest, nonce) },
	{ "what",		E,		ID,	offsetof(struct manifest, what) },
	{ "detail",		E,		TEXT,	offsetof(struct manifest, detail) },
	{ "time",		E,		TIME,	offsetof(struct manifest, at_ms) },
};

static bool has_field(const struct manifest *m, const struct field *f)
{
	return (f->kinds & 1u << m->kind) != 0;
}

static const char *name_of(const char *const *names, size_t n, unsigned at)
{
	if (at >= n)
		BUG("manifest: no word for value %u", at);
	return names[at];
}

const char *manifest_kind_name(enum manifest_kind k)
{
	return name_of(kind_names, COUNT(kind_names), k);
}

const char *manifest_clock_name(enum manifest_clock c)
{
	return name_of(clock_names, COUNT(clock_names), c);
}

const char *manifest_end_name(enum manifest_end end)
{
	return name_of(end_names, COUNT(end_names), end);
}

/* ------ one value: from text ------
 *
 * Each take_*() stores the value, or returns what is wrong with it as the end
 * of a sentence that begins with its key.
 */

static int word_index(const char *const *names, size_t n, const char *v, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], v, len) == 0)
			return (int)i;
	return -1;
}

static const char *take_kind(const char *v, size_t len, enum manifest_kind *ret)
{
	int i = word_index(kind_names, COUNT(kind_names), v, len);

	if (i < 0)
		return "must be segment, inventory or event";
	*ret = (enum manifest_kind)i;
	return NULL;
}

static const char *take_clock(const char *v, size_t len, enum manifest_clock *ret)
{
	int i = word_index(clock_names, COUNT(clock_names), v, len);

	if (i < 0)
		return "must be gnss, dock, rtc or unset";
	*ret = (enum manifest_clock)i;
	return NULL;
}

static const char *take_end(const char *v, size_t len, enum manifest_end *ret)
{
	int i = word_index(end_names, COUNT(end_names), v, len);

	if (i < 0)
		return "must be none, button, battery, full, fault or dock";
	*ret = (enum manifest_end)i;
	return NULL;
}

static const char *take_id(const char *v, size_t len, char *ret)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t i;

	for (i = 0; i < len; i++)
		if (v[i] == '\0' || strchr(allowed, v[i]) == NULL)
			break;
	if (len < 1 || len > MANIFEST_ID_MAX || i < len)
		return "must be 1 to 32 of A-Z a-z 0-9 . _ -";
	memcpy(ret, v, len);
	ret[len] = '\0';
	return NULL;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static const char *take_uuid(const char *v, size_t len, char *ret)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (len != sizeof(shape) - 1)
		return "must be a UUID of 36 characters";
	for (i = 0; i < len; i++)
		if (shape[i] == 'x' ? !is_hex(v[i]) : v[i] != '-')
			return "must be a UUID in lower-case hex";
	memcpy(ret, v, len);
	ret[len] = '\0';
	return NULL;
}

static const char *take_number(const char *v, size_t len, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i;

	if (len < 1 || (len > 1 && v[0] == '0'))
		return "must be a number without leading zeros";
	for (i = 0; i < len; i++) {
		if (v[i] < '0' || v[i] > '9')
			return "must be a number of digits alone";
		if (n > (INT64_MAX - (uint64_t)(v[i] - '0')) / 10)
			return "is a number above 9223372036854775807";
		n = n * 10 + (uint64_t)(v[i] - '0');
	}
	*ret = n;
	return NULL;
}

static const char *take_flag(const char *v, size_t len, bool *ret)
{
	if (len != 1 || (v[0] != '0' && v[0] != '1'))
		return "must be 0 or 1";
	*ret = v[0] == '1';
	return NULL;
}

static const char *take_time(const char *v, size_t len, int64_t *ret)
{
	int r = utc_parse(v, len, ret);

	if (r == -ERANGE)
		return "is a time outside the years 2000 to 2100";
	return r < 0 ? "must be a time such as 2026-11-23T12:42:58.123Z" : NULL;
}

static const char *take_mark(const char *v, size_t len, struct manifest *m)
{
	static const char label[] = " important";
	const size_t tail = sizeof(label) - 1;
	const char *wrong;

	if (len != UTC_TEXT_LEN + tail || memcmp(v + UTC_TEXT_LEN, label, tail) != 0)
		return "must be a time such as 2026-11-23T12:42:58.123Z and \"important\"";
	if (m->n_marks == MANIFEST_MARKS_MAX)
		return "comes more than 64 times";
	wrong = take_time(v, UTC_TEXT_LEN, &m->marks[m->n_marks]);
	if (wrong == NULL)
		m->n_marks++;
	return wrong;
}

static bool is_printable(const char *v, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (v[i] < ' ' || v[i] > '~')
			return false;
	return true;
}

static const char *take_text(const char *v, size_t len, char *ret)
{
	if (len < 1 || len > MANIFEST_TEXT_MAX || !is_printable(v, len))
		return "must be 1 to 200 printable ASCII characters";
	if (v[0] == ' ' || v[len - 1] == ' ' || memmem(v, len, "  ", 2) != NULL)
		return "must have single spaces, between words alone";
	memcpy(ret, v, len);
	ret[len] = '\0';
	return NULL;
}

static const char *take_digest(const char *v, size_t len, struct digest *ret)
{
	return digest_parse(v, len, ret) < 0 ? "must be 64 lower-case hex digits" : NULL;
}

static const char *take_prev(const char *v, size_t len, struct manifest *m)
{
	const char *wrong = take_digest(v, len, &m->prev);

	if (wrong == NULL && m->dseq != 0 && digest_is_zero(&m->prev))
		return "may be zeros only at dseq 0";
	return wrong;
}

/* "-" and the dots would be harmless to us, but not to whoever runs cksum on it. */
static bool is_file_name(const char *v, size_t len)
{
	if (len < 1 || len > MANIFEST_NAME_MAX || !is_printable(v, len))
		return false;
	if (memchr(v, '/', len) != NULL || (len == 1 && (v[0] == '.' || v[0] == '-')))
		return false;
	return !(len == 2 && memcmp(v, "..", 2) == 0);
}

/* "(NAME) = HEX".  The end is of fixed length, so that a name may hold any bracket. */
static const char *take_checksum(const char *v, size_t len, const char **ret_name,
				 size_t *ret_len, struct digest *ret)
{
	const size_t tail = 4 + DIGEST_HEX_LEN;

	if (len < 1 + tail || v[0] != '(' || memcmp(v + len - tail, ") = ", 4) != 0)
		return "must be followed by (NAME) = and 64 hex digits";
	*ret_name = v + 1;
	*ret_len = len - 1 - tail;
	if (!is_file_name(*ret_name, *ret_len))
		return "must name a file: 1 to 255 printable ASCII characters without '/'";
	return take_digest(v + len - DIGEST_HEX_LEN, DIGEST_HEX_LEN, ret);
}

static const char *take_blake2b_line(const char *v, size_t len, struct manifest *m)
{
	const char *name = NULL, *wrong;
	size_t name_len = 0;

	wrong = take_checksum(v, len, &name, &name_len, &m->blake2b);
	if (wrong != NULL)
		return wrong;
	memcpy(m->name, name, name_len);
	m->name[name_len] = '\0';
	return NULL;
}

static const char *take_sha256_line(const char *v, size_t len, struct manifest *m)
{
	const char *name = NULL, *wrong;
	struct digest sha256;
	size_t name_len = 0;

	wrong = take_checksum(v, len, &name, &name_len, &sha256);
	if (wrong != NULL)
		return wrong;
	if (strlen(m->name) != name_len || memcmp(m->name, name, name_len) != 0)
		return "names another file than BLAKE2b-256";
	memcpy(m->sha256, sha256.b, sizeof(m->sha256));
	return NULL;
}

static const char *take_value(const struct field *f, const char *v, size_t len,
			      struct manifest *m)
{
	void *at = (char *)m + f->offset;

	switch (f->value) {
	case KIND:		return take_kind(v, len, at);
	case CLOCK:		return take_clock(v, len, at);
	case END:		return take_end(v, len, at);
	case ID:		return take_id(v, len, at);
	case UUID:		return take_uuid(v, len, at);
	case NUMBER:		return take_number(v, len, at);
	case FLAG:		return take_flag(v, len, at);
	case TIME:		return take_time(v, len, at);
	case TEXT:		return take_text(v, len, at);
	case DIGEST:		return take_digest(v, len, at);
	case MARK:		return take_mark(v, len, m);
	case PREV:		return take_prev(v, len, m);
	case BLAKE2B_LINE:	return take_blake2b_line(v, len, m);
	case SHA256_LINE:	return take_sha256_line(v, len, m);
	}
	BUG("manifest: key %s has no reader", f->key);
}

/* ------ the whole text ------ */

struct lines {
	const char *p, *end;		/* what is left; each line ends with LF, see check_bytes */
	unsigned number;		/* of the line at p, from 1 */
};

/* Length of the line at p without its LF. */
static size_t line_len(const struct lines *l)
{
	const char *lf = memchr(l->p, '\n', (size_t)(l->end - l->p));

	return lf == NULL ? 0 : (size_t)(lf - l->p);
}

static void line_done(struct lines *l)
{
	l->p += line_len(l) + 1;
	l->number++;
}

/* Is the line at p one of this key, with or without a value? */
static bool line_is(const struct lines *l, const char *key)
{
	size_t n = strlen(key), len = line_len(l);

	return len >= n && memcmp(l->p, key, n) == 0 && (len == n || l->p[n] == ' ');
}

/* Before anything is read into the text: is it lines of printable ASCII at all? */
static int check_bytes(const uint8_t *text, size_t len, struct err *e)
{
	unsigned line = 1;
	size_t i;

	if (len > MANIFEST_MAX)
		return err_set(e, -EFBIG, "a manifest of %zu bytes; %d are allowed", len,
			       MANIFEST_MAX);
	if (len == 0)
		return err_set(e, -EINVAL, "line 1: the manifest is empty");
	for (i = 0; i < len; i++) {
		if (text[i] == '\n')
			line++;
		else if (text[i] == '\r')
			return err_set(e, -EINVAL, "line %u: a carriage return; lines end with "
				       "a line feed alone", line);
		else if (text[i] < ' ' || text[i] > '~')
			return err_set(e, -EINVAL, "line %u: byte 0x%02x is not printable ASCII",
				       line, text[i]);
	}
	if (text[len - 1] != '\n')
		return err_set(e, -EINVAL, "line %u: the last line does not end with a line feed",
			       line);
	return 0;
}

/* The line at hand is not the one of field `want`: say which mistake that is. */
static int wrong_line(const struct lines *l, const struct field *want, const struct manifest *m,
		      struct err *e)
{
	const struct field *f;

	if (l->p == l->end)
		return err_set(e, -EINVAL, "line %u: the text ends before %s", l->number,
			       want->key);
	for (f = fields; f < fields + COUNT(fields); f++) {
		if (!has_field(m, f) || !line_is(l, f->key))
			continue;
		if (f < want)
			return err_set(e, -EINVAL, "line %u: %s again, where %s belongs",
				       l->number, f->key, want->key);
		return err_set(e, -EINVAL, "line %u: %s where %s belongs, which is missing or "
			       "out of order", l->number, f->key, want->key);
	}
	return err_set(e, -EINVAL, "line %u: %s belongs here, not this", l->number, want->key);
}

static int take_line(struct lines *l, const struct field *f, struct manifest *m, struct err *e)
{
	size_t key_len = strlen(f->key), len;
	const char *v, *wrong;

	if (l->p == l->end || !line_is(l, f->key))
		return wrong_line(l, f, m, e);
	len = line_len(l);
	if (len < key_len + 2)
		return err_set(e, -EINVAL, "line %u: %s has no value", l->number, f->key);
	v = l->p + key_len + 1;
	len -= key_len + 1;
	if (v[0] == ' ' || v[len - 1] == ' ')
		return err_set(e, -EINVAL, "line %u: %s has a space too many", l->number, f->key);
	wrong = take_value(f, v, len, m);
	if (wrong != NULL)
		return err_set(e, -EINVAL, "line %u: %s %s", l->number, f->key, wrong);
	line_done(l);
	return 0;
}

int manifest_parse(const uint8_t *text, size_t len, struct manifest *ret, struct err *e)
{
	struct manifest m = { .kind = MANIFEST_SEGMENT };
	const struct field *f;
	struct lines l;
	int r = check_bytes(text, len, e);

	if (r < 0)
		return r;
	l = (struct lines){ (const char *)text, (const char *)text + len, 1 };
	if (line_len(&l) != strlen(MAGIC) || !line_is(&l, MAGIC))
		return err_set(e, -EINVAL, "line 1: must be %s", MAGIC);
	line_done(&l);
	for (f = fields; f < fields + COUNT(fields); f++) {
		if (!has_field(&m, f))
			continue;
		while (f->value == MARK && r == 0 && l.p < l.end && line_is(&l, f->key))
			r = take_line(&l, f, &m, e);
		if (f->value != MARK)
			r = take_line(&l, f, &m, e);
		if (r < 0)
			return r;
	}
	if (l.p < l.end)
		return err_set(e, -EINVAL, "line %u: nothing may follow the last key", l.number);
	*ret = m;
	return 0;
}

/* ------ one value: to text ------ */

static bool put_word(struct buf *b, const char *const *names, size_t n, unsigned at)
{
	if (at >= n)
		return false;
	buf_adds(b, names[at]);
	return true;
}

/* A string without its NUL inside its room is no string. */
static bool put_string(struct buf *b, const char *s, size_t room)
{
	size_t len = strnlen(s, room);

	buf_add(b, s, len);
	return len < room;
}

/* utc_format() takes four-digit years alone, so this cannot wait for take_time(). */
static bool put_time(struct buf *b, int64_t ms)
{
	char text[UTC_TEXT_SIZE];

	if (ms < utc_from_civil(2000, 1, 1, 0, 0, 0) || ms >= utc_from_civil(2101, 1, 1, 0, 0, 0))
		return false;
	utc_format(ms, text);
	buf_adds(b, text);
	return true;
}

static bool put_checksum(struct buf *b, const struct manifest *m, const uint8_t sum[32])
{
	char hex[DIGEST_HEX_SIZE];
	bool whole;

	buf_adds(b, "(");
	whole = put_string(b, m->name, sizeof(m->name));
	buf_addf(b, ") = %s", sodium_bin2hex(hex, sizeof(hex), sum, 32));
	return whole;
}

/* The text of field f; of MARK, that of mark number i.  False: it has none. */
static bool put_value(struct buf *b, const struct field *f, const struct manifest *m, size_t i)
{
	const void *at = (const char *)m + f->offset;
	char hex[DIGEST_HEX_SIZE];

	switch (f->value) {
	case KIND:	return put_word(b, kind_names, COUNT(kind_names), m->kind);
	case CLOCK:	return put_word(b, clock_names, COUNT(clock_names), m->clock);
	case END:	return put_word(b, end_names, COUNT(end_names), m->end);
	case ID:	return put_string(b, at, MANIFEST_ID_MAX + 1);
	case UUID:	return put_string(b, at, sizeof(m->rec));
	case TEXT:	return put_string(b, at, MANIFEST_TEXT_MAX + 1);
	case TIME:	return put_time(b, *(const int64_t *)at);
	case NUMBER:
		buf_addf(b, "%" PRIu64, *(const uint64_t *)at);
		return true;
	case FLAG:
		buf_adds(b, *(const bool *)at ? "1" : "0");
		return true;
	case MARK:
		if (!put_time(b, m->marks[i]))
			return false;
		buf_adds(b, " important");
		return true;
	case DIGEST:
	case PREV:
		buf_adds(b, digest_hex(at, hex));
		return true;
	case BLAKE2B_LINE:	return put_checksum(b, m, m->blake2b.b);
	case SHA256_LINE:	return put_checksum(b, m, m->sha256);
	}
	BUG("manifest: key %s has no writer", f->key);
}

/*
 * One line.  Its value is read back by the very function that would read it
 * from a stranger, into `back`: what passes here passes there.
 */
static int put_line(struct buf *b, const struct field *f, const struct manifest *m, size_t i,
		    struct manifest *back, struct err *e)
{
	AUTO(buf_clear) struct buf v = BUF_INIT(LINE_MAX_BYTES);
	const char *wrong;

	if (!put_value(&v, f, m, i))
		return err_set(e, -EINVAL, "manifest: %s is out of range", f->key);
	if (v.failed)
		return err_set(e, -ENOMEM, "manifest: no memory for %s", f->key);
	wrong = take_value(f, buf_str(&v), v.len, back);
	if (wrong != NULL)
		return err_set(e, -EINVAL, "manifest: %s %s", f->key, wrong);
	buf_addf(b, "%s %s\n", f->key, buf_str(&v));
	return 0;
}

int manifest_write(const struct manifest *m, struct buf *to, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MANIFEST_MAX);
	struct manifest back = { .kind = MANIFEST_SEGMENT };
	const struct field *f;
	size_t i, lines;
	int r;

	if (m->kind >= COUNT(kind_names))
		return err_set(e, -EINVAL, "manifest: kind is out of range");
	if (m->kind == MANIFEST_SEGMENT && m->n_marks > MANIFEST_MARKS_MAX)
		return err_set(e, -EINVAL, "manifest: mark comes more than %d times",
			       MANIFEST_MARKS_MAX);
	buf_adds(&text, MAGIC "\n");
	for (f = fields; f < fields + COUNT(fields); f++) {
		if (!has_field(m, f))
			continue;
		lines = f->value == MARK ? m->n_marks : 1;
		for (i = 0; i < lines; i++) {
			r = put_line(&text, f, m, i, &back, e);
			if (r < 0)
				return r;
		}
	}
	if (!text.failed)
		buf_add(to, text.p, text.len);
	if (text.failed || to->failed)
		return err_set(e, -ENOBUFS, "manifest: no room for its %zu bytes", text.len);
	return 0;
}
