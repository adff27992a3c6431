/*
 * The front of the vault, over a backend that remembers what was asked of it,
 * can be made to fail at any step, and can be held in the middle of a write.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"
#include "vault/vault_backend.h"

enum { BLOCK = 4096 };

/* ------ the backend ------ */

static struct {
	const char *fails;	/* the function that fails, with -ENOSPC */
	int fails_at;		/* append: at which call, from 1 */
	atomic_int begun, appended, reserved, published, ended, closed;
	uint64_t reserve;
	struct buf bytes;	/* of the only blob */
	struct digest address;
	bool gated;		/* append waits in the gate */
	sem_t entered, gate;
	atomic_int left;	/* the gate, and through with the bytes */
} fake;

static int fake_fails(const char *function, struct err *e)
{
	if (fake.fails == NULL || strcmp(fake.fails, function) != 0)
		return 0;
	return err_set(e, -ENOSPC, "fake: %s has no space", function);
}

static int fake_open(const char *where, unsigned flags, void **ret_store, struct err *e)
{
	ck_assert_str_eq(where, "somewhere");
	ck_assert_uint_eq(flags, VAULT_IMMUTABLE);
	*ret_store = &fake;
	return fake_fails("open", e);
}

static void fake_close(void *store)
{
	ck_assert_ptr_eq(store, &fake);
	ck_assert_int_eq(fake.begun, fake.ended);
	fake.closed++;
}

static int fake_begin(void *store, const struct digest *key, void **ret_blob, struct err *e)
{
	int r = fake_fails("begin", e);

	ck_assert_ptr_eq(store, &fake);
	ck_assert_ptr_null(key);	/* this backend cannot continue a blob */
	if (r < 0)
		return r;
	fake.begun++;
	*ret_blob = &fake;
	return 0;
}

static int fake_reserve(void *blob, uint64_t size, struct err *e)
{
	ck_assert_ptr_eq(blob, &fake);
	ck_assert_int_eq(fake.appended, 0);
	fake.reserve = size;
	fake.reserved++;
	return fake_fails("reserve", e);
}

static int fake_append(void *blob, const uint8_t *buf, size_t len, struct err *e)
{
	ck_assert_ptr_eq(blob, &fake);
	fake.appended++;
	if (fake.gated) {
		sem_post(&fake.entered);
		sem_wait(&fake.gate);
	}
	if (fake.appended == fake.fails_at)
		return fake_fails("append", e);
	buf_add(&fake.bytes, buf, len);
	fake.left++;
	return 0;
}

static int fake_publish(void *blob, const struct digest *address, bool *ret_existed, struct err *e)
{
	int r = fake_fails("publish", e);

	ck_assert_ptr_eq(blob, &fake);
	if (r < 0)
		return r;
	fake.published++;
	fake.address = *address;
	*ret_existed = false;
	return 0;
}

static void fake_end(void *blob)
{
	ck_assert_ptr_eq(blob, &fake);
	fake.ended++;
}

static int fake_has(void *store, const struct digest *address, uint64_t size, struct err *e)
{
	int r = fake_fails("has", e);

	ck_assert_ptr_eq(store, &fake);
	return r < 0 ? r : digest_equal(address, &fake.address) && size == fake.bytes.len;
}

static const struct vault_backend backend = {
	.open = fake_open, .close = fake_close, .begin = fake_begin, .append = fake_append,
	.publish = fake_publish, .end = fake_end, .has = fake_has, .reserve = fake_reserve,
};

static uv_loop_t loop;
static struct vault *v;

/* Tests may share a process. */
static void forget(void)
{
	memset(&fake, 0, sizeof(fake));
}

static void setup(void)
{
	fake.bytes = (struct buf)BUF_INIT(1024 * 1024);
	sem_init(&fake.entered, 0, 0);
	sem_init(&fake.gate, 0, 0);
	uv_loop_init(&loop);
	ck_assert_int_eq(vault_open_backend(&loop, &backend, "somewhere", VAULT_IMMUTABLE, &v,
					    NULL), 0);
}

/* Whatever happened, nothing is left behind. */
static void teardown(void)
{
	vault_close(v);
	rig_end_loop(&loop);
	ck_assert_int_eq(fake.closed, 1);
	ck_assert_int_eq(fake.begun, fake.ended);
	buf_clear(&fake.bytes);
}

