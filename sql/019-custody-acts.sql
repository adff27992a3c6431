-- What is logged, the log's own findings, and acts that write nothing else of their own.

-- ---- what is logged ----

-- In keys and objects there is no personal data: where a path is a part of the primary key, rows
-- get a number to be called by.
ALTER TABLE dv.manifest_seen ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE dv.card_clearing ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE dv.card_cleared ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;

-- A key is called by its id; null in what was revoked before.
ALTER TABLE dv.recorder_key_revoked ADD COLUMN key_id text CHECK (key_id ~ '^[0-9A-F]{16}$');
CREATE OR REPLACE FUNCTION dv.key_revoke(a_recorder text, a_key_id text, a_at timestamptz,
					 a_reason text, a_by text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_key bytea;
BEGIN
	PERFORM recorder_changing();
	SELECT key INTO a_key FROM recorder_key
	WHERE recorder = a_recorder AND key_id = upper(a_key_id);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'recorder % has no key %: look at its keys', a_recorder, a_key_id
			USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM recorder_key_revoked WHERE recorder = a_recorder AND key = a_key) THEN
		RAISE EXCEPTION 'key % of recorder % is revoked already', a_key_id, a_recorder
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO recorder_key_revoked (recorder, key, key_id, revoked_at, reason, recorded_by)
	VALUES (a_recorder, a_key, upper(a_key_id), coalesce(a_at, now()), a_reason, a_by);
END
$$;

-- Personal is whoever did it and whose recorder it is, free text, and paths and names, which carry
-- officers' numbers.  Not personal: recorders, units, stations, roles of the database, and digests
-- of evidence, also those over a path and the content beside it.

-- First itself, so that what follows is logged: what is in the log from when on is evidence, too.
SELECT dv.log_acts('dv.custody_source', 'logging_changed', '{source}', '{}', '{}', true);
-- The configuration of judging; its words are nobody's.
SELECT dv.log_acts('dv.rule', 'rule_changed', '{code}', '{}', '{rule:code}', true);
SELECT dv.log_acts('dv.schema_version', 'schema_migrated', '{number}', '{}', '{}');
SELECT dv.log_acts('dv.act', '=kind', '{act}', '{by,reason,detail}', '{*objects}');

SELECT dv.log_acts('dv.recorder', 'recorder_assigned', '{recorder,revision}',
	'{officer,reason,enrolled_by}', '{recorder:recorder}');
SELECT dv.log_acts('dv.recorder_retired', 'recorder_retired', '{recorder,revision}',
	'{reason,retired_by}', '{recorder:recorder}');
SELECT dv.log_acts('dv.recorder_key', 'key_enrolled', '{recorder,key}', '{reason,added_by}',
	'{key:recorder/key_id,recorder:recorder}');
SELECT dv.log_acts('dv.recorder_key_revoked', 'key_revoked', '{recorder,key}', '{reason,recorded_by}',
	'{key:recorder/key_id,recorder:recorder}');

-- A device that is not the bureau's tells its owner's name, as its product or as the card's label.
SELECT dv.log_acts('dv.dock_session', 'session_opened', '{session}',
	'{serial,manufacturer,product,officer}', '{recorder:recorder,session:session}');
SELECT dv.log_acts('dv.dock_session_listed', 'session_listed', '{session}', '{card}',
	'{session:session}');
SELECT dv.log_acts('dv.dock_session_end', 'session_closed', '{session}', '{reason}',
	'{session:session}');
SELECT dv.log_acts('dv.dock_session_judged', 'session_judged', '{session}', '{}', '{session:session}');
SELECT dv.log_acts('dv.dock_unlock', 'recorder_unlocked', '{session}', '{serial,manufacturer,product}',
	'{session:session}');
-- source: a path of whoever brought it.
SELECT dv.log_acts('dv.dock_import', 'imported', '{session}', '{source,by,officer,reason}',
	'{case:case,session:session}');
