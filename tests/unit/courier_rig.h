/* A log on a disk, whom it is carried to over real HTTP, and what is to be seen afterwards. */
#ifndef UNIT_COURIER_RIG_H
#define UNIT_COURIER_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "custody/checkpoint.h"
#include "tlog/courier.h"
#include "tlog/tlog.h"
#include "unit/http_rig.h"

struct courier_rig {
	char dir[256];			/* LOG */
	struct note_secret *key;
	struct tlog_writer *writer;
	struct buf checkpoint;		/* what was published last */
	struct courier_log log;		/* for errands; stop is NULL */
};

#define COURIER_RIG_ORIGIN	"evidence.example/vault-01/custody"

/* An empty log of this name in rig_dir(); the folder is the caller's to clean. */
void courier_rig_begin(struct courier_rig *g, const char *folder, const char *name);
void courier_rig_end(struct courier_rig *g);	/* for AUTO(), too */

/* n more leaves, signed; `story` makes them those of another log. */
void courier_rig_grow(struct courier_rig *g, unsigned n, unsigned story);

/* LOG/name, "" when it is not there; the caller clears it. */
void courier_rig_read(const struct courier_rig *g, const char *name, struct buf *ret);
void courier_rig_write(const struct courier_rig *g, const char *name, const void *p, size_t len);

#endif
