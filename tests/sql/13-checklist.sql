-- Rules and checklists: what is asked of whom, by the version of which day, and who changes it.
BEGIN;
SELECT no_plan();

SELECT person('fa', '{legal}'), person('lv', '{legal}'), person('ju', '{head}'), person('chen', '{officer}', 'QH', '019123');

-- ---- the rows of the regulation ----

CREATE TEMPORARY TABLE articles (article integer PRIMARY KEY, requirements text[] NOT NULL, findings text[] NOT NULL);
INSERT INTO articles VALUES
(2, '{}', '{}'), (3, '{}', '{}'), (4, '{}', '{step_overdue}'),
(5, '{application_accepted,application_corrected,application_entered,application_receipt,application_supplement}', '{}'),
(6, '{start_approval,start_legal_opinion}', '{approval_due,approval_overdue}'),
(7, '{complaint_entered,complaint_informed}', '{complaint_unanswered}'),
(8, '{officers_shown}', '{officers_insufficient}'), (9, '{rights_step,rights_told}', '{}'),
(10, '{appraisal_ordered,appraisal_papers,hearing_minutes,hearing_papers,inspection_papers,obtaining_papers,other_papers,questioning_papers,refusal_recorded,sampling_papers,statement_papers}',
 '{document_incomplete,document_missing,document_unsigned}'),
(11, '{hearing_av,inspection_av,sampling_av}', '{av_missing}'),
(12, '{av_notice}', '{av_notice_missing,challenge_unanswered,clock_jump,coverage_short,gap,inserted,name_gap,overlap,reordered,replayed,unfinished}'),
(13, '{}', '{battery_low,clock_drift,device_fault,storage_low}'), (14, '{preservation_papers}', '{}'),
(15, '{freezing_papers,sealing_av,sealing_papers,seizure_av}', '{}'), (16, '{drafting}', '{}'),
(17, '{legal_review,legal_review_made}', '{}'), (18, '{expert_papers}', '{}'),
(19, '{discussion_papers}', '{}'), (20, '{head_approval}', '{}'), (21, '{decision_form}', '{}'),
(22, '{simple_av,simple_entered,simple_items,simple_papers}', '{av_advised_missing}'),
(23, '{decision_served,served_direct,service_direct_papers}', '{}'),
(24, '{served_post,service_post_papers}', '{}'),
(25, '{served_lien,service_lien_av,service_lien_papers}', '{}'),
(26, '{served_entrusted,service_entrusted_papers}', '{}'),
(27, '{served_public,service_public_av,service_public_paper,service_public_record}', '{}'),
(28, '{correction_checked,correction_ordered,correction_papers,performance}', '{correction_check_overdue}'),
(29, '{demand_heard,demand_made,demand_papers,demand_served,demanded_before_court,demanded_before_enforcing}', '{}'),
(30, '{enforce_auction_papers,enforce_fine_papers,enforce_other_papers,enforce_removal_av,enforce_removal_papers,enforce_substitute_papers,enforce_transfer_papers,enforced_auction,enforced_fine,enforced_other,enforced_removal,enforced_substitute,enforced_transfer}',
 '{}'),
(31, '{court_applied,court_result}', '{}'),
(32, '{}', '{archive_due,archive_overdue,disposal_due,dock_due,late_upload,not_docked}'), (34, '{}', '{}'),
 (36, '{}', '{disclosure_unreceipted}'), (37, '{}', '{secret_found}'), (38, '{}', '{device_lost,rectification_overdue}');

SELECT is(ARRAY(SELECT l.code FROM dv.rules_at('2026-11-20') l WHERE l.article = a.article
		AND l.what = 'requirement' ORDER BY 1), a.requirements, 'article ' || a.article || ': its requirements')
FROM articles a;
SELECT is(ARRAY(SELECT l.code FROM dv.rules_at('2026-11-20') l WHERE l.article = a.article AND l.what = 'rule'
		AND l.code NOT LIKE 'tap\_%' ORDER BY 1), a.findings, 'article ' || a.article || ': its findings')
FROM articles a;
SELECT is(ARRAY(SELECT code FROM dv.rule_version WHERE code IN ('unlinked_due', 'unlinked_recording',
		'unrelated_recording') AND article = 35 ORDER BY 1),
	'{unlinked_due,unlinked_recording,unrelated_recording}', 'article 35: recordings that belong nowhere');
SELECT is((SELECT array_agg(article ORDER BY article) FROM dv.article), ARRAY(SELECT generate_series(1, 39)),
	'every article says how it is answered');
SELECT is(ARRAY(SELECT requirement || ' ' || av FROM dv.requirement WHERE av <> 'none' ORDER BY article, requirement),
	'{"hearing_av mandatory","inspection_av mandatory","sampling_av mandatory","sealing_av mandatory","seizure_av mandatory","simple_av advised","service_lien_av mandatory","service_public_av mandatory","enforce_removal_av mandatory"}',
	'audio and video where the regulation says so, and nowhere else');
SELECT is(severity::text, want, x.code || ': ' || want) FROM (VALUES
	('approval_due', 'notice'), ('approval_overdue', 'violation'), ('complaint_unanswered', 'warning'),
	('officers_insufficient', 'violation'), ('av_missing', 'violation'), ('coverage_short', 'violation'),
	('av_advised_missing', 'notice'), ('av_notice_missing', 'warning'), ('step_overdue', 'warning'),
	('correction_check_overdue', 'warning'), ('archive_due', 'notice'), ('archive_overdue', 'violation'),
	('dock_due', 'notice'), ('unlinked_due', 'notice'), ('unlinked_recording', 'violation'),
	('unrelated_recording', 'violation'), ('rectification_overdue', 'violation')) AS x(code, want)
