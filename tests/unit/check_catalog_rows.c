#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "catalog/rows.h"
#include "unit/suite.h"

#define H32 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UUID1 "00000000-0000-8000-8000-000000000001"

enum { COLUMNS_MAX = 21 };

/* A result as libpq makes one, without a server.  NULL is null. */
static PGresult *result(const char *const *columns, size_t n_columns,
			const char *rows[][COLUMNS_MAX], size_t n)
{
	PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attrs[COLUMNS_MAX] = { 0 };
	char names[COLUMNS_MAX][32];
	size_t i, k;

	for (k = 0; k < n_columns; k++) {
		snprintf(names[k], sizeof(names[k]), "%s", columns[k]);
		attrs[k].name = names[k];
		attrs[k].typid = 25;
		attrs[k].typlen = -1;
		attrs[k].atttypmod = -1;
	}
	ck_assert_int_eq(PQsetResultAttrs(res, (int)n_columns, attrs), 1);
	for (i = 0; i < n; i++)
		for (k = 0; k < n_columns; k++) {
			char text[400];
			int len = -1;

			if (rows[i][k] != NULL)
				len = snprintf(text, sizeof(text), "%s", rows[i][k]);
			ck_assert_int_eq(PQsetvalue(res, (int)i, (int)k,
						    rows[i][k] != NULL ? text : NULL, len), 1);
		}
	return res;
}

/* ------ recorders ------ */

enum { RECORDER, VID, PID, SERIAL, OFFICER, UNIT, KEY_ID, KEY, FROM_MS, TO_MS, REVOKED_MS,
       RECORDER_COLUMNS };
static const char *const recorder_columns[] = { "recorder", "vid", "pid", "serial", "officer",
	"unit", "key_id", "key", "from_ms", "to_ms", "revoked_ms" };

START_TEST(groups_keys_by_recorder)
{
	const char *rows[][COLUMNS_MAX] = {
		{ "REC-1", "4660", "65535", "S1", "019123", NULL, "1122334455667788", H32,
		  "946684800000", NULL, "5" },
		{ "REC-1", "4660", "65535", "S1", "019123", NULL, "00000000000000AA", H32,
		  "-1", "7", NULL },
		{ "REC-2", "0", "0", "", NULL, "U1", NULL, NULL, NULL, NULL, NULL },
	};
	PGresult *res = result(recorder_columns, RECORDER_COLUMNS, rows, COUNT(rows));
	const uint8_t id[] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 };
	struct catalog_recorder *list = NULL;
	struct err e = { 0 };
	size_t n = 0;

	ck_assert_int_eq(rows_recorders(res, &list, &n, &e), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(list[0].id, "REC-1");
	ck_assert_uint_eq(list[0].vid, 0x1234);
	ck_assert_uint_eq(list[0].pid, 0xffff);
	ck_assert_str_eq(list[0].officer, "019123");
	ck_assert_str_eq(list[0].unit, "");
	ck_assert_uint_eq(list[0].n_keys, 2);
	ck_assert_mem_eq(list[0].keys[0].key.id, id, sizeof(id));
	ck_assert_uint_eq(list[0].keys[0].key.key[31], 0xef);
	ck_assert_int_eq(list[0].keys[0].from_ms, INT64_C(946684800000));
	ck_assert_int_eq(list[0].keys[0].to_ms, INT64_MAX);
	ck_assert_int_eq(list[0].keys[0].revoked_ms, 5);
	ck_assert_int_eq(list[0].keys[1].from_ms, -1);
	ck_assert_int_eq(list[0].keys[1].to_ms, 7);
	ck_assert_int_eq(list[0].keys[1].revoked_ms, INT64_MAX);
	ck_assert_uint_eq(list[1].n_keys, 0);
	ck_assert_str_eq(list[1].serial, "");
	free(list);
	PQclear(res);
}
END_TEST

static const struct { const char *what; int column; const char *value; } bad_recorders[] = {
	{ "id of 33",		RECORDER,	"RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR" },
	{ "vid of 17 bits",	VID,		"65536" },
	{ "vid below 0",	VID,		"-1" },
	{ "no number",		PID,		"12x" },
	{ "empty",		PID,		"" },
	{ "key of 31 bytes",	KEY,		"0123456789abcdef" },
	{ "no hex",		KEY_ID,		"11223344556677zz" },
	{ "key without id",	KEY_ID,		NULL },
	{ "no moment",		FROM_MS,	"soon" },
};

