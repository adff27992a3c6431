#include "rules/inventory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "format/name.h"

#define FIRST_LINE	"dockvault-inventory/v1"

enum { SIZE_DIGITS_MAX = 20 };

static int entry_cmp(const void *pa, const void *pb)
{
	const struct inventory_entry *a = pa, *b = pb;
	int c = strcmp(a->path, b->path);

	if (c != 0)
		return c;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return strcmp(a->modified, b->modified);
}

int inventory_of(const struct listing *l, struct inventory *ret)
{
	struct inventory v = { .entries = calloc(MAX(l->n_files, 1u), sizeof(*v.entries)) };
	size_t i, n = 0;

	if (v.entries == NULL)
		return -ENOMEM;
	for (i = 0; i < l->n_files; i++)
		if (!l->files[i].deleted)
			v.entries[n++] = (struct inventory_entry){
				.size = l->files[i].size, .path = l->files[i].path,
				.modified = l->files[i].modified,
			};
	qsort(v.entries, n, sizeof(*v.entries), entry_cmp);
	/* A broken directory may list an entry twice. */
	for (i = 0; i < n; i++)
		if (v.n == 0 || entry_cmp(&v.entries[v.n - 1], &v.entries[i]) != 0)
			v.entries[v.n++] = v.entries[i];
	*ret = v;
	return 0;
}

void inventory_clear(struct inventory *v)
{
	free(v->entries);
	free(v->text);
	*v = (struct inventory){ .entries = NULL };
}

