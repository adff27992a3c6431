-- Who reads which rows of 001 to 024, and who may do what with them.
--
-- Whoever is in dv_all reads all, but parties; the others what a policy of their group shows, each for itself:
-- a unit's head what is of the unit and those below it, an officer what is of theirs.  Where nothing is said
-- here nobody of them reads anything.  tests/sql/11 has, for each role, each table and view.

-- ---- what is theirs, as policies ask for it, once a statement ----

-- Recorders that are issued to me, or are of my units, now.  Their earlier revisions are shown with them:
-- whoever saw but some of these would take an old one for what is.
CREATE FUNCTION dv.my_recorders() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ARRAY(SELECT recorder::text FROM recorder_current
		     WHERE officer = (SELECT my_officer()) OR unit = ANY ((SELECT my_units())::text[]))
$$;
-- Recordings of which I made a segment.  By recorder, too: an id is what a device claims.
CREATE FUNCTION dv.my_recordings() RETURNS TABLE (recorder text, recording uuid)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT DISTINCT s.recorder::text, s.recording FROM segment s
	WHERE left(s.officer, 32) = (SELECT my_officer()) AND s.officer = (SELECT my_officer())
$$;
-- Those recordings and their segments, as findings name them.
CREATE FUNCTION dv.my_subjects() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ARRAY(SELECT r.recorder || '/' || r.recording FROM my_recordings() AS r
		     UNION ALL
		     SELECT s.segment::text FROM segment s
		     WHERE left(s.officer, 32) = (SELECT my_officer()) AND s.officer = (SELECT my_officer()))
