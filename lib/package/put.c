/* Files on their way into a package. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "package/writing.h"

void writing_progress(struct writing *w, size_t len)
{
	w->done += len;
	if (w->o->progress != NULL)
		w->o->progress(w->o->data, w->phase, w->done, w->total);
}

void writing_phase(struct writing *w, enum package_phase phase, uint64_t total)
{
	w->phase = phase;
	w->done = 0;
	w->total = total;
}

enum { DIGESTS = 1u << BAGIT_SHA256 | 1u << BAGIT_SHA512 };

static int begin(struct writing *w, unsigned which, const char *path, uint64_t size, struct err *e)
{
	int r = hasher_begin(w->hasher, which, e);

	w->block = NULL;
	w->filled = 0;
	return r < 0 ? r : w->sink->ops->begin(w->sink, path, size, e);
}

int put_begin(struct writing *w, const char *path, uint64_t size, struct err *e)
{
	return begin(w, DIGESTS, path, size, e);
}

/* Hand on the block.  The sink first: then it is the hasher's. */
static int flush(struct writing *w, struct err *e)
{
	int r = w->sink->ops->write(w->sink, w->block, w->filled, e);

	hasher_add(w->hasher, w->filled);
	w->block = NULL;
	w->filled = 0;
	return r;
}

/* Room for what comes next, at most *len bytes. */
static int room(struct writing *w, uint8_t **ret, size_t *len, struct err *e)
{
	if (w->filled == HASHER_BLOCK) {
		int r = flush(w, e);

		if (r < 0)
			return r;
	}
	if (w->block == NULL)
		w->block = hasher_block(w->hasher);
	*len = MIN(*len, HASHER_BLOCK - w->filled);
	*ret = w->block + w->filled;
	return 0;
}

int put_add(struct writing *w, const void *p, size_t len, struct err *e)
{
	const uint8_t *from = p;
	uint8_t *to;
	size_t n;
	int r;

	for (; len > 0; from += n, len -= n) {
		n = len;
		r = room(w, &to, &n, e);
		if (r < 0)
			return r;
		memcpy(to, from, n);
		w->filled += n;
	}
	return 0;
}

static int end(struct writing *w, struct hasher_digests *ret, struct err *e)
{
	uint8_t *to;
	size_t none = 0;
	int r = room(w, &to, &none, e);		/* so that there is a last block, be it empty */

	if (r == 0)
		r = flush(w, e);
	if (r == 0)
		r = w->sink->ops->end(w->sink, e);
	if (r == 0)
		hasher_end(w->hasher, ret);
	return r;
}

static void take_digests(const struct hasher_digests *h, struct package_digests *ret)
{
	memcpy(ret->sha256, h->of[BAGIT_SHA256], sizeof(ret->sha256));
	memcpy(ret->sha512, h->of[BAGIT_SHA512], sizeof(ret->sha512));
}

int put_end(struct writing *w, const char *path, enum file_kind kind, uint64_t size, struct err *e)
{
	struct hasher_digests h;
	struct package_digests d;
	int r = end(w, &h, e);

	if (r < 0)
		return r;
	take_digests(&h, &d);
	return files_add(&w->files, path, kind, size, &d, e);
}

int put_bytes(struct writing *w, const char *path, enum file_kind kind, const struct buf *b,
	      struct err *e)
{
	int r;

	if (b->failed)
		return err_set(e, -ENOBUFS, "%s: larger than %zu bytes, or no memory", path,
			       b->max);
	r = put_begin(w, path, b->len, e);
	if (r == 0 && b->len > 0)
		r = put_add(w, b->p, b->len, e);
	return r < 0 ? r : put_end(w, path, kind, b->len, e);
}

/* ------ blobs ------ */

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Found out, and it is bad; or it cannot be found out of this blob alone. */
static int not_whole(const struct digest *address, const char *how, struct err *e)
{
	char hex[DIGEST_HEX_SIZE];

	return err_set(e, -EUCLEAN,
		       "blob %s: %s (Art. 33, 35): nothing was exported; run vaultctl verify"
		       " vault, restore it from the backup",
		       digest_hex(address, hex), how);
}

static int open_blob(struct writing *w, const struct digest *address, uint64_t size, int *ret_fd,
		     struct err *e)
{
	struct stat st;
	int r = w->p->source.open(w->p->source.data, address, ret_fd, e);

	if (r == -ENOENT)
		return not_whole(address, "it is not in the vault", e);
	if (r < 0)
		return r;
	if (fstat(*ret_fd, &st) < 0)
		return err_set(e, -errno, "a blob cannot be looked at: %s", strerror(errno));
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
		return not_whole(address, "its size is not the recorded one", e);
	(void)posix_fadvise(*ret_fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

static int copy(struct writing *w, int fd, const struct digest *address, uint64_t size,
		struct err *e)
{
	uint64_t got = 0;
	uint8_t *to;
	size_t len;
	ssize_t n;
	int r;

	do {
		len = HASHER_BLOCK;
		r = room(w, &to, &len, e);
		if (r < 0)
			return r;
		n = read(fd, to, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return not_whole(address, "the disk gives no answer for it", e);
		got += (uint64_t)n;
		w->filled += (size_t)n;
		writing_progress(w, (size_t)n);
	} while (n != 0 && got <= size);
	return got == size ? 0 : not_whole(address, "its size changed", e);
}

int put_blob(struct writing *w, const char *path, const struct digest *address, uint64_t size,
	     struct package_digests *ret, struct err *e)
{
	AUTO(closep) int fd = -1;
	struct hasher_digests h;
	struct package_digests d;
	int r = open_blob(w, address, size, &fd, e);

	if (r == 0)
		r = begin(w, DIGESTS | 1u << HASHER_ADDRESS, path, size, e);
	if (r == 0)
		r = copy(w, fd, address, size, e);
	if (r == 0)
		r = end(w, &h, e);
	if (r < 0)
		return r;
	if (memcmp(h.of[HASHER_ADDRESS], address->b, sizeof(address->b)) != 0)
		return not_whole(address, "the bytes have another address", e);
	take_digests(&h, &d);
	if (ret != NULL)
		*ret = d;
	return files_add(&w->files, path, FILE_PAYLOAD, size, &d, e);
}
