-- Disclosure: who asks, what the law keeps secret, who decides, that it is written once, what leaves otherwise, receipts.
-- What is done is committed step by step: an export in the transaction of an approved one would be a part of it.
SELECT no_plan();

SELECT person('di_sup', '{supervisor}', 'JC', '018801'), person('di_sup2', '{supervisor,head}', 'JC'), person('di_legal', '{legal}', 'FZ'),
	person('di_head', '{head}', 'QH'), person('di_twin', '{head}', 'QH', '018801'), person('di_admin', '{admin}', 'QH'),
	person('di_audit', '{auditor}', 'QH'), person('di_uh', '{unit_head}', 'QH'), person('di_of', '{officer}', 'QH', '018802');
SELECT enroll FROM dv.enroll('D1', 1, 2, 'S1', NULL, 'QH', 'test', 'tester');
SELECT ingest(r_session(1, 'D1'), r_segment(1, 'D1', 1, 1, 0), r_segment(1, 'D1', 2, 1, 1), r_segment(1, 'D1', 3, 3, 0),
	r_segment(1, 'D1', 4, 4, 0), r_segment(1, 'D1', 5, 5, 0), r_segment(1, 'D1', 6, 6, 0));
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES
	('segment', uid('D1', 3), 1, 'state_secret', 'tap'), ('segment', uid('D1', 4), 1, 'trade_secret', 'tap');
INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title,
	started_at, reason) VALUES ('DC', 1, 'penalty', 'inspection', false, 'general', false, false, false, 'QH', 'tap', now(), 'tap');
INSERT INTO dv.document (document, "case", kind, title, made_at, segment)
SELECT uid('doc', 1), 'DC', 'tap_kind', 'x', now(), uid('D1', 1);

