/* C2SP's vectors for age: tests/cctv-age/README.md. */
#include <dirent.h>
#include <string.h>
#include <zlib.h>

#include "age/age.h"
#include "age/armor.h"
#include "base/file.h"
#include "base/util.h"
#include "unit/suite.h"

enum { VECTOR_MAX = 1024 * 1024, FILE_MAX = 32 * 1024 * 1024 };

struct vector {
	char name[256];
	char expect[512];
	char payload[512];		/* SHA-256 of what comes out; "" when nothing is said */
	bool armored, compressed;
	struct age_keys *keys;
	struct buf file;
};

static struct vector vectors[256];
static size_t n_vectors;

/* Before any test runs. */
#define LOADS(cond) do { if (!(cond)) BUG("%s: %s", v->name, #cond); } while (0)

/* One "key: value" of the text before the file. */
static void take_field(struct vector *v, const char *line, size_t len)
{
	static const char *const passed_over[] = { "file key", "comment" };
	const char *colon = memmem(line, len, ": ", 2);
	char key[32], value[512];
	size_t i;

	LOADS(colon != NULL);
	snprintf(key, sizeof(key), "%.*s", (int)(colon - line), line);
	snprintf(value, sizeof(value), "%.*s", (int)(line + len - colon - 2), colon + 2);
	for (i = 0; i < COUNT(passed_over); i++) {
		if (strcmp(key, passed_over[i]) == 0)
			return;
	}
	if (strcmp(key, "expect") == 0)
		snprintf(v->expect, sizeof(v->expect), "%s", value);
	else if (strcmp(key, "payload") == 0)
		snprintf(v->payload, sizeof(v->payload), "%s", value);
	else if (strcmp(key, "armored") == 0)
		v->armored = strcmp(value, "yes") == 0;
	else if (strcmp(key, "compressed") == 0)
		v->compressed = strcmp(value, "zlib") == 0;
	else if (strcmp(key, "passphrase") == 0)
		LOADS(age_keys_add_passphrase(v->keys, value, strlen(value), NULL) == 0);
	else if (strcmp(key, "identity") == 0 && strstr(value, "KEY-PQ-") == NULL)
		LOADS(age_keys_add_file(v->keys, (uint8_t *)value, strlen(value), NULL) == 0);
	else
		LOADS(strcmp(key, "identity") == 0);
}

static void unpack(struct vector *v, const uint8_t *p, size_t len)
{
	uLongf n = FILE_MAX;

	v->file = (struct buf)BUF_INIT(FILE_MAX);
	if (!v->compressed) {
		buf_add(&v->file, p, len);
		return;
	}
	LOADS(buf_room(&v->file, FILE_MAX) != NULL);
	LOADS(uncompress(v->file.p, &n, p, len) == Z_OK);
	buf_grew(&v->file, n);
}

static void load(struct vector *v, const char *name)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(VECTOR_MAX);
	const char *p, *feed;
	char path[512];

	snprintf(v->name, sizeof(v->name), "%s", name);
	snprintf(path, sizeof(path), "tests/cctv-age/%s", name);
	LOADS(age_keys_new(&v->keys, NULL) == 0);
	LOADS(file_read(path, &text, NULL) == 0);
	for (p = buf_str(&text); *p != '\n'; p = feed + 1) {
		feed = strchr(p, '\n');
		LOADS(feed != NULL);
		take_field(v, p, (size_t)(feed - p));
	}
	p++;
	unpack(v, (const uint8_t *)p, text.len - (size_t)(p - buf_str(&text)));
}

static int is_vector(const struct dirent *d)
{
	return d->d_name[0] != '.' && strcmp(d->d_name, "README.md") != 0;
}

