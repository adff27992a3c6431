#include "round.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "book.h"

struct round {
	const struct conf *conf;
	const struct note_secret *key;
	char conninfo[CONF_PATH_MAX + 32];
	struct book *book;
	struct book_state state;	/* what the book said last */
	struct tlog_writer *writer;

	/* The newest checkpoint of the files, and the hash of its last leaf. */
	uint64_t published;
	struct merkle_hash published_root, published_last;
	struct buf checkpoint;

	/* Leaves on their way from the catalog to the files. */
	uint8_t *bytes;
	size_t len;
	struct tlog_leaf leaves[TLOG_BATCH_LEAVES];
	size_t n_leaves;
	uint64_t next;			/* the number of the next */
	struct merkle_hash last;	/* of the last that was appended */
	struct err *e;			/* of the statement that brings them */

	bool config_noted;
	enum seq_verdict found;		/* of the finding that was told last */
};

/* ------ judging ------ */

/* Of the tree of the newest checkpoint, the root that it had at `size`. */
static int root_at(struct round *r, uint64_t size, struct merkle_hash *ret, struct err *e)
{
	AUTO(tlog_reader_closep) struct tlog_reader *reader = NULL;
	int code;

	if (size == r->published) {
		*ret = r->published_root;
		return 0;
	}
	code = tlog_reader_open(r->conf->log, &reader, e);
	if (code < 0)
		return code;
	tlog_reader_size(reader, r->published);
	return merkle_root(size, tlog_reader_node, reader, ret, e);
}

static int hash_leaf(void *data, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct merkle_hash *hash = data;

	(void)index;
	*hash = merkle_leaf(bytes, len);
	return 0;
}

static enum checkpoint_verdict check_note(const char *note, const struct note_key *key)
{
	struct checkpoint c;

	if (checkpoint_parse((const uint8_t *)note, strlen(note), &c, NULL) < 0)
		return CHECKPOINT_FORGED;
	return checkpoint_check(&c, (const uint8_t *)note, key);
}

/*
 * Ask the catalog, and judge what is signed against it.  What is left out of the facts, seq_judge()
 * does not look at.
 */
static int judge(struct round *r, enum seq_verdict *ret, struct err *e)
{
	const struct note_key *key = note_secret_public(r->key);
	struct seq_facts f = { .size = r->published };
	struct merkle_hash last = merkle_empty();
	int code;

	code = book_state(r->book, &r->state, e);
	if (code == 0 && r->published > 0)
		code = book_leaves(r->book, r->published - 1, r->published, hash_leaf, &last, e);
	if (code < 0)
		return code;
	f.entries = r->state.entries;
	f.told = r->state.told;
	f.told_root = r->state.told_root;
	f.last_leaf_same = merkle_equal(&last, &r->published_last);
	if (f.told > f.size)
		f.told_key = check_note(r->state.told_note, key);
	else if (f.told > 0)
		code = root_at(r, f.told, &f.root_at_told, e);
	if (code < 0)
		return code;
	*ret = seq_judge(&f);
	return 0;
}

/* Once for each verdict and size; what people are to do about it, the sequencer says. */
static void tell_finding(struct round *r, enum seq_verdict v)
{
	struct err e = { .code = 0 };
	char fact[64];
	json_t *detail;
	char *text;

	if (seq_verdict_text(v) == NULL || v == r->found)
		return;
	snprintf(fact, sizeof(fact), "%s at %" PRIu64, seq_verdict_name(v),
		 MAX(r->published, r->state.told));
	detail = json_pack("{s:s, s:I, s:I, s:I}", "why", seq_verdict_name(v), "signed",
			   (json_int_t)r->published, "entries", (json_int_t)r->state.entries, "told",
			   (json_int_t)r->state.told);
	text = json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS);
	if (text != NULL && round_find(r, "custody_log_inconsistent", fact, text, &e) == 0)
		r->found = v;
	else
		log_err("no finding that the log is inconsistent: %s", e.msg);
	free(text);
	json_decref(detail);
}

static int judge_and_tell(struct round *r, enum seq_verdict *ret, struct err *e)
{
	int code = judge(r, ret, e);

	if (code == 0)
		tell_finding(r, *ret);
	return code;
}

/* ------ connection and lock ------ */

int round_connect(struct round *r, struct err *e)
{
	return book_open(r->conninfo, &r->book, e);
}

int round_lock(struct round *r, bool *ret_got, struct err *e)
{
	return book_lock(r->book, ret_got, e);
}

/* ------ opening ------ */

/* What the files say of themselves, and is bad, is a verdict, too. */
static int judge_files(struct round *r, int code, enum seq_verdict *ret)
{
	if (code == -EBADMSG) {
		*ret = SEQ_FILES_DAMAGED;
		tell_finding(r, *ret);
	}
	return code;
}

