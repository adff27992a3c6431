/*
 * What interrupted puts leave is not kept for ever: not what is old, not too
 * many, and on a full disk the oldest makes room.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"
#include "unit/resume_rig.h"
#include "unit/suite.h"
#include "vault/vault_partial.h"

enum { SHORT = RESUME_SHORT, PARKED = RESUME_PARKED };

static void touch(const char *suffix, int64_t ms)
{
	struct timespec t[2] = { { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } };
	char path[VAULT_PATH_MAX];
	int fd;

	t[1] = t[0];
	resume_name_of(suffix, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(futimens(fd, t), 0);
	close(fd);
}

START_TEST(sweeps_what_is_old)
{
	const int64_t now = utc_now(), limit = (int64_t)VAULT_PARTIALS_DAYS * UTC_DAY_MS;
	static const struct { int64_t younger; bool data, marks, data_after, marks_after; } cases[] = {
		{ 0,	true,	true,	false,	false },	/* to the millisecond */
		{ 1,	true,	true,	true,	true },
		{ -1,	true,	true,	false,	false },
		{ 1000,	true,	false,	false,	false },	/* of no use */
		{ 1000,	false,	true,	false,	false },
	};
	char path[VAULT_PATH_MAX];
	int fd;

	resume_setup(SHORT);
	ck_assert_int_eq(vault_partials_sweep(resume.dir, now, NULL), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		resume.key = digest_of(&i, sizeof(i));
		if (cases[i].data)
			touch(".data", now - limit + cases[i].younger);
		if (cases[i].marks)
			touch(".marks", now - limit + cases[i].younger);
	}
	snprintf(path, sizeof(path), "%s/partial/README", resume.dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	ck_assert_int_eq(vault_partials_sweep(resume.dir, now, NULL), 3);
	for (size_t i = 0; i < COUNT(cases); i++) {
		resume.key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(resume_size_of(".data"), cases[i].data_after ? 0 : -ENOENT);
		ck_assert_int_eq(resume_size_of(".marks"), cases[i].marks_after ? 0 : -ENOENT);
	}
	ck_assert_int_eq(access(path, F_OK), 0);
	resume_teardown();
}
END_TEST

START_TEST(sweeps_the_oldest_of_too_many)
{
	enum { MORE = 5 };
	const int64_t now = utc_now();
	struct err e;

	resume_setup(SHORT);
	for (int i = 0; i < VAULT_PARTIALS_MAX + MORE; i++) {
		resume.key = digest_of(&i, sizeof(i));
		touch(".marks", now);
		touch(".data", now - 1000 * ((i * 7) % (VAULT_PARTIALS_MAX + MORE)));
	}
	ck_assert_int_eq(vault_partials_sweep(resume.dir, now, NULL), MORE);
	for (int i = 0; i < VAULT_PARTIALS_MAX + MORE; i++) {
		resume.key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(resume_size_of(".data"),
				 (i * 7) % (VAULT_PARTIALS_MAX + MORE) < VAULT_PARTIALS_MAX
				 ? 0 : -ENOENT);
	}
	ck_assert_int_eq(vault_partials_sweep("/nonexistent", now, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/nonexistent/partial"));
	resume_teardown();
}
END_TEST

/* The dock need not be started again for it. */
START_TEST(parking_keeps_them_few)
{
	const int64_t now = utc_now();

	resume_setup(SHORT);
	for (int i = 0; i < VAULT_PARTIALS_MAX; i++) {
		resume.key = digest_of(&i, sizeof(i));
		touch(".marks", now);
		touch(".data", now - 1000 * (i + 1));
	}
	resume.key = digest_of("key", 3);
	resume_leave_parked();
	ck_assert_int_eq(resume_size_of(".data"), PARKED);
	for (int i = 0; i < VAULT_PARTIALS_MAX; i++) {
		resume.key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(resume_size_of(".data"), i < VAULT_PARTIALS_MAX - 1 ? 0 : -ENOENT);
	}
	resume.key = digest_of("key", 3);
	ck_assert_uint_eq(resume_finish(), PARKED);
	resume_teardown();
}
END_TEST

START_TEST(the_oldest_makes_room)
{
	const int64_t now = utc_now();
	char path[VAULT_PATH_MAX];
	int at, held;

	resume_setup(SHORT);
	snprintf(path, sizeof(path), "%s/partial", resume.dir);
	at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		resume.key = digest_of(&i, sizeof(i));
		touch(".marks", now);
		touch(".data", now - 1000 * (i + 1));
	}
	resume_name_of(".data", path);		/* of the oldest */
	held = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(held, LOCK_EX | LOCK_NB), 0);
	for (int i = 1; i >= 0; i--) {
		ck_assert(partials_make_room(at));
		resume.key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(resume_size_of(".data"), -ENOENT);
		ck_assert_int_eq(resume_size_of(".marks"), -ENOENT);
	}
	ck_assert(!partials_make_room(at));
	close(held);
	ck_assert(partials_make_room(at));
	ck_assert(!partials_make_room(at));
	close(at);
	resume_teardown();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, sweeps_what_is_old);
	tcase_add_test(tc, sweeps_the_oldest_of_too_many);
	tcase_add_test(tc, parking_keeps_them_few);
	tcase_add_test(tc, the_oldest_makes_room);
}

int main(void)
{
	return suite_main("vault_partial_sweep", fill);
}
