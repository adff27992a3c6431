-- Cases: what is refused, each beside its clean twin; who may do what; proposals; archiving.
BEGIN;
SELECT no_plan();

-- ---- who and what there is ----

INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES
	('QH', 1, NULL, 'bureau', false, 'tap'), ('QH-1', 1, 'QH', 'one', false, 'tap'),
	('QH-9', 1, 'QH', 'closed', false, 'tap'), ('QH-9', 2, 'QH', 'closed', true, 'tap'),
	('YC', 1, NULL, 'another', false, 'tap');
INSERT INTO dv.officer (officer, revision, name, certificate, certified_to, unit, valid_from, valid_to, reason)
VALUES ('019123', 1, 'Zhang', 'C-123', NULL, 'QH-1', '2020-01-01', NULL, 'tap'),
	('019124', 1, 'Li', 'C-124', NULL, 'QH-1', '2020-01-01', NULL, 'tap'),
	('019125', 1, 'left', 'C-125', NULL, 'QH-1', '2020-01-01', '2021-01-01', 'tap'),
	('019126', 1, 'expired', 'C-126', '2022-01-01', 'QH-1', '2020-01-01', NULL, 'tap'),
	('019200', 1, 'Zhou', 'C-200', NULL, 'YC', '2020-01-01', NULL, 'tap');
SELECT tap.person('tap_zhang', '{officer}', 'QH-1', '019123');
SELECT tap.person('tap_li', '{officer}', 'QH-1', '019124');
SELECT tap.person('tap_zhou', '{officer}', 'YC', '019200');
SELECT tap.person('tap_wang', '{unit_head}', 'QH');
SELECT tap.person('tap_zhao', '{unit_head}', 'YC');
SELECT tap.person('tap_qian', '{head}', 'QH');
SELECT tap.person('tap_sun', '{supervisor}', 'QH');
SELECT tap.person('tap_hou', '{legal}', 'QH');
SELECT tap.person('tap_shen', '{auditor}', 'QH');
INSERT INTO dv.step (step, stage, text_zh, text_en) VALUES
	('tap_visit', 'investigation', '-', '-'), ('tap_hand_over', 'execution', '-', '-');
INSERT INTO dv.document_kind (kind, text_zh, text_en) VALUES ('tap_record', '-', '-'), ('tap_receipt', '-', '-');

-- Moments of a day before yesterday, so that all of them are over: at('09:30').
CREATE FUNCTION pg_temp.at(t text, days integer DEFAULT -2) RETURNS text LANGUAGE sql STABLE
	RETURN (dv.day_of(now()) + days)::text || 'T' || t;

-- One line: who, what they do, with what; what it answers ('' for done) and why.
CREATE TEMPORARY TABLE try (n integer GENERATED ALWAYS AS IDENTITY, who text, call text, a jsonb, want text,
			    why text);
CREATE FUNCTION pg_temp.run() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t try;
	got text;
BEGIN
	FOR t IN SELECT * FROM try ORDER BY n LOOP
		got := tap.do_as(t.who, CASE WHEN t.call ~ '\(' THEN t.call
			ELSE format('SELECT dv.%s(%L::jsonb)', t.call, t.a) END);
		RETURN NEXT CASE WHEN t.want = '' THEN is(got, '', t.why) ELSE alike(got, t.want, t.why) END;
	END LOOP;
	TRUNCATE try;