START_TEST(refuses_what_does_not_fit)
{
	const char *rows[][COLUMNS_MAX] = { { "REC-1", "1", "2", "S1", "019123", NULL,
		"1122334455667788", H32, "0", NULL, NULL } };
	struct catalog_recorder *list = NULL;
	struct err e = { 0 };
	PGresult *res;
	size_t n = 7;

	rows[0][bad_recorders[_i].column] = bad_recorders[_i].value;
	res = result(recorder_columns, RECORDER_COLUMNS, rows, 1);
	ck_assert_msg(rows_recorders(res, &list, &n, &e) == -EIO, "%s", bad_recorders[_i].what);
	ck_assert_ptr_null(list);
	ck_assert_uint_eq(n, 7);
	ck_assert_ptr_nonnull(strstr(e.msg, recorder_columns[bad_recorders[_i].column]));
	PQclear(res);
}
END_TEST

START_TEST(sixteen_keys_fit)
{
	const char *rows[RECORDER_KEYS_MAX + 1][COLUMNS_MAX];
	struct catalog_recorder *list = NULL;
	struct err e = { 0 };
	PGresult *res;
	size_t i, n;

	for (i = 0; i < COUNT(rows); i++) {
		const char *row[COLUMNS_MAX] = { "REC-1", "1", "2", "S1", NULL, NULL,
			"1122334455667788", H32, "0", NULL, NULL };

		memcpy(rows[i], row, sizeof(row));
	}
	res = result(recorder_columns, RECORDER_COLUMNS, rows, RECORDER_KEYS_MAX + (size_t)_i);
	ck_assert_int_eq(rows_recorders(res, &list, &n, &e), _i == 0 ? 0 : -EIO);
	free(list);
	PQclear(res);
}
END_TEST

START_TEST(a_column_that_is_not_there_is_said)
{
	const char *rows[][COLUMNS_MAX] = { { "REC-1" } };
	struct catalog_recorder *list = NULL;
	struct err e = { 0 };
	PGresult *res = result(recorder_columns, 1, rows, 1);
	size_t n;

	ck_assert_int_eq(rows_recorders(res, &list, &n, &e), -EIO);
	PQclear(res);
}
END_TEST

/* ------ known ------ */

static const struct {
	const char *blob, *size, *gone;
	int r;
	uint64_t want;
	enum catalog_known known;
} knowns[] = {
	{ H32, "0", "f", 0, 0, CATALOG_KNOWN },
	{ H32, "18446744073709551615", "t", 0, UINT64_MAX, CATALOG_GONE },
	{ H32, "18446744073709551616", "f", -EIO, 0, CATALOG_UNKNOWN },
	{ H32 "00", "1", "f", -EIO, 0, CATALOG_UNKNOWN },
	{ NULL, "1", "f", -EIO, 0, CATALOG_UNKNOWN },
};

START_TEST(a_known_file)
{
	static const char *const columns[] = { "blob", "size", "gone" };
	const char *rows[][COLUMNS_MAX] = { { knowns[_i].blob, knowns[_i].size, knowns[_i].gone } };
	PGresult *res = result(columns, 3, rows, 1), *none = result(columns, 3, rows, 0);
	struct digest blob = { 0 };
	struct err e = { 0 };
	uint64_t size = 0;
	enum catalog_known known = CATALOG_UNKNOWN;

	ck_assert_int_eq(rows_known(res, &known, &blob, &size, &e), knowns[_i].r);
	ck_assert_int_eq(known, knowns[_i].known);
	ck_assert_uint_eq(size, knowns[_i].want);
	ck_assert_int_eq(rows_known(none, &known, &blob, &size, &e), 0);
	ck_assert_int_eq(known, CATALOG_UNKNOWN);
	PQclear(res);
	PQclear(none);
}
END_TEST

/* ------ the chain ------ */

enum { WHAT, MANIFEST, VALID, TOUCHED, DSEQ, PREV, REC, SEQ, START_MS, END_MS, BOOT, MONO_START_MS,
       MONO_END_MS, LAST, END_REASON, MEDIA, HAS_MEDIA, STORED_MS, PATH, SEGMENT, CLOCK,
       CHAIN_COLUMNS };
