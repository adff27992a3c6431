#include "dock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "control.h"
#include "dock_import.h"
#include "parts.h"
#include "session.h"
#include "timer.h"

enum { LOCK_TRIES = 40, LOCK_RETRY_MS = 50 };

/* How often the catalog is told to find out who was not docked in time. */
enum { SWEEP_MS = 10 * 60 * 1000 };

/* A configured port. */
struct place {
	struct dock *dock;
	const struct conf_slot *conf;
	const struct source *source;
	void *device;			/* NULL: nothing is plugged in */
	struct usb_device_info info;
	struct session *session;	/* of this device, or of the one before it */
};

/* A device at another port. */
struct other {
	void *device;			/* NULL: free */
	struct usb_device_info info;
};

struct dock {
	struct parts parts;
	struct models models;
	struct imports *imports;
	uv_timer_t *sweep;
	struct rate rate;
	struct control *control;
	struct place *places;		/* conf->n_slots of them */
	struct other others[DOCK_OTHERS_MAX];
	char conninfo[CONF_PATH_MAX + 32];
	int lock;
	bool stopping, closing;
	void (*stopped)(void *data);
	void *stopped_data;
};

static void close_parts(struct dock *d);

static void on_changed(void *data)
{
	struct dock *d = data;

	if (d->control != NULL)
		control_changed(d->control);
}

/* ------ what is docked where ------ */

static const char *taken(void *data, const struct session *asking, const char *recorder)
{
	const struct dock *d = data;
	size_t i;

	for (i = 0; i < d->parts.conf->n_slots; i++) {
		const struct session *s = d->places[i].session;

		if (s != NULL && s != asking && session_is_docked(s) &&
		    strcmp(session_recorder(s), recorder) == 0)
			return d->places[i].conf->name;
	}
	return NULL;
}

static void on_session_over(void *data, struct session *s);

static void start_session(struct place *p)
{
	struct dock *d = p->dock;
	const struct session_job job = {
		.parts = &d->parts, .source = p->source, .device = p->device, .info = p->info,
		.slot = p->conf->name, .taken = taken, .changed = on_changed,
		.over = on_session_over, .data = d,
	};

	if (session_new(&job, &p->session) < 0)
		log_err("slot %s: no memory for a session; unplug the recorder and dock it again",
			p->conf->name);
}

static bool is_busy(const struct dock *d)
{
	size_t i;

	for (i = 0; i < d->parts.conf->n_slots; i++)
		if (d->places[i].session != NULL)
			return true;
	return d->imports != NULL && imports_are_busy(d->imports);
}

/* Its session is freed: whoever waits behind it is next. */
static void free_session(struct place *p)
{
	session_free(TAKE(p->session));
	if (p->dock->stopping)
		close_parts(p->dock);
	else if (p->device != NULL)
		start_session(p);
	on_changed(p->dock);
}

static void on_session_over(void *data, struct session *s)
{
	struct dock *d = data;
	size_t i;

	for (i = 0; i < d->parts.conf->n_slots; i++) {
		if (d->places[i].session == s) {
			free_session(&d->places[i]);
			return;
		}
	}
	BUG("dock: a session of no slot is over");
}

static struct place *find_place(struct dock *d, const char *port)
{
	size_t i;

	for (i = 0; i < d->parts.conf->n_slots; i++)
		if (strcmp(d->places[i].conf->port, port) == 0)
			return &d->places[i];
	return NULL;
}

static void list_other(struct dock *d, void *device, const struct usb_device_info *info)
{
	size_t i;

	log_info("port %s: %04x:%04x plugged in; no slot is configured there, so it is left alone",
		 info->port, info->vid, info->pid);
	for (i = 0; i < DOCK_OTHERS_MAX; i++) {
		if (d->others[i].device == NULL) {
			d->others[i] = (struct other){ .device = device, .info = *info };
			return;
		}
	}
}

static void unplugged(struct place *p)
{
	if (p->session != NULL && session_is_docked(p->session) &&
	    session_stop(p->session, SESSION_UNPLUGGED))
		free_session(p);
}

