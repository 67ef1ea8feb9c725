-- Grain: one row per stay: person_id, house_id and stay (a person may come back).
-- From: temp.present_residence, register.person_member, house_member.   To: marts, the steward's pages.
-- Rule: what all records say of one stay is folded; a record after one that ended opens the next. The latest verified
-- open stay of a person is current; the others remain, for a person in several houses is a fact to show.
with said as (
    select
        person.person_id, house.house_id, residence.*,
        coalesce(residence.verified_at, residence.moment) as verified,
        residence.ended or residence.valid_to is not null as is_over
    from temp.present_residence as residence
    join register.person_member as person on person.obs_key = residence.person_key
    join register.house_member as house on house.obs_key = residence.obs_key
),
opened as (
    select *,
        not is_over and coalesce(lag(is_over) over said_in_order, false) as opens
    from said
    window said_in_order as (partition by person_id, house_id order by verified, obs_key)
),
stay as (
    select *, (sum(opens::int) over (
        partition by person_id, house_id order by verified, obs_key rows unbounded preceding
    ))::integer as stay
    from opened
),
folded as (
    select
        person_id,
        house_id,
        stay,
        arg_max(kind, {'t': trust, 'v': verified, 'k': obs_key}) as kind,
        arg_max(role, {'t': trust, 'v': verified, 'k': obs_key}) filter (where role is not null) as role,
        arg_max(tenure, {'t': trust, 'v': verified, 'k': obs_key}) filter (where tenure is not null) as tenure,
        arg_max(household_relation, {'t': trust, 'v': verified, 'k': obs_key})
            filter (where household_relation is not null) as household_relation,
        coalesce(min(valid_from) filter (where valid_from <= verified::date), min(verified)::date) as valid_from,
        arg_max(
            {'over': is_over, 'until': coalesce(valid_to, moment::date)}, {'v': verified, 'k': obs_key}
        ) as latest,
        max(planned_until) as planned_until,
        max(verified) as verified_at,
        count(*) as records,
        count(distinct source) as sources,
        min(first_known) as known_from
    from stay
    group by person_id, house_id, stay
)
select
    person_id, house_id, stay, kind, role, tenure, household_relation, valid_from,
    case when latest.over then greatest(latest.until, valid_from) end as valid_to,
    planned_until, verified_at, records, sources, known_from,
    not latest.over and row_number() over (
        partition by person_id order by latest.over, verified_at desc, house_id, stay
    ) = 1 as is_current
from folded
