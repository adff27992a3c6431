#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "dockd/snapshot.h"
#include "unit/suite.h"

static const struct catalog_recorder recorders[] = {
	{ .id = "REC-1", .vid = 0xffff, .pid = 0, .serial = "序列 \"1\"", .officer = "019001",
	  .unit = "QH", .n_keys = 2,
	  .keys = { { .key = { .id = { 1, 2 }, .key = { 3, 255 } }, .from_ms = -5,
		      .to_ms = INT64_MAX, .revoked_ms = INT64_MAX },
		    { .from_ms = 1, .to_ms = 2, .revoked_ms = 3 } } },
	{ .id = "REC-2", .vid = 0x3310, .pid = 0x0101 },
};

START_TEST(comes_back_as_it_was)
{
	json_t *j = snapshot_encode(recorders, COUNT(recorders));
	struct catalog_recorder *list;
	struct err e = { 0 };
	size_t n;

	ck_assert_int_eq(snapshot_decode(j, &list, &n, &e), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(list[0].id, "REC-1");
	ck_assert_uint_eq(list[0].vid, 0xffff);
	ck_assert_str_eq(list[0].serial, recorders[0].serial);
	ck_assert_str_eq(list[0].officer, "019001");
	ck_assert_uint_eq(list[0].n_keys, 2);
	ck_assert_mem_eq(&list[0].keys[0].key, &recorders[0].keys[0].key,
			 sizeof(struct minisign_public_key));
	ck_assert_int_eq(list[0].keys[0].from_ms, -5);
	ck_assert_int_eq(list[0].keys[0].to_ms, INT64_MAX);
	ck_assert_int_eq(list[0].keys[1].revoked_ms, 3);
	ck_assert_uint_eq(list[1].n_keys, 0);
	json_decref(j);
	free(list);
}
END_TEST

#define RECORDER(id, vid, keys) \
	"{\"v\":1,\"recorders\":[{\"id\":" id ",\"vid\":" vid ",\"pid\":1,\"serial\":\"\"," \
	"\"officer\":\"\",\"unit\":\"\",\"keys\":" keys "}]}"

static const struct { const char *what, *text; } bad[] = {
	{ "not JSON at all", "{" },
	{ "another version", "{\"v\":2,\"recorders\":[]}" },
	{ "no list", "{\"v\":1}" },
	{ "no id", RECORDER("\"\"", "1", "[]") },
	{ "an id that is too long", RECORDER("\"0123456789012345678901234567890123\"", "1", "[]") },
	{ "a vendor of 17 bits", RECORDER("\"R\"", "65536", "[]") },
	{ "a negative vendor", RECORDER("\"R\"", "-1", "[]") },
	{ "keys that are no list", RECORDER("\"R\"", "1", "{}") },
	{ "a key that is none", RECORDER("\"R\"", "1", "[1]") },
	{ "a key that is too short", RECORDER("\"R\"", "1", "[{\"id\":\"0011223344556677\","
	  "\"key\":\"00\",\"from\":0,\"to\":0,\"revoked\":0}]") },
	{ "too many keys", RECORDER("\"R\"", "1", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]") },
};

START_TEST(refuses_what_is_damaged)
{
	struct catalog_recorder *list = NULL;
	struct err e = { 0 };
	json_error_t je;
	json_t *j = json_loads(bad[_i].text, 0, &je);
	size_t n = 42;

	ck_assert_msg(snapshot_decode(j, &list, &n, &e) == -EINVAL, "%s", bad[_i].what);
	ck_assert_ptr_null(list);
	ck_assert_uint_eq(n, 42);
	ck_assert(e.msg[0] != '\0');
	json_decref(j);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, comes_back_as_it_was);
	tcase_add_loop_test(tc, refuses_what_is_damaged, 0, (int)COUNT(bad));
}

int main(void)
{
	return suite_main("snapshot_file", fill);
}
