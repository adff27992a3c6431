/*
 * Was an action recorded from its start to its end (regulation Art. 11, 12)?
 *
 * Given are the action's interval and what the recorders of the officers present
 * claim to have recorded; found are how much of it is covered, where not, of
 * which class each hole is, and how far the clocks could be wrong about that.
 * One recorder that runs covers the action; each officer has a figure, too.
 * A time is never changed: what a clock was off at the dock is laid over it here,
 * and what was claimed stays in the evidence.
 *
 * The arithmetic in words, with examples: docs/COVERAGE.md.
 *
 * Units	milliseconds, UTC.  Confidences are 0 to 1.
 * Ownership	the facts stay the caller's and must outlive the verdict, which
 *		points into them (used, holes).
 * Threads	any.  Pure: values in, values out.
 */
#ifndef RULES_COVERAGE_H
#define RULES_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/manifest.h"
#include "rules/coverage_gap.h"

enum {
	COVERAGE_SEGMENTS_MAX = 16384,	/* what is beyond is counted in left_out */
	COVERAGE_OFFICERS_MAX = 32,
	COVERAGE_HOLES_MAX = 256,	/* told one by one; all count */
	COVERAGE_USED_MAX = 128,
};
#define COVERAGE_ACTION_MAX_MS	(INT64_C(366) * 24 * 60 * 60 * 1000)
#define COVERAGE_SEGMENT_MAX_MS	(INT64_C(24) * 60 * 60 * 1000)	/* a longer one is a wrong clock */

enum coverage_source { COVERAGE_TIME_NONE, COVERAGE_TIME_DIRECTORY, COVERAGE_TIME_MANIFEST };

/* How far a segment's time is to be believed; the best that covers a moment counts. */
enum coverage_trust {
	COVERAGE_FORGED,	/* 0.2: its signature or its content is not good */
	COVERAGE_CLAIMED,	/* 0.5: a directory's or an unsigned manifest's time; two at once */
	COVERAGE_UNCHECKED,	/* 0.8: signed, and nobody compared the recorder's clock */
	COVERAGE_PROVEN,	/* 1.0: signed, under a clock that the dock compared with its own */
	COVERAGE_TRUSTS
};
extern const double coverage_trusts[COVERAGE_TRUSTS];

struct coverage_segment {
	const char *recorder, *recording;
	uint64_t seq;			/* within the recording */
	enum coverage_source source;
	bool is_signed;			/* by the recorder, valid; else the next six say little */
	bool forged;			/* signature or digest are not good */
	bool clock_unset;		/* the wall clock was never set */
	uint64_t dseq;			/* lifetime number */
	bool has_mono;
	uint64_t boot, mono_start_ms, mono_end_ms;
	enum manifest_end end;
	int64_t start_ms, end_ms;	/* as claimed */
	int officer;			/* which of the officers present; negative: none of them */
	bool linked;			/* a person said that it belongs to the action */
	/* At the docking that brought it: */
	bool clock_known;		/* its clock was compared with ours */
	int64_t clock_offset_ms;	/* recorder - dock */
	int64_t clock_uncertainty_ms;
	int64_t docked_ms;
	int64_t jump_ms;		/* a finding says that the clock jumped since, by so much; 0: none */
	struct gap_log log;
};

struct coverage_facts {
	int64_t start_ms, end_ms;	/* of the action */
	size_t officers;		/* present */
	const struct coverage_segment *segments;
	size_t n;
	uint64_t left_out;		/* that the caller knows of and could not give */
	uint64_t not_docked;		/* recorders of those officers that did not come back since */
};

struct coverage_limits {		/* parameters of the rules; defaults in coverage_limits_default */
	struct gap_limits gap;		/* 2 s, 5 s */
	int64_t overlap_ms;		/* 2 s */
	int64_t clock_off_ms;		/* 30 s: a clock that is off by more is said to be */
	int64_t unchecked_ms;		/* 30 s: doubt about a clock that nobody compared */
	int64_t directory_ms;		/* 2 s: what a directory rounds its times to */
	int64_t step_ms;		/* 2 s: wall and monotonic clock differ by more: it was set */
	int64_t drift_ppm;		/* 20: how fast a clock may have gone wrong before it was docked */
};
extern const struct coverage_limits coverage_limits_default;

enum coverage_grade {
	COVERAGE_TOLERATED,		/* no finding */
	COVERAGE_NOTICE,		/* up to notice_ms, or less likely than not */
	COVERAGE_FINDING,
};

struct coverage_hole {
	int64_t from_ms, to_ms;		/* by our clock */
	int64_t uncertainty_ms;		/* of its length: to - from could be wrong by this */
	struct gap_verdict gap;
	enum coverage_grade grade;
	const struct coverage_segment *before, *behind;	/* NULL: the action's own border */
};

/* A recording that touches the action, or was linked to it. */
struct coverage_used {
	const struct coverage_segment *first;	/* of its segments, as they were given */
	size_t segments;
	int64_t from_ms, to_ms;		/* corrected; from > to when none has a time */
	int64_t offset_ms;		/* that was taken off */
	int64_t uncertainty_ms;		/* the worst of its segments */
	bool clock_off;			/* by more than clock_off_ms */
	bool clock_unknown;		/* nobody compared it */
	bool stepped;			/* the clock was set meanwhile: by the monotonic one */
	bool doubled;			/* another of the same recorder claims the same time */
	bool outside;			/* linked, and of another time */
	bool timeless;			/* a segment has no time */
};

struct coverage_officer {
	size_t segments;
	int64_t covered_ms;
};

enum coverage_verdict { COVERAGE_COVERED, COVERAGE_SHORT, COVERAGE_MISSING };

struct coverage {
	enum coverage_verdict verdict;
	enum coverage_grade grade;	/* of the worst hole */
	double confidence;		/* in the verdict */
	int64_t wanted_ms, covered_ms;
	int64_t proven_ms;		/* of covered_ms, at COVERAGE_PROVEN */
	int64_t longest_ms;		/* hole that is not tolerated */
	int64_t uncertainty_ms;		/* the worst of what is used */
	struct coverage_officer officers[COVERAGE_OFFICERS_MAX];
	struct coverage_hole holes[COVERAGE_HOLES_MAX];	/* by time; then overlaps */
	size_t n_holes;
	uint64_t holes_left_out;
	struct coverage_used used[COVERAGE_USED_MAX];	/* by recorder and recording */
	size_t n_used;
	uint64_t used_left_out;
	/* Segments that could not count: no time, ends before it starts, no length, longer than a day */
	uint64_t timeless, backwards, empty, unbelievable;
	uint64_t left_out;
};

/*
 * Judge.  0; -EINVAL: the action has no interval that could be judged (it ends
 * before it starts, or lasts longer than COVERAGE_ACTION_MAX_MS), or more officers
 * than COVERAGE_OFFICERS_MAX; -ENOMEM.  *ret is then not touched.
 */
int coverage_judge(const struct coverage_facts *f, const struct coverage_limits *limits,
		   struct coverage *ret);

const char *coverage_verdict_name(enum coverage_verdict v);	/* "covered" */
const char *coverage_grade_name(enum coverage_grade g);		/* "tolerated" */

#endif
