-- Disposal: each segment looked at once more, put on record, removed, and what is left of it.

-- ---- disposing ----

-- Does anything else need these bytes: another segment whose disposal was not begun, or a sidecar?  A blob whose
-- size no record tells came in as a sidecar first.  (Of a segment that is a copy of one, the executor sees it.)
CREATE FUNCTION dv.blob_needed(a_blob bytea) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT EXISTS (SELECT FROM segment s WHERE s.blob = a_blob
			AND NOT EXISTS (SELECT FROM disposal_begun b WHERE b.segment = s.segment))
		OR EXISTS (SELECT FROM blob WHERE hash = a_blob AND size IS NULL)
$$;

-- Two people approved it, neither of them who made it, and nobody rejected it: said by the rows themselves.
CREATE FUNCTION dv.disposal_by_two(p dv.disposal_plan) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH person AS (	-- a login, or the officer whose it is
		SELECT d.approved, d."by" = p."by" OR coalesce(x.officer = (SELECT a.officer FROM account a
				WHERE a.login::text = p."by" AND a.officer IS NOT NULL LIMIT 1), false) AS maker,
			coalesce('officer ' || x.officer, 'login ' || d."by") AS who
		FROM disposal_decision d LEFT JOIN LATERAL (SELECT a.officer FROM account a
			WHERE a.login::text = d."by" AND a.officer IS NOT NULL LIMIT 1) AS x ON true
		WHERE d.plan = p.plan
	)
	SELECT coalesce(bool_and(approved AND NOT maker) AND count(DISTINCT who) >= 2, false) FROM person
$$;

