#include "rules/card_copied.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/card_names.h"
#include "rules/clock.h"

/* A recorder may close a file a while after it last wrote to it. */
enum { SLACK_MS = 10 * 60 * 1000, BYSTANDERS_ENOUGH = 3 };

static const double LIKELY = 0.6;

struct signs {
	const struct inventory *before;
	const struct card *c;
	uint64_t opened, bystanders, traces;
	int64_t last_ms;		/* when the last was opened */
	json_t *samples, *trace_samples;
};

/* When a recording was written and last opened; false: not both are claimed. */
static bool times_of(const struct signs *s, const struct listing_file *f, int64_t *ret_written_ms,
		     int64_t *ret_opened_ms)
{
	const int zone_min = s->c->naming->zone_min;

	return card_is_recorded(s->c, f) && clock_claim(f->modified, zone_min, ret_written_ms) == 0 &&
	       clock_claim(f->accessed, zone_min, ret_opened_ms) == 0;
}

static bool was_opened(const struct signs *s, int64_t written_ms, int64_t opened_ms)
{
	return opened_ms > written_ms + SLACK_MS && opened_ms > s->before->at_ms;
}

static void note_opened(struct signs *s, const struct listing_file *f, int64_t opened_ms)
{
	json_t *sample;

	s->last_ms = MAX(s->last_ms, opened_ms);
	if (s->opened++ >= CARD_SAMPLES_MAX)
		return;
	sample = card_file_detail(f);
	json_object_set_new(sample, "accessed", finding_text(f->accessed));
	json_array_append_new(s->samples, sample);
}

static int path_cmp(const void *key, const void *pe)
{
	return strcmp(key, ((const struct inventory_entry *)pe)->path);
}

static bool is_new(const struct signs *s, const struct listing_file *f)
{
	return s->before->n == 0 || bsearch(f->path, s->before->entries, s->before->n,
					    sizeof(*s->before->entries), path_cmp) == NULL;
}

static void look_at(struct signs *s, const struct listing_file *f)
{
	int64_t written_ms, opened_ms;

	if (!f->deleted && card_left_by_computer(f->path) && is_new(s, f)) {
		if (s->traces++ < CARD_SAMPLES_MAX)
			json_array_append_new(s->trace_samples, card_file_detail(f));
	} else if (times_of(s, f, &written_ms, &opened_ms) &&
		   was_opened(s, written_ms, opened_ms)) {
		note_opened(s, f, opened_ms);
	}
}

/* How many lay there when the last was opened, and nobody opened them. */
static void count_bystanders(struct signs *s)
{
	const struct listing *l = s->c->listing;
	int64_t written_ms, opened_ms;
	size_t i;

	for (i = 0; i < l->n_files; i++)
		if (times_of(s, &l->files[i], &written_ms, &opened_ms) &&
		    !was_opened(s, written_ms, opened_ms) && written_ms < s->last_ms - SLACK_MS)
			s->bystanders++;
}

/* 0: nothing follows. */
static double weigh(const struct signs *s)
{
	const bool traces = s->traces > 0;

	if (s->opened == 0 || (s->bystanders == 0 && !traces))
		return traces ? 0.4 : 0;
	if (s->bystanders == 0)
		return 0.5;
	if (s->bystanders < BYSTANDERS_ENOUGH)
		return traces ? 0.7 : 0.5;
	if (traces)
		return 0.85;
	return s->opened > 1 ? 0.7 : 0.5;
}

static void reason(json_t *list, const char *text)
{
	json_array_append_new(list, json_string(text));
}

static json_t *reasons_of(const struct signs *s)
{
	json_t *list = json_array();

	if (s->opened > 0)
		reason(list, "opened again after it was written and after the last docking");
	if (s->opened > 0 && s->bystanders > 0)
		reason(list, "others that lay beside it were not opened: the recorder does not do so itself");
	if (s->opened > 0 && s->bystanders == 0)
		reason(list, "all that lay there were opened: the recorder may do so itself");
	if (s->opened == 1 && s->traces == 0)
		reason(list, "one alone: it may have been played on the recorder");
	if (s->traces > 0)
		reason(list, "files of a computer are there that were not at the last docking");
	return list;
}

static void conclude(struct signs *s, double confidence, struct findings *out)
{
	struct finding f = card_finding(s->c->recorder, FINDING_COPIED_OFF_RECORDER,
					s->c->docked_ms);

	snprintf(f.fact, sizeof(f.fact), "since %s", s->before->session);
	f.confidence = confidence;
	if (confidence < LIKELY)
		f.severity = SEVERITY_NOTICE;
	f.detail = json_pack("{s:s, s:o, s:O, s:o, s:o, s:O, s:o, s:s, s:o}",
			     "kind", s->opened > 0 ? "accessed" : "traces",
			     "files", finding_number(s->opened), "samples", s->samples,
			     "bystanders", finding_number(s->bystanders),
			     "traces", finding_number(s->traces), "trace_samples", s->trace_samples,
			     "reasons", reasons_of(s), "session", s->before->session,
			     "since", finding_time(s->before->at_ms));
	findings_add(out, &f);
}

void card_copied(const struct inventory *before, const struct card *c, struct findings *out)
{
	struct signs s = {
		.before = before, .c = c, .last_ms = INT64_MIN + SLACK_MS,
		.samples = json_array(), .trace_samples = json_array(),
	};
	double confidence;
	size_t i;

	for (i = 0; i < c->listing->n_files; i++)
		look_at(&s, &c->listing->files[i]);
	if (s.opened > 0)
		count_bystanders(&s);
	confidence = weigh(&s);
	if (confidence > 0)
		conclude(&s, confidence, out);
	json_decref(s.samples);
	json_decref(s.trace_samples);
}
