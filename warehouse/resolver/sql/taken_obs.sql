-- Grain: one row per observation of the components in {{scope}}, or touched.
-- From: register.person_said, r_touched, r_fresh_obs.   To: r_obs.
-- Rule: what was said before is read back as it was hashed then; what was touched is as it is now.
create or replace temp table r_obs as
select
    said.obs_key
    , coalesce(said.changed_at::varchar, '9999') || ' ' || said.obs_key as first
    , said.profile
    , said.house
    , said.household
    , said.changed_at
from register.person_said as said
inner join {{scope}} as scope on said.component = scope.component
where said.obs_key not in (select obs_key from r_touched)
union all by name
select * from r_fresh_obs
