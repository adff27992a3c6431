/*
 * usbprobe - what the dock would see on USB, and whether it can read it.
 *
 *	usbprobe [--read]
 *
 * Prints a line for each thing that happens, until SIGTERM or SIGINT:
 *
 *	arrived PORT VID:PID CLASS
 *	identity PORT SERIAL|MANUFACTURER|PRODUCT	or: identity PORT error -ERRNO
 *	disk PORT BYTES BLOCK-SIZE			or: disk PORT error -ERRNO SENTENCE
 *	mtp PORT BYTES-OF-DEVICEINFO RESPONSE		or: mtp PORT error -ERRNO SENTENCE
 *	unreadable PORT OFFSET -ERRNO SENTENCE
 *	content PORT BYTES-READ BLAKE2B-256
 *	changed PORT SENTENCE
 *	left PORT
 *
 * With --read every disk is read from end to end, and every MTP recorder asked who it is.  It writes to no device, and
 * is the first thing to try on a new model of recorder.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/util.h"
#include "recorder/disk.h"
#include "recorder/mtp.h"
#include "recorder/usb_host.h"

enum { IN_FLIGHT = 2 };

struct probe;

/* One recorder being read. */
struct reading {
	struct probe *probe;
	struct reading *next;
	char port[USB_PORT_MAX];
	struct disk *disk;		/* one of the two */
	struct mtp *mtp;
	struct mtp_query query;
	uint64_t size, asked, read;
	struct disk_read reads[IN_FLIGHT];
	uint8_t *buf;
	unsigned flying;
	bool closing;
	crypto_generichash_state hash;
};

struct probe {
	uv_loop_t loop;
	uv_signal_t term, interrupt;
	struct usb_host *host;
	bool reads, ending;
	struct reading *readings;
};

static const char *const class_names[] = {
	[USB_CLASS_OTHER] = "other", [USB_CLASS_HUB] = "hub",
	[USB_CLASS_STORAGE] = "storage", [USB_CLASS_MTP] = "mtp",
};

static void reading_free(struct reading *g)
{
	struct reading **at;

	for (at = &g->probe->readings; *at != g; at = &(*at)->next)
		;
	*at = g->next;
	free(g->buf);
	free(g);
}

static void on_closed(void *data)
{
	reading_free(data);
}

static void reading_close(struct reading *g)
{
	if (g->closing || (g->disk == NULL && g->mtp == NULL))
		return;
	g->closing = true;
	if (g->mtp != NULL)
		mtp_close(g->mtp, on_closed, g);
	else
		disk_close(g->disk, on_closed, g);
}

static void report(struct reading *g)
{
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	crypto_generichash_final(&g->hash, d.b, sizeof(d.b));
	printf("content %s %" PRIu64 " %s\n", g->port, g->read, digest_hex(&d, hex));
}

static void ask(struct reading *g, struct disk_read *r);

static void on_read(struct disk_read *r, int result)
{
	struct reading *g = r->data;

	g->flying--;
	if (result == 0) {
		crypto_generichash_update(&g->hash, r->buf, r->len);
		g->read += r->len;
	} else if (result != -ECANCELED) {
		printf("unreadable %s %" PRIu64 " %d %s\n", g->port, r->offset, result, r->why);
	}
	if ((result == 0 || result == -EIO) && !g->closing)
		ask(g, r);
	if (g->flying == 0 && !g->closing) {
		report(g);
		reading_close(g);
	}
}

static void ask(struct reading *g, struct disk_read *r)
{
	if (g->asked == g->size)
		return;
	r->offset = g->asked;
	r->len = (uint32_t)MIN(g->size - g->asked, (uint64_t)DISK_READ_MAX);
	r->cb = on_read;
	r->data = g;
	if (disk_read(g->disk, r) < 0)
		return;
	g->asked += r->len;
	g->flying++;
}

static void on_disk_open(void *data, int r, struct disk *d, const struct disk_info *info,
			 const struct err *e)
{
	struct reading *g = data;
	size_t i;

	(void)d;
	if (r < 0) {
		printf("disk %s error %d %s\n", g->port, r, e->msg);
		reading_close(g);
		return;
	}
	printf("disk %s %" PRIu64 " %" PRIu32 "\n", g->port, info->units[0].size,
	       info->units[0].block_size);
	g->size = info->units[0].size;
	for (i = 0; i < IN_FLIGHT; i++) {
		g->reads[i].buf = g->buf + i * DISK_READ_MAX;
		ask(g, &g->reads[i]);
	}
}

static void on_piece(struct mtp_query *q, uint32_t len)
{
	struct reading *g = q->data;

	g->read += len;
	mtp_query_more(g->mtp, q);
}

