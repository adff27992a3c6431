/*
 * What is known of the device in a slot, for whoever writes a block for its
 * model (recorders.d): of a stranger what USB tells, of an enrolled recorder
 * that was listed its card and a sample of the paths on it as well.
 */
#include <stdio.h>

#include "session_impl.h"

enum { SAMPLES_MAX = 32 };

/* Evenly over the listing, whose order is that of the directories. */
static json_t *sample_paths(const struct listing *l)
{
	json_t *paths = json_array();
	uint32_t files = 0, seen = 0, taken = 0, want, i;

	for (i = 0; i < l->n_files; i++)
		files += !l->files[i].deleted;
	want = files < SAMPLES_MAX ? files : SAMPLES_MAX;
	for (i = 0; i < l->n_files && taken < want; i++) {
		if (l->files[i].deleted)
			continue;
		if ((uint64_t)seen++ * want < (uint64_t)taken * files)
			continue;
		json_array_append_new(paths, finding_text(l->files[i].path));
		taken++;
	}
	return paths;
}

void session_note_card(struct session *s)
{
	json_decref(s->probed);
	s->probed = json_pack("{s:o, s:I, s:o}",
			      "card", record_card(&s->medium_info.disk, &s->listing),
			      "files", (json_int_t)s->listing.n_files,
			      "paths", sample_paths(&s->listing));
}

static const char *class_name(enum usb_class c)
{
	switch (c) {
	case USB_CLASS_STORAGE:
		return "storage";
	case USB_CLASS_MTP:
		return "mtp";
	case USB_CLASS_HUB:
	case USB_CLASS_OTHER:
		break;
	}
	return "other";
}

/* How it stands with the lock that its model says it has. */
static const char *lock_name(const struct session *s)
{
	if (s->returned)
		return "unlocked";
	return s->model != NULL && s->model->unlock != MODEL_UNLOCK_NONE ? "locked" : "none";
}

json_t *session_probe(const struct session *s)
{
	return json_pack("{s:s, s:s, s:s?, s:s, s:O?}", "class", class_name(s->info.class),
			 "speed", s->info.superspeed ? "super" : "high",
			 "model", s->model != NULL ? s->model->name : NULL, "lock", lock_name(s),
			 "seen", s->probed);
}
