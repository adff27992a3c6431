/*
 * Sessions of what people bring (import.h): the import socket, and a place for
 * each import in place of a slot.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 */
#ifndef DOCKD_DOCK_IMPORT_H
#define DOCKD_DOCK_IMPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "session.h"

struct imports;

struct imports_job {
	const struct parts *parts;
	/* As in struct session_job. */
	const char *(*taken)(void *data, const struct session *asking, const char *recorder);
	void (*changed)(void *data);
	void (*over)(void *data);	/* an import's session was freed */
	void *data;
};

/* parts->conf says where the socket is. */
int imports_new(const struct imports_job *job, struct imports **ret, struct err *e);

bool imports_are_busy(const struct imports *l);

/* Append each, as slots are told. */
void imports_view(const struct imports *l, json_t *slots);

/* Take no more, and end those under way: over() comes for each, perhaps from inside. */
void imports_stop(struct imports *l);

/* Not while they are busy; NULL is fine. */
void imports_free(struct imports *l);

#endif
