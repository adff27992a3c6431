/*
 * Walls around a process that is about to read a stranger's bytes: what it has
 * now is all it will ever have.  Each wall stands alone, so that a hole in one
 * is not a hole in the jail.
 *
 * The kernel must have Landlock and seccomp (Debian 12's has); without them
 * the jail does not close, and the caller must not go on.
 *
 * Errors   0 or a negative errno and a sentence.  Threads: before any is made.
 */
#ifndef LISTER_JAIL_H
#define LISTER_JAIL_H

#include "base/err.h"

enum {
	JAIL_CPU_SECONDS = 20,		/* SIGXCPU each second from then on; */
	JAIL_CPU_KILL_SECONDS = 30,	/* SIGKILL */
	JAIL_MEMORY = 512 * 1024 * 1024,
};

/* No file can be opened, made, renamed or executed, no port bound or connected to. */
int jail_landlock(struct err *e);

/* Memory, time, descriptors, processes and files are limited or forbidden. */
int jail_limits(struct err *e);

/*
 * Of the kernel's calls only those remain that compute, take memory, and read
 * and write `fd`.  Any other kills the process.
 */
int jail_seccomp(int fd, struct err *e);

/* All of them, and no new privileges, no core dump, no tracing; fd is what stays of use. */
int jail_close(int fd, struct err *e);

#endif
