-- Grain: one row per observation added, changed or removed, or judged otherwise than before.
-- From: the caller's list, the judgements, register.person_judged.   To: r_touched.
-- Rule: a judgement that is new, changed or taken back touches both its observations,
--   and an observation touches those it was judged with.
create or replace temp table r_touched as
with now as (
    select judgement_id::varchar as judgement_id, left_key, right_key, verdict from {{judgements}}
)

, before as (
    select judgement_id, left_key, right_key, verdict from register.person_judged
)

, judged as (
    (select * from now except select * from before)
    union all
    (select * from before except select * from now)
)

, own as (
    select obs_key from {{touched}}
    union
    select left_key from judged
    union
    select right_key from judged
)

select obs_key from own
union
select right_key from now where left_key in (select obs_key from own)
union
select left_key from now where right_key in (select obs_key from own)
