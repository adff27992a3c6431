/*
 * Clearing: removing from the recorder what is safely kept.  Off unless the
 * recorder's model says so.
 *
 * A file goes only when the catalog has recorded it, its blob, read back from
 * the disk, is whole, and the recorder's own copy, read a second time, is the
 * same bytes; what will be removed is in the journal before it is.  MTP devices
 * delete the object themselves; a card is written to by dock-clear alone, which
 * does the second reading through the kernel's driver.
 *
 * A failure skips the file, and is a finding.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blake2b.h"
#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "clear_client.h"
#include "session_impl.h"
#include "timer.h"

enum {
	RECORDED_TRIES = 60,		/* the catalog takes in what was just stored meanwhile */
	RECORDED_WAIT_MS = 500,
	SECOND_READ = 512 * 1024,
};

struct clearing {
	struct session *s;
	struct session_kept *files;	/* n of them; the session's */
	size_t n, at;
	bool *recorded;
	unsigned tries;
	uv_timer_t *timer;
	struct clear_client *client;	/* NULL: an MTP device, or not there yet */
	bool on_card;			/* it is for dock-clear */
	bool media_failed;		/* of the item at hand: its sidecars stay, too */

	/* The file at hand. */
	char why[200];			/* "": all is well so far */
	uv_work_t work;
	enum vault_verdict verdict;
	uint64_t kept_size;
	int r;
	struct err e;
	struct medium_read read;
	uint8_t *buf;
	struct blake2b state;
	uint64_t hashed;
	size_t len;			/* of the block at hand */
};

static void next_file(struct clearing *c);

/* ------ the end ------ */

static void leave(struct clearing *c)
{
	struct session *s = c->s;

	s->clearing = NULL;
	timer_free(c->timer);
	free(c->recorded);
	free(c->buf);
	free(c);
	session_step(s, s->stop != SESSION_GO_ON ? session_stopped(s) : SESSION_OK);
}

static void on_finished(void *data, int r, const char *why)
{
	struct clearing *c = data;

	if (r < 0)
		log_warn("slot %s: clearing %s: %s", c->s->job.slot, c->s->recorder.id, why);
	leave(c);
}

static void end(struct clearing *c)
{
	if (c->client != NULL)
		clear_client_finish(TAKE(c->client), on_finished, c);
	else
		leave(c);
}

/* ------ one file: what came of it ------ */

static struct record_clearing what(const struct clearing *c)
{
	return (struct record_clearing){
		.recorder = c->s->recorder.id, .at_ms = utc_now(),
		.file = c->files[c->at].file, .blob = c->files[c->at].blob,
	};
}

static void on_result_written(void *data, int r)
{
	struct clearing *c = data;

	if (r < 0) {
		c->s->lost = true;
		end(c);
		return;
	}
	c->at++;
	next_file(c);
}

static void find_failure(const struct clearing *c, struct findings *out)
{
	const struct listing_file *f = c->files[c->at].file;
	struct finding found = card_finding(c->s->recorder.id, FINDING_CLEAR_FAILED, utc_now());

	card_file_fact(f, found.fact);
	found.detail = card_file_detail(f);
	json_object_set_new(found.detail, "why", finding_text(c->why));
	findings_add(out, &found);
}

/* It is gone, or c->why says why not. */
static void file_done(struct clearing *c)
{
	const struct record_clearing record = what(c);
	const bool failed = c->why[0] != '\0';
	struct findings found = { 0 };
	json_t *j;
	int r;

	if (failed) {
		log_warn("slot %s: %s: %s stays on it: %s", c->s->job.slot, c->s->recorder.id,
			 record.file->path, c->why);
		find_failure(c, &found);
	} else {
		c->files[c->at].cleared = true;
		c->s->cleared_bytes += record.file->size;
	}
	if (c->files[c->at].media)
		c->media_failed = failed;
	j = record_cleared(&record, failed ? c->why : NULL, &found);
	findings_clear(&found);
	r = ledger_write(c->s->ledger, j != NULL ? json_pack("[o]", j) : NULL, on_result_written, c);
	if (r < 0)
		on_result_written(c, r);
}

/* ------ one file: removing ------ */

static void on_card_removed(void *data, int r, const char *why)
{
	struct clearing *c = data;

	if (r < 0)
		snprintf(c->why, sizeof(c->why), "%s", why);
	file_done(c);
}

static void on_object_deleted(void *data, int r, uint16_t response)
{
	struct clearing *c = data;

	if (r < 0)
		snprintf(c->why, sizeof(c->why), "deleting it: %s", uv_strerror(r));
	else if (response != PTP_OK)
		snprintf(c->why, sizeof(c->why), "the recorder refuses to delete it (MTP response"
			 " %04x)", response);
	file_done(c);
}

