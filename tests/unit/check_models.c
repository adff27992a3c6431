#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "recorder/models.h"
#include "unit/suite.h"

/* Two directories of files, as shipped and as an administrator's. */
struct place {
	char root[32], dirs[128];
};

static void write_file(const struct place *p, const char *path, const char *text)
{
	char full[128];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", p->root, path);
	f = fopen(full, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
}

static void place_make(struct place *p)
{
	char dir[64];

	snprintf(p->root, sizeof(p->root), "/tmp/check_models.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->root));
	snprintf(dir, sizeof(dir), "%s/a", p->root);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	snprintf(dir, sizeof(dir), "%s/b", p->root);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	snprintf(p->dirs, sizeof(p->dirs), "%s/a:%s/b:%s/none", p->root, p->root, p->root);
}

static void place_remove(const struct place *p)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", p->root);
	ck_assert_int_eq(system(command), 0);
}

/* One file with this text. */
static int load(const char *text, struct models *ret, struct err *e)
{
	struct place p;
	int r;

	place_make(&p);
	write_file(&p, "a/x.conf", text);
	r = models_load(p.dirs, ret, e);
	place_remove(&p);
	return r;
}

START_TEST(without_files_there_is_a_generic_one)
{
	struct usb_device_info any = { .vid = 1 };
	struct models l;
	struct err e;

	ck_assert_int_eq(models_load("/nonexistent/a:/nonexistent/b", &l, &e), 0);
	ck_assert_uint_eq(l.n, 1);
	ck_assert_str_eq(l.m->name, "generic");
	ck_assert_ptr_eq(models_match(&l, &any), l.m);
	ck_assert_int_eq(l.m->unlock, MODEL_UNLOCK_NONE);
	ck_assert_int_eq(l.m->zone_min, 480);
	ck_assert_int_eq(l.m->encoding, LISTING_GB18030);
	ck_assert_uint_eq(l.m->megabytes_per_hour, 3600);
	ck_assert(l.m->ledger && !l.m->clear && !l.m->clock_set);
	ck_assert_str_eq(l.m->challenge, "");
	ck_assert(!model_naming(l.m).certain);
	models_clear(&l);
}
END_TEST

START_TEST(everything_can_be_said)
{
	static const uint8_t cdb[] = { 0xff, 0x55, 0x53, 0x42, 0x43, 0 }, data[] = { 1, 0xab };
	struct models l;
	struct err e = { 0, "" };
	const struct model *m;

	ck_assert_msg(load("model \"c7\" {\n"
		"vid = \"12Ab\"\npid = \"0007\"\nmanufacturer = \"A*\"\nproduct = \"C?\"\n"
		"serial = \"1*\"\nclass = \"mtp\"\nunlock_scsi = \"ff5553 42 43 00\"\n"
		"unlock_data = \"01 ab\"\nwait_ms = 2000\nnames = { \"{n}.mp4\", \"{any}\" }\n"
		"folders = { \"DCIM\" }\nzone = \"-03:30\"\nencoding = \"utf8\"\nclear = true\n"
		"clock_set = true\nledger = false\nchallenge = \"DOCK.TXT\"\n"
		"megabytes_per_hour = 7200\n}\n"
		"model d { vid = \"1234\" unlock_mtp = \"9501\" unlock_params = \"1 ffffffff\" }\n"
		"model e { vid = \"1235\" unlock_scsi = \"1b0000000200\" }\n"
		"model \"generic\" { zone = \"+00:00\" }\n", &l, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(l.n, 4);
	m = &l.m[0];
	ck_assert(m->match.has_vid && m->match.vid == 0x12ab && m->match.pid == 7);
	ck_assert_int_eq(m->match.class, MODEL_CLASS_MTP);
	ck_assert_int_eq(m->unlock, MODEL_UNLOCK_SCSI);
	ck_assert_mem_eq(m->cdb, cdb, sizeof(cdb));
	ck_assert_uint_eq(m->cdb_len, sizeof(cdb));
	ck_assert_mem_eq(m->data, data, sizeof(data));
	ck_assert_uint_eq(m->data_len, sizeof(data));
	ck_assert_uint_eq(m->wait_ms, 2000);
	ck_assert_uint_eq(m->n_names, 2);
	ck_assert_str_eq(m->folders[0], "DCIM");
	ck_assert_int_eq(m->zone_min, -210);
	ck_assert_int_eq(m->encoding, LISTING_UTF8);
	ck_assert(m->clear && m->clock_set && !m->ledger);
	ck_assert_str_eq(m->challenge, "DOCK.TXT");
	ck_assert_uint_eq(m->megabytes_per_hour, 7200);
	ck_assert(model_naming(m).certain);
	ck_assert_int_eq(l.m[1].unlock, MODEL_UNLOCK_MTP);
	ck_assert_uint_eq(l.m[1].operation, 0x9501);
	ck_assert_uint_eq(l.m[1].n_params, 2);
	ck_assert_uint_eq(l.m[1].params[1], UINT32_MAX);
	ck_assert_uint_eq(l.m[2].cdb[0], 0x1b);
	ck_assert_int_eq(l.m[3].zone_min, 0);
	models_clear(&l);
}
END_TEST

#define M(keys)	"model \"m\" {\n" keys "\n}\n"
#define V "vid = \"1234\" "
static const struct { const char *text, *says; } bad[] = {
	{ M("vdi = \"1234\""), "x.conf:2: no such option 'vdi'" },
	{ "modell \"m\" {}\n", "x.conf:1: no such option" },
	{ "model \"\" {\n}\n", "x.conf:2: model \"\": it has no name" },
	{ M("vid = \"123\""), "x.conf:3: model \"m\": vid \"123\": four hex digits" },
	{ M("vid = \"123g\""), "four hex digits" },
	{ M("pid = \"1234\""), "pid without vid" },
	{ M("class = \"disk\""), "class \"disk\": any, storage or mtp" },
	/* Everything that writes, or reads: neither the maker's nor START STOP UNIT. */
	{ M(V "unlock_scsi = \"2a 00 00 00 00 00 00 00 01 00\""), "2a is no vendor command" },
	{ M(V "unlock_scsi = \"0a 00 00 00 01 00\""), "0a is no vendor command" },
	{ M(V "unlock_scsi = \"04 00 00 00 00 00\""), "04 is no vendor command" },
	{ M(V "unlock_scsi = \"42 00 00 00 00 00 00 00 18 00\""), "42 is no vendor command" },
	{ M(V "unlock_scsi = \"55 00 00 00 00 00 00 00 18 00\""), "55 is no vendor command" },
	{ M(V "unlock_scsi = \"bf 00 00 00 00 00 00 00 18 00\""), "bf is no vendor command" },
	{ M(V "unlock_scsi = \"ff\""), "6, 10, 12 or 16 bytes" },
	{ M(V "unlock_scsi = \"\""), "6, 10, 12 or 16 bytes" },
	{ M(V "unlock_scsi = \"ff 0\""), "6, 10, 12 or 16 bytes" },
	{ M(V "unlock_scsi = \"ff00000000000000000000000000000000\""), "6, 10, 12 or 16 bytes" },
	{ M(V "unlock_scsi = \"1b00000002000000 0000\""), "6, 10, 12 or 16 bytes" },
	{ M(V "unlock_scsi = \"1b0000000200\" unlock_data = \"00\""), "unlock_data belongs to" },
	{ M(V "unlock_data = \"00\""), "unlock_data belongs to" },
	{ M(V "unlock_scsi = \"ff0000000000\" unlock_data = \"0g\""), "1 to 64 bytes" },
	{ M("unlock_scsi = \"ff0000000000\""), "an unlock needs a vid" },
	{ M(V "unlock_mtp = \"100b\""), "100b is no vendor operation" },
	{ M(V "unlock_mtp = \"a000\""), "a000 is no vendor operation" },
	{ M(V "unlock_mtp = \"95c2\""), "95c2 is an operation of MTP" },
	{ M(V "unlock_mtp = \"95C5\""), "is an operation of MTP" },
	{ M(V "unlock_mtp = \"9804\""), "is an operation of MTP" },
	{ M(V "unlock_mtp = \"9501\" unlock_scsi = \"ff0000000000\""), "one of the two" },
	{ M(V "unlock_mtp = \"9501\" unlock_params = \"1 2 3 4 5 6\""), "at most 5" },
	{ M(V "unlock_mtp = \"9501\" unlock_params = \"x\""), "at most 5" },
	{ M(V "unlock_params = \"1\""), "unlock_params belongs to" },
	{ M("zone = \"Europe/Berlin\""), "zone \"Europe/Berlin\"" },
	{ M("zone = \"+8:00\""), "zone \"+8:00\"" },
	{ M("zone = \"+15:00\""), "no such zone" },
	{ M("zone = \"+08:60\""), "no such zone" },
	{ M("encoding = \"latin1\""), "gb18030 or utf8" },
	{ M("challenge = \"../x\""), "a name of" },
	{ M("challenge = \".x\""), "a name of" },
	{ M("names = { \"{device\" }"), "names: \"{device\": column 1: '{' without '}'" },
	{ M("names = { a, b, c, d, e, f, g, h, i }"), "more than 8 names" },
	{ M("folders = { \"/a\" }"), "without '/' at its ends" },
	{ M("folders = { a, b, c, d, e, f, g, h, i }"), "more than 8 folders" },
	{ M("product = \"01234567890123456789012345678901234567890123456789012345678901234\""),
	  "product is longer than 64 bytes" },
	{ M("product = \"a\\tb\""), "product has a control character" },
	{ M("wait_ms = 99"), "wait_ms 99" },
	{ M("megabytes_per_hour = 0"), "megabytes_per_hour 0" },
	{ M("clear = perhaps"), "x.conf:2:" },
	{ M(V) M("vid = \"1235\""), "x.conf:6: model \"m\": there is a block of that name" },
	{ M(V) "model n {\nvid = \"1234\" }\n", "x.conf:5: model \"n\": it has the same conditions as \"m\"" },
	{ "model a { }\nmodel b { product = \"*\" }\n", "same conditions as \"a\"" },
};

START_TEST(says_what_is_wrong_and_where)
{
	struct models l = { .n = 7 };
	struct err e = { 0, "" };

	ck_assert_int_eq(load(bad[_i].text, &l, &e), -EINVAL);
	ck_assert_msg(strstr(e.msg, bad[_i].says) != NULL, "%s does not say %s", e.msg,
		      bad[_i].says);
	ck_assert_uint_eq(l.n, 7);
}
END_TEST

START_TEST(counts_the_blocks)
{
	static char text[16384];
	struct models l = { .m = NULL };
	struct err e = { 0, "" };
	size_t len = 0;
	int i, n = MODELS_MAX + _i;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"model m%d { vid = \"%04x\" }\n", i, i);
	ck_assert_int_eq(load(text, &l, &e), _i == 0 ? 0 : -EINVAL);
	ck_assert_uint_eq(l.n, _i == 0 ? MODELS_MAX + 1 : 0);
	models_clear(&l);
}
END_TEST

START_TEST(an_administrators_file_replaces_the_shipped_one)
{
	struct usb_device_info info = { .vid = 0x1234 };
	struct models l;
	struct err e = { 0, "" };
	struct place p;

	place_make(&p);
	write_file(&p, "a/10-x.conf", "model shipped { vid = \"1234\" }\n");
	write_file(&p, "a/20-y.conf", "model late { manufacturer = \"m\" class = storage }\n");
	write_file(&p, "a/.hidden.conf", "nonsense");
	write_file(&p, "a/notes.txt", "nonsense");
	write_file(&p, "b/10-x.conf", "model mine { vid = \"1234\" }\n");
	ck_assert_msg(models_load(p.dirs, &l, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(l.n, 3);
	ck_assert_str_eq(models_match(&l, &info)->name, "mine");
	models_clear(&l);
	/* Where it is wrong, its own path is said. */
	write_file(&p, "b/20-y.conf", "\nmodel late { zone = x }\n");
	ck_assert_int_eq(models_load(p.dirs, &l, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "/b/20-y.conf:2: "));
	place_remove(&p);
}
END_TEST

START_TEST(the_shipped_ones_are_sound)
{
	struct usb_device_info dahua = { .manufacturer = "Zhejiang Dahua Technology" };
	struct usb_device_info any = { .vid = 1 };
	struct pattern_claims c;
	const struct model *m;
	struct models l;
	struct err e = { 0, "" };

	ck_assert_msg(models_load("systemd/recorders.d", &l, &e) == 0, "%s", e.msg);
	m = models_match(&l, &dahua);
	ck_assert_str_eq(m->name, "dahua");
	m = models_match(&l, &any);
	ck_assert_str_eq(m->name, "generic");
	ck_assert_uint_eq(pattern_first(m->names, m->n_names,
		"DCIM/DCAM_CAM001_000001_20260804_100000.mp4", &c), 0);
	ck_assert_uint_eq(pattern_first(m->names, m->n_names,
		"mpt/2026-01-15/001/dav/14/14.30.45-14.31.12[R][0@0][0].mp4", &c), 1);
	ck_assert_str_eq(c.end, "2026-01-15T14:31:12");
	ck_assert_uint_eq(pattern_first(m->names, m->n_names,
		"V_C-7_100123_20260804_100000_0042.mp4", &c), 2);
	ck_assert_str_eq(c.officer, "100123");
	models_clear(&l);
}
END_TEST

static const char blocks[] =
	"model serial { serial = \"S-1*\" }\n"
	"model pid { vid = \"1234\" pid = \"0001\" class = mtp manufacturer = m product = p }\n"
	"model pid2 { vid = \"1234\" pid = \"0001\" }\n"
	"model product { product = \"Cam*X\" }\n"
	"model vid { vid = \"1234\" }\n"
	"model maker { manufacturer = \"*maker*\" }\n"
	"model class { class = mtp }\n"
	"model same { product = \"*X\" }\n"
	"model all { }\n";

static const struct {
	struct usb_device_info info;
	const char *model;
} devices[] = {
	{ { .vid = 0x1234, .pid = 1, .serial = "s-100", .product = "CamX" }, "serial" },
	{ { .vid = 0x1234, .pid = 1, .product = "CamX", .class = USB_CLASS_MTP }, "pid2" },
	{ { .vid = 0x1234, .pid = 1, .product = "P", .class = USB_CLASS_MTP, .manufacturer = "M" },
	  "pid" },
	{ { .vid = 0x1234, .pid = 2, .product = "camera x" }, "product" },
	{ { .vid = 0x1234, .pid = 2, .product = "camera y", .manufacturer = "a maker" }, "vid" },
	{ { .vid = 1, .product = "camera xx", .class = USB_CLASS_MTP }, "product" },
	{ { .vid = 1, .product = "x", .class = USB_CLASS_MTP }, "same" },
	{ { .vid = 1, .manufacturer = "the Maker's", .class = USB_CLASS_MTP }, "maker" },
	{ { .vid = 1, .class = USB_CLASS_MTP }, "class" },
	{ { .vid = 1, .class = USB_CLASS_STORAGE, .serial = "S-" }, "all" },
};

START_TEST(the_most_specific_counts)
{
	struct models l;
	struct err e = { 0, "" };

	ck_assert_msg(load(blocks, &l, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(models_match(&l, &devices[_i].info)->name, devices[_i].model);
	models_clear(&l);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, without_files_there_is_a_generic_one);
	tcase_add_test(tc, everything_can_be_said);
	tcase_add_loop_test(tc, says_what_is_wrong_and_where, 0, (int)COUNT(bad));
	tcase_add_loop_test(tc, counts_the_blocks, 0, 2);
	tcase_add_test(tc, an_administrators_file_replaces_the_shipped_one);
	tcase_add_test(tc, the_shipped_ones_are_sound);
	tcase_add_loop_test(tc, the_most_specific_counts, 0, (int)COUNT(devices));
}

int main(void)
{
	return suite_main("models", fill);
}
