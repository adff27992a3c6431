/*
 * A package is read again before it gets its name, as whoever gets it reads it: it must be a whole
 * bag, and each file what was written.  From the disk rather than from memory, where the kernel can
 * forget its copy: what was handed to the kernel is not yet what a disk keeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "package/bag.h"
#include "package/writing.h"

struct again {
	struct writing *w;
	const char *at;
	int fd;				/* of a sealed file */
	uint64_t done;
};

static int differs(const char *at, const char *path, const char *how, struct err *e)
{
	return err_set(e, -EIO, "%s: %s: read again, it is not what was written (%s): the medium is"
		       " not sound, export to another", at, path, how);
}

static void forget(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0) {
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
}

static void forget_all(const struct writing *w, const char *at)
{
	int dir;
	size_t i;

	if (w->o->form != PACKAGE_FOLDER) {
		forget(AT_FDCWD, at);
		return;
	}
	dir = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; dir >= 0 && i < w->files.n; i++)
		forget(dir, w->files.list[i].path);
	if (dir >= 0)
		close(dir);
}

static void on_progress(void *data, uint64_t done, uint64_t total)
{
	struct again *a = data;

	(void)total;			/* of a set's disc it is what we say as well */
	writing_progress(a->w, (size_t)(done - a->done));
	a->done = done;
}

/* All; as bytes, since the three at the top that no tag manifest names are compared as such. */
static unsigned wants(void *data, const char *path, uint64_t size)
{
	(void)data;
	(void)path;
	(void)size;
	return BAG_BYTES;
}

static bool same(const struct file *f, const struct bag_seen *seen)
{
	uint8_t sha256[32];

	if (f->size != seen->size)
		return false;
	if (f->kind != FILE_TOP)
		return seen->vouched && memcmp(f->digests.sha512, seen->digests->of[BAGIT_SHA512],
					       sizeof(f->digests.sha512)) == 0;
	if (seen->bytes == NULL)
		return false;
	crypto_hash_sha256(sha256, seen->bytes, seen->len);
	return memcmp(f->digests.sha256, sha256, sizeof(sha256)) == 0;
}

static int on_file(void *data, const struct bag_seen *seen, struct err *e)
{
	struct again *a = data;
	struct file *f = files_find(&a->w->files, seen->path);

	if (f == NULL || !same(f, seen))
		return differs(a->at, seen->path, f == NULL ? "new" : "other bytes", e);
	f->seen = true;
	return 0;
}

static int judge(const struct writing *w, const char *at, const struct bag_report *report,
		 struct err *e)
{
	size_t i;

	if (!report->whole)
		return differs(at, report->problems[0].path,
			       bag_fault_name(report->problems[0].fault), e);
	for (i = 0; i < w->files.n; i++)
		if (!w->files.list[i].seen)
			return differs(at, w->files.list[i].path, "missing", e);
	return 0;
}

static ssize_t read_sealed(void *data, void *to, size_t len, uint64_t at)
{
	const struct again *a = data;

	return sealer_read(a->w->sealer, a->fd, to, len, at);
}

/*
 * Its recipient's key is not ours: each byte of the file is what was written, and what was written opens to a
 * whole bag.
 */
static int check_sealed(struct again *a, const struct bag_watch *watch, struct bag_report *report,
			struct err *e)
{
	const struct source_bytes bytes = { read_sealed, a, sealer_size(a->w->sealer) };
	AUTO(source_closep) struct source *source = NULL;
	int r;

	a->fd = open(a->at, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (a->fd < 0)
		return err_set(e, -errno, "%s: cannot be read again: %s", a->at, strerror(errno));
	r = sealer_compare(a->w->sealer, a->fd, e);
	if (r < 0)
		err_prefix(e, "%s", a->at);
	if (r == 0)
		r = source_open_bytes(&bytes, a->at, &source, e);
	if (r == 0)
		r = bag_check_source(source, watch, report, e);
	close(a->fd);
	return r;
}

int readback(struct writing *w, const char *at, struct err *e)
{
	struct again a = { .w = w, .at = at };
	const struct bag_watch watch = { &a, on_progress, wants, on_file, NULL };
	struct bag_report report = { .whole = false };
	int r;

	files_sort(&w->files);
	forget_all(w, at);
	r = w->sealer != NULL ? check_sealed(&a, &watch, &report, e) : bag_check(at, &watch, &report, e);
	if (r == 0)
		r = judge(w, at, &report, e);
	bag_report_clear(&report);
	return r;
}
