#include "entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* ------ pure ------ */

bool entry_pull(int *argc, char **argv, const char *option, json_t *list)
{
	size_t len = strlen(option);
	bool good = true;
	int i, n = 0;

	for (i = 0; i < *argc; i++) {
		if (strncmp(argv[i], option, len) == 0 && argv[i][len] == '=')
			json_array_append_new(list, json_string(argv[i] + len + 1));
		else if (strcmp(argv[i], option) != 0)
			argv[n++] = argv[i];
		else if (i + 1 < *argc)
			json_array_append_new(list, json_string(argv[++i]));
		else
			good = false;
	}
	*argc = n;
	return good;
}

json_t *entry_officer(const char *text)
{
	const char *certificate = strchr(text, ':');
	const char *shown = certificate == NULL ? NULL : strchr(certificate + 1, ':');
	json_t *j;

	if (text[0] == '\0' || certificate == text || (shown != NULL && strcmp(shown, ":shown") != 0) ||
	    (certificate != NULL && certificate[1] == '\0'))
		return NULL;
	j = json_object();
	json_object_set_new(j, "officer", certificate == NULL ? json_string(text) :
			    json_stringn(text, (size_t)(certificate - text)));
	if (certificate != NULL && certificate + 1 != shown)
		json_object_set_new(j, "certificate", shown == NULL ? json_string(certificate + 1) :
				    json_stringn(certificate + 1, (size_t)(shown - certificate - 1)));
	if (shown != NULL)
		json_object_set_new(j, "shown", json_true());
	return j;
}

bool entry_field(const char *text, bool words, json_t *fields)
{
	const char *equals = strchr(text, '=');
	char name[65];
	json_t *value;

	if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	if (json_object_get(fields, name) != NULL)
		return false;
	if (words && (strcmp(equals, "=true") == 0 || strcmp(equals, "=false") == 0))
		value = json_boolean(equals[1] == 't');
	else
		value = json_string(equals + 1);
	return json_object_set_new(fields, name, value) == 0;	/* also when it is no UTF-8 */
}

/* ------ a command's arguments ------ */

static int take_officers(const json_t *texts, const struct entry_option *o, struct entry *e)
{
	json_t *list = json_array(), *one = NULL;
	const json_t *given = NULL;
	size_t i;

	json_array_foreach(texts, i, given) {
		one = entry_officer(json_string_value(given));
		if (one == NULL)
			break;
		json_array_append_new(list, one);
	}
	json_object_set_new(e->a, o->key, list);
	return i == json_array_size(texts) ? EXIT_GOOD :
		ctl_usage(T_BAD_OFFICER, json_string_value(given));
}

static int take_fields(const json_t *texts, const struct entry_option *o, struct entry *e)
{
	json_t *fields = json_object();
	const json_t *given = NULL;
	size_t i;

	json_object_set_new(e->a, o->key, fields);
	json_array_foreach(texts, i, given)
		if (!entry_field(json_string_value(given), strcmp(o->key, "detail") == 0, fields))
			return ctl_usage(T_BAD_FIELD, json_string_value(given));
	return EXIT_GOOD;
}

static int take_repeated(int *argc, char **argv, const struct entry_option *o, struct entry *e)
{
	json_t *texts = json_array();
	int r = EXIT_GOOD;

	if (!entry_pull(argc, argv, o->option, texts))
		r = ctl_usage(T_OPTION_NEEDS_VALUE, o->option);
	else if (json_array_size(texts) > 0)
		r = o->kind == ENTRY_OFFICERS ? take_officers(texts, o, e) : take_fields(texts, o, e);
	json_decref(texts);
	return r;
}

static int take_value(const struct entry_option *o, const char *value, bool on, struct entry *e)
{
	json_t *j = NULL;
	int r;

	if (o->kind == ENTRY_REASON && (r = ctl_check_reason(value)) != EXIT_GOOD)
		return r;
	if (o->kind == ENTRY_ON)
		return on ? json_object_set_new(e->a, o->key, json_true()) : EXIT_GOOD;
	if (value == NULL)
		return EXIT_GOOD;
	if (value[0] == '\0')
		j = json_null();
	else if (o->kind != ENTRY_YES_NO)
		j = json_string(value);		/* NULL: no UTF-8 */
	else if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
		j = json_boolean(value[0] == 'y');
	if (j == NULL)
		return ctl_usage(o->kind == ENTRY_YES_NO ? T_BAD_YES_NO : T_BAD_TEXT, o->option);
	json_object_set_new(e->a, o->key, j);
	return EXIT_GOOD;
}

