#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "tlog/tlog.h"
#include "unit/suite.h"
#include "unit/tlog_rig.h"
#include "unit/vault_rig.h"

static char log_dir[RIG_PATH_SIZE], other_dir[RIG_PATH_SIZE];

static void set_up(void)
{
	const char *dir = rig_dir();

	snprintf(log_dir, sizeof(log_dir), "%s/log", dir);
	snprintf(other_dir, sizeof(other_dir), "%s/other", dir);
}

static void tear_down(void)
{
	rig_clean();
}

static const char *in_log(const char *name)
{
	return rig_name(log_dir, name);
}

static struct tlog_reader *reader(uint64_t size)
{
	struct tlog_reader *r = NULL;
	struct err e;

	ck_assert_msg(tlog_reader_open(log_dir, &r, &e) == 0, "%s", e.msg);
	tlog_reader_size(r, size);
	return r;
}

/* ------ what was written is read ------ */

static const uint64_t sizes[] = {
	0, 1, 2, 255, 256, 257, 511, 512, 513, 4096, 65535, 65536, 65537, 65536 + 256, 65536 + 300,
};

static void want_proofs(uint64_t size)
{
	AUTO(tlog_reader_closep) struct tlog_reader *r = reader(size);
	const uint64_t at[] = { 0, 1, size / 2, size - 2, size - 1 };
	struct merkle_hash root = rig_root(size), part, h;
	uint8_t leaf[RIG_LEAF_MAX];
	struct merkle_proof p;
	struct err e;

	for (size_t i = 0; i < COUNT(at); i++) {
		AUTO(buf_clear) struct buf entry = BUF_INIT(RIG_LEAF_MAX);

		if (at[i] >= size)
			continue;
		ck_assert_int_eq(merkle_prove_inclusion(at[i], size, tlog_reader_node, r, &p, &e), 0);
		ck_assert_msg(tlog_reader_entry(r, at[i], &entry, &e) == 0, "%s", e.msg);
		ck_assert_uint_eq(entry.len, rig_leaf(at[i], leaf));
		h = merkle_leaf(entry.p, entry.len);
		ck_assert(merkle_check_inclusion(at[i], size, &h, &p, &root));
		part = rig_root(at[i] + 1);
		ck_assert_int_eq(merkle_prove_consistency(at[i] + 1, size, tlog_reader_node, r, &p,
							  &e), 0);
		ck_assert(merkle_check_consistency(at[i] + 1, size, &p, &part, &root));
	}
}

START_TEST(is_read_as_it_was_written)
{
	const uint64_t size = sizes[_i];

	rig_grow(log_dir, size);
	rig_want_log(log_dir, size);
	want_proofs(size);
	ck_assert(!rig_exists(in_log("checkpoint.tmp")));
	ck_assert(!rig_exists(in_log("tile/0/000.tmp")));
	ck_assert_int_eq(rig_exists(in_log("tile/0/000")), size >= 256);
	ck_assert_int_eq(rig_exists(in_log("tile/entries/000.p/255")), size == 255);
	ck_assert_int_eq(rig_exists(in_log("tile/1/000.p/1")), size >= 256 && size < 512);
	ck_assert_int_eq(rig_exists(in_log("tile/2/000.p/1")), size >= 65536);
}
END_TEST

/* However it was cut into batches, rounds and lives of the writer: the same bytes. */
static const struct { uint64_t step, publish, reopen, size; } rhythms[] = {
	{ 1, 1, 1, 10 }, { 1, 7, 50, 530 }, { 100, 100, 300, 1100 }, { 255, 255, 255, 1100 },
	{ 256, 256, 512, 1100 }, { 257, 257, 10000, 1100 }, { 300, 900, 1000, 1100 },
};

