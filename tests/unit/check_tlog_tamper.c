/* A writer that its own files lie to signs nothing; one whose disk fails begins again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "tlog/heads.h"
#include "tlog/tlog.h"
#include "unit/suite.h"
#include "unit/tlog_rig.h"
#include "unit/vault_rig.h"

enum { SIGNED = 300 };

static char log_dir[RIG_PATH_SIZE], other_dir[RIG_PATH_SIZE];

static void set_up(void)
{
	const char *dir = rig_dir();

	snprintf(log_dir, sizeof(log_dir), "%s/log", dir);
	snprintf(other_dir, sizeof(other_dir), "%s/other", dir);
}

static void tear_down(void)
{
	rig_clean();
}

static const char *in_log(const char *name)
{
	return rig_name(log_dir, name);
}

/* Opening says -EBADMSG, and this; what it found is as it was. */
static void want_refusal(const struct note_key *log, const char *sentence)
{
	AUTO(buf_clear) struct buf before = BUF_INIT(0);
	AUTO(buf_clear) struct buf after = BUF_INIT(0);
	const bool there = rig_exists(in_log("checkpoint"));
	struct tlog_writer *w = NULL;
	uint64_t size;
	struct err e = { 0, "" };

	if (there)
		rig_load(in_log("checkpoint"), &before);
	ck_assert_int_eq(tlog_writer_open(log_dir, log, &w, &size, &e), -EBADMSG);
	ck_assert_ptr_null(w);
	ck_assert_msg(strstr(e.msg, log_dir) != NULL && strstr(e.msg, sentence) != NULL, "%s", e.msg);
	ck_assert_int_eq(rig_exists(in_log("checkpoint")), there);
	if (!there)
		return;
	rig_load(in_log("checkpoint"), &after);
	ck_assert_str_eq(buf_str(&before), buf_str(&after));
}

/* ------ opening ------ */

/* at: a byte of which a bit is turned over, -1: the file is removed. */
static const struct { const char *name; int at; const char *sentence; } altered[] = {
	{ "tile/0/001.p/44", 0,		"another root of 300 leaves" },
	{ "tile/0/001.p/44", 44 * 32 - 1, "another root of 300 leaves" },
	{ "tile/1/000.p/1", 5,		"another root of 300 leaves" },
	{ "tile/0/001.p/44", -1,	"tile/0/001.p/44: is missing" },
	{ "tile/1/000.p/1", -1,		"tile/1/000.p/1: is missing" },
	{ "tile/entries/001.p/44", 10,	"tile/entries/001.p/44: leaf 256 is not the one that was" },
	{ "tile/entries/001.p/44", 1,	"tile/entries/001.p/44: " },
	{ "tile/entries/001.p/44", -1,	"tile/entries/001.p/44: is missing" },
	{ "checkpoint", 0,		"checkpoint: of the log rtation.example/custody, not of" },
	{ "checkpoint", 24,		"checkpoint: the signature of station.example/custody is not" },
	{ "checkpoint", 30,		"checkpoint: the signature of station.example/custody is not" },
	{ "checkpoint", 100,		"checkpoint: " },
};

START_TEST(refuses_what_was_altered)
{
	rig_grow(log_dir, SIGNED);
	if (altered[_i].at >= 0)
		rig_flip(in_log(altered[_i].name), (size_t)altered[_i].at);
	else
		ck_assert_int_eq(unlink(in_log(altered[_i].name)), 0);
	want_refusal(note_secret_public(rig_key()), altered[_i].sentence);
}
END_TEST

START_TEST(refuses_a_log_of_another_key)
{
	struct buf text = BUF_INIT(NOTE_KEY_TEXT_MAX);
	struct note_secret *other = NULL;
	struct err e;

	rig_grow(log_dir, SIGNED);
	ck_assert_int_eq(note_secret_new(RIG_ORIGIN, NOTE_ED25519, &text, &other, &e), 0);
	want_refusal(note_secret_public(other), "checkpoint: not signed by the key of " RIG_ORIGIN);
	note_secret_free(other);
	buf_clear(&text);
}
END_TEST

/* What others were told of a larger tree, or another one. */
static void sign_head(const char *path, uint64_t size, const struct merkle_hash *root)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct err e;

	ck_assert_int_eq(checkpoint_sign(RIG_ORIGIN, size, root, rig_key(), &text, &e), 0);
	rig_file(path, text.p, text.len);
}

