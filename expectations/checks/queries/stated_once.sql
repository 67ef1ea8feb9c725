-- Grain: one row per version of a record that has another version beside it.
-- From: all versions of an entity.   To: the check stated_once.
-- Rule: a window, because NULL equals NULL in it.
with crowded as (
    select hash({{within}}) as hashed
    from {{versions}}
    where op = 'upsert' and {{concerned}}
    group by hashed
    having count(*) > 1
),
counted as (
    select content_hash, count(*) over (partition by {{within}}) as told
    from {{versions}}
    where op = 'upsert' and {{concerned}} and hash({{within}}) in (select hashed from crowded)
)
select content_hash
from counted
where told > 1
