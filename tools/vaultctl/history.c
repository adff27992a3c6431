#include "history.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/utc.h"
#include "catalog/audit.h"
#include "custody/canonical.h"
#include "custody/proof.h"
#include "table.h"

/* Events asked of the catalog at once. */
#define PAGE	"500"
enum { LATE_MS = 60 * 1000 };

const char *history_verdict_name(enum history_verdict v)
{
	static const char *const names[] = {
		[HISTORY_PROVEN] = "proven",
		[HISTORY_NOT_SEALED] = "not_sealed",
		[HISTORY_LATE] = "late",
		[HISTORY_CHANGED] = "changed",
		[HISTORY_ROW_CHANGED] = "row_changed",
	};

	return names[v];
}

/* ------ the log ------ */

static bool is_same(const struct history_event *h, const struct buf *leaf)
{
	return leaf->len == h->leaf_len && memcmp(leaf->p, h->leaf, leaf->len) == 0;
}

/* EXIT_GOOD with a verdict, or EXIT_AWAY. */
static int judge(struct log_view *v, struct history_event *h, struct buf *proof)
{
	AUTO(buf_clear) struct buf leaf = BUF_INIT(EVENT_LEAF_MAX);
	struct err e = { 0 };
	int r;

	if (!h->placed || h->index >= v->checkpoint.size) {
		/* Where no log was ever begun nothing is late. */
		h->verdict = (h->placed || v->text.len > 0) &&
			utc_now() - h->recorded_ms > LATE_MS ? HISTORY_LATE : HISTORY_NOT_SEALED;
		return EXIT_GOOD;
	}
	h->verdict = HISTORY_CHANGED;
	r = tlog_reader_entry(v->reader, h->index, &leaf, &e);
	if (r == 0 && (!is_same(h, &leaf) || !h->parsed || h->ev.event != h->number))
		return EXIT_GOOD;
	if (r == 0)
		r = log_view_prove(v, h->index, h->leaf, h->leaf_len, proof, &e);
	if (r == 0 && v->verdict == CHECKPOINT_SIGNED)
		h->verdict = HISTORY_PROVEN;
	return r == 0 || r == -EBADMSG || r == -EINVAL ? EXIT_GOOD : ctl_fail(&e, EXIT_AWAY);
}

/* ------ the catalog's row ------ */

struct row {
	struct history_event *h;
	const struct catalog_source *source;
	json_t *json;			/* of the row, where it is what the leaf says */
};

/* Of rows that change by right only the last event says how they are now. */
static int one_row(void *data, const struct audit_row *row, const struct audit_result *result)
{
	struct row *s = data;

	if (s->source->changes)
		return 0;
	s->h->erased = result->untold;
	if (result->code == AUDIT_NOTHING && row->row != NULL)
		s->json = json_loads(row->row, 0, NULL);
	if (result->code == AUDIT_NOTHING)
		return 0;
	memcpy(s->h->column, result->column, sizeof(s->h->column));
	if (s->h->verdict != HISTORY_CHANGED)
		s->h->verdict = HISTORY_ROW_CHANGED;
	return 0;
}

static const char *column_of(const json_t *row, const char *column)
{
	return column == NULL ? NULL : json_string_value(json_object_get(row, column));
}

/* Who and why, from the row that the event was made of. */
static int look_up(struct ctl *c, struct row *s)
{
	struct err e = { 0 };
	int r;

	r = catalog_sync_begin_reading(c->catalog, &e);
	if (r == 0) {
		r = catalog_audit_event(c->catalog, s->source, s->h->number, one_row, s, &e);
		catalog_sync_rollback(c->catalog);
	}
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	s->h->by = column_of(s->json, s->source->by);
	s->h->reason = column_of(s->json, s->source->reason);
	return EXIT_GOOD;
}

/* ------ one event ------ */

struct teller {
	struct ctl *c;
	struct log_view *log;
	int (*each)(void *data, const struct history_event *h);
	void *data;
};

