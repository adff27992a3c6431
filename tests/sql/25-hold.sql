-- Holds: what each covers, who places, looks at and lifts it, and what of it was too late.
BEGIN;
SELECT no_plan();

SELECT person('jian', '{supervisor}');
SELECT person('jian2', '{supervisor}');
SELECT person('fa', '{legal}');
SELECT person('fa9', '{legal}', 'QH', '019009');
SELECT person('ju', '{head}');
SELECT person('shen', '{auditor}');
SELECT person('guan', '{admin}');
SELECT person('wang', '{unit_head}', 'QH-1');
SELECT person('zhang', '{officer}', 'QH-1', '019001');
SELECT person('both', '{supervisor,officer}', 'QH-1', '019003');
-- QH-1 is below QH.
INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES ('QH-1', 2, 'QH', 'one', false, 'tap');
INSERT INTO dv.officer (officer, revision, name, certificate, unit, valid_from, reason)
SELECT '01900' || n, 1, 'officer ' || n, 'ZJ-' || n, 'QH-1', '2026-01-01', 'tap' FROM unnest('{1,2,3,9}'::integer[]) AS n;
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019001', 'QH-1', 'r', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', '019002', 'QH-2', 'r', 'li');

-- Of REC-1 recordings 1 (segments 1, 2) and 3 (segment 3, which says it was made in 2020, and came in on
-- the 23rd); of REC-2 recording 4 (segment 4); a paper that was imported for case C1 (segment 5).
SELECT ok(ingest(r_session(1, 'REC-1'), r_segment(1, 'REC-1', 1, 1, 0), r_segment(1, 'REC-1', 2, 1, 1,
	'2026-11-21T02:00:00.000Z'), r_segment(1, 'REC-1', 3, 3, 0, '2020-01-01T02:00:00.000Z')
	|| '{"officer": "-"}') > 0, 'recorder 1');
SELECT ok(ingest(r_session(2, 'REC-2'), r_segment(2, 'REC-2', 4, 4, 0) || '{"officer": "019002"}') > 0, 'recorder 2');
SELECT ok(ingest(r_session(3, NULL), r_import(3) || '{"case": "C1", "unit": "QH-2", "officer": "019002"}',
	r_segment(3, 'FILE', 5, 5, 0) || '{"assurance": "imported", "officer": "-"}') > 0, 'an import');
CREATE FUNCTION tap.seg(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE
	RETURN uid(CASE n WHEN 4 THEN 'REC-2' WHEN 5 THEN 'FILE' ELSE 'REC-1' END, n);
INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title,
	started_at, reason)
SELECT 'C' || n, 1, 'penalty', 'inspection', false, 'general', false, false, false, 'QH-1', 'tap', now(), 'tap'
FROM generate_series(1, 2) AS n;
INSERT INTO dv.action (action, revision, "case", stage, step, start_at, end_at, place, reason)
SELECT uid('act', n), 1, 'C' || n, 'investigation', 'tap_step', '2026-11-20 10:00+08', '2026-11-20 10:05+08', 'x', 'tap'
FROM generate_series(1, 2) AS n;
INSERT INTO dv.link (link, action, kind, object, how, why, entered_at)
SELECT uid('link', n), uid('act', a), k, o, 'hand', 'tap', now() - interval '2 hours' FROM (VALUES
	(1, 1, 'recording', 'REC-1/' || uid('rec', 1)), (2, 1, 'recording', 'REC-1/' || uid('rec', 3)),
	(3, 2, 'segment', seg(4)::text)) AS x(n, a, k, o);
INSERT INTO dv.link_removed (link, reason, entered_at) VALUES (uid('link', 2), 'tap', now() - interval '1 hour');

