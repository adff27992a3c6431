#include "catalog/sources.h"

#include <string.h>

#include "base/util.h"

const struct catalog_source catalog_sources[] = {
#define SOURCE_(id, name_, columns, key_, lookup, personal_, changes_, by_, reason_) \
	{ .name = name_, .key = columns, .personal = personal_, .changes = changes_, .by = by_, \
	  .reason = reason_, .rows = STATEMENT_AUDIT_ROWS_##id, .row = STATEMENT_AUDIT_ROW_##id, \
	  .lock = STATEMENT_AUDIT_LOCK_##id },
#define SOURCE(...) SOURCE_(__VA_ARGS__)
#include "catalog/sources.def"
#undef SOURCE_
#undef SOURCE
};
const size_t catalog_sources_n = COUNT(catalog_sources);

const struct catalog_source *catalog_source_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(catalog_sources); i++)
		if (strcmp(catalog_sources[i].name, name) == 0)
			return &catalog_sources[i];
	return NULL;
}

bool catalog_source_guarded(const struct catalog_source *s)
{
	return strcmp(s->name, "party") == 0 || strcmp(s->name, "disclosure_name") == 0;
}
