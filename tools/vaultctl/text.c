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
	{ "public", "公开", "public" },
	{ "internal", "内部", "internal" },
	{ "personal", "个人隐私", "personal" },
	{ "trade_secret", "商业秘密", "trade secret" },
	{ "state_secret", "国家秘密", "STATE SECRET" },
	{ "given", "有效授权", "given" },
	{ "lapsed", "已到期", "over" },
	{ "taken_back", "已收回", "taken back" },
	{ "violation", "违规", "violation" },
	{ "nothing", "不存", "nothing" },
	{ "everything", "全部", "everything" },
	{ "what_was_due", "到期的", "what was due" },
	{ "ended", "正常结束", "ended" },
	{ "damaged", "损坏", "damaged" },
	{ "unreadable", "无法读取", "unreadable" },
	{ "covered", "完整覆盖", "covered" },
	{ "short", "覆盖不全", "SHORT" },
	{ "unsuitable", "不适宜录像", "unsuitable" },
	{ "mandatory", "必须录像", "mandatory" },
	{ "advised", "适宜录像", "advised" },
	{ "continuous", "连续", "continuous" },
	{ "split", "文件分段", "split" },
	{ "technical", "技术原因", "technical" },
	{ "unexplained", "原因不明", "UNEXPLAINED" },
	{ "overlap", "时间重叠", "OVERLAP" },
	{ "jitter", "在允许误差内", "within the tolerance" },
	{ "file_boundary", "同一段录像的下一个文件", "the next file of the recording" },
	{ "next_recording", "记录仪接着另存一段录像", "the recorder went on as another recording" },
	{ "log_battery", "接入时电量将尽", "battery empty at the dock" },
	{ "log_full", "接入时存储卡已满", "card full at the dock" },
	{ "log_fault", "接入时发现故障", "fault found at the dock" },
	{ "numbers_missing", "缺少编号", "numbers are missing" },
	{ "media_missing", "有签名清单而无文件", "signed for, and not there" },
	{ "no_end", "没有结束标记", "no end marker" },
	{ "stopped", "人工停止", "stopped by hand" },
	{ "late_start", "开始晚于执法行为", "begun late" },
	{ "early_end", "结束早于执法行为", "ended early" },
	{ "paused", "中途中断", "interrupted" },
	{ "nothing", "没有录像", "nothing recorded" },
	{ "double", "同一记录仪的两段录像", "two recordings of one recorder" },
	{ "tolerated", "允许", "tolerated" },
	{ "finding", "问题", "finding" },
	{ "clock_off", "时钟偏差较大，已按接入时的偏差换算", "its clock was off, which is taken off here" },
	{ "clock_unknown", "时钟未经核对", "nobody compared its clock" },
	{ "stepped", "录制中时钟被改动，按运行时间换算", "its clock was set meanwhile; by its running time" },
	{ "doubled", "同一记录仪另有同时段的录像", "another of the same recorder claims this time" },
	{ "outside", "已关联，但不在执法行为的时段内", "linked, and of another time" },
	{ "backwards", "结束早于开始的片段", "segments that end before they start" },
	{ "unbelievable", "长于一天的片段", "segments longer than a day" },
	{ "left_out", "超出数量上限的片段", "segments beyond what is looked at" },
	{ "not_docked", "尚未接入采集站的记录仪", "recorders that did not come back" },
	{ "holes_left_out", "未列出的缺口", "holes not told" },
	{ "used_left_out", "未列出的录像", "recordings not told" },
	{ "timeless", "部分没有可用的时间", "some of it has no time" },
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
	{ "active", "启用", "active" },
	{ "serving", "在职", "in service" },
	{ "ended", "已离任", "left" },
	{ "unassigned", "未配置槽位", "no slot configured" },
	{ "applied", "已应用", "applied" },
	{ "pending", "待应用", "pending" },
	{ "changed", "文件已改动", "CHANGED" },
	{ "gone", "文件缺失", "GONE" },
	{ "too_late", "编号过小", "TOO LATE" },
	{ "dock", "接入时", "at docking" },
	{ "ready", "待取用", "ready" },
	{ "undock", "取出时", "taken out" },
	{ "open", "未结", "open" },
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
	{ "waiting", "待办", "waiting" },
	{ "opened", "开始整改", "opened" },
	{ "joined", "并入", "joined" },
	{ "seen_again", "再次发现", "seen again" },
	{ "assigned", "指定责任人", "assigned" },
	{ "acknowledged", "已签收", "acknowledged" },
	{ "explained", "已说明", "explained" },
	{ "closed", "已办结", "closed" },
	{ "reopened", "退回", "reopened" },
	{ "escalated", "上报负责人", "escalated" },
	{ "battery", "电池", "battery" },
	{ "storage_full", "存储已满", "storage full" },
	{ "device_fault", "设备故障", "device fault" },
	{ "damaged", "设备损坏", "damaged" },
	{ "forgotten", "遗忘", "forgotten" },
	{ "not_issued", "未配发记录仪", "no recorder issued" },
	{ "network", "网络", "network" },
	{ "wrongly_found", "误报", "wrongly found" },
	{ "corrected", "已改正", "corrected" },
	{ "rule", "规则", "rule" },
	{ "requirement", "清单", "requirement" },
	{ "step", "环节", "step" },
	{ "document", "文书", "document" },
	{ "field", "文书事项", "field" },
	{ "proposed", "待审定", "proposed" },
	{ "approved", "已批准", "approved" },
	{ "recovery", "恢复期内", "in recovery" },
	{ "recalled", "已撤回", "recalled" },
	{ "done", "已完成", "done" },
	{ "held", "被保全", "held" },
	{ "in_case", "案件未归档", "its case is not archived" },
	{ "review", "待复核", "waits for a look" },
	{ "reviewed_keep", "复核决定保存", "looked at and kept" },
	{ "not_there", "已不存在", "not there" },
	{ "begun", "已开始销毁", "begun" },
	{ "permanent", "永久保存", "kept for ever" },
	{ "no_rule", "没有适用的规则", "no rule fits" },
	{ "clock", "时钟存疑", "the clock is in doubt" },
	{ "disposed", "已销毁", "disposed" },
	{ "spared", "未销毁", "spared" },
	{ "waits", "待执行", "waits" },
	{ "class", "密级", "class" },
	{ "mark", "标记", "mark" },
	{ "case_kind", "案件类别", "kind of case" },
	{ "training", "培训", "training" },
	{ "complaint", "投诉", "complaint" },
	{ "obstruction", "阻碍执法", "obstruction" },
	{ "major_incident", "重大事件", "major incident" },
	{ "important", "重要", "important" },
	{ "major_case", "重大案件", "major case" },
	{ "paper", "系统文书", "a paper of the vault" },
	{ "wrong", "日期有误", "never was" },
	{ "lived", "确已经过", "lived" },
	{ "retention", "保存规则", "retention rule" },
	{ "public", "公开", "public" },
	{ "internal", "内部", "internal" },
	{ "personal", "个人隐私", "personal" },
	{ "trade_secret", "商业秘密", "trade secret" },
	{ "state_secret", "国家秘密", "state secret" },
	{ "rejected", "已退回", "rejected" },
	{ "at_once", "即时", "at once" },
	{ "digest", "日报", "digest" },
	{ "escalation", "逾期上报", "escalation" },
	{ "more", "合并", "and more" },
	{ "test", "测试", "test" },
	{ "queued", "待发送", "queued" },
	{ "failed", "稍后重试", "tried again" },
	{ "sent", "已送达", "sent" },
	{ "dead", "未送达", "DEAD" },
	{ "unanswered", "无结果", "given up" },
	{ "true", "是", "yes" },
	{ "false", "否", "no" },
	{ "case_reopened", "重新办理", "reopened" },
	{ "concluded", "办结", "concluded" },
	{ "not_taken_up", "未受理", "not taken up" },
	{ "archived", "已归档", "archived" },
	{ "start", "启动", "start" },
	{ "investigation", "调查取证", "investigation" },
	{ "decision", "审查决定", "decision" },
	{ "execution", "送达执行", "execution" },
	{ "archive", "归档", "archive" },
	{ "licence", "行政许可", "licence" },
	{ "penalty", "行政处罚", "penalty" },
	{ "compulsion", "行政强制", "compulsion" },
	{ "levy", "行政征收", "levy" },
	{ "fee", "行政收费", "fee" },
	{ "inspection", "行政检查", "inspection" },
	{ "approved", "批准", "approved" },
	{ "informed", "告知", "informed" },
	{ "decided", "作出决定", "decided" },
	{ "served", "送达", "served" },
	{ "correction_ordered", "责令改正", "correction ordered" },
	{ "correction_checked", "改正复查", "correction checked" },
	{ "performed", "履行", "performed" },
	{ "demanded", "催告", "demanded" },
	{ "enforced", "强制执行", "enforced" },
	{ "court_applied", "申请法院", "court applied to" },
	{ "stage", "进入阶段", "stage entered" },
	{ "note", "记事", "note" },
	{ "party", "当事人", "party" },
	{ "complainant", "投诉人", "complainant" },
	{ "applicant", "申请人", "applicant" },
	{ "witness", "见证人", "witness" },
	{ "person", "个人", "person" },
	{ "organisation", "单位", "organisation" },
	{ "present", "在场人", "person present" },
	{ "head", "负责人", "head" },
	{ "unit_head", "机构负责人", "head of the unit" },
	{ "legal", "法制机构", "legal office" },
	{ "server", "送达人", "server" },
	{ "recipient", "收件人", "recipient" },
	{ "hand", "人工", "by hand" },
	{ "proposed", "建议", "proposed" },
	{ "document", "文书", "document" },
	{ "missing", "缺", "missing" },
	{ "incomplete", "不完整", "incomplete" },
	{ "met", "已满足", "met" },
	{ "not_due", "未到期", "not due" },
	{ "officer", "执法人员", "officer" },
	{ "segment", "分段", "segment" },
	{ "agent", "代理人", "agent" },
	{ "court", "法院", "court" },
	{ "procuratorate", "检察院", "procuratorate" },
	{ "police", "公安机关", "police" },
	{ "supervisory_organ", "监察机关", "supervisory organ" },
	{ "superior", "上级机关", "superior" },
	{ "asked", "待审批", "asked" },
	{ "refused", "不批准", "refused" },
	{ "refused_by_law", "依法不予提供", "refused by law" },
	{ "begun", "制作中", "begun" },
	{ "sealed", "已密封", "sealed" },
	{ "received", "已签收", "received" },
	{ "public", "公开", "public" },
	{ "internal", "内部", "internal" },
	{ "personal", "个人隐私", "personal" },
	{ "trade_secret", "商业秘密", "trade secret" },
	{ "state_secret", "国家秘密", "state secret" },
	{ "lapsed", "批准已过期", "lapsed" },
	{ "never", "一律不得提供", "never given out" },
	{ "owner", "仅提供给权利人或者依法有权的机关", "to its owner alone" },
	{ "gone", "已依法处置", "disposed of" },
	{ "case", "案件", "case" },
	{ "period", "时段", "period" },
	{ "review_due", "待复核", "review due" },
};

