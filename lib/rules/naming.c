#include "rules/naming.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/clock.h"

static int64_t moment(const struct naming *n, const char *claim)
{
	int64_t ms;

	return clock_claim(claim, n->zone_min, &ms) == 0 ? ms : NAMING_UNKNOWN;
}

struct named naming_of(const struct naming *n, const char *path)
{
	struct named ret = { .start_ms = NAMING_UNKNOWN, .end_ms = NAMING_UNKNOWN,
			     .pattern = NAMED_NOT };
	struct pattern_claims c;
	size_t i = pattern_first(n->patterns, MIN(n->n_patterns, (size_t)NAMED_NOT), path, &c);

	if (i == MIN(n->n_patterns, (size_t)NAMED_NOT))
		return ret;
	ret.pattern = (uint8_t)i;
	ret.start_ms = moment(n, c.start);
	ret.end_ms = moment(n, c.end);
	ret.has_sequence = c.has_sequence;
	ret.sequence = c.sequence;
	ret.important = c.important;
	ret.encrypted = c.encrypted;
	ret.device_at = c.device_at;
	ret.device_len = (uint8_t)strlen(c.device);
	return ret;
}

void naming_officer(const struct naming *n, const char *path, char ret[PATTERN_FIELD_MAX + 1])
{
	struct pattern_claims c = { .officer = "" };

	pattern_first(n->patterns, n->n_patterns, path, &c);
	memcpy(ret, c.officer, sizeof(c.officer));
}

struct named *naming_read(const struct naming *n, const struct listing *l)
{
	struct named *ret = calloc(MAX(l->n_files, 1u), sizeof(*ret));
	uint32_t i;

	for (i = 0; ret != NULL && i < l->n_files; i++)
		ret[i] = naming_of(n, l->files[i].path);
	return ret;
}

int64_t naming_start(const struct naming *n, const struct named *named,
		     const struct listing_file *f)
{
	int64_t ms = named->start_ms;

	if (ms == NAMING_UNKNOWN)
		ms = moment(n, f->created);
	return ms != NAMING_UNKNOWN ? ms : moment(n, f->modified);
}

int64_t naming_end(const struct naming *n, const struct named *named,
		   const struct listing_file *f)
{
	if (named->end_ms != NAMING_UNKNOWN)
		return named->end_ms;
	if (named->start_ms != NAMING_UNKNOWN)
		return named->start_ms;
	return moment(n, f->modified);
}

int naming_series_cmp(const struct named *a, const char *path_a, const struct named *b,
		      const char *path_b)
{
	if (a->pattern != b->pattern)
		return a->pattern < b->pattern ? -1 : 1;
	if (a->device_len != b->device_len)
		return a->device_len < b->device_len ? -1 : 1;
	return strncasecmp(path_a + a->device_at, path_b + b->device_at, a->device_len);
}
