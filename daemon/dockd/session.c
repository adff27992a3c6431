/* The machine, and the states that deal with the device: how a session comes out, and its ends. */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "session_impl.h"

/* ------ how it comes out ------ */

void session_come_out(struct session *s, enum session_outcome outcome, const char *why)
{
	if (s->outcome != OUTCOME_NONE)
		return;
	s->outcome = outcome;
	snprintf(s->reason, sizeof(s->reason), "%s", why);
}

struct finding session_finding(const struct session *s, enum finding_code code)
{
	struct finding f = {
		.code = code, .subject_kind = SUBJECT_SESSION, .at_ms = s->docked_ms,
		.confidence = -1,
		.detail = json_pack("{s:s, s:s}", "slot", s->job.slot, "port", s->info.port),
	};

	snprintf(f.subject, sizeof(f.subject), "%s", s->id);
	snprintf(f.recorder, sizeof(f.recorder), "%s", s->recorder.id);
	json_object_set_new(f.detail, "why", finding_text(s->reason));
	return f;
}

enum session_event session_fault(struct session *s, const char *why)
{
	struct finding f;

	session_come_out(s, OUTCOME_FAULT, why);
	f = session_finding(s, FINDING_DEVICE_FAULT);
	snprintf(f.fact, sizeof(f.fact), "%s", session_state_name(s->state));
	findings_add(&s->findings, &f);
	return SESSION_FAULT;
}

enum session_event session_stopped(struct session *s)
{
	session_come_out(s, OUTCOME_INTERRUPTED, s->stop == SESSION_SHUTDOWN
		 ? "dockd ended; dock it again" : "unplugged before it was done; dock it again");
	return SESSION_STOPPED;
}

enum session_event session_device_failed(struct session *s, int r, const char *why)
{
	if (s->stop == SESSION_GO_ON && s->changed[0] != '\0')
		return session_fault(s, s->changed);
	if (s->stop == SESSION_GO_ON && r == -ENOMEM) {	/* ours, not the recorder's */
		session_come_out(s, OUTCOME_FAULT, why);
		return SESSION_FAULT;
	}
	if (s->stop == SESSION_GO_ON && r != -ENODEV && r != -ECANCELED)
		return session_fault(s, why);
	return session_stopped(s);
}

enum session_event session_written(struct session *s, int r)
{
	if (r == 0)
		return SESSION_OK;
	s->lost = true;
	if (r == -ECANCELED)
		session_come_out(s, OUTCOME_INTERRUPTED, "dockd ended");
	else
		session_come_out(s, OUTCOME_FAULT, "its journal cannot be written: see dockd's log");
	return SESSION_LOST;
}

/* ------ identify ------ */

static enum session_event identified(struct session *s, int r, const struct usb_device_info *info)
{
	char why[160];

	if (r == 0) {
		s->info = *info;
		return SESSION_OK;
	}
	snprintf(why, sizeof(why), "its USB descriptors cannot be read: %s%s", uv_strerror(r),
		 r == -EACCES ? "; check the udev rules" : "; dock it again");
	return session_device_failed(s, r, why);
}

static void on_identified(void *data, int r, const struct usb_device_info *info)
{
	session_step(data, identified(data, r, info));
}

static enum session_event start_identify(struct session *s)
{
	int r = s->job.source->identify(s->job.device, on_identified, s);

	return r < 0 ? identified(s, r, NULL) : SESSION_WAIT;
}

/* ------ open, medium, list ------ */

static enum session_event opened(struct session *s, int r, struct usb_io *io)
{
	char why[200];

	s->io = io;
	if (r == 0)
		return SESSION_OK;
	snprintf(why, sizeof(why), "it cannot be opened: %s%s", uv_strerror(r),
		 r == -EACCES ? "; check the udev rules"
		 : r == -EBUSY ? "; another program holds it" : "; dock it again");
	return session_device_failed(s, r, why);
}

