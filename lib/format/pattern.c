#include "format/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

enum kind {
	KIND_LITERAL, KIND_OPTION, KIND_IMPORTANT, KIND_ENCRYPTED,
	/* texts and numbers */
	KIND_DEVICE, KIND_OFFICER, KIND_CHANNEL, KIND_EXT, KIND_ANY, KIND_N, KIND_SEQ,
	/* parts of a moment: the start's, then the end's, in the same order */
	KIND_YEAR, KIND_YEAR_SHORT, KIND_MONTH, KIND_DAY, KIND_HOUR, KIND_MINUTE, KIND_SECOND,
	KIND_YEAR2, KIND_YEAR_SHORT2, KIND_MONTH2, KIND_DAY2, KIND_HOUR2, KIND_MINUTE2,
	KIND_SECOND2,
	KINDS
};

enum { END_KINDS = KIND_YEAR2 - KIND_YEAR };

static const struct {
	const char *name;
	uint8_t min, max;		/* bytes */
} fields[KINDS] = {
	[KIND_DEVICE] = { "device", 1, PATTERN_FIELD_MAX },
	[KIND_OFFICER] = { "officer", 1, PATTERN_FIELD_MAX },
	[KIND_CHANNEL] = { "channel", 1, PATTERN_FIELD_MAX },
	[KIND_EXT] = { "ext", 1, PATTERN_EXT_MAX },
	[KIND_ANY] = { "any", 1, PATTERN_ANY_MAX },
	[KIND_N] = { "n", 1, PATTERN_DIGITS_MAX },
	[KIND_SEQ] = { "seq", 1, PATTERN_DIGITS_MAX },
	[KIND_YEAR] = { "YYYY", 4, 4 }, [KIND_YEAR_SHORT] = { "YY", 2, 2 },
	[KIND_MONTH] = { "MM", 2, 2 }, [KIND_DAY] = { "DD", 2, 2 }, [KIND_HOUR] = { "hh", 2, 2 },
	[KIND_MINUTE] = { "mm", 2, 2 }, [KIND_SECOND] = { "ss", 2, 2 },
	[KIND_YEAR2] = { "YYYY2", 4, 4 }, [KIND_YEAR_SHORT2] = { "YY2", 2, 2 },
	[KIND_MONTH2] = { "MM2", 2, 2 }, [KIND_DAY2] = { "DD2", 2, 2 },
	[KIND_HOUR2] = { "hh2", 2, 2 }, [KIND_MINUTE2] = { "mm2", 2, 2 },
	[KIND_SECOND2] = { "ss2", 2, 2 },
};

/* ------ reading a pattern ------ */

struct reading {
	const char *text;
	size_t at, len;
	size_t out;			/* bytes of p->text in use */
	size_t option, opened;		/* the open option's part, where it was opened; else SIZE_MAX */
	unsigned anys;
	bool behind;			/* right behind an option, to which a literal does not belong */
	uint32_t seen;			/* kinds, a bit each */
	struct pattern *p;
	struct err *e;
};

static int bad(const struct reading *r, size_t at, const char *why)
{
	return err_set(r->e, -EINVAL, "column %zu: %s", at + 1, why);
}

static int add_part(struct reading *r, size_t at, enum kind kind)
{
	if (r->p->n_parts == PATTERN_PARTS_MAX)
		return bad(r, at, "more parts than a pattern can have");
	r->p->parts[r->p->n_parts++] = (struct pattern_part){ .kind = (uint8_t)kind };
	r->seen |= 1u << kind;
	r->behind = false;
	return 0;
}

