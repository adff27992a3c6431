/*
 * vaultctl verify-package: is an evidence package whole, and does it prove what it says?  Needs no
 * configuration, no database and no network: a court may run it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "base/utc.h"
#include "ctl.h"
#include "package/inspect.h"
#include "progress.h"
#include "table.h"

/* Texts of the same names, in the same order. */
static const enum text_id areas[INSPECT_AREAS] = {
	[INSPECT_BAG] = A_BAG, [INSPECT_SIGNATURE] = A_SIGNATURE, [INSPECT_MEDIA] = A_MEDIA,
	[INSPECT_SIDECARS] = A_SIDECARS, [INSPECT_LEAVES] = A_LEAVES,
	[INSPECT_CHECKPOINT] = A_CHECKPOINT, [INSPECT_WITNESSES] = A_WITNESSES,
	[INSPECT_TIME] = A_TIME, [INSPECT_SET] = A_SET,
};

static const enum text_id bag_faults[BAG_FAULTS] = {
	[BAG_NO_DECLARATION] = B_NO_DECLARATION, [BAG_BAD_DECLARATION] = B_BAD_DECLARATION,
	[BAG_NO_PAYLOAD] = B_NO_PAYLOAD, [BAG_NO_MANIFEST] = B_NO_MANIFEST,
	[BAG_BAD_ALGORITHM] = B_BAD_ALGORITHM, [BAG_BAD_TEXT] = B_BAD_TEXT,
	[BAG_BAD_LINE] = B_BAD_LINE, [BAG_LISTED_TWICE] = B_LISTED_TWICE,
	[BAG_NOT_EVERYWHERE] = B_NOT_EVERYWHERE, [BAG_UNLISTED] = B_UNLISTED,
	[BAG_MISSING] = B_MISSING, [BAG_NOT_FETCHED] = B_NOT_FETCHED,
	[BAG_WRONG_DIGEST] = B_WRONG_DIGEST, [BAG_WRONG_SIZE] = B_WRONG_SIZE,
	[BAG_WRONG_OXUM] = B_WRONG_OXUM, [BAG_NOT_A_FILE] = B_NOT_A_FILE,
	[BAG_UNSAFE_NAME] = B_UNSAFE_NAME, [BAG_TWICE_THERE] = B_TWICE_THERE,
	[BAG_UNREADABLE] = B_UNREADABLE, [BAG_TOO_MUCH] = B_TOO_MUCH, [BAG_CHANGED] = B_CHANGED,
	[BAG_SAME_TWICE] = B_SAME_TWICE, [BAG_DOT_SLASH] = B_DOT_SLASH,
	[BAG_BINARY_MARK] = B_BINARY_MARK, [BAG_BACKSLASH] = B_BACKSLASH,
	[BAG_BARE_PERCENT] = B_BARE_PERCENT, [BAG_OTHER_SPELLING] = B_OTHER_SPELLING,
	[BAG_SYSTEM_FILE] = B_SYSTEM_FILE,
};

static const enum text_id faults[INSPECT_FAULTS] = {
	[INSPECT_NO_PACKAGE] = I_NO_PACKAGE, [INSPECT_UNCOVERED] = I_UNCOVERED,
	[INSPECT_UNSIGNED] = I_UNSIGNED, [INSPECT_OTHER_KEY] = I_OTHER_KEY,
	[INSPECT_FORGED] = I_FORGED, [INSPECT_BAD_FILE] = I_BAD_FILE,
	[INSPECT_FILE_MISSING] = I_FILE_MISSING, [INSPECT_OTHER_MEDIA] = I_OTHER_MEDIA,
	[INSPECT_STRAY_MEDIA] = I_STRAY_MEDIA, [INSPECT_SIDECAR_FORGED] = I_SIDECAR_FORGED,
	[INSPECT_SIDECAR_OTHER] = I_SIDECAR_OTHER, [INSPECT_LEAF_BAD] = I_LEAF_BAD,
	[INSPECT_LEAF_MISSING] = I_LEAF_MISSING, [INSPECT_LEAF_STRANGE] = I_LEAF_STRANGE,
	[INSPECT_UNPROVEN] = I_UNPROVEN, [INSPECT_PROOF_WRONG] = I_PROOF_WRONG,
	[INSPECT_PROOF_OTHER] = I_PROOF_OTHER,
	[INSPECT_CHECKPOINT_UNSIGNED] = I_CHECKPOINT_UNSIGNED,
	[INSPECT_CHECKPOINT_FORGED] = I_CHECKPOINT_FORGED,
	[INSPECT_CHECKPOINT_OTHER] = I_CHECKPOINT_OTHER,
	[INSPECT_COSIGNATURE_MISSING] = I_COSIGNATURE_MISSING,
	[INSPECT_COSIGNATURE_FORGED] = I_COSIGNATURE_FORGED,
	[INSPECT_TIME_MISSING] = I_TIME_MISSING, [INSPECT_TIME_BAD] = I_TIME_BAD,
	[INSPECT_PEM_OTHER] = I_PEM_OTHER, [INSPECT_SET_OTHER] = I_SET_OTHER,
	[INSPECT_SET_MISSING] = I_SET_MISSING, [INSPECT_SET_TWICE] = I_SET_TWICE,
	[INSPECT_SIDECAR_NOT_VALID] = I_SIDECAR_NOT_VALID,
	[INSPECT_SIDECAR_KNOWN] = I_SIDECAR_KNOWN,
};

