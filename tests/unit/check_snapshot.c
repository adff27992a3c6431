/* The recorders as last seen, over a catalog that answers as told. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/snapshot.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"

static struct {
	bool up;
	struct catalog_recorder list[2];
	size_t n;
	uv_timer_t timer;		/* the answer comes later */
	catalog_recorders_cb cb;
	void *data;
} fake;

static void on_answer(uv_timer_t *t)
{
	(void)t;
	TAKE(fake.cb)(fake.data, 0, fake.list, fake.n, NULL);
}

bool catalog_is_up(const struct catalog *c)
{
	(void)c;
	return fake.up;
}

int catalog_recorders(struct catalog *c, catalog_recorders_cb cb, void *data)
{
	(void)c;
	ck_assert_msg(fake.cb == NULL, "asked twice at once");
	fake.cb = cb;
	fake.data = data;
	uv_timer_start(&fake.timer, on_answer, 0, 0);
	return 0;
}

static uv_loop_t loop;
static const char *dir;
static struct snapshot *snapshot;

static void begin(void)
{
	struct err e;

	ck_assert_msg(snapshot_new(&loop, dir, NULL, &snapshot, &e) == 0, "%s", e.msg);
}

static void set_up(void)
{
	memset(&fake, 0, sizeof(fake));
	snprintf(fake.list[0].id, sizeof(fake.list[0].id), "R1");
	snprintf(fake.list[1].id, sizeof(fake.list[1].id), "R2");
	fake.n = 1;
	dir = rig_dir();
	uv_loop_init(&loop);
	uv_timer_init(&loop, &fake.timer);
	uv_unref((uv_handle_t *)&fake.timer);
	begin();
}

static void tear_down(void)
{
	snapshot_free(snapshot);
	uv_close((uv_handle_t *)&fake.timer, NULL);
	rig_end_loop(&loop);
	rig_clean();
}

static void on_list(void *data, const struct catalog_recorder *list, size_t n)
{
	(void)list;
	*(size_t *)data = n;
}

static size_t known(void)
{
	size_t n = SIZE_MAX;

	ck_assert_int_eq(snapshot_get(snapshot, on_list, &n), 0);
	ck_assert_uint_eq(n, SIZE_MAX);
	while (n == SIZE_MAX)
		uv_run(&loop, UV_RUN_ONCE);
	while (uv_loop_alive(&loop))		/* the file is written */
		uv_run(&loop, UV_RUN_ONCE);
	return n;
}

/* What dockd would know if it started now, without a catalog. */
static size_t known_after_restart(void)
{
	fake.up = false;
	snapshot_free(snapshot);
	begin();
	snapshot_catalog_state(snapshot, false);
	return known();
}

START_TEST(remembers_over_a_restart)
{
	set_up();
	snapshot_catalog_state(snapshot, false);
	ck_assert_uint_eq(known(), 0);
	fake.up = true;
	ck_assert_uint_eq(known(), 1);
	fake.n = 2;
	ck_assert_uint_eq(known(), 2);
	ck_assert_uint_eq(known_after_restart(), 2);
	tear_down();
}
END_TEST

/* A list that could not be written is written at the next occasion, though it is the same. */
START_TEST(writes_what_it_could_not)
{
	const struct rlimit full = { 0, RLIM_INFINITY };
	struct rlimit before;

	set_up();
	fake.up = true;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	ck_assert_uint_eq(known(), 1);
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_uint_eq(known(), 1);
	ck_assert_uint_eq(known_after_restart(), 1);
	tear_down();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, remembers_over_a_restart);
	tcase_add_test(tc, writes_what_it_could_not);
}

int main(void)
{
	return suite_main("snapshot", fill);
}
