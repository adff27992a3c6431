/* What tests of parsers share. */
#ifndef UNIT_TEXT_RIG_H
#define UNIT_TEXT_RIG_H

#include "base/buf.h"

/* Append base to b, with its first `from` replaced by `to`; an empty `from` is its end. */
void rig_edited(struct buf *b, const char *base, const char *from, const char *to);

#endif
