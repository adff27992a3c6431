# What SQL writes into leaves is what C reads in rows: every table that events are made of, with
# values that two writers of JSON could write in two ways; and each way of changing a row behind
# the log's back is told from the others.
#
# shellcheck shell=bash
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
drive=$BUILD/catalog-drive

fail() { echo "FAILED: $1"; exit 1; }
ok() { echo "ok: $1"; }
audit() { "$drive" audit "$CONNINFO user=dv_supervisor" - >"$CLUSTER/audit" || fail "auditing"; }
found() { sed -E '/^(rows|source) /d' "$CLUSTER/audit"; }

# found_is WHAT LINE...: these findings, and no others
found_is() {
	local what=$1; shift
	audit
	diff <(printf '%s\n' "$@" | sed '/^$/d' | sort) <(found | sort) || fail "$what"
	ok "$what"
}

cluster_start
trap cluster_end EXIT
"$drive" migrate "$CONNINFO user=postgres" sql >/dev/null
"$drive" ingest "$CONNINFO user=dv_ingest" 20 >/dev/null

# ------ the tables are those that the program knows ------

audit
diff <(sed -n 's/^source //p' "$CLUSTER/audit" | sort) \
     <(db postgres "SELECT concat_ws('|', source, array_to_string(key, ' '), array_to_string(personal, ' '),
		changes) FROM dv.custody_source" | sort) || fail "lib/catalog/sources.def is not dv.custody_source"
ok "the tables that are logged are those that the program knows, with their keys and personal columns"

# ------ values ------

# Names of one JSON in UTF-16's order, which is not UTF-8's; what both must escape, and must not.
db postgres "
INSERT INTO dv.act (kind, objects, by, reason, detail) VALUES
('view', ARRAY['blob:00', 'case:行政处罚〔2026〕7号'], E'张三\t\"\\\\', E'line\nbreak \u2028 \u007f',
 '{\"\uE000\": 1, \"\uD800\uDC00\": 2, \"\uD7FF\": 3, \"\uFFFF\": 4, \"\uDBFF\uDFFF\": 5, \"\": 6, \"a\": {\"b\": [], \"B\": {}}}'),
('play', '{}', 'x', NULL, '{\"n\": [0, -0, 1.0, -1.50, 1e3, 1E-3, 9007199254740991, 9007199254740992,
 -9007199254740991, -9007199254740992, 18446744073709551615, 0.1, 12345678901234567890.123456789]}'),
