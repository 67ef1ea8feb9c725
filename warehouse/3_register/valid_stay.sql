-- Grain: one row per stay that had begun by one day and had not ended on it.
-- From: register.person_house_link.   To: whoever asks for a past.
-- Rule: a stay that ended later was open on the day; one that nobody had confirmed for as long as the contracts ask was
-- unconfirmed. Of the open stays of a person the one that began last is current, as in the register of a night.
create or replace view valid.person_house_link as
with held as (
    select
        * exclude (state, is_latest, is_current),
        case when valid_to is null and confirmed_until < {{day}} then 'unconfirmed' else 'open' end as state
    from register.person_house_link
    where valid_from <= {{day}} and (valid_to is null or valid_to > {{day}})
)
select
    *,
    row_number() over placed = 1 as is_latest,
    state = 'open' and row_number() over placed = 1 as is_current
from held
window placed as (
    partition by person_id
    order by state = 'unconfirmed', valid_from desc, sources desc, records desc, verified_at desc, house_id, stay
)
