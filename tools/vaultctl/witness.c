#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "text.h"
#include "tlog/keyfile.h"

enum { ROOT_HEX = 16 };

/* ------ opening ------ */

/*
 * By another name it would have another lock, and the first head that is cosigned would take the
 * link's place, so that two programs remember two things.
 */
static int refuse_link(const struct witness *w, struct err *e)
{
	struct stat st;

	if (lstat(w->state, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, -ELOOP, "%s: a link, or no file: name the state itself", w->state);
	return 0;
}

static int take_lock(struct witness *w, struct err *e)
{
	char path[PATH_MAX];
	int r;

	r = refuse_link(w, e);
	if (r < 0)
		return r;
	r = snprintf(path, sizeof(path), "%s.lock", w->state);
	if (r < 0 || (size_t)r >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: the path is too long", w->state);
	w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->lock < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (flock(w->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(e, -EBUSY, "%s: another witness program uses this state", w->state);
	return err_set(e, -errno, "%s: %s", path, strerror(errno));
}

static int load_state(struct witness *w, struct err *e)
{
	const struct note_key *me = note_secret_public(w->key);
	int r = file_read(w->state, &w->last_text, e);

	if (r == -ENOENT) {
		w->fresh = true;
		return 0;
	}
	if (r < 0)
		return r;
	r = witness_state_parse(w->last_text.p, w->last_text.len, &w->log, me, &w->last, e);
	if (r < 0)
		err_prefix(e, "%s", w->state);
	w->any = r == 0;
	return r;
}

static int load_keys(struct witness *w, const char *key, const char *log, struct err *e)
{
	int r;

	if ((r = keyfile_secret(key, &w->key, e)) < 0 || (r = keyfile_public(log, &w->log, e)) < 0)
		return r;
	if (note_secret_public(w->key)->type != NOTE_COSIGNATURE)
		return err_set(e, -EINVAL, "%s: not a witness's key: `vaultctl witness keygen` makes "
			       "one", key);
	if (w->log.type != NOTE_ED25519)
		return err_set(e, -EINVAL, "%s: not a log's key, but a witness's", log);
	return 0;
}

int witness_open(struct witness *w, const char *key, const char *state, const char *log,
		 struct err *e)
{
	int r;

	*w = (struct witness){ .state = state, .last_text = BUF_INIT(CHECKPOINT_MAX), .lock = -1 };
	if ((r = load_keys(w, key, log, e)) < 0 || (r = take_lock(w, e)) < 0)
		return r;
	return load_state(w, e);
}

void witness_close(struct witness *w)
{
	note_secret_free(w->key);
	buf_clear(&w->last_text);
	if (w->lock >= 0)
		close(w->lock);
}

/* ------ cosigning ------ */

enum witness_verdict witness_judge(const struct witness *w, const struct witness_request *q)
{
	return witness_decide(q, &w->log, w->any ? &w->last : NULL);
}

int witness_sign(struct witness *w, const struct checkpoint *head, const uint8_t *text,
		 uint64_t time, struct buf *line, struct err *e)
{
	AUTO(buf_clear) struct buf state = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf cosignature = BUF_INIT(NOTE_LINE_MAX);
	struct checkpoint next;
	int r;

	r = witness_cosign(head, text, &w->log, w->key, time, &cosignature, &state, e);
	if (r == 0)
		r = witness_state_parse(state.p, state.len, &w->log, note_secret_public(w->key),
					&next, e);
	/* Nobody may see a cosignature that a power cut could make us forget. */
	if (r == 0)
		r = file_replace(w->state, state.p, state.len, 0600, e);
	if (r < 0)
		return r;
	buf_add(line, cosignature.p, cosignature.len);
	w->any = true;
	w->last = next;
	buf_clear(&w->last_text);
	w->last_text = state;
	state = (struct buf)BUF_INIT(0);
	return 0;
}

/* ------ evidence ------ */

static bool is_full(const struct witness *w, enum witness_verdict v)
{
	AUTO(buf_clear) struct buf pattern = BUF_INIT(PATH_MAX);
	glob_t found = { .gl_pathc = 0 };
	const char *p;
	bool full;

	for (p = w->state; *p != '\0'; p++) {
		if (strchr("*?[\\", *p) != NULL)
			buf_adds(&pattern, "\\");
		buf_add(&pattern, p, 1);
	}
	buf_addf(&pattern, ".%s-*.refused", witness_verdict_text(v));
	full = !pattern.failed && glob(buf_str(&pattern), GLOB_NOSORT, NULL, &found) == 0 &&
		found.gl_pathc >= WITNESS_EVIDENCE_MAX;
	globfree(&found);
	return full;
}

static int keep_one(const struct buf *stem, const char *end, const void *p, size_t len,
		    struct err *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.%s", buf_str(stem), end);
	return file_replace(path, p, len, 0444, e);
}

static int keep(const struct witness *w, enum witness_verdict v, const struct checkpoint *head,
		const uint8_t *text, size_t len, struct buf *stem, struct err *e)
{
	char root[ROOT_HEX + 1], done[PATH_MAX];
	int r;

	if (!w->any)
		BUG("nothing was cosigned that could be contradicted");
	buf_addf(stem, "%s.%s-%" PRIu64 "-%" PRIu64 "-%s", w->state, witness_verdict_text(v),
		 w->last.size, head->size,
		 sodium_bin2hex(root, sizeof(root), head->root.b, ROOT_HEX / 2));
	r = snprintf(done, sizeof(done), "%s.refused", buf_str(stem));
	if (stem->failed || r < 0 || (size_t)r + sizeof(".tmp") > sizeof(done))
		return err_set(e, -ENAMETOOLONG, "%s: the path is too long", w->state);
	if (access(done, F_OK) == 0)
		return 0;		/* written last, so both are there */
	if (is_full(w, v))
		return err_set(e, -ENOSPC, "%s: %d pairs of heads are kept already", w->state,
			       WITNESS_EVIDENCE_MAX);
	r = keep_one(stem, "kept", w->last_text.p, w->last_text.len, e);
	return r == 0 ? keep_one(stem, "refused", text, len, e) : r;
}

void witness_contradicted(const struct witness *w, enum witness_verdict v,
			  const struct checkpoint *head, const uint8_t *text, size_t len,
			  struct buf *stem)
{
	static const enum lang languages[] = { LANG_ZH, LANG_EN };
	const enum lang before = text_language_now();
	AUTO(buf_clear) struct buf path = BUF_INIT(PATH_MAX);
	struct err e = { 0, "" };
	char line[1024];
	int r = keep(w, v, head, text, len, &path, &e);
	size_t i;

	for (i = 0; i < COUNT(languages); i++) {
		text_language(languages[i]);
		log_err("%s", text_fill(line, sizeof(line), v == WITNESS_FORK ? T_WITNESS_FORK :
					T_WITNESS_UNPROVEN, head->origin, w->last.size, head->size,
					buf_str(&path), buf_str(&path)));
		if (r < 0)
			log_err("%s", text_fill(line, sizeof(line), T_WITNESS_NOT_KEPT, e.msg));
	}
	text_language(before);
	if (stem != NULL)
		buf_add(stem, path.p, path.len);
}
