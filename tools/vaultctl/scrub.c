/* One store's scrub: batches, one after the other, each recorded before the next one begins. */
#include "scrub.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/util.h"

enum { SAMPLE = 32, SAMPLE_MIN = 4 };

const char *scrub_dir(const struct conf *conf, const char *store)
{
	size_t i;

	if (strcmp(store, "vault") == 0)
		return conf->vault;
	for (i = 0; i < conf->n_copies; i++)
		if (strcmp(conf->copies[i].name, store) == 0)
			return conf->copies[i].path;
	return NULL;
}

const char *scrub_other(const struct conf *conf, const char *store, size_t i)
{
	const bool vault = strcmp(store, "vault") != 0;
	size_t n;

	if (vault && i == 0)
		return "vault";
	i -= vault;
	for (n = 0; n < conf->n_copies; n++)
		if (strcmp(conf->copies[n].name, store) != 0 && i-- == 0)
			return conf->copies[n].name;
	return NULL;
}

void scrub_new_id(char ret[37])
{
	uint8_t b[16];

	randombytes_buf(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		 b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
		 b[14], b[15]);
}

static bool dock_is_busy(void *data)
{
	return audit_ask_dock(data) == AUDIT_DOCK_BUSY;
}

/* ------ is it the store that is meant? ------ */

/*
 * Of some that are said to be there, is there any?  A place where another disk is mounted, or none, says
 * nothing of a store's copies.
 */
static int is_the_store(struct scrub *s, bool *ret)
{
	char count[8];
	const char *const params[] = { s->store, count };
	enum vault_verdict verdict;
	struct digest address;
	struct err e = { 0 };
	json_t *rows = NULL, *row;
	const char *hex;
	uint64_t size;
	size_t i, there = 0;
	int r;

	snprintf(count, sizeof(count), "%d", SAMPLE);
	r = ctl_query(s->c, STATEMENT_SCRUB_SAMPLE, params, COUNT(params), &rows);
	json_array_foreach(rows, i, row) {
		hex = json_string_value(json_object_get(row, "blob"));
		if (hex == NULL || digest_parse(hex, strlen(hex), &address) < 0)
			continue;
		if (vault_look(s->dir, &address, &verdict, &size, &e) < 0) {
			r = ctl_fail(&e, EXIT_AWAY);
			break;
		}
		there += verdict != VAULT_MISSING;
	}
	*ret = there > 0 || json_array_size(rows) < SAMPLE_MIN;
	json_decref(rows);
	return r;
}

/* EXIT_GOOD, or EXIT_AWAY, having said why. */
static int check_store(struct scrub *s)
{
	bool is = true;
	int r = s->o->empty ? EXIT_GOOD : is_the_store(s, &is);

	if (r == EXIT_GOOD && !is) {
		say(stderr, T_SCRUB_NOT_THE_STORE, s->store, s->dir);
		return EXIT_AWAY;
	}
	return r;
}

/* ------ a batch ------ */

static const char *const result_names[] = {
	[SCRUB_WHOLE] = "whole", [SCRUB_DAMAGED] = "damaged", [SCRUB_MISSING] = "missing",
	[SCRUB_UNREADABLE] = "unreadable", [SCRUB_OWED] = "owed", [SCRUB_LEAVING] = "leaving",
	[SCRUB_MADE] = "made", [SCRUB_REPAIRED] = "repaired", [SCRUB_NOT_DONE] = "",
};

