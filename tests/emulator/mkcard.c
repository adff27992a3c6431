/* mkcard - make a card image as a recorder would leave it; see usage(). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card.h"

static void freep(char **p)
{
	free(*p);
}

enum { VOLUMES_MAX = 8 };

struct plan {			/* what the options say of the card as a whole */
	uint64_t size;
	uint32_t sector;
	enum card_table table;
	struct card_config volumes[VOLUMES_MAX];
	unsigned n;
};

static void list_sins(FILE *to, const struct card_sin *sins)
{
	for (const struct card_sin *s = sins; s->name != NULL; s++)
		fprintf(to, "      %-18s %s\n", s->name, s->what);
}

static void usage(FILE *to)
{
	fputs("usage: mkcard OUT.img [option...]\n"
	      "  --size N[K|M|G]     size of the card (64M)\n"
	      "  --block N           bytes of a sector, 512 or 4096 (512)\n"
	      "  --mbr, --gpt        with a partition table\n"
	      "of a volume:\n"
	      "  --exfat             exFAT, not FAT32\n"
	      "  --label TEXT        volume label\n"
	      "  --fragment          no file lies in one piece\n"
	      "  --volume            what follows is about one more volume; all are of a size\n"
	      "and, in the order given:\n"
	      "  --add FILE:/PATH[@TIME]  put a file on the card; TIME as\n"
	      "                      2026-11-23T12:42:58.000Z or seconds since 1970\n"
	      "  --dir DIR           put a directory's files on the card, with their times\n"
	      "  --hollow SIZE:/PATH[@TIME]  a file of that size, of what lies there\n"
	      "  --reserve SIZE:/PATH  set space aside for a file that is there (exFAT)\n"
	      "  --opened /PATH@TIME  a file was last opened then, on FAT that day\n"
	      "  --delete /PATH      delete a file, as a recorder does\n"
	      "  --sin NAME          spoil the card; below /SIN, or all of it:\n", to);
	list_sins(to, card_sins);
	fputs("    with --exfat:\n", to);
	list_sins(to, card_exfat_sins);
	fputs("    with --gpt:\n", to);
	list_sins(to, card_table_sins);
}

enum { OPT_SIZE = 256, OPT_BLOCK, OPT_MBR, OPT_GPT, OPT_EXFAT, OPT_LABEL, OPT_FRAGMENT, OPT_VOLUME,
       OPT_ADD, OPT_DIR, OPT_HOLLOW, OPT_RESERVE, OPT_OPENED, OPT_DELETE, OPT_SIN, OPT_HELP };

static const struct option options[] = {
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "block", required_argument, NULL, OPT_BLOCK },
	{ "mbr", no_argument, NULL, OPT_MBR },
	{ "gpt", no_argument, NULL, OPT_GPT },
	{ "exfat", no_argument, NULL, OPT_EXFAT },
	{ "label", required_argument, NULL, OPT_LABEL },
	{ "fragment", no_argument, NULL, OPT_FRAGMENT },
	{ "volume", no_argument, NULL, OPT_VOLUME },
	{ "add", required_argument, NULL, OPT_ADD },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "hollow", required_argument, NULL, OPT_HOLLOW },
	{ "reserve", required_argument, NULL, OPT_RESERVE },
	{ "opened", required_argument, NULL, OPT_OPENED },
	{ "delete", required_argument, NULL, OPT_DELETE },
	{ "sin", required_argument, NULL, OPT_SIN },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static int parse_size(const char *text, uint64_t *ret, struct err *e)
{
	char *end;
	unsigned long long n;
	unsigned shift;

	errno = 0;
	n = strtoull(text, &end, 10);
	shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	if (errno != 0 || end == text || (*end != '\0' && (shift == 0 || end[1] != '\0')) ||
	    n > (UINT64_C(1) << 41) >> shift)
		return err_set(e, -EINVAL, "%s: write a size as 512M or 32G", text);
	*ret = (uint64_t)n << shift;
	return 0;
}

static int parse_time(const char *text, int64_t *ret_ms, struct err *e)
{
	char *end;
	long long seconds;

	if (utc_parse(text, strlen(text), ret_ms) == 0)
		return 0;
	errno = 0;
	seconds = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || seconds < 0 || seconds > INT64_C(4133980800))
		return err_set(e, -EINVAL, "%s: not a time", text);
	*ret_ms = (int64_t)seconds * 1000;
	return 0;
}