CREATE TABLE tap.asked (n text PRIMARY KEY, disclosure uuid);
GRANT INSERT, SELECT ON tap.asked TO PUBLIC;
-- A request of these objects, with what is said otherwise; kept as n.
CREATE FUNCTION tap.ask(login text, n text, objects text[], more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT do_as(login, format('INSERT INTO tap.asked SELECT %L, dv.disclosure_request(%L)', n,
		jsonb_strip_nulls('{"asked_by": "王小明", "capacity": "party", "right": "制度第三十六条", "purpose": "复议", "reason": "tap"}'::jsonb
			|| jsonb_build_object('objects', objects) || more)))
$$;
CREATE FUNCTION tap.d(n text) RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT disclosure FROM tap.asked a WHERE a.n = d.n $$;
CREATE FUNCTION tap.decide(login text, n text, yes boolean, until date DEFAULT dv.today() + 7) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(login, format('SELECT dv.disclosure_decide(%L, %L, %L, %L)', d(n), yes, until, 'tap'))
$$;
CREATE FUNCTION tap.begin_it(login text, n text) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(login, format('SELECT dv.disclosure_begin(%L, %L, %L, %L)', d(n), 'host', '/x', 'tap'))
$$;
CREATE FUNCTION tap.seal(login text, n text, attempt integer) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(login, format('SELECT dv.disclosure_seal(%L, %s, %L, 100)', d(n), attempt, repeat('ab', 32)))
$$;
CREATE FUNCTION tap.failed(login text, n text, attempt integer) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(login, format('SELECT dv.disclosure_fail(%L, %s, %L)', d(n), attempt, 'no space'))
$$;
CREATE FUNCTION tap.state(n text) RETURNS text LANGUAGE sql AS $$
	SELECT state FROM dv.disclosure_register(d(n), NULL, NULL)
$$;
CREATE FUNCTION tap.seen_as(login text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	list text;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
	SELECT string_agg(DISTINCT asked_by || ' ' || covered, ',') INTO list FROM dv.disclosure_register(NULL, NULL, NULL);
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN list;
END
$$;

-- ---- asking ----

SELECT matches(ask(login, what, objects, more), want, what) FROM (VALUES
	('di_of', 'an officer enters none', ARRAY[uid('D1', 1)::text], '{}'::jsonb, '^42501.*supervisor or legal'),
	('di_head', 'nor the head', ARRAY[uid('D1', 1)::text], '{}', '^42501'),
	('di_admin', 'nor who keeps the machine', ARRAY[uid('D1', 1)::text], '{}', '^42501'),
	('di_sup', 'of nothing', '{}', '{}', '^22023.*1 to 20000'),
	('di_sup', 'of what there is not', ARRAY[uid('no', 1)::text], '{}', '^P0002.*there is no object'),
	('di_sup', 'of a recording that there is not', ARRAY['D1/' || uid('rec', 9)], '{}', '^P0002'),
	('di_sup', 'of a case without evidence', '{case:NONE}', '{}', '^P0002'),
	('di_sup', 'without a purpose', ARRAY[uid('D1', 1)::text], '{"purpose": " "}', '^22023 purpose is missing'),
	('di_sup', 'in a capacity that there is not', ARRAY[uid('D1', 1)::text], '{"capacity": "friend"}', '^23514.*friend'),
	('di_sup', 'of a case that there is not', ARRAY[uid('D1', 1)::text], '{"case": "NONE"}', '^P0002.*no case NONE'),
	('di_sup', 'for what is no key', ARRAY[uid('D1', 1)::text], '{"recipient": "age1x"}', '^23514'),
	('di_sup', 'with a field too many', ARRAY[uid('D1', 1)::text], '{"by": "x"}', '^22023.*no such field')
	) AS x(login, what, objects, more, want);
SELECT is((SELECT count(*) FROM dv.disclosure), 0::bigint, 'nothing was entered');
SELECT is(ask('di_sup', 'one', ARRAY[uid('D1', 1)::text, 'D1/' || uid('rec', 1), 'case:DC']), '', 'a segment, its recording, its case');
SELECT is((SELECT count(*) || ' ' || count(refused) FROM dv.disclosure_object WHERE disclosure = d('one')), '2 0',
	'is each segment once');
SELECT is((SELECT array_agg(DISTINCT class::text) FROM dv.disclosure_object WHERE disclosure = d('one')), '{internal}', 'with its class');
SELECT is(ask('di_legal', 'state', ARRAY[uid('D1', 3)::text, uid('D1', 1)::text], '{"owner": true}'), '', 'a state secret is asked for');
SELECT is((SELECT string_agg(class || ' ' || coalesce(refused, '-'), ',' ORDER BY class) FROM dv.disclosure_object
	WHERE disclosure = d('state')), 'internal -,state_secret never', 'and it is said why it is not given out');
SELECT is(state('state'), 'refused_by_law', 'refused, on record, to whoever owns it, too');
SELECT is(ask('di_sup', 'trade', ARRAY[uid('D1', 4)::text]), '', 'a trade secret is asked for');
SELECT is(state('trade'), 'refused_by_law', 'refused to whose it is not');
SELECT is(ask('di_sup', 'owner', ARRAY[uid('D1', 4)::text], '{"owner": true}'), '', 'and not');
SELECT is(state('owner'), 'asked', 'to whose it is');
SELECT is((SELECT count(*) FROM dv.custody_event WHERE act = 'disclosure_of' AND objects @> ARRAY['segment:' || uid('D1', 4)]), 2::bigint,
	'each that asked for it is in the log under its name');
SELECT is((SELECT array_agg(DISTINCT field ORDER BY field) FROM dv.custody_salt s JOIN dv.custody_event e USING (event)
	WHERE e.source IN ('disclosure', 'disclosure_name')), '{by,name,purpose,reason,right_of}', 'what names people is salted');
SELECT is((SELECT count(*) FROM dv.custody_event WHERE convert_from(leaf, 'UTF8') LIKE '%王小明%'), 0::bigint, 'no leaf has a name');

-- ---- who sees names ----

SELECT is(seen_as(login), want, login || ' sees ' || coalesce(want, 'nothing')) FROM (VALUES ('di_sup', '王小明 false'),
	('di_legal', '王小明 false'), ('di_head', '王小明 false'), ('di_audit', '王** true'), ('di_admin', '王** true'),
	('di_uh', NULL), ('di_of', NULL)) AS x(login, want);
SELECT matches(do_as(login, 'SELECT FROM dv.disclosure_name'), '^42501', login || ' reads no names')
FROM unnest(ARRAY['di_audit', 'di_admin', 'di_uh', 'di_of']) AS login;

-- ---- deciding ----

SELECT matches(decide(login, 'one', true, until), want, what) FROM (VALUES
	('di_sup', dv.today() + 7, '^42501.*role head', 'who is not the head decides nothing'),
	('di_twin', dv.today() + 7, '^42501.*another person', 'nor who entered it, by another login'),
	('di_head', NULL, '^22023.*until when', 'until a day'),
	('di_head', dv.today() - 1, '^22023', 'that is to come'),
	('di_head', dv.today() + 31, '^22023', 'and not far'),
	('di_head', dv.today() + 30, '^$', 'the head approves')) AS x(login, until, want, what);
SELECT is((SELECT expires_at FROM dv.disclosure_decision WHERE disclosure = d('one')), dv.day_start(dv.today() + 31),
	'to the end of that day');
SELECT matches(decide('di_head', 'one', false), '^23505.*decided already', 'once');
SELECT matches(decide('di_head', 'state', true), '^23505', 'and not what the law refused');
SELECT matches(do_as('di_head', $$SELECT dv.disclosure_decide(NULL, true, dv.today(), 'x')$$), '^P0002', 'nor what there is not');
SELECT is(ask('di_sup2', 'mine', ARRAY[uid('D1', 1)::text]), '', 'a head who is of the supervision office enters one');
SELECT matches(decide('di_sup2', 'mine', true), '^42501', 'and lets another decide');
SELECT is(ask('di_sup', 'no', ARRAY[uid('D1', 1)::text]), '', 'another');
SELECT is(decide('di_head', 'no', false), '', 'is refused');
SELECT is(state('no'), 'refused', 'by the head');

-- Classified higher since.
SELECT is(ask('di_sup', 'higher', ARRAY[uid('D1', 5)::text]), '', 'what is internal');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('segment', uid('D1', 5), 1, 'trade_secret', 'tap');
SELECT matches(decide('di_head', 'higher', true), '^23514.*trade_secret', 'and a trade secret when it is decided on, is not approved');
SELECT is(decide('di_head', 'higher', false), '', 'but refused');
SELECT is(decide('di_head', 'owner', true), '', 'what is the owner''s is approved');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('segment', uid('D1', 4), 2, 'state_secret', 'tap');
SELECT matches(begin_it('di_sup', 'owner'), '^23514.*state_secret.*', 'and not written when it became a state secret');

-- ---- writing, once ----

SELECT matches(begin_it('di_legal', 'one'), '^42501', 'the supervision office writes it');
SELECT matches(begin_it('di_sup', 'mine'), '^42501.*not decided', 'when it was decided');
SELECT matches(begin_it('di_sup', 'no'), '^42501.*refused', 'for it');
SELECT matches(begin_it('di_sup', 'state'), '^42501.*refused', 'and the law did not refuse it');
SELECT is((SELECT count(*) FROM dv.act WHERE kind = 'disclosure'), 0::bigint, 'what was refused is no act');
SELECT is(begin_it('di_sup', 'one'), '', 'an attempt begins');
SELECT is((SELECT kind || ' ' || a.by || ' ' || cardinality(objects) || ' ' || (detail ->> 'path') FROM dv.act a JOIN dv.disclosure_attempt
	USING (act) WHERE disclosure = d('one')), 'disclosure di_sup 3 /x', 'as an act of all that it has');
SELECT is(state('one'), 'begun', 'and is open');
SELECT matches(begin_it('di_sup', 'one'), '^23505.*attempt 1 was not concluded', 'another waits for it');
SELECT matches(seal('di_sup', 'one', 2), '^23505', 'one that there is not is not sealed');
SELECT is(failed('di_sup', 'one', 1), '', 'nothing is left of it');
SELECT matches(failed('di_sup', 'one', 1), '^23505', 'said once');
SELECT matches(seal('di_sup', 'one', 1), '^23505.*not open any more', 'and it is not sealed afterwards');
SELECT is(state('one'), 'approved', 'the approval was not used by it');
SELECT is(begin_it('di_sup', 'one'), '', 'a second attempt');
SELECT is(seal('di_sup', 'one', 2), '', 'is whole');
SELECT is((SELECT state || ' ' || attempts || ' ' || sha256 || ' ' || size FROM dv.disclosure_register(d('one'), NULL, NULL)),
	'sealed 2 ' || repeat('ab', 32) || ' 100', 'and registered');
SELECT matches(begin_it('di_sup', 'one'), '^23505.*used once', 'there is no third');
SELECT matches(seal('di_sup', 'one', 2), '^23505', 'nor another digest');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'unapproved_export'), 0::bigint, 'and nothing to be found');

