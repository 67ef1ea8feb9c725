-- Grain: one row per number that a touched observation bears, or bore when it was last resolved.
-- From: r_touched, r_fresh_profile, register.person_said, register.person_profile.   To: r_retold.
-- Rule: only the evidence of those who bear these numbers can change.
create or replace temp table r_retold as
select id from r_fresh_profile where id is not null
union
select profile.id
from register.person_said as said
inner join r_touched as touched on said.obs_key = touched.obs_key
inner join register.person_profile as profile on said.profile = profile.profile
where profile.id is not null
