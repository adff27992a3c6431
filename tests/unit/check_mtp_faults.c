/*
 * The MTP session over a scripted device (ptp_rig.h) that is unplugged, closed in
 * the middle, not opened, short of memory or asked for what makes no sense.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "unit/mtp_talk_rig.h"
#include "unit/suite.h"

#define LONG_REQUESTS	{ ASK(10000, 0, NULL), FETCH(0, 0, NULL), FETCH(6144, 0, NULL), \
			  { SEND, .response = OK } }
#define LONG_SCRIPT	OPEN, SHOWN(1, 10000), CMD(0x1009, 2, 1, 7), DATA(0x1009, 2, 8192), \
			RESP0(OK, 2), CMD(0x100c, 3, 2, 0x10001, UINT32_MAX), \
			FILE_INFO("\3"), RESP0(OK, 3), CMD0(0x100d, 4), FILE_BYTES("\4"), \
			RESP0(OK, 4), CLOSE(5)

static const struct talk_request long_requests[TALK_REQUESTS] = LONG_REQUESTS;
static const struct rig_step long_script[] = { LONG_SCRIPT, { .kind = RIG_END } };

START_TEST(unplugged_at_each_step)
{
	struct talk s = { .can = CAN_OBJECT, .rig.gone_at = (unsigned)_i, .slow = _i % 2 };

	talk_run(&s, long_script, long_requests);
	ck_assert(s.opened == 0 || (s.opened == -ENODEV && _i < 2));
}
END_TEST

START_TEST(closed_at_each_step)
{
	struct talk s = { .can = CAN_OBJECT, .rig.act_at = (unsigned)_i, .slow = _i % 2 };

	talk_run(&s, long_script, long_requests);
	ck_assert(s.opened == 0 || s.opened == -ECANCELED);
	ck_assert_uint_eq(s.rig.closes, s.opened == 0);
}
END_TEST

static const struct {
	const char *what;
	int r;
	const char *why;
	struct rig_step script[16];
} openings[] = {
	{ "unplugged at once", -ENODEV, "unplugged", { { 0 } } },
	{ "refused", -EPROTO, "opens no session: general error",
	  { CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0) } },
	{ "refused after all", -EPROTO, "two resets did not help",
	  { CMD(0x1002, 0, 1, 1), RESP0(OK, 4), CANCEL("\0"), SETTLED, SILENCE,
	    CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0), RESET, CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0),
	    PORT_RESET, CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0) } },
	{ "silence", -ETIMEDOUT, "no answer in time",
	  { CMD(0x1002, 0, 1, 1), SILENCE, REFUSED, REFUSED, { RIG_PORT_RESET, .tid = EIO } } },
	{ "a status without sense", -EPROTO, "two resets",
	  { ENDS(RIG_OUT_ENDS, USB_FAILED), CANCEL("\0"), BYTES(RIG_STATUS, "\4\0"), REFUSED,
	    { RIG_PORT_RESET, .tid = EIO } } },
};

START_TEST(openings_that_fail)
{
	static const struct talk_request none[] = { { 0 } };
	struct talk s = { 0 };

	talk_run(&s, openings[_i].script, none);
	ck_assert_msg(s.opened == openings[_i].r, "%s: %d", openings[_i].what, s.opened);
	ck_assert_msg(strstr(s.why, openings[_i].why) != NULL, "%s: %s", openings[_i].what, s.why);
	ck_assert_int_eq(s.rig.step->kind, RIG_END);
}
END_TEST

/* CloseSession is never answered: a second, and no more. */
START_TEST(closing_does_not_wait_for_ever)
{
	static const struct rig_step script[] = {
		OPEN, CMD0(0x1003, 1), CMD0(0x1003, 2), { .kind = RIG_END },
	};
	static const struct talk_request none[] = { { 0 } };
	struct talk s = { 0 };
	uint64_t before = uv_hrtime();

	talk_run(&s, script, none);
	ck_assert_uint_lt(uv_hrtime() - before, 5000000000u);
}
END_TEST

static struct {
	struct usb_io_ops ops;
	int (*submit)(struct usb_io *io, struct usb_xfer *x);
	uint8_t endpoint;
	unsigned every, n;
} famine;

