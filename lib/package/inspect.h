/*
 * Is an evidence package what docs/PACKAGE.md says, and does it prove what it
 * says?  Needs nothing but the package: no catalog, no vault, no network.
 *
 * A package in several discs is inspected disc by disc, then package_inspect_set() looks at them
 * together.
 *
 * What the key in a package says of it is said by whoever made the package.  Only a key that came
 * another way tells who that is: give it, or have its fingerprint compared.
 *
 * Errors   0 and a report: what was found; `whole` when nothing is wrong.
 *          A negative errno and a sentence, as bag_check(): it could not be found out.
 * Threads  blocking; two threads of its own while it runs.
 * Memory   that of bag_check(), and INSPECT_MEMORY.
 */
#ifndef PACKAGE_INSPECT_H
#define PACKAGE_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "custody/note.h"
#include "format/minisign.h"
#include "package/bag.h"
#include "package/index.h"

enum {
	INSPECT_MEMORY = 256 * 1024 * 1024,	/* small files, leaves and proofs; more is -E2BIG */
	INSPECT_PROBLEMS_MAX = 200,
	INSPECT_PEERS_MAX = 16,			/* witnesses, time stamps */
	INSPECT_DISCS_MAX = 99,
};

/* What is looked at; each is told of by itself. */
enum inspect_area { INSPECT_BAG, INSPECT_SIGNATURE, INSPECT_MEDIA, INSPECT_SIDECARS, INSPECT_LEAVES,
		    INSPECT_CHECKPOINT, INSPECT_WITNESSES, INSPECT_TIME, INSPECT_SET, INSPECT_AREAS };
const char *inspect_area_name(enum inspect_area a);	/* "leaves" */

enum inspect_fault {
	INSPECT_NO_PACKAGE,		/* not one of these packages, or of another version */
	INSPECT_UNCOVERED,		/* no manifest that the signature covers names it */
	INSPECT_UNSIGNED,
	INSPECT_OTHER_KEY,		/* what: the id of the key it was signed with */
	INSPECT_FORGED,			/* the signature is not right */
	INSPECT_BAD_FILE,		/* not of its format; what: why */
	INSPECT_FILE_MISSING,		/* what: who needs it */
	INSPECT_OTHER_MEDIA,		/* media that is not at its address, or of another size */
	INSPECT_STRAY_MEDIA,		/* no object's */
	INSPECT_SIDECAR_FORGED,		/* its key does not verify it */
	INSPECT_SIDECAR_OTHER,		/* it is of other media */
	INSPECT_LEAF_BAD,		/* not a leaf; what: why */
	INSPECT_LEAF_MISSING,		/* an object names it */
	INSPECT_LEAF_STRANGE,		/* no leaf of the object names its blob */
	INSPECT_UNPROVEN,		/* there is no proof of this leaf */
	INSPECT_PROOF_WRONG,		/* it does not lead to the checkpoint */
	INSPECT_PROOF_OTHER,		/* it leads to another checkpoint */
	INSPECT_CHECKPOINT_UNSIGNED,	/* by the log's key */
	INSPECT_CHECKPOINT_FORGED,
	INSPECT_CHECKPOINT_OTHER,	/* of another log; or of another size than its folder says */
	INSPECT_COSIGNATURE_MISSING,
	INSPECT_COSIGNATURE_FORGED,
	INSPECT_TIME_MISSING,		/* a folder for time stamps without one */
	INSPECT_TIME_BAD,		/* what: why */
	INSPECT_PEM_OTHER,		/* a .pem that is another key than its .vkey */
	INSPECT_SET_OTHER,		/* this disc is not of the set that set.tsv names */
	INSPECT_SET_MISSING,		/* what: the label of the disc */
	INSPECT_SET_TWICE,		/* the same disc twice */
	/* From here on remarks: the package is whole nevertheless. */
	INSPECT_SIDECAR_NOT_VALID,	/* not validly signed when it was docked, as the log says */
	INSPECT_SIDECAR_KNOWN,		/* of other media when it was docked, as the log says */
	INSPECT_FAULTS,
};
const char *inspect_fault_name(enum inspect_fault f);	/* "proof_wrong" */
enum inspect_area inspect_fault_area(enum inspect_fault f);
bool inspect_fault_is_remark(enum inspect_fault f);

struct inspect_problem {
	enum inspect_fault fault;
	char *path;			/* in the form of format/name.h; "": the package */
	char what[240];
};

struct inspect_witness {
	char name[NOTE_NAME_MAX + 1];
	int64_t time_ms;
};

struct inspect_token {
	char authority[64];
	uint64_t size;			/* of the log that it covers */
	int64_t time_ms;
};

struct inspect_report {
	bool whole;
	bool inspected;			/* it is one of these packages: all that follows was looked at */
	struct bag_report bag;
	struct inspect_problem problems[INSPECT_PROBLEMS_MAX];
	size_t n_problems;
	uint64_t counts[INSPECT_FAULTS];

	char id[80], station[80], made[16];	/* as bag-info.txt says, fit to be shown */
	bool is_signed;				/* the signature is right */
	bool trusted;				/* by the key that the caller gave */
	char key_id[17];			/* of the key that it was checked with; "": none */
	struct minisign_public_key key;
	uint64_t media, media_bytes;		/* at their addresses */
	uint64_t sidecars;			/* signed, and of their media */
	uint64_t leaves;			/* proven */
	bool has_head;				/* signed by the log's key */
	char origin[NOTE_NAME_MAX + 1];
	char log_id[9];				/* hex of the log's key id */
	uint64_t head_size;
	struct inspect_witness witnesses[INSPECT_PEERS_MAX];
	size_t n_witnesses;
	struct inspect_token tokens[INSPECT_PEERS_MAX];
	size_t n_tokens;

	struct index_disc discs[INSPECT_DISCS_MAX];	/* of the set, as set.tsv lists them */
	size_t n_discs;				/* 0: not of a set */
	unsigned disc;				/* which this is; 0: none of them */
	struct digest set;			/* of set.tsv */
};
void inspect_report_free(struct inspect_report *r);	/* NULL is fine */

/*
 * path: as bag_check().  trusted: the key that must have signed it; NULL: the one in the package is
 * taken.  *ret is malloc()ed.
 */
int package_inspect(const char *path, const struct minisign_public_key *trusted,
		    void (*progress)(void *data, uint64_t done, uint64_t total), void *data,
		    struct inspect_report **ret, struct err *e);

/* Are these all discs of one set, each once?  What is wrong is noted in the first. */
void package_inspect_set(struct inspect_report **reports, size_t n);

#endif
