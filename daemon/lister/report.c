#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"

enum {
	/* Kept free for the troubles that end a listing. */
	RESERVED_TROUBLES = 4,
	RESERVED_BYTES = 16 * 1024,
	/* The longest entry: its head and texts, and all extents a card may have. */
	MESSAGES_MAX = 16 * 1024 + LISTING_EXTENTS_MAX * 17,
};

void report_init(struct report *r, struct peer *peer)
{
	*r = (struct report){ .peer = peer, .out = BUF_INIT(MESSAGES_MAX) };
}

void report_fini(struct report *r)
{
	buf_clear(&r->out);
}

void report_cut(char *to, size_t size, const uint8_t *text, size_t len)
{
	len = MIN(len, size - 1);
	while (len > 0 && !name_is_text(text, len))
		len--;
	if (len > 0)
		memcpy(to, text, len);
	to[len] = '\0';
}

void report_fit(char *to, size_t size, const char *text)
{
	struct buf b = BUF_INIT(4096);

	name_add_text(&b, (const uint8_t *)text, strnlen(text, 512));
	report_cut(to, size, b.p, b.len);
	buf_clear(&b);
}

static int flush(struct report *r)
{
	int ret = r->out.failed ? -ENOMEM : r->peer->send(r->peer, &r->out);

	buf_reset(&r->out);
	if (ret < 0)
		r->stop = true;
	return ret;
}

static void add_trouble(struct report *r, const char *path, const char *text)
{
	struct listing_trouble t = { .path = (char *)(uintptr_t)path };

	r->troubles++;
	r->bytes += listing_trouble_cost(&t);
	listing_put_trouble(&r->out, path, text);
	flush(r);
}

void report_trouble(struct report *r, const char *path, const char *fmt, ...)
{
	char raw[512], text[LISTING_TEXT_MAX + 1];
	va_list ap;

	if (r->troubles > LISTING_TROUBLES_MAX - RESERVED_TROUBLES ||
	    r->bytes > LISTING_BYTES_MAX - RESERVED_BYTES)
		return;
	if (r->troubles == LISTING_TROUBLES_MAX - RESERVED_TROUBLES) {
		add_trouble(r, "", "there is more trouble of the kind than is listed here");
		return;
	}
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	report_fit(text, sizeof(text), raw);
	add_trouble(r, path, text);
}

/* Nothing more will be taken in; the sentence says why. */
static void cut_short(struct report *r, const char *text)
{
	if (r->stop)
		return;
	add_trouble(r, "", text);
	r->stop = true;
}

void report_device(struct report *r, const struct listing_device *d)
{
	listing_put_device(&r->out, d);
	flush(r);
}

void report_volume(struct report *r, const struct listing_volume *v)
{
	if (r->stop || r->volumes >= LISTING_VOLUMES_MAX)
		return;
	r->volumes++;
	listing_put_volume(&r->out, v);
	flush(r);
}

static bool deleted_fits(struct report *r, uint64_t cost)
{
	if (r->deleted_full)
		return false;
	if (r->deleted < REPORT_DELETED_MAX && r->deleted_bytes + cost < REPORT_DELETED_BYTES_MAX) {
		r->deleted++;
		r->deleted_bytes += cost;
		return true;
	}
	r->deleted_full = true;
	add_trouble(r, "", "there are more deleted entries than are listed here");
	return false;
}

void report_file(struct report *r, const struct listing_file *f)
{
	struct listing_file copy = *f;
	uint64_t cost;

	if (copy.n_extents > LISTING_EXTENTS_MAX - r->extents) {
		copy.n_extents = 0;
		snprintf(copy.trouble, sizeof(copy.trouble),
			 "it lies in more pieces than can be listed: copy it from the card by hand");
	}
	cost = listing_file_cost(&copy);
	if (r->stop || (f->deleted && !deleted_fits(r, cost)))
		return;
	if (r->files >= LISTING_FILES_MAX || r->bytes + cost > LISTING_BYTES_MAX - RESERVED_BYTES) {
		cut_short(r, "the card has more entries than can be listed: what comes behind "
			     "them is missing here, copy it from the card by hand");
		return;
	}
	r->files++;
	r->bytes += cost;
	r->extents += copy.n_extents;
	listing_put_file(&r->out, &copy);
	flush(r);
}

int report_end(struct report *r)
{
	listing_put_end(&r->out);
	return flush(r);
}
