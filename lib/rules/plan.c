#include "rules/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "format/name.h"

/* How sure a deleted entry is evidence that somebody deleted a recording. */
static const double SURE = 0.9, EMPTY = 0.5, TEMPORARY = 0.3;

/* The order matters: in a sorted run of one key the manifests come first. */
enum part { PART_BWM, PART_MINISIG, PART_MEDIA };

struct name {
	const struct listing_file *file;
	size_t key_len;			/* of file->path: directory and name without suffix */
	size_t masked;			/* index into path of a letter that is not known */
	enum part part;
	bool used;
};

static uint8_t fold(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool has_suffix(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix), i;

	if (len <= n)
		return false;
	for (i = 0; i < n; i++)
		if (fold(s[len - n + i]) != (uint8_t)suffix[i])
			return false;
	return true;
}

static struct name name_of(const struct listing_file *f)
{
	const char *base = name_last(f->path), *dot = strrchr(base, '.');
	size_t dir_len = (size_t)(base - f->path), len = strlen(base);
	/* FAT marks a deleted entry by overwriting the first letter of its short name. */
	struct name n = { .file = f, .masked = f->deleted ? dir_len : SIZE_MAX };

	if (has_suffix(base, len, ".bwm")) {
		n.part = PART_BWM;
		len -= strlen(".bwm");
	} else if (has_suffix(base, len, ".bwm.minisig")) {
		n.part = PART_MINISIG;
		len -= strlen(".bwm.minisig");
	} else {
		n.part = PART_MEDIA;
		if (dot != NULL && dot != base)
			len = (size_t)(dot - base);
	}
	n.key_len = dir_len + len;
	return n;
}

static uint8_t key_at(const struct name *n, size_t i)
{
	return i == n->masked ? '_' : fold(n->file->path[i]);
}