static int take_item(const struct scrub *s, const json_t *row, struct scrub_item *i)
{
	const char *hex = json_string_value(json_object_get(row, "blob"));
	const char *state = json_string_value(json_object_get(row, "state"));
	const char *logged = json_string_value(json_object_get(row, "logged"));
	struct err e = { 0 };

	*i = (struct scrub_item){ .result = SCRUB_NOT_DONE };
	if (hex == NULL || state == NULL || digest_parse(hex, strlen(hex), &i->address) < 0) {
		err_set(&e, -EPROTO, "the catalog names a blob %s, which is no address",
			hex != NULL ? hex : "?");
		return ctl_fail(&e, EXIT_AWAY);
	}
	snprintf(i->hex, sizeof(i->hex), "%s", hex);
	snprintf(i->logged, sizeof(i->logged), "%s", logged != NULL ? logged : "good");
	i->wanted = strcmp(state, "wanted") == 0;
	i->leaving = json_is_true(json_object_get(row, "leaving"));
	i->want_digests = s->o->digests || json_is_null(json_object_get(row, "sha256"));
	return EXIT_GOOD;
}

static int next_batch(struct scrub *s, struct scrub_batch *b)
{
	char limit[8];
	const char *const params[] = { s->run, s->o->blob != NULL ? s->o->blob : limit,
				       s->o->bad ? "true" : "false" };
	unsigned long long room = SCRUB_BATCH;
	json_t *rows = NULL, *row;
	size_t i;
	int r;

	b->n = b->n_done = 0;
	if (s->o->limit > 0)
		room = MIN(room, s->o->limit - MIN(s->o->limit, s->t.checked));
	if (room == 0)
		return EXIT_GOOD;
	snprintf(limit, sizeof(limit), "%llu", room);
	r = ctl_query(s->c, s->o->blob != NULL ? STATEMENT_SCRUB_ONE : STATEMENT_SCRUB_NEXT, params,
		      s->o->blob != NULL ? 2 : COUNT(params), &rows);
	json_array_foreach(rows, i, row) {
		if (r != EXIT_GOOD || b->n == SCRUB_BATCH)
			break;
		r = take_item(s, row, &b->items[b->n++]);
	}
	json_decref(rows);
	return r;
}

static void put_text(json_t *o, const char *key, const char *text)
{
	char shown[1024];

	if (text != NULL && text[0] != '\0')
		json_object_set_new(o, key, json_string(text_shown(text, shown, sizeof(shown))));
}

static void put_hex(json_t *o, const char *key, const uint8_t *p)
{
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	memcpy(d.b, p, sizeof(d.b));
	json_object_set_new(o, key, json_string(digest_hex(&d, hex)));
}

static json_t *item_json(const struct scrub_item *i)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "blob", i->hex, "result", result_names[i->result],
			      "logged", i->logged);
	const bool read = i->result == SCRUB_WHOLE || i->result == SCRUB_DAMAGED ||
		i->result == SCRUB_MADE || (i->result == SCRUB_REPAIRED && i->was == SCRUB_DAMAGED);

	if (i->result == SCRUB_REPAIRED)
		put_text(o, "was", result_names[i->was]);
	if (read)
		json_object_set_new(o, "size", json_integer((json_int_t)i->read.size));
	if (i->result == SCRUB_DAMAGED || (i->result == SCRUB_REPAIRED && i->was == SCRUB_DAMAGED))
		put_hex(o, "found", i->read.found.b);
	if (i->read.has_digests && i->result != SCRUB_DAMAGED) {
		put_hex(o, "sha256", i->read.sha256);
		put_hex(o, "sm3", i->read.sm3);
	}
	put_text(o, "from", i->from);
	put_text(o, "aside", i->aside);
	put_text(o, "error", i->error);
	return o;
}

static void count(struct scrub *s, const struct scrub_item *i)
{
	const enum scrub_result was = i->result == SCRUB_REPAIRED ? i->was : i->result;

	s->t.checked += i->result != SCRUB_LEAVING;
	s->t.bytes += i->read.size;
	s->t.whole += was == SCRUB_WHOLE;
	s->t.damaged += was == SCRUB_DAMAGED;
	s->t.missing += was == SCRUB_MISSING;
	s->t.unreadable += was == SCRUB_UNREADABLE;
	s->t.repaired += i->result == SCRUB_REPAIRED;
	s->t.made += i->result == SCRUB_MADE;
	s->t.owed += i->result == SCRUB_OWED;
}

