/* vaultctl log: what is signed, what is in it, and the proof that an event is. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/util.h"
#include "base/utc.h"
#include "custody/canonical.h"
#include "history.h"
#include "log_view.h"
#include "object.h"
#include "table.h"
#include "tlog/heads.h"

/* ------ checkpoint ------ */

struct head {
	struct ctl *c;
	struct log_view log;
	json_t *witnesses, *stamps;
	uint64_t stamped;		/* the largest size that was */
	bool has_stamp;
	int exit;
	struct err e;
};

static const char *when_text(int64_t ms, char ret[UTC_TEXT_SIZE])
{
	utc_format(ms, ret);
	return ret;
}

static void worse(int *exit, int than)
{
	*exit = MAX(*exit, than);
}

/* One witness of the configuration: has it cosigned, and when? */
static int take_witness(struct head *h, const struct conf_witness *w)
{
	enum checkpoint_verdict v = CHECKPOINT_UNSIGNED;
	char at[UTC_TEXT_SIZE];
	uint64_t seconds = 0;
	struct note_key key;
	json_t *o;

	if (note_key_parse(w->key, strlen(w->key), &key, &h->e) < 0) {
		err_prefix(&h->e, "witness %s", w->name);
		return ctl_fail(&h->e, EXIT_AWAY);
	}
	if (h->log.text.len > 0)
		v = checkpoint_check_cosignature(&h->log.checkpoint, h->log.text.p, &key, &seconds);
	if (v == CHECKPOINT_FORGED)
		worse(&h->exit, EXIT_DAMAGE);
	o = json_pack("{s:s, s:s, s:s, s:s*}", "witness", w->name, "key", key.name, "verdict",
		      log_verdict_name(v), "at", v != CHECKPOINT_SIGNED ? NULL :
		      when_text(log_cosigned_ms(seconds), at));
	return json_array_append_new(h->witnesses, o) < 0 ? EXIT_AWAY : EXIT_GOOD;
}

static int take_largest(void *data, uint64_t size)
{
	struct head *h = data;

	h->stamped = MAX(h->stamped, size);
	h->has_stamp = true;
	return 0;
}

static int take_stamp(void *data, const char *authority, const uint8_t *token, size_t len)
{
	struct head *h = data;
	AUTO(buf_clear) struct buf stamped = BUF_INIT(CHECKPOINT_MAX);
	char at[UTC_TEXT_SIZE];
	const char *verdict;
	int64_t ms;
	int r = tlog_time_checkpoint(h->log.dir, h->stamped, &stamped, &h->e);

	if (r == 0)
		r = log_stamp(h->c, authority, token, len, &stamped, &verdict, &ms, &h->e);
	if (r < 0)
		return r;
	if (strcmp(verdict, "good") != 0 && strcmp(verdict, "unknown") != 0)
		worse(&h->exit, EXIT_FINDINGS);
	json_array_append_new(h->stamps, json_pack("{s:s, s:I, s:s, s:s*}", "authority", authority,
		"size", (json_int_t)h->stamped, "verdict", verdict, "at",
		ms > 0 ? when_text(ms, at) : NULL));
	return 0;
}

static int take_stamps(struct head *h)
{
	int r = tlog_time_walk(h->log.dir, take_largest, h, &h->e);

	if (r == 0 && h->has_stamp)
		r = tlog_time_each(h->log.dir, h->stamped, take_stamp, h, &h->e);
	return r < 0 ? ctl_fail(&h->e, EXIT_AWAY) : EXIT_GOOD;
}

static void say_list(const json_t *list, const char *name, enum text_id good, enum text_id other)
{
	const char *at, *verdict, *who;
	const json_t *o;
	char when[20];
	int64_t ms;
	size_t i;

	json_array_foreach(list, i, o) {
		at = json_string_value(json_object_get(o, "at"));
		verdict = json_string_value(json_object_get(o, "verdict"));
		who = json_string_value(json_object_get(o, name));
		if (at != NULL && utc_parse(at, strlen(at), &ms) == 0 &&
		    (strcmp(verdict, "signed") == 0 || strcmp(verdict, "good") == 0)) {
			utc_format_shanghai(ms, when);
			say(stdout, good, who, when,
			    (long long)json_integer_value(json_object_get(o, "size")));
		} else {
			say(stdout, other, who, word(verdict));
		}
	}
}

static void say_head(const struct head *h, const json_t *waiting)
{
	const struct checkpoint *p = &h->log.checkpoint;
	char root[48], age[32];

	if (h->log.text.len == 0 && !log_view_is_damaged(&h->log)) {
		say(stdout, T_LOG_NOTHING, h->log.dir);
	} else if (h->log.text.len > 0) {
		say(stdout, T_LOG_CHECKPOINT, p->origin, (unsigned long long)p->size,
		    log_root_text(&p->root, root));
		say(stdout, h->log.verdict == CHECKPOINT_SIGNED ? T_LOG_SIGNED_BY : T_LOG_FORGED,
		    h->log.key.name);
	}
	say_list(h->witnesses, "witness", T_LOG_COSIGNED, T_LOG_NOT_COSIGNED);
	say_list(h->stamps, "authority", T_LOG_STAMPED, T_LOG_BAD_STAMP);
	if (waiting != NULL)
		say(stdout, T_LOG_WAITING,
		    (long long)json_integer_value(json_object_get(waiting, "waiting")),
		    duration_text(json_integer_value(json_object_get(waiting, "oldest_ms")), age));
}

