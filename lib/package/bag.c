#include "package/bag.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "package/bag_impl.h"

/* More than Payload-Oxum says is read, so that what grew can be named; but not without end. */
enum { SPARE_BYTES = 1024 * 1024 * 1024 };

/* ------ the first walk: names, and the tag files that say something of them ------ */

static int read_whole(struct bag_check *c, struct buf *to, struct err *e)
{
	uint8_t *at;
	ssize_t n;

	do {
		at = buf_room(to, 64 * 1024);
		if (at == NULL)
			return -EFBIG;
		n = source_read(c->source, at, 64 * 1024, e);
		if (n > 0)
			buf_grew(to, (size_t)n);
	} while (n == 64 * 1024);
	return n < 0 ? (int)n : 0;
}

static int hold_text(struct bag_check *c, struct bag_item *item, enum bagit_file kind,
		     enum bagit_algorithm a, struct err *e)
{
	struct bag_text *text = &c->texts[c->n_texts];
	int r;

	if (c->n_texts == BAG_TEXTS_MAX)
		return err_set(e, -E2BIG, "more than %d manifests", BAG_TEXTS_MAX);
	*text = (struct bag_text){ .path = item->path, .kind = kind, .algorithm = a };
	/* The last block that is asked for may be all but empty. */
	text->bytes.max = BAG_TEXTS_BYTES - c->text_bytes + 64 * 1024;
	r = read_whole(c, &text->bytes, e);
	if (r == -EFBIG || text->bytes.len > BAG_TEXTS_BYTES - c->text_bytes) {
		buf_clear(&text->bytes);
		return err_set(e, -E2BIG, "%s: the manifests of the bag are larger than %d MiB",
			       item->path, BAG_TEXTS_BYTES / 1024 / 1024);
	}
	if (r < 0) {
		buf_clear(&text->bytes);
		return r;
	}
	item->parsed = true;
	crypto_hash_sha256(item->sha256, text->bytes.p, text->bytes.len);
	c->text_bytes += text->bytes.len;
	c->n_texts++;
	return 0;
}

static int take_file(struct bag_check *c, const struct source_entry *entry, struct err *e)
{
	enum bagit_algorithm a = BAGIT_MD5;
	enum bagit_file kind;
	struct bag_item *item;
	int r = items_get(&c->items, entry->path, &item, e);

	if (r < 0)
		return r;
	if (item->present) {
		bag_note(c->report, BAG_TWICE_THERE, entry->path, NULL, 0, NULL);
		return 0;
	}
	item->present = true;
	item->size = entry->size;
	kind = bagit_file_kind(entry->path, &a);
	if (kind == BAGIT_PAYLOAD) {
		c->data_folder = true;
		c->report->files++;
		c->report->bytes += entry->size;
		return 0;
	}
	return kind == BAGIT_TAG_FILE ? 0 : hold_text(c, item, kind, a, e);
}

static int first_visit(void *data, struct source *s, const struct source_entry *entry,
		       struct err *e)
{
	struct bag_check *c = data;

	(void)s;
	if (entry->kind != SOURCE_NAMELESS &&
	    bagit_check_path(entry->path, strlen(entry->path)) != BAGIT_PATH_GOOD)
		bag_note(c->report, BAG_UNSAFE_NAME, entry->path, NULL, 0, NULL);
	else if (entry->kind == SOURCE_FILE)
		return take_file(c, entry, e);
	else if (entry->kind != SOURCE_FOLDER)
		bag_note(c->report, BAG_NOT_A_FILE, entry->path, NULL, 0,
			 source_kind_name(entry->kind));
	else if (strcmp(entry->path, "data") == 0)
		c->data_folder = true;
	return 0;
}

/* ------ the second walk: every byte ------ */

static unsigned wanted(const struct bag_item *item)
{
	unsigned which = 0, a;

	for (a = 0; a < BAGIT_ALGORITHMS; a++)
		if (item->want[a] != NULL)
			which |= 1u << a;
	return which;
}

