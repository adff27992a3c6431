/* The records about the recorder itself and what was done to its card. */
#include "records.h"

#include <string.h>

#include "records_impl.h"

/* Put what both have into one object; NULL when either is. */
static json_t *merged(json_t *j, json_t *more)
{
	if (j == NULL || more == NULL || json_object_update(j, more) < 0) {
		json_decref(j);
		j = NULL;
	}
	json_decref(more);
	return j;
}

/* A record that names its session itself; NULL: the clerk will. */
static json_t *of_session(json_t *j, const char *session)
{
	if (session == NULL)
		return j;
	return merged(j, json_pack("{s:s}", "session", session));
}

/* ------ what it was and what is in it ------ */

json_t *record_unlocked(int64_t at_ms, const char *model, const struct usb_device_info *from)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "type", "unlocked", "at", moment(at_ms),
			 "model", finding_text(model), "from", record_usb(from));
}

json_t *record_import(const struct record_import *i)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "type", "import", "at", moment(i->at_ms), "kind", i->kind,
			 "source", finding_text(i->source), "by", finding_text(i->by),
			 "officer", text_or_null(i->officer), "unit", text_or_null(i->unit),
			 "case", text_or_null(i->case_no), "reason", finding_text(i->reason),
			 "class", text_or_null(i->class));
}

static json_t *units(const struct disk_info *disk)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < disk->n_units && list != NULL; i++)
		if (json_array_append_new(list, json_pack("{s:o, s:I}",
				"size", number(disk->units[i].size),
				"block_size", (json_int_t)disk->units[i].block_size)) < 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *volume(const struct listing_volume *v)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "unit", (json_int_t)v->unit,
			 "size", number(v->size), "free",
			 v->free == LISTING_FREE_UNKNOWN ? json_null() : number(v->free),
			 "filesystem", finding_text(v->filesystem), "label", finding_text(v->label));
}

static json_t *volumes(const struct listing *l)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < l->n_volumes && list != NULL; i++)
		if (json_array_append_new(list, volume(&l->volumes[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *moment_or_null(int64_t ms)
{
	return ms != 0 ? moment(ms) : json_null();
}

/* What its clock said, and when: the offset can be worked out again from it. */
static json_t *device_clock(const struct listing_device *d)
{
	const bool said = d->clock[0] != '\0';

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "clock", text_or_null(d->clock),
			 "clock_ms", said ? number(d->clock_ms) : json_null(),
			 "zone_min", d->zone_min == INT16_MIN ? json_null()
							      : json_integer(d->zone_min),
			 "clock_asked", moment_or_null(d->clock_asked_ms),
			 "clock_answered", moment_or_null(d->clock_answered_ms));
}

static json_t *device(const struct listing_device *d)
{
	if (!d->present)
		return json_null();
	return merged(device_clock(d),
		      json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "can", number(d->can), "battery",
				d->battery == LISTING_BATTERY_UNKNOWN ? json_null()
								      : number(d->battery),
				"manufacturer", text_or_null(d->manufacturer),
				"model", text_or_null(d->model),
				"version", text_or_null(d->version),
				"serial", text_or_null(d->serial)));
}

/* The first unit that has a medium; NULL: none, it is no disk. */
static const struct disk_unit *first_unit(const struct disk_info *disk)
{
	unsigned i;

	for (i = 0; i < disk->n_units; i++)
		if (disk->units[i].size > 0)
			return &disk->units[i];
	return NULL;
}

/* Of all units, or where there are none of the volumes. */
static uint64_t size_of(const struct disk_info *disk, const struct listing *l)
{
	uint64_t size = 0;
	unsigned i;

	for (i = 0; i < disk->n_units; i++)
		size += disk->units[i].size;
	for (i = 0; disk->n_units == 0 && i < l->n_volumes; i++)
		size += l->volumes[i].size;
	return size;
}

json_t *record_card(const struct disk_info *disk, const struct listing *l)
{
	static const struct disk_info none;
	const struct disk_unit *first;

	if (disk == NULL)
		disk = &none;
	first = first_unit(disk);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "size", number(size_of(disk, l)),
			 "block_size", first != NULL ? number(first->block_size) : json_null(),
			 "vendor", finding_text(disk->vendor), "product", finding_text(disk->product),
			 "revision", finding_text(disk->revision),
			 "filesystem", finding_text(l->volumes[0].filesystem),
			 "label", finding_text(l->volumes[0].label),
			 "units", units(disk), "volumes", volumes(l), "device", device(&l->device));
}

json_t *record_listed(int64_t at_ms, const struct disk_info *disk, const struct listing *l,
		      size_t files, uint64_t bytes)
{
	size_t deleted = 0, i;

	for (i = 0; i < l->n_files; i++)
		deleted += l->files[i].deleted;
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}",
			 "type", "listed", "at", moment(at_ms),
			 "card", record_card(disk, l),
			 "files", number(files), "bytes", number(bytes),
			 "deleted", number(deleted));
}

