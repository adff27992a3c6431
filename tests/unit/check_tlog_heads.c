#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "custody/timestamp.h"
#include "tlog/heads.h"
#include "tlog/tlog.h"
#include "unit/suite.h"
#include "unit/tlog_rig.h"
#include "unit/vault_rig.h"

static char log_dir[RIG_PATH_SIZE];
static struct note_secret *witness[2];
static const struct note_key *log_key;

static void set_up(void)
{
	static const char *const names[] = { "court.example/w", "city.example/w" };
	struct err e;

	snprintf(log_dir, sizeof(log_dir), "%s/log", rig_dir());
	log_key = note_secret_public(rig_key());
	for (size_t i = 0; i < COUNT(witness); i++) {
		AUTO(buf_clear) struct buf text = BUF_INIT(NOTE_KEY_TEXT_MAX);

		ck_assert_int_eq(note_secret_new(names[i], NOTE_COSIGNATURE, &text, &witness[i],
						 &e), 0);
	}
}

static void tear_down(void)
{
	for (size_t i = 0; i < COUNT(witness); i++)
		note_secret_free(witness[i]);
	rig_clean();
}

static const char *in_log(const char *name)
{
	return rig_name(log_dir, name);
}

/* ------ cosignatures ------ */

/* The checkpoint as it is now, without witnesses. */
static void current(uint64_t size, struct buf *text)
{
	struct merkle_hash root = rig_root(size);
	struct err e;

	*text = (struct buf)BUF_INIT(CHECKPOINT_MAX);
	ck_assert_int_eq(checkpoint_sign(RIG_ORIGIN, size, &root, rig_key(), text, &e), 0);
}

/* The line of a witness over that text. */
static void line_of(unsigned who, const struct buf *text, uint64_t time, struct buf *ret)
{
	struct checkpoint c;
	struct err e;

	*ret = (struct buf)BUF_INIT(CHECKPOINT_MAX);
	ck_assert_int_eq(checkpoint_parse(text->p, text->len, &c, &e), 0);
	ck_assert_int_eq(checkpoint_cosign(&c, text->p, witness[who], time, ret, &e), 0);
}

static int cosign(unsigned who, uint64_t size, uint64_t time, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(0);
	AUTO(buf_clear) struct buf line = BUF_INIT(0);

	current(size, &text);
	line_of(who, &text, time, &line);
	return tlog_cosign(log_dir, log_key, note_secret_public(witness[who]), buf_str(&text),
			   buf_str(&line), e);
}

static void must_cosign(unsigned who, uint64_t size, uint64_t time)
{
	struct err e = { 0, "" };

	ck_assert_msg(cosign(who, size, time, &e) == 0, "%s", e.msg);
}

/* When that witness cosigned the file, which has `size` leaves; 0: it did not. */
static uint64_t cosigned_at(const char *name, uint64_t size, unsigned who)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(0);
	enum checkpoint_verdict v;
	struct checkpoint c;
	uint64_t time = 0;
	struct err e;

	rig_load(in_log(name), &text);
	ck_assert_msg(checkpoint_parse(text.p, text.len, &c, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(checkpoint_check(&c, text.p, log_key), CHECKPOINT_SIGNED);
	ck_assert_uint_eq(c.size, size);
	v = checkpoint_check_cosignature(&c, text.p, note_secret_public(witness[who]), &time);
	ck_assert_int_ne(v, CHECKPOINT_FORGED);
	return v == CHECKPOINT_SIGNED ? time : 0;
}

START_TEST(adds_to_the_newest)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_writer *w = rig_open(log_dir, 0);
	struct checkpoint c;
	struct err e;

	rig_append(w, 10);
	rig_publish(w);
	ck_assert_int_eq(tlog_cosigned(log_dir, log_key, &text, &c, &e), -ENOENT);
	must_cosign(0, 10, 1000);
	ck_assert_uint_eq(cosigned_at("checkpoint", 10, 0), 1000);
	ck_assert_uint_eq(cosigned_at("cosigned", 10, 0), 1000);
	ck_assert_uint_eq(cosigned_at("cosigned", 10, 1), 0);
	must_cosign(1, 10, 1001);
	must_cosign(0, 10, 1002);	/* the first one stays: it proves the earlier time */
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "checkpoint" : "cosigned";

		ck_assert_uint_eq(cosigned_at(name, 10, 0), 1000);
		ck_assert_uint_eq(cosigned_at(name, 10, 1), 1001);
	}
	/* Publishing the same tree again keeps them. */
	rig_publish(w);
	ck_assert_uint_eq(cosigned_at("checkpoint", 10, 1), 1001);
	ck_assert_int_eq(tlog_cosigned(log_dir, log_key, &text, &c, &e), 0);
	ck_assert_uint_eq(c.size, 10);
	ck_assert_uint_eq(c.n_lines, 3);
	tlog_writer_close(w);
	tlog_writer_close(rig_open(log_dir, 10));
}
END_TEST

