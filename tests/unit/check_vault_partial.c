/*
 * Puts that are interrupted and continued: where, by whom, and how else they
 * end.  However that was, the blob that comes out is the one that went in.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
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

/* ------ interrupted anywhere ------ */

static const struct {
	size_t written, piece;
	uint64_t parked, killed;	/* what is kept in each case */
} stops[] = {
	{ 0,			MIB,		0,			0 },
	{ 1,			MIB,		0,			0 },
	{ 4095,			MIB,		0,			0 },
	{ 4096,			MIB,		4096,			0 },
	{ 4097,			MIB,		4096,			0 },
	{ 9000,			100,		8192,			0 },
	{ 3 * MIB + 17,		MIB,		3 * MIB,		0 },
	{ CHUNK - 1,		MIB,		CHUNK - 4096,		0 },
	{ CHUNK,		MIB,		CHUNK,			CHUNK },
	{ CHUNK + 1,		MIB,		CHUNK,			CHUNK },
	{ CHUNK + 4096,		4096,		CHUNK + 4096,		CHUNK },
	{ 2 * CHUNK - 1,	MIB,		2 * CHUNK - 4096,	CHUNK },
	{ 2 * CHUNK,		MIB,		2 * CHUNK,		2 * CHUNK },
	{ 2 * CHUNK + 5000,	MIB,		2 * CHUNK + 4096,	2 * CHUNK },
	/* Pieces that do not meet the chunks, or no block: marks fall where they can. */
	{ 2 * CHUNK,		3 * MIB,	2 * CHUNK,		18 * MIB },
	{ CHUNK + MIB,		MIB - 1,	CHUNK + MIB,		17 * MIB - 4096 },
	{ LONG,			LONG,	LONG - 777,		LONG - 777 },
	{ LONG,			MIB,		LONG - 777,		2 * CHUNK },
};

