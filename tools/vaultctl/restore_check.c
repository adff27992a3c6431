/* A backup read from end to end, before anything is written. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "restore.h"

static int fail(const char *path, int code, int status)
{
	struct err e;

	err_set(&e, code, "%s: %s", path, strerror(-code));
	return ctl_fail(&e, status);
}

static int bad(const char *path)
{
	say(stderr, T_BACKUP_FILE_BAD, path);
	return EXIT_DAMAGE;
}

/* A line as it is in its file: it has one shape alone. */
static void add_line(crypto_hash_sha256_state *sum, const struct backup_line *line)
{
	crypto_hash_sha256_update(sum, (const uint8_t *)line->sha256, strlen(line->sha256));
	crypto_hash_sha256_update(sum, (const uint8_t *)"  ", 2);
	crypto_hash_sha256_update(sum, (const uint8_t *)line->path, strlen(line->path));
	crypto_hash_sha256_update(sum, (const uint8_t *)"\n", 1);
}

const char *restore_sum(const struct restore *x, const char *path)
{
	return json_string_value(json_object_get(x->sums, strrchr(path, '/') + 1));
}

static bool is_signed(const struct restore *x, const char *path, crypto_hash_sha256_state *sum)
{
	const char *signed_sum = restore_sum(x, path);
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];

	crypto_hash_sha256_final(sum, hash);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return signed_sum != NULL && strcmp(signed_sum, hex) == 0;
}

int restore_each(struct restore *x, const char *tree,
		 int (*each)(void *data, const char *tree, const struct backup_line *line), void *data)
{
	char path[BACKUP_PATH_MAX];
	crypto_hash_sha256_state sum;
	struct backup_line line;
	int n = 0, r = EXIT_GOOD;
	FILE *f;

	backup_path(path, "%s/%s.sha256", x->from, tree);
	f = fopen(path, "r");
	if (f == NULL)
		return fail(path, -errno, EXIT_DAMAGE);
	crypto_hash_sha256_init(&sum);
	while (r == EXIT_GOOD && (n = backup_next_line(f, &line)) == 1) {
		const size_t len = strlen(tree);

		add_line(&sum, &line);
		/* Signed or not: a line is of its own tree. */
		if (strncmp(line.path, tree, len) != 0 || line.path[len] != '/')
			r = bad(path);
		else
			r = each(data, tree, &line);
	}
	fclose(f);
	return r == EXIT_GOOD && (n < 0 || !is_signed(x, path, &sum)) ? bad(path) : r;
}

/* ------ whose is it? ------ */

static int seal_pub(void *data, const char *name, const uint8_t *p, size_t len)
{
	struct restore *x = data;
	struct minisign_secret_key *key;

	if (x->has_key || len > MINISIGN_FILE_MAX || strcmp(name, "seal.key") != 0 ||
	    minisign_parse_secret_key(p, len, &key, NULL) < 0)
		return EXIT_GOOD;
	minisign_secret_key_public(key, &x->key);
	minisign_secret_key_free(key);
	x->has_key = true;
	return EXIT_GOOD;
}

/*
 * The dock's key, as the operator has it, or else the one in the keys that the passphrase opens: who does not know that
 * could not have put another there.
 */
static int find_key(struct restore *x)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MINISIGN_FILE_MAX);
	struct err e = { 0, "" };
	int r;

	if (x->key_file != NULL) {
		if (file_read(x->key_file, &text, &e) < 0 ||
		    minisign_parse_public_key(text.p, text.len, &x->key, &e) < 0)
			return ctl_fail(&e, EXIT_USAGE);
		x->has_key = true;
	}
	r = backup_open_keys(x->from, &x->passphrase, seal_pub, x);
	if (r == EXIT_GOOD && !x->has_key)
		return ctl_usage(T_RESTORE_NO_KEY, x->from);
	return r;
}

/* ------ every file ------ */

static int check_others(struct restore *x)
{
	char path[BACKUP_PATH_MAX];
	struct backup_file f;
	struct err e = { 0, "" };
	const char *name;
	json_t *sha256;

	json_object_foreach(x->sums, name, sha256) {
		backup_path(path, "%s/%s", x->from, name);
		if (backup_copy(x->hasher, path, NULL, 0, &f, &e) < 0)
			return ctl_fail(&e, EXIT_DAMAGE);
		if (strcmp(f.sha256, json_string_value(sha256)) != 0)
			return bad(path);
	}
	return EXIT_GOOD;
}

