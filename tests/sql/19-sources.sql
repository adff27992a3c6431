-- Evidence from elsewhere than the dock: what people report of recorders, the rules about copies and insertions,
-- and what the watched folder learns.
BEGIN;
SELECT no_plan();

SELECT person('sun', '{unit_head}', 'QH'), person('zhao', '{unit_head}', 'NH'), person('jian', '{supervisor}', 'JC'),
	person('chen', '{officer}', 'QH', '019123'), person('ma', '{admin}', 'QH');
SELECT enroll FROM dv.enroll('R1', 1, 2, 'S1', '019123', 'QH', 'test', 'tester');
SELECT enroll FROM dv.enroll('R2', 1, 2, 'S2', NULL, 'QH', 'test', 'tester');
SELECT ingest(r_session(1, 'R1'), r_segment(1, 'R1', 1, 1, 0));
SELECT ingest(r_session(2, 'R1'), r_segment(2, 'R1', 2, 2, 0));
CREATE TEMPORARY VIEW scan AS SELECT segment FROM dv.segment WHERE recorder = 'R1' ORDER BY segment LIMIT 1;

-- ---- rules ----

SELECT is(severity || ' ' || article, want, code || ': ' || want) FROM (VALUES
	('copied_off_recorder', 'violation 35'), ('inserted', 'violation 12'), ('device_damaged', 'violation 35'),
	('device_lost', 'violation 38')) AS x(code, want) JOIN dv.rule USING (code);
SELECT is((dv.rule_at(code, '2026-11-20')).version, 1, code || ' has its first version') FROM unnest(ARRAY[
	'copied_off_recorder', 'inserted', 'device_damaged', 'device_lost']) AS code;

-- ---- reports ----

CREATE FUNCTION tap.say(login text, recorder text, kind text, reason text, segment uuid DEFAULT NULL) RETURNS text
	LANGUAGE sql AS $$
	SELECT do_as(login, format('SELECT dv.recorder_report(%L, %L, %L, %L)', recorder, kind, reason, segment))
$$;
SELECT matches(say(login, recorder, kind, reason, segment), want, what) FROM (VALUES
	('chen', 'R1', 'damaged', 'x', NULL::uuid, '^42501.*supervisor or unit_head', 'no officer reports'),
	('ma', 'R1', 'damaged', 'x', NULL, '^42501', 'nor who keeps the machine'),
	('zhao', 'R1', 'damaged', 'x', NULL, '^P0002.*none of your unit', 'nor another unit''s head'),
	('sun', 'R9', 'lost', 'x', NULL, '^P0002.*recorder list', 'of one that there is not'),
	('sun', 'R1', 'broken', 'x', NULL, '^22023.*damaged or lost, not broken', 'of what a report does not know'),
	('sun', 'R1', NULL, 'x', NULL, '^22023', 'nor of nothing'),
	('sun', 'R1', 'damaged', ' ', NULL, '^22023.*say why', 'without a reason'),
	('sun', 'R1', 'damaged', repeat('x', 501), NULL, '^22023', 'or with a long one'),
	('sun', 'R 1', 'damaged', 'x', NULL, '^22023.*an id is', 'of what is no id'),
	('sun', 'R1', 'damaged', 'x', uid('none', 1), '^P0002.*not imported', 'with what there is not')
	) AS x(login, recorder, kind, reason, segment, want, what);
SELECT is((SELECT count(*) FROM dv.recorder_report), 0::bigint, 'nothing was entered');
SELECT is((SELECT count(*) FROM dv.finding WHERE code LIKE 'device\_%'), 0::bigint, 'and nothing was found');

SELECT is(say('sun', 'R1', 'damaged', 'run over by a car', (SELECT segment FROM scan)), '', 'the head of its unit reports');
SELECT is((SELECT code || ' ' || severity || ' ' || subject_kind || ' ' || subject || ' ' || unit || ' ' || officer
	|| ' ' || (detail ->> 'by') || ' ' || (detail ->> 'reason') FROM dv.finding WHERE code = 'device_damaged'),
	'device_damaged violation recorder R1 QH 019123 sun run over by a car', 'a finding about the recorder');
SELECT is((SELECT f.fact FROM dv.finding f WHERE code = 'device_damaged'),
	(SELECT report::text FROM dv.recorder_report), 'which is the report''s');
SELECT is((SELECT state FROM dv.finding_state WHERE code = 'device_damaged'), 'open', 'and is answered');
SELECT is(say('jian', 'R1', 'damaged', 'its lens, too'), '', 'what is reported again happened again');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'device_damaged'), 2::bigint, 'a finding a report');
SELECT is((SELECT count(*) FROM dv.finding_state WHERE code = 'device_damaged' AND joins IS NULL), 1::bigint,
	'answered together while the first is open');
SELECT is(say('jian', 'R2', 'lost', 'on the bus'), '', 'lost');
SELECT is((SELECT code || ' ' || subject FROM dv.finding WHERE code = 'device_lost'), 'device_lost R2', 'is another');
SELECT dv.retire('R2', 'lost', 'tester');
SELECT is(say('jian', 'R2', 'damaged', 'found again, in pieces'), '', 'a retired one, too');

CREATE FUNCTION tap.sees(login text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
	SELECT count(*) INTO n FROM dv.recorder_report;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN n;
END
$$;
SELECT is(sees(login), n, login || ' sees ' || n) FROM (VALUES ('jian', 4::bigint), ('ma', 4), ('sun', 4), ('zhao', 0),
	('chen', 2)) AS x(login, n);
SELECT is((SELECT count(*) FROM dv.custody_event WHERE source = 'recorder_report'), 4::bigint,
	'each is an event of the log');

-- ---- the watched folder ----

INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title,
	started_at, reason)
SELECT c, 1, 'penalty', 'own', false, 'general', false, false, false, 'QH', c, now(), 'tap'
FROM unnest(ARRAY['C-1', 'C-2', 'C-3']) AS c;
INSERT INTO dv.case_event ("case", kind, at) VALUES ('C-2', 'concluded', now()), ('C-3', 'concluded', now()),
	('C-3', 'archived', now());
CREATE FUNCTION tap.takes(c text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
BEGIN
	SET LOCAL SESSION AUTHORIZATION dv_inbox;
	state := dv.case_takes(c);
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN state;
END
$$;
SELECT is(takes(c), state, coalesce(c, 'null') || ' is ' || coalesce(state, 'none')) FROM (VALUES ('C-1', 'open'),
	('C-2', 'concluded'), ('C-3', 'archived'), ('C-4', NULL), ('', NULL), (NULL, NULL)) AS x(c, state);
SELECT matches(try_as('dv_inbox', 'SELECT FROM dv.case_current'), '^42501', 'and nothing else of a case');
SELECT matches(try_as('dv_inbox', $$SELECT dv.ingest('[]')$$), '^42501', 'it brings nothing past the dock');

SELECT * FROM finish();
ROLLBACK;
