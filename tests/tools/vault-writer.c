/*
 * vault-writer - put blobs into a vault and records into a journal until killed
 *
 *	vault-writer put VAULT JOURNALS SESSION SEED
 *	vault-writer records JOURNALS
 *	vault-writer resume VAULT SEED SIZE
 *	vault-writer bytes SEED SIZE
 *
 * put: STREAMS at a time, blobs of 1 byte to 3 MiB of bytes that follow from
 * SEED.  A sealed blob is recorded in the journal ("ADDRESS SIZE"), a durable
 * record is printed, one write(2) a line: what is printed was reported durable.
 * records: print every record of every journal.
 * resume: one blob, under a key; go on with what an earlier run left ("kept
 * BYTES"), until it is sealed ("sealed ADDRESS") or SIGTERM parks it ("parked").
 * bytes: what is in that blob, to standard output.
 */
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "vault/journal.h"
#include "vault/vault.h"

enum { STREAMS = 4, BLOCK = 256 * 1024, RING = 4, SIZE_MAX_ = 3 * 1024 * 1024 };

struct stream {
	uint64_t number;	/* of the blob, different in all streams */
	uint32_t size, written, called;
	struct vault_put *put;
	vault_seal_cb sealed;
	uint8_t *blocks;	/* RING of them */
	char record[DIGEST_HEX_SIZE + 24];
};

static uv_loop_t loop;
static struct vault *vault;
static struct journal *journal;
static uint64_t seed;

static void start(struct stream *s);

static void recorded(void *data, int r)
{
	struct stream *s = data;

	if (r < 0)
		errx(EXIT_FAILURE, "append: %s", uv_strerror(r));
	if (file_write_all(STDOUT_FILENO, s->record, strlen(s->record)) < 0)
		errx(EXIT_FAILURE, "standard output: cannot be written");
	s->number += STREAMS;
	start(s);
}

static void sealed(void *data, int r, const struct vault_sealed *sealed_, const struct err *e)
{
	struct stream *s = data;
	char hex[DIGEST_HEX_SIZE];

	if (r < 0)
		errx(EXIT_FAILURE, "seal: %s", e->msg);
	snprintf(s->record, sizeof(s->record), "%s %" PRIu64 "\n",
		 digest_hex(&sealed_->address, hex), sealed_->size);
	r = journal_append(journal, s->record, strlen(s->record), recorded, s);
	if (r < 0)
		errx(EXIT_FAILURE, "append: %s", uv_strerror(r));
}

static void feed(struct stream *s);

static void written(void *data, int r)
{
	struct stream *s = data;

	if (r < 0)
		errx(EXIT_FAILURE, "write: %s", vault_put_error(s->put)->msg);
	s->called++;
	if (s->called * BLOCK >= s->size)
		vault_put_seal(TAKE(s->put), s->sealed, s);
	else
		feed(s);
}

/* The block `written` of the stream; how long it is. */
static uint32_t make_block(const struct stream *s, uint8_t *block)
{
	uint8_t key[randombytes_SEEDBYTES] = { 0 };
	uint32_t len = MIN((uint32_t)BLOCK, s->size - s->written * BLOCK);

	memcpy(key, &seed, sizeof(seed));
	memcpy(key + 8, &s->number, sizeof(s->number));
	memcpy(key + 16, &s->written, sizeof(s->written));
	randombytes_buf_deterministic(block, len, key);
	return len;
}

static void feed(struct stream *s)
{
	while (s->written * BLOCK < s->size && s->written - s->called < RING) {
		uint8_t *block = s->blocks + (size_t)(s->written % RING) * BLOCK;
		uint32_t len = make_block(s, block);
		int r;

		r = vault_put_write(s->put, block, len, written, s);
		if (r < 0)
			errx(EXIT_FAILURE, "write: %s", uv_strerror(r));
		s->written++;
	}
}

static void start(struct stream *s)
{
	struct vault_put_options o = { .want_sha256 = s->number % 2 == 0 };
	struct err e;

	s->size = 1 + randombytes_uniform(SIZE_MAX_);
	s->written = s->called = 0;
	o.expected_size = s->number % 3 == 0 ? s->size : 0;
	if (vault_put_new(vault, &o, &s->put, &e) < 0)
		errx(EXIT_FAILURE, "put: %s", e.msg);
	feed(s);
}

static int put_until_killed(char **argv)
{
	static struct stream streams[STREAMS];
	struct err e;

	uv_loop_init(&loop);
	seed = strtoull(argv[5], NULL, 10);
	if (vault_open(&loop, argv[2], 0, &vault, &e) < 0 ||
	    journal_open(&loop, argv[3], argv[4], &journal, &e) < 0)
		errx(EXIT_FAILURE, "open: %s", e.msg);
	for (unsigned i = 0; i < STREAMS; i++) {
		streams[i].number = i;
		streams[i].sealed = sealed;
		streams[i].blocks = aligned_alloc(VAULT_ALIGN, (size_t)RING * BLOCK);
		if (streams[i].blocks == NULL)
			errx(EXIT_FAILURE, "start: no memory");
		start(&streams[i]);
	}
	return uv_run(&loop, UV_RUN_DEFAULT);
}

