-- Grain: one row per source with rows that are kept out, or waived, as of $night.
-- From: quality.quarantine.   To: Source (model.py).
-- Rule: a row that fails two rules is one row; it is waived only when each of its reasons is. Noted rows are not kept out.
with kept_out as (
    select source, entity, source_record_id, content_hash, bool_and(status = 'waived') as waived
    from quality.quarantine
    where effect = 'quarantine'
        and first_seen <= cast($night as date) and (status <> 'resolved' or resolved_at > cast($night as date))
    group by source, entity, source_record_id, content_hash
)
select source, count(*) filter (where not waived) as open_rows, count(*) filter (where waived) as waived_rows
from kept_out
group by source
order by source
