#include "rules/finding.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "base/utf8.h"
#include "base/util.h"

enum { FINDINGS_FIRST = 16 };

static const char *const code_names[FINDING_CODES] = {
	[FINDING_LATE_UPLOAD] = "late_upload",
	[FINDING_GAP] = "gap",
	[FINDING_OVERLAP] = "overlap",
	[FINDING_REORDERED] = "reordered",
	[FINDING_REPLAYED] = "replayed",
	[FINDING_UNFINISHED] = "unfinished",
	[FINDING_CLOCK_JUMP] = "clock_jump",
	[FINDING_CLOCK_DRIFT] = "clock_drift",
	[FINDING_CHECKSUM_MISMATCH] = "checksum_mismatch",
	[FINDING_SIGNATURE_INVALID] = "signature_invalid",
	[FINDING_SIGNATURE_MISSING] = "signature_missing",
	[FINDING_KEY_UNKNOWN] = "key_unknown",
	[FINDING_CHAIN_BREAK] = "chain_break",
	[FINDING_FORK] = "fork",
	[FINDING_DELETED_ON_RECORDER] = "deleted_on_recorder",
	[FINDING_UNKNOWN_RECORDER] = "unknown_recorder",
	[FINDING_DEVICE_FAULT] = "device_fault",
	[FINDING_EMPTY_FILE] = "empty_file",
	[FINDING_UNREADABLE_FILE] = "unreadable_file",
	[FINDING_BATTERY_LOW] = "battery_low",
	[FINDING_STORAGE_LOW] = "storage_low",
	[FINDING_NOT_DOCKED] = "not_docked",
	[FINDING_NAME_GAP] = "name_gap",
	[FINDING_FOREIGN_FILE] = "foreign_file",
	[FINDING_CARD_CHANGED] = "card_changed",
	[FINDING_CLEAR_FAILED] = "clear_failed",
	[FINDING_CHALLENGE_UNANSWERED] = "challenge_unanswered",
	[FINDING_IMPORT_INCOMPLETE] = "import_incomplete",
	[FINDING_COPIED_OFF_RECORDER] = "copied_off_recorder",
	[FINDING_INSERTED] = "inserted",
};

static const char *const severity_names[] = {
	[SEVERITY_DEFAULT] = NULL,
	[SEVERITY_INFO] = "info",
	[SEVERITY_NOTICE] = "notice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_VIOLATION] = "violation",
};

static const char *const subject_names[] = {
	[SUBJECT_RECORDER] = "recorder",
	[SUBJECT_SESSION] = "session",
	[SUBJECT_RECORDING] = "recording",
	[SUBJECT_SEGMENT] = "segment",
	[SUBJECT_SLOT] = "slot",
};

const char *finding_code_name(enum finding_code c)
{
	if ((unsigned)c >= COUNT(code_names))
		BUG("finding: code %d", (int)c);
	return code_names[c];
}

const char *finding_severity_name(enum finding_severity s)
{
	if ((unsigned)s >= COUNT(severity_names))
		BUG("finding: severity %d", (int)s);
	return severity_names[s];
}

const char *finding_subject_name(enum finding_subject s)
{
	if ((unsigned)s >= COUNT(subject_names))
		BUG("finding: subject kind %d", (int)s);
	return subject_names[s];
}

/* Double the room when it is used up; it is a power of two times FINDINGS_FIRST. */
static bool make_room(struct findings *l)
{
	size_t room = FINDINGS_FIRST;
	struct finding *p;

	if (l->n >= FINDINGS_MAX)
		return false;
	while (room < l->n)
		room *= 2;
	if (l->n > 0 && l->n < room)
		return true;
	p = realloc(l->items, (l->n == 0 ? room : room * 2) * sizeof(*p));
	if (p == NULL)
		return false;
	l->items = p;
	return true;
}

void findings_add(struct findings *l, const struct finding *f)
{
	struct finding *last;

	if (make_room(l)) {
		l->items[l->n++] = *f;
		return;
	}
	l->dropped++;
	json_decref(f->detail);
	if (l->n == 0)
		return;
	last = &l->items[l->n - 1];
	if (last->detail == NULL)
		last->detail = json_object();
	json_object_set_new(last->detail, "findings_left_out",
			    json_integer((json_int_t)l->dropped));
}

void findings_clear(struct findings *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		json_decref(l->items[i].detail);
	free(l->items);
	*l = (struct findings){ 0 };
}

json_t *finding_text(const char *text)
{
	json_t *ret;
	size_t i, len, n;
	uint32_t c;
	char *copy;

	if (text == NULL)
		return NULL;
	copy = strdup(text);
	if (copy == NULL)
		return NULL;
	len = strlen(copy);
	for (i = 0; i < len; i += n) {
		n = utf8_char((const uint8_t *)copy + i, len - i, &c);
		if (n == 0) {
			copy[i] = '?';
			n = 1;
		}
	}
	ret = json_string(copy);
	free(copy);
	return ret;
}

json_t *finding_number(uint64_t n)
{
	char text[32];

	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	snprintf(text, sizeof(text), "%" PRIu64, n);
	return json_string(text);
}

json_t *finding_time(int64_t ms)
{
	char text[UTC_TEXT_SIZE];

	utc_format(MAX(INT64_C(0), MIN(ms, UTC_MAX_MS)), text);
	return json_string(text);
}

static json_t *text_or_null(const char *s)
{
	return s == NULL || s[0] == '\0' ? json_null() : finding_text(s);
}

json_t *finding_json(const struct finding *f)
{
	json_t *o = json_object();
	int failed = 0;

	failed |= json_object_set_new(o, "code", json_string(finding_code_name(f->code)));
	failed |= json_object_set_new(o, "subject_kind",
				      json_string(finding_subject_name(f->subject_kind)));
	failed |= json_object_set_new(o, "subject", finding_text(f->subject));
	failed |= json_object_set_new(o, "recorder", text_or_null(f->recorder));
	failed |= json_object_set_new(o, "fact", finding_text(f->fact));
	failed |= json_object_set_new(o, "at", finding_time(f->at_ms));
	failed |= json_object_set_new(o, "severity",
				      text_or_null(finding_severity_name(f->severity)));
	failed |= json_object_set_new(o, "confidence",
				      f->confidence < 0 ? json_null() : json_real(f->confidence));
	failed |= json_object_set_new(o, "detail", f->detail == NULL ? json_object() :
				      json_incref(f->detail));
	if (failed == 0)
		return o;
	json_decref(o);
	return NULL;
}

json_t *findings_json(const struct findings *l)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (json_array_append_new(a, finding_json(&l->items[i])) < 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}
