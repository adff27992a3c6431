#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "package/certificate.h"
#include "package/certificate_words.h"
#include "unit/package_rig.h"
#include "unit/suite.h"

static void write_one(const struct package_rig *g, struct buf *to)
{
	struct err e = { 0 };

	ck_assert_msg(certificate_write(&g->p, to, &e) == 0, "%s", e.msg);
}

static size_t pages(const struct buf *b)
{
	static const char page[] = "/Type /Page %";
	const uint8_t *p = b->p, *end = b->p + b->len;
	size_t n = 0;

	while ((p = memmem(p, (size_t)(end - p), page, sizeof(page) - 1)) != NULL) {
		n++;
		p++;
	}
	return n;
}

static const struct { size_t objects, pages_min, pages_max; } sizes[] = {
	{ 1, 1, 3 }, { 60, 15, 40 },
};

START_TEST(says_all_on_as_many_pages_as_it_takes)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(PACKAGE_CERTIFICATE_MAX);
	AUTO(buf_clear) struct buf again = BUF_INIT(PACKAGE_CERTIFICATE_MAX);
	static struct package_rig g;
	size_t n;

	package_rig_new(&g, sizes[_i].objects, 1000, true);
	write_one(&g, &b);
	ck_assert_mem_eq(b.p, "%PDF-1.", 7);
	n = pages(&b);
	ck_assert_msg(n >= sizes[_i].pages_min && n <= sizes[_i].pages_max, "%zu pages", n);
	write_one(&g, &again);
	ck_assert_uint_eq(b.len, again.len);
	ck_assert_mem_eq(b.p, again.p, b.len);
	package_rig_free(&g);
}
END_TEST

START_TEST(a_document_that_is_too_large_is_refused)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1000);
	static struct package_rig g;
	struct err e = { 0 };

	package_rig_new(&g, 1, 1000, false);
	ck_assert_int_eq(certificate_write(&g.p, &b, &e), -ENOBUFS);
	package_rig_free(&g);
}
END_TEST

/* Facts that nobody knows, and values that no word is for. */
START_TEST(takes_any_facts)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(PACKAGE_CERTIFICATE_MAX);
	static struct package_rig g;
	char path[5000];

	package_rig_new(&g, 1, 1000, false);
	json_object_clear(g.p.objects[0].facts);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	json_object_set_new(g.p.objects[0].facts, "path", json_string(path));
	json_object_set_new(g.p.objects[0].facts, "assurance", json_string("new_kind"));
	json_object_set_new(g.p.objects[0].facts, "start_at", json_string("no moment"));
	json_object_set_new(g.p.objects[0].facts, "findings", json_pack("[{}]"));
	write_one(&g, &b);
	ck_assert_uint_gt(b.len, 1000);
	package_rig_free(&g);
}
END_TEST

static const struct {
	enum certificate_words list;
	const char *value, *word;
} words[] = {
	{ WORDS_ASSURANCE, "sealed_at_dock", "采集站封存" },
	{ WORDS_SEVERITY, "violation", "违规" },
	{ WORDS_ACT, "object_stored", "对象入库" },
	{ WORDS_ACT, "something_new", "something_new" },
	{ WORDS_SIGNATURE, NULL, "不详" },
};

START_TEST(has_words_for_values)
{
	ck_assert_str_eq(certificate_word(words[_i].list, words[_i].value), words[_i].word);
}
END_TEST

START_TEST(writes_durations_and_sizes)
{
	char duration[32], size[64];

	certificate_duration(299997, duration);
	ck_assert_str_eq(duration, "0:04:59");
	certificate_duration(90061000, duration);
	ck_assert_str_eq(duration, "25:01:01");
	certificate_duration(-1, duration);
	ck_assert_str_eq(duration, "不详");
	certificate_size(104857600, size);
	ck_assert_str_eq(size, "104857600 字节（100.0 MiB）");
	certificate_size(1048575, size);
	ck_assert_str_eq(size, "1048575 字节");
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, says_all_on_as_many_pages_as_it_takes, 0, (int)COUNT(sizes));
	tcase_add_test(tc, a_document_that_is_too_large_is_refused);
	tcase_add_test(tc, takes_any_facts);
	tcase_add_loop_test(tc, has_words_for_values, 0, (int)COUNT(words));
	tcase_add_test(tc, writes_durations_and_sizes);
}

int main(void)
{
	return suite_main("certificate", fill);
}
