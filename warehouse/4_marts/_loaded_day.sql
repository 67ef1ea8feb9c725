-- Grain: one row per source, entity and day from 2017 to the night. A working table, never published.
-- From: ledger.load, reference.feed, reference.night, marts.dim_calendar.   To: _coverage.
-- Rule: a day is loaded when the windows of the entity's loads cover it, what was purged later included; of a complete
-- picture only the day it shows counts, and what the source gave in part counts for nothing.
with feeding as (
    select distinct source, entity from reference.feed  -- an entity that feeds several subjects is one all the same
),
span as (
    select source, entity, snapshot, window_end as ends,
        case when snapshot then greatest(window_begin, window_end - interval '1' day) else window_begin end as begins
    from ledger.load
    where not partial
),
followed as (
    select *,
        max(ends) over (
            partition by source, entity order by begins, ends rows between unbounded preceding and 1 preceding
        ) as loaded_before
    from span
),
numbered as (
    select *,
        sum(case when begins <= loaded_before then 0 else 1 end) over (
            partition by source, entity order by begins, ends rows unbounded preceding
        ) as island
    from followed
),
island as (
    select source, entity, min(begins) as begins, max(ends) as ends
    from numbered
    group by source, entity, island
),
picture as (
    select source, entity, bool_and(snapshot) as shows_all
    from ledger.load
    group by source, entity
),
day as (
    select calendar.day, calendar.month, calendar.quarter, calendar.year, cast(calendar.day as timestamp) as begins
    from marts.dim_calendar as calendar
    cross join reference.night as night
    where calendar.day <= night.as_of_day
)
select
    feeding.source, feeding.entity, day.day, day.month, day.quarter, day.year,
    coalesce(picture.shows_all, false) as shows_all,
    count(island.begins) > 0 as is_loaded
from feeding
cross join day
left join picture on picture.source = feeding.source and picture.entity = feeding.entity
left join island on island.source = feeding.source and island.entity = feeding.entity
    and island.begins <= day.begins and island.ends >= day.begins + interval '1' day
group by feeding.source, feeding.entity, day.day, day.month, day.quarter, day.year, picture.shows_all
