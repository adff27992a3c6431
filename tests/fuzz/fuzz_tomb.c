/*
 * Custody events, NULs between them, of one plan and one segment: whatever they are, a segment is gone by
 * right only by a plan that two others than who made it approved, 14 days before it was begun.
 */
#include <string.h>

#include "custody/tomb.h"
#include "fuzz/fuzz.h"

#define PLAN	"11111111-0000-4000-8000-000000000001"
#define SEGMENT	"22222222-0000-4000-8000-000000000001"
#define BLOB	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static size_t approvals_of_others(const struct tomb_plan *p, int64_t begun_ms)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_approvals; i++)
		n += strcmp(p->approvals[i].role, p->maker) != 0 && p->approvals[i].role[0] != '\0' &&
			begun_ms - p->approvals[i].at_ms >= (int64_t)TOMB_RECOVERY_DAYS * 24 * 3600 * 1000;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = bytes + len, *stop;
	struct tomb_segment s;
	struct tomb_plan p;

	tomb_plan_begin(&p, PLAN);
	tomb_segment_begin(&s, SEGMENT, BLOB);
	while (at < end) {
		stop = memchr(at, '\0', (size_t)(end - at));
		stop = stop == NULL ? end : stop;
		tomb_plan_add(&p, at, (size_t)(stop - at));
		tomb_segment_add(&s, at, (size_t)(stop - at));
		at = stop + 1;
	}
	MUST(p.n_approvals <= TOMB_APPROVALS_MAX);
	if (tomb_judge(&p, &s) != TOMB_RIGHT)
		return 0;
	MUST(!p.rejected && !s.spared && p.digest[0] != '\0' && strcmp(s.begun_plan, PLAN) == 0);
	MUST(s.begun_ms <= s.tomb_ms && approvals_of_others(&p, s.begun_ms) >= 2);
	return 0;
}
