-- Grain: one row per house_id and way of knowing its grid cell.
-- From: register.house, grid_cell, point_grid.   To: marts.
-- Rule: the code that a source states, and the cell its point lies in; where they differ both stay, the code is current.
with stated as (
    select house.house_id, cell.grid_cell_id, 'stated' as known_by, house.known_from
    from register.house as house
    join register.grid_cell as cell on cell.grid_code = house.grid_code
),
located as (
    select house.house_id, point.grid_cell_id, 'point' as known_by, house.known_from
    from register.house as house
    join register.point_grid as point on point.lng = house.lng and point.lat = house.lat
),
house_grid as (
    select * from stated
    union all
    select * from located
)
select
    house_id, grid_cell_id, known_by, known_from,
    row_number() over (partition by house_id order by known_by desc) = 1 as is_current
from house_grid
