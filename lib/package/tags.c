/* What is beside data/: manifests, tag files, the signature. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "package/writing.h"

enum { TAG_MAX = 64 * 1024, FLUSH = 64 * 1024 };

static const struct algorithm {
	const char *manifest, *tagmanifest;
	size_t offset, len;
} algorithms[] = {
	{ "manifest-sha256.txt", "tagmanifest-sha256.txt", offsetof(struct package_digests, sha256),
	  sizeof(((struct package_digests *)0)->sha256) },
	{ "manifest-sha512.txt", "tagmanifest-sha512.txt", offsetof(struct package_digests, sha512),
	  sizeof(((struct package_digests *)0)->sha512) },
};

static const uint8_t *digest_in(const struct algorithm *a, const struct file *f)
{
	return (const uint8_t *)&f->digests + a->offset;
}

/* A package may have a million files, so that the text goes piece by piece. */
static int write_manifest(struct writing *w, const struct algorithm *a, size_t n, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(FLUSH + PACKAGE_LINE_MAX);
	const struct file *f;
	uint64_t size = 0;
	size_t i;
	int r;

	for (i = 0; i < n; i++)
		if (w->files.list[i].kind == FILE_PAYLOAD)
			size += package_manifest_line_len(a->len, w->files.list[i].path);
	r = put_begin(w, a->manifest, size, e);
	for (i = 0; i < n && r == 0; i++) {
		f = &w->files.list[i];
		if (f->kind == FILE_PAYLOAD)
			package_manifest_line(&text, digest_in(a, f), a->len, f->path);
		if (text.failed)
			return err_set(e, -ENOMEM, "%s: no memory for it", a->manifest);
		if (text.len >= FLUSH || i + 1 == n) {
			r = put_add(w, text.p, text.len, e);
			buf_reset(&text);
		}
	}
	return r < 0 ? r : put_end(w, a->manifest, FILE_TAG, size, e);
}

int tags_write_manifests(struct writing *w, struct err *e)
{
	size_t n = w->files.n, i;
	int r = 0;

	files_sort(&w->files);
	for (i = 0; i < COUNT(algorithms) && r == 0; i++)
		r = write_manifest(w, &algorithms[i], n, e);	/* which adds itself behind n */
	return r;
}

static int write_bag_info(struct writing *w, struct err *e)
{
	AUTO(buf_clear) struct buf declaration = BUF_INIT(TAG_MAX), info = BUF_INIT(TAG_MAX);
	struct package_bag b = { .id = w->p->id, .station = w->p->station,
				 .made_ms = w->p->made_ms, .disc = w->disc, .discs = w->discs };
	size_t i;
	int r;

	for (i = 0; i < w->files.n; i++)
		if (w->files.list[i].kind == FILE_PAYLOAD) {
			b.payload_bytes += w->files.list[i].size;
			b.payload_files++;
		}
	package_bagit_txt(&declaration);
	package_bag_info(&info, &b);
	r = put_bytes(w, "bagit.txt", FILE_TAG, &declaration, e);
	return r < 0 ? r : put_bytes(w, "bag-info.txt", FILE_TAG, &info, e);
}

static int write_signature(struct writing *w, const struct buf *text, const char *path,
			   struct err *e)
{
	AUTO(buf_clear) struct buf signature = BUF_INIT(MINISIGN_FILE_MAX);
	char trusted[200], when[UTC_TEXT_SIZE], disc[32] = "", name[PACKAGE_PATH_SIZE];
	int r;

	utc_format(w->p->made_ms, when);
	if (w->discs > 0)
		snprintf(disc, sizeof(disc), ", disc %u of %u", w->disc, w->discs);
	snprintf(trusted, sizeof(trusted), "evidence package %s, station %s, %s%s", w->p->id,
		 w->p->station, when, disc);
	r = minisign_sign(w->p->export_key, text->p, text->len, trusted, &signature, e);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s.minisig", path);
	return put_bytes(w, name, FILE_TOP, &signature, e);
}

static int write_tagmanifests(struct writing *w, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(TAG_MAX);
	size_t i, k;
	int r = 0;

	files_sort(&w->files);
	for (i = 0; i < COUNT(algorithms) && r == 0; i++) {
		const struct algorithm *a = &algorithms[i];

		buf_reset(&text);
		for (k = 0; k < w->files.n; k++)
			if (w->files.list[k].kind == FILE_TAG)
				package_manifest_line(&text, digest_in(a, &w->files.list[k]),
						      a->len, w->files.list[k].path);
		r = put_bytes(w, a->tagmanifest, FILE_TOP, &text, e);
	}
	/* The last one, of SHA-512, is what is signed. */
	return r < 0 ? r
		     : write_signature(w, &text, algorithms[COUNT(algorithms) - 1].tagmanifest, e);
}

int tags_write(struct writing *w, struct err *e)
{
	int r = write_bag_info(w, e);

	if (r == 0 && w->discs > 0)
		r = put_bytes(w, "set.tsv", FILE_TAG, &w->set, e);
	return r < 0 ? r : write_tagmanifests(w, e);
}

void tags_make_set(struct writing *w)
{
	char label[PACKAGE_LABEL_SIZE];
	const struct package_object *o = w->p->objects, *end = o + w->p->n_objects;
	unsigned disc;

	for (disc = 1; disc <= w->discs; disc++) {
		package_label(w->p->id, disc, label);
		buf_addf(&w->set, "disc\t%02u\t%s\t", disc, label);
		package_hex(&w->set, w->manifests[disc - 1], sizeof(w->manifests[0]));
		buf_adds(&w->set, "\n");
	}
	for (; o < end; o++) {
		buf_addf(&w->set, "file\t%02u\t%s\t%" PRIu64 "\t", o->disc, o->media, o->size);
		package_hex(&w->set, o->digests.sha256, sizeof(o->digests.sha256));
		buf_adds(&w->set, "\n");
	}
}
