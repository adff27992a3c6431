#include "custody/lines.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"

struct lines lines_of(const void *text, size_t len)
{
	const char *p = text;

	return (struct lines){ .p = p, .end = len > 0 ? p + len : p };
}

int lines_take(struct lines *l, const char **ret, size_t *ret_len, struct err *e)
{
	const char *lf = l->p == l->end ? NULL : memchr(l->p, '\n', (size_t)(l->end - l->p));

	l->number++;
	if (lf == NULL)
		return err_set(e, -EINVAL, "line %u: %s", l->number, l->p == l->end ?
			       "it ends too early" : "the line feed at its end is missing");
	*ret = l->p;
	*ret_len = (size_t)(lf - l->p);
	if (memchr(l->p, '\r', *ret_len) != NULL)
		return err_set(e, -EINVAL, "line %u: a carriage return", l->number);
	l->p = lf + 1;
	return 0;
}

bool lines_number(const char *s, size_t len, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i;

	if (len == 0 || len > 19 || (s[0] == '0' && len > 1))
		return false;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s[i] - '0');	/* 19 digits: below 2^64 */
	}
	if (n > INT64_MAX)
		return false;
	*ret = n;
	return true;
}

int lines_take_proof(struct lines *l, size_t max, struct merkle_proof *ret, struct err *e)
{
	const char *s = NULL;
	size_t len = 0;
	int r;

	ret->n = 0;
	while ((r = lines_take(l, &s, &len, e)) == 0 && len > 0) {
		if (ret->n == max)
			return err_set(e, -EINVAL, "line %u: more than %zu hashes", l->number, max);
		if (!base64_decode(s, len, ret->hashes[ret->n].b, MERKLE_HASH_LEN))
			return err_set(e, -EINVAL, "line %u: the hash is not base64 of %d bytes",
				       l->number, MERKLE_HASH_LEN);
		ret->n++;
	}
	return r;
}

void lines_add_proof(const struct merkle_proof *proof, struct buf *to)
{
	size_t i;

	for (i = 0; i < proof->n; i++) {
		base64_add(to, proof->hashes[i].b, MERKLE_HASH_LEN);
		buf_adds(to, "\n");
	}
	buf_adds(to, "\n");
}
