/* What usb_host.c, usb_job.c and usb_handle.c share, and nobody else includes. */
#ifndef RECORDER_USB_IMPL_H
#define RECORDER_USB_IMPL_H

#include <libusb.h>
#include <stdbool.h>
#include <uv.h>

#include "recorder/usb_host.h"
#include "recorder/usb_memory.h"

/* Which interface and endpoints speak the protocol of the device's class. */
struct usb_where {
	enum usb_protocol protocol;
	uint8_t interface, endpoint_in, endpoint_out, endpoint_event;
	uint8_t endpoint_command, endpoint_status;	/* UAS */
	uint8_t alternate;		/* setting of the interface, */
	bool has_alternates;		/* which has others as well */
	uint16_t max_packet, max_packet_event;
};

/* USB_CLASS_OTHER: nothing that is spoken here. */
enum usb_class usb_where_find(const struct libusb_config_descriptor *c, struct usb_where *ret);

struct usb_device {
	struct usb_device *next;
	struct usb_host *host;
	libusb_device *dev;		/* a reference */
	struct usb_device_info info;
	struct usb_where where;
	bool announced, gone;
};

/* A descriptor of libusb's in the loop. */
struct usb_poll {
	uv_poll_t poll;
	struct usb_poll *next;
	int fd;
	short events;
};

struct usb_job;
struct usb_done;

struct usb_host {
	uv_loop_t *loop;
	struct usb_host_events events;
	void *data;
	libusb_context *ctx;
	libusb_hotplug_callback_handle hotplug;
	bool listening;
	struct usb_device *devices;	/* in order of arrival */
	struct usb_job *jobs;
	unsigned handles;		/* ios not yet closed */
	size_t budget;			/* of the kernel's memory, that nobody has */

	/* Transfers that libusb's callbacks handed over, in order. */
	struct usb_done *done, **done_tail;
	uv_async_t wake;		/* there is something to drain */
	bool handling;			/* libusb is calling back, and a drain() follows */

	struct usb_poll *polls;
	uv_mutex_t fresh_lock;		/* libusb_open() on the thread pool adds descriptors */
	struct usb_poll *fresh;
	unsigned open_handles;		/* of the loop's, ours */

	bool closing;
	void (*closed)(void *data);
	void *closed_data;
};

/* A finished transfer, to be dealt with outside of libusb's callback. */
struct usb_done {
	struct usb_done *next;
	void (*run)(struct usb_done *d);
};

void usb_host_done(struct usb_host *h, struct usb_done *d);

/* The negative errno for an enum libusb_error. */
int usb_errno(int libusb_error);
enum usb_status usb_status_of(enum libusb_transfer_status s);

/* End every job of d, or all when d is NULL: cb gets r.  What is still at work cleans up later. */
void usb_jobs_end(struct usb_host *h, const struct usb_device *d, int r);

/*
 * Bring the claimed interface to where the protocol is spoken: its setting, and streams if it
 * needs them.  May block.  An enum libusb_error.
 */
int usb_handle_prepare(libusb_device_handle *handle, const struct usb_where *where,
		       bool superspeed);

/*
 * Takes handle, whose interface is claimed and prepared, and its region, which may be none.  NULL: no
 * memory, and both are still the caller's.
 */
struct usb_io *usb_handle_new(struct usb_host *h, libusb_device_handle *handle,
			      const struct usb_where *where, bool superspeed,
			      const struct usb_memory *m);

/* A region that was reserved, and is not there or not any more. */
void usb_host_unreserve(struct usb_host *h, struct usb_memory *m);

/* Close the handle, if there is one, and give its region back to the kernel and to the budget. */
void usb_handle_close(struct usb_host *h, libusb_device_handle *handle, struct usb_memory *m);

#endif
