-- Grain: one row per observation that is new or says something else.
-- From: temp.observation_key, temp.touched_observation, claims.person.   To: register.person_observation.
-- Rule: tokens and facets only.
select
    fresh.obs_key, person.source, person.entity, person.source_record_id, fresh.changed_at, person.birth_date,
    person.sex,
    {{identity}},
    fresh.house_key, person.household_token, fresh.mark
from temp.observation_key as fresh
join temp.touched_observation as touched on touched.obs_key = fresh.obs_key
join claims.person as person on person.claim_id = fresh.claim_id
