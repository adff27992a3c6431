/*
 * The few numbers of a FAT or exFAT boot sector that tell where a directory
 * entry or a cluster lies.  libtsk knows them, but keeps them to itself.
 *
 * Units  sectors of the file system, counted from its first.  Pure.
 */
#ifndef LISTER_FAT_H
#define LISTER_FAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAT_BOOT_LEN = 512, FAT_ENTRY_LEN = 32, FAT_FIRST_CLUSTER = 2, FAT_FIRST_ENTRY = 3 };

struct fat_geometry {
	bool exfat;
	uint32_t sector_size;		/* 0: unknown, and nothing can be told */
	uint32_t cluster_sectors;
	unsigned bits;			/* of an entry of the FAT: 12, 16, 32 */
	uint64_t fat;			/* where it begins: the first, exFAT's active one */
	bool second;			/* exFAT: the second FAT and bitmap are the active ones */
	uint64_t data;			/* where libtsk's numbering of entries begins, with
					 * FAT_FIRST_ENTRY */
	uint64_t clusters;		/* where cluster 2 begins */
	uint64_t n_clusters;
	uint64_t sectors;		/* of all */
	uint64_t root_cluster;		/* 0: FAT12's and FAT16's, which lies ahead of cluster 2 */
};

/* False when it is no boot sector of that kind. */
bool fat_geometry_read(const uint8_t boot[FAT_BOOT_LEN], bool exfat, uint32_t sector_size,
		       struct fat_geometry *ret);

bool fat_cluster_sector(const struct fat_geometry *g, uint64_t cluster, uint64_t *ret);

/* Entry i of those in p, the first of which has an even number (FAT12 has two in 3 bytes). */
uint64_t fat_value(unsigned bits, const uint8_t *p, uint64_t i);

/* How many of the n entries in p, the first of them number `first`, are of free clusters. */
uint64_t fat_count_free(unsigned bits, const uint8_t *p, uint64_t first, uint64_t n);

/*
 * The checksum of exFAT's boot region, `sum` so far (0 at first), after len more
 * bytes, of which some do not count in the first sector.
 */
uint32_t fat_boot_sum(uint32_t sum, const uint8_t *p, size_t len, bool first_sector);

#endif
