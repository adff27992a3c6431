/* The clerk with real journals, over a catalog that answers as told. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "dockd/clerk.h"
#include "dockd/records.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"
#include "vault/journal.h"

#define ONE	"0b1e0000-0000-4000-8000-000000000001"
#define TWO	"0b1e0000-0000-4000-8000-000000000002"
#define NOTE	"0b1e0000-0000-4000-8000-000000000009"

/* ------ the catalog ------ */

static struct {
	bool up;
	int refusal;			/* of what names this session: */
	const char *refused;
	unsigned looks;			/* questions whether it is up */
	unsigned no_end;		/* how often there is no memory for an end */
	struct record_counts ended;	/* the last end that the clerk wrote itself */
	char trace[4096];		/* types of what was recorded, "judge" */
	uv_timer_t timer;		/* the answer comes later */
	catalog_cb done;
	catalog_chain_cb chain;
	void *data;
	int r;
} fake;

static void on_answer(uv_timer_t *t)
{
	const struct err e = { .code = fake.r, .msg = "as told" };
	catalog_chain_cb chain = TAKE(fake.chain);
	catalog_cb done = TAKE(fake.done);

	(void)t;
	if (chain != NULL)
		chain(fake.data, 0, NULL, 0, NULL, 0, NULL);
	else
		done(fake.data, fake.r, &e);
}

static int ask(catalog_cb done, catalog_chain_cb chain, int r, void *data)
{
	ck_assert_msg(fake.done == NULL && fake.chain == NULL, "two calls at once");
	if (!fake.up)
		return -ENOTCONN;
	fake.done = done;
	fake.chain = chain;
	fake.r = r;
	fake.data = data;
	uv_timer_start(&fake.timer, on_answer, 0, 0);
	return 0;
}

static void trace(const char *session, const char *what)
{
	size_t len = strlen(fake.trace);

	snprintf(fake.trace + len, sizeof(fake.trace) - len, "%.1s:%s ",
		 session + strlen(session) - 1, what);
}

bool catalog_is_up(const struct catalog *c)
{
	(void)c;
	fake.looks++;
	return fake.up;
}

int catalog_ingest(struct catalog *c, const char *records, size_t len, catalog_cb cb, void *data)
{
	json_t *list = json_loadb(records, len, 0, NULL), *record;
	const char *session = json_string_value(json_object_get(json_array_get(list, 0), "session"));
	const char *station = json_string_value(json_object_get(json_array_get(list, 0), "station"));
	int r = fake.refused != NULL && strcmp(session, fake.refused) == 0 ? fake.refusal : 0;
	size_t i;

	(void)c;
	ck_assert_str_eq(station, "dock-1");
	json_array_foreach(list, i, record)
		if (fake.up && r == 0)
			trace(session, json_string_value(json_object_get(record, "type")));
	json_decref(list);
	return ask(cb, NULL, r, data);
}

int catalog_chain(struct catalog *c, const char *session, catalog_chain_cb cb, void *data)
{
	(void)c;
	(void)session;
	return ask(NULL, cb, 0, data);
}

int catalog_judge(struct catalog *c, const char *session, const char *findings, size_t len,
		  catalog_cb cb, void *data)
{
	(void)c;
	(void)findings;
	(void)len;
	if (fake.up)
		trace(session, "judge");
	return ask(cb, NULL, 0, data);
}

json_t *record_end(int64_t ended_ms, const char *outcome, const char *reason,
		   const struct record_counts *counts)
{
	(void)ended_ms;
	(void)reason;
	fake.ended = *counts;
	if (fake.no_end > 0 && fake.no_end-- > 0)
		return NULL;
	return json_pack("{s:s, s:s}", "type", "end", "outcome", outcome);
}

/* The only name that the clerk makes: a note's. */
void record_uuid_random(char ret[RECORD_UUID_SIZE])
{
	snprintf(ret, RECORD_UUID_SIZE, "%s", NOTE);
}

/* ------ a clerk ------ */

static uv_loop_t loop;
static struct clerk *clerk;
static const char *dir;

static void on_changed(void *data)
{
	(void)data;
}

