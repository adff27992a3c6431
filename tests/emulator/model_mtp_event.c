/* The interrupt pipe, and the still image class's requests (PIMA 15740, D.5.2). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "emulator/model_mtp.h"

enum {
	CANCEL = 0x64, GET_EXTENDED_EVENT_DATA = 0x65, DEVICE_RESET = 0x66,
	GET_DEVICE_STATUS = 0x67,
	CANCELLATION = 0x4001, CANCEL_LEN = 6,
};

/* Events that nobody fetches are lost, the newest first. */
void resp_raise(struct model *m, uint16_t code, unsigned n_params, uint32_t param)
{
	struct model_mtp *mtp = m->mtp;
	struct resp_container *c = &mtp->events[mtp->n_events];

	if (mtp->n_events == MTP_EVENTS)
		return;
	c->len = (uint8_t)(MTP_HEADER + 4 * n_params);
	resp_put(c->bytes, c->len, 4);
	resp_put(c->bytes + 4, MTP_CONTAINER_EVENT, 2);
	resp_put(c->bytes + 6, code, 2);
	resp_put(c->bytes + 8, UINT32_MAX, 4);		/* of no transaction */
	resp_put(c->bytes + MTP_HEADER, param, 4);
	mtp->n_events++;
}

enum model_answer resp_event_in(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	struct model_mtp *mtp = m->mtp;
	struct resp_container *c = &mtp->last_event;

	if (mtp->n_events == 0)
		return MODEL_NAK;
	*c = mtp->events[0];
	mtp->n_events--;
	memmove(mtp->events, mtp->events + 1, mtp->n_events * sizeof(*c));
	*len = MIN(room, c->len);
	memcpy(buf, c->bytes, *len);
	return room < c->len ? MODEL_OVERFLOW : MODEL_OK;
}

/* What the last event said, and that there is no more to it. */
static size_t extended_event(const struct resp_container *c, uint8_t *buf)
{
	if (c->len == 0)
		return 0;
	memcpy(buf, c->bytes + 6, 6);			/* code and transaction */
	resp_put(buf + 6, 0, 2);
	return 8;
}

/* Which endpoints are halted, and why; a cancelled device is busy for a moment. */
static size_t device_status(struct model *m, uint8_t *buf)
{
	struct model_mtp *mtp = m->mtp;
	uint16_t code = m->halt_in || m->halt_out ? MTP_CANCELLED : mtp->status;
	size_t n = 4;

	if (m->halt_in)
		resp_put(buf + n, MODEL_EP_IN, 4);
	n += m->halt_in ? 4 : 0;
	if (m->halt_out)
		resp_put(buf + n, MODEL_EP_OUT, 4);
	n += m->halt_out ? 4 : 0;
	resp_put(buf, (uint32_t)n, 2);
	resp_put(buf + 2, code, 2);
	mtp->status = MTP_OK;
	return n;
}

size_t resp_class_in(struct model *m, const uint8_t setup[8], uint8_t buf[255])
{
	switch (setup[1]) {
	case GET_EXTENDED_EVENT_DATA:	return extended_event(&m->mtp->last_event, buf);
	case GET_DEVICE_STATUS:		return device_status(m, buf);
	default:			return 0;
	}
}

static bool cancel(struct model *m, const uint8_t *data, size_t len)
{
	struct model_mtp *mtp = m->mtp;

	if (len != CANCEL_LEN || resp_get(data, 2) != CANCELLATION)
		return false;
	if (mtp->phase != MTP_IDLE && resp_get(data + 2, 4) == mtp->tid) {
		m->hung = false;
		resp_abandon(m);
		mtp->status = MTP_DEVICE_BUSY;
	}
	return true;
}

bool resp_class_out(struct model *m, const uint8_t setup[8], const uint8_t *data, size_t len)
{
	switch (setup[1]) {
	case CANCEL:
		return cancel(m, data, len);
	case DEVICE_RESET:
		m->hung = false;
		m->kind->reset(m);
		return true;
	default:
		return false;
	}
}

/* ------ what happens to it ------ */

static int added(struct model *m, const char *path)
{
	const struct resp_object *o = resp_store_add(&m->mtp->store, path);

	if (o == NULL)
		return -ENOENT;
	resp_raise(m, MTP_OBJECT_ADDED, 1, o->handle);
	return 0;
}

static int removed(struct model *m, const char *path)
{
	struct resp_object *o = resp_store_find_path(&m->mtp->store, path);

	if (o == NULL)
		return -ENOENT;
	o->gone = true;
	resp_raise(m, MTP_OBJECT_REMOVED, 1, o->handle);
	return 0;
}

static int store_removed(struct model *m, const char *none)
{
	(void)none;
	m->mtp->removed = true;
	resp_raise(m, MTP_STORE_REMOVED, 1, MTP_STORAGE);
	return 0;
}

static int changed(struct model *m, const char *code)
{
	unsigned n;

	if (sscanf(code, "%4x", &n) != 1)
		return -EINVAL;
	resp_raise(m, MTP_PROPERTY_CHANGED, 1, n);
	return 0;
}

static int send_any(struct model *m, const char *words)
{
	unsigned code, param = 0;
	int n = sscanf(words, "%4x %8x", &code, &param);

	if (n < 1)
		return -EINVAL;
	resp_raise(m, (uint16_t)code, (unsigned)n - 1, param);
	return 0;
}

static const struct {
	const char *what;
	bool needs_arg;
	int (*happen)(struct model *m, const char *arg);
} happenings[] = {
	{ "added", true, added }, { "removed", true, removed },
	{ "store-removed", false, store_removed }, { "changed", true, changed },
	{ "send", true, send_any },
};

int model_event(struct model *m, const char *what, const char *arg)
{
	size_t i;

	for (i = 0; m->mtp != NULL && i < COUNT(happenings); i++)
		if (strcmp(happenings[i].what, what) == 0)
			return happenings[i].needs_arg != (arg != NULL) ? -EINVAL :
				happenings[i].happen(m, arg);
	return -EINVAL;
}
