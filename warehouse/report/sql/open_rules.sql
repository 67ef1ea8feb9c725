-- Grain: one row per rule with rows that are open or waived as of $night.
-- From: quality.quarantine.   To: Rule (model.py).
-- Rule: a row that was resolved after $night was open then, so a past night can be drawn again.
select
    source, coalesce(entity, '') as entity, rule,
    count(*) filter (where status <> 'waived') as open_rows,
    count(*) filter (where status = 'waived') as waived_rows,
    min(cast(first_seen as date)) filter (where status <> 'waived') as oldest
from quality.quarantine
where cast(first_seen as date) <= cast($night as date)
    and (status <> 'resolved' or cast(resolved_at as date) > cast($night as date))
group by source, coalesce(entity, ''), rule
order by source, entity, rule
