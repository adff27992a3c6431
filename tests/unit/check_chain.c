#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utc.h"
#include "base/util.h"
#include "rules/chain.h"
#include "unit/suite.h"

/*
 * Every case begins with the same clean life of a recorder: three recordings
 * of four segments of a minute, one boot, docked soon after.  Item i is segment
 * i % 4 of recording i / 4 and has the lifetime number FIRST + i.
 */
enum { SEGMENTS = 12, ITEMS = 16, FIRST = 48213, MINUTE = 60000, PAUSE = 600000 };

static const char recorder[] = "REC-000123";
#define T0 INT64_C(1795437778123)

struct life {
	struct chain_item items[ITEMS];
	size_t n;
	bool interrupted;
	struct chain_unsigned plain;	/* none while recording is "" */
};

static struct digest digest_for(const char *kind, unsigned i)
{
	char text[64];

	return digest_of(text, (size_t)snprintf(text, sizeof(text), "%s %u", kind, i));
}

static void rec_for(char rec[37], unsigned i)
{
	snprintf(rec, 37, "6f1c8e5e-0000-4000-8000-%012x", i);
}

static void life_make(struct life *l)
{
	uint64_t mono = 5000;
	unsigned i;

	*l = (struct life){ .n = SEGMENTS };
	for (i = 0; i < SEGMENTS; i++) {
		struct chain_item *x = &l->items[i];

		mono += i > 0 && i % 4 == 0 ? PAUSE : 0;
		*x = (struct chain_item){
			.manifest = digest_for("manifest", i), .kind = MANIFEST_SEGMENT,
			.valid = true, .touched = true, .dseq = FIRST + i,
			.prev = digest_for("manifest", i - 1), .seq = i % 4, .boot = 7,
			.start_ms = T0 + (int64_t)mono, .end_ms = T0 + (int64_t)mono + MINUTE,
			.mono_start_ms = mono, .mono_end_ms = mono + MINUTE,
			.last = i % 4 == 3, .end = i % 4 == 3 ? MANIFEST_END_BUTTON :
			MANIFEST_END_NONE, .media = digest_for("media", i), .has_media = true,
			.stored_ms = T0 + 4 * PAUSE,
		};
		rec_for(x->rec, i / 4);
		snprintf(x->path, sizeof(x->path), "DCIM/%02u.mp4", i);
		mono += MINUTE;
	}
}

/* ------ the findings as one text: "code fact", and a severity that is not the rule's ------ */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void text_of(const struct findings *l, struct buf *ret)
{
	char *lines[64] = { 0 };
	size_t i;

	ck_assert_uint_le(l->n, COUNT(lines));
	for (i = 0; i < l->n; i++) {
		const struct finding *f = &l->items[i];
		const char *severity = finding_severity_name(f->severity);

		ck_assert_str_eq(f->recorder, recorder);
		ck_assert_ptr_nonnull(json_object_get(f->detail, "path"));
		ck_assert_int_ge(asprintf(&lines[i], "%s%s%s%s%s", finding_code_name(f->code),
					  f->fact[0] == '\0' ? "" : " ", f->fact,
					  severity == NULL ? "" : " !",
					  severity == NULL ? "" : severity), 0);
	}
	qsort(lines, l->n, sizeof(*lines), by_text);
	for (i = 0; i < l->n; i++) {
		buf_addf(ret, "%s%s", i == 0 ? "" : "; ", lines[i]);
		free(lines[i]);
	}
}

static void judge(struct life *l, struct findings *out)
{
	ck_assert_int_eq(chain_judge(recorder, !l->interrupted, l->items, l->n, &l->plain,
				     l->plain.recording[0] != '\0', &chain_limits_default, out), 0);
}

/* ------ what can be done to it ------ */

static void nothing(struct life *l, int64_t arg)
{
	(void)l, (void)arg;
}

static void drop(struct life *l, int64_t i)
{
	memmove(&l->items[i], &l->items[i + 1], (l->n - (size_t)i - 1) * sizeof(*l->items));
	l->n--;
}

static void drop_two(struct life *l, int64_t i)
{
	drop(l, i);
	drop(l, i);
}

static void drop_recording(struct life *l, int64_t i)
{
	drop_two(l, i);
	drop_two(l, i);
}

static void drop_five(struct life *l, int64_t i)
{
	drop_recording(l, i);
	drop(l, i);
}

