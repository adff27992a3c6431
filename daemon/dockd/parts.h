/* What dock sessions share.  All of it belongs to struct dock and outlives them. */
#ifndef DOCKD_PARTS_H
#define DOCKD_PARTS_H

#include <uv.h>

#include "base/conf.h"
#include "catalog/catalog.h"
#include "clerk.h"
#include "rate.h"
#include "seal.h"
#include "snapshot.h"
#include "vault/vault.h"

struct parts {
	uv_loop_t *loop;
	const struct conf *conf;
	struct vault *vault;
	struct catalog *catalog;
	struct clerk *clerk;
	struct snapshot *snapshot;
	struct seal *seal;
	struct rate *rate;		/* of all slots together */
};

#endif
