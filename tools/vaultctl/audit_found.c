/* What a check of the log finds: said to whoever runs it, counted, and raised in the catalog. */
#include <errno.h>
#include <string.h>

#include "audit.h"
#include "base/digest.h"
#include "base/utc.h"
#include "base/util.h"
#include "table.h"

enum { SUBJECT_MAX = 160 };		/* of a finding in the catalog */

static const struct {
	enum text_id text;
	int article;
	bool damage;			/* evidence, or what vouches for it, is not whole */
} codes[AUDIT_CODES] = {
	[AUDIT_ROW_CHANGED] = { T_AUDIT_ROW_CHANGED, 35, true },
	[AUDIT_ROW_MISSING] = { T_AUDIT_ROW_MISSING, 35, true },
	[AUDIT_ROW_UNLOGGED] = { T_AUDIT_ROW_UNLOGGED, 35, true },
	[AUDIT_EVENT_CHANGED] = { T_AUDIT_EVENT_CHANGED, 35, true },
	[AUDIT_LEAF_DAMAGED] = { T_AUDIT_LEAF_DAMAGED, 35, true },
	[AUDIT_LOG_INCONSISTENT] = { T_AUDIT_LOG_INCONSISTENT, 35, true },
	[AUDIT_LOG_FORKED] = { T_AUDIT_LOG_FORKED, 35, true },
	[AUDIT_EVENT_WAITING] = { T_AUDIT_EVENT_WAITING, 33, false },
	[AUDIT_BLOB_MISSING] = { T_AUDIT_BLOB_MISSING, 33, true },
	[AUDIT_BLOB_CHANGED] = { T_AUDIT_BLOB_CHANGED, 35, true },
	[AUDIT_BLOB_UNLOGGED] = { T_AUDIT_BLOB_UNLOGGED, 35, false },
	[AUDIT_BLOB_NOT_DISPOSED] = { T_AUDIT_BLOB_NOT_DISPOSED, 33, false },
};

void audit_words(const struct audit_result *r, struct audit_words *ret)
{
	static const struct {
		const char *fact;
		enum text_id text;
	} whys[] = {
		[AUDIT_WHY_NONE] = { "", T_WHY_NO_EVENT },
		[AUDIT_WHY_COLUMN] = { "column", T_WHY_COLUMN },
		[AUDIT_WHY_SALT] = { "salt", T_WHY_SALT },
		[AUDIT_WHY_SIZE] = { "size", T_WHY_SIZE },
		[AUDIT_WHY_AGAIN] = { "again", T_WHY_AGAIN },
		[AUDIT_WHY_TWICE] = { "twice", T_WHY_TWICE },
		[AUDIT_WHY_CAME_BACK] = { "came back", T_WHY_CAME_BACK },
		[AUDIT_WHY_GONE] = { "gone", T_WHY_GONE },
		[AUDIT_WHY_LEAF] = { "leaf", T_WHY_LEAF },
		[AUDIT_WHY_NO_LEAF] = { "no leaf", T_WHY_NO_LEAF },
	};
	const bool column = r->column[0] != '\0';

	snprintf(ret->fact, sizeof(ret->fact), "%s%s%s", whys[r->why].fact, column ? " " : "",
		 r->column);
	text_fill(ret->why, sizeof(ret->why), whys[r->why].text, column ? r->column : "?");
}

/* ------ in the catalog ------ */

static int raise_connection(struct audit *a, struct err *e)
{
	char conninfo[CONF_PATH_MAX + 64];

	if (a->raise != NULL)
		return 0;
	snprintf(conninfo, sizeof(conninfo), "%s user=dv_supervisor", a->c->conf.database);
	return catalog_sync_open(conninfo, &a->raise, e);
}

/* A name that is too long for a finding's subject gets its digest for an end. */
static void put_subject(const char *subject, char ret[SUBJECT_MAX + 1])
{
	char hex[DIGEST_HEX_SIZE], shown[SUBJECT_MAX + 1];
	struct digest d = digest_of(subject, strlen(subject));

	text_shown(subject, shown, sizeof(shown));
	if (strlen(subject) <= SUBJECT_MAX && strcmp(shown, subject) == 0)
		snprintf(ret, SUBJECT_MAX + 1, "%s", subject);
	else
		snprintf(ret, SUBJECT_MAX + 1, "%s %s", text_shown(subject, shown, 80),
			 digest_hex(&d, hex));
}

static void raise_finding(struct audit *a, const struct audit_found *f)
{
	AUTO(buf_clear) struct buf detail = BUF_INIT(4096);
	char subject[SUBJECT_MAX + 1];
	struct err e = { 0 };
	int r;

	buf_addf(&detail, "{\"log_size\":%llu", (unsigned long long)a->log.checkpoint.size);
	if (f->event > 0)
		buf_addf(&detail, ",\"event\":%llu", (unsigned long long)f->event);
	if (f->index >= 0)
		buf_addf(&detail, ",\"leaf\":%lld", (long long)f->index);
	buf_adds(&detail, "}");
	put_subject(f->subject, subject);
	const char *const params[] = { audit_code_name(f->code), f->kind, subject, f->fact,
				       buf_str(&detail) };
	r = raise_connection(a, &e);
	if (r == 0)
		r = catalog_sync_run(a->raise, STATEMENT_LOG_FINDING, params, COUNT(params), NULL, &e);
	if (r < 0)
		audit_away(a, &e);
}

/* ------ to whoever runs it ------ */

