#include "package/inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "custody/lines.h"
#include "custody/timestamp.h"
#include "format/name.h"
#include "package/inspect_impl.h"

#define TAGS		"tagmanifest-sha512.txt"
#define SIGNATURE	TAGS ".minisig"
#define MANIFEST	"manifest-sha512.txt"
#define EXPORT_KEY	"data/log/keys/export.pub"

/* Of a small file, the largest being an authority's certificates; what is larger is not kept. */
enum { SMALL_MAX = TIMESTAMP_CA_MAX };

/* ------ what is found ------ */

static const struct { const char *name; enum inspect_area area; } faults[INSPECT_FAULTS] = {
	[INSPECT_NO_PACKAGE] = { "no_package", INSPECT_BAG },
	[INSPECT_UNCOVERED] = { "uncovered", INSPECT_SIGNATURE },
	[INSPECT_UNSIGNED] = { "unsigned", INSPECT_SIGNATURE },
	[INSPECT_OTHER_KEY] = { "other_key", INSPECT_SIGNATURE },
	[INSPECT_FORGED] = { "forged", INSPECT_SIGNATURE },
	[INSPECT_BAD_FILE] = { "bad_file", INSPECT_BAG },
	[INSPECT_FILE_MISSING] = { "file_missing", INSPECT_BAG },
	[INSPECT_OTHER_MEDIA] = { "other_media", INSPECT_MEDIA },
	[INSPECT_STRAY_MEDIA] = { "stray_media", INSPECT_MEDIA },
	[INSPECT_SIDECAR_FORGED] = { "sidecar_forged", INSPECT_SIDECARS },
	[INSPECT_SIDECAR_OTHER] = { "sidecar_other", INSPECT_SIDECARS },
	[INSPECT_LEAF_BAD] = { "leaf_bad", INSPECT_LEAVES },
	[INSPECT_LEAF_MISSING] = { "leaf_missing", INSPECT_LEAVES },
	[INSPECT_LEAF_STRANGE] = { "leaf_strange", INSPECT_LEAVES },
	[INSPECT_UNPROVEN] = { "unproven", INSPECT_LEAVES },
	[INSPECT_PROOF_WRONG] = { "proof_wrong", INSPECT_LEAVES },
	[INSPECT_PROOF_OTHER] = { "proof_other", INSPECT_LEAVES },
	[INSPECT_CHECKPOINT_UNSIGNED] = { "checkpoint_unsigned", INSPECT_CHECKPOINT },
	[INSPECT_CHECKPOINT_FORGED] = { "checkpoint_forged", INSPECT_CHECKPOINT },
	[INSPECT_CHECKPOINT_OTHER] = { "checkpoint_other", INSPECT_CHECKPOINT },
	[INSPECT_COSIGNATURE_MISSING] = { "cosignature_missing", INSPECT_WITNESSES },
	[INSPECT_COSIGNATURE_FORGED] = { "cosignature_forged", INSPECT_WITNESSES },
	[INSPECT_TIME_MISSING] = { "time_missing", INSPECT_TIME },
	[INSPECT_TIME_BAD] = { "time_bad", INSPECT_TIME },
	[INSPECT_PEM_OTHER] = { "pem_other", INSPECT_CHECKPOINT },
	[INSPECT_SET_OTHER] = { "set_other", INSPECT_SET },
	[INSPECT_SET_MISSING] = { "set_missing", INSPECT_SET },
	[INSPECT_SET_TWICE] = { "set_twice", INSPECT_SET },
	[INSPECT_SIDECAR_NOT_VALID] = { "sidecar_not_valid", INSPECT_SIDECARS },
	[INSPECT_SIDECAR_KNOWN] = { "sidecar_known", INSPECT_SIDECARS },
};

const char *inspect_fault_name(enum inspect_fault f)
{
	return faults[f].name;
}

enum inspect_area inspect_fault_area(enum inspect_fault f)
{
	return faults[f].area;
}

bool inspect_fault_is_remark(enum inspect_fault f)
{
	return f >= INSPECT_SIDECAR_NOT_VALID;
}

const char *inspect_area_name(enum inspect_area a)
{
	static const char *const names[INSPECT_AREAS] = {
		[INSPECT_BAG] = "bag", [INSPECT_SIGNATURE] = "signature",
		[INSPECT_MEDIA] = "media", [INSPECT_SIDECARS] = "sidecars",
		[INSPECT_LEAVES] = "leaves", [INSPECT_CHECKPOINT] = "checkpoint",
		[INSPECT_WITNESSES] = "witnesses", [INSPECT_TIME] = "time", [INSPECT_SET] = "set",
	};

	return names[a];
}

