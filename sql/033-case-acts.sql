-- What people do with cases, one function an act.  Each is one transaction, refuses with a sentence
-- that says what to do, and takes who is connected for who did it.

-- ---- what the acts share ----

CREATE FUNCTION dv.am(a_role text) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT a_role = ANY ((m).roles) FROM (SELECT me() AS m) AS x), false)
		AND pg_has_role(session_user, 'dv_' || a_role, 'MEMBER')
$$;

-- Of two that write the same thing one waits; what is locked in one transaction is locked in order.
CREATE FUNCTION dv.lock_words(VARIADIC a_words text[]) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	SELECT pg_advisory_xact_lock(25724, hashtext(w)) FROM unnest(sorted(a_words)) AS w
$$;

-- The case, locked until the transaction ends, for one who may write it: an officer that it belongs
-- to, the head of its unit, and of these roles the others.  Who may not is told what they are told of one that does not exist.
CREATE FUNCTION dv.case_enter(a_case text, VARIADIC a_roles text[]) RETURNS dv.case_file
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	c case_file;
BEGIN
	PERFORM require_role(VARIADIC a_roles);
	PERFORM FROM case_file WHERE "case" = a_case AND revision = 1 FOR UPDATE;
	SELECT * INTO c FROM case_current WHERE "case" = a_case;
	IF c."case" IS NULL OR NOT (
			('supervisor' = ANY (a_roles) AND am('supervisor'))
			OR ('head' = ANY (a_roles) AND am('head'))
			OR ('unit_head' = ANY (a_roles) AND c.unit = ANY (my_units()))
			OR ('officer' = ANY (a_roles) AND EXISTS (SELECT FROM case_officer_current
				WHERE "case" = a_case AND officer = my_officer()))) THEN
		RAISE EXCEPTION 'case %: there is none, or it is none of yours: vaultctl case list shows those that are',
			a_case USING ERRCODE = 'no_data_found';
	END IF;
	RETURN c;
END
$$;

-- The same for what changes what is in it: it is not archived.
CREATE FUNCTION dv.case_write(a_case text, VARIADIC a_roles text[]) RETURNS dv.case_file
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	c case_file := case_enter(a_case, VARIADIC a_roles);
BEGIN
	IF case_state(a_case) = 'archived' THEN
		RAISE EXCEPTION 'case % is archived: the head of its unit reopens it first (vaultctl case event % --kind reopened)',
			a_case, a_case USING ERRCODE = 'check_violation';
	END IF;
	RETURN c;
END
$$;

