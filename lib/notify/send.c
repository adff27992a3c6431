#include "notify/send.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/post.h"
#include "base/secret.h"
#include "base/utc.h"
#include "base/util.h"
#include "notify/syslog.h"

const char *notify_outcome_text(enum notify_outcome o)
{
	switch (o) {
	case NOTIFY_SENT:	return "sent";
	case NOTIFY_LATER:	return "failed";
	case NOTIFY_DEAD:	return "dead";
	}
	BUG("notify: outcome %d", o);
}

const struct conf_channel *notify_find(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_channels; i++)
		if (strcmp(c->channels[i].name, name) == 0)
			return &c->channels[i];
	return NULL;
}

json_t *notify_channels(const struct conf *c)
{
	json_t *list = json_array(), *j;
	size_t i;

	for (i = 0; i < c->n_channels; i++) {
		const struct conf_channel *ch = &c->channels[i];

		j = json_pack("{s:s, s:s?, s:s, s:s, s:o, s:b}", "channel", ch->name,
			      "unit", ch->unit[0] != '\0' ? ch->unit : NULL,
			      "language", ch->english ? "en" : "zh",
			      "at_once", conf_channel_at_once(ch->at_once),
			      "digest", ch->digest_minute >= 0 ? json_integer(ch->digest_minute) :
				      json_null(),
			      "full", ch->kind == CHANNEL_MAIL);
		if (j == NULL || json_array_append_new(list, j) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* ------ what came of it ------ */

enum { SECRET_MIN = 6 };	/* bytes */

static void result(struct notify_result *ret, enum notify_outcome outcome, const char *text)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(NOTIFY_ANSWER_MAX);

	message_add_line(&line, text, NOTIFY_ANSWER_MAX - 1);
	while (line.len > 0 && line.p[line.len - 1] == ' ')	/* where a line ended */
		line.p[--line.len] = '\0';
	ret->outcome = outcome;
	snprintf(ret->answer, sizeof(ret->answer), "%s", buf_str(&line));
}

/* A secret that is not there may be put there meanwhile; what is no notice will never be one. */
static void failed(struct notify_result *ret, int r, const struct err *e)
{
	result(ret, r == -EINVAL ? NOTIFY_DEAD : NOTIFY_LATER, e->msg);
}

/* One line of a secret, wherever it stands, becomes a star. */
static void hide_line(const uint8_t *p, size_t n, struct buf *b)
{
	size_t from = 0;
	uint8_t *at;

	while (b->len > from && (at = memmem(b->p + from, b->len - from, p, n)) != NULL) {
		from = (size_t)(at - b->p) + 1;
		memmove(at + 1, at + n, b->len - (from - 1) - n);
		*at = '*';
		b->len -= n - 1;
		b->p[b->len] = '\0';
	}
}

/* Whoever is told a secret may repeat it: nobody is to read it in an answer.  What is shorter is none, and
 * may be a word of any answer. */
static void hide(const struct secret *s, struct buf *b)
{
	size_t i = 0, n;

	for (; i < s->len; i += n + 1) {
		const uint8_t *end = memchr(s->p + i, '\n', s->len - i);

		n = end != NULL ? (size_t)(end - (s->p + i)) : s->len - i;
		if (n >= SECRET_MIN)
			hide_line(s->p + i, n, b);
	}
}

/* ------ mail ------ */

static void mail_result(struct notify_result *ret, int r, const struct post_answer *a,
			const struct err *e)
{
	char text[2 * NOTIFY_ANSWER_MAX];

	if (r == 0) {
		result(ret, NOTIFY_SENT, buf_str(&a->body));
		return;
	}
	/* What the server says for good; all else may be better tomorrow, also who may log in (454). */
	if (a->status >= 400 && a->status < 500)
		r = -EIO;
	snprintf(text, sizeof(text), "%s%s%.120s%s", e->msg, a->body.len > 0 ? ": " : "",
		 buf_str(&a->body), r == -EACCES ? ": look at user and at the secret's file" : "");
	result(ret, (a->status >= 500 && a->status < 600) || r == -EACCES ? NOTIFY_DEAD : NOTIFY_LATER,
	       text);
}

static size_t split(char *list, const char *to[CONF_ADDRESSES_MAX + 1])
{
	size_t n = 0, len;
	char *p;

	for (p = list + strspn(list, ", "); *p != '\0' && n < CONF_ADDRESSES_MAX;
	     p += strspn(p, ", ")) {
		to[n++] = p;
		len = strcspn(p, ", ");
		p += len;
		if (*p != '\0')
			*p++ = '\0';
	}
	to[n] = NULL;
	return n;
}

static void send_mail(const struct notify *n, const struct message *m, const struct secret *password,
		      struct notify_result *ret)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MIME_MAX);
	const struct conf_channel *c = n->channel;
	const char *at = json_string_value(json_object_get(n->facts, "made_at"));
	struct mime mime = { .id = n->id, .from = c->from, .to = c->to, .message = m };
	struct post_answer a = { .body = BUF_INIT(512) };
	const char *to[CONF_ADDRESSES_MAX + 1];
	struct err e = { .code = 0 };
	char list[CONF_PATH_MAX];
	int r;

	snprintf(list, sizeof(list), "%s", c->to);
	split(list, to);
	if (at == NULL || utc_parse(at, strlen(at), &mime.at_ms) < 0)
		mime.at_ms = utc_now();
	r = mime_build(&mime, &text, &e);
	if (r < 0) {
		failed(ret, r, &e);
		return;
	}
	r = post_mail(&(struct post_mail){
		.url = c->url, .plain = conf_is_loopback(c->url), .from = c->from, .to = to,
		.user = c->user[0] != '\0' ? c->user : NULL,
		.password = password->p != NULL ? (const char *)password->p : NULL,
		.text = text.p, .len = text.len, .ca = c->ca[0] != '\0' ? c->ca : NULL,
		.connect_ms = NOTIFY_CONNECT_MS, .total_ms = NOTIFY_MS, .stop = n->stop }, &a, &e);
	hide(password, &a.body);
	mail_result(ret, r, &a, &e);
	buf_clear(&a.body);
}

