#include "vaultctl/backup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/suite.h"

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct { const char *what, *line; int status; } lines[] = {
	{ "a line",			SUM "  vault/ab/cd/x\n", 1 },
	{ "dots that are names",	SUM "  a/..b/.c./d..\n", 1 },
	{ "nothing",			"", 0 },
	{ "no line feed",		SUM "  vault/x", -EINVAL },
	{ "no path",			SUM "  \n", -EINVAL },
	{ "capitals",			"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef  x/y\n", -EINVAL },
	{ "binary mode's star",		SUM " *vault/x\n", -EINVAL },
	{ "a digit too many",		SUM "0  vault/x\n", -EINVAL },
	{ "another folder",		SUM "  ../etc/passwd\n", -EINVAL },
	{ "another folder on the way",	SUM "  vault/../../etc/passwd\n", -EINVAL },
	{ "ends above itself",		SUM "  vault/..\n", -EINVAL },
	{ "from the root",		SUM "  /etc/passwd\n", -EINVAL },
	{ "the folder itself",		SUM "  vault/./x\n", -EINVAL },
	{ "an empty name",		SUM "  vault//x\n", -EINVAL },
	{ "a folder",			SUM "  vault/\n", -EINVAL },
	{ "a space",			SUM "  vault/a b\n", -EINVAL },
	{ "an escape",			SUM "  vault/a\\nb\n", -EINVAL },
	{ "a control character",	SUM "  vault/a\033b\n", -EINVAL },
	{ "beyond ASCII",		SUM "  vault/\xe6\x89\xa7\n", -EINVAL },
};

START_TEST(a_list_stays_below_its_folder)
{
	char text[512];
	struct backup_line line;
	size_t len = strlen(lines[_i].line);
	FILE *f;

	memcpy(text, lines[_i].line, len + 1);
	f = fmemopen(text, len > 0 ? len : 1, len > 0 ? "r" : "w+");
	ck_assert_ptr_nonnull(f);
	ck_assert_msg(backup_next_line(f, &line) == lines[_i].status, "%s", lines[_i].what);
	if (lines[_i].status == 1) {
		ck_assert_str_eq(line.sha256, SUM);
		ck_assert_mem_eq(line.path, lines[_i].line + 66, len - 67);
	}
	fclose(f);
}
END_TEST

/* Paths longer than any that is made. */
START_TEST(a_line_without_end_is_none)
{
	struct backup_line line;
	FILE *f = tmpfile();
	unsigned i;

	fputs(SUM "  ", f);
	for (i = 0; i < BACKUP_PATH_MAX; i++)
		fputc('x', f);
	fputc('\n', f);
	rewind(f);
	ck_assert_int_eq(backup_next_line(f, &line), -EINVAL);
	fclose(f);
}
END_TEST

START_TEST(what_cannot_be_read_back_is_not_written)
{
	FILE *f = tmpfile();
	struct backup_line line;

	ck_assert_int_eq(backup_add_line(f, SUM, "state/a b"), -EINVAL);
	ck_assert_int_eq(backup_add_line(f, SUM, "../x"), -EINVAL);
	ck_assert_int_eq(backup_add_line(f, SUM, "state/journal/x"), 0);
	rewind(f);
	ck_assert_int_eq(backup_next_line(f, &line), 1);
	ck_assert_str_eq(line.path, "state/journal/x");
	ck_assert_int_eq(backup_next_line(f, &line), 0);
	fclose(f);
}
END_TEST

START_TEST(a_file_is_known_by_both_its_digests)
{
	char dir[] = "/tmp/check-backup.XXXXXX", from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX], hex[DIGEST_HEX_SIZE];
	static const char bytes[] = "abc";
	struct hasher *h = NULL;
	struct backup_file f;
	struct digest d;
	struct err e;
	struct stat st;
	FILE *out;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	backup_path(from, "%s/from", dir);
	backup_path(to, "%s/a/b/to", dir);
	out = fopen(from, "w");
	fputs(bytes, out);
	fclose(out);
	ck_assert_int_eq(hasher_new(&h, &e), 0);
	ck_assert_int_eq(backup_mkdirs(to, strlen(dir), 0700), 0);
	ck_assert_int_eq(backup_copy(h, from, to, 0400, &f, &e), 0);
	ck_assert_str_eq(f.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	d = digest_of(bytes, 3);
	ck_assert_str_eq(digest_hex(&f.blake, hex), digest_hex(&d, (char[DIGEST_HEX_SIZE]){ 0 }));
	ck_assert_uint_eq(f.size, 3);
	ck_assert_int_eq(stat(to, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0400);
	ck_assert_int_eq(backup_copy(h, from, to, 0400, &f, &e), -EEXIST);
	ck_assert_int_eq(backup_copy(h, dir, NULL, 0, &f, &e), -EINVAL);
	ck_assert_int_eq(backup_remove(dir), 0);
	ck_assert_int_eq(access(dir, F_OK), -1);
	ck_assert_int_eq(backup_remove(dir), 0);
	hasher_free(h);
}
END_TEST

/* A path that does not fit is no file, not another one. */
START_TEST(a_path_is_never_cut)
{
	char path[BACKUP_PATH_MAX], name[BACKUP_PATH_MAX];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	backup_path(path, "/%s", name);
	ck_assert_str_eq(path, "");
	backup_path(path, "%s/%d", "a", 7);
	ck_assert_str_eq(path, "a/7");
}
END_TEST

static const struct { const char *what, *command; int status; const char *out; } programs[] = {
	{ "what it says",	"printf abc", 0, "abc" },
	{ "what it is given",	"cat", 0, "" },
	{ "a failure",		"exit 3", -EIO, "" },
	{ "killed",		"kill -9 $$", -EIO, "" },
};

START_TEST(programs_are_waited_for)
{
	const char *const argv[] = { "sh", "-c", programs[_i].command };
	char text[16] = "";
	FILE *out = tmpfile();
	struct err e;

	ck_assert_msg(backup_spawn(argv, COUNT(argv), -1, fileno(out), &e) == programs[_i].status, "%s", programs[_i].what);
	rewind(out);
	ck_assert_uint_le(fread(text, 1, sizeof(text) - 1, out), 3);
	ck_assert_str_eq(text, programs[_i].out);
	fclose(out);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_named)
{
	const char *const argv[] = { "no-such-program-as-this" };
	struct err e;

	ck_assert_int_eq(backup_spawn(argv, COUNT(argv), -1, -1, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "no-such-program-as-this"));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_list_stays_below_its_folder, 0, (int)COUNT(lines));
	tcase_add_test(tc, a_line_without_end_is_none);
	tcase_add_test(tc, what_cannot_be_read_back_is_not_written);
	tcase_add_test(tc, a_file_is_known_by_both_its_digests);
	tcase_add_test(tc, a_path_is_never_cut);
	tcase_add_loop_test(tc, programs_are_waited_for, 0, (int)COUNT(programs));
	tcase_add_test(tc, a_program_that_is_not_there_is_named);
}

int main(void)
{
	return suite_main("backup", fill);
}
