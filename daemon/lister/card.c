#include "card.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/listing.h"
#include "table.h"
#include "walk.h"

enum {
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

/* Paths begin with the unit, but for the first, and with the partition, if it is another one. */
static bool list_at(struct image *m, uint64_t offset, const char *partition, struct name_gbk *gbk)
{
	char prefix[64] = "";
	struct walk_place place = {
		.img = &m->img, .offset = offset, .unit = m->unit, .prefix = prefix,
	};

	if (m->unit > 0)
		snprintf(prefix, sizeof(prefix), "unit-%u/%s", m->unit + 1, partition);
	else
		snprintf(prefix, sizeof(prefix), "%s", partition);
	return walk_list(&place, gbk, m->report);
}

static const char *what_is_wrong(enum table_wrong wrong)
{
	static const char *const words[] = {
		[TABLE_FINE] = NULL,
		[TABLE_BACKWARDS] = "ends before it begins",
		[TABLE_OUTSIDE] = "begins behind the end of the card",
		[TABLE_TOO_LONG] = "ends behind the end of the card",
		[TABLE_OVERLAPS] = "overlaps another one",
		[TABLE_AGAIN] = "begins where another one does: it is listed once",
	};

	return words[wrong];
}

static void tell_table(struct image *m, const struct table *t)
{
	if (t->damaged)
		report_trouble(m->report, "", "the partition table (GPT) is damaged, and so is its "
			       "backup: partitions may be missing, look at the card by hand");
	if (t->backup && !t->damaged)
		report_trouble(m->report, "", "the partition table (GPT) is damaged: its backup is used");
	if (t->ring)
		report_trouble(m->report, "", "the chain of extended partitions is broken or a ring: "
			       "partitions may be missing, look at the card by hand");
	if (t->more)
		report_trouble(m->report, "", "only the first %d partitions are listed",
			       TABLE_PARTS_MAX);
	if (t->n == 0)
		report_trouble(m->report, "", "the partition table has no partitions: look at the "
			       "card by hand");
}

static void list_partitions(struct image *m, const struct table *t, struct name_gbk *gbk)
{
	char prefix[32] = "";
	unsigned found = 0;

	for (unsigned i = 0; i < t->n && !m->report->stop; i++) {
		const struct table_part *p = &t->parts[i];
		const char *wrong = what_is_wrong(p->wrong);

		if (wrong != NULL)
			report_trouble(m->report, "", "partition %u %s", i + 1, wrong);
		if (p->wrong == TABLE_OUTSIDE || p->wrong == TABLE_AGAIN)
			continue;
		if (found > 0)
			snprintf(prefix, sizeof(prefix), "partition-%u/", i + 1);
		if (list_at(m, p->first * unit_of(m)->block_size, prefix, gbk))
			found++;
		else
			report_trouble(m->report, "", "partition %u has no FAT or exFAT file system "
				       "that can be read: look at the card by hand", i + 1);
	}
}

/* A source of blocks for the partition table. */
struct blocks {
	struct table_source source;
	struct image *m;
};

static bool read_block(struct table_source *s, uint64_t block, uint8_t *buf)
{
	struct blocks *b = container_of(s, struct blocks, source);

	return tsk_img_read(&b->m->img, (TSK_OFF_T)(block * s->block_size), (char *)buf,
			    s->block_size) == (ssize_t)s->block_size;
}

static void list_card(struct image *m, struct name_gbk *gbk)
{
	const struct listing_unit *unit = unit_of(m);
	struct blocks b = {
		.source = { unit->block_size, unit->size / unit->block_size, read_block }, .m = m,
	};
	struct table table;

	/* First without a table: a boot sector can look like one, but hardly the reverse. */
	if (list_at(m, 0, "", gbk) || m->report->stop)
		return;
	table_read(&b.source, &table);
	if (table.kind == TABLE_NONE) {
		report_trouble(m->report, "", "the card has no partition table and no FAT or exFAT "
			       "file system that can be read: look at it by hand");
		return;
	}
	tell_table(m, &table);
	list_partitions(m, &table, gbk);
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
