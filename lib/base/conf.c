#include "base/conf.h"

#include <confuse.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf_impl.h"
#include "base/file.h"
#include "base/util.h"

#define STATE_DIR "/var/lib/dockvault"
#define LOG_DIR "/var/lib/dockvault-custody/log"

/* Where the texts go.  The one table of keys, but for those of a block. */
static const struct {
	const char *key;
	const char *preset;		/* NULL: the file has to say it */
	size_t offset, size;
	bool is_path;
} texts[] = {
#define TEXT(field, preset, is_path) \
	{ #field, preset, offsetof(struct conf, field), sizeof(((struct conf *)0)->field), is_path }
	TEXT(station, NULL, false),
	TEXT(vault, STATE_DIR "/vault", true),
	TEXT(state, STATE_DIR "/state", true),
	TEXT(database, "host=/run/postgresql dbname=dockvault", false),
	TEXT(control, "/run/dockvault/control", true),
	TEXT(seal_key, "", true),
	TEXT(export_key, "", true),
	TEXT(lister, LIBEXECDIR "/dock-lister", true),
	TEXT(log, LOG_DIR, true),
	TEXT(log_origin, "", false),
	TEXT(log_key, "", true),
	TEXT(clear, "/run/dockvault-clear", true),
	TEXT(recorders, DATADIR "/recorders.d:/etc/dockvault/recorders.d", false),
#undef TEXT
};

/* And the numbers. */
static const struct number {
	const char *key;
	long preset, min, max;
	size_t offset;
	const char *unit;
} numbers[] = {
#define NUMBER(field, preset, min, max, unit) \
	{ #field, preset, min, max, offsetof(struct conf, field), unit }
	NUMBER(lister_timeout_ms, 30000, 100, 600000, "milliseconds"),
	NUMBER(bandwidth_slot, 0, 0, 100000, "MiB a second"),
	NUMBER(bandwidth_total, 0, 0, 100000, "MiB a second"),
	NUMBER(scrub_bandwidth, 0, 0, 100000, "MiB a second"),
	NUMBER(log_checkpoint_ms, 1000, 10, 5000, "milliseconds"),
#undef NUMBER
};

enum { CONF_FILE_MAX = 1024 * 1024 };
enum { INTERVAL_S = 600, INTERVAL_MIN_S = 1, INTERVAL_MAX_S = 24 * 60 * 60 };

/*
 * libconfuse hands its error callback no pointer of ours, so the place for the
 * sentence is kept here while cfg_parse() runs, per thread.
 */
static _Thread_local struct err *sentence;

/* The first sentence is the one that helps: later ones are its consequences. */
__attribute__((format(printf, 2, 0)))
static void keep_sentence(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[160];

	if (sentence == NULL || sentence->code != 0)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	err_set(sentence, -EINVAL, "%s:%d: %s", cfg->filename, cfg->line, text);
}

bool conf_is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			     "0123456789._-");

	return n > 0 && n <= CONF_NAME_MAX && s[n] == '\0';
}

/* "1-1.4": a bus, then the ports from the root to the device. */
static bool is_port(const char *s)
{
	size_t bus = strspn(s, "0123456789"), rest;

	if (bus == 0 || s[bus] != '-' || strlen(s) > CONF_NAME_MAX)
		return false;
	for (s += bus; *s != '\0'; s += rest + 1) {	/* over '-' or '.' and a number */
		rest = strspn(s + 1, "0123456789");
		if (rest == 0)
			return false;
		if (s[rest + 1] == '\0')
			return true;
		if (s[rest + 1] != '.')
			return false;
	}
	return false;
}

static int check_station(cfg_t *cfg, cfg_opt_t *opt)
{
	if (conf_is_name(cfg_opt_getstr(opt)))
		return 0;
	cfg_error(cfg, "%s \"%s\": 1 to %d of A-Z a-z 0-9 . _ - are allowed", opt->name,
		  cfg_opt_getstr(opt), CONF_NAME_MAX);
	return -1;
}

static int check_path(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *path = cfg_opt_getstr(opt);

	if (path[0] == '/' && strlen(path) < CONF_PATH_MAX)
		return 0;
	cfg_error(cfg, "%s \"%s\": an absolute path of less than %d bytes is needed", opt->name,
		  path, CONF_PATH_MAX);
	return -1;
}

