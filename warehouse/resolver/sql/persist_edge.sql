-- Grain: one row per edge that holds a person together.
-- From: r_joined, r_person, r_evidence.   To: r_kept_edge.
-- Rule: edges between groups as they joined; within a group each profile to the earliest, by their common number.
create or replace temp table r_kept_edge as
select
    string_split(least(joined.l_first, joined.r_first), ' ')[-1] as left_key
    , string_split(greatest(joined.l_first, joined.r_first), ' ')[-1] as right_key
    , joined.weight
    , joined.rule
    , joined.levels
    , person.component
from r_joined as joined
inner join r_person as person on joined.l = person.label
union all
select
    string_split(grouped.first, ' ')[-1], string_split(evidence.first, ' ')[-1], 100000, 'number', 'number:same'
    , person.component
from r_evidence as evidence
inner join r_group as grouped on evidence.label = grouped.label
inner join r_person as person on evidence.label = person.label
where evidence.first <> grouped.first
