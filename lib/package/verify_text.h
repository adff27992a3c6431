/*
 * VERIFY.txt: how a stranger checks a package with a POSIX shell, coreutils, minisign and
 * openssl, offline; in Chinese and in English, with the exact commands.
 *
 * Lines of commands begin with VERIFY_COMMAND.  All of them, in order, without it, are a
 * script for sh that ends well exactly when all is right (sh -e).  It works from the top of the
 * package, which may be read-only, and writes below a folder of mktemp -d.
 *
 * Pure; any thread.
 */
#ifndef PACKAGE_VERIFY_TEXT_H
#define PACKAGE_VERIFY_TEXT_H

#include <stdbool.h>

#include "base/buf.h"

#define VERIFY_COMMAND "    $ "

enum { VERIFY_TEXT_MAX = 64 * 1024 };

struct verify_text {
	const char *id, *station;
	bool set;			/* of several discs */
	bool cosigned, stamped;		/* has witnesses; has time stamps */
};

void verify_text_write(const struct verify_text *v, struct buf *to);

#endif