void inspect_note(struct inspect_report *r, enum inspect_fault fault, const char *path,
		  const char *what)
{
	AUTO(buf_clear) struct buf shown = BUF_INIT(4 * BAGIT_PATH_MAX + 16);
	struct inspect_problem *p = &r->problems[r->n_problems];

	r->counts[fault]++;
	if (!inspect_fault_is_remark(fault))
		r->whole = false;
	if (r->n_problems == INSPECT_PROBLEMS_MAX)
		return;
	if (name_is_text((const uint8_t *)path, strlen(path)))
		buf_adds(&shown, path);
	else
		name_add_text(&shown, (const uint8_t *)path, strlen(path));
	p->path = strdup(buf_str(&shown));
	if (p->path == NULL)			/* counted, at least */
		return;
	p->fault = fault;
	snprintf(p->what, sizeof(p->what), "%s", what == NULL ? "" : what);
	r->n_problems++;
}

void inspect_report_free(struct inspect_report *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n_problems; i++)
		free(r->problems[i].path);
	bag_report_clear(&r->bag);
	free(r);
}

/* ------ what is kept ------ */

int inspect_count(struct inspection *in, size_t bytes, struct err *e)
{
	if (bytes > INSPECT_MEMORY - in->memory)
		return err_set(e, -E2BIG, "sidecars, leaves and proofs of the package take more than"
			       " %d MiB", INSPECT_MEMORY / 1024 / 1024);
	in->memory += bytes;
	return 0;
}

void *inspect_grow(struct inspection *in, void *list, size_t n, size_t *room, size_t each,
		   struct err *e)
{
	size_t more = *room == 0 ? 64 : *room;
	void *grown;

	if (n < *room)
		return list;
	if (inspect_count(in, more * each, e) < 0)
		return NULL;
	grown = reallocarray(list, *room + more, each);
	if (grown == NULL) {
		err_set(e, -ENOMEM, "no memory for the files of a package");
		return NULL;
	}
	*room += more;
	return grown;
}

static int keep(struct inspection *in, const struct bag_seen *seen, struct err *e)
{
	struct kept *list, k = { .len = seen->len };
	int r = inspect_count(in, seen->len + strlen(seen->path) + 2, e);

	if (r < 0)
		return r;
	list = inspect_grow(in, in->kept, in->n_kept, &in->room_kept, sizeof(*list), e);
	if (list == NULL)
		return -E2BIG;
	in->kept = list;
	k.path = strdup(seen->path);
	k.bytes = malloc(seen->len + 1);
	if (k.path == NULL || k.bytes == NULL) {
		free(k.path);
		free(k.bytes);
		return err_set(e, -ENOMEM, "no memory for the files of a package");
	}
	memcpy(k.bytes, seen->bytes, seen->len);
	k.bytes[seen->len] = '\0';
	list[in->n_kept++] = k;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->path, ((const struct kept *)b)->path);
}

const struct kept *inspect_find(const struct inspection *in, const char *path)
{
	const struct kept k = { .path = (char *)(uintptr_t)path };

	return in->n_kept == 0 ? NULL :
	       bsearch(&k, in->kept, in->n_kept, sizeof(k), by_path);
}

const struct kept *inspect_need(const struct inspection *in, const char *path, const char *who)
{
	const struct kept *k = inspect_find(in, path);

	if (k == NULL)
		inspect_note(in->report, INSPECT_FILE_MISSING, path, who);
	return k;
}

static int keep_media(struct inspection *in, const struct bag_seen *seen, struct err *e)
{
	struct media *list, m = { .size = seen->size };
	int r = inspect_count(in, strlen(seen->path) + 1, e);

	if (r < 0)
		return r;
	list = inspect_grow(in, in->media, in->n_media, &in->room_media, sizeof(*list), e);
	if (list == NULL)
		return -E2BIG;
	in->media = list;
	m.path = strdup(seen->path);
	if (m.path == NULL)
		return err_set(e, -ENOMEM, "no memory for the files of a package");
	memcpy(m.blob.b, seen->digests->of[HASHER_ADDRESS], DIGEST_LEN);
	if ((seen->digests->which & 1u << BAGIT_SHA256) != 0)
		memcpy(m.sha256, seen->digests->of[BAGIT_SHA256], sizeof(m.sha256));
	list[in->n_media++] = m;
	return 0;
}

/* ------ while the bag is read ------ */