END
$$;
CREATE FUNCTION pg_temp.c(a jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql STABLE
	RETURN jsonb_build_object('case', 'T-1', 'kind', 'penalty', 'origin', 'inspection', 'title', '某店案',
		'started_at', pg_temp.at('08:00'), 'reason', 'tap') || a;

-- How many rows somebody sees.
CREATE FUNCTION tap.count_as(a_login text, what text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', a_login);
	EXECUTE 'SELECT count(*) FROM ' || what INTO n;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN n;
END
$$;

-- ---- opening, changing ----

INSERT INTO try (who, call, a, want, why) VALUES
	('postgres', 'case_open', pg_temp.c(), '42501 postgres is nobody%', 'whoever has no account opens none'),
	('tap_shen', 'case_open', pg_temp.c(), '42501%officer or unit_head%', 'nor who only looks'),
	('tap_zhang', 'case_open', pg_temp.c('{"colour": "red"}'), '22023 colour: no such field%', 'a field that there is not'),
	('tap_zhang', 'case_open', pg_temp.c() - 'title', '22023 title is missing%', 'without a title'),
	('tap_zhang', 'case_open', pg_temp.c('{"kind": "theft"}'), '23514%', 'a kind that there is not'),
	('tap_zhang', 'case_open', pg_temp.c('{"case": "案 1"}'), '23514%', 'no id'),
	('tap_zhang', 'case_open', pg_temp.c('{"named": true}'), '23514%only a complaint%', 'a name without a complaint'),
	('tap_zhang', 'case_open', pg_temp.c('{"urgent": true}'), '23514%Art. 6%', 'urgent without a reason'),
	('tap_zhang', 'case_open', pg_temp.c('{"started_at": "yesterday"}'), '22023%no moment%', 'words for a moment'),
	('tap_zhang', 'case_open', pg_temp.c('{"started_at": "2026-02-30"}'), '22008%', 'a day that there is not'),
	('tap_zhang', 'case_open', pg_temp.c(jsonb_build_object('started_at', pg_temp.at('08:00', 2))),
		'23514%in the future%', 'tomorrow'),
	('tap_zhang', 'case_open', pg_temp.c('{"unit": "NO"}'), 'P0002%NO%', 'a unit that there is not'),
	('tap_zhang', 'case_open', pg_temp.c('{"unit": "QH-9"}'), '23514%closed%', 'a unit that is closed'),
	('tap_zhang', 'case_open', pg_temp.c('{"unit": "YC"}'), '42501%own unit%', 'of another unit'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": [{"officer": "019124"}]}'), '42501%in yourself%',
		'that they are not in'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": []}'), '42501%in yourself%', 'of nobody'),
	('tap_wang', 'case_open', pg_temp.c('{"unit": "QH-1", "officers": []}'), '22023%name 1 to 32%',
		'of nobody, by the head'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": [{"officer": "019123"}, {"officer": "000000"}]}'),
		'P0002 officer 000000%', 'an officer that there is not'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": [{"officer": "019123"}, {"officer": "019125"}]}'),
		'23514%019125%not in service%', 'an officer who left'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": [{"officer": "019123"}, {"officer": "019126"}]}'),
		'23514 the certificate of officer 019126%', 'an officer whose certificate ended'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": [{"officer": "019123"}, {"officer": "019123"}]}'),
		'22023%each officer once%', 'an officer twice'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": [{"officer": "019123", "lead": true}, {"officer": "019124", "lead": true}]}'),
		'22023%one of them%', 'two leads'),
	('tap_zhang', 'case_open', pg_temp.c('{"officers": [{"officer": "019123"}, {"officer": "019124"}]}'), '',
		'an officer opens one of their own unit'),
	('tap_zhang', 'case_open', pg_temp.c(), '23505 case T-1 is open already%', 'once'),
	('tap_wang', 'case_open', pg_temp.c('{"case": "T-2", "unit": "QH-1", "origin": "complaint", "named": true,
		"officers": [{"officer": "019124"}]}'), '', 'the head of the unit above opens one for others'),
	('tap_zhou', 'case_open', pg_temp.c('{"case": "T-3", "urgent_reason": "fire"}'), '', 'another unit''s, urgent'),
	('tap_zhou', 'case_change', '{"case": "T-1", "title": "x", "reason": "tap"}', 'P0002 case T-1: there is none, or%',
		'whoever is not in it changes nothing'),
	('tap_zhou', 'case_change', '{"case": "T-0", "title": "x", "reason": "tap"}', 'P0002 case T-0: there is none, or%',
		'and is told as of one that is not there'),
	('tap_zhao', 'case_change', '{"case": "T-1", "title": "x", "reason": "tap"}', 'P0002%none of yours%', 'another unit''s head neither'),
	('tap_sun', 'case_change', '{"case": "T-1", "title": "x", "reason": "tap"}', '42501%', 'nor the supervision office'),
	('tap_li', 'case_change', '{"case": "T-1", "contentious": true}', '22023 reason is missing%', 'without a reason'),
	('tap_li', 'case_change', '{"case": "T-1", "unit": "QH", "reason": "tap"}', '42501%head of both%', 'an officer does not move it'),
	('tap_li', 'case_change', '{"case": "T-1", "contentious": true, "reason": "tap"}', '', 'whoever is in it changes it'),
	('tap_li', 'case_change', '{"case": "T-1", "contentious": true, "reason": "tap"}', '', 'the same again is nothing'),
	('tap_wang', 'case_change', '{"case": "T-1", "unit": "QH", "reason": "tap"}', '', 'the head of both units moves it'),
	('tap_wang', 'case_change', '{"case": "T-1", "unit": "QH-1", "reason": "tap"}', '', 'and back');
SELECT pg_temp.run();
SELECT results_eq($$ SELECT revision, kind::text, contentious, unit::text, by FROM dv.case_file WHERE "case" = 'T-1' ORDER BY 1 $$,
	$$ VALUES (1, 'penalty', false, 'QH-1', 'tap_zhang'), (2, 'penalty', true, 'QH-1', 'tap_li'),
		(3, 'penalty', true, 'QH', 'tap_wang'), (4, 'penalty', true, 'QH-1', 'tap_wang') $$,
	'what was changed when, by whom');
SELECT results_eq($$ SELECT officer::text, lead FROM dv.case_officer_current WHERE "case" = 'T-1' ORDER BY 1 $$,
	$$ VALUES ('019123', true), ('019124', false) $$, 'the first leads where nobody was said to');

-- ---- officers, parties ----

INSERT INTO try (who, call, want, why) VALUES
	('tap_zhou', 'SELECT dv.case_officer_set(''T-1'', ''019200'', false, false)', 'P0002%none of yours%', 'nobody lets themselves in'),
	('tap_zhang', 'SELECT dv.case_officer_set(''T-1'', ''019124'', false, false)', '23505%in it already%', 'who is in it'),
	('tap_zhang', 'SELECT dv.case_officer_set(''T-1'', ''019200'', false, true)', 'P0002%not in it%', 'who is not leaves not'),
	('tap_zhang', 'SELECT dv.case_officer_set(''T-1'', ''019125'', false, false)', '23514%not in service%', 'who left the service'),
	('tap_li', 'SELECT dv.case_officer_set(''T-2'', ''019124'', false, true)', '23514%the last%', 'the last one'),
	('tap_zhang', 'SELECT dv.case_officer_set(''T-1'', ''019124'', true, false)', '', 'another one leads'),
	('tap_wang', 'SELECT dv.case_officer_set(''T-1'', ''019200'', false, false)', '', 'one of another unit helps'),
	('tap_zhou', 'SELECT dv.case_officer_set(''T-1'', ''019200'', false, true)', '', 'and leaves'),
	('tap_zhou', 'SELECT dv.case_officer_set(''T-1'', ''019200'', false, false)', 'P0002%', 'and is out'),
	('tap_zhang', 'SELECT dv.party_add(''{"case": "T-1", "kind": "person", "role": "party", "name": " "}'')',
		'22023 name is missing%', 'a party has a name'),
	('tap_zhang', 'SELECT dv.party_add(''{"case": "T-1", "kind": "person", "role": "party", "name": "王某", "identifier": "110101199003070000"}'')',
		'', 'a party'),
	('tap_zhang', 'SELECT dv.party_add(''{"case": "T-1", "kind": "person", "role": "party", "name": "王 某", "identifier": "110101199003070000"}'')',
		'23505%already%', 'the same by its number'),
	('tap_zhang', 'SELECT dv.party_add(''{"case": "T-1", "kind": "person", "role": "party", "name": "王某"}'')',
		'23505%already%', 'the same by its name'),
	('tap_zhang', 'SELECT dv.party_add(''{"case": "T-1", "kind": "person", "role": "witness", "name": "王某"}'')',
		'', 'the same name in another role'),
	('tap_zhang', 'SELECT dv.party_add(''{"case": "T-1", "kind": "person", "role": "party", "name": "王某", "replaces": 0}'')',
		'P0002%', 'what is put right is there');
SELECT pg_temp.run();
SELECT is(tap.do_as('tap_zhang', format($$ SELECT dv.party_add('{"case": "T-1", "kind": "person", "role": "party", "name": "王武",
	"identifier": "110101199003070000", "replaces": %s}') $$, (SELECT min(number) FROM dv.party WHERE "case" = 'T-1'))), '',
	'a wrong name is put right');
SELECT results_eq($$ SELECT officer::text, lead FROM dv.case_officer_current WHERE "case" = 'T-1' ORDER BY 1 $$,
	$$ VALUES ('019123', false), ('019124', true) $$, 'one leads');

-- ---- what happened to it ----

CREATE FUNCTION pg_temp.e(a_case text, a_kind text, a jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql STABLE
	RETURN jsonb_build_object('case', a_case, 'kind', a_kind) || a;
INSERT INTO try (who, call, a, want, why) VALUES
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'approved'), '42501%head%', 'nobody approves their own'),
	('tap_wang', 'case_event_add', pg_temp.e('T-1', 'approved'), '42501%head%', 'nor the head of the unit'),
	('tap_qian', 'case_event_add', pg_temp.e('T-1', 'approved', jsonb_build_object('at', pg_temp.at('09:00', 2))),
		'23514%future%', 'nobody approves tomorrow'),
	('tap_qian', 'case_event_add', pg_temp.e('T-1', 'approved', jsonb_build_object('at', pg_temp.at('09:00'),
		'detail', '{"opinions": {"head": "同意"}}'::jsonb)), '', 'the head does'),
	('tap_qian', 'case_event_add', pg_temp.e('T-1', 'decided'), '42501%', 'and does nothing else'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'archived'), '23514%vaultctl case archive%', 'archiving is no event to enter'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'flown'), '23514%', 'a kind that there is not'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'decided', jsonb_build_object('at', pg_temp.at('07:59'))),
		'23514%before it started%', 'before it started'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'informed'), '23514%Art. 7%', 'no complaint'),
	('tap_li', 'case_event_add', pg_temp.e('T-2', 'informed'), '', 'a complaint'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'served'), '22023%way%', 'served without a way'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'served', '{"detail": {"way": "lien"}}'), '', 'served by one'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'stage', '{"detail": {"stage": "party"}}'), '22023%stage%', 'no stage'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'stage', '{"detail": {"stage": "start"}}'), '23514%does not go back%',
		'the stage it is at'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'stage', '{"detail": {"stage": "decision"}}'), '', 'the next but one'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'stage', '{"detail": {"stage": "investigation"}}'), '23514%does not go back%',
		'back'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'correction_checked', '{"detail": {"corrected": true}}'), '23514%Art. 28%',
		'checked, not ordered'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'correction_ordered'), '23514%until when%', 'ordered without a day'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'correction_ordered', jsonb_build_object('due_at', pg_temp.at('00:00'))),
		'23514%until when%', 'due before it is ordered'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'correction_ordered', jsonb_build_object('due_at', pg_temp.at('00:00', 9))),
		'', 'ordered'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'correction_checked'), '22023%corrected%', 'whether it was'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'correction_checked', '{"detail": {"corrected": false}}'), '', 'it was not'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'note'), '22023 note is missing%', 'a note says something'),
	('tap_wang', 'case_event_add', pg_temp.e('T-1', 'reopened', '{"note": "x"}'), '23514%it is open%', 'open already');
