/* The context, its descriptors in the loop, and the devices that come and go. */
#include "recorder/usb_host.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "recorder/usb_impl.h"

int usb_errno(int libusb_error)
{
	switch (libusb_error) {
	case LIBUSB_SUCCESS:			return 0;
	case LIBUSB_ERROR_ACCESS:		return -EACCES;
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND:		return -ENODEV;
	case LIBUSB_ERROR_BUSY:			return -EBUSY;
	case LIBUSB_ERROR_TIMEOUT:		return -ETIMEDOUT;
	case LIBUSB_ERROR_PIPE:			return -EPIPE;
	case LIBUSB_ERROR_NO_MEM:		return -ENOMEM;
	case LIBUSB_ERROR_NOT_SUPPORTED:	return -ENOTSUP;
	case LIBUSB_ERROR_INVALID_PARAM:	return -EINVAL;
	default:				return -EIO;
	}
}

enum usb_status usb_status_of(enum libusb_transfer_status s)
{
	switch (s) {
	case LIBUSB_TRANSFER_COMPLETED:	return USB_DONE;
	case LIBUSB_TRANSFER_STALL:	return USB_STALLED;
	case LIBUSB_TRANSFER_TIMED_OUT:	return USB_TIMED_OUT;
	case LIBUSB_TRANSFER_CANCELLED:	return USB_CANCELLED;
	case LIBUSB_TRANSFER_NO_DEVICE:	return USB_GONE;
	case LIBUSB_TRANSFER_OVERFLOW:	return USB_OVERFLOW;
	case LIBUSB_TRANSFER_ERROR:	break;
	}
	return USB_FAILED;
}

void usb_host_done(struct usb_host *h, struct usb_done *d)
{
	d->next = NULL;
	*h->done_tail = d;
	h->done_tail = &d->next;
	if (!h->handling)
		uv_async_send(&h->wake);
}

/* --- descriptors --- */

static void drain(struct usb_host *h);

static void handle_closed(struct usb_host *h);

static void on_poll(uv_poll_t *p, int status, int events)
{
	struct usb_host *h = p->data;
	struct timeval zero = { 0, 0 };

	/* An error is the device's leaving, which libusb finds out by itself. */
	(void)status;
	(void)events;
	h->handling = true;
	libusb_handle_events_timeout_completed(h->ctx, &zero, NULL);
	h->handling = false;
	drain(h);
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct usb_host *h = handle->data;

	free(container_of((uv_poll_t *)handle, struct usb_poll, poll));
	handle_closed(h);
}

static void poll_close(struct usb_poll *p)
{
	uv_poll_stop(&p->poll);
	uv_close((uv_handle_t *)&p->poll, on_poll_closed);
}

static int poll_start(struct usb_host *h, struct usb_poll *p)
{
	int events = (p->events & POLLIN ? UV_READABLE : 0) |
		     (p->events & POLLOUT ? UV_WRITABLE : 0);
	int r;

	r = uv_poll_init(h->loop, &p->poll, p->fd);
	if (r < 0) {
		free(p);
		return r;
	}
	p->poll.data = h;
	h->open_handles++;
	r = uv_poll_start(&p->poll, events, on_poll);
	if (r < 0) {
		poll_close(p);
		return r;
	}
	p->next = h->polls;
	h->polls = p;
	return 0;
}

/* Any thread: libusb_open() runs on the pool. */
static void on_fd_added(int fd, short events, void *data)
{
	struct usb_host *h = data;
	struct usb_poll *p = calloc(1, sizeof(*p));

	if (p == NULL)		/* its transfers will time out: the timer has its own */
		return;
	p->fd = fd;
	p->events = events;
	uv_mutex_lock(&h->fresh_lock);
	p->next = h->fresh;
	h->fresh = p;
	uv_mutex_unlock(&h->fresh_lock);
	uv_async_send(&h->wake);
}

static struct usb_poll *take_poll(struct usb_poll **list, int fd)
{
	struct usb_poll *p;

	for (; (p = *list) != NULL; list = &p->next)
		if (p->fd == fd) {
			*list = p->next;
			return p;
		}
	return NULL;
}

/* The loop's thread: handles are closed on no other. */
static void on_fd_removed(int fd, void *data)
{
	struct usb_host *h = data;
	struct usb_poll *p = take_poll(&h->polls, fd);

	if (p != NULL) {
		poll_close(p);
		return;
	}
	uv_mutex_lock(&h->fresh_lock);
	free(take_poll(&h->fresh, fd));
	uv_mutex_unlock(&h->fresh_lock);
}

