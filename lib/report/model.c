/* The tables of reports: which columns, in which words. */
#include <string.h>

#include "base/util.h"
#include "report/report.h"

#define UNIT(part)	{ "unit", "单位", "unit", REPORT_TEXT, part }
/* What every line of counters has; on paper these. */
#define COUNTERS \
	{ "sessions", "接入次数", "dockings", REPORT_COUNT, 0 }, \
	{ "recordings", "录像", "recordings", REPORT_COUNT, 8 }, \
	{ "segments", "分段", "segments", REPORT_COUNT, 8 }, \
	{ "duration_ms", "时长（h）", "hours", REPORT_HOURS, 10 }, \
	{ "bytes", "容量（GiB）", "GiB", REPORT_GIB, 0 }, \
	{ "in_time", "按时入库", "stored in time", REPORT_COUNT, 0 }, \
	{ "late", "逾期入库", "stored late", REPORT_COUNT, 8 }, \
	{ "signed_by_recorder", "记录仪签名", "signed", REPORT_COUNT, 0 }, \
	{ "sealed_at_dock", "采集站封存", "sealed", REPORT_COUNT, 0 }, \
	{ "imported", "导入", "imported", REPORT_COUNT, 0 }, \
	{ "gaps", "缺段", "gaps", REPORT_COUNT, 8 }, \
	{ "violations", "违规", "violations", REPORT_COUNT, 8 }, \
	{ "warnings", "警告", "warnings", REPORT_COUNT, 8 }, \
	{ "notices", "提示", "notices", REPORT_COUNT, 0 }, \
	{ "infos", "信息", "infos", REPORT_COUNT, 0 }
#define ANSWERS(part) \
	{ "asked", "应整改", "to answer", REPORT_COUNT, part }, \
	{ "closed", "已销号", "closed", REPORT_COUNT, part }, \
	{ "reopened", "退回", "reopened", REPORT_COUNT, part }, \
	{ "overdue", "新增逾期", "became overdue", REPORT_COUNT, 0 }, \
	{ "excused", "技术原因", "excused", REPORT_COUNT, 0 }, \
	{ "open", "月末未结", "open", REPORT_COUNT, 8 }, \
	{ "open_overdue", "月末逾期", "overdue", REPORT_COUNT, 9 }, \
	{ "answer_mean_ms", "平均天数", "mean days", REPORT_DAYS, part }, \
	{ "answer_max_ms", "最长天数", "longest days", REPORT_DAYS, 0 }

