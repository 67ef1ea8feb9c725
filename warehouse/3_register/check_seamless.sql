-- Grain: one row: spans that leave a gap or overlap the next one, spans in all.
-- From: a history of states.   To: checked.py.
-- Rule: each span ends where the next one begins; only the last is open.
with followed as (
    select valid_from, valid_to, lead(valid_from) over (partition by {{id}} order by valid_from) as next_from
    from register.{{table}}
)
select count(*) filter (where valid_to is distinct from next_from or valid_to <= valid_from), count(*)
from followed
