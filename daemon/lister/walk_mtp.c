#include "walk_mtp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "path.h"
#include "walk_mtp_impl.h"

/* ------ asking ------ */

/* A device that fails each time, and a walk that would never end, are given up. */
static void count_failure(struct mtp_walk *w, int r)
{
	if (r != -EIO) {
		w->gone = r;
	} else if (++w->failures == MTP_FAILURES_MAX) {
		w->gone = r;
		report_trouble(w->report, "", "the device failed %d times in a row and is asked no "
			       "more: copy what is missing here by hand", MTP_FAILURES_MAX);
	}
}

int mtp_ask_in_pieces(struct mtp_walk *w, const struct listing_operation *op,
		      void (*take)(void *data, const uint8_t *bytes, size_t len), void *data)
{
	struct listing_operation response = { .code = 0 };
	int r;

	if (w->gone == 0 && w->asked == LISTING_OPERATIONS_MAX) {
		w->gone = -EIO;
		report_trouble(w->report, "", "the device needs too many questions: what is missing "
			       "here is to be copied from it by hand");
	}
	if (w->gone != 0)
		return w->gone;
	w->asked++;
	r = w->peer->operation(w->peer, op, take, data, &response);
	if (r < 0) {
		count_failure(w, r);
		return r;
	}
	w->failures = 0;
	return response.code == MTP_RESPONSE_OK ? 0 : MAX(response.code, 1);
}

static void keep(void *data, const uint8_t *bytes, size_t len)
{
	struct mtp_walk *w = data;
	size_t n = MIN(len, w->data.max - w->data.len);

	if (n > 0)
		buf_add(&w->data, bytes, n);
	w->data_cut |= n < len || w->data.failed;
}

int mtp_ask(struct mtp_walk *w, const struct listing_operation *op, size_t most)
{
	buf_reset(&w->data);
	w->data.max = most;
	w->data_cut = false;
	return mtp_ask_in_pieces(w, op, keep, w);
}

bool mtp_can(const struct mtp_walk *w, uint16_t operation)
{
	return mtp_array_has(&w->device.operations, operation);
}

bool mtp_has_prop(const struct mtp_walk *w, uint16_t prop)
{
	return mtp_array_has(&w->device.props, prop);
}

const char *mtp_why(int r, char to[48])
{
	if (r > 0)
		snprintf(to, 48, "response %04x", (unsigned)r);
	else if (r < 0)
		snprintf(to, 48, "the operation failed");
	else
		snprintf(to, 48, "its answer makes no sense");
	return to;
}

/* ------ telling ------ */

/* Which of the storages it lies on; one that is not there counts as the first. */
static unsigned storage_of(const struct mtp_walk *w, const struct object *x)
{
	for (unsigned i = 0; i < w->n_storages; i++) {
		if (w->storages[i] == x->storage)
			return i;
	}
	return 0;
}

/* The path in UTF-16; of one that is too long the folders are their hash, as in path_shorten. */
static uint16_t fit_raw(const struct buf *raw, uint8_t to[LISTING_PATH_MAX])
{
	char hash[PATH_HASHED + 1];
	size_t folders = raw->len, name;

	if (raw->len <= LISTING_PATH_MAX) {
		memcpy(to, raw->p, raw->len);
		return (uint16_t)raw->len;
	}
	do
		folders -= 2;
	while (folders >= 2 && (raw->p[folders] != '/' || raw->p[folders + 1] != 0));
	path_hash(raw->p, folders, hash);
	for (size_t i = 0; i < PATH_HASHED; i++) {
		to[2 * i] = (uint8_t)hash[i];
		to[2 * i + 1] = 0;
	}
	name = MIN(raw->len - folders, LISTING_PATH_MAX - 2 * PATH_HASHED);
	memcpy(to + 2 * PATH_HASHED, raw->p + folders, name);
	return (uint16_t)(2 * PATH_HASHED + name);
}

/* Why it cannot be read, if so. */
static void say_trouble(const struct mtp_walk *w, const struct object *x, struct listing_file *f)
{
	uint64_t capacity = w->capacity[storage_of(w, x)];

	if (x->handle == 0)
		snprintf(f->trouble, sizeof(f->trouble),
			 "the device gives it no handle: copy it from the device by hand");
	else if (!object_is_described(x))
		snprintf(f->trouble, sizeof(f->trouble),
			 "the device does not describe it: copy it from the device by hand");
	else if ((x->known & OBJECT_HUGE) != 0)
		snprintf(f->trouble, sizeof(f->trouble), "it claims more than 4 GiB, of unknown "
			 "size: copy it from the device by hand");
	else if (x->size > INT64_MAX || (capacity > 0 && x->size > capacity))
		snprintf(f->trouble, sizeof(f->trouble),
			 "it claims %" PRIu64 " bytes, more than the device's storage has", x->size);
}

/* False: its folders lead nowhere, see objects_path. */
static bool tell(struct mtp_walk *w, const struct object *x, struct buf *path, struct buf *raw)
{
	char shown[LISTING_PATH_MAX + 1], prefix[32];
	uint8_t found[LISTING_PATH_MAX];
	struct listing_file f = {
		.handle = x->handle, .size = x->size, .valid = x->size, .path = shown,
		.raw = found,
	};
	unsigned storage = storage_of(w, x);
	bool home;

	buf_reset(path);
	buf_reset(raw);
	if (storage > 0) {
		snprintf(prefix, sizeof(prefix), "storage-%u/", storage + 1);
		buf_adds(path, prefix);
		objects_add_raw(raw, prefix);
	}
	home = objects_path(&w->objects, x, path, raw);
	if (path->failed || raw->failed) {
		report_trouble(w->report, "", "there is not enough memory to list the device");
		w->report->stop = true;
		return home;
	}
	path_shorten(path, path_directories(path), shown);
	f.raw_len = fit_raw(raw, found);
	memcpy(f.created, x->created, sizeof(f.created));
	memcpy(f.modified, x->modified, sizeof(f.modified));
	say_trouble(w, x, &f);
	report_file(w->report, &f);
	return home;
}

/* The objects that are described; folders are in the paths of the others. */
static void tell_files(struct mtp_walk *w)
{
	enum { PATH_ROOM = OBJECTS_DEPTH_MAX * 3100 };	/* 255 units each, all escaped */
	struct buf path = BUF_INIT(PATH_ROOM), raw = BUF_INIT(PATH_ROOM);
	unsigned lost = 0;

	for (uint32_t i = 0; i < w->objects.n && !w->report->stop; i++) {
		const struct object *x = &w->objects.list[i];

		if ((x->known & OBJECT_NAME) != 0 && !object_is_folder(x))
			lost += !tell(w, x, &path, &raw);
	}
	if (lost > 0)
		report_trouble(w->report, "", "%u files are in folders that are not there or contain "
			       "each other: they are listed below lost/", lost);
	if (w->full)
		report_trouble(w->report, "", "the device has more objects than can be listed: copy "
			       "what is missing here from it by hand");
	buf_clear(&path);
	buf_clear(&raw);
}

int walk_mtp(struct peer *peer, struct report *report)
{
	struct mtp_walk w = {
		.peer = peer, .report = report, .info = BUF_INIT(MTP_INFO_MAX),
		.data = BUF_INIT(MTP_INFO_MAX),
	};
	int r = objects_init(&w.objects);

	if (r == 0 && mtp_tell_device(&w)) {
		mtp_tell_storages(&w);
		mtp_find_objects(&w);
		tell_files(&w);
	}
	objects_fini(&w.objects);
	buf_clear(&w.info);
	buf_clear(&w.data);
	return r;
}
