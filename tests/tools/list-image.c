/*
 * Plays dockd's half to a real dock-lister over a card image, without USB.
 *
 *	list-image [option...] LISTER IMAGE...	the listing as JSON; an image a unit
 *	list-image --cat PATH LISTER IMAGE...	the bytes of one file, by its extents
 *
 *	--block N	the disk's block size (512)
 *	--bad OFFSET	reads that touch this byte fail
 *	--gone-after N	hang up instead of answering read N
 *	--signal-at N:SIG	kill the lister with a signal at read N
 *
 * Exits 0: the listing ended as agreed; 1: the lister died, with what is known
 * as JSON; 2: it broke the protocol; 3: something else.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "format/listing.h"

enum { EXIT_ENDED, EXIT_DIED, EXIT_BROKE, EXIT_OTHER };

struct options {
	uint32_t block;
	int64_t bad;
	long gone_after, signal_at;
	int signal;
	const char *cat;
};

struct session {
	const struct options *o;
	int images[LISTING_UNITS_MAX], socket;
	pid_t lister;
	struct listing_reader *reader;
	long reads;
	struct rusage usage;		/* the lister's */
};

static pid_t start(const char *path, int socket)
{
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_OTHER, "fork");
	if (pid > 0)
		return pid;
	if (socket != 3 && dup2(socket, 3) < 0)
		err(EXIT_OTHER, "dup2");
	execl(path, path, (char *)NULL);
	err(EXIT_OTHER, "%s", path);
}

static void answer(struct session *s, const struct listing_event *ev)
{
	static uint8_t bytes[LISTING_READ_MAX];
	struct buf b = BUF_INIT(LISTING_HEADER + LISTING_MESSAGE_MAX);
	int64_t from = (int64_t)ev->offset;
	size_t done = 0;

	if (s->o->bad >= from && s->o->bad < from + ev->len)
		listing_put_failed(&b, EIO);
	else if (pread(s->images[ev->unit], bytes, ev->len, from) != (ssize_t)ev->len)
		err(EXIT_OTHER, "the image");
	else
		listing_put_data(&b, bytes, ev->len);
	while (done < b.len) {
		ssize_t n = write(s->socket, b.p + done, b.len - done);

		if (n < 0)
			break;		/* it died: the next read says so */
		done += (size_t)n;
	}
	buf_clear(&b);
}

/* Until the end; EXIT_... */
static int serve(struct session *s)
{
	uint8_t in[4096];
	struct listing_event ev;
	struct err e;
	ssize_t n;

	while ((n = read(s->socket, in, sizeof(in))) > 0) {
		size_t used;

		for (size_t at = 0; at < (size_t)n; at += used) {
			int r = listing_reader_feed(s->reader, in + at, (size_t)n - at, &used, &ev,
						    &e);

			if (r < 0) {
				fprintf(stderr, "list-image: %s\n", e.msg);
				return EXIT_BROKE;
			}
			if (r == 0)
				continue;
			if (ev.what == LISTING_COMPLETE)
				return EXIT_ENDED;
			s->reads++;
			if (s->reads == s->o->gone_after)
				shutdown(s->socket, SHUT_RDWR);
			else if (s->reads == s->o->signal_at)
				kill(s->lister, s->o->signal);
			else
				answer(s, &ev);
		}
	}
	return EXIT_DIED;
}

static json_t *file_json(const struct listing_file *f)
{
	AUTO(buf_clear) struct buf raw = BUF_INIT(4 * LISTING_PATH_MAX);
	json_t *extents = json_array();

	for (uint16_t i = 0; i < f->raw_len; i++)
		buf_addf(&raw, "%02x", f->raw[i]);
	for (uint32_t i = 0; i < f->n_extents; i++)
		json_array_append_new(extents, json_pack("[II]", (json_int_t)f->extents[i].offset,
							 (json_int_t)f->extents[i].len));
	return json_pack("{ss ss sb si sI sI ss ss ss so ss}", "path", f->path, "raw", buf_str(&raw),
			 "deleted", f->deleted, "unit", f->unit, "size", (json_int_t)f->size,
			 "valid", (json_int_t)f->valid, "created", f->created,
			 "modified", f->modified, "accessed", f->accessed, "extents", extents,
			 "trouble", f->trouble);
}

static json_t *volume_json(const struct listing_volume *v)
{
	return json_pack("{si sI sI ss ss}", "unit", v->unit, "size", (json_int_t)v->size,
			 "free", v->free == LISTING_FREE_UNKNOWN ? (json_int_t)-1 : (json_int_t)v->free,
			 "filesystem", v->filesystem, "label", v->label);
}

