#include "custody/canonical.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/util.h"

/* One member of an object that was written: where it is in the output. */
struct place {
	size_t at, name_end, end;
};

struct names {
	struct place *list;
	size_t n, room;
};

struct reader {
	const uint8_t *text, *p, *end;
	struct buf *out;
	struct names names;		/* of all objects that are open, the innermost last */
	unsigned depth;
	struct err *e;
};

static int bad(const struct reader *r, const char *what)
{
	return err_set(r->e, -EINVAL, "JSON, byte %zu: %s", (size_t)(r->p - r->text), what);
}

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

/* The byte at p; 0, which no JSON has outside a string, at the end. */
static uint8_t peek(const struct reader *r)
{
	return r->p < r->end ? *r->p : 0;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* ------ numbers ------ */

static bool skip_digits(struct reader *r)
{
	const uint8_t *from = r->p;

	while (is_digit(peek(r)))
		r->p++;
	return r->p > from;
}

/* Digits of an integer, without sign: is it within 2^53-1? */
static bool is_exact(const uint8_t *digits, size_t n)
{
	static const char most[] = "9007199254740991";

	return n < sizeof(most) - 1 ||
		(n == sizeof(most) - 1 && memcmp(digits, most, sizeof(most) - 1) <= 0);
}

static int take_number(struct reader *r)
{
	const uint8_t *from = r->p, *digits;
	bool exact;

	if (peek(r) == '-')
		r->p++;
	digits = r->p;
	if (!skip_digits(r))
		return bad(r, "not a value");
	if (*digits == '0' && r->p - digits > 1)
		return bad(r, "a number with a zero in front");
	exact = is_exact(digits, (size_t)(r->p - digits));
	if (peek(r) == '.') {
		exact = false;
		r->p++;
		if (!skip_digits(r))
			return bad(r, "no digit behind a number's point");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		exact = false;
		r->p++;
		if (peek(r) == '+' || peek(r) == '-')
			r->p++;
		if (!skip_digits(r))
			return bad(r, "no digit in a number's exponent");
	}
	if (exact && *digits == '0')
		from = digits;		/* no zero has a sign */
	buf_adds(r->out, exact ? "" : "\"");
	buf_add(r->out, from, (size_t)(r->p - from));
	buf_adds(r->out, exact ? "" : "\"");
	return 0;
}

/* ------ strings ------ */

static void put_char(struct buf *out, uint32_t c)
{
	static const char short_escapes[] = "\bb\tt\nn\ff\rr\"\"\\\\";
	uint8_t bytes[4];
	size_t i;

	for (i = 0; i < sizeof(short_escapes) - 1; i += 2)
		if (c == (uint8_t)short_escapes[i]) {
			buf_addf(out, "\\%c", short_escapes[i + 1]);
			return;
		}
	if (c < 0x20)
		buf_addf(out, "\\u%04x", (unsigned)c);
	else
		buf_add(out, bytes, utf8_encode(c, bytes));
}

static int hex_of(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind "\u"; p is moved behind them. */
static bool take_unit(struct reader *r, uint32_t *ret)
{
	uint32_t unit = 0;
	int i, h;

	for (i = 0; i < 4; i++, r->p++) {
		h = hex_of(peek(r));
		if (h < 0)
			return false;
		unit = unit << 4 | (uint32_t)h;
	}
	*ret = unit;
	return true;
}

/* p is behind "\u". */
static int take_unicode(struct reader *r, uint32_t *ret)
{
	uint32_t unit, low;

	if (!take_unit(r, &unit))
		return bad(r, "not four hexadecimal digits behind \\u");
	*ret = unit;
	if (unit < 0xd800 || unit > 0xdfff)
		return 0;
	if (unit > 0xdbff || r->end - r->p < 2 || r->p[0] != '\\' || r->p[1] != 'u')
		return bad(r, "a lone surrogate");
	r->p += 2;
	if (!take_unit(r, &low) || low < 0xdc00 || low > 0xdfff)
		return bad(r, "a lone surrogate");
	*ret = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
	return 0;
}

/* p is behind the backslash. */
static int take_escape(struct reader *r, uint32_t *ret)
{
	static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	size_t i;

	for (i = 0; i < sizeof(escapes) - 1; i += 2)
		if (peek(r) == (uint8_t)escapes[i]) {
			r->p++;
			*ret = (uint8_t)escapes[i + 1];
			return 0;
		}
	if (peek(r) != 'u')
		return bad(r, "an escape that JSON has not");
	r->p++;
	return take_unicode(r, ret);
}

/* One character of a string, escaped or not. */
static int take_char(struct reader *r, uint32_t *ret)
{
	size_t n;

	if (*r->p == '\\') {
		r->p++;
		return take_escape(r, ret);
	}
	if (*r->p < 0x20)
		return bad(r, "a control character in a string");
	n = utf8_char(r->p, (size_t)(r->end - r->p), ret);
	if (n == 0)
		return bad(r, "not UTF-8");
	r->p += n;
	return 0;
}

/* Most of a string is written as it is read: ASCII that nothing escapes. */
static void copy_plain(struct reader *r)
{
	const uint8_t *from = r->p;

	while (r->p < r->end && *r->p >= 0x20 && *r->p < 0x7f && *r->p != '"' && *r->p != '\\')
		r->p++;
	buf_add(r->out, from, (size_t)(r->p - from));
}

static int take_string(struct reader *r)
{
	uint32_t c = 0;
	int ret;

	r->p++;
	buf_adds(r->out, "\"");
	for (copy_plain(r); peek(r) != '"'; copy_plain(r)) {
		if (r->p == r->end)
			return bad(r, "a string without end");
		ret = take_char(r, &c);
		if (ret < 0)
			return ret;
		put_char(r->out, c);
	}
	r->p++;
	buf_adds(r->out, "\"");
	return 0;
}

/* ------ the order of names ------ */

/* A character of a string in canonical form, at s of which len > 0 bytes are there. */
static size_t canonical_char(const uint8_t *s, size_t len, uint32_t *ret)
{
	/* A string of canonical form is one of JSON, and its escapes are whole. */
	struct reader r = { .text = s, .p = s, .end = s + len };

	if (take_char(&r, ret) == 0 && r.p > s)
		return (size_t)(r.p - s);
	*ret = *s;
	return 1;
}

/* Comparing these is comparing UTF-16, where what is beyond U+FFFF begins with D800 to DBFF. */
static uint32_t utf16_rank(uint32_t c)
{
	return c >= 0x10000 ? c - 0x10000 + 0xd800 : c >= 0xe000 ? c + 0x200000 : c;
}

int canonical_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;
	uint32_t c, d;
	size_t n, m;

	while (a_len > 0 && b_len > 0) {
		n = canonical_char(p, a_len, &c);
		m = canonical_char(q, b_len, &d);
		if (c != d)
			return utf16_rank(c) < utf16_rank(d) ? -1 : 1;
		p += n;
		a_len -= n;
		q += m;
		b_len -= m;
	}
	return (a_len > 0) - (b_len > 0);
}

static int compare_places(const void *a, const void *b, void *data)
{
	const struct place *x = a, *y = b;
	const char *out = data;

	return canonical_compare(out + x->at + 1, x->name_end - x->at - 2,
				 out + y->at + 1, y->name_end - y->at - 2);
}

/* Put an object's members, which begin at `from`, into order. */
static int sort_members(struct reader *r, size_t base, size_t from)
{
	struct place *list = r->names.list + base;
	size_t n = r->names.n - base, i, at = 0;
	bool sorted = true;
	uint8_t *copy;

	for (i = 1; i < n && sorted; i++)
		sorted = compare_places(&list[i - 1], &list[i], r->out->p) < 0;
	if (sorted)
		return 0;
	copy = malloc(r->out->len - from);
	if (copy == NULL)
		return err_set(r->e, -ENOMEM, "JSON: out of memory for %zu names", n);
	qsort_r(list, n, sizeof(*list), compare_places, r->out->p);
	for (i = 0; i < n; i++) {
		if (i > 0 && compare_places(&list[i - 1], &list[i], r->out->p) == 0) {
			free(copy);
			return bad(r, "an object with two members of one name");
		}
		if (i > 0)
			copy[at++] = ',';
		memcpy(copy + at, r->out->p + list[i].at, list[i].end - list[i].at);
		at += list[i].end - list[i].at;
	}
	memcpy(r->out->p + from, copy, at);
	free(copy);
	return 0;
}

/* ------ values ------ */

static int take_value(struct reader *r);

static int new_place(struct reader *r)
{
	struct names *l = &r->names;
	size_t room = l->room == 0 ? 64 : l->room * 2;
	struct place *list;

	if (l->n == CANONICAL_NAMES_MAX)
		return bad(r, "too many names");
	if (l->n == l->room) {
		list = reallocarray(l->list, room, sizeof(*list));
		if (list == NULL)
			return err_set(r->e, -ENOMEM, "JSON: out of memory for %zu names", room);
		l->list = list;
		l->room = room;
	}
	l->list[l->n++] = (struct place){ .at = r->out->len };
	return 0;
}

static int take_member(struct reader *r)
{
	const size_t i = r->names.n;	/* the list may move while the value is read */
	int ret = new_place(r);

	if (ret < 0)
		return ret;
	skip_space(r);
	if (peek(r) != '"')
		return bad(r, "no name of a member");
	ret = take_string(r);
	if (ret < 0)
		return ret;
	r->names.list[i].name_end = r->out->len;
	skip_space(r);
	if (peek(r) != ':')
		return bad(r, "no colon behind a name");
	r->p++;
	buf_adds(r->out, ":");
	ret = take_value(r);
	r->names.list[i].end = r->out->len;
	return ret;
}

/* An array or an object, p being at its first byte. */
static int take_list(struct reader *r, char close, int (*one)(struct reader *r))
{
	const size_t base = r->names.n, from = r->out->len + 1;
	int ret;

	if (r->depth == CANONICAL_DEPTH)
		return bad(r, "too deep");
	r->depth++;
	buf_add(r->out, r->p++, 1);
	skip_space(r);
	if (peek(r) != (uint8_t)close) {
		for (;;) {
			ret = one(r);
			if (ret < 0)
				return ret;
			skip_space(r);
			if (peek(r) != ',')
				break;
			buf_add(r->out, r->p++, 1);
		}
		if (peek(r) != (uint8_t)close)
			return bad(r, "neither a comma nor the end of an array or object");
	}
	/* Only an object has made names. */
	ret = r->out->failed ? 0 : sort_members(r, base, from);
	r->names.n = base;
	r->depth--;
	buf_add(r->out, r->p++, 1);
	return ret;
}

static int take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0)
		return bad(r, "not a value");
	r->p += len;
	buf_adds(r->out, word);
	return 0;
}

