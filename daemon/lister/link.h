/*
 * The socket to dockd: one request at a time, blocking.
 *
 * Time: once the process has used JAIL_CPU_SECONDS, SIGXCPU comes each second.
 * The first lets every further read and message fail with -ETIME, so that the
 * walk ends by itself; if that does not happen, because libtsk computes without
 * asking for anything, the next one says that the listing ends here, and
 * exits.  What was sent before is whole in either case.
 *
 * One link a process.
 */
#ifndef LISTER_LINK_H
#define LISTER_LINK_H

#include <stdbool.h>

#include "base/err.h"
#include "peer.h"

struct link;

#define LINK_LATE_TEXT "the card's file system takes too long to understand: what is missing " \
		       "here is to be copied from the card by hand"

/* Before the jail closes: memory and the signal handler.  fd stays the caller's. */
int link_new(int fd, struct link **ret, struct err *e);
void link_free(struct link *l);

/* Inside the jail: dockd's first message.  0 or a negative errno. */
int link_start(struct link *l);

/* Whether the time is up.  The walk may still say so and END: both pass. */
bool link_late(const struct link *l);

struct peer *link_peer(struct link *l);

#endif
