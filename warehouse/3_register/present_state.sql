-- Grain: one row per thing and span.
-- From: its winner.   To: marts.
-- Rule: what has no state of its own is present from its first record until the last one that ended.
select
    {{id}}, 'present' as state, first_seen as valid_from,
    case when not in_force then last_seen end as valid_to,
    known_from
from {{winner}}
