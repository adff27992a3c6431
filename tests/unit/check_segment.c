#include <string.h>

#include "base/buf.h"
#include "base/utc.h"
#include "base/util.h"
#include "rules/segment.h"
#include "unit/suite.h"

/* Made by `minisign -G -W`; signs nothing but tests. */
static const char secret_text[] =
	"untrusted comment: minisign encrypted secret key\n"
	"RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"Nfpio15TVrKP3dlx/9p0gs6KoI/9RA5hNXJKR8DDCHcdo+kccjB6HmPSsz+8lV/O2w+CjenH"
	"ZPtZ74ebiv7iAYcUF7TBBAYSAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

static const char recorder[] = "REC-000123";
static const char content[] = "a segment";
static const int64_t END = INT64_C(1795437778123), DOCKED = END + 3600 * 1000;

enum change {
	NOTHING,
	/* of the manifest, before it is signed */
	OTHER_DEVICE, EVENT, INVENTORY, CLOCK_UNSET, OTHER_NAME, SIBLING_NAME, UPPER_NAME,
	OTHER_SIZE, OTHER_CONTENT, CLAIMS_EMPTY,
	/* of the files, after it */
	NO_MANIFEST, NO_SIGNATURE, NO_SIDECAR, MANIFEST_ALTERED, MANIFEST_GARBAGE,
	SIGNATURE_GARBAGE,
	/* of what is enrolled */
	NO_KEY, OTHER_ID, OTHER_KEY, TWO_KEYS,
};

struct fixture {
	struct manifest m;
	struct buf bwm, minisig;
	struct sidecar s;
	struct recorder_key keys[2];
	size_t n_keys;
};

static void change_manifest(struct manifest *m, enum change c)
{
	m->kind = c == EVENT ? MANIFEST_EVENT : c == INVENTORY ? MANIFEST_INVENTORY :
		  MANIFEST_SEGMENT;
	if (c == OTHER_DEVICE)
		snprintf(m->device, sizeof(m->device), "REC-000124");
	if (c == CLOCK_UNSET)
		m->clock = MANIFEST_CLOCK_UNSET;
	if (c == OTHER_NAME)
		snprintf(m->name, sizeof(m->name), "B.mp4");
	if (c == SIBLING_NAME)
		snprintf(m->name, sizeof(m->name), "A.wav");
	if (c == UPPER_NAME)
		snprintf(m->name, sizeof(m->name), "a.MP4");
	if (c == OTHER_SIZE)
		m->size++;
	if (c == OTHER_CONTENT)
		m->blake2b.b[0] ^= 1;
	if (c == CLAIMS_EMPTY) {
		m->size = 0;
		m->blake2b = digest_of("", 0);
	}
}

static void sign(struct fixture *x)
{
	struct minisign_secret_key *k;
	struct err e = { 0 };

	ck_assert_int_eq(minisign_parse_secret_key((const uint8_t *)secret_text,
						   strlen(secret_text), &k, &e), 0);
	minisign_secret_key_public(k, &x->keys[0].key);
	ck_assert_msg(manifest_write(&x->m, &x->bwm, &e) == 0, "%s", e.msg);
	ck_assert_msg(minisign_sign(k, x->bwm.p, x->bwm.len, "test", &x->minisig, &e) == 0,
		      "%s", e.msg);
	minisign_secret_key_free(k);
}

static void change_files(struct fixture *x, enum change c)
{
	static const uint8_t garbage[] = "bwc-manifest/v1\r\n";

	x->s.bwm = x->bwm.p;
	x->s.bwm_len = x->bwm.len;
	x->s.minisig = x->minisig.p;
	x->s.minisig_len = x->minisig.len;
	if (c == NO_MANIFEST || c == NO_SIDECAR)
		x->s.bwm = NULL;
	if (c == NO_SIGNATURE || c == NO_SIDECAR)
		x->s.minisig = NULL;
	if (c == MANIFEST_ALTERED)	/* "officer 019123" */
		memcpy(strstr((char *)x->bwm.p, "019123"), "019124", 6);
	if (c == MANIFEST_GARBAGE) {
		x->s.bwm = garbage;
		x->s.bwm_len = sizeof(garbage) - 1;
	}
	if (c == SIGNATURE_GARBAGE)
		x->s.minisig_len = 20;
}