/* A byte that stands for itself joins those before it. */
static int add_literal(struct reading *r, char c)
{
	struct pattern_part *last = r->p->n_parts > 0 ? &r->p->parts[r->p->n_parts - 1] : NULL;
	int code;

	if (last == NULL || last->kind != KIND_LITERAL || r->behind) {
		code = add_part(r, r->at, KIND_LITERAL);
		if (code < 0)
			return code;
		last = &r->p->parts[r->p->n_parts - 1];
		last->at = (uint8_t)r->out;
	}
	last->len++;
	r->p->text[r->out++] = c;
	r->p->n_slashes = (uint8_t)(r->p->n_slashes + (c == '/'));
	return 0;
}

static int read_field(struct reading *r)
{
	const char *name = r->text + r->at + 1, *close = strchr(name, '}');
	size_t n, at = r->at;
	int k;

	if (close == NULL)
		return bad(r, at, "'{' without '}'; write {{ for the character");
	n = (size_t)(close - name);
	for (k = KIND_DEVICE; k < KINDS; k++)
		if (strlen(fields[k].name) == n && memcmp(fields[k].name, name, n) == 0)
			break;
	if (k == KINDS)
		return bad(r, at, "no such field");
	if ((r->seen >> k & 1) != 0 && k <= KIND_SEQ && k != KIND_ANY && k != KIND_N)
		return bad(r, at, "this field is there already");
	if (k == KIND_ANY && ++r->anys > PATTERN_ANYS_MAX)
		return bad(r, at, "more {any} than a pattern can have");
	r->at += n + 2;
	return add_part(r, at, (enum kind)k);
}

static int open_option(struct reading *r)
{
	if (r->option != SIZE_MAX)
		return bad(r, r->at, "'[' inside brackets; write [[ for the character");
	r->option = r->p->n_parts;
	r->opened = r->at;
	return add_part(r, r->at++, KIND_OPTION);
}

/* At the ']' or at the ':' of ":important]". */
static int close_option(struct reading *r)
{
	static const struct { const char *text; enum kind kind; } words[] = {
		{ "]", KIND_OPTION }, { ":important]", KIND_IMPORTANT },
		{ ":encrypted]", KIND_ENCRYPTED },
	};
	size_t i, at = r->at;
	int code = 0;

	for (i = 0; i < COUNT(words); i++)
		if (strncmp(r->text + at, words[i].text, strlen(words[i].text)) == 0)
			break;
	if (i == COUNT(words))
		return bad(r, at, "what is in brackets can be :important or :encrypted");
	if (r->p->n_parts == r->option + 1)
		return bad(r, at, "nothing in brackets");
	if (words[i].kind != KIND_OPTION)
		code = add_part(r, at, words[i].kind);
	if (code < 0)
		return code;
	r->p->parts[r->option].to = r->p->n_parts;
	r->option = SIZE_MAX;
	r->behind = true;
	r->at += strlen(words[i].text);
	return 0;
}

static int read_next(struct reading *r)
{
	char c = r->text[r->at], next = r->text[r->at + 1];
	int code;

	if (strchr("[]{}", c) != NULL && next == c) {
		code = add_literal(r, c);
		r->at += 2;
		return code;
	}
	if (c == '{')
		return read_field(r);
	if (c == '[')
		return open_option(r);
	if (r->option != SIZE_MAX && (c == ']' || c == ':'))
		return close_option(r);
	if (c == ']' || c == '}')
		return bad(r, r->at, "a bracket that nothing opened; write it twice for the character");
	if ((unsigned char)c < ' ')
		return bad(r, r->at, "a control character, which no name has");
	if (c == '/' && r->option != SIZE_MAX)
		return bad(r, r->at, "'/' in brackets: how deep a name lies must be certain");
	code = add_literal(r, c);
	r->at++;
	return code;
}

static bool has(const struct reading *r, enum kind kind)
{
	return (r->seen >> kind & 1) != 0;
}

static bool has_date(const struct reading *r, unsigned of)
{
	return (has(r, KIND_YEAR + of) || has(r, KIND_YEAR_SHORT + of)) &&
	       has(r, KIND_MONTH + of) && has(r, KIND_DAY + of);
}

