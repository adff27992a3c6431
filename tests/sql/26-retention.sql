-- How long what is kept, who lets it go, and what still stops it at the last moment.
SELECT no_plan();
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA tap;
SET search_path = tap, dv, public;

SELECT person('jian', '{supervisor}', 'JC'), person('jian2', '{supervisor}', 'JC', '019777'), person('fa', '{legal}', 'FZ'),
	person('ju', '{head}', 'QH'), person('ju_old', '{head}', 'QH', '019777'), person('ma', '{admin}', 'QH'),
	person('chen', '{officer}', 'QH', '019123'), person('fa2', '{legal}', 'FZ');

-- Recording n: so many segments, stored and taken in so many days ago; its bytes are those of `same`, if any.
CREATE FUNCTION tap.old(n integer, days integer, segments integer DEFAULT 1, same integer DEFAULT NULL,
			a_unit text DEFAULT 'QH') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	t constant timestamptz := dv.day_start(dv.today() - days) + interval '3 hours';
BEGIN
	INSERT INTO dv.dock_session (session, station, slot, port, vid, pid, recorder, unit, officer, started_at, recorded_at)
	VALUES (uid('osess', n), 'QH-01', 'A1', '1-1', 1, 1, 'OLD', a_unit, '019123', t, t);
	INSERT INTO dv.recording (recorder, recording, session, unit, recorded_at) VALUES ('OLD', uid('orec', n), uid('osess', n), a_unit, t);
	FOR k IN 1..segments LOOP
		INSERT INTO dv.blob (hash, size, stored_at, recorded_at)
		VALUES (decode(digest('old', coalesce(same, n * 100 + k)), 'hex'), 100, t, t) ON CONFLICT DO NOTHING;
		INSERT INTO dv.segment_place VALUES (uid('oseg', n * 100 + k), t);
		INSERT INTO dv.segment (segment, placed_at, recorder, recording, seq, session, unit, path, path_raw, size, blob,
			fingerprint, stored_at, start_at, end_at, time_source, officer, assurance, signature, digest, recorded_at)
		VALUES (uid('oseg', n * 100 + k), t, 'OLD', uid('orec', n), k - 1, uid('osess', n), a_unit, k || '.mp4', 'x', 100,
			decode(digest('old', coalesce(same, n * 100 + k)), 'hex'), decode(digest('oldfp', n * 100 + k), 'hex'), t, t,
			t + interval '5 minutes', 'manifest', '019123', 'sealed_at_dock', 'unsigned', 'not_claimed', t);
	END LOOP;
	RETURN 'OLD/' || uid('orec', n);
END
$$;
CREATE FUNCTION tap.seg(n integer, k integer DEFAULT 1) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN uid('oseg', n * 100 + k);
-- A case of a kind, concluded and archived so many days ago (null: it is open); n's recording belongs to it.
CREATE FUNCTION tap.old_case(a_case text, a_kind text, archived integer, n integer, a_major boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title,
		started_at, reason) VALUES (a_case, 1, a_kind, 'own', false, 'general', false, a_major, false, 'QH', a_case, now() - interval '20000 days', 'tap');
	INSERT INTO dv.action (action, revision, "case", stage, step, start_at, place, reason)
	VALUES (md5(a_case)::uuid, 1, a_case, 'investigation', 'inspection', now() - interval '20000 days', 'x', 'tap');
	INSERT INTO dv.link (action, kind, object, how, why) VALUES (md5(a_case)::uuid, 'recording', 'OLD/' || uid('orec', n), 'hand', 'tap');
	IF archived IS NOT NULL THEN
		INSERT INTO dv.case_event ("case", kind, at, entered_at) VALUES
			(a_case, 'concluded', now() - archived * interval '1 day', now() - archived * interval '1 day'),
			(a_case, 'archived', now() - archived * interval '1 day', now() - archived * interval '1 day');
	END IF;
END
$$;
-- "rule due_on" of it, as days from today; what else speaks.
CREATE FUNCTION tap.verdict(n integer) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', coalesce(rule, 'none'), CASE WHEN due_on = 'infinity' THEN 'never' ELSE (due_on - dv.today())::text END,
		CASE WHEN in_case THEN 'in_case' END, CASE WHEN review THEN 'review' END, CASE WHEN disposable_on <= dv.today() THEN 'goes' END)
	FROM dv.retention_judge(ARRAY['OLD'], ARRAY[uid('orec', n)], dv.today(), true)
$$;

-- ---- the rules, a row each ----

BEGIN;
SELECT old(n, days) FROM (VALUES (1, 183), (2, 300), (3, 4000), (4, 4000), (5, 4000), (6, 4000), (7, 12000), (8, 400), (9, 400),
	(10, 400), (11, 2000), (12, 2000), (13, 2000), (14, 2000), (15, 20000)) AS x(n, days);
SELECT old_case('OC-3', 'inspection', 3653, 3), old_case('OC-4', 'inspection', 3654, 4), old_case('OC-5', 'inspection', NULL, 5),
	old_case('OC-6', 'penalty', 3654, 6), old_case('OC-7', 'penalty', 10959, 7), old_case('OC-15', 'levy', 19000, 15, true);
