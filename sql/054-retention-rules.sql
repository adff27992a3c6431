-- Retention day by day; how its rules are changed; what is found; who may.

-- ---- day by day: for alertd ----

-- Once a week, what has become due; of each plan, three days before its recovery ends; what was begun and is not
-- concluded after three days.
CREATE FUNCTION dv.disposal_tell() RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	n integer := 0;
	due jsonb;
	reviews bigint;
BEGIN
	FOR x IN SELECT * FROM disposal_plan_list WHERE state IN ('recovery', 'approved')
			AND recovery_ends_at - interval '3 days' <= now() LOOP
		n := n + raise_finding(NULL, jsonb_build_object('code', 'disposal_due', 'subject_kind', 'plan', 'subject', x.plan,
			'fact', 'recovery', 'at', utc(x.recovery_ends_at - interval '3 days'), 'unit', x.unit,
			'detail', jsonb_build_object('plan', x.plan, 'objects', x.objects, 'bytes', x.bytes, 'spared', x.spared,
				'goes_at', utc(x.recovery_ends_at))))::integer;
	END LOOP;
	FOR x IN SELECT b.plan, min(b.at) AS since, count(*) AS n FROM disposal_begun b
		 WHERE NOT EXISTS (SELECT FROM tombstone t WHERE t.segment = b.segment) AND b.at < now() - interval '3 days'
		 GROUP BY b.plan LOOP
		n := n + raise_finding(NULL, jsonb_build_object('code', 'disposal_unfinished', 'subject_kind', 'plan',
			'subject', x.plan, 'fact', utc(x.since), 'at', utc(x.since + interval '3 days'),
			'detail', jsonb_build_object('plan', x.plan, 'objects', x.n, 'since', utc(x.since))))::integer;
	END LOOP;
	UPDATE retention_pass SET swept_on = today();
	IF EXISTS (SELECT FROM retention_pass WHERE told_on > today() - 7 AND told_on <= today()) THEN
		RETURN n;
	END IF;
	SELECT jsonb_agg(to_jsonb(y) ORDER BY y.rule, y.version) INTO due FROM (
		SELECT t.rule, t.version, count(*) AS objects, sum(t.size) AS bytes FROM retention_state t
		WHERE t.disposable_on <= today() GROUP BY 1, 2) AS y;
	SELECT count(*) INTO reviews FROM retention_review_list;
	IF due IS NOT NULL OR reviews > 0 OR EXISTS (SELECT FROM disposal_plan_list
			WHERE state IN ('proposed', 'recovery', 'approved')) THEN
		n := n + raise_finding(NULL, jsonb_build_object('code', 'disposal_due', 'subject_kind', 'object',
			'subject', 'week:' || to_char(today(), 'IYYY-"W"IW'), 'fact', '', 'at', utc(now()),
			'detail', jsonb_build_object('rules', coalesce(due, '[]'), 'reviews', reviews,
				'plans', (SELECT coalesce(jsonb_agg(jsonb_build_object('plan', l.plan, 'state', l.state,
						'objects', l.objects, 'bytes', l.bytes, 'goes_at', utc(l.recovery_ends_at))
						ORDER BY l.made_at), '[]')
					  FROM disposal_plan_list l WHERE l.state IN ('proposed', 'recovery', 'approved')),
				'see', 'vaultctl retention list')))::integer;
	END IF;
	UPDATE retention_pass SET told_on = today();
	RETURN n;
END
$$;