static void fail(struct bag_check *c, struct bag_item *item, enum bag_fault fault,
		 const char *what)
{
	item->failed = true;
	bag_note(c->report, fault, item->path, NULL, 0, what);
}

static void progress(struct bag_check *c, uint64_t bytes)
{
	c->done += bytes;
	if (c->watch->progress != NULL)
		c->watch->progress(c->watch->data, c->done, c->total);
}

/*
 * Its bytes through the hasher, and kept for the watch when it wants them.  -ESTALE: it is another
 * file by now, or its size is; another negative errno: it cannot be read.
 */
static int hash_file(struct bag_check *c, const struct bag_item *item, bool keep,
		     struct hasher_digests *ret, struct err *e)
{
	uint64_t total = 0;
	uint8_t *block;
	ssize_t n;

	buf_reset(&c->kept);
	do {
		block = hasher_block(c->hasher);
		n = source_read(c->source, block, HASHER_BLOCK, e);
		if (n < 0)
			return (int)n;
		if (keep)
			buf_add(&c->kept, block, (size_t)n);	/* one that grew fails */
		total += (uint64_t)n;
		hasher_add(c->hasher, (size_t)n);
		progress(c, (uint64_t)n);
	} while (n == HASHER_BLOCK && total <= item->size);
	hasher_end(c->hasher, ret);
	if (total != item->size)
		return err_set(e, -ESTALE, "%" PRIu64 " bytes instead of %" PRIu64, total, item->size);
	return 0;
}

/* Names of the algorithms whose digests are others, parted by spaces; "": none. */
static void compare(const struct bag_item *item, const struct hasher_digests *got,
		    char ret[BAG_WHAT_MAX])
{
	size_t len = 0;
	unsigned a;

	ret[0] = '\0';
	for (a = 0; a < BAGIT_ALGORITHMS; a++)
		if (item->want[a] != NULL &&
		    memcmp(item->want[a], got->of[a], bagit_digest_len(a)) != 0)
			len += (size_t)snprintf(ret + len, BAG_WHAT_MAX - len, "%s%s",
						len == 0 ? "" : " ", bagit_algorithm_name(a));
}

static bool keeps(const struct bag_item *item, unsigned wants)
{
	return (wants & BAG_BYTES) != 0 && item->size <= BAG_KEEP_MAX;
}

static int show(struct bag_check *c, const struct bag_item *item, unsigned wants,
		const struct hasher_digests *digests, struct err *e)
{
	const bool bytes = keeps(item, wants);
	const struct bag_seen seen = {
		.path = item->path, .size = item->size, .digests = digests,
		.vouched = !item->failed && wanted(item) != 0,
		.bytes = bytes ? (const uint8_t *)buf_str(&c->kept) : NULL,
		.len = bytes ? c->kept.len : 0,
	};

	if (wants == 0 || c->watch->file == NULL)
		return 0;
	if (c->kept.failed)
		return err_set(e, -ENOMEM, "no memory for the bytes of a file");
	return c->watch->file(c->watch->data, &seen, e);
}

static int check_file(struct bag_check *c, struct bag_item *item, struct err *e)
{
	const struct bag_watch *w = c->watch;
	unsigned wants = w->wants == NULL ? 0 : w->wants(w->data, item->path, item->size);
	unsigned which = wanted(item);
	struct hasher_digests got = { .which = 0 };
	struct err why = { 0, "" };
	char wrong[BAG_WHAT_MAX];
	int r;

	if (which == 0 && !item->parsed && (wants & (BAG_ADDRESS | BAG_BYTES)) == 0)
		return show(c, item, wants, &got, e);
	if (item->size > c->budget) {
		fail(c, item, BAG_TOO_MUCH, NULL);
		return 0;
	}
	c->budget -= item->size;
	if (item->parsed)
		which |= 1u << BAGIT_SHA256;
	if ((wants & BAG_ADDRESS) != 0)
		which |= 1u << HASHER_ADDRESS;
	r = hasher_begin(c->hasher, which, e);
	if (r < 0)
		return r;
	r = hash_file(c, item, keeps(item, wants), &got, &why);
	if (r < 0) {
		fail(c, item, r == -ESTALE ? BAG_CHANGED : BAG_UNREADABLE, why.msg);
		return 0;
	}
	compare(item, &got, wrong);
	if (wrong[0] != '\0')
		fail(c, item, BAG_WRONG_DIGEST, wrong);
	if (item->parsed && memcmp(got.of[BAGIT_SHA256], item->sha256, 32) != 0)
		fail(c, item, BAG_CHANGED, NULL);
	return show(c, item, wants, &got, e);
}

