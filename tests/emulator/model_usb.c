/* Descriptors and control requests of the model: USB 2.0 chapter 9, USB 3.2 chapter 9. */
#include <string.h>

#include "base/util.h"
#include "emulator/model_impl.h"

enum {
	DESC_DEVICE = 1, DESC_CONFIG = 2, DESC_STRING = 3,
	REQ_GET_STATUS = 0, REQ_CLEAR_FEATURE = 1, REQ_GET_DESCRIPTOR = 6,
	REQ_GET_CONFIGURATION = 8, REQ_SET_CONFIGURATION = 9,
	REQ_GET_INTERFACE = 10, REQ_SET_INTERFACE = 11,
	TO_INTERFACE = 0x21, FROM_INTERFACE = 0xa1,	/* class requests */
	STRING_MANUFACTURER = 1, STRING_PRODUCT = 2, STRING_SERIAL = 3, STRING_INTERFACE = 4,
	BULK = 2, INTERRUPT = 3,
	DEVICE_LEN = 18,
};

static const char *text_of(const struct model *m, uint8_t index)
{
	switch (index) {
	case STRING_MANUFACTURER:	return m->c.manufacturer;
	case STRING_PRODUCT:		return m->c.product;
	case STRING_SERIAL:		return model_serial(m);
	case STRING_INTERFACE:		return m->kind->name != NULL ? m->kind->name : "";
	default:			return "";
	}
}

static uint8_t index_of(const struct model *m, uint8_t index)
{
	return text_of(m, index)[0] != '\0' ? index : 0;
}

static size_t device_descriptor(const struct model *m, uint8_t d[DEVICE_LEN])
{
	uint16_t vid = model_is_locked(m) ? m->c.unlock.vid : m->c.vid;
	uint16_t pid = model_is_locked(m) ? m->c.unlock.pid : m->c.pid;
	const uint8_t bytes[DEVICE_LEN] = {
		DEVICE_LEN, DESC_DEVICE,
		0x00, m->c.superspeed ? 0x03 : 0x02,	/* bcdUSB */
		0, 0, 0,				/* class: see the interface */
		m->c.superspeed ? 9 : 64,		/* packet of endpoint 0 (2^9) */
		(uint8_t)vid, (uint8_t)(vid >> 8),
		(uint8_t)pid, (uint8_t)(pid >> 8),
		0x00, 0x01,				/* bcdDevice */
		index_of(m, STRING_MANUFACTURER), index_of(m, STRING_PRODUCT),
		index_of(m, STRING_SERIAL),
		1,					/* configurations */
	};

	memcpy(d, bytes, sizeof(bytes));
	return sizeof(bytes);
}

static size_t add_endpoint(const struct model *m, uint8_t *d, uint8_t address, uint8_t type)
{
	uint16_t packet = type == INTERRUPT ? MODEL_EVENT_PACKET : m->max_packet;
	const uint8_t endpoint[] = {
		7, 5, address, type, (uint8_t)packet, (uint8_t)(packet >> 8),
		type == INTERRUPT ? 6 : 0,
	};
	const uint8_t companion[] = {
		6, 0x30, 0, 0, type == INTERRUPT ? MODEL_EVENT_PACKET : 0, 0,
	};

	memcpy(d, endpoint, sizeof(endpoint));
	if (!m->c.superspeed)
		return sizeof(endpoint);
	memcpy(d + sizeof(endpoint), companion, sizeof(companion));
	return sizeof(endpoint) + sizeof(companion);
}

static size_t config_descriptor(const struct model *m, uint8_t d[80])
{
	const struct model_kind *k = m->kind;
	const uint8_t head[] = {
		9, DESC_CONFIG, 0, 0 /* total length */, 1, 1, 0, 0x80, 250 /* 500 mA */,
		9, 4, 0, 0, k->has_events ? 3 : 2,
		k->interface[0], k->interface[1], k->interface[2], index_of(m, STRING_INTERFACE),
	};
	size_t n = sizeof(head);

	memcpy(d, head, sizeof(head));
	n += add_endpoint(m, d + n, MODEL_EP_IN, BULK);
	n += add_endpoint(m, d + n, MODEL_EP_OUT, BULK);
	if (k->has_events)
		n += add_endpoint(m, d + n, MODEL_EP_EVENT, INTERRUPT);
	d[2] = (uint8_t)n;
	return n;
}

size_t model_descriptors(const struct model *m, uint8_t *buf, size_t room)
{
	uint8_t all[DEVICE_LEN + 80];
	size_t n = device_descriptor(m, all);

	n += config_descriptor(m, all + n);
	n = MIN(n, room);
	memcpy(buf, all, n);
	return n;
}

