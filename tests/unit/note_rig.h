/* Keys of signed notes, the same in each run, and notes that others made. */
#ifndef UNIT_NOTE_RIG_H
#define UNIT_NOTE_RIG_H

#include <stdbool.h>

#include "base/buf.h"
#include "custody/note.h"

/* A key whose seed is 32 times this byte; the caller frees it. */
struct note_secret *rig_note_key(const char *name, enum note_key_type type, uint8_t seed);

/* A file of the fixtures for the log; false, said aloud, when they are not there. */
bool rig_tlog_fixture(const char *name, struct buf *b);

#endif
