/*
 * bench_vault - how fast the vault takes in bytes that are in memory, without
 * and with keys (puts that can be continued), against what people would use
 * instead: cp, b2sum -l 256, sync
 *
 *	bench_vault [-f FILES] [-m MIB] [-s STREAMS] [-b BLOCK_KIB] [-r RING] [-n ROUNDS] DIR
 *	bench_vault run|run-keyed STREAMS BLOCK_KIB RING VAULT FILE...
 *
 * Makes FILES files of MIB MiB in a new directory below DIR, which disappears
 * at the end, and runs all sides ROUNDS times in turn, after one round that
 * does not count: it lets the machine touch its memory and fill its cache.
 * Each side is a process of its own, ends when all is on the disk, and its
 * digests are compared with the others'.  Medians are printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "vault/vault.h"

enum { FILES_MAX = 64, ROUNDS_MAX = 9, STREAMS_MAX = 32, PATH_SIZE = 512, MIB = 1024 * 1024 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench_vault: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ------ our side: a process that puts files into a vault ------ */

struct stream {
	int fd;
	const char *file;
	uint64_t size, read, stored;
	struct vault_put *put;
	uint8_t *ring;
};

static struct {
	uv_loop_t loop;
	struct vault *vault;
	char **next, **end;	/* files nobody took yet */
	size_t block, ring;
	bool keyed;
} run;

static void next_file(struct stream *s);

static void on_sealed(void *data, int r, const struct vault_sealed *sealed, const struct err *e)
{
	struct stream *s = data;
	char hex[DIGEST_HEX_SIZE];

	if (r < 0) {
		fprintf(stderr, "bench_vault: %s\n", e->msg);
		exit(1);
	}
	printf("%s  %s\n", digest_hex(&sealed->address, hex), strrchr(s->file, '/') + 1);
	close(s->fd);
	next_file(s);
}

static void on_written(void *data, int r);

/* Keep the ring full.  The read stands for a device: it copies, and does not wait. */
static void feed(struct stream *s)
{
	while (s->read < s->size && s->read - s->stored < run.ring * run.block) {
		uint8_t *block = s->ring + s->read / run.block % run.ring * run.block;
		size_t len = (size_t)MIN((uint64_t)run.block, s->size - s->read);

		if (pread(s->fd, block, len, (off_t)s->read) != (ssize_t)len)
			die(s->file);
		if (vault_put_write(s->put, block, len, on_written, s) < 0)
			die(s->file);
		s->read += len;
	}
}

static void on_written(void *data, int r)
{
	struct stream *s = data;

	if (r < 0) {
		fprintf(stderr, "bench_vault: %s\n", vault_put_error(s->put)->msg);
		exit(1);
	}
	s->stored += MIN((uint64_t)run.block, s->size - s->stored);
	if (s->stored == s->size)
		vault_put_seal(s->put, on_sealed, s);
	else
		feed(s);
}

