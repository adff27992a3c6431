/* The inside of a card image, for card*.c alone: sins need to reach under the file system. */
#ifndef EMULATOR_CARD_PRIV_H
#define EMULATOR_CARD_PRIV_H

#include "base/buf.h"
#include "emulator/card.h"

enum {
	CARD_SECTOR = 512,
	CARD_RESERVED = 32,		/* sectors before the first FAT */
	CARD_PARTITION = 2048,		/* first sector of the volume with a partition table */
	CARD_ENTRY = 32,		/* bytes of a directory entry */
	CARD_DIR_MAX = 65536 * CARD_ENTRY,
	CARD_DIRS_MAX = 4096,
	CARD_NAME_UNITS_MAX = 255,
};

#define CARD_FAT_END	UINT32_C(0x0fffffff)

enum { CARD_ATTR_VOLUME = 0x08, CARD_ATTR_DIRECTORY = 0x10, CARD_ATTR_ARCHIVE = 0x20,
       CARD_ATTR_LONG = 0x0f };

struct card_node {			/* a file or directory within a directory */
	char *name;			/* UTF-8 */
	size_t entry, n_entries;	/* its 32-byte entries, the last is the 8.3 one */
	uint32_t cluster;
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

struct card {
	int fd;
	struct card_config config;
	uint64_t start;			/* bytes before the volume */
	uint32_t sectors;		/* of the volume */
	uint32_t per_cluster;		/* sectors */
	uint32_t fat_sectors, clusters;
	uint32_t *fat;			/* clusters + 2 of them */
	uint32_t cursor, run;		/* where the next cluster is looked for; clusters in this piece */
	struct card_dir *dirs[CARD_DIRS_MAX];
	size_t n_dirs;			/* dirs[0] is the root */
};

/* What a directory entry says; a sin may say anything. */
struct card_claim {
	const uint16_t *name;		/* UTF-16 long name, NULL: the short one alone */
	size_t units;
	const uint8_t *short_name;	/* 11 bytes, NULL: made up */
	uint8_t attributes;
	uint32_t cluster, size;
	int64_t mtime_ms;
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

#endif