static void tell(struct scrub *s, const struct scrub_item *i)
{
	static const enum text_id texts[] = {
		[SCRUB_DAMAGED] = T_VERIFY_DAMAGED, [SCRUB_MISSING] = T_VERIFY_MISSING,
		[SCRUB_UNREADABLE] = T_VERIFY_UNREADABLE,
	};

	if (s->c->json || s->o->quiet || i->result == SCRUB_WHOLE || i->result == SCRUB_LEAVING ||
	    i->result == SCRUB_OWED || i->result == SCRUB_MADE || i->result == SCRUB_NOT_DONE)
		return;
	steps_clear(&s->progress);
	if (i->result == SCRUB_REPAIRED)
		say(stdout, T_SCRUB_REPAIRED, i->hex, word(result_names[i->was]), i->from,
		    i->aside[0] != '\0' ? i->aside : "-");
	else
		say(stdout, texts[i->result], i->hex);
}

/* What was found, into the catalog. */
static int record(struct scrub *s, const struct scrub_batch *b)
{
	json_t *list = json_array(), *rows = NULL;
	char *text;
	size_t i;
	int r = EXIT_GOOD;

	for (i = 0; i < b->n; i++) {
		/* What is owed, and could not be made for want of room, is not put off till tomorrow. */
		if (b->items[i].result == SCRUB_NOT_DONE ||
		    (b->items[i].result == SCRUB_OWED && (s->cannot_write || pace_stopped())))
			continue;
		json_array_append_new(list, item_json(&b->items[i]));
	}
	text = json_dumps(list, JSON_COMPACT);
	const char *const params[] = { s->run, text };
	if (json_array_size(list) > 0)
		r = ctl_query(s->c, STATEMENT_SCRUB_FOUND, params, COUNT(params), &rows);
	if (r == EXIT_GOOD)
		s->t.findings += (unsigned long long)json_integer_value(
			json_object_get(json_array_get(rows, 0), "findings"));
	free(text);
	json_decref(list);
	json_decref(rows);
	return r;
}

/* Which of those that are owed or bad may be written to; their rows are locked then. */
static int lock_bad(struct scrub *s, const struct scrub_batch *b, json_t **ret)
{
	json_t *list = json_array();
	char *text;
	size_t i;
	int r;

	for (i = 0; i < b->n; i++)
		if (b->items[i].result != SCRUB_WHOLE && b->items[i].result != SCRUB_NOT_DONE &&
		    b->items[i].result != SCRUB_LEAVING)
			json_array_append_new(list, json_string(b->items[i].hex));
	text = json_dumps(list, JSON_COMPACT);
	const char *const params[] = { s->run, text };
	r = ctl_query(s->c, STATEMENT_SCRUB_LOCK, params, COUNT(params), ret);
	free(text);
	json_decref(list);
	return r;
}

