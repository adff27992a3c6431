#include "ctl.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"

int ctl_fail(const struct err *e, int code)
{
	char shown[4 * sizeof(e->msg)];

	fprintf(stderr, "vaultctl: %s\n", text_shown(e->msg, shown, sizeof(shown)));
	return code;
}

static const struct option_spec *find_option(const char *name, const struct option_spec *options,
					     size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

int ctl_usage(enum text_id id, const char *what)
{
	char shown[256];

	say(stderr, id, text_shown(what, shown, sizeof(shown)));
	return EXIT_USAGE;
}

/* Take the option at argv[*i] and its value, which may also follow a "=". */
static int take_option(int argc, char **argv, int *i, const struct option_spec *options, size_t n)
{
	const struct option_spec *o;
	char name[64];
	const char *equals = strchr(argv[*i], '=');

	snprintf(name, sizeof(name), "%.*s",
		 equals == NULL ? (int)strlen(argv[*i]) : (int)(equals - argv[*i]), argv[*i]);
	o = find_option(name, options, n);
	if (o == NULL || (o->value == NULL && equals != NULL))
		return ctl_usage(T_UNKNOWN_OPTION, name);
	if (o->value == NULL) {
		*o->on = true;
		return EXIT_GOOD;
	}
	if (equals == NULL && *i + 1 >= argc)
		return ctl_usage(T_OPTION_NEEDS_VALUE, name);
	*o->value = equals != NULL ? equals + 1 : argv[++*i];
	return EXIT_GOOD;
}

int ctl_language(int argc, char **argv)
{
	const char *lang = NULL;
	int i, l;

	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], "--lang=", 7) == 0)
			lang = argv[i] + 7;
		else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
			lang = argv[i + 1];
	}
	l = lang_choose(lang);
	if (l < 0)
		return ctl_usage(T_BAD_LANG, lang);
	text_language((enum lang)l);
	return EXIT_GOOD;
}

int ctl_arguments(struct ctl *c, int argc, char **argv, const struct option_spec *options,
		  size_t n_options, const char **words, const char *const *names, size_t needed,
		  size_t n_words)
{
	const char *lang;	/* taken by ctl_language() */
	const struct option_spec common[] = {
		{ "--json", NULL, &c->json },
		{ "--lang", &lang, NULL },
		{ "--config", &c->conf_path, NULL },
	};
	size_t got = 0;
	int i, r;

	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			if (got == n_words)
				return ctl_usage(T_TOO_MANY, argv[i]);
			words[got++] = argv[i];
			continue;
		}
		if (find_option(argv[i], common, COUNT(common)) != NULL ||
		    strncmp(argv[i], "--lang=", 7) == 0 || strncmp(argv[i], "--config=", 9) == 0)
			r = take_option(argc, argv, &i, common, COUNT(common));
		else
			r = take_option(argc, argv, &i, options, n_options);
		if (r != EXIT_GOOD)
			return r;
	}
	if (got < needed)
		return ctl_usage(T_TOO_FEW, names[got]);
	return EXIT_GOOD;
}

