#include "recorder/unlock.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "recorder/bot.h"

/* One transfer is in flight at a time, and one timer is over all of them. */
struct unlock {
	struct usb_io *io;
	uv_timer_t deadline;
	struct usb_xfer x;
	bool flying;			/* x */
	bool cleared;			/* the status' halt, once */
	bool late, over;
	int r;
	uint32_t tag;
	size_t data_len;
	uint8_t cbw[BOT_CBW_LEN], data[BOT_UNLOCK_DATA_MAX], csw[BOT_CSW_LEN];
	void (*cb)(void *cb_data, int r);
	void *cb_data;
};

static void on_timer_closed(uv_handle_t *h)
{
	struct unlock *u = h->data;
	void (*cb)(void *cb_data, int r) = u->cb;
	void *cb_data = u->cb_data;
	int r = u->r;

	free(u);
	cb(cb_data, r);
}

static void on_io_closed(void *data)
{
	struct unlock *u = data;

	uv_close((uv_handle_t *)&u->deadline, on_timer_closed);
}

static void finish(struct unlock *u, int r)
{
	u->over = true;
	u->r = r;
	uv_timer_stop(&u->deadline);
	log_debug("unlock: %s", r == 0 ? "the device took it" : strerror(-r));
	u->io->ops->close(u->io, on_io_closed, u);
}

/* Transfers end in order, so the time left is the deadline's to watch. */
static int submit(struct unlock *u, uint8_t endpoint, uint8_t *buf, size_t len,
		  void (*cb)(struct usb_xfer *x))
{
	int r;

	u->x = (struct usb_xfer){
		.endpoint = endpoint, .buf = buf, .len = (uint32_t)len,
		.timeout_ms = UNLOCK_TIMEOUT_MS, .cb = cb, .data = u,
	};
	r = u->io->ops->submit(u->io, &u->x);
	u->flying = r == 0;
	return r;
}

static void go_on(struct unlock *u, int r)
{
	if (r < 0)
		finish(u, r == -ENODEV ? 0 : r);
}

/* x is back: true when it moved all it should, else the end was decided here. */
static bool is_well(struct unlock *u)
{
	u->flying = false;
	if (u->x.status == USB_GONE)
		finish(u, 0);
	else if (u->late || u->x.status == USB_TIMED_OUT)
		finish(u, -ETIMEDOUT);
	else if (u->x.status != USB_DONE)
		finish(u, -EIO);
	return !u->over;
}

static void on_status(struct usb_xfer *x);

static int ask_status(struct unlock *u)
{
	return submit(u, u->io->endpoint_in, u->csw, sizeof(u->csw), on_status);
}

static void on_cleared(void *data, int r)
{
	struct unlock *u = data;

	if (u->late)
		finish(u, -ETIMEDOUT);
	else
		go_on(u, r < 0 ? r : ask_status(u));
}

/* A halt comes in place of data or status from devices that refuse: the status says the rest. */
static bool clears_halt(struct unlock *u, uint8_t endpoint)
{
	if (u->x.status != USB_STALLED || u->cleared || u->late)
		return false;
	u->flying = false;
	u->cleared = true;
	return u->io->ops->clear_halt(u->io, endpoint, on_cleared, u) == 0;
}

static void on_status(struct usb_xfer *x)
{
	struct unlock *u = x->data;
	struct bot_csw csw;

	if (clears_halt(u, u->io->endpoint_in) || !is_well(u))
		return;
	finish(u, bot_csw_parse(u->csw, x->actual, u->tag, (uint32_t)u->data_len, &csw) == NULL
		  ? 0 : -EIO);
}

static void on_data(struct usb_xfer *x)
{
	struct unlock *u = x->data;

	if (!clears_halt(u, u->io->endpoint_out) && is_well(u))
		go_on(u, ask_status(u));
}

static void on_command(struct usb_xfer *x)
{
	struct unlock *u = x->data;

	if (!is_well(u))
		return;
	if (u->data_len > 0)
		go_on(u, submit(u, u->io->endpoint_out, u->data, u->data_len, on_data));
	else
		go_on(u, ask_status(u));
}

static void on_deadline(uv_timer_t *t)
{
	struct unlock *u = t->data;

	u->late = true;
	if (u->flying)
		u->io->ops->cancel(u->io, &u->x);
}

static void on_failed_closed(uv_handle_t *h)
{
	free(h->data);
}

int unlock_scsi(uv_loop_t *loop, struct usb_io *io, const uint8_t *cdb, size_t cdb_len,
		const uint8_t *out, size_t len, void (*cb)(void *cb_data, int r), void *cb_data)
{
	struct unlock *u = calloc(1, sizeof(*u));
	int r;

	if (u == NULL)
		return -ENOMEM;
	u->io = io;
	u->cb = cb;
	u->cb_data = cb_data;
	u->tag = randombytes_random();
	bot_cbw_unlock(cdb, cdb_len, len, u->tag, u->cbw);
	u->data_len = len;
	if (len > 0)
		memcpy(u->data, out, len);
	uv_timer_init(loop, &u->deadline);
	u->deadline.data = u;
	r = submit(u, io->endpoint_out, u->cbw, sizeof(u->cbw), on_command);
	if (r < 0) {
		uv_close((uv_handle_t *)&u->deadline, on_failed_closed);
		return r;
	}
	uv_timer_start(&u->deadline, on_deadline, UNLOCK_TIMEOUT_MS, 0);
	return 0;
}