static int tell_one(struct teller *t, struct history_event *h)
{
	AUTO(buf_clear) struct buf proof = BUF_INIT(PROOF_TEXT_MAX);
	struct row row = { .h = h, .source = h->parsed ? catalog_source_find(h->ev.source) : NULL };
	int r = judge(t->log, h, &proof);

	if (r == EXIT_GOOD && row.source != NULL)
		r = look_up(t->c, &row);
	h->proof = &proof;
	if (r == EXIT_GOOD)
		r = t->each(t->data, h);
	json_decref(row.json);
	return r;
}

static int one_event(struct teller *t, const json_t *o)
{
	const char *hex = json_string_value(json_object_get(o, "leaf"));
	const char *recorded = json_string_value(json_object_get(o, "recorded_at"));
	const json_t *index = json_object_get(o, "leaf_index");
	struct history_event h = {
		.number = (uint64_t)json_integer_value(json_object_get(o, "event")),
		.placed = json_is_integer(index), .index = (uint64_t)json_integer_value(index),
	};
	size_t len = hex != NULL ? strlen(hex) / 2 : 0;
	uint8_t *leaf = malloc(len + 1);
	struct err e = { 0 };
	int r;

	if (leaf == NULL || hex == NULL ||
	    sodium_hex2bin(leaf, len, hex, 2 * len, NULL, &h.leaf_len, NULL) != 0) {
		free(leaf);
		err_set(&e, -EPROTO, "the catalog gives no leaf of event %" PRIu64, h.number);
		return ctl_fail(&e, EXIT_AWAY);
	}
	h.leaf = leaf;
	h.parsed = event_parse(leaf, h.leaf_len, &h.ev, NULL) == 0;
	if (recorded == NULL || utc_parse(recorded, strlen(recorded), &h.recorded_ms) < 0)
		h.recorded_ms = 0;
	r = tell_one(t, &h);
	free(leaf);
	return r;
}

int history_each(struct ctl *c, struct log_view *v, const json_t *objects,
		 int (*each)(void *data, const struct history_event *h), void *data)
{
	struct teller t = { c, v, each, data };
	char *names = json_dumps(objects, JSON_COMPACT), after[24] = "0";
	const char *const params[] = { names, after, PAGE };
	json_t *page = NULL;
	const json_t *o;
	size_t i, got;
	int r;

	do {
		r = ctl_query(c, STATEMENT_OBJECT_EVENTS, params, COUNT(params), &page);
		got = json_array_size(page);
		json_array_foreach(page, i, o) {
			if (r == EXIT_GOOD)
				r = one_event(&t, o);
			snprintf(after, sizeof(after), "%" JSON_INTEGER_FORMAT,
				 json_integer_value(json_object_get(o, "event")));
		}
		json_decref(page);
		page = NULL;
	} while (r == EXIT_GOOD && got == strtoul(PAGE, NULL, 10));
	free(names);
	return r;
}

/* ------ said ------ */

struct told {
	struct log_view log;
	json_t *to;
	size_t n;
	int exit;
};

static void worse(struct told *t, enum history_verdict v)
{
	if (v == HISTORY_CHANGED || v == HISTORY_ROW_CHANGED)
		t->exit = EXIT_DAMAGE;
	else if (v == HISTORY_LATE && t->exit == EXIT_GOOD)
		t->exit = EXIT_FINDINGS;
}

static void say_verdict(const struct told *t, const struct history_event *h)
{
	const unsigned long long index = h->index, size = t->log.checkpoint.size;

	switch (h->verdict) {
	case HISTORY_PROVEN:
		say(stdout, T_HISTORY_PROVEN, index, size);
		break;
	case HISTORY_NOT_SEALED:
		say(stdout, T_HISTORY_NOT_SEALED);
		break;
	case HISTORY_LATE:
		say(stdout, T_HISTORY_LATE);
		break;
	case HISTORY_CHANGED:
		say(stdout, T_HISTORY_CHANGED, index);
		break;
	case HISTORY_ROW_CHANGED:
		say(stdout, T_HISTORY_ROW_CHANGED, h->column[0] != '\0' ? h->column : "-");
		break;
	}
}

