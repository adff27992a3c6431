/*
 * usbfs as the kernel serves it (drivers/usb/core/devio.c), for the requests
 * that libusb makes.  Bulk continuation is not offered, as on host controllers
 * that cannot stop at a short packet; libusb does without when it has
 * scatter-gather.
 */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/util.h"
#include "emulator/umock.h"

enum {
	CAPABILITIES = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
		       USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_REAP_AFTER_DISCONNECT,
	FLAGS = USBDEVFS_URB_SHORT_NOT_OK | USBDEVFS_URB_ZERO_PACKET | USBDEVFS_URB_NO_INTERRUPT,
	OVERHEAD = 512,		/* what a transfer costs beside its buffer */
	CONTROL_MAX = 4096,	/* bytes of a control transfer: PAGE_SIZE in the kernel */
};

static const char open_key[] = "umock-open";

/* ------ open files ------ */

static bool of_open(const struct umock_urb *u, const void *o)
{
	return u->open == o;
}

/* The client closed its file or died: the kernel lets go of all it held. */
static void open_free(void *data)
{
	struct umock_open *o = data;
	struct umock_device *d = o->device;
	struct umock_urb *u;

	umock_lock();
	umock_urb_cancel(d, -ENOENT, of_open, o);
	while ((u = g_queue_pop_head(&o->done)) != NULL) {
		d->done--;
		umock_urb_free(u);
	}
	for (size_t i = 0; i < COUNT(d->interfaces); i++) {
		if (d->interfaces[i].owner == o)
			d->interfaces[i].owner = NULL;
	}
	d->opens--;
	umock_poll_state(d);
	g_free(o);
	umock_unlock();
}

static struct umock_open *open_of(UMockdevIoctlClient *client, struct umock_device *d)
{
	struct umock_open *o = g_object_get_data(G_OBJECT(client), open_key);

	if (o == NULL) {
		o = g_new0(struct umock_open, 1);
		o->device = d;
		d->opens++;
		g_object_set_data_full(G_OBJECT(client), open_key, o, open_free);
	}
	return o;
}

/* ------ interfaces ------ */

static int claim(struct umock_open *o, unsigned interface)
{
	struct umock_interface *i;

	if (interface >= UMOCK_INTERFACES_MAX)
		return -EINVAL;
	i = &o->device->interfaces[interface];
	if (!i->present)
		return -ENOENT;
	if (i->driver || (i->owner != NULL && i->owner != o))
		return -EBUSY;
	i->owner = o;
	return 0;
}

struct on_interface {
	const struct umock_open *open;
	unsigned interface;
};

static const struct umock_endpoint *endpoint(const struct umock_device *d, unsigned address)
{
	for (size_t i = 0; i < d->n_endpoints; i++) {
		if (d->endpoints[i].address == address)
			return &d->endpoints[i];
	}
	return NULL;
}

static bool of_interface(const struct umock_urb *u, const void *data)
{
	const struct on_interface *on = data;
	const struct umock_endpoint *ep = endpoint(u->open->device, u->endpoint);

	return u->open == on->open && ep != NULL && ep->interface == on->interface;
}

static int release(struct umock_open *o, unsigned interface)
{
	const struct on_interface on = { o, interface };

	if (interface >= UMOCK_INTERFACES_MAX || o->device->interfaces[interface].owner != o)
		return -EINVAL;
	umock_urb_cancel(o->device, -ENOENT, of_interface, &on);
	o->device->interfaces[interface].owner = NULL;
	return 0;
}

static const char *driver_of(const struct umock_interface *i)
{
	return i->driver ? "usb-storage" : i->owner != NULL ? "usbfs" : NULL;
}

static int get_driver(struct umock_open *o, struct usbdevfs_getdriver *g)
{
	const char *name;

	if (g->interface >= UMOCK_INTERFACES_MAX || !o->device->interfaces[g->interface].present)
		return -ENODATA;
	name = driver_of(&o->device->interfaces[g->interface]);
	if (name == NULL)
		return -ENODATA;
	memset(g->driver, 0, sizeof(g->driver));
	memcpy(g->driver, name, strlen(name));
	return 0;
}

