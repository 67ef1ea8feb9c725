-- Grain: one row per known_on, thing and reason.
-- From: register.change.   To: publish.
-- Rule: Ids of the register that were given out and have since become another, by the day that was known, thing and
-- reason.
select
    cast(known_at as date) as known_on,
    thing,
    reason,
    any_value(reason_zh) as reason_zh,
    any_value(reason_en) as reason_en,
    count(*) as ids
from register.change
where known_at is not null
group by cast(known_at as date), thing, reason
