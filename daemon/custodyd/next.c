#include "next.h"

#include <errno.h>
#include <stddef.h>

#include "base/util.h"

static const char *const step_names[SEQ_STEPS] = {
	[SEQ_CONNECT] = "connect", [SEQ_LOCK] = "lock",	[SEQ_OPEN] = "open",
	[SEQ_GATHER] = "gather",   [SEQ_PUBLISH] = "publish", [SEQ_NOTE] = "note",
	[SEQ_WAIT] = "wait",	   [SEQ_END] = "end",
};

const char *seq_step_name(enum seq_step s)
{
	return step_names[s];
}

/* Nothing is signed before the tree has all that was signed once, whoever lost it. */
static bool may_sign(const struct seq_state *s)
{
	return s->open && s->appended > s->published && s->appended >= s->told;
}

static int64_t earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What is gathered is signed when nothing more is there, or when the first has waited enough. */
static enum seq_step next_of_open(const struct seq_state *s, int64_t *ret_wait_ms)
{
	int64_t look = s->looked_ms + SEQ_LOOK_MS;

	if (s->appended < s->told)
		return SEQ_GATHER;
	/* What was signed once is signed again before anything comes behind it (round.c, judge_step). */
	if (may_sign(s) && (s->published < s->told || !s->more ||
			    s->now_ms - s->unsigned_ms >= s->gather_ms))
		return SEQ_PUBLISH;
	if (s->now_ms >= s->note_ms)
		return SEQ_NOTE;
	if (s->more)
		return SEQ_GATHER;
	if (s->heard_ms != SEQ_NEVER)
		look = earliest(look, s->heard_ms + s->gather_ms);
	if (s->now_ms >= look)
		return SEQ_GATHER;
	*ret_wait_ms = earliest(look, s->note_ms) - s->now_ms;
	return SEQ_WAIT;
}

enum seq_step seq_next(const struct seq_state *s, int64_t *ret_wait_ms)
{
	bool pause = s->now_ms < s->retry_ms;

	if (s->stopping)
		return may_sign(s) && !pause ? SEQ_PUBLISH : SEQ_END;
	if (pause) {
		*ret_wait_ms = s->retry_ms - s->now_ms;
		return SEQ_WAIT;
	}
	if (!s->connected)
		return SEQ_CONNECT;
	if (!s->locked)
		return SEQ_LOCK;
	if (!s->open)
		return SEQ_OPEN;
	return next_of_open(s, ret_wait_ms);
}

int64_t seq_backoff_ms(unsigned failures)
{
	int64_t ms = SEQ_RETRY_MIN_MS;

	while (--failures > 0 && ms < SEQ_RETRY_MAX_MS)
		ms *= 2;
	return MIN(ms, (int64_t)SEQ_RETRY_MAX_MS);
}

enum seq_loss seq_loss(int code)
{
	return code == -ENOTCONN ? SEQ_LOST_CATALOG : SEQ_LOST_LOG;
}

/* ------ may this tree be signed? ------ */

static const struct { const char *name, *text; } verdicts[SEQ_VERDICTS] = {
	[SEQ_GOOD] = { "good", NULL },
	[SEQ_BEHIND] = { "behind", NULL },
	[SEQ_KEY_OF_OTHER] = { "key_of_another_log",
		"the signing key is not named after log_origin: give back the key of this log, or correct"
		" log_origin in dockvault.conf" },
	[SEQ_KEY_CHANGED] = { "key_changed",
		"what was signed last was not signed by this key: give back the key that signed it;"
		" log.vkey in the log's directory names it" },
	[SEQ_CATALOG_SHORT] = { "catalog_short",
		"the catalog has fewer entries than were signed: it was restored from an old backup, or"
		" entries were removed; run `vaultctl verify log`, and restore the newest backup" },
	[SEQ_LEAF_DIFFERS] = { "leaf_differs",
		"the entry signed last is another one in the catalog: it was restored from an old backup,"
		" or changed; run `vaultctl verify log`" },
	[SEQ_ROOT_DIFFERS] = { "root_differs",
		"the catalog was told of another tree than the files hold: one of them was replaced; run"
		" `vaultctl verify log`, and ask the witness for the checkpoint it knows" },
	[SEQ_ENTRY_MISSING] = { "entry_missing",
		"an entry that is not signed yet has no event in the catalog any more: run `vaultctl verify"
		" log`, and restore the newest backup" },
	[SEQ_FILES_DAMAGED] = { "files_damaged",
		"the log's files contradict one another: restore the log's directory from a backup; what is"
		" missing there is written again" },
};

enum seq_verdict seq_judge_key(bool named_after_origin, enum checkpoint_verdict newest)
{
	if (!named_after_origin)
		return SEQ_KEY_OF_OTHER;
	return newest == CHECKPOINT_SIGNED ? SEQ_GOOD : SEQ_KEY_CHANGED;
}

enum seq_verdict seq_judge(const struct seq_facts *f)
{
	if (f->entries < f->size || f->entries < f->told)
		return SEQ_CATALOG_SHORT;
	if (f->size > 0 && !f->last_leaf_same)
		return SEQ_LEAF_DIFFERS;
	if (f->told > f->size)
		return f->told_key == CHECKPOINT_SIGNED ? SEQ_BEHIND : SEQ_KEY_CHANGED;
	if (f->told > 0 && !merkle_equal(&f->told_root, &f->root_at_told))
		return SEQ_ROOT_DIFFERS;
	return SEQ_GOOD;
}

const char *seq_verdict_text(enum seq_verdict v)
{
	return verdicts[v].text;
}

const char *seq_verdict_name(enum seq_verdict v)
{
	return verdicts[v].name;
}
