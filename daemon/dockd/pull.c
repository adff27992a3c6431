/* The machine, and what is read of a file before it is decided whether to read all of it. */
#include "pull.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "format/name.h"
#include "pull_impl.h"
#include "rules/plan.h"

static void show_paused(struct pull *p, const char *why)
{
	snprintf(p->paused, sizeof(p->paused), "%s", why);
	p->s->changed(p->s->data);
}

enum pull_event pull_device_failed(struct pull *p, int r)
{
	p->result = PULL_STOPPED;
	p->r = r;
	snprintf(p->why, sizeof(p->why), "reading from the recorder failed: %s", uv_strerror(r));
	return PULL_STOP;
}

static const struct listing_file *any_file(const struct pull_item *i)
{
	return i->media != NULL ? i->media : i->bwm != NULL ? i->bwm : i->minisig;
}

static void unreadable(struct pull *p, const struct listing_file *f, int r)
{
	const char *why = r == -ERANGE ? "it ends before its size, or changed meanwhile"
				       : "the card returns a read error";

	log_warn("%s: %s: cannot be read: %s; the rest of the card goes on",
		 p->s->recorder->id, f->path, why);
	plan_unreadable(f, p->s->recorder->id, p->s->docked_ms, why, &p->others);
}

enum pull_event pull_store_failed(struct pull *p, int r, const char *why)
{
	const char *path = any_file(p->item)->path;

	if (r == -EUCLEAN) {		/* what is there is damaged: trying again changes nothing */
		log_err("%s: %s: not stored: %s; check the vault with `vaultctl verify vault`",
			p->s->recorder->id, path, why);
		p->result = PULL_REFUSED;
		snprintf(p->why, sizeof(p->why), "%s", why);
		return PULL_STOP;
	}
	if (p->backoff.tries == 0)
		log_warn("%s: %s: the vault cannot take more now: %s; trying again until it can",
			 p->s->recorder->id, path, why);
	snprintf(p->why, sizeof(p->why), "the vault cannot take more now: %s", why);
	return PULL_NO_ROOM;
}

/* ------ small pieces ------ */

static int read_piece(struct pull *p, const struct listing_file *f, uint64_t at, size_t len,
		      uint8_t *buf, void (*cb)(struct medium_read *read, int r))
{
	p->read = (struct medium_read){
		.medium = p->s->medium, .file = f, .at = at, .len = len, .buf = buf,
		.cb = cb, .data = p,
	};
	/* Once given up, the medium may be closed already. */
	return p->given_up ? -ECANCELED : medium_read(&p->read);
}

/* ------ sidecar ------ */

bool pull_has_manifest(const struct pull *p)
{
	return p->sidecar.bwm != NULL && p->sidecar.bwm_len <= MANIFEST_MAX;
}

/* One byte over the limit is enough to know that it is over. */
static size_t sidecar_len(const struct listing_file *f, size_t max)
{
	return (size_t)MIN(f->size, (uint64_t)max + 1);
}

static enum pull_event verify_sidecar(struct pull *p)
{
	sidecar_verify(&p->sidecar, p->s->recorder->id, p->s->recorder->keys,
		       p->s->recorder->n_keys, p->s->docked_ms);
	return PULL_OK;
}

/* 0, or what reading it failed with: of this file alone, and then it is noted, or of the device. */
static enum pull_event sidecar_part_done(struct pull *p, const struct listing_file *f, int r)
{
	if (r == 0)
		return PULL_OK;
	if (!medium_is_local(r))
		return pull_device_failed(p, r);
	unreadable(p, f, r);
	p->sidecar_unreadable = true;
	return PULL_OK;
}

static enum pull_event signature_done(struct pull *p, int r)
{
	enum pull_event event = sidecar_part_done(p, p->item->minisig, r);

	if (event != PULL_OK)
		return event;
	if (r == 0) {
		p->sidecar.minisig = p->minisig;
		p->sidecar.minisig_len = sidecar_len(p->item->minisig, MINISIGN_FILE_MAX);
	}
	return verify_sidecar(p);
}

static void on_signature(struct medium_read *read, int r)
{
	pull_step(read->data, signature_done(read->data, r));
}

static enum pull_event fetch_signature(struct pull *p)
{
	const struct listing_file *f = p->item->minisig;
	size_t len;
	int r;

