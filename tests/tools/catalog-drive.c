/*
 * Drives lib/catalog by hand, for tests/run-sql and scenarios.
 *
 *	catalog-drive migrate CONNINFO DIR	apply sql/, a line a file
 *	catalog-drive status CONNINFO DIR	the state of each
 *	catalog-drive ingest CONNINFO SESSIONS	hand over as many sessions of two batches
 *		each, 16 calls in flight, until all are recorded, asking again as
 *		dockd does; a line at each tenth, and one that sums up
 *	catalog-drive ask CONNINFO SESSION	every other call once, and what it said
 *	catalog-drive watch CONNINFO N		until N changes of recorders were told
 *	catalog-drive cancel CONNINFO -		as many calls as are taken, then the end
 *	catalog-drive read CONNINFO DAY		every statement that reads, as a tool runs it
 *	catalog-drive audit CONNINFO -		each table that events are made of: how it is logged,
 *		and its rows against its events: a line a finding, and one that counts
 *
 * PATIENCE_MS in the environment is for the server's connecting and for each of its answers.
 * Exits 1 when a call is refused or answered twice, with the reason.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/util.h"
#include "catalog/audit.h"
#include "catalog/catalog.h"
#include "catalog/migrate.h"
#include "catalog/sync.h"

enum { IN_FLIGHT = 16, SEGMENTS = 5, PARTS = 2 };

struct drive {
	uv_loop_t *loop;
	struct catalog *c;
	const char *session;	/* "ask" */
	size_t n, next;		/* sessions; batches handed over in order, from the first not recorded */
	size_t in_flight, recorded, calls, answers, outages, waiting;
	struct batch {
		struct drive *d;
		size_t number;
		bool asked, recorded;
	} *batches;		/* PARTS a session */
	bool over;
};

_Noreturn static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "catalog-drive: %s: %s\n", what, e != NULL ? e->msg : "");
	exit(EXIT_FAILURE);
}

static void start(struct drive *d, const char *conninfo, catalog_state_cb on_state)
{
	const char *patience = getenv("PATIENCE_MS");
	unsigned long ms = patience != NULL ? strtoul(patience, NULL, 10) : 0;
	struct err e = { 0 };

	if (catalog_new(d->loop, conninfo, on_state, d, &d->c, &e) < 0)
		die("cannot start", &e);
	if (ms > 0 && ms <= UINT32_MAX)
		catalog_patience(d->c, (uint32_t)ms, (uint32_t)ms);
}

static void put_header(struct buf *b, const char *type, size_t i)
{
	buf_addf(b, "%s{\"v\":1,\"type\":\"%s\",\"station\":\"QH-01\","
		 "\"session\":\"00000000-0000-8000-8000-%012zx\"", b->len > 1 ? "," : "", type, i);
}

static void put_segment(struct buf *b, size_t i, unsigned s)
{
	char blob[DIGEST_HEX_SIZE], name[64];
	struct digest d;

	snprintf(name, sizeof(name), "%zu/%u", i, s);
	d = digest_of(name, strlen(name));
	digest_hex(&d, blob);
	put_header(b, "segment", i);
	buf_addf(b, ",\"segment\":\"%.8s-0000-8000-8000-%.12s\",\"recorder\":\"REC-%zu\","
		 "\"recording\":\"00000001-0000-8000-8000-%012zx\",\"seq\":%u,\"path\":\"%s\","
		 "\"path_raw\":\"2f\",\"size\":1000,\"blob\":\"%s\",\"fingerprint\":\"%s\","
		 "\"stored\":\"2026-11-23T12:00:00.000Z\",\"start\":\"2026-11-23T10:0%u:00.000Z\","
		 "\"end\":\"2026-11-23T10:0%u:00.000Z\",\"time_source\":\"directory\","
		 "\"claims\":{\"created\":null,\"modified\":\"2026-11-23T18:01:00\",\"accessed\":null},"
		 "\"officer\":null,\"assurance\":\"sealed_at_dock\",\"signature\":\"unsigned\","
		 "\"digest\":\"not_claimed\",\"manifest\":null,\"seal\":null,\"findings\":[]}",
		 blob, blob + 8, i % 40, i, s, name, blob, blob, s, s + 1);
}

