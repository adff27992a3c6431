/* The tag files of a bag that say something of the others: manifests, fetch.txt, bag-info.txt. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "package/bag_impl.h"

/* A manifest or fetch.txt while it is read. */
struct reading {
	struct bag_check *c;
	const struct bag_text *text;
	const struct bagit_declaration *d;
	uint64_t line;
};

static void note_at(const struct reading *r, enum bag_fault fault, const char *path,
		    const char *what)
{
	bag_note(r->c->report, fault, path, r->text->path, r->line, what);
}

static void note_habits(const struct reading *r, const struct bagit_entry *entry)
{
	static const struct { unsigned habit; enum bag_fault fault; } habits[] = {
		{ BAGIT_DOT_SLASH, BAG_DOT_SLASH },
		{ BAGIT_BINARY_MARK, BAG_BINARY_MARK },
		{ BAGIT_BACKSLASH, BAG_BACKSLASH },
		{ BAGIT_BARE_PERCENT, BAG_BARE_PERCENT },
	};
	size_t i;

	for (i = 0; i < COUNT(habits); i++)
		if ((entry->habits & habits[i].habit) != 0)
			note_at(r, habits[i].fault, entry->path, NULL);
}

/* False, and noted: the line is none to go on with. */
static bool line_is_good(const struct reading *r, enum bagit_line v,
			 const struct bagit_entry *entry)
{
	static const char *const whats[] = {
		[BAGIT_LINE_MALFORMED] = "malformed", [BAGIT_LINE_CHECKSUM] = "checksum",
		[BAGIT_LINE_PATH] = "path", [BAGIT_LINE_PLACE] = "place",
	};
	const bool has_path = v == BAGIT_LINE_PATH || v == BAGIT_LINE_PLACE;

	if (v != BAGIT_LINE_GOOD)
		note_at(r, BAG_BAD_LINE, has_path ? entry->path : NULL, whats[v]);
	return v == BAGIT_LINE_GOOD;
}

static int take_entry(const struct reading *r, const struct bagit_entry *entry, struct err *e)
{
	const enum bagit_algorithm a = r->text->algorithm;
	struct bag_item *item;
	bool same;
	int err = items_get(&r->c->items, entry->path, &item, e);

	if (err < 0)
		return err;
	note_habits(r, entry);
	if (item->want[a] != NULL) {
		same = memcmp(item->want[a], entry->digest, bagit_digest_len(a)) == 0;
		note_at(r, same && !bagit_is_strict(r->d) ? BAG_SAME_TWICE : BAG_LISTED_TWICE,
			entry->path, NULL);
		return 0;
	}
	if (bagit_is_system_file(entry->path))
		note_at(r, BAG_SYSTEM_FILE, entry->path, NULL);
	return items_want(&r->c->items, item, a, entry->digest, e);
}

static int take_fetch(const struct reading *r, const struct bagit_entry *entry, struct err *e)
{
	struct bag_item *item;
	int err = items_get(&r->c->items, entry->path, &item, e);

	if (err < 0)
		return err;
	note_habits(r, entry);
	item->fetch = true;
	if (item->present && entry->size != UINT64_MAX && entry->size != item->size)
		note_at(r, BAG_WRONG_SIZE, entry->path, NULL);
	return 0;
}

static int read_lines(struct reading *r, const struct buf *utf8, struct err *e)
{
	const bool fetch = r->text->kind == BAGIT_FETCH;
	struct bagit_lines l = { buf_str(utf8), buf_str(utf8) + utf8->len, 0 };
	struct bagit_entry entry;
	enum bagit_line v;
	const char *line;
	size_t len;
	int err = 0;

	while (err == 0 && bagit_next_line(&l, &line, &len)) {
		if (len == 0)
			continue;
		r->line = l.number;
		v = fetch ? bagit_parse_fetch(r->d, line, len, &entry) :
			    bagit_parse_entry(r->d, r->text->kind, r->text->algorithm, line, len,
					      &entry);
		if (line_is_good(r, v, &entry))
			err = fetch ? take_fetch(r, &entry, e) : take_entry(r, &entry, e);
	}
	return err;
}

