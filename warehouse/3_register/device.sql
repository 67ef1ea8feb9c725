-- Grain: one row per device_id.
-- From: register.device_winner.   To: object_location, marts.
-- Rule: GB/T 28181-2016, annex D, for numbers of 20 digits; other systems number as they like.
select
    device_id, device_code, kind, name, manufacturer, model, maintainer, division, parent_code, body, indoors, use,
    direction, install_status, installed_on, state, address, lng, lat,
    case when length(device_code) >= 18 then regexp_full_match(device_code, '[0-9]{20}') end as code_is_sound,
    in_force, records, sources, first_seen, last_seen, known_from
from register.device_winner
