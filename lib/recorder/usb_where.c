/* Where on a device there is a protocol that is spoken here. */
#include "base/util.h"
#include "recorder/uas.h"
#include "recorder/usb_impl.h"

/* What a device is asked for, the first one first: bulk-only before UAS, as every system can. */
static const struct speaks {
	uint8_t class, subclass, interface_protocol;
	enum usb_class is;
	enum usb_protocol protocol;
} known[] = {
	{ 0x08, 0x06, 0x50, USB_CLASS_STORAGE, USB_PROTOCOL_BOT },
	{ 0x06, 0x01, 0x01, USB_CLASS_MTP, USB_PROTOCOL_MTP },
	{ 0x08, 0x06, 0x62, USB_CLASS_STORAGE, USB_PROTOCOL_UAS },
};

static uint16_t packet_of(const struct libusb_endpoint_descriptor *e)
{
	return e->wMaxPacketSize & 0x7ff;
}

/* The first bulk endpoint of each direction, and the first of events if there is one. */
static void take_endpoint(const struct libusb_endpoint_descriptor *e, struct usb_where *w)
{
	unsigned type = e->bmAttributes & 3;
	bool in = (e->bEndpointAddress & LIBUSB_ENDPOINT_IN) != 0;

	if (type == LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK && !in && w->endpoint_out == 0) {
		w->endpoint_out = e->bEndpointAddress;
	} else if (type == LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK && in && w->endpoint_in == 0) {
		w->endpoint_in = e->bEndpointAddress;
		w->max_packet = packet_of(e);
	} else if (type == LIBUSB_ENDPOINT_TRANSFER_TYPE_INTERRUPT && in &&
		   w->endpoint_event == 0 && packet_of(e) > 0) {
		w->endpoint_event = e->bEndpointAddress;
		w->max_packet_event = packet_of(e);
	}
}

/* The four pipes of UAS, told apart by what each endpoint says it is for. */
static void take_pipe(const struct libusb_endpoint_descriptor *e, struct usb_where *w)
{
	uint8_t address = e->bEndpointAddress;
	uint8_t pipe = e->extra_length > 0 ? uas_pipe_of(e->extra, (size_t)e->extra_length) : 0;
	bool in = (address & LIBUSB_ENDPOINT_IN) != 0;

	if ((e->bmAttributes & 3) != LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK)
		return;
	if (pipe == UAS_PIPE_COMMAND && !in) {
		w->endpoint_command = address;
	} else if (pipe == UAS_PIPE_STATUS && in) {
		w->endpoint_status = address;
	} else if (pipe == UAS_PIPE_DATA_IN && in) {
		w->endpoint_in = address;
		w->max_packet = packet_of(e);
	} else if (pipe == UAS_PIPE_DATA_OUT && !in) {
		w->endpoint_out = address;
	}
}

static bool find_endpoints(const struct libusb_interface_descriptor *i, struct usb_where *ret)
{
	struct usb_where w = *ret;
	bool uas = w.protocol == USB_PROTOCOL_UAS;
	int n;

	for (n = 0; n < i->bNumEndpoints; n++)
		(uas ? take_pipe : take_endpoint)(&i->endpoint[n], &w);
	if (w.endpoint_in == 0 || w.endpoint_out == 0 || w.max_packet == 0)
		return false;
	if (uas && (w.endpoint_command == 0 || w.endpoint_status == 0))
		return false;
	*ret = w;
	return true;
}

static bool find_in(const struct libusb_interface *i, const struct speaks *s, struct usb_where *ret)
{
	const struct libusb_interface_descriptor *alt;
	int n;

	for (n = 0; n < i->num_altsetting; n++) {
		alt = &i->altsetting[n];
		if (alt->bInterfaceClass != s->class || alt->bInterfaceSubClass != s->subclass ||
		    alt->bInterfaceProtocol != s->interface_protocol)
			continue;
		*ret = (struct usb_where){
			.protocol = s->protocol,
			.interface = alt->bInterfaceNumber,
			.alternate = alt->bAlternateSetting,
			.has_alternates = i->num_altsetting > 1,
		};
		if (find_endpoints(alt, ret))
			return true;
	}
	return false;
}

/* On one interface after another, so that the first one counts; UAS only where there is no other. */
enum usb_class usb_where_find(const struct libusb_config_descriptor *c, struct usb_where *ret)
{
	size_t s, last = COUNT(known) - 1;
	int i;

	for (i = 0; i < c->bNumInterfaces; i++)
		for (s = 0; s < last; s++)
			if (find_in(&c->interface[i], &known[s], ret))
				return known[s].is;
	for (i = 0; i < c->bNumInterfaces; i++)
		if (find_in(&c->interface[i], &known[last], ret))
			return known[last].is;
	*ret = (struct usb_where){ 0 };
	return USB_CLASS_OTHER;
}