static int disconnect(struct umock_open *o, unsigned interface)
{
	struct umock_interface *i = &o->device->interfaces[interface];

	if (i->owner != NULL)
		return release(i->owner, interface);
	if (!i->driver)
		return -ENODATA;
	i->driver = false;
	return 0;
}

static int disconnect_claim(struct umock_open *o, const struct usbdevfs_disconnect_claim *dc)
{
	const char *name;
	bool same;

	if (dc->interface >= UMOCK_INTERFACES_MAX || !o->device->interfaces[dc->interface].present)
		return -EINVAL;
	name = driver_of(&o->device->interfaces[dc->interface]);
	if (name != NULL) {
		same = strncmp(dc->driver, name, sizeof(dc->driver)) == 0;
		if (((dc->flags & USBDEVFS_DISCONNECT_CLAIM_IF_DRIVER) != 0 && !same) ||
		    ((dc->flags & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER) != 0 && same))
			return -EBUSY;
		disconnect(o, dc->interface);
	}
	return claim(o, dc->interface);
}

static int driver_ioctl(struct umock_open *o, const struct usbdevfs_ioctl *request)
{
	struct umock_interface *i;

	if (request->ifno < 0 || request->ifno >= UMOCK_INTERFACES_MAX ||
	    !o->device->interfaces[request->ifno].present)
		return -EINVAL;
	i = &o->device->interfaces[request->ifno];
	if ((unsigned)request->ioctl_code == USBDEVFS_DISCONNECT)
		return disconnect(o, (unsigned)request->ifno);
	if ((unsigned)request->ioctl_code != USBDEVFS_CONNECT)
		return -ENOTTY;
	if (i->driver || i->owner != NULL)
		return -EBUSY;
	i->driver = true;
	return 0;
}

/* The endpoint's interface must be claimed; the kernel claims it when nobody did. */
static int check_endpoint(struct umock_open *o, unsigned address)
{
	const struct umock_endpoint *ep = endpoint(o->device, address);

	return ep == NULL ? -ENOENT : claim(o, ep->interface);
}

static bool every(const struct umock_urb *u, const void *data)
{
	(void)u;
	(void)data;
	return true;
}

/* A port reset; usbfs loses its claims by it. */
static int reset(struct umock_open *o)
{
	struct umock_device *d = o->device;

	umock_urb_cancel(d, -ENOENT, every, NULL);
	for (size_t i = 0; i < COUNT(d->interfaces); i++)
		d->interfaces[i].owner = NULL;
	model_reset(d->model);
	return 0;
}

static int clear_halt(struct umock_open *o, unsigned address)
{
	int r = check_endpoint(o, address);

	if (r < 0)
		return r;
	model_clear_halt(o->device->model, (uint8_t)address);
	umock_urb_pump(o->device);
	return 0;
}

static int set_interface(struct umock_open *o, const struct usbdevfs_setinterface *s)
{
	int r = claim(o, s->interface);

	return r < 0 ? r : s->altsetting == 0 ? 0 : -EINVAL;
}

/* ------ transfers ------ */

static struct umock_urb *urb_new(struct umock_open *o, uint64_t len)
{
	struct umock_urb *u;

	if (!umock_charge(o->device->bus, (int64_t)len + OVERHEAD))
		return NULL;
	u = g_new0(struct umock_urb, 1);
	u->open = o;
	u->charge = (uint32_t)len + OVERHEAD;
	return u;
}

/* Who may send this control request: one to an interface or endpoint needs the claim. */
static int check_setup(struct umock_open *o, const uint8_t setup[8])
{
	if ((setup[0] & 0x60) == 0x40)		/* vendor's: anything */
		return 0;
	switch (setup[0] & 0x1f) {
	case 1:
		return claim(o, setup[4]);
	case 2:
		return (setup[4] & 0x7f) == 0 ? 0 : check_endpoint(o, setup[4]);
	default:
		return 0;
	}
}

static int fill_control(struct umock_urb *u, uint32_t len)
{
	if (len < 8)
		return -EINVAL;
	memcpy(u->setup, u->buffer->data, 8);
	u->len = (uint32_t)(u->setup[6] | u->setup[7] << 8);
	u->data_at = 8;
	if (u->len > CONTROL_MAX || u->len + 8 > len)
		return -EINVAL;
	return check_setup(u->open, u->setup);
}

