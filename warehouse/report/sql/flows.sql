-- Grain: one row per source and entity; $since = $night gives the night, an early $since all there ever was.
-- From: ledger.load.   To: Flow (model.py).
-- Rule: the maps of dropped and rejected rows are summed by name, so that each reason stays visible. A closing or return
-- of a snapshot is a version to judge that no row of the source brought.
with loads as (
    select *
    from ledger.load
    where cast(window_begin as date) between cast($since as date) and cast($night as date)
),
reasons as (
    select source, entity, 'dropped' as kind, unnest(map_keys(dropped)) as name, unnest(map_values(dropped)) as "rows"
    from loads
    union all
    select source, entity, 'rejected' as kind, unnest(map_keys(rejected)), unnest(map_values(rejected))
    from loads
),
named as (
    select source, entity, kind, name, sum("rows")::bigint as "rows"
    from reasons
    group by source, entity, kind, name
),
folded as (
    select source, entity,
        list({'name': name, 'rows': "rows"} order by name) filter (where kind = 'dropped') as dropped,
        list({'name': name, 'rows': "rows"} order by name) filter (where kind = 'rejected') as rejected
    from named
    group by source, entity
),
figures as (
    select source, entity, sum(source_total)::bigint as source_total, sum(landed)::bigint as landed,
        sum("new")::bigint as "new", sum(known)::bigint as known,
        sum("new" + coalesce(closed, 0) + coalesce("returned", 0))::bigint as versions,
        count(*) filter (where partial) as partial, count(*) as loads
    from loads
    group by source, entity
)
select figures.source, figures.entity, source_total, landed, dropped, rejected, "new", known, versions, partial,
    loads
from figures
left join folded on folded.source = figures.source and folded.entity = figures.entity
order by figures.source, figures.entity
