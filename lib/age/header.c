#include "age/header.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"

static const char version_line[] = "age-encryption.org/v1";

enum { LINE = 64, LINE_BYTES = 48 };

struct reader {
	const char *p, *end;
	unsigned line;
};

/* The next line without its line feed; false: there is none. */
static bool take_line(struct reader *r, const char **ret, size_t *ret_len)
{
	const char *feed = r->p < r->end ? memchr(r->p, '\n', (size_t)(r->end - r->p)) : NULL;

	if (feed == NULL)
		return false;
	*ret = r->p;
	*ret_len = (size_t)(feed - r->p);
	r->p = feed + 1;
	r->line++;
	return true;
}

static int refuse(const struct reader *r, const char *why, struct err *e)
{
	return err_set(e, -EINVAL, "age header, line %u: %s", r->line, why);
}

/* "-> kind argument...": printable characters between single spaces. */
static bool take_args(const char *s, size_t len, struct age_stanza *ret)
{
	size_t begin = 0, i;

	ret->args = 0;
	for (i = 0; i <= len; i++) {
		if (i < len && s[i] != ' ') {
			if (s[i] < 0x21 || s[i] > 0x7e)
				return false;
			continue;
		}
		if (i == begin)
			return false;
		if (ret->args < AGE_ARGS_MAX)
			ret->arg[ret->args] = (struct age_arg){ s + begin, i - begin };
		ret->args++;
		begin = i + 1;
	}
	return true;
}

/* How many bytes so many digits are, without padding; len % 4 == 1 is none's length. */
static size_t decoded_len(size_t digits)
{
	return digits / 4 * 3 + digits % 4 * 3 / 4;
}

static int take_body(struct reader *r, struct age_stanza *ret, struct err *e)
{
	uint8_t bytes[LINE_BYTES];
	const char *s;
	size_t len, n;

	ret->body_len = 0;
	do {
		if (!take_line(r, &s, &len))
			return refuse(r, "the file ends in a stanza", e);
		if (len > LINE)
			return refuse(r, "longer than 64 characters", e);
		n = decoded_len(len);
		if (!base64_raw_decode(s, len, bytes, n))
			return refuse(r, "not base64 in its one shape", e);
		if (ret->body_len < AGE_WRAPPED)
			memcpy(ret->body + ret->body_len, bytes, MIN(n, AGE_WRAPPED - ret->body_len));
		ret->body_len += n;
	} while (len == LINE);
	return 0;
}

static int take_stanza(struct reader *r, const char *s, size_t len, struct age_header *ret,
		       struct err *e)
{
	struct age_stanza *stanza = &ret->stanza[ret->n];

	if (len < 3 || memcmp(s, "-> ", 3) != 0)
		return refuse(r, "neither a stanza nor the header's end", e);
	if (ret->n == AGE_STANZAS_MAX)
		return refuse(r, "too many stanzas", e);
	if (!take_args(s + 3, len - 3, stanza))
		return refuse(r, "arguments are printable and one space apart", e);
	ret->n++;
	return take_body(r, stanza, e);
}

int age_header_parse(const uint8_t *text, size_t len, struct age_header *ret, struct err *e)
{
	struct reader r = { (const char *)text, (const char *)text + len, 0 };
	const char *s;
	size_t n;
	int status;

	ret->n = 0;
	if (!take_line(&r, &s, &n) || n != sizeof(version_line) - 1 || memcmp(s, version_line, n) != 0)
		return err_set(e, -EINVAL, "not an age v1 file");
	for (;;) {
		if (!take_line(&r, &s, &n))
			return refuse(&r, "the file ends in its header", e);
		if (n >= 3 && memcmp(s, "---", 3) == 0)
			break;
		status = take_stanza(&r, s, n, ret, e);
		if (status < 0)
			return status;
	}
	if (ret->n == 0)
		return refuse(&r, "no stanza before the header's end", e);
	ret->signed_len = (size_t)(s + 3 - (const char *)text);
	if (n < 4 || s[3] != ' ' || !base64_raw_decode(s + 4, n - 4, ret->mac, AGE_MAC))
		return refuse(&r, "no MAC of 32 bytes", e);
	ret->len = (size_t)(r.p - (const char *)text);
	return 0;
}

bool age_stanza_is(const struct age_stanza *s, const char *kind)
{
	return s->arg[0].len == strlen(kind) && memcmp(s->arg[0].p, kind, s->arg[0].len) == 0;
}

void age_header_begin(struct buf *to)
{
	buf_addf(to, "%s\n", version_line);
}

void age_header_stanza(struct buf *to, const char *args, const uint8_t body[AGE_WRAPPED])
{
	buf_addf(to, "-> %s\n", args);
	base64_raw_add(to, body, AGE_WRAPPED);
	buf_adds(to, "\n");
}

void age_header_end(struct buf *to)
{
	buf_adds(to, "---");
}

void age_header_mac(struct buf *to, const uint8_t mac[AGE_MAC])
{
	buf_adds(to, " ");
	base64_raw_add(to, mac, AGE_MAC);
	buf_adds(to, "\n");
}
