#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "package/discs.h"
#include "package/verify_text.h"
#include "unit/package_rig.h"
#include "unit/suite.h"

static struct package_rig g;

static void path_in(const char *name, char ret[160])
{
	snprintf(ret, 160, "%s/%s", g.dir, name);
}

static bool is_there(const char *name)
{
	struct stat st;
	char path[160];

	path_in(name, path);
	return lstat(path, &st) == 0;
}

static int write_as(enum package_form form, const char *name, uint64_t media_size, struct err *e)
{
	char path[160];
	const struct package_output o = { .form = form, .path = path, .media_size = media_size };

	path_in(name, path);
	return package_write(&g.p, &o, e);
}

/* A shell's status, in the scratch folder. */
static int run(const char *command)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(4096);

	buf_addf(&line, "cd %s && { %s; } >log 2>&1", g.dir, command);
	return system(buf_str(&line));
}

static void show_log(void)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1024 * 1024);
	char path[160];

	path_in("log", path);
	if (file_read(path, &b, NULL) == 0)
		fputs(buf_str(&b), stderr);
}

/* The commands of VERIFY.txt, to the letter, from the top of the package; true: all went well. */
static bool verifies(const char *name)
{
	char command[512];

	snprintf(command, sizeof(command), "chmod -R u+w %s && cd %s && "
		 "sed -n 's/^    \\$ //p' data/VERIFY.txt >../script && TMPDIR=%s sh -e ../script",
		 name, name, g.dir);
	return run(command) == 0;
}

static bool has_tools(void)
{
	if (system("command -v minisign >/dev/null && command -v openssl >/dev/null") == 0)
		return true;
	fprintf(stderr, "minisign or openssl is not installed: not followed to the letter\n");
	return false;
}

START_TEST(a_folder_is_verified_by_following_verify_txt)
{
	struct err e = { 0 };

	package_rig_new(&g, 5, 3000, true);
	ck_assert_msg(write_as(PACKAGE_FOLDER, "bag", 0, &e) == 0, "%s", e.msg);
	ck_assert(is_there("bag/data/media/0001-REC-000123-0.mp4"));
	ck_assert(is_there("bag/data/media/0003-blob.bin"));
	ck_assert(is_there("bag/data/sidecar/0002-REC-000123-1.dock.bwm.minisig"));
	ck_assert(is_there("bag/tagmanifest-sha512.txt.minisig"));
	ck_assert(!is_there("bag/set.tsv"));
	ck_assert(!is_there("bag.part"));
	if (has_tools() && !verifies("bag")) {
		show_log();
		ck_abort_msg("VERIFY.txt does not verify");
	}
	package_rig_free(&g);
}
END_TEST

/* Spoil a file of each kind, and make the digests of the manifests fit where that is said. */
static const struct { const char *what, *command; } spoils[] = {
	{ "media", "printf x >>data/media/0001-REC-000123-0.mp4" },
	{ "a file more", "echo x >data/media/more" },
	{ "a hidden file more", "echo x >data/media/.more" },
	{ "a manifest", "echo >>manifest-sha256.txt" },
	{ "a tag file", "echo X: y >>bag-info.txt" },
};

START_TEST(what_is_spoilt_does_not_verify)
{
	char command[512];
	struct err e = { 0 };

	if (!has_tools())
		return;
	package_rig_new(&g, 2, 3000, true);
	ck_assert_msg(write_as(PACKAGE_FOLDER, "bag", 0, &e) == 0, "%s", e.msg);
	snprintf(command, sizeof(command), "chmod -R u+w bag && cd bag && %s", spoils[_i].command);
	ck_assert_int_eq(run(command), 0);
	ck_assert_msg(!verifies("bag"), "%s", spoils[_i].what);
	package_rig_free(&g);
}
END_TEST

static const struct { enum package_form form; const char *name, *unpack; } archives[] = {
	{ PACKAGE_TAR, "p.tar", "mkdir out && bsdtar -C out --strip-components 1 -xf p.tar" },
	{ PACKAGE_ISO, "p.iso", "mkdir out && bsdtar -C out -xf p.iso" },
};

