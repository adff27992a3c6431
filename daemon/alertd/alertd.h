/* The program: a loop, one leader, and the signals that end it. */
#ifndef ALERTD_ALERTD_H
#define ALERTD_ALERTD_H

#include "base/conf.h"

enum {
	ALERTD_STOP_MS = 4000,		/* from SIGTERM to the end, whatever hangs */
	/* A round that takes longer is not waited for: the watchdog ends us. */
	ALERTD_STEP_MS = 120 * 1000,
};

/* 0 after a signal; or a negative errno, and the log says why. */
int alertd_run(const struct conf *conf);

#endif
