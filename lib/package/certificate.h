/*
 * The certificate of a package: data/certificate.pdf, in Chinese, for people who judge evidence:
 * what, whose, when, verdicts in words, digests, the log, how to check.
 *
 * The bytes depend on the package alone: the same package makes the same file, on a machine with
 * the same fonts.  Needs a font with Chinese (Debian: fonts-wqy-microhei): -ENOENT without one.
 *
 * Threads  one at a time.
 */
#ifndef PACKAGE_CERTIFICATE_H
#define PACKAGE_CERTIFICATE_H

#include "package/package.h"

/* The objects' digests must be known. */
int certificate_write(const struct package *p, struct buf *to, struct err *e);

#endif