int ctl_open_conf(struct ctl *c)
{
	struct err e = { 0 };

	if (conf_load(c->conf_path, &c->conf, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return EXIT_GOOD;
}

/* What a person does is done by their own login, and so is what they look at, once they say so. */
const char *ctl_login(const char *role)
{
	const char *own = getenv("DOCKVAULT_LOGIN");

	if (own != NULL && *own != '\0')
		return own;
	return role == NULL ? ctl_person() : role;
}

int ctl_open_catalog(struct ctl *c, const char *role)
{
	char conninfo[CONF_PATH_MAX + 64];
	const char *user = ctl_login(role);
	struct err e = { 0 };
	int r;

	if (c->catalog != NULL)
		return EXIT_GOOD;
	r = ctl_open_conf(c);
	if (r != EXIT_GOOD || (r = ctl_check_id(user)) != EXIT_GOOD)
		return r;
	/* Of two users in a conninfo the last counts. */
	snprintf(conninfo, sizeof(conninfo), "%s user=%s", c->conf.database, user);
	if (catalog_sync_open(conninfo, &c->catalog, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return EXIT_GOOD;
}

/* The catalog's refusals are answers to what was asked; everything else is being away. */
static int exit_of(int code)
{
	return code == -ENOENT || code == -EEXIST || code == -EINVAL ? EXIT_USAGE : EXIT_AWAY;
}

int ctl_query(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
	      json_t **ret)
{
	AUTO(catalog_rows_freep) struct catalog_rows *rows = NULL;
	struct err e = { 0 };
	json_t *list;
	int r;

	r = catalog_sync_run(c->catalog, s, params, n, &rows, &e);
	if (r < 0)
		return ctl_fail(&e, exit_of(r));
	list = catalog_rows_list(rows);
	if (list == NULL) {
		err_set(&e, -ENOMEM, "no memory for %zu rows", catalog_rows_count(rows));
		return ctl_fail(&e, EXIT_AWAY);
	}
	*ret = list;
	return EXIT_GOOD;
}

int ctl_try(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n)
{
	struct err e = { 0 };
	int r = catalog_sync_try(c->catalog, s, params, n, &e);

	return r < 0 ? ctl_fail(&e, exit_of(r)) : EXIT_GOOD;
}

int ctl_act(struct ctl *c, const char *kind, json_t *objects, const char *reason, json_t *detail)
{
	char *names = json_dumps(objects, JSON_COMPACT);
	char *more = json_dumps(detail, JSON_COMPACT);
	const char *const params[] = { kind, names, ctl_person(), reason, more };
	struct err e = { 0 };
	json_t *done = NULL;
	int r;

	json_decref(objects);
	json_decref(detail);
	if (names != NULL && more != NULL)
		r = ctl_query(c, STATEMENT_DO_ACT, params, COUNT(params), &done);
	else
		r = ctl_fail((err_set(&e, -ENOMEM, "no memory to enter an act into the log"), &e),
			     EXIT_AWAY);
	if (r == EXIT_GOOD && json_is_null(json_object_get(json_array_get(done, 0), "act"))) {
		say(stderr, T_READ_NOT_YOURS);
		r = EXIT_AWAY;
	}
	json_decref(done);
	free(names);
	free(more);
	return r;
}

int ctl_may_read(struct ctl *c, const char *command, const char *const *words, size_t n)
{
	json_t *list = json_array(), *rows = NULL;
	const json_t *refused, *one;
	char *text, shown[256];
	size_t i;
	int r;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_string(words[i]));
	text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	const char *const params[] = { text, command };
	r = text != NULL ? ctl_query(c, STATEMENT_READ_REFUSED, params, COUNT(params), &rows) : EXIT_AWAY;
	free(text);
	if (r != EXIT_GOOD)
		return r;
	refused = json_object_get(json_array_get(rows, 0), "refused");
	json_array_foreach(refused, i, one)
		say(stderr, T_READ_REFUSED, text_shown(json_string_value(json_object_get(one, "object")), shown,
						       sizeof(shown)),
		    word(json_string_value(json_object_get(one, "class"))));
	r = json_array_size(refused) > 0 ? EXIT_AWAY : EXIT_GOOD;
	json_decref(rows);
	return r;
}

int ctl_view(struct ctl *c, const char *command, json_t *objects)
{
	return ctl_act(c, "view", objects, NULL, json_pack("{s:s}", "command", command));
}

static bool has_unit(const json_t *recorders, const char *unit)
{
	const json_t *row;
	const char *of;
	size_t i;

	json_array_foreach(recorders, i, row) {
		of = json_string_value(json_object_get(row, "unit"));
		if (of != NULL && strcmp(of, unit) == 0)
			return true;
	}
	return false;
}

/* A unit of the bureau, or one that recorders had before there were units. */
static int check_unit(struct ctl *c, const json_t *recorders, const char *unit)
{
	const char *const params[] = { unit };
	json_t *units = NULL;
	int r;

	if (has_unit(recorders, unit))
		return EXIT_GOOD;
	r = ctl_query(c, STATEMENT_UNIT_LIST, params, COUNT(params), &units);
	if (r == EXIT_GOOD && json_array_size(units) == 0)
		r = ctl_usage(T_NO_UNIT, unit);
	json_decref(units);
	return r;
}

int ctl_check_scope(struct ctl *c, const char *recorder, const char *unit)
{
	const char *const params[] = { recorder };
	json_t *recorders = NULL;
	int r;

	if (recorder == NULL && unit == NULL)
		return EXIT_GOOD;
	r = ctl_query(c, STATEMENT_RECORDER_LIST, params, COUNT(params), &recorders);
	if (r != EXIT_GOOD)
		return r;
	if (recorder != NULL && json_array_size(recorders) == 0)
		r = ctl_usage(T_NO_RECORDER, recorder);
	else if (unit != NULL)
		r = check_unit(c, recorders, unit);
	json_decref(recorders);
	return r;
}

void ctl_check_cut(const json_t *list)
{
	if (json_array_size(list) >= strtoul(LIST_MAX, NULL, 10))
		say(stderr, T_LIST_CUT, LIST_MAX);
}

bool ctl_is_uuid(const char *s)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] != '-')
			return false;
	return s[i] == '\0';
}

void ctl_print_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

int ctl_check_day(const char *s)
{
	char full[UTC_TEXT_SIZE];
	int64_t ms;

	if (strlen(s) == 10) {
		snprintf(full, sizeof(full), "%sT00:00:00.000Z", s);
		if (utc_parse(full, UTC_TEXT_LEN, &ms) == 0)
			return EXIT_GOOD;
	}
	say(stderr, T_BAD_DAY, s);
	return EXIT_USAGE;
}

int ctl_check_period(const char *from, const char *to)
{
	if ((from != NULL && ctl_check_day(from) != EXIT_GOOD) ||
	    (to != NULL && ctl_check_day(to) != EXIT_GOOD))
		return EXIT_USAGE;
	if (from == NULL || to == NULL || strcmp(from, to) <= 0)
		return EXIT_GOOD;
	say(stderr, T_BACKWARDS);
	return EXIT_USAGE;
}

/* ------ who, what, why ------ */

enum { REASON_MAX = 500 };

/* SUDO_USER is believed of root alone: anybody else could have set it to anybody's name. */
const char *ctl_person(void)
{
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *p = getpwuid(getuid());

	if (sudo != NULL && sudo[0] != '\0')
		return sudo;
	return p == NULL ? "?" : p->pw_name;
}

static bool is_id(const char *s)
{
	return strlen(s) >= 1 && strlen(s) <= 32 &&
		strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		strlen(s);
}

int ctl_check_id(const char *s)
{
	if (s == NULL || is_id(s))
		return EXIT_GOOD;
	say(stderr, T_BAD_ID, s);
	return EXIT_USAGE;
}

int ctl_check_reason(const char *reason)
{
	size_t n = 0, i;

	if (reason == NULL || reason[strspn(reason, " \t")] == '\0') {
		say(stderr, T_REASON_NEEDED);
		return EXIT_USAGE;
	}
	for (i = 0; reason[i] != '\0'; i++)
		n += (reason[i] & 0xc0) != 0x80;	/* where a character begins */
	if (n <= REASON_MAX)
		return EXIT_GOOD;
	say(stderr, T_REASON_LONG);
	return EXIT_USAGE;
}
