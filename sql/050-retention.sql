-- How long evidence is kept, and how it goes: rules, marks, plans of disposal, tombstones (Art. 32, 33).
--
-- Rules are data.  Of those that fit a recording the longest wins; a hold beats all; what belongs to a case
-- that is not archived does not go; what belongs to no case is looked at by a person and never goes by a
-- rule alone.  A recording is judged as a whole: a part of it that is kept keeps all of it (Art. 12, 33).
--
-- What is to go is written down first (a plan, frozen and signed), approved by two people besides who made
-- it, waits 14 days that were lived through, and is looked at again, each single segment, as its turn comes.

-- ---- rules, marks, reviews ----

CREATE TABLE dv.retention_rule (
	rule		text NOT NULL CHECK (rule ~ '^[a-z][a-z0-9_]{1,63}$'),
	version		integer NOT NULL CHECK (version > 0),
	valid_from	date NOT NULL,		-- a day of Shanghai
	valid_to	date,			-- last day; null: until another version
	article		integer NOT NULL CHECK (article BETWEEN 1 AND 40),
	classes		text[],			-- null: all
	case_kinds	dv.case_kind[],		-- of a case that it belongs to; null: any
	linked		boolean,		-- belongs to a case; null: whether or not
	marks		text[],			-- has one of these; null: whatever marks it has
	keep		dv.duration,		-- null: permanently
	since		text NOT NULL CHECK (since IN ('recorded', 'stored', 'case_archived')),
	review		boolean NOT NULL,	-- when it is over, a person decides for each recording
	text_zh		text NOT NULL CHECK (text_zh <> ''),
	text_en		text NOT NULL CHECK (text_en <> ''),
	proposal	uuid,			-- null: came with a release
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (rule, version),
	CHECK (valid_to >= valid_from)
);

