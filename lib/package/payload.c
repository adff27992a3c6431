/* What is below data/. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "custody/proof.h"
#include "custody/tile.h"
#include "package/bag.h"
#include "package/certificate.h"
#include "package/verify_text.h"
#include "package/writing.h"

/* No more than whoever checks a package takes. */
enum { INDEX_MAX = BAG_KEEP_MAX };

bool writing_has(const struct writing *w, const struct package_object *o)
{
	return w->discs == 0 || o->disc == w->disc;
}

/* NAME, without the extension of the media. */
static int name_len(const struct package_object *o)
{
	const char *name = o->media + strlen("data/media/");

	return (int)(strrchr(name, '.') - name);
}

static void sidecar_path(const struct package_object *o, const char *behind,
			 char ret[PACKAGE_PATH_SIZE])
{
	snprintf(ret, PACKAGE_PATH_SIZE, "data/sidecar/%.*s.%s", name_len(o),
		 o->media + strlen("data/media/"), behind);
}

/* ------ media and sidecars ------ */

static int put_media(struct writing *w, struct package_object *o, struct err *e)
{
	if (w->hashed && w->sink == sink_nowhere())
		return files_add(&w->files, o->media, FILE_PAYLOAD, o->size, &o->digests, e);
	return put_blob(w, o->media, &o->blob, o->size, &o->digests, e);
}

static int put_sidecar(struct writing *w, const struct package_object *o,
		       const struct package_sidecar *s, const char *whose, struct err *e)
{
	char path[PACKAGE_PATH_SIZE], behind[32];
	int r;

	if (!s->is_there)
		return 0;
	snprintf(behind, sizeof(behind), "%s.bwm", whose);
	sidecar_path(o, behind, path);
	r = put_blob(w, path, &s->manifest, s->manifest_size, NULL, e);
	if (r < 0 || !s->is_signed)
		return r;
	snprintf(behind, sizeof(behind), "%s.bwm.minisig", whose);
	sidecar_path(o, behind, path);
	return put_blob(w, path, &s->signature, s->signature_size, NULL, e);
}

static int put_objects(struct writing *w, struct err *e)
{
	struct package_object *o = w->p->objects, *end = o + w->p->n_objects;
	int r = 0;

	for (; o < end && r == 0; o++) {
		if (!writing_has(w, o))
			continue;
		r = put_media(w, o, e);
		if (r == 0)
			r = put_sidecar(w, o, &o->by_recorder, "rec", e);
		if (r == 0)
			r = put_sidecar(w, o, &o->by_dock, "dock", e);
	}
	return r;
}

/* ------ indices ------ */

static void add_sidecar(struct buf *to, const struct package_object *o,
			const struct package_sidecar *s, const char *behind)
{
	char path[PACKAGE_PATH_SIZE];

	sidecar_path(o, behind, path);
	buf_addf(to, "\t%s\t%s", s->is_there ? path : "-", s->key[0] != '\0' ? s->key : "-");
}

static void add_object(struct buf *to, const struct package_object *o, size_t number)
{
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	buf_addf(to, "%04zu\t%s\t%s\t%" PRIu64 "\t%s\t", number, o->id, o->media, o->size,
		 digest_hex(&o->blob, hex));
	package_hex(to, o->digests.sha256, sizeof(o->digests.sha256));
	add_sidecar(to, o, &o->by_recorder, "rec.bwm");
	add_sidecar(to, o, &o->by_dock, "dock.bwm");
	for (i = 0; i < o->n_leaves; i++)
		buf_addf(to, "%s%" PRIu64, i == 0 ? "\t" : ",", o->leaves[i]);
	buf_adds(to, o->n_leaves == 0 ? "\t-\n" : "\n");
}

static int put_indices(struct writing *w, struct err *e)
{
	AUTO(buf_clear) struct buf objects = BUF_INIT(INDEX_MAX), addresses = BUF_INIT(INDEX_MAX);
	size_t i;
	int r;

	buf_adds(&objects, "#number\tobject\tmedia\tsize\tblake2b256\tsha256\trecorder_sidecar\t"
		 "recorder_key\tdock_sidecar\tdock_key\tleaves\n");
	for (i = 0; i < w->p->n_objects; i++) {
		const struct package_object *o = &w->p->objects[i];

		if (!writing_has(w, o))
			continue;
		add_object(&objects, o, i + 1);
		package_manifest_line(&addresses, o->blob.b, sizeof(o->blob.b), o->media);
	}
	r = put_bytes(w, "data/objects.tsv", FILE_PAYLOAD, &objects, e);
	return r < 0 ? r : put_bytes(w, "data/log/addresses.b2", FILE_PAYLOAD, &addresses, e);
}

/* ------ the log ------ */

