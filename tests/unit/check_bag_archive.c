/* lib/package/bag on archives: tars and ISO images, as made by libarchive and as nobody should. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"
#include "unit/bag_rig.h"
#include "unit/suite.h"

enum { FILE_MAX = 1024 * 1024 };

static struct bag_rig rig;		/* a bag, whose files go into the archives */
static char out[128];			/* the archive, beside it */

static void up(void)
{
	bag_rig_up(&rig, "1.0");
	snprintf(out, sizeof(out), "%s.archive", rig.dir);
}

static void down(void)
{
	unlink(out);
	bag_rig_down(&rig);
}

/* ------ making archives ------ */

static struct archive *begin(const char *format)
{
	struct archive *a = archive_write_new();

	ck_assert_int_eq(archive_write_set_format_by_name(a, format), ARCHIVE_OK);
	if (strcmp(format, "iso9660") == 0)
		ck_assert_int_eq(archive_write_set_options(a, "iso-level=3,joliet,rockridge"),
				 ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_filename(a, out), ARCHIVE_OK);
	return a;
}

static void finish(struct archive *a)
{
	ck_assert_msg(archive_write_close(a) == ARCHIVE_OK, "%s", archive_error_string(a));
	archive_write_free(a);
}

static void add(struct archive *a, const char *name, unsigned type, const char *link,
		const void *bytes, size_t len)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_copy_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)len);
	if (link != NULL && type == AE_IFLNK)
		archive_entry_copy_symlink(entry, link);
	else if (link != NULL)
		archive_entry_copy_hardlink(entry, link);
	ck_assert_msg(archive_write_header(a, entry) >= ARCHIVE_WARN, "%s: %s", name,
		      archive_error_string(a));
	ck_assert_int_eq(archive_write_data(a, bytes, len), (la_ssize_t)len);
	archive_entry_free(entry);
}

static void add_file(struct archive *a, const char *prefix, const char *path)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(FILE_MAX);
	char name[512];
	struct err e = { 0, "" };

	snprintf(name, sizeof(name), "%s%s", prefix, path);
	ck_assert_msg(file_read(bag_rig_path(&rig, path), &b, &e) == 0, "%s", e.msg);
	add(a, name, AE_IFREG, NULL, buf_str(&b), b.len);
}

/* What is in the rig's bag, manifests behind the payload. */
static void add_bag(struct archive *a, const char *prefix)
{
	static const char *const paths[] = {
		"bagit.txt", "data/a", "data/b", "bag-info.txt", "manifest-sha256.txt",
		"manifest-sha512.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt",
	};
	size_t i;

	for (i = 0; i < COUNT(paths); i++)
		add_file(a, prefix, paths[i]);
}

static const char *said(int *ret, struct err *e)
{
	static char text[65536];
	struct bag_report r;

	text[0] = '\0';
	*ret = bag_check(out, NULL, &r, e);
	bag_rig_said(&r, text, sizeof(text));
	ck_assert(*ret != 0 || r.whole == (text[0] == '\0'));
	bag_report_clear(&r);
	return text;
}

static void expect(const char *what, const char *want)
{
	struct err e = { 0, "" };
	int r;
	const char *got = said(&r, &e);

	ck_assert_msg(r == 0, "%s: %s", what, e.msg);
	ck_assert_msg(strcmp(got, want) == 0, "%s: \"%s\" instead of \"%s\"", what, got, want);
}

static void expect_error(int code, const char *sentence)
{
	struct err e = { 0, "" };
	int r;

	said(&r, &e);
	ck_assert_msg(r == code && strstr(e.msg, sentence) != NULL, "%d: %s", r, e.msg);
}

/* ------ archives that are whole ------ */

static const struct { const char *format, *prefix; } wholes[] = {
	{ "ustar", "" }, { "ustar", "./" }, { "pax", "" }, { "gnutar", "" }, { "iso9660", "" },
	{ "ustar", "A-1/" }, { "pax", "./A-1/" }, { "iso9660", "A-1/" },
};

START_TEST(reads_archives)
{
	struct archive *a;

	up();
	a = begin(wholes[_i].format);
	if (strcmp(wholes[_i].prefix, "./") == 0)
		add(a, "./", AE_IFDIR, NULL, NULL, 0);
	add_bag(a, wholes[_i].prefix);
	finish(a);
	expect(wholes[_i].format, "");
	down();
}
END_TEST

