/* The lister's socket against a dockd that says anything, and against the clock. */
#include "lister/link.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "format/listing.h"
#include "unit/suite.h"

enum { DISK = 1024 * 1024, BLOCK = 512 };

/* A link whose other end is *ret_other. */
static struct link *linked(int *ret_other)
{
	struct link *l = NULL;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(link_new(ends[1], &l, NULL), 0);
	*ret_other = ends[0];
	return l;
}

static void say(int fd, const struct buf *b)
{
	ck_assert(!b->failed);
	ck_assert_int_eq(write(fd, b->p, b->len), (ssize_t)b->len);
}

static struct listing_medium medium_of(uint64_t size, uint32_t block)
{
	return (struct listing_medium){ .n_units = 1, .units = { { size, block } } };
}

static void say_medium(int fd, const struct listing_medium *m)
{
	struct buf b = BUF_INIT(256);

	listing_put_medium(&b, m);
	say(fd, &b);
	buf_clear(&b);
}

static void say_disk(int fd)
{
	const struct listing_medium m = medium_of(DISK, BLOCK);

	say_medium(fd, &m);
}

static const struct { const char *what; uint64_t size; uint32_t block; int ret; } disks[] = {
	{ "a card", DISK, 512, 0 },
	{ "of large blocks", DISK, 4096, 0 },
	{ "empty", 0, 0, 0 },
	{ "blocks of 0", DISK, 0, -EPROTO },
	{ "blocks of 256", DISK, 256, -EPROTO },
	{ "blocks of 513", 513 * 4, 513, -EPROTO },
	{ "blocks of 8192", DISK, 8192, -EPROTO },
	{ "half a block", DISK + 1, 512, -EPROTO },
	{ "beyond what an offset can say", UINT64_MAX - 511, 512, -EPROTO },
};

START_TEST(starts_with_a_disk)
{
	const struct listing_medium m = medium_of(disks[_i].size, disks[_i].block);
	int fd;
	struct link *l = linked(&fd);

	say_medium(fd, &m);
	ck_assert_msg(link_start(l) == disks[_i].ret, "%s", disks[_i].what);
	if (disks[_i].ret == 0)
		ck_assert_uint_eq(link_peer(l)->medium.units[0].block_size, disks[_i].block);
	link_free(l);
}
END_TEST

enum answer { DATA, SHORT, LONG, FAILED, OTHER, GARBAGE, NOTHING };

static const struct { enum answer what; int ret; } answers[] = {
	{ DATA, 0 }, { SHORT, -EPROTO }, { LONG, -EPROTO }, { FAILED, -EIO }, { OTHER, -EPROTO },
	{ GARBAGE, -EPROTO }, { NOTHING, -EPIPE },
};

START_TEST(reads)
{
	static const uint8_t want[] = { 1, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0,
					0, 2, 0, 0 };
	uint8_t block[2 * BLOCK] = "the bytes of a card", got[BLOCK], asked[sizeof(want)];
	const struct listing_medium m = medium_of(DISK, BLOCK);
	struct buf b = BUF_INIT(4096);
	int fd;
	struct link *l = linked(&fd);

	say_disk(fd);
	ck_assert_int_eq(link_start(l), 0);
	switch (answers[_i].what) {
	case DATA:	listing_put_data(&b, block, BLOCK); break;
	case SHORT:	listing_put_data(&b, block, BLOCK - 1); break;
	case LONG:	listing_put_data(&b, block, 2 * BLOCK); break;
	case FAILED:	listing_put_failed(&b, ENXIO); break;
	case OTHER:	listing_put_medium(&b, &m); break;
	case GARBAGE:	buf_add(&b, "\xff\xff\xff\xff\xff\xff\xff\xff", 8); break;
	case NOTHING:	shutdown(fd, SHUT_WR); break;
	}
	if (b.len > 0)
		say(fd, &b);
	ck_assert_int_eq(link_peer(l)->read(link_peer(l), 0, 4096, BLOCK, got), answers[_i].ret);
	if (answers[_i].ret == 0)
		ck_assert_mem_eq(got, block, BLOCK);
	ck_assert_int_eq(read(fd, asked, sizeof(asked)), (ssize_t)sizeof(asked));
	ck_assert_mem_eq(asked, want, sizeof(want));
	buf_clear(&b);
	link_free(l);
}
END_TEST

/* ------ operations ------ */

static const struct listing_operation ok_response = { 0x2001, 2, { 7, 8 } };

static void took(void *data, const uint8_t *bytes, size_t len)
{
	buf_add(data, bytes, len);
}

enum reply { WHOLE, EMPTY, FAILED_LATE, A_READ, SIX_PARAMS, TOO_MUCH, HUNG_UP };

static const struct { enum reply what; int ret; size_t len; } replies[] = {
	{ WHOLE, 0, 5 }, { EMPTY, 0, 0 }, { FAILED_LATE, -EIO, 3 }, { A_READ, -EPROTO, 3 },
	{ SIX_PARAMS, -EPROTO, 3 }, { TOO_MUCH, -EPROTO, LISTING_DATASET_MAX },
	{ HUNG_UP, -EPIPE, 3 },
};

