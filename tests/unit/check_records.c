#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "dockd/records.h"
#include "rules/naming.h"
#include "unit/suite.h"

/* Computed with Python's hashlib from the words of RECORDS.md. */
#define SEGMENT_ID		"01b34463-1666-8ade-a7c7-dbbda5928a8a"
#define RECORDING_ID		"2476f7f9-b459-8e38-824b-35e867db391f"
#define FINGERPRINT_SMALL \
	"2e390f84d74f352bbd1c9d34a5d871c22f7086605523175f61e426375b2aa6fd"
#define FINGERPRINT_LARGE \
	"79ad4e0ce1a21a55db1ccd2792382e7ab46a0efd7b9cf4a173181057540633d6"

/* A name in GBK, as found; shown escaped. */
static uint8_t raw[] = "DCIM/\xd6\xb4.mp4";
static char shown[] = "DCIM/\\xd6\\xb4.mp4";
static const struct listing_file file = {
	.path = shown, .raw = raw, .raw_len = sizeof(raw) - 1, .size = 5,
	.created = "2026-11-23T20:37:58", .modified = "2026-11-23T20:42:58",
};

static struct digest counting(void)
{
	struct digest d;
	int i;

	for (i = 0; i < DIGEST_LEN; i++)
		d.b[i] = (uint8_t)i;
	return d;
}

START_TEST(ids_are_what_the_format_says)
{
	const struct digest blob = counting();
	char id[RECORD_UUID_SIZE];

	record_uuid_derived("segment", "REC-000123", &file, &blob, id);
	ck_assert_str_eq(id, SEGMENT_ID);
	record_uuid_derived("recording", "REC-000123", &file, &blob, id);
	ck_assert_str_eq(id, RECORDING_ID);
}
END_TEST

START_TEST(fingerprints_are_what_the_format_says)
{
	static uint8_t head[RECORD_PROBE], tail[RECORD_PROBE];
	const struct digest bwm = counting();
	struct listing_file large = file;
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	d = record_fingerprint(&file, NULL, (const uint8_t *)"hello", (const uint8_t *)"hello", 5);
	ck_assert_str_eq(digest_hex(&d, hex), FINGERPRINT_SMALL);
	memset(head, 'a', sizeof(head));
	memset(tail, 'b', sizeof(tail));
	large.size = UINT64_C(0x0102030405060708);
	large.modified[0] = '\0';
	d = record_fingerprint(&large, &bwm, head, tail, RECORD_PROBE);
	ck_assert_str_eq(digest_hex(&d, hex), FINGERPRINT_LARGE);
}
END_TEST

START_TEST(random_ids_are_version_4)
{
	char a[RECORD_UUID_SIZE], b[RECORD_UUID_SIZE];

	record_uuid_random(a);
	record_uuid_random(b);
	ck_assert_uint_eq(strlen(a), RECORD_UUID_SIZE - 1);
	ck_assert_int_eq(a[14], '4');
	ck_assert_ptr_nonnull(strchr("89ab", a[19]));
	ck_assert_str_ne(a, b);
}
END_TEST

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	ck_assert_msg(s != NULL, "no text %s", key);
	return s;
}

static bool is_null(const json_t *j, const char *key)
{
	return json_is_null(json_object_get(j, key));
}

static struct sidecar segment_sidecar(void)
{
	static const uint8_t bytes[] = "x";
	struct sidecar s = { .bwm = bytes, .bwm_len = 1, .parsed = true,
			     .verdict = SIGNATURE_VALID, .address = counting() };

	s.m.kind = MANIFEST_SEGMENT;
	snprintf(s.m.device, sizeof(s.m.device), "REC-000123");
	snprintf(s.m.rec, sizeof(s.m.rec), "0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b");
	snprintf(s.m.officer, sizeof(s.m.officer), "-");
	snprintf(s.m.name, sizeof(s.m.name), "a.mp4");
	s.m.seq = 17;
	s.m.start_ms = INT64_C(1795437778123);
	s.m.end_ms = INT64_C(1795437779123);
	s.m.marks[0] = s.m.start_ms;
	s.m.n_marks = 1;
	return s;
}

/* What the tests below give a segment as well. */
static const struct record_name *name;
static int zone_min = NAMING_SHANGHAI_MIN;

