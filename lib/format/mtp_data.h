/*
 * What an MTP device says, as values: the datasets of PTP (ISO 15740:2013,
 * clause 5) and of MTP 1.1, whose tables are named at each function.
 *
 * All numbers are little-endian.  Nothing is allocated, and nothing is read
 * beyond the bytes that are there: strings and arrays point into them.  What a
 * dataset counts is believed as far as its bytes reach.  One that ends ahead of
 * strings at its end is taken as if they were empty, since devices leave them
 * out; one that ends inside a field is refused.
 *
 * Errors   0, or -EBADMSG when the bytes are no such dataset.
 * Pure; any thread.
 */
#ifndef FORMAT_MTP_DATA_H
#define FORMAT_MTP_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {					/* MTP 1.1, annexes B and C; ISO 15740, clauses 10 to 13 */
	MTP_OP_DEVICE_INFO = 0x1001,
	MTP_OP_STORAGE_IDS = 0x1004,
	MTP_OP_STORAGE_INFO = 0x1005,
	MTP_OP_NUM_OBJECTS = 0x1006,
	MTP_OP_OBJECT_HANDLES = 0x1007,
	MTP_OP_OBJECT_INFO = 0x1008,
	MTP_OP_GET_OBJECT = 0x1009,
	MTP_OP_DELETE_OBJECT = 0x100b,
	MTP_OP_SEND_OBJECT_INFO = 0x100c,
	MTP_OP_SEND_OBJECT = 0x100d,
	MTP_OP_DEVICE_PROP_DESC = 0x1014,
	MTP_OP_DEVICE_PROP_VALUE = 0x1015,
	MTP_OP_SET_DEVICE_PROP = 0x1016,
	MTP_OP_PARTIAL_OBJECT = 0x101b,
	MTP_OP_PARTIAL_OBJECT_64 = 0x95c1,	/* Android's */
	MTP_OP_OBJECT_PROPS_SUPPORTED = 0x9801,
	MTP_OP_OBJECT_PROP_DESC = 0x9802,
	MTP_OP_OBJECT_PROP_VALUE = 0x9803,
	MTP_OP_OBJECT_PROP_LIST = 0x9805,

	MTP_RESPONSE_OK = 0x2001,

	MTP_FORMAT_ASSOCIATION = 0x3001,	/* a folder */

	MTP_PROP_BATTERY = 0x5001,
	MTP_PROP_CLOCK = 0x5011,

	MTP_PROP_STORAGE = 0xdc01,
	MTP_PROP_FORMAT = 0xdc02,
	MTP_PROP_SIZE = 0xdc04,
	MTP_PROP_ASSOCIATION = 0xdc05,
	MTP_PROP_NAME = 0xdc07,
	MTP_PROP_CREATED = 0xdc08,
	MTP_PROP_MODIFIED = 0xdc09,
	MTP_PROP_PARENT = 0xdc0b,

	MTP_TYPE_UINT8 = 0x0002,
	MTP_TYPE_UINT16 = 0x0004,
	MTP_TYPE_UINT32 = 0x0006,
	MTP_TYPE_UINT64 = 0x0008,
	MTP_TYPE_UINT128 = 0x000a,
	MTP_TYPE_ARRAY = 0x4000,		/* a bit beside one of those */
	MTP_TYPE_STRING = 0xffff,
};

/* UTF-16LE up to the first NUL, at most 255 units of 2 bytes; nothing is said of its sense. */
struct mtp_string {
	const uint8_t *p;
	size_t len;			/* bytes */
};

struct mtp_array {
	const uint8_t *p;
	uint32_t n;			/* items that are there */
	uint8_t size;			/* bytes of one: 2 or 4 */
	bool cut;			/* it counts more */
};

/* MTP 1.1, 3.3: an array alone in its dataset.  size: 2 or 4. */
int mtp_array_read(const uint8_t *p, size_t len, uint8_t size, struct mtp_array *ret);
uint32_t mtp_array_at(const struct mtp_array *a, uint32_t i);
bool mtp_array_has(const struct mtp_array *a, uint32_t item);

