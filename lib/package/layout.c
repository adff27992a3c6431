#include "package/layout.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

void package_name(unsigned number, const char *recorder, uint64_t seq, char ret[PACKAGE_NAME_SIZE])
{
	if (recorder == NULL)
		snprintf(ret, PACKAGE_NAME_SIZE, "%04u-blob", number);
	else
		snprintf(ret, PACKAGE_NAME_SIZE, "%04u-%s-%" PRIu64, number, recorder, seq);
}

void package_extension(const char *path, char ret[PACKAGE_EXT_SIZE])
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	size_t i, len = dot == NULL ? 0 : strlen(dot + 1);

	snprintf(ret, PACKAGE_EXT_SIZE, "bin");
	if (len == 0 || len >= PACKAGE_EXT_SIZE || (slash != NULL && dot < slash))
		return;
	for (i = 0; i < len; i++)
		if ((unsigned char)dot[1 + i] > 0x7f || !isalnum((unsigned char)dot[1 + i]))
			return;
	for (i = 0; i <= len; i++)
		ret[i] = (char)tolower((unsigned char)dot[1 + i]);
}

void package_label(const char *id, unsigned disc, char ret[PACKAGE_LABEL_SIZE])
{
	char eight[9];
	size_t i;

	snprintf(eight, sizeof(eight), "%.8s", id);
	for (i = 0; eight[i] != '\0'; i++)
		eight[i] = (char)toupper((unsigned char)eight[i]);
	if (disc == 0)
		snprintf(ret, PACKAGE_LABEL_SIZE, "DV_%s", eight);
	else
		snprintf(ret, PACKAGE_LABEL_SIZE, "DV_%s_%02u", eight, disc % 100);
}

int package_image_path(const char *path, unsigned disc, char *ret, size_t size)
{
	size_t len = strlen(path), stem = len;
	int n;

	if (len > 4 && strcasecmp(path + len - 4, ".iso") == 0)
		stem -= 4;
	if (disc == 0)
		n = snprintf(ret, size, "%s", path);
	else
		n = snprintf(ret, size, "%.*s-%02u%s", (int)stem, path, disc, path + stem);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

void package_hex(struct buf *to, const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char two[2];
	size_t i;

	for (i = 0; i < len; i++) {
		two[0] = digits[p[i] >> 4];
		two[1] = digits[p[i] & 15];
		buf_add(to, two, sizeof(two));
	}
}

void package_manifest_line(struct buf *to, const uint8_t *digest, size_t len, const char *path)
{
	package_hex(to, digest, len);
	buf_addf(to, "  %s\n", path);
}

size_t package_manifest_line_len(size_t digest_len, const char *path)
{
	return 2 * digest_len + 2 + strlen(path) + 1;
}

void package_bagit_txt(struct buf *to)
{
	buf_adds(to, "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
}

void package_bag_info(struct buf *to, const struct package_bag *b)
{
	char day[20], label[PACKAGE_LABEL_SIZE];

	utc_format_shanghai(b->made_ms, day);
	buf_addf(to, "Source-Organization: %s\nBagging-Date: %.10s\nExternal-Identifier: %s\n",
		 b->station, day, b->id);
	buf_addf(to, "Payload-Oxum: %" PRIu64 ".%" PRIu64 "\n", b->payload_bytes, b->payload_files);
	buf_addf(to, "Bag-Software-Agent: dockvault %s\n", VERSION);
	if (b->discs > 0)
		buf_addf(to, "Bag-Group-Identifier: %s\nBag-Count: %u of %u\n", b->id, b->disc,
			 b->discs);
	buf_adds(to, "Dockvault-Package: 1\n");
	if (b->discs > 0) {
		package_label(b->id, b->disc, label);
		buf_addf(to, "Dockvault-Disc: %s\n", label);
	}
}
