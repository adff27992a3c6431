#include "package/index.h"

#include <sodium.h>
#include <string.h>

#include "base/util.h"
#include "format/bagit.h"

struct field {
	const char *p;
	size_t len;
};

/* Exactly n fields, each with something in it. */
static bool split(const char *line, size_t len, struct field *ret, size_t n)
{
	const char *end = line + len, *tab;
	size_t i;

	for (i = 0; i < n; i++) {
		tab = i + 1 < n ? memchr(line, '\t', (size_t)(end - line)) : end;
		if (tab == NULL || tab == line)
			return false;
		ret[i] = (struct field){ line, (size_t)(tab - line) };
		line = tab + 1;
	}
	return memchr(ret[n - 1].p, '\t', ret[n - 1].len) == NULL;
}

static bool is_none(const struct field *f)
{
	return f->len == 1 && f->p[0] == '-';
}

/* Printable ASCII without spaces. */
static bool take_text(const struct field *f, char *ret, size_t size)
{
	size_t i;

	if (f->len >= size)
		return false;
	for (i = 0; i < f->len; i++)
		if (f->p[i] <= ' ' || f->p[i] >= 0x7f)
			return false;
	memcpy(ret, f->p, f->len);
	ret[f->len] = '\0';
	return true;
}

static bool take_path(const struct field *f, const char *folder, char ret[PACKAGE_PATH_SIZE])
{
	return take_text(f, ret, PACKAGE_PATH_SIZE) &&
	       bagit_check_path(ret, f->len) == BAGIT_PATH_GOOD &&
	       strncmp(ret, folder, strlen(folder)) == 0;
}

static bool take_optional(const struct field *f, const char *folder, char ret[PACKAGE_PATH_SIZE])
{
	ret[0] = '\0';
	return is_none(f) || take_path(f, folder, ret);
}

static bool take_number(const struct field *f, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i;

	if (f->len == 0 || f->len > 18)
		return false;
	for (i = 0; i < f->len; i++) {
		if (f->p[i] < '0' || f->p[i] > '9')
			return false;
		n = 10 * n + (uint64_t)(f->p[i] - '0');
	}
	*ret = n;
	return true;
}

static bool take_hex(const struct field *f, uint8_t *ret, size_t n)
{
	size_t got, i;

	for (i = 0; i < f->len; i++)
		if (strchr("0123456789abcdef", f->p[i]) == NULL || f->p[i] == '\0')
			return false;
	return f->len == 2 * n &&
	       sodium_hex2bin(ret, n, f->p, f->len, NULL, &got, NULL) == 0 && got == n;
}

bool index_is_comment(const char *line, size_t len)
{
	return len > 0 && line[0] == '#';
}

bool index_next_leaf(const struct index_object *o, size_t *at, uint64_t *ret)
{
	const char *comma;
	struct field f;

	if (*at >= o->leaves_len)
		return false;
	f.p = o->leaves + *at;
	comma = memchr(f.p, ',', o->leaves_len - *at);
	f.len = comma == NULL ? o->leaves_len - *at : (size_t)(comma - f.p);
	*at += f.len + 1;
	return take_number(&f, ret);
}

/* Ascending numbers, parted by single commas. */
static bool check_leaves(const struct index_object *o)
{
	uint64_t last = 0, leaf;
	size_t at = 0;
	bool first = true;

	if (o->leaves_len == 0)
		return true;
	if (o->leaves[o->leaves_len - 1] == ',')
		return false;
	while (at < o->leaves_len) {
		if (!index_next_leaf(o, &at, &leaf) || (!first && leaf <= last))
			return false;
		last = leaf;
		first = false;
	}
	return true;
}

bool index_parse_object(const char *line, size_t len, struct index_object *ret)
{
	struct index_object o = { .leaves = NULL };
	struct field f[11];
	uint64_t number;

	if (!split(line, len, f, COUNT(f)))
		return false;
	if (!take_number(&f[0], &number) || !take_text(&f[1], o.id, sizeof(o.id)) ||
	    !take_path(&f[2], "data/media/", o.media) || !take_number(&f[3], &o.size) ||
	    !take_hex(&f[4], o.blob.b, sizeof(o.blob.b)) ||
	    !take_hex(&f[5], o.sha256, sizeof(o.sha256)) ||
	    !take_optional(&f[6], "data/sidecar/", o.by_recorder.path) ||
	    !take_optional(&f[7], "data/log/keys/", o.by_recorder.key) ||
	    !take_optional(&f[8], "data/sidecar/", o.by_dock.path) ||
	    !take_optional(&f[9], "data/log/keys/", o.by_dock.key))
		return false;
	if (!is_none(&f[10])) {
		o.leaves = f[10].p;
		o.leaves_len = f[10].len;
	}
	if (!check_leaves(&o))
		return false;
	*ret = o;
	return true;
}

enum index_set_line index_parse_set(const char *line, size_t len, struct index_disc *ret)
{
	char path[PACKAGE_PATH_SIZE];
	struct field f[5];
	uint8_t sha256[32];
	uint64_t number, size;

	if (split(line, len, f, 4) && f[0].len == 4 && memcmp(f[0].p, "disc", 4) == 0) {
		if (!take_number(&f[1], &number) || number == 0 || number > 99 ||
		    !take_text(&f[2], ret->label, sizeof(ret->label)) ||
		    !take_hex(&f[3], ret->manifest, sizeof(ret->manifest)))
			return INDEX_BAD;
		ret->number = (unsigned)number;
		return INDEX_DISC;
	}
	if (split(line, len, f, 5) && f[0].len == 4 && memcmp(f[0].p, "file", 4) == 0 &&
	    take_number(&f[1], &number) && take_path(&f[2], "data/media/", path) &&
	    take_number(&f[3], &size) && take_hex(&f[4], sha256, sizeof(sha256)))
		return INDEX_FILE;
	return INDEX_BAD;
}
