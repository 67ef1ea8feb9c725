-- Grain: one row per profile.
-- From: r_profile, r_label, r_person.   To: r_kept_profile.
-- Rule: what the next night reads instead of the observations; `obs_key` is the earliest that says so.
create or replace temp table r_kept_profile as
select string_split(profile.first, ' ')[-1] as obs_key, profile.* exclude (node, n, first), person.component
from r_profile as profile
inner join r_label as label on profile.node = label.node
inner join r_person as person on label.label = person.label
