#include "unit/raw_rig.h"

#include <check.h>
#include <stdio.h>

static void on_read(struct disk_read *r, int result)
{
	struct raw_session *s = r->data;

	s->results[r - s->reads] = result;
	if (result < 0 && s->why[0] == '\0')
		snprintf(s->why, sizeof(s->why), "%s", r->why);
	if (++s->ended == RAW_READS)
		disk_close(s->disk, NULL, NULL);
}

static void on_open(void *data, int r, struct disk *d, const struct disk_info *info,
		    const struct err *e)
{
	struct raw_session *s = data;
	int i;

	(void)info;
	s->opened = r;
	if (r < 0) {
		snprintf(s->why, sizeof(s->why), "%s", e->msg);
		disk_close(d, NULL, NULL);
		return;
	}
	for (i = 0; i < RAW_READS; i++) {
		s->reads[i] = (struct disk_read){
			.offset = (uint64_t)i * RAW_LEN, .len = RAW_LEN, .buf = s->bufs[i],
			.cb = on_read, .data = s,
		};
		ck_assert_int_eq(disk_read(d, &s->reads[i]), 0);
	}
}

void raw_run(struct raw_session *s, uv_loop_t *loop, struct usb_io *io)
{
	s->opened = 1;
	ck_assert_int_eq(disk_open(loop, io, on_open, s, &s->disk), 0);
	uv_run(loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(loop), 0);
}
