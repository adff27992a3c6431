#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/util.h"
#include "custody/checkpoint.h"
#include "unit/note_rig.h"
#include "unit/suite.h"
#include "unit/text_rig.h"

#define ORIGIN	"evidence.example/test"
#define OTHER	"evidence.example/other"
#define WITNESS	"prosecutor.example/witness"
#define ROOT	"3hrFxlTnJ03QyI9RxIFznd7hxk/ZdUm5EdmjADrUEU4="
#define DASH	"\xe2\x80\x94 "

static struct note_secret *log_key(void)
{
	return rig_note_key(ORIGIN, NOTE_ED25519, 1);
}

static struct note_secret *witness_key(void)
{
	return rig_note_key(WITNESS, NOTE_COSIGNATURE, 2);
}

static void parse_root(struct merkle_hash *ret)
{
	ck_assert(base64_decode(ROOT, strlen(ROOT), ret->b, sizeof(ret->b)));
}

/* A checkpoint of this log, and its cosignature. */
static void make_checkpoint(struct buf *to, uint64_t size)
{
	AUTO(note_secret_freep) struct note_secret *log = log_key(), *witness = witness_key();
	struct merkle_hash root;
	struct checkpoint c;
	struct err e = { 0, "" };

	parse_root(&root);
	ck_assert_msg(checkpoint_sign(ORIGIN, size, &root, log, to, &e) == 0, "%s", e.msg);
	ck_assert_msg(checkpoint_parse(to->p, to->len, &c, &e) == 0, "%s", e.msg);
	ck_assert_msg(checkpoint_cosign(&c, to->p, witness, 1795462252, to, &e) == 0, "%s", e.msg);
}

static int parse(const struct buf *text, struct checkpoint *ret, struct err *e)
{
	return checkpoint_parse(text->p, text->len, ret, e);
}

/* ------ keys ------ */

/* From the documentation and the tests of golang.org/x/mod/sumdb/note. */
#define GO_SECRET "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define GO_PUBLIC "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define GO_LINE	DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
static const char go_text[] = "If you think cryptography is the answer to your problem,\n"
	"then you don't know what your problem is.\n";

START_TEST(agrees_with_go)
{
	AUTO(note_secret_freep) struct note_secret *secret = NULL;
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	uint8_t sig[NOTE_SIGNATURE_LEN];
	struct note_line line;
	struct note_key key;

	ck_assert_int_eq(note_secret_parse((const uint8_t *)GO_SECRET, strlen(GO_SECRET), &secret,
					   NULL), 0);
	ck_assert_int_eq(note_key_parse(GO_PUBLIC, strlen(GO_PUBLIC), &key, NULL), 0);
	note_key_write(&key, &b);
	ck_assert_str_eq(buf_str(&b), GO_PUBLIC);
	buf_reset(&b);
	note_key_write(note_secret_public(secret), &b);
	ck_assert_str_eq(buf_str(&b), GO_PUBLIC);
	buf_reset(&b);
	note_sign(secret, go_text, strlen(go_text), sig);
	note_line_write(&key, sig, sizeof(sig), &b);
	ck_assert_str_eq(buf_str(&b), GO_LINE "\n");
	ck_assert_int_eq(note_line_parse(GO_LINE, strlen(GO_LINE), &line, NULL), 0);
	ck_assert(note_line_is_of(&line, &key));
	ck_assert(note_verify(&key, go_text, strlen(go_text), line.sig));
	ck_assert(!note_verify(&key, go_text, strlen(go_text) - 1, line.sig));
}
END_TEST

#define NO_NAME "not a key: it begins with a name"
#define NO_ID "not a key: the 8 digits of its id"
#define NO_BASE64 "not a key: the end is not base64 of 33 bytes"