/* MTP 1.1, 5.1.1: DeviceInfo. */
struct mtp_device_info {
	struct mtp_array operations, props;
	struct mtp_string manufacturer, model, version, serial;
};
int mtp_device_info_read(const uint8_t *p, size_t len, struct mtp_device_info *ret);

/* MTP 1.1, 5.2.2: StorageInfo. */
struct mtp_storage_info {
	uint64_t size, free;		/* bytes; all ones: not known */
	struct mtp_string description;
};
int mtp_storage_info_read(const uint8_t *p, size_t len, struct mtp_storage_info *ret);

/* MTP 1.1, 5.3.1: ObjectInfo. */
struct mtp_object_info {
	uint32_t storage, parent;
	uint16_t format, association;
	uint32_t size;			/* UINT32_MAX: that, or more */
	struct mtp_string name, created, modified;
};
int mtp_object_info_read(const uint8_t *p, size_t len, struct mtp_object_info *ret);

/* MTP 1.1, 3.2: a value of a type that is said elsewhere. */
struct mtp_value {
	uint16_t type;
	uint64_t number, high;		/* an integer's bits below and above the 64th, sign extended */
	struct mtp_string text;		/* a string's */
};

/* How many bytes the value takes, or -EBADMSG.  Of an array, which is only passed over, all. */
int64_t mtp_value_read(const uint8_t *p, size_t len, uint16_t type, struct mtp_value *ret);

/* MTP 1.1, 5.1.2.1: DevicePropDesc. */
struct mtp_prop_desc {
	uint16_t code;
	bool settable;
	struct mtp_value now;
	enum { MTP_FORM_NONE, MTP_FORM_RANGE, MTP_FORM_ENUM } form;
	uint64_t least, most;		/* what an integer of either form may be */
};
int mtp_prop_desc_read(const uint8_t *p, size_t len, struct mtp_prop_desc *ret);

/*
 * ISO 15740, 13.4.1 (BatteryLevel): percent, or -1 when it cannot be told.  A
 * range goes from empty to full; of an enumeration the largest is full and 0 is
 * empty; a value without either is taken as percent.
 */
int mtp_percent(const struct mtp_prop_desc *d);

/*
 * MTP 1.1, 3.2.5: "YYYYMMDDThhmmss[.s]" and nothing, "Z" or "+hhmm" behind it.
 * Devices also part the numbers with "-", "/", ":" or ".", write a blank for
 * the T, leave seconds out, and add what is no zone.  False: no moment that exists.
 */
struct mtp_time {
	char text[20];			/* "2026-11-23T20:42:58" */
	uint16_t ms;
	int16_t zone_min;		/* minutes east of UTC; INT16_MIN: not said */
};
bool mtp_time_read(const struct mtp_string *s, struct mtp_time *ret);

/*
 * MTP 1.1, E.2.1: ObjectPropList, which may be longer than one likes to keep:
 * it is taken as it comes.  Start with zeros.
 */
enum { MTP_PROP_HELD = 8 + 1 + 2 * 255 };	/* an element with the longest string */

struct mtp_props {
	uint8_t held[MTP_PROP_HELD];	/* an element not yet whole */
	size_t n_held;
	uint64_t skip;			/* bytes of an array that are passed over */
	uint32_t left;			/* elements to come */
	bool begun;
};

struct mtp_prop {
	uint32_t handle;
	uint16_t code;
	struct mtp_value value;		/* of an array: its type alone */
};

/*
 * Take from the bytes at *p, and move *p and *len behind what was taken.
 * 1: an element, its text valid until the next call; 0: all bytes were taken;
 * -EBADMSG: a type of which nobody knows the length, so that nothing that
 * follows can be understood.
 */
int mtp_props_next(struct mtp_props *s, const uint8_t **p, size_t *len, struct mtp_prop *ret);

/* Whether all elements that it counted have come. */
bool mtp_props_complete(const struct mtp_props *s);

#endif
