/* Clusters of exFAT: in one piece, or by the FAT, of which a few bytes are read at a time. */
#include "walk_impl.h"

static bool next_in_fat(struct walk *w, uint64_t cluster, uint64_t *ret)
{
	uint8_t b[4];

	if (!walk_read(w, w->geometry.fat * w->geometry.sector_size + cluster * sizeof(b), b, sizeof(b)))
		return false;
	*ret = b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24;
	return true;
}

void walk_chain_begin(struct walk_chain *c, struct walk *w, uint64_t cluster, bool plain,
		      uint64_t n)
{
	*c = (struct walk_chain){ .w = w, .plain = plain, .left = n, .at = cluster };
}

/* R. P. Brent's: the mark is moved at each power of two, so that a ring must come back to it. */
static bool is_ring(struct walk_chain *c)
{
	if (c->mark == c->at)
		return true;
	if (c->steps == c->power) {
		c->mark = c->at;
		c->power = c->power == 0 ? 1 : 2 * c->power;
		c->steps = 0;
	}
	c->steps++;
	return false;
}

int walk_chain_next(struct walk_chain *c, uint64_t *ret)
{
	bool first = c->power == 0;
	uint64_t sector;

	if (c->left == 0)
		return 0;
	if (!first && c->plain)
		c->at++;
	else if (!first && !next_in_fat(c->w, c->at, &c->at))
		return -1;
	if (!first && !c->plain && c->at > UINT32_C(0xfffffff7))
		return 0;
	if (!fat_cluster_sector(&c->w->geometry, c->at, &sector) || is_ring(c))
		return -1;
	c->left--;
	*ret = c->at;
	return 1;
}