static const char *const chain_columns[] = { "what", "manifest", "valid", "touched", "dseq", "prev",
	"rec", "seq", "start_ms", "end_ms", "boot", "mono_start_ms", "mono_end_ms", "last",
	"end_reason", "media", "has_media", "stored_ms", "path", "segment", "clock" };

#define SEGMENT_ROW { "segment", H32, "t", "f", "18446744073709551615", H32, UUID1, "3", "10", "20", \
		      "4", "5", "6", "t", "battery", H32, "t", "30", "a.mp4", UUID1, "unset" }
#define PLAIN_ROW { "plain", NULL, NULL, NULL, NULL, NULL, UUID1, "0", NULL, "20", NULL, NULL, NULL, \
		    NULL, NULL, H32, "t", "30", "p.mp4", UUID1, NULL }

START_TEST(manifests_and_plain_segments)
{
	const char *rows[][COLUMNS_MAX] = {
		SEGMENT_ROW,
		{ "event", H32, "f", "t", "7", H32, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		  NULL, NULL, "f", NULL, "e.bwm", NULL, NULL },
		PLAIN_ROW,
	};
	PGresult *res = result(chain_columns, CHAIN_COLUMNS, rows, COUNT(rows));
	struct rows_chain c;
	struct err e = { 0 };

	ck_assert_int_eq(rows_chain(res, &c, &e), 0);
	ck_assert_uint_eq(c.n, 2);
	ck_assert_uint_eq(c.n_plain, 1);
	ck_assert_int_eq(c.items[0].kind, MANIFEST_SEGMENT);
	ck_assert(c.items[0].valid && !c.items[0].touched && c.items[0].last && c.items[0].has_media);
	ck_assert_uint_eq(c.items[0].dseq, UINT64_MAX);
	ck_assert_str_eq(c.items[0].rec, UUID1);
	ck_assert_uint_eq(c.items[0].seq, 3);
	ck_assert_int_eq(c.items[0].start_ms, 10);
	ck_assert_int_eq(c.items[0].end_ms, 20);
	ck_assert(c.items[0].clock_unset && !c.items[1].clock_unset);
	ck_assert_uint_eq(c.items[0].boot, 4);
	ck_assert_uint_eq(c.items[0].mono_start_ms, 5);
	ck_assert_uint_eq(c.items[0].mono_end_ms, 6);
	ck_assert_int_eq(c.items[0].end, MANIFEST_END_BATTERY);
	ck_assert_int_eq(c.items[0].stored_ms, 30);
	ck_assert_str_eq(c.items[0].path, "a.mp4");
	ck_assert_int_eq(c.items[1].kind, MANIFEST_EVENT);
	ck_assert(!c.items[1].valid && c.items[1].touched && !c.items[1].has_media);
	ck_assert_int_eq(c.items[1].end, MANIFEST_END_NONE);
	ck_assert_str_eq(c.plain[0].recording, UUID1);
	ck_assert_str_eq(c.plain[0].path, "p.mp4");
	ck_assert_int_eq(c.plain[0].end_ms, 20);
	ck_assert_int_eq(c.plain[0].stored_ms, 30);
	rows_chain_clear(&c);
	PQclear(res);
}
END_TEST

static const struct { const char *what; int column; const char *value; } bad_items[] = {
	{ "a kind nobody knows",	WHAT,		"seg" },
	{ "no kind",			WHAT,		NULL },
	{ "no address",			MANIFEST,	NULL },
	{ "a counter of 65 bits",	DSEQ,		"18446744073709551616" },
	{ "a signed counter",		SEQ,		"-3" },
	{ "an id too long",		REC,		UUID1 "0" },
	{ "an end nobody knows",	END_REASON,	"tired" },
	{ "no media",			MEDIA,		NULL },
};

START_TEST(refuses_items_that_cannot_be)
{
	const char *rows[][COLUMNS_MAX] = { SEGMENT_ROW };
	struct rows_chain c = { 0 };
	struct err e = { 0 };
	PGresult *res;

	rows[0][bad_items[_i].column] = bad_items[_i].value;
	res = result(chain_columns, CHAIN_COLUMNS, rows, 1);
	ck_assert_msg(rows_chain(res, &c, &e) == -EIO, "%s", bad_items[_i].what);
	ck_assert_ptr_null(c.items);
	PQclear(res);
}
END_TEST

