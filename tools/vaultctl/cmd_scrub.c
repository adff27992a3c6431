/*
 * vaultctl scrub: copies are read again, compared, and made good (docs/KEEPING.md); and how they stand.
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "cmd_scrub.h"
#include "scrub.h"
#include "table.h"

#define WALK_EVERY_MS	(INT64_C(7) * UTC_DAY_MS)

struct request {
	struct scrub_options o;
	const char *store, *limit, *bandwidth, *streams;
	bool report;
	struct scrub_report_request r;
};

static void on_signal(int number)
{
	(void)number;
	pace_stop();
}

/* Whatever else wants the disk goes first; and a signal ends it after what it has in hand. */
static void behave(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

static int take_number(const char *option, const char *text, unsigned long long min,
		       unsigned long long max, uint64_t *ret)
{
	unsigned long long n;
	char *end;

	if (text == NULL)
		return EXIT_GOOD;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n < min || n > max) {
		say(stderr, T_SCRUB_BAD_NUMBER, option, text, min, max);
		return EXIT_USAGE;
	}
	*ret = n;
	return EXIT_GOOD;
}

static int take_request(struct ctl *c, int argc, char **argv, struct request *q)
{
	const struct option_spec options[] = {
		{ "--store", &q->store, NULL }, { "--all", NULL, &q->o.everything },
		{ "--bad", NULL, &q->o.bad },
		{ "--blob", &q->o.blob, NULL }, { "--limit", &q->limit, NULL },
		{ "--bandwidth", &q->bandwidth, NULL }, { "--streams", &q->streams, NULL },
		{ "--no-repair", NULL, &q->o.look_only }, { "--digests", NULL, &q->o.digests },
		{ "--empty", NULL, &q->o.empty }, { "--report", NULL, &q->report },
		{ "--format", &q->r.format, NULL }, { "--out", &q->r.out, NULL },
	};
	uint64_t streams = 1, mib = UINT64_MAX;
	struct digest d;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_check_id(q->store);
	if (r == EXIT_GOOD)
		r = take_number("--limit", q->limit, 1, UINT32_MAX, &q->o.limit);
	if (r == EXIT_GOOD)
		r = take_number("--bandwidth", q->bandwidth, 0, 100000, &mib);
	if (r == EXIT_GOOD)
		r = take_number("--streams", q->streams, 1, SCRUB_STREAMS_MAX, &streams);
	if (r == EXIT_GOOD && q->o.blob != NULL && (digest_parse(q->o.blob, strlen(q->o.blob), &d) < 0 ||
						    q->store == NULL))
		r = ctl_usage(T_SCRUB_BLOB_AND_STORE, q->o.blob);
	if (r == EXIT_GOOD && q->o.empty && q->store == NULL)
		r = ctl_usage(T_SCRUB_EMPTY_STORE, "--empty");
	if (r == EXIT_GOOD)
		r = ctl_open_conf(c);
	q->o.streams = (unsigned)streams;
	q->o.bytes_per_s = (mib == UINT64_MAX ? c->conf.scrub_bandwidth : mib) * 1024 * 1024;
	return r;
}

static bool is_time_to_walk(const char *walked_at)
{
	int64_t ms;

	return walked_at == NULL || utc_parse(walked_at, strlen(walked_at), &ms) < 0 ||
		utc_now() - ms >= WALK_EVERY_MS;
}

static json_t *tally_json(const struct scrub *s, int r)
{
	const struct scrub_tally *t = &s->t;

	return json_pack("{s:s, s:s*, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:I}",
		"store", s->store, "run", s->run[0] != '\0' ? s->run : NULL, "resumed", t->resumed,
		"all_checked", r != EXIT_AWAY && !t->stopped, "stopped", t->stopped,
		"checked", (json_int_t)t->checked, "bytes", (json_int_t)t->bytes,
		"whole", (json_int_t)t->whole, "damaged", (json_int_t)t->damaged,
		"missing", (json_int_t)t->missing, "unreadable", (json_int_t)t->unreadable,
		"repaired", (json_int_t)t->repaired, "made", (json_int_t)t->made,
		"owed", (json_int_t)t->owed, "walked", t->walked, "extra", (json_int_t)t->extra,
		"on_their_way", (json_int_t)t->on_their_way, "findings", (json_int_t)t->findings);
}

