/* How much of a file system is free: counted, since what it says of that is a claim. */
#include "base/util.h"
#include "format/listing.h"
#include "walk_impl.h"

enum {
	WINDOW = 64 * 1024,		/* a multiple of what an entry of FAT16 and FAT32 has */
	FAT_MAX = 64 * 1024 * 1024,	/* bytes read of a FAT: 512 GiB in clusters of 32 KiB */
};

static uint8_t window[WINDOW];

uint64_t walk_free_fat(struct walk *w)
{
	const struct fat_geometry *g = &w->geometry;
	uint64_t entries = g->n_clusters + FAT_FIRST_CLUSTER, unused = 0;
	/* All of a FAT12 fits. */
	uint64_t per_window = (uint64_t)WINDOW * 8 / g->bits;

	if (entries * g->bits / 8 > FAT_MAX)
		return LISTING_FREE_UNKNOWN;
	for (uint64_t at = 0; at < entries && !w->report->stop; at += per_window) {
		uint64_t n = MIN(per_window, entries - at);

		if (!walk_read(w, g->fat * g->sector_size + at * g->bits / 8, window,
			       (size_t)(n * g->bits + 7) / 8))
			return LISTING_FREE_UNKNOWN;
		unused += fat_count_free(g->bits, window, at, n);
	}
	return unused;
}

/* ------ exFAT's bitmap ------ */

static uint64_t cluster_bytes(const struct walk *w)
{
	return (uint64_t)w->geometry.cluster_sectors * w->geometry.sector_size;
}

static uint64_t bitmap_len(const struct walk *w)
{
	return (w->geometry.n_clusters + 7) / 8;
}

static bool add_cluster(struct walk *w, uint64_t cluster)
{
	struct walk_run *last = w->n_bitmap > 0 ? &w->bitmap[w->n_bitmap - 1] : NULL;

	if (last != NULL && last->cluster + last->n == cluster) {
		last->n++;
		return true;
	}
	if (w->n_bitmap == WALK_RUNS_MAX)
		return false;
	w->bitmap[w->n_bitmap++] = (struct walk_run){ cluster, 1 };
	return true;
}

bool walk_bitmap(struct walk *w, uint64_t cluster, uint64_t size)
{
	uint64_t n = (bitmap_len(w) + cluster_bytes(w) - 1) / cluster_bytes(w);
	struct walk_chain chain;

	w->n_bitmap = 0;
	walk_chain_begin(&chain, w, cluster, false, n);
	while (size >= bitmap_len(w) && n > 0 && walk_chain_next(&chain, &cluster) == 1 &&
	       add_cluster(w, cluster))
		n--;
	if (n > 0)
		w->n_bitmap = 0;
	return n == 0;
}

/* Up to len bytes of the bitmap, as many as lie together; 0: they cannot be read. */
static size_t read_bitmap(struct walk *w, uint64_t at, uint8_t *p, size_t len)
{
	for (unsigned i = 0; i < w->n_bitmap; i++) {
		uint64_t run = w->bitmap[i].n * cluster_bytes(w), sector;

		if (at >= run) {
			at -= run;
			continue;
		}
		len = (size_t)MIN(len, run - at);
		return fat_cluster_sector(&w->geometry, w->bitmap[i].cluster, &sector) &&
		       walk_read(w, sector * w->geometry.sector_size + at, p, len) ? len : 0;
	}
	return 0;
}

bool walk_bitmap_is_free(struct walk *w, uint64_t cluster)
{
	uint64_t bit = cluster - FAT_FIRST_CLUSTER;
	uint8_t byte;

	return read_bitmap(w, bit / 8, &byte, 1) == 1 && (byte >> bit % 8 & 1) == 0;
}

uint64_t walk_free_bitmap(struct walk *w)
{
	uint64_t n = w->geometry.n_clusters, used = 0, len = bitmap_len(w);
	size_t got;

	for (uint64_t at = 0; at < len && !w->report->stop; at += got) {
		got = read_bitmap(w, at, window, (size_t)MIN(len - at, WINDOW));
		if (got == 0)
			return LISTING_FREE_UNKNOWN;
		if (at + got == len && n % 8 != 0)	/* bits behind the last cluster's */
			window[got - 1] &= (uint8_t)((1u << n % 8) - 1);
		for (size_t i = 0; i < got; i++)
			used += (unsigned)__builtin_popcount(window[i]);
	}
	return n - used;
}
