-- Grain: one row per group, with the person it belongs to.
-- From: r_group, r_cluster, r_component.   To: r_person.
-- Rule: the id comes from the anchor: the earliest observation, of those with a number if there are any.
create or replace temp table r_person as
with placed as (
    select
        grouped.label
        , coalesce(cluster.cluster, grouped.label) as cluster
        , coalesce(component.component, grouped.label) as component
        , grouped.first
        , (case when grouped.eid is null then '1 ' else '0 ' end) || grouped.first as anchor
        , not grouped.open as settled
    from r_group as grouped
    left join r_cluster as cluster on grouped.label = cluster.label
    left join r_component as component on grouped.label = component.label
)

, whole as (
    select cluster, min(anchor) as anchor, min(first) as first, bool_or(settled) as settled
    from placed
    group by cluster
)

, component as (
    select component, hash(min(first)) as component_key
    from placed
    group by component
)

select
    placed.label
    , placed.cluster
    , 'P' || substr(sha256($salt || '|' || string_split(whole.anchor, ' ')[-1]), 1, 20) as person_id
    , whole.first as first
    , whole.settled
    , component.component_key as component
from placed
inner join whole on placed.cluster = whole.cluster
inner join component on placed.component = component.component
