#include "package/keys.h"

#include <sodium.h>
#include <string.h>

/* SEQUENCE { SEQUENCE { OBJECT IDENTIFIER 1.3.101.112 } BIT STRING of 32 bytes, which follow } */
static const uint8_t spki[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
				0x00 };

void package_pem(const uint8_t key[32], struct buf *to)
{
	uint8_t der[sizeof(spki) + 32];
	char base64[sodium_base64_ENCODED_LEN(sizeof(der), sodium_base64_VARIANT_ORIGINAL)];

	memcpy(der, spki, sizeof(spki));
	memcpy(der + sizeof(spki), key, 32);
	sodium_bin2base64(base64, sizeof(base64), der, sizeof(der), sodium_base64_VARIANT_ORIGINAL);
	buf_addf(to, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", base64);
}
