/*
 * age-drive - lib/age by hand: seals files, and makes keys.
 *
 *	age-drive keygen			an identity, as age-keygen writes it
 *	age-drive seal -r RECIPIENT|-R FILE|-p PASSPHRASE-FILE IN OUT
 *
 * Opening is `vaultctl unseal`.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "vaultctl/sealed.h"

enum { PIECE = 1024 * 1024 };

static int keygen(void)
{
	char *text = sodium_malloc(AGE_IDENTITY_SIZE), shown[AGE_RECIPIENT_SIZE];
	struct age_recipient r;
	struct err e;

	if (text == NULL || age_identity_new(text, &r, &e) < 0)
		return EXIT_FAILURE;
	age_recipient_text(&r, shown);
	printf("# public key: %s\n%s\n", shown, text);
	sodium_free(text);
	return EXIT_SUCCESS;
}

static int copy(int from, struct sealed_file *s, struct err *e)
{
	uint8_t *piece = malloc(PIECE);
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(from, piece, PIECE)) != 0)
		r = n < 0 ? err_set(e, -errno, "read: %s", strerror(errno)) :
			sealed_put(s, piece, (size_t)n, e);
	free(piece);
	return r;
}

static int seal(const char *option, const char *value, const char *in, const char *out,
		struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(64 * 1024);
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	struct secret passphrase = { .p = NULL };
	struct sealed_for f = { .recipients = recipients, .passphrase = &passphrase };
	struct sealed_file *s = NULL;
	int r, from = -1;

	if (strcmp(option, "-r") == 0) {
		f.n = 1;
		r = age_recipient_parse(value, strlen(value), recipients, e);
	} else if (strcmp(option, "-R") == 0) {
		r = file_read(value, &text, e);
		if (r == 0)
			r = age_recipients_parse(text.p, text.len, COUNT(recipients), recipients, &f.n, e);
	} else {
		r = secret_read(value, AGE_PASSPHRASE_MAX, &passphrase, e);
	}
	if (r == 0)
		r = sealed_new(out, 0644, &f, &s, e);
	if (r == 0) {
		from = open(in, O_RDONLY | O_CLOEXEC);
		r = from < 0 ? err_set(e, -errno, "%s: %s", in, strerror(errno)) : copy(from, s, e);
	}
	if (r == 0)
		r = sealed_end(s, e);
	if (from >= 0)
		close(from);
	sealed_free(s);
	secret_clear(&passphrase);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = { 0, "" };

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	if (argc == 2 && strcmp(argv[1], "keygen") == 0)
		return keygen();
	if (argc != 6 || strcmp(argv[1], "seal") != 0) {
		fprintf(stderr, "usage: age-drive keygen | seal -r|-R|-p VALUE IN OUT\n");
		return 2;
	}
	if (seal(argv[2], argv[3], argv[4], argv[5], &e) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "age-drive: %s\n", e.msg);
	return EXIT_FAILURE;
}
