/*
 * Moments and days.
 *
 * A moment is an int64_t of milliseconds since 1970-01-01T00:00:00Z without
 * leap seconds.  Its text is RFC 3339, section 5.6, in one shape only:
 * "2026-11-23T12:42:58.123Z" (UTC_TEXT_LEN characters).  What people see is
 * Asia/Shanghai, which has been UTC+8 without summer time since 1991 and is
 * taken as that for every year here.
 *
 * Pure; any thread.
 */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include <stddef.h>
#include <stdint.h>

enum { UTC_TEXT_LEN = 24, UTC_TEXT_SIZE = UTC_TEXT_LEN + 1 };
enum { UTC_DAY_MS = 24 * 60 * 60 * 1000, UTC_SHANGHAI_MS = 8 * 60 * 60 * 1000 };

/* 9999-12-31T23:59:59.999Z: the last moment that has a text. */
#define UTC_MAX_MS	INT64_C(253402300799999)

/* 0, or -EINVAL (not exactly that shape, no such date) or -ERANGE (outside 2000-2100). */
int utc_parse(const char *text, size_t len, int64_t *ret_ms);

/* Write the 24 characters and a NUL.  ms must be in the years 0-9999. */
void utc_format(int64_t ms, char ret_text[UTC_TEXT_SIZE]);

/* Shanghai wall clock, "2026-11-23 20:42:58"; 20 bytes with the NUL. */
void utc_format_shanghai(int64_t ms, char ret_text[20]);

/* Milliseconds since 1970 of a proleptic Gregorian date and time, no zone applied. */
int64_t utc_from_civil(int year, int month, int day, int hour, int minute, int second);

/* The wall clock, now.  The one function here that is not pure. */
int64_t utc_now(void);

#endif
