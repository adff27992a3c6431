/*
 * The records of lib/catalog/RECORDS.md as JSON, and the names derived from
 * bytes that they carry.  `v`, `session` and `station` are added by the clerk.
 *
 * Functions that return json_t return a new reference, NULL when there is no
 * memory.  Pure but for record_uuid_random; any thread.
 */
#ifndef DOCKD_RECORDS_H
#define DOCKD_RECORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "format/listing.h"
#include "recorder/disk.h"
#include "recorder/usb_host.h"
#include "rules/finding.h"
#include "rules/segment.h"

enum { RECORD_UUID_SIZE = 37, RECORD_PROBE = 64 * 1024 };

/* What became of a session's plan. */
struct record_counts {
	uint64_t planned, stored, known, failed;
	uint64_t bytes;			/* of the files stored */
};

/* The dock's own sidecar of a segment. */
struct record_seal {
	struct digest manifest, signature;
	uint64_t dseq;
};

struct record_segment {
	const char *segment, *recorder, *recording;
	const struct listing_file *file;
	struct digest blob, fingerprint;
	int64_t stored_ms;
	const struct sidecar *sidecar;	/* verified; ->bwm NULL: none */
	bool manifest_kept;		/* sidecar->address is a blob */
	enum digest_verdict digest;
	const struct record_seal *seal;	/* NULL: signed by the recorder */
	const struct findings *findings;
};

void record_uuid_random(char ret[RECORD_UUID_SIZE]);
/* kind: "segment" or "recording". */
void record_uuid_derived(const char *kind, const char *recorder, const struct listing_file *f,
			 const struct digest *blob, char ret[RECORD_UUID_SIZE]);

/* head, tail: the first and last RECORD_PROBE bytes, or all of a smaller file.  bwm: NULL, none. */
struct digest record_fingerprint(const struct listing_file *f, const struct digest *bwm,
				 const uint8_t *head, const uint8_t *tail, size_t len);

/*
 * The moment a claim without zone speaks of, read as Shanghai time.  0, -EINVAL (none), or
 * -ERANGE (not in 2000-2100, as after a reset of the recorder's clock).
 */
int record_claim_ms(const char *claim, int64_t *ret_ms);

/* Does the sidecar say when and where in a recording the segment lies? */
bool record_has_times(const struct sidecar *s);

json_t *record_session(const char *slot, const struct usb_device_info *usb, const char *recorder,
		       int64_t started_ms);
json_t *record_listed(int64_t at_ms, const struct disk_info *disk, const struct listing *l,
		      size_t files, uint64_t bytes);
/* at_ms: when it was read from the card. */
json_t *record_manifest(const char *recorder, int64_t at_ms, const struct sidecar *s,
			const struct listing_file *bwm, const struct digest *signature_blob,
			const struct findings *findings);
json_t *record_segment(const struct record_segment *r);
/* Append one record each to an array.  0, or -ENOMEM: then none of it is to be used. */
int record_findings(json_t *records, const struct findings *l);
json_t *record_end(int64_t ended_ms, const char *outcome, const char *reason,
		   const struct record_counts *counts);

#endif
