/* A witness of somebody else's log: listening, or looking at it once. */
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/socket.h"
#include "base/util.h"
#include "base/utc.h"
#include "ctl.h"
#include "log_source.h"
#include "witness.h"
#include "witness_http.h"

#define ROOT_TEXT	sodium_base64_ENCODED_LEN(MERKLE_HASH_LEN, sodium_base64_VARIANT_ORIGINAL)

struct files {
	const char *key, *state, *log;
};

static int exit_of(int r)
{
	switch (r) {
	case -EBADMSG:	return EXIT_DAMAGE;
	case -EPERM:
	case -EINVAL:	return EXIT_USAGE;
	default:	return EXIT_AWAY;
	}
}

/* Each of these has to be named: a default could be another log's. */
static int check_files(const struct files *f)
{
	if (f->key == NULL)
		return ctl_usage(T_TOO_FEW, "--key FILE");
	if (f->state == NULL)
		return ctl_usage(T_TOO_FEW, "--state FILE");
	return f->log == NULL ? ctl_usage(T_TOO_FEW, "--log FILE.vkey") : EXIT_GOOD;
}

static int open_witness(struct witness *w, const struct files *f)
{
	struct err e = { 0, "" };
	int r;

	daemon_guard_memory();
	r = witness_open(w, f->key, f->state, f->log, &e);
	if (r < 0)
		return ctl_fail(&e, exit_of(r));
	if (!w->any)
		say(stderr, T_WITNESS_FRESH, f->state);
	return EXIT_GOOD;
}

/* ------ serve ------ */

struct serving {
	const struct ctl *ctl;
	const struct witness *witness;
	const char *where;
};

static void on_ready(void *data)
{
	const struct serving *s = data;
	const struct note_key *me = note_secret_public(s->witness->key);
	json_t *j;

	if (s->ctl->json) {
		j = json_pack("{s:s, s:s, s:s, s:I}", "listen", s->where, "witness", me->name, "log",
			      s->witness->log.name, "size", (json_int_t)s->witness->last.size);
		ctl_print_json(j);
		json_decref(j);
	} else {
		say(stdout, T_WITNESS_LISTENS, me->name, s->witness->log.name, s->where);
	}
	fflush(stdout);
	sd_notify(0, "READY=1");
}

static int open_signals(struct err *e)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	fd = sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -1 :
		signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_set(e, -errno, "signals: %s", strerror(errno)) : fd;
}

static int serve(const struct ctl *c, struct witness *w, const char *at)
{
	AUTO(buf_clear) struct buf where = BUF_INIT(CONF_PATH_MAX);
	struct serving serving = { .ctl = c, .witness = w };
	struct err e = { 0, "" };
	int listener = -1, stop, r;

	stop = open_signals(&e);
	if (stop < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = socket_listen(at, &listener, &where, &e);
	if (r == 0) {
		serving.where = buf_str(&where);
		r = witness_http_run(w, listener, stop, on_ready, &serving, &e);
	}
	close(stop);
	return r < 0 ? ctl_fail(&e, exit_of(r)) : EXIT_GOOD;
}

int cmd_witness_serve(struct ctl *c, int argc, char **argv)
{
	struct files f = { .key = NULL };
	const char *listen = NULL;
	const struct option_spec options[] = {
		{ "--key", &f.key, NULL }, { "--state", &f.state, NULL }, { "--log", &f.log, NULL },
		{ "--listen", &listen, NULL },
	};
	struct witness w;
	int r;

	r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);
	if (r == EXIT_GOOD)
		r = check_files(&f);
	if (r == EXIT_GOOD && listen == NULL)
		r = ctl_usage(T_TOO_FEW, "--listen ADDRESS:PORT|unix:PATH");
	if (r != EXIT_GOOD)
		return r;
	log_init("vaultctl witness", LOG_LEVEL_INFO);
	r = open_witness(&w, &f);
	if (r == EXIT_GOOD)
		r = serve(c, &w, listen);
	witness_close(&w);
	return r;
}

/* ------ check ------ */

struct check {
	const struct ctl *ctl;
	struct witness *witness;
	const char *where, *out;
	struct buf text;		/* of the head that is there */
	struct checkpoint head;
	uint64_t old;			/* size of what was cosigned before */
	struct buf line, kept;
};

/* One document says what came of it, whatever it was. */
static void tell(const struct check *k, const char *verdict)
{
	char root[ROOT_TEXT];
	json_t *j;

	if (!k->ctl->json)
		return;
	j = json_pack("{s:s, s:s, s:I, s:s, s:I, s:s*, s:s*}", "verdict", verdict, "log",
		      k->head.origin, "size", (json_int_t)k->head.size, "root",
		      sodium_bin2base64(root, sizeof(root), k->head.root.b, sizeof(k->head.root.b),
					sodium_base64_VARIANT_ORIGINAL),
		      "old", (json_int_t)k->old,
		      "cosignature", k->line.len > 0 ? buf_str(&k->line) : NULL,
		      "kept", k->kept.len > 0 ? buf_str(&k->kept) : NULL);
	ctl_print_json(j);
	json_decref(j);
}

