#include "custody/timestamp.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "format/name.h"

enum { NONCE_BYTES = 8, REFUSAL_SHOWN = 100 };

/* ------ what libcrypto owns, freed when its scope ends ------ */

#define FREEP(name, type, fn) \
	static void name(type **p) \
	{ \
		fn(*p); \
	}
FREEP(req_freep, TS_REQ, TS_REQ_free)
FREEP(resp_freep, TS_RESP, TS_RESP_free)
FREEP(imprint_freep, TS_MSG_IMPRINT, TS_MSG_IMPRINT_free)
FREEP(algor_freep, X509_ALGOR, X509_ALGOR_free)
FREEP(integer_freep, ASN1_INTEGER, ASN1_INTEGER_free)
FREEP(bignum_freep, BIGNUM, BN_free)
FREEP(bio_freep, BIO, BIO_free_all)
FREEP(cert_freep, X509, X509_free)
FREEP(certs_freep, STACK_OF(X509), sk_X509_free)
FREEP(usage_freep, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
FREEP(store_freep, X509_STORE, X509_STORE_free)
FREEP(store_ctx_freep, X509_STORE_CTX, X509_STORE_CTX_free)
FREEP(verify_freep, TS_VERIFY_CTX, TS_VERIFY_CTX_free)

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for a time stamp");
}

/* ------ asking ------ */

static bool set_imprint(TS_REQ *req, const void *data, size_t len)
{
	AUTO(imprint_freep) TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	AUTO(algor_freep) X509_ALGOR *algorithm = X509_ALGOR_new();
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256(data, len, hash);
	return imprint != NULL && algorithm != NULL &&
	       X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
	       TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
	       TS_MSG_IMPRINT_set_msg(imprint, hash, sizeof(hash)) == 1 &&
	       TS_REQ_set_msg_imprint(req, imprint) == 1;
}

static bool set_nonce(TS_REQ *req)
{
	AUTO(integer_freep) ASN1_INTEGER *nonce = NULL;
	AUTO(bignum_freep) BIGNUM *number = NULL;
	uint8_t bytes[NONCE_BYTES];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	nonce = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	return nonce != NULL && TS_REQ_set_nonce(req, nonce) == 1;
}

int timestamp_request(const void *data, size_t len, struct buf *to, struct err *e)
{
	AUTO(req_freep) TS_REQ *req = TS_REQ_new();
	uint8_t *at;
	int n;

	if (req == NULL || TS_REQ_set_version(req, 1) != 1 || !set_imprint(req, data, len) ||
	    !set_nonce(req) || TS_REQ_set_cert_req(req, 1) != 1 ||
	    (n = i2d_TS_REQ(req, NULL)) <= 0) {
		ERR_clear_error();
		return no_memory(e);
	}
	at = buf_room(to, (size_t)n);
	if (at == NULL)
		return err_set(e, -ENOBUFS, "no room for a time stamp request of %d bytes", n);
	i2d_TS_REQ(req, &at);
	buf_grew(to, (size_t)n);
	return 0;
}

/* ------ reading the answer ------ */

static const char *const verdicts[] = {
	[TIMESTAMP_GOOD] = "good",
	[TIMESTAMP_REFUSED] = "refused",
	[TIMESTAMP_OTHER_DATA] = "other_data",
	[TIMESTAMP_OTHER_NONCE] = "other_nonce",
	[TIMESTAMP_UNTRUSTED] = "untrusted",
	[TIMESTAMP_EXPIRED] = "expired",
	[TIMESTAMP_WRONG_USAGE] = "wrong_usage",
	[TIMESTAMP_FORGED] = "forged",
};

const char *timestamp_verdict_text(enum timestamp_verdict v)
{
	if ((size_t)v >= COUNT(verdicts))
		BUG("verdict %d on a time stamp", (int)v);
	return verdicts[v];
}

/* What verdicts say why: the code is of no account, the sentence is. */
#define VERDICT(e, v, ...) (err_set(e, -EBADMSG, __VA_ARGS__), (v))

static int parse_answer(const void *answer, size_t len, TS_RESP **ret, struct err *e)
{
	const uint8_t *p = answer;

	if (len > TIMESTAMP_MAX)
		return err_set(e, -EINVAL, "a time stamp of %zu bytes; %d are allowed", len,
			       TIMESTAMP_MAX);
	*ret = d2i_TS_RESP(NULL, &p, (long)len);
	if (*ret == NULL)
		return err_set(e, -EINVAL, "the answer is not a time stamp (RFC 3161)");
	if (p != (const uint8_t *)answer + len)
		return err_set(e, -EINVAL, "%zu bytes follow the time stamp",
			       (size_t)((const uint8_t *)answer + len - p));
	return 0;
}