/* The file in pieces of that length.  What came of it, and SHA-256 of all that was given out. */
static enum age_verdict open_in_pieces(const struct vector *v, const uint8_t *p, size_t len,
				       size_t piece, char ret_hex[65])
{
	uint8_t *to = malloc(AGE_OPEN_ROOM(piece)), digest[crypto_hash_sha256_BYTES];
	struct age_open *o = NULL;
	enum age_verdict verdict;
	struct err e = { 0, "" };
	size_t at = 0, n;
	crypto_hash_sha256_state sha;

	crypto_hash_sha256_init(&sha);
	verdict = age_open_new(p, MIN(len, (size_t)AGE_HEAD_MAX), v->keys, AGE_WORK_MAX, &o, &at, &e);
	ck_assert(verdict == AGE_OK || e.msg[0] != '\0');
	while (verdict == AGE_OK && at < len) {
		n = MIN(piece, len - at);
		verdict = age_open_put(o, p + at, n, to, &n);
		crypto_hash_sha256_update(&sha, to, n);
		at += MIN(piece, len - at);
	}
	if (verdict == AGE_OK) {
		verdict = age_open_end(o, to, &n);
		crypto_hash_sha256_update(&sha, to, n);
	}
	crypto_hash_sha256_final(&sha, digest);
	sodium_bin2hex(ret_hex, 65, digest, sizeof(digest));
	age_open_free(o);
	free(to);
	return verdict;
}

static const struct { const char *expect; enum age_verdict verdict; } meanings[] = {
	{ "success", AGE_OK }, { "no match", AGE_NO_MATCH }, { "HMAC failure", AGE_BAD_MAC },
	{ "header failure", AGE_BAD_HEADER }, { "payload failure", AGE_BAD_PAYLOAD },
};

static bool disarm(const struct vector *v, size_t piece, struct buf *to)
{
	struct age_armor a = { 0 };
	size_t at, n;

	for (at = 0; at < v->file.len; at += piece) {
		const size_t len = MIN(piece, v->file.len - at);
		uint8_t *room = buf_room(to, len + 48);

		ck_assert_ptr_nonnull(room);
		if (!age_armor_put(&a, v->file.p + at, len, room, &n))
			return false;
		buf_grew(to, n);
	}
	return age_armor_end(&a);
}

static void expect_of(const struct vector *v, size_t piece)
{
	AUTO(buf_clear) struct buf plain = BUF_INIT(FILE_MAX);
	const struct buf *file = &v->file;
	enum age_verdict verdict;
	char hex[65];
	size_t i;

	if (v->armored) {
		const bool is_armor = age_armor_is(file->p, file->len) && disarm(v, piece, &plain);

		ck_assert_msg(is_armor == (strcmp(v->expect, "armor failure") != 0), "%s: armor", v->name);
		if (!is_armor)
			return;
		file = &plain;
	}
	verdict = open_in_pieces(v, file->p, file->len, piece, hex);
	for (i = 0; i < COUNT(meanings) && strcmp(meanings[i].expect, v->expect) != 0; i++)
		;
	ck_assert_msg(i < COUNT(meanings), "%s: expects \"%s\"", v->name, v->expect);
	ck_assert_msg(verdict == meanings[i].verdict, "%s: %s instead of %s, pieces of %zu", v->name,
		      age_verdict_name(verdict), v->expect, piece);
	if (v->payload[0] != '\0')
		ck_assert_msg(strcmp(hex, v->payload) == 0, "%s: another payload", v->name);
}

START_TEST(says_what_the_vector_says)
{
	static const size_t pieces[] = { 1, 1000, AGE_CHUNK_SEALED, AGE_CHUNK_SEALED + 1, FILE_MAX };
	const struct vector *v = &vectors[_i];
	size_t i;

	for (i = 0; i < COUNT(pieces); i++) {
		if (pieces[i] >= 1000 || v->file.len < 100000)
			expect_of(v, pieces[i]);
	}
}
END_TEST

START_TEST(has_them_all)
{
	ck_assert_uint_eq(n_vectors, 125);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, has_them_all);
	tcase_add_loop_test(tc, says_what_the_vector_says, 0, (int)n_vectors);
}

int main(void)
{
	struct dirent **names = NULL;
	int n, i, status;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	n = scandir("tests/cctv-age", &names, is_vector, alphasort);
	for (i = 0; i < n; i++) {
		if (n_vectors < COUNT(vectors))
			load(&vectors[n_vectors++], names[i]->d_name);
		free(names[i]);
	}
	free(names);
	status = suite_main("age_vectors", fill);
	while (n_vectors > 0) {
		age_keys_free(vectors[--n_vectors].keys);
		buf_clear(&vectors[n_vectors].file);
	}
	return status;
}
