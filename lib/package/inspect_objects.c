/* The objects of a package: their media, sidecars, and what the log says of them. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/bagit.h"
#include "format/manifest.h"
#include "package/inspect_impl.h"

#define OBJECTS		"data/objects.tsv"
#define ADDRESSES	"data/log/addresses.b2"

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct media *)a)->path, ((const struct media *)b)->path);
}

/* ------ media ------ */

static void judge_media(struct inspection *in, const struct index_object *o)
{
	const struct media key = { .path = (char *)(uintptr_t)o->media };
	struct inspect_report *r = in->report;
	struct media *m = in->n_media == 0 ? NULL :
			  bsearch(&key, in->media, in->n_media, sizeof(key), by_path);

	if (m == NULL) {
		inspect_note(r, INSPECT_FILE_MISSING, o->media, OBJECTS);
		return;
	}
	m->used = true;
	if (m->size != o->size || !digest_equal(&m->blob, &o->blob) ||
	    memcmp(m->sha256, o->sha256, sizeof(m->sha256)) != 0) {
		inspect_note(r, INSPECT_OTHER_MEDIA, o->media, NULL);
		return;
	}
	r->media++;
	r->media_bytes += m->size;
}

/* ------ leaves ------ */

struct said {				/* of an object, by its leaves */
	bool named, digest_bad, signature_bad;
};

static bool names(const struct leaf *l, const struct digest *blob)
{
	size_t i;

	for (i = 0; i < l->n_blobs; i++)
		if (memcmp(l->blobs + i * DIGEST_LEN, blob->b, DIGEST_LEN) == 0)
			return true;
	return false;
}

/* Is it a leaf of what the object is called?  A blob is called by its address, which it names. */
static bool is_of(const struct leaf *l, const struct index_object *o)
{
	char hex[DIGEST_HEX_SIZE];

	if (strncmp(o->id, "segment:", 8) == 0)
		return l->segment != NULL && strcmp(l->segment, o->id) == 0;
	return strncmp(o->id, "blob:", 5) == 0 && strcmp(o->id + 5, digest_hex(&o->blob, hex)) == 0;
}

static struct said judge_leaves(const struct inspection *in, const struct index_object *o)
{
	struct said said = { .named = false };
	const struct leaf *l;
	uint64_t index;
	size_t at = 0;
	char what[32];

	while (index_next_leaf(o, &at, &index)) {
		l = inspect_leaf(in, index);
		if (l == NULL) {
			snprintf(what, sizeof(what), "%llu", (unsigned long long)index);
			inspect_note(in->report, INSPECT_LEAF_MISSING, o->media, what);
			continue;
		}
		if (!names(l, &o->blob))
			continue;
		/* Two segments' media that changed places have leaves that name them, each the other's. */
		said.named = said.named || is_of(l, o);
		said.digest_bad = said.digest_bad || l->digest_bad;
		said.signature_bad = said.signature_bad || l->signature_bad;
	}
	if (!said.named)
		inspect_note(in->report, INSPECT_LEAF_STRANGE, o->media, o->id);
	return said;
}

/* ------ sidecars ------ */

/* Does the key in the package verify it?  False, and noted. */
static bool judge_signature(const struct inspection *in, const struct index_sidecar *s,
			    const struct kept *bwm)
{
	char path[PACKAGE_PATH_SIZE + 16];
	const struct kept *sig, *pub = inspect_need(in, s->key, s->path);
	struct minisign_public_key key;
	struct minisign_signature signature;
	struct err why = { 0, "" };

	snprintf(path, sizeof(path), "%s.minisig", s->path);
	sig = inspect_need(in, path, s->path);
	if (pub == NULL || sig == NULL)
		return false;
	if (minisign_parse_public_key(pub->bytes, pub->len, &key, &why) < 0) {
		inspect_note(in->report, INSPECT_BAD_FILE, s->key, why.msg);
		return false;
	}
	if (minisign_parse_signature(sig->bytes, sig->len, &signature, &why) < 0) {
		inspect_note(in->report, INSPECT_BAD_FILE, path, why.msg);
		return false;
	}
	if (!minisign_verify(&key, &signature, bwm->bytes, bwm->len)) {
		inspect_note(in->report, INSPECT_SIDECAR_FORGED, s->path, s->key);
		return false;
	}
	return true;
}