START_TEST(keeps_an_older_one_when_the_log_has_gone_on)
{
	struct tlog_writer *w = rig_open(log_dir, 0);

	for (uint64_t size = 10; size <= 30; size += 10) {
		rig_append(w, size);
		rig_publish(w);
	}
	must_cosign(0, 20, 2000);
	ck_assert_uint_eq(cosigned_at("cosigned", 20, 0), 2000);
	ck_assert_uint_eq(cosigned_at("checkpoint", 30, 0), 0);
	must_cosign(1, 10, 2001);	/* a newer one is there */
	ck_assert_uint_eq(cosigned_at("cosigned", 20, 1), 0);
	must_cosign(1, 30, 2002);
	ck_assert_uint_eq(cosigned_at("cosigned", 30, 1), 2002);
	ck_assert_uint_eq(cosigned_at("cosigned", 30, 0), 0);
	ck_assert_uint_eq(cosigned_at("checkpoint", 30, 1), 2002);
	rig_append(w, 40);
	rig_publish(w);
	ck_assert_uint_eq(cosigned_at("checkpoint", 40, 1), 0);
	ck_assert_uint_eq(cosigned_at("cosigned", 30, 1), 2002);
	tlog_writer_close(w);
}
END_TEST

/* Lines of others in the text are not taken along: nobody checked them. */
START_TEST(takes_no_line_that_it_did_not_check)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(0);
	AUTO(buf_clear) struct buf line = BUF_INIT(0);
	AUTO(buf_clear) struct buf other = BUF_INIT(0);
	struct err e = { 0, "" };

	rig_grow(log_dir, 10);
	current(10, &text);
	line_of(0, &text, 1, &line);
	line_of(1, &text, 2, &other);
	other.p[other.len - 10] = other.p[other.len - 10] == 'A' ? 'B' : 'A';
	buf_add(&text, other.p, other.len);
	ck_assert_msg(tlog_cosign(log_dir, log_key, note_secret_public(witness[0]), buf_str(&text),
				  buf_str(&line), &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(cosigned_at("cosigned", 10, 0), 1);
	ck_assert_uint_eq(cosigned_at("cosigned", 10, 1), 0);
	ck_assert_uint_eq(cosigned_at("checkpoint", 10, 1), 0);
}
END_TEST

enum lie { OTHER_WITNESS, OTHER_BODY, TWO_LINES, NO_LINE, NO_LINE_FEED, UNSIGNED, OTHER_LOG, JUNK };
static const enum lie lies[] = {
	OTHER_WITNESS, OTHER_BODY, TWO_LINES, NO_LINE, NO_LINE_FEED, UNSIGNED, OTHER_LOG, JUNK,
};

START_TEST(refuses_what_is_no_cosignature)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(0);
	AUTO(buf_clear) struct buf line = BUF_INIT(0);
	AUTO(buf_clear) struct buf other = BUF_INIT(0);
	struct note_key log = *log_key;
	struct err e = { 0, "" };

	rig_grow(log_dir, 10);
	current(10, &text);
	current(9, &other);
	line_of(lies[_i] == OTHER_WITNESS, lies[_i] == OTHER_BODY ? &other : &text, 1, &line);
	switch (lies[_i]) {
	case OTHER_WITNESS:
	case OTHER_BODY:
		break;
	case TWO_LINES:
		buf_clear(&other);
		line_of(1, &text, 1, &other);
		buf_add(&line, other.p, other.len);
		break;
	case NO_LINE:
		buf_reset(&line);
		break;
	case NO_LINE_FEED:
		line.len--;
		line.p[line.len] = '\0';
		break;
	case UNSIGNED:
		text.p[text.len - 10] ^= 1;
		break;
	case OTHER_LOG:
		log.key[0] ^= 1;
		break;
	case JUNK:
		buf_reset(&line);
		buf_adds(&line, "\xe2\x80\x94 court.example/w AAAA\n");
		break;
	}
	ck_assert_int_eq(tlog_cosign(log_dir, &log, note_secret_public(witness[0]), buf_str(&text),
				     buf_str(&line), &e), -EINVAL);
	ck_assert_str_ne(e.msg, "");
	ck_assert(!rig_exists(in_log("cosigned")));
	ck_assert_uint_eq(cosigned_at("checkpoint", 10, 0), 0);
}
END_TEST

