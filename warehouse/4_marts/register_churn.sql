-- Grain: one row per known_on, thing and reason.
-- From: register.change.   To: publish.
-- Rule: ids that were given out and have become another, by why; counts only, an id resolves in the register.
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
