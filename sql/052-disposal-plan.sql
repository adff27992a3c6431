-- Plans of disposal: made, frozen, signed, approved by two (Art. 32, 33).

-- ---- plans: the digest of the items ----
--
-- An item is the line SEGMENT BLOB SIZE RULE/VERSION DUE, a line feed behind it; a thousand of them, in the
-- order of their numbers, have a SHA-256, and all of these, one behind the other, the plan's.

CREATE FUNCTION dv.disposal_line(i dv.disposal_item) RETURNS text
	LANGUAGE sql STABLE
	RETURN (i).segment::text || ' ' || encode((i).blob, 'hex') || ' ' || (i).size || ' ' || (i).rule || '/'
		|| (i).rule_version || ' ' || to_char((i).due_on, 'YYYY-MM-DD') || E'\n';

CREATE FUNCTION dv.disposal_chunks(a_plan uuid, a_first integer, a_last integer)
	RETURNS TABLE (chunk integer, items bigint, digest bytea)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp SET jit = off AS $$
	SELECT (i.number - 1) / 1000, count(*),
		sha256(convert_to(string_agg(disposal_line(i), '' ORDER BY i.number), 'UTF8'))
	FROM disposal_item i WHERE i.plan = a_plan AND i.number BETWEEN a_first * 1000 + 1 AND a_last * 1000 + 1000
	GROUP BY 1 ORDER BY 1
$$;

-- Of all items, as they are now.
CREATE FUNCTION dv.disposal_digest(a_plan uuid) RETURNS bytea
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT sha256(string_agg(digest, ''::bytea ORDER BY chunk)) FROM disposal_chunks(a_plan, 0, 2000000)
$$;

-- Are these items, of one chunk, and the plan around them, what was frozen?
CREATE FUNCTION dv.disposal_chunk_whole(p dv.disposal_plan, a_chunk integer) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT sha256(string_agg(c.digest, ''::bytea ORDER BY c.chunk)) = p.digest
				AND count(*) = (p.objects + 999) / 1000 AND max(c.chunk) = (p.objects - 1) / 1000
			 FROM disposal_chunk c WHERE c.plan = p.plan)
		AND (SELECT x.digest = c.digest AND x.items = least(1000, p.objects - a_chunk * 1000)
		     FROM disposal_chunks(p.plan, a_chunk, a_chunk) x
		     JOIN disposal_chunk c ON c.plan = p.plan AND c.chunk = a_chunk), false)
$$;

-- What is signed: who wants what to go, by which rules.
CREATE FUNCTION dv.disposal_document(p dv.disposal_plan) RETURNS bytea
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT convert_to(canonical(jsonb_strip_nulls(jsonb_build_object('dockvault_disposal', 1, 'plan', p.plan,
		'day', p.day, 'unit', p.unit, 'objects', p.objects, 'bytes', p.bytes, 'digest', hex(p.digest),
		'made_at', utc(p.made_at), 'by', p."by", 'reason', p.reason,
		'rules', (SELECT jsonb_agg(jsonb_build_object('rule', x.rule, 'version', x.rule_version, 'objects', x.n,
				'bytes', x.bytes, 'due_first', x.first, 'due_last', x.last, 'text_zh', r.text_zh,
				'text_en', r.text_en) ORDER BY x.rule, x.rule_version)
			  FROM (SELECT i.rule, i.rule_version, count(*) AS n, sum(i.size) AS bytes, min(i.due_on) AS first,
					max(i.due_on) AS last
				FROM disposal_item i WHERE i.plan = p.plan GROUP BY 1, 2) AS x
			  LEFT JOIN retention_rule r ON r.rule = x.rule AND r.version = x.rule_version)))), 'UTF8')
$$;

-- ---- where a plan stands ----

CREATE FUNCTION dv.disposal_recovery() RETURNS interval
	LANGUAGE sql IMMUTABLE
	RETURN interval '14 days';

-- How many of a plan are gone, those that are covered from whoever asks among them.
CREATE FUNCTION dv.disposal_gone(a_plan uuid) RETURNS bigint
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT count(*) FROM tombstone t WHERE t.plan = a_plan
$$;