CREATE FUNCTION tap.add(a_login text, a jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(a_login, format('SELECT dv.hold_add(%L)', '{"review": "2099-01-01", "reason": "tap"}'
		|| jsonb_build_object('review', dv.today() + 30) || a)) $$;
-- The numbers of the segments that are held, by either way of asking; 'differ' if they do.
CREATE FUNCTION tap.held_now() RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN a.list IS NOT DISTINCT FROM b.list AND a.list IS NOT DISTINCT FROM c.list
			AND a.list IS NOT DISTINCT FROM d.list THEN coalesce(a.list, '-') ELSE 'differ' END
	FROM (SELECT string_agg(n::text, ' ' ORDER BY n) AS list FROM generate_series(1, 5) AS n
	      WHERE EXISTS (SELECT FROM dv.holds_on(seg(n)))) AS a,
	     (SELECT string_agg(n::text, ' ' ORDER BY n) AS list FROM generate_series(1, 5) AS n
	      WHERE seg(n) IN (SELECT dv.held(ARRAY(SELECT seg(m) FROM generate_series(1, 5) AS m)))) AS b,
	     (SELECT string_agg(n::text, ' ' ORDER BY n) AS list FROM generate_series(1, 5) AS n
	      WHERE seg(n) IN (SELECT dv.held(ARRAY[seg(n), seg(n)]))) AS c,
	     (SELECT string_agg(n::text, ' ' ORDER BY n) AS list FROM generate_series(1, 5) AS n
	      WHERE seg(n) IN (SELECT dv.hold_covers(h.hold) FROM dv.hold_open h)) AS d $$;
-- One hold alone: what it holds, and then it is not there any more.
CREATE FUNCTION tap.covers(a jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	BEGIN
		said := add('jian', a);
		IF said = '' THEN
			said := held_now();
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'TAP00';
	EXCEPTION WHEN SQLSTATE 'TAP00' THEN
		RETURN said;
	END;
END
$$;
SELECT is(held_now(), '-', 'nothing is held');
SELECT is((SELECT count(*) FROM dv.held(NULL)), 0::bigint, 'of no segments none');

-- ---- what a hold covers ----

SELECT is(covers(jsonb_build_object('kind', k) || a::jsonb), want, k || ' ' || a) FROM (VALUES
	('segment', format('{"subject": "%s"}', seg(2)), '2'),
	('recording', format('{"subject": "REC-1/%s"}', uid('rec', 1)), '1 2'),
	('case', '{"subject": "C1"}', '1 2 5'),		-- a link that was taken away before is none
	('case', '{"subject": "C2"}', '4'),
	('officer', '{"subject": "019123"}', '1 2'),	-- as segments say it
	('officer', '{"subject": "019001"}', '1 2 3'),	-- as the recorder was issued
	('officer', '{"subject": "019002"}', '4 5'),	-- as it was imported of
	('officer', '{"subject": "019001", "from": "2026-11-21", "to": "2026-11-22"}', '2'),
	('officer', '{"subject": "019001", "to": "2026-11-22"}', '1 2 3'),
	('officer', '{"subject": "019001", "from": "2026-11-23"}', '1 2 3'),	-- came in then
	('period', '{"from": "2026-11-20", "to": "2026-11-20"}', '1 4 5'),
	('period', '{"from": "2026-11-20"}', '1 2 3 4 5'),
	('period', '{"from": "2026-11-20", "unit": "QH-1"}', '1 2 3'),
	('period', '{"from": "2026-11-20", "unit": "QH"}', '1 2 3'),	-- and those below it
	('period', '{"from": "2020-01-01", "to": "2020-01-01"}', '3'),
	('period', '{"from": "2026-11-24"}', '-')) AS x(k, a, want);

-- ---- nobody gets out of one ----

SELECT is(add('fa', '{"kind": "case", "subject": "C1"}'), '', 'the legal office holds case C1');
INSERT INTO dv.link_removed (link, reason) VALUES (uid('link', 1), 'tap');
SELECT is(held_now(), '1 2 5', 'a link that is taken away holds on');
INSERT INTO dv.link (link, action, kind, object, how, why) VALUES (uid('link', 4), uid('act', 1), 'segment', seg(4)::text,
	'hand', 'tap');
SELECT is(held_now(), '1 2 4 5', 'one that is added holds from now on');
SELECT is(do_as('jian', format('SELECT dv.hold_release(%L, ''over'')', hold)), '', 'it is lifted') FROM dv.hold_open;
SELECT is(held_now(), '-', 'and nothing is held');
SELECT is(add('ju', '{"kind": "period", "unit": "QH", "from": "2026-11-20"}'), '', 'a period of QH');
INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES ('QH-1', 3, NULL, 'one', false, 'tap');
SELECT is(held_now(), '1 2 3', 'a unit that leaves the tree is held on');

-- ---- what is refused ----

SELECT is(left(add('jian', a::jsonb), 5), state, a) FROM (VALUES
	('{"kind": "segment", "subject": "00000000-0000-4000-8000-000000000000"}', 'P0002'),
	('{"kind": "segment", "subject": "no"}', 'P0002'), ('{"kind": "recording", "subject": "REC-1"}', 'P0002'),
	('{"kind": "recording", "subject": "REC-1/no"}', 'P0002'), ('{"kind": "case", "subject": "C9"}', 'P0002'),
	('{"kind": "officer", "subject": "019999"}', 'P0002'), ('{"kind": "officer", "subject": ""}', '22023'),
	('{"kind": "period", "from": "2026-01-01", "unit": "QH-9"}', 'P0002'), ('{"kind": "period"}', '22023'),
	('{"kind": "period", "from": "2026-02-30"}', '22023'), ('{"kind": "period", "from": "x"}', '22023'),
	('{"kind": "period", "from": "2026-02-02", "to": "2026-02-01"}', '22023'),
	('{"kind": "case", "subject": "C1", "from": "2026-02-02"}', '22023'),
	('{"kind": "case", "subject": "C1", "unit": "QH"}', '22023'), ('{"kind": "other", "subject": "C1"}', '23514'),
	('{"kind": "case", "subject": "C1", "reason": " "}', '22023'), ('{"kind": "case", "subject": "C1", "by": "x"}', '22023'),
	('{"kind": "case", "subject": "C1", "review": "2020-01-01"}', '22023'),
	('{"kind": "case", "subject": "C1", "review": "2099-01-01"}', '22023'),
	('{"kind": "case", "subject": "C1", "review": null}', '22023')) AS x(a, state);
SELECT is(left(add(login, '{"kind": "case", "subject": "C1"}'), 5), '42501', login || ' places none')
FROM unnest(ARRAY['wang', 'zhang', 'shen', 'guan']) AS login;
SELECT is((SELECT count(*) FROM dv.hold_open), 1::bigint, 'nothing was entered');

-- ---- reviewed, and lifted by another ----

CREATE TEMPORARY TABLE it AS SELECT hold FROM dv.hold_open;
GRANT SELECT ON it TO PUBLIC;
CREATE FUNCTION tap.act(a_login text, a_call text) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(a_login, format('SELECT dv.' || a_call, (SELECT hold FROM it))) $$;
SELECT is((SELECT array_agg(due_at) FROM dv.deadline WHERE code = 'hold_review_due'),
	ARRAY[dv.day_start(dv.today() + 31)], 'its review is due when that day is over');
SELECT is(act('ju', 'hold_review(%L, dv.today() + 60, ''still needed'')'), '', 'who placed it may look at it again');
SELECT is((SELECT array_agg(due_at) FROM dv.deadline WHERE code = 'hold_review_due'),
	ARRAY[dv.day_start(dv.today() + 61)], 'and the next review is due');
SELECT results_eq($$SELECT review_on, state, reviewed_by FROM dv.hold_list WHERE state <> 'released'$$,
	$$SELECT dv.today() + 60, 'open', 'ju'$$, 'as the list says');
CREATE TEMPORARY TABLE before AS SELECT * FROM dv.deadline;
SELECT dv.deadlines_rebuild();
SELECT is((SELECT count(*) FROM (TABLE before EXCEPT TABLE dv.deadline) AS x), 0::bigint, 'made anew it is the same');
UPDATE dv.deadline SET due_at = now() - interval '1 day' WHERE code = 'hold_review_due';
INSERT INTO dv.hold (kind, subject, review_on, reason, entered_at) VALUES ('case', 'C2', dv.today() - 1, 'tap', now() - interval '9 days');
SELECT is((SELECT raised FROM dv.sweep(500, 'hold_review_due')), 1, 'one whose day is over is found');
SELECT is((SELECT array_agg(severity || ' ' || subject_kind || coalesce(officer, '') || coalesce(unit, '')) FROM dv.finding
	WHERE code = 'hold_review_due'), '{"notice hold"}', 'as a notice that names nobody');
SELECT is((SELECT raised FROM dv.sweep(500, 'hold_review_due')), 0, 'once');
SELECT is(act('ju', 'hold_release(%L, ''over'')'), '42501 hold ' || (SELECT hold FROM it)
	|| ': ju placed it: another person releases it', 'who placed it does not lift it');
SELECT is(left(act(login, 'hold_release(%L, ''over'')'), 5), state, login) FROM (VALUES ('wang', '42501'), ('zhang', '42501'),
	('guan', '42501'), ('shen', '42501')) AS x(login, state);
SELECT is(left(act('jian', 'hold_release(%L, '' '')'), 5), '22023', 'not without a reason');
SELECT is(act('jian', 'hold_release(%L, ''over'')'), '', 'another does');
SELECT is(left(act('jian2', 'hold_release(%L, ''over'')'), 5), '23514', 'once');
SELECT is(left(act('jian2', 'hold_review(%L, dv.today() + 1, ''x'')'), 5), '23514', 'what is lifted is not looked at again');
SELECT is((SELECT count(*) FROM dv.deadline WHERE code = 'hold_review_due' AND subject = (SELECT hold::text FROM it)),
	0::bigint, 'and nothing is due');
-- One person with two logins is one.
SELECT is(add('both', jsonb_build_object('kind', 'segment', 'subject', seg(1))), '', 'placed by one login');
UPDATE it SET hold = (SELECT hold FROM dv.hold_open WHERE subject = seg(1)::text);
SELECT person('both2', '{supervisor}', 'QH-1', '019003');
SELECT matches(act('both2', 'hold_release(%L, ''over'')'), '^42501.*another person releases it', 'not by the other');

-- ---- who sees it ----

SELECT is(add('jian', '{"kind": "officer", "subject": "019009"}'), '', 'on an officer who is of the legal office');
UPDATE it SET hold = (SELECT hold FROM dv.hold_open WHERE subject = '019009');
SELECT is(left(act('fa9', 'hold_release(%L, ''over'')'), 5), 'P0002', 'whom it is about does not know of it');
CREATE FUNCTION tap.sees(a_login text) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(a_login, $q$DO $d$ BEGIN RAISE EXCEPTION USING MESSAGE = (SELECT string_agg(DISTINCT kind, ' ') FROM dv.hold_list); END $d$ $q$) $$;
SELECT is(regexp_replace(coalesce(sees(login), ''), '^P0001 ?', ''), want, login) FROM (VALUES ('jian', 'case officer period segment'),
	('ju', 'case officer period segment'), ('shen', 'case officer period segment'), ('guan', 'case officer period segment'),
	('fa', 'case officer period segment'), ('fa9', 'case period segment')) AS x(login, want);
SELECT ok(do_as(login, $$DO $d$ BEGIN ASSERT NOT EXISTS (SELECT FROM dv.hold); ASSERT NOT EXISTS (SELECT FROM dv.hold_released); END $d$ $$)
	= '', login || ' sees none') FROM unnest(ARRAY['wang', 'zhang']) AS login;
SELECT is(do_as('fa9', format($$DO $d$ BEGIN ASSERT NOT EXISTS (SELECT FROM dv.hold_reach(%L)); END $d$ $$, hold)), '',
	'nor learns what it covers') FROM it;
SELECT is(do_as('fa', format($$DO $d$ BEGIN ASSERT (SELECT objects FROM dv.hold_reach(%L)) = 0; END $d$ $$, hold)), '',
	'as others do') FROM it;
SELECT is(do_as('jian', format($$DO $d$ BEGIN ASSERT (SELECT count(*) FROM dv.holds_over(%L, %L)) = %s; END $d$ $$, k, s, n)), '',
	k || ' ' || s) FROM (VALUES ('segment', seg(1)::text, 1), ('recording', 'REC-1/' || uid('rec', 1), 1), ('case', 'C2', 1),
	('officer', '019009', 1), ('segment', seg(3)::text, 0), ('case', 'C9', 0)) AS x(k, s, n);
-- The subject and the reason of a hold are personal, and in the log under salt.
SELECT is((SELECT count(*) FROM dv.custody_event WHERE source IN ('hold', 'hold_review', 'hold_released')
	AND convert_from(leaf, 'UTF8') ~ '019009|tap|over|still needed'), 0::bigint, 'the log names nobody');

-- ---- too late ----

INSERT INTO dv.disposal_plan (plan, day, objects, bytes, digest, reason)
VALUES (uid('plan', 1), dv.today(), 2, 200, sha256('x'), 'tap');
INSERT INTO dv.disposal_begun (segment, plan, blob)
SELECT s.segment, uid('plan', 1), s.blob FROM dv.segment s WHERE s.segment IN (seg(1), seg(2));
INSERT INTO dv.tombstone (segment, plan, blob, size, facts, stores, blob_kept)
SELECT s.segment, uid('plan', 1), s.blob, s.size, '{}', '{}', false FROM dv.segment s WHERE s.segment = seg(1);
SELECT is(do_as('jian', format($q$DO $d$ DECLARE h record; BEGIN
	SELECT * INTO h FROM dv.hold_add(%L);
	ASSERT (h.objects, h.bytes, h.begun, h.gone) = (1, 100, 1, 1), h::text;
	ASSERT h.lost = %L, h.lost::text; END $d$ $q$, jsonb_build_object('kind', 'officer', 'subject', '019001', 'review',
		dv.today() + 1, 'reason', 'tap'), jsonb_build_array(least(seg(1), seg(2)), greatest(seg(1), seg(2))))), '',
	'the answer says what is gone and what is going');
-- Whoever begins a removal has the gate alone; a hold is written with it shared.
SELECT is((SELECT tgenabled::text FROM pg_trigger WHERE tgrelid = 'dv.hold'::regclass AND tgname = 'retention_gate'), 'A',
	'a hold waits for the gate');

SELECT * FROM finish();
ROLLBACK;
