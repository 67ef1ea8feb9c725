-- Grain: one row per month of submission; the whole street.
-- From: prepared.case_judged, prepared.coverage.   To: yearly_report, publish.
-- Rule: The wage clues of case_timeliness that are not voided, by month of submission: recovered is a clue with a paid
-- head count or amount above zero; head counts and yuan sum what the clues tell and are empty where none tells it;
-- clues without an amount owed, without a head count, and closed with nothing said of a payment stand beside.
select
    judged.month,
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
left join prepared.coverage as coverage on coverage.subject = judged.kind and coverage.span = 'month'
    and coverage.period = cast(judged.month as varchar)
where judged.kind = 'wage' and is_received and not is_withdrawn
group by judged.month
