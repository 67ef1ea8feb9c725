-- Grain: one row per month of receipt, kind, class_code, outcome and community_code.
-- From: prepared.case_present.   To: yearly_report, publish.
-- Rule: what became of the cases; success is what the source calls success.
select
    cast(date_trunc('month', received_at) as date) as month,
    kind,
    coalesce(class_code, 'unknown') as class_code,
    coalesce(outcome, 'unknown') as outcome,
    community_code,
    count(*) as cases,
    count(*) filter (where is_success = '1') as succeeded,
    count(*) filter (where is_success = '0') as failed
from prepared.case_present
where is_received and not is_withdrawn
group by cast(date_trunc('month', received_at) as date), kind, coalesce(class_code, 'unknown'),
    coalesce(outcome, 'unknown'), community_code
