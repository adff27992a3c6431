/*
 * Bytes of a lister that was taken over, as dockd's reader takes them, cut in
 * pieces: a listing within all limits, or the end of the lister.  An
 * input that ends in M is of an MTP device.
 */
#include <errno.h>
#include <string.h>

#include "format/listing.h"
#include "format/name.h"
#include "fuzz/fuzz.h"

enum { DISK = 1 << 20, BLOCK = 512 };

static const struct listing_medium media[] = {
	{ .kind = LISTING_BLOCKS, .n_units = 2, .units = { { DISK, BLOCK }, { DISK, BLOCK } } },
	{ .kind = LISTING_MTP, .encoding = LISTING_UTF8 },
};

static void must_be_sound(const struct listing *l, bool mtp)
{
	MUST(l->bytes <= LISTING_BYTES_MAX && l->n_files <= LISTING_FILES_MAX);
	MUST(l->n_volumes <= LISTING_VOLUMES_MAX && (mtp || !l->device.present));
	for (uint32_t i = 0; i < l->n_files; i++) {
		const struct listing_file *f = &l->files[i];
		uint64_t covered = 0;

		MUST(name_is_path((const uint8_t *)f->path, strlen(f->path)));
		MUST(!f->deleted || f->n_extents == 0);
		MUST(f->valid <= f->size && f->unit < media[mtp].n_units + mtp);
		MUST(mtp ? f->n_extents == 0 : f->handle == 0);
		for (uint32_t k = 0; k < f->n_extents; k++) {
			const struct listing_extent *x = &f->extents[k];

			MUST(x->len > 0 && x->offset % BLOCK == 0 && x->len % BLOCK == 0);
			MUST(x->offset < DISK && x->len <= DISK - x->offset);
			covered += x->len;
		}
		MUST(f->deleted || f->trouble[0] != '\0' || mtp ||
		     (covered >= f->size && covered - f->size < BLOCK));
		MUST(f->trouble[0] == '\0' || f->n_extents == 0);
	}
}

static void must_be_asked_for(const struct listing_event *ev, bool mtp)
{
	if (mtp) {
		MUST(ev->what == LISTING_WANT_OPERATION && listing_is_mtp_read(ev->op.code) &&
		     ev->op.n_params <= LISTING_PARAMS_MAX);
		return;
	}
	MUST(ev->what == LISTING_WANT_READ && ev->unit < 2);
	MUST(ev->len > 0 && ev->len <= LISTING_READ_MAX && ev->offset % BLOCK == 0 &&
	     ev->len % BLOCK == 0 && ev->offset < DISK && ev->len <= DISK - ev->offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct listing_reader *r = NULL;
	struct listing_event ev;
	struct listing l;
	struct err e = { 0, "" };
	size_t used = 0, step = len > 0 ? 1 + bytes[0] % 61u : 1;
	bool mtp = len > 1 && bytes[len - 1] == 'M';
	int ret = 0;

	if (listing_reader_new(&media[mtp], &r) < 0)
		return 0;
	for (size_t at = 0; at < len && ret >= 0; at += used) {
		ret = listing_reader_feed(r, bytes + at, MIN(step, len - at), &used, &ev, &e);
		MUST(ret == 0 || ret == 1 || ret == -EPROTO);
		MUST(ret < 0 || ret == 1 || used == MIN(step, len - at));
		if (ret < 1)
			continue;
		if (ev.what == LISTING_COMPLETE) {
			listing_reader_take(r, &l);
			must_be_sound(&l, mtp);
			listing_clear(&l);
			break;
		}
		must_be_asked_for(&ev, mtp);
	}
	listing_reader_free(r);
	return 0;
}
