-- Grain: one row per profile of a person with at least one open profile, with the person it truly speaks of.
-- From: r_evidence, r_obs, r_group, register.person_observation.   To: training.
-- Rule: training sees what the nightly run scores: profiles, not records.
create or replace table training as
with truth as (
    select obs.profile, any_value(observation.person) as person
    from r_obs as obs
    inner join register.person_observation as observation on obs.obs_key = observation.obs_key
    group by 1
)

, wanted as (
    select distinct truth.person
    from truth
    inner join r_evidence as e on truth.profile = e.profile
    inner join r_group as grouped on e.label = grouped.label and grouped.open
)

select e.node, truth.person, {{columns}}
from r_evidence as e
inner join truth on e.profile = truth.profile
inner join wanted on truth.person = wanted.person
order by e.first
