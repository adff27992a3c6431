#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <linux/fs.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

struct device {
	struct udev *udev;
	struct udev_monitor *monitor;	/* of block devices udev is through with */
	struct udev_device *usb;
	int node;			/* usbfs */
	int interface;
	bool attached;
	bool fresh;			/* we did it: udev will tell of every disk it brings */
	char told[REQUEST_UNITS_MAX][DEVICE_NODE_MAX + 1];	/* the disks it has told of */
	unsigned n_told;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ------ the device at the port ------ */

static bool has_attr(struct udev_device *d, const char *name, const char *value)
{
	const char *there = udev_device_get_sysattr_value(d, name);

	return strcmp(there != NULL ? there : "", value) == 0;
}

static int find_usb(struct device *d, const struct request_device *want, struct err *e)
{
	char vid[5], pid[5];

	d->usb = udev_device_new_from_subsystem_sysname(d->udev, "usb", want->port);
	if (d->usb == NULL)
		return err_set(e, -ENODEV, "nothing is plugged into port %s", want->port);
	snprintf(vid, sizeof(vid), "%04x", want->vid);
	snprintf(pid, sizeof(pid), "%04x", want->pid);
	if (!has_attr(d->usb, "idVendor", vid) || !has_attr(d->usb, "idProduct", pid) ||
	    (want->serial[0] != '\0' && !has_attr(d->usb, "serial", want->serial)))
		return err_set(e, -ESTALE, "another device than %s:%s %s is in port %s now", vid,
			       pid, want->serial, want->port);
	return 0;
}

/* Call found for each child in a subsystem until it returns something but 0. */
static int each_child(struct device *d, struct udev_device *parent, const char *subsystem,
		      int (*found)(void *data, struct udev_device *child), void *data)
{
	struct udev_enumerate *list = udev_enumerate_new(d->udev);
	struct udev_list_entry *entry;
	int r = 0;

	if (list == NULL)
		return -ENOMEM;
	udev_enumerate_add_match_parent(list, parent);
	udev_enumerate_add_match_subsystem(list, subsystem);
	udev_enumerate_scan_devices(list);
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list)) {
		struct udev_device *child = udev_device_new_from_syspath(
			d->udev, udev_list_entry_get_name(entry));

		if (child == NULL)	/* gone by now */
			continue;
		r = found(data, child);
		udev_device_unref(child);
		if (r != 0)
			break;
	}
	udev_enumerate_unref(list);
	return r;
}

static int take_interface(void *data, struct udev_device *child)
{
	struct device *d = data;
	const char *number = udev_device_get_sysattr_value(child, "bInterfaceNumber");

	if (number == NULL || !has_attr(child, "bInterfaceClass", "08"))
		return 0;
	d->interface = (int)strtol(number, NULL, 16);
	return 1;
}

/* Whether it is the interface, and in the hands of a program. */
static int is_claimed(void *data, struct udev_device *child)
{
	const struct device *d = data;
	const char *number = udev_device_get_sysattr_value(child, "bInterfaceNumber");
	const char *driver = udev_device_get_driver(child);

	return number != NULL && (int)strtol(number, NULL, 16) == d->interface &&
	       driver != NULL && strcmp(driver, "usbfs") == 0;
}

/* Have the kernel look for (or take away) a driver for the interface. */
static int drive(const struct device *d, unsigned what)
{
	struct usbdevfs_ioctl command = { .ifno = d->interface, .ioctl_code = (int)what };

	return ioctl(d->node, USBDEVFS_IOCTL, &command) < 0 ? -errno : 0;
}

static int attach(struct device *d, struct err *e)
{
	const char *node = udev_device_get_devnode(d->usb);
	int r;

	if (each_child(d, d->usb, "usb", take_interface, d) != 1)
		return err_set(e, -ENODEV, "the device has no mass-storage interface");
	d->node = node != NULL ? open(node, O_RDWR | O_CLOEXEC) : -1;
	if (d->node < 0)
		return err_set(e, -errno, "%s: %s", node != NULL ? node : "usb node",
			       strerror(errno));
	r = drive(d, USBDEVFS_CONNECT);
	/* It has a driver already: the kernel's, or usbfs, for a program that has claimed it. */
	if (r == -EBUSY && each_child(d, d->usb, "usb", is_claimed, d) != 0)
		return err_set(e, -EBUSY, "%s: another program has the recorder's card", node);
	if (r < 0 && r != -EBUSY)
		return err_set(e, r, "%s: the kernel's driver cannot be attached: %s", node,
			       strerror(-r));
	d->attached = true;
	d->fresh = r >= 0;
	return 0;
}

int device_attach(const struct request_device *want, struct device **ret, struct err *e)
{
	struct device *d = calloc(1, sizeof(*d));
	int r = 0;

	if (d == NULL)
		return err_set(e, -ENOMEM, "no memory for a device");
	d->node = -1;
	d->udev = udev_new();
	d->monitor = d->udev != NULL ? udev_monitor_new_from_netlink(d->udev, "udev") : NULL;
	/* Before the driver comes, so that nothing it brings is missed. */
	if (d->monitor == NULL ||
	    udev_monitor_filter_add_match_subsystem_devtype(d->monitor, "block", NULL) < 0 ||
	    udev_monitor_enable_receiving(d->monitor) < 0)
		r = err_set(e, -EIO, "udev cannot be listened to");
	if (r == 0)
		r = find_usb(d, want, e);
	if (r == 0)
		r = attach(d, e);
	if (r < 0) {
		device_detach(d);
		return r;
	}
	*ret = d;
	return 0;
}

