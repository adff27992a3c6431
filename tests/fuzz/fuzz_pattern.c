/* A pattern in the first line and a name behind it: refused with a column, or claims that hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "format/pattern.h"
#include "fuzz/fuzz.h"

static void must_be_a_moment(const char *claim, bool is_bad)
{
	char text[UTC_TEXT_SIZE] = "....................000Z";
	int64_t ms;

	if (claim[0] == '\0')
		return;
	MUST(!is_bad && strlen(claim) == PATTERN_TIME_MAX);
	memcpy(text, claim, PATTERN_TIME_MAX);
	text[PATTERN_TIME_MAX] = '.';
	MUST(utc_parse(text, UTC_TEXT_LEN, &ms) != -EINVAL);
}

static void must_hold(const struct pattern_claims *c, const char *name)
{
	size_t len = strlen(c->device);

	MUST(len <= PATTERN_FIELD_MAX && strlen(c->officer) <= PATTERN_FIELD_MAX);
	MUST(strlen(c->channel) <= PATTERN_FIELD_MAX && strlen(c->extension) <= PATTERN_EXT_MAX);
	MUST(len == 0 || memcmp(name + c->device_at, c->device, len) == 0);
	must_be_a_moment(c->start, c->bad_start);
	must_be_a_moment(c->end, c->bad_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1), *name;
	struct pattern_claims c;
	struct pattern p;
	struct err e = { 0, "" };

	MUST(text != NULL);
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	name = strchr(text, '\n');
	if (name != NULL)
		*name++ = '\0';
	if (pattern_parse(text, &p, &e) < 0)
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
	else if (name != NULL && pattern_match(&p, name, &c))
		must_hold(&c, name);
	free(text);
	return 0;
}