/* One path or more; the length: take_texts(). */
static int check_paths(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *paths = cfg_opt_getstr(opt), *p = paths;

	while (*p == '/') {
		p += strcspn(p, ":");
		if (*p == '\0')
			return 0;
		p++;
	}
	cfg_error(cfg, "%s \"%s\": absolute paths with ':' between them are needed", opt->name,
		  paths);
	return -1;
}

/* Programs add their role behind it, which a URI would take for a part of itself. */
static int check_database(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *conninfo = cfg_opt_getstr(opt);

	if (strncmp(conninfo, "postgresql:", 11) != 0 && strncmp(conninfo, "postgres:", 9) != 0)
		return 0;
	cfg_error(cfg, "%s \"%s\": a URI; write \"host=... dbname=...\"", opt->name, conninfo);
	return -1;
}

static int check_number(cfg_t *cfg, cfg_opt_t *opt)
{
	long value = cfg_opt_getnint(opt, 0);
	const struct number *n = numbers;

	while (strcmp(n->key, opt->name) != 0)
		n++;
	if (value >= n->min && value <= n->max)
		return 0;
	cfg_error(cfg, "%s %ld: %ld to %ld %s are allowed", n->key, value, n->min, n->max, n->unit);
	return -1;
}

/* The name of a log's key: C2SP signed-note allows neither space nor plus in it. */
static int check_origin(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *origin = cfg_opt_getstr(opt), *p = origin;

	while ((uint8_t)*p > ' ' && *p != 0x7f && *p != '+')
		p++;
	if (p > origin && *p == '\0' && p - origin <= CONF_ORIGIN_MAX)
		return 0;
	cfg_error(cfg, "%s \"%s\": 1 to %d characters such as example.cn/dockvault/QH-01 are needed,"
		  " no space, no +", opt->name, origin, CONF_ORIGIN_MAX);
	return -1;
}

/* Blocks are checked when the latest ends, so its line is still known: this is the latest. */
int conf_check_block(cfg_t *cfg, cfg_opt_t *opt, unsigned int max, cfg_t **ret)
{
	unsigned int n = cfg_opt_size(opt);
	cfg_t *block = cfg_opt_getnsec(opt, n - 1);
	const char *name = cfg_title(block);

	if (n > max) {
		cfg_error(cfg, "%s \"%s\": at most %u are allowed", opt->name, name, max);
		return -1;
	}
	if (!conf_is_name(name)) {
		cfg_error(cfg, "%s \"%s\": 1 to %d of A-Z a-z 0-9 . _ - are allowed", opt->name,
			  name, CONF_NAME_MAX);
		return -1;
	}
	*ret = block;
	return 0;
}

/* The block before the latest that says the same in `key`; NULL: none does. */
static const char *said_before(cfg_opt_t *opt, const char *key, const char *value)
{
	unsigned int i;

	for (i = 0; i + 1 < cfg_opt_size(opt); i++)
		if (strcmp(cfg_getstr(cfg_opt_getnsec(opt, i), key), value) == 0)
			return cfg_title(cfg_opt_getnsec(opt, i));
	return NULL;
}

static int check_url(cfg_t *cfg, cfg_opt_t *opt, cfg_t *block)
{
	const char *url = cfg_getstr(block, "url"), *host = NULL;

	if (url != NULL && strncmp(url, "http://", 7) == 0)
		host = url + 7;
	if (url != NULL && strncmp(url, "https://", 8) == 0)
		host = url + 8;
	if (host != NULL && strcspn(host, "/ ") > 0 && strchr(host, ' ') == NULL &&
	    strlen(url) < CONF_PATH_MAX)
		return 0;
	cfg_error(cfg, "%s \"%s\": url \"%s\" is not http://... or https://...", opt->name,
		  cfg_title(block), url != NULL ? url : "");
	return -1;
}