/* A recorder that is being unlocked comes back as something else. */
static void left_place(struct place *p)
{
	p->device = NULL;
	if (p->session == NULL || !session_left(p->session))
		unplugged(p);
}

static void arrived_at(struct place *p, const struct source *source, void *device,
		       const struct usb_device_info *info)
{
	if (p->device != NULL)		/* the news that it left comes late */
		left_place(p);
	if (p->session != NULL && !session_may_return(p->session))
		unplugged(p);		/* it never came back from its unlocking, and is over */
	p->source = source;
	p->device = device;
	p->info = *info;
	if (p->session == NULL)
		start_session(p);
	else if (session_may_return(p->session))
		session_returned(p->session, source, device, info);
}

void dock_arrived(struct dock *d, const struct source *source, void *device,
		  const struct usb_device_info *info)
{
	struct place *p = find_place(d, info->port);

	if (d->stopping || info->class == USB_CLASS_HUB)
		return;
	if (p == NULL)
		list_other(d, device, info);
	else
		arrived_at(p, source, device, info);
	on_changed(d);
}

void dock_left(struct dock *d, void *device)
{
	size_t i;

	for (i = 0; i < d->parts.conf->n_slots; i++)
		if (d->places[i].device == device)
			left_place(&d->places[i]);
	for (i = 0; i < DOCK_OTHERS_MAX; i++)
		if (d->others[i].device == device)
			d->others[i].device = NULL;
	on_changed(d);
}

/* ------ imports ------ */

static void on_import_over(void *data)
{
	struct dock *d = data;

	if (d->stopping)
		close_parts(d);
	on_changed(d);
}

static int open_imports(struct dock *d, struct err *e)
{
	const struct imports_job job = {
		.parts = &d->parts, .taken = taken, .changed = on_changed,
		.over = on_import_over, .data = d,
	};

	return imports_new(&job, &d->imports, e);
}

/* ------ who was not docked in time ------ */

static void on_swept(void *data, int r, uint64_t n, const struct err *e)
{
	(void)data;
	if (r < 0)
		log_debug("not_docked: %s", e->msg);
	else if (n > 0)
		log_warn("%llu recorders were not docked within a day: see the findings not_docked",
			 (unsigned long long)n);
}

static void on_sweep(uv_timer_t *t)
{
	struct dock *d = t->data;

	if (catalog_is_up(d->parts.catalog))
		catalog_sweep_not_docked(d->parts.catalog, on_swept, d);
}

/* ------ for people ------ */

static void place_view(const struct place *p, struct slot_view *v)
{
	if (p->session != NULL) {
		session_view(p->session, v);
		return;
	}
	*v = (struct slot_view){
		.slot = p->conf->name, .port = p->conf->port,
		.state = p->device != NULL ? SLOT_FAULT : SLOT_EMPTY,
		.usb = p->device != NULL ? &p->info : NULL,
	};
}

static void other_view(const struct other *o, struct slot_view *v)
{
	*v = (struct slot_view){
		.port = o->info.port, .state = SLOT_UNASSIGNED, .usb = &o->info,
	};
	snprintf(v->note, sizeof(v->note), "no slot is configured for this port: add"
		 " slot \"NAME\" { port = \"%s\" }", o->info.port);
}

json_t *dock_state(const struct dock *d)
{
	json_t *slots = json_array();
	struct slot_view v;
	size_t i;

	for (i = 0; i < d->parts.conf->n_slots; i++) {
		place_view(&d->places[i], &v);
		json_array_append_new(slots, slot_json(&v));
	}
	imports_view(d->imports, slots);
	for (i = 0; i < DOCK_OTHERS_MAX; i++) {
		if (d->others[i].device == NULL)
			continue;
		other_view(&d->others[i], &v);
		json_array_append_new(slots, slot_json(&v));
	}
	return json_pack("{s:s, s:b, s:i, s:o}", "station", d->parts.conf->station,
			 "catalog", (int)catalog_is_up(d->parts.catalog),
			 "backlog", (int)clerk_backlog(d->parts.clerk), "slots", slots);
}

static json_t *on_control(void *data)
{
	return dock_state(data);
}

