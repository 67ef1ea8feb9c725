-- Grain: one row per record that was delivered in parts (a collection).
-- From: the claims with a whole_id.   To: present.
-- Rule: the newest version of the whole decides which parts there are.
select source, whole_id, max(register_at(changed_at)) as moment
from (
    {{parts}}
) as parts
where whole_id is not null and known_from <= coalesce($known, known_from)
group by source, whole_id
