-- Grain: one row per version of a month's count that looks like the year's to date.
-- From: the newest versions of an entity.   To: the check not_year_to_date.
-- Rule: at least what the year's earlier months came to, and over 1.2 times the plan. Earlier months that are over theirs
-- do not count: one that holds the year to date itself would hide every later one.
with monthly as (
    select
        {{group}}, {{month}},
        arg_max(
            case when {{column}} <= 1.2 * {{plan}} then {{column}} else 0 end,
            {'at': coalesce(changed_at, timestamp '1990-01-01'), 'hash': content_hash}
        ) as counted
    from {{newest}}
    group by all
),
summed as (
    select {{group}}, {{month}}, sum(counted) over (
        partition by {{group}}, year({{month}}) order by {{month}} rows between unbounded preceding and 1 preceding
    ) as earlier
    from monthly
)
select counts.content_hash
from {{newest}} as counts
join summed using ({{group}}, {{month}})
where earlier > 0 and {{column}} >= earlier and {{column}} > 1.2 * {{plan}}
