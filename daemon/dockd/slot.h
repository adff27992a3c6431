/*
 * A slot as people see it.  Pure.
 *
 *	empty		nothing is docked
 *	identifying	what is it?
 *	reading		do not remove
 *	paused		it waits for something a person can repair: note says for what
 *	recording	all is read; the catalog is told
 *	safe		safe to remove; note says so when the catalog has not got all yet
 *	refused		not enrolled: nothing was read
 *	fault		the recorder could not be read, or not all of it be stored
 *	unassigned	no slot is configured for this port: nothing was read
 */
#ifndef DOCKD_SLOT_H
#define DOCKD_SLOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "recorder/usb_host.h"

enum slot_state {
	SLOT_EMPTY, SLOT_IDENTIFYING, SLOT_READING, SLOT_PAUSED, SLOT_RECORDING, SLOT_SAFE,
	SLOT_REFUSED, SLOT_FAULT, SLOT_UNASSIGNED,
	SLOT_STATES
};

struct slot_view {
	const char *slot;		/* NULL: none */
	const char *port;
	enum slot_state state;
	char note[240];
	const struct usb_device_info *usb;	/* NULL: empty */
	const char *session;		/* NULL: none */
	const char *recorder;		/* "": unknown */
	uint64_t files_done, files_total, bytes_done, bytes_total;
	const char *outcome;		/* NULL: not over */
	bool recorded;
};

const char *slot_state_name(enum slot_state s);

/* As control.h describes it.  A new reference; NULL: no memory. */
json_t *slot_json(const struct slot_view *v);

#endif
