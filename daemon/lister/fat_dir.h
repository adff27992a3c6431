/*
 * Directories of FAT12, FAT16 and FAT32, 32 bytes at a time (Microsoft, FAT:
 * General Overview of On-Disk Format 1.03; long names: "FAT Long File Names").
 *
 * libtsk could give names too.  It leaves entries out that it finds
 * implausible, goes on behind the end of a directory into what was there
 * before, and puts '^' where a name has no UTF-8: too much for evidence to
 * lose without a word.
 *
 * Pure.
 */
#ifndef LISTER_FAT_DIR_H
#define LISTER_FAT_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/listing.h"

enum {
	FAT_DIR_SHORT_MAX = 12,		/* "NAME.EXT" */
	FAT_DIR_PIECES = 20,		/* of a long name, */
	FAT_DIR_PIECE_LEN = 26,		/* 13 units of UTF-16LE each */
	FAT_DIR_ENTRIES_MAX = 65536,	/* of one directory: 2 MiB, as the format has it */
};

struct fat_dir_entry {
	bool deleted, directory;
	uint8_t short_name[FAT_DIR_SHORT_MAX];	/* as found; a deleted one begins with '_' */
	size_t short_len;
	uint8_t long_name[FAT_DIR_PIECES * FAT_DIR_PIECE_LEN];	/* UTF-16LE */
	size_t long_len;		/* 0: it has none, or none that belongs to it */
	uint32_t cluster, size;
	char created[LISTING_TIME_MAX + 1], modified[LISTING_TIME_MAX + 1],
	     accessed[LISTING_TIME_MAX + 1];
};

/* Long names come in pieces ahead of their entry. */
struct fat_dir {
	uint8_t pieces[FAT_DIR_PIECES][FAT_DIR_PIECE_LEN];	/* as they came: the last first */
	unsigned n;
	uint8_t next;			/* number that the next piece must have */
	uint8_t checksum;
	bool deleted;
};

enum fat_dir_what {
	FAT_DIR_NOTHING,		/* a piece, ".", ".." or a deleted label */
	FAT_DIR_ENTRY,			/* *ret is filled */
	FAT_DIR_LABEL,			/* of the volume: *ret has its 11 bytes as short_name */
	FAT_DIR_END,			/* what lies behind is no part of the directory */
};

/* Start with a struct of zeros. */
enum fat_dir_what fat_dir_next(struct fat_dir *d, const uint8_t bytes[32],
			       struct fat_dir_entry *ret);

/* Whether a directory, other than the root, begins like this: with itself. */
bool fat_dir_begins(const uint8_t bytes[32]);

#endif