static void print_head(const struct head *h, const json_t *waiting)
{
	const struct checkpoint *p = &h->log.checkpoint;
	char root[48];
	json_t *j = json_pack("{s:s*, s:I, s:s, s:s, s:s, s:O, s:O, s:O*}", "origin",
		p->origin[0] != '\0' ? p->origin : NULL, "size", (json_int_t)p->size, "root",
		log_root_text(&p->root, root), "verdict", log_verdict_name(h->log.verdict), "text",
		buf_str(&h->log.text), "witnesses", h->witnesses, "time_stamps", h->stamps, "catalog",
		waiting);

	ctl_print_json(j);
	json_decref(j);
}

/* Whoever has the log alone sees it without a catalog. */
static json_t *ask_waiting(struct ctl *c)
{
	const char *const params[] = { NULL };
	json_t *rows = NULL, *one = NULL;

	if (ctl_open_catalog(c, "dv_supervisor") == EXIT_GOOD &&
	    ctl_query(c, STATEMENT_LOG_STATE, params, COUNT(params), &rows) == EXIT_GOOD)
		one = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return one;
}

static int checkpoint(struct head *h, const char *key)
{
	json_t *waiting;
	size_t i;
	int r = log_view_open(h->c, key, &h->log);

	for (i = 0; i < h->c->conf.n_witnesses && r == EXIT_GOOD; i++)
		r = take_witness(h, &h->c->conf.witnesses[i]);
	if (r == EXIT_GOOD)
		r = take_stamps(h);
	if (r != EXIT_GOOD)
		return r;
	waiting = ask_waiting(h->c);
	if (h->c->json)
		print_head(h, waiting);
	else
		say_head(h, waiting);
	if (waiting == NULL)
		worse(&h->exit, EXIT_AWAY);
	json_decref(waiting);
	return log_view_is_damaged(&h->log) ? EXIT_DAMAGE : h->exit;
}

int cmd_log_checkpoint(struct ctl *c, int argc, char **argv)
{
	struct head h = { .c = c, .exit = EXIT_GOOD };
	const char *key = NULL;
	const struct option_spec options[] = { { "--key", &key, NULL } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = ctl_open_conf(c)) != EXIT_GOOD)
		return r;
	h.witnesses = json_array();
	h.stamps = json_array();
	r = checkpoint(&h, key);
	json_decref(h.witnesses);
	json_decref(h.stamps);
	log_view_close(&h.log);
	return r;
}

/* ------ show ------ */

enum { SHOWN = 100 };			/* the newest, where nothing else is said */

struct show {
	bool json;
	size_t n;
};

static int show_leaf(void *data, uint64_t index, const uint8_t *leaf, size_t len)
{
	AUTO(buf_clear) struct buf key = BUF_INIT(EVENT_LEAF_MAX);
	struct show *s = data;
	char when[20], shown[CELL_MAX];
	struct event ev;

	if (event_parse(leaf, len, &ev, NULL) < 0) {
		/* Its bytes may be anything. */
		if (s->json)
			printf("%s\n{\"leaf_index\":%" PRIu64 ",\"leaf\":null}", s->n > 0 ? "," : "", index);
		else
			say(stdout, T_LOG_NO_LEAF, (unsigned long long)index);
	} else if (s->json) {
		printf("%s\n{\"leaf_index\":%" PRIu64 ",\"leaf\":%.*s}", s->n > 0 ? "," : "", index,
		       (int)len, (const char *)leaf);
	} else {
		canonical_text(ev.key.p, ev.key.len, &key);
		utc_format_shanghai(ev.at_ms, when);
		say(stdout, T_LOG_LEAF, (unsigned long long)index, when, act_word(ev.act), ev.source,
		    text_shown(buf_str(&key), shown, sizeof(shown)), ev.role);
	}
	s->n++;
	return 0;
}

static int show(struct ctl *c, struct log_view *v, const char *from, const char *to)
{
	const uint64_t size = v->checkpoint.size;
	struct show s = { .json = c->json };
	uint64_t a = size > SHOWN ? size - SHOWN : 0, b = size;
	struct err e = { 0 };
	int r;

	if ((from != NULL && (r = log_leaf_number(from, &a)) != EXIT_GOOD) ||
	    (to != NULL && (r = log_leaf_number(to, &b)) != EXIT_GOOD))
		return r;
	b = MIN(to != NULL ? b + 1 : b, size);
	if (from == NULL && to != NULL)
		a = b > SHOWN ? b - SHOWN : 0;
	if (c->json)
		printf("[");
	r = a < b ? tlog_reader_each(v->reader, a, b, show_leaf, &s, &e) : 0;
	if (c->json)
		printf("\n]\n");
	if (r < 0)
		return ctl_fail(&e, r == -EBADMSG ? EXIT_DAMAGE : EXIT_AWAY);
	log_view_say_damaged(v);
	if (!c->json && v->text.len > 0)
		say(stdout, T_LOG_SHOWN, (unsigned long long)s.n, (unsigned long long)size);
	else if (!c->json && !log_view_is_damaged(v))
		say(stdout, T_LOG_NOTHING, v->dir);
	return log_view_is_damaged(v) ? EXIT_DAMAGE : EXIT_GOOD;
}