-- Begin with up to so many segments of one plan, and say what is to be removed; once this transaction is over, nothing
-- brings them back.  First what was begun and not concluded.  what: 'remove' (blob; remove false: other segments need
-- the bytes), 'clock' and 'changed' (why: nothing goes), 'busy' (somebody is writing what may speak against it: ask
-- again), 'more' (all of this part was spared: ask again).  No row: there is nothing to do.
CREATE FUNCTION dv.disposal_next(a_limit integer)
	RETURNS TABLE (what text, plan uuid, segment uuid, blob text, remove boolean, why text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp SET jit = off
	SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
	most constant integer := greatest(1, least(a_limit, 256));
	p disposal_plan;
	x record;
	a_problem text;
	a_first integer;
	a_last integer;
	items disposal_item[];
BEGIN
	PERFORM require_now();
	PERFORM require_keeper();
	IF NOT pg_try_advisory_lock(25730, 3) THEN	-- another executor, as long as it is connected
		RETURN QUERY SELECT 'busy', NULL::uuid, NULL::uuid, NULL::text, NULL::boolean, 'executor';
		RETURN;
	END IF;
	-- By what is known of each plan, and not by a look at all that ever went.
	RETURN QUERY SELECT 'remove', b.plan, b.segment, hex(b.blob), NOT blob_needed(b.blob), NULL::text
		FROM disposal_progress g CROSS JOIN unnest(g.begun) AS o(segment) JOIN disposal_begun b USING (segment)
		WHERE g.begun <> '{}' ORDER BY b.at, b.segment LIMIT most;
	IF FOUND THEN
		RETURN;
	END IF;
	a_problem := clock_problem();
	IF a_problem IS NOT NULL THEN
		RETURN QUERY SELECT 'clock', NULL::uuid, NULL::uuid, NULL::text, NULL::boolean, a_problem;
		RETURN;
	END IF;
	FOR x IN SELECT d.plan, t.approved_at, coalesce(g.number, 0) AS number FROM disposal_plan d
		 LEFT JOIN disposal_progress g ON g.plan = d.plan CROSS JOIN LATERAL disposal_stands(d.plan) AS t
		 WHERE coalesce(g.number, 0) < d.objects AND t.state = 'approved' ORDER BY t.approved_at, d.plan LOOP
		SELECT * INTO p FROM disposal_plan d WHERE d.plan = x.plan;
		CONTINUE WHEN NOT clock_lived(x.approved_at, 14);
		a_first := x.number + 1;
		a_last := least(x.number + most, (x.number / 1000 + 1) * 1000, p.objects)::integer;
		-- At its beginning all of it, and the document; then the part that is used.
		IF NOT disposal_by_two(p) OR NOT disposal_chunk_whole(p, x.number / 1000)
				OR (x.number = 0 AND NOT disposal_whole(p)) THEN
			PERFORM disposal_changed(p);
			RETURN QUERY SELECT 'changed', p.plan, NULL::uuid, NULL::text, NULL::boolean, hex(p.digest);
			CONTINUE;
		END IF;
		IF NOT pg_try_advisory_xact_lock(25730, 1) THEN		-- the gate
			RETURN QUERY SELECT 'busy', p.plan, NULL::uuid, NULL::text, NULL::boolean, 'gate';
			RETURN;
		END IF;
		items := ARRAY(SELECT i FROM disposal_item i WHERE i.plan = p.plan AND i.number BETWEEN a_first AND a_last
			       ORDER BY i.number);
		-- A scrub that is about to write one of them has its copies (dv.scrub_lock).
		IF (SELECT count(*) FROM copy c WHERE c.blob IN (SELECT i.blob FROM unnest(items) AS i)) <>
				(SELECT count(*) FROM (SELECT FROM copy c WHERE c.blob IN (SELECT i.blob FROM unnest(items) AS i)
					FOR UPDATE SKIP LOCKED) AS y) THEN
			RETURN QUERY SELECT 'busy', p.plan, NULL::uuid, NULL::text, NULL::boolean, 'scrub';
			RETURN;
		END IF;
		PERFORM disposal_begin(p, items);
		INSERT INTO disposal_progress AS g (plan, number, begun) VALUES (p.plan, a_last, ARRAY(SELECT b.segment
			FROM unnest(items) AS i JOIN disposal_begun b ON b.segment = i.segment AND b.plan = p.plan))
		ON CONFLICT (plan) DO UPDATE SET number = excluded.number, begun = g.begun || excluded.begun;
		RETURN QUERY SELECT 'remove', b.plan, b.segment, hex(b.blob), NOT blob_needed(b.blob), NULL::text
			FROM unnest(items) AS i JOIN disposal_begun b ON b.segment = i.segment AND b.plan = p.plan;
		IF NOT FOUND THEN
			RETURN QUERY SELECT 'more', p.plan, NULL::uuid, NULL::text, NULL::boolean, NULL::text;
		END IF;
		RETURN;
	END LOOP;
END
$$;

-- Whose turn has come and what speaks against it, with the gate held: each is spared, or begun.
CREATE FUNCTION dv.disposal_begin(p dv.disposal_plan, items dv.disposal_item[]) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	wanted uuid[] := ARRAY(SELECT i.segment FROM unnest(items) AS i);
	recorders text[];
	recordings uuid[];
	held_ones uuid[];
BEGIN
	SELECT array_agg(s.recorder::text), array_agg(s.recording) INTO recorders, recordings
	FROM unnest(wanted) AS w JOIN segment_place g ON g.segment = w
	JOIN segment s ON s.segment = g.segment AND s.placed_at = g.placed_at;
	-- A recording of which a part is held is held.
	held_ones := ARRAY(SELECT held(ARRAY(SELECT DISTINCT s.segment
		FROM unnest(recorders, recordings) AS r(recorder, recording)
		JOIN segment s ON s.recorder = r.recorder AND s.recording = r.recording)));
	WITH looked AS MATERIALIZED (
	SELECT i.segment, i.blob, y.why, left(y.reason, 500) AS reason
	FROM unnest(items) AS i
	LEFT JOIN segment_place g ON g.segment = i.segment
	LEFT JOIN segment s ON s.segment = g.segment AND s.placed_at = g.placed_at
	LEFT JOIN retention_judge(recorders, recordings, today(), true) v ON v.recorder = s.recorder AND v.recording = s.recording
	LEFT JOIN LATERAL (SELECT r.* FROM retention_rule r WHERE r.rule = v.rule AND r.version = v.version) AS r ON true
	CROSS JOIN LATERAL (SELECT CASE
			WHEN s.segment IS NULL OR s.blob <> i.blob OR EXISTS (SELECT FROM disposal_begun b WHERE b.segment = i.segment)
				THEN 'not_there'
			WHEN EXISTS (SELECT FROM segment o WHERE o.recorder = s.recorder AND o.recording = s.recording
				AND o.segment = ANY (held_ones)) THEN 'held'
			WHEN v.in_case THEN 'in_case'
			WHEN v.rule IS NULL OR v.due_on > today() THEN 'rule'
			WHEN v.disposable_on IS NULL OR v.disposable_on > today() THEN 'review' END AS why) AS z
	CROSS JOIN LATERAL (SELECT z.why, CASE z.why
			WHEN 'not_there' THEN 'it is not there any more, or another plan has it'
			WHEN 'held' THEN 'hold ' || coalesce((SELECT string_agg(DISTINCT h.hold::text, ', ') FROM segment o
				CROSS JOIN LATERAL holds_on(o.segment) AS h
				WHERE o.recorder = s.recorder AND o.recording = s.recording), '?')
			WHEN 'in_case' THEN 'case ' || array_to_string((SELECT f.open_cases FROM
				retention_facts_of(ARRAY[s.recorder::text], ARRAY[s.recording], false) f), ', ') || ' is not archived'
			WHEN 'rule' THEN CASE WHEN v.rule IS NULL THEN 'no rule fits it'
				WHEN v.due_on = 'infinity' THEN format('rule %s, version %s, keeps it permanently', v.rule, v.version)
				ELSE format('rule %s, version %s, keeps it until %s', v.rule, v.version, v.due_on) END
			WHEN 'review' THEN 'no review lets it go' END AS reason) AS y
	), spared AS (
		INSERT INTO disposal_spared (plan, segment, cause, reason)
		SELECT p.plan, l.segment, l.why, l.reason FROM looked l WHERE l.why IS NOT NULL ON CONFLICT DO NOTHING
	)
	INSERT INTO disposal_begun (segment, plan, blob)
	SELECT l.segment, p.plan, l.blob FROM looked l
	WHERE l.why IS NULL AND NOT EXISTS (SELECT FROM disposal_spared s WHERE s.plan = p.plan AND s.segment = l.segment);
END
$$;

-- Once more, right before the bytes of one that is begun are removed, since others may have come in that need them,
-- or another executor been there: 'remove', 'keep', or 'gone', it is concluded.
CREATE FUNCTION dv.disposal_still(a_segment uuid) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	b disposal_begun;
BEGIN
	PERFORM require_now();
	PERFORM require_keeper();
	SELECT * INTO b FROM disposal_begun WHERE segment = a_segment;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment %: its disposal was not begun', a_segment USING ERRCODE = 'no_data_found';
	END IF;
	RETURN CASE WHEN EXISTS (SELECT FROM tombstone WHERE segment = a_segment) THEN 'gone'
		WHEN blob_needed(b.blob) THEN 'keep' ELSE 'remove' END;
END
$$;

-- Its copies are gone from these stores (a_kept: none was removed, and why is what disposal_still() or the executor
-- said), so what is left of it is written.  False: it was there already.
CREATE FUNCTION dv.disposal_done(a_segment uuid, a_stores text[], a_kept boolean) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	b disposal_begun;
	other text;
	late boolean;
BEGIN
	PERFORM require_now();
	PERFORM require_keeper();
	SELECT * INTO b FROM disposal_begun WHERE segment = a_segment FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment %: its disposal was not begun', a_segment USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM tombstone WHERE segment = a_segment) THEN
		RETURN false;
	END IF;
	SELECT c.store INTO other FROM copy c WHERE c.blob = b.blob AND c.state IN ('present', 'damaged', 'unreadable')
		AND c.store <> ALL (a_stores) LIMIT 1;	-- what is missing or only owed there is not in the way
	IF FOUND AND NOT a_kept THEN
		RAISE EXCEPTION 'segment %: store % has a copy of it, too: is it in this machine''s configuration?', a_segment, other
			USING ERRCODE = 'check_violation';
	END IF;
	-- A segment with the same bytes that came in while they were being removed: it lacks them, and that is found.
	late := NOT a_kept AND blob_needed(b.blob);
	INSERT INTO tombstone (segment, plan, blob, size, sha256, facts, stores, blob_kept)
	SELECT a_segment, b.plan, b.blob, s.size, coalesce(d.sha256, m.media_sha256),
		jsonb_strip_nulls(jsonb_build_object('recorder', s.recorder, 'recording', s.recording, 'seq', s.seq,
			'unit', s.unit, 'session', s.session, 'start_at', utc(s.start_at), 'end_at', utc(s.end_at),
			'stored_at', utc(s.stored_at), 'assurance', s.assurance, 'signature', s.signature, 'digest', s.digest,
			'manifest', hex(s.manifest), 'seal_manifest', hex(s.seal_manifest), 'sm3', hex(d.sm3),
			'rule', i.rule, 'rule_version', i.rule_version, 'due_on', i.due_on, 'item', i.number)),
		CASE WHEN a_kept THEN '{}' ELSE a_stores END, a_kept OR late
	FROM segment_place g JOIN segment s ON s.segment = g.segment AND s.placed_at = g.placed_at
	LEFT JOIN blob_digest d ON d.blob = s.blob
	LEFT JOIN manifest m ON m.recorder = s.recorder AND m.manifest = s.manifest
	LEFT JOIN disposal_item i ON i.plan = b.plan AND i.segment = a_segment
	WHERE g.segment = a_segment;
	IF NOT a_kept THEN
		PERFORM disposal_copies_gone(b.blob, a_stores, b.plan, late);
	END IF;
	DELETE FROM retention_state WHERE segment = a_segment;
	UPDATE disposal_progress SET begun = array_remove(begun, a_segment) WHERE plan = b.plan;
	RETURN true;
END
$$;
-- Once a blob, however many segments had it; in every store, also in one that is away and to which it was owed, or
-- in which it was missed: what turns up there is found by the scrub's walk.  late: it is needed, and missing.
CREATE FUNCTION dv.disposal_copies_gone(a_blob bytea, a_stores text[], a_plan uuid, late boolean) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	SELECT copy_events_note(c.store, NULL, jsonb_build_array(jsonb_build_object('blob', hex(a_blob),
		'kind', CASE WHEN late THEN 'missing' ELSE 'removed' END, 'detail', jsonb_strip_nulls(jsonb_build_object(
			'plan', a_plan, 'was', CASE WHEN c.store <> ALL (a_stores) THEN c.state END)))))
	FROM copy c WHERE c.blob = a_blob AND c.state <> 'removed' AND (NOT late OR c.store = ANY (a_stores))
$$;

-- As 042 has it, but that what another segment needs stays, and is read, missed and repaired.
CREATE OR REPLACE FUNCTION dv.leaving(a_blobs bytea[]) RETURNS SETOF bytea
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT DISTINCT b.blob::bytea FROM disposal_begun b WHERE b.blob = ANY (a_blobs)
		AND NOT EXISTS (SELECT FROM tombstone t WHERE t.segment = b.segment AND t.blob_kept)
		AND NOT blob_needed(b.blob);
END
$$;

-- Bytes that went come in again, as another segment: a dock that stored them has made a copy, and every other store
-- is owed one, as of what is new.
CREATE FUNCTION dv.copies_again() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	again bytea[] := ARRAY(SELECT DISTINCT c.blob::bytea FROM fresh f JOIN copy c ON c.store = 'vault' AND c.blob = f.blob
		WHERE c.state = 'removed');
BEGIN
	IF again = '{}' THEN
		RETURN NULL;
	END IF;
	PERFORM copy_events_note('vault', NULL, (SELECT jsonb_agg(jsonb_build_object('blob', hex(x), 'kind', 'made',
		'detail', jsonb_build_object('again', true)) ORDER BY x) FROM unnest(again) AS x));
	INSERT INTO copy AS c (store, blob, state, since, check_at)
	SELECT h.store, x, 'wanted', now(), now() FROM stores_holding() h CROSS JOIN unnest(again) AS x
	WHERE h.store <> 'vault' ORDER BY x, h.store
	ON CONFLICT (store, blob) DO UPDATE SET state = 'wanted', since = now(),
		check_at = copy_check_at('wanted', c.blob, now(), c.checked_at, c.looked_at, NULL, NULL)
	WHERE c.state = 'removed';
	RETURN NULL;
END
$$;
CREATE TRIGGER copies_again AFTER INSERT ON dv.segment REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.copies_again();
ALTER TABLE dv.segment ENABLE ALWAYS TRIGGER copies_again;

-- The blobs among these that are gone by right: removed, on record, and nothing that is still kept has their bytes.
CREATE FUNCTION dv.blobs_disposed(a_blobs text[]) RETURNS TABLE (blob text, segment uuid, plan uuid, at timestamptz)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT DISTINCT ON (t.blob) hex(t.blob), t.segment, t.plan, t.at
	FROM unnest(a_blobs) AS b(hash) JOIN tombstone t ON t.blob = unhex(b.hash)
	WHERE NOT t.blob_kept AND NOT EXISTS (SELECT FROM segment s WHERE s.blob = t.blob
		AND NOT EXISTS (SELECT FROM tombstone y WHERE y.segment = s.segment))
	ORDER BY t.blob, t.at DESC
$$;

-- As 005 has it, but what was disposed of while a dock still took it for stored is to be brought again; and
-- what is gone, and is needed by nothing, is not: it stays on the card until that is emptied.
DROP FUNCTION dv.known(text, text);
CREATE FUNCTION dv.known(a_recorder text, a_fingerprint text)
	RETURNS TABLE (blob text, size numeric, gone boolean)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT hex(k.blob), k.size::numeric, EXISTS (SELECT FROM disposal_begun b WHERE b.blob = k.blob)
	FROM segment_known k
	WHERE k.recorder = a_recorder AND k.fingerprint = unhex(a_fingerprint)
		AND NOT (EXISTS (SELECT FROM disposal_begun b WHERE b.blob = k.blob) AND EXISTS (SELECT FROM segment s
			WHERE s.blob = k.blob AND NOT EXISTS (SELECT FROM disposal_begun b WHERE b.segment = s.segment)))
$$;
GRANT EXECUTE ON FUNCTION dv.known(text, text) TO dv_ingest;

-- ---- what people look at ----

-- Everything that bears on when an object goes: for whoever keeps evidence, and the legal office.
CREATE FUNCTION dv.retention_explain(a_segment uuid) RETURNS jsonb
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	s segment;
	f retention_facts;
	v retention_verdict;
BEGIN
	IF NOT (pg_has_role(session_user, 'dv_all', 'MEMBER') OR am_legal()) THEN
		RAISE EXCEPTION '% may not ask this: it is for the supervision office, the legal office, heads, admins and auditors',
			session_user USING ERRCODE = 'insufficient_privilege';
	END IF;
	SELECT g.* INTO s FROM segment_place p JOIN segment g USING (segment, placed_at) WHERE p.segment = a_segment;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment %: there is none (vaultctl recording show)', a_segment USING ERRCODE = 'no_data_found';
	END IF;
	SELECT * INTO f FROM retention_facts_of(ARRAY[s.recorder::text], ARRAY[s.recording], true);
	SELECT * INTO v FROM retention_judge(ARRAY[s.recorder::text], ARRAY[s.recording], today(), true);
	RETURN jsonb_build_object('segment', a_segment, 'recorder', s.recorder, 'recording', s.recording, 'unit', s.unit,
		'blob', hex(s.blob), 'size', s.size, 'today', today(),
		'class', f.class, 'marks', to_jsonb(f.marks), 'recorded_on', f.recorded_on, 'stored_on', f.stored_on,
		'reviewed', f.reviewed, 'in_case', v.in_case, 'rule', v.rule, 'rule_version', v.version,
		'due_on', nullif(v.due_on, 'infinity'), 'permanent', coalesce(v.due_on = 'infinity' AND NOT v.in_case, v.rule IS NULL),
		'review', v.review, 'disposable_on', v.disposable_on,
		'cases', (SELECT coalesce(jsonb_agg(jsonb_build_object('case', c.id, 'kind', c.kind, 'archived_on', c.archived)
				ORDER BY c.id), '[]') FROM unnest(f.cases, f.case_kinds, f.archived_on) AS c(id, kind, archived)),
		'rules', (SELECT coalesce(jsonb_agg(jsonb_build_object('rule', r.rule, 'version', r.version, 'article', r.article,
				'fits', retention_misfit(r, f) IS NULL, 'not_for', retention_misfit(r, f),
				'until', CASE WHEN retention_misfit(r, f) IS NULL THEN nullif(retention_until(r, f), 'infinity') END,
				'keep', r.keep, 'since', r.since, 'review', r.review, 'wins', r.rule = v.rule,
				'text_zh', r.text_zh, 'text_en', r.text_en)
				ORDER BY retention_misfit(r, f) IS NULL DESC, r.rule = v.rule DESC, r.rule), '[]')
			  FROM retention_rules_at(today()) r),
		'holds', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('hold', h.hold, 'kind', h.kind,
				'subject', h.subject, 'review_on', h.review_on)), '[]') FROM segment o
			  CROSS JOIN LATERAL holds_on(o.segment) AS h
			  WHERE o.recorder = s.recorder AND o.recording = s.recording),
		'plans', (SELECT coalesce(jsonb_agg(jsonb_build_object('plan', l.plan, 'state', l.state, 'number', i.number,
				'recovery_ends_at', utc(l.recovery_ends_at), 'spared', (SELECT x.cause FROM disposal_spared x
					WHERE x.plan = i.plan AND x.segment = i.segment)) ORDER BY l.made_at), '[]')
			  FROM disposal_item i JOIN disposal_plan_list l USING (plan) WHERE i.segment = a_segment),
		'begun_at', (SELECT utc(b.at) FROM disposal_begun b WHERE b.segment = a_segment),
		'disposed', (SELECT jsonb_build_object('plan', t.plan, 'at', utc(t.at), 'blob_kept', t.blob_kept)
			     FROM tombstone t WHERE t.segment = a_segment),
		'clock', clock_problem(),
		'against', to_jsonb(array_remove(ARRAY[
			CASE WHEN EXISTS (SELECT FROM disposal_begun b WHERE b.segment = a_segment) THEN 'begun' END,
			CASE WHEN EXISTS (SELECT FROM segment o WHERE o.recorder = s.recorder AND o.recording = s.recording
				AND EXISTS (SELECT FROM holds_on(o.segment))) THEN 'held' END,
			CASE WHEN v.in_case THEN 'in_case' END,
			CASE WHEN v.rule IS NULL THEN 'no_rule' WHEN v.due_on = 'infinity' AND NOT v.in_case THEN 'permanent'
				WHEN v.due_on > today() AND NOT v.in_case THEN 'not_due' END,
			CASE WHEN v.reviewed = 'keep' THEN 'reviewed_keep'
				WHEN v.review AND v.reviewed IS NULL THEN 'review' END,
			CASE WHEN clock_problem() IS NOT NULL THEN 'clock' END], NULL)));
