/* The disk over the device model: every fault, and that no other bytes ever come of one. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/model_io.h"
#include "recorder/bot.h"
#include "recorder/disk.h"
#include "recorder/scsi.h"
#include "unit/suite.h"

enum { IMAGE = 4 * 1024 * 1024, READS = 8, READ = IMAGE / READS };

/* An io that looks at what passes: no command but a read, no request too large. */
struct spy {
	struct usb_io io;
	struct usb_io *inner;
	uint32_t largest;
	unsigned commands, resets;
	unsigned no_memory;	/* for that many transfers on that endpoint */
	uint8_t no_memory_at;
	unsigned may_lend, lent, most_lent;	/* pieces at once; those that are out */
	struct { uint8_t *at; size_t len; } pieces[2];
};

static int spy_submit(struct usb_io *io, struct usb_xfer *x)
{
	struct spy *s = container_of(io, struct spy, io);

	if (x->endpoint == s->no_memory_at && s->no_memory > 0) {
		s->no_memory--;
		return -ENOMEM;
	}
	if (x->endpoint == io->endpoint_out) {
		ck_assert_uint_eq(x->len, 31);
		ck_assert(scsi_is_read(x->buf[15]));
		s->commands++;
	} else if (x->endpoint == io->endpoint_in) {
		s->largest = MAX(s->largest, x->len);
	} else if (x->buf[0] == 0xa1) {
		ck_assert_mem_eq(x->buf, "\xa1\xfe\0\0\0\0\1\0", 8);	/* Get Max LUN */
	} else {
		ck_assert_mem_eq(x->buf, "\x21\xff", 2);	/* mass storage reset */
		s->resets++;
	}
	return s->inner->ops->submit(s->inner, x);
}

static void spy_cancel(struct usb_io *io, struct usb_xfer *x)
{
	struct spy *s = container_of(io, struct spy, io);

	s->inner->ops->cancel(s->inner, x);
}

static int spy_clear_halt(struct usb_io *io, uint8_t ep, void (*cb)(void *, int), void *data)
{
	struct spy *s = container_of(io, struct spy, io);

	return s->inner->ops->clear_halt(s->inner, ep, cb, data);
}

static int spy_reset(struct usb_io *io, void (*cb)(void *, int), void *data)
{
	struct spy *s = container_of(io, struct spy, io);

	return s->inner->ops->reset(s->inner, cb, data);
}

/* Each piece is memory of its own, so that a sanitizer sees who touches it when it was given back. */
static uint8_t *spy_lend(struct usb_io *io, size_t len)
{
	struct spy *s = container_of(io, struct spy, io);

	unsigned i = s->pieces[0].at != NULL;

	if (s->lent == s->may_lend)
		return NULL;
	s->lent++;
	s->most_lent = MAX(s->most_lent, s->lent);
	s->pieces[i].at = malloc(len);
	s->pieces[i].len = len;
	return s->pieces[i].at;
}

static void spy_give_back(struct usb_io *io, uint8_t *piece, size_t len)
{
	struct spy *s = container_of(io, struct spy, io);

	unsigned i = s->pieces[1].at == piece;

	ck_assert_ptr_eq(s->pieces[i].at, piece);
	ck_assert_uint_eq(s->pieces[i].len, len);
	s->pieces[i].at = NULL;
	s->lent--;
	memset(piece, 0xee, len);
	free(piece);
}

static void spy_close(struct usb_io *io, void (*cb)(void *), void *data)
{
	struct spy *s = container_of(io, struct spy, io);

	ck_assert_uint_eq(s->lent, 0);
	s->inner->ops->close(s->inner, cb, data);
}

static const struct usb_io_ops spy_ops = {
	.submit = spy_submit, .cancel = spy_cancel, .clear_halt = spy_clear_halt, .reset = spy_reset,
	.lend = spy_lend, .give_back = spy_give_back, .close = spy_close,
};

/* One docking: open, READS reads queued at once that cover the image, close. */
struct docking {
	uv_loop_t loop;
	struct spy spy;
	int fd;
	uint8_t *image;
	struct disk *disk;
	struct disk_read reads[READS];
	uint8_t *bufs;
	int opened, results[READS];
	unsigned ended;
	bool close_early;	/* from inside the first read's callback */
	bool busy;		/* the host before us died in the middle of a READ */
	bool unthanked;		/* it died before it took the status of its first command */
	bool closed;
	unsigned no_memory;	/* from the first read on */
	uint32_t len;		/* of each read, where they do not cover the image */
	struct disk_info info;
	char why[240];
};

