-- Grain: one row per pair of profiles to be compared, l < r.
-- From: r_key, r_group.   To: r_pair.
-- Rule: at least one side is open, that is, no checked number settles who it is; two different numbers of one type
--   exclude each other.
create or replace temp table r_pair as
with side as (
    select key.key, key.node, key.label, grouped.open, grouped.eid, grouped.etype
    from r_key as key
    inner join r_group as grouped on key.label = grouped.label
)

select distinct
    least(a.node, b.node) as l
    , greatest(a.node, b.node) as r
from side as a
inner join side as b on a.key = b.key
where
    a.open
    and a.label <> b.label
    and (not b.open or a.node < b.node)
    and not coalesce(a.etype = b.etype and a.eid <> b.eid and list_contains($exclusive, a.etype), false)
