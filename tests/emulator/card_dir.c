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

uint32_t card_dos_time(int64_t ms)
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
	uint8_t entries[CARD_SET_MAX * CARD_ENTRY];
	size_t first = d->entries.len / CARD_ENTRY;
	size_t len = c->format->entries(d, claim, entries) * CARD_ENTRY;
	int r = dir_room(c, d, len, e);

	if (r < 0)
		return r;
	buf_add(&d->entries, entries, len);
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

static int keep_node(struct card_dir *d, struct card_node node, const char *name,
		     struct card_node **ret, struct err *e)
{
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

/* Entries that say what node says, and the node. */
static int add_node(struct card *c, struct card_dir *d, const char *name, uint8_t attributes,
		    struct card_node node, int64_t mtime_ms, struct card_node **ret, struct err *e)
{
	uint16_t units[CARD_NAME_UNITS_MAX];
	uint8_t short_name[11];
	struct card_claim claim = { .attributes = attributes, .cluster = node.cluster,
				    .size = node.size, .valid = node.valid, .plain = node.plain,
				    .mtime_ms = mtime_ms };
	int r;

	if (c->format->short_names && card_is_short(name, short_name)) {
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
	return keep_node(d, node, name, ret, e);
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

/* FAT's "." and "..". */
static int add_dots(struct card *c, struct card_dir *d, int64_t mtime_ms, struct err *e)
{
	static const uint8_t dot[11] = ".          ", dotdot[11] = "..         ";
	struct card_claim self = { .short_name = dot, .attributes = CARD_ATTR_DIRECTORY,
				   .cluster = d->cluster, .mtime_ms = mtime_ms };
	struct card_claim up = { .short_name = dotdot, .attributes = CARD_ATTR_DIRECTORY,
				 .mtime_ms = mtime_ms };
	int r = card_append(c, d, &self, NULL, e);

	up.cluster = d->parent->parent == NULL ? 0 : d->parent->cluster;
	return r < 0 ? r : card_append(c, d, &up, NULL, e);
}

static int make_subdir(struct card *c, struct card_dir *parent, const char *name,
		       int64_t mtime_ms, struct card_dir **ret, struct err *e)
{
	struct card_node *node;
	struct card_dir *d;
	int r = card_dir_new(c, parent, &d, e);

	if (r == 0 && c->format->short_names)
		r = add_dots(c, d, mtime_ms, e);
	if (r == 0)
		r = add_node(c, parent, name, CARD_ATTR_DIRECTORY,
			     (struct card_node){ .cluster = d->cluster, .dir = d }, mtime_ms, &node, e);
	if (r < 0)
		return r;
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

static int check_size(const struct card *c, const char *path, uint64_t size, struct err *e)
{
	if (!c->config.exfat && size > UINT32_MAX)
		return err_set(e, -EFBIG, "%s: FAT32 ends at 4 GiB", path);
	return size / card_cluster_bytes(c) < c->clusters ? 0 :
	       err_set(e, -ENOSPC, "%s: card is full; give it a larger --size", path);
}

static uint32_t clusters_for(const struct card *c, uint64_t size)
{
	return (uint32_t)((size + card_cluster_bytes(c) - 1) / card_cluster_bytes(c));
}

/*
 * exFAT keeps a file that lies in one piece out of the FAT.  Whether it does;
 * then its chain is gone.
 */
static bool make_plain(struct card *c, const struct card_node *node)
{
	uint32_t n = clusters_for(c, node->size);

	if (!c->config.exfat || n == 0)
		return false;
	for (uint32_t i = 0; i + 1 < n; i++) {
		if (c->fat[node->cluster + i] != node->cluster + i + 1)
			return false;
	}
	for (uint32_t i = 0; i < n; i++)
		c->fat[node->cluster + i] = 0;
	return true;
}

/* The other way round, so that it can grow. */
static void make_chained(struct card *c, struct card_node *node)
{
	uint32_t n = clusters_for(c, node->size);

	for (uint32_t i = 0; node->plain && i < n; i++)
		c->fat[node->cluster + i] = i + 1 < n ? node->cluster + i + 1 : CARD_FAT_END;
	node->plain = false;
}

int card_add(struct card *c, const char *path, const void *bytes, size_t len, int64_t mtime_ms,
	     struct err *e)
{
	char name[CARD_NAME_UNITS_MAX * 4 + 1];
	struct card_node node = { .size = len, .valid = len }, *kept;
	struct card_dir *d;
	int r = walk(c, path, mtime_ms, &d, name, e);

	if (r < 0)
		return r;
	if (find(d, name) != NULL)
		return err_set(e, -EEXIST, "%s is on the card already", path);
	r = check_size(c, path, len, e);
	if (r == 0 && len > 0) {
		r = card_chain(c, clusters_for(c, len), &node.cluster, e);
		if (r == 0)
			r = card_write_chain(c, node.cluster, bytes, len, e);
		if (r < 0)
			return err_prefix(e, "%s", path);
		node.plain = make_plain(c, &node);
	}
	return r < 0 ? r : add_node(c, d, name, CARD_ATTR_ARCHIVE, node, mtime_ms, &kept, e);
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

/* A file that is there. */
static int find_file(struct card *c, const char *path, struct card_dir **ret_dir,
		     struct card_node **ret, struct err *e)
{
	char name[CARD_NAME_UNITS_MAX * 4 + 1];
	int r = walk(c, path, utc_now(), ret_dir, name, e);

	if (r < 0)
		return r;
	*ret = find(*ret_dir, name);
	if (*ret == NULL || (*ret)->dir != NULL)
		return err_set(e, -ENOENT, "%s: no such file on the card", path);
	return 0;
}

int card_extend(struct card *c, const char *path, uint64_t size, bool valid, struct err *e)
{
	struct card_node *node;
	struct card_dir *d;
	uint32_t had, more, last;
	int r = find_file(c, path, &d, &node, e);

	if (r == 0)
		r = check_size(c, path, size, e);
	if (r < 0)
		return r;
	if (size < node->size || (!valid && !c->config.exfat))
		return err_set(e, -EINVAL, "%s: cannot be extended so", path);
	make_chained(c, node);
	had = clusters_for(c, node->size);
	if (clusters_for(c, size) > had) {
		r = card_chain(c, clusters_for(c, size) - had, &more, e);
		if (r < 0)
			return err_prefix(e, "%s", path);
		for (last = node->cluster; had > 0 && c->fat[last] != CARD_FAT_END;)
			last = c->fat[last];
		if (had > 0)
			c->fat[last] = more;
		else
			node->cluster = more;
	}
	node->size = size;
	node->valid = valid ? size : node->valid;
	node->plain = make_plain(c, node);
	c->format->describe(d, node);
	return 0;
}

int card_opened(struct card *c, const char *path, int64_t ms, struct err *e)
{
	struct card_node *node;
	struct card_dir *d;
	int r = find_file(c, path, &d, &node, e);

	if (r == 0)
		c->format->open(d, node, ms);
	return r;
}

int card_delete(struct card *c, const char *path, struct err *e)
{
	struct card_node *node;
	struct card_dir *d;
	uint32_t cluster;
	int r = find_file(c, path, &d, &node, e);

	if (r < 0)
		return r;
	c->format->strike(d, node);
	cluster = node->cluster;
	for (uint32_t n = clusters_for(c, node->size); n > 0; n--) {
		uint32_t next = node->plain ? cluster + 1 : c->fat[cluster];

		c->format->release(c, cluster);
		cluster = next;
	}
	free(node->name);
	*node = d->nodes[--d->n_nodes];
	return 0;
}