/* What a library says in a word; everything else it says goes out as it is. */
static const char *what_text(const char *what)
{
	static const struct { const char *what; enum text_id id; } whats[] = {
		{ "link", W_LINK }, { "hard_link", W_HARD_LINK }, { "device", W_DEVICE },
		{ "fifo", W_FIFO }, { "socket", W_SOCKET }, { "nameless", W_NAMELESS },
		{ "malformed", W_MALFORMED }, { "checksum", W_CHECKSUM }, { "path", W_PATH },
		{ "place", W_PLACE }, { "oxum", W_OXUM },
	};
	size_t i;

	for (i = 0; i < COUNT(whats); i++)
		if (strcmp(whats[i].what, what) == 0)
			return text(whats[i].id);
	return what;
}

/* ------ for people ------ */

static void print_problem(bool remark, const char *path, enum text_id fault, const char *what)
{
	char where[1024] = "", shown[2048];

	if (what[0] != '\0')
		text_fill(where, sizeof(where), T_PKG_WHERE, what);
	say(stdout, remark ? T_PKG_REMARK : T_PKG_PROBLEM, path[0] == '\0' ? "." : path,
	    text(fault), text_shown(where, shown, sizeof(shown)));
}

static void print_bag_problem(const struct bag_problem *p)
{
	const bool remark = bag_fault_is_warning(p->fault);
	char what[1024];

	if (p->line == 0) {
		print_problem(remark, p->path[0] == '\0' ? p->in : p->path, bag_faults[p->fault],
			      what_text(p->what));
		return;
	}
	snprintf(what, sizeof(what), "%s%s%.500s", what_text(p->what),
		 p->what[0] == '\0' || p->path[0] == '\0' ? "" : " ", p->path);
	snprintf(what + strlen(what), sizeof(what) - strlen(what), "%s%.200s:%llu",
		 what[0] == '\0' ? "" : ", ", p->in, (unsigned long long)p->line);
	print_problem(remark, p->path[0] == '\0' ? p->in : p->path, bag_faults[p->fault], what);
}

static uint64_t sum(const uint64_t *counts, size_t n)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < n; i++)
		all += counts[i];
	return all;
}

static void print_problems(const struct inspect_report *r)
{
	const uint64_t all = sum(r->counts, INSPECT_FAULTS) + sum(r->bag.counts, BAG_FAULTS);
	size_t i, f;

	/* The worst come first in their list, of files the order is the disk's. */
	for (f = 0; f < BAG_FAULTS; f++)
		for (i = 0; i < r->bag.n_problems; i++)
			if (r->bag.problems[i].fault == f)
				print_bag_problem(&r->bag.problems[i]);
	for (f = 0; f < INSPECT_FAULTS; f++)
		for (i = 0; i < r->n_problems; i++)
			if (r->problems[i].fault == f)
				print_problem(inspect_fault_is_remark((enum inspect_fault)f),
					      r->problems[i].path, faults[f], r->problems[i].what);
	if (all > r->bag.n_problems + r->n_problems)
		say(stdout, T_PKG_MORE,
		    (unsigned long long)(all - r->bag.n_problems - r->n_problems));
}

