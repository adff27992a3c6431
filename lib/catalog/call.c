#include "catalog/call.h"

#include <stdlib.h>

#include "catalog/rows.h"

void call_fail(struct call *call, int r, const struct err *e)
{
	switch (call->statement) {
	case STATEMENT_RECORDERS:
		call->cb.recorders(call->data, r, NULL, 0, e);
		break;
	case STATEMENT_KNOWN:
		call->cb.known(call->data, r, CATALOG_UNKNOWN, NULL, 0, e);
		break;
	case STATEMENT_CHAIN:
		call->cb.chain(call->data, r, NULL, 0, NULL, 0, e);
		break;
	case STATEMENT_LEDGER:
		call->cb.ledger(call->data, r, NULL, e);
		break;
	case STATEMENT_RECORDED:
		call->cb.which(call->data, r, NULL, 0, e);
		break;
	case STATEMENT_STORED:
		call->cb.stored(call->data, r, NULL, 0, e);
		break;
	case STATEMENT_SWEEP_NOT_DOCKED:
		call->cb.count(call->data, r, 0, e);
		break;
	default:
		call->cb.done(call->data, r, e);
		break;
	}
	PQclear(call->res);
	free(call);
}

static void answer_recorders(struct call *call)
{
	struct catalog_recorder *list = NULL;
	struct err e = { 0 };
	size_t n = 0;
	int r = rows_recorders(call->res, &list, &n, &e);

	call->cb.recorders(call->data, r, list, n, &e);
	free(list);
}

static void answer_known(struct call *call)
{
	struct digest blob = { 0 };
	struct err e = { 0 };
	uint64_t size = 0;
	enum catalog_known known = CATALOG_UNKNOWN;
	int r = rows_known(call->res, &known, &blob, &size, &e);

	call->cb.known(call->data, r, known, &blob, size, &e);
}

static void answer_chain(struct call *call)
{
	struct rows_chain chain = { 0 };
	struct err e = { 0 };
	int r = rows_chain(call->res, &chain, &e);

	call->cb.chain(call->data, r, chain.items, chain.n, chain.plain, chain.n_plain, &e);
	rows_chain_clear(&chain);
}

static void answer_ledger(struct call *call)
{
	struct rows_ledger ledger = { 0 };
	struct err e = { 0 };
	int r = rows_ledger(call->res, &ledger, &e);

	call->cb.ledger(call->data, r, r == 0 ? &ledger.ledger : NULL, &e);
	rows_ledger_clear(&ledger);
}

static void answer_which(struct call *call)
{
	struct err e = { 0 };
	bool *yes = NULL;
	int r = rows_which(call->res, call->asked, &yes, &e);

	call->cb.which(call->data, r, yes, r == 0 ? call->asked : 0, &e);
	free(yes);
}

static void answer_stored(struct call *call)
{
	struct catalog_kept *is = NULL;
	struct err e = { 0 };
	int r = rows_stored(call->res, call->asked, &is, &e);

	call->cb.stored(call->data, r, is, r == 0 ? call->asked : 0, &e);
	free(is);
}

static void answer_count(struct call *call)
{
	struct err e = { 0 };
	uint64_t n = 0;
	int r = rows_count(call->res, "raised", &n, &e);

	call->cb.count(call->data, r, n, &e);
}

void call_answer(struct call *call)
{
	const struct err e = { 0 };

	switch (call->statement) {
	case STATEMENT_RECORDERS:
		answer_recorders(call);
		break;
	case STATEMENT_KNOWN:
		answer_known(call);
		break;
	case STATEMENT_CHAIN:
		answer_chain(call);
		break;
	case STATEMENT_LEDGER:
		answer_ledger(call);
		break;
	case STATEMENT_RECORDED:
		answer_which(call);
		break;
	case STATEMENT_STORED:
		answer_stored(call);
		break;
	case STATEMENT_SWEEP_NOT_DOCKED:
		answer_count(call);
		break;
	default:
		call->cb.done(call->data, 0, &e);
		break;
	}
	PQclear(call->res);
	free(call);
}