static int check_authority(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *ca;
	long interval;
	cfg_t *block;

	if (conf_check_block(cfg, opt, CONF_PEERS_MAX, &block) < 0 || check_url(cfg, opt, block) < 0)
		return -1;
	ca = cfg_getstr(block, "ca");
	if (ca == NULL || ca[0] != '/' || strlen(ca) >= CONF_PATH_MAX) {
		cfg_error(cfg, "authority \"%s\": ca \"%s\": the absolute path of its certificates"
			  " (PEM) is needed", cfg_title(block), ca != NULL ? ca : "");
		return -1;
	}
	interval = cfg_getint(block, "interval_s");
	if (interval < INTERVAL_MIN_S || interval > INTERVAL_MAX_S) {
		cfg_error(cfg, "authority \"%s\": interval_s %ld: %d to %d seconds are allowed",
			  cfg_title(block), interval, INTERVAL_MIN_S, INTERVAL_MAX_S);
		return -1;
	}
	return 0;
}

/*
 * What is in the key is looked into by whoever uses it.  A cosignature is known by its key: two
 * blocks with the same one would have each other's, so that it counts as two, and the one that is
 * away is never missed.
 */
static int check_witness(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *key, *other;
	cfg_t *block;

	if (conf_check_block(cfg, opt, CONF_PEERS_MAX, &block) < 0 || check_url(cfg, opt, block) < 0)
		return -1;
	key = cfg_getstr(block, "key");
	if (key == NULL || key[0] == '\0' || strlen(key) > CONF_VKEY_MAX) {
		cfg_error(cfg, "witness \"%s\": key: the witness's public key is needed, one line as"
			  " `vaultctl witness keygen` printed it", cfg_title(block));
		return -1;
	}
	other = said_before(opt, "key", key);
	if (other != NULL) {
		cfg_error(cfg, "witness \"%s\": its key is the one of witness \"%s\" already: each"
			  " witness has its own", cfg_title(block), other);
		return -1;
	}
	return 0;
}

/* A second copy in the place of the first is none. */
static int check_copy(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *path, *other;
	cfg_t *block;

	if (conf_check_block(cfg, opt, CONF_COPIES_MAX, &block) < 0)
		return -1;
	path = cfg_getstr(block, "path");
	if (strcmp(cfg_title(block), "vault") == 0) {
		cfg_error(cfg, "copy \"vault\": that is the vault itself: give it another name");
		return -1;
	}
	if (path == NULL || path[0] != '/' || strlen(path) >= CONF_PATH_MAX) {
		cfg_error(cfg, "copy \"%s\": path \"%s\": an absolute path of less than %d bytes is"
			  " needed", cfg_title(block), path != NULL ? path : "", CONF_PATH_MAX);
		return -1;
	}
	other = said_before(opt, "path", path);
	if (other != NULL) {
		cfg_error(cfg, "copy \"%s\": its path is the one of copy \"%s\" already",
			  cfg_title(block), other);
		return -1;
	}
	return 0;
}

static int check_slot(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name, *port, *other;
	cfg_t *slot;

	if (conf_check_block(cfg, opt, CONF_SLOTS_MAX, &slot) < 0)
		return -1;
	name = cfg_title(slot);
	port = cfg_getstr(slot, "port");
	if (port == NULL || !is_port(port)) {
		cfg_error(cfg, "slot \"%s\": port \"%s\" is not a USB port path such as \"1-1.4\"",
			  name, port != NULL ? port : "");
		return -1;
	}
	other = said_before(opt, "port", port);
	if (other != NULL) {
		cfg_error(cfg, "slot \"%s\": port %s is slot \"%s\" already", name, port, other);
		return -1;
	}
	return 0;
}

/* systemd hands a key over as a credential, so that root alone can read the original. */
static int find_key(const char *path, char at[CONF_PATH_MAX], const char *name, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (at[0] != '\0')
		return 0;
	n = snprintf(at, CONF_PATH_MAX, "%s/%s", dir != NULL ? dir : CONF_KEY_DIR, name);
	if (n < 0 || n >= CONF_PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "%s: CREDENTIALS_DIRECTORY is too long", path);
	return 0;
}

