#include "rules/coverage_json.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/finding.h"

/* ------ facts ------ */

/* A member of an object, and where it goes.  Of those that may be left out, the default stays. */
struct member {
	const char *name;
	enum { TEXT, TRUTH, NUMBER, COUNTER, AMOUNT, INDEX, PERCENT, SOURCE, END, LIST, OBJECT } kind;
	size_t at;
	bool must;
	size_t known;			/* offset of a bool that says that it was there; 0: none */
};

#define SEGMENT(m)	offsetof(struct coverage_segment, m)
static const struct member segment_members[] = {
	{ "recorder", TEXT, SEGMENT(recorder), true, 0 },
	{ "recording", TEXT, SEGMENT(recording), true, 0 },
	{ "seq", COUNTER, SEGMENT(seq), false, 0 },
	{ "source", SOURCE, SEGMENT(source), true, 0 },
	{ "signed", TRUTH, SEGMENT(is_signed), false, 0 },
	{ "forged", TRUTH, SEGMENT(forged), false, 0 },
	{ "clock_unset", TRUTH, SEGMENT(clock_unset), false, 0 },
	{ "dseq", COUNTER, SEGMENT(dseq), false, 0 },
	{ "boot", COUNTER, SEGMENT(boot), false, SEGMENT(has_mono) },
	{ "mono_start_ms", COUNTER, SEGMENT(mono_start_ms), false, 0 },
	{ "mono_end_ms", COUNTER, SEGMENT(mono_end_ms), false, 0 },
	{ "end", END, SEGMENT(end), false, 0 },
	{ "start_ms", NUMBER, SEGMENT(start_ms), false, 0 },
	{ "end_ms", NUMBER, SEGMENT(end_ms), false, 0 },
	{ "officer", INDEX, SEGMENT(officer), false, 0 },
	{ "linked", TRUTH, SEGMENT(linked), false, 0 },
	{ "clock_offset_ms", NUMBER, SEGMENT(clock_offset_ms), false, SEGMENT(clock_known) },
	{ "clock_uncertainty_ms", AMOUNT, SEGMENT(clock_uncertainty_ms), false, 0 },
	{ "docked_ms", NUMBER, SEGMENT(docked_ms), false, 0 },
	{ "battery", PERCENT, SEGMENT(log.battery), false, 0 },
	{ "free", PERCENT, SEGMENT(log.free), false, 0 },
	{ "fault", TRUTH, SEGMENT(log.fault), false, 0 },
	{ "jump_ms", AMOUNT, SEGMENT(jump_ms), false, 0 },
};

#define LIMIT(m)	offsetof(struct coverage_limits, m)
static const struct member limit_members[] = {
	{ "continuous_ms", AMOUNT, LIMIT(gap.continuous_ms), false, 0 },
	{ "notice_ms", AMOUNT, LIMIT(gap.notice_ms), false, 0 },
	{ "overlap_ms", AMOUNT, LIMIT(overlap_ms), false, 0 },
	{ "clock_off_ms", AMOUNT, LIMIT(clock_off_ms), false, 0 },
	{ "unchecked_ms", AMOUNT, LIMIT(unchecked_ms), false, 0 },
};

/* The rest of an action's members are taken one by one. */
#define CASE(m)		offsetof(struct coverage_case, m)
static const struct member case_members[] = {
	{ "action", TEXT, CASE(action), true, 0 },
	{ "revision", AMOUNT, CASE(revision), true, 0 },
	{ "start_ms", NUMBER, CASE(facts.start_ms), true, 0 },
	{ "end_ms", NUMBER, CASE(facts.end_ms), true, 0 },
	{ "left_out", COUNTER, CASE(facts.left_out), true, 0 },
	{ "not_docked", COUNTER, CASE(facts.not_docked), true, 0 },
	{ "officers", LIST, 0, true, 0 },
	{ "segments", LIST, 0, true, 0 },
	{ "limits", OBJECT, 0, true, 0 },
};

static bool take_end(json_t *v, enum manifest_end *ret)
{
	int i;

	for (i = MANIFEST_END_NONE; json_is_string(v) && i <= MANIFEST_END_DOCK; i++) {
		if (strcmp(json_string_value(v), manifest_end_name((enum manifest_end)i)) == 0) {
			*ret = (enum manifest_end)i;
			return true;
		}
	}
	return false;
}

static bool take_source(json_t *v, enum coverage_source *ret)
{
	static const char *const names[] = {
		[COVERAGE_TIME_NONE] = "none", [COVERAGE_TIME_DIRECTORY] = "directory",
		[COVERAGE_TIME_MANIFEST] = "manifest",
	};
	size_t i;

	for (i = 0; json_is_string(v) && i < COUNT(names); i++) {
		if (strcmp(json_string_value(v), names[i]) == 0) {
			*ret = (enum coverage_source)i;
			return true;
		}
	}
	return false;
}

