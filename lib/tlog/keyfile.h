/*
 * Keys of signed notes (custody/note.h) as files of one line: a signing key,
 * which only its owner may read, and beside it FILE.vkey, which is for everybody.
 *
 * Errors   0 or a negative errno and a sentence that names the file.
 * Threads  any; blocking.
 */
#ifndef TLOG_KEYFILE_H
#define TLOG_KEYFILE_H

#include "base/err.h"
#include "custody/note.h"

/*
 * Make a key in `path`, mode 0400, and path.vkey, mode 0444, both synced before this returns.  Neither may
 * be there: -EEXIST.  A power cut may leave the first, whole or not, without the second: that
 * key was never shown to anybody, remove it.
 */
int keyfile_new(const char *path, const char *name, enum note_key_type type, struct note_key *ret,
		struct err *e);

/* The signing key, straight into protected memory.  -EPERM: secret_fault(). */
int keyfile_secret(const char *path, struct note_secret **ret, struct err *e);

/* A verifier key; the line feed may be missing. */
int keyfile_public(const char *path, struct note_key *ret, struct err *e);

#endif
