-- Grain: one row per thing.
-- From: its members, the present claims of its entity.   To: the register table of the thing, provenance.
-- Rule: per attribute the contract's trust, then the source's time, then the source's key; what is empty does not
-- compete. The claim that won stands beside each value; the losers stay in register.provenance.
select
    member.{{id}},
    {{winners}},
    count(*) filter (where present.source <> 'correction') as records,
    count(distinct present.source) filter (where present.source <> 'correction') as sources,
    min(present.first_at) as first_seen,
    max(present.moment) filter (where present.source <> 'correction') as last_seen,
    min(present.first_known) as known_from,
    bool_or(not present.ended) as in_force
from {{member}} as member
join {{present}} as present on present.obs_key = member.obs_key
group by member.{{id}}