START_TEST(goes_on_where_it_was_parked)
{
	struct vault_put *put;

	resume_setup(LONG);
	put = resume_put_new(stops[_i].written % 2 == 0 ? LONG : 0);
	ck_assert_int_eq(resume_write_all(put, resume.content, stops[_i].written,
					  stops[_i].piece), 0);
	ck_assert_int_eq(resume_park(put), 0);
	ck_assert_int_eq(resume_size_of(".data"),
			 stops[_i].parked > 0 ? (off_t)stops[_i].parked : -ENOENT);
	ck_assert_uint_eq(rig_count(resume.dir).whole + rig_count(resume.dir).foreign, 0);
	ck_assert_uint_eq(resume_finish(), stops[_i].parked);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

static int put_and_die(const void *arg)
{
	const int *i = arg;
	struct vault_put *put = resume_put_new(LONG);

	RIG_WANT(resume_write_all(put, resume.content, stops[*i].written, stops[*i].piece) == 0);
	uv_run(&resume.loop, UV_RUN_DEFAULT);
	return 0;		/* _exit: nothing is put in order */
}

START_TEST(goes_on_where_it_was_killed)
{
	resume_setup(LONG);
	ck_assert_int_eq(rig_in_child(put_and_die, &_i), 0);
	ck_assert_uint_eq(rig_count(resume.dir).whole + rig_count(resume.dir).foreign, 0);
	ck_assert_uint_eq(resume_finish(), stops[_i].killed);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* Over and over, each a little further. */
START_TEST(goes_on_many_times)
{
	enum { STRIDE = 5 * MIB + 4096 };
	struct vault_put *put;
	struct rig_kept k;
	uint64_t at = 0;

	resume_setup(LONG);
	while (at + STRIDE < LONG) {
		put = resume_put_new(LONG);
		k = resume_take_up(put);
		ck_assert_uint_eq(k.bytes, at);
		ck_assert_int_eq(resume_write_all(put, resume.content + at, STRIDE, 64 * KIB), 0);
		ck_assert_int_eq(resume_park(put), 0);
		at += STRIDE;
	}
	ck_assert_uint_eq(resume_finish(), at);
	ck_assert(resume_is_nothing_left());
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* With blocks in flight, at any turn of the loop; the buffers are free at once. */
START_TEST(parks_in_the_middle)
{
	struct rig_result writes = { 0 }, parked = { 0 };
	uint8_t *p[VAULT_PUT_DEPTH];
	struct vault_put *put;
	uint64_t kept;
	int calls;

	resume_setup(LONG);
	put = resume_put_new(LONG);
	for (int i = 0; i < VAULT_PUT_DEPTH; i++) {
		p[i] = aligned_alloc(VAULT_ALIGN, 4 * MIB);
		memcpy(p[i], resume.content + i * 4 * MIB, 4 * MIB);
		ck_assert_int_eq(vault_put_write(put, p[i], 4 * MIB, rig_cb, &writes), 0);
	}
	for (int i = 0; i < _i; i++)
		uv_run(&resume.loop, UV_RUN_ONCE);
	calls = writes.calls;
	vault_put_park(put, rig_cb, &parked);
	for (int i = 0; i < VAULT_PUT_DEPTH; i++)
		free(p[i]);
	rig_wait(&resume.loop, &parked, 1);
	ck_assert_int_eq(parked.r, 0);
	ck_assert_int_eq(writes.calls, calls);
	kept = resume_finish();
	ck_assert_uint_eq(kept % (4 * MIB), 0);
	ck_assert_uint_ge(kept, (uint64_t)calls * 4 * MIB);
	resume_check_blob();
	resume_teardown();
}
END_TEST

/* ------ who may ------ */

static int hold_until_told(int say, int hear)
{
	struct vault_put *put = resume_put_new(resume.length);
	char byte = 0;

	RIG_WANT(resume_write_all(put, resume.content, CHUNK + MIB, MIB) == 0);
	uv_run(&resume.loop, UV_RUN_DEFAULT);
	RIG_WANT(write(say, &byte, 1) == 1);
	RIG_WANT(read(hear, &byte, 1) == 0);	/* until killed */
	return 0;
}

START_TEST(leaves_to_another_process_what_it_holds)
{
	enum { SOME = CHUNK + MIB };
	int here[2], there[2];
	struct vault_put *put;
	struct rig_kept k;
	char byte;
	pid_t pid;

	resume_setup(LONG);
	ck_assert(pipe(here) == 0 && pipe(there) == 0);
	pid = fork();
	if (pid == 0)
		_exit(hold_until_told(here[1], there[0]));
	ck_assert_int_eq(read(here[0], &byte, 1), 1);

	put = resume_put_new(resume.length);
	k = resume_take_up(put);
	ck_assert_int_eq(k.r, 0);
	ck_assert_uint_eq(k.bytes, 0);
	ck_assert_int_eq(resume_write_all(put, resume.content, SOME, MIB), 0);
	ck_assert_int_eq(resume_park(put), -EBUSY);
	put = resume_put_new(resume.length);		/* without asking what is there */
	ck_assert_int_eq(resume_write_all(put, resume.content, SOME, MIB), 0);
	ck_assert_int_eq(resume_park(put), -EBUSY);
	ck_assert_int_eq(vault_partials_sweep(resume.dir, INT64_C(4000000000000), NULL), 0);
	ck_assert_uint_eq(resume_finish(), 0);
	resume_check_blob();
	ck_assert_int_eq(resume_size_of(".marks"), RECORD);

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_eq(resume_finish(), CHUNK);
	ck_assert(resume_is_nothing_left());
	for (int i = 0; i < 2; i++) {
		close(here[i]);
		close(there[i]);
	}
	resume_teardown();
}
END_TEST

START_TEST(replaces_what_nobody_took_up)
{
	struct vault_put *put;

	resume_setup(SHORT);
	resume_leave_parked();
	put = resume_put_new(resume.length);
	ck_assert_int_eq(resume_write_all(put, resume.content, 4096, MIB), 0);
	ck_assert_int_eq(resume_park(put), 0);
	ck_assert_int_eq(resume_size_of(".data"), 4096);
	ck_assert_int_eq(resume_size_of(".marks"), RECORD);
	ck_assert_uint_eq(resume_finish(), 4096);
	resume_teardown();
}
END_TEST

/* ------ other ends ------ */

START_TEST(abort_forgets)
{
	struct vault_put *put;

	resume_setup(LONG);
	put = resume_put_new(resume.length);
	ck_assert_int_eq(resume_write_all(put, resume.content, CHUNK + MIB, MIB), 0);
	uv_run(&resume.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(resume_size_of(".marks"), RECORD);
	vault_put_abort(put);
	uv_run(&resume.loop, UV_RUN_DEFAULT);
	ck_assert(resume_is_nothing_left());

	resume_leave_parked();
	put = resume_put_new(resume.length);
	ck_assert_uint_eq(resume_take_up(put).bytes, PARKED);
	vault_put_abort(put);
	uv_run(&resume.loop, UV_RUN_DEFAULT);
	ck_assert(resume_is_nothing_left());
	resume_teardown();
}
END_TEST

/* While what is there is being read, at every turn of the loop up to the last but one. */
START_TEST(leaves_what_it_had_not_taken_up)
{
	struct rig_result parked = { 0 };
	struct vault_put *put;

	resume_setup(SHORT);
	resume_leave_parked();
	for (int turns = 0; turns < 2; turns++) {
		for (int by_park = 0; by_park < 2; by_park++) {
			put = resume_put_new(resume.length);
			ck_assert_int_eq(vault_put_resume(put, rig_never_kept, NULL), 0);
			for (int i = 0; i < turns; i++)
				uv_run(&resume.loop, UV_RUN_ONCE);
			if (by_park)
				vault_put_park(put, rig_cb, &parked);
			else
				vault_put_abort(put);
			uv_run(&resume.loop, UV_RUN_DEFAULT);
			ck_assert_int_eq(resume_size_of(".data"), PARKED);
			ck_assert_int_eq(resume_size_of(".marks"), 3 * RECORD);
		}
	}
	ck_assert_int_eq(parked.calls, 2);
	ck_assert_int_eq(parked.r, 0);
	ck_assert_uint_eq(resume_finish(), PARKED);
	resume_teardown();
}
END_TEST

static void park_inside(void *data, int r, uint64_t kept)
{
	struct { struct vault_put *put; struct rig_result res; uint64_t kept; } *w = data;

	ck_assert_int_eq(r, 0);
	w->kept = kept;
	vault_put_park(w->put, rig_cb, &w->res);
	ck_assert_int_eq(w->res.calls, 0);
}

START_TEST(parks_inside_a_callback)
{
	struct { struct vault_put *put; struct rig_result res; uint64_t kept; } w = { .kept = 1 };

	resume_setup(SHORT);
	resume_leave_parked();
	w.put = resume_put_new(resume.length);
	ck_assert_int_eq(vault_put_resume(w.put, park_inside, &w), 0);
	rig_wait(&resume.loop, &w.res, 1);
	ck_assert_int_eq(w.res.r, 0);
	ck_assert_uint_eq(w.kept, PARKED);
	ck_assert_uint_eq(resume_finish(), PARKED);
	resume_teardown();
}
END_TEST

START_TEST(takes_up_no_more_than_expected)
{
	struct vault_put *put;

	resume_setup(SHORT);
	resume_leave_parked();
	put = resume_put_new(3 * STEP - 1);
	ck_assert_uint_eq(resume_take_up(put).bytes, 2 * STEP);
	vault_put_abort(put);
	resume_teardown();
}
END_TEST

START_TEST(leaves_nothing_without_a_key)
{
	const struct vault_put_options o = { .expected_size = resume.length };
	struct vault_put *put;

	resume_setup(LONG);
	ck_assert_int_eq(vault_put_new(resume.v, &o, &put, NULL), 0);
	ck_assert_uint_eq(resume_take_up(put).bytes, 0);
	ck_assert_int_eq(resume_write_all(put, resume.content, resume.length, MIB), 0);
	ck_assert_int_eq(resume_park(put), 0);
	ck_assert(resume_is_nothing_left());
	resume_teardown();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_unchecked_fixture(tc, resume_prepare, NULL);
	tcase_add_loop_test(tc, goes_on_where_it_was_parked, 0, (int)COUNT(stops));
	tcase_add_test(tc, goes_on_many_times);
	tcase_add_loop_test(tc, parks_in_the_middle, 0, 8);
	tcase_add_test(tc, replaces_what_nobody_took_up);
	tcase_add_test(tc, abort_forgets);
	tcase_add_test(tc, leaves_what_it_had_not_taken_up);
	tcase_add_test(tc, parks_inside_a_callback);
	tcase_add_test(tc, takes_up_no_more_than_expected);
	tcase_add_test(tc, leaves_nothing_without_a_key);
}

static void fill_alone(TCase *tc)
{
	tcase_add_unchecked_fixture(tc, resume_prepare, NULL);
	tcase_add_loop_test(tc, goes_on_where_it_was_killed, 0, (int)COUNT(stops));
	tcase_add_test(tc, leaves_to_another_process_what_it_holds);
}

int main(void)
{
	return suite_main_with("vault_partial", fill, fill_alone);
}
