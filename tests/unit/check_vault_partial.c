/*
 * Puts that are interrupted and continued: where, by what, and what became of
 * the bytes in between.  However that was, the blob that comes out is the one
 * that went in, and what was taken up is never more than what is still right.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"
#include "vault/vault_partial.h"

enum {
	KIB = 1024,
	MIB = 1024 * 1024,
	CHUNK = VAULT_CHUNK,
	LONG = 2 * CHUNK + 2 * MIB + 777,	/* content of several chunks */
	STEP = 64 * KIB,
	SHORT = 3 * STEP + 777,			/* content that is parked after each step */
	PARKED = 3 * STEP,
};

struct kept {
	int calls, r;
	uint64_t bytes;
};

static uv_loop_t loop;
static struct vault *v;
static const char *dir;
static uint8_t *content;
static size_t length;
static struct digest key, address;

static void setup(size_t len)
{
	struct err e;

	dir = rig_dir();
	length = len;
	content = rig_bytes(len, 1, 0);
	address = digest_of(content, len);
	key = digest_of("key", 3);
	uv_loop_init(&loop);
	ck_assert_msg(vault_open(&loop, dir, 0, &v, &e) == 0, "%s", e.msg);
}

static void teardown(void)
{
	vault_close(v);
	rig_end_loop(&loop);
	rig_free_bytes(content, 0);
	rig_clean();
}

static void name_of(const char *suffix, char path[VAULT_PATH_MAX])
{
	char hex[DIGEST_HEX_SIZE];

	snprintf(path, VAULT_PATH_MAX, "%s/partial/%s%s", dir, digest_hex(&key, hex), suffix);
}

static off_t size_of(const char *suffix)
{
	char path[VAULT_PATH_MAX];
	struct stat st;

	name_of(suffix, path);
	return lstat(path, &st) < 0 ? -errno : st.st_size;
}

static bool is_nothing_left(void)
{
	return size_of(".data") == -ENOENT && size_of(".marks") == -ENOENT;
}

static struct vault_put *put_new(uint64_t expected)
{
	const struct vault_put_options o = { .expected_size = expected, .want_sha256 = true,
					     .resume = &key };
	struct vault_put *put;

	ck_assert_int_eq(vault_put_new(v, &o, &put, NULL), 0);
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
			uv_run(&loop, UV_RUN_ONCE);
	}
	while (res.calls < written)
		uv_run(&loop, UV_RUN_ONCE);
	return r < 0 ? r : res.r;
}

static int write_all(struct vault_put *put, const uint8_t *p, size_t len, size_t piece)
{
	return write_pieces(put, p, len, piece, 1);
}

static void on_kept(void *data, int r, uint64_t bytes)
{
	struct kept *k = data;

	k->calls++;
	k->r = r;
	k->bytes = bytes;
}

static struct kept resume(struct vault_put *put)
{
	struct kept k = { 0 };

	ck_assert_int_eq(vault_put_resume(put, on_kept, &k), 0);
	ck_assert_int_eq(k.calls, 0);
	while (k.calls == 0)
		uv_run(&loop, UV_RUN_ONCE);
	return k;
}

static int park(struct vault_put *put)
{
	struct rig_result res = { 0 };

	vault_put_park(put, rig_cb, &res);
	ck_assert_int_eq(res.calls, 0);
	rig_wait(&loop, &res, 1);
	return res.r;
}

/* Three marks, at each step. */
static void leave_parked(void)
{
	struct vault_put *put;

	for (size_t at = 0; at < PARKED; at += STEP) {
		put = put_new(length);
		ck_assert_uint_eq(resume(put).bytes, at);
		ck_assert_int_eq(write_all(put, content + at, STEP, STEP), 0);
		ck_assert_int_eq(park(put), 0);
	}
}