/* Acts of the custody log (sql/019). */
static const struct { const char *act, *zh, *en; } acts[] = {
	{ "retention_marked", "保存标记", "marked" },
	{ "retention_unmarked", "取消保存标记", "mark taken back" },
	{ "retention_reviewed", "期满复核", "looked at, its time being over" },
	{ "day_noted", "记录日期", "day noted" },
	{ "clock_said", "时钟认定", "said of the clock" },
	{ "disposal_planned", "制订销毁计划", "disposal planned" },
	{ "disposal_signed", "销毁计划签名", "plan of disposal signed" },
	{ "disposal_approved", "批准销毁", "disposal approved" },
	{ "disposal_rejected", "退回销毁计划", "disposal rejected" },
	{ "disposal_recalled", "撤回销毁计划", "disposal recalled" },
	{ "disposal_spared", "未予销毁", "spared from disposal" },
	{ "disposal_begun", "开始销毁", "disposal begun" },
	{ "disposed", "已销毁", "disposed of" },
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
	{ "report_signed", "签发报告", "report signed" },
	{ "opened", "整改开始", "rectification opened" },
	{ "joined", "发现并入", "finding joined to another" },
	{ "seen_again", "再次发现", "found again" },
	{ "assigned", "指定整改责任人", "rectification assigned" },
	{ "acknowledged", "签收", "finding acknowledged" },
	{ "explained", "登记说明", "finding explained" },
	{ "closed", "复核办结", "finding reviewed and closed" },
	{ "reopened", "复核退回", "finding reviewed and reopened" },
	{ "escalated", "逾期上报", "overdue, told to the head" },
	{ "coverage_judged", "音像记录覆盖判定", "coverage judged" },
	{ "recorder_assigned", "记录仪登记", "recorder enrolled or assigned" },
	{ "recorder_retired", "记录仪停用", "recorder retired" },
	{ "backed_up", "备份", "backed up" },
	{ "recorder_reported", "报告记录仪损坏或遗失", "recorder reported damaged or lost" },
	{ "key_enrolled", "密钥登记", "key enrolled" },
	{ "key_revoked", "密钥吊销", "key revoked" },
	{ "case_changed", "案件登记或更正", "case opened or changed" },
	{ "case_officer_set", "案件承办人", "officer of a case" },
	{ "party_added", "当事人登记", "party of a case" },
	{ "case_event", "案件事项", "event of a case" },
	{ "action_changed", "执法行为登记或更正", "action entered or changed" },
	{ "action_officer_noted", "执法人员到场", "officer of an action" },
	{ "document_added", "文书登记", "document entered" },
	{ "document_withdrawn", "文书撤回", "document withdrawn" },
	{ "document_signed", "文书签名", "document signed, or refused" },
	{ "linked", "关联执法行为", "linked to an action" },
	{ "link_removed", "取消关联", "link removed" },
	{ "recording_reviewed", "录像复核", "recording reviewed" },
	{ "case_archived", "案卷归档", "case archived" },
	{ "unit_changed", "单位变更", "unit entered or changed" },
	{ "officer_changed", "执法人员变更", "officer entered or changed" },
	{ "account_changed", "账号变更", "account entered or changed" },
	{ "rule_changed", "规则变更", "rule changed" },
	{ "rule_proposed", "规则修改提案", "rule change proposed" },
	{ "rule_decided", "规则修改审定", "rule change decided" },
	{ "logging_changed", "登记范围变更", "what is logged changed" },
	{ "schema_migrated", "数据库升级", "database migrated" },
	{ "logged_later", "补登记", "logged later" },
	{ "classified", "确定密级", "classified" },
	{ "class_lowering", "提出降低密级", "a lower class proposed" },
	{ "class_lowering_decided", "审定降低密级", "a lower class decided" },
	{ "read_granted", "授权查阅", "leave to read given" },
	{ "read_grant_ended", "收回查阅授权", "leave to read taken back" },
	{ "read_refused", "拒绝查阅", "reading refused" },
	{ "view", "查看", "viewed" },
	{ "play", "播放", "played" },
	{ "export", "导出", "exported" },
	{ "disclosure", "公开程序", "disclosure step" },
	{ "disclosure_asked", "申请对外提供", "disclosure asked for" },
	{ "disclosure_of", "列入对外提供申请", "asked for by a disclosure" },
	{ "disclosure_named", "登记申请人或者签收人", "who asked, or received" },
	{ "disclosure_approved", "批准对外提供", "disclosure approved" },
	{ "disclosure_refused", "不批准对外提供", "disclosure refused" },
	{ "disclosure_begun", "开始制作对外提供的证据包", "package of a disclosure begun" },
	{ "disclosure_failed", "对外提供的证据包未制成", "package of a disclosure came to nothing" },
	{ "disclosure_sealed", "对外提供的证据包已密封", "package of a disclosure sealed" },
	{ "disclosure_received", "对外提供已签收", "disclosure received" },
	{ "hold", "保全", "put on hold" },
	{ "hold_reviewed", "保全复核", "hold looked at again" },
	{ "hold_released", "解除保全", "hold released" },
	{ "disposal", "处置", "disposed of" },
	{ "scrub", "巡检", "scrubbed" },
	{ "login_failed", "登录失败锁定", "log-in failures" },
	{ "config_changed", "配置变更", "configuration changed" },
	{ "roles_changed", "权限变更", "roles or rights changed" },
	{ "personal_erased", "抹除个人信息", "personal data erased" },
	{ "notice_made", "生成通知", "notice made" },
	{ "store_changed", "存储登记变更", "store changed" },
	{ "made", "副本已存", "copy made" },
	{ "missing", "副本缺失", "copy missing" },
	{ "damaged", "副本损坏", "copy damaged" },
	{ "unreadable", "副本无法读取", "copy unreadable" },
	{ "set_aside", "损坏内容另存", "bad bytes set aside" },
	{ "repaired", "副本已修复", "copy repaired" },
	{ "whole", "副本恢复完好", "copy whole again" },
	{ "removed", "副本已移除", "copy removed" },
	{ "copies_read", "副本校验", "copies read" },
	{ "digest_made", "登记其他摘要", "other digests made" },
	{ "scrubbed", "存储校验结束", "store scrubbed" },
	{ "drill_begun", "演练开始", "drill begun" },
	{ "drill_ended", "演练结束", "drill ended" },
	{ "notice_attempted", "发送通知", "notice sent, or tried" },
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
	{ "case", "案件", "case" },
	{ "action", "执法行为", "action" },
	{ "document", "文书", "document" },
	{ "disclosure", "对外提供申请", "disclosure" },
	{ "act", "操作", "act" },
	{ "hold", "证据保全", "hold" },
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
