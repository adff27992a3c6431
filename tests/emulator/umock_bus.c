/* The testbed: a root hub, what is plugged into it, and the nodes under /dev/bus/usb/001. */
#include "emulator/umock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/util.h"

enum { ROOT_DEVNUM = 1, DESCRIPTORS_MAX = 512, MAJOR = 189 /* usb_device */, RETURN_MS = 200 };

struct umock_bus {
	UMockdevTestbed *testbed;
	char *root;
	unsigned last_devnum;
	int64_t charged;
	/* By device number.  One that left stays until its number is needed again: a listener of
	 * umockdev must not close while a client may be connecting to it. */
	struct umock_device *devices[UMOCK_DEVNUM_MAX + 1];
	GHashTable *hubs;		/* ports of hubs: char * -> sysfs path */
	GHashTable *returning;		/* ports of the unlocked: char * -> struct returning */
};

/* A recorder that was unlocked and is not back on the bus yet. */
struct returning {
	struct umock_bus *bus;
	char *port;
	struct model_config config;	/* strings are ours */
	guint timer;
};

static GRecMutex lock;

const char *umock_bus_root(const struct umock_bus *b)
{
	return b->root;
}

void umock_lock(void)
{
	g_rec_mutex_lock(&lock);
}

void umock_unlock(void)
{
	g_rec_mutex_unlock(&lock);
}

bool umock_timer_is_stale(void)
{
	return g_source_is_destroyed(g_main_current_source());
}

bool umock_charge(struct umock_bus *b, int64_t bytes)
{
	if (bytes > 0 && b->charged + bytes > UMOCK_MEMORY_MAX)
		return false;
	b->charged += bytes;
	return true;
}

/* ------ sysfs ------ */

static void add_hex(GString *s, const char *name, const uint8_t *p, size_t len)
{
	g_string_append_printf(s, "H: %s=", name);
	for (size_t i = 0; i < len; i++)
		g_string_append_printf(s, "%02X", p[i]);
	g_string_append_c(s, '\n');
}

/* A text attribute, as sysfs has it: with its line feed. */
static void add_text(GString *s, const char *name, const char *text)
{
	g_autofree char *line = g_strdup_printf("%s\n", text);

	add_hex(s, name, (const uint8_t *)line, strlen(line));
}

/* What umock_plug and the hubs have in common: a usb_device with these descriptors. */
static int add_device(struct umock_bus *b, const char *syspath, unsigned devnum, const char *speed,
		      const uint8_t *descriptors, size_t len, const struct model_config *strings,
		      struct err *e)
{
	g_autoptr(GString) s = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	/* umockdev wants the path without /sys. */
	g_string_append_printf(s, "P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n",
			       syspath + strlen("/sys"));
	g_string_append_printf(s, "E: DEVNAME=bus/usb/001/%03u\nE: BUSNUM=001\nE: DEVNUM=%03u\n",
			       devnum, devnum);
	g_string_append_printf(s, "E: MAJOR=%d\nE: MINOR=%u\nA: dev=%d:%u\n", MAJOR, devnum - 1,
			       MAJOR, devnum - 1);
	g_string_append_printf(s, "A: busnum=1\\n\nA: devnum=%u\\n\nA: speed=%s\\n\n", devnum, speed);
	g_string_append_printf(s, "A: bDeviceClass=%02x\\n\nA: bConfigurationValue=1\\n\n",
			       descriptors[4]);
	g_string_append_printf(s, "A: idVendor=%02x%02x\\n\nA: idProduct=%02x%02x\\n\n",
			       descriptors[9], descriptors[8], descriptors[11], descriptors[10]);
	if (strings != NULL && strings->serial != NULL && strings->unlock.kind == MODEL_UNLOCK_NONE)
		add_text(s, "serial", strings->serial);
	if (strings != NULL && strings->manufacturer != NULL)
		add_text(s, "manufacturer", strings->manufacturer);
	if (strings != NULL && strings->product != NULL)
		add_text(s, "product", strings->product);
	add_hex(s, "descriptors", descriptors, len);
	if (!umockdev_testbed_add_from_string(b->testbed, s->str, &error))
		return err_set(e, -EIO, "%s: %s", syspath, error->message);
	return 0;
}

