/*
 * The custody log of somebody else, read by a witness: a directory (a mounted
 * share, a stick) or over http and https.
 *
 * Errors   0 or a negative errno and a sentence.  -EBADMSG: what is there contradicts itself;
 *          all else: it could not be found out.
 * Threads  one; blocking.  curl_global_init() has run.
 * Memory   LOG_SOURCE_TILES tiles of 8 KiB at most.
 */
#ifndef VAULTCTL_LOG_SOURCE_H
#define VAULTCTL_LOG_SOURCE_H

#include "base/buf.h"
#include "base/err.h"
#include "custody/checkpoint.h"
#include "custody/merkle.h"

/* A proof reads the tiles at the edges of two trees: two a level.  More are refused. */
enum { LOG_SOURCE_TILES = 32 };

struct log_source;

int log_source_open(const char *where, struct log_source **ret, struct err *e);
void log_source_close(struct log_source *s);	/* NULL is fine */
void log_source_closep(struct log_source **s);	/* for AUTO() */

/* The newest checkpoint, no signature checked; what is read below is of the tree of its size. */
int log_source_checkpoint(struct log_source *s, struct buf *text, struct checkpoint *ret,
			  struct err *e);

/* merkle_read; data is the source. */
int log_source_node(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
		    struct err *e);

#endif
