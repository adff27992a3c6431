/*
 * The writer is stopped before each of its system calls, by SIGKILL, and by a power
 * cut: what was not synced by then is gone, names and bytes.  Whoever opens the
 * log again comes to the same files, byte for byte; and the order of the calls is
 * what lib/tlog/DESIGN.md promises.
 *
 * A child does the writing, traced by this process, which sees each call before it is made.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "tlog/tlog.h"
#include "unit/suite.h"
#include "unit/tlog_rig.h"
#include "unit/vault_rig.h"

enum { CALLS_MAX = 1000, STRING_MAX = RIG_PATH_SIZE };

/* A call that changes files, as it was about to be made. */
enum what { MAKE_FILE, MAKE_DIR, WRITE, SYNC, RENAME, REMOVE };
struct call {
	enum what what;
	char path[STRING_MAX], to[STRING_MAX];
};

static char scratch[RIG_PATH_SIZE], base_dir[RIG_PATH_SIZE];
static char log_dir[RIG_PATH_SIZE], want_dir[RIG_PATH_SIZE];
static struct call calls[CALLS_MAX];
static unsigned n_calls;

static void set_up(void)
{
	const char *dir = rig_dir();

	snprintf(scratch, sizeof(scratch), "%s", dir);
	snprintf(base_dir, sizeof(base_dir), "%s/base", dir);
	snprintf(log_dir, sizeof(log_dir), "%s/log", dir);
	snprintf(want_dir, sizeof(want_dir), "%s/want", dir);
	rig_key();
}

static void tear_down(void)
{
	rig_clean();
}

/* ------ tracing ------ */

static void read_string(pid_t pid, uint64_t at, char ret[STRING_MAX])
{
	char mem[40];
	ssize_t n;
	int fd;

	snprintf(mem, sizeof(mem), "/proc/%d/mem", (int)pid);
	fd = open(mem, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	n = pread(fd, ret, STRING_MAX - 1, (off_t)at);
	ck_assert_int_gt(n, 0);
	ret[n] = '\0';
	close(fd);
}

static void path_of(pid_t pid, uint64_t fd, char ret[STRING_MAX])
{
	char link[60];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, (int)fd);
	n = readlink(link, ret, STRING_MAX - 1);
	ck_assert_int_gt(n, 0);
	ret[n] = '\0';
}

/* Is it a call that changes files?  Then it is the next of calls[]. */
static bool take_call(pid_t pid, const struct __ptrace_syscall_info *s)
{
	const uint64_t *a = s->entry.args;
	char folder[STRING_MAX], name[STRING_MAX];
	struct call c = { .what = SYNC };

	switch (s->entry.nr) {
	case SYS_fsync:
	case SYS_fdatasync:
		path_of(pid, a[0], c.path);
		break;
	case SYS_write:
	case SYS_copy_file_range:
		c.what = WRITE;
		path_of(pid, a[s->entry.nr == SYS_write ? 0 : 2], c.path);
		break;
	case SYS_unlinkat:
		c.what = REMOVE;
		path_of(pid, a[0], folder);
		read_string(pid, a[1], name);
		ck_assert_int_lt(snprintf(c.path, STRING_MAX, "%s/%s", folder, name), STRING_MAX);
		break;
	case SYS_openat:
		if ((a[2] & O_CREAT) == 0)
			return false;
		c.what = MAKE_FILE;
		read_string(pid, a[1], c.path);
		break;
#ifdef SYS_rename
	case SYS_rename:
		c.what = RENAME;
		read_string(pid, a[0], c.path);
		read_string(pid, a[1], c.to);
		break;
	case SYS_mkdir:
	case SYS_rmdir:
		c.what = s->entry.nr == SYS_mkdir ? MAKE_DIR : REMOVE;
		read_string(pid, a[0], c.path);
		if (c.what == MAKE_DIR && rig_exists(c.path))
			return false;
		break;
#endif
	default:
		return false;
	}
	if (strncmp(c.path, scratch, strlen(scratch)) != 0)
		return false;
	ck_assert_uint_lt(n_calls, CALLS_MAX);
	calls[n_calls++] = c;
	return true;
}