/* That it will be removed is durable now. */
static void on_intent_written(void *data, int r)
{
	struct clearing *c = data;
	const struct session_kept *k = &c->files[c->at];

	if (r < 0) {
		c->s->lost = true;
		end(c);
	} else if (c->on_card) {
		clear_client_file(c->client, k->file->path, k->file->size, &k->blob,
				  on_card_removed, c);
	} else {
		r = mtp_delete(medium_mtp(c->s->medium), k->file->handle, on_object_deleted, c);
		if (r < 0)
			on_object_deleted(c, r, 0);
	}
}

static void remove_it(struct clearing *c)
{
	const struct record_clearing record = what(c);
	json_t *j = record_clearing(&record);
	int r = ledger_write(c->s->ledger, j != NULL ? json_pack("[o]", j) : NULL,
			     on_intent_written, c);

	if (r < 0)
		on_intent_written(c, r);
}

/* It stays, and nothing was written down of it yet: c->why says why. */
static void keep_it(struct clearing *c)
{
	file_done(c);
}

/* ------ one file: reading it a second time ------ */

static void read_on(struct clearing *c);

static void hash(uv_work_t *w)
{
	struct clearing *c = w->data;

	blake2b_add(&c->state, c->buf, c->len);
}

static void on_hashed(uv_work_t *w, int status)
{
	struct clearing *c = w->data;

	(void)status;
	c->hashed += c->len;
	read_on(c);
}

static void on_read(struct medium_read *read, int r)
{
	struct clearing *c = read->data;

	if (r < 0) {
		snprintf(c->why, sizeof(c->why), "it cannot be read a second time: %s",
			 uv_strerror(r));
		keep_it(c);
		return;
	}
	c->work.data = c;
	if (uv_queue_work(c->s->job.parts->loop, &c->work, hash, on_hashed) < 0)
		BUG("clearing: the thread pool takes no work");
}

/* All of it was read again: is it what the vault keeps? */
static void compare(struct clearing *c)
{
	const struct digest d = blake2b_end(&c->state);

	if (digest_equal(&d, &c->files[c->at].blob)) {
		remove_it(c);
		return;
	}
	snprintf(c->why, sizeof(c->why), "read a second time, it is not what the vault keeps");
	keep_it(c);
}

static void read_on(struct clearing *c)
{
	const struct listing_file *f = c->files[c->at].file;
	int r;

	if (c->s->stop != SESSION_GO_ON) {
		end(c);
		return;
	}
	if (c->hashed == f->size) {
		compare(c);
		return;
	}
	c->len = (size_t)MIN((uint64_t)SECOND_READ, f->size - c->hashed);
	c->read = (struct medium_read){
		.medium = c->s->medium, .file = f, .at = c->hashed, .len = c->len,
		.buf = c->buf, .cb = on_read, .data = c,
	};
	r = medium_read(&c->read);
	if (r < 0)
		on_read(&c->read, r);
}

/* ------ one file: is the blob whole? ------ */

static void read_back(uv_work_t *w)
{
	struct clearing *c = w->data;

	c->e.code = 0;
	c->r = vault_check(c->s->job.parts->conf->vault, &c->files[c->at].blob, &c->verdict,
			   &c->kept_size, &c->e);
}

static void on_read_back(uv_work_t *w, int status)
{
	struct clearing *c = w->data;
	const struct session_kept *k = &c->files[c->at];

	if (c->s->stop != SESSION_GO_ON) {
		end(c);
		return;
	}
	if (status < 0 || c->r < 0)
		snprintf(c->why, sizeof(c->why), "its blob cannot be read back: %.150s",
			 status < 0 ? uv_strerror(status) : c->e.msg);
	else if (c->verdict != VAULT_WHOLE || c->kept_size != k->file->size)
		snprintf(c->why, sizeof(c->why), "its blob in the vault is not whole: run"
			 " `vaultctl verify vault`");
	if (c->why[0] != '\0') {
		keep_it(c);
	} else if (c->on_card) {	/* dock-clear reads the card's copy itself */
		remove_it(c);
	} else {
		blake2b_init(&c->state);
		c->hashed = 0;
		read_on(c);
	}
}

/* ------ file by file ------ */

static bool may_go(const struct clearing *c)
{
	const struct session_kept *k = &c->files[c->at];

	/* A sidecar goes after its media, and not without it. */
	return k->media ? c->recorded[c->at] : !c->media_failed;
}

static void next_file(struct clearing *c)
{
	while (c->at < c->n && c->s->stop == SESSION_GO_ON && !may_go(c)) {
		if (c->files[c->at].media)
			c->media_failed = true;
		c->at++;
	}
	if (c->at == c->n || c->s->stop != SESSION_GO_ON) {
		end(c);
		return;
	}
	c->why[0] = '\0';
	c->work.data = c;
	if (uv_queue_work(c->s->job.parts->loop, &c->work, read_back, on_read_back) < 0)
		BUG("clearing: the thread pool takes no work");
}

