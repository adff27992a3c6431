-- Enrolment: revisions, keys, retirement, and what dockd is told.
BEGIN;
SELECT no_plan();
\set key 'decode(repeat(\'ab\', 32), \'hex\')'
\set key2 'decode(repeat(\'cd\', 32), \'hex\')'

SELECT is(dv.enroll('REC-1', 7531, 255, 'S1', '019123', 'U1', 'bought', 'li', '0011223344556677', :key),
	'enrolled', 'a new recorder');
SELECT is(dv.enroll('REC-1', 7531, 255, 'S1', '019123', 'U1', 'again', 'li', '0011223344556677', :key),
	'unchanged', 'the same again');
SELECT is((SELECT count(*) FROM dv.recorder), 1::bigint, 'adds no row');
SELECT is(dv.enroll('REC-1', 7531, 255, 'S1', '019999', 'U1', 'new officer', 'li'), 'changed',
	'another officer');
SELECT is((SELECT array_agg(officer::text ORDER BY revision) FROM dv.recorder),
	ARRAY['019123', '019999'], 'is another revision, and the first one stays');
SELECT is((SELECT officer::text FROM dv.recorder_list), '019999', 'the last one counts');

SELECT throws_ok($$SELECT dv.enroll('REC-2', 7531, 255, 'S1', NULL, NULL, 'r', 'li')$$, '23505',
	'recorder REC-1 is enrolled with the same USB identity: retire it first',
	'one USB identity, one recorder');
SELECT throws_ok(format($$SELECT dv.enroll('REC-2', 1, 2, '', NULL, NULL, %L, 'li')$$, reason), '23514',
	NULL, 'no enrolment without a reason') FROM unnest(ARRAY['', '  ']) AS reason;
SELECT throws_ok(format($$SELECT dv.enroll(%L, 1, 2, '', NULL, NULL, 'r', 'li')$$, id), '23514', NULL,
	'not an id: ' || id) FROM unnest(ARRAY['', 'a b', 'REC/1', '记录仪', repeat('x', 33)]) AS id;
SELECT throws_ok($$SELECT dv.enroll('REC-2', 65536, 2, '', NULL, NULL, 'r', 'li')$$, '23514', NULL,
	'not a vendor');

SELECT is(dv.key_add('REC-1', 'aabbccddeeff0011', :key2, NULL, NULL, 'second', 'li'), true, 'a key');
SELECT is(dv.key_add('REC-1', 'aabbccddeeff0011', :key2, NULL, NULL, 'second', 'li'), false, 'once');
SELECT is((SELECT count(*) FROM dv.recorders()), 2::bigint, 'dockd is told a row a key');
SELECT is((SELECT from_ms FROM dv.recorders() WHERE key_id = 'AABBCCDDEEFF0011'), 946684800000,
	'believed from 2000 on, when nothing else is said');
SELECT is(dv.enroll('REC-2', 1, 2, '', NULL, NULL, 'r', 'li'), 'enrolled', 'another recorder');
SELECT throws_ok(format($$SELECT dv.key_add('REC-2', 'AABBCCDDEEFF0011', %L, NULL, NULL, 'r', 'li')$$,
	:key2), '23505', 'key AABBCCDDEEFF0011 belongs to another recorder: each recorder has its own',
	'one key, one recorder');
SELECT throws_ok($$SELECT dv.key_add('REC-9', 'AABBCCDDEEFF0011', '\x00', NULL, NULL, 'r', 'li')$$,
	'P0002', NULL, 'no key without recorder');
SELECT is((SELECT key FROM dv.recorders() WHERE recorder = 'REC-2'), NULL,
	'one without keys is one row');

SELECT lives_ok($$SELECT dv.key_revoke('REC-1', 'aabbccddeeff0011', '2026-11-01T00:00:00Z', 'lost', 'li')$$,
	'a key is revoked');
SELECT is((SELECT revoked_ms FROM dv.recorders() WHERE key_id = 'AABBCCDDEEFF0011'), 1793491200000,
	'from the moment told');
SELECT throws_ok($$SELECT dv.key_revoke('REC-1', 'aabbccddeeff0011', NULL, 'lost', 'li')$$, '23505',
	NULL, 'once');
SELECT throws_ok($$SELECT dv.key_revoke('REC-1', '0000000000000000', NULL, 'lost', 'li')$$, 'P0002',
	'recorder REC-1 has no key 0000000000000000: look at its keys', 'and only if it is there');
SELECT throws_ok(format($$SELECT dv.enroll('REC-1', 7531, 255, 'S1', '019999', 'U1', 'r', 'li',
		'AABBCCDDEEFF0011', %L)$$, :key2), '23505',
	'key AABBCCDDEEFF0011 of recorder REC-1 is revoked: make a new key', 'and is not enrolled again');
SELECT throws_ok($$SELECT dv.key_add('REC-1', '0011223344556677', sha256('x'), NULL, NULL, 'r', 'li')$$,
	'23505', 'recorder REC-1 has another key with the id 0011223344556677: make a new key',
	'an id means one key, or revoking would hit either');

SELECT dv.key_add('REC-2', lpad(to_hex(i), 16, '0'), sha256(i::text::bytea), NULL, NULL, 'r', 'li')
FROM generate_series(1, 16) AS i;
SELECT throws_ok($$SELECT dv.key_add('REC-2', 'AABBCCDDEEFF0022', sha256('x'), NULL, NULL, 'r', 'li')$$,
	'54000', NULL, 'sixteen keys are the most');

SELECT throws_ok($$SELECT dv.retire('REC-1', '', 'li')$$, '23514', NULL, 'not without a reason');
SELECT lives_ok($$SELECT dv.retire('REC-1', 'broken', 'li')$$, 'retired');
SELECT is((SELECT count(*) FROM dv.recorders() WHERE recorder = 'REC-1'), 0::bigint, 'dockd forgets it');
SELECT is((SELECT state FROM dv.recorder_list WHERE recorder = 'REC-1'), 'retired', 'people do not');
SELECT throws_ok($$SELECT dv.retire('REC-1', 'broken', 'li')$$, 'P0002', NULL, 'once');
SELECT is(dv.enroll('REC-3', 7531, 255, 'S1', NULL, NULL, 'new id', 'li'), 'enrolled',
	'its USB identity is free');
SELECT lives_ok($$SELECT dv.retire('REC-3', 'mistake', 'li')$$, 'until');
SELECT is(dv.enroll('REC-1', 7531, 255, 'S1', '019999', 'U1', 'repaired', 'li'), 'enrolled',
	'it comes back');
SELECT is((SELECT max(revision) FROM dv.recorder WHERE recorder = 'REC-1'), 3, 'as a revision');

SELECT * FROM finish();
ROLLBACK;
