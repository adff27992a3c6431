/*
 * RFC 3161 time stamps over a checkpoint: what to ask an authority, and whether
 * what it answered is one.  `openssl ts -verify -data checkpoint -in X.tsr
 * -CAfile ca.pem` says the same.
 *
 * The authority's certificates are judged at the token's own time, not today's: a
 * token outlives the certificate that signed it.  The signer's extended key
 * usage must be time stamping, alone and critical (RFC 3161, section 2.3).  The
 * chain must end in one of the trusted certificates that is its own issuer; those
 * between are taken from the token.  Nobody is asked for revocation lists.
 *
 * Pure but for the nonce (libcrypto); any thread.  What libcrypto said before of
 * errors in this thread is forgotten.  Memory: some multiples of TIMESTAMP_MAX.
 */
#ifndef CUSTODY_TIMESTAMP_H
#define CUSTODY_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	TIMESTAMP_MAX = 64 * 1024,	/* bytes of an answer */
	TIMESTAMP_CA_MAX = 256 * 1024,	/* of the certificates that are trusted, for those who read them */
};

/* Append a TimeStampReq (DER): SHA-256 of data, a nonce of 64 bits, certificates wanted. */
int timestamp_request(const void *data, size_t len, struct buf *to, struct err *e);

enum timestamp_verdict {
	TIMESTAMP_GOOD,
	TIMESTAMP_REFUSED,		/* the authority's answer is a refusal */
	TIMESTAMP_OTHER_DATA,		/* the imprint is of other bytes */
	TIMESTAMP_OTHER_NONCE,		/* an answer to another question */
	TIMESTAMP_UNTRUSTED,		/* no chain to an authority that is trusted, at that time */
	TIMESTAMP_EXPIRED,		/* its certificate was not valid at that time */
	TIMESTAMP_WRONG_USAGE,		/* it is not for time stamping alone, critically */
	TIMESTAMP_FORGED,		/* the signature is not right */
};
/* "good", "other_data", ...: for records and JSON. */
const char *timestamp_verdict_text(enum timestamp_verdict v);

/*
 * Judge the answer (TimeStampResp, DER) over data.  request: the DER that was sent, or NULL when it
 * is long gone.  ca_pem: trusted certificates, one or more.  0 and the first verdict of those above
 * that holds (why: its sentence in e), or -EINVAL: not a time stamp at all, not a request, no
 * certificates.  *ret_ms: the token's time; 0 for a refusal, which has none.
 */
int timestamp_check(const void *answer, size_t len, const void *data, size_t data_len,
		    const void *request, size_t request_len, const char *ca_pem, size_t ca_len,
		    enum timestamp_verdict *ret, int64_t *ret_ms, struct err *e);

#endif