static void add_fresh_polls(struct usb_host *h)
{
	struct usb_poll *list, *p;

	uv_mutex_lock(&h->fresh_lock);
	list = TAKE(h->fresh);
	uv_mutex_unlock(&h->fresh_lock);
	while ((p = list) != NULL) {
		list = p->next;
		poll_start(h, p);
	}
}

static int add_first_polls(struct usb_host *h)
{
	const struct libusb_pollfd **fds = libusb_get_pollfds(h->ctx);
	size_t i;

	if (fds == NULL)
		return -ENOMEM;
	libusb_set_pollfd_notifiers(h->ctx, on_fd_added, on_fd_removed, h);
	for (i = 0; fds[i] != NULL; i++)
		on_fd_added(fds[i]->fd, fds[i]->events, h);
	libusb_free_pollfds(fds);
	return 0;
}

/* --- devices --- */

static void port_path(libusb_device *dev, char ret_path[USB_PORT_MAX])
{
	uint8_t ports[7];	/* USB allows no deeper tree */
	int n = libusb_get_port_numbers(dev, ports, COUNT(ports)), i, len;

	if (n <= 0) {
		snprintf(ret_path, USB_PORT_MAX, "usb%u", libusb_get_bus_number(dev));
		return;
	}
	len = snprintf(ret_path, USB_PORT_MAX, "%u-%u", libusb_get_bus_number(dev), ports[0]);
	for (i = 1; i < n && len < USB_PORT_MAX; i++)
		len += snprintf(ret_path + len, USB_PORT_MAX - (size_t)len, ".%u", ports[i]);
}

static enum usb_class classify(libusb_device *dev, uint8_t device_class, struct usb_where *ret)
{
	struct libusb_config_descriptor *config;
	enum usb_class is;

	if (device_class == LIBUSB_CLASS_HUB)
		return USB_CLASS_HUB;
	if (libusb_get_active_config_descriptor(dev, &config) < 0 &&
	    libusb_get_config_descriptor(dev, 0, &config) < 0)
		return USB_CLASS_OTHER;
	is = usb_where_find(config, ret);
	libusb_free_config_descriptor(config);
	return is;
}

static void add_device(struct usb_host *h, libusb_device *dev)
{
	struct libusb_device_descriptor desc;
	struct usb_device *d, **end;

	if (libusb_get_device_descriptor(dev, &desc) < 0)
		return;
	d = calloc(1, sizeof(*d));
	if (d == NULL)		/* it is there for whoever docks it again */
		return;
	d->host = h;
	d->dev = libusb_ref_device(dev);
	d->info.vid = desc.idVendor;
	d->info.pid = desc.idProduct;
	d->info.superspeed = libusb_get_device_speed(dev) >= LIBUSB_SPEED_SUPER;
	d->info.class = classify(dev, desc.bDeviceClass, &d->where);
	port_path(dev, d->info.port);
	for (end = &h->devices; *end != NULL; end = &(*end)->next)
		;
	*end = d;
}

/* libusb calls this from inside its own; what follows is drain()'s. */
static int on_hotplug(libusb_context *ctx, libusb_device *dev, libusb_hotplug_event event,
		      void *data)
{
	struct usb_host *h = data;
	struct usb_device *d;

	(void)ctx;
	if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED)
		add_device(h, dev);
	else
		for (d = h->devices; d != NULL; d = d->next)
			if (d->dev == dev)
				d->gone = true;
	uv_async_send(&h->wake);
	return 0;
}

const struct usb_device_info *usb_device_info(const struct usb_device *d)
{
	return &d->info;
}

static void device_free(struct usb_device *d)
{
	libusb_unref_device(d->dev);
	free(d);
}

/* Tell of what came and went, in the order in which it came. */
static void announce(struct usb_host *h)
{
	struct usb_device **at = &h->devices, *d;

	while ((d = *at) != NULL && !h->closing) {
		if (!d->announced && !d->gone) {
			d->announced = true;
			h->events.arrived(h->data, d, &d->info);
		}
		if (!d->gone) {
			at = &d->next;
			continue;
		}
		if (d->announced) {
			usb_jobs_end(h, d, -ENODEV);
			h->events.left(h->data, d);
		}
		*at = d->next;
		device_free(d);
	}
}

/* --- the loop's turn --- */

static void finish(struct usb_host *h);

