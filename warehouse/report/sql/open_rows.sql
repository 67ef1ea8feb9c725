-- Grain: one row per failing row and rule that is open or waived as of $night.
-- From: quality.quarantine.   To: Row (model.py), the CSV files.
-- Rule: oldest first, so that nothing grows old unseen below the cap of a page.
select
    source, entity, rule, source_record_id, coalesce("column", '') as "column",
    coalesce(masked_value, '') as masked_value, owner_zh, first_seen, last_seen, times,
    case when status = 'resolved' then 'open' else status end as status, effect,
    count(*) over (partition by source, entity, source_record_id, content_hash) as reasons
from quality.quarantine
where first_seen <= cast($night as date) and (status <> 'resolved' or resolved_at > cast($night as date))
order by source, entity, rule, status, first_seen, source_record_id, content_hash
