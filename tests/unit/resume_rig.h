/*
 * A vault in a directory, and one content that is put there under one key, is
 * interrupted and continued: what the tests of lib/vault/vault_partial share.
 */
#ifndef UNIT_RESUME_RIG_H
#define UNIT_RESUME_RIG_H

#include <sys/types.h>

#include "unit/vault_rig.h"

enum {
	RESUME_LONG = 2 * VAULT_CHUNK + 2 * 1024 * 1024 + 777,	/* content of several chunks */
	RESUME_STEP = 64 * 1024,
	RESUME_SHORT = 3 * RESUME_STEP + 777,	/* content that is parked after each step */
	RESUME_PARKED = 3 * RESUME_STEP,
};

/* Tests have a process each, or come one behind the other: there is one. */
struct resume_rig {
	uv_loop_t loop;
	struct vault *v;
	const char *dir;
	uint8_t *content;
	size_t length;
	struct digest key, address;	/* tests may go on with another key */
	uint8_t sha256[32];
};
extern struct resume_rig resume;

/* An unchecked fixture: RESUME_LONG bytes are made and hashed once, before tests are forked. */
void resume_prepare(void);

/* A new vault, and `len` bytes to put there; those that were prepared are not to be written to. */
void resume_setup(size_t len);
void resume_teardown(void);

/* What is left under the key, ".data" or ".marks": its path; its size, or why there is none. */
void resume_name_of(const char *suffix, char path[VAULT_PATH_MAX]);
off_t resume_size_of(const char *suffix);
bool resume_is_nothing_left(void);

/* A put under the key; expected 0: not known. */
struct vault_put *resume_put_new(uint64_t expected);

/* Write p in pieces, one at a time: marks fall where a chunk is full.  The first failure, or 0. */
int resume_write_all(struct vault_put *put, const uint8_t *p, size_t len, size_t piece);

/* vault_put_resume and vault_put_park, up to their callbacks. */
struct rig_kept resume_take_up(struct vault_put *put);
int resume_park(struct vault_put *put);

/* Three marks, at each step. */
void resume_leave_parked(void);

/* Take up, write the rest, seal: it is the content, and how much had been kept. */
uint64_t resume_finish(void);

/* Exactly one blob, read-only, under one name. */
void resume_check_blob(void);

#endif