/* A kind of transfer that the endpoint is for; the kernel takes bulk for an interrupt one's. */
static int check_type(struct umock_open *o, const struct usbdevfs_urb *urb)
{
	const struct umock_endpoint *ep = endpoint(o->device, urb->endpoint);

	switch (urb->type) {
	case USBDEVFS_URB_TYPE_CONTROL:
		return (urb->endpoint & 0x7f) == 0 ? 0 : -EINVAL;
	case USBDEVFS_URB_TYPE_INTERRUPT:
		if (ep != NULL && !ep->interrupt)
			return -EINVAL;
		/* fall through */
	case USBDEVFS_URB_TYPE_BULK:
		return check_endpoint(o, urb->endpoint);
	default:
		return -EINVAL;
	}
}

static int submit(struct umock_open *o, UMockdevIoctlData *data)
{
	const struct usbdevfs_urb *urb = (const void *)data->data;
	uint32_t len = (uint32_t)urb->buffer_length;
	struct umock_urb *u;
	int r;

	if (urb->buffer_length < 0 || (len > 0 && urb->buffer == NULL) ||
	    (urb->flags & ~(unsigned)FLAGS) != 0)
		return -EINVAL;
	r = check_type(o, urb);
	if (r < 0)
		return r;
	u = urb_new(o, len);
	if (u == NULL)
		return -ENOMEM;
	u->urb = g_object_ref(data);
	u->flags = urb->flags;
	u->endpoint = urb->type == USBDEVFS_URB_TYPE_CONTROL ? 0 : urb->endpoint;
	u->len = len;
	if (len > 0)
		u->buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_urb, buffer),
							len, NULL);
	if (len > 0 && u->buffer == NULL)
		r = -EFAULT;
	else if (u->endpoint == 0)
		r = fill_control(u, len);
	if (r < 0) {
		umock_urb_free(u);
		return r;
	}
	umock_urb_queue(u);
	return 0;
}

/* Hand one finished transfer back: result into the client's memory, its address into data. */
static int reap(struct umock_open *o, UMockdevIoctlData *data, int none)
{
	struct umock_urb *u = g_queue_pop_head(&o->done);
	struct usbdevfs_urb *urb;

	if (u == NULL)
		return o->device->model == NULL ? -ENODEV : none;
	urb = (void *)u->urb->data;
	urb->status = u->status;
	urb->actual_length = (int)u->actual;
	urb->error_count = 0;
	if (u->bytes != NULL && u->actual > 0)
		memcpy(u->buffer->data + u->data_at, u->bytes, u->actual);
	umockdev_ioctl_data_set_ptr(data, 0, u->urb);
	umock_urb_free(u);
	o->device->done--;
	umock_poll_state(o->device);
	return 0;
}

struct at_address {
	const struct umock_open *open;
	gulong address;
};

static bool of_address(const struct umock_urb *u, const void *data)
{
	const struct at_address *at = data;

	return u->open == at->open && u->urb != NULL && u->urb->client_addr == at->address;
}

static int discard(struct umock_open *o, gulong address)
{
	const struct at_address at = { o, address };
	unsigned before = o->done.length;

	umock_urb_cancel(o->device, -ENOENT, of_address, &at);
	return o->done.length > before ? 0 : -EINVAL;
}

static bool is_urb(const struct umock_urb *u, const void *data)
{
	return u == data;
}

static gboolean timed_out(void *data)
{
	struct umock_urb *u = data;

	umock_lock();
	if (!umock_timer_is_stale()) {
		u->timer = 0;
		umock_urb_cancel(u->open->device, -ETIMEDOUT, is_urb, u);
	}
	umock_unlock();
	return G_SOURCE_REMOVE;
}

/* 1: the client is answered when the transfer is over. */
static int synchronous(struct umock_urb *u, UMockdevIoctlClient *client, unsigned timeout_ms)
{
	u->client = g_object_ref(client);
	if (timeout_ms > 0)
		u->timer = g_timeout_add(timeout_ms, timed_out, u);
	umock_urb_queue(u);
	return 1;
}