-- By what people said of it alone: unsigned proposed rejected recalled recovery approved.
CREATE FUNCTION dv.disposal_stands(a_plan uuid) RETURNS TABLE (state text, approvals bigint, approved_at timestamptz)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT CASE WHEN d.rejected THEN 'rejected'
		WHEN EXISTS (SELECT FROM disposal_recalled r WHERE r.plan = a_plan) THEN 'recalled'
		WHEN NOT EXISTS (SELECT FROM disposal_plan_signed x WHERE x.plan = a_plan) THEN 'unsigned'
		WHEN d.approved_at IS NULL THEN 'proposed'
		WHEN d.approved_at + disposal_recovery() > now() THEN 'recovery' ELSE 'approved' END, d.approvals, d.approved_at
	FROM (SELECT count(*) FILTER (WHERE x.approved) AS approvals, coalesce(bool_or(NOT x.approved), false) AS rejected,
			(array_agg(x.entered_at ORDER BY x.entered_at) FILTER (WHERE x.approved))[2] AS approved_at
	      FROM disposal_decision x WHERE x.plan = a_plan) AS d
$$;
-- state: those, or done.
CREATE VIEW dv.disposal_plan_list WITH (security_invoker = true) AS
SELECT p.plan, p.day, p.unit, p.objects, p.bytes, p.digest, p.reason, p.by, p.made_at, d.approvals, d.approved_at,
	d.approved_at + dv.disposal_recovery() AS recovery_ends_at, coalesce(g.gone, 0) AS gone, coalesce(s.spared, 0) AS spared,
	CASE WHEN d.state <> 'rejected' AND coalesce(g.gone, 0) + coalesce(s.spared, 0) >= p.objects THEN 'done'
		ELSE d.state END AS state
FROM dv.disposal_plan p
CROSS JOIN LATERAL dv.disposal_stands(p.plan) AS d
CROSS JOIN LATERAL (SELECT dv.disposal_gone(p.plan) AS gone) AS g
LEFT JOIN LATERAL (SELECT count(*) AS spared FROM dv.disposal_spared t WHERE t.plan = p.plan) AS s ON true;

-- Plans whose items are nobody else's to plan: neither over nor given up.
CREATE FUNCTION dv.disposal_open_plans() RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT plan FROM disposal_plan_list WHERE state IN ('unsigned', 'proposed', 'recovery', 'approved')
$$;

-- Segments that are held, as far as a plan is made without them; what decides is asked of each again when its turn
-- comes (dv.held).
CREATE FUNCTION dv.retention_held() RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT c.* FROM hold_open h CROSS JOIN LATERAL hold_covers(h.hold) AS c
$$;

-- ---- making one ----

