/* The program: a dock whose recorders come from libusb, its signals, and systemd. */
#ifndef DOCKD_DOCKD_H
#define DOCKD_DOCKD_H

#include "base/conf.h"

enum { DOCKD_STOP_MS = 4000 };	/* then it ends as it is: what is not durable yet is read again */

/* Until SIGTERM or SIGINT.  0, or negative when it could not start (logged). */
int dockd_run(const struct conf *conf);

#endif
