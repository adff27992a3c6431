#include "rules/precheck.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "rules/card.h"

#define MEGABYTE	UINT64_C(1000000)

const struct precheck_limits precheck_limits_default = {
	.battery_dock = 20, .battery_undock = 80, .free_undock = 50, .hours_undock = 8,
	.drift_ms = 30 * 1000, .drift_grave_ms = 5 * 60 * 1000,
};

static const char *const phase_names[] = {
	[PRECHECK_DOCK] = "dock", [PRECHECK_READY] = "ready", [PRECHECK_UNDOCK] = "undock",
};

const char *precheck_phase_name(enum precheck_phase p)
{
	if ((unsigned)p >= COUNT(phase_names))
		BUG("precheck: phase %d", (int)p);
	return phase_names[p];
}

static struct finding begin(const struct precheck *p, enum finding_code code)
{
	struct finding f = card_finding(p->recorder, code, p->at_ms);

	snprintf(f.fact, sizeof(f.fact), "%s %s", p->session, precheck_phase_name(p->phase));
	f.severity = SEVERITY_WARNING;
	f.detail = json_pack("{s:s}", "phase", precheck_phase_name(p->phase));
	return f;
}

static void judge_battery(const struct precheck *p, const struct precheck_limits *l,
			  struct findings *out)
{
	uint8_t limit = p->phase == PRECHECK_DOCK ? l->battery_dock : l->battery_undock;
	struct finding f;

	/* While it charges it may be as low as it likes. */
	if (p->phase == PRECHECK_READY || p->battery > 100 || p->battery >= limit)
		return;
	f = begin(p, FINDING_BATTERY_LOW);
	json_object_set_new(f.detail, "battery", json_integer(p->battery));
	json_object_set_new(f.detail, "limit", json_integer(limit));
	findings_add(out, &f);
}

static void judge_storage(const struct precheck *p, const struct precheck_limits *l,
			  struct findings *out)
{
	const uint64_t needed = (uint64_t)p->megabytes_per_hour * MEGABYTE * l->hours_undock;
	bool small, short_of;
	struct finding f;

	if (p->phase != PRECHECK_UNDOCK || p->free == UINT64_MAX)
		return;
	small = p->capacity != UINT64_MAX && p->free < p->capacity / 100 * l->free_undock;
	short_of = p->free < needed;
	if (!small && !short_of)
		return;
	f = begin(p, FINDING_STORAGE_LOW);
	json_object_set_new(f.detail, "free", finding_number(p->free));
	json_object_set_new(f.detail, "capacity", p->capacity == UINT64_MAX ? json_null() :
			    finding_number(p->capacity));
	json_object_set_new(f.detail, "needed", needed == 0 ? json_null() :
			    finding_number(needed));
	json_object_set_new(f.detail, "limit_percent", json_integer(l->free_undock));
	findings_add(out, &f);
}

static void judge_clock(const struct precheck *p, const struct precheck_limits *l,
			struct findings *out)
{
	const struct clock_offset *c = p->clock;
	int64_t surely;
	struct finding f;

	if (c == NULL)
		return;
	surely = (c->offset_ms < 0 ? -c->offset_ms : c->offset_ms) - c->uncertainty_ms;
	if (surely <= l->drift_ms)
		return;
	f = begin(p, FINDING_CLOCK_DRIFT);
	/* Looked at again in the same docking it is the same drift. */
	snprintf(f.fact, sizeof(f.fact), "%s", p->session);
	if (surely > l->drift_grave_ms)
		f.severity = SEVERITY_VIOLATION;
	json_object_set_new(f.detail, "offset_ms", json_integer(c->offset_ms));
	json_object_set_new(f.detail, "uncertainty_ms", json_integer(c->uncertainty_ms));
	json_object_set_new(f.detail, "limit_ms", json_integer(l->drift_ms));
	findings_add(out, &f);
}

static void judge_fault(const struct precheck *p, const char *fault, struct findings *out)
{
	struct finding f = begin(p, FINDING_DEVICE_FAULT);
	size_t len = strlen(f.fact);
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	f.severity = SEVERITY_DEFAULT;
	crypto_generichash(d.b, sizeof(d.b), (const uint8_t *)fault, strlen(fault), NULL, 0);
	snprintf(f.fact + len, sizeof(f.fact) - len, " %s", digest_hex(&d, hex));
	json_object_set_new(f.detail, "why", finding_text(fault));
	findings_add(out, &f);
}

void precheck_judge(const struct precheck *p, const struct precheck_limits *l,
		    struct findings *out)
{
	size_t i;

	judge_battery(p, l, out);
	judge_storage(p, l, out);
	judge_clock(p, l, out);
	for (i = 0; i < p->n_faults; i++)
		judge_fault(p, p->faults[i], out);
}
