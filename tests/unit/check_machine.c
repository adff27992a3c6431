/* Is a disk encrypted: a sysfs of our own, with devices upon devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/machine.h"

static char sys[64];

static void write_line(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* A device of a number; uuid NULL: none of dm's; slaves: parted by spaces, NULL: no such folder. */
static void device(const char *name, unsigned number, const char *uuid, const char *slaves)
{
	char path[160], to[160], list[64], *one, *rest = NULL;

	snprintf(path, sizeof(path), "%s/block/%s", sys, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(to, sizeof(to), "%s/dev/block/8:%u", sys, number);
	ck_assert_int_eq(symlink(path, to), 0);
	if (uuid != NULL) {
		snprintf(path, sizeof(path), "%s/block/%s/dm", sys, name);
		ck_assert_int_eq(mkdir(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/block/%s/dm/uuid", sys, name);
		write_line(path, uuid);
	}
	if (slaves == NULL)
		return;
	snprintf(path, sizeof(path), "%s/block/%s/slaves", sys, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(list, sizeof(list), "%s", slaves);
	for (one = strtok_r(list, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest)) {
		snprintf(to, sizeof(to), "%s/block/%s", sys, one);
		snprintf(path, sizeof(path), "%s/block/%s/slaves/%s", sys, name, one);
		ck_assert_int_eq(symlink(to, path), 0);
	}
}

static void setup(void)
{
	char path[160];

	snprintf(sys, sizeof(sys), "/tmp/check-machine.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(sys));
	snprintf(path, sizeof(path), "%s/block", sys);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/dev", sys);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/dev/block", sys);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	device("sda1", 1, NULL, NULL);
	device("sdb1", 2, NULL, "");
	device("dm-0", 3, "CRYPT-LUKS2-0123456789-vault\n", "sda1");
	device("dm-1", 4, "CRYPT-PLAIN-x", "sdb1");
	device("dm-2", 5, "LVM-0123\n", "dm-0");
	device("dm-3", 6, "LVM-0124\n", "sdb1");
	device("md0", 7, NULL, "dm-0 dm-1");
	device("md1", 8, NULL, "dm-0 sdb1");
	device("md2", 9, NULL, "sdb1 dm-0");
	device("dm-4", 10, "", "md0");
	device("loop", 11, NULL, "loop");
	device("dm-5", 12, "NOTCRYPT-LUKS2-", "sda1");
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", sys);
	ck_assert_int_eq(system(command), 0);
}

static const struct { unsigned number; enum machine_answer want; } disks[] = {
	{ 1, MACHINE_NO }, { 2, MACHINE_NO }, { 3, MACHINE_YES }, { 4, MACHINE_YES },
	{ 5, MACHINE_YES }, { 6, MACHINE_NO }, { 7, MACHINE_YES }, { 8, MACHINE_NO },
	{ 9, MACHINE_NO }, { 10, MACHINE_YES }, { 11, MACHINE_UNKNOWN },
	{ 12, MACHINE_NO }, { 99, MACHINE_UNKNOWN },
};

START_TEST(a_disk_is_encrypted_or_not)
{
	setup();
	ck_assert_int_eq(machine_encrypted(sys, makedev(8, disks[_i].number)), disks[_i].want);
	teardown();
}
END_TEST

START_TEST(what_is_no_disk_is_unknown)
{
	char deep[600];

	ck_assert_int_eq(machine_encrypted("/sys", 0), MACHINE_UNKNOWN);
	memset(deep, 'x', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	ck_assert_int_eq(machine_encrypted(deep, makedev(8, 1)), MACHINE_UNKNOWN);
	ck_assert_uint_eq(machine_device("/proc"), 0);		/* on no disk */
	ck_assert_uint_eq(machine_device("/nowhere"), 0);
	ck_assert_int_eq(machine_read_only("/nowhere"), MACHINE_UNKNOWN);
	ck_assert_int_eq(machine_read_only("/tmp"), MACHINE_NO);
	ck_assert_int_eq(machine_lets_in("host=/nowhere", "no-such-user", "dv_admin"),
			 MACHINE_UNKNOWN);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_disk_is_encrypted_or_not, 0, COUNT(disks));
	tcase_add_test(tc, what_is_no_disk_is_unknown);
}

int main(void)
{
	return suite_main("machine", fill);
}