	if (f == NULL)
		return verify_sidecar(p);
	len = sidecar_len(f, MINISIGN_FILE_MAX);
	if (len == 0)
		return signature_done(p, 0);
	r = read_piece(p, f, 0, len, p->minisig, on_signature);
	return r < 0 ? signature_done(p, r) : PULL_WAIT;
}

static enum pull_event manifest_done(struct pull *p, int r)
{
	enum pull_event event = sidecar_part_done(p, p->item->bwm, r);

	if (event != PULL_OK)
		return event;
	if (r == 0) {
		p->sidecar.bwm = p->bwm;
		p->sidecar.bwm_len = sidecar_len(p->item->bwm, MANIFEST_MAX);
	}
	return fetch_signature(p);
}

static void on_manifest(struct medium_read *read, int r)
{
	enum pull_event event = manifest_done(read->data, r);

	if (event != PULL_WAIT)
		pull_step(read->data, event);
}

static enum pull_event start_sidecar(struct pull *p)
{
	const struct listing_file *f = p->item->bwm;
	size_t len;
	int r;

	if (f == NULL)
		return fetch_signature(p);
	len = sidecar_len(f, MANIFEST_MAX);
	if (len == 0)
		return manifest_done(p, 0);
	r = read_piece(p, f, 0, len, p->bwm, on_manifest);
	return r < 0 ? manifest_done(p, r) : PULL_WAIT;
}

/* ------ probe ------ */

enum pull_event pull_media_failed(struct pull *p, int r)
{
	if (!medium_is_local(r))
		return pull_device_failed(p, r);
	unreadable(p, p->item->media, r);
	p->unreadable = true;
	return PULL_LOCAL;
}

static enum pull_event take_fingerprint(struct pull *p, const uint8_t *tail)
{
	const struct listing_file *f = p->item->media;

	p->fingerprint = record_fingerprint(f, p->sidecar.bwm != NULL ? &p->sidecar.address : NULL,
					    p->head, tail,
					    (size_t)MIN(f->size, (uint64_t)RECORD_PROBE));
	return PULL_OK;
}

/* The tail begins in the middle of a sector, which is read whole. */
static size_t tail_skip(const struct pull *p)
{
	const struct listing_file *f = p->item->media;

	return (size_t)((f->size - RECORD_PROBE) % medium_grain(p->s->medium, f));
}

/*
 * 0: there are bytes.  Where the card does not give them all, zeros stand for
 * them, and the file is read whatever the catalog says of it: it may be another.
 */
static enum pull_event probed(struct pull *p, uint8_t *buf, size_t len, int r)
{
	if (r == 0)
		return PULL_OK;
	if (r != -EIO || p->read.hung || !medium_reads_anywhere(p->s->medium))
		return pull_media_failed(p, r);
	memset(buf, 0, len);
	p->doubtful = true;
	return PULL_OK;
}

static enum pull_event tail_done(struct pull *p, int r)
{
	enum pull_event event = probed(p, p->tail, PULL_TAIL_ROOM, r);

	return event != PULL_OK ? event : take_fingerprint(p, p->tail + tail_skip(p));
}

static void on_tail(struct medium_read *read, int r)
{
	pull_step(read->data, tail_done(read->data, r));
}

static enum pull_event head_done(struct pull *p, int r)
{
	const struct listing_file *f = p->item->media;
	enum pull_event event = probed(p, p->head, PULL_HEAD_ROOM, r);
	size_t skip;

	if (event != PULL_OK)
		return event;
	if (f->size <= RECORD_PROBE || !medium_reads_anywhere(p->s->medium))
		return take_fingerprint(p, p->head);
	skip = tail_skip(p);
	r = read_piece(p, f, f->size - RECORD_PROBE - skip, RECORD_PROBE + skip, p->tail, on_tail);
	return r < 0 ? tail_done(p, r) : PULL_WAIT;
}

static void on_head(struct medium_read *read, int r)
{
	enum pull_event event = head_done(read->data, r);

	if (event != PULL_WAIT)
		pull_step(read->data, event);
}

static enum pull_event start_probe(struct pull *p)
{
	const struct listing_file *f = p->item->media;
	int r;

	if (f == NULL)
		return PULL_SKIP;
	if (f->trouble[0] != '\0') {	/* the listing made a finding of it */
		p->unreadable = true;
		return PULL_LOCAL;
	}
	if (f->size == 0)
		return take_fingerprint(p, p->head);
	r = read_piece(p, f, 0, (size_t)MIN(f->size, (uint64_t)RECORD_PROBE), p->head, on_head);
	return r < 0 ? head_done(p, r) : PULL_WAIT;
}

