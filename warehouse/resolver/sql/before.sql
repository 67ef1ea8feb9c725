-- Grain: one row per observation whose person may change.
-- From: register.person_member.   To: r_before.
-- Rule: as published last.
create or replace temp table r_before as
select obs_key, person_id from register.person_member where {{scope}}
