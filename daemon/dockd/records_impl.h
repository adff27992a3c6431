/* Values as RECORDS.md writes them: what records.c and records_card.c share. */
#ifndef DOCKD_RECORDS_IMPL_H
#define DOCKD_RECORDS_IMPL_H

#include <sodium.h>

#include "base/utc.h"
#include "base/util.h"
#include "records.h"

/* "" is what is not known. */
static inline json_t *text_or_null(const char *s)
{
	return s[0] != '\0' ? finding_text(s) : json_null();
}

static inline json_t *moment(int64_t ms)
{
	char t[UTC_TEXT_SIZE];

	utc_format(ms, t);
	return json_string(t);
}

static inline json_t *number(uint64_t n)
{
	return json_integer((json_int_t)MIN(n, (uint64_t)INT64_MAX));
}

static inline json_t *hex(const void *p, size_t len)
{
	char t[2 * LISTING_PATH_MAX + 1];

	if (len > LISTING_PATH_MAX)
		BUG("hex: %zu bytes", len);
	return json_string(sodium_bin2hex(t, sizeof(t), p, len));
}

/* NULL: none. */
static inline json_t *address(const struct digest *d)
{
	return d != NULL ? hex(d->b, sizeof(d->b)) : json_null();
}

/* The identity of a USB device, as `session` and `unlocked` have it. */
json_t *record_usb(const struct usb_device_info *usb);

#endif
