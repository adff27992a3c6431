-- Classes of evidence (Art. 37): what each may be read, exported and kept by, who said so, and who was
-- given leave to read what their role does not.

CREATE FUNCTION dv.class_rank(a_class text) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN array_position(ARRAY['public', 'internal', 'personal', 'trade_secret', 'state_secret'], a_class);
CREATE DOMAIN dv.class AS text CHECK (dv.class_rank(VALUE) IS NOT NULL);

-- ---- tables ----

-- What a class means, version by version (dv.rule_at has the same for findings).
CREATE TABLE dv.class_rule (
	class		dv.class NOT NULL,
	version		integer NOT NULL CHECK (version > 0),
	valid_from	date NOT NULL,		-- a day of Shanghai
	readers		text[] NOT NULL,	-- roles that read it as far as rows are shown to them; others by grant
	export		text NOT NULL CHECK (export IN ('approved', 'owner', 'never')),	-- owner: to whose secret it is
	text_zh		text NOT NULL CHECK (text_zh <> ''),
	text_en		text NOT NULL CHECK (text_en <> ''),
	proposal	uuid,			-- null: came with a release
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (class, version)
);

-- Who said which class something is of.  The newest revision holds.
CREATE TABLE dv.classification (
	kind		text NOT NULL CHECK (kind IN ('segment', 'recording', 'case')),
	subject		text NOT NULL,		-- UUID; RECORDER/UUID; case
	revision	integer NOT NULL CHECK (revision > 0),
	class		dv.class NOT NULL,
	lowering	uuid,			-- the decision by which it is lower than before
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	number		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,	-- what the log calls the row by
	PRIMARY KEY (kind, subject, revision)
);

CREATE TABLE dv.class_lowering (
	lowering	uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	kind		text NOT NULL CHECK (kind IN ('segment', 'recording', 'case')),
	subject		text NOT NULL,
	revision	integer NOT NULL,	-- of the classification that was looked at; 0: there was none
	class		dv.class NOT NULL,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE dv.class_lowering_decision (
	lowering	uuid PRIMARY KEY REFERENCES dv.class_lowering,
	approved	boolean NOT NULL,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,	-- another than who proposed it
	entered_at	timestamptz NOT NULL DEFAULT now()
);

-- Leave to read what one's role does not.
CREATE TABLE dv.read_grant (
	read_grant	uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	login		dv.login NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('segment', 'recording', 'case')),
	subject		text NOT NULL,
	class		dv.class NOT NULL,	-- what it was of then: the grant reaches no further
	until		timestamptz NOT NULL,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,	-- another than login
	entered_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX read_grant_login ON dv.read_grant (login, until);
CREATE TABLE dv.read_grant_ended (
	read_grant	uuid PRIMARY KEY REFERENCES dv.read_grant,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.class_rule', 'dv.classification',
	'dv.class_lowering', 'dv.class_lowering_decision', 'dv.read_grant', 'dv.read_grant_ended']) AS t;
SELECT dv.log_acts('dv.class_rule', 'rule_changed', '{class,version}', '{}', '{rule:class}');
SELECT dv.log_acts('dv.classification', 'classified', '{number}', '{reason,by}', '{=kind:subject}');
SELECT dv.log_acts('dv.class_lowering', 'class_lowering', '{lowering}', '{reason,by}', '{=kind:subject}');
SELECT dv.log_acts('dv.class_lowering_decision', 'class_lowering_decided', '{lowering}', '{reason,by}', '{}');
SELECT dv.log_acts('dv.read_grant', 'read_granted', '{read_grant}', '{login,reason,by}', '{=kind:subject}');
SELECT dv.log_acts('dv.read_grant_ended', 'read_grant_ended', '{read_grant}', '{reason,by}', '{}');

INSERT INTO dv.class_rule (class, version, valid_from, readers, export, text_zh, text_en) VALUES
('public', 1, '2000-01-01', '{supervisor,head,legal,unit_head,officer,admin,auditor}', 'approved',
 '可以公开的资料。', 'What may be made public.'),
('internal', 1, '2000-01-01', '{supervisor,head,legal,unit_head,officer,admin,auditor}', 'approved',
 '内部资料；未确定密级的一律按此管理。', 'Internal; what nobody classified is this.'),
