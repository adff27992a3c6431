/*
 * copied_off_recorder: signs that a card was read by another computer between two
 * dockings (regulation Art. 35 (3)).  Nobody can see a copy; what is left is the
 * time of the last access, and what computers write on cards that are put into
 * them.  So each is a sign, with a confidence, and below 0.6 a notice.
 *
 *	kind		confidence
 *	accessed	recordings were opened again after they had been written, while
 *			others, which were there as well, were not: see below
 *	traces	0.4	none was, or nothing tells; but files of a computer are there
 *			that were not when the last session ended
 *
 * A recording was opened again when its access lies more than ten minutes behind
 * its change and behind the end of the last session; of a FAT, which keeps no more
 * than the date, the day's first moment is what counts, so that it was a later day
 * in any case.  Neither needs the recorder's clock to be right: what it writes
 * itself has one clock for both times.
 *
 * Recorders that note accesses themselves (an index made at power-on, a check of
 * old files) open whatever lies there.  So it counts how many recordings lay there
 * already when the last was opened, and were not (bystanders):
 *
 *	bystanders	alone	with traces
 *	3 and more	0.7	0.85	0.5 for one recording alone: it may have been played on
 *					the recorder
 *	1, 2		0.5	0.7
 *	none		-	0.5	all were opened, as the recorder may do itself: no sign
 *
 * At most one finding; its fact is the session whose ledger it is held against.
 * What MTP lists has no times of access, and is judged by traces alone.
 *
 * Pure; any thread.
 */
#ifndef RULES_CARD_COPIED_H
#define RULES_CARD_COPIED_H

#include "rules/card.h"
#include "rules/finding.h"
#include "rules/inventory.h"

/* before: the ledger of the last session.  What came before any is nobody's to judge. */
void card_copied(const struct inventory *before, const struct card *c, struct findings *out);

#endif
