/*
 * Every statement that C runs, by name.  Their text is in statements.c, and
 * nowhere else; parameters are text, NULL for SQL's null, and what comes back
 * is text too.
 *
 * Columns are named here as they are named in JSON output.  Moments are
 * "2026-11-23T12:42:58.123Z", days "2026-11-23", digests and bytes hex.  A
 * limit is a decimal number.  A parameter in (brackets) may be NULL: any.
 *
 * Pure; any thread.
 */
#ifndef CATALOG_STATEMENTS_H
#define CATALOG_STATEMENTS_H

#include <stddef.h>

enum catalog_statement {
	/* ------ dockd (role dv_ingest), run by catalog.c ------ */
	STATEMENT_LISTEN_RECORDER,
	STATEMENT_RECORDERS,		/* columns: see sql/002, dv.recorders() */
	STATEMENT_KNOWN,		/* recorder, fingerprint -> blob size */
	STATEMENT_INGEST,		/* records -> ingest */
	STATEMENT_CHAIN,		/* session -> see sql/006, dv.chain_context() */
	STATEMENT_JUDGE,		/* session, findings -> judge */
	/* session -> what (now, before, cleared); of a ledger part entries; of a file that was to
	 * go path path_raw size ok */
	STATEMENT_LEDGER,
	STATEMENT_RECORDED,		/* session, blobs (an array of PostgreSQL's) -> i */
	STATEMENT_STORED,		/* recorder, files (JSON) -> i cleared */
	STATEMENT_SWEEP_NOT_DOCKED,	/* -> raised (number) */

	/* ------ the admin (role dv_admin) ------ */
	/* recorder, vid and pid (decimal), serial ("": any), (officer), (unit), reason, by,
	 * (key_id 16 hex digits as minisign prints it), (key 64 hex digits)
	 * -> result: enrolled | changed | unchanged */
	STATEMENT_ENROLL,
	STATEMENT_RETIRE,		/* recorder, reason, by */
	/* recorder, key_id, key, (from; NULL: 2000), (to; NULL: open), reason, by
	 * -> added: true, or false when it was there */
	STATEMENT_KEY_ADD,
	STATEMENT_KEY_REVOKE,		/* recorder, key_id, (at; NULL: now), reason, by */

	/* ------ whoever may read (roles dv_admin, dv_supervisor) ------ */
	/* (recorder) -> recorder vid pid serial officer unit state (enrolled, retired) keys reason
	 * enrolled_at enrolled_by retired_at retired_reason last_docked_at, of the last check that
	 * learned anything checked_at check_phase battery free capacity clock_offset_ms
	 * clock_uncertainty_ms faults (list), and last_undocked_at */
	STATEMENT_RECORDER_LIST,
	/* (recorder), limit; newest first -> recorder session station phase checked_at battery free
	 * capacity clock_offset_ms clock_uncertainty_ms clock_set faults (list) recorded_at */
	STATEMENT_RECORDER_CHECKS,
	/* recorder, limit; newest first -> recorder session listed_at files parts complete bytes
	 * blob signature_blob recorded_at */
	STATEMENT_RECORDER_INVENTORIES,
	STATEMENT_INVENTORY_ENTRIES,	/* session -> entries, its parts put together */
	/* recorder, limit; newest first -> recorder session path path_raw size blob clearing_at
	 * cleared_at ok (null: nothing is known) why recorded_at */
	STATEMENT_RECORDER_CLEARED,
	/* recorder -> key_id key valid_from valid_to reason added_at added_by revoked_at
	 * revoked_reason */
	STATEMENT_RECORDER_KEYS,
	/* (recorder), (session), limit; newest first -> session station slot port vid pid serial
	 * manufacturer product recorder unit officer started_at listed_at card files listed_bytes
	 * deleted ended_at outcome (open, ...) reason planned stored known failed bytes judged_at
	 * findings (number), of an unlock unlocked_model unlocked_vid unlocked_pid, of an import
	 * import_kind import_source import_by import_case import_reason */
	STATEMENT_SESSION_LIST,
	/* (recorder), (from day), (to day), (unit), limit; days on which they were recorded by the
	 * catalog, as in the report; newest first -> recorder recording unit session officer
	 * start_at end_at segments duration_ms bytes assurance stored_at recorded_at findings */
	STATEMENT_RECORDING_LIST,
	/* recording, (recorder) -> the same; more than one row when two recorders claim one UUID */
	STATEMENT_RECORDING_SHOW,
	/* recorder, recording; in order of seq -> columns of SEGMENT_SHOW */
	STATEMENT_RECORDING_SEGMENTS,
	/* segment -> segment recorder recording seq session unit officer path path_raw size blob
	 * stored_at start_at end_at duration_ms time_source claim_created claim_modified
	 * claim_accessed assurance signature digest manifest seal_manifest seal_signature
	 * seal_dseq recorded_at holes hole_bytes */
	STATEMENT_SEGMENT_SHOW,
	/* (from day), (to day), (unit), (recorder), (code), (session), limit; days as in the report;
	 * newest first -> finding code article severity recorder unit subject_kind subject fact at
	 * raised_at session confidence detail text_zh text_en next_step_zh next_step_en */
	STATEMENT_FINDING_LIST,
	STATEMENT_FINDING_SHOW,		/* finding -> the same */
	STATEMENT_RULE_SHOW,		/* code -> code article severity */
	/* recorder, recording -> columns of FINDING_LIST: about it and about its segments */
	STATEMENT_RECORDING_FINDINGS,
	/* recorder, day -> columns of SEGMENT_SHOW, those that touch the day, by start */
	STATEMENT_TIMELINE,
	STATEMENT_TIMELINE_FINDINGS,	/* recorder, day -> columns of FINDING_LIST */
	/* from day, to day, (unit), (recorder) -> report: one JSON object (DESIGN.md) */
	STATEMENT_REPORT_INTEGRITY,
	STATEMENT_STATUS,		/* -> status: one JSON object (DESIGN.md) */
	/* (after hash), limit; by hash -> hash size (null: a sidecar) stored_at */
	STATEMENT_BLOB_PAGE,
	/* hash -> hash size stored_at, and segment recorder path (null: not a segment's) */
	STATEMENT_BLOB_SHOW,

	STATEMENTS
};

struct catalog_statement_text {
	const char *name;		/* of the prepared statement */
	const char *text;
	size_t n_params;
};

extern const struct catalog_statement_text catalog_statements[STATEMENTS];

#endif
