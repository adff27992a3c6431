/* What a witness cosigned elsewhere (vaultctl witness check --out) comes home to the log. */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "ctl.h"
#include "tlog/heads.h"
#include "tlog/keyfile.h"

struct coming {
	struct ctl *ctl;
	const char *path;
	bool dry_run;
	struct note_key log;
	struct buf text;
	struct checkpoint head;
	unsigned kept;
	json_t *witnesses;		/* names of those whose lines were kept */
};

static int load(struct coming *k)
{
	char vkey[CONF_PATH_MAX + 16];
	struct err e = { 0, "" };

	snprintf(vkey, sizeof(vkey), "%s/log.vkey", k->ctl->conf.log);
	if (keyfile_public(vkey, &k->log, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (file_read(k->path, &k->text, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (checkpoint_parse(k->text.p, k->text.len, &k->head, &e) < 0) {
		err_prefix(&e, "%s", k->path);
		return ctl_fail(&e, EXIT_DAMAGE);
	}
	if (checkpoint_check(&k->head, k->text.p, &k->log) == CHECKPOINT_SIGNED)
		return EXIT_GOOD;
	say(stderr, T_WITNESS_FORGED, k->path, k->log.name);
	return EXIT_DAMAGE;
}

/* What root wrote there the user of custodyd could not read: be that user from here on. */
static int become_owner(const char *dir)
{
	struct err e = { 0, "" };
	struct stat st;

	if (stat(dir, &st) < 0) {
		err_set(&e, -errno, "%s: %s", dir, strerror(errno));
		return ctl_fail(&e, EXIT_AWAY);
	}
	if (st.st_uid == geteuid())
		return EXIT_GOOD;
	if (setgroups(0, NULL) == 0 && setgid(st.st_gid) == 0 && setuid(st.st_uid) == 0)
		return EXIT_GOOD;
	return ctl_usage(T_COSIGN_OWNER, dir);
}

static int keep(struct coming *k, const struct conf_witness *w, const struct note_key *key)
{
	const struct note_line *of = checkpoint_line(&k->head, key);
	AUTO(buf_clear) struct buf line = BUF_INIT(NOTE_LINE_MAX);
	struct err e = { 0, "" };
	int r = 0;

	note_line_write(key, of->sig, of->sig_len, &line);
	if (!k->dry_run)
		r = tlog_cosign(k->ctl->conf.log, &k->log, key, buf_str(&k->text), buf_str(&line), &e);
	if (r < 0)
		return ctl_fail(&e, r == -EBADMSG ? EXIT_DAMAGE : EXIT_AWAY);
	k->kept++;
	json_array_append_new(k->witnesses, json_string(w->name));
	if (!k->ctl->json)
		say(stdout, T_COSIGN_KEPT, w->name, key->name, k->head.origin,
		    (unsigned long long)k->head.size);
	return EXIT_GOOD;
}

static int take(struct coming *k, const struct conf_witness *w)
{
	struct note_key key;
	struct err e = { 0, "" };
	uint64_t time;

	if (note_key_parse(w->key, strlen(w->key), &key, &e) < 0) {
		err_prefix(&e, "witness %s", w->name);
		return ctl_fail(&e, EXIT_USAGE);
	}
	switch (checkpoint_check_cosignature(&k->head, k->text.p, &key, &time)) {
	case CHECKPOINT_SIGNED:
		return keep(k, w, &key);
	case CHECKPOINT_FORGED:
		say(stderr, T_COSIGN_FORGED, k->path, w->name, key.name);
		return EXIT_DAMAGE;
	case CHECKPOINT_UNSIGNED:
	case CHECKPOINT_OTHER_ORIGIN:
		break;
	}
	return EXIT_GOOD;
}

static int take_all(struct coming *k)
{
	const struct conf *conf = &k->ctl->conf;
	int r = EXIT_GOOD;
	size_t i;

	for (i = 0; i < conf->n_witnesses && r == EXIT_GOOD; i++)
		r = take(k, &conf->witnesses[i]);
	if (r == EXIT_GOOD && k->kept == 0) {
		say(stderr, T_COSIGN_NOBODY, k->path);
		r = EXIT_FINDINGS;
	}
	return r;
}

static void tell(const struct coming *k)
{
	json_t *j;

	if (k->dry_run)
		say(stderr, T_DRY_RUN);
	if (!k->ctl->json)
		return;
	j = json_pack("{s:s, s:I, s:O, s:b}", "log", k->head.origin, "size",
		      (json_int_t)k->head.size, "witnesses", k->witnesses, "dry_run", k->dry_run);
	ctl_print_json(j);
	json_decref(j);
}

int cmd_log_cosign(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "FILE" };
	struct coming k = { .ctl = c, .text = BUF_INIT(CHECKPOINT_MAX) };
	const struct option_spec options[] = { { "--dry-run", NULL, &k.dry_run } };
	int r;

	r = ctl_arguments(c, argc, argv, options, COUNT(options), &k.path, names, 1, 1);
	if (r == EXIT_GOOD)
		r = ctl_open_conf(c);
	if (r != EXIT_GOOD)
		return r;
	k.witnesses = json_array();
	r = load(&k);
	if (r == EXIT_GOOD)
		r = become_owner(c->conf.log);
	if (r == EXIT_GOOD)
		r = take_all(&k);
	if (r == EXIT_GOOD)
		tell(&k);
	json_decref(k.witnesses);
	buf_clear(&k.text);
	return r;
}