static void take_oxum(struct reading *r, const char *value)
{
	struct bag_check *c = r->c;
	uint64_t octets, files;

	if (!bagit_parse_oxum(value, &octets, &files)) {
		note_at(r, BAG_BAD_LINE, NULL, "oxum");
		return;
	}
	if (c->oxum_said && (octets != c->oxum_octets || files != c->oxum_files))
		note_at(r, BAG_WRONG_OXUM, NULL, "said twice");
	c->oxum_said = true;
	c->oxum_octets = octets;
	c->oxum_files = files;
}

static void read_info(struct reading *r, const struct buf *utf8)
{
	const struct bag_watch *w = r->c->watch;
	struct bagit_lines l = { buf_str(utf8), buf_str(utf8) + utf8->len, 0 };
	struct bagit_tag tag;
	int got;

	while ((got = bagit_next_tag(r->d, &l, &tag)) != 0) {
		r->line = l.number;
		if (got < 0)
			note_at(r, BAG_BAD_LINE, NULL, "malformed");
		else if (strcasecmp(tag.label, "Payload-Oxum") == 0)
			take_oxum(r, tag.value);
		if (got > 0 && w->tag != NULL)
			w->tag(w->data, tag.label, tag.value);
	}
}

static int read_text(struct bag_check *c, const struct bag_text *text, struct err *e)
{
	AUTO(buf_clear) struct buf utf8 = BUF_INIT(2 * BAG_TEXTS_BYTES);
	struct reading r = { .c = c, .text = text, .d = &c->report->declaration };
	struct err why = { 0, "" };
	int err;

	if (text->algorithm == BAGIT_ALGORITHMS) {
		bag_note(c->report, BAG_BAD_ALGORITHM, text->path, NULL, 0, NULL);
		return 0;
	}
	err = bagit_to_utf8(r.d->encoding, text->bytes.p, text->bytes.len, &utf8, &why);
	if (err == -EILSEQ) {
		bag_note(c->report, BAG_BAD_TEXT, text->path, NULL, 0, why.msg);
		return 0;
	}
	if (err < 0)
		return err_set(e, err, "%s: %s", text->path, why.msg);
	if (text->kind == BAGIT_INFO) {
		read_info(&r, &utf8);
		return 0;
	}
	if (text->kind == BAGIT_MANIFEST)
		c->manifests |= 1u << text->algorithm;
	return read_lines(&r, &utf8, e);
}

static int read_declaration(struct bag_check *c, const struct bag_text *text)
{
	struct err why = { 0, "" };
	int r = bagit_parse_declaration(text->bytes.p, text->bytes.len, &c->report->declaration,
					&why);

	if (r < 0)
		bag_note(c->report, BAG_BAD_DECLARATION, text->path, NULL, 0, why.msg);
	return r;
}

int bag_read_tags(struct bag_check *c, struct err *e)
{
	const struct bag_text *declaration = NULL;
	bool manifest = false;
	size_t i;
	int r = 0;

	for (i = 0; i < c->n_texts; i++) {
		if (c->texts[i].kind == BAGIT_DECLARATION)
			declaration = &c->texts[i];
		manifest = manifest || c->texts[i].kind == BAGIT_MANIFEST;
	}
	if (declaration == NULL) {
		/* Any folder may be named: what is no bag has nothing in it that is wrong. */
		bag_report_clear(c->report);
		bag_note(c->report, BAG_NO_DECLARATION, NULL, NULL, 0, NULL);
		return 0;
	}
	if (!manifest)
		bag_note(c->report, BAG_NO_MANIFEST, NULL, NULL, 0, NULL);
	if (read_declaration(c, declaration) < 0)
		return 0;
	for (i = 0; r == 0 && i < c->n_texts; i++) {
		if (&c->texts[i] != declaration)
			r = read_text(c, &c->texts[i], e);
		buf_clear(&c->texts[i].bytes);
	}
	return r;
}
