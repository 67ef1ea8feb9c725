-- Grain: one row per stay: person_id, place and stay (a person may come back).
-- From: temp.residence_told, residence_stay, register_night.   To: person_house_link, person_presence.
-- Rule: stays of one person in one room that overlap are one; what is told of it is folded by trust. A stay is open,
-- ended, or unconfirmed when nobody has confirmed it for as long as the contracts ask. One stay of a person tells where
-- the person is (is_latest): open before unconfirmed before ended, then the latest begin, then what most sources say; if
-- that one is open it is current. The others remain, for a person in several houses is a fact to show.
with ordered as (
    select
        *,
        max(coalesce(ends, date '9999-12-31')) over (
            partition by person_id, place order by begins rows between unbounded preceding and 1 preceding
        ) as ends_before
    from temp.residence_stay
),
numbered as (
    select
        *,
        (sum((ends_before is null or ends_before <= begins)::integer) over (
            partition by person_id, place order by begins rows unbounded preceding
        ))::integer as stay
    from ordered
),
folded as (
    select
        person_id, place, stay,
        any_value(house_id) as house_id,
        min(begins) as valid_from,
        -- Of overlapping ones the one last heard of says whether it is over.
        arg_max({'ends': ends, 'by': ended_by}, {'at': said_at, 'open': ends is null, 'begins': begins}) as latest,
        case when bool_or(confirmed_until is null and ends is null) then null else max(confirmed_until) end
            as confirmed_until
    from numbered
    group by person_id, place, stay
),
described as (
    select
        numbered.person_id, numbered.place, numbered.stay,
        arg_max(told.kind, {'t': told.trust, 'v': told.said_at, 'k': told.obs_key}) as kind,
        arg_max(told.role, {'t': told.trust, 'v': told.said_at, 'k': told.obs_key})
            filter (where told.role is not null) as role,
        arg_max(told.tenure, {'t': told.trust, 'v': told.said_at, 'k': told.obs_key})
            filter (where told.tenure is not null) as tenure,
        arg_max(told.household_relation, {'t': told.trust, 'v': told.said_at, 'k': told.obs_key})
            filter (where told.household_relation is not null) as household_relation,
        max(told.planned_until) as planned_until,
        max(told.said_at) as verified_at,
        count(*) as records,
        count(distinct told.source) as sources,
        min(told.first_known) as known_from
    from numbered
    join temp.residence_told as told
        on told.person_id = numbered.person_id and told.place = numbered.place and told.begins = numbered.begins
    group by numbered.person_id, numbered.place, numbered.stay
),
stated as (
    select
        folded.* exclude (latest), described.* exclude (person_id, place, stay),
        case when folded.latest.ends is not null then greatest(folded.latest.ends, folded.valid_from) end as valid_to,
        folded.latest.by as ended_by,
        case
            when folded.latest.ends is not null then 'ended'
            when folded.confirmed_until < night.as_of_day then 'unconfirmed'
            else 'open'
        end as state
    from folded
    join described using (person_id, place, stay)
    cross join temp.register_night as night
)
select
    person_id, place, house_id, stay, kind, role, tenure, household_relation, valid_from, valid_to, ended_by, state,
    case when valid_to is null then confirmed_until end as confirmed_until,
    planned_until, verified_at, records, sources, known_from,
    row_number() over placed = 1 as is_latest,
    state = 'open' and row_number() over placed = 1 as is_current
from stated
window placed as (
    partition by person_id
    order by state = 'ended', state = 'unconfirmed', valid_from desc, sources desc, records desc, verified_at desc,
        house_id, stay, place
)
