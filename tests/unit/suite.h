/*
 * The main() of every unit test: one suite, filled by the caller.
 *
 * fill_alone, if any, adds tests that need a process of their own: they end in BUG(), or make
 * system calls fail.  `make check-valgrind` leaves them out: valgrind would go down with them.
 */
#ifndef UNIT_SUITE_H
#define UNIT_SUITE_H

#include <check.h>
#include <sodium.h>
#include <stdlib.h>

static inline TCase *suite_add_case(Suite *s, const char *name, void (*fill)(TCase *tc))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	fill(tc);
	suite_add_tcase(s, tc);
	return tc;
}

static inline int suite_main_with(const char *name, void (*fill)(TCase *tc),
				  void (*fill_alone)(TCase *tc))
{
	Suite *s = suite_create(name);
	SRunner *r;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	suite_add_case(s, name, fill);
	if (fill_alone != NULL)
		tcase_set_tags(suite_add_case(s, "alone", fill_alone), "alone");
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int suite_main(const char *name, void (*fill)(TCase *tc))
{
	return suite_main_with(name, fill, NULL);
}

#endif