/* Take up, write the rest, seal: it is the content, and how much had been kept. */
static uint64_t finish(void)
{
	struct vault_put *put = put_new(length);
	struct kept k = resume(put);
	struct rig_result seal = { 0 };
	enum vault_verdict verdict;
	uint8_t sha256[32];
	uint64_t size;

	ck_assert_int_eq(k.r, 0);
	ck_assert_uint_eq(k.bytes % VAULT_ALIGN, 0);
	ck_assert_int_eq(write_pieces(put, content + k.bytes, length - k.bytes, MIB,
				      VAULT_PUT_DEPTH), 0);
	vault_put_seal(put, rig_seal_cb, &seal);
	rig_wait(&loop, &seal, 1);
	ck_assert_msg(seal.r == 0, "%s", seal.e.msg);
	ck_assert(digest_equal(&seal.sealed.address, &address));
	ck_assert_uint_eq(seal.sealed.size, length);
	SHA256(content, length, sha256);
	ck_assert_mem_eq(seal.sealed.sha256, sha256, sizeof(sha256));
	ck_assert_int_eq(vault_check(dir, &address, &verdict, &size, NULL), 0);
	ck_assert_int_eq(verdict, VAULT_WHOLE);
	ck_assert_uint_eq(size, length);
	return k.bytes;
}

/* Exactly one blob, read-only, under one name. */
static void check_blob(void)
{
	char path[VAULT_PATH_MAX];
	struct rig_census c = rig_count(dir);
	struct stat st;

	ck_assert_uint_eq(c.whole, 1);
	ck_assert_uint_eq(c.damaged + c.foreign, 0);
	ck_assert_int_eq(vault_path(dir, &address, path, sizeof(path)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_eq(st.st_mode & 07777, 0440);
	ck_assert_int_le(st.st_blocks * 512, (blkcnt_t)length + 64 * KIB);
}

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

	setup(LONG);
	put = put_new(stops[_i].written % 2 == 0 ? LONG : 0);
	ck_assert_int_eq(write_all(put, content, stops[_i].written, stops[_i].piece), 0);
	ck_assert_int_eq(park(put), 0);
	ck_assert_int_eq(size_of(".data"), stops[_i].parked > 0 ? (off_t)stops[_i].parked : -ENOENT);
	ck_assert_uint_eq(rig_count(dir).whole + rig_count(dir).foreign, 0);
	ck_assert_uint_eq(finish(), stops[_i].parked);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
}
END_TEST

static int put_and_die(const void *arg)
{
	const int *i = arg;
	struct vault_put *put = put_new(LONG);

	RIG_WANT(write_all(put, content, stops[*i].written, stops[*i].piece) == 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	return 0;		/* _exit: nothing is put in order */
}

START_TEST(goes_on_where_it_was_killed)
{
	setup(LONG);
	ck_assert_int_eq(rig_in_child(put_and_die, &_i), 0);
	ck_assert_uint_eq(rig_count(dir).whole + rig_count(dir).foreign, 0);
	ck_assert_uint_eq(finish(), stops[_i].killed);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
}
END_TEST

/* Over and over, each a little further. */
START_TEST(goes_on_many_times)
{
	enum { STRIDE = 5 * MIB + 4096 };
	struct vault_put *put;
	struct kept k;
	uint64_t at = 0;

	setup(LONG);
	while (at + STRIDE < LONG) {
		put = put_new(LONG);
		k = resume(put);
		ck_assert_uint_eq(k.bytes, at);
		ck_assert_int_eq(write_all(put, content + at, STRIDE, 64 * KIB), 0);
		ck_assert_int_eq(park(put), 0);
		at += STRIDE;
	}
	ck_assert_uint_eq(finish(), at);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
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

	setup(LONG);
	put = put_new(LONG);
	for (int i = 0; i < VAULT_PUT_DEPTH; i++) {
		p[i] = aligned_alloc(VAULT_ALIGN, 4 * MIB);
		memcpy(p[i], content + i * 4 * MIB, 4 * MIB);
		ck_assert_int_eq(vault_put_write(put, p[i], 4 * MIB, rig_cb, &writes), 0);
	}
	for (int i = 0; i < _i; i++)
		uv_run(&loop, UV_RUN_ONCE);
	calls = writes.calls;
	vault_put_park(put, rig_cb, &parked);
	for (int i = 0; i < VAULT_PUT_DEPTH; i++)
		free(p[i]);
	rig_wait(&loop, &parked, 1);
	ck_assert_int_eq(parked.r, 0);
	ck_assert_int_eq(writes.calls, calls);
	kept = finish();
	ck_assert_uint_eq(kept % (4 * MIB), 0);
	ck_assert_uint_ge(kept, (uint64_t)calls * 4 * MIB);
	check_blob();
	teardown();
}
END_TEST

/* ------ damaged meanwhile ------ */

static void flip(const char *suffix, off_t at)
{
	char path[VAULT_PATH_MAX];
	uint8_t byte;
	int fd;

	name_of(suffix, path);
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

	name_of(suffix, path);
	ck_assert_int_eq(truncate(path, size), 0);
}

enum { RECORD = PARTIAL_RECORD };

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
	setup(SHORT);
	leave_parked();
	ck_assert_int_eq(size_of(".marks"), 3 * RECORD);
	damages[_i].happens(damages[_i].suffix, damages[_i].at);
	ck_assert_uint_eq(finish(), damages[_i].kept);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
}
END_TEST

/* Marks that are whole, and of other bytes: made by putting those. */
START_TEST(believes_no_mark_of_other_bytes)
{
	char marks[VAULT_PATH_MAX], saved[VAULT_PATH_MAX];

	setup(SHORT);
	content[3] ^= 1;
	leave_parked();
	name_of(".marks", marks);
	snprintf(saved, sizeof(saved), "%s/saved", dir);
	ck_assert_int_eq(rename(marks, saved), 0);
	content[3] ^= 1;
	leave_parked();		/* what is there has no marks any more, and goes */
	ck_assert_int_eq(rename(saved, marks), 0);
	ck_assert_uint_eq(finish(), 0);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
}
END_TEST

/* The marks name their key: a file that was moved to another counts for nothing. */
START_TEST(believes_no_mark_of_another_key)
{
	static const char *const suffixes[] = { ".data", ".marks" };
	char from[VAULT_PATH_MAX], to[VAULT_PATH_MAX];
	const struct digest mine = key, other = digest_of("other", 5);

	setup(SHORT);
	key = other;
	leave_parked();
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		key = other;
		name_of(suffixes[i], from);
		key = mine;
		name_of(suffixes[i], to);
		ck_assert_int_eq(rename(from, to), 0);
	}
	ck_assert_uint_eq(finish(), 0);
	ck_assert(is_nothing_left());
	teardown();
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

	setup(SHORT);
	leave_parked();
	snprintf(outside, sizeof(outside), "%s/outside", dir);
	fd = open(outside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, content, 5000), 5000);
	close(fd);
	ck_assert_int_eq(stat(outside, &before), 0);
	name_of(imposters[_i].suffix, path);
	ck_assert_int_eq(unlink(path), 0);
	if (imposters[_i].kind == 'l')
		ck_assert_int_eq(symlink(outside, path), 0);
	else if (imposters[_i].kind == 'd')
		ck_assert_int_eq(mkdir(path, 0700), 0);
	else
		ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_uint_eq(finish(), 0);
	ck_assert_int_eq(stat(outside, &after), 0);
	ck_assert_int_eq(before.st_size, after.st_size);
	check_blob();
	teardown();
}
END_TEST

