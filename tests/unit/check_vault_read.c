#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"

enum { MIB = 1024 * 1024, LEN = 2 * MIB + 100 };

START_TEST(paths_have_one_shape)
{
	const struct digest d = digest_of("abc", 3);
	char path[VAULT_PATH_MAX], want[VAULT_PATH_MAX], *dir = malloc(VAULT_PATH_MAX);

	ck_assert_int_eq(vault_path("/v", &d, path, sizeof(path)), 0);
	/* b2sum -l 256 of "abc" */
	snprintf(want, sizeof(want), "/v/objects/bd/dd/%s",
		 "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	ck_assert_str_eq(path, want);
	ck_assert_int_eq(vault_path("/v", &d, path, strlen(want) + 1), 0);
	ck_assert_int_eq(vault_path("/v", &d, path, strlen(want)), -ENAMETOOLONG);
	memset(dir, 'v', VAULT_PATH_MAX - 1);
	dir[VAULT_PATH_MAX - 1] = '\0';
	ck_assert_int_eq(vault_path(dir, &d, path, sizeof(path)), -ENAMETOOLONG);
	free(dir);
}
END_TEST

/* ------ check ------ */

static void whole(const char *path) { (void)path; }
static void missing(const char *path) { ck_assert_int_eq(unlink(path), 0); }
static void shortened(const char *path) { ck_assert_int_eq(truncate(path, LEN - 1), 0); }
static void lengthened(const char *path) { ck_assert_int_eq(truncate(path, LEN + 1), 0); }

static void rotten(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	ck_assert_int_eq(pread(fd, &byte, 1, LEN - 1), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &byte, 1, LEN - 1), 1);
	close(fd);
}

static void linked(const char *path)
{
	char to[VAULT_PATH_MAX];

	snprintf(to, sizeof(to), "%s.moved", path);
	ck_assert_int_eq(rename(path, to), 0);
	ck_assert_int_eq(symlink(to, path), 0);	/* even to the right bytes */
}

