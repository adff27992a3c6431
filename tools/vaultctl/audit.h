/*
 * vaultctl verify log, in parts: what each finds is said, counted and raised here.
 *
 * Memory: AUDIT_MEMORY, whatever the size of log, catalog and vault, and what JSON names of what was
 * found, OBJECTS_MAX at most.
 */
#ifndef VAULTCTL_AUDIT_H
#define VAULTCTL_AUDIT_H

#include "audit_tombs.h"
#include "catalog/audit.h"
#include "ctl.h"
#include "log_view.h"
#include "progress.h"

enum {
	AUDIT_OBJECTS_MAX = 20000,	/* what JSON names: a database that was lost has millions */
	AUDIT_MEMORY = CATALOG_AUDIT_MEMORY + TLOG_READER_MEMORY + 2 * 1024 * 1024,
};

struct audit {
	struct ctl *c;
	bool presence;			/* of blobs by name and size alone */
	bool dry_run;			/* nothing is raised */
	bool restored;			/* custodyd has not run yet: what waits for it waits by right */
	uint64_t from;			/* leaves before it are taken from the tiles */
	struct log_view log;
	struct audit_events events;	/* that leaves were compared with, or that wait */
	struct catalog_sync *raise;	/* a connection of its own, since the other one reads */
	struct steps progress;
	int away;			/* EXIT_AWAY: something could not be found out, or not raised */
	unsigned long long found[AUDIT_CODES], omitted;
	unsigned long long leaves, waiting, rows, untold, named, blobs, bytes, on_their_way;
	unsigned long long disposed;	/* blobs that are gone by right */
	struct tombs tombs;
	unsigned long long checkpoints, stamps, stamps_unknown;
	bool guarded;			/* parties are not for whoever checks: their rows were not compared */
	bool tiles_damaged;		/* what is computed from tiles says nothing of what was signed */
	unsigned long long not_compared;	/* checkpoints, for that reason */
	struct audit_witness {		/* of the configuration, in its order */
		uint64_t size;		/* the largest tree it cosigned that is known here; 0: none */
		int64_t at_ms;		/* and when, by its clock */
	} witnesses[CONF_PEERS_MAX];
	json_t *list;			/* of what was found */
};

struct audit_found {
	enum audit_code code;
	const char *kind;		/* row, event, log, blob */
	const char *subject;		/* which one */
	const char *fact;		/* what of it: one finding is raised for each */
	const char *why;		/* the same in words */
	uint64_t event;			/* 0: none is concerned */
	int64_t index;			/* of a leaf; -1: none is */
};
void audit_found(struct audit *a, const struct audit_found *f);

/* What was decided of something, as a fact and in words. */
struct audit_words {
	char fact[128];
	char why[512];
};
void audit_words(const struct audit_result *r, struct audit_words *ret);

/* Something could not be found out: say it; the rest is checked all the same. */
void audit_away(struct audit *a, const struct err *e);

/* An error that tells of damage in the log's files rather than of not being able to read them. */
bool audit_is_damage(int r);

/* EXIT_GOOD, or EXIT_AWAY when the part could not go on, having said why. */
int audit_leaves(struct audit *a);	/* leaves, tiles and root, against the catalog's events */
int audit_heads(struct audit *a);	/* what was signed before, and time stamps */
int audit_waiting(struct audit *a);	/* events that are not sealed */
int audit_all_rows(struct audit *a);
int audit_blobs(struct audit *a);

/* What the dock is about, as it says itself. */
enum audit_dock audit_ask_dock(const struct ctl *c);

/*
 * How old a blob's file is in milliseconds, since its last change, by the disk's own account, which no rename
 * or touch sets back.
 */
int64_t audit_age_of(const char *dir, const char *hex);

/* What is said at the end, and the exit status. */
int audit_conclude(struct audit *a);

#endif
