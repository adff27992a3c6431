#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"

static const struct { const char *zh, *en; } texts[] = {
#define TEXT(id, zh_, en_) [id] = { .zh = zh_, .en = en_ },
#include "text.def"
#undef TEXT
};

/* Values of the catalog (lib/catalog/RECORDS.md) and of dockd's control socket. */
static const struct { const char *value, *zh, *en; } words[] = {
	{ "violation", "违规", "violation" },
	{ "warning", "警告", "warning" },
	{ "notice", "提示", "notice" },
	{ "info", "信息", "info" },
	{ "released", "完成", "released" },
	{ "interrupted", "中断", "interrupted" },
	{ "refused", "已拒绝", "refused" },
	{ "fault", "故障", "fault" },
	{ "empty", "空", "empty" },
	{ "identifying", "识别中", "identifying" },
	{ "reading", "读取中", "reading" },
	{ "paused", "暂停", "paused" },
	{ "recording", "入库中", "recording" },
	{ "safe", "可以取下", "safe to remove" },
	{ "stored", "已存未入库", "stored, not yet recorded" },
	{ "signed_by_recorder", "记录仪签名", "signed by recorder" },
	{ "signed_in_media", "媒体内签名", "signed in media" },
	{ "sealed_at_dock", "采集站封存", "sealed at dock" },
	{ "imported", "导入", "imported" },
	{ "valid", "有效", "valid" },
	{ "invalid", "无效", "INVALID" },
	{ "key_unknown", "密钥未登记", "key unknown" },
	{ "key_revoked", "密钥已吊销", "key revoked" },
	{ "unsigned", "无签名", "unsigned" },
	{ "ok", "相符", "ok" },
	{ "bad", "不符", "BAD" },
	{ "not_claimed", "未声明", "not claimed" },
	{ "enrolled", "在用", "enrolled" },
	{ "retired", "已停用", "retired" },
	{ "unassigned", "未配置槽位", "no slot configured" },
	{ "applied", "已应用", "applied" },
	{ "pending", "待应用", "pending" },
	{ "changed", "文件已改动", "CHANGED" },
	{ "gone", "文件缺失", "GONE" },
	{ "too_late", "编号过小", "TOO LATE" },
	{ "dock", "接入时", "at docking" },
	{ "ready", "待取用", "ready" },
	{ "undock", "取出时", "taken out" },
	{ "open", "进行中", "going on" },
	{ "storage", "大容量存储", "mass storage" },
	{ "mtp", "MTP", "MTP" },
	{ "other", "其他", "other" },
	{ "super", "USB 3", "USB 3" },
	{ "high", "USB 2", "USB 2" },
	{ "locked", "未解锁", "locked" },
	{ "unlocked", "已解锁", "unlocked" },
	{ "manifest", "清单", "manifest" },
	{ "name", "文件名", "name" },
	{ "directory", "目录", "directory" },
	{ "none", "无", "none" },
	{ "signed", "签名有效", "signed" },
	{ "forged", "签名无效", "FORGED" },
	{ "other_origin", "属于另一个日志", "of another log" },
	{ "unknown", "配置中没有该机构", "no authority of that name is configured" },
	{ "no_time_stamp", "不是时间戳", "no time stamp at all" },
	{ "other_data", "是对其他内容的时间戳", "over other bytes" },
	{ "untrusted", "不受信任", "not trusted" },
	{ "expired", "当时证书已过期", "its certificate was not valid then" },
	{ "wrong_usage", "证书不是时间戳证书", "its certificate is not for time stamping" },
	{ "true", "是", "yes" },
	{ "false", "否", "no" },
};

/* Acts of the custody log (sql/019). */
static const struct { const char *act, *zh, *en; } acts[] = {
	{ "object_stored", "证据入库", "evidence stored" },
	{ "blob_stored", "数据块入库", "blob stored" },
	{ "manifest_stored", "清单入库", "sidecar stored" },
	{ "recording_added", "录像登记", "recording added" },
	{ "verdict", "核验结论", "verdict" },
	{ "fingerprint_kept", "指纹登记", "fingerprint kept" },
	{ "hole_found", "读取缺损", "hole found" },
	{ "session_opened", "采集会话开始", "dock session opened" },
	{ "session_listed", "存储卡列出", "card listed by the dock" },
	{ "session_closed", "采集会话结束", "dock session closed" },
	{ "session_judged", "采集会话判定", "dock session judged" },
	{ "imported", "导入", "imported" },
	{ "recorder_checked", "记录仪检查", "recorder checked" },
	{ "clock_set", "校准时钟", "clock set" },
	{ "recorder_unlocked", "记录仪解锁", "recorder unlocked" },
	{ "card_listed", "存储卡清单登记", "card ledger kept" },
	{ "card_clearing", "准备清除卡上文件", "clearing a file of the card" },
	{ "card_cleared", "清除卡上文件", "file of the card cleared" },
	{ "challenge_left", "留下质询", "challenge left" },
	{ "finding_raised", "发现问题", "finding raised" },
	{ "recorder_assigned", "记录仪登记", "recorder enrolled or assigned" },
	{ "recorder_retired", "记录仪停用", "recorder retired" },
	{ "key_enrolled", "密钥登记", "key enrolled" },
	{ "key_revoked", "密钥吊销", "key revoked" },
	{ "rule_changed", "规则变更", "rule changed" },
	{ "logging_changed", "登记范围变更", "what is logged changed" },
	{ "schema_migrated", "数据库升级", "database migrated" },
	{ "logged_later", "补登记", "logged later" },
	{ "view", "查看", "viewed" },
	{ "play", "播放", "played" },
	{ "export", "导出", "exported" },
	{ "disclosure", "公开程序", "disclosure step" },
	{ "hold", "保全", "put on hold" },
	{ "hold_released", "解除保全", "hold released" },
	{ "disposal", "处置", "disposed of" },
	{ "scrub", "巡检", "scrubbed" },
	{ "login_failed", "登录失败锁定", "log-in failures" },
	{ "config_changed", "配置变更", "configuration changed" },
	{ "roles_changed", "权限变更", "roles or rights changed" },
	{ "personal_erased", "抹除个人信息", "personal data erased" },
};