static bool has_any(const struct reading *r, enum kind from, enum kind to)
{
	return (r->seen >> from & ((1u << (to - from + 1)) - 1)) != 0;
}

static int check_moments(struct reading *r)
{
	const bool start = has_any(r, KIND_YEAR, KIND_SECOND),
		   end = has_any(r, KIND_YEAR2, KIND_SECOND2);

	if (start && !(has_date(r, 0) && has(r, KIND_HOUR) && has(r, KIND_MINUTE)))
		return bad(r, r->len, "a start needs {YYYY} or {YY}, {MM}, {DD}, {hh} and {mm}");
	if (end && !(has(r, KIND_HOUR2) && has(r, KIND_MINUTE2)))
		return bad(r, r->len, "an end needs {hh2} and {mm2}");
	if (end && !has_date(r, END_KINDS) && (has_any(r, KIND_YEAR2, KIND_DAY2) || !start))
		return bad(r, r->len, "an end needs {YYYY2} or {YY2}, {MM2} and {DD2}, or a start");
	return 0;
}

int pattern_parse(const char *text, struct pattern *ret, struct err *e)
{
	struct pattern p = { .n_parts = 0 };
	struct reading r = { .text = text, .len = strlen(text), .option = SIZE_MAX, .p = &p, .e = e };
	int code = 0;

	if (r.len == 0 || r.len > PATTERN_TEXT_MAX)
		return err_set(e, -EINVAL, "a pattern has 1 to %d bytes", PATTERN_TEXT_MAX);
	p.rooted = text[0] == '/';	/* paths of a card have none in front */
	r.at = p.rooted;
	while (code == 0 && r.at < r.len)
		code = read_next(&r);
	if (code == 0 && r.option != SIZE_MAX)
		code = bad(&r, r.opened, "'[' without ']'; write [[ for the character");
	if (code == 0)
		code = check_moments(&r);
	if (code == 0 && p.n_parts == 0)
		code = bad(&r, 0, "only the root");
	if (code < 0)
		return code;
	*ret = p;
	return 0;
}

/* ------ matching a name ------ */

struct span { uint16_t at, len; };

struct matching {
	const struct pattern *p;
	const char *path;
	size_t len;
	struct span spans[PATTERN_PARTS_MAX];	/* what each part took */
	bool taken[PATTERN_PARTS_MAX];
	/* A bit each: from this part at this place nothing fits, so it is not tried again. */
	uint8_t failed[PATTERN_PARTS_MAX * (PATTERN_NAME_MAX + 8) / 8];
};

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (fold(c) >= 'a' && fold(c) <= 'z');
}

static bool fits(enum kind kind, char c)
{
	switch (kind) {
	case KIND_DEVICE: case KIND_OFFICER: case KIND_CHANNEL:
		return is_alnum(c) || c == '-' || (c & 0x80) != 0;
	case KIND_EXT:
		return is_alnum(c);
	case KIND_ANY:
		return c != '/';
	default:
		return is_digit(c);
	}
}

/* A character of several bytes is not cut in two. */
static bool is_middle(char c)
{
	return (c & 0xc0) == 0x80;
}

static bool literal_fits(const struct matching *m, const struct pattern_part *part, size_t at)
{
	size_t i;

	if (part->len > m->len - at)
		return false;
	for (i = 0; i < part->len; i++)
		if (fold(m->p->text[part->at + i]) != fold(m->path[at + i]))
			return false;
	return true;
}

static bool match_from(struct matching *m, size_t i, size_t at);

static bool take(struct matching *m, size_t i, size_t at, size_t len)
{
	m->spans[i] = (struct span){ (uint16_t)at, (uint16_t)len };
	m->taken[i] = true;
	if (match_from(m, i + 1, at + len))
		return true;
	m->taken[i] = false;
	return false;
}

