-- Findings that get answered: by whom, in which order, and until when.
BEGIN;
SELECT no_plan();

SELECT person('chief', '{head}');
SELECT person('jian', '{supervisor}');
SELECT person('jian2', '{supervisor}');
SELECT person('wang', '{unit_head}', 'QH-2');
SELECT person('lin', '{unit_head}', 'QH-3');
SELECT person('zhang', '{officer}', 'QH-2', '019001');
SELECT person('zhao', '{officer}', 'QH-2', '019002');
SELECT person('both', '{officer,supervisor}', 'QH-2', '019003');
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019001', 'QH-2', 'r', 'li');
SELECT dv.enroll('REC-3', 1, 2, 'S3', NULL, 'QH-3', 'r', 'li');

-- A finding of this code, subject and fact about a recorder.
CREATE FUNCTION tap.raise(a_code text, a_subject text, a_fact text, a_recorder text DEFAULT 'REC-1',
			  a_more jsonb DEFAULT '{}') RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dv.raise_finding(NULL, jsonb_build_object('code', a_code, 'subject_kind', 'recording',
		'subject', a_subject, 'fact', a_fact, 'recorder', a_recorder,
		'at', '2026-11-20T08:00:00.000Z') || a_more);
	RETURN dv.finding_id(a_code, a_subject, a_fact);
END
$$;
CREATE FUNCTION tap.state(a_finding uuid) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', state, owner, CASE WHEN overdue THEN 'overdue' END,
		CASE excused WHEN true THEN 'excused' WHEN false THEN 'not excused' END)
	FROM dv.finding_state WHERE finding = a_finding $$;
CREATE FUNCTION tap.steps(a_finding uuid) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(kind, ' ' ORDER BY number) FROM dv.rectification WHERE finding = a_finding $$;
CREATE FUNCTION tap.say(a_login text, a_call text, VARIADIC a_findings uuid[]) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(a_login, format('SELECT dv.' || a_call, quote_literal(a_findings::text) || '::uuid[]')) $$;

-- ---- opened with the finding ----

CREATE TEMPORARY TABLE it AS SELECT raise('gap', 'REC-1/a', '1') AS gap, raise('battery_low', 'REC-1', '1') AS low,
	raise('gap', 'REC-3/b', '1', 'REC-3') AS other, raise('unknown_recorder', 'S9', '1', NULL) AS nobody;
GRANT SELECT ON it TO PUBLIC;
SELECT is(state((SELECT gap FROM it)), 'open zhang', 'the officer of the recorder answers');
SELECT is(state((SELECT other FROM it)), 'open', 'or else the head of the unit');
SELECT results_eq($$SELECT code, due_at - raised_at, article, unit, officer FROM dv.finding_state WHERE unit = 'QH-2' ORDER BY 1$$,
	$$VALUES ('battery_low', interval '7 days', 13, 'QH-2', '019001'),
		('gap', interval '3 days', 12, 'QH-2', '019001')$$, 'until when, by how grave it is');
SELECT lives_ok($$SELECT raise('import_incomplete', 'x', '1', NULL)$$, 'a notice');
SELECT is(state(dv.finding_id('import_incomplete', 'x', '1')), NULL, 'asks for no answer');
SELECT is(dv.raise_finding(NULL, jsonb_build_object('code', 'gap', 'subject_kind', 'recording',
	'subject', 'REC-1/a', 'fact', '1', 'recorder', 'REC-1', 'at', '2026-11-20T08:00:00.000Z')), false,
	'the same fact again is nothing new');
SELECT is(steps((SELECT gap FROM it)), 'opened', 'and leaves no step');

-- ---- one thing to answer ----

CREATE TEMPORARY TABLE joined AS SELECT raise('gap', 'REC-1/a', '2') AS gap2;
SELECT is(steps((SELECT gap2 FROM joined)), 'joined', 'another gap of it joins');
SELECT is(steps((SELECT gap FROM it)), 'opened seen_again', 'the one that waits');
SELECT is(say('zhang', 'finding_acknowledge(%s)', gap2), '23514 finding ' || gap2
	|| ': it is answered together with ' || gap || ': answer that one', 'is not answered for itself')
FROM it, joined;

-- ---- the order of the steps ----

SELECT is(say('zhang', 'finding_explain(%s, ''battery'', ''flat'')', gap), '23514 finding ' || gap
	|| ': it is open, so it cannot be explained: it has to be acknowledged first', 'first acknowledged') FROM it;
