-- Grain: one row per present record of an object that has a key of its own.
-- From: the present claims of one entity.   To: register.<object>_member.
-- Rule: the key is the object: device number, plate and kind, facility number, grid code.
select obs_key, register_id({{letter}}, {{key}}) as {{id}}
from {{present}}
where {{key}} is not null
