#include "package/package.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "custody/tile.h"
#include "package/discs.h"
#include "package/outputs.h"
#include "package/verify_text.h"

struct package_extra *package_add_extra(struct package *p, size_t max, const char *path, ...)
{
	struct package_extra *list = reallocarray(p->extras, p->n_extras + 1, sizeof(*list));
	struct package_extra *x;
	va_list ap;

	if (list == NULL)
		return NULL;
	p->extras = list;
	x = &list[p->n_extras++];
	*x = (struct package_extra){ .bytes = BUF_INIT(max) };
	va_start(ap, path);
	vsnprintf(x->path, sizeof(x->path), path, ap);
	va_end(ap);
	return x;
}

void package_clear(struct package *p)
{
	size_t i;

	for (i = 0; i < p->n_objects; i++) {
		free(p->objects[i].leaves);
		json_decref(p->objects[i].facts);
	}
	free(p->objects);
	for (i = 0; i < p->n_extras; i++)
		buf_clear(&p->extras[i].bytes);
	free(p->extras);
	free(p->by);
	free(p->reason);
	json_decref(p->events);
	buf_clear(&p->head.text);
	buf_clear(&p->stamped.text);
	minisign_secret_key_free(p->export_key);
	*p = (struct package){ .n_objects = 0 };
}

/* ------ names ------ */

static void name_objects(struct package *p)
{
	char name[PACKAGE_NAME_SIZE], ext[PACKAGE_EXT_SIZE];
	const char *path;
	size_t i;

	for (i = 0; i < p->n_objects; i++) {
		struct package_object *o = &p->objects[i];

		path = json_string_value(json_object_get(o->facts, "path"));
		package_name((unsigned)(i + 1), o->recorder[0] != '\0' ? o->recorder : NULL, o->seq,
			     name);
		package_extension(path != NULL ? path : "", ext);
		snprintf(o->media, sizeof(o->media), "data/media/%s.%s", name, ext);
	}
}

/* ------ discs ------ */

enum {
	/* What a file takes in both manifests. */
	MANIFEST_BYTES = 64 + 128 + 2 * (3 + PACKAGE_PATH_SIZE),
	/* Of the certificate: fonts and all that is there once; what an object and a leaf take. */
	CERTIFICATE_FIXED = 256 * 1024,
	CERTIFICATE_OBJECT = 4096,
	CERTIFICATE_LEAF = 256,
	INDEX_LEAF = 21,
	/* Of a proof: its head, a line a hash. */
	PROOF_HEAD = 64,
	PROOF_LINE = 45,
};

static uint64_t file_bytes(uint64_t size)
{
	return package_image_bytes(size) + MANIFEST_BYTES;
}

static uint64_t sidecar_bytes(const struct package_sidecar *s)
{
	return (s->is_there ? file_bytes(s->manifest_size) : 0) +
	       (s->is_signed ? file_bytes(s->signature_size) : 0);
}

/* Leaves that objects share are counted for each: a disc may stay a little emptier. */
static int object_bytes(const struct package *p, const struct package_object *o, uint64_t *ret,
			struct err *e)
{
	const uint64_t proof = file_bytes(PROOF_HEAD + MERKLE_PROOF_MAX * PROOF_LINE +
					  p->head.text.len);
	uint64_t bytes = file_bytes(o->size) + sidecar_bytes(&o->by_recorder) +
		sidecar_bytes(&o->by_dock) + PACKAGE_LINE_MAX + INDEX_LEAF * o->n_leaves;
	struct buf leaf = BUF_INIT(TILE_ENTRY_MAX);
	size_t i;
	int r = 0;

	for (i = 0; i < o->n_leaves && r == 0; i++) {
		buf_reset(&leaf);
		r = p->source.leaf(p->source.data, o->leaves[i], &leaf, e);
		bytes += file_bytes(leaf.len) + proof * (p->is_stamped ? 2 : 1);
	}
	buf_clear(&leaf);
	*ret = bytes;
	return r;
}

static uint64_t common_bytes(const struct package *p)
{
	uint64_t bytes = PACKAGE_IMAGE_FIXED + file_bytes(VERIFY_TEXT_MAX) + CERTIFICATE_FIXED +
		2 * file_bytes(CHECKPOINT_MAX) +
		p->n_objects * (CERTIFICATE_OBJECT + PACKAGE_LINE_MAX) +
		json_array_size(p->events) * CERTIFICATE_LEAF;
	size_t i;

	for (i = 0; i < p->n_extras; i++)
		bytes += file_bytes(p->extras[i].bytes.len);
	return bytes;
}

static int plan_discs(struct package *p, uint64_t media_size, unsigned *ret_discs, struct err *e)
{
	uint64_t *sizes = calloc(p->n_objects, sizeof(*sizes));
	unsigned *disc = calloc(p->n_objects, sizeof(*disc));
	size_t i;
	int r = 0;

	if (sizes == NULL || disc == NULL)
		r = err_set(e, -ENOMEM, "no memory to plan %zu objects", p->n_objects);
	for (i = 0; i < p->n_objects && r == 0; i++)
		r = object_bytes(p, &p->objects[i], &sizes[i], e);
	if (r == 0)
		r = package_discs(sizes, p->n_objects, common_bytes(p), media_size, disc, ret_discs,
				  e);
	if (r == 0 && *ret_discs == 1)
		*ret_discs = 0;		/* no set */
	for (i = 0; i < p->n_objects && r == 0; i++)
		p->objects[i].disc = *ret_discs == 0 ? 0 : disc[i];
	free(sizes);
	free(disc);
	return r;
}

int package_plan(struct package *p, const struct package_output *o, unsigned *ret_discs,
		 struct err *e)
{
	int r = 0;

	*ret_discs = 0;
	if (p->n_objects == 0 || p->n_objects > PACKAGE_OBJECTS_MAX)
		return err_set(e, -EINVAL, "%zu objects: a package holds 1 to %d", p->n_objects,
			       PACKAGE_OBJECTS_MAX);
	name_objects(p);
	if (o->form == PACKAGE_ISO && o->media_size > 0)
		r = plan_discs(p, o->media_size, ret_discs, e);
	return r < 0 ? r : output_check_free(o, *ret_discs, e);
}
