-- Grain: one row per profile, with its group (`label`) and the evidence that is left to it.
-- From: r_profile, r_guard, r_label, r_owner, r_number.   To: r_evidence.
-- Rule: a contested number and a hub leave no number, no tail and no facets behind; what the number repeats of the
--   record (`x_id` equal to `x`) is said once.
create or replace temp table r_evidence as
select
    profile.node
    , label.label
    , profile.profile
    , profile.first
    , profile.judged
    , profile.n
    , profile.id as raw_id
    , coalesce(number.hub, false) as hub
    , coalesce(owner.contested, false) as contested
    , case when owner.owned then profile.id end as eid
    , case when owner.owned then profile.id_type end as etype
    , coalesce(owner.owned and profile.id_valid, false) as settled
    , case when silent.no then profile.id end as id
    , case when silent.no then profile.id_type end as id_type
    , case when silent.no then nullif(profile.id_birth, profile.birth) end as id_birth
    , case when silent.no then nullif(profile.id_sex, profile.sex) end as sex_id
    , case when silent.no then profile.tail end as tail
    , case when silent.no then profile.division end as division
    , case when silent.no then nullif(profile.surname_id, profile.surname) end as surname_id
    , case when silent.no then nullif(profile.given_id, profile.given) end as given_id
    , case when silent.no then nullif(profile.char1_id, profile.char1) end as char1_id
    , case when silent.no then nullif(profile.char2_id, profile.char2) end as char2_id
    , profile.name
    , profile.sound
    , profile.chars
    , profile.surname
    , profile.given
    , profile.char1
    , profile.char2
    , profile.rarity
    , profile.birth
    , profile.sex
from r_profile as profile
inner join r_guard as guard on profile.node = guard.node
inner join r_label as label on profile.node = label.node
left join r_owner as owner on profile.id = owner.id and guard.guard = owner.guard
left join r_number as number on profile.id = number.id
cross join lateral (select not (coalesce(owner.contested, false) or coalesce(number.hub, false)) as no) as silent
