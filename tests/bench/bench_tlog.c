/*
 * bench_tlog - how fast leaves come into the custody log's files, and a proof out
 *
 *	bench_tlog [-n LEAVES] [-l BYTES] [-b BATCH] [-r ROUNDS] [-t TREE] [-p PROOFS] DIR
 *
 * Appends LEAVES leaves of about BYTES bytes to a new log below DIR and publishes
 * after every BATCH of them, synced and signed; ROUNDS times, each in a log of its
 * own.  Then makes the hash tiles of a tree of TREE leaves, without entries, which
 * no proof reads, and puts them out of the page cache; PROOFS proofs of leaves at
 * random are made and checked, each by a reader of its own, first from the disk,
 * then the same from the page cache.  Medians are printed; what was made is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "tlog/tlog.h"

enum { ROUNDS_MAX = 31, PROOFS_MAX = 100000, LEAF_MAX = 4096, PATH_SIZE = 512 };

static struct {
	unsigned long leaves, bytes, batch, rounds, tree, proofs;
} opt = { 1000000, 500, TLOG_BATCH_LEAVES, 3, 10000000, 200 };

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_tlog: %s: %s\n", what, why);
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double quantile(double *v, size_t n, double q)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[(size_t)(q * (double)(n - 1))];
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_all(const char *dir)
{
	if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		die(dir, strerror(errno));
}

/* ------ leaves in ------ */

static uint8_t (*texts)[LEAF_MAX];
static struct tlog_leaf *batch;

/* Leaves as they are: JSON of slightly different lengths, no two the same. */
static void make_batch(uint64_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t want = opt.bytes - 16 + (first + i) * 7 % 33;
		int len = snprintf((char *)texts[i], LEAF_MAX, "{\"act\":\"segment_stored\","
				   "\"event\":%ju,\"row\":{\"note\":\"", (uintmax_t)(first + i));

		for (; (size_t)len < want; len++)
			texts[i][len] = (uint8_t)('a' + len % 26);
		batch[i] = (struct tlog_leaf){ texts[i], (size_t)len };
	}
}

/* Seconds for all; the making of the leaves is not counted. */
static double append_all(const char *dir, const struct note_secret *key, uint64_t *bytes,
			 double *publish_s, size_t *n_publish)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_writer *w;
	uint64_t size, done;
	double s = 0, t0, t1;
	struct err e;
	size_t n;

	if (tlog_writer_open(dir, note_secret_public(key), &w, &size, &e) < 0)
		die("open", e.msg);
	for (done = 0; done < opt.leaves; done += n) {
		n = MIN(opt.batch, opt.leaves - done);
		make_batch(done, n);
		for (size_t i = 0; i < n; i++)
			*bytes += batch[i].len;
		t0 = now_s();
		for (size_t i = 0; i < n; i += TLOG_BATCH_LEAVES)
			if (tlog_writer_append(w, batch + i, MIN(n - i, TLOG_BATCH_LEAVES), &e) < 0)
				die("append", e.msg);
		t1 = now_s();
		if (tlog_writer_publish(w, key, &text, &e) < 0)
			die("publish", e.msg);
		publish_s[(*n_publish)++] = now_s() - t1;
		s += now_s() - t0;
	}
	tlog_writer_close(w);
	return s;
}

static void bench_append(const char *base, const struct note_secret *key)
{
	double rates[ROUNDS_MAX], seconds, *publishes;
	char dir[PATH_SIZE + 16];
	uint64_t bytes = 0;
	size_t n;

	publishes = calloc(opt.leaves / opt.batch + 1, sizeof(*publishes));
	texts = calloc(opt.batch, sizeof(*texts));
	batch = calloc(opt.batch, sizeof(*batch));
	if (publishes == NULL || texts == NULL || batch == NULL)
		die("memory", strerror(errno));
	for (size_t i = 0; i < opt.rounds; i++) {
		n = 0;
		bytes = 0;
		snprintf(dir, sizeof(dir), "%s/log", base);
		seconds = append_all(dir, key, &bytes, publishes, &n);
		rates[i] = (double)opt.leaves / seconds;
		printf("  round %zu: %.2f s, %.0f leaves/s, publish median %.1f ms, 95 %% %.1f ms\n",
		       i + 1, seconds, rates[i], quantile(publishes, n, 0.5) * 1e3,
		       quantile(publishes, n, 0.95) * 1e3);
		remove_all(dir);
	}
	printf("append: %lu leaves, %.0f MB, batches of %lu, each synced and signed: "
	       "median %.0f leaves/s\n", opt.leaves, (double)bytes / 1e6, opt.batch,
	       quantile(rates, opt.rounds, 0.5));
	free(publishes);
	free(texts);
	free(batch);
}

/* ------ proofs out ------ */

static struct merkle_hash leaf_at(uint64_t index)
{
	return merkle_leaf(&index, sizeof(index));
}

