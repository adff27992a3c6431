/*
 * One dock session: one recorder from its arrival at a slot until it is gone.
 *
 *	identify	read the device's strings
 *	unlock		its maker's command, where its model needs one
 *	return		and it leaves, and comes back as something else
 *	identify-again	the strings of that
 *	match		which enrolled recorder is it?
 *	begin		the journal, and the session's record in it
 *	open		claim the interface
 *	medium		the card's size, or the MTP session
 *	list		dock-lister interprets the file system
 *	ask		what the catalog knows of the card's past
 *	plan		what to pull; what the listing gives away
 *	pull		every item of the plan
 *	clear		remove what is safely kept, where its model says so
 *	ready		its clock is set, and it is checked once more
 *	ledger		what is on the card now
 *	report		findings about the session itself
 *	close		let the device go
 *	end		the session's last record
 *	finish		the catalog has it all, or is away
 *	done		wait for the recorder to be taken away
 *
 * What a person imports (import.h) begins at `begin`, with a folder or an image
 * in place of a device.
 *
 * No sector is read of a device that was not matched.  What goes wrong ends
 * this session and no other.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   SESSION_MEMORY for buffers while it reads, and the listing.
 */
#ifndef DOCKD_SESSION_H
#define DOCKD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "import.h"
#include "parts.h"
#include "records.h"
#include "slot.h"
#include "source.h"

struct session;

struct session_job {
	const struct parts *parts;
	const struct source *source;
	void *device;			/* NULL: an import */
	struct usb_device_info info;	/* as at arrival */
	const struct import_request *import;	/* NULL: a recorder; outlives the session, but for
						 * its fd, which is the session's */
	const char *slot;		/* name; outlives the session */
	/* Another session, whose recorder is docked, has this recorder: the name of its slot, or NULL. */
	const char *(*taken)(void *data, const struct session *asking, const char *recorder);
	void (*changed)(void *data);	/* session_view answers differently */
	/* The session is done and its recorder gone: session_free it.  May come from inside
	 * session_stop. */
	void (*over)(void *data, struct session *s);
	void *data;
};

/* 0, or -ENOMEM. */
int session_new(const struct session_job *job, struct session **ret);
void session_free(struct session *s);

enum session_stop {
	SESSION_GO_ON,
	SESSION_UNPLUGGED,
	SESSION_SHUTDOWN,	/* dockd ends */
};

/*
 * End as soon as possible; true: it is over already, and `over` does not come.
 * After SESSION_UNPLUGGED the device is not touched any more.
 */
bool session_stop(struct session *s, enum session_stop why);

/*
 * Its device left.  True: it is being unlocked and is to be back, which
 * session_returned() tells while session_may_return(); otherwise it was
 * unplugged, which is for session_stop() to say.
 */
bool session_left(struct session *s);
bool session_may_return(const struct session *s);
void session_returned(struct session *s, const struct source *source, void *device,
		      const struct usb_device_info *info);

const char *session_id(const struct session *s);
/* The recorder's id, "" while unknown; and whether it is still there. */
const char *session_recorder(const struct session *s);
bool session_is_docked(const struct session *s);

/* For people.  Valid until the loop runs on. */
void session_view(const struct session *s, struct slot_view *ret);

/* ------ the transitions, pure ------ */

enum session_state {
	SESSION_IDENTIFY, SESSION_UNLOCK, SESSION_RETURN, SESSION_IDENTIFY_AGAIN, SESSION_MATCH,
	SESSION_BEGIN, SESSION_OPEN, SESSION_MEDIUM, SESSION_LIST, SESSION_ASK, SESSION_PLAN,
	SESSION_PULL, SESSION_CLEAR, SESSION_READY, SESSION_LEDGER, SESSION_REPORT,
	SESSION_CLOSE, SESSION_END, SESSION_FINISH, SESSION_DONE,
	SESSION_STATES
};

enum session_event {
	SESSION_OK,
	SESSION_SKIP,		/* it needs no unlocking */
	SESSION_REFUSED,	/* not enrolled */
	SESSION_FAULT,		/* the recorder cannot be read */
	SESSION_STOPPED,	/* unplugged, or dockd ends */
	SESSION_LOST,		/* its journal takes nothing any more */
	SESSION_EVENTS,
	SESSION_WAIT = SESSION_EVENTS,
};

enum session_state session_next(enum session_state s, enum session_event event);
const char *session_state_name(enum session_state s);

#endif
