/*
 * A message to the log of this machine, as one datagram: in systemd's native protocol, with a
 * MESSAGE_ID of its own, where the socket is the journal's (its path ends in /journal/socket), and
 * otherwise as /dev/log takes it (RFC 3164).  Not by the C library's syslog(3), which says nothing when
 * nobody listens.
 *
 * Errors   0 or a negative errno and a sentence that names the socket.
 * Threads  any; does not block.
 */
#ifndef NOTIFY_SYSLOG_H
#define NOTIFY_SYSLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "notify/message.h"

/* journalctl MESSAGE_ID=... finds all notices. */
#define SYSLOG_MESSAGE_ID	"6c1b1d7c2c5e4a0f9b0f4f6d0f2a7e31"

enum { SYSLOG_MAX = 8 * 1024 };

/* Is it the journal's socket? */
bool syslog_is_journal(const char *path);

/* The datagram.  bad: a violation, or more.  Pure. */
void syslog_build(bool journal, const char *id, bool bad, const struct message *m, int64_t now_ms,
		  struct buf *to);

/* url: unix:/PATH. */
int syslog_send(const char *url, const char *id, bool bad, const struct message *m, int64_t now_ms,
		struct err *e);

#endif
