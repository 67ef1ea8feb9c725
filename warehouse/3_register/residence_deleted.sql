-- Grain: one row per residence record that its source has deleted, and whose person is in the register by other records.
-- From: claims.residence, claims.person, temp.present_person, register.person_member.   To: residence_told.
-- Rule: a deleted record is of nobody any more, but that the stay it told of is over was said by deleting it. The person
-- is the one, and only one, who bears the record's sound number. Where another record of the same source still
-- stands for the same stay, a double was tidied away and nothing is over.
with newest as (
    select
        obs_key,
        arg_max(op, {'at': register_at(changed_at), 'gone': op = 'delete', 'hash': content_hash}) as last_op,
        max(register_at(changed_at)) filter (where op = 'delete') as deleted_at,
        arg_max(claim_id, {'at': register_at(changed_at), 'hash': content_hash}) filter (where op <> 'delete')
            as claim_id
    from claims.residence
    where known_from <= coalesce($known, known_from)
    group by obs_key
),
bearer as (
    select present.id_token, min(member.person_id) as person_id
    from temp.present_person as present
    join register.person_member as member on member.obs_key = present.obs_key
    where present.id_token is not null and present.id_check in ('valid', 'lifted')
    group by present.id_token
    having count(distinct member.person_id) = 1
),
standing as (
    select distinct member.person_id, residence.source, residence.valid_from
    from temp.present_residence as residence
    join register.person_member as member on member.obs_key = residence.person_key
    where not residence.ended and not residence.is_void and residence.confirmed_for is null
),
named as (
    select distinct obs_key, id_token
    from claims.person
    where op <> 'delete' and id_check in ('valid', 'lifted') and known_from <= coalesce($known, known_from)
)
select
    bearer.person_id, residence.obs_key, residence.source, residence.trust, residence.kind, residence.role,
    residence.tenure, residence.household_relation, residence.planned_until, residence.valid_from, residence.valid_to,
    residence.is_void, residence.confirmed_for, residence.known_from as first_known, newest.deleted_at
from newest
join claims.residence as residence on residence.claim_id = newest.claim_id
join named on named.obs_key = residence.person_key
join bearer on bearer.id_token = named.id_token
left join standing
    on standing.person_id = bearer.person_id and standing.source = residence.source
    and standing.valid_from is not distinct from residence.valid_from
where newest.last_op = 'delete' and standing.person_id is null
