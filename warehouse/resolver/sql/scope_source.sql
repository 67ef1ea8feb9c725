-- Grain: one row per observation to be recomputed.
-- From: the observations, register.person_member, r_scope, r_touched.   To: r_source.
-- Rule: everything of the components in scope, and what is new.
create or replace temp table r_source as
with wanted as (
    select obs_key from register.person_member where component in (select component from r_scope)
    union
    select obs_key from r_touched
)

select observation.*
from {{observations}} as observation
inner join wanted on observation.obs_key = wanted.obs_key
