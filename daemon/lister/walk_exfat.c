/* exFAT: boot region, directories, files; exfat_dir.h reads what is in the clusters. */
#include <inttypes.h>
#include <string.h>

#include "base/util.h"
#include "exfat_dir.h"
#include "format/listing.h"
#include "walk_impl.h"

enum { SECTOR_MAX = 4096, BOOT_SECTORS = 12, SECTOR_SHIFT = 108 };

/* What the root directory says of the file system. */
struct facts {
	char label[LISTING_LABEL_SIZE];
	bool bitmap;
};

/* One directory while it is read. */
struct exfat_walk {
	struct walk *w;
	bool deleted;
	unsigned depth;
	struct exfat_dir sets;
	uint64_t entries;		/* read so far */
	bool end, unreadable;
	struct facts *facts;		/* these are looked for, and nothing is told */
};

/* Where a directory's clusters are. */
struct place {
	uint64_t cluster, n;		/* n: at most */
	bool plain;
};

static void list_dir(struct walk *w, struct place at, bool deleted, unsigned depth,
		     struct facts *facts);

/* ------ the boot region ------ */

/* Whether its checksum is that of its sectors. */
static bool sum_holds(struct walk *w, uint64_t at, uint32_t sector_size)
{
	uint8_t bytes[SECTOR_MAX];
	uint32_t sum = 0;

	for (unsigned i = 0; i < BOOT_SECTORS; i++) {
		if (!walk_read(w, at + (uint64_t)i * sector_size, bytes, sector_size))
			return false;
		if (i + 1 < BOOT_SECTORS)
			sum = fat_boot_sum(sum, bytes, sector_size, i == 0);
	}
	return (bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		(uint32_t)bytes[3] << 24) == sum;
}

static bool read_region(struct walk *w, uint64_t at, struct fat_geometry *ret, bool *ret_intact)
{
	uint8_t boot[FAT_BOOT_LEN];

	if (!walk_read(w, at, boot, sizeof(boot)) || boot[SECTOR_SHIFT] > 12 ||
	    !fat_geometry_read(boot, true, UINT32_C(1) << boot[SECTOR_SHIFT], ret))
		return false;
	*ret_intact = sum_holds(w, at, ret->sector_size);
	return true;
}

/* The backup, wherever the sectors' size puts it; only an intact one counts. */
static bool read_backup(struct walk *w, struct fat_geometry *ret)
{
	bool intact;

	for (uint32_t size = 512; size <= SECTOR_MAX; size *= 2) {
		if (read_region(w, (uint64_t)BOOT_SECTORS * size, ret, &intact) && intact &&
		    ret->sector_size == size)
			return true;
	}
	return false;
}

static bool says_exfat(struct walk *w)
{
	uint8_t boot[FAT_BOOT_LEN];

	return walk_read(w, 0, boot, sizeof(boot)) && memcmp(boot + 3, "EXFAT   ", 8) == 0;
}

bool walk_exfat_find(struct walk *w, bool only_backup)
{
	struct fat_geometry backup;
	bool intact = false, first = !only_backup && read_region(w, 0, &w->geometry, &intact);

	if (intact)
		return true;
	if (!only_backup && !first && !says_exfat(w))
		return false;
	if (read_backup(w, &backup)) {
		w->geometry = backup;
		report_trouble(w->report, "", "the boot sector of the card's file system is damaged: "
			       "its backup is used");
		return true;
	}
	if (first)
		report_trouble(w->report, "", "the checksum of the card's boot sector is wrong, and "
			       "so is its backup's: what is listed may be wrong");
	return first;
}

/* ------ files ------ */

static uint64_t cluster_bytes(const struct walk *w)
{
	return (uint64_t)w->geometry.cluster_sectors * w->geometry.sector_size;
}

static uint64_t clusters_of(const struct walk *w, uint64_t size)
{
	return size / cluster_bytes(w) + (size % cluster_bytes(w) != 0);
}

/* Fill the walk's extents, or say why not.  A chain that ends early is noticed by dockd. */
static void locate(struct walk *w, const struct exfat_dir_entry *e, struct listing_file *f)
{
	struct walk_chain chain;
	uint64_t cluster, sector;
	int r;

	walk_chain_begin(&chain, w, e->cluster, e->plain, clusters_of(w, e->size));
	while ((r = walk_chain_next(&chain, &cluster)) == 1) {
		if (!fat_cluster_sector(&w->geometry, cluster, &sector) ||
		    !walk_add_extent(w, w->offset + sector * w->geometry.sector_size,
				     cluster_bytes(w)))
			return;
	}
	if (r < 0 && !fat_cluster_sector(&w->geometry, e->cluster, &sector))
		snprintf(f->trouble, sizeof(f->trouble),
			 "it begins nowhere on the card (cluster %" PRIu32 ")", e->cluster);
	else if (r < 0)
		snprintf(f->trouble, sizeof(f->trouble), "the chain of its clusters is broken or a "
			 "ring: look at the card by hand");
}

static void tell_file(struct walk *w, const struct exfat_dir_entry *e, bool deleted)
{
	struct listing_file f = {
		.deleted = deleted, .size = e->size, .valid = MIN(e->valid, e->size),
	};

	memcpy(f.created, e->created, sizeof(f.created));
	memcpy(f.modified, e->modified, sizeof(f.modified));
	memcpy(f.accessed, e->accessed, sizeof(f.accessed));
	if (walk_has_content(w, e->cluster, &f))
		locate(w, e, &f);
	if (!deleted && e->valid > e->size)
		walk_trouble(w, "it claims more valid bytes than it has: all it has are read");
	walk_tell(w, &f);
}

