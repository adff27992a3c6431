#include "disposal.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "export.h"
#include "format/minisign.h"
#include "table.h"

/* ------ the digest of items ------ */

struct disposal_digest {
	crypto_hash_sha256_state all, chunk;
	uint64_t objects;
};

struct disposal_digest *disposal_digest_new(void)
{
	struct disposal_digest *d = calloc(1, sizeof(*d));

	if (d != NULL) {
		crypto_hash_sha256_init(&d->all);
		crypto_hash_sha256_init(&d->chunk);
	}
	return d;
}

static void end_chunk(struct disposal_digest *d)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_final(&d->chunk, hash);
	crypto_hash_sha256_update(&d->all, hash, sizeof(hash));
	crypto_hash_sha256_init(&d->chunk);
}

bool disposal_digest_add(struct disposal_digest *d, const struct disposal_item *item)
{
	char line[512];
	int n;

	if (item->number != d->objects + 1 || item->segment == NULL || item->blob == NULL ||
	    item->size == NULL || item->rule == NULL || item->rule_version == NULL || item->due_on == NULL)
		return false;
	n = snprintf(line, sizeof(line), "%s %s %s %s/%s %s\n", item->segment, item->blob, item->size,
		     item->rule, item->rule_version, item->due_on);
	if (n < 0 || (size_t)n >= sizeof(line))
		return false;
	crypto_hash_sha256_update(&d->chunk, (const uint8_t *)line, (unsigned long long)n);
	if (++d->objects % DISPOSAL_CHUNK == 0)
		end_chunk(d);
	return true;
}

void disposal_digest_end(struct disposal_digest *d, char ret_hex[65])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	if (d->objects % DISPOSAL_CHUNK != 0)
		end_chunk(d);
	crypto_hash_sha256_final(&d->all, hash);
	sodium_bin2hex(ret_hex, 65, hash, sizeof(hash));
}

uint64_t disposal_digest_objects(const struct disposal_digest *d)
{
	return d->objects;
}

void disposal_digest_free(struct disposal_digest *d)
{
	free(d);
}

/* ------ a plan ------ */

