#include "records.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "records_impl.h"
#include "rules/clock.h"
#include "rules/naming.h"

/* ------ names derived from bytes ------ */

static void uuid_text(const uint8_t b[16], char ret[RECORD_UUID_SIZE])
{
	snprintf(ret, RECORD_UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

/* RFC 9562: the version, and the variant every version shares. */
static void uuid_mark(uint8_t b[16], unsigned version)
{
	b[6] = (uint8_t)((b[6] & 0x0f) | (version << 4));
	b[8] = (b[8] & 0x3f) | 0x80;
}

void record_uuid_random(char ret[RECORD_UUID_SIZE])
{
	uint8_t b[16];

	randombytes_buf(b, sizeof(b));
	uuid_mark(b, 4);
	uuid_text(b, ret);
}

static void hash_text(crypto_generichash_state *h, const char *s)	/* with its NUL */
{
	crypto_generichash_update(h, (const uint8_t *)s, strlen(s) + 1);
}

static void hash_raw_path(crypto_generichash_state *h, const struct listing_file *f)
{
	crypto_generichash_update(h, f->raw, f->raw_len);
	crypto_generichash_update(h, (const uint8_t *)"", 1);
}

void record_uuid_derived(const char *kind, const char *recorder, const struct listing_file *f,
			 const struct digest *blob, char ret[RECORD_UUID_SIZE])
{
	crypto_generichash_state h;
	struct digest d;

	crypto_generichash_init(&h, NULL, 0, sizeof(d.b));
	hash_text(&h, kind);
	hash_text(&h, recorder);
	hash_raw_path(&h, f);
	crypto_generichash_update(&h, blob->b, sizeof(blob->b));
	crypto_generichash_final(&h, d.b, sizeof(d.b));
	uuid_mark(d.b, 8);
	uuid_text(d.b, ret);
}

struct digest record_fingerprint(const struct listing_file *f, const struct digest *bwm,
				 const uint8_t *head, const uint8_t *tail, size_t len)
{
	static const struct digest none;
	crypto_generichash_state h;
	struct digest d;
	uint8_t size[8];
	int i;

	for (i = 0; i < 8; i++)
		size[i] = (uint8_t)(f->size >> (8 * i));
	crypto_generichash_init(&h, NULL, 0, sizeof(d.b));
	hash_raw_path(&h, f);
	crypto_generichash_update(&h, size, sizeof(size));
	hash_text(&h, f->modified);
	crypto_generichash_update(&h, bwm != NULL ? bwm->b : none.b, sizeof(none.b));
	crypto_generichash_update(&h, head, len);
	crypto_generichash_update(&h, tail, len);
	crypto_generichash_final(&h, d.b, sizeof(d.b));
	return d;
}

struct digest record_resume_key(const char *recorder, const struct digest *fingerprint)
{
	crypto_generichash_state h;
	struct digest d;

	crypto_generichash_init(&h, NULL, 0, sizeof(d.b));
	hash_text(&h, "resume");
	hash_text(&h, recorder);
	crypto_generichash_update(&h, fingerprint->b, sizeof(fingerprint->b));
	crypto_generichash_final(&h, d.b, sizeof(d.b));
	return d;
}

bool record_has_times(const struct sidecar *s)
{
	return s->bwm != NULL && s->parsed && s->m.kind == MANIFEST_SEGMENT;
}

/* ------ records ------ */

json_t *record_usb(const struct usb_device_info *usb)
{
	char vid[5], pid[5];

	snprintf(vid, sizeof(vid), "%04x", usb->vid);
	snprintf(pid, sizeof(pid), "%04x", usb->pid);
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "vid", vid, "pid", pid,
			 "serial", finding_text(usb->serial),
			 "manufacturer", finding_text(usb->manufacturer),
			 "product", finding_text(usb->product));
}

json_t *record_session(const char *slot, const struct usb_device_info *usb, const char *recorder,
		       int64_t started_ms)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}",
			 "type", "session", "slot", slot,
			 "port", usb != NULL ? usb->port : "import",
			 "usb", usb != NULL ? record_usb(usb) : json_null(),
			 "recorder", text_or_null(recorder), "started", moment(started_ms));
}

