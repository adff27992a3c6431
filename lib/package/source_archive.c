/*
 * A bag in a tar or on an ISO 9660 image, read by libarchive: no filter (nothing is decompressed),
 * two formats.  Each walk reads it anew; what is not read is skipped by seeking.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "format/bagit.h"
#include "package/source_impl.h"

enum { BLOCK = 1024 * 1024 };

struct archive_source {
	struct source base;
	struct source_bytes bytes;
	int fd;			/* whose they are; -1: the caller's */
	char *name;		/* what the caller calls it */
	uint64_t size;		/* bytes of the whole file */
	uint64_t at;		/* where libarchive reads next */
	uint8_t *block;
	struct archive *a;	/* within a walk */
	locale_t utf8;		/* libarchive converts names to the locale's characters */
	/*
	 * RFC 8493, section 4: a serialization has the bag in one folder; ours has it at the top.
	 * "FOLDER/", or "".
	 */
	char prefix[BAGIT_PATH_MAX + 2];
};

static struct archive_source *archive_of(struct source *s)
{
	return container_of(s, struct archive_source, base);
}

/* ------ what libarchive reads from ------ */

static la_ssize_t on_read(struct archive *a, void *data, const void **ret)
{
	struct archive_source *s = data;
	ssize_t n = s->bytes.read(s->bytes.data, s->block, BLOCK, s->at);

	if (n < 0) {
		archive_set_error(a, (int)-n, "%s", strerror((int)-n));
		return -1;
	}
	s->at += (uint64_t)n;
	*ret = s->block;
	return n;
}

static la_int64_t on_skip(struct archive *a, void *data, la_int64_t ask)
{
	struct archive_source *s = data;
	uint64_t n = MIN((uint64_t)MAX(ask, 0), s->at < s->size ? s->size - s->at : 0);

	(void)a;
	s->at += n;
	return (la_int64_t)n;
}

static la_int64_t on_seek(struct archive *a, void *data, la_int64_t offset, int whence)
{
	struct archive_source *s = data;
	int64_t from = whence == SEEK_SET ? 0 : (int64_t)(whence == SEEK_CUR ? s->at : s->size);
	int64_t to;

	if (__builtin_add_overflow(from, offset, &to) || to < 0 || (uint64_t)to > s->size) {
		archive_set_error(a, EINVAL, "a place outside of the file");
		return ARCHIVE_FATAL;
	}
	s->at = (uint64_t)to;
	return to;
}

static int begin(struct archive_source *s, struct err *e)
{
	struct archive *a = archive_read_new();

	if (a == NULL)
		return err_set(e, -ENOMEM, "no memory to read %s", s->name);
	s->at = 0;
	if (archive_read_support_filter_none(a) != ARCHIVE_OK ||
	    archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_format_iso9660(a) != ARCHIVE_OK ||
	    archive_read_set_read_callback(a, on_read) != ARCHIVE_OK ||
	    archive_read_set_skip_callback(a, on_skip) != ARCHIVE_OK ||
	    archive_read_set_seek_callback(a, on_seek) != ARCHIVE_OK ||
	    archive_read_set_callback_data(a, s) != ARCHIVE_OK ||
	    archive_read_open1(a) != ARCHIVE_OK) {
		err_set(e, -EMEDIUMTYPE, "%s: neither a tar nor an ISO 9660 image, or compressed: "
			"unpack it first", s->name);
		archive_read_free(a);
		return -EMEDIUMTYPE;
	}
	s->a = a;
	return 0;
}

static void finish(struct archive_source *s)
{
	archive_read_free(s->a);
	s->a = NULL;
}

/* 1: a header is in *ret; 0: no more; negative: said why. */
static int next(struct archive_source *s, struct archive_entry **ret, struct err *e)
{
	int r = archive_read_next_header(s->a, ret);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
		return 1;
	if (archive_format(s->a) == 0)
		return err_set(e, -EMEDIUMTYPE, "%s: neither a tar nor an ISO 9660 image, or "
			       "compressed: unpack it first", s->name);
	return err_set(e, -EBADMSG, "%s: the archive is cut off or damaged: %s", s->name,
		       archive_error_string(s->a));
}

/* ------ names ------ */

/*
 * The name without "./" before and "/" behind it, in ret.  False: there is none, or it is longer
 * than a path can be.
 */
static bool clean_name(struct archive_entry *entry, char ret[BAGIT_PATH_MAX + 1])
{
	const char *name = archive_entry_pathname(entry);
	size_t len;

	if (name == NULL)
		return false;
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	len = strlen(name);
	while (len > 1 && name[len - 1] == '/')
		len--;
	if (len > BAGIT_PATH_MAX)
		return false;
	memcpy(ret, name, len);
	ret[len] = '\0';
	return true;
}

static enum source_kind kind_of(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry) != NULL)
		return SOURCE_HARD_LINK;
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:	return SOURCE_FILE;
	case AE_IFDIR:	return SOURCE_FOLDER;
	case AE_IFLNK:	return SOURCE_LINK;
	case AE_IFIFO:	return SOURCE_FIFO;
	case AE_IFSOCK:	return SOURCE_SOCKET;
	default:	return SOURCE_DEVICE;
	}
}

static uint64_t size_of(struct archive_entry *entry)
{
	la_int64_t size = archive_entry_size(entry);

	return size > 0 ? (uint64_t)size : 0;
}

/* ------ walking ------ */

