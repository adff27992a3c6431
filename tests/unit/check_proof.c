#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "custody/proof.h"
#include "unit/note_rig.h"
#include "unit/suite.h"
#include "unit/text_rig.h"

#define HEAD	"c2sp.org/tlog-proof@v1\n"
#define HASH1	"CMC48jJemO8/4VY/P7koNXNeBswLxFlvNYrkfuYmV/4=\n"
#define HASH2	"wyVpPuGpwSbyojNs/HwI2OBa5ExB+4BfcwOlvdO7Ox8=\n"
#define NOTE	"evidence.example/log\n3\nroot\n\n\xe2\x80\x94 some signature\n"

static const char sound[] = HEAD "index 2\n" HASH1 HASH2 "\n" NOTE;

static int parse(const char *text, struct proof_text *ret, struct err *e)
{
	return proof_parse((const uint8_t *)text, strlen(text), ret, e);
}

START_TEST(reads_what_it_writes)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(PROOF_TEXT_MAX);
	struct proof_text p = { .index = 0 };
	struct err e = { 0, "" };

	ck_assert_msg(parse(sound, &p, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(p.index, 2);
	ck_assert_uint_eq(p.proof.n, 2);
	ck_assert_uint_eq(p.proof.hashes[0].b[0], 0x08);
	ck_assert_uint_eq(p.proof.hashes[1].b[31], 0x1f);
	ck_assert_uint_eq(p.checkpoint_len, strlen(NOTE));
	ck_assert_mem_eq(p.checkpoint, NOTE, strlen(NOTE));
	proof_write(p.index, &p.proof, p.checkpoint, p.checkpoint_len, &b);
	ck_assert_str_eq(buf_str(&b), sound);
}
END_TEST

/* Of a tree of one leaf, and of the largest. */
static const struct { size_t hashes; uint64_t index; } extremes[] = {
	{ 0, 0 }, { MERKLE_PROOF_MAX, INT64_MAX },
};

START_TEST(holds_the_shortest_and_the_longest)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(PROOF_TEXT_MAX);
	struct merkle_proof proof = { .n = extremes[_i].hashes };
	struct proof_text p = { .index = 0 };
	struct err e = { 0, "" };

	memset(proof.hashes, 0xfb, sizeof(proof.hashes));
	proof_write(extremes[_i].index, &proof, NOTE, strlen(NOTE), &b);
	ck_assert_msg(proof_parse(b.p, b.len, &p, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(p.index, extremes[_i].index);
	ck_assert_uint_eq(p.proof.n, proof.n);
	ck_assert_mem_eq(p.proof.hashes, proof.hashes, proof.n * sizeof(proof.hashes[0]));
}
END_TEST

#define NO_INDEX	"line 2: not \"index \" and a number"
#define NO_HASH(n)	"line " #n ": the hash is not base64 of 32 bytes"

static const struct { const char *from, *to, *sentence; } refused[] = {
	{ "c2sp", "C2SP",		"line 1: not a proof" },
	{ "@v1", "@v2",			"line 1: not a proof" },
	{ "@v1", "@v11",		"line 1: not a proof" },
	{ "@v1\n", "@v1\r\n",		"line 1: a carriage return" },
	{ "@v1\n", "@v1 \n",		"line 1: not a proof" },
	{ "c2sp", "\nc2sp",		"line 1: not a proof" },
	{ "index", "extra AAAA\nindex",	"line 2: extra data" },
	{ "index 2\n", "",		NO_INDEX },
	{ "index 2", "index",		NO_INDEX },
	{ "index 2", "index ",		NO_INDEX },
	{ "index 2", "index  2",	NO_INDEX },
	{ "index 2", "index 2 ",	NO_INDEX },
	{ "index 2", "index 02",	NO_INDEX },
	{ "index 2", "index +2",	NO_INDEX },
	{ "index 2", "index -2",	NO_INDEX },
	{ "index 2", "index 0x2",	NO_INDEX },
	{ "index 2", "index 2\r",	"line 2: a carriage return" },
	{ "index 2", "Index 2",		NO_INDEX },
	{ "index 2", "index 9223372036854775808",	NO_INDEX },
	{ "index 2", "index 18446744073709551618",	NO_INDEX },
	{ "index 2", "index 99999999999999999999999",	NO_INDEX },
	{ "\nCMC", "\n CMC",		NO_HASH(3) },
	{ "\nCMC", "\n-MC",		NO_HASH(3) },
	{ "V/4=", "V/5=",		NO_HASH(3) },	/* bits that carry nothing */
	{ "V/4=", "V/4",		NO_HASH(3) },
	{ "V/4=", "V/4==",		NO_HASH(3) },
	{ "V/4=", "V/4A",		NO_HASH(3) },
	{ "V/4=", "V/4=\r",		"line 3: a carriage return" },
	{ "Ox8=", "",			NO_HASH(4) },
	{ "Ox8=\n\n", "Ox8=\n",		NO_HASH(5) },
	{ NOTE, "",			"line 6: the checkpoint is missing" },
	{ "\n" NOTE, "",		"line 5: it ends too early" },
	{ "Ox8=\n\n" NOTE, "Ox8=",	"line 4: the line feed at its end is missing" },
};

START_TEST(refuses)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(PROOF_TEXT_MAX);
	struct proof_text p = { .index = 77 };
	struct err e = { 0, "" };

	rig_edited(&b, sound, refused[_i].from, refused[_i].to);
	ck_assert_int_eq(proof_parse(b.p, b.len, &p, &e), -EINVAL);
	ck_assert_msg(strncmp(e.msg, refused[_i].sentence, strlen(refused[_i].sentence)) == 0,
		      "\"%s\" instead of \"%s...\"", e.msg, refused[_i].sentence);
	ck_assert_uint_eq(p.index, 77);
}
END_TEST

/* In a block of exactly that size, so that a sanitizer sees a read beyond it. */
START_TEST(refuses_every_prefix_before_the_checkpoint)
{
	size_t len = (size_t)_i;
	uint8_t *cut = malloc(MAX(len, 1));
	struct proof_text p;

	ck_assert_ptr_nonnull(cut);
	memcpy(cut, sound, len);
	ck_assert_int_eq(proof_parse(cut, len, &p, NULL), -EINVAL);
	free(cut);
}
END_TEST

START_TEST(is_bounded)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(2 * PROOF_TEXT_MAX);
	struct proof_text p;
	struct err e = { 0, "" };
	size_t i;

	ck_assert_int_eq(proof_parse(NULL, 0, &p, &e), -EINVAL);
	buf_adds(&b, HEAD "index 2\n");
	for (i = 0; i <= MERKLE_PROOF_MAX; i++)
		buf_adds(&b, HASH1);
	buf_adds(&b, "\n" NOTE);
	ck_assert_int_eq(proof_parse(b.p, b.len, &p, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "line 67: more than 64 hashes");
	buf_reset(&b);
	buf_adds(&b, sound);
	while (b.len < PROOF_TEXT_MAX)
		buf_adds(&b, "x");
	ck_assert_int_eq(proof_parse(b.p, PROOF_TEXT_MAX, &p, &e), 0);
	buf_adds(&b, "x");
	ck_assert_int_eq(proof_parse(b.p, b.len, &p, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "a proof of 32769 bytes; 32768 are allowed");
}
END_TEST

/* ------ a log that others made, 70,003 leaves ------ */

static const char *next_line(struct buf *b, char line[80])
{
	const char *lf = memchr(b->p, '\n', b->len);
	size_t n;

	ck_assert_ptr_nonnull(lf);
	n = (size_t)(lf - (const char *)b->p);
	ck_assert_uint_lt(n, 80);
	memcpy(line, b->p, n);
	line[n] = '\0';
	buf_shift(b, n + 1);
	return line;
}

static void take_hash(const char *base64, struct merkle_hash *ret)
{
	size_t len;

	ck_assert_int_eq(sodium_base642bin(ret->b, sizeof(ret->b), base64, strlen(base64), NULL,
					   &len, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
	ck_assert_uint_eq(len, MERKLE_HASH_LEN);
}

/* Size and root, the second and third line. */
static void take_tree(struct buf *note, uint64_t *size, struct merkle_hash *root)
{
	char line[80];

	next_line(note, line);
	ck_assert_int_eq(sscanf(next_line(note, line), "%" SCNu64, size), 1);
	take_hash(next_line(note, line), root);
}

START_TEST(agrees_with_the_fixture_of_inclusion)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(PROOF_TEXT_MAX);
	AUTO(buf_clear) struct buf leaf = BUF_INIT(4096);
	AUTO(buf_clear) struct buf note = BUF_INIT(PROOF_TEXT_MAX);
	AUTO(buf_clear) struct buf again = BUF_INIT(PROOF_TEXT_MAX);
	struct merkle_hash h, root;
	struct proof_text p = { .index = 0 };
	uint64_t size;
	struct err e = { 0, "" };

	if (!rig_tlog_fixture("entry.tlog-proof", &text) || !rig_tlog_fixture("entry", &leaf))
		return;
	ck_assert_msg(proof_parse(text.p, text.len, &p, &e) == 0, "%s", e.msg);
	proof_write(p.index, &p.proof, p.checkpoint, p.checkpoint_len, &again);
	ck_assert_str_eq(buf_str(&again), buf_str(&text));
	buf_add(&note, p.checkpoint, p.checkpoint_len);
	take_tree(&note, &size, &root);
	h = merkle_leaf(leaf.p, leaf.len);
	ck_assert(merkle_check_inclusion(p.index, size, &h, &p.proof, &root));
	ck_assert(!merkle_check_inclusion(p.index + 1, size, &h, &p.proof, &root));
	leaf.p[0] ^= 1;
	h = merkle_leaf(leaf.p, leaf.len);
	ck_assert(!merkle_check_inclusion(p.index, size, &h, &p.proof, &root));
}
END_TEST

START_TEST(agrees_with_the_fixture_of_consistency)
{
	AUTO(buf_clear) struct buf old = BUF_INIT(4096);
	AUTO(buf_clear) struct buf new = BUF_INIT(4096);
	AUTO(buf_clear) struct buf text = BUF_INIT(4096);
	struct merkle_proof p = { .n = 0 };
	struct merkle_hash root1, root2;
	uint64_t size1, size2, want1, want2;
	char line[80];

	if (!rig_tlog_fixture("checkpoint.51234", &old) || !rig_tlog_fixture("checkpoint.70003", &new) ||
	    !rig_tlog_fixture("consistency", &text))
		return;
	take_tree(&old, &size1, &root1);
	take_tree(&new, &size2, &root2);
	ck_assert_int_eq(sscanf(next_line(&text, line), "%" SCNu64 " %" SCNu64, &want1, &want2), 2);
	ck_assert_uint_eq(size1, want1);
	ck_assert_uint_eq(size2, want2);
	while (text.len > 0)
		take_hash(next_line(&text, line), &p.hashes[p.n++]);
	ck_assert(merkle_check_consistency(size1, size2, &p, &root1, &root2));
	ck_assert(!merkle_check_consistency(size1 - 1, size2, &p, &root1, &root2));
	p.hashes[p.n / 2].b[0] ^= 1;
	ck_assert(!merkle_check_consistency(size1, size2, &p, &root1, &root2));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, reads_what_it_writes);
	tcase_add_loop_test(tc, holds_the_shortest_and_the_longest, 0, (int)COUNT(extremes));
	tcase_add_loop_test(tc, refuses, 0, (int)COUNT(refused));
	tcase_add_loop_test(tc, refuses_every_prefix_before_the_checkpoint, 0,
			    (int)(strlen(sound) - strlen(NOTE)) + 1);
	tcase_add_test(tc, is_bounded);
	tcase_add_test(tc, agrees_with_the_fixture_of_inclusion);
	tcase_add_test(tc, agrees_with_the_fixture_of_consistency);
}

int main(void)
{
	return suite_main("proof", fill);
}
