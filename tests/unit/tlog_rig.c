#include "unit/tlog_rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

const struct note_secret *rig_key(void)
{
	static struct note_secret *key;
	struct buf text = BUF_INIT(NOTE_KEY_TEXT_MAX);
	struct err e;

	if (key == NULL) {
		ck_assert_msg(note_secret_new(RIG_ORIGIN, NOTE_ED25519, &text, &key, &e) == 0, "%s",
			      e.msg);
		buf_clear(&text);
	}
	return key;
}

size_t rig_leaf(uint64_t index, uint8_t ret[RIG_LEAF_MAX])
{
	const size_t len = 16 + index * 37 % 100;

	memset(ret, 'x', len);
	snprintf((char *)ret, RIG_LEAF_MAX, "%015ju", (uintmax_t)index);
	ret[15] = '\n';
	return len;
}

struct merkle_hash rig_root(uint64_t size)
{
	struct merkle_frontier f = { .size = 0 };
	uint8_t leaf[RIG_LEAF_MAX];
	struct merkle_hash h;

	while (f.size < size) {
		h = merkle_leaf(leaf, rig_leaf(f.size, leaf));
		merkle_frontier_add(&f, &h);
	}
	return merkle_frontier_root(&f);
}

const char *rig_name(const char *dir, const char *name)
{
	static char paths[4][RIG_PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % COUNT(paths)];

	ck_assert_int_lt(snprintf(path, RIG_PATH_SIZE, "%s/%s", dir, name), RIG_PATH_SIZE);
	return path;
}

/* ------ writing ------ */

struct tlog_writer *rig_open(const char *dir, uint64_t want_size)
{
	struct tlog_writer *w = NULL;
	uint64_t size = UINT64_MAX;
	struct err e;

	ck_assert_msg(tlog_writer_open(dir, note_secret_public(rig_key()), &w, &size, &e) == 0,
		      "%s", e.msg);
	ck_assert_uint_eq(size, want_size);
	ck_assert_uint_eq(tlog_writer_size(w), want_size);
	return w;
}

void rig_append(struct tlog_writer *w, uint64_t to)
{
	static uint8_t bytes[TLOG_BATCH_LEAVES][RIG_LEAF_MAX];
	static struct tlog_leaf leaves[TLOG_BATCH_LEAVES];
	struct err e;
	size_t n;

	while (tlog_writer_size(w) < to) {
		for (n = 0; n < TLOG_BATCH_LEAVES && tlog_writer_size(w) + n < to; n++)
			leaves[n] = (struct tlog_leaf){
				bytes[n], rig_leaf(tlog_writer_size(w) + n, bytes[n])
			};
		ck_assert_msg(tlog_writer_append(w, leaves, n, &e) == 0, "%s", e.msg);
	}
}