SELECT pg_temp.run();

-- ---- actions ----

CREATE FUNCTION pg_temp.x(a jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql STABLE
	RETURN jsonb_build_object('case', 'T-1', 'step', 'tap_visit', 'start_at', pg_temp.at('22:00'),
		'end_at', pg_temp.at('02:00', -1), 'place', '清河路 1 号', 'av_notice', true, 'reason', 'tap', 'officers',
		'[{"officer": "019123", "certificate": "C-123", "shown": true},
		  {"officer": "019124", "certificate": "C-124", "shown": true}]'::jsonb) || a;
INSERT INTO try (who, call, a, want, why) VALUES
	('tap_zhou', 'action_add', pg_temp.x(), 'P0002%none of yours%', 'in a case that is not theirs'),
	('tap_sun', 'action_add', pg_temp.x(), '42501%', 'the supervision office acts not'),
	('tap_zhang', 'action_add', pg_temp.x('{"step": "tap_dance"}'), 'P0002 step tap_dance is not known%', 'a step that there is not'),
	('tap_zhang', 'action_add', pg_temp.x('{"stage": "decision"}'), '23514 step tap_visit belongs to stage investigation%',
		'a step of another stage'),
	('tap_zhang', 'action_add', pg_temp.x(jsonb_build_object('end_at', pg_temp.at('21:59'))), '23514%put the times in order%', 'backwards'),
	('tap_zhang', 'action_add', pg_temp.x(jsonb_build_object('end_at', pg_temp.at('22:00'))), '23514%put the times in order%', 'no time at all'),
	('tap_zhang', 'action_add', pg_temp.x(jsonb_build_object('end_at', pg_temp.at('22:00', 1))), '23514%future%', 'ends tomorrow'),
	('tap_zhang', 'action_add', pg_temp.x(jsonb_build_object('start_at', pg_temp.at('22:00', -40))), '23514%31 days%', 'five weeks'),
	('tap_zhang', 'action_add', pg_temp.x('{"officers": []}'), '22023%name 1 to 32%', 'by nobody'),
	('tap_zhang', 'action_add', pg_temp.x('{"officers": [{"officer": "019123"}, {"officer": "019123"}]}'), '22023%once%', 'twice the same'),
	('tap_zhang', 'action_add', pg_temp.x('{"officers": [{"certificate": "C-123"}]}'), '22023%each officer%', 'a certificate alone'),
	('tap_zhang', 'action_add', pg_temp.x('{"officers": [{"officer": "000000"}]}'), 'P0002%', 'nobody''s number'),
	('tap_zhang', 'action_add', pg_temp.x('{"officers": [{"officer": "019125"}]}'), '23514%not in service%', 'who left the service'),
	('tap_zhang', 'action_add', pg_temp.x('{"officers": [{"officer": "019126"}]}'), '23514 the certificate%', 'whose certificate ended'),
	('tap_zhang', 'action_add', pg_temp.x('{"officers": [{"officer": "019123", "certificate": "C-124"}]}'), '23514 certificate C-124%',
		'somebody else''s certificate'),
	('tap_zhang', 'action_add', pg_temp.x(), '', 'an inspection across midnight'),
	('tap_li', 'action_add', pg_temp.x(jsonb_build_object('case', 'T-2', 'place', '河东路 2 号', 'start_at', pg_temp.at('01:59', -1),
		'end_at', pg_temp.at('03:00', -1))), '23514 officer 019123 was at another place%', 'at two places, in another case, after midnight'),
	('tap_li', 'action_add', pg_temp.x(jsonb_build_object('case', 'T-2', 'start_at', pg_temp.at('01:59', -1),
		'end_at', pg_temp.at('03:00', -1))), '', 'two cases at one place'),
	('tap_li', 'action_add', pg_temp.x(jsonb_build_object('case', 'T-2', 'place', '河东路 2 号', 'start_at', pg_temp.at('03:00', -1),
		'end_at', NULL)), '', 'from its end on at another, under way'),
	('tap_zhang', 'action_add', pg_temp.x(jsonb_build_object('start_at', pg_temp.at('05:00', -1), 'end_at', pg_temp.at('06:00', -1))),
		'23514 officer 019123 was at another place at that time: put%', 'while another is under way, which of a case of others is not told'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'concluded', jsonb_build_object('at', pg_temp.at('01:00', -1))),
		'23514%had not ended%', 'nothing is concluded before its actions end');