static struct vault_put *put_new(uint64_t expected_size)
{
	const struct vault_put_options o = { .expected_size = expected_size };
	struct vault_put *put;

	ck_assert_int_eq(vault_put_new(v, &o, &put, NULL), 0);
	return put;
}

/* ------ order ------ */

START_TEST(opens_or_says_why)
{
	struct vault *none = NULL;
	struct err e;

	setup();
	fake.fails = "open";
	ck_assert_int_eq(vault_open_backend(&loop, &backend, "somewhere", VAULT_IMMUTABLE, &none,
					    &e), -ENOSPC);
	ck_assert_str_eq(e.msg, "fake: open has no space");
	ck_assert_ptr_null(none);
	vault_close(NULL);
	teardown();
}
END_TEST

struct feed {
	struct vault_put *put;
	uint8_t *p;
	unsigned called, written, total;
	struct rig_result seal;
};

struct feed_block {
	struct feed *f;
	unsigned number;
};
static struct feed_block feed_blocks[100];

/* Callbacks come in order; each writes the next block, the last one seals. */
static void feed_next(void *data, int r)
{
	struct feed_block *b = data;
	struct feed *f = b->f;

	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(b->number, f->called);
	f->called++;
	if (f->written < f->total) {
		feed_blocks[f->written] = (struct feed_block){ f, f->written };
		ck_assert_int_eq(vault_put_write(f->put, f->p + BLOCK * f->written, BLOCK,
						 feed_next, &feed_blocks[f->written]), 0);
		f->written++;
	} else if (f->called == f->total) {
		vault_put_seal(f->put, rig_seal_cb, &f->seal);
	}
}

START_TEST(stores_and_calls_back_in_order)
{
	struct feed f = { .total = COUNT(feed_blocks) };
	struct digest want;

	setup();
	f.p = rig_bytes(BLOCK * f.total, 1, 0);
	want = digest_of(f.p, BLOCK * f.total);
	f.put = put_new(777);
	while (f.written < VAULT_PUT_DEPTH) {
		feed_blocks[f.written] = (struct feed_block){ &f, f.written };
		ck_assert_int_eq(vault_put_write(f.put, f.p + BLOCK * f.written, BLOCK, feed_next,
						 &feed_blocks[f.written]), 0);
		f.written++;
	}
	ck_assert_int_eq(vault_put_write(f.put, f.p, BLOCK, feed_next, NULL), -EAGAIN);
	ck_assert_uint_eq(f.called, 0);
	rig_wait(&loop, &f.seal, 1);
	ck_assert_int_eq(f.seal.r, 0);
	ck_assert_uint_eq(f.seal.sealed.size, BLOCK * f.total);
	ck_assert(digest_equal(&f.seal.sealed.address, &want));
	ck_assert(digest_equal(&fake.address, &want));
	ck_assert_uint_eq(fake.bytes.len, BLOCK * f.total);
	ck_assert_mem_eq(fake.bytes.p, f.p, BLOCK * f.total);
	ck_assert_int_eq(fake.appended, f.total);
	ck_assert_int_eq(fake.reserved, 1);
	ck_assert_uint_eq(fake.reserve, 777);
	rig_free_bytes(f.p, 0);
	teardown();
}
END_TEST

START_TEST(seals_an_empty_blob)
{
	const struct digest want = digest_of("", 0);
	struct rig_result seal = { 0 };

	setup();
	vault_put_seal(put_new(0), rig_seal_cb, &seal);
	rig_wait(&loop, &seal, 1);
	ck_assert_int_eq(seal.r, 0);
	ck_assert(digest_equal(&seal.sealed.address, &want));
	ck_assert_int_eq(fake.reserved, 0);
	ck_assert_int_eq(fake.published, 1);
	teardown();
}
END_TEST

/* ------ failures ------ */

static const struct {
	const char *fails;
	int at, good;		/* which append fails, how many writes succeed */
} failures[] = {
	{ "begin", 0, 0 }, { "reserve", 0, 0 }, { "append", 1, 0 }, { "append", 3, 2 },
	{ "append", 5, 4 }, { "publish", 0, 5 },
};

