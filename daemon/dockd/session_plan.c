/* The content of the card: what to pull, and pulling it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "rules/card_deleted.h"
#include "session_impl.h"

/* ------ plan ------ */

static int pointer_cmp(const void *pa, const void *pb)
{
	const struct listing_file *const *a = pa, *const *b = pb;

	return (*a > *b) - (*a < *b);
}

/*
 * Sidecars that cannot be kept as such are kept as files: those over the limit,
 * of which only the beginning is judged, and signatures without a manifest.
 * Several items may share one.
 */
static size_t find_odd_sidecars(const struct plan *plan, const struct listing_file **odd)
{
	size_t n = 0, unique = 0, i;

	for (i = 0; i < plan->n; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->bwm != NULL && item->bwm->size > MANIFEST_MAX)
			odd[n++] = item->bwm;
		if (item->minisig != NULL && (item->minisig->size > MINISIGN_FILE_MAX ||
					      item->bwm == NULL || item->bwm->size > MANIFEST_MAX))
			odd[n++] = item->minisig;
	}
	if (n > 0)
		qsort(odd, n, sizeof(*odd), pointer_cmp);
	for (i = 0; i < n; i++)
		if (i == 0 || odd[i] != odd[unique - 1])
			odd[unique++] = odd[i];
	return unique;
}

static void add_item(struct session *s, const struct pull_item *item)
{
	s->items[s->n_items++] = *item;
	if (item->media != NULL && item->media->size <= UINT64_MAX - s->bytes_total)
		s->bytes_total += item->media->size;
}

static int make_items(struct session *s)
{
	const struct listing_file **odd = calloc(2 * s->plan.n + 1, sizeof(const void *));
	size_t n, i;

	if (odd == NULL)
		return -ENOMEM;
	n = find_odd_sidecars(&s->plan, odd);
	s->items = calloc(s->plan.n + n + 1, sizeof(*s->items));
	for (i = 0; s->items != NULL && i < s->plan.n; i++)
		add_item(s, &(struct pull_item){ .media = s->plan.items[i].media,
						 .bwm = s->plan.items[i].bwm,
						 .minisig = s->plan.items[i].minisig });
	for (i = 0; s->items != NULL && i < n; i++)
		add_item(s, &(struct pull_item){ .media = odd[i], .plain = true });
	free(odd);
	return s->items != NULL ? 0 : -ENOMEM;
}

static int make_plan(struct session *s)
{
	const struct naming naming = model_naming(s->model);

	if (plan_make(&s->listing, &naming, &s->plan) < 0 || make_items(s) < 0)
		return -ENOMEM;
	s->check = s->import == NULL ? session_check_at_dock(s) : NULL;
	if ((s->import == NULL && s->check == NULL) || session_judge_card(s) < 0)
		return -ENOMEM;
	session_forget_past(s);
	plan_findings(&s->listing, s->recorder.id, s->id, s->docked_ms, &s->findings);
	if (s->model->clear && s->import == NULL)
		s->kept = calloc(3 * s->n_items + 1, sizeof(*s->kept));
	s->counts.planned = s->n_items;
	s->pull_session = (struct pull_session){
		.parts = s->job.parts, .session = s->id, .recorder = &s->recorder,
		.docked_ms = s->docked_ms, .medium = s->medium, .imported = s->import != NULL,
		.rate = &s->rate, .ledger = s->ledger,
		.changed = s->job.changed, .data = s->job.data,
	};
	return pull_new(&s->pull_session, &s->pull);
}

static void on_plan_written(void *data, int r)
{
	session_step(data, session_written(data, r));
}

/* The listing's record and findings; NULL: no memory. */
static json_t *plan_records(struct session *s)
{
	json_t *records = json_array();
	int r;

	r = json_array_append_new(records, record_listed(utc_now(), &s->medium_info.disk, &s->listing,
							 s->n_items, s->bytes_total));
	if (r == 0 && s->check != NULL)
		r = json_array_append_new(records, TAKE(s->check));
	if (r == 0)
		r = record_findings(records, &s->findings);
	findings_clear(&s->findings);
	if (r < 0)
		json_decref(TAKE(records));
	return records;
}

enum session_event session_start_plan(struct session *s)
{
	int r;

	/* Nothing found and nothing wrong: that is no empty card, which has a file system. */
	if (s->listing.n_volumes == 0 && s->listing.n_troubles == 0)
		return session_fault(s, "no file system that can be read is on its card");
	if (make_plan(s) < 0)
		return session_fault(s, "no memory to plan what to read; dock it again later");
	log_debug("session %s: %zu items, %" PRIu64 " bytes", s->id, s->n_items, s->bytes_total);
	r = ledger_write(s->ledger, plan_records(s), on_plan_written, s);
	return r < 0 ? session_written(s, r) : SESSION_WAIT;
}

