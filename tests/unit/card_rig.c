#include "unit/card_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void card_rig_make(struct card_rig *r, const char *pattern, const struct rig_file *f,
		   const struct card_stored *stored)
{
	struct err e = { 0, "" };
	size_t i;

	memset(r, 0, sizeof(*r));
	r->listing.files = r->files;
	for (i = 0; i < RIG_FILES && f[i].path != NULL; i++) {
		r->files[i] = (struct listing_file){ .path = (char *)(uintptr_t)f[i].path,
						     .size = f[i].size, .deleted = f[i].deleted };
		if (f[i].modified == NULL)
			continue;
		snprintf(r->files[i].modified, sizeof(r->files[i].modified), "%s", f[i].modified);
		snprintf(r->files[i].created, sizeof(r->files[i].created), "%s", f[i].modified);
	}
	r->listing.n_files = (uint32_t)i;
	r->naming = (struct naming){ .patterns = &r->pattern, .zone_min = NAMING_SHANGHAI_MIN };
	if (pattern != NULL) {
		ck_assert_msg(pattern_parse(pattern, &r->pattern, &e) == 0, "%s", e.msg);
		r->naming.n_patterns = 1;
		r->naming.certain = true;
	}
	r->card = (struct card){
		.recorder = "REC-1", .docked_ms = 1000, .listing = &r->listing,
		.naming = &r->naming, .names = naming_read(&r->naming, &r->listing),
		.stored = stored, .capacity = UINT64_MAX, .free = UINT64_MAX,
	};
	ck_assert_ptr_nonnull(r->card.names);
	while (stored != NULL && r->card.n_stored < RIG_FILES &&
	       stored[r->card.n_stored].path != NULL)
		r->card.n_stored++;
}

void card_rig_free(struct card_rig *r)
{
	free((void *)(uintptr_t)r->card.names);
}

const struct finding *card_rig_find(const struct findings *l, const char *key, const char *text)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(json_string_value(json_object_get(l->items[i].detail, key)), text) == 0)
			return &l->items[i];
	return NULL;
}