static const struct { const char *from, *to, *sentence; } bad_keys[] = {
	{ GO_PUBLIC, "", NO_NAME },
	{ GO_PUBLIC, "PeterNeumann", NO_NAME },
	{ "PeterNeumann+", "+", NO_NAME },
	{ "PeterNeumann", "Peter Neumann", NO_NAME },
	{ "PeterNeumann", "Peter\tNeumann", NO_NAME },
	{ "PeterNeumann", "Peter\xe3\x80\x80Neumann", NO_NAME },
	{ "PeterNeumann", "Peter\xc2\xa0Neumann", NO_NAME },
	{ "PeterNeumann", "Peter\xe2\x80\x8bNeumann", "the id of key" },
	{ "PeterNeumann", "Peter\xffNeumann", NO_NAME },
	{ "PeterNeumann", "\nPeterNeumann", NO_NAME },
	{ "PeterNeumann", "Peter+Neumann", NO_ID },
	{ "PeterNeumann", "0123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789", NO_NAME },
	{ "PeterNeumann", "PeterNeumamn", "the id of key PeterNeumamn is" },
	{ "c74f20a3", "c74f20a4", "the id of key PeterNeumann is c74f20a3, not" },
	{ "c74f20a3", "C74F20A3", "the id of key" },
	{ "+c74f20a3", "+c74f20a", NO_ID },
	{ "+c74f20a3", "+c74f20a33", NO_ID },
	{ "+c74f20a3", "+", NO_ID },
	{ "+ARpc", "", NO_ID },
	{ "+ARpc", "ARpc", NO_ID },
	{ "+ARpc", "+Arpc", "a key of type 02" },
	{ "+ARpc", "+ABpc", "a key of type 00" },
	{ "+ARpc", "+BBpc", "the id of key" },
	{ "+ARpc", "+ARp", NO_BASE64 },
	{ "+ARpc", "+ARpcAAAA", NO_BASE64 },
	{ "+ARpc", "+ARp-", NO_BASE64 },
	{ "+ARpc", "+ARp=", NO_BASE64 },
	{ "+ARpc", "+ARp\x81", NO_BASE64 },
	{ "+ARpc", "+ ARpc", NO_BASE64 },
	{ "", "\n", NO_BASE64 },
	{ "", "=", NO_BASE64 },
	{ "", "+", NO_BASE64 },
};

START_TEST(refuses_a_key)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	const char *sentence = bad_keys[_i].sentence;
	struct note_secret *secret = NULL;
	struct err e = { 0, "" };
	struct note_key key;

	rig_edited(&b, GO_PUBLIC, bad_keys[_i].from, bad_keys[_i].to);
	ck_assert_int_eq(note_key_parse((const char *)b.p, b.len, &key, &e), -EINVAL);
	ck_assert_msg(strncmp(e.msg, sentence, strlen(sentence)) == 0,
		      "\"%s\" instead of \"%s...\"", e.msg, sentence);
	ck_assert_int_eq(note_secret_parse(b.p, b.len, &secret, NULL), -EINVAL);
}
END_TEST

static const struct { const char *from, *to, *sentence; } bad_secrets[] = {
	{ "PRIVATE+KEY+", "", "not a signing key" },
	{ "PRIVATE", "private", "not a signing key" },
	{ "PeterNeumann", "Peter Neumann", NO_NAME },
	{ "c74f20a3", "c74f20a4", "the id of key PeterNeumann is c74f20a3, not" },
	{ "+AYEK", "+AYEL", "the id of key" },
	{ "+AYEK", "+BIEK", "the id of key" },
	{ "+AYEK", "+AoEK", "a key of type 02" },
	{ "+AYEK", "+AYE", NO_BASE64 },
	{ "", "\n", NO_BASE64 },
};

START_TEST(refuses_a_signing_key)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	const char *sentence = bad_secrets[_i].sentence;
	struct note_secret *secret = NULL;
	struct err e = { 0, "" };

	rig_edited(&b, GO_SECRET, bad_secrets[_i].from, bad_secrets[_i].to);
	ck_assert_int_eq(note_secret_parse(b.p, b.len, &secret, &e), -EINVAL);
	ck_assert_ptr_null(secret);
	ck_assert_msg(strncmp(e.msg, sentence, strlen(sentence)) == 0,
		      "\"%s\" instead of \"%s...\"", e.msg, sentence);
}
END_TEST

