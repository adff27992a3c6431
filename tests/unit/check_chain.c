/* What is missing, doubled, forged or out of order among a recorder's manifests (rules/chain.h). */
#include <string.h>

#include "base/util.h"
#include "unit/chain_rig.h"
#include "unit/suite.h"

/* ------ what can be done to a clean life ------ */

static void nothing(struct life *l, int64_t arg)
{
	(void)l, (void)arg;
}

static void drop_two(struct life *l, int64_t i)
{
	life_drop(l, i);
	life_drop(l, i);
}

static void drop_recording(struct life *l, int64_t i)
{
	drop_two(l, i);
	drop_two(l, i);
}

static void drop_five(struct life *l, int64_t i)
{
	drop_recording(l, i);
	life_drop(l, i);
}

static void forge(struct life *l, int64_t i)
{
	l->items[i].valid = false;
	l->items[i].manifest = life_digest("forged", (unsigned)i);
}

static void forge_and_move(struct life *l, int64_t i)
{
	forge(l, i);
	l->items[i].dseq += 1000;
}

static void forge_the_first(struct life *l, int64_t i)
{
	l->n = (size_t)i;
	l->items[0].dseq = 5;
	forge(l, 0);
}

static struct chain_item *append(struct life *l, int64_t like)
{
	struct chain_item *x = &l->items[l->n];

	*x = l->items[like];
	x->manifest = life_digest("manifest", (unsigned)l->n);
	x->prev = l->items[l->n - 1].manifest;
	x->dseq = l->items[l->n - 1].dseq + 1;
	l->n++;
	return x;
}

static void forge_far_away(struct life *l, int64_t i)
{
	struct chain_item *x = append(l, i);

	x->valid = false;
	x->seq = UINT64_MAX;
	x->dseq = UINT64_MAX;
}

static void swap_numbers(struct life *l, int64_t i)
{
	uint64_t seq = l->items[i].seq;

	l->items[i].seq = l->items[i + 1].seq;
	l->items[i + 1].seq = seq;
}

static void play_elsewhere(struct life *l, int64_t i)
{
	struct chain_item *x = append(l, i);

	life_rec(x->rec, 9);
	x->seq = 0;
	x->last = true;
	x->end = MANIFEST_END_BUTTON;
}

static void play_again(struct life *l, int64_t i)
{
	append(l, i);
}

static void play_thrice(struct life *l, int64_t i)
{
	append(l, i);
	append(l, i);
}

static void both_empty(struct life *l, int64_t i)
{
	l->items[i].media = l->items[i + 1].media = digest_of("", 0);
}

static void another_take(struct life *l, int64_t i)
{
	append(l, i)->media = life_digest("another", 0);
}

static void sign_twice(struct life *l, int64_t i)
{
	struct chain_item *x = append(l, i);

	x->dseq = l->items[i].dseq;
	x->prev = l->items[i].prev;
}

static void sign_other_media(struct life *l, int64_t i)
{
	sign_twice(l, i);
	l->items[l->n - 1].media = life_digest("another", 0);
}

static void unlink_from(struct life *l, int64_t i)
{
	l->items[i].prev.b[31] ^= 1;
}

static void unlink_behind_forged(struct life *l, int64_t i)
{
	forge(l, i - 1);
	unlink_from(l, i);
}

static void twice_the_same(struct life *l, int64_t i)
{
	l->items[l->n++] = l->items[i];
}

static void without_media(struct life *l, int64_t i)
{
	l->items[i].has_media = false;
	l->items[i].stored_ms = 0;
}

static void ends_by(struct life *l, int64_t end)
{
	l->items[11].end = (enum manifest_end)end;
}

static void not_last(struct life *l, int64_t i)
{
	l->items[i].last = false;
}

/* Item i becomes an event of its number. */
static void event(struct life *l, int64_t i)
{
	struct chain_item *x = &l->items[i];
	size_t k;

	x->kind = MANIFEST_EVENT;
	for (k = (size_t)i + 1; k < l->n && strcmp(l->items[k].rec, x->rec) == 0; k++) {
		l->items[k].seq--;	/* and the segments close up */
		l->items[k].start_ms -= LIFE_MINUTE;
		l->items[k].end_ms -= LIFE_MINUTE;
		l->items[k].mono_start_ms -= LIFE_MINUTE;
		l->items[k].mono_end_ms -= LIFE_MINUTE;
	}
	memset(x->rec, 0, sizeof(x->rec));
	x->seq = x->boot = x->mono_start_ms = x->mono_end_ms = 0;
	x->start_ms = x->end_ms = 0;
	x->has_media = false;
	memset(&x->media, 0, sizeof(x->media));
}

