#include "rules/segment.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/utc.h"
#include "base/util.h"

static const char *const signature_names[] = {
	[SIGNATURE_UNSIGNED] = "unsigned",
	[SIGNATURE_VALID] = "valid",
	[SIGNATURE_INVALID] = "invalid",
	[SIGNATURE_KEY_UNKNOWN] = "key_unknown",
	[SIGNATURE_KEY_REVOKED] = "key_revoked",
};

static const char *const digest_names[] = {
	[DIGEST_NOT_CLAIMED] = "not_claimed",
	[DIGEST_OK] = "ok",
	[DIGEST_BAD] = "bad",
};

const char *signature_verdict_name(enum signature_verdict v)
{
	if ((unsigned)v >= COUNT(signature_names))
		BUG("segment: signature verdict %d", (int)v);
	return signature_names[v];
}

const char *digest_verdict_name(enum digest_verdict v)
{
	if ((unsigned)v >= COUNT(digest_names))
		BUG("segment: digest verdict %d", (int)v);
	return digest_names[v];
}

/* ------ the sidecar ------ */

__attribute__((format(printf, 3, 4)))
static void decide(struct sidecar *s, enum signature_verdict v, const char *fmt, ...)
{
	va_list ap;

	s->verdict = v;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
}

/* The moment at which the key must have been good. */
static int64_t claimed_time(const struct manifest *m, int64_t docked_ms)
{
	switch (m->kind) {
	case MANIFEST_SEGMENT:
		/* A clock that was never set claims nothing. */
		return m->clock == MANIFEST_CLOCK_UNSET ? docked_ms : m->end_ms;
	case MANIFEST_EVENT:
		return m->at_ms;
	case MANIFEST_INVENTORY:
		break;
	}
	return docked_ms;
}

/* The key that made the signature; NULL when none of them did. */
static const struct recorder_key *signer(const struct sidecar *s, const struct recorder_key *keys,
					 size_t n_keys, bool *ret_known)
{
	size_t i;

	*ret_known = false;
	for (i = 0; i < n_keys; i++) {
		if (memcmp(keys[i].key.id, s->sig.id, sizeof(s->sig.id)) != 0)
			continue;
		*ret_known = true;
		if (minisign_verify(&keys[i].key, &s->sig, s->bwm, s->bwm_len))
			return &keys[i];
	}
	return NULL;
}

static void verify_signature(struct sidecar *s, const struct recorder_key *keys, size_t n_keys,
			     int64_t docked_ms)
{
	const struct recorder_key *key;
	char id[17], at[UTC_TEXT_SIZE];
	bool known;
	int64_t t;

	key = signer(s, keys, n_keys, &known);
	minisign_id_text(s->sig.id, id);
	if (!known) {
		decide(s, SIGNATURE_KEY_UNKNOWN, "signed with key %s, which is not enrolled for "
		       "this recorder", id);
		return;
	}
	if (key == NULL) {
		decide(s, SIGNATURE_INVALID, "the signature of key %s does not fit the manifest",
		       id);
		return;
	}
	t = claimed_time(&s->m, docked_ms);
	utc_format(t, at);
	if (t >= key->revoked_ms)
		decide(s, SIGNATURE_KEY_REVOKED, "key %s was revoked before %s", id, at);
	else if (t < key->from_ms || t >= key->to_ms)
		decide(s, SIGNATURE_KEY_UNKNOWN, "key %s was not in its period at %s", id, at);
	else
		decide(s, SIGNATURE_VALID, "%s", "");
}

/* A signature file without manifest: for a recorder without key it means nothing. */
static void verify_alone(struct sidecar *s, size_t n_keys)
{
	if (s->minisig == NULL || n_keys == 0)
		decide(s, SIGNATURE_UNSIGNED, "%s", "there is no manifest");
	else
		decide(s, SIGNATURE_INVALID, "%s",
		       "there is a signature file, but the manifest it signs is missing");
}

void sidecar_verify(struct sidecar *s, const char *recorder, const struct recorder_key *keys,
		    size_t n_keys, int64_t docked_ms)
{
	struct err e = { 0 };

	s->parsed = s->has_signature = false;
	if (s->bwm == NULL) {
		verify_alone(s, n_keys);
		return;
	}
	s->address = digest_of(s->bwm, s->bwm_len);
	s->parsed = manifest_parse(s->bwm, s->bwm_len, &s->m, &e) == 0;
	if (s->minisig != NULL) {
		struct err *why = s->parsed ? &e : NULL;

		s->has_signature = minisign_parse_signature(s->minisig, s->minisig_len, &s->sig,
							    why) == 0;
	}
	if (!s->parsed)
		decide(s, SIGNATURE_INVALID, "manifest: %s", e.msg);
	else if (strcmp(s->m.device, recorder) != 0)
		decide(s, SIGNATURE_INVALID, "the manifest speaks of recorder %s", s->m.device);
	else if (s->minisig == NULL)
		decide(s, SIGNATURE_UNSIGNED, "%s", "the manifest has no signature file");
	else if (!s->has_signature)
		decide(s, SIGNATURE_INVALID, "signature file: %s", e.msg);
	else
		verify_signature(s, keys, n_keys, docked_ms);
}