START_TEST(is_the_same_however_it_grew)
{
	const uint64_t size = rhythms[_i].size;
	struct tlog_writer *w = rig_open(log_dir, 0);
	uint64_t at, signed_at = 0;

	rig_grow(other_dir, size);
	for (at = 0; at < size; ) {
		at = MIN(at + rhythms[_i].step, size);
		rig_append(w, at);
		if (at % rhythms[_i].publish != 0 && at < size)
			continue;
		rig_publish(w);
		signed_at = at;
		if (at / rhythms[_i].reopen * rhythms[_i].reopen == at) {
			tlog_writer_close(w);
			w = rig_open(log_dir, signed_at);
		}
	}
	tlog_writer_close(w);
	rig_want_log(log_dir, size);
	rig_want_same(log_dir, other_dir, size);
}
END_TEST

START_TEST(keeps_partial_tiles_until_nobody_reads_them)
{
	struct tlog_writer *w = rig_open(log_dir, 0);

	rig_append(w, 100);
	rig_publish(w);
	rig_append(w, 200);
	rig_publish(w);
	ck_assert(rig_exists(in_log("tile/0/000.p/100")));
	rig_append(w, 300);
	rig_publish(w);
	/* Whoever reads by the checkpoint of 200 has not ended yet. */
	ck_assert(rig_exists(in_log("tile/0/000.p/100")) && rig_exists(in_log("tile/0/000.p/200")));
	ck_assert(rig_exists(in_log("tile/entries/000.p/200")));
	rig_append(w, 301);
	rig_publish(w);
	ck_assert(!rig_exists(in_log("tile/0/000.p")) && !rig_exists(in_log("tile/entries/000.p")));
	ck_assert(rig_exists(in_log("tile/0/001.p/44")) && rig_exists(in_log("tile/0/001.p/45")));
	tlog_writer_close(w);
	rig_want_log(log_dir, 301);
}
END_TEST

/* A writer that died before it swept leaves that to the next. */
START_TEST(sweeps_what_the_writer_before_left)
{
	rig_grow(log_dir, 200);
	rig_grow(log_dir, 300);
	ck_assert(rig_exists(in_log("tile/0/000.p/200")));
	rig_grow(log_dir, 310);
	ck_assert(!rig_exists(in_log("tile/0/000.p")));
	rig_want_log(log_dir, 310);
}
END_TEST

START_TEST(holds_the_largest_leaves)
{
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	AUTO(buf_clear) struct buf entry = BUF_INIT(TILE_ENTRY_MAX);
	static uint8_t leaf[TILE_ENTRY_MAX];
	struct tlog_leaf leaves[60];
	struct tlog_writer *w = rig_open(log_dir, 0);
	struct err e;
	unsigned i;

	memset(leaf, 0xa5, sizeof(leaf));
	for (i = 0; i < COUNT(leaves); i++)
		leaves[i] = (struct tlog_leaf){ leaf, sizeof(leaf) };
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(tlog_writer_append(w, leaves, COUNT(leaves), &e), 0);
		rig_publish(w);
	}
	tlog_writer_close(w);
	tlog_writer_close(rig_open(log_dir, 300));
	r = reader(300);
	for (i = 0; i < 300; i += 23) {
		buf_reset(&entry);
		ck_assert_msg(tlog_reader_entry(r, i, &entry, &e) == 0, "%s", e.msg);
		ck_assert_uint_eq(entry.len, sizeof(leaf));
		ck_assert_mem_eq(entry.p, leaf, sizeof(leaf));
	}
}
END_TEST

static void want_batch(struct tlog_writer *w, size_t len, size_t n, int want)
{
	static uint8_t leaf[TILE_ENTRY_MAX + 1];
	static struct tlog_leaf leaves[TLOG_BATCH_LEAVES + 1];
	struct err e = { 0, "" };
	size_t i;

	for (i = 0; i < n; i++)
		leaves[i] = (struct tlog_leaf){ leaf, len };
	ck_assert_msg(tlog_writer_append(w, leaves, n, &e) == want, "%zu of %zu", n, len);
	ck_assert(want == 0 || strstr(e.msg, log_dir) != NULL);
}