static const struct { const char *value, *zh, *en; } subjects[] = {
	{ "recorder", "记录仪", "recorder" },
	{ "session", "采集会话", "dock session" },
	{ "recording", "录像", "recording" },
	{ "segment", "分段", "segment" },
	{ "slot", "槽位", "slot" },
	{ "log", "存证日志", "custody log" },
	{ "row", "数据库记录", "row of the catalog" },
	{ "event", "存证事件", "custody event" },
	{ "blob", "证据文件", "file in the vault" },
	{ "object", "证据对象", "object" },
};

static enum lang now = LANG_ZH;

int lang_choose(const char *option)
{
	static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	const char *v;
	size_t i;

	if (option != NULL) {
		if (strcmp(option, "zh") == 0)
			return LANG_ZH;
		return strcmp(option, "en") == 0 ? LANG_EN : -1;
	}
	for (i = 0; i < COUNT(variables); i++) {
		v = getenv(variables[i]);
		if (v != NULL && v[0] != '\0')
			return strncmp(v, "en", 2) == 0 ? LANG_EN : LANG_ZH;
	}
	return LANG_ZH;
}

void text_language(enum lang l)
{
	now = l;
}

enum lang text_language_now(void)
{
	return now;
}

const char *text_in(enum lang l, enum text_id id)
{
	return l == LANG_ZH ? texts[id].zh : texts[id].en;
}

const char *text(enum text_id id)
{
	return text_in(now, id);
}

/* The formats come from our own table alone. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void say(FILE *to, enum text_id id, ...)
{
	va_list ap;

	va_start(ap, id);
	vfprintf(to, text(id), ap);
	va_end(ap);
	fputc('\n', to);
}

const char *text_fill(char *ret, size_t size, enum text_id id, ...)
{
	va_list ap;

	va_start(ap, id);
	vsnprintf(ret, size, text(id), ap);
	va_end(ap);
	return ret;
}
#pragma GCC diagnostic pop

const char *word(const char *value)
{
	size_t i;

	for (i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].value, value) == 0)
			return now == LANG_ZH ? words[i].zh : words[i].en;
	return value;
}

const char *subject_word(const char *kind)
{
	size_t i;

	for (i = 0; i < COUNT(subjects); i++)
		if (strcmp(subjects[i].value, kind) == 0)
			return now == LANG_ZH ? subjects[i].zh : subjects[i].en;
	return kind;
}

const char *act_word(const char *act)
{
	size_t i;

	for (i = 0; i < COUNT(acts); i++)
		if (strcmp(acts[i].act, act) == 0)
			return now == LANG_ZH ? acts[i].zh : acts[i].en;
	return act;
}

/* One UTF-8 character at *s; steps over it.  Malformed bytes count as themselves. */
static unsigned next_char(const char **s)
{
	unsigned char c = (unsigned char)**s;
	unsigned n = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	unsigned u = n == 0 ? c : c & (0x3fu >> n);

	(*s)++;
	for (; n > 0 && ((unsigned char)**s & 0xc0) == 0x80; n--, (*s)++)
		u = u << 6 | ((unsigned char)**s & 0x3f);
	return u;
}

void text_add_shown(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	if (name_is_text((const uint8_t *)s, len))
		buf_add(b, s, len);
	else
		name_add_text(b, (const uint8_t *)s, len);
}

const char *text_shown(const char *s, char *ret, size_t size)
{
	static const char more[] = "…";
	AUTO(buf_clear) struct buf b = BUF_INIT(4 * strlen(s));	/* \xNN for every byte */
	size_t cut = size - sizeof(more);

	text_add_shown(&b, s);
	if (b.len < size) {
		snprintf(ret, size, "%s", b.failed ? "?" : buf_str(&b));
		return ret;
	}
	while (cut > 0 && (b.p[cut] & 0xc0) == 0x80)	/* not inside a character */
		cut--;
	memcpy(ret, b.p, cut);
	memcpy(ret + cut, more, sizeof(more));
	return ret;
}

int text_width(const char *s)
{
	/* Unicode's East Asian Wide and Fullwidth ranges that our texts and names meet. */
	static const struct { unsigned from, to; } wide[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
		{ 0x20000, 0x3fffd },
	};
	int width = 0;
	unsigned u;
	size_t i;

	while (*s != '\0') {
		u = next_char(&s);
		width++;
		for (i = 0; i < COUNT(wide); i++)
			if (u >= wide[i].from && u <= wide[i].to)
				width++;
	}
	return width;
}
