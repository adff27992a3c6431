#include "base/daemon.h"

#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/utc.h"

#define DEFAULT_CONF	"/etc/dockvault/dockvault.conf"

/* Before that, the clock is certainly wrong: the catalog takes times from 2000 on. */
#define CLOCK_MIN_MS	INT64_C(1704067200000)		/* 2024-01-01 */

void daemon_guard_memory(void)
{
#ifndef SANITIZED			/* whose leak check is a debugger */
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static void usage(FILE *to, const char *name)
{
	fprintf(to, "usage: %s [--config FILE] [--debug]\n", name);
}

static enum daemon_start take_options(int argc, char **argv, const char *name, const char **path,
				      enum log_level *level)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			*path = optarg;
			break;
		case 'd':
			*level = LOG_LEVEL_DEBUG;
			break;
		case 'h':
			usage(stdout, name);
			return DAEMON_HELPED;
		default:
			usage(stderr, name);
			return DAEMON_CANNOT;
		}
	}
	if (optind == argc)
		return DAEMON_GOES_ON;
	usage(stderr, name);
	return DAEMON_CANNOT;
}

enum daemon_start daemon_begin(int argc, char **argv, const char *name, struct conf *ret)
{
	const char *path = getenv("DOCKVAULT_CONF");
	enum log_level level = LOG_LEVEL_INFO;
	struct err e = { .code = 0 };
	enum daemon_start start;

	start = take_options(argc, argv, name, &path, &level);
	if (start != DAEMON_GOES_ON)
		return start;
	log_init(name, level);
	daemon_guard_memory();
	signal(SIGPIPE, SIG_IGN);
	if (conf_load(path != NULL ? path : DEFAULT_CONF, ret, &e) < 0) {
		log_err("%s", e.msg);
		return DAEMON_CANNOT;
	}
	if (sodium_init() < 0) {
		log_err("libsodium cannot be initialised");
		return DAEMON_CANNOT;
	}
	if (utc_now() < CLOCK_MIN_MS) {
		log_err("this machine's clock is wrong: set it, times of evidence depend on it");
		return DAEMON_CANNOT;
	}
	return DAEMON_GOES_ON;
}