static void write_tile(const char *dir, int level, uint64_t number, unsigned width,
		       const uint8_t *tile)
{
	char path[PATH_SIZE + 16 + TILE_PATH_SIZE], name[TILE_PATH_SIZE];
	int fd, r;

	tile_path(level, number, width, name);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (char *slash = path + strlen(dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		die(path, strerror(errno));
	r = file_write_all(fd, tile, width * MERKLE_HASH_LEN);
	if (r < 0)
		die(path, strerror(-r));
	close(fd);
}

/* All hash tiles of the tree; its root. */
static struct merkle_hash make_tree(const char *dir)
{
	static uint8_t tiles[TILE_LEVELS][TILE_BYTES];
	struct merkle_frontier f = { .size = 0 };
	struct merkle_hash h;
	uint64_t i, n;
	int level;

	for (i = 0; i < opt.tree; i++) {
		h = leaf_at(i);
		merkle_frontier_add(&f, &h);
		for (level = 0; ; level++) {
			n = ((i + 1) >> (TILE_HEIGHT * level)) - 1;
			memcpy(tiles[level] + n % TILE_WIDTH * sizeof(h.b), h.b, sizeof(h.b));
			if (n % TILE_WIDTH != TILE_WIDTH - 1)
				break;
			write_tile(dir, level, n / TILE_WIDTH, TILE_WIDTH, tiles[level]);
			tile_node(tiles[level], TILE_WIDTH, TILE_HEIGHT, 0, &h);
		}
	}
	for (level = 0; level < TILE_LEVELS; level++) {
		n = opt.tree >> (TILE_HEIGHT * level);
		if (n % TILE_WIDTH != 0)
			write_tile(dir, level, n / TILE_WIDTH, (unsigned)(n % TILE_WIDTH),
				   tiles[level]);
	}
	return merkle_frontier_root(&f);
}

static int forget_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	int fd;

	(void)st;
	(void)at;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		die(path, "cannot be put out of the page cache");
	close(fd);
	return 0;
}

static double prove_one(const char *dir, uint64_t index, const struct merkle_hash *root)
{
	struct merkle_hash h = leaf_at(index);
	struct tlog_reader *r;
	struct merkle_proof p;
	double t0 = now_s();
	struct err e;

	if (tlog_reader_open(dir, &r, &e) < 0)
		die("open", e.msg);
	tlog_reader_size(r, opt.tree);
	if (merkle_prove_inclusion(index, opt.tree, tlog_reader_node, r, &p, &e) < 0)
		die("prove", e.msg);
	tlog_reader_close(r);
	t0 = now_s() - t0;
	if (!merkle_check_inclusion(index, opt.tree, &h, &p, root))
		die("prove", "the proof does not lead to the root");
	return t0;
}

static void bench_proofs(const char *base)
{
	double *ms = calloc(opt.proofs, sizeof(*ms));
	uint64_t *at = calloc(opt.proofs, sizeof(*at));
	struct merkle_hash root;
	char dir[PATH_SIZE + 16];
	size_t i;

	snprintf(dir, sizeof(dir), "%s/tree", base);
	if (ms == NULL || at == NULL || mkdir(dir, 0755) < 0)
		die(dir, strerror(errno));
	root = make_tree(dir);
	sync();
	if (nftw(dir, forget_one, 16, FTW_PHYS) != 0)
		die(dir, strerror(errno));
	for (i = 0; i < opt.proofs; i++)
		at[i] = (uint64_t)randombytes_random() << 32 | randombytes_random();
	for (int warm = 0; warm < 2; warm++) {
		for (i = 0; i < opt.proofs; i++)
			ms[i] = prove_one(dir, at[i] % opt.tree, &root) * 1e3;
		printf("proof of one leaf in a tree of %lu, a new reader each, %s: median %.3f ms, "
		       "95 %% %.3f ms\n", opt.tree, warm ? "from the page cache" : "from the disk",
		       quantile(ms, opt.proofs, 0.5), quantile(ms, opt.proofs, 0.95));
	}
	remove_all(dir);
	free(ms);
	free(at);
}

static unsigned long number(const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n < min || n > max)
		die(text, "not a number that is allowed here");
	return n;
}

static void take_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:l:b:r:t:p:")) != -1)
		switch (c) {
		case 'n':	opt.leaves = number(optarg, 0, 1000000000);	break;
		case 'l':	opt.bytes = number(optarg, 100, LEAF_MAX - 100);	break;
		case 'b':	opt.batch = number(optarg, 1, 65536);		break;
		case 'r':	opt.rounds = number(optarg, 1, ROUNDS_MAX);	break;
		case 't':	opt.tree = number(optarg, 0, 1000000000);	break;
		case 'p':	opt.proofs = number(optarg, 1, PROOFS_MAX);	break;
		default:	exit(2);
		}
	if (optind != argc - 1)
		die("usage", "bench_tlog [-n LEAVES] [-l BYTES] [-b BATCH] [-r ROUNDS] [-t TREE] "
		    "[-p PROOFS] DIR");
}

int main(int argc, char **argv)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(NOTE_KEY_TEXT_MAX);
	struct note_secret *key;
	char base[PATH_SIZE];
	struct err e;

	take_options(argc, argv);
	if (sodium_init() < 0 ||
	    note_secret_new("bench.example/log", NOTE_ED25519, &text, &key, &e) < 0)
		die("key", "none can be made");
	snprintf(base, sizeof(base), "%s/bench_tlog.XXXXXX", argv[optind]);
	if (mkdtemp(base) == NULL)
		die(base, strerror(errno));
	if (opt.leaves > 0)
		bench_append(base, key);
	if (opt.tree > 0)
		bench_proofs(base);
	rmdir(base);
	note_secret_free(key);
	return 0;
}
