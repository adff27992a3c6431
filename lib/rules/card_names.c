#include "rules/card_names.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/utc.h"
#include "base/util.h"

/* A hole of a few numbers is a few recordings; of very many, rather a counter that was set. */
enum { PLAUSIBLE_HOLE = 1000 };
static const double FEW = 0.6, MANY = 0.3;

struct numbered {			/* a recording that has a number, wherever it is known from */
	const char *path;
	struct named named;
	int64_t day;			/* of its start in the recorder's zone; INT64_MIN: none */
	bool stored;
};

struct holes {
	uint64_t count, numbers;	/* holes, and what is missing in all of them */
	bool many;
	crypto_generichash_state fact;
	json_t *samples;
};

/* ------ all that is known of the numbers ------ */

static int64_t day_of(const struct naming *n, int64_t ms)
{
	if (ms == NAMING_UNKNOWN)
		return INT64_MIN;
	return (ms + (int64_t)n->zone_min * 60000) / UTC_DAY_MS;
}

static size_t add(struct numbered *all, size_t n, const struct card *c, const char *path,
		  const struct named *named, bool stored)
{
	if (!named->has_sequence)
		return n;
	all[n] = (struct numbered){ .path = path, .named = *named, .stored = stored,
				    .day = day_of(c->naming, named->start_ms) };
	return n + 1;
}

/* Of what is listed, deleted entries too, and of what was stored before. */
static size_t collect(const struct card *c, struct numbered *all)
{
	struct named named;
	size_t i, n = 0;

	for (i = 0; i < c->listing->n_files; i++)
		n = add(all, n, c, c->listing->files[i].path, &c->names[i], false);
	for (i = 0; i < c->n_stored; i++) {
		named = naming_of(c->naming, c->stored[i].path);
		n = add(all, n, c, c->stored[i].path, &named, true);
	}
	return n;
}

static int series_cmp(const struct numbered *a, const struct numbered *b)
{
	return naming_series_cmp(&a->named, a->path, &b->named, b->path);
}

/* Of one number the stored one comes first: what was stored was judged. */
static int by_number(const void *pa, const void *pb)
{
	const struct numbered *a = pa, *b = pb;
	int c = series_cmp(a, b);

	if (c != 0)
		return c;
	if (a->named.sequence != b->named.sequence)
		return a->named.sequence < b->named.sequence ? -1 : 1;
	if (a->stored != b->stored)
		return a->stored ? -1 : 1;
	return (a->day > b->day) - (a->day < b->day);
}

static int by_day_and_number(const void *pa, const void *pb)
{
	const struct numbered *a = pa, *b = pb;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return by_number(pa, pb);
}

/* ------ one series ------ */

/*
 * Whether the counter started over: by its numbers the series would run back a
 * day somewhere, or have one number on two days.  Sorted by number.
 */
static bool started_over(const struct numbered *s, size_t n)
{
	int64_t latest = INT64_MIN;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i].day == INT64_MIN)
			continue;
		if (latest != INT64_MIN && s[i].day < latest)
			return true;
		if (i > 0 && s[i].named.sequence == s[i - 1].named.sequence &&
		    s[i].day != s[i - 1].day && s[i - 1].day != INT64_MIN)
			return true;
		latest = s[i].day;
	}
	return false;
}

static void add_hole(struct holes *h, const struct numbered *a, const struct numbered *b)
{
	const uint64_t first = a->named.sequence + 1, last = b->named.sequence - 1;
	char text[64];
	json_t *o;

	snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64 " ", first, last);
	crypto_generichash_update(&h->fact, (const uint8_t *)b->path, strlen(b->path) + 1);
	crypto_generichash_update(&h->fact, (const uint8_t *)text, strlen(text));
	h->many |= last - first >= PLAUSIBLE_HOLE;
	h->numbers += last - first + 1;
	if (h->count++ >= CARD_SAMPLES_MAX)
		return;
	o = json_object();
	json_object_set_new(o, "first", finding_number(first));
	json_object_set_new(o, "last", finding_number(last));
	json_object_set_new(o, "after", finding_text(a->path));
	json_object_set_new(o, "before", finding_text(b->path));
	json_array_append_new(h->samples, o);
}

/*
 * From the end of its numbers a counter goes on at the beginning on the same
 * day: both ends of the day are next to each other, and what lies between is
 * no hole.  Such a hole is more than half of all numbers of that length.
 */
static bool wraps(const struct numbered *a, const struct numbered *b)
{
	uint64_t end = 10;

	while (end <= b->named.sequence)
		end *= 10;
	return b->named.start_ms < a->named.start_ms &&
	       b->named.sequence - a->named.sequence > end / 2;
}

/* Numbers ascend in s[0..n), which are one counter's. */
static void find_holes(struct holes *h, const struct numbered *s, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (s[i].named.sequence - s[i - 1].named.sequence > 1 && !s[i].stored &&
		    !wraps(&s[i - 1], &s[i]))
			add_hole(h, &s[i - 1], &s[i]);
}

static bool any_stored(const struct numbered *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i].stored)
			return true;
	return false;
}

static void judge_series(struct holes *h, struct numbered *s, size_t n)
{
	size_t from, to;

	if (!any_stored(s, n))
		return;			/* seen for the first time: the baseline */
	if (!started_over(s, n)) {
		find_holes(h, s, n);
		return;
	}
	qsort(s, n, sizeof(*s), by_day_and_number);
	for (from = 0; from < n; from = to) {
		for (to = from + 1; to < n && s[to].day == s[from].day; to++)
			;
		if (s[from].day != INT64_MIN)
			find_holes(h, s + from, to - from);
	}
}

static void add_gap_finding(const struct card *c, struct holes *h, struct findings *out)
{
	struct finding f = card_finding(c->recorder, FINDING_NAME_GAP, c->docked_ms);
	const bool incomplete = c->listing->n_troubles > 0;
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	crypto_generichash_final(&h->fact, d.b, sizeof(d.b));
	snprintf(f.fact, sizeof(f.fact), "names %s", digest_hex(&d, hex));
	f.confidence = h->many || incomplete ? MANY : FEW;
	if (h->many || incomplete)
		f.severity = SEVERITY_NOTICE;
	f.detail = json_pack("{s:o, s:o, s:O, s:b}", "holes", finding_number(h->count), "numbers",
			     finding_number(h->numbers), "samples", h->samples, "incomplete",
			     incomplete);
	findings_add(out, &f);
}

int card_name_gaps(const struct card *c, struct findings *out)
{
	const size_t room = c->listing->n_files + c->n_stored;
	struct numbered *all = calloc(MAX(room, (size_t)1), sizeof(*all));
	struct holes h = { .samples = json_array() };
	size_t n, from, to;

	if (all == NULL || h.samples == NULL) {
		free(all);
		json_decref(h.samples);
		return -ENOMEM;
	}
	crypto_generichash_init(&h.fact, NULL, 0, sizeof(struct digest));
	n = collect(c, all);
	qsort(all, n, sizeof(*all), by_number);
	for (from = 0; from < n; from = to) {
		for (to = from + 1; to < n && series_cmp(&all[from], &all[to]) == 0; to++)
			;
		judge_series(&h, all + from, to - from);
	}
	if (h.count > 0)
		add_gap_finding(c, &h, out);
	free(all);
	json_decref(h.samples);
	return 0;
}
