#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "tlog/keyfile.h"
#include "unit/suite.h"
#include "vaultctl/witness.h"

#define ORIGIN	"evidence.example/test"

/* The path has what a pattern of glob(3) would take for its own. */
static char dir[64], witness_key[128], log_key[128], log_vkey[128], state[128];
static struct note_secret *log_secret;

static void set_up(void)
{
	struct note_key made;

	snprintf(dir, sizeof(dir), "/tmp/check_witness.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(witness_key, sizeof(witness_key), "%s/w", dir);
	snprintf(log_key, sizeof(log_key), "%s/l", dir);
	snprintf(log_vkey, sizeof(log_vkey), "%s/l.vkey", dir);
	snprintf(state, sizeof(state), "%s/a[b]*?\\c", dir);
	ck_assert_int_eq(keyfile_new(witness_key, "w.example/1", NOTE_COSIGNATURE, &made, NULL), 0);
	ck_assert_int_eq(keyfile_new(log_key, ORIGIN, NOTE_ED25519, &made, NULL), 0);
	ck_assert_int_eq(keyfile_secret(log_key, &log_secret, NULL), 0);
}

static int remove_it(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void tear_down(void)
{
	note_secret_free(log_secret);
	nftw(dir, remove_it, 8, FTW_DEPTH | FTW_PHYS);
}

/* A head whose root is 32 times this byte. */
static void make_head(uint64_t size, uint8_t root, struct buf *text, struct checkpoint *ret)
{
	struct merkle_hash h;

	memset(h.b, root, sizeof(h.b));
	buf_reset(text);
	ck_assert_int_eq(checkpoint_sign(ORIGIN, size, &h, log_secret, text, NULL), 0);
	ck_assert_int_eq(checkpoint_parse(text->p, text->len, ret, NULL), 0);
}

static void open_it(struct witness *w)
{
	struct err e = { 0, "" };

	ck_assert_msg(witness_open(w, witness_key, state, log_vkey, &e) == 0, "%s", e.msg);
}

START_TEST(remembers)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf line = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint head;
	struct witness w;

	open_it(&w);
	ck_assert(!w.any);
	make_head(7, 1, &text, &head);
	ck_assert_int_eq(witness_sign(&w, &head, text.p, 1795462252, &line, NULL), 0);
	ck_assert_uint_eq(w.last.size, 7);
	make_head(9, 2, &text, &head);
	ck_assert_int_eq(witness_sign(&w, &head, text.p, 1795462253, &line, NULL), 0);
	witness_close(&w);

	open_it(&w);
	ck_assert(w.any);
	ck_assert_uint_eq(w.last.size, 9);
	ck_assert_mem_eq(&w.last.root, &head.root, sizeof(head.root));
	witness_close(&w);
}
END_TEST

START_TEST(is_alone_with_its_state)
{
	struct witness w, other;
	struct err e = { 0, "" };

	open_it(&w);
	ck_assert_int_eq(witness_open(&other, witness_key, state, log_vkey, &e), -EBUSY);
	witness_close(&other);
	witness_close(&w);
	open_it(&w);
	witness_close(&w);
}
END_TEST

/* What is not durable is not told, and not believed to be. */
START_TEST(changes_nothing_when_it_cannot_remember)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf line = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint head;
	struct witness w;
	struct err e = { 0, "" };

	open_it(&w);
	make_head(7, 1, &text, &head);
	ck_assert_int_eq(witness_sign(&w, &head, text.p, 1, &line, NULL), 0);
	buf_reset(&line);
	w.state = "/nowhere/state";
	make_head(9, 2, &text, &head);
	ck_assert_int_eq(witness_sign(&w, &head, text.p, 1, &line, &e), -ENOENT);
	ck_assert_uint_eq(line.len, 0);
	ck_assert_uint_eq(w.last.size, 7);
	witness_close(&w);
}
END_TEST

