#include "report/disposal.h"

#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "report/report.h"
#include "sheet/sheet.h"

struct certificate {
	const json_t *j, *objects;
	const char *list_sha256;
};

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* One value as reports have them: moments by the wall clock of Shanghai. */
static const char *cell(const json_t *row, const char *key, enum report_kind kind, char ret[REPORT_CELL_MAX])
{
	static const struct report_style style = { .english = true };
	const struct report_column c = { key, "", "", kind, 0 };

	return report_cell(row, &c, &style, ret);
}

static void pair(struct sheet *s, const char *name, const char *value, bool digits)
{
	if (value[0] != '\0')
		sheet_pair(s, name, value, digits);
}

/* ------ what and who ------ */

static void draw_what(struct sheet *s, const struct certificate *c)
{
	char value[2 * REPORT_CELL_MAX + 8], first[REPORT_CELL_MAX], last[REPORT_CELL_MAX];
	const bool done = strcmp(string(c->j, "state"), "done") == 0;

	sheet_title(s, "证据资料销毁证明  Certificate of disposal");
	sheet_pair(s, "计划 plan", string(c->j, "plan"), true);
	sheet_pair(s, "状态 state", done ? "已全部执行 concluded" : "尚未执行完毕 NOT CONCLUDED", false);
	snprintf(value, sizeof(value), "%s%s%s", string(c->j, "day"), string(c->j, "unit")[0] != '\0' ? " · " : "",
		 string(c->j, "unit"));
	sheet_pair(s, "截止日 due by", value, false);
	snprintf(value, sizeof(value), "%lld（%lld 字节 bytes，%s GiB）", number(c->j, "objects"), number(c->j, "bytes"),
		 cell(c->j, "bytes", REPORT_GIB, first));
	sheet_pair(s, "列入 in the plan", value, false);
	snprintf(value, sizeof(value), "%lld（%lld 字节 bytes，%s GiB）", number(c->j, "gone"), number(c->j, "gone_bytes"),
		 cell(c->j, "gone_bytes", REPORT_GIB, first));
	sheet_pair(s, "已销毁 gone", value, false);
	if (number(c->j, "kept_blobs") > 0) {
		snprintf(value, sizeof(value), "%lld — 内容与他件相同或为附属清单 the same bytes are another's, or a sidecar's",
			 number(c->j, "kept_blobs"));
		sheet_pair(s, "内容保留 kept", value, false);
	}
	snprintf(value, sizeof(value), "%lld", number(c->j, "spared"));
	sheet_pair(s, "未销毁 spared", value, false);
	if (string(c->j, "first_at")[0] != '\0') {
		snprintf(value, sizeof(value), "%s – %s", cell(c->j, "first_at", REPORT_MOMENT, first),
			 cell(c->j, "last_at", REPORT_MOMENT, last));
		sheet_pair(s, "执行 done at", value, false);
	}
}

static void draw_person(struct sheet *s, const char *label, const char *login, const char *name, const char *at,
			const char *reason)
{
	char value[REPORT_CELL_MAX];

	snprintf(value, sizeof(value), "%s%s%s%s · %s · %s", name, name[0] != '\0' ? "（" : "", login,
		 name[0] != '\0' ? "）" : "", at, reason);
	sheet_pair(s, label, value, false);
}

static void draw_who(struct sheet *s, const struct certificate *c)
{
	const json_t *d;
	char at[REPORT_CELL_MAX];
	size_t i;

	sheet_heading(s, "制订与批准  Who wanted it, and who approved it");
	draw_person(s, "制订 made by", string(c->j, "by"), string(c->j, "maker"),
		    cell(c->j, "made_at", REPORT_MOMENT, at), string(c->j, "reason"));
	json_array_foreach(json_object_get(c->j, "decisions"), i, d)
		draw_person(s, json_is_true(json_object_get(d, "approved")) ? "批准 approved by" : "退回 rejected by",
			    string(d, "by"), string(d, "name"), cell(d, "entered_at", REPORT_MOMENT, at),
			    string(d, "reason"));
	pair(s, "恢复期至 until", cell(c->j, "recovery_ends_at", REPORT_MOMENT, at), false);
	sheet_heading(s, "封存的清单（SHA-256）  What was frozen (SHA-256)");
	pair(s, "对象 items", string(c->j, "digest"), true);
	pair(s, "文书 document", string(c->j, "sha256"), true);
	pair(s, "密钥 key", string(c->j, "key_id"), true);
	if (c->list_sha256 != NULL)
		pair(s, "全表 full list", c->list_sha256, true);
}

/* ------ by which rule ------ */

static void draw_rules(struct sheet *s, const struct certificate *c)
{
	static const struct sheet_column columns[] = {
		{ "规则 rule", 16, false }, { "对象 objects", 9, true }, { "GiB", 8, true }, { "期满 due", 16, false },
		{ "内容 text", 51, false },
	};
	const json_t *rules = json_object_get(c->j, "rules"), *r;
	char rule[160], objects[32], gib[REPORT_CELL_MAX], due[64], words[REPORT_CELL_MAX];
	size_t i;

	if (json_array_size(rules) == 0)
		return;
	sheet_heading(s, "依据的保存规则  By which rules");
	sheet_table(s, columns, COUNT(columns));
	json_array_foreach(rules, i, r) {
		snprintf(rule, sizeof(rule), "%s/%lld", string(r, "rule"), number(r, "version"));
		snprintf(objects, sizeof(objects), "%lld", number(r, "objects"));
		snprintf(due, sizeof(due), "%s – %s", string(r, "due_first"), string(r, "due_last"));
		snprintf(words, sizeof(words), "%s %s", string(r, "text_zh"), string(r, "text_en"));
		const char *const cells[] = { rule, objects, cell(r, "bytes", REPORT_GIB, gib), due, words };

		sheet_row(s, cells);
	}
	sheet_table_end(s);
}