static void tell_entry(struct exfat_walk *d, const struct exfat_dir_entry *e)
{
	struct walk *w = d->w;
	struct walk_mark here = walk_here(w);
	bool deleted = d->deleted || e->deleted;
	struct place at = {
		.cluster = e->cluster, .plain = e->plain,
		.n = e->size == 0 && !e->plain ? UINT64_MAX : clusters_of(w, e->size),
	};

	name_add_utf16le(&w->path, e->name, e->name_len);
	buf_add(&w->raw, e->name, e->name_len);
	if (!e->sound)
		walk_trouble(w, "its directory entries contradict one another: what is listed of it "
				"may be wrong");
	if (!e->directory) {
		tell_file(w, e, deleted);
	} else if (walk_may_enter(w, e->cluster, deleted, d->depth + 1)) {
		walk_down(w);
		list_dir(w, at, deleted, d->depth + 1, NULL);
	}
	walk_back(w, here);
}

/* ------ directories ------ */

static void take_fact(struct exfat_walk *d, enum exfat_dir_what what,
		      const struct exfat_dir_entry *e)
{
	struct buf label = BUF_INIT(256);

	if (what == EXFAT_DIR_LABEL && e->name_len > 0 && d->facts->label[0] == '\0') {
		name_add_utf16le(&label, e->name, e->name_len);
		report_cut(d->facts->label, sizeof(d->facts->label), label.p, label.len);
	} else if (what == EXFAT_DIR_BITMAP && (e->flags & 1) == d->w->geometry.second &&
		   !d->facts->bitmap) {
		d->facts->bitmap = walk_bitmap(d->w, e->cluster, e->size);
	}
	buf_clear(&label);
}

static void take(struct exfat_walk *d, enum exfat_dir_what what, const struct exfat_dir_entry *e)
{
	if (what == EXFAT_DIR_END)
		d->end = true;
	else if (d->facts != NULL)
		take_fact(d, what, e);
	else if (what == EXFAT_DIR_ENTRY)
		tell_entry(d, e);
}

/* A sector of the directory, or what stands for it when it cannot be read. */
static void list_sector(struct exfat_walk *d, uint64_t sector)
{
	struct walk *w = d->w;
	uint32_t size = w->geometry.sector_size;
	struct exfat_dir_entry e;
	uint8_t bytes[SECTOR_MAX];

	if (!walk_read(w, sector * size, bytes, size)) {
		if (!d->unreadable && !d->deleted && d->facts == NULL)
			walk_trouble(w, "a part of this directory cannot be read: entries may be "
					"missing, look at the card by hand");
		d->unreadable = true;
		d->sets.open = false;
		return;
	}
	if (d->deleted && d->entries == 0 && !exfat_dir_begins(bytes)) {
		d->end = true;		/* it is something else by now */
		return;
	}
	for (uint32_t at = 0; at < size && !d->end && !w->report->stop; at += EXFAT_ENTRY_LEN)
		take(d, exfat_dir_next(&d->sets, bytes + at, &e), &e);
	d->entries += size / EXFAT_ENTRY_LEN;
}

static void list_cluster(struct exfat_walk *d, uint64_t cluster)
{
	struct walk *w = d->w;
	uint64_t sector;

	if (!fat_cluster_sector(&w->geometry, cluster, &sector))
		return;
	for (uint32_t i = 0; i < w->geometry.cluster_sectors && !d->end && !w->report->stop; i++) {
		if (d->entries >= EXFAT_DIR_ENTRIES_MAX) {
			if (d->facts == NULL)
				walk_trouble(w, "this directory is too long: what comes behind %d "
						"entries is not listed", EXFAT_DIR_ENTRIES_MAX);
			d->end = true;
		} else {
			list_sector(d, sector + i);
		}
	}
}

static void list_dir(struct walk *w, struct place at, bool deleted, unsigned depth,
		     struct facts *facts)
{
	struct exfat_walk d = { .w = w, .deleted = deleted, .depth = depth, .facts = facts };
	struct exfat_dir_entry e;
	struct walk_chain chain;
	uint64_t cluster;
	int r = 0;

	/* The chain of a deleted one is not to be trusted any more. */
	walk_chain_begin(&chain, w, at.cluster, at.plain, deleted && !at.plain ? 1 : at.n);
	while (!d.end && !w->report->stop && (r = walk_chain_next(&chain, &cluster)) == 1)
		list_cluster(&d, cluster);
	take(&d, exfat_dir_finish(&d.sets, &e), &e);
	if (deleted || facts != NULL)
		return;
	if (r < 0)
		walk_trouble(w, "this directory's clusters are a broken chain or a ring: entries may "
				"be missing, look at the card by hand");
	if (d.sets.cut > 0)
		walk_trouble(w, "%u entries of this directory are cut and say too little to be "
				"listed: look at the card by hand", d.sets.cut);
}

void walk_exfat(struct walk *w)
{
	struct place root = { .cluster = w->geometry.root_cluster, .n = UINT64_MAX };
	struct facts facts = { .bitmap = false };

	w->is_free = walk_bitmap_is_free;
	/* Twice through the root directory: label and space are told ahead of the files. */
	list_dir(w, root, false, 0, &facts);
	if (!facts.bitmap)
		report_trouble(w->report, "", "the card's allocation bitmap cannot be read: how much "
			       "is free, and what was deleted in directories, is not known");
	walk_volume(w, "exfat", facts.label,
		    facts.bitmap ? walk_free_bitmap(w) : LISTING_FREE_UNKNOWN);
	if (walk_may_enter(w, root.cluster, false, 0))
		list_dir(w, root, false, 0, NULL);
}
