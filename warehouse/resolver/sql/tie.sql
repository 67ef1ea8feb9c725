-- Grain: one row per two groups that must be looked at together.
-- From: r_edge, r_evidence.   To: the caller, as numbers.
-- Rule: every edge ties, a refusing one too, and so does a shared number that is not a hub.
select l, r from r_edge
union all
select label, min(label) over (partition by raw_id)
from (select distinct raw_id, label from r_evidence where raw_id is not null and not hub)
