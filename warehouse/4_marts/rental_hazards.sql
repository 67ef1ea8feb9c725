-- Grain: one row per building_id, community_code and hazard.
-- From: register.house, prepared.house_place, prepared.building_place, marts.dim_community.   To: publish.
-- Rule: Dwellings in force on the night that are marked as let, by building of the register (the community's code and
-- 000 where none is known) and kind of hazard; rooms sum what is on record and are empty where none is.
with let as (
    select
        house.building_id,
        case when house.building_id is null then coalesce(place.community_code, street.community_code)
            else coalesce(building.community_code, street.community_code) end as community_code,
        coalesce(house.hazard, 'unknown') as hazard,
        house.rooms
    from register.house as house
    join marts.dim_community as street on not street.is_community
    left join prepared.house_place as place on place.house_id = house.house_id
    left join prepared.building_place as building on building.building_id = house.building_id
    where house.in_force and house.is_let = '1'
)
select
    coalesce(building_id, community_code || '000') as building_id, community_code, hazard,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as let_houses,
    count(rooms) as houses_with_rooms,
    cast(sum(rooms) as bigint) as rooms
from let
left join prepared.coverage as coverage on coverage.subject = 'house' and coverage.span = 'night'
group by coalesce(building_id, community_code || '000'), community_code, hazard