/* A seal that was cut before the name here was gone: the blob is not touched. */
START_TEST(leaves_a_blob_alone)
{
	char data[VAULT_PATH_MAX], path[VAULT_PATH_MAX], marks[VAULT_PATH_MAX], saved[VAULT_PATH_MAX];

	setup(SHORT);
	leave_parked();
	name_of(".data", data);
	name_of(".marks", marks);
	snprintf(saved, sizeof(saved), "%s/saved", dir);
	ck_assert_int_eq(link(marks, saved), 0);
	ck_assert_uint_eq(finish(), PARKED);
	ck_assert_int_eq(vault_path(dir, &address, path, sizeof(path)), 0);
	ck_assert_int_eq(link(path, data), 0);
	ck_assert_int_eq(rename(saved, marks), 0);
	ck_assert_uint_eq(finish(), 0);
	ck_assert_int_eq(size_of(".data"), -ENOENT);
	check_blob();

	/* The sweep does the same. */
	ck_assert_int_eq(link(path, data), 0);
	ck_assert_int_ge(vault_partials_sweep(dir, utc_now(), NULL), 0);
	ck_assert_int_eq(size_of(".data"), -ENOENT);
	check_blob();
	teardown();
}
END_TEST

static int finish_as_nobody(const void *arg)
{
	(void)arg;
	RIG_WANT(setresuid(65534, 65534, 65534) == 0);
	RIG_WANT(finish() == PARKED);
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
	setup(SHORT);
	leave_parked();
	name_of(".data", path);
	ck_assert_int_eq(chmod(path, 0440), 0);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	name_of(".marks", path);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	snprintf(path, sizeof(path), "%s/partial", dir);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	snprintf(path, sizeof(path), "%s/objects", dir);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	ck_assert_int_eq(chmod(dir, 0711), 0);
	ck_assert_int_eq(rig_in_child(finish_as_nobody, NULL), 0);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
}
END_TEST

