-- Grain: one row per community_code and tenure.
-- From: register.person_house_link, register.person, prepared.house_place, marts.dim_community.   To: publish.
-- Rule: current stays of persons in force, by how the dwelling is held; dwellings of several tenures count in each.
with stay as (
    select
        coalesce(place.community_code, street.community_code) as community_code,
        coalesce(link.tenure, 'unknown') as tenure,
        link.house_id
    from register.person_house_link as link
    join register.person as person on person.person_id = link.person_id
    join marts.dim_community as street on not street.is_community
    left join prepared.house_place as place on place.house_id = link.house_id
    where link.is_current and person.in_force
)
select
    community_code, tenure,
    count(*) as residents,
    count(distinct house_id) as houses
from stay
group by community_code, tenure