static int take_texts(cfg_t *cfg, const char *path, struct conf *c, struct err *e)
{
	const char *value;
	size_t i, len;

	for (i = 0; i < COUNT(texts); i++) {
		value = cfg_getstr(cfg, texts[i].key);
		if (value == NULL)
			value = texts[i].preset;
		if (value == NULL)
			return err_set(e, -EINVAL, "%s: %s is missing: add %s = \"...\"", path,
				       texts[i].key, texts[i].key);
		len = strlen(value);
		if (len >= texts[i].size)
			return err_set(e, -EINVAL, "%s: %s is longer than %zu bytes", path,
				       texts[i].key, texts[i].size - 1);
		memcpy((char *)c + texts[i].offset, value, len + 1);
	}
	return 0;
}

static void take_numbers(cfg_t *cfg, struct conf *c)
{
	uint32_t value;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		value = (uint32_t)cfg_getint(cfg, numbers[i].key);
		memcpy((char *)c + numbers[i].offset, &value, sizeof(value));
	}
}

static void take_slots(cfg_t *cfg, struct conf *c)
{
	unsigned int i;
	cfg_t *slot;

	for (i = 0; i < cfg_size(cfg, "slot"); i++) {	/* lengths: check_slot() */
		slot = cfg_getnsec(cfg, "slot", i);
		snprintf(c->slots[i].name, sizeof(c->slots[i].name), "%s", cfg_title(slot));
		snprintf(c->slots[i].port, sizeof(c->slots[i].port), "%s",
			 cfg_getstr(slot, "port"));
	}
	c->n_slots = i;
}

static int take_copies(cfg_t *cfg, const char *path, struct conf *c, struct err *e)
{
	unsigned int i;
	cfg_t *block;

	for (i = 0; i < cfg_size(cfg, "copy"); i++) {	/* lengths: check_copy() */
		block = cfg_getnsec(cfg, "copy", i);
		snprintf(c->copies[i].name, sizeof(c->copies[i].name), "%s", cfg_title(block));
		snprintf(c->copies[i].path, sizeof(c->copies[i].path), "%s",
			 cfg_getstr(block, "path"));
		if (strcmp(c->copies[i].path, c->vault) == 0)
			return err_set(e, -EINVAL, "%s: copy \"%s\": its path is the vault's: put it on"
				       " another disk", path, c->copies[i].name);
	}
	c->n_copies = i;
	return 0;
}

/* Lengths: check_authority() and check_witness(). */
static void take_peers(cfg_t *cfg, struct conf *c)
{
	unsigned int i;
	cfg_t *block;

	for (i = 0; i < cfg_size(cfg, "authority"); i++) {
		struct conf_authority *a = &c->authorities[c->n_authorities++];

		block = cfg_getnsec(cfg, "authority", i);
		snprintf(a->name, sizeof(a->name), "%s", cfg_title(block));
		snprintf(a->url, sizeof(a->url), "%s", cfg_getstr(block, "url"));
		snprintf(a->ca, sizeof(a->ca), "%s", cfg_getstr(block, "ca"));
		a->interval_s = (uint32_t)cfg_getint(block, "interval_s");
	}
	for (i = 0; i < cfg_size(cfg, "witness"); i++) {
		struct conf_witness *w = &c->witnesses[c->n_witnesses++];

		block = cfg_getnsec(cfg, "witness", i);
		snprintf(w->name, sizeof(w->name), "%s", cfg_title(block));
		snprintf(w->url, sizeof(w->url), "%s", cfg_getstr(block, "url"));
		snprintf(w->key, sizeof(w->key), "%s", cfg_getstr(block, "key"));
	}
}

/* The text is parsed whose digest is taken, and no other that may be in the file by then. */
static int parse_text(cfg_t *cfg, const char *path, struct conf *c, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CONF_FILE_MAX);
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct err said = { .code = 0 };
	FILE *f;
	int r;

	r = file_read(path, &text, e);
	if (r < 0)
		return r;
	crypto_hash_sha256(digest, text.p, text.len);
	sodium_bin2hex(c->sha256, sizeof(c->sha256), digest, sizeof(digest));
	cfg->filename = strdup(path);
	f = text.len > 0 ? fmemopen(text.p, text.len, "r") : NULL;
	if (f == NULL && text.len > 0)
		return err_set(e, -ENOMEM, "%s: no memory to read it", path);
	sentence = &said;
	r = f != NULL ? cfg_parse_fp(cfg, f) : CFG_SUCCESS;
	sentence = NULL;
	if (f != NULL)
		fclose(f);
	if (r != CFG_SUCCESS)
		return err_set(e, -EINVAL, "%s", said.code != 0 ? said.msg : path);
	return 0;
}

