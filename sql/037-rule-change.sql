-- How a rule is changed: proposed by the legal office, decided by another person, in force from a day
-- that is still to come.  And what a finding cites: the version of its day.

-- ---- bodies ----
--
-- A version as JSON: its columns without its name, number, from-date and origin.

CREATE FUNCTION dv.rule_body(a_row jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT SET search_path = dv, pg_temp
	RETURN a_row - '{code,requirement,step,kind,field,version,valid_from,proposal,entered_at}'::text[];

-- What is in force on a day; null: nothing.  A requirement whose last day is over has no body.
CREATE FUNCTION dv.rule_body_at(a_what text, a_code text, a_day date) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_row jsonb;
BEGIN
	CASE a_what
	WHEN 'rule' THEN
		SELECT to_jsonb(v) INTO a_row FROM rule_version v
		WHERE v.code = a_code AND (v.valid_from <= a_day OR v.version = 1)
		ORDER BY v.version DESC LIMIT 1;
	WHEN 'requirement' THEN
		SELECT to_jsonb(q) INTO a_row FROM requirements_at(a_day) q WHERE q.requirement = a_code;
	WHEN 'step' THEN
		SELECT to_jsonb(s) INTO a_row FROM step s WHERE s.step = a_code;
	WHEN 'document' THEN
		SELECT to_jsonb(k) INTO a_row FROM document_kind k WHERE k.kind = a_code;
	ELSE
		SELECT to_jsonb(f) INTO a_row FROM document_field f WHERE f.field = a_code;
	END CASE;
	RETURN rule_body(a_row);
END
$$;

-- With what is left out; what may be left out is in the requirement's own columns.
CREATE FUNCTION dv.rule_whole(a_what text, a_body jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT SET search_path = dv, pg_temp
	RETURN CASE a_what WHEN 'requirement' THEN jsonb_build_object('valid_to', NULL, 'kinds', NULL,
			'steps', NULL, 'condition', '{}'::jsonb, 'documents', '[]'::jsonb, 'fields', '[]'::jsonb,
			'signers', '[]'::jsonb, 'event', NULL, 'demands', '{}'::jsonb, 'av', 'none',
			'deadline', NULL, 'deadline_from', NULL, 'finding', NULL)
		WHEN 'rule' THEN '{"parameters": {}}' ELSE '{}' END || a_body;

CREATE FUNCTION dv.rule_columns(a_what text) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT SET search_path = dv, pg_temp
	RETURN CASE a_what
		WHEN 'rule' THEN '{article,severity,text_zh,text_en,next_step_zh,next_step_en,parameters}'
		WHEN 'requirement' THEN '{valid_to,article,severity,kinds,stage,steps,condition,documents,fields,'
			'signers,event,demands,av,deadline,deadline_from,finding,text_zh,text_en}'
		WHEN 'step' THEN '{stage,text_zh,text_en}' ELSE '{text_zh,text_en}' END::text[];

-- ---- what is wrong with one ----
--
-- Each returns a sentence, or null.

CREATE FUNCTION dv.is_duration(a_text text) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM a_text::duration;
	RETURN a_text IS NOT NULL;
EXCEPTION WHEN check_violation THEN
	RETURN false;
END
$$;

-- Is it a list of words, all of them among these?  a_known null: any words.
CREATE FUNCTION dv.words_problem(a_name text, a_list jsonb, a_known text[]) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_word text;
BEGIN
	IF jsonb_typeof(a_list) IS DISTINCT FROM 'array'
			OR jsonb_path_exists(a_list, '$[*] ? (@.type() != "string")') THEN
		RETURN format('%s is a list of words', a_name);
	END IF;
	SELECT w INTO a_word FROM jsonb_array_elements_text(a_list) AS w WHERE w <> ALL (a_known) LIMIT 1;
	RETURN CASE WHEN FOUND THEN format('%s: %s is not known here; known are %s', a_name, a_word,
		array_to_string(a_known, ', ')) END;
END
$$;

-- Conditions and demands: of known facts, as dv.facts() has them.
CREATE FUNCTION dv.facts_problem(a_name text, a_facts jsonb, a_action boolean) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	a_problem text;
BEGIN
	IF jsonb_typeof(a_facts) IS DISTINCT FROM 'object' THEN
		RETURN format('%s is an object of facts', a_name);
	END IF;
	FOR x IN SELECT f.key, f.value, k.about, k.kind, coalesce(k.words, CASE
			WHEN k.fact = 'documents' THEN ARRAY(SELECT d.kind FROM document_kind d ORDER BY 1)
			WHEN k.fact IN ('step', 'steps') THEN ARRAY(SELECT s.step FROM step s ORDER BY 1) END) AS words
		 FROM jsonb_each(a_facts) AS f LEFT JOIN facts() k ON k.fact = f.key LOOP
		a_problem := CASE
			WHEN x.kind IS NULL THEN format('%s: there is no fact %s; there are %s', a_name, x.key,
				(SELECT string_agg(fact, ', ') FROM facts() WHERE a_action OR about = 'case'))
			WHEN x.about = 'action' AND NOT a_action THEN
				format('%s: %s is a fact of an action: say of which steps', a_name, x.key)
			WHEN x.kind = 'flag' AND jsonb_typeof(x.value) <> 'boolean' THEN
				format('%s: %s is true or false', a_name, x.key)
			WHEN x.kind = 'word' THEN words_problem(format('%s: %s', a_name, x.key),
				CASE jsonb_typeof(x.value) WHEN 'string' THEN jsonb_build_array(x.value) ELSE '0' END,
				x.words)
			WHEN x.kind = 'list' THEN words_problem(format('%s: %s', a_name, x.key), x.value, x.words)
			END;
		IF a_problem IS NOT NULL THEN
			RETURN a_problem;
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;

-- What all bodies have in common.
CREATE FUNCTION dv.body_problem(a_what text, b jsonb) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_name text;
BEGIN
	IF jsonb_typeof(b) IS DISTINCT FROM 'object' THEN
		RETURN 'the new version is a JSON object';
	END IF;
	SELECT k INTO a_name FROM jsonb_object_keys(b) AS k WHERE k <> ALL (rule_columns(a_what)) LIMIT 1;
	IF FOUND THEN
		RETURN format('there is no column %s; there are %s', a_name,
			      array_to_string(rule_columns(a_what), ', '));
	END IF;
	SELECT c INTO a_name FROM unnest(rule_columns(a_what)) AS c
	WHERE (c LIKE 'text\_%' OR c LIKE 'next\_step\_%') AND (jsonb_typeof(b -> c) IS DISTINCT FROM 'string'
		OR btrim(b ->> c) = '' OR length(b ->> c) > CASE WHEN a_what IN ('rule', 'requirement')
			THEN 2000 ELSE 200 END) LIMIT 1;
	IF FOUND THEN
		RETURN format('%s is missing, or too long: words are needed in Chinese and in English', a_name);
	END IF;
	IF a_what IN ('rule', 'requirement') AND (coalesce(b ->> 'article', '') !~ '^[0-9]{1,2}$'
			OR NOT (b ->> 'article')::integer BETWEEN 1 AND 40) THEN
		RETURN 'article is a number from 1 to 40';
	END IF;
	IF a_what IN ('rule', 'requirement') AND coalesce(b ->> 'severity', '')
			NOT IN ('violation', 'warning', 'notice', 'info') THEN
		RETURN 'severity is violation, warning, notice or info';
	END IF;
	IF a_what IN ('requirement', 'step') AND coalesce(b ->> 'stage', '')
			NOT IN ('start', 'investigation', 'decision', 'execution', 'archive') THEN
		RETURN 'stage is start, investigation, decision, execution or archive';
	END IF;
	RETURN NULL;
END
$$;

-- A rule's limits: those that it has, each as it is, and in how many days a finding is answered and
-- reviewed (026).  Numbers are limits that dockd has of its own: they are here to be read, and changing
-- them here would change nothing.
CREATE FUNCTION dv.parameters_problem(a_code text, a_parameters jsonb) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	before jsonb := (SELECT parameters FROM rule_version WHERE code = a_code ORDER BY version DESC LIMIT 1);
	more text[] := '{answer_within,review_within}';
	a_name text;
BEGIN
	IF jsonb_typeof(a_parameters) IS DISTINCT FROM 'object' THEN
		RETURN 'parameters is an object';
	END IF;
	SELECT k INTO a_name FROM jsonb_object_keys(before || a_parameters) AS k
	WHERE NOT (before ? k AND a_parameters ? k) AND k <> ALL (more) LIMIT 1;
	IF FOUND THEN
		RETURN format('parameters: %s: a rule keeps the parameters that it has: %s; besides these it may have %s',
			      a_name, coalesce((SELECT string_agg(k, ', ') FROM jsonb_object_keys(before) AS k), 'none'),
			      array_to_string(more, ', '));
	END IF;
	SELECT k INTO a_name FROM jsonb_object_keys(a_parameters) AS k
	WHERE jsonb_typeof(before -> k) = 'number' AND before -> k <> a_parameters -> k LIMIT 1;
	IF FOUND THEN
		RETURN format('parameters: %s is a limit of the program''s own: it is shown here, not changed', a_name);
	END IF;
	SELECT k INTO a_name FROM jsonb_object_keys(a_parameters) AS k
	WHERE jsonb_typeof(before -> k) IS DISTINCT FROM 'number'
		AND (jsonb_typeof(a_parameters -> k) <> 'string' OR NOT is_duration(a_parameters ->> k)) LIMIT 1;
	RETURN CASE WHEN FOUND THEN
		format('parameters: %s is a duration in days, hours, minutes and seconds, such as PT24H or P30D', a_name)
		END;
END
$$;

CREATE FUNCTION dv.requirement_problem(b jsonb, a_valid_from date) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	by_step boolean := b -> 'steps' <> 'null';
	events text[] := (SELECT words FROM facts() WHERE fact = 'events');
	a_problem text;
BEGIN
	a_problem := coalesce(
		CASE WHEN b -> 'kinds' <> 'null' THEN words_problem('kinds', b -> 'kinds',
			(SELECT words FROM facts() WHERE fact = 'kind')) END,
		CASE WHEN by_step THEN words_problem('steps', b -> 'steps', ARRAY(SELECT step FROM step ORDER BY 1)) END,
		CASE WHEN b -> 'steps' = '[]' OR b -> 'kinds' = '[]' THEN
			'kinds and steps: null means all kinds, and the case itself; an empty list nothing' END,
		facts_problem('condition', b -> 'condition', by_step),
		facts_problem('demands', b -> 'demands', by_step),
		words_problem('fields', b -> 'fields', ARRAY(SELECT field FROM document_field ORDER BY 1)),
		words_problem('signers', b -> 'signers', NULL));
	IF a_problem IS NULL THEN
		SELECT words_problem('signers', to_jsonb(string_to_array(w, '|')), ARRAY['officer', 'party',
			'present', 'witness', 'head', 'unit_head', 'legal', 'server', 'recipient', 'other'])
		INTO a_problem FROM jsonb_array_elements_text(b -> 'signers') AS w ORDER BY 1 NULLS LAST LIMIT 1;
	END IF;
	IF a_problem IS NULL AND jsonb_typeof(b -> 'documents') IS DISTINCT FROM 'array' THEN
		a_problem := 'documents is a list of lists of kinds';
	ELSIF a_problem IS NULL THEN
		SELECT CASE WHEN l = '[]' THEN 'documents: a list of no kind asks for nothing that there is'
			ELSE words_problem('documents', l, ARRAY(SELECT kind FROM document_kind ORDER BY 1)) END
		INTO a_problem FROM jsonb_array_elements(b -> 'documents') AS l ORDER BY 1 NULLS LAST LIMIT 1;
	END IF;
	RETURN coalesce(a_problem, CASE
		WHEN b ->> 'event' <> ALL (events) THEN 'event is null or one of ' || array_to_string(events, ', ')
		WHEN coalesce(b ->> 'av', '') NOT IN ('mandatory', 'advised', 'none') THEN
			'av is mandatory, advised or none'
		WHEN b ->> 'av' <> 'none' AND NOT by_step THEN 'av: say of which steps'
		WHEN NOT is_duration(b ->> 'deadline') AND b -> 'deadline' <> 'null' THEN
			'deadline is a duration in days, hours, minutes and seconds, such as P7D or PT24H'
		WHEN b ->> 'deadline_from' <> ALL (events || ARRAY['started']) THEN
			'deadline_from is null, started, or one of ' || array_to_string(events, ', ')
		WHEN b -> 'deadline' = 'null' AND b -> 'deadline_from' <> 'null' THEN 'deadline_from: from there to when?'
		WHEN b -> 'deadline' <> 'null' AND b -> 'deadline_from' = 'null' AND NOT by_step THEN
			'deadline: from when? say so in deadline_from'
		WHEN b -> 'finding' <> 'null' AND rule_at(b ->> 'finding', a_valid_from) IS NULL THEN
			format('finding: there is no rule %s', b ->> 'finding')
		WHEN b -> 'documents' = '[]' AND (b -> 'fields' <> '[]' OR b -> 'signers' <> '[]') THEN
			'fields and signers: of which documents?'
		WHEN b -> 'documents' = '[]' AND b -> 'event' = 'null' AND b -> 'demands' = '{}' AND b ->> 'av' = 'none'
			THEN 'it asks for nothing: no documents, no event, no facts, no recording'
		WHEN b -> 'valid_to' <> 'null' AND coalesce(b ->> 'valid_to', '') !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
			'valid_to is null or a day such as 2027-12-31'
		WHEN (b ->> 'valid_to')::date < a_valid_from THEN
			format('valid_to: its last day is before its first one, %s', a_valid_from)
		END);
END
$$;

-- All of it, from-date included.  b: whole.
CREATE FUNCTION dv.rule_problem(a_what text, a_code text, a_valid_from date, b jsonb) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	newest date := CASE a_what
		WHEN 'rule' THEN (SELECT max(valid_from) FROM rule_version WHERE code = a_code)
		WHEN 'requirement' THEN (SELECT max(valid_from) FROM requirement WHERE requirement = a_code) END;
	before jsonb := rule_body_at(a_what, a_code, a_valid_from);
BEGIN
	RETURN CASE
		WHEN a_what NOT IN ('rule', 'requirement', 'step', 'document', 'field') THEN
			'what is changed is a rule, a requirement, a step, a document or a field'
		WHEN coalesce(a_code, '') !~ '^[a-z][a-z0-9_]{1,63}$' THEN
			'a code is 2 to 64 of a-z 0-9 _, the first a letter'
		WHEN a_valid_from IS NULL OR a_valid_from <= day_of(now()) THEN
			format('it would be in force from %s, and today is %s: a day that has begun is not judged anew, give a later one',
			       coalesce(a_valid_from::text, 'no day'), day_of(now()))
		-- One of never would let no other one come after it.
		WHEN a_valid_from > day_of(now()) + 3660 THEN
			'it would be in force in more than ten years: give a day that comes'
		WHEN a_valid_from < newest THEN
			format('another version comes into force on %s: give that day or a later one', newest)
		WHEN a_what = 'rule' AND before IS NULL THEN 'there is no such rule: findings are raised by programs'
		WHEN a_what NOT IN ('rule', 'requirement') AND before IS NOT NULL THEN
			'the word is there already, and documents use it: give another'
		ELSE coalesce(body_problem(a_what, b),
			CASE a_what WHEN 'rule' THEN parameters_problem(a_code, b -> 'parameters')
			WHEN 'requirement' THEN requirement_problem(b, a_valid_from) END,
			CASE WHEN b = before THEN 'nothing of it would be another than it is' END) END;
EXCEPTION WHEN data_exception THEN
	RETURN format('it cannot be read: %s', SQLERRM);
END
$$;

-- ---- proposing and deciding ----

-- What a version would change, column by column, against what is in force on its first day.
CREATE FUNCTION dv.rule_changes(a_what text, a_code text, a_valid_from date, a_body jsonb)
	RETURNS TABLE (name text, was jsonb, becomes jsonb)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT c, o.body -> c, rule_whole(a_what, a_body) -> c
	FROM (SELECT coalesce(rule_body_at(a_what, a_code, a_valid_from), '{}') AS body) AS o
	CROSS JOIN unnest(rule_columns(a_what)) WITH ORDINALITY AS x(c, i)
	WHERE o.body -> c IS DISTINCT FROM rule_whole(a_what, a_body) -> c ORDER BY i
$$;

CREATE FUNCTION dv.rule_propose(a_what text, a_code text, a_valid_from date, a_body jsonb, a_reason text)
	RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_proposal uuid;
	a_problem text;
BEGIN
	PERFORM require_role('legal');
	PERFORM pg_advisory_xact_lock(25729);
	a_problem := rule_problem(a_what, a_code, a_valid_from, rule_whole(a_what, a_body));
	IF a_problem IS NOT NULL THEN
		RAISE EXCEPTION '% %: %', a_what, a_code, a_problem USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO rule_proposal (what, code, valid_from, body, reason)
	VALUES (a_what, a_code, a_valid_from, rule_whole(a_what, a_body), a_reason)
	RETURNING proposal INTO a_proposal;
	RETURN a_proposal;
END
$$;

CREATE FUNCTION dv.rule_apply(p dv.rule_proposal) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	CASE p.what
	WHEN 'rule' THEN
		INSERT INTO rule_version SELECT (jsonb_populate_record(NULL::rule_version, p.body
			|| jsonb_build_object('code', p.code, 'valid_from', p.valid_from, 'proposal', p.proposal,
				'entered_at', now(), 'version', (SELECT max(version) + 1 FROM rule_version
					WHERE code = p.code)))).*;
	WHEN 'requirement' THEN
		INSERT INTO requirement SELECT (jsonb_populate_record(NULL::requirement, p.body
			|| jsonb_build_object('requirement', p.code, 'valid_from', p.valid_from, 'proposal', p.proposal,
				'entered_at', now(), 'version', coalesce((SELECT max(version) + 1 FROM requirement
					WHERE requirement = p.code), 1)))).*;
	WHEN 'step' THEN
		INSERT INTO step VALUES (p.code, p.body ->> 'stage', p.body ->> 'text_zh', p.body ->> 'text_en');
	WHEN 'document' THEN
		INSERT INTO document_kind VALUES (p.code, p.body ->> 'text_zh', p.body ->> 'text_en');
	WHEN 'field' THEN
		INSERT INTO document_field VALUES (p.code, p.body ->> 'text_zh', p.body ->> 'text_en');
	END CASE;
END
$$;

-- By another person than who proposed it.  What was good when it was proposed is looked at again.
CREATE FUNCTION dv.rule_decide(a_proposal uuid, a_approved boolean, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	p rule_proposal;
	a_problem text;
BEGIN
	PERFORM require_role('legal', 'head');
	PERFORM pg_advisory_xact_lock(25729);
	SELECT * INTO p FROM rule_proposal WHERE proposal = a_proposal;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no proposal %: vaultctl rule list --proposed shows them', a_proposal
			USING ERRCODE = 'no_data_found';
	END IF;
	IF same_person(p."by") THEN
		RAISE EXCEPTION '% %: you proposed it yourself; another person decides', p.what, p.code
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF EXISTS (SELECT FROM rule_decision WHERE proposal = a_proposal) THEN
		RAISE EXCEPTION '% %: it is decided already; to change that, propose anew', p.what, p.code
			USING ERRCODE = 'unique_violation';
	END IF;
	IF a_approved THEN
		a_problem := rule_problem(p.what, p.code, p.valid_from, p.body);
		IF a_problem IS NOT NULL THEN
			RAISE EXCEPTION '% %: it cannot be approved any more, propose anew: %', p.what, p.code, a_problem
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		PERFORM rule_apply(p);
	END IF;
	INSERT INTO rule_decision (proposal, approved, reason) VALUES (a_proposal, coalesce(a_approved, false),
		a_reason);
END
$$;

-- ---- what people look at ----

CREATE VIEW dv.rule_proposal_list WITH (security_invoker = true) AS
SELECT p.proposal, p.what, p.code, p.valid_from, p.body, p.reason, p.by, p.entered_at,
	CASE WHEN d.approved THEN 'approved' WHEN NOT d.approved THEN 'rejected' ELSE 'proposed' END AS state,
	d.by AS decided_by, d.reason AS decided_reason, d.entered_at AS decided_at
FROM dv.rule_proposal p
LEFT JOIN dv.rule_decision d USING (proposal);

-- All versions of rules and requirements.
CREATE VIEW dv.rule_list WITH (security_invoker = true) AS
SELECT 'rule' AS what, v.code, v.version, v.valid_from, NULL::date AS valid_to, v.article, v.severity,
	v.text_zh, v.text_en, dv.rule_body(to_jsonb(v)) AS body, v.proposal, v.entered_at
FROM dv.rule_version v
UNION ALL
SELECT 'requirement', q.requirement, q.version, q.valid_from, q.valid_to, q.article, q.severity, q.text_zh,
	q.text_en, dv.rule_body(to_jsonb(q)), q.proposal, q.entered_at
FROM dv.requirement q;

-- Those in force on a day, by article.
CREATE FUNCTION dv.rules_at(a_day date) RETURNS SETOF dv.rule_list
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT (x.l).* FROM (
		SELECT DISTINCT ON (what, code) l FROM rule_list l
		WHERE valid_from <= a_day ORDER BY what, code, version DESC
	) AS x
	WHERE coalesce(a_day <= (x.l).valid_to, true)
	ORDER BY (x.l).article, (x.l).what, (x.l).code
$$;

-- The regulation, article by article: what it demands, and what of the rules in force on a day answers it,
-- in the words of both languages.  docs/REGULATION.md is made of it.
CREATE FUNCTION dv.words_of(a_what text, a_codes jsonb) RETURNS jsonb
	LANGUAGE sql STABLE STRICT SET search_path = dv, pg_temp AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('zh', w.zh, 'en', w.en) ORDER BY i), '[]')
	FROM jsonb_array_elements_text(a_codes) WITH ORDINALITY AS x(code, i)
	JOIN (SELECT 'step' AS what, step AS code, text_zh AS zh, text_en AS en FROM step
	      UNION ALL SELECT 'document', kind, text_zh, text_en FROM document_kind
	      UNION ALL SELECT 'field', field, text_zh, text_en FROM document_field) AS w
		ON w.what = a_what AND w.code = x.code
$$;
CREATE FUNCTION dv.regulation(a_day date)
	RETURNS TABLE (article integer, demand_zh text, demand_en text, answer_zh text, answer_en text,
		       commands jsonb, requirements jsonb, findings jsonb)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT a.article, a.demand_zh, a.demand_en, a.answer_zh, a.answer_en, to_jsonb(a.commands),
		(SELECT coalesce(jsonb_agg(l.body || jsonb_build_object('code', l.code,
				'steps', words_of('step', nullif(l.body -> 'steps', 'null')),
				'fields', words_of('field', l.body -> 'fields'),
				'documents', (SELECT coalesce(jsonb_agg(words_of('document', d) ORDER BY i), '[]')
					      FROM jsonb_array_elements(l.body -> 'documents') WITH ORDINALITY AS x(d, i)))
			ORDER BY l.body -> 'steps' <> 'null', l.code), '[]')
		 FROM rules_at(a_day) l WHERE l.article = a.article AND l.what = 'requirement'),
		(SELECT coalesce(jsonb_agg(l.body || jsonb_build_object('code', l.code) ORDER BY l.code), '[]')
		 FROM rules_at(a_day) l WHERE l.article = a.article AND l.what = 'rule')
	FROM article a ORDER BY a.article
$$;

-- A finding cites the version of the day on which it was so: of its rule, and of the requirement that was
-- not met.
CREATE OR REPLACE VIEW dv.finding_list WITH (security_invoker = true) AS
SELECT f.finding, f.code, coalesce(f.article, q.article, v.article) AS article, f.severity, f.recorder,
	f.unit, f.subject_kind, f.subject, f.fact, f.at, f.raised_at, f.session, f.confidence, f.detail,
	v.text_zh || coalesce(q.text_zh, '') AS text_zh, v.text_en || coalesce(' ' || q.text_en, '') AS text_en,
	v.next_step_zh, v.next_step_en, f.officer, f."case", f.requirement, f.requirement_version
FROM dv.finding f
CROSS JOIN LATERAL (
	SELECT * FROM dv.rule_version v
	WHERE v.code = f.code AND (v.valid_from <= dv.day_of(f.at) OR v.version = 1)
	ORDER BY v.version DESC LIMIT 1
) AS v
LEFT JOIN dv.requirement q ON q.requirement = f.requirement AND q.version = f.requirement_version;

GRANT SELECT ON dv.rule_proposal_list, dv.rule_list TO dv_read;
GRANT EXECUTE ON FUNCTION dv.rule_body(jsonb), dv.rule_body_at(text, text, date), dv.rules_at(date), dv.words_of(text, jsonb), dv.regulation(date),
	dv.rule_whole(text, jsonb), dv.rule_columns(text), dv.rule_changes(text, text, date, jsonb) TO dv_read;
GRANT EXECUTE ON FUNCTION dv.rule_propose(text, text, date, jsonb, text),
	dv.rule_decide(uuid, boolean, text) TO dv_person;