static json_t *segment_with(const struct sidecar *s, const struct listing_file *f,
			    const struct record_seal *seal)
{
	static const struct findings none;
	const struct record_segment r = {
		.segment = SEGMENT_ID, .recorder = "REC-000123", .recording = RECORDING_ID,
		.file = f, .blob = counting(), .stored_ms = INT64_C(1795437778123),
		.sidecar = s, .manifest_kept = s->bwm != NULL, .digest = DIGEST_OK, .seal = seal,
		.zone_min = zone_min, .name = name, .findings = &none,
	};
	json_t *j = record_segment(&r);

	ck_assert_ptr_nonnull(j);
	return j;
}

START_TEST(a_manifest_goes_before_the_directory)
{
	const struct sidecar s = segment_sidecar();
	json_t *j = segment_with(&s, &file, NULL);

	ck_assert_str_eq(text_of(j, "time_source"), "manifest");
	ck_assert_str_eq(text_of(j, "start"), "2026-11-23T12:42:58.123Z");
	ck_assert_int_eq(json_integer_value(json_object_get(j, "seq")), 17);
	ck_assert_str_eq(text_of(j, "assurance"), "signed_by_recorder");
	ck_assert_str_eq(text_of(j, "path_raw"), "4443494d2fd6b42e6d7034");
	ck_assert(is_null(j, "seal") && is_null(j, "officer") && !is_null(j, "manifest"));
	json_decref(j);
}
END_TEST

START_TEST(without_one_the_directory_speaks)
{
	const struct sidecar s = { .bwm = NULL };
	const struct record_seal seal = { .dseq = 3 };
	struct listing_file f = file;
	json_t *j = segment_with(&s, &f, &seal);

	ck_assert_str_eq(text_of(j, "time_source"), "directory");
	ck_assert_str_eq(text_of(j, "start"), "2026-11-23T12:37:58.000Z");
	ck_assert_str_eq(text_of(j, "end"), "2026-11-23T12:42:58.000Z");
	ck_assert_str_eq(text_of(j, "assurance"), "sealed_at_dock");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(j, "seal"), "dseq")), 3);
	ck_assert(is_null(j, "manifest") && is_null(json_object_get(j, "claims"), "accessed"));
	json_decref(j);

	f.created[0] = f.modified[0] = '\0';
	j = segment_with(&s, &f, &seal);
	ck_assert_str_eq(text_of(j, "time_source"), "none");
	ck_assert(is_null(j, "start") && is_null(j, "end"));
	json_decref(j);
}
END_TEST

#define AT(hour) (INT64_C(1795392000000) + (hour) * INT64_C(3600000))	/* 2026-11-23T00:00Z */

/* The directory of `file` says 12:37:58 to 12:42:58. */
static const struct { const char *what; int64_t start_ms, end_ms; const char *source, *start, *end; }
named[] = {
	{ "all of it", AT(1), AT(2), "name", "2026-11-23T01:00:00.000Z", "2026-11-23T02:00:00.000Z" },
	{ "a start, and the directory's end", AT(12), NAMING_UNKNOWN, "name",
	  "2026-11-23T12:00:00.000Z", "2026-11-23T12:42:58.000Z" },
	{ "a start after which nothing was written", AT(14), NAMING_UNKNOWN, "name",
	  "2026-11-23T14:00:00.000Z", NULL },
	{ "a start long before it was copied", AT(-24), NAMING_UNKNOWN, "name",
	  "2026-11-22T00:00:00.000Z", NULL },
	{ "no time", NAMING_UNKNOWN, NAMING_UNKNOWN, "directory",
	  "2026-11-23T12:37:58.000Z", "2026-11-23T12:42:58.000Z" },
};

START_TEST(names_go_before_the_directory)
{
	const struct sidecar none = { .bwm = NULL }, signed_one = segment_sidecar();
	const struct record_name claims = { .start_ms = named[_i].start_ms, .important = true,
					    .end_ms = named[_i].end_ms, .officer = "019001" };
	json_t *j;

	name = &claims;
	j = segment_with(&none, &file, NULL);
	ck_assert_msg(strcmp(text_of(j, "time_source"), named[_i].source) == 0, "%s", named[_i].what);
	ck_assert_str_eq(text_of(j, "start"), named[_i].start);
	if (named[_i].end == NULL)
		ck_assert(is_null(j, "end"));
	else
		ck_assert_str_eq(text_of(j, "end"), named[_i].end);
	ck_assert_str_eq(text_of(j, "officer"), "019001");
	ck_assert(json_is_true(json_object_get(j, "important")));
	json_decref(j);

	/* A manifest knows better, even that nobody is assigned. */
	j = segment_with(&signed_one, &file, NULL);
	ck_assert_str_eq(text_of(j, "time_source"), "manifest");
	ck_assert(is_null(j, "officer") && json_is_true(json_object_get(j, "important")));
	json_decref(j);
	name = NULL;
}
END_TEST

