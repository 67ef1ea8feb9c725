-- Grain: one row per quarter, service_kind and service_type; the whole street.
-- From: prepared.count_monthly, prepared.coverage_counted, marts.dim_calendar.   To: yearly_report, publish.
-- Rule: The services the sources report for the street by month (newest version of each month and kind), summed by
-- quarter, programme and kind of service, with the months that were reported.
select
    calendar.quarter,
    counted.kind as service_kind,
    counted.service_type,
    calendar.year,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(distinct counted.month) as months_reported,
    cast(sum(counted.given) as bigint) as given,
    cast(sum(counted.due) as bigint) as planned,
    cast(sum(counted.on_time) as bigint) as given_in_time
from prepared.count_monthly as counted
join marts.dim_calendar as calendar on calendar.day = counted.month
left join prepared.coverage_counted as coverage on coverage.subject = counted.kind and coverage.span = 'quarter'
    and coverage.period = calendar.quarter
where counted.kind in ('mental_health', 'rehabilitation')
group by calendar.quarter, counted.kind, counted.service_type, calendar.year
