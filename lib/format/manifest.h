/*
 * The sidecar manifest "bwc-manifest/v1", NAME.bwm: how a recorder (or the
 * dock, for those that sign nothing) vouches for a segment.
 *
 * ASCII, LF, one "key value" a line with one space, at most MANIFEST_MAX bytes,
 * ends with LF.  Which keys, in which order, each once (save `mark`):
 *
 *	bwc-manifest/v1
 *	kind device firmware
 *	segment		rec seq dseq prev start-utc end-utc clock boot mono-start-ms
 *			mono-end-ms officer mark... size last end, and in the form
 *			`cksum -c` of coreutils >= 9.1 reads:
 *			BLAKE2b-256 (NAME.mp4) = <64 hex>
 *			SHA256 (NAME.mp4) = <64 hex>
 *	inventory	dseq prev nonce
 *	event		dseq prev what detail time
 *
 * All are required; only `mark` may be absent or repeated.  Every kind takes a
 * dseq of its own, so that an inventory answered to the dock's challenge proves
 * where the chain ends.  Numbers are 0 to 2^63-1, what the catalog can hold.
 *
 * Pure; any thread.  Bytes given to the parser may be anything.
 */
#ifndef FORMAT_MANIFEST_H
#define FORMAT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

enum { MANIFEST_MAX = 16 * 1024, MANIFEST_ID_MAX = 32, MANIFEST_NAME_MAX = 255,
       MANIFEST_MARKS_MAX = 64, MANIFEST_TEXT_MAX = 200 };

enum manifest_kind { MANIFEST_SEGMENT, MANIFEST_INVENTORY, MANIFEST_EVENT };
enum manifest_clock { MANIFEST_CLOCK_GNSS, MANIFEST_CLOCK_DOCK, MANIFEST_CLOCK_RTC,
		      MANIFEST_CLOCK_UNSET };
enum manifest_end { MANIFEST_END_NONE, MANIFEST_END_BUTTON, MANIFEST_END_BATTERY,
		    MANIFEST_END_FULL, MANIFEST_END_FAULT, MANIFEST_END_DOCK };

struct manifest {
	enum manifest_kind kind;
	char device[MANIFEST_ID_MAX + 1];	/* A-Z a-z 0-9 . _ - */
	char firmware[MANIFEST_ID_MAX + 1];	/* the same characters */
	uint64_t dseq;			/* lifetime counter of the signer, one a manifest */
	struct digest prev;		/* BLAKE2b-256 of the previous .bwm; zeros only at dseq 0 */

	/* MANIFEST_SEGMENT */
	char rec[37];			/* recording id, a lower-case UUID */
	uint64_t seq;			/* from 0 within the recording */
	int64_t start_ms, end_ms;	/* moments (base/utc.h), start <= end is NOT promised */
	enum manifest_clock clock;
	uint64_t boot;
	uint64_t mono_start_ms, mono_end_ms;
	char officer[MANIFEST_ID_MAX + 1];	/* "-" when nobody is assigned */
	int64_t marks[MANIFEST_MARKS_MAX];	/* "mark TIME important" */
	size_t n_marks;
	uint64_t size;
	bool last;			/* 1 = last segment of the recording */
	enum manifest_end end;
	/* Of the media file: printable ASCII without '/'; not ".", "..", nor "-", stdin to cksum. */
	char name[MANIFEST_NAME_MAX + 1];
	struct digest blake2b;
	uint8_t sha256[32];

	/* MANIFEST_INVENTORY: answer to the dock's challenge */
	struct digest nonce;

	/* MANIFEST_EVENT */
	char what[MANIFEST_ID_MAX + 1];		/* the characters of device: "power-on", "clock-set" */
	char detail[MANIFEST_TEXT_MAX + 1];	/* printable, single spaces; "-" when there is none */
	int64_t at_ms;				/* key `time` */
};

/*
 * 0, or -EINVAL (-EFBIG: over MANIFEST_MAX) and a sentence that names the line.
 * Values are checked for shape and range (times 2000-2100, no leading zeros, no
 * overflow), not for sense: a segment that ends before it starts is a finding.
 */
int manifest_parse(const uint8_t *text, size_t len, struct manifest *ret, struct err *e);

/*
 * Append the one text of m; what it writes, manifest_parse reads back equal.
 * -EINVAL: m is not valid, the sentence names the key.  -ENOBUFS: no room in `to`.
 */
int manifest_write(const struct manifest *m, struct buf *to, struct err *e);

/* The words of the format.  The value must be one of the enum. */
const char *manifest_clock_name(enum manifest_clock c);
const char *manifest_end_name(enum manifest_end end);
const char *manifest_kind_name(enum manifest_kind k);

#endif