-- faults: sentences, which may name a file.
SELECT dv.log_acts('dv.dock_check', 'clock_set?clock_set:recorder_checked',
	'{session,phase,checked_at}', '{faults}', '{recorder:recorder,session:session}');

SELECT dv.log_acts('dv.blob', 'blob_stored', '{hash}', '{}', '{blob:hash}');
SELECT dv.log_acts('dv.manifest', 'manifest_stored', '{recorder,manifest}', '{officer,media_name}',
	'{blob:manifest,recorder:recorder,recording:recorder/rec}');
SELECT dv.log_acts('dv.manifest_seen', 'verdict', '{session,number}', '{path,path_raw}',
	'{blob:manifest,recorder:recorder,session:session}');
SELECT dv.log_acts('dv.recording', 'recording_added', '{recorder,recording}', '{}',
	'{recorder:recorder,recording:recorder/recording,session:session}');
SELECT dv.log_acts('dv.segment', 'object_stored', '{segment}', '{officer,path,path_raw}',
	'{blob:blob,recorder:recorder,recording:recorder/recording,segment:segment,session:session}');
SELECT dv.log_acts('dv.segment_seen', 'verdict', '{session,segment}', '{}',
	'{recorder:recorder,segment:segment,session:session}');
SELECT dv.log_acts('dv.segment_known', 'fingerprint_kept', '{recorder,fingerprint}', '{}',
	'{blob:blob,recorder:recorder}');
SELECT dv.log_acts('dv.segment_hole', 'hole_found', '{session,segment,offset}', '{}',
	'{segment:segment,session:session}');

-- entries: the paths of all files.
SELECT dv.log_acts('dv.card_inventory', 'card_listed', '{session,part}', '{entries}',
	'{blob:blob,recorder:recorder,session:session}');
SELECT dv.log_acts('dv.card_clearing', 'card_clearing', '{session,number}', '{path,path_raw}',
	'{blob:blob,recorder:recorder,session:session}');
-- why: names the file.
SELECT dv.log_acts('dv.card_cleared', 'card_cleared', '{session,number}', '{path,path_raw,why}',
	'{blob:blob,recorder:recorder,session:session}');
-- name: the dock's own.
SELECT dv.log_acts('dv.card_challenge', 'challenge_left', '{session,nonce}', '{}',
	'{recorder:recorder,session:session}');

-- ---- findings of the log itself, which belong to no session ----

ALTER TABLE dv.finding ALTER COLUMN session DROP NOT NULL,
	DROP CONSTRAINT finding_subject_kind_check,
	ADD CONSTRAINT finding_subject_kind_check CHECK (subject_kind IN ('recorder', 'session',
		'recording', 'segment', 'slot', 'log', 'row', 'event', 'blob', 'object'));

-- detail: paths, and the officer of a recorder that stayed away; fact: digests of a path alone,
-- which are soon guessed, or a device's serial number.
SELECT dv.log_acts('dv.finding', 'finding_raised', '{finding}', '{fact,detail}',
	'{finding:finding,recorder:recorder,session:session,=subject_kind:subject}');

-- True when it was not known before.
CREATE FUNCTION dv.log_finding(a_code text, a_subject_kind text, a_subject text, a_fact text,
			       a_detail jsonb) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_code NOT LIKE 'custody\_%' AND a_code NOT LIKE 'blob\_%'
			AND a_code NOT IN ('witness_silent', 'timestamp_missing') THEN
		RAISE EXCEPTION 'finding %: not one about the log', a_code
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN raise_finding(NULL, jsonb_build_object('code', a_code, 'subject_kind', a_subject_kind,
		'subject', a_subject, 'fact', a_fact, 'at', utc(now()), 'detail', a_detail));
END
$$;

-- ---- acts without facts of their own ----

-- Whoever keeps the evidence may do all that is done with it; whoever keeps the recorders and the
-- machine may look and check.
CREATE FUNCTION dv.do_act(a_kind text, a_objects text[], a_by text, a_reason text, a_detail jsonb)
	RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_act uuid;
