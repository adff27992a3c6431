-- The regulation as data: which papers, which recordings and until when, for which act (Art. 4).
--
-- A row is never changed: a change is a version with a from-date, proposed by one person and
-- approved by another.  What is judged of a day is judged by the version in force on that day.

-- ISO 8601, in days and less: PT24H, P30D.  A day has 24 hours.
CREATE DOMAIN dv.duration AS text
	CHECK (VALUE ~ '^P([0-9]{1,4}D)?(T([0-9]{1,5}H)?([0-9]{1,5}M)?([0-9]{1,5}S)?)?$'
		AND VALUE ~ '[1-9]' AND VALUE !~ 'T$');
CREATE FUNCTION dv.duration_of(a_duration text) RETURNS interval
	LANGUAGE sql STABLE STRICT SET search_path = dv, pg_temp
	RETURN make_interval(secs => extract(epoch FROM a_duration::dv.duration::interval));

-- ---- words ----

-- The steps of cases (执法环节), the kinds of documents (文书), and what documents have to say, field by
-- field: words that rows below use.
CREATE TABLE dv.step (
	step		text PRIMARY KEY CHECK (step ~ '^[a-z][a-z0-9_]{1,63}$'),
	stage		dv.stage NOT NULL,
	text_zh		dv.title NOT NULL,
	text_en		dv.title NOT NULL
);
CREATE TABLE dv.document_kind (
	kind		text PRIMARY KEY CHECK (kind ~ '^[a-z][a-z0-9_]{1,63}$'),
	text_zh		dv.title NOT NULL,
	text_en		dv.title NOT NULL
);
CREATE TABLE dv.document_field (
	field		text PRIMARY KEY CHECK (field ~ '^[a-z][a-z0-9_]{1,63}$'),
	text_zh		dv.title NOT NULL,
	text_en		dv.title NOT NULL
);

-- The regulation's articles: what each demands and how it is answered, beside the rows below.
CREATE TABLE dv.article (
	article		integer PRIMARY KEY CHECK (article BETWEEN 1 AND 40),
	demand_zh	text NOT NULL CHECK (demand_zh <> ''),
	demand_en	text NOT NULL CHECK (demand_en <> ''),
	answer_zh	text NOT NULL CHECK (answer_zh <> ''),
	answer_en	text NOT NULL CHECK (answer_en <> ''),
	commands	text[] NOT NULL		-- of vaultctl, without its name
);

-- ---- rules ----

-- Rules of findings, version by version.  dv.rule (004) has what came first; a finding cites the version
-- of its day.
CREATE TABLE dv.rule_version (
	code		text NOT NULL,		-- no reference: what was cited stays, whatever dv.rule has
	version		integer NOT NULL CHECK (version > 0),
	valid_from	date NOT NULL,		-- a day of Shanghai
	article		integer NOT NULL CHECK (article BETWEEN 1 AND 40),
	severity	dv.severity NOT NULL,
	text_zh		text NOT NULL CHECK (text_zh <> ''),
	text_en		text NOT NULL CHECK (text_en <> ''),
	next_step_zh	text NOT NULL CHECK (next_step_zh <> ''),
	next_step_en	text NOT NULL CHECK (next_step_en <> ''),
	parameters	jsonb NOT NULL CHECK (jsonb_typeof(parameters) = 'object'),
	proposal	uuid,			-- null: came with a release
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (code, version)
);

