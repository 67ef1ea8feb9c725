-- Grain: one row per identity number that more than one profile bears, or that is a hub beyond the scope.
-- From: r_profile, r_hub.   To: r_number.
-- Rule: a number under at least `hub` names is a stand-in value, not evidence; it is listed (RE-HUB). Who bears a hub is
--   not looked at together, so a night remembers the hubs it did not touch.
create or replace temp table r_number as
with counted as (
    select
        id
        , sum(n)::bigint as records
        , count(distinct coalesce(g_sound, surname, profile)) as names
        , count(*) as profiles
    from r_profile
    where id is not null
    group by id
)

select counted.id, counted.records, counted.names, counted.names >= $hub or hub.id is not null as hub
from counted
left join r_hub as hub on counted.id = hub.id
where counted.profiles > 1 or hub.id is not null