static void forge(struct life *l, int64_t i)
{
	l->items[i].valid = false;
	l->items[i].manifest = digest_for("forged", (unsigned)i);
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
	x->manifest = digest_for("manifest", (unsigned)l->n);
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

/* Move the clocks from item 6 (the third of the second recording) on. */
static void later(struct life *l, int64_t ms)
{
	size_t i;

	for (i = 6; i < l->n; i++) {
		l->items[i].start_ms += ms;
		l->items[i].end_ms += ms;
		l->items[i].mono_start_ms += (uint64_t)ms;
		l->items[i].mono_end_ms += (uint64_t)ms;
	}
}

static void step_from(struct life *l, size_t from, int64_t ms)
{
	size_t i;

	for (i = from; i < l->n; i++) {
		l->items[i].start_ms += ms;
		l->items[i].end_ms += ms;
	}
}

static void step_between(struct life *l, int64_t ms)
{
	step_from(l, 6, ms);
}

static void step_between_recordings(struct life *l, int64_t ms)
{
	step_from(l, 8, ms);
}

static void step_within(struct life *l, int64_t ms)
{
	step_from(l, 6, ms);
	l->items[6].start_ms -= ms;
}

static void restart(struct life *l, int64_t ms)
{
	size_t i;

	step_from(l, 6, ms);
	for (i = 6; i < l->n; i++) {
		l->items[i].boot++;
		l->items[i].mono_start_ms -= l->items[5].mono_end_ms - 100;
		l->items[i].mono_end_ms -= l->items[5].mono_end_ms - 100;
	}
}

static void boots_swapped(struct life *l, int64_t arg)
{
	restart(l, arg);
	l->items[5].boot = 9;
	l->items[4].boot = 9;
}

static void ends_before_start(struct life *l, int64_t ms)
{
	l->items[6].end_ms = l->items[6].start_ms - ms;
}

static void monotonic_backwards(struct life *l, int64_t ms)
{
	l->items[6].mono_end_ms = l->items[6].mono_start_ms - (uint64_t)ms;
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

	rec_for(x->rec, 9);
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
	append(l, i)->media = digest_for("another", 0);
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
	l->items[l->n - 1].media = digest_for("another", 0);
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

static void stored_after(struct life *l, int64_t ms)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		l->items[i].stored_ms = l->items[11].end_ms + PAUSE;
	/* Of the last recording one segment came later than the others. */
	l->items[9].stored_ms = l->items[11].end_ms + ms;
}

/* All of the last recording, before it ended by its own clock. */
static void stored_before(struct life *l, int64_t ms)
{
	size_t i;

	for (i = 8; i < l->n; i++)
		l->items[i].stored_ms = l->items[11].end_ms - ms;
}

/* The first recording under a clock that was never set, the second under one that was set then. */
static void never_set(struct life *l, int64_t years)
{
	size_t i;

	for (i = 0; i < 4; i++) {
		l->items[i].clock_unset = true;
		l->items[i].start_ms -= years * 365 * 86400000;
		l->items[i].end_ms -= years * 365 * 86400000;
	}
}

static void never_set_and_restart(struct life *l, int64_t years)
{
	size_t i;

	never_set(l, years);
	for (i = 0; i < 2; i++)
		l->items[i].boot--;
}

static void nothing_signed(struct life *l, int64_t ms)
{
	size_t i;

	stored_after(l, ms);
	for (i = 0; i < l->n; i++)
		l->items[i].valid = false;
}

static void plain_after(struct life *l, int64_t ms)
{
	rec_for(l->plain.recording, 77);
	l->plain.end_ms = T0;
	l->plain.stored_ms = T0 + ms;
	l->plain.path = "DCIM/PLAIN.MP4";
}

static void plain_without_time(struct life *l, int64_t ms)
{
	plain_after(l, ms);
	l->plain.end_ms = 0;
}

/* Item i becomes an event of its number. */
static void event(struct life *l, int64_t i)
{
	struct chain_item *x = &l->items[i];
	size_t k;

	x->kind = MANIFEST_EVENT;
	for (k = (size_t)i + 1; k < l->n && strcmp(l->items[k].rec, x->rec) == 0; k++) {
		l->items[k].seq--;	/* and the segments close up */
		l->items[k].start_ms -= MINUTE;
		l->items[k].end_ms -= MINUTE;
		l->items[k].mono_start_ms -= MINUTE;
		l->items[k].mono_end_ms -= MINUTE;
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
	drop(l, i);
}

static void event_and_segment_dropped(struct life *l, int64_t i)
{
	event(l, i);
	drop_two(l, i);
}

static void event_beside_dropped(struct life *l, int64_t i)
{
	event(l, i);
	drop(l, i + 1);
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

		rec_for(x->rec, 100 + i % 2);
		x->seq = i / 2;
		x->last = i >= 6;
		x->end = x->last ? MANIFEST_END_BUTTON : MANIFEST_END_NONE;
		x->mono_start_ms = 5000 + (uint64_t)(i / 2) * MINUTE;
		x->mono_end_ms = x->mono_start_ms + MINUTE;
		x->start_ms = T0 + (int64_t)x->mono_start_ms;
		x->end_ms = x->start_ms + MINUTE;
		ck_assert_uint_eq(first->mono_start_ms, x->mono_start_ms);
	}
	if (lost >= 0)
		drop(l, lost);
}

static void interrupted(struct life *l, int64_t n)
{
	l->interrupted = true;
	l->n = (size_t)n;
	without_media(l, n - 1);
	drop(l, 1);
}

static void interrupted_late(struct life *l, int64_t ms)
{
	stored_after(l, ms);
	l->interrupted = true;
	drop(l, 11);
}

static void interrupted_clock(struct life *l, int64_t ms)
{
	step_between(l, ms);
	drop(l, 5);
	l->interrupted = true;
}

static void untouch(struct life *l)
{
	size_t k;

	for (k = 0; k < 8; k++)
		l->items[k].touched = false;
}

static void untouched_step(struct life *l, int64_t ms)
{
	untouch(l);
	step_between(l, ms);
}

static void untouched_step_within(struct life *l, int64_t ms)
{
	untouch(l);
	step_within(l, ms);
}

static void untouched_break(struct life *l, int64_t i)
{
	untouch(l);
	unlink_from(l, i);
	sign_twice(l, i + 1);
	l->items[l->n - 1].touched = false;
}

static void untouched_faults(struct life *l, int64_t i)
{
	untouch(l);
	drop(l, i);
}

static void neighbours_only(struct life *l, int64_t n)
{
	size_t k;

	for (k = 0; k < (size_t)n; k++)
		l->items[k].touched = false;
	drop_recording(l, 4);
}

#define DAY INT64_C(86400000)

static const struct {
	const char *what;
	void (*change)(struct life *l, int64_t arg);
	int64_t arg;
	const char *found;
} cases[] = {
	{ "a clean first docking, counter at 48213", nothing, 0, "" },

	/* numbers */
	{ "one middle segment is missing", drop, 5, "gap seq 1-1" },
	{ "two middle segments are missing", drop_two, 5, "gap seq 1-2" },
	{ "the first segment is missing", drop, 4, "gap seq 0-0" },
	{ "the very first, all that is known", drop, 0, "gap seq 0-0" },
	{ "the tail is cut, life went on", drop, 7, "gap dseq 48220-48220; unfinished" },
	{ "the tail is cut, nothing after it", drop, 11, "unfinished" },
	{ "a whole recording is missing", drop_recording, 4, "gap dseq 48217-48220" },
	{ "a recording and the next one's head", drop_five, 4,
	  "gap dseq 48217-48220; gap seq 0-0" },
	{ "the whole recording that came first: nothing before to miss it", drop_recording, 0, "" },
	{ "media missing, manifest there", without_media, 5, "gap media seq 1" },

	/* times between segments, by the monotonic clock */
	{ "2.0 s are continuous", later, 2000, "" },
	{ "2.1 s are a notice", later, 2100, "gap time seq 1-2 !notice" },
	{ "5.0 s are a notice", later, 5000, "gap time seq 1-2 !notice" },
	{ "5.1 s are a violation", later, 5100, "gap time seq 1-2" },
	{ "2.001 s, to the millisecond", later, 2001, "gap time seq 1-2 !notice" },
	{ "5.001 s, to the millisecond", later, 5001, "gap time seq 1-2" },
	{ "2.0 s overlap", later, -2000, "" },
	{ "2.1 s overlap", later, -2100, "overlap time seq 1-2" },
	{ "started together", later, -MINUTE, "overlap time seq 1-2" },
	{ "started earlier", later, -MINUTE - 1, "reordered seq 1-2" },

	/* over a restart, by UTC */
	{ "restart within 2.0 s", restart, 2000, "" },
	{ "restart in 2.1 s", restart, 2100, "gap time seq 1-2 !notice" },
	{ "restart in 5.0 s", restart, 5000, "gap time seq 1-2 !notice" },
	{ "restart in 30 s", restart, 30000, "gap time seq 1-2" },
	{ "back by 2.0 s over a restart", restart, -2000, "" },
	{ "back by 2.1 s over a restart", restart, -2100, "clock_jump dseq 48218-48219" },
	{ "an earlier boot continues it", boots_swapped, 0, "reordered seq 1-2" },

	/* clocks */
	{ "stepped by 2.0 s", step_between, 2000, "" },
	{ "stepped by 2.1 s", step_between, 2100, "clock_jump dseq 48218-48219" },
	{ "back by 2.0 s", step_between, -2000, "" },
	{ "back by 2.1 s", step_between, -2100, "clock_jump dseq 48218-48219" },
	{ "stepped by 25 years, past the day of docking", step_between, INT64_C(800000000000),
	  "clock_drift !violation; clock_drift !violation; clock_jump dseq 48218-48219" },
	{ "stepped by 2.0 s within a segment", step_within, 2000, "" },
	{ "stepped by 2.1 s within a segment", step_within, 2100, "clock_jump dseq 48219" },
	{ "back by 2.1 s within a segment", step_within, -2100, "clock_jump dseq 48219" },
	{ "back by an hour within a segment", step_within, -3600000, "clock_jump dseq 48219" },
	{ "stepped by 2.0 s between recordings", step_between_recordings, 2000, "" },
	{ "stepped by 2.1 s between recordings", step_between_recordings, 2100,
	  "clock_jump dseq 48220-48221" },
	{ "ends before it starts", ends_before_start, 1, "clock_jump dseq 48219" },
	{ "its monotonic clock ran backwards", monotonic_backwards, 1, "clock_jump dseq 48219" },

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

	/* lateness */
	{ "24 h 0 s", stored_after, DAY, "" },
	{ "24 h 1 s", stored_after, DAY + 1000, "late_upload" },
	{ "24 h and a millisecond", stored_after, DAY + 1, "late_upload" },
	{ "nothing signed, 24 h 0 s", nothing_signed, DAY, "" },
	{ "nothing signed, 24 h 1 s", nothing_signed, DAY + 1000, "late_upload" },
	{ "without sidecar, 24 h 0 s", plain_after, DAY, "" },
	{ "without sidecar, 24 h 1 s", plain_after, DAY + 1000, "late_upload" },
	{ "without sidecar or time", plain_without_time, DAY + 1000, "" },
	{ "under a clock that was never set", never_set, 20, "" },
	{ "the same over a restart", never_set_and_restart, 20, "" },

	/* ended after it was stored */
	{ "30 s ahead", stored_before, 30000, "" },
	{ "30.1 s ahead", stored_before, 30100, "clock_drift" },
	{ "5 min ahead", stored_before, 300000, "clock_drift" },
	{ "5 min 1 s ahead", stored_before, 301000, "clock_drift !violation" },
	{ "without sidecar, 30 s ahead", plain_after, -30000, "" },
	{ "without sidecar, an hour ahead", plain_after, -3600000, "clock_drift" },

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

	/* what a session may say */
	{ "interrupted: the rest may come", interrupted, 7, "" },
	{ "interrupted, but late all the same", interrupted_late, DAY + MINUTE + 1000,
	  "late_upload" },
	{ "interrupted: where the clock jumped may come", interrupted_clock, 2100, "" },
	{ "a broken chain among neighbours", untouched_break, 5, "" },
	{ "a stepped clock between neighbours", untouched_step, 2100, "" },
	{ "a stepped clock within a neighbour", untouched_step_within, 2100, "" },
	{ "a hole among neighbours", untouched_faults, 5, "" },
	{ "a hole between neighbours and touched", neighbours_only, 4, "gap dseq 48217-48220" },
	{ "a hole, and nothing beside it is touched", neighbours_only, SEGMENTS, "" },
};

START_TEST(finds_exactly_this)
{
	struct buf text = BUF_INIT(4096), again = BUF_INIT(4096);
	struct findings out = { 0 };
	struct life l;
	size_t i;

	life_make(&l);
	cases[_i].change(&l, cases[_i].arg);
	judge(&l, &out);
	text_of(&out, &text);
	ck_assert_msg(strcmp(buf_str(&text), cases[_i].found) == 0, "%s: found \"%s\"",
		      cases[_i].what, buf_str(&text));
	findings_clear(&out);

	/* The order in which the catalog gives them is nothing; docking again is the same. */
	for (i = 0; i < l.n / 2; i++) {
		struct chain_item x = l.items[i];

		l.items[i] = l.items[l.n - 1 - i];
		l.items[l.n - 1 - i] = x;
	}
	judge(&l, &out);
	text_of(&out, &again);
	ck_assert_str_eq(buf_str(&again), buf_str(&text));
	findings_clear(&out);
	buf_clear(&text);
	buf_clear(&again);
}
END_TEST

/* ------ whose fact it is, and what a person is told ------ */

static const struct {
	void (*change)(struct life *l, int64_t arg);
	int64_t arg;
	enum finding_code code;
	const char *subject;
	double confidence;
	int64_t at_ms;
	const char *key;		/* of the detail */
	int64_t value;
} tellings[] = {
	{ drop_two, 5, FINDING_GAP, "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", -1,
	  T0 + 5000 + 5 * MINUTE + PAUSE, "missing_ms", 2 * MINUTE },
	{ drop_two, 5, FINDING_GAP, "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", -1,
	  T0 + 5000 + 5 * MINUTE + PAUSE, "missing", 2 },
	{ drop_recording, 4, FINDING_GAP, "REC-000123", -1, T0 + 5000 + 4 * MINUTE,
	  "missing_from_dseq", FIRST + 4 },
	{ later, 5100, FINDING_GAP, "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", -1,
	  T0 + 5000 + 6 * MINUTE + PAUSE, "missing_ms", 5100 },
	{ step_between, -2100, FINDING_CLOCK_JUMP,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", -1,
	  T0 + 5000 + 6 * MINUTE + PAUSE - 2100, "jump_ms", -2100 },
	{ stored_after, DAY + 1000, FINDING_LATE_UPLOAD,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000002", -1,
	  T0 + 5000 + 12 * MINUTE + 2 * PAUSE + DAY, "after_ms", DAY + 1000 },
	{ plain_after, DAY + 1, FINDING_LATE_UPLOAD,
	  "REC-000123/6f1c8e5e-0000-4000-8000-00000000004d", 0.5, T0 + DAY, "after_ms", DAY + 1 },
	{ nothing_signed, DAY + 1, FINDING_LATE_UPLOAD,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000002", 0.5,
	  T0 + 5000 + 12 * MINUTE + 2 * PAUSE + DAY, "after_ms", DAY + 1 },
	{ stored_before, 40000, FINDING_CLOCK_DRIFT,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000002", -1,
	  T0 + 5000 + 12 * MINUTE + 2 * PAUSE - 40000, "ahead_ms", 40000 },
	{ unlink_from, 6, FINDING_CHAIN_BREAK, "REC-000123", -1,
	  T0 + 5000 + 6 * MINUTE + PAUSE, "dseq", -1 },
};

START_TEST(tells_whose_and_how_much)
{
	struct findings out = { 0 };
	const struct finding *f;
	struct life l;

	life_make(&l);
	tellings[_i].change(&l, tellings[_i].arg);
	judge(&l, &out);
	ck_assert_uint_eq(out.n, 1);
	f = &out.items[0];
	ck_assert_int_eq(f->code, tellings[_i].code);
	ck_assert_str_eq(f->subject, tellings[_i].subject);
	ck_assert_int_eq(f->subject_kind, strchr(f->subject, '/') == NULL ? SUBJECT_RECORDER :
			 SUBJECT_RECORDING);
	ck_assert_double_eq(f->confidence, tellings[_i].confidence);
	ck_assert_int_eq(f->at_ms, tellings[_i].at_ms);
	if (tellings[_i].value != -1)
		ck_assert_int_eq(json_integer_value(json_object_get(f->detail, tellings[_i].key)),
				 tellings[_i].value);
	findings_clear(&out);
}
END_TEST

/* One film, shown n times more: each time is one finding, whatever it claims to be. */
static const struct { void (*change)(struct life *l, int64_t arg); size_t n; } replays[] = {
	{ play_elsewhere, 1 }, { play_again, 1 }, { play_thrice, 2 },
};

START_TEST(finds_a_film_that_is_shown_again)
{
	struct findings out = { 0 };
	struct life l;
	size_t i;

	life_make(&l);
	replays[_i].change(&l, 5);
	judge(&l, &out);
	ck_assert_uint_eq(out.n, replays[_i].n);
	for (i = 0; i < out.n; i++) {
		ck_assert_int_eq(out.items[i].code, FINDING_REPLAYED);
		ck_assert_ptr_nonnull(strstr(out.items[i].fact, i == 0 ? "dseq 48225" :
					     "dseq 48226"));
	}
	findings_clear(&out);
}
END_TEST

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
	int64_t utc = T0, stored;
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
		stored = utc + (int64_t)segments * 2 * MINUTE + (int64_t)roll(d, DAY / 2);
		for (k = 0; k < segments; k++) {
			uint64_t len = MINUTE / 2 + roll(d, MINUTE / 2), pause = roll(d, 2001);
			int64_t drift = (int64_t)roll(d, 1001) - 500;

			items[n] = (struct chain_item){
				.kind = MANIFEST_SEGMENT, .seq = k, .boot = boot,
				.start_ms = utc, .end_ms = utc + (int64_t)len + drift,
				.mono_start_ms = mono, .mono_end_ms = mono + len,
				.last = k == segments - 1, .has_media = true, .stored_ms = stored,
				.end = k == segments - 1 ? MANIFEST_END_FULL : MANIFEST_END_NONE,
			};
			rec_for(items[n].rec, rec);
			items[n].media = digest_for("media", (unsigned)n);
			mono += len + pause;
			utc += (int64_t)len + drift + (int64_t)pause;
			n++;
			if (k + 1 < segments && roll(d, 6) == 0)
				items[n++] = (struct chain_item){ .kind = MANIFEST_INVENTORY };
		}
		mono += PAUSE;
		utc += PAUSE;
		rec++;
	}
	for (k = 0; k < n; k++) {
		items[k].valid = true;
		items[k].dseq = dseq + k;
		items[k].manifest = digest_for("manifest", (unsigned)k);
		items[k].prev = digest_for("manifest", (unsigned)(k - 1));
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
	ck_assert_int_eq(chain_judge(recorder, true, items, n, NULL, 0, &chain_limits_default, out),
			 0);
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
	text_of(&out, &text);
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
		text_of(&out, &text);
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
			.manifest = digest_for("manifest", (unsigned)i),
			.prev = digest_for("manifest", (unsigned)roll(&d, COUNT(items))),
			.media = digest_for("media", (unsigned)roll(&d, 40)),
			.kind = (enum manifest_kind)roll(&d, 3), .valid = roll(&d, 4) > 0,
			.touched = roll(&d, 2) > 0, .last = roll(&d, 4) == 0,
			.has_media = roll(&d, 2) > 0, .end = (enum manifest_end)roll(&d, 6),
			.dseq = extreme(&d), .seq = extreme(&d), .boot = extreme(&d),
			.mono_start_ms = extreme(&d), .mono_end_ms = extreme(&d),
			.start_ms = (int64_t)extreme(&d), .end_ms = (int64_t)extreme(&d),
			.stored_ms = (int64_t)extreme(&d),
		};
		if (x->kind == MANIFEST_SEGMENT)
			rec_for(x->rec, (unsigned)roll(&d, 4));
	}
	ck_assert_int_eq(chain_judge(recorder, true, items, COUNT(items), NULL, 0,
				     &chain_limits_default, &a), 0);
	shuffle(&d, items, COUNT(items));
	ck_assert_int_eq(chain_judge(recorder, true, items, COUNT(items), NULL, 0,
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

START_TEST(nothing_is_judged_as_nothing)
{
	struct findings out = { 0 };

	ck_assert_int_eq(chain_judge(recorder, true, NULL, 0, NULL, 0, &chain_limits_default, &out),
			 0);
	ck_assert_uint_eq(out.n, 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, finds_exactly_this, 0, (int)COUNT(cases));
	tcase_add_loop_test(tc, tells_whose_and_how_much, 0, (int)COUNT(tellings));
	tcase_add_loop_test(tc, finds_a_film_that_is_shown_again, 0, (int)COUNT(replays));
	tcase_add_loop_test(tc, a_clean_life_finds_nothing, 0, 12);
	tcase_add_loop_test(tc, one_middle_segment_less_is_one_gap, 0, 4);
	tcase_add_loop_test(tc, any_claims_are_survived, 0, 40);
	tcase_add_test(tc, nothing_is_judged_as_nothing);
}

int main(void)
{
	return suite_main("chain", fill);
}
