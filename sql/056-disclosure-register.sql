-- The register of what was asked for and let out; what leaves otherwise; receipts.

-- ---- the register ----

-- All that was asked for, with what became of it; names covered for whoever only audits or keeps the machine.
-- a_disclosure, and days of Shanghai on which it was asked: null, all.
CREATE FUNCTION dv.disclosure_register(a_disclosure uuid, a_from date, a_to date)
	RETURNS TABLE (disclosure uuid, entered_at timestamptz, state text, asked_by text, capacity text, right_of text,
		       purpose text, "case" text, owner boolean, recipient text, objects bigint, refused_objects bigint,
		       reason text, by text, decided_by text, decided_at timestamptz, decided_reason text,
		       expires_at timestamptz, attempts bigint, package uuid, sealed_at timestamptz, sealed_by text,
		       sha256 text, size numeric, path text, received_by text, received_at timestamptz, receipt uuid,
		       covered boolean)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	in_full boolean := am('supervisor') OR am('head') OR am_legal();
BEGIN
	IF NOT in_full AND NOT pg_has_role(session_user, 'dv_all', 'MEMBER') THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT d.disclosure, d.entered_at,
		CASE WHEN d.refused THEN 'refused_by_law' WHEN NOT x.approved THEN 'refused' WHEN r.disclosure IS NOT NULL THEN 'received'
			WHEN s.disclosure IS NOT NULL THEN 'sealed' WHEN x.disclosure IS NULL THEN 'asked'
			WHEN disclosure_now() >= x.expires_at THEN 'lapsed'
			WHEN (disclosure_open(d.disclosure)).number IS NOT NULL THEN 'begun' ELSE 'approved' END,
		CASE WHEN in_full THEN a.name::text ELSE masked_name(a.name) END, d.capacity, d.right_of::text,
		d.purpose::text, d."case"::text, d.owner, d.recipient, o.n, o.refused, d.reason, d.by, x.by, x.entered_at,
		x.reason, x.expires_at,
		(SELECT count(*) FROM disclosure_attempt t WHERE t.disclosure = d.disclosure), t.act, s.entered_at, s.by,
		hex(s.sha256), s.size::numeric, t.path, CASE WHEN in_full THEN b.name::text ELSE masked_name(b.name) END,
		r.received_at, r.segment, NOT in_full
	FROM disclosure d
	LEFT JOIN disclosure_name a ON a.disclosure = d.disclosure AND a.what = 'asked_by'
	LEFT JOIN disclosure_name b ON b.disclosure = d.disclosure AND b.what = 'received_by'
	LEFT JOIN disclosure_decision x ON x.disclosure = d.disclosure
	LEFT JOIN disclosure_sealed s ON s.disclosure = d.disclosure
	LEFT JOIN disclosure_attempt t ON t.disclosure = s.disclosure AND t.number = s.number
	LEFT JOIN disclosure_receipt r ON r.disclosure = d.disclosure
	CROSS JOIN LATERAL (SELECT count(*) AS n, count(y.refused) AS refused FROM disclosure_object y
		WHERE y.disclosure = d.disclosure) AS o
	WHERE (a_disclosure IS NULL OR d.disclosure = a_disclosure)
		AND (a_from IS NULL OR d.entered_at >= day_start(a_from))
		AND (a_to IS NULL OR d.entered_at < day_start(a_to + 1));
END
$$;

GRANT EXECUTE ON FUNCTION dv.disclosure_register(uuid, date, date) TO dv_read;
GRANT EXECUTE ON FUNCTION dv.disclosure_request(jsonb), dv.disclosure_look(jsonb, boolean),
	dv.disclosure_decide(uuid, boolean, date, text),
	dv.disclosure_lock(uuid), dv.disclosure_begin(uuid, text, text, text),
	dv.disclosure_fail(uuid, integer, text), dv.disclosure_seal(uuid, integer, text, numeric),
	dv.disclosure_receipt(jsonb) TO dv_person;

