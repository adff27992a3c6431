-- The order of the log: each event gets one place and none is passed over, whatever transactions are
-- open meanwhile.  With connections of its own, so what happens here stays: acts, and their places.
SELECT no_plan();
SET client_min_messages = warning;
CREATE EXTENSION dblink SCHEMA tap;

CREATE FUNCTION tap.connect(a_name text, a_role text DEFAULT 'postgres') RETURNS text LANGUAGE sql AS $$
	SELECT dblink_connect(a_name, format('host=%s dbname=%s user=%s',
	current_setting('unix_socket_directories'),
		current_database(), a_role))
$$;
-- On another connection: the first column of the first row.
CREATE FUNCTION tap.ask(a_name text, sql text) RETURNS text LANGUAGE sql AS $$
	SELECT x FROM dblink(a_name, format('SELECT (%s)::text', sql)) AS t(x text)
$$;
-- An act there, and its event.
CREATE FUNCTION tap.act(a_name text) RETURNS bigint LANGUAGE sql AS $$
	SELECT ask(a_name, $q$dv.do_act('view', '{}', 'tap', NULL, NULL)$q$);
	SELECT ask(a_name, $q$currval('dv.custody_event_event_seq')$q$)::bigint
$$;
CREATE TEMPORARY TABLE marks (mark text, placed integer, size bigint);
-- As custodyd asks, with what it was answered last.
CREATE FUNCTION tap.sequence(a_count integer) RETURNS integer LANGUAGE sql AS $$
	UPDATE marks SET (size, placed, mark) = (SELECT x.size::bigint, x.placed::integer, x.mark
		FROM dblink('custodyd',
		format('SELECT size::text, placed::text, mark FROM dv.log_sequence(%s, %L)', a_count,
		mark)) AS x(size text, placed text, mark text))
	RETURNING placed
$$;
CREATE FUNCTION tap.low() RETURNS bigint LANGUAGE sql AS $$ SELECT split_part(mark, '/', 1)::bigint
	FROM marks $$;
