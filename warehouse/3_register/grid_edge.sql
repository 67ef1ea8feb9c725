-- Grain: one row per side of a grid cell's border.
-- From: register.grid_cell.   To: point_grid.
-- Rule: the outer ring of a WKT polygon in degrees of CGCS2000; a border that cannot be read has no sides.
with ring as (
    select
        grid_cell_id,
        list_transform(
            string_split(regexp_extract(polygon, '\(\(([^()]*)\)', 1), ','),
            lambda point: list_transform(string_split(trim(point), ' '), lambda number: try_cast(number as double))
        ) as points
    from register.grid_cell
    where regexp_extract(polygon, '\(\(([^()]*)\)', 1) <> ''
),
side as (
    select grid_cell_id, points, unnest(range(1, len(points))) as place
    from ring
)
select
    grid_cell_id,
    points[place][1] as x1, points[place][2] as y1,
    points[place + 1][1] as x2, points[place + 1][2] as y2
from side
