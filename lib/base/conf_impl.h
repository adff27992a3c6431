/* What conf.c shares with the file of its largest block.  Not for other folders. */
#ifndef BASE_CONF_IMPL_H
#define BASE_CONF_IMPL_H

#include <confuse.h>

#include "base/conf.h"

/* Where keys are that systemd does not hand over. */
#define CONF_KEY_DIR "/etc/dockvault"

/* A-Z a-z 0-9 . _ -, as many as CONF_NAME_MAX. */
bool conf_is_name(const char *s);

/* The latest block of this kind, checked for its name and for how many there are; 0 or -1. */
int conf_check_block(cfg_t *cfg, cfg_opt_t *opt, unsigned int max, cfg_t **ret);

/* The keys of a channel block; libconfuse copies them. */
extern cfg_opt_t conf_channel_keys[];
int conf_check_channel(cfg_t *cfg, cfg_opt_t *opt);
void conf_take_channels(cfg_t *cfg, struct conf *c);

#endif
