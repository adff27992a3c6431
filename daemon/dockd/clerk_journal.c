/* The journal of a session: what its records say, and its end where the session died before. */
#include "clerk_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"

enum { END_RETRY_MS = 10000 };

void clerk_journal_close(struct clerk_session *s, int remove)
{
	struct err e = { .code = 0 };

	if (s->journal != NULL && journal_close(TAKE(s->journal), remove, &e) < 0)
		log_warn("session %s: %s", s->id, e.msg);
}

/* ------ reading journals ------ */

static void note_session(struct clerk_session *s, const json_t *record)
{
	const char *recorder = json_string_value(json_object_get(record, "recorder"));

	snprintf(s->recorder, sizeof(s->recorder), "%s", recorder != NULL ? recorder : "");
	s->is_note = false;
}

static void note_end(struct clerk_session *s, const json_t *record)
{
	const char *outcome = json_string_value(json_object_get(record, "outcome"));

	s->ended = true;
	s->released = outcome != NULL && strcmp(outcome, "released") == 0;
}

/* 0, -EINVAL (not a record of ours) or -ENOMEM. */
static int note(struct clerk_session *s, const struct buf *text, struct err *e)
{
	json_error_t je;
	json_t *j = json_loadb(buf_str(text), text->len, 0, &je);
	const char *type = json_string_value(json_object_get(j, "type"));

	if (j == NULL && json_error_code(&je) == json_error_out_of_memory)
		return err_set(e, -ENOMEM, "no memory for a record");
	if (type == NULL) {
		json_decref(j);
		return err_set(e, -EINVAL, "its journal holds something that is no record");
	}
	if (strcmp(type, "session") == 0) {
		note_session(s, j);
	} else if (strcmp(type, "end") == 0) {
		note_end(s, j);
	} else if (strcmp(type, "segment") == 0) {
		s->counts.stored++;
		s->counts.bytes += (uint64_t)json_integer_value(json_object_get(j, "size"));
	} else if (strcmp(type, "listed") == 0) {
		s->counts.planned = (uint64_t)json_integer_value(json_object_get(j, "files"));
	}
	json_decref(j);
	return 0;
}

int clerk_journal_batch(struct clerk_session *s, struct buf *b, uint64_t *ret_end, struct err *e)
{
	AUTO(buf_clear) struct buf one = BUF_INIT(JOURNAL_RECORD_MAX);
	uint64_t at = s->at, next;
	int n, r;

	for (n = 0; n < CLERK_BATCH_RECORDS; n++) {
		next = at;
		r = journal_read(s->journal, &next, &one, e);
		if (r < 0)
			return r;
		if (r == 0 || b->len + one.len + 2 > CLERK_BATCH_BYTES)
			break;
		r = note(s, &one, e);
		if (r < 0)
			return r;
		buf_adds(b, n == 0 ? "[" : ",");
		buf_add(b, one.p, one.len);
		at = next;
	}
	buf_adds(b, "]");
	if (b->failed)
		return err_set(e, -ENOMEM, "no memory for a batch of records");
	*ret_end = at;
	return n;
}

/* ------ sessions that were left behind ------ */

static void on_end_appended(void *data, int r)
{
	struct clerk_session *s = data;

	if (r == 0) {
		s->ended = true;
		return;
	}
	if (s->retry_at_ms == 0)
		log_warn("session %s was cut short by the end of dockd, and its journal %s/%s.journal"
			 " cannot be written now: %s: free space, or look at the disk", s->id,
			 s->clerk->dir, s->id, uv_strerror(r));
	clerk_journal_close(s, 0);
	s->retry_at_ms = uv_now(s->clerk->loop) + END_RETRY_MS;
}

/* It died before its end: say so, first of all in its journal. */
static int append_end(struct clerk_session *s)
{
	json_t *end = record_end(utc_now(), "interrupted",
				 "dockd ended before the session did; dock the recorder again",
				 &s->counts);
	int r = end == NULL ? -ENOMEM : clerk_append(s, end, on_end_appended, s);

	json_decref(end);
	return r;
}

/* Read all of it, to know whose it is, if anybody's, and whether it ended.  How many records, or negative. */
static int64_t survey(struct clerk_session *s, struct err *e)
{
	AUTO(buf_clear) struct buf one = BUF_INIT(JOURNAL_RECORD_MAX);
	uint64_t at = 0;
	int64_t n = 0;
	int r;

	s->counts = (struct record_counts){ 0 };
	s->is_note = true;		/* until its `session` is read */
	while ((r = journal_read(s->journal, &at, &one, e)) > 0) {
		r = note(s, &one, e);
		if (r < 0)
			break;
		n++;
	}
	return r < 0 ? r : n;
}

/* What journal_open found: say what was cut, and end what has no end. */
static int take_up(struct clerk_session *s, struct err *e)
{
	int64_t n;
	int r;

	if (journal_cut(s->journal) > 0)
		log_info("session %s: %" PRIu64 " bytes of a record that never was durable were"
			 " cut from its journal", s->id, journal_cut(s->journal));
	n = survey(s, e);
	if (n < 0)
		return (int)n;
	if (n == 0)
		return 1;
	if (!s->is_note && !s->ended && (r = append_end(s)) < 0)
		return err_set(e, r, "its end cannot be written: %s", uv_strerror(r));
	return 0;
}

int clerk_journal_reopen(struct clerk_session *s, struct err *e)
{
	struct clerk *c = s->clerk;
	int r;

	r = journal_open(c->loop, c->dir, s->id, &s->journal, e);
	if (r < 0)
		return r;
	r = take_up(s, e);
	if (r < 0)
		clerk_journal_close(s, 0);
	return r;
}