/* ------ the check before use ------ */

static json_t *faults(const struct record_check *c)
{
	json_t *list = json_array();
	size_t i;

	if (c->n_faults > RECORD_FAULTS_MAX)
		BUG("a check with %zu faults", c->n_faults);
	for (i = 0; i < c->n_faults && list != NULL; i++)
		if (json_array_append_new(list, finding_text(c->faults[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* What the device has left, and what its clock says. */
static json_t *state(const struct record_check *c)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
			 "battery", c->battery < 0 ? json_null() : json_integer(c->battery),
			 "free", c->has_space ? number(c->free) : json_null(),
			 "capacity", c->has_space ? number(c->capacity) : json_null(),
			 "clock_offset_ms",
			 c->has_clock ? json_integer(c->clock_offset_ms) : json_null(),
			 "clock_uncertainty_ms",
			 c->has_clock ? number(c->clock_uncertainty_ms) : json_null());
}

json_t *record_check(const struct record_check *c)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:o, s:b, s:o, s:o}", "type", "check",
			      "recorder", c->recorder, "phase", c->phase,
			      "at", moment(c->at_ms), "clock_set", c->clock_set,
			      "faults", faults(c), "findings", findings_json(c->findings));

	return of_session(merged(j, state(c)), c->session);
}

/* ------ its ledger, and what was done to it ------ */

json_t *record_inventory(const struct record_inventory *i)
{
	if (i->part >= i->parts || i->parts > RECORD_PARTS_MAX ||
	    strlen(i->entries) > RECORD_ENTRIES_MAX)
		BUG("part %u of %u of an inventory", i->part, i->parts);
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "type", "inventory", "recorder", i->recorder, "at", moment(i->at_ms),
			 "part", number(i->part), "parts", number(i->parts),
			 "files", number(i->files), "entries", finding_text(i->entries),
			 "blob", address(&i->blob), "signature_blob", address(i->signature_blob));
}

static json_t *about_file(const char *type, const struct record_clearing *c)
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "type", type,
			      "recorder", c->recorder, "at", moment(c->at_ms),
			      "path", finding_text(c->file->path),
			      "path_raw", hex(c->file->raw, c->file->raw_len),
			      "size", number(c->file->size),
			      "modified", text_or_null(c->file->modified),
			      "blob", address(&c->blob));

	return of_session(j, c->session);
}

json_t *record_clearing(const struct record_clearing *c)
{
	return about_file("clearing", c);
}

json_t *record_cleared(const struct record_clearing *c, const char *why,
		       const struct findings *findings)
{
	return merged(about_file("cleared", c),
		      json_pack("{s:b, s:o, s:o}", "ok", why == NULL,
				"why", why != NULL ? finding_text(why) : json_null(),
				"findings", findings_json(findings)));
}

json_t *record_challenge(const char *session, const char *recorder, int64_t at_ms,
			 const uint8_t nonce[RECORD_NONCE], const char *name)
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:o, s:o}", "type", "challenge",
			      "recorder", recorder, "at", moment(at_ms),
			      "nonce", hex(nonce, RECORD_NONCE), "name", finding_text(name));

	return of_session(j, session);
}