static void event_dropped(struct life *l, int64_t i)
{
	event(l, i);
	life_drop(l, i);
}

static void event_and_segment_dropped(struct life *l, int64_t i)
{
	event(l, i);
	drop_two(l, i);
}

static void event_beside_dropped(struct life *l, int64_t i)
{
	event(l, i);
	life_drop(l, i + 1);
}

static void event_dropped_beside_forged(struct life *l, int64_t i)
{
	event_dropped(l, i);
	forge(l, i - 1);
}

/* The last recording leaves out a number that the counter never had, and an event is missing. */
static void number_skipped(struct life *l, int64_t from)
{
	size_t i;

	for (i = (size_t)from; i < l->n; i++)
		l->items[i].seq++;
	event_dropped(l, 4);
}

/* Two streams at once: the even ones are another recording than the odd ones, all at one time. */
static void two_streams(struct life *l, int64_t lost)
{
	size_t i;

	for (i = 0; i < 8; i++) {
		struct chain_item *x = &l->items[i], *first = &l->items[i & ~(size_t)1];

		life_rec(x->rec, 100 + i % 2);
		x->seq = i / 2;
		x->last = i >= 6;
		x->end = x->last ? MANIFEST_END_BUTTON : MANIFEST_END_NONE;
		x->mono_start_ms = 5000 + (uint64_t)(i / 2) * LIFE_MINUTE;
		x->mono_end_ms = x->mono_start_ms + LIFE_MINUTE;
		x->start_ms = LIFE_T0 + (int64_t)x->mono_start_ms;
		x->end_ms = x->start_ms + LIFE_MINUTE;
		ck_assert_uint_eq(first->mono_start_ms, x->mono_start_ms);
	}
	if (lost >= 0)
		life_drop(l, lost);
}

/* ------ what is put in ------ */

/* A recording of one file that takes the place of item i in time, and of the last in number. */
static struct chain_item *another(struct life *l, int64_t i)
{
	struct chain_item *x = append(l, i);

	life_rec(x->rec, 9);
	x->media = life_digest("another", 0);
	x->seq = 0;
	x->last = true;
	x->end = MANIFEST_END_BUTTON;
	return x;
}

static void squeeze(struct chain_item *x, int64_t by_ms)
{
	x->start_ms += by_ms;
	x->mono_start_ms += (uint64_t)by_ms;
	x->end_ms -= by_ms;
	x->mono_end_ms -= (uint64_t)by_ms;
}

static void inside_in_time(struct life *l, int64_t i)
{
	squeeze(another(l, i), 10000);
}

static void at_its_very_end(struct life *l, int64_t i)
{
	squeeze(another(l, i), 1999);
}

static void inside_among_neighbours(struct life *l, int64_t i)
{
	life_untouch(l);
	inside_in_time(l, i);
	l->items[l->n - 1].touched = false;
}

static void inside_one_file(struct life *l, int64_t i)
{
	l->n = (size_t)i + 1;
	l->items[i].seq = 0;
	l->items[i].last = true;
	l->items[i].end = MANIFEST_END_BUTTON;
	inside_in_time(l, i);
}

static void inside_but_forged(struct life *l, int64_t i)
{
	inside_in_time(l, i);
	forge(l, (int64_t)l->n - 1);
}

static void inside_but_shown_before(struct life *l, int64_t i)
{
	inside_in_time(l, i);
	l->items[l->n - 1].media = l->items[i].media;
}

/* Item i is another recording's, of one file, and its own closes up. */
static struct chain_item *number_between(struct life *l, int64_t i)
{
	struct chain_item *x = &l->items[i];
	size_t k;

	life_rec(x->rec, 9);
	x->seq = 0;
	x->last = true;
	x->end = MANIFEST_END_BUTTON;
	for (k = (size_t)i + 1; strcmp(l->items[k].rec, l->items[i - 1].rec) == 0; k++) {
		l->items[k].seq--;
		squeeze(&l->items[k], 0);
	}
	l->items[i + 1].start_ms -= LIFE_MINUTE;
	l->items[i + 1].mono_start_ms -= LIFE_MINUTE;
	return x;
}

static void picture(struct life *l, int64_t i)
{
	number_between(l, i);
}

/* Its times are those of before the recording, or of before the last start of the recorder. */
static void number_between_times(struct life *l, int64_t i)
{
	struct chain_item *x = number_between(l, i);

	x->start_ms -= 5 * LIFE_MINUTE;
	x->end_ms -= 5 * LIFE_MINUTE;
	x->mono_start_ms -= 5 * LIFE_MINUTE;
	x->mono_end_ms -= 5 * LIFE_MINUTE;
}

