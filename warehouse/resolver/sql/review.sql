-- Grain: one row per open person and candidate that a steward is asked about.
-- From: r_edge, r_person, r_group.   To: the caller.
-- Rule: only who found no settled person; of two open ones the later is the case; the best edge tells why.
with edge as (
    select a.cluster as x, b.cluster as y, edge.weight, edge.levels
    from r_edge as edge
    inner join r_person as a on edge.l = a.label
    inner join r_person as b on edge.r = b.label
    where edge.verdict = 1 and a.cluster <> b.cluster
)

, both_ways as (
    select x, y, weight, levels from edge
    union all
    select y, x, weight, levels from edge
)

, person as (
    select cluster, any_value(person_id) as person_id, any_value(first) as first, bool_or(settled) as settled
        , any_value(component) as component
    from r_person
    group by cluster
)

, refused as (
    select a.cluster as x, b.cluster as y
    from r_judged as judged
    inner join r_person as a on judged.l = a.label
    inner join r_person as b on judged.r = b.label
    where judged.verdict = 'different'
)

select
    string_split(mine.first, ' ')[-1] as obs_key
    , other.person_id
    , both_ways.weight
    , both_ways.levels
    , mine.component
from both_ways
inner join person as mine on both_ways.x = mine.cluster and not mine.settled
inner join person as other on both_ways.y = other.cluster and (other.settled or other.first < mine.first)
where not exists (
    select 1 from refused
    where refused.x = both_ways.x and refused.y = both_ways.y or refused.x = both_ways.y and refused.y = both_ways.x
)
qualify row_number() over (
    partition by both_ways.x, both_ways.y order by both_ways.weight desc, both_ways.levels
) = 1
order by obs_key, both_ways.weight desc, other.person_id