CREATE FUNCTION dv.only_fields(a jsonb, VARIADIC a_names text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
DECLARE
	other text;
BEGIN
	IF jsonb_typeof(a) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'what is to be entered is no JSON object: name its fields'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT string_agg(k, ', ') INTO other FROM jsonb_object_keys(a) AS k WHERE NOT k = ANY (a_names);
	IF other IS NOT NULL THEN
		RAISE EXCEPTION '%: no such field: it takes %', other, array_to_string(a_names, ', ')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;

-- What has to be said.
CREATE FUNCTION dv.need_field(a jsonb, a_name text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF NOT says(a ->> a_name) THEN
		RAISE EXCEPTION '% is missing: say it', a_name USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN a ->> a_name;
END
$$;

-- One of the words that there are, where one is said.
CREATE FUNCTION dv.check_word(a_name text, a_word text, a_words text[]) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF NOT a_word = ANY (a_words) THEN
		RAISE EXCEPTION '% "%" is not known: say one of %', a_name, left(a_word, 40),
			array_to_string(a_words, ', ') USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- A moment as people write it: where no zone is said, it is the bureau's.
CREATE FUNCTION dv.moment_field(a jsonb, a_name text, a_default timestamptz DEFAULT NULL)
	RETURNS timestamptz
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET TimeZone = 'Asia/Shanghai' AS $$
DECLARE
	t timestamptz;
BEGIN
	IF a ->> a_name IS NULL THEN
		RETURN a_default;
	END IF;
	IF a ->> a_name !~ '^20\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$' THEN
		RAISE EXCEPTION '% "%": no moment: write it as 2026-11-23T09:30', a_name,
			left(a ->> a_name, 40) USING ERRCODE = 'invalid_parameter_value';
	END IF;
	t := (a ->> a_name)::timestamptz;
	RETURN t;
END
$$;

-- What happened has happened.
CREATE FUNCTION dv.refuse_future(a_name text, a_at timestamptz) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_at > now() THEN
		RAISE EXCEPTION '% % is in the future: enter what has happened, once it has', a_name, utc(a_at)
			USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- That somebody was an officer in service, with a valid certificate, on these days.
CREATE FUNCTION dv.check_officer(a_officer text, a_from date, a_to date) RETURNS dv.officer
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	o officer;
	a_day date;
BEGIN
	IF NOT EXISTS (SELECT FROM officer WHERE officer = a_officer) THEN
		RAISE EXCEPTION 'officer % is not known: vaultctl officer list shows who is', a_officer
			USING ERRCODE = 'no_data_found';
	END IF;
	FOREACH a_day IN ARRAY ARRAY[a_to, a_from] LOOP
		o := officer_at(a_officer, a_day);
		IF o.officer IS NULL THEN
			RAISE EXCEPTION 'officer % was not in service on %: enter who was there, or have the time of service corrected',
				a_officer, a_day USING ERRCODE = 'check_violation';
		END IF;
		IF o.certified_to < a_day THEN
			RAISE EXCEPTION 'the certificate of officer % ended on %, before %: have the new one entered, or enter who was there',
				a_officer, o.certified_to, a_day USING ERRCODE = 'check_violation';
		END IF;
	END LOOP;
	RETURN o;
END
$$;

CREATE FUNCTION dv.uuid_or_null(a_text text) RETURNS uuid
	LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN a_text ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN a_text::uuid END;

-- ---- the case ----

-- A revision from its fields and, where they do not say, from another revision.
CREATE FUNCTION dv.case_revision(a jsonb, was dv.case_file) RETURNS dv.case_file
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	c case_file := was;
BEGIN
	PERFORM check_word(f.fact, a ->> f.fact, f.words) FROM facts() f
	WHERE f.fact IN ('kind', 'origin', 'procedure');
	c."case" := need_field(a, 'case');
	c.revision := coalesce(was.revision, 0) + 1;
	c.kind := coalesce(a ->> 'kind', was.kind);
	c.origin := coalesce(a ->> 'origin', was.origin);
	c.named := coalesce((a ->> 'named')::boolean, was.named, false);
	c.procedure := coalesce(a ->> 'procedure', was.procedure, 'general');
	c.urgent := coalesce((a ->> 'urgent')::boolean, was.urgent, a ->> 'urgent_reason' IS NOT NULL);
	c.urgent_reason := CASE WHEN c.urgent THEN coalesce(a ->> 'urgent_reason', was.urgent_reason) END;
	c.major := coalesce((a ->> 'major')::boolean, was.major, false);
	c.contentious := coalesce((a ->> 'contentious')::boolean, was.contentious, false);
	c.unit := coalesce(a ->> 'unit', was.unit);
	c.title := coalesce(a ->> 'title', was.title);
	c.started_at := coalesce(moment_field(a, 'started_at'), was.started_at, now());
	c.reason := need_field(a, 'reason');
	c.by := session_user;
	c.entered_at := now();
	IF c.urgent AND c.urgent_reason IS NULL THEN
		RAISE EXCEPTION 'case %: why it was started before the approval is missing (Art. 6): say urgent_reason', c."case"
			USING ERRCODE = 'check_violation';
	END IF;
	IF c.named AND c.origin <> 'complaint' THEN
		RAISE EXCEPTION 'case %: only a complaint has somebody who gave a name: its origin is %', c."case", c.origin
			USING ERRCODE = 'check_violation';
	END IF;
	PERFORM refuse_future('started_at', c.started_at);
	RETURN c;
END
$$;

-- Those of an empty case, {"officer": ..., "lead": ...} each; the lead is one.
CREATE FUNCTION dv.case_officers_first(a_case text, a_officers jsonb, a_day date) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	leads integer;
	other text;
BEGIN
	IF jsonb_typeof(a_officers) <> 'array' OR jsonb_array_length(a_officers) NOT BETWEEN 1 AND 32 THEN
		RAISE EXCEPTION 'case %: whose it is is missing: name 1 to 32 officers', a_case
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT count(*) FILTER (WHERE (x ->> 'lead')::boolean), min(x ->> 'officer') FILTER (WHERE n > 1)
	INTO leads, other
	FROM (SELECT x, count(*) OVER (PARTITION BY x ->> 'officer') AS n
	      FROM jsonb_array_elements(a_officers) AS x) AS y;
	IF other IS NOT NULL OR leads > 1 THEN
		RAISE EXCEPTION 'case %: name each officer once, and one of them as the lead', a_case
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM only_fields(x, 'officer', 'lead'), check_officer(need_field(x, 'officer'), a_day, a_day)
	FROM jsonb_array_elements(a_officers) AS x;
	INSERT INTO case_officer ("case", officer, lead, leaves)
	SELECT a_case, x ->> 'officer', CASE WHEN leads = 0 THEN n = 1
		ELSE coalesce((x ->> 'lead')::boolean, false) END, false
	FROM jsonb_array_elements(a_officers) WITH ORDINALITY AS y(x, n) ORDER BY n;
END
$$;

CREATE FUNCTION dv.case_open(a jsonb) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	c case_file;
	officers jsonb;
BEGIN
	PERFORM require_role('officer', 'unit_head');
	PERFORM only_fields(a, 'case', 'kind', 'origin', 'named', 'procedure', 'urgent', 'urgent_reason',
		'major', 'contentious', 'unit', 'title', 'started_at', 'officers', 'reason');
	PERFORM need_field(a, n) FROM unnest(ARRAY['case', 'kind', 'origin', 'title', 'reason']) AS n;
	a := jsonb_build_object('unit', (me()).unit) || a;
	c := case_revision(a, NULL);
	PERFORM open_unit('case ' || c."case", c.unit);
	officers := coalesce(nullif(a -> 'officers', 'null'),
		jsonb_build_array(jsonb_build_object('officer', my_officer(), 'lead', true)));
	IF NOT c.unit = ANY (my_units()) AND NOT (am('officer') AND c.unit = (me()).unit
			AND officers @> jsonb_build_array(jsonb_build_object('officer', my_officer()))) THEN
		RAISE EXCEPTION 'case %: you open cases of your own unit that you are in yourself: those of unit % its head opens',
			c."case", c.unit USING ERRCODE = 'insufficient_privilege';
	END IF;
	INSERT INTO case_file SELECT c.* ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'case % is open already: give the new one a number of its own', c."case"
			USING ERRCODE = 'unique_violation';
	END IF;
	PERFORM case_officers_first(c."case", officers, today());
	RETURN c."case";
END
$$;

-- The revision that holds now: the one before where nothing is other.
CREATE FUNCTION dv.case_change(a jsonb) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	was case_file := case_write(a ->> 'case', 'officer', 'unit_head');
	c case_file;
BEGIN
	PERFORM only_fields(a, 'case', 'kind', 'origin', 'named', 'procedure', 'urgent', 'urgent_reason',
		'major', 'contentious', 'unit', 'title', 'started_at', 'reason');
	c := case_revision(a, was);
	IF c.unit <> was.unit THEN
		PERFORM open_unit('case ' || c."case", c.unit);
		IF NOT c.unit = ANY (my_units()) THEN
			RAISE EXCEPTION 'case %: it goes to unit % by the head of both units', c."case", c.unit
				USING ERRCODE = 'insufficient_privilege';
		END IF;
	END IF;
	-- What was entered had started: moved to ever later days, its approval would never be due.
	IF c.started_at > was.started_at AND c.started_at > (SELECT f.entered_at FROM case_file f
			WHERE f."case" = c."case" AND f.revision = 1) THEN
		RAISE EXCEPTION 'case %: it was entered before %, so it had started by then: say when', c."case",
			utc(c.started_at) USING ERRCODE = 'check_violation';
	END IF;
	IF to_jsonb(c) - '{revision,reason,by,entered_at}'::text[]
			= to_jsonb(was) - '{revision,reason,by,entered_at}'::text[] THEN
		RETURN was.revision;
	END IF;
	INSERT INTO case_file SELECT c.*;
	RETURN c.revision;
END
$$;

-- Somebody joins, leads or leaves.
CREATE FUNCTION dv.case_officer_set(a_case text, a_officer text, a_lead boolean, a_leaves boolean)
	RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	was case_officer_current;
BEGIN
	PERFORM case_write(a_case, 'officer', 'unit_head');
	SELECT * INTO was FROM case_officer_current WHERE "case" = a_case AND officer = a_officer;
	IF a_leaves AND was.officer IS NULL THEN
		RAISE EXCEPTION 'case %: officer % is not in it: vaultctl case show % tells who is', a_case,
			a_officer, a_case USING ERRCODE = 'no_data_found';
	END IF;
	IF a_leaves AND NOT EXISTS (SELECT FROM case_officer_current
			WHERE "case" = a_case AND officer <> a_officer) THEN
		RAISE EXCEPTION 'case %: officer % is the last in it: let another one join first', a_case,
			a_officer USING ERRCODE = 'check_violation';
	END IF;
	IF NOT a_leaves THEN
		PERFORM check_officer(a_officer, today(), today());
		IF was.officer IS NOT NULL AND was.lead = a_lead THEN
			RAISE EXCEPTION 'case %: officer % is in it already', a_case, a_officer
				USING ERRCODE = 'unique_violation';
		END IF;
		INSERT INTO case_officer ("case", officer, lead, leaves)
		SELECT a_case, officer, false, false FROM case_officer_current
		WHERE a_lead AND "case" = a_case AND lead AND officer <> a_officer;
	END IF;
	INSERT INTO case_officer ("case", officer, lead, leaves)
	VALUES (a_case, a_officer, a_lead AND NOT a_leaves, a_leaves);
END
$$;

-- The number that it has in the case.
CREATE FUNCTION dv.party_add(a jsonb) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_number bigint;
	a_replaces bigint := (a ->> 'replaces')::bigint;
BEGIN
	PERFORM case_write(a ->> 'case', 'officer', 'unit_head');
	PERFORM only_fields(a, 'case', 'kind', 'role', 'name', 'identifier', 'address', 'phone', 'replaces');
	PERFORM need_field(a, n) FROM unnest(ARRAY['kind', 'role', 'name']) AS n;
	PERFORM check_word('kind', a ->> 'kind', '{person,organisation}'),
		check_word('role', a ->> 'role', '{party,complainant,applicant,witness,other}');
	IF a_replaces IS NOT NULL AND NOT EXISTS (SELECT FROM party p WHERE p."case" = a ->> 'case'
			AND p.number = a_replaces AND NOT EXISTS (SELECT FROM party q
				WHERE q."case" = p."case" AND q.replaces = p.number)) THEN
		RAISE EXCEPTION 'case %: there is no party % to put right, or it was already', a ->> 'case',
			a_replaces USING ERRCODE = 'no_data_found';
	END IF;
	SELECT p.number INTO a_number FROM party p
	WHERE p."case" = a ->> 'case' AND p.role = a ->> 'role' AND p.number IS DISTINCT FROM a_replaces
		AND NOT EXISTS (SELECT FROM party q WHERE q."case" = p."case" AND q.replaces = p.number)
		AND (p.identifier = a ->> 'identifier' OR (p.name = a ->> 'name'
			AND (p.identifier IS NULL OR a ->> 'identifier' IS NULL)));
	IF FOUND THEN
		RAISE EXCEPTION 'case %: this is its party % already: put that one right (--replaces %) if something is other',
			a ->> 'case', a_number, a_number USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO party ("case", kind, role, replaces, name, identifier, address, phone)
	VALUES (a ->> 'case', a ->> 'kind', a ->> 'role', a_replaces, a ->> 'name', a ->> 'identifier',
		a ->> 'address', a ->> 'phone')
	RETURNING number INTO a_number;
	RETURN a_number;
END
$$;

-- ---- what happened to it ----

-- That an event may follow what happened before.
CREATE FUNCTION dv.check_case_event(c dv.case_file, a_kind text, a_at timestamptz, a jsonb) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	state text := case_state(c."case");
	stages constant text[] := '{start,investigation,decision,execution,archive}';
	a_stage text := a -> 'detail' ->> 'stage';
	other uuid;
BEGIN
	IF a_at < c.started_at AND a_kind NOT IN ('approved', 'note') THEN
		RAISE EXCEPTION 'case %: % at %, before it started (%): put one of the two right', c."case", a_kind,
			utc(a_at), utc(c.started_at) USING ERRCODE = 'check_violation';
	END IF;
	IF a_kind = 'reopened' AND state = 'open' THEN
		RAISE EXCEPTION 'case %: it is open: there is nothing to reopen', c."case" USING ERRCODE = 'check_violation';
	END IF;
	IF a_kind IN ('concluded', 'not_taken_up') AND state <> 'open' THEN
		RAISE EXCEPTION 'case %: it is % already: reopen it if it goes on', c."case", state
			USING ERRCODE = 'unique_violation';
	END IF;
	IF a_kind IN ('not_taken_up', 'informed') AND c.origin <> 'complaint' THEN
		RAISE EXCEPTION 'case %: % is said of complaints (Art. 7), and its origin is %', c."case", a_kind,
			c.origin USING ERRCODE = 'check_violation';
	END IF;
	IF a_kind = 'approved' AND NOT am('head') THEN
		RAISE EXCEPTION 'case %: its start is approved by the head of the bureau, by their own login (Art. 6)', c."case"
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF a_kind = 'approved' AND EXISTS (SELECT FROM case_file f WHERE f."case" = c."case" AND same_person(f."by")
			UNION ALL
			SELECT FROM case_officer o WHERE o."case" = c."case" AND o.officer = (me()).officer) THEN
		RAISE EXCEPTION 'case %: % entered it, or is in it: another person approves its start (Art. 6)', c."case",
			session_user USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF a_kind IN ('served', 'enforced') AND coalesce(a -> 'detail' ->> 'way', '') !~ '^[a-z][a-z0-9_]{1,63}$' THEN
		RAISE EXCEPTION 'case %: in which way is missing: say detail.way', c."case"
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_kind = 'stage' AND NOT coalesce(a_stage = ANY (stages), false) THEN
		RAISE EXCEPTION 'case %: which stage is missing: say detail.stage, one of %', c."case",
			array_to_string(stages, ', ') USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_kind = 'stage' AND array_position(stages, a_stage) <= array_position(stages, case_stage(c."case"))
			AND NOT EXISTS (SELECT FROM case_event e WHERE e."case" = c."case" AND kind = 'reopened'
				AND number > coalesce((SELECT max(number) FROM case_event s
					WHERE s."case" = c."case" AND s.kind = 'stage'), 0)) THEN
		RAISE EXCEPTION 'case %: it is at stage % and does not go back to %: write a note instead', c."case",
			case_stage(c."case"), a_stage USING ERRCODE = 'check_violation';
	END IF;
	IF a_kind = 'correction_checked' AND NOT EXISTS (SELECT FROM case_event e
			WHERE e."case" = c."case" AND kind = 'correction_ordered') THEN
		RAISE EXCEPTION 'case %: no correction was ordered: enter that first (Art. 28)', c."case"
			USING ERRCODE = 'check_violation';
	END IF;
	IF a_kind = 'correction_checked' AND jsonb_typeof(a -> 'detail' -> 'corrected') IS DISTINCT FROM 'boolean' THEN
		RAISE EXCEPTION 'case %: whether it was corrected is missing: say detail.corrected, true or false', c."case"
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT action INTO other FROM action_current x
	WHERE x."case" = c."case" AND NOT withdrawn AND (end_at IS NULL OR end_at > a_at)
	ORDER BY start_at LIMIT 1;
	IF a_kind = 'concluded' AND FOUND THEN
		RAISE EXCEPTION 'case %: action % had not ended at %: enter when it did first', c."case", other,
			utc(a_at) USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- Its number.
CREATE FUNCTION dv.case_event_add(a jsonb) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	c case_file;
	a_kind text := need_field(a, 'kind');
	a_at timestamptz := moment_field(a, 'at', now());
	a_due timestamptz := moment_field(a, 'due_at');
	a_number bigint;
BEGIN
	CASE a_kind
	WHEN 'approved' THEN c := case_write(a ->> 'case', 'head');
	WHEN 'reopened' THEN c := case_enter(a ->> 'case', 'unit_head', 'head', 'supervisor');
	ELSE c := case_write(a ->> 'case', 'officer', 'unit_head');
	END CASE;
	PERFORM only_fields(a, 'case', 'kind', 'at', 'due_at', 'detail', 'note');
	PERFORM check_word('kind', a_kind, (SELECT words FROM facts() WHERE fact = 'events'));
	IF a_kind = 'archived' THEN
		RAISE EXCEPTION 'case %: archiving makes an index and signs it: vaultctl case archive %', c."case",
			c."case" USING ERRCODE = 'check_violation';
	END IF;
	PERFORM refuse_future('at', a_at);
	PERFORM check_case_event(c, a_kind, a_at, a);
	IF a_due <= a_at OR (a_kind = 'correction_ordered' AND a_due IS NULL) THEN
		RAISE EXCEPTION 'case %: until when is missing, or before the event: due_at comes after %', c."case",
			utc(a_at) USING ERRCODE = 'check_violation';
	END IF;
	IF a_kind IN ('note', 'reopened', 'not_taken_up') THEN
		PERFORM need_field(a, 'note');
	END IF;
	INSERT INTO case_event ("case", kind, at, due_at, detail, note)
	VALUES (c."case", a_kind, a_at, a_due, coalesce(nullif(a -> 'detail', 'null'), '{}'), a ->> 'note')
	RETURNING number INTO a_number;
	RETURN a_number;
END
$$;

-- ---- its actions ----

-- Nobody is at two places at once, whichever cases these belong to and across midnight.  Their
-- officers are locked already.
CREATE FUNCTION dv.check_presence(x dv.action, a_officer text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	other action_current;
BEGIN
	SELECT y.* INTO other FROM (SELECT DISTINCT action FROM action_officer WHERE officer = a_officer) AS o
	CROSS JOIN LATERAL (SELECT * FROM action c WHERE c.action = o.action
			    ORDER BY revision DESC LIMIT 1) AS y
	JOIN action_officer p ON p.action = y.action AND p.revision = y.revision AND p.officer = a_officer
	WHERE y.action <> x.action AND NOT y.withdrawn AND y.place <> x.place
		AND y.start_at < coalesce(x.end_at, 'infinity') AND x.start_at < coalesce(y.end_at, 'infinity')
	ORDER BY y.start_at LIMIT 1;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	-- Of a case that is none of theirs nobody is told what it is about, nor when.
	IF NOT other."case" = ANY (my_cases()) THEN
		RAISE EXCEPTION 'officer % was at another place at that time: put the times or the officers right, or ask them',
			a_officer USING ERRCODE = 'check_violation';
	END IF;
	IF other.end_at IS NULL THEN
		RAISE EXCEPTION 'officer % is at another place, in action % under way since %: enter its end first',
			a_officer, other.action, utc(other.start_at) USING ERRCODE = 'check_violation';
	END IF;
	RAISE EXCEPTION 'officer % was at another place, in action % from % to %: put the times or the officers right',
		a_officer, other.action, utc(other.start_at), utc(other.end_at) USING ERRCODE = 'check_violation';
END
$$;

-- Who was present at this revision: {"officer", "certificate", "shown"} each.
CREATE FUNCTION dv.action_officers_note(x dv.action, a_officers jsonb) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	n integer;
	y jsonb;
	o officer;
BEGIN
	IF jsonb_typeof(a_officers) IS DISTINCT FROM 'array' OR jsonb_array_length(a_officers) NOT BETWEEN 1 AND 32 THEN
		RAISE EXCEPTION 'action %: who was there is missing: name 1 to 32 officers (Art. 8: two at least)', x.action
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT count(DISTINCT e ->> 'officer') INTO n FROM jsonb_array_elements(a_officers) AS e;
	IF n < jsonb_array_length(a_officers) THEN
		RAISE EXCEPTION 'action %: name each officer, and once', x.action USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM lock_words(VARIADIC ARRAY(SELECT 'officer ' || (e ->> 'officer')
		FROM jsonb_array_elements(a_officers) AS e));
	FOR y IN SELECT e FROM jsonb_array_elements(a_officers) AS e LOOP
		PERFORM only_fields(y, 'officer', 'certificate', 'shown');
		o := check_officer(y ->> 'officer', day_of(x.start_at), day_of(coalesce(x.end_at, x.start_at)));
		IF y ->> 'certificate' NOT IN (o.certificate, (officer_at(o.officer, day_of(x.start_at))).certificate) THEN
			RAISE EXCEPTION 'certificate % is not that of officer %, which is %: look at the record, and leave it out if none was noted',
				y ->> 'certificate', o.officer, o.certificate USING ERRCODE = 'check_violation';
		END IF;
		PERFORM check_presence(x, o.officer);
		INSERT INTO action_officer (action, revision, officer, certificate, shown)
		VALUES (x.action, x.revision, o.officer, y ->> 'certificate',
			coalesce((y ->> 'shown')::boolean, false));
	END LOOP;
END
$$;

-- A revision from its fields and, where they do not say, from another revision.
CREATE FUNCTION dv.action_revision(a jsonb, was dv.action) RETURNS dv.action
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	x action := was;
	its_stage text;
BEGIN
	x.revision := coalesce(was.revision, 0) + 1;
	x.step := coalesce(a ->> 'step', was.step);
	SELECT stage INTO its_stage FROM step WHERE step.step = x.step;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'step % is not known: vaultctl rule list shows the steps', x.step
			USING ERRCODE = 'no_data_found';
	END IF;
	x.stage := coalesce(a ->> 'stage', CASE WHEN x.step = was.step THEN was.stage END, its_stage);
	IF x.stage <> its_stage THEN
		RAISE EXCEPTION 'step % belongs to stage %, not to %', x.step, its_stage, x.stage
			USING ERRCODE = 'check_violation';
	END IF;
	x.start_at := moment_field(a, 'start_at', was.start_at);
	x.end_at := CASE WHEN a ? 'end_at' THEN moment_field(a, 'end_at') ELSE was.end_at END;
	x.place := coalesce(a ->> 'place', was.place);
	x.av_notice := CASE WHEN a ? 'av_notice' THEN (a ->> 'av_notice')::boolean ELSE was.av_notice END;
	x.av_unsuitable := CASE WHEN a ? 'av_unsuitable' THEN a ->> 'av_unsuitable' ELSE was.av_unsuitable END;
	x.withdrawn := coalesce((a ->> 'withdrawn')::boolean, was.withdrawn, false);
	x.reason := need_field(a, 'reason');
	x.by := session_user;
	x.entered_at := now();
	PERFORM refuse_future('start_at', x.start_at);
	PERFORM refuse_future('end_at', x.end_at);
	IF x.end_at <= x.start_at THEN
		RAISE EXCEPTION 'the action ends at %, not after it began at %: put the times in order', utc(x.end_at),
			utc(x.start_at) USING ERRCODE = 'check_violation';
	END IF;
	IF x.end_at - x.start_at > interval '31 days' THEN
		RAISE EXCEPTION 'the action lasts longer than 31 days: enter one for each time that somebody was there'
			USING ERRCODE = 'check_violation';
	END IF;
	RETURN x;
END
$$;

CREATE FUNCTION dv.action_add(a jsonb) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	x action;
BEGIN
	PERFORM case_write(a ->> 'case', 'officer', 'unit_head');
	PERFORM only_fields(a, 'case', 'stage', 'step', 'start_at', 'end_at', 'place', 'av_notice',
		'av_unsuitable', 'officers', 'reason');
	PERFORM need_field(a, n) FROM unnest(ARRAY['step', 'start_at', 'place', 'reason']) AS n;
	x := action_revision(a, NULL);
	x.action := gen_random_uuid();
	x."case" := a ->> 'case';
	INSERT INTO action SELECT x.*;
	PERFORM action_officers_note(x, a -> 'officers');
	RETURN x.action;
END
$$;

-- The action as it is now, its case locked for one who may write it.
CREATE FUNCTION dv.action_enter(a_action uuid, VARIADIC a_roles text[]) RETURNS dv.action
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x action;
	a_case text;
BEGIN
	PERFORM require_role(VARIADIC a_roles);
	SELECT "case" INTO a_case FROM action WHERE action = a_action AND revision = 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'action %: there is none: vaultctl action list shows those of a case', a_action
			USING ERRCODE = 'no_data_found';
	END IF;
	IF NOT (am('supervisor') OR am('head') OR a_case = ANY (my_cases())) THEN
		RAISE EXCEPTION 'action %: there is none: vaultctl action list shows those of a case', a_action
			USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM case_write(a_case, VARIADIC a_roles);
	SELECT * INTO x FROM action_current WHERE action = a_action;
	IF x.withdrawn THEN
		RAISE EXCEPTION 'action % was withdrawn: enter it anew', a_action USING ERRCODE = 'check_violation';
	END IF;
	RETURN x;
END
$$;

-- The revision that holds now.  Officers that are not named stay as they were.
CREATE FUNCTION dv.action_change(a jsonb) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	was action := action_enter((a ->> 'action')::uuid, 'officer', 'unit_head');
	x action;
	before jsonb;
BEGIN
	PERFORM only_fields(a, 'action', 'stage', 'step', 'start_at', 'end_at', 'place', 'av_notice',
		'av_unsuitable', 'officers', 'withdrawn', 'reason');
	x := action_revision(a, was);
	SELECT jsonb_agg(jsonb_build_object('officer', officer, 'certificate', certificate, 'shown', shown))
	INTO before FROM action_officer WHERE action = was.action AND revision = was.revision;
	IF x.withdrawn AND EXISTS (SELECT FROM link_current WHERE action = x.action) THEN
		RAISE EXCEPTION 'action % has recordings or documents: move them to another one first (vaultctl link remove)',
			x.action USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO action SELECT x.*;
	IF x.withdrawn THEN
		INSERT INTO action_officer (action, revision, officer, certificate, shown)
		SELECT action, x.revision, officer, certificate, shown FROM action_officer
		WHERE action = was.action AND revision = was.revision;
	ELSE
		PERFORM action_officers_note(x, coalesce(nullif(a -> 'officers', 'null'), before));
	END IF;
	RETURN x.revision;
END
$$;

GRANT EXECUTE ON FUNCTION dv.case_open(jsonb), dv.case_change(jsonb),
	dv.case_officer_set(text, text, boolean, boolean), dv.party_add(jsonb), dv.case_event_add(jsonb),
	dv.action_add(jsonb), dv.action_change(jsonb) TO dv_person;
