/*
 * vaultctl export: the log.  What a package proves is what was sealed when it was made, so the
 * objects' events must be in a signed tree first.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "custody/timestamp.h"
#include "export.h"
#include "tlog/heads.h"
#include "tlog/keyfile.h"

/* A log that contradicts itself is evidence that is not whole; any other trouble is being away. */
static int log_failed(const struct err *e)
{
	return ctl_fail(e, e->code == -EBADMSG ? EXIT_DAMAGE : EXIT_AWAY);
}

/* ------ reading ------ */

static int read_leaf(void *data, uint64_t index, struct buf *to, struct err *e)
{
	struct export *x = data;
	int r;

	tlog_reader_size(x->log, x->package.head.checkpoint.size);
	r = tlog_reader_entry(x->log, index, to, e);
	return r == -EBADMSG ? err_set(e, -EUCLEAN, "%s", e->msg) : r;
}

static int prove(void *data, uint64_t index, uint64_t size, struct merkle_proof *ret, struct err *e)
{
	struct export *x = data;
	int r;

	tlog_reader_size(x->log, size);
	r = merkle_prove_inclusion(index, size, tlog_reader_node, x->log, ret, e);
	return r == -EBADMSG ? err_set(e, -EUCLEAN, "%s", e->msg) : r;
}

