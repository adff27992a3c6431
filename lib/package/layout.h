/*
 * How an evidence package is laid out: names, lines of manifests and indices,
 * tag files.  docs/PACKAGE.md is the format.
 *
 * Pure; any thread.
 */
#ifndef PACKAGE_LAYOUT_H
#define PACKAGE_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	PACKAGE_ID_LEN = 36,		/* a lower-case UUID */
	PACKAGE_PATH_SIZE = 128,	/* any path of a package, with its NUL */
	PACKAGE_NAME_MAX = 40,		/* of NAME, which the files of an object begin with */
	PACKAGE_NAME_SIZE = PACKAGE_NAME_MAX + 1,
	PACKAGE_EXT_SIZE = 9,
	PACKAGE_LABEL_SIZE = 16,	/* of a disc's label, with its NUL: Joliet has 16 */
	PACKAGE_LINE_MAX = 1024,	/* of any line of a manifest or an index but the leaves */
};

/* "0001-REC-000123-17"; recorder NULL: "0001-blob". */
void package_name(unsigned number, const char *recorder, uint64_t seq, char ret[PACKAGE_NAME_SIZE]);

/* The extension of a file's own name (UTF-8, perhaps a path), or "bin". */
void package_extension(const char *path, char ret[PACKAGE_EXT_SIZE]);

/* "DV_1A2B3C4D", and "_02" in a set (disc 0: no set). */
void package_label(const char *id, unsigned disc, char ret[PACKAGE_LABEL_SIZE]);

/*
 * Where disc n of a set is written: "DIR/NAME-02.iso" for DIR/NAME.iso; disc 0: path itself.
 * -ENAMETOOLONG.
 */
int package_image_path(const char *path, unsigned disc, char *ret, size_t size);

/* A line of a manifest, of a tag manifest or of addresses.b2. */
void package_manifest_line(struct buf *to, const uint8_t *digest, size_t len, const char *path);

/* Bytes of that line. */
size_t package_manifest_line_len(size_t digest_len, const char *path);

void package_hex(struct buf *to, const uint8_t *p, size_t len);

struct package_bag {
	const char *id, *station;
	int64_t made_ms;
	uint64_t payload_bytes, payload_files;
	unsigned disc, discs;		/* 0, 0: no set */
};

void package_bagit_txt(struct buf *to);
void package_bag_info(struct buf *to, const struct package_bag *b);

#endif
