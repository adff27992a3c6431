/* A passphrase, from a file of its own or from who sits at the terminal: never from a command line. */
#ifndef VAULTCTL_PASSPHRASE_H
#define VAULTCTL_PASSPHRASE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/* A new one is this long, at least: whoever has a backup has years to guess. */
enum { PASSPHRASE_MIN = 12 };

/*
 * file: one line, which only its owner may read (base/secret.h); NULL: asked for at the terminal, without echo,
 * and a second time when it is a new one.  0, or a negative errno and a sentence: -ENOTTY, nobody can be
 * asked.  ret is given up with secret_clear(), whatever came of it.
 */
int passphrase_take(const char *file, bool is_new, struct secret *ret, struct err *e);

#endif
