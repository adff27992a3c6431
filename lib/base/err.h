/*
 * A failure: a code for the program, a sentence for the operator.
 *
 * Codes are negative errno values, which on Linux are what libuv calls UV_E*.
 * A sentence is lower case, without full stop, names the object, and says the
 * next step where a person has one.  lib/ fills it in, programs log it.
 *
 * Threads: a struct err belongs to whoever declared it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
	int code;		/* negative errno; 0 when nothing failed */
	char msg[240];		/* NUL-terminated UTF-8, cut when too long */
};

/* Fill e, if any, and return code, so that a failure is one statement. */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "prefix: " in front of the sentence in e, if any; return its code. */
int err_prefix(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