static void judge_sidecar(const struct inspection *in, const struct index_object *o,
			  const struct index_sidecar *s, const struct said *said)
{
	struct inspect_report *r = in->report;
	const struct kept *bwm;
	struct err why = { 0, "" };
	struct manifest m;

	if (s->path[0] == '\0')
		return;
	bwm = inspect_need(in, s->path, o->media);
	if (bwm == NULL)
		return;
	/* What no key verified at the dock is kept as it came; it need not even be a manifest. */
	if (s->key[0] == '\0') {
		inspect_note(r, said->signature_bad ? INSPECT_SIDECAR_NOT_VALID :
			     INSPECT_SIDECAR_FORGED, s->path, NULL);
		return;
	}
	if (!judge_signature(in, s, bwm))
		return;
	if (manifest_parse(bwm->bytes, bwm->len, &m, &why) < 0)
		inspect_note(r, INSPECT_BAD_FILE, s->path, why.msg);
	else if (m.kind != MANIFEST_SEGMENT || m.size != o->size ||
		 !digest_equal(&m.blake2b, &o->blob) ||
		 memcmp(m.sha256, o->sha256, sizeof(m.sha256)) != 0)
		inspect_note(r, said->digest_bad ? INSPECT_SIDECAR_KNOWN : INSPECT_SIDECAR_OTHER,
			     s->path, o->media);
	else
		r->sidecars++;
}

/* ------ the index ------ */

static void judge_object(struct inspection *in, const struct index_object *o)
{
	struct said said;

	judge_media(in, o);
	said = judge_leaves(in, o);
	judge_sidecar(in, o, &o->by_recorder, &said);
	/* The dock seals what it stored: nothing excuses it. */
	judge_sidecar(in, o, &o->by_dock, &(struct said){ .named = true });
}

/* addresses.b2 is for b2sum: it says what objects.tsv says. */
static void judge_addresses(const struct inspection *in, const struct buf *want)
{
	const struct kept *k = inspect_need(in, ADDRESSES, "");

	if (k != NULL && (k->len != want->len || memcmp(k->bytes, buf_str(want), k->len) != 0))
		inspect_note(in->report, INSPECT_BAD_FILE, ADDRESSES, "it is not what " OBJECTS " says");
}

void inspect_objects(struct inspection *in)
{
	AUTO(buf_clear) struct buf addresses = BUF_INIT(BAG_KEEP_MAX);
	const struct kept *k = inspect_need(in, OBJECTS, "");
	struct bagit_lines l = { NULL, NULL, 0 };
	struct index_object o;
	const char *line;
	char what[64];
	size_t len, i;

	if (in->n_media > 0)
		qsort(in->media, in->n_media, sizeof(*in->media), by_path);
	if (k != NULL)
		l = (struct bagit_lines){ (char *)k->bytes, (char *)k->bytes + k->len, 0 };
	while (bagit_next_line(&l, &line, &len)) {
		if (l.number == 1 && index_is_comment(line, len))
			continue;
		if (!index_parse_object(line, len, &o)) {
			snprintf(what, sizeof(what), "line %d", (int)l.number);
			inspect_note(in->report, INSPECT_BAD_FILE, OBJECTS, what);
			continue;
		}
		package_manifest_line(&addresses, o.blob.b, sizeof(o.blob.b), o.media);
		judge_object(in, &o);
	}
	if (k != NULL)
		judge_addresses(in, &addresses);
	for (i = 0; i < in->n_media; i++)
		if (!in->media[i].used)
			inspect_note(in->report, INSPECT_STRAY_MEDIA, in->media[i].path, NULL);
}
