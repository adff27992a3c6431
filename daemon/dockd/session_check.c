/*
 * The check before use (Art. 13): what the recorder is like when it comes, when
 * it is ready to go, and when it goes.  Its clock is set in between, where its
 * model says so and the device can.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "session_impl.h"
#include "timer.h"

enum {
	CLOCK_GOOD_MS = 1000,		/* nearer than that no clock of whole seconds can be set */
	CLOCK_TEXT_SIZE = 16,		/* "20261123T204258" */
};

/* ------ what is known ------ */

/* The offset of its clock, measured before any setting. */
static bool read_clock(const struct session *s, const struct listing_device *d,
		       struct clock_offset *ret)
{
	const struct clock_reading reading = {
		.claim = d->clock, .ms = d->clock_ms,
		.zone_min = d->zone_min != INT16_MIN ? d->zone_min : s->model->zone_min,
		.resolution_ms = d->clock_ms != 0 ? 100 : 1000,
		.asked_ms = d->clock_asked_ms, .answered_ms = d->clock_answered_ms,
	};

	return d->present && d->clock[0] != '\0' && clock_compare(&reading, ret);
}

static void take_state(struct session *s, const struct listing *l)
{
	struct checked *c = &s->checked;

	c->battery = l->device.present ? l->device.battery : LISTING_BATTERY_UNKNOWN;
	c->has_clock = read_clock(s, &l->device, &c->clock);
	card_space(l, &c->capacity, &c->free);
}

/* A record of it, and what it finds; NULL: no memory.  Findings are in the record. */
static json_t *check_record(struct session *s, enum precheck_phase phase, int64_t at_ms)
{
	const struct checked *c = &s->checked;
	struct findings found = { 0 };
	const struct precheck p = {
		.phase = phase, .recorder = s->recorder.id, .session = s->id, .at_ms = at_ms,
		.battery = c->battery, .free = c->free, .capacity = c->capacity,
		.clock = c->has_clock ? &c->clock : NULL,
		.megabytes_per_hour = s->model->megabytes_per_hour,
	};
	const struct record_check r = {
		.session = phase == PRECHECK_UNDOCK ? s->id : NULL, .recorder = s->recorder.id,
		.phase = precheck_phase_name(phase), .at_ms = at_ms,
		.battery = c->battery == LISTING_BATTERY_UNKNOWN ? -1 : c->battery,
		.has_space = c->free != UINT64_MAX && c->capacity != UINT64_MAX,
		.free = c->free, .capacity = c->capacity, .has_clock = c->has_clock,
		.clock_offset_ms = c->clock.offset_ms,
		.clock_uncertainty_ms = (uint64_t)c->clock.uncertainty_ms,
		.clock_set = s->clock_set, .findings = &found,
	};
	json_t *record;

	precheck_judge(&p, &precheck_limits_default, &found);
	record = record_check(&r);
	findings_clear(&found);
	return record;
}

json_t *session_check_at_dock(struct session *s)
{
	take_state(s, &s->listing);
	s->has_clock = s->checked.has_clock;
	s->clock = s->checked.clock;
	return check_record(s, PRECHECK_DOCK, utc_now());
}

/* ------ ready to go ------ */

static void on_ready_written(void *data, int r)
{
	session_step(data, session_written(data, r));
}

static enum session_event write_ready(struct session *s)
{
	json_t *record = check_record(s, PRECHECK_READY, utc_now());
	int r = ledger_write(s->ledger, record != NULL ? json_pack("[o]", record) : NULL,
			     on_ready_written, s);

	s->ready = r == 0;
	return r < 0 ? session_written(s, r) : SESSION_WAIT;
}

static void on_looked(void *data, int r, struct listing *listing, const struct err *e)
{
	struct session *s = data;
	enum session_event event;

	s->lister = NULL;
	if (r == 0) {
		take_state(s, listing);
		listing_clear(listing);
	} else {
		log_warn("slot %s: %s is not asked once more: %s", s->job.slot, s->recorder.id,
			 e->msg);
	}
	event = s->stop != SESSION_GO_ON ? session_stopped(s) : write_ready(s);
	if (event != SESSION_WAIT)
		session_step(s, event);
}

