-- Grain: one row: persons with several valid numbers of one type, persons in all.
-- From: register.person_observation, person_member, person_contested.   To: checked.py.
-- Rule: a number whose check digit holds names one person; a contested one is no evidence and does not count.
with counted as (
    select member.person_id, observation.id_type, count(distinct observation.id_token) as numbers
    from register.person_member as member
    join register.person_observation as observation on observation.obs_key = member.obs_key
    where observation.id_check in ('valid', 'lifted')
        and observation.id_token not in (select id_token from register.person_contested)
        -- A steward who says "same" has seen both numbers.
        and member.obs_key not in (select unnest([left_key, right_key]) from temp.judged_person_pair where verdict = 'same')
    group by member.person_id, observation.id_type
)
select count(distinct person_id) filter (where numbers > 1), (select count(*) from register.person)
from counted
