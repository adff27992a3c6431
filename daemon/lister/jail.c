#include "jail.h"

#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"

/* ------ Landlock ------ */

/*
 * The kernel's struct landlock_ruleset_attr in full; Debian 12's header knows
 * its first field only.  A kernel that does not know a field wants it zero.
 */
struct ruleset {
	uint64_t files;
	uint64_t net;			/* from version 4 */
	uint64_t scoped;		/* from version 6 */
};

enum { CREATE_RULESET_VERSION = 1 };

/* Every right that a version of Landlock can withhold, of files: bits 0 to n - 1. */
static const unsigned file_rights[] = { 0, 13, 14, 15, 15, 16 };

int jail_landlock(struct err *e)
{
	struct ruleset rules = { .files = 0 };
	long version, fd;
	int ret;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	if (version < 1)
		return err_set(e, -ENOSYS,
			       "the kernel has no Landlock: boot one that has it (Debian 12's has), "
			       "with landlock in its lsm= list");
	rules.files = (UINT64_C(1) << file_rights[MIN((size_t)version, COUNT(file_rights) - 1)]) -
		      1;
	if (version >= 4)
		rules.net = 3;		/* bind, connect */
	if (version >= 6)
		rules.scoped = 3;	/* abstract sockets, signals */
	fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (fd < 0)
		return err_set(e, -errno, "landlock: no ruleset: %s", strerror(errno));
	ret = (int)syscall(SYS_landlock_restrict_self, (int)fd, 0);
	if (ret < 0)
		ret = err_set(e, -errno, "landlock: not enforced: %s", strerror(errno));
	close((int)fd);
	return ret;
}

/* ------ limits ------ */

static const struct { int what; const char *name; struct rlimit limit; } limits[] = {
#ifndef SANITIZED			/* which needs terabytes of address space */
	{ RLIMIT_AS, "memory", { JAIL_MEMORY, JAIL_MEMORY } },
#endif
	{ RLIMIT_CPU, "CPU", { JAIL_CPU_SECONDS, JAIL_CPU_KILL_SECONDS } },
	{ RLIMIT_NOFILE, "descriptor", { 0, 0 } },	/* those that are open stay */
	{ RLIMIT_NPROC, "process", { 0, 0 } },
#ifndef SANITIZED			/* whose report goes to dockd's log, a file */
	{ RLIMIT_FSIZE, "file size", { 0, 0 } },
#endif
	{ RLIMIT_CORE, "core", { 0, 0 } },
};

int jail_limits(struct err *e)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		if (setrlimit((__rlimit_resource_t)limits[i].what, &limits[i].limit) < 0)
			return err_set(e, -errno, "%s limit: %s", limits[i].name,
				       strerror(errno));
	}
	return 0;
}

/* ------ seccomp ------ */

static const int allowed[] = {
	SCMP_SYS(exit_group), SCMP_SYS(exit), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
#ifdef SANITIZED			/* what a report needs to be written */
	SCMP_SYS(sigaltstack), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction), SCMP_SYS(sched_yield), SCMP_SYS(nanosleep), SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
#endif
};

#ifdef SANITIZED
static const int refused[] = {
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(readlink), SCMP_SYS(ioctl),
};
#endif

/* Rules that depend on arguments; returns 0 or a negative errno. */
static int allow_some(scmp_filter_ctx ctx, int fd)
{
	const struct scmp_arg_cmp ours = { .arg = 0, .op = SCMP_CMP_EQ,
					   .datum_a = (scmp_datum_t)fd };
	const struct scmp_arg_cmp no_code = { .arg = 2, .op = SCMP_CMP_MASKED_EQ,
					      .datum_a = PROT_EXEC, .datum_b = 0 };
	const struct scmp_arg_cmp no_file = { .arg = 3, .op = SCMP_CMP_MASKED_EQ,
					      .datum_a = MAP_ANONYMOUS, .datum_b = MAP_ANONYMOUS };
	int ret;

	ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, ours);
	if (ret == 0)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, ours);
	if (ret == 0)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, no_code, no_file);
	if (ret == 0)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code);
#ifdef SANITIZED
	if (ret == 0)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
				       (struct scmp_arg_cmp){ .arg = 0, .op = SCMP_CMP_EQ,
							      .datum_a = STDERR_FILENO });
	/* A report asks for a terminal, and for its own binary: told no, it goes on. */
	for (size_t i = 0; i < COUNT(refused) && ret == 0; i++)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
#endif
	return ret;
}

int jail_seccomp(int fd, struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int ret = 0;

	if (ctx == NULL)
		return err_set(e, -ENOMEM, "seccomp: no filter");
	for (size_t i = 0; i < COUNT(allowed) && ret == 0; i++)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	if (ret == 0)
		ret = allow_some(ctx, fd);
	if (ret == 0)
		ret = seccomp_load(ctx);
	seccomp_release(ctx);
	if (ret < 0)
		return err_set(e, ret, "seccomp: no filter: %s", strerror(-ret));
	return 0;
}

int jail_close(int fd, struct err *e)
{
	int ret;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(e, -errno, "prctl: %s", strerror(errno));
	ret = jail_landlock(e);
	if (ret == 0)
		ret = jail_limits(e);
	if (ret == 0)
		ret = jail_seccomp(fd, e);
	return ret;
}