/* Was something found in this area that is more than a remark? */
static bool is_bad(const struct inspect_report *r, enum inspect_area a)
{
	size_t i;

	if (a == INSPECT_BAG && !r->bag.whole)
		return true;
	for (i = 0; i < INSPECT_FAULTS; i++)
		if (inspect_fault_area((enum inspect_fault)i) == a && r->counts[i] > 0 &&
		    !inspect_fault_is_remark((enum inspect_fault)i))
			return true;
	return false;
}

/* The line that names a key in its file: the key itself, which an id alone is not. */
static void key_line(const struct minisign_public_key *key, char ret[128])
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	const char *second;

	minisign_write_public_key(key, "", &b);
	second = strchr(buf_str(&b), '\n');
	snprintf(ret, 128, "%.*s", second == NULL ? 0 : (int)strcspn(second + 1, "\n"),
		 second == NULL ? "" : second + 1);
}

static const char *signature_text(const struct inspect_report *r, char *ret, size_t size)
{
	char key[128];

	if (r->trusted)
		return text_fill(ret, size, T_PKG_TRUSTED, r->key_id);
	key_line(&r->key, key);
	return text_fill(ret, size, T_PKG_OWN_KEY, r->key_id, key);
}

/* What is said of an area where nothing is wrong; witnesses and time stamps have lines of their own. */
static const char *area_text(const struct inspect_report *r, enum inspect_area a, char *ret,
			     size_t size)
{
	char bytes[32];

	switch (a) {
	case INSPECT_BAG:
		return text_fill(ret, size, T_PKG_BAG, (unsigned long long)r->bag.files,
				 bytes_text((long long)r->bag.bytes, bytes));
	case INSPECT_SIGNATURE:
		return signature_text(r, ret, size);
	case INSPECT_MEDIA:
		return text_fill(ret, size, T_PKG_MEDIA, (unsigned long long)r->media,
				 bytes_text((long long)r->media_bytes, bytes));
	case INSPECT_SIDECARS:
		return text_fill(ret, size, T_PKG_SIDECARS, (unsigned long long)r->sidecars);
	case INSPECT_LEAVES:
		return text_fill(ret, size, T_PKG_LEAVES, (unsigned long long)r->leaves);
	case INSPECT_CHECKPOINT:
		return text_fill(ret, size, T_PKG_HEAD, r->origin, r->log_id,
				 (unsigned long long)r->head_size);
	case INSPECT_SET:
		return text_fill(ret, size, T_PKG_SET, r->n_discs);
	case INSPECT_WITNESSES:
	case INSPECT_TIME:
	case INSPECT_AREAS:
		break;
	}
	BUG("nothing is said of area %d", a);
}

static void print_line(const char *verdict, enum inspect_area a, const char *said)
{
	say(stdout, T_PKG_LINE, word(verdict), text(areas[a]), said);
}

static void print_witnesses(const struct inspect_report *r)
{
	char said[256], at[20];
	size_t i;

	for (i = 0; i < r->n_witnesses; i++) {
		utc_format_shanghai(r->witnesses[i].time_ms, at);
		print_line("ok", INSPECT_WITNESSES,
			   text_fill(said, sizeof(said), T_PKG_WITNESS, r->witnesses[i].name, at));
	}
}

static void print_tokens(const struct inspect_report *r)
{
	char said[256], at[20];
	size_t i;

	for (i = 0; i < r->n_tokens; i++) {
		utc_format_shanghai(r->tokens[i].time_ms, at);
		print_line("ok", INSPECT_TIME,
			   text_fill(said, sizeof(said), T_PKG_TIME, r->tokens[i].authority, at,
				     (unsigned long long)r->tokens[i].size));
	}
}

/* Is there anything of this area that could be good? */
static bool is_there(const struct inspect_report *r, enum inspect_area a)
{
	switch (a) {
	case INSPECT_BAG:		return true;
	case INSPECT_SIGNATURE:		return r->is_signed;
	case INSPECT_SIDECARS:		return r->sidecars > 0;
	case INSPECT_CHECKPOINT:	return r->has_head;
	case INSPECT_WITNESSES:		return r->n_witnesses > 0;
	case INSPECT_TIME:		return r->n_tokens > 0;
	case INSPECT_SET:		return r->n_discs > 0;
	default:			return r->inspected;
	}
}

/* "ok", "bad" or "none". */
static const char *verdict(const struct inspect_report *r, enum inspect_area a)
{
	return is_bad(r, a) ? "bad" : is_there(r, a) ? "ok" : "none";
}

