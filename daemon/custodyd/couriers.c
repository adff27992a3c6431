#include "couriers.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"

enum { PEERS_MAX = 2 * CONF_PEERS_MAX, HEARD_LINE_MAX = 128 };

struct peer {
	struct couriers *all;
	const struct conf_authority *authority;	/* or */
	const struct conf_witness *witness;
	struct note_key key;			/* of a witness */
	const char *name;
	struct courier_peer peer;
	int64_t heard_ms;			/* wall clock: when it last had the newest */
	bool silent, refused;			/* that is a finding already */
	char said[240];
	uv_work_t work;
	bool busy;
	struct courier_result result;
	struct err e;
};

struct couriers {
	uv_loop_t *loop;
	const struct conf *conf;
	const struct note_key *log;
	char heard_path[CONF_PATH_MAX + 8];
	struct peer peers[PEERS_MAX];
	size_t n_peers, n_busy;
	uint64_t size;
	bool heard_changed;
	int64_t heard_written_ms;
	uv_timer_t timer;
	_Atomic bool stopping;
	couriers_finding_cb on_finding;
	void *finding_data;
	void (*on_stopped)(void *data);
	void *stopped_data;
};

static void go(struct couriers *c);

static const char *kind(const struct peer *p)
{
	return p->witness != NULL ? "witness" : "authority";
}

/* ------ when each was heard ------ */

static struct peer *find_peer(struct couriers *c, const char *a_kind, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_peers; i++)
		if (strcmp(kind(&c->peers[i]), a_kind) == 0 && strcmp(c->peers[i].name, name) == 0)
			return &c->peers[i];
	return NULL;
}

/* A line that is none, and a peer that is not configured any more, are of no account. */
static void take_heard(struct couriers *c, const char *line, int64_t now)
{
	char a_kind[16], name[CONF_NAME_MAX + 1];
	struct peer *p;
	uint64_t size;
	int64_t ms;

	if (sscanf(line, "%15s %32s %" SCNu64 " %" SCNd64, a_kind, name, &size, &ms) != 4)
		return;
	p = find_peer(c, a_kind, name);
	if (p == NULL || ms > now)
		return;
	p->heard_ms = ms;
	p->peer.size = size;
}

