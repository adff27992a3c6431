#include "format/mtp_data.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

/* ------ taking a dataset apart ------ */

struct in {
	const uint8_t *p;
	size_t left;
	bool cut;			/* something was asked for that is not there */
};

static const uint8_t *in_bytes(struct in *in, size_t len)
{
	const uint8_t *p = in->p;

	if (in->cut || len > in->left) {
		in->cut = true;
		return NULL;
	}
	in->p += len;
	in->left -= len;
	return p;
}

/* At most 8 bytes; what is not there is 0. */
static uint64_t in_number(struct in *in, size_t len)
{
	const uint8_t *p = in_bytes(in, len);
	uint64_t n = 0;

	if (p != NULL)
		memcpy(&n, p, len);
	return le64toh(n);		/* a short number fills the low end of a little-endian one */
}

static uint16_t in_u16(struct in *in)
{
	return (uint16_t)in_number(in, 2);
}

static uint32_t in_u32(struct in *in)
{
	return (uint32_t)in_number(in, 4);
}

/* A count of units, the NUL among them if the device does not forget it, and the units. */
static struct mtp_string in_string(struct in *in)
{
	size_t units = (size_t)in_number(in, 1), n = 0;
	const uint8_t *p = in_bytes(in, 2 * units);

	if (p == NULL)
		return (struct mtp_string){ NULL, 0 };
	while (n < units && (p[2 * n] | p[2 * n + 1]) != 0)
		n++;
	return (struct mtp_string){ p, 2 * n };
}

/* One that devices leave out at the end of a dataset. */
static struct mtp_string in_last_string(struct in *in)
{
	return in->left == 0 ? (struct mtp_string){ NULL, 0 } : in_string(in);
}

static struct mtp_array in_array(struct in *in, uint8_t size)
{
	uint32_t claimed = in_u32(in);
	struct mtp_array a = { .size = size };

	a.n = (uint32_t)MIN((uint64_t)claimed, in->left / size);
	a.cut = a.n < claimed;
	a.p = in_bytes(in, (size_t)a.n * size);
	return a;
}

int mtp_array_read(const uint8_t *p, size_t len, uint8_t size, struct mtp_array *ret)
{
	struct in in = { p, len, false };
	struct mtp_array a = in_array(&in, size);

	if (in.cut)
		return -EBADMSG;
	*ret = a;
	return 0;
}

uint32_t mtp_array_at(const struct mtp_array *a, uint32_t i)
{
	struct in in = { a->p + (size_t)i * a->size, a->size, false };

	return (uint32_t)in_number(&in, a->size);
}

bool mtp_array_has(const struct mtp_array *a, uint32_t item)
{
	for (uint32_t i = 0; i < a->n; i++) {
		if (mtp_array_at(a, i) == item)
			return true;
	}
	return false;
}

int mtp_device_info_read(const uint8_t *p, size_t len, struct mtp_device_info *ret)
{
	struct in in = { p, len, false };
	struct mtp_device_info d = { .operations = { .n = 0 } };
	bool cut;

	in_bytes(&in, 2 + 4 + 2);	/* standard's version, vendor's extension and its version */
	in_string(&in);			/* what the extension is */
	in_u16(&in);			/* functional mode */
	d.operations = in_array(&in, 2);
	cut = d.operations.cut || in_array(&in, 2).cut;		/* events */
	d.props = in_array(&in, 2);
	cut |= d.props.cut;
	cut |= in_array(&in, 2).cut;	/* formats that it captures, */
	cut |= in_array(&in, 2).cut;	/* and that it plays */
	d.manufacturer = in_last_string(&in);
	d.model = in_last_string(&in);
	d.version = in_last_string(&in);
	d.serial = in_last_string(&in);
	if (in.cut || cut)
		return -EBADMSG;
	*ret = d;
	return 0;
}

int mtp_storage_info_read(const uint8_t *p, size_t len, struct mtp_storage_info *ret)
{
	struct in in = { p, len, false };
	struct mtp_storage_info s = { .size = 0 };

	in_bytes(&in, 2 + 2 + 2);	/* kinds of storage, of file system and of access */
	s.size = in_number(&in, 8);
	s.free = in_number(&in, 8);
	in_u32(&in);			/* free space in images */
	s.description = in_last_string(&in);
	in_last_string(&in);		/* volume identifier: unique, not readable */
	if (in.cut)
		return -EBADMSG;
	*ret = s;
	return 0;
}

int mtp_object_info_read(const uint8_t *p, size_t len, struct mtp_object_info *ret)
{
	struct in in = { p, len, false };
	struct mtp_object_info o = { .storage = in_u32(&in) };

	o.format = in_u16(&in);
	in_u16(&in);			/* protection */
	o.size = in_u32(&in);
	in_bytes(&in, 2 + 4 * 3);	/* thumbnail */
	in_bytes(&in, 4 * 3);		/* picture */
	o.parent = in_u32(&in);
	o.association = in_u16(&in);
	in_bytes(&in, 4 + 4);		/* association's description, sequence number */
	o.name = in_string(&in);
	o.created = in_last_string(&in);
	o.modified = in_last_string(&in);
	in_last_string(&in);		/* keywords */
	if (in.cut)
		return -EBADMSG;
	*ret = o;
	return 0;
}

