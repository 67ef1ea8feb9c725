-- Grain: one row per quarantined row and rule that is open or waived as of $night.
-- From: quality.quarantine.   To: Row (model.py), the CSV files.
-- Rule: oldest first, so that nothing grows old unseen below the cap of a page.
select
    source, coalesce(entity, '') as entity, rule, source_record_id, coalesce("column", '') as "column",
    coalesce(masked_value, '') as masked_value, coalesce(owner, '') as owner,
    cast(first_seen as date) as first_seen, cast(last_seen as date) as last_seen, coalesce(times, 1) as times,
    case when status = 'resolved' then 'open' else status end as status,
    count(*) over (partition by source, entity, source_record_id, content_hash) as reasons
from quality.quarantine
where cast(first_seen as date) <= cast($night as date)
    and (status <> 'resolved' or cast(resolved_at as date) > cast($night as date))
order by source, entity, rule, status, first_seen, source_record_id, content_hash
