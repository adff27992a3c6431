-- How copies stand, drills, and what is found of copies.

-- ---- how they stand ----

-- A store a row: what copies it has, and how they are.  read_30d: of those that are there, how many were read
-- whole within 30 days.
CREATE FUNCTION dv.fixity() RETURNS TABLE (store text, holds text, reread text, copies bigint, bytes numeric,
		present bigint, wanted bigint, missing bigint, damaged bigint, unreadable bigint, removed bigint,
		never_read bigint, overdue bigint, read_30d bigint, oldest_read timestamptz, digests bigint, runs bigint,
		last_run timestamptz, last_walk timestamptz, scrubbing boolean)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT s.store::text, s.holds, s.reread::text, coalesce(c.copies, 0), coalesce(c.bytes, 0), coalesce(c.present, 0),
		coalesce(c.wanted, 0), coalesce(c.missing, 0), coalesce(c.damaged, 0), coalesce(c.unreadable, 0),
		coalesce(c.removed, 0), coalesce(c.never_read, 0), coalesce(c.overdue, 0), coalesce(c.read_30d, 0),
		c.oldest_read, coalesce(c.digests, 0), coalesce(r.runs, 0), r.last_run, r.last_walk, o.store IS NOT NULL
	FROM store_current s
	LEFT JOIN (SELECT c.store, count(*) FILTER (WHERE c.state <> 'removed') AS copies,
			sum(b.size) FILTER (WHERE c.state = 'present') AS bytes,
			count(*) FILTER (WHERE c.state = 'present') AS present, count(*) FILTER (WHERE c.state = 'wanted') AS wanted,
			count(*) FILTER (WHERE c.state = 'missing') AS missing,
			count(*) FILTER (WHERE c.state = 'damaged') AS damaged,
			count(*) FILTER (WHERE c.state = 'unreadable') AS unreadable,
			count(*) FILTER (WHERE c.state = 'removed') AS removed,
			count(*) FILTER (WHERE c.state = 'present' AND c.checked_at IS NULL) AS never_read,
			count(*) FILTER (WHERE c.state = 'present' AND c.check_at < now()) AS overdue,
			count(*) FILTER (WHERE c.state = 'present' AND c.checked_at > now() - interval '30 days') AS read_30d,
			min(c.checked_at) FILTER (WHERE c.state = 'present') AS oldest_read,
			count(d.blob) FILTER (WHERE c.state = 'present') AS digests
		FROM copy c JOIN blob b ON b.hash = c.blob LEFT JOIN blob_digest d ON d.blob = c.blob
		GROUP BY c.store) AS c ON c.store = s.store
	LEFT JOIN (SELECT x.store, count(*) AS runs, max(x.ended_at) AS last_run,
			max(x.ended_at) FILTER (WHERE x.extra IS NOT NULL) AS last_walk
		FROM scrub_run x GROUP BY x.store) AS r ON r.store = s.store
	LEFT JOIN scrub_open o ON o.store = s.store
	ORDER BY s.store <> 'vault', s.store
$$;
GRANT EXECUTE ON FUNCTION dv.fixity() TO dv_read;

-- ---- drills ----

-- The blob that trials are made with, if there is one: one for all of them, so that trials leave nothing behind
-- but what is told of them.
CREATE FUNCTION dv.drill_blob() RETURNS TABLE (blob text)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM require_keeper();
	RETURN QUERY SELECT hex(d.blob) FROM drill d ORDER BY d.begun_at DESC LIMIT 1;
END
$$;

