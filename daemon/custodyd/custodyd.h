/* The program: a loop, one sequencer, its couriers, and the signals that end them. */
#ifndef CUSTODYD_CUSTODYD_H
#define CUSTODYD_CUSTODYD_H

#include "base/conf.h"

enum {
	CUSTODYD_STOP_MS = 4000,	/* from SIGTERM to the end, whatever hangs */
	CUSTODYD_THREADS = 4,		/* one is the sequencer's: see COURIERS_AT_ONCE */
	/* A step of the sequencer that takes longer is not waited for: the watchdog ends us. */
	CUSTODYD_STEP_MS = 120 * 1000,
};

/* Before any thread is: how many there are, and what memory they may hold back. */
void custodyd_size_up(void);

/* 0 after a signal; or a negative errno, and the log says why. */
int custodyd_run(const struct conf *conf);

#endif
