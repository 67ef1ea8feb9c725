-- Grain: one row per reason to take two groups for one person, or to ask a person about them.
-- From: r_scored, r_judged, r_same_number, r_evidence, r_group.   To: r_edge.
-- Rule: people's judgements first, then a number that fits, then scores. Where the two best candidates of an open group
--   exclude each other and lie less than `margin` apart, both go to review.
create or replace temp table r_edge as
with candidate as (
    select scored.l as x, other.eid, other.etype, scored.l, scored.r, scored.weight
    from r_scored as scored
    inner join r_group as other on scored.r = other.label
    inner join r_group as mine on scored.l = mine.label
    where mine.open and scored.verdict = 2 and list_contains($exclusive, other.etype)
    union all
    select scored.r, other.eid, other.etype, scored.l, scored.r, scored.weight
    from r_scored as scored
    inner join r_group as other on scored.l = other.label
    inner join r_group as mine on scored.r = mine.label
    where mine.open and scored.verdict = 2 and list_contains($exclusive, other.etype)
)

, allowed as (
    select candidate.*
    from candidate
    anti join (
        select l, r from r_judged where verdict = 'different'
        union all
        select r, l from r_judged where verdict = 'different'
    ) as refused using (l, r)
)

, best as (
    select x, etype, max(weight) as weight, arg_max(eid, weight) as eid
    from allowed
    group by x, etype
)

, torn as (
    select distinct allowed.x, allowed.etype, best.weight
    from allowed
    inner join best on allowed.x = best.x and allowed.etype = best.etype
    where allowed.eid <> best.eid and allowed.weight > best.weight - $margin
)

, demoted as (
    select distinct allowed.l, allowed.r
    from allowed
    inner join torn on allowed.x = torn.x and allowed.etype = torn.etype and allowed.weight > torn.weight - $margin
)

select
    scored.l, scored.r, scored.l_first, scored.r_first, 2 as rank, scored.weight, 'score' as rule
    , case when demoted.l is null then scored.verdict else 1 end as verdict
    , case when demoted.l is null then scored.levels else scored.levels || ' several:candidates' end as levels
from r_scored as scored
left join demoted on scored.l = demoted.l and scored.r = demoted.r
union all
select a.label, b.label, a.first, b.first, 1, 100000, 'number', 2, 'number:same'
from r_same_number as same
inner join r_evidence as a on same.l = a.node
inner join r_evidence as b on same.r = b.node
where same.judged
union all
select l, r, l_first, r_first, 0, 100000, 'judgement', case verdict when 'same' then 2 else 0 end, 'judgement:' || verdict
from r_judged