START_TEST(makes_keys)
{
	static const enum note_key_type types[] = { NOTE_ED25519, NOTE_COSIGNATURE };
	AUTO(note_secret_freep) struct note_secret *made = NULL, *read = NULL, *other = NULL;
	AUTO(buf_clear) struct buf text = BUF_INIT(NOTE_KEY_TEXT_MAX);
	AUTO(buf_clear) struct buf again = BUF_INIT(NOTE_KEY_TEXT_MAX);
	AUTO(buf_clear) struct buf small = BUF_INIT(64);
	uint8_t sig[NOTE_SIGNATURE_LEN];
	char longest[NOTE_NAME_MAX + 2] = "";

	ck_assert_int_eq(note_secret_new(ORIGIN, types[_i], &text, &made, NULL), 0);
	ck_assert_int_eq(note_secret_parse(text.p, text.len, &read, NULL), 0);
	ck_assert_mem_eq(note_secret_public(made), note_secret_public(read),
			 sizeof(struct note_key));
	ck_assert_int_eq(note_secret_public(read)->type, types[_i]);
	note_sign(made, "x", 1, sig);
	ck_assert(note_verify(note_secret_public(read), "x", 1, sig));

	memset(longest, 'x', NOTE_NAME_MAX);
	ck_assert_int_eq(note_secret_new(longest, types[_i], &again, &other, NULL), 0);
	ck_assert_mem_ne(note_secret_public(made)->key, note_secret_public(other)->key, 32);
	note_secret_free(other);
	other = NULL;
	longest[NOTE_NAME_MAX] = 'x';
	ck_assert_int_eq(note_secret_new(longest, types[_i], &again, &other, NULL), -EINVAL);
	ck_assert_int_eq(note_secret_new("a b", types[_i], &again, &other, NULL), -EINVAL);
	ck_assert_int_eq(note_secret_new("", types[_i], &again, &other, NULL), -EINVAL);
	ck_assert_int_eq(note_secret_new("a", types[_i], &small, &other, NULL), -ENOBUFS);
	ck_assert_ptr_null(other);
}
END_TEST

/* ------ signature lines ------ */

static const struct { const char *from, *to; } bad_lines[] = {
	{ GO_LINE, "" },
	{ DASH, "" },
	{ DASH, "- " },
	{ DASH, "\xe2\x80\x94" },
	{ DASH, "\xe2\x80\x93 " },
	{ DASH, DASH " " },
	{ "PeterNeumann ", " " },
	{ "PeterNeumann ", "" },
	{ "PeterNeumann ", "PeterNeumann  " },
	{ "PeterNeumann ", "Peter+Neumann " },
	{ "PeterNeumann ", "PeterNeumann\t" },
	{ "PeterNeumann ", "Peter\xe3\x80\x80Neumann " },
	{ "=", "" },
	{ "=", "==" },
	{ "=", "= " },
	{ "=", "=\r" },
	{ "AM=", "AN=" },
	{ " x08go", " x08g-" },
	{ " x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
	  " x08gow==" },
	{ " x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
	  " =" },
};

START_TEST(refuses_a_line)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	struct note_line line;
	struct err e = { 0, "" };

	rig_edited(&b, GO_LINE, bad_lines[_i].from, bad_lines[_i].to);
	ck_assert_msg(note_line_parse(buf_str(&b), b.len, &line, &e) == -EINVAL, "%s", buf_str(&b));
	ck_assert_str_ne(e.msg, "");
}
END_TEST

/* A signature of a kind that is not known here yet, as long as one may be. */
START_TEST(passes_over_long_signatures)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(2 * NOTE_LINE_MAX);
	struct note_line line;

	buf_adds(&b, DASH "x ");
	while (b.len + 4 <= NOTE_LINE_MAX)
		buf_adds(&b, "AAAA");
	ck_assert_int_eq(note_line_parse(buf_str(&b), b.len, &line, NULL), 0);
	ck_assert_uint_gt(line.sig_len, NOTE_SIGNATURE_MAX);
	ck_assert(sodium_is_zero(line.sig, sizeof(line.sig)));
	buf_adds(&b, "AAAA");
	ck_assert_int_eq(note_line_parse(buf_str(&b), b.len, &line, NULL), -EINVAL);
}
END_TEST

/* ------ checkpoints ------ */

START_TEST(reads_what_it_writes)
{
	static const uint64_t sizes[] = { 0, 1, 255, 51234, INT64_MAX };
	AUTO(note_secret_freep) struct note_secret *log = log_key(), *witness = witness_key();
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct merkle_hash root;
	struct checkpoint c;
	uint64_t time = 0;

	parse_root(&root);
	make_checkpoint(&text, sizes[_i]);
	ck_assert_int_eq(parse(&text, &c, NULL), 0);
	ck_assert_str_eq(c.origin, ORIGIN);
	ck_assert_uint_eq(c.size, sizes[_i]);
	ck_assert_mem_eq(c.root.b, root.b, sizeof(root.b));
	ck_assert_uint_eq(c.n_lines, 2);
	ck_assert_int_eq(checkpoint_check(&c, text.p, note_secret_public(log)), CHECKPOINT_SIGNED);
	ck_assert_int_eq(checkpoint_check_cosignature(&c, text.p, note_secret_public(witness),
						      &time), CHECKPOINT_SIGNED);
	ck_assert_uint_eq(time, 1795462252);
}
END_TEST

