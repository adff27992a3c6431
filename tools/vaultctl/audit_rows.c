/* The catalog's tables against its events; and events that the log does not have yet. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "base/util.h"

/* ------ rows ------ */

struct rows {
	struct audit *a;
	const struct catalog_source *source;
	struct audit_events events;
	char key[1024];			/* of the row before: a row that was changed comes once an event */
};

static int one_row(void *data, const struct audit_row *row, const struct audit_result *result)
{
	struct rows *s = data;
	struct audit_words words;
	char subject[1024];

	s->a->rows += row->has_row && strncmp(s->key, row->key, sizeof(s->key) - 1) != 0;
	snprintf(s->key, sizeof(s->key), "%s", row->key);
	s->a->named += row->has_row && s->source->row == STATEMENT_AUDIT_ROW_BLOB;
	s->a->untold += result->untold;
	if (row->event > 0)
		audit_events_add(&s->events, row->event, row->leaf, row->leaf_len);
	steps_add(&s->a->progress, 1);
	if (result->code == AUDIT_NOTHING)
		return 0;
	audit_words(result, &words);
	snprintf(subject, sizeof(subject), "%s/%s", s->source->name, row->key);
	const struct audit_found f = { result->code, "row", subject, words.fact, words.why,
				       row->event, -1 };

	audit_found(s->a, &f);
	return 0;
}

/* Of what whoever checks may not read there are the events, which leaves were compared with. */
static int one_guarded(void *data, const struct catalog_event *ev)
{
	struct rows *s = data;

	audit_events_add(&s->events, ev->event, ev->copy, ev->copy_len);
	steps_add(&s->a->progress, 1);
	return 0;
}

/*
 * What hides rows, or makes them up, is no table; and what has a type or a cast of somebody's own
 * says what he likes: whatever it shows then tells nothing.
 */
static int one_table(void *data, const char *const *values, size_t n)
{
	struct audit *a = data;
	const bool hides = n == 2 && values[1] != NULL && values[1][0] == 't';
	const struct audit_found f = { AUDIT_ROW_CHANGED, "object", values[0],
				       hides ? "no table" : "no own",
				       text(hides ? T_WHY_NO_TABLE : T_WHY_NO_OWN), 0, -1 };

	audit_found(a, &f);
	return 0;
}

/* Whoever migrated the catalog has a newer program than this one. */
static int one_source(void *data, const char *const *values, size_t n)
{
	struct audit *a = data;
	struct err e;

	if (n > 0 && values[0] != NULL && catalog_source_find(values[0]) == NULL) {
		err_set(&e, -EPROTO, "the catalog logs a table %.64s, which this vaultctl does not know: "
			"its rows are not checked, install the version that migrated the catalog",
			values[0]);
		audit_away(a, &e);
	}
	return 0;
}

/*
 * What rows were compared with is what leaves were compared with, or waits: no event is seen by one
 * of them alone.  Where that was said of each, or rows were not all looked at, nothing is added.
 */
static void compare_events(struct audit *a, const struct audit_events *of_rows)
{
	const struct audit_found f = { AUDIT_EVENT_CHANGED, "event", "custody_event", "other",
				       text(T_WHY_OTHER_EVENTS), 0, -1 };

	if (a->from == 0 && a->away == EXIT_GOOD && a->found[AUDIT_EVENT_CHANGED] == 0 &&
	    a->found[AUDIT_ROW_UNLOGGED] == 0 && !audit_events_equal(&a->events, of_rows))
		audit_found(a, &f);
}

int audit_all_rows(struct audit *a)
{
	struct rows s = { .a = a, .events = audit_events_as(&a->events) };
	struct err e = { 0 };
	size_t i;
	int r;

	r = catalog_audit_tables(a->c->catalog, one_table, a, &e);
	if (r == 0)
		r = catalog_sync_each(a->c->catalog, STATEMENT_CUSTODY_SOURCES, NULL, 0, one_source, a,
				      &e);
	steps_start(&a->progress, T_PROGRESS_ROWS, a->log.checkpoint.size + a->waiting);
	for (i = 0; i < catalog_sources_n && r == 0; i++) {
		s.source = &catalog_sources[i];
		s.key[0] = '\0';
		r = a->guarded && catalog_source_guarded(s.source) ?
			catalog_audit_events(a->c->catalog, s.source, one_guarded, &s, &e) :
			catalog_audit_rows(a->c->catalog, s.source, one_row, &s, &e);
	}
	steps_clear(&a->progress);
	if (r == 0)
		compare_events(a, &s.events);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* ------ events that wait ------ */

struct waiting {
	struct audit *a;
	unsigned long long late;
	uint64_t first;			/* of those */
	struct err *e;
};

/* There is no leaf to compare it with, but it must be one itself. */
static int one_waiting(void *data, const struct catalog_event *ev)
{
	struct waiting *s = data;
	const struct audit_entry n = { .leaf = ev->copy, .leaf_len = ev->copy_len,
		.event = ev->event, .copy = ev->copy, .copy_len = ev->copy_len,
		.fields = ev->fields };
	struct audit_result result;
	struct audit_words words;
	char subject[32];
	int r = audit_entry(&n, &result, s->e);

	if (r < 0)
		return r;
	s->a->waiting++;
	audit_events_add(&s->a->events, ev->event, ev->copy, ev->copy_len);
	if (ev->late && s->late++ == 0)
		s->first = ev->event;
	if (result.code == AUDIT_NOTHING)
		return 0;
	audit_words(&result, &words);
	snprintf(subject, sizeof(subject), "%" PRIu64, ev->event);
	const struct audit_found f = { result.code, "event", subject, words.fact, words.why,
				       ev->event, -1 };

	audit_found(s->a, &f);
	return 0;
}

int audit_waiting(struct audit *a)
{
	struct err e = { 0 };
	struct waiting s = { .a = a, .e = &e };
	char subject[32], why[128];
	int r = catalog_audit_waiting(a->c->catalog, a->log.checkpoint.size, one_waiting, &s, &e);

	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	/* Of a log that was cut all that was in it waits; that it was cut is said. */
	if (s.late == 0 || a->restored || a->found[AUDIT_LOG_INCONSISTENT] > 0)
		return EXIT_GOOD;
	/* One finding, of the first: the others wait for the same reason. */
	snprintf(subject, sizeof(subject), "%" PRIu64, s.first);
	text_fill(why, sizeof(why), T_WHY_LATE, s.late);
	const struct audit_found f = { AUDIT_EVENT_WAITING, "event", subject, "", why, s.first, -1 };

	audit_found(a, &f);
	return EXIT_GOOD;
}
