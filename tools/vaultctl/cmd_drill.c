/*
 * vaultctl drill: a copy is damaged on purpose, and everything that should notice is watched doing so.
 *
 * The blob is one that was made for drills: its bytes say so, the catalog says so (dv.drill), and both are
 * looked at before a bit of it is touched.  It is no segment's and no case's, and stays where it is for
 * the next drill, so that no drill removes anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "scrub.h"

#define MARK	"Dockvault drill: this is no evidence\n"

enum { BLOB_SIZE = 65536, SPOT = 40000, WAIT_S = 60, WAIT_MAX_S = 3600, POLL_MS = 200 };

struct drill {
	struct ctl *c;
	const char *reason;
	char store[CONF_NAME_MAX + 1];
	char id[37], hex[DIGEST_HEX_SIZE];
	struct digest address;
	int64_t wait_ms;
	json_t *steps;
	bool failed;
};

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ------ what is told of it ------ */

static int step(struct drill *d, const char *name, enum text_id what, bool fired, const char *proof)
{
	char shown[1024];

	text_shown(proof, shown, sizeof(shown));
	json_object_set_new(d->steps, name, json_pack("{s:b, s:s}", "fired", fired, "proof", shown));
	if (!d->c->json)
		say(stdout, T_DRILL_STEP, fired ? "✓" : "✗", text(what), shown);
	d->failed |= !fired;
	return fired ? EXIT_GOOD : EXIT_FINDINGS;
}

/* ------ the blob ------ */

static int make_blob(struct drill *d)
{
	AUTO(vault_keep_closep) struct vault_keep *k = NULL;
	uint8_t *p = malloc(BLOB_SIZE);
	struct err e = { 0 };
	int r;

	if (p == NULL)
		return EXIT_AWAY;
	randombytes_buf(p, BLOB_SIZE);
	memcpy(p, MARK, sizeof(MARK) - 1);
	r = vault_keep_open(d->c->conf.vault, 0, &k, &e);
	if (r == 0)
		r = vault_keep_bytes(k, p, BLOB_SIZE, &d->address, &e);
	free(p);
	digest_hex(&d->address, d->hex);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* The blob of earlier drills, or a new one; and the drill on record. */
static int begin(struct drill *d)
{
	char size[16];
	const char *const params[] = { d->id, d->store, d->hex, size, d->reason };
	json_t *rows = NULL;
	const char *hex;
	int r = ctl_query(d->c, STATEMENT_DRILL_BLOB, NULL, 0, &rows);

	hex = json_string_value(json_object_get(json_array_get(rows, 0), "blob"));
	if (r == EXIT_GOOD && hex == NULL)
		r = make_blob(d);
	else if (r == EXIT_GOOD && digest_parse(hex, strlen(hex), &d->address) == 0)
		digest_hex(&d->address, d->hex);
	json_decref(rows);
	rows = NULL;
	if (r != EXIT_GOOD)
		return r;
	scrub_new_id(d->id);
	snprintf(size, sizeof(size), "%d", BLOB_SIZE);
	r = ctl_query(d->c, STATEMENT_DRILL_BEGIN, params, COUNT(params), &rows);
	json_decref(rows);
	return r == EXIT_GOOD ? step(d, "object", T_DRILL_OBJECT, true, d->hex) : r;
}

/* ------ scrubbing it ------ */

static int scrub_it(struct drill *d, const char *store, bool look_only, struct scrub_tally *ret)
{
	const struct scrub_options o = { .blob = d->hex, .streams = 1, .look_only = look_only,
					 .quiet = true };
	struct scrub s = { .c = d->c, .o = &o, .store = store,
			   .dir = scrub_dir(&d->c->conf, store) };
	int r = scrub_store(&s);

	*ret = s.t;
	return r;
}

static int copies(struct drill *d)
{
	const char *const stores[] = { "vault", d->store };
	char proof[128];
	struct scrub_tally t;
	bool there = true;
	size_t i;
	int r = EXIT_GOOD;

	for (i = 0; i < COUNT(stores) && r != EXIT_AWAY; i++) {
		r = scrub_it(d, stores[i], false, &t);
		there = there && t.whole + t.made + t.repaired == 1;
	}
	snprintf(proof, sizeof(proof), "vault, %s", d->store);
	return r == EXIT_AWAY ? r : step(d, "copies", T_DRILL_COPY, there, proof);
}

/* ------ damage ------ */

static void set_flags(int fd, int keep, int add)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags = (flags & keep) | add;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
}

