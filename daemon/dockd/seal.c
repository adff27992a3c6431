#include "seal.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "format/manifest.h"
#include "format/minisign.h"

enum { CHAIN_FILE_MAX = 4096 };

struct seal {
	uv_loop_t *loop;
	struct vault *vault;
	char station[MANIFEST_ID_MAX + 1];
	char path[1100];			/* of the chain's head */
	struct minisign_secret_key *key;
	uint64_t dseq;				/* of the next seal */
	struct digest prev;
	struct seal_request *head, **tail;
	bool busy;				/* with the first, or with calling back */
	struct buf manifest, signature;
	struct record_seal done;
	uv_work_t work;
	struct err e;
};

/* ------ the head of the chain ------ */

static int parse_head(struct seal *s, const struct buf *b)
{
	json_error_t je;
	json_t *j = json_loadb(buf_str(b), b->len, JSON_REJECT_DUPLICATES, &je);
	const char *prev;
	json_int_t dseq;
	int r = -EINVAL;

	if (j != NULL && json_unpack(j, "{s:I, s:s!}", "dseq", &dseq, "prev", &prev) == 0 &&
	    dseq >= 0)
		r = digest_parse(prev, strlen(prev), &s->prev);
	if (r == 0)
		s->dseq = (uint64_t)dseq;
	json_decref(j);
	return r;
}

static int load_head(struct seal *s, struct err *e)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(CHAIN_FILE_MAX);
	int r = file_read(s->path, &b, e);

	if (r == -ENOENT) {
		log_info("%s: not there, a new chain of seals begins", s->path);
		return 0;
	}
	if (r < 0)
		return r;
	if (parse_head(s, &b) < 0)
		return err_set(e, -EINVAL, "%s: damaged; restore it from a backup: the chain of"
			       " seals must go on where it was", s->path);
	return 0;
}

/*
 * The seal before the next is in the vault before the head names it.  If it is
 * not there now, this is not the vault that it was: an empty mount point, say.
 */
static int find_last(const struct seal *s, const char *vault_dir, struct err *e)
{
	enum vault_verdict verdict;
	uint64_t size;
	int r;

	if (s->dseq == 0)
		return 0;
	r = vault_check(vault_dir, &s->prev, &verdict, &size, e);
	if (r < 0 || verdict != VAULT_MISSING)
		return r;
	return err_set(e, -ESTALE, "vault %s: the last seal of this station is not in it: mount its"
		       " disk; only if it is lost for good, move %s away", vault_dir, s->path);
}

static void write_head(uv_work_t *w)
{
	struct seal *s = w->data;
	char hex[DIGEST_HEX_SIZE], text[160];

	snprintf(text, sizeof(text), "{\"dseq\": %" PRIu64 ", \"prev\": \"%s\"}\n", s->dseq + 1,
		 digest_hex(&s->done.manifest, hex));
	file_replace(s->path, text, strlen(text), 0640, &s->e);
}

/* ------ one request ------ */

static void next(struct seal *s);

static void finish(struct seal *s, int r, const struct err *e)
{
	struct seal_request *q = s->head;

	s->head = q->next;
	if (s->head == NULL)
		s->tail = &s->head;
	q->cb(q, r, r == 0 ? &s->done : NULL, e);	/* may ask for another */
	next(s);
}

static void on_head_written(uv_work_t *w, int status)
{
	struct seal *s = w->data;

	if (status < 0)
		err_set(&s->e, status, "%s: %s", s->path, uv_strerror(status));
	if (s->e.code == 0) {
		s->prev = s->done.manifest;
		s->dseq++;
	}
	finish(s, s->e.code, &s->e);
}

static void on_signature_stored(void *data, int r, const struct vault_sealed *sealed,
				const struct err *e)
{
	struct seal *s = data;

	if (r < 0) {
		finish(s, r, e);
		return;
	}
	s->done.signature = sealed->address;
	s->done.dseq = s->dseq;
	s->e.code = 0;
	s->work.data = s;
	uv_queue_work(s->loop, &s->work, write_head, on_head_written);
}

static void on_manifest_stored(void *data, int r, const struct vault_sealed *sealed,
			       const struct err *e)
{
	struct seal *s = data;

	if (r == 0) {
		s->done.manifest = sealed->address;
		s->e.code = 0;
		r = vault_store(s->vault, s->signature.p, s->signature.len, on_signature_stored, s,
				&s->e);
		e = &s->e;
	}
	if (r < 0)
		finish(s, r, e);
}

/* A manifest's names are plain ASCII; what is not is named by its segment, and the path is signed
 * in the comment. */