static json_t *on_probe(void *data, const char *slot)
{
	const struct dock *d = data;
	struct slot_view v;
	size_t i;

	for (i = 0; i < d->parts.conf->n_slots; i++) {
		const struct place *p = &d->places[i];

		if (strcmp(p->conf->name, slot) != 0)
			continue;
		place_view(p, &v);
		return json_pack("{s:o, s:o}", "slot", slot_json(&v), "probe",
				 p->session != NULL ? session_probe(p->session) : json_null());
	}
	return NULL;
}

/* ------ the catalog ------ */

static void on_config_noted(void *data, int r, const struct err *e)
{
	(void)data;
	if (r < 0 && r != -ENOTCONN && r != -ECANCELED)
		log_warn("catalog: the configuration is not noted in the custody log: %s", e->msg);
}

static void on_catalog_state(void *data, bool up, const char *why)
{
	struct dock *d = data;

	if (up)
		log_info("catalog: connected");
	else if (!d->stopping)
		log_warn("catalog: away: %s; recorders are taken in all the same, and recorded"
			 " when it is back", why);
	if (d->closing)
		return;
	if (up) {
		uv_timer_start(d->sweep, on_sweep, 0, SWEEP_MS);
		/* Away again, it is noted when the catalog is back. */
		catalog_note_config(d->parts.catalog, d->parts.conf->station,
				    d->parts.conf->sha256, on_config_noted, NULL);
	}
	snapshot_catalog_state(d->parts.snapshot, up);
	clerk_catalog_state(d->parts.clerk, up);
	on_changed(d);
}

static void on_recorders_changed(void *data)
{
	struct dock *d = data;

	if (!d->closing)
		snapshot_catalog_state(d->parts.snapshot, true);
}

/* ------ start ------ */

/*
 * A dockd that was killed while it started a dock-lister leaves a child that
 * holds its descriptors until it gets to its exec: not another dockd, and gone
 * in milliseconds.  Its journals are let go at the same moment.
 */
static int wait_for_lock(int fd)
{
	int tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		poll(NULL, 0, LOCK_RETRY_MS);
	}
	return -EBUSY;
}

static int take_lock(struct dock *d, struct err *e)
{
	char path[CONF_PATH_MAX + 16];
	int r;

	if (mkdir(d->parts.conf->state, 0700) < 0 && errno != EEXIST)
		return err_set(e, -errno, "%s: cannot be made: %s", d->parts.conf->state,
			       strerror(errno));
	snprintf(path, sizeof(path), "%s/dockd.lock", d->parts.conf->state);
	d->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	r = wait_for_lock(d->lock);
	if (r == -EBUSY)
		return err_set(e, r, "%s: another dockd uses this state directory", path);
	return r < 0 ? err_set(e, r, "%s: %s", path, strerror(-r)) : 0;
}

static int open_store(struct dock *d, struct err *e)
{
	const struct conf *c = d->parts.conf;
	int r;

	r = vault_open(d->parts.loop, c->vault, c->vault_immutable ? VAULT_IMMUTABLE : 0,
		       &d->parts.vault, e);
	/* Interrupted files that nobody went on with: worth a word, not the dock. */
	if (r == 0 && vault_partials_sweep(c->vault, utc_now(), e) < 0)
		log_warn("%s", e->msg);
	if (r == 0)
		r = seal_new(d->parts.loop, d->parts.vault, c->vault, c->station, c->seal_key,
			     c->state, &d->parts.seal, e);
	return r;
}

static int open_catalog(struct dock *d, struct err *e)
{
	const struct conf *c = d->parts.conf;
	char journals[CONF_PATH_MAX + 16];
	int r;

	/* Of two users in a conninfo the last counts: ours is only for when none is named. */
	snprintf(d->conninfo, sizeof(d->conninfo), "user=dv_ingest %s", c->database);
	snprintf(journals, sizeof(journals), "%s/journal", c->state);
	r = catalog_new(d->parts.loop, d->conninfo, on_catalog_state, d, &d->parts.catalog, e);
	if (r == 0)
		r = snapshot_new(d->parts.loop, c->state, d->parts.catalog, &d->parts.snapshot, e);
	if (r == 0)
		r = clerk_new(d->parts.loop, journals, c->station, d->parts.catalog, on_changed, d,
			      &d->parts.clerk, e);
	if (r == 0)
		catalog_watch_recorders(d->parts.catalog, on_recorders_changed, d);
	return r;
}

