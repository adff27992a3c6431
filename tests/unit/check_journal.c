#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"
#include "vault/journal.h"

#define SESSION "0b1e0000-0000-4000-8000-000000000001"

enum { HEADER = 64, MIB = 1024 * 1024 };

static struct journal *open_or_fail(uv_loop_t *loop, const char *dir)
{
	struct journal *j;
	struct err e;

	ck_assert_msg(journal_open(loop, dir, SESSION, &j, &e) == 0, "%s", e.msg);
	return j;
}

static const char *file_in(const char *dir)
{
	static char path[VAULT_PATH_MAX];

	snprintf(path, sizeof(path), "%s/" SESSION ".journal", dir);
	return path;
}

static void append_or_fail(uv_loop_t *loop, struct journal *j, const void *p, size_t len)
{
	struct rig_result res = { 0 };

	ck_assert_int_eq(journal_append(j, p, len, rig_cb, &res), 0);
	ck_assert_int_eq(res.calls, 0);
	rig_wait(loop, &res, 1);
	ck_assert_int_eq(res.r, 0);
}

/* How many records there are, when they are texts[0], [1], ... */
static unsigned count_records(struct journal *j, const char *const *texts, unsigned max)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(JOURNAL_RECORD_MAX);
	uint64_t at = 0;
	unsigned n = 0;
	struct err e;
	int r;

	while ((r = journal_read(j, &at, &b, &e)) == 1) {
		ck_assert_uint_lt(n, max);
		ck_assert_str_eq(buf_str(&b), texts[n]);
		n++;
	}
	ck_assert_msg(r == 0, "%s", e.msg);
	return n;
}

static const size_t sizes[] = { 1, 63, 64, 65, 4096, 65536 - 64, JOURNAL_RECORD_MAX };

START_TEST(gives_back_what_it_took)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(JOURNAL_RECORD_MAX);
	const char *dir = rig_dir();
	uint8_t *p[COUNT(sizes)];
	struct journal *j;
	uint64_t at = 0;
	uv_loop_t loop;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, dir);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		p[i] = rig_bytes(sizes[i], (unsigned)i, 0);
		append_or_fail(&loop, j, p[i], sizes[i]);
	}
	ck_assert_int_eq(journal_append(j, p[0], 0, rig_cb, NULL), -EMSGSIZE);
	ck_assert_int_eq(journal_append(j, p[0], JOURNAL_RECORD_MAX + 1, rig_cb, NULL), -EMSGSIZE);
	for (int pass = 0; pass < 2; pass++) {
		at = 0;
		for (size_t i = 0; i < COUNT(sizes); i++) {
			ck_assert_int_eq(journal_read(j, &at, &b, NULL), 1);
			ck_assert_uint_eq(b.len, sizes[i]);
			ck_assert_mem_eq(b.p, p[i], sizes[i]);
		}
		ck_assert_int_eq(journal_read(j, &at, &b, NULL), 0);
		ck_assert_int_eq(journal_close(j, 0, NULL), 0);
		j = open_or_fail(&loop, dir);
		ck_assert_uint_eq(journal_cut(j), 0);
	}
	ck_assert_int_eq(journal_close(j, 1, NULL), 0);
	ck_assert_int_eq(access(file_in(dir), F_OK), -1);
	ck_assert_int_eq(journal_close(NULL, 1, NULL), 0);
	for (size_t i = 0; i < COUNT(sizes); i++)
		rig_free_bytes(p[i], 0);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

/* ------ the queue ------ */

struct order {
	struct journal *j;
	unsigned next;
	struct turn {
		struct order *o;
		unsigned number;
	} turns[JOURNAL_QUEUE];
};

static void in_turn(void *data, int r)
{
	struct turn *t = data;

	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(t->number, t->o->next);
	t->o->next++;
	if (t->o->next == JOURNAL_QUEUE)	/* nothing is in flight any more */
		ck_assert_int_eq(journal_close(t->o->j, 0, NULL), 0);
}