static void change_keys(struct fixture *x, enum change c)
{
	x->n_keys = c == NO_KEY ? 0 : 1;
	x->keys[0].from_ms = END - 1000;
	x->keys[0].to_ms = x->keys[0].revoked_ms = INT64_MAX;
	if (c == OTHER_ID)
		x->keys[0].key.id[0] ^= 1;
	if (c == OTHER_KEY || c == TWO_KEYS)
		x->keys[0].key.key[0] ^= 1;
	if (c == TWO_KEYS) {		/* one id, of which the second is the right one */
		x->keys[1] = x->keys[0];
		x->keys[1].key.key[0] ^= 1;
		x->n_keys = 2;
	}
}

static void make(struct fixture *x, enum change c)
{
	static const struct manifest m = {
		.device = "REC-000123", .firmware = "1.4.2", .dseq = 48213, .prev.b = { 1 },
		.rec = "6f1c8e5e-0000-4000-8000-000000000001", .seq = 17,
		.start_ms = END - 300000, .end_ms = END, .clock = MANIFEST_CLOCK_GNSS, .boot = 42,
		.mono_start_ms = 1000, .mono_end_ms = 301000, .officer = "019123",
		.size = sizeof(content) - 1, .end = MANIFEST_END_NONE, .name = "A.mp4",
		.what = "power-on", .detail = "ok", .at_ms = END,
	};

	*x = (struct fixture){ .bwm = BUF_INIT(MANIFEST_MAX), .minisig = BUF_INIT(MINISIGN_FILE_MAX) };
	x->m = m;
	x->m.blake2b = digest_of(content, sizeof(content) - 1);
	change_manifest(&x->m, c);
	sign(x);
	change_files(x, c);
	change_keys(x, c);
}

static void fixture_clear(struct fixture *x)
{
	buf_clear(&x->bwm);
	buf_clear(&x->minisig);
}

/* ------ the verdict on a sidecar ------ */

static const struct {
	const char *what;
	enum change change;
	enum signature_verdict verdict;
	const char *why;		/* is part of it */
	bool parsed, has_signature;
} verdicts[] = {
	{ "as signed", NOTHING, SIGNATURE_VALID, "", true, true },
	{ "two keys of one id", TWO_KEYS, SIGNATURE_VALID, "", true, true },
	{ "an inventory", INVENTORY, SIGNATURE_VALID, "", true, true },
	{ "an event", EVENT, SIGNATURE_VALID, "", true, true },
	{ "no sidecar", NO_SIDECAR, SIGNATURE_UNSIGNED, "no manifest", false, false },
	{ "no signature file", NO_SIGNATURE, SIGNATURE_UNSIGNED, "no signature file", true, false },
	{ "a signature alone", NO_MANIFEST, SIGNATURE_INVALID, "missing", false, false },
	{ "one byte altered", MANIFEST_ALTERED, SIGNATURE_INVALID, "B256535EA362FA35", true, true },
	{ "no manifest at all", MANIFEST_GARBAGE, SIGNATURE_INVALID, "manifest: line 1", false, true },
	{ "no signature at all", SIGNATURE_GARBAGE, SIGNATURE_INVALID, "signature file: ", true, false },
	{ "of another recorder", OTHER_DEVICE, SIGNATURE_INVALID, "REC-000124", true, true },
	{ "another key of that id", OTHER_KEY, SIGNATURE_INVALID, "B256535EA362FA35", true, true },
	{ "a key of another id", OTHER_ID, SIGNATURE_KEY_UNKNOWN, "not enrolled", true, true },
	{ "nothing enrolled", NO_KEY, SIGNATURE_KEY_UNKNOWN, "not enrolled", true, true },
};

START_TEST(judges_the_sidecar)
{
	struct fixture x;

	make(&x, verdicts[_i].change);
	sidecar_verify(&x.s, recorder, x.keys, x.n_keys, DOCKED);
	ck_assert_msg(x.s.verdict == verdicts[_i].verdict, "%s: %s, %s", verdicts[_i].what,
		      signature_verdict_name(x.s.verdict), x.s.why);
	ck_assert_msg(strstr(x.s.why, verdicts[_i].why) != NULL, "%s: %s", verdicts[_i].what,
		      x.s.why);
	ck_assert((x.s.why[0] == '\0') == (x.s.verdict == SIGNATURE_VALID));
	ck_assert(x.s.parsed == verdicts[_i].parsed);
	ck_assert(x.s.has_signature == verdicts[_i].has_signature);
	fixture_clear(&x);
}
END_TEST