/* Calls itself through take_list() alone, at most CANONICAL_DEPTH times. */
static int take_value(struct reader *r)
{
	skip_space(r);
	switch (peek(r)) {
	case '{':	return take_list(r, '}', take_member);
	case '[':	return take_list(r, ']', take_value);
	case '"':	return take_string(r);
	case 't':	return take_word(r, "true");
	case 'f':	return take_word(r, "false");
	case 'n':	return take_word(r, "null");
	default:	return take_number(r);
	}
}

int canonical_json(const char *text, size_t len, struct buf *to, struct err *e)
{
	AUTO(buf_clear) struct buf out = BUF_INIT(to->max - to->len);
	struct reader r = { .text = (const uint8_t *)text, .p = (const uint8_t *)text,
			    .end = (const uint8_t *)text + len, .out = &out, .e = e };
	int ret;

	ret = take_value(&r);
	skip_space(&r);
	if (ret == 0 && r.p < r.end)
		ret = bad(&r, "something follows the value");
	free(r.names.list);
	if (ret < 0)
		return ret;
	if (out.failed || buf_room(to, out.len) == NULL)
		return err_set(e, -ENOBUFS, "JSON: no room for the canonical form of %zu bytes",
			       len);
	buf_add(to, out.p, out.len);
	return 0;
}