void rig_publish(struct tlog_writer *w)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	const struct merkle_hash root = tlog_writer_root(w);
	struct checkpoint c;
	struct err e;

	ck_assert_msg(tlog_writer_publish(w, rig_key(), &text, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(checkpoint_parse(text.p, text.len, &c, &e), 0);
	ck_assert_int_eq(checkpoint_check(&c, text.p, note_secret_public(rig_key())),
			 CHECKPOINT_SIGNED);
	ck_assert_uint_eq(c.size, tlog_writer_size(w));
	ck_assert_mem_eq(&c.root, &root, sizeof(root));
}

void rig_grow(const char *dir, uint64_t to)
{
	struct tlog_writer *w = NULL;
	uint64_t size;
	struct err e;

	ck_assert_msg(tlog_writer_open(dir, note_secret_public(rig_key()), &w, &size, &e) == 0,
		      "%s", e.msg);
	rig_append(w, to);
	rig_publish(w);
	tlog_writer_close(w);
}

/* ------ looking ------ */

static int want_leaf(void *data, uint64_t index, const uint8_t *leaf, size_t len)
{
	uint8_t want[RIG_LEAF_MAX];
	struct tlog_reader *r = data;
	struct merkle_hash h, node;
	struct err e;

	ck_assert_uint_eq(len, rig_leaf(index, want));
	ck_assert_mem_eq(leaf, want, len);
	h = merkle_leaf(leaf, len);
	ck_assert_msg(tlog_reader_node(r, 0, index, &node, &e) == 0, "%s", e.msg);
	ck_assert_mem_eq(&h, &node, sizeof(h));
	return 0;
}

/* Each full tile's root is a hash of the level above. */
static void want_levels(struct tlog_reader *r, uint64_t size)
{
	struct merkle_hash left, right, above;
	uint64_t i;
	struct err e;

	for (unsigned level = TILE_HEIGHT; size >> level > 0; level += TILE_HEIGHT)
		for (i = 0; i < size >> level; i++) {
			ck_assert_int_eq(tlog_reader_node(r, level, i, &above, &e), 0);
			ck_assert_int_eq(tlog_reader_node(r, level - 1, 2 * i, &left, &e), 0);
			ck_assert_int_eq(tlog_reader_node(r, level - 1, 2 * i + 1, &right, &e), 0);
			left = merkle_node(&left, &right);
			ck_assert_mem_eq(&above, &left, sizeof(above));
		}
}

void rig_want_log(const char *dir, uint64_t size)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	struct merkle_hash root, want = rig_root(size);
	struct checkpoint c;
	struct err e;

	ck_assert_msg(tlog_reader_open(dir, &r, &e) == 0, "%s", e.msg);
	ck_assert_msg(tlog_reader_checkpoint(r, &text, &c, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(checkpoint_check(&c, text.p, note_secret_public(rig_key())),
			 CHECKPOINT_SIGNED);
	ck_assert_uint_eq(c.size, size);
	ck_assert_mem_eq(&c.root, &want, sizeof(want));
	ck_assert_msg(merkle_root(size, tlog_reader_node, r, &root, &e) == 0, "%s", e.msg);
	ck_assert_mem_eq(&root, &want, sizeof(want));
	ck_assert_msg(tlog_reader_each(r, 0, size, want_leaf, r, &e) == 0, "%s", e.msg);
	want_levels(r, size);
}

void rig_load(const char *path, struct buf *ret)
{
	struct err e;

	*ret = (struct buf)BUF_INIT(FILE_MAX);
	ck_assert_msg(file_read(path, ret, &e) == 0, "%s", e.msg);
}

static void want_same_file(const char *a, const char *b, const char *name)
{
	AUTO(buf_clear) struct buf one = BUF_INIT(0);
	AUTO(buf_clear) struct buf other = BUF_INIT(0);

	rig_load(rig_name(a, name), &one);
	rig_load(rig_name(b, name), &other);
	ck_assert_msg(one.len == other.len && memcmp(one.p, other.p, one.len) == 0, "%s differs",
		      name);
}

void rig_want_same(const char *a, const char *b, uint64_t size)
{
	char name[TILE_PATH_SIZE];
	unsigned width;

	for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++)
		for (uint64_t n = 0; (width = tile_width(level, n, size)) > 0; n++) {
			tile_path(level, n, width, name);
			want_same_file(a, b, name);
		}
	want_same_file(a, b, "checkpoint");
}

/* ------ files ------ */

void rig_file(const char *path, const void *p, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(file_write_all(fd, p, len), 0);
	close(fd);
}

void rig_flip(const char *path, size_t at)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(0);

	rig_load(path, &b);
	ck_assert_uint_lt(at, b.len);
	b.p[at] ^= 1;
	rig_file(path, b.p, b.len);
}

bool rig_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

void rig_copy(const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct dirent *entry;
	struct stat st;

	ck_assert_msg(d != NULL, "%s: %s", from, strerror(errno));
	ck_assert_int_eq(mkdir(to, 0750), 0);
	while ((entry = readdir(d)) != NULL) {
		char a[RIG_PATH_SIZE], b[RIG_PATH_SIZE];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		ck_assert_int_lt(snprintf(a, sizeof(a), "%s/%s", from, entry->d_name), RIG_PATH_SIZE);
		ck_assert_int_lt(snprintf(b, sizeof(b), "%s/%s", to, entry->d_name), RIG_PATH_SIZE);
		ck_assert_int_eq(lstat(a, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			rig_copy(a, b);
		} else {
			AUTO(buf_clear) struct buf bytes = BUF_INIT(0);

			rig_load(a, &bytes);
			rig_file(b, bytes.p, bytes.len);
		}
	}
	closedir(d);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void rig_remove(const char *dir)
{
	ck_assert(!rig_exists(dir) || nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}
