-- Grain: one row: ids of the last build that mean something else now, ids of the last build.
-- From: temp.churn.   To: checked.py.
-- Rule: an id that ended because its records were withdrawn is no churn.
select
    coalesce(sum(changed) filter (where thing = {{thing}}), 0)::bigint,
    coalesce(sum(ids) filter (where thing = {{thing}}), 0)::bigint
from temp.churn
