/*
 * The kernel's partitions in the order in which dock-lister numbers them: as
 * the table has them, the logical ones of an MBR where their container stands.
 *
 * Pure; any thread.
 */
#ifndef CLEAR_PARTITIONS_H
#define CLEAR_PARTITIONS_H

#include <stddef.h>
#include <stdint.h>

enum { PARTITION_NODE_MAX = 63 };

struct partition {
	unsigned number;		/* the kernel's, from 1 */
	uint64_t start, size;		/* sectors of 512 bytes */
	unsigned place;			/* in the table; partitions_order() */
	char node[PARTITION_NODE_MAX + 1];
};

/*
 * Sort them, and leave out the containers of logical ones, which the kernel
 * shows as partitions of a few sectors.  How many are left.
 */
size_t partitions_order(struct partition *p, size_t n);

#endif
