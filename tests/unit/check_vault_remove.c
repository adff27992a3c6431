#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"

enum { LEN = 10000 };

static const char *path_of(const char *dir, const struct digest *address)
{
	static char path[VAULT_PATH_MAX];

	ck_assert_int_eq(vault_path(dir, address, path, sizeof(path)), 0);
	return path;
}

/* "DIR/NAME", and "DIR/NAME/<64 hex>TAIL". */
static const char *beside(const char *dir, const char *name, const struct digest *d,
			  const char *tail)
{
	static char path[VAULT_PATH_MAX];
	char hex[DIGEST_HEX_SIZE] = "";

	if (d != NULL)
		digest_hex(d, hex);
	snprintf(path, sizeof(path), "%s/%s%s%s%s", dir, name, d != NULL ? "/" : "", hex, tail);
	return path;
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0440);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

static bool set_immutable(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = FS_IMMUTABLE_FL;
	bool done = fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;

	ck_assert_int_ge(fd, 0);
	close(fd);
	return done;
}

START_TEST(takes_every_name_and_no_other)
{
	const char *dir = rig_dir();
	const struct digest gone = rig_blob(dir, 1, LEN), stays = rig_blob(dir, 2, LEN);
	const struct digest key = digest_of("key", 3);
	struct rig_census census;
	bool there = false;
	struct err e;

	ck_assert_int_eq(mkdir(beside(dir, "aside", NULL, ""), 0750), 0);
	make_file(beside(dir, "aside", &gone, ".1"));
	(void)set_immutable(beside(dir, "aside", &gone, ".1"));
	make_file(beside(dir, "aside", &gone, ".22"));
	make_file(beside(dir, "aside", &stays, ".1"));
	ck_assert_int_eq(link(path_of(dir, &gone), beside(dir, "partial", &key, ".data")), 0);
	if (!set_immutable(path_of(dir, &gone)))
		printf("skipped: only root may set the immutable attribute\n");

	ck_assert_msg(vault_remove(dir, &gone, &there, &e) == 0, "%s", e.msg);
	ck_assert(there);
	ck_assert_int_eq(access(path_of(dir, &gone), F_OK), -1);
	ck_assert_int_eq(access(beside(dir, "aside", &gone, ".1"), F_OK), -1);
	ck_assert_int_eq(access(beside(dir, "aside", &gone, ".22"), F_OK), -1);
	ck_assert_int_eq(access(beside(dir, "partial", &key, ".data"), F_OK), -1);
	ck_assert_int_eq(access(beside(dir, "aside", &stays, ".1"), F_OK), 0);
	census = rig_count(dir);
	ck_assert(census.whole == 1 && census.damaged == 0 && census.foreign == 0);

	/* Again, as after an interruption: nothing is there, and that is fine. */
	ck_assert_int_eq(vault_remove(dir, &gone, &there, &e), 0);
	ck_assert(!there);
	rig_clean();
}
END_TEST

START_TEST(takes_what_is_no_file)
{
	const char *dir = rig_dir();
	const struct digest d = rig_blob(dir, 1, LEN);
	bool there = false;
	struct err e;

	ck_assert_int_eq(unlink(path_of(dir, &d)), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path_of(dir, &d)), 0);
	ck_assert_int_eq(vault_remove(dir, &d, &there, &e), 0);
	ck_assert(there);
	ck_assert_int_eq(access("/etc/passwd", F_OK), 0);
	ck_assert_int_eq(mkdir(path_of(dir, &d), 0700), 0);
	ck_assert_int_eq(vault_remove(dir, &d, &there, &e), -EUCLEAN);
	ck_assert_int_eq(rmdir(path_of(dir, &d)), 0);
	rig_clean();
}
END_TEST

START_TEST(says_nothing_of_a_store_that_is_not_there)
{
	const struct digest d = digest_of("", 0);
	bool there = true;
	struct err e;

	ck_assert_int_eq(vault_remove("/nonexistent", &d, &there, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "mounted"));
	ck_assert(there);
}
END_TEST

static const struct rig_fault faults[] = {
	{ .call = SYS_unlinkat, .error = EIO },
	{ .call = SYS_unlinkat, .error = EROFS },
	{ .call = SYS_fsync, .error = EIO },
	{ .call = SYS_getdents64, .error = EIO },
	{ .call = SYS_openat, .error = EACCES, .arg = 2, .mask = O_DIRECTORY },
};

struct broken {
	const struct rig_fault *f;
	const char *dir;
	const struct digest *d;
};

static int remove_broken(const void *arg)
{
	const struct broken *b = arg;
	bool there = true;
	struct err e;

	rig_break(b->f);
	RIG_WANT(vault_remove(b->dir, b->d, &there, &e) == -b->f->error);
	RIG_WANT(strstr(e.msg, b->dir) != NULL);
	return 0;
}

/* What failed is not said to be gone, and goes the next time. */
START_TEST(fails_and_goes_on)
{
	const char *dir = rig_dir();
	const struct digest d = rig_blob(dir, 1, LEN);
	const struct broken b = { &faults[_i], dir, &d };
	bool there = true;
	struct err e;

	ck_assert_int_eq(mkdir(beside(dir, "aside", NULL, ""), 0750), 0);
	make_file(beside(dir, "aside", &d, ".1"));
	ck_assert_int_eq(rig_in_child(remove_broken, &b), 0);
	ck_assert_int_eq(vault_remove(dir, &d, &there, &e), 0);
	ck_assert_int_eq(access(path_of(dir, &d), F_OK), -1);
	ck_assert_int_eq(access(beside(dir, "aside", &d, ".1"), F_OK), -1);
	rig_clean();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, takes_every_name_and_no_other);
	tcase_add_test(tc, takes_what_is_no_file);
	tcase_add_test(tc, says_nothing_of_a_store_that_is_not_there);
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test(tc, fails_and_goes_on, 0, (int)COUNT(faults));
}

int main(void)
{
	return suite_main_with("vault_remove", fill, fill_alone);
}
