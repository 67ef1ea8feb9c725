-- Grain: one row per identity number that more than one profile bears.
-- From: r_profile.   To: r_number.
-- Rule: a number under at least `hub` names is a stand-in value, not evidence; it is listed (RE-HUB).
create or replace temp table r_number as
select
    id
    , sum(n)::bigint as records
    , count(distinct coalesce(g_sound, surname, profile)) as names
    , count(distinct coalesce(g_sound, surname, profile)) >= $hub as hub
from r_profile
where id is not null
group by id
having count(*) > 1
