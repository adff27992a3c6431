/*
 * Blobs that are gone by right: every segment that has these bytes was disposed of, as the custody events have
 * it, and the bytes of one of them at least were removed.
 *
 *	struct tombs t = { .catalog = c, .plans = json_object() };
 *
 * Within a transaction for reading.  Memory: a yes or no for each plan.
 */
#ifndef VAULTCTL_AUDIT_TOMBS_H
#define VAULTCTL_AUDIT_TOMBS_H

#include <jansson.h>

#include "catalog/sync.h"

struct tombs {
	struct catalog_sync *catalog;
	json_t *plans;			/* by id: are its items those whose digest the log has? */
};

enum tombs_verdict { TOMBS_NOT, TOMBS_GONE };

/* 0, or a negative errno: it could not be found out. */
int tombs_judge(struct tombs *t, const char *blob, enum tombs_verdict *ret, struct err *e);
void tombs_clear(struct tombs *t);

/* For catalog_sync_each(): how many rows, into a size_t. */
int tombs_count(void *data, const char *const *values, size_t n);

#endif