START_TEST(queues_in_order_up_to_its_depth)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(JOURNAL_RECORD_MAX);
	const char *dir = rig_dir();
	struct order o = { 0 };
	uint64_t at = 0;
	uv_loop_t loop;

	uv_loop_init(&loop);
	o.j = open_or_fail(&loop, dir);
	for (unsigned i = 0; i < JOURNAL_QUEUE; i++) {
		o.turns[i] = (struct turn){ &o, i };
		ck_assert_int_eq(journal_append(o.j, &o.turns[i].number, sizeof(unsigned), in_turn,
						&o.turns[i]), 0);
	}
	ck_assert_int_eq(journal_append(o.j, "x", 1, in_turn, NULL), -EAGAIN);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_uint_eq(o.next, JOURNAL_QUEUE);
	o.j = open_or_fail(&loop, dir);
	for (unsigned i = 0; i < JOURNAL_QUEUE; i++) {
		ck_assert_int_eq(journal_read(o.j, &at, &b, NULL), 1);
		ck_assert_mem_eq(b.p, &i, sizeof(i));
	}
	journal_close(o.j, 0, NULL);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

START_TEST(is_not_closed_under_an_append)
{
	struct rig_result res = { 0 };
	struct journal *j;
	uv_loop_t loop;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, rig_dir());
	rig_clean();
	ck_assert_int_eq(journal_append(j, "x", 1, rig_cb, &res), 0);
	journal_close(j, 0, NULL);
}
END_TEST

/* ------ what a power cut leaves ------ */

/* Written as [0], [1], [2 and 3]: the first of a queue goes at once, the rest together. */
static const char *const texts[] = { "{\"type\":\"session\"}", "DVJ1", "x", "{\"type\":\"end\"}" };
enum { TEXTS = COUNT(texts), LAST_WRITE = 2 };

/* Make the journal, return its bytes; ends[i] is where record i ends. */
static void make_journal(const char *dir, struct buf *ret, size_t ends[TEXTS])
{
	struct rig_result res = { 0 };
	struct journal *j;
	uv_loop_t loop;
	size_t at = 0;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, dir);
	append_or_fail(&loop, j, texts[0], strlen(texts[0]));
	for (unsigned i = 1; i < TEXTS; i++)
		ck_assert_int_eq(journal_append(j, texts[i], strlen(texts[i]), rig_cb, &res), 0);
	rig_wait(&loop, &res, TEXTS - 1);
	journal_close(j, 0, NULL);
	rig_end_loop(&loop);
	ck_assert_int_eq(file_read(file_in(dir), ret, NULL), 0);
	for (unsigned i = 0; i < TEXTS; i++)
		ends[i] = at += HEADER + strlen(texts[i]);
	ck_assert_uint_eq(ret->len, at);
}

static void write_file(const char *path, const void *p, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_write_all(fd, p, len), 0);
	close(fd);
}

static unsigned whole_before(const size_t ends[TEXTS], size_t offset)
{
	unsigned n = 0;

	while (n < TEXTS && ends[n] <= offset)
		n++;
	return n;
}

/* Open what is in the file: `whole` records and then room for more. */
static void want_records(const char *dir, unsigned whole, uint64_t cut)
{
	const char *const more[TEXTS + 1] = { texts[0], texts[1], texts[2], texts[3] };
	const char *after[TEXTS + 1];
	struct journal *j;
	uv_loop_t loop;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, dir);
	ck_assert_uint_eq(count_records(j, more, TEXTS), whole);
	ck_assert_uint_eq(journal_cut(j), cut);
	append_or_fail(&loop, j, "after", 5);
	journal_close(j, 0, NULL);
	j = open_or_fail(&loop, dir);
	memcpy(after, more, sizeof(after));
	after[whole] = "after";
	ck_assert_uint_eq(count_records(j, after, TEXTS + 1), whole + 1);
	ck_assert_uint_eq(journal_cut(j), 0);
	journal_close(j, 0, NULL);
	rig_end_loop(&loop);
}

START_TEST(survives_a_cut_at_every_byte)
{
	AUTO(buf_clear) struct buf all = BUF_INIT(MIB);
	const char *dir = rig_dir();
	size_t ends[TEXTS];

	make_journal(dir, &all, ends);
	for (size_t cut = 0; cut <= all.len; cut++) {
		unsigned whole = whole_before(ends, cut);

		write_file(file_in(dir), all.p, cut);
		want_records(dir, whole, cut - (whole > 0 ? ends[whole - 1] : 0));
	}
	rig_clean();
}
END_TEST

