/* Files in a store that no record names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/util.h"
#include "log_source.h"
#include "scrub.h"

enum { ASK = 1000, NAME_MAX_SHOWN = 160 };

struct walk {
	struct scrub *s;
	json_t *addresses;		/* not asked for yet */
	json_t *list;			/* what is told */
	int r;				/* an exit status */
};

static void add(struct walk *w, const char *name, const char *kind)
{
	w->s->t.extra++;
	if (!w->s->c->json && !w->s->o->quiet) {
		steps_clear(&w->s->progress);
		say(stdout, T_SCRUB_EXTRA, name);
	}
	if (json_array_size(w->list) < SCRUB_EXTRA_MAX)
		json_array_append_new(w->list, json_pack("{s:s, s:s}", "name", name, "kind", kind));
}

/* Which of these are unknown, or were to be gone: a new list. */
static int ask(struct walk *w, const json_t *addresses, json_t **ret)
{
	char *text = json_dumps(addresses, JSON_COMPACT);
	const char *const params[] = { w->s->run, text };

	w->r = ctl_query(w->s->c, STATEMENT_SCRUB_UNRECORDED, params, COUNT(params), ret);
	free(text);
	return w->r == EXIT_GOOD ? 0 : -1;
}

/*
 * What no record names may have come in meanwhile: the dock is asked first, then the catalog once more, so
 * that what was under way is either recorded by now or still under way then.
 */
static int judge(struct walk *w)
{
	json_t *rows = NULL, *again = NULL, *row;
	const char *hex;
	enum audit_dock dock;
	size_t i;
	int r = ask(w, w->addresses, &rows);

	json_array_clear(w->addresses);
	if (r == 0 && json_array_size(rows) > 0) {
		dock = audit_ask_dock(w->s->c);
		json_array_foreach(rows, i, row)
			json_array_append(w->addresses, json_object_get(row, "blob"));
		r = ask(w, w->addresses, &again);
		json_array_clear(w->addresses);
		json_array_foreach(again, i, row) {
			hex = json_string_value(json_object_get(row, "blob"));
			if (hex == NULL)
				continue;
			if (json_is_true(json_object_get(row, "removed")))
				add(w, hex, "removed");
			else if (audit_on_its_way(dock, audit_age_of(w->s->dir, hex)))
				w->s->t.on_their_way++;
			else
				add(w, hex, "unlogged");
		}
	}
	json_decref(rows);
	json_decref(again);
	return r;
}

static int one_blob(void *data, const struct digest *address, uint64_t size)
{
	struct walk *w = data;
	char hex[DIGEST_HEX_SIZE];

	(void)size;
	if (pace_stopped())
		return -ECANCELED;
	json_array_append_new(w->addresses, json_string(digest_hex(address, hex)));
	return json_array_size(w->addresses) < ASK ? 0 : judge(w);
}

static int one_foreign(void *data, const char *path)
{
	struct walk *w = data;
	char shown[NAME_MAX_SHOWN];

	add(w, text_shown(path, shown, sizeof(shown)), "foreign");
	return 0;
}

/* How many leaves the log's files have, "": they cannot be read here. */
static void log_size(const struct ctl *c, char ret[24])
{
	AUTO(log_source_closep) struct log_source *source = NULL;
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint p;
	struct err e;

	ret[0] = '\0';
	if (log_source_open(c->conf.log, &source, &e) == 0 &&
	    log_source_checkpoint(source, &text, &p, &e) == 0)
		snprintf(ret, 24, "%llu", (unsigned long long)p.size);
}

static int tell(struct walk *w)
{
	char *text = json_dumps(w->list, JSON_COMPACT), extra[24], size[24];
	const char *params[] = { w->s->run, text, extra, size };
	json_t *rows = NULL;
	int r;

	snprintf(extra, sizeof(extra), "%llu", w->s->t.extra);
	log_size(w->s->c, size);
	if (size[0] == '\0')
		params[3] = NULL;
	r = ctl_query(w->s->c, STATEMENT_SCRUB_EXTRA, params, COUNT(params), &rows);
	if (r == EXIT_GOOD)
		w->s->t.findings += (unsigned long long)json_integer_value(
			json_object_get(json_array_get(rows, 0), "findings"));
	json_decref(rows);
	free(text);
	return r;
}

int scrub_walk(struct scrub *s)
{
	struct walk w = { .s = s, .addresses = json_array(), .list = json_array(), .r = EXIT_GOOD };
	struct err e = { 0 };
	int r = vault_walk(s->dir, one_blob, one_foreign, &w, &e);

	if (r == 0 && json_array_size(w.addresses) > 0)
		r = judge(&w);
	if (r == 0)
		w.r = tell(&w);
	else if (r != -ECANCELED && w.r == EXIT_GOOD)
		w.r = ctl_fail(&e, EXIT_AWAY);
	s->t.walked = r == 0 && w.r == EXIT_GOOD;
	json_decref(w.addresses);
	json_decref(w.list);
	return w.r;
}
