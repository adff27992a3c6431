/* Signing keys: of a log, and of those who witness one. */
#include <errno.h>

#include "base/util.h"
#include "ctl.h"
#include "tlog/keyfile.h"

static int make(const struct ctl *c, const char *name, const char *path, enum note_key_type type)
{
	AUTO(buf_clear) struct buf vkey = BUF_INIT(NOTE_KEY_TEXT_MAX);
	struct note_key k;
	struct err e = { 0, "" };
	json_t *j;
	int r;

	r = keyfile_new(path, name, type, &k, &e);
	if (r < 0)
		return ctl_fail(&e, r == -EEXIST || r == -EINVAL ? EXIT_USAGE : EXIT_AWAY);
	note_key_write(&k, &vkey);
	if (c->json) {
		j = json_pack("{s:s, s:s, s:s}", "key", path, "name", k.name, "vkey",
			      buf_str(&vkey));
		ctl_print_json(j);
		json_decref(j);
		return EXIT_GOOD;
	}
	say(stderr, T_KEY_MADE, path, path);
	puts(buf_str(&vkey));
	return EXIT_GOOD;
}

int cmd_witness_keygen(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "NAME", "FILE" };
	const char *words[2] = { NULL, NULL };
	int r = ctl_arguments(c, argc, argv, NULL, 0, words, names, 2, 2);

	return r == EXIT_GOOD ? make(c, words[0], words[1], NOTE_COSIGNATURE) : r;
}

/* Without words, what the configuration says: the log's name and its key's file are kept there. */
int cmd_log_keygen(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ORIGIN", "FILE" };
	const char *words[2] = { NULL, NULL };
	int r = ctl_arguments(c, argc, argv, NULL, 0, words, names, 0, 2);

	if (r == EXIT_GOOD && words[0] == NULL) {
		r = ctl_open_conf(c);
		words[0] = c->conf.log_origin;
		words[1] = c->conf.log_key;
		if (r == EXIT_GOOD && words[0][0] == '\0')
			r = ctl_usage(T_TOO_FEW, "log_origin");
	}
	if (r == EXIT_GOOD && words[1] == NULL)
		r = ctl_usage(T_TOO_FEW, names[1]);
	return r == EXIT_GOOD ? make(c, words[0], words[1], NOTE_ED25519) : r;
}