static void drain(struct usb_host *h)
{
	struct usb_done *d;

	add_fresh_polls(h);
	while ((d = h->done) != NULL) {
		h->done = d->next;
		if (h->done == NULL)
			h->done_tail = &h->done;
		d->run(d);
	}
	announce(h);
	if (h->closing)
		usb_jobs_end(h, NULL, -ECANCELED);
	if (h->closing && h->listening && h->jobs == NULL && h->handles == 0)
		finish(h);
}

static void on_wake(uv_async_t *a)
{
	drain(a->data);
}

static void handle_closed(struct usb_host *h)
{
	void (*cb)(void *data) = h->closed;
	void *data = h->closed_data;

	if (--h->open_handles > 0)
		return;
	if (h->ctx != NULL)
		libusb_exit(h->ctx);
	uv_mutex_destroy(&h->fresh_lock);
	free(h);
	if (cb != NULL)
		cb(data);
}

static void on_wake_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

/* Nothing of ours is under way: take everything out of the loop, then let libusb go. */
static void finish(struct usb_host *h)
{
	struct usb_device *d;
	struct usb_poll *p;

	h->listening = false;
	if (h->ctx != NULL) {
		libusb_hotplug_deregister_callback(h->ctx, h->hotplug);
		libusb_set_pollfd_notifiers(h->ctx, NULL, NULL, NULL);
	}
	while ((d = h->devices) != NULL) {
		h->devices = d->next;
		device_free(d);
	}
	while ((p = h->polls) != NULL) {
		h->polls = p->next;
		poll_close(p);
	}
	while ((p = h->fresh) != NULL) {
		h->fresh = p->next;
		free(p);
	}
	uv_close((uv_handle_t *)&h->wake, on_wake_closed);
}

static int start_libusb(struct usb_host *h, struct err *e)
{
	int r;

	r = usb_errno(libusb_init(&h->ctx));
	if (r < 0) {
		h->ctx = NULL;
		return err_set(e, r, "libusb: cannot start: %s", strerror(-r));
	}
	if (!libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) ||
	    libusb_pollfds_handle_timeouts(h->ctx) == 0)
		return err_set(e, -ENOTSUP, "libusb: built without hotplug or timerfd; "
			       "install the distribution's libusb-1.0-0");
	r = add_first_polls(h);
	if (r < 0)
		return err_set(e, r, "libusb: no descriptors to wait on");
	r = usb_errno(libusb_hotplug_register_callback(h->ctx,
			LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
			LIBUSB_HOTPLUG_ENUMERATE, LIBUSB_HOTPLUG_MATCH_ANY,
			LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, h,
			&h->hotplug));
	if (r < 0)
		return err_set(e, r, "libusb: cannot watch for devices: %s", strerror(-r));
	return 0;
}

/*
 * Memory that devices are lent is the processor's cached memory where DMA is coherent, as on every
 * PC.  Elsewhere it may be uncached, and reading it slower than the copy that it saves.
 */
static size_t memory_budget(void)
{
#if defined(__x86_64__) || defined(__i386__)
	AUTO(buf_clear) struct buf text = BUF_INIT(32);
	int r = file_read("/sys/module/usbcore/parameters/usbfs_memory_mb", &text, NULL);

	return usb_memory_budget(r == 0 ? buf_str(&text) : NULL);
#else
	return 0;
#endif
}

void usb_host_unreserve(struct usb_host *h, struct usb_memory *m)
{
	if (m->taken != 0)
		BUG("usb: closed with memory lent");
	h->budget += m->size;
	*m = (struct usb_memory){ 0 };
}

int usb_host_new(uv_loop_t *loop, const struct usb_host_events *events, void *data,
		 struct usb_host **ret, struct err *e)
{
	struct usb_host *h = calloc(1, sizeof(*h));
	int r;

	if (h == NULL)
		return err_set(e, -ENOMEM, "libusb: out of memory");
	h->loop = loop;
	h->events = *events;
	h->data = data;
	h->done_tail = &h->done;
	h->budget = memory_budget();
	r = uv_async_init(loop, &h->wake, on_wake);
	if (r < 0) {
		free(h);
		return err_set(e, r, "libusb: cannot wake the loop: %s", uv_strerror(r));
	}
	h->wake.data = h;
	h->open_handles = 1;
	uv_mutex_init(&h->fresh_lock);
	r = start_libusb(h, e);
	if (r < 0) {
		finish(h);
		return r;
	}
	h->listening = true;
	*ret = h;
	return 0;
}

void usb_host_free(struct usb_host *h, void (*cb)(void *data), void *data)
{
	h->closing = true;
	h->closed = cb;
	h->closed_data = data;
	uv_async_send(&h->wake);
}