static void on_closed(void *data)
{
	((struct docking *)data)->closed = true;
}

static void on_read(struct disk_read *r, int result)
{
	struct docking *k = r->data;

	ck_assert_int_eq(k->results[r - k->reads], 1);
	k->results[r - k->reads] = result;
	ck_assert(result == 0 || (r->why != NULL && r->why[0] != '\0'));
	if (result < 0 && k->why[0] == '\0')
		snprintf(k->why, sizeof(k->why), "%s", r->why);
	k->ended++;
	if (k->ended == (k->close_early ? 1 : READS))
		disk_close(k->disk, on_closed, k);
}

static void on_open(void *data, int r, struct disk *d, const struct disk_info *info,
		    const struct err *e)
{
	struct docking *k = data;
	const uint32_t len = k->len > 0 ? k->len : READ;
	uint64_t size;
	size_t i;

	ck_assert_int_eq(k->opened, 1);
	k->opened = r;
	if (r < 0) {
		ck_assert(e->code == r && e->msg[0] != '\0');
		snprintf(k->why, sizeof(k->why), "%s", e->msg);
		disk_close(d, on_closed, k);
		return;
	}
	k->info = *info;
	k->spy.no_memory = k->no_memory;
	k->spy.commands = 0;
	size = MIN(info->units[0].size, IMAGE);
	for (i = 0; i < READS; i++) {
		k->results[i] = 1;
		k->reads[i] = (struct disk_read){
			.offset = i * len % size, .len = len, .buf = k->bufs + i * len,
			.cb = on_read, .data = k,
		};
		ck_assert_int_eq(disk_read(d, &k->reads[i]), 0);
	}
}

/* A READ(10) of which only the first KiB was taken. */
static void leave_in_the_middle(struct model *m)
{
	static const uint8_t test_unit_ready[31] = { 'U', 'S', 'B', 'C', [14] = 6 };
	static const uint8_t read_10[31] = {
		'U', 'S', 'B', 'C', [9] = 0x10, [12] = 0x80, [14] = 10, 0x28, [23] = 8,
	};
	uint8_t packet[1024];
	size_t len;

	/* The first command after power-on is answered with a unit attention. */
	ck_assert_int_eq(model_bulk_out(m, test_unit_ready, sizeof(test_unit_ready)), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, packet, 13, &len), MODEL_OK);
	ck_assert_int_eq(model_bulk_out(m, read_10, sizeof(read_10)), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, packet, sizeof(packet), &len), MODEL_OK);
	ck_assert_uint_eq(len, sizeof(packet));
}

static void leave_before_the_status(struct model *m)
{
	struct scsi_command c = scsi_inquiry();
	uint8_t cbw[BOT_CBW_LEN], data[64];
	size_t len = 0;

	bot_cbw(&c, 1, cbw);
	ck_assert_int_eq(model_bulk_out(m, cbw, sizeof(cbw)), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, data, c.data_len, &len), MODEL_OK);
}

static void dock(struct docking *k, const char *faults, uint32_t block_size, bool superspeed)
{
	struct model_config c = {
		.vid = 1, .pid = 2, .serial = "1", .block_size = block_size,
		.superspeed = superspeed, .image_size = IMAGE,
	};
	struct model *m;
	size_t i;

	k->fd = memfd_create("image", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(k->fd, IMAGE), 0);
	k->image = mmap(NULL, IMAGE, PROT_READ | PROT_WRITE, MAP_SHARED, k->fd, 0);
	ck_assert_ptr_ne(k->image, MAP_FAILED);
	for (i = 0; i < IMAGE; i += 8)
		memcpy(k->image + i, &i, 8);
	k->bufs = calloc(READS, READ);
	c.image_fd = k->fd;
	ck_assert_int_eq(model_faults_parse(faults, &c.faults), 0);
	ck_assert_int_eq(model_new(&c, &m), 0);
	if (k->busy)
		leave_in_the_middle(m);
	if (k->unthanked)
		leave_before_the_status(m);
	ck_assert_int_eq(uv_loop_init(&k->loop), 0);
	ck_assert_int_eq(model_io_new(&k->loop, m, &k->spy.inner), 0);
	k->spy.io = *k->spy.inner;
	k->spy.io.ops = &spy_ops;
	k->opened = 1;
	ck_assert_int_eq(disk_open(&k->loop, &k->spy.io, on_open, k, &k->disk), 0);
	ck_assert_int_eq(k->opened, 1);		/* never from inside the call */
	uv_run(&k->loop, UV_RUN_DEFAULT);
	ck_assert(k->closed);
}