-- Classified higher while it was written; and disposed of.
SELECT is(ask('di_sup', 'late', ARRAY[uid('D1', 2)::text]), '', 'what is internal');
SELECT is(decide('di_head', 'late', true), '', 'approved');
SELECT is(begin_it('di_sup', 'late'), '', 'begun');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('segment', uid('D1', 2), 1, 'state_secret', 'tap');
SELECT matches(seal('di_sup', 'late', 1), '^23514.*state_secret', 'does not leave any more');
SELECT is(failed('di_sup', 'late', 1), '', 'and nothing is left of it');
SELECT is(ask('di_sup', 'ten', ARRAY[uid('D1', 1)::text]), '', 'an unlucky one');
SELECT is(decide('di_head', 'ten', true), '', 'is approved');
SELECT is(begin_it('di_sup', 'ten') || failed('di_sup', 'ten', n), '', 'attempt ' || n) FROM generate_series(1, 10) AS n;
SELECT matches(begin_it('di_sup', 'ten'), '^23514.*ten attempts', 'and no more of them');

-- ---- what leaves otherwise ----

SELECT is(do_as('di_sup', $$SELECT dv.do_act('export', '{segment:$$ || uid('D1', 1) || $$}', 'x', 'copy', '{"path": "/y", "objects": 1}')$$), '',
	'an export without any');
