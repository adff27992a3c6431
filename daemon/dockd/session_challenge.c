/*
 * The challenge (format/challenge.h): at the end of a session dockd leaves a
 * fresh number on the recorder, where its model says so and the device takes
 * files.  Whether a later session brings the answer the catalog judges.
 *
 * It is recorded once it is there: of one that nobody recorded, no answer is
 * expected.  The one of last time, if it is still there, is replaced; it is the
 * dock's own, so it is neither taken in nor part of the card ledger.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "format/challenge.h"
#include "format/name.h"
#include "session_impl.h"

static size_t make(const struct session *s, char text[CHALLENGE_TEXT_SIZE])
{
	struct challenge c = { .at_ms = s->challenge.at_ms, .nonce = s->challenge.nonce };

	snprintf(c.station, sizeof(c.station), "%s", s->job.parts->conf->station);
	snprintf(c.recorder, sizeof(c.recorder), "%s", s->recorder.id);
	snprintf(c.session, sizeof(c.session), "%s", s->id);
	return challenge_write(&c, text);
}

/* ------ the one of last time ------ */

static bool is_ours(const struct session *s, const struct listing_file *f, size_t len)
{
	return !f->deleted && f->handle != 0 && f->size == len &&
	       strcmp(name_last(f->path), s->model->challenge) == 0;
}

void session_set_challenge_aside(struct session *s)
{
	struct listing *l = &s->listing;
	char text[CHALLENGE_TEXT_SIZE];
	size_t len = make(s, text);
	uint32_t i;

	if (s->model->challenge[0] == '\0' || medium_mtp(s->medium) == NULL)
		return;
	for (i = 0; i < l->n_files && !is_ours(s, &l->files[i], len); i++)
		;
	if (i == l->n_files)
		return;
	s->challenge.old = l->files[i].handle;
	free(l->files[i].path);
	free(l->files[i].raw);
	free(l->files[i].extents);
	l->n_files--;
	memmove(&l->files[i], &l->files[i + 1], (l->n_files - i) * sizeof(*l->files));
}

/* ------ leaving one ------ */

static void on_recorded(void *data, int r)
{
	session_step(data, session_written(data, r));
}

static enum session_event record(struct session *s)
{
	json_t *j = record_challenge(NULL, s->recorder.id, s->challenge.at_ms, s->challenge.nonce.b,
				     s->model->challenge);
	int r = ledger_write(s->ledger, j != NULL ? json_pack("[o]", j) : NULL, on_recorded, s);

	return r < 0 ? session_written(s, r) : SESSION_WAIT;
}

/* The recorder is no worse than it was: that is in the log, and the session goes on. */
static enum session_event refused(struct session *s, const char *what, int r, uint16_t response)
{
	char why[60];

	snprintf(why, sizeof(why), r < 0 ? "%s" : "it answers %s%04x", r < 0 ? uv_strerror(r) : "",
		 response);
	log_warn("slot %s: %s: %s: %s; no challenge is left this time", s->job.slot, s->recorder.id,
		 what, why);
	if (r < 0 && !medium_is_local(r))
		return session_device_failed(s, r, "leaving a challenge failed: dock it again");
	return SESSION_OK;
}

static void on_sent(void *data, int r, uint16_t response)
{
	struct session *s = data;
	enum session_event event;

	/* What is there is recorded, also of a session that is told to stop. */
	if (r == 0 && response == PTP_OK)
		event = record(s);
	else
		event = s->stop != SESSION_GO_ON ? session_stopped(s)
			: refused(s, "it does not take a challenge", r, response);
	if (event != SESSION_WAIT)
		session_step(s, event);
}

static enum session_event leave(struct session *s)
{
	char text[CHALLENGE_TEXT_SIZE];
	size_t len;
	int r;

	s->challenge.at_ms = utc_now();
	randombytes_buf(s->challenge.nonce.b, sizeof(s->challenge.nonce.b));
	len = make(s, text);
	r = mtp_send(medium_mtp(s->medium), 0, 0, s->model->challenge, (const uint8_t *)text,
		     (uint32_t)len, on_sent, s);
	return r < 0 ? refused(s, "a challenge cannot be sent", r, 0) : SESSION_WAIT;
}

static void on_old_deleted(void *data, int r, uint16_t response)
{
	struct session *s = data;
	enum session_event event;

	if (s->stop != SESSION_GO_ON)
		event = session_stopped(s);
	else if (r == 0 && response == PTP_OK)
		event = leave(s);
	else
		event = refused(s, "the last challenge cannot be removed", r, response);
	if (event != SESSION_WAIT)
		session_step(s, event);
}

enum session_event session_start_challenge(struct session *s)
{
	struct mtp *mtp = s->medium != NULL ? medium_mtp(s->medium) : NULL;
	const uint32_t can = s->listing.device.can;
	int r;

	if (s->outcome != OUTCOME_NONE || mtp == NULL || s->model->challenge[0] == '\0' ||
	    (can & LISTING_CAN_SEND) == 0)
		return SESSION_OK;
	if (s->challenge.old == 0)
		return leave(s);
	if ((can & LISTING_CAN_DELETE) == 0) {
		log_warn("slot %s: %s keeps the last challenge and deletes nothing: no other is left",
			 s->job.slot, s->recorder.id);
		return SESSION_OK;
	}
	r = mtp_delete(mtp, s->challenge.old, on_old_deleted, s);
	return r < 0 ? refused(s, "the last challenge cannot be removed", r, 0) : SESSION_WAIT;
}