static void leave(struct docking *k)
{
	ck_assert_int_eq(uv_loop_close(&k->loop), 0);
	munmap(k->image, IMAGE);
	close(k->fd);
	free(k->bufs);
}

#define AT2MID	"600000"

static const struct {
	const char *faults;
	int open;
	int reads[READS];
	const char *why;	/* part of the first sentence of failure */
} dockings[] = {
	{ "", 0, { 0 }, "" },
	/* What recovery makes good: every byte is right in the end. */
	{ "stall-at=0", 0, { 0 }, "" },
	{ "stall-at=" AT2MID, 0, { 0 }, "" },
	{ "short-at=" AT2MID, 0, { 0 }, "" },
	{ "phase-error=1", 0, { 0 }, "" },
	{ "phase-error=3", 0, { 0 }, "" },
	{ "phase-error=9", 0, { 0 }, "" },
	{ "not-ready=3", 0, { 0 }, "" },
	{ "delay-us=10,stall-at=" AT2MID, 0, { 0 }, "" },
	/* What costs one read. */
	{ "lie-at=" AT2MID, 0, { 0, -EIO }, "claims that 0 are missing" },
	{ "bad-sector=1024", 0, { 0, -EIO }, "medium error (3/11/00)" },
	{ "bad-sector=2047", 0, { 0, -EIO }, "medium error" },
	{ "bad-sector=8191", 0, { [7] = -EIO }, "medium error" },
	/* What costs the rest. */
	{ "unplug-at=0", 0, { -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV,
			      -ENODEV }, "unplugged" },
	{ "unplug-at=" AT2MID, 0, { 0, -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV, -ENODEV,
				    -ENODEV }, "unplugged" },
	{ "hang-at=" AT2MID, 0, { 0, -EIO, -ETIMEDOUT, -ETIMEDOUT, -ETIMEDOUT, -ETIMEDOUT,
				  -ETIMEDOUT, -ETIMEDOUT }, "no answer in time" },
	/* What never becomes a disk. */
	{ "no-answer=1", -ETIMEDOUT, { 0 }, "no answer in time" },
	{ "no-medium=1", -ENOMEDIUM, { 0 }, "no card" },
	{ "csw-tag=1", -EPROTO, { 0 }, "the status of another command" },
	{ "csw-sig=1", -EPROTO, { 0 }, "a status without signature" },
};

static void ends_as_listed(int i, uint32_t block_size, bool superspeed, unsigned may_lend)
{
	struct docking k = { .spy.may_lend = may_lend };
	int n;

	dock(&k, dockings[i].faults, block_size, superspeed);
	ck_assert_int_eq(k.opened, dockings[i].open);
	ck_assert_msg(strstr(k.why, dockings[i].why) != NULL, "%s: %s", dockings[i].faults, k.why);
	for (n = 0; n < READS && k.opened == 0; n++) {
		ck_assert_msg(k.results[n] == dockings[i].reads[n], "%s: read %d: %d",
			      dockings[i].faults, n, k.results[n]);
		if (k.results[n] == 0)
			ck_assert(memcmp(k.bufs + n * READ, k.image + n * READ, READ) == 0);
	}
	ck_assert_uint_le(k.spy.largest, superspeed ? DISK_REQUEST_SS : DISK_REQUEST_HS);
	/* One is copied from while the other comes. */
	if (k.opened == 0 && k.results[1] == 0)
		ck_assert_uint_eq(k.spy.most_lent, may_lend);
	leave(&k);
}

static const uint8_t endpoints[] = { 0x81, 0x02 };

