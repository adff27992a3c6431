#include "custody/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"
#include "custody/lines.h"
#include "format/name.h"

enum {
	TIME_LEN = 8,
	COSIGNATURE_LEN = TIME_LEN + NOTE_SIGNATURE_LEN,
	COSIGNED_MAX = 64 + CHECKPOINT_MAX,
};

/* ------ reading ------ */

static int take_origin(struct lines *l, char ret[NOTE_NAME_MAX + 1], struct err *e)
{
	const char *s = NULL;
	size_t len = 0;
	int r = lines_take(l, &s, &len, e);

	if (r < 0)
		return r;
	/* Other logs' origins may have spaces; what none has is what cannot be shown. */
	if (len == 0 || len > NOTE_NAME_MAX || !name_is_text((const uint8_t *)s, len))
		return err_set(e, -EINVAL, "line %u: the origin is not text of 1 to %d bytes",
			       l->number, NOTE_NAME_MAX);
	memcpy(ret, s, len);
	ret[len] = '\0';
	return 0;
}

static int take_tree(struct lines *l, struct checkpoint *c, struct err *e)
{
	const char *s = NULL;
	size_t len = 0;
	int r = lines_take(l, &s, &len, e);

	if (r < 0)
		return r;
	if (!lines_number(s, len, &c->size))
		return err_set(e, -EINVAL, "line %u: the size is not a number below 2^63 without "
			       "leading zeros", l->number);
	r = lines_take(l, &s, &len, e);
	if (r < 0)
		return r;
	if (!base64_decode(s, len, c->root.b, sizeof(c->root.b)))
		return err_set(e, -EINVAL, "line %u: the root is not base64 of %d bytes", l->number,
			       MERKLE_HASH_LEN);
	return 0;
}

static int take_empty(struct lines *l, struct err *e)
{
	const char *s = NULL;
	size_t len = 0;
	int r = lines_take(l, &s, &len, e);

	if (r == 0 && len > 0)
		r = err_set(e, -EINVAL, "line %u: an extension line, and this log has none; an "
			    "empty line follows the root", l->number);
	return r;
}

static bool is_known(const struct checkpoint *c, const struct note_line *line)
{
	size_t i;

	for (i = 0; i < c->n_lines; i++)
		if (strcmp(c->lines[i].name, line->name) == 0 &&
		    memcmp(c->lines[i].id, line->id, sizeof(line->id)) == 0)
			return true;
	return false;
}

static int take_signature(struct lines *l, struct checkpoint *c, struct err *e)
{
	struct note_line line;
	const char *s = NULL;
	size_t len = 0;
	int r = lines_take(l, &s, &len, e);

	if (r < 0)
		return r;
	r = note_line_parse(s, len, &line, e);
	if (r < 0) {
		err_prefix(e, "line %u", l->number);
		return r;
	}
	if (is_known(c, &line))
		return err_set(e, -EINVAL, "line %u: another signature of the same key of %s",
			       l->number, line.name);
	if (c->n_lines == NOTE_LINES_MAX)
		return err_set(e, -EINVAL, "line %u: more than %d signatures", l->number,
			       NOTE_LINES_MAX);
	c->lines[c->n_lines++] = line;
	return 0;
}

int checkpoint_parse(const uint8_t *text, size_t len, struct checkpoint *ret, struct err *e)
{
	struct checkpoint c = { .n_lines = 0 };
	struct lines l;
	int r;

	if (len > CHECKPOINT_MAX)
		return err_set(e, -EINVAL, "a checkpoint of %zu bytes; %d are allowed", len,
			       CHECKPOINT_MAX);
	l = lines_of(text, len);
	if ((r = take_origin(&l, c.origin, e)) < 0 || (r = take_tree(&l, &c, e)) < 0)
		return r;
	c.body_len = (size_t)(l.p - (const char *)text);
	if ((r = take_empty(&l, e)) < 0)
		return r;
	do {		/* without a signature it is no checkpoint */
		r = take_signature(&l, &c, e);
		if (r < 0)
			return r;
	} while (l.p != l.end);
	*ret = c;
	return 0;
}

/* ------ judging ------ */

const struct note_line *checkpoint_line(const struct checkpoint *c, const struct note_key *k)
{
	size_t i;

	for (i = 0; i < c->n_lines; i++)
		if (note_line_is_of(&c->lines[i], k))
			return &c->lines[i];
	return NULL;
}