/* ------ the findings ------ */

/* The part of every finding here that says which sidecar is meant. */
static void add_sidecar(json_t *detail, const struct sidecar *s)
{
	char hex[DIGEST_HEX_SIZE], id[17];

	if (s->bwm != NULL)
		json_object_set_new(detail, "manifest", json_string(digest_hex(&s->address, hex)));
	if (s->parsed && s->m.kind == MANIFEST_SEGMENT) {
		json_object_set_new(detail, "claimed_name", finding_text(s->m.name));
		json_object_set_new(detail, "claimed_recording", json_string(s->m.rec));
		json_object_set_new(detail, "claimed_seq", finding_number(s->m.seq));
	}
	if (s->has_signature) {
		minisign_id_text(s->sig.id, id);
		json_object_set_new(detail, "key", json_string(id));
	}
}

static struct finding start(const char *recorder, enum finding_code code, const char *path,
			    int64_t at_ms, const struct sidecar *s)
{
	struct finding f = { .code = code, .at_ms = at_ms, .confidence = -1 };
	char hex[DIGEST_HEX_SIZE];

	snprintf(f.recorder, sizeof(f.recorder), "%s", recorder);
	if (s->bwm != NULL)
		snprintf(f.fact, sizeof(f.fact), "manifest %s", digest_hex(&s->address, hex));
	f.detail = json_object();
	json_object_set_new(f.detail, "path", finding_text(path));
	add_sidecar(f.detail, s);
	return f;
}

static struct finding of_segment(const struct segment_seen *seen, enum finding_code code,
				 const struct sidecar *s)
{
	struct finding f = start(seen->recorder, code, seen->path, seen->stored_ms, s);

	f.subject_kind = SUBJECT_SEGMENT;
	snprintf(f.subject, sizeof(f.subject), "%s", seen->segment);
	return f;
}

static void add(struct findings *out, struct finding *f, const char *why)
{
	json_object_set_new(f->detail, "why", finding_text(why));
	findings_add(out, f);
}

/* Which finding a verdict is; FINDING_CODES: none. */
static enum finding_code verdict_code(enum signature_verdict v, bool recorder_has_key)
{
	switch (v) {
	case SIGNATURE_UNSIGNED:
		return recorder_has_key ? FINDING_SIGNATURE_MISSING : FINDING_CODES;
	case SIGNATURE_INVALID:
	case SIGNATURE_KEY_REVOKED:
		return FINDING_SIGNATURE_INVALID;
	case SIGNATURE_KEY_UNKNOWN:
		return FINDING_KEY_UNKNOWN;
	case SIGNATURE_VALID:
		break;
	}
	return FINDING_CODES;
}

/* A strange key beside an enrolled one is not a recorder that waits for enrolment. */
static enum finding_severity verdict_severity(enum finding_code code, bool recorder_has_key)
{
	return code == FINDING_KEY_UNKNOWN && recorder_has_key ? SEVERITY_VIOLATION :
	       SEVERITY_DEFAULT;
}

/* NAME.wav beside NAME.mp4: the sidecar NAME.bwm lies beside both and names one. */
static bool same_stem(const char *a, const char *b)
{
	const char *dot_a = strrchr(a, '.'), *dot_b = strrchr(b, '.');
	size_t len_a = dot_a == NULL ? strlen(a) : (size_t)(dot_a - a);
	size_t len_b = dot_b == NULL ? strlen(b) : (size_t)(dot_b - b);

	return len_a == len_b && strncasecmp(a, b, len_a) == 0;
}

/* A good signature under a manifest that is not about this file. */
static void judge_stranger(const struct segment_seen *seen, const struct sidecar *s,
			   struct findings *out)
{
	bool sibling = s->m.kind == MANIFEST_SEGMENT && same_stem(s->m.name, seen->name);
	struct finding f = of_segment(seen, sibling ? FINDING_SIGNATURE_MISSING :
				      FINDING_SIGNATURE_INVALID, s);
	char why[MANIFEST_NAME_MAX + 64];