-- What a person says of a recording, by which it is kept longer.
CREATE TABLE dv.retention_mark (
	mark_id		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	kind		text NOT NULL CHECK (kind IN ('segment', 'recording', 'case')),
	subject		text NOT NULL CHECK (length(subject) BETWEEN 1 AND 160),	-- UUID; RECORDER/UUID; case
	mark		text NOT NULL CHECK (mark IN ('obstruction', 'major_incident', 'complaint', 'training')),
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX retention_mark_subject ON dv.retention_mark (kind, subject);
CREATE TABLE dv.retention_mark_removed (
	mark_id		uuid PRIMARY KEY REFERENCES dv.retention_mark,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,	-- another than who marked it
	entered_at	timestamptz NOT NULL DEFAULT now()
);

-- What a person decided of a recording whose rule asks for that.  The newest holds.
CREATE TABLE dv.retention_review (
	recorder	dv.ident NOT NULL,
	recording	uuid NOT NULL,
	number		bigint GENERATED ALWAYS AS IDENTITY,
	verdict		text NOT NULL CHECK (verdict IN ('dispose', 'keep')),
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (recorder, recording, number)
);

-- ---- time that was lived through ----

-- Days of Shanghai on which the system ran, noted as they came.
CREATE TABLE dv.clock_day (
	day		date PRIMARY KEY,
	noted_at	timestamptz NOT NULL DEFAULT now()
);
-- What a person says of one: it never was (the clock was wrong), or what lies before it was lived (the
-- machine was off, and the clock is right).
CREATE TABLE dv.clock_said (
	day		date NOT NULL REFERENCES dv.clock_day,
	number		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	verdict		text NOT NULL CHECK (verdict IN ('wrong', 'lived')),
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);

-- ---- plans ----

CREATE TABLE dv.disposal_plan (
	plan		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	day		date NOT NULL,		-- what is due by it
	unit		dv.ident,		-- of it and those below; null: all
	objects		bigint NOT NULL CHECK (objects > 0),
	bytes		numeric(30, 0) NOT NULL,
	digest		bytea NOT NULL CHECK (octet_length(digest) = 32),	-- of its items: dv.disposal_digest()
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	made_at		timestamptz NOT NULL DEFAULT now()
);
-- A million at once: their event is that of the plan, whose digest they are held to wherever one of them is
-- used.  number: 1, 2, ... in the order of segments.
CREATE TABLE dv.disposal_item (
	plan		uuid NOT NULL,
	number		integer NOT NULL CHECK (number > 0),
	segment		uuid NOT NULL,
	blob		dv.address NOT NULL,
	size		dv.counter NOT NULL,
	rule		text NOT NULL,
	rule_version	integer NOT NULL,
	due_on		date NOT NULL,		-- the first day on which it may go
	PRIMARY KEY (plan, number)
);
CREATE INDEX disposal_item_segment ON dv.disposal_item (segment);
-- Digests of a thousand items each, of which the plan's digest is made: a part can be checked by itself.
CREATE TABLE dv.disposal_chunk (
	plan		uuid NOT NULL,
	chunk		integer NOT NULL CHECK (chunk >= 0),	-- items 1000 * chunk + 1 to 1000 * chunk + 1000
	digest		bytea NOT NULL CHECK (octet_length(digest) = 32),
	PRIMARY KEY (plan, chunk)
);
CREATE TABLE dv.disposal_plan_signed (
	plan		uuid PRIMARY KEY REFERENCES dv.disposal_plan,
	document	bytea NOT NULL CHECK (octet_length(document) <= 1048576),	-- canonical JSON
	sha256		bytea NOT NULL CHECK (octet_length(sha256) = 32),
	signature	text NOT NULL CHECK (octet_length(signature) <= 1024),	-- minisign, over document
	key_id		text NOT NULL CHECK (key_id ~ '^[0-9A-F]{16}$'),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	CHECK (sha256 = sha256(document))
);
CREATE TABLE dv.disposal_decision (
	plan		uuid NOT NULL REFERENCES dv.disposal_plan,
	approved	boolean NOT NULL,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,	-- neither who made it nor who approved it before
	entered_at	timestamptz NOT NULL DEFAULT now(),
	number		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,	-- what the log calls the row by
	PRIMARY KEY (plan, by)
);
-- Taken back as a whole.  What had begun by then is concluded.
CREATE TABLE dv.disposal_recalled (
	plan		uuid PRIMARY KEY REFERENCES dv.disposal_plan,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);
-- Taken out of it, by a person, or because something spoke against it when its turn came.
CREATE TABLE dv.disposal_spared (
	plan		uuid NOT NULL REFERENCES dv.disposal_plan,
	segment		uuid NOT NULL,
	cause		text NOT NULL CHECK (cause IN ('recalled', 'held', 'in_case', 'rule', 'review', 'not_there')),
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (plan, segment)
);
-- From here on its copies may be gone: nothing brings it back.
CREATE TABLE dv.disposal_begun (
	segment		uuid PRIMARY KEY,
	plan		uuid NOT NULL REFERENCES dv.disposal_plan,
	blob		dv.address NOT NULL,
	at		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX disposal_begun_blob ON dv.disposal_begun (blob);
-- What is left of it.
CREATE TABLE dv.tombstone (
	segment		uuid PRIMARY KEY REFERENCES dv.disposal_begun,
	plan		uuid NOT NULL REFERENCES dv.disposal_plan,
	blob		dv.address NOT NULL,
	size		dv.counter NOT NULL,
	sha256		bytea CHECK (octet_length(sha256) = 32),	-- null: nobody ever had it
	facts		jsonb NOT NULL CHECK (jsonb_typeof(facts) = 'object'),
	stores		text[] NOT NULL,	-- in which its bytes were removed
	blob_kept	boolean NOT NULL,	-- another segment has the same bytes, or they are a sidecar's
	at		timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tombstone_blob ON dv.tombstone (blob);
CREATE INDEX tombstone_plan ON dv.tombstone (plan);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.retention_rule', 'dv.retention_mark',
	'dv.retention_mark_removed', 'dv.retention_review', 'dv.clock_day', 'dv.clock_said', 'dv.disposal_plan',
	'dv.disposal_item', 'dv.disposal_chunk', 'dv.disposal_plan_signed', 'dv.disposal_decision',
	'dv.disposal_recalled', 'dv.disposal_spared', 'dv.disposal_begun', 'dv.tombstone']) AS t;
SELECT dv.log_acts('dv.retention_rule', 'rule_changed', '{rule,version}', '{}', '{rule:rule}');
SELECT dv.log_acts('dv.retention_mark', 'retention_marked', '{mark_id}', '{reason,by}', '{=kind:subject}');
SELECT dv.log_acts('dv.retention_mark_removed', 'retention_unmarked', '{mark_id}', '{reason,by}', '{}');
SELECT dv.log_acts('dv.retention_review', 'retention_reviewed', '{recorder,recording,number}', '{reason,by}',
	'{recorder:recorder,recording:recorder/recording}');
SELECT dv.log_acts('dv.clock_day', 'day_noted', '{day}', '{}', '{}');
SELECT dv.log_acts('dv.clock_said', 'clock_said', '{number}', '{reason,by}', '{}');
SELECT dv.log_acts('dv.disposal_plan', 'disposal_planned', '{plan}', '{reason,by}', '{plan:plan}');
SELECT dv.log_acts('dv.disposal_plan_signed', 'disposal_signed', '{plan}', '{by}', '{plan:plan}');
SELECT dv.log_acts('dv.disposal_decision', 'approved?disposal_approved:disposal_rejected', '{plan,number}',
	'{reason,by}', '{plan:plan}');
SELECT dv.log_acts('dv.disposal_recalled', 'disposal_recalled', '{plan}', '{reason,by}', '{plan:plan}');
SELECT dv.log_acts('dv.disposal_spared', 'disposal_spared', '{plan,segment}', '{reason,by}',
	'{plan:plan,segment:segment}');
SELECT dv.log_acts('dv.disposal_begun', 'disposal_begun', '{segment}', '{}',
	'{blob:blob,plan:plan,segment:segment}');
SELECT dv.log_acts('dv.tombstone', 'disposed', '{segment}', '{}', '{blob:blob,plan:plan,segment:segment}');

-- ---- the first rules ----

-- docs/KEEPING.md says why these.  A year is 365.25 days, rounded up; six months are their longest; thirty years
-- are more days than a duration has digits for, and the rest of them hours.
INSERT INTO dv.retention_rule (rule, version, valid_from, article, classes, case_kinds, linked, marks, keep, since,
	review, text_zh, text_en) VALUES
('unlinked', 1, '2000-01-01', 32, NULL, NULL, false, NULL, 'P184D', 'stored', true,
 '不属于任何案件的录像：至少保存六个月，期满由监察室逐段复核，不自动销毁。',
 'What belongs to no case: six months at least, then the supervision office looks at each; it never goes by itself.'),
('case_penalty', 1, '2000-01-01', 32, NULL, '{penalty,compulsion}', true, NULL, 'P9999DT23016H', 'case_archived', false,
 '行政处罚、行政强制案件的资料：与案卷同期，自归档起保存三十年。',
 'Of cases of penalty and compulsion: as long as the case file, thirty years from its archiving.'),
('case_other', 1, '2000-01-01', 32, NULL, '{licence,levy,fee,inspection}', true, NULL, 'P3653D', 'case_archived', false,
 '行政许可、征收、收费、检查案件的资料：与案卷同期，自归档起保存十年。',
 'Of cases of licence, levy, fee and inspection: as long as the case file, ten years from its archiving.'),
('case_major', 1, '2000-01-01', 32, NULL, NULL, true, '{major_case}', NULL, 'case_archived', false,
 '重大案件的资料：永久保存。', 'Of major cases: permanently.'),
('obstruction', 1, '2000-01-01', 32, NULL, NULL, NULL, '{obstruction}', NULL, 'stored', false,
 '记录阻碍执法、暴力抗法的资料：永久保存。', 'What shows enforcement being obstructed: permanently.'),
('major_incident', 1, '2000-01-01', 32, NULL, NULL, NULL, '{major_incident}', NULL, 'stored', false,
 '记录重大突发事件的资料：永久保存。', 'What shows a major incident: permanently.'),
('important', 1, '2000-01-01', 32, NULL, NULL, NULL, '{important}', 'P1096D', 'stored', true,
 '执法人员在记录仪上标为重要的资料：保存三年，期满复核。',
 'What the officer marked as important on the recorder: three years, then looked at.'),
('complaint', 1, '2000-01-01', 32, NULL, NULL, NULL, '{complaint}', 'P1096D', 'stored', true,
 '涉及投诉、信访、复议、诉讼的资料：保存三年，期满复核。',
 'What a complaint, a petition or a suit is about: three years, then looked at.'),
('training', 1, '2000-01-01', 32, NULL, NULL, NULL, '{training}', 'P366D', 'stored', true,
 '用于培训、演练的资料：保存一年，期满复核。', 'What training uses: a year, then looked at.'),
('state_secret', 1, '2000-01-01', 37, '{state_secret}', NULL, NULL, NULL, NULL, 'stored', false,
 '涉及国家秘密的资料：不在本系统内销毁，按保密规定处理。',
 'State secrets: not disposed of by this system, but by the rules for them.'),
('papers', 1, '2000-01-01', 33, NULL, NULL, NULL, '{paper}', NULL, 'stored', false,
 '签发的报告、整改与报损的附件：永久保存。',
 'Signed reports, and what answers and reports of damage were given with: permanently.');

-- ---- the clock ----

-- Days that were, as far as anybody knows.
CREATE VIEW dv.clock_lived_day WITH (security_invoker = true) AS
SELECT d.* FROM dv.clock_day d
WHERE NOT EXISTS (SELECT FROM dv.clock_said s WHERE s.day = d.day AND s.verdict = 'wrong');

-- Why no plan is made and nothing goes at this moment; null: nothing is wrong with the clock.  More than 31
-- days without a note are a clock that was put forward until a person says otherwise.
CREATE FUNCTION dv.clock_problem() RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	newest clock_day;
	x record;
BEGIN
	SELECT * INTO newest FROM clock_lived_day ORDER BY day DESC LIMIT 1;
	IF newest.day IS NULL THEN
		RETURN 'no day was noted yet: alertd notes them, is it running?';
	END IF;
	IF now() < (SELECT max(noted_at) FROM clock_lived_day) - interval '5 minutes' THEN
		RETURN format('the clock is behind %s, which was noted already: set it right; if that day never was, say so (vaultctl retention clock --wrong %s)',
			newest.day, newest.day);
	END IF;
	SELECT * INTO x FROM (SELECT day, lag(day) OVER (ORDER BY day) AS before FROM clock_lived_day) AS y
	WHERE day - before > 31 AND NOT EXISTS (SELECT FROM clock_said s WHERE s.day = y.day AND s.verdict = 'lived')
	ORDER BY day DESC LIMIT 1;
	IF FOUND THEN
		RETURN format('between %s and %s no day was noted: was the clock put forward (vaultctl retention clock --wrong %s), or was the machine off (--lived %s)?',
			x.before, x.day, x.day, x.day);
	END IF;
	RETURN NULL;
END
$$;

-- Have so many days been lived since then: by the clock, and noted one by one?
CREATE FUNCTION dv.clock_lived(a_since timestamptz, a_days integer) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT coalesce(now() >= a_since + a_days * interval '1 day' AND clock_problem() IS NULL
		AND (SELECT count(*) >= a_days FROM (SELECT FROM clock_lived_day
			WHERE day > day_of(a_since) AND day <= day_of(now()) AND noted_at > a_since LIMIT a_days) AS x), false)
$$;

-- Note this day.  True: it was not noted yet.
CREATE FUNCTION dv.clock_day_note() RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	newest date := (SELECT max(day) FROM clock_lived_day);
	a_day date := day_of(now());
BEGIN
	IF now() < (SELECT max(noted_at) FROM clock_lived_day) - interval '5 minutes' THEN
		PERFORM raise_finding(NULL, jsonb_build_object('code', 'clock_set_back', 'subject_kind', 'object',
			'subject', 'clock:database', 'fact', newest::text || ' ' || a_day, 'at', utc(now()),
			'detail', jsonb_build_object('noted', newest, 'today', a_day)));
		RETURN false;
	END IF;
	INSERT INTO clock_day (day) VALUES (a_day) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF a_day - newest > 31 THEN
		PERFORM raise_finding(NULL, jsonb_build_object('code', 'clock_jumped', 'subject_kind', 'object',
			'subject', 'clock:database', 'fact', newest::text || ' ' || a_day, 'at', utc(now()),
			'detail', jsonb_build_object('noted', newest, 'today', a_day)));
	END IF;
	RETURN true;
END
$$;

-- What is taken in, and what case archived, while the clock is behind a day that was noted, is found, and counts as of
-- that day: or a clock that was set back for an hour would make it years older than it is, for ever.
CREATE FUNCTION dv.clock_behind() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	newest date := (SELECT day FROM clock_lived_day ORDER BY day DESC LIMIT 1);
	subjects text[];
BEGIN
	IF (day_of(now()) < newest) IS NOT TRUE THEN
		RETURN NULL;
	END IF;
	IF TG_ARGV[0] = 'session' THEN
		subjects := ARRAY(SELECT DISTINCT session::text FROM fresh ORDER BY 1);
	ELSE
		subjects := ARRAY(SELECT DISTINCT "case"::text FROM fresh WHERE kind = 'archived' ORDER BY 1);
	END IF;
	PERFORM raise_findings(NULL, (SELECT jsonb_agg(jsonb_build_object('code', 'clock_set_back', 'subject_kind', TG_ARGV[0],
		'subject', x, 'fact', newest, 'at', utc(now()), 'case', CASE TG_ARGV[0] WHEN 'case' THEN x END,
		'detail', jsonb_build_object('noted', newest, 'today', day_of(now())))) FROM unnest(subjects) AS x));
	RETURN NULL;
END
$$;
CREATE TRIGGER clock_behind AFTER INSERT ON dv.segment REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.clock_behind('session');
CREATE TRIGGER clock_behind AFTER INSERT ON dv.case_event REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.clock_behind('case');
ALTER TABLE dv.segment ENABLE ALWAYS TRIGGER clock_behind;
ALTER TABLE dv.case_event ENABLE ALWAYS TRIGGER clock_behind;
CREATE INDEX finding_clock ON dv.finding (subject) WHERE code = 'clock_set_back';

CREATE FUNCTION dv.clock_say(a_day date, a_verdict text, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_role('supervisor');
	PERFORM check_word('verdict', a_verdict, ARRAY['wrong', 'lived']);
	IF NOT EXISTS (SELECT FROM clock_lived_day WHERE day = a_day) THEN
		RAISE EXCEPTION 'clock: % was not noted, or is known to be wrong (vaultctl retention clock shows what was)', a_day
			USING ERRCODE = 'no_data_found';
	END IF;
	INSERT INTO clock_said (day, verdict, reason) VALUES (a_day, a_verdict, a_reason);
END
$$;

-- ---- the gate: facts that speak against a disposal, and the disposal ----
--
-- Whoever writes such a fact has the gate shared until they commit; who begins disposals tries for it alone, and
-- looks at the facts after: each is either seen, or written after what was begun is on record.  It is never
-- waited for, so that a person who forgot to commit stops disposals and nothing else.

CREATE FUNCTION dv.retention_gate() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(25730, 1);
	RETURN NULL;
END
$$;

DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['hold', 'link', 'document', 'case_file', 'case_event', 'classification', 'segment',
			'rectification', 'report_signed', 'recorder_report', 'retention_mark', 'retention_review',
			'retention_rule', 'disposal_spared', 'disposal_recalled', 'clock_said'] LOOP
		EXECUTE format('CREATE TRIGGER retention_gate BEFORE INSERT ON dv.%I FOR EACH STATEMENT '
			       'EXECUTE FUNCTION dv.retention_gate()', t);
		EXECUTE format('ALTER TABLE dv.%I ENABLE ALWAYS TRIGGER retention_gate', t);
	END LOOP;
END
$$;

-- A hold on what is gone would be a promise that nobody can keep.  One that covers other things, too, holds those.
CREATE FUNCTION dv.hold_too_late() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	all_of_it uuid[] := CASE new.kind WHEN 'segment' THEN ARRAY[uuid_or_null(new.subject)]
		WHEN 'recording' THEN ARRAY(SELECT segment FROM segment WHERE recorder = split_part(new.subject, '/', 1)
			AND recording = uuid_or_null(split_part(new.subject, '/', 2))) END;
	b disposal_begun;
BEGIN
	SELECT x.* INTO b FROM disposal_begun x WHERE x.segment = ANY (all_of_it) ORDER BY x.at LIMIT 1;
	IF FOUND AND NOT EXISTS (SELECT FROM unnest(all_of_it) AS s
			WHERE NOT EXISTS (SELECT FROM disposal_begun x WHERE x.segment = s)) THEN
		RAISE EXCEPTION '% %: its disposal was begun at %, by plan %: there is nothing left to hold (vaultctl retention show %)',
			new.kind, new.subject, utc(b.at), b.plan, b.plan USING ERRCODE = 'check_violation';
	END IF;
	RETURN new;
END
$$;
CREATE TRIGGER hold_too_late BEFORE INSERT ON dv.hold FOR EACH ROW EXECUTE FUNCTION dv.hold_too_late();
ALTER TABLE dv.hold ENABLE ALWAYS TRIGGER hold_too_late;
