/* What every kind of device does alike: life, halts, faults of the cable, being locked. */
#include "emulator/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/model_impl.h"

static const char *copy(const char *s)
{
	return strdup(s != NULL ? s : "");
}

static enum model_protocol protocol_of(const struct model_config *c)
{
	switch (c->unlock.kind) {
	case MODEL_UNLOCK_SCSI:	return MODEL_STORAGE;
	case MODEL_UNLOCK_MTP:	return MODEL_MTP;
	case MODEL_UNLOCK_NONE:	break;
	}
	return c->protocol;
}

int model_new(const struct model_config *c, struct model **ret)
{
	struct model *m = calloc(1, sizeof(*m));
	int r;

	if (m == NULL)
		return -ENOMEM;
	m->c = *c;
	m->kind = protocol_of(c) == MODEL_MTP ? &model_mtp : &model_storage;
	m->max_packet = c->superspeed ? 1024 : 512;
	m->c.serial = copy(c->serial);
	m->c.manufacturer = copy(c->manufacturer);
	m->c.product = copy(c->product);
	if (m->c.serial == NULL || m->c.manufacturer == NULL || m->c.product == NULL)
		r = -ENOMEM;
	else
		r = m->kind == &model_mtp ? model_mtp_new(m) : model_storage_new(m);
	if (r < 0) {
		model_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

void model_free(struct model *m)
{
	if (m == NULL)
		return;
	if (m->kind->free != NULL)
		m->kind->free(m);
	free((void *)(uintptr_t)m->c.serial);
	free((void *)(uintptr_t)m->c.manufacturer);
	free((void *)(uintptr_t)m->c.product);
	free(m);
}

/* Whether an endpoint answers at all; MODEL_OK: as its kind does. */
static enum model_answer answers(const struct model *m, bool halted)
{
	if (m->gone)
		return MODEL_UNPLUG;
	if (m->hung || m->c.faults.no_answer)
		return MODEL_HANG;
	return halted ? MODEL_STALL : MODEL_OK;
}

enum model_answer model_bulk_out(struct model *m, const uint8_t *buf, size_t len)
{
	enum model_answer a = answers(m, m->halt_out);

	return a != MODEL_OK ? a : m->kind->bulk_out(m, buf, len);
}

enum model_answer model_bulk_in(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	enum model_answer a = answers(m, m->halt_in);

	*len = 0;
	return a != MODEL_OK ? a : m->kind->bulk_in(m, buf, room, len);
}

bool model_has_events(const struct model *m)
{
	return m->kind->has_events;
}

enum model_answer model_event_in(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	enum model_answer a = answers(m, !m->kind->has_events);

	*len = 0;
	return a != MODEL_OK ? a : m->kind->event_in(m, buf, room, len);
}

void model_clear_halt(struct model *m, uint8_t endpoint)
{
	if (m->refuses)
		return;
	if (endpoint == MODEL_EP_IN)
		m->halt_in = false;
	else if (endpoint == MODEL_EP_OUT)
		m->halt_out = false;
}

void model_reset(struct model *m)
{
	m->hung = false;
	m->kind->reset(m);
	m->halt_in = false;
	m->halt_out = false;
}

void model_open_up(struct model *m)
{
	m->unlocked = !m->c.faults.unlock_fails;
	m->gone = true;
}

bool model_covers(const struct model *m, int64_t place, uint64_t n)
{
	return place >= 0 && (uint64_t)place >= m->content_bytes &&
	       (uint64_t)place - m->content_bytes < n;
}

size_t model_spend(struct model *m, size_t n, bool *ret_last)
{
	int64_t unplug = m->c.faults.unplug_at;

	*ret_last = unplug >= 0 && m->content_bytes + n >= (uint64_t)unplug;
	if (*ret_last)
		n = (size_t)((uint64_t)unplug - MIN(m->content_bytes, (uint64_t)unplug));
	m->content_bytes += n;
	return n;
}

bool model_pread(int fd, uint8_t *buf, size_t n, uint64_t at)
{
	size_t got = 0;
	ssize_t r;

	while (got < n) {
		r = pread(fd, buf + got, n - got, (off_t)(at + got));
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return true;
}

bool model_has_left(const struct model *m)
{
	return m->gone;
}

bool model_was_unlocked(const struct model *m)
{
	return m->unlocked;
}

const char *model_serial(const struct model *m)
{
	return model_is_locked(m) ? "" : m->c.serial;
}

uint64_t model_content_bytes(const struct model *m)
{
	return m->content_bytes;
}

const struct model_config *model_config(const struct model *m)
{
	return &m->c;
}

uint16_t model_max_packet(const struct model *m)
{
	return m->max_packet;
}
