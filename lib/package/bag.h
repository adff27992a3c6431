/*
 * Is a bag whole?  RFC 8493, sections 3 and 5, and the drafts before it: every
 * file of every manifest is there with that digest, and no payload is there that
 * manifests do not name.  Held to the Library of Congress' conformance suite.
 *
 * Two walks over the source: names and tag files first, then every byte once,
 * with all digests that manifests ask for at the same time.
 *
 * Errors   0 and a report: what was found; the bag is whole when `whole`.
 *          A negative errno and a sentence: it could not be found out.  -EBADMSG: the archive is
 *          damaged; -E2BIG: more than the limits below.
 * Threads  blocking; two threads of its own while it runs.
 * Memory   HASHER_MEMORY + BAG_MEMORY + BAG_TEXTS_BYTES, BAG_KEEP_MAX where a watch asks for bytes, 
 *          the largest of those texts once more as UTF-8, and what a report holds.
 */
#ifndef PACKAGE_BAG_H
#define PACKAGE_BAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/bagit.h"
#include "package/hasher.h"
#include "package/source.h"

enum {
	BAG_FILES_MAX = 250000,			/* files of a bag, and names in its manifests */
	BAG_TEXTS_BYTES = 96 * 1024 * 1024,	/* of all tag files that are taken apart */
	BAG_MEMORY = 128 * 1024 * 1024,		/* of paths and digests */
	BAG_PROBLEMS_MAX = 200,			/* that are kept; all are counted */
	BAG_KEEP_MAX = 32 * 1024 * 1024,	/* bytes of a file that a watch gets */
	BAG_WHAT_MAX = 200,
};

enum bag_fault {
	BAG_NO_DECLARATION,	/* there is no bagit.txt: nothing else is told */
	BAG_BAD_DECLARATION,	/* what: why */
	BAG_NO_PAYLOAD,		/* there is no folder data */
	BAG_NO_MANIFEST,
	BAG_BAD_ALGORITHM,	/* a manifest by one that cannot be checked */
	BAG_BAD_TEXT,		/* a tag file that is not in its encoding; what: where */
	BAG_BAD_LINE,		/* a line that is none; what: malformed, checksum, path, place */
	BAG_LISTED_TWICE,
	BAG_NOT_EVERYWHERE,	/* not in the manifest of algorithm `what` */
	BAG_UNLISTED,		/* payload that no manifest names */
	BAG_MISSING,
	BAG_NOT_FETCHED,	/* it is where fetch.txt says */
	BAG_WRONG_DIGEST,	/* what: the algorithm */
	BAG_WRONG_SIZE,		/* of fetch.txt */
	BAG_WRONG_OXUM,		/* what: said and found */
	BAG_NOT_A_FILE,		/* what: source_kind_name() */
	BAG_UNSAFE_NAME,	/* a file's own name is no path within a bag */
	BAG_TWICE_THERE,	/* an archive has it twice */
	BAG_UNREADABLE,		/* what: why */
	BAG_TOO_MUCH,		/* not read: far more bytes than Payload-Oxum says */
	BAG_CHANGED,		/* while it was read */
	/* From here on warnings: the bag is whole nevertheless. */
	BAG_SAME_TWICE,		/* listed twice with the same digest, before 1.0 */
	BAG_DOT_SLASH,
	BAG_BINARY_MARK,
	BAG_BACKSLASH,
	BAG_BARE_PERCENT,
	BAG_OTHER_SPELLING,	/* listed, and there in other case or normalization; what: as */
	BAG_SYSTEM_FILE,	/* what an operating system makes by itself is listed */
	BAG_FAULTS,
};
const char *bag_fault_name(enum bag_fault f);	/* "wrong_digest" */
bool bag_fault_is_warning(enum bag_fault f);

struct bag_problem {
	enum bag_fault fault;
	char *path;		/* what it is about, in the form of format/name.h; "": the bag */
	char *in;		/* the file that says so, the same; "": none */
	uint64_t line;		/* of it; 0: none */
	char what[BAG_WHAT_MAX];
};

struct bag_report {
	bool whole;		/* no problem but warnings */
	struct bagit_declaration declaration;
	uint64_t files, bytes;	/* payload that is there */
	struct bag_problem problems[BAG_PROBLEMS_MAX];
	size_t n_problems;
	uint64_t counts[BAG_FAULTS];
};
void bag_report_clear(struct bag_report *r);	/* of its problems */

/* A file that was read to its end. */
struct bag_seen {
	const char *path;
	uint64_t size;
	bool vouched;		/* manifests name it and every digest is right */
	const struct hasher_digests *digests;
	const uint8_t *bytes;	/* when asked for, and at most BAG_KEEP_MAX; otherwise NULL */
	size_t len;
};

/* BAG_SEEN: as it is, unread when no manifest names it. */
enum { BAG_SEEN = 1, BAG_ADDRESS = 2, BAG_BYTES = 4 };

/* Whoever wants to see the files while they are read.  Any function may be NULL. */
struct bag_watch {
	void *data;
	void (*progress)(void *data, uint64_t done, uint64_t total);
	/* What file() shall get of this one; 0: it is not called. */
	unsigned (*wants)(void *data, const char *path, uint64_t size);
	/* Not 0 ends the check and is returned. */
	int (*file)(void *data, const struct bag_seen *seen, struct err *e);
	/* A tag of bag-info.txt. */
	void (*tag)(void *data, const char *label, const char *value);
};

/* path: a folder, a tar, an ISO image or its device.  watch may be NULL.  *ret is the caller's to clear. */
int bag_check(const char *path, const struct bag_watch *watch, struct bag_report *ret,
	      struct err *e);
/* The same of a source that is open, and stays so. */
int bag_check_source(struct source *source, const struct bag_watch *watch, struct bag_report *ret,
		     struct err *e);

#endif