/* The period is half-open, and the claimed time is what counts. */
static const struct {
	const char *what;
	enum change change;
	int64_t from_ms, to_ms, revoked_ms;
	enum signature_verdict verdict;
} periods[] = {
	{ "begins then", NOTHING, END, INT64_MAX, INT64_MAX, SIGNATURE_VALID },
	{ "begins after", NOTHING, END + 1, INT64_MAX, INT64_MAX, SIGNATURE_KEY_UNKNOWN },
	{ "ends after", NOTHING, 0, END + 1, INT64_MAX, SIGNATURE_VALID },
	{ "ends then", NOTHING, 0, END, INT64_MAX, SIGNATURE_KEY_UNKNOWN },
	{ "revoked after", NOTHING, 0, INT64_MAX, END + 1, SIGNATURE_VALID },
	{ "revoked then", NOTHING, 0, INT64_MAX, END, SIGNATURE_KEY_REVOKED },
	{ "event, revoked after", EVENT, 0, INT64_MAX, END + 1, SIGNATURE_VALID },
	{ "event, revoked then", EVENT, 0, INT64_MAX, END, SIGNATURE_KEY_REVOKED },
	{ "inventory, revoked after", INVENTORY, 0, INT64_MAX, DOCKED + 1, SIGNATURE_VALID },
	{ "inventory, revoked then", INVENTORY, 0, INT64_MAX, DOCKED, SIGNATURE_KEY_REVOKED },
	{ "no clock, begins then", CLOCK_UNSET, DOCKED, INT64_MAX, INT64_MAX, SIGNATURE_VALID },
	{ "no clock, begins after", CLOCK_UNSET, DOCKED + 1, INT64_MAX, INT64_MAX,
	  SIGNATURE_KEY_UNKNOWN },
};

START_TEST(keys_have_their_time)
{
	struct fixture x;

	make(&x, periods[_i].change);
	x.keys[0].from_ms = periods[_i].from_ms;
	x.keys[0].to_ms = periods[_i].to_ms;
	x.keys[0].revoked_ms = periods[_i].revoked_ms;
	sidecar_verify(&x.s, recorder, x.keys, x.n_keys, DOCKED);
	ck_assert_msg(x.s.verdict == periods[_i].verdict, "%s: %s", periods[_i].what, x.s.why);
	fixture_clear(&x);
}
END_TEST

START_TEST(a_struct_of_zeros_vouches_for_nothing)
{
	static const struct sidecar s;

	ck_assert_str_eq(signature_verdict_name(s.verdict), "unsigned");
}
END_TEST

/* ------ the findings on a file ------ */

static const struct {
	const char *what;
	enum change change;
	bool empty;			/* the file that was stored, otherwise it is content[] */
	enum digest_verdict digest;
	enum finding_code found[3];	/* up to FINDING_CODES */
	enum finding_severity severity;	/* of the first */
} judgements[] = {
	{ "as signed", NOTHING, false, DIGEST_OK, { FINDING_CODES }, 0 },
	{ "its name in other case", UPPER_NAME, false, DIGEST_OK, { FINDING_CODES }, 0 },
	{ "one byte more claimed", OTHER_SIZE, false, DIGEST_BAD,
	  { FINDING_CHECKSUM_MISMATCH, FINDING_CODES }, 0 },
	{ "content altered", OTHER_CONTENT, false, DIGEST_BAD,
	  { FINDING_CHECKSUM_MISMATCH, FINDING_CODES }, 0 },
	{ "content taken away", NOTHING, true, DIGEST_BAD,
	  { FINDING_CHECKSUM_MISMATCH, FINDING_CODES }, 0 },
	{ "empty, and signed so", CLAIMS_EMPTY, true, DIGEST_OK,
	  { FINDING_EMPTY_FILE, FINDING_CODES }, 0 },
	{ "empty, and no sidecar", NO_SIDECAR, true, DIGEST_NOT_CLAIMED,
	  { FINDING_EMPTY_FILE, FINDING_CODES }, 0 },
	{ "not empty, signed as empty", CLAIMS_EMPTY, false, DIGEST_BAD,
	  { FINDING_CHECKSUM_MISMATCH, FINDING_CODES }, 0 },
	{ "a sidecar for another file", OTHER_NAME, false, DIGEST_NOT_CLAIMED,
	  { FINDING_SIGNATURE_INVALID, FINDING_CODES }, 0 },
	{ "the sidecar of its neighbour", SIBLING_NAME, false, DIGEST_NOT_CLAIMED,
	  { FINDING_SIGNATURE_MISSING, FINDING_CODES }, 0 },
	{ "an event in place of a segment", EVENT, false, DIGEST_NOT_CLAIMED,
	  { FINDING_SIGNATURE_INVALID, FINDING_CODES }, 0 },
	{ "a forged sidecar", MANIFEST_ALTERED, false, DIGEST_OK,
	  { FINDING_SIGNATURE_INVALID, FINDING_CODES }, 0 },
	{ "a forged sidecar over no content", MANIFEST_ALTERED, true, DIGEST_BAD,
	  { FINDING_SIGNATURE_INVALID, FINDING_EMPTY_FILE, FINDING_CODES }, 0 },
	{ "no manifest at all", MANIFEST_GARBAGE, false, DIGEST_NOT_CLAIMED,
	  { FINDING_SIGNATURE_INVALID, FINDING_CODES }, 0 },
	{ "no sidecar", NO_SIDECAR, false, DIGEST_NOT_CLAIMED,
	  { FINDING_SIGNATURE_MISSING, FINDING_CODES }, 0 },
	{ "no signature file", NO_SIGNATURE, false, DIGEST_OK,
	  { FINDING_SIGNATURE_MISSING, FINDING_CODES }, 0 },
	{ "a signature alone", NO_MANIFEST, false, DIGEST_NOT_CLAIMED,
	  { FINDING_SIGNATURE_INVALID, FINDING_CODES }, 0 },
	{ "nothing enrolled", NO_KEY, false, DIGEST_OK,
	  { FINDING_KEY_UNKNOWN, FINDING_CODES }, SEVERITY_DEFAULT },
	{ "a strange key beside the enrolled", OTHER_ID, false, DIGEST_OK,
	  { FINDING_KEY_UNKNOWN, FINDING_CODES }, SEVERITY_VIOLATION },
};

