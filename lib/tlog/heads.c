#include "tlog/heads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "custody/lines.h"
#include "custody/timestamp.h"
#include "tlog/tlog_impl.h"

#define SUFFIX	".tsr"

/* ------ cosignatures ------ */

int tlog_cosigned(const char *dir, const struct note_key *log, struct buf *text,
		  struct checkpoint *ret, struct err *e)
{
	struct tlog_path path;
	int r = tlog_read_head(dir, "cosigned", text, ret, e);

	return r < 0 ? r : tlog_check_head(ret, text, log, tlog_path(dir, "cosigned", &path), e);
}

static bool has_line_of(const struct checkpoint *c, const struct note_key *k)
{
	size_t i;

	for (i = 0; i < c->n_lines; i++)
		if (note_line_is_of(&c->lines[i], k))
			return true;
	return false;
}

/* A cosigned checkpoint: what the log signed, and the witness's line. */
struct cosigned {
	const struct note_key *log, *witness;
	struct checkpoint head;
	struct buf text;
	const char *line;
};

/* The body, with nothing but the log's own signature and the witness's behind it. */
static int make_cosigned(struct cosigned *s, const char *text, struct err *e)
{
	struct checkpoint given;
	uint64_t when;
	size_t i;

	if (checkpoint_parse((const uint8_t *)text, strlen(text), &given, e) < 0)
		return -EINVAL;
	if (checkpoint_check(&given, (const uint8_t *)text, s->log) != CHECKPOINT_SIGNED)
		return err_set(e, -EINVAL, "a checkpoint that is not signed by %s", s->log->name);
	buf_add(&s->text, text, given.body_len);
	buf_adds(&s->text, "\n");
	for (i = 0; i < given.n_lines; i++)
		if (note_line_is_of(&given.lines[i], s->log))
			note_line_write(s->log, given.lines[i].sig, given.lines[i].sig_len, &s->text);
	buf_adds(&s->text, s->line);
	if (s->text.failed ||
	    checkpoint_parse(s->text.p, s->text.len, &s->head, NULL) < 0 || s->head.n_lines != 2 ||
	    checkpoint_check_cosignature(&s->head, s->text.p, s->witness, &when) !=
	    CHECKPOINT_SIGNED)
		return err_set(e, -EINVAL, "not a cosignature of %s over the checkpoint of %"
			       PRIu64 " leaves", s->witness->name, given.size);
	return 0;
}

static bool same_body(const struct checkpoint *c, const struct buf *text, const struct cosigned *s)
{
	return c->body_len == s->head.body_len && memcmp(text->p, s->text.p, c->body_len) == 0;
}

/* Add the witness's line to the text of the same body, and put it in place. */
static int add_line(const char *dir, const char *name, const struct checkpoint *c,
		    struct buf *text, const struct cosigned *s, struct err *e)
{
	struct tlog_path path;
	struct checkpoint with;

	tlog_path(dir, name, &path);
	if (has_line_of(c, s->witness))
		return 0;
	buf_adds(text, s->line);
	if (text->failed || checkpoint_parse(text->p, text->len, &with, e) < 0)
		return err_set(e, -ENOBUFS, "%s: no room for the cosignature of %s", path.s,
			       s->witness->name);
	return file_replace(path.s, text->p, text->len, TLOG_FILE_MODE, e);
}

static int keep_cosigned(const char *dir, const struct cosigned *s, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_path path;
	struct checkpoint c;
	int r = tlog_cosigned(dir, s->log, &text, &c, e);

	tlog_path(dir, "cosigned", &path);
	if (r == -ENOENT || (r == 0 && c.size < s->head.size))
		return file_replace(path.s, s->text.p, s->text.len, TLOG_FILE_MODE, e);
	if (r < 0 || c.size > s->head.size)
		return r;
	if (!same_body(&c, &text, s))
		return err_set(e, -EBADMSG, "%s: a witness cosigned another tree of %" PRIu64
			       " leaves than %s did", path.s, c.size, s->witness->name);
	return add_line(dir, "cosigned", &c, &text, s, e);
}

