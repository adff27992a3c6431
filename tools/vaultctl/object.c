#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

bool object_is_blob(const char *object)
{
	return strlen(object) == DIGEST_HEX_LEN &&
		strspn(object, "0123456789abcdef") == DIGEST_HEX_LEN;
}

static const char *recording_of(const char *object)
{
	const char *slash = strchr(object, '/');

	return slash != NULL && slash > object && slash - object <= 32 && ctl_is_uuid(slash + 1) &&
		strchr(object, ':') == NULL ? slash + 1 : NULL;
}

bool object_is_evidence(const char *object)
{
	return object_is_blob(object) || ctl_is_uuid(object) || recording_of(object) != NULL;
}

int object_find(struct ctl *c, const char *object, json_t **ret)
{
	const char *const one[] = { object };
	const char *recording = recording_of(object);
	char recorder[64];

	if (object_is_blob(object))
		return ctl_query(c, STATEMENT_BLOB_SHOW, one, 1, ret);
	if (ctl_is_uuid(object))
		return ctl_query(c, STATEMENT_SEGMENT_SHOW, one, 1, ret);
	if (recording != NULL) {
		snprintf(recorder, sizeof(recorder), "%.*s", (int)(recording - 1 - object), object);
		const char *const both[] = { recorder, recording };

		return ctl_query(c, STATEMENT_RECORDING_SEGMENTS, both, COUNT(both), ret);
	}
	*ret = json_array();
	return EXIT_GOOD;
}

/* What is no UTF-8 is no name of the log's. */
static void add_name(json_t *list, const char *kind, const char *name)
{
	if (name != NULL)
		json_array_append_new(list, json_sprintf("%s%s", kind, name));
}

static const char *field(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

/* The names of what a row of object_find() is of, and of what that is made of. */
static void add_row(json_t *list, const char *object, const json_t *row)
{
	static const char *const blobs[] = { "blob", "manifest", "signature_blob", "seal_manifest",
					     "seal_signature" };
	size_t k;

	if (recording_of(object) != NULL && json_array_size(list) == 0)
		json_array_append_new(list, json_sprintf("recording:%s/%s", field(row, "recorder"),
							 field(row, "recording")));
	add_name(list, "segment:", field(row, "segment"));
	for (k = 0; k < COUNT(blobs); k++)
		add_name(list, "blob:", field(row, blobs[k]));
}

int object_names(struct ctl *c, const char *object, json_t **ret)
{
	json_t *rows = NULL, *list;
	const json_t *row;
	size_t i;
	int r = object_find(c, object, &rows);

	if (r == EXIT_GOOD && json_array_size(rows) == 0 &&
	    (object_is_evidence(object) || strchr(object, ':') == NULL))
		r = ctl_usage(T_NO_OBJECT, object);
	if (r == EXIT_GOOD) {
		list = json_array();
		if (object_is_blob(object) || !object_is_evidence(object))
			add_name(list, object_is_blob(object) ? "blob:" : "", object);
		json_array_foreach(rows, i, row)
			add_row(list, object, row);
		*ret = list;
	}
	json_decref(rows);
	return r;
}