/* ------ ask ------ */

/* The answer, unless nobody waits for it any more. */
static void answered(struct pull_ask *a, bool known)
{
	struct pull *p = a->pull;

	free(a);
	if (p == NULL)
		return;
	p->ask = NULL;
	backoff_stop(&p->backoff);
	p->known = known;
	pull_step(p, known ? PULL_SKIP : PULL_OK);
}

static void on_has(void *data, int r)
{
	answered(data, r == 1);
}

/* What was disposed of is in no store, and is not to come back: it is known all the same. */
static void on_known(void *data, int r, enum catalog_known known, const struct digest *blob,
		     uint64_t size, const struct err *e)
{
	struct pull_ask *a = data;

	(void)e;
	if (a->pull != NULL && known != CATALOG_UNKNOWN)
		a->pull->known_blob = *blob;
	if (a->pull == NULL || r < 0 || known == CATALOG_UNKNOWN || size != a->size ||
	    !segment_may_be(&a->pull->sidecar, name_last(a->pull->item->media->path), blob))
		answered(a, false);
	else if (known == CATALOG_GONE)
		answered(a, true);
	else if (vault_has(a->pull->s->parts->vault, blob, size, on_has, a) < 0)
		answered(a, false);
}

static void on_ask_timeout(uv_timer_t *t)
{
	struct pull *p = t->data;

	TAKE(p->ask)->pull = NULL;
	pull_step(p, PULL_OK);
}

static enum pull_event start_ask(struct pull *p)
{
	struct catalog *c = p->s->parts->catalog;
	struct pull_ask *a;

	if (p->doubtful || !catalog_is_up(c))
		return PULL_OK;
	a = malloc(sizeof(*a));
	if (a == NULL)
		return PULL_OK;
	*a = (struct pull_ask){ .pull = p, .size = p->item->media->size };
	if (catalog_known(c, p->s->recorder->id, &p->fingerprint, on_known, a) < 0) {
		free(a);
		return PULL_OK;
	}
	p->ask = a;
	uv_timer_start(p->backoff.timer, on_ask_timeout, PULL_ASK_TIMEOUT_MS, 0);
	return PULL_WAIT;
}

/* ------ pause ------ */

/* Content that is sealed need not be read again. */
static enum pull_event after_pause(const struct pull *p)
{
	return p->item->media == NULL || p->sealed || p->known || p->unreadable ? PULL_SKIP
										: PULL_OK;
}

static void on_waited(uv_timer_t *t)
{
	struct pull *p = t->data;

	show_paused(p, "");
	pull_step(p, after_pause(p));
}

static enum pull_event start_pause(struct pull *p)
{
	if (p->given_up) {
		p->result = PULL_STOPPED;
		p->r = -ECANCELED;
		return PULL_STOP;
	}
	show_paused(p, p->why);
	backoff_wait(&p->backoff, on_waited);
	return PULL_WAIT;
}

/* ------ the machine ------ */

static enum pull_event start_end(struct pull *p)
{
	(void)p;
	return PULL_WAIT;
}

static enum pull_event (*const starts[PULL_STATES])(struct pull *p) = {
	[PULL_SIDECAR] = start_sidecar,		[PULL_PROBE] = start_probe,
	[PULL_ASK] = start_ask,			[PULL_RESUME] = pull_start_resume,
	[PULL_CONTENT] = pull_start_content,	[PULL_SEAL] = pull_start_seal,
	[PULL_DIGEST] = pull_start_digest,	[PULL_KEEP] = pull_start_keep,
	[PULL_SIGN] = pull_start_sign,		[PULL_RECORD] = pull_start_record,
	[PULL_PAUSE] = start_pause,		[PULL_END] = start_end,
};

/* Go on until something is under way or the item has ended. */
static void run(struct pull *p, enum pull_event event)
{
	enum pull_state next;

	while (event != PULL_WAIT) {
		next = pull_next(p->state, event);
		log_debug("pull %s: %s -> %s", any_file(p->item)->path, pull_state_name(p->state),
			  pull_state_name(next));
		p->state = next;
		event = starts[next](p);
	}
}

static void end(struct pull *p)
{
	findings_clear(&p->found);
	findings_clear(&p->others);
	p->item = NULL;
	p->cb(p->data, p->result, p->r, p->why);	/* may free p */
}

