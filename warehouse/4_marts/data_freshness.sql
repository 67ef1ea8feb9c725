-- Grain: one row per source and entity.
-- From: ledger.load, quality.run, quality.entity, quality.result, reference.night.   To: publish.
-- Rule: One row per source and kind of record: the loads up to the night, how far they reach, and the newest change the
-- last check saw with its age on the night; what was purged later still counts as landed.
with loaded as (
    select source, entity, count(*) as loads, cast(max(window_end) as date) as loaded_until,
        cast(sum(landed + coalesce(dropped['purged'], 0)) as bigint) as records_landed
    from ledger.load
    cross join reference.night as night
    where window_end <= cast(night.as_of_day as timestamp) + interval '1' day
    group by source, entity
),
judged as (
    select run.source, max(run.night) as night
    from quality.run as run
    cross join reference.night as night
    where run.night <= night.as_of_day
    group by run.source
),
newest as (
    select entity.source, entity.entity, entity.night, entity.newest_change, entity.title_zh, entity.title_en
    from quality.entity as entity
    join judged on judged.source = entity.source and judged.night = entity.night
),
allowed as (
    select result.source, result.entity, result.total as days_allowed, result.outcome
    from quality.result as result
    join judged on judged.source = result.source and judged.night = result.night
    where result.rule = 'changes_are_recent'
)
select
    loaded.source, loaded.entity,
    newest.title_zh as entity_zh,
    newest.title_en as entity_en,
    loaded.loaded_until,
    cast(date_diff('day', loaded.loaded_until, night.as_of_day) + 1 as bigint) as days_not_loaded,
    cast(newest.newest_change as date) as newest_change,
    cast(date_diff('day', cast(newest.newest_change as date), night.as_of_day) as bigint) as days_old,
    allowed.days_allowed,
    allowed.outcome as freshness,
    newest.night as judged_night,
    loaded.loads, loaded.records_landed
from loaded
cross join reference.night as night
left join newest on newest.source = loaded.source and newest.entity = loaded.entity
left join allowed on allowed.source = loaded.source and allowed.entity = loaded.entity
