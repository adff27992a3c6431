/*
 * coverage-drive CONNINFO - judge the coverage of all actions that are due, as
 * alertd does it, and say how many there were.  For tests that have no alertd.
 */
#include <stdio.h>
#include <stdlib.h>

#include "alertd/coverage.h"

int main(int argc, char **argv)
{
	struct catalog_sync *c = NULL;
	struct err e = { 0, "" };
	size_t taken = 0, all = 0;
	int r;

	if (argc != 2) {
		fputs("usage: coverage-drive CONNINFO\n", stderr);
		return EXIT_FAILURE;
	}
	r = catalog_sync_open(argv[1], &c, &e);
	while (r == 0 && (r = coverage_round(c, &taken, &e)) == 0) {
		all += taken;
		if (taken < COVERAGE_AT_ONCE)
			break;
	}
	catalog_sync_close(c);
	if (r < 0) {
		fprintf(stderr, "coverage-drive: %s\n", e.msg);
		return EXIT_FAILURE;
	}
	printf("%zu\n", all);
	return EXIT_SUCCESS;
}