/* As long as it can be first. */
static bool match_field(struct matching *m, size_t i, size_t at)
{
	const enum kind kind = m->p->parts[i].kind;
	size_t n = 0;

	while (n < fields[kind].max && at + n < m->len && fits(kind, m->path[at + n]))
		n++;
	for (; n >= fields[kind].min; n--)
		if (!is_middle(m->path[at + n]) && take(m, i, at, n))
			return true;
	return false;
}

static bool match_part(struct matching *m, size_t i, size_t at)
{
	const struct pattern_part *part = &m->p->parts[i];

	switch ((enum kind)part->kind) {
	case KIND_LITERAL:
		return literal_fits(m, part, at) && take(m, i, at, part->len);
	case KIND_OPTION:
		return take(m, i, at, 0) || match_from(m, part->to, at);
	case KIND_IMPORTANT: case KIND_ENCRYPTED:
		return take(m, i, at, 0);
	default:
		return match_field(m, i, at);
	}
}

/* No deeper than there are parts. */
static bool match_from(struct matching *m, size_t i, size_t at)
{
	const size_t bit = i * (m->len + 1) + at;

	if (i == m->p->n_parts)
		return at == m->len;
	if ((m->failed[bit / 8] >> bit % 8 & 1) != 0)
		return false;
	if (match_part(m, i, at))
		return true;
	m->failed[bit / 8] |= (uint8_t)(1u << bit % 8);
	return false;
}

/* ------ what it claims ------ */

static uint64_t number(const char *p, size_t len)
{
	uint64_t n = 0;

	while (len-- > 0)
		n = n * 10 + (uint64_t)(*p++ - '0');
	return n;
}

static void copy(char *to, const struct matching *m, const struct span *s)
{
	memcpy(to, m->path + s->at, s->len);	/* the fields' lengths: the table above */
	to[s->len] = '\0';
}

struct moment {
	int v[KIND_SECOND - KIND_YEAR + 1];	/* -1: not said; YEAR_SHORT goes into YEAR */
	bool contradicts;
};

static void add_to_moment(struct moment *t, unsigned which, int value)
{
	if (which == KIND_YEAR_SHORT - KIND_YEAR) {
		which = 0;
		value += 2000;
	}
	if (t->v[which] >= 0 && t->v[which] != value)
		t->contradicts = true;
	t->v[which] = value;
}

/* False when there is no such moment.  A second that is not said is the first. */
static bool moment_text(const struct moment *t, char ret[PATTERN_TIME_MAX + 1])
{
	char text[64], moment[UTC_TEXT_SIZE];
	const int *v = t->v;
	int64_t ms;

	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", v[0], v[2], v[3], v[4], v[5],
		 MAX(v[6], 0));
	snprintf(moment, sizeof(moment), "%.19s.000Z", text);
	if (t->contradicts || utc_parse(moment, UTC_TEXT_LEN, &ms) == -EINVAL)
		return false;
	memcpy(ret, text, PATTERN_TIME_MAX);
	ret[PATTERN_TIME_MAX] = '\0';
	return true;
}

static void next_day(struct moment *t)
{
	char text[UTC_TEXT_SIZE];

	utc_format(utc_from_civil(t->v[0], t->v[2], t->v[3], 0, 0, 0) + UTC_DAY_MS, text);
	t->v[0] = (int)number(text, 4);
	t->v[2] = (int)number(text + 5, 2);
	t->v[3] = (int)number(text + 8, 2);
}

static void claim_end(const struct moment *start, struct moment *end, struct pattern_claims *c)
{
	const bool dated = end->v[0] >= 0;

	if (!dated) {
		/* The start's day says the end's, so its faults are the end's, too. */
		if (c->bad_start) {
			c->bad_end = true;
			return;
		}
		end->v[0] = start->v[0];
		end->v[2] = start->v[2];
		end->v[3] = start->v[3];
	}
	c->bad_end = !moment_text(end, c->end);
	if (c->bad_end || dated || strcmp(c->end, c->start) >= 0)
		return;
	if (start->v[0] == 9999 && start->v[2] == 12 && start->v[3] == 31) {
		c->end[0] = '\0';	/* beyond the years that can be written */
		c->bad_end = true;
		return;
	}
	next_day(end);
	c->bad_end = !moment_text(end, c->end);
}

