-- People: units, officers, accounts, and who sees which rows.
--
-- As recorders have it: nothing is changed, a change is a new revision, and what was true when a
-- recording came in stays readable.  A transfer moves nobody's recordings.

-- ---- roles ----

-- Groups that a person's login is put into.  dv_admin and dv_supervisor are of before.
RESET ROLE;
DO $$
DECLARE
	a_role text;
BEGIN
	FOREACH a_role IN ARRAY ARRAY['dv_person', 'dv_all', 'dv_some', 'dv_unit_head', 'dv_officer',
			'dv_head', 'dv_legal', 'dv_auditor', 'dv_witness'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = a_role) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', a_role);
		END IF;
	END LOOP;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dv_alert') THEN
		CREATE ROLE dv_alert LOGIN;
	END IF;
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO dv_alert, dv_person', current_database());
END
$$;
-- What guards an act, a sweep and the log is an advisory lock of dv_owner's functions.  PostgreSQL lets everyone
-- take any: whoever kept that of a case would keep its deadlines from ever being found, and that of the log
-- everybody from everything.
DO $$
DECLARE
	f regprocedure;
BEGIN
	IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
		RAISE WARNING 'advisory locks stay everybody''s: a superuser revokes them, as sql/023 does';
		RETURN;
	END IF;
	FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
			AND proname ~ '^pg_(try_)?advisory_(xact_)?lock' LOOP
		EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO dv_owner', f);
	END LOOP;
END
$$;
-- Who reads every row, and who those rows alone that a policy shows.
GRANT dv_all TO dv_admin, dv_supervisor, dv_head, dv_auditor;
GRANT dv_some TO dv_unit_head, dv_officer, dv_legal;
GRANT dv_read TO dv_head, dv_auditor, dv_unit_head, dv_officer, dv_legal;
SET LOCAL ROLE dv_owner;
GRANT USAGE ON SCHEMA dv TO dv_alert, dv_witness, dv_person;

-- ---- shapes ----