/* Nothing is touched that does not say itself that it is a drill's. */
static bool is_ours(int fd)
{
	char mark[sizeof(MARK)] = "";
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == BLOB_SIZE && S_ISREG(st.st_mode) &&
		pread(fd, mark, sizeof(MARK) - 1, 0) == (ssize_t)sizeof(MARK) - 1 &&
		memcmp(mark, MARK, sizeof(MARK) - 1) == 0;
}

static int flip(const char *path, int fd, struct err *e)
{
	AUTO(closep) int to = -1;
	uint8_t byte;
	bool done;

	set_flags(fd, ~FS_IMMUTABLE_FL, 0);
	if (fchmod(fd, 0640) < 0)
		return err_set(e, -errno, "%s: cannot be damaged: %s", path, strerror(errno));
	to = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	done = to >= 0 && pread(to, &byte, 1, SPOT) == 1 && (byte ^= 0x10, true) &&
		pwrite(to, &byte, 1, SPOT) == 1 && fsync(to) == 0;
	if (!done)
		err_set(e, -errno, "%s: cannot be damaged: %s", path, strerror(errno));
	(void)fchmod(fd, 0440);
	return done ? 0 : e->code;
}

static int damage(struct drill *d)
{
	AUTO(closep) int fd = -1;
	char path[VAULT_PATH_MAX], proof[VAULT_PATH_MAX + 64];
	struct err e = { 0 };

	if (vault_path(scrub_dir(&d->c->conf, d->store), &d->address, path, sizeof(path)) < 0)
		return EXIT_AWAY;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || !is_ours(fd)) {
		say(stderr, T_DRILL_NOT_OURS, path);
		return EXIT_AWAY;
	}
	if (flip(path, fd, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	snprintf(proof, sizeof(proof), "%s, byte %d, bit 4", path, SPOT);
	return step(d, "damage", T_DRILL_DAMAGE, true, proof);
}

/* ------ what it should bring about ------ */

struct told {
	char finding[37];
	long long notices, sent;
	char answers[512];
};

static int told(struct drill *d, const char *code, struct told *ret)
{
	const char *const params[] = { d->id, code };
	json_t *rows = NULL, *row;
	const char *s;
	int r = ctl_query(d->c, STATEMENT_DRILL_TOLD, params, COUNT(params), &rows);

	*ret = (struct told){ .notices = 0 };
	row = json_array_get(rows, 0);
	if ((s = json_string_value(json_object_get(row, "finding"))) != NULL)
		snprintf(ret->finding, sizeof(ret->finding), "%s", s);
	ret->notices = json_integer_value(json_object_get(row, "notices"));
	ret->sent = json_integer_value(json_object_get(row, "sent"));
	if ((s = json_string_value(json_object_get(row, "answers"))) != NULL)
		text_shown(s, ret->answers, sizeof(ret->answers));
	json_decref(rows);
	return r;
}

/* alertd makes and sends them: as long as it may take. */
static int wait_for_notice(struct drill *d, const char *code)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	int64_t until = utc_now() + d->wait_ms;
	struct told t;
	int r;

	while ((r = told(d, code, &t)) == EXIT_GOOD && t.sent == 0 && utc_now() < until)
		nanosleep(&pause, NULL);
	if (r != EXIT_GOOD)
		return r;
	return step(d, "notice", T_DRILL_NOTICE, t.sent > 0,
		    t.notices > 0 ? t.answers : text(T_DRILL_NO_CHANNEL));
}

static int found(struct drill *d)
{
	struct scrub_tally t;
	struct told told_of;
	char proof[128];
	int r = scrub_it(d, d->store, true, &t);

	if (r == EXIT_AWAY)
		return r;
	snprintf(proof, sizeof(proof), "%s: %s %llu", d->store, word("damaged"), t.damaged);
	step(d, "scrub", T_DRILL_SCRUB, t.damaged == 1, proof);
	r = told(d, "storage_damaged", &told_of);
	if (r != EXIT_GOOD)
		return r;
	snprintf(proof, sizeof(proof), "storage_damaged %s", told_of.finding);
	step(d, "finding", T_DRILL_FINDING, told_of.finding[0] != '\0', proof);
	return wait_for_notice(d, "storage_damaged");
}