START_TEST(reports_each_failure_once)
{
	enum { WRITES = 5 };
	struct rig_result res[WRITES] = { 0 }, seal = { 0 };
	struct vault_put *put;
	uint8_t *p = rig_bytes(BLOCK, 1, 0);
	char want[80];
	bool fails_late = strcmp(failures[_i].fails, "publish") == 0;

	setup();
	fake.fails = failures[_i].fails;
	fake.fails_at = failures[_i].at;
	snprintf(want, sizeof(want), "fake: %s has no space", fake.fails);
	put = put_new(5);
	for (int i = 0; i < WRITES; i++)
		ck_assert_int_eq(vault_put_write(put, p, BLOCK, rig_cb, &res[i]), 0);
	for (int i = 0; i < WRITES; i++) {
		rig_wait(&loop, &res[i], 1);
		ck_assert_int_eq(res[i].r, (i < failures[_i].good ? 0 : -ENOSPC));
	}
	if (fails_late) {
		ck_assert_ptr_null(vault_put_error(put));
	} else {
		ck_assert_str_eq(vault_put_error(put)->msg, want);
		ck_assert_int_eq(vault_put_write(put, p, BLOCK, rig_cb, NULL), -ENOSPC);
	}
	vault_put_seal(put, rig_seal_cb, &seal);
	rig_wait(&loop, &seal, 1);
	ck_assert_int_eq(seal.r, -ENOSPC);
	ck_assert_str_eq(seal.e.msg, want);
	ck_assert_int_eq(fake.published, 0);
	rig_free_bytes(p, 0);
	teardown();
	for (int i = 0; i < WRITES; i++)
		ck_assert_int_eq(res[i].calls, 1);
}
END_TEST

/* ------ aborts ------ */

/* After so many writes and so many turns of the loop.  The buffers are free at once. */
static const struct { const char *fails; int writes, turns; } aborts[] = {
	{ NULL, 0, 0 }, { NULL, 0, 1 }, { NULL, 1, 0 }, { NULL, 8, 0 }, { NULL, 8, 1 },
	{ NULL, 8, 2 }, { NULL, 8, 3 }, { NULL, 8, 9 }, { "begin", 1, 0 }, { "begin", 8, 1 },
	{ "reserve", 8, 1 }, { "append", 8, 0 }, { "append", 8, 2 },
};

START_TEST(aborts_at_any_time)
{
	struct rig_result res = { 0 };
	struct vault_put *put;
	uint8_t *p[VAULT_PUT_DEPTH];
	int calls;

	setup();
	fake.fails = aborts[_i].fails;
	fake.fails_at = 1;
	put = put_new(5);
	for (int i = 0; i < aborts[_i].writes; i++) {
		p[i] = rig_bytes(BLOCK, 1, 0);
		ck_assert_int_eq(vault_put_write(put, p[i], BLOCK, rig_cb, &res), 0);
	}
	for (int i = 0; i < aborts[_i].turns; i++)
		uv_run(&loop, UV_RUN_ONCE);
	calls = res.calls;
	vault_put_abort(put);
	for (int i = 0; i < aborts[_i].writes; i++)
		rig_free_bytes(p[i], 0);	/* AddressSanitizer sees who still reads it */
	teardown();
	ck_assert_int_eq(res.calls, calls);
	ck_assert_int_eq(fake.published, 0);
	vault_put_abort(NULL);
}
END_TEST

struct opener {
	atomic_int about_to_abort;
};

/* Opens the gate once the loop's thread is on its way into vault_put_abort. */
static void *open_the_gate(void *data)
{
	struct opener *o = data;

	while (!o->about_to_abort)
		sched_yield();
	sem_post(&fake.gate);
	return NULL;
}

