-- Grain: one row per object (kind and id) and place.
-- From: the members and present claims of devices, vehicles and facilities, house_member, building_member, point_grid.
-- To: marts.
-- Rule: the house and building that the object's own record names, and the grid cell it states or its point lies in; the
-- latest record in force is current, the others are where it stood.
with seen as (
    {{seen}}
),
placed as (
    select
        seen.object_kind,
        seen.object_id,
        house.house_id,
        coalesce(building.building_id, dwelling.building_id) as building_id,
        coalesce(stated.grid_cell_id, point.grid_cell_id) as grid_cell_id,
        min(seen.first_at) as valid_from,
        max(seen.moment) as last_seen,
        min(seen.first_known) as known_from,
        bool_or(not seen.ended) as in_force
    from seen
    left join register.house_member as house on house.obs_key = seen.obs_key
    left join register.house as dwelling on dwelling.house_id = house.house_id
    left join register.building_member as building on building.obs_key = seen.obs_key
    left join register.grid_cell as stated on stated.grid_code = seen.grid_code
    left join register.point_grid as point on point.lng = seen.lng and point.lat = seen.lat
    group by all
)
select
    *,
    in_force and row_number() over (
        partition by object_kind, object_id
        order by in_force desc, last_seen desc, house_id, building_id, grid_cell_id
    ) = 1 as is_current
from placed
where coalesce(house_id, building_id, grid_cell_id) is not null
