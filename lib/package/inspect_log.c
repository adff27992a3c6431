/* The custody log in a package: leaves, proofs, checkpoints, cosignatures, time stamps. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "custody/canonical.h"
#include "custody/event.h"
#include "custody/lines.h"
#include "custody/timestamp.h"
#include "package/inspect_impl.h"
#include "package/keys.h"

#define HEAD	"data/log/checkpoint"
#define KEYS	"data/log/keys/"
#define TIME	"data/log/time/"

/* The last second that has a text. */
#define YEAR_9999	UINT64_C(253402300799)

/* ------ leaves and proofs, as they come ------ */

static bool is_word(const struct canonical_member *m, const char *name, const char *value)
{
	return m->name_len == strlen(name) && memcmp(m->name, name, m->name_len) == 0 &&
	       m->value_len == strlen(value) && memcmp(m->value, value, m->value_len) == 0;
}

/* What a leaf of a segment says of it. */
static void take_verdicts(const struct event *ev, struct leaf *leaf)
{
	struct canonical_member m;
	size_t at = 0;

	if (strncmp(ev->source, "segment", 7) != 0)
		return;
	while (canonical_member(ev->row.p, ev->row.len, &at, &m)) {
		if (is_word(&m, "digest", "\"bad\""))
			leaf->digest_bad = true;
		if (m.name_len == 9 && memcmp(m.name, "signature", 9) == 0 &&
		    !is_word(&m, "signature", "\"valid\""))
			leaf->signature_bad = true;
	}
}

/* The addresses among its objects: "blob:HEX64", with quotes. */
static int take_blobs(struct inspection *in, const struct event *ev, struct leaf *leaf,
		      struct err *e)
{
	static const char begin[] = "\"blob:";
	const size_t n = sizeof(begin) - 1;
	struct canonical_member m;
	struct digest d;
	size_t at = 0;
	uint8_t *grown;

	while (canonical_element(ev->objects.p, ev->objects.len, &at, &m)) {
		if (m.value_len != n + DIGEST_HEX_LEN + 1 || memcmp(m.value, begin, n) != 0 ||
		    digest_parse(m.value + n, DIGEST_HEX_LEN, &d) < 0)
			continue;
		grown = inspect_count(in, DIGEST_LEN, e) < 0 ? NULL :
			reallocarray(leaf->blobs, leaf->n_blobs + 1, DIGEST_LEN);
		if (grown == NULL)
			return err_set(e, -E2BIG, "no memory for what leaves name");
		memcpy(grown + leaf->n_blobs * DIGEST_LEN, d.b, DIGEST_LEN);
		leaf->blobs = grown;
		leaf->n_blobs++;
	}
	return 0;
}

/* "segment:UUID" among the objects of what was written of a segment; an act may name many. */
static int take_segment(struct inspection *in, const struct event *ev, struct leaf *leaf,
			struct err *e)
{
	static const char begin[] = "\"segment:";
	const size_t n = sizeof(begin) - 1;
	struct canonical_member m;
	size_t at = 0;

	if (strncmp(ev->source, "segment", 7) != 0)
		return 0;
	while (leaf->segment == NULL && canonical_element(ev->objects.p, ev->objects.len, &at, &m)) {
		if (m.value_len <= n || memcmp(m.value, begin, n) != 0)
			continue;
		leaf->segment = inspect_count(in, m.value_len, e) < 0 ? NULL :
				strndup(m.value + 1, m.value_len - 2);
		if (leaf->segment == NULL)
			return err_set(e, -E2BIG, "no memory for what leaves name");
	}
	return 0;
}

int inspect_take_leaf(struct inspection *in, const struct bag_seen *seen, uint64_t index,
		      struct err *e)
{
	struct leaf leaf = { .index = index }, *list;
	struct err why = { 0, "" };
	struct event ev;
	int r = 0;

