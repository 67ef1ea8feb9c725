-- Grain: one row per grid_code, use and is_let.
-- From: register.house, person_house_link, prepared.house_place, marts.dim_community.   To: publish.
-- Rule: Dwellings in force, by grid cell, use and whether let: occupied is one in which at least one resident lives
-- now, found empty one in which nobody does and which the last visit found empty; area and rooms sum what is on record;
-- persons last known in the dwelling whose stay is unconfirmed do not live there and stand beside.
with living as (
    select
        stay.house_id,
        count(*) filter (where stay.is_current) as residents,
        count(*) filter (where not stay.is_current) as unconfirmed
    from register.person_house_link as stay
    join register.person as person on person.person_id = stay.person_id
    where stay.is_latest and person.presence in ('resident', 'unconfirmed')
    group by stay.house_id
),
dwelling as (
    select
        coalesce(place.grid_code, coalesce(place.community_code, street.community_code) || '000') as grid_code,
        coalesce(place.community_code, street.community_code) as community_code,
        coalesce(house.use, 'unknown') as use,
        case house.is_let when '1' then 'yes' when '0' then 'no' else 'unknown' end as is_let,
        coalesce(living.residents, 0) as residents,
        coalesce(living.unconfirmed, 0) as unconfirmed,
        cast(coalesce(living.residents, 0) > 0 as integer) as is_occupied,
        cast(coalesce(living.residents, 0) = 0 and coalesce(house.state = '3', false) as integer) as is_found_empty,
        coalesce(house.rooms, 0) as rooms,
        coalesce(house.area_m2, 0) as area_m2,
        cast(house.area_m2 is not null as integer) as has_area
    from register.house as house
    join marts.dim_community as street on not street.is_community
    left join prepared.house_place as place on place.house_id = house.house_id
    left join living on living.house_id = house.house_id
    where house.in_force
)
select
    grid_code, community_code, use, is_let,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as houses,
    cast(sum(is_occupied) as bigint) as houses_occupied,
    cast(sum(is_found_empty) as bigint) as houses_found_empty,
    cast(sum(residents) as bigint) as residents,
    cast(sum(unconfirmed) as bigint) as unconfirmed,
    cast(sum(rooms) as bigint) as rooms,
    cast(sum(area_m2) as decimal(18, 2)) as area_m2,
    cast(sum(has_area) as bigint) as houses_with_area
from dwelling
left join prepared.coverage as coverage on coverage.subject = 'dwelling' and coverage.span = 'night'
group by grid_code, community_code, use, is_let
