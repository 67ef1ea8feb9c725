-- Grain: one row per person_id.
-- From: register.person_winner, register.person_member, temp.present_person, person_presence.   To: links, marts, the steward's pages.
-- Rule: no clear identity: number and name as masks; a sound number before an unsound one, a whole name before a
-- masked one, then as for every attribute.
with placed as (
    select
        member.person_id, present.id_type, present.id_check, present.id_mask, present.id_token, present.name_mask,
        present.place - case when present.id_check in ('valid', 'lifted') then 500 else 0 end::hugeint * {{step}}
            as id_place,
        present.place - case when present.name_flag is null then 500 else 0 end::hugeint * {{step}} as name_place
    from register.person_member as member
    join temp.present_person as present on present.obs_key = member.obs_key
    where present.source <> 'correction'
),
identity as (
    select
        person_id,
        arg_min(id_type, id_place) filter (where id_token is not null) as id_type,
        arg_min(id_check, id_place) filter (where id_token is not null) as id_check,
        arg_min(id_mask, id_place) filter (where id_token is not null) as id_mask,
        arg_min(name_mask, name_place) filter (where name_mask is not null) as name_mask
    from placed
    group by person_id
)
select
    winner.person_id,
    identity.id_type,
    identity.id_check,
    identity.id_mask,
    identity.name_mask,
    winner.birth_date,
    winner.sex,
    winner.registration_kind,
    winner.registered_division,
    winner.origin,
    winner.community_code,
    identity.id_mask is null as is_provisional,
    winner.in_force,
    presence.presence,
    winner.records,
    winner.sources,
    winner.first_seen,
    winner.last_seen,
    winner.known_from
from register.person_winner as winner
join identity on identity.person_id = winner.person_id
join temp.person_presence as presence on presence.person_id = winner.person_id