/*
 * RFC 3161, section 2.4.2: YYYYMMDDhhmmss[.s...]Z.  libcrypto knows the calendar, and drops
 * fractions; what is finer than a millisecond is dropped here.
 */
static int parse_time(const TS_TST_INFO *info, int64_t *ret, struct err *e)
{
	const ASN1_GENERALIZEDTIME *t = TS_TST_INFO_get_time(info);
	const uint8_t *s = ASN1_STRING_get0_data(t);
	int len = ASN1_STRING_length(t), i;
	int64_t ms = 0, unit = 100;
	struct tm tm;

	if (len < 15 || s[len - 1] != 'Z' || (s[14] != 'Z' && s[14] != '.') ||
	    ASN1_TIME_to_tm(t, &tm) != 1)
		return err_set(e, -EINVAL, "the time of the time stamp is not one in UTC");
	for (i = 15; i < len - 1; i++, unit /= 10)
		ms += unit * (s[i] - '0');
	*ret = utc_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			      tm.tm_sec) + ms;
	return 0;
}

/* ------ verdicts, in the order in which they are sought ------ */

static const struct { int bit; const char *name; } failures[] = {
	{ TS_INFO_BAD_ALG, "bad algorithm" },
	{ TS_INFO_BAD_REQUEST, "bad request" },
	{ TS_INFO_BAD_DATA_FORMAT, "bad data format" },
	{ TS_INFO_TIME_NOT_AVAILABLE, "its time is not available" },
	{ TS_INFO_UNACCEPTED_POLICY, "policy not accepted" },
	{ TS_INFO_UNACCEPTED_EXTENSION, "extension not accepted" },
	{ TS_INFO_ADD_INFO_NOT_AVAILABLE, "additional information not available" },
	{ TS_INFO_SYSTEM_FAILURE, "system failure" },
};

static enum timestamp_verdict judge_status(TS_RESP *resp, struct err *e)
{
	AUTO(buf_clear) struct buf why = BUF_INIT(1024);
	const TS_STATUS_INFO *info = TS_RESP_get_status_info(resp);
	const STACK_OF(ASN1_UTF8STRING) *text = TS_STATUS_INFO_get0_text(info);
	const ASN1_BIT_STRING *bits = TS_STATUS_INFO_get0_failure_info(info);
	long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info));

	if (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS)
		return TIMESTAMP_GOOD;
	for (size_t i = 0; bits != NULL && i < COUNT(failures); i++)
		if (ASN1_BIT_STRING_get_bit(bits, failures[i].bit))
			buf_addf(&why, ": %s", failures[i].name);
	if (text != NULL && sk_ASN1_UTF8STRING_num(text) > 0) {
		const ASN1_UTF8STRING *s = sk_ASN1_UTF8STRING_value(text, 0);

		buf_adds(&why, ": ");
		name_add_text(&why, ASN1_STRING_get0_data(s),
			      (size_t)MIN(ASN1_STRING_length(s), REFUSAL_SHOWN));
	}
	return VERDICT(e, TIMESTAMP_REFUSED, "the authority refuses, status %ld%s", status,
		       buf_str(&why));
}

static enum timestamp_verdict judge_imprint(TS_TST_INFO *info, const void *data, size_t len,
					    struct err *e)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
	const ASN1_OCTET_STRING *msg = TS_MSG_IMPRINT_get_msg(imprint);
	uint8_t hash[SHA256_DIGEST_LENGTH];
	const ASN1_OBJECT *algorithm;

	X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
	if (OBJ_obj2nid(algorithm) != NID_sha256)
		return VERDICT(e, TIMESTAMP_OTHER_DATA,
			       "the time stamp is over a digest that is not SHA-256");
	SHA256(data, len, hash);
	if (ASN1_STRING_length(msg) != sizeof(hash) ||
	    memcmp(ASN1_STRING_get0_data(msg), hash, sizeof(hash)) != 0)
		return VERDICT(e, TIMESTAMP_OTHER_DATA, "the time stamp is over other bytes");
	return TIMESTAMP_GOOD;
}