CROSS JOIN LATERAL dv.rule_at(x.code, '2026-11-20');
SELECT is(dv.rule_limit(code, 'limit', '2026-11-20'), want::interval, code || ': ' || coalesce(want, 'none'))
FROM (VALUES
	('approval_due', '18:00'), ('approval_overdue', '24:00'), ('complaint_unanswered', '168:00'),
	('archive_due', '480:00'), ('archive_overdue', '720:00'), ('dock_due', '18:00'), ('not_docked', '24:00'),
	('unlinked_due', '480:00'), ('unlinked_recording', '720:00'), ('gap', NULL)) AS x(code, want);

-- Whatever is a word is known.
SELECT is((SELECT count(*) FROM dv.requirement, jsonb_array_elements(documents) AS l,
		jsonb_array_elements_text(l) AS k WHERE k NOT IN (SELECT kind FROM dv.document_kind)), 0::bigint,
	'documents are of known kinds');
SELECT is((SELECT array_agg(requirement) FROM dv.requirement WHERE dv.requirement_problem(
		dv.rule_body(to_jsonb(requirement.*)), valid_from) IS NOT NULL), NULL,
	'what the release brings would be taken from the legal office, too');
SELECT is((SELECT array_agg(code) FROM dv.rule_version v WHERE dv.body_problem('rule',
		dv.rule_body(to_jsonb(v.*))) IS NOT NULL), NULL, 'rules as well');

-- ---- a case, and what is asked of it ----

