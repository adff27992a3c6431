/*
 * The check before use (Art. 13): no fault, battery full enough, card space
 * enough, clock set.  Values in, findings out: battery_low, storage_low,
 * clock_drift, device_fault.
 *
 * What could not be found out is no finding.  A fact is session and phase, of
 * the clock the session alone (one drift, however often it is looked at), for
 * a fault its sentence as well.  Pure; any thread.
 */
#ifndef RULES_PRECHECK_H
#define RULES_PRECHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/clock.h"
#include "rules/finding.h"

enum precheck_phase { PRECHECK_DOCK, PRECHECK_READY, PRECHECK_UNDOCK };
const char *precheck_phase_name(enum precheck_phase p);	/* "dock", as RECORDS.md */

enum { PRECHECK_BATTERY_UNKNOWN = 255 };

struct precheck {
	enum precheck_phase phase;
	const char *recorder, *session;
	int64_t at_ms;
	uint8_t battery;		/* percent, or PRECHECK_BATTERY_UNKNOWN */
	uint64_t free, capacity;	/* bytes; UINT64_MAX: not known */
	const struct clock_offset *clock;	/* NULL: not known */
	const char *const *faults;	/* sentences */
	size_t n_faults;
	uint32_t megabytes_per_hour;	/* of recording; 0: not known */
};

struct precheck_limits {
	uint8_t battery_dock, battery_undock;	/* percent: below is low */
	uint8_t free_undock;			/* percent */
	uint32_t hours_undock;			/* of recording that must fit */
	int64_t drift_ms, drift_grave_ms;	/* more is a warning, a violation */
};

/* 20, 80, 50 %, 8 h, 30 s, 5 min. */
extern const struct precheck_limits precheck_limits_default;

/* Battery and storage are judged at dock (battery alone) and undock; clock and faults always. */
void precheck_judge(const struct precheck *p, const struct precheck_limits *l,
		    struct findings *out);

#endif
