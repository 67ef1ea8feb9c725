-- Grain: one row per indicator that is counted a second time, and year wholly loaded. A working table, never published.
-- From: prepared.case_judged, prepared.count_monthly, prepared.coverage, coverage_counted, reference.night.   To: the agreements of yearly_report.
-- Rule: counted from the cases and the counts themselves, not from the marts that the report sums.
with told as (
    select 'petitions_received' as indicator, 'petition' as subject, year(received_on) as year, count(*) as value
    from prepared.case_judged
    where kind = 'petition' and is_received
    group by year(received_on)
    union all
    select 'wage_amount_recovered' as indicator, 'wage' as subject, year(received_on) as year,
        sum(settled_amount) as value
    from prepared.case_judged
    where kind = 'wage' and is_received and not is_withdrawn
    group by year(received_on)
    union all
    select 'mental_health_given' as indicator, 'mental_health' as subject, year(month) as year, sum(given) as value
    from prepared.count_monthly
    where kind = 'mental_health'
    group by year(month)
)
select told.indicator, told.year, told.value
from told
cross join reference.night as night
left join prepared.coverage as coverage on coverage.subject = told.subject and coverage.span = 'year'
    and coverage.period = cast(told.year as varchar)
left join prepared.coverage_counted as counted on counted.subject = told.subject and counted.span = 'year'
    and counted.period = cast(told.year as varchar)
where told.year >= year(night.first_day) and coalesce(counted.coverage, coverage.coverage) = 1
