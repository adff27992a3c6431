/*
 * Names in a vault that is a directory, for those who read and keep it without the store's backend.
 * Private to lib/vault.
 */
#ifndef VAULT_VAULT_DIR_H
#define VAULT_VAULT_DIR_H

#include <dirent.h>
#include <stdbool.h>

#include "base/err.h"
#include "vault/vault.h"

/* Beside objects/: bytes that were not what their name said, "<64 hex>.<n>". */
#define VAULT_ASIDE "aside"

/* For AUTO(). */
void vault_closep(int *fd);
void vault_closedirp(DIR **d);

/* -errno, with the sentence that the path cannot be read. */
int vault_unreadable(const char *path, struct err *e);

/* Is there a store in dir at all?  Keeps errno. */
bool vault_has_objects(const char *dir);

/* -ENOENT: it is not there, or not mounted, and so says nothing of its blobs. */
int vault_not_mounted(const char *dir, struct err *e);

/* The directory `path` below at, NULL with errno when it is none; symbolic links are none. */
DIR *vault_open_dir(int at, const char *path);

/* The next name but . and ..; NULL with errno 0 at the end. */
const char *vault_next_name(DIR *d);

/*
 * A blob's file, opened for reading.  1: *ret_fd is it; 0: there is no such file, and ret says what
 * there is.  ret_path: VAULT_PATH_MAX bytes.  The caller closes *ret_fd, which was -1, either way.
 */
int vault_open_blob(const char *dir, const struct digest *address, char *ret_path,
		    struct vault_read *ret, int *ret_fd, struct err *e);

/*
 * Digests and size of an open file; ret's verdict is left as it is.  also (may be NULL) gets each
 * block besides, in order; what it returns, when negative, ends it.
 */
int vault_digest_fd(int fd, const char *path, const struct vault_reading *how,
		    int (*also)(void *data, const uint8_t *p, size_t len, struct err *e),
		    void *also_data, struct vault_read *ret, struct err *e);

/* Take the immutable attribute away, if there is one.  0 or a negative errno. */
int vault_set_mutable(int fd);

#endif
