#include "walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/listing.h"
#include "path.h"
#include "walk_impl.h"

enum {
	/* A path while it is built; what is sent is within LISTING_PATH_MAX. */
	PATH_ROOM = WALK_DEPTH_MAX * 2100,
	SEEN_SLOTS = WALK_DIRS_MAX * 2,
};

/* ------ directories ------ */

/* True the first time.  Directories that are linked twice, or in a ring, end here. */
static bool is_new(struct walk *w, uint64_t cluster)
{
	size_t i = (size_t)(cluster * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SEEN_SLOTS;

	while (w->seen[i] != 0 && w->seen[i] != cluster)
		i = (i + 1) % SEEN_SLOTS;
	if (w->seen[i] == cluster)
		return false;
	w->seen[i] = cluster;
	return true;
}

/* Deleted directories tell of deleted files only while their clusters are not used again. */
static bool is_free(const struct walk *w, uint64_t cluster)
{
	uint64_t sector;

	return fat_cluster_sector(&w->geometry, cluster, &sector) &&
	       sector <= w->fs->last_block &&
	       (w->fs->block_getflags(w->fs, sector) & TSK_FS_BLOCK_FLAG_UNALLOC) != 0;
}

bool walk_may_enter(struct walk *w, uint64_t cluster, bool deleted, unsigned depth)
{
	uint64_t sector;

	if (deleted && !is_free(w, cluster))
		return false;
	if (!fat_cluster_sector(&w->geometry, cluster, &sector)) {
		walk_trouble(w, "this directory begins nowhere on the card (cluster %" PRIu64 ")",
			     cluster);
		return false;
	}
	if (depth > WALK_DEPTH_MAX || w->n_dirs >= WALK_DIRS_MAX) {
		walk_trouble(w, "directories nest too deep or are too many from here on: look at "
				"the card by hand");
		return false;
	}
	w->n_dirs++;
	if (is_new(w, cluster))
		return true;
	if (!deleted)
		walk_trouble(w, "this directory is linked twice or contains itself: it is listed "
				"once");
	return false;
}

/* ------ paths ------ */

struct walk_mark walk_here(const struct walk *w)
{
	return (struct walk_mark){ w->path.len, w->raw.len };
}

static void cut(struct buf *b, size_t len)
{
	b->len = len;
	if (b->p != NULL)
		b->p[len] = '\0';
}

void walk_back(struct walk *w, struct walk_mark m)
{
	cut(&w->path, m.path);
	cut(&w->raw, m.raw);
}

void walk_down(struct walk *w)
{
	buf_adds(&w->path, "/");
	buf_adds(&w->raw, "/");
}

void walk_trouble(struct walk *w, const char *fmt, ...)
{
	char path[LISTING_PATH_MAX + 1], text[512];
	struct buf here = w->path;		/* looked at alone */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (here.len > 0 && here.p[here.len - 1] == '/')
		here.len--;			/* inside the directory itself */
	path_shorten(&here, path_directories(&here), path);
	report_trouble(w->report, path, "%s", text);
}

const char *walk_why(void)
{
	const char *why = tsk_error_get_errno() != 0 ? tsk_error_get_errstr() : NULL;

	return why != NULL ? why : "";
}

/* ------ files ------ */

static bool add_extent(struct walk *w, uint64_t offset, uint64_t len)
{
	enum { GROW = 1024 };
	struct listing_extent *last = w->n_extents > 0 ? &w->extents[w->n_extents - 1] : NULL;
	void *more;

	if (last != NULL && last->offset + last->len == offset) {
		last->len += len;
		return true;
	}
	if (w->n_extents == w->room_extents) {
		more = reallocarray(w->extents, w->room_extents + GROW, sizeof(*w->extents));
		if (more == NULL || w->room_extents >= LISTING_EXTENTS_MAX) {
			w->extents = more != NULL ? more : w->extents;
			return false;
		}
		w->extents = more;
		w->room_extents += GROW;
	}
	w->extents[w->n_extents++] = (struct listing_extent){ offset, len };
	return true;
}

/* The runs of a file that libtsk has followed; what they do not cover, dockd will notice. */
static void take_runs(struct walk *w, const TSK_FS_ATTR *attr, uint64_t size)
{
	const uint64_t bs = w->fs->block_size;
	uint64_t left = size;

	for (const TSK_FS_ATTR_RUN *run = attr->nrd.run; run != NULL && left > 0; run = run->next) {
		if ((run->flags & (TSK_FS_ATTR_RUN_FLAG_FILLER | TSK_FS_ATTR_RUN_FLAG_SPARSE)) != 0)
			return;		/* what follows is lost */
		if (run->addr > w->fs->last_block || run->len > w->fs->last_block + 1 - run->addr)
			return;
		if (!add_extent(w, (uint64_t)w->fs->offset + run->addr * bs, run->len * bs))
			return;
		left -= MIN(left, run->len * bs);
	}
}

/* Fill the walk's extents, or say why not. */
static void locate(struct walk *w, TSK_INUM_T entry, struct listing_file *f)
{
	const TSK_FS_ATTR *attr;
	TSK_FS_FILE *file;

	tsk_error_reset();
	file = tsk_fs_file_open_meta(w->fs, NULL, entry);
	if (file == NULL || file->meta == NULL || (uint64_t)file->meta->size != f->size ||
	    (file->meta->flags & TSK_FS_META_FLAG_ALLOC) == 0) {
		snprintf(f->trouble, sizeof(f->trouble),
			 "its directory entry cannot be true: look at the card by hand");
	} else if ((attr = tsk_fs_file_attr_get(file)) == NULL ||
		   (attr->flags & TSK_FS_ATTR_NONRES) == 0 || attr->nrd.run == NULL) {
		snprintf(f->trouble, sizeof(f->trouble),
			 "the chain of its clusters is broken or a ring: look at the card by hand");
	} else {
		take_runs(w, attr, f->size);
	}
	tsk_fs_file_close(file);
}

void walk_tell(struct walk *w, const struct listing_file *claims, TSK_INUM_T entry)
{
	char path[LISTING_PATH_MAX + 1], raw[LISTING_PATH_MAX + 1];
	struct listing_file f = *claims;
	uint64_t most = w->geometry.sectors * w->geometry.sector_size;

	f.unit = (uint8_t)w->unit;
	f.path = path;
	f.raw = (uint8_t *)raw;
	path_shorten(&w->path, path_directories(&w->path), path);
	f.raw_len = (uint16_t)path_shorten(&w->raw, path_directories(&w->raw), raw);
	w->n_extents = 0;
	if (f.trouble[0] == '\0' && !f.deleted && f.size > most)
		snprintf(f.trouble, sizeof(f.trouble),
			 "it claims %" PRIu64 " bytes, more than the card's file system has",
			 f.size);
	else if (f.trouble[0] == '\0' && !f.deleted && f.size > 0)
		locate(w, entry, &f);
	if (f.trouble[0] == '\0') {
		f.extents = w->extents;
		f.n_extents = w->n_extents;
	}
	report_file(w->report, &f);
}

/* ------ the file system ------ */

/* From the boot sector, or its copy when the first is broken. */
static bool read_geometry(struct walk *w)
{
	static const uint32_t sectors[] = { 0, 6, 12 };	/* FAT32's copy, exFAT's */
	uint8_t boot[FAT_BOOT_LEN];

	for (size_t i = 0; i < COUNT(sectors); i++) {
		TSK_OFF_T offset = (TSK_OFF_T)sectors[i] * w->fs->block_size;

		if (tsk_fs_read(w->fs, offset, (char *)boot, sizeof(boot)) ==
		    (ssize_t)sizeof(boot) &&
		    fat_geometry_read(boot, w->fs->ftype == TSK_FS_TYPE_EXFAT, w->fs->block_size,
				      &w->geometry))
			return true;
	}
	return false;
}

void walk_volume(struct walk *w, const char *label)
{
	struct listing_volume v = {
		.unit = (uint8_t)w->unit, .size = w->geometry.sectors * w->geometry.sector_size,
		.free = LISTING_FREE_UNKNOWN,
	};

	report_cut(v.filesystem, sizeof(v.filesystem),
		   (const uint8_t *)tsk_fs_type_toname(w->fs->ftype),
		   strlen(tsk_fs_type_toname(w->fs->ftype)));
	report_cut(v.label, sizeof(v.label), (const uint8_t *)label, strlen(label));
	report_volume(w->report, &v);
}

static void list(struct walk *w)
{
	uint32_t card = w->report->peer->medium.units[w->unit].block_size;

	if (w->geometry.sector_size != card)
		report_trouble(w->report, "", "the file system has sectors of %" PRIu32 " bytes, the "
			       "card of %" PRIu32 ": files may be missing, look at it by hand",
			       w->geometry.sector_size, card);
	if (w->geometry.exfat)
		walk_exfat(w);
	else
		walk_fat(w);
}

void walk_list(TSK_FS_INFO *fs, unsigned unit, const char *prefix, struct name_gbk *gbk,
	       struct report *report)
{
	struct walk w = {
		.fs = fs, .unit = unit, .gbk = gbk, .report = report,
		.path = BUF_INIT(PATH_ROOM), .raw = BUF_INIT(PATH_ROOM),
	};

	w.seen = calloc(SEEN_SLOTS, sizeof(*w.seen));
	buf_adds(&w.path, prefix);
	buf_adds(&w.raw, prefix);
	if (w.seen == NULL || w.path.failed || w.raw.failed)
		report_trouble(report, "", "there is not enough memory to list the card");
	else if (!read_geometry(&w))
		report_trouble(report, "", "the boot sector of the card's file system makes no "
			       "sense: look at the card by hand");
	else
		list(&w);
	buf_clear(&w.path);
	buf_clear(&w.raw);
	free(w.seen);
	free(w.extents);
}
