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
	/* station, program, SHA-256 of its configuration, by -> changed.  custodyd and the admin, too. */
	STATEMENT_NOTE_CONFIG,

	/* ------ custodyd (role dv_custody) ------ */
	STATEMENT_LISTEN_CUSTODY,
	STATEMENT_LOG_LOCK,		/* -> locked: nobody else sequences while this connection lasts */
	/* limit, (mark: as it came back last; NULL: at first) -> size of the log then, placed (number),
	 * mark; see sql/020 */
	STATEMENT_LOG_SEQUENCE,
	STATEMENT_LOG_LEAVES,		/* from, below -> leaf_index leaf (hex), in order */
	STATEMENT_LOG_SIGNED,		/* size, root, note -> signed: false when it was told before */
	STATEMENT_LOG_HEAD,		/* -> entries, size, root, note as below, in the time of a look-up */
	/* (mark) -> entries; of the checkpoint told last size root note signed_at, or null; waiting
	 * (events without a place), oldest_ms (since that of them that waits longest, or null) */
	STATEMENT_LOG_STATE,
	/* code, subject_kind (log, row, event, blob, object), subject, fact, detail (JSON)
	 * -> raised: false when it was there.  The admin and the supervisor, too. */
	STATEMENT_LOG_FINDING,
	/* -> changed: roles, rights or triggers are not those noted last.  The admin, too. */
	STATEMENT_NOTE_ROLES,

	/* ------ acts and the log (roles dv_admin, dv_supervisor) ------ */
	/* kind (view, scrub; the supervisor also play, export, disclosure, hold, hold_released,
	 * disposal), objects (a JSON array of names as docs/CUSTODY.md has them), by, (reason), detail
	 * (JSON) -> act (UUID) */
	STATEMENT_DO_ACT,
	/* object: a segment's UUID, a session's, RECORDER/RECORDING, a blob's hash, or case:ID (what was
	 * imported for it) -> object
	 * (segment:UUID, or blob:HASH of one that is no segment's), recorder seq blob size (null: not
	 * known) recording session manifest signature_blob key_id key seal_manifest seal_signature, and
	 * facts: one JSON object (package/package.h); by recorder, start and seq */
	STATEMENT_EXPORT_OBJECTS,
	/* objects (a JSON array of names), (recording RECORDER/UUID), (session) -> event act at
	 * leaf_index (null: it has no place yet): of the objects, and of the recording and the session
	 * themselves; by event */
	STATEMENT_EXPORT_EVENTS,
	STATEMENT_CUSTODY_SOURCES,	/* -> source act personal (parted by spaces) changes */
	/* objects (a JSON array of names), after (event), limit -> event leaf_index (null: waits) source
	 * key act objects leaf recorded_at, of the events that name any of them, in order */
	STATEMENT_OBJECT_EVENTS,

	/* ------ what `verify log` reads, in a transaction of catalog_sync_begin_reading(): tables, and
	 * functions of PostgreSQL's own, since any other may have been replaced ------ */
	/* -> name hides: every table that is read here that is not one, or that shows some of its rows;
	 * and what would be asked instead of PostgreSQL's own (hides false): columns of other types,
	 * casts between its types, functions and operators in its schema that have a name of its */
	STATEMENT_AUDIT_TABLES,
	/* from, below -> leaf_index event, and of that event leaf (null: there is none) fields (JSON:
	 * act at event key objects source) */
	STATEMENT_AUDIT_ENTRIES,
	/* size -> events not among so many leaves: event leaf fields late (for over a minute,
	 * or from so far in the future that it might be for ever) */
	STATEMENT_AUDIT_WAITING,
	STATEMENT_AUDIT_CHECKPOINTS,	/* -> size root note, by size */
	/* (after hash), limit; by hash -> hash size (null: a sidecar) */
	STATEMENT_AUDIT_BLOBS,
	/* blobs (a JSON array of addresses) -> hash, of those that no event names */
	STATEMENT_AUDIT_UNLOGGED,
	/* of a source's events and of its table's rows, each beside the other by key, those without
	 * their other half too -> key event leaf has_row row (null: none, or longer than 4 MiB) salts
	 * erased; of one key the first event first, or the last where rows change by right */
#define SOURCE_(id, ...) STATEMENT_AUDIT_ROWS_##id,
#define SOURCE(...) SOURCE_(__VA_ARGS__)
#include "catalog/sources.def"
#undef SOURCE_
	/* event of that source -> the same, of it alone */
#define SOURCE_(id, ...) STATEMENT_AUDIT_ROW_##id,
#include "catalog/sources.def"
#undef SOURCE_
#undef SOURCE

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
	 * seal_dseq recorded_at holes hole_bytes important signature_blob */
	STATEMENT_SEGMENT_SHOW,
	/* (from day), (to day), (unit), (recorder), (code), (session), limit; days as in the report;
	 * newest first -> finding code article severity recorder unit subject_kind subject fact at
	 * raised_at session confidence detail text_zh text_en next_step_zh next_step_en */
	STATEMENT_FINDING_LIST,
	STATEMENT_FINDING_SHOW,		/* finding -> the same */
	STATEMENT_RULE_SHOW,		/* code -> code article severity */
	/* recorder, recording -> columns of FINDING_LIST: about it and about its segments */
	STATEMENT_RECORDING_FINDINGS,
	/* recorder, day -> columns of SEGMENT_SHOW but signature_blob, those that touch the day, by start */
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
