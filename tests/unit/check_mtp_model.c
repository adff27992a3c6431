/* The MTP session over the device model: whole files, and that no other bytes ever come of one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/model_io.h"
#include "recorder/mtp.h"
#include "unit/suite.h"

enum { MIB = 1024 * 1024, SIZE = 4 * MIB + 1234, READS = 5, ROOM = 4096 };

struct docking {
	uv_loop_t loop;
	struct mtp *mtp;
	struct mtp_query query;
	struct mtp_read reads[READS];
	uint8_t dataset[ROOM], *content, *bufs;
	size_t dataset_len;
	bool can64, can32;
	int opened, results[READS];
	unsigned ended;
	bool closed, changed;
};

static const struct {
	const char *faults;
	bool can64, can32, superspeed;
	int opened, results[READS];
	bool changed;
} dockings[] = {
	{ "", true, true, false, 0, { 0 }, false },
	{ "", true, true, true, 0, { 0 }, false },
	{ "mtp-ops=-95C1", false, true, false, 0, { 0 }, false },
	{ "mtp-ops=-95C1-101B", false, false, false, 0, { 0 }, false },
	{ "busy=3", true, true, false, 0, { 0 }, false },
	{ "stall-at=1500000", true, true, false, 0, { 0 }, false },
	{ "stall-at=1500000", false, false, false, 0, { 0 }, false },
	{ "short-at=1500000", true, true, false, 0, { 0, -EIO }, false },
	{ "handle-gone=2", true, true, false, 0, { 0, -EIO, -EIO, -EIO, -EIO }, false },
	{ "unplug-at=1500000", true, true, false, 0,
	  { 0, -ENODEV, -ENODEV, -ENODEV, -ENODEV }, false },
	{ "store-removed-at=1500000", true, true, false, 0, { 0, -EIO, -EIO, -EIO, -EIO }, true },
	{ "no-answer=1", true, true, false, -ETIMEDOUT, { 0 }, false },
};

static void on_closed(void *data)
{
	((struct docking *)data)->closed = true;
}

static void on_read(struct mtp_read *r, int result)
{
	struct docking *k = r->data;

	k->results[r - k->reads] = result;
	ck_assert(result == 0 || (r->why != NULL && r->why[0] != '\0'));
	if (result == 0)
		ck_assert_mem_eq(r->buf, k->content + r->offset, r->len);
	if (++k->ended == READS)
		mtp_close(k->mtp, on_closed, k);
}

static void on_piece(struct mtp_query *q, uint32_t len)
{
	struct docking *k = q->data;

	k->dataset_len += len;
	mtp_query_more(k->mtp, q);
}

/* The one object there is, from end to end. */
static void on_handles(struct mtp_query *q, int r)
{
	struct docking *k = q->data;
	uint32_t i;

	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(q->response.code, PTP_OK);
	ck_assert_uint_eq(k->dataset_len, 8);
	ck_assert_uint_eq(k->dataset[0], 1);
	for (i = 0; i < READS; i++) {
		k->reads[i] = (struct mtp_read){
			.handle = k->dataset[4] | (uint32_t)k->dataset[5] << 8, .size = SIZE,
			.offset = (uint64_t)i * MIB, .len = MIN(MIB, SIZE - i * MIB),
			.buf = k->bufs + i * MIB, .cb = on_read, .data = k,
		};
		ck_assert_int_eq(mtp_read(k->mtp, &k->reads[i]), 0);
	}
}

static void on_open(void *data, int r, struct mtp *m, const struct err *e)
{
	struct docking *k = data;

	k->opened = r;
	if (r < 0) {
		ck_assert(e->msg[0] != '\0');
		mtp_close(m, on_closed, k);
		return;
	}
	mtp_set_can(m, k->can64, k->can32, true);
	k->query = (struct mtp_query){
		.op = { .code = 0x1007, .n_params = 3, .params = { UINT32_MAX, 0, UINT32_MAX } },
		.buf = k->dataset, .room = ROOM, .piece = on_piece, .cb = on_handles, .data = k,
	};
	ck_assert_int_eq(mtp_query(m, &k->query), 0);
}

static void on_changed(void *data, const char *why)
{
	ck_assert(why[0] != '\0');
	((struct docking *)data)->changed = true;
}

static void fill_folder(struct docking *k, const char *folder)
{
	char path[128];
	uint32_t i;
	int fd;

	k->content = malloc(SIZE);
	k->bufs = malloc(READS * MIB);
	ck_assert(k->content != NULL && k->bufs != NULL);
	for (i = 0; i < SIZE; i++)
		k->content[i] = (uint8_t)(i * 7 + (i >> 9) * 3 + (i >> 20));
	snprintf(path, sizeof(path), "%s/a.mp4", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, k->content, SIZE), SIZE);
	close(fd);
}

static void dock(struct docking *k, const struct model_config *c)
{
	struct model *m;
	struct usb_io *io;

	ck_assert_int_eq(uv_loop_init(&k->loop), 0);
	ck_assert_int_eq(model_new(c, &m), 0);
	ck_assert_int_eq(model_io_new(&k->loop, m, &io), 0);
	ck_assert_int_eq(mtp_open(&k->loop, io, on_open, on_changed, k, &k->mtp), 0);
	uv_run(&k->loop, UV_RUN_DEFAULT);
	ck_assert(k->closed);
	ck_assert_int_eq(uv_loop_close(&k->loop), 0);
}

START_TEST(dockings_end_as_listed)
{
	struct model_config c = { .protocol = MODEL_MTP, .superspeed = dockings[_i].superspeed };
	struct docking k = { .can64 = dockings[_i].can64, .can32 = dockings[_i].can32 };
	char folder[] = "/tmp/check_mtp_model.XXXXXX", path[128];
	int i;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	fill_folder(&k, folder);
	c.folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(model_faults_parse(dockings[_i].faults, &c.faults), 0);
	dock(&k, &c);
	snprintf(path, sizeof(path), "%s/a.mp4", folder);
	unlink(path);
	rmdir(folder);
	close(c.folder_fd);
	free(k.content);
	free(k.bufs);
	ck_assert_msg(k.opened == dockings[_i].opened, "%s: %d", dockings[_i].faults, k.opened);
	for (i = 0; i < READS; i++)
		ck_assert_msg(k.results[i] == dockings[_i].results[i], "%s: read %d: %d",
			      dockings[_i].faults, i, k.results[i]);
	ck_assert_msg(k.changed == dockings[_i].changed, "%s", dockings[_i].faults);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, dockings_end_as_listed, 0, (int)COUNT(dockings));
}

int main(void)
{
	return suite_main("mtp_model", fill);
}