SELECT is(say('jian', 'finding_review(%s, ''closed'', ''well'')', gap), '23514 finding ' || gap
	|| ': it is open, so it cannot be closed: it has to be acknowledged first', 'not closed unanswered') FROM it;
SELECT is(say('zhang', 'finding_acknowledge(%s)', gap), '', 'acknowledged') FROM it;
SELECT is(state(gap2), 'acknowledged zhang', 'the joined stand where it does') FROM joined;
SELECT is(say('zhang', 'finding_acknowledge(%s)', gap), '23514 finding ' || gap
	|| ': it is acknowledged, so it cannot be acknowledged: it has to be explained first', 'once') FROM it;
SELECT is(say('zhang', 'finding_explain(%s, ''battery'', ''flat after five hours'')', gap), '', 'explained') FROM it;
SELECT is(state(gap), 'explained zhang', 'and waits for its review') FROM it;
SELECT is(raise('gap', 'REC-1/a', '3') IS NOT NULL, true, 'a third gap');
SELECT is(state(dv.finding_id('gap', 'REC-1/a', '3')), 'open zhang', 'is no part of what was explained');

-- ---- who ----

SELECT is(say('zhao', 'finding_acknowledge(%s)', low), 'P0002 finding ' || low
	|| ': there is none (vaultctl finding list shows them)', 'another officer may not, nor learns that it is there') FROM it;
SELECT is(say('lin', 'finding_acknowledge(%s)', low), 'P0002 finding ' || low
	|| ': there is none (vaultctl finding list shows them)', 'nor another unit''s head') FROM it;
SELECT is(say('lin', 'finding_acknowledge(%s)', gap2), 'P0002 finding ' || gap2
	|| ': there is none (vaultctl finding list shows them)', 'of one that joined another neither') FROM joined;
SELECT is(say('zhao', 'finding_acknowledge(%s)', dv.finding_id('import_incomplete', 'x', '1')), 'P0002 finding '
	|| dv.finding_id('import_incomplete', 'x', '1') || ': there is none (vaultctl finding list shows them)',
	'nor of one that asks for no answer');
SELECT is(say('wang', 'finding_assign(%s, ''zhao'', NULL, ''x'')', other), 'P0002 finding ' || other
	|| ': there is none (vaultctl finding list shows them)', 'nor who would give it away') FROM it;
SELECT is(say('wang', 'finding_acknowledge(%s)', low), '', 'the unit''s may') FROM it;
SELECT is(say('jian', 'finding_acknowledge(%s)', nobody), '', 'nobody''s is the supervision office''s') FROM it;
SELECT is(say('zhang', 'finding_acknowledge(%s)', other), 'P0002 finding ' || other
	|| ': there is none (vaultctl finding list shows them)', 'no officer another unit''s') FROM it;
SELECT is(do_as('jian', 'SELECT dv.finding_acknowledge(''{}'')'),
	'22023 findings: between 1 and 1000 at once, not 0', 'none');
SELECT matches(do_as('jian', 'SELECT dv.finding_acknowledge(ARRAY[gen_random_uuid()])'),
	'^P0002 finding .*: there is none', 'one that is not');
SELECT matches(say('jian', 'finding_acknowledge(%s)', dv.finding_id('import_incomplete', 'x', '1')),
	'^P0002 finding .*: it asks for no answer', 'one without');
SELECT matches(do_as('dv_supervisor', format('SELECT dv.finding_review(ARRAY[%L::uuid], ''closed'', ''x'')', gap)),
	'^42501 ', 'a program is nobody') FROM it;

-- ---- reviews ----

SELECT is(say('zhang', 'finding_review(%s, ''closed'', ''well'')', gap),
	'42501 zhang may not do this: it takes the role supervisor', 'not by an officer') FROM it;
SELECT is(say('jian', 'finding_review(%s, ''well'', ''well'')', gap),
	'22023 review: closed, excused or reopened, not well', 'a verdict') FROM it;
SELECT is(say('jian', 'finding_review(%s, ''closed'', '' '')', gap),
	'22023 review: say why: it becomes part of the record', 'a reason') FROM it;
SELECT is(say('jian', 'finding_review(%s, ''excused'', ''well'')', gap), '23514 finding ' || gap
	|| ': an excuse takes a document (Art. 12), and none is attached: reopen it', 'no excuse without a document') FROM it;
