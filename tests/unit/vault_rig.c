#include "unit/vault_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"

/* What a function in a child says instead of a line: it cannot be tried here. */
enum { SKIP = 0x7fffffff, CHILD_SKIPS = 77 };

static char scratch[VAULT_PATH_MAX];

const char *rig_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(scratch, sizeof(scratch), "%s/dv-vault-XXXXXX", tmp != NULL ? tmp : "/tmp");
	ck_assert_msg(mkdtemp(scratch) != NULL, "%s: %s", scratch, strerror(errno));
	return scratch;
}

static int clean_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int flags = 0, fd;

	(void)st;
	(void)ftw;
	if (type == FTW_F) {
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0) {
			(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
			close(fd);
		}
	}
	return remove(path);
}

void rig_clean(void)
{
	ck_assert_int_eq(nftw(scratch, clean_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

uint8_t *rig_bytes(size_t len, unsigned seed, size_t shift)
{
	uint8_t *p = aligned_alloc(VAULT_ALIGN,
				   (len + shift + VAULT_ALIGN) / VAULT_ALIGN * VAULT_ALIGN);
	uint64_t x = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);

	ck_assert_ptr_nonnull(p);
	p += shift;
	for (size_t i = 0; i < len; i += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(p + i, &x, MIN(len - i, sizeof(x)));
	}
	return p;
}

void rig_free_bytes(uint8_t *p, size_t shift)
{
	free(p - shift);
}

void rig_cb(void *data, int r)
{
	struct rig_result *res = data;

	res->calls++;
	res->r = r;
}

void rig_seal_cb(void *data, int r, const struct vault_sealed *sealed, const struct err *e)
{
	struct rig_result *res = data;

	res->calls++;
	res->r = r;
	ck_assert((r == 0) == (sealed != NULL) && (r < 0) == (e != NULL));
	if (sealed != NULL)
		res->sealed = *sealed;
	if (e != NULL)
		res->e = *e;
}

void rig_kept_cb(void *data, int r, uint64_t bytes)
{
	struct rig_kept *k = data;

	k->calls++;
	k->r = r;
	k->bytes = bytes;
}

void rig_never(void *data, int r)
{
	(void)data;
	ck_abort_msg("a callback of a put that was left: %d", r);
}

void rig_never_sealed(void *data, int r, const struct vault_sealed *s, const struct err *e)
{
	(void)data; (void)s; (void)e;
	ck_abort_msg("a seal of a put that was left: %d", r);
}

void rig_never_kept(void *data, int r, uint64_t kept)
{
	(void)data; (void)kept;
	ck_abort_msg("a resume of a put that was left: %d", r);
}

void rig_wait(uv_loop_t *loop, const struct rig_result *res, int calls)
{
	while (res->calls < calls)
		ck_assert_msg(uv_run(loop, UV_RUN_ONCE) != 0 || res->calls == calls,
			      "the loop is empty, the callback never came");
	ck_assert_int_eq(res->calls, calls);
}

void rig_end_loop(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(loop), 0);
}

struct rig_result rig_put(uv_loop_t *loop, struct vault *v, const struct rig_put *how,
			  const uint8_t *p, size_t len)
{
	const struct vault_put_options o = { .expected_size = how->expected_size,
					     .want_sha256 = how->want_sha256 };
	struct rig_result writes = { 0 }, seal = { 0 };
	struct vault_put *put;
	int written = 0;
	size_t n;

	ck_assert_int_eq(vault_put_new(v, &o, &put, NULL), 0);
	while (len > 0 && vault_put_error(put) == NULL) {
		n = MIN(len, how->chunk);
		ck_assert_int_eq(vault_put_write(put, p, n, rig_cb, &writes), 0);
		p += n;
		len -= n;
		written++;
		while (written - writes.calls == VAULT_PUT_DEPTH)
			uv_run(loop, UV_RUN_ONCE);
	}
	while (writes.calls < written)
		uv_run(loop, UV_RUN_ONCE);
	ck_assert((writes.r < 0) == (vault_put_error(put) != NULL));
	vault_put_seal(put, rig_seal_cb, &seal);
	ck_assert_int_eq(seal.calls, 0);
	rig_wait(loop, &seal, 1);
	return seal;
}

struct digest rig_blob(const char *dir, unsigned seed, size_t len)
{
	const struct rig_put how = { .chunk = 1024 * 1024 };
	uint8_t *p = rig_bytes(len, seed, 0);
	struct rig_result res;
	struct vault *v;
	uv_loop_t loop;

	uv_loop_init(&loop);
	ck_assert_int_eq(vault_open(&loop, dir, 0, &v, NULL), 0);
	res = rig_put(&loop, v, &how, p, len);
	ck_assert_int_eq(res.r, 0);
	vault_close(v);
	rig_end_loop(&loop);
	rig_free_bytes(p, 0);
	return res.sealed.address;
}

struct count {
	const char *dir;
	struct rig_census census;
};

static int count_blob(void *data, const struct digest *address, uint64_t size)
{
	struct count *c = data;
	enum vault_verdict verdict;
	uint64_t read;
	struct err e;

	ck_assert_msg(vault_check(c->dir, address, &verdict, &read, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(read, size);
	if (verdict == VAULT_WHOLE)
		c->census.whole++;
	else
		c->census.damaged++;
	return 0;
}

static int count_foreign(void *data, const char *path)
{
	struct count *c = data;

	(void)path;
	c->census.foreign++;
	return 0;
}

struct rig_census rig_count(const char *dir)
{
	struct count c = { .dir = dir };
	struct err e;

	ck_assert_msg(vault_walk(dir, count_blob, count_foreign, &c, &e) == 0, "%s", e.msg);
	return c.census;
}

void rig_break(const struct rig_fault *f)
{
	const uint32_t arg = (uint32_t)(offsetof(struct seccomp_data, args) + 8 * f->arg);
	const uint32_t fail = SECCOMP_RET_ERRNO | ((uint32_t)f->error & SECCOMP_RET_DATA);
	/* Every call of that number, or those with a bit of mask in the argument. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)f->call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, f->mask, 0, f->mask != 0),
		BPF_STMT(BPF_RET | BPF_K, fail),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = COUNT(code), .filter = code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* Without privilege: become root of a user namespace that has only us in it. */
static bool become_root(void)
{
	char uid[40], gid[40];

	snprintf(uid, sizeof(uid), "0 %u 1", (unsigned)geteuid());
	snprintf(gid, sizeof(gid), "0 %u 1", (unsigned)getegid());
	return unshare(CLONE_NEWUSER) == 0 && write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/uid_map", uid) && write_text("/proc/self/gid_map", gid);
}

/* In a mount namespace of its own.  False: not to be had here. */
static bool small_disk(const char *dir)
{
	if (geteuid() != 0 && !become_root())
		return false;
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700") == 0;
}

int rig_in_child(int (*fn)(const void *arg), const void *arg)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int line = fn(arg);

		if (line != 0 && line != SKIP)
			fprintf(stderr, "not as it should be: line %d\n", line);
		_exit(line == 0 ? 0 : line == SKIP ? CHILD_SKIPS : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "the child was killed: %#x", (unsigned)status);
	return WEXITSTATUS(status) == CHILD_SKIPS ? SKIP : WEXITSTATUS(status);
}

struct on_disk {
	int (*fn)(const void *dir);
	const char *dir;
};

static int try_on_small_disk(const void *arg)
{
	const struct on_disk *o = arg;

	return small_disk(o->dir) ? o->fn(o->dir) : SKIP;
}

void rig_on_small_disk(int (*fn)(const void *dir))
{
	const struct on_disk o = { fn, rig_dir() };
	int r = rig_in_child(try_on_small_disk, &o);

	if (r == SKIP)
		printf("skipped: no tmpfs can be mounted here\n");
	else
		ck_assert_int_eq(r, 0);
	rig_clean();
}
