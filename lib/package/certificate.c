#include "package/certificate.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "package/certificate_words.h"
#include "sheet/sheet.h"

enum { VALUE_SIZE = 2048 };
/* What an object takes, without its findings. */
enum { SEGMENT_LINES = 20, BLOB_LINES = 10 };

/* ------ values ------ */

static const char *fact(const struct package_object *o, const char *key)
{
	return json_string_value(json_object_get(o->facts, key));
}

static int64_t number_fact(const struct package_object *o, const char *key, int64_t none)
{
	const json_t *j = json_object_get(o->facts, key);

	return json_is_integer(j) ? json_integer_value(j) : none;
}

/* "2026-11-23 20:42:58", Shanghai; "不详". */
static const char *moment(const char *utc, char ret[32])
{
	int64_t ms;

	if (utc == NULL || utc_parse(utc, strlen(utc), &ms) < 0)
		snprintf(ret, 32, "不详");
	else
		utc_format_shanghai(ms, ret);
	return ret;
}

static const char *moment_ms(int64_t ms, char ret[32])
{
	utc_format_shanghai(ms, ret);
	return ret;
}

static const char *file_name(const struct package_object *o)
{
	return o->media + strlen("data/media/");
}

static void pair_hex(struct sheet *s, const char *name, const uint8_t *p, size_t len)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(256);

	package_hex(&b, p, len);
	sheet_pair(s, name, buf_str(&b), true);
}

/* ------ the head ------ */

static void draw_head(struct sheet *s, const struct package *p)
{
	struct minisign_public_key key;
	char value[VALUE_SIZE], size[64], when[32], id[17];
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < p->n_objects; i++)
		bytes += p->objects[i].size;
	sheet_title(s, "电子证据完整性证明");
	sheet_pair(s, "证据包编号", p->id, true);
	sheet_pair(s, "采集站", p->station, false);
	sheet_pair(s, "出具时间", moment_ms(p->made_ms, when), false);
	sheet_pair(s, "经办人", p->by != NULL ? p->by : "不详", false);
	sheet_pair(s, "导出事由", p->reason != NULL ? p->reason : "不详", false);
	certificate_size(bytes, size);
	snprintf(value, sizeof(value), "%zu 个，共 %s", p->n_objects, size);
	sheet_pair(s, "证据对象", value, false);
	minisign_secret_key_public(p->export_key, &key);
	minisign_id_text(key.id, id);
	snprintf(value, sizeof(value), "minisign %s（data/log/keys/export.pub）", id);
	sheet_pair(s, "签名密钥", value, false);
	sheet_space(s, 0.5);
	sheet_paragraph(s, "本证明由系统依据证据库、目录库和保管日志自动生成，说明所列电子证据自采集站接收之时起保持"
			"完整、未被更改，以及据以判断的事实。所列时间均为北京时间。“声称”为记录仪自述，“观察”为"
			"采集站所见，其余由文件字节计算得出；三者并列，互不替代。");
}

/* ------ the list ------ */

static void draw_list(struct sheet *s, const struct package *p)
{
	static const struct sheet_column columns[] = {
		{ "序号", 8, true }, { "文件", 27, false }, { "执法证号", 12, false },
		{ "开始（声称）", 22, false }, { "时长", 10, true }, { "字节", 14, true },
		{ "可信等级", 14, false },
	};
	char number[24], when[32], duration[32], size[32];
	size_t i;

	sheet_heading(s, "一、证据对象一览");
	sheet_table(s, columns, COUNT(columns));
	for (i = 0; i < p->n_objects; i++) {
		const struct package_object *o = &p->objects[i];
		const char *officer = fact(o, "officer");
		const char *cells[COUNT(columns)] = {
			number,
			file_name(o),
			officer != NULL ? officer : "—",
			moment(fact(o, "start_at"), when),
			duration,
			size,
			certificate_word(WORDS_ASSURANCE, fact(o, "assurance")) };

		snprintf(number, sizeof(number), "%zu", i + 1);
		snprintf(size, sizeof(size), "%" PRIu64, o->size);
		certificate_duration(number_fact(o, "duration_ms", -1), duration);
		sheet_row(s, cells);
	}
	sheet_table_end(s);
}

/* ------ one by one ------ */

