/* The part of a pull that brings the content of a file into the vault. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "pull_impl.h"

/* ------ resume ------ */

static void on_kept(void *data, int r, uint64_t kept)
{
	struct pull *p = data;
	const struct err *e = vault_put_error(p->put);
	const struct listing_file *f = p->item->media;
	enum pull_event event = PULL_OK;

	if (r < 0) {
		event = pull_store_failed(p, r, e != NULL ? e->msg : uv_strerror(r));
		vault_put_abort(TAKE(p->put));
	} else if (kept > f->size) {		/* the key is of a file of this size */
		vault_put_abort(TAKE(p->put));
		event = pull_store_failed(p, -EUCLEAN, "more was kept of it than there is");
	} else if (kept > 0) {
		log_info("%s: %s: %" PRIu64 " of %" PRIu64 " bytes are there from an interruption:"
			 " reading on behind them", p->s->recorder->id, f->path, kept, f->size);
	}
	p->kept = kept;
	pull_step(p, event == PULL_OK && kept == f->size ? PULL_SKIP : event);
}

enum pull_event pull_start_resume(struct pull *p)
{
	const struct listing_file *f = p->item->media;
	const struct digest key = record_resume_key(p->s->recorder->id, &p->fingerprint);
	const struct vault_put_options o = {
		.expected_size = f->size,
		.want_sha256 = p->sidecar.verdict != SIGNATURE_VALID,
		.resume = p->doubtful ? NULL : &key,
	};
	struct err e = { .code = 0 };
	int r;

	if (p->given_up)
		return pull_device_failed(p, -ECANCELED);
	r = vault_put_new(p->s->parts->vault, &o, &p->put, &e);
	if (r < 0)
		return pull_store_failed(p, r, e.msg);
	p->kept = 0;
	p->n_holes = 0;
	p->start_ms = p->end_ms = utc_now();
	p->mono_start_ms = p->mono_end_ms = uv_hrtime() / 1000000;
	if (f->size == 0)
		return PULL_SKIP;
	if (o.resume == NULL)
		return PULL_OK;
	r = vault_put_resume(p->put, on_kept, p);
	if (r == 0)
		return PULL_WAIT;
	vault_put_abort(TAKE(p->put));
	return pull_store_failed(p, r, uv_strerror(r));
}

/* ------ content and seal ------ */

static void on_progress(void *data)
{
	struct pull *p = data;

	p->s->changed(p->s->data);
}

static void on_parked(void *data, int r)
{
	struct pull *p = data;

	if (r < 0)
		log_debug("pull %s: not all of it was kept: %s", p->item->media->path,
			  uv_strerror(r));
	pull_step(p, p->parked);
}

/*
 * The content ended before its end.  What came of it goes on at the next
 * docking, but for a card that is not what it was, a file that cannot be read,
 * and one with holes.
 */
static enum pull_event cut_short(struct pull *p, enum pull_event event, int r)
{
	if (p->n_holes > 0 || event == PULL_LOCAL || r == -ENOMEDIUM || r == -EUCLEAN ||
	    p->result == PULL_REFUSED) {
		vault_put_abort(TAKE(p->put));
		return event;
	}
	p->parked = event;
	vault_put_park(TAKE(p->put), on_parked, p);
	return PULL_WAIT;
}

void pull_stop_resume(struct pull *p)
{
	p->parked = pull_device_failed(p, -ECANCELED);
	vault_put_park(TAKE(p->put), on_parked, p);
}

static void take_holes(struct pull *p)
{
	const struct record_hole *holes = pump_holes(p->pump, &p->n_holes);

	memcpy(p->holes, holes, p->n_holes * sizeof(*holes));
}

static enum pull_event content_done(struct pull *p, enum pump_end end, int r)
{
	const struct err *e = vault_put_error(p->put);

	p->end_ms = utc_now();
	p->mono_end_ms = uv_hrtime() / 1000000;
	take_holes(p);
	switch (end) {
	case PUMP_DONE:
		return PULL_OK;
	case PUMP_READ_FAILED:
		return cut_short(p, pull_media_failed(p, r), r);
	case PUMP_WRITE_FAILED:
		return cut_short(p, pull_store_failed(p, r, e != NULL ? e->msg : uv_strerror(r)),
				 r);
	}
	BUG("pull: the pump ended as %d", (int)end);
}

static void on_pumped(void *data, enum pump_end end, int r)
{
	enum pull_event event = content_done(data, end, r);

	if (event != PULL_WAIT)
		pull_step(data, event);
}

enum pull_event pull_start_content(struct pull *p)
{
	const struct pump_job job = {
		.medium = p->s->medium, .file = p->item->media, .from = p->kept,
		.slot = p->s->rate, .total = p->s->parts->rate, .put = p->put,
		.cb = on_pumped, .progress = on_progress, .data = p,
	};
	enum pull_event event;
	int r;

	if (p->given_up)
		return cut_short(p, pull_device_failed(p, -ECANCELED), -ECANCELED);
	r = pump_start(p->pump, &job);
	p->pumped = r == 0;
	if (r == 0)
		return PULL_WAIT;
	event = pull_media_failed(p, r);
	return cut_short(p, event, r);
}

static void on_sealed(void *data, int r, const struct vault_sealed *sealed, const struct err *e)
{
	struct pull *p = data;

	if (r < 0) {
		pull_step(p, pull_store_failed(p, r, e->msg));
		return;
	}
	p->blob = *sealed;
	p->sealed = true;
	backoff_reset(&p->backoff);
	pull_step(p, PULL_OK);
}

enum pull_event pull_start_seal(struct pull *p)
{
	vault_put_seal(TAKE(p->put), on_sealed, p);
	return PULL_WAIT;
}