START_TEST(refuses_a_log_that_was_set_back)
{
	struct merkle_hash root = rig_root(SIGNED + 50);

	rig_grow(log_dir, SIGNED);
	sign_head(in_log("cosigned"), SIGNED + 50, &root);
	want_refusal(note_secret_public(rig_key()),
		     "cosigned: a witness cosigned 350 leaves, and the checkpoint here has 300");
	ck_assert_int_eq(unlink(in_log("checkpoint")), 0);
	want_refusal(note_secret_public(rig_key()), "cosigned: a witness cosigned 350 leaves");
	rig_flip(in_log("cosigned"), 24);
	want_refusal(note_secret_public(rig_key()), "cosigned: the signature of");
}
END_TEST

START_TEST(refuses_a_log_that_was_set_back_behind_a_time_stamp)
{
	rig_grow(log_dir, SIGNED);
	ck_assert_int_eq(mkdir(in_log("time"), 0755), 0);
	ck_assert_int_eq(mkdir(in_log("time/300"), 0755), 0);
	rig_file(in_log("time/300/checkpoint"), "x", 1);
	tlog_writer_close(rig_open(log_dir, SIGNED));
	ck_assert_int_eq(mkdir(in_log("time/301"), 0755), 0);
	tlog_writer_close(rig_open(log_dir, SIGNED));
	rig_file(in_log("time/301/checkpoint"), "x", 1);
	want_refusal(note_secret_public(rig_key()), "time/301: was time-stamped, and the checkpoint "
		     "here has 300 leaves");
	ck_assert_int_eq(unlink(in_log("checkpoint")), 0);
	want_refusal(note_secret_public(rig_key()), "time/300: was time-stamped");
}
END_TEST

START_TEST(refuses_a_log_that_forgot_what_was_cosigned)
{
	struct merkle_hash root = rig_root(100);

	rig_grow(log_dir, SIGNED);
	sign_head(in_log("cosigned"), 100, &root);
	tlog_writer_close(rig_open(log_dir, SIGNED));
	root.b[3] ^= 4;
	sign_head(in_log("cosigned"), 100, &root);
	want_refusal(note_secret_public(rig_key()), "another root of 100 leaves");
}
END_TEST

/* ------ publishing ------ */

/* Done to the files between appending and publishing. */
static void set_checkpoint_back(void)
{
	struct merkle_hash root = rig_root(200);

	sign_head(in_log("checkpoint"), 200, &root);
}

static void fork_checkpoint(void)
{
	struct merkle_hash root = rig_root(SIGNED);

	root.b[0] ^= 1;
	sign_head(in_log("checkpoint"), SIGNED, &root);
}

static void remove_checkpoint(void)
{
	ck_assert_int_eq(unlink(in_log("checkpoint")), 0);
}

static void spoil_checkpoint(void)
{
	rig_flip(in_log("checkpoint"), 30);
}

static void alter_level_1(void)
{
	rig_flip(in_log("tile/1/000.p/1"), 7);
}

static void remove_level_1(void)
{
	ck_assert_int_eq(unlink(in_log("tile/1/000.p/1")), 0);
}

static void other_tile(void)
{
	static uint8_t other[TILE_BYTES];

	rig_file(in_log("tile/0/001"), other, sizeof(other));
}

static void short_tile(void)
{
	rig_file(in_log("tile/0/001"), "", 0);
}

static void other_bundle(void)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(0);

	rig_load(in_log("tile/entries/001.p/44"), &b);
	b.p[b.len - 3] ^= 1;
	rig_file(in_log("tile/entries/001"), b.p, b.len);
}

static void linked_tile(void)
{
	ck_assert_int_eq(symlink("/dev/zero", in_log("tile/0/001")), 0);
}

static const struct { void (*sin)(void); uint64_t to; const char *sentence; } sins[] = {
	{ set_checkpoint_back,	400, "checkpoint: it is not the one that was signed last, but one of 200" },
	{ set_checkpoint_back,	300, "checkpoint: it is not the one that was signed last, but one of 200" },
	{ fork_checkpoint,	400, "checkpoint: it is not the one that was signed last, but one of 300" },
	{ remove_checkpoint,	400, "checkpoint: it is gone since it was signed" },
	{ spoil_checkpoint,	400, "checkpoint: the signature of" },
	{ alter_level_1,	400, "another root of 400 leaves" },
	{ alter_level_1,	300, "another root of 300 leaves" },
	{ remove_level_1,	400, "tile/1/000.p/1: is missing" },
	{ other_tile,		600, "tile/0/001: it does not begin with what was signed" },
	{ short_tile,		600, "tile/0/001: it does not begin with what was signed" },
	{ other_bundle,		600, "tile/entries/001: it does not begin with what was signed" },
	{ linked_tile,		600, "tile/0/001: a symbolic link" },
};

