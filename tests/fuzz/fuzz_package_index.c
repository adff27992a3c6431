/* Lines of objects.tsv and of set.tsv: what is taken leads nowhere but to where it belongs. */
#include <string.h>

#include "format/bagit.h"
#include "fuzz/fuzz.h"
#include "package/index.h"

static void check_path(const char *path, const char *folder)
{
	MUST(strlen(path) < PACKAGE_PATH_SIZE && strncmp(path, folder, strlen(folder)) == 0);
	MUST(bagit_check_path(path, strlen(path)) == BAGIT_PATH_GOOD);
}

static void check_sidecar(const struct index_sidecar *s)
{
	if (s->path[0] != '\0')
		check_path(s->path, "data/sidecar/");
	if (s->key[0] != '\0')
		check_path(s->key, "data/log/keys/");
}

static void check_object(const struct index_object *o)
{
	uint64_t leaf, last = 0;
	size_t at = 0, n = 0;

	check_path(o->media, "data/media/");
	check_sidecar(&o->by_recorder);
	check_sidecar(&o->by_dock);
	while (index_next_leaf(o, &at, &leaf)) {
		MUST(n++ == 0 || leaf > last);
		last = leaf;
	}
	MUST(o->leaves_len == 0 ? n == 0 : n > 0 && at > o->leaves_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct bagit_lines l = { (const char *)bytes, (const char *)bytes + len, 0 };
	struct index_object o;
	struct index_disc disc;
	const char *line;
	size_t n;

	while (bagit_next_line(&l, &line, &n)) {
		if (index_parse_object(line, n, &o))
			check_object(&o);
		if (index_parse_set(line, n, &disc) == INDEX_DISC)
			MUST(disc.number >= 1 && disc.number <= 99 &&
			     strlen(disc.label) < PACKAGE_LABEL_SIZE);
		index_is_comment(line, n);
	}
	return 0;
}
