#include "unit/courier_rig.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "unit/note_rig.h"

void courier_rig_begin(struct courier_rig *g, const char *folder, const char *name)
{
	uint64_t size;
	struct err e;

	*g = (struct courier_rig){ .checkpoint = BUF_INIT(CHECKPOINT_MAX) };
	snprintf(g->dir, sizeof(g->dir), "%s/%s", folder, name);
	g->key = rig_note_key(COURIER_RIG_ORIGIN, NOTE_ED25519, 1);
	g->log = (struct courier_log){ .dir = g->dir, .key = note_secret_public(g->key) };
	ck_assert_msg(tlog_writer_open(g->dir, g->log.key, &g->writer, &size, &e) == 0, "%s",
		      e.msg);
}

void courier_rig_end(struct courier_rig *g)
{
	tlog_writer_close(g->writer);
	note_secret_free(g->key);
	buf_clear(&g->checkpoint);
}

void courier_rig_grow(struct courier_rig *g, unsigned n, unsigned story)
{
	uint64_t size = tlog_writer_size(g->writer);
	struct err e = { 0, "" };
	char text[64];

	for (unsigned i = 0; i < n; i++) {
		int len = snprintf(text, sizeof(text), "{\"event\":%u,\"story\":%u}",
				   (unsigned)size + i, story);
		const struct tlog_leaf leaf = { (const uint8_t *)text, (size_t)len };

		ck_assert_msg(tlog_writer_append(g->writer, &leaf, 1, &e) == 0, "%s", e.msg);
	}
	buf_reset(&g->checkpoint);
	ck_assert_msg(tlog_writer_publish(g->writer, g->key, &g->checkpoint, &e) == 0, "%s", e.msg);
}

void courier_rig_read(const struct courier_rig *g, const char *name, struct buf *ret)
{
	char path[512];
	struct err e;

	*ret = (struct buf)BUF_INIT(1024 * 1024);
	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	if (file_read(path, ret, &e) < 0)
		ck_assert_msg(e.code == -ENOENT || e.code == -ENOTDIR, "%s", e.msg);
}

void courier_rig_write(const struct courier_rig *g, const char *name, const void *p, size_t len)
{
	char path[512];
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	ck_assert_msg(file_replace(path, p, len, 0600, &e) == 0, "%s", e.msg);
}