static int second_visit(void *data, struct source *s, const struct source_entry *entry,
			struct err *e)
{
	struct bag_check *c = data;
	struct bag_item *item;

	(void)s;
	if (entry->kind != SOURCE_FILE ||
	    bagit_check_path(entry->path, strlen(entry->path)) != BAGIT_PATH_GOOD)
		return 0;
	item = items_find(&c->items, entry->path);
	if (item == NULL || !item->present || (!item->met && item->size != entry->size)) {
		bag_note(c->report, BAG_CHANGED, entry->path, NULL, 0, NULL);
		return 0;
	}
	if (item->met)			/* an archive has it twice: that was noted */
		return 0;
	item->met = true;
	return check_file(c, item, e);
}

/* ------ the verdict ------ */

/* Does another item, which is there, want the same digests under what is the same name elsewhere? */
static const struct bag_item *other_spelling(const struct bag_check *c,
					     const struct bag_item *missing)
{
	AUTO(buf_clear) struct buf name = BUF_INIT(16 * BAGIT_PATH_MAX);
	AUTO(buf_clear) struct buf other = BUF_INIT(16 * BAGIT_PATH_MAX);
	const struct bag_item *item;
	size_t i;
	unsigned a;

	bagit_fold_path(missing->path, &name);
	for (i = 0; i < c->items.n; i++) {
		item = c->items.list[i];
		if (!item->present)
			continue;
		for (a = 0; a < BAGIT_ALGORITHMS; a++)
			if (missing->want[a] != NULL &&
			    (item->want[a] == NULL ||
			     memcmp(item->want[a], missing->want[a], bagit_digest_len(a)) != 0))
				break;
		if (a < BAGIT_ALGORITHMS)
			continue;
		buf_reset(&other);
		bagit_fold_path(item->path, &other);
		if (name.len > 0 && strcmp(buf_str(&name), buf_str(&other)) == 0)
			return item;
	}
	return NULL;
}

static bool wants_nothing(const struct bag_item *item, const struct hasher_digests *nothing)
{
	char wrong[BAG_WHAT_MAX];

	compare(item, nothing, wrong);
	return wrong[0] == '\0';
}

static void judge_missing(struct bag_check *c, const struct bag_item *item,
			  const struct hasher_digests *nothing)
{
	const struct bag_item *other = NULL;

	if (item->fetch) {
		bag_note(c->report, BAG_NOT_FETCHED, item->path, NULL, 0, NULL);
		return;
	}
	/* Nothing is lost with it: its content is known.  That it is listed was told. */
	if (bagit_is_system_file(item->path) && wants_nothing(item, nothing)) {
		c->excused++;
		return;
	}
	/* Each look goes through all files: not for more than anybody reads about. */
	if (c->report->counts[BAG_MISSING] + c->report->counts[BAG_OTHER_SPELLING] <
	    BAG_PROBLEMS_MAX)
		other = other_spelling(c, item);
	if (other != NULL)
		bag_note(c->report, BAG_OTHER_SPELLING, item->path, NULL, 0, other->path);
	else
		bag_note(c->report, BAG_MISSING, item->path, NULL, 0, NULL);
}

