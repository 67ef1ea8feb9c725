-- Grain: one row per source with rows that are open or waived as of $night.
-- From: quality.quarantine.   To: Source (model.py).
-- Rule: a row that fails two rules is one row; it is waived only when each of its reasons is.
with quarantined as (
    select source, entity, source_record_id, content_hash, bool_and(status = 'waived') as waived
    from quality.quarantine
    where cast(first_seen as date) <= cast($night as date)
        and (status <> 'resolved' or cast(resolved_at as date) > cast($night as date))
    group by source, entity, source_record_id, content_hash
)
select source, count(*) filter (where not waived) as open_rows, count(*) filter (where waived) as waived_rows
from quarantined
group by source
order by source
