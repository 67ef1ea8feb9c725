-- Grain: one row per building_id.
-- From: register.building_winner.   To: house, object_location, marts.
-- Rule: a building known by its GUID alone stays, without a code.
select
    building_id, building_code, building_ref, name, address, storeys, units, rooms, community_code, grid_code, lng, lat,
    in_force, records, sources, first_seen, last_seen, known_from
from register.building_winner