static int add_to_current(const char *dir, const struct cosigned *s, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_path path;
	struct checkpoint c = { .size = 0 };
	int r = tlog_read_head(dir, "checkpoint", &text, &c, e);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && c.size > s->head.size)
		return 0;
	if (r == 0 && same_body(&c, &text, s))
		return add_line(dir, "checkpoint", &c, &text, s, e);
	return err_set(e, -EBADMSG, "%s: of %" PRIu64 " leaves, and not the one of %" PRIu64
		       " that %s cosigned", tlog_path(dir, "checkpoint", &path), c.size,
		       s->head.size, s->witness->name);
}

int tlog_cosign(const char *dir, const struct note_key *log, const struct note_key *witness,
		const char *text, const char *line, struct err *e)
{
	struct cosigned s = { .log = log, .witness = witness, .line = line,
			      .text = BUF_INIT(CHECKPOINT_MAX) };
	AUTO(tlog_closep) int lock = -1;
	int r = tlog_check_dir(dir, e);

	if (r == 0)
		r = make_cosigned(&s, text, e);
	if (r == 0)
		r = lock = tlog_lock_heads(dir, e);
	if (r >= 0)
		r = keep_cosigned(dir, &s, e);
	if (r == 0)
		r = add_to_current(dir, &s, e);
	buf_clear(&s.text);
	return r;
}

/* ------ time stamps ------ */

static bool is_authority(const char *s, size_t len)
{
	return len > 0 && len <= TLOG_AUTHORITY_MAX && s[0] != '.' &&
		strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") >=
		len;
}

/* LOG/time/SIZE, or the file `name` in it. */
static const char *time_path(const char *dir, uint64_t size, const char *name,
			     struct tlog_path *ret)
{
	char below[128];

	snprintf(below, sizeof(below), "time/%" PRIu64 "%s%s", size, name[0] != '\0' ? "/" : "",
		 name);
	return tlog_path(dir, below, ret);
}

static const char *token_path(const char *dir, uint64_t size, const char *authority,
			      struct tlog_path *ret)
{
	char name[TLOG_AUTHORITY_MAX + sizeof(SUFFIX)];

	snprintf(name, sizeof(name), "%.*s" SUFFIX, TLOG_AUTHORITY_MAX, authority);
	return time_path(dir, size, name, ret);
}

int tlog_time_checkpoint(const char *dir, uint64_t size, struct buf *to, struct err *e)
{
	struct tlog_path path;

	return tlog_read_all(time_path(dir, size, "checkpoint", &path), CHECKPOINT_MAX, to, e);
}

/* The bytes that are stamped, in place before the first token over them. */
static int keep_stamped(const char *dir, uint64_t size, const void *checkpoint, size_t len,
			struct err *e)
{
	AUTO(buf_clear) struct buf there = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_path path;
	int r = tlog_time_checkpoint(dir, size, &there, e);

	time_path(dir, size, "checkpoint", &path);
	if (r == -ENOENT)
		return file_replace(path.s, checkpoint, len, TLOG_FILE_MODE, e);
	if (r == 0 && (there.len != len || memcmp(there.p, checkpoint, len) != 0))
		return err_set(e, -EEXIST, "%s: other bytes of that size were time-stamped before",
			       path.s);
	return r;
}

