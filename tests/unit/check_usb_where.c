/* Which interface of a device is read, and by which protocol. */
#include "base/util.h"
#include "recorder/usb_impl.h"
#include "unit/suite.h"

enum {
	BULK = LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK,
	INTERRUPT = LIBUSB_ENDPOINT_TRANSFER_TYPE_INTERRUPT,
};

/* The companion of SuperSpeed and the use of the pipe, as they follow an endpoint. */
#define UAS_ENDPOINT(address, n) \
	{ .bEndpointAddress = address, .bmAttributes = BULK, .wMaxPacketSize = 1024, \
	  .extra = (const unsigned char[]){ 6, 0x30, 15, 4, 0, 0, 4, 0x24, n, 0 }, .extra_length = 10 }

static const struct libusb_endpoint_descriptor
	bot[] = {
		{ .bEndpointAddress = 0x81, .bmAttributes = BULK, .wMaxPacketSize = 512 },
		{ .bEndpointAddress = 0x02, .bmAttributes = BULK, .wMaxPacketSize = 512 },
	},
	mtp[] = {
		{ .bEndpointAddress = 0x84, .bmAttributes = BULK, .wMaxPacketSize = 512 },
		{ .bEndpointAddress = 0x05, .bmAttributes = BULK, .wMaxPacketSize = 512 },
		{ .bEndpointAddress = 0x86, .bmAttributes = INTERRUPT, .wMaxPacketSize = 28 },
	},
	uas[] = {	/* in no order that could be guessed */
		UAS_ENDPOINT(0x83, 3), UAS_ENDPOINT(0x02, 4), UAS_ENDPOINT(0x81, 2),
		UAS_ENDPOINT(0x04, 1),
	},
	uas_three[] = { UAS_ENDPOINT(0x83, 3), UAS_ENDPOINT(0x02, 4), UAS_ENDPOINT(0x04, 1) },
	uas_reversed[] = {	/* a status that goes out is none */
		UAS_ENDPOINT(0x83, 3), UAS_ENDPOINT(0x02, 4), UAS_ENDPOINT(0x01, 2),
		UAS_ENDPOINT(0x04, 1),
	},
	uas_silent[] = {	/* which says of no pipe what it is */
		{ .bEndpointAddress = 0x83, .bmAttributes = BULK, .wMaxPacketSize = 512 },
		{ .bEndpointAddress = 0x02, .bmAttributes = BULK, .wMaxPacketSize = 512 },
		{ .bEndpointAddress = 0x81, .bmAttributes = BULK, .wMaxPacketSize = 512 },
		{ .bEndpointAddress = 0x04, .bmAttributes = BULK, .wMaxPacketSize = 512 },
	};

#define INTERFACE(n, alt, class, subclass, speaks, endpoints) \
	{ .bInterfaceNumber = n, .bAlternateSetting = alt, .bInterfaceClass = class, \
	  .bInterfaceSubClass = subclass, .bInterfaceProtocol = speaks, \
	  .bNumEndpoints = COUNT(endpoints), .endpoint = endpoints }
#define BOT(n, alt)	INTERFACE(n, alt, 8, 6, 0x50, bot)
#define UAS(n, alt)	INTERFACE(n, alt, 8, 6, 0x62, uas)
#define MTP(n, alt)	INTERFACE(n, alt, 6, 1, 1, mtp)
#define NETWORK(n)	INTERFACE(n, 0, 2, 6, 0, mtp)

enum { SETTINGS = 2, INTERFACES = 2 };

