#include "notify/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/utf8.h"
#include "base/util.h"

/* ------ words ------ */

static const struct { const char *word, *zh, *en; } severities[] = {
	{ "violation", "违规", "violation" }, { "warning", "警告", "warning" },
	{ "notice", "提示", "notice" }, { "info", "信息", "info" },
};

enum word {
	W_SUBJECT_ONE, W_SUBJECT_ESCALATED, W_SUBJECT_MORE, W_SUBJECT_DIGEST, W_SUBJECT_TEST,
	W_HEAD_ONE, W_HEAD_ESCALATED, W_HEAD_MORE, W_HEAD_DIGEST, W_HEAD_TEST, W_OPEN, W_COUNT,
	W_NOTHING, W_FINDING, W_RECORDER, W_UNIT, W_ABOUT, W_OFFICER, W_CASE, W_DUE, W_NEXT, W_ID,
	W_OTHERS, W_FROM,
};
static const struct { const char *zh, *en; } words[] = {
	[W_SUBJECT_ONE] = { "[执法记录] %s：第%lld条 %s", "[Dockvault] %s: Art. %lld %s" },
	[W_SUBJECT_ESCALATED] = { "[执法记录] 逾期未整改（%s）：第%lld条 %s",
				  "[Dockvault] overdue (%s): Art. %lld %s" },
	[W_SUBJECT_MORE] = { "[执法记录] 另有 %lld 项发现", "[Dockvault] and %lld more findings" },
	[W_SUBJECT_DIGEST] = { "[执法记录] %s 日报：新发现 %lld 项，未办结 %lld 项，逾期 %lld 项",
			       "[Dockvault] %s: %lld new, %lld open, %lld overdue" },
	[W_SUBJECT_TEST] = { "[执法记录] 测试通知", "[Dockvault] test" },
	[W_HEAD_ONE] = { "发现一项问题：", "Found:" },
	[W_HEAD_ESCALATED] = { "以下问题逾期未整改，报请行政机关负责人处理（第38条）：",
			       "Not answered in time, for the head to act on (Art. 38):" },
	[W_HEAD_MORE] = { "短时间内发现的问题太多，以下 %lld 项合并通知：",
			  "Too much was found in a short time to be told one by one; %lld findings:" },
	[W_HEAD_DIGEST] = { "自上次日报以来新发现 %lld 项。", "New since the last digest: %lld." },
	[W_HEAD_TEST] = { "这是一条测试通知，无需处理。收到即说明该渠道可用。",
			  "This is a test; there is nothing to do. That it came says that the channel works." },
	[W_OPEN] = { "需整改未办结 %lld 项，其中逾期 %lld 项。", "Open: %lld, of them overdue: %lld." },
	[W_COUNT] = { "第%lld条　%s　%lld 项", "Art. %lld  %s  %lld" },
	[W_NOTHING] = { "没有新发现。", "Nothing new was found." },
	[W_FINDING] = { "%s　第%lld条　%s", "%s  Art. %lld  %s" },
	[W_RECORDER] = { "记录仪：%s", "recorder: %s" },
	[W_UNIT] = { "承办机构：%s", "unit: %s" },
	[W_ABOUT] = { "对象：%s", "about: %s" },
	[W_OFFICER] = { "执法人员：%s", "officer: %s" },
	[W_CASE] = { "案卷：%s", "case: %s" },
	[W_DUE] = { "整改期限：%s（北京时间）", "due: %s (Asia/Shanghai)" },
	[W_NEXT] = { "下一步：%s", "next: %s" },
	[W_ID] = { "编号：%s（vaultctl finding show）", "id: %s (vaultctl finding show)" },
	[W_OTHERS] = { "另有 %lld 项未列出：vaultctl finding list", "%lld more are not shown: vaultctl finding list" },
	[W_FROM] = { "采集站 %s 自动发送", "sent by station %s" },
};

struct writer {
	struct message *m;
	const json_t *facts;
	bool english, full;
	size_t plain_max, field_max;
};

enum { FINDING_MAX = 8 * 1024 };	/* bytes of one in plain text: eight fields and their words */

static const char *say(const struct writer *w, enum word id)
{
	return w->english ? words[id].en : words[id].zh;
}

static const char *severity(const struct writer *w, const char *word)
{
	size_t i;

	for (i = 0; i < COUNT(severities); i++)
		if (strcmp(severities[i].word, word) == 0)
			return w->english ? severities[i].en : severities[i].zh;
	return "?";
}

/* ------ texts ------ */

/* Controls, and what reorders or breaks a line: as format/name.h has it, but shown as a space. */
static bool is_plain(uint32_t c)
{
	return c >= 0x20 && (c < 0x7f || c >= 0xa0) && c != 0x61c && (c < 0x200e || c > 0x200f) &&
	       (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069) && c != 0xfeff;
}

