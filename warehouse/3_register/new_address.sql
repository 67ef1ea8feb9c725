-- Grain: one row per address text that was not parsed before.
-- From: the present claims with an address, register.address.   To: the address parser.
-- Rule: distinct texts only; a text is parsed once for all records that bear it.
select distinct raw
from (
    select address as raw from temp.present_house
    union all
    select address from temp.present_building
    union all
    select address from temp.present_device
    union all
    select address from temp.present_organisation
)
where raw is not null and raw not in (select raw from register.address)