INSERT INTO dv.retention_mark (kind, subject, mark, reason) SELECT 'recording', 'OLD/' || uid('orec', n), mark, 'tap'
FROM (VALUES (8, 'training'), (9, 'complaint'), (10, 'obstruction'), (11, 'training'), (12, 'complaint')) AS x(n, mark);
INSERT INTO dv.retention_mark (kind, subject, mark, reason) VALUES ('segment', seg(13)::text, 'major_incident', 'tap');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('segment', seg(14)::text, 1, 'state_secret', 'tap');
SELECT is(verdict(n), want, what) FROM (VALUES
	(1, 'unlinked 2 review', 'what belongs to no case: six months'),
	(2, 'unlinked -115 review', 'and then until somebody looked'),
	(3, 'case_other 1', 'of an inspection: ten years from its archiving'),
	(4, 'case_other 0 goes', 'and not a day longer'),
	(5, 'case_other never in_case', 'of a case that is open: while it is'),
	(6, 'case_penalty 7305', 'of a penalty: thirty years'),
	(7, 'case_penalty 0 goes', 'and then it goes'),
	(8, 'training -33 review', 'training: a year'),
	(9, 'complaint 697 review', 'a complaint: three years'),
	(10, 'obstruction never review', 'obstruction: for ever'),
	(11, 'training -1633 review', 'the longest of those that fit is cited'),
	(12, 'complaint -903 review', 'whatever it is'),
	(13, 'major_incident never review', 'a mark on a part marks all of it'),
	(14, 'state_secret never review', 'a class on a part is that of all of it'),
	(15, 'case_major never', 'a major case: for ever')) AS x(n, want, what);
-- Of an import that names its case, and of a clock that says 2001: what the catalog took in today was not there before.
INSERT INTO dv.segment_place VALUES (uid('oseg', 1602), '2001-01-01');
SELECT old(16, 200);
INSERT INTO dv.segment (segment, placed_at, recorder, recording, seq, session, unit, path, path_raw, size, blob, fingerprint,
	stored_at, start_at, end_at, time_source, officer, assurance, signature, digest)
VALUES (uid('oseg', 1602), '2001-01-01', 'OLD', uid('orec', 16), 7, uid('osess', 16), 'QH', 'x', 'x', 100, decode(digest('old', 1601), 'hex'),
	decode(digest('old', 1601), 'hex'), '2001-01-02', '2001-01-01', '2001-01-01', 'manifest', '019123', 'sealed_at_dock', 'unsigned',
	'not_claimed');
SELECT is(verdict(16), 'unlinked 185 review', 'no clock makes what came in today older than that');
INSERT INTO dv.case_event ("case", kind, at) VALUES ('OC-4', 'reopened', now());
SELECT is(verdict(4), 'case_other never in_case', 'a case that was reopened has all of it again');
SELECT old_case('OC-7b', 'inspection', 1, 7);
SELECT is(verdict(7), 'case_other 3653', 'of two cases that which keeps it longer');
INSERT INTO dv.retention_rule (rule, version, valid_from, article, keep, since, review, text_zh, text_en)
SELECT 'tap_long', 1, dv.today() + d, 32, 'P5000D', 'stored', false, 'x', 'x' FROM unnest(ARRAY[0]) AS d;
SELECT is(verdict(2), 'tap_long 4701 review', 'of no case: looked at by a person, whatever rule is the longest');
ROLLBACK;

-- ---- the state is what the facts say ----

SELECT old(20, 400), old(21, 400, 2), old(22, 5000), old(23, 5000, 2), old(24, 5000, 1, 9999), old(25, 300, 1, 9999),
	old(26, 5000), old(27, 5000), old(28, 5000), old(29, 5000), old(30, 5000), old(31, 5000, 1, NULL, 'JC');
SELECT old_case('CC-' || n, 'inspection', 4000, n) FROM generate_series(22, 31) AS n WHERE n <> 25;
CREATE FUNCTION tap.states() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT to_jsonb(t)::text FROM dv.retention_state t ORDER BY segment
$$;
SELECT is(retention_refresh(100000), 0::bigint, 'all that came in is judged');
CREATE TEMPORARY TABLE kept AS SELECT * FROM states() AS s;
SELECT retention_rebuild();
SELECT results_eq('SELECT * FROM states()', 'SELECT * FROM kept', 'and made anew it is the same');
SELECT is((SELECT count(*) FROM retention_state WHERE disposable_on IS NOT NULL), 10::bigint, 'ten segments may go');
SELECT is((SELECT array_agg(recording ORDER BY recording) FROM retention_review_list), ARRAY[uid('orec', 20), uid('orec', 21), uid('orec', 25)],
	'three recordings wait for a look');
