/* What the files of `vaultctl restore` share.  Functions return an exit status (ctl.h), having said why. */
#ifndef VAULTCTL_RESTORE_H
#define VAULTCTL_RESTORE_H

#include "backup.h"

struct restore {
	struct ctl *c;
	struct hasher *hasher;
	const char *from, *key_file, *checkpoint;
	const char *database;		/* as the superuser who restores */
	const char *plain_database;	/* as dockvault.conf will have it */
	char to[CONF_PATH_MAX];
	struct secret passphrase;
	struct minisign_public_key key;	/* the dock's, which signed the backup */
	bool has_key;
	json_t *sums;			/* name -> SHA-256, of SHA256SUMS */
	json_t *backup;			/* backup.json */
	size_t n_models;
	unsigned long long blobs;	/* in the backup, each whole */
};

/*
 * each(data, tree, line) for each line of a tree's list; what it returns but EXIT_GOOD ends it.  EXIT_DAMAGE, after all lines:
 * the list is not the one that was signed.  A backup's medium may be another machine's, and is never believed twice.
 */
int restore_each(struct restore *x, const char *tree,
		 int (*each)(void *data, const char *tree, const struct backup_line *line), void *data);

/* The signed SHA-256 of BACKUP/NAME, in hex; NULL: it is not in SHA256SUMS. */
const char *restore_sum(const struct restore *x, const char *path);

/* The whole backup, read: signature, lists, every file; and that it has each blob that its catalog names. */
int restore_check(struct restore *x);

/* What was written, read: rows by table, the log, every blob; and what is known to have come after the backup. */
int restore_prove(struct restore *x);

#endif
