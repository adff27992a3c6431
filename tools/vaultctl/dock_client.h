/* Asks dockd over its control socket: JSON lines, see daemon/dockd/control.h. */
#ifndef VAULTCTL_DOCK_CLIENT_H
#define VAULTCTL_DOCK_CLIENT_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

enum { DOCK_LINE_MAX = 1024 * 1024, DOCK_ANSWER_SECONDS = 10 };

struct dock_client {
	int fd;
	struct buf in;
};

/*
 * Connect and send {"cmd": command}, with "slot" where that is not NULL.  0, or
 * a negative errno and a sentence; close either way.
 */
int dock_client_open(struct dock_client *d, const char *path, const char *command,
		     const char *slot, struct err *e);

/*
 * The next answer, an object, a new reference.  1; otherwise a sentence: 0, dockd closed;
 * -EAGAIN, silent for DOCK_ANSWER_SECONDS; -EPROTO, it refused, or what it said is no answer;
 * -EMSGSIZE, over DOCK_LINE_MAX; or another negative errno.
 */
int dock_client_next(struct dock_client *d, json_t **ret, struct err *e);

/* In what dockd lists, the slot of that name; NULL: none.  Borrowed. */
json_t *dock_client_slot(const json_t *answer, const char *name);

/* Wait for ever from now on (dock watch). */
void dock_client_patient(struct dock_client *d);

void dock_client_close(struct dock_client *d);

#endif
