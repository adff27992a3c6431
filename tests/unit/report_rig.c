#include "unit/report_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

static const char *const counters[] = { "enrolled", "docked", "sessions", "recordings", "segments",
	"signed_by_recorder", "sealed_at_dock", "imported", "in_time", "late", "duration_ms", "bytes",
	"violations", "warnings", "notices", "infos", "gaps", "asked", "closed", "reopened", "overdue", "excused",
	"answer_mean_ms", "answer_max_ms", "open", "open_overdue" };

static json_t *line(json_int_t seed)
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < COUNT(counters); i++)
		json_object_set_new(o, counters[i], json_integer(strstr(counters[i], "ms") != NULL ? seed * 3600000 :
					strcmp(counters[i], "bytes") == 0 ? seed << 30 : seed + (json_int_t)i));
	return o;
}

static json_t *units(size_t n)
{
	json_t *list = json_array(), *o;
	char name[32];
	size_t i;

	for (i = 0; i < n; i++) {
		o = line((json_int_t)i);
		snprintf(name, sizeof(name), "U%03zu", i);
		json_object_set_new(o, "unit", json_string(name));
		/* A unit whose name somebody chose for whoever opens the report. */
		json_object_set_new(o, "unit_name", json_string(i == 0 ? "=HYPERLINK(\"http://x\",\"清河\")" : "清河一所"));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *recorders(size_t n)
{
	json_t *list = json_array(), *o, *days;
	char name[32], day[4];
	size_t i, d;

	for (i = 0; i < n; i++) {
		o = line((json_int_t)(i % 50));
		snprintf(name, sizeof(name), "REC-%06zu", i);
		json_object_set_new(o, "recorder", json_string(name));
		json_object_set_new(o, "unit", json_string("U001"));
		days = json_object();
		for (d = 1; d <= 30; d++) {
			snprintf(day, sizeof(day), "%02zu", d);
			if ((i + d) % 7 > 1)
				json_object_set_new(days, day, json_integer((json_int_t)((i + d) % 10) * 3600000));
		}
		json_object_set_new(o, "days", i % 10 == 9 ? json_null() : json_incref(days));
		json_decref(days);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *articles(void)
{
	return json_pack("[{s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:i, s:i},"
			 " {s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:n, s:i, s:i}]",
			 "article", 12, "code", "gap", "severity", "violation", "text_zh", "录像有缺段。", "text_en",
			 "Parts of a recording are missing.", "raised", 40, "asked", 40, "closed", 30, "reopened", 2,
			 "overdue", 3, "excused", 1, "answer_mean_ms", (json_int_t)172800000, "open", 10,
			 "open_overdue", 3, "article", 32, "code", "late_upload", "severity", "warning", "text_zh",
			 "逾期入库。", "text_en", "Stored late.", "raised", 7, "asked", 7, "closed", 0, "reopened", 0,
			 "overdue", 0, "excused", 0, "answer_mean_ms", "open", 7, "open_overdue", 0);
}

static json_t *findings(size_t n)
{
	static const char *const subjects[] = { "@SUM(1)", "-2+3", "\tx", "张三/1.mp4" };
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s, s:s, s:n, s:s, s:s, s:s, s:s, s:s, s:s}",
			"severity", i % 3 == 0 ? "violation" : "warning", "article", 12, "code", "gap", "text_zh",
			"录像有缺段。", "text_en", "Parts of a recording are missing.", "unit", "recorder", "REC-000001",
			"subject", subjects[i % COUNT(subjects)], "at", "2026-11-03T02:00:00.000Z", "raised_at",
			"2026-11-03T03:00:00.000Z", "answer", "opened", "id", "5f0c"));
	return list;
}

static json_t *days(void)
{
	json_t *list = json_array();
	char day[20];
	int i;

	for (i = 1; i <= 30; i++) {
		snprintf(day, sizeof(day), "2026-11-%02d", i);
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "day", day, "recordings", i * 7 % 40,
			"segments", i, "duration_ms", i * 3600000 % 100000000, "bytes", i, "findings", i % 5));
	}
	return list;
}

json_t *report_rig_month(size_t n_units, size_t n_recorders, size_t n_findings)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:n, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i}", "kind", "month",
		"month", "2026-11", "from", "2026-11-01", "to", "2026-11-30", "unit", "made_at",
		"2026-12-01T01:02:03.000Z", "totals", line(1000), "before", line(900), "units", units(n_units),
		"officers", json_array(), "recorders", recorders(n_recorders), "articles", articles(), "findings",
		findings(n_findings), "days", days(), "findings_omitted", 5);

	json_object_set_new(o, "coverage", json_pack("{s:i, s:i, s:i, s:i, s:i}", "wanted", 20, "covered", 15, "short", 2,
						     "missing", 1, "unsuitable", 2));
	json_object_set_new(o, "coverage_before", json_pack("{s:i, s:i, s:i, s:i, s:i}", "wanted", 0, "covered", 0,
							    "short", 0, "missing", 0, "unsuitable", 0));
	json_object_set_new(o, "coverage_units", json_pack("[{s:s, s:i, s:i, s:i, s:i, s:i, s:I, s:I}]", "unit", "U001",
		"wanted", 20, "covered", 15, "short", 2, "missing", 1, "unsuitable", 2, "wanted_ms", (json_int_t)72000000,
		"covered_ms", (json_int_t)60000000));
	return o;
}

json_t *report_rig_integrity(void)
{
	return json_pack("{s:s, s:s, s:n, s:s, s:o, s:o, s:o, s:i}", "from", "2026-11-01", "to", "2026-11-02", "unit",
			 "made_at", "2026-12-01T01:02:03.000Z", "totals", line(3), "recorders", recorders(3), "findings",
			 findings(4), "findings_omitted", 0);
}

static const char *same(const char *value)
{
	return value;
}

struct report_style report_rig_style(bool english)
{
	return (struct report_style){ .english = english, .word = same };
}

void report_rig_run(const struct buf *b, const char *command, struct buf *ret)
{
	char name[] = "/tmp/report.XXXXXX", whole[512];
	const char *at = strchr(command, '@');
	int fd = mkstemp(name);
	size_t n;
	FILE *f;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, b->p, b->len), (ssize_t)b->len);
	close(fd);
	snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(at - command), command, name, at + 1);
	f = popen(whole, "r");
	ck_assert_ptr_nonnull(f);
	do {
		uint8_t *room = buf_room(ret, 4096);

		ck_assert_ptr_nonnull(room);
		n = fread(room, 1, 4096, f);
		buf_grew(ret, n);
	} while (n > 0);
	ck_assert_int_eq(pclose(f), 0);
	unlink(name);
}
