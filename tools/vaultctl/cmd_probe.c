/* vaultctl recorder probe: what is in a slot, and a draft of its model's block for recorders.d. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "ctl.h"
#include "dock_client.h"
#include "format/listing.h"
#include "format/name.h"
#include "guess.h"
#include "table.h"

enum { DRAFT_MAX = 16 * 1024, FOLDERS_MAX = 4 };

static const char *text_at(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s != NULL ? s : "";
}

static long long number_at(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* ------ the draft ------ */

static void add_quoted(struct buf *b, const char *s)
{
	char c[2] = "";

	buf_adds(b, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_adds(b, "\\");
		c[0] = *s;
		buf_adds(b, (unsigned char)*s < ' ' ? "?" : c);
	}
	buf_adds(b, "\"");
}

static void add_line(struct buf *b, const char *key, const char *value)
{
	buf_adds(b, "\t");
	buf_adds(b, key);
	buf_adds(b, " = ");
	add_quoted(b, value);
	buf_adds(b, "\n");
}

static void add_list(struct buf *b, const char *key, const char *const *values, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	buf_adds(b, "\t");
	buf_adds(b, key);
	buf_adds(b, " = { ");
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(b, ",\n\t\t");
		add_quoted(b, values[i]);
	}
	buf_adds(b, " }\n");
}

static size_t list_paths(const json_t *probe, const char **ret)
{
	const json_t *paths = json_object_get(json_object_get(probe, "seen"), "paths"), *path;
	size_t i, n = 0;

	json_array_foreach(paths, i, path)
		if (json_is_string(path) && n < GUESS_NAMES_MAX)
			ret[n++] = json_string_value(path);
	return n;
}

/* The folders of the paths; 0 when there are too many, as where each day has its own. */
static size_t list_folders(const char *const *paths, size_t n, char (*ret)[LISTING_PATH_MAX + 1])
{
	size_t found = 0, len, i, k;

	for (i = 0; i < n; i++) {
		len = (size_t)(name_last(paths[i]) - paths[i]);
		if (len <= 1 || len > LISTING_PATH_MAX)
			continue;
		for (k = 0; k < found; k++)
			if (strlen(ret[k]) == len - 1 && memcmp(ret[k], paths[i], len - 1) == 0)
				break;
		if (k < found)
			continue;
		if (found == FOLDERS_MAX)
			return 0;
		memcpy(ret[found], paths[i], len - 1);
		ret[found++][len - 1] = '\0';
	}
	return found;
}

static void add_conditions(struct buf *b, const json_t *usb, const json_t *probe)
{
	const char *class = text_at(probe, "class");

	add_line(b, "vid", text_at(usb, "vid"));
	add_line(b, "pid", text_at(usb, "pid"));
	if (strcmp(class, "other") != 0)
		add_line(b, "class", class);
}

static void add_name(struct buf *b, const json_t *usb)
{
	char name[48];

	snprintf(name, sizeof(name), "%s:%s", text_at(usb, "vid"), text_at(usb, "pid"));
	buf_adds(b, "model ");
	add_quoted(b, name);
	buf_adds(b, " {\n");
}

/* What of the names and folders could be guessed. */
static void add_guesses(struct buf *b, const json_t *probe, const struct guess *g)
{
	const char *paths[GUESS_NAMES_MAX], *names[GUESS_PATTERNS_MAX], *folders[FOLDERS_MAX];
	char found[FOLDERS_MAX][LISTING_PATH_MAX + 1];
	size_t n = list_paths(probe, paths), n_folders, i;

	for (i = 0; i < g->n; i++)
		names[i] = g->patterns[i];
	add_list(b, "names", names, g->n);
	n_folders = list_folders(paths, n, found);
	for (i = 0; i < n_folders; i++)
		folders[i] = found[i];
	add_list(b, "folders", folders, n_folders);
}

/* The text is b's; "": there is no device. */
static const char *draft(const json_t *answer, const struct guess *g, struct buf *b)
{
	const json_t *usb = json_object_get(json_object_get(answer, "slot"), "usb");

	if (!json_is_object(usb))
		return "";
	add_name(b, usb);
	add_conditions(b, usb, json_object_get(answer, "probe"));
	add_guesses(b, json_object_get(answer, "probe"), g);
	buf_adds(b, "}\n");
	return b->failed ? "" : buf_str(b);
}

/* ------ for people ------ */

static const char *shown(const json_t *j, const char *key, char ret[CELL_MAX])
{
	const char *s = text_at(j, key);

	return s[0] != '\0' ? text_shown(s, ret, CELL_MAX) : "-";
}