END
$$;

-- Recordings whose time is over and at which a person has to look.
CREATE VIEW dv.retention_review_list WITH (security_invoker = true) AS
SELECT t.recorder, t.recording, min(t.unit) AS unit, count(*) AS segments, sum(t.size) AS bytes, min(t.rule) AS rule,
	min(t.version) AS version, min(t.due_on) AS due_on
FROM dv.retention_state t
WHERE t.review AND t.disposable_on IS NULL AND NOT t.in_case AND t.due_on <= dv.today()
	AND NOT EXISTS (SELECT FROM dv.retention_review v WHERE v.recorder = t.recorder AND v.recording = t.recording
		AND v.verdict = 'keep')
GROUP BY t.recorder, t.recording;

-- Whoever sees plans; whole, whatever of them is covered, since a certificate of a part would be none.
CREATE FUNCTION dv.sees_plans() RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT pg_has_role(session_user, 'dv_all', 'MEMBER') OR am_legal()
$$;
-- What became of a plan's objects: of those that are covered this much, and no facts.
CREATE FUNCTION dv.disposal_gone_of(a_plan uuid)
	RETURNS TABLE (segment uuid, recorder text, recording text, stores text[], blob_kept boolean, at timestamptz)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT t.segment, t.facts ->> 'recorder', t.facts ->> 'recording', t.stores, t.blob_kept, t.at
	FROM tombstone t WHERE t.plan = a_plan AND (SELECT sees_plans())