	if (s->m.kind == MANIFEST_SEGMENT)
		snprintf(why, sizeof(why), "the manifest speaks of another file, %s", s->m.name);
	else
		snprintf(why, sizeof(why), "the manifest speaks of no file, its kind is %s",
			 manifest_kind_name(s->m.kind));
	add(out, &f, why);
}

/*
 * What the bureau's recorders make when they record.  Their logs and position
 * files are taken in too, but no recorder signs those.
 */
static bool is_recording(const char *name)
{
	static const char *const endings[] = {
		".mp4", ".mov", ".avi", ".flv", ".ts", ".mts", ".mkv", ".3gp",
		".wav", ".mp3", ".aac", ".m4a", ".amr", ".jpg", ".jpeg", ".bmp", ".png",
	};
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot != NULL && i < COUNT(endings); i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	return false;
}

/* Nothing was recorded, so there is nothing that a signature was left out of. */
static bool nothing_to_sign(const struct segment_seen *seen, const struct sidecar *s)
{
	return seen->size == 0 || (s->bwm == NULL && !is_recording(seen->name));
}

static void judge_signature(const struct segment_seen *seen, const struct sidecar *s,
			    bool named, bool recorder_has_key, struct findings *out)
{
	enum finding_code code = verdict_code(s->verdict, recorder_has_key);
	struct finding f;

	if (s->verdict == SIGNATURE_VALID && !named)
		judge_stranger(seen, s, out);
	if (code == FINDING_CODES ||
	    (code == FINDING_SIGNATURE_MISSING && nothing_to_sign(seen, s)))
		return;
	f = of_segment(seen, code, s);
	f.severity = verdict_severity(code, recorder_has_key);
	add(out, &f, s->why);
}

static void judge_content(const struct segment_seen *seen, const struct sidecar *s,
			  struct findings *out)
{
	struct finding f = of_segment(seen, FINDING_CHECKSUM_MISMATCH, s);
	char hex[DIGEST_HEX_SIZE];

	json_object_set_new(f.detail, "claimed_size", finding_number(s->m.size));
	json_object_set_new(f.detail, "actual_size", finding_number(seen->size));
	json_object_set_new(f.detail, "claimed_blake2b",
			    json_string(digest_hex(&s->m.blake2b, hex)));
	json_object_set_new(f.detail, "actual_blake2b", json_string(digest_hex(&seen->blob, hex)));
	add(out, &f, s->m.size != seen->size ? "the size is not the one in the manifest" :
	    "the content is not the one in the manifest");
}

static bool is_named(const struct sidecar *s, const char *name)
{
	return s->parsed && s->m.kind == MANIFEST_SEGMENT && strcasecmp(s->m.name, name) == 0;
}

bool segment_may_be(const struct sidecar *s, const char *name, const struct digest *blob)
{
	return s->verdict != SIGNATURE_VALID || !is_named(s, name) ||
	       digest_equal(&s->m.blake2b, blob);
}

enum digest_verdict segment_judge(const struct segment_seen *seen, const struct sidecar *s,
				  bool recorder_has_key, struct findings *out)
{
	bool named = is_named(s, seen->name);
	enum digest_verdict digest = DIGEST_NOT_CLAIMED;
	struct finding f;

	if (named)
		digest = s->m.size == seen->size && digest_equal(&s->m.blake2b, &seen->blob) ?
			 DIGEST_OK : DIGEST_BAD;
	judge_signature(seen, s, named, recorder_has_key, out);
	/* What a forged manifest claims is no measure of the file. */
	if (digest == DIGEST_BAD && s->verdict != SIGNATURE_INVALID)
		judge_content(seen, s, out);
	else if (seen->size == 0) {
		f = of_segment(seen, FINDING_EMPTY_FILE, s);
		add(out, &f, "the file has no content");
	}
	return digest;
}

void sidecar_judge(const char *recorder, const char *path, const struct sidecar *s,
		   bool recorder_has_key, int64_t docked_ms, struct findings *out)
{
	enum finding_code code = verdict_code(s->verdict, recorder_has_key);
	char hex[DIGEST_HEX_SIZE];
	struct finding f;
	struct digest d;

	if (code == FINDING_CODES)
		return;
	f = start(recorder, code, path, docked_ms, s);
	f.subject_kind = SUBJECT_RECORDER;
	snprintf(f.subject, sizeof(f.subject), "%s", recorder);
	f.severity = verdict_severity(code, recorder_has_key);
	if (s->bwm == NULL && s->minisig != NULL) {
		d = digest_of(s->minisig, s->minisig_len);
		snprintf(f.fact, sizeof(f.fact), "signature %s", digest_hex(&d, hex));
	}
	add(out, &f, s->why);
}
