#include "card.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/listing.h"
#include "walk.h"

enum {
	PARTITIONS_MAX = 16,
	BAD_MAX = 32,			/* blocks that could not be read: more, and the card is given up */
};

/* libtsk's picture of the disk; its own 2 MiB cache of 64 KiB windows is in `img`. */
struct image {
	TSK_IMG_INFO img;
	struct peer *peer;
	struct report *report;
	unsigned unit;
	uint64_t bad[BAD_MAX];		/* offsets of blocks that failed */
	unsigned n_bad;
	uint8_t window[LISTING_READ_MAX];
};

static const struct listing_unit *unit_of(const struct image *m)
{
	return &m->peer->medium.units[m->unit];
}

static bool is_bad(const struct image *m, uint64_t block)
{
	for (unsigned i = 0; i < m->n_bad; i++) {
		if (m->bad[i] == block)
			return true;
	}
	return false;
}

/* A device may try for seconds before it gives a block up: each is asked for once. */
static void note_bad(struct image *m, uint64_t block)
{
	report_trouble(m->report, "", "the card cannot be read at byte %" PRIu64, block);
	m->bad[m->n_bad++] = block;
	if (m->n_bad < BAD_MAX)
		return;
	report_trouble(m->report, "", "too much of the card cannot be read: have it copied by hand");
	m->report->stop = true;
}

/* Fill the window from `block` on; the number of bytes, or 0. */
static uint32_t fill(struct image *m, uint64_t block, uint32_t want)
{
	struct peer *p = m->peer;
	int ret;

	if (m->report->stop || is_bad(m, block))
		return 0;
	ret = p->read(p, m->unit, block, want, m->window);
	if (ret == -EIO && want > unit_of(m)->block_size) {
		want = unit_of(m)->block_size;
		ret = p->read(p, m->unit, block, want, m->window);
	}
	if (ret == 0)
		return want;
	if (ret == -EIO)
		note_bad(m, block);
	else
		m->report->stop = true;
	return 0;
}

/* Up to the first block that cannot be read; -1 when that is the first of all. */
static ssize_t image_read(TSK_IMG_INFO *img, TSK_OFF_T off, char *buf, size_t len)
{
	struct image *m = container_of(img, struct image, img);
	uint64_t bs = unit_of(m)->block_size, at = (uint64_t)off, size = unit_of(m)->size;
	size_t done = 0;

	if (off < 0 || at >= size)
		return -1;
	len = MIN(len, size - at);
	while (done < len) {
		uint64_t block = (at + done) / bs * bs;
		uint64_t end = MIN((at + len + bs - 1) / bs * bs, size);
		size_t skip = (size_t)(at + done - block), n;
		uint32_t got = fill(m, block, (uint32_t)MIN(end - block, LISTING_READ_MAX));

		if (got == 0)
			break;
		n = MIN(got - skip, len - done);
		memcpy(buf + done, m->window + skip, n);
		done += n;
	}
	return done > 0 ? (ssize_t)done : -1;
}

static void image_close(TSK_IMG_INFO *img)
{
	free(container_of(img, struct image, img));
}

static void image_stat(TSK_IMG_INFO *img, FILE *f)
{
	(void)img;
	(void)f;
}

/* Whether a file system was there; it was told then. */
static bool list_at(struct image *m, uint64_t offset, const char *prefix, struct name_gbk *gbk)
{
	TSK_FS_INFO *fs = tsk_fs_open_img(&m->img, (TSK_OFF_T)offset, TSK_FS_TYPE_FAT_DETECT);

	if (fs == NULL)
		return false;
	walk_list(fs, m->unit, prefix, gbk, m->report);
	tsk_fs_close(fs);
	return true;
}

static void list_partitions(struct image *m, TSK_VS_INFO *vs, struct name_gbk *gbk)
{
	const TSK_VS_PART_INFO *part;
	unsigned n = 0, found = 0;
	char prefix[32] = "", what[128];

	for (part = vs->part_list; part != NULL && !m->report->stop; part = part->next) {
		if ((part->flags & TSK_VS_PART_FLAG_ALLOC) == 0 ||
		    (part->flags & TSK_VS_PART_FLAG_META) != 0)
			continue;
		if (++n > PARTITIONS_MAX) {
			report_trouble(m->report, "", "only the first %d partitions are listed",
				       PARTITIONS_MAX);
			break;
		}
		if (found > 0)
			snprintf(prefix, sizeof(prefix), "partition-%u/", n);
		report_fit(what, sizeof(what), part->desc != NULL ? part->desc : "");
		if (part->start > unit_of(m)->size / vs->block_size) {
			report_trouble(m->report, "", "partition %u (%s) begins behind the end of "
				       "the card", n, what);
			continue;
		}
		if (list_at(m, part->start * vs->block_size, prefix, gbk))
			found++;
		else
			report_trouble(m->report, "", "partition %u (%s) has no FAT or exFAT file "
				       "system that can be read: look at the card by hand", n, what);
	}
	if (n == 0)
		report_trouble(m->report, "", "the partition table has no partitions: look at the "
			       "card by hand");
}

/* Tables that cards have; libtsk knows more, but a stranger need not reach them. */
static TSK_VS_INFO *open_table(struct image *m)
{
	TSK_VS_INFO *vs = tsk_vs_open(&m->img, 0, TSK_VS_TYPE_GPT);

	return vs != NULL ? vs : tsk_vs_open(&m->img, 0, TSK_VS_TYPE_DOS);
}

static void list_card(struct image *m, struct name_gbk *gbk)
{
	TSK_VS_INFO *vs;

	/* First without a table: a boot sector can look like one, but hardly the reverse. */
	if (list_at(m, 0, "", gbk) || m->report->stop)
		return;
	vs = open_table(m);
	if (vs == NULL) {
		report_trouble(m->report, "", "the card has no partition table and no FAT or exFAT "
			       "file system that can be read: look at it by hand");
		return;
	}
	list_partitions(m, vs, gbk);
	tsk_vs_close(vs);
}

int card_list(struct peer *peer, unsigned unit, struct name_gbk *gbk, struct report *report)
{
	struct image *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return -ENOMEM;
	m->peer = peer;
	m->unit = unit;
	m->report = report;
	if (tsk_img_open_external(&m->img, (TSK_OFF_T)unit_of(m)->size, unit_of(m)->block_size,
				  image_read, image_close, image_stat) == NULL) {
		free(m);
		return -ENOMEM;
	}
	list_card(m, gbk);
	tsk_img_close(&m->img);
	return 0;
}