CREATE FUNCTION pg_temp.new_case(a_case text, more jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.case_file SELECT (jsonb_populate_record(NULL::dv.case_file, jsonb_build_object('case', a_case,
		'revision', 1, 'kind', 'penalty', 'origin', 'inspection', 'named', false, 'procedure', 'general',
		'urgent', false, 'major', false, 'contentious', false, 'unit', 'QH', 'title', a_case,
		'started_at', '2026-11-02T01:00:00Z', 'reason', 'tap', 'by', 'chen', 'entered_at', now()) || more)).*
$$;
CREATE FUNCTION pg_temp.event(a_case text, a_kind text, a_at timestamptz, a_detail jsonb DEFAULT '{}')
	RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.case_event ("case", kind, at, due_at, detail)
	VALUES (a_case, a_kind, a_at, CASE a_kind WHEN 'correction_ordered' THEN a_at + interval '1 day' END, a_detail)
$$;
CREATE FUNCTION pg_temp.act(a_case text, n integer, a_step text, a_start timestamptz, a_officers integer DEFAULT 2,
			    more jsonb DEFAULT '{}') RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO dv.action SELECT (jsonb_populate_record(NULL::dv.action, jsonb_build_object('action', uid('act', n),
		'revision', 1, 'case', a_case, 'stage', (SELECT stage FROM dv.step WHERE step = a_step), 'step', a_step,
		'start_at', a_start, 'end_at', a_start + interval '1 hour', 'place', 'market', 'av_notice', true,
		'withdrawn', false, 'reason', 'tap', 'by', 'chen', 'entered_at', now()) || more)).*;
	INSERT INTO dv.action_officer (action, revision, officer, certificate, shown)
	SELECT uid('act', n), 1, '01912' || i, 'C' || i, true FROM generate_series(1, a_officers) AS i;
	RETURN uid('act', n);
END
$$;
CREATE FUNCTION pg_temp.paper(a_case text, n integer, a_kind text, a_action integer DEFAULT NULL,
			      a_signers text[] DEFAULT '{}', a_fields jsonb DEFAULT '{}') RETURNS uuid
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO dv.document (document, "case", kind, title, made_at, kept_where, fields, by)
	VALUES (uid('doc', n), a_case, a_kind, a_kind, '2026-11-02T03:00:00Z', 'cabinet', a_fields, 'chen');
	INSERT INTO dv.link (action, kind, object, how, why, by)
	SELECT uid('act', a_action), 'document', uid('doc', n), 'hand', 'tap', 'chen' WHERE a_action IS NOT NULL;
	INSERT INTO dv.document_signature (document, signer, name, signed_at, by)
	SELECT uid('doc', n), s, s, '2026-11-02T03:00:00Z', 'chen' FROM unnest(a_signers) AS s;
	RETURN uid('doc', n);
END
$$;
-- "STATE", and what lacks.
CREATE FUNCTION pg_temp.row_of(a_case text, a_requirement text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', state, nullif(what, '{}'), code), '; ' ORDER BY action)
	FROM dv.case_check(a_case) WHERE requirement = a_requirement
$$;

SELECT is(dv.case_facts('none'), NULL, 'there is no such case');
SELECT is_empty($$SELECT * FROM dv.case_check('none')$$, 'nothing is asked of it');

SELECT new_case FROM pg_temp.new_case('A');
SELECT is(dv.case_facts('A'), '{"kind": "penalty", "origin": "inspection", "procedure": "general",
	"ex_officio": true, "taken_up": true, "named": false, "urgent": false, "major": false, "contentious": false,
	"concluded": false, "stage": "start", "events": [], "service": [], "enforcement": [], "steps": [],
	"documents": []}', 'the facts of a case that has just begun');
SELECT is(ARRAY(SELECT requirement FROM dv.case_check('A') ORDER BY 1), '{start_approval}',
	'at first, that it is approved');
SELECT is(pg_temp.row_of('A', 'start_approval'),
	'not_due {"documents": [["start_approval_form"]]} document_missing', 'not due while the case goes on');

-- A document, its fields, its signatures, one after the other.
SELECT event FROM pg_temp.event('A', 'concluded', '2026-11-10T00:00:00Z');
SELECT is(pg_temp.row_of('A', 'start_approval'),
	'missing {"documents": [["start_approval_form"]]} document_missing', 'missing once it is concluded');
SELECT is((SELECT due_at FROM dv.case_check('A') WHERE requirement = 'start_approval'), '2026-11-10T00:00:00Z',
	'since then');
SELECT paper FROM pg_temp.paper('A', 1, 'start_approval_form', NULL, '{officer}',
	'{"start_reason": "x", "party_facts": " ", "handler_opinion": "x", "unit_opinion": "x"}');
SELECT is(pg_temp.row_of('A', 'start_approval'), 'incomplete {"fields": ["party_facts", "head_opinion"], '
	|| '"signatures": [{"kind": "start_approval_form", "signer": "unit_head", "document": "' || uid('doc', 1)
	|| '"}, {"kind": "start_approval_form", "signer": "head", "document": "' || uid('doc', 1)
	|| '"}]} document_incomplete', 'incomplete: which fields, and who did not sign what');
INSERT INTO dv.document_withdrawn (document, reason) VALUES (uid('doc', 1), 'wrong scan');
SELECT is(pg_temp.row_of('A', 'start_approval'),
	'missing {"documents": [["start_approval_form"]]} document_missing', 'withdrawn, it does not count');
SELECT paper FROM pg_temp.paper('A', 2, 'start_approval_form', NULL, '{officer,unit_head}',
	'{"start_reason": "x", "party_facts": "x", "handler_opinion": "x", "unit_opinion": "x", "head_opinion": "x"}');
INSERT INTO dv.document_signature (document, signer, name, refusal) VALUES (uid('doc', 2), 'head', 'ju', 'no');
SELECT is(pg_temp.row_of('A', 'start_approval'), 'unsigned {"signatures": [{"kind": "start_approval_form", '
	|| '"signer": "head", "document": "' || uid('doc', 2) || '"}]} document_unsigned',
	'a head who refuses has not signed');
INSERT INTO dv.document_signature (document, signer, name, signed_at) VALUES (uid('doc', 2), 'head', 'ju', now());
SELECT is(pg_temp.row_of('A', 'start_approval'), 'met', 'met');
SELECT event FROM pg_temp.event('A', 'reopened', '2026-11-11T00:00:00Z');
SELECT is(dv.case_facts('A') -> 'concluded', 'false', 'reopened, it is not concluded');

-- Conditions.
SELECT new_case FROM pg_temp.new_case('B', '{"origin": "complaint", "named": true, "major": true}');
SELECT is(ARRAY(SELECT requirement FROM dv.case_check('B') ORDER BY 1),
	'{complaint_entered,start_approval,start_legal_opinion}', 'a major case that comes of a complaint');
SELECT event FROM pg_temp.event('B', 'not_taken_up', '2026-11-03T00:00:00Z');
SELECT is(ARRAY(SELECT requirement FROM dv.case_check('B') ORDER BY 1), '{complaint_entered,complaint_informed}',
	'one that is not taken up is not approved but answered');
SELECT new_case FROM pg_temp.new_case('C', '{"kind": "licence", "origin": "application"}');
SELECT is(ARRAY(SELECT requirement FROM dv.case_check('C') ORDER BY 1),
	'{application_accepted,application_entered,application_receipt}', 'an application');
SELECT paper FROM pg_temp.paper('C', 10, 'supplement_notice');
SELECT paper FROM pg_temp.paper('C', 11, 'non_acceptance_notice');
SELECT is(pg_temp.row_of('C', 'application_supplement'), 'not_due {"fields": ["missing_items"]} document_incomplete',
	'what there is has to say what it has to');
SELECT is(pg_temp.row_of('C', 'application_accepted'), 'met', 'one of a list is enough');

-- ---- actions ----

SELECT act FROM pg_temp.act('A', 1, 'inspection', '2026-11-02T02:00:00Z', 1);
SELECT is(pg_temp.row_of('A', 'officers_shown'),
	'incomplete {"facts": {"officers_sufficient": true}} officers_insufficient', 'one officer is one too few');
SELECT is((SELECT due_at FROM dv.case_check('A') WHERE requirement = 'officers_shown'), '2026-11-02T03:00:00Z',
	'and has been since the action ended');
INSERT INTO dv.action SELECT action, 2, "case", stage, step, start_at, end_at, place, av_notice, av_unsuitable,
	withdrawn, reason, by, now() FROM dv.action WHERE action = uid('act', 1);
INSERT INTO dv.action_officer (action, revision, officer, certificate, shown) VALUES (uid('act', 1), 2, '019121', 'C1', true), (uid('act', 1), 2, '019122', NULL, true);
SELECT ok(pg_temp.row_of('A', 'officers_shown') LIKE 'incomplete%', 'so is one whose certificate was not noted');
INSERT INTO dv.action SELECT action, 3, "case", stage, step, start_at, end_at, place, av_notice, av_unsuitable,
	withdrawn, reason, by, now() FROM dv.action WHERE action = uid('act', 1) AND revision = 2;
INSERT INTO dv.action_officer (action, revision, officer, certificate, shown) VALUES (uid('act', 1), 3, '019121', 'C1', true), (uid('act', 1), 3, '019122', 'C2', true);
SELECT is(pg_temp.row_of('A', 'officers_shown'), 'met', 'two who showed theirs are enough');

SELECT paper FROM pg_temp.paper('A', 3, 'inspection_record', NULL, '{officer,party}');
SELECT ok(pg_temp.row_of('A', 'inspection_papers') LIKE 'not_due {"documents": [["inspection_record"]]}%',
	'a paper that is not linked is none of the action''s');
INSERT INTO dv.link (link, action, kind, object, how, why) VALUES
	(uid('link', 3), uid('act', 1), 'document', uid('doc', 3), 'hand', 'tap');
SELECT is(pg_temp.row_of('A', 'inspection_papers'), 'met', 'linked, it is');
INSERT INTO dv.link_removed (link, reason) VALUES (uid('link', 3), 'wrong action');
SELECT ok(pg_temp.row_of('A', 'inspection_papers') LIKE 'not_due%', 'unlinked, it is none again');
SELECT paper FROM pg_temp.paper('A', 4, 'inspection_record', 1, '{officer}');
SELECT ok(pg_temp.row_of('A', 'inspection_papers') LIKE '%"signer": "party|present"%', 'the party did not sign');
SELECT is(pg_temp.row_of('A', 'refusal_recorded'), NULL, 'nobody refused');
INSERT INTO dv.document_signature (document, signer, name, refusal) VALUES
	(uid('doc', 4), 'party', 'Li', 'left without a word');
SELECT is(pg_temp.row_of('A', 'inspection_papers'), 'met', 'a refusal on record answers');
SELECT is(pg_temp.row_of('A', 'refusal_recorded'), 'met', 'an officer signed it');
SELECT paper FROM pg_temp.paper('A', 5, 'sampling_notice', 1);
INSERT INTO dv.document_signature (document, signer, name, refusal) VALUES (uid('doc', 5), 'party', 'Li', 'no');
SELECT ok(pg_temp.row_of('A', 'refusal_recorded') LIKE 'incomplete {"facts": {"refusal_recorded": true}}%',
	'a refusal that no officer signed is not recorded');

SELECT is(pg_temp.row_of('A', 'av_notice'), NULL, 'not recorded, no notice is asked for');
INSERT INTO dv.link (action, kind, object, how, why) VALUES
	(uid('act', 1), 'recording', 'R/' || uid('rec', 1), 'hand', 'tap');
SELECT is(pg_temp.row_of('A', 'av_notice'), 'met', 'the party was told');
SELECT act FROM pg_temp.act('A', 2, 'service_lien', '2026-11-09T02:00:00Z', 2, '{"av_notice": null}');
INSERT INTO dv.link (action, kind, object, how, why) VALUES
	(uid('act', 2), 'segment', uid('seg', 1), 'hand', 'tap');
SELECT is(pg_temp.row_of('A', 'av_notice'),
	'met; incomplete {"facts": {"av_notice": true}} av_notice_missing', 'that it was told is not said');
SELECT is(pg_temp.row_of('A', 'service_lien_papers'), 'not_due {"documents": [["service_receipt"]]} document_missing',
	'each action has rows of its own');
SELECT paper FROM pg_temp.paper('A', 6, 'service_receipt', 2, '{server}', '{"refusal_reason": "x"}');
INSERT INTO dv.document_signature (document, signer, name, refusal) VALUES
	(uid('doc', 6), 'witness', 'Zhou', 'no time'), (uid('doc', 6), 'recipient', 'Li', 'no');
SELECT is(pg_temp.row_of('A', 'service_lien_papers'), 'not_due {"fields": ["refusal_date"], "signatures": '
	|| '[{"kind": "service_receipt", "signer": "witness", "document": "' || uid('doc', 6)
	|| '"}]} document_incomplete', 'who refuses to witness is no witness');

INSERT INTO dv.action SELECT action, 4, "case", stage, step, start_at, end_at, place, av_notice, av_unsuitable, true,
	'mistake', by, now() FROM dv.action WHERE action = uid('act', 1) AND revision = 3;
SELECT is(dv.action_facts(uid('act', 1)), NULL, 'an action that was withdrawn has no facts');
SELECT is_empty(format('SELECT * FROM dv.action_av(%L)', uid('act', 1)), 'and needs no recording');
SELECT is_empty(format('SELECT * FROM dv.case_check(''A'') WHERE action = %L', uid('act', 1)), 'nor anything else');

-- Ways of service and of enforcement have to be entered as actions.
SELECT event FROM pg_temp.event('A', 'served', '2026-11-09T03:00:00Z', '{"way": "post"}');
SELECT event FROM pg_temp.event('A', 'enforced', '2026-11-09T04:00:00Z', '{"way": "removal"}');
SELECT is(pg_temp.row_of('A', 'served_post'),
	'not_due {"facts": {"steps": ["service_post"]}} document_incomplete', 'served by post, of which there is no action');
SELECT is(pg_temp.row_of('A', 'served_lien'), NULL, 'by no other way');
SELECT is(pg_temp.row_of('A', 'enforced_removal'),
	'not_due {"facts": {"steps": ["enforce_removal"]}} document_incomplete', 'as for enforcement');
SELECT is(pg_temp.row_of('A', 'demanded_before_enforcing'), 'not_due {"event": "demanded"} document_missing',
	'an event that should have been');
SELECT event FROM pg_temp.event('A', 'demanded', '2026-11-08T03:00:00Z');
SELECT is(pg_temp.row_of('A', 'demanded_before_enforcing'), 'met', 'and was');

-- ---- audio and video ----

SELECT is(dv.action_av(uid('none', 1)), NULL, 'no action, no recording');
SELECT new_case FROM pg_temp.new_case('S', '{"procedure": "simple"}');
SELECT new_case FROM pg_temp.new_case('T', '{"procedure": "simple", "contentious": true}');
SELECT pg_temp.act('A', 100 + i::integer, step, '2026-11-02T02:00:00Z')
FROM (SELECT step, row_number() OVER (ORDER BY step) AS i FROM dv.step) AS x;
SELECT is(ARRAY(SELECT a.step || ' ' || v.av || ' ' || v.article FROM dv.action a CROSS JOIN LATERAL dv.action_av(a.action) v
		WHERE "case" = 'A' AND a.action >= uid('act', 100) ORDER BY 1),
	'{"enforce_removal mandatory 30","hearing mandatory 11","inspection mandatory 11","sampling mandatory 11","sealing mandatory 15","seizure mandatory 15","service_lien mandatory 25","service_public mandatory 27"}',
	'these steps and no others are to be recorded');
SELECT act FROM pg_temp.act('S', 3, 'on_the_spot', '2026-11-02T02:00:00Z');
SELECT act FROM pg_temp.act('T', 4, 'on_the_spot', '2026-11-02T02:00:00Z');
SELECT is_empty(format('SELECT * FROM dv.action_av(%L)', uid('act', 3)), 'nobody disputes it');
SELECT results_eq(format('SELECT av, requirement, version, article FROM dv.action_av(%L)', uid('act', 4)),
	$$VALUES ('advised', 'simple_av', 1, 22)$$, 'likely to be disputed: advised');
SELECT is(pg_temp.row_of('T', 'simple_av'), 'not_due {"av": null}', 'not judged yet');
CREATE FUNCTION pg_temp.judged(a_action integer, n integer, a_case text, a_requirement text, a_av text, a_verdict text)
	RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.coverage (action, number, revision, "case", requirement, requirement_version, av, verdict,
		confidence, wanted_ms, covered_ms, proven_ms, uncertainty_ms, holes, officers, used, doubts)
	VALUES (uid('act', a_action), n, 1, a_case, a_requirement, 1, a_av, a_verdict, 1, 3600000, 0, 0, 0, '[]', '[]', '[]', '{}')
$$;
SELECT judged FROM pg_temp.judged(4, 1, 'T', 'simple_av', 'advised', 'missing');
SELECT is(pg_temp.row_of('T', 'simple_av'), 'met', 'advised is not asked for');
SELECT judged FROM pg_temp.judged(2, 1, 'A', 'service_lien_av', 'mandatory', 'missing');
SELECT is(row, want, verdict) FROM (VALUES
	(1, 'missing', 'missing {"av": "missing"}')) AS x(n, verdict, want)
CROSS JOIN LATERAL (SELECT concat_ws(' ', state, nullif(what, '{}'), code) AS row FROM dv.case_check('A')
	WHERE requirement = 'service_lien_av' AND action = uid('act', 2)) AS y;
SELECT judged FROM pg_temp.judged(2, 2, 'A', 'service_lien_av', 'mandatory', 'short');
SELECT is((SELECT state FROM dv.case_check('A') WHERE requirement = 'service_lien_av' AND action = uid('act', 2)),
	'incomplete', 'recorded in part');
SELECT judged FROM pg_temp.judged(2, 3, 'A', 'service_lien_av', 'mandatory', 'covered');
SELECT is((SELECT state FROM dv.case_check('A') WHERE requirement = 'service_lien_av' AND action = uid('act', 2)),
	'met', 'the last verdict counts');

-- ---- found ----

CREATE FUNCTION pg_temp.found(a_case text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', code, requirement, severity, article, subject_kind) FROM dv.finding_list
	WHERE "case" = a_case ORDER BY 1
$$;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT is(ARRAY(SELECT pg_temp.found('C')), '{}', 'nothing is due of a case that goes on');
SELECT new_case FROM pg_temp.new_case('J');
SELECT act FROM pg_temp.act('J', 30, 'inspection', '2026-11-02T02:00:00Z', 1, '{"av_notice": null}');
SELECT is(ARRAY(SELECT pg_temp.found('J')), '{}', 'while it is being entered nothing is found');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT is(ARRAY(SELECT pg_temp.found('J')), '{"officers_insufficient officers_shown violation 8 action"}',
	'then, that there was one officer');
INSERT INTO dv.link (action, kind, object, how, why) VALUES
	(uid('act', 30), 'recording', 'R/' || uid('rec', 2), 'hand', 'tap');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT is(ARRAY(SELECT pg_temp.found('J')), '{"av_notice_missing av_notice warning 12 action","officers_insufficient officers_shown violation 8 action"}',
	'recorded, that nobody was told');
SELECT paper FROM pg_temp.paper('J', 30, 'inspection_record', 30, '{officer}');
SELECT paper FROM pg_temp.paper('J', 31, 'start_approval_form', NULL, '{officer,unit_head,head}');
SELECT event FROM pg_temp.event('J', 'decided', '2026-11-05T00:00:00Z');
SELECT event FROM pg_temp.event('J', 'served', '2026-11-06T00:00:00Z', '{"way": "direct"}');
SELECT event FROM pg_temp.event('J', 'performed', '2026-11-07T00:00:00Z');
SELECT event FROM pg_temp.event('J', 'concluded', '2026-11-08T00:00:00Z');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT is(ARRAY(SELECT pg_temp.found('J')), ARRAY['av_notice_missing av_notice warning 12 action',
	'document_incomplete served_direct violation 23 case', 'document_incomplete start_approval violation 6 case',
	'document_missing decision_form warning 21 case', 'document_missing drafting warning 16 case',
	'document_missing head_approval warning 20 case', 'document_missing rights_told warning 9 case',
	'document_unsigned inspection_papers warning 10 action', 'officers_insufficient officers_shown violation 8 action'],
	'concluded, all that its checklist lacks, each by its article');
SELECT is((SELECT detail FROM dv.finding WHERE requirement = 'inspection_papers' AND "case" = 'J'),
	jsonb_build_object('step', 'inspection', 'signatures', jsonb_build_array(jsonb_build_object('document', uid('doc', 30),
		'kind', 'inspection_record', 'signer', 'party|present'))), 'and what exactly');
SELECT is((SELECT at FROM dv.finding WHERE requirement = 'drafting' AND "case" = 'J'), '2026-11-08T00:00:00Z',
	'since it was concluded');
SELECT is(dv.case_judge('J'), 0, 'nothing twice');
SELECT is((SELECT count(*) FROM dv.case_touched), 0::bigint, 'nothing is left to be looked at');

-- ---- versions ----

CREATE FUNCTION pg_temp.body(a_what text, a_code text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT dv.rule_body_at(a_what, a_code, '2026-11-20') || more
$$;
CREATE FUNCTION pg_temp.propose(a_login text, a_what text, a_code text, a_from date, a_body jsonb) RETURNS text
	LANGUAGE sql AS $$
	SELECT do_as(a_login, format('SELECT dv.rule_propose(%L, %L, %L, %L, ''why'')', a_what, a_code, a_from, a_body))
$$;
CREATE FUNCTION pg_temp.decide(a_login text, a_code text, yes boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
	SELECT do_as(a_login, format('SELECT dv.rule_decide(%L, %L, ''why'')',
		(SELECT proposal FROM dv.rule_proposal WHERE code = a_code ORDER BY ctid DESC LIMIT 1), yes))
$$;
-- A day from today.
CREATE FUNCTION pg_temp.day(n integer) RETURNS date LANGUAGE sql AS $$ SELECT dv.day_of(now()) + n $$;

SELECT is(left(pg_temp.propose('chen', 'rule', 'gap', pg_temp.day(1), '{}'), 5), '42501',
	'an officer proposes nothing');
SELECT is(left(pg_temp.propose('ju', 'rule', 'gap', pg_temp.day(1), '{}'), 5), '42501', 'nor does the head');
SELECT matches(pg_temp.propose('fa', what, code, a_from, body), '^22023 .*' || want, why) FROM (VALUES
	('rule', 'av_missing', pg_temp.day(0), pg_temp.body('rule', 'av_missing', '{"severity": "notice"}'),
	 'a day that has begun is not judged anew', 'a rule of today'),
	('rule', 'av_missing', pg_temp.day(-1), pg_temp.body('rule', 'av_missing', '{"severity": "notice"}'),
	 'a day that has begun is not judged anew', 'a rule of yesterday'),
	('rule', 'av_missing', NULL, pg_temp.body('rule', 'av_missing'), 'no day', 'a rule of no day'),
	('rule', 'no_such', pg_temp.day(1), '{"article": 1}', 'there is no such rule', 'a finding that nothing raises'),
	('law', 'gap', pg_temp.day(1), '{}', 'what is changed is', 'something else'),
	('rule', 'av_missing', pg_temp.day(1), pg_temp.body('rule', 'av_missing'), 'nothing of it would be another',
	 'no change'),
	('rule', 'av_missing', pg_temp.day(1), pg_temp.body('rule', 'av_missing') - 'text_en', 'text_en is missing',
	 'no English'),
	('rule', 'av_missing', pg_temp.day(1), pg_temp.body('rule', 'av_missing', '{"next_step_zh": " "}'),
	 'next_step_zh is missing', 'no Chinese'),
	('rule', 'av_missing', pg_temp.day(1), pg_temp.body('rule', 'av_missing', '{"text_en": 7}'), 'text_en is missing',
	 'a number for words'),
	('rule', 'av_missing', pg_temp.day(1), pg_temp.body('rule', 'av_missing', '{"by": "x"}'), 'there is no column by',
	 'a column that there is not'),
	('rule', 'av_missing', pg_temp.day(1), pg_temp.body('rule', 'av_missing', '{"article": 41}'),
	 'article is a number from 1 to 40', 'an article that there is not'),
	('rule', 'av_missing', pg_temp.day(1), pg_temp.body('rule', 'av_missing', '{"severity": "grave"}'),
	 'severity is violation', 'a severity that there is not'),
	('rule', 'archive_overdue', pg_temp.day(1), pg_temp.body('rule', 'archive_overdue', '{"parameters": {}}'),
	 'keeps the parameters', 'a parameter left out'),
	('rule', 'archive_overdue', pg_temp.day(1), pg_temp.body('rule', 'archive_overdue', '{"parameters": {"limit": "-P1D"}}'),
	 'limit is a duration', 'less than no time'),
	('rule', 'archive_overdue', pg_temp.day(1), pg_temp.body('rule', 'archive_overdue', '{"parameters": {"limit": "PT0H"}}'),
	 'limit is a duration', 'no time'),
	('rule', 'archive_overdue', pg_temp.day(1), pg_temp.body('rule', 'archive_overdue', '{"parameters": {"limit": 5}}'),
	 'limit is a duration', 'a number for a duration'),
	('rule', 'gap', pg_temp.day(1), pg_temp.body('rule', 'gap',
		'{"parameters": {"gap_continuous_ms": 9000, "gap_notice_ms": 5000}}'), 'limit of the program',
	 'a limit that dockd has'),
	('rule', 'gap', pg_temp.day(1), '[]', 'JSON object', 'a list'),
	('requirement', 'Bad', pg_temp.day(1), pg_temp.body('requirement', 'drafting'), 'a code is', 'a name that is none'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"condition": {"weather": 1}}'),
	 'there is no fact weather', 'an unknown fact'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"condition": {"major": "yes"}}'),
	 'major is true or false', 'a word for a flag'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"condition": {"origin": "moon"}}'),
	 'origin: moon is not known', 'an unknown word'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"condition": {"events": "decided"}}'),
	 'events is a list', 'a word for a list'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"condition": {"recorded": true}}'),
	 'is a fact of an action', 'a fact that a case has not'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"condition": []}'),
	 'condition is an object', 'no condition'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"documents": [["drafting_record"], ["poem"]]}'),
	 'poem is not known', 'a document of an unknown kind'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"documents": [[]]}'),
	 'a list of no kind', 'a document of no kind'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"documents": ["drafting_record"]}'),
	 'documents is a list of words', 'kinds that are not in lists'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"fields": ["colour"]}'),
	 'colour is not known', 'an unknown field'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"signers": ["officer|cat"]}'),
	 'cat is not known', 'an unknown signer'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"documents": []}'),
	 'of which documents', 'fields of no document'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"documents": [], "fields": []}'),
	 'asks for nothing', 'nothing asked'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"kinds": ["murder"]}'),
	 'murder is not known', 'an unknown kind of case'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"kinds": []}'),
	 'an empty list nothing', 'no kind of case'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"steps": ["dancing"]}'),
	 'dancing is not known', 'an unknown step'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"stage": "dawn"}'),
	 'stage is start', 'an unknown stage'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"event": "rain"}'),
	 'event is null or', 'an unknown event'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"av": "often"}'),
	 'av is mandatory', 'an unknown word for AV'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"av": "mandatory"}'),
	 'av: say of which steps', 'AV of a case as a whole'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"deadline": "soon"}'),
	 'deadline is a duration', 'a deadline that is none'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"deadline": "P1D"}'),
	 'from when', 'a deadline from nowhere'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"deadline_from": "decided"}'),
	 'from there to when', 'from somewhere, no deadline'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"deadline": "P1D", "deadline_from": "rain"}'),
	 'deadline_from is null, started', 'a deadline from an unknown event'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"finding": "no_such"}'),
	 'there is no rule no_such', 'an unknown finding'),
	('requirement', 'drafting', pg_temp.day(2), pg_temp.body('requirement', 'drafting', jsonb_build_object('valid_to', pg_temp.day(1))),
	 'before its first one', 'over before it begins'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"valid_to": "2027-02-30"}'),
	 'cannot be read', 'a day that there is not'),
	('requirement', 'drafting', pg_temp.day(1), pg_temp.body('requirement', 'drafting', '{"valid_to": "later"}'),
	 'valid_to is null or a day', 'no day'),
	('document', 'drafting_record', pg_temp.day(1), '{"text_zh": "x", "text_en": "x"}', 'the word is there already',
	 'a word that there is'),
	('step', 'raid', pg_temp.day(1), '{"text_zh": "x", "text_en": "x"}', 'stage is start', 'a step of no stage')
) AS x(what, code, a_from, body, want, why);
SELECT is((SELECT count(*) FROM dv.rule_proposal), 0::bigint, 'of all that, nothing was kept');