('personal', 1, '2000-01-01', '{supervisor,head,legal,unit_head,officer}', 'approved',
 '涉及个人隐私的资料：设备管理和审计人员不得查看内容。',
 'Personal privacy: not for those who keep the machine or audit it.'),
('trade_secret', 1, '2000-01-01', '{}', 'owner',
 '涉及商业秘密的资料：仅限获准人员查看，仅可提供给权利人或者依法有权的机关。',
 'Trade secrets: by grant alone, and given out only to whose they are and to who by law may have them.'),
('state_secret', 1, '2000-01-01', '{}', 'never',
 '涉及国家秘密的资料：不得存入本系统，已存入的立即隔离并报保密部门，不得导出。',
 'State secrets: do not belong here; what came in is shut away and reported, and is never given out.');

-- What comes by an import may be of a class from the start.  What may not be here at all is not taken in,
-- and what may be made public takes two people.
ALTER TABLE dv.dock_import ADD COLUMN class text CHECK (class IN ('internal', 'personal', 'trade_secret'));
SELECT dv.log_acts('dv.dock_import', 'imported', '{session}', '{source,by,officer,reason}',
	'{case:case,session:session}');
ALTER TABLE dv.act DROP CONSTRAINT act_kind_check,
	ADD CONSTRAINT act_kind_check CHECK (kind IN ('view', 'play', 'export', 'disclosure', 'hold',
		'hold_released', 'disposal', 'scrub', 'login_failed', 'config_changed', 'roles_changed',
		'personal_erased', 'read_refused'));

-- ---- of which class something is ----
--
-- An object's class is the highest of what was said of it, of its recording, and of the cases that it belongs
-- to.  What follows is kept beside the facts: a segment's own, by itself and by cases, and a recording's, which
-- holds for each segment that it ever gets.  So a dock that brings one more asks for nothing and waits for
-- nobody.  What nobody said anything of is in neither table.
CREATE TABLE dv.segment_class (
	segment		uuid PRIMARY KEY,
	class		dv.class NOT NULL
);
CREATE INDEX segment_class_class ON dv.segment_class (class);
CREATE TABLE dv.recording_class (
	recorder	text NOT NULL,
	recording	uuid NOT NULL,
	class		dv.class NOT NULL,
	PRIMARY KEY (recorder, recording)
);
CREATE INDEX recording_class_class ON dv.recording_class (class);
COMMENT ON TABLE dv.segment_class IS 'Derived from classification, link and document';
COMMENT ON TABLE dv.recording_class IS 'Derived from classification and link';

CREATE VIEW dv.classification_current WITH (security_invoker = true) AS
SELECT DISTINCT ON (kind, subject) * FROM dv.classification ORDER BY kind, subject, revision DESC;
CREATE VIEW dv.read_grant_open WITH (security_invoker = true) AS
SELECT g.* FROM dv.read_grant g
WHERE g.until > now() AND NOT EXISTS (SELECT FROM dv.read_grant_ended e WHERE e.read_grant = g.read_grant);

CREATE FUNCTION dv.class_rule_at(a_class text, a_day date) RETURNS dv.class_rule
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT v FROM class_rule v WHERE v.class = a_class AND (v.valid_from <= a_day OR v.version = 1)
	ORDER BY v.version DESC LIMIT 1
