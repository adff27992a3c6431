#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/util.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"

/* BIG: more than two write-back windows. */
enum { KIB = 1024, MIB = 1024 * 1024, BIG = 17 * MIB };

static struct vault *open_or_fail(uv_loop_t *loop, const char *dir, unsigned flags)
{
	struct vault *v;
	struct err e;

	ck_assert_msg(vault_open(loop, dir, flags, &v, &e) == 0, "%s", e.msg);
	return v;
}

/* ------ what goes in is what lies there ------ */

static const struct { size_t len, chunk, shift; uint64_t expected; bool sha256; } puts_[] = {
	{ 0,			MIB,	0,	0,		true },
	{ 1,			MIB,	0,	1,		true },
	{ 300,			MIB,	5,	300,		false },
	{ 4095,			MIB,	0,	4095,		false },
	{ 4096,			MIB,	0,	4096,		false },
	{ 4097,			MIB,	0,	0,		false },
	{ 3 * MIB,		MIB,	0,	3 * MIB,	true },
	{ 3 * MIB + 17,		MIB,	0,	3 * MIB + 17,	true },
	{ 3 * MIB + 17,		MIB,	0,	9 * MIB,	false },	/* more was reserved */
	{ 3 * MIB + 17,		MIB,	0,	4096,		false },	/* less was */
	{ 3 * MIB,		100,	0,	0,		false },	/* small writes */
	{ 2 * MIB,		64 * KIB, 1,	2 * MIB,	true },		/* unaligned memory */
	{ 2 * MIB,		12288,	0,	0,		false },
	{ BIG + 1,	MIB - 1, 0,	0,		false },	/* several windows */
};

