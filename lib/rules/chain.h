/*
 * What a recorder's manifests, put side by side, say about what is missing,
 * doubled, out of order or re-dated (regulation Art. 12, 35; late storing: 32).
 *
 * Judged are the manifests of one recorder that a dock session touched and
 * their stored neighbours (RECORDS.md, chain_context).  Only manifests with a
 * valid signature are judged against one another; one without fills its place
 * (no gap is claimed where a forged sidecar claims to be), since its own
 * finding says already what is wrong.
 *
 * The neighbours that chain_context must give, or holes are claimed that are
 * none:  for every touched manifest
 *	- all stored manifests of its recording (same rec);
 *	- all with the same dseq;
 *	- downwards and upwards in dseq, everything up to and with the nearest
 *	  valid segment;
 *	- all segments that claim the same media digest.
 * Touched is a manifest that the session saw on the card, stored before or not.
 *
 * Rules in words: DESIGN.md beside this file.  Pure; any thread.
 */
#ifndef RULES_CHAIN_H
#define RULES_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "format/manifest.h"
#include "rules/finding.h"

enum { CHAIN_PATH_MAX = 255 };

struct chain_item {
	struct digest manifest;		/* BLAKE2b-256 of the .bwm */
	enum manifest_kind kind;
	bool valid;			/* signature valid under an enrolled key */
	bool touched;			/* by this session, not a neighbour */
	uint64_t dseq;
	struct digest prev;
	/* kind segment */
	char rec[37];
	uint64_t seq;
	int64_t start_ms, end_ms;
	bool clock_unset;		/* the wall clock was never set: these two say nothing */
	uint64_t boot, mono_start_ms, mono_end_ms;
	bool last;
	enum manifest_end end;
	struct digest media;		/* as claimed */
	bool has_media;			/* a segment with this manifest is stored */
	int64_t stored_ms;		/* of that segment, the first time; 0: none */
	char path[CHAIN_PATH_MAX + 1];	/* for the detail; cut when longer */
};

/* A recording without manifests, judged for lateness alone; time is a claim of the directory. */
struct chain_unsigned {
	char recording[37];
	char segment[37];
	int64_t end_ms;
	int64_t stored_ms;
	const char *path;
};

struct chain_limits {			/* parameters of the rules, defaults in chain_limits_default */
	int64_t late_ms;		/* 24 h: exactly that is in time */
	int64_t gap_continuous_ms;	/* 2 s: up to that is continuous */
	int64_t gap_notice_ms;		/* 5 s: up to that is a notice, more is the rule's severity */
	int64_t overlap_ms;		/* 2 s */
	int64_t clock_jump_ms;		/* 2 s */
	int64_t drift_ms;		/* 30 s: up to that ahead of the dock is nothing */
	int64_t drift_warning_ms;	/* 5 min: up to that is the rule's severity, more a violation */
};
extern const struct chain_limits chain_limits_default;

/*
 * Append the findings.  items are sorted in place.
 *
 * complete: the session took in everything it planned (outcome `released`).
 * Otherwise what is not there may only not have come yet, so nothing is said
 * to be missing: no gap in numbers, no unfinished.  The next session sees the
 * same manifests again and says it.
 *
 * 0, or -ENOMEM: not judged, nothing was appended.
 */
int chain_judge(const char *recorder, bool complete, struct chain_item *items, size_t n,
		const struct chain_unsigned *plain, size_t n_plain,
		const struct chain_limits *limits, struct findings *out);

#endif
