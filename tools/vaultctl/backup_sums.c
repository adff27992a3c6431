/* SHA256SUMS of a backup, which vouches for all lists and so for all files, and the dock's signature over it. */
#include <errno.h>
#include <string.h>

#include "backup.h"
#include "base/file.h"
#include "base/util.h"

static const char *const others[] = {
	"backup.json", "blobs.list", "conf.sha256", "custody.sha256", "database.dump", "keys.tar.age",
	"state.sha256", "vault.sha256",
};

static int fail(const char *path, int code, int status)
{
	struct err e;

	err_set(&e, code, "%s: %s", path, strerror(-code));
	return ctl_fail(&e, status);
}

int backup_sign(struct backup *b, struct digest *ret)
{
	AUTO(buf_clear) struct buf sums = BUF_INIT(BACKUP_SUMS_MAX), signature = BUF_INIT(MINISIGN_FILE_MAX);
	char path[BACKUP_PATH_MAX], comment[128];
	struct backup_file f;
	struct err e = { 0, "" };
	size_t i;

	for (i = 0; i < COUNT(others); i++) {
		backup_path(path, "%s/%s", b->part, others[i]);
		if (backup_copy(b->hasher, path, NULL, 0, &f, &e) < 0)
			return ctl_fail(&e, EXIT_AWAY);
		buf_addf(&sums, "%s  %s\n", f.sha256, others[i]);
	}
	snprintf(comment, sizeof(comment), "dockvault backup %s of %s", b->name, b->c->conf.station);
	if (minisign_sign(b->key, sums.p, sums.len, comment, &signature, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	*ret = digest_of(sums.p, sums.len);
	backup_path(path, "%s/SHA256SUMS", b->part);
	if (file_replace(path, sums.p, sums.len, 0600, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	backup_path(path, "%s/SHA256SUMS.minisig", b->part);
	return file_replace(path, signature.p, signature.len, 0600, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

static int parse(const char *path, const struct buf *sums, json_t *to)
{
	FILE *f = fmemopen(sums->p, sums->len, "r");
	struct backup_line line;
	size_t i;
	int n = f == NULL ? -ENOMEM : 1;

	while (n == 1 && (n = backup_next_line(f, &line)) == 1)
		json_object_set_new(to, line.path, json_string(line.sha256));
	if (f != NULL)
		fclose(f);
	for (i = 0; i < COUNT(others) && n == 0; i++)
		n = json_object_get(to, others[i]) != NULL ? 0 : -EINVAL;
	return n < 0 ? fail(path, n, EXIT_DAMAGE) : EXIT_GOOD;
}

int backup_sums(const char *path, const struct minisign_public_key *key, json_t **ret)
{
	AUTO(buf_clear) struct buf sums = BUF_INIT(BACKUP_SUMS_MAX), text = BUF_INIT(MINISIGN_FILE_MAX);
	char name[BACKUP_PATH_MAX];
	struct minisign_signature s;
	struct err e = { 0, "" };

	backup_path(name, "%s/SHA256SUMS.minisig", path);
	if (file_read(name, &text, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	name[strlen(name) - 8] = '\0';
	if (file_read(name, &sums, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (sums.len == 0 || minisign_parse_signature(text.p, text.len, &s, &e) < 0 ||
	    !minisign_verify(key, &s, sums.p, sums.len)) {
		say(stderr, T_BACKUP_NOT_SIGNED, name);
		return EXIT_DAMAGE;
	}
	*ret = json_object();
	return parse(name, &sums, *ret);
}