static bool is_plain_name(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (name[i] < 0x20 || name[i] > 0x7e || name[i] == '/')
			return false;
	return i > 0 && i <= MANIFEST_NAME_MAX && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && strcmp(name, "-") != 0;
}

static int write_manifest(struct seal *s, const struct seal_request *q)
{
	struct manifest m = {
		.kind = MANIFEST_SEGMENT,
		.dseq = s->dseq,
		.prev = s->prev,
		.start_ms = q->start_ms,
		.end_ms = q->end_ms,
		.clock = MANIFEST_CLOCK_DOCK,
		.mono_start_ms = q->mono_start_ms,
		.mono_end_ms = q->mono_end_ms,
		.officer = "-",
		.size = q->size,
		.last = true,
		.end = MANIFEST_END_DOCK,
		.blake2b = q->blob,
	};

	snprintf(m.device, sizeof(m.device), "%s", s->station);
	snprintf(m.firmware, sizeof(m.firmware), "dockd-%s", VERSION);
	snprintf(m.rec, sizeof(m.rec), "%s", q->recording);
	snprintf(m.name, sizeof(m.name), "%s", is_plain_name(q->name) ? q->name : q->segment);
	memcpy(m.sha256, q->sha256, sizeof(m.sha256));
	buf_reset(&s->manifest);
	return manifest_write(&m, &s->manifest, &s->e);
}

static int write_signature(struct seal *s, const struct seal_request *q)
{
	char trusted[MINISIGN_COMMENT_MAX + 1];

	/* A path that is too long is cut at the end. */
	snprintf(trusted, sizeof(trusted), "sealed at dock %s, session %s, recorder %s, path %s",
		 s->station, q->session, q->recorder, q->path);
	buf_reset(&s->signature);
	return minisign_sign(s->key, s->manifest.p, s->manifest.len, trusted, &s->signature, &s->e);
}

/* A start that fails is told from the loop all the same: the thread pool is asked for nothing. */
static void no_work(uv_work_t *w)
{
	(void)w;
}

static void on_not_started(uv_work_t *w, int status)
{
	struct seal *s = w->data;

	(void)status;
	finish(s, s->e.code, &s->e);
}

static void next(struct seal *s)
{
	struct seal_request *q = s->head;
	int r;

	s->busy = q != NULL;
	if (q == NULL)
		return;
	s->e.code = 0;
	r = write_manifest(s, q);
	if (r == 0)
		r = write_signature(s, q);
	if (r == 0)
		r = vault_store(s->vault, s->manifest.p, s->manifest.len, on_manifest_stored, s,
				&s->e);
	if (r == 0)
		return;
	s->work.data = s;
	uv_queue_work(s->loop, &s->work, no_work, on_not_started);
}

void seal_sign(struct seal *s, struct seal_request *q)
{
	q->next = NULL;
	*s->tail = q;
	s->tail = &q->next;
	if (!s->busy)
		next(s);
}

int seal_attest(const struct seal *s, const uint8_t *p, size_t len, const char *trusted,
		struct buf *to, struct err *e)
{
	return minisign_sign(s->key, p, len, trusted, to, e);
}

/* ------ life ------ */

static int load_key(struct seal *s, const char *path, struct err *e)
{
	struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	int r = file_read(path, &b, e);

	if (r == 0) {
		r = minisign_parse_secret_key(b.p, b.len, &s->key, e);
		if (r < 0)
			err_prefix(e, "%s", path);
	}
	if (b.p != NULL)
		sodium_memzero(b.p, b.room);
	buf_clear(&b);
	return r;
}

int seal_new(uv_loop_t *loop, struct vault *vault, const char *vault_dir, const char *station,
	     const char *key_path, const char *state_dir, struct seal **ret, struct err *e)
{
	struct seal *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return err_set(e, -ENOMEM, "no memory for the seal");
	s->loop = loop;
	s->vault = vault;
	s->tail = &s->head;
	s->manifest.max = MANIFEST_MAX;
	s->signature.max = MINISIGN_FILE_MAX;
	snprintf(s->station, sizeof(s->station), "%s", station);
	snprintf(s->path, sizeof(s->path), "%s/seal.chain", state_dir);
	r = load_key(s, key_path, e);
	if (r == 0)
		r = load_head(s, e);
	if (r == 0)
		r = find_last(s, vault_dir, e);
	if (r < 0) {
		seal_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	if (s->head != NULL)
		BUG("seal: freed while a request waits");
	minisign_secret_key_free(s->key);
	buf_clear(&s->manifest);
	buf_clear(&s->signature);
	free(s);
}
