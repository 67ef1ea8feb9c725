-- Grain: one row per quarter of submission and community_code.
-- From: prepared.case_judged.   To: publish.
-- Rule: what was owed and what was paid, as the clues say; a clue without an amount counts among clues_without_amount.
select
    quarter, community_code,
    count(*) as clues,
    count(*) filter (where is_done) as clues_closed,
    count(*) filter (where settled_count > 0 or settled_amount > 0) as clues_recovered,
    count(*) filter (where amount is null) as clues_without_amount,
    cast(coalesce(sum(people_count), 0) as bigint) as workers,
    cast(coalesce(sum(settled_count), 0) as bigint) as workers_recovered,
    cast(coalesce(sum(amount), 0) as decimal(18, 2)) as amount_owed,
    cast(coalesce(sum(settled_amount), 0) as decimal(18, 2)) as amount_recovered
from prepared.case_judged
where kind = 'wage' and is_received and not is_withdrawn
group by quarter, community_code