/* The first batch of a session has its start, the second its end, as records come from a dock. */
static void put_batch(struct buf *b, size_t number)
{
	size_t i = number / PARTS;
	unsigned s;

	buf_adds(b, "[");
	if (number % PARTS == 0) {
		put_header(b, "session", i);
		buf_addf(b, ",\"slot\":\"A1\",\"port\":\"1-1\",\"usb\":{\"vid\":\"1234\","
			 "\"pid\":\"5678\",\"serial\":\"S\",\"manufacturer\":null,\"product\":null},"
			 "\"recorder\":\"REC-%zu\",\"started\":\"2026-11-23T11:00:00.000Z\"}", i % 40);
	} else {
		for (s = 0; s < SEGMENTS; s++)
			put_segment(b, i, s);
		put_header(b, "end", i);
		buf_addf(b, ",\"ended\":\"2026-11-23T12:00:00.000Z\",\"outcome\":\"released\","
			 "\"reason\":null,\"planned\":%d,\"stored\":%d,\"known\":0,\"failed\":0,"
			 "\"bytes\":%d}", SEGMENTS, SEGMENTS, SEGMENTS * 1000);
	}
	buf_adds(b, "]");
	if (b->failed)
		die("out of memory", NULL);
}

static void hand_over(struct drive *d);

static void on_gone(void *data)
{
	(void)data;
}

static void on_recorded(void *data, int r, const struct err *e)
{
	struct batch *t = data;
	struct drive *d = t->d;

	if (!t->asked)
		die("answered twice", e);
	t->asked = false;
	d->in_flight--;
	d->answers++;
	if (r == -ENOTCONN) {
		d->next = MIN(d->next, t->number);
		return;		/* again when it is up */
	}
	if (r < 0)
		die("refused", e);
	if (!t->recorded) {
		t->recorded = true;
		d->recorded++;
		if (d->recorded % MAX(d->n * PARTS / 10, (size_t)1) == 0)
			printf("recorded %zu of %zu\n", d->recorded, d->n * PARTS);
	}
	if (d->recorded == d->n * PARTS && d->in_flight == 0) {
		printf("done: %zu calls, %zu answers, outages %zu\n", d->calls, d->answers, d->outages);
		d->over = true;
		catalog_free(d->c, on_gone, NULL);
		return;
	}
	if (catalog_is_up(d->c))
		hand_over(d);
}

static void hand_over(struct drive *d)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64 * 1024);
	struct batch *t;
	int r;

	while (d->in_flight < IN_FLIGHT && d->next < d->n * PARTS) {
		t = &d->batches[d->next++];
		if (t->recorded || t->asked)
			continue;
		buf_reset(&b);
		put_batch(&b, t->number);
		r = catalog_ingest(d->c, buf_str(&b), b.len, on_recorded, t);
		if (r == -ENOTCONN) {
			d->next = MIN(d->next, t->number);
			return;
		}
		if (r < 0)
			die(uv_strerror(r), NULL);
		t->asked = true;
		d->in_flight++;
		d->calls++;
	}
}

static void on_state(void *data, bool up, const char *why)
{
	struct drive *d = data;

	printf("%s%s%s\n", up ? "up" : "down", up ? "" : ": ", why);
	if (up)
		hand_over(d);
	else
		d->outages++;
}

