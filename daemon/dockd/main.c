/* dockd: takes recordings from docked recorders.  See dockd(8). */
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/daemon.h"
#include "dockd.h"

/*
 * systemd gives us the one right to make blobs immutable in such a way that a
 * child would have it too.  dock-lister is to hold a socket and nothing else.
 */
static void keep_rights(void)
{
	/* Refused only by kernels that give rights in no such way. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int main(int argc, char **argv)
{
	static struct conf conf;

	switch (daemon_begin(argc, argv, "dockd", &conf)) {
	case DAEMON_HELPED:
		return EXIT_SUCCESS;
	case DAEMON_CANNOT:
		return EXIT_FAILURE;
	case DAEMON_GOES_ON:
		break;
	}
	keep_rights();
	dockd_size_up();
	return dockd_run(&conf) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
