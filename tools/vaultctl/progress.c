#include "progress.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/utc.h"
#include "table.h"

/* "[####....]  43 %" */
enum { BAR_SIZE = PROGRESS_CELLS + 16 };
static void bar(uint64_t done, uint64_t total, char ret[BAR_SIZE])
{
	const double part = total == 0 || done > total ? 1 : (double)done / (double)total;
	char cells[PROGRESS_CELLS + 1];

	memset(cells, '.', PROGRESS_CELLS);
	memset(cells, '#', (size_t)(part * PROGRESS_CELLS));
	cells[PROGRESS_CELLS] = '\0';
	snprintf(ret, BAR_SIZE, "[%s] %3.0f %%", cells, part * 100);
}

const char *progress_line(const char *what, uint64_t done, uint64_t total, int64_t elapsed_ms,
			  char ret[PROGRESS_SIZE])
{
	const double rate = elapsed_ms > 0 ? (double)done * 1000 / (double)elapsed_ms : 0;
	char cells[BAR_SIZE], bytes[32], all[32], speed[32], left[32] = "-";

	bar(done, total, cells);
	if (rate > 0 && done <= total)
		duration_text((long long)((double)(total - done) * 1000 / rate), left);
	snprintf(ret, PROGRESS_SIZE, "%s %s  %s / %s  %s/s  %s", what, cells,
		 bytes_text((long long)done, bytes), bytes_text((long long)total, all),
		 bytes_text((long long)rate, speed), left);
	return ret;
}

void progress_show(struct progress *p, const char *what, uint64_t done, uint64_t total,
		   int64_t now_ms)
{
	char line[PROGRESS_SIZE];

	if (!p->on)
		return;
	if (p->what != what) {
		p->what = what;
		p->begun_ms = now_ms;
	} else if (now_ms - p->shown_ms < PROGRESS_EVERY_MS && done < total) {
		return;
	}
	p->shown_ms = now_ms;
	fprintf(stderr, "\r%s\033[K", progress_line(what, done, total, now_ms - p->begun_ms, line));
}

void progress_end(struct progress *p)
{
	if (p->on && p->what != NULL)
		fputs("\r\033[K", stderr);
	p->what = NULL;
}

static void show(struct steps *s)
{
	char cells[BAR_SIZE];
	const int64_t now = utc_now();

	/* A clock that was set back shows it once more. */
	if (!s->on || (now >= s->shown_ms && now < s->shown_ms + PROGRESS_EVERY_MS))
		return;
	s->shown_ms = now;
	fprintf(stderr, "\r%s  ", text(s->what));
	if (s->total > 0) {
		bar(s->done, s->total, cells);
		fprintf(stderr, "%s  %" PRIu64 " / %" PRIu64 "\033[K", cells, s->done, s->total);
	} else {
		fprintf(stderr, "%" PRIu64 "\033[K", s->done);
	}
	fflush(stderr);
}

void steps_start(struct steps *s, enum text_id what, uint64_t total)
{
	*s = (struct steps){ .on = isatty(STDERR_FILENO) == 1, .what = what, .total = total };
	show(s);
}

void steps_add(struct steps *s, uint64_t n)
{
	s->done += n;
	show(s);
}

void steps_clear(struct steps *s)
{
	if (s->on)
		fputs("\r\033[K", stderr);
	s->shown_ms = 0;
}
