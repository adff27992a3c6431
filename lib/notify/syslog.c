#include "notify/syslog.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"

enum { PRIORITY_BAD = 4, PRIORITY = 5, FACILITY_LOCAL0 = 16, TEXT_MAX = SYSLOG_MAX - 1024 };

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

bool syslog_is_journal(const char *path)
{
	static const char end[] = "/journal/socket";
	const size_t len = strlen(path);

	return len >= sizeof(end) - 1 && strcmp(path + len - (sizeof(end) - 1), end) == 0;
}

/* All of it in one line: a log has no others. */
static void add_text(struct buf *to, const struct message *m)
{
	message_add_line(to, buf_str(&m->subject), MESSAGE_SUBJECT_MAX);
	buf_adds(to, ": ");
	message_add_line(to, buf_str(&m->plain), TEXT_MAX - MESSAGE_SUBJECT_MAX);
}

static void add_3164(struct buf *to, const char *id, int priority, int64_t now_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char t[20];

	utc_format_shanghai(now_ms, t);
	buf_addf(to, "<%d>%.3s %c%c %.8s dockvault-notice[%.36s]: ", FACILITY_LOCAL0 * 8 + priority,
		 months + 3 * ((t[5] - '0') * 10 + t[6] - '1'), t[8] == '0' ? ' ' : t[8], t[9], t + 11,
		 id);
}

void syslog_build(bool journal, const char *id, bool bad, const struct message *m, int64_t now_ms,
		  struct buf *to)
{
	const int priority = bad ? PRIORITY_BAD : PRIORITY;

	if (!journal) {
		add_3164(to, id, priority, now_ms);
		add_text(to, m);
		return;
	}
	buf_addf(to, "PRIORITY=%d\nSYSLOG_IDENTIFIER=dockvault-notice\nMESSAGE_ID=" SYSLOG_MESSAGE_ID
		 "\nDOCKVAULT_NOTICE=%.36s\nMESSAGE=", priority, id);
	add_text(to, m);
	buf_adds(to, "\n");
}

int syslog_send(const char *url, const char *id, bool bad, const struct message *m, int64_t now_ms,
		struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(SYSLOG_MAX);
	AUTO(closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *path = url + strlen("unix:");

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, -ENAMETOOLONG, "%.80s: too long for a socket", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	syslog_build(syslog_is_journal(path), id, bad, m, now_ms, &text);
	if (text.failed)
		return err_set(e, -ENOMEM, "%s: no memory", path);
	if (fd < 0 || sendto(fd, text.p, text.len, MSG_NOSIGNAL, (const struct sockaddr *)&a,
			     sizeof(a)) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}