static void print_area(const struct inspect_report *r, enum inspect_area a)
{
	const char *v = verdict(r, a);
	char said[512];

	if (a == INSPECT_WITNESSES)
		print_witnesses(r);
	if (a == INSPECT_TIME)
		print_tokens(r);
	if (strcmp(v, "bad") == 0)
		print_line(v, a, text(T_PKG_SEE));
	else if (strcmp(v, "none") == 0 && a != INSPECT_SET)
		print_line(v, a, text(a == INSPECT_WITNESSES ? T_PKG_NO_WITNESS :
				      a == INSPECT_TIME ? T_PKG_NO_TIME : T_PKG_NONE_HERE));
	else if (strcmp(v, "ok") == 0 && a != INSPECT_WITNESSES && a != INSPECT_TIME)
		print_line(v, a, area_text(r, a, said, sizeof(said)));
}

static void print_report(const struct inspect_report *r, const char *path)
{
	char shown[1024];
	size_t a;

	text_shown(path, shown, sizeof(shown));
	if (r->inspected)
		say(stdout, T_PKG_OF, shown, r->id, r->station, r->made);
	else
		puts(shown);
	if (r->disc > 0)
		say(stdout, T_PKG_DISC, r->disc, r->n_discs, r->discs[r->disc - 1].label);
	/* Of what is no package, nothing but the bag was looked at. */
	for (a = 0; a < INSPECT_AREAS; a++)
		if (a == INSPECT_BAG || r->inspected)
			print_area(r, (enum inspect_area)a);
	print_problems(r);
}

/* ------ for programs ------ */

static json_t *moment(int64_t ms)
{
	char at[UTC_TEXT_SIZE];

	utc_format(ms, at);
	return json_string(at);
}

static json_t *problems_json(const struct inspect_report *r)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < r->bag.n_problems; i++) {
		const struct bag_problem *p = &r->bag.problems[i];
		char what[4 * BAG_WHAT_MAX];

		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:b, s:s, s:s, s:I, s:s}", "area", inspect_area_name(INSPECT_BAG),
			"fault", bag_fault_name(p->fault), "remark", bag_fault_is_warning(p->fault),
			"path", p->path, "in", p->in, "line", (json_int_t)p->line,
			"what", text_shown(p->what, what, sizeof(what))));
	}
	for (i = 0; i < r->n_problems; i++) {
		const struct inspect_problem *p = &r->problems[i];
		char what[4 * sizeof(p->what)];

		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:b, s:s, s:s}", "area",
			inspect_area_name(inspect_fault_area(p->fault)), "fault",
			inspect_fault_name(p->fault), "remark", inspect_fault_is_remark(p->fault),
			"path", p->path, "what", text_shown(p->what, what, sizeof(what))));
	}
	return list;
}

static json_t *log_json(const struct inspect_report *r)
{
	json_t *witnesses = json_array(), *tokens = json_array();
	size_t i;

	for (i = 0; i < r->n_witnesses; i++)
		json_array_append_new(witnesses, json_pack("{s:s, s:o}", "name",
			r->witnesses[i].name, "at", moment(r->witnesses[i].time_ms)));
	for (i = 0; i < r->n_tokens; i++)
		json_array_append_new(tokens, json_pack("{s:s, s:I, s:o}", "authority",
			r->tokens[i].authority, "size", (json_int_t)r->tokens[i].size,
			"at", moment(r->tokens[i].time_ms)));
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "origin", r->origin, "key", r->log_id,
			 "size", (json_int_t)r->head_size, "leaves", (json_int_t)r->leaves,
			 "witnesses", witnesses, "time_stamps", tokens);
}

static json_t *report_json(const struct inspect_report *r, const char *path)
{
	const uint64_t all = sum(r->counts, INSPECT_FAULTS) + sum(r->bag.counts, BAG_FAULTS);
	char shown[4096], key[128] = "";
	json_t *verdicts = json_object();
	size_t a;

	if (r->key_id[0] != '\0')
		key_line(&r->key, key);
	for (a = 0; a < INSPECT_AREAS; a++)
		json_object_set_new(verdicts, inspect_area_name((enum inspect_area)a),
				    json_string(verdict(r, (enum inspect_area)a)));
	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:o, s:{s:s, s:s, s:b, s:b}, s:I, s:I, s:I, s:I, s:o, "
			 "s:i, s:i, s:o, s:I}",
			 "path", text_shown(path, shown, sizeof(shown)), "whole", r->whole, "id", r->id,
			 "station", r->station, "made", r->made, "verdicts", verdicts,
			 "signature", "key", r->key_id, "public_key", key, "good", r->is_signed,
			 "trusted", r->trusted,
			 "files", (json_int_t)r->bag.files, "bytes", (json_int_t)r->bag.bytes,
			 "media", (json_int_t)r->media, "sidecars", (json_int_t)r->sidecars,
			 "log", log_json(r), "disc", (int)r->disc, "discs", (int)r->n_discs,
			 "problems", problems_json(r), "problems_omitted",
			 (json_int_t)(all - r->bag.n_problems - r->n_problems));
}

