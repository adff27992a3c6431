/*
 * tlog-drive - makes custody logs as files, and says what their own files prove.
 *
 *	tlog-drive make LOG KEY N [WORD]	append N leaves "WORD i" ("leaf" when not said) and sign
 *						with the key in this file; prints the size
 *	tlog-drive request LOG OLD [FROM]	the request to a witness that has size OLD, with the
 *						proof from FROM (OLD when not said; 0: none)
 *	tlog-drive prove LOG INDEX		the proof of that leaf (c2sp.org/tlog-proof)
 *	tlog-drive leaf LOG INDEX		its bytes
 *
 * Exits 1 when it could not, saying why.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "custody/proof.h"
#include "custody/witness.h"
#include "tlog/keyfile.h"
#include "tlog/tlog.h"

/* ------ making ------ */

static int append(struct tlog_writer *w, const char *word, uint64_t n, struct err *e)
{
	char text[128];
	struct tlog_leaf leaf = { .bytes = (const uint8_t *)text };
	int r = 0;

	while (n-- > 0 && r == 0) {
		leaf.len = (size_t)snprintf(text, sizeof(text), "%.64s %llu", word,
					    (unsigned long long)tlog_writer_size(w));
		r = tlog_writer_append(w, &leaf, 1, e);
	}
	return r;
}

static int make(const char *dir, const char *key_path, uint64_t n, const char *word,
		struct err *e)
{
	AUTO(note_secret_freep) struct note_secret *key = NULL;
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_writer *w = NULL;
	uint64_t size;
	int r;

	if ((r = keyfile_secret(key_path, &key, e)) < 0 ||
	    (r = tlog_writer_open(dir, note_secret_public(key), &w, &size, e)) < 0)
		return r;
	r = append(w, word, n, e);
	if (r == 0)
		r = tlog_writer_publish(w, key, &text, e);
	if (r == 0)
		printf("%llu\n", (unsigned long long)tlog_writer_size(w));
	tlog_writer_close(w);
	return r;
}

/* ------ proving ------ */

struct log {
	struct tlog_reader *reader;
	struct buf text;
	struct checkpoint head;
};

static void put(const struct buf *b)
{
	fwrite(b->p, 1, b->len, stdout);
}

static int request(struct log *l, uint64_t old, uint64_t from, struct err *e)
{
	AUTO(buf_clear) struct buf to = BUF_INIT(WITNESS_REQUEST_MAX);
	struct merkle_proof proof = { .n = 0 };
	int r = 0;

	if (from > 0)
		r = merkle_prove_consistency(from, l->head.size, tlog_reader_node, l->reader,
					     &proof, e);
	if (r == 0)
		r = witness_request_write(old, &proof, l->text.p, l->text.len, &to, e);
	if (r == 0)
		put(&to);
	return r;
}

static int prove(struct log *l, uint64_t index, struct err *e)
{
	AUTO(buf_clear) struct buf to = BUF_INIT(PROOF_TEXT_MAX);
	struct merkle_proof proof;
	int r = merkle_prove_inclusion(index, l->head.size, tlog_reader_node, l->reader, &proof, e);

	if (r < 0)
		return r;
	proof_write(index, &proof, l->text.p, l->text.len, &to);
	put(&to);
	return 0;
}

static int leaf(struct log *l, uint64_t index, struct err *e)
{
	AUTO(buf_clear) struct buf to = BUF_INIT(TILE_ENTRY_MAX);
	int r = tlog_reader_entry(l->reader, index, &to, e);

	if (r == 0)
		put(&to);
	return r;
}

static int ask(const char *what, const char *dir, uint64_t n, uint64_t from, struct err *e)
{
	struct log l = { .text = BUF_INIT(CHECKPOINT_MAX) };
	int r;

	if ((r = tlog_reader_open(dir, &l.reader, e)) == 0 &&
	    (r = tlog_reader_checkpoint(l.reader, &l.text, &l.head, e)) == 0)
		r = strcmp(what, "request") == 0 ? request(&l, n, from, e) :
			strcmp(what, "prove") == 0 ? prove(&l, n, e) : leaf(&l, n, e);
	tlog_reader_close(l.reader);
	buf_clear(&l.text);
	return r;
}

static uint64_t number(const char *s)
{
	return strtoull(s, NULL, 10);
}

int main(int argc, char **argv)
{
	struct err e = { 0, "" };
	int r;

	if (sodium_init() < 0)
		return 1;
	if ((argc == 5 || argc == 6) && strcmp(argv[1], "make") == 0) {
		r = make(argv[2], argv[3], number(argv[4]), argc == 6 ? argv[5] : "leaf", &e);
	} else if (argc >= 4 && argc <= 5) {
		r = ask(argv[1], argv[2], number(argv[3]), number(argv[argc - 1]), &e);
	} else {
		fprintf(stderr, "usage: tlog-drive make|request|prove|leaf LOG ...\n");
		return 1;
	}
	if (r < 0)
		fprintf(stderr, "tlog-drive: %s\n", e.msg);
	return r < 0;
}