int export_open_log(struct export *x)
{
	char path[CONF_PATH_MAX + 16];
	struct err e = { 0 };

	x->package.source.leaf = read_leaf;
	x->package.source.prove = prove;
	snprintf(path, sizeof(path), "%s/log.vkey", x->c->conf.log);
	if (keyfile_public(path, &x->log_key, &e) < 0 ||
	    tlog_reader_open(x->c->conf.log, &x->log, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return export_add_note_key(x, &x->log_key, "log");
}

/* ------ events ------ */

/* The names that an object's events go by. */
static char *names_of(const json_t *row)
{
	static const char *const blobs[] = { "blob", "manifest", "signature_blob", "seal_manifest",
					     "seal_signature" };
	const char *recorder = json_string_value(json_object_get(row, "recorder"));
	const char *key = json_string_value(json_object_get(row, "key_id")), *hex;
	json_t *names = json_array();
	char *text;
	size_t i;

	json_array_append(names, json_object_get(row, "object"));
	for (i = 0; i < COUNT(blobs); i++) {
		hex = json_string_value(json_object_get(row, blobs[i]));
		if (hex != NULL)
			json_array_append_new(names, json_sprintf("blob:%s", hex));
	}
	if (recorder != NULL && key != NULL)
		json_array_append_new(names, json_sprintf("key:%s/%s", recorder, key));
	text = json_dumps(names, JSON_COMPACT);
	json_decref(names);
	return text;
}

static int query_events(struct export *x, const json_t *row, json_t **ret)
{
	const char *recorder = json_string_value(json_object_get(row, "recorder"));
	const char *recording = json_string_value(json_object_get(row, "recording"));
	char name[128], *names = names_of(row);
	const char *const params[] = { names, recording != NULL ? name : NULL,
				       json_string_value(json_object_get(row, "session")) };
	int r;

	snprintf(name, sizeof(name), "%s/%s", recorder != NULL ? recorder : "",
		 recording != NULL ? recording : "");
	r = ctl_query(x->c, STATEMENT_EXPORT_EVENTS, params, COUNT(params), ret);
	free(names);
	return r;
}

static bool all_within(const json_t *events, uint64_t size)
{
	const json_t *event, *index;
	size_t i;

	json_array_foreach(events, i, event) {
		index = json_object_get(event, "leaf_index");
		if (!json_is_integer(index) || (uint64_t)json_integer_value(index) >= size)
			return false;
	}
	return json_array_size(events) > 0;
}

static int by_index(const void *a, const void *b)
{
	const uint64_t *p = a, *q = b;

	return *p < *q ? -1 : *p > *q;
}

/* The events are the object's leaves; of each the certificate tells once. */
static int take_events(struct package_object *o, const json_t *events, json_t *seen)
{
	const json_t *index;
	struct err e = { 0 };
	json_t *event;
	char key[32];
	size_t i;

	o->leaves = calloc(json_array_size(events), sizeof(*o->leaves));
	if (o->leaves == NULL) {
		err_set(&e, -ENOMEM, "no memory for %zu leaves", json_array_size(events));
		return ctl_fail(&e, EXIT_AWAY);
	}
	json_array_foreach(events, i, event) {
		index = json_object_get(event, "leaf_index");
		o->leaves[o->n_leaves++] = (uint64_t)json_integer_value(index);
		snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT, json_integer_value(index));
		json_object_set(seen, key, event);
	}
	qsort(o->leaves, o->n_leaves, sizeof(*o->leaves), by_index);
	return EXIT_GOOD;
}

/* Objects from *done on whose events this size covers.  *done: how many there are now. */
static int take_covered(struct export *x, uint64_t size, json_t *seen, size_t *done)
{
	json_t *events = NULL;
	int r = EXIT_GOOD;

	while (r == EXIT_GOOD && *done < x->package.n_objects) {
		r = query_events(x, json_array_get(x->rows, *done), &events);
		if (r != EXIT_GOOD || !all_within(events, size))
			break;
		r = take_events(&x->package.objects[*done], events, seen);
		(*done)++;
		json_decref(TAKE(events));
	}
	json_decref(events);
	return r;
}

static int by_leaf(const void *a, const void *b)
{
	const json_int_t p = json_integer_value(json_object_get(*(json_t *const *)a, "leaf_index"));
	const json_int_t q = json_integer_value(json_object_get(*(json_t *const *)b, "leaf_index"));

	return p < q ? -1 : p > q;
}

static int keep_events(struct export *x, json_t *seen)
{
	json_t **list = calloc(json_object_size(seen) + 1, sizeof(json_t *));
	struct err e = { 0 };
	const char *key;
	size_t n = 0, i;
	json_t *event;

	if (list == NULL) {
		err_set(&e, -ENOMEM, "no memory for %zu events", json_object_size(seen));
		return ctl_fail(&e, EXIT_AWAY);
	}
	json_object_foreach(seen, key, event)
		list[n++] = event;
	qsort(list, n, sizeof(json_t *), by_leaf);
	x->package.events = json_array();
	for (i = 0; i < n; i++)
		json_array_append(x->package.events, list[i]);
	free(list);
	return EXIT_GOOD;
}

/* ------ heads ------ */

/* The newest that the log signed. */
static int read_head(struct export *x, struct package_head *ret)
{
	struct err e = { 0 };
	int r;

	ret->text.max = CHECKPOINT_MAX;
	buf_reset(&ret->text);
	r = tlog_reader_checkpoint(x->log, &ret->text, &ret->checkpoint, &e);
	if (r == -ENOENT) {
		ret->checkpoint.size = 0;
		return EXIT_GOOD;
	}
	if (r == 0 &&
	    checkpoint_check(&ret->checkpoint, ret->text.p, &x->log_key) != CHECKPOINT_SIGNED)
		r = err_set(&e, -EBADMSG,
			    "%s/checkpoint: not signed by the key in log.vkey (Art. 33): run"
			    " vaultctl verify log",
			    x->c->conf.log);
	return r < 0 ? log_failed(&e) : EXIT_GOOD;
}

/* The newest that a witness cosigned, in its place when that covers the objects too. */
static int read_cosigned(struct export *x, uint64_t size, struct package_head *head, bool *ret)
{
	struct package_head cosigned = { .text = BUF_INIT(CHECKPOINT_MAX) };
	struct err e = { 0 };
	int r = tlog_cosigned(x->c->conf.log, &x->log_key, &cosigned.text, &cosigned.checkpoint,
			      &e);

	*ret = r == 0 && cosigned.checkpoint.size >= size;
	if (*ret) {
		buf_clear(&head->text);
		*head = cosigned;
		return EXIT_GOOD;
	}
	buf_clear(&cosigned.text);
	return r == 0 || r == -ENOENT ? EXIT_GOOD : log_failed(&e);
}

/* ------ waiting ------ */

struct await {
	int fd;
	int64_t begun_ms;
};

/* Until a file of the log gets another content, or ms after the start; false: it is over. */
static bool await_change(const struct await *a, int64_t ms)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };
	int64_t left = a->begun_ms + ms - export_now_ms();
	char events[4096];

	if (left <= 0)
		return false;
	if (poll(&p, 1, (int)left) > 0)
		(void)!read(a->fd, events, sizeof(events));
	return true;
}

