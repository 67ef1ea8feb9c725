-- Grain: one row per grid_code, age_band, sex and registration_kind.
-- From: register.person, person_house_link, prepared.house_place, marts.dim_grid.   To: residents_by_community, publish.
-- Rule: Residents (in force on the night with at least one stay that has not ended: no source has said that the person
-- left, the same source tells no next stay, and no later visit that lists all leaves the person out; a household
-- registration here is such a stay), each counted once by the grid cell of the dwelling lived in (else the community of
-- the registration, else the street), by age in full years on the night, sex and kind of registration; those of them
-- without a known dwelling stand beside, and so do, not counted among them, the unconfirmed: persons whose stay nobody
-- has confirmed for as long as its contract asks, where they lived last.
with resident as (
    select
        home.grid_code,
        coalesce(home.community_code, registered.community_code) as community_code,
        case when person.birth_date <= night.as_of_day and person.birth_date > night.as_of_day - interval '121' year
            then date_sub('year', person.birth_date, night.as_of_day) end as age,
        coalesce(person.sex, '9') as sex,
        coalesce(person.registration_kind, 'unknown') as registration_kind,
        person.presence,
        cast(stay.house_id is null as integer) as is_without_dwelling
    from register.person as person
    cross join reference.night as night
    left join register.person_house_link as stay on stay.person_id = person.person_id and stay.is_latest
    left join prepared.house_place as home on home.house_id = stay.house_id
    left join reference.community_alias as registered on registered.alias = person.community_code
    where person.presence in ('resident', 'unconfirmed')
),
placed as (
    select
        coalesce(grid.grid_code, coalesce(resident.community_code, street.community_code) || '000') as grid_code,
        coalesce(grid.community_code, resident.community_code, street.community_code) as community_code,
        case
            when age is null then 'unknown'
            when age < 6 then '00-05'
            when age < 15 then '06-14'
            when age < 18 then '15-17'
            when age < 35 then '18-34'
            when age < 60 then '35-59'
            when age < 65 then '60-64'
            when age < 80 then '65-79'
            else '80+'
        end as age_band,
        sex, registration_kind, presence, is_without_dwelling
    from resident
    left join marts.dim_grid as grid on grid.grid_code = resident.grid_code
    join marts.dim_community as street on not street.is_community
),
counted as (
    select
        grid_code, community_code, age_band, sex, registration_kind,
        count(*) as residents, sum(is_without_dwelling) as residents_without_dwelling, 0 as unconfirmed
    from placed
    where presence = 'resident'
    group by grid_code, community_code, age_band, sex, registration_kind
    union all
    select
        grid_code, community_code, age_band, sex, registration_kind,
        0 as residents, 0 as residents_without_dwelling, count(*) as unconfirmed
    from placed
    where presence = 'unconfirmed'
    group by grid_code, community_code, age_band, sex, registration_kind
)
select
    grid_code, community_code, age_band, sex, registration_kind,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    cast(sum(residents) as bigint) as residents,
    cast(sum(residents_without_dwelling) as bigint) as residents_without_dwelling,
    cast(sum(unconfirmed) as bigint) as unconfirmed
from counted
left join prepared.coverage as coverage on coverage.subject = 'resident' and coverage.span = 'night'
group by grid_code, community_code, age_band, sex, registration_kind
