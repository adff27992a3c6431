-- Who waits for whom while deadlines are swept: the sweep for nobody, and no lock for each of ten thousand.
SELECT no_plan();
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA tap;
CREATE FUNCTION tap.overdue(n integer, a_recorder text) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dv.raise_finding(NULL, jsonb_build_object('code', 'tap_late', 'recorder', a_recorder,
		'subject_kind', 'recording', 'subject', 'order/' || n, 'severity', 'violation', 'at', dv.utc(now())));
	UPDATE dv.finding_state SET due_at = now() - interval '1 hour' WHERE finding = dv.finding_id('tap_late', 'order/' || n, '');
	RETURN dv.finding_id('tap_late', 'order/' || n, '');
END
$$;
CREATE FUNCTION tap.state(n integer) RETURNS text LANGUAGE sql
	RETURN (SELECT state || CASE WHEN overdue THEN ' overdue' ELSE '' END FROM dv.finding_state
		WHERE finding = dv.finding_id('tap_late', 'order/' || n, ''));
CREATE FUNCTION tap.ask_on(a_name text, sql text) RETURNS text LANGUAGE sql AS $$
	SELECT x FROM dblink(a_name, sql) AS t(x text)
$$;
SELECT dblink_connect('a', format('host=%s dbname=%s user=postgres options=''-c lock_timeout=5s''',
	current_setting('unix_socket_directories'), current_database()));
-- One that waits here at all fails.
SET lock_timeout = '1s';
SET search_path = tap, dv, public;
SELECT * FROM sweep(1000);

-- ---- an answer that is being given ----

SELECT overdue(1, 'ORDER-1');
SELECT dblink_exec('a', 'BEGIN'), ask_on('a', 'SELECT s.state FROM dv.findings_to_answer(ARRAY[dv.finding_id(''tap_late'', ''order/1'', '''')]) s');
BEGIN;
SELECT lives_ok('SELECT * FROM dv.sweep()', 'what is being answered is left alone');
SELECT is(state(1), 'open', 'and not found');
SELECT is(dblink_exec('a', $$DO 'DECLARE r dv.rectification; BEGIN
	r.finding := dv.finding_id(''tap_late'', ''order/1'', ''''); r.kind := ''acknowledged''; PERFORM dv.rectify(r); END'$$), 'DO',
	'whoever answers does not wait for who looked');
SELECT dblink_exec('a', 'COMMIT');
COMMIT;
SELECT results_eq('SELECT due, raised FROM dv.sweep()', 'VALUES (1, 1)', 'then it is looked at');
SELECT is(state(1), 'acknowledged overdue', 'it was late');

-- ---- a recorder of which a batch is being written ----

SELECT overdue(2, 'ORDER-2'), overdue(3, 'ORDER-3');
SELECT dblink_exec('a', 'BEGIN'), ask_on('a', 'SELECT dv.lock_recorders(ARRAY[''ORDER-2''])::text');
SELECT results_eq('SELECT due, raised FROM dv.sweep()', 'VALUES (1, 1)', 'another''s is found meanwhile');
SELECT is(state(2) || ', ' || state(3), 'open, open overdue', 'which is that one');
SELECT dblink_exec('a', 'COMMIT');
SELECT results_eq('SELECT due, raised FROM dv.sweep()', 'VALUES (1, 1)', 'this one when it is written');

-- ---- many at once ----

BEGIN;
SELECT count(overdue(n, 'ORDER-4')) FROM generate_series(10, 20) AS n;
SELECT deadline_touch('{}', array_agg('order/' || n)) FROM generate_series(1, 501) AS n;
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND classid = 25725 \gset
ROLLBACK;
SELECT is(:locks, 0, 'no lock for each');
SELECT dblink_disconnect('a');
SELECT * FROM finish();