static void next_file(struct stream *s)
{
	struct vault_put_options o = { 0 };
	struct digest key;
	struct stat st;

	if (run.next == run.end)
		return;
	s->file = *run.next++;
	key = digest_of(s->file, strlen(s->file));
	if (run.keyed)
		o.resume = &key;
	s->fd = open(s->file, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		die(s->file);
	s->size = o.expected_size = (uint64_t)st.st_size;
	s->read = s->stored = 0;
	if (vault_put_new(run.vault, &o, &s->put, NULL) < 0)
		die("put");
	feed(s);
}

static int run_side(int argc, char **argv)
{
	static struct stream streams[STREAMS_MAX];
	unsigned n = (unsigned)strtoul(argv[2], NULL, 10);
	struct err e;

	run.keyed = strcmp(argv[1], "run-keyed") == 0;
	run.block = strtoul(argv[3], NULL, 10) * 1024;
	run.ring = strtoul(argv[4], NULL, 10);
	run.next = argv + 6;
	run.end = argv + argc;
	uv_loop_init(&run.loop);
	if (sodium_init() < 0 || vault_open(&run.loop, argv[5], 0, &run.vault, &e) < 0) {
		fprintf(stderr, "bench_vault: %s\n", e.msg);
		return 1;
	}
	for (unsigned i = 0; i < n; i++) {
		streams[i].ring = aligned_alloc(VAULT_ALIGN, run.ring * run.block);
		if (streams[i].ring == NULL)
			die("memory");
		next_file(&streams[i]);
	}
	uv_run(&run.loop, UV_RUN_DEFAULT);
	vault_close(run.vault);
	for (unsigned i = 0; i < n; i++)
		free(streams[i].ring);
	return 0;
}

/* ------ all sides, timed ------ */

static struct {
	unsigned files, mib, streams, block_kib, ring, rounds;
	char dir[PATH_SIZE];
} opt = { .files = 8, .mib = 128, .streams = 4, .block_kib = 512, .ring = 4, .rounds = 3 };

struct cost {
	double wall, cpu, rss_mib;
};

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Run argv, its output to the file `out`; it must succeed. */
static struct cost time_command(char *const *argv, const char *out)
{
	struct timespec began, ended;
	struct rusage usage;
	int status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &began);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
			die(out);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (wait4(pid, &status, 0, &usage) != pid || status != 0) {
		fprintf(stderr, "bench_vault: %s failed\n", argv[0]);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	return (struct cost){
		.wall = (double)(ended.tv_sec - began.tv_sec) +
			(double)(ended.tv_nsec - began.tv_nsec) / 1e9,
		.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime),
		.rss_mib = (double)usage.ru_maxrss / 1024,
	};
}

static void in_dir(char path[PATH_SIZE + 32], const char *name)
{
	snprintf(path, PATH_SIZE + 32, "%s/%s", opt.dir, name);
}

static struct cost time_vault(const char *how)
{
	static char files[FILES_MAX][PATH_SIZE + 32], vault[PATH_SIZE + 32], out[PATH_SIZE + 32];
	char run_how[16], streams[16], block[16], ring[16], name[32];
	char *argv[6 + FILES_MAX + 1] = { (char[]){ "/proc/self/exe" }, run_how, streams, block,
					  ring, vault };

	snprintf(run_how, sizeof(run_how), "%s", how);
	snprintf(streams, sizeof(streams), "%u", opt.streams);
	snprintf(block, sizeof(block), "%u", opt.block_kib);
	snprintf(ring, sizeof(ring), "%u", opt.ring);
	in_dir(vault, "vault");
	in_dir(out, "vault.sums");
	for (unsigned i = 0; i < opt.files; i++) {
		snprintf(name, sizeof(name), "source/%03u", i);
		in_dir(files[i], name);
		argv[6 + i] = files[i];
	}
	return time_command(argv, out);
}

static struct cost time_baseline(void)
{
	char script[3 * PATH_SIZE], out[PATH_SIZE + 32];
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-ec" }, script, NULL };

	snprintf(script, sizeof(script), "cd '%s'; cp -R source copy; cd copy; b2sum -l 256 *; "
		 "sync", opt.dir);
	in_dir(out, "copy.sums");
	return time_command(argv, out);
}

/* The same digests on both sides; then away with what was written. */
static void compare_and_clean(void)
{
	char script[3 * PATH_SIZE];

	snprintf(script, sizeof(script), "cd '%s' && sort -k2 vault.sums | cmp - copy.sums && "
		 "rm -rf vault copy && sync", opt.dir);
	if (system(script) != 0) {
		fprintf(stderr, "bench_vault: the two sides differ\n");
		exit(1);
	}
}

static void make_files(void)
{
	static uint8_t block[MIB];
	char path[PATH_SIZE + 32], name[32];
	int fd;

	in_dir(path, "source");
	if (mkdir(path, 0700) < 0)
		die(path);
	for (unsigned i = 0; i < opt.files; i++) {
		snprintf(name, sizeof(name), "source/%03u", i);
		in_dir(path, name);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			die(path);
		for (unsigned m = 0; m < opt.mib; m++) {
			randombytes_buf(block, sizeof(block));
			if (write(fd, block, sizeof(block)) != sizeof(block))
				die(path);
		}
		close(fd);
	}
	sync();
}