static int repaired(struct drill *d)
{
	struct scrub_tally t;
	struct told told_of;
	char proof[128];
	int r = scrub_it(d, d->store, false, &t);

	if (r != EXIT_AWAY)
		r = told(d, "storage_repaired", &told_of);
	if (r != EXIT_GOOD)
		return r;
	snprintf(proof, sizeof(proof), "storage_repaired %s", told_of.finding);
	step(d, "repair", T_DRILL_REPAIR, t.repaired == 1 && told_of.finding[0] != '\0', proof);
	r = scrub_it(d, d->store, true, &t);
	snprintf(proof, sizeof(proof), "%s: %s", d->store, d->hex);
	return r == EXIT_AWAY ? r : step(d, "whole", T_DRILL_WHOLE, t.whole == 1, proof);
}

/* ------ the whole of it ------ */

static int end(struct drill *d)
{
	char *steps = json_dumps(d->steps, JSON_COMPACT);
	const char *const params[] = { d->id, d->failed ? "false" : "true", steps };
	json_t *rows = NULL;
	int r = ctl_query(d->c, STATEMENT_DRILL_END, params, COUNT(params), &rows);

	json_decref(rows);
	free(steps);
	return r;
}

static int run(struct drill *d)
{
	int r = begin(d), ended;

	if (r != EXIT_GOOD)
		return r;
	r = copies(d);
	if (r == EXIT_GOOD)
		r = damage(d);
	if (r == EXIT_GOOD)
		r = found(d);
	/* Repaired whatever came before: the copy is not left as it is. */
	if (r != EXIT_AWAY && json_object_get(d->steps, "damage") != NULL)
		r = repaired(d);
	d->failed |= r != EXIT_GOOD;
	ended = end(d);
	return r == EXIT_AWAY || ended != EXIT_GOOD ? EXIT_AWAY : d->failed ? EXIT_FINDINGS : EXIT_GOOD;
}

/* The store whose copy is damaged: that one, or the first besides the vault that holds all. */
static int choose_store(struct drill *d, const char *wanted)
{
	json_t *rows = NULL, *row;
	const char *store, *holds;
	size_t i;
	int r = ctl_query(d->c, STATEMENT_STORE_NAMES, NULL, 0, &rows);

	json_array_foreach(rows, i, row) {
		store = json_string_value(json_object_get(row, "store"));
		holds = json_string_value(json_object_get(row, "holds"));
		if (d->store[0] == '\0' && strcmp(holds, "all") == 0 &&
		    scrub_dir(&d->c->conf, store) != NULL &&
		    (wanted != NULL ? strcmp(store, wanted) == 0 : strcmp(store, "vault") != 0))
			snprintf(d->store, sizeof(d->store), "%s", store);
	}
	json_decref(rows);
	if (r == EXIT_GOOD && d->store[0] == '\0')
		r = wanted != NULL ? ctl_usage(T_NO_STORE, wanted) : ctl_usage(T_DRILL_TWO_STORES, "");
	return r;
}

static int take_wait(const char *text, int64_t *ret_ms)
{
	char *rest = NULL;
	long s = text == NULL ? WAIT_S : strtol(text, &rest, 10);

	if ((rest != NULL && (*rest != '\0' || rest == text)) || s < 0 || s > WAIT_MAX_S) {
		say(stderr, T_SCRUB_BAD_NUMBER, "--wait", text, 0ULL, (unsigned long long)WAIT_MAX_S);
		return EXIT_USAGE;
	}
	*ret_ms = s * 1000;
	return EXIT_GOOD;
}

static void tell(struct drill *d, int r)
{
	json_t *j;

	if (d->c->json) {
		j = json_pack("{s:s, s:s, s:s, s:b, s:O}", "drill", d->id, "store", d->store, "blob", d->hex,
			      "passed", r == EXIT_GOOD, "steps", d->steps);
		ctl_print_json(j);
		json_decref(j);
	} else {
		say(r == EXIT_GOOD ? stdout : stderr, r == EXIT_GOOD ? T_DRILL_PASSED : T_DRILL_FAILED);
	}
}

int cmd_drill(struct ctl *c, int argc, char **argv)
{
	struct drill d = { .c = c };
	const char *store = NULL, *wait = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--store", &store, NULL }, { "--wait", &wait, NULL }, { "--reason", &d.reason, NULL },
		{ "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_check_id(store);
	if (r == EXIT_GOOD)
		r = take_wait(wait, &d.wait_ms);
	if (r == EXIT_GOOD)
		r = ctl_check_reason(d.reason);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_keep");
	if (r == EXIT_GOOD)
		r = choose_store(&d, store);
	if (r != EXIT_GOOD)
		return r;
	if (dry_run) {
		say(stdout, T_DRILL_DRY_RUN, d.store);
		return EXIT_GOOD;
	}
	d.steps = json_object();
	r = run(&d);
	tell(&d, r);
	json_decref(d.steps);
	return r;
}
