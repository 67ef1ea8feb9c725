-- Grain: one row per grid_cell_id.
-- From: register.grid_cell_winner.   To: house_grid, object_location, marts.
-- Rule: GB/T 2260 and the office's numbering: 6 division, 3 street, 3 community, 3 grid.
select
    grid_cell_id, grid_code, name, community_code, polygon, lng, lat,
    regexp_full_match(grid_code, '[0-9]{15}') as code_is_sound,
    in_force, records, sources, first_seen, last_seen, known_from
from register.grid_cell_winner
