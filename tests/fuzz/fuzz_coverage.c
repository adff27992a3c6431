/* Any bytes: refused with a sentence, or judged; and then what is said of the action adds up. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "rules/coverage_json.h"

static json_int_t number(json_t *j, const char *name)
{
	json_t *v = json_object_get(j, name);

	MUST(json_is_integer(v));
	return json_integer_value(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct err e = { 0, "" };
	double confidence;
	char *text = NULL;
	json_t *j;
	int r;

	r = coverage_judge_text((const char *)bytes, len, &text, &e);
	if (r < 0) {
		MUST(r == -EINVAL && e.msg[0] != '\0' && text == NULL);
		return 0;
	}
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	MUST(j != NULL);
	MUST(number(j, "wanted_ms") > 0 && number(j, "covered_ms") <= number(j, "wanted_ms"));
	MUST(number(j, "proven_ms") >= 0 && number(j, "proven_ms") <= number(j, "covered_ms"));
	confidence = json_number_value(json_object_get(j, "confidence"));
	MUST(confidence >= 0 && confidence <= 1);
	MUST(json_array_size(json_object_get(j, "holes")) <= COVERAGE_HOLES_MAX);
	json_decref(j);
	free(text);
	return 0;
}
