-- Grain: one row per number that stopped being evidence for some who bear it.
-- From: r_profile, r_owner, r_guard, r_number, r_obs.   To: r_contested.
-- Rule: `hub` is a stand-in value under many names; else people bear it who do not fit each other.
create or replace temp table r_contested as
with silent as (
    select owner.id, owner.guard, 'contested' as why
    from r_owner as owner
    where owner.contested
)

, borne as (
    select profile.id, profile.profile, silent.why
    from r_profile as profile
    inner join r_guard as guard on profile.node = guard.node
    inner join silent on profile.id = silent.id and guard.guard = silent.guard
    union all
    select profile.id, profile.profile, 'hub'
    from r_profile as profile
    inner join r_number as number on profile.id = number.id and number.hub
)

select borne.why, obs.obs_key, borne.id
from borne
inner join r_obs as obs on borne.profile = obs.profile