	list = inspect_grow(in, in->leaves, in->n_leaves, &in->room_leaves, sizeof(*list), e);
	if (list == NULL)
		return -E2BIG;
	in->leaves = list;
	leaf.hash = merkle_leaf(seen->bytes, seen->len);
	if (event_parse(seen->bytes, seen->len, &ev, &why) < 0) {
		inspect_note(in->report, INSPECT_LEAF_BAD, seen->path, why.msg);
	} else {
		take_verdicts(&ev, &leaf);
		r = take_blobs(in, &ev, &leaf, e);
		if (r == 0)
			r = take_segment(in, &ev, &leaf, e);
	}
	list[in->n_leaves++] = leaf;
	return r;
}

int inspect_take_proof(struct inspection *in, const struct bag_seen *seen, uint64_t size,
		       uint64_t index, struct err *e)
{
	struct proof proof = { .size = size, .index = index }, *list;
	struct err why = { 0, "" };
	struct proof_text text;

	list = inspect_grow(in, in->proofs, in->n_proofs, &in->room_proofs, sizeof(*list), e);
	if (list == NULL)
		return -E2BIG;
	in->proofs = list;
	if (proof_parse(seen->bytes, seen->len, &text, &why) < 0) {
		inspect_note(in->report, INSPECT_BAD_FILE, seen->path, why.msg);
		return 0;
	}
	if (text.index != index) {
		inspect_note(in->report, INSPECT_BAD_FILE, seen->path, "it is of another leaf");
		return 0;
	}
	proof.head = digest_of(text.checkpoint, text.checkpoint_len);
	proof.n = text.proof.n;
	if (inspect_count(in, proof.n * sizeof(*proof.hashes), e) < 0)
		return -E2BIG;
	proof.hashes = malloc(proof.n * sizeof(*proof.hashes) + 1);
	if (proof.hashes == NULL)
		return err_set(e, -ENOMEM, "no memory for proofs");
	memcpy(proof.hashes, text.proof.hashes, proof.n * sizeof(*proof.hashes));
	list[in->n_proofs++] = proof;
	return 0;
}

/* ------ in order ------ */

