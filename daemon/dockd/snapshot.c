#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "timer.h"

struct waiter {
	snapshot_cb cb;
	void *data;
	struct waiter *next;
};

/* One write of the file, on the thread pool; on its own, since the snapshot may be freed first. */
struct save {
	uv_work_t work;
	struct snapshot *snapshot;	/* NULL: freed meanwhile */
	char path[1100];
	char *text;
	struct err e;
};

struct snapshot {
	uv_loop_t *loop;
	struct catalog *catalog;
	char path[1100];
	struct catalog_recorder *list;
	size_t n;
	char *text;			/* of the list as last seen, what the file has or will have;
					 * NULL: none yet, or it could not be written */
	struct save *saving;
	bool changed;			/* since the save under way began */
	struct waiter *waiters;
	uv_timer_t *timer;
	bool asking, again;		/* the catalog; once more after that answer */
	bool told;			/* the catalog has come or gone once: its state is known */
};

/* ------ the file ------ */

static void save(struct snapshot *s);

static void write_file(uv_work_t *w)
{
	struct save *v = w->data;

	file_replace(v->path, v->text, strlen(v->text), 0640, &v->e);
}

static void on_written(uv_work_t *w, int status)
{
	struct save *v = w->data;
	struct snapshot *s = v->snapshot;
	const bool failed = v->e.code < 0;

	(void)status;			/* nobody cancels it */
	if (failed)
		log_warn("%s: without it, recorders cannot be recognised when dockd starts while"
			 " the catalog is away", v->e.msg);
	free(v->text);
	free(v);
	if (s == NULL)
		return;
	s->saving = NULL;
	if (s->changed)
		save(s);
	else if (failed)
		free(TAKE(s->text));	/* the next list is written even if it is the same */
}

static void save(struct snapshot *s)
{
	struct save *v;

	s->changed = s->saving != NULL;
	if (s->changed)
		return;
	v = calloc(1, sizeof(*v));
	if (v != NULL)
		v->text = strdup(s->text);
	if (v == NULL || v->text == NULL) {
		free(v);
		log_warn("%s: no memory to write it", s->path);
		free(TAKE(s->text));
		return;
	}
	v->snapshot = s;
	v->work.data = v;
	memcpy(v->path, s->path, sizeof(v->path));
	s->saving = v;
	uv_queue_work(s->loop, &v->work, write_file, on_written);
}

static int load(struct snapshot *s, struct err *e)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(SNAPSHOT_FILE_MAX);
	json_error_t je;
	json_t *j;
	int r;

	r = file_read(s->path, &b, e);
	if (r == -ENOENT)
		return 0;		/* the first start */
	if (r < 0)
		return r;
	j = json_loadb(buf_str(&b), b.len, JSON_REJECT_DUPLICATES, &je);
	r = snapshot_decode(j, &s->list, &s->n, e);
	json_decref(j);
	if (r < 0)
		return err_prefix(e, "%s: damaged; remove it and let dockd reach the catalog",
				  s->path);
	return 0;
}

/* ------ whom it is told ------ */

static void ask(struct snapshot *s);

static void answer(struct snapshot *s)
{
	struct waiter *w;

	uv_timer_stop(s->timer);
	while ((w = s->waiters) != NULL) {
		s->waiters = w->next;
		w->cb(w->data, s->list, s->n);
		free(w);
	}
}

static void on_timer(uv_timer_t *t)
{
	answer(t->data);
}

static void take(struct snapshot *s, const struct catalog_recorder *list, size_t n)
{
	struct catalog_recorder *copy = calloc(n + 1, sizeof(*copy));
	json_t *j = snapshot_encode(list, n);
	char *text = json_dumps(j, JSON_INDENT(1));

	json_decref(j);
	if (copy == NULL || text == NULL) {
		free(copy);
		free(text);
		log_warn("no memory for a list of %zu recorders: the last one is kept", n);
		return;
	}
	if (n > 0)
		memcpy(copy, list, n * sizeof(*copy));
	free(s->list);
	s->list = copy;
	s->n = n;
	if (s->text != NULL && strcmp(s->text, text) == 0) {
		free(text);
		return;
	}
	free(s->text);
	s->text = text;
	save(s);
}

static void on_recorders(void *data, int r, const struct catalog_recorder *list, size_t n,
			 const struct err *e)
{
	struct snapshot *s = data;

	s->asking = false;
	if (r < 0 && r != -ENOTCONN && r != -ECANCELED)
		log_warn("catalog: cannot read the list of recorders: %s", e->msg);
	if (r == 0 && n <= SNAPSHOT_MAX)
		take(s, list, n);
	else if (r == 0)
		log_warn("catalog: %zu recorders; at most %d are recognised", n, SNAPSHOT_MAX);
	answer(s);
	if (s->again)
		ask(s);
}

static void ask(struct snapshot *s)
{
	s->again = s->asking;
	if (s->asking || !catalog_is_up(s->catalog))
		return;
	s->asking = catalog_recorders(s->catalog, on_recorders, s) == 0;
}

void snapshot_catalog_state(struct snapshot *s, bool up)
{
	s->told = true;
	if (up)
		ask(s);
	else if (s->waiters != NULL)
		uv_timer_start(s->timer, on_timer, 0, 0);
}

int snapshot_get(struct snapshot *s, snapshot_cb cb, void *data)
{
	struct waiter *w = malloc(sizeof(*w)), **at;
	bool wait;

	if (w == NULL)
		return -ENOMEM;
	*w = (struct waiter){ .cb = cb, .data = data };
	for (at = &s->waiters; *at != NULL; at = &(*at)->next)
		;
	*at = w;
	if (!s->asking)
		ask(s);
	/* At start nobody knows yet whether the catalog is there: give it a moment. */
	wait = s->asking || !s->told;
	if (!uv_is_active((uv_handle_t *)s->timer))
		uv_timer_start(s->timer, on_timer, wait ? SNAPSHOT_WAIT_MS : 0, 0);
	return 0;
}

void snapshot_forget(struct snapshot *s, const void *data)
{
	struct waiter **at = &s->waiters, *w;

	while ((w = *at) != NULL) {
		if (w->data != data) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

int snapshot_new(uv_loop_t *loop, const char *state_dir, struct catalog *catalog,
		 struct snapshot **ret, struct err *e)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return err_set(e, -ENOMEM, "no memory for the list of recorders");
	s->loop = loop;
	s->catalog = catalog;
	snprintf(s->path, sizeof(s->path), "%s/recorders.json", state_dir);
	s->timer = timer_new(loop, s);
	r = s->timer == NULL ? err_set(e, -ENOMEM, "no memory for a timer") : load(s, e);
	if (r < 0) {
		snapshot_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void snapshot_free(struct snapshot *s)
{
	struct waiter *w;

	if (s == NULL)
		return;
	if (s->saving != NULL)
		s->saving->snapshot = NULL;
	while ((w = s->waiters) != NULL) {
		s->waiters = w->next;
		free(w);
	}
	timer_free(s->timer);
	free(s->list);
	free(s->text);
	free(s);
}
