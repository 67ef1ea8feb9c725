-- Grain: one row per quarter of receipt, kind, class_code and outcome; the whole street.
-- From: prepared.case_judged.   To: yearly_report, publish.
-- Rule: what became of the cases; success is what the source calls success, undecided what it says nothing of.
select
    quarter, kind, class_code, outcome,
    count(*) as cases,
    count(*) filter (where has_succeeded) as succeeded,
    count(*) filter (where has_failed) as failed,
    count(*) filter (where not has_succeeded and not has_failed) as undecided
from prepared.case_judged
where is_received and not is_withdrawn
group by quarter, kind, class_code, outcome