static void draw_origin(struct sheet *s, const struct package_object *o)
{
	char value[VALUE_SIZE], from[32], to[32], duration[32];
	const char *unit = fact(o, "unit"), *officer = fact(o, "officer"), *path = fact(o, "path");

	snprintf(value, sizeof(value), "记录仪 %s，第 %" PRIu64 " 段，录像 %s", o->recorder, o->seq,
		 fact(o, "recording") != NULL ? fact(o, "recording") : "不详");
	sheet_pair(s, "来源", value, false);
	sheet_pair(s, "卡上文件", path != NULL ? path : "不详", false);
	snprintf(value, sizeof(value), "单位 %s，执法证号 %s（声称）", unit != NULL ? unit : "不详",
		 officer != NULL ? officer : "不详");
	sheet_pair(s, "所属", value, false);
	certificate_duration(number_fact(o, "duration_ms", -1), duration);
	snprintf(value, sizeof(value), "%s 至 %s，时长 %s（来源：%s）",
		 moment(fact(o, "start_at"), from), moment(fact(o, "end_at"), to), duration,
		 certificate_word(WORDS_TIME_SOURCE, fact(o, "time_source")));
	sheet_pair(s, "录制（声称）", value, false);
	snprintf(value, sizeof(value), "%s，采集站 %s，槽位 %s", moment(fact(o, "docked_at"), from),
		 fact(o, "station") != NULL ? fact(o, "station") : "不详",
		 fact(o, "slot") != NULL ? fact(o, "slot") : "不详");
	sheet_pair(s, "接入（观察）", value, false);
}

static void draw_verdicts(struct sheet *s, const struct package_object *o)
{
	const int64_t holes = number_fact(o, "hole_bytes", 0);
	char value[VALUE_SIZE];

	sheet_pair(s, "可信等级", certificate_word(WORDS_ASSURANCE_MEANING, fact(o, "assurance")),
		   false);
	sheet_pair(s, "记录仪签名", certificate_word(WORDS_SIGNATURE, fact(o, "signature")), false);
	sheet_pair(s, "记录仪摘要", certificate_word(WORDS_DIGEST, fact(o, "digest")), false);
	if (holes == 0)
		return;
	snprintf(value, sizeof(value), "%" PRId64 " 字节未能从存储卡读出，以零代替", holes);
	sheet_pair(s, "不完整", value, false);
}

static void draw_findings(struct sheet *s, const struct package_object *o)
{
	const json_t *list = json_object_get(o->facts, "findings"), *f;
	char value[VALUE_SIZE], when[32];
	const char *said;
	size_t i;

	if (o->recorder[0] != '\0' && json_array_size(list) == 0)
		sheet_pair(s, "发现的问题", "无", false);
	json_array_foreach(list, i, f) {
		said = json_string_value(json_object_get(f, "text_zh"));
		snprintf(value, sizeof(value), "%s，第%" JSON_INTEGER_FORMAT "条，%s：%s",
			 certificate_word(WORDS_SEVERITY,
					  json_string_value(json_object_get(f, "severity"))),
			 json_integer_value(json_object_get(f, "article")),
			 moment(json_string_value(json_object_get(f, "at")), when),
			 said != NULL ? said : "");
		sheet_pair(s, i == 0 ? "发现的问题" : "", value, false);
	}
}

static void draw_leaves(struct sheet *s, const struct package_object *o)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64 * 1024);
	size_t i;

	for (i = 0; i < o->n_leaves; i++)
		buf_addf(&b, "%s%" PRIu64, i == 0 ? "" : "、", o->leaves[i]);
	sheet_pair(s, "日志条目", buf_str(&b), false);
}

static void draw_storing(struct sheet *s, const struct package_object *o)
{
	char value[VALUE_SIZE], stored[32], recorded[32];

	snprintf(value, sizeof(value), "%s，%s 记入目录", moment(fact(o, "stored_at"), stored),
		 moment(fact(o, "recorded_at"), recorded));
	sheet_pair(s, "入库（观察）", value, false);
}

static void draw_object(struct sheet *s, const struct package_object *o)
{
	char size[64];

	sheet_keep(s, o->recorder[0] != '\0' ? SEGMENT_LINES : BLOB_LINES);
	sheet_subheading(s, file_name(o));
	sheet_pair(s, "编号", o->id, true);
	if (o->recorder[0] != '\0')
		draw_origin(s, o);
	draw_storing(s, o);
	certificate_size(o->size, size);
	sheet_pair(s, "大小", size, false);
	if (o->recorder[0] != '\0')
		draw_verdicts(s, o);
	draw_findings(s, o);
	pair_hex(s, "BLAKE2b-256", o->blob.b, sizeof(o->blob.b));
	pair_hex(s, "SHA-256", o->digests.sha256, sizeof(o->digests.sha256));
	draw_leaves(s, o);
}