static int check_file(void *data, const char *tree, const struct backup_line *line)
{
	struct restore *x = data;
	char path[BACKUP_PATH_MAX], hex[DIGEST_HEX_SIZE];
	const size_t len = strlen(line->path);
	struct backup_file f;
	struct err e = { 0, "" };

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", x->from, line->path) >= sizeof(path))
		return fail(line->path, -ENAMETOOLONG, EXIT_DAMAGE);
	if (backup_copy(x->hasher, path, NULL, 0, &f, &e) < 0)
		return ctl_fail(&e, EXIT_DAMAGE);
	if (strcmp(f.sha256, line->sha256) != 0)
		return bad(path);
	if (strcmp(tree, "vault") != 0)
		return EXIT_GOOD;
	x->blobs++;
	/* By both names: a list that was made of wrong bytes would be right about them. */
	return len > 64 && strcmp(line->path + len - 64, digest_hex(&f.blake, hex)) == 0 ? EXIT_GOOD : bad(path);
}

/* ------ all that the catalog names ------ */

struct named {
	struct restore *x;
	FILE *f;
	char hash[DIGEST_HEX_SIZE];
	unsigned long long missing;
};

static void next_named(struct named *n)
{
	char size[32];

	if (fscanf(n->f, "%64[0-9a-f] %31s\n", n->hash, size) != 2)
		n->hash[0] = '\0';
}

static int beside(void *data, const char *tree, const struct backup_line *line)
{
	struct named *n = data;
	const char *hash = line->path + strlen(line->path) - 64;

	(void)tree;
	while (n->hash[0] != '\0' && strcmp(n->hash, hash) < 0) {
		n->missing++;
		next_named(n);
	}
	if (strcmp(n->hash, hash) == 0)
		next_named(n);
	return EXIT_GOOD;
}

/* What was not whole when the backup was made is known, and said; more than that is damage. */
static int check_named(struct restore *x)
{
	const json_int_t lost = json_integer_value(json_object_get(x->backup, "lost"));
	struct named n = { .x = x };
	char path[BACKUP_PATH_MAX];
	int r;

	backup_path(path, "%s/blobs.list", x->from);
	n.f = fopen(path, "r");
	if (n.f == NULL)
		return fail(path, -errno, EXIT_DAMAGE);
	next_named(&n);
	r = restore_each(x, "vault", beside, &n);
	while (n.hash[0] != '\0') {
		n.missing++;
		next_named(&n);
	}
	fclose(n.f);
	if (r == EXIT_GOOD && n.missing > 0)
		say(stderr, T_BACKUP_LOST, n.missing);
	return r == EXIT_GOOD && n.missing > (unsigned long long)lost ? EXIT_DAMAGE : r;
}

/* The bytes that are parsed are those that were signed: the file is not opened a second time. */
static int load_backup(struct restore *x)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(BACKUP_JSON_MAX);
	crypto_hash_sha256_state sum;
	char path[BACKUP_PATH_MAX];
	struct err e = { 0, "" };

	backup_path(path, "%s/backup.json", x->from);
	if (file_read(path, &text, &e) < 0)
		return ctl_fail(&e, EXIT_DAMAGE);
	crypto_hash_sha256_init(&sum);
	crypto_hash_sha256_update(&sum, text.p, text.len);
	if (!is_signed(x, path, &sum))
		return bad(path);
	x->backup = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
	return json_integer_value(json_object_get(x->backup, "version")) == 1 ? EXIT_GOOD : bad(path);
}

int restore_check(struct restore *x)
{
	size_t i;
	int r = find_key(x);

	if (r == EXIT_GOOD)
		r = backup_sums(x->from, &x->key, &x->sums);
	if (r == EXIT_GOOD)
		r = check_others(x);
	if (r == EXIT_GOOD)
		r = load_backup(x);
	for (i = 0; i < backup_n_trees && r == EXIT_GOOD; i++)
		r = restore_each(x, backup_trees[i], check_file, x);
	return r == EXIT_GOOD ? check_named(x) : r;
}
