/*
 * What dock-lister and dockd say to each other over their socket pair.
 *
 * Every message: type (u8), three zero bytes, length of the rest (u32); all
 * numbers little-endian; at most LISTING_MESSAGE_MAX bytes of body.  dockd
 * trusts nothing that comes up: lengths, counts, order and extents are checked
 * here against the limits below and the medium.
 *
 *	dockd -> lister
 *	  MEDIUM	kind u8, encoding u8 (of names that are bytes), units u8, zero
 *			u8, then for each unit its size u64 and block size u32: the
 *			first message.  Blocks have 1..LISTING_UNITS_MAX units, of
 *			which one of size 0 has no medium in it; MTP has none
 *	  DATA		the bytes of a READ
 *	  DATASET	the next bytes of what an OPERATION returned, any number of
 *			messages, at most LISTING_DATASET_MAX bytes in all
 *	  RESPONSE	code u16, n u16, n parameters u32: the OPERATION is over
 *	  FAILED	errno u32: that READ or OPERATION could not be done
 *	lister -> dockd
 *	  READ		unit u32, offset u64, length u32: bytes of a unit, both
 *			multiples of its block size, length in 1..LISTING_READ_MAX
 *	  OPERATION	code u16, n u16, n parameters u32 (n <= LISTING_PARAMS_MAX):
 *			one of MTP that reads, see listing_is_mtp_read(); at most
 *			LISTING_OPERATIONS_MAX
 *			One READ or OPERATION is outstanding: the lister says nothing
 *			until it is answered, so dockd need not read the socket
 *			meanwhile.
 *	  DEVICE	what an MTP device says of itself: can u32 (LISTING_CAN_*),
 *			battery u8, clock text, clock_ms u16, zone i16, then
 *			manufacturer, model, version, serial (texts).  At most once,
 *			before any VOLUME
 *	  VOLUME	a file system or storage was found: unit u32, size u64, free
 *			u64, its type and label (texts).  At most LISTING_VOLUMES_MAX,
 *			each before its FILEs
 *	  FILE		an entry: path, raw (texts), unit u32, handle u32, size u64,
 *			valid u64, created, modified, accessed, trouble (texts); its
 *			extents follow at once
 *	  EXTENTS	count u16, then (offset u64, length u64) each, of the last FILE
 *	  DELETED	an entry that was deleted, as FILE without extents
 *	  TROUBLE	something that could not be listed: path and sentence (texts)
 *	  END		nothing more follows
 *
 * A text is length u16 and bytes.  Names are sent twice: as found (raw) and in
 * the form of format/name.h, which all other texts have too.
 *
 * What the lister gets wrong is one thing, what the card got wrong another.
 * The first is -EPROTO and ends the lister.  The second is kept: a file whose
 * extents do not lie inside its unit, or cover less than its size, is listed
 * with `trouble` and without extents.  A file of an MTP device is found by its
 * handle and has no extents at all.
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
	LISTING_WHY_MAX = 111,		/* of a file's trouble: every file has room for one */
	LISTING_LABEL_SIZE = 64,	/* of a label, with its NUL */
	LISTING_UNITS_MAX = 8,
	LISTING_VOLUMES_MAX = 16,
	LISTING_PARAMS_MAX = 5,
	LISTING_DATASET_MAX = 16 * 1024 * 1024,
	LISTING_OPERATIONS_MAX = 4 * LISTING_FILES_MAX,
	LISTING_BYTES_MAX = 8 * 1024 * 1024,	/* of memory for one listing in dockd */
};

enum listing_type {
	LISTING_READ = 1, LISTING_VOLUME, LISTING_FILE, LISTING_EXTENTS, LISTING_DELETED,
	LISTING_TROUBLE, LISTING_END, LISTING_OPERATION, LISTING_DEVICE,
	LISTING_MEDIUM = 65, LISTING_DATA, LISTING_FAILED, LISTING_DATASET, LISTING_RESPONSE,
};

struct listing_medium {
	enum listing_kind { LISTING_BLOCKS, LISTING_MTP } kind;
	enum listing_encoding { LISTING_GB18030, LISTING_UTF8 } encoding;
	unsigned n_units;
	struct listing_unit {
		uint64_t size;		/* 0: no medium in it, and the block size says nothing */
		uint32_t block_size;	/* a power of two, 512..4096 */
	} units[LISTING_UNITS_MAX];
};

/* An operation of MTP, or the response to one: both are a code and parameters. */
struct listing_operation {
	uint16_t code, n_params;
	uint32_t params[LISTING_PARAMS_MAX];
};

enum {					/* what an MTP device says that it can do */
	LISTING_CAN_PARTIAL64 = 1, LISTING_CAN_PARTIAL = 2, LISTING_CAN_OBJECT = 4,
	LISTING_CAN_DELETE = 8, LISTING_CAN_SEND = 16, LISTING_CAN_SET_CLOCK = 32,
	LISTING_CAN_BATTERY = 64, LISTING_CAN_CLOCK = 128,
	LISTING_CAN_ALL = 255,
};

