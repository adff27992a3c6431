#include "walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "fat.h"
#include "format/listing.h"

enum {
	/* A path while it is built; what is sent is within LISTING_PATH_MAX. */
	PATH_ROOM = WALK_DEPTH_MAX * 2048,
	SEEN_SLOTS = WALK_DIRS_MAX * 2,
	SHORT_NAME = 8, SHORT_EXT = 3,
};

/* A directory entry of FAT, and of exFAT as far as its type. */
struct entry {
	uint8_t name[SHORT_NAME], ext[SHORT_EXT];
	uint8_t attr;
	uint8_t lower;
	uint8_t rest[19];
};

enum {
	SLOT_E5 = 0x05,			/* stands for 0xe5, which would mean: deleted */
	LOWER_NAME = 0x08, LOWER_EXT = 0x10,
	ATTR_VOLUME = 0x08,
	/* Entry types of exFAT, the in-use bit apart (exFAT specification, 6.2). */
	EXFAT_TYPE_MASK = 0x7f, EXFAT_TYPE_FILE = 0x05, EXFAT_LABEL = 0x83,
};

struct walk {
	TSK_FS_INFO *fs;
	struct fat_geometry geometry;
	struct name_gbk *gbk;
	struct report *report;
	struct buf path;		/* of the entry at hand, in the form */
	struct buf raw;			/* the same as found */
	uint64_t *seen;			/* where directories begin, hashed; 0: free */
	unsigned n_dirs;
	struct listing_extent *extents;	/* of the file at hand */
	uint32_t n_extents, room_extents;
};

/* ------ directories seen before ------ */