static void judge_item(struct bag_check *c, struct bag_item *item,
		       const struct hasher_digests *nothing)
{
	const bool payload = strncmp(item->path, "data/", 5) == 0;
	unsigned which = wanted(item), a;

	if (!item->present) {
		judge_missing(c, item, nothing);
		return;
	}
	if (!item->met)
		fail(c, item, BAG_CHANGED, NULL);
	if (!payload)
		return;
	if (which == 0) {
		fail(c, item, BAG_UNLISTED, NULL);
		return;
	}
	for (a = 0; bagit_is_strict(&c->report->declaration) && a < BAGIT_ALGORITHMS; a++)
		if ((c->manifests & ~which & 1u << a) != 0)
			bag_note(c->report, BAG_NOT_EVERYWHERE, item->path, NULL, 0,
				 bagit_algorithm_name(a));
}

static int judge(struct bag_check *c, struct err *e)
{
	struct hasher_digests nothing;
	char what[BAG_WHAT_MAX];
	size_t i;

	if (hasher_begin(c->hasher, c->manifests, e) < 0)
		return -ENOTSUP;
	hasher_end(c->hasher, &nothing);
	for (i = 0; i < c->items.n; i++)
		judge_item(c, c->items.list[i], &nothing);
	if (c->oxum_said && (c->oxum_octets != c->report->bytes ||
			     c->oxum_files != c->report->files + c->excused)) {
		snprintf(what, sizeof(what), "%" PRIu64 ".%" PRIu64 ", %" PRIu64 ".%" PRIu64,
			 c->oxum_octets, c->oxum_files, c->report->bytes, c->report->files);
		bag_note(c->report, BAG_WRONG_OXUM, NULL, "bag-info.txt", 0, what);
	}
	return 0;
}

/* ------ all of it ------ */

static void count_bytes(struct bag_check *c)
{
	const struct bag_item *item;
	size_t i;

	for (i = 0; i < c->items.n; i++) {
		item = c->items.list[i];
		if (item->present && (wanted(item) != 0 || item->parsed))
			c->total += item->size;
	}
	c->budget = c->oxum_said ? c->oxum_octets + c->text_bytes + SPARE_BYTES : UINT64_MAX;
}

static int check(struct bag_check *c, struct err *e)
{
	int r = source_walk(c->source, first_visit, c, e);

	if (r != 0)
		return r;
	if (!c->data_folder)
		bag_note(c->report, BAG_NO_PAYLOAD, NULL, NULL, 0, NULL);
	r = bag_read_tags(c, e);
	if (r < 0)
		return r;
	/* What cannot be taken apart names no files to compare. */
	if (c->report->counts[BAG_NO_DECLARATION] + c->report->counts[BAG_BAD_DECLARATION] > 0)
		return 0;
	count_bytes(c);
	r = source_walk(c->source, second_visit, c, e);
	return r == 0 ? judge(c, e) : r;
}

int bag_check_source(struct source *source, const struct bag_watch *watch, struct bag_report *ret,
		     struct err *e)
{
	static const struct bag_watch nobody;
	AUTO(hasher_freep) struct hasher *hasher = NULL;
	struct bag_check c = { .watch = watch == NULL ? &nobody : watch, .report = ret };
	size_t i;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->whole = true;
	c.kept.max = BAG_KEEP_MAX;
	if ((r = hasher_new(&hasher, e)) < 0)
		return r;
	c.source = source;
	c.hasher = hasher;
	items_init(&c.items);
	r = check(&c, e);
	for (i = 0; i < c.n_texts; i++)
		buf_clear(&c.texts[i].bytes);
	items_clear(&c.items);
	buf_clear(&c.kept);
	return r;
}

int bag_check(const char *path, const struct bag_watch *watch, struct bag_report *ret,
	      struct err *e)
{
	AUTO(source_closep) struct source *source = NULL;
	int r = source_open(path, &source, e);

	if (r < 0)
		memset(ret, 0, sizeof(*ret));
	return r < 0 ? r : bag_check_source(source, watch, ret, e);
}
