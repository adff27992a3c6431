/* Long lives, made by dice, and whatever a recorder may claim (rules/chain.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "unit/chain_rig.h"
#include "unit/suite.h"

/* ------ long lives, docked now and then ------ */

enum { LONG = 400 };

struct dice { uint64_t x; };

static uint64_t roll(struct dice *d, uint64_t n)
{
	d->x ^= d->x << 13;
	d->x ^= d->x >> 7;
	d->x ^= d->x << 17;
	return d->x % n;
}

/* A clean life: recordings, restarts, events, drift and pauses, all within what is allowed. */
static size_t live(struct dice *d, struct chain_item *items)
{
	uint64_t mono = 1000, boot = 3, dseq = roll(d, 1000000);
	int64_t utc = LIFE_T0, stored;
	size_t n = 0, segments, k;
	unsigned rec = 0;

	while (n + 12 < LONG) {
		segments = 1 + roll(d, 8);
		if (roll(d, 4) == 0) {		/* switched off and on */
			boot++;
			mono = roll(d, 1000);
			utc += 30000 + (int64_t)roll(d, 600000);
		}
		if (roll(d, 3) == 0)
			items[n++] = (struct chain_item){ .kind = MANIFEST_EVENT };
		stored = utc + (int64_t)segments * 2 * LIFE_MINUTE + (int64_t)roll(d, LIFE_DAY / 2);
		for (k = 0; k < segments; k++) {
			uint64_t len = LIFE_MINUTE / 2 + roll(d, LIFE_MINUTE / 2);
			uint64_t pause = roll(d, 2001);
			int64_t drift = (int64_t)roll(d, 1001) - 500;

			items[n] = (struct chain_item){
				.kind = MANIFEST_SEGMENT, .seq = k, .boot = boot,
				.start_ms = utc, .end_ms = utc + (int64_t)len + drift,
				.mono_start_ms = mono, .mono_end_ms = mono + len,
				.last = k == segments - 1, .has_media = true, .stored_ms = stored,
				.end = k == segments - 1 ? MANIFEST_END_FULL : MANIFEST_END_NONE,
			};
			life_rec(items[n].rec, rec);
			items[n].media = life_digest("media", (unsigned)n);
			mono += len + pause;
			utc += (int64_t)len + drift + (int64_t)pause;
			n++;
			if (k + 1 < segments && roll(d, 6) == 0)
				items[n++] = (struct chain_item){ .kind = MANIFEST_INVENTORY };
		}
		mono += LIFE_PAUSE;
		utc += LIFE_PAUSE;
		rec++;
	}
	for (k = 0; k < n; k++) {
		items[k].valid = true;
		items[k].dseq = dseq + k;
		items[k].manifest = life_digest("manifest", (unsigned)k);
		items[k].prev = life_digest("manifest", (unsigned)(k - 1));
		snprintf(items[k].path, sizeof(items[k].path), "DCIM/%zu", k);
	}
	return n;
}

static void shuffle(struct dice *d, struct chain_item *items, size_t n)
{
	size_t i, j;

	for (i = n; i > 1; i--) {
		struct chain_item x = items[i - 1];

		j = roll(d, i);
		items[i - 1] = items[j];
		items[j] = x;
	}
}

/*
 * Dock when items [from, to) are new: they and what chain.h asks for, no more
 * (down to the nearest segment; recordings are not parted by a docking).
 */
static void dock(struct dice *d, const struct chain_item *life, size_t from, size_t to,
		 struct findings *out)
{
	static struct chain_item items[LONG];
	size_t low = from, n, i;

	while (low > 0 && (low == from || life[low].kind != MANIFEST_SEGMENT))
		low--;
	n = to - low;
	memcpy(items, life + low, n * sizeof(*items));
	for (i = 0; i < n; i++)
		items[i].touched = low + i >= from;
	shuffle(d, items, n);
	ck_assert_int_eq(chain_judge(life_recorder, true, items, n, NULL, 0,
				     &chain_limits_default, out), 0);
}

/* The whole life over several dockings, each at the end of a recording. */
static void dock_through(struct dice *d, const struct chain_item *life, size_t n,
			 struct findings *out)
{
	size_t from = 0, to;

	while (from < n) {
		to = from + 1 + roll(d, n - from);
		while (to < n && !life[to - 1].last)
			to++;
		dock(d, life, from, to, out);
		from = to;
	}
}

START_TEST(a_clean_life_finds_nothing)
{
	static struct chain_item life[LONG];
	struct dice d = { .x = 0x9e3779b97f4a7c15u + (uint64_t)_i };
	struct buf text = BUF_INIT(4096);
	struct findings out = { 0 };
	size_t n = live(&d, life);
	int k;

	for (k = 0; k < 8; k++)
		dock_through(&d, life, n, &out);
	life_text(&out, &text);
	ck_assert_msg(out.n == 0, "life %d: %s", _i, buf_str(&text));
	buf_clear(&text);
}
END_TEST

