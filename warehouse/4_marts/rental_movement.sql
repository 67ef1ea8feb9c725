-- Grain: one row per month.
-- From: prepared.count_monthly, prepared.coverage_counted.   To: publish.
-- Rule: The move-ins, move-outs and renewals that the source reports by month and building, summed over the street: it
-- sends no figure of 1 to 9, so each sum is a lower bound (the truth is at most 9 more for each building withheld), the
-- buildings with a figure withheld stand beside it, and a sum is empty where a figure is withheld and no other is above
-- zero.
select
    counted.month,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    cast(sum(counted.records) as bigint) as buildings,
    cast(sum(counted.records_withheld) as bigint) as buildings_withheld,
    cast(sum(counted.moved_in) as bigint) as moved_in,
    cast(sum(counted.moved_out) as bigint) as moved_out,
    cast(sum(counted.renewed) as bigint) as renewed
from prepared.count_monthly as counted
left join prepared.coverage_counted as coverage on coverage.subject = counted.kind and coverage.span = 'month'
    and coverage.period = cast(counted.month as varchar)
where counted.kind = 'let_rooms'
group by counted.month
