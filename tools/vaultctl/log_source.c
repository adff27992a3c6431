#include "log_source.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "custody/tile.h"
#include "base/post.h"
#include "tlog/tlog.h"

struct tile {
	int level;
	uint64_t number;
	unsigned width;
	uint8_t hashes[TILE_BYTES];
};

struct log_source {
	struct tlog_reader *reader;	/* of a directory; NULL: over http */
	uint64_t size;
	struct tile *tiles[LOG_SOURCE_TILES];
	size_t n;
	char url[];			/* without the '/' at its end */
};

static bool is_url(const char *where)
{
	return strncmp(where, "http://", 7) == 0 || strncmp(where, "https://", 8) == 0;
}

int log_source_open(const char *where, struct log_source **ret, struct err *e)
{
	AUTO(log_source_closep) struct log_source *s = calloc(1, sizeof(*s) + strlen(where) + 1);
	size_t len = strlen(where);
	int r = 0;

	if (s == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to read it", where);
	while (len > 0 && where[len - 1] == '/')
		len--;
	memcpy(s->url, where, len);
	if (!is_url(where))
		r = tlog_reader_open(where, &s->reader, e);
	if (r == 0)
		*ret = TAKE(s);
	return r;
}

void log_source_close(struct log_source *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		free(s->tiles[i]);
	tlog_reader_close(s->reader);
	free(s);
}

void log_source_closep(struct log_source **s)
{
	log_source_close(*s);
}

/* GET URL/name: 0; -ENOENT: there is none; -EIO and others. */
static int fetch(const struct log_source *s, const char *name, struct post_answer *ret,
		 struct err *e)
{
	AUTO(buf_clear) struct buf url = BUF_INIT(PATH_MAX);
	struct post request = { .body = NULL };
	int r;

	buf_addf(&url, "%s/%s", s->url, name);
	if (url.failed)
		return err_set(e, -ENAMETOOLONG, "%s: the URL is too long", s->url);
	request.url = buf_str(&url);
	r = post(&request, ret, e);
	if (r < 0)
		return r;
	if (ret->status == 404)
		return err_set(e, -ENOENT, "%s: is not there", request.url);
	if (ret->status != 200)
		return err_set(e, -EIO, "%s: the answer is %ld", request.url, ret->status);
	return 0;
}

static int fetch_checkpoint(struct log_source *s, struct buf *text, struct checkpoint *ret,
			    struct err *e)
{
	struct post_answer answer = { .body = BUF_INIT(CHECKPOINT_MAX) };
	int r = fetch(s, "checkpoint", &answer, e);

	if (r == 0 && checkpoint_parse(answer.body.p, answer.body.len, ret, e) < 0) {
		err_prefix(e, "%s/checkpoint", s->url);
		r = -EBADMSG;
	}
	if (r == 0) {
		buf_reset(text);
		buf_add(text, answer.body.p, answer.body.len);
		s->size = ret->size;
	}
	buf_clear(&answer.body);
	return r;
}

int log_source_checkpoint(struct log_source *s, struct buf *text, struct checkpoint *ret,
			  struct err *e)
{
	if (s->reader != NULL)
		return tlog_reader_checkpoint(s->reader, text, ret, e);
	return fetch_checkpoint(s, text, ret, e);
}

static int fetch_tile(const struct log_source *s, struct tile *t, struct err *e)
{
	struct post_answer answer = { .body = BUF_INIT(TILE_BYTES) };
	char name[TILE_PATH_SIZE];
	int r;

	tile_path(t->level, t->number, t->width, name);
	r = fetch(s, name, &answer, e);
	/* A tile that was filled since takes the place of a part of it. */
	if (r == -ENOENT && t->width < TILE_WIDTH) {
		t->width = TILE_WIDTH;
		tile_path(t->level, t->number, t->width, name);
		r = fetch(s, name, &answer, e);
	}
	if (r == -ENOENT || r == -EFBIG || (r == 0 && answer.body.len != t->width * MERKLE_HASH_LEN))
		r = err_set(e, -EBADMSG, "%s/%s: no tile of %u hashes, and the tree has it", s->url,
			    name, t->width);
	if (r == 0)
		memcpy(t->hashes, answer.body.p, answer.body.len);
	buf_clear(&answer.body);
	return r;
}

static int find_tile(struct log_source *s, int level, uint64_t number, unsigned width,
		     const struct tile **ret, struct err *e)
{
	struct tile *t;
	size_t i;
	int r;

	for (i = 0; i < s->n; i++)
		if (s->tiles[i]->level == level && s->tiles[i]->number == number) {
			*ret = s->tiles[i];
			return 0;
		}
	if (s->n == LOG_SOURCE_TILES)
		return err_set(e, -E2BIG, "%s: more than %d tiles are needed", s->url,
			       LOG_SOURCE_TILES);
	t = malloc(sizeof(*t));
	if (t == NULL)
		return err_set(e, -ENOMEM, "%s: no memory for a tile", s->url);
	t->level = level;
	t->number = number;
	t->width = width;
	r = fetch_tile(s, t, e);
	if (r < 0) {
		free(t);
		return r;
	}
	s->tiles[s->n++] = t;
	*ret = t;
	return 0;
}

int log_source_node(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
		    struct err *e)
{
	const unsigned within = level % TILE_HEIGHT, span = TILE_HEIGHT - within;
	const int tile_level = (int)(level / TILE_HEIGHT);
	struct log_source *s = data;
	const struct tile *t = NULL;
	unsigned width;
	int r;

	if (s->reader != NULL)
		return tlog_reader_node(s->reader, level, index, ret, e);
	width = tile_width(tile_level, index >> span, s->size);
	if (width == 0)
		return err_set(e, -ERANGE, "%s: a tree of this size has no such node", s->url);
	r = find_tile(s, tile_level, index >> span, width, &t, e);
	if (r < 0)
		return r;
	if (!tile_node(t->hashes, width, within, (unsigned)(index & ((1U << span) - 1)), ret))
		return err_set(e, -ERANGE, "%s: a tree of this size has no such node", s->url);
	return 0;
}
