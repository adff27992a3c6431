/* The program: a dock whose recorders come from libusb, its signals, and systemd. */
#ifndef DOCKD_DOCKD_H
#define DOCKD_DOCKD_H

#include "base/conf.h"

enum { DOCKD_STOP_MS = 4000 };	/* then it ends as it is: what is not durable yet is read again */

/*
 * Hashing, writing and syncing run on the pool: four times the cores, since
 * those that write or sync wait for the disk most of their time and must not
 * keep the hashing from the cores.  A fixed threshold gives the memory of a
 * session's buffers back when it ends; glibc would raise it.
 * To be called before memory or pool are used.
 */
void dockd_size_up(void);

/* Until SIGTERM or SIGINT.  0, or negative when it could not start (logged). */
int dockd_run(const struct conf *conf);

#endif