static int bulk(struct umock_open *o, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	const struct usbdevfs_bulktransfer *b = (const void *)data->data;
	struct umock_urb *u;
	int r = check_endpoint(o, b->ep);

	if (r < 0)
		return r;
	u = urb_new(o, b->len);
	if (u == NULL)
		return -ENOMEM;
	u->endpoint = (uint8_t)b->ep;
	u->len = b->len;
	u->buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_bulktransfer, data),
						b->len, NULL);
	if (b->len > 0 && u->buffer == NULL) {
		umock_urb_free(u);
		return -EFAULT;
	}
	return synchronous(u, client, b->timeout);
}

static int control(struct umock_open *o, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	const struct usbdevfs_ctrltransfer *c = (const void *)data->data;
	struct umock_urb *u;
	int r = c->wLength > CONTROL_MAX ? -EINVAL : check_setup(o, data->data);

	if (r < 0)
		return r;
	u = urb_new(o, c->wLength);
	if (u == NULL)
		return -ENOMEM;
	memcpy(u->setup, data->data, sizeof(u->setup));	/* the struct begins as the packet does */
	u->len = c->wLength;
	u->buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_ctrltransfer, data),
						c->wLength, NULL);
	if (c->wLength > 0 && u->buffer == NULL) {
		umock_urb_free(u);
		return -EFAULT;
	}
	return synchronous(u, client, c->timeout);
}

/* ------ dispatch ------ */

/* 0, a negative errno, or 1: answered later.  data mirrors what the argument points to. */
static int serve(struct umock_open *o, UMockdevIoctlClient *client, gulong request,
		 UMockdevIoctlData *data)
{
	unsigned number = 0;

	if (data != NULL && data->data_len >= (gint)sizeof(number))
		memcpy(&number, data->data, sizeof(number));
	switch (request) {
	case USBDEVFS_GET_CAPABILITIES:
		memcpy(data->data, &(uint32_t){ CAPABILITIES }, sizeof(uint32_t));
		return 0;
	case USBDEVFS_CLAIMINTERFACE:	return claim(o, number);
	case USBDEVFS_RELEASEINTERFACE:	return release(o, number);
	case USBDEVFS_GETDRIVER:	return get_driver(o, (void *)data->data);
	case USBDEVFS_IOCTL:		return driver_ioctl(o, (const void *)data->data);
	case USBDEVFS_DISCONNECT_CLAIM:	return disconnect_claim(o, (const void *)data->data);
	case USBDEVFS_SETINTERFACE:	return set_interface(o, (const void *)data->data);
	case USBDEVFS_RESET:		return reset(o);
	case USBDEVFS_RESETEP:		return check_endpoint(o, number);
	case USBDEVFS_CLEAR_HALT:	return clear_halt(o, number);
	case USBDEVFS_SUBMITURB:	return submit(o, data);
	case USBDEVFS_BULK:		return bulk(o, client, data);
	case USBDEVFS_CONTROL:		return control(o, client, data);
	default:			return -ENOTTY;
	}
}

/* Requests that a device still answers when it is gone, or that carry no pointer to memory. */
static int dispatch(struct umock_open *o, UMockdevIoctlClient *client)
{
	gulong request = umockdev_ioctl_client_get_request(client);
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
	g_autoptr(UMockdevIoctlData) data = NULL;
	gulong address;

	memcpy(&address, arg->data, sizeof(address));
	if (request == USBDEVFS_DISCARDURB)
		return o->device->model == NULL ? -ENODEV : discard(o, address);
	if (_IOC_SIZE(request) > 0) {
		data = umockdev_ioctl_data_resolve(arg, 0, _IOC_SIZE(request), NULL);
		if (data == NULL)
			return -EFAULT;
	}
	/* umockdev's client cannot wait here and submit elsewhere: it is asked to come again. */
	if (request == USBDEVFS_REAPURB)
		return reap(o, data, -EINTR);
	if (request == USBDEVFS_REAPURBNDELAY)
		return reap(o, data, -EAGAIN);
	return o->device->model == NULL ? -ENODEV : serve(o, client, request, data);
}

gboolean umock_handle_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client,
			    struct umock_device *d)
{
	int r;

	(void)base;
	umock_lock();
	r = dispatch(open_of(client, d), client);
	if (r <= 0)
		umockdev_ioctl_client_complete(client, r < 0 ? -1 : 0, -r);
	umock_unlock();
	return TRUE;
}
