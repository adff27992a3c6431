#include "unit/resume_rig.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

struct resume_rig resume;

/* What is put there, and what it must come out as. */
struct known {
	uint8_t *bytes;
	struct digest address;
	uint8_t sha256[32];
};
static struct known prepared;

static struct known known_of(size_t len)
{
	struct known k = { .bytes = rig_bytes(len, 1, 0) };

	k.address = digest_of(k.bytes, len);
	SHA256(k.bytes, len, k.sha256);
	return k;
}

void resume_prepare(void)
{
	if (prepared.bytes == NULL)
		prepared = known_of(RESUME_LONG);
}

void resume_setup(size_t len)
{
	const struct known k = len == RESUME_LONG && prepared.bytes != NULL ? prepared
			     : known_of(len);
	struct err e;

	resume.dir = rig_dir();
	resume.length = len;
	resume.content = k.bytes;
	resume.address = k.address;
	memcpy(resume.sha256, k.sha256, sizeof(resume.sha256));
	resume.key = digest_of("key", 3);
	uv_loop_init(&resume.loop);
	ck_assert_msg(vault_open(&resume.loop, resume.dir, 0, &resume.v, &e) == 0, "%s", e.msg);
}

void resume_teardown(void)
{
	vault_close(resume.v);
	rig_end_loop(&resume.loop);
	if (resume.content != prepared.bytes)
		rig_free_bytes(resume.content, 0);
	rig_clean();
}

void resume_name_of(const char *suffix, char path[VAULT_PATH_MAX])
{
	char hex[DIGEST_HEX_SIZE];

	snprintf(path, VAULT_PATH_MAX, "%s/partial/%s%s", resume.dir,
		 digest_hex(&resume.key, hex), suffix);
}

off_t resume_size_of(const char *suffix)
{
	char path[VAULT_PATH_MAX];
	struct stat st;

	resume_name_of(suffix, path);
	return lstat(path, &st) < 0 ? -errno : st.st_size;
}

bool resume_is_nothing_left(void)
{
	return resume_size_of(".data") == -ENOENT && resume_size_of(".marks") == -ENOENT;
}

struct vault_put *resume_put_new(uint64_t expected)
{
	const struct vault_put_options o = { .expected_size = expected, .want_sha256 = true,
					     .resume = &resume.key };
	struct vault_put *put;

	ck_assert_int_eq(vault_put_new(resume.v, &o, &put, NULL), 0);
	return put;
}

/*
 * Write p in pieces, so many at once; the first failure, or 0.  One at a time, marks fall where a
 * chunk is full, otherwise where the slower lane is then.
 */
static int write_pieces(struct vault_put *put, const uint8_t *p, size_t len, size_t piece,
			int depth)
{
	struct rig_result res = { 0 };
	int written = 0, r = 0;
	size_t n;

	while (len > 0 && r == 0) {
		n = MIN(len, piece);
		r = vault_put_write(put, p, n, rig_cb, &res);
		written += r == 0;
		p += n;
		len -= n;
		while (written - res.calls == depth)
			uv_run(&resume.loop, UV_RUN_ONCE);
	}
	while (res.calls < written)
		uv_run(&resume.loop, UV_RUN_ONCE);
	return r < 0 ? r : res.r;
}

int resume_write_all(struct vault_put *put, const uint8_t *p, size_t len, size_t piece)
{
	return write_pieces(put, p, len, piece, 1);
}

struct rig_kept resume_take_up(struct vault_put *put)
{
	struct rig_kept k = { 0 };

	ck_assert_int_eq(vault_put_resume(put, rig_kept_cb, &k), 0);
	ck_assert_int_eq(k.calls, 0);
	while (k.calls == 0)
		uv_run(&resume.loop, UV_RUN_ONCE);
	return k;
}

int resume_park(struct vault_put *put)
{
	struct rig_result res = { 0 };

	vault_put_park(put, rig_cb, &res);
	ck_assert_int_eq(res.calls, 0);
	rig_wait(&resume.loop, &res, 1);
	return res.r;
}

void resume_leave_parked(void)
{
	struct vault_put *put;

	for (size_t at = 0; at < RESUME_PARKED; at += RESUME_STEP) {
		put = resume_put_new(resume.length);
		ck_assert_uint_eq(resume_take_up(put).bytes, at);
		ck_assert_int_eq(resume_write_all(put, resume.content + at, RESUME_STEP,
						  RESUME_STEP), 0);
		ck_assert_int_eq(resume_park(put), 0);
	}
}

uint64_t resume_finish(void)
{
	struct vault_put *put = resume_put_new(resume.length);
	struct rig_kept k = resume_take_up(put);
	struct rig_result seal = { 0 };
	enum vault_verdict verdict;
	uint64_t size;

	ck_assert_int_eq(k.r, 0);
	ck_assert_uint_eq(k.bytes % VAULT_ALIGN, 0);
	ck_assert_int_eq(write_pieces(put, resume.content + k.bytes, resume.length - k.bytes, MIB,
				      VAULT_PUT_DEPTH), 0);
	vault_put_seal(put, rig_seal_cb, &seal);
	rig_wait(&resume.loop, &seal, 1);
	ck_assert_msg(seal.r == 0, "%s", seal.e.msg);
	ck_assert(digest_equal(&seal.sealed.address, &resume.address));
	ck_assert_uint_eq(seal.sealed.size, resume.length);
	ck_assert_mem_eq(seal.sealed.sha256, resume.sha256, sizeof(resume.sha256));
	ck_assert_int_eq(vault_check(resume.dir, &resume.address, &verdict, &size, NULL), 0);
	ck_assert_int_eq(verdict, VAULT_WHOLE);
	ck_assert_uint_eq(size, resume.length);
	return k.bytes;
}

void resume_check_blob(void)
{
	char path[VAULT_PATH_MAX];
	struct rig_census c = rig_count(resume.dir);
	struct stat st;

	ck_assert_uint_eq(c.whole, 1);
	ck_assert_uint_eq(c.damaged + c.foreign, 0);
	ck_assert_int_eq(vault_path(resume.dir, &resume.address, path, sizeof(path)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_eq(st.st_mode & 07777, 0440);
	ck_assert_int_le(st.st_blocks * 512, (blkcnt_t)resume.length + 64 * KIB);
}