-- A rule of tomorrow is not today's.
SELECT is(pg_temp.propose('fa', 'rule', 'archive_overdue', pg_temp.day(3), pg_temp.body('rule', 'archive_overdue',
	'{"severity": "warning", "text_zh": "新", "text_en": "new", "parameters": {"limit": "P40D", "answer_within": "P5D"}}')), '',
	'what is good is proposed');
SELECT results_eq(format('SELECT name FROM dv.rule_changes(''rule'', ''archive_overdue'', %L, (SELECT body FROM dv.rule_proposal))',
	pg_temp.day(3)), $$VALUES ('severity'), ('text_zh'), ('text_en'), ('parameters')$$, 'it shows what it changes');
SELECT is((dv.rule_at('archive_overdue', pg_temp.day(9))).version, 1, 'a proposal is in force never');
SELECT matches(pg_temp.decide('fa', 'archive_overdue'), '^42501 .*another person decides', 'not by who proposed it');
SELECT is(left(pg_temp.decide('chen', 'archive_overdue'), 5), '42501', 'nor by an officer');
SELECT matches(do_as('ju', 'SELECT dv.rule_decide(gen_random_uuid(), true, ''why'')'), '^P0002 .*there is no proposal',
	'nor what was not proposed');
SELECT is(pg_temp.decide('ju', 'archive_overdue'), '', 'the head approves it');
SELECT matches(pg_temp.decide('lv', 'archive_overdue', false), '^23505 .*decided already', 'once');
SELECT is((dv.rule_at('archive_overdue', pg_temp.day(n))).version, want, n || ' days from now: version ' || want)
FROM (VALUES (-1, 1), (0, 1), (2, 1), (3, 2), (4, 2)) AS x(n, want);
SELECT is(dv.rule_limit('archive_overdue', 'limit', pg_temp.day(3)), interval '960 hours', 'its limit is that of the day');
SELECT is((SELECT state || ' ' || by || ' ' || decided_by FROM dv.rule_proposal_list), 'approved fa ju', 'who did what stays');

