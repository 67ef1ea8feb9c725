-- Grain: one row per month of submission, class_code, handling_office and community_code.
-- From: prepared.case_present.   To: yearly_report, publish.
-- Rule: what was owed and what was paid, as the clues say; a clue without an amount counts among clues_without_amount.
select
    cast(date_trunc('month', received_at) as date) as month,
    coalesce(class_code, 'unknown') as class_code,
    handling_office,
    community_code,
    count(*) as clues,
    count(*) filter (where is_closed) as clues_closed,
    count(*) filter (where settled_count > 0 or settled_amount > 0) as clues_recovered,
    count(*) filter (where amount is null) as clues_without_amount,
    cast(coalesce(sum(people_count), 0) as bigint) as workers,
    cast(coalesce(sum(settled_count), 0) as bigint) as workers_recovered,
    cast(coalesce(sum(amount), 0) as decimal(18, 2)) as amount_owed,
    cast(coalesce(sum(settled_amount), 0) as decimal(18, 2)) as amount_recovered
from prepared.case_present
where kind = 'wage' and is_received and not is_withdrawn
group by cast(date_trunc('month', received_at) as date), coalesce(class_code, 'unknown'), handling_office,
    community_code