static void on_opened(void *data, int r, struct usb_io *io)
{
	session_step(data, opened(data, r, r == 0 ? io : NULL));
}

static enum session_event start_open(struct session *s)
{
	int r;

	if (s->import != NULL)
		return SESSION_OK;
	r = s->job.source->open(s->job.device, on_opened, s);

	return r < 0 ? opened(s, r, NULL) : SESSION_WAIT;
}

static void on_medium(void *data, int r, const struct medium_info *info, const struct err *e)
{
	struct session *s = data;

	if (r == 0) {
		s->medium_info = *info;
		s->medium_info.listing.encoding = s->model->encoding;
	}
	session_step(s, r == 0 ? SESSION_OK : session_device_failed(s, r, e->msg));
}

/*
 * What is read from now on could be of another card, or other objects: end what
 * is under way, whose callbacks lead on.  What is in was read before.
 */
static void on_changed(void *data, const char *why)
{
	struct session *s = data;

	if (s->changed[0] != '\0' || s->state >= SESSION_REPORT)
		return;
	snprintf(s->changed, sizeof(s->changed), "%s", why);
	if (s->lister != NULL)
		lister_stop(s->lister);
	if (s->pull != NULL)
		pull_give_up(s->pull);
	session_stop_clearing(s);
}

static enum session_event start_medium(struct session *s)
{
	const struct medium_events events = {
		.opened = on_medium, .changed = on_changed, .data = s,
	};
	int r;

	if (s->import != NULL)
		r = medium_import_open(s->job.parts->loop, s->import, &events, &s->medium);
	else
		r = medium_open(s->job.parts->loop, s->io, &events, &s->medium);
	if (r < 0)
		return session_fault(s, "no memory to read it; dock it again later");
	s->io = NULL;
	s->import_fd = -1;
	return SESSION_WAIT;
}

static void on_listed(void *data, int r, struct listing *listing, const struct err *e)
{
	struct session *s = data;
	enum session_event event = SESSION_OK;

	s->lister = NULL;
	if (r == 0) {
		s->listing = *listing;
		medium_listed(s->medium, listing);
	} else {
		event = session_device_failed(s, r, e->msg);
	}
	session_step(s, event);
}

static enum session_event start_list(struct session *s)
{
	const struct lister_job job = {
		.loop = s->job.parts->loop, .path = s->job.parts->conf->lister,
		.silence_ms = s->job.parts->conf->lister_timeout_ms, .medium = s->medium,
		.what = s->medium_info.listing,
		.cb = on_listed, .data = s,
	};
	struct err e = { .code = 0 };

	if (medium_lists_itself(s->medium)) {
		if (medium_list(s->medium, on_listed, s) < 0)
			return session_stopped(s);
	} else if (lister_start(&job, &s->lister, &e) < 0) {
		return session_fault(s, e.msg);
	}
	return SESSION_WAIT;
}

/* ------ report, close, end, finish ------ */

static void on_reported(void *data, int r)
{
	session_step(data, session_written(data, r));
}

static enum session_event start_report(struct session *s)
{
	json_t *records;
	int r;

	if (s->findings.n == 0)
		return SESSION_OK;
	records = json_array();
	if (record_findings(records, &s->findings) < 0)
		json_decref(TAKE(records));
	findings_clear(&s->findings);
	r = ledger_write(s->ledger, records, on_reported, s);
	return r < 0 ? session_written(s, r) : SESSION_WAIT;
}

static void on_closed(void *data)
{
	struct session *s = data;

	s->closing = false;
	s->medium = NULL;
	if (s->state == SESSION_CLOSE)
		session_step(s, SESSION_OK);
	else
		session_card_free(s);
}

void session_close_device(struct session *s)
{
	if (s->closing || (s->medium == NULL && s->io == NULL))
		return;
	s->closing = true;
	if (s->medium != NULL)
		medium_close(s->medium, on_closed, s);
	else
		TAKE(s->io)->ops->close(s->io, on_closed, s);
}