/* True the first time.  Directories that are linked twice, or in a ring, end here. */
static bool is_new(struct walk *w, uint64_t where)
{
	size_t i = (size_t)(where * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SEEN_SLOTS;

	while (w->seen[i] != 0 && w->seen[i] != where)
		i = (i + 1) % SEEN_SLOTS;
	if (w->seen[i] == where)
		return false;
	w->seen[i] = where;
	return true;
}

/* A directory is where its first cluster is: entries in two places may lead to one. */
static uint64_t first_cluster(const TSK_FS_FILE *f)
{
	TSK_DADDR_T cluster;

	if (f->meta->content_ptr == NULL || f->meta->content_len < sizeof(cluster))
		return 0;
	memcpy(&cluster, f->meta->content_ptr, sizeof(cluster));
	return cluster;
}

/* ------ names ------ */

/*
 * The 32 bytes of a directory entry.  libtsk numbers entries by where they
 * lie, does not tell labels from files by more than a name that a file may have
 * too, and puts '^' for every byte of a short name that is not ASCII.
 */
static bool read_entry(struct walk *w, TSK_INUM_T inum, struct entry *ret)
{
	uint64_t offset;

	if (!fat_entry_offset(&w->geometry, inum, &offset))
		return false;
	return tsk_fs_read(w->fs, (TSK_OFF_T)offset, (char *)ret, sizeof(*ret)) ==
	       (ssize_t)sizeof(*ret);
}

static size_t add_trimmed(uint8_t *to, const uint8_t *from, size_t len)
{
	while (len > 0 && from[len - 1] == ' ')
		len--;
	memcpy(to, from, len);
	return len;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* "NAME.EXT" of an entry whose bytes are not ASCII; lower case is its own flag. */
static size_t short_name(const struct entry *d, bool deleted,
			 uint8_t to[SHORT_NAME + 1 + SHORT_EXT])
{
	size_t n, ext;

	n = add_trimmed(to, d->name, SHORT_NAME);
	if (n > 0 && deleted)
		to[0] = '_';		/* what it was is gone; libtsk writes this too */
	else if (n > 0 && to[0] == SLOT_E5)
		to[0] = 0xe5;
	for (size_t i = 0; i < n && (d->lower & LOWER_NAME) != 0; i++)
		to[i] = lower(to[i]);
	ext = add_trimmed(to + n + 1, d->ext, SHORT_EXT);
	if (ext == 0)
		return n;
	to[n] = '.';
	for (size_t i = n + 1; i <= n + ext && (d->lower & LOWER_EXT) != 0; i++)
		to[i] = lower(to[i]);
	return n + 1 + ext;
}

/* Append the entry's name to both paths. */
static void add_name(struct walk *w, const TSK_FS_NAME *n)
{
	uint8_t bytes[SHORT_NAME + 1 + SHORT_EXT];
	bool has_long = n->shrt_name != NULL && n->shrt_name[0] != '\0';
	size_t len = strlen(n->name);
	struct entry d;

	if (!w->geometry.exfat && !has_long && strchr(n->name, '^') != NULL &&
	    read_entry(w, n->meta_addr, &d)) {
		len = short_name(&d, (n->flags & TSK_FS_NAME_FLAG_UNALLOC) != 0, bytes);
		name_add_gbk(w->gbk, &w->path, bytes, len);
		buf_add(&w->raw, bytes, len);
		return;
	}
	name_add_utf8(&w->path, (const uint8_t *)n->name, len);
	buf_add(&w->raw, n->name, len);
}

static uint64_t fnv1a(const uint8_t *p, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/*
 * A path longer than can be sent keeps its name, by which files belong
 * together, and has its directories replaced by their hash; a name that is too
 * long alone is its hash.  `to` has room for LISTING_PATH_MAX and a NUL.
 */
static size_t shorten(const struct buf *path, char *to)
{
	const char *slash = memrchr(path->p, '/', path->len);
	size_t dir = slash == NULL ? 0 : (size_t)(slash - (const char *)path->p);
	size_t name = path->len - dir;	/* with its slash */
	int n;

	if (path->len <= LISTING_PATH_MAX) {
		memcpy(to, path->p, path->len);
		to[path->len] = '\0';
		return path->len;
	}
	if (slash == NULL || name > LISTING_PATH_MAX - 17) {
		n = snprintf(to, LISTING_PATH_MAX + 1, "~%016" PRIx64, fnv1a(path->p, path->len));
		return (size_t)n;
	}
	snprintf(to, LISTING_PATH_MAX + 1, "~%016" PRIx64, fnv1a(path->p, dir));
	memcpy(to + 17, slash, name);
	to[17 + name] = '\0';
	return 17 + name;
}

static void cut_back(struct buf *b, size_t len)
{
	b->len = len;
	if (b->p != NULL)
		b->p[len] = '\0';
}

static void trouble_here(struct walk *w, const char *sentence)
{
	char path[LISTING_PATH_MAX + 1];

	if (w->path.len == 0)
		path[0] = '\0';
	else
		shorten(&w->path, path);
	report_trouble(w->report, path, "%s", sentence);
}

/* What libtsk says went wrong, "" when nothing. */
static const char *tsk_why(void)
{
	const char *why = tsk_error_get_errno() != 0 ? tsk_error_get_errstr() : NULL;

	return why != NULL ? why : "";
}

/* ------ one entry ------ */

/* FAT keeps local time; with TZ=UTC0 libtsk's numbers have the digits of the card. */
static void claim_time(char to[LISTING_TIME_MAX + 1], time_t t)
{
	struct tm tm;

	to[0] = '\0';
	if (t <= 0 || gmtime_r(&t, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 8099)
		return;
	strftime(to, LISTING_TIME_MAX + 1, "%Y-%m-%dT%H:%M:%S", &tm);
}

static bool add_extent(struct walk *w, uint64_t offset, uint64_t len)
{
	struct listing_extent *last = w->n_extents > 0 ? &w->extents[w->n_extents - 1] : NULL;
	void *more;

	if (last != NULL && last->offset + last->len == offset) {
		last->len += len;
		return true;
	}
	if (w->n_extents == w->room_extents) {
		more = reallocarray(w->extents, w->room_extents + 1024, sizeof(*w->extents));
		if (more == NULL)
			return false;
		w->extents = more;
		w->room_extents += 1024;
	}
	w->extents[w->n_extents++] = (struct listing_extent){ offset, len };
	return true;
}

/* Where its bytes lie; false, and why, when that cannot be told. */
static bool locate(struct walk *w, TSK_FS_FILE *file, struct listing_file *f)
{
	const uint64_t bs = w->fs->block_size;
	const TSK_FS_ATTR *attr;
	uint64_t left = f->size;

	tsk_error_reset();
	attr = tsk_fs_file_attr_get(file);
	if (attr == NULL || (attr->flags & TSK_FS_ATTR_NONRES) == 0) {
		char raw[LISTING_TEXT_MAX + 64];

		snprintf(raw, sizeof(raw), "its clusters cannot be followed: %s", tsk_why());
		report_fit(f->trouble, sizeof(f->trouble), raw);
		return false;
	}
	for (const TSK_FS_ATTR_RUN *run = attr->nrd.run; run != NULL && left > 0; run = run->next) {
		uint64_t len;

		if ((run->flags & (TSK_FS_ATTR_RUN_FLAG_FILLER | TSK_FS_ATTR_RUN_FLAG_SPARSE)) != 0)
			break;		/* what follows is lost: too little is located */
		if (run->len > INT64_MAX / bs || run->addr > INT64_MAX / bs - run->len ||
		    w->n_extents >= LISTING_EXTENTS_MAX)
			break;
		len = run->len * bs;
		if (!add_extent(w, (uint64_t)w->fs->offset + run->addr * bs, len))
			break;
		left -= MIN(left, len);
	}
	return true;
}

static void tell_file(struct walk *w, TSK_FS_FILE *file, bool deleted)
{
	char path[LISTING_PATH_MAX + 1], raw[LISTING_PATH_MAX + 1];
	struct listing_file f = { .path = path, .raw = (uint8_t *)raw, .deleted = deleted };

	shorten(&w->path, path);
	f.raw_len = (uint16_t)shorten(&w->raw, raw);
	w->n_extents = 0;
	if (file->meta != NULL) {
		f.size = file->meta->size > 0 ? (uint64_t)file->meta->size : 0;
		claim_time(f.created, file->meta->crtime);
		claim_time(f.modified, file->meta->mtime);
		claim_time(f.accessed, file->meta->atime);
		if (!deleted && f.size > 0 && locate(w, file, &f)) {
			f.extents = w->extents;
			f.n_extents = w->n_extents;
		}
	} else if (!deleted) {
		snprintf(f.trouble, sizeof(f.trouble), "its directory entry cannot be read");
	}
	report_file(w->report, &f);
}

/* ------ directories ------ */

static void walk_dir(struct walk *w, TSK_FS_DIR *dir, bool deleted, unsigned depth);

static bool is_dots(const TSK_FS_NAME *n)
{
	return n->name[0] == '.' &&
	       (n->name[1] == '\0' || (n->name[1] == '.' && n->name[2] == '\0'));
}

/* A deleted directory tells of deleted files only while its clusters are not used again. */
static bool is_reused(const struct walk *w, TSK_FS_FILE *f)
{
	uint64_t sector;

	return !fat_cluster_sector(&w->geometry, first_cluster(f), &sector) ||
	       sector > w->fs->last_block ||
	       (w->fs->block_getflags(w->fs, sector) & TSK_FS_BLOCK_FLAG_ALLOC) != 0;
}

static void enter_dir(struct walk *w, TSK_FS_FILE *f, bool deleted, unsigned depth)
{
	char sentence[LISTING_TEXT_MAX + 64];
	TSK_FS_DIR *dir;

	if (f->meta == NULL || (deleted && is_reused(w, f)))
		return;
	if (!is_new(w, first_cluster(f))) {
		if (!deleted)
			trouble_here(w, "this directory is linked twice or contains itself: it is "
					"listed once");
		return;
	}
	if (depth >= WALK_DEPTH_MAX || ++w->n_dirs > WALK_DIRS_MAX) {
		trouble_here(w, "directories nest too deep or are too many from here on: look at "
				"the card by hand");
		return;
	}
	tsk_error_reset();
	dir = tsk_fs_dir_open_meta(w->fs, f->meta->addr);
	if (dir == NULL) {
		snprintf(sentence, sizeof(sentence), "this directory cannot be read: %s",
			 tsk_why());
		if (!deleted)
			trouble_here(w, sentence);
		return;
	}
	buf_adds(&w->path, "/");
	buf_adds(&w->raw, "/");
	walk_dir(w, dir, deleted, depth);
	tsk_fs_dir_close(dir);
}

/* Labels, bitmaps and what libtsk adds are names too, but none of the card's files. */
static bool is_of_interest(struct walk *w, const TSK_FS_NAME *n)
{
	struct entry d;

	if (n->type != TSK_FS_NAME_TYPE_DIR && n->type != TSK_FS_NAME_TYPE_REG)
		return false;
	if (is_dots(n))
		return false;
	if (!read_entry(w, n->meta_addr, &d))
		return true;
	return !w->geometry.exfat ? (d.attr & ATTR_VOLUME) == 0 :
			     (d.name[0] & EXFAT_TYPE_MASK) == EXFAT_TYPE_FILE;
}

static void tell_entry(struct walk *w, TSK_FS_FILE *f, bool in_deleted, unsigned depth)
{
	bool deleted = in_deleted || (f->name->flags & TSK_FS_NAME_FLAG_UNALLOC) != 0;
	size_t path = w->path.len, raw = w->raw.len;

	add_name(w, f->name);
	if (f->name->type == TSK_FS_NAME_TYPE_DIR)
		enter_dir(w, f, deleted, depth + 1);
	else
		tell_file(w, f, deleted);
	cut_back(&w->path, path);
	cut_back(&w->raw, raw);
}

static void walk_dir(struct walk *w, TSK_FS_DIR *dir, bool deleted, unsigned depth)
{
	for (size_t i = 0; i < tsk_fs_dir_getsize(dir) && !w->report->stop; i++) {
		TSK_FS_FILE *f = tsk_fs_dir_get(dir, i);

		if (f == NULL)
			continue;
		if (f->name != NULL && f->name->name != NULL && is_of_interest(w, f->name))
			tell_entry(w, f, deleted, depth);
		tsk_fs_file_close(f);
	}
}

/* ------ the file system ------ */

/* The label is an entry of the root directory. */
static void find_label(struct walk *w, TSK_FS_DIR *root, struct buf *label)
{
	struct entry d;

	for (size_t i = 0; i < tsk_fs_dir_getsize(root); i++) {
		const TSK_FS_NAME *n = tsk_fs_dir_get_name(root, i);
		uint8_t bytes[SHORT_NAME + SHORT_EXT];
		size_t len;

		if (n == NULL || (n->flags & TSK_FS_NAME_FLAG_UNALLOC) != 0 ||
		    !read_entry(w, n->meta_addr, &d))
			continue;
		if (!w->geometry.exfat && (d.attr & ATTR_VOLUME) != 0) {
			memcpy(bytes, d.name, SHORT_NAME);
			memcpy(bytes + SHORT_NAME, d.ext, SHORT_EXT);
			len = add_trimmed(bytes, bytes, sizeof(bytes));
			name_add_gbk(w->gbk, label, bytes, len);
			return;
		}
		if (w->geometry.exfat && d.name[0] == EXFAT_LABEL) {
			len = strcspn(n->name, "(");	/* libtsk adds a note */
			name_add_text(label, (const uint8_t *)n->name, len > 0 ? len - 1 : 0);
			return;
		}
	}
}

/* From the boot sector, or its copy when the first is broken. */
static void read_geometry(struct walk *w)
{
	static const uint32_t sectors[] = { 0, 6, 12 };	/* FAT32's copy, exFAT's */
	uint8_t boot[FAT_BOOT_LEN];
	bool exfat = w->fs->ftype == TSK_FS_TYPE_EXFAT;

	for (size_t i = 0; i < COUNT(sectors); i++) {
		TSK_OFF_T offset = (TSK_OFF_T)sectors[i] * w->fs->block_size;

		if (tsk_fs_read(w->fs, offset, (char *)boot, sizeof(boot)) ==
		    (ssize_t)sizeof(boot) &&
		    fat_geometry_read(boot, exfat, w->fs->block_size, &w->geometry))
			return;
	}
	w->geometry = (struct fat_geometry){ .exfat = exfat };
}

static void walk_root(struct walk *w)
{
	struct buf label = BUF_INIT(1024);
	char text[64];
	TSK_FS_DIR *root;

	read_geometry(w);
	tsk_error_reset();
	root = tsk_fs_dir_open_meta(w->fs, w->fs->root_inum);
	if (root == NULL) {
		report_volume(w->report, tsk_fs_type_toname(w->fs->ftype), "");
		report_trouble(w->report, "", "the card's root directory cannot be read: %s",
			       tsk_why());
		return;
	}
	find_label(w, root, &label);
	report_cut(text, sizeof(text), label.p, label.len);
	buf_clear(&label);
	report_volume(w->report, tsk_fs_type_toname(w->fs->ftype), text);
	if (root->fs_file != NULL && root->fs_file->meta != NULL)
		is_new(w, first_cluster(root->fs_file));
	walk_dir(w, root, false, 0);
	tsk_fs_dir_close(root);
}

void walk_list(TSK_FS_INFO *fs, const char *prefix, struct name_gbk *gbk, struct report *report)
{
	struct walk w = {
		.fs = fs, .gbk = gbk, .report = report,
		.path = BUF_INIT(PATH_ROOM), .raw = BUF_INIT(PATH_ROOM),
	};

	w.seen = calloc(SEEN_SLOTS, sizeof(*w.seen));
	buf_adds(&w.path, prefix);
	buf_adds(&w.raw, prefix);
	if (w.seen != NULL && !w.path.failed)
		walk_root(&w);
	else
		report_trouble(report, "", "there is not enough memory to list the card");
	buf_clear(&w.path);
	buf_clear(&w.raw);
	free(w.seen);
	free(w.extents);
}
