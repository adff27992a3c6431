/* vaultctl scrub --report: how the copies of each store stand, and what scrubs there were. */
#include <string.h>

#include "base/util.h"
#include "cmd_scrub.h"
#include "report_out.h"

#define RUNS	"50"

static void print(FILE *to, const json_t *report)
{
	report_print(to, report, (const char *const[]){ "stores", "runs" }, 2);
}

static int fetch(struct ctl *c, json_t **ret)
{
	const char *const params[] = { RUNS };
	json_t *stores = NULL, *runs = NULL;
	int r = ctl_query(c, STATEMENT_FIXITY, NULL, 0, &stores);

	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_SCRUB_RUNS, params, COUNT(params), &runs);
	if (r == EXIT_GOOD)
		*ret = json_pack("{s:s, s:O*, s:O, s:O}", "kind", "fixity", "made_at",
				 json_object_get(json_array_get(stores, 0), "made_at"), "stores", stores,
				 "runs", runs);
	json_decref(stores);
	json_decref(runs);
	return r;
}

static bool is_well(const json_t *report)
{
	static const char *const bad[] = { "wanted", "missing", "damaged", "unreadable", "overdue" };
	const json_t *store;
	size_t i, k;

	json_array_foreach(json_object_get(report, "stores"), i, store)
		for (k = 0; k < COUNT(bad); k++)
			if (json_integer_value(json_object_get(store, bad[k])) > 0)
				return false;
	return true;
}

static int put(const struct scrub_report_request *q, enum report_format format, const json_t *report)
{
	AUTO(buf_clear) struct buf bytes = BUF_INIT(REPORT_DOCUMENT_MAX);
	int r;

	if (format == FORMAT_JSON)
		return report_json_out(report, q->out);
	if (format == FORMAT_TABLE)
		return report_stream_out(print, report, q->out);
	r = report_document(report, format, "stores", NULL, &bytes);
	return r == EXIT_GOOD ? report_bytes_out(bytes.p, bytes.len, q->out) : r;
}

int scrub_report(struct ctl *c, const struct scrub_report_request *q)
{
	enum report_format format = FORMAT_TABLE;
	json_t *report = NULL;
	int r = report_format(c, q->format, q->out, &format);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = fetch(c, &report);
	if (r == EXIT_GOOD)
		r = put(q, format, report);
	if (r == EXIT_GOOD && !is_well(report))
		r = EXIT_FINDINGS;
	json_decref(report);
	return r;
}
