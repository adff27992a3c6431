/*
 * Plans of disposal as their commands look at them (sql/050, docs/KEEPING.md): the items, a million at
 * most, one by one; and whether the plan still is what was signed.
 *
 * Functions return an exit status (ctl.h), having said why.
 */
#ifndef VAULTCTL_DISPOSAL_H
#define VAULTCTL_DISPOSAL_H

#include "ctl.h"

enum { DISPOSAL_CHUNK = 1000 };		/* items that have a digest of their own */

/* One item, as dv.disposal_item has it; texts are valid during the call. */
struct disposal_item {
	uint64_t number;
	const char *segment, *blob, *size, *rule, *rule_version, *due_on;
};

/*
 * The digest of a plan's items, computed here: SHA-256 of the digests of a thousand lines each, of
 * which one is "SEGMENT BLOB SIZE RULE/VERSION DUE" and a line feed.
 */
struct disposal_digest;
struct disposal_digest *disposal_digest_new(void);	/* NULL: no memory */
/* False: it is not the next one, or has a field that no item has. */
bool disposal_digest_add(struct disposal_digest *d, const struct disposal_item *item);
/* Of all that was added; 64 hex digits. */
void disposal_digest_end(struct disposal_digest *d, char ret_hex[65]);
uint64_t disposal_digest_objects(const struct disposal_digest *d);
void disposal_digest_free(struct disposal_digest *d);	/* NULL is fine */

/* The plan: a new reference to its row (STATEMENT_DISPOSAL_SHOW).  EXIT_USAGE: there is none. */
int disposal_find(struct ctl *c, const char *plan, json_t **ret);

/*
 * Is it what was frozen and signed?  The items are read and their digest made here, the document's digest
 * and signature are checked by this host's key, and what row and document say is compared.  *ret_digest: of the
 * items as they are, also when EXIT_DAMAGE was said.  EXIT_GOOD, EXIT_DAMAGE, EXIT_AWAY.
 */
int disposal_check(struct ctl *c, const json_t *row, char ret_digest[65]);

/* Its rules, as people read them. */
void disposal_print_rules(const json_t *row);

#endif
