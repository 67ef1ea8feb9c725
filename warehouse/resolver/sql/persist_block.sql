-- Grain: one row per block key and component that bears it, once for open groups and once for settled ones.
-- From: r_key, r_group, r_person.   To: r_kept_block.
-- Rule: what a changed observation must be compared with is found here.
create or replace temp table r_kept_block as
select distinct key.key, person.component, grouped.open
from r_key as key
inner join r_group as grouped on key.label = grouped.label
inner join r_person as person on key.label = person.label