/* The witness saw more than is here: that is kept, and said. */
START_TEST(says_that_the_log_was_set_back)
{
	struct err e = { 0, "" };

	rig_grow(log_dir, 10);
	ck_assert_int_eq(cosign(0, 11, 5, &e), -EBADMSG);
	ck_assert_msg(strstr(e.msg, in_log("checkpoint")) == e.msg, "%s", e.msg);
	ck_assert_ptr_nonnull(strstr(e.msg, "of 10 leaves, and not the one of 11 that court.example"));
	ck_assert_uint_eq(cosigned_at("cosigned", 11, 0), 5);
}
END_TEST

static void fork_of(uint64_t size, struct buf *text)
{
	struct merkle_hash root = rig_root(size);
	struct err e;

	root.b[0] ^= 1;
	*text = (struct buf)BUF_INIT(CHECKPOINT_MAX);
	ck_assert_int_eq(checkpoint_sign(RIG_ORIGIN, size, &root, rig_key(), text, &e), 0);
}

START_TEST(says_that_there_are_two_logs)
{
	AUTO(buf_clear) struct buf fork = BUF_INIT(0);
	AUTO(buf_clear) struct buf line = BUF_INIT(0);
	struct err e = { 0, "" };

	rig_grow(log_dir, 10);
	fork_of(10, &fork);
	line_of(1, &fork, 9, &line);
	if (_i == 1)
		must_cosign(0, 10, 8);
	ck_assert_int_eq(tlog_cosign(log_dir, log_key, note_secret_public(witness[1]),
				     buf_str(&fork), buf_str(&line), &e), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(e.msg, _i == 1 ? in_log("cosigned") : in_log("checkpoint")));
	ck_assert_uint_eq(cosigned_at("checkpoint", 10, 1), 0);
}
END_TEST

/* As many witnesses as a note has lines; the next one has no room, and harms nothing. */
START_TEST(is_bounded_as_notes_are)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(0);
	struct checkpoint c;
	struct err e = { 0, "" };
	char name[40];

	rig_grow(log_dir, 10);
	current(10, &text);
	for (unsigned i = 1; i <= NOTE_LINES_MAX; i++) {
		AUTO(buf_clear) struct buf key = BUF_INIT(NOTE_KEY_TEXT_MAX);
		AUTO(buf_clear) struct buf line = BUF_INIT(0);

		note_secret_free(witness[0]);
		snprintf(name, sizeof(name), "witness-%u.example", i);
		ck_assert_int_eq(note_secret_new(name, NOTE_COSIGNATURE, &key, &witness[0], &e), 0);
		line_of(0, &text, i, &line);
		ck_assert_int_eq(tlog_cosign(log_dir, log_key, note_secret_public(witness[0]),
					     buf_str(&text), buf_str(&line), &e),
				 i < NOTE_LINES_MAX ? 0 : -ENOBUFS);
	}
	ck_assert_ptr_nonnull(strstr(e.msg, "no room for the cosignature of witness-16"));
	buf_clear(&text);
	rig_load(in_log("checkpoint"), &text);
	ck_assert_int_eq(checkpoint_parse(text.p, text.len, &c, &e), 0);
	ck_assert_uint_eq(c.n_lines, NOTE_LINES_MAX);
}
END_TEST

