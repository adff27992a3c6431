#include "age/armor.h"

#include <string.h>

#include "base/base64.h"
#include "base/util.h"

static const char begin_line[] = "-----BEGIN AGE ENCRYPTED FILE-----";
static const char end_line[] = "-----END AGE ENCRYPTED FILE-----";

enum { LINE = 64, LINE_BYTES = 48 };

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool age_armor_is(const uint8_t *head, size_t len)
{
	size_t i = 0;

	while (i < len && i < AGE_ARMOR_SPACE_MAX && is_space(head[i]))
		i++;
	return len - i >= sizeof(begin_line) - 1 &&
		memcmp(head + i, begin_line, sizeof(begin_line) - 1) == 0;
}

/* A line of base64, with its padding: how many bytes; 0: it is none. */
static size_t decode_line(const char *s, size_t len, uint8_t *to)
{
	size_t n = len / 4 * 3;

	if (len == 0 || len % 4 != 0 || len > LINE)
		return 0;
	if (s[len - 1] == '=')
		n -= s[len - 2] == '=' ? 2 : 1;
	return base64_decode(s, len, to, n) ? n : 0;
}

static bool is_line(const struct age_armor *a, const char *wanted)
{
	return a->held == strlen(wanted) && memcmp(a->line, wanted, a->held) == 0;
}

/* A whole line without its end. */
static bool take_line(struct age_armor *a, uint8_t *to, size_t *ret_len)
{
	size_t n;

	if (a->held > 0 && a->line[a->held - 1] == '\r')
		a->held--;
	if (a->state == ARMOR_BEFORE) {
		a->state = ARMOR_BODY;
		return is_line(a, begin_line);
	}
	if (is_line(a, end_line)) {
		a->state = ARMOR_BEHIND;
		return true;
	}
	n = a->state == ARMOR_BODY ? decode_line(a->line, a->held, to + *ret_len) : 0;
	if (n < LINE_BYTES)
		a->state = ARMOR_SHORT;		/* nothing but the end may follow */
	*ret_len += n;
	return n > 0;
}

bool age_armor_put(struct age_armor *a, const uint8_t *text, size_t len, uint8_t *to,
		   size_t *ret_len)
{
	size_t i;

	*ret_len = 0;
	for (i = 0; i < len; i++) {
		const bool outside = a->state == ARMOR_BEHIND || (a->state == ARMOR_BEFORE && a->held == 0);

		if (outside && is_space(text[i])) {
			if (++a->space > AGE_ARMOR_SPACE_MAX)
				return false;
			continue;
		}
		if (a->state == ARMOR_BEHIND)
			return false;
		if (text[i] != '\n') {
			if (a->held == sizeof(a->line))
				return false;
			a->line[a->held++] = (char)text[i];
			continue;
		}
		if (!take_line(a, to, ret_len))
			return false;
		a->held = 0;
		if (a->state == ARMOR_BEHIND)
			a->space = 0;
	}
	return true;
}

bool age_armor_end(struct age_armor *a)
{
	/* The last line's own line feed may be missing. */
	return a->state == ARMOR_BEHIND ||
		((a->state == ARMOR_BODY || a->state == ARMOR_SHORT) && is_line(a, end_line));
}
