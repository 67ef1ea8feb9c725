-- Grain: one row per house_id of the register. A working table, never published.
-- From: register.house, house_grid, grid_cell, marts.dim_grid, reference.community_alias.   To: residents_*, house_*.
-- Rule: the grid cell that is current, else the community the records name; what stays unknown is null.
with placed as (
    select
        house.house_id,
        grid.grid_code,
        coalesce(grid.community_code, stated.community_code) as community_code
    from register.house as house
    left join register.house_grid as link on link.house_id = house.house_id and link.is_current
    left join register.grid_cell as cell on cell.grid_cell_id = link.grid_cell_id
    left join marts.dim_grid as grid on grid.grid_code = cell.grid_code
    left join reference.community_alias as stated on stated.alias = house.community_code
)
select house_id, grid_code, community_code from placed