static int add_hub(struct umock_bus *b, const char *syspath, unsigned devnum, struct err *e)
{
	static const uint8_t hub[] = {
		18, 1, 0x00, 0x03, 9, 0, 3, 9, 0x6b, 0x1d, 0x03, 0x00, 0x00, 0x06, 0, 0, 0, 1,
		9, 2, 25, 0, 1, 1, 0, 0xe0, 0,
		9, 4, 0, 0, 1, 9, 0, 0, 0,
		7, 5, 0x81, 3, 4, 0, 12,
	};

	return add_device(b, syspath, devnum, "5000", hub, sizeof(hub), NULL, e);
}

/* ------ nodes ------ */

void umock_poll_state(struct umock_device *d)
{
	if (d->model != NULL)
		tcflow(d->slave, d->done > 0 ? TCOON : TCOOFF);
}

static int open_node(struct umock_device *d, struct err *e)
{
	g_autofree char *dir = g_strdup_printf("%s/dev/bus/usb/001", d->bus->root);
	g_autofree char *node = g_strdup_printf("%s/%03u", dir, d->devnum);
	char name[64];
	struct termios t;

	d->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (d->master < 0 || grantpt(d->master) < 0 || unlockpt(d->master) < 0 ||
	    ptsname_r(d->master, name, sizeof(name)) != 0)
		return err_set(e, -errno, "pseudo terminal: %s", strerror(errno));
	/* Not by its name: umockdev's preload remembers what is opened below /dev, 50 at most. */
	d->slave = ioctl(d->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (d->slave < 0 || tcgetattr(d->slave, &t) < 0)
		return err_set(e, -errno, "%s: %s", name, strerror(errno));
	cfmakeraw(&t);
	if (tcsetattr(d->slave, TCSANOW, &t) < 0 || tcflow(d->slave, TCOOFF) < 0)
		return err_set(e, -errno, "%s: %s", name, strerror(errno));
	if (g_mkdir_with_parents(dir, 0755) < 0 || symlink(name, node) < 0)
		return err_set(e, -errno, "%s: %s", node, strerror(errno));
	return 0;
}

/* ------ devices ------ */

static void device_free(struct umock_device *d)
{
	if (d == NULL)
		return;
	model_free(d->model);
	g_clear_object(&d->handler);
	if (d->master >= 0)
		close(d->master);
	if (d->slave >= 0)
		close(d->slave);
	g_free(d->syspath);
	g_free(d);
}

static void node_name(unsigned devnum, char ret[32])
{
	g_snprintf(ret, 32, "/dev/bus/usb/001/%03u", devnum);
}

/* The number that was free the longest, as the kernel chooses; 0: none. */
static unsigned take_devnum(struct umock_bus *b)
{
	for (unsigned tried = ROOT_DEVNUM; tried < UMOCK_DEVNUM_MAX; tried++) {
		unsigned n = b->last_devnum < UMOCK_DEVNUM_MAX ? b->last_devnum + 1 : ROOT_DEVNUM + 1;
		struct umock_device *d = b->devices[n];
		char node[32];

		b->last_devnum = n;
		if (d != NULL && (d->model != NULL || d->opens > 0))
			continue;
		if (d != NULL) {
			node_name(n, node);
			umockdev_testbed_detach_ioctl(b->testbed, node, NULL);
			device_free(d);
			b->devices[n] = NULL;
		}
		return n;
	}
	return 0;
}

static struct umock_device *find(const struct umock_bus *b, const char *port)
{
	for (unsigned i = 0; i <= UMOCK_DEVNUM_MAX; i++) {
		struct umock_device *d = b->devices[i];

		if (d != NULL && d->model != NULL && strcmp(d->port, port) == 0)
			return d;
	}
	return NULL;
}

static bool every(const struct umock_urb *u, const void *data)
{
	(void)u;
	(void)data;
	return true;
}

void umock_config_close(const struct model_config *config)
{
	if (config->protocol == MODEL_MTP) {
		close(config->folder_fd);
		return;
	}
	if (config->image_fd >= 0)
		close(config->image_fd);
	for (unsigned i = 0; i < config->n_more; i++) {
		if (config->more[i].image_fd >= 0)
			close(config->more[i].image_fd);
	}
}

static void returning_free(struct returning *r)
{
	g_free((void *)(uintptr_t)r->config.serial);
	g_free((void *)(uintptr_t)r->config.manufacturer);
	g_free((void *)(uintptr_t)r->config.product);
	g_free(r->port);
	g_free(r);
}

static int plug(struct umock_bus *b, const char *port, const struct model_config *config,
		struct err *e);

static gboolean come_back(void *data)
{
	struct returning *r = data;
	struct err e = { 0 };

	umock_lock();
	if (!umock_timer_is_stale()) {
		g_hash_table_remove(r->bus->returning, r->port);
		if (plug(r->bus, r->port, &r->config, &e) < 0) {
			g_printerr("dock-emulator: not back: %s\n", e.msg);
			umock_config_close(&r->config);
		}
		returning_free(r);
	}
	umock_unlock();
	return G_SOURCE_REMOVE;
}

static void will_return(struct umock_device *d, const struct model_config *config)
{
	struct returning *r = g_new0(struct returning, 1);

	r->bus = d->bus;
	r->port = g_strdup(d->port);
	r->config = *config;
	r->config.unlock.kind = MODEL_UNLOCK_NONE;
	r->config.serial = g_strdup(config->serial);
	r->config.manufacturer = g_strdup(config->manufacturer);
	r->config.product = g_strdup(config->product);
	g_hash_table_insert(d->bus->returning, r->port, r);
	r->timer = g_timeout_add(RETURN_MS, come_back, r);
}

static void will_not_return(struct returning *r)
{
	g_source_remove(r->timer);
	umock_config_close(&r->config);
	returning_free(r);
}

void umock_gone(struct umock_device *d)
{
	struct umock_bus *b = d->bus;
	struct model *m = TAKE(d->model);

	/* In this order: whoever hears of it still finds the device to look at. */
	umock_urb_cancel(d, -ESHUTDOWN, every, NULL);
	umockdev_testbed_uevent(b->testbed, d->syspath, "remove");
	umockdev_testbed_remove_device(b->testbed, d->syspath);
	close(d->master);
	close(d->slave);
	d->master = d->slave = -1;
	if (model_was_unlocked(m))
		will_return(d, model_config(m));
	else
		umock_config_close(model_config(m));
	model_free(m);
}

/* Interfaces and endpoints from the descriptors (USB 2.0, 9.6). */
static void parse_descriptors(struct umock_device *d, const uint8_t *p, size_t len)
{
	uint8_t interface = 0;

	for (size_t at = 0; at + 2 <= len && p[at] >= 2 && at + p[at] <= len; at += p[at]) {
		if (p[at + 1] == 4 && p[at] >= 9) {
			interface = p[at + 2];
			if (interface >= UMOCK_INTERFACES_MAX)
				BUG("umock: interface %u", interface);
			d->interfaces[interface].present = true;
			/* Class mass storage: the kernel's driver would be there first. */
			d->interfaces[interface].driver = p[at + 5] == 0x08;
		} else if (p[at + 1] == 5 && p[at] >= 7) {
			if (d->n_endpoints == UMOCK_ENDPOINTS_MAX)
				BUG("umock: too many endpoints");
			d->endpoints[d->n_endpoints].address = p[at + 2];
			d->endpoints[d->n_endpoints].interrupt = p[at + 3] == 3;
			d->endpoints[d->n_endpoints++].interface = interface;
		}
	}
}

/* "1-1", "1-4.2": bus 1, then up to six ports of 1 to 15. */
static bool port_is_good(const char *port)
{
	const char *p = port;
	unsigned tier = 0;

	if (strncmp(p, "1-", 2) != 0 || strlen(port) > UMOCK_PORT_MAX)
		return false;
	p++;
	do {
		char *end;
		unsigned long n;

		p++;
		if (*p < '1' || *p > '9')
			return false;
		n = strtoul(p, &end, 10);
		if (n > 15 || ++tier > 6)
			return false;
		p = end;
	} while (*p == '.');
	return *p == '\0';
}

/* The sysfs path of the hub that port hangs on, made when it is not there. */
static int hub_of(struct umock_bus *b, const char *port, const char **ret, struct err *e)
{
	const char *dot = strrchr(port, '.'), *above;
	g_autofree char *hub = NULL;
	g_autofree char *path = NULL;
	unsigned devnum;
	int r;

	if (dot == NULL) {
		*ret = "/sys/devices/usb1";
		return 0;
	}
	hub = g_strndup(port, (gsize)(dot - port));
	*ret = g_hash_table_lookup(b->hubs, hub);
	if (*ret != NULL)
		return 0;
	if (find(b, hub) != NULL)
		return err_set(e, -EEXIST, "port %s: there is a recorder at %s, not a hub", port, hub);
	r = hub_of(b, hub, &above, e);	/* at most six deep: port_is_good */
	if (r < 0)
		return r;
	devnum = take_devnum(b);
	if (devnum == 0)
		return err_set(e, -ENOSPC, "port %s: the bus is full", port);
	path = g_strdup_printf("%s/%s", above, hub);
	r = add_hub(b, path, devnum, e);
	if (r < 0)
		return r;
	/* A number without a recorder, never given out again. */
	b->devices[devnum] = g_new0(struct umock_device, 1);
	b->devices[devnum]->opens = 1;
	b->devices[devnum]->master = b->devices[devnum]->slave = -1;
	umockdev_testbed_uevent(b->testbed, path, "add");
	*ret = path;
	g_hash_table_insert(b->hubs, g_steal_pointer(&hub), g_steal_pointer(&path));
	return 0;
}

static int attach(struct umock_device *d, const struct model_config *config, struct err *e)
{
	struct umock_bus *b = d->bus;
	uint8_t descriptors[DESCRIPTORS_MAX];
	g_autoptr(GError) error = NULL;
	char node[32];
	size_t len;
	int r;

	r = model_new(config, &d->model);
	if (r < 0)
		return err_set(e, r, "port %s: no such recorder can be modelled: %s", d->port,
			       strerror(-r));
	len = model_descriptors(d->model, descriptors, sizeof(descriptors));
	parse_descriptors(d, descriptors, len);
	r = open_node(d, e);
	if (r < 0)
		return r;
	d->handler = umockdev_ioctl_base_new();
	g_signal_connect(d->handler, "handle-ioctl", G_CALLBACK(umock_handle_ioctl), d);
	node_name(d->devnum, node);
	if (!umockdev_testbed_attach_ioctl(b->testbed, node, d->handler, &error))
		return err_set(e, -EIO, "port %s: %s", d->port, error->message);
	return add_device(b, d->syspath, d->devnum, config->superspeed ? "5000" : "480",
			  descriptors, len, config, e);
}

static int plug(struct umock_bus *b, const char *port, const struct model_config *config,
		struct err *e)
{
	struct umock_device *d;
	const char *hub;
	int r;

	if (!port_is_good(port))
		return err_set(e, -EINVAL, "%s: a port is 1-1, or 1-1.4 behind a hub", port);
	if (find(b, port) != NULL || g_hash_table_contains(b->hubs, port) ||
	    g_hash_table_contains(b->returning, port))
		return err_set(e, -EEXIST, "port %s is taken; undock it first", port);
	r = hub_of(b, port, &hub, e);
	if (r < 0)
		return r;
	d = g_new0(struct umock_device, 1);
	d->bus = b;
	d->master = d->slave = -1;
	d->delay_us = config->faults.delay_us;
	g_strlcpy(d->port, port, sizeof(d->port));
	d->syspath = g_strdup_printf("%s/%s", hub, port);
	d->devnum = take_devnum(b);
	r = d->devnum == 0 ? err_set(e, -ENOSPC, "port %s: the bus is full", port) :
	    attach(d, config, e);
	if (r < 0) {
		device_free(d);
		return r;
	}
	b->devices[d->devnum] = d;
	umockdev_testbed_uevent(b->testbed, d->syspath, "add");
	return 0;
}

int umock_plug(struct umock_bus *b, const char *port, const struct model_config *config,
	       struct err *e)
{
	int r;

	umock_lock();
	r = plug(b, port, config, e);
	umock_unlock();
	return r;
}

int umock_unplug(struct umock_bus *b, const char *port, struct err *e)
{
	struct umock_device *d;
	struct returning *back;
	int r = 0;

	umock_lock();
	d = find(b, port);
	back = g_hash_table_lookup(b->returning, port);
	g_hash_table_remove(b->returning, port);
	if (d != NULL)
		umock_gone(d);
	else if (back != NULL)
		will_not_return(back);
	else
		r = err_set(e, -ENOENT, "port %s: nothing is docked there", port);
	umock_unlock();
	return r;
}

int umock_event(struct umock_bus *b, const char *port, const char *what, const char *arg,
		struct err *e)
{
	struct umock_device *d;
	int r;

	umock_lock();
	d = find(b, port);
	if (d == NULL) {
		r = err_set(e, -ENOENT, "port %s: nothing is docked there", port);
	} else {
		r = model_event(d->model, what, arg);
		if (r < 0)
			err_set(e, r, "port %s: %s: %s", port, what, strerror(-r));
		umock_urb_pump(d);
	}
	umock_unlock();
	return r;
}

void umock_each(struct umock_bus *b,
		void (*cb)(void *data, const char *port, uint64_t bytes),
		void *data)
{
	GHashTableIter i;
	void *port;

	umock_lock();
	for (unsigned n = 0; n <= UMOCK_DEVNUM_MAX; n++) {
		struct umock_device *d = b->devices[n];

		if (d != NULL && d->model != NULL)
			cb(data, d->port, model_content_bytes(d->model));
	}
	g_hash_table_iter_init(&i, b->returning);
	while (g_hash_table_iter_next(&i, &port, NULL))
		cb(data, port, 0);
	umock_unlock();
}

int umock_bus_new(struct umock_bus **ret, struct err *e)
{
	const char *preload = getenv("LD_PRELOAD");
	struct umock_bus *b;
	int r;

	/* umockdev_in_mock_environment() of 0.17.16 says no under its own wrapper. */
	if (preload == NULL || strstr(preload, "libumockdev-preload") == NULL)
		return err_set(e, -ENOTSUP, "start this under umockdev-wrapper");
	b = g_new0(struct umock_bus, 1);
	b->testbed = umockdev_testbed_new();
	b->root = umockdev_testbed_get_root_dir(b->testbed);
	b->hubs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	b->returning = g_hash_table_new(g_str_hash, g_str_equal);
	b->last_devnum = ROOT_DEVNUM;
	r = add_hub(b, "/sys/devices/usb1", ROOT_DEVNUM, e);
	if (r < 0) {
		umock_bus_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

void umock_bus_free(struct umock_bus *b)
{
	GHashTableIter i;
	void *returning;

	if (b == NULL)
		return;
	umock_lock();
	g_hash_table_iter_init(&i, b->returning);
	while (g_hash_table_iter_next(&i, NULL, &returning)) {
		g_hash_table_iter_remove(&i);
		will_not_return(returning);
	}
	for (unsigned n = 0; n <= UMOCK_DEVNUM_MAX; n++) {
		if (b->devices[n] != NULL && b->devices[n]->model != NULL)
			umock_gone(b->devices[n]);
	}
	umock_unlock();
	/* The bus and its devices stay for umockdev's thread and clients that hold a node: the
	 * process ends now. */
	g_object_unref(b->testbed);
}
