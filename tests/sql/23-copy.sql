-- Copies: where they are, when they are read, what is found, and that it can all be made anew from the facts.
BEGIN;
SELECT no_plan();

SELECT person('ma', '{admin}', 'QH'), person('jian', '{supervisor}', 'QH');
SELECT enroll FROM dv.enroll('R1', 1, 2, 'S1', '019123', 'QH', 'test', 'tester');
CREATE FUNCTION tap.seg(n integer) RETURNS jsonb LANGUAGE sql AS $$
	SELECT r_segment(1, 'R1', n, 1, n) || jsonb_build_object('stored', dv.utc(now()))
$$;
SELECT ingest(r_session(1, 'R1'), seg(1), seg(2), seg(3));

CREATE FUNCTION tap.states(a_store text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(state || ' ' || n, ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM dv.copy
		WHERE store = a_store GROUP BY state) AS x
$$;
CREATE FUNCTION tap.state(a_store text, n integer) RETURNS text LANGUAGE sql AS $$
	SELECT state FROM dv.copy WHERE store = a_store AND blob = dv.unhex(digest('blob', n))
$$;
-- Is what stands the same as what the facts make?
CREATE FUNCTION tap.same(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before jsonb;
BEGIN
	SELECT jsonb_agg(to_jsonb(c) ORDER BY c.store, c.blob) INTO before FROM dv.copy c;
	PERFORM dv.copies_rebuild();
	RETURN is((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.store, c.blob) FROM dv.copy c), before, what);
END
$$;
CREATE FUNCTION tap.item(n integer, result text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN jsonb_build_object('blob', digest('blob', n), 'result', result, 'size', 100, 'logged', 'good') || more;
-- Time, as if it had been: what is derived moves, and so what is due.
CREATE FUNCTION tap.found(run integer, VARIADIC items jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT do_as('dv_keep', format('SELECT dv.scrub_found(%L, %L)', uid('run', run), to_jsonb(items)))
$$;
CREATE FUNCTION tap.begin(run integer, store text DEFAULT 'vault', everything boolean DEFAULT true) RETURNS text
	LANGUAGE sql AS $$
	SELECT do_as('dv_keep', format('SELECT dv.scrub_begin(%L, %L, %L)', store, uid('run', run), everything))
$$;
CREATE FUNCTION tap.over(run integer) RETURNS text LANGUAGE sql AS $$
	SELECT do_as('dv_keep', format('SELECT dv.scrub_end(%L)', uid('run', run)))
$$;

-- ---- rights ----

SELECT matches(do_as(login, call), want, login || ': ' || call) FROM (VALUES
	('jian', $$SELECT dv.scrub_begin('vault', gen_random_uuid(), false)$$, '^42501'),
	('jian', $$SELECT dv.store_set('second', 'all', 'P30D', 'x')$$, '^42501'),
	('ma', $$SELECT dv.store_set('se cond', 'all', 'P30D', 'x')$$, '^22023.*an id is'),
	('ma', $$SELECT dv.store_set('second', 'all', 'P30D', ' ')$$, '^22023.*say why'),
	('ma', $$SELECT dv.store_set('second', 'some', 'P30D', 'x')$$, '^22023.*all, or nothing'),
	('ma', $$SELECT dv.store_set('second', NULL, 'P30D', 'x')$$, '^22023.*all, or nothing'),
	('ma', $$SELECT dv.store_set('second', 'all', 'P31D', 'x')$$, '^23514.*1 to 30 days'),
	('ma', $$SELECT dv.store_set('second', 'all', 'PT1H', 'x')$$, '^23514.*1 to 30 days'),
	('ma', $$SELECT dv.store_set('vault', 'nothing', NULL, 'x')$$, '^23514.*holds all'),
	('dv_keep', $$SELECT dv.scrub_begin('second', gen_random_uuid(), false)$$, '^P0002.*vaultctl store set'),
	('dv_keep', $$SELECT dv.scrub_next(gen_random_uuid(), 1)$$, '^P0002.*it is over'),
	('dv_keep', $$SELECT count(*) FROM dv.copy$$, '^42501'),
	('dv_keep', $$SELECT dv.copies_rebuild()$$, '^42501'),
	('dv_keep', $$SELECT dv.copy_events_note('vault', NULL, '[]')$$, '^42501'))
	AS x(login, call, want);

-- ---- from the first moment ----

SELECT is(states('vault'), 'present 3', 'what came in is in the vault');
SELECT is(states('second'), NULL, 'and nowhere else');
SELECT is((SELECT array_agg(DISTINCT check_at - since) FROM dv.copy), ARRAY[interval '24 hours'],
	'to be read once more within a day');
SELECT same('the facts say the same');
SELECT is(do_as('ma', $$SELECT dv.store_set('second', 'all', 'P20D', 'a second disk')$$), '', 'a second store');
SELECT is(states('second'), 'wanted 3', 'is owed all that there is');
SELECT is(ingest(seg(4)), 1, 'what comes in then');
SELECT is(states('vault') || '; ' || states('second'), 'present 4; wanted 4', 'is owed to it too');
SELECT same('the facts say the same of two stores');

-- ---- a scrub ----

SELECT is(begin(1), '', 'it begins');
CREATE FUNCTION tap.next(run integer, how_many integer DEFAULT 100) RETURNS TABLE (blob text, state text, logged text, leaving boolean)
	LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL SESSION AUTHORIZATION dv_keep;
	RETURN QUERY SELECT n.blob, n.state, n.logged, n.leaving FROM dv.scrub_next(uid('run', run), how_many) n;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
END
$$;
SELECT is((SELECT count(*) FROM next(1)), 4::bigint, 'all are to be read');
SELECT is((SELECT count(*) FROM next(1, 3)), 3::bigint, 'or some');
SELECT is((SELECT array_agg(DISTINCT state || ' ' || logged || ' ' || leaving) FROM next(1)), ARRAY['present good false'],
	'the log has them');
SELECT is(found(1, item(1, 'whole'), item(2, 'damaged', '{"size": 99, "found": "beef"}'), item(3, 'missing'),
	item(4, 'unreadable', '{"error": "disk"}')), '', 'a batch');
SELECT is(states('vault'), 'damaged 1, missing 1, present 1, unreadable 1', 'is where it stands');
SELECT is((SELECT string_agg(code || ' ' || severity, ', ' ORDER BY code) FROM dv.finding WHERE subject_kind = 'blob'),
	'storage_damaged violation, storage_damaged violation, storage_damaged violation', 'each is found');
SELECT is((SELECT detail ->> 'was' || ' ' || (detail ->> 'size') || ' ' || (detail ->> 'found') || ' ' || (detail ->> 'store')
	|| ' ' || jsonb_array_length(detail -> 'segments') FROM dv.finding WHERE subject = digest('blob', 2)),
	'damaged 99 beef vault 1', 'with what it was');
SELECT same('the facts say the same of what is bad');
SELECT is((SELECT count(*) FROM next(1)), 0::bigint, 'nothing is read twice');
SELECT is(found(1, item(2, 'damaged')), '', 'told twice');
SELECT is((SELECT count(*) FROM dv.finding WHERE subject = digest('blob', 2)), 1::bigint, 'it is one finding');
SELECT is((SELECT count(*) FROM dv.copy_event WHERE kind = 'damaged'), 1::bigint, 'and one event');
SELECT is(found(1, item(2, 'repaired', jsonb_build_object('was', 'damaged', 'from', 'second', 'aside', 'x.1')),
	item(3, 'repaired', '{"was": "missing", "from": "second"}'), item(4, 'whole')), '', 'repaired, or whole again');
SELECT is(states('vault'), 'present 4', 'is all there');
SELECT is((SELECT string_agg(kind, ' ' ORDER BY event) FROM dv.copy_event WHERE blob = dv.unhex(digest('blob', 2))),
	'damaged set_aside repaired', 'what was bad is kept');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'storage_repaired' AND severity = 'notice'), 2::bigint,
	'which is a notice');
SELECT is((SELECT array_agg(check_at - since) FILTER (WHERE checked_at IS NULL) FROM dv.copy WHERE store = 'vault'),
	ARRAY[interval '24 hours', interval '24 hours'], 'what was made anew is read once more within a day');
SELECT is((SELECT array_agg(DISTINCT check_at - checked_at) FROM dv.copy WHERE store = 'vault' AND checked_at IS NOT NULL),
	ARRAY[interval '30 days'], 'what was read in thirty');
SELECT same('the facts say the same of what was repaired');
SELECT is(over(1), '', 'it ends');
SELECT is((SELECT checked || ' ' || whole || ' ' || damaged || ' ' || missing || ' ' || unreadable || ' ' || repaired || ' '
	|| interrupted FROM dv.scrub_run), '8 2 3 2 1 2 false', 'and is counted');
SELECT matches(found(1, item(1, 'whole')), '^P0002.*it is over', 'once');

-- ---- the second store ----

SELECT is(begin(2, 'second', false), '', 'what is owed is due at once');
SELECT is((SELECT count(*) FROM next(2)), 4::bigint, 'all of it');
SELECT is(found(2, item(1, 'made', jsonb_build_object('from', 'vault', 'sha256', digest('s', 1), 'sm3', digest('m', 1))),
	item(2, 'owed')), '', 'one is made, one is not');
SELECT is(states('second'), 'present 1, wanted 3', 'as it stands');
SELECT is((SELECT count(*) FROM dv.blob_digest), 1::bigint, 'with other digests');
SELECT same('the facts say the same of what was made');
SELECT is(begin(3, 'second', false), '', 'another begins: the one before was interrupted');
SELECT is((SELECT interrupted || ' ' || made FROM dv.scrub_run WHERE store = 'second'), 'true 1', 'and is closed as it stood');
SELECT is(found(3, item(1, 'whole', jsonb_build_object('sha256', digest('s', 2), 'sm3', digest('m', 1)))), '', 'another digest');
SELECT is((SELECT detail ->> 'recorded_sha256' FROM dv.finding WHERE code = 'storage_record_differs'), digest('s', 1), 'is found');
SELECT is(found(3, item(3, 'made', '{"from": "vault", "size": 7}')), '', 'another size');
SELECT is((SELECT detail ->> 'recorded_size' FROM dv.finding WHERE code = 'storage_record_differs' AND fact = 'size'), '100', 'too');
SELECT is(found(3, item(3, 'whole', '{"logged": "unlogged"}'), item(1, 'whole', '{"logged": "changed"}'),
	item(4, 'made', '{"logged": "waiting", "from": "vault"}')), '', 'what the log has not');
SELECT is((SELECT string_agg(code || ' ' || subject_kind, ', ' ORDER BY code) FROM dv.finding WHERE code LIKE 'custody%'),
	'custody_event_waiting store, custody_row_changed row, custody_row_unlogged row', 'is the log''s finding');
SELECT is(over(3), '', 'over');
SELECT same('the facts say the same of two runs');

-- ---- the log ----

SELECT is((SELECT array_agg(DISTINCT dv.blob_logged(b)) FROM dv.blob b), ARRAY['good'], 'as it came');
SET LOCAL session_replication_role = replica;
ALTER TABLE dv.blob DISABLE TRIGGER append_only;
UPDATE dv.blob SET size = 101 WHERE hash = dv.unhex(digest('blob', 1));
ALTER TABLE dv.custody_event DISABLE TRIGGER append_only;
UPDATE dv.custody_event SET leaf = '\xff' WHERE source = 'blob' AND key = digest('blob', 2);
UPDATE dv.custody_event SET key = 'x' WHERE source = 'blob' AND key = digest('blob', 3);
UPDATE dv.custody_event SET recorded_at = now() - interval '61 seconds' WHERE source = 'blob' AND key = digest('blob', 4);
SET LOCAL session_replication_role = origin;
SELECT is((SELECT dv.blob_logged(b) FROM dv.blob b WHERE hash = dv.unhex(digest('blob', n))), want, want)
FROM (VALUES (1, 'changed'), (2, 'changed'), (3, 'unlogged'), (4, 'waiting')) AS x(n, want);
INSERT INTO dv.custody_entry (leaf_index, event) SELECT 0, event FROM dv.custody_event WHERE source = 'blob' AND key = digest('blob', 4);
SELECT is((SELECT dv.blob_logged(b) FROM dv.blob b WHERE hash = dv.unhex(digest('blob', 4))), 'good', 'once it has its place');

-- ---- what is disposed of ----

SELECT is(do_as('dv_owner', format($$SELECT dv.copy_events_note('vault', NULL, '[{"blob": "%s", "kind": "removed"}]')$$,
	digest('blob', 4))), '', 'removed');
SELECT is(begin(4), '', 'a scrub');
SELECT is((SELECT count(*) FROM next(4) WHERE blob = digest('blob', 4)), 0::bigint, 'does not look for it');
SELECT is(found(4, item(4, 'missing')), '', 'told all the same');
SELECT is(state('vault', 4), 'removed', 'it is not missing');
SELECT is(do_as('dv_keep', format($$SELECT dv.scrub_lock('%s', '["%s"]')$$, uid('run', 4), digest('blob', 4))), '', 'may it be written?');
CREATE FUNCTION tap.locked(run integer, n integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	r bigint;
BEGIN
	SET LOCAL SESSION AUTHORIZATION dv_keep;
	SELECT count(*) INTO r FROM dv.scrub_lock(uid('run', run), jsonb_build_array(digest('blob', n)));
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN r;
END
$$;
SELECT is(locked(4, 4), 0::bigint, 'what was removed may not');
SELECT is(locked(4, 1), 1::bigint, 'what is there may');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'storage_left_over'), 0::bigint, 'nothing is left over');
SELECT is(do_as('dv_keep', format($$SELECT dv.scrub_extra('%s', '[{"name": "%s", "kind": "removed"},
	{"name": "%s", "kind": "unlogged"}, {"name": "zz/x", "kind": "foreign"}]', 3, 5)$$, uid('run', 4), digest('blob', 4),
	digest('blob', 9))), '', 'what lies there besides');
