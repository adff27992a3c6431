/*
 * Writing a package: each disc under PATH.part, synced, read again, and at the end named.
 *
 * A set names in each disc the manifests of all: so all is hashed before anything is written,
 * and each disc is made twice, first to nowhere.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "package/outputs.h"
#include "package/verify_text.h"
#include "package/writing.h"

enum { SET_MAX = PACKAGE_OBJECTS_MAX * PACKAGE_LINE_MAX };

/* ------ one disc ------ */

static int open_sink(struct writing *w, const char *part, struct err *e)
{
	const struct package *p = w->p;
	char name[sizeof("package-") + PACKAGE_ID_LEN];
	int r = -EINVAL;

	switch (w->o->form) {
	case PACKAGE_FOLDER:
		r = sink_folder_new(part, p->made_ms, &w->sink, e);
		break;
	case PACKAGE_TAR:
		snprintf(name, sizeof(name), "package-%s", p->id);
		r = sink_tar_new(part, name, p->made_ms, w->sealer, &w->sink, e);
		break;
	case PACKAGE_ISO:
		package_label(p->id, w->disc, name);
		r = sink_iso_new(part, name, p->made_ms, &w->sink, e);
		break;
	}
	return r;
}

/* As planned: a disc that is too full for its medium would only be found out when it is burnt. */
static int check_size(const struct writing *w, const char *part, struct err *e)
{
	struct stat st;

	if (w->o->media_size == 0)
		return 0;
	if (stat(part, &st) < 0)
		return err_set(e, -errno, "%s: %s", part, strerror(errno));
	if ((uint64_t)st.st_size > w->o->media_size)
		return err_set(e, -EFBIG, "%s: it became %" PRIu64 " bytes, more than the %" PRIu64
			       " of a disc: name a smaller --media-size than the disc has", part,
			       (uint64_t)st.st_size, w->o->media_size);
	return 0;
}

static uint64_t media_bytes(const struct writing *w)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < w->p->n_objects; i++)
		if (writing_has(w, &w->p->objects[i]))
			bytes += w->p->objects[i].size;
	return bytes;
}

static uint64_t all_bytes(const struct writing *w)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < w->files.n; i++)
		bytes += w->files.list[i].size;
	return bytes;
}

/* The disc, whole, under the name that it has while it is not finished. */
static int write_disc(struct writing *w, const char *part, struct err *e)
{
	int r;

	files_clear(&w->files);
	writing_phase(w, PACKAGE_WRITING, media_bytes(w));
	r = payload_write(w, e);
	if (r == 0)
		r = tags_write_manifests(w, e);
	if (r == 0)
		r = tags_write(w, e);
	if (r == 0)
		r = w->sink->ops->finish(w->sink, e);
	sink_free(TAKE(w->sink));
	if (r == 0)
		r = check_size(w, part, e);
	writing_phase(w, PACKAGE_READING_BACK, all_bytes(w));
	return r < 0 ? r : readback(w, part, e);
}

/* ------ a set ------ */

/* The digests of all media, before anything is written. */
static int hash_media(struct writing *w, struct err *e)
{
	size_t i;
	int r = 0;

	w->sink = sink_nowhere();
	w->disc = w->discs = 0;
	writing_phase(w, PACKAGE_HASHING, media_bytes(w));
	for (i = 0; i < w->p->n_objects && r == 0; i++) {
		struct package_object *o = &w->p->objects[i];

		r = put_blob(w, o->media, &o->blob, o->size, &o->digests, e);
	}
	files_clear(&w->files);
	w->hashed = r == 0;
	return r;
}

static int hash_manifest(struct writing *w, uint8_t ret[64], struct err *e)
{
	const struct file *f;
	int r;

	files_clear(&w->files);
	w->sink = sink_nowhere();
	writing_phase(w, PACKAGE_HASHING, 0);
	r = payload_write(w, e);
	if (r == 0)
		r = tags_write_manifests(w, e);
	if (r < 0)
		return r;
	files_sort(&w->files);
	f = files_find(&w->files, "manifest-sha512.txt");
	memcpy(ret, f->digests.sha512, sizeof(f->digests.sha512));
	return 0;
}

static int prepare_set(struct writing *w, struct err *e)
{
	unsigned discs = w->discs;
	int r = hash_media(w, e);

	w->discs = discs;
	for (w->disc = 1; w->disc <= discs && r == 0; w->disc++)
		r = hash_manifest(w, w->manifests[w->disc - 1], e);
	if (r == 0)
		tags_make_set(w);
	return r;
}

/* ------ all ------ */

/* Whoever asked to be told is.  The part's name is in its folder first. */
static int tell_whole(struct writing *w, bool *ret_kept, struct err *e)
{
	int r = file_sync_parent(w->o->path, e);

	if (r == 0)
		r = w->o->whole(w->o->data, sealer_sha256(w->sealer), sealer_file_size(w->sealer), e);
	*ret_kept = r == 0 || r == -EINPROGRESS;
	return r;
}

static int write_all(struct writing *w, struct err *e)
{
	const unsigned first = output_first(w->discs);
	char part[OUTPUT_PART_SIZE];
	unsigned disc, made = first;
	bool kept = false;
	int r = w->discs > 0 ? prepare_set(w, e) : 0;

	for (disc = first; disc <= w->discs && r == 0; disc++) {
		w->disc = disc;
		r = output_part(w->o, disc, part, e);
		if (r == 0)
			r = open_sink(w, part, e);
		if (r < 0)
			break;
		made = disc + 1;
		r = write_disc(w, part, e);
	}
	if (r == 0 && w->sealer != NULL && w->o->whole != NULL)
		r = tell_whole(w, &kept, e);
	if (r == 0)
		r = output_name_all(w->o, w->discs, e);
	/* Only what was made here: another export's part is another's.  What has its name has none. */
	for (disc = first; r < 0 && !kept && disc < made; disc++)
		if (output_part(w->o, disc, part, NULL) == 0)
			sink_remove(part);
	return r;
}

int package_write(struct package *p, const struct package_output *o, struct err *e)
{
	struct writing w = {
		.p = p, .o = o,
		.certificate = BUF_INIT(PACKAGE_CERTIFICATE_MAX),
		.verify = BUF_INIT(VERIFY_TEXT_MAX),
		.set = BUF_INIT(SET_MAX),
	};
	int r = package_plan(p, o, &w.discs, e);

	if (r == 0)
		r = hasher_new(&w.hasher, e);
	if (r == 0 && o->seal != NULL)
		r = sealer_new(o->seal, &w.sealer, e);
	if (r == 0)
		r = write_all(&w, e);
	files_clear(&w.files);
	hasher_free(w.hasher);
	sealer_free(w.sealer);
	buf_clear(&w.certificate);
	buf_clear(&w.verify);
	buf_clear(&w.set);
	return r;
}
