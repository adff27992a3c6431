/* What people type, as the fields of an entry. */
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/entry.h"

/* want: its JSON, keys in order; NULL: refused. */
static const struct { const char *text, *want; } officers[] = {
	{ "019123", "{\"officer\":\"019123\"}" },
	{ "019123:C-123", "{\"certificate\":\"C-123\",\"officer\":\"019123\"}" },
	{ "019123:C-123:shown", "{\"certificate\":\"C-123\",\"officer\":\"019123\",\"shown\":true}" },
	{ "019123::shown", "{\"officer\":\"019123\",\"shown\":true}" },
	{ "", NULL },
	{ ":", NULL },
	{ ":C-123", NULL },
	{ "019123:", NULL },
	{ "019123:C-123:", NULL },
	{ "019123:C-123:Shown", NULL },
	{ "019123:C-123:shown:", NULL },
	{ "019123::", NULL },
};

static void is_json(json_t *j, const char *want, const char *what)
{
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

	if (want == NULL)
		ck_assert_msg(text == NULL, "%s: %s", what, text);
	else
		ck_assert_msg(text != NULL && strcmp(text, want) == 0, "%s: %s", what,
			      text != NULL ? text : "refused");
	free(text);
	json_decref(j);
}

START_TEST(an_officer_is_a_number_a_certificate_and_whether_it_was_shown)
{
	is_json(entry_officer(officers[_i].text), officers[_i].want, officers[_i].text);
}
END_TEST

static const struct { const char *text; bool words; const char *want; } fields[] = {
	{ "place=清河路 1 号", false, "{\"place\":\"清河路 1 号\"}" },
	{ "sum=a=b=c", false, "{\"sum\":\"a=b=c\"}" },
	{ "empty=", false, "{\"empty\":\"\"}" },
	{ "corrected=true", false, "{\"corrected\":\"true\"}" },
	{ "corrected=true", true, "{\"corrected\":true}" },
	{ "corrected=false", true, "{\"corrected\":false}" },
	{ "corrected=truely", true, "{\"corrected\":\"truely\"}" },
	{ "=x", false, NULL },
	{ "place", false, NULL },
	{ "", false, NULL },
	{ "there=again", false, NULL },
	{ "name=\xff", false, NULL },
	{ "\xff=name", false, NULL },
	{ "a234567890b234567890c234567890d234567890e234567890f234567890g123=x", false,
	  "{\"a234567890b234567890c234567890d234567890e234567890f234567890g123\":\"x\"}" },
	{ "a234567890b234567890c234567890d234567890e234567890f234567890g1234=x", false, NULL },
};

START_TEST(a_field_has_a_name_and_a_text)
{
	const char *text = fields[_i].text;
	json_t *j = json_pack("{s:s}", "there", "x");
	bool taken = entry_field(text, fields[_i].words, j);

	if (fields[_i].want == NULL) {
		ck_assert_msg(!taken, "%s", text);
		is_json(j, "{\"there\":\"x\"}", text);
		return;
	}
	ck_assert_msg(taken, "%s", text);
	json_object_del(j, "there");
	is_json(j, fields[_i].want, text);
}
END_TEST

enum { WORDS = 6 };

static const struct { const char *argv[WORDS]; bool good; const char *pulled; const char *left[WORDS]; } pulls[] = {
	{ { "a", "--officer", "1", "b", "--officer", "2" }, true, "[\"1\",\"2\"]", { "a", "b" } },
	{ { "--officer=1", "--officer=2=3" }, true, "[\"1\",\"2=3\"]", { NULL } },
	{ { "--officer", "--officer" }, true, "[\"--officer\"]", { NULL } },
	{ { "a", "--officer" }, false, "[]", { "a" } },
	{ { "--officers", "1", "--office", "2" }, true, "[]", { "--officers", "1", "--office", "2" } },
	{ { NULL }, true, "[]", { NULL } },
};

START_TEST(what_is_given_again_and_again_is_taken_out)
{
	char room[WORDS][32], *argv[WORDS];
	json_t *list = json_array();
	int argc = 0, i;

	while (argc < WORDS && pulls[_i].argv[argc] != NULL) {
		snprintf(room[argc], sizeof(room[argc]), "%s", pulls[_i].argv[argc]);
		argv[argc] = room[argc];
		argc++;
	}
	ck_assert(entry_pull(&argc, argv, "--officer", list) == pulls[_i].good);
	is_json(list, pulls[_i].pulled, "pulled");
	for (i = 0; i < argc; i++) {
		ck_assert_ptr_nonnull(pulls[_i].left[i]);
		ck_assert_str_eq(argv[i], pulls[_i].left[i]);
	}
	ck_assert(argc == WORDS || pulls[_i].left[argc] == NULL);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, an_officer_is_a_number_a_certificate_and_whether_it_was_shown, 0,
			    COUNT(officers));
	tcase_add_loop_test(tc, a_field_has_a_name_and_a_text, 0, COUNT(fields));
	tcase_add_loop_test(tc, what_is_given_again_and_again_is_taken_out, 0, COUNT(pulls));
}

int main(void)
{
	return suite_main("entry", fill);
}