SELECT is((SELECT string_agg(code, ' ' ORDER BY code) FROM dv.finding WHERE code IN ('storage_left_over', 'blob_unlogged',
	'catalog_is_older')), 'blob_unlogged blob_unlogged catalog_is_older storage_left_over',
	'is found, and that the log knows more than the catalog');
SELECT is(over(4), '', 'over');
SELECT is((SELECT extra FROM dv.scrub_run WHERE run = uid('run', 4)), 3::bigint, 'counted');

-- ---- a store that was set back ----

-- What is there is older: the transaction's time is one.
ALTER TABLE dv.blob DISABLE TRIGGER append_only;
UPDATE dv.blob SET recorded_at = recorded_at - interval '1 hour';
SELECT ingest(VARIADIC ARRAY(SELECT seg(100 + n) FROM generate_series(1, 12) AS n));
SELECT is(begin(5), '', 'a scrub');
SELECT is(found(5, VARIADIC ARRAY(SELECT item(100 + n, 'missing') FROM generate_series(1, 12) AS n)), '', 'of which a dozen is gone');
SELECT is(over(5), '', 'over');
SELECT is((SELECT detail ->> 'missing' FROM dv.finding WHERE code = 'store_is_older'), '12', 'the newest: it was set back');
UPDATE dv.blob SET recorded_at = now() WHERE recorded_at < now();

