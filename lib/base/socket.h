/*
 * Sockets to listen at.
 *
 * Errors   0 or a negative errno and a sentence that names the address.
 * Threads  any; blocking, shortly.
 */
#ifndef BASE_SOCKET_H
#define BASE_SOCKET_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Remove a Unix socket that nobody answers at any more, which a program that died left behind.
 * -EADDRINUSE: somebody does answer, or is too busy to; -EEXIST: it is no socket.
 */
int socket_remove_stale(const char *path, struct err *e);

/*
 * Listen at "unix:PATH" (mode 0660 from its first moment on) or at "ADDRESS:PORT": a numeric
 * address, one of IPv6 in brackets; port 0 is any that is free.  *ret_fd is non-blocking and the
 * caller's; where it really listens is appended to `where`.  -EINVAL: neither of both.
 */
int socket_listen(const char *at, int *ret_fd, struct buf *where, struct err *e);

#endif
