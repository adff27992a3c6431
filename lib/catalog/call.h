/*
 * One statement on its way to the server and its answer on the way to the
 * callback.  Each ends with a sync of its own, so that one refused says nothing
 * about the next.  Not for other folders.
 *
 * Threads  the thread that runs the loop.
 */
#ifndef CATALOG_CALL_H
#define CATALOG_CALL_H

#include <libpq-fe.h>

#include "catalog/catalog.h"
#include "catalog/statements.h"

struct call {
	struct call *next;
	enum catalog_statement statement;
	union {
		catalog_cb done;
		catalog_recorders_cb recorders;
		catalog_known_cb known;
		catalog_chain_cb chain;
		catalog_ledger_cb ledger;
		catalog_which_cb which;
		catalog_stored_cb stored;
		catalog_count_cb count;
	} cb;
	size_t asked;		/* about how many, where the answer is which of them */
	void *data;
	PGresult *res;		/* NULL: none came yet */
};

/* Send what proto says, in catalog.c, which answers it one day.  As the calls of catalog.h. */
int call_send(struct catalog *c, struct call proto, const char *const *params);

/* Call back with what res holds, a result without error; free call and res. */
void call_answer(struct call *call);

/* Call back with r < 0 and e, and nothing else; free call and res. */
void call_fail(struct call *call, int r, const struct err *e);

#endif
