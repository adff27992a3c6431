/*
 * The indices of an evidence package, read: a line of data/objects.tsv and of
 * set.tsv (docs/PACKAGE.md).  Fields are parted by one tab.
 *
 * Pure; any thread.
 */
#ifndef PACKAGE_INDEX_H
#define PACKAGE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "package/layout.h"

enum { INDEX_ID_SIZE = 80 };	/* "segment:UUID", "blob:HEX64" */

struct index_sidecar {
	char path[PACKAGE_PATH_SIZE];	/* "": there is none */
	char key[PACKAGE_PATH_SIZE];	/* "": none that it verifies with */
};

struct index_object {
	char id[INDEX_ID_SIZE];
	char media[PACKAGE_PATH_SIZE];
	uint64_t size;
	struct digest blob;
	uint8_t sha256[32];
	struct index_sidecar by_recorder, by_dock;
	const char *leaves;		/* into the line; index_next_leaf() */
	size_t leaves_len;
};

/* False: the line is none.  Each path is one within a bag, in the folder where it belongs. */
bool index_parse_object(const char *line, size_t len, struct index_object *ret);

/* The first line of objects.tsv, or another that names fields. */
bool index_is_comment(const char *line, size_t len);

/* The next index of a leaf; at is 0 at first.  False: it is over. */
bool index_next_leaf(const struct index_object *o, size_t *at, uint64_t *ret);

/* A line of set.tsv that is a disc's. */
struct index_disc {
	unsigned number;		/* from 1 */
	char label[PACKAGE_LABEL_SIZE];
	uint8_t manifest[64];		/* SHA-512 of its manifest-sha512.txt */
};

enum index_set_line { INDEX_BAD, INDEX_DISC, INDEX_FILE };
/* *ret is filled for INDEX_DISC. */
enum index_set_line index_parse_set(const char *line, size_t len, struct index_disc *ret);

#endif