void message_add_line(struct buf *b, const char *text, size_t max)
{
	static const char ellipsis[] = "…";
	const size_t len = strlen(text), most = max - (sizeof(ellipsis) - 1);
	const uint8_t *p = (const uint8_t *)text;
	size_t i, n, added = 0;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = utf8_char(p + i, len - i, &c);
		if (added + MAX(n, (size_t)1) > most && len - i + added > max) {
			buf_adds(b, ellipsis);
			return;
		}
		if (n == 0 || !is_plain(c)) {
			n = MAX(n, (size_t)1);
			buf_adds(b, " ");
			added++;
		} else {
			buf_add(b, p + i, n);
			added += n;
		}
	}
}

static void add_escaped(struct buf *b, const char *text)
{
	static const char special[] = "<>&\"'";
	static const char *const entities[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&#39;" };
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, special);
		buf_add(b, text, n);
		text += n;
		if (*text != '\0')
			buf_adds(b, entities[strchr(special, *text++) - special]);
	}
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static long long number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* One line of the message, in both shapes. */
static void line(const struct writer *w, const char *tag, const char *text)
{
	buf_adds(&w->m->plain, text);
	buf_adds(&w->m->plain, "\n");
	buf_addf(&w->m->html, "<%s>", tag);
	add_escaped(&w->m->html, text);
	buf_addf(&w->m->html, "</%s>\n", tag);
}

__attribute__((format(printf, 3, 0)))
static void vline(const struct writer *w, const char *tag, const char *fmt, va_list ap)
{
	char text[MESSAGE_FIELD_MAX + 256];

	vsnprintf(text, sizeof(text), fmt, ap);
	line(w, tag, text);
}

/* The formats are those of words[] alone. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put(const struct writer *w, const char *tag, enum word id, ...)
{
	va_list ap;

	va_start(ap, id);
	vline(w, tag, say(w, id), ap);
	va_end(ap);
}

static void subject(const struct writer *w, enum word id, ...)
{
	char text[4 * MESSAGE_FIELD_MAX];
	va_list ap;

	va_start(ap, id);
	vsnprintf(text, sizeof(text), say(w, id), ap);
	va_end(ap);
	message_add_line(&w->m->subject, text, MESSAGE_SUBJECT_MAX);
}
#pragma GCC diagnostic pop

/* A text of the facts as a line of its own, if it is there. */
static void put_text(const struct writer *w, const json_t *o, const char *key, enum word id)
{
	AUTO(buf_clear) struct buf clean = BUF_INIT(MESSAGE_FIELD_MAX + 8);

	message_add_line(&clean, text_of(o, key), w->field_max);
	if (clean.len > 0)
		put(w, "div", id, buf_str(&clean));
}

/* ------ findings ------ */

static void put_due(const struct writer *w, const json_t *f)
{
	const char *due = text_of(f, "due_at");
	char shown[20];
	int64_t ms;

	if (utc_parse(due, strlen(due), &ms) < 0)
		return;
	utc_format_shanghai(ms, shown);
	put(w, "div", W_DUE, shown);
}

static void put_about(const struct writer *w, const json_t *f)
{
	AUTO(buf_clear) struct buf about = BUF_INIT(MESSAGE_FIELD_MAX + 8);

	if (!w->full)
		return;
	message_add_line(&about, text_of(f, "subject_kind"), 64);
	buf_adds(&about, " ");
	message_add_line(&about, text_of(f, "subject"), MESSAGE_FIELD_MAX - 128);
	if (about.len > 1)
		put(w, "div", W_ABOUT, buf_str(&about));
	put_text(w, f, "officer", W_OFFICER);
	put_text(w, f, "case", W_CASE);
}

static void put_finding(const struct writer *w, const json_t *f)
{
	AUTO(buf_clear) struct buf code = BUF_INIT(128), text = BUF_INIT(MESSAGE_FIELD_MAX + 8);

	message_add_line(&code, text_of(f, "code"), 100);
	message_add_line(&text, text_of(f, "text"), w->field_max);
	buf_adds(&w->m->plain, "\n");
	put(w, "h3", W_FINDING, severity(w, text_of(f, "severity")), number_of(f, "article"),
	    buf_str(&code));
	if (text.len > 0)
		line(w, "div", buf_str(&text));
	put_text(w, f, "recorder", W_RECORDER);
	put_text(w, f, "unit", W_UNIT);
	put_about(w, f);
	put_due(w, f);
	put_text(w, f, "next_step", W_NEXT);
	put_text(w, f, "finding", W_ID);
}

/* As many as there is room for; what is written is taken back when it is too much. */
static void put_findings(const struct writer *w)
{
	const json_t *list = json_object_get(w->facts, "findings"), *f;
	const size_t reserve = 300;	/* for what comes behind them */
	long long others = number_of(w->facts, "more");
	size_t i, plain, html;

	json_array_foreach(list, i, f) {
		plain = w->m->plain.len;
		html = w->m->html.len;
		put_finding(w, f);
		if (w->m->plain.len + reserve <= w->plain_max && !w->m->html.failed)
			continue;
		w->m->plain.len = plain;
		w->m->html.len = html;
		others += (long long)(json_array_size(list) - i);
		break;
	}
	if (others > 0)
		put(w, "p", W_OTHERS, others);
}

