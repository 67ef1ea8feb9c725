-- Grain: one row per community_code and tenure.
-- From: register.person_house_link, register.person, prepared.house_place, marts.dim_community.   To: publish.
-- Rule: Residents with a current residence, by the community of the dwelling and how it is held; a dwelling held in
-- several ways is counted in each; persons whose stay is unconfirmed stand beside, by the stay they were last known in.
with stay as (
    select
        coalesce(place.community_code, street.community_code) as community_code,
        coalesce(link.tenure, 'unknown') as tenure,
        link.house_id, link.is_current
    from register.person_house_link as link
    join register.person as person on person.person_id = link.person_id
    join marts.dim_community as street on not street.is_community
    left join prepared.house_place as place on place.house_id = link.house_id
    where link.is_latest and person.presence in ('resident', 'unconfirmed')
)
select
    community_code, tenure,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) filter (where is_current) as residents,
    count(distinct house_id) filter (where is_current) as houses,
    count(*) filter (where not is_current) as unconfirmed
from stay
left join prepared.coverage as coverage on coverage.subject = 'resident' and coverage.span = 'night'
group by community_code, tenure
