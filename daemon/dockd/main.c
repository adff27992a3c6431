/* dockd: takes recordings from docked recorders.  See dockd(8). */
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "dockd.h"

#define DEFAULT_CONF	"/etc/dockvault/dockvault.conf"

/* Before that, the clock is certainly wrong: the catalog takes times from 2000 on. */
#define CLOCK_MIN_MS	INT64_C(1704067200000)		/* 2024-01-01 */

static void usage(FILE *to)
{
	fputs("usage: dockd [--config FILE] [--debug]\n", to);
}

/*
 * systemd gives us the one right to make blobs immutable in such a way that a
 * child would have it too.  dock-lister is to hold a socket and nothing else.
 */
static void keep_rights(void)
{
	/* Refused only by kernels that give rights in no such way. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* The signing key is in memory: neither a core file nor a debugger of the same user may have it. */
static void guard_memory(void)
{
#ifndef SANITIZED			/* whose leak check is a debugger */
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = getenv("DOCKVAULT_CONF");
	enum log_level level = LOG_LEVEL_INFO;
	static struct conf conf;
	struct err e = { .code = 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case 'd':
			level = LOG_LEVEL_DEBUG;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_FAILURE;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_FAILURE;
	}
	log_init("dockd", level);
	keep_rights();
	guard_memory();
	dockd_size_up();
	signal(SIGPIPE, SIG_IGN);
	if (conf_load(path != NULL ? path : DEFAULT_CONF, &conf, &e) < 0) {
		log_err("%s", e.msg);
		return EXIT_FAILURE;
	}
	if (sodium_init() < 0) {
		log_err("libsodium cannot be initialised");
		return EXIT_FAILURE;
	}
	if (utc_now() < CLOCK_MIN_MS) {
		log_err("this machine's clock is wrong: set it, times of evidence depend on it");
		return EXIT_FAILURE;
	}
	return dockd_run(&conf) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
