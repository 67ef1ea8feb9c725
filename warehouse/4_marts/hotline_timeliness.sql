-- Grain: one row per month of creation; the whole street.
-- From: prepared.case_judged, prepared.coverage.   To: yearly_report, publish.
-- Rule: The grid events of case_timeliness that came through the 12345 hotline, judged as there, by month of creation.
select
    judged.month,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as received,
    count(*) filter (where is_withdrawn) as withdrawn,
    count(*) filter (where is_done) as closed,
    count(*) filter (where is_closed_in_time) as closed_in_time,
    count(*) filter (where is_closed_late) as closed_late,
    count(*) filter (where is_closed_unjudged) as closed_unjudged,
    count(*) filter (where is_open) as open,
    count(*) filter (where is_open_overdue) as open_overdue
from prepared.case_judged as judged
left join prepared.coverage as coverage on coverage.subject = judged.kind and coverage.span = 'month'
    and coverage.period = cast(judged.month as varchar)
where judged.kind = 'event' and judged.channel = '2' and is_received
group by judged.month
