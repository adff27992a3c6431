/*
 * Plays dockd's half to a real dock-lister over an MTP device in memory.
 *
 *	list-device [option...] LISTER	what was listed, as JSON
 *
 *	--files N	a device of one folder with N files, instead of a few
 *	--no-list	it has no list of properties: every object is asked for
 *	--gone-after N	hang up instead of answering operation N
 *
 * Exits 0: the listing ended as agreed; 1: the lister died; 2: it broke the
 * protocol; 3: something else.
 */
#include <err.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "format/listing.h"
#include "format/mtp_data.h"
#include "unit/mtp_rig.h"

enum { EXIT_ENDED, EXIT_DIED, EXIT_BROKE, EXIT_OTHER };
enum { NAME_SIZE = 24 };

struct session {
	struct mtp_rig rig;
	int socket;
	struct listing_reader *reader;
	long operations, gone_after;
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

/* What cannot be written, the lister does not want: it died, and the next read says so. */
static void say(const struct session *s, const struct buf *b)
{
	ssize_t n;

	if (b->failed)
		errx(EXIT_OTHER, "memory");
	for (size_t done = 0; done < b->len; done += (size_t)n) {
		n = write(s->socket, b->p + done, b->len - done);
		if (n < 0)
			break;
	}
}

static void answer(const struct session *s, const struct listing_operation *op)
{
	struct buf data = BUF_INIT(LISTING_DATASET_MAX);
	struct buf b = BUF_INIT(LISTING_DATASET_MAX + LISTING_DATASET_MAX / 1024);
	struct listing_operation response = { .code = mtp_rig_answer(&s->rig, op, &data) };

	for (size_t at = 0, n; at < data.len; at += n) {
		n = MIN(data.len - at, LISTING_MESSAGE_MAX);
		listing_put_dataset(&b, data.p + at, (uint32_t)n);
	}
	listing_put_response(&b, &response);
	b.failed |= data.failed;
	say(s, &b);
	buf_clear(&data);
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
				fprintf(stderr, "list-device: %s\n", e.msg);
				return EXIT_BROKE;
			}
			if (r == 0)
				continue;
			if (ev.what == LISTING_COMPLETE)
				return EXIT_ENDED;
			if (++s->operations == s->gone_after)
				shutdown(s->socket, SHUT_RDWR);
			else
				answer(s, &ev.op);
		}
	}
	return EXIT_DIED;
}

static void print_listing(const struct session *s, const struct listing *l, long peak_kib)
{
	json_t *files = json_array(), *troubles = json_array(), *all;

	for (uint32_t i = 0; i < l->n_files && i < 100; i++)
		json_array_append_new(files, json_pack("{ss sI sI ss}", "path", l->files[i].path,
			"handle", (json_int_t)l->files[i].handle,
			"size", (json_int_t)l->files[i].size, "trouble", l->files[i].trouble));
	for (uint32_t i = 0; i < l->n_troubles; i++)
		json_array_append_new(troubles, json_string(l->troubles[i].text));
	all = json_pack("{ss ss sI si sI sI so so}", "model", l->device.model,
			"clock", l->device.clock, "operations", (json_int_t)s->operations,
			"volumes", l->n_volumes, "n_files", (json_int_t)l->n_files,
			"peak_kib", (json_int_t)peak_kib, "files", files, "troubles", troubles);
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

static int run(struct session *s, const char *lister)
{
	const struct listing_medium medium = { .kind = LISTING_MTP, .encoding = LISTING_UTF8 };
	struct buf hello = BUF_INIT(64);
	struct listing l = { .n_files = 0 };
	struct rusage used;
	int ends[2], status, ret;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		err(EXIT_OTHER, "socketpair");
	pid = start(lister, ends[1]);
	close(ends[1]);
	s->socket = ends[0];
	if (listing_reader_new(&medium, &s->reader) < 0)
		errx(EXIT_OTHER, "memory");
	listing_put_medium(&hello, &medium);
	say(s, &hello);
	ret = serve(s);
	if (ret == EXIT_BROKE)
		kill(pid, SIGKILL);
	close(s->socket);
	if (wait4(pid, &status, 0, &used) < 0)
		err(EXIT_OTHER, "wait4");
	if (ret == EXIT_ENDED)
		listing_reader_take(s->reader, &l);
	print_listing(s, &l, used.ru_maxrss);
	listing_clear(&l);
	listing_reader_free(s->reader);
	buf_clear(&hello);
	return ret;
}

/* A folder, and n files in it. */
static struct mtp_rig_object *many(uint32_t n)
{
	struct mtp_rig_object *objects = calloc((size_t)n + 1, sizeof(*objects));
	char *names = calloc((size_t)n + 1, NAME_SIZE);

	if (objects == NULL || names == NULL)
		errx(EXIT_OTHER, "memory");
	objects[0] = (struct mtp_rig_object){ 1, 0, 0, MTP_FORMAT_ASSOCIATION, 0, "DCIM", NULL };
	for (uint32_t i = 1; i <= n; i++) {
		char *name = names + (size_t)i * NAME_SIZE;

		snprintf(name, NAME_SIZE, "MOVI%06u.MP4", i);
		objects[i] = (struct mtp_rig_object){ i + 1, 1, 0, 0x300b, i, name,
						      "20261123T204258" };
	}
	return objects;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "files", required_argument, NULL, 'f' }, { "no-list", no_argument, NULL, 'l' },
		{ "gone-after", required_argument, NULL, 'g' }, { NULL, 0, NULL, 0 },
	};
	static const uint16_t no_list[] = { MTP_OP_OBJECT_PROP_LIST, 0 };
	struct session s = { .rig = mtp_rig_device };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (c) {
		case 'f':
			s.rig.n_storages = 1;
			s.rig.n_objects = (uint32_t)strtoul(optarg, NULL, 10) + 1;
			s.rig.objects = many(s.rig.n_objects - 1);	/* until the end */
			break;
		case 'l': s.rig.lacks = no_list; break;
		case 'g': s.gone_after = strtol(optarg, NULL, 10); break;
		default: return EXIT_OTHER;
		}
	}
	if (argc - optind != 1) {
		fputs("usage: list-device [option...] LISTER\n", stderr);
		return EXIT_OTHER;
	}
	signal(SIGPIPE, SIG_IGN);
	return run(&s, argv[optind]);
}
