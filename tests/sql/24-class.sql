-- Classes: what raises one, what does not lower one, who reads what is of it, and what is told to who does not.
BEGIN;
SELECT no_plan();

-- ---- two units, their people, and a recording of each ----

INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES ('QH', 1, NULL, 'bureau', false, 'tap'),
	('QH-1', 1, 'QH', 'one', false, 'tap'), ('QH-2', 1, 'QH', 'two', false, 'tap');
INSERT INTO dv.officer (officer, revision, name, certificate, unit, valid_from, reason)
SELECT '01900' || n, 1, 'officer ' || n, 'ZJ-' || n, CASE n WHEN 2 THEN 'QH-2' ELSE 'QH-1' END, '2020-01-01', 'tap'
FROM generate_series(1, 3) AS n;
SELECT tap.person(login, roles::text[], unit, officer) FROM (VALUES
	('c_super', '{supervisor}', 'QH', NULL), ('c_super2', '{supervisor}', 'QH', NULL), ('c_head', '{head}', 'QH', NULL),
	('c_legal', '{legal}', 'QH', NULL), ('c_auditor', '{auditor}', 'QH', NULL), ('c_admin', '{admin}', 'QH', NULL),
	('c_uh1', '{unit_head}', 'QH-1', NULL), ('c_uh2', '{unit_head}', 'QH-2', NULL),
	('c_of1', '{officer}', 'QH-1', '019001'), ('c_of2', '{officer}', 'QH-2', '019002'),
	-- One person, who had another login before.
	('c_two', '{supervisor}', 'QH-1', '019003'), ('c_twice', '{legal,head}', 'QH-1', '019003')) AS x(login, roles, unit, officer);
SELECT is(dv.enroll('REC-' || n, 1, 2, 'S' || n, '01900' || n, 'QH-' || n, 'tap', 'tap'), 'enrolled', 'recorder ' || n)
FROM generate_series(1, 2) AS n;
-- Recording n of recorder 1 or 2 (odd, even): segments 2n-1 and 2n, with a sidecar each.
SELECT ok(ingest(r_session(n, 'REC-' || x), r_manifest(n, 'REC-' || x, 2 * n - 1, n, n, 0), r_manifest(n, 'REC-' || x, 2 * n, n + 100, n, 1),
	r_segment(n, 'REC-' || x, 2 * n - 1, n, 0, '2026-11-20T02:00:00.000Z', digest('bwm', 2 * n - 1)) || jsonb_build_object('officer', '01900' || x),
	r_segment(n, 'REC-' || x, 2 * n, n, 1, '2026-11-20T02:05:00.000Z', digest('bwm', 2 * n)) || jsonb_build_object('officer', '01900' || x),
	r_clearing(n, 'REC-' || x, 2 * n), r_cleared(n, 'REC-' || x, 2 * n, true), r_inventory(n, 'REC-' || x, 0, 1),
	r_finding(n, f('tap_gap', 'REC-' || x, 'REC-' || x || '/' || uid('rec', n))), r_end(n)) > 0, 'recording ' || n)
