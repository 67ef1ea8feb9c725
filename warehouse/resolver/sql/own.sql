-- Grain: one row per component whose evidence may change.
-- From: r_touched, r_retold, register.person_said, register.person_profile.   To: r_own.
-- Rule: the touched observations' components, and those that bear a number of theirs.
create or replace temp table r_own as
select said.component
from register.person_said as said
inner join r_touched as touched on said.obs_key = touched.obs_key
union
select profile.component
from register.person_profile as profile
inner join r_retold as retold on profile.id = retold.id
