/*
 * What was signed before: the catalog's checkpoints, those that witnesses
 * cosigned and those that authorities time-stamped must each be a beginning of
 * the tree that is there now.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/digest.h"
#include "base/util.h"
#include "tlog/heads.h"

/* One finding for all of a kind, with the first: where one head is wrong, a thousand may be. */
struct wrong {
	char first[64];
	const char *kind;
	unsigned long long n;
};

struct heads {
	struct audit *a;
	uint64_t largest;		/* that the catalog was told of */
	struct wrong not_signed, forked;
	struct err *e;
};

static void found(struct audit *a, enum audit_code code, const char *kind, const char *subject,
		  const char *fact, enum text_id why)
{
	const struct audit_found f = { code, kind, subject, fact, text(why), 0, -1 };

	audit_found(a, &f);
}

static void add_wrong(struct wrong *w, const char *kind, const char *name)
{
	if (w->n++ > 0)
		return;
	w->kind = kind;
	snprintf(w->first, sizeof(w->first), "%s", name);
}

static void found_wrong(struct audit *a, const struct wrong *w, enum audit_code code,
			const char *fact, enum text_id why)
{
	char text[256];

	if (w->n == 0)
		return;
	text_fill(text, sizeof(text), why, w->n);
	const struct audit_found f = { code, w->kind, w->first, fact, text, 0, -1 };

	audit_found(a, &f);
}

/*
 * Is it ours, and a beginning of the tree?  name: of what is said.  1: *ret is what it says; 0: it
 * is not ours; or a negative errno.
 */
static int check_head(struct heads *s, const char *kind, const char *name, const uint8_t *text,
		      size_t len, struct checkpoint *ret)
{
	struct audit *a = s->a;
	struct merkle_hash root;
	int r;

	if (checkpoint_parse(text, len, ret, NULL) < 0 ||
	    checkpoint_check(ret, text, &a->log.key) != CHECKPOINT_SIGNED) {
		add_wrong(&s->not_signed, kind, name);
		return 0;
	}
	a->checkpoints++;
	if (ret->size > a->log.checkpoint.size)
		return 1;
	if (a->tiles_damaged) {
		a->not_compared++;
		return 1;
	}
	r = merkle_root(ret->size, tlog_reader_node, a->log.reader, &root, s->e);
	if (r < 0 && !audit_is_damage(r))
		return r;
	/* Of tiles that cannot be read it was said. */
	if (r == 0 && !merkle_equal(&root, &ret->root))
		add_wrong(&s->forked, kind, name);
	return 1;
}

/* ------ the catalog's ------ */

static bool is_root(const char *hex, const struct merkle_hash *root)
{
	struct digest d;

	return digest_parse(hex, strlen(hex), &d) == 0 && memcmp(d.b, root->b, sizeof(d.b)) == 0;
}

static int one_told(void *data, const char *const *values, size_t n)
{
	struct heads *s = data;
	const char *size = values[0], *root = values[1], *note = values[2];
	struct checkpoint c;
	char name[64];
	int r = 1;

	(void)n;
	steps_add(&s->a->progress, 1);
	snprintf(name, sizeof(name), "custody_checkpoint/%.20s", size != NULL ? size : "?");
	if (size == NULL || root == NULL || note == NULL) {
		found(s->a, AUDIT_ROW_CHANGED, "row", name, "null", T_WHY_HEAD_ROW);
		return 0;
	}
	if (s->a->log.text.len == 0)	/* the log is not there, nor perhaps its key */
		r = checkpoint_parse((const uint8_t *)note, strlen(note), &c, NULL) == 0;
	else
		r = check_head(s, "row", name, (const uint8_t *)note, strlen(note), &c);
	if (r <= 0)
		return r;
	if (c.size != strtoull(size, NULL, 10) || !is_root(root, &c.root))
		found(s->a, AUDIT_ROW_CHANGED, "row", name, "columns", T_WHY_HEAD_ROW);
	s->largest = MAX(s->largest, c.size);
	return 0;
}

/*
 * The catalog is told after the files, so what it has of a larger tree is on the disk by now, or
 * was taken away from there.
 */
static int check_largest(struct heads *s)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(tlog_reader_closep) struct tlog_reader *reader = NULL;
	struct checkpoint now = { .size = 0 };
	char name[64];
	int r;

	if (s->largest <= s->a->log.checkpoint.size)
		return 0;
	r = tlog_reader_open(s->a->log.dir, &reader, s->e);
	if (r == 0)
		r = tlog_reader_checkpoint(reader, &text, &now, s->e);
	if (r < 0 && !audit_is_damage(r))
		return r;
	snprintf(name, sizeof(name), "%" PRIu64, s->largest);
	if (now.size < s->largest)
		found(s->a, AUDIT_LOG_INCONSISTENT, "log", name, "smaller", T_WHY_SMALLER);
	return 0;
}

/* ------ witnesses ------ */

