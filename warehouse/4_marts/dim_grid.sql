-- Grain: one row per grid cell ever known, and one per community for what is in no grid.
-- From: register.grid_cell, marts.dim_community.   To: analysts, every mart with a grid.
-- Rule: One row per grid cell the register has ever known, and one per community (its code and 000) for what is in no
-- cell.
with cell as (
    select
        cell.grid_code,
        cell.name as grid_name,
        coalesce(stated.community_code, prefix.community_code, street.community_code) as community_code,
        cell.in_force as is_in_force,
        true as is_grid
    from register.grid_cell as cell
    left join marts.dim_community as stated on stated.community_code = cell.community_code
    left join marts.dim_community as prefix on prefix.community_code = substr(cell.grid_code, 1, 12)
    join marts.dim_community as street on not street.is_community
    where cell.grid_code is not null
),
without as (
    select
        community.community_code || '000' as grid_code,
        '未分到网格' as grid_name,
        community.community_code,
        true as is_in_force,
        false as is_grid
    from marts.dim_community as community
),
dim_grid as (
    select grid_code, grid_name, community_code, is_in_force, is_grid from cell
    union all
    select grid_code, grid_name, community_code, is_in_force, is_grid from without
)
select grid_code, coalesce(grid_name, grid_code) as grid_name, community_code, is_in_force, is_grid
from dim_grid
