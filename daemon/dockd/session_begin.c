/* Which recorder it is, and the record that says so: `match` and `begin`. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "match.h"
#include "session_impl.h"

/* ------ match ------ */

static enum session_event refuse(struct session *s, const char *why)
{
	struct finding f;
	char text[10];

	session_come_out(s, OUTCOME_REFUSED, why);
	f = session_finding(s, FINDING_UNKNOWN_RECORDER);
	snprintf(f.fact, sizeof(f.fact), "%04x:%04x:%.100s", s->info.vid, s->info.pid,
		 s->info.serial);
	snprintf(text, sizeof(text), "%04x:%04x", s->info.vid, s->info.pid);
	json_object_set_new(f.detail, "usb", json_string(text));
	json_object_set_new(f.detail, "serial", finding_text(s->info.serial));
	json_object_set_new(f.detail, "manufacturer", finding_text(s->info.manufacturer));
	json_object_set_new(f.detail, "product", finding_text(s->info.product));
	findings_add(&s->findings, &f);
	return SESSION_REFUSED;
}

static enum session_event refuse_unknown(struct session *s)
{
	return refuse(s, "no enrolled recorder has this USB identity: enrol it with"
		            " `vaultctl recorder enroll --from-slot`, then dock it again");
}

/* It came back as what it was. */
static bool is_locked_again(const struct session *s)
{
	return s->returned && s->info.vid == s->locked.vid && s->info.pid == s->locked.pid &&
	       s->model->unlock != MODEL_UNLOCK_NONE;
}

static enum session_event locked_again(struct session *s)
{
	char why[160];

	snprintf(why, sizeof(why), "it is locked again after the unlock command of model %s;"
		 " dock it again", s->unlock->name);
	return session_fault(s, why);
}

/* A recorder that is known, but that we may not or cannot read. */
static enum session_event check_match(struct session *s, const struct catalog_recorder *found)
{
	const char *other = s->job.taken(s->job.data, s, found->id);
	char why[200];

	if (other != NULL) {
		snprintf(why, sizeof(why), "it has the USB identity of %s, which is docked in slot"
			 " %s: enrol both with their serials", found->id, other);
		return refuse(s, why);
	}
	s->recorder = *found;
	if (s->info.class == USB_CLASS_STORAGE || s->info.class == USB_CLASS_MTP)
		return SESSION_OK;
	return session_fault(s, "it shows neither a disk nor files (MTP): switch the recorder to"
				" mass storage or MTP");
}

/* How an enrolled recorder that is not there names its files, as far as its identity tells. */
static const struct model *model_of(const struct session *s, const struct catalog_recorder *r)
{
	struct usb_device_info info = { .vid = r->vid, .pid = r->pid,
					.class = USB_CLASS_STORAGE };

	snprintf(info.serial, sizeof(info.serial), "%s", r->serial);
	return models_match(s->job.parts->models, &info);
}

/* Whose it is a person said, or nobody's. */
static enum session_event match_import(struct session *s, const struct catalog_recorder *list,
				       size_t n)
{
	const char *id = s->import->recorder;
	char why[120];
	size_t i;

	if (id[0] == '\0') {
		snprintf(s->recorder.id, sizeof(s->recorder.id), "%s", SESSION_IMPORT_ID);
		return SESSION_OK;
	}
	for (i = 0; i < n; i++) {
		if (strcmp(list[i].id, id) == 0) {
			s->recorder = list[i];
			s->model = model_of(s, &list[i]);
			return SESSION_OK;
		}
	}
	snprintf(why, sizeof(why), "recorder %s is not enrolled: enrol it first, or import without"
		 " --recorder", id);
	return session_fault(s, why);
}

static void on_recorders(void *data, const struct catalog_recorder *list, size_t n)
{
	struct session *s = data;
	const struct catalog_recorder *found = NULL;
	enum session_event event = SESSION_REFUSED;
	char why[200];

	if (s->import != NULL) {
		session_step(s, match_import(s, list, n));
		return;
	}
	switch (match_recorder(&s->info, list, n, &found)) {
	case MATCH_FOUND:
		event = check_match(s, found);
		break;
	case MATCH_UNKNOWN:
		event = is_locked_again(s) ? locked_again(s) : refuse_unknown(s);
		break;
	case MATCH_AMBIGUOUS:
		snprintf(why, sizeof(why), "its USB identity is that of %s and of another"
			 " recorder: enrol both with their serials", found->id);
		event = refuse(s, why);
		break;
	}
	session_step(s, event);
}

enum session_event session_start_match(struct session *s)
{
	s->model = models_match(s->job.parts->models, &s->info);
	if (snapshot_get(s->job.parts->snapshot, on_recorders, s) < 0)
		return session_fault(s, "no memory to look it up; dock it again later");
	return SESSION_WAIT;
}

/* ------ begin ------ */

/* It is in the journal now; how it goes on was decided before. */
static enum session_event begun(struct session *s, int r)
{
	if (r < 0)
		return session_written(s, r);
	switch (s->outcome) {
	case OUTCOME_REFUSED:
		return SESSION_REFUSED;
	case OUTCOME_FAULT:
		return SESSION_FAULT;
	default:
		return SESSION_OK;
	}
}

static void on_begun(void *data, int r)
{
	session_step(data, begun(data, r));
}

/* What the session is about; NULL: no memory. */
static json_t *begin_records(const struct session *s)
{
	const struct import_request *q = s->import;
	json_t *records = json_array();
	int r;

	r = json_array_append_new(records, record_session(s->job.slot, q == NULL ? &s->info : NULL,
							  s->recorder.id, s->docked_ms));
	if (r == 0 && s->returned)
		r = json_array_append_new(records, record_unlocked(utc_now(), s->unlock->name,
								   &s->locked));
	if (r == 0 && q != NULL)
		r = json_array_append_new(records, record_import(&(struct record_import){
			.at_ms = s->docked_ms, .kind = import_kind_name(q->kind),
			.source = q->source, .by = q->who, .officer = q->officer, .unit = q->unit,
			.case_no = q->case_id, .reason = q->reason,
			.class = q->class,
		}));
	if (r < 0)
		json_decref(TAKE(records));
	return records;
}

enum session_event session_start_begin(struct session *s)
{
	const bool known = s->recorder.id[0] != '\0';
	int r;

	if (s->import != NULL)
		log_info("%s: %s %s is imported by %s, session %s", s->job.slot,
			 import_kind_name(s->import->kind), s->import->source, s->import->who,
			 s->id);
	else
		log_info("slot %s: %s%s%04x:%04x %s docked, session %s", s->job.slot,
			 s->recorder.id, known ? ", " : "unknown device ", s->info.vid, s->info.pid,
			 s->info.serial, s->id);
	r = ledger_write(s->ledger, begin_records(s), on_begun, s);
	return r < 0 ? begun(s, r) : SESSION_WAIT;
}