-- ---- what leaves otherwise ----

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters) VALUES
('unapproved_export', 35, 'violation',
 '证据未经申请和负责人批准被导出（第三十三、三十五、三十六条）。',
 'Evidence left the vault without a request that the head approved (Art. 33, 35, 36).',
 '监察室查明导出的原因、去向和复制件，收回或者销毁；确需提供的，登记申请并报负责人批准；案卷归档留存的光盘，应当以案卷归档副本的方式导出。',
 'The supervision office finds out why, and where the copy is, and takes it back or destroys it. What has to be given out is asked for and approved; a disc that the office keeps of an archived case is exported as its archive copy.',
 '{}'),
('disclosure_unreceipted', 36, 'warning',
 '资料已对外提供，期限内没有登记签收。',
 'Evidence was given out, and no receipt was entered in time.',
 '监察室与申请人核对是否收到，取得签收单并登记；未收到的，查明密封文件的下落。',
 'The supervision office asks whoever was to get it, and enters the receipt; if it was not received, it finds out where the sealed file is.',
 '{"limit": "P15D"}');

-- No program can forget it: it follows from the act.  Taken: what disclosure_begin() makes, in its transaction; and
-- the archive copy of a whole case that is archived, which the supervision office keeps (Art. 33).
CREATE FUNCTION dv.act_leaves() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	first act;
	segments uuid[];
BEGIN
	-- The act that this is a further part of; of another transaction it is another export.
	SELECT * INTO first FROM act a WHERE a.act = uuid_or_null(new.detail ->> 'package') AND a.done_at = now()
		AND a.kind = new.kind AND a."by" = new."by";
	IF new.kind = 'disclosure' AND EXISTS (SELECT FROM disclosure_attempt x
			WHERE x.act = coalesce(first.act, new.act) AND x.entered_at = now()
				AND NOT EXISTS (SELECT FROM unnest(new.objects) AS o
					WHERE o <> 'disclosure:' || x.disclosure AND NOT EXISTS (SELECT FROM disclosure_object y
						WHERE y.disclosure = x.disclosure AND o LIKE 'segment:%'
							AND y.segment = uuid_or_null(substr(o, 9))))) THEN
		RETURN NULL;
	END IF;
	IF new.kind = 'export' AND new.detail ? 'archive' THEN
		segments := ARRAY(SELECT segments_named('case:' || (new.detail ->> 'archive')));
		IF case_state(new.detail ->> 'archive') IS DISTINCT FROM 'archived' OR EXISTS (SELECT FROM unnest(new.objects) AS o
				WHERE o <> 'case:' || (new.detail ->> 'archive') AND NOT EXISTS (SELECT FROM unnest(segments) AS s
					WHERE o LIKE 'segment:%' AND s = uuid_or_null(substr(o, 9))))
				OR new.detail ->> 'objects' IS DISTINCT FROM cardinality(segments)::text THEN
			RAISE EXCEPTION 'an archive copy is of one whole case that is archived (Art. 32, 33), and of nothing else: archive % first, or ask for what is to leave (vaultctl disclosure request)',
				left(new.detail ->> 'archive', 40) USING ERRCODE = 'check_violation';
		END IF;
		RETURN NULL;
	END IF;
	PERFORM raise_finding(NULL, jsonb_build_object('code', 'unapproved_export', 'subject_kind', 'act',
		'subject', coalesce(first.act, new.act), 'fact', '', 'at', utc(new.done_at), 'unit', (me()).unit,
		'officer', (me()).officer, 'detail', jsonb_build_object('kind', new.kind, 'by', new.by, 'reason', new.reason,
			'path', new.detail -> 'path', 'objects', to_jsonb(new.objects[1 : 20]),
			'count', cardinality(new.objects))));
	RETURN NULL;
END
$$;
CREATE TRIGGER leaves AFTER INSERT ON dv.act FOR EACH ROW WHEN (new.kind IN ('export', 'disclosure'))
	EXECUTE FUNCTION dv.act_leaves();
ALTER TABLE dv.act ENABLE ALWAYS TRIGGER leaves;

-- ---- a receipt is owed ----