static int visit_one(struct archive_source *s, struct archive_entry *header, source_visit visit,
		     void *data, struct err *e)
{
	struct source_entry entry = { .path = "", .kind = SOURCE_NAMELESS };
	const size_t skip = strlen(s->prefix);
	char path[BAGIT_PATH_MAX + 1];

	if (clean_name(header, path)) {
		if (path[0] == '\0' || strcmp(path, ".") == 0)
			return 0;
		if (skip > 0 && strncmp(path, s->prefix, skip - 1) == 0 && path[skip - 1] == '\0')
			return 0;		/* the folder of the bag itself */
		if (strncmp(path, s->prefix, skip) != 0)
			return err_set(e, -ESTALE, "%s: changed while it was read", s->name);
		entry.path = path + skip;
		entry.kind = kind_of(header);
		entry.size = entry.kind == SOURCE_FILE ? size_of(header) : 0;
	}
	return visit(data, &s->base, &entry, e);
}

static int archive_walk(struct source *base, source_visit visit, void *data, struct err *e)
{
	struct archive_source *s = archive_of(base);
	struct archive_entry *header;
	locale_t before = uselocale(s->utf8);
	int r = begin(s, e);

	while (r == 0 && (r = next(s, &header, e)) == 1)
		r = visit_one(s, header, visit, data, e);
	finish(s);
	uselocale(before);
	return r;
}

static ssize_t archive_read(struct source *base, void *to, size_t len, struct err *e)
{
	struct archive_source *s = archive_of(base);
	size_t got = 0;
	la_ssize_t n;

	while (got < len) {
		n = archive_read_data(s->a, (char *)to + got, len - got);
		if (n < 0)
			return err_set(e, -EBADMSG, "%s: the archive is cut off or damaged: %s",
				       s->name, archive_error_string(s->a));
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* ------ opening ------ */

/* What one look at all headers tells. */
struct survey {
	uint64_t entries, bytes;
	bool declared;			/* bagit.txt is at the top */
	bool inside;			/* and in the folder */
	bool several;			/* more than one thing is at the top */
	char folder[BAGIT_PATH_MAX + 1];	/* the first thing there */
};

static void look_at(struct survey *v, const char *path)
{
	const char *slash = strchrnul(path, '/');
	const size_t n = (size_t)(slash - path);

	if (path[0] == '\0' || strcmp(path, ".") == 0)
		return;
	v->declared = v->declared || strcmp(path, "bagit.txt") == 0;
	if (v->folder[0] == '\0') {
		memcpy(v->folder, path, n);
		v->folder[n] = '\0';
	}
	if (strlen(v->folder) != n || strncmp(v->folder, path, n) != 0)
		v->several = true;
	v->inside = v->inside || strcmp(slash, "/bagit.txt") == 0;
}

static int survey(struct archive_source *s, struct err *e)
{
	struct survey v = { .folder = "" };
	struct archive_entry *header;
	char path[BAGIT_PATH_MAX + 1];
	int r = begin(s, e);

	while (r == 0 && (r = next(s, &header, e)) == 1) {
		r = 0;
		v.bytes += MIN(size_of(header), s->size + 1);
		if (++v.entries > SOURCE_ENTRIES_MAX)
			r = err_set(e, -E2BIG, "%s: more than %d files and folders", s->name,
				    SOURCE_ENTRIES_MAX);
		else if (v.bytes > s->size)
			r = err_set(e, -EBADMSG, "%s: its files claim more bytes than the %" PRIu64
				    " that the archive has: it is cut off, or made up", s->name, s->size);
		else if (clean_name(header, path))
			look_at(&v, path);
	}
	finish(s);
	if (r == 0 && !v.declared && !v.several && v.inside && strcmp(v.folder, "data") != 0 &&
	    bagit_check_path(v.folder, strlen(v.folder)) == BAGIT_PATH_GOOD)
		snprintf(s->prefix, sizeof(s->prefix), "%s/", v.folder);
	return r;
}

static void archive_close(struct source *base)
{
	struct archive_source *s = archive_of(base);

	if (s->utf8 != (locale_t)0)
		freelocale(s->utf8);
	if (s->fd >= 0)
		close(s->fd);
	free(s->block);
	free(s->name);
	free(s);
}

/* fd: -1, or taken whatever the outcome. */
static int open_bytes(const struct source_bytes *bytes, int fd, const char *path, struct source **ret,
		      struct err *e)
{
	struct archive_source *s = calloc(1, sizeof(*s));
	locale_t before;
	int r;

	if (s == NULL) {
		if (fd >= 0)
			close(fd);
		return err_set(e, -ENOMEM, "no memory to read %s", path);
	}
	s->base = (struct source){ archive_walk, archive_read, archive_close };
	s->bytes = *bytes;
	s->fd = fd;
	if (fd >= 0)
		s->bytes.data = &s->fd;
	s->name = strdup(path);
	s->block = malloc(BLOCK);
	s->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	s->size = bytes->size;
	if (s->name == NULL || s->block == NULL || s->utf8 == (locale_t)0) {
		r = err_set(e, -ENOMEM, "no memory or no C.UTF-8 to read %s", path);
	} else {
		before = uselocale(s->utf8);
		r = survey(s, e);
		uselocale(before);
	}
	if (r < 0) {
		archive_close(&s->base);
		return r;
	}
	*ret = &s->base;
	return 0;
}

static ssize_t read_file(void *data, void *to, size_t len, uint64_t at)
{
	const int *fd = data;
	ssize_t n;

	do
		n = pread(*fd, to, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int source_archive_open(int fd, const char *path, struct source **ret, struct err *e)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	const struct source_bytes bytes = { .read = read_file, .size = (uint64_t)MAX(size, 0) };

	if (size < 0) {
		err_set(e, -errno, "%s: %s", path, strerror(errno));
		close(fd);
		return -EIO;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return open_bytes(&bytes, fd, path, ret, e);
}

int source_open_bytes(const struct source_bytes *bytes, const char *path, struct source **ret, struct err *e)
{
	return open_bytes(bytes, -1, path, ret, e);
}
