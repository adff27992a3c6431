/*
 * Patterns for the names that recorders give their recordings, and what such a
 * name claims.  One pattern is a line of text:
 *
 *	DCAM_{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}{ss}[_IMP:important][_enc:encrypted].{ext}
 *	mpt/{YYYY}-{MM}-{DD}/{n}/dav/{hh}/{hh}.{mm}.{ss}-{hh2}.{mm2}.{ss2}[[{any}]].mp4
 *
 *	{device} {officer} {channel}	1 to 32 letters, digits, '-' and bytes beyond
 *			ASCII.  Not '_', '.' or a space: those part the fields
 *	{seq}		the number of the recording, 1 to 18 digits
 *	{YYYY} {YY} {MM} {DD} {hh} {mm} {ss}	when it starts: so many digits; {YY} is
 *			2000-2099.  The same with a 2 behind ({hh2}): when it ends
 *	{n}		1 to 18 digits that mean nothing here; again {hh} means {hh}
 *			once more, which must then say the same
 *	{any}		1 to 64 bytes that mean nothing here, not '/'; at most 8 times
 *	{ext}		1 to 8 letters and digits
 *	[text] [text:important] [text:encrypted]	may be there or not; the word says
 *			what it means when it is.  Fields may be inside, brackets not
 *	[[ ]] {{ }}	the characters themselves; all others stand for themselves,
 *			ASCII letters in either case
 *
 * A pattern is about the end of a path: without '/' about the last component,
 * with two about the last three, with one in front about the whole path.
 * Fields take as much as they can.
 *
 * A start needs year, month, day, hour and minute.  An end without a date is
 * on the day of the start, or on the next when it would lie before it.
 *
 * Work     at most PATTERN_WORK_MAX steps (a length of a field, or a literal, tried
 *          at a place) a name, whatever name and pattern are: at no place of the
 *          name a part of the pattern is tried twice.
 * Errors   -EINVAL and a sentence with the column.
 * Pure; any thread; nothing is allocated.
 */
#ifndef FORMAT_PATTERN_H
#define FORMAT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	PATTERN_TEXT_MAX = 255,		/* bytes of a pattern */
	PATTERN_PARTS_MAX = 64,
	PATTERN_NAME_MAX = 1024,	/* bytes of a path; a longer one matches nothing */
	PATTERN_FIELD_MAX = 32,
	PATTERN_ANY_MAX = 64,		/* bytes of one */
	PATTERN_ANYS_MAX = 8,		/* of them in a pattern */
	PATTERN_EXT_MAX = 8,
	PATTERN_DIGITS_MAX = 18,
	PATTERN_TIME_MAX = 19,
	PATTERN_WORK_MAX = (PATTERN_NAME_MAX + 1) * (PATTERN_ANYS_MAX * PATTERN_ANY_MAX +
			   PATTERN_PARTS_MAX * PATTERN_FIELD_MAX),
};

struct pattern_part {
	uint8_t kind;			/* pattern.c's */
	uint8_t at, len;		/* literal: its place in `text` */
	uint8_t to;			/* option: the part behind it */
};

struct pattern {			/* read-only but for pattern_parse() */
	struct pattern_part parts[PATTERN_PARTS_MAX];
	uint8_t n_parts, n_slashes;
	bool rooted;
	char text[PATTERN_TEXT_MAX + 1];	/* literals, the escapes undone */
};

struct pattern_claims {			/* "" and false: not claimed */
	char device[PATTERN_FIELD_MAX + 1], officer[PATTERN_FIELD_MAX + 1],
	     channel[PATTERN_FIELD_MAX + 1], extension[PATTERN_EXT_MAX + 1];
	/* "2026-08-04T10:00:00" by the recorder's clock: a moment that exists.  One that
	 * does not (or two parts that contradict each other) is "", and said in bad_... */
	char start[PATTERN_TIME_MAX + 1], end[PATTERN_TIME_MAX + 1];
	bool bad_start, bad_end;
	bool has_sequence;
	uint64_t sequence;
	bool important, encrypted;
	uint16_t device_at;		/* where in the path the device is */
};

int pattern_parse(const char *text, struct pattern *ret, struct err *e);

/* Whether the path is so named, and what it claims.  ret is filled when it is. */
bool pattern_match(const struct pattern *p, const char *path, struct pattern_claims *ret);

/* The first of n that matches; n when none does. */
size_t pattern_first(const struct pattern *p, size_t n, const char *path,
		     struct pattern_claims *ret);

#endif
