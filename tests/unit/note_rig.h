/* Keys of signed notes, the same in each run. */
#ifndef UNIT_NOTE_RIG_H
#define UNIT_NOTE_RIG_H

#include "custody/note.h"

/* A key whose seed is 32 times this byte; the caller frees it. */
struct note_secret *rig_note_key(const char *name, enum note_key_type type, uint8_t seed);

#endif
