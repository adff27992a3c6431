/*
 * An evidence package: what goes into one, and writing it.  The format is
 * docs/PACKAGE.md.
 *
 * Whoever calls gathers what is said (objects and their facts, the heads of
 * the log, keys) and lends functions that open a blob and read the log; the rest
 * is here: names, discs, certificate, VERIFY.txt, digests, signature.
 *
 * Errors   0, or a negative errno and a sentence.
 *          -EUCLEAN: evidence is not whole: a blob is not there, is not what its address
 *          says, cannot be read; or the log contradicts itself.  What was
 *          begun is removed.
 * Threads  one at a time; blocking; two of its own while it runs.
 * Memory   HASHER_MEMORY, some 250 bytes a file of the package, the certificate, what bag_check()
 *          takes, and the callers' facts.
 */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "custody/checkpoint.h"
#include "custody/merkle.h"
#include "format/minisign.h"
#include "package/layout.h"
#include "package/sealer.h"

enum {
	PACKAGE_OBJECTS_MAX = 20000,
	PACKAGE_PEERS_MAX = 8,			/* witnesses, and authorities */
	PACKAGE_CERTIFICATE_MAX = 64 * 1024 * 1024,
	PACKAGE_OBJECT_ID_SIZE = 80,		/* "segment:UUID", "blob:HEX64" */
};

struct package_digests {
	uint8_t sha256[32];
	uint8_t sha512[64];
};

/* A manifest of the recorder's or of the dock's: two blobs. */
struct package_sidecar {
	bool is_there, is_signed;
	struct digest manifest, signature;
	uint64_t manifest_size, signature_size;
	char key[PACKAGE_PATH_SIZE];	/* path, in the package, of its key; "": none */
};

/*
 * One object.  facts: an object of JSON, what the certificate says of it, as the catalog has it;
 * any may be missing or null:
 *	recording seq path unit officer station slot docked_at stored_at start_at end_at
 *	duration_ms time_source assurance signature digest hole_bytes important recorded_at
 *	findings: a list of {article severity text_zh at}
 */
struct package_object {
	char id[PACKAGE_OBJECT_ID_SIZE];
	char recorder[33];		/* "": no segment */
	uint64_t seq;
	struct digest blob;
	uint64_t size;
	struct package_sidecar by_recorder, by_dock;
	uint64_t *leaves;		/* malloc()ed; indices in the log, ascending */
	size_t n_leaves;
	json_t *facts;			/* a reference */

	/* Filled while it is written. */
	char media[PACKAGE_PATH_SIZE];
	struct package_digests digests;
	unsigned disc;			/* from 1; 0: no set */
};

/* A small file that the caller has whole: a key, a token. */
struct package_extra {
	char path[PACKAGE_PATH_SIZE];
	struct buf bytes;
};

struct package_witness {
	char name[NOTE_NAME_MAX + 1];
	int64_t time_ms;		/* of its cosignature */
};

struct package_token {
	char authority[33];
	int64_t time_ms;
};

/* A signed head of the log. */
struct package_head {
	struct buf text;
	struct checkpoint checkpoint;
};

/*
 * Where bytes come from.  open: a blob, for reading: *ret_fd is the package's; -ENOENT: it is not
 * there.  leaf: append leaf number `index`.  prove: it is in the tree of `size`.
 */
struct package_source {
	int (*open)(void *data, const struct digest *address, int *ret_fd, struct err *e);
	int (*leaf)(void *data, uint64_t index, struct buf *to, struct err *e);
	int (*prove)(void *data, uint64_t index, uint64_t size, struct merkle_proof *ret,
		     struct err *e);
	void *data;
};

struct package {
	char id[PACKAGE_ID_LEN + 1];	/* of the act `export` */
	char station[33];
	char *by, *reason;		/* who exports it and why; malloc()ed */
	int64_t made_ms;
	struct package_object *objects;	/* malloc()ed */
	size_t n_objects;
	json_t *events;			/* a list of {leaf_index act at}, ascending: all leaves */

	struct package_head head;	/* covers all leaves */
	bool is_stamped;
	struct package_head stamped;	/* the newest that was time-stamped */
	struct package_token tokens[PACKAGE_PEERS_MAX];
	size_t n_tokens;
	struct package_witness witnesses[PACKAGE_PEERS_MAX];
	size_t n_witnesses;
	/* Tokens and keys, with the paths that docs/PACKAGE.md gives them; on every disc. */
	struct package_extra *extras;	/* malloc()ed */
	size_t n_extras;

	struct minisign_secret_key *export_key;
	struct package_source source;
};

/* A file more in extras, its path made as by printf, without bytes yet.  NULL: no memory. */
struct package_extra *package_add_extra(struct package *p, size_t max, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* Everything that is in it, the export key as well; all zeros is fine. */
void package_clear(struct package *p);

enum package_form { PACKAGE_FOLDER, PACKAGE_TAR, PACKAGE_ISO };
enum package_phase { PACKAGE_HASHING, PACKAGE_WRITING, PACKAGE_READING_BACK };

struct package_output {
	enum package_form form;
	const char *path;		/* of the folder, tar or image; must not be there */
	uint64_t media_size;		/* PACKAGE_ISO: bytes of a disc; 0: one image */
	/*
	 * PACKAGE_TAR: sealed for them, or NULL.  It is never on a disk in clear, and it is read again through
	 * the sealer.  attempt: its part is PATH.ATTEMPT.part, so that none takes another's for its own.
	 *
	 * whole: it is synced and was read again, and is not named yet.  What it returns ends the
	 * writing, if not 0, and takes the part away; but it stays, for whoever finds out, when that is
	 * -EINPROGRESS, and once whole() returned 0, whatever comes then.
	 */
	const struct sealer_for *seal;
	unsigned attempt;
	int (*whole)(void *data, const uint8_t sha256[32], uint64_t size, struct err *e);
	/* Called often; done and total: bytes of this phase. */
	void (*progress)(void *data, enum package_phase phase, uint64_t done, uint64_t total);
	void *data;
};

/*
 * How many discs it takes: 0, one image or no image at all.  Names the objects; writes nothing.
 * -EFBIG: see discs.h.  -EEXIST: something has this name or is at PATH.part.
 */
int package_plan(struct package *p, const struct package_output *o, unsigned *ret_discs,
		 struct err *e);

/*
 * Plan it, write it, read it again, and give it its name.  Of a set, all discs are read again
 * before the first gets its name.
 */
int package_write(struct package *p, const struct package_output *o, struct err *e);

/*
 * The part of a sealed package that whole() was content with gets its name: 0, or a negative errno.  Nothing
 * is replaced.
 */
int package_give_name(const struct package_output *o, struct err *e);

/* What the part of an attempt is called: 0 or -ENAMETOOLONG. */
int package_part_path(const struct package_output *o, char *ret, size_t size, struct err *e);

#endif