enum checkpoint_verdict checkpoint_check(const struct checkpoint *c, const uint8_t *text,
					 const struct note_key *log)
{
	const struct note_line *line = checkpoint_line(c, log);

	if (strcmp(c->origin, log->name) != 0)
		return CHECKPOINT_OTHER_ORIGIN;
	if (line == NULL || log->type != NOTE_ED25519)
		return CHECKPOINT_UNSIGNED;
	if (line->sig_len != NOTE_SIGNATURE_LEN ||
	    !note_verify(log, text, c->body_len, line->sig))
		return CHECKPOINT_FORGED;
	return CHECKPOINT_SIGNED;
}

/* What a witness signs; its length. */
static size_t cosigned_bytes(uint8_t ret[COSIGNED_MAX], const struct checkpoint *c,
			     const uint8_t *text, uint64_t time)
{
	size_t n;

	n = (size_t)snprintf((char *)ret, COSIGNED_MAX, "cosignature/v1\ntime %" PRIu64 "\n", time);
	memcpy(ret + n, text, c->body_len);
	return n + c->body_len;
}

enum checkpoint_verdict checkpoint_check_cosignature(const struct checkpoint *c,
						     const uint8_t *text,
						     const struct note_key *witness,
						     uint64_t *ret_time)
{
	const struct note_line *line = checkpoint_line(c, witness);
	uint8_t bytes[COSIGNED_MAX];
	uint64_t time = 0;
	size_t i, n;

	if (line == NULL || witness->type != NOTE_COSIGNATURE)
		return CHECKPOINT_UNSIGNED;
	if (line->sig_len != COSIGNATURE_LEN)
		return CHECKPOINT_FORGED;
	for (i = 0; i < TIME_LEN; i++)
		time = time << 8 | line->sig[i];
	n = cosigned_bytes(bytes, c, text, time);
	if (time > INT64_MAX || !note_verify(witness, bytes, n, line->sig + TIME_LEN))
		return CHECKPOINT_FORGED;
	*ret_time = time;
	return CHECKPOINT_SIGNED;
}

/* ------ signing ------ */

int checkpoint_sign(const char *origin, uint64_t size, const struct merkle_hash *root,
		    const struct note_secret *log, struct buf *to, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	const struct note_key *k = note_secret_public(log);
	uint8_t sig[NOTE_SIGNATURE_LEN];

	if (k->type != NOTE_ED25519 || strcmp(k->name, origin) != 0)
		return err_set(e, -EINVAL, "the key of %s does not sign for the log %s", k->name,
			       origin);
	if (size > INT64_MAX)
		return err_set(e, -EINVAL, "%s: no tree has %" PRIu64 " leaves", origin, size);
	buf_addf(&text, "%s\n%" PRIu64 "\n", origin, size);
	base64_add(&text, root->b, sizeof(root->b));
	buf_adds(&text, "\n");
	if (!text.failed) {
		note_sign(log, text.p, text.len, sig);
		buf_adds(&text, "\n");
		note_line_write(k, sig, sizeof(sig), &text);
	}
	buf_add(to, text.p, text.len);
	if (text.failed || to->failed)
		return err_set(e, -ENOBUFS, "%s: no room for a checkpoint", origin);
	return 0;
}

int checkpoint_cosign(const struct checkpoint *c, const uint8_t *text,
		      const struct note_secret *witness, uint64_t time, struct buf *to,
		      struct err *e)
{
	const struct note_key *k = note_secret_public(witness);
	uint8_t bytes[COSIGNED_MAX], sig[COSIGNATURE_LEN];
	size_t i;

	if (k->type != NOTE_COSIGNATURE)
		return err_set(e, -EINVAL, "the key of %s is not a witness's", k->name);
	for (i = 0; i < TIME_LEN; i++)
		sig[i] = (uint8_t)(time >> (8 * (TIME_LEN - 1 - i)));
	note_sign(witness, bytes, cosigned_bytes(bytes, c, text, time), sig + TIME_LEN);
	note_line_write(k, sig, sizeof(sig), to);
	if (to->failed)
		return err_set(e, -ENOBUFS, "%s: no room for a cosignature", c->origin);
	return 0;
}