static int by_index(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static int by_size_and_index(const void *a, const void *b)
{
	const struct proof *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

const struct leaf *inspect_leaf(const struct inspection *in, uint64_t index)
{
	const struct leaf key = { .index = index };

	return in->n_leaves == 0 ? NULL :
	       bsearch(&key, in->leaves, in->n_leaves, sizeof(key), by_index);
}

static const struct proof *find_proof(const struct inspection *in, uint64_t size, uint64_t index)
{
	const struct proof key = { .size = size, .index = index };

	return in->n_proofs == 0 ? NULL :
	       bsearch(&key, in->proofs, in->n_proofs, sizeof(key), by_size_and_index);
}

/* ------ heads ------ */

/* A vkey file, and the .pem beside it. */
static bool take_key(const struct inspection *in, const char *stem, struct note_key *ret)
{
	AUTO(buf_clear) struct buf want = BUF_INIT(4096);
	char path[PACKAGE_PATH_SIZE];
	const struct kept *vkey, *pem;
	struct err why = { 0, "" };
	size_t len;

	snprintf(path, sizeof(path), KEYS "%s.vkey", stem);
	vkey = inspect_need(in, path, "");
	if (vkey == NULL)
		return false;
	len = vkey->len - (vkey->len > 0 && vkey->bytes[vkey->len - 1] == '\n');
	if (note_key_parse((const char *)vkey->bytes, len, ret, &why) < 0) {
		inspect_note(in->report, INSPECT_BAD_FILE, path, why.msg);
		return false;
	}
	package_pem(ret->key, &want);
	snprintf(path, sizeof(path), KEYS "%s.pem", stem);
	pem = inspect_need(in, path, "");
	if (pem != NULL && (pem->len != want.len || memcmp(pem->bytes, want.p, want.len) != 0))
		inspect_note(in->report, INSPECT_PEM_OTHER, path, NULL);
	return true;
}

/* False, and noted: it is not a head of the log that its key signed. */
static bool take_head(const struct inspection *in, const char *path, struct head *ret)
{
	const struct kept *file = inspect_need(in, path, "");
	struct err why = { 0, "" };
	enum checkpoint_verdict v;

	if (file == NULL)
		return false;
	ret->file = file;
	ret->digest = digest_of(file->bytes, file->len);
	if (checkpoint_parse(file->bytes, file->len, &ret->checkpoint, &why) < 0) {
		inspect_note(in->report, INSPECT_BAD_FILE, path, why.msg);
		return false;
	}
	if (!in->has_log)
		return false;
	v = checkpoint_check(&ret->checkpoint, file->bytes, &in->log);
	if (v != CHECKPOINT_SIGNED)
		inspect_note(in->report, v == CHECKPOINT_UNSIGNED ? INSPECT_CHECKPOINT_UNSIGNED :
			     v == CHECKPOINT_FORGED ? INSPECT_CHECKPOINT_FORGED :
						      INSPECT_CHECKPOINT_OTHER, path, NULL);
	return v == CHECKPOINT_SIGNED;
}

/* ------ proofs ------ */

/* size: time/SIZE, or 0.  *ret: leaves that are proven. */
static void judge_proofs(const struct inspection *in, const struct head *head, uint64_t size,
			 uint64_t *ret)
{
	struct merkle_proof full;
	const struct proof *p;
	const struct leaf *l;
	char path[PACKAGE_PATH_SIZE];
	size_t i;

	for (i = 0; i < in->n_leaves; i++) {
		l = &in->leaves[i];
		if (size > 0 && l->index >= size)
			continue;
		snprintf(path, sizeof(path), "data/log/leaves/%" PRIu64 ".json", l->index);
		p = find_proof(in, size, l->index);
		if (p == NULL) {
			inspect_note(in->report, INSPECT_UNPROVEN, path, NULL);
			continue;
		}
		full.n = p->n;
		memcpy(full.hashes, p->hashes, p->n * sizeof(*p->hashes));
		if (!digest_equal(&p->head, &head->digest))
			inspect_note(in->report, INSPECT_PROOF_OTHER, path, NULL);
		else if (!merkle_check_inclusion(l->index, head->checkpoint.size, &l->hash, &full,
						 &head->checkpoint.root))
			inspect_note(in->report, INSPECT_PROOF_WRONG, path, NULL);
		else
			(*ret)++;
	}
}

/* ------ witnesses ------ */

static void judge_witness(const struct inspection *in, const struct head *head, const char *stem)
{
	struct inspect_report *r = in->report;
	struct inspect_witness *w = &r->witnesses[r->n_witnesses];
	enum checkpoint_verdict v;
	struct note_key key;
	uint64_t time = 0;

	if (!take_key(in, stem, &key))
		return;
	v = checkpoint_check_cosignature(&head->checkpoint, head->file->bytes, &key, &time);
	if (v != CHECKPOINT_SIGNED) {
		inspect_note(r, v == CHECKPOINT_UNSIGNED ? INSPECT_COSIGNATURE_MISSING :
			     INSPECT_COSIGNATURE_FORGED, HEAD, key.name);
		return;
	}
	snprintf(w->name, sizeof(w->name), "%s", key.name);
	w->time_ms = (int64_t)MIN(time, YEAR_9999) * 1000;
	r->n_witnesses++;
}

static void judge_witnesses(const struct inspection *in, const struct head *head)
{
	char stem[32], path[PACKAGE_PATH_SIZE];
	unsigned i;

	for (i = 1; i <= INSPECT_PEERS_MAX; i++) {
		snprintf(stem, sizeof(stem), "witness-%u", i);
		snprintf(path, sizeof(path), KEYS "%s.vkey", stem);
		if (inspect_find(in, path) == NULL)
			break;
		judge_witness(in, head, stem);
	}
}

/* ------ time ------ */

static bool is_authority(const char *name, size_t len)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return len > 0 && strspn(name, allowed) >= len;
}

/* name, len: "AUTHORITY.tsr" without its end. */
static void judge_token(const struct inspection *in, const struct head *head,
			const struct kept *token, const char *name, size_t len)
{
	struct inspect_report *r = in->report;
	char authority[sizeof(r->tokens[0].authority)], path[PACKAGE_PATH_SIZE];
	enum timestamp_verdict v;
	struct err why = { 0, "" };
	const struct kept *ca;
	int64_t ms = 0;

	if (!is_authority(name, len) || len >= sizeof(authority) ||
	    r->n_tokens == INSPECT_PEERS_MAX) {
		inspect_note(r, INSPECT_BAD_FILE, token->path, "its name is no authority's");
		return;
	}
	snprintf(authority, sizeof(authority), "%.*s", (int)len, name);
	snprintf(path, sizeof(path), KEYS "authority-%s.pem", authority);
	ca = inspect_need(in, path, token->path);
	if (ca == NULL)
		return;
	if (timestamp_check(token->bytes, token->len, head->file->bytes, head->file->len, NULL, 0,
			    (const char *)ca->bytes, ca->len, &v, &ms, &why) < 0 ||
	    v != TIMESTAMP_GOOD) {
		inspect_note(r, INSPECT_TIME_BAD, token->path, why.msg);
		return;
	}
	snprintf(r->tokens[r->n_tokens].authority, sizeof(authority), "%s", authority);
	r->tokens[r->n_tokens].size = head->checkpoint.size;
	r->tokens[r->n_tokens].time_ms = ms;
	r->n_tokens++;
}

/* folder: "data/log/time/SIZE/". */
static void judge_tokens(const struct inspection *in, const struct head *head, const char *folder)
{
	const size_t n = strlen(folder);
	const char *name;
	size_t i, len;
	bool any = false;

	for (i = 0; i < in->n_kept; i++) {
		if (strncmp(in->kept[i].path, folder, n) != 0)
			continue;
		name = in->kept[i].path + n;
		len = strlen(name);
		if (len < 4 || strcmp(name + len - 4, ".tsr") != 0 || strchr(name, '/') != NULL)
			continue;
		judge_token(in, head, &in->kept[i], name, len - 4);
		any = true;
	}
	if (!any)
		inspect_note(in->report, INSPECT_TIME_MISSING, folder, NULL);
}

static void judge_time(const struct inspection *in, uint64_t size)
{
	char path[PACKAGE_PATH_SIZE], folder[PACKAGE_PATH_SIZE];
	uint64_t proven = 0;
	struct head head;

	snprintf(folder, sizeof(folder), TIME "%" PRIu64 "/", size);
	snprintf(path, sizeof(path), TIME "%" PRIu64 "/checkpoint", size);
	if (!take_head(in, path, &head))
		return;
	if (head.checkpoint.size != size) {
		inspect_note(in->report, INSPECT_CHECKPOINT_OTHER, path, NULL);
		return;
	}
	judge_tokens(in, &head, folder);
	judge_proofs(in, &head, size, &proven);
}

/* The folders of time stamps, from the paths below them, which are sorted. */
static void judge_times(const struct inspection *in)
{
	const size_t n = strlen(TIME);
	uint64_t size = 0, last = 0;
	const char *slash;
	size_t i;

	for (i = 0; i < in->n_kept; i++) {
		const char *path = in->kept[i].path;

		if (strncmp(path, TIME, n) != 0)
			continue;
		slash = strchr(path + n, '/');
		if (slash == NULL || !lines_number(path + n, (size_t)(slash - path) - n, &size) ||
		    size == 0)
			inspect_note(in->report, INSPECT_BAD_FILE, path, "not in a folder of a size");
		else if (size != last)
			judge_time(in, size);
		last = slash == NULL ? 0 : size;
	}
}

void inspect_log(struct inspection *in)
{
	struct inspect_report *r = in->report;
	struct head head;

	if (in->n_leaves > 0)
		qsort(in->leaves, in->n_leaves, sizeof(*in->leaves), by_index);
	if (in->n_proofs > 0)
		qsort(in->proofs, in->n_proofs, sizeof(*in->proofs), by_size_and_index);
	in->has_log = take_key(in, "log", &in->log);
	if (!take_head(in, HEAD, &head)) {
		judge_times(in);
		return;
	}
	r->has_head = true;
	r->head_size = head.checkpoint.size;
	snprintf(r->origin, sizeof(r->origin), "%s", head.checkpoint.origin);
	snprintf(r->log_id, sizeof(r->log_id), "%02x%02x%02x%02x", in->log.id[0], in->log.id[1],
		 in->log.id[2], in->log.id[3]);
	judge_proofs(in, &head, 0, &r->leaves);
	judge_witnesses(in, &head);
	judge_times(in);
}
