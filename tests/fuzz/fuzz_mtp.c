/*
 * A hostile MTP device: whatever it answers, the lister comes to an end, and
 * what it says is what dockd's reader accepts.
 *
 * The input is a script, a step for each operation, over a sound small device:
 * how (u8), then what that needs (lengths u16).  Where it ends the device is
 * sound again.  An input that begins with 0xff is bytes for each of the parsers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/listing.h"
#include "format/mtp_data.h"
#include "fuzz/fuzz.h"
#include "lister/walk_mtp.h"
#include "unit/mtp_rig.h"

enum { OPERATIONS_MAX = 5000 };

enum how {
	SOUND,
	PATCHED,			/* at u16: n u8, bytes */
	REPLACED,			/* n u16, bytes */
	REFUSED,			/* response u16 */
	CUT,				/* n u16 */
	FAILED,				/* cut to n u16, and it could not be carried out */
	SOUND_MANY,			/* n u8 sound steps */
	GONE,
	HOWS,
};

struct bench {
	struct peer peer;
	const uint8_t *script;
	size_t left;
	unsigned sound;			/* steps that are sound without a word in the script */
	unsigned operations;
	struct listing_reader *reader;
	int complete;
};

static uint32_t next(struct bench *b, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n && b->left > 0; i++, b->script++, b->left--)
		v |= (uint32_t)*b->script << (8 * i);
	return v;
}

static void next_bytes(struct bench *b, uint8_t *to, size_t n)
{
	n = MIN(n, b->left);
	if (n > 0)
		memcpy(to, b->script, n);
	b->script += n;
	b->left -= n;
}

/* The next step of the script upon what a sound device would have said. */
static int step(struct bench *b, struct buf *data, struct listing_operation *response)
{
	uint32_t at;
	size_t n;

	if (b->sound > 0) {
		b->sound--;
		return 0;
	}
	switch ((enum how)(next(b, 1) % HOWS)) {
	case PATCHED:
		at = next(b, 2);
		n = next(b, 1);
		if (at < data->len)
			next_bytes(b, data->p + at, MIN(n, data->len - at));
		break;
	case REPLACED:
		n = MIN(next(b, 2), b->left);
		buf_reset(data);
		buf_add(data, b->script, n);
		b->script += n;
		b->left -= n;
		break;
	case REFUSED:
		response->code = (uint16_t)next(b, 2);
		break;
	case CUT:
		data->len = MIN(data->len, next(b, 2));
		break;
	case FAILED:
		data->len = MIN(data->len, next(b, 2));
		return -EIO;
	case GONE:
		return -EPIPE;
	case SOUND_MANY:
		b->sound = next(b, 1);
		break;
	case SOUND:
	case HOWS:
		break;
	}
	return 0;
}

static int bench_operation(struct peer *p, const struct listing_operation *op,
			   void (*take)(void *data, const uint8_t *bytes, size_t len), void *data,
			   struct listing_operation *ret)
{
	struct bench *b = container_of(p, struct bench, peer);
	struct buf answer = BUF_INIT(1 << 20);
	size_t piece = 1 + b->left % 97;
	int r;

	MUST(listing_is_mtp_read(op->code) && op->n_params <= LISTING_PARAMS_MAX);
	MUST(b->operations++ < OPERATIONS_MAX);
	*ret = (struct listing_operation){ .code = mtp_rig_answer(&mtp_rig_device, op, &answer) };
	MUST(!answer.failed);
	r = step(b, &answer, ret);
	for (size_t at = 0, n; at < answer.len; at += n) {
		n = MIN(piece, answer.len - at);
		take(data, answer.p + at, n);
	}
	buf_clear(&answer);
	return r;
}

static int bench_send(struct peer *p, const struct buf *messages)
{
	struct bench *b = container_of(p, struct bench, peer);
	struct listing_event ev;
	struct err e = { 0, "" };
	size_t used;
	int r;

	for (size_t at = 0; at < messages->len; at += used) {
		r = listing_reader_feed(b->reader, messages->p + at, messages->len - at, &used, &ev,
					&e);
		MUST(r >= 0);
		b->complete |= r == 1 && ev.what == LISTING_COMPLETE;
	}
	return 0;
}

static void parse(const uint8_t *p, size_t len)
{
	struct mtp_device_info device;
	struct mtp_storage_info storage;
	struct mtp_object_info object;
	struct mtp_prop_desc desc;
	struct mtp_props props = { .n_held = 0 };
	struct mtp_prop prop;
	struct mtp_value value;
	struct mtp_array array;
	struct mtp_time moment;
	const uint8_t *at = p;
	size_t left = len;

	if (mtp_device_info_read(p, len, &device) == 0)
		MUST(device.operations.n <= len && !mtp_array_has(&device.props, UINT32_MAX));
	mtp_storage_info_read(p, len, &storage);
	mtp_object_info_read(p, len, &object);
	if (mtp_prop_desc_read(p, len, &desc) == 0)
		MUST(mtp_percent(&desc) >= -1 && mtp_percent(&desc) <= 100);
	if (mtp_array_read(p, len, 4, &array) == 0)
		MUST(array.n <= len / 4 && !(mtp_array_has(&array, 0) && array.n == 0));
	if (mtp_value_read(p, len, MTP_TYPE_STRING, &value) > 0 && mtp_time_read(&value.text, &moment))
		MUST(strlen(moment.text) == LISTING_TIME_MAX && moment.ms < 1000);
	while (mtp_props_next(&props, &at, &left, &prop) > 0)
		MUST(prop.value.text.len <= 510);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct bench b = {
		.peer = { .medium = { .kind = LISTING_MTP, .encoding = LISTING_UTF8 },
			  .operation = bench_operation, .send = bench_send },
		.script = bytes, .left = len,
	};
	struct report report;
	struct listing l;

	if (len > 0 && bytes[0] == 0xff) {
		parse(bytes + 1, len - 1);
		return 0;
	}
	if (listing_reader_new(&b.peer.medium, &b.reader) < 0)
		return 0;
	report_init(&report, &b.peer);
	MUST(walk_mtp(&b.peer, &report) == 0);
	MUST(report_end(&report) == 0 && b.complete);
	listing_reader_take(b.reader, &l);
	MUST(len > 0 || (l.n_files == 4 && l.n_troubles == 0));
	listing_clear(&l);
	report_fini(&report);
	listing_reader_free(b.reader);
	return 0;
}