-- ---- not in time ----

SELECT same('the facts say the same of all of this');
CREATE FUNCTION tap.watch() RETURNS text LANGUAGE sql AS $$
	SELECT raised || ' ' || (next_ms > dv.epoch_ms(now())) FROM dv.scrub_watch()
$$;
SELECT is((SELECT r FROM watch() AS r), '0 true', 'nothing is late');
UPDATE dv.copy SET check_at = now() - interval '24 hours' WHERE store = 'vault' AND state = 'present'
	AND blob = dv.unhex(digest('blob', 1));
UPDATE dv.copy SET since = now() - interval '25 hours' WHERE store = 'second' AND state = 'wanted'
	AND blob = dv.unhex(digest('blob', 101));
SELECT is((SELECT r FROM watch() AS r), '2 true', 'two stores are');
SELECT is((SELECT string_agg(code || ' ' || subject || ' ' || (detail ->> 'copies'), ', ' ORDER BY code) FROM dv.finding
	WHERE code IN ('scrub_overdue', 'copy_missing')), 'copy_missing second 1, scrub_overdue vault 1', 'which');
SELECT is((SELECT r FROM watch() AS r), '0 true', 'once a day');
SELECT ok(dv.copies_rebuild() > 0, 'what was moved by hand is as it was');

-- ---- drills ----

