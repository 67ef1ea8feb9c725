-- Grain: one row per kind of count that comes by the month, span (month, quarter, year) and period. A working table,
-- never published.
-- From: prepared.count_monthly, reference.feed, reference.night, marts.dim_calendar.   To: rental_movement,
-- marts.service_delivery, yearly_report.
-- Rule: the share of the months that were over by the night, or are reported already, of which a record was told; tasks
-- of the enrolment come by the day and are not in it. Apart from _coverage, for no mart of persons may read counts.
with kind as (
    select distinct feed.subject  -- one row per source that feeds the kind becomes one
    from reference.feed as feed
    where feed.subject in ('mental_health', 'rehabilitation', 'let_rooms')
),
month as (
    select distinct month, quarter, year from marts.dim_calendar where month <= (select as_of_day from reference.night)
),
told as (
    select distinct kind, month from prepared.count_monthly  -- services and places of a month become one
),
reported as (
    select kind.subject, month.month, month.quarter, month.year, told.month is not null as is_reported
    from kind
    cross join month
    cross join reference.night as night
    left join told on told.kind = kind.subject and told.month = month.month
    where month.month + interval '1' month <= cast(night.as_of_day as timestamp) + interval '1' day
        or told.month is not null
)
select
    reported.subject, spanned.span, spanned.period,
    -- Down, never up: what is not wholly reported must not read as 1.
    cast(floor(avg(cast(reported.is_reported as integer)) * 10000) / 10000 as decimal(5, 4)) as coverage
from reported
cross join lateral (values
    ('month', cast(reported.month as varchar)), ('quarter', reported.quarter), ('year', cast(reported.year as varchar))
) as spanned(span, period)
group by reported.subject, spanned.span, spanned.period
