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

static void usage(FILE *to)
{
	fputs("usage: mkcard OUT.img [option...]\n"
	      "  --size N[K|M|G]     size of the card (64M)\n"
	      "  --mbr               with a partition table\n"
	      "  --label TEXT        volume label\n"
	      "  --fragment          no file lies in one piece\n"
	      "and, in the order given:\n"
	      "  --add FILE:/PATH[@TIME]  put a file on the card; TIME as\n"
	      "                      2026-11-23T12:42:58.000Z or seconds since 1970\n"
	      "  --dir DIR           put a directory's files on the card, with their times\n"
	      "  --delete /PATH      delete a file, as a recorder does\n"
	      "  --sin NAME          spoil the card; below /SIN, or all of it:\n", to);
	for (const struct card_sin *s = card_sins; s->name != NULL; s++)
		fprintf(to, "      %-18s %s\n", s->name, s->what);
}

enum { OPT_SIZE = 256, OPT_MBR, OPT_LABEL, OPT_FRAGMENT, OPT_ADD, OPT_DIR, OPT_DELETE, OPT_SIN,
       OPT_HELP };

static const struct option options[] = {
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "mbr", no_argument, NULL, OPT_MBR },
	{ "label", required_argument, NULL, OPT_LABEL },
	{ "fragment", no_argument, NULL, OPT_FRAGMENT },
	{ "add", required_argument, NULL, OPT_ADD },
	{ "dir", required_argument, NULL, OPT_DIR },
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
		return err_set(e, -EINVAL, "--size %s: write a size as 512M or 32G", text);
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

/* FILE:/PATH[@TIME] */
static int add(struct card *c, const char *spec, struct err *e)
{
	AUTO(freep) char *copy = strdup(spec);
	char *path, *at;

	if (copy == NULL)
		return err_set(e, -ENOMEM, "no memory");
	path = strstr(copy, ":/");
	if (path == NULL)
		return err_set(e, -EINVAL, "--add %s: write FILE:/PATH", spec);
	*path++ = '\0';
	at = strrchr(path, '@');
	if (at != NULL)
		*at++ = '\0';
	return add_file(c, copy, path, at, e);
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

/* The options that describe the card, wherever they stand. */
static int read_config(int argc, char **argv, struct card_config *ret, struct err *e)
{
	int option, r = 0;

	optind = 1;
	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPT_SIZE:		r = parse_size(optarg, &ret->size, e); break;
		case OPT_MBR:		ret->mbr = true; break;
		case OPT_LABEL:		ret->label = optarg; break;
		case OPT_FRAGMENT:	ret->fragment = true; break;
		case OPT_HELP:		usage(stdout); exit(EXIT_SUCCESS);
		case '?':		r = err_set(e, -EINVAL, "mkcard --help says more"); break;
		default:		break;
		}
	}
	return r;
}

/* The options that put things on the card, in their order. */
static int fill(int argc, char **argv, struct card *c, bool afterwards, struct err *e)
{
	int option, r = 0;

	optind = 1;
	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_SIN)
			r = commit(c, optarg, afterwards, e);
		else if (option == OPT_ADD && !afterwards)
			r = add(c, optarg, e);
		else if (option == OPT_DIR && !afterwards)
			r = add_dir(c, optarg, "", 0, e);
		else if (option == OPT_DELETE && !afterwards)
			r = card_delete(c, optarg, e);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct card_config config = { .size = UINT64_C(64) << 20 };
	struct card *c = NULL;
	struct err e = { 0 };
	int fd = -1, r = read_config(argc, argv, &config, &e);

	if (r == 0 && optind + 1 != argc) {
		usage(stderr);
		return 2;
	}
	if (r == 0) {
		fd = open(argv[optind], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0)
			r = err_set(&e, -errno, "%s: %s", argv[optind], strerror(errno));
	}
	if (r == 0)
		r = card_new(fd, &config, &c, &e);
	if (r == 0)
		r = fill(argc, argv, c, false, &e);
	if (r == 0)
		r = card_finish(c, &e);
	if (r == 0)
		r = fill(argc, argv, c, true, &e);
	card_free(c);
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = err_set(&e, -errno, "%s: %s", argv[optind], strerror(errno));
	if (r < 0)
		fprintf(stderr, "mkcard: %s\n", e.msg);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
