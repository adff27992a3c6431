/* Bringing dockd something that a person has: what `import` and `document add` share (cmd_import.c). */
#ifndef VAULTCTL_IMPORT_H
#define VAULTCTL_IMPORT_H

#include <stdbool.h>

#include "ctl.h"

/* How it came out. */
struct import_result {
	char session[64];
	char why[512];			/* what is wrong, in dockd's words; "": nothing */
	bool again;			/* with the moment, not with what was brought */
};

struct import_what {
	const char *path;
	const int *file;		/* open for reading already, and stays the caller's; NULL: path is opened */
	const char *camera;		/* the fixed camera that it is of (Art. 5); NULL: of none */
	const char *recorder, *officer, *unit, *case_id, *class;	/* NULL: not said */
	const char *reason;
	bool image;			/* of a card */
};

/*
 * Hand it to dockd and wait until that has taken it in.  ret: NULL, and how it came out is told
 * on standard output; or what came of it, and nothing is told but what went wrong.  EXIT_GOOD, EXIT_FINDINGS when not all of it could be read, EXIT_USAGE, EXIT_AWAY.
 */
int import_path(struct ctl *c, const struct import_what *what, struct import_result *ret);

/*
 * The segment that it became, as soon as the catalog has it: asked of a statement that gives `segment`.
 * EXIT_GOOD; EXIT_AWAY, which the caller tells: it was not there within a minute, or not alone.
 */
int import_await(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
		 char ret_segment[40]);

#endif
