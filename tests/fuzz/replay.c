/*
 * replay FILE... - feed each file to the fuzz target this is linked to, as
 * libFuzzer would: in a block of exactly that size, so that a sanitizer sees a
 * read beyond it.  A crash is a crash; the exit status says whether all were fed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "fuzz/fuzz.h"

enum { INPUT_MAX = 1024 * 1024 };

static int feed(const char *path)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(INPUT_MAX);
	uint8_t *exact;
	struct err e;

	if (file_read(path, &b, &e) < 0) {
		fprintf(stderr, "replay: %s\n", e.msg);
		return EXIT_FAILURE;
	}
	exact = malloc(b.len > 0 ? b.len : 1);
	if (exact == NULL)
		return EXIT_FAILURE;
	if (b.len > 0)
		memcpy(exact, b.p, b.len);
	LLVMFuzzerTestOneInput(exact, b.len);
	free(exact);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	int i;

	LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		if (feed(argv[i]) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
