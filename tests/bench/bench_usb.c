/*
 * bench_usb - what dockd reads a docked recorder with, and nothing behind it:
 * libusb, the transport and the medium are the daemon's own, in blocks as its
 * pump asks for; the bytes are dropped.
 *
 *	bench_usb PORT BYTES
 *	bench_usb PORT BYTES 64|32|object
 *
 * The first BYTES of the disk at PORT ("2-1"), a multiple of its sectors; or
 * the first object at the root of the MTP device there, which has BYTES, by
 * GetPartialObject64, GetPartialObject or GetObject.  Says how long the reading took, without
 * finding and opening the device, in seconds.
 */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "dockd/medium.h"
#include "dockd/pump.h"
#include "format/mtp_data.h"
#include "recorder/usb_host.h"

static struct {
	uv_loop_t loop;
	struct usb_host *host;
	struct medium *medium;
	const char *port;
	bool found;
	struct listing_extent all;	/* of the disk */
	struct listing_file file;
	struct listing listing;		/* of the MTP device: what it can */
	struct mtp_query query;		/* for its storages, then for the objects of the first */
	uint32_t answer;		/* the first id it gave */
	struct medium_read reads[PUMP_BLOCKS];
	uint8_t *buf;
	uint64_t asked, read, began_ns;
	unsigned flying;
	int status;
} bench = { .status = EXIT_FAILURE };

static void on_closed(void *data)
{
	(void)data;
	usb_host_free(bench.host, NULL, NULL);
}

static void finish(void)
{
	medium_close(bench.medium, on_closed, NULL);
}

static void ask(struct medium_read *r);

static void on_read(struct medium_read *r, int result)
{
	bench.flying--;
	if (result == 0)
		bench.read += r->len;
	else
		log_err("%s: at %" PRIu64 ": %s", bench.port, r->at, strerror(-result));
	if (result == 0)
		ask(r);
	if (bench.flying > 0)
		return;
	if (bench.read == bench.file.size) {
		bench.status = EXIT_SUCCESS;
		printf("%.6f\n", (double)(uv_hrtime() - bench.began_ns) / 1e9);
	}
	finish();
}

static void ask(struct medium_read *r)
{
	if (bench.asked == bench.file.size)
		return;
	*r = (struct medium_read){
		.medium = bench.medium, .file = &bench.file, .at = bench.asked, .buf = r->buf,
		.len = (size_t)MIN(bench.file.size - bench.asked, (uint64_t)PUMP_BLOCK_SIZE),
		.cb = on_read,
	};
	if (medium_read(r) < 0)
		return;
	bench.asked += r->len;
	bench.flying++;
}

static void begin(void)
{
	unsigned i;

	bench.began_ns = uv_hrtime();
	for (i = 0; i < PUMP_BLOCKS; i++) {
		bench.reads[i].buf = bench.buf + (size_t)i * PUMP_BLOCK_SIZE;
		ask(&bench.reads[i]);
	}
	if (bench.flying > 0)
		return;
	log_err("%s: cannot be read", bench.port);
	finish();
}

/* A count, and as many ids. */
static void on_ids(struct mtp_query *q, uint32_t len)
{
	if (len >= 8 && bench.answer == 0)
		bench.answer = (uint32_t)q->buf[7] << 24 | (uint32_t)q->buf[6] << 16 |
			       (uint32_t)q->buf[5] << 8 | q->buf[4];
	mtp_query_more(medium_mtp(bench.medium), q);
}

static void on_ids_over(struct mtp_query *q, int r);

static void ask_ids(struct mtp_operation op)
{
	bench.answer = 0;
	bench.query = (struct mtp_query){
		.op = op, .buf = bench.buf, .room = PUMP_BLOCK_SIZE,
		.piece = on_ids, .cb = on_ids_over,
	};
	if (mtp_query(medium_mtp(bench.medium), &bench.query) < 0)
		finish();
}

static void on_ids_over(struct mtp_query *q, int r)
{
	if (r < 0 || q->response.code != PTP_OK || bench.answer == 0) {
		log_err("%s: does not name its storages or objects: %s, %04x", bench.port,
			strerror(-r), q->response.code);
		finish();
	} else if (q->op.code == MTP_OP_STORAGE_IDS) {
		ask_ids((struct mtp_operation){
			MTP_OP_OBJECT_HANDLES, 3, { bench.answer, 0, UINT32_MAX } });
	} else {
		bench.file.handle = bench.answer;
		begin();
	}
}

static void ask_handle(void)
{
	medium_listed(bench.medium, &bench.listing);
	ask_ids((struct mtp_operation){ .code = MTP_OP_STORAGE_IDS });
}

static void on_open(void *data, int r, const struct medium_info *info, const struct err *e)
{
	(void)data;
	if (r < 0) {
		log_err("%s: %s", bench.port, e->msg);
		finish();
	} else if (info->listing.kind == LISTING_MTP) {
		ask_handle();
	} else {
		begin();
	}
}

static void on_changed(void *data, const char *why)
{
	(void)data;
	log_warn("%s: %s", bench.port, why);
}

static void on_io(void *data, int r, struct usb_io *io)
{
	static const struct medium_events events = { .opened = on_open, .changed = on_changed };

	(void)data;
	if (r == 0 && medium_open(&bench.loop, io, &events, &bench.medium) == 0)
		return;
	log_err("%s: cannot be opened: %s", bench.port, strerror(-r));
	if (r == 0)
		io->ops->close(io, NULL, NULL);
	usb_host_free(bench.host, NULL, NULL);
}

static void on_arrived(void *data, struct usb_device *d, const struct usb_device_info *info)
{
	(void)data;
	if (bench.found || strcmp(info->port, bench.port) != 0)
		return;
	bench.found = usb_host_open(d, on_io, NULL) == 0;
}

static void on_left(void *data, struct usb_device *d)
{
	(void)data;
	(void)d;
}

static bool take_way(const char *way)
{
	static const struct { const char *name; uint32_t can; } ways[] = {
		{ "64", LISTING_CAN_PARTIAL64 }, { "32", LISTING_CAN_PARTIAL },
		{ "object", LISTING_CAN_OBJECT },
	};
	size_t i;

	for (i = 0; i < COUNT(ways); i++)
		if (strcmp(way, ways[i].name) == 0)
			bench.listing.device.can = ways[i].can;
	return bench.listing.device.can != 0;
}

int main(int argc, char **argv)
{
	static const struct usb_host_events events = { on_arrived, on_left };
	uint64_t size = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	struct err e;

	if (size == 0 || (argc != 3 && (argc != 4 || !take_way(argv[3])))) {
		fputs("usage: bench_usb PORT BYTES [64|32|object]\n", stderr);
		return 2;
	}
	log_init("bench_usb", LOG_LEVEL_INFO);
	bench.port = argv[1];
	bench.all.len = size;
	bench.file = (struct listing_file){
		.size = size, .valid = size, .extents = &bench.all, .n_extents = 1,
	};
	bench.buf = malloc(PUMP_MEMORY);
	if (bench.buf == NULL || sodium_init() < 0 || uv_loop_init(&bench.loop) < 0)
		return EXIT_FAILURE;
	if (usb_host_new(&bench.loop, &events, NULL, &bench.host, &e) < 0) {
		log_err("%s", e.msg);
		return EXIT_FAILURE;
	}
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	free(bench.buf);
	return bench.status;
}