START_TEST(the_directory_is_of_the_recorders_zone)
{
	const struct sidecar s = { .bwm = NULL };
	json_t *j;

	zone_min = 0;
	j = segment_with(&s, &file, NULL);
	ck_assert_str_eq(text_of(j, "start"), "2026-11-23T20:37:58.000Z");
	ck_assert_str_eq(text_of(json_object_get(j, "claims"), "created"), "2026-11-23T20:37:58");
	ck_assert(json_is_false(json_object_get(j, "important")) && is_null(j, "officer"));
	json_decref(j);
	zone_min = NAMING_SHANGHAI_MIN;
}
END_TEST

/* Every field of RECORDS.md is there, known or null. */
START_TEST(manifests_have_all_fields)
{
	static const char *const fields[] = {
		"recorder", "manifest", "signature_blob", "path", "path_raw", "signature", "key_id",
		"kind", "device", "firmware", "rec", "seq", "dseq", "prev", "start", "end", "clock",
		"boot", "mono_start_ms", "mono_end_ms", "officer", "size", "last", "end_reason",
		"media_name", "media_blake2b", "media_sha256", "marks", "nonce", "at", "findings",
	};
	static const struct findings none;
	struct sidecar s = segment_sidecar();
	json_t *j;
	size_t i;

	s.parsed = _i == 0;
	j = record_manifest("REC-000123", INT64_C(1795437778123), &s, &file, NULL, &none);
	ck_assert_ptr_nonnull(j);
	for (i = 0; i < COUNT(fields); i++)
		ck_assert_msg(json_object_get(j, fields[i]) != NULL, "no %s", fields[i]);
	ck_assert(is_null(j, "kind") == !s.parsed);
	ck_assert(is_null(j, "signature_blob") && is_null(j, "key_id"));
	ck_assert_uint_eq(json_array_size(json_object_get(j, "marks")), s.parsed ? 1 : 0);
	ck_assert_str_eq(text_of(j, "at"), "2026-11-23T12:42:58.123Z");
	json_decref(j);
}
END_TEST

START_TEST(strings_of_a_device_may_be_anything)
{
	struct usb_device_info usb = { .port = "1-1", .vid = 0x3310, .pid = 1 };
	json_t *j;

	memcpy(usb.serial, "\xff\xfe\x80S1", 6);
	j = record_session("A1", &usb, "", INT64_C(1795437778123));
	ck_assert_ptr_nonnull(j);
	ck_assert(is_null(j, "recorder"));
	ck_assert_str_eq(text_of(json_object_get(j, "usb"), "vid"), "3310");
	ck_assert_str_eq(text_of(json_object_get(j, "usb"), "pid"), "0001");
	ck_assert_ptr_nonnull(strstr(text_of(json_object_get(j, "usb"), "serial"), "S1"));
	json_decref(j);
}
END_TEST

START_TEST(listings_count_what_was_deleted)
{
	struct listing_file files[3] = { file, file, file };
	struct listing l = { .n_volumes = 1, .files = files, .n_files = 3,
			     .volumes = { { .filesystem = "FAT32" } } };
	const struct disk_info disk = { .units = { { 64, 512 } }, .n_units = 1 };
	json_t *j;

	files[1].deleted = true;
	j = record_listed(INT64_C(1795437778123), &disk, &l, 2, 10);
	ck_assert_int_eq(json_integer_value(json_object_get(j, "deleted")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(j, "files")), 2);
	json_decref(j);
}
END_TEST