static int add_file(struct card *c, const char *file, const char *path, const char *when,
		    struct err *e)
{
	struct stat st;
	int64_t mtime_ms;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = err_set(e, -errno, "%s: %s", file, strerror(errno));
	} else if (when != NULL) {
		r = parse_time(when, &mtime_ms, e);
	} else {
		mtime_ms = (int64_t)st.st_mtim.tv_sec * 1000;
	}
	if (r == 0)
		r = card_add_fd(c, path, fd, mtime_ms, e);
	if (fd >= 0)
		close(fd);
	return r;
}

/* WHAT:/PATH[@TIME], cut up in place; *ret_when may become NULL. */
static int cut_spec(char *spec, char **ret_path, char **ret_when, struct err *e)
{
	*ret_path = strstr(spec, ":/");
	if (*ret_path == NULL)
		return err_set(e, -EINVAL, "%s: write WHAT:/PATH", spec);
	*(*ret_path)++ = '\0';
	*ret_when = strrchr(*ret_path, '@');
	if (*ret_when != NULL)
		*(*ret_when)++ = '\0';
	return 0;
}

static int add(struct card *c, const char *spec, struct err *e)
{
	AUTO(freep) char *copy = strdup(spec);
	char *path, *when;
	int r;

	if (copy == NULL)
		return err_set(e, -ENOMEM, "no memory");
	r = cut_spec(copy, &path, &when, e);
	return r < 0 ? r : add_file(c, copy, path, when, e);
}

/* SIZE:/PATH[@TIME]; new: made here, with all of it valid. */
static int extend(struct card *c, const char *spec, bool new, struct err *e)
{
	AUTO(freep) char *copy = strdup(spec);
	int64_t mtime_ms = utc_now();
	char *path, *when;
	uint64_t size;
	int r;

	if (copy == NULL)
		return err_set(e, -ENOMEM, "no memory");
	r = cut_spec(copy, &path, &when, e);
	if (r == 0)
		r = parse_size(copy, &size, e);
	if (r == 0 && when != NULL)
		r = parse_time(when, &mtime_ms, e);
	if (r == 0 && new)
		r = card_add(c, path, "", 0, mtime_ms, e);
	return r < 0 ? r : card_extend(c, path, size, new, e);
}

/* /PATH@TIME */
static int opened(struct card *c, const char *spec, struct err *e)
{
	AUTO(freep) char *path = strdup(spec);
	char *when = path != NULL ? strrchr(path, '@') : NULL;
	int64_t ms = 0;
	int r;

	if (when == NULL)
		return err_set(e, -EINVAL, "--opened %s: write /PATH@TIME", spec);
	*when++ = '\0';
	r = parse_time(when, &ms, e);
	return r < 0 ? r : card_opened(c, path, ms, e);
}

static int add_dir(struct card *c, const char *dir, const char *path, unsigned depth,
		   struct err *e);

static int add_one(struct card *c, const char *dir, const char *path, const char *name,
		   unsigned depth, struct err *e)
{
	AUTO(freep) char *from = NULL;
	AUTO(freep) char *to = NULL;
	struct stat st;

	if (asprintf(&from, "%s/%s", dir, name) < 0 || asprintf(&to, "%s/%s", path, name) < 0)
		return err_set(e, -ENOMEM, "no memory");
	if (lstat(from, &st) < 0)
		return err_set(e, -errno, "%s: %s", from, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		int r = card_mkdir(c, to, (int64_t)st.st_mtim.tv_sec * 1000, e);

		return r < 0 ? r : add_dir(c, from, to, depth + 1, e);
	}
	return add_file(c, from, to, NULL, e);
}

/* In the order of names, so that the same directory makes the same card. */
static int add_dir(struct card *c, const char *dir, const char *path, unsigned depth,
		   struct err *e)
{
	struct dirent **list;
	int n, r = 0;

	if (depth > 32)
		return err_set(e, -ELOOP, "%s: more than 32 directories deep", dir);
	n = scandir(dir, &list, NULL, alphasort);
	if (n < 0)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (r == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			r = add_one(c, dir, path, name, depth, e);
		free(list[i]);
	}
	free(list);
	return r;
}

static int commit(struct card *c, const char *name, bool afterwards, struct err *e)
{
	const struct card_sin *s = card_sin_find(name);

	if (s == NULL)
		return err_set(e, -EINVAL, "--sin %s: unknown; --help lists them", name);
	return s->afterwards == afterwards ? s->commit(c, e) : 0;
}

static int parse_block(const char *text, uint32_t *ret, struct err *e)
{
	if (strcmp(text, "512") != 0 && strcmp(text, "4096") != 0)
		return err_set(e, -EINVAL, "--block %s: a sector has 512 or 4096 bytes", text);
	*ret = strcmp(text, "512") == 0 ? 512 : 4096;
	return 0;
}