/* ------ figures ------ */

static int by_size(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double *values)
{
	qsort(values, opt.rounds, sizeof(*values), by_size);
	return values[opt.rounds / 2];
}

static struct cost medians(const struct cost *costs)
{
	double wall[ROUNDS_MAX], cpu[ROUNDS_MAX], rss[ROUNDS_MAX];

	for (unsigned i = 0; i < opt.rounds; i++) {
		wall[i] = costs[i].wall;
		cpu[i] = costs[i].cpu;
		rss[i] = costs[i].rss_mib;
	}
	return (struct cost){ median(wall), median(cpu), median(rss) };
}

static void print_side(const char *name, struct cost c)
{
	double bytes = (double)opt.files * opt.mib * MIB;

	printf("%-28s %7.2f s wall %7.2f s CPU %7.1f MiB peak %6.2f GB/s\n", name, c.wall, c.cpu,
	       c.rss_mib, bytes / c.wall / 1e9);
}

static void compare(void)
{
	struct cost ours[ROUNDS_MAX], keyed[ROUNDS_MAX], theirs[ROUNDS_MAX], a, k, b;

	make_files();
	time_baseline();
	time_vault("run");
	compare_and_clean();
	for (unsigned i = 0; i < opt.rounds; i++) {
		theirs[i] = time_baseline();
		ours[i] = time_vault("run");
		compare_and_clean();
		time_baseline();
		keyed[i] = time_vault("run-keyed");
		compare_and_clean();
	}
	a = medians(ours);
	k = medians(keyed);
	b = medians(theirs);
	printf("%u files of %u MiB, %u streams, blocks of %u KiB, rings of %u, medians of %u\n",
	       opt.files, opt.mib, opt.streams, opt.block_kib, opt.ring, opt.rounds);
	print_side("vault", a);
	print_side("vault, with keys", k);
	print_side("cp + b2sum -l 256 + sync", b);
	printf("ratio %.2f wall, %.2f CPU; keys cost %+.1f %% wall, %+.1f %% CPU\n",
	       a.wall / b.wall, a.cpu / b.cpu, 100 * (k.wall / a.wall - 1),
	       100 * (k.cpu / a.cpu - 1));
}

static void clean(void)
{
	char script[2 * PATH_SIZE];

	snprintf(script, sizeof(script), "rm -rf '%s'", opt.dir);
	if (system(script) != 0)
		fprintf(stderr, "bench_vault: %s cannot be removed\n", opt.dir);
}

static unsigned number(const char *text, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n == 0 || n > max) {
		fprintf(stderr, "bench_vault: %s: not a number from 1 to %u\n", text, max);
		exit(2);
	}
	return (unsigned)n;
}

int main(int argc, char **argv)
{
	int o;

	if (argc > 6 && (strcmp(argv[1], "run") == 0 || strcmp(argv[1], "run-keyed") == 0))
		return run_side(argc, argv);
	while ((o = getopt(argc, argv, "f:m:s:b:r:n:")) != -1) {
		switch (o) {
		case 'f': opt.files = number(optarg, FILES_MAX); break;
		case 'm': opt.mib = number(optarg, 4096); break;
		case 's': opt.streams = number(optarg, STREAMS_MAX); break;
		case 'b': opt.block_kib = number(optarg, 16384); break;
		case 'r': opt.ring = number(optarg, VAULT_PUT_DEPTH); break;
		case 'n': opt.rounds = number(optarg, ROUNDS_MAX); break;
		default: return 2;
		}
	}
	if (optind != argc - 1 || sodium_init() < 0) {
		fprintf(stderr, "usage: bench_vault [-f FILES] [-m MIB] [-s STREAMS] "
			"[-b BLOCK_KIB] [-r RING] [-n ROUNDS] DIR\n");
		return 2;
	}
	snprintf(opt.dir, sizeof(opt.dir), "%s/bench-vault-XXXXXX", argv[optind]);
	if (mkdtemp(opt.dir) == NULL)
		die(opt.dir);
	atexit(clean);
	compare();
	return 0;
}
