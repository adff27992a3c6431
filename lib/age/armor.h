/*
 * An age file as text (C2SP age, "ASCII armor"): strict PEM between "-----BEGIN AGE ENCRYPTED FILE-----" and its end, lines
 * of 64 characters, ended by LF or CRLF; white space before and behind, at most 1,024 bytes of each.  Read only.
 *
 * Pure; any thread; 70 bytes of memory whatever the file's size.
 */
#ifndef AGE_ARMOR_H
#define AGE_ARMOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AGE_ARMOR_SPACE_MAX = 1024 };

struct age_armor {
	enum { ARMOR_BEFORE, ARMOR_BODY, ARMOR_SHORT, ARMOR_BEHIND } state;
	size_t space;			/* white space outside of it, so far */
	size_t held;
	char line[68];
};

/* Does a file that begins so hold armor?  Whatever is no age file is neither. */
bool age_armor_is(const uint8_t *head, size_t len);

/* Begin with zeros.  Pieces of any length; to has len + 48 bytes.  False: it is no armor in the one shape. */
bool age_armor_put(struct age_armor *a, const uint8_t *text, size_t len, uint8_t *to,
		   size_t *ret_len);

/* The file's end: was it whole? */
bool age_armor_end(struct age_armor *a);

#endif