static void say_usb(const json_t *usb, const json_t *probe)
{
	char a[CELL_MAX], b[CELL_MAX], c[CELL_MAX];

	say(stdout, T_PROBE_USB, text_at(usb, "vid"), text_at(usb, "pid"), shown(usb, "serial", a),
	    shown(usb, "manufacturer", b), shown(usb, "product", c));
	say(stdout, T_PROBE_KIND, word(text_at(probe, "class")), word(text_at(probe, "speed")),
	    shown(probe, "model", a), word(text_at(probe, "lock")));
}

static const char *space(const json_t *j, const char *key, char ret[32])
{
	const json_t *v = json_object_get(j, key);

	return json_is_integer(v) ? bytes_text(json_integer_value(v), ret) : "-";
}

static void say_device(const json_t *device)
{
	static const struct { long long bit; const char *name; } can[] = {
		{ LISTING_CAN_PARTIAL64, "GetPartialObject64" },
		{ LISTING_CAN_PARTIAL, "GetPartialObject" }, { LISTING_CAN_OBJECT, "GetObject" },
		{ LISTING_CAN_DELETE, "DeleteObject" }, { LISTING_CAN_SEND, "SendObject" },
		{ LISTING_CAN_SET_CLOCK, "SetDateTime" }, { LISTING_CAN_BATTERY, "BatteryLevel" },
		{ LISTING_CAN_CLOCK, "DateTime" },
	};
	char a[CELL_MAX], b[CELL_MAX], c[CELL_MAX], d[CELL_MAX], all[256] = "";
	size_t i;

	for (i = 0; i < COUNT(can); i++)
		if ((number_at(device, "can") & can[i].bit) != 0)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s", can[i].name);
	say(stdout, T_PROBE_DEVICE, shown(device, "manufacturer", a), shown(device, "model", b),
	    shown(device, "version", c), shown(device, "serial", d), all);
}

static void say_card(const json_t *seen)
{
	const json_t *card = json_object_get(seen, "card"), *one, *path;
	char a[CELL_MAX], b[CELL_MAX], size[32], rest[32];
	size_t i;

	json_array_foreach(json_object_get(card, "units"), i, one)
		say(stdout, T_PROBE_UNIT, (long long)i, space(one, "size", size),
		    number_at(one, "block_size"));
	json_array_foreach(json_object_get(card, "volumes"), i, one)
		say(stdout, T_PROBE_VOLUME, shown(one, "filesystem", a), shown(one, "label", b),
		    space(one, "size", size), space(one, "free", rest));
	if (json_is_object(json_object_get(card, "device")))
		say_device(json_object_get(card, "device"));
	say(stdout, T_PROBE_FILES, number_at(seen, "files"));
	json_array_foreach(json_object_get(seen, "paths"), i, path)
		printf("  %s\n", text_shown(json_string_value(path), a, sizeof(a)));
}

static void show(const json_t *answer, const char *text)
{
	const json_t *slot = json_object_get(answer, "slot"), *probe = json_object_get(answer, "probe");
	const json_t *seen = json_object_get(probe, "seen");

	say(stdout, T_PROBE_SLOT, text_at(slot, "slot"), word(text_at(slot, "state")));
	if (!json_is_object(json_object_get(slot, "usb")))
		return;
	say_usb(json_object_get(slot, "usb"), probe);
	if (json_is_object(seen))
		say_card(seen);
	else
		say(stdout, T_PROBE_UNSEEN);
	say(stdout, T_PROBE_DRAFT);
	printf("\n%s", text);
}

/* ------ the command ------ */

static int ask(struct ctl *c, const char *slot, json_t **ret)
{
	struct dock_client d;
	struct err e = { 0 };
	int r = dock_client_open(&d, c->conf.control, "probe", slot, &e);

	if (r == 0)
		r = dock_client_next(&d, ret, &e);
	dock_client_close(&d);
	if (r > 0)
		return EXIT_GOOD;
	if (r == -EPROTO || r == -EINVAL)
		return ctl_usage(T_PROBE_NO_SLOT, slot);
	say(stderr, T_NO_DOCKD, c->conf.control, e.msg);
	return EXIT_AWAY;
}

int cmd_recorder_probe(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "SLOT" };
	AUTO(buf_clear) struct buf b = BUF_INIT(DRAFT_MAX);
	const char *slot = NULL, *paths[GUESS_NAMES_MAX], *text;
	json_t *answer = NULL;
	struct guess g;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &slot, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_open_conf(c)) != EXIT_GOOD ||
	    (r = ask(c, slot, &answer)) != EXIT_GOOD)
		return r;
	guess_patterns(paths, list_paths(json_object_get(answer, "probe"), paths), &g);
	text = draft(answer, &g, &b);
	if (c->json) {
		json_object_set_new(answer, "draft", json_string(text));
		ctl_print_json(answer);
	} else {
		show(answer, text);
	}
	json_decref(answer);
	return EXIT_GOOD;
}
