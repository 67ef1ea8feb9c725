-- Grain: one row per block key or number, and component that bears it.
-- From: r_key, r_key_told, r_evidence, r_person.   To: r_kept_block.
-- Rule: what a changed observation must be compared with is found here; a number is a key as well.
create or replace temp table r_kept_block as
select distinct key.key, person.component
from r_key as key
inner join r_person as person on key.label = person.label
union
select key.key, person.component
from r_key_told as key
inner join r_person as person on key.label = person.label
union
select hash('number shared', evidence.raw_id), person.component
from r_evidence as evidence
inner join r_person as person on evidence.label = person.label
where evidence.raw_id is not null