/* What the witnesses of the configuration say of this head; what others say is of no account. */
static int check_witnesses(struct heads *s, const struct checkpoint *c, const uint8_t *text)
{
	const struct conf *conf = &s->a->c->conf;
	struct audit_witness *w;
	struct note_key key;
	uint64_t seconds = 0;
	size_t i;
	int r;

	for (i = 0; i < conf->n_witnesses; i++) {
		w = &s->a->witnesses[i];
		r = note_key_parse(conf->witnesses[i].key, strlen(conf->witnesses[i].key), &key, s->e);
		if (r < 0) {
			err_prefix(s->e, "witness %s", conf->witnesses[i].name);
			return r;
		}
		switch (checkpoint_check_cosignature(c, text, &key, &seconds)) {
		case CHECKPOINT_SIGNED:
			if (c->size >= w->size)
				*w = (struct audit_witness){ c->size, log_cosigned_ms(seconds) };
			break;
		case CHECKPOINT_FORGED:
			found(s->a, AUDIT_LEAF_DAMAGED, "log", conf->witnesses[i].name, "cosignature",
			      T_WHY_COSIGNATURE);
			break;
		case CHECKPOINT_OTHER_ORIGIN:
		case CHECKPOINT_UNSIGNED:
			break;
		}
	}
	return 0;
}

static int check_cosigned(struct heads *s)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint c;
	int r = check_witnesses(s, &s->a->log.checkpoint, s->a->log.text.p);

	if (r == 0)
		r = tlog_cosigned(s->a->log.dir, &s->a->log.key, &text, &c, s->e);
	if (r == 0)
		r = check_head(s, "log", "cosigned", text.p, text.len, &c);
	else if (audit_is_damage(r) && r != -ENOENT)
		add_wrong(&s->not_signed, "log", "cosigned");
	if (r > 0)
		return check_witnesses(s, &c, text.p);
	return r < 0 && !audit_is_damage(r) ? r : 0;
}

/* ------ time stamps ------ */

struct stamps {
	struct heads *heads;
	uint64_t size;
	const struct buf *head;
};

static int one_stamp(void *data, const char *authority, const uint8_t *token, size_t len)
{
	struct stamps *s = data;
	struct audit *a = s->heads->a;
	struct err why = { 0 };
	const char *verdict;
	char name[128];
	int64_t ms;
	int r = log_stamp(a->c, authority, token, len, s->head, &verdict, &ms, &why);

	if (r < 0)
		return err_set(s->heads->e, r, "%s", why.msg);
	if (strcmp(verdict, "good") == 0) {
		a->stamps++;
		return 0;
	}
	if (strcmp(verdict, "unknown") == 0) {
		a->stamps_unknown++;
		return 0;
	}
	snprintf(name, sizeof(name), "time/%" PRIu64 "/%.64s.tsr", s->size, authority);
	const struct audit_found f = { AUDIT_LEAF_DAMAGED, "log", name, verdict, why.msg, 0, -1 };

	audit_found(a, &f);
	return 0;
}

static int one_stamped(void *data, uint64_t size)
{
	struct heads *s = data;
	AUTO(buf_clear) struct buf head = BUF_INIT(CHECKPOINT_MAX);
	struct stamps stamps = { .heads = s, .size = size, .head = &head };
	struct checkpoint c;
	char name[64];
	int r;

	snprintf(name, sizeof(name), "time/%" PRIu64 "/checkpoint", size);
	r = tlog_time_checkpoint(s->a->log.dir, size, &head, s->e);
	if (r < 0 && !audit_is_damage(r))
		return r;
	if (r < 0) {
		found(s->a, AUDIT_LEAF_DAMAGED, "log", name, "unreadable", T_WHY_HEAD_UNREADABLE);
		return 0;
	}
	r = check_head(s, "log", name, head.p, head.len, &c);
	if (r > 0)
		r = tlog_time_each(s->a->log.dir, size, one_stamp, &stamps, s->e);
	steps_add(&s->a->progress, 1);
	return r;
}

int audit_heads(struct audit *a)
{
	struct err e = { 0 };
	struct heads s = { .a = a, .e = &e };
	int r;

	steps_start(&a->progress, T_PROGRESS_HEADS, 0);
	r = catalog_sync_each(a->c->catalog, STATEMENT_AUDIT_CHECKPOINTS, NULL, 0, one_told, &s, &e);
	if (r == 0)
		r = check_largest(&s);
	if (r == 0 && a->log.text.len > 0)
		r = check_cosigned(&s);
	if (r == 0 && a->log.text.len > 0)
		r = tlog_time_walk(a->log.dir, one_stamped, &s, &e);
	steps_clear(&a->progress);
	found_wrong(a, &s.not_signed, AUDIT_LEAF_DAMAGED, "signature", T_WHY_HEADS_UNSIGNED);
	found_wrong(a, &s.forked, AUDIT_LOG_FORKED, "root", T_WHY_FORKED);
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (a->not_compared > 0) {
		err_set(&e, -EBADMSG, "%llu checkpoints that were signed before cannot be compared "
			"before the log's tiles are mended: check again then", a->not_compared);
		audit_away(a, &e);
	}
	return EXIT_GOOD;
}
