-- Grain: one row per component to be recomputed.
-- From: r_touched, register.person_member, register.person_block, r_key_told, r_profile.   To: r_scope.
-- Rule: the touched observations' components and those that bear a touched number (whose evidence may change), and all
--   that share a block key with either.
create or replace temp table r_scope as
with new_number as (
    select distinct hash('number shared', id) as key from r_profile where id is not null
)

, own as (
    select component from register.person_member where obs_key in (select obs_key from r_touched)
    union
    select component from register.person_block where key in (select key from new_number)
)

, wanted as (
    select key from r_key_told
    union
    select key from register.person_block where component in (select component from own)
)

select component from own
union
select component from register.person_block where key in (select key from wanted)
