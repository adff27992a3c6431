/*
 * The log's leaves, once through: each against its tile and against the catalog's
 * event at that place, tiles against the tiles above them, all of them against
 * the checkpoint's root.
 *
 * Higher tiles are computed anew, a frontier a level; of the tile that --from begins in the middle of
 * nothing is said.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/util.h"

struct level {
	struct merkle_frontier tile;	/* the hashes of one tile, as far as they came */
	bool whole;			/* from its first on */
};

struct leaves {
	struct audit *a;
	uint64_t next;			/* leaf */
	uint64_t bad_bundle, bad_tile;	/* that were said to be unreadable; UINT64_MAX: none */
	struct merkle_frontier tree;
	bool broken;			/* a leaf's hash is not known, so neither is the root */
	struct level levels[TILE_LEVELS];
	struct buf leaf;
	struct err *e;
};

static void found_file(struct audit *a, const char *subject, const char *fact, enum text_id why,
		       int64_t index)
{
	const struct audit_found f = { AUDIT_LEAF_DAMAGED, "log", subject, fact, text(why), 0,
				       index };

	audit_found(a, &f);
}

static void found_tile(struct audit *a, int level, uint64_t number, const char *fact,
		       enum text_id why, int64_t index)
{
	char path[TILE_PATH_SIZE];

	a->tiles_damaged = a->tiles_damaged || level != TILE_ENTRIES;
	tile_path(level, number, tile_width(level, number, a->log.checkpoint.size), path);
	found_file(a, path, fact, why, index);
}

/* ------ tiles ------ */

/* A hash that was computed, against the tile that has it.  0, or a negative errno. */
static int check_node(struct leaves *s, unsigned level, uint64_t index,
		      const struct merkle_hash *computed)
{
	struct merkle_hash got;
	struct err e = { 0 };
	int r = tlog_reader_node(s->a->log.reader, level * TILE_HEIGHT, index, &got, &e);

	if (r < 0 && !audit_is_damage(r))
		return err_set(s->e, r, "%s", e.msg);
	if (r < 0)
		found_tile(s->a, (int)level, index / TILE_WIDTH, "unreadable", T_WHY_TILE_UNREADABLE,
			   -1);
	else if (!merkle_equal(&got, computed))
		found_tile(s->a, (int)level, index / TILE_WIDTH, "hash", T_WHY_TILE_ABOVE, -1);
	return 0;
}

/* The next hash of the lowest tile, and of each tile above one that is full. */
static int add_hash(struct leaves *s, uint64_t index, struct merkle_hash hash)
{
	unsigned level;
	int r = 0;

	for (level = 0; level < TILE_LEVELS && r == 0; level++, index /= TILE_WIDTH) {
		struct level *l = &s->levels[level];

		if (level > 0)
			r = check_node(s, level, index, &hash);
		if (index % TILE_WIDTH == 0)
			*l = (struct level){ .whole = true };
		if (!l->whole)
			break;
		merkle_frontier_add(&l->tile, &hash);
		if (index % TILE_WIDTH != TILE_WIDTH - 1)
			break;
		hash = merkle_frontier_root(&l->tile);
	}
	return r;
}

/* ------ one leaf ------ */

/* The leaf's bytes.  1; 0: they cannot be had, which was said; or a negative errno. */
static int read_leaf(struct leaves *s, uint64_t index)
{
	struct err e = { 0 };
	int r;

	if (index / TILE_WIDTH == s->bad_bundle)
		return 0;
	buf_reset(&s->leaf);
	r = tlog_reader_entry(s->a->log.reader, index, &s->leaf, &e);
	if (r == 0)
		return 1;
	if (!audit_is_damage(r))
		return err_set(s->e, r, "%s", e.msg);
	s->bad_bundle = index / TILE_WIDTH;
	found_tile(s->a, TILE_ENTRIES, s->bad_bundle, "unreadable", T_WHY_BUNDLE, (int64_t)index);
	return 0;
}

/* The hash that the tile has of the leaf.  As above. */
static int read_hash(struct leaves *s, uint64_t index, struct merkle_hash *ret)
{
	struct err e = { 0 };
	int r;

	if (index / TILE_WIDTH == s->bad_tile)
		return 0;
	r = tlog_reader_node(s->a->log.reader, 0, index, ret, &e);
	if (r == 0)
		return 1;
	if (!audit_is_damage(r))
		return err_set(s->e, r, "%s", e.msg);
	s->bad_tile = index / TILE_WIDTH;
	found_tile(s->a, 0, s->bad_tile, "unreadable", T_WHY_TILE_UNREADABLE, (int64_t)index);
	return 0;
}

