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
	bool *recorded;			/* of each file, whether the catalog has it */
	bool *gone;			/* of each item of the plan, whether its media is cleared */
	unsigned tries;
	uv_timer_t *timer;
	struct clear_client *client;	/* NULL: an MTP device, not there yet, or stopped */
	bool on_card;			/* it is for dock-clear */
	bool letting_go;		/* of our claim, for dock-clear */
	enum session_event event;	/* what it comes to */

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

/* Unplugged, dockd ends, or the medium is another: nothing more is removed. */
static bool is_over(const struct clearing *c)
{
	return c->s->stop != SESSION_GO_ON || c->s->changed[0] != '\0';
}

static void clearing_free(struct clearing *c)
{
	timer_free(c->timer);
	free(c->recorded);
	free(c->gone);
	free(c->buf);
	free(c);
}

static void leave(struct clearing *c)
{
	struct session *s = c->s;
	enum session_event event = c->event;

	s->clearing = NULL;
	clearing_free(c);
	if (event == SESSION_OK && s->stop != SESSION_GO_ON)
		event = session_stopped(s);
	session_step(s, event);
}

static void on_finished(void *data, int r, const char *why)
{
	struct clearing *c = data;

	c->client = NULL;
	if (r < 0)
		log_warn("slot %s: clearing %s: %s", c->s->job.slot, c->s->recorder.id, why);
	leave(c);
}

/* The client stays known until it is gone: session_stop_clearing() shortens the wait. */
static void end(struct clearing *c)
{
	if (c->client != NULL)
		clear_client_finish(c->client, on_finished, c);
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

/* true: the session goes on. */
static bool written(struct clearing *c, int r)
{
	if (r == 0)
		return true;
	c->event = session_written(c->s, r);
	end(c);
	return false;
}

static void on_result_written(void *data, int r)
{
	struct clearing *c = data;

	if (!written(c, r))
		return;
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
		c->gone[c->files[c->at].item] |= c->files[c->at].media;
		c->s->cleared_bytes += record.file->size;
	}
	j = record_cleared(&record, failed ? c->why : NULL, &found);
	findings_clear(&found);
	r = ledger_write(c->s->ledger, j != NULL ? json_pack("[o]", j) : NULL,
			 on_result_written, c);
	if (r < 0)
		on_result_written(c, r);
}

/*
 * It was to be removed, and nobody knows whether it was: the record that it was
 * to be stands alone, so that it is not missed at the next docking.  r is of
 * the device, or of dock-clear.
 */
static void lost_sight(struct clearing *c, int r, const char *why)
{
	snprintf(c->why, sizeof(c->why), "%s; whether it is gone shows at the next docking", why);
	if (!is_over(c) && r != -ENODEV) {
		log_warn("slot %s: %s: %s: %s", c->s->job.slot, c->s->recorder.id,
			 c->files[c->at].file->path, c->why);
		find_failure(c, &c->s->findings);
	}
	c->at++;
	if (!is_over(c) && !c->on_card && medium_is_local(r)) {
		next_file(c);
		return;
	}
	if (!c->on_card)
		c->event = session_device_failed(c->s, r, c->why);
	end(c);
}

/* ------ one file: removing ------ */

static void on_card_removed(void *data, int r, const char *why)
{
	struct clearing *c = data;

	if (r < 0 && r != -EREMOTEIO) {
		lost_sight(c, r, why);
		return;
	}
	if (r < 0)
		snprintf(c->why, sizeof(c->why), "%s", why);
	file_done(c);
}

static void on_object_deleted(void *data, int r, uint16_t response)
{
	struct clearing *c = data;
	char why[80];

	if (r < 0) {
		snprintf(why, sizeof(why), "deleting it: %s", uv_strerror(r));
		lost_sight(c, r, why);
		return;
	}
	if (response != PTP_OK)
		snprintf(c->why, sizeof(c->why), "the recorder refuses to delete it (MTP response"
			 " %04x)", response);
	file_done(c);
}

static void delete_object(struct clearing *c)
{
	int r = mtp_delete(medium_mtp(c->s->medium), c->files[c->at].file->handle,
			   on_object_deleted, c);

	if (r == 0)
		return;
	snprintf(c->why, sizeof(c->why), "it cannot be told to delete it: %s", uv_strerror(r));
	file_done(c);
}