static void folder(const char *path)
{
	missing(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void fifo(const char *path)
{
	missing(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static const struct {
	void (*happens)(const char *path);
	enum vault_verdict want;
	uint64_t size;
} fates[] = {
	{ whole,	VAULT_WHOLE,	LEN },
	{ missing,	VAULT_MISSING,	0 },
	{ rotten,	VAULT_DAMAGED,	LEN },
	{ shortened,	VAULT_DAMAGED,	LEN - 1 },
	{ lengthened,	VAULT_DAMAGED,	LEN + 1 },
	{ linked,	VAULT_DAMAGED,	0 },
	{ folder,	VAULT_DAMAGED,	0 },
	{ fifo,		VAULT_DAMAGED,	0 },
};

START_TEST(judges_by_the_bytes)
{
	const char *dir = rig_dir();
	const struct digest address = rig_blob(dir, 1, LEN);
	enum vault_verdict verdict = (enum vault_verdict)42;
	char path[VAULT_PATH_MAX];
	uint64_t size = 42;
	struct err e;

	ck_assert_int_eq(vault_path(dir, &address, path, sizeof(path)), 0);
	ck_assert_int_eq(chmod(path, 0640), 0);	/* or only root could damage it */
	fates[_i].happens(path);
	ck_assert_msg(vault_check(dir, &address, &verdict, &size, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(verdict, fates[_i].want);
	ck_assert_uint_eq(size, fates[_i].size);
	rig_clean();
}
END_TEST

static int check_unreadable(const void *arg)
{
	const struct rig_fault f = { .call = SYS_pread64, .error = EIO };
	const char *dir = arg;
	const struct digest address = rig_blob(dir, 1, LEN);
	enum vault_verdict verdict = (enum vault_verdict)42;
	uint64_t size = 42;
	struct err e;

	rig_break(&f);
	RIG_WANT(vault_check(dir, &address, &verdict, &size, &e) == -EIO);
	RIG_WANT(strstr(e.msg, "check the disk") != NULL);
	RIG_WANT((int)verdict == 42 && size == 42);
	return 0;
}

/* What could not be found out is no verdict. */
START_TEST(does_not_judge_what_it_cannot_read)
{
	const char *dir = rig_dir();
	const struct digest address = digest_of("", 0);
	enum vault_verdict verdict = (enum vault_verdict)42;
	uint64_t size = 42;
	struct err e;

	ck_assert_int_eq(rig_in_child(check_unreadable, dir), 0);
	ck_assert_int_eq(vault_check("/nonexistent", &address, &verdict, &size, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "mounted"));
	ck_assert_int_eq(verdict, 42);
	rig_clean();
}
END_TEST

/* By name and size alone: what the bytes are is not looked at. */
START_TEST(looks_at_names)
{
	const char *dir = rig_dir();
	const struct digest address = rig_blob(dir, 1, LEN), other = digest_of("other", 5);
	enum vault_verdict verdict;
	char path[VAULT_PATH_MAX];
	uint64_t size;
	struct err e;

	ck_assert_int_eq(vault_path(dir, &address, path, sizeof(path)), 0);
	ck_assert_int_eq(vault_look(dir, &address, &verdict, &size, &e), 0);
	ck_assert(verdict == VAULT_WHOLE && size == LEN);
	ck_assert_int_eq(vault_look(dir, &other, &verdict, &size, &e), 0);
	ck_assert(verdict == VAULT_MISSING && size == 0);
	ck_assert(chmod(path, 0640) == 0 && truncate(path, 3) == 0);
	ck_assert_int_eq(vault_look(dir, &address, &verdict, &size, &e), 0);
	ck_assert(verdict == VAULT_WHOLE && size == 3);
	ck_assert(unlink(path) == 0 && symlink("/dev/null", path) == 0);
	ck_assert_int_eq(vault_look(dir, &address, &verdict, &size, &e), 0);
	ck_assert(verdict == VAULT_DAMAGED && size == 0);
	verdict = (enum vault_verdict)42;
	ck_assert_int_eq(vault_look("/nonexistent", &address, &verdict, &size, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "mounted"));
	ck_assert_int_eq(verdict, 42);
	rig_clean();
}
END_TEST

/* ------ walk ------ */

enum { BLOBS = 5 };

struct seen {
	struct digest want[BLOBS];
	unsigned blobs, unknown, foreign, stop_after;
	char paths[4096];
};

static int see_blob(void *data, const struct digest *address, uint64_t size)
{
	struct seen *s = data;
	unsigned i;

	for (i = 0; i < BLOBS && !digest_equal(address, &s->want[i]); i++)
		;
	if (i == BLOBS || size != 100 + i)
		s->unknown++;
	s->blobs++;
	return s->blobs == s->stop_after ? 7 : 0;
}

static int see_foreign(void *data, const char *path)
{
	struct seen *s = data;
	size_t n = strlen(s->paths);

	s->foreign++;
	snprintf(s->paths + n, sizeof(s->paths) - n, "%s\n", path);
	return 0;
}

/* Names that are no blobs. */
static const struct { const char *path; char kind; } strangers[] = {
	{ "lost+found", 'd' }, { "README", 'f' }, { "abc", 'd' }, { "AB", 'd' }, { "zz", 'd' },
	{ "ff", 'd' }, { "ff/note", 'f' }, { "ff/x", 'd' }, { "ee", 'l' },
	{ "ff/ff", 'd' }, { "ff/ff/short", 'f' }, { "ff/ee", 'f' },
	{ "ff/ff/ffff000000000000000000000000000000000000000000000000000000000000", 'd' },
	{ "ff/ff/ffff000000000000000000000000000000000000000000000000000000000001", 'l' },
	{ "ff/ff/ffee000000000000000000000000000000000000000000000000000000000002", 'f' },
	{ "ff/ff/FFFF000000000000000000000000000000000000000000000000000000000003", 'f' },
	{ "ff/ff/ffff0000000000000000000000000000000000000000000000000000000000045", 'f' },
};
enum { GOOD_DIRS = 2 };		/* "ff" and "ff/ff" are as they should be */

START_TEST(walks_over_everything)
{
	struct seen s = { 0 }, some = { .stop_after = 2 };
	const char *dir = rig_dir();
	char path[VAULT_PATH_MAX];
	int fd;

	for (unsigned i = 0; i < BLOBS; i++)
		s.want[i] = some.want[i] = rig_blob(dir, i, 100 + i);
	ck_assert_int_eq(vault_walk(dir, see_blob, see_foreign, &s, NULL), 0);
	ck_assert_uint_eq(s.blobs, BLOBS);
	ck_assert_uint_eq(s.foreign, 0);

	for (size_t i = 0; i < COUNT(strangers); i++) {
		snprintf(path, sizeof(path), "%s/objects/%s", dir, strangers[i].path);
		if (strangers[i].kind == 'd') {
			ck_assert_int_eq(mkdir(path, 0700), 0);
		} else if (strangers[i].kind == 'l') {
			ck_assert_int_eq(symlink("/", path), 0);
		} else {
			fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
			ck_assert_int_ge(fd, 0);
			close(fd);
		}
	}
	s.blobs = 0;
	ck_assert_int_eq(vault_walk(dir, see_blob, see_foreign, &s, NULL), 0);
	ck_assert_uint_eq(s.blobs, BLOBS);
	ck_assert_uint_eq(s.unknown, 0);
	ck_assert_uint_eq(s.foreign, COUNT(strangers) - GOOD_DIRS);
	for (size_t i = 0; i < COUNT(strangers); i++) {
		snprintf(path, sizeof(path), "%s\n", strangers[i].path);
		if (strcmp(path, "ff\n") != 0 && strcmp(path, "ff/ff\n") != 0)
			ck_assert_msg(strstr(s.paths, path) != NULL, "%s", path);
	}
	ck_assert_int_eq(vault_walk(dir, see_blob, NULL, &some, NULL), 7);
	ck_assert_uint_eq(some.blobs, 2);
	rig_clean();
}
END_TEST

START_TEST(walks_over_no_store)
{
	struct seen s = { 0 };
	struct err e;

	ck_assert_int_eq(vault_walk("/nonexistent", see_blob, see_foreign, &s, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/nonexistent"));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, looks_at_names);
	tcase_add_test(tc, paths_have_one_shape);
	tcase_add_loop_test(tc, judges_by_the_bytes, 0, (int)COUNT(fates));
	tcase_add_test(tc, walks_over_everything);
	tcase_add_test(tc, walks_over_no_store);
}

static void fill_alone(TCase *tc)
{
	tcase_add_test(tc, does_not_judge_what_it_cannot_read);
}

int main(void)
{
	return suite_main_with("vault_read", fill, fill_alone);
}
