-- Grain: one row per edge that may join or must part two groups.
-- From: r_edge, r_group.   To: the caller, in the order of joining.
-- Rule: refusals first, then rank, then weight, then the two earliest records; never the order of rows.
select edge.l, edge.r, edge.verdict, edge.rule, edge.weight, edge.levels, edge.l_first, edge.r_first
from r_edge as edge
where edge.verdict <> 1
order by
    edge.verdict <> 0, edge.rank, edge.weight desc, least(edge.l_first, edge.r_first)
    , greatest(edge.l_first, edge.r_first), edge.levels