/* A path is only to be looked at: cut where a character ends. */
static const struct { size_t ascii, kept; } cuts[] = { { 252, 255 }, { 253, 253 }, { 254, 254 },
						       { 255, 255 }, { 256, 255 } };

START_TEST(cuts_paths_between_characters)
{
	const char *rows[][COLUMNS_MAX] = { SEGMENT_ROW };
	struct rows_chain c = { 0 };
	struct err e = { 0 };
	char path[300];
	PGresult *res;

	memset(path, 'x', cuts[_i].ascii);
	memcpy(path + cuts[_i].ascii, "\xe8\xae\xb0", 4);
	rows[0][PATH] = path;
	res = result(chain_columns, CHAIN_COLUMNS, rows, 1);
	ck_assert_int_eq(rows_chain(res, &c, &e), 0);
	ck_assert_uint_eq(strlen(c.items[0].path), cuts[_i].kept);
	ck_assert_mem_eq(c.items[0].path, path, cuts[_i].kept);
	rows_chain_clear(&c);
	PQclear(res);
}
END_TEST

/* ------ the card ledger ------ */

enum { L_WHAT, L_PART, L_ENTRIES, L_PATH, L_PATH_RAW, L_SIZE, L_MODIFIED, L_OK, LEDGER_COLUMNS };
static const char *const ledger_columns[] = { "what", "part", "entries", "path", "path_raw", "size",
					      "modified", "ok" };

START_TEST(ledgers_are_put_together)
{
	const char *rows[][COLUMNS_MAX] = {
		{ "before", "0", "a\n", NULL, NULL, NULL, NULL, NULL },
		{ "before", "1", "", NULL, NULL, NULL, NULL, NULL },
		{ "before", "2", "b\n", NULL, NULL, NULL, NULL, NULL },
		{ "now", "0", "c\n", NULL, NULL, NULL, NULL, NULL },
		{ "cleared", NULL, NULL, "x.mp4", "78", "18446744073709551615",
		  "2026-08-02T10:15:00", "f" },
		{ "cleared", NULL, NULL, "y.mp4", "79", "0", NULL, NULL },
	};
	PGresult *res = result(ledger_columns, LEDGER_COLUMNS, rows, COUNT(rows));
	PGresult *none = result(ledger_columns, LEDGER_COLUMNS, rows, 0);
	struct rows_ledger l = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(rows_ledger(res, &l, &e), 0);
	ck_assert_str_eq(l.ledger.before, "a\nb\n");
	ck_assert_uint_eq(l.ledger.before_len, 4);
	ck_assert_str_eq(l.ledger.now, "c\n");
	ck_assert_uint_eq(l.ledger.n_cleared, 2);
	ck_assert_str_eq(l.ledger.cleared[0].path, "x.mp4");
	ck_assert_str_eq(l.ledger.cleared[0].path_raw, "78");
	ck_assert_uint_eq(l.ledger.cleared[0].size, UINT64_MAX);
	ck_assert_str_eq(l.ledger.cleared[0].modified, "2026-08-02T10:15:00");
	ck_assert_str_eq(l.ledger.cleared[1].modified, "");
	ck_assert(l.ledger.cleared[0].failed && !l.ledger.cleared[1].failed);
	rows_ledger_clear(&l);
	ck_assert_int_eq(rows_ledger(none, &l, &e), 0);
	ck_assert_ptr_null(l.ledger.now);
	ck_assert_ptr_null(l.ledger.before);
	ck_assert_uint_eq(l.ledger.n_cleared, 0);
	rows_ledger_clear(&l);
	PQclear(res);
	PQclear(none);
}
END_TEST

static const struct { const char *what; int row, column; const char *value; } bad_ledgers[] = {
	{ "a part out of order",	1,	L_PART,		"0" },
	{ "a part left out",		1,	L_PART,		"2" },
	{ "a part without text",	0,	L_ENTRIES,	NULL },
	{ "a path that is not told",	2,	L_PATH,		NULL },
	{ "bytes that are not told",	2,	L_PATH_RAW,	NULL },
	{ "a size below nothing",	2,	L_SIZE,		"-1" },
};

