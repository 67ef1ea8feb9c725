-- Grain: one row per key and value that fewer records have than another value of that key, or as few as another one.
-- From: the newest versions of an entity.   To: the check one_value_per.
-- Rule: a majority is right; where there is none, nobody is.
with counted as (
    select {{key}}, {{column}}, count(*) as records
    from {{newest}}
    where {{concerned}} and {{given}}
    group by all
),
ranked as (
    select *, max(records) over (partition by {{key}}) as most, count(*) over (partition by {{key}}) as variants
    from counted
),
decided as (
    select *, count(*) filter (where records = most) over (partition by {{key}}) as firsts
    from ranked
)
select {{key}}, {{column}}
from decided
where variants > 1 and (records < most or firsts > 1)