static const struct { const char *what, *from, *to, *sentence; } bad_checkpoints[] = {
	{ "no origin", ORIGIN "\n", "\n", "line 1: the origin" },
	{ "origin of controls", ORIGIN "\n", "evidence\x1b[2J\n", "line 1: the origin" },
	{ "origin is not UTF-8", ORIGIN "\n", "evidence\xff\n", "line 1: the origin" },
	{ "carriage return", ORIGIN "\n", ORIGIN "\r\n", "line 1: a carriage return" },
	{ "carriage return behind the root", "EU4=\n", "EU4=\r\n", "line 3: a carriage return" },
	{ "two origins", ORIGIN "\n", ORIGIN "\n" ORIGIN "\n", "line 2: the size" },
	{ "no size", "\n51234\n", "\n\n", "line 2: the size" },
	{ "leading zero", "\n51234\n", "\n051234\n", "line 2: the size" },
	{ "zeros", "\n51234\n", "\n00\n", "line 2: the size" },
	{ "sign", "\n51234\n", "\n+51234\n", "line 2: the size" },
	{ "negative", "\n51234\n", "\n-1\n", "line 2: the size" },
	{ "hexadecimal", "\n51234\n", "\n0xc822\n", "line 2: the size" },
	{ "space before it", "\n51234\n", "\n 51234\n", "line 2: the size" },
	{ "space behind it", "\n51234\n", "\n51234 \n", "line 2: the size" },
	{ "2^63", "\n51234\n", "\n9223372036854775808\n", "line 2: the size" },
	{ "2^64 + 1", "\n51234\n", "\n18446744073709551617\n", "line 2: the size" },
	{ "of 30 digits", "\n51234\n", "\n100000000000000000000000000000\n", "line 2: the size" },
	{ "no root", "\n" ROOT "\n", "\n\n", "line 3: the root" },
	{ "junk in the root", "\n3hrF", "\n3hr-", "line 3: the root" },
	{ "bytes that are no ASCII in the root", "\n3hrF", "\n3h\xe2\x80", "line 3: the root" },
	{ "a space in the root", "\n3hrF", "\n3hr F", "line 3: the root" },
	{ "a root of 29 bytes", "\n3hrF", "\n", "line 3: the root" },
	{ "a root of 35 bytes", "\n3hrF", "\n3hrF3hrF", "line 3: the root" },
	{ "a root without padding", "EU4=\n", "EU4\n", "line 3: the root" },
	{ "stray bits in the root", "EU4=\n", "EU5=\n", "line 3: the root" },
	{ "an extension line", "EU4=\n", "EU4=\nmore\n", "line 4: an extension line" },
	{ "a signature in its place", "EU4=\n\n", "EU4=\n", "line 4: an extension line" },
	{ "two empty lines", "EU4=\n\n", "EU4=\n\n\n", "line 5: not a signature" },
	{ "text before signatures", "EU4=\n\n", "EU4=\n\nhello\n", "line 5: not a signature" },
	{ "another dash", "EU4=\n\n\xe2\x80\x94", "EU4=\n\n\xe2\x80\x95", "line 5: not a signature" },
	{ "name with a plus", DASH ORIGIN, DASH "a+b", "line 5: a signature without" },
	{ "junk behind a signature", "\n" DASH WITNESS, " x\n" DASH WITNESS,
	  "line 5: the signature is not base64" },
	{ "carriage return behind it", "\n" DASH WITNESS, "\r\n" DASH WITNESS,
	  "line 5: a carriage return" },
	{ "trailing text", "", "more\n", "line 7: not a signature" },
	{ "trailing empty line", "", "\n", "line 7: not a signature" },
	{ "trailing bytes", "", "x", "line 7: the line feed" },
	{ "a line twice", "", DASH WITNESS " AQIDBAU=\n" DASH WITNESS " AQIDBAY=\n",
	  "line 8: another signature of the same key of " WITNESS },
};