/* What was found out, as the leaf has it: "signature valid, digest ok". */
static void say_verdicts(const struct event *ev)
{
	static const struct { const char *column; enum text_id head; } columns[] = {
		{ "assurance", C_ASSURANCE }, { "code", C_CODE }, { "digest", C_DIGEST },
		{ "outcome", C_STATE }, { "severity", C_SEVERITY }, { "signature", C_SIGNATURE },
	};
	AUTO(buf_clear) struct buf value = BUF_INIT(CELL_MAX), said = BUF_INIT(4096);
	struct canonical_member m;
	char shown[CELL_MAX];
	size_t at = 0, i;

	while (canonical_member(ev->row.p, ev->row.len, &at, &m))
		for (i = 0; i < COUNT(columns); i++) {
			if (m.name_len != strlen(columns[i].column) ||
			    memcmp(m.name, columns[i].column, m.name_len) != 0)
				continue;
			buf_reset(&value);
			if (!canonical_text(m.value, m.value_len, &value))
				continue;	/* salted, or no word */
			buf_addf(&said, "%s%s %s", said.len > 0 ? text(T_COMMA) : "",
				 text(columns[i].head),
				 word(text_shown(buf_str(&value), shown, sizeof(shown))));
		}
	if (said.len > 0)
		say(stdout, T_HISTORY_SAYS, buf_str(&said));
}

static void say_event(const struct told *t, const struct history_event *h)
{
	char when[20], shown[CELL_MAX];

	utc_format_shanghai(h->parsed ? h->ev.at_ms : h->recorded_ms, when);
	say(stdout, T_HISTORY_EVENT, when, h->parsed ? act_word(h->ev.act) : "?",
	    h->parsed ? h->ev.source : "?", h->parsed ? h->ev.role : "?");
	if (h->parsed)
		say_verdicts(&h->ev);
	if (h->by != NULL)
		say(stdout, T_HISTORY_BY, text_shown(h->by, shown, sizeof(shown)));
	if (h->reason != NULL)
		say(stdout, T_HISTORY_REASON, text_shown(h->reason, shown, sizeof(shown)));
	if (h->erased)
		say(stdout, T_HISTORY_ERASED);
	say_verdict(t, h);
}

static void put_event(const struct told *t, const struct history_event *h)
{
	char at[UTC_TEXT_SIZE];
	json_t *o;

	utc_format(h->parsed ? h->ev.at_ms : h->recorded_ms, at);
	o = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s*, s:s*, s:b, s:s, s:s*}", "event",
		      (json_int_t)h->number, "at", at, "act", h->parsed ? h->ev.act : "", "source",
		      h->parsed ? h->ev.source : "", "role", h->parsed ? h->ev.role : "", "by", h->by,
		      "reason", h->reason, "erased", h->erased, "verdict",
		      history_verdict_name(h->verdict), "column",
		      h->column[0] != '\0' ? h->column : NULL);
	if (h->placed)
		json_object_set_new(o, "leaf_index", json_integer((json_int_t)h->index));
	json_array_append_new(t->to, o);
}

static int tell(void *data, const struct history_event *h)
{
	struct told *t = data;

	t->n++;
	worse(t, h->verdict);
	if (t->to != NULL)
		put_event(t, h);
	else
		say_event(t, h);
	return EXIT_GOOD;
}

static void say_log(const struct log_view *v)
{
	if (v->text.len > 0)
		say(stdout, T_HISTORY_LOG, v->checkpoint.origin,
		    (unsigned long long)v->checkpoint.size, text(v->verdict == CHECKPOINT_SIGNED ?
			T_LOG_SIGNED : T_LOG_NOT_SIGNED));
	else if (!log_view_is_damaged(v))
		say(stdout, T_LOG_NOTHING, v->dir);
}

int history_tell(struct ctl *c, const json_t *objects, json_t *to, size_t *ret_n)
{
	struct told t = { .to = to, .exit = EXIT_GOOD };
	int r = log_view_open(c, NULL, &t.log);

	if (r == EXIT_GOOD) {
		if (to == NULL)
			say_log(&t.log);
		r = history_each(c, &t.log, objects, tell, &t);
	}
	if (r == EXIT_GOOD && log_view_is_damaged(&t.log))
		t.exit = EXIT_DAMAGE;
	log_view_close(&t.log);
	*ret_n = t.n;
	return r == EXIT_GOOD ? t.exit : r;
}
