/*
 * What the names of a card tell: numbers that are missing, and files that no
 * recorder makes.  Indications, each with a confidence; one finding a card and
 * kind, with a bounded list in its detail.
 *
 * Pure; any thread.
 */
#ifndef RULES_CARD_NAMES_H
#define RULES_CARD_NAMES_H

#include <stdbool.h>

#include "rules/card.h"

enum { CARD_SAMPLES_MAX = 16 };		/* of a list in a detail */

/*
 * name_gap: numbers missing between two recordings of one device and pattern
 * that no other recording, deleted entry or stored file has.
 *
 * Judged is only a hole whose upper end is not stored yet, so that each is
 * found once; and nothing at all where nothing is stored: the first docking is
 * the baseline.  A counter that starts over (daily, or from its end) is seen by
 * the times, and then only numbers of one day are compared.
 *
 * Of a listing with troubles, where a recording may be that is not listed, it is a
 * notice, with `incomplete` in its detail.
 *
 * 0, or -ENOMEM and nothing was appended.
 */
int card_name_gaps(const struct card *c, struct findings *out);

/*
 * foreign_file, one a kind: program, archive, document, media, other.  A
 * recorder's own are files that match a pattern or lie in its folders, save
 * programs and archives; sidecars, logs and what computers leave on any card
 * are nobody's.  Without patterns only the extension is judged, and only as
 * program, archive or document.
 */
void card_foreign_files(const struct card *c, struct findings *out);

/* Whether only a computer that the card was in leaves such a file, and no recorder. */
bool card_left_by_computer(const char *path);

/* Whether a file, not deleted, is a recording by its name, or where no name is certain by its extension. */
bool card_is_recorded(const struct card *c, const struct listing_file *f);

#endif
