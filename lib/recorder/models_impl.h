/*
 * A block of recorders.d: its keys, and what they say.  For models.c alone,
 * which knows files and blocks.
 */
#ifndef RECORDER_MODELS_IMPL_H
#define RECORDER_MODELS_IMPL_H

#include <confuse.h>

#include "recorder/models.h"

enum { MODEL_KEYS_MAX = 32 };

/* The options of a block for cfg_init(), CFG_END() last. */
void model_block_keys(cfg_opt_t ret[MODEL_KEYS_MAX + 1]);

/* 0, or -1 and a sentence. */
int model_from_block(cfg_t *block, struct model *ret, char *why, size_t room);

/* What an empty block named "generic" says. */
void model_generic(struct model *ret);

#endif
