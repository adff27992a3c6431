-- What insiders may try, beside what they are there for: each is refused, or changes nothing.
BEGIN;
SELECT no_plan();

INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES ('QH', 1, NULL, 'bureau', false, 'tap');
INSERT INTO dv.officer (officer, revision, name, certificate, unit, valid_from, reason) VALUES
	('018001', 1, 'Zhang', 'D-1', 'QH', '2020-01-01', 'tap'), ('018002', 1, 'Li', 'D-2', 'QH', '2020-01-01', 'tap');
SELECT tap.person('in_zhang', '{officer,head,unit_head,legal}', 'QH', '018001');
SELECT tap.person('in_li', '{officer}', 'QH', '018002');
SELECT tap.person('in_wang', '{unit_head}', 'QH');
SELECT tap.person('in_qian', '{head}', 'QH');
SELECT tap.person('in_admin', '{admin}', 'QH');

SELECT throws_like('SELECT dv.require_now(interval ''0'')', 'this transaction was begun at %', 'nor as of an hour ago');
SELECT alike(tap.do_as('in_li', 'SELECT pg_advisory_lock(25725, hashtext(''V-1''))'), '42501%',
	'nobody takes the lock of a case''s deadlines');
SELECT alike(tap.do_as('in_li', 'SELECT pg_try_advisory_lock(25723, 0)'), '42501%', 'nor that of alertd');
SELECT alike(tap.do_as('in_li', 'SELECT pg_advisory_xact_lock_shared(1)'), '42501%', 'nor any other');

-- ---- in another's name ----

SELECT is(tap.do_as('in_admin', 'SELECT dv.enroll(''IN-1'', 1, 2, ''S1'', ''018001'', ''QH'', ''r'', ''somebody'')'), '',
	'a recorder is enrolled');
SELECT is((SELECT enrolled_by FROM dv.recorder WHERE recorder = 'IN-1'), 'in_admin', 'by who did it');
SELECT is(tap.do_as('in_admin', 'SELECT dv.retire(''IN-1'', ''r'', ''somebody'')'), '', 'and retired');
SELECT is((SELECT retired_by FROM dv.recorder_retired WHERE recorder = 'IN-1'), 'in_admin', 'by who did that');
SELECT is(tap.do_as('in_admin', 'SELECT dv.note_config(''QH-01'', ''dockd'', repeat(''0'', 64), ''somebody'')'), '', '');
SELECT is((SELECT by FROM dv.act WHERE kind = 'config_changed' ORDER BY done_at DESC LIMIT 1), 'in_admin', 'acts, too');

-- ---- cases ----

