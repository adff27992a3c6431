/*
 * What vaultctl says, in Chinese and English.
 *
 * Sentences of the program are T_* in the table of text.c; words that come as
 * values from the catalog or from dockd ("released", "violation") are looked up
 * by word().  The texts of findings are rows of the table `rule`, not here.
 */
#ifndef VAULTCTL_TEXT_H
#define VAULTCTL_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"

enum lang { LANG_ZH, LANG_EN };

/* Chinese unless told otherwise: "zh", "en"; NULL: by LC_ALL, LC_MESSAGES, LANG.  -1: neither. */
int lang_choose(const char *option);

void text_language(enum lang l);
enum lang text_language_now(void);

enum text_id {
#define TEXT(id, zh, en) id,
#include "text.def"
#undef TEXT
	TEXTS
};

const char *text(enum text_id id);
const char *text_in(enum lang l, enum text_id id);

/*
 * A text that has conversions, filled in.  Both languages take the same ones in
 * the same order (check_text holds them to it, since no compiler can).  say()
 * adds a newline; text_fill() cuts what does not fit and returns ret.
 */
void say(FILE *to, enum text_id id, ...);
const char *text_fill(char *ret, size_t size, enum text_id id, ...);

/* The word for a value; the value itself when it has none. */
const char *word(const char *value);

/* The word for a kind of subject: "recording" is another thing as a slot's state. */
const char *subject_word(const char *kind);

/* The words for an act of the custody log. */
const char *act_word(const char *act);

/*
 * s as a terminal may have it.  Names from cards came here in the form of
 * format/name.h; what is not of that form (a reason somebody typed, a file
 * somebody put into the vault) is brought into it, so that nothing moves the
 * cursor or forges a line.  text_shown() ends what does not fit into `size`
 * bytes (at least 8) with an ellipsis and returns ret.
 */
void text_add_shown(struct buf *b, const char *s);
const char *text_shown(const char *s, char *ret, size_t size);

/* Columns that s takes on a terminal: East Asian wide characters take two. */
int text_width(const char *s);

#endif
