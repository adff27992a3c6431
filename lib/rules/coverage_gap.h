/*
 * A stretch of time, or of numbers, that was not recorded: of which class it is,
 * by what, and how sure that is (regulation Art. 12: no interruption but for
 * technical reasons).  One function for both who ask: the chain of a recorder's
 * manifests (a hole in a recording) and coverage (a hole in an action).
 *
 * The arithmetic in words, with examples: docs/COVERAGE.md.
 *
 * Units	milliseconds.  confidence is 0 to 1.
 * Errors	none: a class is a verdict.
 * Pure; any thread.
 */
#ifndef RULES_COVERAGE_GAP_H
#define RULES_COVERAGE_GAP_H

#include <stdbool.h>
#include <stdint.h>

#include "format/manifest.h"

enum gap_class {
	GAP_CONTINUOUS,		/* within what counts as continuous */
	GAP_SPLIT,		/* between two files of one take */
	GAP_TECHNICAL,		/* battery, full, fault: signed by the recorder, or its log says so */
	GAP_UNEXPLAINED,
	GAP_OVERLAP,		/* two recordings of one recorder claim the same time */
	GAP_CLASSES
};

enum gap_reason {
	GAP_JITTER,		/* shorter than the tolerance */
	GAP_FILE_BOUNDARY,	/* the next number of the same recording follows */
	GAP_NEXT_RECORDING,	/* the recorder went on under another recording */
	GAP_BATTERY, GAP_FULL, GAP_FAULT,	/* the signed end of the segment before */
	GAP_LOG_BATTERY, GAP_LOG_FULL, GAP_LOG_FAULT,	/* what the dock found, and no button */
	GAP_NUMBERS_MISSING,	/* the recorder numbered files that are not there */
	GAP_MEDIA_MISSING,	/* signed for, and not there */
	GAP_NO_END,		/* it breaks off without an end */
	GAP_STOPPED,		/* stopped by the button, and begun again or not */
	GAP_LATE_START,		/* nothing before */
	GAP_EARLY_END,		/* nothing behind, and nothing is known of why */
	GAP_PAUSED,		/* something before and behind, and nothing is known of why */
	GAP_NOTHING,		/* neither before nor behind */
	GAP_DOUBLE,		/* of GAP_OVERLAP */
	GAP_REASONS
};

/* What the dock found when the recorder came back with the segment before. */
struct gap_log {
	int battery;		/* percent; negative: not known */
	int free;		/* percent of the card; negative: not known */
	bool fault;		/* it named any */
};
#define GAP_LOG_UNKNOWN	{ -1, -1, false }

/* Time, sequence or lifetime numbers, a file that is not there, an end that is not marked. */
enum gap_what { GAP_IS_TIME, GAP_IS_NUMBERS, GAP_IS_MEDIA, GAP_IS_END };

struct gap_facts {
	enum gap_what what;
	int64_t length_ms;		/* of GAP_IS_TIME */
	int64_t uncertainty_ms;		/* length_ms may be wrong by this, either way; 0 or more */
	bool before, behind;		/* there is a segment there, and the next four are about it */
	bool same_recorder;		/* both are of one; the following two may then be true */
	bool next_number;		/* the one behind is the next of the same recording */
	bool numbers_missing;		/* it is a later one of the same recording */
	bool next_counter;		/* another recording, the next lifetime number or the same boot */
	double trust_before, trust_behind;	/* 1: signed by the recorder and its clock known ... 0 */
	bool signed_end;		/* end below is the recorder's signed word */
	enum manifest_end end;		/* of the one before */
	struct gap_log log;
};

struct gap_limits {
	int64_t continuous_ms;		/* 2 s: up to that is continuous */
	int64_t notice_ms;		/* 5 s: up to that is a notice, and a split is believed */
};
extern const struct gap_limits gap_limits_default;

struct gap_verdict {
	enum gap_class class;
	enum gap_reason reason;
	double confidence;		/* that there is a hole, and that it is of this class */
};

void gap_classify(const struct gap_facts *f, const struct gap_limits *limits,
		  struct gap_verdict *ret);

/*
 * How sure it is that something measured as length_ms, give or take uncertainty_ms, is longer than
 * allowed_ms: 0 when it was not measured to be, 1 once it outlasts the doubt twice.
 */
double gap_exists(int64_t length_ms, int64_t allowed_ms, int64_t uncertainty_ms);

const char *gap_class_name(enum gap_class c);		/* "technical" */
const char *gap_reason_name(enum gap_reason r);		/* "battery" */

#endif
