#include "unit/tsa_rig.h"

#include <check.h>
#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/util.h"

#define MUST(cond)	ck_assert_msg(cond, "libcrypto would not: %s", #cond)

const struct tsa_kind tsa_kind_ca = {
	.name = "Test Root",
	.constraints = "critical,CA:TRUE",
	.usage = "critical,keyCertSign",
	.from = (int64_t)TSA_NOW - TSA_LIFE,
	.until = (int64_t)TSA_NOW + TSA_LIFE,
	.serial = 1,
};
const struct tsa_kind tsa_kind_signer = {
	.name = "Test Authority",
	.constraints = "critical,CA:FALSE",
	.usage = "critical,digitalSignature",
	.extended = "critical,timeStamping",
	.from = (int64_t)TSA_NOW - TSA_LIFE,
	.until = (int64_t)TSA_NOW + TSA_LIFE,
	.serial = 2,
};

static void add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *x;

	if (value == NULL)
		return;
	MUST((x = X509V3_EXT_conf_nid(NULL, ctx, nid, value)) != NULL);
	MUST(X509_add_ext(cert, x, -1) == 1);
	X509_EXTENSION_free(x);
}

static void set_name(X509_NAME *name, const char *common)
{
	MUST(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					(const unsigned char *)common, -1, -1, 0) == 1);
}

void tsa_make(const struct tsa_kind *kind, const struct tsa *issuer, EVP_PKEY *key,
	      struct tsa *ret)
{
	X509 *cert = X509_new();
	const struct tsa *by;
	X509V3_CTX ctx;

	if (key != NULL)
		MUST(EVP_PKEY_up_ref(key) == 1);
	else
		MUST((key = EVP_EC_gen("P-256")) != NULL);
	*ret = (struct tsa){ cert, key };
	by = issuer != NULL ? issuer : ret;
	MUST(cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1);
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), kind->serial) == 1);
	MUST(ASN1_TIME_set(X509_getm_notBefore(cert), kind->from) != NULL);
	MUST(ASN1_TIME_set(X509_getm_notAfter(cert), kind->until) != NULL);
	set_name(X509_get_subject_name(cert), kind->name);
	MUST(X509_set_issuer_name(cert, X509_get_subject_name(by->cert)) == 1);
	MUST(X509_set_pubkey(cert, key) == 1);
	X509V3_set_ctx(&ctx, by->cert, cert, NULL, NULL, 0);
	add_extension(cert, &ctx, NID_basic_constraints, kind->constraints);
	add_extension(cert, &ctx, NID_key_usage, kind->usage);
	add_extension(cert, &ctx, NID_ext_key_usage, kind->extended);
	MUST(X509_sign(cert, by->key, EVP_sha256()) > 0);
}

void tsa_clear(struct tsa *t)
{
	X509_free(t->cert);
	EVP_PKEY_free(t->key);
	*t = (struct tsa){ NULL, NULL };
}

void tsa_pem(const struct tsa *t, struct buf *to)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	MUST(bio != NULL && PEM_write_bio_X509(bio, t->cert) == 1);
	n = BIO_get_mem_data(bio, &p);
	buf_add(to, p, (size_t)n);
	BIO_free(bio);
}

/* ------ what is stamped ------ */

static void set_imprint(TS_TST_INFO *info, const struct tsa_answer *how)
{
	const EVP_MD *md = EVP_get_digestbyname(how->digest != NULL ? how->digest : "SHA256");
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n;

	MUST(md != NULL && EVP_Digest(how->data, how->data_len, hash, &n, md, NULL) == 1);
	MUST(X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL) == 1);
	MUST(TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1);
	MUST(TS_MSG_IMPRINT_set_msg(imprint, hash, (int)n) == 1);
	MUST(TS_TST_INFO_set_msg_imprint(info, imprint) == 1);
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
}

static void set_nonce(TS_TST_INFO *info, const struct buf *request)
{
	const unsigned char *p;
	TS_REQ *req;

	if (request == NULL)
		return;
	p = request->p;
	MUST((req = d2i_TS_REQ(NULL, &p, (long)request->len)) != NULL);
	MUST(TS_TST_INFO_set_nonce(info, TS_REQ_get_nonce(req)) == 1);
	TS_REQ_free(req);
}

