-- Grain: one row per observation.
-- From: r_obs, r_evidence, r_person.   To: r_member.
-- Rule: `alike` is the earliest observation that says just the same; `component` is what is recomputed together.
create or replace temp table r_member as
select
    obs.obs_key
    , person.person_id
    , string_split(evidence.first, ' ')[-1] as alike
    , person.component
    , obs.profile
    , obs.house
    , obs.household
    , obs.changed_at
from r_obs as obs
inner join r_evidence as evidence on obs.profile = evidence.profile
inner join r_person as person on evidence.label = person.label