static int by_index(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The leaves of this disc's objects, each once. */
static int leaves_of(const struct writing *w, uint64_t **ret, size_t *ret_n, struct err *e)
{
	const struct package *p = w->p;
	uint64_t *list;
	size_t n = 0, i, k;

	for (i = 0; i < p->n_objects; i++)
		n += writing_has(w, &p->objects[i]) ? p->objects[i].n_leaves : 0;
	list = calloc(n + 1, sizeof(*list));
	if (list == NULL)
		return err_set(e, -ENOMEM, "no memory for %zu leaves", n);
	for (i = 0, n = 0; i < p->n_objects; i++)
		for (k = 0; writing_has(w, &p->objects[i]) && k < p->objects[i].n_leaves; k++)
			list[n++] = p->objects[i].leaves[k];
	qsort(list, n, sizeof(*list), by_index);
	for (i = 0, k = 0; i < n; i++)
		if (k == 0 || list[k - 1] != list[i])
			list[k++] = list[i];
	*ret = list;
	*ret_n = k;
	return 0;
}

/*
 * It is proven here before it is written: a log that does not prove its own leaves contradicts
 * itself, and nobody is to learn that from a package.
 */
static int put_proof(struct writing *w, const char *path, uint64_t index,
		     const struct merkle_hash *leaf, const struct package_head *head, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(PROOF_TEXT_MAX);
	struct merkle_proof proof;
	int r = w->p->source.prove(w->p->source.data, index, head->checkpoint.size, &proof, e);

	if (r < 0)
		return r;
	if (!merkle_check_inclusion(index, head->checkpoint.size, leaf, &proof,
				    &head->checkpoint.root))
		return err_set(e, -EUCLEAN,
			       "leaf %" PRIu64 " of the custody log is not in its checkpoint of"
			       " %" PRIu64
			       " (Art. 33): nothing was exported; run vaultctl verify log",
			       index, head->checkpoint.size);
	proof_write(index, &proof, head->text.p, head->text.len, &text);
	return put_bytes(w, path, FILE_PAYLOAD, &text, e);
}

static int put_leaf(struct writing *w, uint64_t index, struct err *e)
{
	AUTO(buf_clear) struct buf leaf = BUF_INIT(TILE_ENTRY_MAX);
	const struct package *p = w->p;
	char path[PACKAGE_PATH_SIZE];
	struct merkle_hash hash;
	int r = p->source.leaf(p->source.data, index, &leaf, e);

	if (r < 0)
		return r;
	hash = merkle_leaf(leaf.p, leaf.len);
	snprintf(path, sizeof(path), "data/log/leaves/%" PRIu64 ".json", index);
	r = put_bytes(w, path, FILE_PAYLOAD, &leaf, e);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "data/log/proofs/%" PRIu64 ".tlog-proof", index);
	r = put_proof(w, path, index, &hash, &p->head, e);
	if (r < 0 || !p->is_stamped || index >= p->stamped.checkpoint.size)
		return r;
	snprintf(path, sizeof(path), "data/log/time/%" PRIu64 "/proofs/%" PRIu64 ".tlog-proof",
		 p->stamped.checkpoint.size, index);
	return put_proof(w, path, index, &hash, &p->stamped, e);
}

static void freep(uint64_t **p)
{
	free(*p);
}

static int put_log(struct writing *w, struct err *e)
{
	AUTO(freep) uint64_t *leaves = NULL;
	const struct package *p = w->p;
	char path[PACKAGE_PATH_SIZE];
	size_t n = 0, i;
	int r = put_bytes(w, "data/log/checkpoint", FILE_PAYLOAD, &p->head.text, e);

	if (r == 0 && p->is_stamped) {
		snprintf(path, sizeof(path), "data/log/time/%" PRIu64 "/checkpoint",
			 p->stamped.checkpoint.size);
		r = put_bytes(w, path, FILE_PAYLOAD, &p->stamped.text, e);
	}
	if (r == 0)
		r = leaves_of(w, &leaves, &n, e);
	for (i = 0; i < n && r == 0; i++)
		r = put_leaf(w, leaves[i], e);
	for (i = 0; i < p->n_extras && r == 0; i++)
		r = put_bytes(w, p->extras[i].path, FILE_PAYLOAD, &p->extras[i].bytes, e);
	return r;
}

/* ------ what is read ------ */

/* The same on every disc, and made once: by now the objects' digests are known. */
static int make_texts(struct writing *w, struct err *e)
{
	const struct verify_text v = {
		.id = w->p->id, .station = w->p->station, .set = w->discs > 0,
		.cosigned = w->p->n_witnesses > 0, .stamped = w->p->is_stamped,
	};

	if (w->verify.len > 0)
		return 0;
	verify_text_write(&v, &w->verify);
	return certificate_write(w->p, &w->certificate, e);
}

int payload_write(struct writing *w, struct err *e)
{
	int r = put_objects(w, e);

	if (r == 0)
		r = put_indices(w, e);
	if (r == 0)
		r = put_log(w, e);
	if (r == 0)
		r = make_texts(w, e);
	if (r == 0)
		r = put_bytes(w, "data/certificate.pdf", FILE_PAYLOAD, &w->certificate, e);
	return r < 0 ? r : put_bytes(w, "data/VERIFY.txt", FILE_PAYLOAD, &w->verify, e);
}