SELECT is((SELECT f.severity || ' ' || l.article || ' ' || f.subject_kind || ' ' || f.unit || ' ' || f.officer || ' ' || (f.detail ->> 'by') || ' '
	|| (f.detail -> 'objects' ->> 0) FROM dv.finding_list l JOIN dv.finding f USING (finding)
	WHERE f.code = 'unapproved_export'), 'violation 35 act JC 018801 di_sup segment:' || uid('D1', 1),
	'is found, and who did it');
SELECT is(do_as('di_sup', format($$SELECT dv.do_act('disclosure', '{segment:%s}', 'x', 'copy', '{"package": "%s"}')$$, uid('D1', 1), act)), '',
	'an act that calls itself a part of one') FROM dv.disclosure_attempt WHERE disclosure = d('one') AND number = 2;
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'unapproved_export'), 2::bigint, 'is found');
SELECT is(do_as('di_sup', format($$SELECT dv.do_act('export', '{segment:%s}', 'x', 'copy', '{"package": "%s"}')$$, uid('D1', 1),
	(SELECT act FROM dv.act WHERE kind = 'export'))), '', 'nor hides one export behind another');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'unapproved_export'), 3::bigint, 'that was told of');

-- An archive copy.
CREATE FUNCTION tap.archive(objects text[], n integer) RETURNS text LANGUAGE sql AS $$
	SELECT do_as('di_sup', format($x$SELECT dv.do_act('export', %L, 'x', 'disc', '{"archive": "DC", "objects": %s}')$x$, objects, n))
$$;
SELECT matches(archive(ARRAY['case:DC', 'segment:' || uid('D1', 1)], 1), '^23514.*archived', 'of a case that is open there is none');
INSERT INTO dv.case_event ("case", kind, at) VALUES ('DC', 'concluded', now()), ('DC', 'archived', now());
SELECT matches(archive(ARRAY['case:DC', 'segment:' || uid('D1', 6)], 1), '^23514', 'nor of what is not in it');
SELECT matches(archive(ARRAY['case:DC', 'segment:' || uid('D1', 1)], 2), '^23514', 'nor of more or less than all');
SELECT matches(archive('{case:DC,session:x}', 1), '^23514', 'nor by another name');
SELECT is(archive(ARRAY['case:DC', 'segment:' || uid('D1', 1)], 1), '', 'of all of one that is archived there is');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'unapproved_export'), 3::bigint, 'and nothing to be found');

-- ---- receipts ----

