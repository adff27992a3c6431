/*
 * What the tests of lib/vault share: a scratch directory, a loop that runs until
 * a callback came, patterns of bytes, and system calls that fail on demand.
 */
#ifndef UNIT_VAULT_RIG_H
#define UNIT_VAULT_RIG_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "vault/vault.h"

/* A new empty directory, removed with what is in it when the test process ends in rig_clean. */
const char *rig_dir(void);
void rig_clean(void);

/* len bytes, the same for the same seed; aligned for direct I/O, `shift` bytes off.  free_bytes() */
uint8_t *rig_bytes(size_t len, unsigned seed, size_t shift);
void rig_free_bytes(uint8_t *p, size_t shift);

/* What a callback brought. */
struct rig_result {
	int calls, r;
	struct vault_sealed sealed;
	struct err e;
};

void rig_cb(void *data, int r);
void rig_seal_cb(void *data, int r, const struct vault_sealed *sealed, const struct err *e);

/* What the callback of a resume brought. */
struct rig_kept {
	int calls, r;
	uint64_t bytes;
};

void rig_kept_cb(void *data, int r, uint64_t bytes);

/* The same callbacks, of a put that was left: they fail the test. */
void rig_never(void *data, int r);
void rig_never_sealed(void *data, int r, const struct vault_sealed *s, const struct err *e);
void rig_never_kept(void *data, int r, uint64_t kept);

/* Run the loop until calls callbacks came. */
void rig_wait(uv_loop_t *loop, const struct rig_result *res, int calls);

/* Run the loop until nothing is left, close it. */
void rig_end_loop(uv_loop_t *loop);

/* Put p in writes of at most `chunk` bytes and seal; what seal (or the first failure) brought. */
struct rig_put {
	uint64_t expected_size;
	bool want_sha256;
	size_t chunk;
};
struct rig_result rig_put(uv_loop_t *loop, struct vault *v, const struct rig_put *how,
			  const uint8_t *p, size_t len);

/* Open the vault in dir, store rig_bytes(len, seed, 0), close it: the address. */
struct digest rig_blob(const char *dir, unsigned seed, size_t len);

/* How many blobs of dir are whole and damaged, how many foreign names are there. */
struct rig_census {
	unsigned whole, damaged, foreign;
};
struct rig_census rig_count(const char *dir);

/*
 * From now on the system call fails with this errno, in this thread and those
 * it starts; with mask, only where one of these bits is set in argument arg.
 */
struct rig_fault {
	long call;
	int error;
	unsigned arg;
	uint32_t mask;
};
void rig_break(const struct rig_fault *f);

/* Run fn(arg) in a child process: 0 or 1; the line that fn returned is on standard error. */
int rig_in_child(int (*fn)(const void *arg), const void *arg);

/* The same, where rig_dir() is a disk of 1 MiB; where none can be had, that is said. */
void rig_on_small_disk(int (*fn)(const void *dir));

/* In a child's function: leave with the line that is not as it should be. */
#define RIG_WANT(cond)	do { if (!(cond)) return __LINE__; } while (0)

#endif
