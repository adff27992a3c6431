-- Custody: each act is an event, each event a leaf, byte for byte what docs/CUSTODY.md says.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY VIEW tables AS
SELECT c.oid, c.relname::text AS name, c.relispartition AS is_partition
FROM pg_class c WHERE c.relnamespace = 'dv'::regnamespace AND c.relkind IN ('r', 'p');

-- ---- what is logged ----

CREATE TEMPORARY TABLE unlogged (name text PRIMARY KEY, why text NOT NULL);
INSERT INTO unlogged VALUES
	('segment_place', 'where the row of a segment lies: of that row, which is logged'),
	('day_summary', 'counted from what is logged'),
	('finding_summary', 'counted from what is logged'),
	('month_summary', 'counted from what is logged'), ('month_finding', 'counted from what is logged'),
	('finding_open', 'counted from what is logged'), ('month_action', 'counted from what is logged'),
	('case_touched', 'which cases are looked at when a transaction ends'),
	('custody_event', 'the log'), ('custody_entry', 'the log'), ('custody_checkpoint', 'the log'),
	('custody_salt', 'goes by an act, which is logged; a wrong one does not fit its leaf'),
	('custody_noted', 'what was noted is an act, which is logged'),
	('deadline', 'made of what is logged'), ('finding_state', 'made of what is logged'),
	('coverage_due', 'made of what is logged');

INSERT INTO unlogged VALUES
	('notice_queue', 'what is still to be sent, of notices and attempts, which are logged'),
	('notice_pause', 'until when a channel waits, of attempts, which are logged'),
	('notice_news', 'what is still to be told, of findings, which are logged'),
	('notice_pending', 'what is still to be told, of findings, which are logged');
INSERT INTO unlogged VALUES ('copy', 'made of what is logged'), ('scrub_open', 'where a scrub is, until it is a scrub_run, which is logged');
INSERT INTO unlogged VALUES ('segment_class', 'made of what is logged'), ('recording_class', 'made of what is logged');
INSERT INTO unlogged VALUES
	('disposal_item', 'a million at once: of the plan, which is logged with their digest'),
	('disposal_chunk', 'digests that make the plan''s, which is logged'),
	('retention_state', 'made of what is logged'), ('retention_dirty', 'made of what is logged'),
	('retention_pass', 'made of what is logged'), ('disposal_progress', 'made of what is logged');
SELECT is(array_agg(name ORDER BY name), NULL, 'every table is logged, or there is a reason')
FROM tables WHERE NOT is_partition AND name NOT IN (SELECT source FROM dv.custody_source)
	AND name NOT IN (SELECT name FROM unlogged);
SELECT is(array_agg(s.source), NULL, 'what is logged is there, and not excused')
FROM dv.custody_source s WHERE s.source NOT IN (SELECT name FROM tables WHERE NOT is_partition)
	OR s.source IN (SELECT name FROM unlogged);
SELECT is(s.columns, (SELECT array_agg(attname::text ORDER BY attname COLLATE "C") FROM pg_attribute
		WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped),
	s.source || ': a leaf has every column; after a new one, dv.log_acts() runs again')
FROM dv.custody_source s JOIN tables t ON t.name = s.source;
SELECT is(array_agg(attname::text ORDER BY attname), NULL, s.source
	|| ': these columns tell of persons or are free text')
FROM dv.custody_source s JOIN tables t ON t.name = s.source
JOIN pg_attribute a ON a.attrelid = t.oid AND attnum > 0
WHERE attname ~ '(^|_)by$|officer|reason|^path|^detail$|^why$|manufacturer|product|^faults$|^card$|^entries$|media_name'
	AND attname NOT IN ('end_reason', 'applied_by', 'reason_code')	-- words of a list; a role
	AND NOT attname = ANY (s.personal)
GROUP BY s.source;
SELECT is(array_agg(name), NULL, 'personal columns and keys are apart')
FROM (SELECT source AS name FROM dv.custody_source WHERE key && personal) AS x;

-- ---- the canonical form (RFC 8785) ----

SELECT is(dv.canonical(v::jsonb), want, why) FROM (VALUES
	('{"b": [1, 2.50, -0, 1e2, {"y": null, "x": true}], "a": "x"}',
	 '{"a":"x","b":[1,"2.50",0,100,{"x":true,"y":null}]}', 'names in order, no white space'),
	('[9007199254740991, 9007199254740992, -9007199254740991, -9007199254740992, 18446744073709551615, 1e400]',
	 '[9007199254740991,"9007199254740992",-9007199254740991,"-9007199254740992","18446744073709551615","1'
		|| repeat('0', 400) || '"]', 'integers beyond 2^53 are text'),
	('"\u0001\u001f\b\t\n\f\r\"\\/"', '"\u0001\u001f\b\t\n\f\r\"\\/"', 'the escapes there are'),
	('"\u007f\u0080\u2028\ud842\udfb7清河"', '"' || chr(127) || chr(128) || chr(8232) || '𠮷清河"',
	 'and no others'),
	-- The example of RFC 8785, section 3.2.3: U+1F600 comes before U+FB33.
	('{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
	   "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
	"\u00f6": "Latin Small Letter O With Diaeresis"}',
	 '{"\r":"Carriage Return","1":"One","' || chr(128)
	|| '":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","'
	|| chr(64307) || '":"Hebrew Letter Dalet With Dagesh"}',
	 'names by their UTF-16 code units'),
	('{"\udbff\udfff": 1, "\udbff\udfff\uffff": 2, "\uffff": 3, "\udbff\udfffa": 4, "\udbff\udfff\ud83d\ude00": 5, "\ue000": 6, "": 7}',
	 '{"":7,"' || chr(1114111) || '":1,"' || chr(1114111) || 'a":4,"' || chr(1114111) || '😀":5,"'
	|| chr(1114111)
		|| chr(65535) || '":2,"' || chr(57344) || '":6,"' || chr(65535) || '":3}',
		'up to the last of them'),
	('{}', '{}', 'nothing in braces'), ('[]', '[]', 'nothing in brackets'), ('null', 'null',
	'null'),
	('false', 'false', 'false')) AS x(v, want, why);
SELECT throws_ok(format('SELECT dv.canonical(%L)', repeat('[', 33) || repeat(']', 33)), '22023', NULL,
	'as deep as the reader of leaves goes, and no deeper');