static void set_authority(TS_TST_INFO *info, const char *name)
{
	GENERAL_NAME *general;
	X509_NAME *directory;

	if (name == NULL)
		return;
	MUST((general = GENERAL_NAME_new()) != NULL && (directory = X509_NAME_new()) != NULL);
	set_name(directory, name);
	GENERAL_NAME_set0_value(general, GEN_DIRNAME, directory);
	MUST(TS_TST_INFO_set_tsa(info, general) == 1);
	GENERAL_NAME_free(general);
}

static TS_TST_INFO *make_info(const struct tsa_answer *how)
{
	TS_TST_INFO *info = TS_TST_INFO_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_new();

	/* Not ASN1_GENERALIZEDTIME_set_string(), which would check it. */
	MUST(ASN1_STRING_set(time, how->time, -1) == 1);
	MUST(TS_TST_INFO_set_version(info, how->version != 0 ? how->version : 1) == 1);
	MUST(TS_TST_INFO_set_policy_id(info, policy) == 1);
	MUST(ASN1_INTEGER_set(serial, 7) == 1 && TS_TST_INFO_set_serial(info, serial) == 1);
	MUST(TS_TST_INFO_set_time(info, time) == 1);
	set_imprint(info, how);
	set_nonce(info, how->request);
	set_authority(info, how->names);
	ASN1_GENERALIZEDTIME_free(time);
	ASN1_INTEGER_free(serial);
	ASN1_OBJECT_free(policy);
	return info;
}

/* ------ the signature ------ */

/* Which certificate signs: RFC 5816. */
static void add_signing_certificate(PKCS7_SIGNER_INFO *si, X509 *cert)
{
	ESS_SIGNING_CERT_V2 *ess = OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), cert, NULL, 0);
	ASN1_STRING *sequence = ASN1_STRING_new();
	unsigned char *der = NULL;
	int n;

	MUST(ess != NULL && (n = i2d_ESS_SIGNING_CERT_V2(ess, &der)) > 0);
	ASN1_STRING_set0(sequence, der, n);
	MUST(PKCS7_add_signed_attribute(si, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE,
					sequence) == 1);
	ESS_SIGNING_CERT_V2_free(ess);
}

static void add_signer(PKCS7 *token, const struct tsa *t, const struct tsa_answer *how)
{
	PKCS7_SIGNER_INFO *si = PKCS7_add_signature(token, t->cert, t->key, EVP_sha256());

	MUST(si != NULL);
	MUST(PKCS7_add_signed_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
					OBJ_nid2obj(NID_id_smime_ct_TSTInfo)) == 1);
	if (!how->without_signing_certificate)
		add_signing_certificate(si, t->cert);
	if (!how->without_certificate)
		MUST(PKCS7_add_certificate(token, how->in_its_place != NULL ? how->in_its_place :
					   t->cert) == 1);
}

static void set_content(PKCS7 *token)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	PKCS7 *content = PKCS7_new();

	MUST(octets != NULL && content != NULL);
	content->type = OBJ_nid2obj(NID_id_smime_ct_TSTInfo);
	content->d.other = ASN1_TYPE_new();
	ASN1_TYPE_set(content->d.other, V_ASN1_OCTET_STRING, octets);
	MUST(PKCS7_set_content(token, content) == 1);
}

static PKCS7 *sign(const struct tsa *t, const struct tsa_answer *how, TS_TST_INFO *info)
{
	PKCS7 *token = PKCS7_new();
	X509 *inside;
	BIO *bio;

	MUST(token != NULL && PKCS7_set_type(token, NID_pkcs7_signed) == 1);
	MUST(ASN1_INTEGER_set(token->d.sign->version, 3) == 1);
	add_signer(token, t, how);
	if (how->second != NULL)
		add_signer(token, how->second, how);
	if (how->inside != NULL) {
		MUST((inside = X509_dup(how->inside)) != NULL);
		MUST(PKCS7_add_certificate(token, inside) == 1);
		X509_free(inside);
	}
	set_content(token);
	MUST((bio = PKCS7_dataInit(token, NULL)) != NULL);
	MUST(i2d_TS_TST_INFO_bio(bio, info) == 1);
	MUST(PKCS7_dataFinal(token, bio) == 1);
	BIO_free_all(bio);
	return token;
}

