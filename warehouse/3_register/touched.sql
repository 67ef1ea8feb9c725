-- Grain: one row per observation that was added, changed or removed since the last build.
-- From: register.person_observation, temp.observation_key.   To: observation, the resolver.
-- Rule: an observation says the same as long as its mark is the same.
select coalesce(fresh.obs_key, known.obs_key) as obs_key
from temp.observation_key as fresh
full join {{known}} as known on known.obs_key = fresh.obs_key
where fresh.mark is distinct from known.mark