CREATE FUNCTION pg_temp.open(a_case text, a_more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE
	RETURN format('SELECT dv.case_open(%L)', jsonb_build_object('case', a_case, 'kind', 'penalty',
		'origin', 'inspection', 'title', 't', 'reason', 'r') || a_more);
SELECT is(tap.do_as('in_zhang', pg_temp.open('V-1', '{"kind": "inspection"}')), '', 'a case');
SELECT alike(tap.do_as('in_zhang', 'SELECT dv.case_event_add(''{"case": "V-1", "kind": "approved"}'')'),
	'42501%another person approves%', 'is not approved by who entered it');
SELECT is(tap.do_as('in_qian', 'SELECT dv.case_event_add(''{"case": "V-1", "kind": "approved"}'')'), '', 'but by another');
INSERT INTO dv.case_file SELECT 'V-2', 1, kind, origin, named, procedure, urgent, urgent_reason, major, contentious, unit,
	title, now() - interval '3 days', reason, by, now() - interval '2 days' FROM dv.case_file WHERE "case" = 'V-1';
SELECT alike(tap.do_as('in_wang', format('SELECT dv.case_change(%L)', jsonb_build_object('case', 'V-2',
	'reason', 'r', 'started_at', dv.utc(now() - interval '1 minute')))), '23514%it was entered before%',
	'what was entered had started: its approval stays due');
SELECT is(tap.do_as('in_wang', format('SELECT dv.case_change(%L)', jsonb_build_object('case', 'V-2',
	'reason', 'r', 'started_at', dv.utc(now() - interval '50 hours')))), '', 'a correction is one');
SELECT alike(tap.do_as('in_zhang', pg_temp.open('V-3', jsonb_build_object('title', w))), '2____ %', 'a title that says nothing')
FROM unnest(ARRAY[U&'\3000', U&'\200B', U&'a\202Eb', E'\t']) AS w;
SELECT alike(tap.do_as('in_zhang', pg_temp.open('V-3', jsonb_build_object('reason', w))), '22023 reason is missing%',
	'nor is that a reason') FROM unnest(ARRAY[U&'\3000', E'\n', U&'\00A0\FEFF']) AS w;

-- What is taken away after the case was judged, is judged.
SELECT is(tap.do_as('in_zhang', 'SELECT dv.document_add(''{"case": "V-1", "kind": "start_approval_form", "title": "x", "kept_where": "x"}'')'),
	'', 'a paper');
SELECT is(tap.do_as('in_zhang', 'SELECT dv.case_event_add(''{"case": "V-1", "kind": "concluded"}'')'), '', 'concluded');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is((SELECT count(*) FROM dv.finding WHERE "case" = 'V-1' AND code = 'document_missing'), 0::bigint, 'nothing is missing');
SELECT is(tap.do_as('in_zhang', format('SELECT dv.document_withdraw(%L, ''x'')', document)), '', 'a paper is withdrawn, once it is over')
FROM dv.document WHERE "case" = 'V-1';
SELECT is((SELECT array_agg(requirement) FROM dv.finding WHERE "case" = 'V-1' AND code = 'document_missing'), '{start_approval}',
	'which is found');

-- ---- recordings ----

SELECT dv.ingest(jsonb_build_array(r_session(1, 'IN-1'), r_segment(1, 'IN-1', 1, 10, 0) || '{"officer": "018001"}',
	r_segment(1, 'IN-1', 2, 2, 0) || '{"officer": "018002"}'));
SELECT alike(tap.do_as('in_zhang', format('SELECT dv.recording_review(''IN-1'', %L, ''no_case'', ''x'')', uid('rec', 10))),
	'42501%one of your own%', 'nobody reviews their own recording');
SELECT is(tap.do_as('in_zhang', format('SELECT dv.recording_review(''IN-1'', %L, ''no_case'', ''x'')', uid('rec', 2))), '',
	'but another''s');
SELECT is(tap.do_as('in_zhang', format('SELECT dv.action_add(%L)', jsonb_build_object('case', 'V-1', 'step',
	(SELECT step FROM dv.step WHERE stage = 'investigation' ORDER BY 1 LIMIT 1), 'start_at', dv.utc(now() - interval '1 hour'), 'end_at',
	dv.utc(now() - interval '1 minute'), 'place', 'p', 'reason', 'r', 'officers', '[{"officer": "018001"}]'::jsonb))), '', 'an action');
SELECT alike(tap.do_as('in_zhang', format('SELECT dv.link_add(%L)', jsonb_build_object('action', action, 'kind', 'recording',
	'object', o, 'why', 'x'))), 'P0002%', 'a recording by its name alone')
FROM dv.action, unnest(ARRAY['IN-1/' || upper(uid('rec', 10)::text), 'IN-1/' || uid('rec', 10) || '/x']) AS o WHERE "case" = 'V-1';
SELECT is(tap.do_as('in_zhang', format('SELECT dv.link_add(%L)', jsonb_build_object('action', action, 'kind', 'recording',
	'object', 'IN-1/' || uid('rec', 10), 'why', 'x'))), '', 'which it has') FROM dv.action WHERE "case" = 'V-1';
SELECT alike(tap.do_as('in_li', format('SELECT dv.link_add(%L)', jsonb_build_object('action', action, 'kind', 'recording',
	'object', 'IN-1/' || uid('rec', 2), 'why', 'x'))), 'P0002 action %: there is none%', 'to whom it is none of theirs, it is not there')
FROM dv.action WHERE "case" = 'V-1';

-- ---- one person of two logins ----

SELECT tap.person('in_hou', '{legal}', 'QH', '018001');	-- once in_zhang is closed, say
INSERT INTO dv.rule_proposal (what, code, valid_from, body, reason, by)
VALUES ('field', 'in_word', dv.today() + 1, '{"text_zh": "x", "text_en": "x"}', 'r', 'in_zhang');
SELECT alike(tap.do_as('in_hou', format('SELECT dv.rule_decide(%L, true, ''x'')', proposal)), '42501%another person decides%',
	'a proposal of one''s other account') FROM dv.rule_proposal WHERE code = 'in_word';
SELECT alike(tap.do_as('in_hou', 'SELECT dv.rule_propose(''field'', ''in_never'', ''infinity'', '
	'''{"text_zh": "x", "text_en": "x"}'', ''r'')'), '22023%more than ten years%', 'a rule of never');

SELECT * FROM finish();
ROLLBACK;
