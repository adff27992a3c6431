/*
 * age files on disk, made and opened as they stream by (lib/age).
 *
 * Memory   about 2.2 MiB for a file being made, 4.3 MiB for one being opened, whatever its size; and what scrypt takes.
 * Errors   0 or a negative errno and a sentence that names the file.
 * Threads  one caller at a time; blocking.
 */
#ifndef VAULTCTL_SEALED_H
#define VAULTCTL_SEALED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "age/age.h"
#include "base/err.h"
#include "base/secret.h"

/* What a passphrase may cost to try: 1 GiB of memory, some 3 seconds. */
enum { SEALED_WORK_MAX = 20 };

/* For whom: n recipients, or a passphrase when there are none. */
struct sealed_for {
	const struct age_recipient *recipients;
	size_t n;
	const struct secret *passphrase;
};

/*
 * A file being made.  It has no name until sealed_end() has synced it: whatever ends this before leaves
 * nothing (where the file system has no files without a name: what kill -9 leaves has the name and does not open).  A name that is taken is -EEXIST, and what has it stays.  A power cut after sealed_end() leaves the
 * whole file or none; its directory is the caller's to sync.
 */
struct sealed_file;

int sealed_new(const char *path, mode_t mode, const struct sealed_for *f, struct sealed_file **ret,
	       struct err *e);
int sealed_put(struct sealed_file *s, const void *p, size_t len, struct err *e);
int sealed_end(struct sealed_file *s, struct err *e);
void sealed_free(struct sealed_file *s);	/* before sealed_end(): forgets it; NULL is fine */

/*
 * Open an age file, armored or not: out(data, bytes, len) for what comes out, in order; what it returns below 0
 * ends it.  0 and AGE_OK, or 0, another verdict and a sentence; or a negative errno: it could not be
 * found out.  All that was given out counts for nothing unless the verdict is AGE_OK.
 */
int sealed_open(const char *path, const struct age_keys *keys, unsigned work_max,
		int (*out)(void *data, const uint8_t *p, size_t len), void *data,
		enum age_verdict *ret, struct err *e);

#endif
