/*
 * What the card tells of its past: before the plan, the catalog is asked what of
 * it came in before and what was on it last time; then deleted entries, names
 * and the card ledger are judged.
 *
 * Without the catalog nothing is known of either: deleted entries are judged by
 * the card alone, and the ledger of the last session stays the one to compare
 * with, so that nothing that vanished meanwhile is missed for good.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "rules/card_copied.h"
#include "rules/card_deleted.h"
#include "rules/card_names.h"
#include "session_impl.h"
#include "timer.h"

enum {
	ASK_TIMEOUT_MS = 15000,		/* of all questions together */
	ASK_AGAIN_MS = 200,		/* the session's own record may be on its way to the catalog */
};

enum ask_stage {
	ASK_LISTED,			/* what was stored of the files that are listed? */
	ASK_LEDGER,			/* what was on the card? */
	ASK_VANISHED,			/* what was stored of the files that are not there any more? */
};

/* Questions to the catalog; outlives the session when that stops waiting. */
struct card_ask {
	struct session *s;		/* NULL: nobody waits any more */
	struct catalog *catalog;
	enum ask_stage stage;
	struct catalog_file *files;
	size_t n, at;
	uv_timer_t *deadline, *again;
};

/* ------ what is known then ------ */

static int add_stored(struct session *s, const struct catalog_file *f, bool cleared)
{
	enum { GROW = 1024 };
	void *more;

	if (s->n_stored % GROW == 0) {
		more = reallocarray(s->stored, s->n_stored + GROW, sizeof(*s->stored));
		if (more == NULL)
			return -ENOMEM;
		s->stored = more;
	}
	s->stored[s->n_stored++] = (struct card_stored){
		.path = f->path, .size = f->size, .modified = f->modified, .cleared = cleared,
	};
	return 0;
}

/*
 * What the dock removed, or was about to.  What it is known not to have removed
 * is not excused.  Their texts are the catalog's: keep copies.
 */
static int add_cleared(struct session *s, const struct catalog_cleared *list, size_t n)
{
	size_t i, kept = 0;
	char **texts;

	s->cleared_texts = calloc(2 * n + 1, sizeof(*s->cleared_texts));
	if (s->cleared_texts == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		if (list[i].failed)
			continue;
		texts = s->cleared_texts + kept;
		texts[0] = strdup(list[i].path);
		texts[1] = texts[0] != NULL ? strdup(list[i].modified) : NULL;
		if (texts[1] == NULL ||
		    add_stored(s, &(struct catalog_file){ texts[0], list[i].size, texts[1] },
			       true) < 0)
			return -ENOMEM;
		kept += 2;
	}
	return 0;
}

void session_forget_past(struct session *s)
{
	size_t i;

	for (i = 0; s->cleared_texts != NULL && s->cleared_texts[i] != NULL; i++)
		free(s->cleared_texts[i]);
	free(TAKE(s->cleared_texts));
	free(TAKE(s->stored));
	s->n_stored = 0;
	if (s->has_before)
		inventory_clear(&s->before);
	s->has_before = false;
}

/* ------ asking ------ */

static void ask_free(struct card_ask *a)
{
	timer_free(a->deadline);
	timer_free(a->again);
	free(a->files);
	free(a);
}

/* The questions are over; asked: all were answered. */
static void finish(struct card_ask *a, bool asked)
{
	struct session *s = a->s;

	ask_free(a);
	if (s == NULL)
		return;
	s->ask = NULL;
	s->asked = asked;
	if (!asked)
		log_warn("slot %s: the catalog does not say what of %s's card is known; its past is"
			 " not judged this time", s->job.slot, s->recorder.id);
	session_step(s, SESSION_OK);
}

static void ask(struct card_ask *a);

static void on_stored(void *data, int r, const struct catalog_kept *is, size_t n,
		      const struct err *e)
{
	struct card_ask *a = data;
	size_t i;

	(void)e;
	for (i = 0; a->s != NULL && r == 0 && i < n; i++)
		if (is[i].stored)
			r = add_stored(a->s, &a->files[a->at + i], is[i].cleared);
	a->at += n;
	if (a->s == NULL || r < 0)
		finish(a, false);
	else
		ask(a);
}

static int file_cmp(const void *pa, const void *pb)
{
	const struct catalog_file *a = pa, *b = pb;
	int c = strcmp(a->path, b->path);

	if (c == 0)
		c = (a->size > b->size) - (a->size < b->size);
	return c != 0 ? c : strcmp(a->modified, b->modified);
}

/* Ask of what was on the card and is not listed any more.  0 or -ENOMEM. */
static int look_for_vanished(struct card_ask *a)
{
	const struct inventory *v = &a->s->before;
	struct catalog_file *gone = calloc(v->n + 1, sizeof(*gone));
	size_t n = 0, i;

	if (gone == NULL)
		return -ENOMEM;
	qsort(a->files, a->n, sizeof(*a->files), file_cmp);
	for (i = 0; i < v->n; i++) {
		const struct catalog_file f = {
			v->entries[i].path, v->entries[i].size, v->entries[i].modified,
		};

		if (bsearch(&f, a->files, a->n, sizeof(f), file_cmp) == NULL)
			gone[n++] = f;
	}
	free(a->files);
	a->files = gone;
	a->n = n;
	a->at = 0;
	return 0;
}

