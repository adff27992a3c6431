#include "format/inbox.h"

#include <string.h>
#include <strings.h>

#include "base/util.h"

static const char camera[] = "camera-", unsorted[] = "unsorted";

static const char *const partial[] = { ".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp" };

static bool is_id(const uint8_t *s, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] == '\0' || strchr(letters, s[i]) == NULL)
			return false;
	return len > 0 && len <= INBOX_ID_MAX;
}

static bool begins_with(const uint8_t *s, size_t len, const char *what)
{
	return len >= strlen(what) && memcmp(s, what, strlen(what)) == 0;
}

struct inbox_folder inbox_folder(const uint8_t *name, size_t len)
{
	struct inbox_folder f = { .kind = INBOX_NONE };

	if (len > 0 && name[0] == '.') {
		f.kind = INBOX_OURS;
		return f;
	}
	if (len == strlen(unsorted) && begins_with(name, len, unsorted)) {
		f.kind = INBOX_UNSORTED;
		return f;
	}
	f.kind = INBOX_CASE;
	if (begins_with(name, len, camera)) {
		f.kind = INBOX_CAMERA;
		name += strlen(camera);
		len -= strlen(camera);
	}
	if (!is_id(name, len)) {
		f.kind = INBOX_NONE;
		return f;
	}
	memcpy(f.id, name, len);
	return f;
}

bool inbox_is_partial(const uint8_t *name, size_t len)
{
	size_t i, n;

	if (len > 0 && (name[0] == '.' || name[0] == '~'))
		return true;
	for (i = 0; i < COUNT(partial); i++) {
		n = strlen(partial[i]);
		if (len > n && strncasecmp((const char *)name + len - n, partial[i], n) == 0)
			return true;
	}
	return false;
}
