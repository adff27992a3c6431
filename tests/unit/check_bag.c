/* lib/package/bag on the Library of Congress' conformance suite: the folder is the verdict. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "unit/bag_rig.h"
#include "unit/suite.h"

/*
 * Every case, and all that is said of it.  Paths that only Windows would follow are refused here,
 * too.  The system files of a warning are two, of which the suite has lost the empty .DS_Store.
 */
static const struct { const char *name, *said; } cases[] = {
	{ "v0.97/invalid/baginfo-missing-encoding", "bad_declaration bagit.txt" },
	{ "v0.97/invalid/bom-in-bagit.txt", "bad_declaration bagit.txt" },
	{ "v0.97/invalid/corrupt-data-file", "wrong_digest data/bare-filename|wrong_oxum" },
	{ "v0.97/invalid/corrupt-tag-file",
	  "wrong_digest bag-info.txt|wrong_digest bagit.txt|"
	  "wrong_digest manifest-md5.txt" },
	{ "v0.97/invalid/extra-file-in-bag", "unlisted data/bar|wrong_oxum" },
	{ "v0.97/invalid/invalid-version-number", "bad_declaration bagit.txt" },
	{ "v0.97/invalid/missing-baginfo", "missing bag-info.txt" },
	{ "v0.97/invalid/missing-bagit.txt", "no_declaration" },
	{ "v0.97/invalid/out-of-scope-file-paths-using-dot-notation-for-fetch",
	  "bad_line ../../../README.md" },
	{ "v0.97/invalid/out-of-scope-file-paths-using-dot-notation",
	  "bad_line ../../../README.md|"
	  "bad_line \\x5c.\\x5c./\\x5c.\\x5c./\\x5c.\\x5c./README.md" },
	{ "v0.97/invalid/same-filename-listed-twice-with-different-hashes",
	  "listed_twice data/README" },
	{ "v0.97/linux-only/out-of-scope-file-paths-using-absolute-path-for-fetch",
	  "bad_line /tmp/test.txt" },
	{ "v0.97/linux-only/out-of-scope-file-paths-using-absolute-path", "bad_line /tmp/foo" },
	{ "v0.97/linux-only/out-of-scope-file-paths-using-shortcut-for-fetch",
	  "bad_line ~/test.txt" },
	{ "v0.97/linux-only/out-of-scope-file-paths-using-shortcut-username-for-fetch",
	  "bad_line ~root/foo" },
	{ "v0.97/linux-only/out-of-scope-file-paths-using-shortcut-username",
	  "bad_line ~root/foo" },
	{ "v0.97/linux-only/out-of-scope-file-paths-using-shortcut", "bad_line ~/foo" },
	{ "v0.97/valid/ISO-8859-1-encoded-tag-files", "" },
	{ "v0.97/valid/UTF-16-encoded-tag-files", "" },
	{ "v0.97/valid/bag-in-a-bag", "" },
	{ "v0.97/valid/bag-with-encoded-names", "" },
	{ "v0.97/valid/bag-with-escapable-characters", "" },
	{ "v0.97/valid/bag-with-leading-dot-slash-in-manifest", "dot_slash data/test2.txt" },
	{ "v0.97/valid/bag-with-space", "" },
	{ "v0.97/valid/basic-bag", "" },
	{ "v0.97/valid/duplicate-metadata-entries", "" },
	{ "v0.97/valid/holey-bag", "" },
	{ "v0.97/valid/minimal-bag", "" },
	{ "v0.97/valid/uncommon-metadata-separators", "" },
	{ "v0.97/warning/duplicate-file-with-different-case", "other_spelling data/HELLO.txt" },
	{ "v0.97/warning/made-with-md5sum-tools",
	  "binary_mark bag-info.txt|binary_mark bagit.txt|binary_mark data/hello.txt|"
	  "binary_mark manifest-md5.txt" },
	{ "v0.97/warning/relative-path", "dot_slash data/hello.txt" },
	{ "v0.97/warning/same-filename-listed-twice-with-different-normalization",
	  "other_spelling data/Núñez" },
	{ "v0.97/warning/same-filename-listed-twice-with-the-same-hash",
	  "same_twice data/README" },
	{ "v0.97/warning/special-system-files",
	  "system_file data/.DS_Store|system_file data/Thumbs.db" },
	{ "v0.97/windows-only/out-of-scope-file-paths-using-absolute-path-for-fetch",
	  "bad_line C:\\x5cWindows\\x5cSystem32\\x5csetx.exe" },
	{ "v0.97/windows-only/out-of-scope-file-paths-using-absolute-path",
	  "bad_line C:\\x5cWindows\\x5cSystem32\\x5csetx.exe" },
	{ "v0.97/windows-only/out-of-scope-file-paths-using-shortcut-for-fetch",
	  "bad_line %HomeDrive%\\x5cWindows\\x5cSystem32\\x5csetx.exe" },
	{ "v0.97/windows-only/out-of-scope-file-paths-using-shortcut",
	  "bad_line %HomeDrive%\\x5cWindows\\x5cSystem32\\x5csetx.exe" },
	{ "v0.97/windows-only/out-of-scope-file-paths-using-unc-for-fetch",
	  "bad_line \\x5c\\x5c?\\x5cUNC\\x5cserver\\x5cWindows\\x5cSystem32\\x5csetx.exe" },
	{ "v0.97/windows-only/out-of-scope-file-paths-using-unc",
	  "bad_line \\x5c\\x5c?\\x5cUNC\\x5cserver\\x5cWindows\\x5cSystem32\\x5csetx.exe" },
	{ "v1.0/invalid/bagit-with-invalid-whitespace", "bad_declaration bagit.txt" },
	{ "v1.0/invalid/notAllManifestsListAllFiles", "unlisted data/missingFromManifest.txt" },
	{ "v1.0/invalid/same-filename-listed-twice-with-different-hashes",
	  "listed_twice data/README|wrong_digest bagit.txt" },
	{ "v1.0/invalid/same-filename-listed-twice-with-the-same-hash",
	  "listed_twice data/README|wrong_digest bagit.txt" },
	{ "v1.0/valid/basicBag", "" },
};

