/*
 * USB recorders on a machine that has none: models (model.h) plugged into a
 * umockdev testbed, so that an unmodified program with its own libusb finds
 * them in sysfs, hears of them through udev and talks to them through usbfs.
 *
 * The process runs under umockdev-wrapper, or nobody hears its uevents.
 *
 * A device's node is a pseudo terminal, since umockdev's plain files cannot be
 * polled: stopped output means nothing to reap, and closing the master is the
 * hang-up that a driver sees when the cable is pulled.
 *
 * Threads  umockdev serves ioctls on a thread of its own; timers and whoever
 *	    plugs are on the one that runs the GLib main loop.  One lock, taken
 *	    by every function that is called from outside, makes them take turns.
 * Errors   0 or a negative errno and a sentence.
 */
#ifndef EMULATOR_UMOCK_H
#define EMULATOR_UMOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <umockdev.h>

#include "base/err.h"
#include "emulator/model.h"

enum {
	UMOCK_PORT_MAX = 31,		/* "1-1.4.2", NUL not counted */
	UMOCK_DEVNUM_MAX = 127,		/* of a USB bus */
	UMOCK_ENDPOINTS_MAX = 8,
	UMOCK_INTERFACES_MAX = 4,
	UMOCK_MEMORY_MAX = 16 * 1024 * 1024,	/* of transfers in flight: usbfs_memory_mb */
};

struct umock_bus;

int umock_bus_new(struct umock_bus **ret, struct err *e);
/* Unplugs everything, removes the testbed.  NULL is fine. */
void umock_bus_free(struct umock_bus *b);

/* $UMOCKDEV_DIR of the programs that shall see the bus. */
const char *umock_bus_root(const struct umock_bus *b);

/*
 * Plug a recorder into a port: "1-1", or "1-1.4" behind a hub that appears with
 * it.  The files of config are the bus's from now on when that succeeds.
 * -EEXIST: the port is taken.
 */
int umock_plug(struct umock_bus *b, const char *port, const struct model_config *config,
	       struct err *e);
/* -ENOENT: nothing there, perhaps since a fault unplugged it. */
int umock_unplug(struct umock_bus *b, const char *port, struct err *e);
void umock_config_close(const struct model_config *config);

/* Something happens to the recorder there: model_event(). */
int umock_event(struct umock_bus *b, const char *port, const char *what, const char *arg,
		struct err *e);

/* Each docked recorder: its port and the content bytes it has sent. */
void umock_each(struct umock_bus *b,
		void (*cb)(void *data, const char *port, uint64_t bytes),
		void *data);

/* ------ between umock_bus.c and umock_usbfs.c, umock_urb.c ------ */

struct umock_open;			/* one open file of a node */

struct umock_interface {
	bool present;
	bool driver;			/* the kernel's usb-storage is bound */
	struct umock_open *owner;	/* who claimed it */
};

struct umock_endpoint {
	uint8_t address, interface;
	bool interrupt;
};

struct umock_device {
	struct umock_bus *bus;
	char port[UMOCK_PORT_MAX + 1];
	unsigned devnum;
	char *syspath;
	UMockdevIoctlBase *handler;
	int master, slave;
	struct model *model;		/* NULL: unplugged */
	uint32_t delay_us;
	struct umock_interface interfaces[UMOCK_INTERFACES_MAX];
	struct umock_endpoint endpoints[UMOCK_ENDPOINTS_MAX];
	size_t n_endpoints;
	GQueue pending;			/* struct umock_urb, in the order they came */
	struct umock_urb *delayed;	/* answered, but not before its time */
	guint delay_timer;
	unsigned opens;			/* open files; the struct outlives the plug while > 0 */
	unsigned done;			/* transfers to reap, of all open files */
};

/* Of all buses, since a timer may not look at what it is about before it has the lock.  Recursive:
 * to let go of a client may be to close its files. */
void umock_lock(void);
void umock_unlock(void);
/* For a timer's callback, once it has the lock: it was removed while it waited for it. */
bool umock_timer_is_stale(void);

/* Charge or, negative, give back memory of transfers; false: over UMOCK_MEMORY_MAX. */
bool umock_charge(struct umock_bus *b, int64_t bytes);
/* The device left its bus: its model asked for it, perhaps to come back, or a person. */
void umock_gone(struct umock_device *d);
/* Tell pollers of the node whether there is something to reap. */
void umock_poll_state(struct umock_device *d);
gboolean umock_handle_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client,
			    struct umock_device *d);

/* A transfer.  Data are the client's memory as umockdev mirrors it. */
struct umock_urb {
	struct umock_open *open;
	UMockdevIoctlData *urb;		/* struct usbdevfs_urb; NULL: a synchronous ioctl */
	UMockdevIoctlData *buffer;	/* NULL when there is none */
	UMockdevIoctlClient *client;	/* of a synchronous ioctl, waiting */
	guint timer;			/* its time-out */
	uint8_t setup[8];		/* control */
	uint8_t endpoint;		/* 0: control */
	uint32_t len;			/* without the setup packet */
	uint32_t data_at;		/* offset of data in buffer */
	uint32_t flags;			/* USBDEVFS_URB_* */
	uint8_t *bytes;			/* what came in, kept from the mirror until it is reaped */
	int status;			/* 0 or a negative errno */
	uint32_t actual;
	uint32_t charge;
};

struct umock_open {
	struct umock_device *device;
	GQueue done;			/* struct umock_urb to reap */
};

/* Queue u and move what can be moved. */
void umock_urb_queue(struct umock_urb *u);
void umock_urb_pump(struct umock_device *d);
/* End pending transfers that `which` says yes to, with this status; then move what can move. */
void umock_urb_cancel(struct umock_device *d, int status,
		      bool (*which)(const struct umock_urb *u, const void *data),
		      const void *data);
void umock_urb_free(struct umock_urb *u);

#endif
