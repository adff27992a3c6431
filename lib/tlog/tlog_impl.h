/* What the files of lib/tlog share: names below LOG, and reading and syncing them. */
#ifndef TLOG_TLOG_IMPL_H
#define TLOG_TLOG_IMPL_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/checkpoint.h"
#include "tlog/tlog.h"

enum {
	TLOG_DIR_MAX = PATH_MAX - 256,	/* bytes of LOG's path, so that all below it fit */
	TLOG_DIR_MODE = 0750,
	TLOG_FILE_MODE = 0640,
};

struct tlog_path {
	char s[PATH_MAX];
};

/* -ENAMETOOLONG, or -ENOENT and others when it is no directory. */
int tlog_check_dir(const char *dir, struct err *e);

/* DIR/name, where dir was checked. */
const char *tlog_path(const char *dir, const char *name, struct tlog_path *ret);

void tlog_closep(int *fd);		/* for AUTO(); negative is fine */

/*
 * Open a regular file for reading: a descriptor, or a negative errno and a sentence.  Neither a
 * link nor a device has a name in a log.
 */
int tlog_open(const char *path, uint64_t *ret_size, struct err *e);

/* Read exactly len bytes from the file's beginning. */
int tlog_read(int fd, const char *path, void *ret, size_t len, struct err *e);

/* Append the whole file.  -EBADMSG: it has more than max bytes. */
int tlog_read_all(const char *path, size_t max, struct buf *to, struct err *e);

/*
 * Make a directory and sync its parent, so that it survives.  For one that is there, too: whoever
 * made it may not have come so far.
 */
int tlog_make_dir(const char *path, struct err *e);

/* Read and parse DIR/name, a checkpoint; the text is replaced.  -ENOENT; -EBADMSG: it is none. */
int tlog_read_head(const char *dir, const char *name, struct buf *text, struct checkpoint *ret,
		   struct err *e);

/* 0 when it is signed by the log, otherwise -EBADMSG and a sentence that begins with `name`. */
int tlog_check_head(const struct checkpoint *c, const struct buf *text, const struct note_key *log,
		    const char *name, struct err *e);

/*
 * A descriptor that holds a lock on DIR/name (flock; how: LOCK_EX, ...); closing it gives it back.
 * -EBUSY: another has it, and LOCK_NB was asked.  -EPERM: LOG is another user's.  Only the owner
 * can open the file: whoever could but read it could hold the lock for good.
 */
int tlog_lock(const char *dir, const char *name, int how, struct err *e);

/* A descriptor that holds the lock on what is signed (heads.h); closing it gives it back. */
int tlog_lock_heads(const char *dir, struct err *e);

/* The hashes of a tile as the reader's size has it, valid until the reader is asked again. */
int tlog_reader_tile(struct tlog_reader *r, int level, uint64_t number, unsigned *ret_width,
		     const uint8_t **ret, struct err *e);

#endif