-- A bounded part of all of it.  due_ms: the next midnight in Shanghai, since 1970.
CREATE FUNCTION dv.retention_daily(a_limit integer) RETURNS TABLE (done bigint, more boolean, due_ms bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	noted boolean := clock_day_note();
	before bigint := (SELECT count(*) FROM (SELECT FROM retention_dirty LIMIT a_limit) AS x);
	n bigint;
BEGIN
	-- Whoever makes a plan judges, too, and takes as long as that takes: deadlines do not wait for it.
	IF NOT pg_try_advisory_xact_lock(25730, 0) THEN
		done := noted::integer;
		more := false;
		due_ms := epoch_ms(clock_timestamp()) + 2000;
		RETURN NEXT;
		RETURN;
	END IF;
	PERFORM retention_rules_noted();
	n := retention_refresh(a_limit);
	done := before + noted::integer;
	more := n > 0;
	IF NOT more AND NOT EXISTS (SELECT FROM retention_pass WHERE swept_on = today()) THEN
		done := done + disposal_tell();
	END IF;
	due_ms := epoch_ms(day_start(today() + 1)) + 1000;
	RETURN NEXT;
END
$$;

-- ---- how a rule is changed: as rules of findings are; 045 asks for these five ----

CREATE FUNCTION dv.retention_columns() RETURNS text[]
	LANGUAGE sql IMMUTABLE RETURN '{valid_to,article,classes,case_kinds,linked,marks,keep,since,review,text_zh,text_en}'::text[];
CREATE FUNCTION dv.retention_whole(a_body jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT
	RETURN '{"valid_to": null, "classes": null, "case_kinds": null, "linked": null, "marks": null, "keep": null,
		"since": "stored", "review": true}'::jsonb || a_body;
CREATE FUNCTION dv.retention_body_at(a_rule text, a_day date) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT rule_body(to_jsonb(r)) FROM retention_rules_at(a_day) r WHERE r.rule = a_rule
$$;

CREATE FUNCTION dv.retention_problem(a_rule text, a_valid_from date, b jsonb) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	newest date := (SELECT max(valid_from) FROM retention_rule WHERE rule = a_rule);
BEGIN
	RETURN CASE WHEN a_valid_from < newest THEN
			format('another version comes into force on %s: give that day or a later one', newest)
		ELSE coalesce(
			CASE WHEN coalesce(b ->> 'article', '') !~ '^[0-9]{1,2}$'
				OR NOT (b ->> 'article')::integer BETWEEN 1 AND 40 THEN 'article is a number from 1 to 40' END,
			CASE WHEN b -> 'classes' <> 'null' THEN words_problem('classes', b -> 'classes',
				ARRAY['public', 'internal', 'personal', 'trade_secret', 'state_secret']) END,
			CASE WHEN b -> 'case_kinds' <> 'null' THEN words_problem('case_kinds', b -> 'case_kinds',
				(SELECT words FROM facts() WHERE fact = 'kind')) END,
			CASE WHEN b -> 'marks' <> 'null' THEN words_problem('marks', b -> 'marks', ARRAY['obstruction',
				'major_incident', 'complaint', 'training', 'important', 'major_case', 'paper']) END,
			CASE WHEN b -> 'classes' = '[]' OR b -> 'case_kinds' = '[]' OR b -> 'marks' = '[]' THEN
				'classes, case_kinds and marks: null means all; an empty list nothing' END,
			CASE WHEN jsonb_typeof(b -> 'linked') NOT IN ('boolean', 'null') THEN
				'linked is true (belongs to a case), false, or null (whether or not)'
			WHEN jsonb_typeof(b -> 'review') IS DISTINCT FROM 'boolean' THEN 'review is true or false'
			WHEN coalesce(b ->> 'since', '') NOT IN ('recorded', 'stored', 'case_archived') THEN
				'since is recorded, stored or case_archived'
			WHEN b ->> 'since' = 'case_archived' AND b -> 'linked' IS DISTINCT FROM 'true' THEN
				'since case_archived: of what belongs to a case (linked: true)'
			WHEN b -> 'case_kinds' <> 'null' AND b -> 'linked' IS DISTINCT FROM 'true' THEN
				'case_kinds: of what belongs to a case (linked: true)'
			WHEN b -> 'keep' <> 'null' AND NOT is_duration(b ->> 'keep') THEN
				'keep is null (permanently) or a duration in days and hours, such as P3653D'
			-- Art. 32: what belongs to no case is kept for six months at the least, whatever rule there is.
			WHEN b -> 'linked' = 'false' AND b -> 'keep' <> 'null' AND duration_of(b ->> 'keep') < interval '184 days' THEN
				'keep: what belongs to no case is kept for six months at least (P184D)'
			WHEN b -> 'linked' = 'false' AND b -> 'review' <> 'true' THEN
				'review: what belongs to no case is looked at by a person (true)'
			WHEN b -> 'valid_to' <> 'null' AND coalesce(b ->> 'valid_to', '') !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
				'valid_to is null or a day such as 2027-12-31'
			WHEN (b ->> 'valid_to')::date < a_valid_from THEN
				format('valid_to: its last day is before its first one, %s', a_valid_from)
			END) END;
END
$$;

CREATE FUNCTION dv.retention_apply(p dv.rule_proposal) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	INSERT INTO retention_rule SELECT (jsonb_populate_record(NULL::retention_rule, (p).body
		|| jsonb_build_object('rule', (p).code, 'valid_from', (p).valid_from, 'proposal', (p).proposal, 'entered_at', now(),
			'version', coalesce((SELECT max(version) + 1 FROM retention_rule WHERE rule = (p).code), 1)))).*
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
FROM dv.class_rule c
UNION ALL
SELECT 'retention', r.rule, r.version, r.valid_from, r.valid_to, r.article, NULL::dv.severity, r.text_zh, r.text_en,
	dv.rule_body(to_jsonb(r)), r.proposal, r.entered_at
FROM dv.retention_rule r;

-- ---- what is found ----

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters) VALUES
('disposal_due', 32, 'notice',
 '有资料保存期满、等待复核，或者销毁计划的恢复期即将届满。',
 'The time of recordings is over, some wait for a person''s look, or the recovery of a plan of disposal ends soon.',
 '监察室用 vaultctl retention list 核对清单；仍需保存的，在恢复期内撤回（vaultctl retention recall）或者设置保全（vaultctl hold add）。',
 'The supervision office goes through vaultctl retention list; what is still needed is recalled (vaultctl retention recall) or held (vaultctl hold add) before it goes.',
 '{}'),
