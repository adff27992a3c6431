#include "catalog/statements.h"

#define RECORDER_COLUMNS \
	"recorder, vid, pid, serial, officer, unit, state, keys, reason, " \
	"dv.utc(enrolled_at) AS enrolled_at, enrolled_by, dv.utc(retired_at) AS retired_at, " \
	"retired_reason, dv.utc(last_docked_at) AS last_docked_at, " \
	"dv.utc(checked_at) AS checked_at, check_phase, battery, free, capacity, clock_offset_ms, " \
	"clock_uncertainty_ms, faults, dv.utc(last_undocked_at) AS last_undocked_at "

#define SEGMENT_COLUMNS \
	"segment, recorder, recording, seq, session, unit, officer, path, path_raw, size, blob, " \
	"dv.utc(stored_at) AS stored_at, dv.utc(start_at) AS start_at, dv.utc(end_at) AS end_at, " \
	"duration_ms, time_source, claim_created, claim_modified, claim_accessed, assurance, " \
	"signature, digest, manifest, seal_manifest, seal_signature, seal_dseq, " \
	"dv.utc(recorded_at) AS recorded_at, holes, hole_bytes, important "

#define RECORDING_COLUMNS \
	"recorder, recording, unit, session, officer, dv.utc(start_at) AS start_at, " \
	"dv.utc(end_at) AS end_at, segments, duration_ms, bytes, assurance, " \
	"dv.utc(stored_at) AS stored_at, dv.utc(recorded_at) AS recorded_at, findings, " \
	"important "

#define FINDING_COLUMNS \
	"finding, code, article, severity, recorder, unit, subject_kind, subject, fact, " \
	"dv.utc(at) AS at, dv.utc(raised_at) AS raised_at, session, confidence, detail, " \
	"text_zh, text_en, next_step_zh, next_step_en "

