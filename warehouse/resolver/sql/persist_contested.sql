-- Grain: one row per number and observation for which it is no evidence.
-- From: r_contested, the observations in scope, r_member.   To: r_kept_contested.
-- Rule: the token stays, so that a steward can ask the vault with a stated purpose.
create or replace temp table r_kept_contested as
select source.id_token, contested.obs_key, contested.why, member.component
from r_contested as contested
inner join {{source}} as source on contested.obs_key = source.obs_key
inner join r_member as member on contested.obs_key = member.obs_key
where source.id_token is not null