static bool is_id(const char *s, size_t len)
{
	return len > 0 && len <= INVENTORY_ID_MAX &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

void inventory_write(const struct inventory *v, struct buf *b)
{
	char at[UTC_TEXT_SIZE];
	size_t i;

	utc_format(v->at_ms, at);
	buf_addf(b, FIRST_LINE "\nstation %s\nrecorder %s\nsession %s\nat %s\nfiles %zu\n",
		 v->station, v->recorder, v->session, at, v->n);
	for (i = 0; i < v->n; i++)
		buf_addf(b, "%" PRIu64 " %s %s\n", v->entries[i].size,
			 v->entries[i].modified[0] == '\0' ? "-" : v->entries[i].modified,
			 v->entries[i].path);
	if (!is_id(v->station, strlen(v->station)) || !is_id(v->recorder, strlen(v->recorder)) ||
	    !is_id(v->session, strlen(v->session)) || b->len > INVENTORY_MAX)
		b->failed = true;
}

/* ------ parsing ------ */

struct reading {
	char *at;			/* the next line; NUL behind the last */
	size_t line;
	struct err *e;
};

static int bad(const struct reading *r, const char *why)
{
	return err_set(r->e, -EINVAL, "line %zu: %s", r->line, why);
}

/* Cut off the next line; NULL: there is none. */
static char *next_line(struct reading *r)
{
	char *line = r->at, *end = strchr(line, '\n');

	r->line++;
	if (end == NULL)
		return NULL;
	*end = '\0';
	r->at = end + 1;
	return line;
}

/* What follows "KEY " in the next line; NULL: something else is there. */
static char *value_of(struct reading *r, const char *key)
{
	char *line = next_line(r);
	size_t len = strlen(key);

	if (line == NULL || strncmp(line, key, len) != 0 || line[len] != ' ')
		return NULL;
	return line + len + 1;
}

static int read_id(struct reading *r, const char *key, char ret[INVENTORY_ID_MAX + 1])
{
	const char *value = value_of(r, key);

	if (value == NULL || !is_id(value, strlen(value)))
		return err_set(r->e, -EINVAL, "line %zu: \"%s NAME\" is needed", r->line, key);
	memcpy(ret, value, strlen(value) + 1);
	return 0;
}

/* A number as it would be written: no zero in front, no sign. */
static bool read_number(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0, digit;

	if (len == 0 || len > SIZE_DIGITS_MAX || (s[0] == '0' && len > 1))
		return false;
	for (; len > 0; len--, s++) {
		if (*s < '0' || *s > '9')
			return false;
		digit = (uint64_t)(*s - '0');
		if (n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*ret = n;
	return true;
}

static int read_head(struct reading *r, struct inventory *v)
{
	const char *line = next_line(r), *value;
	uint64_t n;

	if (line == NULL || strcmp(line, FIRST_LINE) != 0)
		return bad(r, "\"" FIRST_LINE "\" is needed");
	if (read_id(r, "station", v->station) < 0 || read_id(r, "recorder", v->recorder) < 0 ||
	    read_id(r, "session", v->session) < 0)
		return -EINVAL;
	value = value_of(r, "at");
	if (value == NULL || utc_parse(value, strlen(value), &v->at_ms) < 0)
		return bad(r, "\"at MOMENT\" is needed");
	value = value_of(r, "files");
	if (value == NULL || !read_number(value, strlen(value), LISTING_FILES_MAX, &n))
		return bad(r, "\"files NUMBER\" is needed");
	v->n = n;
	return 0;
}

static bool is_claim(const char *s)
{
	char moment[UTC_TEXT_SIZE];
	int64_t ms;

	if (strlen(s) != LISTING_TIME_MAX)
		return false;
	snprintf(moment, sizeof(moment), "%.19s.000Z", s);
	return utc_parse(moment, UTC_TEXT_LEN, &ms) != -EINVAL;
}

static int read_entry(struct reading *r, struct inventory_entry *ret)
{
	char *line = next_line(r), *modified, *path;

	if (line == NULL)
		return bad(r, "fewer files than it says");
	modified = strchr(line, ' ');
	path = modified != NULL ? strchr(modified + 1, ' ') : NULL;
	if (path == NULL)
		return bad(r, "\"SIZE TIME PATH\" is needed");
	*modified++ = '\0';
	*path++ = '\0';
	if (!read_number(line, strlen(line), UINT64_MAX, &ret->size))
		return bad(r, "not a size");
	if (strcmp(modified, "-") == 0)
		*modified = '\0';
	else if (!is_claim(modified))
		return bad(r, "not a time");
	if (strlen(path) > LISTING_PATH_MAX || !name_is_path((const uint8_t *)path, strlen(path)))
		return bad(r, "not a path");
	ret->modified = modified;
	ret->path = path;
	return 0;
}

static int read_all(struct reading *r, struct inventory *v)
{
	size_t i;
	int code = read_head(r, v);

	if (code < 0)
		return code;
	v->entries = calloc(MAX(v->n, (size_t)1), sizeof(*v->entries));
	if (v->entries == NULL)
		return err_set(r->e, -ENOMEM, "no memory for %zu files", v->n);
	for (i = 0; i < v->n; i++) {
		code = read_entry(r, &v->entries[i]);
		if (code < 0)
			return code;
		if (i > 0 && entry_cmp(&v->entries[i - 1], &v->entries[i]) >= 0)
			return bad(r, "not behind the one before");
	}
	r->line++;
	return *r->at == '\0' ? 0 : bad(r, "more than the files it says");
}

int inventory_parse(const uint8_t *p, size_t len, struct inventory *ret, struct err *e)
{
	struct inventory v = { .n = 0 };
	struct reading r = { .line = 0, .e = e };
	int code;

	if (len > INVENTORY_MAX)
		return err_set(e, -EFBIG, "an inventory of more than %d bytes", INVENTORY_MAX);
	if (len > 0 && memchr(p, '\0', len) != NULL)
		return err_set(e, -EINVAL, "line 1: a NUL is in it");
	v.text = malloc(len + 1);
	if (v.text == NULL)
		return err_set(e, -ENOMEM, "no memory for an inventory");
	if (len > 0)
		memcpy(v.text, p, len);
	v.text[len] = '\0';
	r.at = v.text;
	code = read_all(&r, &v);
	if (code < 0) {
		inventory_clear(&v);
		return code;
	}
	*ret = v;
	return 0;
}
