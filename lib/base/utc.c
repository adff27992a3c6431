#include "base/utc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "base/util.h"

/* Howard Hinnant's days_from_civil and its inverse: years begin in March. */
static int64_t days_from_civil(int64_t y, unsigned m, unsigned d)
{
	int64_t era;
	unsigned yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (unsigned)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + (int64_t)doe - 719468;
}

static void civil_from_days(int64_t z, int *ret_y, unsigned *ret_m, unsigned *ret_d)
{
	int64_t era;
	unsigned doe, yoe, doy, mp;

	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = (unsigned)(z - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*ret_d = doy - (153 * mp + 2) / 5 + 1;
	*ret_m = mp < 10 ? mp + 3 : mp - 9;
	*ret_y = (int)((int64_t)yoe + era * 400 + (*ret_m <= 2));
}

int64_t utc_from_civil(int year, int month, int day, int hour, int minute, int second)
{
	return (days_from_civil(year, (unsigned)month, (unsigned)day) * 86400 +
		hour * 3600 + minute * 60 + second) * 1000;
}

/* Read exactly n digits at *p and step over them; -1 when one is none. */
static int digits(const char **p, int n)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return m == 2 && leap(y) ? 29 : days[m - 1];
}

int utc_parse(const char *text, size_t len, int64_t *ret_ms)
{
	static const struct { int n; char then; } shape[] = {
		{ 4, '-' }, { 2, '-' }, { 2, 'T' }, { 2, ':' }, { 2, ':' }, { 2, '.' }, { 3, 'Z' },
	};
	const char *p = text;
	int v[COUNT(shape)];
	size_t i;

	if (len != UTC_TEXT_LEN)
		return -EINVAL;
	for (i = 0; i < COUNT(shape); i++) {
		v[i] = digits(&p, shape[i].n);
		if (v[i] < 0 || *p++ != shape[i].then)
			return -EINVAL;
	}
	if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > month_days(v[0], v[1]) ||
	    v[3] > 23 || v[4] > 59 || v[5] > 59)
		return -EINVAL;
	if (v[0] < 2000 || v[0] > 2100)
		return -ERANGE;
	*ret_ms = utc_from_civil(v[0], v[1], v[2], v[3], v[4], v[5]) + v[6];
	return 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct civil { int year; unsigned month, day, hour, minute, second, ms; };

static struct civil civil_from_ms(int64_t ms)
{
	int64_t days = floor_div(ms, UTC_DAY_MS);
	unsigned in_day = (unsigned)(ms - days * UTC_DAY_MS);
	struct civil c = {
		.hour = in_day / 3600000, .minute = in_day / 60000 % 60,
		.second = in_day / 1000 % 60, .ms = in_day % 1000,
	};

	civil_from_days(days, &c.year, &c.month, &c.day);
	return c;
}

/* Both formats keep to four-digit years; a stranger's time is checked before. */
static bool four_digit_year(int64_t ms)
{
	return ms >= INT64_C(-62167219200000) && ms < INT64_C(253402300800000);
}

void utc_format(int64_t ms, char ret_text[UTC_TEXT_SIZE])
{
	struct civil c;
	char text[64];

	if (!four_digit_year(ms))
		BUG("utc_format: %lld is outside the years 0-9999", (long long)ms);
	c = civil_from_ms(ms);
	snprintf(text, sizeof(text), "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 c.year, c.month, c.day, c.hour, c.minute, c.second, c.ms);
	snprintf(ret_text, UTC_TEXT_SIZE, "%.24s", text);
}

void utc_format_shanghai(int64_t ms, char ret_text[20])
{
	struct civil c;
	char text[64];

	ms += UTC_SHANGHAI_MS;
	if (!four_digit_year(ms))
		BUG("utc_format_shanghai: %lld is outside the years 0-9999", (long long)ms);
	c = civil_from_ms(ms);
	snprintf(text, sizeof(text), "%04d-%02u-%02u %02u:%02u:%02u",
		 c.year, c.month, c.day, c.hour, c.minute, c.second);
	snprintf(ret_text, 20, "%.19s", text);
}

int64_t utc_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