START_TEST(archives_hold_the_same)
{
	struct err e = { 0 };

	package_rig_new(&g, 5, 3000, true);
	ck_assert_msg(write_as(archives[_i].form, archives[_i].name, 0, &e) == 0, "%s", e.msg);
	ck_assert_msg(write_as(PACKAGE_FOLDER, "bag", 0, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(run(archives[_i].unpack), 0);
	ck_assert_int_eq(run("diff -r out bag"), 0);
	package_rig_free(&g);
}
END_TEST

START_TEST(a_tar_is_the_same_each_time)
{
	struct err e = { 0 };

	package_rig_new(&g, 3, 3000, false);
	ck_assert_msg(write_as(PACKAGE_TAR, "a.tar", 0, &e) == 0, "%s", e.msg);
	ck_assert_msg(write_as(PACKAGE_TAR, "b.tar", 0, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(run("cmp a.tar b.tar"), 0);
	package_rig_free(&g);
}
END_TEST

START_TEST(a_set_is_cut_between_objects)
{
	struct err e = { 0 };

	package_rig_new(&g, 5, 1024 * 1024, true);
	ck_assert_msg(write_as(PACKAGE_ISO, "p.iso", 3500000, &e) == 0, "%s", e.msg);
	ck_assert(!is_there("p.iso"));
	ck_assert(is_there("p-01.iso") && is_there("p-02.iso") && is_there("p-03.iso"));
	ck_assert(!is_there("p-04.iso"));
	ck_assert_int_eq(run("test -z \"$(find . -name '*.part' -o -size +3500000c)\""), 0);
	ck_assert_int_eq(run("for i in 1 2 3; do mkdir $i && bsdtar -C $i -xf p-0$i.iso; done;"
			     "cmp 1/set.tsv 2/set.tsv && cmp 1/set.tsv 3/set.tsv &&"
			     "test $(ls 1/data/media | wc -l) = 2"), 0);
	if (has_tools()) {
		ck_assert(verifies("1"));
		ck_assert(verifies("3"));
		/* Another disc's content below this disc's index is not what the index names. */
		ck_assert_int_eq(run("sed -i s/^disc/other/ 1/set.tsv"), 0);
		ck_assert(!verifies("1"));
	}
	package_rig_free(&g);
}
END_TEST

START_TEST(an_object_larger_than_a_disc_is_refused)
{
	struct err e = { 0 };

	package_rig_new(&g, 2, 5 * 1024 * 1024, true);
	ck_assert_int_eq(write_as(PACKAGE_ISO, "p.iso", 4 * 1024 * 1024, &e), -EFBIG);
	ck_assert_ptr_nonnull(strstr(e.msg, "4194304"));
	ck_assert(!is_there("p.iso") && !is_there("p-01.iso") && !is_there("p.iso.part"));
	package_rig_free(&g);
}
END_TEST

static const struct { const char *what, *spoil; } damages[] = {
	{ "a byte", "printf x | dd of=$f bs=1 seek=100 conv=notrunc" },
	{ "shorter", "truncate -s 1000 $f" },
	{ "gone", "rm $f" },
	{ "a folder", "rm $f; mkdir $f" },
};

START_TEST(evidence_that_is_not_whole_stops_it)
{
	char path[160], command[512];
	struct err e = { 0 };

	package_rig_new(&g, 3, 3000, true);
	package_rig_blob(&g, &g.p.objects[1].blob, path);
	snprintf(command, sizeof(command), "f=%s; %s", path, damages[_i].spoil);
	ck_assert_int_eq(run(command), 0);
	ck_assert_int_eq(write_as(PACKAGE_FOLDER, "bag", 0, &e), -EUCLEAN);
	ck_assert_int_eq(write_as(PACKAGE_ISO, "p.iso", 0, &e), -EUCLEAN);
	ck_assert(!is_there("bag") && !is_there("bag.part"));
	ck_assert(!is_there("p.iso") && !is_there("p.iso.part"));
	package_rig_free(&g);
}
END_TEST

START_TEST(a_log_that_contradicts_itself_stops_it)
{
	struct err e = { 0 };

	package_rig_new(&g, 2, 3000, true);
	g.leaves[2].p[5] ^= 1;
	ck_assert_int_eq(write_as(PACKAGE_TAR, "p.tar", 0, &e), -EUCLEAN);
	ck_assert(!is_there("p.tar") && !is_there("p.tar.part"));
	package_rig_free(&g);
}
END_TEST

START_TEST(nothing_is_replaced)
{
	struct err e = { 0 };

	package_rig_new(&g, 1, 3000, false);
	ck_assert_int_eq(run("echo old >p.tar; echo old >q.tar.part; mkdir bag"), 0);
	ck_assert_int_eq(write_as(PACKAGE_TAR, "p.tar", 0, &e), -EEXIST);
	ck_assert_int_eq(write_as(PACKAGE_FOLDER, "bag", 0, &e), -EEXIST);
	ck_assert_int_eq(write_as(PACKAGE_TAR, "q.tar", 0, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, "remove it"));
	ck_assert_int_eq(write_as(PACKAGE_TAR, "nowhere/p.tar", 0, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "make it first"));
	ck_assert_int_eq(run("test $(cat p.tar q.tar.part | tr -d '\\n') = oldold"), 0);
	package_rig_free(&g);
}
END_TEST

/* Something gets the name while the package is written, which may take hours. */
static int (*prove)(void *data, uint64_t index, uint64_t size, struct merkle_proof *ret,
		    struct err *e);

static int prove_late(void *data, uint64_t index, uint64_t size, struct merkle_proof *ret,
		      struct err *e)
{
	ck_assert_int_eq(run("echo other >p.tar; echo other >p-02.iso; mkdir -p bag"), 0);
	return prove(data, index, size, ret, e);
}

static const struct { enum package_form form; const char *name; uint64_t media_size; } late[] = {
	{ PACKAGE_TAR, "p.tar", 0 },
	{ PACKAGE_FOLDER, "bag", 0 },
	{ PACKAGE_ISO, "p.iso", 3500000 },
};

START_TEST(what_came_meanwhile_is_not_replaced)
{
	struct err e = { 0 };

	package_rig_new(&g, 5, 1000000, false);
	prove = g.p.source.prove;
	g.p.source.prove = prove_late;
	ck_assert_int_eq(write_as(late[_i].form, late[_i].name, late[_i].media_size, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, "nothing is ever replaced"));
	ck_assert_int_eq(run("test $(cat p.tar p-02.iso | tr -d '\\n') = otherother"), 0);
	ck_assert_int_eq(run("test -z \"$(ls bag)\""), 0);
	ck_assert_int_eq(run("test -z \"$(find . -name '*.part')\""), 0);
	package_rig_free(&g);
}
END_TEST

START_TEST(takes_one_object_at_least)
{
	struct err e = { 0 };
	size_t n;

	package_rig_new(&g, 1, 3000, false);
	n = g.p.n_objects;
	g.p.n_objects = 0;
	ck_assert_int_eq(write_as(PACKAGE_FOLDER, "bag", 0, &e), -EINVAL);
	g.p.n_objects = n;
	package_rig_free(&g);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, a_folder_is_verified_by_following_verify_txt);
	tcase_add_loop_test(tc, what_is_spoilt_does_not_verify, 0, (int)COUNT(spoils));
	tcase_add_loop_test(tc, archives_hold_the_same, 0, (int)COUNT(archives));
	tcase_add_test(tc, a_tar_is_the_same_each_time);
	tcase_add_test(tc, a_set_is_cut_between_objects);
	tcase_add_test(tc, an_object_larger_than_a_disc_is_refused);
	tcase_add_loop_test(tc, evidence_that_is_not_whole_stops_it, 0, (int)COUNT(damages));
	tcase_add_test(tc, a_log_that_contradicts_itself_stops_it);
	tcase_add_test(tc, nothing_is_replaced);
	tcase_add_loop_test(tc, what_came_meanwhile_is_not_replaced, 0, COUNT(late));
	tcase_add_test(tc, takes_one_object_at_least);
}

int main(void)
{
	return suite_main("package", fill);
}
