/* Facts of coverage as JSON, and its verdict (rules/coverage_json.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/coverage_json.h"
#include "unit/suite.h"

#define CASE(segments) \
	"{\"action\": \"x\", \"revision\": 2, \"start_ms\": 1795437778123, \"end_ms\": 1795438378123, " \
	"\"officers\": [\"019123\"], \"left_out\": 0, \"not_docked\": 0, \"limits\": {}, " \
	"\"segments\": [" segments "]}"
#define SIGNED \
	"{\"recorder\": \"REC-1\", \"recording\": \"r\", \"seq\": 4, \"source\": \"manifest\", \"signed\": true, " \
	"\"start_ms\": 1795437838123, \"end_ms\": 1795438138123, \"end\": \"battery\", \"officer\": 0, " \
	"\"clock_offset_ms\": 60000, \"clock_uncertainty_ms\": 1000, \"docked_ms\": 0}"

static const char verdict[] =
	"{\"action\":\"x\",\"revision\":2,\"verdict\":\"short\",\"grade\":\"finding\",\"confidence\":0.9,"
	"\"wanted_ms\":600000,\"covered_ms\":300000,\"proven_ms\":300000,\"uncertainty_ms\":1000,"
	"\"holes\":[{\"from\":\"2026-11-23T12:47:58.123Z\",\"to\":\"2026-11-23T12:52:58.123Z\","
	"\"uncertainty_ms\":1000,\"class\":\"technical\",\"reason\":\"battery\",\"confidence\":0.9,"
	"\"grade\":\"finding\",\"before\":{\"recording\":\"REC-1/r\",\"seq\":4},\"behind\":null}],"
	"\"officers\":[{\"officer\":\"019123\",\"segments\":1,\"covered_ms\":300000}],"
	"\"used\":[{\"recording\":\"REC-1/r\",\"segments\":1,\"from\":\"2026-11-23T12:42:58.123Z\","
	"\"to\":\"2026-11-23T12:47:58.123Z\",\"offset_ms\":60000,\"uncertainty_ms\":1000,"
	"\"says\":[\"clock_off\"]}],\"doubts\":{}}";

START_TEST(facts_become_a_verdict)
{
	json_t *is, *want = json_loads(verdict, 0, NULL);
	struct err e = { 0, "" };
	char *text = NULL;

	ck_assert_int_eq(coverage_judge_text(CASE(SIGNED), strlen(CASE(SIGNED)), &text, &e), 0);
	is = json_loads(text, 0, NULL);
	ck_assert_msg(json_equal(is, want), "%s", text);
	json_decref(is);
	json_decref(want);
	free(text);
}
END_TEST

static const struct {
	const char *facts, *says;
} refused[] = {
	{ "", "facts: '[' or '{' expected near end of file" },
	{ "[]", "facts: not an object" },
	{ "{}", "facts: action is missing" },
	{ CASE("3"), "segment: not an object" },
	{ CASE("{\"recorder\": \"R\", \"recording\": \"r\"}"), "segment: source is missing" },
	{ CASE("{\"recorder\": \"R\", \"recording\": \"r\", \"source\": \"gps\"}"),
	  "segment: source is not what it has to be" },
	{ CASE("{\"recorder\": \"R\", \"recording\": 5, \"source\": \"none\"}"),
	  "segment: recording is not what it has to be" },
	{ CASE("{\"recorder\": \"R\", \"recording\": \"r\", \"source\": \"none\", \"seq\": -1}"),
	  "segment: seq is not what it has to be" },
	{ CASE("{\"recorder\": \"R\", \"recording\": \"r\", \"source\": \"none\", \"officer\": 32}"),
	  "segment: officer is not what it has to be" },
	{ CASE("{\"recorder\": \"R\", \"recording\": \"r\", \"source\": \"none\", \"battery\": 101}"),
	  "segment: battery is not what it has to be" },
	{ CASE("{\"recorder\": \"R\", \"recording\": \"r\", \"source\": \"none\", \"end\": \"lost\"}"),
	  "segment: end is not what it has to be" },
	{ CASE("{\"recorder\": \"R\", \"recording\": \"r\", \"source\": \"none\", \"x\": 1}"),
	  "segment: there is a member that nobody knows" },
	{ "{\"action\": \"x\", \"revision\": 1, \"start_ms\": 5, \"end_ms\": 5, \"officers\": [], \"left_out\": 0, "
	  "\"not_docked\": 0, \"limits\": {}, \"segments\": []}", "action x: it has no interval that can be judged" },
	{ "{\"action\": \"x\", \"revision\": 1, \"start_ms\": 5, \"end_ms\": 6, \"officers\": [7], \"left_out\": 0, "
	  "\"not_docked\": 0, \"limits\": {}, \"segments\": []}", "officers: not all are texts" },
	{ "{\"action\": \"x\", \"revision\": 1, \"start_ms\": 5, \"end_ms\": 6, \"officers\": [], \"left_out\": 0, "
	  "\"not_docked\": 0, \"limits\": {\"notice_ms\": -1}, \"segments\": []}",
	  "limits: notice_ms is not what it has to be" },
};

START_TEST(what_is_no_fact_is_refused)
{
	struct err e = { 0, "" };
	char *text = NULL;

	ck_assert_int_eq(coverage_judge_text(refused[_i].facts, strlen(refused[_i].facts), &text, &e), -EINVAL);
	ck_assert_ptr_null(text);
	ck_assert_str_eq(e.msg, refused[_i].says);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, facts_become_a_verdict);
	tcase_add_loop_test(tc, what_is_no_fact_is_refused, 0, (int)COUNT(refused));
}

int main(void)
{
	return suite_main("coverage_json", fill);
}
