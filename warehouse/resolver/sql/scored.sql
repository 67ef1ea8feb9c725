-- Grain: one row per pair of groups whose best pair of profiles reaches the review threshold, l < r.
-- From: r_pair, r_side.   To: r_scored.
-- Rule: a weight is the prior and the sum of the model's level weights; caps say what a pair may come to at most; of
--   the pairs of two groups the best verdict, then the greatest weight, then the earliest records stand for them.
create or replace temp table r_scored as
with level as (
    select
        l.label as a
        , r.label as b
        , l.first as a_first
        , r.first as b_first
        , {{levels}}
    from r_pair as pair
    inner join r_side as l on pair.l = l.node
    inner join r_side as r on pair.r = r.node
)

, weighed as (
    select *, ({{weight}})::integer as weight, {{verdict}} as most
    from level
)

, judged as (
    select *, least(most, case when weight >= $same then 2 when weight >= $review then 1 else 0 end) as verdict
    from weighed
)

select
    least(a, b) as l
    , greatest(a, b) as r
    , least(a_first, b_first) as l_first
    , greatest(a_first, b_first) as r_first
    , weight
    , verdict
    , {{text}} as levels
from judged
where verdict > 0
qualify row_number() over (
    partition by least(a, b), greatest(a, b)
    order by verdict desc, weight desc, least(a_first, b_first), greatest(a_first, b_first)
) = 1