START_TEST(cards_have_units_and_volumes)
{
	const struct disk_info disk = { .units = { { 0, 0 }, { 64, 512 }, { 32, 4096 } },
					.n_units = 3, .vendor = "V" };
	struct listing l = { .n_volumes = 2, .volumes = {
		{ .unit = 1, .size = 60, .free = 7, .filesystem = "exFAT", .label = "CARD" },
		{ .unit = 2, .size = 30, .free = LISTING_FREE_UNKNOWN, .filesystem = "FAT16" } } };
	json_t *j = record_listed(0, &disk, &l, 0, 0), *card = json_object_get(j, "card");
	json_t *volumes = json_object_get(card, "volumes");

	ck_assert_int_eq(json_integer_value(json_object_get(card, "size")), 96);
	ck_assert_int_eq(json_integer_value(json_object_get(card, "block_size")), 512);
	ck_assert_str_eq(text_of(card, "filesystem"), "exFAT");
	ck_assert_uint_eq(json_array_size(json_object_get(card, "units")), 3);
	ck_assert_uint_eq(json_array_size(volumes), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(volumes, 0), "free")), 7);
	ck_assert(is_null(json_array_get(volumes, 1), "free"));
	ck_assert_str_eq(text_of(json_array_get(volumes, 0), "label"), "CARD");
	ck_assert(is_null(card, "device"));
	json_decref(j);
}
END_TEST

START_TEST(mtp_devices_speak_of_themselves)
{
	struct listing l = { .n_volumes = 1, .volumes = { { .size = 60, .free = 7 } }, .device = {
		.present = true, .can = LISTING_CAN_DELETE, .battery = LISTING_BATTERY_UNKNOWN,
		.zone_min = INT16_MIN, .model = "M1" } };
	json_t *j = record_listed(0, NULL, &l, 0, 0), *card = json_object_get(j, "card");
	json_t *device = json_object_get(card, "device");

	ck_assert_int_eq(json_integer_value(json_object_get(card, "size")), 60);
	ck_assert(is_null(card, "block_size"));
	ck_assert_str_eq(text_of(device, "model"), "M1");
	ck_assert(is_null(device, "serial") && is_null(device, "battery"));
	ck_assert(is_null(device, "clock") && is_null(device, "clock_ms"));
	ck_assert(is_null(device, "zone_min") && is_null(device, "clock_asked"));
	json_decref(j);

	l.device.battery = 80;
	l.device.zone_min = 480;
	snprintf(l.device.clock, sizeof(l.device.clock), "2026-11-23T20:42:58");
	l.device.clock_answered_ms = INT64_C(1795437778123);
	j = record_listed(0, NULL, &l, 0, 0);
	device = json_object_get(json_object_get(j, "card"), "device");
	ck_assert_int_eq(json_integer_value(json_object_get(device, "battery")), 80);
	ck_assert_int_eq(json_integer_value(json_object_get(device, "zone_min")), 480);
	ck_assert_int_eq(json_integer_value(json_object_get(device, "clock_ms")), 0);
	ck_assert_str_eq(text_of(device, "clock"), "2026-11-23T20:42:58");
	ck_assert_str_eq(text_of(device, "clock_answered"), "2026-11-23T12:42:58.123Z");
	json_decref(j);
}
END_TEST

static unsigned allocations, allocation_that_fails;

static void *failing_malloc(size_t size)
{
	return ++allocations == allocation_that_fails ? NULL : malloc(size);
}

/* Without memory a finding is not left out in silence. */
START_TEST(all_findings_or_none)
{
	struct finding two[2] = {
		{ .code = FINDING_GAP, .subject = "a", .confidence = -1 },
		{ .code = FINDING_OVERLAP, .subject = "b", .confidence = -1 },
	};
	const struct findings l = { .items = two, .n = COUNT(two) };
	json_t *records;
	unsigned failures = 0;
	int r;

	json_set_alloc_funcs(failing_malloc, free);
	do {
		allocation_that_fails = 0;
		records = json_array();
		allocations = 0;
		allocation_that_fails = failures + 1;
		r = record_findings(records, &l);
		ck_assert(r == -ENOMEM || (r == 0 && json_array_size(records) == COUNT(two)));
		json_decref(records);
		failures += r < 0;
	} while (r < 0);
	ck_assert_uint_gt(failures, 4);
	json_set_alloc_funcs(malloc, free);
	ck_assert_int_eq(record_findings(NULL, &l), -ENOMEM);
}
END_TEST

START_TEST(ends_carry_their_counts)
{
	static const char *const names[] = { "planned", "stored", "known", "failed", "bytes" };
	const struct record_counts counts = { 1, 2, 3, 4, UINT64_C(1) << 40 };
	static const int64_t values[] = { 1, 2, 3, 4, INT64_C(1) << 40 };
	json_t *j = record_end(INT64_C(1795437778123), "interrupted", "unplugged \xff", &counts);
	size_t i;

	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(text_of(j, "type"), "end");
	ck_assert_str_eq(text_of(j, "ended"), "2026-11-23T12:42:58.123Z");
	ck_assert_str_eq(text_of(j, "outcome"), "interrupted");
	ck_assert_ptr_nonnull(strstr(text_of(j, "reason"), "unplugged"));
	for (i = 0; i < COUNT(names); i++)
		ck_assert_int_eq(json_integer_value(json_object_get(j, names[i])), values[i]);
	json_decref(j);
}
END_TEST

