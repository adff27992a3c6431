/* Transfers: from the queue of a device through its model to those who wait. */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <string.h>

#include "base/util.h"
#include "emulator/umock.h"

void umock_urb_free(struct umock_urb *u)
{
	if (u->timer != 0)
		g_source_remove(u->timer);
	g_clear_object(&u->urb);
	g_clear_object(&u->buffer);
	g_clear_object(&u->client);
	umock_charge(u->open->device->bus, -(int64_t)u->charge);
	g_free(u->bytes);
	g_free(u);
}

static bool is_in(const struct umock_urb *u)
{
	return ((u->endpoint == 0 ? u->setup[0] : u->endpoint) & 0x80) != 0;
}

/* A synchronous ioctl gets its answer here: bytes moved, or why not. */
static void answer(struct umock_urb *u)
{
	if (u->status == 0 && is_in(u) && u->actual > 0)
		memcpy(u->buffer->data, u->bytes, u->actual);
	umockdev_ioctl_client_complete(u->client, u->status < 0 ? -1 : (glong)u->actual, -u->status);
	umock_urb_free(u);
}

/* The transfer is over and no longer in any queue. */
static void finish(struct umock_urb *u)
{
	struct umock_device *d = u->open->device;

	if ((u->flags & USBDEVFS_URB_SHORT_NOT_OK) != 0 && u->status == 0 && u->actual < u->len)
		u->status = -EREMOTEIO;
	if (u->client != NULL) {
		answer(u);
		return;
	}
	g_queue_push_tail(&u->open->done, u);
	d->done++;
	umock_poll_state(d);
}

static uint8_t *out_bytes(const struct umock_urb *u)
{
	return u->buffer == NULL ? NULL : u->buffer->data + u->data_at;
}

/* Room for what comes in; one byte more, since the host may ask for none. */
static uint8_t *in_bytes(struct umock_urb *u)
{
	if (u->bytes == NULL)
		u->bytes = g_malloc((size_t)u->len + 1);
	return u->bytes;
}

/* A transfer that fills its last packet ends by an empty one, if the host asked for that. */
static enum model_answer send_out(struct model *m, const struct umock_urb *u)
{
	enum model_answer a = model_bulk_out(m, out_bytes(u), u->len);

	if (a == MODEL_OK && (u->flags & USBDEVFS_URB_ZERO_PACKET) != 0 && u->len > 0 &&
	    u->len % model_max_packet(m) == 0)
		a = model_bulk_out(m, NULL, 0);
	return a;
}

static enum model_answer ask_model(struct umock_urb *u)
{
	struct model *m = u->open->device->model;
	size_t len = u->len;
	enum model_answer a;

	if (u->endpoint == 0)
		a = model_control(m, u->setup, is_in(u) ? in_bytes(u) : out_bytes(u), &len);
	else if (u->endpoint == MODEL_EP_EVENT)
		a = model_event_in(m, in_bytes(u), u->len, &len);
	else if (is_in(u))
		a = model_bulk_in(m, in_bytes(u), u->len, &len);
	else
		a = send_out(m, u);
	if (a == MODEL_NAK || a == MODEL_HANG)
		return a;
	if (!is_in(u))
		len = a == MODEL_OK ? u->len : 0;
	if (len > u->len)
		BUG("umock: the model moved more than it had room for");
	u->status = a == MODEL_STALL ? -EPIPE : a == MODEL_OVERFLOW ? -EOVERFLOW : 0;
	u->actual = (uint32_t)len;
	return a;
}

static gboolean delay_is_over(void *data)
{
	struct umock_device *d = data;

	umock_lock();
	if (!umock_timer_is_stale()) {
		struct umock_urb *u = TAKE(d->delayed);

		d->delay_timer = 0;
		finish(u);
		umock_urb_pump(d);
	}
	umock_unlock();
	return G_SOURCE_REMOVE;
}

static gboolean microseconds_over(GSource *s, GSourceFunc fn, void *data)
{
	(void)s;
	return fn(data);
}

/* Hold u back for the time the device takes; GLib's own timeouts count milliseconds. */
static void delay(struct umock_device *d, struct umock_urb *u)
{
	static GSourceFuncs funcs = { .dispatch = microseconds_over };
	GSource *s = g_source_new(&funcs, sizeof(GSource));

	d->delayed = u;
	g_source_set_callback(s, delay_is_over, d, NULL);
	g_source_set_ready_time(s, g_get_monotonic_time() + d->delay_us);
	d->delay_timer = g_source_attach(s, NULL);
	g_source_unref(s);
}

/* Give the model the oldest transfer of each endpoint until one moves; false: none did. */
static bool move_one(struct umock_device *d)
{
	uint32_t waiting = 0;		/* endpoints whose turn has passed, a bit each */

	if (model_has_left(d->model)) {
		umock_gone(d);
		return false;
	}
	for (GList *l = d->pending.head; l != NULL; l = l->next) {
		struct umock_urb *u = l->data;
		uint32_t bit = UINT32_C(1) << ((u->endpoint & 15) + (u->endpoint & 0x80 ? 16 : 0));
		enum model_answer a;

		if ((waiting & bit) != 0)
			continue;
		waiting |= bit;
		a = ask_model(u);
		if (a == MODEL_NAK || a == MODEL_HANG)
			continue;
		if (a == MODEL_UNPLUG) {
			umock_gone(d);
			return false;
		}
		g_queue_delete_link(&d->pending, l);
		if (d->delay_us > 0 && u->endpoint != 0 && u->endpoint != MODEL_EP_EVENT)
			delay(d, u);
		else
			finish(u);
		return true;
	}
	return false;
}

/* Each turn takes a transfer out of the queue, so this ends. */
void umock_urb_pump(struct umock_device *d)
{
	while (d->model != NULL && d->delayed == NULL && move_one(d))
		;
}

void umock_urb_queue(struct umock_urb *u)
{
	struct umock_device *d = u->open->device;

	g_queue_push_tail(&d->pending, u);
	umock_urb_pump(d);
}

void umock_urb_cancel(struct umock_device *d, int status,
		      bool (*which)(const struct umock_urb *u, const void *data),
		      const void *data)
{
	GList *next;

	if (d->delayed != NULL && which(d->delayed, data)) {
		struct umock_urb *u = TAKE(d->delayed);

		g_source_remove(d->delay_timer);
		d->delay_timer = 0;
		g_queue_push_head(&d->pending, u);
	}
	for (GList *l = d->pending.head; l != NULL; l = next) {
		struct umock_urb *u = l->data;

		next = l->next;
		if (!which(u, data))
			continue;
		g_queue_delete_link(&d->pending, l);
		u->status = status;
		u->actual = 0;
		finish(u);
	}
	umock_urb_pump(d);
}
