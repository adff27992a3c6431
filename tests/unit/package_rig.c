#include "unit/package_rig.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "base/utc.h"
#include "format/manifest.h"
#include "package/keys.h"
#include "package/sink.h"

#define ID		"1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
#define RECORDING	"0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b"
#define ORIGIN		"example.cn/dockvault/QH-01"
#define RECORDER	"REC-000123"
#define RECORDER_PUB	"data/log/keys/recorder-REC-000123-B256535EA362FA35.pub"

/* Made by `minisign -G -W`; signs nothing but tests. */
static const char secret_text[] =
	"untrusted comment: minisign encrypted secret key\n"
	"RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"Nfpio15TVrKP3dlx/9p0gs6KoI/9RA5hNXJKR8DDCHcdo+kccjB6HmPSsz+8lV/O2w+CjenH"
	"ZPtZ74ebiv7iAYcUF7TBBAYSAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
const char *package_rig_row = "{\"digest\":\"ok\",\"signature\":\"valid\"}";
static const int64_t made_ms = 1795790302000;	/* 2026-11-27 */

/* ------ blobs ------ */

void package_rig_blob(const struct package_rig *g, const struct digest *d, char ret[160])
{
	char hex[DIGEST_HEX_SIZE];

	snprintf(ret, 160, "%s/blobs/%s", g->dir, digest_hex(d, hex));
}

static struct digest keep(const struct package_rig *g, const void *p, size_t len)
{
	struct digest d = digest_of(p, len);
	struct err e = { 0 };
	char path[160];

	package_rig_blob(g, &d, path);
	ck_assert_msg(file_replace(path, p, len, 0644, &e) == 0, "%s", e.msg);
	return d;
}

static int open_blob(void *data, const struct digest *address, int *ret_fd, struct err *e)
{
	char path[160];

	package_rig_blob(data, address, path);
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? err_set(e, -errno, "%s: %s", path, strerror(errno)) : 0;
}

/* ------ the log ------ */

static int read_leaf(void *data, uint64_t index, struct buf *to, struct err *e)
{
	const struct package_rig *g = data;

	if (index >= g->n_leaves)
		return err_set(e, -ERANGE, "no leaf %" PRIu64, index);
	buf_add(to, g->leaves[index].p, g->leaves[index].len);
	return 0;
}

static int read_node(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
		     struct err *e)
{
	const struct package_rig *g = data;
	struct merkle_hash left, right;

	if (level == 0) {
		*ret = merkle_leaf(g->leaves[index].p, g->leaves[index].len);
		return 0;
	}
	read_node(data, level - 1, 2 * index, &left, e);
	read_node(data, level - 1, 2 * index + 1, &right, e);
	*ret = merkle_node(&left, &right);
	return 0;
}

static int prove(void *data, uint64_t index, uint64_t size, struct merkle_proof *ret, struct err *e)
{
	return merkle_prove_inclusion(index, size, read_node, data, ret, e);
}

static uint64_t add_leaf(struct package_rig *g, const char *act, const char *objects)
{
	struct buf *leaf = &g->leaves[g->n_leaves];

	ck_assert_uint_lt(g->n_leaves, RIG_LEAVES_MAX);
	*leaf = (struct buf)BUF_INIT(65535);
	buf_addf(leaf, "{\"act\":\"%s\",\"at\":\"2026-11-27T14:38:22.123456+00:00\",\"event\":%zu,"
		 "\"key\":\"%zu\",\"objects\":[%s],\"role\":\"dv_ingest\",\"row\":%s,"
		 "\"source\":\"segment\",\"v\":1}", act, g->n_leaves + 1, g->n_leaves, objects,
		 package_rig_row);
	json_array_append_new(g->p.events, json_pack("{s:I, s:s, s:s}", "leaf_index",
						     (json_int_t)g->n_leaves, "act", act, "at",
						     "2026-11-27T14:38:22.123Z"));
	return g->n_leaves++;
}

/* ------ objects ------ */

