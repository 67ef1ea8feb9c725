-- Grain: one row per observation with a contested number whose token is at hand.
-- From: r_contested, the touched observations, register.person_contested, r_touched.   To: r_token.
-- Rule: what was touched says it itself; of the rest the last run knew it.
create or replace temp table r_token as
select source.obs_key, source.id_token
from {{source}} as source
where source.obs_key in (select obs_key from r_contested)
union
select known.obs_key, known.id_token
from register.person_contested as known
where known.obs_key in (select obs_key from r_contested) and known.obs_key not in (select obs_key from r_touched)