SELECT pg_temp.run();
CREATE TEMPORARY VIEW x1 AS SELECT action FROM dv.action WHERE "case" = 'T-1' ORDER BY entered_at LIMIT 1;
CREATE TEMPORARY VIEW x2 AS SELECT action FROM dv.action_current WHERE "case" = 'T-2' AND end_at IS NULL LIMIT 1;
INSERT INTO try (who, call, a, want, why)
SELECT who, 'action_change', jsonb_build_object('action', action, 'reason', 'tap') || a, want, why
FROM (SELECT action AS x1 FROM x1) AS p, (SELECT action AS x2 FROM x2) AS q, LATERAL (VALUES
	('tap_zhou', x1, '{"place": "x"}'::jsonb, 'P0002%', 'by whoever is not in it'),
	('tap_zhang', tap.uid('none', 1), '{"place": "x"}', 'P0002 action%there is none%', 'of none'),
	('tap_zhang', x1, '{"step": "tap_hand_over", "stage": "investigation"}', '23514%belongs to stage execution%', 'another stage''s step'),
	('tap_zhang', x1, '{"case": "T-2"}', '22023 case: no such field%', 'an action stays in its case'),
	('tap_zhang', x1, jsonb_build_object('end_at', pg_temp.at('21:00')), '23514%in order%', 'backwards'),
	('tap_zhang', x1, '{"officers": [{"officer": "019123"}]}', '', 'the record says other officers'),
	('tap_zhang', x1, '{"officers": [{"officer": "019123", "shown": true, "certificate": "C-123"}, {"officer": "019124", "shown": true}]}', '',
		'and other ones again'),
	('tap_zhang', x1, '{"av_notice": null, "av_unsuitable": "state secret"}', '', 'what was said is taken back'),
	('tap_li', x2, jsonb_build_object('end_at', pg_temp.at('04:00', -1)), '', 'when it ended'),
	('tap_li', x2, '{"withdrawn": true}', '', 'entered by mistake'),
	('tap_li', x2, '{"place": "x"}', '23514%was withdrawn%', 'what is withdrawn stays so'))
	AS v(who, action, a, want, why);
SELECT pg_temp.run();
SELECT results_eq($$ SELECT r.revision, a.av_notice, a.av_unsuitable::text,
		string_agg(concat(r.officer, ' ', r.certificate, ' ', r.shown), ', ' ORDER BY officer)
	FROM dv.action_officer r JOIN dv.action a USING (action, revision) WHERE r.action = (SELECT action FROM x1) GROUP BY 1, 2, 3 ORDER BY 1 $$,
	$$ VALUES (1, true, NULL, '019123 C-123 t, 019124 C-124 t'), (2, true, NULL, '019123  f'),
		(3, true, NULL, '019123 C-123 t, 019124  t'),
		(4, NULL, 'state secret', '019123 C-123 t, 019124  t') $$, 'each revision has its officers');

