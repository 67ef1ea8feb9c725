-- Grain: one row per group of profiles that one number holds together, or per profile without one.
-- From: r_evidence.   To: r_group.
-- Rule: a group has at most one number; it is `open` when no checked number settles who it is.
create or replace temp table r_group as
select
    label
    , any_value(eid) as eid
    , any_value(etype) as etype
    , not bool_or(settled) as open
    , min(first) as first
    , sum(n)::bigint as records
from r_evidence
group by label