-- Midnight in Shanghai is when it comes.
SELECT is((dv.rule_at('archive_overdue', dv.day_of(dv.day_start(pg_temp.day(3)) + t::interval))).version, want, t)
FROM (VALUES ('-1 ms', 1), ('0', 2)) AS x(t, want);

-- Findings cite the version of the day on which it was so.
SELECT is(dv.raise_finding(NULL, jsonb_build_object('code', 'archive_overdue', 'subject_kind', 'case', 'subject', n,
	'fact', '', 'at', dv.utc(dv.day_start(pg_temp.day(3)) + at::interval), 'detail', '{}'::jsonb)), true, 'raised ' || at)
FROM (VALUES ('F1', '-1 ms'), ('F2', '0')) AS x(n, at);
SELECT results_eq($$SELECT subject, severity::text, text_en FROM dv.finding_list WHERE code = 'archive_overdue' ORDER BY 1$$,
	$$VALUES ('F1', 'violation', 'The case file was not archived within 30 days of the end of the act.'), ('F2', 'warning', 'new')$$,
	'one by the old words, one by the new');
SELECT is(dv.raise_finding(NULL, jsonb_build_object('code', 'document_missing', 'subject_kind', 'case', 'subject', 'F3',
	'fact', 'drafting', 'at', '2026-11-20T00:00:00.000Z', 'article', 16, 'requirement', 'drafting', 'requirement_version', 1,
	'case', 'A', 'detail', '{}'::jsonb)), true, 'raised of a requirement');
