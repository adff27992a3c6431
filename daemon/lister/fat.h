/*
 * The few numbers of a FAT or exFAT boot sector that tell where a directory
 * entry or a cluster lies.  libtsk knows them, but keeps them to itself.
 *
 * Units  sectors of the file system, counted from its first.  Pure.
 */
#ifndef LISTER_FAT_H
#define LISTER_FAT_H

#include <stdbool.h>
#include <stdint.h>

enum { FAT_BOOT_LEN = 512, FAT_ENTRY_LEN = 32, FAT_FIRST_CLUSTER = 2, FAT_FIRST_ENTRY = 3 };

struct fat_geometry {
	bool exfat;
	uint32_t sector_size;		/* 0: unknown, and nothing can be told */
	uint32_t cluster_sectors;
	uint64_t data;			/* where the numbering of entries begins */
	uint64_t clusters;		/* where cluster 2 begins */
	uint64_t sectors;		/* of all */
	uint64_t root_cluster;		/* 0: FAT12's and FAT16's, which lies ahead of cluster 2 */
};

/* False when it is no boot sector of that kind. */
bool fat_geometry_read(const uint8_t boot[FAT_BOOT_LEN], bool exfat, uint32_t sector_size,
		       struct fat_geometry *ret);

/* In bytes from the beginning of the file system; entry as libtsk counts them, from 3. */
bool fat_entry_offset(const struct fat_geometry *g, uint64_t entry, uint64_t *ret);

bool fat_cluster_sector(const struct fat_geometry *g, uint64_t cluster, uint64_t *ret);

#endif
