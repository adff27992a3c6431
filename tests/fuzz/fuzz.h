/*
 * What every fuzz target is: one function that libFuzzer (`make fuzz`) or the
 * replay of the corpus (`make check-fuzz`) calls with bytes of a stranger.
 * sodium_init() has run.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A property that must hold whatever the bytes are. */
#define MUST(cond) do { if (!(cond)) BUG("does not hold: %s", #cond); } while (0)

#endif
