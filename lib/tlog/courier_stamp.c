#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "tlog/courier_impl.h"
#include "tlog/heads.h"
#include "base/post.h"

/* RFC 3161, section 3.4. */
#define QUERY	"application/timestamp-query"
#define REPLY	"application/timestamp-reply"

static int ask(const struct courier_log *log, const struct courier_authority *a,
	       const struct buf *query, struct post_answer *ret, struct err *e)
{
	int r = post(&(struct post){ .url = a->url, .body = query->p, .len = query->len,
				     .type = QUERY, .accept = REPLY, .stop = log->stop }, ret, e);

	if (r < 0)
		return r;
	if (ret->status != 200)
		return err_set(e, -EPROTO, "%.100s: the answer has HTTP status %ld", a->url,
			       ret->status);
	if (strcmp(ret->type, REPLY) != 0)
		return err_set(e, -EPROTO, "%.100s: the answer is of the type \"%s\", not %s: is "
			       "this the address of a time-stamp authority?", a->url, ret->type,
			       REPLY);
	return 0;
}

/* A good token for these bytes, in a->body; what it is not is said. */
static int get_token(const struct courier_log *log, const struct courier_authority *a,
		     const struct buf *data, struct post_answer *ret, int64_t *ret_ms,
		     struct err *e)
{
	AUTO(buf_clear) struct buf ca = BUF_INIT(COURIER_CA_MAX);
	AUTO(buf_clear) struct buf query = BUF_INIT(1024);
	enum timestamp_verdict verdict;
	int r;

	if ((r = file_read(a->ca, &ca, e)) < 0 ||
	    (r = timestamp_request(data->p, data->len, &query, e)) < 0 ||
	    (r = ask(log, a, &query, ret, e)) < 0)
		return r;
	r = timestamp_check(ret->body.p, ret->body.len, data->p, data->len, query.p, query.len,
			    buf_str(&ca), ca.len, &verdict, ret_ms, e);
	return r == 0 && verdict != TIMESTAMP_GOOD ? -EBADMSG : r;
}

static int is_of(void *data, const char *authority, const uint8_t *token, size_t len)
{
	(void)token;
	(void)len;
	return strcmp(authority, data) == 0;
}

/* False, too, when nobody can tell: then keeping it will say why. */
static bool is_stamped(const char *dir, uint64_t size, const struct courier_authority *a)
{
	return tlog_time_each(dir, size, is_of, (void *)(uintptr_t)a->name, NULL) > 0;
}

static int keep(const struct courier_log *log, const struct courier_authority *a,
		const struct courier_head *h, struct courier_result *ret, struct err *e)
{
	struct post_answer answer = { .body = BUF_INIT(TIMESTAMP_MAX) };
	int r;

	r = get_token(log, a, &h->own, &answer, &ret->time_ms, e);
	if (r == 0)
		r = tlog_time_keep(log->dir, h->own.p, h->own.len, a->name, answer.body.p,
				   answer.body.len, e);
	buf_clear(&answer.body);
	return r;
}

void courier_stamp(const struct courier_log *log, const struct courier_authority *a,
		   struct courier_result *ret, struct err *e)
{
	AUTO(courier_head_clear) struct courier_head h;

	*ret = (struct courier_result){ .outcome = courier_head_load(log, &h, e) };
	if (ret->outcome == COURIER_DONE && is_stamped(log->dir, h.head.size, a))
		ret->outcome = COURIER_SAY(COURIER_NOTHING, e, "its newest checkpoint is stamped");
	if (ret->outcome == COURIER_DONE && keep(log, a, &h, ret, e) < 0)
		ret->outcome = COURIER_LATER;
	if (ret->outcome == COURIER_DONE || ret->outcome == COURIER_NOTHING)
		ret->size = h.head.size;
	if (ret->outcome != COURIER_DONE)
		err_prefix(e, "authority %s", a->name);
}