static int cosign(struct check *k)
{
	struct witness *w = k->witness;
	struct err e = { 0, "" };

	if (witness_sign(w, &k->head, k->text.p, (uint64_t)(utc_now() / 1000), &k->line, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (k->out != NULL &&
	    file_replace(k->out, w->last_text.p, w->last_text.len, 0644, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	say(stderr, T_WITNESS_COSIGNED, k->head.origin, (unsigned long long)k->head.size,
	    (unsigned long long)k->old);
	if (!k->ctl->json)
		fputs(buf_str(&k->line), stdout);
	tell(k, witness_verdict_text(WITNESS_COSIGN));
	return EXIT_GOOD;
}

static int fork_found(struct check *k)
{
	witness_contradicted(k->witness, WITNESS_FORK, &k->head, k->text.p, k->text.len, &k->kept);
	tell(k, witness_verdict_text(WITNESS_FORK));
	return EXIT_DAMAGE;
}

/*
 * The log's own files must make the root that it signed: then what they make of our size is what it
 * says of that, and another root there is a fork, proved by its own files and signature.
 */
static int compare(struct check *k, struct log_source *s)
{
	const struct checkpoint *last = &k->witness->last;
	struct merkle_hash root;
	struct merkle_proof proof;
	struct err e = { 0, "" };
	int r;

	r = merkle_root(k->head.size, log_source_node, s, &root, &e);
	if (r == 0 && k->old > 0)
		r = merkle_prove_consistency(k->old, k->head.size, log_source_node, s, &proof, &e);
	if (r < 0)
		return ctl_fail(&e, exit_of(r));
	if (!merkle_equal(&root, &k->head.root)) {
		say(stderr, T_WITNESS_DAMAGED, k->where, k->head.origin,
		    (unsigned long long)k->head.size);
		tell(k, "damaged");
		return EXIT_DAMAGE;
	}
	if (k->old > 0 && !merkle_check_consistency(k->old, k->head.size, &proof, &last->root,
						    &k->head.root))
		return fork_found(k);
	return cosign(k);
}

static int judge(struct check *k, struct log_source *s)
{
	const struct witness *w = k->witness;

	switch (checkpoint_check(&k->head, k->text.p, &w->log)) {
	case CHECKPOINT_SIGNED:
		break;
	case CHECKPOINT_OTHER_ORIGIN:
		say(stderr, T_WITNESS_OTHER, k->where, k->head.origin, w->log.name);
		tell(k, witness_verdict_text(WITNESS_OTHER_ORIGIN));
		return EXIT_USAGE;
	case CHECKPOINT_UNSIGNED:
	case CHECKPOINT_FORGED:
		say(stderr, T_WITNESS_FORGED, k->where, w->log.name);
		tell(k, witness_verdict_text(WITNESS_UNSIGNED));
		return EXIT_DAMAGE;
	}
	if (w->any && k->head.size == w->last.size && !merkle_equal(&k->head.root, &w->last.root))
		return fork_found(k);
	if (k->head.size < k->old) {
		say(stderr, T_WITNESS_OLDER, k->where, k->head.origin,
		    (unsigned long long)k->head.size, (unsigned long long)k->old);
		tell(k, "older");
		return EXIT_FINDINGS;
	}
	return compare(k, s);
}

static int check(struct check *k)
{
	AUTO(log_source_closep) struct log_source *s = NULL;
	struct err e = { 0, "" };
	int r;

	k->old = k->witness->any ? k->witness->last.size : 0;
	if ((r = log_source_open(k->where, &s, &e)) < 0 ||
	    (r = log_source_checkpoint(s, &k->text, &k->head, &e)) < 0)
		return ctl_fail(&e, exit_of(r));
	return judge(k, s);
}

int cmd_witness_check(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PATH|URL" };
	struct files f = { .key = NULL };
	struct witness w;
	struct check k = {
		.ctl = c, .witness = &w, .text = BUF_INIT(CHECKPOINT_MAX),
		.line = BUF_INIT(NOTE_LINE_MAX), .kept = BUF_INIT(CONF_PATH_MAX),
	};
	const struct option_spec options[] = {
		{ "--key", &f.key, NULL }, { "--state", &f.state, NULL }, { "--log", &f.log, NULL },
		{ "--out", &k.out, NULL },
	};
	int r;

	r = ctl_arguments(c, argc, argv, options, COUNT(options), &k.where, names, 1, 1);
	if (r == EXIT_GOOD)
		r = check_files(&f);
	if (r != EXIT_GOOD)
		return r;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	r = open_witness(&w, &f);
	if (r == EXIT_GOOD)
		r = check(&k);
	witness_close(&w);
	buf_clear(&k.text);
	buf_clear(&k.line);
	buf_clear(&k.kept);
	curl_global_cleanup();
	return r;
}
