-- Grain: one row per version of a stay in a dwelling where fewer visits found the person than in another one.
-- From: the newest stays, and the newest persons with a sound number.   To: the check one_home_per_stay.
-- Rule: one person, one day of arrival, one dwelling; where two dwellings have as many visits, both are in question.
with stay as (
    select stays.content_hash, persons.{{number}} as number, stays.{{since}} as since, stays.{{house}} as house
    from {{newest}} as stays
    join {{persons}} as persons using ({{by}})
    where persons.op = 'upsert' and persons.id_check = 'valid'
),
counted as (
    select number, since, house, count(*) as visits
    from stay
    group by all
),
ranked as (
    select *,
        max(visits) over (partition by number, since) as most,
        count(*) over (partition by number, since) as houses
    from counted
),
decided as (
    select *, count(*) filter (where visits = most) over (partition by number, since) as firsts
    from ranked
)
select stay.content_hash
from stay
join decided using (number, since, house)
where houses > 1 and (visits < most or firsts > 1)