static void make_sidecar(struct package_rig *g, const struct package_object *o, bool dock,
			 const void *media, struct package_sidecar *ret)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MANIFEST_MAX), sig = BUF_INIT(MINISIGN_FILE_MAX);
	struct manifest m = { .kind = MANIFEST_SEGMENT, .device = "REC-000123", .firmware = "1",
			      .dseq = o->seq, .rec = RECORDING, .seq = o->seq, .start_ms = made_ms,
			      .end_ms = made_ms + 1000, .clock = MANIFEST_CLOCK_RTC,
			      .officer = "019001", .size = o->size, .last = true,
			      .end = MANIFEST_END_BUTTON, .name = "SEG.mp4", .blake2b = o->blob };
	struct err e = { 0 };

	if (o->seq > 0)
		m.prev = o->blob;
	crypto_hash_sha256(m.sha256, media, o->size);
	ck_assert_msg(manifest_write(&m, &text, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(minisign_sign(g->p.export_key, text.p, text.len,
				       "采集站 QH-01, path DCIM/张三/执法_0001.mp4", &sig, &e), 0);
	ret->is_there = ret->is_signed = true;
	ret->manifest = keep(g, text.p, text.len);
	ret->signature = keep(g, sig.p, sig.len);
	ret->manifest_size = text.len;
	ret->signature_size = sig.len;
	snprintf(ret->key, sizeof(ret->key), "%s", dock ? "data/log/keys/seal.pub" : RECORDER_PUB);
}

static json_t *make_facts(size_t i, bool dock)
{
	json_t *facts = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, "
		"s:i, s:[]}",
		"recording", RECORDING, "path", "DCIM/张三/执法记录_0001.MP4", "unit", "QH-01",
		"officer", "019001", "station", "QH-01", "slot", "A1", "docked_at",
		"2026-11-27T14:30:00.000Z", "stored_at", "2026-11-27T14:38:21.000Z", "start_at",
		"2026-11-23T12:42:58.123Z", "end_at", "2026-11-23T12:47:58.120Z", "duration_ms",
		299997, "time_source", "manifest", "assurance",
		dock ? "sealed_at_dock" : "signed_by_recorder", "signature",
		dock ? "unsigned" : "valid", "digest", dock ? "not_claimed" : "ok", "recorded_at",
		"2026-11-27T14:38:22.000Z", "hole_bytes", i % 7 == 6 ? 4096 : 0, "findings");

	if (i % 5 == 1)
		json_array_append_new(
			json_object_get(facts, "findings"),
			json_pack("{s:i, s:s, s:s, s:s}", "article", 12, "severity", "violation",
				  "text_zh",
				  "录制中断：同一录像相邻分段之间缺少序号或时间，超过允许的间隔",
				  "at", "2026-11-23T12:47:58.120Z"));
	return facts;
}

static void make_object(struct package_rig *g, size_t i, size_t bytes)
{
	struct package_object *o = &g->p.objects[i];
	const bool segment = i % 4 != 2, dock = i % 2 == 1;
	char hex[DIGEST_HEX_SIZE], names[256];
	uint8_t *media = malloc(bytes + 1);

	memset(media, (int)(i + 1), bytes + 1);
	memcpy(media, &i, sizeof(i));
	o->size = bytes;
	o->blob = keep(g, media, bytes);
	digest_hex(&o->blob, hex);
	if (segment) {
		snprintf(o->id, sizeof(o->id), "segment:%08zx-0000-4000-8000-000000000000", i);
		snprintf(o->recorder, sizeof(o->recorder), RECORDER);
		o->seq = i;
		make_sidecar(g, o, dock, media, dock ? &o->by_dock : &o->by_recorder);
		o->facts = make_facts(i, dock);
	} else {
		snprintf(o->id, sizeof(o->id), "blob:%s", hex);
		o->facts = json_pack("{s:s}", "stored_at", "2026-11-27T14:38:21.000Z");
	}
	snprintf(names, sizeof(names), segment ? "\"blob:%s\",\"%s\"" : "\"blob:%s\"", hex, o->id);
	o->leaves = calloc(3, sizeof(*o->leaves));
	o->leaves[o->n_leaves++] = 0;		/* of the session: shared by all */
	o->leaves[o->n_leaves++] = add_leaf(g, "object_stored", names);
	o->leaves[o->n_leaves++] = add_leaf(g, "verdict", names);
	free(media);
}

/* ------ heads and keys ------ */

static void make_head(struct package_rig *g, const struct note_secret *log, uint64_t size,
		      struct package_head *ret)
{
	struct merkle_hash root;
	struct err e = { 0 };