/* Where leaf and tile differ: does the tile's hash lead to the checkpoint, and the leaf's not? */
static bool judge_hash(struct leaves *s, uint64_t index, const struct merkle_hash *leaf,
		       const struct merkle_hash *tile)
{
	const struct checkpoint *p = &s->a->log.checkpoint;
	struct merkle_proof proof;
	char name[32];
	int r;

	if (merkle_equal(leaf, tile))
		return false;
	r = merkle_prove_inclusion(index, p->size, tlog_reader_node, s->a->log.reader, &proof,
				   NULL);
	snprintf(name, sizeof(name), "leaf %" PRIu64, index);
	switch (audit_leaf(index, p->size, leaf, tile, r < 0 ? NULL : &proof, &p->root)) {
	case AUDIT_LEAF_GOOD:
		return false;
	case AUDIT_LEAF_BAD:
		found_file(s->a, name, "leaf", T_WHY_LEAF_BAD, (int64_t)index);
		return true;
	case AUDIT_TILE_BAD:
		found_tile(s->a, 0, index / TILE_WIDTH, name, T_WHY_TILE_BAD, (int64_t)index);
		return false;
	case AUDIT_LEAF_UNKNOWN:
		s->a->tiles_damaged = true;
		found_file(s->a, name, "leaf or tile", T_WHY_LEAF_OR_TILE, (int64_t)index);
		return false;
	}
	return false;
}

/*
 * Leaf and tile against one another.  1: the leaf is that of the tree; 0: it is not, or there is
 * none, and *ret is the hash it should have; -ENODATA: that is not known either; or another
 * negative errno.
 */
static int check_leaf(struct leaves *s, uint64_t index, bool has_leaf, struct merkle_hash *ret)
{
	struct merkle_hash leaf, tile = { 0 };
	int r = read_hash(s, index, &tile);

	if (r < 0)
		return r;
	if (!has_leaf) {
		*ret = tile;
		return r > 0 ? 0 : -ENODATA;
	}
	leaf = merkle_leaf(s->leaf.p, s->leaf.len);
	if (r > 0 && judge_hash(s, index, &leaf, &tile)) {
		*ret = tile;
		return 0;
	}
	*ret = leaf;
	return 1;
}

/* ------ its event ------ */

/*
 * What the catalog says of the place; NULL: nothing.  Where the log's leaf is not to be had, its hash
 * says whether the catalog's copy is it.
 */
static int check_event(struct leaves *s, uint64_t index, const struct catalog_event *ev,
		       const struct merkle_hash *lost)
{
	struct audit_entry n = {
		.leaf = s->leaf.p, .leaf_len = s->leaf.len, .event = ev != NULL ? ev->event : 0,
		.copy = ev != NULL ? ev->copy : NULL, .copy_len = ev != NULL ? ev->copy_len : 0,
		.fields = ev != NULL ? ev->fields : "{}",
	};
	struct audit_result result;
	struct audit_words words;
	struct merkle_hash hash;
	char name[32];
	int r;

	if (lost != NULL && n.copy != NULL) {
		hash = merkle_leaf(n.copy, n.copy_len);
		n.leaf = n.copy;
		n.leaf_len = merkle_equal(&hash, lost) ? n.copy_len : 0;
	}
	r = audit_entry(&n, &result, s->e);
	if (r < 0 || result.code == AUDIT_NOTHING)
		return r;
	audit_words(&result, &words);
	if (n.event > 0)
		snprintf(name, sizeof(name), "%" PRIu64, n.event);
	else
		snprintf(name, sizeof(name), "leaf %" PRIu64, index);
	const struct audit_found f = { result.code, "event", name, words.fact, words.why, n.event,
				       (int64_t)index };

	audit_found(s->a, &f);
	return 0;
}