START_TEST(abort_waits_for_the_block_being_written)
{
	struct opener o = { 0 };
	struct vault_put *put;
	uint8_t *p = rig_bytes(BLOCK, 1, 0);
	pthread_t thread;

	setup();
	fake.gated = true;
	put = put_new(0);
	ck_assert_int_eq(vault_put_write(put, p, BLOCK, rig_never, NULL), 0);
	ck_assert_int_eq(vault_put_write(put, p, BLOCK, rig_never, NULL), 0);
	while (sem_trywait(&fake.entered) < 0)
		uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert_int_eq(pthread_create(&thread, NULL, open_the_gate, &o), 0);
	o.about_to_abort = 1;
	vault_put_abort(put);
	ck_assert_int_eq(fake.left, 1);
	rig_free_bytes(p, 0);
	pthread_join(thread, NULL);
	teardown();
	ck_assert_int_eq(fake.appended, 1);
}
END_TEST

/* From inside its own callback, with more callbacks owed in the same turn. */
static void abort_now(void *data, int r)
{
	struct vault_put **put = data;

	ck_assert_int_eq(r, (fake.fails == NULL ? 0 : -ENOSPC));
	vault_put_abort(*put);
	*put = NULL;
}

START_TEST(aborts_inside_a_callback)
{
	struct vault_put *put;
	uint8_t *p = rig_bytes(BLOCK, 1, 0);

	setup();
	fake.fails = _i == 0 ? NULL : "begin";
	put = put_new(0);
	ck_assert_int_eq(vault_put_write(put, p, BLOCK, abort_now, &put), 0);
	for (int i = 1; i < VAULT_PUT_DEPTH; i++)
		ck_assert_int_eq(vault_put_write(put, p, BLOCK, rig_never, NULL), 0);
	while (put != NULL)
		ck_assert(uv_run(&loop, UV_RUN_ONCE) != 0 || put == NULL);
	rig_free_bytes(p, 0);
	teardown();
}
END_TEST

