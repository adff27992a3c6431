/* What the tests of lib/tlog share: a key, leaves, logs of them, and files of a log that change. */
#ifndef UNIT_TLOG_RIG_H
#define UNIT_TLOG_RIG_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "tlog/tlog.h"

#define RIG_ORIGIN	"station.example/custody"

enum { RIG_LEAF_MAX = 128, RIG_PATH_SIZE = 512 };

/* The key that signs the logs of this process. */
const struct note_secret *rig_key(void);

/* Leaf `index`; its length. */
size_t rig_leaf(uint64_t index, uint8_t ret[RIG_LEAF_MAX]);

/* The root of the tree of that many of them. */
struct merkle_hash rig_root(uint64_t size);

/* DIR/name; good for four calls. */
const char *rig_name(const char *dir, const char *name);

struct tlog_writer *rig_open(const char *dir, uint64_t want_size);
void rig_append(struct tlog_writer *w, uint64_t to);
/* Publish, and see that the checkpoint is that of the tree. */
void rig_publish(struct tlog_writer *w);

/* Open, append up to `to`, publish, close. */
void rig_grow(const char *dir, uint64_t to);

/* The log has `size` leaves, each file that it should, and nothing contradicts the others. */
void rig_want_log(const char *dir, uint64_t size);

/* All files of the tree of that size have the same bytes in both; checkpoints, too. */
void rig_want_same(const char *a, const char *b, uint64_t size);

void rig_file(const char *path, const void *p, size_t len);	/* now has these bytes */
void rig_load(const char *path, struct buf *ret);
void rig_flip(const char *path, size_t at);			/* one bit of it */
bool rig_exists(const char *path);

/* Copy a log with all that is in its folder to a new directory. */
void rig_copy(const char *from, const char *to);
void rig_remove(const char *dir);		/* with all in it; when it is there */

#endif
