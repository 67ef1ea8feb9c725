-- Grain: one row per quarter of receipt, kind and handling_office.
-- From: prepared.case_judged, prepared.coverage.   To: publish.
-- Rule: The cases of case_timeliness, judged as there, by quarter of receipt, kind and the responsible office as the
-- source names it (`unknown` where it names none).
select
    judged.quarter, judged.kind, judged.handling_office,
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
left join prepared.coverage as coverage on coverage.subject = judged.kind and coverage.span = 'quarter'
    and coverage.period = judged.quarter
where is_received
group by judged.quarter, judged.kind, judged.handling_office
