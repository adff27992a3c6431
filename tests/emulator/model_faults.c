/* What can be said of a device in text: its faults, and what unlocks it. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "emulator/model.h"

#define HEX "0123456789abcdefABCDEF"

enum kind { PLACE, SIGNED, NUMBER, FLAG };

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
	{ "no-max-lun", FLAG, offsetof(struct model_faults, no_max_lun) },
	{ "no-answer", FLAG, offsetof(struct model_faults, no_answer) },
	{ "unlock-fails", FLAG, offsetof(struct model_faults, unlock_fails) },
	{ "container-length", PLACE, offsetof(struct model_faults, container_length) },
	{ "dataset-cut", PLACE, offsetof(struct model_faults, dataset_cut) },
	{ "store-removed-at", PLACE, offsetof(struct model_faults, store_removed_at) },
	{ "free", PLACE, offsetof(struct model_faults, free) },
	{ "clock-offset", SIGNED, offsetof(struct model_faults, clock_offset) },
	{ "battery", NUMBER, offsetof(struct model_faults, battery) },
	{ "handle-gone", NUMBER, offsetof(struct model_faults, handle_gone) },
	{ "busy", NUMBER, offsetof(struct model_faults, busy) },
	{ "writable", FLAG, offsetof(struct model_faults, writable) },
	{ "no-clock-set", FLAG, offsetof(struct model_faults, no_clock_set) },
	{ "no-delete", FLAG, offsetof(struct model_faults, no_delete) },
	{ "wrong-tid", FLAG, offsetof(struct model_faults, wrong_tid) },
	{ "wrong-phase", FLAG, offsetof(struct model_faults, wrong_phase) },
	{ "array-bomb", FLAG, offsetof(struct model_faults, array_bomb) },
	{ "string-open", FLAG, offsetof(struct model_faults, string_open) },
	{ "size-changes", FLAG, offsetof(struct model_faults, size_changes) },
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

/* "-95C1-101B": operations, each behind a minus. */
static int hide(struct model_faults *f, const char *s, size_t len)
{
	size_t n = 0;
	unsigned code;

	if (len == 0 || len % 5 != 0 || len / 5 > MODEL_HIDDEN_MAX)
		return -EINVAL;
	for (; len > 0; s += 5, len -= 5) {
		if (s[0] != '-' || strspn(s + 1, HEX) < 4 || sscanf(s + 1, "%4x", &code) != 1)
			return -EINVAL;
		f->hidden[n++] = (uint16_t)code;
	}
	return 0;
}

static int store(struct model_faults *f, enum kind kind, size_t field, int64_t value)
{
	char *base = (char *)f;

	switch (kind) {
	case PLACE:
	case SIGNED:
		memcpy(base + field, &value, sizeof(value));
		return 0;
	case NUMBER:
		if (value > UINT32_MAX)
			return -EINVAL;
		memcpy(base + field, &(uint32_t){ (uint32_t)value }, sizeof(uint32_t));
		return 0;
	case FLAG:
		if (value > 1)
			return -EINVAL;
		memcpy(base + field, &(bool){ value == 1 }, sizeof(bool));
		return 0;
	}
	return -EINVAL;
}

static int set(struct model_faults *f, const char *name, size_t name_len, const char *text,
	       size_t len)
{
	int64_t value;
	size_t i;

	if (name_len == 7 && memcmp(name, "mtp-ops", 7) == 0)
		return hide(f, text, len);
	for (i = 0; i < COUNT(faults); i++)
		if (strlen(faults[i].name) == name_len &&
		    memcmp(faults[i].name, name, name_len) == 0)
			break;
	if (i == COUNT(faults))
		return -EINVAL;
	if (faults[i].kind == SIGNED && len > 0 && text[0] == '-') {
		value = number(text + 1, len - 1);
		return value < 0 ? -EINVAL : store(f, SIGNED, faults[i].field, -value);
	}
	value = number(text, len);
	return value < 0 ? -EINVAL : store(f, faults[i].kind, faults[i].field, value);
}

int model_faults_parse(const char *text, struct model_faults *ret)
{
	struct model_faults f = {
		.unplug_at = -1, .stall_at = -1, .hang_at = -1, .short_at = -1, .lie_at = -1,
		.bad_sector = -1, .shrink = -1, .container_length = -1, .dataset_cut = -1,
		.store_removed_at = -1, .free = -1, .battery = 80,
	};
	const char *s = text, *is;
	size_t len;

	while (*s != '\0') {
		len = strcspn(s, ",");
		is = memchr(s, '=', len);
		if (is == NULL)
			return -EINVAL;
		if (set(&f, s, (size_t)(is - s), is + 1, len - (size_t)(is + 1 - s)) < 0)
			return -EINVAL;
		s += len;
		if (*s == ',' && *++s == '\0')
			return -EINVAL;
	}
	*ret = f;
	return 0;
}

/* Pairs of hexadecimal digits up to a colon or the end: how many bytes; -1: something else. */
static int bytes(const char **s, uint8_t *ret, size_t max)
{
	size_t len = strcspn(*s, ":"), i;
	unsigned byte;

	if (len == 0 || len % 2 != 0 || len / 2 > max || strspn(*s, HEX) < len)
		return -1;
	for (i = 0; i < len / 2; i++) {
		if (sscanf(*s + 2 * i, "%2x", &byte) != 1)
			return -1;
		ret[i] = (uint8_t)byte;
	}
	*s += len;
	return (int)(len / 2);
}

/* Up to eight hexadecimal digits behind a colon. */
static int word(const char **s, uint32_t *ret)
{
	size_t len = **s == ':' ? strspn(*s + 1, HEX) : 0;

	if (len == 0 || len > 8 || sscanf(*s + 1, "%x", ret) != 1)
		return -EINVAL;
	*s += 1 + len;
	return 0;
}

static int parse_scsi(const char *s, struct model_unlock *u)
{
	int n = bytes(&s, u->cdb, sizeof(u->cdb));

	if (n < 0)
		return -EINVAL;
	u->cdb_len = (uint8_t)n;
	if (*s == ':') {
		s++;
		n = bytes(&s, u->data, sizeof(u->data));
		if (n < 0)
			return -EINVAL;
		u->data_len = (uint8_t)n;
	}
	return *s == '\0' ? 0 : -EINVAL;
}

static int parse_mtp(const char *s, struct model_unlock *u)
{
	uint32_t code;

	if (word(&s, &code) < 0 || code < 0x9000 || code > 0x9fff)
		return -EINVAL;
	u->operation = (uint16_t)code;
	for (; *s != '\0'; u->n_params++) {
		if (u->n_params == MODEL_UNLOCK_PARAMS_MAX || word(&s, &u->params[u->n_params]) < 0)
			return -EINVAL;
	}
	return 0;
}

int model_unlock_parse(const char *text, struct model_unlock *ret)
{
	struct model_unlock u = { .vid = ret->vid, .pid = ret->pid };
	int r = -EINVAL;

	if (strncmp(text, "scsi:", 5) == 0) {
		u.kind = MODEL_UNLOCK_SCSI;
		r = parse_scsi(text + 5, &u);
	} else if (strncmp(text, "mtp:", 4) == 0) {
		u.kind = MODEL_UNLOCK_MTP;
		r = parse_mtp(text + 3, &u);
	}
	if (r == 0)
		*ret = u;
	return r;
}
