-- Grain: one row per version that is younger than a deletion of its record.
-- From: all versions of an entity.   To: the check not_deleted_before.
-- Rule: by the source's own clock.
with deleted as (
    select source_record_id, min(changed_at) as gone
    from {{versions}}
    where op = 'delete'
    group by source_record_id
)
select staged.content_hash
from {{versions}} as staged
join deleted on deleted.source_record_id = staged.source_record_id
where staged.changed_at > deleted.gone
