#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"
#include "vault/vault_keep.h"

enum { MIB = 1024 * 1024 };

/* Below the rig's folder: two stores. */
static const char *store(const char *top, const char *name)
{
	static char paths[3][VAULT_PATH_MAX];
	char *path = paths[name[0] - 'a'];

	snprintf(path, VAULT_PATH_MAX, "%s/%s", top, name);
	return path;
}

static const char *path_of(const char *dir, const struct digest *address)
{
	static char path[VAULT_PATH_MAX];

	ck_assert_int_eq(vault_path(dir, address, path, sizeof(path)), 0);
	return path;
}

static void flip(const char *dir, const struct digest *address, off_t at)
{
	int fd;
	uint8_t byte;

	ck_assert_int_eq(chmod(path_of(dir, address), 0640), 0);
	fd = open(path_of(dir, address), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* ------ re-reading ------ */

/* Around a block, around the ring, and around what direct I/O takes. */
static const size_t sizes[] = {
	0, 1, 4095, 4096, 4097, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 4096, 3 * MIB + 4097,
	8 * MIB, 9 * MIB, 17 * MIB + 5,
};

static void digest_by(const EVP_MD *md, const uint8_t *p, size_t len, uint8_t ret[32])
{
	ck_assert_int_eq(EVP_Digest(p, len, ret, NULL, md, NULL), 1);
}

struct paced {
	int calls, stop_at;
};

static int pace(void *data, size_t len)
{
	struct paced *p = data;

	ck_assert_uint_le(len, MIB + VAULT_ALIGN);
	return ++p->calls == p->stop_at ? -ECANCELED : 0;
}

START_TEST(reads_all_of_it)
{
	const char *dir = rig_dir();
	const size_t len = sizes[_i];
	const struct digest address = rig_blob(dir, 3, len);
	struct paced paced = { 0, 0 };
	const struct vault_reading how = { .digests = true, .pace = pace, .data = &paced };
	struct vault_read read;
	uint8_t want[32], *p = rig_bytes(len, 3, 0);
	struct err e;

	ck_assert_int_eq(vault_reread(dir, &address, &how, &read, &e), 0);
	ck_assert(read.verdict == VAULT_WHOLE && read.size == len && read.has_digests);
	ck_assert(digest_equal(&read.found, &address));
	digest_by(EVP_sha256(), p, len, want);
	ck_assert_mem_eq(read.sha256, want, sizeof(want));
	digest_by(EVP_sm3(), p, len, want);
	ck_assert_mem_eq(read.sm3, want, sizeof(want));
	ck_assert_int_ge(paced.calls, (int)(len / MIB));

	ck_assert_int_eq(vault_reread(dir, &address, NULL, &read, &e), 0);
	ck_assert(read.verdict == VAULT_WHOLE && read.size == len && !read.has_digests);
	if (len > 0) {
		flip(dir, &address, (off_t)len - 1);
		ck_assert_int_eq(vault_reread(dir, &address, NULL, &read, &e), 0);
		ck_assert(read.verdict == VAULT_DAMAGED && read.size == len);
		ck_assert(!digest_equal(&read.found, &address));
	}
	rig_free_bytes(p, 0);
	rig_clean();
}
END_TEST

/* Wherever it is stopped, nothing is said of it. */
START_TEST(stops_when_told)
{
	const char *dir = rig_dir();
	const struct digest address = rig_blob(dir, 3, 12 * MIB);
	struct paced paced = { 0, _i };
	const struct vault_reading how = { .pace = pace, .data = &paced };
	struct vault_read read = { .size = 42 };
	struct err e;

	ck_assert_int_eq(vault_reread(dir, &address, &how, &read, &e), -ECANCELED);
	ck_assert_uint_eq(read.size, 42);
	ck_assert_int_eq(paced.calls, _i);
	rig_clean();
}
END_TEST

/* ------ copies ------ */

START_TEST(copies_a_blob)
{
	const char *top = rig_dir(), *a = store(top, "a"), *b = store(top, "b");
	const size_t len = sizes[_i];
	const struct digest address = rig_blob(a, 1, len);
	const struct vault_reading how = { .digests = true };
	struct vault_keep *k = NULL;
	struct vault_read read = { .size = 42 };
	struct stat st;
	struct err e;

	ck_assert_int_eq(vault_keep_open(b, 0, &k, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "mounted"));
	ck_assert_int_eq(vault_keep_make(b, &e), 0);
	ck_assert_int_eq(vault_keep_make(b, &e), 0);
	ck_assert_int_eq(vault_keep_open(b, 0, &k, &e), 0);
	ck_assert_msg(vault_keep_copy(k, a, &address, &how, &read, &e) == 0, "%s", e.msg);
	ck_assert(read.verdict == VAULT_WHOLE && read.size == len && read.has_digests);
	ck_assert_int_eq(stat(path_of(b, &address), &st), 0);
	ck_assert(st.st_size == (off_t)len && (st.st_mode & 0777) == 0440);
	ck_assert_uint_eq(rig_count(b).whole, 1);
	/* Again: it is there. */
	ck_assert_int_eq(vault_keep_copy(k, a, &address, NULL, &read, &e), 0);
	ck_assert(read.verdict == VAULT_WHOLE);
	vault_keep_close(k);
	vault_keep_close(NULL);
	rig_clean();
}
END_TEST

START_TEST(copies_nothing_bad)
{
	const char *top = rig_dir(), *a = store(top, "a"), *b = store(top, "b");
	const struct digest address = rig_blob(a, 1, 3 * MIB), none = digest_of("none", 4);
	struct vault_keep *k = NULL;
	struct vault_read read;
	struct err e;

	ck_assert_int_eq(vault_keep_make(b, &e), 0);
	ck_assert_int_eq(vault_keep_open(b, 0, &k, &e), 0);
	ck_assert_int_eq(vault_keep_copy(k, a, &none, NULL, &read, &e), 0);
	ck_assert(read.verdict == VAULT_MISSING);
	flip(a, &address, 2 * MIB);
	ck_assert_int_eq(vault_keep_copy(k, a, &address, NULL, &read, &e), 0);
	ck_assert(read.verdict == VAULT_DAMAGED && read.size == 3 * MIB);
	ck_assert_int_eq(access(path_of(b, &address), F_OK), -1);
	flip(a, &address, 2 * MIB);
	/* What has its name there is not written over. */
	ck_assert_int_eq(vault_keep_copy(k, a, &address, NULL, &read, &e), 0);
	flip(b, &address, 7);
	ck_assert_int_eq(vault_keep_copy(k, a, &address, NULL, &read, &e), -EUCLEAN);
	ck_assert_uint_eq(rig_count(b).damaged, 1);
	vault_keep_close(k);
	rig_clean();
}
END_TEST

/* What is lost with the first is no second copy, and is not moved out of its way either. */
START_TEST(one_file_is_no_copy)
{
	const char *top = rig_dir(), *a = store(top, "a"), *b = store(top, "b"), *c = store(top, "c");
	const struct digest address = rig_blob(a, 1, MIB), linked = rig_blob(a, 2, MIB);
	struct vault_keep *k = NULL, *same = NULL;
	struct vault_read read;
	char path[VAULT_PATH_MAX];
	struct err e;

	ck_assert_int_eq(vault_keep_make(b, &e), 0);
	ck_assert_int_eq(vault_keep_open(b, 0, &k, &e), 0);
	ck_assert_int_eq(vault_keep_copy(k, a, &linked, NULL, &read, &e), 0);
	snprintf(path, sizeof(path), "%s", path_of(b, &linked));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(link(path_of(a, &linked), path), 0);
	ck_assert_int_eq(vault_keep_copy(k, a, &linked, NULL, &read, &e), -EMLINK);
	ck_assert_ptr_nonnull(strstr(e.msg, "another disk"));
	vault_keep_close(k);
	ck_assert_int_eq(symlink(a, c), 0);
	ck_assert_int_eq(vault_keep_open(c, 0, &same, &e), 0);
	ck_assert_int_eq(vault_keep_copy(same, a, &address, NULL, &read, &e), -EMLINK);
	ck_assert_uint_eq(rig_count(a).whole, 2);
	vault_keep_close(same);
	rig_clean();
}
END_TEST

START_TEST(keeps_bytes)
{
	const char *dir = rig_dir(), *b = store(dir, "b");
	struct digest address;
	struct vault_keep *k = NULL;
	struct err e;

	ck_assert_int_eq(vault_keep_make(b, &e), 0);
	ck_assert_int_eq(vault_keep_open(b, 0, &k, &e), 0);
	ck_assert_int_eq(vault_keep_bytes(k, "abc", 3, &address, &e), 0);
	ck_assert_uint_eq(rig_count(b).whole, 1);
	ck_assert_int_eq(vault_keep_bytes(k, "abc", 3, &address, &e), 0);
	flip(b, &address, 1);
	ck_assert_int_eq(vault_keep_bytes(k, "abc", 3, &address, &e), -EUCLEAN);
	vault_keep_close(k);
	rig_clean();
}
END_TEST

/* ------ what fails ------ */

static const struct {
	struct rig_fault f;
	int want;
} faults[] = {
	{ { .call = SYS_pwrite64, .error = ENOSPC }, -ENOSPC },
	{ { .call = SYS_pwrite64, .error = EIO }, -EIO },
	{ { .call = SYS_pwrite64, .error = EDQUOT }, -EDQUOT },
	{ { .call = SYS_fsync, .error = EIO }, -EIO },
	{ { .call = SYS_linkat, .error = ENOSPC }, -ENOSPC },
	{ { .call = SYS_mkdirat, .error = EROFS }, -EROFS },
	{ { .call = SYS_pread64, .error = EIO }, -EREMOTEIO },
};

struct broken {
	const struct rig_fault *f;
	const char *a;
	const struct digest *address;
	struct vault_keep *k;
	int want;
};

static int copy_broken(const void *arg)
{
	const struct broken *b = arg;
	struct vault_read read = { .size = 42 };
	struct err e = { 0 };
	int r;

	rig_break(b->f);
	r = vault_keep_copy(b->k, b->a, b->address, NULL, &read, &e);
	RIG_WANT(r == b->want && e.code == b->want);
	RIG_WANT(e.msg[0] != '\0' && read.size == 42);
	return 0;
}

START_TEST(fails_and_leaves_nothing)
{
	const char *top = rig_dir(), *a = store(top, "a"), *b = store(top, "b");
	const struct digest address = rig_blob(a, 1, 3 * MIB + 5);
	struct broken broken = { &faults[_i].f, a, &address, NULL, faults[_i].want };
	struct vault_read read;
	struct err e;

	ck_assert_int_eq(vault_keep_make(b, &e), 0);
	ck_assert_int_eq(vault_keep_open(b, 0, &broken.k, &e), 0);
	ck_assert_int_eq(rig_in_child(copy_broken, &broken), 0);
	ck_assert_int_eq(access(path_of(b, &address), F_OK), -1);
	ck_assert_int_eq(vault_keep_copy(broken.k, a, &address, NULL, &read, &e), 0);
	ck_assert(read.verdict == VAULT_WHOLE);
	vault_keep_close(broken.k);
	rig_clean();
}
END_TEST

/* A disk that does not have the room: nothing of it is seen. */
static int copy_to_small(const void *arg)
{
	const char *dir = arg;
	char a[VAULT_PATH_MAX], b[VAULT_PATH_MAX];
	struct digest address;
	struct vault_keep *k = NULL;
	struct vault_read read;
	struct err e;

	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	address = rig_blob(a, 1, 600 * 1024);
	RIG_WANT(vault_keep_make(b, &e) == 0 && vault_keep_open(b, 0, &k, &e) == 0);
	RIG_WANT(vault_keep_copy(k, a, &address, NULL, &read, &e) == -ENOSPC);
	RIG_WANT(strstr(e.msg, "free space") != NULL);
	RIG_WANT(access(path_of(b, &address), F_OK) == -1);
	vault_keep_close(k);
	return 0;
}

START_TEST(needs_room)
{
	rig_on_small_disk(copy_to_small);
}
END_TEST

/* ------ aside ------ */

START_TEST(sets_aside_and_writes_over_nothing)
{
	const char *dir = rig_dir();
	char name[VAULT_ASIDE_NAME], path[VAULT_PATH_MAX], hex[DIGEST_HEX_SIZE], want[VAULT_ASIDE_NAME];
	struct digest address;
	int i, fd, flags;
	struct err e;

	for (i = 1; i <= 3; i++) {
		address = rig_blob(dir, 1, 5000);
		digest_hex(&address, hex);
		flags = FS_IMMUTABLE_FL;
		fd = open(path_of(dir, &address), O_RDONLY | O_CLOEXEC);
		if (i == 2 && ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
			printf("skipped: only root may set the immutable attribute\n");
		close(fd);
		ck_assert_msg(vault_set_aside(dir, &address, name, &e) == 0, "%s", e.msg);
		ck_assert_int_lt(snprintf(want, sizeof(want), "%s.%d", hex, i), (int)sizeof(want));
		ck_assert_str_eq(name, want);
		snprintf(path, sizeof(path), "%s/aside/%s", dir, name);
		ck_assert_int_eq(access(path, F_OK), 0);
		ck_assert_int_eq(access(path_of(dir, &address), F_OK), -1);
	}
	ck_assert_int_eq(vault_set_aside(dir, &address, name, &e), 0);
	ck_assert_str_eq(name, "");
	/* What is no file is kept as what it is; and nothing of it is foreign. */
	ck_assert_int_eq(mkdir(path_of(dir, &address), 0700), 0);
	ck_assert_int_eq(vault_set_aside(dir, &address, name, &e), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path_of(dir, &address)), 0);
	ck_assert_int_eq(vault_set_aside(dir, &address, name, &e), 0);
	snprintf(want, sizeof(want), "%s.5", hex);
	ck_assert_str_eq(name, want);
	ck_assert_uint_eq(rig_count(dir).foreign, 0);
	ck_assert_int_eq(vault_set_aside("/nonexistent", &address, name, &e), -ENOENT);
	rig_clean();
}
END_TEST

static const struct rig_fault aside_faults[] = {
	{ .call = SYS_renameat2, .error = EIO },
	{ .call = SYS_mkdirat, .error = EROFS },
	{ .call = SYS_fsync, .error = EIO },
};

static int aside_broken(const void *arg)
{
	const struct broken *b = arg;
	char name[VAULT_ASIDE_NAME] = "x";
	struct err e;

	rig_break(b->f);
	RIG_WANT(vault_set_aside(b->a, b->address, name, &e) == b->want);
	RIG_WANT(strcmp(name, "x") == 0);
	return 0;
}

/* Where it fails the bytes are in one of the two places, and it can be done again. */
START_TEST(keeps_what_it_cannot_set_aside)
{
	const char *dir = rig_dir();
	const struct digest address = rig_blob(dir, 1, 5000);
	const struct broken broken = { &aside_faults[_i], dir, &address, NULL,
				       -aside_faults[_i].error };
	char name[VAULT_ASIDE_NAME], path[VAULT_PATH_MAX], hex[DIGEST_HEX_SIZE];
	struct err e;

	ck_assert_int_eq(rig_in_child(aside_broken, &broken), 0);
	ck_assert_int_eq(vault_set_aside(dir, &address, name, &e), 0);
	snprintf(path, sizeof(path), "%s/aside/%s.1", dir, digest_hex(&address, hex));
	ck_assert_int_eq(access(path, F_OK), 0);
	rig_clean();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_all_of_it, 0, (int)COUNT(sizes));
	tcase_add_loop_test(tc, stops_when_told, 1, 12);
	tcase_add_loop_test(tc, copies_a_blob, 0, (int)COUNT(sizes));
	tcase_add_test(tc, copies_nothing_bad);
	tcase_add_test(tc, one_file_is_no_copy);
	tcase_add_test(tc, keeps_bytes);
	tcase_add_test(tc, sets_aside_and_writes_over_nothing);
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test(tc, fails_and_leaves_nothing, 0, (int)COUNT(faults));
	tcase_add_test(tc, needs_room);
	tcase_add_loop_test(tc, keeps_what_it_cannot_set_aside, 0, (int)COUNT(aside_faults));
}

int main(void)
{
	return suite_main_with("vault_keep", fill, fill_alone);
}