static void number_between_boots(struct life *l, int64_t i)
{
	number_between(l, i)->boot--;
}

static void behind_the_end(struct life *l, int64_t i)
{
	struct chain_item *x = append(l, i);

	x->media = life_digest("another", 0);
	x->seq++;
	x->start_ms = x->end_ms;
	x->mono_start_ms = x->mono_end_ms;
	x->end_ms += LIFE_MINUTE;
	x->mono_end_ms += LIFE_MINUTE;
}

static void interrupted(struct life *l, int64_t n)
{
	l->interrupted = true;
	l->n = (size_t)n;
	without_media(l, n - 1);
	life_drop(l, 1);
}

static void untouched_break(struct life *l, int64_t i)
{
	life_untouch(l);
	unlink_from(l, i);
	sign_twice(l, i + 1);
	l->items[l->n - 1].touched = false;
}

static void untouched_faults(struct life *l, int64_t i)
{
	life_untouch(l);
	life_drop(l, i);
}

static void neighbours_only(struct life *l, int64_t n)
{
	size_t k;

	for (k = 0; k < (size_t)n; k++)
		l->items[k].touched = false;
	drop_recording(l, 4);
}

static const struct life_case cases[] = {
	{ "a clean first docking, counter at 48213", nothing, 0, "" },

	/* numbers */
	{ "one middle segment is missing", life_drop, 5, "gap seq 1-1" },
	{ "two middle segments are missing", drop_two, 5, "gap seq 1-2" },
	{ "the first segment is missing", life_drop, 4, "gap seq 0-0" },
	{ "the very first, all that is known", life_drop, 0, "gap seq 0-0" },
	{ "the tail is cut, life went on", life_drop, 7, "gap dseq 48220-48220; unfinished" },
	{ "the tail is cut, nothing after it", life_drop, 11, "unfinished" },
	{ "a whole recording is missing", drop_recording, 4, "gap dseq 48217-48220" },
	{ "a recording and the next one's head", drop_five, 4,
	  "gap dseq 48217-48220; gap seq 0-0" },
	{ "the whole recording that came first: nothing before to miss it", drop_recording, 0, "" },
	{ "media missing, manifest there", without_media, 5, "gap media seq 1" },

	/* order, copies, chain */
	{ "numbers against the counter", swap_numbers, 5, "reordered seq 1-2" },
	{ "another manifest for one number", sign_twice, 5, "fork dseq 48218" },
	{ "another content for one number", sign_other_media, 5, "fork dseq 48218" },
	{ "another take of one segment", another_take, 5, "fork seq 1" },
	{ "two segments without content", both_empty, 5, "" },
	{ "one manifest, listed twice", twice_the_same, 5, "" },
	{ "the chain does not fit", unlink_from, 6, "chain_break dseq 48219" },
	{ "nor over the ends of recordings", unlink_from, 8, "chain_break dseq 48221" },
	{ "what comes before the first is not known", unlink_from, 0, "" },

	/* forged manifests fill their places and prove nothing */
	{ "forged in the middle", forge, 5, "" },
	{ "forged at the head", forge, 4, "" },
	{ "forged at the tail", forge, 7, "" },
	{ "forged last of all", forge, 11, "" },
	{ "forged, its counter moved", forge_and_move, 5, "" },
	{ "forged far beyond everything", forge_far_away, 5, "" },
	{ "forged far below everything", forge_the_first, 4, "" },
	{ "the chain behind a forged one", unlink_behind_forged, 6, "" },

	/* ends */
	{ "switched off", ends_by, MANIFEST_END_BUTTON, "" },
	{ "battery empty", ends_by, MANIFEST_END_BATTERY, "" },
	{ "card full", ends_by, MANIFEST_END_FULL, "" },
	{ "a fault", ends_by, MANIFEST_END_FAULT, "" },
	{ "last, but no end", ends_by, MANIFEST_END_NONE, "unfinished" },
	{ "an end, but not last", not_last, 11, "unfinished" },

	/* events have numbers too */
	{ "an event in the middle", event, 5, "" },
	{ "an event between recordings", event, 4, "" },
	{ "an event is missing", event_dropped, 5, "gap dseq 48218-48218" },
	{ "a segment beside an event", event_beside_dropped, 5, "gap seq 1-1" },
	{ "an event and a segment", event_and_segment_dropped, 5,
	  "gap dseq 48218-48218; gap seq 1-1" },
	{ "an event beside a forged segment", event_dropped_beside_forged, 6,
	  "gap dseq 48219-48219" },
	{ "a skipped number excuses no lost event", number_skipped, 9,
	  "gap dseq 48217-48217; gap seq 1-1" },
	{ "nor does a skipped head", number_skipped, 8, "gap dseq 48217-48217; gap seq 0-0" },

	/* two recordings at one time */
	{ "two streams", two_streams, -1, "" },
	{ "one lost its second", two_streams, 2, "gap seq 1-1" },
	{ "the other lost its head", two_streams, 1, "gap seq 0-0" },

	/* what has no room */
	{ "a file of another time, inside a recording", inside_in_time, 5, "inserted dseq 48225" },
	{ "inside its first file", inside_in_time, 4, "inserted dseq 48225" },
	{ "inside one file", inside_one_file, 0, "inserted dseq 48214" },
	{ "inside the file before it, which ended with it", at_its_very_end, 11, "" },
	{ "inside, among neighbours", inside_among_neighbours, 5, "" },
	{ "inside, and forged", inside_but_forged, 5, "" },
	{ "a picture that was taken meanwhile", picture, 5, "" },
	{ "between two numbers, of another time", number_between_times, 5,
	  "inserted dseq 48218" },
	{ "between two numbers, of another start", number_between_boots, 5,
	  "clock_jump dseq 48218-48219; inserted dseq 48218" },
	{ "behind the end", behind_the_end, 11, "inserted dseq 48225" },

	/* what a session may say */
	{ "interrupted: the rest may come", interrupted, 7, "" },
	{ "a broken chain among neighbours", untouched_break, 5, "" },
	{ "a hole among neighbours", untouched_faults, 5, "" },
	{ "a hole between neighbours and touched", neighbours_only, 4, "gap dseq 48217-48220" },
	{ "a hole, and nothing beside it is touched", neighbours_only, LIFE_SEGMENTS, "" },
};

