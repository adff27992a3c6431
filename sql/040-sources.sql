-- Where evidence comes from besides the dock, and what happens to recorders away from it: rules, what people
-- report of recorders, and what was filmed by fixed cameras.

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
VALUES
('copied_off_recorder', 35, 'violation',
 '有存储卡在两次接入采集站之间被其他计算机读取、记录被擅自复制的迹象。',
 'There are signs that the card was read by another computer between two dockings, and recordings were copied off it.',
 '监察室结合把握程度和所列依据，查明存储卡其间由谁保管、是否接入其他计算机，要求执法人员书面说明；确有擅自复制的，收回复制件。',
 'The supervision office, weighing how sure the signs are, finds out who kept the card and whether it was in another computer, and asks the officer for a written statement; copies that were made without right are taken back.',
 '{}'),

('inserted', 12, 'violation',
 '同一次连续记录中插入了不属于该记录的文件。',
 'A file that does not belong to it was put into a continuous recording.',
 '监察室查明该文件由何设备、何时制作，查明前不得把该文件作为该次记录的一部分使用；要求执法人员书面说明。',
 'The supervision office finds out which device made the file and when; until then it must not be used as part of that recording. The officer is asked for a written statement.',
 '{}');

-- What a person reports; the words name what the report tells.
INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
VALUES
	('device_damaged', 35, 'violation',
 '执法记录仪或者其存储卡被毁坏，已由人员报告。',
 'A recorder or its card was reported damaged.',
 '装备管理员封存该记录仪，停用登记；由监察室监督取出卡内数据，查明是故意毁坏还是意外损坏，报主管局长处理。',
 'The equipment keeper seals the recorder and takes it out of use; the data is recovered under the eyes of the supervision office, which finds out whether it was done on purpose and reports to the head.',
 '{}'),
	('device_lost', 38, 'violation',
 '执法记录仪或者其存储卡遗失，已由人员报告。',
 'A recorder or its card was reported lost.',
 '承办机构立即查找；装备管理员吊销该记录仪的密钥并停用登记；监察室评估卡内未入库记录的泄露风险，报主管局长处理。',
 'The unit looks for it at once; the equipment keeper revokes its key and takes it out of use; the supervision office judges what may leak of what was not stored yet, and reports to the head.',
 '{}');

-- ---- what people report of recorders ----

CREATE TABLE dv.recorder_report (
	report		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	recorder	dv.ident NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('damaged', 'lost')),
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	segment		uuid REFERENCES dv.segment_place,	-- a photograph, a statement, imported
	by		text NOT NULL DEFAULT session_user,
	reported_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX recorder_report_recorder ON dv.recorder_report (recorder, reported_at);
SELECT dv.make_append_only('dv.recorder_report');
SELECT dv.log_acts('dv.recorder_report', 'recorder_reported', '{report}', '{reason,by}',
	'{recorder:recorder,segment:segment}');
SELECT dv.show_rows('dv.recorder_report');
SELECT dv.show_to(g, 'dv.recorder_report', 'recorder = ANY ((SELECT dv.my_recorders())::text[])')
FROM unnest(ARRAY['unit_head', 'officer']) AS g;
GRANT SELECT ON dv.recorder_report TO dv_read;

-- The report, whose finding is its own: what is reported again happened again.  A retired recorder may
-- have been lost all the same.
CREATE FUNCTION dv.recorder_report(a_recorder text, a_kind text, a_reason text, a_segment uuid) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	r recorder_current;
	a_report uuid;
BEGIN
	PERFORM require_role('supervisor', 'unit_head');
	PERFORM check_words('recorder', a_recorder, a_recorder, a_reason);
	SELECT * INTO r FROM recorder_current c WHERE c.recorder = a_recorder
		AND (am('supervisor') OR c.unit = ANY (my_units()));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'recorder %: there is none, or it is none of your unit''s (vaultctl recorder list shows them)',
			a_recorder USING ERRCODE = 'no_data_found';
	END IF;
	IF a_kind NOT IN ('damaged', 'lost') OR a_kind IS NULL THEN
		RAISE EXCEPTION 'report of recorder %: it is damaged or lost, not %', a_recorder, coalesce(a_kind, '?')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_segment IS NOT NULL AND NOT EXISTS (SELECT FROM segment s WHERE s.segment = a_segment
			AND (am('supervisor') OR s.unit = ANY (my_units()))) THEN
		RAISE EXCEPTION 'attachment %: not imported, or none of your unit''s: bring it first (vaultctl import --unit)',
			a_segment USING ERRCODE = 'no_data_found';
	END IF;
	INSERT INTO recorder_report (recorder, kind, reason, segment)
	VALUES (r.recorder, a_kind, a_reason, a_segment) RETURNING report INTO a_report;
	PERFORM raise_finding(NULL, jsonb_build_object('code', 'device_' || a_kind, 'subject_kind', 'recorder',
		'subject', r.recorder, 'recorder', r.recorder, 'unit', r.unit, 'officer', r.officer,
		'fact', a_report, 'at', utc(now()), 'detail', jsonb_build_object('report', a_report,
			'reason', a_reason, 'segment', a_segment, 'by', session_user)));
	RETURN a_report;
END
$$;
GRANT EXECUTE ON FUNCTION dv.recorder_report(text, text, text, uuid) TO dv_person;

-- ---- the watched folder ----

-- Who brings what lies in it: it learns whether a case takes files, and nothing else.
RESET ROLE;
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dv_inbox') THEN
		CREATE ROLE dv_inbox LOGIN;
	END IF;
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO dv_inbox', current_database());
END
$$;
SET LOCAL ROLE dv_owner;
GRANT USAGE ON SCHEMA dv TO dv_inbox;

-- As dv.case_state(), where its rows are not shown: 'open', 'concluded' (its file is still completed,
-- Art. 32), 'not_taken_up', 'archived'; null: there is no such case.
CREATE FUNCTION dv.case_takes(a_case text) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT case_state(a_case)
$$;
GRANT EXECUTE ON FUNCTION dv.case_takes(text) TO dv_inbox;

-- ---- how the articles are answered with it ----

UPDATE dv.article SET
	answer_zh = replace(answer_zh, '照片、录音、固定监控和文书导入，', '照片、录音、固定监控和文书经导入或者收件文件夹入库，'),
	answer_en = replace(answer_en, 'fixed cameras and documents are imported', 'fixed cameras and documents are imported, or taken from a watched folder,'),
	commands = commands || '{inbox}'
WHERE article = 3;
UPDATE dv.article SET commands = commands || '{inbox}' WHERE article = 5;
UPDATE dv.article SET
	answer_zh = answer_zh || '存储卡被其他计算机读取的迹象，接入时发现；毁坏、遗失由监察室或者承办机构负责人报告。',
	answer_en = answer_en || ' Signs that a card was read by another computer are found at the dock; damage and loss are reported by the supervision office or the head of the unit.',
	commands = commands || '{"recorder damaged","recorder lost"}'
WHERE article = 35;