-- What an act needs.  A row is about the case as a whole (steps null) or about each action of these
-- steps.
CREATE TABLE dv.requirement (
	requirement	text NOT NULL CHECK (requirement ~ '^[a-z][a-z0-9_]{1,63}$'),
	version		integer NOT NULL CHECK (version > 0),
	valid_from	date NOT NULL,		-- a day of Shanghai
	valid_to	date,			-- last day; null: until another version
	article		integer NOT NULL CHECK (article BETWEEN 1 AND 40),
	severity	dv.severity NOT NULL,
	kinds		dv.case_kind[],		-- null: every kind of case
	stage		dv.stage NOT NULL,
	steps		text[],			-- of dv.step; null: of the case
	condition	jsonb NOT NULL DEFAULT '{}',	-- asked for when the facts contain it
	documents	jsonb NOT NULL DEFAULT '[]',	-- [[kind, ...], ...]: of each list one kind at least
	fields		text[] NOT NULL DEFAULT '{}',	-- each on one of these documents at least
	signers		text[] NOT NULL DEFAULT '{}',	-- who signed, on each of these documents; 'a|b': either
	event		text,			-- or this kind of case_event answers it
	demands		jsonb NOT NULL DEFAULT '{}',	-- facts that have to be so
	av		text NOT NULL DEFAULT 'none' CHECK (av IN ('mandatory', 'advised', 'none')),
	deadline	dv.duration,		-- from: the event below, or the action's end
	deadline_from	text,			-- a kind of case_event, 'started', or null: the action's end
	finding		text,			-- its code; null: by what lacks (dv.case_check)
	text_zh		text NOT NULL CHECK (text_zh <> ''),
	text_en		text NOT NULL CHECK (text_en <> ''),
	proposal	uuid,			-- null: came with a release
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (requirement, version),
	CHECK (valid_to >= valid_from),
	CHECK (cardinality(steps) > 0 AND array_position(steps, NULL) IS NULL),
	CHECK (jsonb_typeof(condition) = 'object' AND jsonb_typeof(documents) = 'array'
		AND jsonb_typeof(demands) = 'object'),
	CHECK (av = 'none' OR steps IS NOT NULL),
	CHECK (deadline_from IS NULL OR deadline IS NOT NULL),
	CHECK (deadline IS NULL OR deadline_from IS NOT NULL OR steps IS NOT NULL)
);

CREATE TABLE dv.rule_proposal (
	proposal	uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	what		text NOT NULL CHECK (what IN ('rule', 'requirement', 'step', 'document', 'field')),
	code		text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{1,63}$'),
	valid_from	date NOT NULL,
	body		jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'
				AND octet_length(body::text) <= 65536),	-- columns of the new version
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE dv.rule_decision (
	proposal	uuid PRIMARY KEY REFERENCES dv.rule_proposal,
	approved	boolean NOT NULL,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,	-- another than who proposed it
	entered_at	timestamptz NOT NULL DEFAULT now()
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.rule_version', 'dv.requirement',
	'dv.rule_proposal', 'dv.rule_decision']) AS t;
SELECT dv.log_acts('dv.step', 'rule_changed', '{step}', '{}', '{rule:step}', true);
SELECT dv.log_acts('dv.document_kind', 'rule_changed', '{kind}', '{}', '{rule:kind}', true);
SELECT dv.log_acts('dv.document_field', 'rule_changed', '{field}', '{}', '{rule:field}', true);
SELECT dv.log_acts('dv.article', 'rule_changed', '{article}', '{}', '{rule:article}', true);
SELECT dv.log_acts('dv.rule_version', 'rule_changed', '{code,version}', '{}', '{rule:code}');
SELECT dv.log_acts('dv.requirement', 'rule_changed', '{requirement,version}', '{}', '{rule:requirement}');
SELECT dv.log_acts('dv.rule_proposal', 'rule_proposed', '{proposal}', '{reason,by}', '{rule:code}');
SELECT dv.log_acts('dv.rule_decision', 'rule_decided', '{proposal}', '{reason,by}', '{}');
-- What is asked of everybody, everybody may read.
SELECT dv.show_rows(t::regclass, 'true') FROM unnest(ARRAY['dv.step', 'dv.document_kind',
	'dv.document_field', 'dv.article', 'dv.rule_version', 'dv.requirement', 'dv.rule_proposal',
	'dv.rule_decision']) AS t;
GRANT SELECT ON dv.step, dv.document_kind, dv.document_field, dv.article, dv.rule_version, dv.requirement,
	dv.rule_proposal, dv.rule_decision TO dv_read;

