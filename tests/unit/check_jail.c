/* Each wall of the lister's jail, alone and together, against what it must stop. */
#include "lister/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/suite.h"

static int inside;			/* the socket's end that stays usable */

/* What a captured lister would like to do; 0 when it could. */
static int may_open(void)	{ return open("/etc/passwd", O_RDONLY) < 0; }
static int may_open_null(void)	{ return open("/dev/null", O_WRONLY) < 0; }
static int may_create(void)	{ return open("/tmp/dockvault-jail", O_WRONLY | O_CREAT, 0600) < 0; }
static int may_mkdir(void)	{ return mkdir("/tmp/dockvault-jail.d", 0700) < 0; }
static int may_stat(void)
{
	struct stat st;

	return stat("/etc/passwd", &st) < 0;
}
static int may_socket(void)	{ return socket(AF_UNIX, SOCK_STREAM, 0) < 0; }
static int may_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* Refused by a host is reached. */
	return fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
			  errno != ECONNREFUSED);
}
static int may_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0;
}
static int may_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}
static int may_trace(void)	{ return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0; }
static int may_kill(void)	{ return kill(getppid(), 0) < 0; }
static int may_dup(void)	{ return dup(inside) < 0; }
static int may_use_other(void)	{ return write(STDOUT_FILENO, "", 0) < 0; }
static int may_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}
static int may_turn_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0;
}
static int may_take_much(void)
{
	return mmap(NULL, (size_t)JAIL_MEMORY * 2, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED;
}

/* What the lister needs. */
static int may_work(void)
{
	void *p = malloc(4 * 1024 * 1024);
	char c = 'x';

	if (p == NULL || write(inside, &c, 1) != 1 || read(inside, &c, 1) != 1)
		return 1;
	free(p);
	return 0;
}

enum wall { NONE, LANDLOCK, LIMITS, SECCOMP, ALL };

static const struct { const char *what; int (*try)(void); enum wall wall; bool stopped; } tries[] = {
	/* Without a wall each of them works: the tests below can fail. */
	{ "open", may_open, NONE, false },
	{ "open /dev/null", may_open_null, NONE, false },
	{ "create", may_create, NONE, false },
	{ "stat", may_stat, NONE, false },
	{ "socket", may_socket, NONE, false },
	{ "connect", may_connect, NONE, false },
	{ "fork", may_fork, NONE, false },
	{ "exec", may_exec, NONE, false },
	{ "trace", may_trace, NONE, false },
	{ "kill", may_kill, NONE, false },
	{ "dup", may_dup, NONE, false },
	{ "another descriptor", may_use_other, NONE, false },
	{ "code", may_map_code, NONE, false },
	{ "turn into code", may_turn_code, NONE, false },
	{ "memory", may_take_much, NONE, false },
	{ "work", may_work, NONE, false },

	{ "landlock: open", may_open, LANDLOCK, true },
	{ "landlock: open /dev/null", may_open_null, LANDLOCK, true },
	{ "landlock: create", may_create, LANDLOCK, true },
	{ "landlock: mkdir", may_mkdir, LANDLOCK, true },
	{ "landlock: exec", may_exec, LANDLOCK, true },
	{ "landlock: work", may_work, LANDLOCK, false },

	{ "limits: open", may_open, LIMITS, true },
	{ "limits: socket", may_socket, LIMITS, true },
	{ "limits: dup", may_dup, LIMITS, true },
#ifndef SANITIZED
	{ "limits: memory", may_take_much, LIMITS, true },
#endif
	{ "limits: work", may_work, LIMITS, false },

	{ "seccomp: open", may_open, SECCOMP, true },
	{ "seccomp: create", may_create, SECCOMP, true },
	{ "seccomp: mkdir", may_mkdir, SECCOMP, true },
	{ "seccomp: stat", may_stat, SECCOMP, true },
	{ "seccomp: socket", may_socket, SECCOMP, true },
	{ "seccomp: connect", may_connect, SECCOMP, true },
	{ "seccomp: fork", may_fork, SECCOMP, true },
	{ "seccomp: exec", may_exec, SECCOMP, true },
	{ "seccomp: trace", may_trace, SECCOMP, true },
	{ "seccomp: kill", may_kill, SECCOMP, true },
	{ "seccomp: dup", may_dup, SECCOMP, true },
	{ "seccomp: another descriptor", may_use_other, SECCOMP, true },
	{ "seccomp: code", may_map_code, SECCOMP, true },
	{ "seccomp: turn into code", may_turn_code, SECCOMP, true },
	{ "seccomp: work", may_work, SECCOMP, false },

	{ "jail: open", may_open, ALL, true },
	{ "jail: socket", may_socket, ALL, true },
	{ "jail: connect", may_connect, ALL, true },
	{ "jail: fork", may_fork, ALL, true },
	{ "jail: exec", may_exec, ALL, true },
	{ "jail: trace", may_trace, ALL, true },
	{ "jail: another descriptor", may_use_other, ALL, true },
	{ "jail: work", may_work, ALL, false },
};

enum { WALL_FAILED = 77 };

_Noreturn static void behind_the_wall(size_t i)
{
	struct err e = { 0 };
	int ret = 0;

	switch (tries[i].wall) {
	case NONE: break;
	case LANDLOCK:
		ret = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : jail_landlock(&e);
		break;
	case LIMITS: ret = jail_limits(&e); break;
	case SECCOMP: ret = jail_seccomp(inside, &e); break;
	case ALL: ret = jail_close(inside, &e); break;
	}
	if (ret < 0)
		_exit(WALL_FAILED);
	_exit(tries[i].try() == 0 ? 0 : 1);
}

START_TEST(stops)
{
	int ends[2], status;
	char c;
	pid_t pid;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	inside = ends[1];
	ck_assert_int_eq(write(ends[0], "y", 1), 1);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		behind_the_wall((size_t)_i);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!WIFEXITED(status) || WEXITSTATUS(status) != WALL_FAILED,
		      "%s: the wall does not stand", tries[_i].what);
	if (tries[_i].stopped)
		ck_assert_msg(WIFEXITED(status) ? WEXITSTATUS(status) == 1 :
			      WTERMSIG(status) == SIGSYS,
			      "%s: could, or died of something else (status %#x)", tries[_i].what,
			      (unsigned)status);
	else
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
			      "%s: could not (status %#x)", tries[_i].what, (unsigned)status);
	if (tries[_i].try == may_work)
		ck_assert_int_eq(read(ends[0], &c, 1), 1);
	close(ends[0]);
	close(ends[1]);
	unlink("/tmp/dockvault-jail");
}
END_TEST

/* A time limit that is reached ends in a signal that can be caught, and in one that cannot. */
START_TEST(limits_time_and_leaves_no_core)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit cpu, core;
		struct err e;

		if (jail_limits(&e) < 0 || getrlimit(RLIMIT_CPU, &cpu) < 0 ||
		    getrlimit(RLIMIT_CORE, &core) < 0)
			_exit(WALL_FAILED);
		_exit(cpu.rlim_cur == JAIL_CPU_SECONDS && cpu.rlim_max == JAIL_CPU_KILL_SECONDS &&
		      core.rlim_max == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, stops, 0, (int)COUNT(tries));
	tcase_add_test(tc, limits_time_and_leaves_no_core);
}

int main(void)
{
	return suite_main("jail", fill);
}
