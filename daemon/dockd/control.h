/*
 * The control socket: what dockd is doing, for vaultctl, devstack and tests.
 *
 * A Unix stream socket, mode 0660.  A request is one line of JSON, at most
 * CONTROL_LINE_MAX bytes; so is an answer, at most CONTROL_ANSWER_MAX.
 *
 *	{"cmd":"list"}	the state of everything, once per request
 *	{"cmd":"watch"}	the same now, and again at each change, but not more often
 *			than every CONTROL_WATCH_MS
 *	{"cmd":"probe","slot":NAME}	what is known of the device in that slot
 *
 * Anything else is answered {"error": sentence} and the connection closed.  A
 * peer that does not read gets no further answer until it does, so it costs one
 * answer at most; peers over CONTROL_PEERS_MAX are closed on arrival.
 *
 *	station		text
 *	catalog		true: connected
 *	backlog		sessions whose records the catalog does not have yet
 *	slots		in order of the configuration, then imports, then devices on other
 *			ports:
 *	  slot		its name; null: no slot is configured for this port
 *	  port		USB port path
 *	  state		empty | identifying | reading | paused | recording | safe |
 *			refused | fault | unassigned (see slot.h)
 *	  note		a sentence for a person, "" when there is nothing to say
 *	  usb		{vid, pid, serial, manufacturer, product}; null: empty, or an import
 *	  session	UUID or null
 *	  recorder	id or null: unknown
 *	  files_done, files_total, bytes_done, bytes_total
 *			of the plan; what was known already counts as done
 *	  outcome	released | interrupted | refused | fault; null: not over
 *	  recorded	true: the catalog has all of the session
 *
 * A probe tells of its slot what `list` does, in `slot`, and in `probe` (null:
 * nothing is docked)
 *	class		storage | mtp | other
 *	speed		super | high (or less)
 *	model		the block of recorders.d that fits
 *	lock		none | locked | unlocked
 *	seen		null: nothing was read, as of a device that is not enrolled; or
 *	  card		as in the record `listed` (lib/catalog/RECORDS.md)
 *	  files		how many there are
 *	  paths		of up to 32 of them
 *
 * Nothing is under way in a slot that is empty, safe, refused, fault or
 * unassigned.
 *
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef DOCKD_CONTROL_H
#define DOCKD_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "base/err.h"

enum {
	CONTROL_LINE_MAX = 4096,
	CONTROL_ANSWER_MAX = 256 * 1024,
	CONTROL_PEERS_MAX = 16,
	CONTROL_WATCH_MS = 200,
};

struct control;

/* The state as described above.  A new reference; NULL: no memory. */
typedef json_t *(*control_state_cb)(void *data);

/* The answer to a probe.  A new reference; NULL: there is no such slot. */
typedef json_t *(*control_probe_cb)(void *data, const char *slot);

/* Listen at path; a socket that a dead dockd left there is replaced. */
int control_new(uv_loop_t *loop, const char *path, control_state_cb state,
		control_probe_cb probe, void *data, struct control **ret, struct err *e);

/* Something changed: tell those who watch, soon. */
void control_changed(struct control *c);

/* Close all connections, remove the socket.  NULL is fine; the memory goes as the loop runs on. */
void control_free(struct control *c);

#endif
