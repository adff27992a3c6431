/*
 * Ed25519 public keys in the form that openssl reads: PEM of a SubjectPublicKeyInfo (RFC 8410,
 * section 4).
 *
 * Pure; any thread.
 */
#ifndef PACKAGE_KEYS_H
#define PACKAGE_KEYS_H

#include <stdint.h>

#include "base/buf.h"

void package_pem(const uint8_t key[32], struct buf *to);

#endif