static const struct report_column summary_columns[] = {
	{ "name", "项目", "measure", REPORT_SENTENCE, 30 },
	{ "now", "本月", "this month", REPORT_OF_ROW, 14 },
	{ "before", "上月", "last month", REPORT_OF_ROW, 14 },
	{ "by", "增减", "change", REPORT_CHANGE, 14 },
	{ "permille", "增减（%）", "change (%)", REPORT_PERMILLE, 14 },
};
static const struct report_column unit_columns[] = {
	UNIT(12),
	{ "unit_name", "名称", "name", REPORT_TEXT, 16 },
	{ "enrolled", "在用记录仪", "recorders", REPORT_COUNT, 8 },
	{ "docked", "接入过的", "docked", REPORT_COUNT, 0 },
	COUNTERS,
	ANSWERS(0),
};
static const struct report_column officer_columns[] = {
	{ "officer", "执法证号", "officer", REPORT_TEXT, 14 },
	{ "officer_name", "姓名", "name", REPORT_TEXT, 14 },
	{ "enrolled", "在用记录仪", "recorders", REPORT_COUNT, 0 },
	COUNTERS,
	ANSWERS(0),
};
static const struct report_column recorder_columns[] = {
	{ "recorder", "记录仪", "recorder", REPORT_TEXT, 16 },
	UNIT(12),
	{ "enrolled", "在用", "enrolled", REPORT_COUNT, 0 },
	COUNTERS,
	ANSWERS(0),
};
static const struct report_column article_columns[] = {
	{ "article", "条款", "article", REPORT_ARTICLE, 11 },
	{ "severity", "等级", "severity", REPORT_WORD, 12 },
	{ "code", "代码", "code", REPORT_TEXT, 0 },
	{ "text", "问题", "what", REPORT_SENTENCE, 34 },
	{ "raised", "发现", "found", REPORT_COUNT, 10 },
	ANSWERS(10),
};
static const struct report_column coverage_columns[] = {
	UNIT(20),
	{ "wanted", "应录环节", "to be recorded", REPORT_COUNT, 10 },
	{ "covered", "全程录制", "recorded", REPORT_COUNT, 10 },
	{ "short", "不完整", "in part", REPORT_COUNT, 10 },
	{ "missing", "未录制", "not recorded", REPORT_COUNT, 10 },
	{ "unsuitable", "不宜录制", "unsuitable", REPORT_COUNT, 10 },
	{ "wanted_ms", "应录（小时）", "hours wanted", REPORT_HOURS, 12 },
	{ "covered_ms", "已录（小时）", "hours recorded", REPORT_HOURS, 12 },
	{ "advised", "建议录制", "advised", REPORT_COUNT, 0 },
	{ "advised_covered", "建议且已录", "advised and recorded", REPORT_COUNT, 0 },
};
static const struct report_column finding_columns[] = {
	{ "severity", "等级", "severity", REPORT_WORD, 12 },
	{ "article", "条款", "article", REPORT_ARTICLE, 9 },
	{ "code", "代码", "code", REPORT_TEXT, 0 },
	{ "text", "问题", "what", REPORT_SENTENCE, 34 },
	{ "unit", "单位", "unit", REPORT_TEXT, 10 },
	{ "recorder", "记录仪", "recorder", REPORT_TEXT, 0 },
	{ "officer", "执法证号", "officer", REPORT_TEXT, 0 },
	{ "case", "案号", "case", REPORT_TEXT, 0 },
	{ "subject", "对象", "subject", REPORT_TEXT, 22 },
	{ "at", "时间", "at", REPORT_MOMENT, 14 },
	{ "raised_at", "发现时间", "found at", REPORT_MOMENT, 0 },
	{ "answer", "整改", "answer", REPORT_WORD, 12 },
	{ "next_step", "下一步", "next step", REPORT_SENTENCE, 0 },
	{ "id", "编号", "id", REPORT_TEXT, 0 },
};
static const struct report_column day_columns[] = {
	{ "day", "日期", "day", REPORT_TEXT, 16 },
	{ "recordings", "录像", "recordings", REPORT_COUNT, 10 },
	{ "segments", "分段", "segments", REPORT_COUNT, 10 },
	{ "duration_ms", "时长（小时）", "hours", REPORT_HOURS, 10 },
	{ "bytes", "容量（GiB）", "GiB", REPORT_GIB, 10 },
	{ "findings", "问题", "findings", REPORT_COUNT, 10 },
};
static const struct report_table month_tables[] = {
	{ "summary", "汇总", "Summary", summary_columns, COUNT(summary_columns) },
	{ "units", "各单位", "Units", unit_columns, COUNT(unit_columns) },
	{ "officers", "各执法人员", "Officers", officer_columns, COUNT(officer_columns) },
	{ "recorders", "各记录仪", "Recorders", recorder_columns, COUNT(recorder_columns) },
	{ "articles", "各条款", "Articles", article_columns, COUNT(article_columns) },
	{ "findings", "问题清单", "Findings", finding_columns, COUNT(finding_columns) },
	{ "coverage_units", "应录环节", "Coverage", coverage_columns, COUNT(coverage_columns) },
	{ "days", "逐日", "Days", day_columns, COUNT(day_columns) },
};