static void say_tally(const struct scrub *s)
{
	const struct scrub_tally *t = &s->t;
	char bytes[32];

	say(stdout, T_SCRUB_SUM, s->store, t->checked, bytes_text((long long)t->bytes, bytes), t->whole,
	    t->damaged, t->missing, t->unreadable, t->repaired, t->made);
	if (t->walked)
		say(stdout, T_SCRUB_WALKED, s->store, t->extra, t->on_their_way);
	if (t->stopped)
		say(stdout, T_SCRUB_STOPPED, s->store);
}

static int one_store(struct ctl *c, const struct request *q, const json_t *row, json_t *list)
{
	struct scrub s = { .c = c, .o = &q->o };
	int r;

	s.store = json_string_value(json_object_get(row, "store"));
	s.dir = scrub_dir(&c->conf, s.store);
	s.walk = q->o.everything || (q->o.blob == NULL && q->o.limit == 0 && !q->o.bad &&
		is_time_to_walk(json_string_value(json_object_get(row, "walked_at"))));
	if (s.dir == NULL) {
		say(stderr, T_SCRUB_NO_PATH, s.store);
		return EXIT_AWAY;
	}
	r = scrub_store(&s);
	if (c->json)
		json_array_append_new(list, tally_json(&s, r));
	else if (r != EXIT_USAGE)
		say_tally(&s);
	return r;
}

/* Damage is worst, then not knowing, then what was found. */
static int worse(int a, int b)
{
	static const int rank[] = { [EXIT_GOOD] = 0, [EXIT_FINDINGS] = 1, [EXIT_USAGE] = 2,
				    [EXIT_AWAY] = 3, [EXIT_DAMAGE] = 4 };

	return rank[a] >= rank[b] ? a : b;
}

static int all_stores(struct ctl *c, const struct request *q)
{
	json_t *rows = NULL, *list = json_array(), *row;
	const char *store;
	bool known = false;
	size_t i;
	int r = ctl_query(c, STATEMENT_STORE_NAMES, NULL, 0, &rows);

	json_array_foreach(rows, i, row) {
		store = json_string_value(json_object_get(row, "store"));
		if (q->store != NULL && strcmp(q->store, store) != 0)
			continue;
		known = true;
		/* What holds nothing by policy is read where it is named, or known here. */
		if (q->store == NULL && scrub_dir(&c->conf, store) == NULL &&
		    strcmp(json_string_value(json_object_get(row, "holds")), "nothing") == 0)
			continue;
		if (!pace_stopped())
			r = worse(r, one_store(c, q, row, list));
	}
	if (r == EXIT_GOOD && !known && q->store != NULL)
		r = ctl_usage(T_NO_STORE, q->store);
	if (c->json && r != EXIT_USAGE)
		ctl_print_json(list);
	json_decref(list);
	json_decref(rows);
	return r;
}

int cmd_scrub(struct ctl *c, int argc, char **argv)
{
	struct request q = { .store = NULL };
	int r = take_request(c, argc, argv, &q);

	if (r != EXIT_GOOD)
		return r;
	if (q.report)
		return scrub_report(c, &q.r);
	if (q.r.format != NULL || q.r.out != NULL)
		return ctl_usage(T_SCRUB_REPORT_ONLY, q.r.format != NULL ? "--format" : "--out");
	r = ctl_open_catalog(c, "dv_keep");
	if (r != EXIT_GOOD)
		return r;
	behave();
	return all_stores(c, &q);
}
