/* Packages in several discs: set.tsv is the same on each and names them all. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "format/bagit.h"
#include "package/inspect_impl.h"

#define SET	"set.tsv"

void inspect_own_set(struct inspection *in)
{
	const struct kept *k = inspect_find(in, SET);
	struct inspect_report *r = in->report;
	enum index_set_line v = INDEX_BAD;
	struct bagit_lines l;
	struct index_disc disc;
	const char *line;
	char what[64];
	size_t len;

	if (k == NULL)
		return;
	r->set = digest_of(k->bytes, k->len);
	l = (struct bagit_lines){ (char *)k->bytes, (char *)k->bytes + k->len, 0 };
	while (bagit_next_line(&l, &line, &len)) {
		v = index_parse_set(line, len, &disc);
		if (v == INDEX_BAD || (v == INDEX_DISC && (r->n_discs == INSPECT_DISCS_MAX ||
							   disc.number != r->n_discs + 1))) {
			snprintf(what, sizeof(what), "line %d", (int)l.number);
			inspect_note(r, INSPECT_BAD_FILE, SET, what);
			continue;
		}
		if (v == INDEX_FILE)
			continue;
		if (memcmp(disc.manifest, in->manifest, sizeof(in->manifest)) == 0)
			r->disc = disc.number;
		r->discs[r->n_discs++] = disc;
	}
	if (r->disc == 0)
		inspect_note(r, INSPECT_SET_OTHER, SET, NULL);
}

void package_inspect_set(struct inspect_report **reports, size_t n)
{
	unsigned seen[INSPECT_DISCS_MAX + 1] = { 0 };
	struct inspect_report *first = reports[0];
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0 && (reports[i]->n_discs == 0 || first->n_discs == 0 ||
			      !digest_equal(&reports[i]->set, &first->set))) {
			inspect_note(reports[i], INSPECT_SET_OTHER, SET, NULL);
			continue;
		}
		if (seen[reports[i]->disc]++ > 0 && reports[i]->disc > 0)
			inspect_note(reports[i], INSPECT_SET_TWICE, SET,
				     first->discs[reports[i]->disc - 1].label);
	}
	for (i = 0; i < first->n_discs; i++)
		if (seen[i + 1] == 0)
			inspect_note(first, INSPECT_SET_MISSING, SET, first->discs[i].label);
}
