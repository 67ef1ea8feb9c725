-- Grain: one row per year and kind of case; the whole street.
-- From: prepared.case_judged, prepared.coverage, marts.dim_calendar, reference.night.   To: yearly_report, publish.
-- Rule: The cases of case_timeliness received by 31 December of the year (by the night in its own year) and not voided
-- that were not closed by that day (not closed at all, or on a later day; of a re-opened case the last closing counts,
-- and one closed at a time nobody told counts as closed on the day of receipt), and those of them due by the end of
-- that day as their due times stand now.
with year_end as (
    select calendar.year, least(max(calendar.day), any_value(night.as_of_day)) as day
    from marts.dim_calendar as calendar
    cross join reference.night as night
    where calendar.year between year(night.first_day) and year(night.as_of_day)
    group by calendar.year
),
standing as (
    select year_end.year, judged.kind,
        coalesce(judged.closed_on > year_end.day, true) as is_open,
        coalesce(judged.due_by < cast(year_end.day as timestamp) + interval '1' day, false) as is_over
    from year_end
    join prepared.case_judged as judged on judged.received_on <= year_end.day
    where judged.is_received and not judged.is_withdrawn
)
select
    standing.year, standing.kind,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) filter (where is_open) as open_at_year_end,
    count(*) filter (where is_open and is_over) as overdue_at_year_end
from standing
left join prepared.coverage as coverage on coverage.subject = standing.kind and coverage.span = 'until_year'
    and coverage.period = cast(standing.year as varchar)
group by standing.year, standing.kind