static int not_sealed(const struct export *x, size_t done)
{
	say(stderr, T_EXPORT_NOT_SEALED, x->package.objects[done].id, EXPORT_SEALED_MS / 1000);
	return EXIT_AWAY;
}

static void leaf_range(const struct export *x, uint64_t *ret_first, uint64_t *ret_last)
{
	size_t i;

	*ret_first = UINT64_MAX;
	*ret_last = 0;
	for (i = 0; i < x->package.n_objects; i++) {
		const struct package_object *o = &x->package.objects[i];

		*ret_first = MIN(*ret_first, o->leaves[0]);
		*ret_last = MAX(*ret_last, o->leaves[o->n_leaves - 1]);
	}
}

/* A signed tree with all of the objects' events; then, for a little, one that is cosigned. */
static int await_head(struct export *x, const struct await *a, json_t *seen)
{
	struct package_head *head = &x->package.head;
	uint64_t first, last;
	bool cosigned = false;
	size_t done = 0;
	int r;

	do {
		r = read_head(x, head);
		if (r == EXIT_GOOD)
			r = take_covered(x, head->checkpoint.size, seen, &done);
	} while (r == EXIT_GOOD && done < x->package.n_objects &&
		 await_change(a, EXPORT_SEALED_MS));
	if (r == EXIT_GOOD && done < x->package.n_objects)
		return not_sealed(x, done);
	if (r != EXIT_GOOD || x->c->conf.n_witnesses == 0)
		return r;
	leaf_range(x, &first, &last);
	do {
		r = read_cosigned(x, last + 1, head, &cosigned);
	} while (r == EXIT_GOOD && !cosigned && await_change(a, EXPORT_COSIGNED_MS));
	if (r == EXIT_GOOD && !cosigned)
		say(stderr, T_EXPORT_NOT_COSIGNED);
	return r;
}

/* ------ witnesses and authorities ------ */

static int take_witnesses(struct export *x)
{
	const struct conf *conf = &x->c->conf;
	struct package *p = &x->package;
	struct note_key key;
	struct err e = { 0 };
	uint64_t time;
	char stem[32];
	size_t i;
	int r = EXIT_GOOD;

	for (i = 0; i < conf->n_witnesses && r == EXIT_GOOD; i++) {
		if (note_key_parse(conf->witnesses[i].key, strlen(conf->witnesses[i].key), &key,
				   &e) < 0) {
			err_prefix(&e, "witness \"%s\"", conf->witnesses[i].name);
			return ctl_fail(&e, EXIT_AWAY);
		}
		if (checkpoint_check_cosignature(&p->head.checkpoint, p->head.text.p, &key,
						 &time) != CHECKPOINT_SIGNED)
			continue;
		snprintf(p->witnesses[p->n_witnesses].name, sizeof(p->witnesses[0].name), "%s",
			 key.name);
		p->witnesses[p->n_witnesses++].time_ms = (int64_t)time * 1000;
		snprintf(stem, sizeof(stem), "witness-%zu", p->n_witnesses);
		r = export_add_note_key(x, &key, stem);
	}
	return r;
}

/* The largest size below `below` that something was stamped at; 0: none. */
static uint64_t stamped_below(const char *log, uint64_t below)
{
	char path[CONF_PATH_MAX + 8], *end;
	const struct dirent *entry;
	uint64_t best = 0, size;
	DIR *d;

	snprintf(path, sizeof(path), "%s/time", log);
	d = opendir(path);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		size = strtoull(entry->d_name, &end, 10);
		if (*end == '\0' && size < below && size > best)
			best = size;
	}
	if (d != NULL)
		closedir(d);
	return best;
}

