-- Grain: one row per quarter of receipt, kind, class_code and outcome; the whole street.
-- From: prepared.case_judged, prepared.coverage.   To: yearly_report, publish.
-- Rule: The cases of case_timeliness that are not voided, by quarter of receipt, kind, class of the matter and outcome:
-- closed and called a success by the source, closed and called none, closed with nothing said of it, and open.
select
    judged.quarter, judged.kind, judged.class_code, judged.outcome,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as cases,
    count(*) filter (where is_done and has_succeeded) as succeeded,
    count(*) filter (where is_done and has_failed) as failed,
    count(*) filter (where is_done and not has_succeeded and not has_failed) as undecided,
    count(*) filter (where is_open) as open
from prepared.case_judged as judged
left join prepared.coverage as coverage on coverage.subject = judged.kind and coverage.span = 'quarter'
    and coverage.period = judged.quarter
where is_received and not is_withdrawn
group by judged.quarter, judged.kind, judged.class_code, judged.outcome