/* Ask the device once more; its datasets are for dock-lister to understand. */
static enum session_event look_again(struct session *s)
{
	struct lister_job job = {
		.loop = s->job.parts->loop, .path = s->job.parts->conf->lister,
		.silence_ms = s->job.parts->conf->lister_timeout_ms, .medium = s->medium,
		.what = s->medium_info.listing, .cb = on_looked, .data = s,
	};
	struct err e = { .code = 0 };

	job.what.kind = LISTING_MTP_STATE;
	if (lister_start(&job, &s->lister, &e) == 0)
		return SESSION_WAIT;
	log_warn("slot %s: %s", s->job.slot, e.msg);
	return write_ready(s);
}

/* ------ its clock ------ */

static void on_clock_set(void *data, int r, uint16_t response)
{
	struct session *s = data;
	enum session_event event;

	s->clock_set = r == 0 && response == PTP_OK;
	if (s->clock_set)
		log_info("slot %s: %s's clock was off by %lld ms and is set", s->job.slot,
			 s->recorder.id, (long long)s->clock.offset_ms);
	else
		log_warn("slot %s: %s does not let its clock be set: %s", s->job.slot,
			 s->recorder.id, r < 0 ? uv_strerror(r) : "it refuses");
	event = s->stop != SESSION_GO_ON ? session_stopped(s)
		: r < 0 && !medium_is_local(r) ? session_device_failed(s, r, uv_strerror(r))
		: look_again(s);
	if (event != SESSION_WAIT)
		session_step(s, event);
}

/* The wall clock of its zone, in the second that begins now. */
static void clock_text(int64_t now_ms, int zone_min, char ret[CLOCK_TEXT_SIZE])
{
	char text[UTC_TEXT_SIZE];

	/* "2026-11-23T20:42:58.000Z", of which the digits and the T are wanted. */
	utc_format(now_ms + (int64_t)zone_min * 60000, text);
	snprintf(ret, CLOCK_TEXT_SIZE, "%.4s%.2s%.2sT%.2s%.2s%.2s", text, text + 5, text + 8,
		 text + 11, text + 14, text + 17);
}

/* A second begins. */
static void on_second(uv_timer_t *t)
{
	struct session *s = t->data;
	char text[CLOCK_TEXT_SIZE];
	int r;

	timer_free(TAKE(s->second));
	if (s->stop != SESSION_GO_ON) {
		session_step(s, session_stopped(s));
		return;
	}
	clock_text(utc_now(), s->model->zone_min, text);
	r = mtp_set_clock(medium_mtp(s->medium), text, on_clock_set, s);
	if (r < 0)
		on_clock_set(s, r, 0);
}

static bool wants_clock_set(const struct session *s)
{
	return s->model->clock_set && s->has_clock &&
	       (s->listing.device.can & LISTING_CAN_SET_CLOCK) != 0 &&
	       (s->clock.offset_ms > CLOCK_GOOD_MS || s->clock.offset_ms < -CLOCK_GOOD_MS);
}

/* A clock of whole seconds is best set when one begins. */
static enum session_event set_clock(struct session *s)
{
	s->second = timer_new(s->job.parts->loop, s);
	if (s->second == NULL)
		return look_again(s);
	uv_timer_start(s->second, on_second, (uint64_t)(1000 - utc_now() % 1000), 0);
	return SESSION_WAIT;
}

void session_stop_ready(struct session *s)
{
	if (s->second != NULL)
		uv_timer_start(s->second, on_second, 0, 0);
}

enum session_event session_start_ready(struct session *s)
{
	if (s->outcome != OUTCOME_NONE || s->import != NULL)
		return SESSION_OK;
	if (s->checked.free != UINT64_MAX)
		s->checked.free += s->cleared_bytes;
	if (s->medium == NULL || medium_mtp(s->medium) == NULL)
		return write_ready(s);
	return wants_clock_set(s) ? set_clock(s) : look_again(s);
}

/* ------ gone ------ */

static void on_noted(void *data, int r)
{
	(void)data;
	if (r < 0)
		log_err("the check of a recorder that was taken away is not recorded: %s",
			uv_strerror(r));
}

void session_note_undock(struct session *s)
{
	json_t *record;
	int r;

	if (!s->ready)
		return;
	s->ready = false;
	record = check_record(s, PRECHECK_UNDOCK, utc_now());
	r = record != NULL ? clerk_note(s->job.parts->clerk, record, on_noted, NULL) : -ENOMEM;
	json_decref(record);
	if (r < 0)
		on_noted(NULL, r);
}
