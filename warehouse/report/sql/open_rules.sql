-- Grain: one row per rule with rows that are open or waived as of $night.
-- From: quality.quarantine.   To: Rule (model.py).
-- Rule: a row that was resolved after $night was open then, so a past night can be drawn again.
select
    source, entity, rule,
    count(*) filter (where status <> 'waived') as open_rows,
    count(*) filter (where status = 'waived') as waived_rows,
    min(first_seen) filter (where status <> 'waived') as oldest
from quality.quarantine
where first_seen <= cast($night as date) and (status <> 'resolved' or resolved_at > cast($night as date))
group by source, entity, rule
order by source, entity, rule
