-- Grain: one row per component to be recomputed.
-- From: r_own, r_key, r_group, register.person_block.   To: r_scope.
-- Rule: the components whose evidence may change, and those they are to be compared with now: a block key is shared and
--   one of the two sides is open. Who was alike before without an edge stays so.
create or replace temp table r_scope as
with wanted as (
    select key.key, bool_or(grouped.open) as open
    from r_key as key
    inner join r_group as grouped on key.label = grouped.label
    group by key.key
)

select component from r_own
union
select block.component
from register.person_block as block
inner join wanted on block.key = wanted.key
where block.open or wanted.open