static enum session_event start_close(struct session *s)
{
	session_forget_card(s);
	session_close_device(s);
	return s->closing ? SESSION_WAIT : SESSION_OK;
}

static void on_ended(void *data, int r)
{
	session_step(data, session_written(data, r));
}

static enum session_event start_end(struct session *s)
{
	json_t *end;
	int r;

	if (s->lost)
		return SESSION_LOST;
	/* "Safe to remove" is said here: never of a card that was not gone through. */
	if (s->outcome == OUTCOME_NONE && s->at < s->n_items)
		BUG("session %s: released after %zu of %zu items", s->id, s->at, s->n_items);
	if (s->outcome == OUTCOME_NONE)
		s->outcome = OUTCOME_RELEASED;
	end = record_end(utc_now(), session_outcome_name(s->outcome), s->reason, &s->counts);
	r = ledger_write(s->ledger, json_pack("[o]", end), on_ended, s);
	return r < 0 ? session_written(s, r) : SESSION_WAIT;
}

static void on_finished(void *data, enum clerk_recorded how)
{
	struct session *s = data;

	s->recorded = how == CLERK_RECORDED;
	session_step(s, SESSION_OK);
}

static enum session_event start_finish(struct session *s)
{
	int r = ledger_finish(s->ledger, on_finished, s);

	if (r < 0)
		return SESSION_OK;	/* the clerk records it all the same, at its next start */
	return s->stop == SESSION_GO_ON ? SESSION_WAIT : SESSION_OK;
}

static void say_end(const struct session *s)
{
	static const char *const advice[] = {
		[OUTCOME_NONE] = "", [OUTCOME_RELEASED] = ": safe to remove",
		[OUTCOME_INTERRUPTED] = "", [OUTCOME_REFUSED] = "", [OUTCOME_FAULT] = "",
	};

	log_info("slot %s: %s%ssession %s %s%s%s%s; %" PRIu64 " planned, %" PRIu64 " stored, %"
		 PRIu64 " known, %" PRIu64 " failed, %" PRIu64 " bytes", s->job.slot,
		 s->recorder.id, s->recorder.id[0] != '\0' ? ", " : "", s->id,
		 s->outcome != OUTCOME_NONE ? session_outcome_name(s->outcome) : "ended",
		 advice[s->outcome], s->reason[0] != '\0' ? ": " : "", s->reason,
		 s->counts.planned, s->counts.stored, s->counts.known, s->counts.failed,
		 s->counts.bytes);
}

static enum session_event start_done(struct session *s)
{
	ledger_free(TAKE(s->ledger));
	say_end(s);
	return SESSION_WAIT;
}

/* ------ the machine ------ */

static enum session_event (*const starts[SESSION_STATES])(struct session *s) = {
	[SESSION_IDENTIFY] = start_identify,	[SESSION_UNLOCK] = session_start_unlock,
	[SESSION_RETURN] = session_start_return, [SESSION_IDENTIFY_AGAIN] = start_identify,
	[SESSION_MATCH] = session_start_match,
	[SESSION_BEGIN] = session_start_begin,		[SESSION_OPEN] = start_open,
	[SESSION_MEDIUM] = start_medium,	[SESSION_LIST] = start_list,
	[SESSION_ASK] = session_start_ask,	[SESSION_PLAN] = session_start_plan,
	[SESSION_PULL] = session_start_pull,	[SESSION_CLEAR] = session_start_clear,
	[SESSION_READY] = session_start_ready,	[SESSION_LEDGER] = session_start_ledger,
	[SESSION_REPORT] = start_report,	[SESSION_CLOSE] = start_close,
	[SESSION_END] = start_end,		[SESSION_FINISH] = start_finish,
	[SESSION_DONE] = start_done,
};

