#include "package/certificate_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

static const struct {
	enum certificate_words list;
	const char *value, *word;
} words[] = {
	{ WORDS_ASSURANCE, "signed_by_recorder", "记录仪签名" },
	{ WORDS_ASSURANCE, "signed_in_media", "媒体内签名" },
	{ WORDS_ASSURANCE, "sealed_at_dock", "采集站封存" },
	{ WORDS_ASSURANCE, "imported", "导入" },
	{ WORDS_ASSURANCE_MEANING, "signed_by_recorder",
	  "记录仪签名：文件自录制时起由记录仪以自有密钥签名，采集时核验有效，此后未变" },
	{ WORDS_ASSURANCE_MEANING, "signed_in_media",
	  "媒体内签名：签名由拍摄设备写在媒体之内，采集时核验有效，此后未变" },
	{ WORDS_ASSURANCE_MEANING, "sealed_at_dock",
	  "采集站封存：记录仪没有有效签名，采集站读出后以本站密钥封存；自封存之时起未变，封存之前不作证明" },
	{ WORDS_ASSURANCE_MEANING, "imported",
	  "导入：由人员导入而非采集站从记录仪读出；自导入之时起未变，导入之前不作证明" },
	{ WORDS_SIGNATURE, "valid", "有效：与登记的记录仪密钥相符" },
	{ WORDS_SIGNATURE, "invalid", "无效：与清单内容不符" },
	{ WORDS_SIGNATURE, "key_unknown", "无法确认：密钥未登记" },
	{ WORDS_SIGNATURE, "key_revoked", "不予采信：密钥已吊销" },
	{ WORDS_SIGNATURE, "unsigned", "记录仪没有签名" },
	{ WORDS_DIGEST, "ok", "相符：采集的字节与记录仪声明的摘要一致" },
	{ WORDS_DIGEST, "bad", "不符：采集的字节与记录仪声明的摘要不一致" },
	{ WORDS_DIGEST, "not_claimed", "记录仪没有声明摘要" },
	{ WORDS_TIME_SOURCE, "manifest", "记录仪清单" },
	{ WORDS_TIME_SOURCE, "name", "文件名" },
	{ WORDS_TIME_SOURCE, "directory", "存储卡目录" },
	{ WORDS_TIME_SOURCE, "none", "无" },
	{ WORDS_SEVERITY, "violation", "违规" },
	{ WORDS_SEVERITY, "warning", "警告" },
	{ WORDS_SEVERITY, "notice", "提示" },
	{ WORDS_SEVERITY, "info", "信息" },
	{ WORDS_ACT, "session_opened", "接入采集站" },
	{ WORDS_ACT, "session_listed", "列出存储卡文件" },
	{ WORDS_ACT, "session_closed", "采集结束" },
	{ WORDS_ACT, "session_judged", "完整性判定" },
	{ WORDS_ACT, "object_stored", "对象入库" },
	{ WORDS_ACT, "blob_stored", "数据块入库" },
	{ WORDS_ACT, "manifest_stored", "清单入库" },
	{ WORDS_ACT, "recording_added", "登记录像" },
	{ WORDS_ACT, "verdict", "签名与校验判定" },
	{ WORDS_ACT, "hole_found", "记载未能读出的部分" },
	{ WORDS_ACT, "fingerprint_kept", "登记内容特征" },
	{ WORDS_ACT, "finding_raised", "发现问题" },
	{ WORDS_ACT, "report_signed", "签发报告" },
	{ WORDS_ACT, "classified", "确定密级" },
	{ WORDS_ACT, "class_lowering", "提出降低密级" },
	{ WORDS_ACT, "class_lowering_decided", "审定降低密级" },
	{ WORDS_ACT, "read_granted", "授权查阅" },
	{ WORDS_ACT, "read_grant_ended", "收回查阅授权" },
	{ WORDS_ACT, "read_refused", "拒绝查阅" },
	{ WORDS_ACT, "retention_marked", "保存标记" },
	{ WORDS_ACT, "retention_unmarked", "取消保存标记" },
	{ WORDS_ACT, "retention_reviewed", "期满复核" },
	{ WORDS_ACT, "disposal_planned", "制订销毁计划" },
	{ WORDS_ACT, "disposal_signed", "销毁计划签名" },
	{ WORDS_ACT, "disposal_approved", "批准销毁" },
	{ WORDS_ACT, "disposal_rejected", "退回销毁计划" },
	{ WORDS_ACT, "disposal_recalled", "撤回销毁计划" },
	{ WORDS_ACT, "disposal_spared", "未予销毁" },
	{ WORDS_ACT, "disposal_begun", "开始销毁" },
	{ WORDS_ACT, "disposed", "已销毁" },
	{ WORDS_ACT, "opened", "整改开始" },
	{ WORDS_ACT, "joined", "发现并入" },
	{ WORDS_ACT, "seen_again", "再次发现" },
	{ WORDS_ACT, "assigned", "指定整改责任人" },
	{ WORDS_ACT, "acknowledged", "签收" },
	{ WORDS_ACT, "explained", "登记说明" },
	{ WORDS_ACT, "closed", "复核办结" },
	{ WORDS_ACT, "reopened", "复核退回" },
	{ WORDS_ACT, "coverage_judged", "音像记录覆盖判定" },
	{ WORDS_ACT, "escalated", "逾期上报" },
	{ WORDS_ACT, "key_enrolled", "登记记录仪密钥" },
	{ WORDS_ACT, "key_revoked", "吊销记录仪密钥" },
	{ WORDS_ACT, "case_changed", "案件登记或更正" },
	{ WORDS_ACT, "case_officer_set", "案件承办人" },
	{ WORDS_ACT, "party_added", "当事人登记" },
	{ WORDS_ACT, "case_event", "案件事项" },
	{ WORDS_ACT, "action_changed", "执法行为登记或更正" },
	{ WORDS_ACT, "action_officer_noted", "执法人员到场" },
	{ WORDS_ACT, "document_added", "文书登记" },
	{ WORDS_ACT, "document_withdrawn", "文书撤回" },
	{ WORDS_ACT, "document_signed", "文书签名" },
	{ WORDS_ACT, "linked", "关联执法行为" },
	{ WORDS_ACT, "link_removed", "取消关联" },
	{ WORDS_ACT, "recording_reviewed", "录像复核" },
	{ WORDS_ACT, "backed_up", "备份" },
	{ WORDS_ACT, "recorder_reported", "报告记录仪损坏或遗失" },
	{ WORDS_ACT, "case_archived", "案卷归档" },
	{ WORDS_ACT, "unit_changed", "登记单位变更" },
	{ WORDS_ACT, "officer_changed", "登记执法人员变更" },
	{ WORDS_ACT, "account_changed", "登记账号变更" },
	{ WORDS_ACT, "imported", "导入" },
	{ WORDS_ACT, "card_listed", "存储卡清单入库" },
	{ WORDS_ACT, "card_clearing", "准备从存储卡清除" },
	{ WORDS_ACT, "card_cleared", "已从存储卡清除" },
	{ WORDS_ACT, "logged_later", "补记入日志" },
	{ WORDS_ACT, "view", "查看" },
	{ WORDS_ACT, "play", "播放" },
	{ WORDS_ACT, "export", "导出" },
	{ WORDS_ACT, "disclosure", "对外提供" },
	{ WORDS_ACT, "disclosure_asked", "申请对外提供" },
	{ WORDS_ACT, "disclosure_of", "列入对外提供申请" },
	{ WORDS_ACT, "disclosure_named", "登记申请人或者签收人" },
	{ WORDS_ACT, "disclosure_approved", "批准对外提供" },
	{ WORDS_ACT, "disclosure_refused", "不批准对外提供" },
	{ WORDS_ACT, "disclosure_begun", "开始制作对外提供的证据包" },
	{ WORDS_ACT, "disclosure_failed", "对外提供的证据包未制成" },
	{ WORDS_ACT, "disclosure_sealed", "对外提供的证据包已密封" },
	{ WORDS_ACT, "disclosure_received", "对外提供已签收" },
	{ WORDS_ACT, "hold", "保全" },
	{ WORDS_ACT, "hold_reviewed", "保全复核" },
	{ WORDS_ACT, "hold_released", "解除保全" },
	{ WORDS_ACT, "disposal", "处置" },
	{ WORDS_ACT, "scrub", "复核" },
	{ WORDS_ACT, "personal_erased", "删除个人信息" },
	{ WORDS_ACT, "notice_made", "生成通知" },
	{ WORDS_ACT, "store_changed", "存储登记变更" },
	{ WORDS_ACT, "made", "副本已存" },
	{ WORDS_ACT, "missing", "副本缺失" },
	{ WORDS_ACT, "damaged", "副本损坏" },
	{ WORDS_ACT, "unreadable", "副本无法读取" },
	{ WORDS_ACT, "set_aside", "损坏内容另存" },
	{ WORDS_ACT, "repaired", "副本已修复" },
	{ WORDS_ACT, "whole", "副本恢复完好" },
	{ WORDS_ACT, "removed", "副本已移除" },
	{ WORDS_ACT, "copies_read", "副本校验" },
	{ WORDS_ACT, "digest_made", "登记其他摘要" },
	{ WORDS_ACT, "scrubbed", "存储校验结束" },
	{ WORDS_ACT, "drill_begun", "演练开始" },
	{ WORDS_ACT, "drill_ended", "演练结束" },
	{ WORDS_ACT, "notice_attempted", "发送通知" },
};

const char *certificate_word(enum certificate_words list, const char *value)
{
	size_t i;

	if (value == NULL)
		return "不详";
	for (i = 0; i < COUNT(words); i++)
		if (words[i].list == list && strcmp(words[i].value, value) == 0)
			return words[i].word;
	return value;
}

void certificate_duration(int64_t ms, char ret[32])
{
	const int64_t s = ms / 1000;

	if (ms < 0)
		snprintf(ret, 32, "不详");
	else
		snprintf(ret, 32, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60),
			 (int)(s % 60));
}

void certificate_size(uint64_t bytes, char ret[64])
{
	if (bytes < 1024 * 1024)
		snprintf(ret, 64, "%" PRIu64 " 字节", bytes);
	else
		snprintf(ret, 64, "%" PRIu64 " 字节（%.1f MiB）", bytes,
			 (double)bytes / (1024 * 1024));
}