/* ------ time stamps ------ */

static int keep(uint64_t size, const char *authority, const char *token, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(0);

	current(size, &text);
	return tlog_time_keep(log_dir, text.p, text.len, authority, token, strlen(token), e);
}

static int one_token(void *data, const char *authority, const uint8_t *token, size_t len)
{
	buf_addf(data, "%s:%.*s;", authority, (int)len, (const char *)token);
	return strcmp(authority, "stop") == 0 ? 7 : 0;
}

static int one_size(void *data, uint64_t size)
{
	*(uint64_t *)data += size;
	return size == 1000 ? 9 : 0;
}

START_TEST(keeps_tokens_in_order)
{
	AUTO(buf_clear) struct buf all = BUF_INIT(4096);
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf want = BUF_INIT(0);
	uint64_t size = 0, sum = 0;
	struct err e = { 0, "" };

	rig_grow(log_dir, 10);
	ck_assert_int_eq(tlog_time_next(log_dir, 0, &size, &e), 0);
	ck_assert_int_eq(tlog_time_walk(log_dir, one_size, &sum, &e), 0);
	ck_assert_int_eq(tlog_time_each(log_dir, 10, one_token, &all, &e), -ENOENT);
	ck_assert_msg(keep(10, "tsa-b", "first", &e) == 0, "%s", e.msg);
	ck_assert_int_eq(keep(10, "tsa-a", "second", &e), 0);
	ck_assert_int_eq(keep(10, "tsa-b", "later", &e), 0);	/* the earlier one stays */
	ck_assert_int_eq(keep(7, "stop", "x", &e), 0);
	ck_assert_int_eq(keep(7, "zzz", "y", &e), 0);
	rig_file(in_log("time/10/tsa-c.tsr.tmp"), "junk", 4);
	rig_file(in_log("time/10/.hidden.tsr"), "junk", 4);
	ck_assert_int_eq(tlog_time_each(log_dir, 10, one_token, &all, &e), 0);
	ck_assert_str_eq(buf_str(&all), "tsa-a:second;tsa-b:first;");
	buf_reset(&all);
	ck_assert_int_eq(tlog_time_each(log_dir, 7, one_token, &all, &e), 7);
	ck_assert_str_eq(buf_str(&all), "stop:x;");
	current(10, &want);
	ck_assert_int_eq(tlog_time_checkpoint(log_dir, 10, &text, &e), 0);
	ck_assert_str_eq(buf_str(&text), buf_str(&want));
	ck_assert_int_eq(tlog_time_checkpoint(log_dir, 11, &text, &e), -ENOENT);
}
END_TEST

START_TEST(finds_the_stamp_that_covers_a_leaf)
{
	static const struct { uint64_t from; int found; uint64_t size; } asked[] = {
		{ 0, 1, 5 }, { 5, 1, 5 }, { 6, 1, 70 }, { 70, 1, 70 }, { 71, 1, 1000 },
		{ 1001, 0, 0 }, { UINT64_MAX, 0, 0 },
	};
	uint64_t size, sum = 0;
	struct err e;

	rig_grow(log_dir, 1);
	ck_assert_int_eq(keep(70, "a", "t", &e), 0);
	ck_assert_int_eq(keep(5, "a", "t", &e), 0);
	/* A power cut left a folder without what was stamped; others are no sizes. */
	ck_assert_int_eq(mkdir(in_log("time/6"), 0755), 0);
	ck_assert_int_eq(mkdir(in_log("time/007"), 0755), 0);
	ck_assert_int_eq(mkdir(in_log("time/x"), 0755), 0);
	ck_assert_int_eq(tlog_time_walk(log_dir, one_size, &sum, &e), 0);
	ck_assert_uint_eq(sum, 75);
	ck_assert_int_eq(keep(1000, "a", "t", &e), 0);
	ck_assert_int_eq(tlog_time_walk(log_dir, one_size, &sum, &e), 9);
	for (size_t i = 0; i < COUNT(asked); i++) {
		size = 0;
		ck_assert_int_eq(tlog_time_next(log_dir, asked[i].from, &size, &e), asked[i].found);
		ck_assert_uint_eq(size, asked[i].size);
	}
}
END_TEST

