#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/util.h"
#include "emulator/model.h"

enum kind { PLACE, NUMBER, FLAG };

static const struct { const char *name; enum kind kind; size_t field; } faults[] = {
	{ "unplug-at", PLACE, offsetof(struct model_faults, unplug_at) },
	{ "stall-at", PLACE, offsetof(struct model_faults, stall_at) },
	{ "hang-at", PLACE, offsetof(struct model_faults, hang_at) },
	{ "short-at", PLACE, offsetof(struct model_faults, short_at) },
	{ "lie-at", PLACE, offsetof(struct model_faults, lie_at) },
	{ "bad-sector", PLACE, offsetof(struct model_faults, bad_sector) },
	{ "shrink", PLACE, offsetof(struct model_faults, shrink) },
	{ "phase-error", NUMBER, offsetof(struct model_faults, phase_error) },
	{ "not-ready", NUMBER, offsetof(struct model_faults, not_ready) },
	{ "delay-us", NUMBER, offsetof(struct model_faults, delay_us) },
	{ "csw-tag", FLAG, offsetof(struct model_faults, csw_tag) },
	{ "csw-sig", FLAG, offsetof(struct model_faults, csw_sig) },
	{ "grow", FLAG, offsetof(struct model_faults, grow) },
	{ "no-medium", FLAG, offsetof(struct model_faults, no_medium) },
	{ "no-answer", FLAG, offsetof(struct model_faults, no_answer) },
};

/* Decimal digits up to a comma or the end; -1 when it is anything else. */
static int64_t number(const char *s, size_t len)
{
	int64_t n = 0;
	size_t i;

	if (len == 0 || len > 18)
		return -1;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return n;
}

static int set(struct model_faults *f, const char *name, size_t name_len, int64_t value)
{
	char *base = (char *)f;
	size_t i;

	for (i = 0; i < COUNT(faults); i++)
		if (strlen(faults[i].name) == name_len &&
		    memcmp(faults[i].name, name, name_len) == 0)
			break;
	if (i == COUNT(faults) || value < 0)
		return -EINVAL;
	switch (faults[i].kind) {
	case PLACE:
		memcpy(base + faults[i].field, &value, sizeof(value));
		return 0;
	case NUMBER:
		if (value > UINT32_MAX)
			return -EINVAL;
		memcpy(base + faults[i].field, &(uint32_t){ (uint32_t)value }, sizeof(uint32_t));
		return 0;
	case FLAG:
		if (value > 1)
			return -EINVAL;
		memcpy(base + faults[i].field, &(bool){ value == 1 }, sizeof(bool));
		return 0;
	}
	return -EINVAL;
}

int model_faults_parse(const char *text, struct model_faults *ret)
{
	struct model_faults f = {
		.unplug_at = -1, .stall_at = -1, .hang_at = -1, .short_at = -1, .lie_at = -1,
		.bad_sector = -1, .shrink = -1,
	};
	const char *s = text, *is;
	size_t len;

	while (*s != '\0') {
		len = strcspn(s, ",");
		is = memchr(s, '=', len);
		if (is == NULL)
			return -EINVAL;
		if (set(&f, s, (size_t)(is - s),
			number(is + 1, len - (size_t)(is + 1 - s))) < 0)
			return -EINVAL;
		s += len;
		if (*s == ',' && *++s == '\0')
			return -EINVAL;
	}
	*ret = f;
	return 0;
}
