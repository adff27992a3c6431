/*
 * What the names on a card claim, file by file: the listing read through the
 * patterns of a model of recorder.  Claims, not facts: a name is what somebody
 * with a card reader wrote.
 *
 * Pure; any thread.
 */
#ifndef RULES_NAMING_H
#define RULES_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/listing.h"
#include "format/pattern.h"

#define NAMING_UNKNOWN	INT64_MIN	/* a time that is not claimed, or by a clock never set */

enum { NAMING_FOLDER_SIZE = 65, NAMING_SHANGHAI_MIN = 480 };

/* How a model of recorder names its files.  All borrowed; zeros but for the zone: nothing known. */
struct naming {
	const struct pattern *patterns;
	size_t n_patterns;
	const char (*folders)[NAMING_FOLDER_SIZE];	/* where it puts them: "DCIM/100MEDIA" */
	size_t n_folders;
	bool certain;			/* a known model's: all it records is so named; else guesses */
	int zone_min;			/* of its clock, minutes east of UTC */
};

enum { NAMED_NOT = 0xff };

struct named {				/* small: there may be 65,536 */
	int64_t start_ms, end_ms;	/* NAMING_UNKNOWN */
	uint64_t sequence;
	uint16_t device_at;		/* the device's place in the path */
	uint8_t device_len;
	uint8_t pattern;		/* which one it matches; NAMED_NOT: none */
	bool has_sequence, important, encrypted;
};

/* Of one path. */
struct named naming_of(const struct naming *n, const char *path);

/* The officer that a path claims; "": none. */
void naming_officer(const struct naming *n, const char *path, char ret[PATTERN_FIELD_MAX + 1]);

/* Of each file of the listing, deleted ones too: n_files of them for free().  NULL: no memory. */
struct named *naming_read(const struct naming *n, const struct listing *l);

/*
 * When the file was recorded, as far as anything claims it: by its name, else
 * by its directory entry.  `named` is its own.  NAMING_UNKNOWN.
 */
int64_t naming_start(const struct naming *n, const struct named *named,
		     const struct listing_file *f);
int64_t naming_end(const struct naming *n, const struct named *named,
		   const struct listing_file *f);

/*
 * Order of series: whose numbers are one counter's, by pattern and device
 * (ASCII letters in either case).  0: the same.
 */
int naming_series_cmp(const struct named *a, const char *path_a, const struct named *b,
		      const char *path_b);

#endif
