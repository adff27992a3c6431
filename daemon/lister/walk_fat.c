/* FAT12, FAT16, FAT32: libtsk follows the clusters, fat_dir.h reads what is in them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "fat_dir.h"
#include "format/listing.h"
#include "walk_impl.h"

enum { SECTOR_MAX = 4096 };

/* One directory while it is read. */
struct fat_walk {
	struct walk *w;
	bool deleted;
	unsigned depth;
	struct fat_dir names;
	uint64_t sectors;		/* read so far */
	bool end, unreadable;
	char *label;			/* of the root: goes here */
};

static void list_dir(struct walk *w, TSK_INUM_T dir, uint64_t cluster, bool deleted,
		     unsigned depth);

/* By the FAT; false: there is none behind it. */
static bool next_cluster(struct walk *w, uint64_t cluster, uint64_t *ret)
{
	const struct fat_geometry *g = &w->geometry;
	const uint64_t i = g->bits == 12 ? cluster % 2 : 0;
	uint64_t sector;
	uint8_t b[4];

	if (!walk_read(w, g->fat * g->sector_size + (cluster - i) * g->bits / 8, b,
		       g->bits == 12 ? 3 : g->bits / 8))
		return false;
	*ret = fat_value(g->bits, b, i);
	return fat_cluster_sector(g, *ret, &sector);
}

/*
 * Its size ends in this sector: does its chain go on?  So a recorder leaves what
 * it was writing when its battery went, with the size that it wrote last.  One
 * cluster more is none to speak of: some take the next when one is full.
 */
