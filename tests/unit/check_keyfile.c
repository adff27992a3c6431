#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/util.h"
#include "tlog/keyfile.h"
#include "unit/suite.h"

static char dir[64], key[80], vkey[96];

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_keyfile.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(key, sizeof(key), "%s/key", dir);
	snprintf(vkey, sizeof(vkey), "%s/key.vkey", dir);
}

static void tear_down(void)
{
	unlink(key);
	unlink(vkey);
	rmdir(dir);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(makes_two_files_that_fit)
{
	static const enum note_key_type types[] = { NOTE_ED25519, NOTE_COSIGNATURE };
	AUTO(note_secret_freep) struct note_secret *secret = NULL;
	struct note_key made, read;
	struct err e = { 0, "" };
	mode_t old = umask(0);

	ck_assert_msg(keyfile_new(key, "evidence.example/test", types[_i], &made, &e) == 0, "%s",
		      e.msg);
	umask(old);
	ck_assert_uint_eq(mode_of(key), 0400);
	ck_assert_uint_eq(mode_of(vkey), 0444);
	ck_assert_msg(keyfile_secret(key, &secret, &e) == 0, "%s", e.msg);
	ck_assert_msg(keyfile_public(vkey, &read, &e) == 0, "%s", e.msg);
	ck_assert_mem_eq(&made, &read, sizeof(made));
	ck_assert_mem_eq(&made, note_secret_public(secret), sizeof(made));
	ck_assert_int_eq(read.type, types[_i]);
}
END_TEST

/* A key that is there may be the log's: nothing takes its place. */
START_TEST(takes_the_place_of_nothing)
{
	struct note_key made;
	struct err e = { 0, "" };
	struct stat st;

	ck_assert_int_eq(file_replace(key, "mine", 4, 0600, &e), 0);
	ck_assert_int_eq(keyfile_new(key, "a", NOTE_ED25519, &made, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, key));
	ck_assert_int_eq(stat(vkey, &st), -1);
	unlink(key);
	ck_assert_int_eq(file_replace(vkey, "theirs", 6, 0600, &e), 0);
	ck_assert_int_eq(keyfile_new(key, "a", NOTE_ED25519, &made, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, vkey));
	ck_assert_int_eq(stat(key, &st), -1);
	unlink(vkey);
	ck_assert_int_eq(symlink("/nowhere", key), 0);
	ck_assert_int_eq(keyfile_new(key, "a", NOTE_ED25519, &made, &e), -EEXIST);
	unlink(key);
	/* The second file cannot be there: a name that is a link into nowhere. */
	ck_assert_int_eq(symlink("/nowhere", vkey), 0);
	ck_assert_int_eq(keyfile_new(key, "a", NOTE_ED25519, &made, &e), -EEXIST);
	ck_assert_int_eq(lstat(key, &st), -1);
}
END_TEST

START_TEST(refuses_to_make)
{
	struct note_key made;
	char longest[PATH_MAX + 8];
	struct err e = { 0, "" };

	ck_assert_int_eq(keyfile_new(key, "a b", NOTE_ED25519, &made, &e), -EINVAL);
	ck_assert_int_eq(access(key, F_OK), -1);
	ck_assert_int_eq(keyfile_new("/nowhere/key", "a", NOTE_ED25519, &made, &e), -ENOENT);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(keyfile_new(longest, "a", NOTE_ED25519, &made, &e), -ENAMETOOLONG);
}
END_TEST

/* ------ reading ------ */

static const struct { mode_t mode; uid_t owner; bool credential, good; } faults[] = {
	{ S_IFREG | 0400, 7, false, true },
	{ S_IFREG | 0600, 7, false, true },
	{ S_IFREG | 0440, 7, false, false },
	{ S_IFREG | 0404, 7, false, false },
	{ S_IFREG | 0420, 7, false, false },
	{ S_IFREG | 0402, 7, false, false },
	{ S_IFREG | 0410, 7, false, false },
	{ S_IFREG | 0401, 7, false, false },
	{ S_IFREG | 0500, 7, false, false },
	{ S_IFREG | 0400, 0, false, false },
	{ S_IFREG | 0400, 8, false, false },
	{ S_IFDIR | 0400, 7, false, false },
	{ S_IFIFO | 0400, 7, false, false },
	{ S_IFREG | 0400, 7, true, true },
	{ S_IFREG | 0440, 0, true, true },
	{ S_IFREG | 0440, 7, true, true },
	{ S_IFREG | 0440, 8, true, false },
	{ S_IFREG | 0460, 0, true, false },
	{ S_IFREG | 0444, 0, true, false },
};

START_TEST(finds_faults)
{
	const char *fault = secret_fault(faults[_i].mode, faults[_i].owner, 7,
					  faults[_i].credential);

	ck_assert_msg((fault == NULL) == faults[_i].good, "%s", fault);
}
END_TEST

START_TEST(refuses_what_others_can_read)
{
	struct note_secret *secret = NULL;
	struct note_key made;
	struct err e = { 0, "" };

	ck_assert_int_eq(keyfile_new(key, "a", NOTE_ED25519, &made, &e), 0);
	ck_assert_int_eq(chmod(key, 0440), 0);
	ck_assert_int_eq(keyfile_secret(key, &secret, &e), -EPERM);
	ck_assert_ptr_nonnull(strstr(e.msg, "chmod 0400"));
	/* systemd shows the access list of a credential as the group's right. */
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	ck_assert_int_eq(keyfile_secret(key, &secret, &e), 0);
	note_secret_free(secret);
	setenv("CREDENTIALS_DIRECTORY", "/tmp/check_key", 1);
	ck_assert_int_eq(keyfile_secret(key, &secret, &e), -EPERM);
	unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

#define PUBLIC	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define SECRET	"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"

static const struct { const char *text; int secret, public; } files[] = {
	{ PUBLIC, -EINVAL, 0 }, { PUBLIC "\n", -EINVAL, 0 }, { PUBLIC "\n\n", -EINVAL, -EINVAL },
	{ PUBLIC "\r\n", -EINVAL, -EINVAL }, { PUBLIC "\n" PUBLIC "\n", -EINVAL, -EINVAL },
	{ SECRET, 0, -EINVAL }, { SECRET "\n", 0, -EINVAL }, { SECRET "\n\n", -EINVAL, -EINVAL },
	{ " " SECRET, -EINVAL, -EINVAL }, { "", -EINVAL, -EINVAL }, { "\n", -EINVAL, -EINVAL },
};

START_TEST(reads_one_line)
{
	struct note_secret *secret = NULL;
	struct note_key public;
	struct err e = { 0, "" };

	ck_assert_int_eq(file_replace(key, files[_i].text, strlen(files[_i].text), 0400, &e), 0);
	ck_assert_int_eq(keyfile_secret(key, &secret, &e), files[_i].secret);
	ck_assert(files[_i].secret == 0 || strstr(e.msg, key) != NULL);
	ck_assert_int_eq(keyfile_public(key, &public, &e), files[_i].public);
	ck_assert(files[_i].public == 0 || strstr(e.msg, key) != NULL);
	note_secret_free(secret);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
	static char large[NOTE_KEY_TEXT_MAX + 2];
	struct note_secret *secret = NULL;
	struct note_key public;
	struct err e = { 0, "" };

	ck_assert_int_eq(keyfile_secret(key, &secret, &e), -ENOENT);
	ck_assert_int_eq(keyfile_public(key, &public, &e), -ENOENT);
	ck_assert_int_eq(keyfile_secret(dir, &secret, &e), -EPERM);
	memset(large, 'x', sizeof(large));
	ck_assert_int_eq(file_replace(key, large, sizeof(large), 0400, &e), 0);
	ck_assert_int_eq(keyfile_secret(key, &secret, &e), -EFBIG);
	ck_assert_int_eq(keyfile_public(key, &public, &e), -EFBIG);
	ck_assert_ptr_null(secret);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, makes_two_files_that_fit, 0, 2);
	tcase_add_test(tc, takes_the_place_of_nothing);
	tcase_add_test(tc, refuses_to_make);
	tcase_add_loop_test(tc, finds_faults, 0, (int)COUNT(faults));
	tcase_add_test(tc, refuses_what_others_can_read);
	tcase_add_loop_test(tc, reads_one_line, 0, (int)COUNT(files));
	tcase_add_test(tc, refuses_what_is_no_file);
}

int main(void)
{
	return suite_main("keyfile", fill);
}
