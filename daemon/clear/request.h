/*
 * What dockd says to dock-clear and hears from it, line by line, each a JSON
 * object of at most REQUEST_LINE_MAX bytes.
 *
 *	dockd	{"port": "1-1.4", "vid": "1234", "pid": "abcd", "serial": "..."}
 *	clear	{"ready": true}, or {"ready": false, "why": sentence} and the end
 *	dockd	{"path": "DCIM/A.mp4", "size": 123, "blob": 64 hex digits}
 *	clear	{"ok": true}, or {"ok": false, "why": sentence}
 *	...	one file at a time: the next is named when the last is answered
 *	dockd	closes its half
 *	clear	unmounts, {"done": true} or {"done": false, "why": ...}, and ends
 *
 * A path has the form of format/name.h, as dock-lister gave it, with its
 * prefixes `unit-N/` and `partition-N/` for what is not the first volume.
 *
 * Pure; any thread.
 */
#ifndef CLEAR_REQUEST_H
#define CLEAR_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

enum {
	REQUEST_LINE_MAX = 4096,
	REQUEST_PORT_MAX = 31,
	REQUEST_SERIAL_MAX = 127,
	REQUEST_PATH_MAX = 1024,
	REQUEST_UNITS_MAX = 8,
	REQUEST_PARTITIONS_MAX = 16,	/* as many as dock-lister lists */
};

struct request_device {
	char port[REQUEST_PORT_MAX + 1];	/* digits, '-' and '.': a name below /sys */
	uint16_t vid, pid;
	char serial[REQUEST_SERIAL_MAX + 1];	/* "": the device has none */
};

struct request_file {
	unsigned unit;				/* from 0 */
	unsigned partition;			/* from 1; 0: the first that has a file system */
	char path[REQUEST_PATH_MAX + 1];	/* within the volume, no component "." or ".." */
	uint64_t size;
	struct digest blob;			/* what its bytes must be */
};

/* 0, or -EINVAL and a sentence. */
int request_parse_device(const char *line, size_t len, struct request_device *ret,
			 struct err *e);

/*
 * The same; a name that the kernel would show otherwise (with an escape) is
 * refused.  The sentence is UTF-8 whatever the name: it is cut where err_set() cuts.
 */
int request_parse_file(const char *line, size_t len, struct request_file *ret, struct err *e);

#endif