/* A computer short of memory says nothing about the card: no read fails of it. */
START_TEST(waits_for_memory)
{
	struct docking k = { .no_memory = 3, .spy.may_lend = 2 };
	int n;

	k.spy.no_memory_at = endpoints[_i];
	dock(&k, "", 512, true);
	ck_assert_uint_eq(k.spy.no_memory, 0);
	for (n = 0; n < READS; n++) {
		ck_assert_msg(k.results[n] == 0, "read %d: %d, %s", n, k.results[n], k.why);
		ck_assert(memcmp(k.bufs + n * READ, k.image + n * READ, READ) == 0);
	}
	leave(&k);
}
END_TEST

START_TEST(at_high_speed)
{
	unsigned lends;

	for (lends = 0; lends <= 2; lends++)
		ends_as_listed(_i, 512, false, lends);
}
END_TEST

START_TEST(at_superspeed)
{
	unsigned lends;

	for (lends = 0; lends <= 2; lends++)
		ends_as_listed(_i, 512, true, lends);
}
END_TEST

/* The first has gone when the others come.  Only the one that fails fails. */
static const struct { const char *faults; bool superspeed; unsigned commands; int failed; }
together[] = {
	{ "", true, 3, -1 },			/* 1, 4, 3 of them */
	{ "", false, 16, -1 },
	{ "bad-sector=1100", true, 9, 4 },	/* 1, 4, and each of those, and 3; two ask for sense */
};
enum { TOGETHER = (int)COUNT(together), LENDS = 3 };	/* each with 0, 1, 2 pieces lent */

START_TEST(neighbours_share_a_command)
{
	enum { LEN = 128 * 1024 };
	const unsigned i = (unsigned)_i % TOGETHER;
	struct docking k = { .len = LEN, .spy.may_lend = (unsigned)_i / TOGETHER };
	int n;

	dock(&k, together[i].faults, 512, together[i].superspeed);
	for (n = 0; n < READS; n++) {
		ck_assert_int_eq(k.results[n], n == together[i].failed ? -EIO : 0);
		if (k.results[n] == 0)
			ck_assert(memcmp(k.bufs + n * LEN, k.image + n * LEN, LEN) == 0);
	}
	ck_assert_msg(k.spy.commands <= together[i].commands, "%u commands", k.spy.commands);
	leave(&k);
}
END_TEST

START_TEST(large_sectors)
{
	struct docking k = { 0 };

	dock(&k, "stall-at=" AT2MID, 4096, true);
	ck_assert_uint_eq(k.info.units[0].block_size, 4096);
	ck_assert_uint_eq(k.info.units[0].size, IMAGE);
	ck_assert(memcmp(k.bufs, k.image, IMAGE) == 0);
	leave(&k);
}
END_TEST

START_TEST(says_who_it_is)
{
	struct docking k = { 0 };

	dock(&k, "", 512, false);
	ck_assert_str_eq(k.info.vendor, "DVMODEL");
	ck_assert_str_eq(k.info.product, "Recorder card");
	ck_assert_str_eq(k.info.revision, "1.0");
	leave(&k);
}
END_TEST

START_TEST(a_card_that_claims_too_much)
{
	struct docking k = { 0 };

	dock(&k, "grow=1", 512, false);
	ck_assert_uint_eq(k.info.units[0].size, 2 * IMAGE);
	ck_assert_int_eq(k.results[READS - 1], 0);
	leave(&k);
}
END_TEST

START_TEST(closing_ends_what_is_queued)
{
	struct docking k = { .close_early = true, .spy.may_lend = 2 };
	int i;

	dock(&k, "", 512, false);
	ck_assert_int_eq(k.results[0], 0);
	for (i = 1; i < READS; i++)
		ck_assert_int_eq(k.results[i], -ECANCELED);
	leave(&k);
}
END_TEST

/* As after a crash: the answer to the question before must not be waited out. */
START_TEST(a_device_that_still_answers_somebody_else)
{
	struct docking k = { .busy = true };
	uint64_t begun = uv_hrtime();

	dock(&k, "", 512, _i == 1);
	ck_assert_int_eq(k.opened, 0);
	ck_assert(memcmp(k.bufs, k.image, IMAGE) == 0);
	ck_assert_uint_eq(k.spy.resets, 1);
	ck_assert_uint_lt(uv_hrtime() - begun, UINT64_C(2000000000));
	leave(&k);
}
END_TEST

