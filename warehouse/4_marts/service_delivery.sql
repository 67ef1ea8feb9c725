-- Grain: one row per quarter, service_kind and service_type; the whole street.
-- From: prepared.count_monthly, marts.dim_calendar.   To: yearly_report, publish.
-- Rule: services given to persons who must not be counted in anything smaller: street and quarter only.
select
    calendar.quarter,
    calendar.year,
    counted.kind as service_kind,
    counted.service_type,
    count(distinct counted.month) as months_reported,
    cast(sum(counted.given) as bigint) as given,
    cast(sum(counted.due) as bigint) as planned,
    cast(sum(counted.on_time) as bigint) as given_in_time
from prepared.count_monthly as counted
join marts.dim_calendar as calendar on calendar.day = counted.month
where counted.kind in ('mental_health', 'rehabilitation')
group by calendar.quarter, calendar.year, counted.kind, counted.service_type