/* ------ values ------ */

/* Bytes of an integer of that type; 0: it is none. */
static size_t integer_size(uint16_t type)
{
	static const uint8_t sizes[] = { 0, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16 };

	return type < COUNT(sizes) ? sizes[type] : 0;
}

static bool is_array(uint16_t type)
{
	return (type & MTP_TYPE_ARRAY) != 0 &&
	       integer_size((uint16_t)(type & ~MTP_TYPE_ARRAY)) > 0;
}

static void in_integer(struct in *in, struct mtp_value *v)
{
	size_t size = integer_size(v->type), low = MIN(size, 8);
	bool has_sign = v->type % 2 == 1;
	uint64_t ones;

	v->number = in_number(in, low);
	if (low < 8 && has_sign && (v->number >> (8 * low - 1) & 1) != 0)
		v->number |= UINT64_MAX << (8 * low);
	ones = has_sign && v->number >> 63 != 0 ? UINT64_MAX : 0;
	v->high = size > 8 ? in_number(in, 8) : ones;
}

static struct mtp_value in_value(struct in *in, uint16_t type)
{
	struct mtp_value v = { .type = type };
	uint16_t item = (uint16_t)(type & ~MTP_TYPE_ARRAY);
	uint64_t n;

	if (type == MTP_TYPE_STRING) {
		v.text = in_string(in);
	} else if (integer_size(type) > 0) {
		in_integer(in, &v);
	} else if (is_array(type)) {
		n = in_u32(in) * (uint64_t)integer_size(item);
		in_bytes(in, n > in->left ? in->left + 1 : (size_t)n);
	} else {
		in->cut = true;
	}
	return v;
}

int64_t mtp_value_read(const uint8_t *p, size_t len, uint16_t type, struct mtp_value *ret)
{
	struct in in = { p, len, false };
	struct mtp_value v = in_value(&in, type);

	if (in.cut)
		return -EBADMSG;
	*ret = v;
	return (int64_t)(len - in.left);
}

/* What a property may be.  A form that is cut says nothing. */
static void in_form(struct in *in, struct mtp_prop_desc *d)
{
	unsigned form = (unsigned)in_number(in, 1);
	uint64_t one;
	uint16_t type = d->now.type;
	uint32_t n;

	if (form == MTP_FORM_RANGE) {
		d->least = in_value(in, type).number;
		d->most = in_value(in, type).number;
	} else if (form == MTP_FORM_ENUM) {
		n = in_u16(in);
		for (uint32_t i = 0; i < n && !in->cut; i++) {
			one = in_value(in, type).number;
			d->least = i == 0 ? one : MIN(d->least, one);
			d->most = i == 0 ? one : MAX(d->most, one);
		}
	}
	if (!in->cut && (form == MTP_FORM_RANGE || form == MTP_FORM_ENUM))
		d->form = form;
}

int mtp_prop_desc_read(const uint8_t *p, size_t len, struct mtp_prop_desc *ret)
{
	struct in in = { p, len, false };
	struct mtp_prop_desc d = { .code = in_u16(&in) };
	uint16_t type = in_u16(&in);

	d.settable = in_number(&in, 1) == 1;
	in_value(&in, type);		/* the factory's default */
	d.now = in_value(&in, type);
	if (in.cut)
		return -EBADMSG;
	in_form(&in, &d);
	*ret = d;
	return 0;
}

int mtp_percent(const struct mtp_prop_desc *d)
{
	uint64_t now = d->now.number, from = 0, to = 100;

	if (integer_size(d->now.type) == 0 || integer_size(d->now.type) > 4)
		return -1;
	if (d->form != MTP_FORM_NONE)
		to = d->most;
	if (d->form == MTP_FORM_RANGE)
		from = d->least;
	if (to > UINT32_MAX || from >= to || now < from || now > to)
		return -1;
	return (int)((now - from) * 100 / (to - from));
}

/* ------ moments ------ */

/* n digits, and one of the separators behind them if there is one.  -1: not that many digits. */
static int digits(const char **p, unsigned n, const char *separators)
{
	const char *s = *p;
	int number = 0;

	for (unsigned i = 0; i < n; i++, s++) {
		if (*s < '0' || *s > '9')
			return -1;
		number = number * 10 + (*s - '0');
	}
	if (*s != '\0' && strchr(separators, *s) != NULL)
		s++;
	*p = s;
	return number;
}

static uint16_t fraction_ms(const char **p)
{
	uint16_t ms = 0, worth = 100;
	const char *s = *p;

	if (*s != '.' && *s != ',')
		return 0;
	for (s++; *s >= '0' && *s <= '9'; s++, worth /= 10)
		ms = (uint16_t)(ms + (*s - '0') * worth);
	*p = s;
	return ms;
}