static void put_counts(const struct writer *w)
{
	const json_t *c;
	size_t i;

	json_array_foreach(json_object_get(w->facts, "counts"), i, c)
		if (i < 160 && w->m->plain.len + 400 < w->plain_max)
			put(w, "div", W_COUNT, number_of(c, "article"),
			    severity(w, text_of(c, "severity")), number_of(c, "findings"));
}

/* ------ the kinds ------ */

static void one(const struct writer *w, enum word a_subject, enum word head)
{
	const json_t *f = json_array_get(json_object_get(w->facts, "findings"), 0);
	AUTO(buf_clear) struct buf what = BUF_INIT(MESSAGE_FIELD_MAX);

	message_add_line(&what, text_of(f, "code"), 100);
	if (text_of(f, "recorder")[0] != '\0') {
		buf_adds(&what, " ");
		message_add_line(&what, text_of(f, "recorder"), 64);
	}
	if (text_of(f, "unit")[0] != '\0') {
		buf_adds(&what, " ");
		message_add_line(&what, text_of(f, "unit"), 64);
	}
	subject(w, a_subject, severity(w, text_of(f, "severity")), number_of(f, "article"),
		buf_str(&what));
	put(w, "p", head);
	put_findings(w);
}

static void put_at_once(const struct writer *w)
{
	one(w, W_SUBJECT_ONE, W_HEAD_ONE);
}

static void put_escalation(const struct writer *w)
{
	one(w, W_SUBJECT_ESCALATED, W_HEAD_ESCALATED);
}

static void put_more(const struct writer *w)
{
	subject(w, W_SUBJECT_MORE, number_of(w->facts, "count"));
	put(w, "p", W_HEAD_MORE, number_of(w->facts, "count"));
	put_counts(w);
	put_findings(w);
}

static void put_digest(const struct writer *w)
{
	const long long count = number_of(w->facts, "count");
	AUTO(buf_clear) struct buf day = BUF_INIT(32);

	message_add_line(&day, text_of(w->facts, "day"), 16);
	subject(w, W_SUBJECT_DIGEST, buf_str(&day), count, number_of(w->facts, "open"),
		number_of(w->facts, "overdue"));
	if (count > 0)
		put(w, "p", W_HEAD_DIGEST, count);
	else
		put(w, "p", W_NOTHING);
	put(w, "p", W_OPEN, number_of(w->facts, "open"), number_of(w->facts, "overdue"));
	put_counts(w);
	put_findings(w);
}

static void put_test(const struct writer *w)
{
	subject(w, W_SUBJECT_TEST);
	put(w, "p", W_HEAD_TEST);
}

static const struct { const char *kind; void (*put)(const struct writer *w); bool one; } kinds[] = {
	{ "at_once", put_at_once, true }, { "escalation", put_escalation, true },
	{ "more", put_more, false }, { "digest", put_digest, false }, { "test", put_test, false },
};

int message_build(const json_t *facts, const char *station, bool full, size_t plain_max,
		  struct message *ret, struct err *e)
{
	/* With little room, shorter texts are better than none. */
	struct writer w = {
		.m = ret, .facts = facts, .english = strcmp(text_of(facts, "language"), "en") == 0,
		.full = full, .plain_max = MIN(MAX(plain_max, (size_t)MESSAGE_PLAIN_MIN),
					       (size_t)MESSAGE_PLAIN_MAX - FINDING_MAX),
	};
	const json_t *list = json_object_get(facts, "findings");
	size_t i = 0;

	w.field_max = MIN(w.plain_max / 6, (size_t)MESSAGE_FIELD_MAX);
	while (i < COUNT(kinds) && strcmp(kinds[i].kind, text_of(facts, "kind")) != 0)
		i++;
	if (i == COUNT(kinds) || (kinds[i].one && !json_is_object(json_array_get(list, 0))))
		return err_set(e, -EINVAL, "not the facts of a notice: kind \"%.32s\"",
			       text_of(facts, "kind"));
	buf_addf(&ret->html, "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"></head>"
		 "<body>\n", w.english ? "en" : "zh");
	kinds[i].put(&w);
	buf_adds(&ret->plain, "\n");
	put(&w, "p", W_FROM, station);
	buf_adds(&ret->html, "</body></html>\n");
	if (ret->subject.failed || ret->plain.failed || ret->html.failed)
		return err_set(e, -ENOMEM, "no memory for a notice");
	return 0;
}

void message_clear(struct message *m)
{
	buf_clear(&m->subject);
	buf_clear(&m->plain);
	buf_clear(&m->html);
}

json_t *message_outside(const json_t *facts)
{
	static const char *const inside[] = { "subject_kind", "subject", "officer", "case" };
	json_t *copy = json_deep_copy(facts), *f;
	size_t i, k;

	json_array_foreach(json_object_get(copy, "findings"), i, f)
		for (k = 0; k < COUNT(inside); k++)
			json_object_del(f, inside[k]);
	return copy;
}