START_TEST(signs_nothing_that_contradicts_what_it_signed)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf before = BUF_INIT(0);
	AUTO(buf_clear) struct buf after = BUF_INIT(0);
	struct tlog_writer *w;
	struct err e = { 0, "" };

	rig_grow(log_dir, SIGNED);
	w = rig_open(log_dir, SIGNED);
	rig_append(w, sins[_i].to);
	sins[_i].sin();
	if (rig_exists(in_log("checkpoint")))
		rig_load(in_log("checkpoint"), &before);
	ck_assert_int_eq(tlog_writer_publish(w, rig_key(), &text, &e), -EBADMSG);
	ck_assert_msg(strstr(e.msg, log_dir) != NULL && strstr(e.msg, sins[_i].sentence) != NULL,
		      "%s", e.msg);
	ck_assert_int_eq(tlog_writer_publish(w, rig_key(), &text, &e), -EBADMSG);
	ck_assert_int_eq(tlog_writer_append(w, NULL, 0, &e), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(e.msg, "must be opened again"));
	if (rig_exists(in_log("checkpoint")))
		rig_load(in_log("checkpoint"), &after);
	ck_assert_str_eq(buf_str(&before), buf_str(&after));
	tlog_writer_close(w);
}
END_TEST

START_TEST(a_checkpoint_comes_from_nobody_else)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct merkle_hash root = rig_root(5);
	struct tlog_writer *w = rig_open(log_dir, 0);
	struct err e;

	rig_append(w, 10);
	sign_head(in_log("checkpoint"), 5, &root);
	ck_assert_int_eq(tlog_writer_publish(w, rig_key(), &text, &e), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(e.msg, "not the one that was signed last"));
	tlog_writer_close(w);
}
END_TEST

START_TEST(signs_with_no_other_key)
{
	static const struct { const char *name; enum note_key_type type; } others[] = {
		{ RIG_ORIGIN, NOTE_ED25519 }, { "other.example/log", NOTE_ED25519 },
		{ RIG_ORIGIN, NOTE_COSIGNATURE },
	};
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_writer *w = rig_open(log_dir, 0);
	struct err e;

	rig_append(w, 10);
	for (size_t i = 0; i < COUNT(others); i++) {
		AUTO(note_secret_freep) struct note_secret *other = NULL;
		AUTO(buf_clear) struct buf key = BUF_INIT(NOTE_KEY_TEXT_MAX);

		ck_assert_int_eq(note_secret_new(others[i].name, others[i].type, &key, &other, &e),
				 0);
		ck_assert_int_eq(tlog_writer_publish(w, other, &text, &e), -EINVAL);
		ck_assert(!rig_exists(in_log("checkpoint")));
	}
	rig_publish(w);
	tlog_writer_close(w);
}
END_TEST

/* ------ what a writer before left beyond its checkpoint ------ */

static void leave_unpublished(void)
{
	struct tlog_writer *w = rig_open(log_dir, SIGNED);

	rig_append(w, 700);
	tlog_writer_close(w);
}

static void leave_settled(void)
{
	AUTO(buf_clear) struct buf old = BUF_INIT(0);

	rig_load(in_log("checkpoint"), &old);
	rig_grow(log_dir, 700);
	rig_file(in_log("checkpoint"), old.p, old.len);
}

static void leave_other_leaves(void)
{
	static const uint8_t text[] = "another";
	struct tlog_leaf leaves[TLOG_BATCH_LEAVES];
	struct tlog_writer *w = rig_open(log_dir, SIGNED);
	AUTO(buf_clear) struct buf signed_text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf old = BUF_INIT(0);
	struct err e;

	rig_load(in_log("checkpoint"), &old);
	for (size_t i = 0; i < COUNT(leaves); i++)
		leaves[i] = (struct tlog_leaf){ text, sizeof(text) };
	ck_assert_int_eq(tlog_writer_append(w, leaves, COUNT(leaves), &e), 0);
	ck_assert_int_eq(tlog_writer_publish(w, rig_key(), &signed_text, &e), 0);
	tlog_writer_close(w);
	rig_file(in_log("checkpoint"), old.p, old.len);
}