static int next_volume(struct plan *p, struct err *e)
{
	if (p->n == VOLUMES_MAX)
		return err_set(e, -EINVAL, "--volume: %d at most", VOLUMES_MAX);
	p->n++;
	return 0;
}

/* The options that describe the card, wherever they stand. */
static int read_plan(int argc, char **argv, struct plan *p, struct err *e)
{
	int option, r = 0;

	optind = 1;
	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		struct card_config *volume = &p->volumes[p->n - 1];

		switch (option) {
		case OPT_SIZE:		r = parse_size(optarg, &p->size, e); break;
		case OPT_BLOCK:		r = parse_block(optarg, &p->sector, e); break;
		case OPT_MBR:		p->table = CARD_MBR; break;
		case OPT_GPT:		p->table = CARD_GPT; break;
		case OPT_EXFAT:		volume->exfat = true; break;
		case OPT_LABEL:		volume->label = optarg; break;
		case OPT_FRAGMENT:	volume->fragment = true; break;
		case OPT_VOLUME:	r = next_volume(p, e); break;
		case OPT_HELP:		usage(stdout); exit(EXIT_SUCCESS);
		case '?':		r = err_set(e, -EINVAL, "mkcard --help says more"); break;
		default:		break;
		}
	}
	return r;
}

/* Each volume has the same share of what the table leaves. */
static int place(struct plan *p, struct err *e)
{
	uint64_t front = p->table == CARD_NO_TABLE ? 0 : CARD_TABLE_ROOM;
	uint64_t back = p->table == CARD_GPT ? CARD_TABLE_ROOM : 0;
	uint64_t share;

	if (p->n > 1 && p->table == CARD_NO_TABLE)
		return err_set(e, -EINVAL, "--volume: several need --mbr or --gpt");
	if (p->size < front + back)
		return err_set(e, -EINVAL, "--size: no room for a partition table");
	share = (p->size - front - back) / p->n;
	if (p->n > 1)
		share = share / CARD_TABLE_ROOM * CARD_TABLE_ROOM;
	for (unsigned i = 0; i < p->n; i++) {
		p->volumes[i].sector = p->sector;
		p->volumes[i].start = front + i * share;
		p->volumes[i].size = share;
	}
	return 0;
}

/* What one option puts on the card, or does to it afterwards. */
static int apply(struct card *c, int option, bool afterwards, struct err *e)
{
	if (option == OPT_SIN)
		return commit(c, optarg, afterwards, e);
	if (afterwards)
		return 0;
	switch (option) {
	case OPT_ADD:		return add(c, optarg, e);
	case OPT_DIR:		return add_dir(c, optarg, "", 0, e);
	case OPT_HOLLOW:	return extend(c, optarg, true, e);
	case OPT_RESERVE:	return extend(c, optarg, false, e);
	case OPT_OPENED:	return opened(c, optarg, e);
	case OPT_DELETE:	return card_delete(c, optarg, e);
	default:		return 0;
	}
}

/* The options that put things on that volume, in their order. */
static int fill(int argc, char **argv, struct card *c, unsigned volume, bool afterwards,
		struct err *e)
{
	unsigned at = 0;
	int option, r = 0;

	optind = 1;
	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_VOLUME)
			at++;
		else if (at == volume)
			r = apply(c, option, afterwards, e);
	}
	return r;
}

static int make(int fd, const struct plan *p, int argc, char **argv, struct err *e)
{
	int r = card_table_write(fd, p->table, p->size, p->volumes, p->n, e);

	for (unsigned i = 0; r == 0 && i < p->n; i++) {
		struct card *c = NULL;

		r = card_new(fd, &p->volumes[i], &c, e);
		if (r == 0)
			r = fill(argc, argv, c, i, false, e);
		if (r == 0)
			r = card_finish(c, e);
		if (r == 0)
			r = fill(argc, argv, c, i, true, e);
		card_free(c);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct plan plan = { .size = UINT64_C(64) << 20, .sector = 512, .n = 1 };
	struct err e = { 0 };
	int fd = -1, r = read_plan(argc, argv, &plan, &e);
	const char *out;

	if (r == 0 && optind + 1 != argc) {
		usage(stderr);
		return 2;
	}
	out = argv[optind];
	if (r == 0)
		r = place(&plan, &e);
	if (r == 0) {
		fd = open(out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		r = fd < 0 ? err_set(&e, -errno, "%s: %s", out, strerror(errno)) :
		    make(fd, &plan, argc, argv, &e);
	}
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = err_set(&e, -errno, "%s: %s", out, strerror(errno));
	if (r < 0)
		fprintf(stderr, "mkcard: %s\n", e.msg);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
