/* That a restored place is whole: its rows counted, its log and every blob read; and what it cannot have. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "custody/checkpoint.h"
#include "restore.h"
#include "tlog/keyfile.h"
#include "verify.h"

static int compare_counts(const json_t *wanted, const json_t *got)
{
	const char *table;
	json_t *n;
	int r = EXIT_GOOD;

	json_object_foreach((json_t *)(uintptr_t)wanted, table, n) {
		const json_int_t there = json_integer_value(json_object_get(got, table));

		if (there == json_integer_value(n))
			continue;
		say(stderr, T_RESTORE_ROWS, table, (long long)json_integer_value(n), (long long)there);
		r = EXIT_DAMAGE;
	}
	return r;
}

static int prove_rows(const struct restore *x)
{
	AUTO(catalog_sync_closep) struct catalog_sync *catalog = NULL;
	AUTO(catalog_rows_freep) struct catalog_rows *rows = NULL;
	struct err e = { 0, "" };
	json_t *list;
	int r;

	if (catalog_sync_open(x->database, &catalog, &e) < 0 ||
	    catalog_sync_run(catalog, STATEMENT_BACKUP_COUNTS, NULL, 0, &rows, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	list = catalog_rows_list(rows);
	r = compare_counts(json_object_get(x->backup, "counts"), json_object_get(json_array_get(list, 0), "counts"));
	json_decref(list);
	return r;
}

/* The same check as ever, of the log, all rows and every blob; its report is for people, our own output for whoever
 * asked. */
static int prove_log(const char *conf)
{
	struct ctl c = { .conf_path = conf };
	int out, r;

	fflush(stdout);
	out = dup(STDOUT_FILENO);
	if (out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return EXIT_AWAY;
	r = verify_restored(&c);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	catalog_sync_close(c.catalog);
	return r;
}

/* A checkpoint that a witness kept, or that came with a package, may be newer than the backup: then that much is lost. */
static int came_after(const struct restore *x)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	const unsigned long long had = (unsigned long long)json_integer_value(json_object_get(x->backup, "log_size"));
	char path[BACKUP_PATH_MAX];
	struct checkpoint head;
	struct note_key key;
	struct err e = { 0, "" };

	say(stderr, T_RESTORE_AS_OF, json_string_value(json_object_get(x->backup, "at")));
	if (x->checkpoint == NULL)
		return EXIT_GOOD;
	backup_path(path, "%s/custody/log.vkey", x->to);
	if (keyfile_public(path, &key, &e) < 0 || file_read(x->checkpoint, &text, &e) < 0 ||
	    checkpoint_parse(text.p, text.len, &head, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (checkpoint_check(&head, text.p, &key) != CHECKPOINT_SIGNED) {
		say(stderr, T_WITNESS_FORGED, x->checkpoint, key.name);
		return EXIT_DAMAGE;
	}
	if (head.size <= had)
		return EXIT_GOOD;
	say(stderr, T_RESTORE_CAME_AFTER, x->checkpoint, (unsigned long long)head.size, had,
	    (unsigned long long)head.size - had);
	return EXIT_FINDINGS;
}

int restore_prove(struct restore *x)
{
	char conf[BACKUP_PATH_MAX];
	int rows, log, after;

	backup_path(conf, "%s/dockvault.conf", x->to);
	rows = prove_rows(x);
	log = prove_log(conf);
	after = came_after(x);
	if (rows != EXIT_GOOD)
		return rows;
	return log != EXIT_GOOD ? log : after;
}
