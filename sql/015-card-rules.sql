-- The words of the rules about recorders and their cards, and better ones for two of 010.

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
VALUES
('battery_low', 13, 'warning',
 '使用前检查：记录仪电池电量不足。',
 'Check before use: the recorder''s battery is low.',
 '执法人员将记录仪留在采集站充电，电量充足后再领用；充电后仍不足的，交装备管理员更换电池。',
 'The officer leaves the recorder in the dock to charge before taking it out; if it does not charge, the equipment keeper replaces the battery.',
 '{"battery_dock": 20, "battery_undock": 80}'),

('storage_low', 13, 'warning',
 '使用前检查：记录仪剩余存储空间不足。',
 'Check before use: the recorder has little storage left.',
 '装备管理员确认卡内记录均已入库后，按规定清理存储卡或者更换更大容量的存储卡，再交执法人员领用。',
 'The equipment keeper makes sure that all records on the card are stored, then clears the card as the rules allow or puts in a larger one, before the officer takes the recorder out.',
 '{"free_undock": 50, "hours_undock": 8}'),

('not_docked', 32, 'warning',
 '记录仪取出后超过 24 小时未再接入采集站；其间如有音像记录，均未按时存储。',
 'The recorder has not been docked for more than 24 hours since it was taken out; whatever it recorded meanwhile is not stored in time.',
 '承办机构负责人通知执法人员立即将记录仪接入采集站；其间没有音像记录的，由执法人员书面说明。',
 'The head of the unit has the officer dock the recorder at once; if nothing was recorded meanwhile, the officer states so in writing.',
 '{"limit_ms": 86400000}'),

('name_gap', 12, 'warning',
 '存储卡上的文件名编号不连续，有文件缺失的迹象。',
 'The numbers in the names of the files are not continuous: a sign that files are missing.',
 '监察室对照执法台账核对缺失编号前后的记录，要求执法人员书面说明；必要时封存存储卡送检。',
 'The supervision office compares the records around the missing numbers with the log of duties and asks the officer for a written statement; where needed, it seals the card and has it examined.',
 '{}'),

('foreign_file', 35, 'warning',
 '存储卡上有不符合该记录仪命名规律的文件，有从他处存入的迹象。',
 'A file on the card is not named as this recorder names its own: a sign that it was put there from elsewhere.',
 '执法人员说明文件来源；监察室查明该文件是否由该记录仪拍摄，查明前不得作为该记录仪的记录使用。',
 'The officer states where the file comes from; until the supervision office has settled whether this recorder made it, it must not be used as this recorder''s record.',
 '{}'),

('card_changed', 35, 'warning',
 '存储卡的内容与上次接入时登记的清单不符，有在采集站之外被改动的迹象。',
 'The card is not as the ledger of its last docking left it: a sign that it was changed away from the dock.',
 '监察室逐项核对两次清单中不符的文件，要求执法人员书面说明；必要时封存存储卡送检。',
 'The supervision office goes through the files that differ between the two ledgers and asks the officer for a written statement; where needed, it seals the card and has it examined.',
 '{}'),

('clear_failed', 33, 'warning',
 '文件已经入库，但未能从记录仪上清除。',
 'The file is stored but could not be removed from the recorder.',
 '装备管理员检查记录仪是否写保护、存储卡是否损坏，排除后重新接入；已入库的记录不受影响。',
 'The equipment keeper checks whether the recorder is write-protected or its card is damaged and docks it again once that is mended; what is stored is not affected.',
 '{}'),

('challenge_unanswered', 12, 'warning',
 '记录仪此后的签名清单中没有上次接入时写入的核验码，有其间的记录不完整的迹象。',
 'The challenge that was left on the recorder at its last docking is not in its later manifests: a sign that the records since are not complete.',
 '监察室对照执法台账核对其间的记录；装备管理员检查记录仪的签名功能，存疑的送检。',
 'The supervision office compares the records since with the log of duties; the equipment keeper checks that the recorder signs, and has it examined when in doubt.',
 '{}');

UPDATE dv.rule SET
	text_zh = '记录仪时钟不准，使用前未校准：接入时测得与采集站时钟有偏差，或者记录的结束时间晚于入库时间。',
	text_en = 'The recorder''s clock is wrong and was not set before use: it was measured at the dock to be off, or a record ends after it was stored.',
	parameters = parameters || '{"offset_warning_ms": 30000, "offset_violation_ms": 300000}'
WHERE code = 'clock_drift';

UPDATE dv.rule SET
	text_zh = '记录仪存储卡上有文件被删除的迹象。',
	text_en = 'There are signs that a file on the recorder''s card was deleted.',
	next_step_zh = '执法人员停止使用该存储卡；监察室结合把握程度查明该文件此前是否已经入库，决定是否恢复数据，并要求执法人员书面说明。',
	next_step_en = 'The officer stops using the card; the supervision office, weighing how sure the sign is, finds out whether the file had been stored before, decides whether the data is to be recovered and asks the officer for a written statement.'
WHERE code = 'deleted_on_recorder';
