/*
 * Reading a store's copies again, and what comes of it: vaultctl scrub and vaultctl drill.
 *
 * A run is batches.  What a batch found is in the catalog, in one transaction, before the next one
 * begins: kill -9 loses one batch, which is read again.  A copy is written inside of the transaction that
 * says so, with the catalog's rows of it locked, so that nothing that is disposed of comes back.
 *
 * Memory: SCRUB_MEMORY, whatever the size of the store.
 */
#ifndef VAULTCTL_SCRUB_H
#define VAULTCTL_SCRUB_H

#include "ctl.h"
#include "progress.h"
#include "scrub_pace.h"
#include "vault/vault_keep.h"

enum {
	SCRUB_BATCH = 256,		/* copies, or */
	SCRUB_BATCH_MS = 10000,		/* so long */
	SCRUB_STREAMS_MAX = 2,
	SCRUB_EXTRA_MAX = 1000,		/* files that no record names, told one by one */
	SCRUB_MEMORY = (SCRUB_STREAMS_MAX + 1) * VAULT_REREAD_MEMORY + 8 * 1024 * 1024,
};

struct scrub_options {
	bool everything;		/* not what is due alone, and files that no record names */
	bool bad;			/* what is bad or owed alone, whether it is due or not */
	const char *blob;		/* this one alone; NULL */
	uint64_t limit;			/* copies; 0: none */
	unsigned streams;		/* 1 to SCRUB_STREAMS_MAX */
	uint64_t bytes_per_s;		/* 0: no limit */
	bool look_only;			/* nothing is repaired or made */
	bool digests;			/* SHA-256 and SM3 of all, not of those alone that have none */
	bool quiet;			/* nothing is said but why it cannot go on */
	bool empty;			/* the store may be empty: its disk is a new one */
};

/* What came of it. */
struct scrub_tally {
	unsigned long long checked, bytes, whole, damaged, missing, unreadable, repaired, made, owed;
	unsigned long long extra, on_their_way, findings;
	bool walked;			/* to the end */
	bool resumed, stopped;
};

/* One store's scrub. */
struct scrub {
	struct ctl *c;
	const struct scrub_options *o;
	const char *store, *dir;
	bool walk;			/* look for files that no record names, too */
	char run[37];
	struct pace pace;
	struct vault_keep *keep;	/* to write to; NULL: not opened */
	bool cannot_write;		/* and why was said */
	struct scrub_tally t;
	struct steps progress;
};

/* Where a store's bytes are on this machine; NULL: the configuration does not say. */
const char *scrub_dir(const struct conf *conf, const char *store);

/* Stores that the configuration names besides, one after the other; NULL: no more.  i: from 0. */
const char *scrub_other(const struct conf *conf, const char *store, size_t i);

/*
 * Scrub one store; the catalog is open as dv_keep or a person.  An exit status: EXIT_GOOD, EXIT_FINDINGS,
 * EXIT_DAMAGE, or EXIT_AWAY, having said why; what was found until then is recorded.
 */
int scrub_store(struct scrub *s);

/* ------ parts ------ */

enum scrub_result {
	SCRUB_WHOLE, SCRUB_DAMAGED, SCRUB_MISSING, SCRUB_UNREADABLE,
	SCRUB_OWED, SCRUB_LEAVING, SCRUB_MADE, SCRUB_REPAIRED,
	SCRUB_NOT_DONE,			/* its turn did not come */
};

/* One copy of a batch. */
struct scrub_item {
	char hex[DIGEST_HEX_SIZE];
	struct digest address;
	bool wanted, leaving, want_digests;
	char logged[16];		/* what the custody log has of it */
	enum scrub_result result;
	enum scrub_result was;		/* of SCRUB_REPAIRED */
	struct vault_read read;
	const char *from;		/* of SCRUB_MADE, SCRUB_REPAIRED */
	char aside[VAULT_ASIDE_NAME];	/* "": nothing was set aside */
	char error[240];		/* of SCRUB_UNREADABLE, and of what could not be repaired */
};

struct scrub_batch {
	struct scrub_item items[SCRUB_BATCH];
	size_t n, n_done;
};

/* Read them, by as many streams as there are.  EXIT_GOOD, or EXIT_AWAY: the store cannot be read. */
int scrub_read(struct scrub *s, struct scrub_batch *b);

/* Make or repair those that are owed or bad, and that may be written to (allowed: a list of hex). */
void scrub_mend(struct scrub *s, struct scrub_batch *b, const json_t *allowed);

/* Files that no record names.  EXIT_GOOD, EXIT_AWAY. */
int scrub_walk(struct scrub *s);

/* A random UUID, as text. */
void scrub_new_id(char ret[37]);

#endif