/* Is the path PREFIX, a number of the log's, SUFFIX? */
static bool numbered(const char *path, const char *prefix, const char *suffix, uint64_t *ret)
{
	const size_t n = strlen(prefix), m = strlen(suffix), len = strlen(path);

	return len > n + m && strncmp(path, prefix, n) == 0 &&
	       strcmp(path + len - m, suffix) == 0 && lines_number(path + n, len - n - m, ret);
}

/* data/log/time/SIZE/proofs/INDEX.tlog-proof, or data/log/proofs/INDEX.tlog-proof: size 0. */
static bool is_proof(const char *path, uint64_t *ret_size, uint64_t *ret_index)
{
	static const char time_folder[] = "data/log/time/";
	const size_t n = sizeof(time_folder) - 1;
	const char *slash;

	*ret_size = 0;
	if (strncmp(path, time_folder, n) != 0)
		return numbered(path, "data/log/proofs/", ".tlog-proof", ret_index);
	slash = strchr(path + n, '/');
	return slash != NULL && lines_number(path + n, (size_t)(slash - path - (ptrdiff_t)n), ret_size) &&
	       *ret_size > 0 && numbered(slash, "/proofs/", ".tlog-proof", ret_index);
}

static unsigned wants(void *data, const char *path, uint64_t size)
{
	(void)data;
	if (strncmp(path, "data/media/", 11) == 0)
		return BAG_ADDRESS;
	if (strcmp(path, "data/objects.tsv") == 0 || strcmp(path, "data/log/addresses.b2") == 0 ||
	    strcmp(path, TAGS) == 0 || strcmp(path, "set.tsv") == 0)
		return BAG_BYTES;
	if (size > SMALL_MAX)
		return BAG_SEEN;
	if (strncmp(path, "data/sidecar/", 13) == 0 || strncmp(path, "data/log/", 9) == 0 ||
	    strcmp(path, SIGNATURE) == 0)
		return BAG_BYTES;
	return BAG_SEEN;
}

/*
 * The signature covers tagmanifest-sha512.txt, that covers the tag files, and manifest-sha512.txt
 * among them covers the payload.  What only other algorithms' manifests name, anybody can have put
 * there.  Those of tags do not cover themselves.
 */
static void check_cover(struct inspection *in, const struct bag_seen *seen)
{
	const bool covered = (seen->digests->which & 1u << BAGIT_SHA512) != 0;
	enum bagit_algorithm a;

	if (bagit_file_kind(seen->path, &a) == BAGIT_TAG_MANIFEST ||
	    strcmp(seen->path, SIGNATURE) == 0)
		return;
	if (strcmp(seen->path, MANIFEST) != 0) {
		if (!covered)
			inspect_note(in->report, INSPECT_UNCOVERED, seen->path, NULL);
	} else if (covered && seen->vouched) {
		in->covered_manifest = true;
		memcpy(in->manifest, seen->digests->of[BAGIT_SHA512], sizeof(in->manifest));
	}
}

static int on_file(void *data, const struct bag_seen *seen, struct err *e)
{
	struct inspection *in = data;
	uint64_t size, index;

	check_cover(in, seen);
	if (strncmp(seen->path, "data/media/", 11) == 0)
		return keep_media(in, seen, e);
	if (seen->bytes == NULL)
		return 0;
	if (numbered(seen->path, "data/log/leaves/", ".json", &index))
		return inspect_take_leaf(in, seen, index, e);
	if (is_proof(seen->path, &size, &index))
		return inspect_take_proof(in, seen, size, index, e);
	return keep(in, seen, e);
}

static void take_tag(char *ret, size_t size, const char *value)
{
	AUTO(buf_clear) struct buf shown = BUF_INIT(4 * BAGIT_VALUE_MAX + 16);

	if (name_is_text((const uint8_t *)value, strlen(value)))
		buf_adds(&shown, value);
	else
		name_add_text(&shown, (const uint8_t *)value, strlen(value));
	if (shown.len < size)			/* longer is not what we write */
		snprintf(ret, size, "%s", buf_str(&shown));
}

static void on_tag(void *data, const char *label, const char *value)
{
	struct inspection *in = data;
	struct inspect_report *r = in->report;

	if (strcasecmp(label, "External-Identifier") == 0)
		take_tag(r->id, sizeof(r->id), value);
	else if (strcasecmp(label, "Source-Organization") == 0)
		take_tag(r->station, sizeof(r->station), value);
	else if (strcasecmp(label, "Bagging-Date") == 0)
		take_tag(r->made, sizeof(r->made), value);
	else if (strcasecmp(label, "Dockvault-Package") == 0)
		in->has_version = strcmp(value, "1") == 0;
}