/* ------ all of it ------ */

static void on_progress(void *data, uint64_t done, uint64_t total)
{
	progress_show(data, text(T_PKG_CHECKING), done, MAX(done, total), utc_now());
}

/* EXIT_GOOD, or EXIT_USAGE having said why. */
static int load_key(const char *path, struct minisign_public_key *ret)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	char shown[256], why[4 * sizeof(((struct err *)NULL)->msg)];
	struct err e = { 0 };

	if (file_read(path, &b, &e) < 0)
		return ctl_fail(&e, EXIT_USAGE);
	if (minisign_parse_public_key(b.p, b.len, ret, &e) == 0)
		return EXIT_GOOD;
	say(stderr, T_PKG_BAD_KEY, text_shown(path, shown, sizeof(shown)),
	    text_shown(e.msg, why, sizeof(why)));
	return EXIT_USAGE;
}

/* *ret stays NULL when it could not be found out. */
static int inspect_one(const struct ctl *c, const char *path,
		       const struct minisign_public_key *key, struct inspect_report **ret)
{
	struct progress progress = { .on = !c->json && isatty(STDERR_FILENO) };
	struct err e = { 0 };
	int r = package_inspect(path, key, on_progress, &progress, ret, &e);

	progress_end(&progress);
	if (r == 0)
		return EXIT_GOOD;
	if ((r == -ENOENT || r == -ENOTDIR) && access(path, F_OK) < 0)
		return ctl_fail(&e, EXIT_USAGE);
	/* An archive that is cut off is an answer. */
	return ctl_fail(&e, r == -EBADMSG ? EXIT_DAMAGE : EXIT_AWAY);
}

/* r: what kept one of them from being inspected. */
static int conclude(const struct ctl *c, struct inspect_report **reports, const char **paths,
		    size_t n, int r)
{
	json_t *list = json_array(), *all;
	bool whole = r == EXIT_GOOD;
	size_t i;

	for (i = 0; i < n; i++) {
		whole = whole && reports[i]->whole;
		if (!reports[i]->whole)
			r = EXIT_DAMAGE;
		if (c->json)
			json_array_append_new(list, report_json(reports[i], paths[i]));
		else
			print_report(reports[i], paths[i]);
	}
	if (c->json) {
		all = json_pack("{s:b, s:O}", "whole", whole, "packages", list);
		ctl_print_json(all);
		json_decref(all);
	} else if (r == EXIT_GOOD || r == EXIT_DAMAGE) {
		say(stdout, whole ? T_PKG_WHOLE : T_PKG_DAMAGED);
	}
	json_decref(list);
	return r;
}

int cmd_verify_package(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PATH" };
	struct inspect_report *reports[INSPECT_DISCS_MAX] = { NULL };
	const char *words[INSPECT_DISCS_MAX] = { NULL }, *paths[INSPECT_DISCS_MAX], *key_path = NULL;
	const struct option_spec options[] = { { "--key", &key_path, NULL } };
	struct minisign_public_key key;
	size_t n = 0, i;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 1, COUNT(words)), one;

	if (r == EXIT_GOOD && key_path != NULL)
		r = load_key(key_path, &key);
	if (r != EXIT_GOOD)
		return r;
	for (i = 0; i < COUNT(words) && words[i] != NULL; i++) {
		one = inspect_one(c, words[i], key_path != NULL ? &key : NULL, &reports[n]);
		if (one == EXIT_GOOD)
			paths[n++] = words[i];
		else if (r != EXIT_DAMAGE)
			r = one == EXIT_DAMAGE ? one : MAX(r, one);
	}
	if (n > 0)
		package_inspect_set(reports, n);
	r = conclude(c, reports, paths, n, r);
	for (i = 0; i < n; i++)
		inspect_report_free(reports[i]);
	return r;
}