int entry_take(struct ctl *c, int argc, char **argv, const struct entry_option *options, size_t n,
	       const char *const *names, size_t needed, size_t n_words, const char *first_key,
	       struct entry *e)
{
	struct option_spec specs[ENTRY_OPTIONS_MAX + 1];
	const char *values[ENTRY_OPTIONS_MAX] = { NULL };
	bool on[ENTRY_OPTIONS_MAX] = { false };
	size_t n_specs = 0, i;
	int r = EXIT_GOOD;

	if (n > ENTRY_OPTIONS_MAX || n_words > ENTRY_WORDS_MAX)
		BUG("entry: %zu options and %zu words", n, n_words);
	e->a = json_object();
	specs[n_specs++] = (struct option_spec){ "--dry-run", NULL, &e->dry_run };
	for (i = 0; i < n && r == EXIT_GOOD; i++) {
		if (options[i].kind == ENTRY_OFFICERS || options[i].kind == ENTRY_FIELDS)
			r = take_repeated(&argc, argv, &options[i], e);
		else
			specs[n_specs++] = (struct option_spec){ options[i].option,
				options[i].kind == ENTRY_ON ? NULL : &values[i], &on[i] };
	}
	if (r == EXIT_GOOD)
		r = ctl_arguments(c, argc, argv, specs, n_specs, e->words, names, needed, n_words);
	for (i = 0; i < n && r == EXIT_GOOD; i++)
		if (options[i].kind != ENTRY_OFFICERS && options[i].kind != ENTRY_FIELDS)
			r = take_value(&options[i], values[i], on[i], e);
	if (r == EXIT_GOOD && first_key != NULL &&
	    json_object_set_new(e->a, first_key, json_string(e->words[0])) < 0)
		r = ctl_usage(T_BAD_TEXT, names[0]);
	return r;
}

void entry_clear(struct entry *e)
{
	json_decref(e->a);
	e->a = NULL;
}

/* ------ entering ------ */

int entry_run(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n, bool dry_run,
	      json_t **ret)
{
	json_t *rows = NULL;
	int r = ctl_open_catalog(c, NULL);

	if (r == EXIT_GOOD)
		r = dry_run ? ctl_try(c, s, params, n) : ctl_query(c, s, params, n, &rows);
	if (r == EXIT_GOOD && dry_run)
		say(c->json ? stderr : stdout, T_DRY_RUN);
	if (r == EXIT_GOOD && ret != NULL)
		*ret = dry_run ? json_null() : json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return r;
}

int entry_put(struct ctl *c, enum catalog_statement s, const struct entry *e, json_t **ret)
{
	char *text = json_dumps(e->a, JSON_COMPACT);
	const char *const params[] = { text };
	struct err err = { 0 };
	int r;

	if (text == NULL)
		return ctl_fail((err_set(&err, -ENOMEM, "no memory for what is entered"), &err), EXIT_AWAY);
	r = entry_run(c, s, params, COUNT(params), e->dry_run, ret);
	free(text);
	return r;
}

int entry_do(struct ctl *c, enum catalog_statement s, const struct entry *e, enum text_id said,
	     const char *column)
{
	const json_t *value;
	json_t *row = NULL;
	char *shown;
	int r = entry_put(c, s, e, &row);

	if (r == EXIT_GOOD && !e->dry_run && c->json) {
		ctl_print_json(row);
	} else if (r == EXIT_GOOD && !e->dry_run) {
		value = json_object_get(row, column);
		shown = json_is_string(value) ? strdup(json_string_value(value)) :
			json_dumps(value, JSON_ENCODE_ANY);
		say(stdout, said, shown != NULL ? shown : "?");
		free(shown);
	}
	json_decref(row);
	return r;
}