/* ------ webhooks ------ */

enum { URL_MAX = CONF_PATH_MAX + NOTIFY_SECRET_MAX + 256, TOKEN_MAX = 512 };

/* A token that stands in a URL as it is; anything else is not one. */
static bool is_token(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-",
			   p[i]) == NULL || p[i] == '\0')
			return false;
	return len > 0 && len <= TOKEN_MAX;
}

/* The URL that is asked, in protected memory. */
static bool make_url(const struct conf_channel *c, const struct secret *s, int64_t now_ms, char *url)
{
	const char *p = (const char *)s->p, *end;
	char sign[WEBHOOK_SIGN_MAX];
	size_t first, second;

	snprintf(url, URL_MAX, "%s", c->url);
	if (c->kind == CHANNEL_JSON)
		return s->len > 0;
	end = memchr(p, '\n', s->len);
	first = end != NULL ? (size_t)(end - p) : s->len;
	if (!is_token(p, first))
		return false;
	if (c->kind == CHANNEL_WECOM) {
		snprintf(url, URL_MAX, "%s?key=%.*s", c->url, (int)first, p);
		return end == NULL;
	}
	snprintf(url, URL_MAX, "%s?access_token=%.*s", c->url, (int)first, p);
	if (end == NULL)
		return true;
	second = s->len - first - 1;
	if (!is_token(end + 1, second) || !webhook_dingtalk_sign(now_ms, end + 1, second, sign))
		return false;
	snprintf(url + strlen(url), URL_MAX - strlen(url), "&timestamp=%" PRId64 "&sign=%s", now_ms, sign);
	return true;
}