SELECT is(say('jian', 'finding_review(%s, ''reopened'', ''the service report is missing'')', gap), '', 'reopened') FROM it;
SELECT is(state(gap), 'open zhang', 'open again') FROM it;
SELECT is(say('zhang', 'finding_acknowledge(%s)', gap), '', 'acknowledged again') FROM it;
SELECT matches(say('zhang', 'finding_explain(%s, ''battery'', ''flat'', ''00000000-0000-0000-0000-000000000000'')', gap),
	'^P0002 attachment 0.*: neither a document nor imported', 'an attachment that is not') FROM it;
SELECT dv.ingest(jsonb_build_array(r_session(1, 'REC-1'), r_segment(1, 'REC-1', 1, 1, 0)));
SELECT matches(say('zhang', format('finding_explain(%%s, ''battery'', ''flat'', %L)', segment), gap),
	'^P0002 attachment .*: neither a document nor imported', 'nor is a recording a paper') FROM it, dv.segment;
SELECT dv.ingest(jsonb_build_array(r_segment(1, 'REC-1', 2, 2, 0) || '{"assurance": "imported", "officer": "019001"}'));
SELECT is(say('zhang', format('finding_explain(%%s, ''forgotten'', ''I forgot'', %L)', segment), gap), '', 'with one')
FROM it, dv.segment WHERE assurance = 'imported';
SELECT is(say('jian', 'finding_review(%s, ''excused'', ''well'')', gap), '23514 finding ' || gap
	|| ': "forgotten" is no technical reason (Art. 12): close it without excuse, or reopen it', 'forgetting is no excuse') FROM it;
SELECT is(say('jian', 'finding_review(%s, ''reopened'', ''no'')', gap), '', 'again') FROM it;
SELECT is(say('zhang', 'finding_acknowledge(%s)', gap), '', '') FROM it;
SELECT is(say('zhang', format('finding_explain(%%s, ''battery'', ''see the report'', %L)', segment), gap), '', '')
FROM it, dv.segment WHERE assurance = 'imported';
SELECT is(say('jian', 'finding_review(%s, ''excused'', ''the battery was broken'')', gap), '', 'excused') FROM it;
SELECT is(state(gap), 'closed zhang excused', 'closed') FROM it;
SELECT is(state(gap2), 'closed zhang excused', 'and what joined it') FROM joined;
SELECT is(steps(gap), 'opened seen_again acknowledged explained reopened acknowledged explained reopened '
	|| 'acknowledged explained closed', 'its whole history is there') FROM it;
SELECT results_eq($$SELECT DISTINCT act FROM dv.custody_event WHERE source = 'rectification' ORDER BY 1$$,
	$$VALUES ('acknowledged'), ('closed'), ('explained'), ('joined'), ('opened'), ('reopened'), ('seen_again')$$,
	'and in the custody log');
SELECT is(say('both', 'finding_acknowledge(%s)', raise('gap', 'REC-3/c', '1', 'REC-3', '{"officer": "019003"}')), '', 'one''s own');
SELECT is(say('both', 'finding_explain(%s, ''other'', ''x'')', dv.finding_id('gap', 'REC-3/c', '1')), '', 'explained');
SELECT matches(say('both', 'finding_review(%s, ''closed'', ''x'')', dv.finding_id('gap', 'REC-3/c', '1')),
	'^42501 .*: both answered it, or it is about them: another person reviews it', 'is not reviewed by oneself');
SELECT is(say('jian2', 'finding_review(%s, ''closed'', ''x'')', dv.finding_id('gap', 'REC-3/c', '1')), '', 'but by another');

-- ---- given to another, and given time ----

SELECT is(say('wang', 'finding_assign(%s, ''zhao'', NULL, ''was there'')', low), '', 'the head gives it away') FROM it;
SELECT is(state(low), 'acknowledged zhao', 'to another') FROM it;
SELECT is(say('wang', 'finding_assign(%s, NULL, now() + interval ''9 days'', ''ill'')', low), '42501 finding ' || low
	|| ': of unit QH-2: its head gives it to another person, and the supervision office gives more time', 'but no time') FROM it;
SELECT is(say('jian', 'finding_assign(%s, NULL, now() + interval ''9 days'', ''ill'')', low), '', 'the office does') FROM it;
SELECT is((SELECT due_at = now() + interval '9 days' FROM dv.finding_state WHERE finding = low), true, 'so many days') FROM it;
SELECT matches(say('jian', 'finding_assign(%s, ''nobody'', NULL, ''x'')', low), '^P0002 nobody has no account', 'to nobody') FROM it;
SELECT matches(say('jian', 'finding_assign(%s, NULL, now() - interval ''1 day'', ''x'')', low), '^22023 due', 'not back') FROM it;
SELECT matches(say('jian', 'finding_assign(%s, NULL, NULL, ''x'')', low), '^22023 assign: to whom', 'nothing') FROM it;

