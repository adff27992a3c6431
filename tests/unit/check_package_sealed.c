#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "package/package.h"
#include "unit/package_rig.h"
#include "unit/suite.h"

enum { FILE_MAX = 32 * 1024 * 1024 };

static const char passphrase[] = "correct horse battery";

/* Who opens what is sealed here. */
static struct {
	struct age_keys *keys;
	struct age_recipient recipient;
	struct sealer_for by_key, by_passphrase;
} who;

static void make_keys(void)
{
	char *text = sodium_malloc(AGE_IDENTITY_SIZE);
	struct err e = { 0 };

	ck_assert_int_eq(age_identity_new(text, &who.recipient, &e), 0);
	ck_assert_int_eq(age_keys_new(&who.keys, &e), 0);
	ck_assert_int_eq(age_keys_add_file(who.keys, (const uint8_t *)text, strlen(text), &e), 0);
	ck_assert_int_eq(age_keys_add_passphrase(who.keys, passphrase, strlen(passphrase), &e), 0);
	sodium_free(text);
	who.by_key = (struct sealer_for){ .recipient = &who.recipient };
	who.by_passphrase = (struct sealer_for){ .passphrase = passphrase, .passphrase_len = strlen(passphrase) };
}

/* What is in a sealed file, as its recipient has it. */
static void open_file(const char *path, struct buf *to)
{
	AUTO(buf_clear) struct buf sealed = BUF_INIT(FILE_MAX);
	struct age_open *o = NULL;
	struct err e = { 0 };
	uint8_t *room;
	size_t at, len;

	ck_assert_msg(file_read(path, &sealed, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(age_open_new(sealed.p, MIN(sealed.len, AGE_HEAD_MAX), who.keys, AGE_WORK, &o, &at, &e), AGE_OK);
	room = malloc(AGE_OPEN_ROOM(sealed.len - at) + AGE_CHUNK);
	ck_assert_int_eq(age_open_put(o, sealed.p + at, sealed.len - at, room, &len), AGE_OK);
	buf_add(to, room, len);
	ck_assert_int_eq(age_open_end(o, room, &len), AGE_OK);
	buf_add(to, room, len);
	ck_assert(!to->failed);
	free(room);
	age_open_free(o);
}

/* ------ the sealer ------ */

static const size_t sizes[] = { 0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 4 * AGE_CHUNK, 300001 };

START_TEST(is_read_again_anywhere)
{
	AUTO(buf_clear) struct buf opened = BUF_INIT(FILE_MAX);
	const size_t size = sizes[_i];
	char path[] = "/tmp/sealed.XXXXXX";
	uint8_t *plain = malloc(size + 1), part[4096], sha256[32];
	struct sealer *s = NULL;
	struct err e = { 0 };
	size_t at, n;
	uint64_t length;
	int fd = mkstemp(path);

	make_keys();
	randombytes_buf(plain, size);
	ck_assert_int_eq(sealer_new(size % 2 == 0 ? &who.by_key : &who.by_passphrase, &s, &e), 0);
	for (at = 0; at < size; at += n) {
		n = MIN((size_t)10240, size - at);
		ck_assert_int_eq(sealer_write(s, fd, plain + at, n), 0);
	}
	ck_assert_int_eq(sealer_end(s, fd), 0);
	ck_assert_uint_eq(sealer_size(s), size);
	ck_assert_int_eq(sealer_digest(fd, sha256, &length), 0);
	ck_assert_uint_eq(length, sealer_file_size(s));
	ck_assert_mem_eq(sha256, sealer_sha256(s), sizeof(sha256));
	ck_assert_msg(sealer_compare(s, fd, &e) == 0, "%s", e.msg);
	for (at = size; at > 0; at -= MIN(at, (size_t)7919)) {	/* from behind */
		ssize_t got = sealer_read(s, fd, part, sizeof(part), at - 1);

		ck_assert_int_ge(got, 1);
		ck_assert_int_eq(memcmp(part, plain + at - 1, (size_t)got), 0);
	}
	ck_assert_int_eq(sealer_read(s, fd, part, sizeof(part), size + 100000), 0);
	open_file(path, &opened);
	ck_assert_uint_eq(opened.len, size);
	ck_assert(size == 0 || memcmp(opened.p, plain, size) == 0);
	sealer_free(s);
	age_keys_free(who.keys);
	close(fd);
	unlink(path);
	free(plain);
}
END_TEST

static const struct { const char *what; off_t at; bool cut; } spoils[] = {
	{ "a bit of the header", 30, false },
	{ "a bit of the first chunk", 3000, false },
	{ "a bit of the last", -10, false },
	{ "the end", -1, true },
};

START_TEST(what_a_disk_changed_is_found)
{
	char path[] = "/tmp/sealed.XXXXXX";
	uint8_t plain[200000], byte;
	struct sealer *s = NULL;
	struct err e = { 0 };
	struct stat st;
	int fd = mkstemp(path);
	off_t at;

	make_keys();
	randombytes_buf(plain, sizeof(plain));
	ck_assert_int_eq(sealer_new(&who.by_key, &s, &e), 0);
	ck_assert_int_eq(sealer_write(s, fd, plain, sizeof(plain)), 0);
	ck_assert_int_eq(sealer_end(s, fd), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	at = spoils[_i].at < 0 ? st.st_size + spoils[_i].at : spoils[_i].at;
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	if (spoils[_i].cut)
		ck_assert_int_eq(ftruncate(fd, at), 0);
	else
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	ck_assert_msg(sealer_compare(s, fd, &e) == -EIO, "%s", spoils[_i].what);
	if (spoils[_i].at != 30)	/* a chunk tells by itself, too */
		ck_assert_int_eq(sealer_read(s, fd, plain, 1, at > 100000 ? sizeof(plain) - 1 : 0), -EIO);
	sealer_free(s);
	age_keys_free(who.keys);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(a_disk_that_takes_no_more_is_told)
{
	uint8_t plain[8 * AGE_CHUNK] = { 0 };
	struct sealer *s = NULL;
	struct err e = { 0 };
	int fd = open("/dev/full", O_WRONLY);

	make_keys();
	ck_assert_int_eq(sealer_new(&who.by_key, &s, &e), 0);
	ck_assert_int_eq(sealer_write(s, fd, plain, sizeof(plain)), -ENOSPC);
	sealer_free(s);
	close(fd);
	age_keys_free(who.keys);
}
END_TEST

/* ------ a package ------ */

static struct package_rig g;

static struct {
	int returns;			/* what whole() does */
	const char *makes;		/* a file that it makes */
	unsigned calls;
	uint8_t sha256[32];
	uint64_t size;
	bool spoil;			/* a bit of what is written already */
	char path[160], part[200];
} told;

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int on_whole(void *data, const uint8_t sha256[32], uint64_t size, struct err *e)
{
	FILE *f;

	(void)data;
	told.calls++;
	memcpy(told.sha256, sha256, sizeof(told.sha256));
	told.size = size;
	ck_assert(is_there(told.part) && !is_there(told.path));
	if (told.makes != NULL) {
		f = fopen(told.makes, "w");
		ck_assert_ptr_nonnull(f);
		fclose(f);
	}
	return told.returns < 0 ? err_set(e, told.returns, "not this one") : 0;
}

static void on_progress(void *data, enum package_phase phase, uint64_t done, uint64_t total)
{
	uint8_t byte;
	int fd;

	(void)data;
	(void)total;
	if (!told.spoil || phase != PACKAGE_WRITING || done < 2000000)
		return;
	told.spoil = false;
	ck_assert_int_eq(chmod(told.part, 0600), 0);
	fd = open(told.part, O_RDWR);
	ck_assert_int_eq(pread(fd, &byte, 1, 100000), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, 100000), 1);
	close(fd);
}

static struct package_output begin(size_t bytes)
{
	make_keys();
	package_rig_new(&g, 3, bytes, true);
	memset(&told, 0, sizeof(told));
	snprintf(told.path, sizeof(told.path), "%s/p.tar.age", g.dir);
	snprintf(told.part, sizeof(told.part), "%s.7.part", told.path);
	return (struct package_output){ .form = PACKAGE_TAR, .path = told.path, .seal = &who.by_key, .attempt = 7,
					.whole = on_whole, .progress = on_progress };
}

static void end(void)
{
	package_rig_free(&g);
	age_keys_free(who.keys);
}

START_TEST(is_the_tar_sealed)
{
	AUTO(buf_clear) struct buf opened = BUF_INIT(FILE_MAX), tar = BUF_INIT(FILE_MAX);
	struct package_output o = begin(1000000);
	char plain[160];
	const struct package_output as_tar = { .form = PACKAGE_TAR, .path = plain };
	uint8_t sha256[32];
	uint64_t size;
	struct err e = { 0 };
	int fd;

	if (_i == 1)
		o.seal = &who.by_passphrase;
	snprintf(plain, sizeof(plain), "%s/p.tar", g.dir);
	ck_assert_msg(package_write(&g.p, &o, &e) == 0, "%s", e.msg);
	ck_assert_msg(package_write(&g.p, &as_tar, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(told.calls, 1);
	fd = open(told.path, O_RDONLY);
	ck_assert_int_eq(sealer_digest(fd, sha256, &size), 0);
	close(fd);
	ck_assert_uint_eq(size, told.size);
	ck_assert_mem_eq(sha256, told.sha256, sizeof(sha256));
	open_file(told.path, &opened);
	ck_assert_int_eq(file_read(plain, &tar, &e), 0);
	ck_assert_uint_eq(opened.len, tar.len);
	ck_assert_int_eq(memcmp(opened.p, tar.p, tar.len), 0);
	end();
}
END_TEST

static const struct { int returns; bool name_taken, part_stays; int r; } verdicts[] = {
	{ 0, false, false, 0 },
	{ -EACCES, false, false, -EACCES },	/* it may not leave: nothing is left */
	{ -ENOTCONN, false, false, -ENOTCONN },
	{ -EINPROGRESS, false, true, -EINPROGRESS },	/* nobody knows: it waits */
	{ 0, true, true, -EEXIST },		/* it is the one, and waits for its name */
};

START_TEST(leaves_what_it_was_told_to)
{
	struct package_output o = begin(3000);
	struct err e = { 0 };

	told.returns = verdicts[_i].returns;
	if (verdicts[_i].name_taken)
		told.makes = told.path;
	ck_assert_int_eq(package_write(&g.p, &o, &e), verdicts[_i].r);
	ck_assert_uint_eq(told.calls, 1);
	ck_assert_int_eq(is_there(told.part), verdicts[_i].part_stays);
	ck_assert_int_eq(is_there(told.path), verdicts[_i].r == 0 || verdicts[_i].name_taken);
	if (verdicts[_i].part_stays) {
		ck_assert_int_eq(unlink(told.path) == 0 || errno == ENOENT, 1);
		ck_assert_msg(package_give_name(&o, &e) == 0, "%s", e.msg);
		ck_assert(!is_there(told.part) && is_there(told.path));
	}
	end();
}
END_TEST

START_TEST(a_medium_that_is_not_sound_stops_it)
{
	struct package_output o = begin(3000000);
	struct err e = { 0 };

	told.spoil = true;
	ck_assert_int_eq(package_write(&g.p, &o, &e), -EIO);
	ck_assert_ptr_nonnull(strstr(e.msg, "not sound"));
	ck_assert(!told.spoil);
	ck_assert_uint_eq(told.calls, 0);
	ck_assert(!is_there(told.part) && !is_there(told.path));
	end();
}
END_TEST

START_TEST(evidence_that_is_not_whole_leaves_nothing)
{
	struct package_output o = begin(3000);
	struct err e = { 0 };
	char blob[160];

	package_rig_blob(&g, &g.p.objects[1].blob, blob);
	ck_assert_int_eq(unlink(blob), 0);
	ck_assert_int_eq(package_write(&g.p, &o, &e), -EUCLEAN);
	ck_assert_uint_eq(told.calls, 0);
	ck_assert(!is_there(told.part) && !is_there(told.path));
	end();
}
END_TEST

/* Another attempt's part is another's. */
START_TEST(attempts_are_apart)
{
	struct package_output o = begin(3000);
	struct err e = { 0 };
	char other[200];
	FILE *f;

	snprintf(other, sizeof(other), "%s.6.part", told.path);
	f = fopen(other, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	told.returns = -EACCES;
	ck_assert_int_eq(package_write(&g.p, &o, &e), -EACCES);
	ck_assert(is_there(other) && !is_there(told.part));
	end();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, is_read_again_anywhere, 0, (int)COUNT(sizes));
	tcase_add_loop_test(tc, what_a_disk_changed_is_found, 0, (int)COUNT(spoils));
	tcase_add_test(tc, a_disk_that_takes_no_more_is_told);
	tcase_add_loop_test(tc, is_the_tar_sealed, 0, 2);
	tcase_add_loop_test(tc, leaves_what_it_was_told_to, 0, (int)COUNT(verdicts));
	tcase_add_test(tc, a_medium_that_is_not_sound_stops_it);
	tcase_add_test(tc, evidence_that_is_not_whole_leaves_nothing);
	tcase_add_test(tc, attempts_are_apart);
}

int main(void)
{
	return suite_main("package_sealed", fill);
}
