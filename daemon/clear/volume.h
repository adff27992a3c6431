/*
 * One volume of the card, mounted by the kernel's own driver in a mount
 * namespace that nobody else sees, and there nosuid, nodev, noexec.
 *
 * Blocking; one volume at a time.
 */
#ifndef CLEAR_VOLUME_H
#define CLEAR_VOLUME_H

#include "base/err.h"

#define VOLUME_TARGET	"/run/dock-clear"

/* Once, before the first volume: the namespace. */
int volume_prepare(struct err *e);

/* *ret_root: the root directory, closed by volume_unmount. */
int volume_mount(const char *node, int *ret_root, struct err *e);

/* 0 when the kernel has written all of it. */
int volume_unmount(int root, struct err *e);

#endif
