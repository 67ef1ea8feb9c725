-- Grain: one row per profile whose number was silenced, as if it had not been.
-- From: r_profile, r_label.   To: r_told.
-- Rule: who will be a neighbour once the number counts again must be found without it.
create or replace temp table r_told as
select
    profile.node, label.label, profile.id, profile.id_birth, profile.tail, profile.surname_id, profile.given_id
    , profile.sound, profile.chars, profile.surname, profile.given, profile.name, profile.birth
from r_profile as profile
inner join r_label as label on profile.node = label.node
{{only}}
