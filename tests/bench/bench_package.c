/*
 * bench_package PATH OBJECTS BYTES - write an evidence package into a folder that is not there: so
 * many objects of so many bytes.  Its blobs lie below /tmp meanwhile.
 */
#include <stdio.h>

#include "unit/package_rig.h"
#include "unit/suite.h"

static const char *path;
static size_t objects, bytes;

START_TEST(writes_a_package)
{
	static struct package_rig g;
	struct package_output o = { .form = PACKAGE_FOLDER, .path = path };
	struct err e = { 0 };

	package_rig_new(&g, objects, bytes, true);
	ck_assert_msg(package_write(&g.p, &o, &e) == 0, "%s", e.msg);
	package_rig_free(&g);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, writes_a_package);
	tcase_set_timeout(tc, 600);
}

int main(int argc, char **argv)
{
	if (argc != 4 || sscanf(argv[2], "%zu", &objects) != 1 ||
	    sscanf(argv[3], "%zu", &bytes) != 1 || objects == 0 || bytes < 64) {
		fprintf(stderr, "usage: bench_package PATH OBJECTS BYTES\n");
		return 2;
	}
	path = argv[1];
	return suite_main("bench_package", fill);
}