uint32_t model_next_char(const uint8_t **s)
{
	uint32_t c = *(*s)++;
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	if (c < 0x80)
		return c;
	if (more == 0)
		return 0xfffd;
	c &= 0x3fU >> more;
	for (; more > 0; more--, (*s)++) {
		if ((**s & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (**s & 0x3f);
	}
	return c;
}

/* String descriptor `index` into buf; 0 when there is none. */
static size_t string(const struct model *m, uint8_t index, uint8_t buf[255])
{
	const uint8_t *s = (const uint8_t *)text_of(m, index);
	size_t n = 2;
	uint32_t c;

	if (index == 0) {
		memcpy(buf, (const uint8_t[]){ 4, DESC_STRING, 0x04, 0x08 /* zh-CN */ }, 4);
		return 4;
	}
	if (*s == '\0')
		return 0;
	while (*s != '\0' && n + 4 <= 254) {
		c = model_next_char(&s);
		if (c >= 0x10000) {
			uint32_t high = 0xd800 + ((c - 0x10000) >> 10);

			buf[n++] = (uint8_t)high;
			buf[n++] = (uint8_t)(high >> 8);
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		buf[n++] = (uint8_t)c;
		buf[n++] = (uint8_t)(c >> 8);
	}
	buf[0] = (uint8_t)n;
	buf[1] = DESC_STRING;
	return n;
}

static size_t descriptor(const struct model *m, uint8_t type, uint8_t index, uint8_t buf[255])
{
	switch (type) {
	case DESC_DEVICE:	return device_descriptor(m, buf);
	case DESC_CONFIG:	return index == 0 ? config_descriptor(m, buf) : 0;
	case DESC_STRING:	return string(m, index, buf);
	default:		return 0;
	}
}

/* What the device says to an IN request; 0: it has nothing to say and stalls. */
static size_t control_in(struct model *m, const uint8_t setup[8], uint8_t buf[255])
{
	if (setup[0] == FROM_INTERFACE)
		return m->kind->class_in(m, setup, buf);
	switch (setup[0] << 8 | setup[1]) {
	case 0x80 << 8 | REQ_GET_DESCRIPTOR:
		return descriptor(m, setup[3], setup[2], buf);
	case 0x80 << 8 | REQ_GET_CONFIGURATION:
		buf[0] = m->configuration;
		return 1;
	case 0x81 << 8 | REQ_GET_INTERFACE:
		buf[0] = 0;
		return 1;
	case 0x80 << 8 | REQ_GET_STATUS:
	case 0x81 << 8 | REQ_GET_STATUS:
		memset(buf, 0, 2);
		return 2;
	case 0x82 << 8 | REQ_GET_STATUS:
		buf[0] = (setup[4] == MODEL_EP_IN && m->halt_in) ||
			 (setup[4] == MODEL_EP_OUT && m->halt_out);
		buf[1] = 0;
		return 2;
	default:
		return 0;
	}
}

static bool control_out(struct model *m, const uint8_t setup[8], const uint8_t *data, size_t len)
{
	if (setup[0] == TO_INTERFACE)
		return m->kind->class_out(m, setup, data, len);
	switch (setup[0] << 8 | setup[1]) {
	case 0x00 << 8 | REQ_SET_CONFIGURATION:
		if (setup[2] > 1)
			return false;
		m->configuration = setup[2];
		return true;
	case 0x01 << 8 | REQ_SET_INTERFACE:
		return setup[2] == 0 && setup[4] == 0;
	case 0x02 << 8 | REQ_CLEAR_FEATURE:
		model_clear_halt(m, setup[4]);
		return setup[2] == 0;
	default:
		return false;
	}
}

enum model_answer model_control(struct model *m, const uint8_t setup[8], uint8_t *data,
				size_t *len)
{
	size_t asked = (size_t)(setup[6] | setup[7] << 8), room = *len, n;
	uint8_t buf[255];

	*len = 0;
	if (m->gone)
		return MODEL_UNPLUG;
	if (m->c.faults.no_answer && !(setup[0] == 0x80 && setup[1] == REQ_GET_DESCRIPTOR &&
				       setup[3] != DESC_STRING))
		return MODEL_HANG;
	if ((setup[0] & 0x80) == 0)
		return control_out(m, setup, data, MIN(asked, room)) ? MODEL_OK : MODEL_STALL;
	n = control_in(m, setup, buf);
	if (n == 0)
		return MODEL_STALL;
	n = MIN(n, asked);
	*len = MIN(n, room);
	memcpy(data, buf, *len);
	return n > room ? MODEL_OVERFLOW : MODEL_OK;
}
