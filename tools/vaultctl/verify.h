/* What reads blobs again and says whether they are whole (cmd_verify.c). */
#ifndef VAULTCTL_VERIFY_H
#define VAULTCTL_VERIFY_H

#include <jansson.h>

#include "ctl.h"

/*
 * The blobs that rows name as their media, sidecars and seals (blob, manifest, signature_blob,
 * seal_manifest, seal_signature).  *ret_bad is a new list of {"blob", "verdict"}; each is told, but for
 * JSON.  EXIT_GOOD, EXIT_DAMAGE, or EXIT_AWAY: the vault cannot be read.
 */
int verify_segments(struct ctl *c, const json_t *segments, json_t **ret_bad);

/* The worse of two answers: damage is told before what could not be looked at. */
int verify_worse(int a, int b);

/* `verify log` of a place that was just restored (cmd_verify_log.c): what its custodyd has yet to seal is no finding. */
int verify_restored(struct ctl *c);

#endif
