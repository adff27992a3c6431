#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/util.h"
#include "package/keys.h"
#include "package/layout.h"
#include "unit/suite.h"

static const struct {
	unsigned number;
	const char *recorder;
	uint64_t seq;
	const char *name;
} names[] = {
	{ 1, "REC-000123", 17, "0001-REC-000123-17" },
	{ 12345, "REC-000123", 0, "12345-REC-000123-0" },
	{ 3, NULL, 9, "0003-blob" },
	{ 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", UINT64_MAX, "0001-ABCDEFGHIJKLMNOPQRSTUVWXYZ012345-18" },
};

START_TEST(names_an_object)
{
	char name[PACKAGE_NAME_SIZE];

	package_name(names[_i].number, names[_i].recorder, names[_i].seq, name);
	ck_assert_str_eq(name, names[_i].name);
	ck_assert_uint_le(strlen(name), PACKAGE_NAME_MAX);
}
END_TEST

static const struct { const char *path, *ext; } extensions[] = {
	{ "DCIM/SEG_0001.MP4", "mp4" },
	{ "a.b/c", "bin" },
	{ "a/b.tar.gz", "gz" },
	{ "noext", "bin" },
	{ "dot.", "bin" },
	{ "", "bin" },
	{ "x.12345678", "12345678" },
	{ "x.123456789", "bin" },
	{ "执法.视频", "bin" },
	{ "x.m p", "bin" },
	{ "x.mp4\\x0a", "bin" },
	{ ".mp4", "mp4" },
};

START_TEST(keeps_an_extension_that_is_safe)
{
	char ext[PACKAGE_EXT_SIZE];

	package_extension(extensions[_i].path, ext);
	ck_assert_str_eq(ext, extensions[_i].ext);
}
END_TEST

#define ID "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"

START_TEST(labels_discs)
{
	char label[PACKAGE_LABEL_SIZE];

	package_label(ID, 0, label);
	ck_assert_str_eq(label, "DV_1A2B3C4D");
	package_label(ID, 7, label);
	ck_assert_str_eq(label, "DV_1A2B3C4D_07");
	package_label(ID, 99, label);
	ck_assert_str_eq(label, "DV_1A2B3C4D_99");
}
END_TEST

static const struct { const char *path; unsigned disc; const char *image; } images[] = {
	{ "/x/case.iso", 0, "/x/case.iso" },
	{ "/x/case.iso", 2, "/x/case-02.iso" },
	{ "/x/case.ISO", 12, "/x/case-12.ISO" },
	{ "/x/case", 1, "/x/case-01" },
	{ ".iso", 1, ".iso-01" },
};

START_TEST(names_images)
{
	char image[32];

	ck_assert_int_eq(package_image_path(images[_i].path, images[_i].disc, image, sizeof(image)), 0);
	ck_assert_str_eq(image, images[_i].image);
	ck_assert_int_eq(package_image_path(images[_i].path, images[_i].disc, image,
					    strlen(images[_i].image)), -ENAMETOOLONG);
}
END_TEST

START_TEST(writes_lines_of_manifests)
{
	static const uint8_t digest[4] = { 0x00, 0x0f, 0xa0, 0xff };
	AUTO(buf_clear) struct buf b = BUF_INIT(256);

	package_manifest_line(&b, digest, sizeof(digest), "data/media/x.mp4");
	ck_assert_str_eq(buf_str(&b), "000fa0ff  data/media/x.mp4\n");
	ck_assert_uint_eq(b.len, package_manifest_line_len(sizeof(digest), "data/media/x.mp4"));
}
END_TEST

START_TEST(writes_tag_files)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(4096), declaration = BUF_INIT(256);
	struct package_bag bag = { .id = ID, .station = "QH-01", .made_ms = 1795795199999,
				   .payload_bytes = 12345678901, .payload_files = 42 };

	package_bagit_txt(&declaration);
	ck_assert_str_eq(buf_str(&declaration),
			 "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
	package_bag_info(&b, &bag);
	/* Shanghai's day. */
	ck_assert_str_eq(buf_str(&b), "Source-Organization: QH-01\nBagging-Date: 2026-11-27\n"
			 "External-Identifier: " ID "\nPayload-Oxum: 12345678901.42\n"
			 "Bag-Software-Agent: dockvault " VERSION "\nDockvault-Package: 1\n");
	buf_reset(&b);
	bag.disc = 2;
	bag.discs = 3;
	package_bag_info(&b, &bag);
	ck_assert_ptr_nonnull(strstr(buf_str(&b), "\nBag-Group-Identifier: " ID "\nBag-Count: 2 of 3\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&b), "\nDockvault-Disc: DV_1A2B3C4D_02\n"));
}
END_TEST

/* RFC 8410, section 10.1: the example's public key. */
START_TEST(writes_pem)
{
	static const uint8_t key[32] = {
		0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b,
		0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31,
		0x66, 0xe1,
	};
	AUTO(buf_clear) struct buf b = BUF_INIT(256);

	package_pem(key, &b);
	ck_assert_str_eq(buf_str(&b), "-----BEGIN PUBLIC KEY-----\n"
			 "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
			 "-----END PUBLIC KEY-----\n");
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, names_an_object, 0, (int)COUNT(names));
	tcase_add_loop_test(tc, keeps_an_extension_that_is_safe, 0, (int)COUNT(extensions));
	tcase_add_test(tc, labels_discs);
	tcase_add_loop_test(tc, names_images, 0, (int)COUNT(images));
	tcase_add_test(tc, writes_lines_of_manifests);
	tcase_add_test(tc, writes_tag_files);
	tcase_add_test(tc, writes_pem);
}

int main(void)
{
	return suite_main("layout", fill);
}