static bool take_value(const struct member *m, json_t *v, void *o)
{
	void *at = (char *)o + m->at;
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;

	switch (m->kind) {
	case TEXT:
		*(const char **)at = json_string_value(v);
		return json_is_string(v) && json_string_length(v) <= FINDING_SUBJECT_MAX;
	case TRUTH:
		*(bool *)at = json_is_true(v);
		return json_is_boolean(v);
	case NUMBER:
		*(int64_t *)at = n;
		return json_is_integer(v);
	case AMOUNT:
		*(int64_t *)at = n;
		return json_is_integer(v) && n >= 0;
	case COUNTER:
		*(uint64_t *)at = (uint64_t)n;
		return json_is_integer(v) && n >= 0;
	case INDEX:
		*(int *)at = (int)n;
		return json_is_integer(v) && n >= 0 && n < COVERAGE_OFFICERS_MAX;
	case PERCENT:
		*(int *)at = (int)n;
		return json_is_integer(v) && n >= 0 && n <= 100;
	case SOURCE:	return take_source(v, at);
	case END:	return take_end(v, at);
	case LIST:	return json_is_array(v);
	case OBJECT:	return json_is_object(v);
	}
	BUG("coverage: member kind %d", (int)m->kind);
}

static int take(json_t *j, const struct member *members, size_t n, const char *what, void *o,
		struct err *e)
{
	size_t i, seen = 0;
	json_t *v;

	if (!json_is_object(j))
		return err_set(e, -EINVAL, "%s: not an object", what);
	for (i = 0; i < n; i++) {
		v = json_object_get(j, members[i].name);
		if (v == NULL && members[i].must)
			return err_set(e, -EINVAL, "%s: %s is missing", what, members[i].name);
		if (v == NULL)
			continue;
		if (!take_value(&members[i], v, o))
			return err_set(e, -EINVAL, "%s: %s is not what it has to be", what, members[i].name);
		if (members[i].known != 0)
			*(bool *)((char *)o + members[i].known) = true;
		seen++;
	}
	if (seen != json_object_size(j))
		return err_set(e, -EINVAL, "%s: there is a member that nobody knows", what);
	return 0;
}

static int take_segments(json_t *list, struct coverage_case *c, struct err *e)
{
	size_t i, n = json_array_size(list);
	struct coverage_segment *s;
	int r;

	if (n > COVERAGE_SEGMENTS_MAX)
		return err_set(e, -EINVAL, "segments: more than %d", (int)COVERAGE_SEGMENTS_MAX);
	c->segments = calloc(n + 1, sizeof(*c->segments));
	if (c->segments == NULL)
		return err_set(e, -ENOMEM, "segments: no memory");
	for (i = 0; i < n; i++) {
		s = &c->segments[i];
		s->officer = -1;
		s->log = (struct gap_log)GAP_LOG_UNKNOWN;
		r = take(json_array_get(list, i), segment_members, COUNT(segment_members), "segment", s, e);
		if (r < 0)
			return r;
	}
	c->facts.segments = c->segments;
	c->facts.n = n;
	return 0;
}

static int take_officers(json_t *list, struct coverage_case *c, struct err *e)
{
	static const struct member officer = { "officer", TEXT, 0, true, 0 };
	size_t i, n = json_array_size(list);

	if (n > COVERAGE_OFFICERS_MAX)
		return err_set(e, -EINVAL, "officers: more than %d", (int)COVERAGE_OFFICERS_MAX);
	for (i = 0; i < n; i++)
		if (!take_value(&officer, json_array_get(list, i), &c->officers[i]))
			return err_set(e, -EINVAL, "officers: not all are texts");
	c->facts.officers = n;
	return 0;
}

int coverage_case_parse(json_t *j, struct coverage_case *ret, struct err *e)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->limits = coverage_limits_default;
	r = take(j, case_members, COUNT(case_members), "facts", ret, e);
	if (r == 0)
		r = take(json_object_get(j, "limits"), limit_members, COUNT(limit_members), "limits",
			 &ret->limits, e);
	if (r == 0)
		r = take_officers(json_object_get(j, "officers"), ret, e);
	if (r == 0)
		r = take_segments(json_object_get(j, "segments"), ret, e);
	if (r < 0)
		coverage_case_clear(ret);
	return r;
}

void coverage_case_clear(struct coverage_case *c)
{
	free(c->segments);
	memset(c, 0, sizeof(*c));
}

/* ------ the verdict ------ */

static json_t *recording(const struct coverage_segment *s)
{
	char text[2 * FINDING_SUBJECT_MAX + 2];

	snprintf(text, sizeof(text), "%s/%s", s->recorder, s->recording);
	return finding_text(text);
}

static json_t *edge(const struct coverage_segment *s)
{
	json_t *o;

	if (s == NULL)
		return json_null();
	o = json_object();
	json_object_set_new(o, "recording", recording(s));
	json_object_set_new(o, "seq", finding_number(s->seq));
	return o;
}