FROM (SELECT n, 2 - n % 2 AS x FROM generate_series(1, 7) AS n) AS x;
CREATE FUNCTION pg_temp.rec(n integer) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'REC-' || 2 - n % 2 || '/' || tap.uid('rec', n);
CREATE FUNCTION pg_temp.seg(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN tap.uid('REC-' || 2 - ((n + 1) / 2) % 2, n);
-- What somebody gets of a query, as one text; or why not.
CREATE FUNCTION pg_temp.get_as(a_login text, a_query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	got text;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', a_login);
	EXECUTE format('SELECT coalesce(string_agg(x::text, '','' ORDER BY x::text), '''') FROM (%s) AS q(x)', a_query) INTO got;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN got;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE FUNCTION pg_temp.classed(a_login text, a_kind text, a_subject text, a_class text) RETURNS text LANGUAGE sql
	RETURN tap.do_as(a_login, format('SELECT dv.class_set(%L, %L, %L, ''tap'')', a_kind, a_subject, a_class));
CREATE FUNCTION pg_temp.lower(a_login text, a_kind text, a_subject text, a_class text) RETURNS text LANGUAGE sql
	RETURN tap.do_as(a_login, format('SELECT dv.class_lower(%L, %L, %L, ''tap'')', a_kind, a_subject, a_class));
CREATE FUNCTION pg_temp.decided(a_login text, a_kind text, a_subject text, a_approved boolean DEFAULT true) RETURNS text LANGUAGE sql
	RETURN tap.do_as(a_login, format('SELECT dv.class_decide(%L, %L, ''tap'')', (SELECT l.lowering FROM dv.class_lowering l
		LEFT JOIN dv.class_lowering_decision d USING (lowering) WHERE l.kind = a_kind AND l.subject = a_subject
		ORDER BY d.lowering IS NOT NULL, l.revision DESC LIMIT 1), a_approved));
CREATE FUNCTION pg_temp.granted(a_login text, a_to text, a_kind text, a_subject text, a_for interval DEFAULT '1 day') RETURNS text LANGUAGE sql
	RETURN tap.do_as(a_login, format('SELECT dv.grant_give(%L, %L, %L, now() + %L, ''tap'')', a_to, a_kind, a_subject, a_for));

SELECT is((SELECT array_agg(DISTINCT dv.class_of(segment)) FROM dv.segment), '{internal}', 'what nobody classified is internal');

-- ---- who classifies, and how far ----

SELECT is(pg_temp.classed('c_of1', 'recording', pg_temp.rec(1), 'personal'), '42501 c_of1 may not do this: it takes the role supervisor or legal or unit_head',
	'an officer does not');
SELECT alike(pg_temp.classed(l, 'recording', pg_temp.rec(1), 'personal'), '42501%', l || ' does not')
FROM unnest('{c_head,c_auditor,c_admin}'::text[]) AS l;
SELECT alike(pg_temp.classed('c_uh2', 'recording', pg_temp.rec(1), 'personal'), 'P0002%there is none%', 'nor the head of another unit, to whom it is not there');
SELECT alike(pg_temp.classed('c_super', k, s, 'personal'), 'P0002%there is none%', k || ' ' || s || ' is not there') FROM (VALUES
	('segment', uid('none', 1)::text), ('segment', 'x'), ('segment', upper(pg_temp.seg(2)::text)), ('recording', 'REC-9/' || uid('rec', 1)),
	('recording', 'REC-1/' || upper(uid('rec', 10)::text)), ('recording', uid('rec', 1)::text), ('recording', pg_temp.rec(1) || '/x'), ('case', 'C-9'), ('case', '')) AS x(k, s);
SELECT alike(pg_temp.classed('c_super', 'officer', '019001', 'personal'), '22023%an object is%', 'an officer has no class');
SELECT alike(pg_temp.classed('c_super', 'recording', pg_temp.rec(1), c), '22023%', 'class ' || coalesce(c, 'null')) FROM unnest('{secret,Personal,"",NULL}'::text[]) AS c;
SELECT alike(do_as('c_super', format('SELECT dv.class_set(''recording'', %L, ''personal'', %L)', pg_temp.rec(1), r)), '22023%say why%', 'no reason')
FROM unnest(ARRAY['', U&'\3000', repeat('x', 501)]) AS r;
SELECT alike(do_as('c_super', format('BEGIN; SELECT dv.class_set(''recording'', %L, ''personal'', ''x'')', pg_temp.rec(1))), '%', 'no transaction in one');
SELECT is(count(*), 0::bigint, 'nothing was entered so far') FROM dv.classification;
SELECT is(pg_temp.classed('c_uh1', 'recording', pg_temp.rec(1), 'personal'), '', 'the head of its unit does');
SELECT is((SELECT array_agg(dv.class_of(pg_temp.seg(n)) ORDER BY n) FROM generate_series(1, 4) AS n), '{personal,personal,internal,internal}',
	'its segments are of it, and no other');
SELECT alike(pg_temp.classed('c_super', 'recording', pg_temp.rec(1), 'personal'), '23505%already%', 'once');
SELECT alike(pg_temp.classed(l, 'recording', pg_temp.rec(1), c), '22023%nobody makes it%alone%class lower%', l || ' does not make it ' || c)
FROM unnest('{c_super,c_legal,c_uh1}'::text[]) AS l, unnest('{public,internal}'::text[]) AS c;
SELECT alike(pg_temp.classed('c_super', 'recording', pg_temp.rec(2), 'public'), '22023%nobody makes it public alone%', 'nor what nobody classified public');
SELECT is(pg_temp.classed('c_super', 'segment', pg_temp.seg(1)::text, 'trade_secret'), '', 'one of its segments is more');
SELECT is(dv.class_of(pg_temp.seg(1)) || ' ' || dv.class_of(pg_temp.seg(2)), 'trade_secret personal', 'and that one alone');
SELECT ok(ingest(r_segment(1, 'REC-1', 90, 1, 2) || '{"officer": "019001"}') > 0, 'a segment more of it');
SELECT is(dv.class_of(uid('REC-1', 90)), 'personal', 'is as its recording');
SELECT is((SELECT array_agg(c.class ORDER BY x.i) FROM unnest(ARRAY[pg_temp.seg(1), pg_temp.seg(2), pg_temp.seg(3), uid('none', 1)]) WITH ORDINALITY AS x(s, i)
	JOIN dv.classes_of(ARRAY[pg_temp.seg(1), pg_temp.seg(2), pg_temp.seg(3), uid('none', 1)]) c ON c.segment = x.s),
	'{trade_secret,personal,internal,internal}', 'many at once are told the same');
SELECT is((SELECT by FROM dv.classification WHERE kind = 'recording'), 'c_uh1', 'by who was connected');

-- ---- lowered by two ----

SELECT alike(pg_temp.lower('c_uh1', 'recording', pg_temp.rec(1), 'internal'), '42501%', 'the head of a unit proposes nothing lower');
SELECT alike(pg_temp.lower('c_super', 'segment', pg_temp.seg(2)::text, 'internal'), '22023%comes of a recording or a case%', 'what comes of the recording is lowered there');
SELECT alike(pg_temp.lower('c_super', 'recording', pg_temp.rec(1), c), '22023%is not lower%', c || ' is not lower') FROM unnest('{personal,trade_secret}'::text[]) AS c;
SELECT is(pg_temp.lower('c_two', 'recording', pg_temp.rec(1), 'internal'), '', 'proposed');
SELECT is(dv.class_of(pg_temp.seg(2)), 'personal', 'which changes nothing yet');
SELECT alike(pg_temp.lower('c_super', 'recording', pg_temp.rec(1), 'public'), '23505%proposed already%', 'nor is it proposed twice');
SELECT alike(pg_temp.decided('c_two', 'recording', pg_temp.rec(1)), '42501%proposed it yourself%', 'not by who proposed it');
SELECT alike(pg_temp.decided('c_twice', 'recording', pg_temp.rec(1)), '42501%proposed it yourself%', 'nor by their other login');
SELECT alike(pg_temp.decided(l, 'recording', pg_temp.rec(1)), '42501%takes the role%', 'nor by ' || l) FROM unnest('{c_uh1,c_of1,c_auditor,c_admin}'::text[]) AS l;
SELECT is(pg_temp.decided('c_head', 'recording', pg_temp.rec(1), false), '', 'the head may reject it');
SELECT alike(pg_temp.decided('c_legal', 'recording', pg_temp.rec(1)), '23505%decided already%', 'and then it is decided');
SELECT is(dv.class_of(pg_temp.seg(2)), 'personal', 'as it was');
SELECT is(pg_temp.lower('c_two', 'recording', pg_temp.rec(1), 'internal'), '', 'proposed anew');
SELECT is(pg_temp.classed('c_super', 'recording', pg_temp.rec(1), 'trade_secret'), '', 'and raised meanwhile');
SELECT alike(pg_temp.decided('c_legal', 'recording', pg_temp.rec(1)), '22023%classified anew%', 'what was looked at is not what is there');
SELECT is(pg_temp.lower('c_two', 'recording', pg_temp.rec(1), 'internal'), '', 'of what is there it is proposed again');
SELECT is(pg_temp.decided('c_legal', 'recording', pg_temp.rec(1)), '', 'and approved by another');
SELECT is(dv.class_of(pg_temp.seg(1)) || ' ' || dv.class_of(pg_temp.seg(2)), 'trade_secret internal', 'what was said of one segment stays');
SELECT alike(do_as('c_head', format('SELECT dv.class_decide(%L, true, ''x'')', uid('none', 1))), 'P0002%no proposal%', 'a proposal that is none');
SELECT is(pg_temp.lower('c_super', 'segment', pg_temp.seg(1)::text, 'internal') || pg_temp.decided('c_super2', 'segment', pg_temp.seg(1)::text), '', 'two of one office are two');
SELECT is(pg_temp.lower('c_super', 'recording', pg_temp.rec(2), 'public') || pg_temp.decided('c_head', 'recording', pg_temp.rec(2)), '', 'public, by two');
SELECT is(dv.class_of(pg_temp.seg(3)), 'public', 'it may be');

-- ---- by a case ----

INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title, started_at, reason)
SELECT 'K-' || n, 1, 'penalty', 'inspection', false, 'general', false, false, false, 'QH-1', 'tap', now(), 'tap' FROM generate_series(1, 2) AS n;
INSERT INTO dv.case_officer ("case", officer, lead, leaves) VALUES ('K-1', '019001', true, false), ('K-2', '019001', true, false);
INSERT INTO dv.action (action, revision, "case", stage, step, start_at, end_at, place, reason)
SELECT uid('act', n), 1, 'K-' || n, 'investigation', 'inspection', '2026-11-20T02:00:00Z', '2026-11-20T02:10:00Z', 'p', 'tap' FROM generate_series(1, 2) AS n;
INSERT INTO dv.action_officer (action, revision, officer, shown) SELECT uid('act', n), 1, '019001', true FROM generate_series(1, 2) AS n;
SELECT is(pg_temp.classed('c_uh1', 'case', 'K-1', 'trade_secret'), '', 'a case is classified');
CREATE FUNCTION pg_temp.linked(a_login text, a_act integer, a_kind text, a_object text) RETURNS text LANGUAGE sql
	RETURN tap.do_as(a_login, format('SELECT dv.link_add(%L)', jsonb_build_object('action', tap.uid('act', a_act), 'kind', a_kind, 'object', a_object, 'why', 'tap')));
SELECT is(pg_temp.linked('c_of1', 1, 'recording', pg_temp.rec(3)), '', 'a recording is linked to it');
SELECT is(dv.class_of(pg_temp.seg(5)) || ' ' || dv.class_of(pg_temp.seg(6)), 'trade_secret trade_secret', 'and is of its class');
SELECT ok(ingest(r_segment(3, 'REC-1', 91, 3, 2) || '{"officer": "019001"}') > 0, 'a segment more of it');
SELECT is(dv.class_of(uid('REC-1', 91)), 'trade_secret', 'is, too');
SELECT is(pg_temp.linked('c_super', 2, 'recording', pg_temp.rec(5)) || pg_temp.linked('c_super', 2, 'segment', pg_temp.seg(2)::text), '', 'others to another case');
INSERT INTO dv.document ("case", kind, title, made_at, segment) VALUES ('K-2', 'record', 'tap', now(), uid('REC-1', 90));
SELECT is(dv.class_of(pg_temp.seg(9)) || ' ' || dv.class_of(pg_temp.seg(2)) || ' ' || dv.class_of(uid('REC-1', 90)), 'internal internal internal', 'of no class');
SELECT is(pg_temp.classed('c_legal', 'case', 'K-2', 'personal'), '', 'which is classified afterwards');
SELECT is(dv.class_of(pg_temp.seg(9)) || ' ' || dv.class_of(pg_temp.seg(2)) || ' ' || dv.class_of(pg_temp.seg(1)) || ' ' || dv.class_of(uid('REC-1', 90)),
	'personal personal internal personal', 'with all that belongs to it');
-- Nobody lowers a class by taking a link away.
SELECT is(do_as('c_super', format('SELECT dv.link_remove(%L, ''by mistake'')', link)), '', 'a link is removed') FROM dv.link WHERE object IN (pg_temp.rec(3), pg_temp.seg(2)::text);
SELECT is(dv.class_of(pg_temp.seg(5)) || ' ' || dv.class_of(pg_temp.seg(2)) || ' ' || dv.class_of(pg_temp.seg(1)), 'trade_secret personal internal', 'and the class stays');
SELECT alike((SELECT reason FROM dv.classification WHERE kind = 'recording' AND subject = pg_temp.rec(3)), 'it belonged to case K-1 until link % was removed: by mistake', 'as what was said of it');
INSERT INTO dv.document_withdrawn (document, reason) SELECT document, 'tap' FROM dv.document WHERE segment = uid('REC-1', 90);
SELECT is(dv.class_of(uid('REC-1', 90)), 'personal', 'nor by withdrawing a paper');
SELECT is(pg_temp.lower('c_super', 'case', 'K-2', 'internal') || pg_temp.decided('c_legal', 'case', 'K-2'), '', 'the case is lowered by two');
SELECT is(dv.class_of(pg_temp.seg(9)) || ' ' || dv.class_of(pg_temp.seg(2)), 'internal personal', 'with what belongs to it, and not what does not any more');
SELECT is(pg_temp.lower('c_super', 'segment', pg_temp.seg(2)::text, 'internal') || pg_temp.decided('c_legal', 'segment', pg_temp.seg(2)::text), '', 'that takes two, too');
-- An old one that is closed and archived has its class as well.
INSERT INTO dv.case_event ("case", kind, at) VALUES ('K-2', 'archived', now());
SELECT is(pg_temp.classed('c_super', 'case', 'K-2', 'personal'), '', 'an archived case is classified');

-- ---- by an import ----

SELECT throws_like(format('SELECT tap.ingest(%L, %L)', r_session(30, NULL), r_import(30) || '{"class": "state_secret"}'), '%dock_import_class_check%', 'a state secret is not taken in');
SELECT throws_like(format('SELECT tap.ingest(%L, %L)', r_session(30, NULL), r_import(30) || '{"class": "public"}'), '%dock_import_class_check%', 'nor made public by one');
SELECT ok(ingest(r_session(31, NULL), r_import(31) || '{"class": "trade_secret"}', r_segment(31, 'REC-1', 93, 30, 0) || '{"assurance": "imported"}',
	r_segment(31, 'REC-1', 13, 7, 0) || '{"officer": "019001"}') > 0, 'an import of a class');
SELECT is(dv.class_of(uid('REC-1', 93)) || ' ' || dv.class_of(pg_temp.seg(13)) || ' ' || dv.class_of(pg_temp.seg(14)), 'trade_secret trade_secret internal',
	'is of it, also what was here before, and nothing else of its recording');
SELECT is((SELECT array_agg(DISTINCT by || ' ' || reason) FROM dv.classification WHERE subject IN (uid('REC-1', 93)::text, pg_temp.seg(13)::text)), '{"li recorder lost"}', 'by who brought it');
SELECT ok(ingest(r_session(32, NULL), r_import(32) || '{"class": "personal"}', r_segment(32, 'REC-1', 93, 30, 0) || '{"assurance": "imported"}') > 0, 'the same again as less');
SELECT is(dv.class_of(uid('REC-1', 93)), 'trade_secret', 'is not less');

-- ---- the same from the facts ----

CREATE TEMPORARY TABLE was AS SELECT 's' AS t, to_jsonb(x) AS r FROM dv.segment_class x UNION ALL SELECT 'r', to_jsonb(x) FROM dv.recording_class x;
SELECT ok(dv.classes_rebuild() > 3, 'classes are made anew');
SELECT is((SELECT jsonb_agg(to_jsonb(x) ORDER BY t, r) FROM (SELECT 's' AS t, to_jsonb(x) AS r FROM dv.segment_class x UNION ALL
	SELECT 'r', to_jsonb(x) FROM dv.recording_class x) AS x), (SELECT jsonb_agg(to_jsonb(was) ORDER BY t, r) FROM was), 'the same');

-- ---- who reads: role by role, class by class, table by table ----

-- Of recorder 2: recordings 2, 4, 6.  6 becomes of each class in turn.
CREATE TEMPORARY TABLE reads (class text, role text, login text);
INSERT INTO reads SELECT class, r, 'c_' || CASE r WHEN 'supervisor' THEN 'super' WHEN 'unit_head' THEN 'uh2' WHEN 'officer' THEN 'of2' ELSE r END
FROM unnest('{public,internal,personal,trade_secret,state_secret}'::text[]) AS class,
	unnest('{supervisor,head,unit_head,officer,auditor,admin}'::text[]) AS r;
CREATE FUNCTION pg_temp.should(a_class text, a_role text) RETURNS boolean LANGUAGE sql
	RETURN a_role = ANY ((SELECT readers FROM dv.class_rule WHERE class = a_class)::text[]);
SELECT is((SELECT string_agg(class, ' ' ORDER BY dv.class_rank(class)) FROM reads WHERE pg_temp.should(class, role) AND role = r), expected, r || ' reads')
FROM (VALUES ('supervisor', 'public internal personal'), ('officer', 'public internal personal'), ('auditor', 'public internal'), ('admin', 'public internal')) AS x(r, expected);

-- What tells of segments 11 and 12, of recording 6, where, and how many rows somebody with it all sees there.
CREATE TEMPORARY TABLE facts (name text, query text, all_rows integer, narrow boolean);	-- narrow: to dv_all alone
INSERT INTO facts VALUES
	('segment', format('SELECT segment FROM dv.segment WHERE segment IN (%L, %L)', pg_temp.seg(11), pg_temp.seg(12)), 2, false),
	('segment by officer', 'SELECT segment FROM dv.segment WHERE left(officer, 32) = ''019002'' AND officer = ''019002'' AND recording = ' || quote_literal(uid('rec', 6)), 2, false),
	('segment_place', format('SELECT segment FROM dv.segment_place WHERE segment IN (%L, %L)', pg_temp.seg(11), pg_temp.seg(12)), 2, false),
	('segment_list', format('SELECT path FROM dv.segment_list WHERE recording = %L', uid('rec', 6)), 2, false),
	('segment_seen', format('SELECT segment FROM dv.segment_seen WHERE segment IN (%L, %L)', pg_temp.seg(11), pg_temp.seg(12)), 2, true),
	('manifest', format('SELECT start_at FROM dv.manifest WHERE rec = %L', uid('rec', 6)), 2, true),
	('manifest_seen', format('SELECT path FROM dv.manifest_seen WHERE session = %L', uid('sess', 6)), 2, true),
	('card_clearing', format('SELECT path FROM dv.card_clearing WHERE session = %L', uid('sess', 6)), 1, true),
	('card_cleared', format('SELECT path FROM dv.card_cleared WHERE session = %L', uid('sess', 6)), 1, true),
	('cleared_list', format('SELECT path FROM dv.cleared_list WHERE session = %L', uid('sess', 6)), 1, true),
	('card_inventory', format('SELECT entries FROM dv.card_inventory WHERE session = %L', uid('sess', 6)), 1, true),
	('finding', format('SELECT detail FROM dv.finding WHERE subject = %L AND code = ''tap_gap''', pg_temp.rec(6)), 1, false),
	('finding_list', format('SELECT finding FROM dv.finding_list WHERE subject = %L AND code = ''tap_gap'' AND NOT covered', pg_temp.rec(6)), 1, false),
	('custody_event', format('SELECT event FROM dv.custody_event WHERE objects @> ARRAY[%L] AND source = ''segment''', 'segment:' || pg_temp.seg(11)), 1, true),
	('custody_event of a sidecar', format('SELECT event FROM dv.custody_event WHERE objects @> ARRAY[%L] AND source = ''manifest''', 'blob:' || digest('bwm', 11)), 1, true),
	('timeline', 'SELECT segment FROM dv.timeline(''REC-2'', ''2026-11-20'') WHERE recording = ' || quote_literal(uid('rec', 6)), 2, false),
	('officer_day', 'SELECT r FROM jsonb_array_elements(dv.officer_day(''019002'', ''2026-11-20'') -> ''recordings'') AS r WHERE r ->> ''recording'' = ' || quote_literal(uid('rec', 6)), 1, false);
INSERT INTO facts SELECT 'custody_salt', format('SELECT field FROM dv.custody_salt WHERE event = %s', event), 3, true
FROM dv.custody_event WHERE source = 'segment' AND objects @> ARRAY['segment:' || pg_temp.seg(11)];
-- What was found about a blob of it, the media and what lies beside it.
SELECT ok(dv.raise_finding(NULL, f('tap_gap', 'REC-2', digest(x, 11)) || jsonb_build_object('subject_kind', 'blob', 'detail', '{"path": "x"}'::jsonb)) IS NOT NULL,
	'found about ' || x) FROM unnest('{blob,bwm}'::text[]) AS x;
INSERT INTO facts SELECT 'finding about ' || x, format('SELECT detail FROM dv.finding WHERE subject = %L', digest(x, 11)), 1, false FROM unnest('{blob,bwm}'::text[]) AS x;
-- What is left of one that was disposed of.
INSERT INTO dv.disposal_plan (plan, day, objects, bytes, digest, reason) VALUES (uid('plan', 1), '2026-11-27', 1, 1, sha256('f'), 'tap');
INSERT INTO dv.disposal_begun (segment, plan, blob) SELECT segment, uid('plan', 1), blob FROM dv.segment WHERE segment = pg_temp.seg(11);
INSERT INTO dv.tombstone (segment, plan, blob, size, facts, stores, blob_kept)
SELECT segment, plan, blob, 1, '{"recorder": "REC-2", "start_at": "x"}', '{vault}', false FROM dv.disposal_begun;
INSERT INTO facts VALUES ('tombstone', format('SELECT facts FROM dv.tombstone WHERE segment = %L', pg_temp.seg(11)), 1, false);
CREATE FUNCTION pg_temp.count_as(a_login text, a_query text) RETURNS integer LANGUAGE sql
	RETURN pg_temp.get_as(a_login, 'SELECT count(*) FROM (' || a_query || ') AS z')::integer;
CREATE FUNCTION pg_temp.check_reading(a_class text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is(pg_temp.count_as(r.login, f.query), CASE WHEN NOT pg_temp.should(a_class, r.role)
			OR (f.narrow AND r.role IN ('unit_head', 'officer')) THEN 0 ELSE f.all_rows END,
		a_class || ': ' || r.role || ' of ' || f.name)
	FROM reads r, facts f WHERE r.class = a_class AND NOT (f.name = 'custody_salt' AND r.role IN ('unit_head', 'officer'))
		-- Two who are as another is: of these the heart of it.  And where nothing is covered, that it is so.
		AND ((r.role NOT IN ('head', 'admin') AND a_class <> 'internal') OR f.name IN ('segment', 'finding', 'custody_event'))
	UNION ALL	-- That it is there is told to all whose it is, and how many.
	SELECT is(pg_temp.get_as(r.login, format('SELECT segments || '' '' || coalesce(officer, ''-'') || '' '' || coalesce(covered, ''-'') || '' ''
			|| (start_at IS NULL)::text || '' '' || findings FROM dv.recording_list WHERE recording = %L', tap.uid('rec', 6))),
		CASE WHEN pg_temp.should(a_class, r.role) THEN '2 019002 - false ' ELSE format('2 *** %s true ', a_class) END
			|| 1 + (a_class = 'state_secret')::integer, a_class || ': ' || r.role || ' knows that it is there')
	FROM reads r WHERE r.class = a_class
	UNION ALL
	SELECT is(pg_temp.count_as(r.login, format('SELECT finding FROM dv.finding_list WHERE subject = %L AND code = ''tap_gap''', pg_temp.rec(6))), 1,
		a_class || ': ' || r.role || ' counts what was found')
	FROM reads r WHERE r.class = a_class
	UNION ALL
	SELECT is(pg_temp.get_as(r.login, format('SELECT dv.may_read(%L)', pg_temp.seg(11))), pg_temp.should(a_class, r.role)::text,
		a_class || ': may ' || r.role || ' read it')
	FROM reads r WHERE r.class = a_class
	UNION ALL
	SELECT is(pg_temp.count_as(r.login, 'SELECT recording FROM dv.covered_on(''REC-2'', NULL, ''2026-11-20'') WHERE recording = ' || quote_literal(tap.uid('rec', 6))),
		(NOT pg_temp.should(a_class, r.role))::integer, a_class || ': ' || r.role || ' is told that there is something on that day')
	FROM reads r WHERE r.class = a_class
$$;
SELECT pg_temp.check_reading('internal');
SELECT is(pg_temp.classed('c_super', 'recording', pg_temp.rec(6), 'personal'), '', 'personal');
SELECT pg_temp.check_reading('personal');
SELECT is(pg_temp.classed('c_super', 'recording', pg_temp.rec(6), 'trade_secret'), '', 'a trade secret');
SELECT pg_temp.check_reading('trade_secret');

-- A plan and its certificate are whole for whoever sees plans, without what is covered.
SELECT is(pg_temp.get_as(l, format('SELECT gone FROM dv.disposal_plan_list WHERE plan = %L', uid('plan', 1))) || ' '
	|| pg_temp.get_as(l, format('SELECT dv.disposal_certificate(%L) ->> ''gone''', uid('plan', 1))) || ' '
	|| pg_temp.get_as(l, format('SELECT concat_ws('' '', segment, recorder, stores) FROM dv.disposal_gone_of(%L)', uid('plan', 1))), t, l || ' of what is gone')
FROM (VALUES ('c_super', '1 1 ' || pg_temp.seg(11) || ' REC-2 {vault}'), ('c_auditor', '1 1 ' || pg_temp.seg(11) || ' REC-2 {vault}'), ('c_of2', '  ')) AS x(l, t);

-- Nor as one of their groups, some of which are programs' logins as well.
CREATE FUNCTION pg_temp.get_in(a_login text, a_group text, a_query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	got text;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', a_login);
	EXECUTE format('SET LOCAL ROLE %I', a_group);
	EXECUTE format('SELECT count(*) FROM (%s) AS q', a_query) INTO got;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN got;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN '0';
END
$$;
SELECT is(pg_temp.get_in('c_' || l, 'dv_' || g, query), '0', l || ' as dv_' || g || ' of ' || name) FROM facts,
	(VALUES ('super', 'supervisor'), ('super', 'all'), ('super', 'read'), ('admin', 'admin'), ('head', 'head'), ('super', 'person')) AS x(l, g)
WHERE name IN ('segment', 'manifest', 'finding', 'custody_event', 'custody_salt', 'segment_place');
SELECT is(pg_temp.get_in('c_super', 'dv_supervisor', 'SELECT 1 FROM dv.segment_masked WHERE recording = ' || quote_literal(uid('rec', 6))), '2', 'and it is there, all the same');

-- ---- leave to read ----

SELECT alike(pg_temp.granted(l, 'c_of2', 'recording', pg_temp.rec(6)), '42501%', l || ' gives no leave') FROM unnest('{c_legal,c_uh2,c_of2,c_admin,c_auditor}'::text[]) AS l;
SELECT alike(pg_temp.granted('c_super', 'c_super', 'recording', pg_temp.rec(6)), '42501%to themselves%', 'nobody to themselves');
SELECT alike(pg_temp.granted('c_two', 'c_twice', 'recording', pg_temp.rec(6)), '42501%another login of their own%', 'nor to another login of their own');
SELECT alike(pg_temp.granted('c_super', 'c_nobody', 'recording', pg_temp.rec(6)), 'P0002 account c_nobody%', 'nor to nobody');
SELECT alike(pg_temp.granted('c_super', 'c_of2', 'recording', pg_temp.rec(6), t), '22023%until a day to come%', 'until ' || t) FROM unnest('{-1 s,0,400 days}'::interval[]) AS t;
SELECT is(pg_temp.granted('c_super', 'c_of2', 'segment', pg_temp.seg(11)::text), '', 'the supervision office gives leave to read one segment');
SELECT is(pg_temp.get_as('c_of2', 'SELECT segment FROM dv.segment WHERE recording = ' || quote_literal(uid('rec', 6))), pg_temp.seg(11)::text, 'which is read, and no other');
SELECT is(pg_temp.granted('c_super', 'c_auditor', 'recording', pg_temp.rec(6)), '', 'and of the recording');
SELECT is(pg_temp.count_as('c_auditor', query), all_rows, 'with leave: auditor of ' || name) FROM facts WHERE name NOT IN ('card_inventory', 'finding_list');
SELECT is(pg_temp.get_as('c_super', 'SELECT segment FROM dv.segment WHERE recording = ' || quote_literal(uid('rec', 6))), '', 'who gives leave does not thereby read');
SELECT is(pg_temp.granted('c_super', 'c_uh1', 'recording', pg_temp.rec(6)), '', 'leave to one of another unit');
SELECT is(pg_temp.get_as('c_uh1', 'SELECT segment FROM dv.segment WHERE recording = ' || quote_literal(uid('rec', 6))), '', 'shows no rows that are not theirs');
SELECT is(do_as('c_head', format('SELECT dv.grant_end(%L, ''tap'')', read_grant)), '', 'leave is ended') FROM dv.read_grant WHERE login = 'c_auditor';
SELECT alike(do_as('c_head', format('SELECT dv.grant_end(%L, ''tap'')', read_grant)), '23505%already%', 'once') FROM dv.read_grant WHERE login = 'c_auditor';
SELECT is(pg_temp.count_as('c_auditor', query), 0, 'and then no more: ' || name) FROM facts;
INSERT INTO dv.read_grant (login, kind, subject, class, until, reason, entered_at) VALUES ('c_auditor', 'recording', pg_temp.rec(6), 'trade_secret', now(), 'tap', now() - interval '1 day');
SELECT is(pg_temp.count_as('c_auditor', query), 0, 'nor by leave that is over: ' || name) FROM facts WHERE name = 'segment';
SELECT is(pg_temp.granted('c_head', 'c_super', 'case', 'K-1'), '', 'leave to read a case');
SELECT is(pg_temp.linked('c_super', 1, 'recording', pg_temp.rec(6)), '', 'to which it is linked');
SELECT is(pg_temp.count_as('c_super', query), all_rows, 'is leave to read what belongs to it') FROM facts WHERE name = 'segment';

-- ---- a state secret ----

SELECT is(pg_temp.classed('c_legal', 'recording', pg_temp.rec(6), 'state_secret'), '', 'a state secret');
SELECT pg_temp.check_reading('state_secret');
SELECT is(pg_temp.count_as(p, f.query), f.all_rows, 'programs read all: ' || p || ' of ' || f.name) FROM facts f, unnest(ARRAY['dv_supervisor', 'dv_admin']) AS p;
SELECT is(pg_temp.get_as('c_of2', 'SELECT segment FROM dv.segment WHERE recording = ' || quote_literal(uid('rec', 6))), '', 'leave reaches no further than what it was given for');
SELECT is((SELECT string_agg(severity || ' ' || subject, ',') FROM dv.finding WHERE code = 'secret_found'), 'violation ' || pg_temp.rec(6), 'is found');
SELECT alike(pg_temp.granted('c_super', 'c_of2', 'recording', pg_temp.rec(6)), '42501%the head of the bureau gives leave%', 'the supervision office gives no leave');
SELECT is(pg_temp.granted('c_head', 'c_of2', 'recording', pg_temp.rec(6)), '', 'the head does');
SELECT is(pg_temp.count_as('c_of2', query), all_rows, 'and it is read') FROM facts WHERE name = 'segment';

-- ---- reading beyond it ----

CREATE FUNCTION pg_temp.acted(a_login text, a_kind text, VARIADIC a_objects text[]) RETURNS text LANGUAGE sql
	RETURN pg_temp.get_as(a_login, format('SELECT dv.do_act(%L, %L, ''x'', ''r'', ''{"command": "recording show"}'') IS NULL', a_kind, a_objects));
SELECT is(pg_temp.acted('c_super', 'view', 'recording:' || pg_temp.rec(6)), 'true', 'what is not theirs to look at is not');
SELECT is((SELECT string_agg(concat_ws(' ', severity, subject_kind, subject, detail ->> 'by', detail ->> 'class', detail ->> 'command'), ',') FROM dv.finding
	WHERE code = 'read_outside_grant'), 'violation recording ' || pg_temp.rec(6) || ' c_super state_secret recording show', 'and is found');
SELECT is((SELECT array_agg(kind || ' ' || by) FROM dv.act WHERE 'recording:' || pg_temp.rec(6) = ANY (objects)), '{"read_refused c_super"}', 'and on record, while nothing was looked at');
SELECT is(pg_temp.acted('c_super', 'view', 'recording:' || pg_temp.rec(6)), 'true', 'again');
SELECT is(count(*), 1::bigint, 'is found once a day') FROM dv.finding WHERE code = 'read_outside_grant';
SELECT is(pg_temp.acted('c_super2', k, o), 'true', k || ' of ' || o) FROM (VALUES ('view', 'segment:' || pg_temp.seg(12)), ('view', 'blob:' || digest('blob', 12)),
	('view', 'blob:' || digest('bwm', 12)), ('export', 'blob:' || digest('blob', 12)), ('play', 'segment:' || pg_temp.seg(12)), ('export', 'case:K-1'), ('export', 'session:' || uid('sess', 6))) AS x(k, o);
SELECT is((SELECT string_agg(subject, ',' ORDER BY subject) FROM dv.finding WHERE code = 'read_outside_grant' AND detail ->> 'by' = 'c_super2'),
	(SELECT string_agg(x, ',' ORDER BY x) FROM unnest(ARRAY[pg_temp.seg(12)::text, digest('blob', 12), digest('bwm', 12), 'K-1', uid('sess', 6)::text]) AS x), 'each object of its own');
SELECT is(pg_temp.acted('c_super', 'view', o), 'false', 'looked at: ' || o) FROM unnest(ARRAY['recording:' || pg_temp.rec(1), 'case:K-1', 'recorder:REC-2', 'finding:' || uid('none', 1)]) AS o;
SELECT is(pg_temp.acted('c_of2', 'view', 'recording:' || pg_temp.rec(6)), 'false', 'with leave');
SELECT is(pg_temp.acted('dv_supervisor', 'view', 'recording:' || pg_temp.rec(6)), 'false', 'a program');
SELECT alike(pg_temp.acted(l, 'export', o), '42501%never given out%', l || ' exports no state secret: ' || o) FROM (VALUES ('dv_supervisor', 'segment:' || pg_temp.seg(12)),
	('dv_supervisor', 'recording:' || pg_temp.rec(6)), ('dv_supervisor', 'case:K-1'), ('dv_supervisor', 'blob:' || digest('blob', 11))) AS x(l, o);
SELECT alike(pg_temp.acted('dv_supervisor', 'export', 'segment:' || pg_temp.seg(5)), '42501%whose secret it is%', 'nor trade secrets to anybody');
SELECT is(pg_temp.acted('dv_supervisor', 'export', 'segment:' || pg_temp.seg(9)), 'false', 'what may be given out is');
SELECT is(dv.export_refusal(pg_temp.seg(n), o), r, coalesce(r, 'none') || ' of ' || n) FROM (VALUES (9, false, NULL), (5, false, 'not_owner'), (5, true, NULL), (12, true, 'never')) AS x(n, o, r);
-- Others ask of what is not even theirs to know of: on record, and nothing is told.
SELECT is(pg_temp.get_as('c_of1', format('SELECT dv.read_refused(ARRAY[%L], ''export'') IS NULL', pg_temp.rec(4))), 'true', 'to an officer another''s recording is not there');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'read_outside_grant' AND detail ->> 'by' = 'c_of1' AND officer = '019001' AND unit = 'QH-1'), 1::bigint, 'and is found');
SELECT is(pg_temp.get_as('c_of1', format('SELECT dv.read_refused(%L, ''export'') IS NULL', o)), 'true', 'nothing to refuse') FROM unnest(ARRAY['{}', '{x}', ARRAY[uid('none', 1)::text]::text,
	ARRAY['recording:' || pg_temp.rec(1)]::text, '{case:K-9}', '{recorder:REC-2}']) AS o;
SELECT is(count(*), 1::bigint, 'and nothing found') FROM dv.finding WHERE code = 'read_outside_grant' AND detail ->> 'by' = 'c_of1';
SELECT is(pg_temp.get_as('c_super2', 'SELECT detail ->> ''by'' FROM dv.finding WHERE code = ''read_outside_grant'' AND subject_kind = ''recording'' AND detail ->> ''by'' = ''c_super'''), 'c_super',
	'whoever reviews what was found reads it');
SELECT is(pg_temp.get_as('c_super2', format('SELECT e FROM dv.events_about(ARRAY[%L]) AS e', 'segment:' || pg_temp.seg(12))), '', 'the log of it is covered');
SELECT isnt(pg_temp.get_as('c_super2', format('SELECT e FROM dv.events_about(ARRAY[%L]) AS e', 'segment:' || pg_temp.seg(9))), '', 'and of others not');

-- ---- what is shown of an object's class ----

SELECT alike(pg_temp.get_as('c_of1', format('SELECT dv.class_show(''recording'', %L)', pg_temp.rec(6))), 'P0002%there is none%', 'not to whom it is not there');
SELECT is((SELECT (j ->> 'class') || ' ' || (j ->> 'export') || ' ' || (j -> 'follows') FROM dv.class_show('segment', pg_temp.seg(5)::text) AS j),
	format('trade_secret owner [{"kind": "recording", "class": "trade_secret", "subject": "%s"}]', pg_temp.rec(3)), 'of which, and by what');

-- ---- what a class means is changed by two, from a day to come ----

CREATE FUNCTION pg_temp.proposed(a_login text, a_class text, a_body jsonb, a_from date DEFAULT dv.today() + 1) RETURNS text LANGUAGE sql
	RETURN tap.do_as(a_login, format('SELECT dv.rule_propose(''class'', %L, %L, %L, ''tap'')', a_class, a_from,
		(SELECT dv.rule_body(to_jsonb(r)) FROM dv.class_rule r WHERE r.class = a_class AND r.version = 1) || a_body));
SELECT alike(pg_temp.proposed('c_legal', c, b), '22023%' || m || '%', m) FROM (VALUES
	('internal', '{"readers": ["supervisor"]}'::jsonb, 'every role reads it'), ('state_secret', '{"readers": ["head"]}', 'by leave of the head alone'),
	('state_secret', '{"export": "approved"}', 'by leave of the head alone'), ('personal', '{"readers": ["witness"]}', 'is not known here'),
	('personal', '{"export": "always"}', 'approved, owner or never'), ('trade_secret', '{"readers": ["auditor"]}', 'no more roles'), ('personal', '{"keep": 1}', 'no column keep'),
	('personal', '{}', 'nothing of it would be another'), ('personal', '{"text_zh": ""}', 'words are needed')) AS x(c, b, m);
SELECT alike(do_as('c_legal', format('SELECT dv.rule_propose(''class'', ''secret'', %L, ''{"readers": [], "export": "never", "text_zh": "x", "text_en": "x"}'', ''x'')', dv.today() + 1)),
	'22023%no such class%', 'there is no class more');
SELECT alike(pg_temp.proposed('c_legal', 'personal', '{"readers": ["supervisor"]}', dv.today()), '22023%a day that has begun%', 'nor from today');
SELECT alike(pg_temp.proposed('c_super', 'personal', '{"readers": ["supervisor"]}'), '42501%', 'by the legal office');
SELECT is(pg_temp.proposed('c_legal', 'personal', '{"readers": ["supervisor", "officer"]}'), '', 'a change is proposed');
SELECT alike(do_as('c_legal', format('SELECT dv.rule_decide(%L, true, ''x'')', proposal)), '42501%yourself%', 'decided by another') FROM dv.rule_proposal WHERE what = 'class';
SELECT is((SELECT array_agg(name || ' ' || becomes) FROM dv.rule_proposal p, dv.rule_changes(p.what, p.code, p.valid_from, p.body) WHERE what = 'class'),
	'{"readers [\"supervisor\", \"officer\"]"}', 'who sees what it changes');
SELECT is(do_as('c_head', format('SELECT dv.rule_decide(%L, true, ''x'')', proposal)), '', 'and approves it') FROM dv.rule_proposal WHERE what = 'class';
SELECT is((dv.class_rule_at('personal', d)).readers, r::text[], 'the rule of ' || d) FROM (VALUES (dv.today(), '{supervisor,head,legal,unit_head,officer}'),
	(dv.today() + 1, '{supervisor,officer}')) AS x(d, r);
SELECT is((SELECT what || ' ' || code || ' ' || version FROM dv.rules_at(dv.today() + 1) WHERE what = 'class' AND version > 1), 'class personal 2', 'it is among the rules');
-- Where it is in force already.
INSERT INTO dv.class_rule SELECT 'personal', 3, dv.today(), '{supervisor}', export, text_zh, text_en FROM dv.class_rule WHERE class = 'personal' AND version = 1;
SELECT is(pg_temp.classed('c_super', 'recording', pg_temp.rec(2), 'personal'), '', 'what is personal');
SELECT is(pg_temp.get_as(l, format('SELECT dv.may_read(%L)', pg_temp.seg(3))), (l = 'c_super')::text, l || ' by the rule of today') FROM unnest('{c_super,c_uh2,c_of2,c_head}'::text[]) AS l;

-- ---- transactions of before ----

SELECT is((SELECT count(*) FROM pg_proc WHERE pronamespace = 'dv'::regnamespace AND proname IN ('class_set', 'class_lower', 'class_decide', 'grant_give', 'grant_end')
	AND prosrc ~ '^\s*(DECLARE.*?)?BEGIN\s+PERFORM require_role\('), 5::bigint, 'each asks first who it is, and whether it is now');

SELECT * FROM finish();
ROLLBACK;
