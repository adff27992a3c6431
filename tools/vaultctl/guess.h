/*
 * Guesses how a model names its recordings, from some of their paths: patterns
 * (format/pattern.h) for a draft of its block in recorders.d.
 *
 * Names of one shape (the same letters, separators and lengths of numbers) make
 * one pattern.  Runs of digits that are dates and times in all of them become
 * those; of the others the first that differs from name to name is the number
 * of the recording, one that is the same in all is the device.  What comes out
 * parses, and matches all names it came from, or it does not come out.
 *
 * Pure; any thread.
 */
#ifndef VAULTCTL_GUESS_H
#define VAULTCTL_GUESS_H

#include <stddef.h>

#include "format/pattern.h"

enum { GUESS_PATTERNS_MAX = 8, GUESS_NAMES_MAX = 64 };

struct guess {
	char patterns[GUESS_PATTERNS_MAX][PATTERN_TEXT_MAX + 1];	/* of most names first */
	size_t names[GUESS_PATTERNS_MAX];	/* how many have that shape */
	size_t n;
};

/* Of at most GUESS_NAMES_MAX paths; sidecars (.bwm, .minisig) are passed over. */
void guess_patterns(const char *const *paths, size_t n, struct guess *ret);

#endif
