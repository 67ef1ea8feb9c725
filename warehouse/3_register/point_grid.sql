-- Grain: one row per distinct point that lies in a grid cell.
-- From: the points of houses, buildings, devices and facilities, register.grid_edge.   To: house_grid, object_location.
-- Rule: a ray to the east crosses the border an odd number of times; a point on a shared border counts for the cell with
-- the smallest id, so that it has one.
with point as (
    select lng, lat from register.house where lng is not null and lat is not null
    union
    select lng, lat from register.building where lng is not null and lat is not null
    union
    select lng, lat from register.device where lng is not null and lat is not null
    union
    select lng, lat from register.facility where lng is not null and lat is not null
),
inside as (
    select point.lng, point.lat, edge.grid_cell_id
    from point
    join register.grid_edge as edge
        on (edge.y1 > point.lat::double) <> (edge.y2 > point.lat::double)
        and point.lng::double
            < (edge.x2 - edge.x1) * (point.lat::double - edge.y1) / (edge.y2 - edge.y1) + edge.x1
    group by point.lng, point.lat, edge.grid_cell_id
    having count(*) % 2 = 1
)
select lng, lat, min(grid_cell_id) as grid_cell_id
from inside
group by lng, lat