static void load_heard(struct couriers *c)
{
	AUTO(buf_clear) struct buf text = BUF_INIT((size_t)PEERS_MAX * 2 * HEARD_LINE_MAX);
	int64_t now = utc_now();
	char *line, *rest;
	size_t i;

	for (i = 0; i < c->n_peers; i++)
		c->peers[i].heard_ms = now;
	if (file_read(c->heard_path, &text, NULL) < 0 || text.len == 0)
		return;
	for (line = strtok_r((char *)text.p, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		take_heard(c, line, now);
}

/* On the loop: a few lines, and seldom. */
static void keep_heard(struct couriers *c)
{
	AUTO(buf_clear) struct buf text = BUF_INIT((size_t)PEERS_MAX * HEARD_LINE_MAX);
	struct err e = { .code = 0 };
	size_t i;

	if (!c->heard_changed)
		return;
	for (i = 0; i < c->n_peers; i++)
		buf_addf(&text, "%s %s %" PRIu64 " %" PRId64 "\n", kind(&c->peers[i]),
			 c->peers[i].name, c->peers[i].peer.size, c->peers[i].heard_ms);
	if (file_replace(c->heard_path, text.p, text.len, 0640, &e) < 0)
		log_debug("%s", e.msg);
	c->heard_changed = false;
	c->heard_written_ms = (int64_t)uv_now(c->loop);
}

bool couriers_is_silent(uint64_t has, uint64_t size, int64_t heard_ms, int64_t now_ms)
{
	return has < size && now_ms - heard_ms > COURIERS_SILENT_MS;
}

/* ------ findings ------ */

static void tell(struct peer *p, const char *code, const char *fact, const char *why)
{
	struct courier_finding f = { .code = code };

	snprintf(f.name, sizeof(f.name), "%s", p->name);
	snprintf(f.fact, sizeof(f.fact), "%s %s %s", kind(p), p->name, fact);
	snprintf(f.why, sizeof(f.why), "%s", why);
	p->all->on_finding(p->all->finding_data, &f);
}

/* Who was not asked in vain is not silent, however long we were switched off. */
static void look_for_silence(struct peer *p)
{
	char since[UTC_TEXT_SIZE];

	if (p->silent || p->peer.failures == 0 ||
	    !couriers_is_silent(p->peer.size, p->all->size, p->heard_ms, utc_now()))
		return;
	p->silent = true;
	utc_format(p->heard_ms, since);
	log_err("%s %s: not heard since %s: %s", kind(p), p->name, since, p->said);
	tell(p, p->witness != NULL ? "witness_silent" : "timestamp_missing", since, p->said);
}

/* ------ errands ------ */

static void run(uv_work_t *w)
{
	struct peer *p = w->data;
	struct couriers *c = p->all;
	const struct courier_log log = { .dir = c->conf->log, .key = c->log, .stop = &c->stopping };

	if (p->witness != NULL) {
		const struct courier_witness witness = { .name = p->name, .url = p->witness->url,
							 .key = &p->key };

		courier_witness(&log, &witness, p->peer.size, &p->result, &p->e);
	} else {
		const struct courier_authority authority = { .name = p->name,
							     .url = p->authority->url,
							     .ca = p->authority->ca };

		courier_stamp(&log, &authority, &p->result, &p->e);
	}
}

static void succeeded(struct peer *p)
{
	if (p->said[0] != '\0')
		log_info("%s %s: answers again", kind(p), p->name);
	p->said[0] = '\0';
	p->silent = p->refused = false;
	p->heard_ms = utc_now();
	p->all->heard_changed = true;
}

/* The same trouble is said once; that a witness remembers another history is worth an outcry. */
static void failed(struct peer *p)
{
	char fact[32];

	if (strcmp(p->said, p->e.msg) != 0)
		log_line(p->result.outcome == COURIER_REFUSED ? LOG_LEVEL_ERR : LOG_LEVEL_WARN, "%s",
			 p->e.msg);
	snprintf(p->said, sizeof(p->said), "%s", p->e.msg);
	if (p->result.outcome != COURIER_REFUSED || p->refused)
		return;
	p->refused = true;
	snprintf(fact, sizeof(fact), "at %" PRIu64, p->all->size);
	tell(p, "custody_log_forked", fact, p->e.msg);
}

static void on_done(uv_work_t *w, int status)
{
	struct peer *p = w->data;
	struct couriers *c = p->all;

	(void)status;			/* it is never cancelled */
	p->busy = false;
	c->n_busy--;
	uv_update_time(c->loop);
	log_debug("%s %s: %s", kind(p), p->name, courier_outcome_text(p->result.outcome));
	courier_remember(&p->peer, &p->result, (int64_t)uv_now(c->loop), (uint8_t)randombytes_random());
	if (p->result.outcome == COURIER_DONE || p->result.outcome == COURIER_NOTHING)
		succeeded(p);
	else if (!c->stopping)
		failed(p);
	go(c);
}

static void begin(struct peer *p)
{
	p->busy = true;
	p->all->n_busy++;
	p->e.code = 0;
	p->e.msg[0] = '\0';
	p->work.data = p;
	uv_queue_work(p->all->loop, &p->work, run, on_done);
}

static void on_timer(uv_timer_t *t)
{
	go(t->data);
}

/* The one whose errand is due first, and when; NULL: all are under way, or have what there is. */
static struct peer *first_due(struct couriers *c, int64_t *ret_ms)
{
	struct peer *first = NULL;
	int64_t due;
	size_t i;

	*ret_ms = COURIER_NEVER;
	for (i = 0; i < c->n_peers; i++) {
		if (c->peers[i].busy)
			continue;
		due = courier_next(&c->peers[i].peer, c->size);
		if (due < *ret_ms) {
			*ret_ms = due;
			first = &c->peers[i];
		}
	}
	return first;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct couriers *c = h->data;

	c->on_stopped(c->stopped_data);
}

static void end(struct couriers *c)
{
	if (c->n_busy > 0 || uv_is_closing((uv_handle_t *)&c->timer))
		return;
	keep_heard(c);
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

/* Every callback in this file stores what it got and ends here. */
static void go(struct couriers *c)
{
	int64_t now = (int64_t)uv_now(c->loop), due;
	struct peer *p;
	size_t i;

	if (c->stopping) {
		end(c);
		return;
	}
	if (c->size == 0)
		return;
	while (c->n_busy < COURIERS_AT_ONCE && (p = first_due(c, &due)) != NULL && due <= now)
		begin(p);
	for (i = 0; i < c->n_peers; i++)
		look_for_silence(&c->peers[i]);
	if (now - c->heard_written_ms >= COURIERS_HEARD_MS)
		keep_heard(c);
	first_due(c, &due);
	if (due <= now)			/* when one of those under way ends */
		due = COURIER_NEVER;
	uv_timer_start(&c->timer, on_timer, (uint64_t)(MIN(due, now + COURIERS_HEARD_MS) - now), 0);
}

/* As the sequencer, it goes by what the one before has written, and sees that there is something. */
void couriers_carry(struct couriers *c, uint64_t size)
{
	if (c->size == 0 && size > 0) {
		keep_heard(c);
		load_heard(c);
		c->heard_changed = true;
	}
	c->size = size;
	go(c);
}

void couriers_on_finding(struct couriers *c, couriers_finding_cb cb, void *data)
{
	c->on_finding = cb;
	c->finding_data = data;
}

/* ------ life ------ */

void couriers_stop(struct couriers *c, void (*cb)(void *data), void *data)
{
	c->on_stopped = cb;
	c->stopped_data = data;
	c->stopping = true;
	go(c);
}

static struct peer *add(struct couriers *c, const char *name, uint32_t interval_ms)
{
	struct peer *p = &c->peers[c->n_peers++];

	p->all = c;
	p->name = name;
	p->peer.interval_ms = interval_ms;
	return p;
}

static int add_all(struct couriers *c, struct err *e)
{
	const struct conf *conf = c->conf;
	struct peer *p;
	size_t i;

	for (i = 0; i < conf->n_witnesses; i++) {
		p = add(c, conf->witnesses[i].name, COURIER_WITNESS_MS);
		p->witness = &conf->witnesses[i];
		if (note_key_parse(p->witness->key, strlen(p->witness->key), &p->key, e) < 0)
			return err_prefix(e, "witness \"%s\": key", p->name);
		if (p->key.type != NOTE_COSIGNATURE)
			return err_set(e, -EINVAL, "witness \"%s\": its key is not one of a witness:"
				       " `vaultctl witness keygen` makes them", p->name);
	}
	for (i = 0; i < conf->n_authorities; i++) {
		p = add(c, conf->authorities[i].name, conf->authorities[i].interval_s * 1000);
		p->authority = &conf->authorities[i];
	}
	return 0;
}

int couriers_new(uv_loop_t *loop, const struct conf *conf, const struct note_key *log,
		 struct couriers **ret, struct err *e)
{
	struct couriers *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return err_set(e, -ENOMEM, "no memory for couriers");
	c->loop = loop;
	c->conf = conf;
	c->log = log;
	r = add_all(c, e);
	if (r < 0) {
		couriers_free(c);
		return r;
	}
	snprintf(c->heard_path, sizeof(c->heard_path), "%s/heard", conf->log);
	uv_timer_init(loop, &c->timer);
	c->timer.data = c;
	*ret = c;
	return 0;
}

void couriers_free(struct couriers *c)
{
	free(c);
}