static struct segment_seen whole(void)
{
	return (struct segment_seen){
		.recorder = recorder, .segment = "11111111-2222-8333-8444-555555555555",
		.path = "DCIM/A.mp4", .name = "A.mp4", .size = sizeof(content) - 1,
		.blob = digest_of(content, sizeof(content) - 1), .stored_ms = DOCKED,
	};
}

START_TEST(finds_in_the_file)
{
	const enum finding_code *want = judgements[_i].found;
	struct segment_seen seen = whole();
	struct findings l = { 0 };
	struct fixture x;
	size_t i;

	if (judgements[_i].empty) {
		seen.size = 0;
		seen.blob = digest_of("", 0);
	}
	make(&x, judgements[_i].change);
	sidecar_verify(&x.s, recorder, x.keys, x.n_keys, DOCKED);
	ck_assert_msg(segment_judge(&seen, &x.s, x.n_keys > 0, &l) == judgements[_i].digest,
		      "%s", judgements[_i].what);
	for (i = 0; want[i] != FINDING_CODES; i++) {
		ck_assert_msg(i < l.n && l.items[i].code == want[i], "%s: no %s",
			      judgements[_i].what, finding_code_name(want[i]));
		ck_assert_str_eq(l.items[i].subject, seen.segment);
		ck_assert_str_eq(l.items[i].recorder, recorder);
		ck_assert_int_eq(l.items[i].at_ms, DOCKED);
		ck_assert_str_eq(json_string_value(json_object_get(l.items[i].detail, "path")),
				 "DCIM/A.mp4");
		ck_assert_ptr_nonnull(json_object_get(l.items[i].detail, "why"));
	}
	ck_assert_msg(l.n == i, "%s: %zu findings", judgements[_i].what, l.n);
	if (l.n > 0)
		ck_assert_int_eq(l.items[0].severity, judgements[_i].severity);
	findings_clear(&l);
	fixture_clear(&x);
}
END_TEST

/* Whether other content than content[] may be what lies on the card. */
static const struct {
	const char *what;
	enum change change;
	bool other, same;		/* may it be: other content, content[] itself */
} doubles[] = {
	{ "as signed", NOTHING, false, true },
	{ "its name in other case", UPPER_NAME, false, true },
	{ "altered after signing", OTHER_CONTENT, false, false },
	{ "a sidecar for another file", OTHER_NAME, true, true },
	{ "the sidecar of its neighbour", SIBLING_NAME, true, true },
	{ "a forged sidecar", MANIFEST_ALTERED, true, true },
	{ "no sidecar", NO_SIDECAR, true, true },
	{ "nothing enrolled", NO_KEY, true, true },
};

START_TEST(knows_its_double)
{
	struct digest same = digest_of(content, sizeof(content) - 1), other = digest_of("x", 1);
	struct fixture x;

	make(&x, doubles[_i].change);
	sidecar_verify(&x.s, recorder, x.keys, x.n_keys, DOCKED);
	ck_assert_msg(segment_may_be(&x.s, "A.mp4", &other) == doubles[_i].other &&
		      segment_may_be(&x.s, "A.mp4", &same) == doubles[_i].same, "%s",
		      doubles[_i].what);
	fixture_clear(&x);
}
END_TEST

