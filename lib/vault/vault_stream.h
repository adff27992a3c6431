/*
 * A file from its beginning to its end, from the disk and not from memory: one thread reads, the
 * caller's works on what was read.  Private to lib/vault.
 *
 * Errors   0 or a negative errno with a sentence that names the path.
 * Threads  blocks; what `beside` is given, it is given on a thread of its own, in order; what `block`
 *          is given, on the caller's, in order.  Several calls at once are fine.
 * Memory   VAULT_REREAD_MEMORY, or what the file takes if that is less.
 */
#ifndef VAULT_VAULT_STREAM_H
#define VAULT_VAULT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "vault/vault.h"

struct vault_stream {
	int fd;			/* readable; O_DIRECT is set where that is possible, and stays */
	const char *path;	/* for messages */
	const struct vault_reading *how;	/* NULL: as fast as it goes */
	/* Either returns 0, or a negative errno with the sentence set, which ends it; beside may be NULL. */
	int (*beside)(void *data, const uint8_t *p, size_t len, struct err *e);
	int (*block)(void *data, const uint8_t *p, size_t len, struct err *e);
	void *data;
};

int vault_stream(const struct vault_stream *s, struct err *e);

#endif