CREATE FUNCTION tap.receipt(login text, n text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT do_as(login, format('SELECT dv.disclosure_receipt(%L)', jsonb_build_object('disclosure', d(n), 'received_by', '李四',
		'received_at', dv.utc(clock_timestamp() - interval '1 second')) || more))
$$;
SELECT is((SELECT subject || ' ' || (due_at - since) FROM dv.deadline WHERE code = 'disclosure_unreceipted'), d('one') || ' 15 days',
	'a receipt is owed');
SELECT is((SELECT count(*) FROM dv.owed_disclosure_unreceipted(NULL)), 1::bigint, 'one');
SELECT matches(receipt(login, n, more), want, what) FROM (VALUES
	('di_head', 'one', '{}'::jsonb, '^42501', 'the supervision office enters it'),
	('di_sup', 'no', '{}', '^23514.*nothing has left', 'of what left'),
	('di_sup', 'one', '{"received_at": "2026-01-01"}', '^23514.*look at the date', 'not before it did'),
	('di_sup', 'one', jsonb_build_object('received_at', dv.utc(now() + interval '1 day')), '^23514.*future', 'nor tomorrow'),
	('di_sup', 'one', jsonb_build_object('segment', uid('D1', 1)), '^P0002.*not imported', 'by a paper that was imported'),
	('di_sup', 'one', '{}', '^$', 'once'),
	('di_sup', 'one', '{}', '^23505', 'and not again')) AS x(login, n, more, want, what);
SELECT is((SELECT state || ' ' || received_by FROM dv.disclosure_register(d('one'), NULL, NULL)), 'received 李*', 'the register has it');
SELECT is((SELECT count(*) FROM dv.deadline WHERE code = 'disclosure_unreceipted'), 0::bigint, 'nothing is owed any more');
SELECT dv.deadlines_rebuild();
SELECT is((SELECT count(*) FROM dv.deadline WHERE code = 'disclosure_unreceipted'), 0::bigint, 'nor made from the facts');

-- One that nobody got.
SELECT is(ask('di_legal', 'lost', ARRAY[uid('D1', 1)::text]), '', 'another');
INSERT INTO dv.disclosure_decision (disclosure, approved, expires_at, reason) VALUES (d('lost'), true, now() - interval '1 second', 'tap');
SELECT matches(begin_it('di_sup', 'lost'), '^23514.*was good until', 'its day is over');
SELECT is(state('lost'), 'lapsed', 'and the register says so');
INSERT INTO dv.disclosure_attempt (disclosure, number, act, host, path) VALUES (d('lost'), 1, gen_random_uuid(), 'h', '/x');
INSERT INTO dv.disclosure_sealed (disclosure, number, sha256, size, entered_at) VALUES (d('lost'), 1, sha256(''), 1, now() - interval '16 days');
SELECT is((SELECT warned || ' ' || raised FROM dv.sweep(100, 'disclosure_unreceipted')), '0 1', 'and sixteen days later');
SELECT is((SELECT f.severity || ' ' || f.subject_kind || ' ' || f.subject FROM dv.finding f WHERE code = 'disclosure_unreceipted'),
	'warning disclosure ' || d('lost'), 'it is found');

-- ---- nothing is gone that was disposed of, nor unlocked by a clock ----

SELECT is(ask('di_sup', 'clock', ARRAY[uid('D1', 1)::text]), '', 'one more');
SELECT is(decide('di_head', 'clock', true, dv.today() + 5), '', 'is approved for five days');
BEGIN;
INSERT INTO dv.disposal_plan (plan, day, objects, bytes, digest, reason) VALUES (uid('plan', 1), dv.today(), 1, 1, sha256(''), 'tap');
INSERT INTO dv.disposal_begun (segment, plan, blob) VALUES (uid('D1', 1), uid('plan', 1), sha256('x'));
SELECT matches(begin_it('di_sup', 'clock'), '^23514.*disposed of by plan ' || uid('plan', 1), 'what is gone does not leave');
SELECT is(ask('di_sup', 'gone', ARRAY[uid('D1', 1)::text]), '', 'and is asked for');
SELECT is((SELECT refused || ' ' || plan FROM dv.disclosure_object WHERE disclosure = d('gone')), 'gone ' || uid('plan', 1), 'in vain: by which plan is said');
SELECT is(state('gone'), 'refused_by_law', 'on record');
INSERT INTO dv.clock_day (day) VALUES (dv.today() + 6);
SELECT matches(begin_it('di_sup', 'clock'), '^23514.*was good until', 'a day after its last was lived through: a clock that is set back unlocks nothing');
SELECT matches(decide('di_head', 'mine', true, dv.today() + 5), '^23514.*set the clock right', 'nor is anything approved by it');
SELECT * FROM finish();
COMMIT;
