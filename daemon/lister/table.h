/*
 * Partition tables of cards: MBR with its extended partitions, GPT (UEFI
 * specification, 5.3) with its backup at the end of the card.
 *
 * libtsk reads tables as well; it takes a GPT's word for everything, reads
 * as many entries as it claims, and knows no checksum.
 *
 * Units  blocks of the card.  Pure but for the reads it asks for, of which there
 *        are at most TABLE_READS_MAX.
 */
#ifndef LISTER_TABLE_H
#define LISTER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TABLE_PARTS_MAX = 16,
	TABLE_BLOCK_MAX = 4096,
	TABLE_GPT_BYTES_MAX = 128 * 1024,	/* of entries: eight times what all tables have */
	TABLE_EXTENDED_MAX = 32,		/* links of MBR's chain */
	TABLE_READS_MAX = 2048,
};

struct table_source {
	uint32_t block_size;			/* a power of two, 512..TABLE_BLOCK_MAX */
	uint64_t blocks;
	/* One block; whether it could be read. */
	bool (*read)(struct table_source *s, uint64_t block, uint8_t *buf);
};

struct table_part {
	uint64_t first, last;
	enum table_wrong {
		TABLE_FINE,
		TABLE_BACKWARDS,		/* last < first */
		TABLE_OUTSIDE,			/* begins behind the card's end */
		TABLE_TOO_LONG,			/* ends there */
		TABLE_OVERLAPS,			/* another one ahead of it */
		TABLE_AGAIN,			/* begins where another one does */
	} wrong;
};

struct table {
	enum table_kind { TABLE_NONE, TABLE_MBR, TABLE_GPT } kind;
	struct table_part parts[TABLE_PARTS_MAX];
	unsigned n;
	bool more;				/* than parts has room for */
	bool backup;				/* GPT: the first copy is damaged */
	bool damaged;				/* GPT: both are, or what is there; parts are what could be read */
	bool ring;				/* MBR: the chain leads back, or too far */
};

void table_read(struct table_source *s, struct table *ret);

#endif
