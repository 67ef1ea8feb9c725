-- Grain: one row.
-- From: shadow_before, shadow_after.   To: the churn report.
-- Rule: a person merged when records of two persons before are one after, split the other way round.
with both_runs as (
    select before.obs_key, before.person_id as old_id, after.person_id as new_id
    from shadow_before as before
    inner join shadow_after as after on before.obs_key = after.obs_key
)

, old as (select old_id, count(distinct new_id) as parts from both_runs group by 1)

, new as (select new_id, count(distinct old_id) as parts from both_runs group by 1)

select
    (select count(*) from old)
    , (select count(*) from new)
    , (select count(*) from old where old_id in (select new_id from new))
    , (select count(*) from old where old_id not in (select new_id from new))
    , (select count(*) from new where parts > 1)
    , (select count(*) from old where parts > 1)
    , (select count(*) from both_runs where old_id <> new_id)