static enum timestamp_verdict judge_nonce(const TS_TST_INFO *info, const TS_REQ *req,
					  struct err *e)
{
	const ASN1_INTEGER *asked = TS_REQ_get_nonce(req);
	const ASN1_INTEGER *answered = TS_TST_INFO_get_nonce(info);

	if (asked == NULL)
		return TIMESTAMP_GOOD;
	if (answered == NULL || ASN1_INTEGER_cmp(asked, answered) != 0)
		return VERDICT(e, TIMESTAMP_OTHER_NONCE,
			       "the time stamp answers another request: its nonce is %s",
			       answered == NULL ? "missing" : "not ours");
	return TIMESTAMP_GOOD;
}

/* RFC 3161, section 2.3.  libcrypto judges what the plain key usage allows. */
static enum timestamp_verdict judge_usage(X509 *signer, struct err *e)
{
	AUTO(usage_freep) EXTENDED_KEY_USAGE *usage = NULL;
	int critical = -1;

	usage = X509_get_ext_d2i(signer, NID_ext_key_usage, &critical, NULL);
	if (usage == NULL)
		return VERDICT(e, TIMESTAMP_WRONG_USAGE, "the authority's certificate has no "
			       "extended key usage that can be read (RFC 3161 section 2.3)");
	if (sk_ASN1_OBJECT_num(usage) != 1 ||
	    OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, 0)) != NID_time_stamp)
		return VERDICT(e, TIMESTAMP_WRONG_USAGE, "the authority's certificate is not for "
			       "time stamping alone (RFC 3161 section 2.3)");
	if (critical != 1)
		return VERDICT(e, TIMESTAMP_WRONG_USAGE, "the authority's certificate is for "
			       "time stamping, and not critically so (RFC 3161 section 2.3)");
	if (X509_check_purpose(signer, X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1)
		return VERDICT(e, TIMESTAMP_WRONG_USAGE, "the authority's certificate has a key "
			       "usage that does not go with time stamping");
	return TIMESTAMP_GOOD;
}

static int judge_chain(X509_STORE *store, X509 *signer, STACK_OF(X509) *certs, int64_t ms,
		       enum timestamp_verdict *ret, struct err *e)
{
	AUTO(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	char when[UTC_TEXT_SIZE];
	int code;

	if (ctx == NULL || X509_STORE_CTX_init(ctx, store, signer, certs) != 1 ||
	    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_TIMESTAMP_SIGN) != 1)
		return no_memory(e);
	*ret = TIMESTAMP_GOOD;
	if (X509_verify_cert(ctx) == 1)
		return 0;
	code = X509_STORE_CTX_get_error(ctx);
	if (code == X509_V_ERR_OUT_OF_MEM)
		return no_memory(e);
	utc_format(ms, when);
	if (code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID)
		*ret = VERDICT(e, TIMESTAMP_EXPIRED, "the authority's certificate does not count "
			       "at the time of the time stamp, %s: %s", when,
			       X509_verify_cert_error_string(code));
	else
		*ret = VERDICT(e, TIMESTAMP_UNTRUSTED, "the authority is not one that is trusted: "
			       "%s", X509_verify_cert_error_string(code));
	return 0;
}

/*
 * All that libcrypto asks of a token, what was found above included: now it can only be the
 * signature, which certificate it covers (RFC 5816), or the authority's name.
 */
static int judge_signature(X509_STORE *store, TS_RESP *resp, enum timestamp_verdict *ret,
			   struct err *e)
{
	AUTO(verify_freep) TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	const char *why;

	if (ctx == NULL || X509_STORE_up_ref(store) != 1)
		return no_memory(e);
	TS_VERIFY_CTX_set_store(ctx, store);
	TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNER | TS_VFY_SIGNATURE);
	*ret = TIMESTAMP_GOOD;
	if (TS_RESP_verify_response(ctx, resp) == 1)
		return 0;
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return no_memory(e);
	why = ERR_reason_error_string(ERR_peek_last_error());
	*ret = VERDICT(e, TIMESTAMP_FORGED, "the signature of the time stamp is not right: %s",
		       why != NULL ? why : "no reason is given");
	return 0;
}

/* ------ the parts together ------ */

/* Asked when a PEM is encrypted: without it libcrypto would ask at the terminal. */
static int no_password(char *buf, int size, int writing, void *data)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