static void print_listing(const struct session *s, const struct listing *l, int status)
{
	json_t *files = json_array(), *troubles = json_array(), *volumes = json_array(), *all;

	for (unsigned i = 0; i < l->n_volumes; i++)
		json_array_append_new(volumes, volume_json(&l->volumes[i]));

	for (uint32_t i = 0; i < l->n_files; i++)
		json_array_append_new(files, file_json(&l->files[i]));
	for (uint32_t i = 0; i < l->n_troubles; i++)
		json_array_append_new(troubles, json_pack("{ss ss}", "path", l->troubles[i].path,
							  "text", l->troubles[i].text));
	all = json_pack("{ss ss sI sI sI si so so so}", "filesystem", l->volumes[0].filesystem,
			"label", l->volumes[0].label,
			"reads", (json_int_t)s->reads, "bytes", (json_int_t)l->bytes,
			"resident_kib", (json_int_t)s->usage.ru_maxrss,
			"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
			"volumes", volumes, "files", files, "troubles", troubles);
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

/* Bytes of the file from `at` on: zeros where nothing was written. */
static void put_valid(const struct listing_file *f, uint64_t at, uint8_t *p, size_t n)
{
	uint64_t valid = f->valid > at ? MIN(f->valid - at, n) : 0;

	memset(p + valid, 0, n - (size_t)valid);
	fwrite(p, 1, n, stdout);
}

static int print_content(const struct session *s, const struct listing *l)
{
	static uint8_t bytes[1 << 16];

	for (uint32_t i = 0; i < l->n_files; i++) {
		const struct listing_file *f = &l->files[i];
		uint64_t left = f->size;

		if (f->deleted || strcmp(f->path, s->o->cat) != 0)
			continue;
		for (uint32_t k = 0; k < f->n_extents; k++) {
			const struct listing_extent *x = &f->extents[k];

			for (uint64_t at = 0; at < x->len && left > 0;) {
				size_t n = (size_t)MIN(MIN(x->len - at, left), sizeof(bytes));

				if (pread(s->images[f->unit], bytes, n, (off_t)(x->offset + at)) !=
				    (ssize_t)n)
					err(EXIT_OTHER, "the image");
				put_valid(f, f->size - left, bytes, n);
				at += n;
				left -= n;
			}
		}
		return left == 0 ? EXIT_ENDED : EXIT_OTHER;
	}
	fprintf(stderr, "list-image: no such file: %s\n", s->o->cat);
	return EXIT_OTHER;
}

/* An image a unit. */
static void open_images(struct session *s, char **images, int n, struct listing_medium *ret)
{
	struct stat st;

	*ret = (struct listing_medium){ .kind = LISTING_BLOCKS, .n_units = (unsigned)n };
	for (int i = 0; i < n; i++) {
		s->images[i] = open(images[i], O_RDONLY | O_CLOEXEC);
		if (s->images[i] < 0 || fstat(s->images[i], &st) < 0)
			err(EXIT_OTHER, "%s", images[i]);
		ret->units[i].size = (uint64_t)st.st_size / s->o->block * s->o->block;
		ret->units[i].block_size = s->o->block;
	}
	if (!listing_medium_is_sound(ret))
		errx(EXIT_OTHER, "blocks of %" PRIu32 " bytes", s->o->block);
}

static int run(const struct options *o, const char *lister, char **images, int n)
{
	struct session s = { .o = o };
	struct buf hello = BUF_INIT(256);
	struct listing l = { .n_files = 0 };
	struct listing_medium medium;
	int ends[2], status = 0, ret;

	open_images(&s, images, n, &medium);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		err(EXIT_OTHER, "socketpair");
	s.lister = start(lister, ends[1]);
	close(ends[1]);
	s.socket = ends[0];
	if (listing_reader_new(&medium, &s.reader) < 0)
		err(EXIT_OTHER, "memory");
	listing_put_medium(&hello, &medium);
	if (write(s.socket, hello.p, hello.len) != (ssize_t)hello.len)
		err(EXIT_OTHER, "the lister");
	ret = serve(&s);
	if (ret == EXIT_BROKE)
		kill(s.lister, SIGKILL);
	close(s.socket);
	wait4(s.lister, &status, 0, &s.usage);
	if (ret == EXIT_ENDED)
		listing_reader_take(s.reader, &l);
	if (ret == EXIT_ENDED && o->cat != NULL)
		ret = print_content(&s, &l);
	else
		print_listing(&s, &l, status);
	listing_clear(&l);
	listing_reader_free(s.reader);
	buf_clear(&hello);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "block", required_argument, NULL, 'b' }, { "bad", required_argument, NULL, 'x' },
		{ "gone-after", required_argument, NULL, 'g' },
		{ "signal-at", required_argument, NULL, 's' },
		{ "cat", required_argument, NULL, 'c' }, { NULL, 0, NULL, 0 },
	};
	struct options o = { .block = 512, .bad = -1 };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (c) {
		case 'b': o.block = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'x': o.bad = strtoll(optarg, NULL, 10); break;
		case 'g': o.gone_after = strtol(optarg, NULL, 10); break;
		case 's':
			o.signal_at = strtol(optarg, &optarg, 10);
			o.signal = *optarg == ':' ? (int)strtol(optarg + 1, NULL, 10) : SIGKILL;
			break;
		case 'c': o.cat = optarg; break;
		default: return EXIT_OTHER;
		}
	}
	if (argc - optind < 2 || argc - optind > 1 + LISTING_UNITS_MAX || o.block == 0) {
		fputs("usage: list-image [option...] LISTER IMAGE...\n", stderr);
		return EXIT_OTHER;
	}
	signal(SIGPIPE, SIG_IGN);
	return run(&o, argv[optind], argv + optind + 1, argc - optind - 1);
}
