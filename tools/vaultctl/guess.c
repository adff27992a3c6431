#include "guess.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"

enum { TOKENS_MAX = 32, DEVICE_DIGITS_MIN = 4 };

enum token_kind { TOKEN_TEXT, TOKEN_DIGITS };

struct token { enum token_kind kind; size_t at, len; };

/* A name in pieces, without its extension. */
struct pieces {
	const char *name;
	size_t len;			/* up to the dot of the extension */
	bool has_extension;
	struct token tokens[TOKENS_MAX];
	size_t n;
};

/* ------ pieces ------ */

static bool is_sidecar(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcasecmp(dot, ".bwm") == 0 || strcasecmp(dot, ".minisig") == 0);
}

static bool is_extension(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

	return len > 0 && len <= PATTERN_EXT_MAX && s[len] == '\0';
}

/* False: more of them than make sense. */
static bool cut(const char *path, struct pieces *p)
{
	const char *dot;
	size_t i, from;

	*p = (struct pieces){ .name = name_last(path) };
	dot = strrchr(p->name, '.');
	p->has_extension = dot != NULL && is_extension(dot + 1);
	p->len = p->has_extension ? (size_t)(dot - p->name) : strlen(p->name);
	for (i = 0; i < p->len; i = from) {
		const bool digits = isdigit((unsigned char)p->name[i]) != 0;

		for (from = i; from < p->len &&
		     (isdigit((unsigned char)p->name[from]) != 0) == digits; from++)
			;
		if (p->n == TOKENS_MAX)
			return false;
		p->tokens[p->n++] = (struct token){ digits ? TOKEN_DIGITS : TOKEN_TEXT, i,
						    from - i };
	}
	return p->n > 0;
}

static bool same_shape(const struct pieces *a, const struct pieces *b)
{
	size_t i;

	if (a->n != b->n || a->has_extension != b->has_extension)
		return false;
	for (i = 0; i < a->n; i++) {
		const struct token *x = &a->tokens[i], *y = &b->tokens[i];

		if (x->kind != y->kind || x->len != y->len)
			return false;
		if (x->kind == TOKEN_TEXT &&
		    strncasecmp(a->name + x->at, b->name + y->at, x->len) != 0)
			return false;
	}
	return true;
}

/* ------ what runs of digits may be ------ */

/* Dates and times by how many digits they have in one run; four may be anything. */
static const struct form { const char *fields[7]; size_t digits; bool date, time; } forms[] = {
	{ { "YYYY", "MM", "DD", "hh", "mm", "ss" }, 14, true, true },
	{ { "YY", "MM", "DD", "hh", "mm", "ss" }, 12, true, true },
	{ { "YYYY", "MM", "DD", "hh", "mm" }, 12, true, true },
	{ { "YYYY", "MM", "DD" }, 8, true, false },
	{ { "hh", "mm", "ss" }, 6, false, true },
	{ { "YY", "MM", "DD" }, 6, true, false },
};

/* The same over runs with something between them. */
static const struct form parted[] = {
	{ { "YYYY", "MM", "DD" }, 8, true, false },
	{ { "hh", "mm", "ss" }, 6, false, true },
};

static bool in_range(const char *field, const char *digits)
{
	static const struct { const char *field; int min, max; } ranges[] = {
		{ "YYYY", 2000, 2099 }, { "YY", 10, 60 }, { "MM", 1, 12 }, { "DD", 1, 31 },
		{ "hh", 0, 23 }, { "mm", 0, 59 }, { "ss", 0, 59 },
	};
	int value = 0;
	size_t i;

	for (i = 0; i < strlen(field); i++)
		value = 10 * value + (digits[i] - '0');
	for (i = 0; i < COUNT(ranges); i++)
		if (strcmp(ranges[i].field, field) == 0)
			return value >= ranges[i].min && value <= ranges[i].max;
	return false;
}

/* All names of one shape, and how far the pattern is. */
struct group {
	const struct pieces *names[GUESS_NAMES_MAX];
	size_t n;
	unsigned dates, times;		/* how many of each are in it */
	bool device, sequence;
	bool plain;			/* no moments: what looks like one is some number */
	char *text;
	size_t len;
	bool full;
};

