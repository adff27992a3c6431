/*
 * How a program that runs by itself and holds a key begins: its options, its
 * log, its memory out of others' reach, its configuration.
 *
 *	NAME [--config FILE] [--debug]
 *
 * The configuration is --config, else DOCKVAULT_CONF, else /etc/dockvault/dockvault.conf.
 */
#ifndef BASE_DAEMON_H
#define BASE_DAEMON_H

#include "base/conf.h"

enum daemon_start {
	DAEMON_GOES_ON,
	DAEMON_HELPED,		/* --help: end with 0 */
	DAEMON_CANNOT,		/* it was said why: end with 1 */
};

/*
 * From here on there is no core file, no debugger of the same user, no SIGPIPE; sodium_init() has
 * run.  A clock that is certainly wrong is refused: times of evidence depend on it.
 */
enum daemon_start daemon_begin(int argc, char **argv, const char *name, struct conf *ret);

/* A signing key is in memory: neither a core file nor a debugger of the same user may have it. */
void daemon_guard_memory(void);

#endif
