-- Grain: one row per id that was given out before and no longer means the same thing.
-- From: the members before and after a build.   To: register.change.
-- Rule: told by the records that stood under the id; an id whose records are all gone has ended.
with moved as (
    select before.{{id}} as old_id, after.{{id}} as new_id, count(*) as records
    from {{before}} as before
    left join {{after}} as after on after.obs_key = before.obs_key
    group by all
),
counted as (
    select
        *,
        count(new_id) over (partition by old_id) as parts,
        count(*) over (partition by new_id) as origins,
        sum(records) over (partition by old_id) as old_records
    from moved
)
select
    old_id,
    new_id,
    case
        when new_id is null then 'ended' when parts > 1 then 'split' when origins > 1 then 'merged'
        else 'renamed' end as reason
from counted
where old_id is distinct from new_id and (new_id is not null or parts = 0)
