/*
 * Migrations: files DIR/NNN-name.sql, applied in order of their numbers, each
 * in one transaction together with its row in dv.schema_version and the act
 * that tells what it changed of rights (dv.note_roles()).  Forward only; a file
 * that changed after it was applied, one that is gone, and one with a number
 * below what is applied already are refused by name, before anything is done.
 * An advisory lock keeps two migrations from running at once.
 *
 * The caller's role must be a superuser, or own the database and have
 * CREATEROLE.  The first file runs as that role, all others as dv_owner.
 *
 * Blocking.  Errors and threads as in sync.h.  A power cut leaves each file
 * applied or not.
 */
#ifndef CATALOG_MIGRATE_H
#define CATALOG_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { MIGRATION_NAME_MAX = 80, MIGRATIONS_MAX = 999, MIGRATION_FILE_MAX = 1024 * 1024 };

enum migration_state {
	MIGRATION_APPLIED,
	MIGRATION_PENDING,
	MIGRATION_CHANGED,	/* applied with other bytes than the file has now */
	MIGRATION_GONE,		/* applied, and there is no such file */
	MIGRATION_TOO_LATE,	/* pending, below one that is applied */
};

struct migration {
	int number;
	char name[MIGRATION_NAME_MAX + 1];	/* of the file, "001-base.sql" */
	enum migration_state state;
	char applied_at[25];		/* "" while pending */
};

const char *migration_state_name(enum migration_state s);

/*
 * The number in a file's name, or -EINVAL: three digits (not 000), '-', a-z 0-9
 * and '-', ".sql".  Pure.
 */
int migration_number(const char *name);

/* Apply what is pending; each(data, m) after each one that was. */
int catalog_migrate(const char *conninfo, const char *dir,
		    void (*each)(void *data, const struct migration *m), void *data,
		    struct err *e);

/* each(data, m) for all, applied or not, by number.  A database never migrated is all pending. */
int catalog_migrate_status(const char *conninfo, const char *dir,
			   void (*each)(void *data, const struct migration *m), void *data,
			   struct err *e);

#endif
