/* lib/package/bag on folders that were changed: by accident, by somebody, while they are read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/util.h"
#include "unit/bag_rig.h"
#include "unit/suite.h"

/* Lists it in all manifests, and those in the tag manifests. */
#define LIST	"rm -f tagmanifest-*; for a in 256 512; do " \
		"find data -type f -print0 | sort -z | xargs -0r sha${a}sum > manifest-sha$a.txt; done; " TAGS
#define TAGS	"rm -f tagmanifest-*; for a in 256 512; do sha${a}sum bag*.txt manifest-*.txt > t; " \
		"mv t tagmanifest-sha$a.txt; done; "
#define SHA256	"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"	/* of hello, LF */

static const struct { const char *what, *version, *change, *said; bool whole; } changes[] = {
	{ "nothing", "1.0", ":", "", true },
	{ "a byte", "1.0", "echo jello > data/a", "wrong_digest data/a", false },
	{ "one byte more", "1.0", "echo >> data/a", "wrong_digest data/a|wrong_oxum", false },
	{ "a file gone", "1.0", "rm data/a", "missing data/a|wrong_oxum", false },
	{ "two files swapped", "1.0", "mv data/a x; mv data/b data/a; mv x data/b",
	  "wrong_digest data/a|wrong_digest data/b", false },
	{ "a file more", "1.0", "echo > data/c", "unlisted data/c|wrong_oxum", false },
	{ "a file more, named like a tag file", "1.0", "echo > data/bagit.txt",
	  "unlisted data/bagit.txt|wrong_oxum", false },
	{ "a tag file more", "1.0", "echo > README", "", true },
	{ "an empty folder more", "1.0", "mkdir data/empty", "", true },
	{ "a tag file changed", "1.0", "echo 'Contact-Name: x' >> bag-info.txt",
	  "wrong_digest bag-info.txt", false },
	{ "a tag file gone", "1.0", "rm bag-info.txt", "missing bag-info.txt", false },
	{ "a manifest gone", "1.0", "rm manifest-sha256.txt", "missing manifest-sha256.txt", false },
	{ "all manifests gone", "1.0", "rm *manifest*",
	  "no_manifest|unlisted data/a|unlisted data/b", false },
	{ "no tag manifests", "1.0", "rm tag*", "", true },
	{ "no payload", "1.0", "rm -r data; printf 'A: 1\\n' > bag-info.txt; : > manifest-sha256.txt; rm manifest-sha512.txt;" TAGS,
	  "no_payload", false },
	{ "payload is a file", "1.0", "rm -r data; touch data; printf 'A: 1\\n' > bag-info.txt;" LIST,
	  "bad_line data|bad_line data|no_payload", false },
	{ "an empty payload", "1.0", "rm data/*; echo 'Payload-Oxum: 0.0' > bag-info.txt;" LIST, "", true },

	{ "a link in a file's place", "1.0", "mv data/a /tmp/bag-hostile-$$; ln -s /tmp/bag-hostile-$$ data/a",
	  "missing data/a|not_a_file data/a|wrong_oxum", false },
	{ "a link beside", "1.0", "ln -s a data/c", "not_a_file data/c", false },
	{ "a link that leads nowhere", "1.0", "ln -s nowhere data/c", "not_a_file data/c", false },
	{ "a link to a folder", "1.0", "ln -s /etc data/c", "not_a_file data/c", false },
	{ "payload is a link", "1.0", "mv data real; ln -s real data",
	  "missing data/a|missing data/b|no_payload|not_a_file data|wrong_oxum", false },
	{ "a manifest is a link", "1.0", "mv manifest-sha256.txt x; ln -s x manifest-sha256.txt",
	  "missing manifest-sha256.txt|not_a_file manifest-sha256.txt", false },
	{ "a fifo", "1.0", "rm data/a; mkfifo data/a", "missing data/a|not_a_file data/a|wrong_oxum", false },
	{ "bagit.txt is a fifo", "1.0", "rm bagit.txt; mkfifo bagit.txt",
	  "no_declaration", false },
	{ "a second name of a file", "1.0", "ln data/a x; rm data/a; ln x data/a", "", true },

	{ "a line twice", "1.0", "grep data/a manifest-sha256.txt > x; cat x >> manifest-sha256.txt;" TAGS,
	  "listed_twice data/a", false },
	{ "a line twice, before 1.0", "0.97",
	  "grep data/a manifest-sha256.txt > x; cat x >> manifest-sha256.txt;" TAGS,
	  "same_twice data/a", true },
	{ "a line twice, with another digest, before 1.0", "0.97",
	  "sed -n 's/^../00/; /data.a/p' manifest-sha256.txt > x; cat x >> manifest-sha256.txt;" TAGS,
	  "listed_twice data/a", false },
	{ "the same file, spelt ./", "1.0", "echo '" SHA256 "  ./data/a' >> manifest-sha256.txt;" TAGS,
	  "dot_slash data/a|listed_twice data/a", false },
	{ "in one manifest alone", "1.0", "sed -i /data.a/d manifest-sha256.txt;" TAGS,
	  "not_everywhere data/a", false },
	{ "in one manifest alone, before 1.0", "0.97", "sed -i /data.a/d manifest-sha256.txt;" TAGS, "", true },
	{ "a digest of another length", "1.0", "cat manifest-sha512.txt >> manifest-sha256.txt;" TAGS,
	  "bad_line|bad_line", false },
	{ "a path upwards", "1.0", "echo '" SHA256 "  data/../../../etc/passwd' >> manifest-sha256.txt;" TAGS,
	  "bad_line data/../../../etc/passwd", false },
	{ "an absolute path", "1.0", "echo '" SHA256 "  /etc/passwd' >> manifest-sha256.txt;" TAGS,
	  "bad_line /etc/passwd", false },
	{ "payload in a tag manifest", "1.0", "echo '" SHA256 "  data/a' >> tagmanifest-sha256.txt",
	  "bad_line data/a", false },
	{ "a tag file in a manifest", "1.0", "echo '" SHA256 "  bagit.txt' >> manifest-sha256.txt;" TAGS,
	  "bad_line bagit.txt", false },
	{ "a NUL", "1.0", "printf '" SHA256 "  data/c\\0d\\n' >> manifest-sha256.txt;" TAGS,
	  "bad_text manifest-sha256.txt", false },
	{ "an algorithm that nobody knows", "1.0", "echo 00 data/a > manifest-whirlpool.txt",
	  "bad_algorithm manifest-whirlpool.txt", false },
	{ "an escape sequence in a name", "1.0", "touch \"$(printf 'data/\\033[2J')\"",
	  "unlisted data/\\x1b[2J|wrong_oxum", false },
	{ "a name with a line feed", "1.0",
	  "printf 'x' > \"$(printf 'data/c\\nd')\"; echo 'Payload-Oxum: 12.3' > bag-info.txt;"
	  "for a in 256 512; do echo \"$(printf x | sha${a}sum | cut -d' ' -f1)  data/c%0Ad\" "
	  ">> manifest-sha$a.txt; done;" TAGS, "", true },
	{ "names in GB18030", "1.0",
	  "printf 'x' > \"$(printf 'data/\\316\\304')\"; echo 'Payload-Oxum: 12.3' > bag-info.txt;" LIST,
	  "bad_text manifest-sha256.txt|bad_text manifest-sha512.txt|unlisted data/\\xce\\xc4|"
	  "unlisted data/a|unlisted data/b", false },
	{ "names in Chinese", "1.0",
	  "printf 'x' > data/执法记录.mp4; echo 'Payload-Oxum: 12.3' > bag-info.txt;" LIST, "", true },
	{ "another encoding than it says", "1.0", "sed -i s/UTF-8/UTF-16/ bagit.txt",
	  "bad_line|bad_line|bad_text bag-info.txt|bad_text tagmanifest-sha256.txt|"
	  "bad_text tagmanifest-sha512.txt|unlisted data/a|unlisted data/b", false },
	{ "a home folder at the top", "1.0", "touch '~root'", "unsafe_name ~root", false },
	{ "a name that Windows would follow", "1.0", "touch 'data\\..\\x'",
	  "unsafe_name data\\x5c..\\x5cx", false },

	{ "to be fetched", "1.0", "echo 'https://h/c - data/c' > fetch.txt",
	  "not_fetched data/c", false },
	{ "fetched", "1.0", "echo 'https://h/a 6 data/a' > fetch.txt", "", true },
	{ "fetched, of another size", "1.0", "echo 'https://h/a 7 data/a' > fetch.txt",
	  "wrong_size data/a", false },
	{ "another sum of sizes", "1.0", "echo 'Payload-Oxum: 11.3' > bag-info.txt;" TAGS, "wrong_oxum", false },
	{ "two sums of sizes", "1.0", "echo 'payload-oxum: 12.2' >> bag-info.txt;" TAGS,
	  "wrong_oxum|wrong_oxum", false },
	{ "no sum of sizes", "1.0", "echo 'Payload-Oxum: much' > bag-info.txt;" TAGS, "bad_line", false },
	{ "a system file gone that was empty", "1.0",
	  "touch data/Thumbs.db; echo 'Payload-Oxum: 11.3' > bag-info.txt;" LIST "rm data/Thumbs.db",
	  "system_file data/Thumbs.db|system_file data/Thumbs.db", true },
	{ "a system file gone that was not", "1.0",
	  "echo > data/Thumbs.db; echo 'Payload-Oxum: 12.3' > bag-info.txt;" LIST "rm data/Thumbs.db",
	  "missing data/Thumbs.db|system_file data/Thumbs.db|system_file data/Thumbs.db|wrong_oxum", false },
	{ "a name in other case with another digest", "1.0",
	  "echo B > data/B; echo 'Payload-Oxum: 13.3' > bag-info.txt;" LIST "rm data/B",
	  "missing data/B|wrong_oxum", false },

	{ "a terabyte of nothing, unlisted", "1.0", "truncate -s 1T data/c", "unlisted data/c|wrong_oxum", false },
	{ "a terabyte of nothing, listed", "1.0",
	  "for a in 256 512; do sed -n s,data/a,data/c,p manifest-sha$a.txt > x; cat x >> manifest-sha$a.txt; done;"
	  TAGS "truncate -s 1T data/c", "too_much data/c|wrong_oxum", false },
	{ "400 folders deep", "1.0",
	  "d=$(printf 'x/%.0s' $(seq 400)); mkdir -p data/$d; printf y > data/${d}y; "
	  "echo 'Payload-Oxum: 12.3' > bag-info.txt;" LIST, "", true },
};