/* ------ walking ------ */

/* Behind the string whose first quote is at `at`. */
static size_t skip_string(const char *s, size_t len, size_t at)
{
	for (at++; at < len && s[at] != '"'; at++)
		if (s[at] == '\\')
			at++;
	return MIN(at + 1, len);
}

/* Behind the value at `at`: at the comma or bracket that ends it. */
static size_t skip_value(const char *s, size_t len, size_t at)
{
	size_t depth = 0;

	while (at < len) {
		if (s[at] == '"') {
			at = skip_string(s, len, at);
			continue;
		}
		if (s[at] == '{' || s[at] == '[') {
			depth++;
		} else if (s[at] == '}' || s[at] == ']') {
			if (depth == 0)
				break;
			depth--;
		} else if (s[at] == ',' && depth == 0) {
			break;
		}
		at++;
	}
	return at;
}

/* To the first byte of the next member or element; false: there is none. */
static bool next_place(const char *s, size_t len, char open, size_t *at)
{
	if (*at == 0 && (len < 2 || s[0] != open))
		return false;
	(*at)++;	/* over the bracket or comma */
	return *at < len - 1;
}

bool canonical_member(const char *object, size_t len, size_t *at, struct canonical_member *ret)
{
	size_t end;

	if (!next_place(object, len, '{', at) || object[*at] != '"')
		return false;
	end = skip_string(object, len, *at);
	if (end >= len || object[end] != ':')
		return false;
	ret->name = object + *at + 1;
	ret->name_len = end - *at - 2;
	ret->value = object + end + 1;
	*at = skip_value(object, len, end + 1);
	ret->value_len = (size_t)(object + *at - ret->value);
	return true;
}

bool canonical_element(const char *array, size_t len, size_t *at, struct canonical_member *ret)
{
	if (!next_place(array, len, '[', at))
		return false;
	*ret = (struct canonical_member){ .value = array + *at };
	*at = skip_value(array, len, *at);
	ret->value_len = (size_t)(array + *at - ret->value);
	return true;
}

bool canonical_text(const char *value, size_t len, struct buf *to)
{
	const uint8_t *p = (const uint8_t *)value + 1;
	uint8_t bytes[4];
	uint32_t c;
	size_t n;

	if (len < 2 || value[0] != '"')
		return false;
	for (len -= 2; len > 0; len -= n, p += n) {
		n = canonical_char(p, len, &c);
		buf_add(to, bytes, utf8_encode(c, bytes));
	}
	return true;
}
