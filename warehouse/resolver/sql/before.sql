-- Grain: one row per observation whose person may change.
-- From: register.person_member.   To: r_before.
-- Rule: under the id its anchor made, as r_member has it; the id a person bears is given by the caller afterwards.
create or replace temp table r_before as
select obs_key, coalesce(anchor_id, person_id) as person_id from register.person_member where {{scope}}