/* A token that its authority vouches for; others are passed over. */
static int take_token(struct export *x, const struct conf_authority *a, uint64_t size)
{
	AUTO(buf_clear) struct buf token = BUF_INIT(TIMESTAMP_MAX), ca = BUF_INIT(TIMESTAMP_CA_MAX);
	struct package *p = &x->package;
	char path[CONF_PATH_MAX + 80], inside[PACKAGE_PATH_SIZE];
	enum timestamp_verdict verdict;
	struct err e = { 0 };
	int64_t time_ms;
	int r;

	snprintf(path, sizeof(path), "%s/time/%" PRIu64 "/%s.tsr", x->c->conf.log, size, a->name);
	if (access(path, F_OK) < 0)
		return EXIT_GOOD;
	if (file_read(path, &token, &e) < 0 || file_read(a->ca, &ca, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (timestamp_check(token.p, token.len, p->stamped.text.p, p->stamped.text.len, NULL, 0,
			    buf_str(&ca), ca.len, &verdict, &time_ms, &e) < 0 ||
	    verdict != TIMESTAMP_GOOD) {
		say(stderr, T_EXPORT_BAD_TOKEN, path, e.msg);
		return EXIT_GOOD;
	}
	snprintf(p->tokens[p->n_tokens].authority, sizeof(p->tokens[0].authority), "%s", a->name);
	p->tokens[p->n_tokens++].time_ms = time_ms;
	snprintf(inside, sizeof(inside), "data/log/time/%" PRIu64 "/%s.tsr", size, a->name);
	r = export_add_file(x, path, TIMESTAMP_MAX, inside);
	if (r != EXIT_GOOD)
		return r;
	snprintf(inside, sizeof(inside), "data/log/keys/authority-%s.pem", a->name);
	return export_add_file(x, a->ca, TIMESTAMP_CA_MAX, inside);
}

static int take_stamp(struct export *x, uint64_t size)
{
	struct package_head *h = &x->package.stamped;
	struct err e = { 0 };
	size_t i;
	int r;

	h->text.max = CHECKPOINT_MAX;
	buf_reset(&h->text);
	r = tlog_time_checkpoint(x->c->conf.log, size, &h->text, &e);
	if (r == 0)
		r = checkpoint_parse(h->text.p, h->text.len, &h->checkpoint, &e);
	if (r == 0 &&
	    (h->checkpoint.size != size ||
	     checkpoint_check(&h->checkpoint, h->text.p, &x->log_key) != CHECKPOINT_SIGNED))
		r = err_set(&e, -EBADMSG,
			    "%s/time/%" PRIu64 "/checkpoint: not one that this log signed"
			    " (Art. 33): run vaultctl verify log",
			    x->c->conf.log, size);
	if (r < 0)
		return log_failed(&e);
	r = EXIT_GOOD;
	for (i = 0; i < x->c->conf.n_authorities && r == EXIT_GOOD; i++)
		r = take_token(x, &x->c->conf.authorities[i], size);
	x->package.is_stamped = x->package.n_tokens > 0;
	return r;
}

/* The newest head that has a token, at or before the package's, if it covers anything of this. */
static int take_stamps(struct export *x)
{
	uint64_t size = x->package.head.checkpoint.size + 1, first, last;
	int r = EXIT_GOOD;

	if (x->c->conf.n_authorities == 0)
		return EXIT_GOOD;
	leaf_range(x, &first, &last);
	while (r == EXIT_GOOD && !x->package.is_stamped &&
	       (size = stamped_below(x->c->conf.log, size)) > first)
		r = take_stamp(x, size);
	if (r == EXIT_GOOD && !x->package.is_stamped)
		say(stderr, T_EXPORT_NOT_STAMPED);
	return r;
}

int export_leaves(struct export *x)
{
	struct await a = { .fd = inotify_init1(IN_CLOEXEC), .begun_ms = export_now_ms() };
	json_t *seen = json_object();
	struct err e = { 0 };
	int r = EXIT_GOOD;

	if (a.fd < 0 || inotify_add_watch(a.fd, x->c->conf.log, IN_MOVED_TO) < 0) {
		err_set(&e, -errno, "%s: cannot be watched: %s", x->c->conf.log, strerror(errno));
		r = ctl_fail(&e, EXIT_AWAY);
	}
	if (r == EXIT_GOOD)
		r = await_head(x, &a, seen);
	if (r == EXIT_GOOD)
		r = keep_events(x, seen);
	if (a.fd >= 0)
		close(a.fd);
	json_decref(seen);
	if (r == EXIT_GOOD)
		r = take_witnesses(x);
	return r == EXIT_GOOD ? take_stamps(x) : r;
}
