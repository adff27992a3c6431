#include "custody/proof.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/util.h"
#include "custody/lines.h"

#define HEADER	"c2sp.org/tlog-proof@v1"
#define EXTRA	"extra "
#define INDEX	"index "

/* ------ writing ------ */

void proof_write(uint64_t index, const struct merkle_proof *proof, const void *checkpoint,
		 size_t len, struct buf *to)
{
	buf_addf(to, HEADER "\n" INDEX "%" PRIu64 "\n", index);
	lines_add_proof(proof, to);
	buf_add(to, checkpoint, len);
}

/* ------ reading ------ */

static bool begins(const char *s, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

static int take_header(struct lines *l, struct err *e)
{
	const char *s = NULL;
	size_t len = 0;
	int r = lines_take(l, &s, &len, e);

	if (r < 0)
		return r;
	if (len != strlen(HEADER) || !begins(s, len, HEADER))
		return err_set(e, -EINVAL, "line %u: not a proof: \"" HEADER "\" is missing",
			       l->number);
	return 0;
}

static int take_index(struct lines *l, uint64_t *ret, struct err *e)
{
	const size_t n = strlen(INDEX);
	const char *s = NULL;
	size_t len = 0;
	int r = lines_take(l, &s, &len, e);

	if (r < 0)
		return r;
	if (begins(s, len, EXTRA))
		return err_set(e, -EINVAL, "line %u: extra data, which nothing vouches for and "
			       "this log never adds", l->number);
	if (!begins(s, len, INDEX) || !lines_number(s + n, len - n, ret))
		return err_set(e, -EINVAL, "line %u: not \"" INDEX "\" and a number below 2^63 "
			       "without leading zeros", l->number);
	return 0;
}

int proof_parse(const uint8_t *text, size_t len, struct proof_text *ret, struct err *e)
{
	struct proof_text p = { .index = 0 };
	struct lines l;
	int r;

	if (len > PROOF_TEXT_MAX)
		return err_set(e, -EINVAL, "a proof of %zu bytes; %d are allowed", len,
			       PROOF_TEXT_MAX);
	l = lines_of(text, len);
	if ((r = take_header(&l, e)) < 0 || (r = take_index(&l, &p.index, e)) < 0 ||
	    (r = lines_take_proof(&l, MERKLE_PROOF_MAX, &p.proof, e)) < 0)
		return r;
	if (l.p == l.end)
		return err_set(e, -EINVAL, "line %u: the checkpoint is missing", l.number + 1);
	p.checkpoint = (const uint8_t *)l.p;
	p.checkpoint_len = (size_t)(l.end - l.p);
	*ret = p;
	return 0;
}
