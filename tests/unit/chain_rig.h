/*
 * What the tests of rules/chain.h share: a clean life of a recorder, which they
 * change and have judged, and the findings as a text.
 *
 * The life is three recordings of four segments of a minute, one boot, docked
 * soon after.  Item i is segment i % 4 of recording i / 4 and has the lifetime
 * number LIFE_FIRST + i.
 */
#ifndef UNIT_CHAIN_RIG_H
#define UNIT_CHAIN_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "rules/chain.h"

enum {
	LIFE_SEGMENTS = 12, LIFE_ITEMS = 16, LIFE_FIRST = 48213, LIFE_MINUTE = 60000,
	LIFE_PAUSE = 600000,
};

#define LIFE_T0		INT64_C(1795437778123)
#define LIFE_DAY	INT64_C(86400000)

extern const char life_recorder[];

struct life {
	struct chain_item items[LIFE_ITEMS];
	size_t n;
	bool interrupted;
	struct chain_unsigned plain;	/* none while recording is "" */
};

void life_make(struct life *l);

/* The digest of this kind that number i has, the id of recording i. */
struct digest life_digest(const char *kind, unsigned i);
void life_rec(char rec[37], unsigned i);

/* Item i is missing; the first two recordings are neighbours. */
void life_drop(struct life *l, int64_t i);
void life_untouch(struct life *l);

/* Append the findings, which must not fail. */
void life_judge(struct life *l, struct findings *out);

/* Append the findings as one text: "code fact", and a severity that is not the rule's. */
void life_text(const struct findings *l, struct buf *ret);

/* A change to the clean life, and all that is found then, whatever order the items come in. */
struct life_case {
	const char *what;
	void (*change)(struct life *l, int64_t arg);
	int64_t arg;
	const char *found;
};
void life_finds(const struct life_case *c);

/* A change that brings one finding: whose fact it is, and what a person is told. */
struct life_telling {
	void (*change)(struct life *l, int64_t arg);
	int64_t arg;
	enum finding_code code;
	const char *subject;
	double confidence;
	int64_t at_ms;
	const char *key;		/* of the detail */
	int64_t value;
};
void life_tells(const struct life_telling *t);

#endif