START_TEST(finds_exactly_this)
{
	life_finds(&cases[_i]);
}
END_TEST

static const struct life_telling tellings[] = {
	{ drop_two, 5, FINDING_GAP, "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", 1,
	  LIFE_T0 + 5000 + 5 * LIFE_MINUTE + LIFE_PAUSE, "missing_ms", 2 * LIFE_MINUTE },
	{ drop_two, 5, FINDING_GAP, "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", 1,
	  LIFE_T0 + 5000 + 5 * LIFE_MINUTE + LIFE_PAUSE, "missing", 2 },
	{ drop_recording, 4, FINDING_GAP, "REC-000123", 1, LIFE_T0 + 5000 + 4 * LIFE_MINUTE,
	  "missing_from_dseq", LIFE_FIRST + 4 },
	{ unlink_from, 6, FINDING_CHAIN_BREAK, "REC-000123", -1,
	  LIFE_T0 + 5000 + 6 * LIFE_MINUTE + LIFE_PAUSE, "dseq", -1 },
};

START_TEST(tells_whose_and_how_much)
{
	life_tells(&tellings[_i]);
}
END_TEST

/* One film, shown n times more: each time is one finding, whatever it claims to be. */
static const struct { void (*change)(struct life *l, int64_t arg); size_t n; } replays[] = {
	{ play_elsewhere, 1 }, { play_again, 1 }, { play_thrice, 2 },
	{ inside_but_shown_before, 1 },
};

START_TEST(finds_a_film_that_is_shown_again)
{
	struct findings out = { 0 };
	struct life l;
	size_t i;

	life_make(&l);
	replays[_i].change(&l, 5);
	life_judge(&l, &out);
	ck_assert_uint_eq(out.n, replays[_i].n);
	for (i = 0; i < out.n; i++) {
		ck_assert_int_eq(out.items[i].code, FINDING_REPLAYED);
		ck_assert_ptr_nonnull(strstr(out.items[i].fact, i == 0 ? "dseq 48225" :
					     "dseq 48226"));
	}
	findings_clear(&out);
}
END_TEST

START_TEST(nothing_is_judged_as_nothing)
{
	struct findings out = { 0 };

	ck_assert_int_eq(chain_judge(life_recorder, true, NULL, 0, NULL, 0,
				     &chain_limits_default, &out), 0);
	ck_assert_uint_eq(out.n, 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, finds_exactly_this, 0, (int)COUNT(cases));
	tcase_add_loop_test(tc, tells_whose_and_how_much, 0, (int)COUNT(tellings));
	tcase_add_loop_test(tc, finds_a_film_that_is_shown_again, 0, (int)COUNT(replays));
	tcase_add_test(tc, nothing_is_judged_as_nothing);
}

int main(void)
{
	return suite_main("chain", fill);
}