static void look_behind(struct walk *w, uint64_t sector)
{
	const struct fat_geometry *g = &w->geometry;
	uint64_t cluster;

	if (sector < g->clusters)
		return;
	cluster = (sector - g->clusters) / g->cluster_sectors + FAT_FIRST_CLUSTER;
	if (next_cluster(w, cluster, &cluster) && next_cluster(w, cluster, &cluster))
		walk_trouble(w, "more clusters are its own than its size says, which may be the "
				"rest of a recording: look at the card by hand");
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
		if (!walk_add_extent(w, (uint64_t)w->fs->offset + run->addr * bs, run->len * bs))
			return;
		if (left <= run->len * bs)
			look_behind(w, run->addr + (left - 1) / bs);
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

static void add_name(struct walk *w, const struct fat_dir_entry *e)
{
	if (e->long_len > 0) {
		name_add_utf16le(&w->path, e->long_name, e->long_len);
		buf_add(&w->raw, e->long_name, e->long_len);
	} else {
		name_add_gbk(w->gbk, &w->path, e->short_name, e->short_len);
		buf_add(&w->raw, e->short_name, e->short_len);
	}
}

static void tell_entry(struct fat_walk *d, const struct fat_dir_entry *e, TSK_INUM_T number)
{
	struct walk *w = d->w;
	struct walk_mark here = walk_here(w);
	struct listing_file f = { .deleted = d->deleted || e->deleted, .size = e->size,
				  .valid = e->size };
	uint64_t sector;

	add_name(w, e);
	if (e->directory) {
		if (walk_may_enter(w, e->cluster, f.deleted, d->depth + 1)) {
			walk_down(w);
			list_dir(w, number, e->cluster, f.deleted, d->depth + 1);
		}
	} else {
		memcpy(f.created, e->created, sizeof(f.created));
		memcpy(f.modified, e->modified, sizeof(f.modified));
		memcpy(f.accessed, e->accessed, sizeof(f.accessed));
		if (!f.deleted && e->size > 0 &&
		    !fat_cluster_sector(&w->geometry, e->cluster, &sector))
			snprintf(f.trouble, sizeof(f.trouble),
				 "it begins nowhere on the card (cluster %" PRIu32 ")", e->cluster);
		f.valid = f.size;
		if (walk_has_content(w, e->cluster, &f))
			locate(w, number, &f);
		walk_tell(w, &f);
	}
	walk_back(w, here);
}

static void take_label(struct fat_walk *d, const struct fat_dir_entry *e)
{
	struct buf label = BUF_INIT(256);

	if (d->label != NULL && d->label[0] == '\0') {
		name_add_gbk(d->w->gbk, &label, e->short_name, e->short_len);
		report_cut(d->label, LISTING_LABEL_SIZE, label.p, label.len);
	}
	buf_clear(&label);
}

static void list_sector(struct fat_walk *d, uint64_t sector, const uint8_t *bytes)
{
	struct walk *w = d->w;
	uint32_t per_sector = w->geometry.sector_size / FAT_ENTRY_LEN;
	struct fat_dir_entry e;

	for (uint32_t i = 0; i < per_sector && !d->end && !w->report->stop; i++) {
		switch (fat_dir_next(&d->names, bytes + (size_t)i * FAT_ENTRY_LEN, &e)) {
		case FAT_DIR_NOTHING:
			break;
		case FAT_DIR_ENTRY:
			if (d->label == NULL)
				tell_entry(d, &e, (sector - w->geometry.data) * per_sector + i +
						  FAT_FIRST_ENTRY);
			break;
		case FAT_DIR_LABEL:
			take_label(d, &e);
			break;
		case FAT_DIR_END:
			d->end = true;
			break;
		}
	}
}

/* A run of sectors of the directory. */
static void list_run(struct fat_walk *d, uint64_t sector, uint64_t n)
{
	struct walk *w = d->w;
	uint64_t per_sector = w->geometry.sector_size / FAT_ENTRY_LEN;
	uint8_t bytes[SECTOR_MAX];

	for (; n > 0 && !d->end && !w->report->stop; n--, sector++, d->sectors++) {
		if (d->sectors * per_sector >= FAT_DIR_ENTRIES_MAX) {
			walk_trouble(w, "this directory is longer than FAT allows: what comes "
					"behind %d entries is not listed", FAT_DIR_ENTRIES_MAX);
			d->end = true;
		} else if (sector < w->geometry.data ||
			   tsk_fs_read(w->fs, (TSK_OFF_T)(sector * w->geometry.sector_size),
				       (char *)bytes, w->geometry.sector_size) !=
			   (ssize_t)w->geometry.sector_size) {
			if (!d->unreadable && !d->deleted && d->label == NULL)
				walk_trouble(w, "a part of this directory cannot be read: entries "
						"may be missing, look at the card by hand");
			d->unreadable = true;
			d->names.n = 0;
		} else if (d->deleted && d->sectors == 0 && !fat_dir_begins(bytes)) {
			d->end = true;	/* it is something else by now */
		} else {
			list_sector(d, sector, bytes);
		}
	}
}

/* What libtsk could follow of it; without a run, what it begins with. */
static void list_clusters(struct fat_walk *d, TSK_INUM_T dir, uint64_t cluster)
{
	struct walk *w = d->w;
	const TSK_FS_ATTR *attr = NULL;
	TSK_FS_FILE *file;
	uint64_t sector;

	tsk_error_reset();
	file = tsk_fs_file_open_meta(w->fs, NULL, dir);
	if (file != NULL && file->meta != NULL)
		attr = tsk_fs_file_attr_get(file);
	if (attr != NULL && (attr->flags & TSK_FS_ATTR_NONRES) != 0 && attr->nrd.run != NULL) {
		for (const TSK_FS_ATTR_RUN *run = attr->nrd.run; run != NULL; run = run->next)
			list_run(d, run->addr, run->len);
	} else if (fat_cluster_sector(&w->geometry, cluster, &sector)) {
		if (!d->deleted && d->label == NULL)
			walk_trouble(w, "this directory's clusters cannot be followed, only the "
					"first is listed: %s", walk_why());
		list_run(d, sector, w->geometry.cluster_sectors);
	} else if (d->label == NULL) {
		walk_trouble(w, "this directory cannot be read: %s", walk_why());
	}
	tsk_fs_file_close(file);
}

static void list_dir(struct walk *w, TSK_INUM_T dir, uint64_t cluster, bool deleted,
		     unsigned depth)
{
	struct fat_walk d = { .w = w, .deleted = deleted, .depth = depth };

	list_clusters(&d, dir, cluster);
}

static bool is_free(struct walk *w, uint64_t cluster)
{
	uint64_t sector;

	return fat_cluster_sector(&w->geometry, cluster, &sector) &&
	       sector <= w->fs->last_block &&
	       (w->fs->block_getflags(w->fs, sector) & TSK_FS_BLOCK_FLAG_UNALLOC) != 0;
}

void walk_fat(struct walk *w)
{
	char label[LISTING_LABEL_SIZE] = "";
	struct fat_walk d = { .w = w, .label = label };
	uint64_t root = w->geometry.root_cluster;

	w->is_free = is_free;
	/* Twice through the root directory: the label is told ahead of the files. */
	list_clusters(&d, w->fs->root_inum, root);
	walk_volume(w, tsk_fs_type_toname(w->fs->ftype), label, walk_free_fat(w));
	if (root == 0 || walk_may_enter(w, root, false, 0))
		list_dir(w, w->fs->root_inum, root, false, 0);
}