static const char *field(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

int disposal_find(struct ctl *c, const char *plan, json_t **ret)
{
	json_t *rows = NULL;
	int r;

	if (!ctl_is_uuid(plan))
		return ctl_usage(T_NO_PLAN, plan);
	r = ctl_query(c, STATEMENT_DISPOSAL_SHOW, &plan, 1, &rows);
	if (r == EXIT_GOOD && json_array_size(rows) == 0)
		r = ctl_usage(T_NO_PLAN, plan);
	if (r == EXIT_GOOD)
		*ret = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return r;
}

/* What one row of STATEMENT_DISPOSAL_ITEMS adds; one that does not fit makes another digest, and no error. */
static int one_item(void *data, const char *const *values, size_t n)
{
	const struct disposal_item item = { .number = values[0] != NULL ? strtoull(values[0], NULL, 10) : 0,
					    .segment = values[1], .blob = values[2], .size = values[3],
					    .rule = values[4], .rule_version = values[5], .due_on = values[6] };

	(void)n;
	return disposal_digest_add(data, &item) ? 0 : -EBADMSG;
}

static int items_digest(struct ctl *c, const char *plan, char ret_digest[65], uint64_t *ret_objects)
{
	struct disposal_digest *d = disposal_digest_new();
	struct err e = { 0 };
	int r = d == NULL ? err_set(&e, -ENOMEM, "no memory for a plan's items") :
		catalog_sync_each(c->catalog, STATEMENT_DISPOSAL_ITEMS, &plan, 1, one_item, d, &e);

	if (r == 0 || r == -EBADMSG) {
		*ret_objects = disposal_digest_objects(d) + (r != 0 ? 1u : 0u);
		disposal_digest_end(d, ret_digest);
		if (r != 0)
			ret_digest[0] = ret_digest[0] == '0' ? '1' : '0';	/* no plan's digest */
		r = 0;
	}
	disposal_digest_free(d);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* The signature over the document.  EXIT_DAMAGE, having said so: it is none of this host's. */
static int check_signature(struct ctl *c, const json_t *row)
{
	const char *document = field(row, "document"), *text = field(row, "signature");
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct minisign_public_key key;
	struct minisign_signature s;
	struct export x = { .c = c };
	char hex[65];
	int r;

	crypto_hash_sha256(hash, (const uint8_t *)document, strlen(document));
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	if (strcmp(hex, field(row, "sha256")) != 0 ||
	    minisign_parse_signature((const uint8_t *)text, strlen(text), &s, NULL) < 0) {
		say(stderr, T_PLAN_SIGNATURE_BAD, field(row, "plan"));
		return EXIT_DAMAGE;
	}
	r = export_find_own_key(&x, s.id, &key);
	if (r == EXIT_GOOD && !minisign_verify(&key, &s, (const uint8_t *)document, strlen(document))) {
		say(stderr, T_PLAN_SIGNATURE_BAD, field(row, "plan"));
		r = EXIT_DAMAGE;
	}
	return r;
}

static bool says_the_same(const json_t *row, const json_t *document, const char *digest, uint64_t objects)
{
	static const char *const texts[] = { "plan", "day", "digest", "by", "reason", "made_at" };
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		if (strcmp(field(row, texts[i]), field(document, texts[i])) != 0)
			return false;
	return strcmp(field(document, "digest"), digest) == 0 &&
		json_equal(json_object_get(row, "objects"), json_object_get(document, "objects")) &&
		json_equal(json_object_get(row, "bytes"), json_object_get(document, "bytes")) &&
		(uint64_t)json_integer_value(json_object_get(document, "objects")) == objects;
}

int disposal_check(struct ctl *c, const json_t *row, char ret_digest[65])
{
	const char *plan = field(row, "plan");
	json_t *document;
	uint64_t objects = 0;
	int r = items_digest(c, plan, ret_digest, &objects);

	if (r != EXIT_GOOD)
		return r;
	if (!json_is_string(json_object_get(row, "document")))
		return ctl_usage(T_PLAN_UNSIGNED, plan);
	r = check_signature(c, row);
	if (r != EXIT_GOOD)
		return r;
	document = json_loads(field(row, "document"), JSON_REJECT_DUPLICATES, NULL);
	if (document == NULL || !says_the_same(row, document, ret_digest, objects)) {
		say(stderr, T_PLAN_CHANGED, plan);
		r = EXIT_DAMAGE;
	}
	json_decref(document);
	return r;
}

/* ------ for people ------ */

static const struct column rule_columns_zh[] = {
	{ C_RULE, "rule", CELL_TEXT }, { C_VERSION, "version", CELL_NUMBER }, { C_OBJECTS, "objects", CELL_NUMBER },
	{ C_SIZE, "bytes", CELL_BYTES }, { C_DUE_FIRST, "due_first", CELL_TEXT }, { C_DUE_LAST, "due_last", CELL_TEXT },
	{ C_TEXT_ZH, "text_zh", CELL_TEXT },
};
static const struct column rule_columns_en[] = {
	{ C_RULE, "rule", CELL_TEXT }, { C_VERSION, "version", CELL_NUMBER }, { C_OBJECTS, "objects", CELL_NUMBER },
	{ C_SIZE, "bytes", CELL_BYTES }, { C_DUE_FIRST, "due_first", CELL_TEXT }, { C_DUE_LAST, "due_last", CELL_TEXT },
	{ C_TEXT_EN, "text_en", CELL_TEXT },
};

void disposal_print_rules(const json_t *row)
{
	json_t *document = json_loads(field(row, "document"), 0, NULL);
	const bool zh = text_language_now() == LANG_ZH;

	table_print(stdout, json_object_get(document, "rules"), zh ? rule_columns_zh : rule_columns_en,
		    COUNT(rule_columns_zh));
	json_decref(document);
}