-- What is due by a day, in units from this one down (null: all); it is frozen from here on, and signed next.  What
-- is in another plan, held, or begun is not in it.
CREATE FUNCTION dv.disposal_plan(a_day date, a_unit text, a_reason text)
	RETURNS TABLE (plan uuid, objects bigint, bytes numeric, digest text, document text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp SET jit = off
	SET plan_cache_mode = force_custom_plan SET work_mem = '32MB' AS $$
#variable_conflict use_column
DECLARE
	a_plan constant uuid := gen_random_uuid();
	a_problem text := clock_problem();
	units text[];
	p disposal_plan;
	n bigint;
BEGIN
	PERFORM require_role('supervisor', 'admin');
	IF a_problem IS NOT NULL THEN
		RAISE EXCEPTION 'no plan is made: %', a_problem USING ERRCODE = 'check_violation';
	END IF;
	IF a_day > today() THEN
		RAISE EXCEPTION 'what is due by % is known on that day: today is %', a_day, today()
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_unit IS NOT NULL THEN
		PERFORM FROM unit_current WHERE unit = a_unit;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'there is no unit %: vaultctl unit list shows them', a_unit USING ERRCODE = 'no_data_found';
		END IF;
		units := ARRAY(SELECT units_below(a_unit));
	END IF;
	PERFORM pg_advisory_xact_lock(25730, 2);
	PERFORM retention_rules_noted();
	n := retention_refresh(20000);
	IF n > 50000 THEN
		RAISE EXCEPTION '% recordings are still to be judged by the rules that are in force: alertd does that, ask again when it has', n
			USING ERRCODE = 'check_violation';
	END IF;
	WHILE n > 0 LOOP
		n := retention_refresh(20000);
	END LOOP;
	INSERT INTO disposal_item (plan, number, segment, blob, size, rule, rule_version, due_on)
	WITH other AS MATERIALIZED (
		SELECT i.segment FROM disposal_item i WHERE i.plan IN (SELECT disposal_open_plans())
			AND NOT EXISTS (SELECT FROM disposal_spared s WHERE s.plan = i.plan AND s.segment = i.segment)
		UNION ALL
		SELECT b.segment FROM disposal_begun b
	), held_one AS MATERIALIZED (	-- a recording of which a part is held is held
		SELECT DISTINCT t.recorder, t.recording FROM retention_held() AS h(segment)
		JOIN retention_state t ON t.segment = h.segment
	)
	SELECT a_plan, row_number() OVER (ORDER BY t.segment), t.segment, t.blob, t.size, t.rule, t.version, t.due_on
	FROM retention_state t
	WHERE t.disposable_on <= a_day AND (units IS NULL OR t.unit = ANY (units))
		AND NOT EXISTS (SELECT FROM other o WHERE o.segment = t.segment)
		AND NOT EXISTS (SELECT FROM held_one h WHERE h.recorder = t.recorder AND h.recording = t.recording)
	ORDER BY t.segment;
	INSERT INTO disposal_chunk (plan, chunk, digest)
	SELECT a_plan, c.chunk, c.digest FROM disposal_chunks(a_plan, 0, 2000000) c;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'nothing is due by % that no hold, case, review or other plan speaks against (vaultctl retention plan --explain OBJECT)',
			a_day USING ERRCODE = 'no_data_found';
	END IF;
	INSERT INTO disposal_plan (plan, day, unit, objects, bytes, digest, reason)
	SELECT a_plan, a_day, a_unit, count(*), sum(i.size),
		(SELECT sha256(string_agg(c.digest, ''::bytea ORDER BY c.chunk)) FROM disposal_chunk c WHERE c.plan = a_plan), a_reason
	FROM disposal_item i WHERE i.plan = a_plan
	RETURNING * INTO p;
	RETURN QUERY SELECT p.plan, p.objects, p.bytes::numeric, hex(p.digest), convert_from(disposal_document(p), 'UTF8');
END
$$;

CREATE FUNCTION dv.disposal_sign(a_plan uuid, a_document bytea, a_signature text, a_key_id text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	p disposal_plan;
BEGIN
	PERFORM require_role('supervisor', 'admin');
	SELECT * INTO p FROM disposal_plan WHERE plan = a_plan;
	IF p.plan IS NULL OR p."by" <> session_user::text THEN
		RAISE EXCEPTION 'plan %: there is none, or it is none of yours to sign', a_plan USING ERRCODE = 'no_data_found';
	END IF;
	IF disposal_document(p) IS DISTINCT FROM a_document THEN
		RAISE EXCEPTION 'plan %: this is not its document: make a new plan', a_plan USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO disposal_plan_signed (plan, document, sha256, signature, key_id)
	VALUES (a_plan, a_document, sha256(a_document), a_signature, a_key_id);
END
$$;

-- ---- deciding ----

-- It is not what was frozen.  For whoever finds it: true, it was not known before.
CREATE FUNCTION dv.disposal_changed(p dv.disposal_plan) RETURNS boolean
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	SELECT raise_finding(NULL, jsonb_build_object('code', 'disposal_plan_changed', 'subject_kind', 'plan',
		'subject', p.plan, 'fact', '', 'at', utc(now()), 'detail', jsonb_build_object('plan', p.plan,
			'frozen', hex(p.digest), 'found', hex(disposal_digest(p.plan)))))
$$;

-- All of it, the document with it.
CREATE FUNCTION dv.disposal_whole(p dv.disposal_plan) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(disposal_digest(p.plan) = p.digest
		AND (SELECT count(*) = p.objects FROM disposal_item WHERE plan = p.plan)
		AND (SELECT x.document = disposal_document(p) FROM disposal_plan_signed x WHERE x.plan = p.plan), false)
$$;

-- a_digest: what the tool of who decides made of the items that it was shown.  Says approved (by how many of two),
-- rejected, or changed: then nothing was decided, and that is on record.
CREATE FUNCTION dv.disposal_decide(a_plan uuid, a_approved boolean, a_reason text, a_digest bytea) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	p disposal_plan;
	a_state text;
	before text;
BEGIN
	PERFORM require_role('supervisor', 'legal', 'head');
	SELECT * INTO p FROM disposal_plan WHERE plan = a_plan FOR UPDATE;	-- one decides at a time
	SELECT state INTO a_state FROM disposal_plan_list WHERE plan = a_plan;
	IF p.plan IS NULL THEN
		RAISE EXCEPTION 'there is no plan %: vaultctl retention list shows them', a_plan USING ERRCODE = 'no_data_found';
	END IF;
	IF a_state <> 'proposed' THEN
		RAISE EXCEPTION 'plan % is not to be decided: it is %', a_plan, a_state || CASE WHEN a_state IN ('recovery', 'approved')
			THEN '; to take it back: vaultctl retention recall ' || a_plan ELSE '' END
			USING ERRCODE = 'check_violation';
	END IF;
	IF same_person(p."by") THEN
		RAISE EXCEPTION 'plan %: you made it yourself; two other people decide', a_plan
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	SELECT d."by" INTO before FROM disposal_decision d WHERE d.plan = a_plan AND same_person(d."by") LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'plan %: you decided already, as %; another person decides', a_plan, before
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF a_approved AND (NOT disposal_whole(p) OR a_digest IS DISTINCT FROM p.digest) THEN
		PERFORM disposal_changed(p);
		RETURN 'changed';
	END IF;
	INSERT INTO disposal_decision (plan, approved, reason) VALUES (a_plan, a_approved, a_reason);
	RETURN CASE WHEN NOT a_approved THEN 'rejected'
		WHEN (SELECT count(*) FROM disposal_decision d WHERE d.plan = a_plan) > 1 THEN 'approved' ELSE 'approved_first' END;
END
$$;

-- The whole of it (a_segment null), or one object.  What was begun is gone.
CREATE FUNCTION dv.disposal_recall(a_plan uuid, a_segment uuid, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_state text;
BEGIN
	PERFORM require_role('supervisor', 'legal', 'head');
	PERFORM pg_advisory_xact_lock_shared(25730, 1);	-- before what it says is looked at
	SELECT state INTO a_state FROM disposal_plan_list WHERE plan = a_plan;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no plan %: vaultctl retention list shows them', a_plan USING ERRCODE = 'no_data_found';
	END IF;
	IF a_state NOT IN ('unsigned', 'proposed', 'recovery', 'approved') THEN
		RAISE EXCEPTION 'plan % is %: there is nothing to recall', a_plan, a_state USING ERRCODE = 'check_violation';
	END IF;
	IF a_segment IS NULL THEN
		INSERT INTO disposal_recalled (plan, reason) VALUES (a_plan, a_reason);
		RETURN;
	END IF;
	IF NOT EXISTS (SELECT FROM disposal_item WHERE segment = a_segment AND plan = a_plan) THEN
		RAISE EXCEPTION 'segment % is not in plan % (vaultctl retention show % --objects)', a_segment, a_plan, a_plan
			USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM disposal_begun WHERE segment = a_segment) THEN
		RAISE EXCEPTION 'segment %: its disposal was begun: it cannot be recalled any more', a_segment
			USING ERRCODE = 'check_violation';
	END IF;
	IF EXISTS (SELECT FROM disposal_spared WHERE plan = a_plan AND segment = a_segment) THEN
		RAISE EXCEPTION 'segment % is out of plan % already', a_segment, a_plan USING ERRCODE = 'unique_violation';
	END IF;
	-- A recording is kept as a whole (Art. 12, 33): the others of it, with this one.
	INSERT INTO disposal_spared (plan, segment, cause, reason)
	SELECT a_plan, s.segment, 'recalled', a_reason
	FROM segment_place o JOIN segment x USING (segment, placed_at)
	JOIN segment s ON s.recorder = x.recorder AND s.recording = x.recording
	WHERE o.segment = a_segment AND EXISTS (SELECT FROM disposal_item i WHERE i.plan = a_plan AND i.segment = s.segment)
		AND NOT EXISTS (SELECT FROM disposal_begun b WHERE b.segment = s.segment)
	ON CONFLICT DO NOTHING;
END
$$;