static const struct report_column total_columns[] = {
	{ "name", "项目", "measure", REPORT_SENTENCE, 30 },
	{ "now", "数量", "number", REPORT_OF_ROW, 14 },
};
static const struct report_column integrity_recorders[] = {
	{ "recorder", "记录仪", "recorder", REPORT_TEXT, 16 },
	UNIT(12),
	{ "officer", "执法证号", "officer", REPORT_TEXT, 12 },
	{ "sessions", "接入次数", "dockings", REPORT_COUNT, 0 },
	{ "recordings", "录像", "recordings", REPORT_COUNT, 8 },
	{ "segments", "分段", "segments", REPORT_COUNT, 8 },
	{ "signed_by_recorder", "记录仪签名", "signed", REPORT_COUNT, 0 },
	{ "sealed_at_dock", "采集站封存", "sealed", REPORT_COUNT, 0 },
	{ "imported", "导入", "imported", REPORT_COUNT, 8 },
	{ "duration_ms", "时长（小时）", "hours", REPORT_HOURS, 9 },
	{ "bytes", "容量（GiB）", "GiB", REPORT_GIB, 9 },
	{ "violations", "违规", "violations", REPORT_COUNT, 8 },
	{ "warnings", "警告", "warnings", REPORT_COUNT, 8 },
	{ "notices", "提示", "notices", REPORT_COUNT, 8 },
	{ "infos", "信息", "infos", REPORT_COUNT, 0 },
};
static const struct report_column integrity_findings[] = {
	{ "severity", "等级", "severity", REPORT_WORD, 12 },
	{ "article", "条款", "article", REPORT_ARTICLE, 9 },
	{ "code", "代码", "code", REPORT_TEXT, 0 },
	{ "text", "问题", "what", REPORT_SENTENCE, 34 },
	{ "unit", "单位", "unit", REPORT_TEXT, 10 },
	{ "recorder", "记录仪", "recorder", REPORT_TEXT, 14 },
	{ "subject", "对象", "subject", REPORT_TEXT, 22 },
	{ "at", "时间", "at", REPORT_MOMENT, 14 },
	{ "raised_at", "发现时间", "found at", REPORT_MOMENT, 0 },
	{ "next_step", "下一步", "next step", REPORT_SENTENCE, 0 },
	{ "id", "编号", "id", REPORT_TEXT, 0 },
};
static const struct report_table integrity_tables[] = {
	{ "summary", "汇总", "Summary", total_columns, COUNT(total_columns) },
	{ "recorders", "各记录仪", "Recorders", integrity_recorders, COUNT(integrity_recorders) },
	{ "findings", "问题清单", "Findings", integrity_findings, COUNT(integrity_findings) },
};

