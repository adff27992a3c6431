/* Directories: entries, paths, files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card_priv.h"

static uint32_t two_digits(const char *p)
{
	return (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
}

/* Time (low 16 bits) and date (high 16 bits) as FAT keeps them. */
static uint32_t fat_time(int64_t ms)
{
	char t[20];		/* "2026-11-23 20:42:58" */
	uint32_t year;

	utc_format_shanghai(ms, t);
	year = two_digits(t) * 100 + two_digits(t + 2);
	if (year < 1980)
		return UINT32_C(0x00210000);	/* 1980-01-01, the least there is */
	return (year - 1980) << 25 | two_digits(t + 5) << 21 | two_digits(t + 8) << 16 |
	       two_digits(t + 11) << 11 | two_digits(t + 14) << 5 | two_digits(t + 17) / 2;
}

static void short_entry(const uint8_t name[11], const struct card_claim *claim,
			uint8_t ret[CARD_ENTRY])
{
	uint32_t when = fat_time(claim->mtime_ms);

	memset(ret, 0, CARD_ENTRY);
	memcpy(ret, name, 11);
	ret[11] = claim->attributes;
	card_put32(ret + 14, when);
	card_put16(ret + 18, when >> 16);
	card_put16(ret + 20, claim->cluster >> 16);
	card_put32(ret + 22, when);
	card_put16(ret + 26, claim->cluster);
	card_put32(ret + 28, claim->size);
}

/* Room for len more bytes of entries in the directory's chain. */
static int dir_room(struct card *c, struct card_dir *d, size_t len, struct err *e)
{
	while (d->entries.len + len > d->room) {
		uint32_t cluster;
		int r = card_chain(c, 1, &cluster, e);

		if (r < 0)
			return r;
		c->fat[d->last_cluster] = cluster;
		d->last_cluster = cluster;
		d->room += card_cluster_bytes(c);
	}
	return 0;
}

int card_append(struct card *c, struct card_dir *d, const struct card_claim *claim,
		size_t *ret_entry, struct err *e)
{
	unsigned pieces = (unsigned)((claim->units + 12) / 13);
	uint8_t entry[CARD_ENTRY], name[11];
	size_t first = d->entries.len / CARD_ENTRY;
	int r = dir_room(c, d, (pieces + 1) * CARD_ENTRY, e);

	if (r < 0)
		return r;
	if (claim->short_name != NULL)
		memcpy(name, claim->short_name, sizeof(name));
	else
		card_short_from(claim->name, claim->units, ++d->serial, name);
	for (unsigned piece = pieces; piece > 0; piece--) {
		card_long_entry(claim->name, claim->units, piece, piece == pieces,
				card_short_sum(name), entry);
		buf_add(&d->entries, entry, sizeof(entry));
	}
	short_entry(name, claim, entry);
	buf_add(&d->entries, entry, sizeof(entry));
	if (d->entries.failed)
		return err_set(e, -ENOSPC, "directory is full");
	if (ret_entry != NULL)
		*ret_entry = first;
	return 0;
}

static struct card_node *find(struct card_dir *d, const char *name)
{
	for (size_t i = 0; i < d->n_nodes; i++) {
		if (strcmp(d->nodes[i].name, name) == 0)
			return &d->nodes[i];
	}
	return NULL;
}

static int add_node(struct card *c, struct card_dir *d, const char *name, uint8_t attributes,
		    uint32_t cluster, uint32_t size, int64_t mtime_ms, struct card_node **ret,
		    struct err *e)
{
	uint16_t units[CARD_NAME_UNITS_MAX];
	uint8_t short_name[11];
	struct card_claim claim = { .attributes = attributes, .cluster = cluster, .size = size,
				    .mtime_ms = mtime_ms };
	struct card_node node = { .cluster = cluster };
	int r;

	if (card_is_short(name, short_name)) {
		claim.short_name = short_name;
	} else {
		claim.name = units;
		if (card_utf16(name, units, COUNT(units), &claim.units) < 0 || claim.units == 0)
			return err_set(e, -EINVAL, "%s: a name is 1 to 255 characters of UTF-8",
				       name);
	}
	r = card_append(c, d, &claim, &node.entry, e);
	if (r < 0)
		return r;
	node.n_entries = d->entries.len / CARD_ENTRY - node.entry;
	if (d->n_nodes == d->nodes_room) {
		size_t room = d->nodes_room == 0 ? 16 : 2 * d->nodes_room;
		struct card_node *nodes = reallocarray(d->nodes, room, sizeof(*nodes));

		if (nodes == NULL)
			return err_set(e, -ENOMEM, "no memory");
		d->nodes = nodes;
		d->nodes_room = room;
	}
	node.name = strdup(name);
	if (node.name == NULL)
		return err_set(e, -ENOMEM, "no memory");
	d->nodes[d->n_nodes] = node;
	*ret = &d->nodes[d->n_nodes++];
	return 0;
}

int card_dir_new(struct card *c, struct card_dir *parent, struct card_dir **ret, struct err *e)
{
	struct card_dir *d;
	int r;

	if (c->n_dirs == COUNT(c->dirs))
		return err_set(e, -ENOSPC, "more than %zu directories", COUNT(c->dirs));
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return err_set(e, -ENOMEM, "no memory");
	c->dirs[c->n_dirs++] = d;
	d->parent = parent;
	d->entries.max = CARD_DIR_MAX;
	r = card_chain(c, 1, &d->cluster, e);
	if (r < 0)
		return r;
	d->last_cluster = d->cluster;
	d->room = card_cluster_bytes(c);
	*ret = d;
	return 0;
}