START_TEST(refuses_ledgers_that_cannot_be)
{
	const char *rows[][COLUMNS_MAX] = {
		{ "now", "0", "a\n", NULL, NULL, NULL, NULL, NULL },
		{ "now", "1", "b\n", NULL, NULL, NULL, NULL, NULL },
		{ "cleared", NULL, NULL, "x.mp4", "78", "1", NULL, "f" },
	};
	struct rows_ledger l = { 0 };
	struct err e = { 0 };
	PGresult *res;

	rows[bad_ledgers[_i].row][bad_ledgers[_i].column] = bad_ledgers[_i].value;
	res = result(ledger_columns, LEDGER_COLUMNS, rows, COUNT(rows));
	ck_assert_msg(rows_ledger(res, &l, &e) == -EIO, "%s", bad_ledgers[_i].what);
	ck_assert_ptr_null(l.now);
	PQclear(res);
}
END_TEST

/* ------ which, and how many ------ */

static const char *const which_columns[] = { "i" };
static const struct { const char *places[2]; int r; } whiches[] = {
	{ { "0", "2" }, 0 },
	{ { "0", "3" }, -EIO },		/* three were asked about */
	{ { "0", "-1" }, -EIO },
	{ { "0", NULL }, -EIO },
};

START_TEST(places_become_flags)
{
	const char *rows[][COLUMNS_MAX] = { { whiches[_i].places[0] }, { whiches[_i].places[1] } };
	PGresult *res = result(which_columns, 1, rows, COUNT(rows));
	struct err e = { 0 };
	bool *yes = NULL;

	ck_assert_int_eq(rows_which(res, 3, &yes, &e), whiches[_i].r);
	ck_assert((yes != NULL) == (whiches[_i].r == 0));
	ck_assert(yes == NULL || (yes[0] && !yes[1] && yes[2]));
	free(yes);
	PQclear(res);
}
END_TEST

START_TEST(places_are_stored_or_cleared)
{
	static const char *const columns[] = { "i", "cleared" };
	const char *rows[][COLUMNS_MAX] = { { "1", "f" }, { "2", "t" }, { "3", "t" } };
	PGresult *res = result(columns, 2, rows, 2), *beyond = result(columns, 2, rows, 3);
	struct catalog_kept *is = NULL;
	struct err e = { 0 };

	ck_assert_int_eq(rows_stored(beyond, 3, &is, &e), -EIO);
	ck_assert_ptr_null(is);
	ck_assert_int_eq(rows_stored(res, 3, &is, &e), 0);
	ck_assert(!is[0].stored && is[1].stored && !is[1].cleared);
	ck_assert(is[2].stored && is[2].cleared);
	free(is);
	PQclear(res);
	PQclear(beyond);
}
END_TEST

START_TEST(one_row_has_the_number)
{
	static const char *const columns[] = { "raised" };
	const char *rows[][COLUMNS_MAX] = { { "12" }, { "13" } };
	uint64_t n = 7;
	struct err e = { 0 };
	PGresult *res;
	size_t i;

	for (i = 0; i <= COUNT(rows); i++) {
		res = result(columns, 1, rows, i);
		ck_assert_int_eq(rows_count(res, "raised", &n, &e), i == 1 ? 0 : -EIO);
		ck_assert_uint_eq(n, i == 0 ? 7 : 12);
		PQclear(res);
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, groups_keys_by_recorder);
	tcase_add_loop_test(tc, refuses_what_does_not_fit, 0, (int)COUNT(bad_recorders));
	tcase_add_loop_test(tc, sixteen_keys_fit, 0, 2);
	tcase_add_test(tc, a_column_that_is_not_there_is_said);
	tcase_add_loop_test(tc, a_known_file, 0, (int)COUNT(knowns));
	tcase_add_test(tc, manifests_and_plain_segments);
	tcase_add_loop_test(tc, refuses_items_that_cannot_be, 0, (int)COUNT(bad_items));
	tcase_add_test(tc, ledgers_are_put_together);
	tcase_add_loop_test(tc, refuses_ledgers_that_cannot_be, 0, (int)COUNT(bad_ledgers));
	tcase_add_loop_test(tc, places_become_flags, 0, (int)COUNT(whiches));
	tcase_add_test(tc, places_are_stored_or_cleared);
	tcase_add_test(tc, one_row_has_the_number);
	tcase_add_loop_test(tc, cuts_paths_between_characters, 0, (int)COUNT(cuts));
}

int main(void)
{
	return suite_main("catalog_rows", fill);
}
