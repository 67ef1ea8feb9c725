-- Grain: one row: things made of more records than the limit, things in all.
-- From: members.   To: checked.py.
-- Rule: a cluster that grows without end is a key that stands for many things.
with counted as (
    select {{id}} as thing_id, count(*) as records
    from register.{{member}}
    group by {{id}}
)
select count(*) filter (where records > {{max}}), count(*)
from counted
