/*
 * What interrupted puts of a vault in a directory leave: "DIR/partial/KEY.data",
 * the bytes, and "KEY.marks", up to where they were whole.  Private to lib/vault
 * and its tests.
 *
 * KEY is 64 hex digits.  KEY.marks is records of PARTIAL_RECORD bytes, numbers
 * little-endian:
 *
 *	 0   8	"DVMARK1\n"
 *	 8   8	so many bytes: a multiple of VAULT_ALIGN, more than in the record before
 *	16  32	BLAKE2b-256 of them
 *	48  16	BLAKE2b-128 of: the key, record bytes 0-47
 *
 * A mark says nothing that is not checked: it counts when the bytes have its
 * digest.  Whoever holds the lock (flock) on KEY.data owns both names; only he
 * writes, cuts or removes them.  A KEY.data that has another name besides is a
 * blob whose seal was interrupted: it is never written to.
 *
 * Errors   none that end a put: what goes wrong here only means that the put
 *          cannot be continued, and partial_leave says why.
 * Threads  all functions block; one struct belongs to one thread at a time.
 */
#ifndef VAULT_VAULT_PARTIAL_H
#define VAULT_VAULT_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "vault/vault_backend.h"

enum {
	PARTIAL_RECORD = 64,
	PARTIAL_NAME_SIZE = DIGEST_HEX_LEN + sizeof(".marks"),
};

/* Of one put. */
struct partial {
	int dir;		/* DIR/partial, the store's; -1: the put has no key */
	int marks;		/* KEY.marks; -1: our file does not have the name KEY.data */
	int error;		/* why no more marks are kept; 0: they are */
	uint64_t at, kept;	/* where the next record goes, what the last one says */
	struct digest key;
	char data_name[PARTIAL_NAME_SIZE], marks_name[PARTIAL_NAME_SIZE];
};

/* key NULL: without. */
void partial_init(struct partial *p, int dir, const struct digest *key);

/*
 * Open and lock what is there, and check it.  A descriptor of the data, p->kept bytes long and
 * open for reading and writing, or -1: nothing is there that could be gone on with.
 */
int partial_take(struct partial *p, const struct vault_rehash *h);

/* Give the data, which has no name yet, the one of its key.  False: the put is without marks. */
bool partial_name(struct partial *p, int fd);

/* Add a mark of bytes that are durable; durable itself when this returns. */
void partial_add(struct partial *p, const struct vault_mark *m);

/* Leave what was marked, without what is behind it.  0, or why the last mark was not kept. */
int partial_leave(struct partial *p, int fd);

/* Take the names away: the bytes are sealed under another, or forgotten.  Nothing there is fine. */
void partial_remove(struct partial *p);

/*
 * The sweep (vault_partials_sweep) of this directory, with one more left there: a
 * dock that runs for months would keep as many as are ever interrupted.  What goes
 * wrong is left to the next one.
 */
void partials_bound(int dir);

/* The disk is full: remove the oldest that nobody holds.  False: there is none. */
bool partials_make_room(int dir);

#endif
