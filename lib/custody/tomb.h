/*
 * Is a segment gone by right?  Decided from custody events alone, leaf by leaf as the log has them: a row
 * that says so is worth nothing without the acts that it takes (docs/KEEPING.md).
 *
 *	the plan	made by somebody; approved by two others, by nobody rejected, 14 days before
 *	the segment	begun and its tombstone, of that plan and of these bytes, in this order, and not
 *			before the 14 days are over
 *
 * That the segment is among the plan's items is for the caller to see: tomb_plan_digest().
 *
 * Bytes    leaves as docs/CUSTODY.md has them, from a database that anybody may have written to: what is none
 *          counts for nothing, and makes nothing right.
 * Pure; any thread.
 */
#ifndef CUSTODY_TOMB_H
#define CUSTODY_TOMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOMB_ID_SIZE = 40, TOMB_ROLE_SIZE = 64, TOMB_APPROVALS_MAX = 8, TOMB_RECOVERY_DAYS = 14 };

struct tomb_plan {
	char plan[TOMB_ID_SIZE];
	char digest[65];		/* of its items; "": there is no plan */
	uint64_t objects;
	char maker[TOMB_ROLE_SIZE];	/* role of the database; never empty where there is a plan */
	int64_t made_ms, recalled_ms;	/* 0: it was not */
	struct { char role[TOMB_ROLE_SIZE]; int64_t at_ms; } approvals[TOMB_APPROVALS_MAX];
	size_t n_approvals;
	bool rejected, twice;		/* twice: two events of one thing */
};

struct tomb_segment {
	char segment[TOMB_ID_SIZE], blob[65];
	char begun_plan[TOMB_ID_SIZE], tomb_plan[TOMB_ID_SIZE];
	int64_t begun_ms, tomb_ms;	/* 0: it was not */
	bool kept;			/* its bytes were left for another */
	bool spared, twice;
};

void tomb_plan_begin(struct tomb_plan *p, const char *plan);
void tomb_segment_begin(struct tomb_segment *s, const char *segment, const char *blob_hex);

/* An event of the plan, or of the segment (each takes no others); in any order. */
void tomb_plan_add(struct tomb_plan *p, const uint8_t *leaf, size_t len);
void tomb_segment_add(struct tomb_segment *s, const uint8_t *leaf, size_t len);

enum tomb_verdict {
	TOMB_RIGHT,
	TOMB_NONE,			/* there is no tombstone */
	TOMB_NOT_BEGUN,			/* nothing says that it was begun, or it says another plan or other bytes */
	TOMB_NO_PLAN,
	TOMB_NOT_APPROVED,		/* by two people besides who made it */
	TOMB_TOO_EARLY,			/* begun before the recovery was over */
	TOMB_TAKEN_BACK,		/* rejected, recalled or spared before */
	TOMB_TWICE,			/* two events of what happens once */
};

/* p: of s->tomb_plan. */
enum tomb_verdict tomb_judge(const struct tomb_plan *p, const struct tomb_segment *s);

#endif