('export', '{}', 'x', 'y', jsonb_build_object('long', repeat('执', 5000), 'deep', '[[[[[[[[[[{\"a\": null}]]]]]]]]]]'::jsonb)),
('hold', '{}', 'x', 'y', '{\"control\": \"\\u0001\\b\\f\\n\\r\\t\\u001f/\", \"looks\": {\"salted\": \"00\", \"bytes\": 1}}');
INSERT INTO dv.recorder (recorder, revision, vid, pid, serial, officer, unit, reason, enrolled_by) VALUES
('R1', 1, 1, 65535, E'S\\\\\"é', '019123', 'QH-01', E'理由\n', '李四'), ('R1', 2, 1, 1, '', NULL, NULL, 'r', 'b');
INSERT INTO dv.recorder_retired (recorder, revision, reason, retired_by) VALUES ('R1', 1, 'r', 'b');
INSERT INTO dv.recorder_key (recorder, key, key_id, valid_from, valid_to, reason, added_by) VALUES
('R1', sha256('k'), '0123456789ABCDEF', '2000-01-01 00:00:00Z', '2026-11-27 14:38:22.1Z', 'r', 'b');
INSERT INTO dv.recorder_key_revoked (recorder, key, key_id, revoked_at, reason, recorded_by)
SELECT 'R1', key, key_id, '2026-11-27 22:38:22.120000+08', 'r', 'b' FROM dv.recorder_key;
" "
INSERT INTO dv.dock_session (session, station, slot, port, vid, pid, serial, manufacturer, product, recorder, started_at) VALUES
('00000000-0000-4000-8000-000000000001', 'QH-01', 'A1', '1-1', 1, 2, E'\\\\x00', repeat('é', 600), E'\u200e', 'R1', '2026-02-28 23:59:59.999Z'),
('00000000-0000-4000-8000-000000000002', 'QH-01', 'A1', '1-1', NULL, NULL, NULL, NULL, NULL, NULL, 'epoch');
INSERT INTO dv.dock_session_listed SELECT session, now(), '{\"label\": \"张三的卡\", \"sizes\": [1.5]}', 18446744073709551615, 0, 9007199254740992 FROM dv.dock_session LIMIT 1;
INSERT INTO dv.dock_session_judged (session, findings) SELECT session, 2147483647 FROM dv.dock_session ON CONFLICT DO NOTHING;
INSERT INTO dv.dock_unlock (session, unlocked_at, model, vid, pid) VALUES ('00000000-0000-4000-8000-000000000001', now(), 'm', 0, 1);
INSERT INTO dv.dock_import (session, imported_at, kind, source, by, officer, unit, \"case\", reason) VALUES
('00000000-0000-4000-8000-000000000002', now(), 'folder', E'/mnt/张三/a\nb', '王五', '019124', 'QH-01', '行政处罚〔2026〕7号/', 'r');
INSERT INTO dv.dock_check (session, phase, checked_at, recorder, station, battery, free, clock_offset_ms, clock_set, faults) VALUES
('00000000-0000-4000-8000-000000000001', 'dock', '2026-11-27 14:38:22.100000Z', 'R1', 'QH-01', 100, 9007199254740992, -9223372036854775808, true, ARRAY['a\"b', '', '执法']),
('00000000-0000-4000-8000-000000000001', 'dock', '2026-11-27 14:38:22Z', 'R1', 'QH-01', NULL, NULL, NULL, false, '{}');
INSERT INTO dv.blob (hash, size, stored_at) VALUES (sha256('b'), 0, '2099-12-31 23:59:59.999999Z'), (sha256('c'), NULL, now());
INSERT INTO dv.manifest (recorder, manifest, kind, device, dseq, prev, marks, clock) VALUES
('R1', sha256('b'), 'event', E'a\u001bb', 18446744073709551615, decode(repeat('00', 32), 'hex'), '[{\"at\": \"x\"}]', 'rtc');
INSERT INTO dv.manifest_seen (session, recorder, manifest, path_raw, path, signature, seen_at) VALUES
('00000000-0000-4000-8000-000000000001', 'R1', sha256('b'), decode(repeat('ff', 600), 'hex'), repeat('\\\\xff', 600), 'valid', now());
INSERT INTO dv.segment_hole (session, segment, \"offset\", size) SELECT session, segment, 18446744073709551615, 1 FROM dv.segment_seen LIMIT 1;
INSERT INTO dv.card_inventory (session, part, parts, recorder, listed_at, files, entries, blob) VALUES
('00000000-0000-4000-8000-000000000001', 0, 1, 'R1', now(), 1, repeat(E'DCIM/执法\t1\n', 20000), sha256('b'));
INSERT INTO dv.card_clearing (session, path_raw, clearing_at, recorder, path, size, blob) VALUES
('00000000-0000-4000-8000-000000000001', '\\x', now(), 'R1', '', 0, sha256('b'));
INSERT INTO dv.card_cleared (session, path_raw, cleared_at, recorder, path, size, blob, ok, why) VALUES
('00000000-0000-4000-8000-000000000001', '\\x', now(), 'R1', '', 0, sha256('b'), false, 'EIO');
INSERT INTO dv.card_challenge (session, nonce, challenged_at, recorder, name) VALUES
('00000000-0000-4000-8000-000000000001', sha256('n'), now(), 'R1', 'n');
INSERT INTO dv.finding (finding, code, subject_kind, subject, fact, severity, confidence, at, detail) VALUES
(gen_random_uuid(), 'gap', 'row', 'x', '', 'info', 0.750, now(), '{\"path\": \"a/b\", \"n\": 1.10}'),
(gen_random_uuid(), 'gap', 'log', 'x', 'f', 'info', 1, now(), '{}');
INSERT INTO dv.hold (hold, kind, subject, units, from_day, review_on, reason) VALUES
('00000000-0000-4000-8000-00000000000a', 'period', '', '{\"\", QH-1}', '2026-11-23', '2027-01-01', E'保全\t\"一\"');
INSERT INTO dv.hold_review (hold, number, review_on, reason) SELECT hold, 1, '2027-06-01', 'r' FROM dv.hold;
INSERT INTO dv.hold_released (hold, reason) SELECT hold, 'r' FROM dv.hold;
INSERT INTO dv.copy_event (store, blob, kind, run, detail) VALUES
('vault', sha256('b'), 'damaged', '00000000-0000-4000-8000-0000000000c1', '{\"size\": 9007199254740993, \"error\": \"坏\\\\道\"}'),
('vault', sha256('b'), 'whole', NULL, '{}');
INSERT INTO dv.copy_read (run, number, store, whole, other) VALUES
('00000000-0000-4000-8000-0000000000c1', 1, 'vault', decode(repeat('ab', 3200), 'hex'), ''), ('00000000-0000-4000-8000-0000000000c1', 2, 'vault', '', sha256('b'));
INSERT INTO dv.blob_digest (blob, sha256, sm3, run) VALUES (sha256('b'), sha256('x'), sha256('y'), '00000000-0000-4000-8000-0000000000c1');
INSERT INTO dv.scrub_run (run, store, everything, interrupted, by, started_at, ended_at, checked, bytes, whole, damaged, missing,
unreadable, repaired, made, extra) VALUES ('00000000-0000-4000-8000-0000000000c1', 'vault', true, false, E'张\t三', now(), now(), 1,
123456789012345678901234567890, 0, 1, 0, 0, 0, 0, NULL);
INSERT INTO dv.drill (drill, store, blob, reason) VALUES ('00000000-0000-4000-8000-0000000000c2', 'vault', sha256('d'), E'演练\"');
INSERT INTO dv.drill_end (drill, passed, steps) VALUES ('00000000-0000-4000-8000-0000000000c2', false, '{\"scrub\": {\"fired\": false}}');
INSERT INTO dv.recorder_report (recorder, kind, reason) VALUES ('R1', 'damaged', E'摔坏\t\"两次\"'), ('R1', 'lost', 'x');
INSERT INTO dv.report_signed (kind, from_day, to_day, unit, content, sha256, files, signature, key_id, reason)
VALUES ('month', '2026-10-01', '2026-10-31', 'QH-01', '{}', sha256('{}'), '[]', 'minisign', '0123456789ABCDEF', '月报');
UPDATE dv.rule SET parameters = '{\"b\": 1, \"a\": 1.0}' WHERE code = 'gap';
INSERT INTO dv.notice (notice, channel, kind, subject, body) VALUES
('00000000-0000-4000-8000-000000000077', 'mail', 'test', E'nina\t\"', '{\"v\": 1.50, \"text\": \"清河 \\\\ \\n\"}');
INSERT INTO dv.notice_attempt (notice, number, outcome, answer) VALUES
('00000000-0000-4000-8000-000000000077', 2147483647, 'failed', E'451 \u2028 \u007f');
INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES ('U-1', 1, NULL, E'执法\"一队\\\\', false, E'r\t');
INSERT INTO dv.officer (officer, revision, name, certificate, certified_to, unit, valid_from, valid_to, reason) VALUES
('O-1', 1, E'张\"三', 'ZJ-1', '2099-12-31', 'U-1', '2000-02-29', '2026-11-27', 'r'), ('O-1', 2, '张三', 'ZJ-1', NULL, 'U-1', '2026-11-28', NULL, 'r');
INSERT INTO dv.account (login, revision, name, officer, unit, roles, reason) VALUES
('zhang', 1, '张三', 'O-1', 'U-1', '{officer,unit_head}', 'r'), ('zhang', 2, '张三', NULL, 'U-1', '{}', 'r');
INSERT INTO dv.case_file (\"case\", revision, kind, origin, named, procedure, urgent, urgent_reason, major, contentious, unit,
	title, started_at, reason) VALUES ('P-1', 1, 'penalty', 'complaint', true, 'general', true, E'急\n', false, true, 'U-1', 't', now(), 'r');
INSERT INTO dv.case_officer (\"case\", officer, lead, leaves) VALUES ('P-1', 'O-1', true, false);
INSERT INTO dv.party (\"case\", kind, role, name, identifier, phone) VALUES ('P-1', 'person', 'party', E'李\"四', '11010119900101121X', '138');
INSERT INTO dv.case_event (\"case\", kind, at, due_at, detail, note) VALUES
('P-1', 'note', '2026-11-27 14:38:22.1Z', '2026-12-27 14:38:22.123456Z', '{\"b\": 1.0, \"a\": [null, \"\\u001f\"]}', E'n\t');
INSERT INTO dv.action (action, revision, \"case\", stage, step, start_at, end_at, place, av_notice, av_unsuitable, reason) VALUES
('00000000-0000-4000-8000-0000000000a1', 1, 'P-1', 'investigation', 'tap_step', now(), NULL, E'街\"', NULL, NULL, 'r');
INSERT INTO dv.action_officer (action, revision, officer, certificate, shown) VALUES
('00000000-0000-4000-8000-0000000000a1', 1, 'O-1', 'ZJ-1', true);
INSERT INTO dv.document (document, \"case\", kind, title, made_at, kept_where, fields, refusal) VALUES
('00000000-0000-4000-8000-0000000000d1', 'P-1', 'tap_kind', 't', now(), E'柜\\\\', '{\"place\": \"清河 \\n\"}', 'r');
INSERT INTO dv.document_signature (document, signer, name, refusal) VALUES
('00000000-0000-4000-8000-0000000000d1', 'party', '李四', E'拒\t');
INSERT INTO dv.document_withdrawn (document, reason) VALUES ('00000000-0000-4000-8000-0000000000d1', 'r');
INSERT INTO dv.link (link, action, kind, object, how, why) VALUES ('00000000-0000-4000-8000-0000000000b1',
	'00000000-0000-4000-8000-0000000000a1', 'document', '00000000-0000-4000-8000-0000000000d1', 'hand', 'w');
INSERT INTO dv.link_removed (link, reason) VALUES ('00000000-0000-4000-8000-0000000000b1', 'r');
INSERT INTO dv.recording_review (recorder, recording, verdict, why) SELECT recorder, recording, 'no_case', E'练\t' FROM dv.recording LIMIT 1;
INSERT INTO dv.case_archive (\"case\", revision, index, sha256, signature, key_id, incomplete) VALUES
('P-1', 1, '{}', sha256('{}'), 's', '0123456789ABCDEF', '[\"x\"]');
INSERT INTO dv.coverage (action, number, revision, \"case\", requirement, requirement_version, av, verdict, confidence, wanted_ms,
	covered_ms, proven_ms, uncertainty_ms, holes, officers, used, doubts) VALUES ('00000000-0000-4000-8000-0000000000a1', 1, 1, 'P-1',
	'tap', 1, 'mandatory', 'missing', 0.750, 9007199254740993, 0, 0, 0, '[{\"from\": \"x\"}]', '[]', '[]', '{\"n\": 1.0}');
INSERT INTO dv.rule_proposal (proposal, what, code, valid_from, body, reason) VALUES
('00000000-0000-4000-8000-0000000000c1', 'rule', 'gap', '2026-12-01', '{\"b\": 1.0}', 'r');
INSERT INTO dv.rule_decision (proposal, approved, reason) VALUES ('00000000-0000-4000-8000-0000000000c1', false, 'r');
INSERT INTO dv.disclosure (disclosure, capacity, right_of, purpose, owner, refused, reason) VALUES
('00000000-0000-4000-8000-0000000000e1', 'party', E'第\"条', E'复议\t', false, false, 'r');
INSERT INTO dv.disclosure_name (disclosure, what, name) VALUES ('00000000-0000-4000-8000-0000000000e1', 'asked_by', E'王\"小明');
INSERT INTO dv.disclosure_object (disclosure, segment, class) SELECT '00000000-0000-4000-8000-0000000000e1', segment, 'internal' FROM dv.segment_place LIMIT 1;
INSERT INTO dv.disclosure_decision (disclosure, approved, expires_at, reason) VALUES ('00000000-0000-4000-8000-0000000000e1', true, '2026-11-27 14:38:22.1Z', 'r');
INSERT INTO dv.disclosure_attempt (disclosure, number, act, host, path) VALUES ('00000000-0000-4000-8000-0000000000e1', 10, gen_random_uuid(), 'h', E'/执\\\\xff');
INSERT INTO dv.disclosure_failed (disclosure, number, why) VALUES ('00000000-0000-4000-8000-0000000000e1', 10, E'w\t');
INSERT INTO dv.disclosure_sealed (disclosure, number, sha256, size) VALUES ('00000000-0000-4000-8000-0000000000e1', 10, sha256(''), 18446744073709551615);
INSERT INTO dv.disclosure_receipt (disclosure, received_at) VALUES ('00000000-0000-4000-8000-0000000000e1', now());
INSERT INTO dv.retention_mark (mark_id, kind, subject, mark, reason) VALUES (md5('mark 1')::uuid, 'segment', 'x', 'complaint', '投诉');
INSERT INTO dv.retention_mark_removed (mark_id, reason) VALUES (md5('mark 1')::uuid, '撤诉');
INSERT INTO dv.retention_review (recorder, recording, verdict, reason) VALUES ('R1', md5('rec 1')::uuid, 'keep', '复核');
INSERT INTO dv.clock_said (day, verdict, reason) SELECT day, 'lived', '停用' FROM dv.clock_day LIMIT 1;
INSERT INTO dv.disposal_plan (plan, day, objects, bytes, digest, reason) VALUES (md5('plan 1')::uuid, '2026-11-27', 1, 1, sha256('f'), '期满');
INSERT INTO dv.disposal_plan_signed (plan, document, sha256, signature, key_id)
VALUES (md5('plan 1')::uuid, 'f', sha256('f'), 'f', '0123456789ABCDEF');
INSERT INTO dv.disposal_decision (plan, approved, reason) VALUES (md5('plan 1')::uuid, true, '同意');
INSERT INTO dv.disposal_recalled (plan, reason) VALUES (md5('plan 1')::uuid, '撤回');
INSERT INTO dv.disposal_spared (plan, segment, cause, reason) VALUES (md5('plan 1')::uuid, md5('seg 1')::uuid, 'held', '保全');
INSERT INTO dv.disposal_begun (segment, plan, blob) VALUES (md5('seg 2')::uuid, md5('plan 1')::uuid, sha256('f'));
INSERT INTO dv.tombstone (segment, plan, blob, size, facts, stores, blob_kept)
VALUES (md5('seg 2')::uuid, md5('plan 1')::uuid, sha256('f'), 1, '{}', '{vault}', false);
INSERT INTO dv.backup (backup, place, started_at, ended_at, log_size, blobs, missing, bytes, digest, reason)
VALUES (md5('back 1')::uuid, '/备份 \"1\"', '2026-11-27 01:02:03.456Z', '2026-11-27 02:02:03Z', 9, 3, 0, 123456789012345678901, sha256('x'), '每周');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('case', 'T-1', 1, 'personal', '家中 \"1\"');
INSERT INTO dv.class_lowering (lowering, kind, subject, revision, class, reason) VALUES (md5('low 1')::uuid, 'case', 'T-1', 1, 'internal', '误定');
INSERT INTO dv.class_lowering_decision (lowering, approved, reason) VALUES (md5('low 1')::uuid, false, '不同意');
INSERT INTO dv.read_grant (read_grant, login, kind, subject, class, until, reason) VALUES
	(md5('grant 1')::uuid, 't_zhang', 'case', 'T-1', 'personal', now() + interval '1 day', '办案');
INSERT INTO dv.read_grant_ended (read_grant, reason) VALUES (md5('grant 1')::uuid, '办结');
INSERT INTO dv.rectification (finding, number, kind, due_at, text) SELECT finding, 1, 'opened', now(), E't\t' FROM dv.finding LIMIT 1
	ON CONFLICT DO NOTHING;
INSERT INTO dv.rule SELECT 'to_be_removed', 1, 'info', 'a', 'b', 'c', 'd', '{}';
DELETE FROM dv.rule WHERE code = 'to_be_removed';
"
found_is "every row is what its leaf says" ""
[ "$(sed -n 's/^rows [a-z_]* \([0-9]*\),.*/\1/p' "$CLUSTER/audit" | grep -cx 0)" -eq 0 ] ||
	fail "a table without rows: $(grep ' 0, untold' "$CLUSTER/audit")"
ok "there is a row of every table"
# Whatever a session's settings.
for setting in 'TimeZone=Asia/Shanghai' 'bytea_output=escape' 'DateStyle=German' 'search_path=dv' \
		'extra_float_digits=-15' 'IntervalStyle=sql_standard' 'quote_all_identifiers=on'; do
	PGOPTIONS="-c $setting" found_is "with $setting" ""
done

# ------ the attacker is the database's superuser ------

off() { db postgres "ALTER TABLE dv.$1 DISABLE TRIGGER ALL"; }
on() { db postgres "ALTER TABLE dv.$1 ENABLE TRIGGER ALL; ALTER TABLE dv.$1 ENABLE ALWAYS TRIGGER append_only;
	ALTER TABLE dv.$1 ENABLE ALWAYS TRIGGER logged"; }
why_column=1 why_salt=2 why_again=4 why_twice=5 why_came_back=6

off blob
b=$(printf b | sha256sum | cut -d' ' -f1) c=$(printf c | sha256sum | cut -d' ' -f1)
db postgres "UPDATE dv.blob SET size = 1 WHERE hash = sha256('b')"
found_is "a changed value" "custody_row_changed blob $b $why_column size"
db postgres "UPDATE dv.blob SET size = 0 WHERE hash = sha256('b'); UPDATE dv.blob SET size = 0 WHERE hash = sha256('c')"
found_is "a value where there was none" "custody_row_changed blob $c $why_column size"
db postgres "UPDATE dv.blob SET size = NULL WHERE hash = sha256('c');
	INSERT INTO dv.blob VALUES (sha256('d'), 1, now())"
d=$(printf d | sha256sum | cut -d' ' -f1)
found_is "a row that was never logged" "custody_row_unlogged blob $d 0 "
db postgres "DELETE FROM dv.blob WHERE hash = sha256('d')"
db postgres "CREATE TABLE dv.kept AS SELECT * FROM dv.blob WHERE hash = sha256('c'); DELETE FROM dv.blob WHERE hash = sha256('c')"
found_is "a row that is gone" "custody_row_missing blob $c 0 "
on blob
db postgres "INSERT INTO dv.blob SELECT * FROM dv.kept"
found_is "removed and put in again as it was, with an event of its own" "custody_row_changed blob $c $why_again "
off blob
db postgres "ALTER TABLE dv.blob DROP CONSTRAINT blob_pkey CASCADE; INSERT INTO dv.blob SELECT * FROM dv.blob WHERE hash = sha256('b')"
found_is "a second row of the same key" "custody_row_changed blob $c $why_again " "custody_row_unlogged blob $b $why_twice "
db postgres "DELETE FROM dv.blob WHERE ctid = (SELECT max(ctid) FROM dv.blob WHERE hash = sha256('b'));
	ALTER TABLE dv.custody_event DISABLE TRIGGER ALL;
	DELETE FROM dv.custody_event WHERE event = (SELECT max(event) FROM dv.custody_event WHERE source = 'blob')"
found_is "all as it was" ""

# Personal columns are held by their salts.
off recorder
db postgres "UPDATE dv.recorder SET officer = '019999' WHERE officer = '019123'"
found_is "another officer" "custody_row_changed recorder R1/1 $why_column officer"
db postgres "ALTER TABLE dv.custody_salt DISABLE TRIGGER ALL; CREATE TABLE dv.kept2 AS SELECT s.* FROM dv.custody_salt s
	JOIN dv.custody_event USING (event) WHERE key = 'R1/1' AND source = 'recorder' AND field = 'officer';
	DELETE FROM dv.custody_salt s USING dv.kept2 k WHERE s.event = k.event AND s.field = k.field"
found_is "with its salt removed by hand" "custody_row_changed recorder R1/1 $why_salt officer"
db postgres "INSERT INTO dv.custody_salt SELECT event, field, sha256('x') FROM dv.kept2"
found_is "with a salt of one's own" "custody_row_changed recorder R1/1 $why_column officer"
db postgres "UPDATE dv.custody_salt s SET salt = k.salt FROM dv.kept2 k WHERE s.event = k.event AND s.field = k.field;
	UPDATE dv.recorder SET officer = '019123' WHERE officer = '019999'"
event=$(db postgres "SELECT event FROM dv.kept2")
[ "$(db dv_supervisor "SELECT dv.erase_personal($event, 'officer', 'request of the officer', 'zhang')")" = t ] || fail "erasing"
found_is "erased by an act: nobody can tell, and nobody is accused" ""
grep -qx 'rows recorder 2, untold 1' "$CLUSTER/audit" || fail "what cannot be told is counted"

# Rows that change by right are held by their last event.
off rule
db postgres "UPDATE dv.rule SET severity = 'info' WHERE code = 'gap'"
found_is "a rule made mild" "custody_row_changed rule gap $why_column severity"
db postgres "UPDATE dv.rule SET severity = 'violation' WHERE code = 'gap'; INSERT INTO dv.rule SELECT 'to_be_removed', 1, 'info', 'a', 'b', 'c', 'd', '{}'"
found_is "a rule that came back" "custody_row_unlogged rule to_be_removed $why_came_back "
db postgres "DELETE FROM dv.rule WHERE code = 'to_be_removed'"
found_is "all as it was, again" ""

# ------ what is read is the tables ------

# A function or operator of the database's own is not asked.
db postgres "CREATE SCHEMA evil; CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
	CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);
	CREATE FUNCTION evil.encode(bytea, text) RETURNS text LANGUAGE sql AS 'SELECT ''00''';
	GRANT USAGE ON SCHEMA evil TO PUBLIC; ALTER ROLE dv_supervisor SET search_path = evil, pg_catalog"
found_is "another's functions and operators are not found" ""
db postgres "CREATE POLICY hide ON dv.blob AS RESTRICTIVE FOR SELECT USING (size > 0)"
! "$drive" audit "$CONNINFO user=dv_supervisor" - >"$CLUSTER/out" 2>&1 || fail "rows that are hidden are missed in silence"
grep -q 'dv.blob is not read as it is' "$CLUSTER/out" || fail "why: $(cat "$CLUSTER/out")"
ok "a table that hides rows is an error"