CREATE FUNCTION tap.place(a_event bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT leaf_index
	FROM dv.custody_entry WHERE event = a_event $$;
CREATE FUNCTION tap.events() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM dv.custody_event $$;
CREATE FUNCTION tap.last() RETURNS bigint LANGUAGE sql AS $$ SELECT last_value
	FROM dv.custody_event_event_seq $$;

SELECT is(seqcache, 1::bigint, 'no session takes numbers ahead') FROM pg_sequence
WHERE seqrelid = 'dv.custody_event_event_seq'::regclass;

INSERT INTO marks VALUES (NULL, 0, 0);
SELECT connect(x, CASE x WHEN 'custodyd' THEN 'dv_custody' ELSE 'postgres' END)
	FROM unnest(ARRAY['custodyd', 'a', 'b', 'c']) AS x;

-- ---- from the beginning, in parts ----

SELECT is(sequence(10), 10, 'the first ten');
SELECT is(size, 10::bigint, 'make a log of ten') FROM marks;
SELECT cmp_ok(sequence(65536), '>', 0, 'the rest');
SELECT is(size, events(), 'is all there is') FROM marks;
SELECT is(sequence(65536), 0, 'and then nothing');
SELECT is(low(), last(), 'the mark is behind all of it');
SELECT is(mark, last() || '//', 'and nothing is open') FROM marks;
SELECT is(sequence(65536), 0, 'asking when nothing is new');
SELECT is(mark, last() || '//', 'uses nothing up') FROM marks;
SELECT is((SELECT array_agg(leaf_index ORDER BY leaf_index) FROM dv.custody_entry),
	(SELECT array_agg(i - 1 ORDER BY i) FROM generate_series(1, events()) AS i),
	'places without gaps');
SELECT is((SELECT array_agg(event ORDER BY leaf_index) FROM dv.custody_entry),
	(SELECT array_agg(event ORDER BY event) FROM dv.custody_entry), 'in the order of the numbers');

-- ---- a lower number that shows after a higher one has its place ----

CREATE TEMPORARY TABLE n AS SELECT low() AS at_first, NULL::bigint AS early, NULL::bigint AS late,
	NULL::bigint AS more;
SELECT dblink_exec('a', 'BEGIN');
UPDATE n SET early = act('a');
UPDATE n SET late = act('b');
SELECT cmp_ok(early, '<', late, 'one begins first') FROM n;
SELECT is(sequence(100), 1, 'and the other, which is over, does not wait for it');
SELECT is(place(late), size - 1, 'but has its place') FROM n, marks;
SELECT is(sequence(100), 0, 'the first is not to be seen yet');
UPDATE n SET more = act('b');
SELECT is(sequence(100), 1, 'nor does one more wait');
SELECT is(sequence(100), 0, 'time passes');
SELECT is(low(), at_first, 'the mark stays below what is open') FROM n;
SELECT dblink_exec('a', 'COMMIT');
SELECT is(sequence(100), 1, 'over, it gets the next place');
SELECT is(place(early), size - 1, 'behind the others') FROM n, marks;
SELECT is(sequence(100), 0, 'and that was all');
SELECT is(sequence(100), 0, 'of it');
SELECT is(low(), last(), 'the mark goes on');

-- One that is taken back leaves a gap, which nothing waits for.
SELECT dblink_exec('a', 'BEGIN');
UPDATE n SET early = act('a');
UPDATE n SET late = act('b');
SELECT is(sequence(100), 1, 'beside one that will be taken back');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT is(sequence(100), 0, 'nothing came of it');
SELECT is(sequence(100), 0, 'nor will');
SELECT is(low(), last(), 'and the mark is beyond');
SELECT is(place(early), NULL, 'its number has no place') FROM n;

-- One in a part of a transaction that is taken back, as a refused record is.
SELECT dblink_exec('a', 'BEGIN');
UPDATE n SET early = act('a');
SELECT dblink_exec('a', 'SAVEPOINT x');
UPDATE n SET more = act('a');
SELECT dblink_exec('a', 'ROLLBACK TO x');
UPDATE n SET late = act('b');
SELECT is(sequence(100), 1, 'a part taken back');
SELECT is(sequence(100), 0, 'the whole is open still');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(sequence(100), 1, 'and over now');
SELECT ok(place(early) IS NOT NULL AND place(more) IS NULL, 'without the part') FROM n;

-- A long transaction that logs nothing delays the mark and nothing else; and so does one that began
-- before, and logs once the mark could have passed it.
SELECT dblink_exec('a', 'BEGIN');
SELECT isnt(ask('a', 'SELECT pg_current_xact_id()'), NULL, 'a long transaction');
UPDATE n SET at_first = low(), late = act('b');
SELECT is(sequence(100), 1, 'others have their places');
SELECT is(sequence(100), 0, 'at once');
SELECT is(sequence(100), 0, 'at once');
SELECT cmp_ok(low(), '<', late, 'the mark waits') FROM n;
UPDATE n SET early = act('a');
UPDATE n SET more = act('b');
SELECT is(sequence(100), 1, 'now it logs');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(sequence(100), 1, 'and is not passed over');
SELECT is(place(early), size - 1, 'its event') FROM n, marks;

-- In parts smaller than what there is, the mark is at the last that was placed at most.
UPDATE n SET early = act('a');
SELECT act('b') FROM generate_series(1, 5);
SELECT is(sequence(2), 2, 'two of six');
SELECT is(sequence(2), 2, 'four');
SELECT cmp_ok(low(), '<=', max(event), 'the mark is no further than what is placed')
	FROM dv.custody_entry;
SELECT is(sequence(2), 2, 'six');
SELECT is(sequence(2), 0, 'and no more');

-- ---- two that sequence at once: the second waits, and then gives what is left ----

SELECT act('b');
SELECT dblink_exec('a', 'BEGIN');
SELECT is(ask('a', 'SELECT placed FROM dv.log_sequence(100, NULL)'), '1',
	'one has placed it and is not over');
SELECT is(dblink_send_query('b', 'SELECT placed::text FROM dv.log_sequence(100, NULL)'), 1,
	'another one asks');
DO $$ BEGIN	-- until it waits: what it waits for is a row of pg_locks
	WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 25722
	AND NOT granted) LOOP
		PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
	END LOOP;
END $$;
SELECT dblink_exec('a', 'COMMIT');
SELECT is(x, '0', 'and places nothing twice') FROM dblink_get_result('b') AS t(x text);
SELECT is(count(*), 0::bigint, '(that was all)') FROM dblink_get_result('b') AS t(x text);
SELECT is(sequence(100), 0, 'nor does the first');

-- ---- the lock of the one sequencer ----

SELECT is(ask('custodyd', 'dv.log_lock()'), 'true', 'custodyd has the lock');
SELECT is(ask('a', 'dv.log_lock()'), 'false', 'a second one does not');
SELECT dblink_disconnect('custodyd');
DO $$ BEGIN	-- its backend ends when it has noticed
	WHILE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 25722) LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT is(ask('a', 'dv.log_lock()'), 'true', 'until the first is gone');
SELECT connect('custodyd', 'dv_custody');

-- ---- any order of things ----

CREATE TEMPORARY TABLE opened (name text PRIMARY KEY, open boolean NOT NULL);
INSERT INTO opened SELECT x, false FROM unnest(ARRAY['a', 'b', 'c']) AS x;
SELECT setseed(0.4);
DO $$
DECLARE
	x record;
	what integer;