static int parse(cfg_t *cfg, const char *path, struct conf *ret, struct err *e)
{
	struct conf c = { .n_slots = 0 };
	int r;

	r = parse_text(cfg, path, &c, e);
	if (r == 0)
		r = take_texts(cfg, path, &c, e);
	if (r == 0)
		r = find_key(path, c.seal_key, "seal.key", e);
	if (r == 0)
		r = find_key(path, c.export_key, "export.key", e);
	if (r == 0)
		r = find_key(path, c.log_key, "custody.key", e);
	if (r == 0)
		r = take_copies(cfg, path, &c, e);
	if (r < 0)
		return r;
	take_slots(cfg, &c);
	take_peers(cfg, &c);
	conf_take_channels(cfg, &c);
	c.vault_immutable = cfg_getbool(cfg, "vault_immutable");
	take_numbers(cfg, &c);
	*ret = c;
	return 0;
}

int conf_load(const char *path, struct conf *ret, struct err *e)
{
	cfg_opt_t slot[] = {
		CFG_STR("port", NULL, CFGF_NODEFAULT),
		CFG_END()
	};
	cfg_opt_t authority[] = {
		CFG_STR("url", NULL, CFGF_NODEFAULT),
		CFG_STR("ca", NULL, CFGF_NODEFAULT),
		CFG_INT("interval_s", INTERVAL_S, CFGF_NONE),
		CFG_END()
	};
	cfg_opt_t witness[] = {
		CFG_STR("url", NULL, CFGF_NODEFAULT),
		CFG_STR("key", NULL, CFGF_NODEFAULT),
		CFG_END()
	};
	cfg_opt_t copy[] = {
		CFG_STR("path", NULL, CFGF_NODEFAULT),
		CFG_END()
	};
	const cfg_flag_t block = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	const cfg_opt_t rest[] = {
		CFG_BOOL("vault_immutable", cfg_true, CFGF_NONE),
		CFG_SEC("copy", copy, block),
		CFG_SEC("slot", slot, block),
		CFG_SEC("authority", authority, block),
		CFG_SEC("witness", witness, block),
		CFG_SEC("channel", conf_channel_keys, block),
		CFG_END()
	};
	cfg_opt_t keys[COUNT(texts) + COUNT(numbers) + COUNT(rest)];
	size_t i, n;
	cfg_t *cfg;
	int r;

	for (i = 0; i < COUNT(texts); i++) {
		cfg_opt_t text = CFG_STR(texts[i].key, NULL, CFGF_NODEFAULT);

		keys[i] = text;
	}
	for (n = 0; n < COUNT(numbers); n++) {
		cfg_opt_t number = CFG_INT(numbers[n].key, numbers[n].preset, CFGF_NONE);

		keys[i++] = number;
	}
	memcpy(&keys[i], rest, sizeof(rest));
	cfg = cfg_init(keys, CFGF_NONE);
	if (cfg == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to read it", path);
	cfg_set_error_function(cfg, keep_sentence);
	cfg_set_validate_func(cfg, "station", check_station);
	cfg_set_validate_func(cfg, "database", check_database);
	cfg_set_validate_func(cfg, "recorders", check_paths);
	cfg_set_validate_func(cfg, "log_origin", check_origin);
	for (i = 0; i < COUNT(texts); i++)
		if (texts[i].is_path)
			cfg_set_validate_func(cfg, texts[i].key, check_path);
	for (n = 0; n < COUNT(numbers); n++)
		cfg_set_validate_func(cfg, numbers[n].key, check_number);
	cfg_set_validate_func(cfg, "copy", check_copy);
	cfg_set_validate_func(cfg, "slot", check_slot);
	cfg_set_validate_func(cfg, "authority", check_authority);
	cfg_set_validate_func(cfg, "witness", check_witness);
	cfg_set_validate_func(cfg, "channel", conf_check_channel);
	r = parse(cfg, path, ret, e);
	cfg_free(cfg);
	return r;
}
