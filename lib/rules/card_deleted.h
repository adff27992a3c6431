/*
 * The deleted entries of a card, and what most likely made each: an indication
 * with a confidence, never proof.  One finding deleted_on_recorder a deleted
 * file, whose detail says the cause and what it was judged by; its deleted
 * sidecars are the same act.
 *
 *	cause		confidence that a recording was removed by somebody
 *	stored		0.1	the dock has it (path, size, time of change):
 *				cleaned after docking.
 *				None at all for one that the dock itself removed
 *	renamed		0.3	a file of the same size and times is there
 *	temporary	0.3	it looks so by its name
 *	loop		0.2	older than every recording that is there, and the card is full
 *			0.4	the same, and nobody knows how full it is
 *	empty		0.5
 *	oldest		0.7	older than every recording that is there, yet the card has room
 *	unclear		0.7	number and time contradict each other: the clock was set
 *				or the counter started over
 *	selective	0.9	a recording that is older is still there
 *	all		0.9	no recording is there at all
 *	unordered	0.9	it claims no time and no number
 *
 * Below 0.9 a warning, below 0.6 a notice.  Pure; any thread.
 */
#ifndef RULES_CARD_DELETED_H
#define RULES_CARD_DELETED_H

#include "rules/card.h"
#include "rules/finding.h"

/* 0, or -ENOMEM and nothing was appended. */
int card_deleted(const struct card *c, struct findings *out);

#endif
