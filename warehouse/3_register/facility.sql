-- Grain: one row per facility_id.
-- From: register.facility_winner.   To: object_location, marts.
-- Rule: GB/T 30428.2-2013: 16 digits, 6 division, 2 class (01 to 06, 21), 2 kind, 6 serial.
select
    facility_id, part_code, name, authority, owner, maintainer, state, grid_code, lng, lat,
    regexp_full_match(part_code, '[0-9]{6}(0[1-6]|21)[0-9]{8}') as code_is_sound,
    in_force, records, sources, first_seen, last_seen, known_from
from register.facility_winner
