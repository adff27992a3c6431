/* custodyd: orders acts on evidence and signs the log of them.  See custodyd(8). */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/daemon.h"
#include "custodyd.h"

int main(int argc, char **argv)
{
	static struct conf conf;

	switch (daemon_begin(argc, argv, "custodyd", &conf)) {
	case DAEMON_HELPED:
		return EXIT_SUCCESS;
	case DAEMON_CANNOT:
		return EXIT_FAILURE;
	case DAEMON_GOES_ON:
		break;
	}
	umask(0027);
	custodyd_size_up();
	return custodyd_run(&conf) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