/* ------ one blob that is continued ------ */

static uv_signal_t term;

static void say(const char *text)
{
	if (file_write_all(STDOUT_FILENO, text, strlen(text)) < 0)
		errx(EXIT_FAILURE, "standard output: cannot be written");
}

static void whole(void *data, int r, const struct vault_sealed *sealed_, const struct err *e)
{
	char hex[DIGEST_HEX_SIZE], line[sizeof("sealed \n") + DIGEST_HEX_SIZE];

	(void)data;
	if (r < 0)
		errx(EXIT_FAILURE, "seal: %s", e->msg);
	snprintf(line, sizeof(line), "sealed %s\n", digest_hex(&sealed_->address, hex));
	say(line);
	uv_close((uv_handle_t *)&term, NULL);
}

static void parked(void *data, int r)
{
	(void)data;
	if (r < 0)
		errx(EXIT_FAILURE, "park: %s", uv_strerror(r));
	say("parked\n");
	uv_close((uv_handle_t *)&term, NULL);
}

static void on_term(uv_signal_t *t, int signum)
{
	struct stream *s = t->data;

	(void)signum;
	if (s->put != NULL)
		vault_put_park(TAKE(s->put), parked, s);
}

static void kept(void *data, int r, uint64_t bytes)
{
	struct stream *s = data;
	char line[40];

	if (r < 0 || bytes % BLOCK != 0)
		errx(EXIT_FAILURE, "resume: %d, %" PRIu64 " bytes", r, bytes);
	snprintf(line, sizeof(line), "kept %" PRIu64 "\n", bytes);
	say(line);
	s->written = s->called = (uint32_t)(bytes / BLOCK);
	feed(s);
}

static int resume(char **argv)
{
	static struct stream s = { .sealed = whole };
	const struct digest key = digest_of(argv[3], strlen(argv[3]));
	struct vault_put_options o = { .resume = &key };
	struct err e;

	uv_loop_init(&loop);
	seed = strtoull(argv[3], NULL, 10);
	o.expected_size = s.size = (uint32_t)strtoul(argv[4], NULL, 10);
	s.blocks = aligned_alloc(VAULT_ALIGN, (size_t)RING * BLOCK);
	if (s.blocks == NULL)
		errx(EXIT_FAILURE, "start: no memory");
	if (vault_open(&loop, argv[2], 0, &vault, &e) < 0 ||
	    vault_put_new(vault, &o, &s.put, &e) < 0 || vault_put_resume(s.put, kept, &s) < 0)
		errx(EXIT_FAILURE, "start: %s", e.msg);
	uv_signal_init(&loop, &term);
	term.data = &s;
	uv_signal_start(&term, on_term, SIGTERM);
	uv_run(&loop, UV_RUN_DEFAULT);
	vault_close(vault);
	free(s.blocks);
	return 0;
}

static int print_bytes(char **argv)
{
	static uint8_t block[BLOCK];
	struct stream s = { .size = (uint32_t)strtoul(argv[3], NULL, 10) };

	seed = strtoull(argv[2], NULL, 10);
	for (; s.written * BLOCK < s.size; s.written++)
		fwrite(block, 1, make_block(&s, block), stdout);
	return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}

static int print_journal(void *data, const char *session)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(JOURNAL_RECORD_MAX);
	struct journal *j;
	struct err e;
	uint64_t at = 0;
	int r;

	if (journal_open(&loop, data, session, &j, &e) < 0)
		errx(EXIT_FAILURE, "records: %s", e.msg);
	fprintf(stderr, "%s: %" PRIu64 " bytes of torn tail\n", session, journal_cut(j));
	while ((r = journal_read(j, &at, &b, &e)) > 0)
		fwrite(b.p, 1, b.len, stdout);
	if (r < 0)
		errx(EXIT_FAILURE, "records: %s", e.msg);
	return journal_close(j, 0, NULL);
}

int main(int argc, char **argv)
{
	struct err e;

	if (sodium_init() < 0)
		errx(EXIT_FAILURE, "libsodium: cannot start");
	if (argc == 6 && strcmp(argv[1], "put") == 0)
		return put_until_killed(argv);
	if (argc == 5 && strcmp(argv[1], "resume") == 0)
		return resume(argv);
	if (argc == 4 && strcmp(argv[1], "bytes") == 0)
		return print_bytes(argv);
	if (argc != 3 || strcmp(argv[1], "records") != 0) {
		fprintf(stderr, "usage: vault-writer put VAULT JOURNALS SESSION SEED\n"
			"       vault-writer records JOURNALS\n"
			"       vault-writer resume VAULT SEED SIZE\n"
			"       vault-writer bytes SEED SIZE\n");
		return 2;
	}
	uv_loop_init(&loop);
	if (journal_list(argv[2], print_journal, argv[2], &e) < 0)
		errx(EXIT_FAILURE, "records: %s", e.msg);
	return 0;
}
