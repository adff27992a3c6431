/* alertd: finds what is due, at its time.  See alertd(8). */
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "alertd.h"
#include "base/daemon.h"

int main(int argc, char **argv)
{
	static struct conf conf;

	switch (daemon_begin(argc, argv, "alertd", &conf)) {
	case DAEMON_HELPED:
		return EXIT_SUCCESS;
	case DAEMON_CANNOT:
		return EXIT_FAILURE;
	case DAEMON_GOES_ON:
		break;
	}
	umask(0027);
	setenv("UV_THREADPOOL_SIZE", "4", 1);	/* a step, a visit of notices, two sends */
	mallopt(M_ARENA_MAX, 2);
	return alertd_run(&conf) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