static void add(struct group *g, const char *s, size_t len)
{
	if (g->len + len > PATTERN_TEXT_MAX) {
		g->full = true;
		return;
	}
	memcpy(g->text + g->len, s, len);
	g->len += len;
	g->text[g->len] = '\0';
}

static void add_field(struct group *g, const char *name, const char *suffix)
{
	char field[16];
	int len = snprintf(field, sizeof(field), "{%s%s}", name, suffix);

	add(g, field, (size_t)len);
}

/* Characters that a pattern gives a meaning stand for themselves when doubled. */
static void add_literal(struct group *g, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		add(g, s + i, 1);
		if (strchr("[]{}", s[i]) != NULL)
			add(g, s + i, 1);
	}
}

/* Is the run at that token of every name so? */
static bool all_are(const struct group *g, size_t token, const struct form *f)
{
	size_t k, i;

	for (k = 0; k < g->n; k++) {
		const char *digits = g->names[k]->name + g->names[k]->tokens[token].at;

		for (i = 0; f->fields[i] != NULL; i++) {
			if (!in_range(f->fields[i], digits))
				return false;
			digits += strlen(f->fields[i]);
		}
	}
	return true;
}

/* A field a run, with one character between the runs. */
static bool all_are_parted(const struct group *g, size_t token, const struct form *f)
{
	const struct pieces *first = g->names[0];
	size_t i, k;

	for (i = 0; f->fields[i] != NULL; i++) {
		const size_t at = token + 2 * i;

		if (at >= first->n || first->tokens[at].kind != TOKEN_DIGITS ||
		    first->tokens[at].len != strlen(f->fields[i]) ||
		    (i > 0 && first->tokens[at - 1].len != 1))
			return false;
		for (k = 0; k < g->n; k++)
			if (!in_range(f->fields[i], g->names[k]->name + g->names[k]->tokens[at].at))
				return false;
	}
	return true;
}

/* A time has its date before it; there are two of each at most: a start and an end. */
static bool has_place(const struct group *g, const struct form *f)
{
	if (f->date)
		return g->dates < 2 && g->times == g->dates;
	return g->times < 2 && g->dates > 0;
}

static const char *note_form(struct group *g, const struct form *f)
{
	const char *suffix = (f->date ? g->dates : g->times) > 0 ? "2" : "";

	g->dates += f->date;
	g->times += f->time;
	return suffix;
}

/* ------ one shape ------ */

static bool add_moment(struct group *g, size_t token)
{
	const struct token *t = &g->names[0]->tokens[token];
	const char *suffix;
	size_t i, k;

	for (i = 0; i < COUNT(forms); i++) {
		if (forms[i].digits != t->len || !has_place(g, &forms[i]) ||
		    !all_are(g, token, &forms[i]))
			continue;
		if (g->plain) {
			add_field(g, "n", "");
			return true;
		}
		suffix = note_form(g, &forms[i]);
		for (k = 0; forms[i].fields[k] != NULL; k++)
			add_field(g, forms[i].fields[k], suffix);
		return true;
	}
	return false;
}

/* How many tokens it took; 0: it is none. */
static size_t add_parted_moment(struct group *g, size_t token)
{
	const struct pieces *first = g->names[0];
	const char *suffix;
	size_t i, k;

	for (i = 0; !g->plain && i < COUNT(parted); i++) {
		if (!has_place(g, &parted[i]) || !all_are_parted(g, token, &parted[i]))
			continue;
		suffix = note_form(g, &parted[i]);
		for (k = 0; parted[i].fields[k] != NULL; k++) {
			if (k > 0)
				add_literal(g, first->name + first->tokens[token + 2 * k - 1].at, 1);
			add_field(g, parted[i].fields[k], suffix);
		}
		return 2 * k - 1;
	}
	return 0;
}

static bool differs(const struct group *g, size_t token)
{
	const struct token *t = &g->names[0]->tokens[token];
	size_t k;

	for (k = 1; k < g->n; k++)
		if (memcmp(g->names[k]->name + g->names[k]->tokens[token].at,
			   g->names[0]->name + t->at, t->len) != 0)
			return true;
	return false;
}