static const char *why_words(const char *why)
{
	static const struct { const char *why, *words; } words[] = {
		{ "recalled", "撤回 recalled" }, { "held", "被保全 held" }, { "in_case", "案件未归档 its case is not archived" },
		{ "rule", "规则要求继续保存 a rule keeps it" }, { "review", "复核未通过 no review lets it go" },
		{ "not_there", "已不存在 was not there" }, { "disposed", "已销毁 disposed" }, { "spared", "未销毁 spared" },
		{ "begun", "进行中 begun" }, { "waits", "待执行 waits" },
	};
	size_t i;

	for (i = 0; i < COUNT(words); i++)
		if (strcmp(why, words[i].why) == 0)
			return words[i].words;
	return why;
}

static void draw_spared(struct sheet *s, const struct certificate *c)
{
	static const struct sheet_column columns[] = { { "原因 why", 80, false }, { "对象 objects", 20, true } };
	const json_t *list = json_object_get(c->j, "spared_by"), *x;
	char objects[32];
	size_t i;

	if (json_array_size(list) == 0)
		return;
	sheet_heading(s, "未销毁的对象  What was spared");
	sheet_table(s, columns, COUNT(columns));
	json_array_foreach(list, i, x) {
		snprintf(objects, sizeof(objects), "%lld", number(x, "objects"));
		const char *const cells[] = { why_words(string(x, "why")), objects };

		sheet_row(s, cells);
	}
	sheet_table_end(s);
}

/* ------ how to check it ------ */

static void draw_how(struct sheet *s, const struct certificate *c)
{
	char text[REPORT_CELL_MAX];

	sheet_heading(s, "如何核对  How to check this");
	snprintf(text, sizeof(text), "vaultctl retention show %s --objects", string(c->j, "plan"));
	sheet_pair(s, "计划 the plan", text, false);
	sheet_paragraph(s, "逐项重算对象摘要，验证签名，并与上列数值比较。The digest is made anew of all items, the signature"
			   " is verified, and both are held against the values above.");
	sheet_pair(s, "日志 the log", "vaultctl verify log --key log.vkey", false);
	sheet_paragraph(s, "每次制订、批准、开始与墓碑都是监管日志中的事件；日志须有两名批准人、十四日恢复期和已开始的记录，"
			   "缺少的内容才不算遗失。Making, approving, beginning and each tombstone are events of the custody"
			   " log; what is not there counts as missing unless the log has two approvals, fourteen days and the"
			   " beginning.");
	sheet_pair(s, "对象 one object", "vaultctl log prove segment:UUID", false);
	sheet_space(s, 1);
	sheet_keep(s, 4);
	sheet_pair(s, "经办人 by", "________________________      ____-__-__", false);
	sheet_space(s, 0.5);
	sheet_pair(s, "监督人 witness", "________________________      ____-__-__", false);
}

/* ------ objects ------ */

static void draw_objects(struct sheet *s, const struct certificate *c)
{
	static const struct sheet_column columns[] = {
		{ "No.", 4, true }, { "对象 segment", 40, false }, { "字节 bytes", 10, true }, { "规则 rule", 11, false },
		{ "结果 fate", 10, false }, { "时间 at", 13, false }, { "BLAKE2b-256", 12, false },
	};
	const json_t *o;
	char no[32], bytes[32], rule[160], fate[256], at[REPORT_CELL_MAX], blob[48], text[512];
	size_t i;

	if (json_array_size(c->objects) == 0)
		return;
	sheet_heading(s, "对象  Objects");
	sheet_table(s, columns, COUNT(columns));
	json_array_foreach(c->objects, i, o) {
		snprintf(no, sizeof(no), "%lld", number(o, "number"));
		snprintf(bytes, sizeof(bytes), "%lld", number(o, "size"));
		snprintf(rule, sizeof(rule), "%s/%lld", string(o, "rule"), number(o, "rule_version"));
		snprintf(fate, sizeof(fate), "%s", why_words(string(o, string(o, "why")[0] != '\0' ? "why" : "fate")));
		snprintf(blob, sizeof(blob), "%.10s…", string(o, "blob"));
		const char *const cells[] = { no, string(o, "segment"), bytes, rule, fate,
					      cell(o, "at", REPORT_MOMENT, at), blob };

		sheet_row(s, cells);
	}
	sheet_table_end(s);
	if (number(c->j, "objects") > (long long)json_array_size(c->objects)) {
		snprintf(text, sizeof(text), "另有 %lld 个对象未在此列出，全表见附件（--list）或 retention show --objects。"
			 "%lld more objects are not listed here: the full list has them (--list).",
			 number(c->j, "objects") - (long long)json_array_size(c->objects),
			 number(c->j, "objects") - (long long)json_array_size(c->objects));
		sheet_paragraph(s, text);
	}
}

static void draw(struct sheet *s, void *data)
{
	const struct certificate *c = data;

	draw_what(s, c);
	draw_who(s, c);
	draw_rules(s, c);
	draw_spared(s, c);
	draw_how(s, c);
	draw_objects(s, c);
}

int disposal_pdf(const json_t *certificate, const json_t *objects, const char *list_sha256, struct buf *to,
		 struct err *e)
{
	struct certificate c = { certificate, objects, list_sha256 };
	const char *at = string(certificate, "at");
	char title[128];
	struct sheet_style style = { .title = title, .footer = title };

	snprintf(title, sizeof(title), "销毁证明 Certificate of disposal %s", string(certificate, "plan"));
	if (utc_parse(at, strlen(at), &style.made_ms) < 0)
		style.made_ms = 0;
	return sheet_write(&style, draw, &c, to, e);
}