-- Does it say anything?  Spaces of any script, and what takes no room at all, do not.
CREATE FUNCTION dv.says(a_text text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(a_text ~ '[^[:space:][:cntrl:]\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufeff]', false);
CREATE DOMAIN dv.sentence AS text		-- that a person wrote
	CHECK ((VALUE IS NULL OR dv.says(VALUE)) AND length(VALUE) <= 2000);
-- Without what turns the direction of writing, or is not seen: two names that look alike are one.
CREATE DOMAIN dv.title AS text			-- a name, a heading
	CHECK ((VALUE IS NULL OR dv.says(VALUE)) AND length(VALUE) <= 200
		AND VALUE !~ '[[:cntrl:]\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]');
CREATE DOMAIN dv.login AS text			-- of a person: a role of the database
	CHECK (VALUE ~ '^[a-z][a-z0-9._-]{0,31}$' AND VALUE !~ '^(dv_|pg_)');

-- ---- tables ----

CREATE TABLE dv.unit (
	unit		dv.ident NOT NULL,
	revision	integer NOT NULL CHECK (revision > 0),
	parent		dv.ident,		-- null: the bureau itself
	name		dv.title NOT NULL,
	closed		boolean NOT NULL,	-- from now on nothing new belongs to it
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (unit, revision),
	CHECK (parent <> unit)
);

-- officer: what recorders carry; certificate: the number of the 执法证.
CREATE TABLE dv.officer (
	officer		dv.ident NOT NULL,
	revision	integer NOT NULL CHECK (revision > 0),
	name		dv.title NOT NULL,
	certificate	dv.ident NOT NULL,
	certified_to	date,			-- last day of the certificate; null: open
	unit		dv.ident NOT NULL,
	valid_from	date NOT NULL,		-- of this revision: a day of Shanghai
	valid_to	date,			-- last day in service; null: open
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	number		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,	-- what the log calls the row by
	PRIMARY KEY (officer, revision),
	CHECK (valid_to >= valid_from)
);

-- A login of the database, and whose it is.
CREATE TABLE dv.account (
	login		dv.login NOT NULL,
	revision	integer NOT NULL CHECK (revision > 0),
	name		dv.title NOT NULL,
	officer		dv.ident,		-- null: no law enforcement officer
	unit		dv.ident NOT NULL,
	roles		text[] NOT NULL CHECK (array_position(roles, NULL) IS NULL AND roles <@
				ARRAY['supervisor', 'unit_head', 'officer', 'head', 'legal', 'admin',
				      'auditor', 'witness']),	-- empty: closed
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	number		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,	-- what the log calls the row by
	PRIMARY KEY (login, revision),
	CHECK (NOT 'officer' = ANY (roles) OR officer IS NOT NULL)
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.unit', 'dv.officer', 'dv.account']) AS t;
SELECT dv.log_acts('dv.unit', 'unit_changed', '{unit,revision}', '{name,reason,by}', '{unit:unit}');
SELECT dv.log_acts('dv.officer', 'officer_changed', '{number}',
	'{officer,name,certificate,certified_to,reason,by}', '{unit:unit}');
SELECT dv.log_acts('dv.account', 'account_changed', '{number}',
	'{login,name,officer,reason,by}', '{unit:unit}');

-- ---- who is asking ----

-- The newest revision of each.
CREATE VIEW dv.unit_current WITH (security_invoker = true) AS
SELECT DISTINCT ON (unit) * FROM dv.unit ORDER BY unit, revision DESC;
-- Of officers that of today: what begins tomorrow is in force tomorrow.
CREATE VIEW dv.officer_current WITH (security_invoker = true) AS
SELECT DISTINCT ON (officer) * FROM dv.officer WHERE valid_from <= dv.day_of(now())
ORDER BY officer, revision DESC;
CREATE VIEW dv.account_current WITH (security_invoker = true) AS
SELECT DISTINCT ON (login) * FROM dv.account ORDER BY login, revision DESC;

-- Who is connected, of their own login; a program's login, or none known, is nobody.
CREATE FUNCTION dv.me() RETURNS dv.account
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT a FROM account a WHERE a.login::text = session_user::text ORDER BY a.revision DESC LIMIT 1
$$;

-- What is entered is entered now, and after a look at what is there now.  A transaction that was begun long
-- ago would enter it as of then, and meet a deadline that is over; one that keeps its first snapshot would
-- wait for whoever archives the case, and not see that it is archived.
CREATE FUNCTION dv.require_now(a_limit interval DEFAULT '10 minutes') RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		RAISE EXCEPTION 'this transaction is %, and would not see what others do meanwhile: begin one that is read committed',
			current_setting('transaction_isolation') USING ERRCODE = 'check_violation';
	END IF;
	IF clock_timestamp() - now() > a_limit THEN
		RAISE EXCEPTION 'this transaction was begun at %, and what is entered is entered now: begin another one',
			utc(now()) USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- Is that login the person who is connected, by this or by another account?  Where something takes two
-- people, one who had two logins is one.
CREATE FUNCTION dv.same_person(a_login text) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT a_login = session_user::text OR EXISTS (SELECT FROM account a
		WHERE a.login::text = a_login AND a.officer = (me()).officer)
$$;

-- The login of the person who does what takes one of these roles; whoever has none is refused.
-- What the database grants counts as well as what the account says: taking either away is enough.
CREATE FUNCTION dv.require_role(VARIADIC a_roles text[]) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_me account := me();
BEGIN
	PERFORM require_now();
	IF a_me.login IS NULL THEN
		RAISE EXCEPTION '% is nobody''s account: do this by a login of your own (vaultctl person list shows them)',
			session_user USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF NOT EXISTS (SELECT FROM unnest(a_roles) AS r
		       WHERE r = ANY (a_me.roles) AND pg_has_role(session_user, 'dv_' || r, 'MEMBER')) THEN
		RAISE EXCEPTION '% may not do this: it takes the role %', a_me.login,
			array_to_string(a_roles, ' or ') USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN a_me.login;
END
$$;

-- A unit and all below it.  Sixteen levels: dv.unit_set() makes no more, and no circle.
CREATE FUNCTION dv.units_below(a_unit text) RETURNS SETOF text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	WITH RECURSIVE below(unit, depth) AS (
		SELECT a_unit, 1
		UNION
		SELECT c.unit::text, b.depth + 1 FROM below b JOIN unit_current c ON c.parent = b.unit
		WHERE b.depth < 16
	)
	SELECT DISTINCT unit FROM below
$$;

-- What a policy asks; each once a statement, as (SELECT dv.my_units()).  Empty or null for nobody.
CREATE FUNCTION dv.my_units() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT CASE WHEN 'unit_head' = ANY ((m).roles) AND pg_has_role(session_user, 'dv_unit_head', 'MEMBER')
		THEN ARRAY(SELECT units_below((m).unit)) ELSE '{}' END
	FROM (SELECT me() AS m) AS x
$$;
CREATE FUNCTION dv.my_officer() RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT (m).officer::text FROM (SELECT me() AS m) AS x
	WHERE 'officer' = ANY ((m).roles) AND pg_has_role(session_user, 'dv_officer', 'MEMBER')
$$;
CREATE FUNCTION dv.am_legal() RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT 'legal' = ANY ((m).roles) FROM (SELECT me() AS m) AS x), false)
		AND pg_has_role(session_user, 'dv_legal', 'MEMBER')
