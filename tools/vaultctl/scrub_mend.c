/* Copies that are owed or bad: made, or made good, from a whole one in another store. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "scrub.h"

static bool is_bad(enum scrub_result r)
{
	return r == SCRUB_DAMAGED || r == SCRUB_MISSING || r == SCRUB_UNREADABLE;
}

static bool is_among(const json_t *list, const char *hex)
{
	const json_t *one;
	const char *blob;
	size_t i;

	json_array_foreach(list, i, one) {
		blob = json_string_value(json_object_get(one, "blob"));
		if (blob != NULL && strcmp(blob, hex) == 0)
			return true;
	}
	return false;
}

/* What goes wrong now goes wrong with the next one, too: it is said once. */
static bool open_keep(struct scrub *s, struct err *e)
{
	const unsigned flags = s->c->conf.vault_immutable ? VAULT_IMMUTABLE : 0;

	if (s->keep == NULL && !s->cannot_write && vault_keep_open(s->dir, flags, &s->keep, e) < 0) {
		s->cannot_write = true;
		ctl_fail(e, EXIT_AWAY);
	}
	return s->keep != NULL && !s->cannot_write;
}

static void failed(struct scrub *s, struct scrub_item *i, const struct err *e)
{
	snprintf(i->error, sizeof(i->error), "%s", e->msg);
	if (e->code == -ECANCELED)
		return;
	if (!s->cannot_write)
		ctl_fail(e, EXIT_AWAY);
	s->cannot_write = e->code != -EUCLEAN && e->code != -EREMOTEIO;
}

/* Copy it from that store: true, it is there. */
static bool copy_from(struct scrub *s, struct scrub_item *i, const char *store, struct err *e)
{
	const struct vault_reading how = { .digests = i->want_digests, .pace = pace_wait,
					   .data = &s->pace };
	const char *dir = scrub_dir(&s->c->conf, store);
	struct vault_read read;
	int r = vault_keep_copy(s->keep, dir, &i->address, &how, &read, e);

	if (r < 0 || read.verdict != VAULT_WHOLE)
		return false;
	i->read = read;
	i->from = store;
	return true;
}

/* Is a copy of it in that store whole?  Bad bytes keep their name until one is known to be. */
static bool has_whole(struct scrub *s, struct scrub_item *i, const char *store)
{
	const struct vault_reading how = { .pace = pace_wait, .data = &s->pace };
	struct vault_read read;
	struct err e;
	int r = vault_reread(scrub_dir(&s->c->conf, store), &i->address, &how, &read, &e);

	/* A store that is away may have one: whoever reads of the damage is told. */
	if (r < 0 && i->error[0] == '\0')
		snprintf(i->error, sizeof(i->error), "%s", e.msg);
	return r == 0 && read.verdict == VAULT_WHOLE;
}

static void make(struct scrub *s, struct scrub_item *i)
{
	const char *store;
	struct err e = { 0 };
	size_t n;

	if (!open_keep(s, &e))
		return;
	for (n = 0; (store = scrub_other(&s->c->conf, s->store, n)) != NULL; n++) {
		e = (struct err){ 0 };
		if (copy_from(s, i, store, &e)) {
			i->result = SCRUB_MADE;
			return;
		}
		/* What has the name there is not the blob. */
		if (e.code == -EUCLEAN) {
			e = (struct err){ 0 };
			if (vault_set_aside(s->dir, &i->address, i->aside, &e) == 0 &&
			    copy_from(s, i, store, &e)) {
				i->result = SCRUB_MADE;
				return;
			}
		}
		if (e.code != 0 && e.code != -EREMOTEIO)
			break;
	}
	if (e.code != 0)
		failed(s, i, &e);
}

static void repair(struct scrub *s, struct scrub_item *i)
{
	struct vault_read bad = i->read;
	const char *store;
	struct err e = { 0 };
	size_t n;

	for (n = 0; (store = scrub_other(&s->c->conf, s->store, n)) != NULL; n++) {
		if (!has_whole(s, i, store))
			continue;
		if (!open_keep(s, &e)) {
			snprintf(i->error, sizeof(i->error), "%s", e.msg);
			return;
		}
		if ((i->result != SCRUB_MISSING &&
		     vault_set_aside(s->dir, &i->address, i->aside, &e) < 0) ||
		    !copy_from(s, i, store, &e)) {
			if (e.code != 0)
				failed(s, i, &e);
			continue;
		}
		i->was = i->result;
		i->result = SCRUB_REPAIRED;
		/* What is told of it is what was wrong; the digests are those of what is there now. */
		i->read.size = bad.size;
		i->read.found = bad.found;
		return;
	}
}

/*
 * The rows of these blobs are locked meanwhile: what would take too long is left to the next batch, all
 * but the first.
 */
void scrub_mend(struct scrub *s, struct scrub_batch *b, const json_t *allowed)
{
	int64_t until = utc_now() + SCRUB_BATCH_MS;
	bool any = false;
	size_t n;

	for (n = 0; n < b->n; n++) {
		struct scrub_item *i = &b->items[n];

		if (i->result != SCRUB_OWED && !is_bad(i->result))
			continue;
		if (!is_among(allowed, i->hex))
			i->result = SCRUB_LEAVING;
		else if (s->o->look_only || s->cannot_write || pace_stopped())
			continue;
		else if (any && utc_now() >= until)
			i->result = SCRUB_NOT_DONE;
		else if (i->result == SCRUB_OWED)
			make(s, i);
		else
			repair(s, i);
		any = true;
	}
}