BEGIN
	IF NOT (a_kind IN ('view', 'scrub') OR (pg_has_role(session_user, 'dv_supervisor', 'MEMBER')
			AND a_kind IN ('play', 'export', 'disclosure', 'hold', 'hold_released',
				'disposal'))) THEN
		RAISE EXCEPTION 'act %: not one that % may do', a_kind, session_user
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	INSERT INTO act (kind, objects, by, reason, detail)
	VALUES (a_kind, sorted(a_objects), a_by, a_reason, coalesce(a_detail, '{}'))
	RETURNING act INTO a_act;
	RETURN a_act;
END
$$;

-- Forget what a value was salted with: nobody can tell any more what the log says there.  False:
-- there was nothing to forget.  A case's name, as whoever imported wrote it, may be no name that an act
-- can give: the event's number is in the detail.
CREATE FUNCTION dv.erase_personal(a_event bigint, a_field text, a_reason text, a_by text)
	RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM FROM custody_salt WHERE event = a_event AND field = a_field FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	INSERT INTO act (kind, objects, by, reason, detail)
	SELECT 'personal_erased', ARRAY(SELECT o FROM unnest(objects) AS o WHERE is_object_name(o)), a_by,
		a_reason, jsonb_build_object('event', a_event, 'field', a_field)
	FROM custody_event WHERE event = a_event;
	DELETE FROM custody_salt WHERE event = a_event AND field = a_field;
	RETURN true;
END
$$;

-- Log-in failures, n of one name in a quarter of an hour: an act from the fifth on, which locks.
CREATE FUNCTION dv.login_failed(a_name text, a_from text, a_n integer) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_n < 5 THEN
		RETURN false;
	END IF;
	INSERT INTO act (kind, objects, by, detail)
	VALUES ('login_failed', '{}', coalesce(nullif(left(btrim(a_name), 500), ''), '?'),
		jsonb_build_object('from', left(a_from, 500), 'failures', a_n, 'minutes', 15));
	RETURN true;
END
$$;

-- ---- what changed that no table of ours has: roles and configurations ----