static int key_cmp(const struct name *a, const struct name *b)
{
	size_t i, n = MIN(a->key_len, b->key_len);

	for (i = 0; i < n; i++)
		if (key_at(a, i) != key_at(b, i))
			return key_at(a, i) < key_at(b, i) ? -1 : 1;
	return (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int name_cmp(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;
	int c = key_cmp(a, b);

	if (c != 0)
		return c;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return strcmp(a->file->path, b->file->path);
}

/* The first of names[] that is not below (key of like, part); n when all are. */
static size_t lower_bound(const struct name *names, size_t n, const struct name *like,
			  enum part part)
{
	size_t lo = 0, hi = n, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = key_cmp(&names[mid], like);
		if (c < 0 || (c == 0 && names[mid].part < part))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* NULL when there is none. */
static struct name *find(struct name *names, size_t n, const struct name *like, enum part part)
{
	size_t i = lower_bound(names, n, like, part);

	if (i == n || names[i].part != part || key_cmp(&names[i], like) != 0)
		return NULL;
	return &names[i];
}

/* What claims no time comes first: it may be the oldest. */
static int item_cmp(const void *pa, const void *pb)
{
	const struct plan_item *a = pa, *b = pb;
	int c = strcmp(a->media->modified, b->media->modified);

	return c != 0 ? c : strcmp(a->media->path, b->media->path);
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* One item per media file, with the sidecar of its name; several may share one. */
static void plan_media(struct plan *p, const struct name *media, size_t n_media,
		       struct name *sidecars, size_t n_sidecars)
{
	struct name *bwm, *minisig;
	struct plan_item item;
	size_t i;

	for (i = 0; i < n_media; i++) {
		item = (struct plan_item){ .media = media[i].file };
		bwm = find(sidecars, n_sidecars, &media[i], PART_BWM);
		minisig = find(sidecars, n_sidecars, &media[i], PART_MINISIG);
		if (bwm != NULL) {
			bwm->used = true;
			item.bwm = bwm->file;
		}
		if (minisig != NULL) {
			minisig->used = true;
			item.minisig = minisig->file;
		}
		p->items[p->n++] = item;
		p->bytes = add_capped(p->bytes, media[i].file->size);
	}
	if (p->n > 0)
		qsort(p->items, p->n, sizeof(*p->items), item_cmp);
}

/* The next unused one of this part among names[i..end). */
static const struct listing_file *next_unused(struct name *names, size_t *i, size_t end,
					      enum part part)
{
	for (; *i < end; (*i)++) {
		if (names[*i].part == part && !names[*i].used) {
			names[*i].used = true;
			return names[(*i)++].file;
		}
	}
	return NULL;
}

/* Sidecars that no media took: manifests and signatures of one name side by side. */
static void plan_orphans(struct plan *p, struct name *sidecars, size_t n)
{
	size_t from, to, b, m;
	struct plan_item item;

	for (from = 0; from < n; from = to) {
		to = from + 1;
		while (to < n && key_cmp(&sidecars[from], &sidecars[to]) == 0)
			to++;
		b = m = from;
		for (;;) {
			item = (struct plan_item){
				.bwm = next_unused(sidecars, &b, to, PART_BWM),
				.minisig = next_unused(sidecars, &m, to, PART_MINISIG),
			};
			if (item.bwm == NULL && item.minisig == NULL)
				break;
			p->items[p->n++] = item;
		}
	}
}

/*
 * The names of the listing's files, deleted ones or the others: sidecars
 * sorted at the front, media behind them.
 */
static int collect(const struct listing *l, bool deleted, struct name **ret, size_t *ret_sidecars,
		   size_t *ret_n)
{
	struct name *names = calloc(MAX(l->n_files, 1u), sizeof(*names)), n;
	size_t front = 0, back = l->n_files, i;

	if (names == NULL)
		return -ENOMEM;
	for (i = 0; i < l->n_files; i++) {
		if (l->files[i].deleted != deleted)
			continue;
		n = name_of(&l->files[i]);
		if (n.part == PART_MEDIA)
			names[--back] = n;
		else
			names[front++] = n;
	}
	if (front < back)
		memmove(names + front, names + back, (l->n_files - back) * sizeof(*names));
	qsort(names, front, sizeof(*names), name_cmp);
	*ret = names;
	*ret_sidecars = front;
	*ret_n = front + l->n_files - back;
	return 0;
}

int plan_make(const struct listing *l, struct plan *ret)
{
	struct plan p = { 0 };
	struct name *names;
	size_t sidecars, n;

	if (collect(l, false, &names, &sidecars, &n) < 0)
		return -ENOMEM;
	p.items = calloc(MAX(n, (size_t)1), sizeof(*p.items));
	if (p.items == NULL) {
		free(names);
		return -ENOMEM;
	}
	plan_media(&p, names + sidecars, n - sidecars, names, sidecars);
	plan_orphans(&p, names, sidecars);
	free(names);
	*ret = p;
	return 0;
}

void plan_clear(struct plan *p)
{
	free(p->items);
	*p = (struct plan){ 0 };
}

/* What makes this file on this recorder the same at every docking. */
static void file_fact(const struct listing_file *f, char ret[FINDING_FACT_MAX + 1])
{
	crypto_generichash_state st;
	char hex[DIGEST_HEX_SIZE], size[32];
	struct digest d;

	crypto_generichash_init(&st, NULL, 0, sizeof(d.b));
	crypto_generichash_update(&st, (const uint8_t *)f->path, strlen(f->path) + 1);
	snprintf(size, sizeof(size), "%" PRIu64, f->size);
	crypto_generichash_update(&st, (const uint8_t *)size, strlen(size) + 1);
	crypto_generichash_update(&st, (const uint8_t *)f->modified, strlen(f->modified));
	crypto_generichash_final(&st, d.b, sizeof(d.b));
	snprintf(ret, FINDING_FACT_MAX + 1, "%s", digest_hex(&d, hex));
}

static json_t *file_detail(const struct listing_file *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "path", finding_text(f->path));
	json_object_set_new(o, "size", finding_number(f->size));
	json_object_set_new(o, "created", finding_text(f->created));
	json_object_set_new(o, "modified", finding_text(f->modified));
	return o;
}

static struct finding of_recorder(const char *recorder, enum finding_code code, int64_t at_ms)
{
	struct finding f = {
		.code = code, .subject_kind = SUBJECT_RECORDER, .at_ms = at_ms, .confidence = -1,
	};

	snprintf(f.recorder, sizeof(f.recorder), "%s", recorder);
	snprintf(f.subject, sizeof(f.subject), "%s", recorder);
	return f;
}

static bool looks_temporary(const char *path)
{
	const char *base = name_last(path);

	return base[0] == '.' || base[0] == '~' || has_suffix(base, strlen(base), ".tmp") ||
	       (fold(base[0]) == 't' && fold(base[1]) == 'm' && fold(base[2]) == 'p');
}

static void find_deleted(const struct name *n, const char *recorder, int64_t docked_ms,
			 struct findings *out)
{
	struct finding f = of_recorder(recorder, FINDING_DELETED_ON_RECORDER, docked_ms);
	bool temporary = looks_temporary(n->file->path);

	file_fact(n->file, f.fact);
	f.confidence = temporary ? TEMPORARY : n->file->size == 0 ? EMPTY : SURE;
	if (f.confidence < SURE)
		f.severity = SEVERITY_NOTICE;
	f.detail = file_detail(n->file);
	json_object_set_new(f.detail, "was", json_string(temporary ? "temporary" :
			    n->part == PART_MEDIA ? "file" : "sidecar"));
	findings_add(out, &f);
}

/* One finding a deleted file; its deleted sidecars are the same act. */
static int deleted_findings(const struct listing *l, const char *recorder, int64_t docked_ms,
			    struct findings *out)
{
	struct name *names, *media;
	size_t sidecars, n, i;

	if (collect(l, true, &names, &sidecars, &n) < 0)
		return -ENOMEM;
	media = names + sidecars;
	qsort(media, n - sidecars, sizeof(*media), name_cmp);
	for (i = 0; i < n; i++)
		if (i >= sidecars || find(media, n - sidecars, &names[i], PART_MEDIA) == NULL)
			find_deleted(&names[i], recorder, docked_ms, out);
	free(names);
	return 0;
}

void plan_unreadable(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		     const char *why, struct findings *out)
{
	struct finding f = of_recorder(recorder, FINDING_UNREADABLE_FILE, docked_ms);

	file_fact(file, f.fact);
	f.detail = file_detail(file);
	json_object_set_new(f.detail, "why", finding_text(why));
	findings_add(out, &f);
}

void plan_holes(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		size_t holes, uint64_t bytes, struct findings *out)
{
	struct finding f = of_recorder(recorder, FINDING_UNREADABLE_FILE, docked_ms);

	file_fact(file, f.fact);
	f.detail = file_detail(file);
	json_object_set_new(f.detail, "holes", json_integer((json_int_t)holes));
	json_object_set_new(f.detail, "bytes", json_integer((json_int_t)bytes));
	json_object_set_new(f.detail, "why", finding_text("the card returns a read error"));
	findings_add(out, &f);
}

static void unreadable_findings(const struct listing *l, const char *recorder, int64_t docked_ms,
				struct findings *out)
{
	size_t i;

	for (i = 0; i < l->n_files; i++)
		if (!l->files[i].deleted && l->files[i].trouble[0] != '\0')
			plan_unreadable(&l->files[i], recorder, docked_ms, l->files[i].trouble, out);
}

static void trouble_findings(const struct listing *l, const char *recorder, const char *session,
			     int64_t docked_ms, struct findings *out)
{
	const struct listing_trouble *t;
	crypto_generichash_state st;
	char hex[DIGEST_HEX_SIZE];
	struct digest d;
	struct finding f;

	for (t = l->troubles; t < l->troubles + l->n_troubles; t++) {
		f = of_recorder(recorder, FINDING_DEVICE_FAULT, docked_ms);
		f.subject_kind = SUBJECT_SESSION;
		snprintf(f.subject, sizeof(f.subject), "%s", session);
		/* Of one place, the card itself for one, there may be several. */
		crypto_generichash_init(&st, NULL, 0, sizeof(d.b));
		crypto_generichash_update(&st, (const uint8_t *)t->path, strlen(t->path) + 1);
		crypto_generichash_update(&st, (const uint8_t *)t->text, strlen(t->text));
		crypto_generichash_final(&st, d.b, sizeof(d.b));
		snprintf(f.fact, sizeof(f.fact), "listing %s", digest_hex(&d, hex));
		f.detail = json_object();
		json_object_set_new(f.detail, "path", finding_text(t->path));
		json_object_set_new(f.detail, "why", finding_text(t->text));
		findings_add(out, &f);
	}
}

int plan_findings(const struct listing *l, const char *recorder, const char *session,
		  int64_t docked_ms, struct findings *out)
{
	/* First what can fail, so that a failure has appended nothing. */
	if (deleted_findings(l, recorder, docked_ms, out) < 0)
		return -ENOMEM;
	unreadable_findings(l, recorder, docked_ms, out);
	trouble_findings(l, recorder, session, docked_ms, out);
	return 0;
}
