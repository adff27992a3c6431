-- Findings about people and cases, and how each is answered (Art. 38).

-- What a finding is about besides a recorder.  requirement: the checklist row that was not met, whose
-- article and words of that day it cites in place of its rule's.
ALTER TABLE dv.finding ADD COLUMN officer dv.ident, ADD COLUMN "case" dv.ident,
	ADD COLUMN article integer CHECK (article BETWEEN 1 AND 40),
	ADD COLUMN requirement text, ADD COLUMN requirement_version integer,
	DROP CONSTRAINT finding_subject_kind_check,
	ADD CONSTRAINT finding_subject_kind_check CHECK (subject_kind IN ('recorder', 'session',
		'recording', 'segment', 'slot', 'log', 'row', 'event', 'blob', 'object', 'case', 'action',
		'document', 'officer', 'finding'));
CREATE INDEX finding_case ON dv.finding ("case") WHERE "case" IS NOT NULL;

SELECT dv.log_acts('dv.finding', 'finding_raised', '{finding}', '{fact,detail,officer}',
	'{case:case,finding:finding,recorder:recorder,session:session,=subject_kind:subject}');

-- What was done about it, in order.  Where a finding stands follows from these, one after the other.
CREATE TABLE dv.rectification (
	finding		uuid NOT NULL REFERENCES dv.finding,
	number		integer NOT NULL CHECK (number > 0),	-- 1, 2, ... of this finding
	kind		text NOT NULL CHECK (kind IN (
				'opened',	-- with owner and due_at
				'joined',	-- or: one of this code and subject waits for its answer already
				'seen_again',	-- what the one joined has of it
				'assigned',	-- another owner, or due_at
				'acknowledged',	-- 签收
				'explained',	-- 登记说明: reason_code, text, attachment
				'closed',	-- 复核: the explanation holds (excused: a gap, by its document)
				'reopened',	-- 复核: it does not
				'escalated')),	-- overdue: to the head, once a deadline
	other		uuid REFERENCES dv.finding,	-- joined: to which; seen_again: which one
	owner		text,			-- login of who answers; null: the head of the unit
	due_at		timestamptz,
	reason_code	text CHECK (reason_code IN ('battery', 'storage_full', 'device_fault', 'damaged',
				'forgotten', 'not_issued', 'network', 'wrongly_found', 'corrected', 'other')),
	excused		boolean,		-- of closed: for a technical reason, with a document
	text		dv.sentence,
	document	uuid REFERENCES dv.document,	-- the attachment, of a case ...
	segment		uuid REFERENCES dv.segment_place,	-- ... or imported for itself
	by		text NOT NULL DEFAULT session_user,
	at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (finding, number),
	CHECK ((other IS NOT NULL) = (kind IN ('joined', 'seen_again'))),
	CHECK (kind <> 'explained' OR (reason_code IS NOT NULL AND text IS NOT NULL)),
	CHECK ((excused IS NOT NULL) = (kind = 'closed'))
);
SELECT dv.make_append_only('dv.rectification');
SELECT dv.log_acts('dv.rectification', '=kind', '{finding,number}', '{owner,text,by}',
	'{finding:finding,segment:segment}');

-- Derived: where each stands.  Warnings and violations alone are answered.
CREATE TABLE dv.finding_state (
	finding		uuid PRIMARY KEY REFERENCES dv.finding,
	code		text NOT NULL,
	article		integer NOT NULL,
	severity	dv.severity NOT NULL,
	subject		text NOT NULL,
	recorder	text NOT NULL,		-- '': none, as in the summaries
	unit		text NOT NULL,
	officer		text NOT NULL,
	"case"		text NOT NULL,
	state		text NOT NULL CHECK (state IN ('open', 'acknowledged', 'explained', 'closed')),
	joins		uuid,			-- is answered with this one, and stands where it does
	owner		text,
	due_at		timestamptz,		-- of the answer; once explained, of the review; null: closed
	overdue		boolean NOT NULL,	-- and the head was told
	excused		boolean,
	raised_at	timestamptz NOT NULL,
	closed_at	timestamptz
) WITH (fillfactor = 70);
CREATE INDEX finding_state_unit ON dv.finding_state (unit, severity, raised_at) WHERE state <> 'closed';
CREATE INDEX finding_state_due ON dv.finding_state (due_at) WHERE state <> 'closed' AND due_at IS NOT NULL;
CREATE INDEX finding_state_joined ON dv.finding_state (code, subject)
	WHERE state IN ('open', 'acknowledged') AND joins IS NULL;