const struct catalog_statement_text catalog_statements[STATEMENTS] = {
	[STATEMENT_LISTEN_RECORDER] = { "listen_recorder", "LISTEN dv_recorder", 0 },
	[STATEMENT_RECORDERS] = { "recorders", "SELECT * FROM dv.recorders()", 0 },
	[STATEMENT_KNOWN] = { "known", "SELECT blob, size FROM dv.known($1, $2)", 2 },
	[STATEMENT_INGEST] = { "ingest", "SELECT dv.ingest($1::jsonb) AS ingest", 1 },
	[STATEMENT_CHAIN] = { "chain", "SELECT * FROM dv.chain_context($1::uuid)", 1 },
	[STATEMENT_JUDGE] = { "judge", "SELECT dv.judge($1::uuid, $2::jsonb) AS judge", 2 },
	[STATEMENT_LEDGER] = { "ledger", "SELECT * FROM dv.ledger($1::uuid)", 1 },
	[STATEMENT_RECORDED] = { "recorded", "SELECT i FROM dv.recorded($1::uuid, $2::text[])", 2 },
	[STATEMENT_STORED] = { "stored", "SELECT i, cleared FROM dv.stored($1, $2::jsonb)", 2 },
	[STATEMENT_SWEEP_NOT_DOCKED] = { "sweep_not_docked",
		"SELECT dv.sweep_not_docked() AS raised", 0 },

	[STATEMENT_ENROLL] = { "enroll",
		"SELECT dv.enroll($1, $2::integer, $3::integer, $4, $5, $6, $7, $8, $9, "
		"dv.unhex($10)) AS result", 10 },
	[STATEMENT_RETIRE] = { "retire", "SELECT dv.retire($1, $2, $3)", 3 },
	[STATEMENT_KEY_ADD] = { "key_add",
		"SELECT dv.key_add($1, $2, dv.unhex($3), $4::timestamptz, $5::timestamptz, $6, $7) "
		"AS added", 7 },
	[STATEMENT_KEY_REVOKE] = { "key_revoke",
		"SELECT dv.key_revoke($1, $2, $3::timestamptz, $4, $5)", 5 },

	[STATEMENT_RECORDER_LIST] = { "recorder_list",
		"SELECT " RECORDER_COLUMNS "FROM dv.recorder_list "
		"WHERE $1::text IS NULL OR recorder = $1 ORDER BY recorder", 1 },
	[STATEMENT_RECORDER_KEYS] = { "recorder_keys",
		"SELECT key_id, key, dv.utc(valid_from) AS valid_from, dv.utc(valid_to) AS valid_to, "
		"reason, dv.utc(added_at) AS added_at, added_by, dv.utc(revoked_at) AS revoked_at, "
		"revoked_reason FROM dv.recorder_key_list l WHERE recorder = $1 "
		"ORDER BY l.added_at, key_id", 1 },
	[STATEMENT_RECORDER_CHECKS] = { "recorder_checks",
		"SELECT recorder, session, station, phase, dv.utc(checked_at) AS checked_at, battery, "
		"free, capacity, clock_offset_ms, clock_uncertainty_ms, clock_set, faults, "
		"dv.utc(recorded_at) AS recorded_at FROM dv.recorder_check_list l "
		"WHERE $1::text IS NULL OR recorder = $1 "
		"ORDER BY l.checked_at DESC, session, phase LIMIT $2::integer", 2 },
	[STATEMENT_RECORDER_INVENTORIES] = { "recorder_inventories",
		"SELECT recorder, session, dv.utc(listed_at) AS listed_at, files, parts, complete, "
		"bytes, blob, signature_blob, dv.utc(recorded_at) AS recorded_at "
		"FROM dv.inventory_list l WHERE recorder = $1 "
		"ORDER BY l.listed_at DESC, session LIMIT $2::integer", 2 },
	[STATEMENT_INVENTORY_ENTRIES] = { "inventory_entries",
		"SELECT string_agg(entries, '' ORDER BY part) AS entries FROM dv.card_inventory "
		"WHERE session = $1::uuid", 1 },
	[STATEMENT_RECORDER_CLEARED] = { "recorder_cleared",
		"SELECT recorder, session, path, path_raw, size, blob, "
		"dv.utc(clearing_at) AS clearing_at, dv.utc(cleared_at) AS cleared_at, ok, why, "
		"dv.utc(recorded_at) AS recorded_at FROM dv.cleared_list l WHERE recorder = $1 "
		"ORDER BY l.clearing_at DESC, path LIMIT $2::integer", 2 },
	[STATEMENT_SESSION_LIST] = { "session_list",
		"SELECT session, station, slot, port, vid, pid, serial, manufacturer, product, "
		"recorder, unit, officer, dv.utc(started_at) AS started_at, "
		"dv.utc(listed_at) AS listed_at, card, files, listed_bytes, deleted, "
		"dv.utc(ended_at) AS ended_at, outcome, reason, planned, stored, known, failed, "
		"bytes, dv.utc(judged_at) AS judged_at, findings, unlocked_model, unlocked_vid, "
		"unlocked_pid, import_kind, import_source, import_by, import_case, import_reason "
		"FROM dv.session_list l "
		"WHERE ($1::text IS NULL OR recorder = $1) AND ($2::uuid IS NULL OR session = $2) "
		"ORDER BY l.started_at DESC, session LIMIT $3::integer", 3 },
	[STATEMENT_RECORDING_LIST] = { "recording_list",
		"SELECT " RECORDING_COLUMNS "FROM dv.recording_list l "
		"WHERE ($1::text IS NULL OR recorder = $1) "
		"AND ($2::date IS NULL OR l.recorded_at >= dv.day_start($2)) "
		"AND ($3::date IS NULL OR l.recorded_at < dv.day_start($3 + 1)) "
		"AND ($4::text IS NULL OR unit = $4) "
		"ORDER BY l.recorded_at DESC, recorder, l.start_at LIMIT $5::integer", 5 },
	[STATEMENT_RECORDING_SHOW] = { "recording_show",
		"SELECT " RECORDING_COLUMNS "FROM dv.recording_list "
		"WHERE recording = $1::uuid AND ($2::text IS NULL OR recorder = $2) "
		"ORDER BY recorder", 2 },
	[STATEMENT_RECORDING_SEGMENTS] = { "recording_segments",
		"SELECT " SEGMENT_COLUMNS "FROM dv.segment_list l "
		"WHERE recorder = $1 AND recording = $2::uuid "
		"ORDER BY seq, l.start_at, path, segment", 2 },
	[STATEMENT_SEGMENT_SHOW] = { "segment_show",
		"SELECT " SEGMENT_COLUMNS "FROM dv.segment_list l "
		"JOIN dv.segment_place p USING (segment, placed_at) WHERE segment = $1::uuid", 1 },
	[STATEMENT_FINDING_LIST] = { "finding_list",
		"SELECT " FINDING_COLUMNS "FROM dv.finding_list l "
		"WHERE ($1::date IS NULL OR l.raised_at >= dv.day_start($1)) "
		"AND ($2::date IS NULL OR l.raised_at < dv.day_start($2 + 1)) "
		"AND ($3::text IS NULL OR unit = $3) AND ($4::text IS NULL OR recorder = $4) "
		"AND ($5::text IS NULL OR code = $5) AND ($6::uuid IS NULL OR session = $6) "
		"ORDER BY l.raised_at DESC, l.at DESC, code, subject LIMIT $7::integer", 7 },
	[STATEMENT_FINDING_SHOW] = { "finding_show",
		"SELECT " FINDING_COLUMNS "FROM dv.finding_list WHERE finding = $1::uuid", 1 },
	[STATEMENT_RULE_SHOW] = { "rule_show",
		"SELECT code, article, severity FROM dv.rule WHERE code = $1", 1 },
	[STATEMENT_RECORDING_FINDINGS] = { "recording_findings",
		"SELECT " FINDING_COLUMNS "FROM dv.finding_list l WHERE subject = ANY (ARRAY("
		"SELECT $1::text || '/' || $2::uuid UNION ALL SELECT g.segment::text "
		"FROM dv.segment g WHERE g.recorder = $1 AND g.recording = $2::uuid)) "
		"ORDER BY l.at, code, subject, fact", 2 },
	[STATEMENT_TIMELINE] = { "timeline",
		"SELECT " SEGMENT_COLUMNS "FROM dv.timeline($1, $2::date) l "
		"ORDER BY l.start_at, seq", 2 },
	[STATEMENT_TIMELINE_FINDINGS] = { "timeline_findings",
		"SELECT " FINDING_COLUMNS "FROM dv.timeline_findings($1, $2::date) l "
		"ORDER BY l.at, code", 2 },
	[STATEMENT_REPORT_INTEGRITY] = { "report_integrity",
		"SELECT dv.report_integrity($1::date, $2::date, $3, $4) AS report", 4 },
	[STATEMENT_STATUS] = { "status", "SELECT dv.status() AS status", 0 },
	[STATEMENT_BLOB_PAGE] = { "blob_page",
		"SELECT dv.hex(hash) AS hash, size, dv.utc(stored_at) AS stored_at FROM dv.blob b "
		"WHERE $1::text IS NULL OR b.hash > dv.unhex($1) ORDER BY b.hash LIMIT $2::integer", 2 },
	[STATEMENT_BLOB_SHOW] = { "blob_show",
		"SELECT dv.hex(b.hash) AS hash, b.size, dv.utc(b.stored_at) AS stored_at, s.segment, "
		"s.recorder, s.path FROM dv.blob b LEFT JOIN dv.segment s ON s.blob = b.hash "
		"WHERE b.hash = dv.unhex($1) ORDER BY s.stored_at", 1 },
};