static const struct report_column store_columns[] = {
	{ "store", "存储", "store", REPORT_TEXT, 14 },
	{ "holds", "应存", "holds", REPORT_WORD, 0 },
	{ "reread", "校验周期", "read within", REPORT_TEXT, 0 },
	{ "copies", "副本", "copies", REPORT_COUNT, 9 },
	{ "bytes", "容量（GiB）", "GiB", REPORT_GIB, 9 },
	{ "present", "在", "present", REPORT_COUNT, 0 },
	{ "wanted", "应存未存", "owed", REPORT_COUNT, 8 },
	{ "missing", "缺失", "missing", REPORT_COUNT, 8 },
	{ "damaged", "损坏", "damaged", REPORT_COUNT, 8 },
	{ "unreadable", "无法读取", "unreadable", REPORT_COUNT, 9 },
	{ "removed", "已处置", "removed", REPORT_COUNT, 0 },
	{ "never_read", "从未校验", "never read", REPORT_COUNT, 9 },
	{ "overdue", "逾期", "overdue", REPORT_COUNT, 8 },
	{ "read_30d", "30 天内校验", "read in 30 days", REPORT_COUNT, 0 },
	{ "read_share", "30 天内校验率", "share of 30 days", REPORT_TEXT, 10 },
	{ "oldest_read", "最早一次校验", "oldest read", REPORT_MOMENT, 14 },
	{ "digests", "有其他摘要的", "with other digests", REPORT_COUNT, 0 },
	{ "runs", "校验次数", "runs", REPORT_COUNT, 0 },
	{ "last_run", "最近一次校验", "last run", REPORT_MOMENT, 14 },
	{ "last_walk", "最近一次清点", "last walk", REPORT_MOMENT, 0 },
	{ "scrubbing", "正在校验", "scrubbing", REPORT_TEXT, 0 },
};
static const struct report_column run_columns[] = {
	{ "store", "存储", "store", REPORT_TEXT, 12 },
	{ "started_at", "开始", "begun", REPORT_MOMENT, 14 },
	{ "ended_at", "结束", "ended", REPORT_MOMENT, 0 },
	{ "scope", "范围", "scope", REPORT_WORD, 0 },
	{ "outcome", "结果", "outcome", REPORT_WORD, 10 },
	{ "checked", "校验", "checked", REPORT_COUNT, 9 },
	{ "bytes", "容量（GiB）", "GiB", REPORT_GIB, 9 },
	{ "whole", "完好", "whole", REPORT_COUNT, 9 },
	{ "damaged", "损坏", "damaged", REPORT_COUNT, 8 },
	{ "missing", "缺失", "missing", REPORT_COUNT, 8 },
	{ "unreadable", "无法读取", "unreadable", REPORT_COUNT, 8 },
	{ "repaired", "已修复", "repaired", REPORT_COUNT, 8 },
	{ "made", "新存", "made", REPORT_COUNT, 8 },
	{ "extra", "未登记", "not recorded", REPORT_COUNT, 8 },
	{ "by", "经办", "by", REPORT_TEXT, 0 },
	{ "run", "编号", "run", REPORT_TEXT, 0 },
};
static const struct report_table fixity_tables[] = {
	{ "stores", "各存储", "Stores", store_columns, COUNT(store_columns) },
	{ "runs", "校验记录", "Runs", run_columns, COUNT(run_columns) },
};

/* Lines of a summary: of the totals, or of coverage. */
static const struct measure {
	const char *of, *key, *zh, *en;
	enum report_kind kind;
} measures[] = {
	{ "totals", "enrolled", "月末在用记录仪", "recorders enrolled at the end", REPORT_COUNT },
	{ "totals", "recorders", "记录仪", "recorders", REPORT_COUNT },
	{ "totals", "docked", "月末在用且本月接入过", "of these docked this month", REPORT_COUNT },
	{ "totals", "sessions", "接入次数", "dockings", REPORT_COUNT },
	{ "totals", "recordings", "录像", "recordings", REPORT_COUNT },
	{ "totals", "segments", "分段文件", "segments", REPORT_COUNT },
	{ "totals", "duration_ms", "时长（小时）", "hours", REPORT_HOURS },
	{ "totals", "bytes", "容量（GiB）", "GiB", REPORT_GIB },
	{ "totals", "in_time", "24 小时内入库的分段（第32条）", "segments stored within 24 h (Art. 32)", REPORT_COUNT },
	{ "totals", "late", "逾期入库的分段（第32条）", "segments stored late (Art. 32)", REPORT_COUNT },
	{ "totals", "signed_by_recorder", "记录仪签名的分段", "segments signed by the recorder", REPORT_COUNT },
	{ "totals", "sealed_at_dock", "采集站封存的分段", "segments sealed at the dock", REPORT_COUNT },
	{ "totals", "imported", "导入的分段", "segments imported", REPORT_COUNT },
	{ "totals", "violations", "发现的违规", "violations found", REPORT_COUNT },
	{ "totals", "warnings", "发现的警告", "warnings found", REPORT_COUNT },
	{ "totals", "notices", "提示", "notices", REPORT_COUNT },
	{ "totals", "infos", "信息", "infos", REPORT_COUNT },
	{ "totals", "gaps", "缺段（第12条）", "gaps (Art. 12)", REPORT_COUNT },
	{ "coverage", "wanted", "应当音像记录的环节", "acts that were to be recorded", REPORT_COUNT },
	{ "coverage", "covered", "全程录制的应录环节", "of these recorded throughout", REPORT_COUNT },
	{ "coverage", "short", "录制不完整的应录环节", "acts recorded in part", REPORT_COUNT },
	{ "coverage", "missing", "未录制的应录环节", "acts not recorded", REPORT_COUNT },
	{ "coverage", "unsuitable", "不宜录制（有理由）的应录环节", "acts unsuitable, with a reason", REPORT_COUNT },
	{ "totals", "asked", "应整改（第38条）", "to be answered (Art. 38)", REPORT_COUNT },
	{ "totals", "closed", "已销号", "closed", REPORT_COUNT },
	{ "totals", "excused", "已销号，因技术原因", "closed, excused", REPORT_COUNT },
	{ "totals", "reopened", "复核退回", "reopened", REPORT_COUNT },
	{ "totals", "overdue", "新增逾期", "became overdue", REPORT_COUNT },
	{ "totals", "open", "月末未结", "open at the end", REPORT_COUNT },
	{ "totals", "open_overdue", "月末未结且逾期", "open and overdue at the end", REPORT_COUNT },
	{ "totals", "answer_mean_ms", "平均整改用时（天）", "days to close, mean", REPORT_DAYS },
	{ "totals", "answer_max_ms", "最长整改用时（天）", "days to close, longest", REPORT_DAYS },
};

