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
 *	copy "second" { path = "/mnt/second/vault" }
 *	slot "A1" { port = "1-1" }
 *	authority "tsa" { url = "http://tsa.example/" ca = "/etc/dockvault/tsa.pem" }
 *	channel "jiancha" { kind = "mail" url = "smtps://mail.example" from = ... to = ... }
 *	witness "jijian" { url = "http://192.0.2.7:7387" key = "example.cn/jijian+0a1b2c3d+B..." }
 *
 * Errors   0 or a negative errno and a sentence with file and line.
 *          sodium_init() need not have run.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	CONF_SLOTS_MAX = 64,
	CONF_PEERS_MAX = 8,		/* authorities, and witnesses */
	CONF_NAME_MAX = 32,
	CONF_PATH_MAX = 1024,		/* of a path or a URL, with its NUL */
	CONF_ORIGIN_MAX = 128,		/* bytes */
	CONF_VKEY_MAX = 320,
	CONF_COPIES_MAX = 4,
	CONF_CHANNELS_MAX = 8,
	CONF_ADDRESSES_MAX = 16,	/* whom one channel mails to */
	CONF_ADDRESS_MAX = 254,		/* bytes of one */
};

struct conf_slot {
	char name[CONF_NAME_MAX + 1];	/* A-Z a-z 0-9 . _ - */
	char port[CONF_NAME_MAX + 1];	/* USB port path, "1-1.4" */
};

/* A store besides the vault, which is the store "vault": what is to be there the catalog says. */
struct conf_copy {
	char name[CONF_NAME_MAX + 1];	/* A-Z a-z 0-9 . _ -; not vault */
	char path[CONF_PATH_MAX];	/* directory */
};

/* Who time-stamps the custody log (RFC 3161). */
struct conf_authority {
	char name[CONF_NAME_MAX + 1];	/* A-Z a-z 0-9 . _ -; its tokens are files of this name */
	char url[CONF_PATH_MAX];	/* http:// or https:// */
	char ca[CONF_PATH_MAX];		/* PEM file: whom to trust that it is that authority */
	uint32_t interval_s;		/* how often it is asked, when the log has grown */
};

/* Who cosigns it (vaultctl witness serve). */
struct conf_witness {
	char name[CONF_NAME_MAX + 1];	/* what people call it; the key has a name of its own */
	char url[CONF_PATH_MAX];	/* http:// or https:// */
	char key[CONF_VKEY_MAX + 1];	/* verifier key, as custody/checkpoint.h reads it */
};

enum conf_channel_kind {
	CHANNEL_MAIL, CHANNEL_DINGTALK, CHANNEL_WECOM, CHANNEL_JSON, CHANNEL_SYSLOG,
};
enum conf_severity { CHANNEL_NOTHING, CHANNEL_NOTICE, CHANNEL_WARNING, CHANNEL_VIOLATION };

/* Who is told of findings. */
struct conf_channel {
	char name[CONF_NAME_MAX + 1];	/* A-Z a-z 0-9 . _ - */
	enum conf_channel_kind kind;
	char url[CONF_PATH_MAX];	/* smtps, smtp; https, or http to loopback; unix:/PATH */
	char from[CONF_ADDRESS_MAX + 1];	/* of mail: an address */
	char to[CONF_PATH_MAX];		/* of mail: conf_next_address() */
	char ca[CONF_PATH_MAX];		/* PEM file of whom to trust; "": whom the system does */
	/* Path; "": none.  Said as a name: of that name among systemd's credentials, without those in
	 * /etc/dockvault. */
	char secret[CONF_PATH_MAX];
	char user[CONF_ADDRESS_MAX + 1];	/* of mail; "": no password is asked for */
	char unit[CONF_NAME_MAX + 1];	/* this one and those below; "": all */
	bool english;
	enum conf_severity at_once;	/* told at once from this on; NOTHING: never */
	int digest_minute;		/* of the day in Shanghai; -1: no digest */
};

struct conf {
	char sha256[65];		/* of the file, in hex */
	char station[CONF_NAME_MAX + 1];
	char vault[CONF_PATH_MAX];	/* directory */
	bool vault_immutable;		/* true: set the immutable attribute where allowed */
	char state[CONF_PATH_MAX];	/* directory: journals, snapshot, seal chain */
	char database[CONF_PATH_MAX];	/* libpq keywords, no URI, no password, perhaps no user */
	char control[CONF_PATH_MAX];	/* path of dockd's control socket */
	/* minisign secret key of the dock (minisign -G -W).  Not said: seal.key among systemd's
	 * credentials, without those /etc/dockvault/seal.key. */
	char seal_key[CONF_PATH_MAX];
	char export_key[CONF_PATH_MAX];	/* the same of evidence packages: export.key */
	char lister[CONF_PATH_MAX];	/* path of dock-lister */
	char clear[CONF_PATH_MAX];	/* socket of dock-clear */
	char recorders[CONF_PATH_MAX];	/* directories of recorders.d(5), parted by ':' */
	char log[CONF_PATH_MAX];	/* directory of the custody log */
	char log_origin[CONF_ORIGIN_MAX + 1];	/* the log's name, once for ever; "": not said */
	/* Signing key of the log (vaultctl log keygen).  Not said: custody.key among systemd's
	 * credentials, without those /etc/dockvault/custody.key. */
	char log_key[CONF_PATH_MAX];
	uint32_t log_checkpoint_ms;	/* how long events are gathered before a checkpoint is signed */
	struct conf_authority authorities[CONF_PEERS_MAX];
	size_t n_authorities;
	struct conf_witness witnesses[CONF_PEERS_MAX];
	size_t n_witnesses;
	struct conf_copy copies[CONF_COPIES_MAX];
	size_t n_copies;
	struct conf_channel channels[CONF_CHANNELS_MAX];
	size_t n_channels;
	struct conf_slot slots[CONF_SLOTS_MAX];
	size_t n_slots;
	uint32_t bandwidth_slot, bandwidth_total;	/* MiB/s of reading; 0: no limit */
	uint32_t scrub_bandwidth;	/* MiB/s that a scrub reads at most; 0: no limit */
	uint32_t lister_timeout_ms;	/* 30000: no answer for that long ends it */
};

int conf_load(const char *path, struct conf *ret, struct err *e);

const char *conf_channel_kind(enum conf_channel_kind kind);	/* "mail", ... */
const char *conf_channel_at_once(enum conf_severity severity);	/* "none", ... */

/* user@host in the plain shape that needs no quoting anywhere.  Pure. */
bool conf_is_address(const char *s, size_t len);

/* The first address of a list, or of what is left of it; NULL: there is none.  Pure. */
const char *conf_next_address(const char *list, size_t *ret_len);

/* Is the host of a URL this machine, by a name that no name server is asked for?  Pure. */
bool conf_is_loopback(const char *url);

#endif