START_TEST(bounds_a_batch)
{
	struct tlog_writer *w = rig_open(log_dir, 0);

	want_batch(w, 1, TLOG_BATCH_LEAVES + 1, -E2BIG);
	want_batch(w, TILE_ENTRY_MAX, 65, -E2BIG);
	want_batch(w, 0, 1, -EINVAL);
	want_batch(w, TILE_ENTRY_MAX + 1, 1, -EINVAL);
	ck_assert_uint_eq(tlog_writer_size(w), 0);
	want_batch(w, 1, 0, 0);
	want_batch(w, TILE_ENTRY_MAX, 64, 0);
	want_batch(w, 1, TLOG_BATCH_LEAVES, 0);
	rig_publish(w);
	ck_assert_uint_eq(tlog_writer_size(w), 64 + TLOG_BATCH_LEAVES);
	tlog_writer_close(w);
}
END_TEST

START_TEST(signs_the_same_tree_once)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf before = BUF_INIT(0);
	struct tlog_writer *w = rig_open(log_dir, 0);
	struct stat a, b;
	struct err e;

	rig_append(w, 70);
	rig_publish(w);
	rig_load(in_log("checkpoint"), &before);
	ck_assert_int_eq(stat(in_log("checkpoint"), &a), 0);
	ck_assert_int_eq(tlog_writer_publish(w, rig_key(), &text, &e), 0);
	ck_assert_int_eq(stat(in_log("checkpoint"), &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_str_eq(buf_str(&text), buf_str(&before));
	tlog_writer_close(w);
	w = rig_open(log_dir, 70);
	rig_publish(w);
	ck_assert_int_eq(stat(in_log("checkpoint"), &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	tlog_writer_close(w);
}
END_TEST

START_TEST(has_one_writer)
{
	struct tlog_writer *w = rig_open(log_dir, 0), *other = NULL;
	struct stat st;
	uint64_t size;
	struct err e;

	ck_assert_int_eq(tlog_writer_open(log_dir, note_secret_public(rig_key()), &other, &size,
					  &e), -EBUSY);
	ck_assert_ptr_nonnull(strstr(e.msg, in_log("lock")));
	ck_assert_ptr_null(other);
	ck_assert_int_eq(stat(in_log("lock"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);	/* who could read it could hold it */
	tlog_writer_close(w);
	tlog_writer_close(rig_open(log_dir, 0));
	tlog_writer_close(NULL);
	tlog_reader_close(NULL);
}
END_TEST

START_TEST(writes_for_its_owner_alone)
{
	struct tlog_writer *w = NULL;
	uint64_t size;
	struct err e = { 0, "" };

	tlog_writer_close(rig_open(log_dir, 0));
	if (chown(log_dir, geteuid() + 1, (gid_t)-1) < 0) {
		fprintf(stderr, "check_tlog: SKIPPED: only root can give a log away\n");
		return;
	}
	ck_assert_int_eq(tlog_writer_open(log_dir, note_secret_public(rig_key()), &w, &size, &e),
			 -EPERM);
	ck_assert_ptr_nonnull(strstr(e.msg, "belongs to user 1, who alone writes there"));
}
END_TEST

START_TEST(needs_a_directory)
{
	struct tlog_writer *w = NULL;
	struct tlog_reader *r = NULL;
	char path[PATH_MAX + 10];
	uint64_t size;
	struct err e;

	ck_assert_int_eq(tlog_reader_open(log_dir, &r, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, log_dir));
	ck_assert_int_eq(tlog_writer_open(in_log("x"), note_secret_public(rig_key()), &w, &size,
					  &e), -ENOENT);
	rig_file(log_dir, "", 0);
	ck_assert_int_eq(tlog_reader_open(log_dir, &r, &e), -ENOTDIR);
	ck_assert_int_eq(tlog_writer_open(log_dir, note_secret_public(rig_key()), &w, &size, &e),
			 -ENOTDIR);
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(tlog_reader_open(path, &r, &e), -ENAMETOOLONG);
	ck_assert_ptr_null(r);
	ck_assert_ptr_null(w);
}
END_TEST

/* ------ a reader that trusts nothing ------ */

START_TEST(nothing_was_signed_yet)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	struct checkpoint c;
	struct err e;

	tlog_writer_close(rig_open(log_dir, 0));
	r = reader(0);
	ck_assert_int_eq(tlog_reader_checkpoint(r, &text, &c, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, in_log("checkpoint")));
}
END_TEST

static int count_leaf(void *data, uint64_t index, const uint8_t *leaf, size_t len)
{
	uint64_t *next = data;

	(void)leaf;
	(void)len;
	ck_assert_uint_eq(index, *next);
	++*next;
	return *next == 290 ? 77 : 0;
}

START_TEST(reads_a_part_and_no_more_than_there_is)
{
	AUTO(buf_clear) struct buf entry = BUF_INIT(RIG_LEAF_MAX);
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	struct merkle_hash h;
	uint64_t next = 250;
	struct err e;

	rig_grow(log_dir, 300);
	r = reader(300);
	ck_assert_int_eq(tlog_reader_each(r, 250, 260, count_leaf, &next, &e), 0);
	ck_assert_uint_eq(next, 260);
	ck_assert_int_eq(tlog_reader_each(r, 260, 300, count_leaf, &next, &e), 77);
	ck_assert_uint_eq(next, 290);
	ck_assert_int_eq(tlog_reader_each(r, 300, 300, count_leaf, &next, &e), 0);
	ck_assert_int_eq(tlog_reader_each(r, 7, 3, count_leaf, &next, &e), 0);
	ck_assert_int_eq(tlog_reader_each(r, 0, 301, count_leaf, &next, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_entry(r, 300, &entry, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_entry(r, UINT64_MAX, &entry, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 0, 300, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 1, 150, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 8, 1, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 9, 0, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 62, 0, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 63, 0, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, UINT_MAX, 0, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 0, UINT64_MAX, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_node(r, 8, 0, &h, &e), 0);
	entry.max = 10;
	ck_assert_int_eq(tlog_reader_entry(r, 1, &entry, &e), -ENOBUFS);
}
END_TEST

/* More tiles than are kept in memory, in no order: the cache never mixes them up. */
START_TEST(remembers_the_right_tiles)
{
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	const uint64_t size = (TLOG_CACHED_TILES + 9) * TILE_WIDTH + 5;
	uint8_t leaf[RIG_LEAF_MAX];
	struct merkle_hash h, want;
	uint64_t at = 1;
	struct err e;

	rig_grow(log_dir, size);
	r = reader(size);
	for (unsigned i = 0; i < 5000; i++) {
		at = at * 48271 % 2147483647;
		want = merkle_leaf(leaf, rig_leaf(at % size, leaf));
		ck_assert_msg(tlog_reader_node(r, 0, at % size, &h, &e) == 0, "%s", e.msg);
		ck_assert_mem_eq(&h, &want, sizeof(h));
	}
}
END_TEST

/* Read as of 100 leaves, when the tile of 100 is not there any more. */
static const char *const grown[] = { "200", "256" };

START_TEST(takes_a_tile_that_has_grown)
{
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	AUTO(buf_clear) struct buf entry = BUF_INIT(RIG_LEAF_MAX);
	struct merkle_hash root = rig_root(100), h;
	uint8_t leaf[RIG_LEAF_MAX];
	struct err e;

	rig_grow(log_dir, strtoul(grown[_i], NULL, 10));
	r = reader(100);
	ck_assert_int_eq(merkle_root(100, tlog_reader_node, r, &h, &e), 0);
	ck_assert_mem_eq(&root, &h, sizeof(h));
	ck_assert_int_eq(tlog_reader_node(r, 0, 100, &h, &e), -ERANGE);
	ck_assert_int_eq(tlog_reader_entry(r, 99, &entry, &e), 0);
	ck_assert_uint_eq(entry.len, rig_leaf(99, leaf));
	ck_assert_mem_eq(entry.p, leaf, entry.len);
	ck_assert_int_eq(tlog_reader_entry(r, 100, &entry, &e), -ERANGE);
}
END_TEST

/* Grown while it is being read. */
START_TEST(follows_a_log_that_grows)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	struct merkle_hash want, root;
	struct checkpoint c;
	struct err e;

	rig_grow(log_dir, 100);
	r = reader(0);
	for (uint64_t size = 100; size < 600; size += 50) {
		rig_grow(log_dir, size);
		ck_assert_int_eq(tlog_reader_checkpoint(r, &text, &c, &e), 0);
		ck_assert_uint_eq(c.size, size);
		ck_assert_int_eq(merkle_root(size, tlog_reader_node, r, &root, &e), 0);
		want = rig_root(size);
		ck_assert_mem_eq(&want, &root, sizeof(root));
		ck_assert_mem_eq(&want, &c.root, sizeof(root));
	}
}
END_TEST

/* What somebody did to a file of a log of 300 leaves, and what the reader says. */
enum sin { CUT, LONGER, EMPTY, GONE, FOLDER, LINK, PIPE };
static const struct {
	const char *name;
	enum sin sin;
	bool entries;
	const char *sentence;
} sins[] = {
	{ "tile/0/001.p/44", CUT, false,	"1407 bytes instead of 44 hashes" },
	{ "tile/0/001.p/44", LONGER, false,	"1409 bytes instead of 44 hashes" },
	{ "tile/0/001.p/44", EMPTY, false,	"0 bytes instead of 44 hashes" },
	{ "tile/0/001.p/44", GONE, false,	"is missing, and a tree of 300 leaves has it" },
	{ "tile/0/001.p/44", FOLDER, false,	"not a file" },
	{ "tile/0/001.p/44", LINK, false,	"a symbolic link" },
	{ "tile/0/001.p/44", PIPE, false,	"not a file" },
	{ "tile/0/000", CUT, false,		"8191 bytes instead of 256 hashes" },
	{ "tile/0/000", GONE, false,		"is missing" },
	{ "tile/1/000.p/1", GONE, false,	"is missing" },
	{ "tile/1/000.p/1", CUT, false,		"31 bytes instead of 1 hashes" },
	{ "tile/entries/001.p/44", CUT, true,	"is cut short: the bundle ends at" },
	{ "tile/entries/001.p/44", LONGER, true, "is cut short" },
	{ "tile/entries/001.p/44", EMPTY, true,	"0 bytes are not 44 entries" },
	{ "tile/entries/001.p/44", GONE, true,	"is missing" },
	{ "tile/entries/001.p/44", FOLDER, true, "not a file" },
	{ "tile/entries/001.p/44", PIPE, true,	"not a file" },
	{ "tile/entries/000", LINK, true,	"a symbolic link" },
	{ "tile/entries/000", GONE, true,	"is missing" },
};

static void commit(const char *path, enum sin sin)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(0);

	rig_load(path, &b);
	buf_add(&b, "", 1);
	unlink(path);
	switch (sin) {
	case CUT:	rig_file(path, b.p, b.len - 2);	break;
	case LONGER:	rig_file(path, b.p, b.len);	break;
	case EMPTY:	rig_file(path, b.p, 0);		break;
	case GONE:					break;
	case FOLDER:	ck_assert_int_eq(mkdir(path, 0755), 0);	break;
	case LINK:	ck_assert_int_eq(symlink("/dev/zero", path), 0);	break;
	case PIPE:	ck_assert_int_eq(mkfifo(path, 0644), 0);	break;
	}
}

static int ignore_leaf(void *data, uint64_t index, const uint8_t *leaf, size_t len)
{
	(void)data;
	(void)index;
	(void)leaf;
	(void)len;
	return 0;
}

START_TEST(names_the_file_that_is_not_right)
{
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	struct merkle_hash h;
	struct err e = { 0, "" };
	int error = 0;

	rig_grow(log_dir, 300);
	commit(in_log(sins[_i].name), sins[_i].sin);
	r = reader(300);
	if (sins[_i].entries)
		error = tlog_reader_each(r, 0, 300, ignore_leaf, NULL, &e);
	for (uint64_t i = 0; !sins[_i].entries && i < 300 && error == 0; i++)
		error = tlog_reader_node(r, 0, i, &h, &e);
	if (error == 0)
		error = tlog_reader_node(r, 8, 0, &h, &e);
	ck_assert_int_eq(error, -EBADMSG);
	ck_assert_msg(strstr(e.msg, in_log(sins[_i].name)) == e.msg, "%s", e.msg);
	ck_assert_msg(strstr(e.msg, sins[_i].sentence) != NULL, "%s", e.msg);
}
END_TEST

/* Other bytes of the same length: the reader does not see them, whoever checks a proof does. */
START_TEST(an_altered_tile_leads_to_another_root)
{
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	struct merkle_hash root = rig_root(300), h;
	uint8_t leaf[RIG_LEAF_MAX];
	struct merkle_proof p;
	struct err e;

	rig_grow(log_dir, 300);
	rig_flip(in_log("tile/0/000"), 32 * 17);
	r = reader(300);
	h = merkle_leaf(leaf, rig_leaf(16, leaf));
	ck_assert_int_eq(merkle_prove_inclusion(16, 300, tlog_reader_node, r, &p, &e), 0);
	ck_assert(!merkle_check_inclusion(16, 300, &h, &p, &root));
	h = merkle_leaf(leaf, rig_leaf(290, leaf));
	ck_assert_int_eq(merkle_prove_inclusion(290, 300, tlog_reader_node, r, &p, &e), 0);
	ck_assert(merkle_check_inclusion(290, 300, &h, &p, &root));
}
END_TEST

static const struct { const char *text, *sentence; } no_heads[] = {
	{ "", "line 1: it ends too early" },
	{ "station.example/custody\n01\n", "line 2: the size" },
	{ "station.example/custody\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n", "line 5:" },
};

START_TEST(a_checkpoint_must_be_one)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	static char large[CHECKPOINT_MAX + 1];
	struct checkpoint c;
	struct err e;

	rig_grow(log_dir, 3);
	rig_file(in_log("checkpoint"), no_heads[_i].text, strlen(no_heads[_i].text));
	r = reader(0);
	ck_assert_int_eq(tlog_reader_checkpoint(r, &text, &c, &e), -EBADMSG);
	ck_assert_msg(strstr(e.msg, in_log("checkpoint")) == e.msg, "%s", e.msg);
	ck_assert_msg(strstr(e.msg, no_heads[_i].sentence) != NULL, "%s", e.msg);
	rig_file(in_log("checkpoint"), large, sizeof(large));
	ck_assert_int_eq(tlog_reader_checkpoint(r, &text, &c, &e), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(e.msg, "8193 bytes; 8192 are allowed"));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, is_read_as_it_was_written, 0, (int)COUNT(sizes));
	tcase_add_loop_test(tc, is_the_same_however_it_grew, 0, (int)COUNT(rhythms));
	tcase_add_test(tc, keeps_partial_tiles_until_nobody_reads_them);
	tcase_add_test(tc, sweeps_what_the_writer_before_left);
	tcase_add_test(tc, holds_the_largest_leaves);
	tcase_add_test(tc, bounds_a_batch);
	tcase_add_test(tc, signs_the_same_tree_once);
	tcase_add_test(tc, has_one_writer);
	tcase_add_test(tc, writes_for_its_owner_alone);
	tcase_add_test(tc, needs_a_directory);
	tcase_add_test(tc, nothing_was_signed_yet);
	tcase_add_test(tc, reads_a_part_and_no_more_than_there_is);
	tcase_add_test(tc, remembers_the_right_tiles);
	tcase_add_loop_test(tc, takes_a_tile_that_has_grown, 0, (int)COUNT(grown));
	tcase_add_test(tc, follows_a_log_that_grows);
	tcase_add_loop_test(tc, names_the_file_that_is_not_right, 0, (int)COUNT(sins));
	tcase_add_test(tc, an_altered_tile_leads_to_another_root);
	tcase_add_loop_test(tc, a_checkpoint_must_be_one, 0, (int)COUNT(no_heads));
}

int main(void)
{
	return suite_main("tlog", fill);
}
