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

bool walk_may_enter(struct walk *w, uint64_t cluster, bool deleted, unsigned depth)
{
	uint64_t sector;

	/* Deleted ones tell of deleted files only while their clusters are not used again. */
	if (deleted && (!fat_cluster_sector(&w->geometry, cluster, &sector) ||
			!w->is_free(w, cluster)))
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

bool walk_add_extent(struct walk *w, uint64_t offset, uint64_t len)
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

bool walk_has_content(struct walk *w, uint64_t cluster, struct listing_file *f)
{
	uint64_t most = w->geometry.sectors * w->geometry.sector_size;

	w->n_extents = 0;
	/* So a recorder leaves what it was writing when its battery went. */
	if (f->trouble[0] == '\0' && !f->deleted && f->size == 0 && cluster != 0)
		snprintf(f->trouble, sizeof(f->trouble),
			 "it is called empty, and yet clusters are its own: look at the card by hand");
	if (f->trouble[0] != '\0' || f->deleted || f->size == 0)
		return false;
	if (f->size > most)
		snprintf(f->trouble, sizeof(f->trouble),
			 "it claims %" PRIu64 " bytes, more than the card's file system has",
			 f->size);
	return f->trouble[0] == '\0';
}

void walk_tell(struct walk *w, const struct listing_file *claims)
{
	char path[LISTING_PATH_MAX + 1], raw[LISTING_PATH_MAX + 1];
	struct listing_file f = *claims;

	f.path = path;
	f.raw = (uint8_t *)raw;
	f.unit = (uint8_t)w->unit;
	path_shorten(&w->path, path_directories(&w->path), path);
	f.raw_len = (uint16_t)path_shorten(&w->raw, path_directories(&w->raw), raw);
	if (f.trouble[0] == '\0') {
		f.extents = w->extents;
		f.n_extents = w->n_extents;
	}
	report_file(w->report, &f);
}

/* ------ the file system ------ */

bool walk_read(struct walk *w, uint64_t at, void *p, size_t len)
{
	return at <= INT64_MAX - w->offset &&
	       tsk_img_read(w->img, (TSK_OFF_T)(w->offset + at), p, len) == (ssize_t)len;
}

void walk_volume(struct walk *w, const char *name, const char *label, uint64_t free_clusters)
{
	const struct fat_geometry *g = &w->geometry;
	struct listing_volume v = {
		.unit = (uint8_t)w->unit, .size = g->sectors * g->sector_size,
		.free = LISTING_FREE_UNKNOWN,
	};

	if (free_clusters != LISTING_FREE_UNKNOWN)
		v.free = free_clusters * g->cluster_sectors * g->sector_size;
	report_cut(v.filesystem, sizeof(v.filesystem), (const uint8_t *)name, strlen(name));
	report_cut(v.label, sizeof(v.label), (const uint8_t *)label, strlen(label));
	report_volume(w->report, &v);
}

/* FAT's boot sector, or its copy when the first is broken. */
static bool read_geometry(struct walk *w)
{
	static const uint32_t sectors[] = { 0, 6 };
	uint8_t boot[FAT_BOOT_LEN];

	for (size_t i = 0; i < COUNT(sectors); i++) {
		if (walk_read(w, (uint64_t)sectors[i] * w->fs->block_size, boot, sizeof(boot)) &&
		    fat_geometry_read(boot, false, w->fs->block_size, &w->geometry))
			return true;
	}
	return false;
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

static bool list_fat(struct walk *w)
{
	w->fs = tsk_fs_open_img(w->img, (TSK_OFF_T)w->offset, TSK_FS_TYPE_FAT_DETECT);
	if (w->fs == NULL)
		return false;
	if (w->fs->ftype == TSK_FS_TYPE_EXFAT) {	/* too damaged for us, and for it */
		tsk_fs_close(w->fs);
		return false;
	}
	if (read_geometry(w))
		list(w);
	else
		report_trouble(w->report, "", "the boot sector of the card's file system makes no "
			       "sense: look at the card by hand");
	tsk_fs_close(w->fs);
	return true;
}

/* exFAT's backup comes last: a card formatted anew as FAT may still have it. */
static bool find(struct walk *w)
{
	if (walk_exfat_find(w, false)) {
		list(w);
		return true;
	}
	if (list_fat(w))
		return true;
	if (!walk_exfat_find(w, true))
		return false;
	list(w);
	return true;
}

bool walk_list(const struct walk_place *place, struct name_gbk *gbk, struct report *report)
{
	struct walk w = {
		.img = place->img, .offset = place->offset, .unit = place->unit, .gbk = gbk,
		.report = report, .path = BUF_INIT(PATH_ROOM), .raw = BUF_INIT(PATH_ROOM),
	};
	bool found = true;

	w.seen = calloc(SEEN_SLOTS, sizeof(*w.seen));
	buf_adds(&w.path, place->prefix);
	buf_adds(&w.raw, place->prefix);
	if (w.seen == NULL || w.path.failed || w.raw.failed)
		report_trouble(report, "", "there is not enough memory to list the card");
	else
		found = find(&w);
	buf_clear(&w.path);
	buf_clear(&w.raw);
	free(w.seen);
	free(w.extents);
	return found;
}