/* ------ what may go at all ------ */

static void on_client_ready(void *data, int r, const char *why)
{
	struct clearing *c = data;

	if (r == 0) {
		next_file(c);
		return;
	}
	log_warn("slot %s: %s is not cleared: %s", c->s->job.slot, c->s->recorder.id, why);
	end(c);
}

/* Ours is let go of: the kernel's driver may have it. */
static void on_card_free(struct clearing *c)
{
	const struct conf *conf = c->s->job.parts->conf;

	if (c->s->stop != SESSION_GO_ON ||
	    clear_client_new(c->s->job.parts->loop, conf->clear, &c->s->info, on_client_ready, c,
			     &c->client) < 0)
		end(c);
}

static void begin(struct clearing *c)
{
	if (c->on_card)
		session_close_device(c->s);	/* session_cleared_closed() comes */
	else
		next_file(c);
}

void session_card_free(struct session *s)
{
	on_card_free(s->clearing);
}

static void ask(uv_timer_t *t);

/* Media by media: the others are told by theirs. */
static void on_recorded(void *data, int r, const bool *yes, size_t n, const struct err *e)
{
	struct clearing *c = data;
	bool all = r == 0;
	size_t i;

	(void)e;
	for (i = 0; r == 0 && i < n; i++) {
		c->recorded[c->at + i] = yes[i];
		all &= yes[i] || !c->files[c->at + i].media;
	}
	if (c->s->stop != SESSION_GO_ON || (r < 0 && r != -ENOENT)) {
		end(c);
	} else if (!all && ++c->tries < RECORDED_TRIES) {
		uv_timer_start(c->timer, ask, RECORDED_WAIT_MS, 0);
	} else {
		c->at += n;
		if (r < 0 || c->at >= c->n) {
			c->at = 0;
			begin(c);
		} else {
			uv_timer_start(c->timer, ask, 0, 0);
		}
	}
}

static void ask(uv_timer_t *t)
{
	struct clearing *c = t->data;
	const size_t n = MIN(c->n - c->at, (size_t)CATALOG_ASK_MAX);
	struct digest *blobs = calloc(n, sizeof(*blobs));
	size_t i;
	int r = -ENOMEM;

	for (i = 0; blobs != NULL && i < n; i++)
		blobs[i] = c->files[c->at + i].blob;
	if (blobs != NULL && c->s->stop == SESSION_GO_ON)
		r = catalog_recorded(c->s->job.parts->catalog, c->s->id, blobs, n, on_recorded, c);
	free(blobs);
	if (r < 0)
		end(c);
}

void session_stop_clearing(struct session *s)
{
	struct clearing *c = s->clearing;

	if (c == NULL)
		return;
	if (uv_is_active((uv_handle_t *)c->timer))
		uv_timer_start(c->timer, ask, 0, 0);
	else if (c->client != NULL)
		clear_client_stop(TAKE(c->client));
}

bool session_is_cleared(const struct session *s, const char *path, uint64_t size)
{
	size_t i;

	for (i = 0; i < s->n_kept; i++)
		if (s->kept[i].cleared && s->kept[i].file->size == size &&
		    strcmp(s->kept[i].file->path, path) == 0)
			return true;
	return false;
}

enum session_event session_start_clear(struct session *s)
{
	struct clearing *c;

	if (!s->model->clear || s->import != NULL || s->outcome != OUTCOME_NONE || s->n_kept == 0 ||
	    !catalog_is_up(s->job.parts->catalog))
		return SESSION_OK;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return SESSION_OK;
	*c = (struct clearing){
		.s = s, .files = s->kept, .n = s->n_kept, .on_card = medium_mtp(s->medium) == NULL,
		.recorded = calloc(s->n_kept, sizeof(*c->recorded)), .buf = malloc(SECOND_READ),
		.timer = timer_new(s->job.parts->loop, c),
	};
	s->clearing = c;
	if (c->recorded == NULL || c->buf == NULL || c->timer == NULL ||
	    (!c->on_card && (s->listing.device.can & LISTING_CAN_DELETE) == 0)) {
		log_warn("slot %s: %s is not cleared: %s", s->job.slot, s->recorder.id,
			 c->recorded == NULL || c->buf == NULL || c->timer == NULL
			 ? "no memory" : "it cannot delete files");
		s->clearing = NULL;
		timer_free(c->timer);
		free(c->recorded);
		free(c->buf);
		free(c);
		return SESSION_OK;
	}
	uv_timer_start(c->timer, ask, 0, 0);
	return SESSION_WAIT;
}
