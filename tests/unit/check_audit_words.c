#include "vaultctl/audit.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"

/* Each reason has a fact of its own, by which a finding is known, and words in both languages. */
START_TEST(each_why_has_a_fact_and_words)
{
	struct audit_words words[AUDIT_WHY_NO_LEAF + 1];
	struct audit_result r = { .code = AUDIT_ROW_CHANGED };
	int i, k;

	for (i = AUDIT_WHY_NONE; i <= AUDIT_WHY_NO_LEAF; i++) {
		r.why = (enum audit_why)i;
		text_language(LANG_ZH);
		audit_words(&r, &words[i]);
		ck_assert_uint_gt(strlen(words[i].why), 10);
		text_language(LANG_EN);
		audit_words(&r, &words[i]);
		for (k = AUDIT_WHY_NONE; k < i; k++) {
			ck_assert_str_ne(words[i].fact, words[k].fact);
			ck_assert_str_ne(words[i].why, words[k].why);
		}
	}
}
END_TEST

START_TEST(the_column_is_named)
{
	struct audit_result r = { .code = AUDIT_ROW_CHANGED, .why = AUDIT_WHY_COLUMN };
	struct audit_words words;

	memcpy(r.column, "officer", sizeof("officer"));
	text_language(LANG_EN);
	audit_words(&r, &words);
	ck_assert_str_eq(words.fact, "column officer");
	ck_assert_str_eq(words.why, "column officer is not what the log says");
	r.why = AUDIT_WHY_SALT;
	audit_words(&r, &words);
	ck_assert_str_eq(words.fact, "salt officer");
}
END_TEST

START_TEST(damage_is_told_from_not_being_able)
{
	ck_assert(audit_is_damage(-EBADMSG) && audit_is_damage(-ENOENT));
	ck_assert(!audit_is_damage(-EACCES) && !audit_is_damage(-EIO) && !audit_is_damage(-ENOMEM));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, each_why_has_a_fact_and_words);
	tcase_add_test(tc, the_column_is_named);
	tcase_add_test(tc, damage_is_told_from_not_being_able);
}

int main(void)
{
	return suite_main("audit words", fill);
}