static int open_parts(struct dock *d, struct err *e)
{
	int r = models_load(d->parts.conf->recorders, &d->models, e);

	d->parts.models = &d->models;
	d->sweep = timer_new(d->parts.loop, d);
	if (r == 0 && d->sweep == NULL)
		r = err_set(e, -ENOMEM, "no memory for a timer");
	if (r == 0)
		r = take_lock(d, e);
	if (r == 0)
		r = open_store(d, e);
	if (r == 0)
		r = open_catalog(d, e);
	if (r == 0)
		r = control_new(d->parts.loop, d->parts.conf->control, on_control, on_probe, d,
				&d->control, e);
	if (r == 0)
		r = open_imports(d, e);
	return r;
}

/* ------ stop ------ */

static void on_clerk_freed(void *data)
{
	struct dock *d = data;

	d->parts.clerk = NULL;
	snapshot_free(TAKE(d->parts.snapshot));
	seal_free(TAKE(d->parts.seal));
	vault_close(TAKE(d->parts.vault));
	d->stopped(d->stopped_data);
}

/* Its calls are over, so the clerk has none under way. */
static void on_catalog_freed(void *data)
{
	struct dock *d = data;

	d->parts.catalog = NULL;
	if (d->parts.clerk != NULL)
		clerk_free(d->parts.clerk, on_clerk_freed, d);
	else
		on_clerk_freed(d);
}

/* Once no session is left.  Later, unless not even a catalog was made. */
static void close_parts(struct dock *d)
{
	if (d->closing || is_busy(d))
		return;
	d->closing = true;
	control_free(TAKE(d->control));
	timer_free(TAKE(d->sweep));
	if (d->parts.catalog != NULL)
		catalog_free(d->parts.catalog, on_catalog_freed, d);
	else
		on_catalog_freed(d);
}

void dock_stop(struct dock *d, void (*cb)(void *data), void *data)
{
	size_t i;

	d->stopping = true;
	d->stopped = cb;
	d->stopped_data = data;
	for (i = 0; i < d->parts.conf->n_slots; i++) {
		struct place *p = &d->places[i];

		if (p->session != NULL && session_stop(p->session, SESSION_SHUTDOWN))
			free_session(p);
	}
	if (d->imports != NULL)
		imports_stop(d->imports);
	close_parts(d);
}

void dock_free(struct dock *d)
{
	if (d == NULL)
		return;
	if (d->parts.clerk != NULL)
		BUG("dock: freed before it stopped");
	if (d->lock >= 0)
		close(d->lock);
	imports_free(d->imports);
	models_clear(&d->models);
	free(d->places);
	free(d);
}

/* ------ new ------ */

static void on_undone(void *data)
{
	*(bool *)data = true;
}

/* Some parts were opened, and what the loop has of them goes with them. */
static void undo(struct dock *d)
{
	bool undone = false;

	d->stopping = true;
	d->stopped = on_undone;
	d->stopped_data = &undone;
	close_parts(d);
	while (!undone)
		uv_run(d->parts.loop, UV_RUN_ONCE);
	dock_free(d);
}

int dock_new(uv_loop_t *loop, const struct conf *conf, struct dock **ret, struct err *e)
{
	struct dock *d = calloc(1, sizeof(*d));
	size_t i;
	int r;

	if (d == NULL || (d->places = calloc(conf->n_slots + 1, sizeof(*d->places))) == NULL) {
		free(d);
		return err_set(e, -ENOMEM, "no memory for %zu slots", conf->n_slots);
	}
	for (i = 0; i < conf->n_slots; i++)
		d->places[i] = (struct place){ .dock = d, .conf = &conf->slots[i] };
	d->parts.loop = loop;
	d->parts.conf = conf;
	d->rate = rate_of(conf->bandwidth_total);
	d->parts.rate = &d->rate;
	d->lock = -1;
	r = open_parts(d, e);
	if (r < 0) {
		undo(d);
		return r;
	}
	*ret = d;
	return 0;
}