static json_t *marks(const struct manifest *m)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < m->n_marks; i++)
		json_array_append_new(list, moment(m->marks[i]));
	return list;
}

/* The claims of a segment's manifest, put into the record. */
static json_t *segment_claims(const struct manifest *m)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:s, s:o, s:o,"
			 " s:o, s:o}",
			 "rec", m->rec, "seq", number(m->seq), "start", moment(m->start_ms),
			 "end", moment(m->end_ms), "clock", manifest_clock_name(m->clock),
			 "boot", number(m->boot), "mono_start_ms", number(m->mono_start_ms),
			 "mono_end_ms", number(m->mono_end_ms), "officer", m->officer,
			 "size", number(m->size), "last", m->last,
			 "end_reason", manifest_end_name(m->end), "media_name", finding_text(m->name),
			 "media_blake2b", address(&m->blake2b),
			 "media_sha256", hex(m->sha256, sizeof(m->sha256)), "marks", marks(m));
}

/* Every claim of the record as null; what the manifest says is put over it. */
static json_t *no_claims(void)
{
	static const char *const keys[] = {
		"kind", "device", "firmware", "rec", "seq", "dseq", "prev", "start", "end",
		"clock", "boot", "mono_start_ms", "mono_end_ms", "officer", "size", "last",
		"end_reason", "media_name", "media_blake2b", "media_sha256", "marks", "nonce",
	};
	json_t *j = json_object();
	size_t i;

	for (i = 0; i < COUNT(keys); i++)
		json_object_set_new(j, keys[i], json_null());
	return j;
}

static json_t *claims(const struct sidecar *s)
{
	const struct manifest *m = &s->m;
	json_t *j = no_claims(), *common, *more = NULL;

	if (!s->parsed)
		return j;
	common = json_pack("{s:s, s:s, s:s, s:o, s:o}", "kind", manifest_kind_name(m->kind),
			   "device", m->device, "firmware", m->firmware, "dseq", number(m->dseq),
			   "prev", address(&m->prev));
	if (m->kind == MANIFEST_SEGMENT)
		more = segment_claims(m);
	else if (m->kind == MANIFEST_INVENTORY)
		more = json_pack("{s:o}", "nonce", address(&m->nonce));
	if (common == NULL || json_object_update_existing(j, common) < 0 ||
	    (more != NULL && json_object_update_existing(j, more) < 0)) {
		json_decref(j);
		j = NULL;
	}
	json_decref(common);
	json_decref(more);
	return j;
}

json_t *record_manifest(const char *recorder, int64_t at_ms, const struct sidecar *s,
			const struct listing_file *bwm, const struct digest *signature_blob,
			const struct findings *findings)
{
	json_t *j = claims(s), *rest;
	char id[17];

	if (s->has_signature)
		minisign_id_text(s->sig.id, id);
	rest = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}",
			 "type", "manifest", "recorder", text_or_null(recorder),
			 "manifest", address(&s->address), "signature_blob", address(signature_blob),
			 "path", finding_text(bwm->path), "path_raw", hex(bwm->raw, bwm->raw_len),
			 "signature", signature_verdict_name(s->verdict),
			 "key_id", s->has_signature ? json_string(id) : json_null(),
			 "at", moment(at_ms), "findings", findings_json(findings));
	if (j == NULL || rest == NULL || json_object_update(j, rest) < 0) {
		json_decref(j);
		j = NULL;
	}
	json_decref(rest);
	return j;
}

static json_t *claimed(int64_t start_ms, int64_t end_ms, const char *source)
{
	return json_pack("{s:o, s:o, s:s}",
			 "start", start_ms != NAMING_UNKNOWN ? moment(start_ms) : json_null(),
			 "end", end_ms != NAMING_UNKNOWN ? moment(end_ms) : json_null(),
			 "time_source", source);
}

static int64_t directory_ms(const struct record_segment *r, const char *claim)
{
	int64_t ms;

	return clock_claim(claim, r->zone_min, &ms) == 0 ? ms : NAMING_UNKNOWN;
}

