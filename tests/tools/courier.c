/*
 * courier - one errand of a custody log, as custodyd runs many.
 *
 *	courier stamp LOG VKEYFILE NAME URL CA				to a time-stamp authority
 *	courier witness LOG VKEYFILE NAME URL WITNESS_VKEYFILE HAS	to a witness
 *
 * Prints "OUTCOME SIZE TIME_MS", and on standard error why, when it is not done.  Exits 0,
 * whatever came of it.
 */
#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "tlog/courier.h"
#include "tlog/keyfile.h"

_Noreturn static void die(const struct err *e)
{
	fprintf(stderr, "courier: %s\n", e->msg);
	exit(EXIT_FAILURE);
}

static int tell(const struct courier_result *r, const struct err *e)
{
	printf("%s %" PRIu64 " %" PRId64 "\n", courier_outcome_text(r->outcome), r->size,
	       r->time_ms);
	if (r->outcome != COURIER_DONE)
		fprintf(stderr, "courier: %s\n", e->msg);
	return EXIT_SUCCESS;
}

static int stamp(char **argv)
{
	const struct courier_authority a = { .name = argv[2], .url = argv[3], .ca = argv[4] };
	struct courier_result r;
	struct err e = { 0, "" };
	struct note_key key;

	if (keyfile_public(argv[1], &key, &e) < 0)
		die(&e);
	courier_stamp(&(struct courier_log){ .dir = argv[0], .key = &key }, &a, &r, &e);
	return tell(&r, &e);
}

static int witness(char **argv)
{
	struct note_key key, witness_key;
	const struct courier_witness w = { .name = argv[2], .url = argv[3], .key = &witness_key };
	struct courier_result r;
	struct err e = { 0, "" };

	if (keyfile_public(argv[1], &key, &e) < 0 || keyfile_public(argv[4], &witness_key, &e) < 0)
		die(&e);
	courier_witness(&(struct courier_log){ .dir = argv[0], .key = &key }, &w,
			strtoull(argv[5], NULL, 10), &r, &e);
	return tell(&r, &e);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int args; int (*run)(char **argv); } commands[] = {
		{ "stamp", 5, stamp }, { "witness", 6, witness },
	};

	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < COUNT(commands); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0 &&
		    argc - 2 == commands[i].args)
			return commands[i].run(argv + 2);
	fputs("usage: courier stamp|witness ...\n", stderr);
	return 2;
}