static int one_leaf(struct leaves *s, uint64_t index, const struct catalog_event *ev)
{
	struct merkle_hash hash = { 0 };
	int known, r = read_leaf(s, index);

	if (r < 0)
		return r;
	known = check_leaf(s, index, r > 0, &hash);
	if (known < 0 && known != -ENODATA)
		return known;
	s->broken = s->broken || known < 0;
	merkle_frontier_add(&s->tree, &hash);
	r = add_hash(s, index, hash);
	if (r == 0 && known >= 0)
		r = check_event(s, index, ev, known > 0 ? NULL : &hash);
	s->next = index + 1;
	s->a->leaves++;
	steps_add(&s->a->progress, 1);
	return r;
}

/*
 * The size that a checkpoint says which nobody signed may be any number.  Where neither leaves nor
 * hashes are, and the catalog has no entry either, nothing is gone through.
 */
static bool is_made_up(const struct leaves *s, uint64_t index)
{
	return log_view_is_damaged(&s->a->log) && s->bad_bundle == index / TILE_WIDTH &&
		s->bad_tile == index / TILE_WIDTH;
}

static void skip_to(struct leaves *s, uint64_t index)
{
	unsigned level;

	for (level = 0; level < TILE_LEVELS; level++)
		s->levels[level].whole = false;
	s->broken = true;
	s->next = index;
}

static int up_to(struct leaves *s, uint64_t index)
{
	int r = 0;

	while (s->next < index && r == 0) {
		r = one_leaf(s, s->next, NULL);
		if (r == 0 && is_made_up(s, s->next - 1))
			skip_to(s, index);
	}
	return r;
}

/* A place has one event: of another nobody knows what it is doing there. */
static void found_again(struct audit *a, const struct catalog_event *ev)
{
	char name[32];

	snprintf(name, sizeof(name), "%" PRIu64, ev->event);
	const struct audit_found f = { AUDIT_EVENT_CHANGED, "event", name, "place", text(T_WHY_PLACE),
				       ev->event, (int64_t)ev->index };

	audit_found(a, &f);
}

/* Places without an entry in the catalog come before this one. */
static int one_entry(void *data, const struct catalog_event *ev)
{
	struct leaves *s = data;
	int r;

	if (ev->index < s->next) {
		found_again(s->a, ev);
		return 0;
	}
	if (ev->copy != NULL)
		audit_events_add(&s->a->events, ev->event, ev->copy, ev->copy_len);
	r = up_to(s, ev->index);
	return r == 0 ? one_leaf(s, ev->index, ev) : r;
}

/* ------ all of them ------ */

static void check_root(struct leaves *s)
{
	const struct merkle_hash root = merkle_frontier_root(&s->tree);

	if (!s->broken && !merkle_equal(&root, &s->a->log.checkpoint.root))
		found_file(s->a, "checkpoint", "root", T_WHY_ROOT, -1);
}

static int each_leaf(struct leaves *s)
{
	const uint64_t size = s->a->log.checkpoint.size;
	int r = 0;

	if (s->next > 0)
		r = merkle_frontier_load(s->next, tlog_reader_node, s->a->log.reader, &s->tree, s->e);
	if (r == 0)
		r = catalog_audit_entries(s->a->c->catalog, s->next, size, one_entry, s, s->e);
	if (r == 0)
		r = up_to(s, size);
	if (r == 0)
		check_root(s);
	return r;
}

static void check_signature(struct audit *a)
{
	if (log_view_is_damaged(&a->log))
		found_file(a, "checkpoint", log_verdict_name(a->log.verdict),
			   a->log.verdict == CHECKPOINT_OTHER_ORIGIN ? T_WHY_OTHER_LOG :
			   a->log.verdict == CHECKPOINT_UNSIGNED ? T_WHY_UNSIGNED : T_WHY_FORGED, -1);
}

int audit_leaves(struct audit *a)
{
	struct leaves *s = calloc(1, sizeof(*s));
	struct err e = { 0 };
	int r = 0;

	if (s == NULL) {
		err_set(&e, -ENOMEM, "no memory to check the log");
		return ctl_fail(&e, EXIT_AWAY);
	}
	check_signature(a);
	s->a = a;
	s->e = &e;
	s->leaf = (struct buf)BUF_INIT(EVENT_LEAF_MAX);
	s->next = MIN(a->from, a->log.checkpoint.size);
	s->bad_bundle = s->bad_tile = UINT64_MAX;
	steps_start(&a->progress, T_PROGRESS_LEAVES, a->log.checkpoint.size - s->next);
	if (a->log.checkpoint.size > 0)
		r = each_leaf(s);
	steps_clear(&a->progress);
	buf_clear(&s->leaf);
	free(s);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}