START_TEST(refuses_a_checkpoint)
{
	AUTO(buf_clear) struct buf good = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf b = BUF_INIT(CHECKPOINT_MAX);
	const char *sentence = bad_checkpoints[_i].sentence;
	struct err e = { 0, "" };
	struct checkpoint c;

	make_checkpoint(&good, 51234);
	rig_edited(&b, buf_str(&good), bad_checkpoints[_i].from, bad_checkpoints[_i].to);
	ck_assert_msg(parse(&b, &c, &e) == -EINVAL, "%s", bad_checkpoints[_i].what);
	ck_assert_msg(strncmp(e.msg, sentence, strlen(sentence)) == 0,
		      "%s: \"%s\" instead of \"%s...\"", bad_checkpoints[_i].what, e.msg, sentence);
}
END_TEST

START_TEST(refuses_the_same_line_twice)
{
	AUTO(buf_clear) struct buf good = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf b = BUF_INIT(CHECKPOINT_MAX);
	struct err e = { 0, "" };
	struct checkpoint c;
	const char *line;

	make_checkpoint(&good, 51234);
	buf_add(&b, good.p, good.len);
	buf_adds(&b, GO_LINE "\n");
	ck_assert_int_eq(parse(&b, &c, &e), 0);
	ck_assert_uint_eq(c.n_lines, 3);
	line = strstr(buf_str(&good), DASH ORIGIN);
	buf_add(&b, line, strcspn(line, "\n") + 1);
	ck_assert_int_eq(parse(&b, &c, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "line 8: another signature of the same key of " ORIGIN);
}
END_TEST

/* The last line feed as well: a body that is cut is another body. */
START_TEST(refuses_every_prefix)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(CHECKPOINT_MAX);
	const char *first;
	struct checkpoint c;
	uint8_t *cut;
	size_t len;

	make_checkpoint(&b, 51234);
	first = strstr(buf_str(&b), "\n" DASH WITNESS) + 1;
	for (len = 0; len < b.len; len++) {
		cut = malloc(len > 0 ? len : 1);
		ck_assert_ptr_nonnull(cut);
		memcpy(cut, b.p, len);
		/* Between two signatures it is a whole one. */
		ck_assert_int_eq(checkpoint_parse(cut, len, &c, NULL),
				 len == (size_t)(first - buf_str(&b)) ? 0 : -EINVAL);
		free(cut);
	}
}
END_TEST

START_TEST(bounds_lines_and_bytes)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(2 * CHECKPOINT_MAX);
	struct err e = { 0, "" };
	struct checkpoint c;
	int i;

	make_checkpoint(&b, 1);
	for (i = 2; i < NOTE_LINES_MAX; i++)
		buf_addf(&b, DASH "other%d AQIDBAU=\n", i);
	ck_assert_int_eq(parse(&b, &c, &e), 0);
	ck_assert_uint_eq(c.n_lines, NOTE_LINES_MAX);
	buf_addf(&b, DASH "other AQIDBAU=\n");
	ck_assert_int_eq(parse(&b, &c, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "line 21: more than 16 signatures");
	while (b.len <= CHECKPOINT_MAX)
		buf_adds(&b, DASH "other AQIDBAU=\n");
	ck_assert_int_eq(parse(&b, &c, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "8192 are allowed"));
}
END_TEST

/* ------ verdicts ------ */

/* A text that is a checkpoint, and what its log's key and its witness's say of it. */
static const struct {
	const char *what, *from, *to;
	enum checkpoint_verdict log, witness;
} verdicts[] = {
	{ "as it was", ORIGIN, ORIGIN, CHECKPOINT_SIGNED, CHECKPOINT_SIGNED },
	{ "another origin", ORIGIN "\n", OTHER "\n", CHECKPOINT_OTHER_ORIGIN, CHECKPOINT_FORGED },
	{ "an origin with spaces", ORIGIN "\n", "go.sum database tree\n", CHECKPOINT_OTHER_ORIGIN,
	  CHECKPOINT_FORGED },
	{ "another size", "\n51234\n", "\n51233\n", CHECKPOINT_FORGED, CHECKPOINT_FORGED },
	{ "another root", "\n3hrF", "\n3hrG", CHECKPOINT_FORGED, CHECKPOINT_FORGED },
	{ "no line of the log", DASH ORIGIN, DASH OTHER, CHECKPOINT_UNSIGNED, CHECKPOINT_SIGNED },
	{ "no line of the witness", DASH WITNESS, DASH OTHER, CHECKPOINT_SIGNED,
	  CHECKPOINT_UNSIGNED },
};

