/* What dockd asks: parameters as text, one statement each. */
#include "catalog/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "catalog/call.h"

int catalog_recorders(struct catalog *c, catalog_recorders_cb cb, void *data)
{
	return call_send(c, (struct call){ .statement = STATEMENT_RECORDERS, .cb.recorders = cb,
					   .data = data }, NULL);
}

int catalog_known(struct catalog *c, const char *recorder, const struct digest *fingerprint,
		  catalog_known_cb cb, void *data)
{
	char hex[DIGEST_HEX_SIZE];
	const char *const params[] = { recorder, digest_hex(fingerprint, hex) };

	return call_send(c, (struct call){ .statement = STATEMENT_KNOWN, .cb.known = cb,
					   .data = data }, params);
}

int catalog_ingest(struct catalog *c, const char *records, size_t len, catalog_cb cb, void *data)
{
	const char *const params[] = { records };

	if (strnlen(records, len + 1) != len)
		BUG("catalog_ingest: records are not a string of %zu bytes", len);
	return call_send(c, (struct call){ .statement = STATEMENT_INGEST, .cb.done = cb,
					   .data = data }, params);
}

int catalog_chain(struct catalog *c, const char *session, catalog_chain_cb cb, void *data)
{
	const char *const params[] = { session };

	return call_send(c, (struct call){ .statement = STATEMENT_CHAIN, .cb.chain = cb,
					   .data = data }, params);
}

int catalog_judge(struct catalog *c, const char *session, const char *findings, size_t len,
		  catalog_cb cb, void *data)
{
	const char *const params[] = { session, findings };

	if (strnlen(findings, len + 1) != len)
		BUG("catalog_judge: findings are not a string of %zu bytes", len);
	return call_send(c, (struct call){ .statement = STATEMENT_JUDGE, .cb.done = cb,
					   .data = data }, params);
}

int catalog_ledger(struct catalog *c, const char *session, catalog_ledger_cb cb, void *data)
{
	const char *const params[] = { session };

	return call_send(c, (struct call){ .statement = STATEMENT_LEDGER, .cb.ledger = cb,
					   .data = data }, params);
}

int catalog_recorded(struct catalog *c, const char *session, const struct digest *blobs, size_t n,
		     catalog_which_cb cb, void *data)
{
	AUTO(buf_clear) struct buf b = BUF_INIT((size_t)CATALOG_ASK_MAX * (DIGEST_HEX_SIZE + 1) + 3);
	const char *params[] = { session, NULL };
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	if (n > CATALOG_ASK_MAX)
		BUG("catalog_recorded: %zu blobs", n);
	buf_adds(&b, "{");
	for (i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i == 0 ? "" : ",", digest_hex(&blobs[i], hex));
	buf_adds(&b, "}");
	if (b.failed)
		return -ENOMEM;
	params[1] = buf_str(&b);
	return call_send(c, (struct call){ .statement = STATEMENT_RECORDED, .cb.which = cb,
					   .asked = n, .data = data }, params);
}

static json_t *file_json(const struct catalog_file *f)
{
	return json_pack("{s:s, s:I, s:s?}", "path", f->path,
			 "size", (json_int_t)MIN(f->size, (uint64_t)INT64_MAX),
			 "modified", f->modified[0] != '\0' ? f->modified : NULL);
}

/* The files as a JSON array; NULL: no memory. */
static char *files_text(const struct catalog_file *files, size_t n)
{
	json_t *list = json_array();
	char *text = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (json_array_append_new(list, file_json(&files[i])) < 0)
			break;
	if (i == n)
		text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

int catalog_stored(struct catalog *c, const char *recorder, const struct catalog_file *files,
		   size_t n, catalog_stored_cb cb, void *data)
{
	const char *params[] = { recorder, NULL };
	char *text;
	int r;

	if (n > CATALOG_ASK_MAX)
		BUG("catalog_stored: %zu files", n);
	text = files_text(files, n);
	if (text == NULL)
		return -ENOMEM;
	params[1] = text;
	r = call_send(c, (struct call){ .statement = STATEMENT_STORED, .cb.stored = cb,
					.asked = n, .data = data }, params);
	free(text);
	return r;
}

int catalog_sweep_not_docked(struct catalog *c, catalog_count_cb cb, void *data)
{
	return call_send(c, (struct call){ .statement = STATEMENT_SWEEP_NOT_DOCKED,
					   .cb.count = cb, .data = data }, NULL);
}

int catalog_note_config(struct catalog *c, const char *station, const char *sha256, catalog_cb cb,
			void *data)
{
	const char *const params[] = { station, "dockd", sha256, "dockd" };

	return call_send(c, (struct call){ .statement = STATEMENT_NOTE_CONFIG, .cb.done = cb,
					   .data = data }, params);
}