CREATE FUNCTION tap.goes(n integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dv.retention_refresh(100000);
	RETURN (SELECT bool_and(disposable_on IS NOT NULL) FROM dv.retention_state WHERE recording = uid('orec', n));
END
$$;
SELECT is(do_as('chen', format('SELECT dv.retention_review(%L, %L, ''dispose'', ''x'')', 'OLD', uid('orec', 20))),
	'42501 chen may not do this: it takes the role supervisor', 'an officer lets nothing go');
SELECT is(do_as('jian', format('SELECT dv.retention_review(%L, %L, ''dispose'', ''seen'')', 'OLD', uid('orec', 20))), '',
	'the supervision office does, having looked');
SELECT ok(goes(20), 'then it may go');
SELECT is(do_as('jian', format('SELECT dv.retention_mark_set(''recording'', %L, ''obstruction'', ''seen'')', upper('OLD/' || uid('orec', 20)))),
	'', 'a mark, however its id is written');
SELECT ok(NOT goes(20), 'keeps it');
SELECT matches(do_as('jian', format('SELECT dv.retention_mark_remove(''recording'', %L, ''obstruction'', ''no'')', 'OLD/' || uid('orec', 20))),
	'^42501.*yourself', 'who marked it does not take that back');
SELECT is(do_as('fa', format('SELECT dv.retention_mark_remove(''recording'', %L, ''obstruction'', ''no'')', 'OLD/' || uid('orec', 20))), '',
	'another person does');
SELECT ok(goes(20), 'and it may go again');
INSERT INTO dv.case_event ("case", kind, at) VALUES ('CC-22', 'reopened', now());
SELECT ok(NOT goes(22), 'a reopened case');
INSERT INTO dv.case_event ("case", kind, at) VALUES ('CC-22', 'concluded', now() - interval '1 day');
INSERT INTO dv.case_event ("case", kind, at, entered_at) VALUES ('CC-22', 'archived', now() - interval '4000 days', now() - interval '4000 days');
SELECT ok(goes(22), 'archived again, as of then');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('case', 'CC-22', 1, 'state_secret', 'tap');
SELECT ok(NOT goes(22), 'the class of a case');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('case', 'CC-22', 2, 'internal', 'tap');
SELECT ok(goes(22), 'lowered again');

-- ---- a plan ----

CREATE FUNCTION tap.made(login text, a_unit text DEFAULT NULL) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	x record;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
	SELECT * INTO x FROM dv.disposal_plan(dv.today(), a_unit, 'tap');
	PERFORM dv.disposal_sign(x.plan, convert_to(x.document, 'UTF8'), 'tap', '0011223344556677');
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN x.plan;
END
$$;
SELECT matches(do_as(login, $$SELECT * FROM dv.disposal_plan(dv.today(), NULL, 'x')$$), '^42501', login || ' makes no plan')
FROM unnest(ARRAY['chen', 'fa', 'ju']) AS login;
SELECT matches(do_as('jian', $$SELECT * FROM dv.disposal_plan(dv.today() + 1, NULL, 'x')$$), '^22023.*known on that day', 'of tomorrow');
SELECT matches(do_as('jian', $$SELECT * FROM dv.disposal_plan(dv.today(), 'XX', 'x')$$), '^P0002.*no unit', 'of no unit');
SELECT matches(do_as('jian', $$SELECT * FROM dv.disposal_plan(dv.today(), NULL, ' ')$$), '^23514', 'for no reason');
SELECT is(do_as('ju', format($$INSERT INTO dv.hold (kind, subject, review_on, reason) VALUES ('segment', %L, dv.today() + 90, 'x')$$, seg(23, 2))),
	'42501 permission denied for table hold', 'a hold has its own function');
INSERT INTO dv.hold (hold, kind, subject, review_on, reason) VALUES (uid('hold', 1), 'segment', seg(23, 2)::text, dv.today() + 90, 'tap');
CREATE TEMPORARY TABLE p AS SELECT made('jian') AS plan;
SELECT is((SELECT array_agg(segment ORDER BY segment) FROM disposal_item i JOIN p USING (plan)),
	(SELECT array_agg(s ORDER BY s) FROM unnest(ARRAY[seg(20), seg(22), seg(24), seg(26), seg(27), seg(28), seg(29), seg(30), seg(31)]) AS s),
	'what is due, without a recording of which a part is held');
SELECT is((SELECT digest FROM disposal_plan JOIN p USING (plan)), (SELECT disposal_digest(plan) FROM p), 'its digest is that of its items');
SELECT is((SELECT objects || ' ' || bytes || ' ' || state FROM disposal_plan_list JOIN p USING (plan)), '9 900 proposed', 'nine, proposed');
SELECT is((SELECT sha256(string_agg(digest, ''::bytea ORDER BY chunk)) FROM disposal_chunk JOIN p USING (plan)),
	(SELECT sha256(sha256(convert_to(string_agg(format(E'%s %s %s %s/%s %s\n', segment, encode(blob, 'hex'), size, rule, rule_version, due_on),
		'' ORDER BY segment), 'UTF8'))) FROM disposal_item JOIN p USING (plan)), 'made as is written down');
SELECT matches(do_as('jian', $$SELECT * FROM dv.disposal_plan(dv.today(), NULL, 'x')$$), '^P0002 nothing is due', 'what is in one plan is in no other');
SELECT is((SELECT count(*) FROM custody_event WHERE source IN ('disposal_item', 'disposal_chunk')), 0::bigint, 'items are in the log by their digest');

-- ---- two people, neither of them who made it ----

CREATE FUNCTION tap.decide(login text, approved boolean DEFAULT true, a_digest bytea DEFAULT NULL, a_plan uuid DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql AS $$
DECLARE
	said text;
	the uuid := coalesce(a_plan, (SELECT plan FROM p));
BEGIN
	BEGIN
		EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
		said := dv.disposal_decide(the, approved, 'tap', coalesce(a_digest, (SELECT digest FROM dv.disposal_plan WHERE plan = the)));
		SET LOCAL SESSION AUTHORIZATION DEFAULT;
	EXCEPTION WHEN OTHERS THEN
		said := SQLSTATE || ' ' || SQLERRM;
	END;
	RETURN said;
END
$$;
GRANT SELECT ON p TO PUBLIC;
SELECT matches(decide('jian'), '^42501.*yourself', 'who made it does not approve it');
SELECT matches(decide('ma'), '^42501.*takes the role', 'nor who keeps the machine');
SELECT matches(decide('chen'), '^42501.*takes the role', 'nor an officer');
SELECT is(decide('fa', true, '\x00'), 'changed', 'nobody approves other items than there are');
SELECT is((SELECT count(*) FROM finding WHERE code = 'disposal_plan_changed'), 1::bigint, 'which is found');
SELECT is((SELECT count(*) FROM disposal_decision), 0::bigint, 'and decides nothing');
SELECT is(decide('ju_old'), 'approved_first', 'one');
SELECT matches(decide('ju_old'), '^42501.*decided already', 'once');
SELECT matches(decide('jian2'), '^42501.*decided already, as ju_old', 'by one login of two that a person has');
SELECT is((SELECT state FROM disposal_plan_list JOIN p USING (plan)), 'proposed', 'one is not two');
SELECT is(decide('fa'), 'approved', 'the other');
SELECT matches(decide('ju'), '^23514.*it is recovery', 'a third is not asked');
SELECT is((SELECT state || ' ' || approvals FROM disposal_plan_list JOIN p USING (plan)), 'recovery 2', 'and it waits');
SELECT ok((SELECT disposal_by_two(d) FROM disposal_plan d JOIN p USING (plan)), 'by two');

-- ---- fourteen days that were lived ----

-- As the executor: what it is told to do.
CREATE FUNCTION tap.next(n integer DEFAULT 100) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL SESSION AUTHORIZATION dv_keep;
	RETURN QUERY SELECT concat_ws(' ', x.what, x.segment, x.remove, x.why) FROM dv.disposal_next(n) x;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
END
$$;
CREATE FUNCTION tap.long_ago(days integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE dv.disposal_decision DISABLE TRIGGER ALL;
	UPDATE dv.disposal_decision SET entered_at = now() - days * interval '1 day' + number * interval '1 second' WHERE plan = (SELECT plan FROM p);
	ALTER TABLE dv.disposal_decision ENABLE TRIGGER ALL;
	ALTER TABLE dv.disposal_decision ENABLE ALWAYS TRIGGER append_only;
	ALTER TABLE dv.disposal_decision ENABLE ALWAYS TRIGGER logged;
END
$$;
CREATE FUNCTION tap.lived(from_ago integer, to_ago integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.clock_day (day, noted_at) SELECT dv.today() - n, dv.day_start(dv.today() - n) + interval '1 hour'
	FROM generate_series(from_ago, to_ago, -1) AS n ON CONFLICT DO NOTHING
$$;
SELECT is_empty('SELECT next()', 'nothing goes before its recovery is over');
SELECT long_ago(20);
SELECT is((SELECT state FROM disposal_plan_list JOIN p USING (plan)), 'approved', 'by the clock it is');
SELECT is_empty('SELECT next()', 'but no day of it was lived');
SELECT lived(30, 8);
SELECT is_empty('SELECT next()', 'twelve of fourteen');
BEGIN;
INSERT INTO dv.clock_day (day, noted_at) VALUES (dv.today() + 365, now() + interval '365 days');
SELECT lived(7, 0);
SELECT matches((SELECT string_agg(x, ',') FROM next() AS x), '^clock the clock is behind', 'a clock that was put forward and back');
SELECT is(clock_day_note(), false, 'notes nothing');
SELECT is((SELECT count(*) FROM finding WHERE code = 'clock_set_back'), 1::bigint, 'and is found');
SELECT matches(do_as('jian', $$SELECT * FROM dv.disposal_plan(dv.today(), NULL, 'x')$$), '^23514.*no plan is made: the clock is behind', 'no plan is made by it');
SELECT matches(do_as('ma', $$SELECT dv.clock_say(dv.today() + 365, 'wrong', 'x')$$), '^42501', 'who keeps the machine does not say what day it was');
SELECT is(do_as('jian', $$SELECT dv.clock_say(dv.today() + 365, 'wrong', 'never was')$$), '', 'the supervision office does');
SELECT is(clock_problem(), NULL, 'then it is right');
ROLLBACK;
SELECT is((SELECT count(*) FROM finding WHERE code LIKE 'clock%'), 0::bigint, 'nothing is left of that');
SELECT lived(7, 0);

-- ---- what speaks against it at the last moment ----

SELECT is(do_as('fa', format('SELECT dv.disposal_recall(%L, %L, ''asked for'')', plan, seg(31))), '', 'one is recalled') FROM p;
SELECT matches(do_as('chen', format('SELECT dv.disposal_recall(%L, NULL, ''x'')', plan)), '^42501', 'by whom it is for') FROM p;
SELECT matches(do_as('fa', format('SELECT dv.disposal_recall(%L, %L, ''x'')', plan, seg(23))), '^P0002.*not in plan', 'of what is in it') FROM p;
INSERT INTO dv.case_event ("case", kind, at) VALUES ('CC-26', 'reopened', now());
INSERT INTO dv.hold (hold, kind, subject, from_day, review_on, reason)
VALUES (uid('hold', 2), 'case', 'CC-27', NULL, dv.today() + 90, 'tap');
INSERT INTO dv.retention_review (recorder, recording, verdict, reason) VALUES ('OLD', uid('orec', 20), 'keep', 'changed my mind');
INSERT INTO dv.retention_rule (rule, version, valid_from, article, linked, case_kinds, marks, keep, since, review, text_zh, text_en)
VALUES ('tap_complaint', 1, dv.today(), 32, true, '{inspection}', '{complaint}', 'P9000D', 'stored', false, 'x', 'x');
INSERT INTO dv.retention_mark (kind, subject, mark, reason) VALUES ('segment', seg(28)::text, 'complaint', 'tap');

-- A hold that is being placed, by somebody who has not committed yet.
SELECT dblink_connect('a', format('host=%s dbname=%s user=postgres options=''-c search_path=tap,dv,public -c lock_timeout=2s''',
	current_setting('unix_socket_directories'), current_database()));
SELECT dblink_exec('a', 'BEGIN'), dblink_exec('a', format($$INSERT INTO dv.hold (hold, kind, subject, review_on, reason)
	VALUES (%L, 'recording', %L, dv.today() + 90, 'tap')$$, uid('hold', 3), 'OLD/' || uid('orec', 29)));
SELECT is((SELECT string_agg(x, ',') FROM next() AS x), 'busy gate', 'while a hold is being placed, nothing is begun');
SELECT is((SELECT count(*) FROM disposal_begun), 0::bigint, 'nothing at all');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT string_agg(x, ',') FROM next(2) AS x), 'remove ' || seg(22) || ' t', 'what nothing speaks against is begun, in order');
SELECT is((SELECT cause FROM disposal_spared WHERE segment = seg(20)), 'review', 'what somebody keeps after all is spared');
SELECT is((SELECT string_agg(x, ',') FROM next(2) AS x), 'remove ' || seg(22) || ' t', 'asked again, it is the same: it is to be concluded');

-- A hold that comes after, or while it is being begun, is told the truth.
SELECT matches(do_as('postgres', format($$INSERT INTO dv.hold (kind, subject, review_on, reason) VALUES (%L, %L, dv.today() + 90, 'x')$$, kind, subject)),
	'^23514.*its disposal was begun at .* there is nothing left to hold', 'too late: ' || kind)
FROM (VALUES ('segment', seg(22)::text), ('recording', 'OLD/' || uid('orec', 22))) AS x(kind, subject);
SELECT matches(do_as('fa', format('SELECT dv.disposal_recall(%L, %L, ''x'')', plan, seg(22))), '^23514.*begun', 'nor recalled') FROM p;
CREATE FUNCTION tap.done(a_segment uuid, kept boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
	SELECT do_as('dv_keep', format('SELECT dv.disposal_done(%L, ''{vault}'', %L)', a_segment, kept))
$$;
SELECT matches(done(seg(27)), '^P0002.*not begun', 'nothing is written off that was not begun');
SELECT is(done(seg(22)), '', 'concluded');
SELECT is(done(seg(22)), '', 'and once more');
SELECT is((SELECT count(*) FROM tombstone), 1::bigint, 'which changes nothing');
SELECT is((SELECT facts ->> 'rule' || ' ' || (facts ->> 'recorder') || ' ' || size || ' ' || stores::text || ' ' || blob_kept
	FROM tombstone), 'case_other OLD 100 {vault} false', 'what is left of it');
SELECT is((SELECT kind || ' ' || (detail ->> 'plan') FROM copy_event WHERE store = 'vault' ORDER BY event DESC LIMIT 1),
	'removed ' || (SELECT plan FROM p), 'and its copy is gone');
SELECT is((SELECT count(*) FROM retention_state WHERE segment = seg(22)), 0::bigint, 'it is not kept any more');

-- Bytes that another segment needs stay: 25 has those of 24.
SELECT is((SELECT string_agg(x, ',') FROM next(2) AS x), 'remove ' || seg(24) || ' f', 'shared bytes stay while one needs them');
SELECT is(done(seg(24), true), '', 'its tombstone says so');
SELECT is_empty(format('SELECT * FROM blobs_disposed(ARRAY[%L])', digest('old', 9999)), 'and they are not gone by right');
SELECT is((SELECT cause || ': ' || reason FROM disposal_spared WHERE segment = seg(26)), 'in_case: case CC-26 is not archived', 'a reopened case has its own');
SELECT is((SELECT string_agg(x, ',') FROM next(100) AS x), 'remove ' || seg(30) || ' t', 'of the rest one goes');
SELECT is((SELECT array_agg(cause ORDER BY segment) FROM disposal_spared WHERE segment IN (seg(27), seg(28), seg(29), seg(31))),
	ARRAY['held', 'rule', 'held', 'recalled'], 'and what was said of the others in time counts');
SELECT matches((SELECT reason FROM disposal_spared WHERE segment = seg(28)), '^rule tap_complaint, version 1, keeps it until ', 'the rule of the day');
SELECT matches((SELECT reason FROM disposal_spared WHERE segment = seg(29)), '^hold ' || uid('hold', 3), 'the hold');
SELECT is(done(seg(30)), '', 'gone');
SELECT is_empty('SELECT next()', 'nothing is left to do');
SELECT is((SELECT state || ' ' || gone || ' ' || spared FROM disposal_plan_list JOIN p USING (plan)), 'done 3 6', 'the plan is over');
SELECT is((SELECT array_agg(blob) FROM blobs_disposed(ARRAY[digest('old', 2201), digest('old', 3001), digest('old', 2701)])),
	ARRAY(SELECT x FROM unnest(ARRAY[digest('old', 2201), digest('old', 3001)]) AS x ORDER BY decode(x, 'hex')), 'gone by right');
SELECT is((SELECT array_agg(DISTINCT act ORDER BY act) FROM custody_event WHERE objects @> ARRAY['segment:' || seg(22)]
	AND source IN ('disposal_begun', 'tombstone')), ARRAY['disposal_begun', 'disposed'], 'all of it is in the log');
SELECT retention_rebuild();
SELECT is((SELECT count(*) FROM retention_state WHERE segment IN (seg(22), seg(24), seg(30))), 0::bigint, 'made anew, what is gone is not there');
-- The dock takes for known what was disposed of, and not what somebody still needs and is not there.
INSERT INTO dv.segment_known SELECT 'OLD', decode(digest('k', n), 'hex'), decode(digest('old', n), 'hex'), 100 FROM unnest(ARRAY[2201, 9999]) AS n;
SELECT is((SELECT count(*) FROM known('OLD', digest('k', 2201))), 1::bigint, 'what went is not brought again');
SELECT is((SELECT count(*) FROM known('OLD', digest('k', 9999))), 0::bigint, 'what is needed is');

-- What went is owed to no store that comes later; what comes in again is, and what was removed from is owed it anew.
CREATE FUNCTION tap.copies(n integer) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(store || ' ' || state, ', ' ORDER BY store) FROM dv.copy WHERE blob = decode(digest('old', n), 'hex')
$$;
CREATE FUNCTION tap.all_copies() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT to_jsonb(c)::text FROM dv.copy c ORDER BY store, blob
$$;
SELECT is(do_as('ma', $$SELECT dv.store_set('second', 'all', 'P30D', 'tap')$$), '', 'a second store');
SELECT is(copies(n), want, 'it is owed what is there: ' || n) FROM (VALUES (2201, 'vault removed'), (2701, 'second wanted, vault present'),
	(9999, 'second wanted, vault present')) AS x(n, want);
SELECT ok(old(60, 1, 1, 2201) IS NOT NULL, 'what went comes in again');
SELECT is(copies(2201), 'second wanted, vault present', 'and is owed to it');
CREATE TEMPORARY TABLE stood AS SELECT * FROM all_copies() AS s;
SELECT copies_rebuild();
SELECT results_eq('SELECT * FROM all_copies()', 'SELECT * FROM stood', 'made anew they are the same');

-- ---- a plan that was changed after it was approved ----

SELECT old(n, 5000), old_case('CD-' || n, 'inspection', 4000, n) FROM generate_series(40, 44) AS n;
SELECT old(45, 5000);
UPDATE p SET plan = (SELECT made('ma'));
SELECT is(decide('jian') || ' ' || decide('ju'), 'approved_first approved', 'another plan, by an admin');
SELECT long_ago(20);
SELECT is((SELECT string_agg(x, ',') FROM next(2) AS x), 'remove ' || seg(31) || ' t,remove ' || seg(40) || ' t', 'its first, with what was recalled from the other');
SELECT is(done(seg(31)), '', 'goes, though the second store, which is away, has none yet');
SELECT is(copies(3101), 'second removed, vault removed', 'in which it is not owed any more');
CREATE FUNCTION tap.still(a_segment uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	SET LOCAL SESSION AUTHORIZATION dv_keep;
	said := dv.disposal_still(a_segment);
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN said;
END
$$;
SELECT is(still(seg(31)) || ' ' || still(seg(40)), 'gone remove', 'asked once more, right before');
SELECT is((SELECT string_agg(x, ',') FROM next(2) AS x), 'remove ' || seg(40) || ' t', 'what is begun is known without a look at all that went');
SELECT ok(old(61, 1, 1, 4001) IS NOT NULL, 'the bytes come in again');
SELECT is(still(seg(40)), 'keep', 'and stay');
SELECT is(done(seg(40)), '', 'but for an executor that had removed them by then:');
SELECT is((SELECT blob_kept FROM tombstone WHERE segment = seg(40)) || ' ' || copies(4001), 'true second wanted, vault missing',
	'they are needed, and missing');
ALTER TABLE dv.disposal_item DISABLE TRIGGER ALL;
UPDATE dv.disposal_item SET segment = seg(45), blob = decode(digest('old', 4501), 'hex') WHERE segment = seg(43);
SELECT matches((SELECT string_agg(x, ',') FROM next() AS x), '^changed ', 'a segment was put in place of another');
SELECT is((SELECT count(*) FROM disposal_begun WHERE segment IN (seg(41), seg(42), seg(44), seg(45))), 0::bigint, 'nothing more of it goes');
SELECT is((SELECT severity FROM finding f JOIN p ON f.subject = p.plan::text WHERE code = 'disposal_plan_changed'), 'violation', 'it is found');
UPDATE dv.disposal_item SET segment = seg(43), blob = decode(digest('old', 4301), 'hex') WHERE segment = seg(45);
INSERT INTO dv.disposal_item SELECT plan, 7, seg(45), decode(digest('old', 4501), 'hex'), 100, 'case_other', 1, dv.today() FROM p;
SELECT matches((SELECT string_agg(x, ',') FROM next() AS x), '^changed ', 'one more');
DELETE FROM dv.disposal_item WHERE number = 7 AND plan = (SELECT plan FROM p);
ALTER TABLE dv.disposal_plan DISABLE TRIGGER ALL;
UPDATE dv.disposal_plan SET objects = 7 WHERE plan = (SELECT plan FROM p);
SELECT matches((SELECT string_agg(x, ',') FROM next() AS x), '^changed ', 'more objects than there were');
UPDATE dv.disposal_plan SET objects = 6, "by" = 'ju' WHERE plan = (SELECT plan FROM p);
SELECT matches((SELECT string_agg(x, ',') FROM next() AS x), '^changed ', 'made by one who approved it');
UPDATE dv.disposal_plan SET "by" = 'ma' WHERE plan = (SELECT plan FROM p);
ALTER TABLE dv.disposal_decision DISABLE TRIGGER ALL;
UPDATE dv.disposal_decision SET "by" = CASE "by" WHEN 'jian' THEN 'jian2' ELSE 'ju_old' END WHERE plan = (SELECT plan FROM p);
SELECT matches((SELECT string_agg(x, ',') FROM next() AS x), '^changed ', 'approved twice by one person');
UPDATE dv.disposal_decision SET "by" = CASE "by" WHEN 'jian2' THEN 'jian' ELSE 'ju' END WHERE plan = (SELECT plan FROM p);
SELECT is(do_as('ju', format('SELECT dv.disposal_recall(%L, NULL, ''it was changed'')', plan)), '', 'recalled as a whole') FROM p;
SELECT is_empty('SELECT next()', 'nothing of it goes');
SELECT is((SELECT state FROM disposal_plan_list JOIN p USING (plan)), 'recalled', 'and that is its end');
UPDATE p SET plan = (SELECT made('ma'));
SELECT is((SELECT array_agg(segment ORDER BY segment) FROM disposal_item JOIN p USING (plan)), ARRAY[seg(41), seg(42), seg(43), seg(44)],
	'what is left may be planned anew');
SELECT is(decide('jian', false), 'rejected', 'one of two may reject it');
SELECT matches(decide('ju'), '^23514.*it is rejected', 'and the other is not asked');

-- ---- rules are changed by two ----

SELECT matches(do_as('fa', format('SELECT dv.rule_propose(''retention'', %L, dv.today() + %s, %L, ''tap'')', code, days, body)), want, what)
FROM (VALUES
	('unlinked', 1, '{"linked": false, "keep": "P30D", "article": 32, "text_zh": "x", "text_en": "x"}', '^22023.*six months', 'never less than six months'),
	('unlinked', 1, '{"linked": false, "keep": "P300D", "review": false, "article": 32, "text_zh": "x", "text_en": "x"}', '^22023.*looked at by a person', 'nor without a look'),
	('unlinked', 0, '{"linked": false, "keep": "P300D", "article": 32, "text_zh": "x", "text_en": "x"}', '^22023.*give a later one', 'nor today'),
	('tap_x', 1, '{"keep": "10 years", "article": 32, "text_zh": "x", "text_en": "x"}', '^22023.*keep is', 'a duration'),
	('tap_x', 1, '{"keep": "P10D", "since": "case_archived", "article": 32, "text_zh": "x", "text_en": "x"}', '^22023.*linked: true', 'of a case'),
	('tap_x', 1, '{"marks": ["nice"], "article": 32, "text_zh": "x", "text_en": "x"}', '^22023.*nice is not known', 'a mark'),
	('tap_x', 1, '{"colour": 1, "article": 32, "text_zh": "x", "text_en": "x"}', '^22023.*no column colour', 'a column'),
	('tap_x', 1, '{"article": 41, "text_zh": "x", "text_en": "x"}', '^22023.*article', 'an article'),
	('unlinked', 1, '{"linked": false, "keep": "P365D", "article": 32, "text_zh": "x", "text_en": "x"}', '^$', 'longer: proposed')
	) AS x(code, days, body, want, what);
SELECT matches(do_as('fa', format('SELECT dv.rule_decide(%L, true, ''x'')', proposal)), '^42501.*yourself', 'not by one alone')
FROM rule_proposal WHERE what = 'retention';
SELECT is(do_as('ju', format('SELECT dv.rule_decide(%L, true, ''x'')', proposal)), '', 'by two') FROM rule_proposal WHERE what = 'retention';
SELECT is((SELECT keep::text || ' ' || version FROM retention_rules_at(today() + 1) WHERE rule = 'unlinked'), 'P365D 2', 'in force tomorrow');
SELECT is((SELECT keep::text || ' ' || version FROM retention_rules_at(today()) WHERE rule = 'unlinked'), 'P184D 1', 'and not today');
SELECT is((SELECT body ->> 'keep' FROM rule_list WHERE what = 'retention' AND code = 'unlinked' AND version = 2), 'P365D', 'it is among the rules');
SELECT is(rule_body_at('rule', 'gap', today()) ->> 'article', '12', 'the others are as they were');

-- ---- a clock that was set back while something came in ----

BEGIN;
INSERT INTO dv.clock_day (day) VALUES (dv.today() + 20);		-- as if today were behind it
SELECT ok(old(70, 400) || old(71, 5000) IS NOT NULL, 'something comes in');
SELECT old_case('CF-71', 'inspection', 4000, 71);
SELECT is((SELECT array_agg(subject_kind || ' ' || subject ORDER BY subject_kind, subject) FROM finding WHERE code = 'clock_set_back'),
	ARRAY['case CF-71', 'session ' || uid('osess', 70), 'session ' || uid('osess', 71)], 'which is found');
SELECT is(verdict(70) || ', ' || verdict(71), 'unlinked 205 review, case_other 3674', 'and is as old as the day that was noted');
SELECT ok(retention_refresh(100000) = 0, 'judged so');
INSERT INTO dv.clock_said (day, verdict, reason) VALUES (dv.today() + 20, 'wrong', 'it never was');
SELECT is(verdict(70) || ', ' || verdict(71), 'unlinked -215 review, case_other -346 goes', 'but not where that day never was');
SELECT is((SELECT count(*) FROM retention_dirty WHERE recording IN (uid('orec', 70), uid('orec', 71))) > 1, true, 'which has them judged anew');
ROLLBACK;

-- ---- what is told ----

SELECT ok((retention_explain(seg(27)) -> 'against') @> '["held"]' AND (retention_explain(seg(27)) #>> '{holds,0,hold}')::uuid = uid('hold', 2),
	'explained: what holds it');
SELECT is(retention_explain(seg(26)) -> 'against', '["in_case"]', 'the case');
SELECT is(retention_explain(seg(42)) -> 'against', '[]', 'nothing');
SELECT is(retention_explain(seg(22)) #>> '{disposed,plan}', (SELECT plan::text FROM tombstone WHERE segment = seg(22)), 'that it is gone');
SELECT matches(do_as('chen', format('SELECT dv.retention_explain(%L)', seg(26))), '^42501', 'not to everybody');
SELECT done, more FROM retention_daily(1000);
SELECT is((SELECT count(*) FROM finding WHERE code = 'disposal_due'), 1::bigint, 'once a week what is due');
SELECT done, more FROM retention_daily(1000);
SELECT is((SELECT count(*) FROM finding WHERE code = 'disposal_due'), 1::bigint, 'and not twice');
SELECT is((SELECT detail ->> 'reviews' FROM finding WHERE code = 'disposal_due'), '3', 'with what waits for a look');

-- One executor, as long as it is connected.
SELECT is((SELECT x FROM dblink('a', 'SET SESSION AUTHORIZATION dv_keep; SELECT what || '' '' || why FROM dv.disposal_next(1)') AS y(x text)),
	'busy executor', 'another executor waits');
SELECT dblink_disconnect('a');
SELECT * FROM finish();
RESET search_path; DROP ROLE jian, jian2, fa, fa2, ju, ju_old, ma, chen;
