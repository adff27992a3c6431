/*
 * vaultctl report sign, verify: a month's figures, signed by the export key, its documents kept as
 * evidence; and whether they still are what was signed (Art. 33).
 *
 * In this order: whether it may be signed; the documents are stored, by dockd as any evidence is; the
 * row that names them and is signed.  So what is signed has its documents, and what was cut short has
 * left documents that nothing names, and nothing else.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/util.h"
#include "custody/canonical.h"
#include "export.h"
#include "format/minisign.h"
#include "import.h"
#include "report_month.h"
#include "vault/vault.h"
#include "verify.h"

enum { FIGURES_MAX = 16 * 1024 * 1024 };	/* dv.report_signed.content */

static const char *field(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

static int fail(int code, const char *what)
{
	struct err e = { 0 };

	err_set(&e, code, "%s", what);
	return ctl_fail(&e, EXIT_AWAY);
}

static void sha256_hex(const void *p, size_t len, char ret[65])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, p, len);
	sodium_bin2hex(ret, 65, hash, sizeof(hash));
}

/* ------ what was signed ------ */

int report_signed(struct ctl *c, const char *day, const char *unit, json_t **ret_rows)
{
	const char *const params[] = { day, unit };

	return ctl_query(c, STATEMENT_REPORT_SIGNED, params, COUNT(params), ret_rows);
}

json_t *report_of_signed(const json_t *row)
{
	json_t *report = json_loads(field(row, "content"), JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(report))
		json_object_set(report, "made_at", json_object_get(row, "signed_at"));
	return report;
}

static const json_t *stored_as(const json_t *row, enum report_format format)
{
	const json_t *files = json_object_get(row, "files"), *f;
	size_t i;

	json_array_foreach(files, i, f)
		if (strcmp(field(f, "format"), format == FORMAT_PDF ? "pdf" : "xlsx") == 0)
			return f;
	return NULL;
}