static void claim_moments(const struct matching *m, struct pattern_claims *c)
{
	struct moment t[2] = { { .v = { -1, -1, -1, -1, -1, -1, -1 } },
			       { .v = { -1, -1, -1, -1, -1, -1, -1 } } };
	unsigned kind;
	size_t i;

	for (i = 0; i < m->p->n_parts; i++) {
		kind = m->p->parts[i].kind;
		if (!m->taken[i] || kind < KIND_YEAR)
			continue;
		kind -= KIND_YEAR;
		add_to_moment(&t[kind / END_KINDS], kind % END_KINDS,
			      (int)number(m->path + m->spans[i].at, m->spans[i].len));
	}
	/* What stands in brackets may be missing: then nothing is claimed. */
	if (t[0].v[0] >= 0 && t[0].v[2] >= 0 && t[0].v[3] >= 0 && t[0].v[4] >= 0 && t[0].v[5] >= 0)
		c->bad_start = !moment_text(&t[0], c->start);
	if (t[1].v[4] >= 0 && t[1].v[5] >= 0 && (t[1].v[0] >= 0 || c->bad_start || c->start[0] != '\0'))
		claim_end(&t[0], &t[1], c);
}

static void claim(const struct matching *m, struct pattern_claims *c)
{
	const struct span *s;
	size_t i;

	*c = (struct pattern_claims){ .has_sequence = false };
	for (i = 0; i < m->p->n_parts; i++) {
		s = &m->spans[i];
		if (!m->taken[i])
			continue;
		switch ((enum kind)m->p->parts[i].kind) {
		case KIND_DEVICE:
			copy(c->device, m, s);
			c->device_at = s->at;
			break;
		case KIND_OFFICER:	copy(c->officer, m, s); break;
		case KIND_CHANNEL:	copy(c->channel, m, s); break;
		case KIND_EXT:		copy(c->extension, m, s); break;
		case KIND_IMPORTANT:	c->important = true; break;
		case KIND_ENCRYPTED:	c->encrypted = true; break;
		case KIND_SEQ:
			c->has_sequence = true;
			c->sequence = number(m->path + s->at, s->len);
			break;
		default:
			break;
		}
	}
	claim_moments(m, c);
}

/* Where the last n_slashes + 1 components begin; SIZE_MAX when there are fewer. */
static size_t tail(const struct pattern *p, const char *path, size_t len)
{
	size_t at = len, left = p->n_slashes;

	if (p->rooted)
		return 0;
	for (; at > 0; at--)
		if (path[at - 1] == '/' && left-- == 0)
			return at;
	return left == 0 ? 0 : SIZE_MAX;
}

bool pattern_match(const struct pattern *p, const char *path, struct pattern_claims *ret)
{
	struct matching m;		/* set here by hand: most of it is never looked at */
	size_t at;

	m.p = p;
	m.path = path;
	m.len = strlen(path);
	if (m.len > PATTERN_NAME_MAX)
		return false;
	at = tail(p, path, m.len);
	if (at == SIZE_MAX)
		return false;
	memset(m.taken, 0, sizeof(m.taken));
	memset(m.failed, 0, (p->n_parts * (m.len + 1) + 7) / 8);
	if (!match_from(&m, 0, at))
		return false;
	claim(&m, ret);
	return true;
}

size_t pattern_first(const struct pattern *p, size_t n, const char *path,
		     struct pattern_claims *ret)
{
	size_t i;

	for (i = 0; i < n && !pattern_match(&p[i], path, ret); i++)
		;
	return i;
}
