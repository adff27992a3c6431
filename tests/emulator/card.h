/*
 * Card images as recorders write them: FAT32, with or without a partition
 * table, long names, local times, deleted entries; and, on demand, cards that
 * lie (card_sin).  Peers that read them: mtools, fsck.fat, libtsk.
 *
 * The image is a sparse file.  Directories and the FAT are kept in memory and
 * written by card_finish; content is written as it is added.
 *
 * Paths    UTF-8, "/DCIM/100/A.mp4"; missing directories are made.  Times are
 *          moments (base/utc.h) and are written as Asia/Shanghai wall clock,
 *          which is what such a recorder keeps.
 * Errors   0 or a negative errno and a sentence.  After a failure the image is
 *          of no use: card_free it.
 */
#ifndef EMULATOR_CARD_H
#define EMULATOR_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct card_config {
	uint64_t size;		/* bytes of the card, a multiple of 512 */
	bool mbr;		/* a partition table, the volume from 1 MiB on */
	bool fragment;		/* no file in one piece */
	const char *label;	/* up to 11 of A-Z 0-9 _ -, NULL: none */
};

struct card;

/* fd: an empty file opened for writing; the caller's, until card_free. */
int card_new(int fd, const struct card_config *config, struct card **ret, struct err *e);
void card_free(struct card *c);		/* NULL is fine */

int card_add(struct card *c, const char *path, const void *bytes, size_t len, int64_t mtime_ms,
	     struct err *e);
/* The same with the bytes of a file. */
int card_add_fd(struct card *c, const char *path, int fd, int64_t mtime_ms, struct err *e);
int card_mkdir(struct card *c, const char *path, int64_t mtime_ms, struct err *e);

/*
 * Remove a file as a recorder does: 0xE5 over the first byte of each of its
 * directory entries, its FAT chain freed, everything else left as it was.
 */
int card_delete(struct card *c, const char *path, struct err *e);

/* What can be wrong with a card; name NULL ends the table. */
struct card_sin {
	const char *name, *what;
	int (*commit)(struct card *c, struct err *e);	/* card_priv.h */
	bool afterwards;	/* spoils the finished image; otherwise comes before card_finish */
};
extern const struct card_sin card_sins[];
const struct card_sin *card_sin_find(const char *name);

/* Write directories, FATs and boot sectors. */
int card_finish(struct card *c, struct err *e);

#endif
