/*
 * How long to wait before asking a card that is not ready once more: a tenth
 * of a second at first, growing to two, for half a minute in all.
 *
 * Pure; any thread.
 */
#ifndef RECORDER_PATIENCE_H
#define RECORDER_PATIENCE_H

#include <stdint.h>

enum { PATIENCE_FIRST_MS = 100, PATIENCE_STEP_MAX_MS = 2000, PATIENCE_MAX_MS = 30000 };

/* The next wait after having waited that long; 0: give up. */
static inline uint32_t patience_next(uint32_t waited_ms)
{
	uint32_t ms = waited_ms < PATIENCE_FIRST_MS ? PATIENCE_FIRST_MS : waited_ms;

	if (ms > PATIENCE_STEP_MAX_MS)
		ms = PATIENCE_STEP_MAX_MS;
	if (waited_ms >= PATIENCE_MAX_MS)
		return 0;
	return ms < PATIENCE_MAX_MS - waited_ms ? ms : PATIENCE_MAX_MS - waited_ms;
}

#endif