static void begin(void)
{
	struct err e;

	ck_assert_msg(clerk_new(&loop, dir, "dock-1", NULL, on_changed, NULL, &clerk, &e) == 0,
		      "%s", e.msg);
}

static void set_up(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.up = true;
	dir = rig_dir();
	uv_loop_init(&loop);
	uv_timer_init(&loop, &fake.timer);
}

static void on_freed(void *data)
{
	*(bool *)data = true;
}

static void end(void)
{
	bool freed = false;

	clerk_free(clerk, on_freed, &freed);
	while (!freed)
		uv_run(&loop, UV_RUN_ONCE);
}

static void tear_down(void)
{
	end();
	uv_close((uv_handle_t *)&fake.timer, NULL);
	rig_end_loop(&loop);
	rig_clean();
}

static const char *path_of(const char *session)
{
	static char path[VAULT_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.journal", dir, session);
	return path;
}

static bool is_kept(const char *session)
{
	return access(path_of(session), F_OK) == 0;
}

static void append(struct clerk_session *s, json_t *record)
{
	struct rig_result res = { 0 };

	ck_assert_int_eq(clerk_append(s, record, rig_cb, &res), 0);
	json_decref(record);
	rig_wait(&loop, &res, 1);
	ck_assert_int_eq(res.r, 0);
}

static json_t *beginning(const char *recorder)
{
	return json_pack("{s:s, s:s}", "type", "session", "recorder", recorder);
}

static struct clerk_session *open_session(const char *id)
{
	struct clerk_session *s;
	struct err e;

	ck_assert_msg(clerk_open(clerk, id, &s, &e) == 0, "%s", e.msg);
	append(s, beginning("R1"));
	return s;
}

static void on_finished(void *data, enum clerk_recorded how)
{
	*(int *)data = (int)how;
}

/* Its end, and how it came out. */
static int finish(struct clerk_session *s)
{
	int how = -1;

	append(s, json_pack("{s:s, s:s}", "type", "end", "outcome", "released"));
	clerk_finish(s, on_finished, &how);
	ck_assert_int_eq(how, -1);
	while (how == -1)
		uv_run(&loop, UV_RUN_ONCE);
	return how;
}

/* A session that died: its journal has a beginning and no end. */
static void leave_behind(const char *id)
{
	const bool up = fake.up;

	fake.up = false;
	begin();
	clerk_leave(open_session(id));
	end();
	fake.up = up;
}

static void catalog_comes(void)
{
	fake.up = true;
	clerk_catalog_state(clerk, true);
}

static void run_until_backlog(unsigned n)
{
	while (clerk_backlog(clerk) != n)
		uv_run(&loop, UV_RUN_ONCE);
}

static void on_stop(uv_timer_t *t)
{
	uv_stop(t->loop);
}

static void run_for_ms(uint64_t ms)
{
	uv_timer_t timer;

	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_stop, ms, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

/* ------ what it does ------ */

START_TEST(records_judges_and_lets_go)
{
	set_up();
	begin();
	ck_assert_int_eq(finish(open_session(ONE)), CLERK_RECORDED);
	ck_assert_str_eq(fake.trace, "1:session 1:end 1:judge ");
	ck_assert(!is_kept(ONE));
	ck_assert(!clerk_pending(clerk, ONE));
	tear_down();
}
END_TEST

START_TEST(keeps_what_the_catalog_has_not)
{
	set_up();
	fake.up = false;
	begin();
	ck_assert_int_eq(finish(open_session(ONE)), CLERK_STORED_ONLY);
	ck_assert(is_kept(ONE));
	ck_assert(clerk_pending(clerk, ONE));
	ck_assert_uint_eq(clerk_backlog(clerk), 1);
	catalog_comes();
	run_until_backlog(0);
	ck_assert_str_eq(fake.trace, "1:session 1:end 1:judge ");
	ck_assert(!is_kept(ONE));
	tear_down();
}
END_TEST

/* Its callback is owed, also when the program ends before the first record is sent. */
START_TEST(tells_who_waits_when_it_ends)
{
	struct clerk_session *s;
	int how = -1;

	set_up();
	begin();
	s = open_session(ONE);
	append(s, json_pack("{s:s, s:s}", "type", "end", "outcome", "released"));
	clerk_finish(s, on_finished, &how);
	end();
	ck_assert_int_eq(how, CLERK_STORED_ONLY);
	ck_assert(is_kept(ONE));
	begin();			/* for tear_down */
	tear_down();
}
END_TEST

START_TEST(a_refused_session_holds_up_no_other)
{
	set_up();
	fake.refused = ONE;
	fake.refusal = -EINVAL;
	begin();
	ck_assert_int_eq(finish(open_session(ONE)), CLERK_STORED_ONLY);
	ck_assert_int_eq(finish(open_session(TWO)), CLERK_RECORDED);
	ck_assert(is_kept(ONE));
	ck_assert(!is_kept(TWO));
	ck_assert_uint_eq(clerk_backlog(clerk), 1);
	tear_down();
}
END_TEST

START_TEST(ends_what_died)
{
	set_up();
	leave_behind(ONE);
	begin();
	catalog_comes();
	run_until_backlog(0);
	ck_assert_str_eq(fake.trace, "1:session 1:end 1:judge ");
	ck_assert(!is_kept(ONE));
	tear_down();
}
END_TEST

/* What it had brought is counted from its records. */
START_TEST(counts_what_the_dead_brought)
{
	struct clerk_session *s;

	set_up();
	fake.up = false;
	begin();
	s = open_session(ONE);
	append(s, json_pack("{s:s, s:i}", "type", "listed", "files", 7));
	append(s, json_pack("{s:s, s:i}", "type", "segment", "size", 1000));
	append(s, json_pack("{s:s, s:i}", "type", "segment", "size", 24));
	clerk_leave(s);
	end();
	begin();
	catalog_comes();
	run_until_backlog(0);
	ck_assert_str_eq(fake.trace, "1:session 1:listed 1:segment 1:segment 1:end 1:judge ");
	ck_assert_uint_eq(fake.ended.planned, 7);
	ck_assert_uint_eq(fake.ended.stored, 2);
	ck_assert_uint_eq(fake.ended.bytes, 1024);
	tear_down();
}
END_TEST

/* One recorder's older session is judged before its newer one. */
START_TEST(judges_in_order)
{
	set_up();
	leave_behind(TWO);
	begin();
	ck_assert_int_eq(finish(open_session(ONE)), CLERK_RECORDED);
	ck_assert_ptr_nonnull(strstr(fake.trace, "2:judge"));
	ck_assert(strstr(fake.trace, "2:judge") < strstr(fake.trace, "1:judge"));
	tear_down();
}
END_TEST

/* What could not be ended for want of memory is not recorded as if it had no end. */
START_TEST(ends_before_it_judges)
{
	set_up();
	leave_behind(ONE);
	fake.no_end = 1;
	begin();
	catalog_comes();
	run_until_backlog(0);
	ck_assert_uint_eq(fake.no_end, 0);
	ck_assert_str_eq(fake.trace, "1:session 1:end 1:judge ");
	tear_down();
}
END_TEST

/* ------ notes ------ */

static json_t *undocked(const char *session)
{
	return json_pack("{s:s, s:s, s:s}", "type", "check", "session", session, "recorder", "R1");
}

static int note(const char *session)
{
	struct rig_result res = { 0 };
	json_t *record = undocked(session);

	ck_assert_int_eq(clerk_note(clerk, record, rig_cb, &res), 0);
	json_decref(record);
	rig_wait(&loop, &res, 1);
	return res.r;
}

/* It speaks of another session than its journal's, has no end, and is not judged. */
START_TEST(notes_are_recorded_and_gone)
{
	set_up();
	begin();
	ck_assert_int_eq(note(ONE), 0);
	run_until_backlog(0);
	ck_assert_str_eq(fake.trace, "1:check ");
	ck_assert(!is_kept(NOTE));
	tear_down();
}
END_TEST

START_TEST(notes_outlive_an_outage_and_a_crash)
{
	set_up();
	fake.up = false;
	begin();
	ck_assert_int_eq(note(ONE), 0);
	ck_assert_uint_eq(clerk_backlog(clerk), 1);
	ck_assert(is_kept(NOTE));
	end();
	begin();
	ck_assert_uint_eq(clerk_backlog(clerk), 1);
	catalog_comes();
	run_until_backlog(0);
	ck_assert_str_eq(fake.trace, "1:check ");
	ck_assert_uint_eq(fake.ended.stored, 0);
	ck_assert(!is_kept(NOTE));
	tear_down();
}
END_TEST

/* The session that died first, then what was noted of it, and it is judged all the same. */
START_TEST(notes_keep_their_place)
{
	set_up();
	leave_behind(ONE);
	fake.up = false;
	begin();
	ck_assert_int_eq(note(ONE), 0);
	catalog_comes();
	run_until_backlog(0);
	ck_assert_ptr_nonnull(strstr(fake.trace, "1:check"));
	ck_assert(strstr(fake.trace, "1:session") < strstr(fake.trace, "1:check"));
	ck_assert_ptr_nonnull(strstr(fake.trace, "1:judge"));
	tear_down();
}
END_TEST

/* One that the catalog refuses stays, and keeps no session from being judged. */
START_TEST(a_refused_note_holds_up_no_session)
{
	set_up();
	fake.refused = TWO;
	fake.refusal = -EINVAL;
	begin();
	ck_assert_int_eq(note(TWO), 0);
	ck_assert_int_eq(finish(open_session(ONE)), CLERK_RECORDED);
	run_for_ms(20);
	ck_assert(is_kept(NOTE));
	ck_assert_uint_eq(clerk_backlog(clerk), 1);
	ck_assert_ptr_null(strstr(fake.trace, "2:"));
	tear_down();
}
END_TEST

START_TEST(a_note_that_is_not_durable_is_none)
{
	struct rlimit before, full;

	set_up();
	begin();
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	full = before;
	full.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	ck_assert_int_lt(note(ONE), 0);
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_uint_eq(clerk_backlog(clerk), 0);
	ck_assert(!is_kept(NOTE));
	ck_assert_int_eq(note(ONE), 0);
	run_until_backlog(0);
	ck_assert_str_eq(fake.trace, "1:check ");
	tear_down();
}
END_TEST

/* ------ a full disk ------ */

/* No file may become larger than that journal is. */
static void fill_disk(const char *session, struct rlimit *ret_before)
{
	struct rlimit full;
	struct stat st;

	ck_assert_int_eq(stat(path_of(session), &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, ret_before);
	full = *ret_before;
	full.rlim_cur = (rlim_t)st.st_size;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
}

START_TEST(waits_for_room)
{
	struct rlimit before;

	set_up();
	leave_behind(ONE);
	fill_disk(ONE, &before);
	begin();
	catalog_comes();
	run_for_ms(200);
	/* Two when the catalog came, one when the end was refused, and no more for seconds. */
	ck_assert_uint_le(fake.looks, 8);
	ck_assert_str_eq(fake.trace, "");
	ck_assert_uint_eq(clerk_backlog(clerk), 1);
	end();

	setrlimit(RLIMIT_FSIZE, &before);
	begin();
	catalog_comes();
	run_until_backlog(0);
	ck_assert_str_eq(fake.trace, "1:session 1:end 1:judge ");
	tear_down();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, records_judges_and_lets_go);
	tcase_add_test(tc, keeps_what_the_catalog_has_not);
	tcase_add_test(tc, tells_who_waits_when_it_ends);
	tcase_add_test(tc, a_refused_session_holds_up_no_other);
	tcase_add_test(tc, ends_what_died);
	tcase_add_test(tc, counts_what_the_dead_brought);
	tcase_add_test(tc, judges_in_order);
	tcase_add_test(tc, ends_before_it_judges);
	tcase_add_test(tc, notes_are_recorded_and_gone);
	tcase_add_test(tc, notes_outlive_an_outage_and_a_crash);
	tcase_add_test(tc, notes_keep_their_place);
	tcase_add_test(tc, a_refused_note_holds_up_no_session);
	tcase_add_test(tc, a_note_that_is_not_durable_is_none);
	tcase_add_test(tc, waits_for_room);
}

int main(void)
{
	return suite_main("clerk", fill);
}