/* ------ who may ------ */

static int hold_until_told(int say, int hear)
{
	struct vault_put *put = put_new(length);
	char byte = 0;

	RIG_WANT(write_all(put, content, CHUNK + MIB, MIB) == 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	RIG_WANT(write(say, &byte, 1) == 1);
	RIG_WANT(read(hear, &byte, 1) == 0);	/* until killed */
	return 0;
}

START_TEST(leaves_to_another_process_what_it_holds)
{
	enum { SOME = CHUNK + MIB };
	int here[2], there[2];
	struct vault_put *put;
	struct kept k;
	char byte;
	pid_t pid;

	setup(LONG);
	ck_assert(pipe(here) == 0 && pipe(there) == 0);
	pid = fork();
	if (pid == 0)
		_exit(hold_until_told(here[1], there[0]));
	ck_assert_int_eq(read(here[0], &byte, 1), 1);

	put = put_new(length);
	k = resume(put);
	ck_assert_int_eq(k.r, 0);
	ck_assert_uint_eq(k.bytes, 0);
	ck_assert_int_eq(write_all(put, content, SOME, MIB), 0);
	ck_assert_int_eq(park(put), -EBUSY);
	put = put_new(length);		/* without asking what is there */
	ck_assert_int_eq(write_all(put, content, SOME, MIB), 0);
	ck_assert_int_eq(park(put), -EBUSY);
	ck_assert_int_eq(vault_partials_sweep(dir, INT64_C(4000000000000), NULL), 0);
	ck_assert_uint_eq(finish(), 0);
	check_blob();
	ck_assert_int_eq(size_of(".marks"), RECORD);

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_eq(finish(), CHUNK);
	ck_assert(is_nothing_left());
	for (int i = 0; i < 2; i++) {
		close(here[i]);
		close(there[i]);
	}
	teardown();
}
END_TEST

START_TEST(replaces_what_nobody_took_up)
{
	struct vault_put *put;

	setup(SHORT);
	leave_parked();
	put = put_new(length);
	ck_assert_int_eq(write_all(put, content, 4096, MIB), 0);
	ck_assert_int_eq(park(put), 0);
	ck_assert_int_eq(size_of(".data"), 4096);
	ck_assert_int_eq(size_of(".marks"), RECORD);
	ck_assert_uint_eq(finish(), 4096);
	teardown();
}
END_TEST

/* ------ other ends ------ */

START_TEST(abort_forgets)
{
	struct vault_put *put;

	setup(LONG);
	put = put_new(length);
	ck_assert_int_eq(write_all(put, content, CHUNK + MIB, MIB), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(size_of(".marks"), RECORD);
	vault_put_abort(put);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert(is_nothing_left());

	leave_parked();
	put = put_new(length);
	ck_assert_uint_eq(resume(put).bytes, PARKED);
	vault_put_abort(put);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert(is_nothing_left());
	teardown();
}
END_TEST

static void never_kept(void *data, int r, uint64_t kept)
{
	(void)data; (void)r;
	ck_abort_msg("a callback of a put that was left: %ju", (uintmax_t)kept);
}

/* While what is there is being read, at every turn of the loop up to the last but one. */
START_TEST(leaves_what_it_had_not_taken_up)
{
	struct rig_result parked = { 0 };
	struct vault_put *put;

	setup(SHORT);
	leave_parked();
	for (int turns = 0; turns < 2; turns++) {
		for (int by_park = 0; by_park < 2; by_park++) {
			put = put_new(length);
			ck_assert_int_eq(vault_put_resume(put, never_kept, NULL), 0);
			for (int i = 0; i < turns; i++)
				uv_run(&loop, UV_RUN_ONCE);
			if (by_park)
				vault_put_park(put, rig_cb, &parked);
			else
				vault_put_abort(put);
			uv_run(&loop, UV_RUN_DEFAULT);
			ck_assert_int_eq(size_of(".data"), PARKED);
			ck_assert_int_eq(size_of(".marks"), 3 * RECORD);
		}
	}
	ck_assert_int_eq(parked.calls, 2);
	ck_assert_int_eq(parked.r, 0);
	ck_assert_uint_eq(finish(), PARKED);
	teardown();
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

	setup(SHORT);
	leave_parked();
	w.put = put_new(length);
	ck_assert_int_eq(vault_put_resume(w.put, park_inside, &w), 0);
	rig_wait(&loop, &w.res, 1);
	ck_assert_int_eq(w.res.r, 0);
	ck_assert_uint_eq(w.kept, PARKED);
	ck_assert_uint_eq(finish(), PARKED);
	teardown();
}
END_TEST

START_TEST(takes_up_no_more_than_expected)
{
	struct vault_put *put;

	setup(SHORT);
	leave_parked();
	put = put_new(3 * STEP - 1);
	ck_assert_uint_eq(resume(put).bytes, 2 * STEP);
	vault_put_abort(put);
	teardown();
}
END_TEST

START_TEST(leaves_nothing_without_a_key)
{
	const struct vault_put_options o = { .expected_size = length };
	struct vault_put *put;

	setup(LONG);
	ck_assert_int_eq(vault_put_new(v, &o, &put, NULL), 0);
	ck_assert_uint_eq(resume(put).bytes, 0);
	ck_assert_int_eq(write_all(put, content, length, MIB), 0);
	ck_assert_int_eq(park(put), 0);
	ck_assert(is_nothing_left());
	teardown();
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
	put = put_new(length);
	r = write_all(put, content, 2 * CHUNK, MIB);
	if (r == 0)
		uv_run(&loop, UV_RUN_DEFAULT);
	RIG_WANT(r == f->write || (f->write < 0 && vault_put_error(put) != NULL));
	RIG_WANT(park(put) == f->park);
	return 0;
}

START_TEST(says_that_it_cannot_be_continued)
{
	setup(LONG);
	ck_assert_int_eq(rig_in_child(park_on_failing, &failing[_i]), 0);
	ck_assert_uint_eq(rig_count(dir).whole + rig_count(dir).foreign, 0);
	ck_assert_uint_eq(finish(), failing[_i].leaves ? 2 * CHUNK : 0);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
}
END_TEST

static int seal_on_failing(const void *arg)
{
	const struct rig_fault f = { .call = SYS_mkdirat, .error = ENOSPC };
	struct rig_result seal = { 0 };
	struct vault_put *put;

	(void)arg;
	rig_break(&f);
	put = put_new(length);
	RIG_WANT(write_all(put, content, length, MIB) == 0);
	vault_put_seal(put, rig_seal_cb, &seal);
	rig_wait(&loop, &seal, 1);
	RIG_WANT(seal.r == -ENOSPC);
	return 0;
}

START_TEST(goes_on_after_a_failed_seal)
{
	setup(LONG);
	ck_assert_int_eq(rig_in_child(seal_on_failing, NULL), 0);
	ck_assert_uint_eq(finish(), 2 * CHUNK);
	ck_assert(is_nothing_left());
	check_blob();
	teardown();
}
END_TEST

/* A disk that cannot be read where it was written: what was read before that stays. */
static int resume_unreadable(const void *arg)
{
	const struct rig_fault f = { .call = SYS_pread64, .error = EIO, .arg = 3,
				     .mask = STEP };	/* the second step of the data */
	struct vault_put *put;
	struct kept k;

	(void)arg;
	rig_break(&f);
	put = put_new(length);
	k = resume(put);
	RIG_WANT(k.r == 0 && k.bytes == STEP);
	RIG_WANT(park(put) == 0);
	return 0;
}

START_TEST(takes_up_what_can_be_read)
{
	setup(SHORT);
	leave_parked();
	ck_assert_int_eq(rig_in_child(resume_unreadable, NULL), 0);
	ck_assert_uint_eq(finish(), STEP);
	teardown();
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
	struct kept k;
	struct err e;

	dir = arg;
	content = rig_bytes(MIB, 1, 0);
	key = digest_of("key", 3);
	uv_loop_init(&loop);
	RIG_WANT(vault_open(&loop, dir, 0, &v, &e) == 0);
	put = put_new(800 * KIB);
	RIG_WANT(write_all(put, content, 300 * KIB, 64 * KIB) == 0);
	RIG_WANT(park(put) == 0);
	res = rig_put(&loop, v, &how, content, 600 * KIB);
	RIG_WANT(res.r == 0);
	other = res.sealed.address;

	put = put_new(800 * KIB);
	k = resume(put);
	RIG_WANT(k.r == -ENOSPC && strstr(vault_put_error(put)->msg, "free space") != NULL);
	RIG_WANT(park(put) == -ENOSPC);
	put = put_new(0);		/* not known, so that it is found out by writing */
	k = resume(put);
	RIG_WANT(k.r == 0 && k.bytes == 300 * KIB);
	RIG_WANT(write_all(put, content + 300 * KIB, 500 * KIB, 64 * KIB) == -ENOSPC);
	RIG_WANT(park(put) == -ENOSPC);

	RIG_WANT(vault_path(dir, &other, path, sizeof(path)) == 0 && unlink(path) == 0);
	put = put_new(800 * KIB);
	k = resume(put);
	RIG_WANT(k.r == 0 && k.bytes == 300 * KIB);
	RIG_WANT(write_all(put, content + 300 * KIB, 500 * KIB, 64 * KIB) == 0);
	res = (struct rig_result){ 0 };
	vault_put_seal(put, rig_seal_cb, &res);
	rig_wait(&loop, &res, 1);
	other = digest_of(content, 800 * KIB);
	RIG_WANT(res.r == 0 && digest_equal(&res.sealed.address, &other));
	RIG_WANT(is_nothing_left());
	vault_close(v);
	uv_run(&loop, UV_RUN_DEFAULT);
	rig_free_bytes(content, 0);
	return 0;
}

START_TEST(survives_a_full_disk)
{
	rig_on_small_disk(on_a_small_disk);
}
END_TEST

/* ------ the sweep ------ */

static void touch(const char *suffix, int64_t ms)
{
	struct timespec t[2] = { { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } };
	char path[VAULT_PATH_MAX];
	int fd;

	t[1] = t[0];
	name_of(suffix, path);
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

	setup(SHORT);
	ck_assert_int_eq(vault_partials_sweep(dir, now, NULL), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		key = digest_of(&i, sizeof(i));
		if (cases[i].data)
			touch(".data", now - limit + cases[i].younger);
		if (cases[i].marks)
			touch(".marks", now - limit + cases[i].younger);
	}
	snprintf(path, sizeof(path), "%s/partial/README", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	ck_assert_int_eq(vault_partials_sweep(dir, now, NULL), 3);
	for (size_t i = 0; i < COUNT(cases); i++) {
		key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(size_of(".data"), cases[i].data_after ? 0 : -ENOENT);
		ck_assert_int_eq(size_of(".marks"), cases[i].marks_after ? 0 : -ENOENT);
	}
	ck_assert_int_eq(access(path, F_OK), 0);
	teardown();
}
END_TEST

START_TEST(sweeps_the_oldest_of_too_many)
{
	enum { MORE = 5 };
	const int64_t now = utc_now();
	struct err e;

	setup(SHORT);
	for (int i = 0; i < VAULT_PARTIALS_MAX + MORE; i++) {
		key = digest_of(&i, sizeof(i));
		touch(".marks", now);
		touch(".data", now - 1000 * ((i * 7) % (VAULT_PARTIALS_MAX + MORE)));
	}
	ck_assert_int_eq(vault_partials_sweep(dir, now, NULL), MORE);
	for (int i = 0; i < VAULT_PARTIALS_MAX + MORE; i++) {
		key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(size_of(".data"),
				 (i * 7) % (VAULT_PARTIALS_MAX + MORE) < VAULT_PARTIALS_MAX
				 ? 0 : -ENOENT);
	}
	ck_assert_int_eq(vault_partials_sweep("/nonexistent", now, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/nonexistent/partial"));
	teardown();
}
END_TEST

/* The dock need not be started again for it. */
START_TEST(parking_keeps_them_few)
{
	const int64_t now = utc_now();

	setup(SHORT);
	for (int i = 0; i < VAULT_PARTIALS_MAX; i++) {
		key = digest_of(&i, sizeof(i));
		touch(".marks", now);
		touch(".data", now - 1000 * (i + 1));
	}
	key = digest_of("key", 3);
	leave_parked();
	ck_assert_int_eq(size_of(".data"), PARKED);
	for (int i = 0; i < VAULT_PARTIALS_MAX; i++) {
		key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(size_of(".data"), i < VAULT_PARTIALS_MAX - 1 ? 0 : -ENOENT);
	}
	key = digest_of("key", 3);
	ck_assert_uint_eq(finish(), PARKED);
	teardown();
}
END_TEST

START_TEST(the_oldest_makes_room)
{
	const int64_t now = utc_now();
	char path[VAULT_PATH_MAX];
	int at, held;

	setup(SHORT);
	snprintf(path, sizeof(path), "%s/partial", dir);
	at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		key = digest_of(&i, sizeof(i));
		touch(".marks", now);
		touch(".data", now - 1000 * (i + 1));
	}
	name_of(".data", path);		/* of the oldest */
	held = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(held, LOCK_EX | LOCK_NB), 0);
	for (int i = 1; i >= 0; i--) {
		ck_assert(partials_make_room(at));
		key = digest_of(&i, sizeof(i));
		ck_assert_int_eq(size_of(".data"), -ENOENT);
		ck_assert_int_eq(size_of(".marks"), -ENOENT);
	}
	ck_assert(!partials_make_room(at));
	close(held);
	ck_assert(partials_make_room(at));
	ck_assert(!partials_make_room(at));
	close(at);
	teardown();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, goes_on_where_it_was_parked, 0, (int)COUNT(stops));
	tcase_add_test(tc, goes_on_many_times);
	tcase_add_loop_test(tc, parks_in_the_middle, 0, 8);
	tcase_add_loop_test(tc, keeps_what_still_agrees, 0, (int)COUNT(damages));
	tcase_add_test(tc, believes_no_mark_of_other_bytes);
	tcase_add_test(tc, believes_no_mark_of_another_key);
	tcase_add_loop_test(tc, takes_up_nothing_else, 0, (int)COUNT(imposters));
	tcase_add_test(tc, leaves_a_blob_alone);
	tcase_add_test(tc, replaces_what_nobody_took_up);
	tcase_add_test(tc, abort_forgets);
	tcase_add_test(tc, leaves_what_it_had_not_taken_up);
	tcase_add_test(tc, parks_inside_a_callback);
	tcase_add_test(tc, takes_up_no_more_than_expected);
	tcase_add_test(tc, leaves_nothing_without_a_key);
	tcase_add_test(tc, sweeps_what_is_old);
	tcase_add_test(tc, sweeps_the_oldest_of_too_many);
	tcase_add_test(tc, parking_keeps_them_few);
	tcase_add_test(tc, the_oldest_makes_room);
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test(tc, goes_on_where_it_was_killed, 0, (int)COUNT(stops));
	tcase_add_test(tc, leaves_to_another_process_what_it_holds);
	tcase_add_test(tc, opens_what_is_read_only);
	tcase_add_loop_test(tc, says_that_it_cannot_be_continued, 0, (int)COUNT(failing));
	tcase_add_test(tc, goes_on_after_a_failed_seal);
	tcase_add_test(tc, takes_up_what_can_be_read);
	tcase_add_test(tc, survives_a_full_disk);
}

int main(void)
{
	return suite_main_with("vault_partial", fill, fill_alone);
}