CREATE FUNCTION dv.owed_disclosure_unreceipted(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT 'disclosure', s.disclosure::text, '', s.entered_at, NULL::timestamptz,
		s.entered_at + coalesce(rule_limit('disclosure_unreceipted', 'limit', day_of(s.entered_at)), interval '15 days'),
		(SELECT r.entered_at FROM disclosure_receipt r WHERE r.disclosure = s.disclosure),
		jsonb_strip_nulls(jsonb_build_object('case', d."case", 'unit',
			(SELECT a.unit FROM account_current a WHERE a.login = d.by), 'capacity', d.capacity,
			'sha256', hex(s.sha256)))
	FROM disclosure_sealed s JOIN disclosure d USING (disclosure)
	WHERE a_subjects IS NULL OR s.disclosure = ANY (a_subjects::uuid[]);
END
$$;
-- All that there is, by the names of what says it.
CREATE OR REPLACE FUNCTION dv.deadlines_rebuild() RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	-- Whoever changed a fact and its row commits first; whoever changes one later looks at it later.
	LOCK TABLE deadline IN SHARE ROW EXCLUSIVE MODE;
	PERFORM deadline_refresh(c, NULL) FROM (SELECT substr(proname, 6) AS c FROM pg_proc
		WHERE pronamespace = 'dv'::regnamespace AND proname LIKE 'owed\_%' ORDER BY 1) AS x;
END
$$;
CREATE FUNCTION dv.deadline_of_disclosure() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM deadline_touch('{disclosure_unreceipted}', (SELECT array_agg(disclosure::text) FROM fresh));
	RETURN NULL;
END
$$;
-- Another limit: of all that is owed.
CREATE FUNCTION dv.deadline_of_receipts() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	LOCK TABLE deadline IN SHARE ROW EXCLUSIVE MODE;
	PERFORM deadline_refresh('disclosure_unreceipted', NULL);
	RETURN NULL;
END
$$;
CREATE TRIGGER deadline_insert AFTER INSERT ON dv.disclosure_sealed REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.deadline_of_disclosure();
CREATE TRIGGER deadline_insert AFTER INSERT ON dv.disclosure_receipt REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.deadline_of_disclosure();
CREATE TRIGGER deadline_receipts AFTER INSERT ON dv.rule_version FOR EACH ROW
	WHEN (new.code = 'disclosure_unreceipted') EXECUTE FUNCTION dv.deadline_of_receipts();
ALTER TABLE dv.disclosure_sealed ENABLE ALWAYS TRIGGER deadline_insert;
ALTER TABLE dv.disclosure_receipt ENABLE ALWAYS TRIGGER deadline_insert;
ALTER TABLE dv.rule_version ENABLE ALWAYS TRIGGER deadline_receipts;

-- ---- how the articles are answered with it ----

UPDATE dv.article SET
	answer_zh = answer_zh || '对外提供须有申请和负责人批准，一次有效；监察室自存的归档光盘以归档副本导出；其他导出即为违规。',
	answer_en = answer_en || ' What is given out was asked for and approved by the head, once; discs that the office keeps of archived cases are exported as archive copies; any other export is a violation.',
	commands = commands || '{"disclosure package","disclosure list"}'
WHERE article = 33;
UPDATE dv.article SET
	answer_zh = answer_zh || '未经批准导出的，由数据库自动发现。',
	answer_en = answer_en || ' What leaves without an approval is found by the database itself.',
	commands = commands || '{"disclosure list"}'
WHERE article = 35;
UPDATE dv.article SET
	answer_zh = '登记谁、依何权利、为何目的申请哪些资料；依法应保密的当场拒绝并记录理由；负责人（非登记人）批准并定期限；证据包附证书，为接收人加密封装，一次有效；签收和全部去向记入登记簿。',
	answer_en = 'Who asks, by which right, for what purpose and for which objects is entered; what the law keeps secret is refused at once, on record; the head, who is not who entered it, approves until a day; the package, with its certificate, is sealed for its recipient and made once; receipts and all that left are in a register.',
	commands = '{"disclosure request","disclosure decide","disclosure package","disclosure receipt","disclosure list","disclosure show",verify-package}'
WHERE article = 36;
UPDATE dv.article SET
	answer_zh = answer_zh || '国家秘密一律不予对外提供，商业秘密只提供给权利人或者依法有权的机关。',
	answer_en = answer_en || ' State secrets are never given out, trade secrets only to whose they are or who by law may have them.',
	commands = commands || '{"disclosure request"}'
WHERE article = 37;