('disposal_plan_changed', 33, 'violation',
 '销毁计划与批准时冻结的内容不一致，已拒绝执行。',
 'A plan of disposal is not what was frozen and approved; nothing of it is carried out.',
 '监察室立即封存数据库，查明是谁改动了计划（vaultctl verify log），撤回该计划并重新制订。',
 'The supervision office secures the database at once and finds out who changed the plan (vaultctl verify log); the plan is recalled (vaultctl retention recall) and made anew.',
 '{}'),
('disposal_unfinished', 33, 'warning',
 '已开始的销毁三天仍未完成。',
 'A disposal that was begun is not concluded after three days.',
 '设备管理员查看 dockvault-disposal 的日志，接通所有存储位置后运行 vaultctl retention run。',
 'Whoever keeps the machine looks at the log of dockvault-disposal, connects every store, and runs vaultctl retention run.',
 '{}'),
('clock_set_back', 33, 'warning',
 '数据库的时钟早于已经记下的日期，其间不执行任何销毁。',
 'The database''s clock is behind a day that was noted already; nothing is disposed of meanwhile.',
 '设备管理员校准时钟；如果记下的日期从未有过，由监察室登记（vaultctl retention clock --wrong 日期）。',
 'Whoever keeps the machine sets the clock right; if the day that was noted never was, the supervision office says so (vaultctl retention clock --wrong DAY).',
 '{}'),
('clock_jumped', 33, 'warning',
 '两次记录日期之间超过三十一天，时钟可能被拨快，其间不制订、不执行销毁。',
 'More than 31 days lie between two days that were noted: the clock may have been put forward; no plan is made and nothing is disposed of meanwhile.',
 '监察室查明：设备确实停用的，登记 vaultctl retention clock --lived 日期；时钟被拨快的，校准后登记 --wrong 日期。',
 'The supervision office finds out: if the machine was off, vaultctl retention clock --lived DAY; if the clock was put forward, it is set right and --wrong DAY says so.',
 '{}'),
('blob_not_disposed', 33, 'violation',
 '资料已登记销毁，但其内容仍在存储中。',
 'Evidence is on record as disposed of, and its bytes are still in a store.',
 '监察室查明是销毁未执行，还是内容被放回；按查明的情况重新入库或者由设备管理员清除。',
 'The supervision office finds out whether it was never removed or was put back, and has it taken in anew or removed by whoever keeps the machine.',
 '{}');

