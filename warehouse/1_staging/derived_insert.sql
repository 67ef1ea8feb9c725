-- Grain: one row per closing (a record that a complete load no longer holds) and per return (a content seen again after
-- the record was closed or had another content).
-- From: ledger.picture, ledger.presence.   To: temp.derived.
-- Rule: from the presence of all loads at once, never from what was derived before: any order of loads ends alike.
insert into derived
with ends as (
    select
        dated as shown_at,
        bool_or(may_close and not floor_held) as effective,
        min(load_id) filter (where may_close and not floor_held) as load_id
    from ledger.picture
    where source = $source and entity = $entity
    group by dated
),
followed as (
    select
        shown_at,
        min(shown_at) filter (where effective) over (
            order by shown_at rows between 1 following and unbounded following
        ) as next_complete
    from ends
),
sightings as (
    select presence.source_record_id, presence.content_hash, picture.dated as shown_at,
        min(picture.load_id) as load_id
    from ledger.presence as presence
    join ledger.picture as picture on picture.load_id = presence.load_id
    where presence.source = $source and presence.entity = $entity
    group by presence.source_record_id, presence.content_hash, picture.dated
),
closings as (
    select seen.source_record_id, followed.next_complete as shown_at, min(seen.content_hash) as origin_hash
    from sightings as seen
    join followed on followed.shown_at = seen.shown_at
    where followed.next_complete is not null and not exists (
        select 1
        from sightings as again
        where again.source_record_id = seen.source_record_id and again.shown_at = followed.next_complete
    )
    group by seen.source_record_id, followed.next_complete
),
events as (
    select source_record_id, shown_at from sightings
    union
    select source_record_id, shown_at from closings
),
ordered as (
    select source_record_id, shown_at,
        lag(shown_at) over (partition by source_record_id order by shown_at) as previous_event
    from events
),
neighbours as (
    select sightings.*, ordered.previous_event,
        lag(sightings.shown_at) over (
            partition by sightings.source_record_id, sightings.content_hash order by sightings.shown_at
        ) as previous_sighting
    from sightings
    join ordered using (source_record_id, shown_at)
),
spells as (
    select *,
        sum(case when previous_sighting is null or previous_sighting < previous_event then 1 else 0 end) over (
            partition by source_record_id, content_hash order by shown_at
        ) as spell
    from neighbours
),
returns as (
    select source_record_id, content_hash as origin_hash, min(shown_at) as known_from, max(shown_at) as seen_at,
        arg_min(load_id, shown_at) as load_id
    from spells
    where spell > 1  -- the first spell is the version itself
    group by source_record_id, content_hash, spell
)
select md5(concat('returned;', origin_hash, ';', strftime(known_from, '%Y%m%dT%H%M%S'))), source_record_id, origin_hash,
    'upsert', known_from, seen_at, load_id
from returns
union all
select md5(concat('closed;', closings.source_record_id, ';', strftime(closings.shown_at, '%Y%m%dT%H%M%S'))),
    closings.source_record_id, closings.origin_hash, 'delete', closings.shown_at, closings.shown_at, ends.load_id
from closings
join ends on ends.shown_at = closings.shown_at