static void draw_objects(struct sheet *s, const struct package *p)
{
	size_t i;

	sheet_heading(s, "二、逐项说明");
	for (i = 0; i < p->n_objects; i++)
		draw_object(s, &p->objects[i]);
}

/* ------ the log ------ */

static void draw_witnesses(struct sheet *s, const struct package *p)
{
	char value[VALUE_SIZE], when[32];
	size_t i;

	if (p->n_witnesses == 0)
		sheet_pair(s, "见证单位副署", "无", false);
	for (i = 0; i < p->n_witnesses; i++) {
		snprintf(value, sizeof(value), "%s，%s", p->witnesses[i].name,
			 moment_ms(p->witnesses[i].time_ms, when));
		sheet_pair(s, i == 0 ? "见证单位副署" : "", value, false);
	}
	if (!p->is_stamped)
		sheet_pair(s, "时间戳", "无", false);
	for (i = 0; i < p->n_tokens; i++) {
		snprintf(value, sizeof(value), "%s，%s，覆盖条目 0 至 %" PRIu64, p->tokens[i].authority,
			 moment_ms(p->tokens[i].time_ms, when), p->stamped.checkpoint.size - 1);
		sheet_pair(s, i == 0 ? "时间戳" : "", value, false);
	}
}

static void draw_events(struct sheet *s, const struct package *p)
{
	static const struct sheet_column columns[] = {
		{ "条目", 12, true }, { "行为", 50, false }, { "时间", 38, false },
	};
	char index[32], when[32];
	const json_t *event;
	size_t i;

	sheet_table(s, columns, COUNT(columns));
	json_array_foreach(p->events, i, event) {
		const char *cells[COUNT(columns)] = {
			index,
			certificate_word(WORDS_ACT,
					 json_string_value(json_object_get(event, "act"))),
			moment(json_string_value(json_object_get(event, "at")), when) };

		snprintf(index, sizeof(index), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(json_object_get(event, "leaf_index")));
		sheet_row(s, cells);
	}
	sheet_table_end(s);
}

static void draw_log(struct sheet *s, const struct package *p)
{
	char root[sodium_base64_ENCODED_LEN(MERKLE_HASH_LEN, sodium_base64_VARIANT_ORIGINAL)];
	char size[32];

	sheet_heading(s, "三、保管日志");
	sheet_paragraph(s, "对证据的每一次处理都作为条目记入只能追加的日志（RFC 6962 哈希树）。检查点由日志密钥签名，"
			"并可由其他单位见证副署、由时间戳机构签发时间戳；事后增删或更改任何一条，都与已签发的"
			"检查点不符。");
	sheet_pair(s, "日志名称", p->head.checkpoint.origin, false);
	snprintf(size, sizeof(size), "%" PRIu64, p->head.checkpoint.size);
	sheet_pair(s, "检查点条目数", size, false);
	sodium_bin2base64(root, sizeof(root), p->head.checkpoint.root.b, MERKLE_HASH_LEN,
			  sodium_base64_VARIANT_ORIGINAL);
	sheet_pair(s, "根哈希", root, true);
	draw_witnesses(s, p);
	sheet_space(s, 0.5);
	draw_events(s, p);
}

/* ------ the end ------ */

static void draw_end(struct sheet *s)
{
	sheet_heading(s, "四、核验方法");
	sheet_paragraph(s, "任何人无须网络、无须本单位协助即可核验：在装有 coreutils、minisign 和 openssl 的计算机上，按本包"
			"data/VERIFY.txt 所列命令逐条运行，即可确认本包签名、全部文件的摘要、记录仪和采集站的签名、"
			"日志条目的包含证明、见证单位副署和时间戳。请将 data/log/keys 中的公钥与本单位另行公布的公钥比对。");
	sheet_paragraph(s, "本证明不评价证据的内容、合法性与关联性。");
	sheet_space(s, 2);
	sheet_pair(s, "出具单位", "（盖章）", false);
	sheet_space(s, 1);
	sheet_pair(s, "经办人", "（签字）　　　　　　　　　　　　　　　　年　　　月　　　日", false);
}

static void draw(struct sheet *s, void *data)
{
	const struct package *p = data;

	draw_head(s, p);
	draw_list(s, p);
	draw_objects(s, p);
	draw_log(s, p);
	draw_end(s);
}

int certificate_write(const struct package *p, struct buf *to, struct err *e)
{
	char footer[128];
	const struct sheet_style style = { .title = "电子证据完整性证明", .footer = footer,
					   .made_ms = p->made_ms };

	snprintf(footer, sizeof(footer), "证据包 %s", p->id);
	return sheet_write(&style, draw, (void *)(uintptr_t)p, to, e);
}