/* ------ about the recorder and its card ------ */

static int64_t number_of(const json_t *j, const char *key)
{
	ck_assert_msg(json_is_integer(json_object_get(j, key)), "no number %s", key);
	return json_integer_value(json_object_get(j, key));
}

START_TEST(holes_are_listed_and_imports_said)
{
	static const struct findings none;
	static const struct record_hole list[] = { { 512, 512 }, { UINT64_C(1) << 40, 4096 } };
	const struct sidecar s = { .bwm = NULL };
	const struct record_seal seal = { .dseq = 3 };
	const struct record_segment r = {
		.segment = SEGMENT_ID, .recorder = "IMPORT", .recording = RECORDING_ID,
		.file = &file, .sidecar = &s, .seal = &seal, .imported = true,
		.holes = list, .n_holes = COUNT(list), .findings = &none,
	};
	json_t *j = record_segment(&r), *holes = json_object_get(j, "holes");

	ck_assert_str_eq(text_of(j, "assurance"), "imported");
	ck_assert_uint_eq(json_array_size(holes), COUNT(list));
	ck_assert_int_eq(number_of(json_array_get(holes, 1), "offset"), INT64_C(1) << 40);
	ck_assert_int_eq(number_of(json_array_get(holes, 0), "size"), 512);
	json_decref(j);
}
END_TEST

START_TEST(unlocked_says_from_what)
{
	const struct usb_device_info from = { .vid = 0x4255, .pid = 0x0001, .serial = "" };
	json_t *j = record_unlocked(INT64_C(1795437778123), "maker", &from);

	ck_assert_str_eq(text_of(j, "type"), "unlocked");
	ck_assert_str_eq(text_of(j, "model"), "maker");
	ck_assert_str_eq(text_of(json_object_get(j, "from"), "vid"), "4255");
	json_decref(j);
}
END_TEST

START_TEST(imports_have_no_device)
{
	const struct record_import i = { .kind = "folder", .source = "/mnt/\xff", .by = "li",
					 .officer = "", .unit = "U1", .case_no = "", .reason = "r", .class = "personal" };
	json_t *j = record_import(&i);

	ck_assert_str_eq(text_of(j, "kind"), "folder");
	ck_assert_str_eq(text_of(j, "source"), "/mnt/?");
	ck_assert_str_eq(text_of(j, "unit"), "U1");
	ck_assert(is_null(j, "officer") && is_null(j, "case"));
	ck_assert_str_eq(text_of(j, "class"), "personal");
	json_decref(j);
	j = record_session("import", NULL, "", 0);
	ck_assert(is_null(j, "usb"));
	ck_assert_str_eq(text_of(j, "port"), "import");
	json_decref(j);
}
END_TEST

START_TEST(what_a_check_did_not_learn_is_null)
{
	static const struct findings none;
	static const char *const faults[] = { "the card is worn" };
	struct record_check c = { .recorder = "R1", .phase = "ready", .battery = -1,
				  .free = 7, .clock_offset_ms = 7, .findings = &none };
	json_t *j = record_check(&c);

	ck_assert_str_eq(text_of(j, "phase"), "ready");
	ck_assert(is_null(j, "battery") && is_null(j, "free") && is_null(j, "capacity"));
	ck_assert(is_null(j, "clock_offset_ms") && is_null(j, "clock_uncertainty_ms"));
	ck_assert(json_is_false(json_object_get(j, "clock_set")));
	ck_assert_ptr_null(json_object_get(j, "session"));
	json_decref(j);

	c = (struct record_check){ .session = SEGMENT_ID, .recorder = "R1",
		.phase = "undock", .battery = 0, .has_space = true, .free = 1,
		.capacity = 2, .has_clock = true, .clock_offset_ms = -3,
		.clock_uncertainty_ms = 4, .clock_set = true, .faults = faults,
		.n_faults = COUNT(faults), .findings = &none };
	j = record_check(&c);
	ck_assert_str_eq(text_of(j, "session"), SEGMENT_ID);
	ck_assert_str_eq(text_of(j, "phase"), "undock");
	ck_assert_int_eq(number_of(j, "battery"), 0);
	ck_assert_int_eq(number_of(j, "free"), 1);
	ck_assert_int_eq(number_of(j, "capacity"), 2);
	ck_assert_int_eq(number_of(j, "clock_offset_ms"), -3);
	ck_assert_int_eq(number_of(j, "clock_uncertainty_ms"), 4);
	ck_assert(json_is_true(json_object_get(j, "clock_set")));
	ck_assert_uint_eq(json_array_size(json_object_get(j, "faults")), 1);
	json_decref(j);
}
END_TEST