$$;
-- Findings that I am to answer.
CREATE FUNCTION dv.my_answers() RETURNS uuid[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ARRAY(SELECT finding FROM finding_state WHERE owner = session_user::text)
$$;
-- Accounts of my units, now, and my own.
CREATE FUNCTION dv.my_accounts() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ARRAY(SELECT login::text FROM account_current
		     WHERE login = session_user::text OR unit = ANY ((SELECT my_units())::text[]))
$$;
GRANT EXECUTE ON FUNCTION dv.my_recorders(), dv.my_recordings(), dv.my_subjects(), dv.my_answers(),
	dv.my_accounts() TO dv_read;

CREATE INDEX recording_unit ON dv.recording (unit, recorded_at);
CREATE INDEX dock_session_officer ON dv.dock_session (officer, started_at) WHERE officer IS NOT NULL;
CREATE INDEX finding_state_owner ON dv.finding_state (owner) WHERE owner IS NOT NULL;

-- ---- tables ----

-- What nobody but dv_all needs: bytes and their places, what cards held, the log and who looked at what.
SELECT dv.show_rows(t::regclass) FROM unnest(ARRAY['dv.recorder', 'dv.recorder_retired', 'dv.recorder_key',
	'dv.recorder_key_revoked', 'dv.dock_session', 'dv.dock_session_listed', 'dv.dock_session_end',
	'dv.dock_session_judged', 'dv.dock_unlock', 'dv.dock_import', 'dv.dock_check', 'dv.blob', 'dv.manifest',
	'dv.manifest_seen', 'dv.recording', 'dv.segment_place', 'dv.segment', 'dv.segment_seen',
	'dv.segment_known', 'dv.segment_hole', 'dv.finding', 'dv.day_summary', 'dv.finding_summary',
	'dv.card_inventory', 'dv.card_clearing', 'dv.card_cleared', 'dv.card_challenge', 'dv.custody_source',
	'dv.custody_event', 'dv.custody_entry', 'dv.custody_checkpoint', 'dv.custody_noted',
	'dv.act', 'dv.account']) AS t;
-- What is no secret to who is in: words of rules, the units, who is an officer, with which certificate.
SELECT dv.show_rows(t::regclass, 'true') FROM unnest(ARRAY['dv.schema_version', 'dv.rule', 'dv.unit',
	'dv.officer']) AS t;

-- Of a unit, and those below it: by the unit that a row had when it came in.
SELECT dv.show_to('unit_head', t::regclass, 'unit = ANY ((SELECT dv.my_units())::text[])')
FROM unnest(ARRAY['dv.recording', 'dv.segment', 'dv.dock_import', 'dv.day_summary', 'dv.finding_summary']) AS t;
-- An import's unit is beside its session.
SELECT dv.show_to('unit_head', 'dv.dock_session', 'unit = ANY ((SELECT dv.my_units())::text[]) '
	'OR session = ANY (ARRAY(SELECT i.session FROM dv.dock_import i))');
SELECT dv.show_to('unit_head', 'dv.finding', 'unit = ANY ((SELECT dv.my_units())::text[]) '
	'OR "case" = ANY ((SELECT dv.my_cases())::text[]) OR finding = ANY ((SELECT dv.my_answers())::uuid[])');

-- Of an officer.  The index of segments is over the first 32 characters, as many as a number has.
SELECT dv.show_to('officer', 'dv.segment', 'left(officer, 32) = (SELECT dv.my_officer()) '
	'AND officer = (SELECT dv.my_officer())');
SELECT dv.show_to('officer', 'dv.recording', 'recording = ANY (ARRAY(SELECT r.recording FROM dv.my_recordings() r)) '
	'AND (recorder::text, recording) IN (SELECT r.recorder, r.recording FROM dv.my_recordings() r)');
SELECT dv.show_to('officer', 'dv.dock_import', 'officer = (SELECT dv.my_officer())');
SELECT dv.show_to('officer', 'dv.dock_session', 'officer = (SELECT dv.my_officer()) '
	'OR session = ANY (ARRAY(SELECT i.session FROM dv.dock_import i))');
SELECT dv.show_to('officer', 'dv.finding', 'officer = (SELECT dv.my_officer()) '
	'OR "case" = ANY ((SELECT dv.my_cases())::text[]) OR subject = ANY ((SELECT dv.my_subjects())::text[]) '
	'OR finding = ANY ((SELECT dv.my_answers())::uuid[])');

-- Of both, alike.
SELECT dv.show_to(g, t::regclass, 'recorder = ANY ((SELECT dv.my_recorders())::text[])')
FROM unnest(ARRAY['dv.recorder', 'dv.recorder_retired', 'dv.recorder_key', 'dv.recorder_key_revoked',
	'dv.dock_check']) AS t, unnest(ARRAY['unit_head', 'officer']) AS g;
-- Whoever sees the session, or the segment.
SELECT dv.show_to(g, t::regclass, format('EXISTS (SELECT FROM dv.dock_session s WHERE s.session = %s.session)', t))
FROM unnest(ARRAY['dv.dock_session_listed', 'dv.dock_session_end', 'dv.dock_session_judged',
	'dv.dock_unlock']) AS t, unnest(ARRAY['unit_head', 'officer']) AS g;
SELECT dv.show_to(g, 'dv.segment_place', 'EXISTS (SELECT FROM dv.segment s '
	'WHERE s.segment = segment_place.segment AND s.placed_at = segment_place.placed_at)')
FROM unnest(ARRAY['unit_head', 'officer']) AS g;
SELECT dv.show_to(g, 'dv.segment_hole', 'EXISTS (SELECT FROM dv.segment_place p '
	'WHERE p.segment = segment_hole.segment)')
FROM unnest(ARRAY['unit_head', 'officer']) AS g;

-- Everybody their own account.
SELECT dv.show_to('unit_head', 'dv.account', 'login = ANY ((SELECT dv.my_accounts())::text[])');
SELECT dv.show_to(g, 'dv.account', 'login = (SELECT session_user)::text')
FROM unnest(ARRAY['officer', 'legal']) AS g;

SELECT dv.show_to('legal', 'dv.finding', '"case" IS NOT NULL AND (SELECT dv.am_legal())');
SELECT dv.show_to('witness', t::regclass, 'true')
FROM unnest(ARRAY['dv.custody_checkpoint', 'dv.custody_entry']) AS t;
GRANT SELECT ON dv.custody_checkpoint, dv.custody_entry TO dv_witness;

-- A month is read as a part of dv.segment, by whose policies it is shown; by itself nobody reads it.
REVOKE ALL ON dv.segment_other FROM dv_read;

-- ---- parties ----

-- Whoever has to do with the case, and who decides; not who keeps the machine, nor who audits it.
ALTER TABLE dv.party ENABLE ROW LEVEL SECURITY;
SELECT dv.show_to(g, 'dv.party', 'true') FROM unnest(ARRAY['supervisor', 'head']) AS g;
SELECT dv.show_to('legal', 'dv.party', '(SELECT dv.am_legal())');
SELECT dv.show_to(g, 'dv.party', '"case" = ANY ((SELECT dv.my_cases())::text[])')
FROM unnest(ARRAY['unit_head', 'officer']) AS g;
GRANT SELECT ON dv.party TO dv_supervisor, dv_head, dv_legal, dv_unit_head, dv_officer;

-- Nor by the log: with the salt of a telephone number it is soon guessed.
ALTER TABLE dv.custody_salt ENABLE ROW LEVEL SECURITY;
SELECT dv.show_to(g, 'dv.custody_salt', 'true') FROM unnest(ARRAY['supervisor', 'head']) AS g;
SELECT dv.show_to(g, 'dv.custody_salt', $$NOT event IN (SELECT e.event FROM dv.custody_event e
	WHERE e.source = 'party')$$)
FROM unnest(ARRAY['admin', 'auditor']) AS g;

-- Its first character, or the first and the last few of a number.
CREATE FUNCTION dv.masked_name(a_name text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN left(a_name, 1) || repeat('*', greatest(length(a_name) - 1, 1));
CREATE FUNCTION dv.masked_number(a_number text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN length(a_number) < 8 THEN repeat('*', length(a_number))
		ELSE left(a_number, 2) || repeat('*', length(a_number) - 4) || right(a_number, 2) END;

GRANT EXECUTE ON FUNCTION dv.masked_name(text), dv.masked_number(text) TO dv_read;

-- ---- views: with the rights of who reads ----

DO $$
DECLARE
	a_view regclass;
BEGIN
	FOR a_view IN SELECT oid FROM pg_class WHERE relnamespace = 'dv'::regnamespace AND relkind = 'v' LOOP
		EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', a_view);
	END LOOP;
END
$$;

-- The one that is not: it shows, covered, what its reader may not read, of parties as they are now.
CREATE VIEW dv.party_list WITH (security_barrier = true) AS
SELECT "case", number, kind, role, dv.masked_name(name) AS name, dv.masked_number(identifier) AS identifier, by,
	entered_at
FROM dv.party p
WHERE NOT EXISTS (SELECT FROM dv.party n WHERE n."case" = p."case" AND n.replaces = p.number)
	AND (pg_has_role(current_user, 'dv_all', 'USAGE') OR "case" = ANY ((SELECT dv.my_cases())::text[])
		OR (SELECT dv.am_legal()));
GRANT SELECT ON dv.party_list TO dv_read;

-- ---- acts of people ----

-- Whoever has the role: a program's login by the database's word, a person by that and their account's.
CREATE FUNCTION dv.has_role(a_role text) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT pg_has_role(session_user, 'dv_' || a_role, 'MEMBER')
		AND coalesce((SELECT a_role = ANY ((m).roles) FROM (SELECT me() AS m) AS x
			      WHERE (m).login IS NOT NULL), true)
$$;
GRANT EXECUTE ON FUNCTION dv.has_role(text) TO dv_read;

-- As in 019; and whoever may see evidence enters that they do.  Of a person, by is who is connected.
CREATE OR REPLACE FUNCTION dv.do_act(a_kind text, a_objects text[], a_by text, a_reason text, a_detail jsonb)
	RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_act uuid;
BEGIN
	IF NOT (a_kind = 'view' OR (a_kind = 'scrub' AND (has_role('admin') OR has_role('supervisor')))
			OR (a_kind IN ('play', 'export', 'disclosure', 'hold', 'hold_released', 'disposal')
				AND has_role('supervisor'))) THEN
		RAISE EXCEPTION 'act %: not one that % may do', a_kind, session_user
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	INSERT INTO act (kind, objects, by, reason, detail)
	VALUES (a_kind, sorted(a_objects), coalesce((me()).login::text, a_by), a_reason, coalesce(a_detail, '{}'))
	RETURNING act INTO a_act;
	RETURN a_act;
END
$$;
GRANT EXECUTE ON FUNCTION dv.do_act(text, text[], text, text, jsonb) TO dv_read;

-- What 002 and 019 take a name for is of programs, who say whose word they carry.  A person carries their own.
-- TG_ARGV: the column.
CREATE FUNCTION dv.sign_row() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	IF (me()).login IS NOT NULL THEN
		new := jsonb_populate_record(new, jsonb_build_object(TG_ARGV[0], (me()).login));
	END IF;
	RETURN new;
END
$$;
CREATE TRIGGER signed BEFORE INSERT ON dv.recorder FOR EACH ROW EXECUTE FUNCTION dv.sign_row('enrolled_by');
CREATE TRIGGER signed BEFORE INSERT ON dv.recorder_retired FOR EACH ROW EXECUTE FUNCTION dv.sign_row('retired_by');
CREATE TRIGGER signed BEFORE INSERT ON dv.recorder_key FOR EACH ROW EXECUTE FUNCTION dv.sign_row('added_by');
CREATE TRIGGER signed BEFORE INSERT ON dv.recorder_key_revoked FOR EACH ROW
	EXECUTE FUNCTION dv.sign_row('recorded_by');
CREATE TRIGGER signed BEFORE INSERT ON dv.act FOR EACH ROW EXECUTE FUNCTION dv.sign_row('by');

-- ---- what is noted of rights ----

-- As in 019, and policies, how views ask, and the logins of people: whoever shows a row to others, or hides
-- one, has changed the rights.
CREATE OR REPLACE FUNCTION dv.rights() RETURNS TABLE (name text, value text)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT 'role ' || rolname, concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END,
		CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END,
		CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolreplication THEN 'replication' END,
		CASE WHEN rolbypassrls THEN 'bypassrls' END)
	FROM pg_roles
	WHERE rolname LIKE 'dv\_%' OR rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls
		OR oid IN (SELECT member FROM pg_auth_members WHERE roleid = 'dv_person'::regrole)
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
			concat(' ', reloptions, ' ', encode(sha256(convert_to(pg_get_viewdef(oid), 'UTF8')), 'hex')) END)
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
	SELECT 'policy ' || polname || ' of ' || relname, concat_ws(' ', polcmd,
		CASE WHEN NOT polpermissive THEN 'restrictive' END,
		(SELECT string_agg(CASE x WHEN 0 THEN 'public' ELSE pg_get_userbyid(x) END, ',' ORDER BY x)
		 FROM unnest(polroles) AS x),
		'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
	FROM pg_policy p JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = 'dv'::regnamespace
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

-- What follows from facts follows for every role, even where triggers are silent.
DO $$
DECLARE
	x record;
BEGIN
	FOR x IN SELECT tgrelid::regclass AS a_table, tgname FROM pg_trigger t
		 JOIN pg_class c ON c.oid = t.tgrelid
		 WHERE c.relnamespace = 'dv'::regnamespace AND NOT tgisinternal AND tgenabled <> 'A'
			AND NOT c.relispartition
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', x.a_table, x.tgname);
	END LOOP;
END
$$;