static void add_response(TS_RESP *resp, struct buf *to)
{
	int n = i2d_TS_RESP(resp, NULL);
	uint8_t *at;

	MUST(n > 0 && (at = buf_room(to, (size_t)n)) != NULL);
	i2d_TS_RESP(resp, &at);
	buf_grew(to, (size_t)n);
}

void tsa_answer(const struct tsa *t, const struct tsa_answer *how, struct buf *to)
{
	TS_STATUS_INFO *status = TS_STATUS_INFO_new();
	TS_TST_INFO *info = make_info(how);
	TS_RESP *resp = TS_RESP_new();

	MUST(resp != NULL && TS_STATUS_INFO_set_status(status, TS_STATUS_GRANTED) == 1);
	MUST(TS_RESP_set_status_info(resp, status) == 1);
	TS_RESP_set_tst_info(resp, sign(t, how, info), info);
	add_response(resp, to);
	TS_RESP_free(resp);
	TS_STATUS_INFO_free(status);
}

/* By hand: libcrypto has no function that sets the text.  Each length fits into one byte. */
void tsa_refuse(const char *text, struct buf *to)
{
	static const uint8_t rejection[] = { 0x02, 1, 2 }, bad_algorithm[] = { 0x03, 2, 7, 0x80 };
	size_t n = strlen(text), status = sizeof(rejection) + 4 + n + sizeof(bad_algorithm);

	ck_assert_uint_lt(status + 2, 128);
	buf_add(to, (const uint8_t[]){ 0x30, (uint8_t)(status + 2), 0x30, (uint8_t)status }, 4);
	buf_add(to, rejection, sizeof(rejection));
	buf_add(to, (const uint8_t[]){ 0x30, (uint8_t)(n + 2), 0x0c, (uint8_t)n }, 4);
	buf_add(to, text, n);
	buf_add(to, bad_algorithm, sizeof(bad_algorithm));
}

/* ------ a request, and who may answer it ------ */

const char tsa_data[] = "evidence.example/vault-01/custody\n70003\n"
			"vEGKtWGINsDjWWvMZdJZamnhLulRhWmZuT8xWzN168c=\n";

void tsa_cast_clear(struct tsa_cast *c)
{
	tsa_clear(&c->root);
	tsa_clear(&c->between);
	tsa_clear(&c->signer);
	buf_clear(&c->ca);
	buf_clear(&c->request);
	buf_clear(&c->other_request);
	buf_clear(&c->answer);
}

void tsa_cast_make(struct tsa_cast *c, const struct tsa_kind *root, const struct tsa_kind *signer)
{
	struct tsa_kind between = tsa_kind_ca;

	*c = (struct tsa_cast){ .ca = BUF_INIT(65536), .request = BUF_INIT(1024),
			    .other_request = BUF_INIT(1024), .answer = BUF_INIT(2 * 65536) };
	between.name = "Test Intermediate";
	between.serial = 3;
	tsa_make(root, NULL, NULL, &c->root);
	tsa_make(&between, &c->root, NULL, &c->between);
	tsa_make(signer, &c->root, NULL, &c->signer);
	tsa_pem(&c->root, &c->ca);
	ck_assert_int_eq(timestamp_request(tsa_data, strlen(tsa_data), &c->request, NULL), 0);
	ck_assert_int_eq(timestamp_request(tsa_data, strlen(tsa_data), &c->other_request, NULL), 0);
	c->how = (struct tsa_answer){ .data = tsa_data, .data_len = strlen(tsa_data),
				      .time = TSA_TIME, .request = &c->request };
}

void tsa_cast_answer(struct tsa_cast *c)
{
	tsa_answer(&c->signer, &c->how, &c->answer);
}

int tsa_cast_check(const struct tsa_cast *c, enum timestamp_verdict *ret, int64_t *ret_ms,
		   struct err *e)
{
	return timestamp_check(c->answer.p, c->answer.len, tsa_data, strlen(tsa_data), c->request.p,
			       c->request.len, buf_str(&c->ca), c->ca.len, ret, ret_ms, e);
}
