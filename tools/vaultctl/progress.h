/*
 * A line that overwrites itself while something long is going on, on standard error: a bar, bytes,
 * rate, what remains (progress_*); or things that are counted one by one, of which it may not be
 * known how many there are (steps_*).
 *
 * progress_line() is pure; any thread.
 */
#ifndef VAULTCTL_PROGRESS_H
#define VAULTCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "text.h"

enum { PROGRESS_SIZE = 256, PROGRESS_CELLS = 24, PROGRESS_EVERY_MS = 200 };

/* "writing [####....]  43 %  1.2 GiB / 2.8 GiB  350.0 MiB/s  0:00:04"; returns ret. */
const char *progress_line(const char *what, uint64_t done, uint64_t total, int64_t elapsed_ms,
			  char ret[PROGRESS_SIZE]);

struct progress {
	bool on;			/* false: nothing is ever shown */
	int64_t begun_ms, shown_ms;	/* of a clock that does not go back */
	const char *what;		/* of the phase; another one starts the clock anew */
};

/* Show where it is, unless that was done just now; the first of a phase and its end always. */
void progress_show(struct progress *p, const char *what, uint64_t done, uint64_t total,
		   int64_t now_ms);
/* Take the line away. */
void progress_end(struct progress *p);

struct steps {
	bool on;		/* standard error is a terminal */
	enum text_id what;	/* is being done */
	uint64_t total;		/* 0: not known */
	uint64_t done;
	int64_t shown_ms;
};

void steps_start(struct steps *s, enum text_id what, uint64_t total);
void steps_add(struct steps *s, uint64_t n);
void steps_clear(struct steps *s);	/* before anything is said, and at the end */

#endif