$$;
-- Null says nothing.
CREATE FUNCTION dv.higher_class(a text, b text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN b IS NULL OR dv.class_rank(a) >= dv.class_rank(b) THEN a ELSE b END;

-- What was said of itself; null: nothing.
CREATE FUNCTION dv.own_class(a_kind text, a_subject text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT class::text FROM classification WHERE kind = a_kind AND subject = a_subject
	ORDER BY revision DESC LIMIT 1
$$;
-- By itself and by its cases; null: nothing says anything.  A paper that was withdrawn was the case's.
CREATE FUNCTION dv.said_of_segment(a_segment uuid) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT c FROM (
		SELECT own_class('segment', a_segment::text) AS c
		UNION ALL SELECT own_class('case', d."case") FROM document d WHERE d.segment = a_segment
		UNION ALL SELECT own_class('case', x."case") FROM link_current l
			JOIN action x ON x.action = l.action AND x.revision = 1
			WHERE l.kind = 'segment' AND l.object = a_segment::text
	) AS v WHERE c IS NOT NULL ORDER BY class_rank(c) DESC LIMIT 1
$$;
CREATE FUNCTION dv.said_of_recording(a_recorder text, a_recording uuid) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT c FROM (
		SELECT own_class('recording', a_recorder || '/' || a_recording) AS c
		UNION ALL SELECT own_class('case', x."case") FROM link_current l
			JOIN action x ON x.action = l.action AND x.revision = 1
			WHERE l.kind = 'recording' AND l.object = a_recorder || '/' || a_recording
	) AS v WHERE c IS NOT NULL ORDER BY class_rank(c) DESC LIMIT 1
$$;

-- Never null: internal where nobody said anything.  For many at once the second, which is joined and not asked.
CREATE FUNCTION dv.class_of(a_segment uuid) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT coalesce(higher_class((SELECT class FROM segment_class WHERE segment = a_segment),
		(SELECT r.class FROM segment_place p JOIN segment s USING (segment, placed_at)
		 JOIN recording_class r ON r.recorder = s.recorder AND r.recording = s.recording
		 WHERE p.segment = a_segment)), 'internal')
$$;
CREATE FUNCTION dv.classes_of(a_segments uuid[]) RETURNS TABLE (segment uuid, class text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT x.segment, coalesce(higher_class(c.class, r.class), 'internal')
	FROM unnest(a_segments) AS x(segment)
	LEFT JOIN segment_class c ON c.segment = x.segment
	LEFT JOIN (segment_place p JOIN segment s USING (segment, placed_at)
		JOIN recording_class r ON r.recorder = s.recorder AND r.recording = s.recording)
		ON p.segment = x.segment
$$;

-- The segments of what is classified, held or granted.
CREATE FUNCTION dv.segments_of_subject(a_kind text, a_subject text) RETURNS SETOF uuid
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT segment FROM segment_place WHERE a_kind = 'segment' AND segment = uuid_or_null(a_subject)
	UNION ALL
	SELECT segment FROM segment WHERE a_kind = 'recording' AND recorder = split_part(a_subject, '/', 1)
		AND recording = uuid_or_null(split_part(a_subject, '/', 2))
	UNION ALL
	SELECT x FROM case_segments(a_subject) AS x WHERE a_kind = 'case'
$$;

-- Facts that raise a class are entered side by side; whatever may lower one waits for them, and they for it,
-- so that neither reckons without the other.  A dock takes part in neither.
CREATE FUNCTION dv.class_lock(a_lowers boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_lowers THEN
		PERFORM pg_advisory_xact_lock(25731, 0);
	ELSE
		PERFORM pg_advisory_xact_lock_shared(25731, 0);
	END IF;
END
$$;

-- What was said is put beside the facts again, of one.
CREATE FUNCTION dv.segment_class_put(a_segment uuid) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	said text := said_of_segment(a_segment);
BEGIN
	IF said IS NULL THEN
		DELETE FROM segment_class WHERE segment = a_segment;
	ELSE
		INSERT INTO segment_class VALUES (a_segment, said)
		ON CONFLICT (segment) DO UPDATE SET class = excluded.class
			WHERE segment_class.class <> excluded.class;
	END IF;
END
$$;
CREATE FUNCTION dv.recording_class_put(a_recorder text, a_recording uuid) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	said text := said_of_recording(a_recorder, a_recording);
BEGIN
	IF said IS NULL THEN
		DELETE FROM recording_class WHERE recorder = a_recorder AND recording = a_recording;
	ELSE
		INSERT INTO recording_class VALUES (a_recorder, a_recording, said)
		ON CONFLICT (recorder, recording) DO UPDATE SET class = excluded.class
			WHERE recording_class.class <> excluded.class;
	END IF;
END
$$;
-- Of whatever follows from what was said of a segment, a recording or a case.
CREATE FUNCTION dv.class_put(a_kind text, a_subject text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	CASE a_kind
	WHEN 'segment' THEN
		PERFORM segment_class_put(a_subject::uuid);
	WHEN 'recording' THEN
		PERFORM recording_class_put(split_part(a_subject, '/', 1), split_part(a_subject, '/', 2)::uuid);
	WHEN 'case' THEN
		PERFORM segment_class_put(segment) FROM document WHERE "case" = a_subject AND segment IS NOT NULL;
		PERFORM class_put(l.kind, l.object) FROM link_current l
		JOIN action x ON x.action = l.action AND x.revision = 1
		WHERE x."case" = a_subject AND l.kind IN ('segment', 'recording');
	END CASE;
END
$$;

-- All of it from the facts: the same as is there.
CREATE FUNCTION dv.classes_rebuild() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM class_lock(true);
	DELETE FROM segment_class;
	DELETE FROM recording_class;
	PERFORM class_put(kind, subject) FROM classification_current;
	RETURN (SELECT count(*) FROM segment_class) + (SELECT count(*) FROM recording_class);
END
$$;

CREATE FUNCTION dv.class_follows() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM class_put(new.kind, new.subject);
	RETURN NULL;
END
$$;
CREATE TRIGGER followed AFTER INSERT ON dv.classification FOR EACH ROW EXECUTE FUNCTION dv.class_follows();

CREATE FUNCTION dv.class_of_link() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	IF new.kind IN ('segment', 'recording') THEN
		PERFORM class_lock(false);
		PERFORM class_put(new.kind, new.object);
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER classed AFTER INSERT ON dv.link FOR EACH ROW EXECUTE FUNCTION dv.class_of_link();

CREATE FUNCTION dv.class_of_document() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	IF new.segment IS NOT NULL THEN
		PERFORM class_lock(false);
		PERFORM segment_class_put(new.segment);
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER classed AFTER INSERT ON dv.document FOR EACH ROW EXECUTE FUNCTION dv.class_of_document();

-- One person removes a link, and no one person lowers a class: what came by the case stays, as what was said of
-- the object itself.
CREATE FUNCTION dv.class_stays() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	l link;
	a_case text;
	a_class text;
BEGIN
	SELECT * INTO l FROM link WHERE link = new.link;
	IF l.kind NOT IN ('segment', 'recording') THEN
		RETURN NULL;
	END IF;
	PERFORM class_lock(true);
	SELECT "case" INTO a_case FROM action WHERE action = l.action AND revision = 1;
	a_class := own_class('case', a_case);
	IF class_rank(a_class) > class_rank(coalesce(own_class(l.kind, l.object), 'internal')) THEN
		INSERT INTO classification (kind, subject, revision, class, reason)
		SELECT l.kind, l.object, coalesce(max(revision), 0) + 1, a_class,
			left(format('it belonged to case %s until link %s was removed: %s', a_case, l.link,
				new.reason), 500)
		FROM classification WHERE kind = l.kind AND subject = l.object;
	END IF;
	PERFORM class_put(l.kind, l.object);
	RETURN NULL;
END
$$;
CREATE TRIGGER class_stays AFTER INSERT ON dv.link_removed FOR EACH ROW EXECUTE FUNCTION dv.class_stays();

-- What an import brought is of its class in the transaction that records it, also where it was here before.
CREATE FUNCTION dv.class_of_import() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	i dock_import;
BEGIN
	SELECT * INTO i FROM dock_import WHERE session = new.session AND class IS NOT NULL;
	IF FOUND AND class_rank(i.class) > class_rank(coalesce(own_class('segment', new.segment::text), 'internal'))
	THEN
		INSERT INTO classification (kind, subject, revision, class, reason, by)
		SELECT 'segment', new.segment::text, coalesce(max(revision), 0) + 1, i.class, i.reason, i."by"
		FROM classification WHERE kind = 'segment' AND subject = new.segment::text;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER classed AFTER INSERT ON dv.segment_seen FOR EACH ROW EXECUTE FUNCTION dv.class_of_import();

CREATE OR REPLACE FUNCTION dv.take_import(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO dock_import (session, imported_at, kind, source, by, officer, unit, "case", reason, class)
	SELECT a_session, at::timestamptz, kind, source, by, officer, unit, "case", reason, class
	FROM jsonb_to_record(r) AS x(at moment, kind text, source words, by text, officer ident,
		unit ident, "case" words, reason text, class text)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;