CREATE INDEX finding_state_joins ON dv.finding_state (joins) WHERE joins IS NOT NULL;
CREATE INDEX finding_state_case ON dv.finding_state ("case") WHERE "case" <> '';
COMMENT ON TABLE dv.finding_state IS 'Derived from finding and rectification';

-- How long an answer may take, and its review: a parameter of the rule, or by how grave it is.
CREATE FUNCTION dv.answer_within(a_rule dv.rule_version, a_severity text, a_what text) RETURNS interval
	LANGUAGE sql IMMUTABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce((a_rule.parameters ->> (a_what || '_within'))::interval,
		CASE WHEN a_severity = 'violation' AND a_what = 'answer' THEN interval '3 days'
		     ELSE interval '7 days' END)
$$;

-- ---- where a finding stands ----

-- What a step makes of a state; null: it is no step from there.
CREATE FUNCTION dv.state_after(a_state text, a_kind text) RETURNS text
	LANGUAGE sql IMMUTABLE
	RETURN CASE a_kind
		WHEN 'opened' THEN CASE WHEN a_state IS NULL THEN 'open' END
		WHEN 'acknowledged' THEN CASE WHEN a_state = 'open' THEN 'acknowledged' END
		WHEN 'explained' THEN CASE WHEN a_state = 'acknowledged' THEN 'explained' END
		WHEN 'closed' THEN CASE WHEN a_state = 'explained' THEN 'closed' END
		WHEN 'reopened' THEN CASE WHEN a_state IN ('explained', 'closed') THEN 'open' END
		WHEN 'seen_again' THEN CASE WHEN a_state IN ('open', 'acknowledged') THEN a_state END
		WHEN 'assigned' THEN CASE WHEN a_state IN ('open', 'acknowledged') THEN a_state END
		WHEN 'escalated' THEN CASE WHEN a_state <> 'closed' THEN a_state END
		END;

-- Where a step leads.
CREATE FUNCTION dv.step_state(s dv.finding_state, r dv.rectification) RETURNS dv.finding_state
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	s.state := state_after(s.state, r.kind);
	s.owner := CASE WHEN r.kind IN ('opened', 'assigned') THEN r.owner ELSE s.owner END;
	s.due_at := CASE WHEN r.kind <> 'closed' THEN coalesce(r.due_at, s.due_at) END;
	-- A new day, and nothing is overdue until then.
	s.overdue := r.kind = 'escalated' OR (coalesce(s.overdue, false) AND r.due_at IS NULL
		AND r.kind <> 'closed');
	s.excused := CASE r.kind WHEN 'closed' THEN r.excused WHEN 'reopened' THEN NULL ELSE s.excused END;
	s.closed_at := CASE r.kind WHEN 'closed' THEN r.at WHEN 'reopened' THEN NULL ELSE s.closed_at END;
	RETURN s;
END
$$;

-- A state before its first step.
CREATE FUNCTION dv.no_state(f dv.finding) RETURNS dv.finding_state
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state;
BEGIN
	s.finding := f.finding;
	s.code := f.code;
	s.article := coalesce(f.article, (rule_at(f.code, day_of(f.at))).article);
	s.severity := f.severity;
	s.subject := f.subject;
	s.recorder := coalesce(f.recorder, '');
	s.unit := coalesce(f.unit, '');
	s.officer := coalesce(f.officer, '');
	s."case" := coalesce(f."case", '');
	s.raised_at := f.raised_at;
	RETURN s;
END
$$;

-- That of one that is answered with another: as the other's is.
CREATE FUNCTION dv.joined_state(s dv.finding_state, leader dv.finding_state) RETURNS dv.finding_state
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	s.joins := leader.finding;
	s.state := leader.state;
	s.owner := leader.owner;
	s.due_at := leader.due_at;
	s.overdue := leader.overdue;
	s.excused := leader.excused;
	s.closed_at := leader.closed_at;
	RETURN s;
END
$$;

