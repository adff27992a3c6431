/*
 * The seam below every USB protocol here: one claimed interface of one device,
 * as a few operations.  Two things stand behind it: libusb (usb_host.c) and, in
 * unit tests, fuzzers and the bench, the in-process device model.
 *
 * Units    lengths are bytes, time-outs milliseconds.
 * Errors   a call that returns < 0 (negative errno) never calls back; one that
 *          returns 0 calls back exactly once, later, from the loop, never from
 *          inside the call.
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef RECORDER_USB_IO_H
#define RECORDER_USB_IO_H

#include <stddef.h>
#include <stdint.h>

struct usb_io;

enum usb_status {
	USB_DONE,		/* `actual` bytes moved; fewer than asked is a short packet */
	USB_STALLED,		/* the endpoint is halted: clear it before the next transfer */
	USB_TIMED_OUT,
	USB_CANCELLED,
	USB_GONE,		/* the device was unplugged */
	USB_OVERFLOW,		/* the device sent more than was asked */
	USB_FAILED,		/* anything else the bus reports */
};

/* One transfer.  Caller's memory, untouched by the caller from submit to cb. */
struct usb_xfer {
	uint8_t endpoint;	/* 0x81: bulk IN 1, 0x02: bulk OUT 2; that of events: interrupt
				 * IN; 0x00: control, then buf begins with the 8 bytes of the
				 * SETUP packet */
	uint16_t stream;	/* of a bulk endpoint that has streams, from 1; 0: none */
	uint8_t *buf;
	uint32_t len;
	uint32_t timeout_ms;	/* 0: none */
	void (*cb)(struct usb_xfer *x);
	void *data;		/* the caller's */

	enum usb_status status;	/* out */
	uint32_t actual;	/* out; for control without the SETUP packet */

	void *impl;		/* the seam's own while submitted */
};

struct usb_io_ops {
	/* Queue x.  Transfers of one endpoint complete in order.  -ENODEV: unplugged. */
	int (*submit)(struct usb_io *io, struct usb_xfer *x);
	/* Ask that x end soon; its callback still comes (USB_CANCELLED or what it got). */
	void (*cancel)(struct usb_io *io, struct usb_xfer *x);
	/* CLEAR_FEATURE(ENDPOINT_HALT).  cb gets 0 or a negative errno. */
	int (*clear_halt)(struct usb_io *io, uint8_t endpoint,
			  void (*cb)(void *data, int r), void *data);
	/* Port reset; the device keeps its address, interface and streams or is gone (-ENODEV). */
	int (*reset)(struct usb_io *io, void (*cb)(void *data, int r), void *data);
	/*
	 * len bytes of memory that the device's content comes into without a copy by the
	 * kernel, for transfers to have as their buf; NULL: there are none now, and any memory
	 * does.  The op is NULL where there never are.  give_back with the same len, once no
	 * transfer has it, and before close.
	 */
	uint8_t *(*lend)(struct usb_io *io, size_t len);
	void (*give_back)(struct usb_io *io, uint8_t *piece, size_t len);
	/*
	 * Release and close.  No transfer may be in flight.  cb comes once the
	 * device is let go, NULL for none; io must not be used after this call.
	 */
	void (*close)(struct usb_io *io, void (*cb)(void *data), void *data);
};

/* What is spoken on an interface. */
enum usb_protocol { USB_PROTOCOL_BOT, USB_PROTOCOL_UAS, USB_PROTOCOL_MTP };

/* What a protocol needs to know of the claimed interface. */
struct usb_io {
	const struct usb_io_ops *ops;
	enum usb_protocol protocol;
	uint8_t interface;
	uint8_t endpoint_in;	/* bulk IN, with bit 7; UAS: data-in */
	uint8_t endpoint_out;	/* bulk OUT; UAS: data-out, which nothing here uses */
	uint8_t endpoint_command;	/* UAS: bulk OUT */
	uint8_t endpoint_status;	/* UAS: bulk IN */
	uint8_t endpoint_event;	/* interrupt IN, or 0 where there is none */
	uint16_t max_packet;	/* of bulk IN, bytes */
	uint16_t max_packet_event;	/* of interrupt IN */
	uint8_t superspeed;	/* 1: requests may be large (disk.h), and UAS has streams */
};

#endif