/* With the copies that have to be written, in one transaction. */
static int mend_and_record(struct scrub *s, struct scrub_batch *b)
{
	struct err e = { 0 };
	json_t *allowed = NULL;
	int r = catalog_sync_begin(s->c->catalog, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;

	if (r == EXIT_GOOD)
		r = lock_bad(s, b, &allowed);
	if (r == EXIT_GOOD) {
		scrub_mend(s, b, allowed);
		r = record(s, b);
	}
	if (r == EXIT_GOOD && catalog_sync_commit(s->c->catalog, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	if (r != EXIT_GOOD)
		catalog_sync_rollback(s->c->catalog);
	json_decref(allowed);
	return r;
}

static bool needs_mending(const struct scrub_batch *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->items[i].result != SCRUB_WHOLE && b->items[i].result != SCRUB_NOT_DONE &&
		    b->items[i].result != SCRUB_LEAVING)
			return true;
	return false;
}

static bool all_missing(const struct scrub_batch *b)
{
	size_t i, missing = 0;

	for (i = 0; i < b->n; i++) {
		if (b->items[i].result == SCRUB_WHOLE || b->items[i].result == SCRUB_DAMAGED)
			return false;
		missing += b->items[i].result == SCRUB_MISSING;
	}
	return missing >= SAMPLE_MIN;
}

static int one_batch(struct scrub *s, struct scrub_batch *b)
{
	int away = scrub_read(s, b), r = EXIT_GOOD;
	size_t i;

	/* A disk that went while it was read did not lose its blobs. */
	if (all_missing(b))
		r = check_store(s);
	if (r == EXIT_GOOD)
		r = needs_mending(b) ? mend_and_record(s, b) : record(s, b);
	for (i = 0; i < b->n && r == EXIT_GOOD; i++) {
		if (b->items[i].result == SCRUB_NOT_DONE)
			continue;
		count(s, &b->items[i]);
		tell(s, &b->items[i]);
		steps_add(&s->progress, 1);
	}
	return r == EXIT_GOOD ? away : r;
}

static int all_batches(struct scrub *s)
{
	struct scrub_batch *b = calloc(1, sizeof(*b));
	int r = b == NULL ? EXIT_AWAY : EXIT_GOOD;

	while (r == EXIT_GOOD && !pace_stopped()) {
		r = next_batch(s, b);
		if (r != EXIT_GOOD || b->n == 0)
			break;
		r = one_batch(s, b);
		/* What is owed and cannot be written would be asked for again and again. */
		if (s->o->blob != NULL || (r == EXIT_GOOD && b->n_done == 0))
			break;
		if (r == EXIT_GOOD && s->cannot_write)
			r = EXIT_AWAY;
	}
	free(b);
	return r;
}

/* ------ the run ------ */

static int begin(struct scrub *s)
{
	const char *const params[] = { s->store, s->run, s->o->everything ? "true" : "false" };
	json_t *rows = NULL;
	int r;

	scrub_new_id(s->run);
	r = ctl_query(s->c, STATEMENT_SCRUB_BEGIN, params, COUNT(params), &rows);
	if (r == EXIT_GOOD)
		s->t.resumed = json_is_true(json_object_get(json_array_get(rows, 0), "resumed"));
	json_decref(rows);
	return r;
}

static int end(struct scrub *s)
{
	const char *const params[] = { s->run };
	json_t *rows = NULL;
	int r = ctl_query(s->c, STATEMENT_SCRUB_END, params, COUNT(params), &rows);

	json_decref(rows);
	return r;
}

static int exit_of(const struct scrub_tally *t)
{
	if (t->damaged + t->missing + t->unreadable > t->repaired)
		return EXIT_DAMAGE;
	return t->repaired + t->extra + t->findings > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}

int scrub_store(struct scrub *s)
{
	int r = check_store(s), ended;

	if (r == EXIT_GOOD)
		r = begin(s);
	if (r != EXIT_GOOD)
		return r;
	pace_init(&s->pace, s->o->bytes_per_s, dock_is_busy, s->c);
	steps_start(&s->progress, T_PROGRESS_SCRUB, 0);
	r = all_batches(s);
	if (r == EXIT_GOOD && s->walk && !pace_stopped())
		r = scrub_walk(s);
	steps_clear(&s->progress);
	vault_keep_close(s->keep);
	s->keep = NULL;
	s->t.stopped = pace_stopped();
	/* One that did not get to its end is gone on with: it stays open. */
	ended = r == EXIT_GOOD && !s->t.stopped ? end(s) : EXIT_GOOD;
	if (exit_of(&s->t) == EXIT_DAMAGE)
		return EXIT_DAMAGE;
	return r != EXIT_GOOD ? r : ended != EXIT_GOOD ? ended : exit_of(&s->t);
}
