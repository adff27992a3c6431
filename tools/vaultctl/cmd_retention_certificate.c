/*
 * vaultctl retention certificate: what a disposal was, as a document that is signed and kept; and, where that is
 * asked for, a list of all its objects, of which the document has the digest.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "disposal.h"
#include "export.h"
#include "format/minisign.h"
#include "report/disposal.h"
#include "report/report.h"

static int fail(int code, const char *what, const char *path)
{
	struct err e = { 0 };

	err_set(&e, code, "%s: %s: %s", path, what, strerror(-code));
	return ctl_fail(&e, EXIT_AWAY);
}

/* ------ the list of all objects ------ */

struct list {
	FILE *to;
	crypto_hash_sha256_state sha256;
};

/* Tabs between columns, of which none can have one: numbers, hex, ids, moments, words. */
static int one_object(void *data, const char *const *values, size_t n)
{
	struct list *l = data;
	char line[1024];
	size_t len = 0, i;

	for (i = 0; i < n && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s", i > 0 ? "\t" : "",
					values[i] != NULL ? values[i] : "");
	if (len + 1 >= sizeof(line))
		return -EMSGSIZE;
	line[len++] = '\n';
	crypto_hash_sha256_update(&l->sha256, (const uint8_t *)line, len);
	return fwrite(line, 1, len, l->to) == len ? 0 : -EIO;
}

/* Whole or not there: written beside, synced, and renamed. */
static int write_list(struct ctl *c, const char *plan, const char *path, char ret_sha256[65])
{
	const char *const params[] = { plan, NULL };
	uint8_t hash[crypto_hash_sha256_BYTES];
	char part[CONF_PATH_MAX];
	struct err e = { 0 };
	struct list l;
	int r;

	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >= sizeof(part))
		return ctl_usage(T_EXPORT_LONG_PATH, path);
	l.to = fopen(part, "wxe");
	if (l.to == NULL)
		return fail(-errno, "cannot be written", part);
	crypto_hash_sha256_init(&l.sha256);
	r = catalog_sync_each(c->catalog, STATEMENT_DISPOSAL_OBJECTS, params, COUNT(params), one_object, &l, &e);
	if (r == -EMSGSIZE || r == -EIO)
		err_set(&e, r, "%s: cannot be written", part);
	if (r == 0 && (fflush(l.to) != 0 || fsync(fileno(l.to)) != 0))
		r = err_set(&e, -errno, "%s: %s", part, strerror(errno));
	fclose(l.to);
	if (r == 0 && rename(part, path) < 0)
		r = err_set(&e, -errno, "%s: %s", path, strerror(errno));
	if (r < 0) {
		unlink(part);
		return ctl_fail(&e, EXIT_AWAY);
	}
	crypto_hash_sha256_final(&l.sha256, hash);
	sodium_bin2hex(ret_sha256, 65, hash, sizeof(hash));
	return EXIT_GOOD;
}

/* ------ the document ------ */

static int write_signed(struct ctl *c, const char *plan, const struct buf *pdf, const char *out, char ret_key[17])
{
	AUTO(buf_clear) struct buf signature = BUF_INIT(MINISIGN_FILE_MAX);
	char comment[128], path[CONF_PATH_MAX];
	struct export x = { .c = c };
	struct err e = { 0 };
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s.minisig", out) >= sizeof(path))
		return ctl_usage(T_EXPORT_LONG_PATH, out);
	snprintf(comment, sizeof(comment), "dockvault certificate of disposal %s", plan);
	r = export_sign(&x, pdf, comment, &signature, ret_key);
	export_clear(&x);
	if (r == EXIT_GOOD && (file_replace(out, pdf->p, pdf->len, 0644, &e) < 0 ||
			       file_replace(path, signature.p, signature.len, 0644, &e) < 0))
		r = ctl_fail(&e, EXIT_AWAY);
	return r;
}

struct wanted {
	const char *plan, *out, *list;
};

static int certify(struct ctl *c, const struct wanted *w)
{
	AUTO(buf_clear) struct buf pdf = BUF_INIT(REPORT_DOCUMENT_MAX);
	const char *const params[] = { w->plan, "2000" };
	char sha256[65] = "", digest[65], key[17];
	json_t *rows = NULL, *objects = NULL, *plan = NULL, *j;
	struct err e = { 0 };
	int r = disposal_find(c, w->plan, &plan);

	_Static_assert(DISPOSAL_OBJECTS_MAX == 2000, "params says so");
	if (r == EXIT_GOOD)
		r = disposal_check(c, plan, digest);	/* nothing is certified of what was changed */
	if (r == EXIT_GOOD)
		r = ctl_view(c, "retention certificate", json_pack("[o]", json_sprintf("plan:%s", w->plan)));
	if (r == EXIT_GOOD && w->list != NULL)
		r = write_list(c, w->plan, w->list, sha256);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_DISPOSAL_CERTIFICATE, &w->plan, 1, &rows);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_DISPOSAL_OBJECTS, params, COUNT(params), &objects);
	j = json_object_get(json_array_get(rows, 0), "certificate");
	if (r == EXIT_GOOD && disposal_pdf(j, objects, sha256[0] != '\0' ? sha256 : NULL, &pdf, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	if (r == EXIT_GOOD)
		r = write_signed(c, w->plan, &pdf, w->out, key);
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		say(stdout, T_CERTIFICATE, w->out, w->plan, key);
	json_decref(rows);
	json_decref(objects);
	json_decref(plan);
	return r;
}

int cmd_retention_certificate(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PLAN" };
	struct wanted w = { .plan = NULL };
	const struct option_spec options[] = { { "--out", &w.out, NULL }, { "--list", &w.list, NULL } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &w.plan, names, 1, 1);

	if (r == EXIT_GOOD && w.out == NULL)
		r = ctl_usage(T_TOO_FEW, "--out");
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	return r == EXIT_GOOD ? certify(c, &w) : r;
}
