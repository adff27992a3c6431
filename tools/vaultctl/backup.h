/*
 * A backup as files, made by `vaultctl backup` and read by `vaultctl restore`:
 *
 *	DIR/2026-11-27T21-10-05Z/
 *	    backup.json		what it is: when, of which station, rows by table, roles (backup_json())
 *	    database.dump	pg_dump -Fc, of one snapshot
 *	    blobs.list		by address: the blobs that this snapshot names, "HASH SIZE" or "HASH -"
 *	    vault/ab/cd/HASH	each named by its BLAKE2b-256
 *	    custody/...  state/...  conf/...	the log's files, dockd's journals and seals, the configuration
 *	    keys.tar.age	the folders that the keys are in, sealed by a passphrase
 *	    TREE.sha256		of each of the four trees: a line a file, as sha256sum writes it
 *	    SHA256SUMS		the same of all that is not in a tree, those lists included
 *	    SHA256SUMS.minisig	signed by the dock's key
 *
 * vault.sha256 and blobs.list are by address, so that any two of them are compared as they stream by.  Paths are of bytes 0x21 to 0x7e, without '\'.
 *
 * Functions return an exit status (ctl.h), having said why, unless they say otherwise.
 */
#ifndef VAULTCTL_BACKUP_H
#define VAULTCTL_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/secret.h"
#include "ctl.h"
#include "format/minisign.h"
#include "package/hasher.h"

enum {
	BACKUP_PATH_MAX = CONF_PATH_MAX + 512,
	BACKUP_NAME_SIZE = sizeof("2026-11-27T21-10-05Z"),
	BACKUP_SHA256_HEX = 65,
	BACKUP_KEYS_MAX = 4 * 1024 * 1024,	/* of all key files together */
	BACKUP_JSON_MAX = 8 * 1024 * 1024,
	BACKUP_SUMS_MAX = 64 * 1024,		/* of SHA256SUMS */
};

/* What one file's bytes are. */
struct backup_file {
	struct digest blake;
	char sha256[BACKUP_SHA256_HEX];
	uint64_t size;
};

/* ------ backup_file.c: one file, in one pass ------ */

/* A path.  Folders have CONF_PATH_MAX at most and names some dozens; what were longer all the same is "", no file. */
void backup_path(char ret[BACKUP_PATH_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Read `from` to its end, write it to `to` (-1: nowhere), and say what it was.  0 or a negative errno; which side
 * failed is in *ret_writing. */
int backup_pass(struct hasher *h, int from, int to, struct backup_file *ret, bool *ret_writing);

/* The same of paths: `to` is made new, with that mode; NULL: only read.  0 or a negative errno and a sentence. */
int backup_copy(struct hasher *h, const char *from, const char *to, mode_t mode, struct backup_file *ret,
		struct err *e);

/* All directories above path's last name, below the first `keep` bytes of it.  0 or a negative errno. */
int backup_mkdirs(char *path, size_t keep, mode_t mode);

/* Remove a tree that this program made.  0 or a negative errno. */
int backup_remove(const char *path);

/* Run argv, its output into `out` and its input from `in` (-1: neither).  0, or a negative errno and a sentence:
 * what it said itself is on standard error. */
int backup_spawn(const char *const *argv, size_t n, int in, int out, struct err *e);

/* A conninfo with another user, when one is named: of two in it the last counts. */
void backup_conninfo(const char *conninfo, const char *user, char *ret, size_t size);

/* ------ backup_list.c: the lists ------ */

struct backup_line {
	char sha256[BACKUP_SHA256_HEX];
	char path[BACKUP_PATH_MAX];
};

/* 1: a line; 0: the end; -EINVAL: it is none that a backup writes. */
int backup_next_line(FILE *f, struct backup_line *ret);
int backup_add_line(FILE *f, const char *sha256, const char *path);	/* 0 or a negative errno */

/* ------ making ------ */

struct backup {
	struct ctl *c;
	struct hasher *hasher;
	const char *reason, *superuser;	/* superuser: the database's, whom pg_dump connects as; NULL: as the caller */
	char dir[CONF_PATH_MAX];	/* DIR */
	char name[BACKUP_NAME_SIZE];	/* of this one */
	char part[BACKUP_PATH_MAX];	/* DIR/NAME.part */
	char earlier[BACKUP_PATH_MAX];	/* the newest whole one in DIR; "": none */
	struct minisign_secret_key *key;
	char started[25];
	json_t *snapshot;		/* a row of STATEMENT_BACKUP_SNAPSHOT */
	json_t *roles;			/* lines */
	json_t *missing;		/* addresses named and not there, up to BACKUP_MISSING_MAX */
	unsigned long long blobs, bytes, copied, linked, reused, lost, unnamed;
	bool same_disk;
};

enum { BACKUP_MISSING_MAX = 1000 };

/* backup_tree.c: copy a tree of plain files and write its list; wanted(name) of a path below it, NULL: all. */
int backup_tree(struct backup *b, const char *from, const char *name, bool (*wanted)(const char *path), const char *mode);
int backup_heads(struct backup *b);	/* before the snapshot */
int backup_log(struct backup *b);	/* after it */
int backup_conf(struct backup *b);

/* backup_vault.c: all blobs, by what the snapshot names (blobs.list is there). */
int backup_vault(struct backup *b);

/* backup_dump.c: a snapshot of the catalog: what it names, who it knows, and the dump. */
int backup_catalog(struct backup *b);

/* backup_keys.c */
int backup_keys(struct backup *b, const struct secret *passphrase);

/* One file of the keys, in protected memory.  What each() returns below 0 ends it. */
typedef int (*backup_key_cb)(void *data, const char *name, const uint8_t *p, size_t len);

/* Open PATH/keys.tar.age and go through it.  EXIT_USAGE: not by this passphrase. */
int backup_open_keys(const char *path, const struct secret *passphrase, backup_key_cb each, void *data);

/* backup_sums.c: SHA256SUMS and its signature; *ret is BLAKE2b-256 of the former. */
int backup_sign(struct backup *b, struct digest *ret);
/* Is PATH/SHA256SUMS signed by this key?  Its lines, by name, in *ret (an object); a new reference. */
int backup_sums(const char *path, const struct minisign_public_key *key, json_t **ret);

/* The names of what is not in a tree, and the trees. */
extern const char *const backup_trees[];
extern const size_t backup_n_trees;

#endif
