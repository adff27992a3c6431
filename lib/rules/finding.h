/*
 * A finding: something that the regulation forbids or that a supervisor has to
 * know, found out and stored.  lib/rules only says what is so; the words a
 * person reads, the article and the default severity are rows of the table
 * `rule`, by code.
 *
 * Shapes and identity: lib/catalog/RECORDS.md.  Pure; any thread.
 */
#ifndef RULES_FINDING_H
#define RULES_FINDING_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { FINDING_SUBJECT_MAX = 160, FINDING_FACT_MAX = 120, FINDINGS_MAX = 4096 };

enum finding_code {
	FINDING_LATE_UPLOAD, FINDING_GAP, FINDING_OVERLAP, FINDING_REORDERED, FINDING_REPLAYED,
	FINDING_UNFINISHED, FINDING_CLOCK_JUMP, FINDING_CLOCK_DRIFT,
	FINDING_CHECKSUM_MISMATCH, FINDING_SIGNATURE_INVALID, FINDING_SIGNATURE_MISSING, FINDING_KEY_UNKNOWN,
	FINDING_CHAIN_BREAK, FINDING_FORK, FINDING_DELETED_ON_RECORDER,
	FINDING_UNKNOWN_RECORDER, FINDING_DEVICE_FAULT, FINDING_EMPTY_FILE,
	FINDING_UNREADABLE_FILE,
	FINDING_BATTERY_LOW, FINDING_STORAGE_LOW, FINDING_NOT_DOCKED, FINDING_NAME_GAP,
	FINDING_FOREIGN_FILE, FINDING_CARD_CHANGED, FINDING_CLEAR_FAILED,
	FINDING_CHALLENGE_UNANSWERED,
	FINDING_IMPORT_INCOMPLETE,
	FINDING_COPIED_OFF_RECORDER, FINDING_INSERTED,
	FINDING_CODES
};

enum finding_severity { SEVERITY_DEFAULT, SEVERITY_INFO, SEVERITY_NOTICE, SEVERITY_WARNING,
			SEVERITY_VIOLATION };
enum finding_subject { SUBJECT_RECORDER, SUBJECT_SESSION, SUBJECT_RECORDING, SUBJECT_SEGMENT,
		       SUBJECT_SLOT };

struct finding {
	enum finding_code code;
	enum finding_severity severity;	/* SEVERITY_DEFAULT: the rule's own */
	enum finding_subject subject_kind;
	char subject[FINDING_SUBJECT_MAX + 1];
	char recorder[33];		/* "" when unknown */
	char fact[FINDING_FACT_MAX + 1];
	int64_t at_ms;			/* when it was so, not when it was found */
	double confidence;		/* 0 to 1; negative: does not apply */
	json_t *detail;			/* owned */
};

struct findings {
	struct finding *items;
	size_t n;
	size_t dropped;			/* over FINDINGS_MAX: counted, and said in the last one */
};

const char *finding_code_name(enum finding_code c);	/* "late_upload" */
const char *finding_severity_name(enum finding_severity s);	/* NULL for SEVERITY_DEFAULT */
const char *finding_subject_name(enum finding_subject s);

/* Append; takes f->detail in every case. */
void findings_add(struct findings *l, const struct finding *f);
void findings_clear(struct findings *l);

/*
 * A JSON string for a detail: text that is not UTF-8 (a path that was cut, a
 * name as a stranger wrote it) has its odd bytes replaced by '?', where
 * json_string would refuse.  NULL for NULL and without memory.
 */
json_t *finding_text(const char *text);

/* A number for a detail; one beyond json_int_t, which only a stranger claims, as text. */
json_t *finding_number(uint64_t n);

/*
 * A moment as RECORDS.md writes it.  A claimed one may be anything: what lies
 * outside 1970-9999 is written as the nearest that does not.
 */
json_t *finding_time(int64_t ms);

/* The JSON of RECORDS.md.  New references, NULL without memory. */
json_t *finding_json(const struct finding *f);
json_t *findings_json(const struct findings *l);

#endif
