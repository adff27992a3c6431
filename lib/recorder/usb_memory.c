#include "recorder/usb_memory.h"

#include <stdlib.h>

#include "base/util.h"
#include "recorder/disk.h"
#include "recorder/transaction.h"

size_t usb_memory_size(enum usb_protocol p, bool superspeed)
{
	if (p == USB_PROTOCOL_MTP)
		return (size_t)TRANSACTION_FLIGHTS * TRANSACTION_FLIGHT;
	return 2 * (size_t)(superspeed ? DISK_REQUEST_SS : DISK_REQUEST_HS);
}

bool usb_memory_has(const struct usb_memory *m, const uint8_t *p)
{
	return m->bytes != NULL && p >= m->bytes && p < m->bytes + m->size;
}

static size_t grain(const struct usb_memory *m)
{
	return m->size / USB_MEMORY_GRAINS;
}

/* As many grains as len bytes need, from the first on, as bits. */
static uint32_t grains(const struct usb_memory *m, size_t len)
{
	size_t n = (len + grain(m) - 1) / grain(m);

	return n >= USB_MEMORY_GRAINS ? UINT32_MAX : (1U << n) - 1;
}

uint8_t *usb_memory_take(struct usb_memory *m, size_t len)
{
	unsigned i, step = 1;
	uint32_t want;

	if (len == 0 || len > m->size)
		return NULL;
	want = grains(m, len);
	while (step * grain(m) < len)
		step *= 2;
	for (i = 0; i < USB_MEMORY_GRAINS && want << i >> i == want; i += step)
		if ((m->taken & want << i) == 0) {
			m->taken |= want << i;
			return m->bytes + i * grain(m);
		}
	return NULL;
}

void usb_memory_give(struct usb_memory *m, const uint8_t *piece, size_t len)
{
	uint32_t had;

	if (!usb_memory_has(m, piece))
		BUG("usb: memory that is nowhere is given back");
	had = grains(m, len) << (size_t)(piece - m->bytes) / grain(m);
	if ((m->taken & had) != had)
		BUG("usb: memory that was not taken is given back");
	m->taken &= ~had;
}

size_t usb_memory_budget(const char *usbfs_memory_mb)
{
	unsigned long mb = 0;
	char *end = NULL;

	if (usbfs_memory_mb != NULL && *usbfs_memory_mb >= '0' && *usbfs_memory_mb <= '9')
		mb = strtoul(usbfs_memory_mb, &end, 10);
	if (mb == 0 || (*end != '\0' && *end != '\n'))
		mb = USBFS_MEMORY_MB;
	return (size_t)MIN(mb, 1024UL) * 1024 * 1024 / 2;
}