static void put_json(struct audit *a, const struct audit_found *f, const char *subject)
{
	json_t *o;

	if (json_array_size(a->list) >= AUDIT_OBJECTS_MAX) {
		a->omitted++;
		return;
	}
	o = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "code", audit_code_name(f->code), "article",
		      codes[f->code].article, "subject_kind", f->kind, "subject", subject, "fact",
		      f->fact, "why", f->why);
	if (f->event > 0)
		json_object_set_new(o, "event", json_integer((json_int_t)f->event));
	if (f->index >= 0)
		json_object_set_new(o, "leaf_index", json_integer(f->index));
	json_array_append_new(a->list, o);
}

void audit_found(struct audit *a, const struct audit_found *f)
{
	char subject[CELL_MAX];

	a->found[f->code]++;
	text_shown(f->subject, subject, sizeof(subject));
	steps_clear(&a->progress);
	if (a->c->json)
		put_json(a, f, subject);
	else
		say(stdout, codes[f->code].text, subject, f->why);
	if (!a->dry_run)
		raise_finding(a, f);
}

void audit_away(struct audit *a, const struct err *e)
{
	steps_clear(&a->progress);
	a->away = ctl_fail(e, EXIT_AWAY);
}

bool audit_is_damage(int r)
{
	return r == -EBADMSG || r == -EINVAL || r == -ENOENT || r == -EFBIG;
}

static void say_witnesses(const struct audit *a)
{
	const struct conf *conf = &a->c->conf;
	char when[20];
	size_t i;

	for (i = 0; i < conf->n_witnesses; i++) {
		utc_format_shanghai(a->witnesses[i].at_ms, when);
		if (a->witnesses[i].size > 0)
			say(stdout, T_AUDIT_WITNESS, conf->witnesses[i].name,
			    (unsigned long long)a->witnesses[i].size, when);
		else
			say(stdout, T_AUDIT_NO_WITNESS, conf->witnesses[i].name);
	}
}

static json_t *witnesses_json(const struct audit *a)
{
	json_t *list = json_array();
	char at[UTC_TEXT_SIZE];
	size_t i;

	for (i = 0; i < a->c->conf.n_witnesses; i++) {
		utc_format(a->witnesses[i].at_ms, at);
		json_array_append_new(list, json_pack("{s:s, s:I, s:s*}", "witness",
			a->c->conf.witnesses[i].name, "size", (json_int_t)a->witnesses[i].size, "at",
			a->witnesses[i].size > 0 ? at : NULL));
	}
	return list;
}

static void say_sum(const struct audit *a, unsigned long long found)
{
	char bytes[32];

	say(stdout, T_AUDIT_LOG_SUM, a->leaves, a->checkpoints, a->stamps, a->waiting);
	say_witnesses(a);
	say(stdout, T_AUDIT_CATALOG_SUM, a->rows);
	if (a->guarded)
		say(stdout, T_AUDIT_GUARDED);
	if (a->untold > 0)
		say(stdout, T_AUDIT_UNTOLD, a->untold);
	if (a->presence)
		say(stdout, T_AUDIT_PRESENCE_SUM, a->blobs, a->on_their_way);
	else
		say(stdout, T_AUDIT_BLOBS_SUM, a->blobs, bytes_text((long long)a->bytes, bytes),
		    a->on_their_way);
	if (a->disposed > 0)
		say(stdout, T_AUDIT_DISPOSED_SUM, a->disposed);
	if (found == 0)
		say(stdout, a->away == EXIT_GOOD ? T_AUDIT_CLEAN : T_AUDIT_NOT_ALL);
	else
		say(stdout, T_AUDIT_FOUND, found);
}

static void print_json(const struct audit *a)
{
	const struct checkpoint *p = &a->log.checkpoint;
	char root[48];
	json_t *j = json_pack(
		"{s:{s:s, s:I, s:s, s:s}, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:o, s:O, s:I}",
		"checkpoint", "origin", p->origin, "size", (json_int_t)p->size, "root",
		log_root_text(&p->root, root), "verdict", log_verdict_name(a->log.verdict), "leaves",
		(json_int_t)a->leaves, "checkpoints", (json_int_t)a->checkpoints, "time_stamps",
		(json_int_t)a->stamps, "time_stamps_unknown", (json_int_t)a->stamps_unknown, "waiting",
		(json_int_t)a->waiting, "rows", (json_int_t)a->rows, "untold", (json_int_t)a->untold,
		"blobs", (json_int_t)a->blobs, "bytes", (json_int_t)a->bytes, "on_their_way",
		(json_int_t)a->on_their_way, "disposed", (json_int_t)a->disposed, "all_checked", a->away == EXIT_GOOD,
		"parties_checked", !a->guarded, "witnesses", witnesses_json(a),
		"findings", a->list,
		"findings_omitted", (json_int_t)a->omitted);

	ctl_print_json(j);
	json_decref(j);
}

/* What a catalog, a vault and a log of different days look like. */
static bool may_be_of_other_days(const struct audit *a)
{
	return a->found[AUDIT_EVENT_CHANGED] + a->found[AUDIT_LOG_INCONSISTENT] + a->found[AUDIT_BLOB_MISSING] +
		a->found[AUDIT_BLOB_UNLOGGED] > 0;
}

int audit_conclude(struct audit *a)
{
	unsigned long long found = 0;
	bool damage = false;
	int i;

	for (i = 0; i < AUDIT_CODES; i++) {
		found += a->found[i];
		damage = damage || (a->found[i] > 0 && codes[i].damage);
	}
	steps_clear(&a->progress);
	if (a->c->json)
		print_json(a);
	else
		say_sum(a, found);
	if (!a->c->json && may_be_of_other_days(a))
		say(stdout, T_AUDIT_OTHER_DAYS);
	if (damage)
		return EXIT_DAMAGE;
	return a->away != EXIT_GOOD ? a->away : found > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}