int cmd_log_show(struct ctl *c, int argc, char **argv)
{
	const char *from = NULL, *to = NULL;
	const struct option_spec options[] = { { "--from", &from, NULL }, { "--to", &to, NULL } };
	struct log_view v = { .reader = NULL };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = ctl_open_conf(c)) != EXIT_GOOD)
		return r;
	r = log_view_open(c, NULL, &v);
	if (r == EXIT_GOOD)
		r = show(c, &v, from, to);
	log_view_close(&v);
	return r;
}

/* ------ prove ------ */

struct prove {
	struct ctl *c;
	struct log_view log;
	const char *out;		/* directory; NULL: standard output */
	json_t *list;
	size_t proven;
	int exit;
};

static int write_file(const struct prove *p, uint64_t index, const char *suffix, const void *bytes,
		      size_t len)
{
	char path[CONF_PATH_MAX + 64];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%.1000s/leaf-%" PRIu64 ".%s", p->out, index, suffix);
	return file_replace(path, bytes, len, 0644, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

static int give_proof(struct prove *p, const struct history_event *h)
{
	int r = EXIT_GOOD;

	p->proven++;
	if (p->out != NULL)
		r = write_file(p, h->index, "json", h->leaf, h->leaf_len);
	if (p->out != NULL && r == EXIT_GOOD)
		r = write_file(p, h->index, "tlog-proof", h->proof->p, h->proof->len);
	if (!p->c->json && r == EXIT_GOOD)
		say(p->out != NULL ? stdout : stderr, T_PROVE_LEAF, (unsigned long long)h->index,
		    act_word(h->ev.act));
	if (!p->c->json && p->out == NULL)
		fputs(buf_str(h->proof), stdout);
	return r;
}

static int prove_one(void *data, const struct history_event *h)
{
	struct prove *p = data;
	const bool proven = h->verdict == HISTORY_PROVEN || h->verdict == HISTORY_ROW_CHANGED;
	json_t *o;

	if (p->c->json) {
		o = json_pack("{s:I, s:s, s:s*, s:s#*}", "event", (json_int_t)h->number, "verdict",
			      history_verdict_name(proven ? HISTORY_PROVEN : h->verdict), "proof",
			      proven ? buf_str(h->proof) : NULL, "leaf",
			      proven ? (const char *)h->leaf : NULL, (int)h->leaf_len);
		if (h->placed)
			json_object_set_new(o, "leaf_index", json_integer((json_int_t)h->index));
		json_array_append_new(p->list, o);
	}
	if (proven)
		return give_proof(p, h);
	worse(&p->exit, h->verdict == HISTORY_CHANGED ? EXIT_DAMAGE : EXIT_FINDINGS);
	if (!p->c->json)
		say(stderr, h->verdict == HISTORY_CHANGED ? T_PROVE_CHANGED : T_PROVE_NOT_SEALED,
		    (unsigned long long)h->number);
	return EXIT_GOOD;
}

static int prove(struct prove *p, const char *object)
{
	json_t *objects = NULL;
	struct err e = { 0 };
	int r;

	if (p->out != NULL && mkdir(p->out, 0755) < 0 && errno != EEXIST) {
		err_set(&e, -errno, "%s: %s", p->out, strerror(errno));
		return ctl_fail(&e, EXIT_AWAY);
	}
	r = object_names(p->c, object, &objects);
	if (r == EXIT_GOOD)
		r = log_view_open(p->c, NULL, &p->log);
	if (r == EXIT_GOOD) {
		log_view_say_damaged(&p->log);
		r = history_each(p->c, &p->log, objects, prove_one, p);
	}
	json_decref(objects);
	if (r != EXIT_GOOD)
		return r;
	if (p->proven == 0 && p->exit == EXIT_GOOD)
		return ctl_usage(T_NO_OBJECT, object);
	if (p->c->json)
		ctl_print_json(p->list);
	return log_view_is_damaged(&p->log) ? EXIT_DAMAGE : p->exit;
}

int cmd_log_prove(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "OBJECT" };
	struct prove p = { .c = c, .exit = EXIT_GOOD };
	const struct option_spec options[] = { { "--out", &p.out, NULL } };
	const char *object = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &object, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD ||
	    (r = ctl_may_read(c, "log prove", &object, 1)) != EXIT_GOOD)
		return r;
	p.list = json_array();
	r = prove(&p, object);
	json_decref(p.list);
	log_view_close(&p.log);
	return r;
}