/* Go on up to the next entry into a system call; false: the child is no more. */
static bool next_entry(pid_t pid, struct __ptrace_syscall_info *ret, int *ret_status)
{
	for (;;) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, 0, 0), 0);
		ck_assert_int_eq(waitpid(pid, ret_status, 0), pid);
		if (WIFEXITED(*ret_status) || WIFSIGNALED(*ret_status))
			return false;
		if (WSTOPSIG(*ret_status) != (SIGTRAP | 0x80))
			continue;
		ck_assert_int_gt(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*ret), ret), 0);
		if (ret->op == PTRACE_SYSCALL_INFO_ENTRY)
			return true;
	}
}

/* Run work() in a child until it is about to make change number `stop`; false: it ended before. */
static bool run_until(void (*work)(void), unsigned stop)
{
	struct __ptrace_syscall_info s;
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		work();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, pid, 0,
				PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
	n_calls = 0;
	while (next_entry(pid, &s, &status)) {
		if (!take_call(pid, &s) || n_calls <= stop)
			continue;
		n_calls--;
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		return true;
	}
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child failed: %x", status);
	return false;
}

/* ------ the work ------ */

enum { BEFORE = 250, AFTER = 260, SWEPT = 261 };

/* A tile becomes full, another one comes, and the partial ones of before are swept. */
static void work(void)
{
	struct tlog_writer *w = rig_open(log_dir, BEFORE);

	rig_append(w, AFTER);
	rig_publish(w);
	rig_append(w, SWEPT);
	rig_publish(w);
	tlog_writer_close(w);
}

/* The same from nothing on. */
static void work_from_nothing(void)
{
	struct tlog_writer *w = rig_open(log_dir, 0);

	rig_append(w, 3);
	rig_publish(w);
	tlog_writer_close(w);
}

static const struct { void (*work)(void); uint64_t before, after; } works[] = {
	{ work, BEFORE, SWEPT }, { work_from_nothing, 0, 3 },
};

static void prepare(int which)
{
	if (works[which].before > 0 && !rig_exists(base_dir))
		rig_grow(base_dir, works[which].before);
	if (!rig_exists(want_dir))
		rig_grow(want_dir, works[which].after);
	rig_remove(log_dir);
	if (works[which].before > 0)
		rig_copy(base_dir, log_dir);
}

/* ------ a power cut ------ */

static void folder_of(const char *path, char ret[STRING_MAX])
{
	snprintf(ret, STRING_MAX, "%.*s", (int)(strrchr(path, '/') - path), path);
}

static bool synced_between(const char *path, unsigned from, unsigned to)
{
	unsigned i;

	for (i = from; i < to; i++)
		if (calls[i].what == SYNC && strcmp(calls[i].path, path) == 0)
			return true;
	return false;
}

static bool folder_synced_between(const char *path, unsigned from, unsigned to)
{
	char folder[STRING_MAX];

	folder_of(path, folder);
	return synced_between(folder, from, to);
}

/* What a file of this name held before the work began comes back. */
static void bring_back(const char *path)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(0);
	const char *old = rig_name(base_dir, path + strlen(log_dir) + 1);

	unlink(path);
	if (!rig_exists(old))
		return;
	rig_load(old, &b);
	rig_file(path, b.p, b.len);
}

/* Where the file is now that had the name of calls[i]. */
static const char *name_now(unsigned i)
{
	const char *name = calls[i].path;
	unsigned later;

	for (later = i; later < n_calls; later++)
		if (calls[later].what == RENAME && strcmp(calls[later].path, name) == 0 &&
		    !rig_exists(name))
			name = calls[later].to;
	return name;
}

/*
 * Undo, from the last change back, what no sync made sure of: the worst that a disk may do.  A
 * removal that was not synced may be undone or not; here it is not.
 */
static void cut_power(void)
{
	const struct call *c;
	unsigned i;

	for (i = n_calls; i > 0; i--) {
		c = &calls[i - 1];
		if (c->what == WRITE && !synced_between(c->path, i, n_calls) &&
		    rig_exists(name_now(i - 1)))
			rig_file(name_now(i - 1), "", 0);
		if (c->what == RENAME && !folder_synced_between(c->to, i, n_calls)) {
			ck_assert_int_eq(rename(c->to, c->path), 0);
			bring_back(c->to);
		}
		if (c->what == MAKE_FILE && !folder_synced_between(c->path, i, n_calls))
			unlink(c->path);
		if (c->what == MAKE_DIR && !folder_synced_between(c->path, i, n_calls))
			rmdir(c->path);		/* what is in it was synced; and so its name will be */
	}
}