SELECT matches(do_as('dv_keep', format($$SELECT dv.drill_begin('%s', 'second', '%s', 1, 'x')$$, uid('dr', 1), digest('blob', 1))),
	'^23514.*never damaged', 'with no evidence');
SELECT is(do_as('dv_keep', format($$SELECT dv.drill_begin('%s', 'second', '%s', 1, 'x')$$, uid('dr', 1), digest('drill', 1))), '',
	'with a blob of its own');
SELECT is(begin(6, 'second'), '', 'a scrub');
SELECT is(do_as('dv_keep', format($$SELECT dv.scrub_found('%s', '[{"blob": "%s", "result": "damaged"}]')$$, uid('run', 6),
	digest('drill', 1))), '', 'finds it');
SELECT is((SELECT severity || ' ' || (detail ->> 'drill') FROM dv.finding WHERE subject = digest('drill', 1)),
	'notice ' || uid('dr', 1), 'counted as a notice, named as a drill');
SELECT is((SELECT count(*) FROM dv.finding_state WHERE subject = digest('drill', 1)), 0::bigint, 'which nobody answers');
DELETE FROM dv.notice_news WHERE finding NOT IN (SELECT finding FROM dv.finding WHERE subject = digest('drill', 1));
SELECT is((SELECT made FROM dv.notices_make('[{"channel": "c", "language": "en", "at_once": "violation", "full": true}]')) > 0,
	true, 'but told at once');
