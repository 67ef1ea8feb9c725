-- Grain: one row: things with more than one current row, things in all.
-- From: a link.   To: checked.py.
-- Rule: the latest verified is current, the rest remain.
with counted as (
    select {{id}} as thing_id, count(*) filter (where is_current) as current
    from register.{{table}}
    group by {{id}}
)
select count(*) filter (where current > 1), count(*)
from counted
