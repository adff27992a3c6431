/*
 * The control socket of dock-emulator: lines of at most UMOCK_LINE_MAX bytes,
 * each answered by one line, "ok ..." or "error SENTENCE".
 *
 *	dock PORT IMAGE [lun=IMAGE...] [block=512|4096] ...
 *	dock PORT FOLDER mtp=1 ...
 *			[vid=HEX] [pid=HEX] [serial=T] [product=T] [manufacturer=T]
 *			[superspeed=1] [fault=SPEC] [unlock=SPEC locked-as=VID:PID]
 *	undock PORT
 *	event PORT WHAT [ARG]	model_event()
 *	status			ok PORT=CONTENT-BYTES-SENT ...
 *	quit
 *
 * An IMAGE of - is a unit without a medium.  Words are separated by single
 * spaces; %XX in a word is a byte.  The SPECs are in model.h.  A client that
 * sends more than a line at a time is answered in order; one that sends a line
 * too long is closed.
 */
#ifndef EMULATOR_UMOCK_CONTROL_H
#define EMULATOR_UMOCK_CONTROL_H

#include <stdio.h>

#include "emulator/umock.h"

enum { UMOCK_LINE_MAX = 8192, UMOCK_CLIENTS_MAX = 16 };

struct umock_control;

/* Bind path, which must not exist; quit is called from the loop. */
int umock_control_new(const char *path, struct umock_bus *b, void (*quit)(void *data), void *data,
		      struct umock_control **ret, struct err *e);
/* Close clients, unlink the path.  NULL is fine. */
void umock_control_free(struct umock_control *c);

/* The words of a dock line.  umock_dock.c */
int umock_dock(struct umock_bus *b, char *words[], int n, struct err *e);

/* The other end: send one line, copy the answer to `to`.  -EREMOTEIO: it was "error ...". */
int umock_control_send(const char *path, const char *line, FILE *to, struct err *e);

#endif