-- What its steps make of a finding that is answered for itself, from nothing.  That it was seen again
-- makes nothing else of it.
CREATE FUNCTION dv.finding_state_of(f dv.finding) RETURNS dv.finding_state
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state := no_state(f);
	r rectification;
BEGIN
	FOR r IN SELECT * FROM rectification WHERE finding = f.finding AND kind <> 'seen_again'
		 ORDER BY number LOOP
		s := step_state(s, r);
	END LOOP;
	RETURN s;
END
$$;

-- All of them from the facts: the same as is there.
CREATE FUNCTION dv.finding_states_rebuild() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	n bigint;
BEGIN
	LOCK TABLE finding, rectification IN SHARE MODE;
	DELETE FROM finding_state;
	INSERT INTO finding_state
	SELECT s.* FROM rectification r JOIN finding f USING (finding), LATERAL finding_state_of(f) AS s
	WHERE r.number = 1 AND r.kind = 'opened';
	INSERT INTO finding_state
	SELECT s.* FROM rectification r JOIN finding f USING (finding)
	JOIN finding_state leader ON leader.finding = r.other, LATERAL joined_state(no_state(f), leader) AS s
	WHERE r.number = 1 AND r.kind = 'joined';
	SELECT count(*) INTO n FROM finding_state;
	RETURN n;
END
$$;

CREATE FUNCTION dv.steps_of(a_finding uuid) RETURNS integer
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(max(number), 0) FROM rectification WHERE finding = a_finding
$$;

-- One step of one finding that has a state.  Its row is locked, so that of two that come at once the
-- second sees the first.  Those that are answered with it follow.
CREATE FUNCTION dv.rectify(r dv.rectification) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state;
BEGIN
	SELECT * INTO STRICT s FROM finding_state WHERE finding = r.finding FOR UPDATE;
	IF state_after(s.state, r.kind) IS NULL THEN
		RAISE EXCEPTION 'finding %: it is %, so it cannot be %: %', r.finding, s.state, r.kind,
			CASE s.state WHEN 'open' THEN 'it has to be acknowledged first'
				WHEN 'acknowledged' THEN 'it has to be explained first'
				WHEN 'explained' THEN 'it waits for its review by another person'
				ELSE 'a review reopens it' END
			USING ERRCODE = 'check_violation';
	END IF;
	r.number := steps_of(r.finding) + 1;
	r.by := session_user;
	r.at := now();
	INSERT INTO rectification SELECT r.*;
	s := step_state(s, r);
	UPDATE finding_state SET state = s.state, owner = s.owner, due_at = s.due_at,
		overdue = s.overdue, excused = s.excused, closed_at = s.closed_at
	WHERE finding = r.finding OR joins = r.finding;
END
$$;

-- ---- raising ----

