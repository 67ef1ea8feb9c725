-- Grain: one row per quarter of submission and community_code.
-- From: prepared.case_judged, prepared.coverage.   To: publish.
-- Rule: The clues of wage_recovery, by quarter of submission and community (as in case_timeliness_by_community).
select
    judged.quarter, judged.community_code,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as clues,
    count(*) filter (where is_done) as clues_closed,
    count(*) filter (where settled_count > 0 or settled_amount > 0) as clues_recovered,
    count(*) filter (where amount is null) as clues_without_amount,
    count(*) filter (where people_count is null) as clues_without_workers,
    count(*) filter (where is_done and settled_count is null and settled_amount is null) as clues_without_payment,
    cast(sum(people_count) as bigint) as workers,
    cast(sum(settled_count) as bigint) as workers_recovered,
    cast(sum(amount) as decimal(18, 2)) as amount_owed,
    cast(sum(settled_amount) as decimal(18, 2)) as amount_recovered
from prepared.case_judged as judged
left join prepared.coverage as coverage on coverage.subject = judged.kind and coverage.span = 'quarter'
    and coverage.period = judged.quarter
where judged.kind = 'wage' and is_received and not is_withdrawn
group by judged.quarter, judged.community_code
