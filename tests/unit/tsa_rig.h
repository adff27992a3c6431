/*
 * Time-stamp authorities made on the spot, good ones and those with vices that
 * `openssl ts -reply` would not let them have.  Built on libcrypto; failing here ends the test.
 */
#ifndef UNIT_TSA_RIG_H
#define UNIT_TSA_RIG_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/timestamp.h"

/* A certificate and its key; both freed by tsa_clear(). */
struct tsa {
	X509 *cert;
	EVP_PKEY *key;
};

struct tsa_kind {
	const char *name;		/* common name */
	const char *constraints, *usage, *extended;	/* as in openssl.cnf; NULL: without */
	int64_t from, until;		/* validity, seconds since 1970 */
	long serial;
};

/* The kinds that are as they should be, valid at TSA_NOW and TSA_LIFE before and after. */
enum { TSA_NOW = 1795437778, TSA_LIFE = 1000 * 86400 };
#define TSA_TIME	"20261123124258Z"	/* the same, as tokens write it */
#define TSA_TIME_MS	((int64_t)TSA_NOW * 1000)
extern const struct tsa_kind tsa_kind_ca, tsa_kind_signer;

/* Make one that `issuer` signed, or itself when that is NULL, with a key of its own or `key`'s. */
void tsa_make(const struct tsa_kind *kind, const struct tsa *issuer, EVP_PKEY *key,
	      struct tsa *ret);
void tsa_clear(struct tsa *t);		/* for AUTO(), too */

/* Append the certificate in PEM. */
void tsa_pem(const struct tsa *t, struct buf *to);

/* What a time stamp is like; zeroed, it is as it should be but for data and time. */
struct tsa_answer {
	const void *data;
	size_t data_len;
	const struct buf *request;	/* its nonce is answered; NULL: none is */
	const char *time;		/* as in the token: "20261123124258Z" */
	const X509 *inside;		/* another certificate behind the signer's, or NULL */
	const struct tsa *second;	/* signs, too; or NULL */
	X509 *in_its_place;		/* put where the signer's would be; or NULL */
	const char *digest;		/* "SHA512"; NULL: SHA-256 */
	const char *names;		/* whom the token names as the authority; NULL: nobody */
	long version;			/* 0: 1 */
	bool without_certificate, without_signing_certificate;
};

/* Append what this authority answers (DER). */
void tsa_answer(const struct tsa *t, const struct tsa_answer *how, struct buf *to);

/* Append a refusal: status 2, bad algorithm, with this text. */
void tsa_refuse(const char *text, struct buf *to);

/* ------ a request, and who may answer it ------ */

extern const char tsa_data[];		/* what is to be stamped */

struct tsa_cast {
	struct tsa root, between, signer;	/* root signed the other two */
	struct buf ca;			/* root's certificate in PEM */
	struct buf request, other_request, answer;
	struct tsa_answer how;		/* of tsa_cast_answer(); as it should be */
};

void tsa_cast_make(struct tsa_cast *c, const struct tsa_kind *root, const struct tsa_kind *signer);
void tsa_cast_clear(struct tsa_cast *c);	/* for AUTO(), too */
void tsa_cast_answer(struct tsa_cast *c);	/* the signer's, to `answer` */

/* timestamp_check() of all of this. */
int tsa_cast_check(const struct tsa_cast *c, enum timestamp_verdict *ret, int64_t *ret_ms,
		   struct err *e);

#endif