/* The file has its new size, the bytes are not there: zeros, from every byte on. */
START_TEST(survives_zeros_from_every_byte_of_the_last_write)
{
	AUTO(buf_clear) struct buf all = BUF_INIT(MIB);
	const char *dir = rig_dir();
	size_t ends[TEXTS];

	make_journal(dir, &all, ends);
	for (size_t from = all.len; from-- > ends[LAST_WRITE - 1];) {
		unsigned whole = whole_before(ends, from);

		all.p[from] = 0;
		write_file(file_in(dir), all.p, all.len);
		want_records(dir, whole, all.len - ends[whole - 1]);
	}
	rig_clean();
}
END_TEST

/* Every byte, with one bit and with all bits turned. */
START_TEST(tells_damage_from_a_torn_tail)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	AUTO(buf_clear) struct buf all = BUF_INIT(MIB);
	AUTO(buf_clear) struct buf after = BUF_INIT(MIB);
	const char *dir = rig_dir();
	size_t ends[TEXTS];
	struct journal *j = NULL;
	struct err e;
	uv_loop_t loop;

	make_journal(dir, &all, ends);
	uv_loop_init(&loop);
	for (size_t i = 0; i < all.len * COUNT(flips); i++) {
		size_t at = i / COUNT(flips);
		unsigned whole = whole_before(ends, at);

		all.p[at] ^= flips[i % COUNT(flips)];
		write_file(file_in(dir), all.p, all.len);
		if (whole < LAST_WRITE) {
			ck_assert_int_eq(journal_open(&loop, dir, SESSION, &j, &e), -EUCLEAN);
			ck_assert_ptr_null(j);
			ck_assert_ptr_nonnull(strstr(e.msg, file_in(dir)));
			buf_reset(&after);
			ck_assert_int_eq(file_read(file_in(dir), &after, NULL), 0);
			ck_assert_uint_eq(after.len, all.len);
			ck_assert_mem_eq(after.p, all.p, all.len);
		} else {
			want_records(dir, whole, all.len - ends[whole - 1]);
		}
		all.p[at] ^= flips[i % COUNT(flips)];
	}
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

/* A bad record and the header that vouches for it, at all distances around the scan's block. */
START_TEST(finds_a_voucher_across_blocks)
{
	const char *dir = rig_dir();
	const size_t len = 65536 - 64 - 96 + (size_t)_i;
	uint8_t *p = rig_bytes(len, 9, 0);
	struct journal *j = NULL;
	uv_loop_t loop;
	struct err e;
	int fd;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, dir);
	append_or_fail(&loop, j, p, len);
	append_or_fail(&loop, j, "later", 5);
	journal_close(j, 0, NULL);
	fd = open(file_in(dir), O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "!", 1, 0), 1);
	close(fd);
	j = NULL;
	ck_assert_int_eq(journal_open(&loop, dir, SESSION, &j, &e), -EUCLEAN);
	ck_assert_ptr_null(j);
	rig_free_bytes(p, 0);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

START_TEST(notices_damage_while_open)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(JOURNAL_RECORD_MAX);
	const char *dir = rig_dir();
	struct journal *j;
	uint64_t at = 0;
	struct err e;
	uv_loop_t loop;
	int fd;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, dir);
	append_or_fail(&loop, j, "whole", 5);
	fd = open(file_in(dir), O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "W", 1, HEADER), 1);
	close(fd);
	ck_assert_int_eq(journal_read(j, &at, &b, &e), -EUCLEAN);
	ck_assert_ptr_nonnull(strstr(e.msg, file_in(dir)));
	ck_assert_uint_eq(at, 0);
	journal_close(j, 0, NULL);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

/* ------ disks that fail ------ */

static const struct rig_fault faults[] = {
	{ .call = SYS_pwrite64, .error = EIO },
	{ .call = SYS_pwrite64, .error = ENOSPC },
	{ .call = SYS_fdatasync, .error = EIO },
	{ .call = SYS_fdatasync, .error = EDQUOT },
};