SELECT is((SELECT count(*) FROM dv.notice n JOIN dv.finding f ON n.subject = f.finding::text
	WHERE f.subject = digest('drill', 1)), 1::bigint, 'as a violation is');
SELECT is(over(6), '', 'over');
SAVEPOINT called;	-- evidence that was called a drill's blob before it came in
SET LOCAL session_replication_role = replica;
INSERT INTO dv.segment (segment, placed_at, recorder, recording, seq, session, path, path_raw, size, blob, fingerprint, stored_at,
	start_at, end_at, time_source, assurance, signature, digest)
SELECT uid('seg', 99), now(), 'X', uid('rec', 99), 0, uid('sess', 99), 'x', 'x', 1, decode(digest('drill', 1), 'hex'),
	decode(digest('drill', 1), 'hex'), now(), now(), now(), 'manifest', 'sealed_at_dock', 'unsigned', 'not_claimed';
SET LOCAL session_replication_role = origin;
SELECT matches(do_as('dv_keep', format($$SELECT dv.drill_begin('%s', 'second', '%s', 1, 'x')$$, uid('dr', 2), digest('drill', 1))),
	'^23514.*never damaged', 'what is evidence by now is damaged for no drill');
SELECT is(dv.storage_finding('storage_damaged', 'second', decode(digest('drill', 1), 'hex'), 'x', '{}') ->> 'severity', NULL,
	'and counts as what it is');
ROLLBACK TO called;
SELECT same('the facts say the same of all of it');

SELECT is((SELECT string_agg(store || ' ' || copies || ' ' || present, ', ') FROM dv.fixity()),
	(SELECT string_agg(x, ', ') FROM (SELECT store || ' ' || count(*) FILTER (WHERE state <> 'removed') || ' '
		|| count(*) FILTER (WHERE state = 'present') AS x FROM dv.copy GROUP BY store ORDER BY store <> 'vault') AS y),
	'the report counts');
SELECT * FROM finish();
ROLLBACK;