START_TEST(judges_a_checkpoint)
{
	AUTO(note_secret_freep) struct note_secret *log = log_key(), *witness = witness_key();
	AUTO(buf_clear) struct buf good = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf b = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint c;
	uint64_t time;

	make_checkpoint(&good, 51234);
	rig_edited(&b, buf_str(&good), verdicts[_i].from, verdicts[_i].to);
	ck_assert_msg(parse(&b, &c, NULL) == 0, "%s", verdicts[_i].what);
	ck_assert_msg(checkpoint_check(&c, b.p, note_secret_public(log)) == verdicts[_i].log,
		      "%s", verdicts[_i].what);
	ck_assert_msg(checkpoint_check_cosignature(&c, b.p, note_secret_public(witness), &time) ==
		      verdicts[_i].witness, "%s", verdicts[_i].what);
}
END_TEST

START_TEST(knows_other_keys)
{
	AUTO(note_secret_freep) struct note_secret *twin = rig_note_key(ORIGIN, NOTE_ED25519, 7);
	AUTO(note_secret_freep) struct note_secret *wrong = rig_note_key(ORIGIN, NOTE_COSIGNATURE, 1);
	AUTO(note_secret_freep) struct note_secret *plain = rig_note_key(WITNESS, NOTE_ED25519, 2);
	AUTO(note_secret_freep) struct note_secret *log = log_key(), *witness = witness_key();
	AUTO(buf_clear) struct buf b = BUF_INIT(CHECKPOINT_MAX);
	struct note_key forged = *note_secret_public(log);
	struct merkle_hash root;
	struct checkpoint c;
	struct err e = { 0, "" };
	uint64_t time;

	make_checkpoint(&b, 51234);
	ck_assert_int_eq(parse(&b, &c, NULL), 0);
	ck_assert_int_eq(checkpoint_check(&c, b.p, note_secret_public(twin)), CHECKPOINT_UNSIGNED);
	ck_assert_int_eq(checkpoint_check(&c, b.p, note_secret_public(wrong)), CHECKPOINT_UNSIGNED);
	ck_assert_int_eq(checkpoint_check_cosignature(&c, b.p, note_secret_public(plain), &time),
			 CHECKPOINT_UNSIGNED);
	/* An id is 4 bytes: two keys may have the same, and the signature decides. */
	memcpy(forged.key, note_secret_public(twin)->key, sizeof(forged.key));
	ck_assert_int_eq(checkpoint_check(&c, b.p, &forged), CHECKPOINT_FORGED);

	parse_root(&root);
	ck_assert_int_eq(checkpoint_sign(OTHER, 1, &root, log, &b, &e), -EINVAL);
	ck_assert_int_eq(checkpoint_sign(ORIGIN, 1, &root, wrong, &b, &e), -EINVAL);
	ck_assert_int_eq(checkpoint_sign(ORIGIN, UINT64_C(1) << 63, &root, log, &b, &e), -EINVAL);
	ck_assert_int_eq(checkpoint_cosign(&c, b.p, log, 1, &b, &e), -EINVAL);
	b.max = b.len + 10;
	ck_assert_int_eq(checkpoint_cosign(&c, b.p, witness, 1, &b, &e), -ENOBUFS);
	buf_clear(&b);
	b.max = 10;
	ck_assert_int_eq(checkpoint_sign(ORIGIN, 1, &root, log, &b, &e), -ENOBUFS);
}
END_TEST

/* Of either signature, cut short or with a byte more. */
START_TEST(judges_lengths)
{
	AUTO(note_secret_freep) struct note_secret *log = log_key(), *witness = witness_key();
	AUTO(buf_clear) struct buf b = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint c;
	uint64_t time;

	make_checkpoint(&b, 51234);
	ck_assert_int_eq(parse(&b, &c, NULL), 0);
	c.lines[_i].sig_len--;
	ck_assert_int_eq(_i == 0 ? checkpoint_check(&c, b.p, note_secret_public(log)) :
			 checkpoint_check_cosignature(&c, b.p, note_secret_public(witness), &time),
			 CHECKPOINT_FORGED);
	c.lines[_i].sig_len += 2;
	ck_assert_int_eq(_i == 0 ? checkpoint_check(&c, b.p, note_secret_public(log)) :
			 checkpoint_check_cosignature(&c, b.p, note_secret_public(witness), &time),
			 CHECKPOINT_FORGED);
}
END_TEST

