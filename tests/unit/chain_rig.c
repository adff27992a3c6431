#include "unit/chain_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

const char life_recorder[] = "REC-000123";

struct digest life_digest(const char *kind, unsigned i)
{
	char text[64];

	return digest_of(text, (size_t)snprintf(text, sizeof(text), "%s %u", kind, i));
}

void life_rec(char rec[37], unsigned i)
{
	snprintf(rec, 37, "6f1c8e5e-0000-4000-8000-%012x", i);
}

void life_make(struct life *l)
{
	uint64_t mono = 5000;
	unsigned i;

	*l = (struct life){ .n = LIFE_SEGMENTS };
	for (i = 0; i < LIFE_SEGMENTS; i++) {
		struct chain_item *x = &l->items[i];

		mono += i > 0 && i % 4 == 0 ? LIFE_PAUSE : 0;
		*x = (struct chain_item){
			.manifest = life_digest("manifest", i), .kind = MANIFEST_SEGMENT,
			.valid = true, .touched = true, .dseq = LIFE_FIRST + i,
			.prev = life_digest("manifest", i - 1), .seq = i % 4, .boot = 7,
			.start_ms = LIFE_T0 + (int64_t)mono,
			.end_ms = LIFE_T0 + (int64_t)mono + LIFE_MINUTE,
			.mono_start_ms = mono, .mono_end_ms = mono + LIFE_MINUTE,
			.last = i % 4 == 3, .end = i % 4 == 3 ? MANIFEST_END_BUTTON :
			MANIFEST_END_NONE, .media = life_digest("media", i), .has_media = true,
			.stored_ms = LIFE_T0 + 4 * LIFE_PAUSE,
		};
		life_rec(x->rec, i / 4);
		snprintf(x->path, sizeof(x->path), "DCIM/%02u.mp4", i);
		mono += LIFE_MINUTE;
	}
}

void life_drop(struct life *l, int64_t i)
{
	memmove(&l->items[i], &l->items[i + 1], (l->n - (size_t)i - 1) * sizeof(*l->items));
	l->n--;
}

void life_untouch(struct life *l)
{
	size_t k;

	for (k = 0; k < 8; k++)
		l->items[k].touched = false;
}

void life_judge(struct life *l, struct findings *out)
{
	ck_assert_int_eq(chain_judge(life_recorder, !l->interrupted, l->items, l->n, &l->plain,
				     l->plain.recording[0] != '\0', &chain_limits_default, out), 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void life_text(const struct findings *l, struct buf *ret)
{
	char *lines[64] = { 0 };
	size_t i;

	ck_assert_uint_le(l->n, COUNT(lines));
	for (i = 0; i < l->n; i++) {
		const struct finding *f = &l->items[i];
		const char *severity = finding_severity_name(f->severity);

		ck_assert_str_eq(f->recorder, life_recorder);
		ck_assert_ptr_nonnull(json_object_get(f->detail, "path"));
		ck_assert_int_ge(asprintf(&lines[i], "%s%s%s%s%s", finding_code_name(f->code),
					  f->fact[0] == '\0' ? "" : " ", f->fact,
					  severity == NULL ? "" : " !",
					  severity == NULL ? "" : severity), 0);
	}
	qsort(lines, l->n, sizeof(*lines), by_text);
	for (i = 0; i < l->n; i++) {
		buf_addf(ret, "%s%s", i == 0 ? "" : "; ", lines[i]);
		free(lines[i]);
	}
}

void life_finds(const struct life_case *c)
{
	struct buf text = BUF_INIT(4096), again = BUF_INIT(4096);
	struct findings out = { 0 };
	struct life l;
	size_t i;

	life_make(&l);
	c->change(&l, c->arg);
	life_judge(&l, &out);
	life_text(&out, &text);
	ck_assert_msg(strcmp(buf_str(&text), c->found) == 0, "%s: found \"%s\"",
		      c->what, buf_str(&text));
	findings_clear(&out);

	/* The order in which the catalog gives them is nothing; docking again is the same. */
	for (i = 0; i < l.n / 2; i++) {
		struct chain_item x = l.items[i];

		l.items[i] = l.items[l.n - 1 - i];
		l.items[l.n - 1 - i] = x;
	}
	life_judge(&l, &out);
	life_text(&out, &again);
	ck_assert_str_eq(buf_str(&again), buf_str(&text));
	findings_clear(&out);
	buf_clear(&text);
	buf_clear(&again);
}

void life_tells(const struct life_telling *t)
{
	struct findings out = { 0 };
	const struct finding *f;
	struct life l;

	life_make(&l);
	t->change(&l, t->arg);
	life_judge(&l, &out);
	ck_assert_uint_eq(out.n, 1);
	f = &out.items[0];
	ck_assert_int_eq(f->code, t->code);
	ck_assert_str_eq(f->subject, t->subject);
	ck_assert_int_eq(f->subject_kind, strchr(f->subject, '/') == NULL ? SUBJECT_RECORDER :
			 SUBJECT_RECORDING);
	ck_assert_double_eq(f->confidence, t->confidence);
	ck_assert_int_eq(f->at_ms, t->at_ms);
	if (t->value != -1)
		ck_assert_int_eq(json_integer_value(json_object_get(f->detail, t->key)),
				 t->value);
	findings_clear(&out);
}
