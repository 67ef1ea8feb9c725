-- Grain: one row per record of a residence whose person is in the register, deleted ones included.
-- From: temp.present_residence, residence_deleted, register.person_member, house_member.   To: residence_stay, person_house_link.
-- Rule: said_at is the day's hour at which it was seen, not the one at which it arrived. It is over when the source says
-- so, or names a day of leaving that has come; a day before the begin is no day, and the day it was said on stands in.
-- Without a begin that can be, a record speaks of the stay that the record before it speaks of. A dwelling that nobody
-- can place is a place of its own.
with said as (
    select
        person.person_id, house.house_id,
        coalesce(house.house_id, 'record|' || residence.obs_key) as place,
        residence.source, residence.obs_key, residence.trust, residence.kind, residence.role, residence.tenure,
        residence.household_relation, residence.planned_until, residence.valid_from, residence.valid_to,
        residence.ended, residence.is_void, residence.confirmed_for, residence.first_known,
        case when residence.verified_at between timestamp '1990-01-01' and register_seen(residence.moment)
            then residence.verified_at else residence.moment end as said_at
    from temp.present_residence as residence
    join register.person_member as person on person.obs_key = residence.person_key
    left join register.house_member as house on house.obs_key = residence.obs_key
    union all
    select
        person_id, null as house_id, 'record|' || obs_key as place, source, obs_key, trust, kind, role, tenure,
        household_relation, planned_until, valid_from, valid_to, true as ended, is_void, confirmed_for, first_known,
        deleted_at as said_at
    from temp.residence_deleted
),
dated as (
    select
        *,
        case when valid_from <= said_at::date then valid_from end as told_begin,
        ended or is_void or coalesce(valid_to <= said_at::date, false) as is_over
    from said
),
begun as (
    select
        *,
        coalesce(
            told_begin,
            last_value(told_begin ignore nulls) over earlier,
            first_value(told_begin ignore nulls) over later,
            min(said_at::date) over place
        ) as begins
    from dated
    window
        place as (partition by person_id, place),
        earlier as (partition by person_id, place order by said_at, obs_key rows unbounded preceding),
        later as (
            partition by person_id, place order by said_at, obs_key rows between current row and unbounded following
        )
)
select
    person_id, house_id, place, source, obs_key, trust, kind, role, tenure, household_relation, planned_until, said_at,
    begins, is_over, is_void,
    case when is_over then case when valid_to between begins and said_at::date then valid_to else said_at::date end end
        as ends,
    confirmed_for, first_known
from begun