	ret->text = (struct buf)BUF_INIT(CHECKPOINT_MAX);
	ck_assert_int_eq(merkle_root(size, read_node, g, &root, &e), 0);
	ck_assert_int_eq(checkpoint_sign(ORIGIN, size, &root, log, &ret->text, &e), 0);
	ck_assert_int_eq(checkpoint_parse(ret->text.p, ret->text.len, &ret->checkpoint, &e), 0);
}

static void add_note_key(struct package_rig *g, const struct note_key *k, const char *stem)
{
	struct package_extra *x = package_add_extra(&g->p, 4096, "data/log/keys/%s.vkey", stem);

	note_key_write(k, &x->bytes);
	buf_adds(&x->bytes, "\n");
	x = package_add_extra(&g->p, 4096, "data/log/keys/%s.pem", stem);
	package_pem(k->key, &x->bytes);
}

static void add_minisign_key(struct package_rig *g, const char *path)
{
	struct package_extra *x = package_add_extra(&g->p, 4096, "%s", path);
	struct minisign_public_key key;

	minisign_secret_key_public(g->p.export_key, &key);
	minisign_write_public_key(&key, "test", &x->bytes);
}

static void cosign(struct package_rig *g, const struct note_secret *witness)
{
	struct package_head *h = &g->p.head;
	struct err e = { 0 };

	ck_assert_int_eq(checkpoint_cosign(&h->checkpoint, h->text.p, witness, 1795790303, &h->text,
					   &e), 0);
	ck_assert_int_eq(checkpoint_parse(h->text.p, h->text.len, &h->checkpoint, &e), 0);
	add_note_key(g, note_secret_public(witness), "witness-1");
	snprintf(g->p.witnesses[0].name, sizeof(g->p.witnesses[0].name), "example.cn/jijian");
	g->p.witnesses[0].time_ms = 1795790303000;
	g->p.n_witnesses = 1;
}

static void make_log(struct package_rig *g, bool witnessed)
{
	AUTO(note_secret_freep) struct note_secret *log = NULL, *witness = NULL;
	AUTO(buf_clear) struct buf text = BUF_INIT(4096), text2 = BUF_INIT(4096);
	struct err e = { 0 };

	ck_assert_int_eq(note_secret_new(ORIGIN, NOTE_ED25519, &text, &log, &e), 0);
	ck_assert_int_eq(
		note_secret_new("example.cn/jijian", NOTE_COSIGNATURE, &text2, &witness, &e), 0);
	make_head(g, log, g->n_leaves, &g->p.head);
	add_note_key(g, note_secret_public(log), "log");
	if (witnessed)
		cosign(g, witness);
}

/* ------ life ------ */

void package_rig_new(struct package_rig *g, size_t objects, size_t bytes, bool witnessed)
{
	struct err e = { 0 };
	char path[80];
	unsigned discs;
	size_t i;

	memset(g, 0, sizeof(*g));
	snprintf(g->dir, sizeof(g->dir), "/tmp/package-rig-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(g->dir));
	snprintf(path, sizeof(path), "%s/blobs", g->dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(minisign_parse_secret_key((const uint8_t *)secret_text,
						   strlen(secret_text), &g->p.export_key, &e),
			 0);
	snprintf(g->p.id, sizeof(g->p.id), ID);
	snprintf(g->p.station, sizeof(g->p.station), "QH-01");
	g->p.by = strdup("张三");
	g->p.reason = strdup("移送法院");
	g->p.made_ms = made_ms;
	g->p.events = json_array();
	g->p.objects = calloc(objects, sizeof(*g->p.objects));
	g->p.n_objects = objects;
	g->p.source = (struct package_source){ open_blob, read_leaf, prove, g };
	add_leaf(g, "session_opened", "\"session:" RECORDING "\"");
	for (i = 0; i < objects; i++)
		make_object(g, i, bytes + i);
	make_log(g, witnessed);
	add_minisign_key(g, RECORDER_PUB);
	add_minisign_key(g, "data/log/keys/seal.pub");
	add_minisign_key(g, "data/log/keys/export.pub");
	snprintf(path, sizeof(path), "%s/planned", g->dir);
	ck_assert_int_eq(package_plan(&g->p, &(struct package_output){ .path = path }, &discs, &e),
			 0);
}

void package_rig_free(struct package_rig *g)
{
	size_t i;

	for (i = 0; i < g->n_leaves; i++)
		buf_clear(&g->leaves[i]);
	package_clear(&g->p);
	sink_remove(g->dir);
}
