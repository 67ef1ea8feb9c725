-- Grain: one row per present record of a person.
-- From: temp.present_person, temp.present_residence, register.house_member, claims.shape, temp.identity_correction.
-- To: touched, observation.
-- Rule: the claim, the dwelling and what was corrected decide what an observation says; mark is their hash. changed_at is
-- the record's first time, so that touching it again moves no anchor. A corrected attribute is a claim, no other record.
with dwelling as (
    -- A record has one residence; a second one would be a second record.
    select residence.person_key, min(member.house_id) as house_key
    from temp.present_residence as residence
    join register.house_member as member on member.obs_key = residence.obs_key
    group by residence.person_key
)
select
    person.obs_key, person.claim_id, person.first_at as changed_at, dwelling.house_key,
    hash(person.claim_id, shape.shape, person.first_at, dwelling.house_key, corrected.correction_ids) as mark
from temp.present_person as person
join claims.shape as shape
    on shape.claim = 'person' and shape.source = person.source and shape.entity = person.entity
left join dwelling on dwelling.person_key = person.obs_key
left join temp.identity_correction as corrected on corrected.obs_key = person.obs_key
where person.source <> 'correction'