/* That it will be removed is durable now. */
static void on_intent_written(void *data, int r)
{
	struct clearing *c = data;
	const struct session_kept *k = &c->files[c->at];

	if (!written(c, r))
		return;
	if (is_over(c))
		end(c);
	else if (c->on_card)
		clear_client_file(c->client, k->file->path, k->file->size, &k->blob,
				  on_card_removed, c);
	else
		delete_object(c);
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

static void read_failed(struct clearing *c, int r)
{
	if (!is_over(c) && medium_is_local(r)) {
		keep_it(c);
		return;
	}
	c->event = session_device_failed(c->s, r, c->why);
	end(c);
}

static void on_read(struct medium_read *read, int r)
{
	struct clearing *c = read->data;

	if (r < 0) {
		snprintf(c->why, sizeof(c->why), "it cannot be read a second time: %s",
			 uv_strerror(r));
		read_failed(c, r);
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

	if (is_over(c)) {
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

	if (is_over(c)) {
		end(c);
		return;
	}
	if (status == 0 && c->r == 0 && c->verdict == VAULT_MISSING && !k->media) {
		c->at++;		/* this one was never kept, and stays */
		next_file(c);
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

/* A sidecar goes after all media that it is beside of: files of one name may share it. */
static bool media_is_gone(const struct clearing *c, const struct listing_file *sidecar)
{
	const struct pull_item *items = c->s->items;
	size_t i;

	for (i = 0; i < c->s->n_items; i++)
		if ((items[i].bwm == sidecar || items[i].minisig == sidecar) && !c->gone[i])
			return false;
	return true;
}

static bool may_go(const struct clearing *c)
{
	const struct session_kept *k = &c->files[c->at];

	return k->media ? c->recorded[c->at] : media_is_gone(c, k->file);
}

static void next_file(struct clearing *c)
{
	while (c->at < c->n && !may_go(c))
		c->at++;
	if (c->at == c->n || is_over(c)) {
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

	c->letting_go = false;
	if (is_over(c) ||
	    clear_client_new(c->s->job.parts->loop, conf->clear, &c->s->info, on_client_ready, c,
			     &c->client) < 0)
		end(c);
}

static void begin(struct clearing *c)
{
	c->letting_go = c->on_card;
	if (c->on_card)
		session_close_device(c->s);	/* session_card_free() comes */
	else
		next_file(c);
}

void session_card_free(struct session *s)
{
	if (s->clearing != NULL && s->clearing->letting_go)
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
	if (is_over(c) || (r < 0 && r != -ENOENT)) {
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
	if (blobs != NULL && !is_over(c))
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

/* Of a card with faults nobody knows what writing to it would do. */
static bool is_wanted(const struct session *s)
{
	return s->model->clear && s->import == NULL && s->outcome == OUTCOME_NONE &&
	       s->n_kept > 0 && s->listing.n_troubles == 0 &&
	       catalog_is_up(s->job.parts->catalog);
}

static struct clearing *clearing_new(struct session *s)
{
	struct clearing *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct clearing){
		.s = s, .files = s->kept, .n = s->n_kept, .on_card = medium_mtp(s->medium) == NULL,
		.recorded = calloc(s->n_kept, sizeof(*c->recorded)),
		.gone = calloc(s->n_items, sizeof(*c->gone)), .buf = malloc(SECOND_READ),
		.timer = timer_new(s->job.parts->loop, c), .event = SESSION_OK,
	};
	if (c->recorded == NULL || c->gone == NULL || c->buf == NULL || c->timer == NULL) {
		clearing_free(c);
		return NULL;
	}
	return c;
}

enum session_event session_start_clear(struct session *s)
{
	if (!is_wanted(s))
		return SESSION_OK;
	if (medium_mtp(s->medium) != NULL && (s->listing.device.can & LISTING_CAN_DELETE) == 0) {
		log_warn("slot %s: %s is not cleared: it cannot delete files", s->job.slot,
			 s->recorder.id);
		return SESSION_OK;
	}
	s->clearing = clearing_new(s);
	if (s->clearing == NULL) {
		log_warn("slot %s: %s is not cleared: no memory", s->job.slot, s->recorder.id);
		return SESSION_OK;
	}
	uv_timer_start(s->clearing->timer, ask, 0, 0);
	return SESSION_WAIT;
}