enum { LISTING_BATTERY_UNKNOWN = 255, LISTING_DEVICE_TEXT_SIZE = 65 };

struct listing_device {
	bool present;			/* it said something of itself */
	uint32_t can;			/* LISTING_CAN_* */
	uint8_t battery;		/* percent, or LISTING_BATTERY_UNKNOWN */
	char clock[LISTING_TIME_MAX + 1];	/* its own time, "" when not said */
	uint16_t clock_ms;		/* of that second, under 1000 */
	int16_t zone_min;		/* minutes east of UTC; INT16_MIN: not said */
	char manufacturer[LISTING_DEVICE_TEXT_SIZE], model[LISTING_DEVICE_TEXT_SIZE],
	     version[LISTING_DEVICE_TEXT_SIZE], serial[LISTING_DEVICE_TEXT_SIZE];
	/* dockd's, not of the protocol: UTC when the clock was asked for and when it answered,
	 * in ms; 0: not asked */
	int64_t clock_asked_ms, clock_answered_ms;
};

#define LISTING_FREE_UNKNOWN UINT64_MAX

struct listing_volume {
	uint8_t unit;			/* of MTP 0 */
	uint64_t size, free;		/* bytes; free may be LISTING_FREE_UNKNOWN */
	char filesystem[32], label[LISTING_LABEL_SIZE];
};

struct listing_extent {
	uint64_t offset, len;		/* bytes of the unit, multiples of its block size */
};

struct listing_file {
	char *path;			/* UTF-8, escaped as said above */
	uint8_t *raw;			/* as found */
	uint16_t raw_len;
	bool deleted;
	uint8_t unit;			/* of MTP 0 */
	uint32_t handle;		/* of an object of MTP, else 0 */
	uint64_t size;
	uint64_t valid;			/* bytes that were written, at most size: by the file
					 * system's word the rest is zeros */
	char created[LISTING_TIME_MAX + 1], modified[LISTING_TIME_MAX + 1],
	     accessed[LISTING_TIME_MAX + 1];
	struct listing_extent *extents;	/* in order, neighbours merged; their lengths add up
					 * to size rounded up to a block.  None when deleted,
					 * empty, in trouble or of MTP */
	uint32_t n_extents;
	char trouble[LISTING_WHY_MAX + 1];	/* why its content cannot be read, or "" */
};

struct listing_trouble {
	char *path;			/* "" when it is about the card as a whole */
	char text[LISTING_TEXT_MAX + 1];
};

struct listing {
	struct listing_device device;
	struct listing_volume volumes[LISTING_VOLUMES_MAX];
	unsigned n_volumes;
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

/* Whether units, sizes and block sizes are what MEDIUM may say. */
bool listing_medium_is_sound(const struct listing_medium *m);

/* Whether an operation of MTP only reads what a listing needs: the others are not for the lister. */
bool listing_is_mtp_read(uint16_t code);

/* ------ dockd's half ------ */

struct listing_reader;			/* takes bytes, builds a listing */

struct listing_event {
	enum { LISTING_WANT_READ, LISTING_WANT_OPERATION, LISTING_COMPLETE } what;
	uint8_t unit;			/* WANT_READ */
	uint64_t offset;
	uint32_t len;
	struct listing_operation op;	/* WANT_OPERATION: one of listing_is_mtp_read() */
};

/* The medium, a sound one, bounds everything that is said of it.  0 or -ENOMEM. */
int listing_reader_new(const struct listing_medium *medium, struct listing_reader **ret);
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
void listing_put_medium(struct buf *b, const struct listing_medium *m);
void listing_put_data(struct buf *b, const uint8_t *p, uint32_t len);
void listing_put_dataset(struct buf *b, const uint8_t *p, uint32_t len);
void listing_put_response(struct buf *b, const struct listing_operation *response);
void listing_put_failed(struct buf *b, uint32_t err);

/* ------ the lister's half ------ */

/* The bodies of a MEDIUM and a RESPONSE: 0, or -EPROTO when they are none. */
int listing_medium_read(const uint8_t *body, size_t len, struct listing_medium *ret);
int listing_response_read(const uint8_t *body, size_t len, struct listing_operation *ret);

/* All texts must have the form, all lengths be within the limits. */
void listing_put_read(struct buf *b, unsigned unit, uint64_t offset, uint32_t len);
void listing_put_operation(struct buf *b, const struct listing_operation *op);
void listing_put_device(struct buf *b, const struct listing_device *d);
void listing_put_volume(struct buf *b, const struct listing_volume *v);
void listing_put_file(struct buf *b, const struct listing_file *f);	/* and its EXTENTS */
void listing_put_trouble(struct buf *b, const char *path, const char *text);
void listing_put_end(struct buf *b);

#endif