static void leave_junk(void)
{
	rig_file(in_log("tile/0/001.tmp"), "junk", 4);
	rig_file(in_log("tile/0/002"), "junk", 4);
	rig_file(in_log("tile/entries/001.tmp"), "junk that is longer than nothing", 32);
	rig_file(in_log("checkpoint.tmp"), "junk", 4);
	ck_assert_int_eq(mkdir(in_log("tile/0/002.p"), 0755), 0);
	rig_file(in_log("tile/0/002.p/188.tmp"), "junk", 4);
	rig_file(in_log("tile/0/002.p/188"), "junk", 4);
}

static void (*const leavings[])(void) = {
	leave_unpublished, leave_settled, leave_other_leaves, leave_junk,
};

START_TEST(writes_over_what_was_never_signed)
{
	rig_grow(log_dir, SIGNED);
	rig_copy(log_dir, other_dir);
	leavings[_i]();
	rig_grow(other_dir, 700);
	rig_grow(log_dir, 700);
	rig_want_same(log_dir, other_dir, 700);
	rig_want_log(log_dir, 700);
	ck_assert(!rig_exists(in_log("checkpoint.tmp")) && !rig_exists(in_log("tile/0/001.tmp")) &&
		  !rig_exists(in_log("tile/0/002.p/188.tmp")));
}
END_TEST

/* ------ a disk that fails ------ */

/* A folder cannot be removed, a file not be made, ... while 700 leaves are published. */
static const struct rig_fault faults[] = {
	{ .call = SYS_write, .error = ENOSPC },
	{ .call = SYS_copy_file_range, .error = EIO },
	{ .call = SYS_fdatasync, .error = EIO },
	{ .call = SYS_fsync, .error = EIO },
#ifdef SYS_rename
	{ .call = SYS_rename, .error = EIO },
	{ .call = SYS_mkdir, .error = EDQUOT },
#endif
	{ .call = SYS_openat, .error = ENOSPC, .arg = 2, .mask = O_CREAT },
	{ .call = SYS_pread64, .error = EIO },
};

static int publish_on_a_bad_disk(const void *arg)
{
	struct tlog_writer *w = rig_open(log_dir, SIGNED);
	struct buf text = BUF_INIT(CHECKPOINT_MAX);
	const struct rig_fault *f = arg;
	static uint8_t bytes[400][RIG_LEAF_MAX];
	struct tlog_leaf leaves[COUNT(bytes)];
	struct err e = { 0, "" };
	int r;

	for (size_t i = 0; i < COUNT(leaves); i++)
		leaves[i] = (struct tlog_leaf){ bytes[i], rig_leaf(SIGNED + i, bytes[i]) };
	rig_break(f);
	r = tlog_writer_append(w, leaves, COUNT(leaves), &e);
	if (r == 0)
		r = tlog_writer_publish(w, rig_key(), &text, &e);
	RIG_WANT(r == -f->error);
	RIG_WANT(strstr(e.msg, log_dir) != NULL);
	RIG_WANT(tlog_writer_append(w, leaves, 1, &e) == -f->error);
	RIG_WANT(strstr(e.msg, "must be opened again") != NULL);
	return 0;
}

START_TEST(begins_again_after_a_failure)
{
	rig_grow(log_dir, SIGNED);
	rig_copy(log_dir, other_dir);
	rig_key();
	ck_assert_int_eq(rig_in_child(publish_on_a_bad_disk, &faults[_i]), 0);
	tlog_writer_close(rig_open(log_dir, SIGNED));
	rig_want_log(log_dir, SIGNED);
	rig_grow(log_dir, 700);
	rig_grow(other_dir, 700);
	rig_want_same(log_dir, other_dir, 700);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, refuses_what_was_altered, 0, (int)COUNT(altered));
	tcase_add_test(tc, refuses_a_log_of_another_key);
	tcase_add_test(tc, refuses_a_log_that_was_set_back);
	tcase_add_test(tc, refuses_a_log_that_was_set_back_behind_a_time_stamp);
	tcase_add_test(tc, refuses_a_log_that_forgot_what_was_cosigned);
	tcase_add_loop_test(tc, signs_nothing_that_contradicts_what_it_signed, 0, (int)COUNT(sins));
	tcase_add_test(tc, a_checkpoint_comes_from_nobody_else);
	tcase_add_test(tc, signs_with_no_other_key);
	tcase_add_loop_test(tc, writes_over_what_was_never_signed, 0, (int)COUNT(leavings));
}

static void fill_alone(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, begins_again_after_a_failure, 0, (int)COUNT(faults));
}

int main(void)
{
	return suite_main_with("tlog_tamper", fill, fill_alone);
}
