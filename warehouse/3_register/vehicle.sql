-- Grain: one row per vehicle_id.
-- From: register.vehicle_winner.   To: object_location, marts.
-- Rule: the plate is a token; its mask shows province, office, length and the last two characters (GA 36-2018).
select
    vehicle_id, plate_mask, kind,
    regexp_full_match(plate_mask, '[一-龥][A-HJ-NP-Z]·\*{3,4}[0-9A-HJ-NP-Z][0-9A-HJ-NP-Z港澳学警领挂]') as plate_is_sound,
    in_force, records, sources, first_seen, last_seen, known_from
from register.vehicle_winner
