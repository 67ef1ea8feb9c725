-- Grain: one row per profile of r_obs.
-- From: register.person_profile, r_fresh_profile, r_obs.   To: r_profile.
-- Rule: as if made of the observations themselves; counted and ordered anew.
create or replace temp table r_profile as
with kept as (
    select profile.* exclude (obs_key, component)
    from register.person_profile as profile
    inner join {{scope}} as scope on profile.component = scope.component
    where profile.profile not in (select profile from r_fresh_profile)
    union all by name
    select * exclude (node, n, first) from r_fresh_profile
)

, counted as (
    select profile, count(*)::integer as n, min(first) as first
    from r_obs
    group by profile
)

select (row_number() over ())::integer as node, counted.n, counted.first, kept.*
from counted
inner join kept on counted.profile = kept.profile
