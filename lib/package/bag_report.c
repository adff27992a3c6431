/* What is found in a bag, and its names. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"
#include "package/bag_impl.h"

const char *bag_fault_name(enum bag_fault f)
{
	static const char *const names[BAG_FAULTS] = {
		[BAG_NO_DECLARATION] = "no_declaration",
		[BAG_BAD_DECLARATION] = "bad_declaration",
		[BAG_NO_PAYLOAD] = "no_payload",
		[BAG_NO_MANIFEST] = "no_manifest",
		[BAG_BAD_ALGORITHM] = "bad_algorithm",
		[BAG_BAD_TEXT] = "bad_text",
		[BAG_BAD_LINE] = "bad_line",
		[BAG_LISTED_TWICE] = "listed_twice",
		[BAG_NOT_EVERYWHERE] = "not_everywhere",
		[BAG_UNLISTED] = "unlisted",
		[BAG_MISSING] = "missing",
		[BAG_NOT_FETCHED] = "not_fetched",
		[BAG_WRONG_DIGEST] = "wrong_digest",
		[BAG_WRONG_SIZE] = "wrong_size",
		[BAG_WRONG_OXUM] = "wrong_oxum",
		[BAG_NOT_A_FILE] = "not_a_file",
		[BAG_UNSAFE_NAME] = "unsafe_name",
		[BAG_TWICE_THERE] = "twice_there",
		[BAG_UNREADABLE] = "unreadable",
		[BAG_TOO_MUCH] = "too_much",
		[BAG_CHANGED] = "changed",
		[BAG_SAME_TWICE] = "same_twice",
		[BAG_DOT_SLASH] = "dot_slash",
		[BAG_BINARY_MARK] = "binary_mark",
		[BAG_BACKSLASH] = "backslash",
		[BAG_BARE_PERCENT] = "bare_percent",
		[BAG_OTHER_SPELLING] = "other_spelling",
		[BAG_SYSTEM_FILE] = "system_file",
	};

	return names[f];
}

bool bag_fault_is_warning(enum bag_fault f)
{
	return f >= BAG_SAME_TWICE;
}

static char *shown(const char *s)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(4 * BAGIT_PATH_MAX + 16);

	if (s == NULL)
		s = "";
	if (name_is_text((const uint8_t *)s, strlen(s)))
		return strdup(s);
	name_add_text(&b, (const uint8_t *)s, strlen(s));
	return strdup(buf_str(&b));
}

void bag_note(struct bag_report *r, enum bag_fault fault, const char *path, const char *in,
	      uint64_t line, const char *what)
{
	struct bag_problem *p = &r->problems[r->n_problems];

	r->counts[fault]++;
	if (!bag_fault_is_warning(fault))
		r->whole = false;
	if (r->n_problems == BAG_PROBLEMS_MAX)
		return;
	p->path = shown(path);
	p->in = shown(in);
	if (p->path == NULL || p->in == NULL) {		/* counted, at least */
		free(p->path);
		free(p->in);
		return;
	}
	p->fault = fault;
	p->line = line;
	snprintf(p->what, sizeof(p->what), "%s", what == NULL ? "" : what);
	r->n_problems++;
}

void bag_report_clear(struct bag_report *r)
{
	size_t i;

	for (i = 0; i < r->n_problems; i++) {
		free(r->problems[i].path);
		free(r->problems[i].in);
	}
	r->n_problems = 0;
	memset(r->counts, 0, sizeof(r->counts));
}