/* Names beyond ASCII and beyond 100 bytes; a file that takes several blocks. */
START_TEST(reads_what_is_long)
{
	static const char *const formats[] = { "pax", "gnutar", "iso9660" };
	static char big[3 * 1024 * 1024 + 7];
	struct archive *a;
	char path[512];

	up();
	snprintf(path, sizeof(path), "data/%0180d/执法.mp4", 0);
	memset(big, 'x', sizeof(big));
	bag_rig_put(&rig, path, big, sizeof(big));
	bag_rig_puts(&rig, "bag-info.txt", "Payload-Oxum: 3145746.3\n");
	bag_rig_list(&rig);
	a = begin(formats[_i]);
	add_bag(a, "");
	/* libarchive takes names as they are in the locale; this one has none of its own. */
	add(a, path, AE_IFREG, NULL, big, sizeof(big));
	finish(a);
	expect(formats[_i], "");
	down();
}
END_TEST

/* Made by other programs. */
static const struct { const char *program, *command; } others[] = {
	{ "tar", "tar -cf \"$OUT\" ." },
	{ "tar", "tar -cf \"$OUT\" --format=posix ." },
	{ "tar", "tar -cf \"$OUT\" -C .. \"$(basename \"$PWD\")\"" },
	{ "bsdtar", "bsdtar -cf \"$OUT\" *" },
	{ "xorriso", "xorriso -outdev \"$OUT\" -joliet on -map . / -commit" },
	{ "xorriso", "xorriso -as mkisofs -quiet -R -o \"$OUT\" ." },
};

START_TEST(reads_what_others_make)
{
	char command[512];

	up();
	snprintf(command, sizeof(command), "command -v %s >/dev/null", others[_i].program);
	if (system(command) != 0) {
		fprintf(stderr, "check_bag_archive: SKIPPED: %s is not installed\n",
			others[_i].program);
	} else {
		snprintf(command, sizeof(command), "OUT='%s'; %s >/dev/null 2>&1", out,
			 others[_i].command);
		bag_rig_sh(&rig, command);
		expect(others[_i].command, "");
	}
	down();
}
END_TEST

/* ------ archives that are not ------ */

static const struct { const char *what, *format, *name; unsigned type; const char *link, *said; } more[] = {
	{ "an entry twice", "ustar", "data/a", AE_IFREG, NULL, "twice_there data/a" },
	{ "an entry twice, spelt ./", "ustar", "./data/a", AE_IFREG, NULL, "twice_there data/a" },
	{ "a tag file twice", "ustar", "bagit.txt", AE_IFREG, NULL, "twice_there bagit.txt" },
	{ "a file more", "pax", "data/c", AE_IFREG, NULL, "unlisted data/c|wrong_oxum" },
	{ "a file more on an image", "iso9660", "data/c", AE_IFREG, NULL, "unlisted data/c|wrong_oxum" },
	{ "a link", "ustar", "data/c", AE_IFLNK, "a", "not_a_file data/c" },
	{ "a link in its place", "ustar", "data/a", AE_IFLNK, "/etc/passwd", "not_a_file data/a" },
	{ "a link on an image", "iso9660", "data/c", AE_IFLNK, "/etc/passwd", "not_a_file data/c" },
	{ "a hard link", "ustar", "data/c", AE_IFREG, "data/a", "not_a_file data/c" },
	{ "a second name on an image", "iso9660", "data/c", AE_IFREG, "data/a", "unlisted data/c|wrong_oxum" },
	{ "a device", "ustar", "data/c", AE_IFBLK, NULL, "not_a_file data/c" },
	{ "a fifo", "ustar", "data/c", AE_IFIFO, NULL, "not_a_file data/c" },
	{ "a path upwards", "ustar", "../data/c", AE_IFREG, NULL, "unsafe_name ../data/c" },
	{ "a path up and down", "ustar", "data/../../c", AE_IFREG, NULL, "unsafe_name data/../../c" },
	{ "an absolute path", "ustar", "/etc/cron.d/x", AE_IFREG, NULL, "unsafe_name /etc/cron.d/x" },
	{ "a path for Windows", "ustar", "data\\..\\..\\c", AE_IFREG, NULL,
	  "unsafe_name data\\x5c..\\x5c..\\x5cc" },
	{ "a drive of Windows", "ustar", "C:/c", AE_IFREG, NULL, "unsafe_name C:/c" },
	{ "an empty folder's name", "ustar", "data//c", AE_IFREG, NULL, "unsafe_name data//c" },
	{ "a folder", "ustar", "data/empty", AE_IFDIR, NULL, "" },
	{ "a folder of a file's name", "ustar", "data/a", AE_IFDIR, NULL, "" },
	{ "a name in GB18030", "gnutar", "data/\xce\xc4", AE_IFREG, NULL,
	  "unlisted data/\\xce\\xc4|wrong_oxum" },
};

START_TEST(refuses_entries)
{
	struct archive *a;

	up();
	a = begin(more[_i].format);
	add_bag(a, "");
	add(a, more[_i].name, more[_i].type, more[_i].link, NULL, 0);
	finish(a);
	expect(more[_i].what, more[_i].said);
	down();
}
END_TEST

