/*
 * What dock-lister and dockd say to each other over their socket pair.
 *
 * Every message: type (u8), three zero bytes, length of the rest (u32); all
 * numbers little-endian; at most LISTING_MESSAGE_MAX bytes of body.  dockd
 * trusts nothing that comes up: lengths, counts, order and extents are checked
 * here against the limits below and the size of the disk.
 *
 *	lister -> dockd
 *	  READ		offset u64, length u32: bytes of the disk, both multiples of
 *			its block size, length in 1..LISTING_READ_MAX.  One
 *			outstanding: the lister says nothing until it is answered,
 *			so dockd need not read the socket meanwhile.
 *	  VOLUME	a file system was found: its type (text), label (text).  At
 *			most once, before any FILE
 *	  FILE		an entry: path, raw (texts), size u64, created, modified,
 *			accessed, trouble (texts); its extents follow at once
 *	  EXTENTS	count u16, then (offset u64, length u64) each, of the last FILE
 *	  DELETED	an entry that was deleted, as FILE without extents
 *	  TROUBLE	something that could not be listed: path and sentence (texts)
 *	  END		nothing more follows
 *	dockd -> lister
 *	  DISK		size u64, block size u32: the first message
 *	  DATA		the bytes of a READ
 *	  FAILED	errno u32: that READ could not be done
 *
 * A text is length u16 and bytes.  Names are sent twice: as found (raw) and in
 * the form of format/name.h, which all other texts have too.
 *
 * What the lister gets wrong is one thing, what the card got wrong another.
 * The first is -EPROTO and ends the lister.  The second is kept: a file whose
 * extents do not lie inside the disk, or cover less than its size, is listed
 * with `trouble` and without extents.
 *
 * The device's own times are claims: text "2026-11-23T20:42:58" without zone
 * (FAT keeps local time), or "" when absent or impossible.
 *
 * Pure; any thread.  The reader (struct listing_reader) is dockd's half, the
 * writer functions are the lister's.
 */
#ifndef FORMAT_LISTING_H
#define FORMAT_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	LISTING_HEADER = 8,
	LISTING_MESSAGE_MAX = 64 * 1024,
	LISTING_READ_MAX = 64 * 1024,
	LISTING_FILES_MAX = 65536,	/* FILE and DELETED together, a card */
	LISTING_EXTENTS_MAX = 131072,	/* a card */
	LISTING_TROUBLES_MAX = 256,	/* TROUBLE messages, a card */
	LISTING_PATH_MAX = 1024,	/* bytes of a path, raw or UTF-8 */
	LISTING_TIME_MAX = 19,
	LISTING_TEXT_MAX = 200,
	LISTING_LABEL_SIZE = 64,	/* of a label, with its NUL */
	LISTING_BYTES_MAX = 8 * 1024 * 1024,	/* of memory for one listing in dockd */
};

enum listing_type {
	LISTING_READ = 1, LISTING_VOLUME, LISTING_FILE, LISTING_EXTENTS, LISTING_DELETED,
	LISTING_TROUBLE, LISTING_END,
	LISTING_DISK = 65, LISTING_DATA, LISTING_FAILED,
};

struct listing_extent {
	uint64_t offset, len;		/* bytes of the disk, multiples of its block size */
};

struct listing_file {
	char *path;			/* UTF-8, escaped as said above */
	uint8_t *raw;			/* as found */
	uint16_t raw_len;
	bool deleted;
	uint64_t size;
	char created[LISTING_TIME_MAX + 1], modified[LISTING_TIME_MAX + 1],
	     accessed[LISTING_TIME_MAX + 1];
	struct listing_extent *extents;	/* in order, neighbours merged; their lengths add up
					 * to size rounded up to a block.  None when deleted,
					 * empty or in trouble */
	uint32_t n_extents;
	char trouble[LISTING_TEXT_MAX + 1];	/* why its content cannot be read, or "" */
};

struct listing_trouble {
	char *path;			/* "" when it is about the card as a whole */
	char text[LISTING_TEXT_MAX + 1];
};

struct listing {
	char filesystem[32], label[LISTING_LABEL_SIZE];
	struct listing_file *files;	/* n_files of them, deleted ones too, in walking order */
	uint32_t n_files;
	uint64_t bytes;			/* of memory used, see LISTING_BYTES_MAX */
	struct listing_trouble *troubles;
	uint32_t n_troubles;
};

void listing_clear(struct listing *l);

/*
 * What an entry and what a trouble adds to `bytes`.  Both halves count with it:
 * the lister, so that it can end an overlong listing with a TROUBLE that says
 * so; dockd, so that it need not rely on that.
 */
uint64_t listing_file_cost(const struct listing_file *f);
uint64_t listing_trouble_cost(const struct listing_trouble *t);

/* The head of a message: 0, or -EPROTO when it is none. */
int listing_head(const uint8_t head[LISTING_HEADER], enum listing_type *ret_type,
		 uint32_t *ret_len);

/* ------ dockd's half ------ */

struct listing_reader;			/* takes bytes, builds a listing */

struct listing_event {
	enum { LISTING_WANT_READ, LISTING_COMPLETE } what;
	uint64_t offset;		/* WANT_READ */
	uint32_t len;
};

/* disk_size, a multiple of block_size, bounds every offset.  0 or -ENOMEM. */
int listing_reader_new(uint64_t disk_size, uint32_t block_size, struct listing_reader **ret);
void listing_reader_free(struct listing_reader *r);

/*
 * Feed bytes from the socket.  *used says how many were consumed; call again
 * with the rest.  1: *ev is filled; 0: more bytes are needed; -EPROTO and a
 * sentence: the lister broke the protocol (it is to be killed).
 */
int listing_reader_feed(struct listing_reader *r, const uint8_t *p, size_t len, size_t *used,
			struct listing_event *ev, struct err *e);

/* After LISTING_COMPLETE: the listing, now the caller's (listing_clear). */
void listing_reader_take(struct listing_reader *r, struct listing *ret);

/* What dockd sends; a buf of LISTING_HEADER + LISTING_MESSAGE_MAX holds any message. */
void listing_put_disk(struct buf *b, uint64_t size, uint32_t block_size);
void listing_put_data(struct buf *b, const uint8_t *p, uint32_t len);
void listing_put_failed(struct buf *b, uint32_t err);

/* ------ the lister's half: all texts must have the form, all lengths be within the limits ------ */

void listing_put_read(struct buf *b, uint64_t offset, uint32_t len);
void listing_put_volume(struct buf *b, const char *filesystem, const char *label);
void listing_put_file(struct buf *b, const struct listing_file *f);	/* and its EXTENTS */
void listing_put_trouble(struct buf *b, const char *path, const char *text);
void listing_put_end(struct buf *b);

#endif
