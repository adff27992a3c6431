/*
 * dock-lister: lists a stranger's card for dockd, and holds nothing but the
 * socket it was given as descriptor 3.  No arguments, no environment.
 *
 * Until the jail is closed, failures are said on standard error; from then on
 * there is only the socket, and an exit status: 0 when dockd was told the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "card.h"
#include "jail.h"
#include "link.h"
#include "report.h"
#include "walk_mtp.h"

enum { SOCKET = 3 };

/* Nothing that was inherited stays open but the socket, made blocking. */
static int only_the_socket(struct err *e)
{
	int type, flags;
	socklen_t len = sizeof(type);

	if (getsockopt(SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
		return err_set(e, -ENOTSOCK, "descriptor %d is not a socket: dockd starts this "
			       "program, it is not for a terminal", SOCKET);
	flags = fcntl(SOCKET, F_GETFL);
	if (flags < 0 || fcntl(SOCKET, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return err_set(e, -errno, "the socket cannot be made blocking");
	if (close_range(SOCKET + 1, ~0U, 0) < 0)
		return err_set(e, -errno, "descriptors cannot be closed");
	return 0;
}

/* libtsk makes its times with mktime: zone 0 leaves the card's digits as they are. */
static int fixed_environment(struct err *e)
{
	if (clearenv() != 0 || setenv("TZ", "UTC0", 1) < 0)
		return err_set(e, -ENOMEM, "no memory for an environment");
	tzset();
	if (chdir("/") < 0)
		return err_set(e, -errno, "/: %s", strerror(errno));
	return 0;
}

/* From here on a message could only come from code that was taken over. */
static int silence(struct err *e)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return err_set(e, -errno, "/dev/null cannot be opened");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
#ifdef SANITIZED			/* whose reports are wanted */
		if (fd == STDERR_FILENO)
			continue;
#endif
		if (dup2(null, fd) < 0)
			return err_set(e, -errno, "standard descriptors cannot be closed");
	}
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

/* Every unit that has a card in it. */
static int list_units(struct peer *peer, struct name_gbk *gbk, struct report *report)
{
	int ret = 0;

	for (unsigned i = 0; i < peer->medium.n_units && ret == 0 && !report->stop; i++) {
		if (peer->medium.units[i].size > 0)
			ret = card_list(peer, i, gbk, report);
	}
	return ret;
}

static int list(struct link *link, struct name_gbk *gbk)
{
	struct report report;
	int ret;

	ret = link_start(link);
	if (ret < 0)
		return ret;
	report_init(&report, link_peer(link));
	if (link_peer(link)->medium.kind != LISTING_BLOCKS)
		ret = walk_mtp(link_peer(link), &report);
	else
		ret = list_units(link_peer(link), gbk, &report);
	if (ret == 0 && link_late(link))
		report_trouble(&report, "", LINK_LATE_TEXT);
	if (ret == 0)
		ret = report_end(&report);
	report_fini(&report);
	return ret;
}

/* It may be on a disk that somebody wants to unmount. */
static int leave_directory(struct err *e)
{
	return chdir("/") < 0 ? err_set(e, -errno, "/: %s", strerror(errno)) : 0;
}

int main(void)
{
	struct name_gbk *gbk = NULL;
	struct link *link = NULL;
	struct err e;

	log_init("dock-lister", LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	if (only_the_socket(&e) < 0 || leave_directory(&e) < 0 || fixed_environment(&e) < 0 || name_gbk_new(&gbk, &e) < 0 ||
	    link_new(SOCKET, &link, &e) < 0 || silence(&e) < 0 || jail_close(SOCKET, &e) < 0) {
		log_err("%s", e.msg);
		return EXIT_FAILURE;
	}
	/* Nothing to tidy: what exit handlers would call, the jail forbids. */
	_exit(list(link, gbk) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