SELECT results_eq($$SELECT article, "case"::text, requirement, text_en LIKE '% not in the case file. The record of drafting%' FROM dv.finding_list WHERE subject = 'F3'$$,
	$$VALUES (16, 'A', 'drafting', true)$$, 'it cites the requirement''s article and words');

-- From-dates rise.
SELECT matches(pg_temp.propose('fa', 'rule', 'archive_overdue', pg_temp.day(2), pg_temp.body('rule', 'archive_overdue', '{"severity": "info"}')),
	'^22023 .*another version comes into force', 'not before one that is to come');
SELECT is(pg_temp.propose('fa', 'rule', 'archive_overdue', pg_temp.day(3), pg_temp.body('rule', 'archive_overdue',
	'{"severity": "info", "parameters": {"limit": "P50D"}}')), '', 'on its day, instead of it');
SELECT is(pg_temp.decide('lv', 'archive_overdue', false), '', 'rejected');
SELECT is((dv.rule_at('archive_overdue', pg_temp.day(3))).version, 2, 'what is rejected is in force never');

-- What was good may be so no more.
SELECT is(pg_temp.propose('fa', 'rule', 'archive_due', pg_temp.day(2), pg_temp.body('rule', 'archive_due', '{"severity": "info"}')), '', 'one');
SELECT is(pg_temp.propose('lv', 'rule', 'archive_due', pg_temp.day(5), pg_temp.body('rule', 'archive_due', '{"severity": "warning"}')), '', 'another');
SELECT is(pg_temp.decide('fa', 'archive_due'), '', 'the other is approved');
SELECT matches(do_as('lv', format('SELECT dv.rule_decide(%L, true, ''why'')', (SELECT proposal FROM dv.rule_proposal_list
	WHERE state = 'proposed'))), '^22023 .*cannot be approved any more', 'then the one cannot be');