START_TEST(keeps_the_bytes)
{
	const size_t len = puts_[_i].len;
	const struct rig_put how = { puts_[_i].expected, puts_[_i].sha256, puts_[_i].chunk };
	uint8_t *p = rig_bytes(len, 1, puts_[_i].shift), sha256[32];
	const char *dir = rig_dir();
	char path[VAULT_PATH_MAX];
	struct digest want = digest_of(p, len);
	struct rig_result res;
	enum vault_verdict verdict;
	struct stat st;
	uint64_t size;
	struct vault *v;
	uv_loop_t loop;

	uv_loop_init(&loop);
	v = open_or_fail(&loop, dir, 0);
	res = rig_put(&loop, v, &how, p, len);
	ck_assert_msg(res.r == 0, "%s", res.e.msg);
	ck_assert(digest_equal(&res.sealed.address, &want));
	ck_assert_uint_eq(res.sealed.size, len);
	ck_assert(!res.sealed.existed);
	ck_assert_int_eq(res.sealed.has_sha256, puts_[_i].sha256);
	SHA256(p, len, sha256);
	if (puts_[_i].sha256)
		ck_assert_mem_eq(res.sealed.sha256, sha256, sizeof(sha256));

	ck_assert_int_eq(vault_path(dir, &want, path, sizeof(path)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0440);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_le(st.st_blocks * 512, (blkcnt_t)len + 64 * KIB);
	ck_assert_int_eq(vault_check(dir, &want, &verdict, &size, NULL), 0);
	ck_assert_int_eq(verdict, VAULT_WHOLE);
	ck_assert_uint_eq(size, len);

	/* Again: the same blob, nothing new. */
	res = rig_put(&loop, v, &how, p, len);
	ck_assert_int_eq(res.r, 0);
	ck_assert(res.sealed.existed);
	ck_assert(digest_equal(&res.sealed.address, &want));
	ck_assert_uint_eq(rig_count(dir).whole, 1);
	ck_assert_uint_eq(rig_count(dir).foreign, 0);
	vault_close(v);
	rig_end_loop(&loop);
	rig_free_bytes(p, puts_[_i].shift);
	rig_clean();
}
END_TEST

/* Sixteen at once, half of them with the same bytes, by two processes' worth of stores. */
START_TEST(keeps_many_at_once)
{
	enum { N = 16, LEN = 300 * KIB };
	const char *dir = rig_dir();
	struct rig_result res[N] = { 0 };
	uint8_t *p[N];
	struct vault *v[2];
	uv_loop_t loop;

	uv_loop_init(&loop);
	v[0] = open_or_fail(&loop, dir, 0);
	v[1] = open_or_fail(&loop, dir, 0);
	for (int i = 0; i < N; i++) {
		p[i] = rig_bytes(LEN, (unsigned)i / 2, 0);
		ck_assert_int_eq(vault_store(v[i % 2], p[i], LEN, rig_seal_cb, &res[i], NULL), 0);
	}
	for (int i = 0; i < N; i++)
		rig_wait(&loop, &res[i], 1);
	for (int i = 0; i < N; i += 2) {
		ck_assert_int_eq(res[i].r, 0);
		ck_assert_int_eq(res[i + 1].r, 0);
		ck_assert_int_eq(res[i].sealed.existed + res[i + 1].sealed.existed, 1);
	}
	ck_assert_uint_eq(rig_count(dir).whole, N / 2);
	vault_close(v[0]);
	vault_close(v[1]);
	rig_end_loop(&loop);
	for (int i = 0; i < N; i++)
		rig_free_bytes(p[i], 0);
	rig_clean();
}
END_TEST

/* ------ something else under that name ------ */

static void place_short(const char *path)
{
	ck_assert_int_eq(truncate(path, 100), 0);
}

static void place_symlink(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
}

static void place_directory(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void place_fifo(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void (*const imposters[])(const char *path) = {
	place_short, place_symlink, place_directory, place_fifo,
};

START_TEST(refuses_an_imposter)
{
	const char *dir = rig_dir();
	uint8_t *p = rig_bytes(5000, 2, 0);
	const struct digest address = digest_of(p, 5000);
	const struct rig_put how = { .chunk = MIB };
	char path[VAULT_PATH_MAX], hex[DIGEST_HEX_SIZE];
	struct rig_result res, has = { 0 };
	enum vault_verdict verdict;
	struct stat before, after;
	uint64_t size;
	struct vault *v;
	uv_loop_t loop;

	uv_loop_init(&loop);
	v = open_or_fail(&loop, dir, 0);
	ck_assert_int_eq(rig_put(&loop, v, &how, p, 5000).r, 0);
	ck_assert_int_eq(vault_has(v, &address, 5000, rig_cb, &has), 0);
	rig_wait(&loop, &has, 1);
	ck_assert_int_eq(has.r, 1);
	ck_assert_int_eq(vault_path(dir, &address, path, sizeof(path)), 0);
	ck_assert_int_eq(chmod(path, 0640), 0);	/* or only root could damage it */
	imposters[_i](path);
	ck_assert_int_eq(lstat(path, &before), 0);

	res = rig_put(&loop, v, &how, p, 5000);
	ck_assert_int_eq(res.r, -EUCLEAN);
	ck_assert_ptr_nonnull(strstr(res.e.msg, digest_hex(&address, hex)));
	ck_assert_ptr_nonnull(strstr(res.e.msg, "vaultctl verify"));
	ck_assert_int_eq(lstat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(vault_has(v, &address, 5000, rig_cb, &has), 0);
	rig_wait(&loop, &has, 2);
	ck_assert_int_eq(has.r, 0);
	ck_assert_int_eq(vault_check(dir, &address, &verdict, &size, NULL), 0);
	ck_assert_int_eq(verdict, VAULT_DAMAGED);
	vault_close(v);
	rig_end_loop(&loop);
	rig_free_bytes(p, 0);
	rig_clean();
}
END_TEST

START_TEST(makes_blobs_immutable)
{
	const char *dir = rig_dir();
	uint8_t *p = rig_bytes(5000, 3, 0);
	const struct digest address = digest_of(p, 5000);
	const struct rig_put how = { .chunk = MIB };
	char path[VAULT_PATH_MAX];
	int fd, flags = 0;
	struct vault *v;
	uv_loop_t loop;

	uv_loop_init(&loop);
	v = open_or_fail(&loop, dir, VAULT_IMMUTABLE);
	ck_assert_int_eq(rig_put(&loop, v, &how, p, 5000).r, 0);
	vault_close(v);
	ck_assert_int_eq(vault_path(dir, &address, path, sizeof(path)), 0);
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, FS_IOC_GETFLAGS, &flags), 0);
	if (geteuid() != 0) {
		printf("skipped: only root may set the immutable attribute\n");
	} else {
		ck_assert(flags & FS_IMMUTABLE_FL);
		ck_assert_int_eq(unlink(path), -1);
		ck_assert_int_eq(errno, EPERM);

		/* A blob that lost it gets it back when its bytes come again. */
		flags &= ~FS_IMMUTABLE_FL;
		ck_assert_int_eq(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
		v = open_or_fail(&loop, dir, VAULT_IMMUTABLE);
		ck_assert(rig_put(&loop, v, &how, p, 5000).sealed.existed);
		ck_assert_int_eq(ioctl(fd, FS_IOC_GETFLAGS, &flags), 0);
		ck_assert(flags & FS_IMMUTABLE_FL);
		vault_close(v);
	}
	close(fd);
	rig_end_loop(&loop);
	rig_free_bytes(p, 0);
	rig_clean();
}
END_TEST

/* ------ disks that fail ------ */

struct failing {
	struct rig_fault fault;
	int want;		/* what the put reports */
	uint64_t expected;
	size_t chunk;		/* one that is not aligned goes through the page cache */
	unsigned blobs;		/* whole ones that are there afterwards */
	const char *dir;
};

/* openat's flags are argument 2; O_TMPFILE has O_DIRECTORY in it. */
#define NEW_BLOB	.arg = 2, .mask = O_TMPFILE & ~O_DIRECTORY

static const struct failing failing[] = {
	{ { .call = SYS_openat, .error = EROFS, NEW_BLOB }, -EROFS, 0, MIB, 0, NULL },
	{ { .call = SYS_openat, .error = EMFILE, NEW_BLOB }, -EMFILE, 0, MIB, 0, NULL },
	{ { .call = SYS_openat, .error = EIO, NEW_BLOB }, -EIO, 4096, MIB, 0, NULL },
	{ { .call = SYS_fallocate, .error = ENOSPC }, -ENOSPC, BIG, MIB, 0, NULL },
	{ { .call = SYS_fallocate, .error = EDQUOT }, -EDQUOT, BIG, MIB, 0, NULL },
	{ { .call = SYS_pwrite64, .error = EIO }, -EIO, BIG, MIB, 0, NULL },
	{ { .call = SYS_pwrite64, .error = ENOSPC }, -ENOSPC, 0, MIB, 0, NULL },
	{ { .call = SYS_pwrite64, .error = EINVAL }, -EINVAL, 0, MIB, 0, NULL },
	{ { .call = SYS_pwrite64, .error = EIO }, -EIO, 0, MIB - 1, 0, NULL },
	{ { .call = SYS_fcntl, .error = EINVAL, .arg = 2, .mask = O_LARGEFILE }, -EINVAL, 0, MIB - 1, 0,
	  NULL },
	{ { .call = SYS_sync_file_range, .error = EIO }, -EIO, 0, MIB - 1, 0, NULL },
	{ { .call = SYS_ftruncate, .error = EIO }, -EIO, BIG, MIB, 0, NULL },
	{ { .call = SYS_fchmod, .error = EROFS }, -EROFS, BIG, MIB, 0, NULL },
	{ { .call = SYS_fsync, .error = EIO }, -EIO, BIG, MIB, 0, NULL },
	{ { .call = SYS_mkdirat, .error = ENOSPC }, -ENOSPC, 0, MIB, 0, NULL },
	{ { .call = SYS_linkat, .error = ENOSPC }, -ENOSPC, 0, MIB, 0, NULL },
	{ { .call = SYS_linkat, .error = EROFS }, -EROFS, 0, MIB, 0, NULL },
	/* Not failures: the file system cannot do it, and another way is taken. */
	{ { .call = SYS_fallocate, .error = EOPNOTSUPP }, 0, BIG, MIB, 1, NULL },
	{ { .call = SYS_openat, .error = EINVAL, .arg = 2, .mask = O_DIRECT }, 0, 0, MIB, 1, NULL },
	{ { .call = SYS_ioctl, .error = EPERM }, 0, 0, MIB, 1, NULL },
};

static int put_on_failing(const void *arg)
{
	const struct failing *f = arg;
	const struct rig_put how = { .expected_size = f->expected, .chunk = f->chunk };
	uint8_t *p = rig_bytes(BIG, 4, 0);
	struct rig_result res;
	struct vault *v;
	uv_loop_t loop;

	uv_loop_init(&loop);
	RIG_WANT(vault_open(&loop, f->dir, VAULT_IMMUTABLE, &v, NULL) == 0);
	rig_break(&f->fault);
	res = rig_put(&loop, v, &how, p, BIG);
	if (res.r != f->want)
		fprintf(stderr, "%d, wanted %d: %s\n", res.r, f->want, res.e.msg);
	RIG_WANT(res.r == f->want);
	RIG_WANT(res.r == 0 || strstr(res.e.msg, f->dir) != NULL);
	vault_close(v);
	uv_run(&loop, UV_RUN_DEFAULT);
	rig_free_bytes(p, 0);
	return 0;
}

START_TEST(fails_clean)
{
	struct failing f = failing[_i];
	uint8_t *p = rig_bytes(BIG, 4, 0);
	const struct rig_put how = { .chunk = MIB };
	struct rig_census census;
	struct vault *v;
	uv_loop_t loop;

	f.dir = rig_dir();
	ck_assert_int_eq(rig_in_child(put_on_failing, &f), 0);
	census = rig_count(f.dir);
	ck_assert_uint_eq(census.whole, f.blobs);
	ck_assert_uint_eq(census.damaged + census.foreign, 0);

	/* The disk is well again. */
	uv_loop_init(&loop);
	v = open_or_fail(&loop, f.dir, 0);
	ck_assert_int_eq(rig_put(&loop, v, &how, p, BIG).r, 0);
	ck_assert_uint_eq(rig_count(f.dir).whole, 1);
	vault_close(v);
	rig_end_loop(&loop);
	rig_free_bytes(p, 0);
	rig_clean();
}
END_TEST

/* A real disk of 1 MiB: full, emptied, read-only, writable. */
static int on_a_small_disk(const void *arg)
{
	const char *dir = arg;
	const struct rig_put unknown = { .chunk = 64 * KIB };
	const struct rig_put known = { .chunk = 64 * KIB, .expected_size = 2 * MIB };
	uint8_t *p = rig_bytes(2 * MIB, 5, 0);
	struct vault *v, *none = NULL;
	struct rig_census census;
	struct rig_result res;
	struct err e;
	uv_loop_t loop;

	uv_loop_init(&loop);
	RIG_WANT(vault_open(&loop, dir, 0, &v, &e) == 0);
	res = rig_put(&loop, v, &known, p, 2 * MIB);
	RIG_WANT(res.r == -ENOSPC && strstr(res.e.msg, "free space") != NULL);
	RIG_WANT(rig_put(&loop, v, &unknown, p, 2 * MIB).r == -ENOSPC);
	census = rig_count(dir);
	RIG_WANT(census.whole + census.damaged + census.foreign == 0);
	RIG_WANT(rig_put(&loop, v, &unknown, p, 512 * KIB).r == 0);
	RIG_WANT(rig_put(&loop, v, &unknown, p, 768 * KIB).r == -ENOSPC);
	RIG_WANT(rig_put(&loop, v, &unknown, p, 128 * KIB).r == 0);
	RIG_WANT(rig_count(dir).whole == 2);

	RIG_WANT(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, "size=1m") == 0);
	RIG_WANT(rig_put(&loop, v, &unknown, p, 1000).r == -EROFS);
	RIG_WANT(vault_open(&loop, dir, 0, &none, &e) == -EROFS && none == NULL);
	RIG_WANT(strstr(e.msg, dir) != NULL);
	RIG_WANT(rig_count(dir).whole == 2);
	RIG_WANT(mount(NULL, dir, NULL, MS_REMOUNT, "size=1m") == 0);
	RIG_WANT(rig_put(&loop, v, &unknown, p, 1000).r == 0);
	vault_close(v);
	uv_run(&loop, UV_RUN_DEFAULT);
	rig_free_bytes(p, 0);
	return 0;
}

START_TEST(survives_a_full_disk)
{
	rig_on_small_disk(on_a_small_disk);
}
END_TEST

/* ------ stores that cannot be ------ */

static int on_a_disk_without(const void *arg)
{
	const struct rig_fault no_tmpfile = { .call = SYS_openat, .error = EOPNOTSUPP, NEW_BLOB };
	struct vault *v = NULL;
	uv_loop_t loop;
	struct err e;

	uv_loop_init(&loop);
	rig_break(&no_tmpfile);
	RIG_WANT(vault_open(&loop, arg, 0, &v, &e) == -EOPNOTSUPP);
	RIG_WANT(v == NULL);
	RIG_WANT(strstr(e.msg, "ext4, xfs or btrfs") != NULL);
	return 0;
}

START_TEST(refuses_a_disk_without_unnamed_files)
{
	ck_assert_int_eq(rig_in_child(on_a_disk_without, rig_dir()), 0);
	rig_clean();
}
END_TEST

START_TEST(refuses_what_cannot_be_a_store)
{
	char dir[VAULT_PATH_MAX], *huge = malloc(2000);
	struct vault *v = NULL;
	uv_loop_t loop;
	struct err e;

	uv_loop_init(&loop);
	memset(huge, 'x', 1999);
	huge[1999] = '\0';
	ck_assert_int_eq(vault_open(&loop, huge, 0, &v, &e), -ENAMETOOLONG);
	snprintf(dir, sizeof(dir), "%s/no/such", rig_dir());
	ck_assert_int_eq(vault_open(&loop, dir, 0, &v, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, dir));
	ck_assert_int_eq(vault_open(&loop, "/dev/null", 0, &v, &e), -ENOTDIR);
	ck_assert_ptr_null(v);

	/* Missing itself, but not its parent: made. */
	*strstr(dir, "/such") = '\0';
	v = open_or_fail(&loop, dir, 0);
	vault_close(v);
	free(huge);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

/* ------ a vault that is taken away ------ */

START_TEST(reports_nothing_that_cannot_be_found_again)
{
	static const struct rig_put whole = { 0, false, MIB };
	char dir[VAULT_PATH_MAX], moved[VAULT_PATH_MAX];
	uint8_t *p = rig_bytes(3000, 7, 0);
	struct rig_result res = { 0 };
	struct vault_sealed there;
	struct vault *v;
	uv_loop_t loop;

	uv_loop_init(&loop);
	snprintf(dir, sizeof(dir), "%s/vault", rig_dir());
	snprintf(moved, sizeof(moved), "%s/moved", rig_dir());
	v = open_or_fail(&loop, dir, 0);
	res = rig_put(&loop, v, &whole, p, 1000);
	ck_assert_int_eq(res.r, 0);
	there = res.sealed;

	/* Gone, and then something else of that name. */
	ck_assert_int_eq(rename(dir, moved), 0);
	ck_assert_int_eq(rig_put(&loop, v, &whole, p, 2000).r, -ESTALE);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	res = rig_put(&loop, v, &whole, p, 2000);
	ck_assert_int_eq(res.r, -ESTALE);
	ck_assert_ptr_nonnull(strstr(res.e.msg, dir));
	memset(&res, 0, sizeof(res));
	ck_assert_int_eq(vault_has(v, &there.address, there.size, rig_cb, &res), 0);
	rig_wait(&loop, &res, 1);
	ck_assert_int_eq(res.r, -ESTALE);
	ck_assert_uint_eq(rig_count(moved).whole, 1);

	/* Put back, it goes on. */
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(rename(moved, dir), 0);
	ck_assert_int_eq(rig_put(&loop, v, &whole, p, 2000).r, 0);
	ck_assert_uint_eq(rig_count(dir).whole, 2);
	vault_close(v);
	rig_free_bytes(p, 0);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

/* One that is taken away while the bytes come is not reported either. */
START_TEST(looks_again_before_it_reports)
{
	char dir[VAULT_PATH_MAX], moved[VAULT_PATH_MAX];
	uint8_t *p = rig_bytes(3000, 7, 0);
	struct rig_result wrote = { 0 }, sealed = { 0 };
	struct vault_put_options o = { 0 };
	struct vault_put *put;
	struct vault *v;
	uv_loop_t loop;

	uv_loop_init(&loop);
	snprintf(dir, sizeof(dir), "%s/vault", rig_dir());
	snprintf(moved, sizeof(moved), "%s/moved", rig_dir());
	v = open_or_fail(&loop, dir, 0);
	ck_assert_int_eq(vault_put_new(v, &o, &put, NULL), 0);
	ck_assert_int_eq(vault_put_write(put, p, 3000, rig_cb, &wrote), 0);
	rig_wait(&loop, &wrote, 1);
	ck_assert_int_eq(wrote.r, 0);
	ck_assert_int_eq(rename(dir, moved), 0);
	vault_put_seal(put, rig_seal_cb, &sealed);
	rig_wait(&loop, &sealed, 1);
	ck_assert_int_eq(sealed.r, -ESTALE);
	vault_close(v);
	rig_free_bytes(p, 0);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, keeps_the_bytes, 0, (int)COUNT(puts_));
	tcase_add_test(tc, keeps_many_at_once);
	tcase_add_loop_test(tc, refuses_an_imposter, 0, (int)COUNT(imposters));
	tcase_add_test(tc, makes_blobs_immutable);
	tcase_add_test(tc, refuses_what_cannot_be_a_store);
	tcase_add_test(tc, reports_nothing_that_cannot_be_found_again);
	tcase_add_test(tc, looks_again_before_it_reports);
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test(tc, fails_clean, 0, (int)COUNT(failing));
	tcase_add_test(tc, survives_a_full_disk);
	tcase_add_test(tc, refuses_a_disk_without_unnamed_files);
}

int main(void)
{
	return suite_main_with("vault_local", fill, fill_alone);
}
