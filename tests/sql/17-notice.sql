-- Notices: what is made of findings, when, for whom and how many; what is sent next, tried again, given up.
-- With connections of its own at the end, so what happens here stays.
SELECT no_plan();
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA tap;

INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES
	('N', 1, NULL, 'bureau', false, 'tap'), ('N-1', 1, 'N', 'one', false, 'tap'), ('N-2', 1, 'N', 'two', false, 'tap');
SELECT enroll FROM dv.enroll('NR-1', 1, 2, 'NS1', NULL, 'N-1', 'test', 'tester');
SELECT enroll FROM dv.enroll('NR-2', 1, 2, 'NS2', NULL, 'N-2', 'test', 'tester');

-- Finding n about a recorder; a path in its detail that no message may have.
CREATE FUNCTION tap.found(n integer, recorder text, severity text) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dv.raise_finding(NULL, f('tap_late', recorder, 'notice/' || n, '', severity)
		|| '{"detail": {"path": "DCIM/secret.mp4"}}');
	RETURN dv.finding_id('tap_late', 'notice/' || n, '');
END
$$;
CREATE FUNCTION tap.channel(name text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT '{"unit": null, "language": "zh", "at_once": "violation", "digest": null, "full": false}'::jsonb
		|| jsonb_build_object('channel', name) || more
$$;
-- The minute of the day, in Shanghai, that was so long ago.
CREATE FUNCTION tap.minute_ago(minutes integer) RETURNS integer LANGUAGE sql AS $$
	SELECT extract(epoch FROM (now() - make_interval(mins => minutes)) AT TIME ZONE 'Asia/Shanghai')::bigint / 60 % 1440
$$;
CREATE FUNCTION tap.make(VARIADIC channels jsonb[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	SET LOCAL ROLE dv_alert;
	n := (SELECT made FROM dv.notices_make(to_jsonb(channels)));
	RESET ROLE;
	RETURN n;
END
$$;
CREATE FUNCTION tap.kinds(name text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(kind || ' ' || n, ', ' ORDER BY kind)
	FROM (SELECT kind, count(*) AS n FROM dv.notice WHERE channel = name GROUP BY kind) AS x
$$;

-- What earlier tests found is nobody's here.
SELECT is(made, 0::bigint, 'without channels nothing is made') FROM dv.notices_make('[]');
SELECT is((SELECT count(*) FROM dv.notice_news), 0::bigint, 'and nothing is kept for channels that will be');
SELECT throws_like($$SELECT dv.notices_make('{}')$$, '%not a list%', 'a list is needed');
SELECT throws_like($$SELECT dv.notices_make('[{"channel": "x"}]')$$, 'channel x: not one%', 'of channels');

-- ---- at once ----

SELECT found(1, 'NR-1', 'violation'), found(2, 'NR-1', 'warning'), found(3, 'NR-2', 'violation');
SELECT is(make(channel('all'), channel('one', '{"unit": "N-1"}'), channel('top', '{"unit": "N", "at_once": "warning"}'),
	channel('none', '{"at_once": "none"}')), 6::bigint, 'each to whom it is for');
SELECT is(kinds('all'), 'at_once 2', 'violations, of every unit');
SELECT is(kinds('one'), 'at_once 1', 'those of its unit');
SELECT is(kinds('top'), 'at_once 3', 'of its unit and those below, from warnings on');
SELECT is(kinds('none'), NULL, 'nothing at once');
SELECT is(make(channel('all'), channel('one', '{"unit": "N-1"}'), channel('top', '{"unit": "N", "at_once": "warning"}')),
	0::bigint, 'once');
SELECT ok(NOT found(1, 'NR-1', 'violation') IS NULL, 'found again');
SELECT is(make(channel('all')), 0::bigint, 'is not told again');
SELECT is(body #>> '{findings,0,code}', 'tap_late', 'it says what') FROM dv.notice
WHERE channel = 'one';
SELECT is(body #>> '{findings,0,recorder}', 'NR-1', 'of which recorder') FROM dv.notice WHERE channel = 'one';
SELECT is((SELECT count(*) FROM dv.notice WHERE body::text ~ 'secret|019123|notice/'), 0::bigint,
	'and neither path, person nor subject');
SELECT found(4, 'NR-1', 'violation');
SELECT is(make(channel('mail', '{"full": true, "language": "en"}')), 1::bigint, 'by mail');
SELECT is(body #>> '{findings,0,subject}', 'notice/4', 'what it is about is said') FROM dv.notice WHERE channel = 'mail';
SELECT is(body ->> 'language', 'en', 'in its language') FROM dv.notice WHERE channel = 'mail';

SELECT ok(dv.raise_finding(NULL, f('tap_late', 'NR-1', 'notice/4', 'another', 'violation')), 'another of the same subject');
SELECT is(make(channel('mail', '{"full": true, "language": "en"}')), 0::bigint, 'while one is open was told with it');

-- ---- escalations ----

INSERT INTO dv.rectification (finding, number, kind, due_at) VALUES
	(found(2, 'NR-1', 'warning'), 90, 'assigned', now()), (found(2, 'NR-1', 'warning'), 91, 'escalated', now());
SELECT is(make(channel('all'), channel('none', '{"at_once": "none"}')), 2::bigint, 'an escalation is told at once to all');
SELECT is(subject, found(2, 'NR-1', 'warning') || '/91', 'by its number') FROM dv.notice
WHERE channel = 'none' AND kind = 'escalation';
INSERT INTO dv.rectification (finding, number, kind, due_at) VALUES
	(found(2, 'NR-1', 'warning'), 92, 'escalated', now());
SELECT is(make(channel('all')), 1::bigint, 'another is another');

-- ---- two thousand at once ----

INSERT INTO dv.finding (finding, code, recorder, unit, subject_kind, subject, fact, severity, at, detail)
SELECT uid('flood', n), 'tap_late', 'NR-2', 'N-2', 'recording', 'notice/flood/' || n, '',
	CASE WHEN n = 1500 THEN 'violation' ELSE 'warning' END, now(), '{}' FROM generate_series(1, 2000) AS n;
CREATE TEMPORARY TABLE asked AS SELECT * FROM dv.notices_make(jsonb_build_array(
	channel('flood', jsonb_build_object('at_once', 'warning', 'digest', minute_ago(-60)))));
SELECT is(kinds('flood'), 'at_once 20, digest 1, more 1', 'are twenty, and one for the rest');
SELECT is((body ->> 'count')::integer, 1980, 'of which it says how many') FROM dv.notice WHERE channel = 'flood' AND kind = 'more';
SELECT is(jsonb_array_length(body -> 'findings'), 50, 'and tells the worst') FROM dv.notice WHERE channel = 'flood' AND kind = 'more';
SELECT is((SELECT body #>> '{findings,0,severity}' FROM dv.notice WHERE channel = 'flood' AND kind = 'at_once'
	ORDER BY body #>> '{findings,0,severity}' LIMIT 1), 'violation', 'the worst goes first');
SELECT is(body -> 'counts', '[{"article": 32, "findings": 1980, "severity": "warning"}]', 'by article')
	FROM dv.notice WHERE channel = 'flood' AND kind = 'more';
SELECT is((body ->> 'count')::integer, 2000, 'the digest has all of them') FROM dv.notice WHERE channel = 'flood' AND kind = 'digest';
SELECT is((body ->> 'more')::integer, 1950, 'the worst fifty in full') FROM dv.notice WHERE channel = 'flood' AND kind = 'digest';
SELECT found(12000, 'NR-2', 'warning');
SELECT is(made, 0::bigint, 'another has to wait') FROM dv.notices_make(jsonb_build_array(
	channel('flood', jsonb_build_object('at_once', 'warning', 'digest', minute_ago(-60)))));
SELECT is(count(*), 1::bigint, 'and is not forgotten') FROM dv.notice_pending WHERE channel = 'flood' AND urgent;
SELECT is((SELECT count(*) FROM dv.notice_pending WHERE channel <> 'flood'), 0::bigint, 'who is no channel any more is owed nothing');

-- ---- the digest ----

SELECT found(20, 'NR-1', 'notice'), found(21, 'NR-2', 'notice');
SELECT is(make(channel('day', jsonb_build_object('digest', minute_ago(1), 'unit', 'N-1'))), 1::bigint, 'its hour has come');
SELECT is(subject, dv.day_of(now() - interval '1 minute')::text, 'it is of today') FROM dv.notice WHERE channel = 'day';
SELECT is((body ->> 'count')::integer, 1, 'and of its unit') FROM dv.notice WHERE channel = 'day';
SELECT found(22, 'NR-1', 'notice');
SELECT is(make(channel('day', jsonb_build_object('digest', minute_ago(1), 'unit', 'N-1'))), 0::bigint, 'one a day');
SELECT is(count(*), 1::bigint, 'the next will have it') FROM dv.notice_pending WHERE channel = 'day' AND digest;
SELECT ok(next_at BETWEEN now() + interval '23 hours' AND now() + interval '24 hours', 'tomorrow') FROM (
	SELECT (dv.notice_digest(jsonb_populate_record(NULL::dv.notice_channel,
		channel('day', jsonb_build_object('digest', minute_ago(1)))))) AS next_at) AS x;
SELECT is(make(channel('early', jsonb_build_object('digest', minute_ago(-2)))), 1::bigint, 'where today''s hour has not come');
SELECT is(subject, dv.day_of(now() + interval '2 minutes' - interval '1 day')::text, 'yesterday''s is made up for')
FROM dv.notice WHERE channel = 'early';

SELECT is((dv.notice_facts('x', ARRAY[found(1, 'NR-1', 'violation')], true, false) #>> '{findings,0,text}'), '-', 'the rule''s words');
INSERT INTO dv.rule_version (code, version, valid_from, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
SELECT code, 60, '2020-01-01', article, severity, '-', repeat('w', 5000), '-', repeat('宽', 60000), '{}'
FROM dv.rule WHERE code = 'tap_late';
SELECT found(n, 'NR-1', 'violation') FROM generate_series(40, 89) AS n;
SELECT is(make(channel('long', jsonb_build_object('language', 'en', 'digest', minute_ago(1), 'full', true))), 22::bigint,
	'words without end are cut');
SELECT cmp_ok(max(octet_length(body::text)), '<', 262144, 'and no message is too long') FROM dv.notice WHERE channel = 'long';

-- A finding is of the version of its day, whatever its rule says today.
INSERT INTO dv.rule_version (code, version, valid_from, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
SELECT code, 50, dv.day_of(now()) + 1, 7, severity, 'later', 'later', '-', '-', '{}' FROM dv.rule WHERE code = 'tap_gap';
UPDATE dv.rule SET article = 7, text_en = 'later' WHERE code = 'tap_gap';
SELECT dv.raise_finding(NULL, f('tap_gap', 'NR-1', 'notice/version', '', 'violation'));
SELECT is((dv.notice_counts(ARRAY[dv.finding_id('tap_gap', 'notice/version', '')]) #>> '{0,article}'), '12',
	'counted under the article of its day');

-- ---- sending ----

UPDATE dv.notice_queue SET due_at = now() + interval '1 hour' WHERE channel NOT IN ('all', 'one');
CREATE FUNCTION tap.due(busy text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(channel, ' ' ORDER BY channel) FROM dv.notice_next(64, busy)
$$;
SELECT is(due(), 'all one', 'one of each channel');
SELECT is(due('{all}'), 'one', 'but where something is under way');
SELECT is((SELECT count(*) FROM dv.notice_next(1)), 1::bigint, 'as many as asked for');
CREATE TEMPORARY TABLE x AS SELECT notice FROM dv.notice_next(64) WHERE channel = 'one';
SELECT is(dv.notice_answered(notice, 'failed', '451 later'), 'failed', 'not now') FROM x;
SELECT is(due(), 'all', 'it waits');
INSERT INTO dv.notice (notice, channel, kind, subject, body) VALUES (uid('pause', 1), 'one', 'more', 'x', '{}');
INSERT INTO dv.notice_queue (notice, channel, due_at) VALUES (uid('pause', 1), 'one', now() - interval '1 day');
SELECT is(due(), 'all', 'with all that is for the same channel');
UPDATE dv.notice_pause SET until = now();
SELECT is(due(), 'all one', 'for a minute');
SELECT is((SELECT channel FROM dv.notice_next(1)), 'all', 'and then comes after who waited longer');
UPDATE dv.notice_queue SET due_at = now() + interval '1 hour' WHERE notice = uid('pause', 1);
SELECT ok(due_at BETWEEN now() + interval '50 seconds' AND now() + interval '1 minute', 'about a minute') FROM dv.notice_queue JOIN x USING (notice);
SELECT is(dv.notice_answered(notice, 'failed', repeat('x', 2000), now() + interval '10 minutes'), 'failed', 'nor then') FROM x;
SELECT ok(due_at > now() + interval '9 minutes', 'as long as it was told to') FROM dv.notice_queue JOIN x USING (notice);
UPDATE dv.notice_queue q SET attempts = 9 FROM x WHERE x.notice = q.notice;
SELECT is(dv.notice_answered(notice, 'failed', 'no'), 'failed', 'again') FROM x;
SELECT ok(due_at BETWEEN now() + interval '59 minutes' AND now() + interval '1 hour', 'an hour at most') FROM dv.notice_queue JOIN x USING (notice);
UPDATE dv.notice_queue q SET queued_at = now() - interval '23 hours 30 minutes' FROM x WHERE x.notice = q.notice;
SELECT is(dv.notice_answered(notice, 'failed', 'no'), 'dead', 'after a day it is dead') FROM x;
SELECT is(dv.notice_answered(notice, 'sent', 'ok'), NULL, 'and not answered any more') FROM x;
SELECT is(state || ' ' || attempts, 'dead 4', 'which can be seen') FROM dv.notice_list JOIN x USING (notice);
SELECT is(length(answer), 500, 'answers are cut') FROM dv.notice_attempt JOIN x USING (notice) WHERE number = 2;
SELECT throws_like(format($$SELECT dv.notice_answered(%L, 'again', '')$$, (SELECT notice FROM x)), '%sent, failed or dead%', 'not by a program');

SELECT person('nina', ARRAY['supervisor'], 'N'), person('otto', ARRAY['officer'], 'N-1', '019777');
SELECT matches(do_as('otto', format($$SELECT dv.notice_retry(%L, 'x')$$, (SELECT notice FROM x))), '^42501', 'an officer sends nothing again');
SELECT matches(do_as('nina', format($$SELECT dv.notice_retry(%L, ' ')$$, (SELECT notice FROM x))), '^23514 .*say why', 'nobody without a reason');
SELECT matches(do_as('nina', $$SELECT dv.notice_retry(gen_random_uuid(), 'x')$$), '^P0002 ', 'nor what there is not');
SELECT is(do_as('nina', format($$SELECT dv.notice_retry(%L, 'the server is mended')$$, (SELECT notice FROM x))), '', 'the supervisor does');
SELECT is(due(), 'all one', 'it is due');
SELECT is(state, 'queued', 'and queued') FROM dv.notice_list JOIN x USING (notice);
SELECT is(attempt, 6, 'the sixth time') FROM dv.notice_next(64) JOIN x USING (notice);
SELECT is(dv.notice_answered(notice, 'failed', 'no'), 'failed', 'from the beginning') FROM x;
SELECT is((SELECT count(*) FROM dv.notice_pause), 1::bigint, 'the channel waits');
SELECT is(dv.notice_answered(notice, 'sent', '250 ok'), 'sent', 'and sent') FROM x;
SELECT is((SELECT count(*) FROM dv.notice_pause), 0::bigint, 'and does not any more');
SELECT matches(do_as('nina', format($$SELECT dv.notice_retry(%L, 'x')$$, (SELECT notice FROM x))), '^23505 .*was sent', 'what was sent is not sent again');
SELECT is(due(), 'all', 'and done');

SELECT is(do_as('nina', $$SELECT dv.notice_test('all', 'zh')$$), '', 'a test');
SELECT is(state, 'unanswered', 'is not for alertd') FROM dv.notice_list WHERE kind = 'test';
SELECT is(do_as('nina', format($$SELECT dv.notice_test_answered(%L, 'sent', '250')$$, notice)), '', 'answered by who made it')
FROM dv.notice WHERE kind = 'test';
SELECT is(state, 'sent', 'and shown') FROM dv.notice_list WHERE kind = 'test';
SELECT person('oscar', ARRAY['admin'], 'N');
SELECT matches(do_as('oscar', format($$SELECT dv.notice_test_answered(%L, 'sent', '250')$$, notice)), '^P0002 ', 'not by others')
FROM dv.notice WHERE kind = 'test';
SELECT matches(do_as('nina', $$SELECT dv.notices_make('[]')$$), '^42501', 'people make no notices');
SELECT is((SELECT count(*) FROM dv.notice_queue), dv.rebuild_notice_queue(), 'the queue is made anew, the same');

-- ---- transactions that overlap ----

SELECT is(made, 0::bigint, 'nothing is left') FROM dv.notices_make('[]');
CREATE FUNCTION tap.ask_on(a_name text, sql text) RETURNS text LANGUAGE sql AS $$
	SELECT x FROM dblink(a_name, sql) AS t(x text)
$$;
SELECT dblink_connect(x, format('host=%s dbname=%s user=postgres', current_setting('unix_socket_directories'), current_database()))
	FROM unnest(ARRAY['a', 'b', 'c']) AS x;
SELECT dblink_exec('a', 'BEGIN'), ask_on('a', 'SELECT tap.found(31, ''NR-1'', ''violation'')');
SELECT dblink_exec('b', 'BEGIN'), ask_on('b', 'SELECT tap.found(32, ''NR-2'', ''violation'')'), dblink_exec('b', 'COMMIT');
SELECT is(make(channel('late')), 1::bigint, 'who came later ends first, and is told');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(make(channel('late')), 1::bigint, 'who came first is told when it ends');
SELECT is(make(channel('late')), 0::bigint, 'each once');
SELECT dblink_exec('a', 'BEGIN'), ask_on('a', 'SELECT tap.found(33, ''NR-1'', ''violation'')'), dblink_exec('a', 'ROLLBACK');
SELECT is(make(channel('late')), 0::bigint, 'what was taken back was not found');
-- Two that make notices at one time: the second waits, and one is taken back.
SELECT found(34, 'NR-1', 'violation');
SELECT dblink_exec('a', 'BEGIN'), ask_on('a', format('SELECT made::text FROM dv.notices_make(%L)', jsonb_build_array(channel('late')))) AS made;
SELECT dblink_send_query('c', format('SELECT made::text FROM dv.notices_make(%L)', jsonb_build_array(channel('late'))));
SELECT dblink_exec('a', 'ROLLBACK');
SELECT is(x, '1', 'what one gave up the other makes') FROM dblink_get_result('c') AS t(x text);
SELECT is(kinds('late'), 'at_once 3', 'each once');
SELECT dblink_disconnect(x) FROM unnest(ARRAY['a', 'b', 'c']) AS x;
SELECT * FROM finish();