static void on_progress(void *data, uint64_t done, uint64_t total)
{
	const struct inspection *in = data;

	if (in->progress != NULL)
		in->progress(in->progress_data, done, total);
}

/* ------ the signature ------ */

static void judge_signature(const struct inspection *in, const struct minisign_public_key *key)
{
	const struct kept *tags = inspect_find(in, TAGS), *file = inspect_find(in, SIGNATURE);
	struct inspect_report *r = in->report;
	struct minisign_signature sig;
	struct err why = { 0, "" };
	char id[17];

	if (tags == NULL || file == NULL) {
		inspect_note(r, INSPECT_UNSIGNED, tags == NULL ? TAGS : SIGNATURE, NULL);
		return;
	}
	if (minisign_parse_signature(file->bytes, file->len, &sig, &why) < 0) {
		inspect_note(r, INSPECT_BAD_FILE, SIGNATURE, why.msg);
		return;
	}
	minisign_id_text(key->id, r->key_id);
	r->key = *key;
	if (memcmp(sig.id, key->id, sizeof(sig.id)) != 0) {
		minisign_id_text(sig.id, id);
		inspect_note(r, INSPECT_OTHER_KEY, SIGNATURE, id);
		return;
	}
	r->is_signed = minisign_verify(key, &sig, tags->bytes, tags->len);
	r->trusted = r->is_signed && in->trusted != NULL;
	if (!r->is_signed)
		inspect_note(r, INSPECT_FORGED, SIGNATURE, NULL);
}

static void inspect_signature(const struct inspection *in)
{
	struct minisign_public_key key;
	struct err why = { 0, "" };
	const struct kept *file;

	if (in->trusted != NULL) {
		judge_signature(in, in->trusted);
		return;
	}
	file = inspect_need(in, EXPORT_KEY, SIGNATURE);
	if (file == NULL)
		return;
	if (minisign_parse_public_key(file->bytes, file->len, &key, &why) < 0)
		inspect_note(in->report, INSPECT_BAD_FILE, EXPORT_KEY, why.msg);
	else
		judge_signature(in, &key);
}

/* ------ all of it ------ */

static void clear(struct inspection *in)
{
	size_t i;

	for (i = 0; i < in->n_kept; i++) {
		free(in->kept[i].path);
		free(in->kept[i].bytes);
	}
	for (i = 0; i < in->n_media; i++)
		free(in->media[i].path);
	for (i = 0; i < in->n_leaves; i++) {
		free(in->leaves[i].blobs);
		free(in->leaves[i].segment);
	}
	for (i = 0; i < in->n_proofs; i++)
		free(in->proofs[i].hashes);
	free(in->kept);
	free(in->media);
	free(in->leaves);
	free(in->proofs);
}

static void judge(struct inspection *in)
{
	if (in->n_kept > 0)
		qsort(in->kept, in->n_kept, sizeof(*in->kept), by_path);
	if (!bagit_is_strict(&in->report->bag.declaration) || !in->has_version) {
		inspect_note(in->report, INSPECT_NO_PACKAGE, "", NULL);
		return;
	}
	in->report->inspected = true;
	if (!in->covered_manifest)
		inspect_note(in->report, INSPECT_UNCOVERED, MANIFEST, NULL);
	inspect_signature(in);
	inspect_log(in);		/* before objects, which look for their leaves */
	inspect_objects(in);
	inspect_own_set(in);
}

int package_inspect(const char *path, const struct minisign_public_key *trusted,
		    void (*progress)(void *data, uint64_t done, uint64_t total), void *data,
		    struct inspect_report **ret, struct err *e)
{
	struct inspection in = { .trusted = trusted, .progress = progress, .progress_data = data };
	const struct bag_watch watch = { &in, on_progress, wants, on_file, on_tag };
	int r;

	in.report = calloc(1, sizeof(*in.report));
	if (in.report == NULL)
		return err_set(e, -ENOMEM, "no memory for a report");
	in.report->whole = true;
	r = bag_check(path, &watch, &in.report->bag, e);
	if (r == 0) {
		in.report->whole = in.report->whole && in.report->bag.whole;
		/* What is no bag at all has nothing to be looked at. */
		if (in.report->bag.counts[BAG_NO_DECLARATION] +
		    in.report->bag.counts[BAG_BAD_DECLARATION] == 0)
			judge(&in);
	}
	clear(&in);
	if (r != 0) {
		inspect_report_free(in.report);
		return r;
	}
	*ret = in.report;
	return 0;
}
