/*
 * The custody log as commands look at it: its files, its key, and its newest
 * checkpoint with a verdict.
 */
#ifndef VAULTCTL_LOG_VIEW_H
#define VAULTCTL_LOG_VIEW_H

#include "base/buf.h"
#include "ctl.h"
#include "custody/checkpoint.h"
#include "custody/merkle.h"
#include "tlog/tlog.h"

struct log_view {
	const char *dir;
	struct note_key key;
	struct tlog_reader *reader;	/* of the tree of the checkpoint's size */
	struct buf text;		/* the checkpoint; empty: nothing was signed yet */
	struct checkpoint checkpoint;	/* of size 0 then, and the empty tree's root */
	enum checkpoint_verdict verdict;
};

/*
 * Open the log of the configuration, which must be loaded.  key_file: where the log's public key
 * was kept apart; NULL: the one beside the log, which whoever rewrote the log has rewritten, too.
 * EXIT_GOOD, whatever the verdict, or having said why EXIT_AWAY.
 */
int log_view_open(struct ctl *c, const char *key_file, struct log_view *ret);
void log_view_close(struct log_view *v);	/* zeroed or half open is fine */

/* Is there a checkpoint, and is it none that the log's key signed?  Nothing is proven by it then. */
bool log_view_is_damaged(const struct log_view *v);

/* Say so on standard error; what is no checkpoint at all was told of when it was opened. */
void log_view_say_damaged(const struct log_view *v);

/* "signed", "other_origin", "unsigned", "forged". */
const char *log_verdict_name(enum checkpoint_verdict v);

/*
 * The proof of a leaf in the text of C2SP tlog-proof, against the view's checkpoint, proven here
 * before it is given away.  0; -EBADMSG: it does not hold; or another negative errno.
 */
int log_view_prove(struct log_view *v, uint64_t index, const void *leaf, size_t len, struct buf *to,
		   struct err *e);

/*
 * A time stamp over these bytes, judged by the certificates that the configuration has for its
 * authority.  0 and *ret_verdict: "good", another of timestamp_verdict_text(), "no_time_stamp", or
 * "unknown": nobody says whom to trust for it any more; why: a sentence in e where it is not good.  Or a
 * negative errno: it could not be found out.  *ret_ms: the token's time, 0 where it has none.
 */
int log_stamp(const struct ctl *c, const char *authority, const uint8_t *token, size_t len,
	      const struct buf *stamped, const char **ret_verdict, int64_t *ret_ms, struct err *e);

/* When a witness says it cosigned, as milliseconds that have a text: its clock may say anything. */
int64_t log_cosigned_ms(uint64_t seconds);

/* A leaf's number on the command line, below 10^18.  EXIT_GOOD, or EXIT_USAGE having said so. */
int log_leaf_number(const char *s, uint64_t *ret);

/* A root as checkpoints write it. */
const char *log_root_text(const struct merkle_hash *root, char ret[48]);

#endif