/* ------ what is left ------ */

static uint64_t signed_size(void)
{
	AUTO(tlog_reader_closep) struct tlog_reader *r = NULL;
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint c = { .size = 0 };
	struct err e;

	if (!rig_exists(log_dir))
		return 0;
	ck_assert_int_eq(tlog_reader_open(log_dir, &r, &e), 0);
	ck_assert_msg(tlog_reader_checkpoint(r, &text, &c, &e) == 0 || e.code == -ENOENT, "%s", e.msg);
	if (c.size > 0)
		rig_want_log(log_dir, c.size);
	return c.size;
}

/* Each stop of the work: how many there were. */
static unsigned stop_everywhere(int which, bool power)
{
	unsigned stop;
	uint64_t size;
	bool more = true;

	for (stop = 0; more; stop++) {
		prepare(which);
		more = run_until(works[which].work, stop);
		if (power)
			cut_power();
		size = signed_size();
		ck_assert_msg(size >= works[which].before, "stop %u: %ju leaves", stop,
			      (uintmax_t)size);
		rig_grow(log_dir, works[which].after);
		rig_want_log(log_dir, works[which].after);
		rig_want_same(log_dir, want_dir, works[which].after);
	}
	return stop;
}

START_TEST(comes_to_the_same_after_a_kill)
{
	ck_assert_uint_gt(stop_everywhere(_i, false), 20);
}
END_TEST

START_TEST(comes_to_the_same_after_a_power_cut)
{
	ck_assert_uint_gt(stop_everywhere(_i, true), 20);
}
END_TEST

/* ------ the order ------ */

/* The next time after `from` that a checkpoint got its name. */
static unsigned next_checkpoint(unsigned from)
{
	const char *name = rig_name(log_dir, "checkpoint");

	while (from < n_calls && (calls[from].what != RENAME || strcmp(calls[from].to, name) != 0))
		from++;
	return from;
}

static unsigned last_write(const char *path, unsigned before)
{
	unsigned i, last = 0;

	for (i = 0; i < before; i++)
		if (calls[i].what == WRITE && strcmp(calls[i].path, path) == 0)
			last = i;
	return last;
}

START_TEST(syncs_before_it_signs)
{
	unsigned i, checkpoint, renames = 0;

	prepare(_i);
	ck_assert(!run_until(works[_i].work, CALLS_MAX));
	for (i = 0; i < n_calls; i++) {
		checkpoint = next_checkpoint(i);
		if (calls[i].what == RENAME) {
			renames++;
			ck_assert_msg(synced_between(calls[i].path,
						     last_write(calls[i].path, i), i),
				      "%s got its name unsynced", calls[i].to);
		}
		if ((calls[i].what == RENAME && i != checkpoint) ||
		    (calls[i].what == MAKE_DIR && checkpoint < n_calls))
			ck_assert_msg(folder_synced_between(calls[i].what == RENAME ? calls[i].to :
							    calls[i].path, i, checkpoint),
				      "the name %s was signed unsynced", calls[i].path);
		/* Nothing is taken away by what is not signed yet. */
		if (calls[i].what == REMOVE)
			ck_assert_msg(strstr(calls[i].path, ".tmp") != NULL ||
				      next_checkpoint(0) < i, "%s", calls[i].path);
	}
	ck_assert_uint_ge(renames, 3);
	ck_assert_msg(folder_synced_between(rig_name(log_dir, "checkpoint"), next_checkpoint(0),
					    n_calls), "the checkpoint's name was not synced");
}
END_TEST

static void fill(TCase *tc)
{
	(void)tc;
}

static void fill_alone(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, syncs_before_it_signs, 0, (int)COUNT(works));
	tcase_add_loop_test(tc, comes_to_the_same_after_a_kill, 0, (int)COUNT(works));
	tcase_add_loop_test(tc, comes_to_the_same_after_a_power_cut, 0, (int)COUNT(works));
}

int main(void)
{
	return suite_main_with("tlog_power", fill, fill_alone);
}
