#include "catalog/statements.h"

#define RECORDER_COLUMNS \
	"recorder, vid, pid, serial, officer, unit, state, keys, reason, " \
	"dv.utc(enrolled_at) AS enrolled_at, enrolled_by, dv.utc(retired_at) AS retired_at, " \
	"retired_reason, dv.utc(last_docked_at) AS last_docked_at, " \
	"dv.utc(checked_at) AS checked_at, check_phase, battery, free, capacity, clock_offset_ms, " \
	"clock_uncertainty_ms, faults, dv.utc(last_undocked_at) AS last_undocked_at "

#define OFFICER_COLUMNS \
	"officer, revision, name, certificate, certified_to, unit, valid_from, valid_to, reason, by, " \
	"dv.utc(entered_at) AS entered_at"

#define SEGMENT_COLUMNS \
	"segment, recorder, recording, seq, session, unit, officer, path, path_raw, size, blob, " \
	"dv.utc(stored_at) AS stored_at, dv.utc(start_at) AS start_at, dv.utc(end_at) AS end_at, " \
	"duration_ms, time_source, claim_created, claim_modified, claim_accessed, assurance, " \
	"signature, digest, manifest, seal_manifest, seal_signature, seal_dseq, " \
	"dv.utc(recorded_at) AS recorded_at, holes, hole_bytes, important "

/* The recorder's signature that the verdict is of, of a sidecar that may have come more than once. */
#define SIGNATURE_BLOB \
	"(SELECT dv.hex(m.signature_blob) FROM dv.manifest_seen m " \
		"WHERE m.recorder = l.recorder AND m.manifest = dv.unhex(l.manifest) " \
		"AND m.signature = l.signature " \
		"ORDER BY m.signature_blob IS NULL, m.seen_at LIMIT 1) AS signature_blob "

#define RECORDING_COLUMNS \
	"recorder, recording, unit, session, officer, dv.utc(start_at) AS start_at, " \
	"dv.utc(end_at) AS end_at, segments, duration_ms, bytes, assurance, " \
	"dv.utc(stored_at) AS stored_at, dv.utc(recorded_at) AS recorded_at, findings, " \
	"important, covered "

#define REPORT_SIGNED_COLUMNS \
	"report, kind, from_day, to_day, unit, convert_from(content, 'UTF8') AS content, " \
	"dv.hex(sha256) AS sha256, files, signature, key_id, reason, by, dv.utc(signed_at) AS signed_at "

#define DISPOSAL_COLUMNS \
	"l.plan, l.day, l.unit, l.objects, l.bytes, dv.hex(l.digest) AS digest, l.reason, l.by, dv.utc(l.made_at) AS made_at, " \
	"l.approvals, dv.utc(l.approved_at) AS approved_at, dv.utc(l.recovery_ends_at) AS recovery_ends_at, l.gone, l.spared, " \
	"l.state "

#define FINDING_COLUMNS \
	"finding, code, article, severity, recorder, unit, subject_kind, subject, fact, " \
	"dv.utc(at) AS at, dv.utc(raised_at) AS raised_at, session, confidence, detail, " \
	"text_zh, text_en, next_step_zh, next_step_en, covered "

/* A parameter that is a JSON array, as a list of PostgreSQL's. */
#define UUIDS_1		"ARRAY(SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) AS x)"

#define HOLD_REACH	"objects, bytes::bigint, begun, gone, lost"
#define RULE_COLUMNS \
	"what, code, version, l.valid_from, valid_to, article, severity, text_zh, text_en, body "

/* Of an event e that may be none: its leaf, and what else its row says. */
#define EVENT_COLUMNS \
	"encode(e.leaf, 'hex') AS leaf, jsonb_build_object('act', e.act, 'at', e.recorded_at, " \
	"'event', e.event, 'key', e.key, 'objects', e.objects, 'source', e.source)::text AS fields"

/* Of a source's event e and its table's row r, either of which may be none. */
#define ROW_COLUMNS \
	"e.event, encode(e.leaf, 'hex') AS leaf, r.row IS NOT NULL AS has_row, " \
	"CASE WHEN octet_length(r.row) <= 4194304 THEN r.row END AS row, " \
	"(SELECT string_agg(s.field || '=' || encode(s.salt, 'hex'), ' ') " \
	"FROM dv.custody_salt s WHERE s.event = e.event) AS salts, x.erased"
#define EVENTS_OF(name) \
	"(SELECT event, key, leaf FROM dv.custody_event WHERE source = '" name "') AS e "
#define ERASED \
	"LEFT JOIN (SELECT detail ->> 'event' AS event, string_agg(detail ->> 'field', ' ') AS erased " \
	"FROM dv.act WHERE kind = 'personal_erased' GROUP BY 1) AS x ON x.event = e.event::text "
/* What PostgreSQL did not come with has a greater number; a list, rather than what is said to be one. */
#define OURS		">= 16384 "
#define ITS_OWN		"< 16384 "
#define IS_LIST		"t.typsubscript = 'array_subscript_handler'::regproc "
/* What came to stand beside one of PostgreSQL's own, of its name: exacter types are preferred. */
#define BESIDE(what, table, p) \
	"UNION SELECT '" what " ' || n." p "name, false FROM " table " n JOIN " table " o " \
	"ON o." p "name = n." p "name AND o." p "namespace = n." p "namespace " \
	"WHERE n." p "namespace = (SELECT oid FROM pg_namespace WHERE nspname = 'pg_catalog') " \
	"AND n.oid " OURS "AND o.oid " ITS_OWN
/*
 * A policy that holds for whoever is connected; and what of pg_class c shows them not all of its rows:
 * none that shows them all, or one that takes some away.  Salts of parties are covered by one that says
 * so in just these words; and what is classified is covered from people by one that lets others by in
 * just these (sql/045): two parentheses, so that nothing else has to be true as well.
 */
#define LETS_BY \
	"(NOT pg_has_role(SESSION_USER, 'dv_person', 'MEMBER') AND starts_with(pg_get_expr(p.polqual, p.polrelid), " \
	"'(( SELECT (NOT pg_has_role(SESSION_USER, ''dv_person''::name, ''MEMBER''::text))) OR '))"
#define IS_OURS(p)	"EXISTS (SELECT FROM unnest(" p ".polroles) AS r " \
	"WHERE r = 0 OR pg_has_role(r, 'USAGE'))"
#define HIDES \
	"c.relhasrules OR (row_security_active(c.oid) AND (NOT EXISTS (SELECT FROM pg_policy p " \
		"WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*') AND " IS_OURS("p") " " \
		"AND (pg_get_expr(p.polqual, p.polrelid) = 'true' OR (c.relname = 'custody_salt' " \
			"AND regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g') = " \
			"'(NOT (event IN ( SELECT e.event FROM dv.custody_event e WHERE " \
			"(e.source = ANY (ARRAY[''party''::text, ''disclosure_name''::text])))))'))) " \
	"OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive " \
		"AND p.polcmd IN ('r', '*') AND " IS_OURS("p") " AND NOT " LETS_BY ")))"
#define DESC_IF_true	"DESC"
#define DESC_IF_false	""
/* Whatever an object is called by, its segments: one row a kind of name. */
#define AS_UUID(text)	"CASE WHEN " text " ~ '^[0-9a-fA-F-]{36}$' THEN " text "::uuid END "
#define AS_HASH(text)	"CASE WHEN " text " ~ '^[0-9a-f]{64}$' THEN dv.unhex(" text ") END "
#define SEGMENTS_OF_1 \
	"SELECT p.segment FROM dv.segment_place p WHERE p.segment = " AS_UUID("$1") \
	"UNION SELECT v.segment FROM dv.segment_seen v WHERE v.session = " AS_UUID("$1") \
	"UNION SELECT g.segment FROM dv.segment g WHERE g.recorder = split_part($1, '/', 1) " \
		"AND g.recording = " AS_UUID("split_part($1, '/', 2)") \
	"UNION SELECT g.segment FROM dv.segment g WHERE g.blob = " AS_HASH("$1") \
	"UNION SELECT v.segment FROM dv.dock_import i JOIN dv.segment_seen v USING (session) " \
		"WHERE 'case:' || i.\"case\" = $1 " \
	"UNION SELECT x FROM dv.case_segments(substr($1, 6)) AS x WHERE $1 LIKE 'case:%' " \
	"UNION SELECT o.segment FROM dv.disclosure_object o WHERE $1 LIKE 'disclosure:%' " \
		"AND o.disclosure = " AS_UUID("substr($1, 12)")