static const char *root(void)
{
	const char *dir = getenv("DV_FIXTURES");
	static char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/bagit", dir != NULL ? dir : "../shared/fixtures");
	if (stat(path, &st) == 0)
		return path;
	ck_assert_int_eq(errno, ENOENT);
	fprintf(stderr, "check_bag: SKIPPED: %s is not there (set DV_FIXTURES)\n", path);
	return NULL;
}

START_TEST(agrees_with_the_suite)
{
	const char *name = cases[_i].name, *dir = root();
	const bool refused = strstr(name, "/valid/") == NULL && strstr(name, "/warning/") == NULL;
	char path[8192], said[65536];
	struct bag_report r;
	struct err e = { 0, "" };

	if (dir == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_msg(bag_check(path, NULL, &r, &e) == 0, "%s: %s", name, e.msg);
	bag_rig_said(&r, said, sizeof(said));
	ck_assert_msg(r.whole == !refused, "%s: %s", name, said);
	ck_assert_msg(strstr(name, "/warning/") == NULL || said[0] != '\0', "%s: no warning", name);
	ck_assert_msg(strcmp(said, cases[_i].said) == 0, "%s: %s", name, said);
	bag_report_clear(&r);
}
END_TEST

static bool is_case(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		if (strcmp(cases[i].name, name) == 0)
			return true;
	return false;
}

/* How many folders are below a folder of the suite, each of which must be a case. */
static size_t count_cases(const char *dir, const char *kind)
{
	char path[8192], name[8192];
	struct dirent *d;
	struct stat st;
	size_t n = 0;
	DIR *open;

	snprintf(path, sizeof(path), "%s/%s", dir, kind);
	open = opendir(path);
	while (open != NULL && (d = readdir(open)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s/%s", dir, kind, d->d_name);
		if (stat(name, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		snprintf(name, sizeof(name), "%s/%s", kind, d->d_name);
		ck_assert_msg(is_case(name), "%s is not tried", name);
		n++;
	}
	if (open != NULL)
		closedir(open);
	return n;
}

START_TEST(leaves_no_case_out)
{
	static const char *const versions[] = { "v0.97", "v1.0" };
	static const char *const kinds[] = { "valid", "invalid", "warning", "linux-only", "windows-only" };
	const char *dir = root();
	char kind[64];
	size_t i, k, n = 0;

	if (dir == NULL)
		return;
	for (i = 0; i < COUNT(versions); i++)
		for (k = 0; k < COUNT(kinds); k++) {
			snprintf(kind, sizeof(kind), "%s/%s", versions[i], kinds[k]);
			n += count_cases(dir, kind);
		}
	ck_assert_uint_eq(n, COUNT(cases));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, agrees_with_the_suite, 0, (int)COUNT(cases));
	tcase_add_test(tc, leaves_no_case_out);
}

int main(void)
{
	return suite_main("bag", fill);
}
