/* Reading the copies of a batch, by one stream or two. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "scrub.h"

/* What the streams of a batch share. */
struct reading {
	struct scrub *s;
	struct scrub_batch *b;
	int64_t until_ms;
	atomic_size_t next;
	atomic_bool over;
	pthread_mutex_t lock;
	struct err e;			/* why the store cannot be read; code 0: it can */
};

static void give_up(struct reading *x, const struct err *e)
{
	pthread_mutex_lock(&x->lock);
	if (x->e.code == 0)
		x->e = *e;
	pthread_mutex_unlock(&x->lock);
	atomic_store(&x->over, true);
}

/* A verdict, or SCRUB_NOT_DONE with *e. */
static enum scrub_result read_once(struct scrub *s, struct scrub_item *i, struct err *e)
{
	const struct vault_reading how = { .digests = i->want_digests, .pace = pace_wait,
					   .data = &s->pace };
	int r = vault_reread(s->dir, &i->address, &how, &i->read, e);

	if (r == -EIO) {
		snprintf(i->error, sizeof(i->error), "%s", e->msg);
		return SCRUB_UNREADABLE;
	}
	if (r < 0)
		return SCRUB_NOT_DONE;
	return i->read.verdict == VAULT_WHOLE ? SCRUB_WHOLE :
		i->read.verdict == VAULT_MISSING ? SCRUB_MISSING : SCRUB_DAMAGED;
}

/* What is bad is looked at twice: a cable, or memory, is not the copy. */
static void read_item(struct reading *x, struct scrub_item *i)
{
	struct err e = { 0 };
	enum scrub_result r;

	if (i->leaving || i->wanted) {
		i->result = i->leaving ? SCRUB_LEAVING : SCRUB_OWED;
		return;
	}
	r = read_once(x->s, i, &e);
	if (r == SCRUB_DAMAGED || r == SCRUB_UNREADABLE)
		r = read_once(x->s, i, &e);
	i->result = r;
	if (r != SCRUB_NOT_DONE)
		return;
	if (e.code == -ECANCELED)
		atomic_store(&x->over, true);
	else
		give_up(x, &e);
}

static void *stream(void *data)
{
	struct reading *x = data;
	size_t i;

	while (!atomic_load(&x->over) && !pace_stopped() &&
	       (i = atomic_fetch_add(&x->next, 1)) < x->b->n) {
		/* The first is read however long it takes, or nothing would ever be done. */
		if (i > 0 && utc_now() >= x->until_ms)
			break;
		read_item(x, &x->b->items[i]);
	}
	return NULL;
}

int scrub_read(struct scrub *s, struct scrub_batch *b)
{
	struct reading x = { .s = s, .b = b, .until_ms = utc_now() + SCRUB_BATCH_MS,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[SCRUB_STREAMS_MAX];
	unsigned n = 0;
	size_t i;

	while (n + 1 < s->o->streams && pthread_create(&threads[n], NULL, stream, &x) == 0)
		n++;
	stream(&x);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	for (i = 0; i < b->n; i++)
		b->n_done += b->items[i].result != SCRUB_NOT_DONE;
	return x.e.code == 0 ? EXIT_GOOD : ctl_fail(&x.e, EXIT_AWAY);
}