/*
 * When it was recorded, and who says so: the manifest before the name, and that
 * before the directory, which a copy changes.  Where a name has a start alone,
 * the directory may say when that recording ended, if it is of the same day.
 */
static json_t *times(const struct record_segment *r)
{
	const int64_t created = directory_ms(r, r->file->created),
		      modified = directory_ms(r, r->file->modified);
	int64_t start, end;

	if (record_has_times(r->sidecar))
		return claimed(r->sidecar->m.start_ms, r->sidecar->m.end_ms, "manifest");
	if (r->name != NULL && r->name->start_ms != NAMING_UNKNOWN) {
		start = r->name->start_ms;
		end = r->name->end_ms;
		if (end == NAMING_UNKNOWN && modified >= start && modified - start <= UTC_DAY_MS)
			end = modified;
		return claimed(start, end, "name");
	}
	return claimed(created, modified, created != NAMING_UNKNOWN || modified != NAMING_UNKNOWN
					  ? "directory" : "none");
}

/* Whom the manifest names; without one, whom the name does.  NULL: no memory. */
static json_t *officer(const struct record_segment *r)
{
	const char *id = "";

	if (record_has_times(r->sidecar))
		id = r->sidecar->m.officer;
	else if (r->name != NULL)
		id = r->name->officer;
	return strcmp(id, "-") != 0 ? text_or_null(id) : json_null();
}

static json_t *seal_or_null(const struct record_seal *s)
{
	if (s == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "manifest", address(&s->manifest),
			 "signature", address(&s->signature), "dseq", number(s->dseq));
}

static json_t *holes(const struct record_segment *r)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < r->n_holes && list != NULL; i++)
		if (json_array_append_new(list, json_pack("{s:o, s:o}",
				"offset", number(r->holes[i].offset),
				"size", number(r->holes[i].size))) < 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static const char *assurance(const struct record_segment *r)
{
	if (r->imported)
		return "imported";
	return r->seal == NULL ? "signed_by_recorder" : "sealed_at_dock";
}

json_t *record_segment(const struct record_segment *r)
{
	const struct listing_file *f = r->file;
	const struct sidecar *s = r->sidecar;
	const bool timed = record_has_times(s);
	json_t *when = times(r), *j;

	j = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
		      " s:{s:o, s:o, s:o}, s:o, s:b, s:s, s:s, s:s, s:o, s:o, s:o, s:o}",
		      "type", "segment", "segment", r->segment, "recorder", r->recorder,
		      "recording", r->recording, "seq", number(timed ? s->m.seq : 0),
		      "path", finding_text(f->path), "path_raw", hex(f->raw, f->raw_len),
		      "size", number(f->size), "blob", address(&r->blob),
		      "fingerprint", address(&r->fingerprint), "stored", moment(r->stored_ms),
		      "claims", "created", text_or_null(f->created),
		      "modified", text_or_null(f->modified), "accessed", text_or_null(f->accessed),
		      "officer", officer(r), "important", r->name != NULL && r->name->important,
		      "assurance", assurance(r),
		      "signature", signature_verdict_name(s->verdict),
		      "digest", digest_verdict_name(r->digest),
		      "manifest", r->manifest_kept ? address(&s->address) : json_null(),
		      "seal", seal_or_null(r->seal), "holes", holes(r),
		      "findings", findings_json(r->findings));
	if (j == NULL || when == NULL || json_object_update(j, when) < 0) {
		json_decref(j);
		j = NULL;
	}
	json_decref(when);
	return j;
}

static json_t *record_finding(const struct finding *f)
{
	return json_pack("{s:s, s:o}", "type", "finding", "finding", finding_json(f));
}

int record_findings(json_t *records, const struct findings *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (json_array_append_new(records, record_finding(&l->items[i])) < 0)
			return -ENOMEM;
	return 0;
}

json_t *record_end(int64_t ended_ms, const char *outcome, const char *reason,
		   const struct record_counts *counts)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "type", "end", "ended", moment(ended_ms), "outcome", outcome,
			 "reason", finding_text(reason), "planned", number(counts->planned),
			 "stored", number(counts->stored), "known", number(counts->known),
			 "failed", number(counts->failed), "bytes", number(counts->bytes));
}
