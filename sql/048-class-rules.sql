-- What a class means is changed as other rules are; words of what is found.

-- ---- rules of classes are changed as rules are (037) ----
--
-- What else is changed by proposals keeps five functions of its own, named by what it is: X_body_at(code, day),
-- X_columns(), X_whole(body), X_problem(code, day, body), X_apply(proposal).  037's ask for them.

ALTER TABLE dv.rule_proposal DROP CONSTRAINT rule_proposal_what_check,
	ADD CONSTRAINT rule_proposal_what_check CHECK (what IN ('rule', 'requirement', 'step', 'document', 'field',
		'class', 'retention'));

CREATE FUNCTION dv.rule_kept_apart(a_what text) RETURNS boolean
	LANGUAGE sql STABLE STRICT SET search_path = dv, pg_temp AS $$
	SELECT a_what IN ('class', 'retention')
		AND to_regprocedure(format('dv.%s_problem(text,date,jsonb)', a_what)) IS NOT NULL
$$;

CREATE OR REPLACE FUNCTION dv.rule_body(a_row jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT SET search_path = dv, pg_temp
	RETURN a_row - '{code,requirement,step,kind,field,class,rule,version,valid_from,proposal,entered_at}'::text[];

CREATE OR REPLACE FUNCTION dv.rule_body_at(a_what text, a_code text, a_day date) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_row jsonb;
BEGIN
	IF rule_kept_apart(a_what) THEN
		EXECUTE format('SELECT dv.%s_body_at($1, $2)', a_what) INTO a_row USING a_code, a_day;
		RETURN a_row;
	END IF;
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

CREATE OR REPLACE FUNCTION dv.rule_whole(a_what text, a_body jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE STRICT SET search_path = dv, pg_temp AS $$
DECLARE
	whole jsonb;
BEGIN
	IF rule_kept_apart(a_what) THEN
		EXECUTE format('SELECT dv.%s_whole($1)', a_what) INTO whole USING a_body;
		RETURN whole;
	END IF;
	RETURN CASE a_what WHEN 'requirement' THEN jsonb_build_object('valid_to', NULL, 'kinds', NULL,
			'steps', NULL, 'condition', '{}'::jsonb, 'documents', '[]'::jsonb, 'fields', '[]'::jsonb,
			'signers', '[]'::jsonb, 'event', NULL, 'demands', '{}'::jsonb, 'av', 'none',
			'deadline', NULL, 'deadline_from', NULL, 'finding', NULL)
		WHEN 'rule' THEN '{"parameters": {}}' ELSE '{}' END || a_body;
END
$$;

CREATE OR REPLACE FUNCTION dv.rule_columns(a_what text) RETURNS text[]
	LANGUAGE plpgsql STABLE STRICT SET search_path = dv, pg_temp AS $$
DECLARE
	names text[];
BEGIN
	IF rule_kept_apart(a_what) THEN
		EXECUTE format('SELECT dv.%s_columns()', a_what) INTO names;
		RETURN names;
	END IF;
	RETURN CASE a_what
		WHEN 'rule' THEN '{article,severity,text_zh,text_en,next_step_zh,next_step_en,parameters}'
		WHEN 'requirement' THEN '{valid_to,article,severity,kinds,stage,steps,condition,documents,fields,'
			'signers,event,demands,av,deadline,deadline_from,finding,text_zh,text_en}'
		WHEN 'step' THEN '{stage,text_zh,text_en}' ELSE '{text_zh,text_en}' END::text[];
END
$$;

-- As in 037.  The day is looked at here, of whatever it is.
CREATE OR REPLACE FUNCTION dv.rule_problem(a_what text, a_code text, a_valid_from date, b jsonb) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	apart constant boolean := coalesce(rule_kept_apart(a_what), false);
	newest date;
	before jsonb;
	a_problem text;
BEGIN
	IF NOT apart AND (a_what IS NULL OR a_what NOT IN ('rule', 'requirement', 'step', 'document', 'field')) THEN
		RETURN 'what is changed is a rule, a requirement, a step, a document, a field, a class or a retention rule';
	END IF;
	newest := CASE a_what
		WHEN 'rule' THEN (SELECT max(valid_from) FROM rule_version WHERE code = a_code)
		WHEN 'requirement' THEN (SELECT max(valid_from) FROM requirement WHERE requirement = a_code) END;
	before := rule_body_at(a_what, a_code, a_valid_from);
	a_problem := CASE
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
		WHEN NOT apart AND a_what NOT IN ('rule', 'requirement') AND before IS NOT NULL THEN
			'the word is there already, and documents use it: give another'
		ELSE body_problem(a_what, b) END;
	IF a_problem IS NULL AND apart THEN
		EXECUTE format('SELECT dv.%s_problem($1, $2, $3)', a_what) INTO a_problem USING a_code, a_valid_from, b;
	ELSIF a_problem IS NULL THEN
		a_problem := CASE a_what WHEN 'rule' THEN parameters_problem(a_code, b -> 'parameters')
			WHEN 'requirement' THEN requirement_problem(b, a_valid_from) END;
	END IF;
	RETURN coalesce(a_problem, CASE WHEN b = before THEN 'nothing of it would be another than it is' END);
EXCEPTION WHEN data_exception THEN
	RETURN format('it cannot be read: %s', SQLERRM);
END
$$;

CREATE OR REPLACE FUNCTION dv.rule_apply(p dv.rule_proposal) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF rule_kept_apart(p.what) THEN
		EXECUTE format('SELECT dv.%s_apply($1)', p.what) USING p;
		RETURN;
	END IF;
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

-- ---- those of classes ----

CREATE FUNCTION dv.class_columns() RETURNS text[]
	LANGUAGE sql IMMUTABLE RETURN '{readers,export,text_zh,text_en}'::text[];
CREATE FUNCTION dv.class_whole(a_body jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT RETURN a_body;
CREATE FUNCTION dv.class_body_at(a_class text, a_day date) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT rule_body(to_jsonb(v)) FROM class_rule_at(a_class, a_day) AS v WHERE v.class IS NOT NULL
$$;

-- Internal is what nobody classified: whoever sees a row of it reads it.  What is of a higher class is not read by
-- more than what is of a lower one; and of state secrets nothing is a matter of rules.
CREATE FUNCTION dv.class_problem(a_class text, a_valid_from date, b jsonb) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	roles constant text[] := '{supervisor,head,legal,unit_head,officer,admin,auditor}';
	before class_rule := class_rule_at(a_class, a_valid_from);
	newest date := (SELECT max(valid_from) FROM class_rule WHERE class = a_class);
	who text[];
	other record;
BEGIN
	IF before.class IS NULL THEN
		RETURN 'there is no such class: they are public, internal, personal, trade_secret, state_secret';
	END IF;
	IF a_valid_from < newest THEN
		RETURN format('another version comes into force on %s: give that day or a later one', newest);
	END IF;
	IF words_problem('readers', b -> 'readers', roles) IS NOT NULL THEN
		RETURN words_problem('readers', b -> 'readers', roles);
	END IF;
	who := ARRAY(SELECT jsonb_array_elements_text(b -> 'readers'));
	IF coalesce(b ->> 'export', '') NOT IN ('approved', 'owner', 'never') THEN
		RETURN 'export is approved, owner or never';
	END IF;
	IF class_rank(a_class) <= 2 AND NOT who @> roles THEN
		RETURN 'readers: this is what nobody classified, or may be made public: every role reads it as far as it sees it';
	END IF;
	IF a_class = 'state_secret' AND (who <> '{}' OR b ->> 'export' <> 'never') THEN
		RETURN 'a state secret is read by leave of the head alone and never given out, whatever a rule says';
	END IF;
	SELECT r.* INTO other FROM unnest(ARRAY['public', 'internal', 'personal', 'trade_secret', 'state_secret']) AS c
	CROSS JOIN LATERAL class_rule_at(c, a_valid_from) AS r
	WHERE (class_rank(c) < class_rank(a_class) AND NOT who <@ r.readers)
		OR (class_rank(c) > class_rank(a_class) AND NOT r.readers <@ who) LIMIT 1;
	IF FOUND THEN
		RETURN format('readers: what is of a higher class is read by no more roles than what is of a lower one; %s is read by %s',
			other.class, array_to_string(other.readers, ', '));
	END IF;
	RETURN NULL;
END
$$;

CREATE FUNCTION dv.class_apply(p dv.rule_proposal) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	INSERT INTO class_rule (class, version, valid_from, readers, export, text_zh, text_en, proposal)
	SELECT p.code, (SELECT max(version) + 1 FROM class_rule WHERE class = p.code), p.valid_from,
		ARRAY(SELECT jsonb_array_elements_text(p.body -> 'readers')), p.body ->> 'export', p.body ->> 'text_zh',
		p.body ->> 'text_en', p.proposal
$$;

CREATE OR REPLACE VIEW dv.rule_list WITH (security_invoker = true) AS
SELECT 'rule' AS what, v.code, v.version, v.valid_from, NULL::date AS valid_to, v.article, v.severity,
	v.text_zh, v.text_en, dv.rule_body(to_jsonb(v)) AS body, v.proposal, v.entered_at
FROM dv.rule_version v
UNION ALL
SELECT 'requirement', q.requirement, q.version, q.valid_from, q.valid_to, q.article, q.severity, q.text_zh,
	q.text_en, dv.rule_body(to_jsonb(q)), q.proposal, q.entered_at
FROM dv.requirement q
UNION ALL
SELECT 'class', c.class, c.version, c.valid_from, NULL, 37, NULL::dv.severity, c.text_zh, c.text_en,
	dv.rule_body(to_jsonb(c)), c.proposal, c.entered_at
FROM dv.class_rule c;
-- What a change would change is asked for by people (037).
GRANT EXECUTE ON FUNCTION dv.rule_kept_apart(text), dv.class_columns(), dv.class_whole(jsonb),
	dv.class_body_at(text, date) TO dv_read;

-- ---- words ----

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en) VALUES
('read_outside_grant', 35, 'violation',
 '有人试图查阅、播放、导出超出其权限的证据，已被拒绝并记录。',
 'Somebody wanted to look at, play, export or prove evidence beyond what they may read; it was refused, and is on record.',
 '由本人说明原因；确有工作需要的，由负责人或者监察室授权：vaultctl grant give。',
 'Whoever it was explains why; where their work needs it, the head or the supervision office gives leave: vaultctl grant give.'),
('secret_found', 37, 'violation',
 '系统内发现涉及国家秘密的资料，已隔离。',
 'Something in here was found to be a state secret; it is shut away.',
 '立即向保密部门报告，按其意见处理；查阅须经行政机关负责人授权。密级有误的，由一人提出、另一人审定后更正：vaultctl class lower。',
 'Tell the office for secrets at once and do as it says; reading takes the head''s leave. If the class is wrong, one person proposes the right one and another decides: vaultctl class lower.');
UPDATE dv.article SET
	answer_zh = answer_zh || '超出权限查阅、播放、导出的，由数据库拒绝并记录，每人每件每日一条违规。',
	answer_en = answer_en || ' Reading, playing or exporting beyond one''s grant is refused by the database and found, once a person, object and day.',
	commands = commands || '{"grant list"}'
WHERE article = 35;
UPDATE dv.article SET
	answer_zh = '证据分为公开、内部、个人隐私、商业秘密、国家秘密五级，导入时或者以后确定，未确定的按内部管理；取其本身、所属录音录像和案卷中最高的一级。'
		'提高可以一人决定，降低须一人提出、另一人审定。超出权限的内容在数据库中遮盖，只显示其存在；临时授权须有期限，不得授予本人。'
		'国家秘密不得导入，已存入的隔离并作为违规发现，任何人不得导出。当事人信息单独保护；日志中的个人信息加盐，可依法抹除。',
	answer_en = 'Evidence is public, internal, personal, a trade secret or a state secret: said at import or later, internal where nobody said anything, '
		'and as high as itself, its recording or any of its cases is. One person raises a class; to lower it one proposes and another decides. What is beyond '
		'somebody''s reading is covered in the database, which shows that it is there and no more; leave to read has an end, and is given by nobody to themselves. '
		'A state secret is not taken in; what came in is shut away, found as a violation, and never exported. Parties are protected fields; what is personal '
		'in the log is salted and can be erased as the law asks.',
	commands = '{"class set","class lower","class decide","class show","class list","grant give","grant end","grant list",import,"rule propose","log show"}'
WHERE article = 37;

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
