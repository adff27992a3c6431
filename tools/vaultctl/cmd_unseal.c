/* vaultctl unseal: opens what was sealed by age, so that a bureau's own backups need no other program. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "ctl.h"
#include "passphrase.h"
#include "sealed.h"

enum { IDENTITY_FILE_MAX = 64 * 1024 };

struct unseal {
	const char *identity, *passphrase_file;
	struct age_keys *keys;
	int to;				/* without a name until all of it is there */
};

static int write_on(void *data, const uint8_t *p, size_t len)
{
	const struct unseal *u = data;

	return file_write_all(u->to, p, len);
}

static int take_keys(struct unseal *u, struct err *e)
{
	struct secret s = { .p = NULL };
	int r = age_keys_new(&u->keys, e);

	if (r == 0 && u->identity != NULL) {
		r = secret_read(u->identity, IDENTITY_FILE_MAX, &s, e);
		if (r == 0 && age_keys_add_file(u->keys, s.p, s.len, e) < 0)
			r = err_prefix(e, "%s", u->identity);
	} else if (r == 0) {
		r = passphrase_take(u->passphrase_file, false, &s, e);
		if (r == 0)
			r = age_keys_add_passphrase(u->keys, s.p, s.len, e);
	}
	secret_clear(&s);
	return r;
}

/* In the directory that it will be in, so that it is never there by halves. */
static int begin_file(const char *path, struct unseal *u, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[CONF_PATH_MAX];

	if (slash == NULL)
		snprintf(dir, sizeof(dir), ".");
	else
		snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (access(path, F_OK) == 0)
		return err_set(e, -EEXIST, "%s: %s", path, strerror(EEXIST));
	u->to = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	return u->to < 0 ? err_set(e, -errno, "%s: %s", path, strerror(errno)) : 0;
}

static int end_file(const char *path, struct unseal *u, struct err *e)
{
	int r = fsync(u->to) < 0 ? -errno : file_link(u->to, AT_FDCWD, path);

	return r < 0 ? err_set(e, r, "%s: %s", path, strerror(-r)) : file_sync_parent(path, e);
}

static int run(struct ctl *c, struct unseal *u, const char *in, const char *out)
{
	enum age_verdict verdict = AGE_OK;
	struct err e = { 0, "" };
	json_t *j;
	int r = take_keys(u, &e);

	if (r < 0)
		return ctl_fail(&e, EXIT_USAGE);
	r = begin_file(out, u, &e);
	if (r < 0)
		return ctl_fail(&e, EXIT_USAGE);
	r = sealed_open(in, u->keys, SEALED_WORK_MAX, write_on, u, &verdict, &e);
	if (r == 0 && verdict == AGE_OK)
		r = end_file(out, u, &e);
	if (r < 0)
		return ctl_fail(&e, r == -ENOENT ? EXIT_USAGE : EXIT_AWAY);
	if (verdict != AGE_OK)
		return ctl_fail(&e, verdict == AGE_NO_MATCH || verdict == AGE_TOO_COSTLY ? EXIT_USAGE :
				EXIT_DAMAGE);
	if (c->json) {
		j = json_pack("{s:s, s:s}", "sealed", in, "file", out);
		ctl_print_json(j);
		json_decref(j);
	} else {
		say(stdout, T_UNSEALED, out);
	}
	return EXIT_GOOD;
}

int cmd_unseal(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "FILE.age", "FILE" };
	const char *words[2] = { NULL, NULL };
	struct unseal u = { .to = -1 };
	const struct option_spec options[] = {
		{ "--identity", &u.identity, NULL }, { "--passphrase-file", &u.passphrase_file, NULL },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 2, 2);

	if (r == EXIT_GOOD && u.identity != NULL && u.passphrase_file != NULL)
		r = ctl_usage(T_UNSEAL_BY_ONE, "--identity");
	if (r == EXIT_GOOD)
		r = run(c, &u, words[0], words[1]);
	age_keys_free(u.keys);
	if (u.to >= 0)
		close(u.to);
	return r;
}
