/*
 * Card images as recorders write them: FAT32 or exFAT, in sectors of 512 or
 * 4096 bytes, with or without a partition table, long names, local times,
 * deleted entries; and, on demand, cards that lie (card_sin).  Peers that read
 * them: mtools, fsck.fat, fsck.exfat, sgdisk, sfdisk, libtsk.
 *
 * A struct card is one volume of an image, which is a sparse file.  Directories
 * and the FAT are kept in memory and written by card_finish; content is written
 * as it is added.
 *
 * Paths    UTF-8, "/DCIM/100/A.mp4"; missing directories are made.  Times are
 *          moments (base/utc.h) and are written as Asia/Shanghai wall clock,
 *          which is what such a recorder keeps; exFAT also says the zone.
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
	uint64_t start, size;	/* bytes before the volume and of it, multiples of its sectors */
	uint32_t sector;	/* bytes, 512 or 4096; 0: 512 */
	bool exfat;
	bool fragment;		/* no file in one piece */
	const char *label;	/* up to 11 of A-Z 0-9 _ -, NULL: none */
};

struct card;

/* fd: a file opened for writing, nothing yet where the volume will be; the caller's. */
int card_new(int fd, const struct card_config *config, struct card **ret, struct err *e);
void card_free(struct card *c);		/* NULL is fine */

int card_add(struct card *c, const char *path, const void *bytes, size_t len, int64_t mtime_ms,
	     struct err *e);
/* The same with the bytes of a file. */
int card_add_fd(struct card *c, const char *path, int fd, int64_t mtime_ms, struct err *e);
int card_mkdir(struct card *c, const char *path, int64_t mtime_ms, struct err *e);

/*
 * Give a file more clusters, whatever lies in them, up to size bytes.  Not valid:
 * as a recorder sets space aside, with exFAT's valid data length where it was.
 */
int card_extend(struct card *c, const char *path, uint64_t size, bool valid, struct err *e);

/* A file was opened then: the time of its last access, on FAT the date. */
int card_opened(struct card *c, const char *path, int64_t ms, struct err *e);

/*
 * Remove a file as a recorder does.  FAT: 0xE5 over the first byte of each of
 * its directory entries, its FAT chain freed; exFAT: the in-use bit of each
 * cleared, its clusters free in the bitmap.  All else is left as it was.
 */
int card_delete(struct card *c, const char *path, struct err *e);

/* What can be wrong with a card; name NULL ends the table. */
struct card_sin {
	const char *name, *what;
	int (*commit)(struct card *c, struct err *e);	/* card_priv.h */
	bool afterwards;	/* spoils the finished image; otherwise comes before card_finish */
};
extern const struct card_sin card_sins[], card_exfat_sins[] /* of exFAT volumes */,
	card_table_sins[] /* of cards with a GPT that has two partitions or more */;
const struct card_sin *card_sin_find(const char *name);

/* Write directories, FATs and boot sectors. */
int card_finish(struct card *c, struct err *e);

/* A partition table on an image of size bytes; parts lie between what it needs itself. */
enum card_table { CARD_NO_TABLE, CARD_MBR, CARD_GPT };
enum { CARD_TABLE_ROOM = 1024 * 1024 };		/* bytes it needs in front, and GPT behind */

int card_table_write(int fd, enum card_table table, uint64_t size,
		     const struct card_config *parts, size_t n, struct err *e);

#endif
