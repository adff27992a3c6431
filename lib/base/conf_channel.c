/* Channel blocks: who is told of findings, and how. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_impl.h"
#include "base/util.h"

enum { DIGEST_DEFAULT = 8 * 60 + 30, ADDRESS_MAX = 254, LOCAL_MAX = 64 };
#define JOURNAL	"unix:/run/systemd/journal/socket"

static const struct kind {
	const char *name;
	const char *schemes[2];
	bool mail;			/* from and to, and perhaps a user with a password */
	bool secret;			/* has to have one */
	const char *help;
} kinds[] = {
	[CHANNEL_MAIL] = { "mail", { "smtps://", "smtp://" }, true, false,
			   "smtps://HOST[:PORT], or smtp://HOST[:PORT] with STARTTLS" },
	[CHANNEL_DINGTALK] = { "dingtalk", { "https://" }, false, true,
			       "https://..., without what is behind the ?" },
	[CHANNEL_WECOM] = { "wecom", { "https://" }, false, true,
			    "https://..., without what is behind the ?" },
	[CHANNEL_JSON] = { "json", { "https://" }, false, true, "https://..." },
	[CHANNEL_SYSLOG] = { "syslog", { "unix:/" }, false, false, "unix:/PATH of a datagram socket" },
};

static const char *const severities[] = {
	[CHANNEL_NOTHING] = "none", [CHANNEL_NOTICE] = "notice", [CHANNEL_WARNING] = "warning",
	[CHANNEL_VIOLATION] = "violation",
};

cfg_opt_t conf_channel_keys[] = {
	CFG_STR("kind", NULL, CFGF_NODEFAULT),
	CFG_STR("url", NULL, CFGF_NODEFAULT),
	CFG_STR("from", NULL, CFGF_NODEFAULT),
	CFG_STR("to", NULL, CFGF_NODEFAULT),
	CFG_STR("ca", NULL, CFGF_NODEFAULT),
	CFG_STR("secret", NULL, CFGF_NODEFAULT),
	CFG_STR("user", NULL, CFGF_NODEFAULT),
	CFG_STR("language", "zh", CFGF_NONE),
	CFG_STR("unit", NULL, CFGF_NODEFAULT),
	CFG_STR("at_once", "violation", CFGF_NONE),
	CFG_STR("digest", NULL, CFGF_NODEFAULT),
	CFG_END()
};

const char *conf_channel_kind(enum conf_channel_kind kind)
{
	return kinds[kind].name;
}

const char *conf_channel_at_once(enum conf_severity severity)
{
	return severities[severity];
}

bool conf_is_address(const char *s, size_t len)
{
	static const char atom[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				   "!#$%&'*+-/=?^_`{|}~.";
	const char *at = memchr(s, '@', len), *p;
	size_t local, host;

	if (at == NULL || len > ADDRESS_MAX)
		return false;
	local = (size_t)(at - s);
	host = len - local - 1;
	if (local == 0 || local > LOCAL_MAX || host == 0 || s[0] == '.' || at[-1] == '.')
		return false;
	for (p = s; p < at; p++)
		if (*p == '\0' || strchr(atom, *p) == NULL || (*p == '.' && p[1] == '.'))
			return false;
	for (p = at + 1; p < s + len; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && (*p != '.' || p[-1] == '@' ||
		    p[-1] == '.' || p + 1 == s + len))
			return false;
	return true;
}

const char *conf_next_address(const char *list, size_t *ret_len)
{
	list += strspn(list, ", ");
	*ret_len = strcspn(list, ", ");
	return *ret_len > 0 ? list : NULL;
}

bool conf_is_loopback(const char *url)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]", "localhost" };
	const char *host = strstr(url, "://");
	size_t i, n;

	for (i = 0; host != NULL && i < COUNT(hosts); i++) {
		n = strlen(hosts[i]);
		if (strncmp(host + 3, hosts[i], n) == 0 && strchr(":/?", host[3 + n]) != NULL)
			return true;	/* the NUL is found, too */
	}
	return false;
}