void device_detach(struct device *d)
{
	if (d == NULL)
		return;
	if (d->attached)
		drive(d, USBDEVFS_DISCONNECT);	/* fails when it is unplugged */
	if (d->node >= 0)
		close(d->node);
	udev_device_unref(d->usb);
	udev_monitor_unref(d->monitor);
	udev_unref(d->udev);
	free(d);
}

/* ------ its volumes ------ */

/* As many as dock-lister lists, and four containers of logical ones. */
enum { PARTITIONS_MAX = REQUEST_PARTITIONS_MAX + 4 };

struct unit {
	unsigned number;
	char disk[DEVICE_NODE_MAX + 1];	/* "": not there */
	struct partition partitions[PARTITIONS_MAX];
	size_t n;
	bool settled;			/* udev is through with all of it */
};

/* The last number of a SCSI device's name, "2:0:0:1". */
static bool is_of_unit(struct udev_device *block, unsigned unit)
{
	struct udev_device *scsi =
		udev_device_get_parent_with_subsystem_devtype(block, "scsi", "scsi_device");
	const char *lun = scsi != NULL ? strrchr(udev_device_get_sysname(scsi), ':') : NULL;

	return lun != NULL && strtoul(lun + 1, NULL, 10) == unit;
}

static uint64_t number_attr(struct udev_device *d, const char *name)
{
	const char *value = udev_device_get_sysattr_value(d, name);

	return value != NULL ? strtoull(value, NULL, 10) : 0;
}

static int look_at(void *data, struct udev_device *block)
{
	struct unit *u = data;
	const char *node = udev_device_get_devnode(block), *type = udev_device_get_devtype(block);
	struct partition *p;

	if (node == NULL || type == NULL || strlen(node) > DEVICE_NODE_MAX ||
	    !is_of_unit(block, u->number))
		return 0;
	if (udev_device_get_is_initialized(block) == 0)
		u->settled = false;
	if (strcmp(type, "disk") == 0) {
		snprintf(u->disk, sizeof(u->disk), "%s", node);
	} else if (u->n < PARTITIONS_MAX) {
		p = &u->partitions[u->n++];
		p->number = (unsigned)number_attr(block, "partition");
		p->start = number_attr(block, "start");
		p->size = number_attr(block, "size");
		snprintf(p->node, sizeof(p->node), "%s", node);
	}
	return 0;
}

/* Take one event of udev's: is it about a disk of this device? */
static void hear(struct device *d)
{
	struct udev_device *block = udev_monitor_receive_device(d->monitor);
	const char *usb = udev_device_get_syspath(d->usb), *path, *type, *node;
	size_t len = strlen(usb);

	if (block == NULL)
		return;
	path = udev_device_get_syspath(block);
	type = udev_device_get_devtype(block);
	node = udev_device_get_devnode(block);
	if (strncmp(path, usb, len) == 0 && path[len] == '/' && type != NULL &&
	    strcmp(type, "disk") == 0 && node != NULL && strlen(node) <= DEVICE_NODE_MAX &&
	    d->n_told < REQUEST_UNITS_MAX)
		snprintf(d->told[d->n_told++], sizeof(d->told[0]), "%s", node);
	udev_device_unref(block);
}

/*
 * Whether udev is through with the disk.  That it is initialised says less: what
 * a rule runs, such as ours that makes it read-only, comes after that.
 */
static bool is_told(const struct device *d, const char *node)
{
	unsigned i;

	for (i = 0; i < d->n_told; i++)
		if (strcmp(d->told[i], node) == 0)
			return true;
	return !d->fresh;
}

/* Until the unit is there and udev through with it. */
static int wait_for_unit(struct device *d, unsigned number, struct unit *u, struct err *e)
{
	const uint64_t until = now_ms() + DEVICE_WAIT_MS;
	struct pollfd fd = { .fd = udev_monitor_get_fd(d->monitor), .events = POLLIN };
	uint64_t now;

	for (;;) {
		*u = (struct unit){ .number = number, .settled = true };
		if (each_child(d, d->usb, "block", look_at, u) < 0)
			return err_set(e, -ENOMEM, "no memory to look for the card");
		if (u->disk[0] != '\0' && u->settled && is_told(d, u->disk))
			break;
		now = now_ms();
		if (now >= until || poll(&fd, 1, (int)(until - now)) == 0)
			return err_set(e, -ETIMEDOUT, "the kernel did not bring the card up within"
				       " %d s", DEVICE_WAIT_MS / 1000);
		hear(d);
	}
	u->n = partitions_order(u->partitions, u->n);
	return 0;
}

int device_volume(struct device *d, unsigned unit, unsigned partition,
		  char ret_node[DEVICE_NODE_MAX + 1], struct err *e)
{
	struct unit u;
	int r = wait_for_unit(d, unit, &u, e);

	if (r < 0)
		return r;
	if (partition > u.n)
		return err_set(e, -ENOENT, "the card has no partition %u", partition);
	snprintf(ret_node, DEVICE_NODE_MAX + 1, "%s",
		 u.n == 0 ? u.disk : u.partitions[partition > 0 ? partition - 1 : 0].node);
	return 0;
}

int device_make_writable(struct device *d, unsigned unit, struct err *e)
{
	struct unit u;
	int r = wait_for_unit(d, unit, &u, e), fd, no = 0;

	if (r < 0)
		return r;
	fd = open(u.disk, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, BLKROSET, &no) < 0)
		r = err_set(e, -errno, "%s: %s", u.disk, strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}
