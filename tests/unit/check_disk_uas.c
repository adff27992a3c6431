/* The disk over the model of a UAS recorder: every fault, without streams and with. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/model_uas.h"
#include "recorder/disk.h"
#include "unit/suite.h"

enum { IMAGE = 4 * 1024 * 1024, READS = 8, READ = IMAGE / READS };

/* One docking: open, READS reads queued at once that cover the image, close. */
struct docking {
	uv_loop_t loop;
	int fd;
	uint8_t *image, *bufs;
	struct disk *disk;
	struct disk_read reads[READS];
	uint8_t unit;			/* that is read */
	int opened, results[READS];
	unsigned ended;
	bool close_early;		/* from inside the first read's callback */
	bool closed;
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
	size_t i;

	k->opened = r;
	if (r < 0) {
		snprintf(k->why, sizeof(k->why), "%s", e->msg);
		disk_close(d, on_closed, k);
		return;
	}
	k->info = *info;
	for (i = 0; i < READS; i++) {
		k->results[i] = 1;
		k->reads[i] = (struct disk_read){
			.unit = k->unit, .offset = i * READ, .len = READ,
			.buf = k->bufs + i * READ, .cb = on_read, .data = k,
		};
		ck_assert_int_eq(disk_read(d, &k->reads[i]), 0);
	}
}

static void dock(struct docking *k, const char *faults, unsigned more, bool superspeed)
{
	struct model_config c = {
		.block_size = 512, .superspeed = superspeed, .image_size = IMAGE, .n_more = more,
	};
	struct usb_io *io;
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
	for (i = 0; i < more; i++)	/* every other slot is empty */
		c.more[i] = (struct model_unit){ k->fd, i % 2 == 0 ? 0 : (uint64_t)IMAGE, 512 };
	ck_assert_int_eq(model_faults_parse(faults, &c.faults), 0);
	ck_assert_int_eq(model_new(&c, &m), 0);
	ck_assert_int_eq(uv_loop_init(&k->loop), 0);
	ck_assert_int_eq(model_uas_new(&k->loop, m, &io), 0);
	k->opened = 1;
	ck_assert_int_eq(disk_open(&k->loop, io, on_open, k, &k->disk), 0);
	ck_assert_int_eq(k->opened, 1);		/* never from inside the call */
	uv_run(&k->loop, UV_RUN_DEFAULT);
	ck_assert(k->closed);
	ck_assert_int_eq(uv_loop_close(&k->loop), 0);
}

static void leave(struct docking *k)
{
	munmap(k->image, IMAGE);
	close(k->fd);
	free(k->bufs);
}

#define AT2MID	"600000"
#define GONE	-ENODEV
#define LATE	-ETIMEDOUT

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
	{ "lie-at=" AT2MID, 0, { 0 }, "" },
	{ "phase-error=1", 0, { 0 }, "" },
	{ "phase-error=3", 0, { 0 }, "" },
	{ "phase-error=9", 0, { 0 }, "" },
	{ "not-ready=3", 0, { 0 }, "" },
	{ "delay-us=10,stall-at=" AT2MID, 0, { 0 }, "" },
	/* What costs one read. */
	{ "bad-sector=0", 0, { -EIO }, "medium error (3/11/00)" },
	{ "bad-sector=1024", 0, { 0, -EIO }, "medium error (3/11/00)" },
	{ "bad-sector=8191", 0, { [7] = -EIO }, "medium error" },
	/* What costs the rest. */
	{ "unplug-at=0", 0, { GONE, GONE, GONE, GONE, GONE, GONE, GONE, GONE }, "unplugged" },
	{ "unplug-at=" AT2MID, 0, { 0, GONE, GONE, GONE, GONE, GONE, GONE, GONE }, "unplugged" },
	{ "hang-at=" AT2MID, 0, { 0, -EIO, LATE, LATE, LATE, LATE, LATE, LATE },
	  "no answer in time" },
	/* What never becomes a disk. */
	{ "no-answer=1", -ETIMEDOUT, { 0 }, "no answer in time" },
	{ "no-medium=1", -ENOMEDIUM, { 0 }, "no card" },
	{ "csw-tag=1", -EPROTO, { 0 }, "the status of another command" },
	{ "csw-sig=1", -EPROTO, { 0 }, "a status that the standard does not know" },
};

static void ends_as_listed(int i, bool superspeed)
{
	struct docking k = { 0 };
	int n;

	dock(&k, dockings[i].faults, 0, superspeed);
	ck_assert_msg(k.opened == dockings[i].open, "%s: %d %s", dockings[i].faults, k.opened, k.why);
	ck_assert_msg(strstr(k.why, dockings[i].why) != NULL, "%s: %s", dockings[i].faults, k.why);
	for (n = 0; n < READS && k.opened == 0; n++) {
		ck_assert_msg(k.results[n] == dockings[i].reads[n], "%s: read %d: %d %s",
			      dockings[i].faults, n, k.results[n], k.why);
		if (k.results[n] == 0)
			ck_assert(memcmp(k.bufs + n * READ, k.image + n * READ, READ) == 0);
	}
	leave(&k);
}

START_TEST(without_streams)
{
	ends_as_listed(_i, false);
}
END_TEST

START_TEST(with_streams)
{
	ends_as_listed(_i, true);
}
END_TEST

/* Eight units, every other one with a card; the last is read. */
START_TEST(all_units_are_found)
{
	struct docking k = { .unit = 6 };
	unsigned i;

	dock(&k, "", MODEL_UNITS_MAX - 1, _i == 1);
	ck_assert_msg(k.opened == 0, "%s", k.why);
	ck_assert_uint_eq(k.info.n_units, MODEL_UNITS_MAX);
	for (i = 0; i < MODEL_UNITS_MAX; i++)
		ck_assert_uint_eq(k.info.units[i].size, i % 2 == 0 ? (uint64_t)IMAGE : 0);
	ck_assert(memcmp(k.bufs, k.image, IMAGE) == 0);
	leave(&k);
}
END_TEST

START_TEST(closing_ends_what_is_queued)
{
	struct docking k = { .close_early = true };
	int i;

	dock(&k, "", 0, _i == 1);
	ck_assert_int_eq(k.results[0], 0);
	for (i = 1; i < READS; i++)
		ck_assert_int_eq(k.results[i], -ECANCELED);
	leave(&k);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, without_streams, 0, (int)COUNT(dockings));
	tcase_add_loop_test(tc, with_streams, 0, (int)COUNT(dockings));
	tcase_add_loop_test(tc, all_units_are_found, 0, 2);
	tcase_add_loop_test(tc, closing_ends_what_is_queued, 0, 2);
}

int main(void)
{
	return suite_main("disk_uas", fill);
}
