#include "rules/coverage_gap.h"

#include "base/util.h"

/* At the dock: a battery this low, or a card this full, may well have ended a recording. */
enum { LOG_BATTERY = 5, LOG_FREE = 1 };

/* How sure a reason makes its class; the recorder's signed word may still follow a pulled battery. */
static const struct {
	const char *name;
	enum gap_class class;
	double sure;
} reasons[GAP_REASONS] = {
	[GAP_JITTER]		= { "jitter", GAP_CONTINUOUS, 1.0 },
	[GAP_FILE_BOUNDARY]	= { "file_boundary", GAP_SPLIT, 1.0 },
	[GAP_NEXT_RECORDING]	= { "next_recording", GAP_SPLIT, 0.8 },
	[GAP_BATTERY]		= { "battery", GAP_TECHNICAL, 0.9 },
	[GAP_FULL]		= { "full", GAP_TECHNICAL, 0.9 },
	[GAP_FAULT]		= { "fault", GAP_TECHNICAL, 0.9 },
	[GAP_LOG_BATTERY]	= { "log_battery", GAP_TECHNICAL, 0.5 },
	[GAP_LOG_FULL]		= { "log_full", GAP_TECHNICAL, 0.5 },
	[GAP_LOG_FAULT]		= { "log_fault", GAP_TECHNICAL, 0.5 },
	[GAP_NUMBERS_MISSING]	= { "numbers_missing", GAP_UNEXPLAINED, 1.0 },
	[GAP_MEDIA_MISSING]	= { "media_missing", GAP_UNEXPLAINED, 1.0 },
	[GAP_NO_END]		= { "no_end", GAP_UNEXPLAINED, 0.8 },
	[GAP_STOPPED]		= { "stopped", GAP_UNEXPLAINED, 1.0 },
	[GAP_LATE_START]	= { "late_start", GAP_UNEXPLAINED, 1.0 },
	[GAP_EARLY_END]		= { "early_end", GAP_UNEXPLAINED, 0.8 },
	[GAP_PAUSED]		= { "paused", GAP_UNEXPLAINED, 0.8 },
	[GAP_NOTHING]		= { "nothing", GAP_UNEXPLAINED, 1.0 },
	[GAP_DOUBLE]		= { "double", GAP_OVERLAP, 1.0 },
};

static const char *const class_names[GAP_CLASSES] = {
	[GAP_CONTINUOUS] = "continuous",
	[GAP_SPLIT] = "split",
	[GAP_TECHNICAL] = "technical",
	[GAP_UNEXPLAINED] = "unexplained",
	[GAP_OVERLAP] = "overlap",
};

const struct gap_limits gap_limits_default = { .continuous_ms = 2000, .notice_ms = 5000 };

const char *gap_class_name(enum gap_class c)
{
	if ((unsigned)c >= COUNT(class_names))
		BUG("gap: class %d", (int)c);
	return class_names[c];
}

const char *gap_reason_name(enum gap_reason r)
{
	if ((unsigned)r >= COUNT(reasons))
		BUG("gap: reason %d", (int)r);
	return reasons[r].name;
}

double gap_exists(int64_t length_ms, int64_t allowed_ms, int64_t uncertainty_ms)
{
	double beyond = (double)length_ms - (double)allowed_ms;

	if (beyond <= 0)
		return 0;
	if (uncertainty_ms <= 0)
		return 1;
	return MIN(1.0, beyond / (2 * (double)uncertainty_ms));
}

/* What the signed end of the segment before, or else the device's log, says of why it stopped. */
static enum gap_reason why_stopped(const struct gap_facts *f)
{
	if (f->signed_end && f->end == MANIFEST_END_BATTERY)
		return GAP_BATTERY;
	if (f->signed_end && f->end == MANIFEST_END_FULL)
		return GAP_FULL;
	if (f->signed_end && f->end == MANIFEST_END_FAULT)
		return GAP_FAULT;
	/* A hand stopped it, whatever the battery did afterwards. */
	if (f->signed_end && (f->end == MANIFEST_END_BUTTON || f->end == MANIFEST_END_DOCK))
		return GAP_STOPPED;
	if (f->log.fault)
		return GAP_LOG_FAULT;
	if (f->log.battery >= 0 && f->log.battery <= LOG_BATTERY)
		return GAP_LOG_BATTERY;
	if (f->log.free >= 0 && f->log.free <= LOG_FREE)
		return GAP_LOG_FULL;
	if (f->end == MANIFEST_END_BUTTON)
		return GAP_STOPPED;
	return f->behind ? GAP_PAUSED : GAP_EARLY_END;
}

static enum gap_reason reason(const struct gap_facts *f, const struct gap_limits *limits)
{
	bool pair = f->before && f->behind && f->same_recorder;

	switch (f->what) {
	case GAP_IS_NUMBERS:	return GAP_NUMBERS_MISSING;
	case GAP_IS_MEDIA:	return GAP_MEDIA_MISSING;
	case GAP_IS_END:	return f->log.fault ? GAP_LOG_FAULT : GAP_NO_END;
	case GAP_IS_TIME:	break;
	}
	if (f->length_ms <= limits->continuous_ms)
		return GAP_JITTER;
	if (pair && f->next_number && f->length_ms <= limits->notice_ms)
		return GAP_FILE_BOUNDARY;
	if (pair && f->numbers_missing)
		return GAP_NUMBERS_MISSING;
	if (pair && f->next_counter && f->length_ms <= limits->notice_ms &&
	    !(f->signed_end && f->end != MANIFEST_END_NONE))
		return GAP_NEXT_RECORDING;
	if (f->before)
		return why_stopped(f);
	return f->behind ? GAP_LATE_START : GAP_NOTHING;
}

void gap_classify(const struct gap_facts *f, const struct gap_limits *limits,
		  struct gap_verdict *ret)
{
	double trust = 1;

	ret->reason = reason(f, limits);
	ret->class = reasons[ret->reason].class;
	if (f->before)
		trust = MIN(trust, f->trust_before);
	if (f->behind)
		trust = MIN(trust, f->trust_behind);
	ret->confidence = reasons[ret->reason].sure * trust;
	/* That something is continuous is the surer, the less the doubt could make of it. */
	if (f->what == GAP_IS_TIME)
		ret->confidence *= ret->reason != GAP_JITTER ?
			gap_exists(f->length_ms, limits->continuous_ms, f->uncertainty_ms) :
			f->uncertainty_ms <= limits->continuous_ms ? 1 : 0.5;
}