/* The store outlives the caller's interest in it while a put goes away. */
START_TEST(closes_behind_an_abort)
{
	uint8_t *p = rig_bytes(BLOCK, 1, 0);
	struct vault_put *put;

	setup();
	put = put_new(0);
	ck_assert_int_eq(vault_put_write(put, p, BLOCK, rig_never, NULL), 0);
	vault_put_abort(put);
	rig_free_bytes(p, 0);
	vault_close(v);
	ck_assert_int_eq(fake.closed, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(fake.closed, 1);
	v = NULL;
	teardown();
}
END_TEST

/* ------ a backend that cannot continue a blob, and one that fails ------ */

static const struct { const char *fails; int resume, park; } resumes[] = {
	{ NULL, 0, 0 }, { "begin", -ENOSPC, 0 }, { "reserve", -ENOSPC, 0 },
};

/* The key is of no use, and nothing stays, which is no failure. */
START_TEST(resumes_nothing)
{
	const struct digest key = digest_of("key", 3);
	const struct vault_put_options o = { .expected_size = 5, .resume = &key };
	struct rig_kept res = { .bytes = 1 };
	struct rig_result parked = { 0 };
	struct vault_put *put;

	setup();
	fake.fails = resumes[_i].fails;
	ck_assert_int_eq(vault_put_new(v, &o, &put, NULL), 0);
	ck_assert_int_eq(vault_put_resume(put, rig_kept_cb, &res), 0);
	while (res.calls == 0)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_int_eq(res.r, resumes[_i].resume);
	ck_assert_uint_eq(res.bytes, 0);
	vault_put_park(put, rig_cb, &parked);
	rig_wait(&loop, &parked, 1);
	ck_assert_int_eq(parked.r, resumes[_i].park);
	ck_assert_int_eq(res.calls, 1);
	teardown();
}
END_TEST

/* ------ in one call ------ */

static const struct { const char *fails; int at; size_t len; int want; } stores[] = {
	{ NULL, 0, 300, 0 }, { NULL, 0, 0, 0 }, { "begin", 0, 300, -ENOSPC },
	{ "append", 1, 300, -ENOSPC }, { "publish", 0, 300, -ENOSPC }, { "begin", 0, 0, -ENOSPC },
};

START_TEST(stores_in_one_call)
{
	struct rig_result res = { 0 }, has = { 0 };
	uint8_t *p = rig_bytes(BLOCK, 1, 0);
	struct digest address = digest_of(p, stores[_i].len);

	setup();
	fake.fails = stores[_i].fails;
	fake.fails_at = stores[_i].at;
	ck_assert_int_eq(vault_store(v, p, stores[_i].len, rig_seal_cb, &res, NULL), 0);
	ck_assert_int_eq(res.calls, 0);
	rig_wait(&loop, &res, 1);
	ck_assert_int_eq(res.r, stores[_i].want);
	if (res.r == 0) {
		ck_assert(digest_equal(&res.sealed.address, &address));
		ck_assert_int_eq(vault_has(v, &address, stores[_i].len, rig_cb, &has), 0);
		ck_assert_int_eq(has.calls, 0);
		rig_wait(&loop, &has, 1);
		ck_assert_int_eq(has.r, 1);
		ck_assert_int_eq(vault_has(v, &address, stores[_i].len + 1, rig_cb, &has), 0);
		rig_wait(&loop, &has, 2);
		ck_assert_int_eq(has.r, 0);
		fake.fails = "has";
		ck_assert_int_eq(vault_has(v, &address, 1, rig_cb, &has), 0);
		rig_wait(&loop, &has, 3);
		ck_assert_int_eq(has.r, -ENOSPC);
	}
	rig_free_bytes(p, 0);
	teardown();
}
END_TEST

/* ------ our own faults ------ */

static void seal_early(struct vault_put *put, uint8_t *p)
{
	ck_assert_int_eq(vault_put_write(put, p, BLOCK, rig_cb, NULL), 0);
	vault_put_seal(put, rig_never_sealed, NULL);
}

static void seal_twice(struct vault_put *put, uint8_t *p)
{
	(void)p;
	vault_put_seal(put, rig_never_sealed, NULL);
	vault_put_seal(put, rig_never_sealed, NULL);
}

static void write_late(struct vault_put *put, uint8_t *p)
{
	vault_put_seal(put, rig_never_sealed, NULL);
	vault_put_write(put, p, BLOCK, rig_cb, NULL);
}

static void abort_late(struct vault_put *put, uint8_t *p)
{
	(void)p;
	vault_put_seal(put, rig_never_sealed, NULL);
	vault_put_abort(put);
}

static void write_before_resumed(struct vault_put *put, uint8_t *p)
{
	vault_put_resume(put, rig_never_kept, NULL);
	vault_put_write(put, p, BLOCK, rig_never, NULL);
}

static void resume_late(struct vault_put *put, uint8_t *p)
{
	vault_put_write(put, p, BLOCK, rig_cb, NULL);
	vault_put_resume(put, rig_never_kept, NULL);
}

static void park_late(struct vault_put *put, uint8_t *p)
{
	(void)p;
	vault_put_seal(put, rig_never_sealed, NULL);
	vault_put_park(put, rig_never, NULL);
}

static void park_twice(struct vault_put *put, uint8_t *p)
{
	(void)p;
	vault_put_park(put, rig_never, NULL);
	vault_put_park(put, rig_never, NULL);
}

static void (*const misuses[])(struct vault_put *put, uint8_t *p) = {
	seal_early, seal_twice, write_late, abort_late, write_before_resumed, resume_late,
	park_late, park_twice,
};

START_TEST(stops_at_misuse)
{
	static uint8_t p[BLOCK];

	setup();
	misuses[_i](put_new(0), p);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, forget, NULL);
	tcase_add_test(tc, opens_or_says_why);
	tcase_add_test(tc, stores_and_calls_back_in_order);
	tcase_add_test(tc, seals_an_empty_blob);
	tcase_add_loop_test(tc, reports_each_failure_once, 0, (int)COUNT(failures));
	tcase_add_loop_test(tc, aborts_at_any_time, 0, (int)COUNT(aborts));
	tcase_add_test(tc, abort_waits_for_the_block_being_written);
	tcase_add_loop_test(tc, aborts_inside_a_callback, 0, 2);
	tcase_add_test(tc, closes_behind_an_abort);
	tcase_add_loop_test(tc, resumes_nothing, 0, (int)COUNT(resumes));
	tcase_add_loop_test(tc, stores_in_one_call, 0, (int)COUNT(stores));
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test_raise_signal(tc, stops_at_misuse, SIGABRT, 0, (int)COUNT(misuses));
}

int main(void)
{
	return suite_main_with("vault", fill, fill_alone);
}
