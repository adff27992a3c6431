/* What an MTP device says of itself and its storages. */
#include <string.h>

#include "format/name.h"
#include "walk_mtp_impl.h"

/* A text of the device, made fit. */
static void fit_text(char *to, size_t size, const struct mtp_string *s)
{
	struct buf b = BUF_INIT(4096);

	if (s->len > 0)
		name_add_text_utf16le(&b, s->p, s->len);
	report_cut(to, size, b.p, b.len);
	buf_clear(&b);
}

static uint32_t capabilities(const struct mtp_walk *w)
{
	uint32_t can = 0;

	if (mtp_can(w, MTP_OP_PARTIAL_OBJECT_64))
		can |= LISTING_CAN_PARTIAL64;
	if (mtp_can(w, MTP_OP_PARTIAL_OBJECT))
		can |= LISTING_CAN_PARTIAL;
	if (mtp_can(w, MTP_OP_GET_OBJECT))
		can |= LISTING_CAN_OBJECT;
	if (mtp_can(w, MTP_OP_DELETE_OBJECT))
		can |= LISTING_CAN_DELETE;
	if (mtp_can(w, MTP_OP_SEND_OBJECT_INFO) && mtp_can(w, MTP_OP_SEND_OBJECT))
		can |= LISTING_CAN_SEND;
	return can;
}

/* Asked for once and ahead of all else: dockd compares it with its own while it passes. */
static void ask_clock(struct mtp_walk *w, struct listing_device *d)
{
	const struct listing_operation op = { MTP_OP_DEVICE_PROP_VALUE, 1, { MTP_PROP_CLOCK } };
	struct mtp_value v;
	struct mtp_time t;

	d->zone_min = INT16_MIN;
	if (!mtp_has_prop(w, MTP_PROP_CLOCK) || !mtp_can(w, op.code))
		return;
	d->can |= LISTING_CAN_CLOCK;
	if (mtp_ask(w, &op, MTP_INFO_MAX) != 0 ||
	    mtp_value_read(w->data.p, w->data.len, MTP_TYPE_STRING, &v) < 0 ||
	    !mtp_time_read(&v.text, &t))
		return;
	memcpy(d->clock, t.text, sizeof(d->clock));
	d->clock_ms = t.ms;
	d->zone_min = t.zone_min;
}

/* What a property is and may be; false when the device does not say. */
static bool ask_prop(struct mtp_walk *w, uint16_t prop, struct mtp_prop_desc *ret)
{
	const struct listing_operation op = { MTP_OP_DEVICE_PROP_DESC, 1, { prop } };

	return mtp_has_prop(w, prop) && mtp_can(w, op.code) &&
	       mtp_ask(w, &op, MTP_INFO_MAX) == 0 &&
	       mtp_prop_desc_read(w->data.p, w->data.len, ret) == 0 && ret->code == prop;
}

/* DeviceInfo, on which all else rests. */
static bool ask_device(struct mtp_walk *w)
{
	const struct listing_operation op = { MTP_OP_DEVICE_INFO, 0, { 0 } };
	char why[48];
	int r = mtp_ask(w, &op, MTP_INFO_MAX);

	if (r == 0 && w->data.len > 0)
		buf_add(&w->info, w->data.p, w->data.len);
	if (r == 0 && !w->info.failed &&
	    mtp_device_info_read(w->info.p, w->info.len, &w->device) == 0)
		return true;
	report_trouble(w->report, "", "the device does not say what it is (%s): unplug it and plug it "
		       "in again", mtp_why(r, why));
	return false;
}

bool mtp_tell_device(struct mtp_walk *w)
{
	struct listing_device d = { .battery = LISTING_BATTERY_UNKNOWN };
	struct mtp_prop_desc desc;
	int percent;

	if (!ask_device(w))
		return false;
	d.can = capabilities(w);
	ask_clock(w, &d);
	if (mtp_can(w, MTP_OP_SET_DEVICE_PROP) && ask_prop(w, MTP_PROP_CLOCK, &desc) &&
	    desc.settable)
		d.can |= LISTING_CAN_SET_CLOCK;
	if (ask_prop(w, MTP_PROP_BATTERY, &desc)) {
		d.can |= LISTING_CAN_BATTERY;
		percent = mtp_percent(&desc);
		d.battery = percent < 0 ? LISTING_BATTERY_UNKNOWN : (uint8_t)percent;
	}
	fit_text(d.manufacturer, sizeof(d.manufacturer), &w->device.manufacturer);
	fit_text(d.model, sizeof(d.model), &w->device.model);
	fit_text(d.version, sizeof(d.version), &w->device.version);
	fit_text(d.serial, sizeof(d.serial), &w->device.serial);
	report_device(w->report, &d);
	return true;
}

/* ------ storages ------ */

static void tell_volume(struct mtp_walk *w, unsigned n)
{
	const struct listing_operation op = { MTP_OP_STORAGE_INFO, 1, { w->storages[n] } };
	struct listing_volume v = { .filesystem = "MTP" };
	struct mtp_storage_info info;
	char why[48];
	int r = mtp_ask(w, &op, MTP_INFO_MAX);

	if (r != 0 || mtp_storage_info_read(w->data.p, w->data.len, &info) < 0) {
		report_trouble(w->report, "", "storage %u is not described (%s)", n + 1,
			       mtp_why(r, why));
		return;
	}
	w->capacity[n] = v.size = info.size;
	v.free = info.free <= info.size ? info.free : LISTING_FREE_UNKNOWN;
	fit_text(v.label, sizeof(v.label), &info.description);
	report_volume(w->report, &v);
}

static bool is_known(const struct mtp_walk *w, uint32_t storage)
{
	for (unsigned i = 0; i < w->n_storages; i++) {
		if (w->storages[i] == storage)
			return true;
	}
	return false;
}

/* ISO 15740, clause 6.1: a storage whose low half is 0 is a slot without a medium. */
static void take_storages(struct mtp_walk *w, const struct mtp_array *ids)
{
	for (uint32_t i = 0; i < ids->n; i++) {
		uint32_t id = mtp_array_at(ids, i);

		if ((id & 0xffff) == 0 || is_known(w, id))
			continue;
		if (w->n_storages == MTP_STORAGES_MAX) {
			report_trouble(w->report, "", "only the first %d storages are listed: copy "
				       "what is on the others by hand", MTP_STORAGES_MAX);
			break;
		}
		w->storages[w->n_storages++] = id;
	}
	if (ids->cut)
		report_trouble(w->report, "", "the device's list of its storages is cut short: look "
			       "at the device by hand");
}

void mtp_tell_storages(struct mtp_walk *w)
{
	const struct listing_operation op = { MTP_OP_STORAGE_IDS, 0, { 0 } };
	struct mtp_array ids;
	char why[48];
	int r = mtp_ask(w, &op, MTP_INFO_MAX);

	if (r != 0 || mtp_array_read(w->data.p, w->data.len, 4, &ids) < 0) {
		report_trouble(w->report, "", "the device does not name its storages (%s): unplug it "
			       "and plug it in again", mtp_why(r, why));
		return;
	}
	take_storages(w, &ids);
	if (w->n_storages == 0)
		report_trouble(w->report, "", "the device shows no storage: it is locked, or has no "
			       "card in it");
	for (unsigned i = 0; i < w->n_storages; i++)
		tell_volume(w, i);
}
