/* Two indices of a case's file, side by side. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/archive_diff.h"

#define INDEX(rows, segments, findings) \
	"{\"rows\":" rows ",\"segments\":" segments ",\"findings\":" findings "}"
#define ROW	"{\"event\":7,\"case\":\"C-1\",\"title\":{\"salted\":\"aa\"}}"
#define OTHER	"{\"event\":7,\"case\":\"C-1\",\"title\":{\"salted\":\"bb\"}}"
#define LATER	"{\"event\":8,\"case\":\"C-1\"}"
#define SEGMENT	"{\"segment\":\"s-1\",\"blob\":\"aa\"}"
#define FOUND(more)	"{\"finding\":\"f-1\",\"code\":\"gap\"" more "}"

static const struct {
	const char *what, *frozen, *now;
	int r;
	size_t same;
	const char *changed, *missing, *later;
} cases[] = {
	{ "the same", INDEX("{\"case_file\":[" ROW "]}", "[" SEGMENT "]", "[]"),
	  INDEX("{\"case_file\":[" ROW "]}", "[" SEGMENT "]", "[]"), 0, 2, "", "", "" },
	{ "a name is another one", INDEX("{\"case_file\":[" ROW "]}", "[]", "[]"),
	  INDEX("{\"case_file\":[" OTHER "]}", "[]", "[]"), 0, 0, "case_file 7;", "", "" },
	{ "a row is gone", INDEX("{\"case_file\":[" ROW "," LATER "]}", "[]", "[]"),
	  INDEX("{\"case_file\":[" ROW "]}", "[]", "[]"), 0, 1, "", "case_file 8;", "" },
	{ "a row came", INDEX("{\"case_file\":[" ROW "]}", "[]", "[]"),
	  INDEX("{\"case_file\":[" ROW "," LATER "]}", "[]", "[]"), 0, 1, "", "", "case_file 8;" },
	{ "a segment is gone", INDEX("{}", "[" SEGMENT "]", "[]"), INDEX("{}", "[]", "[]"), 0, 0, "",
	  "segments s-1;", "" },
	{ "a finding was answered", INDEX("{}", "[]", "[" FOUND(",\"state\":\"open\"") "]"),
	  INDEX("{}", "[]", "[" FOUND(",\"state\":\"closed\",\"excused\":true") "]"), 0, 0, "", "",
	  "findings f-1;" },
	{ "a finding says something else", INDEX("{}", "[]", "[" FOUND(",\"severity\":\"violation\"") "]"),
	  INDEX("{}", "[]", "[" FOUND(",\"severity\":\"info\"") "]"), 0, 0, "findings f-1;", "", "" },
	{ "a table is gone", INDEX("{\"case_file\":[]}", "[]", "[]"), INDEX("{}", "[]", "[]"), -EINVAL, 0,
	  NULL, NULL, NULL },
	{ "no index", "[]", INDEX("{}", "[]", "[]"), -EINVAL, 0, NULL, NULL, NULL },
	{ "no list", INDEX("{}", "{}", "[]"), INDEX("{}", "[]", "[]"), -EINVAL, 0, NULL, NULL, NULL },
	{ "rows without events", INDEX("{\"case_file\":[{\"case\":\"C-1\"}]}", "[]", "[]"),
	  INDEX("{\"case_file\":[]}", "[]", "[]"), 0, 0, "", "case_file ;", "" },
};

static void is_list(const json_t *list, const char *want, const char *what)
{
	char got[256] = "";
	const json_t *one;
	size_t i, len;

	json_array_foreach(list, i, one) {
		len = strlen(got);
		snprintf(got + len, sizeof(got) - len, "%s %s;",
			 json_string_value(json_object_get(one, "table")),
			 json_string_value(json_object_get(one, "id")));
	}
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s", what, got);
}

START_TEST(each_object_is_told_by_what_became_of_it)
{
	json_t *frozen = json_loads(cases[_i].frozen, 0, NULL);
	json_t *now = json_loads(cases[_i].now, 0, NULL);
	struct archive_diff d;

	ck_assert_msg(frozen != NULL && now != NULL, "%s", cases[_i].what);
	ck_assert_int_eq(archive_compare(frozen, now, &d), cases[_i].r);
	if (cases[_i].r == 0) {
		ck_assert_uint_eq(d.same, cases[_i].same);
		is_list(d.changed, cases[_i].changed, cases[_i].what);
		is_list(d.missing, cases[_i].missing, cases[_i].what);
		is_list(d.later, cases[_i].later, cases[_i].what);
	}
	archive_diff_clear(&d);
	json_decref(frozen);
	json_decref(now);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, each_object_is_told_by_what_became_of_it, 0, COUNT(cases));
}

int main(void)
{
	return suite_main("archive_diff", fill);
}
