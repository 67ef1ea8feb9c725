-- Grain: one row per closing (a record that a complete load no longer holds) and per return (a content seen again after
-- the record was closed or had another content).
-- From: ledger.load, ledger.presence.   To: temp.derived.
-- Rule: from the presence of all loads at once, never from what was derived before: any order of loads ends alike.
insert into derived
with ends as (
    select
        window_end,
        bool_or(snapshot and not partial and not floor_held) as effective,
        min(load_id) filter (where snapshot and not partial and not floor_held) as load_id
    from ledger.load
    where source = $source and entity = $entity
    group by window_end
),
followed as (
    select
        window_end,
        min(window_end) filter (where effective) over (
            order by window_end rows between 1 following and unbounded following
        ) as next_complete
    from ends
),
sightings as (
    select presence.source_record_id, presence.content_hash, load.window_end, min(load.load_id) as load_id
    from ledger.presence as presence
    join ledger.load as load on load.load_id = presence.load_id
    where presence.source = $source and presence.entity = $entity
    group by presence.source_record_id, presence.content_hash, load.window_end
),
closings as (
    select seen.source_record_id, followed.next_complete as window_end, min(seen.content_hash) as origin_hash
    from sightings as seen
    join followed on followed.window_end = seen.window_end
    where followed.next_complete is not null and not exists (
        select 1
        from sightings as again
        where again.source_record_id = seen.source_record_id and again.window_end = followed.next_complete
    )
    group by seen.source_record_id, followed.next_complete
),
events as (
    select source_record_id, window_end from sightings
    union
    select source_record_id, window_end from closings
),
ordered as (
    select source_record_id, window_end,
        lag(window_end) over (partition by source_record_id order by window_end) as previous_event
    from events
),
neighbours as (
    select sightings.*, ordered.previous_event,
        lag(sightings.window_end) over (
            partition by sightings.source_record_id, sightings.content_hash order by sightings.window_end
        ) as previous_sighting
    from sightings
    join ordered using (source_record_id, window_end)
),
spells as (
    select *,
        sum(case when previous_sighting is null or previous_sighting < previous_event then 1 else 0 end) over (
            partition by source_record_id, content_hash order by window_end
        ) as spell
    from neighbours
),
returns as (
    select source_record_id, content_hash as origin_hash, min(window_end) as known_from, max(window_end) as seen_at,
        arg_min(load_id, window_end) as load_id
    from spells
    where spell > 1  -- the first spell is the version itself
    group by source_record_id, content_hash, spell
)
select md5(concat('returned;', origin_hash, ';', strftime(known_from, '%Y%m%dT%H%M%S'))), source_record_id, origin_hash,
    'upsert', known_from, seen_at, load_id
from returns
union all
select md5(concat('closed;', closings.source_record_id, ';', strftime(closings.window_end, '%Y%m%dT%H%M%S'))),
    closings.source_record_id, closings.origin_hash, 'delete', closings.window_end, closings.window_end, ends.load_id
from closings
join ends on ends.window_end = closings.window_end