/* Trusted certificates, as they were trusted at that time. */
static int load_store(const char *pem, size_t len, int64_t ms, X509_STORE **ret, struct err *e)
{
	AUTO(store_freep) X509_STORE *store = X509_STORE_new();
	AUTO(bio_freep) BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	size_t n;

	if (store == NULL || bio == NULL)
		return no_memory(e);
	ERR_clear_error();
	for (n = 0;; n++) {
		AUTO(cert_freep) X509 *cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);

		if (cert == NULL)
			break;
		if (X509_STORE_add_cert(store, cert) != 1)
			return no_memory(e);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return err_set(e, -EINVAL, "certificate %zu of those trusted for time stamps "
			       "cannot be read", n + 1);
	if (n == 0)
		return err_set(e, -EINVAL, "no certificate is trusted for time stamps: none in PEM "
			       "is in the file");
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(ms / 1000));
	*ret = TAKE(store);
	return 0;
}

static int parse_request(const void *request, size_t len, TS_REQ **ret, struct err *e)
{
	const uint8_t *p = request;

	*ret = len <= TIMESTAMP_MAX ? d2i_TS_REQ(NULL, &p, (long)len) : NULL;
	if (*ret == NULL || p != (const uint8_t *)request + len)
		return err_set(e, -EINVAL, "the request is not one for a time stamp (RFC 3161)");
	return 0;
}

static int judge_signer(TS_RESP *resp, X509_STORE *store, int64_t ms, enum timestamp_verdict *ret,
			struct err *e)
{
	PKCS7 *token = TS_RESP_get_token(resp);
	AUTO(certs_freep) STACK_OF(X509) *signers = NULL;
	X509 *signer;
	int r;

	if (sk_PKCS7_SIGNER_INFO_num(PKCS7_get_signer_info(token)) != 1)
		return err_set(e, -EINVAL, "a time stamp is signed once, by its authority alone");
	signers = PKCS7_get0_signers(token, NULL, 0);
	if (signers == NULL) {
		*ret = VERDICT(e, TIMESTAMP_UNTRUSTED,
			       "the time stamp does not hold the certificate that signed it");
		return 0;
	}
	signer = sk_X509_value(signers, 0);
	*ret = judge_usage(signer, e);
	if (*ret != TIMESTAMP_GOOD)
		return 0;
	r = judge_chain(store, signer, token->d.sign->cert, ms, ret, e);
	if (r < 0 || *ret != TIMESTAMP_GOOD)
		return r;
	ERR_clear_error();
	return judge_signature(store, resp, ret, e);
}

/* What the token says, before who says it. */
static int judge(TS_RESP *resp, const void *data, size_t data_len, const TS_REQ *req,
		 const char *ca_pem, size_t ca_len, enum timestamp_verdict *ret, int64_t *ret_ms,
		 struct err *e)
{
	AUTO(store_freep) X509_STORE *store = NULL;
	TS_TST_INFO *info;
	int r;

	*ret_ms = 0;
	*ret = judge_status(resp, e);
	if (*ret != TIMESTAMP_GOOD)
		return 0;
	info = TS_RESP_get_tst_info(resp);
	if (TS_TST_INFO_get_version(info) != 1)
		return err_set(e, -EINVAL, "the time stamp is not of version 1");
	r = parse_time(info, ret_ms, e);
	if (r < 0)
		return r;
	*ret = judge_imprint(info, data, data_len, e);
	if (*ret == TIMESTAMP_GOOD && req != NULL)
		*ret = judge_nonce(info, req, e);
	if (*ret != TIMESTAMP_GOOD)
		return 0;
	r = load_store(ca_pem, ca_len, *ret_ms, &store, e);
	return r < 0 ? r : judge_signer(resp, store, *ret_ms, ret, e);
}

int timestamp_check(const void *answer, size_t len, const void *data, size_t data_len,
		    const void *request, size_t request_len, const char *ca_pem, size_t ca_len,
		    enum timestamp_verdict *ret, int64_t *ret_ms, struct err *e)
{
	AUTO(resp_freep) TS_RESP *resp = NULL;
	AUTO(req_freep) TS_REQ *req = NULL;
	enum timestamp_verdict v = TIMESTAMP_FORGED;
	int64_t ms = 0;
	int r;

	r = parse_answer(answer, len, &resp, e);
	if (r == 0 && request != NULL)
		r = parse_request(request, request_len, &req, e);
	if (r == 0)
		r = judge(resp, data, data_len, req, ca_pem, ca_len, &v, &ms, e);
	ERR_clear_error();
	if (r < 0)
		return r;
	*ret = v;
	*ret_ms = ms;
	return 0;
}