int tlog_time_keep(const char *dir, const void *checkpoint, size_t len, const char *authority,
		   const void *token, size_t token_len, struct err *e)
{
	AUTO(tlog_closep) int lock = -1;
	struct tlog_path path;
	struct checkpoint c;
	int r = tlog_check_dir(dir, e);

	if (r < 0 || (r = checkpoint_parse(checkpoint, len, &c, e)) < 0)
		return r;
	if (!is_authority(authority, strlen(authority)))
		return err_set(e, -EINVAL, "%s: an authority's name has 1 to %d of A-Z a-z 0-9 . _ - "
			       "and no dot in front", authority, TLOG_AUTHORITY_MAX);
	if (token_len == 0 || token_len > TIMESTAMP_MAX)
		return err_set(e, -EINVAL, "%s: a token of %zu bytes; 1 to %d are allowed",
			       authority, token_len, TIMESTAMP_MAX);
	lock = tlog_lock_heads(dir, e);
	if (lock < 0)
		return lock;
	if ((r = tlog_make_dir(tlog_path(dir, "time", &path), e)) < 0 ||
	    (r = tlog_make_dir(time_path(dir, c.size, "", &path), e)) < 0 ||
	    (r = keep_stamped(dir, c.size, checkpoint, len, e)) < 0)
		return r;
	if (access(token_path(dir, c.size, authority, &path), F_OK) == 0)
		return 0;
	return file_replace(path.s, token, token_len, TLOG_FILE_MODE, e);
}

int tlog_time_walk(const char *dir, int (*stamped)(void *data, uint64_t size), void *data,
		   struct err *e)
{
	struct tlog_path path, file;
	struct dirent *entry;
	uint64_t size;
	int r = 0;
	DIR *d;

	d = opendir(tlog_path(dir, "time", &path));
	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL)
		return err_set(e, -errno, "%s: %s", path.s, strerror(errno));
	while (r == 0 && (entry = readdir(d)) != NULL)
		if (lines_number(entry->d_name, strlen(entry->d_name), &size) &&
		    access(time_path(dir, size, "checkpoint", &file), F_OK) == 0)
			r = stamped(data, size);
	closedir(d);
	return r;
}

struct next {
	uint64_t from, size;
	bool any;
};

static int look_for_next(void *data, uint64_t size)
{
	struct next *n = data;

	if (size >= n->from && (!n->any || size < n->size)) {
		n->size = size;
		n->any = true;
	}
	return 0;
}

int tlog_time_next(const char *dir, uint64_t from, uint64_t *ret_size, struct err *e)
{
	struct next n = { .from = from };
	int r = tlog_time_walk(dir, look_for_next, &n, e);

	if (r == 0 && n.any)
		*ret_size = n.size;
	return r < 0 ? r : n.any;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names of the authorities that stamped that size, in order; how many. */
static int list_authorities(const char *dir, uint64_t size,
			    char ret[TLOG_AUTHORITIES_MAX][TLOG_AUTHORITY_MAX + 1], struct err *e)
{
	struct tlog_path path;
	struct dirent *entry;
	size_t len, n = 0;
	DIR *d;

	d = opendir(time_path(dir, size, "", &path));
	if (d == NULL)
		return err_set(e, -errno, "%s: %s", path.s, strerror(errno));
	while (n < TLOG_AUTHORITIES_MAX && (entry = readdir(d)) != NULL) {
		len = strlen(entry->d_name);
		if (len <= strlen(SUFFIX) ||
		    strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) != 0 ||
		    !is_authority(entry->d_name, len - strlen(SUFFIX)))
			continue;
		snprintf(ret[n++], TLOG_AUTHORITY_MAX + 1, "%.*s", (int)(len - strlen(SUFFIX)),
			 entry->d_name);
	}
	closedir(d);
	qsort(ret, n, sizeof(ret[0]), by_name);
	return (int)n;
}

int tlog_time_each(const char *dir, uint64_t size,
		   int (*token)(void *data, const char *authority, const uint8_t *token,
				size_t len),
		   void *data, struct err *e)
{
	char names[TLOG_AUTHORITIES_MAX][TLOG_AUTHORITY_MAX + 1];
	AUTO(buf_clear) struct buf b = BUF_INIT(TIMESTAMP_MAX);
	struct tlog_path path;
	int i, n, r;

	n = list_authorities(dir, size, names, e);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		buf_reset(&b);
		r = tlog_read_all(token_path(dir, size, names[i], &path), TIMESTAMP_MAX, &b, e);
		if (r == 0)
			r = token(data, names[i], b.p, b.len);
		if (r != 0)
			return r;
	}
	return 0;
}