/* Whatever its text is, a part of the ledger fits into a record of the journal. */
START_TEST(the_largest_inventory_fits)
{
	char *entries = malloc(RECORD_ENTRIES_MAX + 1);
	const struct record_inventory i = { .recorder = "R1", .part = 63, .parts = 64,
					    .files = 65536, .entries = entries };
	json_t *j;
	char *text;

	memset(entries, '\\', RECORD_ENTRIES_MAX);
	entries[RECORD_ENTRIES_MAX] = '\0';
	j = record_inventory(&i);
	ck_assert(is_null(j, "signature_blob") && !is_null(j, "blob"));
	text = json_dumps(j, JSON_COMPACT);
	ck_assert_uint_lt(strlen(text) + 200, 1024 * 1024);
	free(text);
	json_decref(j);
	free(entries);
}
END_TEST

START_TEST(clearing_names_the_file)
{
	static const struct findings none;
	const struct record_clearing c = { .recorder = "R1", .file = &file, .blob = counting() };
	json_t *j = record_clearing(&c);

	ck_assert_str_eq(text_of(j, "type"), "clearing");
	ck_assert_str_eq(text_of(j, "path_raw"), "4443494d2fd6b42e6d7034");
	ck_assert_int_eq(number_of(j, "size"), 5);
	ck_assert_str_eq(text_of(j, "modified"), "2026-11-23T20:42:58");
	ck_assert_ptr_null(json_object_get(j, "ok"));
	json_decref(j);
	j = record_cleared(&c, NULL, &none);
	ck_assert_str_eq(text_of(j, "type"), "cleared");
	ck_assert(json_is_true(json_object_get(j, "ok")) && is_null(j, "why"));
	json_decref(j);
	j = record_cleared(&c, "write-protected", &none);
	ck_assert(json_is_false(json_object_get(j, "ok")));
	ck_assert_str_eq(text_of(j, "why"), "write-protected");
	json_decref(j);
}
END_TEST

START_TEST(challenges_carry_their_nonce)
{
	const struct digest nonce = counting();
	json_t *j = record_challenge(SEGMENT_ID, "R1", INT64_C(1795437778123), nonce.b, "dv.txt");

	ck_assert_str_eq(text_of(j, "session"), SEGMENT_ID);
	ck_assert_str_eq(text_of(j, "nonce"),
			 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	ck_assert_str_eq(text_of(j, "name"), "dv.txt");
	json_decref(j);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, ids_are_what_the_format_says);
	tcase_add_test(tc, all_findings_or_none);
	tcase_add_test(tc, fingerprints_are_what_the_format_says);
	tcase_add_test(tc, random_ids_are_version_4);
	tcase_add_test(tc, a_manifest_goes_before_the_directory);
	tcase_add_test(tc, without_one_the_directory_speaks);
	tcase_add_loop_test(tc, names_go_before_the_directory, 0, COUNT(named));
	tcase_add_test(tc, the_directory_is_of_the_recorders_zone);
	tcase_add_loop_test(tc, manifests_have_all_fields, 0, 2);
	tcase_add_test(tc, strings_of_a_device_may_be_anything);
	tcase_add_test(tc, listings_count_what_was_deleted);
	tcase_add_test(tc, ends_carry_their_counts);
	tcase_add_test(tc, cards_have_units_and_volumes);
	tcase_add_test(tc, mtp_devices_speak_of_themselves);
	tcase_add_test(tc, holes_are_listed_and_imports_said);
	tcase_add_test(tc, unlocked_says_from_what);
	tcase_add_test(tc, imports_have_no_device);
	tcase_add_test(tc, what_a_check_did_not_learn_is_null);
	tcase_add_test(tc, the_largest_inventory_fits);
	tcase_add_test(tc, clearing_names_the_file);
	tcase_add_test(tc, challenges_carry_their_nonce);
}

int main(void)
{
	return suite_main("records", fill);
}
