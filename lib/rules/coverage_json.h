/*
 * Coverage's facts as the catalog gives them (sql/028, dv.coverage_facts), and its
 * verdict as the catalog takes it (dv.coverage_judged).
 *
 * Facts:	{"action": UUID, "revision": N, "start_ms", "end_ms", "officers": ["019123", ...],
 *		"left_out": N, "not_docked": N, "limits": {"continuous_ms", "notice_ms",
 *		"overlap_ms", "clock_off_ms", "unchecked_ms"}, "segments": [...]}; each limit
 *		may be left out: its default then.
 *	segment	{"recorder", "recording", "seq", "source": none directory manifest, "signed",
 *		"forged", "clock_unset", "dseq", "boot", "mono_start_ms", "mono_end_ms", "end":
 *		as a manifest has it, "start_ms", "end_ms", "officer": index, "linked",
 *		"clock_offset_ms", "clock_uncertainty_ms", "docked_ms", "battery", "free": percent,
 *		"fault", "jump_ms"}; recorder, recording and source are always there, the rest when
 *		it is known.
 *
 * Verdict:	{"action", "revision", "verdict", "grade", "confidence", "wanted_ms", "covered_ms",
 *		"proven_ms", "uncertainty_ms", "holes": [{"from", "to", "uncertainty_ms", "class",
 *		"reason", "confidence", "grade", "before", "behind": {"recording": RECORDER/RECORDING,
 *		"seq"}, or null: the border}], "officers": [{"officer", "segments", "covered_ms"}], "used":
 *		[{"recording", "segments", "from", "to", "offset_ms", "uncertainty_ms", "says": [...]}],
 *		"doubts": {"timeless", "backwards", "empty", "unbelievable", "left_out", "not_docked",
 *		"holes_left_out", "used_left_out"}, those that are not 0}.
 *
 * Ownership	facts point into the JSON, which must outlive them.
 * Threads	any.  Pure.
 */
#ifndef RULES_COVERAGE_JSON_H
#define RULES_COVERAGE_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "rules/coverage.h"

struct coverage_case {
	const char *action;		/* UUID */
	int64_t revision;
	const char *officers[COVERAGE_OFFICERS_MAX];
	struct coverage_facts facts;
	struct coverage_limits limits;
	struct coverage_segment *segments;	/* facts.segments, of coverage_case_clear() */
};

/*
 * Strictly: 0; -EINVAL with what is wrong (a member that is missing, of another
 * type, out of range, or not known at all); -ENOMEM.  *ret is empty then.
 */
int coverage_case_parse(json_t *j, struct coverage_case *ret, struct err *e);
void coverage_case_clear(struct coverage_case *c);

/* A new reference, NULL without memory. */
json_t *coverage_json(const struct coverage_case *c, const struct coverage *v);

/*
 * All of it: facts in, text of the verdict out (free() it).  0; -EINVAL: not such
 * facts, or an action without an interval; -ENOMEM.
 */
int coverage_judge_json(json_t *facts, char **ret, struct err *e);
int coverage_judge_text(const char *text, size_t len, char **ret, struct err *e);

#endif