-- What a release brings is in force since before there was evidence.  Words that a later release has
-- better it brings as another version; what was decided here is not its to undo.
CREATE FUNCTION dv.first_version() RETURNS trigger
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO rule_version (code, version, valid_from, article, severity, text_zh, text_en,
				  next_step_zh, next_step_en, parameters)
	VALUES (new.code, 1, '2000-01-01', new.article, new.severity, new.text_zh, new.text_en,
		new.next_step_zh, new.next_step_en, new.parameters)
	ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
CREATE TRIGGER first_version AFTER INSERT ON dv.rule FOR EACH ROW EXECUTE FUNCTION dv.first_version();
ALTER TABLE dv.rule ENABLE ALWAYS TRIGGER first_version;
INSERT INTO dv.rule_version (code, version, valid_from, article, severity, text_zh, text_en, next_step_zh,
	next_step_en, parameters)
SELECT code, 1, '2000-01-01', article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters
FROM dv.rule;

-- The version of a rule that is in force on a day; before all of them, the first.  Null: no such rule.
CREATE FUNCTION dv.rule_at(a_code text, a_day date) RETURNS dv.rule_version
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT v FROM rule_version v
	WHERE v.code = a_code AND (v.valid_from <= a_day OR v.version = 1)
	ORDER BY v.version DESC LIMIT 1
$$;

-- A parameter of it that is a duration; null: it has none of that name.
CREATE FUNCTION dv.rule_limit(a_code text, a_name text, a_day date) RETURNS interval
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT duration_of((rule_at(a_code, a_day)).parameters ->> a_name)
$$;

-- From-dates rise with versions: dv.rule_propose() sees to it.
CREATE FUNCTION dv.requirements_at(a_day date) RETURNS SETOF dv.requirement
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT (x.r).* FROM (
		SELECT DISTINCT ON (requirement) r FROM requirement r
		WHERE valid_from <= a_day ORDER BY requirement, version DESC
	) AS x
	WHERE coalesce(a_day <= (x.r).valid_to, true)
$$;

-- ---- facts ----

-- What conditions and demands may ask.  kind: 'flag', 'word' or 'list' (of these words; null: of dv.step or
-- dv.document_kind); about: 'case', and so also known of its actions, or 'action'.
CREATE FUNCTION dv.facts() RETURNS TABLE (fact text, about text, kind text, words text[])
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	VALUES	('kind', 'case', 'word', ARRAY['licence', 'penalty', 'compulsion', 'levy', 'fee', 'inspection']),
		('origin', 'case', 'word', ARRAY['application', 'inspection', 'complaint', 'transfer', 'own']),
		('procedure', 'case', 'word', ARRAY['general', 'simple']),
		('stage', 'case', 'word', ARRAY['start', 'investigation', 'decision', 'execution', 'archive']),
		('ex_officio', 'case', 'flag', NULL),	-- not on application
		('taken_up', 'case', 'flag', NULL),	-- a complaint that is not is not
		('named', 'case', 'flag', NULL),
		('urgent', 'case', 'flag', NULL),
		('major', 'case', 'flag', NULL),
		('contentious', 'case', 'flag', NULL),
		('concluded', 'case', 'flag', NULL),
		('events', 'case', 'list', ARRAY['stage', 'approved', 'not_taken_up', 'informed', 'decided',
			'served', 'correction_ordered', 'correction_checked', 'performed', 'demanded',
			'enforced', 'court_applied', 'concluded', 'archived', 'reopened', 'note']),
		('service', 'case', 'list', ARRAY['direct', 'post', 'lien', 'entrusted', 'public']),
		('enforcement', 'case', 'list', ARRAY['fine', 'transfer', 'auction', 'removal', 'substitute',
			'other']),
		('steps', 'case', 'list', NULL),	-- of its actions
		('documents', 'case', 'list', NULL),	-- of the case, or linked to the action
		('step', 'action', 'word', NULL),
		('recorded', 'action', 'flag', NULL),	-- a recording is linked
		('unsuitable', 'action', 'flag', NULL),	-- to be recorded, for a reason
		('av_notice', 'action', 'flag', NULL),	-- the party was told
		('officers_sufficient', 'action', 'flag', NULL),	-- two, certificates noted and shown
		('refused', 'action', 'flag', NULL),	-- somebody refused to sign, answer or give
		('refusal_recorded', 'action', 'flag', NULL)	-- and each time an officer signed that