$$;
-- All that a certificate says of a plan, but its objects.
CREATE FUNCTION dv.disposal_certificate(a_plan uuid) RETURNS jsonb
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT jsonb_build_object('plan', p.plan, 'state', l.state, 'day', p.day, 'unit', p.unit, 'objects', p.objects,
		'bytes', p.bytes, 'digest', hex(p.digest), 'by', p."by", 'reason', p.reason, 'made_at', utc(p.made_at),
		'key_id', g.key_id, 'sha256', hex(g.sha256), 'approved_at', utc(l.approved_at),
		'recovery_ends_at', utc(l.recovery_ends_at), 'gone', l.gone, 'spared', l.spared, 'at', utc(now()),
		'gone_bytes', (SELECT coalesce(sum(t.size), 0) FROM tombstone t WHERE t.plan = p.plan),
		'kept_blobs', (SELECT count(*) FROM tombstone t WHERE t.plan = p.plan AND t.blob_kept),
		'first_at', (SELECT utc(min(t.at)) FROM tombstone t WHERE t.plan = p.plan),
		'last_at', (SELECT utc(max(t.at)) FROM tombstone t WHERE t.plan = p.plan),
		'decisions', (SELECT coalesce(jsonb_agg(jsonb_build_object('by', d."by", 'name', a.name, 'approved', d.approved,
				'reason', d.reason, 'entered_at', utc(d.entered_at)) ORDER BY d.entered_at), '[]')
			FROM disposal_decision d LEFT JOIN LATERAL (SELECT c.name FROM account c WHERE c.login::text = d."by"
				ORDER BY c.revision DESC LIMIT 1) AS a ON true WHERE d.plan = p.plan),
		'maker', (SELECT c.name FROM account c WHERE c.login::text = p."by" ORDER BY c.revision DESC LIMIT 1),
		'rules', convert_from(g.document, 'UTF8')::jsonb -> 'rules',
		'spared_by', (SELECT coalesce(jsonb_agg(jsonb_build_object('why', x.cause, 'objects', x.n) ORDER BY x.cause), '[]')
			FROM (SELECT s.cause, count(*) AS n FROM disposal_spared s WHERE s.plan = p.plan GROUP BY 1) AS x))
	FROM disposal_plan p JOIN disposal_plan_list l USING (plan) LEFT JOIN disposal_plan_signed g USING (plan)
	WHERE p.plan = a_plan AND sees_plans()
$$;