START_TEST(one_middle_segment_less_is_one_gap)
{
	static struct chain_item life[LONG], less[LONG];
	struct dice d = { .x = 0xda942042e4dd58b5u + (uint64_t)_i };
	struct buf text = BUF_INIT(4096);
	struct findings out = { 0 };
	size_t n = live(&d, life), i, tried = 0;
	char fact[FINDING_FACT_MAX + 1];

	for (i = 1; i + 1 < n; i++) {
		if (life[i].kind != MANIFEST_SEGMENT || life[i].seq == 0 || life[i].last)
			continue;
		memcpy(less, life, i * sizeof(*life));
		memcpy(less + i, life + i + 1, (n - i - 1) * sizeof(*life));
		dock_through(&d, less, n - 1, &out);
		life_text(&out, &text);
		snprintf(fact, sizeof(fact), "gap seq %" PRIu64 "-%" PRIu64, life[i].seq,
			 life[i].seq);
		ck_assert_msg(strcmp(buf_str(&text), fact) == 0, "life %d without %zu: \"%s\"", _i,
			      i, buf_str(&text));
		findings_clear(&out);
		buf_reset(&text);
		tried++;
	}
	ck_assert_uint_gt(tried, 50);
	buf_clear(&text);
}
END_TEST

/* ------ what a recorder may claim ------ */

static uint64_t extreme(struct dice *d)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 2001, INT64_MAX - 1, INT64_MAX, (uint64_t)INT64_MAX + 1,
		UINT64_MAX - 1, UINT64_MAX,
	};

	return values[roll(d, COUNT(values))];
}

static int by_identity(const void *pa, const void *pb)
{
	const struct finding *a = pa, *b = pb;
	int c = (int)a->code - (int)b->code;

	c = c != 0 ? c : strcmp(a->subject, b->subject);
	return c != 0 ? c : strcmp(a->fact, b->fact);
}

/* Whatever is claimed: no overflow, and the same findings in whichever order it comes. */
START_TEST(any_claims_are_survived)
{
	static struct chain_item items[64];
	struct dice d = { .x = 0x2545f4914f6cdd1du + (uint64_t)_i };
	struct findings a = { 0 }, b = { 0 };
	size_t i;

	for (i = 0; i < COUNT(items); i++) {
		struct chain_item *x = &items[i];

		*x = (struct chain_item){
			.manifest = life_digest("manifest", (unsigned)i),
			.prev = life_digest("manifest", (unsigned)roll(&d, COUNT(items))),
			.media = life_digest("media", (unsigned)roll(&d, 40)),
			.kind = (enum manifest_kind)roll(&d, 3), .valid = roll(&d, 4) > 0,
			.touched = roll(&d, 2) > 0, .last = roll(&d, 4) == 0,
			.has_media = roll(&d, 2) > 0, .end = (enum manifest_end)roll(&d, 6),
			.dseq = extreme(&d), .seq = extreme(&d), .boot = extreme(&d),
			.mono_start_ms = extreme(&d), .mono_end_ms = extreme(&d),
			.start_ms = (int64_t)extreme(&d), .end_ms = (int64_t)extreme(&d),
			.stored_ms = (int64_t)extreme(&d),
		};
		if (x->kind == MANIFEST_SEGMENT)
			life_rec(x->rec, (unsigned)roll(&d, 4));
	}
	ck_assert_int_eq(chain_judge(life_recorder, true, items, COUNT(items), NULL, 0,
				     &chain_limits_default, &a), 0);
	shuffle(&d, items, COUNT(items));
	ck_assert_int_eq(chain_judge(life_recorder, true, items, COUNT(items), NULL, 0,
				     &chain_limits_default, &b), 0);
	ck_assert_uint_gt(a.n, 0);
	ck_assert_uint_eq(a.n, b.n);
	qsort(a.items, a.n, sizeof(*a.items), by_identity);
	qsort(b.items, b.n, sizeof(*b.items), by_identity);
	for (i = 0; i < a.n; i++) {
		json_t *ja = finding_json(&a.items[i]), *jb = finding_json(&b.items[i]);

		ck_assert(json_equal(ja, jb));
		/* One fact, one finding. */
		ck_assert(i == 0 || by_identity(&a.items[i - 1], &a.items[i]) != 0);
		json_decref(ja);
		json_decref(jb);
	}
	findings_clear(&a);
	findings_clear(&b);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_clean_life_finds_nothing, 0, 12);
	tcase_add_loop_test(tc, one_middle_segment_less_is_one_gap, 0, 4);
	tcase_add_loop_test(tc, any_claims_are_survived, 0, 40);
}

int main(void)
{
	return suite_main("chain_lives", fill);
}