$$;

-- Of documents, those that count, with what asks for them.  a_action null: all of the case.
CREATE FUNCTION dv.documents_of(a_case text, a_action uuid) RETURNS SETOF dv.document
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT d.* FROM document d
	WHERE d."case" = a_case
		AND NOT EXISTS (SELECT FROM document_withdrawn w WHERE w.document = d.document)
		AND (a_action IS NULL OR EXISTS (SELECT FROM link l
			WHERE l.action = a_action AND l.kind = 'document' AND l.object = d.document::text
				AND NOT EXISTS (SELECT FROM link_removed x WHERE x.link = l.link)))
$$;

-- Null: no such case.
CREATE FUNCTION dv.case_facts(a_case text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	c record;
	e record;
BEGIN
	SELECT * INTO c FROM case_file WHERE "case" = a_case ORDER BY revision DESC LIMIT 1;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	SELECT coalesce(jsonb_agg(DISTINCT kind), '[]') AS kinds,
		coalesce(jsonb_agg(DISTINCT detail ->> 'way') FILTER (WHERE kind = 'served'
			AND detail ? 'way'), '[]') AS service,
		coalesce(jsonb_agg(DISTINCT detail ->> 'way') FILTER (WHERE kind = 'enforced'
			AND detail ? 'way'), '[]') AS enforcement,
		coalesce(max(number) FILTER (WHERE kind = 'concluded')
			> coalesce(max(number) FILTER (WHERE kind = 'reopened'), 0), false) AS concluded,
		(array_agg(detail ->> 'stage' ORDER BY number DESC) FILTER (WHERE kind = 'stage'))[1] AS stage
	INTO e FROM case_event WHERE "case" = a_case;
	RETURN jsonb_build_object('kind', c.kind, 'origin', c.origin, 'procedure', c.procedure,
		'ex_officio', c.origin <> 'application', 'taken_up', NOT e.kinds ? 'not_taken_up',
		'named', c.named, 'urgent', c.urgent, 'major', c.major, 'contentious', c.contentious,
		'concluded', e.concluded, 'stage', coalesce(e.stage, 'start'), 'events', e.kinds,
		'service', e.service, 'enforcement', e.enforcement,
		'steps', (SELECT coalesce(jsonb_agg(DISTINCT a.step), '[]') FROM actions_of(a_case) a),
		'documents', (SELECT coalesce(jsonb_agg(DISTINCT d.kind), '[]')
			      FROM documents_of(a_case, NULL) d));
END
$$;

-- The newest revision of each action that was not entered by mistake.
CREATE FUNCTION dv.actions_of(a_case text) RETURNS SETOF dv.action
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT (x.a).* FROM (
		SELECT DISTINCT ON (action) a FROM action a
		WHERE action IN (SELECT action FROM action WHERE "case" = a_case)
		ORDER BY action, revision DESC
	) AS x
	WHERE NOT (x.a).withdrawn AND (x.a)."case" = a_case
$$;

-- Facts of the case (a_facts, from whoever has them already) and of the action.
CREATE FUNCTION dv.facts_of_action(a dv.action, a_facts jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	p record;
	d record;
BEGIN
	SELECT count(*) >= 2 AND bool_and(shown AND certificate IS NOT NULL) AS sufficient
	INTO p FROM action_officer o WHERE o.action = a.action AND o.revision = a.revision;
	SELECT coalesce(jsonb_agg(DISTINCT x.kind), '[]') AS kinds,
		coalesce(bool_or(x.refused), false) AS refused,
		coalesce(bool_and(x.by_officer) FILTER (WHERE x.refused), true) AS recorded
	INTO d FROM (
		SELECT o.kind, o.refusal IS NOT NULL OR EXISTS (SELECT FROM document_signature s
				WHERE s.document = o.document AND s.refusal IS NOT NULL) AS refused,
			EXISTS (SELECT FROM document_signature s WHERE s.document = o.document
				AND s.signer = 'officer' AND s.signed_at IS NOT NULL) AS by_officer
		FROM documents_of(a."case", a.action) o
	) AS x;
	RETURN a_facts || jsonb_build_object('step', a.step, 'stage', a.stage,
		'unsuitable', a.av_unsuitable IS NOT NULL, 'av_notice', coalesce(a.av_notice, false),
		'officers_sufficient', coalesce(p.sufficient, false), 'documents', d.kinds,
		'refused', d.refused, 'refusal_recorded', d.recorded,
		'recorded', EXISTS (SELECT FROM link l WHERE l.action = a.action
			AND l.kind IN ('recording', 'segment')
			AND NOT EXISTS (SELECT FROM link_removed r WHERE r.link = l.link)));
END
$$;

-- Null: no such action, or withdrawn.
CREATE FUNCTION dv.action_facts(a_action uuid) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a action;
BEGIN
	SELECT * INTO a FROM action WHERE action = a_action ORDER BY revision DESC LIMIT 1;
	IF NOT FOUND OR a.withdrawn THEN
		RETURN NULL;
	END IF;
	RETURN facts_of_action(a, case_facts(a."case"));
END
$$;

-- ---- judging ----

-- What of a requirement lacks: {} when nothing, otherwise of
--	documents	lists of kinds, of each of which one was asked for
--	event		that would answer it as well
--	fields		names that no document of it has
--	signatures	[{document, kind, signer}]
--	facts		that should have been so
-- A refusal on record answers for whom the regulation lets refuse, and for nobody else.
CREATE FUNCTION dv.lacks(r dv.requirement, a_case text, a_action uuid, a_facts jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_documents document[] := ARRAY(SELECT d FROM documents_of(a_case, a_action) d
		WHERE r.documents @> jsonb_build_array(jsonb_build_array(d.kind))
		ORDER BY d.made_at, d.document);
	what jsonb := '{}';
	found jsonb;
BEGIN
	IF r.event IS NOT NULL AND a_facts -> 'events' ? r.event THEN
		RETURN '{}';
	END IF;
	SELECT jsonb_agg(x.kinds ORDER BY x.i) INTO found
	FROM jsonb_array_elements(r.documents) WITH ORDINALITY AS x(kinds, i)
	WHERE NOT EXISTS (SELECT FROM unnest(a_documents) AS d WHERE x.kinds ? d.kind);
	IF found IS NOT NULL THEN
		what := jsonb_build_object('documents', found);
	END IF;
	IF r.event IS NOT NULL AND (found IS NOT NULL OR r.documents = '[]') THEN
		what := what || jsonb_build_object('event', r.event);
	END IF;
	IF cardinality(a_documents) > 0 THEN
		SELECT jsonb_agg(x.name ORDER BY x.i) INTO found
		FROM unnest(r.fields) WITH ORDINALITY AS x(name, i)
		WHERE NOT EXISTS (SELECT FROM unnest(a_documents) AS d WHERE btrim(d.fields ->> x.name) <> '');
		what := what || CASE WHEN found IS NULL THEN '{}' ELSE jsonb_build_object('fields', found) END;
		SELECT jsonb_agg(jsonb_build_object('document', d.document, 'kind', d.kind, 'signer', x.who)
				 ORDER BY n, i)
		INTO found
		FROM generate_subscripts(a_documents, 1) AS n
		CROSS JOIN LATERAL (SELECT (a_documents[n]).document, (a_documents[n]).kind,
			(a_documents[n]).refusal) AS d
		CROSS JOIN unnest(r.signers) WITH ORDINALITY AS x(who, i)
		WHERE NOT EXISTS (SELECT FROM document_signature s WHERE s.document = d.document
				AND s.signer = ANY (string_to_array(x.who, '|'))
				AND (s.signed_at IS NOT NULL
				     OR s.signer IN ('party', 'present', 'recipient', 'other')))
			AND NOT (d.refusal IS NOT NULL AND 'party' = ANY (string_to_array(x.who, '|')));
		what := what || CASE WHEN found IS NULL THEN '{}'
				ELSE jsonb_build_object('signatures', found) END;
	END IF;
	SELECT jsonb_object_agg(x.key, x.value) INTO found FROM jsonb_each(r.demands) AS x
	WHERE NOT a_facts @> jsonb_build_object(x.key, x.value);
	RETURN what || CASE WHEN found IS NULL THEN '{}' ELSE jsonb_build_object('facts', found) END;
END
$$;

-- Since when a case needs what a row of the case asks for: since the last of the events that its
-- condition names happened for the first time, or since it started.
CREATE FUNCTION dv.case_needs_since(a_case text, a_condition jsonb) RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT max(x.at) FROM (SELECT min(e.at) AS at FROM case_event e
			WHERE e."case" = a_case AND a_condition -> 'events' ? e.kind GROUP BY e.kind) AS x),
		(SELECT c.started_at FROM case_file c WHERE c."case" = a_case
		 ORDER BY c.revision DESC LIMIT 1))
$$;

-- What is asked of a case, and of which action (null: of the case), each by the version of its day, with
-- the facts that it is held against.
CREATE FUNCTION dv.case_asked(a_case text)
	RETURNS TABLE (r dv.requirement, action dv.action, facts jsonb)
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	of_case jsonb := case_facts(a_case);
BEGIN
	RETURN QUERY
	SELECT DISTINCT ON ((q).requirement) q, NULL::action, of_case
	FROM requirement q
	CROSS JOIN LATERAL (SELECT day_of(case_needs_since(a_case, q.condition)) AS day OFFSET 0) AS x
	WHERE q.steps IS NULL AND of_case @> q.condition
		AND (q.kinds IS NULL OR of_case ->> 'kind' = ANY (q.kinds))
		AND q.valid_from <= x.day AND coalesce(x.day <= q.valid_to, true)
		AND NOT EXISTS (SELECT FROM requirement n WHERE n.requirement = q.requirement
			AND n.version > q.version AND n.valid_from <= x.day)
	ORDER BY (q).requirement, (q).version DESC;
	RETURN QUERY
	SELECT q, a, f.facts
	FROM actions_of(a_case) a
	CROSS JOIN LATERAL (SELECT facts_of_action(a, of_case) AS facts OFFSET 0) AS f
	CROSS JOIN LATERAL requirements_at(day_of(a.start_at)) q
	WHERE a.step = ANY (q.steps) AND f.facts @> q.condition
		AND (q.kinds IS NULL OR of_case ->> 'kind' = ANY (q.kinds));
END
$$;

-- The checklist of a case, one row a requirement and action:
--	state	met; not_due: not answered, and nobody is to blame yet; from due_at on missing (a document,
--		a recording), incomplete (a field, a fact, a part of the recording) or unsigned
--	due_at	the row's own deadline; the action's end for what the action itself has to be; otherwise
--		when the case was concluded.  null: not yet known
--	what	what lacks (dv.lacks), also while it is not due; av: the verdict of coverage
--	code	of the finding that it is from due_at on; null: of none, or coverage raises it
CREATE FUNCTION dv.case_check(a_case text)
	RETURNS TABLE (requirement text, version integer, article integer, severity text, stage text,
		       step text, action uuid, state text, due_at timestamptz, what jsonb, code text)
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	x record;
	r requirement;
	a action;
	a_verdict text;
	since timestamptz;
	concluded timestamptz;
BEGIN
	-- A complaint that is not taken up ends there.
	SELECT max(e.at) INTO concluded FROM case_event e
	WHERE e."case" = a_case AND e.kind IN ('concluded', 'not_taken_up') AND e.number > coalesce((SELECT max(o.number)
		FROM case_event o WHERE o."case" = a_case AND o.kind = 'reopened'), 0);
	FOR x IN SELECT * FROM case_asked(a_case) LOOP
		r := x.r;
		a := x.action;
		requirement := r.requirement;
		version := r.version;
		article := r.article;
		severity := r.severity;
		stage := r.stage;
		step := a.step;
		action := a.action;
		what := lacks(r, a_case, a.action, x.facts);
		IF r.av <> 'none' THEN
			SELECT c.verdict INTO a_verdict FROM coverage c
			WHERE c.action = a.action ORDER BY c.number DESC LIMIT 1;
			IF coalesce(a_verdict, '') NOT IN ('covered', 'unsuitable') AND (r.av = 'mandatory'
					OR a_verdict IS NULL) AND NOT x.facts @> '{"unsuitable": true}' THEN
				what := what || jsonb_build_object('av', a_verdict);
			END IF;
		END IF;
		since := CASE WHEN r.deadline_from IS NULL THEN a.end_at
			WHEN r.deadline_from = 'started' THEN case_needs_since(a_case, '{}')
			ELSE (SELECT max(e.at) FROM case_event e
			      WHERE e."case" = a_case AND e.kind = r.deadline_from) END;
		due_at := CASE WHEN r.deadline IS NOT NULL THEN coalesce(since + duration_of(r.deadline), concluded)
			WHEN r.demands <> '{}' AND a.action IS NOT NULL THEN a.end_at
			WHEN what ->> 'av' IS NOT NULL THEN a.end_at
			ELSE concluded END;
		state := CASE WHEN what = '{}' THEN 'met'
			WHEN due_at IS NULL OR due_at > now() THEN 'not_due'
			WHEN what ? 'documents' OR what ? 'event' OR what ->> 'av' = 'missing' THEN 'missing'
			WHEN what ? 'fields' OR what ? 'facts' OR what ? 'av' THEN 'incomplete'
			ELSE 'unsigned' END;
		code := CASE WHEN what - 'av' = '{}' THEN NULL
			WHEN r.finding IS NOT NULL THEN r.finding
			WHEN r.deadline IS NOT NULL THEN 'step_overdue'
			WHEN what ? 'documents' OR what ? 'event' THEN 'document_missing'
			WHEN what ? 'fields' OR what ? 'facts' THEN 'document_incomplete'
			ELSE 'document_unsigned' END;
		RETURN NEXT;
	END LOOP;
END
$$;

-- What an action's recording is held against: the strongest requirement of its day.  No row: none
-- asks for one.  That it is unsuitable, with a reason, is not looked at here.
CREATE FUNCTION dv.action_av(a_action uuid)
	RETURNS TABLE (av text, requirement text, version integer, article integer)
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	a action;
	a_facts jsonb;
BEGIN
	SELECT * INTO a FROM action WHERE action = a_action ORDER BY revision DESC LIMIT 1;
	IF NOT FOUND OR a.withdrawn THEN
		RETURN;
	END IF;
	a_facts := facts_of_action(a, case_facts(a."case"));
	RETURN QUERY
	SELECT q.av, q.requirement, q.version, q.article FROM requirements_at(day_of(a.start_at)) q
	WHERE q.av <> 'none' AND a.step = ANY (q.steps) AND a_facts @> q.condition
		AND (q.kinds IS NULL OR a_facts ->> 'kind' = ANY (q.kinds))
	ORDER BY q.av = 'mandatory' DESC, q.article, q.requirement LIMIT 1;
END
$$;

GRANT EXECUTE ON FUNCTION dv.duration_of(text), dv.rule_at(text, date), dv.rule_limit(text, text, date),
	dv.requirements_at(date), dv.facts(), dv.documents_of(text, uuid), dv.case_facts(text),
	dv.actions_of(text), dv.facts_of_action(dv.action, jsonb), dv.action_facts(uuid),
	dv.lacks(dv.requirement, text, uuid, jsonb), dv.case_needs_since(text, jsonb), dv.case_asked(text),
	dv.case_check(text), dv.action_av(uuid) TO dv_read;
