-- What a large catalog showed to be slow (tests/bench/catalog).

-- Lists show no unit as null, and are asked for one's open findings by that.
CREATE INDEX finding_state_open_unit ON dv.finding_state (nullif(unit, ''), raised_at) WHERE state <> 'closed';