SELECT is((SELECT state FROM dv.rule_proposal_list WHERE code = 'archive_due' AND by = 'fa'), 'proposed', 'and stays so');

-- A requirement that is new, of new words; one that is retired.
SELECT is(pg_temp.propose('fa', 'document', 'site_plan', pg_temp.day(1), '{"text_zh": "现场平面图", "text_en": "Site plan"}'), '', 'a kind');
SELECT is(pg_temp.decide('lv', 'site_plan'), '', 'approved');
SELECT is(pg_temp.propose('fa', 'field', 'scale', pg_temp.day(1), '{"text_zh": "比例", "text_en": "Scale"}'), '', 'a field');
SELECT is(pg_temp.decide('lv', 'scale'), '', 'approved');
SELECT is(pg_temp.propose('fa', 'step', 'survey', pg_temp.day(1), '{"text_zh": "测绘", "text_en": "Survey", "stage": "investigation"}'), '', 'a step');
SELECT is(pg_temp.decide('lv', 'survey'), '', 'approved');
SELECT is(pg_temp.propose('fa', 'requirement', 'survey_plan', pg_temp.day(2), '{"article": 10, "severity": "warning",
	"stage": "investigation", "steps": ["survey"], "documents": [["site_plan"]], "fields": ["scale"], "signers": ["officer"],
	"deadline": "P2D", "text_zh": "测绘应当制作平面图。", "text_en": "A survey has a plan."}'), '', 'and what it needs');
SELECT is(pg_temp.decide('ju', 'survey_plan'), '', 'approved');
SELECT act FROM pg_temp.act('C', 20, 'survey', dv.day_start(pg_temp.day(2)) - interval '1 ms');
SELECT act FROM pg_temp.act('C', 21, 'survey', dv.day_start(pg_temp.day(2)));
SELECT results_eq($$SELECT action, due_at, code FROM dv.case_check('C') WHERE requirement = 'survey_plan'$$,
	format($$VALUES (%L::uuid, %L::timestamptz, 'step_overdue'::text)$$, uid('act', 21),
		dv.day_start(pg_temp.day(2)) + interval '49 hours'), 'asked of the survey of that day, not of the one before');
SELECT matches(pg_temp.propose('fa', 'requirement', 'survey_plan', pg_temp.day(4), NULL), '^22023 .*JSON object', 'no body');
SELECT is(pg_temp.propose('fa', 'requirement', 'survey_plan', pg_temp.day(4),
	dv.rule_body_at('requirement', 'survey_plan', pg_temp.day(3)) || jsonb_build_object('valid_to', pg_temp.day(5))), '', 'its last day');
SELECT is(pg_temp.decide('ju', 'survey_plan'), '', 'approved');
SELECT is(ARRAY(SELECT q.version FROM generate_series(1, 7) AS n, dv.requirements_at(pg_temp.day(n)) q
		WHERE q.requirement = 'survey_plan' ORDER BY n), '{1,1,2,2}', 'in force on four days');

-- A case's requirement, by the day on which it came to need it.
SELECT is(pg_temp.propose('fa', 'requirement', 'drafting', pg_temp.day(2), pg_temp.body('requirement', 'drafting',
	'{"severity": "violation"}')), '', 'a graver one');
SELECT is(pg_temp.decide('ju', 'drafting'), '', 'approved');
SELECT pg_temp.new_case(c, jsonb_build_object('started_at', dv.day_start(pg_temp.day(-5)))) FROM unnest('{D1,D2}'::text[]) AS c;
SELECT event FROM pg_temp.event('D1', 'decided', dv.day_start(pg_temp.day(2)) - interval '1 ms');
SELECT event FROM pg_temp.event('D2', 'decided', dv.day_start(pg_temp.day(2)));
SELECT results_eq($$SELECT c, version, severity FROM unnest('{D1,D2}'::text[]) AS c, dv.case_check(c) WHERE requirement = 'drafting' ORDER BY 1$$,
	$$VALUES ('D1', 1, 'warning'), ('D2', 2, 'violation')$$, 'decided a day apart, judged a version apart');

-- ---- rights ----

SELECT is(try_as(r, 'SELECT count(*) FROM dv.rules_at(''2026-11-20'')'), '', r || ' reads rules')
FROM unnest('{dv_admin,dv_supervisor,dv_head,dv_auditor,dv_unit_head,dv_officer,dv_legal}'::text[]) AS r;
SELECT is(left(try_as(r, q), 5), '42501', r || ': ' || q)
FROM unnest('{dv_admin,dv_supervisor,dv_legal,dv_head,dv_ingest}'::text[]) AS r, unnest(ARRAY[
	'INSERT INTO dv.rule_version SELECT * FROM dv.rule_version', 'INSERT INTO dv.requirement SELECT * FROM dv.requirement',
	'UPDATE dv.step SET text_zh = ''x''', 'INSERT INTO dv.rule_decision (proposal, approved, reason) VALUES (gen_random_uuid(), true, ''x'')']) AS q;
SELECT is(do_as('chen', 'SELECT 1 / (count(*) = 0)::integer FROM dv.case_check(''A'')'), '',
	'who does not see a case sees nothing of its checklist');
SELECT isnt(do_as('ju', 'SELECT 1 / (count(*) = 0)::integer FROM dv.case_check(''A'')'), '', 'the head does');
SELECT throws_ok($$UPDATE dv.requirement SET severity = 'info'$$, '42501', NULL, 'a version is never changed');
SELECT throws_ok($$DELETE FROM dv.rule_version$$, '42501', NULL, 'nor removed');

SELECT * FROM finish();
ROLLBACK;
