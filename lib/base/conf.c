#include "base/conf.h"

#include <confuse.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define STATE_DIR "/var/lib/dockvault"
#define SEAL_KEY "/etc/dockvault/seal.key"


/* Where the texts go.  The one table of keys, but for those of a slot. */
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
	TEXT(lister, LIBEXECDIR "/dock-lister", true),
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
#undef NUMBER
};

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

static bool is_name(const char *s)
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
	if (is_name(cfg_opt_getstr(opt)))
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

/* Called when the latest section ends, so its line is still known. */
static int check_slot(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned int n = cfg_opt_size(opt), i;
	cfg_t *slot = cfg_opt_getnsec(opt, n - 1);
	const char *name = cfg_title(slot), *port = cfg_getstr(slot, "port"), *other;

	if (n > CONF_SLOTS_MAX) {
		cfg_error(cfg, "slot \"%s\": more than %d slots", name, CONF_SLOTS_MAX);
		return -1;
	}
	if (!is_name(name)) {
		cfg_error(cfg, "slot \"%s\": 1 to %d of A-Z a-z 0-9 . _ - are allowed", name,
			  CONF_NAME_MAX);
		return -1;
	}
	if (port == NULL || !is_port(port)) {
		cfg_error(cfg, "slot \"%s\": port \"%s\" is not a USB port path such as \"1-1.4\"",
			  name, port != NULL ? port : "");
		return -1;
	}
	for (i = 0; i + 1 < n; i++) {
		other = cfg_getstr(cfg_opt_getnsec(opt, i), "port");
		if (strcmp(other, port) == 0) {
			cfg_error(cfg, "slot \"%s\": port %s is slot \"%s\" already", name, port,
				  cfg_title(cfg_opt_getnsec(opt, i)));
			return -1;
		}
	}
	return 0;
}

/* systemd hands the key over as a credential, so that root alone can read the original. */
static int find_seal_key(const char *path, struct conf *c, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (c->seal_key[0] != '\0')
		return 0;
	if (dir != NULL)
		n = snprintf(c->seal_key, sizeof(c->seal_key), "%s/seal.key", dir);
	else
		n = snprintf(c->seal_key, sizeof(c->seal_key), "%s", SEAL_KEY);
	if (n < 0 || (size_t)n >= sizeof(c->seal_key))
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

static int parse(cfg_t *cfg, const char *path, struct conf *ret, struct err *e)
{
	struct err said = { .code = 0 };
	struct conf c = { .n_slots = 0 };
	int r;

	sentence = &said;
	r = cfg_parse(cfg, path);
	sentence = NULL;
	if (r == CFG_FILE_ERROR)
		return err_set(e, errno > 0 ? -errno : -EIO, "%s: cannot read: %s", path,
			       strerror(errno > 0 ? errno : EIO));
	if (r != CFG_SUCCESS)
		return err_set(e, -EINVAL, "%s", said.code != 0 ? said.msg : path);
	r = take_texts(cfg, path, &c, e);
	if (r == 0)
		r = find_seal_key(path, &c, e);
	if (r < 0)
		return r;
	take_slots(cfg, &c);
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
	cfg_opt_t keys[COUNT(texts) + COUNT(numbers) + 3] = { CFG_END() };
	cfg_opt_t immutable = CFG_BOOL("vault_immutable", cfg_true, CFGF_NONE);
	cfg_opt_t slots = CFG_SEC("slot", slot, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	cfg_opt_t end = CFG_END();
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
	keys[i] = immutable;
	keys[i + 1] = slots;
	keys[i + 2] = end;
	cfg = cfg_init(keys, CFGF_NONE);
	if (cfg == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to read it", path);
	cfg_set_error_function(cfg, keep_sentence);
	cfg_set_validate_func(cfg, "station", check_station);
	cfg_set_validate_func(cfg, "database", check_database);
	cfg_set_validate_func(cfg, "recorders", check_paths);
	for (i = 0; i < COUNT(texts); i++)
		if (texts[i].is_path)
			cfg_set_validate_func(cfg, texts[i].key, check_path);
	for (n = 0; n < COUNT(numbers); n++)
		cfg_set_validate_func(cfg, numbers[n].key, check_number);
	cfg_set_validate_func(cfg, "slot", check_slot);
	r = parse(cfg, path, ret, e);
	cfg_free(cfg);
	return r;
}
