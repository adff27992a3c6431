/*
 * Opening a device, to identify it or to read from it.  What may block (the
 * kernel holds a device's lock while its own driver tries to talk to a dead
 * one) is done on the thread pool; the strings are asked for on the loop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "recorder/usb_impl.h"
#include "recorder/usb_text.h"

enum {
	STRING_TIMEOUT_MS = 2000,
	STRING_MAX = 255,
	LANGUAGES = 0,			/* the string that lists languages */
};

struct usb_job {
	struct usb_done done;
	struct usb_job *next;
	struct usb_host *host;
	const struct usb_device *device;	/* until it left: compared, not looked into */
	libusb_device *dev;			/* a reference */
	libusb_device_handle *handle;
	struct usb_device_info info;
	struct usb_where where;
	struct usb_memory memory;
	uv_work_t work;
	bool claims;		/* for the thread pool, which must not look at the callbacks */
	int r;

	/* One of the two, NULL once it was called. */
	void (*identified)(void *data, int r, const struct usb_device_info *info);
	void (*opened)(void *data, int r, struct usb_io *io);
	void *data;

	struct libusb_transfer *transfer;
	uint8_t index[4];			/* of the strings still to be asked for */
	unsigned at;
	uint8_t buf[LIBUSB_CONTROL_SETUP_SIZE + STRING_MAX];
	uint16_t language;
};

static bool wanted(const struct usb_job *j)
{
	return j->identified != NULL || j->opened != NULL;
}

/* Tell the owner, once. */
static void answer(struct usb_job *j, int r, struct usb_io *io)
{
	if (j->identified != NULL)
		TAKE(j->identified)(j->data, r, r == 0 ? &j->info : NULL);
	else if (j->opened != NULL)
		TAKE(j->opened)(j->data, r, io);
}

static void let_go(struct usb_job *j)
{
	usb_handle_close(j->host, TAKE(j->handle), &j->memory);
}

static void job_free(struct usb_job *j)
{
	struct usb_job **at;

	for (at = &j->host->jobs; *at != j; at = &(*at)->next)
		;
	*at = j->next;
	let_go(j);
	libusb_free_transfer(j->transfer);
	libusb_unref_device(j->dev);
	uv_async_send(&j->host->wake);	/* it may have been the last, and the host wait for it */
	free(j);
}

static void job_end(struct usb_job *j, int r)
{
	let_go(j);	/* before the owner acts: it may want to open it itself */
	answer(j, r, NULL);
	job_free(j);
}

/* --- the strings --- */

static void on_string_done(struct usb_done *done);

static void LIBUSB_CALL on_string(struct libusb_transfer *t)
{
	struct usb_job *j = t->user_data;

	j->done.run = on_string_done;
	usb_host_done(j->host, &j->done);
}

static void ask_string(struct usb_job *j)
{
	int r;

	while (j->at < COUNT(j->index) && j->at > LANGUAGES && j->index[j->at] == 0)
		j->at++;
	if (j->at == COUNT(j->index)) {
		job_end(j, 0);
		return;
	}
	libusb_fill_control_setup(j->buf, LIBUSB_ENDPOINT_IN, LIBUSB_REQUEST_GET_DESCRIPTOR,
				  (uint16_t)(LIBUSB_DT_STRING << 8 | j->index[j->at]),
				  j->language, STRING_MAX);
	libusb_fill_control_transfer(j->transfer, j->handle, j->buf, on_string, j,
				     STRING_TIMEOUT_MS);
	r = libusb_submit_transfer(j->transfer);
	if (r < 0)
		job_end(j, usb_errno(r));
}

static void take_string(struct usb_job *j, const uint8_t *p, size_t len)
{
	char *to[] = { NULL, j->info.manufacturer, j->info.product, j->info.serial };

	if (j->at == LANGUAGES)
		j->language = (uint16_t)(len >= 4 ? p[2] | p[3] << 8 : 0x0409);
	else
		usb_text_decode(p, len, to[j->at], USB_TEXT_MAX + 1);
}

static void on_string_done(struct usb_done *done)
{
	struct usb_job *j = container_of(done, struct usb_job, done);
	const struct libusb_transfer *t = j->transfer;

	if (!wanted(j)) {
		job_end(j, -ECANCELED);
		return;
	}
	switch (usb_status_of(t->status)) {
	case USB_DONE:
		take_string(j, j->buf + LIBUSB_CONTROL_SETUP_SIZE, (size_t)t->actual_length);
		break;
	case USB_STALLED:
	case USB_OVERFLOW:
		take_string(j, NULL, 0);	/* it has none that could be read */
		break;
	case USB_TIMED_OUT:
		job_end(j, -ETIMEDOUT);
		return;
	case USB_GONE:
		job_end(j, -ENODEV);
		return;
	case USB_CANCELLED:
	case USB_FAILED:
		job_end(j, -EIO);
		return;
	}
	j->at++;
	ask_string(j);
}

