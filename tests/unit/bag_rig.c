#include "unit/bag_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

const char *bag_rig_path(const struct bag_rig *rig, const char *path)
{
	static char full[8192];

	snprintf(full, sizeof(full), "%s/%s", rig->dir, path);
	return full;
}

void bag_rig_sh(const struct bag_rig *rig, const char *command)
{
	char line[4096];

	snprintf(line, sizeof(line), "cd '%s' && { %s\n}", rig->dir, command);
	ck_assert_msg(system(line) == 0, "%s", line);
}

static void write_file(const struct bag_rig *rig, const char *path, const char *mode,
		       const void *bytes, size_t len)
{
	char full[8192], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s", bag_rig_path(rig, path));
	for (slash = full + strlen(rig->dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	f = fopen(full, mode);
	ck_assert_msg(f != NULL, "%s", full);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

void bag_rig_put(const struct bag_rig *rig, const char *path, const void *bytes, size_t len)
{
	write_file(rig, path, "w", bytes, len);
}

void bag_rig_puts(const struct bag_rig *rig, const char *path, const char *text)
{
	bag_rig_put(rig, path, text, strlen(text));
}

void bag_rig_more(const struct bag_rig *rig, const char *path, const char *text)
{
	write_file(rig, path, "a", text, strlen(text));
}

void bag_rig_list(const struct bag_rig *rig)
{
	bag_rig_sh(rig, "rm -f tagmanifest-*.txt; for a in 256 512; do "
		   "find data -type f | sort | tr '\\n' '\\0' | xargs -0r sha${a}sum > manifest-sha$a.txt; done; "
		   "for a in 256 512; do sha${a}sum bag*.txt manifest-*.txt > t-$a; done; "
		   "for a in 256 512; do mv t-$a tagmanifest-sha$a.txt; done");
}

void bag_rig_up(struct bag_rig *rig, const char *version)
{
	char text[128];

	snprintf(rig->dir, sizeof(rig->dir), "/tmp/bag-rig-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(rig->dir));
	snprintf(text, sizeof(text), "BagIt-Version: %s\nTag-File-Character-Encoding: UTF-8\n",
		 version);
	bag_rig_puts(rig, "bagit.txt", text);
	bag_rig_puts(rig, "bag-info.txt", "Payload-Oxum: 11.2\n");
	bag_rig_puts(rig, "data/a", "hello\n");
	bag_rig_puts(rig, "data/b", "world");
	bag_rig_list(rig);
}

void bag_rig_down(struct bag_rig *rig)
{
	char line[256];

	snprintf(line, sizeof(line), "chmod -R u+rwX '%s'; rm -rf '%s'", rig->dir, rig->dir);
	ck_assert_int_eq(system(line), 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

const char *bag_rig_said(const struct bag_report *r, char *ret, size_t size)
{
	static char lines[BAG_PROBLEMS_MAX][512];
	size_t i, len = 0;

	for (i = 0; i < r->n_problems; i++)
		snprintf(lines[i], sizeof(lines[i]), "%s%s%.400s",
			 bag_fault_name(r->problems[i].fault),
			 r->problems[i].path[0] == '\0' ? "" : " ", r->problems[i].path);
	qsort(lines, r->n_problems, sizeof(lines[0]), by_text);
	ret[0] = '\0';
	for (i = 0; i < r->n_problems && len < size; i++)
		len += (size_t)snprintf(ret + len, size - len, "%s%s", i == 0 ? "" : "|", lines[i]);
	return ret;
}
