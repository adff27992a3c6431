/*
 * dockvault.conf, read with libconfuse.  The keys are one table (conf.c); a key
 * that is not in it is refused with its line.  The manual is
 * dockvault.conf(5); systemd/dockvault.conf.full shows every key with its
 * default.
 *
 *	station = "QH-01"
 *	vault = "/var/lib/dockvault/vault"
 *	state = "/var/lib/dockvault/state"
 *	database = "host=/run/postgresql dbname=dockvault"
 *	slot "A1" { port = "1-1" }
 *
 * Errors   0 or a negative errno and a sentence with file and line.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { CONF_SLOTS_MAX = 64, CONF_NAME_MAX = 32, CONF_PATH_MAX = 1024 };

struct conf_slot {
	char name[CONF_NAME_MAX + 1];	/* A-Z a-z 0-9 . _ - */
	char port[CONF_NAME_MAX + 1];	/* USB port path, "1-1.4" */
};

struct conf {
	char station[CONF_NAME_MAX + 1];
	char vault[CONF_PATH_MAX];	/* directory */
	bool vault_immutable;		/* true: set the immutable attribute where allowed */
	char state[CONF_PATH_MAX];	/* directory: journals, snapshot, seal chain */
	char database[CONF_PATH_MAX];	/* libpq keywords, no URI, no password, perhaps no user */
	char control[CONF_PATH_MAX];	/* path of dockd's control socket */
	/* minisign secret key of the dock (minisign -G -W).  Not said: seal.key among systemd's
	 * credentials, without those /etc/dockvault/seal.key. */
	char seal_key[CONF_PATH_MAX];
	char lister[CONF_PATH_MAX];	/* path of dock-lister */
	char recorders[CONF_PATH_MAX];	/* directories of recorders.d(5), parted by ':' */
	struct conf_slot slots[CONF_SLOTS_MAX];
	size_t n_slots;
	uint32_t bandwidth_slot, bandwidth_total;	/* MiB/s of reading; 0: no limit */
	uint32_t lister_timeout_ms;	/* 30000: no answer for that long ends it */
};

int conf_load(const char *path, struct conf *ret, struct err *e);

#endif