-- Who answers: whoever it is about, if they have a login; otherwise (null) the head of the unit.
CREATE FUNCTION dv.owner_of(a_officer text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT login::text FROM account_current
	WHERE officer = a_officer AND 'officer' = ANY (roles) ORDER BY entered_at DESC, login LIMIT 1
$$;

-- Open the rectifications of new findings, or let them join one of their code and subject that nobody
-- has explained yet: there is one thing to answer, and no fact is lost.  All of a batch at once: a card
-- may bring ten thousand, and counting each for itself would be counting each again with every other.
-- Two that come at once, which those of one recorder do not, may both be opened.  That somebody is
-- overdue is not itself answered, or it would become overdue in turn for ever.
CREATE FUNCTION dv.rectifications_open(a_findings uuid[], a_since timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	waiting uuid[];
BEGIN
	-- Locked: one that is explained meanwhile is not joined.  One that somebody else has locked is neither,
	-- nor waited for: a person who keeps a transaction open would hold up the dock and all deadlines.
	waiting := ARRAY(SELECT x.finding FROM finding_state x
		WHERE (x.code, x.subject) IN (SELECT f.code, f.subject FROM finding f WHERE f.finding = ANY (a_findings))
			AND x.state IN ('open', 'acknowledged') AND x.joins IS NULL
		ORDER BY x.finding FOR UPDATE SKIP LOCKED);
	WITH f AS MATERIALIZED (
		SELECT x.*, day_of(x.at) AS day, row_number() OVER subject AS n,
			first_value(x.finding) OVER subject AS first
		FROM finding x
		WHERE x.finding = ANY (a_findings) AND x.severity IN ('warning', 'violation')
			AND x.code <> 'rectification_overdue'
		WINDOW subject AS (PARTITION BY x.code, x.subject ORDER BY x.raised_at, x.finding)
	), rules AS MATERIALIZED (
		SELECT d.code, d.day, rule_at(d.code, d.day) AS rule FROM (SELECT DISTINCT code, day FROM f) AS d
	), officers AS MATERIALIZED (
		SELECT d.officer, owner_of(d.officer) AS owner FROM (SELECT DISTINCT officer FROM f) AS d
	), leaders AS MATERIALIZED (	-- of each code and subject: who waits, or the first of these
		SELECT f.code, f.subject, w.finding IS NULL AS is_new, coalesce(w.finding, f.finding) AS finding,
			coalesce(w.state, 'open') AS state,
			CASE WHEN w.finding IS NULL THEN o.owner ELSE w.owner END AS owner,
			CASE WHEN w.finding IS NULL THEN a_since + answer_within(r.rule, f.severity, 'answer')
			     ELSE w.due_at END AS due_at,
			coalesce(w.overdue, false) AS overdue,
			CASE WHEN w.finding IS NULL THEN 1 ELSE steps_of(w.finding) END AS steps
		FROM f
		JOIN rules r ON r.code = f.code AND r.day = f.day
		JOIN officers o ON o.officer IS NOT DISTINCT FROM f.officer
		LEFT JOIN LATERAL (
			SELECT * FROM finding_state x
			WHERE x.code = f.code AND x.subject = f.subject AND x.state IN ('open', 'acknowledged')
				AND x.joins IS NULL AND x.finding = ANY (waiting)
			ORDER BY x.raised_at, x.finding LIMIT 1
		) AS w ON true
		WHERE f.n = 1
	), plan AS MATERIALIZED (
		SELECT f.*, l.finding AS leader, l.finding = f.finding AS leads, l.state, l.owner, l.due_at, l.overdue,
			l.steps + f.n - l.is_new::integer AS seen_number
		FROM f JOIN leaders l USING (code, subject)
	), steps AS (
		INSERT INTO rectification (finding, number, kind, other, owner, due_at)
		SELECT p.finding, 1, CASE WHEN p.leads THEN 'opened' ELSE 'joined' END,
			CASE WHEN NOT p.leads THEN p.leader END, CASE WHEN p.leads THEN p.owner END,
			CASE WHEN p.leads THEN p.due_at END
		FROM plan p
		UNION ALL	-- which changes nothing of where that one stands
		SELECT p.leader, p.seen_number, 'seen_again', p.finding, NULL, NULL FROM plan p WHERE NOT p.leads
	)
	INSERT INTO finding_state (finding, code, article, severity, subject, recorder, unit, officer, "case",
		state, joins, owner, due_at, overdue, raised_at)
	SELECT p.finding, p.code, coalesce(p.article, (r.rule).article), p.severity, p.subject,
		coalesce(p.recorder, ''), coalesce(p.unit, ''), coalesce(p.officer, ''), coalesce(p."case", ''),
		p.state, CASE WHEN NOT p.leads THEN p.leader END, p.owner, p.due_at, p.overdue, p.raised_at
	FROM plan p JOIN rules r ON r.code = p.code AND r.day = p.day;
END
$$;

-- Who had a recorder then: what is docked late is not the next officer's.  Of before it was enrolled,
-- who had it first.
CREATE FUNCTION dv.officer_had(a_recorder text, a_at timestamptz) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT officer::text FROM recorder WHERE recorder = a_recorder
	ORDER BY enrolled_at <= a_at DESC, CASE WHEN enrolled_at <= a_at THEN -revision ELSE revision END
	LIMIT 1
$$;

-- What is wrong with a list of findings that names rules which there are not.
CREATE FUNCTION dv.check_rules(list jsonb) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	a_code text;
BEGIN
	SELECT x.code INTO a_code FROM (SELECT DISTINCT value ->> 'code' AS code
		FROM jsonb_array_elements(list)) AS x
	WHERE NOT EXISTS (SELECT FROM rule r WHERE r.code = x.code) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'finding %: there is no such rule', a_code
			USING ERRCODE = 'foreign_key_violation';
	END IF;
END
$$;

-- A list of findings, as segment and manifest records carry one: how many were not known before.  The
-- rule is that of the day on which it was so; requirement_version says of which version the requirement
-- was that was not met.
CREATE OR REPLACE FUNCTION dv.raise_findings(a_session uuid, list jsonb) RETURNS integer
	LANGUAGE plpgsql SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	a_new uuid[];
BEGIN
	IF list IS NULL OR jsonb_typeof(list) = 'null' OR list = '[]' THEN
		RETURN 0;
	END IF;
	IF jsonb_typeof(list) <> 'array' OR jsonb_array_length(list) > 65536 THEN
		RAISE EXCEPTION 'findings: not a list of at most 65536'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM check_rules(list);
	WITH given AS MATERIALIZED (
		SELECT x.*, x.at::timestamptz AS moment, day_of(x.at::timestamptz) AS day
		FROM jsonb_array_elements(list) AS e(value), jsonb_to_record(e.value) AS x(code text,
			subject_kind text, subject text, recorder ident, unit ident, officer ident, "case" ident,
			article integer, requirement text, requirement_version integer, fact text, at moment,
			severity severity, confidence numeric, detail jsonb)
	), rules AS MATERIALIZED (
		SELECT g.code, g.day, rule_at(g.code, g.day) AS rule FROM (SELECT DISTINCT code, day FROM given) AS g
	), units AS MATERIALIZED (
		SELECT g.recorder, unit_in(a_session, g.recorder) AS unit
		FROM (SELECT DISTINCT recorder FROM given) AS g
	), raised AS (
		INSERT INTO finding (finding, code, recorder, unit, officer, "case", article, requirement,
			requirement_version, subject_kind, subject, fact, severity, confidence, at, session, detail)
		SELECT finding_id(g.code, g.subject, coalesce(g.fact, '')), g.code, g.recorder,
			coalesce(g.unit, u.unit), coalesce(g.officer, officer_had(g.recorder, g.moment)),
			g."case", g.article, g.requirement, g.requirement_version, g.subject_kind, g.subject,
			coalesce(g.fact, ''), coalesce(g.severity, (r.rule).severity), g.confidence, g.moment,
			a_session, coalesce(g.detail, '{}')
		FROM given g
		JOIN units u ON u.recorder IS NOT DISTINCT FROM g.recorder
		JOIN rules r ON r.code = g.code AND r.day IS NOT DISTINCT FROM g.day
		ON CONFLICT DO NOTHING
		RETURNING finding, recorder, unit, code, severity
	), counted AS (
		INSERT INTO finding_summary AS s (raised_day, recorder, unit, code, severity, findings)
		SELECT day_of(now()), coalesce(recorder, ''), coalesce(unit, ''), code, severity, count(*)
		FROM raised GROUP BY recorder, unit, code, severity
		ORDER BY 2, 3, 4, 5
		ON CONFLICT (raised_day, recorder, unit, code, severity)
			DO UPDATE SET findings = s.findings + excluded.findings
	)
	SELECT array_agg(finding) INTO a_new FROM raised;
	PERFORM rectifications_open(a_new, now());
	RETURN coalesce(cardinality(a_new), 0);
END
$$;

-- One.  True when it was not known before.
CREATE OR REPLACE FUNCTION dv.raise_finding(a_session uuid, f jsonb) RETURNS boolean
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	SELECT raise_findings(a_session, jsonb_build_array(f)) > 0
$$;

-- What was raised before, too.  How long it lay is not held against anybody: the days begin now.
SELECT dv.rectifications_open(array_agg(finding), now()) FROM dv.finding;

-- ---- answering ----

-- To whoever does not see a finding it is the same as one that is not there: its id follows from what it is
-- about, and would tell of a case, and whose it is, to whoever guesses that.
CREATE FUNCTION dv.refuse_hidden(a_finding uuid) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM finding f WHERE f.finding = a_finding
			AND (pg_has_role(session_user, 'dv_all', 'MEMBER') OR f.unit = ANY (my_units())
				OR f.officer = my_officer() OR f."case" = ANY (my_cases())
				OR (f."case" IS NOT NULL AND am_legal()) OR f.finding = ANY (my_answers())
				OR f.subject = ANY (my_subjects()))) THEN
		RAISE EXCEPTION 'finding %: there is none (vaultctl finding list shows them)', a_finding
			USING ERRCODE = 'no_data_found';
	END IF;
END
$$;

-- These findings, each one that is answered for itself, locked in one order.
CREATE FUNCTION dv.findings_to_answer(a_findings uuid[]) RETURNS SETOF dv.finding_state
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state;
	a_finding uuid;
BEGIN
	-- Each takes a lock of the server's table.
	IF cardinality(a_findings) BETWEEN 1 AND 1000 IS NOT TRUE THEN
		RAISE EXCEPTION 'findings: between 1 and 1000 at once, not %', cardinality(a_findings)
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOR a_finding IN SELECT DISTINCT f FROM unnest(a_findings) AS f ORDER BY 1 LOOP
		SELECT * INTO s FROM finding_state WHERE finding = a_finding FOR UPDATE;
		IF NOT FOUND THEN
			PERFORM refuse_hidden(a_finding);
			RAISE EXCEPTION 'finding %: it asks for no answer (vaultctl finding show says what it is)',
				a_finding USING ERRCODE = 'no_data_found';
		END IF;
		IF s.joins IS NOT NULL THEN
			PERFORM refuse_hidden(a_finding);
			RAISE EXCEPTION 'finding %: it is answered together with %: answer that one',
				a_finding, s.joins USING ERRCODE = 'check_violation';
		END IF;
		RETURN NEXT s;
	END LOOP;
END
$$;

-- May the person who is connected answer it?  Whoever it was given to, or is about; the head of the
-- unit or of one above; where it is no unit's, the supervision office.
CREATE FUNCTION dv.require_answering(s dv.finding_state) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF (s.owner = session_user::text) IS TRUE OR (s.officer = my_officer()) IS TRUE
			OR s.unit = ANY (my_units())
			OR (s.unit = '' AND am('supervisor')) THEN
		RETURN;
	END IF;
	PERFORM refuse_hidden(s.finding);
	RAISE EXCEPTION 'finding %: % may not answer it: its owner (%) does, or the head of unit %',
		s.finding, session_user, coalesce(s.owner, '-'), coalesce(nullif(s.unit, ''), '-')
		USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION dv.finding_acknowledge(a_findings uuid[], a_text text DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state;
	r rectification;
	n integer := 0;
BEGIN
	PERFORM require_role('officer', 'unit_head', 'supervisor');
	r.kind := 'acknowledged';
	r.text := a_text;
	FOR s IN SELECT * FROM findings_to_answer(a_findings) LOOP
		PERFORM require_answering(s);
		r.finding := s.finding;
		PERFORM rectify(r);
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;

-- The attachment: a document of a case, or a segment that was imported for it; null: none.
CREATE FUNCTION dv.finding_explain(a_findings uuid[], a_reason_code text, a_text text,
				   a_attachment uuid DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state;
	r rectification;
	n integer := 0;
BEGIN
	PERFORM require_role('officer', 'unit_head', 'supervisor');
	PERFORM check_word('reason', a_reason_code, '{battery,storage_full,device_fault,damaged,forgotten,not_issued,network,'
		'wrongly_found,corrected,other}');
	r.kind := 'explained';
	r.reason_code := a_reason_code;
	r.text := a_text;
	SELECT d.document INTO r.document FROM document d WHERE d.document = a_attachment
		AND (am('supervisor') OR d."case" = ANY (my_cases()))
		AND NOT EXISTS (SELECT FROM document_withdrawn w WHERE w.document = d.document);
	-- A recording is no paper: attached to an answer it would belong to something, and to no case.
	SELECT g.segment INTO r.segment FROM segment_place p JOIN segment g USING (segment, placed_at)
	WHERE p.segment = a_attachment AND g.assurance = 'imported'
		AND (am('supervisor') OR g.officer = my_officer() OR g.unit = ANY (my_units())
			OR EXISTS (SELECT FROM segment_seen v JOIN dock_import i USING (session)
				WHERE v.segment = p.segment AND i."case" = ANY (my_cases())));
	IF a_attachment IS NOT NULL AND num_nonnulls(r.document, r.segment) = 0 THEN
		RAISE EXCEPTION 'attachment %: neither a document nor imported, or none of yours: add it first (vaultctl document add, vaultctl import)',
			a_attachment USING ERRCODE = 'no_data_found';
	END IF;
	FOR s IN SELECT * FROM findings_to_answer(a_findings) LOOP
		PERFORM require_answering(s);
		r.finding := s.finding;
		r.due_at := now() + answer_within(rule_at(s.code, day_of(now())), s.severity, 'review');
		PERFORM rectify(r);
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;

-- Is what the last explanation says an excuse?  A technical reason, and a document that shows it.
CREATE FUNCTION dv.require_excuse(s dv.finding_state) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	r rectification;
BEGIN
	SELECT * INTO r FROM rectification WHERE finding = s.finding AND kind = 'explained'
	ORDER BY number DESC LIMIT 1;
	IF r.reason_code NOT IN ('battery', 'storage_full', 'device_fault', 'damaged') THEN
		RAISE EXCEPTION 'finding %: "%" is no technical reason (Art. 12): close it without excuse, or reopen it',
			s.finding, r.reason_code USING ERRCODE = 'check_violation';
	END IF;
	IF num_nonnulls(r.document, r.segment) = 0 OR EXISTS
			(SELECT FROM document_withdrawn w WHERE w.document = r.document) THEN
		RAISE EXCEPTION 'finding %: an excuse takes a document (Art. 12), and none is attached: reopen it',
			s.finding USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- a_verdict: closed, excused or reopened.  By somebody who neither answered it nor is who it is about.
CREATE FUNCTION dv.finding_review(a_findings uuid[], a_verdict text, a_text text) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state;
	r rectification;
	n integer := 0;
BEGIN
	PERFORM require_role('supervisor');
	IF a_verdict IN ('closed', 'excused', 'reopened') IS NOT TRUE THEN
		RAISE EXCEPTION 'review: closed, excused or reopened, not %', coalesce(a_verdict, 'nothing')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT says(a_text) THEN
		RAISE EXCEPTION 'review: say why: it becomes part of the record'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	r.kind := CASE a_verdict WHEN 'reopened' THEN 'reopened' ELSE 'closed' END;
	r.excused := CASE WHEN r.kind = 'closed' THEN a_verdict = 'excused' END;
	r.text := a_text;
	FOR s IN SELECT * FROM findings_to_answer(a_findings) LOOP
		IF EXISTS (SELECT FROM rectification x WHERE x.finding = s.finding
				AND x.kind IN ('acknowledged', 'explained') AND same_person(x.by))
				OR ((me()).officer = s.officer) IS TRUE THEN
			RAISE EXCEPTION 'finding %: % answered it, or it is about them: another person reviews it (Art. 38)',
				s.finding, session_user USING ERRCODE = 'insufficient_privilege';
		END IF;
		IF a_verdict = 'excused' AND s.state = 'explained' THEN
			PERFORM require_excuse(s);
		END IF;
		r.finding := s.finding;
		r.due_at := CASE r.kind WHEN 'reopened' THEN
			now() + answer_within(rule_at(s.code, day_of(now())), s.severity, 'answer') END;
		PERFORM rectify(r);
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;

-- To another who answers, or until another moment; null: as it is.
CREATE FUNCTION dv.finding_assign(a_findings uuid[], a_owner text, a_due timestamptz, a_text text)
	RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	s finding_state;
	r rectification;
	n integer := 0;
BEGIN
	PERFORM require_role('supervisor', 'unit_head');
	IF num_nonnulls(a_owner, a_due) = 0 THEN
		RAISE EXCEPTION 'assign: to whom, or until when?' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_owner IS NOT NULL AND NOT EXISTS (SELECT FROM account_current
			WHERE login = a_owner AND roles && ARRAY['officer', 'unit_head', 'supervisor']) THEN
		RAISE EXCEPTION '% has no account that answers findings: see vaultctl person list', a_owner
			USING ERRCODE = 'no_data_found';
	END IF;
	IF a_due <= now() OR a_due > now() + interval '1 year' THEN
		RAISE EXCEPTION 'due %: within a year from now', a_due USING ERRCODE = 'invalid_parameter_value';
	END IF;
	r.kind := 'assigned';
	r.text := a_text;
	r.due_at := a_due;
	FOR s IN SELECT * FROM findings_to_answer(a_findings) LOOP
		-- Who is in charge gives it away; only the supervision office gives more time.
		IF NOT am('supervisor')
				AND (NOT s.unit = ANY (my_units()) OR a_due IS NOT NULL) THEN
			PERFORM refuse_hidden(s.finding);
			RAISE EXCEPTION 'finding %: of unit %: its head gives it to another person, and the supervision office gives more time',
				s.finding, coalesce(nullif(s.unit, ''), '-') USING ERRCODE = 'insufficient_privilege';
		END IF;
		IF a_due IS NOT NULL AND (s.owner = session_user::text OR s.officer = (me()).officer) THEN
			RAISE EXCEPTION 'finding %: % answers it, or it is about them: another person gives more time',
				s.finding, session_user USING ERRCODE = 'insufficient_privilege';
		END IF;
		r.finding := s.finding;
		r.owner := coalesce(a_owner, s.owner);
		PERFORM rectify(r);
		n := n + 1;
	END LOOP;
	RETURN n;
END
$$;

-- Answers, or reviews, that are overdue: the head is told, once a deadline.  How many were.
CREATE FUNCTION dv.rectifications_escalate(a_findings uuid[]) RETURNS integer
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	late finding_state[];
	ids uuid[];
BEGIN
	SELECT array_agg(x.s) INTO late FROM (SELECT s FROM finding_state s
		WHERE s.finding = ANY (a_findings) AND s.state <> 'closed' AND NOT s.overdue
			AND s.joins IS NULL AND s.due_at <= now()
		ORDER BY s.finding FOR UPDATE) AS x;
	IF late IS NULL THEN
		RETURN 0;
	END IF;
	PERFORM raise_findings(NULL, jsonb_agg(jsonb_build_object('code', 'rectification_overdue',
		'subject_kind', 'finding', 'subject', s.finding, 'fact', 'due ' || utc(s.due_at),
		'recorder', nullif(s.recorder, ''), 'unit', nullif(s.unit, ''),
		'officer', nullif(s.officer, ''), 'case', nullif(s."case", ''), 'at', utc(s.due_at),
		'detail', jsonb_build_object('code', s.code, 'article', s.article, 'state', s.state,
			'owner', s.owner, 'due', utc(s.due_at)))))
	FROM unnest(late) AS s;
	ids := ARRAY(SELECT s.finding FROM unnest(late) AS s);
	INSERT INTO rectification (finding, number, kind)
	SELECT f, steps_of(f) + 1, 'escalated' FROM unnest(ids) AS f;
	UPDATE finding_state SET overdue = true WHERE finding = ANY (ids) OR joins = ANY (ids);
	RETURN cardinality(ids);
END
$$;

-- ---- for people ----

-- What waits for an answer or a review, or got it; what is answered with another has its state.
CREATE VIEW dv.answer_list WITH (security_invoker = true) AS
SELECT s.finding, s.code, s.article, s.severity, s.state, s.owner, s.due_at, s.overdue, s.joins,
	s.excused, s.closed_at, s.raised_at, nullif(s.recorder, '') AS recorder,
	nullif(s.unit, '') AS unit, nullif(s.officer, '') AS officer, nullif(s."case", '') AS "case",
	f.subject_kind, s.subject, f.fact, f.at, f.detail
FROM dv.finding_state s
JOIN dv.finding f USING (finding);

-- ---- rights ----

SELECT dv.show_rows('dv.finding_state', $$unit = ANY ((SELECT dv.my_units())::text[])
	OR officer = (SELECT dv.my_officer()) OR owner = (SELECT session_user)::text
	OR ("case" <> '' AND (SELECT dv.am_legal()))$$);
-- Whoever sees where it stands sees how it came there.
SELECT dv.show_rows('dv.rectification', $$EXISTS (SELECT FROM dv.finding_state s
	WHERE s.finding = rectification.finding)$$);
GRANT SELECT ON dv.rectification, dv.finding_state, dv.answer_list TO dv_read;
GRANT EXECUTE ON FUNCTION dv.finding_acknowledge(uuid[], text),
	dv.finding_explain(uuid[], text, text, uuid), dv.finding_review(uuid[], text, text),
	dv.finding_assign(uuid[], text, timestamptz, text) TO dv_person;
