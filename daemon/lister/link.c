#include "link.h"

#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "format/listing.h"

struct link {
	struct peer peer;
	int fd;
	struct buf request;
	struct buf last_words;
	volatile sig_atomic_t late;	/* the time is up */
	volatile sig_atomic_t busy;	/* a message is half-way through the socket */
	uint8_t piece[LISTING_MESSAGE_MAX];	/* of a dataset, or a response */
};

static struct link *the_link;		/* for the signal handler */

/* ------ the socket ------ */

static int write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_all(int fd, uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPIPE;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A message's head; its body is at most `room` bytes and goes to buf. */
static int read_message(int fd, enum listing_type *ret_type, uint8_t *buf, uint32_t room,
			uint32_t *ret_len)
{
	uint8_t head[LISTING_HEADER];
	int ret;

	ret = read_all(fd, head, sizeof(head));
	if (ret == 0)
		ret = listing_head(head, ret_type, ret_len);
	if (ret == 0 && *ret_len > room)
		ret = -EPROTO;
	if (ret == 0)
		ret = read_all(fd, buf, *ret_len);
	return ret;
}

static int link_send(struct peer *p, const struct buf *messages)
{
	struct link *l = container_of(p, struct link, peer);
	int ret;

	l->busy = 1;
	ret = write_all(l->fd, messages->p, messages->len);
	l->busy = 0;
	return ret;
}

static int ask(struct link *l, uint32_t len, uint8_t *buf)
{
	enum listing_type type;
	uint32_t got;
	int ret;

	ret = write_all(l->fd, l->request.p, l->request.len);
	if (ret == 0)
		ret = read_message(l->fd, &type, buf, len, &got);
	if (ret < 0)
		return ret;
	if (type == LISTING_FAILED)
		return -EIO;
	return type == LISTING_DATA && got == len ? 0 : -EPROTO;
}

static int link_read(struct peer *p, unsigned unit, uint64_t offset, uint32_t len, uint8_t *buf)
{
	struct link *l = container_of(p, struct link, peer);
	int ret;

	if (l->late)
		return -ETIME;
	buf_reset(&l->request);
	listing_put_read(&l->request, unit, offset, len);
	l->busy = 1;
	ret = ask(l, len, buf);
	l->busy = 0;
	return ret;
}

/* Pieces up to the response.  The socket is quiet between messages, so take() may well compute. */
static int carry_out(struct link *l, void (*take)(void *data, const uint8_t *bytes, size_t len),
		     void *data, struct listing_operation *ret)
{
	enum listing_type type;
	uint32_t got, total = 0;
	int r;

	r = write_all(l->fd, l->request.p, l->request.len);
	while (r == 0) {
		r = read_message(l->fd, &type, l->piece, sizeof(l->piece), &got);
		if (r < 0)
			break;
		if (type == LISTING_RESPONSE)
			return listing_response_read(l->piece, got, ret);
		if (type == LISTING_FAILED)
			return -EIO;
		if (type != LISTING_DATASET || got > LISTING_DATASET_MAX - total)
			return -EPROTO;
		total += got;
		take(data, l->piece, got);
	}
	return r;
}

static int link_operation(struct peer *p, const struct listing_operation *op,
			  void (*take)(void *data, const uint8_t *bytes, size_t len), void *data,
			  struct listing_operation *ret)
{
	struct link *l = container_of(p, struct link, peer);
	int r;

	if (l->late)
		return -ETIME;
	buf_reset(&l->request);
	listing_put_operation(&l->request, op);
	l->busy = 1;
	r = carry_out(l, take, data, ret);
	l->busy = 0;
	return r;
}

/* ------ the time ------ */

static void on_time_up(int sig)
{
	struct link *l = the_link;

	(void)sig;
	if (l->late && !l->busy) {
		write_all(l->fd, l->last_words.p, l->last_words.len);
		_exit(0);
	}
	l->late = 1;
}

int link_new(int fd, struct link **ret, struct err *e)
{
	struct sigaction up = { .sa_handler = on_time_up, .sa_flags = SA_RESTART };
	struct link *l;

	if (the_link != NULL)
		BUG("a second link");
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return err_set(e, -ENOMEM, "no memory for a link to dockd");
	l->peer.read = link_read;
	l->peer.operation = link_operation;
	l->peer.send = link_send;
	l->fd = fd;
	l->request = (struct buf)BUF_INIT(64);
	l->last_words = (struct buf)BUF_INIT(1024);
	listing_put_trouble(&l->last_words, "", LINK_LATE_TEXT);
	listing_put_end(&l->last_words);
	if (l->last_words.failed) {
		link_free(l);
		return err_set(e, -ENOMEM, "no memory for a link to dockd");
	}
	the_link = l;
	if (sigaction(SIGXCPU, &up, NULL) < 0) {
		link_free(l);
		return err_set(e, -errno, "no handler for the time limit: %s", strerror(errno));
	}
	*ret = l;
	return 0;
}

void link_free(struct link *l)
{
	if (l == NULL)
		return;
	signal(SIGXCPU, SIG_DFL);
	the_link = NULL;
	buf_clear(&l->request);
	buf_clear(&l->last_words);
	free(l);
}

int link_start(struct link *l)
{
	enum listing_type type;
	uint32_t len;
	int ret;

	ret = read_message(l->fd, &type, l->piece, sizeof(l->piece), &len);
	if (ret < 0)
		return ret;
	if (type != LISTING_MEDIUM)
		return -EPROTO;
	return listing_medium_read(l->piece, len, &l->peer.medium);
}

bool link_late(const struct link *l)
{
	return l->late != 0;
}

struct peer *link_peer(struct link *l)
{
	return &l->peer;
}
