/*
 * What the files of `vaultctl export` share: gathering a package (package/package.h)
 * from the catalog, the vault, the log and the keys.
 *
 * Functions return an exit status (ctl.h), having said why.
 */
#ifndef VAULTCTL_EXPORT_H
#define VAULTCTL_EXPORT_H

#include "ctl.h"
#include "package/package.h"
#include "tlog/tlog.h"

enum {
	EXPORT_WORDS_MAX = 256,		/* objects that a command line names */
	/* How long a checkpoint over the objects' events is waited for; and a cosigned one. */
	EXPORT_SEALED_MS = 30 * 1000,
	EXPORT_COSIGNED_MS = 5 * 1000,
};

struct export {
	struct ctl *c;
	struct package package;
	json_t *rows;			/* of STATEMENT_EXPORT_OBJECTS, as package.objects */
	struct tlog_reader *log;
	struct note_key log_key;
};

void export_clear(struct export *x);

/* Of the monotonic clock. */
int64_t export_now_ms(void);

/* ------ cmd_export.c ------ */

/*
 * Everything that goes into a package of what the words name, for this reason; its id, which is its act's, is left.
 * Writes nothing.
 */
int export_gather(struct export *x, const char *const *words, size_t n, const char *reason);

/* The exit status of what package_plan() and package_write() return; -- not for 0. */
int export_exit_of(const struct err *e);

/* package_output.progress, with a struct progress for data. */
void export_progress(void *data, enum package_phase phase, uint64_t done, uint64_t total);

/* Is whoever is connected of the supervision office?  EXIT_GOOD, or EXIT_AWAY and said that packages are theirs. */
int export_check_role(struct ctl *c);

uint64_t export_media_bytes(const struct export *x);

/* ------ export_objects.c ------ */

/* What the words name, with sidecars and the keys that verify them. */
int export_objects(struct export *x, const char *const *words, size_t n);

/* What the log calls a word: "segment:UUID", "recording:RECORDER/UUID", ...; at most 160 bytes. */
void export_object_name(const struct export *x, const char *word, char *ret, size_t size);

/* ------ export_log.c ------ */

/* Open the log and its key. */
int export_open_log(struct export *x);

/*
 * The objects' events, as leaves, and the heads that cover them; waits for the sequencer, and a
 * little for witnesses.
 */
int export_leaves(struct export *x);

/* ------ export_keys.c ------ */

/* A public key of minisign's at this path of the package, once.  EXIT_GOOD or EXIT_AWAY. */
int export_add_key(struct export *x, const char *path, const struct minisign_public_key *key,
		   const char *name);

/* The public key with this id among *.pub beside the dock's seal key.  EXIT_GOOD, EXIT_AWAY. */
int export_find_seal_key(struct export *x, const uint8_t id[8], struct minisign_public_key *ret);

/* The same beside the export key. */
int export_find_own_key(struct export *x, const uint8_t id[8], struct minisign_public_key *ret);

int export_load_key(struct export *x);

/* Sign these bytes with the export key, which is loaded: a minisign file, appended, and the key's id. */
int export_sign(struct export *x, const struct buf *bytes, const char *comment, struct buf *ret, char ret_key[17]);

/* A key of the log or a witness: STEM.vkey and STEM.pem. */
int export_add_note_key(struct export *x, const struct note_key *k, const char *stem);

/* A file of this host's at a path of the package; larger than max is refused. */
int export_add_file(struct export *x, const char *from, size_t max, const char *path);

#endif
