/*
 * Recorders that show themselves as something else until their maker's command
 * came: send it, wait until the device is back on the same port, and go on
 * with what it is then.  One session across both arrivals.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "recorder/unlock.h"
#include "session_impl.h"
#include "timer.h"

/* ------ the command ------ */

static enum session_event unlocked(struct session *s, int r)
{
	char why[200];

	/* That it leaves was wanted, whatever it says; which one comes back is seen next. */
	if (s->stop != SESSION_GO_ON)
		return session_stopped(s);
	if (r == 0 || r == -ENODEV || s->left)
		return SESSION_OK;
	snprintf(why, sizeof(why), "it is locked, and does not take the unlock command of model %s:"
		 " %s; check the model's block in recorders.d", s->unlock->name, uv_strerror(r));
	return session_fault(s, why);
}

static void on_unlocked(void *data, int r)
{
	session_step(data, unlocked(data, r));
}

static void on_mtp_closed(void *data)
{
	struct session *s = data;

	session_step(s, unlocked(s, s->unlock_r));
}

static void on_mtp_acted(void *data, int r, uint16_t response)
{
	struct session *s = data;

	s->unlock_r = r == 0 && response != PTP_OK ? -EIO : r;
	mtp_close(TAKE(s->locked_mtp), on_mtp_closed, s);
}

static void on_mtp_changed(void *data, const char *why)
{
	(void)data;
	(void)why;
}

static void on_mtp_open(void *data, int r, struct mtp *mtp, const struct err *e)
{
	struct session *s = data;
	const struct model *m = s->unlock;
	struct mtp_operation op = { .code = m->operation, .n_params = m->n_params };

	(void)e;
	memcpy(op.params, m->params, sizeof(op.params));
	if (r == 0)
		r = mtp_vendor(mtp, &op, on_mtp_acted, s);
	if (r < 0)
		on_mtp_acted(s, r, 0);
}

static void on_let_go(void *data)
{
	struct session *s = data;

	session_step(s, unlocked(s, s->unlock_r));
}

/* The interface is ours: say the word.  It takes the io; unlocked() comes when that is let go. */
static void say_it(struct session *s, struct usb_io *io)
{
	const struct model *m = s->unlock;
	int r = s->stop == SESSION_GO_ON ? -EINVAL : -ECANCELED;

	if (r == -ECANCELED)
		;			/* it is gone, or we are */
	else if (m->unlock == MODEL_UNLOCK_SCSI && io->protocol == USB_PROTOCOL_BOT)
		r = unlock_scsi(s->job.parts->loop, io, m->cdb, m->cdb_len, m->data, m->data_len,
				on_unlocked, s);
	else if (m->unlock == MODEL_UNLOCK_MTP && io->protocol == USB_PROTOCOL_MTP)
		r = mtp_open(s->job.parts->loop, io, on_mtp_open, on_mtp_changed, s,
			     &s->locked_mtp);
	if (r == 0)
		return;
	s->unlock_r = r;
	io->ops->close(io, on_let_go, s);
}

static void on_opened(void *data, int r, struct usb_io *io)
{
	if (r == 0)
		say_it(data, io);
	else
		session_step(data, unlocked(data, r));
}

enum session_event session_start_unlock(struct session *s)
{
	int r;

	s->unlock = models_match(s->job.parts->models, &s->info);
	if (s->unlock->unlock == MODEL_UNLOCK_NONE)
		return SESSION_SKIP;
	log_info("slot %s: %04x:%04x is a locked %s: sending its unlock command", s->job.slot,
		 s->info.vid, s->info.pid, s->unlock->name);
	s->locked = s->info;
	r = s->job.source->open(s->job.device, on_opened, s);
	return r < 0 ? unlocked(s, r) : SESSION_WAIT;
}

/* ------ its return ------ */

static void on_not_returned(uv_timer_t *t)
{
	struct session *s = t->data;
	char why[200];

	timer_free(TAKE(s->return_timer));
	snprintf(why, sizeof(why), "it was sent the unlock command of model %s and did not come"
		 " back within %u s; dock it again", s->unlock->name,
		 (s->unlock->wait_ms + 999) / 1000);
	session_step(s, session_fault(s, why));
}

enum session_event session_start_return(struct session *s)
{
	if (s->returned)
		return SESSION_OK;
	s->return_timer = timer_new(s->job.parts->loop, s);
	if (s->return_timer == NULL)
		return session_fault(s, "no memory to wait for it; dock it again later");
	uv_timer_start(s->return_timer, on_not_returned, s->unlock->wait_ms, 0);
	return SESSION_WAIT;
}

bool session_may_return(const struct session *s)
{
	return s->stop == SESSION_GO_ON && !s->returned &&
	       (s->state == SESSION_UNLOCK || s->state == SESSION_RETURN);
}

bool session_left(struct session *s)
{
	if (!session_may_return(s))
		return false;
	s->left = true;
	return true;
}

void session_returned(struct session *s, const struct source *source, void *device,
		      const struct usb_device_info *info)
{
	s->job.source = source;
	s->job.device = device;
	s->info = *info;
	s->returned = true;
	if (s->state != SESSION_RETURN)
		return;			/* the command's end is still to be heard of */
	timer_free(TAKE(s->return_timer));
	session_step(s, SESSION_OK);
}

bool session_stop_unlocking(struct session *s)
{
	if (s->state != SESSION_RETURN)
		return false;
	timer_free(TAKE(s->return_timer));
	session_step(s, session_stopped(s));	/* may free s */
	return true;
}
