-- Grain: one row per thing of the register.
-- From: register.person, house, building, grid_cell, device, vehicle, organisation, facility, reviews.   To: publish.
-- Rule: One row per kind of thing in the register: how many there are and are in force, the source records they were
-- made from, how many rest on several sources or are provisional, and the cases that wait for a steward.
with told as (
    select 'person' as thing, records, sources, in_force, is_provisional from register.person
    union all
    select 'house' as thing, records, sources, in_force, false as is_provisional from register.house
    union all
    select 'building' as thing, records, sources, in_force, false as is_provisional from register.building
    union all
    select 'grid_cell' as thing, records, sources, in_force, false as is_provisional from register.grid_cell
    union all
    select 'device' as thing, records, sources, in_force, false as is_provisional from register.device
    union all
    select 'vehicle' as thing, records, sources, in_force, false as is_provisional from register.vehicle
    union all
    select 'organisation' as thing, records, sources, in_force, false as is_provisional from register.organisation
    union all
    select 'facility' as thing, records, sources, in_force, false as is_provisional from register.facility
),
waiting as (
    select 'person' as thing, count(distinct case_id) as review_cases from register.person_review
    union all
    select 'house' as thing, count(distinct case_id) as review_cases from register.house_review
)
select
    told.thing,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as things,
    count(*) filter (where told.in_force) as things_in_force,
    cast(sum(told.records) as bigint) as records,
    count(*) filter (where told.sources > 1) as things_of_several_sources,
    count(*) filter (where told.is_provisional) as things_provisional,
    coalesce(any_value(waiting.review_cases), 0) as review_cases
from told
left join waiting on waiting.thing = told.thing
left join prepared.coverage as coverage on coverage.subject = told.thing and coverage.span = 'night'
group by told.thing
