/*
 * What the machine below the station is like, for vaultctl doctor.
 *
 * Errors   none: what cannot be found out is said as such.
 * Threads  any.
 */
#ifndef VAULTCTL_MACHINE_H
#define VAULTCTL_MACHINE_H

#include <stdint.h>
#include <sys/types.h>

enum machine_answer { MACHINE_NO, MACHINE_YES, MACHINE_UNKNOWN };

/*
 * Is what is written to this block device encrypted by the kernel (dm-crypt), by itself or in
 * every device that it is made of?  sys: /sys.  A file system that is on no block device of its
 * own (an overlay, a network's) is unknown.
 */
enum machine_answer machine_encrypted(const char *sys, dev_t device);

/* The device of the file system that dir is on; 0: none that we know, or dir is not there. */
dev_t machine_device(const char *dir);

/* Is the file system of dir mounted read-only? */
enum machine_answer machine_read_only(const char *dir);

/* Does the kernel say that something keeps its clock right (adjtimex(2))? */
enum machine_answer machine_clock_kept(void);

/*
 * Is the database reached as role by that system user, as a program that runs as them would?
 * Asked by a child that becomes them: root alone can.  UNKNOWN: there is no such user, or we are
 * not root.
 */
enum machine_answer machine_lets_in(const char *conninfo, const char *user, const char *role);

#endif