START_TEST(every_bit_counts)
{
	AUTO(note_secret_freep) struct note_secret *log = log_key(), *witness = witness_key();
	AUTO(buf_clear) struct buf b = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint c, spoilt;
	uint64_t time;
	size_t i;

	make_checkpoint(&b, 51234);
	ck_assert_int_eq(parse(&b, &c, NULL), 0);
	for (i = 0; i < NOTE_SIGNATURE_LEN * 8; i++) {
		spoilt = c;
		spoilt.lines[0].sig[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(checkpoint_check(&spoilt, b.p, note_secret_public(log)),
				 CHECKPOINT_FORGED);
	}
	for (i = 0; i < NOTE_SIGNATURE_MAX * 8; i++) {
		spoilt = c;
		spoilt.lines[1].sig[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(checkpoint_check_cosignature(&spoilt, b.p,
							      note_secret_public(witness), &time),
				 CHECKPOINT_FORGED);
	}
}
END_TEST

/* ------ made by others ------ */

static bool fixture_key(const char *name, struct note_key *ret)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(NOTE_KEY_TEXT_MAX);
	struct err e = { 0, "" };
	size_t len;

	if (!rig_tlog_fixture(name, &b))
		return false;
	len = strcspn(buf_str(&b), "\n");
	ck_assert_msg(note_key_parse(buf_str(&b), len, ret, &e) == 0, "%s", e.msg);
	return true;
}

START_TEST(agrees_with_the_fixtures)
{
	static const struct { const char *name; uint64_t size, time; } files[] = {
		{ "checkpoint.51234", 51234, 1795000000 },
		{ "checkpoint.70003", 70003, 1795000001 },
	};
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct note_key log, witness;
	struct err e = { 0, "" };
	struct checkpoint c;
	uint64_t time = 0;

	if (!fixture_key("log.vkey", &log) || !fixture_key("witness.vkey", &witness) ||
	    !rig_tlog_fixture(files[_i].name, &text))
		return;
	ck_assert_int_eq(log.type, NOTE_ED25519);
	ck_assert_int_eq(witness.type, NOTE_COSIGNATURE);
	ck_assert_msg(parse(&text, &c, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(c.size, files[_i].size);
	ck_assert_int_eq(checkpoint_check(&c, text.p, &log), CHECKPOINT_SIGNED);
	ck_assert_int_eq(checkpoint_check_cosignature(&c, text.p, &witness, &time),
			 CHECKPOINT_SIGNED);
	ck_assert_uint_eq(time, files[_i].time);
	text.p[0] ^= 1;
	ck_assert_int_eq(checkpoint_check(&c, text.p, &log), CHECKPOINT_FORGED);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, agrees_with_go);
	tcase_add_loop_test(tc, refuses_a_key, 0, (int)COUNT(bad_keys));
	tcase_add_loop_test(tc, refuses_a_signing_key, 0, (int)COUNT(bad_secrets));
	tcase_add_loop_test(tc, makes_keys, 0, 2);
	tcase_add_loop_test(tc, refuses_a_line, 0, (int)COUNT(bad_lines));
	tcase_add_test(tc, passes_over_long_signatures);
	tcase_add_loop_test(tc, reads_what_it_writes, 0, 5);
	tcase_add_loop_test(tc, refuses_a_checkpoint, 0, (int)COUNT(bad_checkpoints));
	tcase_add_test(tc, refuses_the_same_line_twice);
	tcase_add_test(tc, refuses_every_prefix);
	tcase_add_test(tc, bounds_lines_and_bytes);
	tcase_add_loop_test(tc, judges_a_checkpoint, 0, (int)COUNT(verdicts));
	tcase_add_test(tc, knows_other_keys);
	tcase_add_loop_test(tc, judges_lengths, 0, 2);
	tcase_add_test(tc, every_bit_counts);
	tcase_add_loop_test(tc, agrees_with_the_fixtures, 0, 2);
}

int main(void)
{
	return suite_main("checkpoint", fill);
}