-- ---- papers ----

SET LOCAL TimeZone = 'UTC';
CREATE FUNCTION pg_temp.seg(n integer, started text, minutes integer, officer text) RETURNS jsonb LANGUAGE sql STABLE
	RETURN tap.r_segment(1, 'R1', n, n, 1, dv.utc((started || '+08:00')::timestamptz)) || jsonb_build_object('officer', officer,
		'end', dv.utc((started || '+08:00')::timestamptz + make_interval(mins => minutes)));
SELECT ok(tap.ingest(tap.r_session(1, 'R1'), pg_temp.seg(1, pg_temp.at('22:10'), 30, '019123'),
	pg_temp.seg(2, pg_temp.at('21:50'), 20, '019124'), pg_temp.seg(3, pg_temp.at('22:20'), 30, '019200'),
	pg_temp.seg(4, pg_temp.at('02:00', -1), 30, '019123'), pg_temp.seg(5, pg_temp.at('21:00'), 60, '019123'),
	tap.r_check(1, 'R1', 'dock', dv.utc(now() - interval '1 hour'))) > 0, 'recordings come in');
SELECT ok(tap.ingest(tap.r_session(2, NULL), tap.r_import(2) || '{"case": "T-1"}',
	tap.r_segment(2, 'IMP', 11, 11, 1) || '{"assurance": "imported", "officer": null}',
	tap.r_segment(2, 'IMP', 12, 12, 1) || '{"assurance": "imported", "officer": null}') > 0, 'and scans, for case T-1');
