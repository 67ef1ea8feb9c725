-- Grain: one row per building_id of the register. A working table, never published.
-- From: register.building, register.house, register.point_grid, prepared.house_place.   To: objects_by_place, device_online.
-- Rule: the grid that most of its dwellings lie in, else the one its own point lies in, else the community it names.
with counted as (
    select house.building_id, place.grid_code, place.community_code, count(*) as houses
    from register.house as house
    join prepared.house_place as place on place.house_id = house.house_id
    where house.building_id is not null and place.grid_code is not null
    group by house.building_id, place.grid_code, place.community_code
),
ranked as (
    select building_id, grid_code, community_code,
        row_number() over (partition by building_id order by houses desc, grid_code) as place
    from counted
),
located as (
    select building.building_id, grid.grid_code, grid.community_code
    from register.building as building
    join register.point_grid as point on point.lng = building.lng and point.lat = building.lat
    join register.grid_cell as cell on cell.grid_cell_id = point.grid_cell_id
    join marts.dim_grid as grid on grid.grid_code = cell.grid_code
)
select
    building.building_id,
    coalesce(ranked.grid_code, located.grid_code) as grid_code,
    coalesce(ranked.community_code, located.community_code, stated.community_code) as community_code
from register.building as building
-- Of the grids its dwellings lie in, the one with most of them: the others are what place takes out.
left join ranked on ranked.building_id = building.building_id and ranked.place = 1
left join located on located.building_id = building.building_id
left join reference.community_alias as stated on stated.alias = building.community_code
