-- Grain: one row per object_kind, kind and grid_code.
-- From: register.device, vehicle, facility, organisation, object_location, organisation_premises.   To: publish.
-- Rule: Objects in force on the night, by kind (device: camera, recorder, door or platform; vehicle; facility by its
-- class; organisation by its kind) and by the grid cell of where they stand now: that of their point or grid code, else
-- of the dwelling, else of the building.
with object as (
    select 'device' as object_kind, device_id as object_id, kind from register.device where in_force
    union all
    select 'vehicle' as object_kind, vehicle_id as object_id, kind from register.vehicle where in_force
    union all
    -- CJ/T 214: digits 7 and 8 of the number are the class of the facility.
    select 'facility' as object_kind, facility_id as object_id, substr(part_code, 7, 2) as kind
    from register.facility
    where in_force
    union all
    select 'organisation' as object_kind, organisation_id as object_id, kind from register.organisation where in_force
),
location as (
    select object_kind, object_id, house_id, building_id, grid_cell_id from register.object_location where is_current
    union all
    select 'organisation' as object_kind, organisation_id as object_id, house_id,
        cast(null as varchar) as building_id, cast(null as varchar) as grid_cell_id
    from register.organisation_premises
    where is_current
),
placed as (
    select
        object.object_kind,
        coalesce(object.kind, 'unknown') as kind,
        coalesce(cell.grid_code, house.grid_code, building.grid_code) as grid_code,
        coalesce(house.community_code, building.community_code, street.community_code) as community_code
    from object
    join marts.dim_community as street on not street.is_community
    left join location on location.object_kind = object.object_kind and location.object_id = object.object_id
    left join register.grid_cell as cell on cell.grid_cell_id = location.grid_cell_id
    left join prepared.house_place as house on house.house_id = location.house_id
    left join prepared.building_place as building on building.building_id = location.building_id
)
select
    placed.object_kind,
    placed.kind,
    coalesce(grid.grid_code, placed.community_code || '000') as grid_code,
    coalesce(grid.community_code, placed.community_code) as community_code,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as objects
from placed
left join marts.dim_grid as grid on grid.grid_code = placed.grid_code
left join prepared.coverage as coverage on coverage.subject = placed.object_kind and coverage.span = 'night'
group by placed.object_kind, placed.kind, coalesce(grid.grid_code, placed.community_code || '000'),
    coalesce(grid.community_code, placed.community_code)