/* settings[i] of interface i; those of class 0 are not there. */
static const struct {
	const char *what;
	struct libusb_interface_descriptor settings[INTERFACES][SETTINGS];
	enum usb_class is;
	struct usb_where where;
} devices[] = {
	{ "bulk-only", { { BOT(0, 0) } }, USB_CLASS_STORAGE,
	  { USB_PROTOCOL_BOT, 0, 0x81, 0x02, 0, 0, 0, 0, false, 512, 0 } },
	{ "MTP with events", { { NETWORK(0) }, { MTP(1, 0) } }, USB_CLASS_MTP,
	  { USB_PROTOCOL_MTP, 1, 0x84, 0x05, 0x86, 0, 0, 0, false, 512, 28 } },
	{ "UAS alone", { { UAS(0, 0) } }, USB_CLASS_STORAGE,
	  { USB_PROTOCOL_UAS, 0, 0x83, 0x02, 0, 0x04, 0x81, 0, false, 1024, 0 } },
	{ "UAS in the second setting", { { BOT(0, 0), UAS(0, 1) } }, USB_CLASS_STORAGE,
	  { USB_PROTOCOL_BOT, 0, 0x81, 0x02, 0, 0, 0, 0, true, 512, 0 } },
	{ "bulk-only in the second setting", { { UAS(0, 0), BOT(0, 1) } }, USB_CLASS_STORAGE,
	  { USB_PROTOCOL_BOT, 0, 0x81, 0x02, 0, 0, 0, 1, true, 512, 0 } },
	{ "bulk-only on the second interface", { { UAS(0, 0) }, { BOT(1, 0) } }, USB_CLASS_STORAGE,
	  { USB_PROTOCOL_BOT, 1, 0x81, 0x02, 0, 0, 0, 0, false, 512, 0 } },
	{ "UAS behind something else", { { INTERFACE(0, 0, 8, 6, 0x10, bot), UAS(0, 1) } },
	  USB_CLASS_STORAGE, { USB_PROTOCOL_UAS, 0, 0x83, 0x02, 0, 0x04, 0x81, 1, true, 1024, 0 } },
	{ "UAS without a status pipe", { { INTERFACE(0, 0, 8, 6, 0x62, uas_three) } },
	  USB_CLASS_OTHER, { 0 } },
	{ "UAS with a status pipe that goes out", { { INTERFACE(0, 0, 8, 6, 0x62, uas_reversed) } },
	  USB_CLASS_OTHER, { 0 } },
	{ "UAS whose pipes have no use", { { INTERFACE(0, 0, 8, 6, 0x62, uas_silent) } },
	  USB_CLASS_OTHER, { 0 } },
	{ "bulk-only with more than it needs", { { INTERFACE(0, 0, 8, 6, 0x50, uas_three) } },
	  USB_CLASS_STORAGE, { USB_PROTOCOL_BOT, 0, 0x83, 0x02, 0, 0, 0, 0, false, 1024, 0 } },
	{ "a network", { { NETWORK(0) } }, USB_CLASS_OTHER, { 0 } },
	{ "nothing", { { { 0 } } }, USB_CLASS_OTHER, { 0 } },
};

static int settings_of(const struct libusb_interface_descriptor *s)
{
	int n;

	for (n = 0; n < SETTINGS && s[n].bInterfaceClass != 0; n++)
		;
	return n;
}

START_TEST(a_device_is_read_by)
{
	const struct usb_where *want = &devices[_i].where;
	struct libusb_interface interfaces[INTERFACES];
	const struct libusb_config_descriptor c = {
		.bNumInterfaces = INTERFACES, .interface = interfaces,
	};
	struct usb_where w;
	int i;

	for (i = 0; i < INTERFACES; i++)
		interfaces[i] = (struct libusb_interface){
			devices[_i].settings[i], settings_of(devices[_i].settings[i]),
		};
	ck_assert_msg(usb_where_find(&c, &w) == devices[_i].is, "%s", devices[_i].what);
	ck_assert_int_eq(w.protocol, want->protocol);
	ck_assert_uint_eq(w.interface, want->interface);
	ck_assert_uint_eq(w.endpoint_in, want->endpoint_in);
	ck_assert_uint_eq(w.endpoint_out, want->endpoint_out);
	ck_assert_uint_eq(w.endpoint_event, want->endpoint_event);
	ck_assert_uint_eq(w.endpoint_command, want->endpoint_command);
	ck_assert_uint_eq(w.endpoint_status, want->endpoint_status);
	ck_assert_uint_eq(w.alternate, want->alternate);
	ck_assert(w.has_alternates == want->has_alternates);
	ck_assert_uint_eq(w.max_packet, want->max_packet);
	ck_assert_uint_eq(w.max_packet_event, want->max_packet_event);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_device_is_read_by, 0, (int)COUNT(devices));
}

int main(void)
{
	return suite_main("usb_where", fill);
}