static bool is_kind(const json_t *report, const char *name)
{
	const char *kind = json_string_value(json_object_get(report, "kind"));

	return kind != NULL && strcmp(kind, name) == 0;
}

const struct report_table *report_tables(const json_t *report, size_t *ret_n)
{
	if (is_kind(report, "fixity")) {
		*ret_n = COUNT(fixity_tables);
		return fixity_tables;
	}
	*ret_n = is_kind(report, "month") ? COUNT(month_tables) : COUNT(integrity_tables);
	return is_kind(report, "month") ? month_tables : integrity_tables;
}

const struct report_table *report_table(const json_t *report, const char *key)
{
	const struct report_table *t;
	size_t i, n;

	t = report_tables(report, &n);
	for (i = 0; i < n; i++)
		if (strcmp(t[i].key, key) == 0)
			return &t[i];
	return NULL;
}

/* ------ the summary's rows ------ */

static json_t *measure_row(const json_t *report, const struct measure *m)
{
	const bool totals = strcmp(m->of, "totals") == 0;
	json_t *now = json_object_get(json_object_get(report, m->of), m->key);
	json_t *before = json_object_get(json_object_get(report, totals ? "before" : "coverage_before"), m->key);
	json_int_t by = json_integer_value(now) - json_integer_value(before);
	json_t *row;

	if (now == NULL)
		return NULL;
	row = json_pack("{s:s, s:s, s:s, s:i, s:O}", "measure", m->key, "name_zh", m->zh, "name_en", m->en,
			"kind", (int)m->kind, "now", now);
	if (row == NULL || before == NULL)
		return row;
	json_object_set(row, "before", before);
	json_object_set_new(row, "by", json_integer(by));
	if (json_integer_value(before) > 0)
		json_object_set_new(row, "permille", json_integer((json_int_t)(
			(double)by * 1000 / (double)json_integer_value(before) + (by < 0 ? -0.5 : 0.5))));
	return row;
}

json_t *report_rows(const json_t *report, const struct report_table *t)
{
	json_t *rows, *row;
	size_t i;

	if (strcmp(t->key, "summary") != 0) {
		rows = json_object_get(report, t->key);
		return json_is_array(rows) ? json_incref(rows) : json_array();
	}
	rows = json_array();
	for (i = 0; i < COUNT(measures); i++) {
		row = measure_row(report, &measures[i]);
		if (row != NULL)
			json_array_append_new(rows, row);
	}
	return rows;
}