/* Of another key's log not even the files are opened: a writer would only call them damaged. */
static int judge_key(struct round *r, enum seq_verdict *ret, struct err *e)
{
	AUTO(tlog_reader_closep) struct tlog_reader *reader = NULL;
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	const struct note_key *key = note_secret_public(r->key);
	enum checkpoint_verdict verdict = CHECKPOINT_SIGNED;
	struct checkpoint c;
	int code;

	*ret = SEQ_GOOD;
	code = tlog_reader_open(r->conf->log, &reader, e);
	if (code == 0)
		code = tlog_reader_checkpoint(reader, &text, &c, e);
	if (code < 0 && code != -ENOENT)
		return code;
	if (code == 0)
		verdict = checkpoint_check(&c, text.p, key);
	*ret = seq_judge_key(strcmp(key->name, r->conf->log_origin) == 0, verdict);
	tell_finding(r, *ret);
	return 0;
}

/* The newest checkpoint of the files. */
static int take_published(struct round *r, uint64_t size, struct err *e)
{
	AUTO(tlog_reader_closep) struct tlog_reader *reader = NULL;
	struct checkpoint c;
	int code;

	r->published = size;
	r->published_root = r->published_last = merkle_empty();
	buf_reset(&r->checkpoint);
	if (size == 0)
		return 0;
	code = tlog_reader_open(r->conf->log, &reader, e);
	if (code == 0)
		code = tlog_reader_checkpoint(reader, &r->checkpoint, &c, e);
	if (code < 0)
		return code;
	r->published_root = c.root;
	tlog_reader_size(reader, size);
	return tlog_reader_node(reader, 0, size - 1, &r->published_last, e);
}

