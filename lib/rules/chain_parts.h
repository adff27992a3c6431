/*
 * What the parts of chain_judge share; nobody else includes this.  Pure.
 */
#ifndef RULES_CHAIN_PARTS_H
#define RULES_CHAIN_PARTS_H

#include "rules/chain.h"
#include "rules/coverage_gap.h"

/* One manifest and what its recording found about its surroundings. */
struct link {
	const struct chain_item *item;
	/*
	 * Segment numbers missing right before and right behind it that their
	 * recording has claimed already, so that the same hole in the lifetime
	 * counter is not claimed again.  head: nothing of the recording is before.
	 */
	uint64_t missing_before, missing_behind;
	bool head;
	bool doubled;			/* its content is there under another number, which is told */
	bool inserted;			/* chain_inserted's own */
	/* The nearest valid manifest and segment below, set by chain_life. */
	const struct chain_item *below, *segment_below;
};

/* What lies on either side of a segment; NULL: nothing.  chain_inserted's own. */
struct chain_sides {
	const struct chain_item *below, *above;
};

struct chain {
	const char *recorder;
	bool complete;
	const struct chain_limits *limits;
	struct findings *out;
	struct link *links;		/* n of them by dseq, valid before invalid, by address */
	struct link **order;		/* the same, room to sort them otherwise */
	struct chain_sides *sides;	/* room for n */
	size_t n;
	int64_t newest_ms;		/* the latest moment known of any, when nothing better is */
};

/* Differences that stop at the ends of int64_t instead of wrapping. */
int64_t chain_minus(int64_t a, int64_t b);
int64_t chain_minus_u(uint64_t a, uint64_t b);

/* a and b were taken under one run of the monotonic clock, and it ran forwards in both. */
bool chain_same_clock(const struct chain_item *a, const struct chain_item *b);

/* Begin a finding; rec NULL: its subject is the recorder, not a recording. */
struct finding chain_finding(const struct chain *c, enum finding_code code, const char *rec,
			     int64_t at_ms);
void chain_put(struct finding *f, const char *key, json_t *value);	/* takes value */
/* {"path", "manifest", "dseq" and for segments "recording", "seq", "start", "end"} */
void chain_put_item(struct finding *f, const char *key, const struct chain_item *item);

/*
 * {"class", "reason"} and the finding's confidence, of a hole behind x and before y; either may be
 * NULL (rules/coverage_gap.h).  length_ms: of GAP_IS_TIME.
 */
void chain_classify(const struct chain *c, struct finding *f, enum gap_what what, int64_t length_ms,
		    const struct chain_item *x, const struct chain_item *y);

/*
 * late_upload, if it is, or clock_drift if it ended after it was stored; signed: a valid manifest
 * says when it ended.
 */
void chain_late(const struct chain *c, const char *rec, const char *path, int64_t end_ms,
		int64_t stored_ms, bool is_signed);

/* The numbers and times within the recordings; fills missing_* and head. */
void chain_recordings(struct chain *c);
/* The lifetime counter: forks, breaks, holes, and the clocks from one to the next. */
void chain_life(struct chain *c);
/* What lies inside a recording that has no room for it; the last, and of what nothing else tells. */
void chain_inserted(struct chain *c);

#endif