$$;

-- Row-level security of one table: dv_all reads every row, dv_some those of which a_shown is true (null:
-- none), and nobody else any.  A table without it is one that test 11 refuses.
CREATE FUNCTION dv.show_rows(a_table regclass, a_shown text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', a_table);
	EXECUTE format('CREATE POLICY all_rows ON %s FOR SELECT TO dv_all USING (true)', a_table);
	IF a_shown IS NOT NULL THEN
		EXECUTE format('CREATE POLICY some_rows ON %s FOR SELECT TO dv_some USING (%s)', a_table,
			       a_shown);
	END IF;
END
$$;

-- As show_rows(), for one more group: to those in a_role also the rows of which a_shown is true.  What is
-- shown to a unit's head and what to an officer are two policies, so that neither gets the other's
-- conditions into the plan of their query.
CREATE FUNCTION dv.show_to(a_role text, a_table regclass, a_shown text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	EXECUTE format('CREATE POLICY %I ON %s FOR SELECT TO %I USING (%s)', 'to_' || a_role, a_table,
		       'dv_' || a_role, a_shown);
END
$$;

-- ---- entering units, officers, accounts ----

-- Who keeps the machine and its people, by the program's login or by their own.  One at a time: what is
-- refused for what else is there must not become so meanwhile.
CREATE FUNCTION dv.people_changing() RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_now();
	IF (me()).login IS NOT NULL THEN
		PERFORM require_role('admin');
	END IF;
	PERFORM pg_advisory_xact_lock(25721, 1);
END
$$;

CREATE FUNCTION dv.today() RETURNS date
	LANGUAGE sql STABLE
	RETURN dv.day_of(now());

-- What every change is entered with.
CREATE FUNCTION dv.check_words(a_what text, a_id text, a_name text, a_reason text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_id IS NULL OR a_id !~ '^[A-Za-z0-9._-]{1,32}$' THEN
		RAISE EXCEPTION '% %: an id is 1 to 32 characters of A-Z a-z 0-9 . _ -', a_what,
			coalesce(a_id, '?') USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT says(a_name) OR length(a_name) > 200 OR a_name ~ '[[:cntrl:]]' THEN
		RAISE EXCEPTION '% %: give it a name, of one line and 200 characters at most', a_what, a_id
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT says(a_reason) OR length(a_reason) > 500 THEN
		RAISE EXCEPTION '% %: say why, in 500 characters at most', a_what, a_id
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;

-- A unit that something new may belong to.
CREATE FUNCTION dv.open_unit(a_what text, a_unit text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	is_closed boolean;
BEGIN
	IF a_unit IS NULL THEN
		RAISE EXCEPTION '%: without a unit: name the unit it belongs to', a_what
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT closed INTO is_closed FROM unit_current WHERE unit = a_unit;
	IF NOT FOUND THEN
		RAISE EXCEPTION '%: there is no unit %: enter it first (vaultctl unit set), or look for it (vaultctl unit list)',
			a_what, a_unit USING ERRCODE = 'no_data_found';
	END IF;
	IF is_closed THEN
		RAISE EXCEPTION '%: unit % is closed: name one that is open, or open it again first', a_what,
			a_unit USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- What an officer is on a day of Shanghai; null: not in service.
CREATE FUNCTION dv.officer_at(a_officer text, a_day date) RETURNS dv.officer
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT o FROM officer o
	WHERE o.officer = a_officer AND coalesce(o.valid_to >= a_day, true) AND o.revision =
		(SELECT max(n.revision) FROM officer n WHERE n.officer = a_officer AND n.valid_from <= a_day)
$$;

-- Officers in service today or from a later day on, by their newest revision.
CREATE VIEW dv.officer_serving WITH (security_invoker = true) AS
SELECT * FROM (SELECT DISTINCT ON (officer) * FROM dv.officer ORDER BY officer, revision DESC) AS o
WHERE coalesce(valid_to >= dv.today(), true);

-- How many levels a unit has from the top down to itself, and how many with all below it; a circle, which
-- dv.unit_set() makes none of, ends at 17.
CREATE FUNCTION dv.unit_depth(a_unit text) RETURNS integer
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH RECURSIVE up(unit, depth) AS (
		SELECT a_unit, 1
		UNION ALL
		SELECT c.parent::text, u.depth + 1 FROM up u JOIN unit_current c ON c.unit = u.unit
		WHERE c.parent IS NOT NULL AND u.depth < 17
	)
	SELECT max(depth) FROM up
$$;
CREATE FUNCTION dv.unit_height(a_unit text) RETURNS integer
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH RECURSIVE down(unit, depth) AS (
		SELECT a_unit, 1
		UNION ALL
		SELECT c.unit::text, d.depth + 1 FROM down d JOIN unit_current c ON c.parent = d.unit
		WHERE d.depth < 17
	)
	SELECT max(depth) FROM down
$$;

-- Who or what keeps a unit from being closed; null: nothing.
CREATE FUNCTION dv.unit_in_use(a_unit text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT what FROM (
		SELECT 1 AS n, format('unit %s below it is open', unit) AS what FROM unit_current
		WHERE parent = a_unit AND NOT closed
		UNION ALL
		SELECT 2, format('officer %s is in it', officer) FROM officer_serving WHERE unit = a_unit
		UNION ALL
		SELECT 3, format('the account %s is of it', login) FROM account_current
		WHERE unit = a_unit AND roles <> '{}'
		UNION ALL
		SELECT 4, format('recorder %s is of it', recorder) FROM recorder_current
		WHERE unit = a_unit AND retired_at IS NULL
	) AS x ORDER BY n, what LIMIT 1
$$;

-- 'made', 'changed' (a new revision) or 'unchanged'.  a_parent null: there is none above it; a_name null: as
-- it was.
CREATE FUNCTION dv.unit_set(a_unit text, a_parent text, a_name text, a_closed boolean, a_reason text)
	RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	old unit;
	used text;
	what constant text := 'unit ' || coalesce(a_unit, '?');
BEGIN
	PERFORM people_changing();
	SELECT * INTO old FROM unit_current WHERE unit = a_unit;
	a_name := coalesce(a_name, old.name);
	PERFORM check_words('unit', a_unit, a_name, a_reason);
	IF (old.parent, old.name, old.closed) IS NOT DISTINCT FROM (a_parent, a_name, coalesce(a_closed, false))
			AND old.unit IS NOT NULL THEN
		RETURN 'unchanged';
	END IF;
	IF a_parent IS NOT NULL AND a_parent IN (SELECT units_below(a_unit)) THEN
		RAISE EXCEPTION '%: % is % or below it, and a unit is not below itself: name another parent', what,
			a_parent, a_unit USING ERRCODE = 'check_violation';
	END IF;
	-- What is closed may be under what is closed.
	IF a_parent IS NOT NULL AND NOT (coalesce(a_closed, false) AND a_parent IS NOT DISTINCT FROM old.parent) THEN
		PERFORM open_unit(what || ', its parent', a_parent);
	END IF;
	IF a_parent IS NOT NULL AND unit_depth(a_parent) + unit_height(a_unit) > 16 THEN
		RAISE EXCEPTION '%: more than 16 levels below %: put it higher', what, a_parent
			USING ERRCODE = 'check_violation';
	END IF;
	IF a_closed AND NOT coalesce(old.closed, false) THEN
		used := unit_in_use(a_unit);
		IF used IS NOT NULL THEN
			RAISE EXCEPTION '% is not closed: %: move what is in it elsewhere, or end it, first', what,
				used USING ERRCODE = 'check_violation';
		END IF;
	END IF;
	INSERT INTO unit (unit, revision, parent, name, closed, reason)
	VALUES (a_unit, coalesce(old.revision, 0) + 1, a_parent, a_name, coalesce(a_closed, false), a_reason);
	RETURN CASE WHEN old.unit IS NULL THEN 'made' ELSE 'changed' END;
END
$$;

-- The periods of one officer are in order: a revision begins with the one before it, and corrects it, or
-- later, and ends it; it does not reach into one that has an end.
CREATE FUNCTION dv.check_period(old dv.officer, a_from date, a_to date) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_from IS NULL OR a_to < a_from THEN
		RAISE EXCEPTION 'officer %: the period ends (%) before it begins (%): swap them', old.officer, a_to,
			a_from USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_from < old.valid_from THEN
		RAISE EXCEPTION 'officer %: a period that begins on % was entered already: a later change begins on that day or after it',
			old.officer, old.valid_from USING ERRCODE = 'check_violation';
	END IF;
	IF a_from > old.valid_from AND a_from <= old.valid_to THEN
		RAISE EXCEPTION 'officer %: % is in the period from % to %: begin on %, or correct that period, from its first day',
			old.officer, a_from, old.valid_from, old.valid_to, old.valid_to + 1
			USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- 'made', 'changed' or 'unchanged'.  Null is as it was; a_from null of one who is new: today.  With the same
-- first day a revision corrects the one before it; a later one goes on without an end, unless one is given.
-- 'infinity': no end.
CREATE FUNCTION dv.officer_set(a_officer text, a_name text, a_certificate text, a_certified_to date,
			       a_unit text, a_from date, a_to date, a_reason text) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	old officer;
	other text;
	begins date;
	ended boolean;
BEGIN
	PERFORM people_changing();
	SELECT * INTO old FROM officer WHERE officer = a_officer ORDER BY revision DESC LIMIT 1;
	a_name := coalesce(a_name, old.name);
	a_certificate := coalesce(a_certificate, old.certificate);
	a_unit := coalesce(a_unit, old.unit);
	a_certified_to := nullif(coalesce(a_certified_to, old.certified_to), 'infinity');
	begins := coalesce(a_from, old.valid_from, today());
	a_to := nullif(coalesce(a_to, CASE WHEN begins = old.valid_from THEN old.valid_to END), 'infinity');
	PERFORM check_words('officer', a_officer, a_name, a_reason);
	PERFORM check_words('certificate', a_certificate, a_name, a_reason);
	IF (old.name, old.certificate, old.certified_to, old.unit, old.valid_from, old.valid_to)
			IS NOT DISTINCT FROM (a_name, a_certificate, a_certified_to, a_unit, begins, a_to) THEN
		RETURN 'unchanged';
	END IF;
	old.officer := a_officer;
	PERFORM check_period(old, begins, a_to);
	-- A period that is over stays in a unit that is, too.
	ended := coalesce(a_to < today(), false) AND a_unit IS NOT DISTINCT FROM old.unit;
	IF NOT ended THEN
		PERFORM open_unit('officer ' || a_officer, a_unit);
	END IF;
	SELECT officer INTO other FROM officer_serving WHERE certificate = a_certificate AND officer <> a_officer;
	IF FOUND AND coalesce(a_to >= today(), true) THEN
		RAISE EXCEPTION 'officer %: certificate % is officer %''s: look at the number on the certificate',
			a_officer, a_certificate, other USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO officer (officer, revision, name, certificate, certified_to, unit, valid_from, valid_to, reason)
	VALUES (a_officer, coalesce(old.revision, 0) + 1, a_name, a_certificate, a_certified_to, a_unit, begins,
		a_to, a_reason);
	RETURN CASE WHEN old.revision IS NULL THEN 'made' ELSE 'changed' END;
END
$$;

-- Groups that a login of these roles is in: every login of a person in dv_person.
--
-- Makes the login itself and takes groups away, so it is of whoever migrates, who may make roles, and not of
-- dv_owner.  It trusts nothing that is in the schema: names alone are looked up in PostgreSQL's own.  A role
-- that is there and was not made here, or is more than ordinary, is not touched.
RESET ROLE;
CREATE FUNCTION dv.make_login(a_login text, a_roles text[]) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a_group text;
	r pg_catalog.pg_roles;
BEGIN
	IF a_login IS NULL OR a_login !~ '^[a-z][a-z0-9._-]{0,31}$' OR a_login ~ '^(dv_|pg_)'
			OR NOT a_roles <@ ARRAY['supervisor', 'unit_head', 'officer', 'head', 'legal', 'admin',
				'auditor', 'witness'] THEN
		RAISE EXCEPTION 'login %: not one of a person', a_login USING ERRCODE = 'insufficient_privilege';
	END IF;
	SELECT * INTO r FROM pg_catalog.pg_roles WHERE rolname = a_login;
	IF NOT FOUND THEN
		EXECUTE format('CREATE ROLE %I LOGIN IN ROLE dv_person', a_login);
	ELSIF r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
			OR NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m
				WHERE m.member = r.oid AND m.roleid = 'dv_person'::regrole) THEN
		RAISE EXCEPTION 'login %: the database has a role of this name that was not made for a person: take another name',
			a_login USING ERRCODE = 'unique_violation';
	END IF;
	EXECUTE format('ALTER ROLE %I %s', a_login, CASE WHEN a_roles = '{}' THEN 'NOLOGIN' ELSE 'LOGIN' END);
	FOR a_group IN SELECT g.rolname FROM pg_catalog.pg_auth_members m
			JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
			JOIN pg_catalog.pg_roles p ON p.oid = m.member
		       WHERE p.rolname = a_login AND g.rolname LIKE 'dv\_%' AND g.rolname <> 'dv_person'
				AND substr(g.rolname, 4) <> ALL (a_roles) LOOP
		EXECUTE format('REVOKE %I FROM %I', a_group, a_login);
	END LOOP;
	FOREACH a_group IN ARRAY a_roles LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m
				JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
				JOIN pg_catalog.pg_roles p ON p.oid = m.member
			       WHERE p.rolname = a_login AND g.rolname = 'dv_' || a_group) THEN
			EXECUTE format('GRANT %I TO %I', 'dv_' || a_group, a_login);
		END IF;
	END LOOP;
END
$$;
REVOKE ALL ON FUNCTION dv.make_login(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dv.make_login(text, text[]) TO dv_owner;
SET LOCAL ROLE dv_owner;

-- That an account may be of this officer, and of this unit.
CREATE FUNCTION dv.check_account(a_login text, a_officer text, a_unit text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	other text;
	o officer := officer_at(a_officer, today());
BEGIN
	PERFORM open_unit('account ' || a_login, a_unit);
	IF a_officer IS NULL THEN
		RETURN;
	END IF;
	IF o.officer IS NULL THEN
		RAISE EXCEPTION 'account %: officer % is not in service today: enter the officer first (vaultctl officer set)',
			a_login, a_officer USING ERRCODE = 'no_data_found';
	END IF;
	IF o.unit <> a_unit THEN
		RAISE EXCEPTION 'account %: officer % is of unit %, not %: name that one, or transfer the officer first',
			a_login, a_officer, o.unit, a_unit USING ERRCODE = 'check_violation';
	END IF;
	-- Two logins of one person would be two persons to whatever takes two.
	SELECT login INTO other FROM account_current
	WHERE officer = a_officer AND login <> a_login AND roles <> '{}';
	IF FOUND THEN
		RAISE EXCEPTION 'account %: officer % has the account % already: close that one first', a_login,
			a_officer, other USING ERRCODE = 'unique_violation';
	END IF;
END
$$;

-- 'made', 'changed', 'closed' or 'unchanged'.  Roles: the whole list, none closes it.  Null is as it was;
-- a_unit null: the officer's.  Who is connected stays so, with the rights that are left.
CREATE FUNCTION dv.account_set(a_login text, a_name text, a_officer text, a_unit text, a_roles text[],
			       a_reason text) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	old account;
	their_roles constant text[] := sorted(coalesce(a_roles, '{}'));
	their account;
	same boolean;
BEGIN
	PERFORM people_changing();
	IF a_login IS NULL OR a_login !~ '^[a-z][a-z0-9._-]{0,31}$' OR a_login ~ '^(dv_|pg_)' THEN
		RAISE EXCEPTION 'account %: a login is 1 to 32 characters of a-z 0-9 . _ -, a letter first, and begins with neither dv_ nor pg_',
			coalesce(a_login, '?') USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_login = session_user THEN
		RAISE EXCEPTION 'account %: nobody changes their own account: ask another admin', a_login
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	SELECT * INTO old FROM account_current WHERE login = a_login;
	IF old.login IS NULL AND their_roles = '{}' THEN
		RAISE EXCEPTION 'account %: there is none to close (vaultctl person list shows them)', a_login
			USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM check_words('account', a_login, coalesce(a_name, old.name), a_reason);
	their.login := a_login;
	their.revision := coalesce(old.revision, 0) + 1;
	their.name := coalesce(a_name, old.name);
	their.officer := coalesce(a_officer, old.officer);
	their.unit := coalesce(a_unit, (officer_at(their.officer, today())).unit, old.unit);
	IF NOT their_roles <@ ARRAY['supervisor', 'unit_head', 'officer', 'head', 'legal', 'admin', 'auditor',
			'witness'] THEN
		RAISE EXCEPTION 'account %: roles are supervisor, unit_head, officer, head, legal, admin, auditor, witness',
			a_login USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF 'officer' = ANY (their_roles) AND their.officer IS NULL THEN
		RAISE EXCEPTION 'account %: the role officer takes an officer: name them', a_login
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF old.officer <> a_officer THEN
		RAISE EXCEPTION 'account % is officer %''s, and stays so: what was done by it was done by them; take another login',
			a_login, old.officer USING ERRCODE = 'unique_violation';
	END IF;
	IF old.login IS NULL AND EXISTS (SELECT FROM pg_roles WHERE rolname = a_login) THEN
		RAISE EXCEPTION 'account %: the database has a role of this name that is nobody''s account: take another login',
			a_login USING ERRCODE = 'unique_violation';
	END IF;
	IF their_roles <> '{}' THEN
		PERFORM check_account(a_login, their.officer, their.unit);
	END IF;
	same := (old.name, old.officer, old.unit, sorted(old.roles))
		IS NOT DISTINCT FROM (their.name, their.officer, their.unit, their_roles);
	IF NOT same THEN
		INSERT INTO account (login, revision, name, officer, unit, roles, reason)
		VALUES (a_login, their.revision, their.name, their.officer, their.unit, their_roles, a_reason);
	END IF;
	-- Even so: somebody may have changed the groups behind our back.
	PERFORM make_login(a_login, their_roles);
	PERFORM note('roles', 'roles_changed', session_user, (SELECT jsonb_object_agg(name, value) FROM rights()));
	RETURN CASE WHEN same THEN 'unchanged' WHEN their_roles = '{}' THEN 'closed'
		WHEN old.login IS NULL THEN 'made' ELSE 'changed' END;
END
$$;

GRANT EXECUTE ON FUNCTION dv.unit_set(text, text, text, boolean, text),
	dv.officer_set(text, text, text, date, text, date, date, text),
	dv.account_set(text, text, text, text, text[], text) TO dv_admin;
GRANT EXECUTE ON FUNCTION dv.says(text), dv.today(), dv.officer_at(text, date) TO dv_read;
GRANT SELECT ON dv.unit, dv.officer, dv.account, dv.unit_current, dv.officer_current, dv.officer_serving,
	dv.account_current TO dv_read;

-- What people look at.  people: officers in service and accounts, as far as whoever looks sees them.
CREATE VIEW dv.unit_list WITH (security_invoker = true) AS
SELECT u.unit, u.parent, u.name, u.closed, u.reason, u.by, u.entered_at,
	(SELECT count(*) FROM dv.officer_serving o WHERE o.unit = u.unit) AS officers,
	(SELECT count(*) FROM dv.account_current a WHERE a.unit = u.unit AND a.roles <> '{}') AS accounts
FROM dv.unit_current u;
CREATE VIEW dv.officer_list WITH (security_invoker = true) AS
SELECT o.officer, o.revision, o.name, o.certificate, o.certified_to, o.unit, o.valid_from, o.valid_to,
	coalesce(o.valid_to >= dv.today(), true) AS serving, o.reason, o.by, o.entered_at,
	(SELECT string_agg(r.recorder, ' ' ORDER BY r.recorder) FROM dv.recorder_current r
	 WHERE r.officer = o.officer AND r.retired_at IS NULL) AS recorders,
	(SELECT a.login FROM dv.account_current a WHERE a.officer = o.officer AND a.roles <> '{}'
	 ORDER BY a.login LIMIT 1) AS login
FROM (SELECT DISTINCT ON (officer) * FROM dv.officer ORDER BY officer, revision DESC) AS o;
GRANT SELECT ON dv.unit_list, dv.officer_list TO dv_read;

-- ---- recorders are issued and returned ----

-- A recorder that is issued or returned.
CREATE FUNCTION dv.recorder_to_change(a_recorder text, a_reason text) RETURNS dv.recorder_current
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	r recorder_current;
BEGIN
	PERFORM people_changing();
	PERFORM recorder_changing();
	PERFORM check_words('recorder', a_recorder, a_recorder, a_reason);
	SELECT * INTO r FROM recorder_current WHERE recorder = a_recorder;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'recorder % is not enrolled: enrol it first (vaultctl recorder enroll)', a_recorder
			USING ERRCODE = 'no_data_found';
	END IF;
	IF r.retired_at IS NOT NULL THEN
		RAISE EXCEPTION 'recorder % is retired since %: enrol it again first', a_recorder,
			day_of(r.retired_at) USING ERRCODE = 'check_violation';
	END IF;
	RETURN r;
END
$$;

-- As a new revision of the recorder: what came in before keeps the unit and the officer of then.
-- 'issued' or 'unchanged'; again to the same officer after a transfer, it follows them to the other unit.
CREATE FUNCTION dv.recorder_issue(a_recorder text, a_officer text, a_reason text) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	r recorder_current := recorder_to_change(a_recorder, a_reason);
	o officer := officer_at(a_officer, today());
BEGIN
	IF o.officer IS NULL THEN
		RAISE EXCEPTION 'officer % is not in service today: look at the number (vaultctl officer list), or enter the officer first',
			coalesce(a_officer, '?') USING ERRCODE = 'no_data_found';
	END IF;
	IF r.officer <> a_officer THEN
		RAISE EXCEPTION 'recorder % is issued to officer %: enter its return first (vaultctl recorder return)',
			a_recorder, r.officer USING ERRCODE = 'unique_violation';
	END IF;
	IF o.certified_to < today() THEN
		RAISE EXCEPTION 'officer %: certificate % ended on %: enter the new one first (vaultctl officer set)',
			a_officer, o.certificate, o.certified_to USING ERRCODE = 'check_violation';
	END IF;
	IF (r.officer, r.unit) IS NOT DISTINCT FROM (o.officer, o.unit) THEN
		RETURN 'unchanged';
	END IF;
	INSERT INTO recorder (recorder, revision, vid, pid, serial, officer, unit, reason, enrolled_by)
	VALUES (r.recorder, r.revision + 1, r.vid, r.pid, r.serial, o.officer, o.unit, a_reason, session_user);
	RETURN 'issued';
END
$$;

-- It stays its unit's.
CREATE FUNCTION dv.recorder_return(a_recorder text, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	r recorder_current := recorder_to_change(a_recorder, a_reason);
BEGIN
	IF r.officer IS NULL THEN
		RAISE EXCEPTION 'recorder % is issued to nobody: there is nothing to return', a_recorder
			USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO recorder (recorder, revision, vid, pid, serial, officer, unit, reason, enrolled_by)
	VALUES (r.recorder, r.revision + 1, r.vid, r.pid, r.serial, NULL, r.unit, a_reason, session_user);
END
$$;

-- Who had which recorder, from when to when (null: still).  Revisions that changed something else
-- about the device are of the same issue.
CREATE VIEW dv.recorder_assignment WITH (security_invoker = true) AS
WITH revisions AS (
	SELECT r.*, x.retired_at, r.officer IS NOT DISTINCT FROM lag(r.officer) OVER w
		AND r.unit IS NOT DISTINCT FROM lag(r.unit) OVER w
		AND lag(x.retired_at) OVER w IS NULL AND r.revision > 1 AS goes_on
	FROM dv.recorder r LEFT JOIN dv.recorder_retired x USING (recorder, revision)
	WINDOW w AS (PARTITION BY r.recorder ORDER BY r.revision)
), issues AS (
	SELECT *, lead(enrolled_at) OVER (PARTITION BY recorder ORDER BY revision) AS next_at
	FROM revisions WHERE NOT goes_on
)
SELECT i.recorder, i.officer, i.unit, i.enrolled_at AS issued_at,
	least(i.next_at, (SELECT min(v.retired_at) FROM revisions v WHERE v.recorder = i.recorder
		AND v.revision >= i.revision AND v.enrolled_at < coalesce(i.next_at, 'infinity'))) AS returned_at,
	i.reason, i.enrolled_by AS by
FROM issues i WHERE i.officer IS NOT NULL;

GRANT EXECUTE ON FUNCTION dv.recorder_issue(text, text, text), dv.recorder_return(text, text) TO dv_admin;
GRANT SELECT ON dv.recorder_assignment TO dv_read;

-- What a person does is granted to every person, and asks require_role() first.
GRANT EXECUTE ON FUNCTION dv.me(), dv.my_units(), dv.my_officer(), dv.am_legal() TO dv_read;
GRANT EXECUTE ON FUNCTION dv.me() TO dv_person;
