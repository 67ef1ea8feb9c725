-- Grain: one row per profile that takes part in a comparison.
-- From: r_pair, r_evidence, r_home.   To: r_side.
-- Rule: homes are those of the whole group: where a person with this number was ever found.
create or replace temp table r_side as
with node as (
    select l as node from r_pair
    union
    select r from r_pair
)

, label as (
    select distinct evidence.label
    from node
    inner join r_evidence as evidence on node.node = evidence.node
)

, homes as (
    select home.label, list(distinct home.home) as homes
    from r_home as home
    inner join label on home.label = label.label
    group by 1
)

select evidence.*, homes.homes
from node
inner join r_evidence as evidence on node.node = evidence.node
left join homes on evidence.label = homes.label
