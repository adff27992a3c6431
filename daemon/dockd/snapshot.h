/*
 * The enrolled recorders, as fresh as can be had: from the catalog while it is
 * there, otherwise as they were last seen.  What was last seen is kept in
 * STATE/recorders.json, so that a station that starts without its database
 * still knows its recorders.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   SNAPSHOT_MAX recorders at most.
 */
#ifndef DOCKD_SNAPSHOT_H
#define DOCKD_SNAPSHOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/err.h"
#include "catalog/catalog.h"

enum {
	SNAPSHOT_MAX = 10000,
	SNAPSHOT_FILE_MAX = 64 * 1024 * 1024,
	SNAPSHOT_WAIT_MS = 3000,	/* for the catalog, then what is in memory has to do */
};

struct snapshot;

/* The list is valid during the callback. */
typedef void (*snapshot_cb)(void *data, const struct catalog_recorder *list, size_t n);

/*
 * Reads what an earlier run left.  A file that cannot be read is an error: it
 * names the file.  The catalog must be freed before the snapshot.
 */
int snapshot_new(uv_loop_t *loop, const char *state_dir, struct catalog *catalog,
		 struct snapshot **ret, struct err *e);

/* The catalog came (or has other recorders now), or went. */
void snapshot_catalog_state(struct snapshot *s, bool up);

/* 0, and cb comes once, later; or -ENOMEM. */
int snapshot_get(struct snapshot *s, snapshot_cb cb, void *data);
/* No callback for this data any more. */
void snapshot_forget(struct snapshot *s, const void *data);

/* No answer may be awaited.  NULL is fine; writes under way are waited for by the loop. */
void snapshot_free(struct snapshot *s);

/* ------ the file; pure ------ */

/* A new reference; NULL: no memory. */
json_t *snapshot_encode(const struct catalog_recorder *list, size_t n);
/* 0 and a list for free(), -EINVAL and a sentence (*ret_* untouched), or -ENOMEM. */
int snapshot_decode(const json_t *j, struct catalog_recorder **ret_list, size_t *ret_n,
		    struct err *e);

#endif
