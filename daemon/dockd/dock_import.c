#include "dock_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "import.h"
#include "slot.h"

/* What a person imports, on a connection of its own. */
struct place {
	struct imports *all;
	struct import_peer *peer;	/* NULL: free, or the person left */
	struct import_request request;
	char name[24];			/* "import-1" */
	struct session *session;	/* NULL: free */
};

struct imports {
	struct imports_job job;
	struct import_server *server;	/* NULL: no more are taken */
	struct place places[IMPORT_PEERS_MAX];
};

bool imports_are_busy(const struct imports *l)
{
	size_t i;

	for (i = 0; i < COUNT(l->places); i++)
		if (l->places[i].session != NULL)
			return true;
	return false;
}

void imports_view(const struct imports *l, json_t *slots)
{
	struct slot_view v;
	size_t i;

	for (i = 0; i < COUNT(l->places); i++) {
		if (l->places[i].session == NULL)
			continue;
		session_view(l->places[i].session, &v);
		json_array_append_new(slots, slot_json(&v));
	}
}

/* ------ one import ------ */

static void free_place(struct place *p)
{
	struct imports *l = p->all;

	session_free(TAKE(p->session));
	p->peer = NULL;
	l->job.over(l->job.data);	/* may free l */
}

static void on_changed(void *data)
{
	struct place *p = data;

	p->all->job.changed(p->all->job.data);
}

static void on_over(void *data, struct session *s)
{
	(void)s;
	free_place(data);
}

static const char *taken(void *data, const struct session *asking, const char *recorder)
{
	const struct place *p = data;

	return p->all->job.taken(p->all->job.data, asking, recorder);
}

static void stop(struct place *p, enum session_stop why)
{
	if (p->session != NULL && session_stop(p->session, why))
		free_place(p);
}

/* ------ the socket ------ */

static struct place *free_one(struct imports *l)
{
	size_t i;

	for (i = 0; i < COUNT(l->places); i++)
		if (l->places[i].session == NULL)
			return &l->places[i];
	return NULL;
}

static int on_begin(void *data, struct import_peer *peer, const struct import_request *q,
		    const char **ret_session, const char **ret_slot, struct err *e)
{
	struct imports *l = data;
	struct place *p = free_one(l);
	struct session_job job = {
		.parts = l->job.parts, .taken = taken, .changed = on_changed, .over = on_over,
		.data = p,
	};

	if (p == NULL)
		return err_set(e, -EBUSY, "other imports are under way: try again when they ended");
	p->all = l;
	p->request = *q;
	snprintf(p->name, sizeof(p->name), "import-%d", (int)(p - l->places) + 1);
	job.import = &p->request;
	job.slot = p->name;
	snprintf(job.info.port, sizeof(job.info.port), "%s", p->name);
	if (session_new(&job, &p->session) < 0)
		return err_set(e, -ENOMEM, "no memory for an import: try again later");
	p->peer = peer;
	*ret_session = session_id(p->session);
	*ret_slot = p->name;
	on_changed(p);
	return 0;
}

static void on_left(void *data, struct import_peer *peer)
{
	struct imports *l = data;
	size_t i;

	for (i = 0; i < COUNT(l->places); i++) {
		struct place *p = &l->places[i];

		if (p->session == NULL || p->peer != peer)
			continue;
		p->peer = NULL;
		if (session_is_docked(p->session))
			stop(p, SESSION_UNPLUGGED);
		break;
	}
	l->job.changed(l->job.data);
}

/* ------ life ------ */

void imports_stop(struct imports *l)
{
	struct import_server *server = TAKE(l->server);
	struct place *places = l->places;
	size_t i;

	for (i = 0; i < IMPORT_PEERS_MAX; i++)
		places[i].peer = NULL;		/* that they leave is no news any more */
	import_server_free(server);
	for (i = 0; i < IMPORT_PEERS_MAX; i++)
		stop(&places[i], SESSION_SHUTDOWN);
}

void imports_free(struct imports *l)
{
	if (l == NULL)
		return;
	if (imports_are_busy(l))
		BUG("imports: freed while they are busy");
	import_server_free(l->server);
	free(l);
}

int imports_new(const struct imports_job *job, struct imports **ret, struct err *e)
{
	static const struct import_events events = { .begin = on_begin, .left = on_left };
	struct imports *l = calloc(1, sizeof(*l));
	char path[CONF_PATH_MAX + 16];
	int r;

	if (l == NULL)
		return err_set(e, -ENOMEM, "no memory for imports");
	l->job = *job;
	snprintf(path, sizeof(path), "%s.import", job->parts->conf->control);
	r = import_server_new(job->parts->loop, path, &events, l, &l->server, e);
	if (r < 0) {
		free(l);
		return r;
	}
	*ret = l;
	return 0;
}