static int16_t zone_min(const char *p)
{
	bool west = *p == '-';
	int hours, minutes;

	if (*p == 'Z' || *p == 'z')
		return 0;
	if (*p != '+' && *p != '-')
		return INT16_MIN;
	p++;
	hours = digits(&p, 2, ":");
	minutes = digits(&p, 2, "");
	if (minutes < 0)
		minutes = 0;		/* some say hours alone */
	if (hours < 0 || hours > 14 || minutes > 59)
		return INT16_MIN;
	return (int16_t)((west ? -1 : 1) * (hours * 60 + minutes));
}

bool mtp_time_read(const struct mtp_string *s, struct mtp_time *ret)
{
	char text[40] = "", moment[64];
	const char *p = text;
	struct mtp_time t;
	int n[6];
	int64_t ms;

	for (size_t i = 0; i + 1 < MIN(s->len, 2 * sizeof(text) - 2) && s->p[i + 1] == 0; i += 2)
		text[i / 2] = (char)s->p[i];
	n[0] = digits(&p, 4, "-/:.");
	n[1] = digits(&p, 2, "-/:.");
	n[2] = digits(&p, 2, "Tt _");
	n[3] = digits(&p, 2, ":");
	n[4] = digits(&p, 2, ":");
	n[5] = digits(&p, 2, "");
	if (n[5] < 0)
		n[5] = 0;
	for (size_t i = 0; i < COUNT(n); i++) {
		if (n[i] < 0)
			return false;
	}
	snprintf(moment, sizeof(moment), "%04d-%02d-%02dT%02d:%02d:%02d.000Z", n[0], n[1], n[2],
		 n[3], n[4], n[5]);
	if (strlen(moment) != UTC_TEXT_LEN || utc_parse(moment, UTC_TEXT_LEN, &ms) == -EINVAL)
		return false;
	memcpy(t.text, moment, sizeof(t.text) - 1);
	t.text[sizeof(t.text) - 1] = '\0';
	t.ms = fraction_ms(&p);
	t.zone_min = zone_min(p);
	*ret = t;
	return true;
}

/* ------ lists of properties ------ */

/* Bytes that are needed before the next step, as far as those held tell; 0: nobody knows. */
static size_t wanted(const struct mtp_props *s)
{
	uint16_t type;

	if (!s->begun)
		return 4;
	if (s->n_held < 8)
		return 8;
	type = (uint16_t)(s->held[6] | s->held[7] << 8);
	if (type == MTP_TYPE_STRING)
		return s->n_held < 9 ? 9 : 9 + 2 * (size_t)s->held[8];
	if (is_array(type))
		return 12;
	return integer_size(type) > 0 ? 8 + integer_size(type) : 0;
}

/* Move bytes to those held, up to `want`.  Whether that many are there. */
static bool hold(struct mtp_props *s, size_t want, const uint8_t **p, size_t *len)
{
	size_t n = MIN(want - s->n_held, *len);

	if (n > 0)
		memcpy(s->held + s->n_held, *p, n);
	s->n_held += n;
	*p += n;
	*len -= n;
	return s->n_held == want;
}

static void skip_some(struct mtp_props *s, const uint8_t **p, size_t *len)
{
	size_t n = (size_t)MIN(s->skip, *len);

	s->skip -= n;
	*p += n;
	*len -= n;
}

/* An element is whole, but for the items of an array. */
static struct mtp_prop take_element(struct mtp_props *s)
{
	struct in in = { s->held, s->n_held, false };
	struct mtp_prop e = { .handle = in_u32(&in) };
	uint16_t type;

	e.code = in_u16(&in);
	type = in_u16(&in);
	if (is_array(type)) {
		e.value.type = type;
		s->skip = in_u32(&in) *
			  (uint64_t)integer_size((uint16_t)(type & ~MTP_TYPE_ARRAY));
	} else {
		e.value = in_value(&in, type);
	}
	s->n_held = 0;
	s->left--;
	return e;
}

int mtp_props_next(struct mtp_props *s, const uint8_t **p, size_t *len, struct mtp_prop *ret)
{
	for (;;) {
		struct in in = { s->held, sizeof(s->held), false };
		size_t want;

		skip_some(s, p, len);
		if (s->skip > 0)
			return 0;
		if (mtp_props_complete(s)) {	/* what lies behind the last is nothing */
			*p += *len;
			*len = 0;
			return 0;
		}
		want = wanted(s);
		if (want == 0)
			return -EBADMSG;
		if (!hold(s, want, p, len))
			return 0;
		if (!s->begun) {
			s->left = in_u32(&in);
			s->begun = true;
			s->n_held = 0;
		} else if (wanted(s) == s->n_held) {
			*ret = take_element(s);
			return 1;
		}
	}
}

bool mtp_props_complete(const struct mtp_props *s)
{
	return s->begun && s->left == 0 && s->skip == 0;
}
