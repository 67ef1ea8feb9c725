-- Grain: one row per indicator and year, from 2018 to the year of the night.
-- From: reference.indicator, marts.case_timeliness, case_satisfaction, case_outcome, wage_recovery, enrolment_progress,
-- marts.service_delivery, marts.dim_calendar.   To: publish.
-- Rule: the figures of the annual report on law-based government, each the sum of one column of one mart, which the row
-- names; numerators and denominators, never a rate. A year without a single row stands as null, not as 0.
with figure as (
    select 'case_timeliness' as mart, kind, year(month) as year, measure,
        cast(value as decimal(18, 2)) as value
    from marts.case_timeliness
    cross join lateral (values
        ('received', received), ('acceptance_judged', acceptance_judged), ('accepted_in_time', accepted_in_time),
        ('closed', closed), ('closed_in_time', closed_in_time), ('reopened', reopened)
    ) as told(measure, value)
    union all
    select 'case_satisfaction' as mart, kind, year(month) as year, measure,
        cast(value as decimal(18, 2)) as value
    from marts.case_satisfaction
    cross join lateral (values
        ('rated_intake', rated_intake), ('content_intake', content_intake),
        ('rated_responsible', rated_responsible), ('content_responsible', content_responsible)
    ) as told(measure, value)
    union all
    select 'case_outcome' as mart, kind, cast(substr(quarter, 1, 4) as bigint) as year, 'succeeded' as measure,
        cast(succeeded as decimal(18, 2)) as value
    from marts.case_outcome
    union all
    select 'wage_recovery' as mart, '' as kind, year(month) as year, measure,
        cast(value as decimal(18, 2)) as value
    from marts.wage_recovery
    cross join lateral (values
        ('workers_recovered', workers_recovered), ('amount_recovered', amount_recovered)
    ) as told(measure, value)
    union all
    select 'enrolment_progress' as mart, '' as kind, year(month) as year, 'visited' as measure,
        cast(visited as decimal(18, 2)) as value
    from marts.enrolment_progress
    union all
    select 'service_delivery' as mart, service_kind as kind, year, 'given' as measure,
        cast(given as decimal(18, 2)) as value
    from marts.service_delivery
),
yearly as (
    select mart, kind, year, measure, cast(sum(value) as decimal(18, 2)) as value
    from figure
    group by mart, kind, year, measure
),
year as (
    select distinct calendar.year  -- one row per day becomes one per year
    from marts.dim_calendar as calendar
    cross join reference.night as night
    where calendar.year between 2018 and year(night.as_of_day)
)
select
    indicator.indicator, year.year,
    indicator.zh as indicator_zh, indicator.en as indicator_en,
    yearly.value, indicator.unit,
    indicator.mart, indicator.kind, indicator.measure,
    indicator.rule_zh, indicator.rule_en
from reference.indicator as indicator
cross join year
left join yearly on yearly.mart = indicator.mart and yearly.kind = coalesce(indicator.kind, '')
    and yearly.measure = indicator.measure and yearly.year = year.year
