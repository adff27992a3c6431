#include "custody/tomb.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* A text that fits, or none at all: half a name is another one. */
static void take(char *ret, size_t size, const char *s)
{
	if ((size_t)snprintf(ret, size, "%s", s) >= size)
		ret[0] = '\0';
}

/* "2026-11-27T14:38:22.123456+00:00", to the second; 0: no moment. */
static int64_t moment(const char *s)
{
	char whole[UTC_TEXT_SIZE];
	const size_t len = strlen(s);
	int64_t ms;

	if (len < 25 || strcmp(s + len - 6, "+00:00") != 0)
		return 0;
	snprintf(whole, sizeof(whole), "%.19s.000Z", s);
	return utc_parse(whole, UTC_TEXT_LEN, &ms) == 0 ? ms : 0;
}

/* "\x" and 64 hex digits. */
static void take_hash(char ret[65], const char *s)
{
	ret[0] = '\0';
	if (strlen(s) == 66 && s[0] == '\\' && s[1] == 'x' && strspn(s + 2, "0123456789abcdef") == 64)
		take(ret, 65, s + 2);
}

static json_t *parse(const uint8_t *leaf, size_t len)
{
	json_t *j = json_loadb((const char *)leaf, len, JSON_REJECT_DUPLICATES, NULL);

	if (j != NULL && json_is_object(j) && json_is_object(json_object_get(j, "row")))
		return j;
	json_decref(j);
	return NULL;
}

/* ------ a plan ------ */

void tomb_plan_begin(struct tomb_plan *p, const char *plan)
{
	*p = (struct tomb_plan){ .n_approvals = 0 };
	take(p->plan, sizeof(p->plan), plan);
}

static void add_decision(struct tomb_plan *p, const json_t *row, const char *role, int64_t at_ms)
{
	if (!json_is_true(json_object_get(row, "approved"))) {
		p->rejected = true;
		return;
	}
	if (p->n_approvals == TOMB_APPROVALS_MAX || at_ms == 0)
		return;
	take(p->approvals[p->n_approvals].role, TOMB_ROLE_SIZE, role);
	p->approvals[p->n_approvals++].at_ms = at_ms;
}

void tomb_plan_add(struct tomb_plan *p, const uint8_t *leaf, size_t len)
{
	json_t *j = parse(leaf, len);
	const json_t *row = json_object_get(j, "row");
	const char *source = text(j, "source"), *role = text(j, "role");
	const int64_t at_ms = moment(text(j, "at"));

	if (j == NULL || strcmp(text(row, "plan"), p->plan) != 0) {
		json_decref(j);
		return;
	}
	if (strcmp(source, "disposal_plan") == 0) {
		p->twice |= p->digest[0] != '\0';
		take_hash(p->digest, text(row, "digest"));
		take(p->maker, sizeof(p->maker), role);
		p->objects = (uint64_t)json_integer_value(json_object_get(row, "objects"));
		p->made_ms = at_ms;
	} else if (strcmp(source, "disposal_decision") == 0) {
		add_decision(p, row, role, at_ms);
	} else if (strcmp(source, "disposal_recalled") == 0) {
		/* One without a moment was recalled before everything. */
		p->recalled_ms = at_ms != 0 ? at_ms : 1;
	}
	json_decref(j);
}

/* ------ a segment ------ */

void tomb_segment_begin(struct tomb_segment *s, const char *segment, const char *blob_hex)
{
	*s = (struct tomb_segment){ .kept = true };
	take(s->segment, sizeof(s->segment), segment);
	take(s->blob, sizeof(s->blob), blob_hex);
}

void tomb_segment_add(struct tomb_segment *s, const uint8_t *leaf, size_t len)
{
	json_t *j = parse(leaf, len);
	const json_t *row = json_object_get(j, "row");
	const char *source = text(j, "source");
	const int64_t at_ms = moment(text(j, "at"));
	char blob[65];

	if (j == NULL || strcmp(text(row, "segment"), s->segment) != 0) {
		json_decref(j);
		return;
	}
	take_hash(blob, text(row, "blob"));
	if (strcmp(source, "disposal_begun") == 0 && strcmp(blob, s->blob) == 0) {
		s->twice |= s->begun_ms != 0;
		s->begun_ms = at_ms;
		take(s->begun_plan, sizeof(s->begun_plan), text(row, "plan"));
	} else if (strcmp(source, "tombstone") == 0 && strcmp(blob, s->blob) == 0) {
		s->twice |= s->tomb_ms != 0;
		s->tomb_ms = at_ms;
		take(s->tomb_plan, sizeof(s->tomb_plan), text(row, "plan"));
		s->kept = !json_is_false(json_object_get(row, "blob_kept"));
	} else if (strcmp(source, "disposal_spared") == 0) {
		s->spared |= s->tomb_plan[0] == '\0' || strcmp(text(row, "plan"), s->tomb_plan) == 0;
	}
	json_decref(j);
}

/* ------ the two together ------ */

/* When the second of two people approved it, neither of them who made it; 0: nobody did. */
static int64_t approved_ms(const struct tomb_plan *p)
{
	int64_t first = 0, second = 0;
	const char *by = NULL;
	size_t i;

	for (i = 0; i < p->n_approvals; i++) {
		const char *role = p->approvals[i].role;

		if (role[0] == '\0' || strcmp(role, p->maker) == 0 || p->approvals[i].at_ms < p->made_ms)
			continue;
		if (by == NULL) {
			by = role;
			first = p->approvals[i].at_ms;
		} else if (strcmp(by, role) != 0 && second == 0) {
			second = p->approvals[i].at_ms;
		}
	}
	return second == 0 ? 0 : MAX(first, second);
}

enum tomb_verdict tomb_judge(const struct tomb_plan *p, const struct tomb_segment *s)
{
	int64_t approved;

	if (s->tomb_ms == 0 || s->tomb_plan[0] == '\0')
		return TOMB_NONE;
	if (s->twice || p->twice)
		return TOMB_TWICE;
	if (s->begun_ms == 0 || strcmp(s->begun_plan, s->tomb_plan) != 0 || s->begun_ms > s->tomb_ms)
		return TOMB_NOT_BEGUN;
	if (p->digest[0] == '\0' || p->maker[0] == '\0' || p->made_ms == 0 || strcmp(p->plan, s->tomb_plan) != 0)
		return TOMB_NO_PLAN;
	if (p->rejected || s->spared || (p->recalled_ms != 0 && p->recalled_ms < s->begun_ms))
		return TOMB_TAKEN_BACK;
	approved = approved_ms(p);
	if (approved == 0)
		return TOMB_NOT_APPROVED;
	return s->begun_ms - approved < (int64_t)TOMB_RECOVERY_DAYS * DAY_MS ? TOMB_TOO_EARLY : TOMB_RIGHT;
}