/* What dockd answers, from a process of its own: it is more than a socket holds. */
static void reply(int fd, enum reply what)
{
	static const uint8_t bytes[LISTING_MESSAGE_MAX] = "abcde";
	struct buf b = BUF_INIT(LISTING_DATASET_MAX + 1024 * 1024);

	if (what != EMPTY)
		listing_put_dataset(&b, bytes, 3);
	switch (what) {
	case WHOLE:
		listing_put_dataset(&b, bytes + 3, 2);
		listing_put_response(&b, &ok_response);
		break;
	case EMPTY:		listing_put_response(&b, &ok_response); break;
	case FAILED_LATE:	listing_put_failed(&b, EIO); break;
	case A_READ:		listing_put_data(&b, bytes, 3); break;
	case SIX_PARAMS:	buf_add(&b, "\x45\0\0\0\4\0\0\0\1\x20\6\0", 12); break;
	case TOO_MUCH:
		buf_reset(&b);
		for (size_t i = 0; i < LISTING_DATASET_MAX; i += sizeof(bytes))
			listing_put_dataset(&b, bytes, sizeof(bytes));
		listing_put_dataset(&b, bytes, 1);
		break;
	case HUNG_UP:		break;
	}
	for (size_t at = 0; at < b.len;) {
		ssize_t n = write(fd, b.p + at, b.len - at);

		if (n < 0)
			_exit(1);
		at += (size_t)n;
	}
	_exit(0);
}

START_TEST(carries_out)
{
	static const uint8_t want[] = { 8, 0, 0, 0, 8, 0, 0, 0, 7, 0x10, 1, 0, 1, 0, 1, 0 };
	const struct listing_operation op = { 0x1007, 1, { 0x10001 } };
	const struct listing_medium m = { .kind = LISTING_MTP, .encoding = LISTING_UTF8 };
	struct listing_operation response = { 0 };
	struct buf got = BUF_INIT(LISTING_DATASET_MAX);
	uint8_t asked[sizeof(want)];
	int fd, status;
	struct link *l = linked(&fd);
	pid_t pid;

	say_medium(fd, &m);
	ck_assert_int_eq(link_start(l), 0);
	ck_assert_int_eq(link_peer(l)->medium.kind, LISTING_MTP);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		reply(fd, replies[_i].what);
	if (replies[_i].what == HUNG_UP) {
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		shutdown(fd, SHUT_WR);
	}
	ck_assert_int_eq(link_peer(l)->operation(link_peer(l), &op, took, &got, &response),
			 replies[_i].ret);
	ck_assert_uint_eq(got.len, replies[_i].len);
	if (replies[_i].ret == 0) {
		ck_assert(got.len == 0 || memcmp(got.p, "abcde", got.len) == 0);
		ck_assert_mem_eq(&response, &ok_response, sizeof(response));
	}
	ck_assert_int_eq(read(fd, asked, sizeof(asked)), (ssize_t)sizeof(asked));
	ck_assert_mem_eq(asked, want, sizeof(want));
	buf_clear(&got);
	link_free(l);
}
END_TEST

/* The first word that the time is up lets the walk end by itself, its messages still pass. */
START_TEST(lets_a_walk_end)
{
	struct buf b = BUF_INIT(64);
	uint8_t got[BLOCK], end[8];
	int fd;
	struct link *l = linked(&fd);

	say_disk(fd);
	ck_assert_int_eq(link_start(l), 0);
	ck_assert(!link_late(l));
	raise(SIGXCPU);
	ck_assert(link_late(l));
	ck_assert_int_eq(link_peer(l)->read(link_peer(l), 0, 0, BLOCK, got), -ETIME);
	ck_assert_int_eq(link_peer(l)->operation(link_peer(l), &ok_response, took, &b, NULL), -ETIME);
	listing_put_end(&b);
	ck_assert_int_eq(link_peer(l)->send(link_peer(l), &b), 0);
	ck_assert_int_eq(read(fd, end, sizeof(end)), (ssize_t)sizeof(end));
	buf_clear(&b);
	link_free(l);
}
END_TEST

/* The second, in a computation that asks for nothing, ends it in its place. */
START_TEST(ends_in_its_place)
{
	const struct listing_medium m = medium_of(DISK, BLOCK);
	struct listing_reader *r = NULL;
	struct listing_event ev;
	struct listing listing;
	uint8_t in[1024];
	size_t used;
	ssize_t n;
	int fd, status;
	struct link *l = linked(&fd);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		raise(SIGXCPU);
		raise(SIGXCPU);
		_exit(1);
	}
	link_free(l);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	n = read(fd, in, sizeof(in));
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(listing_reader_new(&m, &r), 0);
	ck_assert_int_eq(listing_reader_feed(r, in, (size_t)n, &used, &ev, NULL), 1);
	ck_assert_int_eq(ev.what, LISTING_COMPLETE);
	listing_reader_take(r, &listing);
	ck_assert_uint_eq(listing.n_troubles, 1);
	ck_assert_str_eq(listing.troubles[0].text, LINK_LATE_TEXT);
	listing_clear(&listing);
	listing_reader_free(r);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, starts_with_a_disk, 0, (int)COUNT(disks));
	tcase_add_loop_test(tc, reads, 0, (int)COUNT(answers));
	tcase_add_loop_test(tc, carries_out, 0, (int)COUNT(replies));
	tcase_add_test(tc, lets_a_walk_end);
	tcase_add_test(tc, ends_in_its_place);
}

int main(void)
{
	return suite_main("link", fill);
}
