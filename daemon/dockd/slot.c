#include "slot.h"

#include <stdio.h>

#include "base/util.h"
#include "rules/finding.h"

static const char *const names[SLOT_STATES] = {
	[SLOT_EMPTY] = "empty",		[SLOT_IDENTIFYING] = "identifying",
	[SLOT_READING] = "reading",	[SLOT_PAUSED] = "paused",
	[SLOT_RECORDING] = "recording",	[SLOT_SAFE] = "safe",
	[SLOT_REFUSED] = "refused",	[SLOT_FAULT] = "fault",
	[SLOT_UNASSIGNED] = "unassigned",
};

const char *slot_state_name(enum slot_state s)
{
	return names[s];
}

static json_t *usb_json(const struct usb_device_info *u)
{
	char vid[5], pid[5];

	if (u == NULL)
		return json_null();
	snprintf(vid, sizeof(vid), "%04x", u->vid);
	snprintf(pid, sizeof(pid), "%04x", u->pid);
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "vid", vid, "pid", pid,
			 "serial", finding_text(u->serial),
			 "manufacturer", finding_text(u->manufacturer),
			 "product", finding_text(u->product));
}

json_t *slot_json(const struct slot_view *v)
{
	const char *recorder = v->recorder != NULL && v->recorder[0] != '\0' ? v->recorder : NULL;

	return json_pack("{s:s?, s:s, s:s, s:o, s:o, s:s?, s:s?, s:I, s:I, s:I, s:I, s:s?, s:b}",
			 "slot", v->slot, "port", v->port, "state", slot_state_name(v->state),
			 "note", finding_text(v->note), "usb", usb_json(v->usb),
			 "session", v->session, "recorder", recorder,
			 "files_done", (json_int_t)v->files_done,
			 "files_total", (json_int_t)v->files_total,
			 "bytes_done", (json_int_t)v->bytes_done,
			 "bytes_total", (json_int_t)v->bytes_total, "outcome", v->outcome,
			 "recorded", (int)v->recorded);
}