static void add_number(struct group *g, size_t token)
{
	const struct pieces *first = g->names[0];
	const struct token *t = &first->tokens[token];
	const bool apart = token == 0 || strchr("_-. ", first->name[t->at - 1]) != NULL;

	if (t->len > PATTERN_DIGITS_MAX) {
		add_field(g, "any", "");
	} else if (g->n > 1 && !differs(g, token) && apart && !g->device &&
		   t->len >= DEVICE_DIGITS_MIN) {
		add_field(g, "device", "");
		g->device = true;
	} else if (!g->sequence && (g->n == 1 || differs(g, token))) {
		add_field(g, "seq", "");
		g->sequence = true;
	} else if (g->n > 1 && !differs(g, token)) {
		add_literal(g, first->name + t->at, t->len);
	} else {
		add_field(g, "n", "");
	}
}

static void write_pattern(struct group *g)
{
	const struct pieces *first = g->names[0];
	size_t i, took;

	for (i = 0; i < first->n; i += took) {
		const struct token *t = &first->tokens[i];

		took = 1;
		if (t->kind == TOKEN_TEXT)
			add_literal(g, first->name + t->at, t->len);
		else if (!add_moment(g, i) && (took = add_parted_moment(g, i)) == 0) {
			took = 1;
			add_number(g, i);
		}
	}
	if (first->has_extension)
		add(g, ".{ext}", strlen(".{ext}"));
}

/* It parses, matches the names it came from, and what it says of their times can be. */
static bool holds(const struct group *g)
{
	struct pattern_claims claims;
	struct pattern pattern;
	struct err e;
	size_t k;

	if (g->full || pattern_parse(g->text, &pattern, &e) < 0)
		return false;
	for (k = 0; k < g->n; k++)
		if (!pattern_match(&pattern, g->names[k]->name, &claims) || claims.bad_start ||
		    claims.bad_end)
			return false;
	return true;
}

/* ------ all shapes ------ */

/* The names of the shape of the first that is left, taken out of the list. */
static void take_group(const struct pieces *all, bool *taken, size_t n, struct group *g)
{
	size_t i, first = n;

	for (i = 0; i < n; i++) {
		if (taken[i])
			continue;
		if (first == n)
			first = i;
		if (!same_shape(&all[first], &all[i]))
			continue;
		taken[i] = true;
		g->names[g->n++] = &all[i];
	}
}

/* Keep those of most names, in order. */
static void keep(struct guess *ret, const char *text, size_t names)
{
	size_t at = ret->n;

	while (at > 0 && ret->names[at - 1] < names)
		at--;
	if (at == GUESS_PATTERNS_MAX)
		return;
	ret->n = MIN(ret->n + 1, (size_t)GUESS_PATTERNS_MAX);
	memmove(&ret->patterns[at + 1], &ret->patterns[at],
		(ret->n - 1 - at) * sizeof(ret->patterns[0]));
	memmove(&ret->names[at + 1], &ret->names[at], (ret->n - 1 - at) * sizeof(ret->names[0]));
	snprintf(ret->patterns[at], sizeof(ret->patterns[at]), "%s", text);
	ret->names[at] = names;
}

void guess_patterns(const char *const *paths, size_t n, struct guess *ret)
{
	struct pieces all[GUESS_NAMES_MAX];
	bool taken[GUESS_NAMES_MAX] = { false };
	char text[PATTERN_TEXT_MAX + 1];
	size_t n_all = 0, i;

	*ret = (struct guess){ .n = 0 };
	for (i = 0; i < n && n_all < GUESS_NAMES_MAX; i++)
		if (!is_sidecar(paths[i]) && cut(paths[i], &all[n_all]))
			n_all++;
	for (;;) {
		struct group g = { .text = text }, plain;

		text[0] = '\0';
		take_group(all, taken, n_all, &g);
		if (g.n == 0)
			return;
		plain = g;
		plain.plain = true;
		write_pattern(&g);
		if (!holds(&g)) {	/* a date without a time, or no such day */
			g = plain;
			write_pattern(&g);
		}
		if (holds(&g))
			keep(ret, text, g.n);
	}
}