UPDATE dv.article SET
	answer_zh = answer_zh || '保存期限是数据：按案件种类、标记、密级取最长者，保全优先，未归档案件不销毁，不属于案件的逐段复核；销毁须有计划、两人批准、十四日恢复期和证明。',
	answer_en = answer_en || ' How long is data: of kind of case, mark and class the longest; a hold goes before, what is of a case that is not archived stays, what is of none is looked at one by one; disposal takes a plan, two people, fourteen days, and has a certificate.',
	commands = commands || '{"retention plan","retention list","retention review"}'
WHERE article = 32;
UPDATE dv.article SET
	answer_zh = answer_zh || '销毁留有墓碑，监管日志载明每一步；内容不在而无墓碑、墓碑未经两人批准、内容仍在的，均被发现。',
	answer_en = answer_en || ' A disposal leaves a tombstone, and each step is in the custody log; what is gone without one, a tombstone that no two people approved, and what is still there, are found.',
	commands = commands || '{"retention show","retention certificate"}'
WHERE article = 33;

-- ---- rights ----

SELECT dv.show_rows('dv.retention_rule', 'true');
SELECT dv.show_rows(t::regclass, '(SELECT dv.am_legal())') FROM unnest(ARRAY['dv.retention_mark',
	'dv.retention_mark_removed', 'dv.retention_review', 'dv.clock_day', 'dv.clock_said', 'dv.disposal_plan', 'dv.disposal_item',
	'dv.disposal_chunk', 'dv.disposal_plan_signed', 'dv.disposal_decision', 'dv.disposal_recalled', 'dv.disposal_spared',
	'dv.disposal_begun', 'dv.retention_state', 'dv.retention_dirty', 'dv.retention_pass',
	'dv.disposal_progress']) AS t;
-- Whoever sees a segment sees that it is gone.
SELECT dv.show_rows('dv.tombstone', '(SELECT dv.am_legal()) OR EXISTS (SELECT FROM dv.segment_place p '
	'WHERE p.segment = tombstone.segment)');
-- When it was, and what it was signed with, is as much of a secret as before.
SELECT dv.cover('dv.tombstone', 'segment NOT IN (SELECT dv.my_hidden())');
GRANT SELECT ON dv.retention_rule, dv.retention_mark, dv.retention_mark_removed, dv.retention_review, dv.clock_day,
	dv.clock_said, dv.disposal_plan, dv.disposal_item, dv.disposal_chunk, dv.disposal_plan_signed, dv.disposal_decision,
	dv.disposal_recalled, dv.disposal_spared, dv.disposal_begun, dv.tombstone, dv.retention_state, dv.retention_dirty,
	dv.retention_pass, dv.disposal_progress, dv.clock_lived_day, dv.disposal_plan_list, dv.retention_review_list TO dv_read;
GRANT EXECUTE ON FUNCTION dv.retention_columns(), dv.retention_whole(jsonb), dv.retention_body_at(text, date),
	dv.retention_rules_at(date), dv.disposal_recovery(), dv.disposal_stands(uuid), dv.clock_problem(), dv.retention_explain(uuid),
	dv.disposal_certificate(uuid), dv.disposal_gone(uuid), dv.disposal_gone_of(uuid), dv.blobs_disposed(text[]) TO dv_read;
GRANT EXECUTE ON FUNCTION dv.clock_say(date, text, text), dv.retention_mark_set(text, text, text, text),
	dv.retention_mark_remove(text, text, text, text), dv.retention_review(text, uuid, text, text),
	dv.disposal_plan(date, text, text), dv.disposal_sign(uuid, bytea, text, text),
	dv.disposal_decide(uuid, boolean, text, bytea), dv.disposal_recall(uuid, uuid, text) TO dv_person;
GRANT EXECUTE ON FUNCTION dv.disposal_next(integer), dv.disposal_still(uuid), dv.disposal_done(uuid, text[], boolean) TO dv_keep, dv_admin;
GRANT EXECUTE ON FUNCTION dv.retention_daily(integer) TO dv_alert;

-- Nothing was noted before: this day is the first.
INSERT INTO dv.clock_day (day) VALUES (dv.day_of(now()));
INSERT INTO dv.retention_dirty (recorder, recording) SELECT recorder, recording FROM dv.recording;
INSERT INTO dv.retention_pass (rules) VALUES (dv.retention_rules_now());