static const struct { const char *authority; int r; } authorities[] = {
	{ "tsa", 0 }, { "TSA.example-1_x", 0 }, { "", -EINVAL }, { ".tsa", -EINVAL },
	{ "..", -EINVAL }, { "a/b", -EINVAL }, { "a b", -EINVAL }, { "\xe6\x97\xb6", -EINVAL },
	{ "0123456789012345678901234567890123456789012345678901234567890123", 0 },
	{ "01234567890123456789012345678901234567890123456789012345678901234", -EINVAL },
};

START_TEST(names_no_file_elsewhere)
{
	struct err e = { 0, "" };

	rig_grow(log_dir, 10);
	ck_assert_int_eq(keep(10, authorities[_i].authority, "t", &e), authorities[_i].r);
	ck_assert_int_eq(rig_exists(in_log("time")), authorities[_i].r == 0);
}
END_TEST

START_TEST(stamps_one_text_of_a_size)
{
	static uint8_t token[TIMESTAMP_MAX + 1];
	AUTO(buf_clear) struct buf text = BUF_INIT(0);
	AUTO(buf_clear) struct buf line = BUF_INIT(0);
	AUTO(buf_clear) struct buf all = BUF_INIT(2 * TIMESTAMP_MAX);
	struct err e = { 0, "" };

	rig_grow(log_dir, 10);
	current(10, &text);
	ck_assert_int_eq(keep(10, "a", "t", &e), 0);
	ck_assert_int_eq(tlog_time_keep(log_dir, text.p, text.len, "b", token, 0, &e), -EINVAL);
	ck_assert_int_eq(tlog_time_keep(log_dir, text.p, text.len, "b", token, sizeof(token), &e),
			 -EINVAL);
	ck_assert_int_eq(tlog_time_keep(log_dir, "junk", 4, "b", token, 5, &e), -EINVAL);
	ck_assert_int_eq(tlog_time_keep(log_dir, text.p, text.len, "b", token, TIMESTAMP_MAX, &e), 0);
	line_of(0, &text, 3, &line);
	buf_add(&text, line.p, line.len);
	ck_assert_int_eq(tlog_time_keep(log_dir, text.p, text.len, "c", token, 5, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, in_log("time/10/checkpoint")));
	ck_assert(!rig_exists(in_log("time/10/c.tsr")));
	rig_file(in_log("time/10/b.tsr"), token, sizeof(token));
	ck_assert_int_eq(tlog_time_each(log_dir, 10, one_token, &all, &e), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(e.msg, in_log("time/10/b.tsr")));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, adds_to_the_newest);
	tcase_add_test(tc, keeps_an_older_one_when_the_log_has_gone_on);
	tcase_add_test(tc, takes_no_line_that_it_did_not_check);
	tcase_add_loop_test(tc, refuses_what_is_no_cosignature, 0, (int)COUNT(lies));
	tcase_add_test(tc, says_that_the_log_was_set_back);
	tcase_add_loop_test(tc, says_that_there_are_two_logs, 0, 2);
	tcase_add_test(tc, is_bounded_as_notes_are);
	tcase_add_test(tc, keeps_tokens_in_order);
	tcase_add_test(tc, finds_the_stamp_that_covers_a_leaf);
	tcase_add_loop_test(tc, names_no_file_elsewhere, 0, (int)COUNT(authorities));
	tcase_add_test(tc, stamps_one_text_of_a_size);
}

int main(void)
{
	return suite_main("tlog_heads", fill);
}