static void read_strings(struct usb_job *j)
{
	struct libusb_device_descriptor desc;

	libusb_get_device_descriptor(j->dev, &desc);
	j->index[1] = desc.iManufacturer;
	j->index[2] = desc.iProduct;
	j->index[3] = desc.iSerialNumber;
	if (j->index[1] == 0 && j->index[2] == 0 && j->index[3] == 0) {
		job_end(j, 0);
		return;
	}
	j->transfer = libusb_alloc_transfer(0);
	if (j->transfer == NULL) {
		job_end(j, -ENOMEM);
		return;
	}
	ask_string(j);
}

/* --- opening --- */

/* On the thread pool. */
static int claim(struct usb_job *j)
{
	int r;

	/*
	 * Not to be attached again afterwards: the kernel would read the card, and
	 * whatever mounts it could write to it.
	 */
	r = libusb_detach_kernel_driver(j->handle, j->where.interface);
	if (r < 0 && r != LIBUSB_ERROR_NOT_FOUND && r != LIBUSB_ERROR_NOT_SUPPORTED)
		return r;
	r = libusb_claim_interface(j->handle, j->where.interface);
	return r < 0 ? r : usb_handle_prepare(j->handle, &j->where, j->info.superspeed);
}

static void work(uv_work_t *w)
{
	struct usb_job *j = w->data;
	int r;

	r = libusb_open(j->dev, &j->handle);
	if (r < 0)
		j->handle = NULL;
	else if (j->claims)
		r = claim(j);
	if (r == 0 && j->memory.size > 0)
		j->memory.bytes = libusb_dev_mem_alloc(j->handle, j->memory.size);
	j->r = usb_errno(r);
}

static void on_worked(uv_work_t *w, int status)
{
	struct usb_job *j = w->data;
	struct usb_io *io;

	if (status < 0)
		j->r = status;
	if (!wanted(j) || j->r < 0) {
		job_end(j, j->r < 0 ? j->r : -ECANCELED);
		return;
	}
	if (!j->claims) {
		read_strings(j);
		return;
	}
	if (j->memory.size > 0 && j->memory.bytes == NULL) {
		log_debug("usb %s: the kernel lends no memory for it", j->info.port);
		usb_host_unreserve(j->host, &j->memory);
	}
	io = usb_handle_new(j->host, j->handle, &j->where, j->info.superspeed, &j->memory);
	if (io == NULL) {
		job_end(j, -ENOMEM);
		return;
	}
	j->handle = NULL;
	j->memory = (struct usb_memory){ 0 };
	answer(j, 0, io);
	job_free(j);
}

/* A job that only has to be set to work; NULL and *ret_r when there can be none. */
static struct usb_job *job_new(struct usb_device *d, void *data, int *ret_r)
{
	struct usb_job *j;

	*ret_r = d->host->closing ? -ECANCELED : d->gone ? -ENODEV : -ENOMEM;
	if (d->host->closing || d->gone)
		return NULL;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return NULL;
	j->host = d->host;
	j->device = d;
	j->dev = libusb_ref_device(d->dev);
	j->info = d->info;
	j->where = d->where;
	j->data = data;
	j->work.data = j;
	return j;
}

/* For a device that comes when all of it is lent, the kernel allocates and copies. */
static void reserve(struct usb_job *j)
{
	size_t size = usb_memory_size(j->where.protocol, j->info.superspeed);

	if (j->host->budget < size)
		return;
	j->host->budget -= size;
	j->memory.size = size;
}

static int job_start(struct usb_job *j)
{
	j->next = j->host->jobs;
	j->host->jobs = j;
	return uv_queue_work(j->host->loop, &j->work, work, on_worked);
}

int usb_host_identify(struct usb_device *d,
		      void (*cb)(void *data, int r, const struct usb_device_info *info),
		      void *data)
{
	struct usb_job *j;
	int r;

	j = job_new(d, data, &r);
	if (j == NULL)
		return r;
	j->identified = cb;
	r = job_start(j);
	if (r < 0)
		job_free(j);
	return r;
}

int usb_host_open(struct usb_device *d, void (*cb)(void *data, int r, struct usb_io *io),
		  void *data)
{
	struct usb_job *j;
	int r;

	if (d->info.class != USB_CLASS_STORAGE && d->info.class != USB_CLASS_MTP)
		return -ENOTSUP;
	j = job_new(d, data, &r);
	if (j == NULL)
		return r;
	j->opened = cb;
	j->claims = true;
	reserve(j);
	r = job_start(j);
	if (r < 0)
		job_free(j);
	return r;
}

void usb_jobs_end(struct usb_host *h, const struct usb_device *d, int r)
{
	struct usb_job *j;

	for (j = h->jobs; j != NULL; j = j->next)
		if ((d == NULL || j->device == d) && wanted(j)) {
			if (j->transfer != NULL)
				libusb_cancel_transfer(j->transfer);
			answer(j, r, NULL);
		}
}
