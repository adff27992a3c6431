/*
 * The records of lib/catalog/RECORDS.md as JSON, and the names derived from
 * bytes that they carry.  `v`, `station` and, where a record names none itself,
 * `session` are added by the clerk.
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

enum {
	RECORD_UUID_SIZE = 37,
	RECORD_PROBE = 64 * 1024,
	RECORD_HOLES_MAX = 4096,	/* of one segment */
	RECORD_FAULTS_MAX = 64,		/* of one check */
	/* Of `entries`, escaped as JSON does it twice as long, which has to fit into a record. */
	RECORD_ENTRIES_MAX = 500 * 1024,
	RECORD_PARTS_MAX = 64,		/* of one inventory */
	RECORD_NONCE = 32,
};

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

/* A stretch of a file that the card did not give. */
struct record_hole {
	uint64_t offset, size;
};

/* What its name claims: see rules/naming.h. */
struct record_name {
	int64_t start_ms, end_ms;	/* NAMING_UNKNOWN */
	bool important;
	const char *officer;		/* "": not claimed */
};

struct record_segment {
	const char *segment, *recorder, *recording;
	const struct listing_file *file;
	struct digest blob, fingerprint;
	int64_t stored_ms;
	const struct sidecar *sidecar;	/* verified; ->bwm NULL: none */
	const struct record_name *name;	/* NULL: it claims nothing */
	int zone_min;			/* of the directory's claims, minutes east of UTC */
	bool manifest_kept;		/* sidecar->address is a blob */
	enum digest_verdict digest;
	const struct record_seal *seal;	/* NULL: signed by the recorder */
	bool imported;			/* not from a recorder at the dock */
	const struct record_hole *holes;	/* n_holes, at most RECORD_HOLES_MAX */
	size_t n_holes;
	const struct findings *findings;
};

/* The check before use.  What could not be learned is said so, not left at 0. */
struct record_check {
	const char *session;		/* of which it speaks; NULL: the journal's own */
	const char *recorder;
	const char *phase;		/* "dock", "ready", "undock" */
	int64_t at_ms;
	int battery;			/* percent; negative: unknown */
	bool has_space;
	uint64_t free, capacity;	/* bytes */
	bool has_clock;
	int64_t clock_offset_ms;	/* device less dock */
	uint64_t clock_uncertainty_ms;
	bool clock_set;			/* in this session */
	const char *const *faults;	/* sentences; n_faults, at most RECORD_FAULTS_MAX */
	size_t n_faults;
	const struct findings *findings;
};

/* What a person brought in place of a recorder.  "": not said. */
struct record_import {
	int64_t at_ms;
	const char *kind;		/* "folder", "image", "file" */
	const char *source, *by, *officer, *unit, *case_no, *reason, *class;
};

/* One part of the card ledger. */
struct record_inventory {
	const char *recorder;
	int64_t at_ms;
	unsigned part, parts;		/* part < parts <= RECORD_PARTS_MAX */
	uint64_t files;			/* of the whole ledger */
	const char *entries;		/* UTF-8, at most RECORD_ENTRIES_MAX bytes */
	struct digest blob;
	const struct digest *signature_blob;	/* NULL: none */
};

/* A file that is, or was to be, removed from the recorder. */
struct record_clearing {
	const char *session;		/* as in record_check */
	const char *recorder;
	int64_t at_ms;
	const struct listing_file *file;
	struct digest blob;
};

void record_uuid_random(char ret[RECORD_UUID_SIZE]);
/* kind: "segment" or "recording". */
void record_uuid_derived(const char *kind, const char *recorder, const struct listing_file *f,
			 const struct digest *blob, char ret[RECORD_UUID_SIZE]);

/* head, tail: the first and last RECORD_PROBE bytes, or all of a smaller file.  bwm: NULL, none. */
struct digest record_fingerprint(const struct listing_file *f, const struct digest *bwm,
				 const uint8_t *head, const uint8_t *tail, size_t len);

/* Under which a put of that file from that recorder may be continued in the vault. */
struct digest record_resume_key(const char *recorder, const struct digest *fingerprint);

/* Does the sidecar say when and where in a recording the segment lies? */
bool record_has_times(const struct sidecar *s);

/* usb NULL: an import. */
json_t *record_session(const char *slot, const struct usb_device_info *usb, const char *recorder,
		       int64_t started_ms);
/* disk: NULL, or without units, where the medium is none (MTP).  The first: `card` of the other. */
json_t *record_card(const struct disk_info *disk, const struct listing *l);
json_t *record_listed(int64_t at_ms, const struct disk_info *disk, const struct listing *l,
		      size_t files, uint64_t bytes);
/* from: what it was before the unlock. */
json_t *record_unlocked(int64_t at_ms, const char *model, const struct usb_device_info *from);
json_t *record_import(const struct record_import *i);
json_t *record_check(const struct record_check *c);
/* at_ms: when it was read from the card. */
json_t *record_manifest(const char *recorder, int64_t at_ms, const struct sidecar *s,
			const struct listing_file *bwm, const struct digest *signature_blob,
			const struct findings *findings);
json_t *record_segment(const struct record_segment *r);
json_t *record_inventory(const struct record_inventory *i);
json_t *record_clearing(const struct record_clearing *c);
/* at_ms of c: when it was done, or had failed.  why: NULL, it is gone from the recorder. */
json_t *record_cleared(const struct record_clearing *c, const char *why,
		       const struct findings *findings);
/* session: as in record_check. */
json_t *record_challenge(const char *session, const char *recorder, int64_t at_ms,
			 const uint8_t nonce[RECORD_NONCE], const char *name);
/* Append one record each to an array.  0, or -ENOMEM: then none of it is to be used. */
int record_findings(json_t *records, const struct findings *l);
json_t *record_end(int64_t ended_ms, const char *outcome, const char *reason,
		   const struct record_counts *counts);

#endif
