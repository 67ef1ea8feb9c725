-- Grain: one row per present record of an object.
-- From: its members and present claims.   To: object_location.
-- Rule: only where the record says something of a place.
select
    {{kind}} as object_kind, member.{{id}} as object_id, present.obs_key, present.first_at, present.moment,
    present.first_known, present.ended, {{grid_code}} as grid_code, {{lng}} as lng, {{lat}} as lat
from {{member}} as member
join {{present}} as present on present.obs_key = member.obs_key and present.source <> 'correction'
