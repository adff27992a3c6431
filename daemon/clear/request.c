#include "request.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"

/* An object, and nothing behind it; the caller's reference. */
static json_t *parse(const char *line, size_t len, struct err *e)
{
	json_error_t why;
	json_t *j;

	j = len <= REQUEST_LINE_MAX ? json_loadb(line, len, JSON_REJECT_DUPLICATES, &why) : NULL;
	if (!json_is_object(j)) {
		json_decref(j);
		err_set(e, -EINVAL, "a request that is no JSON object of at most %d bytes",
			REQUEST_LINE_MAX);
		return NULL;
	}
	return j;
}

/* A text of at most size - 1 bytes; false when there is none. */
static bool take_text(const json_t *j, const char *key, char *to, size_t size)
{
	const json_t *v = json_object_get(j, key);

	if (!json_is_string(v) || json_string_length(v) >= size ||
	    strlen(json_string_value(v)) != json_string_length(v))
		return false;
	memcpy(to, json_string_value(v), json_string_length(v) + 1);
	return true;
}

static bool take_hex16(const json_t *j, const char *key, uint16_t *ret)
{
	char text[5];

	if (!take_text(j, key, text, sizeof(text)) || strlen(text) != 4 ||
	    strspn(text, "0123456789abcdef") != 4)
		return false;
	*ret = (uint16_t)strtoul(text, NULL, 16);
	return true;
}

/* "1-1.4": what sysfs calls a device, and no path that leads elsewhere. */
static bool is_port(const char *port)
{
	size_t bus = strspn(port, "0123456789");

	return bus > 0 && port[bus] == '-' &&
	       strspn(port + bus + 1, "0123456789.") == strlen(port) - bus - 1 &&
	       strlen(port) > bus + 1;
}

int request_parse_device(const char *line, size_t len, struct request_device *ret, struct err *e)
{
	struct request_device d;
	json_t *j = parse(line, len, e);
	bool good;

	if (j == NULL)
		return -EINVAL;
	good = take_text(j, "port", d.port, sizeof(d.port)) && is_port(d.port) &&
	       take_hex16(j, "vid", &d.vid) && take_hex16(j, "pid", &d.pid) &&
	       take_text(j, "serial", d.serial, sizeof(d.serial));
	json_decref(j);
	if (!good)
		return err_set(e, -EINVAL, "a device without port, vid, pid and serial");
	*ret = d;
	return 0;
}

/* "NAME-N/" at the beginning: N, and *path behind it.  0: it does not begin so. */
static unsigned take_prefix(const char **path, const char *name)
{
	size_t len = strlen(name), digits;
	unsigned n;

	if (strncmp(*path, name, len) != 0)
		return 0;
	digits = strspn(*path + len, "0123456789");
	if (digits == 0 || digits > 2 || (*path)[len + digits] != '/')
		return 0;
	n = (unsigned)strtoul(*path + len, NULL, 10);
	*path += len + digits + 1;
	return n;
}

/* What the kernel shows under another name than dock-lister cannot be named to it. */
static bool is_plain(const char *path)
{
	return strchr(path, '\\') == NULL && name_is_path((const uint8_t *)path, strlen(path));
}

int request_parse_file(const char *line, size_t len, struct request_file *ret, struct err *e)
{
	char blob[DIGEST_HEX_SIZE], path[REQUEST_PATH_MAX + 1];
	struct request_file f = { .unit = 0 };
	json_t *j = parse(line, len, e), *size;
	const char *rest = path;
	unsigned unit;
	bool good;

	if (j == NULL)
		return -EINVAL;
	size = json_object_get(j, "size");
	good = take_text(j, "path", path, sizeof(path)) && json_is_integer(size) &&
	       json_integer_value(size) >= 0 && take_text(j, "blob", blob, sizeof(blob)) &&
	       digest_parse(blob, strlen(blob), &f.blob) == 0;
	f.size = good ? (uint64_t)json_integer_value(size) : 0;
	json_decref(j);
	if (!good)
		return err_set(e, -EINVAL, "a file without path, size and blob");
	unit = take_prefix(&rest, "unit-");
	f.unit = unit > 0 ? unit - 1 : 0;
	f.partition = take_prefix(&rest, "partition-");
	if (f.unit >= REQUEST_UNITS_MAX || f.partition > REQUEST_PARTITIONS_MAX)
		return err_set(e, -EINVAL, "there is no such unit or partition: %s", path);
	if (!is_plain(rest))
		return err_set(e, -EINVAL, "a name that cannot be written as the kernel shows it,"
			       " clear it by hand: %s", path);
	memcpy(f.path, rest, strlen(rest) + 1);
	*ret = f;
	return 0;
}