-- A trial begins: with a blob that is recorded for it, or one of earlier trials, and no other.
CREATE FUNCTION dv.drill_begin(a_drill uuid, a_store text, a_blob text, a_size numeric, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_keeper();
	IF NOT EXISTS (SELECT FROM store_current WHERE store = a_store AND holds = 'all') OR NOT EXISTS
			(SELECT FROM store_current WHERE store <> a_store AND holds = 'all') THEN
		RAISE EXCEPTION 'drill in store %: a copy in it is damaged and repaired from another store: it takes two that hold all (vaultctl store list)',
			a_store USING ERRCODE = 'check_violation';
	END IF;
	IF EXISTS (SELECT FROM blob WHERE hash = unhex(a_blob::digest_hex)) AND is_drill(unhex(a_blob)) IS NULL THEN
		RAISE EXCEPTION 'drill with blob %: it was not made for drills: evidence is never damaged for a trial', a_blob
			USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO blob (hash, size, stored_at) VALUES (unhex(a_blob), a_size, now()) ON CONFLICT DO NOTHING;
	INSERT INTO drill (drill, store, blob, reason) VALUES (a_drill, a_store, unhex(a_blob), a_reason);
END
$$;

-- What the trial has brought so far: a finding of that code of its blob, raised since, and what channels were told.
CREATE FUNCTION dv.drill_told(a_drill uuid, a_code text)
	RETURNS TABLE (finding text, notices bigint, sent bigint, failed bigint, answers text)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM require_keeper();
	RETURN QUERY
	SELECT f.finding::text, count(n.notice), count(n.notice) FILTER (WHERE t.outcome = 'sent'),
		count(n.notice) FILTER (WHERE t.outcome IN ('failed', 'dead')),
		coalesce(string_agg(n.channel || ': ' || coalesce(t.outcome, 'waiting'), ', ' ORDER BY n.channel), '')
	FROM drill d JOIN finding f ON f.code = a_code AND f.subject = hex(d.blob) AND f.raised_at >= d.begun_at
		AND f.detail ->> 'drill' = d.drill::text
	LEFT JOIN notice n ON n.kind = 'at_once' AND n.subject = f.finding::text
	LEFT JOIN LATERAL (SELECT a.outcome FROM notice_attempt a WHERE a.notice = n.notice
		ORDER BY a.number DESC LIMIT 1) AS t ON true
	WHERE d.drill = a_drill GROUP BY f.finding, f.raised_at ORDER BY f.raised_at DESC LIMIT 1;
END
$$;

CREATE FUNCTION dv.drill_end(a_drill uuid, a_passed boolean, a_steps jsonb) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_keeper();
	INSERT INTO drill_end (drill, passed, steps) VALUES (a_drill, a_passed, a_steps);
END
$$;

-- As 029 has it, but that what a drill finds is as urgent as what its rule says: the bell is tried by ringing
-- it, and the month's report counts a notice.
CREATE OR REPLACE FUNCTION dv.notice_spread(channels dv.notice_channel[]) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	most constant integer := 20000;
	c notice_channel;
	units text[];
	fresh uuid[];
	numbers integer[];
BEGIN
	WITH taken AS (
		DELETE FROM notice_news n USING (SELECT finding, number FROM notice_news
			ORDER BY finding, number LIMIT most FOR UPDATE SKIP LOCKED) AS t
		WHERE n.finding = t.finding AND n.number = t.number
		RETURNING n.finding, n.number
	) SELECT array_agg(finding), array_agg(number) INTO fresh, numbers FROM taken;
	FOREACH c IN ARRAY channels LOOP
		units := CASE WHEN c.unit IS NOT NULL THEN ARRAY(SELECT units_below(c.unit)) END;
		INSERT INTO notice_pending (channel, finding, number, urgent, digest)
		SELECT * FROM (
			-- What is answered together with one that is open was told with that one.
			SELECT c.channel, f.finding, x.number, notice_is_urgent(c, CASE WHEN f.detail ? 'drill'
					THEN 'violation' ELSE f.severity END, x.number)
				AND (x.number > 0 OR s.joins IS NULL) AS urgent,
				c.digest IS NOT NULL AND x.number = 0 AS digest	-- what is new
			FROM unnest(fresh, numbers) AS x(id, number) JOIN finding f ON f.finding = x.id
			LEFT JOIN finding_state s ON s.finding = x.id
			WHERE units IS NULL OR f.unit = ANY (units)) AS n
		WHERE n.urgent OR n.digest
		ON CONFLICT DO NOTHING;
	END LOOP;
	RETURN cardinality(fresh) = most;
END
$$;

GRANT EXECUTE ON FUNCTION dv.store_set(text, text, text, text) TO dv_admin, dv_person;
GRANT EXECUTE ON FUNCTION dv.scrub_begin(text, uuid, boolean), dv.scrub_next(uuid, integer, boolean),
	dv.scrub_one(uuid, text), dv.scrub_sample(text, integer), dv.scrub_lock(uuid, jsonb),
	dv.scrub_found(uuid, jsonb), dv.scrub_unrecorded(uuid, jsonb), dv.scrub_extra(uuid, jsonb, bigint, bigint),
	dv.scrub_end(uuid), dv.store_names(), dv.drill_blob(), dv.drill_begin(uuid, text, text, numeric, text),
	dv.drill_told(uuid, text), dv.drill_end(uuid, boolean, jsonb) TO dv_keep, dv_person;
GRANT EXECUTE ON FUNCTION dv.scrub_watch() TO dv_alert;

-- ---- rules ----

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
VALUES
('storage_damaged', 35, 'violation',
 '存储中的音像资料与其地址不符、缺失或者无法读取，且没有完好的副本可供修复。',
 'What is stored of a recording is not what its address says, is missing, or cannot be read, and no whole copy is there to repair it from.',
 '系统管理员停止对该存储磁盘的写入，检查磁盘和内核日志，从备份中恢复该数据块后运行 vaultctl scrub --bad；监察室查明是磁盘故障还是人为改动，损坏的原文件作为证据保存。',
 'The administrator stops writing to that disk, looks at it and at the kernel''s log, restores the blob from a backup and runs vaultctl scrub --bad; the supervision office finds out whether a disk failed or somebody changed it. The bad bytes are kept as evidence.',
 '{}'),
('storage_repaired', 35, 'notice',
 '存储中的一份副本损坏、缺失或者无法读取，已从另一存储的完好副本修复，原有内容另行保存。',
 'A copy in a store was damaged, missing or unreadable; it was repaired from a whole one in another store, and what was there is kept aside.',
 '系统管理员检查该存储的磁盘；同一磁盘反复出现的，更换磁盘。',
 'The administrator looks at that store''s disk; where it happens again, the disk is replaced.',
 '{}'),
('storage_record_differs', 35, 'violation',
 '数据块的内容与其地址相符，但数据库中登记的大小或者摘要与内容不符。',
 'The bytes of a blob are what its address says, but the size or digest that the catalog has of them is not.',
 '监察室立案核查谁有权修改数据库，封存数据库和备份，运行 vaultctl verify log，以内容和日志为准。',
 'The supervision office inquires who could change the catalog, seals it and its backups, runs vaultctl verify log, and goes by the bytes and the log.',
 '{}'),
('storage_left_over', 33, 'violation',
 '已经处置的数据块仍在存储中。',
 'A blob that was disposed of still lies in a store.',
 '系统管理员查明它从何而来（恢复了旧备份、接入了旧磁盘），报监察室后再次执行处置。',
 'The administrator finds out where it came from (an old backup, an old disk); the supervision office is told, and it is disposed of again.',
 '{}'),
('store_is_older', 33, 'violation',
 '存储中缺少最近入库的一批数据块：存储可能是从较早的备份恢复的，比数据库旧。',
 'A store lacks what came in last, and only that: it was probably restored from an earlier backup, and is older than the catalog.',
 '系统管理员停止入库，找回该存储的最新磁盘或者较新的备份并放回；有第二存储的，运行 vaultctl scrub --bad 从中修复；确实无法找回的，报监察室。',
 'The administrator stops taking in, and puts back the store''s newest disk or a newer backup; where there is a second store, vaultctl scrub --bad repairs from it. What cannot be had back is reported to the supervision office.',
 '{}'),
('catalog_is_older', 33, 'violation',
 '存证日志文件比数据库中登记的条目多：数据库可能是从较早的备份恢复的，比存储旧。',
 'The custody log''s files have more entries than the catalog: the catalog was probably restored from an earlier backup, and is older than the store.',
 '系统管理员停止入库，不得删除任何未登记的数据块；恢复更新的数据库备份（含 WAL），再运行 vaultctl verify log 和 vaultctl scrub --all。',
 'The administrator stops taking in and removes nothing that is not recorded; a newer backup of the catalog, with its WAL, is restored; then vaultctl verify log and vaultctl scrub --all.',
 '{}'),
('copy_missing', 33, 'warning',
 '应当保存第二份副本的数据块，超过规定时间仍没有副本。',
 'Blobs of which a store is to have a copy have had none for longer than they may.',
 '系统管理员检查第二存储的磁盘是否挂载、是否有空间，dockvault-scrub.timer 是否运行，然后运行 vaultctl scrub --store。',
 'The administrator sees that the store''s disk is mounted and has room and that dockvault-scrub.timer runs, then runs vaultctl scrub --store.',
 '{"limit": "PT24H"}'),
('scrub_overdue', 33, 'warning',
 '存储中的副本超过规定时间没有重新读取校验。',
 'Copies in a store were not read again in their time.',
 '系统管理员检查 dockvault-scrub.timer 是否运行、存储磁盘是否挂载、带宽限制是否过低，然后运行 vaultctl scrub。',
 'The administrator sees that dockvault-scrub.timer runs, that the store''s disk is mounted and that the bandwidth allowed is enough, then runs vaultctl scrub.',
 '{"limit": "P30D"}');

UPDATE dv.article SET
	answer_zh = replace(answer_zh, '定期校验；', '每份副本 30 日内重新读取并与地址、数据库和存证日志比对，可在另一磁盘保存第二份副本并从中修复，损坏的原文件另行保存；逾期未校验、副本缺失均予发现；'),
	answer_en = replace(answer_en, 'scrubbing checks it;', 'every copy is read again within 30 days and compared with its address, the catalog and the custody log; a second copy on another disk is kept where that is set, and repaired from, with the bad bytes kept aside; what was not read in time or has no copy is found;'),
	commands = commands || '{scrub,drill,"store set","store list"}'
WHERE article = 33;
UPDATE dv.article SET
	answer_zh = answer_zh || '存储中内容的损坏、缺失和改动由定期校验发现。',
	answer_en = answer_en || ' Damage, loss and change of what is stored are found by the scrub.',
	commands = commands || '{scrub}'
WHERE article = 35;

-- ---- what belongs to what ----

-- The cases that a segment belongs to: as a paper's scan, and by what is linked now.
CREATE FUNCTION dv.cases_of(a_segment uuid) RETURNS SETOF text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT d."case"::text FROM document d WHERE d.segment = a_segment
	UNION
	SELECT x."case"::text FROM link_current l JOIN action x ON x.action = l.action AND x.revision = 1
	WHERE l.kind = 'segment' AND l.object = a_segment::text
	UNION
	SELECT x."case"::text FROM segment_place p JOIN segment s USING (segment, placed_at)
	JOIN link_current l ON l.kind = 'recording' AND l.object = s.recorder || '/' || s.recording
	JOIN action x ON x.action = l.action AND x.revision = 1
	WHERE p.segment = a_segment
$$;