BEGIN
	FOR i IN 1..1500 LOOP
		SELECT * INTO x FROM opened ORDER BY random() LIMIT 1;
		what := floor(random() * 6);
		CASE
		WHEN what < 2 THEN PERFORM act(x.name);
		WHEN what = 2 AND NOT x.open THEN PERFORM dblink_exec(x.name, 'BEGIN');
		WHEN what = 2 THEN PERFORM dblink_exec(x.name, CASE WHEN random() < 0.7 THEN 'COMMIT'
		ELSE 'ROLLBACK' END);
		ELSE PERFORM sequence(1 + floor(random() * 4)::integer);
		END CASE;
		UPDATE opened SET open = (what = 2) <> x.open WHERE name = x.name;
		COMMIT;		-- this is a transaction, too
	END LOOP;
END
$$;
SELECT dblink_exec(name, 'COMMIT') FROM opened WHERE open;
SELECT cmp_ok(sequence(1000), '>=', 0, 'the end');
SELECT is(sequence(1000), 0, 'and no more');
SELECT is(sequence(1000), 0, 'of it');
SELECT is(array_agg(event), NULL, 'no event was passed over') FROM dv.custody_event
WHERE event NOT IN (SELECT event FROM dv.custody_entry);
SELECT is(count(*), events(), 'none has two places') FROM dv.custody_entry;
SELECT is(max(leaf_index) + 1, events(), 'no place is empty') FROM dv.custody_entry;
SELECT is(low(), last(), 'the mark is behind all of it');
SELECT ok(count(*) > 0, 'numbers that nobody has') FROM generate_series(1, last()) AS i
	WHERE i NOT IN (SELECT event FROM dv.custody_event);

-- ---- what is signed ----

SELECT results_eq(format($$SELECT leaf_index, event, leaf FROM dv.log_leaves(%s, %s)$$, size - 3,
	size + 5),
	format($$SELECT x.leaf_index, x.event, encode(e.leaf, 'hex') FROM dv.custody_entry x
	JOIN dv.custody_event e USING (event)
		WHERE x.leaf_index >= %s ORDER BY 1$$, size - 3), 'the leaves at the end') FROM marks;
SELECT results_eq($$SELECT entries, size, root, note, waiting, oldest_ms FROM dv.log_state()$$,
	format('SELECT %s::bigint, NULL::bigint, NULL, NULL, 0::bigint, NULL::bigint', size),
	'nothing is signed yet') FROM marks;
SELECT is(dv.log_signed(5, repeat('a', 64), 'note'), true, 'five are');
SELECT is(dv.log_signed(5, repeat('a', 64), 'note'), false, 'told again');
SELECT throws_ok(format('SELECT dv.log_signed(%s, %L, ''note'')', size, root), '23505', NULL, why)
FROM (VALUES (5, repeat('b', 64), 'another root'), (4, repeat('b', 64), 'a smaller one'), (4,
	repeat('a', 64), 'with that root, too')) AS x(size, root, why);
SELECT is(dv.log_signed(7, repeat('c', 64), 'note 7'), true, 'more are');
SELECT is(dv.log_signed(5, repeat('a', 64), 'note'), false, 'told again');
SELECT throws_ok($$SELECT dv.log_signed(9, 'x', 'note')$$, '23514', NULL, 'a root is a digest');
SELECT act('b');
SELECT results_eq($$SELECT size, root, note, waiting, oldest_ms BETWEEN 0 AND 600000
	FROM dv.log_state((SELECT mark FROM marks))$$,
	$$VALUES (7::bigint, repeat('c', 64), 'note 7', 1::bigint, true)$$, 'the state');

-- ---- who listens is told, once a transaction ----

SELECT is(ask('custodyd', $$(SELECT 1)$$), '1', 'listening');
SELECT dblink_exec('custodyd', 'LISTEN dv_custody');
SELECT dblink_exec('b', 'BEGIN');
SELECT act('b'), act('b');
SELECT is(count(*), 0::bigint, 'not before it is over') FROM dblink_get_notify('custodyd');
SELECT dblink_exec('b', 'COMMIT');
SELECT is(ask('custodyd', $$(SELECT 1)$$), '1', 'told beside the next answer');
SELECT is(array_agg(notify_name), ARRAY['dv_custody'], 'once') FROM dblink_get_notify('custodyd');

SELECT dblink_disconnect(x) FROM unnest(ARRAY['custodyd', 'a', 'b', 'c']) AS x;
SELECT * FROM finish();
DROP FUNCTION tap.connect, tap.ask, tap.act, tap.sequence, tap.low, tap.place, tap.events, tap.last;
DROP EXTENSION dblink;
