/*
 * What the parts of coverage_judge share; nobody else includes this.  Pure.
 */
#ifndef RULES_COVERAGE_PARTS_H
#define RULES_COVERAGE_PARTS_H

#include "rules/coverage.h"

/* One segment, laid on our clock. */
struct span {
	const struct coverage_segment *s;
	int64_t from, to;		/* from > to: it has no time that could count */
	int64_t clock_ms;		/* doubt that all of one docking share */
	int64_t own_ms;			/* doubt that is this one's alone */
	enum coverage_trust trust;
	bool inside;			/* some of it is within the action */
	bool timeless, stepped, doubled;
};

struct cover {
	const struct coverage_facts *f;
	const struct coverage_limits *limits;
	struct coverage *ret;
	struct span *spans;		/* one a segment, in their order */
	size_t n;
	struct span **order;		/* room for n, sorted as the pass at hand needs it */
	size_t n_order;
	bool near;			/* something outside might, by its clock, be inside */
};

/* Sums and differences that stop at the ends of int64_t instead of wrapping. */
int64_t cover_plus(int64_t a, int64_t b);
int64_t cover_minus(int64_t a, int64_t b);

/* Doubt about where a span lies; about the length between two (either may be NULL: a border). */
int64_t cover_doubt(const struct span *s);
int64_t cover_doubt_between(const struct span *a, const struct span *b);

/* Lay all segments on our clock, and see which are inside. */
void cover_place(struct cover *c);

/* What two recordings of one recorder both claim: believe neither; list: and tell it, as holes. */
void cover_doubles(struct cover *c, bool list);

/* The recordings that touch the action or are linked to it. */
void cover_used(struct cover *c);

/* A hole to be told; NULL when it is counted only. */
struct coverage_hole *cover_hole(struct cover *c, int64_t from_ms, int64_t to_ms,
				 const struct span *before, const struct span *behind);

int cover_by_recorder(const struct span *a, const struct span *b);

#endif