START_TEST(tells_what_is_wrong)
{
	char said[65536], command[4096];
	struct bag_report r;
	struct bag_rig rig;
	struct err e = { 0, "" };

	bag_rig_up(&rig, changes[_i].version);
	snprintf(command, sizeof(command), "%s", changes[_i].change);
	bag_rig_sh(&rig, command);
	ck_assert_msg(bag_check(rig.dir, NULL, &r, &e) == 0, "%s: %s", changes[_i].what, e.msg);
	bag_rig_said(&r, said, sizeof(said));
	ck_assert_msg(strcmp(said, changes[_i].said) == 0, "%s: %s", changes[_i].what, said);
	ck_assert_msg(r.whole == changes[_i].whole, "%s", changes[_i].what);
	bag_report_clear(&r);
	bag_rig_sh(&rig, "rm -f /tmp/bag-hostile-*");
	bag_rig_down(&rig);
}
END_TEST

static void check_said(const struct bag_rig *rig, const struct bag_watch *w, const char *want)
{
	char said[65536];
	struct bag_report r;
	struct err e = { 0, "" };

	ck_assert_msg(bag_check(rig->dir, w, &r, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(bag_rig_said(&r, said, sizeof(said)), want);
	bag_report_clear(&r);
}

/* Opening this one never ends, and neither does reading it. */
START_TEST(opens_no_device)
{
	struct bag_rig rig;

	bag_rig_up(&rig, "1.0");
	if (mknod(bag_rig_path(&rig, "data/zero"), S_IFCHR | 0600, 1 << 8 | 5) == 0)
		check_said(&rig, NULL, "not_a_file data/zero");
	else
		fprintf(stderr, "check_bag_hostile: SKIPPED: no right to make a device\n");
	bag_rig_down(&rig);
}
END_TEST

START_TEST(opens_no_socket)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct bag_rig rig;

	bag_rig_up(&rig, "1.0");
	snprintf(a.sun_path, sizeof(a.sun_path), "%.60s/data/s", rig.dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	check_said(&rig, NULL, "not_a_file data/s");
	close(fd);
	bag_rig_down(&rig);
}
END_TEST

/* ------ while it is read ------ */

static const struct { const char *change, *said; } meanwhile[] = {
	{ "rm data/a; mkfifo data/a", "changed data/a" },
	{ "mv data/a x; ln -s ../x data/a", "changed data/a" },
	{ "rm data/a", "unreadable data/a" },
	{ "cp data/a x; mv x data/a", "changed data/a" },
	{ "echo >> data/a", "changed data/a" },
	{ "truncate -s 3 data/a", "changed data/a" },
};

struct change_now {
	const struct bag_rig *rig;
	const char *change;
};

static unsigned change_now(void *data, const char *path, uint64_t size)
{
	const struct change_now *c = data;

	(void)size;
	if (strcmp(path, "data/a") == 0)
		bag_rig_sh(c->rig, c->change);
	return 0;
}

START_TEST(sees_what_changes_meanwhile)
{
	struct change_now c = { NULL, meanwhile[_i].change };
	struct bag_watch w = { .data = &c, .wants = change_now };
	struct bag_report r;
	struct bag_rig rig;
	char said[65536];
	struct err e = { 0, "" };

	bag_rig_up(&rig, "1.0");
	c.rig = &rig;
	ck_assert_msg(bag_check(rig.dir, &w, &r, &e) == 0, "%s", e.msg);
	bag_rig_said(&r, said, sizeof(said));
	/* data/b may come before or after it, and be beyond the link. */
	ck_assert_msg(strstr(said, meanwhile[_i].said) != NULL, "%s: %s", c.change, said);
	ck_assert(!r.whole);
	bag_report_clear(&r);
	bag_rig_down(&rig);
}
END_TEST

/* A manifest that is another when it is hashed than when it was taken apart. */
static unsigned change_manifest(void *data, const char *path, uint64_t size)
{
	const struct bag_rig *rig = data;

	(void)size;
	if (strcmp(path, "manifest-sha256.txt") == 0)
		bag_rig_sh(rig, "sed -i 's/a$/c/' manifest-sha256.txt; rm tagmanifest*");
	return 0;
}

START_TEST(hashes_the_manifest_that_it_read)
{
	struct bag_watch w = { .wants = change_manifest };
	struct bag_report r;
	struct bag_rig rig;
	struct err e = { 0, "" };

	bag_rig_up(&rig, "1.0");
	w.data = &rig;
	ck_assert_msg(bag_check(rig.dir, &w, &r, &e) == 0, "%s", e.msg);
	ck_assert(!r.whole);
	ck_assert_uint_ge(r.counts[BAG_CHANGED], 1);
	bag_report_clear(&r);
	bag_rig_down(&rig);
}
END_TEST

/* ------ bounds ------ */

static void check_error(const struct bag_rig *rig, int code, const char *sentence)
{
	struct bag_report r;
	struct err e = { 0, "" };

	ck_assert_int_eq(bag_check(rig->dir, NULL, &r, &e), code);
	ck_assert_msg(strstr(e.msg, sentence) != NULL, "%s", e.msg);
	bag_report_clear(&r);
}

START_TEST(bounds_manifests)
{
	struct bag_rig rig;

	bag_rig_up(&rig, "1.0");
	bag_rig_sh(&rig, "seq -f '751e32179ec8acd71081654527f2e771 data/%07.0f' 1000000 > manifest-md5.txt");
	check_error(&rig, -E2BIG, "more than 250000 files");
	bag_rig_sh(&rig, "truncate -s 1T manifest-md5.txt");
	check_error(&rig, -E2BIG, "larger than 96 MiB");
	bag_rig_sh(&rig, "rm manifest-md5.txt; for i in $(seq 40); do touch manifest-$i.txt; done");
	check_error(&rig, -E2BIG, "more than 32 manifests");
	bag_rig_down(&rig);
}
END_TEST

START_TEST(bounds_problems)
{
	struct bag_report r;
	struct bag_rig rig;
	struct err e = { 0, "" };

	bag_rig_up(&rig, "1.0");
	bag_rig_sh(&rig, "cd data; seq -f c%04.0f 1000 | xargs touch");
	ck_assert_msg(bag_check(rig.dir, NULL, &r, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(r.n_problems, BAG_PROBLEMS_MAX);
	ck_assert_uint_eq(r.counts[BAG_UNLISTED], 1000);
	ck_assert(!r.whole);
	bag_report_clear(&r);
	bag_rig_down(&rig);
}
END_TEST

/* ------ what a watch sees ------ */

struct seen {
	char text[4096];
	uint64_t done, total;
};

static unsigned wants_all(void *data, const char *path, uint64_t size)
{
	(void)data;
	(void)size;
	return strncmp(path, "data/", 5) == 0 ? BAG_BYTES | BAG_ADDRESS : 0;
}

static int on_file(void *data, const struct bag_seen *f, struct err *e)
{
	struct seen *s = data;
	struct digest d = digest_of(f->bytes, f->len);

	if (strcmp(f->path, "data/stop") == 0)
		return err_set(e, -ECANCELED, "stopped");
	ck_assert_ptr_nonnull(f->bytes);
	ck_assert_uint_eq(f->size, f->len);
	ck_assert_mem_eq(f->digests->of[HASHER_ADDRESS], d.b, DIGEST_LEN);
	snprintf(s->text + strlen(s->text), sizeof(s->text) - strlen(s->text), "%s=%.*s%s|", f->path,
		 (int)f->len, (const char *)f->bytes, f->vouched ? "" : "?");
	return 0;
}

static void on_progress(void *data, uint64_t done, uint64_t total)
{
	struct seen *s = data;

	ck_assert_uint_ge(done, s->done);
	s->done = done;
	s->total = total;
}

static void on_tag(void *data, const char *label, const char *value)
{
	struct seen *s = data;

	snprintf(s->text + strlen(s->text), sizeof(s->text) - strlen(s->text), "%s: %s|", label, value);
}

START_TEST(shows_files)
{
	struct seen s = { .text = "" };
	struct bag_watch w = { &s, on_progress, wants_all, on_file, on_tag };
	struct bag_report r;
	struct bag_rig rig;
	struct err e = { 0, "" };

	bag_rig_up(&rig, "1.0");
	bag_rig_puts(&rig, "data/b", "worle");
	bag_rig_puts(&rig, "data/c", "!");
	ck_assert_int_eq(bag_check(rig.dir, &w, &r, &e), 0);
	ck_assert_ptr_nonnull(strstr(s.text, "Payload-Oxum: 11.2|"));
	ck_assert_ptr_nonnull(strstr(s.text, "data/a=hello\n|"));
	ck_assert_ptr_nonnull(strstr(s.text, "data/b=worle?|"));
	ck_assert_ptr_nonnull(strstr(s.text, "data/c=!?|"));
	ck_assert_uint_ge(s.done, s.total);
	bag_report_clear(&r);
	bag_rig_puts(&rig, "data/stop", "!");
	s = (struct seen){ .text = "" };
	ck_assert_int_eq(bag_check(rig.dir, &w, &r, &e), -ECANCELED);
	bag_report_clear(&r);
	bag_rig_down(&rig);
}
END_TEST

START_TEST(refuses_what_is_no_bag)
{
	struct bag_report r;
	struct bag_rig rig;
	struct err e = { 0, "" };

	bag_rig_up(&rig, "1.0");
	ck_assert_int_eq(bag_check(bag_rig_path(&rig, "nowhere"), NULL, &r, &e), -ENOENT);
	ck_assert_int_eq(bag_check(bag_rig_path(&rig, "data/a"), NULL, &r, &e), -EMEDIUMTYPE);
	ck_assert_int_eq(bag_check("/dev/null", NULL, &r, &e), -EMEDIUMTYPE);
	bag_rig_sh(&rig, "mkfifo f");
	ck_assert_int_eq(bag_check(bag_rig_path(&rig, "f"), NULL, &r, &e), -EMEDIUMTYPE);
	bag_rig_down(&rig);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, tells_what_is_wrong, 0, (int)COUNT(changes));
	tcase_add_test(tc, opens_no_device);
	tcase_add_test(tc, opens_no_socket);
	tcase_add_loop_test(tc, sees_what_changes_meanwhile, 0, (int)COUNT(meanwhile));
	tcase_add_test(tc, hashes_the_manifest_that_it_read);
	tcase_add_test(tc, bounds_manifests);
	tcase_add_test(tc, bounds_problems);
	tcase_add_test(tc, shows_files);
	tcase_add_test(tc, refuses_what_is_no_bag);
}

int main(void)
{
	return suite_main("bag_hostile", fill);
}