CREATE FUNCTION pg_temp.d(a jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql STABLE
	RETURN jsonb_build_object('case', 'T-1', 'kind', 'tap_record', 'title', '现场笔录', 'made_at', pg_temp.at('12:00', -1),
		'kept_where', 'room 3') || a;
INSERT INTO try (who, call, a, want, why) VALUES
	('tap_zhou', 'document_add', pg_temp.d(), 'P0002%none of yours%', 'in a case that is not theirs'),
	('tap_zhang', 'document_add', pg_temp.d('{"kind": "tap_poem"}'), 'P0002%document kind tap_poem%', 'a kind that there is not'),
	('tap_zhang', 'document_add', pg_temp.d() - 'kept_where', '23514%--kept-where%', 'nowhere'),
	('tap_zhang', 'document_add', pg_temp.d(jsonb_build_object('made_at', pg_temp.at('12:00', 1))), '23514%future%', 'of tomorrow'),
	('tap_zhang', 'document_add', pg_temp.d('{"fields": {"Name": "x"}}'), '22023 fields Name%', 'a field''s name'),
	('tap_zhang', 'document_add', pg_temp.d('{"fields": {"name": 3}}'), '22023 fields name%', 'a field''s text'),
	('tap_zhang', 'document_add', pg_temp.d('{"fields": [1]}'), '22023%', 'no fields'),
	('tap_zhang', 'document_add', pg_temp.d(jsonb_build_object('segment', tap.uid('none', 1))), 'P0002%there is none%', 'a scan that there is not'),
	('tap_zhang', 'document_add', pg_temp.d(jsonb_build_object('segment', tap.uid('R1', 3))), 'P0002%or it was not imported for case T-1%',
		'somebody else''s recording'),
	('tap_li', 'document_add', pg_temp.d(jsonb_build_object('case', 'T-2', 'segment', tap.uid('IMP', 11))), 'P0002%not imported for case T-2%',
		'another case''s scan'),
	('tap_zhang', 'document_add', pg_temp.d(jsonb_build_object('segment', tap.uid('IMP', 11), 'number', '〔2026〕1 号',
		'fields', '{"place": "x"}'::jsonb)), '', 'a scan with its number'),
	('tap_zhang', 'document_add', pg_temp.d(jsonb_build_object('segment', tap.uid('IMP', 11))), '23505%of this case already%', 'twice'),
	('tap_zhang', 'document_add', pg_temp.d('{"number": "〔2026〕1 号"}'), '23505%already%', 'its number twice'),
	('tap_li', 'document_add', pg_temp.d('{"case": "T-2", "number": "〔2026〕1 号"}'), '23505%one case each%', 'its number in another case'),
	('tap_li', 'document_add', pg_temp.d('{"case": "T-2", "kind": "tap_receipt", "number": "〔2026〕1 号"}'), '', 'the number of another kind'),
	('tap_zhang', 'document_add', pg_temp.d('{"title": "paper"}'), '', 'paper alone');
SELECT pg_temp.run();
-- Another case's, once somebody had it imported there, too.
SELECT ok(tap.ingest(tap.r_session(3, NULL), tap.r_import(3) || '{"case": "T-2"}',
	tap.r_segment(3, 'IMP', 13, 13, 1) || '{"assurance": "imported", "officer": "019123"}') > 0, 'a scan for case T-2, of an officer in both');
CREATE TEMPORARY VIEW d1 AS SELECT document FROM dv.document WHERE segment = tap.uid('IMP', 11);
CREATE TEMPORARY VIEW d2 AS SELECT document FROM dv.document WHERE title = 'paper';
CREATE TEMPORARY VIEW d3 AS SELECT document FROM dv.document WHERE kind = 'tap_receipt';
INSERT INTO try (who, call, a, want, why)
SELECT who, coalesce(f, 'document_add'), a, want, why
FROM (SELECT document AS d FROM d1) AS p, LATERAL (VALUES
	('tap_li', NULL, pg_temp.d(jsonb_build_object('case', 'T-2', 'segment', tap.uid('IMP', 13))), '', 'it is added there'),
	('tap_zhang', NULL, pg_temp.d(jsonb_build_object('segment', tap.uid('IMP', 13))), '23505%document of another case: one case each, import a copy%',
		'and in no other'),
	('tap_zhou', 'document_sign', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某'), 'P0002%', 'signed in somebody else''s case'),
	('tap_zhang', 'document_sign', jsonb_build_object('document', tap.uid('none', 1), 'signer', 'party', 'name', '王某'), 'P0002 document%there is none%', 'no paper'),
	('tap_zhang', 'document_sign', jsonb_build_object('document', d, 'signer', 'cat', 'name', '王某'), '23514%', 'by nobody that signs'),
	('tap_zhang', 'document_sign', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某', 'signed_at', pg_temp.at('11:59+08', -1)), '23514%was made at%',
		'signed before it was made'),
	('tap_zhang', 'document_sign', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某', 'signed_at', pg_temp.at('12:00', 1)), '23514%future%', 'signed tomorrow'),
	('tap_zhang', 'document_refuse', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某', 'refusal', ' '), '22023%Art. 10%', 'refused without a word'),
	('tap_zhang', 'document_refuse', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某', 'refusal', 'says no; seen by the landlord'), '', 'refused'),
	('tap_zhang', 'document_refuse', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某', 'refusal', 'again'), '23505%', 'once'),
	('tap_zhang', 'document_sign', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某', 'signed_at', pg_temp.at('12:00+08', -1)), '', 'and signed after all'),
	('tap_zhang', 'document_sign', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某'), '23505%', 'once'),
	('tap_zhang', 'document_refuse', jsonb_build_object('document', d, 'signer', 'party', 'name', '王某', 'refusal', 'never'), '23505%', 'and not refused after that'))
	AS v(who, f, a, want, why);
SELECT pg_temp.run();

-- ---- links ----

SELECT results_eq($$ SELECT recorder, recording, overlap_ms, confidence, reason ->> 'officer', (reason ->> 'clock_offset_ms')::integer
	FROM dv.link_proposal WHERE action = (SELECT action FROM x1) ORDER BY recording $$,
	$$ VALUES ('R1', tap.uid('rec', 1), 1800000::bigint, 0.950, '019123', -1500), ('R1', tap.uid('rec', 2), 600000::bigint, 0.950, '019124', -1500) $$,
	'proposed: of who was there, while it lasted; neither what begins at its end, nor what ends at its start, nor another officer''s');
INSERT INTO try (who, call, a, want, why)
SELECT who, 'link_add', jsonb_build_object('action', x, 'kind', kind, 'object', object, 'why', 'tap') || a, want, why
FROM (SELECT action AS x FROM x1) AS p, (SELECT document::text AS d1 FROM d1) AS q, (SELECT document::text AS d3 FROM d3) AS r, LATERAL (VALUES
	('tap_zhou', 'recording', 'R1/' || tap.uid('rec', 3), '{}'::jsonb, 'P0002%', 'to somebody else''s action'),
	('tap_zhang', 'recording', 'R1/' || tap.uid('rec', 99), '{}', 'P0002%there is none%', 'a recording that there is not'),
	('tap_zhang', 'recording', 'R1', '{}', 'P0002%there is none%', 'a recorder'),
	('tap_zhang', 'recording', 'R1/' || tap.uid('rec', 3), '{}', 'P0002%the supervision office links%', 'of one who was not there'),
	('tap_zhang', 'film', 'R1/' || tap.uid('rec', 1), '{}', 'P0002%', 'of no kind'),
	('tap_zhang', 'recording', 'R1/' || tap.uid('rec', 5), '{"how": "proposed"}', 'P0002%is not proposed%', 'as proposed, and was not'),
	('tap_zhang', 'recording', 'R1/' || tap.uid('rec', 1), '{"how": "proposed"}', '', 'as proposed'),
	('tap_zhang', 'recording', 'R1/' || tap.uid('rec', 1), '{}', '23505%belongs to action%already%', 'twice'),
	('tap_zhang', 'recording', 'R1/' || tap.uid('rec', 5), '{}', '', 'one''s own by hand'),
	('tap_sun', 'recording', 'R1/' || tap.uid('rec', 3), '{}', '', 'another''s by the supervision office'),
	('tap_zhang', 'segment', tap.uid('R1', 2)::text, '{}', '', 'a segment alone'),
	('tap_zhang', 'document', d3, '{}', 'P0002%none of case T-1%', 'another case''s document'),
	('tap_zhang', 'document', 'x', '{}', 'P0002%none of case T-1%', 'no document'),
	('tap_zhang', 'document', d1, '{}', '', 'a document of the case'))
	AS v(who, kind, object, a, want, why);
SELECT pg_temp.run();
SELECT results_eq($$ SELECT recording FROM dv.link_proposal WHERE action = (SELECT action FROM x1) $$, $$ VALUES (tap.uid('rec', 2)) $$,
	'what is linked is proposed no more');
INSERT INTO try (who, call, want, why)
SELECT who, f, want, why
FROM (SELECT link AS l FROM dv.link WHERE object = 'R1/' || tap.uid('rec', 5)) AS p, (SELECT document AS d1 FROM d1) AS q,
	(SELECT document AS d2 FROM d2) AS r, (SELECT action AS x FROM x1) AS s, LATERAL (VALUES
	('tap_zhou', format('SELECT dv.link_remove(%L, ''tap'')', l), 'P0002%', 'by whoever is not in the case'),
	('tap_zhang', format('SELECT dv.link_remove(%L, ''tap'')', tap.uid('none', 1)), 'P0002 link%there is none%', 'no link'),
	('tap_zhang', 'SELECT dv.action_change(jsonb_build_object(''action'', ''' || x || ''', ''withdrawn'', true, ''reason'', ''tap''))',
		'23514%has recordings or documents%', 'an action with recordings is not withdrawn'),
	('tap_sun', format('SELECT dv.recording_review(''R1'', %L, ''no_case'', ''training'')', tap.uid('rec', 5)), '23514%belongs to an action%',
		'what is linked is not said to belong to none'),
	('tap_zhang', format('SELECT dv.link_remove(%L, '' '')', l), '23514%', 'without a reason'),
	('tap_zhang', format('SELECT dv.link_remove(%L, ''wrong day'')', l), '', 'a wrong link is removed'),
	('tap_zhang', format('SELECT dv.link_remove(%L, ''wrong day'')', l), '23505%already%', 'once'),
	('tap_zhang', format('SELECT dv.recording_review(''R1'', %L, ''no_case'', ''training'')', tap.uid('rec', 5)), '42501%', 'no officer excuses themselves'),
	('tap_sun', format('SELECT dv.recording_review(''R1'', %L, ''no_case'', ''training'')', tap.uid('rec', 99)), 'P0002%', 'a recording that there is not'),
	('tap_zhao', format('SELECT dv.recording_review(''R1'', %L, ''no_case'', ''training'')', tap.uid('rec', 5)), 'P0002%none of your unit%',
		'another unit''s head'),
	('tap_sun', format('SELECT dv.recording_review(''R1'', %L, ''fun'', ''training'')', tap.uid('rec', 5)), '23514%', 'a verdict that there is not'),
	('tap_sun', format('SELECT dv.recording_review(''R1'', %L, ''no_case'', ''training'')', tap.uid('rec', 5)), '', 'it was training'),
	('tap_sun', format('SELECT dv.recording_review(''R1'', %L, ''no_case'', ''training'')', tap.uid('rec', 5)), '23505%already%', 'once'),
	('tap_sun', format('SELECT dv.recording_review(''R1'', %L, ''unrelated'', ''a party'')', tap.uid('rec', 5)), '', 'it was not'),
	('tap_zhang', format('SELECT dv.document_withdraw(%L, ''tap'')', d1), '23514%belongs to an action%', 'a linked document'),
	('tap_zhang', format('SELECT dv.document_withdraw(%L, ''tap'')', d2), '', 'one that is not'),
	('tap_zhang', format('SELECT dv.document_withdraw(%L, ''tap'')', d2), '23514%was withdrawn%', 'once'),
	('tap_zhang', format('SELECT dv.document_sign(jsonb_build_object(''document'', %L, ''signer'', ''party'', ''name'', ''x''))', d2), '23514%was withdrawn%', 'what is withdrawn is not signed'))
	AS v(who, f, want, why);
SELECT pg_temp.run();

-- ---- archiving ----

-- A program's login is nobody; what is archived, and what its index says of whom.
CREATE FUNCTION pg_temp.archive(who text, incomplete text DEFAULT NULL, a_case text DEFAULT 'T-1') RETURNS text
	LANGUAGE sql AS $$
	SELECT tap.do_as(who, format('SELECT dv.case_archive(%L, dv.case_archive_index(%L), %L, %L, %L)', a_case, a_case, 'signature',
		'0123456789ABCDEF', incomplete))
$$;
CREATE FUNCTION pg_temp.idx(a_case text DEFAULT 'T-1') RETURNS jsonb LANGUAGE sql
	RETURN convert_from(dv.case_archive_index(a_case), 'UTF8')::jsonb;
SELECT alike(pg_temp.archive('tap_zhang', 'tap'), '23514%conclude it first%', 'what goes on is not archived');
INSERT INTO try (who, call, a, want, why) VALUES
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'concluded'), '', 'it ends'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'concluded'), '23505%already%', 'once');
SELECT pg_temp.run();
SELECT alike(pg_temp.archive('tap_zhou', 'tap'), 'P0002%none of yours%', 'nobody archives another''s case');
SELECT alike(tap.do_as('tap_zhou', 'SELECT dv.case_archive_index(''T-1'')'), 'P0002%none of yours%', 'nor sees its index');
SELECT alike(pg_temp.archive('tap_shen', 'tap'), '42501%', 'nor who only audits');
SELECT is(tap.do_as('tap_hou', 'SELECT dv.case_archive_index(''T-1'')'), '', 'the legal office sees it');
SELECT alike(tap.do_as('tap_zhang', $$ SELECT dv.case_archive('T-1', 'x', 'signature', '0123456789ABCDEF', 'tap') $$),
	'23514%make it and sign it again%', 'an index that the catalog would not make');
SELECT cmp_ok(jsonb_array_length(dv.case_missing('T-1')), '>', 0, 'much is lacking');
SELECT alike(pg_temp.archive('tap_zhang'), '23514%things are missing%', 'which has to be said why');
SELECT is(dv.case_archive_index('T-1'), dv.case_archive_index('T-1'), 'an index is the same each time');
SELECT is(convert_from(dv.case_archive_index('T-1'), 'UTF8'), dv.canonical(pg_temp.idx()), 'in canonical form');
SELECT is(i -> 'before' || (i -> 'revision'), '[null, 1]', 'the first') FROM (SELECT pg_temp.idx() AS i) AS x;
SELECT is(jsonb_array_length(i -> 'rows' -> t), n::integer, 'each row of ' || t || ' is in it')
FROM (SELECT pg_temp.idx() AS i) AS x, LATERAL (VALUES
	('case_file', (SELECT count(*) FROM dv.case_file WHERE "case" = 'T-1')), ('party', (SELECT count(*) FROM dv.party WHERE "case" = 'T-1')),
	('action', (SELECT count(*) FROM dv.action WHERE "case" = 'T-1')), ('link', (SELECT count(*) FROM dv.link JOIN x1 USING (action))),
	('action_officer', (SELECT count(*) FROM dv.action_officer JOIN x1 USING (action))), ('document_signature', 2),
	('document_withdrawn', 1), ('link_removed', 1)) AS v(t, n);
SELECT results_eq($$ SELECT s ->> 'segment' FROM jsonb_array_elements(pg_temp.idx() -> 'segments') AS s ORDER BY 1 $$,
	$$ SELECT x::text FROM unnest(ARRAY[tap.uid('IMP', 11), tap.uid('R1', 1), tap.uid('R1', 2), tap.uid('R1', 3)]) AS x ORDER BY 1 $$,
	'the scan, what is linked whole or by the segment, and nothing else');
SELECT is((SELECT array_agg(w) FROM unnest(ARRAY['王某', '王武', '110101199003070000', '清河路', 'tap_zhang', '019123', 'room 3']) AS w
	WHERE position(w IN convert_from(dv.case_archive_index('T-1'), 'UTF8')) > 0), NULL, 'it names nobody');
SELECT is(r -> 'title' ->> 'salted', encode(sha256(s.salt || convert_to('某店案', 'UTF8')), 'hex'), 'who knows name and salt finds it proven')
FROM jsonb_array_elements(pg_temp.idx() -> 'rows' -> 'case_file') AS r
JOIN dv.custody_salt s ON s.event = (r ->> 'event')::bigint AND s.field = 'title' WHERE r ->> 'revision' = '1';
SELECT is(r ->> 'leaf', encode(sha256(e.leaf), 'hex'), 'each row names its leaf')
FROM jsonb_array_elements(pg_temp.idx() -> 'rows' -> 'party') AS r JOIN dv.custody_event e ON e.event = (r ->> 'event')::bigint;
SELECT is(r -> 'title', convert_from(e.leaf, 'UTF8')::jsonb -> 'row' -> 'title', 'and says what the leaf says')
FROM jsonb_array_elements(pg_temp.idx() -> 'rows' -> 'document') AS r JOIN dv.custody_event e ON e.event = (r ->> 'event')::bigint;
-- Where a salt was erased, what the leaf has.
CREATE TEMPORARY TABLE before AS SELECT pg_temp.idx() AS i;
SELECT is(dv.erase_personal(event, 'name', 'request', 'tap'), true, 'a party''s name is erased')
FROM dv.custody_event WHERE source = 'party' AND key LIKE 'T-1/%' ORDER BY event LIMIT 1;
SELECT is(pg_temp.idx() -> 'rows', i -> 'rows', 'the index is the same') FROM before;

SELECT is(pg_temp.archive('tap_zhang', 'pilot'), '', 'archived');
SELECT results_eq($$ SELECT revision, incomplete ->> 'reason', jsonb_array_length(incomplete -> 'missing') > 0, by FROM dv.case_archive $$,
	$$ VALUES (1, 'pilot', true, 'tap_zhang') $$, 'with what it was archived without');
SELECT is(dv.case_state('T-1'), 'archived', 'and the event');
INSERT INTO try (who, call, a, want, why) VALUES
	('tap_zhang', 'case_change', '{"case": "T-1", "title": "x", "reason": "tap"}', '23514%is archived%reopens it first%', 'what is archived is not changed'),
	('tap_zhang', 'party_add', '{"case": "T-1", "kind": "person", "role": "other", "name": "x"}', '23514%is archived%', 'nor are parties added'),
	('tap_zhang', 'action_add', pg_temp.x(), '23514%is archived%', 'nor actions'),
	('tap_zhang', 'document_add', pg_temp.d('{"title": "late"}'), '23514%is archived%', 'nor papers'),
	('tap_qian', 'case_event_add', pg_temp.e('T-1', 'approved'), '23514%is archived%', 'nor approvals'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'note', '{"note": "x"}'), '23514%is archived%', 'nor notes'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'reopened', '{"note": "x"}'), '42501%', 'an officer does not reopen'),
	('tap_wang', 'case_event_add', pg_temp.e('T-1', 'reopened'), '22023 note is missing%', 'nor does anybody without a reason'),
	('tap_wang', 'case_event_add', pg_temp.e('T-1', 'reopened', '{"note": "x"}'), '', 'the head of the unit does'),
	('tap_zhang', 'party_add', '{"case": "T-1", "kind": "person", "role": "other", "name": "x"}', '', 'and it goes on'),
	('tap_zhang', 'case_event_add', pg_temp.e('T-1', 'concluded'), '', 'ends again');
SELECT pg_temp.run();
SELECT is(pg_temp.archive('tap_wang', 'pilot'), '', 'and is archived again');
SELECT is(convert_from(b.index, 'UTF8')::jsonb ->> 'before', encode(a.sha256, 'hex'), 'the second names the first')
FROM dv.case_archive a, dv.case_archive b WHERE a.revision = 1 AND b.revision = 2;

-- ---- who sees it ----

SELECT results_eq(format($$ SELECT tap.count_as(%L, 'dv.case_list WHERE "case" IN (''T-1'', ''T-2'', ''T-3'')') $$, who),
	format('VALUES (%s::bigint)', n), who || ' sees as many cases')
FROM (VALUES ('tap_zhang', 1), ('tap_li', 2), ('tap_zhou', 1), ('tap_wang', 2), ('tap_zhao', 1), ('tap_hou', 3), ('tap_sun', 3), ('tap_shen', 3))
	AS v(who, n);
SELECT is(tap.count_as('tap_zhou', 'dv.' || t), (SELECT 0::bigint), 'an officer of another case sees no ' || t)
FROM unnest(ARRAY['action_list', 'document_list', 'link_list', 'link_proposal', 'case_archive', 'link_removed', 'document_signature']) AS t;
SELECT is(tap.do_as('tap_zhang', 'SELECT FROM dv.' || v), '', 'an officer reads ' || v)
FROM unnest(ARRAY['case_list', 'action_list', 'document_list', 'link_list', 'link_proposal']) AS v;

SELECT * FROM finish();
ROLLBACK;