static json_t *rounded(double confidence)
{
	return json_real((double)(int)(confidence * 1000 + 0.5) / 1000);
}

static json_t *hole(const struct coverage_hole *h)
{
	return json_pack("{s:o, s:o, s:I, s:s, s:s, s:o, s:s, s:o, s:o}", "from", finding_time(h->from_ms),
			 "to", finding_time(h->to_ms), "uncertainty_ms", (json_int_t)h->uncertainty_ms,
			 "class", gap_class_name(h->gap.class), "reason", gap_reason_name(h->gap.reason),
			 "confidence", rounded(h->gap.confidence), "grade", coverage_grade_name(h->grade),
			 "before", edge(h->before), "behind", edge(h->behind));
}

static json_t *used(const struct coverage_used *u)
{
	const struct { const char *name; bool so; } says[] = {
		{ "clock_off", u->clock_off }, { "clock_unknown", u->clock_unknown },
		{ "stepped", u->stepped }, { "doubled", u->doubled }, { "outside", u->outside },
		{ "timeless", u->timeless },
	};
	json_t *list = json_array();
	bool timed = u->from_ms < u->to_ms;
	size_t i;

	for (i = 0; i < COUNT(says); i++)
		if (says[i].so)
			json_array_append_new(list, json_string(says[i].name));
	return json_pack("{s:o, s:I, s:o, s:o, s:I, s:I, s:o}", "recording", recording(u->first),
			 "segments", (json_int_t)u->segments,
			 "from", timed ? finding_time(u->from_ms) : json_null(),
			 "to", timed ? finding_time(u->to_ms) : json_null(),
			 "offset_ms", (json_int_t)u->offset_ms,
			 "uncertainty_ms", (json_int_t)u->uncertainty_ms, "says", list);
}

static json_t *doubts(const struct coverage_case *c, const struct coverage *v)
{
	const struct { const char *name; uint64_t n; } counts[] = {
		{ "timeless", v->timeless }, { "backwards", v->backwards }, { "empty", v->empty },
		{ "unbelievable", v->unbelievable }, { "left_out", v->left_out },
		{ "not_docked", c->facts.not_docked }, { "holes_left_out", v->holes_left_out },
		{ "used_left_out", v->used_left_out },
	};
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < COUNT(counts); i++)
		if (counts[i].n > 0)
			json_object_set_new(o, counts[i].name, finding_number(counts[i].n));
	return o;
}

json_t *coverage_json(const struct coverage_case *c, const struct coverage *v)
{
	json_t *holes = json_array(), *recordings = json_array(), *officers = json_array();
	size_t i;

	for (i = 0; i < v->n_holes; i++)
		json_array_append_new(holes, hole(&v->holes[i]));
	for (i = 0; i < v->n_used; i++)
		json_array_append_new(recordings, used(&v->used[i]));
	for (i = 0; i < c->facts.officers; i++)
		json_array_append_new(officers, json_pack("{s:s, s:I, s:I}", "officer", c->officers[i],
			"segments", (json_int_t)v->officers[i].segments,
			"covered_ms", (json_int_t)v->officers[i].covered_ms));
	return json_pack("{s:s, s:I, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
			 "action", c->action, "revision", (json_int_t)c->revision,
			 "verdict", coverage_verdict_name(v->verdict), "grade", coverage_grade_name(v->grade),
			 "confidence", rounded(v->confidence), "wanted_ms", (json_int_t)v->wanted_ms,
			 "covered_ms", (json_int_t)v->covered_ms, "proven_ms", (json_int_t)v->proven_ms,
			 "uncertainty_ms", (json_int_t)v->uncertainty_ms, "holes", holes,
			 "officers", officers, "used", recordings, "doubts", doubts(c, v));
}

int coverage_judge_json(json_t *facts, char **ret, struct err *e)
{
	struct coverage *v = malloc(sizeof(*v));
	struct coverage_case c;
	json_t *answer = NULL;
	int r = v == NULL ? err_set(e, -ENOMEM, "coverage: no memory") : coverage_case_parse(facts, &c, e);

	if (r < 0) {
		free(v);
		return r;
	}
	r = coverage_judge(&c.facts, &c.limits, v);
	if (r < 0)
		err_set(e, r, "action %s: it has no interval that can be judged", c.action);
	else
		answer = coverage_json(&c, v);
	if (r == 0 && answer != NULL)
		*ret = json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(3));
	if (r == 0 && (answer == NULL || *ret == NULL))
		r = err_set(e, -ENOMEM, "action %s: no memory", c.action);
	json_decref(answer);
	coverage_case_clear(&c);
	free(v);
	return r;
}

int coverage_judge_text(const char *text, size_t len, char **ret, struct err *e)
{
	json_error_t why;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	int r;

	if (j == NULL)
		return err_set(e, -EINVAL, "facts: %s", why.text);
	r = coverage_judge_json(j, ret, e);
	json_decref(j);
	return r;
}