START_TEST(refuses_files)
{
	char link_name[128];
	const struct { const char *key, *state, *log; int r; } wrong[] = {
		{ "/nowhere", state, log_vkey, -ENOENT },
		{ witness_key, state, "/nowhere", -ENOENT },
		{ log_key, state, log_vkey, -EINVAL },
		{ witness_key, "/nowhere/state", log_vkey, -ENOENT },
		{ witness_key, state, log_key, -EINVAL },
		{ witness_key, dir, log_vkey, -ELOOP },
		{ witness_key, link_name, log_vkey, -ELOOP },
	};
	struct witness w;
	struct err e = { 0, "" };
	size_t i;

	snprintf(link_name, sizeof(link_name), "%s/link", dir);
	ck_assert_int_eq(symlink(state, link_name), 0);
	for (i = 0; i < COUNT(wrong); i++) {
		ck_assert_msg(witness_open(&w, wrong[i].key, wrong[i].state, wrong[i].log, &e) ==
			      wrong[i].r, "%zu: %s", i, e.msg);
		witness_close(&w);
	}
	ck_assert_int_eq(file_replace(state, "x", 1, 0600, &e), 0);
	ck_assert_int_eq(witness_open(&w, witness_key, state, log_vkey, &e), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(e.msg, state));
	witness_close(&w);
	unlink(state);
}
END_TEST

static size_t count_kept(const char *end)
{
	AUTO(buf_clear) struct buf pattern = BUF_INIT(256);
	glob_t found = { .gl_pathc = 0 };
	size_t n;

	buf_addf(&pattern, "%s/a*.%s", dir, end);
	glob(buf_str(&pattern), 0, NULL, &found);
	n = found.gl_pathc;
	globfree(&found);
	return n;
}

static void contradict(const struct witness *w, enum witness_verdict v, uint64_t size,
		       uint8_t root, struct buf *stem)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint head;

	make_head(size, root, &text, &head);
	buf_reset(stem);
	witness_contradicted(w, v, &head, text.p, text.len, stem);
}

static void expect_file(const struct buf *stem, const char *end, const struct buf *wanted)
{
	AUTO(buf_clear) struct buf got = BUF_INIT(CHECKPOINT_MAX);
	char path[256];

	snprintf(path, sizeof(path), "%s.%s", buf_str(stem), end);
	ck_assert_int_eq(file_read(path, &got, NULL), 0);
	ck_assert_str_eq(buf_str(&got), buf_str(wanted));
}

/* Others of the same kind, from number 1 on. */
static void fill_up(enum witness_verdict v, unsigned n)
{
	char path[256];
	int fd;

	for (; n > 0; n--) {
		snprintf(path, sizeof(path), "%s.%s-%u.refused", state, witness_verdict_text(v), n);
		fd = open(path, O_CREAT | O_WRONLY, 0444);
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
}

/* The log signs what contradicts our head of size 7: each is kept once, and not without end. */
START_TEST(keeps_both_heads)
{
	const enum witness_verdict v = _i == 0 ? WITNESS_FORK : WITNESS_UNPROVEN;
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf line = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf stem = BUF_INIT(256);
	struct checkpoint head;
	struct witness w;

	open_it(&w);
	make_head(7, 0, &text, &head);
	ck_assert_int_eq(witness_sign(&w, &head, text.p, 1, &line, NULL), 0);
	contradict(&w, v, 7, 1, &stem);
	contradict(&w, v, 8, 1, &stem);
	contradict(&w, v, 8, 2, &stem);
	contradict(&w, v, 8, 2, &stem);
	ck_assert_uint_eq(count_kept("kept"), 3);
	ck_assert_uint_eq(count_kept("refused"), 3);
	expect_file(&stem, "kept", &w.last_text);
	make_head(8, 2, &text, &head);
	expect_file(&stem, "refused", &text);

	fill_up(v, WITNESS_EVIDENCE_MAX - 4);
	contradict(&w, v, 9, 1, &stem);
	contradict(&w, v, 9, 2, &stem);
	contradict(&w, v, 9, 3, &stem);
	ck_assert_uint_eq(count_kept("refused"), WITNESS_EVIDENCE_MAX);
	ck_assert_uint_eq(count_kept("kept"), 4);
	/* The other kind has room of its own. */
	contradict(&w, v == WITNESS_FORK ? WITNESS_UNPROVEN : WITNESS_FORK, 9, 1, &stem);
	ck_assert_uint_eq(count_kept("kept"), 5);
	witness_close(&w);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, remembers);
	tcase_add_test(tc, is_alone_with_its_state);
	tcase_add_test(tc, changes_nothing_when_it_cannot_remember);
	tcase_add_test(tc, refuses_files);
	tcase_add_loop_test(tc, keeps_both_heads, 0, 2);
}

int main(void)
{
	return suite_main("witness_state", fill);
}
