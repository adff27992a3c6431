/*
 * Keeping copies: a blob from one store to another, and bad bytes out of the way.  Whoever decides
 * that, and writes down that it was done, is not here.
 *
 * Errors   0 or a negative errno with a sentence.  -ENOSPC, -EDQUOT, -EROFS, -EIO: the store that is
 *          written to cannot take it; nothing half-written is visible there.
 * Threads  all functions block; one keeper belongs to one thread at a time, several may keep one store.
 * Memory   VAULT_REREAD_MEMORY a call.
 *
 *	AUTO(vault_keep_closep) struct vault_keep *k = NULL;
 *	struct vault_read read;
 *
 *	r = vault_keep_open("/mnt/second/vault", VAULT_IMMUTABLE, &k, e);
 *	if (r == 0)
 *		r = vault_keep_copy(k, "/var/lib/dockvault/vault", &address, NULL, &read, e);
 */
#ifndef VAULT_VAULT_KEEP_H
#define VAULT_VAULT_KEEP_H

#include "vault/vault.h"

enum {
	VAULT_ASIDE_NAME = DIGEST_HEX_LEN + sizeof(".2147483647"),	/* with its NUL */
};

struct vault_keep;

/*
 * The store in dir, to write to.  -ENOENT: there is none; a store is made by vault_open() or by
 * vault_keep_make(), so that a disk which is not mounted is not written to beside its place.
 */
int vault_keep_open(const char *dir, unsigned flags, struct vault_keep **ret, struct err *e);
void vault_keep_close(struct vault_keep *k);	/* NULL is fine */
void vault_keep_closep(struct vault_keep **k);	/* for AUTO() */

/* Make an empty store in dir, whose parent must be there; one that is there already is left as it is. */
int vault_keep_make(const char *dir, struct err *e);

/*
 * Copy a blob of the store in `from`.  When ret's verdict is VAULT_WHOLE it is there, durable, and was
 * read back from the disk before it got its name; otherwise nothing was changed, and the verdict is of
 * what is in `from`.  how: pace holds for what is read from there; digests as in vault_reread().  A
 * whole one that is there already is left; what is there with other bytes is -EUCLEAN: set it aside.
 * -EREMOTEIO: its bytes cannot be read from `from`.  -EMLINK: both are one file, by a link or a mount.
 */
int vault_keep_copy(struct vault_keep *k, const char *from, const struct digest *address,
		    const struct vault_reading *how, struct vault_read *ret, struct err *e);

/* The same of bytes in memory: *ret_address is theirs. */
int vault_keep_bytes(struct vault_keep *k, const void *p, size_t len, struct digest *ret_address,
		     struct err *e);

/*
 * Move what has a blob's name, whatever it is, to "DIR/aside/<64 hex>.<n>", the first n that is free:
 * nothing there is ever written over.  0 and that name, without directory; it is durable.  *ret_name
 * empty: nothing has the blob's name.  An immutable attribute is kept.
 */
int vault_set_aside(const char *dir, const struct digest *address, char ret_name[VAULT_ASIDE_NAME],
		    struct err *e);

#endif
