/*
 * The watched folder: what the names in it say.
 *
 *	DIR/CASE/FILE		a file of that case; an id as the catalog has them
 *	DIR/unsorted/FILE	of no case yet
 *	DIR/camera-NAME/FILE	of the fixed camera NAME (regulation Art. 5)
 *	DIR/.done/DAY/...	what was taken, DIR/.failed/DAY/... what was refused, with a FILE.why beside it
 *
 * A case whose id is "unsorted" or begins with "camera-" has no folder here: `vaultctl import --case` brings its files.
 *
 * Pure; any thread.  Names may be any bytes.
 */
#ifndef FORMAT_INBOX_H
#define FORMAT_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INBOX_ID_MAX = 32 };		/* of a case, and of a camera */

enum inbox_kind {
	INBOX_OURS,			/* hidden: left alone */
	INBOX_NONE,			/* none of these: what lies in it is refused */
	INBOX_CASE, INBOX_CAMERA, INBOX_UNSORTED,
};

struct inbox_folder {
	enum inbox_kind kind;
	char id[INBOX_ID_MAX + 1];	/* of the case or the camera, else "" */
};

struct inbox_folder inbox_folder(const uint8_t *name, size_t len);

/* Whether a file is left where it is: hidden, or named as programs name what they have not copied yet. */
bool inbox_is_partial(const uint8_t *name, size_t len);

#endif
