/* What the files that inspect a package share. */
#ifndef PACKAGE_INSPECT_IMPL_H
#define PACKAGE_INSPECT_IMPL_H

#include "custody/checkpoint.h"
#include "custody/proof.h"
#include "package/inspect.h"

/* A small file, whole. */
struct kept {
	char *path;
	uint8_t *bytes;
	size_t len;
};

struct media {
	char *path;
	uint64_t size;
	struct digest blob;
	uint8_t sha256[32];
	bool used;			/* by an object */
};

struct leaf {
	uint64_t index;
	struct merkle_hash hash;
	uint8_t *blobs;			/* the addresses it names, DIGEST_LEN each */
	size_t n_blobs;
	char *segment;			/* "segment:UUID" that it is about; NULL: none */
	bool digest_bad, signature_bad;	/* it records such a verdict on a segment */
};

struct proof {
	uint64_t size;			/* time/SIZE; 0: to data/log/checkpoint */
	uint64_t index;
	struct digest head;		/* of the bytes of the checkpoint that it ends with */
	struct merkle_hash *hashes;
	size_t n;
};

/* A head of the log that was taken apart. */
struct head {
	struct checkpoint checkpoint;
	struct digest digest;
	const struct kept *file;
};

struct inspection {
	struct inspect_report *report;
	const struct minisign_public_key *trusted;
	void (*progress)(void *data, uint64_t done, uint64_t total);
	void *progress_data;
	size_t memory;			/* of all that follows */

	/* In the order of their coming; sorted once all came. */
	struct kept *kept;
	struct media *media;
	struct leaf *leaves;
	struct proof *proofs;
	size_t n_kept, n_media, n_leaves, n_proofs;
	size_t room_kept, room_media, room_leaves, room_proofs;

	bool covered_manifest;		/* manifest-sha512.txt, by tagmanifest-sha512.txt */
	uint8_t manifest[64];		/* its SHA-512 */
	bool has_version;		/* bag-info.txt says that it is of this version */
	struct note_key log;		/* of the log */
	bool has_log;
};

void inspect_note(struct inspect_report *r, enum inspect_fault fault, const char *path,
		  const char *what);

/* Room for one more of an array, as large as it may be.  NULL: said why. */
void *inspect_grow(struct inspection *in, void *list, size_t n, size_t *room, size_t each,
		   struct err *e);
int inspect_count(struct inspection *in, size_t bytes, struct err *e);

const struct kept *inspect_find(const struct inspection *in, const char *path);
/* The same, noted when it is not there. */
const struct kept *inspect_need(const struct inspection *in, const char *path, const char *who);
/* The leaf of this index; NULL: there is none. */
const struct leaf *inspect_leaf(const struct inspection *in, uint64_t index);

/* inspect_log.c: take what came; then judge all of it. */
int inspect_take_leaf(struct inspection *in, const struct bag_seen *seen, uint64_t index,
		      struct err *e);
int inspect_take_proof(struct inspection *in, const struct bag_seen *seen, uint64_t size,
		       uint64_t index, struct err *e);
void inspect_log(struct inspection *in);

/* inspect_objects.c */
void inspect_objects(struct inspection *in);

/* inspect_set.c: set.tsv of this disc. */
void inspect_own_set(struct inspection *in);

#endif