int report_stored(struct ctl *c, const json_t *row, enum report_format format, struct buf *to)
{
	const char *hex = field(stored_as(row, format), "blob");
	char path[CONF_PATH_MAX + 128];
	struct digest address, found;
	struct err e = { 0 };

	if (digest_parse(hex, strlen(hex), &address) < 0 ||
	    vault_path(c->conf.vault, &address, path, sizeof(path)) < 0)
		return fail(-EPROTO, "the catalog does not say what the report is stored as");
	if (file_read(path, to, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	found = digest_of(to->p, to->len);
	if (memcmp(&found, &address, sizeof(found)) == 0)
		return EXIT_GOOD;
	say(stderr, T_REPORT_FILE_BAD, field(row, "report"), field(stored_as(row, format), "format"), hex);
	return EXIT_DAMAGE;
}

/* ------ signing ------ */

struct signing {
	struct export x;
	const char *month, *unit, *reason;
	char day[11];
	bool dry_run;
	json_t *report;			/* as the catalog gave it, with the time */
	struct buf figures, signature;
	char sha256[65], key_id[17];
	json_t *files;
};

/* The report and its figures: all of it that stays the same from one asking to the next. */
static int take_figures(struct signing *s)
{
	const char *const params[] = { s->day, s->unit, NULL };
	json_t *rows = NULL, *figures;
	struct err e = { 0 };
	char *text;
	int r = ctl_query(s->x.c, STATEMENT_REPORT_MONTH, params, COUNT(params), &rows);

	if (r != EXIT_GOOD)
		return r;
	s->report = json_incref(json_object_get(json_array_get(rows, 0), "report"));
	json_decref(rows);
	figures = json_copy(s->report);
	json_object_del(figures, "made_at");
	json_object_del(figures, "over");
	text = json_dumps(figures, JSON_COMPACT);
	json_decref(figures);
	if (text == NULL)
		return fail(-ENOMEM, "no memory for the figures of a report");
	if (canonical_json(text, strlen(text), &s->figures, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	free(text);
	if (r == EXIT_GOOD)
		sha256_hex(s->figures.p, s->figures.len, s->sha256);
	return r;
}

static int run_sign(struct signing *s, bool whole, json_t **ret)
{
	char *files = whole ? json_dumps(s->files, JSON_COMPACT) : NULL;
	const char *const params[] = { s->day, s->unit, whole ? buf_str(&s->figures) : NULL, files,
				       whole ? buf_str(&s->signature) : NULL, whole ? s->key_id : NULL, s->reason };
	int r = ctl_query(s->x.c, STATEMENT_REPORT_SIGN, params, COUNT(params), ret);

	free(files);
	return r;
}

/* Bring one document to dockd under a name that says what it is. */
static int store_file(struct signing *s, const char *dir, const struct buf *bytes, const char *format)
{
	char path[CONF_PATH_MAX + 128], hex[DIGEST_HEX_SIZE], segment[40];
	struct import_result came = { .again = false };
	struct digest address = digest_of(bytes->p, bytes->len);
	const struct import_what what = { .path = path, .unit = s->unit, .reason = s->reason };
	const char *const params[] = { digest_hex(&address, hex) };
	struct err e = { 0 };
	int r;

	snprintf(path, sizeof(path), "%s/report-%.7s%s%s.%s", dir, s->day, s->unit != NULL ? "-" : "",
		 s->unit != NULL ? s->unit : "", format);
	if (file_replace(path, bytes->p, bytes->len, 0644, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = import_path(s->x.c, &what, &came);
	unlink(path);
	if (r == EXIT_GOOD) {
		r = import_await(s->x.c, STATEMENT_BLOB_SHOW, params, COUNT(params), segment);
		if (r == EXIT_AWAY)
			say(stderr, T_REPORT_NOT_STORED, path);
	}
	if (r == EXIT_GOOD)
		json_array_append_new(s->files, json_pack("{s:s, s:s, s:s, s:I}", "format", format, "segment",
							  segment, "blob", hex, "size", (json_int_t)bytes->len));
	return r;
}

static int store_documents(struct signing *s)
{
	static const struct { enum report_format format; const char *name; } documents[] = {
		{ FORMAT_PDF, "pdf" }, { FORMAT_XLSX, "xlsx" },
	};
	AUTO(buf_clear) struct buf bytes = BUF_INIT(REPORT_DOCUMENT_MAX);
	struct report_seal seal = { .by = ctl_login(NULL), .key_id = s->key_id };
	const char *tmp = getenv("TMPDIR");
	char dir[CONF_PATH_MAX];
	int r = EXIT_GOOD;
	size_t i;

	memcpy(seal.sha256, s->sha256, sizeof(seal.sha256));
	snprintf(dir, sizeof(dir), "%s/dockvault-report.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return fail(-errno, "there is no room for temporary files");
	for (i = 0; r == EXIT_GOOD && i < COUNT(documents); i++) {
		buf_reset(&bytes);
		r = report_document(s->report, documents[i].format, NULL, &seal, &bytes);
		if (r == EXIT_GOOD)
			r = store_file(s, dir, &bytes, documents[i].name);
	}
	rmdir(dir);
	return r;
}

static int sign_it(struct signing *s)
{
	char comment[128];

	snprintf(comment, sizeof(comment), "dockvault report month %.7s unit %s", s->day,
		 s->unit != NULL ? s->unit : "-");
	return export_sign(&s->x, &s->figures, comment, &s->signature, s->key_id);
}

static void tell_signed(const struct signing *s, const char *id)
{
	json_t *j;

	if (s->x.c->json) {
		j = json_pack("{s:s*, s:s, s:s*, s:s, s:s*, s:O, s:b}", "report", id, "month", s->month, "unit", s->unit,
			      "sha256", s->sha256, "key_id", s->key_id[0] != '\0' ? s->key_id : NULL, "files", s->files,
			      "dry_run", s->dry_run);
		ctl_print_json(j);
		json_decref(j);
		return;
	}
	if (id != NULL)
		say(stdout, T_REPORT_SIGNED, s->month, id, s->key_id, s->sha256);
	else
		say(stdout, T_REPORT_SIGNABLE, s->month, s->sha256);
}

static int do_sign(struct signing *s)
{
	json_t *rows = NULL;
	int r = run_sign(s, false, &rows);	/* what it is refused for is known before anything is stored */

	json_decref(rows);
	rows = NULL;
	if (r == EXIT_GOOD)
		r = take_figures(s);
	if (r == EXIT_GOOD && !s->dry_run) {
		r = sign_it(s);
		if (r == EXIT_GOOD)
			r = store_documents(s);
		if (r == EXIT_GOOD)
			r = run_sign(s, true, &rows);
	}
	if (r == EXIT_GOOD)
		tell_signed(s, s->dry_run ? NULL : field(json_array_get(rows, 0), "report"));
	if (r == EXIT_GOOD && s->dry_run)
		say(s->x.c->json ? stderr : stdout, T_DRY_RUN);
	json_decref(rows);
	return r;
}

int cmd_report_sign(struct ctl *c, int argc, char **argv)
{
	struct signing s = { .x.c = c, .figures = BUF_INIT(FIGURES_MAX), .signature = BUF_INIT(MINISIGN_FILE_MAX),
			     .files = json_array() };
	const struct option_spec options[] = {
		{ "--month", &s.month, NULL }, { "--unit", &s.unit, NULL }, { "--reason", &s.reason, NULL },
		{ "--dry-run", NULL, &s.dry_run },
	};
	char month[8];
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = report_take_month(s.month, s.day);
	if (r == EXIT_GOOD && (r = ctl_check_id(s.unit)) == EXIT_GOOD)
		r = ctl_check_reason(s.reason);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r == EXIT_GOOD) {
		snprintf(month, sizeof(month), "%.7s", s.day);
		s.month = month;
		r = do_sign(&s);
	}
	export_clear(&s.x);
	buf_clear(&s.figures);
	buf_clear(&s.signature);
	json_decref(s.files);
	json_decref(s.report);
	return r;
}

/* ------ verifying ------ */

/* Are these the figures, and did that key sign them?  EXIT_GOOD, EXIT_DAMAGE having said what, EXIT_AWAY. */
static int check_figures(struct ctl *c, const json_t *row, const char **ret_verdict)
{
	const char *content = field(row, "content"), *text = field(row, "signature"), *id = field(row, "report");
	struct export x = { .c = c };
	struct minisign_public_key key;
	struct minisign_signature s;
	char hex[65];
	int r;

	sha256_hex(content, strlen(content), hex);
	*ret_verdict = "bad";
	if (strcmp(hex, field(row, "sha256")) != 0) {
		say(stderr, T_REPORT_FIGURES_BAD, id);
		return EXIT_DAMAGE;
	}
	*ret_verdict = "invalid";
	if (minisign_parse_signature((const uint8_t *)text, strlen(text), &s, NULL) < 0) {
		say(stderr, T_REPORT_SIGNATURE_BAD, id, field(row, "key_id"));
		return EXIT_DAMAGE;
	}
	r = export_find_own_key(&x, s.id, &key);
	if (r != EXIT_GOOD) {
		*ret_verdict = "key_unknown";
		return r;
	}
	if (!minisign_verify(&key, &s, (const uint8_t *)content, strlen(content))) {
		say(stderr, T_REPORT_SIGNATURE_BAD, id, field(row, "key_id"));
		return EXIT_DAMAGE;
	}
	*ret_verdict = "valid";
	return EXIT_GOOD;
}

static int verify_row(struct ctl *c, const json_t *row)
{
	const char *verdict;
	json_t *bad = NULL, *j;
	int r = check_figures(c, row, &verdict);

	r = verify_worse(r, verify_segments(c, json_object_get(row, "files"), &bad));
	if (c->json) {
		j = json_pack("{s:s, s:s, s:s, s:O}", "report", field(row, "report"), "sha256", field(row, "sha256"),
			      "signature", verdict, "bad", bad);
		ctl_print_json(j);
		json_decref(j);
	} else if (r == EXIT_GOOD) {
		say(stdout, T_REPORT_WHOLE, field(row, "report"));
	}
	json_decref(bad);
	return r;
}

int cmd_report_verify(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL;
	json_t *rows = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r == EXIT_GOOD && !ctl_is_uuid(id))
		r = ctl_usage(T_REPORT_NO_SUCH, id);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_REPORT_SIGNED_SHOW, &id, 1, &rows);
	if (r == EXIT_GOOD && json_array_size(rows) == 0)
		r = ctl_usage(T_REPORT_NO_SUCH, id);
	if (r == EXIT_GOOD)
		r = verify_row(c, json_array_get(rows, 0));
	json_decref(rows);
	return r;
}