-- Note a state; true, and an act, when it is not the one noted last.  a_state: names and what they
-- are.  The act says which are new, gone, or other now, up to 1000 of them.
CREATE FUNCTION dv.note(a_what text, a_kind text, a_by text, a_state jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	before jsonb;
BEGIN
	PERFORM pg_advisory_xact_lock(25722, 2);
	SELECT state INTO before FROM custody_noted WHERE what = a_what;
	IF before = a_state THEN
		RETURN false;
	END IF;
	INSERT INTO custody_noted (what, state) VALUES (a_what, a_state)
	ON CONFLICT (what) DO UPDATE SET state = excluded.state, noted_at = now();
	INSERT INTO act (kind, objects, by, detail)
	SELECT a_kind, '{}', a_by, jsonb_build_object('what', a_what, 'first', before IS NULL,
		'sha256', encode(sha256(convert_to(canonical(a_state), 'UTF8')), 'hex'),
		'names', count(*),
		'changed', coalesce(jsonb_object_agg(x.name, jsonb_build_object('was', x.was, 'is', x.is))
			FILTER (WHERE x.n <= 1000), '{}'))
	FROM (SELECT name, o.value AS was, n.value AS is, row_number() OVER (ORDER BY name) AS n
	      FROM jsonb_each_text(coalesce(before, '{}')) AS o(name, value)
	      FULL JOIN jsonb_each_text(a_state) AS n(name, value) USING (name)
	      WHERE o.value IS DISTINCT FROM n.value) AS x;
	RETURN true;
END
$$;

-- Who may do what in this database, and what guards it: whoever turns a trigger off, or puts another
-- function in a function's place, has changed the rights.
CREATE FUNCTION dv.rights() RETURNS TABLE (name text, value text)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT 'role ' || rolname, concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END,
		CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END,
		CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolreplication THEN 'replication' END,
		CASE WHEN rolbypassrls THEN 'bypassrls' END)
	FROM pg_roles
	WHERE rolname LIKE 'dv\_%' OR rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls
	UNION ALL
	SELECT 'role ' || m.rolname || ' in ' || g.rolname,
		CASE WHEN x.admin_option THEN 'admin' ELSE '' END
	FROM pg_auth_members x JOIN pg_roles g ON g.oid = x.roleid JOIN pg_roles m ON m.oid = x.member
	UNION ALL
	SELECT 'database', concat(pg_get_userbyid(datdba), ' ', datacl)
	FROM pg_database WHERE datname = current_database()
	UNION ALL
	SELECT 'schema', concat(pg_get_userbyid(nspowner), ' ', nspacl)
	FROM pg_namespace WHERE nspname = 'dv'
	UNION ALL
	SELECT CASE relkind WHEN 'v' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'table ' END || relname,
		concat(pg_get_userbyid(relowner), ' ', relacl, CASE WHEN relkind = 'v' THEN
			' ' || encode(sha256(convert_to(pg_get_viewdef(oid), 'UTF8')), 'hex') END)
	FROM pg_class
	WHERE relnamespace = 'dv'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
		-- A new month is no change of rights, if it is as all months are.
		AND (NOT relispartition OR relacl IS NOT NULL OR relowner <> 'dv_owner'::regrole)
	UNION ALL
	SELECT 'column ' || relname || '.' || attname, attacl::text
	FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
	WHERE relnamespace = 'dv'::regnamespace AND attacl IS NOT NULL
	UNION ALL
	SELECT 'rule ' || rulename || ' of ' || relname, concat(ev_enabled, ' ', pg_get_ruledef(r.oid))
	FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
	WHERE relnamespace = 'dv'::regnamespace AND relkind IN ('r', 'p')
	UNION ALL
	SELECT 'row security of ' || relname, concat(relrowsecurity, ' ', relforcerowsecurity)
	FROM pg_class WHERE relnamespace = 'dv'::regnamespace AND relrowsecurity
	UNION ALL
	SELECT 'trigger ' || tgname || ' of ' || relname, concat(tgenabled, ' ', pg_get_triggerdef(t.oid))
	FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
	WHERE relnamespace = 'dv'::regnamespace AND NOT tgisinternal AND NOT relispartition
	UNION ALL
	SELECT 'triggers of ' || c.relname,
		string_agg(concat(tgname, ' ', tgenabled), ', ' ORDER BY tgname)
	FROM pg_class c LEFT JOIN pg_trigger t ON tgrelid = c.oid AND NOT tgisinternal
	WHERE relnamespace = 'dv'::regnamespace AND relispartition AND relkind = 'r'
	GROUP BY c.relname
	HAVING count(*) <> 2
		OR count(*) FILTER (WHERE tgenabled = 'A' AND tgname IN ('append_only', 'logged')) <> 2
	UNION ALL
	SELECT 'function ' || oid::regprocedure, concat(pg_get_userbyid(proowner), ' ', proacl, ' ',
		encode(sha256(convert_to(pg_get_functiondef(oid), 'UTF8')), 'hex'))
	FROM pg_proc WHERE pronamespace = 'dv'::regnamespace AND prokind = 'f'
$$;

CREATE FUNCTION dv.note_roles() RETURNS boolean
	LANGUAGE sql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT note('roles', 'roles_changed', session_user,
		    (SELECT jsonb_object_agg(name, value) FROM rights()))
$$;

-- The configuration that a program has loaded, by the digest of its file.
CREATE FUNCTION dv.note_config(a_station text, a_program text, a_sha256 text, a_by text)
	RETURNS boolean
	LANGUAGE sql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT note(concat_ws(' ', 'config', a_station::ident, a_program::ident), 'config_changed', a_by,
		jsonb_build_object('station', a_station, 'program', a_program, 'sha256', a_sha256::digest_hex))
$$;