struct broken {
	const char *dir;
	const struct rig_fault *fault;
};

/* One record, then the disk breaks: three appends, of which none may be reported durable. */
static int append_to_broken(const void *arg)
{
	const struct broken *b = arg;
	struct rig_result res[3] = { 0 };
	struct journal *j;
	uv_loop_t loop;

	uv_loop_init(&loop);
	RIG_WANT(journal_open(&loop, b->dir, SESSION, &j, NULL) == 0);
	rig_break(b->fault);
	for (int i = 0; i < 3; i++)
		RIG_WANT(journal_append(j, texts[1], strlen(texts[1]), rig_cb, &res[i]) == 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	for (int i = 0; i < 3; i++)
		RIG_WANT(res[i].calls == 1 && res[i].r == -b->fault->error);
	RIG_WANT(count_records(j, texts, 1) == 1);
	return 0;
}

START_TEST(fails_clean)
{
	const struct broken b = { rig_dir(), &faults[_i] };
	struct journal *j;
	uv_loop_t loop;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, b.dir);
	append_or_fail(&loop, j, texts[0], strlen(texts[0]));
	journal_close(j, 0, NULL);
	ck_assert_int_eq(rig_in_child(append_to_broken, &b), 0);
	want_records(b.dir, 1, 0);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

/* What was half-written cannot even be taken away: it stays shut, whatever comes. */
static int append_to_stuck(const void *arg)
{
	const struct rig_fault sync = { .call = SYS_fdatasync, .error = EIO };
	const struct rig_fault cut = { .call = SYS_ftruncate, .error = EROFS };
	struct rig_result res = { 0 };
	struct journal *j;
	uv_loop_t loop;

	uv_loop_init(&loop);
	RIG_WANT(journal_open(&loop, arg, SESSION, &j, NULL) == 0);
	rig_break(&sync);
	rig_break(&cut);
	RIG_WANT(journal_append(j, "x", 1, rig_cb, &res) == 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	RIG_WANT(res.calls == 1 && res.r == -EIO);
	RIG_WANT(journal_append(j, "x", 1, rig_cb, &res) == 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	RIG_WANT(res.calls == 2 && res.r == -EROFS);
	RIG_WANT(count_records(j, NULL, 0) == 0);
	return 0;
}

START_TEST(stays_shut_when_it_cannot_be_mended)
{
	ck_assert_int_eq(rig_in_child(append_to_stuck, rig_dir()), 0);
	rig_clean();
}
END_TEST

static int on_a_small_disk(const void *arg)
{
	static const uint8_t filler[512 * 1024], record[300 * 1024];
	AUTO(buf_clear) struct buf b = BUF_INIT(JOURNAL_RECORD_MAX);
	const char *dir = arg;
	struct rig_result res[2] = { 0 };
	char other[VAULT_PATH_MAX];
	struct journal *j;
	uv_loop_t loop;
	uint64_t at = 0;

	uv_loop_init(&loop);
	snprintf(other, sizeof(other), "%s/other", dir);
	write_file(other, filler, sizeof(filler));
	RIG_WANT(journal_open(&loop, dir, SESSION, &j, NULL) == 0);
	append_or_fail(&loop, j, record, sizeof(record));
	RIG_WANT(journal_append(j, record, sizeof(record), rig_cb, &res[0]) == 0);
	RIG_WANT(journal_append(j, "x", 1, rig_cb, &res[1]) == 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	RIG_WANT(res[0].r == -ENOSPC && res[1].r == -ENOSPC);	/* the order holds */
	RIG_WANT(unlink(other) == 0);
	append_or_fail(&loop, j, record, sizeof(record));
	append_or_fail(&loop, j, "x", 1);
	RIG_WANT(journal_read(j, &at, &b, NULL) == 1 && b.len == sizeof(record));
	RIG_WANT(journal_read(j, &at, &b, NULL) == 1 && b.len == sizeof(record));
	RIG_WANT(journal_read(j, &at, &b, NULL) == 1 && b.len == 1);
	RIG_WANT(journal_read(j, &at, &b, NULL) == 0);
	RIG_WANT(journal_close(j, 0, NULL) == 0);
	return 0;
}

START_TEST(survives_a_full_disk)
{
	rig_on_small_disk(on_a_small_disk);
}
END_TEST

/* ------ names ------ */

static const char *const no_sessions[] = {
	"", ".", "..", "a/b", "../x", "a.b", "x\n", "\xe4\xb8\xad",
	"0123456789012345678901234567890123456",	/* 37 */
};

START_TEST(takes_names_of_sessions_only)
{
	struct journal *j = NULL;
	struct err e;

	ck_assert_int_eq(journal_open(NULL, rig_dir(), no_sessions[_i], &j, &e), -EINVAL);
	ck_assert_ptr_null(j);
	rig_clean();
}
END_TEST

START_TEST(is_open_once)
{
	const char *dir = rig_dir();
	struct journal *j, *second = NULL;
	uv_loop_t loop;
	struct err e;

	uv_loop_init(&loop);
	j = open_or_fail(&loop, dir);
	ck_assert_int_eq(journal_open(&loop, dir, SESSION, &second, &e), -EBUSY);
	ck_assert_ptr_null(second);
	journal_close(j, 0, NULL);
	j = open_or_fail(&loop, dir);
	journal_close(j, 0, NULL);
	rig_end_loop(&loop);
	rig_clean();
}
END_TEST

struct listing {
	char names[200];
	int stop_at, calls;
};

static int add_name(void *data, const char *session)
{
	struct listing *l = data;
	size_t n = strlen(l->names);

	snprintf(l->names + n, sizeof(l->names) - n, "%s ", session);
	return ++l->calls == l->stop_at ? 7 : 0;
}

START_TEST(lists_the_oldest_first)
{
	/* name, and when it was written to */
	static const struct { const char *name; int when; } files[] = {
		{ "b.journal", 30 }, { "a.journal", 30 }, { "c.journal", 20 }, { "d.journal", 40 },
		{ "x.journal.old", 1 }, { ".journal", 1 }, { "a.b.journal", 1 }, { "note", 1 },
	};
	struct listing all = { 0 }, some = { .stop_at = 2 };
	const char *dir = rig_dir();
	char path[VAULT_PATH_MAX];

	for (size_t i = 0; i < COUNT(files); i++) {
		const struct timespec times[2] = { { .tv_sec = files[i].when },
						   { .tv_sec = files[i].when } };

		snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
		write_file(path, "", 0);
		ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	}
	snprintf(path, sizeof(path), "%s/e.journal", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(journal_list(dir, add_name, &all, NULL), 0);
	ck_assert_str_eq(all.names, "c a b d ");
	ck_assert_int_eq(journal_list(dir, add_name, &some, NULL), 7);
	ck_assert_str_eq(some.names, "c a ");
	snprintf(path, sizeof(path), "%s/none", dir);
	ck_assert_int_eq(journal_list(path, add_name, &all, NULL), 0);
	snprintf(path, sizeof(path), "%s/note", dir);
	ck_assert_int_eq(journal_list(path, add_name, &all, NULL), -ENOTDIR);
	rig_clean();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, gives_back_what_it_took);
	tcase_add_test(tc, queues_in_order_up_to_its_depth);
	tcase_add_test(tc, survives_a_cut_at_every_byte);
	tcase_add_test(tc, survives_zeros_from_every_byte_of_the_last_write);
	tcase_add_test(tc, tells_damage_from_a_torn_tail);
	tcase_add_loop_test(tc, finds_a_voucher_across_blocks, 0, 192);
	tcase_add_test(tc, notices_damage_while_open);
	tcase_add_loop_test(tc, takes_names_of_sessions_only, 0, (int)COUNT(no_sessions));
	tcase_add_test(tc, is_open_once);
	tcase_add_test(tc, lists_the_oldest_first);
}

static void fill_alone(TCase *tc)
{
	tcase_add_test_raise_signal(tc, is_not_closed_under_an_append, SIGABRT);
	tcase_add_loop_test(tc, fails_clean, 0, (int)COUNT(faults));
	tcase_add_test(tc, stays_shut_when_it_cannot_be_mended);
	tcase_add_test(tc, survives_a_full_disk);
}

int main(void)
{
	return suite_main_with("journal", fill, fill_alone);
}