/* Its tag may be any number, so also the first one of a reader that counts from 1. */
START_TEST(a_status_that_nobody_took)
{
	struct docking k = { .unthanked = true };

	dock(&k, "", 512, true);
	ck_assert_int_eq(k.opened, 0);
	ck_assert(memcmp(k.bufs, k.image, IMAGE) == 0);
	leave(&k);
}
END_TEST

/* Reads that are refused on the spot, asked for when the disk is open. */
static const struct { const char *what; uint64_t offset; uint32_t len; int r; } refusals[] = {
	{ "nothing", 0, 0, -EINVAL },
	{ "a broken sector", 0, 511, -EINVAL },
	{ "from inside a sector", 1, 512, -EINVAL },
	{ "too much", 0, DISK_READ_MAX + 512, -EINVAL },
	{ "beyond the end", IMAGE, 512, -ERANGE },
	{ "across the end", IMAGE - 512, 1024, -ERANGE },
	{ "past all numbers", UINT64_MAX - 511, 512, -ERANGE },
	{ "the last sector", IMAGE - 512, 512, 0 },
};

struct asking {
	struct disk_read read;
	uint8_t buf[512];
	int refusal, wanted, filled;
	struct disk_read more[DISK_QUEUE_MAX];
};

static void on_asked(struct disk_read *r, int result)
{
	struct asking *a = r->data;

	(void)result;
	a->filled--;
}

static void on_open_ask(void *data, int r, struct disk *d, const struct disk_info *info,
			const struct err *e)
{
	struct asking *a = data;

	(void)info;
	(void)e;
	ck_assert_int_eq(r, 0);
	a->read.offset = refusals[a->refusal].offset;
	a->read.len = refusals[a->refusal].len;
	a->read.buf = a->buf;
	a->read.cb = on_asked;
	a->read.data = a;
	ck_assert_int_eq(disk_read(d, &a->read), refusals[a->refusal].r);
	if (refusals[a->refusal].r == 0) {
		a->filled = 1;
		while (a->filled < DISK_QUEUE_MAX) {
			a->more[a->filled] = a->read;
			ck_assert_int_eq(disk_read(d, &a->more[a->filled++]), 0);
		}
		a->more[0] = a->read;
		ck_assert_int_eq(disk_read(d, &a->more[0]), -EAGAIN);
	}
	disk_close(d, NULL, NULL);
	ck_assert_int_eq(disk_read(d, &a->more[0]), -ECANCELED);
}

START_TEST(refuses_what_makes_no_sense)
{
	struct model_config c = { .block_size = 512, .image_size = IMAGE };
	struct asking a = { .refusal = _i };
	struct model *m;
	struct usb_io *io;
	struct disk *d;
	uv_loop_t loop;

	c.image_fd = memfd_create("image", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(c.image_fd, IMAGE), 0);
	ck_assert_int_eq(model_faults_parse("", &c.faults), 0);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(model_new(&c, &m), 0);
	ck_assert_int_eq(model_io_new(&loop, m, &io), 0);
	ck_assert_int_eq(disk_open(&loop, io, on_open_ask, &a, &d), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(a.filled, 0);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	close(c.image_fd);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, waits_for_memory, 0, (int)COUNT(endpoints));
	tcase_add_loop_test(tc, at_high_speed, 0, (int)COUNT(dockings));
	tcase_add_loop_test(tc, neighbours_share_a_command, 0, TOGETHER * LENDS);
	tcase_add_loop_test(tc, at_superspeed, 0, (int)COUNT(dockings));
	tcase_add_test(tc, large_sectors);
	tcase_add_test(tc, says_who_it_is);
	tcase_add_test(tc, a_card_that_claims_too_much);
	tcase_add_test(tc, closing_ends_what_is_queued);
	tcase_add_loop_test(tc, a_device_that_still_answers_somebody_else, 0, 2);
	tcase_add_test(tc, a_status_that_nobody_took);
	tcase_add_loop_test(tc, refuses_what_makes_no_sense, 0, (int)COUNT(refusals));
}

int main(void)
{
	return suite_main("disk", fill);
}