/* For whoever is given the log's files and nothing else. */
static int write_vkey(const struct round *r, struct err *e)
{
	AUTO(buf_clear) struct buf key = BUF_INIT(NOTE_KEY_TEXT_MAX + 2),
				   there = BUF_INIT(NOTE_KEY_TEXT_MAX + 2);
	char path[CONF_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/log.vkey", r->conf->log);
	note_key_write(note_secret_public(r->key), &key);
	buf_adds(&key, "\n");
	if (file_read(path, &there, NULL) == 0 && there.len == key.len &&
	    memcmp(there.p, key.p, key.len) == 0)
		return 0;
	return file_replace(path, key.p, key.len, 0644, e);
}

static int tell_signed(struct round *r, struct err *e)
{
	int code;

	if (r->published <= r->state.told)
		return 0;
	code = book_signed(r->book, r->published, &r->published_root, buf_str(&r->checkpoint), e);
	if (code < 0)
		return code;
	r->state.told = r->published;
	r->state.told_root = r->published_root;
	return 0;
}

int round_open(struct round *r, enum seq_verdict *ret, struct err *e)
{
	uint64_t size = 0;
	int code;

	code = book_state(r->book, &r->state, e);
	if (code == 0)
		code = judge_files(r, judge_key(r, ret, e), ret);
	if (code < 0 || seq_verdict_text(*ret) != NULL)
		return code;
	code = tlog_writer_open(r->conf->log, note_secret_public(r->key), &r->writer, &size, e);
	if (code == 0)
		code = take_published(r, size, e);
	if (code < 0)
		return judge_files(r, code, ret);
	code = judge_and_tell(r, ret, e);
	if (code < 0 || seq_verdict_text(*ret) != NULL)
		return code;
	r->found = SEQ_GOOD;
	code = write_vkey(r, e);
	return code < 0 ? code : tell_signed(r, e);
}

/* ------ gathering ------ */

static int append(struct round *r)
{
	const struct tlog_leaf *last = r->leaves + r->n_leaves - 1;
	int code;

	if (r->n_leaves == 0)
		return 0;
	code = tlog_writer_append(r->writer, r->leaves, r->n_leaves, r->e);
	if (code < 0)
		return code;
	r->last = merkle_leaf(last->bytes, last->len);
	r->n_leaves = 0;
	r->len = 0;
	return 0;
}

/* What does not come in its turn is missing, and so is all that comes behind it. */
static int take_leaf(void *data, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct round *r = data;
	int code;

	if (index != r->next)
		return 0;
	if (r->n_leaves == TLOG_BATCH_LEAVES || r->len + len > TLOG_BATCH_BYTES) {
		code = append(r);
		if (code < 0)
			return code;
	}
	memcpy(r->bytes + r->len, bytes, len);
	r->leaves[r->n_leaves++] = (struct tlog_leaf){ .bytes = r->bytes + r->len, .len = len };
	r->len += len;
	r->next++;
	return 0;
}

static int append_up_to(struct round *r, uint64_t to, enum seq_verdict *ret, struct err *e)
{
	int code;

	r->e = e;
	r->n_leaves = 0;
	r->len = 0;
	r->next = tlog_writer_size(r->writer);
	code = book_leaves(r->book, r->next, to, take_leaf, r, e);
	if (code == 0)
		code = append(r);
	if (code == 0 && r->next != to) {
		*ret = SEQ_ENTRY_MISSING;
		tell_finding(r, *ret);
	}
	return code;
}

/* A tree as large as what the catalog was told of last has to be that tree. */
static void judge_root(struct round *r, enum seq_verdict *ret)
{
	struct merkle_hash root = tlog_writer_root(r->writer);

	if (tlog_writer_size(r->writer) != r->state.told ||
	    merkle_equal(&root, &r->state.told_root))
		return;
	*ret = SEQ_ROOT_DIFFERS;
	tell_finding(r, *ret);
}

/*
 * As each step begins.  A checkpoint that the catalog was told of by somebody else is judged when
 * the log is opened anew: its files come to that size then, and not beyond.
 */
static int judge_step(struct round *r, enum seq_verdict *ret, struct err *e)
{
	int code = judge_and_tell(r, ret, e);

	if (code == 0 && *ret == SEQ_BEHIND && tlog_writer_size(r->writer) > r->state.told)
		return err_set(e, -ESTALE, "custody log %s: the catalog was told of a checkpoint of %"
			       PRIu64 " leaves that was not signed here: looking at all of it again",
			       r->conf->log_origin, r->state.told);
	return code;
}

/* Files that were lost are written again up to what was signed, which has to be the same tree. */
static int append_again(struct round *r, enum seq_verdict *ret, struct err *e)
{
	uint64_t to = MIN(r->state.told, tlog_writer_size(r->writer) + ROUND_EVENTS);
	int code = append_up_to(r, to, ret, e);

	if (code == 0 && seq_verdict_text(*ret) == NULL)
		judge_root(r, ret);
	return code;
}

int round_gather(struct round *r, bool *ret_more, enum seq_verdict *ret, struct err *e)
{
	uint64_t size, to;
	int code;

	code = judge_step(r, ret, e);
	if (code < 0 || seq_verdict_text(*ret) != NULL)
		return code;
	size = tlog_writer_size(r->writer);
	if (size < r->state.told) {
		*ret_more = true;
		return append_again(r, ret, e);
	}
	/* The places given before come first: a crash, or a step that failed, left them. */
	if (r->state.entries < size + ROUND_EVENTS)
		code = book_place(r->book, (unsigned)(size + ROUND_EVENTS - r->state.entries),
				  &r->state.entries, e);
	if (code < 0)
		return code;
	to = MIN(r->state.entries, size + ROUND_EVENTS);
	*ret_more = to == size + ROUND_EVENTS;
	return append_up_to(r, to, ret, e);
}

/* ------ publishing ------ */

int round_publish(struct round *r, enum seq_verdict *ret, struct err *e)
{
	int code;

	code = judge_step(r, ret, e);
	if (code < 0 || seq_verdict_text(*ret) != NULL)
		return code;
	judge_root(r, ret);
	if (seq_verdict_text(*ret) != NULL || tlog_writer_size(r->writer) < r->state.told)
		return 0;
	buf_reset(&r->checkpoint);
	code = tlog_writer_publish(r->writer, r->key, &r->checkpoint, e);
	if (code < 0)
		return judge_files(r, code, ret);
	r->published = tlog_writer_size(r->writer);
	r->published_root = tlog_writer_root(r->writer);
	r->published_last = r->last;
	return tell_signed(r, e);
}

/* ------ notes ------ */

int round_note(struct round *r, struct err *e)
{
	int code = 0;

	if (!r->config_noted)
		code = book_note_config(r->book, r->conf->station, r->conf->sha256, e);
	r->config_noted = r->config_noted || code == 0;
	if (code == 0)
		code = book_note_roles(r->book, e);
	return code;
}

int round_find(struct round *r, const char *code, const char *fact, const char *detail,
	       struct err *e)
{
	return book_find(r->book, code, r->conf->log_origin, fact, detail, e);
}

/* ------ life ------ */

void round_close_log(struct round *r)
{
	tlog_writer_close(TAKE(r->writer));
	r->published = 0;
}

void round_close_all(struct round *r)
{
	round_close_log(r);
	book_close(TAKE(r->book));
}

uint64_t round_appended(const struct round *r)
{
	return r->writer != NULL ? tlog_writer_size(r->writer) : 0;
}

uint64_t round_published(const struct round *r)
{
	return r->published;
}

uint64_t round_told(const struct round *r)
{
	return r->state.told;
}

int round_socket(const struct round *r)
{
	return book_socket(r->book);
}

int round_heard(struct round *r, bool *ret_heard, struct err *e)
{
	return book_heard(r->book, ret_heard, e);
}

struct round *round_new(const struct conf *conf, const struct note_secret *key)
{
	struct round *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->conf = conf;
	r->key = key;
	r->checkpoint.max = CHECKPOINT_MAX;
	r->bytes = malloc(TLOG_BATCH_BYTES);
	if (r->bytes == NULL) {
		free(r);
		return NULL;
	}
	/* What the operator wrote comes later, and so wins. */
	snprintf(r->conninfo, sizeof(r->conninfo), "user=dv_custody %s", conf->database);
	return r;
}

void round_free(struct round *r)
{
	if (r == NULL)
		return;
	round_close_all(r);
	buf_clear(&r->checkpoint);
	free(r->bytes);
	free(r);
}
