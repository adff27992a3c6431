/*
 * usbtell - say exact bytes to a USB device, as makers' own tools do.
 *
 *	usbtell VID:PID [--until VID:PID] HEX...
 *
 * Each HEX is one bulk transfer out, answered by one in, which is printed.
 * --until: then the first device has to leave, and the second to arrive.
 * Whoever is found first is meant.  The dock has no such tool on purpose.
 */
#include <errno.h>
#include <libusb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 5000, ROOM = 65536, OUT = 0x02, IN = 0x81 };

static int parse_id(const char *text, uint16_t *vid, uint16_t *pid)
{
	unsigned v, p;

	if (sscanf(text, "%4x:%4x", &v, &p) != 2)
		return -EINVAL;
	*vid = (uint16_t)v;
	*pid = (uint16_t)p;
	return 0;
}

static int parse_hex(const char *text, uint8_t *ret, int max)
{
	int n;
	unsigned byte;

	for (n = 0; text[2 * n] != '\0'; n++) {
		if (n == max || sscanf(text + 2 * n, "%2x", &byte) != 1 || text[2 * n + 1] == '\0')
			return -EINVAL;
		ret[n] = (uint8_t)byte;
	}
	return n;
}

static int tell(libusb_device_handle *h, const char *hex)
{
	static uint8_t buf[ROOM];
	int n = parse_hex(hex, buf, 512), moved, r, i;

	if (n < 0)
		return LIBUSB_ERROR_INVALID_PARAM;
	r = libusb_bulk_transfer(h, OUT, buf, n, &moved, TIMEOUT_MS);
	if (r == 0)
		r = libusb_bulk_transfer(h, IN, buf, ROOM, &moved, TIMEOUT_MS);
	for (i = 0; r == 0 && i < moved; i++)
		printf("%02x", buf[i]);
	if (r == 0)
		puts("");
	return r;
}

/* Counts what has happened so far: left, then arrived. */
static int LIBUSB_CALL on_hotplug(libusb_context *context, libusb_device *device,
				  libusb_hotplug_event event, void *data)
{
	int *seen = data;

	(void)context;
	(void)device;
	if (event == (*seen == 0 ? LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT :
				   LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED))
		++*seen;
	return 0;
}

static int await(int *seen)
{
	struct timeval second = { .tv_sec = 1 };
	int tries;

	for (tries = 0; *seen < 2 && tries < 20; tries++)
		libusb_handle_events_timeout_completed(NULL, &second, NULL);
	return *seen == 2 ? 0 : LIBUSB_ERROR_TIMEOUT;
}

static int watch(uint16_t vid, uint16_t pid, libusb_hotplug_event event, int *seen)
{
	return libusb_hotplug_register_callback(NULL, (int)event, LIBUSB_HOTPLUG_NO_FLAGS, vid, pid,
						LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, seen, NULL);
}

int main(int argc, char **argv)
{
	bool until = argc > 3 && strcmp(argv[2], "--until") == 0;
	uint16_t vid, pid, to_vid = 0, to_pid = 0;
	int r, i = until ? 4 : 2, seen = 0;
	libusb_device_handle *h;

	if (argc < 3 || parse_id(argv[1], &vid, &pid) < 0 ||
	    (until && parse_id(argv[3], &to_vid, &to_pid) < 0)) {
		fputs("usage: usbtell VID:PID [--until VID:PID] HEX...\n", stderr);
		return 2;
	}
	r = libusb_init(NULL);
	if (r < 0) {
		fprintf(stderr, "usbtell: %s\n", libusb_strerror(r));
		return 1;
	}
	h = libusb_open_device_with_vid_pid(NULL, vid, pid);
	if (h == NULL) {
		fprintf(stderr, "usbtell: no %s\n", argv[1]);
		libusb_exit(NULL);
		return 1;
	}
	libusb_set_auto_detach_kernel_driver(h, 1);
	if (until) {
		watch(vid, pid, LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, &seen);
		watch(to_vid, to_pid, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED, &seen);
	}
	r = libusb_claim_interface(h, 0);
	for (; r == 0 && i < argc; i++)
		r = tell(h, argv[i]);
	libusb_close(h);
	if (r == 0 && until)
		r = await(&seen);
	if (r < 0)
		fprintf(stderr, "usbtell: %s\n", libusb_strerror(r));
	libusb_exit(NULL);
	return r < 0 ? 1 : 0;
}
