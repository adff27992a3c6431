/*
 * log-check DIR < HEADS - is the custody log in DIR whole?
 *
 * Its checkpoint is signed by DIR/log.vkey; the leaves hash to the tiles and to
 * its root; and the root of each head on standard input, "SIZE HEX" a line, was the
 * tree's at that size, so that no checkpoint ever contradicted another.  Prints the size.
 */
#include <err.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "tlog/keyfile.h"
#include "tlog/tlog.h"

struct check {
	struct tlog_reader *reader;
	struct merkle_frontier frontier;
};

static int take_leaf(void *data, uint64_t index, const uint8_t *leaf, size_t len)
{
	struct check *c = data;
	struct merkle_hash hash = merkle_leaf(leaf, len), tile;
	struct err e = { .code = 0 };

	if (tlog_reader_node(c->reader, 0, index, &tile, &e) < 0)
		errx(1, "%s", e.msg);
	if (!merkle_equal(&hash, &tile))
		errx(1, "leaf %" PRIu64 " is not what its tile says", index);
	merkle_frontier_add(&c->frontier, &hash);
	return 0;
}

static void check_heads(struct tlog_reader *reader, uint64_t newest)
{
	char hex[2 * MERKLE_HASH_LEN + 1], expected[sizeof(hex)];
	struct merkle_hash root;
	struct err e = { .code = 0 };
	uint64_t size, last = 0;

	while (scanf("%" SCNu64 " %64s", &size, expected) == 2) {
		if (size < last || size > newest)
			errx(1, "a checkpoint of %" PRIu64 " leaves, behind one of %" PRIu64, size, last);
		last = size;
		if (merkle_root(size, tlog_reader_node, reader, &root, &e) < 0)
			errx(1, "%s", e.msg);
		sodium_bin2hex(hex, sizeof(hex), root.b, sizeof(root.b));
		if (strcmp(hex, expected) != 0)
			errx(1, "a checkpoint of %" PRIu64 " leaves was of another tree", size);
	}
}

int main(int argc, char **argv)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	static struct check c;
	struct err e = { .code = 0 };
	struct checkpoint head;
	struct merkle_hash root;
	struct note_key key;
	char path[4096];

	if (argc != 2 || sodium_init() < 0)
		errx(2, "usage: log-check DIR < HEADS");
	snprintf(path, sizeof(path), "%s/log.vkey", argv[1]);
	if (keyfile_public(path, &key, &e) < 0 || tlog_reader_open(argv[1], &c.reader, &e) < 0 ||
	    tlog_reader_checkpoint(c.reader, &text, &head, &e) < 0)
		errx(1, "%s", e.msg);
	if (checkpoint_check(&head, text.p, &key) != CHECKPOINT_SIGNED)
		errx(1, "the checkpoint is not signed by %s", path);
	if (tlog_reader_each(c.reader, 0, head.size, take_leaf, &c, &e) < 0)
		errx(1, "%s", e.msg);
	root = merkle_frontier_root(&c.frontier);
	if (!merkle_equal(&root, &head.root))
		errx(1, "the leaves have another root than the checkpoint");
	check_heads(c.reader, head.size);
	tlog_reader_close(c.reader);
	printf("%" PRIu64 "\n", head.size);
	return 0;
}
