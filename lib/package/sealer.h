/*
 * A tar that is sealed on its way to the disk (age/age.h), and read again from there: no byte of it is
 * ever in a file in clear, nor its key outside of this object.
 *
 * Only its recipient opens what was sealed.  To read it again at once the sealer keeps what it sealed
 * with until it is freed: the same chunks, in any order, each authenticated.
 *
 * Units    bytes; places are those of what is in it.
 * Errors   0 or a negative errno and a sentence.  -EIO: what was written is not what is read.
 * Memory   1 MiB, whatever the size.
 * Threads  one at a time; blocking.
 */
#ifndef PACKAGE_SEALER_H
#define PACKAGE_SEALER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "age/age.h"
#include "base/err.h"

/* For whom: a key, or a passphrase where recipient is NULL. */
struct sealer_for {
	const struct age_recipient *recipient;
	const void *passphrase;
	size_t passphrase_len;
};

struct sealer;

int sealer_new(const struct sealer_for *who, struct sealer **ret, struct err *e);
void sealer_free(struct sealer *s);		/* NULL is fine */

/* Append to the file; the last bytes go out with sealer_end(), after which there is only reading.  No sentence. */
int sealer_write(struct sealer *s, int fd, const void *p, size_t len);
int sealer_end(struct sealer *s, int fd);

/* Of the whole sealed file, and of what is in it. */
uint64_t sealer_file_size(const struct sealer *s);
uint64_t sealer_size(const struct sealer *s);
const uint8_t *sealer_sha256(const struct sealer *s);	/* 32 bytes, of the sealed file */

/* The file, from its first byte to its last, is what was written: -EIO. */
int sealer_compare(struct sealer *s, int fd, struct err *e);

/*
 * Up to len of what is in it from `at` on; fewer at the end of a chunk, 0 at the end of all.  A negative errno,
 * without a sentence.
 */
ssize_t sealer_read(struct sealer *s, int fd, void *to, size_t len, uint64_t at);

/* SHA-256 of a file that is open for reading, from its first byte, and its size.  0 or a negative errno. */
int sealer_digest(int fd, uint8_t ret_sha256[32], uint64_t *ret_size);

#endif
