/*
 * A secret in a file of its own, which only its owner may read: a signing key, a
 * password, a token.  It goes straight into protected memory.
 *
 * Errors   0 or a negative errno and a sentence that names the file, and nothing of what
 *          is in it.  -EPERM: secret_fault().
 * Threads  any; blocking.  sodium_init() comes before.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct secret {
	uint8_t *p;		/* sodium_malloc(); NULL: none */
	size_t len;		/* a NUL is behind it */
};

/* The whole file, at most max bytes, and one line feed that is taken off its end.  ret is given up
 * with secret_clear(), whatever came of it. */
int secret_read(const char *path, size_t max, struct secret *ret, struct err *e);

/* Wiped, and forgotten. */
void secret_clear(struct secret *s);

/*
 * What is wrong with such a file, for a person; NULL: nothing.  It belongs to `me`, and
 * nobody else may read it.  systemd's credentials belong to root or to us, by the manager's
 * choice, and show their access list as the group's right to read.  Pure.
 */
const char *secret_fault(mode_t mode, uid_t owner, uid_t me, bool is_credential);

#endif