static int make_subdir(struct card *c, struct card_dir *parent, const char *name,
		       int64_t mtime_ms, struct card_dir **ret, struct err *e)
{
	static const uint8_t dot[11] = ".          ", dotdot[11] = "..         ";
	struct card_claim self = { .short_name = dot, .attributes = CARD_ATTR_DIRECTORY,
				   .mtime_ms = mtime_ms };
	struct card_claim up = { .short_name = dotdot, .attributes = CARD_ATTR_DIRECTORY,
				 .mtime_ms = mtime_ms };
	struct card_node *node;
	struct card_dir *d;
	int r = card_dir_new(c, parent, &d, e);

	if (r < 0)
		return r;
	self.cluster = d->cluster;
	up.cluster = parent->parent == NULL ? 0 : parent->cluster;
	r = card_append(c, d, &self, NULL, e);
	if (r == 0)
		r = card_append(c, d, &up, NULL, e);
	if (r == 0)
		r = add_node(c, parent, name, CARD_ATTR_DIRECTORY, d->cluster, 0, mtime_ms, &node, e);
	if (r < 0)
		return r;
	node->dir = d;
	*ret = d;
	return 0;
}

/* Walk to the directory that holds the last component of path; *ret_name is that component. */
static int walk(struct card *c, const char *path, int64_t mtime_ms, struct card_dir **ret,
		char ret_name[CARD_NAME_UNITS_MAX * 4 + 1], struct err *e)
{
	struct card_dir *d = c->dirs[0];
	const char *p = path;

	if (*p != '/')
		return err_set(e, -EINVAL, "%s: a path on the card begins with /", path);
	for (;;) {
		const char *end = strchrnul(++p, '/');
		size_t len = (size_t)(end - p);
		struct card_node *node;
		int r;

		if (len == 0 || len > CARD_NAME_UNITS_MAX * 4)
			return err_set(e, -EINVAL, "%s: not a path on a card", path);
		memcpy(ret_name, p, len);
		ret_name[len] = '\0';
		if (*end == '\0')
			break;
		node = find(d, ret_name);
		if (node == NULL) {
			r = make_subdir(c, d, ret_name, mtime_ms, &d, e);
			if (r < 0)
				return r;
		} else if (node->dir == NULL) {
			return err_set(e, -ENOTDIR, "%s: %s is a file", path, ret_name);
		} else {
			d = node->dir;
		}
		p = end;
	}
	*ret = d;
	return 0;
}

int card_dir_make(struct card *c, const char *path, int64_t mtime_ms, struct card_dir **ret,
		  struct err *e)
{
	char name[CARD_NAME_UNITS_MAX * 4 + 1];
	struct card_node *node;
	struct card_dir *d;
	int r;

	if (strcmp(path, "/") == 0) {
		*ret = c->dirs[0];
		return 0;
	}
	r = walk(c, path, mtime_ms, &d, name, e);
	if (r < 0)
		return r;
	node = find(d, name);
	if (node == NULL)
		return make_subdir(c, d, name, mtime_ms, ret, e);
	if (node->dir == NULL)
		return err_set(e, -ENOTDIR, "%s is a file", path);
	*ret = node->dir;
	return 0;
}

int card_mkdir(struct card *c, const char *path, int64_t mtime_ms, struct err *e)
{
	struct card_dir *d;

	return card_dir_make(c, path, mtime_ms, &d, e);
}

int card_add(struct card *c, const char *path, const void *bytes, size_t len, int64_t mtime_ms,
	     struct err *e)
{
	char name[CARD_NAME_UNITS_MAX * 4 + 1];
	struct card_node *node;
	struct card_dir *d;
	uint32_t cluster = 0;
	int r = walk(c, path, mtime_ms, &d, name, e);

	if (r < 0)
		return r;
	if (find(d, name) != NULL)
		return err_set(e, -EEXIST, "%s is on the card already", path);
	if (len > UINT32_MAX)
		return err_set(e, -EFBIG, "%s: FAT32 ends at 4 GiB", path);
	if (len > 0) {
		uint64_t n = ((uint64_t)len + card_cluster_bytes(c) - 1) / card_cluster_bytes(c);

		r = card_chain(c, (uint32_t)n, &cluster, e);
		if (r == 0)
			r = card_write_chain(c, cluster, bytes, len, e);
		if (r < 0)
			return err_prefix(e, "%s", path);
	}
	return add_node(c, d, name, CARD_ATTR_ARCHIVE, cluster, (uint32_t)len, mtime_ms, &node, e);
}

int card_add_fd(struct card *c, const char *path, int fd, int64_t mtime_ms, struct err *e)
{
	struct stat st;
	void *p = NULL;
	int r;

	if (fstat(fd, &st) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%s: only files can be put on a card", path);
	if (st.st_size > 0) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			return err_set(e, -errno, "%s: %s", path, strerror(errno));
	}
	r = card_add(c, path, p, (size_t)st.st_size, mtime_ms, e);
	if (p != NULL)
		munmap(p, (size_t)st.st_size);
	return r;
}

int card_delete(struct card *c, const char *path, struct err *e)
{
	char name[CARD_NAME_UNITS_MAX * 4 + 1];
	struct card_node *node;
	struct card_dir *d;
	uint32_t cluster;
	int r = walk(c, path, utc_now(), &d, name, e);

	if (r < 0)
		return r;
	node = find(d, name);
	if (node == NULL || node->dir != NULL)
		return err_set(e, -ENOENT, "%s: no such file on the card", path);
	for (size_t i = 0; i < node->n_entries; i++)
		d->entries.p[(node->entry + i) * CARD_ENTRY] = 0xe5;
	cluster = node->cluster;
	while (cluster >= 2 && cluster < c->clusters + 2) {
		uint32_t next = c->fat[cluster];

		c->fat[cluster] = 0;
		cluster = next;
	}
	free(node->name);
	*node = d->nodes[--d->n_nodes];
	return 0;
}