#define EXPORT_FACTS \
	"json_build_object('recording', l.recording, 'seq', l.seq, 'path', l.path, 'unit', l.unit, " \
	"'officer', l.officer, 'station', d.station, 'slot', d.slot, " \
	"'docked_at', dv.utc(d.started_at), 'stored_at', dv.utc(l.stored_at), " \
	"'start_at', dv.utc(l.start_at), 'end_at', dv.utc(l.end_at), 'duration_ms', l.duration_ms, " \
	"'time_source', l.time_source, 'assurance', l.assurance, 'signature', l.signature, " \
	"'digest', l.digest, 'hole_bytes', l.hole_bytes, 'important', l.important, " \
	"'recorded_at', dv.utc(l.recorded_at), 'findings', coalesce((" \
		"SELECT json_agg(json_build_object('article', f.article, 'severity', f.severity, " \
			"'text_zh', f.text_zh, 'at', dv.utc(f.at)) ORDER BY f.at, f.code, f.fact) " \
		"FROM dv.finding_list f WHERE f.subject = ANY (ARRAY[l.segment::text, " \
			"l.recorder || '/' || l.recording])), '[]'))"

const struct catalog_statement_text catalog_statements[STATEMENTS] = {
	[STATEMENT_LISTEN_RECORDER] = { "listen_recorder", "LISTEN dv_recorder", 0 },
	[STATEMENT_RECORDERS] = { "recorders", "SELECT * FROM dv.recorders()", 0 },
	[STATEMENT_KNOWN] = { "known", "SELECT blob, size, gone FROM dv.known($1, $2)", 2 },
	[STATEMENT_INGEST] = { "ingest", "SELECT dv.ingest($1::jsonb) AS ingest", 1 },
	[STATEMENT_CHAIN] = { "chain", "SELECT * FROM dv.chain_context($1::uuid)", 1 },
	[STATEMENT_JUDGE] = { "judge", "SELECT dv.judge($1::uuid, $2::jsonb) AS judge", 2 },
	[STATEMENT_LEDGER] = { "ledger", "SELECT * FROM dv.ledger($1::uuid)", 1 },
	[STATEMENT_RECORDED] = { "recorded", "SELECT i FROM dv.recorded($1::uuid, $2::text[])", 2 },
	[STATEMENT_STORED] = { "stored", "SELECT i, cleared FROM dv.stored($1, $2::jsonb)", 2 },
	[STATEMENT_SWEEP_NOT_DOCKED] = { "sweep_not_docked",
		"SELECT dv.sweep_not_docked() AS raised", 0 },
	[STATEMENT_NOTE_CONFIG] = { "note_config",
		"SELECT dv.note_config($1, $2, $3, $4) AS changed", 4 },

	[STATEMENT_LISTEN_DEADLINE] = { "listen_deadline", "LISTEN dv_deadline", 0 },
	[STATEMENT_ALERT_LOCK] = { "alert_lock", "SELECT dv.alert_lock() AS locked", 0 },
	[STATEMENT_SWEEP] = { "sweep",
		"SELECT due, warned, raised, more FROM dv.sweep($1::integer)", 1 },
	[STATEMENT_NEXT_DUE] = { "next_due", "SELECT due_ms, now_ms FROM dv.next_due()", 0 },

	[STATEMENT_LISTEN_CUSTODY] = { "listen_custody", "LISTEN dv_custody", 0 },
	[STATEMENT_LOG_LOCK] = { "log_lock", "SELECT dv.log_lock() AS locked", 0 },
	[STATEMENT_LOG_SEQUENCE] = { "log_sequence",
		"SELECT size, placed, mark FROM dv.log_sequence($1::integer, $2)", 2 },
	[STATEMENT_LOG_LEAVES] = { "log_leaves",
		"SELECT leaf_index, leaf FROM dv.log_leaves($1::bigint, $2::bigint)", 2 },
	[STATEMENT_LOG_SIGNED] = { "log_signed",
		"SELECT dv.log_signed($1::bigint, $2, $3) AS signed", 3 },
	[STATEMENT_LOG_HEAD] = { "log_head", "SELECT entries, size, root, note FROM dv.log_head()", 0 },
	[STATEMENT_LOG_STATE] = { "log_state",
		"SELECT entries, size, root, note, dv.utc(signed_at) AS signed_at, waiting, oldest_ms "
		"FROM dv.log_state($1)", 1 },
	[STATEMENT_LOG_FINDING] = { "log_finding",
		"SELECT dv.log_finding($1, $2, $3, $4, $5::jsonb) AS raised", 5 },
	[STATEMENT_NOTE_ROLES] = { "note_roles", "SELECT dv.note_roles() AS changed", 0 },

	[STATEMENT_DO_ACT] = { "do_act",
		"SELECT dv.do_act($1, ARRAY(SELECT jsonb_array_elements_text($2::jsonb)), $3, $4, "
		"$5::jsonb) AS act", 5 },
	[STATEMENT_READ_REFUSED] = { "read_refused",
		"SELECT dv.read_refused(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)), $2) AS refused", 2 },
	[STATEMENT_EXPORT_OBJECTS] = { "export_objects",
		"WITH wanted AS (" SEGMENTS_OF_1 ") "
		"SELECT * FROM (SELECT 'segment:' || l.segment AS object, l.recorder::text, l.seq, l.blob, "
		"l.size, l.recording::text, l.session::text, l.manifest, "
		"dv.hex(v.signature_blob) AS signature_blob, v.key_id, dv.hex(k.key) AS key, "
		"l.seal_manifest, l.seal_signature, " EXPORT_FACTS " AS facts "
		"FROM wanted w JOIN dv.segment_place p USING (segment) "
		"JOIN dv.segment_list l USING (segment, placed_at) "
		"JOIN dv.dock_session d ON d.session = l.session "
		"LEFT JOIN LATERAL (SELECT m.signature_blob, m.key_id FROM dv.manifest_seen m "
			"WHERE m.recorder = l.recorder AND m.manifest = dv.unhex(l.manifest) "
			"AND m.signature = l.signature "
			"ORDER BY m.signature_blob IS NULL, m.seen_at LIMIT 1) AS v ON true "
		"LEFT JOIN dv.recorder_key k ON k.recorder = l.recorder AND k.key_id = v.key_id "
		"ORDER BY l.recorder, l.start_at, l.recording, l.seq, l.path) AS s "
		"UNION ALL SELECT 'blob:' || dv.hex(b.hash), NULL, NULL, dv.hex(b.hash), b.size, NULL, NULL, "
		"NULL, NULL, NULL, NULL, NULL, NULL, json_build_object('stored_at', dv.utc(b.stored_at), "
			"'recorded_at', dv.utc(b.recorded_at)) "
		"FROM dv.blob b WHERE b.hash = " AS_HASH("$1") "AND NOT EXISTS (SELECT FROM wanted)", 1 },
	[STATEMENT_EXPORT_EVENTS] = { "export_events",
		"SELECT e.event, e.act, dv.utc(e.recorded_at) AS at, x.leaf_index FROM ("
		"SELECT event FROM dv.events_about(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AS event "
		"UNION SELECT event FROM dv.custody_event WHERE source = 'recording' AND key = $2 "
		"UNION SELECT event FROM dv.events_about(ARRAY['recording:' || $2]) AS event "
			"JOIN dv.custody_event e USING (event) WHERE e.source = 'finding' "
		"UNION SELECT event FROM dv.custody_event WHERE key = $3 AND source IN ('dock_session', "
			"'dock_session_listed', 'dock_session_end', 'dock_session_judged')) AS i "
		"JOIN dv.custody_event e USING (event) "
		"LEFT JOIN dv.custody_entry x USING (event) ORDER BY e.event", 3 },
	[STATEMENT_CUSTODY_SOURCES] = { "custody_sources",
		"SELECT source, act, array_to_string(personal, ' ') AS personal, changes "
		"FROM dv.custody_source ORDER BY source", 0 },
	[STATEMENT_OBJECT_EVENTS] = { "object_events",
		/* Found first, then put in order: with the limit in sight, all events would be read. */
		"WITH found AS MATERIALIZED (SELECT event FROM dv.events_about("
			"ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AS event), "
		"page AS MATERIALIZED (SELECT event FROM found WHERE event > $2::bigint "
			"ORDER BY event LIMIT $3::integer) "
		"SELECT e.event, x.leaf_index, e.source, e.key, e.act, to_jsonb(e.objects) AS objects, "
		"dv.hex(e.leaf) AS leaf, dv.utc(e.recorded_at) AS recorded_at "
		"FROM page JOIN dv.custody_event e USING (event) "
		"LEFT JOIN dv.custody_entry x USING (event) ORDER BY e.event", 3 },

	[STATEMENT_AUDIT_COVERED] = { "audit_covered",
		"SELECT true AS covered FROM pg_catalog.pg_roles r WHERE r.rolname = session_user "
		"AND NOT r.rolsuper AND pg_catalog.pg_has_role('dv_person', 'USAGE')", 0 },
	[STATEMENT_AUDIT_LOCK] = { "audit_lock",
		"LOCK TABLE ONLY dv.custody_event, ONLY dv.custody_entry, ONLY dv.custody_salt, "
		"ONLY dv.custody_checkpoint IN ACCESS SHARE MODE", 0 },
	[STATEMENT_AUDIT_LOCK_BLOBS] = { "audit_lock_blobs",
		"LOCK TABLE ONLY dv.custody_event, ONLY dv.blob, ONLY dv.segment, ONLY dv.tombstone, ONLY dv.disposal_item "
		"IN ACCESS SHARE MODE", 0 },
	[STATEMENT_AUDIT_GUARDED] = { "audit_guarded",
		"SELECT true AS guarded FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		"ON n.oid = c.relnamespace WHERE n.nspname = 'dv' AND c.relname IN ('party', 'disclosure_name') "
		"AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') LIMIT 1", 0 },
	[STATEMENT_AUDIT_BLOBS_HIDE] = { "audit_blobs_hide",
		"SELECT 'dv.' || c.relname AS name FROM pg_class c "
		"WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'dv') "
		"AND c.relname IN ('blob', 'custody_event', 'segment', 'tombstone', 'disposal_item') AND (" HIDES ") ORDER BY 1", 0 },
	[STATEMENT_AUDIT_TABLES] = { "audit_tables",
		"WITH RECURSIVE x(name) AS (SELECT unnest(ARRAY['custody_event', 'custody_entry', "
		"'custody_salt', 'custody_checkpoint'] || string_to_array($1::text, ' '))), tables AS (SELECT x.name, c.oid, c.relkind, " HIDES " AS hides "
			"FROM x LEFT JOIN pg_class c ON c.relname = x.name "
			"AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'dv') "
			"WHERE x.name NOT IN ('party', 'disclosure_name') OR c.oid IS NULL "
				"OR has_table_privilege(c.oid, 'SELECT') "
			"UNION SELECT t.name, c.oid, c.relkind, false FROM tables t "
			"JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid), "
		"types AS (SELECT 'dv.' || t.name || '.' || a.attname AS name, a.atttypid AS type "
			"FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 "
			"AND NOT a.attisdropped "
			"UNION SELECT s.name, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END "
			"FROM types s JOIN pg_type t ON t.oid = s.type "
			"WHERE t.oid " OURS "AND (t.typtype = 'd' OR " IS_LIST ")) "
		"SELECT 'dv.' || name AS name, true AS hides FROM tables "
			"WHERE oid IS NULL OR relkind NOT IN ('r', 'p') OR hides "
		"UNION SELECT s.name, false FROM types s JOIN pg_type t ON t.oid = s.type "
			"WHERE t.oid " OURS "AND t.typtype <> 'd' AND NOT " IS_LIST
		"UNION SELECT 'cast ' || format_type(castsource, NULL) || ' AS ' || "
			"format_type(casttarget, NULL), false FROM pg_cast "
			"WHERE oid " OURS "AND castsource " ITS_OWN "AND casttarget " ITS_OWN
		BESIDE("function", "pg_proc", "pro") BESIDE("operator", "pg_operator", "opr")
		"ORDER BY 1", 1 },
	[STATEMENT_AUDIT_ENTRIES] = { "audit_entries",
		"SELECT x.leaf_index, x.event, " EVENT_COLUMNS " FROM dv.custody_entry x "
		"LEFT JOIN dv.custody_event e ON e.event = x.event "
		"WHERE x.leaf_index >= $1::bigint AND x.leaf_index < $2::bigint "
		"ORDER BY x.leaf_index", 2 },
	[STATEMENT_AUDIT_WAITING] = { "audit_waiting",
		"SELECT e.event, " EVENT_COLUMNS ", e.recorded_at < now() - interval '60 s' "
		"OR e.recorded_at > now() + interval '60 s' AS late "
		"FROM dv.custody_event e LEFT JOIN dv.custody_entry x ON x.event = e.event "
		"WHERE (x.leaf_index >= 0 AND x.leaf_index < $1::bigint) IS NOT TRUE ORDER BY e.event", 1 },
	[STATEMENT_AUDIT_CHECKPOINTS] = { "audit_checkpoints",
		"SELECT size, encode(root, 'hex') AS root, note FROM dv.custody_checkpoint "
		"ORDER BY size", 0 },
	[STATEMENT_AUDIT_EVENTS] = { "audit_events",
		"SELECT e.event, " EVENT_COLUMNS ", NULL FROM dv.custody_event e WHERE e.source = $1 "
		"ORDER BY e.event", 1 },
	[STATEMENT_AUDIT_BLOBS] = { "audit_blobs",
		"SELECT encode(hash, 'hex') AS hash, size FROM dv.blob b "
		"WHERE $1::text IS NULL OR b.hash > decode($1, 'hex') "
		"ORDER BY b.hash LIMIT $2::integer", 2 },
	[STATEMENT_AUDIT_TOMBSTONED] = { "audit_tombstoned",
		"SELECT DISTINCT encode(t.blob, 'hex') AS blob FROM dv.tombstone t "
		"WHERE ($1::text IS NULL OR t.blob > decode($1, 'hex')) AND t.blob <= decode($2, 'hex')", 2 },
	[STATEMENT_AUDIT_SEGMENTS_OF] = { "audit_segments_of",
		"SELECT s.segment FROM dv.segment s WHERE s.blob = decode($1, 'hex') ORDER BY 1", 1 },
	[STATEMENT_AUDIT_TOMB_EVENTS] = { "audit_tomb_events",
		"SELECT encode(e.leaf, 'hex') AS leaf FROM dv.custody_event e "
		"WHERE e.source IN ('tombstone', 'disposal_begun') AND e.key = $1 "
		"UNION ALL SELECT encode(e.leaf, 'hex') FROM dv.tombstone t JOIN dv.custody_event e "
		"ON e.source = 'disposal_spared' AND e.key = t.plan::text || '/' || t.segment::text "
		"WHERE t.segment = $1::uuid", 1 },
	[STATEMENT_AUDIT_PLAN_EVENTS] = { "audit_plan_events",
		"SELECT encode(e.leaf, 'hex') AS leaf FROM dv.custody_event e "
		"WHERE (e.source IN ('disposal_plan', 'disposal_recalled') AND e.key = $1) "
		"OR (e.source = 'disposal_decision' AND e.key > $1 || '/' AND e.key < $1 || '0') "
		"ORDER BY e.event", 1 },
	[STATEMENT_AUDIT_ITEMS] = { "audit_items",
		"SELECT number, segment, encode(blob, 'hex') AS blob, size, rule, rule_version, "
		"to_char(due_on, 'YYYY-MM-DD') AS due_on FROM dv.disposal_item WHERE plan = $1::uuid ORDER BY number", 1 },
	[STATEMENT_AUDIT_ITEM] = { "audit_item",
		"SELECT i.number FROM dv.disposal_item i WHERE i.segment = $1::uuid AND i.plan = $2::uuid "
		"AND i.blob = decode($3, 'hex')", 3 },
	[STATEMENT_AUDIT_UNLOGGED] = { "audit_unlogged",
		"SELECT x.hash FROM jsonb_array_elements_text($1::jsonb) AS x(hash) WHERE NOT EXISTS "
		/* By what an index finds before a policy is asked (sql/045): each blob has a row, and that an event. */
		"(SELECT FROM dv.custody_event e WHERE e.source = 'blob' AND e.key = x.hash)", 1 },
#define SOURCE(...) SOURCE_(__VA_ARGS__)
#define SOURCE_(id, name, columns, key, lookup, personal, changes, ...) \
	[STATEMENT_AUDIT_ROWS_##id] = { "audit_rows_" name, \
		"SELECT coalesce(e.key, r.key) AS key, " ROW_COLUMNS " FROM " EVENTS_OF(name) \
		"FULL JOIN (SELECT " key " AS key, to_jsonb(t.*)::text AS row FROM dv." name " t) AS r " \
		"ON r.key = e.key " ERASED \
		"ORDER BY 1, 2 " DESC_IF_##changes, 0 }, \
	[STATEMENT_AUDIT_ROW_##id] = { "audit_row_" name, \
		"SELECT e.key, " ROW_COLUMNS " FROM " EVENTS_OF(name) \
		"LEFT JOIN LATERAL (SELECT to_jsonb(t.*)::text AS row FROM dv." name " t, " \
		"(SELECT e.key AS k) AS k WHERE " lookup ") AS r ON true " ERASED \
		"WHERE e.event = $1::bigint", 1 }, \
	[STATEMENT_AUDIT_LOCK_##id] = { "audit_lock_" name, \
		"LOCK TABLE ONLY dv." name " IN ACCESS SHARE MODE", 0 },
#include "catalog/sources.def"
#undef SOURCE_
#undef SOURCE

	[STATEMENT_ENROLL] = { "enroll",
		"SELECT dv.enroll($1, $2::integer, $3::integer, $4, $5, $6, $7, $8, $9, "
		"dv.unhex($10)) AS result", 10 },
	[STATEMENT_RETIRE] = { "retire", "SELECT dv.retire($1, $2, $3)", 3 },
	[STATEMENT_KEY_ADD] = { "key_add",
		"SELECT dv.key_add($1, $2, dv.unhex($3), $4::timestamptz, $5::timestamptz, $6, $7) "
		"AS added", 7 },
	[STATEMENT_KEY_REVOKE] = { "key_revoke",
		"SELECT dv.key_revoke($1, $2, $3::timestamptz, $4, $5)", 5 },

	[STATEMENT_UNIT_SET] = { "unit_set",
		"SELECT dv.unit_set($1, $2, $3, $4::boolean, $5) AS result", 5 },
	[STATEMENT_OFFICER_SET] = { "officer_set",
		"SELECT dv.officer_set($1, $2, $3, $4::date, $5, $6::date, $7::date, $8) AS result", 8 },
	[STATEMENT_ACCOUNT_SET] = { "account_set",
		"SELECT dv.account_set($1, $2, $3, $4, string_to_array($5, ','), $6) AS result", 6 },
	[STATEMENT_RECORDER_ISSUE] = { "recorder_issue",
		"SELECT dv.recorder_issue($1, $2, $3) AS result", 3 },
	[STATEMENT_RECORDER_RETURN] = { "recorder_return", "SELECT dv.recorder_return($1, $2)", 2 },
	[STATEMENT_RECORDER_REPORT] = { "recorder_report",
		"SELECT dv.recorder_report($1, $2, $3, $4::uuid) AS report", 4 },
	[STATEMENT_KEEPING] = { "keeping",
		"SELECT (SELECT count(*) FROM (SELECT DISTINCT ON (store) store, holds FROM dv.store "
			"ORDER BY store, revision DESC) AS s WHERE holds = 'all' AND store <> 'vault') AS copies, "
		"(SELECT count(*) FROM dv.copy WHERE check_at < now()) AS unread, "
		"(SELECT floor(extract(epoch FROM now() - max(ended_at)) / 86400)::bigint FROM dv.backup) "
			"AS backup_days", 0 },
	[STATEMENT_CLASS_SET] = { "class_set", "SELECT dv.class_set($1, $2, $3, $4)", 4 },
	[STATEMENT_CLASS_LOWER] = { "class_lower", "SELECT dv.class_lower($1, $2, $3, $4) AS lowering", 4 },
	[STATEMENT_CLASS_DECIDE] = { "class_decide", "SELECT dv.class_decide($1::uuid, $2::boolean, $3)", 3 },
	[STATEMENT_CLASS_SHOW] = { "class_show", "SELECT dv.class_show($1, $2) AS shown", 2 },
	[STATEMENT_CLASS_LIST] = { "class_list",
		"SELECT kind, subject, class, revision, reason, by, dv.utc(entered_at) AS entered_at "
		"FROM dv.classification_current WHERE $1::text IS NULL OR class = $1 "
		"ORDER BY dv.class_rank(class) DESC, kind, subject LIMIT $2::integer", 2 },
	[STATEMENT_CLASS_LOWERINGS] = { "class_lowerings",
		"SELECT lowering, kind, subject, class, reason, by, dv.utc(entered_at) AS entered_at, state, "
		"decided_by, decided_reason, dv.utc(decided_at) AS decided_at FROM dv.class_lowering_list l "
		"WHERE ($1::uuid IS NULL OR lowering = $1) AND ($2::text IS NULL OR state = $2) "
		"ORDER BY l.entered_at DESC, lowering", 2 },
	[STATEMENT_GRANT_GIVE] = { "grant_give",
		"SELECT dv.grant_give($1, $2, $3, dv.day_start($4::date + 1), $5) AS read_grant", 5 },
	[STATEMENT_GRANT_END] = { "grant_end", "SELECT dv.grant_end($1::uuid, $2)", 2 },
	[STATEMENT_GRANT_LIST] = { "grant_list",
		"SELECT read_grant, login, kind, subject, class, dv.utc(until) AS until, reason, by, "
		"dv.utc(entered_at) AS entered_at, state, ended_by, ended_reason, dv.utc(ended_at) AS ended_at "
		"FROM dv.read_grant_list l WHERE ($1::text IS NULL OR login = $1) "
		"AND ($2::text IS NULL OR state = $2) ORDER BY l.entered_at DESC, read_grant LIMIT $3::integer", 3 },
	[STATEMENT_COVERED_ON] = { "covered_on",
		"SELECT recorder, recording, class, segments FROM dv.covered_on($1, NULL, $2::date)", 2 },
	[STATEMENT_HOLD_ADD] = { "hold_add", "SELECT hold::text, " HOLD_REACH " FROM dv.hold_add($1::jsonb)", 1 },
	[STATEMENT_HOLD_REVIEW] = { "hold_review", "SELECT dv.hold_review($1::uuid, $2::date, $3)", 3 },
	[STATEMENT_HOLD_RELEASE] = { "hold_release", "SELECT dv.hold_release($1::uuid, $2)", 2 },
	[STATEMENT_HOLD_LIST] = { "hold_list",
		"SELECT hold::text, kind, subject, from_day::text, to_day::text, review_on::text, state, reason, by, "
		"dv.utc(entered_at) AS entered_at, review_reason, reviewed_by, dv.utc(reviewed_at) AS reviewed_at, "
		"release_reason, released_by, dv.utc(released_at) AS released_at FROM dv.hold_list "
		"WHERE ($1::text IS NULL OR hold::text = $1) AND ($2::text IS NULL "
		"OR hold = ANY (ARRAY(SELECT dv.holds_over($2, $3)))) "
		"ORDER BY state = 'released', review_on, hold LIMIT $4::bigint", 4 },
	[STATEMENT_HOLD_REACH] = { "hold_reach", "SELECT " HOLD_REACH " FROM dv.hold_reach($1::uuid)", 1 },
	[STATEMENT_SEGMENT_MASKED] = { "segment_masked",
		"SELECT segment, recorder, recording, unit, class FROM dv.segment_masked "
		"WHERE segment = $1::uuid", 1 },
	[STATEMENT_ROLE_HELD] = { "role_held", "SELECT dv.has_role($1) AS held", 1 },
	[STATEMENT_CASE_TAKES] = { "case_takes", "SELECT dv.case_takes($1) AS state", 1 },

	[STATEMENT_UNIT_LIST] = { "unit_list",
		"SELECT unit, parent, name, CASE WHEN closed THEN 'closed' ELSE 'active' END AS state, officers, "
		"accounts, reason, by, dv.utc(entered_at) AS entered_at FROM dv.unit_list "
		"WHERE $1::text IS NULL OR unit = $1 ORDER BY unit", 1 },
	[STATEMENT_OFFICER_LIST] = { "officer_list",
		"SELECT " OFFICER_COLUMNS ", CASE WHEN serving THEN 'serving' ELSE 'ended' END AS state, recorders, "
		"login FROM dv.officer_list WHERE ($1::text IS NULL OR officer = $1) "
		"AND ($2::text IS NULL OR unit = $2) ORDER BY officer", 2 },
	[STATEMENT_OFFICER_HISTORY] = { "officer_history",
		"SELECT " OFFICER_COLUMNS " FROM dv.officer WHERE officer = $1 ORDER BY revision", 1 },
	[STATEMENT_ACCOUNT_LIST] = { "account_list",
		"SELECT login, name, officer, unit, to_jsonb(roles) AS roles, "
		"CASE WHEN roles = '{}' THEN 'closed' ELSE 'active' END AS state, reason, by, "
		"dv.utc(entered_at) AS entered_at FROM dv.account_current "
		"WHERE $1::text IS NULL OR login = $1 ORDER BY login", 1 },
	[STATEMENT_RECORDER_ASSIGNMENTS] = { "recorder_assignments",
		"SELECT recorder, officer, unit, dv.utc(issued_at) AS issued_at, "
		"dv.utc(returned_at) AS returned_at, reason, by FROM dv.recorder_assignment a "
		"WHERE recorder = $1 ORDER BY a.issued_at DESC", 1 },

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
		"SELECT " SEGMENT_COLUMNS ", " SIGNATURE_BLOB "FROM dv.segment_list l "
		"WHERE recorder = $1 AND recording = $2::uuid "
		"ORDER BY seq, l.start_at, path, segment", 2 },
	[STATEMENT_SEGMENT_SHOW] = { "segment_show",
		"SELECT " SEGMENT_COLUMNS ", " SIGNATURE_BLOB "FROM dv.segment_list l "
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
	[STATEMENT_ANSWER_LIST] = { "answer_list",
		"SELECT finding, code, article, severity, state, owner, dv.utc(due_at) AS due_at, overdue, "
		"joins, excused, dv.utc(closed_at) AS closed_at, dv.utc(raised_at) AS raised_at, recorder, "
		"unit, officer, \"case\", subject_kind, subject, fact, dv.utc(at) AS at, detail, covered "
		"FROM dv.answer_list l WHERE joins IS NULL AND ($1::text IS NULL OR unit = $1) "
		"AND ($2::text IS NULL OR officer = $2) AND ($3::text IS NULL OR recorder = $3) "
		"AND ($4::text IS NULL OR code = $4) "
		"AND CASE $5::text WHEN 'waiting' THEN state <> 'closed' ELSE $5 IS NULL OR state = $5 END "
		"AND (NOT $6::boolean OR overdue) "
		"ORDER BY l.due_at, l.raised_at, l.finding LIMIT $7::integer", 7 },
	[STATEMENT_RECTIFICATION_LIST] = { "rectification_list",
		"SELECT r.number, r.kind, r.other, r.owner, dv.utc(r.due_at) AS due_at, r.reason_code, "
		"r.excused, r.text, r.document, r.segment, r.by, dv.utc(r.at) AS at "
		"FROM dv.rectification r WHERE r.finding = $1::uuid OR r.finding = "
			"(SELECT j.other FROM dv.rectification j WHERE j.finding = $1::uuid AND j.kind = 'joined') "
		"ORDER BY r.at, r.finding <> $1::uuid, r.number", 1 },
	[STATEMENT_FINDING_ACKNOWLEDGE] = { "finding_acknowledge",
		"SELECT dv.finding_acknowledge(" UUIDS_1 ", $2) AS done", 2 },
	[STATEMENT_FINDING_EXPLAIN] = { "finding_explain",
		"SELECT dv.finding_explain(" UUIDS_1 ", $2, $3, $4::uuid) AS done", 4 },
	[STATEMENT_FINDING_REVIEW] = { "finding_review",
		"SELECT dv.finding_review(" UUIDS_1 ", $2, $3) AS done", 3 },
	[STATEMENT_FINDING_ASSIGN] = { "finding_assign",
		"SELECT dv.finding_assign(" UUIDS_1 ", $2, $3::timestamptz, $4) AS done", 4 },
	[STATEMENT_NOTICES_MAKE] = { "notices_make",
		"SELECT made, greatest(extract(epoch FROM next_at - now()) * 1000, 0)::bigint AS wait_ms "
		"FROM dv.notices_make($1::jsonb)", 1 },
	[STATEMENT_NOTICE_NEXT] = { "notice_next",
		"SELECT notice, channel, attempt, body FROM dv.notice_next($1::integer, "
		"ARRAY(SELECT pg_catalog.jsonb_array_elements_text($2::jsonb)))", 2 },
	[STATEMENT_NOTICE_ANSWERED] = { "notice_answered",
		"SELECT dv.notice_answered($1::uuid, $2, $3, "
		"now() + make_interval(secs => $4::double precision)) AS outcome", 4 },
	[STATEMENT_NOTICE_LIST] = { "notice_list",
		"SELECT notice, channel, kind, subject, dv.utc(created_at) AS created_at, state, attempts, "
		"answer, dv.utc(last_at) AS last_at, dv.utc(next_at) AS next_at, findings "
		"FROM dv.notice_list l WHERE ($1::text IS NULL OR channel = $1) "
		"AND ($2::text IS NULL OR state = $2) "
		"ORDER BY l.created_at DESC, notice LIMIT $3::integer", 3 },
	[STATEMENT_NOTICE_RETRY] = { "notice_retry", "SELECT dv.notice_retry($1::uuid, $2)", 2 },
	[STATEMENT_NOTICE_TEST] = { "notice_test", "SELECT notice, body FROM dv.notice_test($1, $2)", 2 },
	[STATEMENT_NOTICE_TEST_ANSWERED] = { "notice_test_answered",
		"SELECT dv.notice_test_answered($1::uuid, $2, $3)", 3 },
	[STATEMENT_CASE_OPEN] = { "case_open", "SELECT dv.case_open($1::jsonb) AS \"case\"", 1 },
	[STATEMENT_CASE_CHANGE] = { "case_change",
		"SELECT dv.case_change($1::jsonb) AS revision", 1 },
	[STATEMENT_CASE_OFFICER_SET] = { "case_officer_set",
		"SELECT dv.case_officer_set($1, $2, $3::boolean, $4::boolean)", 4 },
	[STATEMENT_PARTY_ADD] = { "party_add", "SELECT dv.party_add($1::jsonb) AS number", 1 },
	[STATEMENT_CASE_EVENT_ADD] = { "case_event_add",
		"SELECT dv.case_event_add($1::jsonb) AS number", 1 },
	[STATEMENT_ACTION_ADD] = { "action_add", "SELECT dv.action_add($1::jsonb) AS action", 1 },
	[STATEMENT_ACTION_CHANGE] = { "action_change",
		"SELECT dv.action_change($1::jsonb) AS revision", 1 },
	[STATEMENT_DOCUMENT_ADD] = { "document_add",
		"SELECT dv.document_add($1::jsonb) AS document", 1 },
	[STATEMENT_DOCUMENT_SIGN] = { "document_sign", "SELECT dv.document_sign($1::jsonb)", 1 },
	[STATEMENT_DOCUMENT_REFUSE] = { "document_refuse", "SELECT dv.document_refuse($1::jsonb)", 1 },
	[STATEMENT_DOCUMENT_WITHDRAW] = { "document_withdraw",
		"SELECT dv.document_withdraw($1::uuid, $2)", 2 },
	[STATEMENT_LINK_ADD] = { "link_add", "SELECT dv.link_add($1::jsonb) AS link", 1 },
	[STATEMENT_LINK_REMOVE] = { "link_remove", "SELECT dv.link_remove($1::uuid, $2)", 2 },
	[STATEMENT_RECORDING_REVIEW] = { "recording_review",
		"SELECT dv.recording_review($1, $2::uuid, $3, $4)", 4 },
	[STATEMENT_SCAN_OF] = { "scan_of", "SELECT s AS segment FROM dv.scan_of($1::uuid, $2) AS s", 2 },
	[STATEMENT_CASE_LIST] = { "case_list",
		"SELECT \"case\", revision, kind, origin, named, procedure, urgent, urgent_reason, major, "
		"contentious, unit, title, dv.utc(started_at) AS started_at, reason, by, "
		"dv.utc(entered_at) AS entered_at, state, stage, dv.utc(approved_at) AS approved_at, "
		"dv.utc(concluded_at) AS concluded_at, dv.utc(archived_at) AS archived_at, actions, "
		"documents, officers FROM dv.case_list l WHERE ($1::text IS NULL OR \"case\" = $1) "
		"AND ($2::text IS NULL OR unit = $2) AND ($3::text IS NULL OR state = $3) "
		"AND ($4::text IS NULL OR EXISTS (SELECT FROM dv.case_officer_current o "
			"WHERE o.\"case\" = l.\"case\" AND o.officer = $4)) "
		"ORDER BY l.started_at DESC, \"case\" LIMIT $5::integer", 5 },
	[STATEMENT_CASE_EVENTS] = { "case_events",
		"SELECT number, kind, dv.utc(at) AS at, dv.utc(due_at) AS due_at, detail, note, by, "
		"dv.utc(entered_at) AS entered_at FROM dv.case_event e WHERE \"case\" = $1 "
		"ORDER BY e.at, number", 1 },
	[STATEMENT_CASE_PARTIES] = { "case_parties",
		"SELECT number, kind, role, name, identifier, address, phone, covered, by, "
		"dv.utc(entered_at) AS entered_at FROM dv.case_parties($1) ORDER BY number", 1 },
	[STATEMENT_CASE_CHECK] = { "case_check",
		"SELECT k.requirement, k.version, k.article, k.severity, k.stage, k.step, k.action, k.state, "
		"dv.utc(k.due_at) AS due_at, k.what, r.text_zh, r.text_en FROM dv.case_check($1) k "
		"LEFT JOIN dv.requirement r ON r.requirement = k.requirement AND r.version = k.version "
		"ORDER BY k.article, k.requirement, k.action", 1 },
	[STATEMENT_ACTION_LIST] = { "action_list",
		"SELECT action, revision, \"case\", stage, step, step_zh, step_en, "
		"dv.utc(start_at) AS start_at, dv.utc(end_at) AS end_at, place, av_notice, av_unsuitable, "
		"withdrawn, reason, by, dv.utc(entered_at) AS entered_at, officers, recordings, documents "
		"FROM dv.action_list l WHERE ($1::text IS NULL OR \"case\" = $1) "
		"AND ($2::uuid IS NULL OR action = $2) ORDER BY l.start_at, action", 2 },
	[STATEMENT_DOCUMENT_LIST] = { "document_list",
		"SELECT document, \"case\", kind, kind_zh, kind_en, title, number, "
		"dv.utc(made_at) AS made_at, segment, kept_where, fields, refusal, by, "
		"dv.utc(entered_at) AS entered_at, dv.utc(withdrawn_at) AS withdrawn_at, withdrawn_reason, "
		"signatures, actions FROM dv.document_list l WHERE \"case\" = $1 "
		"AND ($2::uuid IS NULL OR document = $2) ORDER BY l.made_at, document", 2 },
	[STATEMENT_LINK_LIST] = { "link_list",
		"SELECT link, \"case\", action, kind, object, how, why, by, "
		"dv.utc(entered_at) AS entered_at FROM dv.link_list l "
		"WHERE ($1::text IS NULL OR \"case\" = $1) AND ($2::uuid IS NULL OR action = $2) "
		"ORDER BY l.entered_at, link", 2 },
	[STATEMENT_LINK_PROPOSALS] = { "link_proposals",
		"SELECT \"case\", action, recorder, recording, overlap_ms, confidence, reason "
		"FROM dv.link_proposal WHERE ($1::text IS NULL OR \"case\" = $1) "
		"AND ($2::uuid IS NULL OR action = $2) "
		"ORDER BY reason ->> 'action_start', action, reason ->> 'start_at', recorder", 2 },
	[STATEMENT_CASE_INDEX] = { "case_index",
		"SELECT dv.hex(dv.case_archive_index($1)) AS index", 1 },
	[STATEMENT_CASE_ARCHIVE] = { "case_archive",
		"SELECT dv.case_archive($1, dv.unhex($2), $3, $4, $5) AS revision", 5 },
	[STATEMENT_CASE_ARCHIVES] = { "case_archives",
		"SELECT \"case\", revision, dv.hex(index) AS index, dv.hex(sha256) AS sha256, signature, "
		"key_id, incomplete, by, dv.utc(archived_at) AS archived_at FROM dv.case_archive a "
		"WHERE \"case\" = $1 AND ($2::integer IS NULL OR revision = $2) "
		"ORDER BY revision DESC", 2 },
	[STATEMENT_COVERAGE_DUE] = { "coverage_due",
		"SELECT ceil(extract(epoch FROM dv.coverage_due_at()) * 1000)::bigint AS due_ms", 0 },
	[STATEMENT_COVERAGE_NEXT] = { "coverage_next", "SELECT facts FROM dv.coverage_next($1::integer)", 1 },
	[STATEMENT_COVERAGE_JUDGED] = { "coverage_judged",
		"SELECT dv.coverage_judged($1::jsonb) AS judged", 1 },
	[STATEMENT_COVERAGE_POSTPONE] = { "coverage_postpone",
		"SELECT true AS done FROM dv.coverage_postpone($1::uuid)", 1 },
	[STATEMENT_COVERAGE_LIST] = { "coverage_list",
		"SELECT action, number, revision, \"case\", step, place, dv.utc(start_at) AS start, "
		"dv.utc(end_at) AS end, av, av_unsuitable, requirement, article, verdict, confidence, wanted_ms, "
		"covered_ms, proven_ms, uncertainty_ms, holes, officers, used, doubts, "
		"dv.utc(judged_at) AS judged_at FROM dv.coverage_list "
		"WHERE ($1::text IS NULL OR \"case\" = $1) AND ($2::uuid IS NULL OR action = $2) "
		"ORDER BY start_at, action", 2 },
	[STATEMENT_RULE_SHOW] = { "rule_show",
		"SELECT code, article, severity FROM dv.rule WHERE code = $1", 1 },
	[STATEMENT_RULE_LIST] = { "rule_list",
		"SELECT " RULE_COLUMNS "FROM dv.rules_at(coalesce($1::date, dv.day_of(now()))) l "
		"WHERE $2::integer IS NULL OR article = $2 ORDER BY article, what, code", 2 },
	[STATEMENT_RULE_VERSIONS] = { "rule_versions",
		"SELECT " RULE_COLUMNS ", p.proposal, p.by AS proposed_by, p.reason, p.decided_by, "
		"p.decided_reason FROM dv.rule_list l LEFT JOIN (SELECT proposal, by, reason, "
		"decided_by, decided_reason FROM dv.rule_proposal_list) p USING (proposal) "
		"WHERE code = $1 ORDER BY what, version", 1 },
	[STATEMENT_RULE_PROPOSALS] = { "rule_proposals",
		"SELECT proposal, what, code, valid_from, body, reason, by, dv.utc(entered_at) AS entered_at, state, "
		"decided_by, decided_reason, dv.utc(decided_at) AS decided_at FROM dv.rule_proposal_list l "
		"WHERE ($1::uuid IS NULL OR proposal = $1) AND ($2::text IS NULL OR code = $2) "
		"AND ($3::text IS NULL OR state = $3) ORDER BY l.entered_at DESC, code", 3 },
	[STATEMENT_RULE_CHANGES] = { "rule_changes",
		"SELECT name, was, becomes FROM dv.rule_changes($1, $2, $3::date, $4::jsonb)", 4 },
	[STATEMENT_RULE_ARTICLES] = { "rule_articles", "SELECT * FROM dv.regulation(dv.day_of(now()))", 0 },
	[STATEMENT_RULE_PROPOSE] = { "rule_propose",
		"SELECT dv.rule_propose($1, $2, $3::date, $4::jsonb, $5) AS proposal", 5 },
	[STATEMENT_RULE_DECIDE] = { "rule_decide",
		"SELECT dv.rule_decide($1::uuid, $2::boolean, $3) IS NOT NULL AS done", 3 },
	[STATEMENT_DISCLOSURE_REQUEST] = { "disclosure_request",
		"SELECT dv.disclosure_request($1::jsonb) AS disclosure", 1 },
	[STATEMENT_DISCLOSURE_LOOK] = { "disclosure_look",
		"SELECT segment, class, refused, plan FROM dv.disclosure_look($1::jsonb, $2::boolean) "
		"ORDER BY segment", 2 },
	[STATEMENT_DISCLOSURE_OBJECTS] = { "disclosure_objects",
		"SELECT segment, class, refused, plan FROM dv.disclosure_object WHERE disclosure = $1::uuid "
		"AND ($2::boolean IS NOT TRUE OR refused IS NOT NULL) ORDER BY segment", 2 },
	[STATEMENT_DISCLOSURE_SEEN] = { "disclosure_seen",
		"SELECT count(*) AS seen FROM dv.disclosure_object o JOIN dv.segment_place p USING (segment) "
		"JOIN dv.segment s USING (segment, placed_at) WHERE o.disclosure = $1::uuid", 1 },
	[STATEMENT_DISCLOSURE_DECIDE] = { "disclosure_decide",
		"SELECT dv.utc(dv.disclosure_decide($1::uuid, $2::boolean, $3::date, $4)) AS expires_at", 4 },
	[STATEMENT_DISCLOSURE_LOCK] = { "disclosure_lock",
		"SELECT dv.disclosure_lock($1::uuid) AS locked", 1 },
	[STATEMENT_DISCLOSURE_ATTEMPTS] = { "disclosure_attempts",
		"SELECT a.number, a.act, a.host, a.path, a.by, dv.utc(a.entered_at) AS entered_at, "
		"f.why AS failed, dv.utc(f.entered_at) AS failed_at, s.disclosure IS NOT NULL AS sealed "
		"FROM dv.disclosure_attempt a "
		"LEFT JOIN dv.disclosure_failed f ON f.disclosure = a.disclosure AND f.number = a.number "
		"LEFT JOIN dv.disclosure_sealed s ON s.disclosure = a.disclosure AND s.number = a.number "
		"WHERE a.disclosure = $1::uuid ORDER BY a.number", 1 },
	[STATEMENT_DISCLOSURE_BEGIN] = { "disclosure_begin",
		"SELECT number, act FROM dv.disclosure_begin($1::uuid, $2, $3, $4)", 4 },
	[STATEMENT_DISCLOSURE_FAIL] = { "disclosure_fail",
		"SELECT dv.disclosure_fail($1::uuid, $2::integer, $3) IS NOT NULL AS done", 3 },
	[STATEMENT_DISCLOSURE_SEAL] = { "disclosure_seal",
		"SELECT dv.disclosure_seal($1::uuid, $2::integer, $3, $4::numeric) IS NOT NULL AS done", 4 },
	[STATEMENT_DISCLOSURE_RECEIPT] = { "disclosure_receipt",
		"SELECT dv.disclosure_receipt($1::jsonb) AS disclosure", 1 },
	[STATEMENT_DISCLOSURE_LIST] = { "disclosure_list",
		"SELECT disclosure, dv.utc(entered_at) AS entered_at, state, asked_by, capacity, right_of, "
		"purpose, \"case\", owner, recipient, objects, refused_objects, reason, by, decided_by, "
		"dv.utc(decided_at) AS decided_at, decided_reason, dv.utc(expires_at) AS expires_at, attempts, "
		"package, dv.utc(sealed_at) AS sealed_at, sealed_by, sha256, size::bigint AS size, path, received_by, "
		"dv.utc(received_at) AS received_at, receipt, covered "
		"FROM dv.disclosure_register($1::uuid, $2::date, $3::date) AS r ORDER BY r.entered_at, disclosure", 3 },
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
	[STATEMENT_REPORT_MONTH] = { "report_month",
		"SELECT dv.report_month($1::date, $2, $3) AS report", 3 },
	[STATEMENT_REPORT_SIGNED] = { "report_signed",
		"SELECT " REPORT_SIGNED_COLUMNS "FROM dv.report_signed WHERE kind = 'month' "
		"AND from_day = $1::date AND unit IS NOT DISTINCT FROM $2", 2 },
	[STATEMENT_REPORT_SIGNED_SHOW] = { "report_signed_show",
		"SELECT " REPORT_SIGNED_COLUMNS "FROM dv.report_signed WHERE report = $1::uuid", 1 },
	[STATEMENT_REPORT_SIGN] = { "report_sign",
		"SELECT dv.report_sign($1::date, $2, convert_to($3, 'UTF8'), $4::jsonb, $5, $6, $7) "
		"AS report", 7 },
	[STATEMENT_OFFICER_DAY] = { "officer_day",
		"SELECT dv.officer_day($1, $2::date) AS day", 2 },
	[STATEMENT_DISPOSAL_PLAN] = { "disposal_plan",
		"SELECT plan, objects, bytes, digest, document FROM dv.disposal_plan(coalesce($1::date, dv.today()), $2, $3)", 3 },
	[STATEMENT_DISPOSAL_SIGN] = { "disposal_sign",
		"SELECT dv.disposal_sign($1::uuid, convert_to($2, 'UTF8'), $3, $4) IS NOT NULL AS done", 4 },
	[STATEMENT_DISPOSAL_LIST] = { "disposal_list",
		"SELECT " DISPOSAL_COLUMNS "FROM dv.disposal_plan_list l ORDER BY l.made_at DESC, l.plan LIMIT 20000", 0 },
	[STATEMENT_DISPOSAL_SHOW] = { "disposal_show",
		"SELECT " DISPOSAL_COLUMNS ", convert_from(g.document, 'UTF8') AS document, g.signature, g.key_id, "
		"dv.hex(g.sha256) AS sha256 FROM dv.disposal_plan_list l LEFT JOIN dv.disposal_plan_signed g "
		"ON g.plan = l.plan WHERE l.plan = $1::uuid", 1 },
	[STATEMENT_DISPOSAL_DECISIONS] = { "disposal_decisions",
		"SELECT by, approved, reason, dv.utc(entered_at) AS entered_at FROM dv.disposal_decision "
		"WHERE plan = $1::uuid ORDER BY number", 1 },
	[STATEMENT_DISPOSAL_ITEMS] = { "disposal_items",
		"SELECT number, segment, dv.hex(blob) AS blob, size, rule, rule_version, to_char(due_on, 'YYYY-MM-DD') AS due_on "
		"FROM dv.disposal_item WHERE plan = $1::uuid ORDER BY number", 1 },
	[STATEMENT_DISPOSAL_OBJECTS] = { "disposal_objects",
		"SELECT i.number, i.segment, dv.hex(i.blob) AS blob, i.size, i.rule, i.rule_version, "
		"to_char(i.due_on, 'YYYY-MM-DD') AS due_on, "
		"CASE WHEN g.segment IS NOT NULL THEN 'disposed' WHEN s.segment IS NOT NULL THEN 'spared' "
		"WHEN b.segment IS NOT NULL THEN 'begun' ELSE 'waits' END AS fate, s.cause AS why, "
		"dv.utc(coalesce(g.at, s.entered_at, b.at)) AS at, dv.hex(t.sha256) AS sha256, to_jsonb(g.stores) AS stores, "
		"g.blob_kept, g.recorder, g.recording "
		"FROM dv.disposal_item i "
		"LEFT JOIN dv.disposal_spared s ON s.plan = i.plan AND s.segment = i.segment "
		"LEFT JOIN dv.disposal_begun b ON b.plan = i.plan AND b.segment = i.segment "
		"LEFT JOIN dv.disposal_gone_of($1::uuid) g ON g.segment = i.segment "
		"LEFT JOIN dv.tombstone t ON t.plan = i.plan AND t.segment = i.segment "
		"WHERE i.plan = $1::uuid ORDER BY i.number LIMIT $2::bigint", 2 },
	[STATEMENT_DISPOSAL_DECIDE] = { "disposal_decide",
		"SELECT dv.disposal_decide($1::uuid, $2::boolean, $3, decode($4, 'hex')) AS said", 4 },
	[STATEMENT_DISPOSAL_RECALL] = { "disposal_recall",
		"SELECT dv.disposal_recall($1::uuid, $2::uuid, $3) IS NOT NULL AS done", 3 },
	[STATEMENT_DISPOSAL_NEXT] = { "disposal_next",
		"SELECT what, plan, segment, blob, remove, why FROM dv.disposal_next($1::integer)", 1 },
	[STATEMENT_DISPOSAL_STILL] = { "disposal_still",
		"SELECT dv.disposal_still($1::uuid) AS what", 1 },
	[STATEMENT_DISPOSAL_DONE] = { "disposal_done",
		"SELECT dv.disposal_done($1::uuid, $2::text[], $3::boolean) AS done", 3 },
	[STATEMENT_DISPOSAL_CERTIFICATE] = { "disposal_certificate",
		"SELECT x AS certificate FROM dv.disposal_certificate($1::uuid) AS x WHERE x IS NOT NULL", 1 },
	[STATEMENT_RETENTION_EXPLAIN] = { "retention_explain",
		"SELECT dv.retention_explain($1::uuid) AS explain", 1 },
	[STATEMENT_RETENTION_MARK] = { "retention_mark",
		"SELECT dv.retention_mark_set($1, $2, $3, $4) AS mark_id", 4 },
	[STATEMENT_RETENTION_UNMARK] = { "retention_unmark",
		"SELECT dv.retention_mark_remove($1, $2, $3, $4) AS mark_id", 4 },
	[STATEMENT_RETENTION_REVIEW] = { "retention_review",
		"SELECT dv.retention_review($1, $2::uuid, $3, $4) IS NOT NULL AS done", 4 },
	[STATEMENT_RETENTION_REVIEWS] = { "retention_reviews",
		"SELECT recorder, recording, unit, segments, bytes, rule, version, due_on FROM dv.retention_review_list "
		"ORDER BY due_on, recorder, recording LIMIT $1::integer", 1 },
	[STATEMENT_CLOCK_DAYS] = { "clock_days",
		"SELECT d.day, dv.utc(d.noted_at) AS noted_at, s.verdict, s.reason, s.by FROM dv.clock_day d "
		"LEFT JOIN LATERAL (SELECT * FROM dv.clock_said x WHERE x.day = d.day ORDER BY x.number DESC LIMIT 1) AS s "
		"ON true ORDER BY d.day DESC LIMIT $1::integer", 1 },
	[STATEMENT_CLOCK_PROBLEM] = { "clock_problem", "SELECT dv.clock_problem() AS problem", 0 },
	[STATEMENT_CLOCK_SAY] = { "clock_say", "SELECT dv.clock_say($1::date, $2, $3) IS NOT NULL AS done", 3 },
	[STATEMENT_BLOBS_DISPOSED] = { "blobs_disposed",
		"SELECT blob, segment, plan, dv.utc(at) AS at FROM dv.blobs_disposed($1::text[])", 1 },
	[STATEMENT_TOMBSTONES] = { "tombstones",
		"SELECT t.segment, t.plan, dv.utc(t.at) AS at, t.blob_kept FROM dv.segment s "
		"JOIN dv.tombstone t USING (segment) WHERE s.recorder = $1 AND s.recording = $2::uuid ORDER BY s.seq", 2 },
	[STATEMENT_RETENTION_DAILY] = { "retention_daily",
		"SELECT done, more, due_ms FROM dv.retention_daily($1::integer)", 1 },
	[STATEMENT_STORE_LIST] = { "store_list",
		"SELECT store, revision, holds, reread, reason, by, dv.utc(entered_at) AS entered_at "
		"FROM dv.store_current ORDER BY store <> 'vault', store", 0 },
	[STATEMENT_STORE_SET] = { "store_set", "SELECT dv.store_set($1, $2, $3, $4) AS outcome", 4 },
	[STATEMENT_STORE_NAMES] = { "store_names",
		"SELECT store, holds, walked_at FROM dv.store_names()", 0 },
	[STATEMENT_SCRUB_BEGIN] = { "scrub_begin",
		"SELECT resumed FROM dv.scrub_begin($1, $2::uuid, $3::boolean)", 3 },
	[STATEMENT_SCRUB_NEXT] = { "scrub_next",
		"SELECT blob, size, state, sha256, sm3, logged, leaving "
		"FROM dv.scrub_next($1::uuid, $2::integer, $3::boolean)", 3 },
	[STATEMENT_SCRUB_ONE] = { "scrub_one",
		"SELECT blob, size, state, sha256, sm3, logged, leaving FROM dv.scrub_one($1::uuid, $2)", 2 },
	[STATEMENT_SCRUB_SAMPLE] = { "scrub_sample",
		"SELECT blob FROM dv.scrub_sample($1, $2::integer)", 2 },
	[STATEMENT_SCRUB_LOCK] = { "scrub_lock", "SELECT blob FROM dv.scrub_lock($1::uuid, $2::jsonb)", 2 },
	[STATEMENT_SCRUB_FOUND] = { "scrub_found",
		"SELECT dv.scrub_found($1::uuid, $2::jsonb) AS findings", 2 },
	[STATEMENT_SCRUB_UNRECORDED] = { "scrub_unrecorded",
		"SELECT blob, removed FROM dv.scrub_unrecorded($1::uuid, $2::jsonb)", 2 },
	[STATEMENT_SCRUB_EXTRA] = { "scrub_extra",
		"SELECT dv.scrub_extra($1::uuid, $2::jsonb, $3::bigint, $4::bigint) AS findings", 4 },
	[STATEMENT_SCRUB_END] = { "scrub_end", "SELECT dv.scrub_end($1::uuid)", 1 },
	[STATEMENT_FIXITY] = { "fixity",
		"SELECT store, holds, reread, copies, bytes, present, wanted, missing, damaged, unreadable, "
		"removed, never_read, overdue, read_30d, CASE WHEN present > 0 THEN "
		"round(100.0 * read_30d / present, 1) || ' %' END AS read_share, "
		"dv.utc(oldest_read) AS oldest_read, digests, runs, dv.utc(last_run) AS last_run, "
		"dv.utc(last_walk) AS last_walk, scrubbing, dv.utc(now()) AS made_at FROM dv.fixity()", 0 },
	[STATEMENT_SCRUB_RUNS] = { "scrub_runs",
		"SELECT run, store, CASE WHEN everything THEN 'everything' ELSE 'what_was_due' END AS scope, "
		"CASE WHEN interrupted THEN 'interrupted' ELSE 'ended' END AS outcome, by, "
		"dv.utc(started_at) AS started_at, dv.utc(ended_at) AS ended_at, checked, bytes, whole, "
		"damaged, missing, unreadable, repaired, made, extra "
		"FROM dv.scrub_run ORDER BY scrub_run.ended_at DESC, run LIMIT $1::integer", 1 },
	[STATEMENT_SCRUB_WATCH] = { "scrub_watch",
		"SELECT raised, next_ms FROM dv.scrub_watch()", 0 },
	[STATEMENT_DRILL_BLOB] = { "drill_blob", "SELECT blob FROM dv.drill_blob()", 0 },
	[STATEMENT_DRILL_BEGIN] = { "drill_begin",
		"SELECT dv.drill_begin($1::uuid, $2, $3, $4::numeric, $5)", 5 },
	[STATEMENT_DRILL_TOLD] = { "drill_told",
		"SELECT finding, notices, sent, failed, answers FROM dv.drill_told($1::uuid, $2)", 2 },
	[STATEMENT_DRILL_END] = { "drill_end", "SELECT dv.drill_end($1::uuid, $2::boolean, $3::jsonb)", 3 },
	[STATEMENT_STATUS] = { "status", "SELECT dv.status() AS status", 0 },
	[STATEMENT_BLOB_PAGE] = { "blob_page",
		"SELECT dv.hex(hash) AS hash, size, dv.utc(stored_at) AS stored_at FROM dv.blob b "
		"WHERE $1::text IS NULL OR b.hash > dv.unhex($1) ORDER BY b.hash LIMIT $2::integer", 2 },
	[STATEMENT_BLOB_SHOW] = { "blob_show",
		"SELECT dv.hex(b.hash) AS hash, b.size, dv.utc(b.stored_at) AS stored_at, s.segment, "
		"s.recorder, s.path FROM dv.blob b LEFT JOIN dv.segment s ON s.blob = b.hash "
		"WHERE b.hash = dv.unhex($1) ORDER BY s.stored_at", 1 },

	[STATEMENT_BACKUP_SNAPSHOT] = { "backup_snapshot",
		"SELECT pg_catalog.pg_export_snapshot() AS snapshot, s.at, s.log_size, s.checkpoint, s.counts, "
		"pg_catalog.current_setting('server_version') AS server FROM dv.backup_state() AS s", 0 },
	[STATEMENT_BACKUP_COUNTS] = { "backup_counts", "SELECT dv.backup_counts() AS counts", 0 },
	[STATEMENT_BACKUP_ROLES] = { "backup_roles", "SELECT line FROM dv.backup_roles() AS line", 0 },
	[STATEMENT_BACKUP_BLOBS] = { "backup_blobs", "SELECT hash, size FROM dv.backup_blobs()", 0 },
	[STATEMENT_BACKUP_GOING] = { "backup_going",
		"SELECT hash FROM dv.backup_going(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AS hash", 1 },
	[STATEMENT_BACKUP_NOTE] = { "backup_note",
		"SELECT dv.backup_note($1, $2, $3, $4::bigint, $5::bigint, $6::bigint, $7::numeric, $8, $9) "
		"AS backup", 9 },
	[STATEMENT_RESTORE_EMPTY] = { "restore_empty",
		"SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		"ON n.oid = c.relnamespace WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_') "
		"AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'dv') AS empty", 0 },
	[STATEMENT_BACKUP_SWEEP] = { "backup_sweep", "SELECT raised, due_ms FROM dv.backup_sweep()", 0 },
};