/* ------ what is wrong with a block: a sentence, or NULL ------ */

static bool is_text(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool is_url(const struct kind *k, const char *url)
{
	const bool token = strchr(url, '?') == NULL || (!k->secret && !k->mail) ||
			   k == &kinds[CHANNEL_JSON];
	size_t i;

	if (!is_text(url) || !token || strlen(url) >= CONF_PATH_MAX)
		return false;
	for (i = 0; i < COUNT(k->schemes) && k->schemes[i] != NULL; i++)
		if (strncmp(url, k->schemes[i], strlen(k->schemes[i])) == 0)
			return url[strlen(k->schemes[i])] != '\0';
	return !k->mail && k != &kinds[CHANNEL_SYSLOG] && strncmp(url, "http://", 7) == 0 &&
	       conf_is_loopback(url);
}

static bool is_path(const char *s)
{
	return s == NULL || (s[0] == '/' && strlen(s) < CONF_PATH_MAX);
}

/* A path; or the name of a credential of systemd's, and without those of a file beside the keys. */
static bool find_secret(const char *s, char ret[CONF_PATH_MAX])
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (s[0] == '/')
		n = snprintf(ret, CONF_PATH_MAX, "%s", s);
	else if (conf_is_name(s) && s[0] != '.')
		n = snprintf(ret, CONF_PATH_MAX, "%s/%s", dir != NULL ? dir : CONF_KEY_DIR, s);
	else
		return false;
	return n >= 0 && n < CONF_PATH_MAX;
}

static bool are_addresses(const char *list)
{
	size_t n = 0, len;
	const char *p;

	for (p = conf_next_address(list, &len); p != NULL; p = conf_next_address(p + len, &len))
		if (++n > CONF_ADDRESSES_MAX || !conf_is_address(p, len))
			return false;
	return n > 0 && strlen(list) < CONF_PATH_MAX;
}

static const char *mail_fault(cfg_t *b)
{
	const char *from = cfg_getstr(b, "from"), *to = cfg_getstr(b, "to");
	const char *user = cfg_getstr(b, "user");

	if (from == NULL || !conf_is_address(from, strlen(from)))
		return "from: the address of this station is needed, as dock@example.cn";
	if (to == NULL || !are_addresses(to))
		return "to: one address or more is needed, at most 16, as \"a@example.cn, b@example.cn\"";
	if ((user != NULL) != (cfg_getstr(b, "secret") != NULL))
		return "user, secret: a name goes with the file of its password";
	if (user != NULL && (!is_text(user) || strlen(user) > ADDRESS_MAX))
		return "user: no spaces, at most 254 characters";
	return NULL;
}