/* Beside the folder with the bag is more: then nothing says which folder is the bag. */
START_TEST(takes_no_folder_of_several)
{
	struct archive *a;

	up();
	a = begin("ustar");
	add_bag(a, "A/");
	add(a, "B/x", AE_IFREG, NULL, NULL, 0);
	finish(a);
	expect("two folders", "no_declaration");
	down();
}
END_TEST

/* ------ bytes that lie ------ */

/* Overwrite a number of a ustar header at `at` and make its checksum right again. */
static void forge_size(off_t at, const char *octal)
{
	unsigned char h[512];
	unsigned sum = 0;
	int fd = open(out, O_RDWR);
	size_t i;

	ck_assert_int_eq(pread(fd, h, sizeof(h), at), sizeof(h));
	memcpy(h + 124, octal, 11);
	memset(h + 148, ' ', 8);
	for (i = 0; i < sizeof(h); i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	ck_assert_int_eq(pwrite(fd, h, sizeof(h), at), sizeof(h));
	close(fd);
}

START_TEST(bounds_sizes)
{
	struct archive *a;

	up();
	a = begin("ustar");
	add_bag(a, "");
	finish(a);
	forge_size(0, "77777777777");
	expect_error(-EBADMSG, "claim more bytes");
	down();
}
END_TEST

/* A sparse entry has more bytes than it takes. */
START_TEST(refuses_a_bomb)
{
	char command[256];

	up();
	snprintf(command, sizeof(command), "truncate -s 1T data/c && tar -S -cf '%s' *", out);
	bag_rig_sh(&rig, command);
	expect_error(-EBADMSG, "claim more bytes");
	down();
}
END_TEST

static void tear(const char *format)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(FILE_MAX);
	struct archive *a = begin(format);
	struct err e = { 0, "" };
	int fd, r;
	off_t at;

	add_bag(a, "");
	finish(a);
	ck_assert_int_eq(file_read(out, &b, &e), 0);
	/* Up to the end of the last entry: what is behind is padding. */
	for (at = 0; at < 9000; at += 500) {
		fd = open(out, O_WRONLY | O_TRUNC);
		ck_assert_int_eq(write(fd, b.p, (size_t)at), at);
		close(fd);
		ck_assert_msg(said(&r, &e)[0] != '\0' || r < 0, "%s cut at %d", format, (int)at);
	}
}

START_TEST(sees_what_is_cut_off)
{
	up();
	tear("ustar");
	tear("iso9660");
	down();
}
END_TEST

/* Any byte of the payload and of the tag files. */
START_TEST(sees_any_byte)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(FILE_MAX);
	struct archive *a;
	struct err e = { 0, "" };
	const uint8_t *at;
	int fd, r;

	up();
	a = begin("iso9660");
	add_bag(a, "");
	finish(a);
	ck_assert_int_eq(file_read(out, &b, &e), 0);
	at = memmem(b.p, b.len, "hello\n", 6);
	ck_assert_ptr_nonnull(at);
	fd = open(out, O_RDWR);
	ck_assert_int_eq(pwrite(fd, "j", 1, at - b.p), 1);
	close(fd);
	ck_assert_str_eq(said(&r, &e), "wrong_digest data/a");
	down();
}
END_TEST

static const struct { const char *what; const char *command; int code; } strangers[] = {
	{ "compressed", "tar -czf '%s' *", -EMEDIUMTYPE },
	{ "a zip", "printf 'PK\\003\\004xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' > '%s'", -EMEDIUMTYPE },
	{ "empty", ": > '%s'", -EMEDIUMTYPE },
	{ "noise", "head -c 100000 /dev/urandom > '%s'", -EMEDIUMTYPE },
	{ "text", "echo hello > '%s'", -EMEDIUMTYPE },
};

START_TEST(refuses_other_formats)
{
	char command[256];

	up();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(command, sizeof(command), strangers[_i].command, out);
#pragma GCC diagnostic pop
	bag_rig_sh(&rig, command);
	expect_error(strangers[_i].code, "");
	down();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_archives, 0, (int)COUNT(wholes));
	tcase_add_loop_test(tc, reads_what_is_long, 0, 3);
	tcase_add_loop_test(tc, reads_what_others_make, 0, (int)COUNT(others));
	tcase_add_loop_test(tc, refuses_entries, 0, (int)COUNT(more));
	tcase_add_test(tc, takes_no_folder_of_several);
	tcase_add_test(tc, bounds_sizes);
	tcase_add_test(tc, refuses_a_bomb);
	tcase_add_test(tc, sees_what_is_cut_off);
	tcase_add_test(tc, sees_any_byte);
	tcase_add_loop_test(tc, refuses_other_formats, 0, (int)COUNT(strangers));
}

int main(void)
{
	return suite_main("bag_archive", fill);
}
