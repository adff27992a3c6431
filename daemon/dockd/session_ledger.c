/*
 * The card ledger: when a session ends that went through all of a card, what is
 * on it is written down, signed with the dock's key, kept as a blob, and given
 * to the catalog in parts.  The next docking compares (session_card.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "session_impl.h"

struct card_ledger {
	struct buf text, signature;
	struct digest blob, signature_blob;
	int64_t at_ms;
	size_t files;
};

static void ledger_done(struct session *s)
{
	struct card_ledger *l = TAKE(s->card_ledger);

	if (l == NULL)
		return;
	buf_clear(&l->text);
	buf_clear(&l->signature);
	free(l);
}

/* The vault or the journal has it, or will not: the session goes on either way. */
static void go_on(struct session *s, enum session_event event)
{
	ledger_done(s);
	session_step(s, s->stop != SESSION_GO_ON && event == SESSION_OK ? session_stopped(s)
									 : event);
}

static void not_kept(struct session *s, const char *why)
{
	log_err("slot %s: the card ledger of %s is not kept: %s; the next docking compares with the"
		" one before", s->job.slot, s->recorder.id, why);
	go_on(s, SESSION_OK);
}

static void on_recorded(void *data, int r)
{
	go_on(data, session_written(data, r));
}

/* A part ends with a whole character, so that each is text by itself. */
static size_t part_len(const struct buf *b, size_t at)
{
	size_t end = MIN(b->len, at + RECORD_ENTRIES_MAX);

	while (end < b->len && (b->p[end] & 0xc0) == 0x80)
		end--;
	return end - at;
}

static unsigned count_parts(const struct buf *b)
{
	unsigned n = 0;
	size_t at;

	for (at = 0; at < b->len; at += part_len(b, at))
		n++;
	return n;
}

static json_t *records(const struct session *s, const struct card_ledger *l)
{
	const unsigned parts = count_parts(&l->text);
	json_t *list = json_array(), *record;
	unsigned part = 0;
	size_t at, len;
	char *entries;

	for (at = 0; list != NULL && at < l->text.len; at += len) {
		len = part_len(&l->text, at);
		entries = strndup((const char *)l->text.p + at, len);
		record = entries == NULL ? NULL : record_inventory(&(struct record_inventory){
			.recorder = s->recorder.id, .at_ms = l->at_ms, .part = part++,
			.parts = parts, .files = l->files, .entries = entries, .blob = l->blob,
			.signature_blob = &l->signature_blob,
		});
		free(entries);
		if (record == NULL || json_array_append_new(list, record) < 0)
			json_decref(TAKE(list));
	}
	return list;
}

static void on_signature_kept(void *data, int r, const struct vault_sealed *sealed,
			      const struct err *e)
{
	struct session *s = data;

	if (r < 0) {
		not_kept(s, e->msg);
		return;
	}
	s->card_ledger->signature_blob = sealed->address;
	r = ledger_write(s->ledger, records(s, s->card_ledger), on_recorded, s);
	if (r < 0)
		go_on(s, session_written(s, r));
}

static void on_text_kept(void *data, int r, const struct vault_sealed *sealed, const struct err *e)
{
	struct session *s = data;
	struct card_ledger *l = s->card_ledger;
	struct err why = { .code = 0 };

	if (r == 0) {
		l->blob = sealed->address;
		r = vault_store(s->job.parts->vault, l->signature.p, l->signature.len,
				on_signature_kept, s, &why);
		e = &why;
	}
	if (r < 0)
		not_kept(s, e->msg);
}

/* What is on the card now, but for what was cleared.  The files are for free(). */
static int list_what_is_left(const struct session *s, struct listing *ret)
{
	size_t i;

	*ret = s->listing;
	ret->files = calloc(MAX(ret->n_files, 1u), sizeof(*ret->files));
	if (ret->files == NULL)
		return -ENOMEM;
	if (ret->n_files > 0)
		memcpy(ret->files, s->listing.files, ret->n_files * sizeof(*ret->files));
	/* As an entry that is deleted, which it is. */
	for (i = 0; i < s->n_kept; i++)
		if (s->kept[i].cleared)
			ret->files[s->kept[i].file - s->listing.files].deleted = true;
	return 0;
}

static int write_text(struct session *s, struct card_ledger *l)
{
	struct listing left;
	struct inventory v;
	int r = list_what_is_left(s, &left);

	if (r < 0)
		return r;
	r = inventory_of(&left, &v);
	if (r < 0) {
		free(left.files);
		return r;
	}
	l->files = v.n;
	snprintf(v.station, sizeof(v.station), "%s", s->job.parts->conf->station);
	snprintf(v.recorder, sizeof(v.recorder), "%s", s->recorder.id);
	snprintf(v.session, sizeof(v.session), "%s", s->id);
	v.at_ms = l->at_ms = utc_now();
	inventory_write(&v, &l->text);
	inventory_clear(&v);		/* it borrows from what is left */
	free(left.files);
	return l->text.failed ? -E2BIG : 0;
}

static int sign(struct session *s, struct card_ledger *l, struct err *e)
{
	char comment[200];

	snprintf(comment, sizeof(comment), "card ledger of dock %s, session %s, recorder %s",
		 s->job.parts->conf->station, s->id, s->recorder.id);
	return seal_attest(s->job.parts->seal, l->text.p, l->text.len, comment, &l->signature, e);
}

/*
 * Only a ledger that was compared with the one before may take its place, and
 * only one of a card that was gone through.
 */
static bool is_due(const struct session *s)
{
	return s->model->ledger && s->import == NULL && s->outcome == OUTCOME_NONE && s->asked &&
	       s->listing.n_troubles == 0;
}

enum session_event session_start_ledger(struct session *s)
{
	struct card_ledger *l;
	struct err e = { .code = 0 };
	int r;

	if (!is_due(s))
		return SESSION_OK;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return SESSION_OK;
	s->card_ledger = l;
	l->text.max = INVENTORY_MAX;
	l->signature.max = MINISIGN_FILE_MAX;
	r = write_text(s, l);
	if (r < 0)
		err_set(&e, r, "%s", uv_strerror(r));
	if (r == 0)
		r = sign(s, l, &e);
	if (r == 0)
		r = vault_store(s->job.parts->vault, l->text.p, l->text.len, on_text_kept, s, &e);
	if (r == 0)
		return SESSION_WAIT;
	log_err("slot %s: the card ledger of %s is not kept: %s", s->job.slot, s->recorder.id,
		e.msg);
	ledger_done(s);
	return SESSION_OK;
}
