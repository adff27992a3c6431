/*
 * What the lister tells dockd, kept within the limits of format/listing.h: a
 * card with more than fits ends with a trouble that says so, not with a lister
 * that was killed for breaking the protocol.
 *
 * Messages leave at once, whole, so that a lister that dies leaves everything
 * behind that it had found.
 */
#ifndef LISTER_REPORT_H
#define LISTER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/listing.h"
#include "peer.h"

enum {
	/*
	 * Deleted entries are a sign; files are evidence.  A card full of the
	 * former leaves room for the latter.
	 */
	REPORT_DELETED_MAX = 8192,
	REPORT_DELETED_BYTES_MAX = LISTING_BYTES_MAX / 3,
};

struct report {
	struct peer *peer;
	struct buf out;
	uint64_t bytes, deleted_bytes;	/* as dockd counts them */
	uint32_t files, deleted, extents, troubles;
	unsigned volumes;
	bool deleted_full;
	bool stop;			/* nothing more fits, or nobody listens: stop walking */
};

void report_init(struct report *r, struct peer *peer);
void report_fini(struct report *r);

/* What an MTP device says of itself; ahead of all else, once. */
void report_device(struct report *r, const struct listing_device *d);

/* Ahead of its files.  Those beyond LISTING_VOLUMES_MAX go unnamed, their files do not. */
void report_volume(struct report *r, const struct listing_volume *v);

/* f's strings have the form and limits of listing.h; its extents may be any. */
void report_file(struct report *r, const struct listing_file *f);

/* path: "" or of the form.  The sentence is made fit: escaped, cut. */
void report_trouble(struct report *r, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* 0 when dockd has all of it. */
int report_end(struct report *r);

/* Put text of the form into to, cut at a whole character. */
void report_cut(char *to, size_t size, const uint8_t *text, size_t len);

/* The same with text of unknown make: escaped first. */
void report_fit(char *to, size_t size, const char *text);

#endif