/* Each so many transfers of an endpoint there is no memory for one. */
static int starved_submit(struct usb_io *io, struct usb_xfer *x)
{
	if (x->endpoint == famine.endpoint && ++famine.n % famine.every == 0)
		return -ENOMEM;
	return famine.submit(io, x);
}

static void starve(struct usb_io *io)
{
	famine.ops = *io->ops;
	famine.submit = io->ops->submit;
	famine.ops.submit = starved_submit;
	io->ops = &famine.ops;
}

START_TEST(memory_is_waited_for)
{
	static const uint8_t endpoints[] = { 0x02, 0x81, 0x83 };
	struct talk s = { .can = CAN_OBJECT, .starve = starve };

	famine.endpoint = endpoints[_i];
	famine.every = endpoints[_i] == 0x83 ? 1 : 2;	/* events may never come at all */
	talk_run(&s, long_script, long_requests);
	ck_assert_int_eq(s.opened, 0);
	ck_assert_int_eq(s.rig.step->kind, RIG_END);
	ck_assert_uint_gt(famine.n, 0);
}
END_TEST

static void on_open_refuse(void *data, int r, struct mtp *m, const struct err *e)
{
	static uint8_t buf[TALK_ROOM];
	struct mtp_query q = { .op.code = 0x100b, .buf = buf, .room = TALK_ROOM };
	struct mtp_read read = { .size = 10, .offset = 8, .len = 3, .buf = buf };
	const struct mtp_operation edit = { .code = 0x95c3 };

	(void)e;
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(mtp_query(m, &q), -EINVAL);
	q.op.code = 0x1001;
	q.room = TALK_ROOM - 1;
	ck_assert_int_eq(mtp_query(m, &q), -EINVAL);
	ck_assert_int_eq(mtp_read(m, &read), -ERANGE);
	read.offset = 0;
	ck_assert_int_eq(mtp_read(m, &read), -ENOTSUP);
	mtp_set_can(m, false, true, false);
	ck_assert(mtp_reads_anywhere(m));
	read.size = 1ull << 33;
	read.offset = UINT32_MAX - 2;
	ck_assert_int_eq(mtp_read(m, &read), -ENOTSUP);
	read.len = 0;
	ck_assert_int_eq(mtp_read(m, &read), -EINVAL);
	ck_assert_int_eq(mtp_delete(m, 0, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_delete(m, UINT32_MAX, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_set_clock(m, "20261123 204258", NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_send(m, 1, 0, "a/b", buf, 1, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_send(m, 1, 0, "ab", buf, MTP_SEND_MAX + 1, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_vendor(m, &edit, NULL, NULL), -EINVAL);
	mtp_close(m, talk_closed, data);
	ck_assert_int_eq(mtp_delete(m, 7, NULL, NULL), -ECANCELED);
}

START_TEST(refuses_what_makes_no_sense)
{
	static const struct rig_step script[] = { OPEN, CLOSE(1), { .kind = RIG_END } };
	struct talk s = { .rig = { .step = script, .max_packet = 512 } };

	ck_assert_int_eq(uv_loop_init(&s.loop), 0);
	ck_assert_int_eq(mtp_open(&s.loop, rig_new(&s.loop, &s.rig), on_open_refuse, talk_changed,
				  &s, &s.mtp), 0);
	uv_run(&s.loop, UV_RUN_DEFAULT);
	ck_assert(s.closed);
	ck_assert_int_eq(s.rig.step->kind, RIG_END);
	ck_assert_int_eq(uv_loop_close(&s.loop), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, unplugged_at_each_step, 1, (int)COUNT(long_script));
	tcase_add_loop_test(tc, closed_at_each_step, 1, (int)COUNT(long_script) - 2);
	tcase_add_loop_test(tc, openings_that_fail, 0, (int)COUNT(openings));
	tcase_add_loop_test(tc, memory_is_waited_for, 0, 3);
	tcase_add_test(tc, closing_does_not_wait_for_ever);
	tcase_add_test(tc, refuses_what_makes_no_sense);
}

int main(void)
{
	return suite_main("mtp_faults", fill);
}
