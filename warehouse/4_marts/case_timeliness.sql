-- Grain: one row per month of receipt and kind; the whole street.
-- From: prepared.case_judged, prepared.coverage.   To: yearly_report, publish.
-- Rule: Every case received by the night (petition: registered; dispute: accepted; wage clue: submitted; grid event:
-- created; window service: taken in), in the newest version of its source, once in its month of receipt and by kind,
-- where a voided case counts in `received` and `withdrawn` alone: it is due at the source's own due time if that is not
-- before the day of receipt (midnight is the whole day), else at the end of the limit that ref_sla has in force on the
-- day of receipt (in calendar or working days after the day of receipt, or of acceptance where the limit starts there
-- and the case was accepted; moved to the next working day where ref_sla says that a limit ending on a day off does);
-- closed by then is in time, closed after it late, closed without a due or a closing time unjudged, and not closed
-- although due by the end of the night overdue; acceptance is judged where ref_sla limits it and the case was accepted
-- or the limit's last day has come, and is in time on or before that day; extended is what the source calls so or dates
-- due beyond the law's limit; re-opened is what the source told as closed and later as open, or tells as open with a
-- closing time (a lower bound); a limit of the law that was used and counted over days without a holiday notice is
-- counted in `limit_uncertain`.
select
    judged.month, judged.kind,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as received,
    count(*) filter (where is_withdrawn) as withdrawn,
    count(*) filter (where is_acceptance_judged) as acceptance_judged,
    count(*) filter (where is_accepted_in_time) as accepted_in_time,
    count(*) filter (where is_done) as closed,
    count(*) filter (where is_closed_in_time) as closed_in_time,
    count(*) filter (where is_closed_late) as closed_late,
    count(*) filter (where is_closed_unjudged) as closed_unjudged,
    count(*) filter (where is_open) as open,
    count(*) filter (where is_open_overdue) as open_overdue,
    count(*) filter (where was_extended) as extended,
    count(*) filter (where was_reopened) as reopened,
    count(*) filter (where was_sent_back) as sent_back,
    count(*) filter (where was_repeated) as repeated,
    count(*) filter (where is_due_by_source) as due_by_source,
    count(*) filter (where is_limit_uncertain) as limit_uncertain
from prepared.case_judged as judged
left join prepared.coverage as coverage on coverage.subject = judged.kind and coverage.span = 'month'
    and coverage.period = cast(judged.month as varchar)
where is_received
group by judged.month, judged.kind