SELECT is(dv.canonical((repeat('[', 32) || repeat(']', 32))::jsonb), repeat('[', 32) || repeat(']', 32),
	'so deep it goes');
SELECT is(dv.custody_value('"' || repeat('x', 1022) || '"'), '"' || repeat('x', 1022) || '"',
	'1024 bytes are there themselves');
SELECT is(dv.custody_value('{"bytes":1}'),
	'{"bytes":11,"sha256":"' || encode(sha256('{"bytes":1}'), 'hex') || '"}',
	'what could be taken for a digest is there as its digest');
SELECT is(dv.custody_value('"' || repeat('x', 1023) || '"'),
	'{"bytes":1025,"sha256":"' || encode(sha256(convert_to('"' || repeat('x', 1023) || '"',
	'UTF8')), 'hex') || '"}',
	'one more is a digest');

-- ---- a leaf to the letter ----

CREATE FUNCTION pg_temp.leaf(a_source text, a_key text) RETURNS text LANGUAGE sql AS $$
	SELECT convert_from(leaf, 'UTF8') FROM dv.custody_event
	WHERE source = a_source AND key = a_key ORDER BY event DESC LIMIT 1
$$;
-- What no two runs have in common: the number, and the moment of the transaction.
CREATE FUNCTION pg_temp.plain(leaf text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(replace(regexp_replace(leaf, '"event":[0-9]+', '"event":N'),
	to_json(now() AT TIME ZONE 'UTC') #>> '{}', 'NOW'),
		'"[0-9a-f]{64}"', '"HEX"', 'g')
$$;

INSERT INTO dv.rule VALUES ('tap_golden', 33, 'notice', '清河 "引号" \ ' || chr(1) || chr(10) || chr(127)
	|| chr(8232) || '𠮷', 'text', repeat('长', 400), 'step',
	'{"ö": 1.50, "𠮷": 9007199254740993, "a": ["x", null], "": {}}');
SELECT is(pg_temp.plain(pg_temp.leaf('rule', 'tap_golden')),
	'{"act":"rule_changed","at":"NOW+00:00","event":N,"key":"tap_golden","objects":["rule:tap_golden"],"role":"postgres","row":{'
	|| '"article":33,"code":"tap_golden","next_step_en":"step","next_step_zh":{"bytes":1202,"sha256":"HEX"},'
	|| '"parameters":{"":{},"a":["x",null],"ö":"1.50","𠮷":"9007199254740993"},"severity":"notice","text_en":"text",'
	|| '"text_zh":"清河 \"引号\" \\ \u0001\n' || chr(127) || chr(8232) || '𠮷"},"source":"rule","v":1}',
	'a rule, as it was made');
SELECT is(substring(pg_temp.leaf('rule', 'tap_golden') FROM '"sha256":"([0-9a-f]{64})"'),
	encode(sha256(convert_to('"' || repeat('长', 400) || '"', 'UTF8')), 'hex'),
	'and the digest of what is long');
UPDATE dv.rule SET text_en = 'better' WHERE code = 'tap_golden';
SELECT ok(pg_temp.leaf('rule', 'tap_golden') LIKE '%"text_en":"better"%',
	'changed, the new row is logged');
DELETE FROM dv.rule WHERE code = 'tap_golden';
SELECT is(pg_temp.plain(pg_temp.leaf('rule', 'tap_golden')),
	'{"act":"rule_changed","at":"NOW+00:00","event":N,"key":"tap_golden","objects":["rule:tap_golden"],"role":"postgres","row":{},"source":"rule","v":1}',
	'removed, an empty one');

INSERT INTO dv.blob (hash, size, stored_at) VALUES (sha256('1'), 18446744073709551615,
	'2026-11-23T16:00:00.120+08'),
	(sha256('2'), 9007199254740991, '2026-11-23T08:00:00Z');
SELECT is(pg_temp.plain(replace(pg_temp.leaf('blob', encode(sha256(n::bytea), 'hex')),
	encode(sha256(n::bytea), 'hex'), 'HASH')),
	'{"act":"blob_stored","at":"NOW+00:00","event":N,"key":"HASH","objects":["blob:HASH"],"role":"postgres","row":{"hash":"\\xHASH","recorded_at":"NOW+00:00","size":'
		|| size || ',"stored_at":"' || stored || '"},"source":"blob","v":1}', 'a blob of '
		|| size || ' bytes')
FROM (VALUES ('1', '"18446744073709551615"', '2026-11-23T08:00:00.12+00:00'), ('2', '9007199254740991',
	'2026-11-23T08:00:00+00:00')) AS x(n, size, stored);

-- Whatever the session's settings are.
SELECT set_config(name, value, true) FROM (VALUES ('TimeZone', 'Asia/Shanghai'), ('DateStyle',
	'SQL, DMY'), ('bytea_output', 'escape'),
	('IntervalStyle', 'sql_standard'), ('extra_float_digits', '-15'), ('lc_numeric', 'C'),
	('search_path', 'pg_catalog')) AS x(name, value);
INSERT INTO dv.blob (hash, size, stored_at) VALUES (pg_catalog.sha256('3'), 1, '2026-11-23T08:00:00Z');
RESET ALL;
SET search_path = tap, public;
SELECT is(pg_temp.plain(replace(pg_temp.leaf('blob', encode(sha256('3'), 'hex')), encode(sha256('3'),
	'hex'), 'HASH')),
	'{"act":"blob_stored","at":"NOW+00:00","event":N,"key":"HASH","objects":["blob:HASH"],"role":"postgres","row":{"hash":"\\xHASH",'
	|| '"recorded_at":"NOW+00:00","size":1,"stored_at":"2026-11-23T08:00:00+00:00"},"source":"blob","v":1}',
	'a leaf is the same in any session');

-- ---- one of everything, as dockd and people bring it ----

SELECT dv.unit_set('U1', NULL, '一队 "1"', false, '建立'), dv.officer_set('019123', '张"三', 'ZJ-1', '2099-12-31', 'U1', NULL, NULL, 'r'),
	dv.account_set('t_zhang', '张三', '019123', NULL, '{officer,unit_head}', 'r');
SELECT enroll FROM dv.enroll('REC-1', 1, 2, 'S"1', '019123', 'U1', '配发 "新" 记录仪', '张三',
	'00112233AABBCCDD', sha256('key'));
SELECT enroll FROM dv.enroll('REC-2', 1, 2, 'S2', NULL, NULL, 'spare', 'zhang');
SELECT dv.key_revoke('REC-1', '00112233aabbccdd', NULL, 'verloren', 'zhang');
SELECT dv.retire('REC-2', 'broken', 'zhang');
INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title, started_at, reason)
VALUES ('T-1', 1, 'penalty', 'own', false, 'simple', false, false, false, 'U1', '某店"案"', now(), 'x');
INSERT INTO dv.case_officer ("case", officer, lead, leaves) VALUES ('T-1', '019123', true, false);
INSERT INTO dv.party ("case", kind, role, name, identifier) VALUES ('T-1', 'person', 'party', '王某', '110101199003070011');
INSERT INTO dv.case_event ("case", kind, at, detail, note) VALUES ('T-1', 'note', now(), '{"n": [1, "清河"]}', '记事');
INSERT INTO dv.action (action, revision, "case", stage, step, start_at, place, reason)
SELECT uid('act', 1), 1, 'T-1', stage, step, now(), '清河路 1 号', 'x' FROM dv.step ORDER BY step LIMIT 1;
INSERT INTO dv.action_officer (action, revision, officer, certificate, shown) VALUES (uid('act', 1), 1, '019123', 'C-1', true);
INSERT INTO dv.document (document, "case", kind, title, made_at, kept_where, fields)
SELECT uid('doc', n), 'T-1', kind, '笔录', now(), '档案室', '{"place": "清河"}'
FROM generate_series(1, 2) AS n, (SELECT min(kind) AS kind FROM dv.document_kind) AS k;
INSERT INTO dv.document_withdrawn (document, reason) VALUES (uid('doc', 2), 'x');
INSERT INTO dv.document_signature (document, signer, name, refusal) VALUES (uid('doc', 1), 'party', '王某', '不签');
INSERT INTO dv.link (link, action, kind, object, how, why) VALUES (uid('link', 1), uid('act', 1), 'document', uid('doc', 1), 'hand', 'x');
INSERT INTO dv.link_removed (link, reason) VALUES (uid('link', 1), 'x');
INSERT INTO dv.recording_review (recorder, recording, verdict, why) VALUES ('REC-1', uid('rec', 1), 'no_case', '训练');
INSERT INTO dv.case_archive ("case", revision, index, sha256, signature, key_id, incomplete)
VALUES ('T-1', 1, repeat('x', 2000)::bytea, sha256(repeat('x', 2000)::bytea), 's', '0123456789ABCDEF', '{"missing": []}');
CREATE TEMPORARY TABLE batch AS SELECT ARRAY[
	r_session(1, 'REC-1'), r_unlocked(1), r_import(1), r_check(1, 'REC-1', 'dock',
	'2026-11-23T08:00:01.000Z'),
	r_check(1, 'REC-1', 'ready', '2026-11-23T08:04:00.000Z')
	|| '{"clock_set": true, "faults": ["坏块 at 7", "x"]}', r_listed(1),
	r_manifest(1, 'REC-1', 1, 18446744073709551615, 1, 0),
	r_segment(1, 'REC-1', 1, 1, 0, dv.utc(now()), digest('bwm', 1)) || jsonb_build_object('path',
	'019123/清河_1.mp4', 'officer', '019123',
		'holes', '[{"offset": 0, "size": 50}]'::jsonb,
		'findings', jsonb_build_array(f('tap_gap', 'REC-1', 'REC-1/' || uid('rec', 1), 'fact')
		|| '{"confidence": 0.5, "detail": {"path": "019123/清河_1.mp4", "n": 2}}')),
	r_segment(1, 'REC-1', 2, 2, 0, '2001-01-01T00:00:00.000Z'),
	r_inventory(1, 'REC-1', 0, 1), r_clearing(1, 'REC-1', 1), r_cleared(1, 'REC-1', 1, false),
	r_challenge(1, 'REC-1', 1), r_end(1)] AS records;
SELECT ingest(VARIADIC records) FROM batch;
SELECT dv.judge(uid('sess', 1), '[]');
SELECT dv.do_act('view', ARRAY['session:' || uid('sess', 1), 'case:〔2026〕12 号', 'session:'
	|| uid('sess', 1)], '张三', '复查', '{"n": 1}');
INSERT INTO dv.coverage (action, number, revision, "case", requirement, requirement_version, av, verdict, confidence,
	wanted_ms, covered_ms, proven_ms, uncertainty_ms, holes, officers, used, doubts)
VALUES (uid('act', 1), 1, 1, 'T-1', 'x1', 1, 'mandatory', 'missing', 0.5, 1000, 0, 0, 0, '[]', '[{"officer": "019123"}]', '[]', '{}');
INSERT INTO dv.recorder_report (recorder, kind, reason) VALUES ('REC-1', 'damaged', '摔坏了');
INSERT INTO dv.copy_event (store, blob, kind, run, detail) VALUES ('vault', sha256('c'), 'damaged', uid('run', 1), '{"size": 7}');
INSERT INTO dv.copy_read (run, number, store, whole, other) VALUES (uid('run', 1), 1, 'vault', sha256('c'), '');
INSERT INTO dv.blob_digest (blob, sha256, sm3, run) VALUES (sha256('c'), sha256('d'), sha256('e'), uid('run', 1));
-- Keeping, and the end of it (050).
INSERT INTO dv.retention_mark (mark_id, kind, subject, mark, reason) VALUES (uid('mark', 1), 'segment', 'x', 'complaint', '投诉');
INSERT INTO dv.retention_mark_removed (mark_id, reason) VALUES (uid('mark', 1), '撤诉');
INSERT INTO dv.retention_review (recorder, recording, verdict, reason) VALUES ('R1', uid('rec', 1), 'keep', '复核');
INSERT INTO dv.clock_said (day, verdict, reason) SELECT day, 'lived', '停用' FROM dv.clock_day LIMIT 1;
INSERT INTO dv.disposal_plan (plan, day, objects, bytes, digest, reason) VALUES (uid('plan', 1), '2026-11-27', 1, 1, sha256('f'), '期满');
INSERT INTO dv.disposal_plan_signed (plan, document, sha256, signature, key_id)
VALUES (uid('plan', 1), 'f', sha256('f'), 'f', '0123456789ABCDEF');
INSERT INTO dv.disposal_decision (plan, approved, reason) VALUES (uid('plan', 1), true, '同意');
INSERT INTO dv.disposal_recalled (plan, reason) VALUES (uid('plan', 1), '撤回');
INSERT INTO dv.disposal_spared (plan, segment, cause, reason) VALUES (uid('plan', 1), uid('seg', 1), 'held', '保全');
INSERT INTO dv.disposal_begun (segment, plan, blob) VALUES (uid('seg', 2), uid('plan', 1), sha256('f'));
INSERT INTO dv.tombstone (segment, plan, blob, size, facts, stores, blob_kept)
VALUES (uid('seg', 2), uid('plan', 1), sha256('f'), 1, '{}', '{vault}', false);
INSERT INTO dv.scrub_run (run, store, everything, interrupted, by, started_at, ended_at, checked, bytes, whole, damaged, missing,
	unreadable, repaired, made) VALUES (uid('run', 1), 'vault', false, false, 'zhang', now(), now(), 1, 7, 0, 1, 0, 0, 0, 0);
INSERT INTO dv.drill (drill, store, blob, reason, by) VALUES (uid('dri', 1), 'vault', sha256('f'), '演练', 'zhang');
INSERT INTO dv.drill_end (drill, passed, steps, by) VALUES (uid('dri', 1), true, '{}', 'zhang');
INSERT INTO dv.disclosure (disclosure, capacity, right_of, purpose, owner, refused, reason)
VALUES (uid('disc', 1), 'party', '第三十六条', E'复议\t', false, false, 'r');
INSERT INTO dv.disclosure_name (disclosure, what, name) VALUES (uid('disc', 1), 'asked_by', '王小明');
INSERT INTO dv.disclosure_object (disclosure, segment, class) SELECT uid('disc', 1), segment, 'internal' FROM dv.segment_place LIMIT 1;
INSERT INTO dv.disclosure_decision (disclosure, approved, reason) VALUES (uid('disc', 1), false, 'r');
INSERT INTO dv.disclosure_attempt (disclosure, number, act, host, path) VALUES (uid('disc', 1), 1, uid('dact', 1), 'h', '/执法');
INSERT INTO dv.disclosure_failed (disclosure, number, why) VALUES (uid('disc', 1), 1, 'r');
INSERT INTO dv.disclosure_sealed (disclosure, number, sha256, size) VALUES (uid('disc', 1), 1, sha256(''), 18446744073709551615);
INSERT INTO dv.disclosure_receipt (disclosure, received_at) VALUES (uid('disc', 1), now());
INSERT INTO dv.backup (backup, place, started_at, ended_at, log_size, blobs, missing, bytes, digest, reason)
VALUES (uid('back', 1), '/备份 "1"', '2026-11-27 01:02:03.456Z', '2026-11-27 02:02:03Z', 9, 3, 0, 123456789012345678901, sha256('x'), '每周');
INSERT INTO dv.hold (hold, kind, subject, review_on, reason) VALUES (uid('hold', 1), 'officer', '019123', '2027-01-01', '投诉 "一"');
INSERT INTO dv.hold_review (hold, number, review_on, reason) VALUES (uid('hold', 1), 1, '2027-06-01', '仍需');
INSERT INTO dv.hold_released (hold, reason) VALUES (uid('hold', 1), '已结案');
INSERT INTO dv.notice (notice, channel, kind, subject, body) VALUES
	(uid('note', 1), 'mail', 'test', 'nina "x"', '{"v": 1, "text": "清河\n"}');
INSERT INTO dv.notice_attempt (notice, number, outcome, answer) VALUES (uid('note', 1), 1, 'failed', '451 ' || chr(8232));
INSERT INTO dv.schema_version (number, name, sha256) VALUES (998, '998-tap.sql', sha256('x'));
INSERT INTO dv.rule_proposal (proposal, what, code, valid_from, body, reason, by) VALUES
	(uid('prop', 1), 'rule', 'gap', '2030-01-01', '{"severity": "notice"}', '修改 "理由"', '法制'), (uid('prop', 2), 'step', 'x1',
	'2030-01-01', '{}', 'r', 'fa');
INSERT INTO dv.rule_decision (proposal, approved, reason, by) VALUES (uid('prop', 1), false, '不同意', 'ju');
INSERT INTO dv.report_signed (kind, from_day, to_day, unit, content, sha256, files, signature, key_id, reason)
VALUES ('month', '2026-10-01', '2026-10-31', 'QH-01', '{}', sha256('{}'), '[]', 'minisign', '0123456789ABCDEF', '月报');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('case', 'T-1', 1, 'personal', '家中 "1"');
INSERT INTO dv.class_lowering (lowering, kind, subject, revision, class, reason) VALUES (uid('low', 1), 'case', 'T-1', 1, 'internal', '误定');
INSERT INTO dv.class_lowering_decision (lowering, approved, reason) VALUES (uid('low', 1), false, '不同意');
INSERT INTO dv.read_grant (read_grant, login, kind, subject, class, until, reason) VALUES
	(uid('grant', 1), 't_zhang', 'case', 'T-1', 'personal', now() + interval '1 day', '办案');
INSERT INTO dv.read_grant_ended (read_grant, reason) VALUES (uid('grant', 1), '办结');

-- The leaf of an event again, from the row and the salts, over the columns one by one.
CREATE FUNCTION pg_temp.again(s dv.custody_source, e dv.custody_event,
	a_row jsonb) RETURNS text LANGUAGE plpgsql
	SET TimeZone = 'UTC' AS $$
DECLARE
	k text;
	v jsonb;
	t text;
	fields text[] := '{}';
	a_salt bytea;
BEGIN
	FOR k, v IN SELECT key, value FROM jsonb_each(a_row) WHERE value <> 'null'
	ORDER BY key COLLATE "C" LOOP
		t := dv.canonical(v);
		IF k = ANY (s.personal) THEN
			SELECT salt INTO STRICT a_salt FROM dv.custody_salt WHERE event = e.event
			AND field = k;
			t := format('{"salted":"%s"}', encode(sha256(a_salt || convert_to(
				CASE jsonb_typeof(v) WHEN 'string' THEN v #>> '{}' ELSE t END, 'UTF8')),
				'hex'));
		ELSIF octet_length(t) > 1024 OR starts_with(t, '{"bytes":') THEN
			t := format('{"bytes":%s,"sha256":"%s"}', octet_length(t),
			encode(sha256(convert_to(t, 'UTF8')), 'hex'));
		END IF;
		fields := fields || (to_json(k) || ':' || t);
	END LOOP;
	RETURN replace(dv.canonical(jsonb_build_object('act', e.act, 'at', e.recorded_at, 'event',
	e.event, 'key', e.key,
		'objects', e.objects, 'role', 'postgres', 'row', '@', 'source', e.source, 'v', 1)),
		'"row":"@"', '"row":{' || array_to_string(fields, ',') || '}');
END
$$;

-- Events and rows beside one another.
CREATE TEMPORARY TABLE audited (source text, key text, event bigint, leaf bytea, row jsonb);
CREATE FUNCTION pg_temp.audit() RETURNS void LANGUAGE plpgsql SET TimeZone = 'UTC' AS $$
DECLARE
	s dv.custody_source;
BEGIN
	FOR s IN SELECT * FROM dv.custody_source LOOP
		EXECUTE format('INSERT INTO audited SELECT %L, coalesce(e.key, r.key), e.event, e.leaf, r.row
			FROM (SELECT * FROM dv.custody_event WHERE source = %1$L) AS e
			FULL JOIN (SELECT (SELECT string_agg(regexp_replace(to_jsonb(t) ->> c, ''^\\x'', ''''), ''/'' ORDER BY i)
					   FROM unnest(%L::text[]) WITH ORDINALITY AS k(c, i)) AS key,
					to_jsonb(t) AS row FROM dv.%1$I t) AS r USING (key)', s.source, s.key);
	END LOOP;
END
$$;
SELECT pg_temp.audit();

SELECT ok(count(row) > 0, source || ': there is one') FROM dv.custody_source LEFT
	JOIN audited USING (source) GROUP BY source;
SELECT is(array_agg(source || ' ' || key), NULL, 'no row without event, no event without row')
FROM audited WHERE (event IS NULL OR row IS NULL) AND key <> 'tap_golden';
SELECT is(convert_from(e.leaf, 'UTF8'), pg_temp.again(s, e, a.row), e.source || ': ' || e.act
	|| ' to the letter')
FROM (SELECT DISTINCT ON (source) * FROM audited WHERE key <> 'tap_golden' ORDER BY source, event DESC)
	AS a
JOIN dv.custody_source s USING (source) JOIN dv.custody_event e USING (event);
SELECT is(count(*) FILTER (WHERE convert_from(a.leaf, 'UTF8') = pg_temp.again(s, e, a.row)),
	count(*), a.source || ': every one')
FROM (SELECT DISTINCT ON (source, key) * FROM audited ORDER BY source, key, event DESC) AS a	-- as it is now
JOIN dv.custody_source s USING (source) JOIN dv.custody_event e USING (event)
WHERE a.key <> 'tap_golden' GROUP BY a.source;
SELECT is(count(*), count(DISTINCT salt), 'no salt is there twice') FROM dv.custody_salt;
SELECT is(array_agg(leaf ORDER BY event), NULL, 'nothing personal is in any leaf') FROM dv.custody_event
WHERE convert_from(leaf, 'UTF8') ~ '019123|张三|zhang|坏块|复查|verloren|配发|/mnt/stick|DCIM';
SELECT is(array_agg(e.event), NULL, 'each salted value has its salt, and no other')
	FROM dv.custody_event e
WHERE (SELECT count(*) FROM regexp_matches(convert_from(e.leaf, 'UTF8'), '\{"salted":"[0-9a-f]{64}"\}',
	'g'))
	<> (SELECT count(*) FROM dv.custody_salt x WHERE x.event = e.event);

-- What they are called, and what they are found by.
SELECT set_eq(format('SELECT act, array_to_string(objects, '' '') FROM dv.custody_event WHERE source = %L AND event > %s',
	source,
		(SELECT min(event) FROM dv.custody_event WHERE source = 'recorder')),
	format('VALUES (%L, %L)', act, replace(replace(replace(objects, 'SESS', uid('sess', 1)::text),
	'REC1', uid('rec', 1)::text), 'SEG1', uid('REC-1', 1)::text)),
	source || ' is called ' || act)
FROM (VALUES
	('dock_session', 'session_opened', 'recorder:REC-1 session:SESS'),
	('dock_session_listed', 'session_listed', 'session:SESS'), ('dock_session_end',
	'session_closed', 'session:SESS'),
	('dock_session_judged', 'session_judged', 'session:SESS'), ('dock_unlock', 'recorder_unlocked',
	'session:SESS'),
	('dock_import', 'imported', 'case:〔2026〕12 号 session:SESS'),
	('recorder_key', 'key_enrolled', 'key:REC-1/00112233AABBCCDD recorder:REC-1'),
	('recorder_key_revoked', 'key_revoked', 'key:REC-1/00112233AABBCCDD recorder:REC-1'),
	('recorder_retired', 'recorder_retired', 'recorder:REC-2'),
	('manifest', 'manifest_stored', 'blob:' || digest('bwm', 1)
	|| ' recorder:REC-1 recording:REC-1/REC1'),
	('manifest_seen', 'verdict', 'blob:' || digest('bwm', 1) || ' recorder:REC-1 session:SESS'),
	('segment_hole', 'hole_found', 'segment:SEG1 session:SESS'),
	('card_inventory', 'card_listed', 'blob:' || digest('ledger', 1)
	|| ' recorder:REC-1 session:SESS'),
	('card_clearing', 'card_clearing', 'blob:' || digest('blob', 1)
	|| ' recorder:REC-1 session:SESS'),
	('card_cleared', 'card_cleared', 'blob:' || digest('blob', 1)
	|| ' recorder:REC-1 session:SESS'),
	('card_challenge', 'challenge_left', 'recorder:REC-1 session:SESS'),
	('act', 'view', 'case:〔2026〕12 号 session:SESS')) AS x(source, act, objects);
SELECT results_eq($$SELECT act FROM dv.custody_event WHERE source = 'dock_check' ORDER BY event$$,
	ARRAY['recorder_checked', 'clock_set'],
	'a clock that was set is an act of its own');
SELECT is(objects, ARRAY['blob:' || digest('blob', 1), 'recorder:REC-1', 'recording:REC-1/'
	|| uid('rec', 1), 'segment:' || uid('REC-1', 1), 'session:' || uid('sess', 1)],
	'a segment is found by all that it belongs to')
FROM dv.custody_event WHERE source = 'segment' AND key = uid('REC-1', 1)::text;
SELECT is(objects, ARRAY['finding:' || dv.finding_id('tap_gap', 'REC-1/' || uid('rec', 1), 'fact'),
	'recorder:REC-1', 'recording:REC-1/' || uid('rec', 1), 'session:' || uid('sess', 1)],
	'a finding by its subject, too')
FROM dv.custody_event WHERE source = 'finding' AND key = dv.finding_id('tap_gap', 'REC-1/' || uid('rec',
	1), 'fact')::text;
SELECT is(key, uid('sess', 1) || '/' || number, 'no path in a key, but the row''s number')
FROM dv.custody_event, dv.manifest_seen WHERE source = 'manifest_seen'
	AND manifest_seen.session = uid('sess', 1);
SELECT matches(try_as('postgres', format($$UPDATE dv.card_cleared SET number = 1$$)), '^428C9',
	'which nobody chooses');

SELECT throws_ok($$INSERT INTO dv.custody_event (source, key, act, objects, leaf) VALUES ('x', 'x', 'x', '{}', '')$$,
	'23514', NULL, 'a leaf is not empty: no log takes one, and all behind it would wait');
SELECT throws_ok('TRUNCATE dv.' || source || ' CASCADE', '42501', NULL, source || ' is not emptied at once')
FROM (VALUES ('rule'), ('custody_source')) AS x(source);

-- ---- with the act, or not at all; once ----

CREATE TEMPORARY TABLE before AS SELECT everything() AS x;
SELECT is(ingest(VARIADIC records), 0, 'handed over again, nothing is new') FROM batch;
SELECT is(everything(), x, 'and nothing is logged') FROM before;
SELECT is(try_as('dv_ingest', $$SELECT dv.ingest(to_jsonb(ARRAY[tap.r_session(7, 'REC-1')]))$$), '',
	'another session, taken back');
SELECT is(everything(), x, 'takes its event with it') FROM before;
SELECT throws_like(format('SELECT dv.ingest(to_jsonb(ARRAY[%L::jsonb, %L::jsonb]))', r_session(8,
	'REC-1'), r_segment(9, 'REC-1', 9, 9, 0)),
	'record 2%', 'a batch of which one record is refused');
SELECT is(everything(), x, 'leaves no event of the others') FROM before;

-- ---- partitions, those made since, too; for every role, even where triggers are silent ----

SELECT is(count(*) FILTER (WHERE tgenabled = 'A'), count(*), 'every trigger of ours is always on')
FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM tables);
SELECT is(array_agg(t.name ORDER BY t.name), NULL, 'none is missing on any table')
FROM tables t JOIN dv.custody_source s ON s.source = CASE WHEN t.is_partition THEN 'segment'
	ELSE t.name END
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid AND tgname = 'logged'
	AND tgfoid = ('dv.logged_' || s.source)::regproc);
SELECT is((SELECT count(*) FROM tables WHERE is_partition AND name <> 'segment_other'), 1::bigint,
	'ingest made a partition');
SET LOCAL session_replication_role = replica;
INSERT INTO dv.blob (hash, stored_at) VALUES (sha256('replica'), now());
SELECT ok(pg_temp.leaf('blob', encode(sha256('replica'), 'hex')) IS NOT NULL,
	'what a replica writes is logged');
SET LOCAL session_replication_role = origin;

-- ---- logging what was not logged before ----

CREATE TABLE dv.tap_later (id integer PRIMARY KEY, who text, seen date, big bigint, small smallint,
	yes boolean, names text[], raw bytea, any_json jsonb);
INSERT INTO dv.tap_later VALUES (1, '张三', '2026-11-23', -9223372036854775808, 7, true, ARRAY['b', 'a',
	NULL], '\x00ff', 'null');
INSERT INTO dv.tap_later (id) VALUES (2);
SELECT dv.log_acts('dv.tap_later', 'tapped', '{id}', '{who}', '{tap:id}');
SELECT results_eq($$SELECT key, act, array_to_string(objects, ' ') FROM dv.custody_event
	WHERE source = 'tap_later' ORDER BY key$$,
	$$VALUES ('1', 'logged_later', 'tap:1'), ('2', 'logged_later', 'tap:2')$$,
	'what was there is logged later');
SELECT ok(pg_temp.leaf('tap_later',
	'1') LIKE '%"row":{"big":"-9223372036854775808","id":1,"names":["b","a",null],"raw":"\\\\x00ff","seen":"2026-11-23","small":7,"who":{"salted":"%"},"yes":true},"source":"tap_later","v":1}',
	'every type there is');
INSERT INTO dv.tap_later VALUES (3);
SELECT is(pg_temp.plain(pg_temp.leaf('tap_later', '3')),
	'{"act":"tapped","at":"NOW+00:00","event":N,"key":"3","objects":["tap:3"],"role":"postgres","row":{"id":3},"source":"tap_later","v":1}',
	'and from now on what comes');
ALTER TABLE dv.tap_later ADD COLUMN more integer;
SELECT dv.log_acts('dv.tap_later', 'tapped', '{id}', '{who}', '{tap:id}');
INSERT INTO dv.tap_later (id, more) VALUES (4, 4);
SELECT ok(pg_temp.leaf('tap_later', '4') LIKE '%"row":{"id":4,"more":4}%',
	'a new column, once it is told of');
SELECT is(count(*), 4::bigint, 'and nothing is logged twice for it') FROM dv.custody_event
	WHERE source = 'tap_later';
CREATE TABLE dv.tap_other (id integer PRIMARY KEY, x double precision);
SELECT throws_like($$SELECT dv.log_acts('dv.tap_other', 'x', '{id}', '{}', '{}')$$, '%type float8',
	'a type of which nobody said how it is written');
DROP TABLE dv.tap_later, dv.tap_other;
DELETE FROM dv.custody_source WHERE source = 'tap_later';

-- ---- acts ----

CREATE FUNCTION pg_temp.as_session(a_role text, sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', a_role);
	BEGIN
		EXECUTE sql INTO result;
	EXCEPTION WHEN OTHERS THEN
		result := SQLSTATE;
	END;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN result;
END
$$;
SELECT is(pg_temp.as_session(role, format($$SELECT dv.do_act(%L, '{}', 'li', NULL, '{}')$$,
	kind)) = '42501', role NOT IN ('dv_admin', 'dv_supervisor')
	OR NOT (kind IN ('view', 'scrub') OR (role = 'dv_supervisor' AND kind IN ('play', 'export',
	'disclosure'))),
	role || ' and ' || kind)
FROM unnest(ARRAY['dv_admin', 'dv_supervisor', 'dv_ingest', 'dv_custody']) AS role,
	unnest(ARRAY['view', 'scrub', 'play', 'export', 'disclosure', 'hold', 'hold_released',
	'disposal', 'login_failed', 'config_changed', 'roles_changed',
		'personal_erased', 'anything']) AS kind;
CREATE ROLE tap_clerk LOGIN IN ROLE dv_admin;
SELECT is(pg_temp.as_session('tap_clerk', $$SELECT dv.do_act('disposal', '{}', 'li', NULL, '{}')$$), '42501',
	'a member of the admin may do no more than the admin');
DROP ROLE tap_clerk;
SELECT is(convert_from(leaf, 'UTF8')::jsonb ->> 'role', 'dv_supervisor',
	'the role is whose session it is, and not whose function')
FROM dv.custody_event WHERE act = 'export' ORDER BY event DESC LIMIT 1;
SELECT throws_ok(format('SELECT dv.do_act(''view'', %L, ''li'', NULL, NULL)', objects), '23514', NULL,
	why)
FROM (VALUES (ARRAY['no name'], 'an object has a kind'), (ARRAY['case:' || repeat('x', 196)],
	'a short name'), (ARRAY[E'case:x\n'], 'of one line'),
	(ARRAY['case:"x"'], 'without quotes'), (ARRAY(SELECT 'case:' || i FROM generate_series(1, 201)
	AS i), 'and they are 200')) AS x(objects, why);
SELECT lives_ok($$SELECT dv.do_act('view', ARRAY(SELECT 'case:' || lpad(i::text, 195, 'x')
	FROM generate_series(1, 200) AS i), repeat('人', 500), repeat('由', 500), '{}')$$,
	'200 names of 200 bytes');
SELECT ok(max(octet_length(leaf)) BETWEEN 40000 AND 65535, 'are in a leaf') FROM dv.custody_event
	WHERE act = 'view';

SELECT is(dv.login_failed('  ', NULL, 5), true, 'of a name that is none, too');
SELECT is(dv.login_failed('li', '10.0.0.7', n), n >= 5, n || ' failures') FROM generate_series(4, 6)
	AS n;
SELECT is(count(*), 3::bigint, 'those beyond the lock are acts') FROM dv.custody_event
	WHERE act = 'login_failed';

-- ---- findings of the log itself ----

SELECT is(array_agg(code ORDER BY code), ARRAY['blob_changed', 'blob_missing', 'blob_not_disposed', 'blob_unlogged',
	'custody_event_changed', 'custody_event_waiting',
	'custody_leaf_damaged', 'custody_log_forked', 'custody_log_inconsistent', 'custody_row_changed',
	'custody_row_missing', 'custody_row_unlogged',
	'timestamp_missing', 'witness_silent'], 'what there is to find in the log')
FROM dv.rule WHERE code ~ '^(custody|blob)_|^witness|^timestamp';
SELECT is(pg_temp.as_session(role, format($$SELECT dv.log_finding('custody_row_changed', 'row',
	'segment/x', %L, '{"path": "p"}')$$, role)), want, role)
FROM (VALUES ('dv_custody', 'true'), ('dv_admin', 'true'), ('dv_supervisor', 'true'), ('dv_ingest',
	'42501')) AS x(role, want);
SELECT is(dv.log_finding('custody_row_changed', 'row', 'segment/x', 'dv_admin', '{}'), false,
	'found again, it is the same');
SELECT throws_ok($$SELECT dv.log_finding('gap', 'log', 'x', '', '{}')$$, '42501', NULL,
	'what a dock finds is none of it');
SELECT throws_ok($$SELECT dv.log_finding('custody_row_changed', 'moon', 'x', '', '{}')$$, '23514', NULL,
	'and it is about something of the log');
SELECT results_eq($$SELECT DISTINCT session, recorder, unit, article, severity FROM dv.finding_list
	WHERE code = 'custody_row_changed'$$,
	$$VALUES (NULL::uuid, NULL::dv.ident, NULL::dv.ident, 35, 'violation'::dv.severity)$$,
	'of no session and no recorder');
SELECT is(jsonb_path_query_array(dv.report_integrity(dv.day_of(now()), dv.day_of(now())),
	'$.findings[*] ? (@.code == "custody_row_changed").session'),
	'[null, null, null]', 'in the report, it is told');
SELECT is(dv.log_finding('blob_missing', 'object', 'blob:' || repeat('a', 64), '', '{}'), true,
	'about an object');
SELECT is(dv.log_finding('blob_changed', 'blob', repeat('b', 64), '', '{}'), true, 'about a blob');
SELECT results_eq($$SELECT array_to_string(objects, ' ') FROM dv.custody_event
	WHERE act = 'finding_raised' AND 'finding:' || key = ANY (objects)
		AND key IN (SELECT finding::text FROM dv.finding WHERE code LIKE 'blob%')
		ORDER BY event$$,
	$$SELECT array_to_string(dv.sorted(ARRAY['finding:' || finding, CASE code WHEN 'blob_missing'
	THEN subject ELSE 'blob:' || subject END]), ' ')
		FROM dv.finding WHERE code LIKE 'blob%' ORDER BY code DESC$$, 'it is found by that');

-- ---- erasing what a value was salted with ----

CREATE TEMPORARY TABLE victim AS SELECT event, objects FROM dv.custody_event WHERE source = 'segment'
	AND key = uid('REC-1', 1)::text;
SELECT is(dv.erase_personal(event, 'officer', 'request', 'li'), true, 'a salt is erased') FROM victim;
SELECT is(dv.erase_personal(event, 'officer', 'request', 'li'), false, 'once') FROM victim;
SELECT is(e.objects, v.objects, 'which is an act about the same') FROM victim v, dv.custody_event e
	WHERE e.act = 'personal_erased';
SELECT results_eq('SELECT field FROM dv.custody_salt x JOIN victim USING (event) ORDER BY 1',
	ARRAY['path', 'path_raw'], 'the others stay');
SELECT is(convert_from(leaf, 'UTF8')::jsonb #>> '{row,officer,salted}' ~ '^[0-9a-f]{64}$', true,
	'the leaf is what it was')
FROM dv.custody_event JOIN victim USING (event);

-- Whoever imports may call a case as no act can call anything.
SELECT is(ingest(r_session(70, 'REC-1'), r_session(71, 'REC-1')), 2, 'two sessions');
CREATE TEMPORARY TABLE named AS SELECT session FROM dv.dock_session
	WHERE session NOT IN (SELECT session FROM dv.dock_import) LIMIT 2;
INSERT INTO dv.dock_import SELECT (jsonb_populate_record(i, jsonb_build_object('session', n.session, 'case',
	CASE n.n WHEN 1 THEN 'a "case"' ELSE repeat('c', 198) END))).*
	FROM (SELECT session, row_number() OVER () AS n FROM named) AS n, dv.dock_import i
	WHERE i.session NOT IN (SELECT session FROM named);
SELECT results_eq($$SELECT DISTINCT array_to_string(objects, ' ') FROM dv.custody_event
	WHERE act = 'imported' AND key IN (SELECT session::text FROM named)$$,
	$$SELECT CASE WHEN "case" ~ 'c{9}' THEN '' ELSE 'case:' || "case" || ' ' END || 'session:' || session
	FROM dv.dock_import JOIN named USING (session) ORDER BY 1$$, 'no name has more than 200 bytes');
SELECT is(count(*), 2::bigint, 'both cases') FROM dv.dock_import JOIN named USING (session);
SELECT is(dv.erase_personal(event, 'by', 'request', 'li'), true, 'its salts are erased all the same')
FROM dv.custody_event WHERE act = 'imported' AND key IN (SELECT session::text FROM named);
-- ---- configurations, roles and rights ----

SELECT results_eq(format($$SELECT dv.note_config('QH-01', %L, %L, 'dockd')$$, program, repeat(digit,
	64)), ARRAY[want], why)
FROM (VALUES (1, 'dockd', 'a', true, 'a configuration'), (2, 'dockd', 'a', false, 'the same'), (3,
	'custodyd', 'a', true, 'another program''s'),
	(4, 'dockd', 'b', true, 'changed'), (5, 'dockd', 'b', false, 'and noted')) AS x(i, program,
	digit, want, why) ORDER BY i;
SELECT results_eq($$SELECT detail -> 'first', detail #>> '{changed,sha256,was}',
	detail #>> '{changed,sha256,is}' FROM dv.act WHERE kind = 'config_changed'
	AND detail ->> 'what' = 'config QH-01 dockd' ORDER BY detail -> 'first' DESC$$,
	$$VALUES ('true'::jsonb, NULL, repeat('a', 64)), ('false', repeat('a', 64), repeat('b', 64))$$,
	'the act says what it was');
SELECT throws_ok($$SELECT dv.note_config('QH-01', 'dockd', 'x', 'dockd')$$, '23514', NULL,
	'a digest is one');

-- What there is to note of a change of rights: the names, and no more than they.
CREATE FUNCTION pg_temp.changed(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM dv.note_roles();
	EXECUTE sql;
	IF NOT dv.note_roles() THEN
		RETURN NULL;
	END IF;
	SELECT string_agg(k, ', ' ORDER BY k) INTO result FROM dv.act a,
	jsonb_object_keys(a.detail -> 'changed') AS k
	WHERE a.act = (SELECT key::uuid FROM dv.custody_event WHERE act = 'roles_changed'
	ORDER BY event DESC LIMIT 1);
	RETURN result;
END
$$;
SELECT is(pg_temp.changed('SELECT 1'), NULL, 'nothing changed');
SELECT is(pg_temp.changed(sql), want, sql) FROM (VALUES
	('CREATE ROLE tap_root SUPERUSER LOGIN', 'role tap_root'),
	('GRANT dv_owner TO tap_root', 'role tap_root in dv_owner'),
	('ALTER ROLE dv_ingest CREATEROLE', 'role dv_ingest'),
	('GRANT INSERT ON dv.custody_entry TO dv_admin', 'table custody_entry'),
	('GRANT UPDATE (leaf) ON dv.custody_event TO dv_admin', 'column custody_event.leaf'),
	('GRANT UPDATE ON SEQUENCE dv.custody_event_event_seq TO dv_admin', 'sequence custody_event_event_seq'),
	('CREATE RULE tap AS ON INSERT TO dv.blob DO INSTEAD NOTHING', 'rule tap of blob'),
	('ALTER TABLE dv.rule DISABLE ROW LEVEL SECURITY', 'row security of rule'),
	('GRANT EXECUTE ON FUNCTION dv.ingest(jsonb) TO dv_admin', 'function ingest(jsonb)'),
	('CREATE OR REPLACE FUNCTION dv.sorted(list text[]) RETURNS text[] LANGUAGE sql RETURN list',
	'function sorted(text[])'),
	('CREATE OR REPLACE FUNCTION dv.logged_blob() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''',
	'function logged_blob()'),
	('ALTER TABLE dv.finding DISABLE TRIGGER logged', 'trigger logged of finding'),
	('ALTER TABLE dv.segment_other DISABLE TRIGGER logged', 'triggers of segment_other'),
	('CREATE OR REPLACE VIEW dv.recorder_check_list AS SELECT recorder, session, station, phase, checked_at, battery, free, capacity, '
		'clock_offset_ms, clock_uncertainty_ms, clock_set, to_jsonb(faults) AS faults, recorded_at FROM dv.dock_check WHERE battery > 0',
		'view recorder_check_list'),
	('DROP TRIGGER append_only ON dv.act', 'trigger append_only of act')) AS x(sql, want);
SELECT is(pg_temp.changed($$SELECT dv.ensure_months(ARRAY[now() - interval '3 months'])$$), NULL,
	'a month more is no change of rights');

SELECT * FROM finish();
ROLLBACK;
