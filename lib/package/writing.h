/*
 * What the files that write a package share.  Not for other folders.
 *
 * put_*() hash what they hand to the sink and keep its digests in files.
 */
#ifndef PACKAGE_WRITING_H
#define PACKAGE_WRITING_H

#include "package/discs.h"
#include "package/files.h"
#include "package/hasher.h"
#include "package/package.h"
#include "package/sink.h"

struct writing {
	struct package *p;
	const struct package_output *o;
	unsigned discs;			/* of the set; 0: no set */
	struct hasher *hasher;
	uint8_t *block;			/* the hasher's, for the file that is written; or NULL */
	size_t filled;			/* bytes in it */
	bool hashed;			/* the objects' digests are known */
	struct sealer *sealer;		/* or NULL */
	struct buf certificate, verify, set;
	/* Of a set: SHA-512 of each disc's manifest-sha512.txt. */
	uint8_t manifests[PACKAGE_DISCS_MAX][64];

	/* The disc that is written. */
	unsigned disc;
	struct sink *sink;
	struct files files;

	enum package_phase phase;
	uint64_t done, total;
};

/* Bytes that count for the progress. */
void writing_progress(struct writing *w, size_t len);
void writing_phase(struct writing *w, enum package_phase phase, uint64_t total);

/* ------ put.c ------ */

int put_begin(struct writing *w, const char *path, uint64_t size, struct err *e);
int put_add(struct writing *w, const void *p, size_t len, struct err *e);
/* What was begun as path, with `size` bytes, is whole. */
int put_end(struct writing *w, const char *path, enum file_kind kind, uint64_t size,
	    struct err *e);
int put_bytes(struct writing *w, const char *path, enum file_kind kind, const struct buf *b,
	      struct err *e);
/* A blob, which must be what its address says: -EUCLEAN. */
int put_blob(struct writing *w, const char *path, const struct digest *address, uint64_t size,
	     struct package_digests *ret, struct err *e);

/* ------ payload.c ------ */

/* Is it on the disc that is written? */
bool writing_has(const struct writing *w, const struct package_object *o);
/* All below data/, for the disc that is written. */
int payload_write(struct writing *w, struct err *e);

/* ------ tags.c ------ */

/* The manifests, into files as well. */
int tags_write_manifests(struct writing *w, struct err *e);
/* All else beside data/. */
int tags_write(struct writing *w, struct err *e);
/* The index of the set: objects' digests and manifests are known. */
void tags_make_set(struct writing *w);

/* ------ readback.c ------ */

/* Read it again, as it was written at `at`: all files, no others, with the same digests. */
int readback(struct writing *w, const char *at, struct err *e);

#endif
