#include "rules/card.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

static uint64_t add(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

void card_space(const struct listing *l, uint64_t *ret_capacity, uint64_t *ret_free)
{
	unsigned i;

	*ret_capacity = *ret_free = l->n_volumes > 0 ? 0 : UINT64_MAX;
	for (i = 0; i < l->n_volumes; i++) {
		*ret_capacity = add(*ret_capacity, l->volumes[i].size);
		*ret_free = add(*ret_free, l->volumes[i].free);
	}
}

bool card_is_full(const struct card *c)
{
	if (c->free == UINT64_MAX || c->capacity == UINT64_MAX || c->capacity == 0)
		return false;
	return c->free <= c->capacity / 10;
}

void card_file_fact(const struct listing_file *f, char ret[FINDING_FACT_MAX + 1])
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

json_t *card_file_detail(const struct listing_file *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "path", finding_text(f->path));
	json_object_set_new(o, "size", finding_number(f->size));
	json_object_set_new(o, "created", finding_text(f->created));
	json_object_set_new(o, "modified", finding_text(f->modified));
	return o;
}

struct finding card_finding(const char *recorder, enum finding_code code, int64_t at_ms)
{
	struct finding f = {
		.code = code, .subject_kind = SUBJECT_RECORDER, .at_ms = at_ms, .confidence = -1,
	};

	snprintf(f.recorder, sizeof(f.recorder), "%s", recorder);
	snprintf(f.subject, sizeof(f.subject), "%s", recorder);
	return f;
}

static int stored_cmp(const void *pa, const void *pb)
{
	const struct card_stored *a = pa, *b = pb;
	int c = strcmp(a->path, b->path);

	return c != 0 ? c : (a->size > b->size) - (a->size < b->size);
}

struct card_stored *card_stored_sort(const struct card_stored *stored, size_t n)
{
	struct card_stored *ret = calloc(MAX(n, (size_t)1), sizeof(*ret));

	if (ret == NULL || n == 0)
		return ret;
	memcpy(ret, stored, n * sizeof(*ret));
	qsort(ret, n, sizeof(*ret), stored_cmp);
	return ret;
}

static size_t first_not_below(const struct card_stored *stored, size_t n,
			      const struct card_stored *key)
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (stored_cmp(&stored[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool may_be_one(const char *a, const char *b)
{
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

const struct card_stored *card_stored_find(const struct card_stored *stored, size_t n,
					   const char *path, uint64_t size,
					   const char *modified)
{
	const struct card_stored key = { .path = path, .size = size };
	const struct card_stored *found = NULL;
	size_t i;

	for (i = first_not_below(stored, n, &key);
	     i < n && stored_cmp(&stored[i], &key) == 0; i++)
		if (may_be_one(stored[i].modified, modified) &&
		    (found == NULL || (stored[i].cleared && !found->cleared)))
			found = &stored[i];
	return found;
}