static int take_ledger(struct card_ask *a, const struct catalog_ledger *l)
{
	struct session *s = a->s;
	struct err e = { .code = 0 };
	int r = add_cleared(s, l->cleared, l->n_cleared);

	if (r < 0 || l->before == NULL)
		return r;
	r = inventory_parse((const uint8_t *)l->before, l->before_len, &s->before, &e);
	if (r < 0) {
		log_err("%s: its last card ledger in the catalog is damaged: %s", s->recorder.id,
			e.msg);
		return r == -ENOMEM ? r : 0;
	}
	s->has_before = true;
	return look_for_vanished(a);
}

static void on_again(uv_timer_t *t)
{
	ask(t->data);
}

static void on_ledger(void *data, int r, const struct catalog_ledger *l, const struct err *e)
{
	struct card_ask *a = data;

	(void)e;
	if (a->s != NULL && r == -ENOENT) {
		uv_timer_start(a->again, on_again, ASK_AGAIN_MS, 0);
		return;
	}
	if (a->s != NULL && r == 0)
		r = take_ledger(a, l);
	a->stage = ASK_VANISHED;
	if (a->s == NULL || r < 0 || !a->s->has_before)
		finish(a, r == 0);
	else
		ask(a);
}

static void ask(struct card_ask *a)
{
	int r;

	if (a->s == NULL || (a->stage == ASK_VANISHED && a->at == a->n)) {
		finish(a, true);
		return;
	}
	if (a->at == a->n)
		a->stage = ASK_LEDGER;
	/* An image may be older than the last docking: a ledger tells nothing of it. */
	if (a->stage == ASK_LEDGER && a->s->import != NULL) {
		finish(a, true);
		return;
	}
	if (a->stage == ASK_LEDGER)
		r = catalog_ledger(a->catalog, a->s->id, on_ledger, a);
	else
		r = catalog_stored(a->catalog, a->s->recorder.id, a->files + a->at,
				   MIN(a->n - a->at, (size_t)CATALOG_ASK_MAX), on_stored, a);
	if (r < 0)
		finish(a, false);
}

/* The session goes on without; the answer that is still owed finds nobody. */
static void give_up(struct session *s, enum session_event event)
{
	struct card_ask *a = TAKE(s->ask);

	a->s = NULL;
	uv_timer_stop(a->deadline);
	if (uv_is_active((uv_handle_t *)a->again)) {
		uv_timer_stop(a->again);
		ask_free(a);		/* none is owed */
	}
	session_step(s, event);		/* may free s */
}

static void on_deadline(uv_timer_t *t)
{
	struct card_ask *a = t->data;

	log_warn("slot %s: the catalog takes too long to say what of %s's card is known",
		 a->s->job.slot, a->s->recorder.id);
	give_up(a->s, SESSION_OK);
}

bool session_stop_asking(struct session *s)
{
	if (s->ask == NULL)
		return false;
	give_up(s, session_stopped(s));
	return true;
}

enum session_event session_start_ask(struct session *s)
{
	struct catalog *c = s->job.parts->catalog;
	struct card_ask *a;
	uint32_t i;

	if (!catalog_is_up(c) || (s->import != NULL && s->import->kind != IMPORT_IMAGE))
		return SESSION_OK;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return SESSION_OK;
	a->s = s;
	a->catalog = c;
	a->files = calloc(s->listing.n_files + 1, sizeof(*a->files));
	a->deadline = timer_new(s->job.parts->loop, a);
	a->again = timer_new(s->job.parts->loop, a);
	if (a->files == NULL || a->deadline == NULL || a->again == NULL) {
		ask_free(a);
		return SESSION_OK;
	}
	for (i = 0; i < s->listing.n_files; i++)
		a->files[a->n++] = (struct catalog_file){
			s->listing.files[i].path, s->listing.files[i].size,
			s->listing.files[i].modified,
		};
	s->ask = a;
	uv_timer_start(a->deadline, on_deadline, ASK_TIMEOUT_MS, 0);
	uv_timer_start(a->again, on_again, 0, 0);	/* never from inside */
	return SESSION_WAIT;
}

/* ------ judging ------ */

static int compare_with_ledger(struct session *s, const struct card *card)
{
	const struct inventory_context context = {
		.card = card, .has_clock_error = s->has_clock,
		.clock_error_ms = s->clock.offset_ms,
	};

	if (!s->has_before)
		return 0;
	card_copied(&s->before, card, &s->findings);
	return inventory_compare(&s->before, &context, &s->findings);
}

int session_judge_card(struct session *s)
{
	const struct naming naming = model_naming(s->model);
	struct card card = {
		.recorder = s->recorder.id, .docked_ms = s->docked_ms, .listing = &s->listing,
		.naming = &naming, .names = s->plan.names, .stored = s->stored,
		.n_stored = s->n_stored,
	};
	int r;

	/* What a person chose to bring is theirs to have chosen: it is no card. */
	if (s->import != NULL && s->import->kind != IMPORT_IMAGE)
		return 0;
	card_space(&s->listing, &card.capacity, &card.free);
	r = card_deleted(&card, &s->findings);
	if (r == 0 && s->asked)
		r = card_name_gaps(&card, &s->findings);
	if (r == 0)
		card_foreign_files(&card, &s->findings);
	return r == 0 ? compare_with_ledger(s, &card) : r;
}