static int ingest(const char *conninfo, size_t n)
{
	struct drive d = { .loop = uv_default_loop(), .n = n };
	size_t i;

	d.batches = calloc(n * PARTS, sizeof(*d.batches));
	if (n == 0 || d.batches == NULL)
		die("out of memory", NULL);
	for (i = 0; i < n * PARTS; i++)
		d.batches[i] = (struct batch){ .d = &d, .number = i };
	start(&d, conninfo, on_state);
	uv_run(d.loop, UV_RUN_DEFAULT);
	free(d.batches);
	return d.over && d.calls == d.answers ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ------ every other call, once ------ */

static void answered(struct drive *d)
{
	if (--d->waiting > 0)
		return;
	d->over = true;
	catalog_free(d->c, on_gone, NULL);
}

static void on_recorders(void *data, int r, const struct catalog_recorder *list, size_t n,
			 const struct err *e)
{
	char id[17];
	size_t i, k;

	if (r < 0)
		die("recorders", e);
	for (i = 0; i < n; i++) {
		printf("recorder %s %04x:%04x %s officer %s unit %s\n", list[i].id, list[i].vid,
		       list[i].pid, list[i].serial, list[i].officer, list[i].unit);
		for (k = 0; k < list[i].n_keys; k++) {
			minisign_id_text(list[i].keys[k].key.id, id);
			printf("key %s\n", id);
		}
	}
	answered(data);
}

static void on_known(void *data, int r, enum catalog_known known, const struct digest *blob,
		     uint64_t size, const struct err *e)
{
	char hex[DIGEST_HEX_SIZE];

	if (r < 0)
		die("known", e);
	if (known)
		printf("known %s %" PRIu64 "\n", digest_hex(blob, hex), size);
	else
		printf("not known\n");
	answered(data);
}

static void on_chain(void *data, int r, struct chain_item *items, size_t n,
		     const struct chain_unsigned *plain, size_t n_plain, const struct err *e)
{
	size_t i;

	if (r < 0)
		die("chain", e);
	for (i = 0; i < n; i++)
		printf("item %s dseq %" PRIu64 " %s\n", manifest_kind_name(items[i].kind),
		       items[i].dseq, items[i].path);
	for (i = 0; i < n_plain; i++)
		printf("plain %s %s\n", plain[i].segment, plain[i].path);
	answered(data);
}

static void on_judged(void *data, int r, const struct err *e)
{
	if (r < 0)
		die("judge", e);
	printf("judged\n");
	answered(data);
}

static void on_noted(void *data, int r, const struct err *e)
{
	if (r < 0)
		die("note_config", e);
	printf("noted\n");
	answered(data);
}

static void on_ledger(void *data, int r, const struct catalog_ledger *l, const struct err *e)
{
	if (r < 0)
		die("ledger", e);
	printf("ledger now %s before %s cleared %zu\n", l->now != NULL ? l->now : "none",
	       l->before != NULL ? l->before : "none", l->n_cleared);
	answered(data);
}

static void on_which(void *data, int r, const bool *yes, size_t n, const struct err *e)
{
	size_t i;

	if (r < 0)
		die("which", e);
	printf("which");
	for (i = 0; i < n; i++)
		printf(" %d", yes[i]);
	printf("\n");
	answered(data);
}

static void on_stored(void *data, int r, const struct catalog_kept *is, size_t n,
		      const struct err *e)
{
	size_t i;

	if (r < 0)
		die("stored", e);
	printf("stored");
	for (i = 0; i < n; i++)
		printf(" %d%s", is[i].stored, is[i].cleared ? " cleared" : "");
	printf("\n");
	answered(data);
}

static void on_count(void *data, int r, uint64_t n, const struct err *e)
{
	if (r < 0)
		die("count", e);
	printf("raised %" PRIu64 "\n", n);
	answered(data);
}

static void on_refused(void *data, int r, const struct err *e)
{
	printf("refused %d: %s\n", r, e->msg);
	answered(data);
}

static void ask_all(void *data, bool up, const char *why)
{
	struct drive *d = data;
	struct digest f = digest_of("0/0", 3), g = digest_of("none", 4);
	const struct digest blobs[] = { g, digest_of("1/0", 3) };
	const struct catalog_file files[] = {
		{ "1/0", 1000, "" }, { "1/0", 1001, "" },
	};
	const char *const config = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

	if (!up) {
		if (!d->over)
			printf("down: %s\n", why);
		return;
	}
	d->waiting = 13;
	if (catalog_recorders(d->c, on_recorders, d) < 0 ||
	    catalog_known(d->c, "REC-0", &f, on_known, d) < 0 ||
	    catalog_ingest(d->c, "[{}]", 4, on_refused, d) < 0 ||
	    catalog_known(d->c, "REC-0", &g, on_known, d) < 0 ||
	    catalog_chain(d->c, d->session, on_chain, d) < 0 ||
	    catalog_judge(d->c, d->session, "[]", 2, on_judged, d) < 0 ||
	    catalog_judge(d->c, "no uuid", "[]", 2, on_refused, d) < 0 ||
	    catalog_ledger(d->c, d->session, on_ledger, d) < 0 ||
	    catalog_recorded(d->c, d->session, blobs, COUNT(blobs), on_which, d) < 0 ||
	    catalog_stored(d->c, "REC-1", files, COUNT(files), on_stored, d) < 0 ||
	    catalog_sweep_not_docked(d->c, on_count, d) < 0 ||
	    catalog_note_config(d->c, "QH-01", config, on_noted, d) < 0 ||
	    catalog_note_config(d->c, "QH-01", "no digest", on_refused, d) < 0)
		die("cannot ask", NULL);
}

static int ask(const char *conninfo, const char *session)
{
	struct drive d = { .loop = uv_default_loop(), .session = session };

	start(&d, conninfo, ask_all);
	uv_run(d.loop, UV_RUN_DEFAULT);
	return d.over ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ------ watching, cancelling ------ */

static void on_change(void *data)
{
	struct drive *d = data;

	printf("changed\n");
	if (--d->waiting > 0)
		return;
	d->over = true;
	catalog_free(d->c, on_gone, NULL);
}

static void print_state(void *data, bool up, const char *why)
{
	(void)data;
	printf("%s%s%s\n", up ? "up" : "down", up ? "" : ": ", why);
}

static int watch(const char *conninfo, size_t n)
{
	struct drive d = { .loop = uv_default_loop(), .waiting = n };

	start(&d, conninfo, print_state);
	catalog_watch_recorders(d.c, on_change, &d);
	uv_run(d.loop, UV_RUN_DEFAULT);
	return d.over ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void on_cancelled(void *data, int r, const struct err *e)
{
	struct drive *d = data;

	if (r != -ECANCELED || d->over)
		die("not cancelled, or after the end", e);
	d->answers++;
}

static void on_freed(void *data)
{
	struct drive *d = data;

	d->over = true;
}

static void fill_and_free(void *data, bool up, const char *why)
{
	struct drive *d = data;
	int r;

	if (!up)
		die(why, NULL);
	while ((r = catalog_ingest(d->c, "[]", 2, on_cancelled, d)) == 0)
		d->calls++;
	if (r != -EAGAIN)
		die(uv_strerror(r), NULL);
	catalog_free(d->c, on_freed, d);
	if (d->answers > 0 || d->over)
		die("called back from inside a call", NULL);
}

static int cancel(const char *conninfo)
{
	struct drive d = { .loop = uv_default_loop() };

	start(&d, conninfo, fill_and_free);
	uv_run(d.loop, UV_RUN_DEFAULT);
	printf("%zu calls, %zu cancelled\n", d.calls, d.answers);
	return d.over && d.calls == d.answers ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ------ as a tool ------ */

static int read_all(const char *conninfo, const char *day)
{
	AUTO(catalog_sync_closep) struct catalog_sync *c = NULL;
	struct err e = { 0 };
	unsigned s;

	if (catalog_sync_open(conninfo, &c, &e) < 0)
		die("cannot connect", &e);
	for (s = STATEMENT_RECORDER_LIST; s < STATEMENTS; s++) {
		AUTO(catalog_rows_freep) struct catalog_rows *rows = NULL;
		const char *params[10] = { NULL };
		json_t *list;
		int r;

		if (s == STATEMENT_REPORT_INTEGRITY)
			params[0] = params[1] = day;
		r = catalog_sync_run(c, (enum catalog_statement)s, params,
				     catalog_statements[s].n_params, &rows, &e);
		/* alertd's, or a person's; of an object, or a month, that was not named */
		if (r == -EACCES || r == -ENOENT || r == -EINVAL)
			continue;
		if (r < 0)
			die(catalog_statements[s].name, &e);
		list = catalog_rows_list(rows);
		printf("%s ", catalog_statements[s].name);
		if (list == NULL || json_dumpf(list, stdout, JSON_COMPACT) < 0)
			die("no JSON", NULL);
		printf("\n");
		json_decref(list);
	}
	return EXIT_SUCCESS;
}

/* ------ as a check of the log ------ */

struct audited {
	const struct catalog_source *source;
	size_t rows, untold;
};

static int audited_row(void *data, const struct audit_row *row, const struct audit_result *result)
{
	struct audited *a = data;

	a->rows++;
	a->untold += result->untold;
	if (result->code != AUDIT_NOTHING)
		printf("%s %s %s %d %s\n", audit_code_name(result->code), a->source->name, row->key,
		       (int)result->why, result->column);
	return 0;
}

static int hidden(void *data, const char *const *values, size_t n)
{
	return err_set(data, -EPERM, "%s is not read as it is", n > 0 ? values[0] : "?");
}

static int audit_all(const char *conninfo)
{
	bool guarded;
	AUTO(catalog_sync_closep) struct catalog_sync *c = NULL;
	struct err e = { 0 };
	size_t i;

	if (catalog_sync_open(conninfo, &c, &e) < 0)
		die("cannot connect", &e);
	if (catalog_audit_begin(c, &guarded, &e) < 0 ||
	    catalog_audit_tables(c, hidden, &e, &e) < 0)
		die("cannot begin", &e);
	for (i = 0; i < catalog_sources_n; i++) {
		struct audited a = { .source = &catalog_sources[i] };

		if (catalog_audit_rows(c, a.source, audited_row, &a, &e) < 0)
			die(a.source->name, &e);
		printf("source %s|%s|%s|%s\n", a.source->name, a.source->key, a.source->personal,
		       a.source->changes ? "t" : "f");
		printf("rows %s %zu, untold %zu\n", a.source->name, a.rows, a.untold);
	}
	return EXIT_SUCCESS;
}

static void print_migration(void *data, const struct migration *m)
{
	(void)data;
	printf("%s %s\n", m->name, migration_state_name(m->state));
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	int r;

	log_init("catalog-drive", getenv("DRIVE_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sodium_init() < 0 || argc != 4) {
		fprintf(stderr, "usage: see tests/tools/catalog-drive.c\n");
		return 2;
	}
	if (strcmp(argv[1], "ingest") == 0)
		return ingest(argv[2], strtoul(argv[3], NULL, 10));
	if (strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3]);
	if (strcmp(argv[1], "watch") == 0)
		return watch(argv[2], strtoul(argv[3], NULL, 10));
	if (strcmp(argv[1], "cancel") == 0)
		return cancel(argv[2]);
	if (strcmp(argv[1], "read") == 0)
		return read_all(argv[2], argv[3]);
	if (strcmp(argv[1], "audit") == 0)
		return audit_all(argv[2]);
	r = strcmp(argv[1], "migrate") == 0 ?
	    catalog_migrate(argv[2], argv[3], print_migration, NULL, &e) :
	    catalog_migrate_status(argv[2], argv[3], print_migration, NULL, &e);
	if (r < 0)
		die(argv[1], &e);
	return EXIT_SUCCESS;
}
