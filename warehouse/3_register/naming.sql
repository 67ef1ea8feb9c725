-- Grain: one row per cluster of present records, named by the id its anchor gives, with the id it bears.
-- From: the members of one thing, temp.issued.   To: issued.py.
-- Rule: an id that was given out stays with its anchor record, else with most of its records; of several that meet in a
-- cluster the anchor's own survives, else that of most records, else the smallest. A cluster without any takes its
-- anchor's id; taken: that id belongs to another one by now.
with claim as (
    select
        member.{{pure}} as anchor_id, issued.id, count(*) as records,
        bool_or(register_id({{letter}}, member.obs_key) = issued.id) as anchored
    from {{member}} as member
    join temp.issued as issued on issued.obs_key = member.obs_key
    group by member.{{pure}}, issued.id
),
placed as (
    select *
    from claim
    qualify row_number() over (partition by id order by anchored desc, records desc, anchor_id) = 1
),
kept as (
    select anchor_id, id
    from placed
    qualify row_number() over (partition by anchor_id order by id = anchor_id desc, records desc, id) = 1
)
select cluster.anchor_id, coalesce(kept.id, cluster.anchor_id) as id,
    kept.id is null and other.id is not null as taken
from (select distinct {{pure}} as anchor_id from {{member}}) as cluster
left join kept on kept.anchor_id = cluster.anchor_id
left join kept as other on other.id = cluster.anchor_id
