-- Who keeps an old look at the catalog enters nothing: they would not see that a case was archived meanwhile.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT no_plan();

SELECT tap.person('in_zhang', '{officer}', 'QH', '018001');
SELECT alike(tap.do_as('in_zhang', 'SELECT dv.case_open(''{}'')'), '23514 this transaction is repeatable read%',
	'nobody acts upon what was there when they began');
SELECT alike(tap.do_as('in_zhang', 'SELECT dv.do_act(''view'', ''{recording:R/1}'', ''x'', NULL, ''{}'')'), '23514 this transaction is repeatable read%',
	'nor looks at what was classified since');
SELECT * FROM finish();
ROLLBACK;
