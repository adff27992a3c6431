/*
 * Any bytes as the answer of a time-stamp authority.  The authority's key is gone:
 * what it signed of these bytes, it signed at one time, so no other may be good.
 */
#include <errno.h>
#include <string.h>

#include "custody/timestamp.h"
#include "fuzz/fuzz.h"

/* What the corpus's tokens are over, when, and whom they are by: tests/unit/tsa_rig.c made them. */
static const char data[] = "evidence.example/vault-01/custody\n70003\n"
			   "vEGKtWGINsDjWWvMZdJZamnhLulRhWmZuT8xWzN168c=\n";
enum { SIGNED_AT = 1795437778 };
static const char ca[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBOTCB4KADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCVRlc3QgUm9v\n"
	"dDAeFw0yNDAyMjcxMjQyNThaFw0yOTA4MTkxMjQyNThaMBQxEjAQBgNVBAMMCVRl\n"
	"c3QgUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEm6qVcJfxqC4rkPCVNG\n"
	"5NYScVsYLNqZzMXCwoBiemHZk2v8bezrDV5+YselWO/Exzvd3iiWsc3gSF3hDMYo\n"
	"5z+jIzAhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49\n"
	"BAMCA0gAMEUCIQDX9IEwJV3uZWq4jnk65FbBynNlyRCxYeNU3EkU20MlbwIgHteZ\n"
	"iq0ITGs7+AAfS9boTC7FKb0FQWBzaRmPgT07l2w=\n"
	"-----END CERTIFICATE-----\n";

static void as_answer(const uint8_t *bytes, size_t len, const void *request, size_t request_len)
{
	enum timestamp_verdict v;
	struct err e = { 0, "" };
	int64_t ms;

	if (timestamp_check(bytes, len, data, strlen(data), request, request_len, ca, strlen(ca),
			    &v, &ms, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return;
	}
	MUST(timestamp_verdict_text(v)[0] != '\0');
	MUST(v == TIMESTAMP_GOOD ? ms / 1000 == SIGNED_AT : e.msg[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char none[] = "-----BEGIN CERTIFICATE-----\nMIIB\n";
	enum timestamp_verdict v;
	int64_t ms;

	as_answer(bytes, len, NULL, 0);
	as_answer(bytes, len, bytes, len);	/* nothing is an answer and a request */
	MUST(timestamp_check(bytes, len, data, strlen(data), NULL, 0, none, strlen(none), &v, &ms,
			     NULL) < 0 || v != TIMESTAMP_GOOD);
	return 0;
}