/* ------ pull ------ */

static void on_pulled(void *data, enum pull_result result, int r, const char *why);

/*
 * All that could be read is in.  A card with troubles and without a file told
 * us nothing, and its recorder is not called safe; of any other the note says
 * what is not in.
 */
static void say_what_is_missing(struct session *s)
{
	const unsigned troubles = s->listing.n_troubles;

	if (s->outcome != OUTCOME_NONE)
		return;
	if (troubles > 0 && s->n_items == 0) {
		s->outcome = OUTCOME_FAULT;
		snprintf(s->reason, sizeof(s->reason), "%s", s->listing.troubles[0].text);
	} else if (troubles > 0) {
		snprintf(s->reason, sizeof(s->reason), "%u faults of the card, and %" PRIu64
			 " of %zu files could not be read: see the findings", troubles,
			 s->counts.failed, s->n_items);
	} else if (s->counts.failed > 0) {
		snprintf(s->reason, sizeof(s->reason), "%" PRIu64 " of %zu files could not"
			 " be read: see the findings", s->counts.failed, s->n_items);
	} else if (s->holed > 0) {
		snprintf(s->reason, sizeof(s->reason), "places in %" PRIu64 " of %zu files could"
			 " not be read: see the findings", s->holed, s->n_items);
	}
}

/* One by one: the oldest first, as planned. */
enum session_event session_start_pull(struct session *s)
{
	if (s->at == s->n_items) {
		say_what_is_missing(s);
		return SESSION_OK;
	}
	pull_start(s->pull, &s->items[s->at], on_pulled, s);
	return SESSION_WAIT;
}

static void add_kept(struct session *s, const struct listing_file *f, const struct digest *blob,
		     bool media)
{
	s->kept[s->n_kept++] = (struct session_kept){
		.file = f, .blob = *blob, .item = s->at, .media = media,
	};
}

/* What the vault has of the item may be removed from the recorder later, where that is wanted. */
static void note_kept(struct session *s)
{
	const struct pull_item *item = &s->items[s->at];
	struct pull_kept kept;

	pull_last_kept(s->pull, &kept);
	if (s->kept == NULL || item->media == NULL || !kept.media)
		return;
	add_kept(s, item->media, &kept.media_blob, true);
	if (kept.bwm)
		add_kept(s, item->bwm, &kept.bwm_blob, false);
	if (kept.minisig)
		add_kept(s, item->minisig, &kept.minisig_blob, false);
}

static void count(struct session *s, enum pull_result result)
{
	const struct listing_file *media = s->items[s->at].media;
	const uint64_t size = media != NULL ? media->size : 0;

	switch (result) {
	case PULL_HOLED:
		s->holed++;
		/* fallthrough */
	case PULL_STORED:
		s->counts.stored++;
		s->counts.bytes += size;
		break;
	case PULL_KNOWN:
		s->counts.known++;
		break;
	case PULL_UNREADABLE:
	case PULL_REFUSED:
		s->counts.failed++;
		break;
	case PULL_STOPPED:
	case PULL_LOST:
		return;
	}
	if (result == PULL_STORED || result == PULL_KNOWN)
		note_kept(s);
	s->bytes_done += size;
	s->at++;
	s->job.changed(s->job.data);
}

static void on_pulled(void *data, enum pull_result result, int r, const char *why)
{
	struct session *s = data;
	enum session_event event = SESSION_OK;

	count(s, result);
	switch (result) {
	case PULL_STORED:
	case PULL_HOLED:
	case PULL_KNOWN:
	case PULL_UNREADABLE:
		break;
	case PULL_REFUSED:		/* the rest goes on, and the recorder is not called safe */
		if (s->outcome == OUTCOME_NONE) {
			s->outcome = OUTCOME_FAULT;
			snprintf(s->reason, sizeof(s->reason), "not stored: %s", why);
		}
		break;
	case PULL_STOPPED:
		event = session_device_failed(s, r, why);
		break;
	case PULL_LOST:
		event = session_written(s, r);
		break;
	}
	if (s->stop != SESSION_GO_ON && event == SESSION_OK)
		event = session_stopped(s);
	if (event == SESSION_OK)
		event = session_start_pull(s);
	if (event != SESSION_WAIT)
		session_step(s, event);
}

void session_forget_card(struct session *s)
{
	pull_free(TAKE(s->pull));
	free(TAKE(s->items));
	free(TAKE(s->kept));
	s->n_kept = 0;
	session_forget_past(s);
	json_decref(TAKE(s->check));
	plan_clear(&s->plan);
	listing_clear(&s->listing);
}
