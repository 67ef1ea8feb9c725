-- Grain: one row per building_id, community_code and hazard.
-- From: register.house, prepared.house_place, prepared.building_place, marts.dim_community.   To: publish.
-- Rule: let dwellings and rooms in force, by the hazard that was found; the address stays in the register. The code of a
-- community followed by 000 stands for `no known building`.
with let as (
    select
        house.building_id,
        case when house.building_id is null then coalesce(place.community_code, street.community_code)
            else coalesce(building.community_code, street.community_code) end as community_code,
        coalesce(house.hazard, 'unknown') as hazard,
        coalesce(house.rooms, 0) as rooms
    from register.house as house
    join marts.dim_community as street on not street.is_community
    left join prepared.house_place as place on place.house_id = house.house_id
    left join prepared.building_place as building on building.building_id = house.building_id
    where house.in_force and house.is_let = '1'
)
select
    coalesce(building_id, community_code || '000') as building_id, community_code, hazard,
    count(*) as let_houses,
    cast(sum(rooms) as bigint) as rooms
from let
group by coalesce(building_id, community_code || '000'), community_code, hazard