/* A recorder without key that keeps no sidecars has nothing to answer for. */
START_TEST(without_key_nothing_is_missing)
{
	static const enum change left_out[] = { NO_SIDECAR, NO_SIGNATURE, NO_MANIFEST };
	struct segment_seen seen = whole();
	struct findings l = { 0 };
	struct fixture x;

	make(&x, left_out[_i]);
	sidecar_verify(&x.s, recorder, NULL, 0, DOCKED);
	ck_assert_int_eq(x.s.verdict, SIGNATURE_UNSIGNED);
	segment_judge(&seen, &x.s, false, &l);
	sidecar_judge(recorder, "DCIM/A.bwm", &x.s, false, DOCKED, &l);
	ck_assert_uint_eq(l.n, 0);
	fixture_clear(&x);
}
END_TEST

static const struct {
	const char *what;
	enum change change;
	enum finding_code found;	/* FINDING_CODES: none */
} lonely[] = {
	{ "as signed", NOTHING, FINDING_CODES },
	{ "forged", MANIFEST_ALTERED, FINDING_SIGNATURE_INVALID },
	{ "garbage", MANIFEST_GARBAGE, FINDING_SIGNATURE_INVALID },
	{ "not signed", NO_SIGNATURE, FINDING_SIGNATURE_MISSING },
	{ "a signature alone", NO_MANIFEST, FINDING_SIGNATURE_INVALID },
	{ "a strange key", OTHER_ID, FINDING_KEY_UNKNOWN },
};

START_TEST(finds_in_a_sidecar_without_media)
{
	struct findings l = { 0 };
	struct fixture x;

	make(&x, lonely[_i].change);
	sidecar_verify(&x.s, recorder, x.keys, x.n_keys, DOCKED);
	sidecar_judge(recorder, "DCIM/A.bwm", &x.s, true, DOCKED, &l);
	ck_assert_msg(l.n == (lonely[_i].found == FINDING_CODES ? 0 : 1), "%s: %zu findings",
		      lonely[_i].what, l.n);
	if (l.n == 1) {
		ck_assert_msg(l.items[0].code == lonely[_i].found, "%s", lonely[_i].what);
		ck_assert_str_eq(l.items[0].subject, recorder);
		ck_assert_str_ne(l.items[0].fact, "");
	}
	findings_clear(&l);
	fixture_clear(&x);
}
END_TEST

static const struct { const char *name; enum change change; size_t findings; } unsigned_names[] = {
	{ "A.mp4", NO_SIDECAR, 1 }, { "A.MP4", NO_SIDECAR, 1 }, { "A.wav", NO_SIDECAR, 1 },
	{ "A.jpg", NO_SIDECAR, 1 }, { "device.log", NO_SIDECAR, 0 }, { "track.gps", NO_SIDECAR, 0 },
	{ "mp4", NO_SIDECAR, 0 }, { "A.mp4.log", NO_SIDECAR, 0 }, { "A.log", NO_SIGNATURE, 1 },
};

START_TEST(only_recordings_must_be_signed)
{
	struct segment_seen seen = {
		.recorder = recorder, .segment = "11111111-2222-8333-8444-555555555555",
		.path = "DCIM/x", .name = unsigned_names[_i].name, .size = sizeof(content) - 1,
		.blob = digest_of(content, sizeof(content) - 1), .stored_ms = DOCKED,
	};
	struct findings l = { 0 };
	struct fixture x;

	make(&x, unsigned_names[_i].change);
	sidecar_verify(&x.s, recorder, x.keys, x.n_keys, DOCKED);
	segment_judge(&seen, &x.s, true, &l);
	ck_assert_msg(l.n == unsigned_names[_i].findings, "%s: %zu findings", seen.name, l.n);
	findings_clear(&l);
	fixture_clear(&x);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, only_recordings_must_be_signed, 0, (int)COUNT(unsigned_names));
	tcase_add_loop_test(tc, judges_the_sidecar, 0, (int)COUNT(verdicts));
	tcase_add_loop_test(tc, keys_have_their_time, 0, (int)COUNT(periods));
	tcase_add_test(tc, a_struct_of_zeros_vouches_for_nothing);
	tcase_add_loop_test(tc, finds_in_the_file, 0, (int)COUNT(judgements));
	tcase_add_loop_test(tc, knows_its_double, 0, (int)COUNT(doubles));
	tcase_add_loop_test(tc, without_key_nothing_is_missing, 0, 3);
	tcase_add_loop_test(tc, finds_in_a_sidecar_without_media, 0, (int)COUNT(lonely));
}

int main(void)
{
	return suite_main("segment", fill);
}