static void on_asked(struct mtp_query *q, int r)
{
	struct reading *g = q->data;

	if (r < 0)
		printf("mtp %s error %d %s\n", g->port, r, q->why);
	else
		printf("mtp %s %" PRIu64 " %04x\n", g->port, g->read, q->response.code);
	reading_close(g);
}

static void on_mtp_open(void *data, int r, struct mtp *m, const struct err *e)
{
	struct reading *g = data;

	if (r < 0) {
		printf("mtp %s error %d %s\n", g->port, r, e->msg);
		reading_close(g);
		return;
	}
	g->query = (struct mtp_query){
		.op.code = PTP_GET_DEVICE_INFO, .buf = g->buf, .room = DISK_READ_MAX,
		.piece = on_piece, .cb = on_asked, .data = g,
	};
	if (mtp_query(m, &g->query) < 0)
		reading_close(g);
}

static void on_changed(void *data, const char *why)
{
	struct reading *g = data;

	printf("changed %s %s\n", g->port, why);
}

static int open_reading(struct reading *g, struct usb_io *io)
{
	if (io->protocol == USB_PROTOCOL_MTP)
		return mtp_open(&g->probe->loop, io, on_mtp_open, on_changed, g, &g->mtp);
	return disk_open(&g->probe->loop, io, on_disk_open, g, &g->disk);
}

static void on_opened(void *data, int r, struct usb_io *io)
{
	struct reading *g = data;

	if (r < 0) {
		printf("disk %s error %d cannot be opened\n", g->port, r);
		reading_free(g);
		return;
	}
	if (g->probe->ending || open_reading(g, io) < 0) {
		io->ops->close(io, NULL, NULL);
		reading_free(g);
	}
}

static void start_reading(struct probe *p, struct usb_device *d, const char *port)
{
	struct reading *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return;
	g->probe = p;
	snprintf(g->port, sizeof(g->port), "%s", port);
	crypto_generichash_init(&g->hash, NULL, 0, DIGEST_LEN);
	g->next = p->readings;
	p->readings = g;
	g->buf = malloc((size_t)IN_FLIGHT * DISK_READ_MAX);
	if (g->buf == NULL || usb_host_open(d, on_opened, g) < 0)
		reading_free(g);
}

/* What an identification needs to remember. */
struct asking {
	struct probe *probe;
	struct usb_device *device;
	char port[USB_PORT_MAX];
};

static void on_identity(void *data, int r, const struct usb_device_info *info)
{
	struct asking *a = data;

	if (r < 0)
		printf("identity %s error %d\n", a->port, r);
	else
		printf("identity %s %s|%s|%s\n", a->port, info->serial, info->manufacturer,
		       info->product);
	if (r == 0 && a->probe->reads)
		start_reading(a->probe, a->device, a->port);
	free(a);
}

static void on_arrived(void *data, struct usb_device *d, const struct usb_device_info *info)
{
	struct asking *a;

	printf("arrived %s %04x:%04x %s\n", info->port, info->vid, info->pid,
	       class_names[info->class]);
	if (info->class != USB_CLASS_STORAGE && info->class != USB_CLASS_MTP)
		return;
	a = malloc(sizeof(*a));
	if (a == NULL)
		return;
	a->probe = data;
	a->device = d;
	snprintf(a->port, sizeof(a->port), "%s", info->port);
	if (usb_host_identify(d, on_identity, a) < 0)
		free(a);
}

static void on_left(void *data, struct usb_device *d)
{
	(void)data;
	printf("left %s\n", usb_device_info(d)->port);
}

static void on_signal(uv_signal_t *s, int number)
{
	struct probe *p = s->data;
	struct reading *g;

	(void)number;
	if (p->ending)
		return;
	p->ending = true;
	for (g = p->readings; g != NULL; g = g->next)
		reading_close(g);
	uv_close((uv_handle_t *)&p->term, NULL);
	uv_close((uv_handle_t *)&p->interrupt, NULL);
	usb_host_free(p->host, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const struct usb_host_events events = { on_arrived, on_left };
	struct probe p = { 0 };
	struct err e;

	p.reads = argc == 2 && strcmp(argv[1], "--read") == 0;
	if (argc > 2 || (argc == 2 && !p.reads)) {
		fputs("usage: usbprobe [--read]\n", stderr);
		return 2;
	}
	log_init("usbprobe", getenv("DEBUG") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sodium_init() < 0 || uv_loop_init(&p.loop) < 0)
		return 1;
	if (usb_host_new(&p.loop, &events, &p, &p.host, &e) < 0) {
		log_err("%s", e.msg);
		return 1;
	}
	uv_signal_init(&p.loop, &p.term);
	uv_signal_init(&p.loop, &p.interrupt);
	p.term.data = p.interrupt.data = &p;
	uv_signal_start(&p.term, on_signal, SIGTERM);
	uv_signal_start(&p.interrupt, on_signal, SIGINT);
	uv_run(&p.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&p.loop) == 0 ? 0 : 1;
}
