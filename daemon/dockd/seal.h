/*
 * The dock's own signature, for what no recorder signed: "this dock read these
 * bytes from that recorder then", no more.
 *
 * Each seal is a manifest of kind segment whose device is the station and whose
 * clock is the dock's, signed with the dock's key; its start and end are when
 * the dock read the file.  The seals of a station are a chain of their own
 * (dseq, prev), whose head is kept in STATE/seal.chain.
 *
 * Order: manifest and signature durable in the vault, then the head, then cb,
 * and only then may a record speak of the seal.  So a crash anywhere leaves at
 * worst a manifest in the vault of which nobody speaks: a dseq is never used by
 * two seals that a record names, and every prev lies in the vault.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   one manifest with its signature; requests are the callers'.
 */
#ifndef DOCKD_SEAL_H
#define DOCKD_SEAL_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "records.h"
#include "vault/vault.h"

struct seal;

/* Blocking.  vault_dir: of vault, which must have the last seal; -ESTALE otherwise. */
int seal_new(uv_loop_t *loop, struct vault *vault, const char *vault_dir, const char *station,
	     const char *key_path, const char *state_dir, struct seal **ret, struct err *e);
void seal_free(struct seal *s);		/* no request may be waiting; NULL is fine */

/* The caller's, untouched until cb. */
struct seal_request {
	const char *recorder, *session, *path;	/* for the trusted comment */
	const char *recording, *segment;	/* UUIDs */
	const char *name;			/* of the file */
	uint64_t size;
	struct digest blob;
	uint8_t sha256[32];
	int64_t start_ms, end_ms;		/* reading it, wall clock */
	uint64_t mono_start_ms, mono_end_ms;	/* the same, monotonic */
	/* 0 and *sealed, or why not; the store's codes mean: try again later. */
	void (*cb)(struct seal_request *q, int r, const struct record_seal *sealed,
		   const struct err *e);
	void *data;
	struct seal_request *next;		/* the seal's own */
};

/*
 * Append a signature file of minisign's for any bytes, outside of the chain.
 * trusted: its comment, one line of at most MINISIGN_COMMENT_MAX.  0, or a
 * negative errno and a sentence.
 */
int seal_attest(const struct seal *s, const uint8_t *p, size_t len, const char *trusted,
		struct buf *to, struct err *e);

/* Requests queue; cb comes once, later. */
void seal_sign(struct seal *s, struct seal_request *q);

#endif
