-- Grain: one row per version whose time lies after the first change of its record.
-- From: all versions of an entity.   To: the check not_after_first_change.
-- Rule: by the source's own clock, as far back as we know the record.
with known as (
    select source_record_id, min(changed_at) as first_change
    from {{versions}}
    where op = 'upsert'
    group by source_record_id
)
select staged.content_hash
from {{versions}} as staged
join known on known.source_record_id = staged.source_record_id
where staged.{{column}} > known.first_change
