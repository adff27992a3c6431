#include "log_view.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utc.h"
#include "base/util.h"
#include "custody/proof.h"
#include "custody/timestamp.h"
#include "tlog/courier.h"
#include "tlog/keyfile.h"

const char *log_verdict_name(enum checkpoint_verdict v)
{
	static const char *const names[] = {
		[CHECKPOINT_SIGNED] = "signed",
		[CHECKPOINT_OTHER_ORIGIN] = "other_origin",
		[CHECKPOINT_UNSIGNED] = "unsigned",
		[CHECKPOINT_FORGED] = "forged",
	};

	return names[v];
}

const char *log_root_text(const struct merkle_hash *root, char ret[48])
{
	return sodium_bin2base64(ret, 48, root->b, sizeof(root->b),
				 sodium_base64_VARIANT_ORIGINAL);
}

/* Where no custodyd ever ran there is neither a directory nor a key. */
static void nothing_yet(struct log_view *v)
{
	buf_reset(&v->text);
	v->checkpoint = (struct checkpoint){ .root = merkle_empty() };
	v->verdict = CHECKPOINT_UNSIGNED;
}

static int judge(const struct ctl *c, const char *key_file, struct log_view *v, struct err *e)
{
	char path[CONF_PATH_MAX + 16];
	int r;

	snprintf(path, sizeof(path), "%s/log.vkey", c->conf.log);
	r = keyfile_public(key_file != NULL ? key_file : path, &v->key, e);
	if (r < 0)
		return r;
	v->verdict = checkpoint_check(&v->checkpoint, v->text.p, &v->key);
	/* Log and key may both have been put there in the place of ours. */
	if (c->conf.log_origin[0] != '\0' &&
	    strcmp(v->checkpoint.origin, c->conf.log_origin) != 0)
		v->verdict = CHECKPOINT_OTHER_ORIGIN;
	return 0;
}

int log_view_open(struct ctl *c, const char *key_file, struct log_view *ret)
{
	struct err e = { 0 };
	int r;

	*ret = (struct log_view){ .dir = c->conf.log, .text = BUF_INIT(CHECKPOINT_MAX) };
	nothing_yet(ret);
	r = tlog_reader_open(c->conf.log, &ret->reader, &e);
	if (r == 0)
		r = tlog_reader_checkpoint(ret->reader, &ret->text, &ret->checkpoint, &e);
	if (r == -ENOENT || r == -EINVAL || r == -EBADMSG)
		nothing_yet(ret);
	if (r == -ENOENT)
		return EXIT_GOOD;
	if (r == -EINVAL || r == -EBADMSG) {
		/* No checkpoint at all, which somebody has to look at; nothing can be proven by it. */
		ret->verdict = CHECKPOINT_FORGED;
		ctl_fail(&e, EXIT_DAMAGE);
		return EXIT_GOOD;
	}
	if (r == 0)
		r = judge(c, key_file, ret, &e);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

bool log_view_is_damaged(const struct log_view *v)
{
	return v->verdict == CHECKPOINT_FORGED ||
		(v->text.len > 0 && v->verdict != CHECKPOINT_SIGNED);
}

void log_view_say_damaged(const struct log_view *v)
{
	if (v->text.len > 0 && log_view_is_damaged(v))
		say(stderr, T_LOG_FORGED, v->key.name);
}

void log_view_close(struct log_view *v)
{
	tlog_reader_close(v->reader);
	buf_clear(&v->text);
	v->reader = NULL;
}

int log_view_prove(struct log_view *v, uint64_t index, const void *leaf, size_t len, struct buf *to,
		   struct err *e)
{
	const struct merkle_hash hash = merkle_leaf(leaf, len);
	struct merkle_proof proof;
	int r;

	r = merkle_prove_inclusion(index, v->checkpoint.size, tlog_reader_node, v->reader, &proof,
				   e);
	if (r < 0)
		return r;
	if (!merkle_check_inclusion(index, v->checkpoint.size, &hash, &proof, &v->checkpoint.root))
		return err_set(e, -EBADMSG, "leaf %llu does not lead to the checkpoint: run "
			       "vaultctl verify log", (unsigned long long)index);
	proof_write(index, &proof, v->text.p, v->text.len, to);
	return to->failed ? err_set(e, -ENOMEM, "no room for a proof") : 0;
}

static const struct conf_authority *find_authority(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_authorities; i++)
		if (strcmp(c->authorities[i].name, name) == 0)
			return &c->authorities[i];
	return NULL;
}

int log_stamp(const struct ctl *c, const char *authority, const uint8_t *token, size_t len,
	      const struct buf *stamped, const char **ret_verdict, int64_t *ret_ms, struct err *e)
{
	const struct conf_authority *of = find_authority(&c->conf, authority);
	AUTO(buf_clear) struct buf ca = BUF_INIT(COURIER_CA_MAX);
	enum timestamp_verdict v;
	int r;

	*ret_ms = 0;
	*ret_verdict = "unknown";
	if (of == NULL)
		return 0;
	r = file_read(of->ca, &ca, e);
	if (r < 0)
		return r;
	*ret_verdict = "no_time_stamp";
	if (timestamp_check(token, len, stamped->p, stamped->len, NULL, 0, buf_str(&ca), ca.len, &v,
			    ret_ms, e) == 0)
		*ret_verdict = timestamp_verdict_text(v);
	return 0;
}

int64_t log_cosigned_ms(uint64_t seconds)
{
	return (int64_t)MIN(seconds, (uint64_t)(UTC_MAX_MS - UTC_SHANGHAI_MS) / 1000) * 1000;
}

int log_leaf_number(const char *s, uint64_t *ret)
{
	if (s[0] == '\0' || strlen(s) > 18 || strspn(s, "0123456789") != strlen(s))
		return ctl_usage(T_BAD_LEAF, s);
	*ret = strtoull(s, NULL, 10);
	return EXIT_GOOD;
}
