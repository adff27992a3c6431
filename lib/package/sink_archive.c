/* A package in a tar or straight on an ISO 9660 image, by libarchive. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "package/layout.h"
#include "package/sink.h"

struct archived {
	struct sink sink;
	struct archive *archive;
	struct archive_entry *entry;
	struct sealer *sealer;		/* or NULL */
	int fd;
	bool abandoned;			/* nothing more is written */
	char *at;
	char top[PACKAGE_PATH_SIZE];	/* with a slash behind it, or "" */
	time_t made;
};

static int failed(struct archived *a, struct err *e)
{
	int code = archive_errno(a->archive);
	const char *why = archive_error_string(a->archive);

	return err_set(e, code > 0 ? -code : -EIO, "%s: cannot be written: %s", a->at,
		       why != NULL ? why : "libarchive does not say why");
}

static int archived_begin(struct sink *s, const char *path, uint64_t size, struct err *e)
{
	struct archived *a = (struct archived *)s;
	char full[2 * PACKAGE_PATH_SIZE];

	snprintf(full, sizeof(full), "%s%s", a->top, path);
	archive_entry_clear(a->entry);
	archive_entry_set_pathname(a->entry, full);
	archive_entry_set_filetype(a->entry, AE_IFREG);
	archive_entry_set_perm(a->entry, 0444);
	archive_entry_set_size(a->entry, (la_int64_t)size);
	archive_entry_set_mtime(a->entry, a->made, 0);
	return archive_write_header(a->archive, a->entry) == ARCHIVE_OK ? 0 : failed(a, e);
}

static int archived_write(struct sink *s, const void *p, size_t len, struct err *e)
{
	struct archived *a = (struct archived *)s;
	const char *at = p;
	la_ssize_t n;

	while (len > 0) {
		n = archive_write_data(a->archive, at, len);
		if (n <= 0)
			return failed(a, e);
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int archived_end(struct sink *s, struct err *e)
{
	struct archived *a = (struct archived *)s;

	return archive_write_finish_entry(a->archive) == ARCHIVE_OK ? 0 : failed(a, e);
}

static int archived_finish(struct sink *s, struct err *e)
{
	struct archived *a = (struct archived *)s;
	int r;

	if (archive_write_close(a->archive) != ARCHIVE_OK)
		return failed(a, e);
	r = a->sealer != NULL ? sealer_end(a->sealer, a->fd) : 0;
	if (r < 0)
		return err_set(e, r, "%s: cannot be written: %s", a->at, strerror(-r));
	if (fsync(a->fd) < 0)
		return err_set(e, -errno, "%s: cannot be synced: %s", a->at, strerror(errno));
	return 0;
}

/*
 * libarchive frees what it has of an archive when that is closed, and by closing one that is not
 * finished it would write the rest.
 */
static void archived_free(struct sink *s)
{
	struct archived *a = (struct archived *)s;

	a->abandoned = true;
	archive_write_free(a->archive);
	archive_entry_free(a->entry);
	if (a->fd >= 0)
		close(a->fd);
	free(a->at);
	free(a);
}

static la_ssize_t take(struct archive *archive, void *data, const void *p, size_t len)
{
	struct archived *a = data;
	int r = -ECANCELED;

	if (!a->abandoned && a->sealer != NULL)
		r = sealer_write(a->sealer, a->fd, p, len);
	else if (!a->abandoned)
		r = file_write_all(a->fd, p, len);
	if (r == 0)
		return (la_ssize_t)len;
	archive_set_error(archive, -r, "%s", strerror(-r));
	return -1;
}

static int open_file(struct archived *a, struct err *e)
{
	a->fd = open(a->at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (a->fd < 0)
		return err_set(e, -errno, "%s: cannot be made: %s", a->at, strerror(errno));
	if (archive_write_open(a->archive, a, NULL, take, NULL) != ARCHIVE_OK)
		return failed(a, e);
	return 0;
}

static int archived_new(const char *at, int64_t made_ms, struct archived **ret, struct err *e)
{
	static const struct sink_ops ops = { archived_begin, archived_write, archived_end,
					     archived_finish, archived_free };
	struct archived *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to write it", at);
	a->sink.ops = &ops;
	a->fd = -1;
	a->made = (time_t)(made_ms / 1000);
	a->at = strdup(at);
	a->archive = archive_write_new();
	a->entry = archive_entry_new();
	if (a->at == NULL || a->archive == NULL || a->entry == NULL) {
		archived_free(&a->sink);
		return err_set(e, -ENOMEM, "%s: no memory to write it", at);
	}
	*ret = a;
	return 0;
}

/* Open it; or free it, and the reason is in e. */
static int begin(struct archived *a, int set_up, struct sink **ret, struct err *e)
{
	int r = set_up == ARCHIVE_OK ? open_file(a, e) : failed(a, e);

	if (r < 0)
		archived_free(&a->sink);
	else
		*ret = &a->sink;
	return r;
}

int sink_tar_new(const char *at, const char *top, int64_t made_ms, struct sealer *sealer,
		 struct sink **ret, struct err *e)
{
	struct archived *a = NULL;
	int r = archived_new(at, made_ms, &a, e);

	if (r < 0)
		return r;
	snprintf(a->top, sizeof(a->top), "%s/", top);
	a->sealer = sealer;
	/* pax where ustar is not enough, as for files of 8 GiB and more; otherwise plain ustar. */
	return begin(a, archive_write_set_format_pax_restricted(a->archive), ret, e);
}

int sink_iso_new(const char *at, const char *label, int64_t made_ms, struct sink **ret,
		 struct err *e)
{
	struct archived *a = NULL;
	int r = archived_new(at, made_ms, &a, e);

	if (r < 0)
		return r;
	r = archive_write_set_format_iso9660(a->archive);
	if (r == ARCHIVE_OK)
		r = archive_write_set_options(a->archive, "iso-level=3,joliet,rockridge=useful");
	if (r == ARCHIVE_OK)
		r = archive_write_set_format_option(a->archive, "iso9660", "volume-id", label);
	return begin(a, r, ret, e);
}
