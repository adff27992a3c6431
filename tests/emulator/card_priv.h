/* The inside of a card image, for card*.c alone: sins need to reach under the file system. */
#ifndef EMULATOR_CARD_PRIV_H
#define EMULATOR_CARD_PRIV_H

#include "base/buf.h"
#include "emulator/card.h"

enum {
	CARD_SECTOR = 512,		/* as a rule; struct card has the volume's own */
	CARD_SECTOR_MAX = 4096,
	CARD_RESERVED = 32,		/* sectors before FAT32's first FAT */
	CARD_ENTRY = 32,		/* bytes of a directory entry */
	CARD_SET_MAX = 21,		/* entries of one file, FAT's the longest */
	CARD_DIR_MAX = 65536 * CARD_ENTRY,
	CARD_DIRS_MAX = 4096,
	CARD_NAME_UNITS_MAX = 255,
};

#define CARD_FAT_END	UINT32_C(0x0fffffff)

enum { CARD_ATTR_VOLUME = 0x08, CARD_ATTR_DIRECTORY = 0x10, CARD_ATTR_ARCHIVE = 0x20,
       CARD_ATTR_LONG = 0x0f };

struct card_node {			/* a file or directory within a directory */
	char *name;			/* UTF-8 */
	size_t entry, n_entries;	/* its 32-byte entries; FAT's 8.3 one is the last */
	uint32_t cluster;
	uint64_t size, valid;		/* of a file; valid: exFAT alone */
	bool plain;			/* its clusters follow one another, without the FAT (exFAT) */
	struct card_dir *dir;		/* NULL: a file */
};

struct card_dir {
	struct card_dir *parent;	/* NULL: the root */
	uint32_t cluster, last_cluster;
	size_t room;			/* bytes its chain holds */
	struct buf entries;
	struct card_node *nodes;
	size_t n_nodes, nodes_room;
	uint32_t serial;		/* of the last ~N in it */
};

/* What a directory entry says; a sin may say anything. */
struct card_claim {
	const uint16_t *name;		/* UTF-16 long name, NULL: the short one alone (FAT) */
	size_t units;
	const uint8_t *short_name;	/* 11 bytes, NULL: made up; not on exFAT */
	uint8_t attributes;
	bool plain;
	uint32_t cluster;
	uint64_t size, valid;
	int64_t mtime_ms;
};

/* What FAT32 (card_fat.c) and exFAT (card_exfat.c) do in ways of their own. */
struct card_format {
	bool short_names;		/* and "." and ".." in each directory */
	/* Fill the card's numbers from its config. */
	int (*geometry)(struct card *c, struct err *e);
	/* The root directory, and what has clusters ahead of all files. */
	int (*begin)(struct card *c, struct err *e);
	/* The entries that say it; their number. */
	size_t (*entries)(struct card_dir *d, const struct card_claim *claim,
			  uint8_t ret[CARD_SET_MAX * CARD_ENTRY]);
	/* Make a file's entries say what its node says. */
	void (*describe)(struct card_dir *d, const struct card_node *node);
	/* It was last opened then. */
	void (*open)(struct card_dir *d, const struct card_node *node, int64_t ms);
	/* Make a file's entries those of a deleted one. */
	void (*strike)(struct card_dir *d, const struct card_node *node);
	/* A cluster of a deleted file is free. */
	void (*release)(struct card *c, uint32_t cluster);
	/* Boot sectors and whatever else; directories and FATs are written. */
	int (*finish)(struct card *c, struct err *e);
	/* Directories are complete: the last that can be said of them. */
	void (*settle)(struct card *c);
};
extern const struct card_format card_fat32, card_exfat;

struct card {
	int fd;
	struct card_config config;
	const struct card_format *format;
	uint32_t sector;		/* bytes; all that follows counts in them */
	uint64_t sectors;		/* of the volume */
	uint32_t per_cluster;
	uint32_t fat_at, fat_sectors, fats, data_at;
	uint32_t clusters;
	uint32_t *fat;			/* clusters + 2 of them */
	bool *used;			/* the same; exFAT's allocation bitmap */
	uint32_t cursor, run;		/* where the next cluster is looked for; clusters in this piece */
	uint32_t bitmap, upcase;	/* exFAT: their first clusters */
	struct card_dir *dirs[CARD_DIRS_MAX];
	size_t n_dirs;			/* dirs[0] is the root */
};

uint32_t card_cluster_bytes(const struct card *c);
uint64_t card_cluster_offset(const struct card *c, uint32_t cluster);
/* The bytes in a chain, n > 0 clusters; *ret is the first. */
int card_chain(struct card *c, uint32_t n, uint32_t *ret, struct err *e);
int card_write_chain(struct card *c, uint32_t cluster, const void *bytes, size_t len,
		     struct err *e);
/* An empty directory with one cluster. */
int card_dir_new(struct card *c, struct card_dir *parent, struct card_dir **ret, struct err *e);
/* Append entries to a directory; ret_entry, if any: the index of the first. */
int card_append(struct card *c, struct card_dir *d, const struct card_claim *claim,
		size_t *ret_entry, struct err *e);
/* The directory with that path, made if missing. */
int card_dir_make(struct card *c, const char *path, int64_t mtime_ms, struct card_dir **ret,
		  struct err *e);
int card_pwrite(const struct card *c, const void *p, size_t len, uint64_t offset, struct err *e);

/* Of the whole image, whatever volumes it has. */
int card_image_size(const struct card *c, uint64_t *ret, struct err *e);
/* Time (low 16 bits) and date (high 16 bits) as FAT and exFAT keep them, in Shanghai. */
uint32_t card_dos_time(int64_t ms);

/* card_exfat.c, for sins */

/* The checksum of the set that begins at that entry of the directory, anew. */
void card_exfat_sum(struct card_dir *d, size_t entry);
/* The boot region's, of `sectors` sectors with those bytes. */
uint32_t card_exfat_boot_sum(const uint8_t *bytes, size_t len);

/* card_table.c, for sins */

uint32_t card_crc32(const uint8_t *p, size_t len);

/* card_sin.c, for sins of other tables */

int card_sin_dir(struct card *c, struct card_dir **ret, struct err *e);
/* A file entry with any first cluster and size. */
int card_sin_file(struct card *c, const char *name, uint32_t cluster, uint64_t size,
		  struct err *e);

/* card_name.c */

/* At most `max` units; -EINVAL: not UTF-8 or too long. */
int card_utf16(const char *text, uint16_t *ret, size_t max, size_t *ret_units);
/* Is it an 8.3 name as it stands?  Then its 11 bytes. */
bool card_is_short(const char *name, uint8_t ret[11]);
/* An 8.3 name with ~serial for a long one. */
void card_short_from(const uint16_t *name, size_t units, uint32_t serial, uint8_t ret[11]);
uint8_t card_short_sum(const uint8_t name[11]);
/* The 13 units of the nth piece (from 1) of a long name as its entry. */
void card_long_entry(const uint16_t *name, size_t units, unsigned piece, bool last, uint8_t sum,
		     uint8_t ret[CARD_ENTRY]);

static inline void card_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void card_put32(uint8_t *p, uint32_t v)
{
	card_put16(p, v);
	card_put16(p + 2, v >> 16);
}

static inline void card_put64(uint8_t *p, uint64_t v)
{
	card_put32(p, (uint32_t)v);
	card_put32(p + 4, (uint32_t)(v >> 32));
}

static inline uint32_t card_get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
