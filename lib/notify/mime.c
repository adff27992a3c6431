#include "notify/mime.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/conf.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/util.h"

enum {
	WORD_BYTES = 42,	/* of an encoded word: 68 characters, 77 behind "Subject: " */
	LINE_BYTES = 57,	/* 76 of base64 */
};

static void add_word(struct buf *b, const char *p, size_t len)
{
	buf_adds(b, "=?UTF-8?B?");
	base64_add(b, p, len);
	buf_adds(b, "?=");
}

/* Encoded words, each of whole characters. */
static void add_subject(struct buf *b, const struct buf *subject)
{
	const char *p = buf_str(subject);
	size_t i = 0, n, len;
	uint32_t c;

	buf_adds(b, "Subject: ");
	while (i < subject->len) {
		for (len = 0; i + len < subject->len; len += n) {
			n = utf8_char((const uint8_t *)p + i + len, subject->len - i - len, &c);
			n = MAX(n, (size_t)1);
			if (len + n > WORD_BYTES)
				break;
		}
		if (i > 0)
			buf_adds(b, "\r\n ");
		add_word(b, p + i, len);
		i += len;
	}
	buf_adds(b, "\r\n");
}

static void add_date(struct buf *b, int64_t ms)
{
	static const char days[] = "ThuFriSatSunMonTueWed";	/* from 1970-01-01 on */
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char t[20];
	int month;

	utc_format_shanghai(ms, t);
	month = (t[5] - '0') * 10 + t[6] - '0';
	buf_addf(b, "Date: %.3s, %.2s %.3s %.4s %.8s +0800\r\n",
		 days + 3 * (((ms + UTC_SHANGHAI_MS) / UTC_DAY_MS) % 7), t + 8,
		 months + 3 * (month - 1), t, t + 11);
}

static int add_addresses(struct buf *b, const struct mime *m, struct err *e)
{
	const char *p;
	size_t len, n = 0;

	if (!conf_is_address(m->from, strlen(m->from)))
		return err_set(e, -EINVAL, "from: not an address");
	buf_addf(b, "From: <%s>\r\nTo: ", m->from);
	for (p = conf_next_address(m->to, &len); p != NULL; p = conf_next_address(p + len, &len)) {
		if (!conf_is_address(p, len) || n == CONF_ADDRESSES_MAX)
			return err_set(e, -EINVAL, "to: not an address, or more than %d",
				       CONF_ADDRESSES_MAX);
		buf_addf(b, "%s<%.*s>", n++ > 0 ? ",\r\n " : "", (int)len, p);
	}
	buf_adds(b, "\r\n");
	return n > 0 ? 0 : err_set(e, -EINVAL, "to: nobody");
}

/* Lines of text end in CRLF before they become base64, too (RFC 2045, 6.8). */
static void add_part(struct buf *b, const char *id, const char *type, const struct buf *text)
{
	AUTO(buf_clear) struct buf lines = BUF_INIT(MIME_MAX);
	const char *p = buf_str(text);
	size_t i, n;

	for (; *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		buf_add(&lines, p, n);
		if (p[n] == '\n')
			buf_adds(&lines, "\r\n");
	}
	b->failed |= lines.failed;

	buf_addf(b, "--dv-%s\r\nContent-Type: text/%s; charset=UTF-8\r\n"
		 "Content-Transfer-Encoding: base64\r\n\r\n", id, type);
	for (i = 0; i < lines.len; i += LINE_BYTES) {
		base64_add(b, lines.p + i, MIN((size_t)LINE_BYTES, lines.len - i));
		buf_adds(b, "\r\n");
	}
}

static bool is_id(const char *id)
{
	return strlen(id) == 36 && strspn(id, "0123456789abcdef-") == 36;
}

int mime_build(const struct mime *m, struct buf *to, struct err *e)
{
	int r;

	if (!is_id(m->id) || m->at_ms < 0 || m->at_ms > UTC_MAX_MS)
		return err_set(e, -EINVAL, "not the id and moment of a notice");
	r = add_addresses(to, m, e);
	if (r < 0)
		return r;
	add_date(to, m->at_ms);
	buf_addf(to, "Message-ID: <%s@%s>\r\n", m->id, strchr(m->from, '@') + 1);
	add_subject(to, &m->message->subject);
	buf_addf(to, "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
		 "Content-Type: multipart/alternative;\r\n boundary=\"dv-%s\"\r\n\r\n", m->id);
	add_part(to, m->id, "plain", &m->message->plain);
	add_part(to, m->id, "html", &m->message->html);
	buf_addf(to, "--dv-%s--\r\n", m->id);
	return to->failed ? err_set(e, -ENOMEM, "no memory for a mail") : 0;
}