-- ---- overdue ----

CREATE TEMPORARY TABLE late AS SELECT raise('tap_late', 'REC-1/late', '1') AS finding;
SELECT is(dv.rectifications_escalate(ARRAY[finding]), 0, 'not before it is due') FROM late;
UPDATE dv.finding_state s SET due_at = now() - interval '1 second' FROM late l WHERE s.finding = l.finding;
SELECT is(dv.rectifications_escalate(ARRAY[finding, gap]), 1, 'then it is, and what is closed is not') FROM late, it;
SELECT is(steps(finding), 'opened escalated', 'a step') FROM late;
SELECT results_eq($$SELECT severity::text, subject, unit::text, officer::text, detail ->> 'code' FROM dv.finding
	WHERE code = 'rectification_overdue'$$,
	$$SELECT 'violation', finding::text, 'QH-2', '019001', 'tap_late' FROM late$$, 'a finding of its own');
SELECT is((SELECT count(*) FROM dv.finding_state WHERE code = 'rectification_overdue'), 0::bigint,
	'that is not answered itself: nothing goes round');
SELECT is(dv.rectifications_escalate(ARRAY[finding]), 0, 'once') FROM late;

-- ---- many at once, all or none ----

SELECT is((SELECT count(raise('gap', 'REC-3/many' || i, '1', 'REC-3')) FROM generate_series(1, 300) AS i), 300::bigint, 'many');
SELECT matches(do_as('lin', format('SELECT dv.finding_acknowledge(%L)',
	ARRAY(SELECT finding FROM dv.finding WHERE subject LIKE 'REC-3/many%' OR subject = 'REC-1/late'))),
	'^P0002 ', 'one of them is another unit''s');
SELECT is((SELECT count(*) FROM dv.finding_state WHERE subject LIKE 'REC-3/many%' AND state <> 'open'), 0::bigint, 'so none was done');
SELECT is(do_as('lin', format('SELECT dv.finding_acknowledge(ARRAY(SELECT finding FROM dv.finding WHERE subject LIKE %L))', 'REC-3/many%')), '',
	'all at once');
SELECT is((SELECT count(*) FROM dv.finding_state WHERE subject LIKE 'REC-3/many%' AND state = 'acknowledged'), 300::bigint, 'all');

SELECT is(dv.raise_findings(NULL, (SELECT jsonb_agg(jsonb_build_object('code', 'gap', 'subject_kind', 'recording',
	'subject', 'REC-3/ten' || i % 250, 'fact', i, 'recorder', 'REC-3', 'at', '2026-11-20T08:00:00.000Z'))
	FROM generate_series(1, 500) AS i)), 500, 'five hundred findings in one transaction');
SELECT is((SELECT count(*) FROM dv.finding_state WHERE subject LIKE 'REC-3/ten%' AND joins IS NULL), 250::bigint,
	'and each subject is answered once');
SELECT is(dv.raise_findings(NULL, (SELECT jsonb_agg(jsonb_build_object('code', 'gap', 'subject_kind', 'recording',
	'subject', 'REC-3/one', 'fact', i, 'recorder', 'REC-3', 'at', '2026-11-20T08:00:00.000Z'))
	FROM generate_series(1, 500) AS i)), 500, 'five hundred of one recording');
SELECT is((SELECT count(*) FROM dv.finding_state WHERE subject = 'REC-3/one' AND joins IS NULL), 1::bigint,
	'are one thing to answer');

-- ---- derived ----

UPDATE dv.finding_state SET due_at = (SELECT max(due_at) FROM dv.rectification r WHERE r.finding = finding_state.finding)
WHERE finding = (SELECT finding FROM late);
CREATE TEMPORARY TABLE before AS SELECT * FROM dv.finding_state;
SELECT cmp_ok(dv.finding_states_rebuild(), '>', 300::bigint, 'made anew');
SELECT results_eq('SELECT * FROM dv.finding_state ORDER BY finding', 'SELECT * FROM before ORDER BY finding', 'it is the same');
SELECT throws_ok('DELETE FROM dv.rectification', '42501', NULL, 'no step is taken away');

SELECT * FROM finish();
ROLLBACK;
