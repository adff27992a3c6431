/*
 * Puts that are interrupted and continued, and what went wrong meanwhile: bytes
 * and marks that were damaged or exchanged, disks that fail.  What is taken up
 * is never more than what is still right.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"
#include "unit/resume_rig.h"
#include "unit/suite.h"
#include "vault/vault_partial.h"

enum {
	KIB = 1024,
	MIB = 1024 * 1024,
	CHUNK = VAULT_CHUNK,
	LONG = RESUME_LONG,
	STEP = RESUME_STEP,
	SHORT = RESUME_SHORT,
	PARKED = RESUME_PARKED,
	RECORD = PARTIAL_RECORD,
};

/* ------ damaged meanwhile ------ */

static void flip(const char *suffix, off_t at)
{
	char path[VAULT_PATH_MAX];
	uint8_t byte;
	int fd;

	resume_name_of(suffix, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	ck_assert_int_eq(fsync(fd), 0);		/* what is dirty is not forgotten */
	close(fd);
}

static void cut_to(const char *suffix, off_t size)
{
	char path[VAULT_PATH_MAX];

	resume_name_of(suffix, path);
	ck_assert_int_eq(truncate(path, size), 0);
}

static const struct {
	void (*happens)(const char *suffix, off_t at);
	const char *suffix;
	off_t at;
	uint64_t kept;
} damages[] = {
	{ flip, ".data", 0, 0 },			{ flip, ".data", STEP - 1, 0 },
	{ flip, ".data", STEP, STEP },		{ flip, ".data", 2 * STEP - 1, STEP },
	{ flip, ".data", 2 * STEP, 2 * STEP },	{ flip, ".data", PARKED - 1, 2 * STEP },
	{ cut_to, ".data", 0, 0 },			{ cut_to, ".data", STEP - 1, 0 },
	{ cut_to, ".data", STEP, STEP },		{ cut_to, ".data", PARKED - 1, 2 * STEP },
	{ cut_to, ".data", SHORT + 5, PARKED },
	{ cut_to, ".marks", 0, 0 },			{ cut_to, ".marks", RECORD - 1, 0 },
	{ cut_to, ".marks", RECORD, STEP },		{ cut_to, ".marks", 2 * RECORD + 9, 2 * STEP },
	{ cut_to, ".marks", 4 * RECORD, PARKED },
	/* The magic, the size, the digest, the checksum, of each record. */
	{ flip, ".marks", 0, 0 },			{ flip, ".marks", 9, 0 },
	{ flip, ".marks", 16, 0 },			{ flip, ".marks", RECORD - 1, 0 },
	{ flip, ".marks", RECORD, STEP },		{ flip, ".marks", RECORD + 15, STEP },
	{ flip, ".marks", RECORD + 47, STEP },		{ flip, ".marks", RECORD + 48, STEP },
	{ flip, ".marks", 2 * RECORD, 2 * STEP },	{ flip, ".marks", 2 * RECORD + 8, 2 * STEP },
	{ flip, ".marks", 3 * RECORD - 1, 2 * STEP },
};

START_TEST(keeps_what_still_agrees)
{
	resume_setup(SHORT);
	resume_leave_parked();
	ck_assert_int_eq(resume_size_of(".marks"), 3 * RECORD);
	damages[_i].happens(damages[_i].suffix, damages[_i].at);
	ck_assert_uint_eq(resume_finish(), damages[_i].kept);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* Marks that are whole, and of other bytes: made by putting those. */
START_TEST(believes_no_mark_of_other_bytes)
{
	char marks[VAULT_PATH_MAX], saved[VAULT_PATH_MAX];

	resume_setup(SHORT);
	resume.content[3] ^= 1;
	resume_leave_parked();
	resume_name_of(".marks", marks);
	snprintf(saved, sizeof(saved), "%s/saved", resume.dir);
	ck_assert_int_eq(rename(marks, saved), 0);
	resume.content[3] ^= 1;
	resume_leave_parked();		/* what is there has no marks any more, and goes */
	ck_assert_int_eq(rename(saved, marks), 0);
	ck_assert_uint_eq(resume_finish(), 0);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* The marks name their key: a file that was moved to another counts for nothing. */
START_TEST(believes_no_mark_of_another_key)
{
	static const char *const suffixes[] = { ".data", ".marks" };
	char from[VAULT_PATH_MAX], to[VAULT_PATH_MAX];
	const struct digest mine = resume.key, other = digest_of("other", 5);

	resume_setup(SHORT);
	resume.key = other;
	resume_leave_parked();
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		resume.key = other;
		resume_name_of(suffixes[i], from);
		resume.key = mine;
		resume_name_of(suffixes[i], to);
		ck_assert_int_eq(rename(from, to), 0);
	}
	ck_assert_uint_eq(resume_finish(), 0);
	ck_assert(resume_is_nothing_left());
	resume_teardown();
}
END_TEST

static const struct { const char *suffix; char kind; } imposters[] = {
	{ ".data", 'l' }, { ".data", 'd' }, { ".data", 'p' },
	{ ".marks", 'l' }, { ".marks", 'd' }, { ".marks", 'p' },
};

START_TEST(takes_up_nothing_else)
{
	char path[VAULT_PATH_MAX], outside[VAULT_PATH_MAX];
	struct stat before, after;
	int fd;

	resume_setup(SHORT);
	resume_leave_parked();
	snprintf(outside, sizeof(outside), "%s/outside", resume.dir);
	fd = open(outside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, resume.content, 5000), 5000);
	close(fd);
	ck_assert_int_eq(stat(outside, &before), 0);
	resume_name_of(imposters[_i].suffix, path);
	ck_assert_int_eq(unlink(path), 0);
	if (imposters[_i].kind == 'l')
		ck_assert_int_eq(symlink(outside, path), 0);
	else if (imposters[_i].kind == 'd')
		ck_assert_int_eq(mkdir(path, 0700), 0);
	else
		ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_uint_eq(resume_finish(), 0);
	ck_assert_int_eq(stat(outside, &after), 0);
	ck_assert_int_eq(before.st_size, after.st_size);
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* A seal that was cut before the name here was gone: the blob is not touched. */
START_TEST(leaves_a_blob_alone)
{
	char data[VAULT_PATH_MAX], path[VAULT_PATH_MAX], marks[VAULT_PATH_MAX], saved[VAULT_PATH_MAX];

	resume_setup(SHORT);
	resume_leave_parked();
	resume_name_of(".data", data);
	resume_name_of(".marks", marks);
	snprintf(saved, sizeof(saved), "%s/saved", resume.dir);
	ck_assert_int_eq(link(marks, saved), 0);
	ck_assert_uint_eq(resume_finish(), PARKED);
	ck_assert_int_eq(vault_path(resume.dir, &resume.address, path, sizeof(path)), 0);
	ck_assert_int_eq(link(path, data), 0);
	ck_assert_int_eq(rename(saved, marks), 0);
	ck_assert_uint_eq(resume_finish(), 0);
	ck_assert_int_eq(resume_size_of(".data"), -ENOENT);
	resume_check_blob();

	/* The sweep does the same. */
	ck_assert_int_eq(link(path, data), 0);
	ck_assert_int_ge(vault_partials_sweep(resume.dir, utc_now(), NULL), 0);
	ck_assert_int_eq(resume_size_of(".data"), -ENOENT);
	resume_check_blob();
	resume_teardown();
}
END_TEST

static int finish_as_nobody(const void *arg)
{
	(void)arg;
	RIG_WANT(setresuid(65534, 65534, 65534) == 0);
	RIG_WANT(resume_finish() == PARKED);
	return 0;
}

/* A seal that was cut when the data was read-only already, which binds those who are not root. */
START_TEST(opens_what_is_read_only)
{
	char path[VAULT_PATH_MAX];

	if (geteuid() != 0) {
		printf("skipped: only root may become another\n");
		return;
	}
	resume_setup(SHORT);
	resume_leave_parked();
	resume_name_of(".data", path);
	ck_assert_int_eq(chmod(path, 0440), 0);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	resume_name_of(".marks", path);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	snprintf(path, sizeof(path), "%s/partial", resume.dir);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	snprintf(path, sizeof(path), "%s/objects", resume.dir);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	ck_assert_int_eq(chmod(resume.dir, 0711), 0);
	ck_assert_int_eq(rig_in_child(finish_as_nobody, NULL), 0);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* ------ disks that fail ------ */

static const struct failing {
	struct rig_fault fault;
	int write, park;	/* what is reported */
	bool leaves;		/* something to take up */
} failing[] = {
	{ { .call = SYS_fdatasync, .error = EIO }, -EIO, -EIO, false },
	{ { .call = SYS_flock, .error = ENOLCK }, 0, -ENOLCK, false },
	{ { .call = SYS_linkat, .error = ENOSPC }, 0, -ENOSPC, false },
	{ { .call = SYS_fchmod, .error = EROFS }, 0, -EROFS, false },
	{ { .call = SYS_openat, .error = EDQUOT, .arg = 2, .mask = O_CREAT }, 0, -EDQUOT, false },
	{ { .call = SYS_fsync, .error = EIO }, 0, -EIO, false },
	{ { .call = SYS_ftruncate, .error = EIO }, 0, -EIO, true },
};

static int park_on_failing(const void *arg)
{
	const struct failing *f = arg;
	struct vault_put *put;
	int r;

	rig_break(&f->fault);
	put = resume_put_new(resume.length);
	r = resume_write_all(put, resume.content, 2 * CHUNK, MIB);
	if (r == 0)
		uv_run(&resume.loop, UV_RUN_DEFAULT);
	RIG_WANT(r == f->write || (f->write < 0 && vault_put_error(put) != NULL));
	RIG_WANT(resume_park(put) == f->park);
	return 0;
}

START_TEST(says_that_it_cannot_be_continued)
{
	resume_setup(LONG);
	ck_assert_int_eq(rig_in_child(park_on_failing, &failing[_i]), 0);
	ck_assert_uint_eq(rig_count(resume.dir).whole + rig_count(resume.dir).foreign, 0);
	ck_assert_uint_eq(resume_finish(), failing[_i].leaves ? 2 * CHUNK : 0);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

static int seal_on_failing(const void *arg)
{
	const struct rig_fault f = { .call = SYS_mkdirat, .error = ENOSPC };
	struct rig_result seal = { 0 };
	struct vault_put *put;

	(void)arg;
	rig_break(&f);
	put = resume_put_new(resume.length);
	RIG_WANT(resume_write_all(put, resume.content, resume.length, MIB) == 0);
	vault_put_seal(put, rig_seal_cb, &seal);
	rig_wait(&resume.loop, &seal, 1);
	RIG_WANT(seal.r == -ENOSPC);
	return 0;
}

START_TEST(goes_on_after_a_failed_seal)
{
	resume_setup(LONG);
	ck_assert_int_eq(rig_in_child(seal_on_failing, NULL), 0);
	ck_assert_uint_eq(resume_finish(), 2 * CHUNK);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* A disk that cannot be read where it was written: what was read before that stays. */
static int resume_unreadable(const void *arg)
{
	const struct rig_fault f = { .call = SYS_pread64, .error = EIO, .arg = 3,
				     .mask = STEP };	/* the second step of the data */
	struct vault_put *put;
	struct rig_kept k;

	(void)arg;
	rig_break(&f);
	put = resume_put_new(resume.length);
	k = resume_take_up(put);
	RIG_WANT(k.r == 0 && k.bytes == STEP);
	RIG_WANT(resume_park(put) == 0);
	return 0;
}

START_TEST(takes_up_what_can_be_read)
{
	resume_setup(SHORT);
	resume_leave_parked();
	ck_assert_int_eq(rig_in_child(resume_unreadable, NULL), 0);
	ck_assert_uint_eq(resume_finish(), STEP);
	resume_teardown();
}
END_TEST

/* 1 MiB: what is parked gives its reservation back, and is still there after no space was. */
static int on_a_small_disk(const void *arg)
{
	const struct rig_put how = { .chunk = 64 * KIB, .expected_size = 600 * KIB };
	struct digest other;
	struct rig_result res;
	char path[VAULT_PATH_MAX];
	struct vault_put *put;
	struct rig_kept k;
	struct err e;

	resume.dir = arg;
	resume.content = rig_bytes(MIB, 1, 0);
	resume.key = digest_of("key", 3);
	uv_loop_init(&resume.loop);
	RIG_WANT(vault_open(&resume.loop, resume.dir, 0, &resume.v, &e) == 0);
	put = resume_put_new(800 * KIB);
	RIG_WANT(resume_write_all(put, resume.content, 300 * KIB, 64 * KIB) == 0);
	RIG_WANT(resume_park(put) == 0);
	res = rig_put(&resume.loop, resume.v, &how, resume.content, 600 * KIB);
	RIG_WANT(res.r == 0);
	other = res.sealed.address;

	put = resume_put_new(800 * KIB);
	k = resume_take_up(put);
	RIG_WANT(k.r == -ENOSPC && strstr(vault_put_error(put)->msg, "free space") != NULL);
	RIG_WANT(resume_park(put) == -ENOSPC);
	put = resume_put_new(0);		/* not known, so that it is found out by writing */
	k = resume_take_up(put);
	RIG_WANT(k.r == 0 && k.bytes == 300 * KIB);
	RIG_WANT(resume_write_all(put, resume.content + 300 * KIB, 500 * KIB, 64 * KIB) == -ENOSPC);
	RIG_WANT(resume_park(put) == -ENOSPC);

	RIG_WANT(vault_path(resume.dir, &other, path, sizeof(path)) == 0 && unlink(path) == 0);
	put = resume_put_new(800 * KIB);
	k = resume_take_up(put);
	RIG_WANT(k.r == 0 && k.bytes == 300 * KIB);
	RIG_WANT(resume_write_all(put, resume.content + 300 * KIB, 500 * KIB, 64 * KIB) == 0);
	res = (struct rig_result){ 0 };
	vault_put_seal(put, rig_seal_cb, &res);
	rig_wait(&resume.loop, &res, 1);
	other = digest_of(resume.content, 800 * KIB);
	RIG_WANT(res.r == 0 && digest_equal(&res.sealed.address, &other));
	RIG_WANT(resume_is_nothing_left());
	vault_close(resume.v);
	uv_run(&resume.loop, UV_RUN_DEFAULT);
	rig_free_bytes(resume.content, 0);
	return 0;
}

START_TEST(survives_a_full_disk)
{
	rig_on_small_disk(on_a_small_disk);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_unchecked_fixture(tc, resume_prepare, NULL);
	tcase_add_loop_test(tc, keeps_what_still_agrees, 0, (int)COUNT(damages));
	tcase_add_test(tc, believes_no_mark_of_other_bytes);
	tcase_add_test(tc, believes_no_mark_of_another_key);
	tcase_add_loop_test(tc, takes_up_nothing_else, 0, (int)COUNT(imposters));
	tcase_add_test(tc, leaves_a_blob_alone);
}

static void fill_alone(TCase *tc)
{
	tcase_add_test(tc, opens_what_is_read_only);
	tcase_add_loop_test(tc, says_that_it_cannot_be_continued, 0, (int)COUNT(failing));
	tcase_add_test(tc, goes_on_after_a_failed_seal);
	tcase_add_test(tc, takes_up_what_can_be_read);
	tcase_add_test(tc, survives_a_full_disk);
}

int main(void)
{
	return suite_main_with("vault_partial_faults", fill, fill_alone);
}