static int find_word(const char *const *words, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

static int find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(kinds) && name != NULL; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* "08:30" as minutes, "none" as -1; false: neither. */
static bool parse_digest(const char *s, int *ret)
{
	const char *const d = s;

	if (s == NULL || strcmp(s, "none") == 0) {
		*ret = s == NULL ? DIGEST_DEFAULT : -1;
		return true;
	}
	if (strlen(s) != 5 || !isdigit(d[0]) || !isdigit(d[1]) || d[2] != ':' || !isdigit(d[3]) ||
	    !isdigit(d[4]))
		return false;
	*ret = ((d[0] - '0') * 10 + d[1] - '0') * 60 + (d[3] - '0') * 10 + d[4] - '0';
	return d[3] < '6' && *ret < 24 * 60;
}

static const char *fault(cfg_t *b, const struct kind *k)
{
	const char *unit = cfg_getstr(b, "unit"), *language = cfg_getstr(b, "language");
	const char *secret = cfg_getstr(b, "secret"), *f = NULL;
	char at[CONF_PATH_MAX];
	int minutes;

	if (k->mail)
		f = mail_fault(b);
	else if (cfg_getstr(b, "from") != NULL || cfg_getstr(b, "to") != NULL ||
		 cfg_getstr(b, "user") != NULL)
		f = "from, to, user: these are of kind \"mail\"";
	if (f != NULL)
		return f;
	if (k->secret && secret == NULL)
		return "secret: the path of a file is needed, see dockvault.conf(5)";
	if (secret != NULL && !find_secret(secret, at))
		return "secret: an absolute path is needed, or the name of a credential";
	if (!is_path(cfg_getstr(b, "ca")))
		return "ca: an absolute path is needed";
	if (strcmp(language, "zh") != 0 && strcmp(language, "en") != 0)
		return "language: zh or en";
	if (unit != NULL && (strlen(unit) > CONF_NAME_MAX || unit[0] == '\0' || !is_text(unit)))
		return "unit: the code of a unit is needed, 1 to 32 characters";
	if (find_word(severities, COUNT(severities), cfg_getstr(b, "at_once")) < 0)
		return "at_once: violation, warning, notice or none";
	if (!parse_digest(cfg_getstr(b, "digest"), &minutes))
		return "digest: a time of day in Shanghai, as \"08:30\", or none";
	return NULL;
}

int conf_check_channel(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *url, *wrong;
	cfg_t *b;
	int kind;

	if (conf_check_block(cfg, opt, CONF_CHANNELS_MAX, &b) < 0)
		return -1;
	kind = find_kind(cfg_getstr(b, "kind"));
	if (kind < 0) {
		cfg_error(cfg, "channel \"%s\": kind \"%s\": mail, dingtalk, wecom, json or syslog",
			  cfg_title(b), cfg_getstr(b, "kind") != NULL ? cfg_getstr(b, "kind") : "");
		return -1;
	}
	url = cfg_getstr(b, "url");
	if (url == NULL && kind == CHANNEL_SYSLOG)
		url = JOURNAL;
	if (url == NULL || !is_url(&kinds[kind], url)) {
		/* Not shown: somebody may have put the token into it. */
		cfg_error(cfg, "channel \"%s\": url: %s is needed", cfg_title(b), kinds[kind].help);
		return -1;
	}
	wrong = fault(b, &kinds[kind]);
	if (wrong != NULL) {
		cfg_error(cfg, "channel \"%s\": %s", cfg_title(b), wrong);
		return -1;
	}
	return 0;
}

static void take_text(cfg_t *b, const char *key, char *to, size_t size)
{
	const char *text = cfg_getstr(b, key);

	snprintf(to, size, "%s", text != NULL ? text : "");
}

/* Everything: conf_check_channel(). */
void conf_take_channels(cfg_t *cfg, struct conf *c)
{
	struct conf_channel *ch;
	cfg_t *b;

	for (c->n_channels = 0; c->n_channels < cfg_size(cfg, "channel"); c->n_channels++) {
		ch = &c->channels[c->n_channels];
		b = cfg_getnsec(cfg, "channel", (unsigned int)c->n_channels);
		snprintf(ch->name, sizeof(ch->name), "%s", cfg_title(b));
		ch->kind = (enum conf_channel_kind)find_kind(cfg_getstr(b, "kind"));
		take_text(b, "url", ch->url, sizeof(ch->url));
		if (ch->url[0] == '\0')
			snprintf(ch->url, sizeof(ch->url), "%s", JOURNAL);
		take_text(b, "from", ch->from, sizeof(ch->from));
		take_text(b, "to", ch->to, sizeof(ch->to));
		take_text(b, "ca", ch->ca, sizeof(ch->ca));
		ch->secret[0] = '\0';
		if (cfg_getstr(b, "secret") != NULL)
			find_secret(cfg_getstr(b, "secret"), ch->secret);
		take_text(b, "user", ch->user, sizeof(ch->user));
		take_text(b, "unit", ch->unit, sizeof(ch->unit));
		ch->english = strcmp(cfg_getstr(b, "language"), "en") == 0;
		ch->at_once = (enum conf_severity)find_word(severities, COUNT(severities),
							    cfg_getstr(b, "at_once"));
		parse_digest(cfg_getstr(b, "digest"), &ch->digest_minute);
	}
}