static void ask(const struct notify *n, const struct secret *secret, const char *url,
		const struct buf *body, const char *const *headers, struct notify_result *ret)
{
	const struct conf_channel *c = n->channel;
	struct post_answer a = { .body = BUF_INIT(WEBHOOK_ANSWER_MAX) };
	struct webhook_verdict v;
	struct err e = { .code = 0 };
	int r;

	r = post(&(struct post){ .url = url, .body = body->p, .len = body->len,
				 .type = "application/json; charset=utf-8", .headers = headers,
				 .ca = c->ca[0] != '\0' ? c->ca : NULL, .connect_ms = NOTIFY_CONNECT_MS,
				 .total_ms = NOTIFY_MS, .stop = n->stop }, &a, &e);
	if (r < 0) {
		result(ret, NOTIFY_LATER, e.msg);
	} else {
		hide(secret, &a.body);
		webhook_judge(c->kind, a.status, a.body.p, a.body.len, &v);
		ret->wait_s = v.wait_s;
		result(ret, v.outcome, v.text);
	}
	buf_clear(&a.body);
}

static void send_webhook(const struct notify *n, const struct message *m, const struct secret *secret,
			 struct notify_result *ret)
{
	AUTO(buf_clear) struct buf body = BUF_INIT(2 * MIME_MAX);
	char sign[WEBHOOK_SIGN_MAX] = "", moment[64], notice[80], signature[WEBHOOK_SIGN_MAX + 32];
	const char *const headers[] = { moment, notice, signature, NULL };
	const int64_t now_ms = utc_now();
	char *url = sodium_malloc(URL_MAX);

	if (url == NULL || !webhook_body(n->channel->kind, n->id, n->station, n->facts, m, &body)) {
		result(ret, NOTIFY_LATER, "no memory for a notice");
	} else if (!make_url(n->channel, secret, now_ms, url)) {
		result(ret, NOTIFY_DEAD, "the secret's file does not have what dockvault.conf(5) says: mend it");
	} else {
		webhook_json_sign(now_ms, secret->p, secret->len, body.p, body.len, sign);
		snprintf(moment, sizeof(moment), "X-Dockvault-Timestamp: %" PRId64, now_ms);
		snprintf(notice, sizeof(notice), "X-Dockvault-Notice: %.36s", n->id);
		snprintf(signature, sizeof(signature), "X-Dockvault-Signature: %s", sign);
		ask(n, secret, url, &body, n->channel->kind == CHANNEL_JSON ? headers : NULL, ret);
	}
	sodium_free(url);
}

/* ------ all of it ------ */

static void send_syslog(const struct notify *n, const struct message *m, struct notify_result *ret)
{
	const json_t *first = json_array_get(json_object_get(n->facts, "findings"), 0);
	const char *severity = json_string_value(json_object_get(first, "severity"));
	struct err e = { .code = 0 };

	if (syslog_send(n->channel->url, n->id, severity != NULL && strcmp(severity, "violation") == 0, m,
			utc_now(), &e) < 0)
		result(ret, NOTIFY_LATER, e.msg);
	else
		result(ret, NOTIFY_SENT, "the log has taken it");
}

void notify_send(const struct notify *n, struct notify_result *ret)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(secret_clear) struct secret secret = { .p = NULL };
	const struct conf_channel *c = n->channel;
	struct err e = { .code = 0 };
	int r;

	*ret = (struct notify_result){ .outcome = NOTIFY_LATER };
	r = message_build(n->facts, n->station, c->kind == CHANNEL_MAIL, webhook_text_max(c->kind), &m, &e);
	if (r == 0 && c->secret[0] != '\0')
		r = secret_read(c->secret, NOTIFY_SECRET_MAX, &secret, &e);
	if (r < 0) {
		failed(ret, r, &e);
		return;
	}
	switch (c->kind) {
	case CHANNEL_MAIL:
		send_mail(n, &m, &secret, ret);
		return;
	case CHANNEL_SYSLOG:
		send_syslog(n, &m, ret);
		return;
	case CHANNEL_DINGTALK:
	case CHANNEL_WECOM:
	case CHANNEL_JSON:
		send_webhook(n, &m, &secret, ret);
		return;
	}
	BUG("notify: a channel of kind %d", (int)c->kind);
}