/* Once stopped, or told that the medium is another, nothing new is begun that needs the recorder. */
static enum session_event heed_stop(struct session *s, enum session_event event)
{
	if (event != SESSION_OK || s->state >= SESSION_REPORT)
		return event;
	if (s->stop != SESSION_GO_ON)
		return session_stopped(s);
	return s->changed[0] != '\0' ? session_fault(s, s->changed) : event;
}

void session_step(struct session *s, enum session_event event)
{
	enum session_state next;

	while (event != SESSION_WAIT) {
		event = heed_stop(s, event);
		next = session_next(s->state, event);
		log_debug("session %s: %s -> %s", s->id, session_state_name(s->state),
			  session_state_name(next));
		s->state = next;
		event = starts[next](s);
	}
	s->job.changed(s->job.data);
	if (s->state != SESSION_DONE || s->stop == SESSION_GO_ON)
		return;
	if (s->stop == SESSION_UNPLUGGED)
		session_note_undock(s);
	s->job.over(s->job.data, s);	/* frees s */
}

/*
 * What is under way is asked to end; its callbacks lead on.  Identify and open
 * cannot be asked: they end by themselves.
 */
static void end_what_is_under_way(struct session *s)
{
	if (s->stop == SESSION_SHUTDOWN)	/* what is written from now on waits for nothing */
		ledger_give_up(s->ledger);
	if (s->state == SESSION_MATCH) {
		snapshot_forget(s->job.parts->snapshot, s);
		session_step(s, SESSION_STOPPED);	/* may free s */
		return;
	}
	if (session_stop_unlocking(s) || session_stop_asking(s))
		return;
	if (s->lister != NULL)
		lister_stop(s->lister);
	if (s->pull != NULL)
		pull_give_up(s->pull);
	session_stop_clearing(s);
	session_stop_ready(s);
	if (s->state >= SESSION_OPEN && s->state < SESSION_REPORT)
		session_close_device(s);
	if (s->state == SESSION_FINISH)		/* the clerk goes on without us */
		session_step(s, SESSION_OK);
}

bool session_stop(struct session *s, enum session_stop why)
{
	s->stop = why;
	if (s->state == SESSION_DONE && why == SESSION_UNPLUGGED)
		session_note_undock(s);
	if (s->state == SESSION_DONE)
		return true;
	end_what_is_under_way(s);
	return false;
}

const char *session_id(const struct session *s)
{
	return s->id;
}

const char *session_recorder(const struct session *s)
{
	return s->recorder.id;
}

bool session_is_docked(const struct session *s)
{
	return s->stop == SESSION_GO_ON;
}

/* ------ life ------ */

static void on_ledger_changed(void *data)
{
	struct session *s = data;

	s->job.changed(s->job.data);
}

int session_new(const struct session_job *job, struct session **ret)
{
	struct session *s = calloc(1, sizeof(*s));
	enum session_event event;

	if (s == NULL)
		return -ENOMEM;
	s->job = *job;
	s->import = job->import;
	s->import_fd = s->import != NULL ? s->import->fd : -1;
	s->info = job->info;
	s->docked_ms = utc_now();
	s->rate = rate_of(job->parts->conf->bandwidth_slot);
	record_uuid_random(s->id);
	if (ledger_new(job->parts->loop, job->parts->clerk, s->id, on_ledger_changed, s,
		       &s->ledger) < 0) {
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	s->state = s->import != NULL ? SESSION_MATCH : SESSION_IDENTIFY;
	event = starts[s->state](s);
	if (event != SESSION_WAIT)
		session_step(s, event);
	return 0;
}

void session_free(struct session *s)
{
	if (s->state != SESSION_DONE || s->closing)
		BUG("session: %s freed in state %s", s->id, session_state_name(s->state));
	if (s->import_fd >= 0)
		close(s->import_fd);
	findings_clear(&s->findings);
	free(s);
}
