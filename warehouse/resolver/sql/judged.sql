-- Grain: one row per judgement in force whose two observations are in scope.
-- From: the judgements, r_obs, r_evidence.   To: r_judged.
-- Rule: a judgement speaks of two observations; each stands in a group of its own, so nothing else is judged by it.
create or replace temp table r_judged as
select
    judgement.judgement_id
    , a.label as l
    , b.label as r
    , a.first as l_first
    , b.first as r_first
    , judgement.verdict
from {{judgements}} as judgement
inner join r_obs as left_obs on judgement.left_key = left_obs.obs_key
inner join r_obs as right_obs on judgement.right_key = right_obs.obs_key
inner join r_evidence as a on left_obs.profile = a.profile
inner join r_evidence as b on right_obs.profile = b.profile
