#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "catalog/migrate.h"
#include "catalog/pg.h"
#include "catalog/statements.h"
#include "unit/suite.h"

static const struct { const char *state; int code; } states[] = {
	{ NULL,		-ENOTCONN },	/* the connection broke before an answer */
	{ "08006",	-ENOTCONN },
	{ "40001",	-ENOTCONN },
	{ "40P01",	-ENOTCONN },	/* deadlock: ask again */
	{ "53100",	-ENOTCONN },	/* disk full: later */
	{ "57014",	-ENOTCONN },
	{ "57P01",	-ENOTCONN },	/* administrator command */
	{ "25006",	-ENOTCONN },	/* a standby */
	{ "25001",	-EIO },
	{ "55P03",	-ENOTCONN },
	{ "55000",	-EIO },
	{ "P0002",	-ENOENT },
	{ "23505",	-EEXIST },
	{ "23514",	-EINVAL },
	{ "22P02",	-EINVAL },
	{ "42501",	-EACCES },
	{ "42P01",	-EIO },
	{ "XX000",	-EIO },
};

START_TEST(refusals_have_a_meaning)
{
	ck_assert_int_eq(pg_code(states[_i].state), states[_i].code);
}
END_TEST

static const struct { const char *name; int number; } names[] = {
	{ "001-base.sql",		1 },
	{ "999-a-b-2.sql",		999 },
	{ "010-rules.sql",		10 },
	{ "000-zero.sql",		-EINVAL },
	{ "1-base.sql",			-EINVAL },
	{ "0001-base.sql",		-EINVAL },
	{ "001_base.sql",		-EINVAL },
	{ "001-.sql",			-EINVAL },
	{ "001-Base.sql",		-EINVAL },
	{ "001-base.sql~",		-EINVAL },
	{ "001-base",			-EINVAL },
	{ "001-a/b.sql",		-EINVAL },
	{ "",				-EINVAL },
	{ "001-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sql",
					-EINVAL },
};

START_TEST(migrations_are_named_by_number)
{
	ck_assert_int_eq(migration_number(names[_i].name), names[_i].number);
}
END_TEST

/* The highest $n in a statement. */
static size_t params_of(const char *text)
{
	size_t n, highest = 0;

	for (; (text = strchr(text, '$')) != NULL; text++) {
		n = strtoul(text + 1, NULL, 10);
		highest = MAX(highest, n);
	}
	return highest;
}

START_TEST(statements_are_whole)
{
	const struct catalog_statement_text *t = &catalog_statements[_i];
	size_t i;

	ck_assert_ptr_nonnull(t->name);
	ck_assert_ptr_nonnull(t->text);
	ck_assert_uint_eq(params_of(t->text), t->n_params);
	for (i = 0; i < (size_t)_i; i++)
		ck_assert_str_ne(catalog_statements[i].name, t->name);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, refusals_have_a_meaning, 0, (int)COUNT(states));
	tcase_add_loop_test(tc, migrations_are_named_by_number, 0, (int)COUNT(names));
	tcase_add_loop_test(tc, statements_are_whole, 0, STATEMENTS);
}

int main(void)
{
	return suite_main("catalog_pg", fill);
}
