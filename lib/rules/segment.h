/*
 * The verdicts on one file and its sidecar, and the findings they make.
 * Pure; any thread.
 */
#ifndef RULES_SEGMENT_H
#define RULES_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "format/manifest.h"
#include "format/minisign.h"
#include "rules/finding.h"

/* Unsigned comes first, so that a struct of zeros vouches for nothing. */
enum signature_verdict { SIGNATURE_UNSIGNED, SIGNATURE_VALID, SIGNATURE_INVALID,
			 SIGNATURE_KEY_UNKNOWN, SIGNATURE_KEY_REVOKED };
enum digest_verdict { DIGEST_NOT_CLAIMED, DIGEST_OK, DIGEST_BAD };

const char *signature_verdict_name(enum signature_verdict v);
const char *digest_verdict_name(enum digest_verdict v);

/* An enrolled key of the recorder. */
struct recorder_key {
	struct minisign_public_key key;
	int64_t from_ms, to_ms;		/* validity, half-open; to_ms INT64_MAX: open */
	int64_t revoked_ms;		/* INT64_MAX: not revoked */
};

enum { RECORDER_KEYS_MAX = 16 };

/* Everything known about one sidecar. */
struct sidecar {
	const uint8_t *bwm;		/* NULL: there is none */
	size_t bwm_len;
	const uint8_t *minisig;		/* NULL: there is none */
	size_t minisig_len;

	/* filled by sidecar_verify */
	bool parsed;			/* m is filled, its claims may be shown */
	struct manifest m;
	struct digest address;		/* of bwm */
	bool has_signature;		/* sig is filled */
	struct minisign_signature sig;
	enum signature_verdict verdict;
	char why[240];			/* in words, "" when valid */
};

/*
 * Parse both and judge the signature.
 *
 *	UNSIGNED	no manifest, or a manifest without signature file
 *	INVALID		the manifest or the signature file does not parse, the
 *			signature fails, the manifest speaks of another device, a
 *			signature file stands alone though the recorder has a key
 *	KEY_UNKNOWN	no enrolled key has the signature's id, or that key was not
 *			in its period at the claimed time
 *	KEY_REVOKED	revoked at the claimed time
 *
 * The claimed time is the segment's end or the event's; for an inventory, and
 * for a segment whose clock was never set, it is the time of docking.
 */
void sidecar_verify(struct sidecar *s, const char *recorder, const struct recorder_key *keys,
		    size_t n_keys, int64_t docked_ms);

/* One file as it was stored. */
struct segment_seen {
	const char *recorder;
	const char *segment;		/* UUID */
	const char *path;		/* as shown to people */
	const char *name;		/* its last component: a manifest must speak of it */
	uint64_t size;
	struct digest blob;
	int64_t stored_ms;
};

/*
 * The digest verdict, and findings checksum_mismatch, signature_invalid,
 * signature_missing (the recorder has a key, the segment no signed manifest),
 * key_unknown, empty_file.  A manifest that names another file claims nothing
 * of this one: DIGEST_NOT_CLAIMED.
 */
enum digest_verdict segment_judge(const struct segment_seen *seen, const struct sidecar *s,
				  bool recorder_has_key, struct findings *out);

/*
 * May this content be the file of that name that lies beside the sidecar?  Not
 * when a valid manifest of that very file claims other content: what looks like
 * a file that was stored may be the original of one that was altered.
 */
bool segment_may_be(const struct sidecar *s, const char *name, const struct digest *blob);

/* The same findings for a sidecar whose media is not on the card; path is the sidecar's. */
void sidecar_judge(const char *recorder, const char *path, const struct sidecar *s,
		   bool recorder_has_key, int64_t docked_ms, struct findings *out);

#endif
