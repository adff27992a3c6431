/*
 * Removing one file from a mounted card, and no other: the file of this name
 * whose size and every byte are what the vault keeps.  It is read here once
 * more, through the kernel's own driver and not through the code that took it
 * in, at the last moment and through the descriptor whose name is then taken
 * away.
 *
 * Blocking.  Any thread.
 */
#ifndef CLEAR_REMOVE_H
#define CLEAR_REMOVE_H

#include "request.h"

/*
 * root: the card's root directory.  0: the name is gone, and the card was told
 * to make that durable.  Otherwise nothing was removed, and e says why: -ENOENT
 * it is not there; -ESTALE it is another file; -ELOOP it is no ordinary file.
 * -EIO with the name already gone: the card did not confirm it.
 */
int remove_file(int root, const struct request_file *f, struct err *e);

#endif
