/*
 * Directories of exFAT, 32 bytes at a time (Microsoft, exFAT file system
 * specification, 6 and 7).  A file is a set of entries: the file's, the stream's,
 * and one for each 15 characters of its name, under one checksum.
 *
 * A set that is in use and lies is given nevertheless, as far as it says
 * anything, with `sound` false: a driver would pass over it, evidence may not be.
 * Of deleted sets only whole ones are given, for parts of them are soon
 * overwritten by others and would come out under wrong names.
 *
 * Name hashes are not compared: the up-case table they need is the card's, and
 * nothing here depends on it.  Pure.
 */
#ifndef LISTER_EXFAT_DIR_H
#define LISTER_EXFAT_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/listing.h"

enum {
	EXFAT_ENTRY_LEN = 32,
	EXFAT_NAME_MAX = 255 * 2,	/* bytes of UTF-16LE */
	EXFAT_LABEL_MAX = 11 * 2,
	EXFAT_DIR_ENTRIES_MAX = 1 << 20,	/* of one directory: the format has eight times that */
};

struct exfat_dir_entry {
	bool deleted, directory, sound;
	bool plain;			/* its clusters follow one another; the FAT does not know it */
	uint8_t name[EXFAT_NAME_MAX];	/* UTF-16LE; a label has it, too */
	size_t name_len;
	uint32_t cluster;		/* of a bitmap as well, and its size */
	uint64_t size, valid;		/* as said, whatever that is */
	uint8_t flags;			/* of a bitmap: bit 0 says which FAT it goes with */
	char created[LISTING_TIME_MAX + 1], modified[LISTING_TIME_MAX + 1],
	     accessed[LISTING_TIME_MAX + 1];
};

struct exfat_dir {			/* the set at hand; start with zeros */
	uint8_t file[EXFAT_ENTRY_LEN], stream[EXFAT_ENTRY_LEN];
	uint8_t name[17 * 30];
	unsigned taken;			/* entries behind the file's */
	unsigned names;
	bool open, has_stream;
	uint16_t sum;
	unsigned cut;			/* sets in use that did not say enough to be given */
};

enum exfat_dir_what {
	EXFAT_DIR_NOTHING,
	EXFAT_DIR_ENTRY,		/* a file or directory: *ret is filled */
	EXFAT_DIR_LABEL,		/* name */
	EXFAT_DIR_BITMAP,		/* cluster, size, flags */
	EXFAT_DIR_END,			/* nothing lies behind; then exfat_dir_finish */
};

enum exfat_dir_what exfat_dir_next(struct exfat_dir *d, const uint8_t bytes[EXFAT_ENTRY_LEN],
				   struct exfat_dir_entry *ret);

/* When the directory is over, whether by its END or its clusters': a set may be left. */
enum exfat_dir_what exfat_dir_finish(struct exfat_dir *d, struct exfat_dir_entry *ret);

/* Whether a directory that was deleted still begins like one. */
bool exfat_dir_begins(const uint8_t bytes[EXFAT_ENTRY_LEN]);

#endif
