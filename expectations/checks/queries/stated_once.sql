-- Grain: one row per version of a record that has another version beside it.
-- From: all versions of an entity.   To: the check stated_once.
-- Rule: a window, because NULL equals NULL in it.
with counted as (
    select content_hash, count(*) over (partition by {{within}}) as told
    from {{versions}}
    where op = 'upsert' and {{concerned}}
)
select content_hash
from counted
where told > 1