static void on_ended(uv_timer_t *t)
{
	end(t->data);
}

void pull_step(struct pull *p, enum pull_event event)
{
	run(p, event);
	if (p->state == PULL_END)
		end(p);
}

/* Nothing of the last item stays but the memory. */
static void reset(struct pull *p, const struct pull_item *item)
{
	p->item = item;
	p->result = PULL_STOPPED;
	p->r = 0;
	p->why[0] = p->paused[0] = '\0';
	p->sidecar = (struct sidecar){ .bwm = NULL };
	p->sidecar_unreadable = p->known = p->unreadable = p->doubtful = false;
	p->unwritten = item->media != NULL && item->media->valid < item->media->size;
	p->n_holes = 0;
	p->kept = 0;
	p->pumped = p->sealed = p->manifest_kept = p->has_signature_blob = p->has_seal = false;
	p->segment[0] = p->recording[0] = '\0';
	p->digest = DIGEST_NOT_CLAIMED;
	p->found = p->others = (struct findings){ 0 };
	backoff_reset(&p->backoff);
}

void pull_start(struct pull *p, const struct pull_item *item, pull_cb cb, void *data)
{
	if (p->item != NULL)
		BUG("pull: two items at once");
	reset(p, item);
	p->cb = cb;
	p->data = data;
	p->state = PULL_SIDECAR;
	run(p, start_sidecar(p));
	if (p->state == PULL_END)	/* nothing to wait for, but cb never comes from inside */
		uv_timer_start(p->backoff.timer, on_ended, 0, 0);
}

void pull_give_up(struct pull *p)
{
	p->given_up = true;
	pump_stop(p->pump);
	if (p->ask != NULL)
		uv_timer_start(p->backoff.timer, on_ask_timeout, 0, 0);
	else if (p->item != NULL && p->state == PULL_RESUME && p->put != NULL)
		pull_stop_resume(p);
	else if (p->item != NULL && p->state == PULL_PAUSE)
		uv_timer_start(p->backoff.timer, on_waited, 0, 0);
}

void pull_last_kept(const struct pull *p, struct pull_kept *ret)
{
	const bool bwm = p->known && pull_has_manifest(p);

	*ret = (struct pull_kept){
		.media = ((p->sealed && p->n_holes == 0) || p->known) && !p->unwritten,
		.bwm = p->manifest_kept || bwm, .minisig = p->has_signature_blob,
		.media_blob = p->sealed ? p->blob.address : p->known_blob,
		.bwm_blob = p->sidecar.address, .minisig_blob = p->signature_blob,
	};
	if (bwm && p->sidecar.minisig != NULL && p->sidecar.minisig_len <= MINISIGN_FILE_MAX) {
		ret->minisig = true;
		ret->minisig_blob = digest_of(p->sidecar.minisig, p->sidecar.minisig_len);
	}
}

uint64_t pull_bytes(const struct pull *p)
{
	if (p->item == NULL || p->item->media == NULL)
		return 0;
	if (p->sealed)
		return p->blob.size;
	return p->pumped && p->state != PULL_PAUSE ? pump_written(p->pump) : 0;
}

const char *pull_paused(const struct pull *p)
{
	return p->paused[0] != '\0' ? p->paused : NULL;
}

int pull_new(const struct pull_session *session, struct pull **ret)
{
	struct pull *p = calloc(1, sizeof(*p));
	void *memory = NULL;

	if (p == NULL)
		return -ENOMEM;
	p->s = session;
	if (posix_memalign(&memory, VAULT_ALIGN, PULL_MEMORY) != 0 || pump_new(session->parts->loop, &p->pump) < 0 ||
	    backoff_init(&p->backoff, session->parts->loop, p) < 0) {
		free(memory);
		pull_free(p);
		return -ENOMEM;
	}
	p->memory = memory;
	p->bwm = p->memory;
	p->minisig = p->bwm + PULL_BWM_ROOM;
	p->head = p->minisig + PULL_MINISIG_ROOM;
	p->tail = p->head + PULL_HEAD_ROOM;
	*ret = p;
	return 0;
}

void pull_free(struct pull *p)
{
	if (p == NULL)
		return;
	if (p->item != NULL)
		BUG("pull: freed while it works on %s", any_file(p->item)->path);
	backoff_fini(&p->backoff);
	pump_free(p->pump);
	free(p->memory);
	free(p);
}
